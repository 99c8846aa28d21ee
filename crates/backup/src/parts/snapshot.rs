//! Copies a TSDB snapshot out of Prometheus' data directory and removes the server's copy.
//!
//! Whoever answers for Prometheus chooses the snapshot's name and what is in its directory. So the name has to be
//! that of a snapshot, the directory has to be new, no link is followed, and only files that were copied are removed.

use std::{
    collections::BTreeSet,
    io::{self, Read as _},
    path::{Path, PathBuf},
};

use aether_contract::PanelError;
use serde::Deserialize;

use super::dir::{Dir, Kind};
use crate::{build::Builder, layout::SNAPSHOT};
use aether_context::jobs::Handle;
use aether_foundation::paths;

/// The directory of snapshots in a data directory.
const SNAPSHOTS: &str = "snapshots";
/// Most files of a snapshot.
pub const MAX_FILES: usize = 100_000;
/// Largest `meta.json`, in bytes.
pub const MAX_META: u64 = 1024 * 1024;
/// Most directories above a file in a block: `chunks`, and one more for what later versions may add.
const MAX_DEPTH: usize = 2;

/// Whether a text has the form of a snapshot's name: `20260102T030405Z-0123456789abcdef`.
pub fn is_snapshot_name(name: &str) -> bool {
    let digits =
        |text: &str, count: usize| text.len() == count && text.bytes().all(|byte| byte.is_ascii_digit());
    let hex = |text: &str| {
        (1..=32).contains(&text.len()) && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
    };
    let Some((time, random)) = name.split_once("Z-") else { return false };
    let Some((date, time)) = time.split_once('T') else { return false };
    digits(date, 8) && digits(time, 6) && hex(random)
}

/// Whether a text has the form of a block's name: a ULID.
pub fn is_block_name(name: &str) -> bool {
    let crockford =
        |byte: u8| byte.is_ascii_digit() || (byte.is_ascii_uppercase() && !b"ILOU".contains(&byte));
    name.len() == 26
        && name.as_bytes().first().is_some_and(|first| *first <= b'7')
        && name.bytes().all(crockford)
}

/// What speaks against the `meta.json` of a block; none: it is one.
pub fn meta_problem(meta: &[u8]) -> Option<String> {
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Meta {
        #[serde(rename = "ulid")]
        _ulid: String,
        #[serde(rename = "minTime")]
        _min_time: i64,
        #[serde(rename = "maxTime")]
        _max_time: i64,
    }
    serde_json::from_slice::<Meta>(meta).err().map(|error| format!("failed to read its meta.json: {error}"))
}

/// The directory of snapshots before the server was asked for one.
#[derive(Debug)]
pub struct Snapshots {
    data: Dir,
    path: PathBuf,
    before: BTreeSet<String>,
}

/// What became of a snapshot.
#[derive(Debug)]
pub struct Copied {
    /// Blocks that were copied.
    pub blocks: u32,
    /// Why the snapshot is not complete, in sentences. Then nothing was removed.
    pub problems: Vec<String>,
    /// Why the server's copy could not be removed after it was copied.
    pub left: Option<String>,
    /// Where the server's copy is.
    pub path: PathBuf,
}

/// A file of a snapshot: the names of the directories that lead to it, and its own.
type Steps = Vec<String>;

impl Snapshots {
    /// Looks which snapshots exist. Call it before the server takes one.
    ///
    /// # Errors
    /// In words: the directory can't be used.
    pub fn before(data: &Path) -> Result<Self, String> {
        let path = data.join(SNAPSHOTS);
        let open = || {
            let data = Dir::open(data)?;
            let before = match data.dir(SNAPSHOTS) {
                Ok(dir) => dir.entries()?.into_iter().map(|(name, _)| name).collect(),
                Err(error) if error.kind() == io::ErrorKind::NotFound => BTreeSet::new(),
                Err(error) => return Err(error),
            };
            Ok((data, before))
        };
        let (data, before) = open().map_err(|error: io::Error| {
            format!("{} is not a usable directory ({error}); symbolic links are not followed", path.display())
        })?;
        Ok(Self { data, path, before })
    }

