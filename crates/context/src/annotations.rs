//! Annotations of things that last: acknowledgments and escalation records. Kept in the journal; the newest
//! entry counts, and a removed one counts as none.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
};

use aether_contract::{PanelError, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::journal::{Entry, Journal};

/// What the journal keeps of one.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Detail {
    /// The stack.
    pub stack: String,
    /// Since when that lasted which it is about.
    pub since: Timestamp,
    /// Who said it.
    pub by: String,
    /// What was said. None: taken back.
    pub note: Option<String>,
}

/// A word that counts.
#[derive(Debug, Clone, PartialEq)]
pub struct Annotation {
    /// Since when that lasted which it is about.
    pub since: Timestamp,
    /// Who said it.
    pub by: String,
    /// What was said.
    pub note: String,
    /// When.
    pub at: Timestamp,
}

/// The words of one kind, by stack and by what they are about.
#[derive(Default)]
pub struct AnnotationStore(Mutex<HashMap<(String, String), Annotation>>);

impl AnnotationStore {
    /// Reads the newest `recent` entries of `kind`. A journal that can't be read gives none; its error is logged.
    pub fn load(journal: &Journal, kind: &'static str, recent: u32) -> Self {
        let entries = journal.recent(kind, recent).unwrap_or_else(|error| {
            tracing::warn!(code = error.code.as_str(), kind, "failed to read acknowledgments and notes");
            Vec::new()
        });
        let said = Self::default();
        // The newest comes first in the journal, and must have the last word here.
        for Entry { subject, detail, began, .. } in entries.into_iter().rev() {
            if let Ok(detail) = serde_json::from_value::<Detail>(detail) {
                said.put(&subject, &detail, began);
            }
        }
        said
    }

    /// Takes one into force, or back.
    pub fn put(&self, about: &str, detail: &Detail, at: Timestamp) {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let key = (detail.stack.clone(), about.to_owned());
        match &detail.note {
            Some(note) => {
                let word = Annotation { since: detail.since, by: detail.by.clone(), note: note.clone(), at };
                all.insert(key, word);
            }
            None => {
                all.remove(&key);
            }
        }
    }

    /// What was said last about something.
    pub fn about(&self, stack: &str, about: &str) -> Option<Annotation> {
        let all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.get(&(stack.to_owned(), about.to_owned())).cloned()
    }
}

/// Writes one down.
///
/// # Errors
/// `storage`.
pub fn write(
    journal: &Journal,
    kind: &'static str,
    about: &str,
    detail: &Detail,
    at: Timestamp,
) -> Result<(), PanelError> {
    let entry = journal.begin(kind, about, &json!(detail), at)?;
    journal.complete(entry, "done", &json!(null), at)
}
