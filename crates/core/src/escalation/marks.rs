//! Who was called: kept in the journal, and in force for as long as the condition holds that it was about.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
};

use aether_contract::{Escalated, EscalationClock, PanelError, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::journal::{Entry, Journal};

/// Entries of this kind are marks.
pub const KIND: &str = "escalation-mark";
/// Newest entries that are read at a start.
const RECENT: u32 = 2000;

/// What the journal keeps of one.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Detail {
    /// The stack.
    pub stack: String,
    /// Since when the condition held.
    pub since: Timestamp,
    /// Who says so.
    pub by: String,
    /// Whom, and what was said. None: taken back.
    pub note: Option<String>,
}

/// All that may still hold, by stack and clock.
pub struct Marks(Mutex<HashMap<(String, String), (Timestamp, Escalated)>>);

impl Marks {
    /// Reads the journal. One that can't be read gives none; its error is logged.
    pub fn load(journal: &Journal) -> Self {
        let entries = journal.recent(KIND, RECENT).unwrap_or_else(|error| {
            tracing::warn!(code = error.code.as_str(), "the marks of escalation could not be read");
            Vec::new()
        });
        let marks = Self(Mutex::default());
        // The newest comes first in the journal, and must have the last word here.
        for Entry { subject, detail, began, .. } in entries.into_iter().rev() {
            if let Ok(detail) = serde_json::from_value::<Detail>(detail) {
                marks.put(&subject, &detail, began);
            }
        }
        marks
    }

    /// Takes one into force, or back.
    pub fn put(&self, key: &str, detail: &Detail, at: Timestamp) {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let key = (detail.stack.clone(), key.to_owned());
        match &detail.note {
            Some(note) => {
                let mark = Escalated { by: detail.by.clone(), note: note.clone(), at };
                all.insert(key, (detail.since, mark));
            }
            None => {
                all.remove(&key);
            }
        }
    }

    /// Since when the condition held that a mark is about: a panel that starts knows no other begin.
    pub fn since(&self, stack: &str, id: &str) -> Option<Timestamp> {
        let all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.get(&(stack.to_owned(), id.to_owned())).map(|(since, _)| *since)
    }

    /// Writes them into clocks. One that is older than the condition was about an earlier one.
    pub fn overlay<'a>(&self, stack: &str, clocks: impl IntoIterator<Item = &'a mut EscalationClock>) {
        let all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        for clock in clocks {
            let found = all.get(&(stack.to_owned(), key(clock)));
            clock.escalated = found.map(|(_, mark)| mark).filter(|mark| mark.at >= clock.since).cloned();
        }
    }
}

/// What a mark is filed under.
pub fn key(clock: &EscalationClock) -> String {
    clock.id.clone()
}

/// Writes one down.
///
/// # Errors
/// `storage`.
pub fn write(journal: &Journal, key: &str, detail: &Detail, at: Timestamp) -> Result<(), PanelError> {
    let entry = journal.begin(KIND, key, &json!(detail), at)?;
    journal.complete(entry, "done", &json!(null), at)
}

#[cfg(test)]
mod tests {
    use aether_contract::{EscalationContact, EscalationRule};

    use super::*;

    fn clock(since: i64) -> EscalationClock {
        EscalationClock {
            id: "health/health-score".into(),
            rule: EscalationRule::Health,
            title: String::new(),
            tenant: None,
            fingerprint: None,
            since: Timestamp(since),
            due_at: Timestamp(since),
            latest_at: Timestamp(since),
            contact: EscalationContact { name: String::new(), mail: String::new(), chat: false },
            ack: None,
            escalated: None,
        }
    }

    #[test]
    fn a_mark_outlives_the_panel_and_ends_with_its_condition() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("journal.db");
        let detail = |note: Option<&str>| Detail {
            stack: "s".into(),
            since: Timestamp(50),
            by: "ann".into(),
            note: note.map(str::to_owned),
        };
        let name = key(&clock(50));
        {
            let journal = Journal::open(&file).unwrap();
            write(&journal, &name, &detail(Some("told Bob")), Timestamp(60)).unwrap();
        }
        let journal = Journal::open(&file).unwrap();
        let marks = Marks::load(&journal);
        let mut now = clock(50);
        marks.overlay("s", [&mut now]);
        assert_eq!(now.escalated.as_ref().map(|mark| mark.note.as_str()), Some("told Bob"));
        assert!(now.is_settled());
        let mut later = clock(900);
        marks.overlay("s", [&mut later]);
        assert_eq!(later.escalated, None, "it is about another time");
        marks.overlay("t", [&mut now]);
        assert_eq!(now.escalated, None, "another stack");
        write(&journal, &name, &detail(None), Timestamp(70)).unwrap();
        let again = Marks::load(&journal);
        again.overlay("s", [&mut now]);
        assert_eq!(now.escalated, None, "taken back");
    }
}
