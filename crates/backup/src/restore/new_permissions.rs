//! Permissions of what a restore has just created: a folder that few saw must not open to everybody.

use std::collections::BTreeMap;

use aether_clients::Grafana;

use super::{
    permissions::{Permissions, id, told},
    resource::Resource as _,
};
use crate::{permissions::Place, reader::BackupReader};

/// Gives folders and dashboards that a restore has just created the permissions that the backup has for them, as far as
/// those give nobody more than Grafana's defaults do.
pub struct NewPermissions {
    saved: BTreeMap<String, Permissions>,
    /// Why the teams and users could not be looked up.
    problem: Option<String>,
}

impl NewPermissions {
    /// What the backup has.
    pub async fn read(opened: &BackupReader, client: &Grafana) -> Self {
        let by_id = |all: Vec<Permissions>| all.into_iter().map(|thing| (thing.id(), thing)).collect();
        let read = Permissions::all(opened);
        let all = read.as_deref().unwrap_or_default().to_vec();
        match (read, Permissions::prepare(all.clone(), client).await) {
            (Ok(_), Ok(prepared)) => Self { saved: by_id(prepared), problem: None },
            (Err(error), _) | (Ok(_), Err(error)) => {
                Self { saved: by_id(all), problem: Some(error.to_string()) }
            }
        }
    }

    /// Whether the backup has any for it.
    pub fn has(&self, kind: Place, uid: &str) -> bool {
        self.saved.contains_key(&id(kind, uid))
    }

    /// Sets those of a new folder or dashboard. A note, when they are not what the backup has.
    pub async fn give(&self, client: &Grafana, kind: Place, uid: &str) -> Option<String> {
        let failed = |why: String| {
            Some(format!("Its permissions could not be restored, so it has Grafana’s defaults: {why}"))
        };
        if let Some(problem) = &self.problem {
            return failed(problem.clone());
        }
        let Some(wanted) = self.saved.get(&id(kind, uid)) else {
            return Some("It has Grafana’s default permissions: the backup has none for it.".into());
        };
        let live = match wanted.read(client).await {
            Ok(Some(live)) => live,
            Ok(None) => return None,
            Err(error) => return failed(told(&error).to_string()),
        };
        // What narrows is taken over at once; what widens is asked about by restoring the permissions.
        let (narrowed, more) = wanted.within(&live);
        if !narrowed.is_in(&live)
            && let Err(error) = narrowed.write(client, None).await
        {
            return failed(told(&error).to_string());
        }
        more.then(|| "Its permissions in the backup give more access: restore them, too.".to_owned())
    }
}
