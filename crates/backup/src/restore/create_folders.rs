//! Creates the folders that a restore needs.

use std::collections::BTreeSet;

use aether_clients::{Failure, Grafana};
use aether_contract::ServiceKind;

use super::{folders::NewFolder, new_permissions::NewPermissions};
use crate::permissions::Place;

/// Creates folders with their permissions, those above first. What fails is noted: what goes into them then tells.
/// Returns the uids of those that are open to more people than the backup says.
pub async fn create_folders(
    client: &Grafana,
    folders: &[NewFolder],
    permissions: &NewPermissions,
    notes: &mut Vec<String>,
) -> BTreeSet<String> {
    let mut open = BTreeSet::new();
    for folder in folders {
        let parent = Some(folder.parent.as_str()).filter(|parent| !parent.is_empty());
        match client.create_folder(&folder.uid, &folder.title, parent).await {
            Ok(()) => {}
            // The answer may be lost: what counts is whether it is there. One that Grafana refuses because it exists
            // is somebody else's, and keeps its permissions.
            Err(error) if matches!(client.folder(&folder.uid).await, Ok(Some(_))) => {
                if matches!(error.failure, Failure::Rejected(..)) {
                    continue;
                }
            }
            Err(error) => {
                let error = error.to_panel(ServiceKind::Grafana);
                notes.push(format!("Failed to create the folder \"{}\": {error}", folder.title));
                continue;
            }
        }
        let given = permissions.give(client, Place::Folder, &folder.uid).await;
        if given.is_open || open.contains(&folder.parent) {
            open.insert(folder.uid.clone());
        }
        let words = format!(
            "Folder \"{}\" was created; undo does not remove it. {}",
            folder.title,
            given.note.unwrap_or_default()
        );
        notes.push(words.trim().to_owned());
    }
    open
}
