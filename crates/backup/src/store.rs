//! The folder of backups: what is in it, what was learned of each, and who may change it.

use crate::metadata::MetadataCache;
use crate::{name, parts::NOT_REQUESTED};
use aether_foundation::files::read_limited;
use aether_foundation::{clock::local_now, task::broken};
use std::{
    collections::BTreeMap,
    fs, io,
    path::{Path, PathBuf},
    thread,
    time::{Duration, Instant, SystemTime},
};

use aether_contract::{
    Backup, BackupId, BackupList, BackupPart, BackupPartKind, BackupPartState, BackupVerdict, ErrorCode,
    PanelError, Timestamp,
};

use super::{
    build::PARTIAL,
    layout::DASHBOARDS,
    manifest::{self, Manifest},
    third_party, unpacked_cache,
};
use aether_foundation::{clock, paths, stack::Profile};

/// Folder beside the backups for what was learned of them.
const NOTES: &str = ".aether";
/// The file whose lock lets one process at a time change something.
const LOCK: &str = ".lock";
/// Longest wait for the lock. Whoever makes a backup holds it for longer. These hold it for a moment: a look whether it
/// is held, the clearing at a panel's start, and a child process until it runs its program: it has inherited the file.
const PATIENCE: Duration = Duration::from_secs(3);
/// Most backups that are listed.
const MAX_BACKUPS: usize = 5_000;

/// The folder of a stack's backups.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Store {
    root: PathBuf,
    places: Vec<String>,
}

/// The right to change the folder, until it is dropped.
#[derive(Debug)]
pub struct Lock {
    _file: fs::File,
}

/// Manifests read before, by folder: their time and size tell whether they are still the same.
#[derive(Default)]
pub struct Cache {
    manifests: BTreeMap<String, (SystemTime, u64, Result<Manifest, String>)>,
    third_party: third_party::CountsCache,
}

impl Store {
    /// The folder that the profile names, else one among the panel's data.
    pub fn of(profile: &Profile, data: &Path) -> Self {
        let own = || data.join("backups").join(&profile.name);
        Self {
            root: profile.backup_dir.clone().unwrap_or_else(own),
            places: profile.elsewhere.places.clone(),
        }
    }

    /// Where it is.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// A backup's folder.
    ///
    /// # Errors
    /// `not-found`.
    pub fn folder(&self, id: &BackupId) -> Result<PathBuf, PanelError> {
        let folder = self.root.join(&id.0);
        let there = name::is_folder(&id.0) && fs::symlink_metadata(&folder).is_ok_and(|meta| meta.is_dir());
        if unpacked_cache::at(&self.root, &id.0).is_some() {
            let words = format!("{} is an archive and does not support this operation.", id.0);
            return Err(PanelError::new(ErrorCode::InvalidRequest, "backups", words)
                .with_hint("Import it, then use the imported backup."));
        }
        there.then_some(folder).ok_or_else(|| {
            PanelError::new(
                ErrorCode::NotFound,
                "backups",
                format!("Backup {:?} not found in {}.", id.0, self.root.display()),
            )
        })
    }

    /// The folder that a backup's files are read in: of an archive, the one that it is unpacked into.
    ///
    /// # Errors
    /// `not-found`; those of unpacking.
    pub fn readable(&self, id: &BackupId) -> Result<PathBuf, PanelError> {
        let Some((folder, fresh)) = unpacked_cache::unpacked(&self.root, &id.0)? else {
            return self.folder(id);
        };
        let mut notes = self.notes(&id.0);
        if let Some(left_out) = fresh.filter(|left_out| *left_out != notes.left_out) {
            notes.left_out = left_out;
            self.set_notes(&id.0, &notes)?;
        }
        Ok(folder)
    }

    /// Whether there is one, in a folder or in an archive.
    ///
    /// # Errors
    /// `not-found`.
    pub fn has(&self, id: &BackupId) -> Result<(), PanelError> {
        if unpacked_cache::at(&self.root, &id.0).is_some() { Ok(()) } else { self.folder(id).map(|_| ()) }
    }

    /// Takes the right to change something, and clears away what a killed process has left. Waits for a process that
    /// has it for a moment only.
    ///
    /// # Errors
    /// `invalid-request` while another process has it; `storage`.
    pub fn lock(&self) -> Result<Lock, PanelError> {
        self.lock_within(PATIENCE)
    }

