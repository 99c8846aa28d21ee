//! Backups in one file: written to be carried away, read back before they are called written, and taken in again.
//!
//! An archive is foreign matter, whoever wrote it. It is read from its begin to its end and never seeks, so
//! memory does not grow with it; nothing in it is unpacked by a library that follows its names. What every
//! entry must be is decided here.

pub mod export;
pub mod import;
pub mod lying;
pub mod read;

use std::path::Path;

use aether_contract::{ErrorCode, PanelError};

/// Endings of the archives that are read.
const ENDINGS: [&str; 5] = [".tar.gz", ".tgz", ".tar.zst", ".tzst", ".tar"];

/// A name without the ending of an archive; none when it has none.
pub fn stem(name: &str) -> Option<&str> {
    let lower = name.to_ascii_lowercase();
    let ending = ENDINGS.iter().find(|ending| lower.ends_with(**ending))?;
    name.get(..name.len() - ending.len()).filter(|stem| !stem.is_empty())
}

/// What is wrong with an archive.
fn refused(path: &Path, words: &str) -> PanelError {
    let name = path.file_name().unwrap_or(path.as_os_str()).to_string_lossy().into_owned();
    PanelError::new(ErrorCode::InvalidRequest, "backups", format!("Cannot use {name}: {words}."))
}
