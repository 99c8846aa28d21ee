//! Uploads a backup: every file is checked against its hash while being sent, the manifest last.

use aether_foundation::text::hex;
use std::{collections::BTreeMap, sync::Arc};

use aether_contract::{BackupDeleted, BackupId, BackupPushed, ErrorCode, PanelError};
use futures_util::{FutureExt as _, StreamExt as _, TryStreamExt as _, stream};
use object_store::{ObjectStoreExt as _, buffered::BufWriter};
use rand::seq::SliceRandom as _;
use serde_json::json;
use sha2::{Digest as _, Sha256};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use super::{AT_ONCE, Place};
use crate::{
    Backups,
    manifest::{self, File},
    store::Store,
};
use aether_context::jobs::Handle;
use aether_foundation::clock;

/// The journal's word for it.
const PUSH: &str = "backup-push";
/// The journal's word for deleting.
const DELETE: &str = "backup-remote-delete";
/// Files that are read back after a copy, and how large they may be, in bytes.
const READ_BACK: usize = 16;
const READ_BACK_BYTES: u64 = 64 * 1024 * 1024;
/// What is read at a time, in bytes.
const CHUNK: usize = 1024 * 1024;
/// Larger files are sent in parts of this size, in bytes.
const PART: usize = 8 * 1024 * 1024;

/// Copies a backup to a place of the profile.
///
/// # Errors
/// `not-found`; `invalid-request` for a backup that has changed or has no manifest; the place's; `unverified`
/// when it does not have what was sent; `cancelled`.
pub async fn push(backups: Arc<Backups>, id: BackupId, place: String) -> Result<BackupPushed, PanelError> {
    let live = backups.ctx.live();
    let store = Store::of(&live.profile, &backups.ctx.home.data);
    store.folder(&id)?;
    let place = Place::open(&backups, &live, &place).await?;
    let job = backups.ctx.jobs.begin(format!("Uploading {} to {}", id.0, place.name))?;
    // So that nobody deletes it meanwhile.
    let lock = crate::store::locked(&store).await?;
    let entry = backups.ctx.journal_begin(PUSH, &id.0, json!({"place": place.name})).await?;
    let done = Box::pin(send(&store, &id, &place, &job)).await;
    let (outcome, words) = match &done {
        Ok(done) => ("copied", json!(done)),
        Err(error) => ("failed", json!({"error": error})),
    };
    backups.ctx.journal_complete(entry, outcome, words).await?;
    if done.is_ok() {
        let mut notes = store.notes(&id.0);
        notes.elsewhere.insert(place.name.clone(), clock::now());
        store.set_notes(&id.0, &notes)?;
    }
    drop((lock, job));
    backups.read_backups(&live).await?;
    done
}

/// Copies a backup to every place, as the profile asks for after a scheduled one. Tells what failed.
pub async fn push_new(backups: &Arc<Backups>, id: &BackupId) -> Vec<PanelError> {
    let mut failed = Vec::new();
    for place in backups.ctx.live().profile.elsewhere.places.clone() {
        if let Err(error) = Box::pin(push(Arc::clone(backups), id.clone(), place)).await {
            failed.push(error);
        }
    }
    failed
}

