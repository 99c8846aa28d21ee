//! What people said about the checklist, kept in the journal: the newest word about a person's task counts,
//! and somebody who is taken off the list takes what was said before with them.

use std::collections::BTreeMap;

use aether_contract::{PanelError, Timestamp, TrainingTask};
use serde::{Deserialize, Serialize};
use serde_json::json;

use aether_context::journal::{Entry, Journal};

/// Journal kind; the subject is the person.
const TRAINING: &str = "training";
/// Newest entries that are read.
const READ: u32 = 20_000;

/// What is said.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum Word {
    /// The person is on the list.
    Joined,
    /// They are no longer.
    Left,
    /// A task was done, or that is taken back.
    Task {
        /// Which.
        task: TrainingTask,
        /// Done.
        done: bool,
    },
}

#[derive(Serialize, Deserialize)]
struct Detail {
    word: Word,
    by: String,
}

/// What counts of one person.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Person {
    /// Name, as it was written last.
    pub name: String,
    /// Whether they are on the list by what was said.
    pub listed: bool,
    /// When they were taken off it last.
    pub left: Option<Timestamp>,
    /// When something was said last.
    pub at: Option<Timestamp>,
    /// Tasks that were done, when, and who said so.
    pub done: BTreeMap<TrainingTask, (Timestamp, String)>,
}

/// A name as it is compared.
pub fn key(name: &str) -> String {
    name.trim().to_lowercase()
}

/// Writes a word down.
///
/// # Errors
/// `storage`.
pub fn write(journal: &Journal, person: &str, word: Word, by: &str, at: Timestamp) -> Result<(), PanelError> {
    let entry = journal.begin(TRAINING, person, &json!(Detail { word, by: by.to_owned() }), at)?;
    journal.complete(entry, "done", &json!(null), at)
}

/// What counts of everybody, by [`key`].
///
/// # Errors
/// `storage`.
pub fn read(journal: &Journal) -> Result<BTreeMap<String, Person>, PanelError> {
    Ok(fold(journal.recent(TRAINING, READ)?.into_iter().rev()))
}

/// The oldest first.
fn fold(entries: impl Iterator<Item = Entry>) -> BTreeMap<String, Person> {
    let mut people: BTreeMap<String, Person> = BTreeMap::new();
    for Entry { subject, detail, began, .. } in entries {
        let Ok(Detail { word, by }) = serde_json::from_value(detail) else { continue };
        let one = people.entry(key(&subject)).or_default();
        one.name = subject.trim().to_owned();
        one.at = Some(began);
        match word {
            Word::Joined => one.listed = true,
            Word::Left => {
                (one.listed, one.left) = (false, Some(began));
                one.done.clear();
            }
            Word::Task { task, done: true } => {
                one.listed = true;
                one.done.insert(task, (began, by));
            }
            Word::Task { task, done: false } => {
                one.done.remove(&task);
            }
        }
    }
    people
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_word_counts_and_leaving_takes_what_was_said() {
        let folder = tempfile::tempdir().unwrap();
        let journal = Journal::open(&folder.path().join("journal.db")).unwrap();
        let say = |person: &str, word, at| write(&journal, person, word, "bob", Timestamp(at)).unwrap();
        let task = |task, done| Word::Task { task, done };
        say("Ann", task(TrainingTask::ReadRunbook, true), 1);
        say("ann ", task(TrainingTask::SloTargets, true), 2);
        say("ann", task(TrainingTask::ReadRunbook, false), 3);
        say("carl", Word::Joined, 4);
        let known = read(&journal).unwrap();
        assert_eq!(known.len(), 2, "one name in two spellings is one person");
        let ann = &known["ann"];
        assert_eq!(ann.done.keys().copied().collect::<Vec<_>>(), [TrainingTask::SloTargets]);
        assert_eq!(ann.done[&TrainingTask::SloTargets], (Timestamp(2), "bob".to_owned()));
        say("Ann", Word::Left, 5);
        say("carl", Word::Left, 6);
        say("carl", Word::Joined, 7);
        let known = read(&journal).unwrap();
        assert!(!known["ann"].listed && known["ann"].done.is_empty());
        assert!(known["carl"].listed);
    }
}