    fn lock_within(&self, patience: Duration) -> Result<Lock, PanelError> {
        paths::create_private_dir(&self.root)
            .map_err(|error| paths::storage("create the folder", &self.root, &error))?;
        let path = self.root.join(LOCK);
        let failed = |error: &io::Error| paths::storage("lock", &path, error);
        let mut options = fs::OpenOptions::new();
        options.create(true).truncate(false).write(true);
        paths::private(&mut options);
        let file = options.open(&path).map_err(|error| failed(&error))?;
        let deadline = Instant::now() + patience;
        loop {
            match file.try_lock() {
                Ok(()) => break,
                Err(fs::TryLockError::WouldBlock) if Instant::now() < deadline => {
                    thread::sleep(Duration::from_millis(20));
                }
                Err(fs::TryLockError::WouldBlock) => {
                    return Err(PanelError::new(
                        ErrorCode::InvalidRequest,
                        "backups",
                        "Another panel or aetherctl is using the backup folder.",
                    )
                    .with_hint("Wait until it finishes."));
                }
                Err(fs::TryLockError::Error(error)) => return Err(failed(&error)),
            }
        }
        self.clear_partial().map_err(|error| paths::storage("clear", &self.root, &error))?;
        Ok(Lock { _file: file })
    }

    /// Whether a process is at work on it. Shared, so that two who look do not take each other for one.
    pub fn is_locked(&self) -> bool {
        let file = fs::OpenOptions::new().write(true).open(self.root.join(LOCK));
        file.is_ok_and(|file| matches!(file.try_lock_shared(), Err(fs::TryLockError::WouldBlock)))
    }

    fn clear_partial(&self) -> io::Result<()> {
        for entry in fs::read_dir(&self.root)? {
            let entry = entry?;
            if !entry.file_name().to_string_lossy().starts_with(PARTIAL) {
                continue;
            }
            tracing::info!(folder = %entry.path().display(), "removing an incomplete backup");
            let kind = entry.file_type()?;
            if kind.is_dir() {
                fs::remove_dir_all(entry.path())?;
            } else if kind.is_file() {
                fs::remove_file(entry.path())?;
            }
        }
        unpacked_cache::clear(&self.root, clock::now());
        Ok(())
    }

    /// A backup's manifest as written, with its bytes; none in a foreign backup.
    ///
    /// # Errors
    /// In words.
    pub fn manifest(folder: &Path) -> Result<Option<(Manifest, Vec<u8>)>, String> {
        let path = folder.join(manifest::FILE);
        match read_limited(&path, manifest::MAX) {
            Ok(bytes) => Manifest::read(&bytes).map(|manifest| Some((manifest, bytes))),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(format!("failed to read {}: {error}", manifest::FILE)),
        }
    }

    /// All backups, newest first.
    ///
    /// # Errors
    /// `storage` when the folder can't be read; one that is not there is an empty one.
    pub fn list(&self, cache: &mut Cache) -> Result<BackupList, PanelError> {
        let mut backups = Vec::new();
        let mut unreadable = Vec::new();
        let entries = match fs::read_dir(&self.root) {
            Ok(entries) => Some(entries),
            Err(error) if error.kind() == io::ErrorKind::NotFound => None,
            Err(error) => return Err(paths::storage("read the folder", &self.root, &error)),
        };
        for entry in entries.into_iter().flatten() {
            let entry = entry.map_err(|error| paths::storage("read the folder", &self.root, &error))?;
            let id = entry.file_name().to_string_lossy().into_owned();
            let folder = name::is_folder(&id) && entry.file_type().is_ok_and(|kind| kind.is_dir());
            if !folder && unpacked_cache::at(&self.root, &id).is_none() {
                continue;
            }
            if backups.len() >= MAX_BACKUPS {
                unreadable
                    .push(format!("There are more than {MAX_BACKUPS} backups; the rest are not listed."));
                break;
            }
            match self.entry(&id, cache) {
                Ok(Some(backup)) => backups.push(backup),
                Ok(None) => {}
                Err(why) => unreadable.push(format!("{id}: {why}")),
            }
        }
        backups.sort_by(|a, b| (b.made_at, &b.id).cmp(&(a.made_at, &a.id)));
        unreadable.sort();
        Ok(BackupList {
            folder: self.root.display().to_string(),
            places: self.places.clone(),
            backups,
            unreadable,
            // Before the first backup the folder is not there; its disk is.
            free_bytes: self.root.ancestors().find_map(|at| fs4::available_space(at).ok()).map(|b| b as f64),
            revision: 0,
        })
    }