async fn send(store: &Store, id: &BackupId, place: &Place, job: &Handle) -> Result<BackupPushed, PanelError> {
    let folder = store.folder(id)?;
    let cant = |why: String| {
        let words = format!("Cannot upload backup {}: {why}.", id.0);
        PanelError::new(ErrorCode::InvalidRequest, "backups", words)
    };
    let (manifest, bytes) = Store::manifest(&folder)
        .map_err(cant)?
        .ok_or_else(|| cant("it was made by another tool and has no checksums".into()))?;
    job.stage("listing existing files", 0);
    let there = lying(place, &id.0).await?;
    if there.contains_key(manifest::FILE) {
        let kept = super::read::manifest_bytes(place, &id.0).await?;
        if kept != bytes {
            return Err(cant(format!("{} already has a different backup with this name", place.name)));
        }
    }
    let missing: Vec<&File> =
        manifest.files.iter().filter(|file| there.get(&file.path) != Some(&file.bytes)).collect();
    job.stage("copying", missing.len());
    let mut sending = Vec::new();
    for file in &missing {
        sending.push(one(&folder, &id.0, file, place, job).boxed());
    }
    stream::iter(sending).buffer_unordered(AT_ONCE).try_collect::<Vec<()>>().await?;
    // Before the manifest says that all is there, it is.
    job.stage("checking uploaded files", 0);
    let there_now = lying(place, &id.0).await?;
    if let Some(file) = manifest.files.iter().find(|file| there_now.get(&file.path) != Some(&file.bytes)) {
        return Err(PanelError::new(
            ErrorCode::Unverified,
            "backups",
            format!("{}: {} did not arrive intact.", place.name, file.path),
        )
        .with_hint("Upload it again; files that arrived are kept."));
    }
    // Sizes prove little; some of it is read back, what lay there from before too.
    let mut some: Vec<&File> = manifest.files.iter().filter(|file| file.bytes <= READ_BACK_BYTES).collect();
    some.shuffle(&mut rand::rng());
    some.truncate(READ_BACK);
    job.stage("verifying a sample", some.len());
    for file in some {
        let (size, hash) = super::read::hash(place, &id.0, file, job).await?;
        if size != file.bytes || hash != file.sha256 {
            let words = format!("{}: {} differs from what was uploaded.", place.name, file.path);
            return Err(PanelError::new(ErrorCode::Unverified, "backups", words)
                .with_hint("Delete the remote copy and upload it again."));
        }
        job.step();
    }
    let sums = manifest.sums(&bytes).into_bytes();
    for (name, content) in [(manifest::SUMS, sums), (manifest::FILE, bytes.clone())] {
        job.check()?;
        place.prepare(&id.0, name).await?;
        place.heard(place.store.put(&place.at(&id.0, name)?, content.into())).await?;
        place.protect(&id.0, name).await?;
    }
    if super::read::manifest_bytes(place, &id.0).await? != bytes {
        let words = format!("{}: the manifest differs from what was uploaded.", place.name);
        return Err(PanelError::new(ErrorCode::Unverified, "backups", words));
    }
    Ok(BackupPushed {
        place: place.name.clone(),
        files: u32::try_from(manifest.files.len()).unwrap_or(u32::MAX),
        there: u32::try_from(manifest.files.len() - missing.len()).unwrap_or(u32::MAX),
        bytes: missing.iter().map(|file| file.bytes as f64).sum(),
    })
}

/// What lies there of a copy: paths and sizes.
async fn lying(place: &Place, id: &str) -> Result<BTreeMap<String, u64>, PanelError> {
    let prefix = place.at(id, "")?;
    let mut listed = place.store.list(Some(&prefix));
    let mut found = BTreeMap::new();
    while let Some(meta) = place.heard(async { listed.next().await.transpose() }).await? {
        if let Some(rest) = meta.location.prefix_match(&prefix) {
            let parts: Vec<String> = rest.map(|part| part.as_ref().to_owned()).collect();
            found.insert(parts.join("/"), meta.size);
        }
    }
    Ok(found)
}

