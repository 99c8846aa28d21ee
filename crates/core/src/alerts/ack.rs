//! Acknowledgements: somebody is on it. Kept in the journal, shown to whoever opens the panel. They silence nothing, and end
//! with the episode that they were made for.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
};

use aether_contract::{AlertAck, AlertRow, EscalationClock, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::journal::{Entry, Journal};

/// Entries of this kind are acknowledgements.
pub const KIND: &str = "alert-acknowledge";
/// Newest entries that are read at a start.
const RECENT: u32 = 5000;

/// What the journal keeps of one.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Detail {
    /// The stack.
    pub stack: String,
    /// Begin of the episode that it is about.
    pub since: Timestamp,
    /// Who.
    pub by: String,
    /// What is being done. None: taken back.
    pub note: Option<String>,
}

/// All that may still hold, by stack and fingerprint.
pub struct Acks(Mutex<HashMap<(String, String), (Timestamp, AlertAck)>>);

impl Acks {
    /// Reads the journal. One that can't be read gives none; its error is logged.
    pub fn load(journal: &Journal) -> Self {
        let entries = journal.recent(KIND, RECENT).unwrap_or_else(|error| {
            tracing::warn!(code = error.code.as_str(), "the acknowledgements could not be read");
            Vec::new()
        });
        let acks = Self(Mutex::default());
        // The newest comes first in the journal, and must have the last word here.
        for Entry { subject, detail, began, .. } in entries.into_iter().rev() {
            if let Ok(detail) = serde_json::from_value::<Detail>(detail) {
                acks.put(&subject, &detail, began);
            }
        }
        acks
    }

    /// Takes one into force, or back.
    pub fn put(&self, fingerprint: &str, detail: &Detail, at: Timestamp) {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let key = (detail.stack.clone(), fingerprint.to_owned());
        match &detail.note {
            Some(note) => {
                let ack = AlertAck { by: detail.by.clone(), note: note.clone(), at };
                all.insert(key, (detail.since, ack));
            }
            None => {
                all.remove(&key);
            }
        }
    }

    /// Writes them into clocks of escalation.
    pub fn lookup<'a>(&self, stack: &str, clocks: impl IntoIterator<Item = &'a mut EscalationClock>) {
        let all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        for clock in clocks {
            let Some(fingerprint) = &clock.fingerprint else { continue };
            let found = all.get(&(stack.to_owned(), fingerprint.0.clone()));
            clock.ack = found.filter(|(since, _)| *since == clock.since).map(|(_, ack)| ack.clone());
        }
    }

    /// Writes them into rows. One of an earlier episode says nothing about this one.
    pub fn overlay<'a>(&self, stack: &str, rows: impl IntoIterator<Item = &'a mut AlertRow>) {
        let all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        for row in rows {
            let found = all.get(&(stack.to_owned(), row.fingerprint.0.clone()));
            row.ack = found.filter(|(since, _)| *since == row.since).map(|(_, ack)| ack.clone());
        }
    }
}

/// Writes one down.
///
/// # Errors
/// `storage`.
pub fn write(
    journal: &Journal,
    fingerprint: &str,
    detail: &Detail,
    at: Timestamp,
) -> Result<(), aether_contract::PanelError> {
    let entry = journal.begin(KIND, fingerprint, &json!(detail), at)?;
    journal.complete(entry, "done", &json!(null), at)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::alerts::tests::row;

    #[test]
    fn an_acknowledgement_outlives_the_panel_and_ends_with_its_episode() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("journal.db");
        let mut alert = row(&[("alertname", "A")]);
        alert.since = Timestamp(50);
        let id = alert.fingerprint.0.clone();
        let detail = |note: Option<&str>| Detail {
            stack: "s".into(),
            since: Timestamp(50),
            by: "alice".into(),
            note: note.map(str::to_owned),
        };
        {
            let journal = Journal::open(&file).unwrap();
            write(&journal, &id, &detail(Some("old")), Timestamp(60)).unwrap();
            write(&journal, &id, &detail(Some("on it")), Timestamp(70)).unwrap();
        }
        let journal = Journal::open(&file).unwrap();
        let acks = Acks::load(&journal);
        acks.overlay("s", [&mut alert]);
        assert_eq!(alert.ack.as_ref().map(|ack| (ack.note.as_str(), ack.at)), Some(("on it", Timestamp(70))));
        let mut later = AlertRow { since: Timestamp(900), ..alert.clone() };
        acks.overlay("s", [&mut later]);
        assert_eq!(later.ack, None, "another episode");
        let mut elsewhere = alert.clone();
        acks.overlay("t", [&mut elsewhere]);
        assert_eq!(elsewhere.ack, None, "another stack");

        write(&journal, &id, &detail(None), Timestamp(80)).unwrap();
        let again = Acks::load(&journal);
        again.overlay("s", [&mut alert]);
        assert_eq!(alert.ack, None, "taken back");
    }
}
