//! Imports an archive: our own becomes a listed backup, verified against its manifest; another tool's becomes
//! an unverified folder. All or nothing, like every backup.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    sync::Arc,
};

use aether_contract::{Backup, BackupId, BackupImportRequest, ErrorCode, PanelError};
use serde_json::json;

use super::{
    read::{self, Limits, On, walk},
    refused, stem,
};
use crate::{
    backup::{
        build::Builder,
        create, foreign,
        job::Handle,
        manifest::{self, Manifest},
        name,
        open::MAX_DASHBOARD,
        store::{Notes, Store},
        verify,
    },
    maintenance::scope,
    panel::core::Core,
    paths,
};

/// The journal's word for it.
pub const IMPORT: &str = "backup-import";
/// Most files of one of our own archives: those of a snapshot, and as many again.
const MAX_FILES: usize = 250_000;
/// What is left on the disk for others, in bytes.
const SPARE: u64 = 64 * 1024 * 1024;
/// What an archive of another tool may hold. Ours says itself what it holds.
pub const FOREIGN: Limits = Limits { files: foreign::MAX_FILES, file: MAX_DASHBOARD, bytes: 4 << 30 };
/// While a manifest is looked for nothing is written.
const LOOK: Limits = Limits { files: MAX_FILES, file: u64::MAX, bytes: u64::MAX };

/// What an archive is.
pub enum Kind {
    /// One of ours: the folder that all of it lies in (empty or with a `/`), its manifest, and that as written.
    Own(String, Box<Manifest>, Vec<u8>),
    /// Another tool's.
    Foreign,
}

/// Imports an archive.
///
/// # Errors
/// `not-found`; `invalid-request` for an archive that is broken, not honest, no backup, or here already;
/// `storage`, `cancelled`.
pub async fn command(core: Arc<Core>, request: BackupImportRequest) -> Result<Backup, PanelError> {
    let path = PathBuf::from(&request.path);
    let wrong = |words: String| PanelError::new(ErrorCode::InvalidRequest, "backups", words);
    if !path.is_absolute() {
        return Err(wrong(format!("Use an absolute path for the archive, not {:?}.", request.path)));
    }
    if !path.exists() {
        let words = format!("File not found: {}.", path.display());
        return Err(PanelError::new(ErrorCode::NotFound, "backups", words));
    }
    let live = core.live();
    let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let job = core.jobs.begin(format!("Importing {name}"))?;
    let store = Store::of(&live.profile, &core.home.data);
    let lock = create::locked(&store).await?;
    let detail = json!({"archive": path, "by": scope::author(&request.created_by), "folder": store.root()});
    let entry = core.journal_begin(IMPORT, &name, detail).await?;
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
    core.journal_complete(entry, outcome, result).await?;
    let verified = match &taken {
        // Read back from the disk, as after making one.
        Ok((id, Origin::Own)) => match verify::all(&core, &store, id, 0, &job).await {
            Err(error) if error.code != ErrorCode::Cancelled => Err(error),
            _ => Ok(()),
        },
        _ => Ok(()),
    };
    drop((lock, job));
    let list = core.read_backups(&live).await?;
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
        Kind::Foreign => {
            let id = free(store, &name::portable(stem(&file_name(path)).unwrap_or("imported")));
            let taken = foreign(store.root(), &id, path, job)?;
            if taken.dashboards == 0 {
                return Err(refused(path, "it contains neither dashboards nor a backup of this panel"));
            }
            let left_out = taken.hidden.words();
            if !left_out.is_empty() {
                let notes = Notes { left_out: left_out.clone(), ..store.notes(&id.0) };
                store.set_notes(&id.0, &notes)?;
            }
            Ok((id, Origin::Foreign(left_out)))
        }
    }
}

