//! Archives that lie in the folder of backups as they are, as `grafana-backup-tool` leaves them. They are listed, and
//! unpacked beside the backups when one is opened: once, within limits, and again only when the archive
//! changes. So the one way of reading a folder of dashboards serves them too, and nothing has to seek in what
//! can't be sought in.

use crate::name;
use std::{
    fs, io,
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    time::UNIX_EPOCH,
};

use aether_contract::{
    Backup, BackupId, BackupPart, BackupPartKind, BackupPartState, BackupVerdict, ErrorCode, PanelError,
    Timestamp,
};

use crate::archive_reader::{Limits, On, refused, stem, walk};
use crate::unpack::{self, Kind};
use crate::{manifest, metadata::MetadataCache, third_party};
use aether_context::jobs::{Handle, Jobs};
use aether_foundation::paths;

/// Where they are unpacked, beside what was learned of the backups.
const UNPACKED: &str = ".aether/unpacked";
/// How the names of folders begin that are being unpacked.
const TEMP: &str = "tmp-";
/// A folder that is being unpacked is left by a killed process after so long, in milliseconds.
const LEFT_MS: i64 = 86_400_000;
/// Numbers the folders of this process.
static NUMBER: AtomicU32 = AtomicU32::new(0);

/// The archive of this name in the folder of backups.
pub fn at(root: &Path, id: &str) -> Option<(PathBuf, fs::Metadata)> {
    let path = root.join(id);
    let meta = fs::symlink_metadata(&path).ok()?;
    (name::is_folder(id) && stem(id).is_some() && meta.is_file()).then_some((path, meta))
}

/// When a file was changed last.
pub fn modified(meta: &fs::Metadata) -> Timestamp {
    let since = meta.modified().ok().and_then(|time| time.duration_since(UNIX_EPOCH).ok());
    Timestamp(since.map_or(0, |since| i64::try_from(since.as_millis()).unwrap_or(0)))
}

/// As in the list. It is not unpacked for that.
pub fn entry(
    root: &Path,
    id: &str,
    notes: &MetadataCache,
    cache: &mut third_party::CountsCache,
) -> Option<Backup> {
    let (path, meta) = at(root, id)?;
    let unpacked = place(root, id, &meta);
    let files = if unpacked.is_dir() { third_party::files(&unpacked) } else { Vec::new() };
    let count = u32::try_from(files.len()).unwrap_or(u32::MAX);
    let third_party::Counts { dashboards, left_out } = third_party::counts(&unpacked, files, cache);
    let (reason, note) = if is_own(&path) {
        ("Exported backup", "Import it to verify it against its manifest.")
    } else {
        (
            "",
            "An archive made by another tool, without checksums; its integrity cannot be verified. It is \
                unpacked when opened.",
        )
    };
    let part = BackupPart {
        kind: BackupPartKind::Grafana,
        state: BackupPartState::Complete,
        count: dashboards,
        what: "dashboards".into(),
        bytes: meta.len() as f64,
        notes: [note.to_owned(), left_out, notes.left_out.clone()]
            .into_iter()
            .filter(|one| !one.is_empty())
            .collect(),
        without_tsdb: false,
    };
    Some(Backup {
        id: BackupId(id.to_owned()),
        made_at: stem(id).and_then(time_of).unwrap_or_else(|| modified(&meta)),
        reason: reason.into(),
        created_by: String::new(),
        stack: String::new(),
        verdict: BackupVerdict::Foreign,
        verified_at: None,
        problems: Vec::new(),
        parts: vec![part],
        bytes: meta.len() as f64,
        files: count,
        dashboards,
        pinned: notes.pinned,
        safety: false,
        archive: path.display().to_string(),
        elsewhere: Vec::new(),
    })
}

/// Whether it begins as ours do: with a manifest. What is broken is told when it is opened.
fn is_own(path: &Path) -> bool {
    let any = Limits { files: 1, file: manifest::MAX, bytes: manifest::MAX };
    let mut own = false;
    let looked = unseen().and_then(|job| {
        walk(path, any, &job, |name, _, _| {
            own = name == manifest::FILE || name.ends_with("/manifest.json");
            Ok(On::Stop)
        })
    });
    looked.is_ok() && own
}