    /// Copies the snapshot of that name, and removes it when all of it was copied.
    ///
    /// # Errors
    /// `storage`, `cancelled`: then the server's copy stays.
    pub fn copy(&self, name: &str, builder: &mut Builder, job: &Handle) -> Result<Copied, PanelError> {
        let mut copied = Copied { blocks: 0, problems: Vec::new(), left: None, path: self.path.join(name) };
        let snapshot = match self.open(name) {
            Ok(snapshot) => snapshot,
            Err(why) => {
                copied.path.clone_from(&self.path);
                copied.problems.push(why);
                return Ok(copied);
            }
        };
        let (blocks, mut files) = list(&snapshot, &mut copied.problems);
        if files.len() > MAX_FILES {
            copied.problems.push(format!("The snapshot has more than {MAX_FILES} files; none was copied."));
            files.clear();
        }
        let named: Vec<(String, Steps)> =
            files.into_iter().map(|steps| (format!("{SNAPSHOT}{}", steps.join("/")), steps)).collect();
        job.stage("copying blocks", named.len());
        let broken = |steps: &Steps, error: &io::Error| {
            let at = copied.path.join(steps.join("/"));
            PanelError { source: copied.path.display().to_string(), ..paths::storage("read", &at, error) }
        };
        match builder.copy_all(&named, |steps| open(&snapshot, steps), broken, job) {
            Ok(()) if named.is_empty() => {}
            Ok(()) => copied.blocks = blocks,
            // The server's disk is not the panel's: the rest of the backup goes on.
            Err(error) if error.source == copied.path.display().to_string() => {
                copied.problems.push(error.to_string());
            }
            Err(error) => return Err(error),
        }
        if copied.problems.is_empty() {
            let files: Vec<&Steps> = named.iter().map(|(_, steps)| steps).collect();
            let removed = remove(&snapshot, &files).and_then(|()| self.data.dir(SNAPSHOTS)?.remove_dir(name));
            copied.left = removed.err().map(|error| error.to_string());
        }
        Ok(copied)
    }

    fn open(&self, name: &str) -> Result<Dir, String> {
        if !is_snapshot_name(name) {
            return Err(format!("The server returned {name:?}, which is not a valid snapshot name."));
        }
        if self.before.contains(name) {
            return Err(format!(
                "The server returned the snapshot {name}, which existed before the request."
            ));
        }
        let opened = self.data.dir(SNAPSHOTS).and_then(|dir| dir.dir(name));
        opened.map_err(|error| {
            format!(
                "{} is not a usable directory ({error}); symbolic links are not followed.",
                self.path.join(name).display()
            )
        })
    }
}

/// The number of blocks of a snapshot, and their files. What is not part of a block is a problem, and so is a block
/// that is not complete: it is left out.
fn list(snapshot: &Dir, problems: &mut Vec<String>) -> (u32, Vec<Steps>) {
    let entries = match snapshot.entries() {
        Ok(entries) => entries,
        Err(error) => {
            problems.push(format!("Failed to list the snapshot: {error}."));
            return (0, Vec::new());
        }
    };
    let (mut blocks, mut files) = (0_u32, Vec::new());
    for (name, kind) in entries {
        if kind != Kind::Directory || !is_block_name(&name) {
            problems.push(format!("{name:?} in the snapshot is not a block; it was skipped."));
            continue;
        }
        let mut own = Vec::new();
        let checked = block(snapshot, &name, &mut own);
        match checked {
            Ok(()) => {
                blocks += 1;
                files.append(&mut own);
            }
            Err(why) => problems.push(format!("Block {name} was skipped: {why}.")),
        }
    }
    (blocks, files)
}

