//! The contents of another tool's backup: which file holds which dashboard, in which folder it was, and what else there
//! is. The list, a backup that is opened, a search and a plan all count these.

use std::{collections::BTreeMap, path::Path};

use aether_foundation::text::hex;
use serde_json::Value;
use sha2::{Digest as _, Sha256};

use super::pieces::{FolderPiece, Piece, is_candidate, pieces};
use crate::dashboard::{Document, MAX_DASHBOARD};

/// How the uid of a folder begins that only the layout of the files tells of.
pub const LAYOUT: &str = "layout-";
/// Most reasons that a report lists.
const MAX_REASONS: usize = 10;

/// Where a dashboard is.
#[derive(Debug, Clone)]
pub struct Place {
    /// Its file, with `#` and a number where that holds several.
    pub path: String,
    file: String,
    index: usize,
    /// Uid of its folder, where the file itself does not tell: of a folder file, or made of the titles.
    pub folder: String,
}

/// The contents of a backup.
#[derive(Debug, Default)]
pub struct Contents {
    /// Its dashboards, those that can't be used too.
    pub dashboards: Vec<Place>,
    /// Its folders, by uid: title, and uid of the folder above.
    pub folders: BTreeMap<String, (String, String)>,
    /// Its library panels.
    pub library: Vec<Value>,
    /// What was not read, with how many there are.
    pub skipped: BTreeMap<&'static str, usize>,
}

/// Reads the files of a folder.
pub fn contents<'a>(folder: &Path, files: impl Iterator<Item = &'a str>) -> Contents {
    let mut found = Contents::default();
    let mut titled: Vec<(usize, Vec<String>)> = Vec::new();
    for file in files {
        if !is_candidate(file) {
            *found.skipped.entry("files of other kinds").or_default() += 1;
            continue;
        }
        let all = match crate::inside::read_inside(folder, file, MAX_DASHBOARD) {
            Ok(bytes) => pieces(file, &bytes),
            Err(error) => vec![Piece::Unusable(error.to_string())],
        };
        let several =
            all.iter().filter(|piece| matches!(piece, Piece::Dashboard(..) | Piece::Unusable(_))).count() > 1;
        for (index, piece) in all.into_iter().enumerate() {
            match piece {
                Piece::Dashboard(read, nested) => {
                    let known = &read.meta.folder_uid;
                    if known.is_empty() {
                        let titles = if nested.is_empty() { layout(file) } else { nested };
                        titled.push((found.dashboards.len(), titles));
                    } else if !read.meta.folder_title.is_empty() {
                        let title = (read.meta.folder_title.clone(), String::new());
                        found.folders.entry(known.clone()).or_insert(title);
                    }
                    found.dashboards.push(place(file, index, several));
                }
                Piece::Unusable(_) => found.dashboards.push(place(file, index, several)),
                Piece::Folder(FolderPiece { uid, title, parent }) => {
                    if !uid.is_empty() && !title.is_empty() {
                        found.folders.insert(uid, (title, parent));
                    }
                }
                Piece::Library(panel) => found.library.push(panel),
                Piece::Other(what) => *found.skipped.entry(what).or_default() += 1,
            }
        }
    }
    for (index, titles) in titled {
        let uid = found.folder_of(&titles);
        if let Some(place) = found.dashboards.get_mut(index) {
            place.folder = uid;
        }
    }
    found
}

fn place(file: &str, index: usize, several: bool) -> Place {
    let path = if several { format!("{file}#{}", index + 1) } else { file.to_owned() };
    Place { path, file: file.to_owned(), index, folder: String::new() }
}

/// Reads one dashboard again.
///
/// # Errors
/// Why it can't be used.
pub fn read(folder: &Path, place: &Place) -> Result<Document, String> {
    let bytes =
        crate::inside::read_inside(folder, &place.file, MAX_DASHBOARD).map_err(|error| error.to_string())?;
    match pieces(&place.file, &bytes).into_iter().nth(place.index) {
        Some(Piece::Dashboard(read, _)) => Ok(*read),
        Some(Piece::Unusable(why)) => Err(why),
        _ => Err("the file changed".to_owned()),
    }
}

