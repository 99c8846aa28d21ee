//! Backups that other tools made: folders of dashboards without a manifest of ours. They are read, and never changed.

mod contents;
mod pieces;

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    time::UNIX_EPOCH,
};

use aether_contract::{
    Backup, BackupId, BackupPart, BackupPartKind, BackupPartState, BackupVerdict, Timestamp,
};

pub use contents::{Contents, LAYOUT, Place, contents, read};

use crate::{metadata::MetadataCache, name};
use aether_foundation::names;

/// Counts of another tool's backup, kept while its files stay as they are.
#[derive(Debug, Clone, Default)]
pub struct Counts {
    /// Dashboards, those that can't be used too.
    pub dashboards: u32,
    /// What was not read, in a sentence.
    pub left_out: String,
}

/// Counts by folder, with the state of the files that they are of.
pub type CountsCache = BTreeMap<PathBuf, (Vec<Found>, Counts)>;

/// The counts of a folder. Its files are read only when they have changed.
pub fn counts(folder: &Path, files: Vec<Found>, cache: &mut CountsCache) -> Counts {
    if let Some((known, counts)) = cache.get(folder)
        && *known == files
    {
        return counts.clone();
    }
    let all = contents(folder, files.iter().map(|file| file.path.as_str()));
    let dashboards = u32::try_from(all.dashboards.len()).unwrap_or(u32::MAX);
    let counts = Counts { dashboards, left_out: all.left_out() };
    cache.insert(folder.to_path_buf(), (files, counts.clone()));
    counts
}

/// Most files that are looked at.
pub const MAX_FILES: usize = 20_000;
/// Deepest folder.
pub const MAX_DEPTH: usize = 8;
/// Folders that tell of a backup: the scripts' own, and those of grafana-backup-tool and gdg.
pub const SIGNS: [&str; 5] = ["grafana", "dashboards", "_OUTPUT_", "configs", "MANIFEST.txt"];

/// Most paths of hidden files that are kept for a report.
const MAX_HIDDEN: usize = 1_000;

/// A file of a foreign backup.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// Path in it, with `/`.
    pub path: String,
    /// Size in bytes.
    pub bytes: u64,
    /// When it was changed last; none where that is not known.
    modified: Option<std::time::SystemTime>,
}

/// The entry of the list; none when the folder does not look like a backup.
pub fn entry(id: &str, folder: &Path, notes: &MetadataCache, cache: &mut CountsCache) -> Option<Backup> {
    let signed = SIGNS.iter().any(|sign| folder.join(sign).exists());
    if !folder.is_dir() {
        return None;
    }
    let Scan { files, left, hidden } = scan(folder);
    let bytes: f64 = files.iter().map(|file| file.bytes as f64).sum();
    let count = u32::try_from(files.len()).unwrap_or(u32::MAX);
    let Counts { dashboards, left_out } = counts(folder, files, cache);
    // A folder of mixins or resources has none of the usual names.
    if !signed && dashboards == 0 {
        return None;
    }
    let newest = fs::symlink_metadata(folder)
        .and_then(|meta| meta.modified())
        .ok()
        .and_then(|time| time.duration_since(UNIX_EPOCH).ok())
        .map_or(0, |since| i64::try_from(since.as_millis()).unwrap_or(0));
    let part = BackupPart {
        kind: BackupPartKind::Grafana,
        state: BackupPartState::Complete,
        count: dashboards,
        what: "dashboards".into(),
        bytes,
        notes: [
            "Made by another tool, without checksums; its integrity cannot be verified.".into(),
            left_words(left),
            hidden.words(),
            left_out,
            notes.left_out.clone(),
        ]
        .into_iter()
        .filter(|note: &String| !note.is_empty())
        .collect(),
        without_tsdb: false,
    };
    Some(Backup {
        id: BackupId(id.to_owned()),
        made_at: name::time_of(id).unwrap_or(Timestamp(newest)),
        reason: String::new(),
        created_by: String::new(),
        stack: String::new(),
        verdict: BackupVerdict::Foreign,
        verified_at: None,
        problems: Vec::new(),
        parts: vec![part],
        bytes,
        files: count,
        dashboards,
        pinned: notes.pinned,
        safety: false,
        archive: String::new(),
        elsewhere: Vec::new(),
    })
}

