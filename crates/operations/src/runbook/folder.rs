//! The profile's folder of own runbooks. Anybody may have put something into it: only small regular files of
//! text directly in it are read, no links, and not without end.

use std::{fs, io::Read as _, path::Path};

use aether_contract::{InvalidRunbook, RunbookSource};

use super::parse::Page;
use aether_foundation::text::truncate;

/// Most files that are read.
pub const MAX_FILES: usize = 200;
/// Largest page, in bytes.
pub const MAX_SIZE: u64 = 256 * 1024;
/// Most entries of the folder that are looked at.
const MAX_ENTRIES: usize = 5_000;
/// Maximum number of reported invalid files.
const MAX_TOLD: usize = 50;

/// What was found.
#[derive(Debug, Default)]
pub struct Found {
    /// Pages by name.
    pub pages: Vec<Page>,
    /// What was refused.
    pub refused: Vec<InvalidRunbook>,
    /// Why the folder could not be read.
    pub problem: String,
}

/// Reads the folder.
pub fn read(folder: &Path) -> Found {
    let mut found = Found::default();
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) => {
            found.problem = format!("Failed to read folder {}: {error}.", folder.display());
            return found;
        }
    };
    let mut names: Vec<_> = entries
        .take(MAX_ENTRIES)
        .filter_map(Result::ok)
        .map(|entry| entry.file_name())
        .filter(|name| Path::new(name).extension().is_some_and(|end| end.eq_ignore_ascii_case("md")))
        .collect();
    names.sort();
    if names.len() > MAX_FILES {
        found.problem =
            format!("The folder contains more than {MAX_FILES} pages; only the first are loaded.");
    }
    for name in names.into_iter().take(MAX_FILES) {
        let shown = truncate(&name.to_string_lossy(), 200);
        let read = page_name(&name.to_string_lossy())
            .and_then(|page| file(&folder.join(&name)).map(|text| (page, text)));
        match read {
            Ok((page, _)) if found.pages.iter().any(|known: &Page| known.name == page) => {
                let reason = "Another file has the same name but for its ending.".to_owned();
                found.refused.push(InvalidRunbook { file: shown, reason });
            }
            Ok((page, text)) => {
                let file = name.to_string_lossy().into_owned();
                found.pages.push(Page { file, ..Page::read(&page, RunbookSource::Own, &text) });
            }
            Err(reason) if found.refused.len() < MAX_TOLD => {
                found.refused.push(InvalidRunbook { file: shown, reason });
            }
            Err(_) => {}
        }
    }
    found
}

/// The page's name of a file's.
fn page_name(file: &str) -> Result<String, String> {
    let name = file.rsplit_once('.').map_or(file, |(name, _)| name);
    let odd = |c: char| {
        c.is_control()
            || matches!(c, '/' | '\\' | '\u{fffd}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}'
                | '\u{2066}'..='\u{2069}')
    };
    if name.is_empty() || name.starts_with('.') || name.chars().count() > 128 || name.chars().any(odd) {
        return Err("The file name is not a valid alert name: use up to 128 plain characters, not starting \
            with a dot."
            .to_owned());
    }
    Ok(name.to_owned())
}

/// The text of a file.
fn file(path: &Path) -> Result<String, String> {
    let said = |error: std::io::Error| format!("Failed to read the file: {error}.");
    let listed = fs::symlink_metadata(path).map_err(said)?;
    if listed.file_type().is_symlink() {
        return Err("Symbolic links are not followed. Place the file itself in this folder.".to_owned());
    }
    if !listed.is_file() {
        return Err("It is not a regular file.".to_owned());
    }
    let large = || format!("It is larger than {} KiB.", MAX_SIZE / 1024);
    if listed.len() > MAX_SIZE {
        return Err(large());
    }
    let opened = fs::File::open(path).map_err(said)?;
    // Between the look and the opening it may have been exchanged for a link.
    if !same(&listed, &opened.metadata().map_err(said)?) {
        return Err("It changed while being read.".to_owned());
    }
    let mut bytes = Vec::new();
    opened.take(MAX_SIZE + 1).read_to_end(&mut bytes).map_err(said)?;
    if bytes.len() as u64 > MAX_SIZE {
        return Err(large());
    }
    String::from_utf8(bytes).map_err(|_| "It is not valid UTF-8 text.".to_owned())
}

#[cfg(unix)]
fn same(listed: &fs::Metadata, opened: &fs::Metadata) -> bool {
    use std::os::unix::fs::MetadataExt as _;
    opened.is_file() && listed.dev() == opened.dev() && listed.ino() == opened.ino()
}

#[cfg(not(unix))]
fn same(_listed: &fs::Metadata, opened: &fs::Metadata) -> bool {
    opened.is_file()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_small_plain_files_of_text_are_pages() {
        let place = tempfile::tempdir().unwrap();
        let folder = place.path().join("own");
        fs::create_dir_all(folder.join("below.md")).unwrap();
        let secret = place.path().join("secret.md");
        fs::write(&secret, "# a secret").unwrap();
        let put = |name: &str, bytes: &[u8]| fs::write(folder.join(name), bytes).unwrap();
        put("MyAlert.md", b"# Mine\n\n**First:** look.\n");
        put("Large.md", &vec![b'x'; usize::try_from(MAX_SIZE).unwrap() + 1]);
        put("Binary.md", &[0xff, 0xfe, 0x00]);
        put(".hidden.md", b"# hidden");
        put("note.txt", b"# no page");
        put("bad\u{202e}name.md", b"# x");
        put("MyAlert.MD", b"# twice");
        #[cfg(unix)]
        {
            std::os::unix::fs::symlink(&secret, folder.join("Link.md")).unwrap();
            std::os::unix::fs::symlink("/nowhere", folder.join("Broken.md")).unwrap();
            let fifo = folder.join("Fifo.md");
            assert!(std::process::Command::new("mkfifo").arg(&fifo).status().unwrap().success());
        }
        let found = read(&folder);
        let names: Vec<&str> = found.pages.iter().map(|page| page.name.as_str()).collect();
        assert_eq!(names, ["MyAlert"]);
        let refused: Vec<&str> = found.refused.iter().map(|one| one.file.as_str()).collect();
        let wanted: &[&str] = if cfg!(unix) {
            &["Binary.md", "Broken.md", "Fifo.md", "Large.md", "Link.md", "below.md"]
        } else {
            &["Binary.md", "Large.md", "below.md"]
        };
        for name in wanted {
            assert!(refused.contains(name), "{name} of {refused:?}");
        }
        assert!(!found.pages.iter().any(|page| page.text.contains("secret")));
    }

    #[test]
    fn a_folder_of_very_many_files_is_read_to_its_limit_and_a_missing_one_is_told() {
        let folder = tempfile::tempdir().unwrap();
        for n in 0..MAX_FILES + 5 {
            fs::write(folder.path().join(format!("A{n:04}.md")), "# x").unwrap();
        }
        let found = read(folder.path());
        assert_eq!(found.pages.len(), MAX_FILES);
        assert!(found.problem.contains("more than 200"), "{}", found.problem);
        assert!(read(&folder.path().join("nowhere")).problem.contains("Failed to read"));
    }
}