    /// Reads one backup; none if the folder is not a backup.
    ///
    /// # Errors
    /// In words.
    pub fn entry(&self, id: &str, cache: &mut Cache) -> Result<Option<Backup>, String> {
        let folder = self.root.join(id);
        if let Some(lying) = unpacked_cache::entry(&self.root, id, &self.notes(id), &mut cache.third_party) {
            return Ok(Some(lying));
        }
        let stamp = fs::symlink_metadata(folder.join(manifest::FILE))
            .ok()
            .filter(fs::Metadata::is_file)
            .and_then(|meta| Some((meta.modified().ok()?, meta.len())));
        let Some((modified, length)) = stamp else {
            return Ok(third_party::entry(id, &folder, &self.notes(id), &mut cache.third_party));
        };
        let known = cache.manifests.get(id).filter(|(time, size, _)| (*time, *size) == (modified, length));
        let manifest = match known {
            Some((_, _, manifest)) => manifest.clone(),
            None => {
                let read = Self::manifest(&folder).and_then(|found| {
                    found.map(|(manifest, _)| manifest).ok_or_else(|| "it disappeared".into())
                });
                cache.manifests.insert(id.to_owned(), (modified, length, read.clone()));
                read
            }
        }?;
        Ok(Some(listed(id, &manifest, &self.notes(id))))
    }

    /// What was learned of a backup.
    pub fn notes(&self, id: &str) -> MetadataCache {
        let path = self.root.join(NOTES).join(format!("{id}.json"));
        let text = paths::read_small(&path).unwrap_or_default();
        serde_json::from_str(&text).unwrap_or_default()
    }

    /// Keeps what was learned.
    ///
    /// # Errors
    /// `storage`.
    pub fn set_notes(&self, id: &str, notes: &MetadataCache) -> Result<(), PanelError> {
        let path = self.root.join(NOTES).join(format!("{id}.json"));
        let failed = |error: io::Error| paths::storage("write", &path, &error);
        let text = serde_json::to_vec_pretty(notes).map_err(|error| failed(io::Error::other(error)))?;
        paths::write_atomically(&path, &text).map_err(failed)
    }

    /// Deletes a backup: it is out of the list at once, and what is left after a kill is cleared at the next change.
    ///
    /// # Errors
    /// `not-found`, `storage`.
    pub fn delete(&self, id: &BackupId, _lock: &Lock) -> Result<(), PanelError> {
        self.has(id)?;
        let folder = self.root.join(&id.0);
        let aside = self.root.join(format!("{PARTIAL}deleted-{}", id.0));
        let failed = |error: &io::Error| paths::storage("delete", &folder, error);
        if folder.is_dir() {
            fs::rename(&folder, &aside).map_err(|error| failed(&error))?;
            fs::remove_dir_all(&aside).map_err(|error| failed(&error))?;
        } else {
            unpacked_cache::delete(&folder, &aside).map_err(|error| failed(&error))?;
            unpacked_cache::clear(&self.root, clock::now());
        }
        // A note about nothing harms nobody.
        let _ = fs::remove_file(self.root.join(NOTES).join(format!("{}.json", id.0)));
        Ok(())
    }
}

/// A backup as in the list.
pub fn listed(id: &str, manifest: &Manifest, notes: &MetadataCache) -> Backup {
    let mut problems = notes.problems.clone();
    let verdict = if !problems.is_empty() {
        BackupVerdict::Changed
    } else if !manifest.complete() {
        let failed =
            manifest.parts.iter().filter(|part| part.state == aether_contract::BackupPartState::Failed);
        problems = failed.flat_map(|part| part.notes.clone()).collect();
        BackupVerdict::Incomplete
    } else if notes.verified_at.is_some() {
        let without = manifest.parts.iter().any(|part| part.without_tsdb);
        if without { BackupVerdict::WithoutTsdb } else { BackupVerdict::Verified }
    } else {
        BackupVerdict::Complete
    };
    problems.truncate(20);
    let dashboards = manifest.files.iter().filter(|file| file.path.starts_with(DASHBOARDS)).count();
    Backup {
        id: BackupId(id.to_owned()),
        made_at: manifest.made_at,
        reason: manifest.reason.clone(),
        created_by: manifest.created_by.clone(),
        stack: manifest.stack.clone(),
        verdict,
        verified_at: notes.verified_at,
        problems,
        parts: manifest.parts.clone(),
        bytes: manifest.files.iter().map(|file| file.bytes as f64).sum(),
        files: u32::try_from(manifest.files.len()).unwrap_or(u32::MAX),
        dashboards: u32::try_from(dashboards).unwrap_or(u32::MAX),
        pinned: notes.pinned,
        safety: manifest.safety,
        archive: String::new(),
        elsewhere: notes.elsewhere.keys().cloned().collect(),
    }
}

