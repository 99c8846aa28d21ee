//! Creates the folders that a restore needs.

use aether_clients::Grafana;
use aether_contract::ServiceKind;

use super::{folders::NewFolder, new_permissions::NewPermissions};
use crate::permissions::Place;

/// Creates folders with their permissions, those above first. What fails is noted: what goes into them then tells.
pub async fn create_folders(
    client: &Grafana,
    folders: &[NewFolder],
    permissions: &NewPermissions,
    notes: &mut Vec<String>,
) {
    for folder in folders {
        let parent = Some(folder.parent.as_str()).filter(|parent| !parent.is_empty());
        match client.create_folder(&folder.uid, &folder.title, parent).await {
            Ok(()) => {
                let note = permissions.give(client, Place::Folder, &folder.uid).await.unwrap_or_default();
                let words =
                    format!("Folder \"{}\" was created; undo does not remove it. {note}", folder.title);
                notes.push(words.trim().to_owned());
            }
            // The answer may be lost, and "exists" comes in two forms: what counts is whether it is there.
            Err(_) if matches!(client.folder(&folder.uid).await, Ok(Some(_))) => {}
            Err(error) => {
                let error = error.to_panel(ServiceKind::Grafana);
                notes.push(format!("Failed to create the folder \"{}\": {error}", folder.title));
            }
        }
    }
}
