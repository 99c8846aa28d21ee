//! Lists what lies elsewhere, and holds it against its hashes by reading it back.

use crate::name;
use aether_foundation::text::hex;
use std::sync::Arc;

use aether_contract::{BackupId, BackupVerified, ErrorCode, PanelError, RemoteList, RemoteTarget};
use futures_util::{FutureExt as _, StreamExt as _, stream};
use object_store::ObjectStoreExt as _;
use rand::seq::SliceRandom as _;
use sha2::{Digest as _, Sha256};

use super::{AT_ONCE, Place};
use crate::{
    Backups,
    manifest::{self, File, Manifest},
    metadata::{MAX_PROBLEMS, MetadataCache},
    store,
};
use aether_context::{jobs::Handle, session::StackSession};

/// Lists every place of the profile. One that fails says so and costs the others nothing.
pub async fn list(backups: &Backups, live: &StackSession) -> RemoteList {
    let names = live.profile.elsewhere.places.clone();
    let mut listing = Vec::new();
    for name in &names {
        let failed = move |error| RemoteTarget {
            place: name.clone(),
            backups: Vec::new(),
            unfinished: Vec::new(),
            error: Some(error),
        };
        listing.push(one_place(backups, live, name).map(move |listed| listed.unwrap_or_else(failed)).boxed());
    }
    RemoteList { places: stream::iter(listing).buffered(AT_ONCE).collect().await }
}

/// Lists one.
///
/// # Errors
/// The place's.
pub async fn one_place(
    backups: &Backups,
    live: &StackSession,
    name: &str,
) -> Result<RemoteTarget, PanelError> {
    let place = Place::open(backups, live, name).await?;
    let prefix = Some(&place.prefix).filter(|prefix| prefix.parts().count() > 0);
    let listed = place.heard(place.store.list_with_delimiter(prefix)).await?;
    let ids: Vec<String> = listed
        .common_prefixes
        .iter()
        .filter_map(|path| path.parts().next_back().map(|part| part.as_ref().to_owned()))
        .filter(|id| name::is_folder(id))
        .collect();
    let read = ids.into_iter().map(|id| async {
        let read = manifest(&place, &id).await;
        (id, read)
    });
    let mut found =
        RemoteTarget { place: place.name.clone(), backups: Vec::new(), unfinished: Vec::new(), error: None };
    let mut reading = stream::iter(read).buffer_unordered(AT_ONCE);
    while let Some((id, read)) = reading.next().await {
        match read {
            Ok((manifest, _)) => found.backups.push(store::listed(&id, &manifest, &MetadataCache::default())),
            Err(error) if error.code == ErrorCode::NotFound => {
                found.unfinished.push(format!("{id}: incomplete upload."));
            }
            Err(error) if error.code == ErrorCode::BrokenReply => {
                found.unfinished.push(format!("{id}: {}", error.message));
            }
            // Half a list would look like all of it.
            Err(error) => return Err(error),
        }
    }
    drop(reading);
    found.backups.sort_by(|a, b| (b.made_at, &b.id).cmp(&(a.made_at, &a.id)));
    found.unfinished.sort();
    Ok(found)
}

/// A copy's manifest as it lies there.
pub async fn manifest_bytes(place: &Place, id: &str) -> Result<Vec<u8>, PanelError> {
    let got = place.heard(place.store.get(&place.at(id, manifest::FILE)?)).await?;
    let mut bytes = Vec::new();
    let mut body = got.into_stream();
    while let Some(chunk) = place.heard(async { body.next().await.transpose() }).await? {
        bytes.extend_from_slice(&chunk);
        if bytes.len() as u64 > manifest::MAX {
            return Err(broken(format!("{} of {id} is too large.", manifest::FILE)));
        }
    }
    Ok(bytes)
}

/// A copy's manifest, read.
///
/// # Errors
/// `not-found` for a copy that was never finished; `broken-reply` for one that can't be read.
pub async fn manifest(place: &Place, id: &str) -> Result<(Manifest, Vec<u8>), PanelError> {
    let bytes = manifest_bytes(place, id).await?;
    let manifest = Manifest::read(&bytes).map_err(|why| broken(format!("{why}.")))?;
    Ok((manifest, bytes))
}

fn broken(words: String) -> PanelError {
    PanelError::new(ErrorCode::BrokenReply, "backups", words)
}

/// Reads a copy back.
///
/// # Errors
/// `not-found`, the place's, `cancelled`. What is wrong with the copy stands in the answer.
pub async fn verify(
    backups: Arc<Backups>,
    id: BackupId,
    place: String,
    sample: u32,
) -> Result<BackupVerified, PanelError> {
    let live = backups.ctx.live();
    let place = Place::open(&backups, &live, &place).await?;
    let job = backups.ctx.jobs.begin(format!("Verifying {} in {}", id.0, place.name))?;
    let (manifest, _) = known(&place, &id).await?;
    let mut chosen: Vec<&File> = manifest.files.iter().collect();
    let whole = sample == 0 || sample as usize >= chosen.len();
    if !whole {
        chosen.shuffle(&mut rand::rng());
        chosen.truncate(sample as usize);
    }
    job.stage("reading files back", chosen.len());
    let mut found = BackupVerified { id: id.clone(), files: 0, bytes: 0.0, whole, problems: Vec::new() };
    let mut read = Vec::new();
    for file in chosen {
        read.push(hash(&place, &id.0, file, &job).map(move |read| (file, read)).boxed());
    }
    let mut reading = stream::iter(read).buffer_unordered(AT_ONCE);
    while let Some((file, read)) = reading.next().await {
        let problem = match read {
            Ok((bytes, hash)) if bytes == file.bytes && hash == file.sha256 => None,
            Ok((bytes, _)) if bytes != file.bytes => {
                Some(format!("{}: {bytes} bytes, expected {}.", file.path, file.bytes))
            }
            Ok(_) => Some(format!("{}: checksum mismatch.", file.path)),
            Err(error) if error.code == ErrorCode::NotFound => Some(format!("{}: missing.", file.path)),
            Err(error) => return Err(error),
        };
        found.files += 1;
        found.bytes += file.bytes as f64;
        found.problems.extend(problem.filter(|_| found.problems.len() < MAX_PROBLEMS));
        job.step();
    }
    drop(reading);
    found.problems.sort();
    Ok(found)
}

/// A copy's manifest; a copy without one is told of in words.
pub async fn known(place: &Place, id: &BackupId) -> Result<(Manifest, Vec<u8>), PanelError> {
    let none = || {
        let words = format!("{} has no complete copy {:?}.", place.name, id.0);
        PanelError::new(ErrorCode::NotFound, "backups", words)
    };
    if !name::is_folder(&id.0) {
        return Err(none());
    }
    manifest(place, &id.0)
        .await
        .map_err(|error| if error.code == ErrorCode::NotFound { none() } else { error })
}

/// Size and hash of a file as the place gives it back; reading ends where it is larger than it should be.
pub async fn hash(place: &Place, id: &str, file: &File, job: &Handle) -> Result<(u64, String), PanelError> {
    let got = place.heard(place.store.get(&place.at(id, &file.path)?)).await?;
    let mut body = got.into_stream();
    let mut hash = Sha256::new();
    let mut bytes = 0_u64;
    while let Some(chunk) = place.heard(async { body.next().await.transpose() }).await? {
        job.check()?;
        hash.update(&chunk);
        bytes = bytes.saturating_add(chunk.len() as u64);
        job.add_bytes(chunk.len() as u64);
        if bytes > file.bytes {
            break;
        }
    }
    Ok((bytes, hex(&hash.finalize())))
}