impl Contents {
    /// The uid of a folder by its titles from the top; one is made of them where no folder file has it.
    fn folder_of(&mut self, titles: &[String]) -> String {
        let mut above = String::new();
        for (depth, title) in titles.iter().enumerate() {
            let known = self.folders.iter().find(|(_, (known, parent))| known == title && *parent == above);
            above = match known {
                Some((uid, _)) => uid.clone(),
                None => {
                    let path = titles.get(..=depth).unwrap_or_default().join("\n");
                    let hash = hex(&Sha256::digest(path));
                    let uid = format!("{LAYOUT}{}", hash.get(..16).unwrap_or_default());
                    self.folders.insert(uid.clone(), (title.clone(), above));
                    uid
                }
            };
        }
        above
    }

    /// What was not read, in a sentence; empty for nothing.
    pub fn left_out(&self) -> String {
        let reasons: Vec<String> =
            self.skipped.iter().take(MAX_REASONS).map(|(what, count)| format!("{what} ({count})")).collect();
        if reasons.is_empty() { String::new() } else { format!("Not read: {}.", reasons.join(", ")) }
    }
}

/// The titles of the folders that a file's place tells: below `dashboards`, from the top. Times of grafana-backup-tool
/// and the root's own name are no titles.
fn layout(file: &str) -> Vec<String> {
    let parts: Vec<&str> = file.split('/').collect();
    let (_, folders) = parts.split_last().unwrap_or((&"", &[]));
    let Some(at) = folders.iter().position(|part| part.eq_ignore_ascii_case("dashboards")) else {
        return Vec::new();
    };
    let is_time = |part: &str| part.len() == 12 && part.bytes().all(|byte| byte.is_ascii_digit());
    let titles = folders.iter().skip(at + 1).filter(|part| !is_time(part));
    let titles: Vec<String> = titles.map(|part| (*part).to_owned()).collect();
    if titles.first().is_some_and(|first| first == "General") { titles[1..].to_vec() } else { titles }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    fn of(files: &[(&str, &str)]) -> (tempfile::TempDir, Contents) {
        let folder = tempfile::tempdir().unwrap();
        for (name, text) in files {
            let path = folder.path().join(name);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, text).unwrap();
        }
        let found = contents(folder.path(), files.iter().map(|(name, _)| *name));
        (folder, found)
    }

    #[test]
    fn folders_come_from_their_files_and_else_from_the_layout() {
        let board = r#"{"title":"A","panels":[]}"#;
        let (_folder, found) = of(&[
            ("org_main/dashboards/Team/Sub/a.json", board),
            ("org_main/dashboards/General/b.json", board),
            ("org_main/folders/team.json", r#"{"uid":"t1","title":"Team"}"#),
            ("_OUTPUT_/dashboards/202601021530/c.dashboard", board),
        ]);
        let folder = |index: usize| found.dashboards[index].folder.clone();
        assert!(folder(0).starts_with(LAYOUT) && folder(1).is_empty() && folder(2).is_empty());
        assert_eq!(found.folders[&folder(0)], ("Sub".to_owned(), "t1".to_owned()));
        let titles: BTreeSet<&String> = found.folders.values().map(|(title, _)| title).collect();
        assert_eq!(titles.len(), 2);
    }

    #[test]
    fn several_dashboards_of_one_file_are_counted_and_read_apart() {
        let list = r#"[{"title":"A","panels":[]},{"title":"B","panels":[]},{"x":1}]"#;
        let (folder, found) =
            of(&[("dashboards/list.json", list), ("notes.txt", ""), ("x.json", r#"{"a":1}"#)]);
        let paths: Vec<&str> = found.dashboards.iter().map(|one| one.path.as_str()).collect();
        assert_eq!(paths, ["dashboards/list.json#1", "dashboards/list.json#2", "dashboards/list.json#3"]);
        let second = read(folder.path(), &found.dashboards[1]).unwrap();
        assert_eq!(second.spec.get(), r#"{"title":"B","panels":[]}"#);
        assert!(read(folder.path(), &found.dashboards[2]).unwrap_err().contains("not a dashboard"));
        assert_eq!(found.left_out(), "Not read: files of other kinds (1), files that are no dashboards (1).");
    }
}