/// A backup from so far in the future tells of a clock that was set back, in milliseconds.
pub const FUTURE_MS: i64 = 300_000;

/// Whether it is of the stack as a whole: no safety copy, and no server left out by whoever asked for it, as before a
/// change of rules.
pub fn is_full(backup: &Backup) -> bool {
    let left_out = |part: &BackupPart| {
        use BackupPartKind::{Alertmanager, Configs, Grafana, Prometheus};
        matches!(part.kind, Grafana | Prometheus | Alertmanager | Configs)
            && part.state == BackupPartState::Skipped
            && part.notes.iter().any(|note| note == NOT_REQUESTED)
    };
    !backup.safety && !backup.parts.iter().any(left_out)
}

/// The newest full backup. One from the future is the newest only when there is no other: it was made
/// before the clock was set back, and hides those that were made since.
pub fn newest(list: &BackupList, now: Timestamp) -> Option<Backup> {
    let mut all = list.backups.iter().filter(|backup| is_full(backup));
    let future = |backup: &&Backup| now.millis_since(backup.made_at) < -FUTURE_MS;
    all.clone().find(|backup| !future(backup)).or_else(|| all.next()).cloned()
}

/// The list's state in the panel.
#[derive(Default)]
pub struct Listing {
    /// Manifests read before.
    pub cache: Cache,
    /// The list as it was last read, and the folder that it is of.
    pub last: Option<(PathBuf, Result<BackupList, PanelError>)>,
    /// Goes up when the list changes.
    pub revision: u32,
}

impl Listing {
    /// Takes in what was read, and the manifests that were read for it; the revision goes up when it differs.
    ///
    /// # Errors
    /// Those of the reading.
    pub fn take(
        &mut self,
        store: &Store,
        cache: Cache,
        mut read: Result<BackupList, PanelError>,
    ) -> Result<BackupList, PanelError> {
        self.cache = cache;
        let same = match (&self.last, &read) {
            (Some((root, Ok(last))), Ok(list)) => {
                root == store.root()
                    && last.backups == list.backups
                    && last.places == list.places
                    && last.unreadable == list.unreadable
            }
            (Some((root, Err(last))), Err(error)) => root == store.root() && last == error,
            _ => false,
        };
        if !same {
            self.revision = self.revision.wrapping_add(1).max(1);
        }
        if let Ok(list) = &mut read {
            list.revision = self.revision;
        }
        self.last = Some((store.root().to_path_buf(), read.clone()));
        read
    }
}

/// Takes the store's lock without holding up the runtime.
///
/// # Errors
/// As [`Store::lock`].
pub async fn locked(store: &Store) -> Result<Lock, PanelError> {
    let store = store.clone();
    tokio::task::spawn_blocking(move || store.lock()).await.unwrap_or_else(|error| Err(broken(&error)))
}

/// An id that is free.
pub fn new_id(store: &Store) -> BackupId {
    name::backup_id(&local_now(), |name| store.root().join(name).exists())
}

#[cfg(test)]
mod lock_tests {
    use super::*;

    fn store(folder: &Path) -> Store {
        Store { root: folder.to_path_buf(), places: Vec::new() }
    }

    #[test]
    fn lock_held_for_a_moment_is_waited_for() {
        let folder = tempfile::tempdir().unwrap();
        let store = store(folder.path());
        let held = store.lock().unwrap();
        let moment = thread::spawn(move || {
            thread::sleep(Duration::from_millis(100));
            drop(held);
        });
        assert!(store.lock_within(Duration::from_secs(60)).is_ok());
        moment.join().unwrap();
    }

    #[test]
    fn lock_held_for_longer_is_a_conflict() {
        let folder = tempfile::tempdir().unwrap();
        let store = store(folder.path());
        let _held = store.lock().unwrap();
        let error = store.lock_within(Duration::from_millis(50)).unwrap_err();
        assert_eq!(error.code, ErrorCode::InvalidRequest, "{error}");
        assert!(store.is_locked());
    }

    #[test]
    fn look_at_the_lock_is_not_taken_for_work_by_another_look() {
        let folder = tempfile::tempdir().unwrap();
        let store = store(folder.path());
        drop(store.lock().unwrap());
        let looked = fs::OpenOptions::new().write(true).open(folder.path().join(LOCK)).unwrap();
        looked.try_lock_shared().unwrap();
        assert!(!store.is_locked());
    }
}