fn block(snapshot: &Dir, name: &str, files: &mut Vec<Steps>) -> Result<(), String> {
    let told = |error: io::Error| error.to_string();
    let dir = snapshot.dir(name).map_err(told)?;
    let mut meta = Vec::new();
    let file = dir.file("meta.json").map_err(|error| format!("failed to open its meta.json: {error}"))?;
    file.take(MAX_META).read_to_end(&mut meta).map_err(told)?;
    if let Some(why) = meta_problem(&meta) {
        return Err(why);
    }
    walk(&dir, &mut vec![name.to_owned()], files)
}

fn walk(dir: &Dir, above: &mut Steps, files: &mut Vec<Steps>) -> Result<(), String> {
    for (name, kind) in dir.entries().map_err(|error| error.to_string())? {
        let steps: Steps = above.iter().cloned().chain([name.clone()]).collect();
        match kind {
            Kind::File if files.len() <= MAX_FILES => files.push(steps),
            Kind::File => return Err(format!("it has more than {MAX_FILES} files")),
            Kind::Directory if above.len() <= MAX_DEPTH => {
                let below = dir.dir(&name).map_err(|error| error.to_string())?;
                above.push(name);
                walk(&below, above, files)?;
                above.pop();
            }
            Kind::Directory | Kind::Other => {
                return Err(format!("{} is a link or a special file", steps.join("/")));
            }
        }
    }
    Ok(())
}

/// The directory of a file.
fn parent(snapshot: &Dir, directories: &[String]) -> io::Result<Option<Dir>> {
    let mut at = None;
    for name in directories {
        at = Some(at.as_ref().unwrap_or(snapshot).dir(name)?);
    }
    Ok(at)
}

fn open(snapshot: &Dir, steps: &Steps) -> io::Result<std::fs::File> {
    let (name, directories) = steps.split_last().ok_or_else(|| io::Error::from(io::ErrorKind::NotFound))?;
    parent(snapshot, directories)?.as_ref().unwrap_or(snapshot).file(name)
}

/// Removes these files, then the directories that they were in, deepest first. A directory that is not empty stays.
fn remove(snapshot: &Dir, files: &[&Steps]) -> io::Result<()> {
    let mut directories = BTreeSet::new();
    for steps in files {
        let Some((name, above)) = steps.split_last() else { continue };
        parent(snapshot, above)?.as_ref().unwrap_or(snapshot).remove_file(name)?;
        for depth in 1..=above.len() {
            directories.insert(above.get(..depth).unwrap_or_default());
        }
    }
    for steps in directories.into_iter().rev() {
        let Some((name, above)) = steps.split_last() else { continue };
        parent(snapshot, above)?.as_ref().unwrap_or(snapshot).remove_dir(name)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_names_of_snapshots_and_blocks_are_taken_for_one() {
        assert!(
            is_snapshot_name("20260102T030405Z-0123456789abcdef") && is_snapshot_name("20260102T030405Z-7")
        );
        for bad in [
            "",
            "..",
            "20260102T030405Z-",
            "20260102T030405Z-XYZ",
            "20260102T030405Z-AB",
            "2026010T030405Z-ab",
            "20260102T030405-ab",
            "20260102T030405Z-ab/..",
            "x20260102T030405Z-ab",
            "20260102T030405Z-ab\n",
        ] {
            assert!(!is_snapshot_name(bad), "{bad:?}");
        }
        assert!(is_block_name("01ARZ3NDEKTSV4RRFFQ69G5FAV"));
        let block = "01ARZ3NDEKTSV4RRFFQ69G5FA";
        for bad in ["", "wal", block, &format!("{block}I"), &format!("{block}."), &format!("{block}v")] {
            assert!(!is_block_name(bad), "{bad:?}");
        }
        assert!(!is_block_name("81ARZ3NDEKTSV4RRFFQ69G5FAV"));
    }

    #[test]
    fn block_whose_meta_can_not_be_read_is_a_problem() {
        assert_eq!(meta_problem(br#"{"ulid": "x", "minTime": 1, "maxTime": 2}"#), None);
        for bad in [&b"{"[..], b"[]", b"{}", br#"{"ulid": 1, "minTime": 1, "maxTime": 2}"#] {
            assert!(meta_problem(bad).is_some());
        }
    }
}
