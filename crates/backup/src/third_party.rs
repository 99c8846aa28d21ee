//! Backups that other tools made: folders of dashboards without a manifest of ours. They are read, and never changed.

use crate::name;
use std::{fs, path::Path, time::UNIX_EPOCH};

use aether_contract::{
    Backup, BackupId, BackupPart, BackupPartKind, BackupPartState, BackupVerdict, Timestamp,
};

use super::metadata::MetadataCache;
use aether_foundation::names;

/// Most files that are looked at.
pub const MAX_FILES: usize = 20_000;
/// Deepest folder.
pub const MAX_DEPTH: usize = 8;
/// Folders that tell of a backup: the scripts' own, and those of grafana-backup-tool and gdg.
pub const SIGNS: [&str; 5] = ["grafana", "dashboards", "_OUTPUT_", "configs", "MANIFEST.txt"];

/// Most paths of hidden files that are kept for a report.
const MAX_HIDDEN: usize = 1_000;

/// A file of a foreign backup.
#[derive(Debug)]
pub struct Found {
    /// Path in it, with `/`.
    pub path: String,
    /// Size in bytes.
    pub bytes: u64,
}

/// The entry of the list; none when the folder does not look like a backup.
pub fn entry(id: &str, folder: &Path, notes: &MetadataCache) -> Option<Backup> {
    if !SIGNS.iter().any(|sign| folder.join(sign).exists()) {
        return None;
    }
    let Scan { files, left, hidden } = scan(folder);
    let dashboards = files.iter().filter(|file| may_be_dashboard(&file.path)).count();
    let dashboards = u32::try_from(dashboards).unwrap_or(u32::MAX);
    let bytes: f64 = files.iter().map(|file| file.bytes as f64).sum();
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
            notes.left_out.clone(),
        ]
        .into_iter()
        .filter(|note: &String| !note.is_empty())
        .collect(),
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
        files: u32::try_from(files.len()).unwrap_or(u32::MAX),
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
                let bytes = entry.metadata().map_or(0, |meta| meta.len());
                scan.files.push(Found { path, bytes });
            }
            Ok(kind) if kind.is_symlink() => {}
            _ => scan.left += 1,
        }
    }
}

fn readable(name: &std::ffi::OsStr, path: &str) -> bool {
    name.to_str().is_some() && names::is_here(path)
}

/// Whether a file may hold a dashboard, by its name. grafana-backup-tool writes `.dashboard`.
pub fn may_be_dashboard(path: &str) -> bool {
    let lower = path.to_lowercase();
    if lower.ends_with(".dashboard") {
        return true;
    }
    let elsewhere =
        ["folders/", "datasources/", "library", "alert", "contact", "polic", "configs/", "prometheus/"];
    lower.ends_with(".json") && !elsewhere.iter().any(|part| lower.contains(part))
}
