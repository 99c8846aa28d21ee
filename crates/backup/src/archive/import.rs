//! Imports an archive: our own becomes a listed backup, verified against its manifest; another tool's becomes
//! an unverified folder. All or nothing, like every backup.

use crate::name;
use aether_foundation::author;
use aether_foundation::text::size;
use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    sync::Arc,
};

use aether_contract::{Backup, BackupId, BackupImportRequest, ErrorCode, PanelError};
use serde_json::json;

use crate::archive_reader::{self, Limits, On, refused, stem, walk};
use crate::unpack::{Kind, foreign, kind};
use crate::{
    Backups,
    build::Builder,
    manifest::{self, Manifest},
    metadata::MetadataCache,
    store::Store,
    verify,
};
use aether_context::jobs::Handle;
use aether_foundation::{names, paths};

/// The journal's word for it.
pub const IMPORT: &str = "backup-import";

/// What is left on the disk for others, in bytes.
const SPARE: u64 = 64 * 1024 * 1024;

/// Imports an archive.
///
/// # Errors
/// `not-found`; `invalid-request` for an archive that is broken, not honest, no backup, or here already;
/// `storage`, `cancelled`.
pub async fn command(backups: Arc<Backups>, request: BackupImportRequest) -> Result<Backup, PanelError> {
    let path = PathBuf::from(&request.path);
    let wrong = |words: String| PanelError::new(ErrorCode::InvalidRequest, "backups", words);
    if !path.is_absolute() {
        return Err(wrong(format!("Use an absolute path for the archive, not {:?}.", request.path)));
    }
    if !path.exists() {
        let words = format!("File not found: {}.", path.display());
        return Err(PanelError::new(ErrorCode::NotFound, "backups", words));
    }
    let live = backups.ctx.live();
    let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let job = backups.ctx.jobs.begin(format!("Importing {name}"))?;
    let store = Store::of(&live.profile, &backups.ctx.home.data);
    let lock = crate::store::locked(&store).await?;
    let detail = json!({"archive": path, "by": author::author(&request.created_by), "folder": store.root()});
    let entry = backups.ctx.journal_begin(IMPORT, &name, detail).await?;
    let (into, handle) = (store.clone(), job.clone());
    let taken = tokio::task::spawn_blocking(move || {
        let taken = take_in(&into, &path, &handle);
        (taken, lock)
    });
    let (taken, lock) = match taken.await {
        Ok((taken, lock)) => (taken, Some(lock)),
        Err(error) => (
            Err(PanelError::new(ErrorCode::Internal, "backups", "The import was interrupted.")
                .with_detail(error.to_string())),
            None,
        ),
    };
    let (outcome, result) = match &taken {
        Ok((id, Origin::Own)) => ("imported", json!({"id": id})),
        Ok((id, Origin::Foreign(left_out))) => ("imported", json!({"id": id, "leftOut": left_out})),
        Err(error) => ("failed", json!({"error": error})),
    };
    backups.ctx.journal_complete(entry, outcome, result).await?;
    let verified = match &taken {
        // Read back from the disk, as after making one.
        Ok((id, Origin::Own)) => match verify::all(&backups, &store, id, 0, &job).await {
            Err(error) if error.code != ErrorCode::Cancelled => Err(error),
            _ => Ok(()),
        },
        _ => Ok(()),
    };
    drop((lock, job));
    let list = backups.read_backups(&live).await?;
    let (id, _) = taken?;
    verified?;
    list.backups.into_iter().find(|backup| backup.id == id).ok_or_else(|| {
        let words = format!("{} was imported but does not appear in the list.", id.0);
        PanelError::new(ErrorCode::Unverified, "backups", words).with_hint("Check the backup folder.")
    })
}

/// Who made an imported archive.
enum Origin {
    /// This panel.
    Own,
    /// Another tool; and what was left out, in a sentence.
    Foreign(String),
}

/// Takes it in; tells what it is called now, and who made it.
fn take_in(store: &Store, path: &Path, job: &Handle) -> Result<(BackupId, Origin), PanelError> {
    job.stage("reading the manifest", 0);
    match kind(path, job)? {
        Kind::Own(prefix, manifest, bytes) => own(store, path, (&prefix, &manifest, &bytes), job),
        Kind::Foreign(shared) => {
            let id = free(store, &names::portable(stem(&file_name(path)).unwrap_or("imported")));
            let taken = foreign(store.root(), &id, path, &shared, job)?;
            if taken.dashboards == 0 {
                return Err(refused(path, "it contains neither dashboards nor a backup of this panel"));
            }
            let left_out = taken.hidden.words();
            if !left_out.is_empty() {
                let notes = MetadataCache { left_out: left_out.clone(), ..store.notes(&id.0) };
                store.set_notes(&id.0, &notes)?;
            }
            Ok((id, Origin::Foreign(left_out)))
        }
    }
}