/// What a directory of another tool holds.
#[derive(Debug, Default)]
pub struct Scan {
    /// Regular files, by path.
    pub files: Vec<Found>,
    /// Files and directories that are left out because of their depth, their number or an unreadable name.
    pub left: usize,
    /// Names that are never opened.
    pub hidden: Hidden,
}

/// Files and directories whose names begin with a dot, or are names of Git. They are never opened and never imported.
#[derive(Debug, Default)]
pub struct Hidden {
    /// How many there are.
    pub count: usize,
    /// Their paths, [`MAX_HIDDEN`] at most.
    pub paths: Vec<String>,
}

impl Hidden {
    /// Counts one.
    pub fn add(&mut self, path: &str) {
        self.count += 1;
        if self.paths.len() < MAX_HIDDEN {
            self.paths.push(path.to_owned());
        }
    }

    /// What was left out, in a sentence; empty for nothing.
    pub fn words(&self) -> String {
        let named: Vec<String> = self.paths.iter().take(3).map(|path| format!("{path:?}")).collect();
        let more = if self.count > named.len() { ", …" } else { "" };
        match self.count {
            0 => String::new(),
            1 => format!("1 hidden file or directory was skipped: {}.", named.concat()),
            count => {
                format!("{count} hidden files or directories were skipped: {}{more}.", named.join(", "))
            }
        }
    }
}

/// Its regular files, by path. Symbolic links and hidden files are left out.
pub fn files(folder: &Path) -> Vec<Found> {
    scan(folder).files
}

/// Its regular files, by path, and what is left out.
pub fn scan(folder: &Path) -> Scan {
    let mut scan = Scan::default();
    walk(folder, "", 0, &mut scan);
    scan.files.sort_by(|a, b| a.path.cmp(&b.path));
    scan.hidden.paths.sort();
    scan
}

/// What is left out of a backup, in words; empty when that is nothing.
pub fn left_words(left: usize) -> String {
    match left {
        0 => String::new(),
        1 => "1 file or folder was skipped: unreadable name, nested too deeply, or too many files.".into(),
        left => format!(
            "{left} files or folders were skipped: unreadable names, nested too deeply, or too many files."
        ),
    }
}

fn walk(folder: &Path, prefix: &str, depth: usize, scan: &mut Scan) {
    let Ok(entries) = fs::read_dir(folder) else {
        scan.left += 1;
        return;
    };
    for entry in entries.flatten() {
        if scan.files.len() >= MAX_FILES {
            scan.left += 1;
            return;
        }
        let name = entry.file_name().to_string_lossy().into_owned();
        let path = if prefix.is_empty() { name.clone() } else { format!("{prefix}/{name}") };
        if names::segment_refusal(&name).is_some() {
            scan.hidden.add(&path);
            continue;
        }
        match entry.file_type() {
            Ok(kind) if kind.is_dir() && depth < MAX_DEPTH => walk(&entry.path(), &path, depth + 1, scan),
            Ok(kind) if kind.is_file() && readable(&entry.file_name(), &path) => {
                let meta = entry.metadata().ok();
                let bytes = meta.as_ref().map_or(0, fs::Metadata::len);
                let modified = meta.and_then(|meta| meta.modified().ok());
                scan.files.push(Found { path, bytes, modified });
            }
            Ok(kind) if kind.is_symlink() => {}
            _ => scan.left += 1,
        }
    }
}

fn readable(name: &std::ffi::OsStr, path: &str) -> bool {
    name.to_str().is_some() && names::is_here(path)
}