async fn one(
    folder: &std::path::Path,
    id: &str,
    file: &File,
    place: &Place,
    job: &Handle,
) -> Result<(), PanelError> {
    let failed =
        |error: std::io::Error| aether_foundation::paths::storage("read", &folder.join(&file.path), &error);
    let at = crate::inside::inside(folder, &file.path).map_err(failed)?;
    let mut source = tokio::fs::File::open(&at).await.map_err(failed)?.take(file.bytes.saturating_add(1));
    place.prepare(id, &file.path).await?;
    let mut out = BufWriter::with_capacity(Arc::clone(&place.store), place.at(id, &file.path)?, PART);
    let mut hash = Sha256::new();
    let mut buffer = vec![0_u8; CHUNK.min(usize::try_from(file.bytes).unwrap_or(CHUNK).max(1))];
    let mut bytes = 0_u64;
    let mut closing = false;
    let result = async {
        loop {
            job.check()?;
            let read = source.read(&mut buffer).await.map_err(failed)?;
            let Some(chunk) = buffer.get(..read).filter(|chunk| !chunk.is_empty()) else { break };
            hash.update(chunk);
            bytes += read as u64;
            place.heard(async { out.write_all(chunk).await.map_err(store_error) }).await?;
            job.add_bytes(read as u64);
        }
        if bytes != file.bytes || hex(&hash.finalize()) != file.sha256 {
            let words = format!("{} is corrupted, so the backup was not uploaded.", file.path);
            return Err(PanelError::new(ErrorCode::InvalidRequest, "backups", words)
                .with_hint("Verify the backup to see all corrupted files."));
        }
        closing = true;
        place.heard(async { out.shutdown().await.map_err(store_error) }).await
    }
    .await;
    match result {
        Ok(()) => {
            place.protect(id, &file.path).await?;
            job.step();
        }
        Err(error) => {
            // Parts that were sent cost room until the storage clears them; that this fails too changes nothing.
            // After the last word nothing can be taken back, and the library does not bear being asked to.
            if !closing {
                let _ = tokio::time::timeout(super::SILENCE, out.abort()).await;
            }
            return Err(error);
        }
    }
    Ok(())
}

/// The storage's own error behind an error of writing.
fn store_error(error: std::io::Error) -> object_store::Error {
    match error.downcast::<object_store::Error>() {
        Ok(own) => own,
        Err(error) => object_store::Error::Generic { store: "storage", source: Box::new(error) },
    }
}

/// Deletes copies: the manifest first, so that an interrupted deletion leaves no valid copy.
///
/// # Errors
/// `invalid-request` when none is named; the place's.
pub async fn delete(
    backups: Arc<Backups>,
    place: String,
    ids: Vec<BackupId>,
) -> Result<BackupDeleted, PanelError> {
    if ids.is_empty() {
        return Err(PanelError::new(ErrorCode::InvalidRequest, "backups", "No backups selected."));
    }
    let live = backups.ctx.live();
    let place = Place::open(&backups, &live, &place).await?;
    let job = backups.ctx.jobs.begin(format!("Deleting from {}", place.name))?;
    let store = Store::of(&live.profile, &backups.ctx.home.data);
    job.stage("backups", ids.len());
    let mut done = BackupDeleted { deleted: Vec::new(), kept: Vec::new(), freed_bytes: 0.0 };
    for id in ids {
        if !crate::name::is_folder(&id.0) || job.check().is_err() {
            done.kept.push(format!("{}: not deleted.", id.0));
            continue;
        }
        let entry = backups.ctx.journal_begin(DELETE, &id.0, json!({"place": place.name})).await?;
        let result = remove(&place, &id.0).await;
        let (outcome, words) = match &result {
            Ok(_) => ("deleted", json!(null)),
            Err(error) => ("failed", json!({"error": error})),
        };
        backups.ctx.journal_complete(entry, outcome, words).await?;
        match result {
            Ok(0) => done.kept.push(format!("{}: copy not found.", id.0)),
            Ok(bytes) => {
                let mut notes = store.notes(&id.0);
                if notes.elsewhere.remove(&place.name).is_some() {
                    store.set_notes(&id.0, &notes)?;
                }
                done.freed_bytes += bytes as f64;
                done.deleted.push(id);
            }
            Err(error) => done.kept.push(format!("{}: {error}", id.0)),
        }
        job.step();
    }
    drop(job);
    backups.read_backups(&live).await?;
    Ok(done)
}

async fn remove(place: &Place, id: &str) -> Result<u64, PanelError> {
    let all = lying(place, id).await?;
    let mut names: Vec<&String> = all.keys().collect();
    names.sort_by_key(|name| name.as_str() != manifest::FILE);
    for (index, name) in names.iter().enumerate() {
        match place.heard(place.store.delete(&place.at(id, name)?)).await {
            Ok(()) => {}
            Err(error) if error.code == ErrorCode::NotFound && index > 0 => {}
            Err(error) => return Err(error),
        }
    }
    if let Some(left) = lying(place, id).await?.keys().next() {
        let words = format!("{} still contains {left} after deletion.", place.name);
        return Err(PanelError::new(ErrorCode::Unverified, "backups", words));
    }
    Ok(all.values().sum())
}
