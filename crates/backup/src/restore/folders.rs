//! Folders that a restore creates before what goes into them. Pure.

use std::collections::BTreeMap;

use crate::reader::BackupReader;

/// Most folders above each other; Grafana allows four.
const MAX_NESTING: usize = 16;

/// A folder to be made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewFolder {
    /// Uid.
    pub uid: String,
    /// Title.
    pub title: String,
    /// Uid of the folder above; empty: the root.
    pub parent: String,
}

/// Adds a folder that Grafana lacks, after those above it. `known` are Grafana's, by uid.
pub fn need(
    uid: &str,
    backup: &BackupReader,
    known: &BTreeMap<String, String>,
    folders: &mut Vec<NewFolder>,
) {
    let mut above = uid.to_owned();
    let mut new: Vec<NewFolder> = Vec::new();
    while !above.is_empty() && !known.contains_key(&above) && new.len() < MAX_NESTING {
        if folders.iter().any(|folder| folder.uid == above) {
            break;
        }
        let Some((title, parent)) = backup.folder_of(&above) else {
            // The one above is nowhere: those below it begin at the root.
            if let Some(folder) = new.last_mut() {
                folder.parent.clear();
            }
            break;
        };
        new.push(NewFolder { uid: above.clone(), title: title.clone(), parent: parent.clone() });
        above.clone_from(parent);
    }
    folders.extend(new.into_iter().rev());
}
