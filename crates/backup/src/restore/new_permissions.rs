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
    /// Why the backup's could not be read.
    problem: Option<String>,
}

/// What became of the permissions of something new.
#[derive(Default)]
pub struct Given {
    /// What is worth knowing; none when they are what the backup has.
    pub note: Option<String>,
    /// Whether it is open to more people than the backup says.
    pub is_open: bool,
}

impl Given {
    fn note(words: impl Into<String>) -> Self {
        Self { note: Some(words.into()), is_open: false }
    }

    fn open(why: &str) -> Self {
        let words = format!("Its permissions could not be restored, so it has Grafana’s defaults: {why}");
        Self { note: Some(words), is_open: true }
    }
}

impl NewPermissions {
    /// What the backup has. Where the teams and users can't be looked up, only roles are given: that allows less.
    pub async fn read(opened: &BackupReader, client: &Grafana) -> Self {
        let by_id = |all: Vec<Permissions>| all.into_iter().map(|thing| (thing.id(), thing)).collect();
        let all = match Permissions::all(opened) {
            Ok(all) => all,
            Err(error) => return Self { saved: BTreeMap::new(), problem: Some(error.to_string()) },
        };
        match Permissions::prepare(all.clone(), client).await {
            Ok(prepared) => Self { saved: by_id(prepared), problem: None },
            Err(_) => {
                Self { saved: by_id(all.into_iter().map(Permissions::roles_only).collect()), problem: None }
            }
        }
    }

    /// Whether the backup has any for it.
    pub fn has(&self, kind: Place, uid: &str) -> bool {
        self.saved.contains_key(&id(kind, uid))
    }

    /// Sets those of a new folder or dashboard.
    pub async fn give(&self, client: &Grafana, kind: Place, uid: &str) -> Given {
        if let Some(problem) = &self.problem {
            return Given::open(problem);
        }
        let Some(wanted) = self.saved.get(&id(kind, uid)) else {
            return Given::note("It has Grafana’s default permissions: the backup has none for it.");
        };
        let live = match wanted.read(client).await {
            Ok(Some(live)) => live,
            Ok(None) => return Given::default(),
            Err(error) => return Given::open(&told(&error).to_string()),
        };
        // What narrows is taken over at once; what widens is asked about by restoring the permissions.
        let (narrowed, more) = wanted.within(&live);
        if !narrowed.is_in(&live)
            && let Err(error) = narrowed.write(client, None).await
        {
            // The answer may be lost: what counts is what Grafana has.
            let now = wanted.read(client).await;
            if !matches!(now, Ok(Some(now)) if narrowed.is_in(&now)) {
                return Given::open(&told(&error).to_string());
            }
        }
        let more =
            more.then(|| "The backup gives more access: restore its permissions to apply that.".to_owned());
        let notes: Vec<String> = wanted.left_out().into_iter().chain(more).collect();
        Given { note: Some(notes.join(" ")).filter(|note| !note.is_empty()), is_open: false }
    }
}