/// What an archive is. Ours has its manifest first, so that only one that somebody packed anew is read to its end.
///
/// # Errors
/// `invalid-request` for an archive that is broken or whose manifest can't be read; `storage`, `cancelled`.
pub fn kind(path: &Path, job: &Handle) -> Result<Kind, PanelError> {
    let mut found = Kind::Foreign;
    walk(path, LOOK, job, |name, size, source| {
        let prefix = name.strip_suffix(manifest::FILE).unwrap_or("-");
        let top = prefix.is_empty() || (prefix.ends_with('/') && prefix.matches('/').count() == 1);
        if !top {
            return Ok(On::Go);
        }
        if size > manifest::MAX {
            return Err(refused(path, "its manifest is too large"));
        }
        let mut bytes = Vec::new();
        std::io::Read::read_to_end(source, &mut bytes).map_err(|error| read::broken(path, &error))?;
        let manifest = Manifest::read(&bytes).map_err(|why| refused(path, &why))?;
        found = Kind::Own(prefix.to_owned(), Box::new(manifest), bytes);
        Ok(On::Stop)
    })?;
    Ok(found)
}

fn own(
    store: &Store,
    path: &Path,
    (prefix, manifest, bytes): (&str, &Manifest, &[u8]),
    job: &Handle,
) -> Result<(BackupId, Origin), PanelError> {
    let id = room(store, manifest, bytes)?;
    if cfg!(windows)
        && let Some(file) = manifest.files.iter().find(|file| !name::is_portable(&file.path))
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
            std::io::Read::read_to_end(source, &mut text).map_err(|error| read::broken(path, &error))?;
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
        let broken = |error: &std::io::Error| read::broken(path, error);
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
        let (wants, has) = (manifest::size(total as f64), manifest::size(free as f64));
        let words = format!("The unpacked backup needs {wants}, but only {has} are free.");
        return Err(PanelError::new(ErrorCode::Storage, "backups", words).with_hint("Free up disk space."));
    }
    let named = Some(manifest.id.as_str()).filter(|id| name::is_folder(id) && name::is_portable(id));
    Ok(named.map_or_else(|| create::new_id(store), |id| free(store, id)))
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

/// What came out of an archive of another tool.
pub struct Taken {
    /// How many of its files may be dashboards.
    pub dashboards: usize,
    /// Files that were left out: `.DS_Store`, `._name` and the like.
    pub hidden: foreign::Hidden,
}

/// Unpacks what another tool made into a new folder of `root`. Without a dashboard nothing is kept.
///
/// # Errors
/// `invalid-request`, `storage`, `cancelled`.
pub fn foreign(root: &Path, id: &BackupId, path: &Path, job: &Handle) -> Result<Taken, PanelError> {
    let mut builder = Builder::new(root, id.clone())?;
    let mut names = name::Names::default();
    let mut hidden = foreign::Hidden::default();
    job.stage("unpacking", 0);
    walk(path, FOREIGN, job, |name, size, source| {
        // Archives made on a Mac have such files. `walk` has refused the names of Git.
        if name.split('/').any(|segment| name::segment_refusal(segment).is_some()) {
            hidden.add(name);
            return Ok(On::Go);
        }
        let segments: Vec<String> = name.split('/').map(name::portable).collect();
        // Below a folder that tells what this is, wherever the other tool was when it packed.
        let told = segments.first().is_some_and(|first| foreign::SIGNS.contains(&first.as_str()));
        let inner = if told { segments.join("/") } else { format!("grafana/{}", segments.join("/")) };
        if inner.matches('/').count() > foreign::MAX_DEPTH || !name::is_inside(&inner) {
            return Err(refused(path, &format!("{name:?} is nested too deeply")));
        }
        let inner = names.path(&inner);
        let broken = |error: &std::io::Error| read::broken(path, error);
        builder.add_stream(&inner, size, source, broken, job)?;
        job.step();
        Ok(On::Go)
    })?;
    let dashboards = builder.files().iter().filter(|file| foreign::may_be_dashboard(&file.path)).count();
    if dashboards > 0 {
        builder.finish_foreign()?;
    }
    Ok(Taken { dashboards, hidden })
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
                modified_at: super::lying::modified(&meta),
            })
        })
        .collect();
    found.sort_by(|a, b| (b.modified_at, &a.name).cmp(&(a.modified_at, &b.name)));
    found.truncate(200);
    Ok(found)
}