fn own(
    store: &Store,
    path: &Path,
    (prefix, manifest, bytes): (&str, &Manifest, &[u8]),
    job: &Handle,
) -> Result<(BackupId, Origin), PanelError> {
    let id = room(store, manifest, bytes)?;
    if cfg!(windows)
        && let Some(file) = manifest.files.iter().find(|file| !names::is_portable(&file.path))
    {
        return Err(refused(path, &format!("{:?} is not a valid file name on Windows", file.path)));
    }
    let total: u64 = manifest.files.iter().fold(0, |sum, file| sum.saturating_add(file.bytes));
    let sums = manifest.sums(bytes);
    let wanted: BTreeMap<&str, &manifest::File> =
        manifest.files.iter().map(|file| (file.path.as_str(), file)).collect();
    let largest = manifest.files.iter().map(|file| file.bytes).max().unwrap_or(0).max(manifest::MAX * 2);
    let limits = Limits {
        files: manifest.files.len() + 16,
        file: largest,
        bytes: total.saturating_add(manifest::MAX * 3),
    };
    let mut builder = Builder::new(store.root(), id.clone())?;
    job.stage("unpacking", manifest.files.len());
    walk(path, limits, job, |name, size, source| {
        let unknown = || refused(path, &format!("{name:?} is not listed in the manifest"));
        let inner = name.strip_prefix(prefix).ok_or_else(unknown)?;
        if inner == manifest::FILE || inner == manifest::SUMS {
            let mut text = Vec::new();
            std::io::Read::read_to_end(source, &mut text)
                .map_err(|error| archive_reader::broken(path, &error))?;
            let right = if inner == manifest::FILE { bytes } else { sums.as_bytes() };
            if text != right {
                let words = format!("{} and {} disagree", manifest::SUMS, manifest::FILE);
                return Err(refused(path, &words));
            }
            return Ok(On::Go);
        }
        let file = wanted.get(inner).ok_or_else(unknown)?;
        if size != file.bytes {
            let words = format!("{inner} has {size} bytes, expected {}", file.bytes);
            return Err(refused(path, &words));
        }
        let broken = |error: &std::io::Error| archive_reader::broken(path, error);
        let added = builder.add_stream(inner, size, source, broken, job)?;
        if added.sha256 != file.sha256 {
            return Err(refused(path, &format!("the checksum of {inner} does not match")));
        }
        job.step();
        Ok(On::Go)
    })?;
    if builder.files().len() != manifest.files.len() {
        let there: std::collections::BTreeSet<&str> =
            builder.files().iter().map(|file| file.path.as_str()).collect();
        let missing = manifest.files.iter().find(|file| !there.contains(file.path.as_str()));
        let missing = missing.map_or("a file", |file| file.path.as_str());
        return Err(refused(path, &format!("{missing} is missing")));
    }
    builder.adopt(manifest, bytes)?;
    Ok((id, Origin::Own))
}

/// What a backup that comes in is called here: it is not here yet, and there is room for it.
///
/// # Errors
/// `invalid-request`, `storage`.
pub fn room(store: &Store, manifest: &Manifest, bytes: &[u8]) -> Result<BackupId, PanelError> {
    if let Some(there) = here_already(store, bytes) {
        let words = format!("This backup already exists: {there}.");
        return Err(PanelError::new(ErrorCode::InvalidRequest, "backups", words));
    }
    let total: u64 = manifest.files.iter().fold(0, |sum, file| sum.saturating_add(file.bytes));
    if let Ok(free) = fs4::available_space(store.root())
        && free < total.saturating_add(SPARE)
    {
        let (wants, has) = (size(total as f64), size(free as f64));
        let words = format!("The unpacked backup needs {wants}, but only {has} are free.");
        return Err(PanelError::new(ErrorCode::Storage, "backups", words).with_hint("Free up disk space."));
    }
    let named = Some(manifest.id.as_str()).filter(|id| name::is_folder(id) && names::is_portable(id));
    Ok(named.map_or_else(|| crate::store::new_id(store), |id| free(store, id)))
}

/// The backup that has this very manifest.
fn here_already(store: &Store, bytes: &[u8]) -> Option<String> {
    let entries = fs::read_dir(store.root()).ok()?;
    entries.flatten().find_map(|entry| {
        let name = entry.file_name().to_string_lossy().into_owned();
        let at = entry.path().join(manifest::FILE);
        // Most differ in length already.
        let same = name::is_folder(&name)
            && fs::symlink_metadata(&at).is_ok_and(|meta| meta.is_file() && meta.len() == bytes.len() as u64)
            && fs::read(&at).is_ok_and(|there| there == bytes);
        same.then_some(name)
    })
}

fn file_name(path: &Path) -> String {
    path.file_name().unwrap_or_default().to_string_lossy().into_owned()
}

/// `wanted`, or with a number behind it when it is taken.
fn free(store: &Store, wanted: &str) -> BackupId {
    let wanted = if name::is_folder(wanted) { wanted } else { "imported" };
    let mut name = wanted.to_owned();
    let mut number = 2_u32;
    while fs::symlink_metadata(store.root().join(&name)).is_ok() {
        name = format!("{wanted}_{number}");
        number = number.saturating_add(1);
    }
    BackupId(name)
}

/// Archives among the files of a folder, newest first.
///
/// # Errors
/// `storage`; a folder that is not there has none.
pub fn archives(folder: &Path) -> Result<Vec<aether_contract::ArchiveFile>, PanelError> {
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(paths::storage("read the folder", folder, &error)),
    };
    let mut found: Vec<aether_contract::ArchiveFile> = entries
        .flatten()
        .filter_map(|entry| {
            let name = entry.file_name().to_string_lossy().into_owned();
            stem(&name)?;
            let meta = entry.metadata().ok().filter(fs::Metadata::is_file)?;
            Some(aether_contract::ArchiveFile {
                path: entry.path().display().to_string(),
                name,
                bytes: meta.len() as f64,
                modified_at: crate::unpacked_cache::modified(&meta),
            })
        })
        .collect();
    found.sort_by(|a, b| (b.modified_at, &a.name).cmp(&(a.modified_at, &b.name)));
    found.truncate(200);
    Ok(found)
}
