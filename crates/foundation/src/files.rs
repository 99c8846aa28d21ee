//! Files that somebody else wrote, read within limits.

use std::{
    fs,
    io::{self, Read as _},
    path::Path,
};

use crate::text::size;

/// Reads a regular file of at most `max` bytes; no symbolic link is followed.
pub fn read_limited(path: &Path, max: u64) -> io::Result<Vec<u8>> {
    let meta = fs::symlink_metadata(path)?;
    if !meta.is_file() {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "not a regular file"));
    }
    if meta.len() > max {
        let words = format!("larger than {}", size(max as f64));
        return Err(io::Error::new(io::ErrorKind::FileTooLarge, words));
    }
    let mut bytes = Vec::new();
    fs::File::open(path)?.take(max.saturating_add(1)).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > max {
        return Err(io::Error::new(io::ErrorKind::FileTooLarge, "it grew while being read"));
    }
    Ok(bytes)
}