/// When grafana-backup-tool made it: `202403051020`; else as our own names tell.
fn time_of(stem: &str) -> Option<Timestamp> {
    let own = name::time_of(stem);
    let digits = stem.get(..12).filter(|digits| digits.bytes().all(|byte| byte.is_ascii_digit()));
    let told = || {
        let part = |from: usize, to: usize| digits?.get(from..to);
        let (date, time) = (part(0, 4).zip(part(4, 6)).zip(part(6, 8))?, part(8, 10).zip(part(10, 12))?);
        let ((year, month), day) = date;
        name::time_of(&format!("{year}-{month}-{day}_{}-{}", time.0, time.1))
    };
    own.or_else(told)
}

/// The folder that an archive is unpacked into; unpacks it if that was not done yet, and then tells what was left out.
///
/// # Errors
/// `invalid-request` for one that is broken, not honest, without a dashboard, or an export of ours; `storage`.
pub fn unpacked(root: &Path, id: &str) -> Result<Option<(PathBuf, Option<String>)>, PanelError> {
    let Some((path, meta)) = at(root, id) else { return Ok(None) };
    let target = place(root, id, &meta);
    if target.is_dir() {
        return Ok(Some((target, None)));
    }
    let job = unseen()?;
    let Kind::Foreign(shared) = unpack::kind(&path, &job)? else {
        let words = format!("{id} is an exported backup and cannot be opened directly.");
        return Err(PanelError::new(ErrorCode::InvalidRequest, "backups", words)
            .with_hint("Import it. The import verifies it against its manifest."));
    };
    let mark = format!("{TEMP}{}-{}", std::process::id(), NUMBER.fetch_add(1, Ordering::Relaxed));
    let temp = root.join(UNPACKED).join(mark);
    paths::create_private_dir(&temp).map_err(|error| paths::storage("create the folder", &temp, &error))?;
    let _clear = Clear(&temp);
    let inner = BackupId("unpacked".into());
    let taken = unpack::foreign(&temp, &inner, &path, &shared, &job)?;
    if taken.dashboards == 0 {
        let words = format!("it contains no dashboards. {}", taken.hidden.words());
        return Err(refused(&path, words.trim_end_matches([' ', '.'])));
    }
    match fs::rename(temp.join(&inner.0), &target) {
        Ok(()) => Ok(Some((target, Some(taken.hidden.words())))),
        // Another process was faster.
        Err(_) if target.is_dir() => Ok(Some((target, None))),
        Err(error) => Err(paths::storage("write", &target, &error)),
    }
}

/// Clears away what was unpacked of archives that are no longer there, or no longer the same.
pub fn clear(root: &Path, now: Timestamp) {
    let Ok(entries) = fs::read_dir(root.join(UNPACKED)) else { return };
    for entry in entries.flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        let stale = if name.starts_with(TEMP) {
            entry.metadata().is_ok_and(|meta| now.millis_since(modified(&meta)).abs() > LEFT_MS)
        } else {
            let of = name.rsplitn(3, '~').nth(2).and_then(|id| Some((id, at(root, id)?.1)));
            of.is_none_or(|(id, meta)| place(root, id, &meta) != entry.path())
        };
        // What can't be removed is tried again next time.
        if stale && let Err(error) = fs::remove_dir_all(entry.path()) {
            tracing::info!(%error, "failed to remove an unpacked archive");
        }
    }
}

/// Deletes an archive: out of the list at once.
///
/// # Errors
/// Those of the file system.
pub fn delete(path: &Path, aside: &Path) -> io::Result<()> {
    fs::rename(path, aside)?;
    fs::remove_file(aside)
}

fn place(root: &Path, id: &str, meta: &fs::Metadata) -> PathBuf {
    root.join(UNPACKED).join(format!("{id}~{}~{}", meta.len(), modified(meta).0))
}

/// Work that nobody is shown.
fn unseen() -> Result<Handle, PanelError> {
    Arc::new(Jobs::default()).begin("unpacking")
}

struct Clear<'a>(&'a Path);

impl Drop for Clear<'_> {
    fn drop(&mut self) {
        // What is left is cleared later.
        let _ = fs::remove_dir_all(self.0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_time_of_an_archive_is_in_its_name() {
        assert_eq!(time_of("202403051020"), name::time_of("2024-03-05_10-20"));
        assert_eq!(time_of("2024-03-05_10-20"), name::time_of("2024-03-05_10-20"));
        assert!(time_of("2024-03-05_10-20").is_some());
        assert_eq!(time_of("202413051020"), None);
        assert_eq!(time_of("holiday"), None);
    }
}
