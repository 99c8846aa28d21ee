//! Files inside a backup: nothing on the way to one is a symbolic link, and none is read beyond a limit.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use aether_foundation::{files::read_limited, names};

/// The path of a file in a backup, if nothing on the way there is a symbolic link.
///
/// # Errors
/// Those of the file system; `InvalidInput` for a path that leads elsewhere.
pub fn inside(folder: &Path, path: &str) -> io::Result<PathBuf> {
    let mut at = folder.to_path_buf();
    if !names::is_here(path) {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "its path leads outside the backup"));
    }
    for segment in path.split('/') {
        at.push(segment);
        if fs::symlink_metadata(&at)?.file_type().is_symlink() {
            let words = "its path contains a symbolic link";
            return Err(io::Error::new(io::ErrorKind::InvalidInput, words));
        }
    }
    Ok(at)
}

/// Reads a file of a backup, as [`read_limited`] does.
///
/// # Errors
/// As [`inside`] and [`read_limited`].
pub fn read_inside(folder: &Path, path: &str, max: u64) -> io::Result<Vec<u8>> {
    read_limited(&inside(folder, path)?, max)
}
