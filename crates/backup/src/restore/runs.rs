//! Restores that were, as the journal has them: what was done, and whether it can be undone.

use aether_contract::{
    BackupId, ErrorCode, PanelError, RestoreAction, RestoreItem, RestoreKind, RestoreOutcome, RestorePart,
    RestoreRun, RestoreState, RestoredItem,
};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{Backups, store::Store};
use aether_context::journal::{Entry, Journal};

/// The journal's word for a restore.
pub const RESTORE: &str = "restore";
/// And for its undoing; the subject is the number of the restore.
pub const UNDO: &str = "restore-undo";
/// How the title of a restore's job begins.
pub const WORK: &str = "Restoring";
/// Runs that are read.
const READ: u32 = 50;

/// A run as it is written down.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Record {
    /// Stack.
    pub stack: String,
    /// Which part of the backup.
    #[serde(default)]
    pub what: RestorePart,
    /// Address of the Grafana, or the folder of the files.
    pub target: String,
    /// Stack of that Grafana, when it is another than the one in force then.
    #[serde(default)]
    pub into_stack: Option<String>,
    /// Who.
    pub by: String,
    /// Backup.
    pub backup: BackupId,
    /// Copy of what was there.
    pub safety: Option<BackupId>,
    /// What is written.
    pub items: Vec<RecordItem>,
    /// What is worth knowing.
    #[serde(default)]
    pub notes: Vec<String>,
}

/// An item as it is written down.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RecordItem {
    /// What it is.
    #[serde(default)]
    pub kind: RestoreKind,
    /// Uid in the backup.
    pub source: String,
    /// Uid in Grafana, or the file's name.
    pub uid: String,
    /// Title.
    pub title: String,
    /// What was meant.
    pub act: RestoreAction,
    /// How it came out.
    pub outcome: RestoreOutcome,
    /// Version that was there before.
    pub before: Option<u32>,
    /// Version since.
    pub version: Option<u32>,
    /// Revision that was there before; empty in runs of older panels, where the version stands for it.
    #[serde(default)]
    pub revision_before: String,
    /// Revision since.
    #[serde(default)]
    pub revision: String,
    /// SHA-256 of what it is since, where there are no versions; empty for dashboards.
    #[serde(default)]
    pub written: String,
    /// Whether it failed after a part of it had been written.
    #[serde(default)]
    pub partly: bool,
    /// Why.
    pub note: String,
}

impl RecordItem {
    /// As it begins.
    pub fn of(item: &RestoreItem) -> Self {
        Self {
            kind: item.kind,
            source: item.uid.clone(),
            uid: item.uid.clone(),
            title: item.title.clone(),
            act: item.act,
            outcome: RestoreOutcome::Pending,
            before: None,
            version: None,
            revision_before: String::new(),
            revision: String::new(),
            written: String::new(),
            partly: false,
            note: String::new(),
        }
    }
}

impl RecordItem {
    /// Whether it was written, if only in part.
    pub fn is_written(&self) -> bool {
        self.outcome == RestoreOutcome::Done || self.partly
    }
}

impl Record {
    /// Whether anything is not as it was meant to be.
    pub fn outcome(&self) -> &'static str {
        let all = self.items.iter().all(|item| item.outcome == RestoreOutcome::Done);
        if all { "done" } else { "partly" }
    }
}

/// Restores of the stack, newest first.
///
/// # Errors
/// `storage`.
pub fn all(journal: &Journal, store: &Store, stack: &str, busy: bool) -> Result<Vec<RestoreRun>, PanelError> {
    let undone = journal.recent(UNDO, READ * 4)?;
    let runs = journal.recent(RESTORE, READ)?;
    // One restore at a time: of those without an end only the newest can be going on.
    let open = runs.iter().find(|entry| entry.outcome.is_none()).map(|entry| entry.id);
    let going = |entry: &Entry| busy && open == Some(entry.id);
    Ok(runs.iter().filter_map(|entry| run(entry, &undone, store, stack, going(entry))).collect())
}

/// The run of an entry, as the journal has it now.
///
/// # Errors
/// `storage`, `internal`.
pub async fn shown(
    backups: &Backups,
    store: &Store,
    stack: &str,
    entry: i64,
) -> Result<RestoreRun, PanelError> {
    let (store, stack) = (store.clone(), stack.to_owned());
    let runs = backups.ctx.journaled(move |journal| all(journal, &store, &stack, false)).await?;
    let run = runs.into_iter().find(|run| i64::from(run.id) == entry);
    run.ok_or_else(|| PanelError::new(ErrorCode::Internal, "backups", "The restore is not in the journal."))
}

/// The record in an entry: completed ones have it as their result.
pub fn record(entry: &Entry) -> Option<Record> {
    let value: &Value = entry.result.as_ref().unwrap_or(&entry.detail);
    serde_json::from_value(value.clone()).ok()
}

/// Uids that were put back already.
pub fn undone_uids(undone: &[Entry], id: i64) -> Vec<String> {
    let subject = id.to_string();
    let items =
        undone.iter().filter(|entry| entry.subject == subject).filter_map(record).flat_map(|r| r.items);
    items.filter(|item| item.outcome == RestoreOutcome::Done).map(|item| item.uid).collect()
}

/// A run for the screen.
pub fn run(entry: &Entry, undone: &[Entry], store: &Store, stack: &str, busy: bool) -> Option<RestoreRun> {
    let record = record(entry).filter(|record| record.stack == stack)?;
    let back = undone_uids(undone, entry.id);
    let tried = undone.iter().any(|undo| undo.subject == entry.id.to_string());
    let written = record.items.iter().filter(|item| item.is_written());
    let all_back = written.clone().all(|item| back.contains(&item.uid));
    let state = match (&entry.outcome, tried) {
        (None, _) if busy => RestoreState::Running,
        (None, false) => RestoreState::Interrupted,
        (_, true) if all_back => RestoreState::Undone,
        (_, true) => RestoreState::PartlyUndone,
        (Some(_), false) if record.items.iter().all(|item| item.outcome == RestoreOutcome::Done) => {
            RestoreState::Done
        }
        (Some(_), false) => RestoreState::Partly,
    };
    let kept = record.safety.as_ref().is_none_or(|safety| store.folder(safety).is_ok());
    let something = written.count() > 0 || state == RestoreState::Interrupted;
    let items = record.items.iter().map(|item| RestoredItem {
        kind: item.kind,
        uid: item.uid.clone(),
        title: item.title.clone(),
        act: item.act,
        outcome: item.outcome,
        version: item.version,
        undone: back.contains(&item.uid),
        note: item.note.clone(),
    });
    Some(RestoreRun {
        id: u32::try_from(entry.id).ok()?,
        what: record.what,
        backup: record.backup.clone(),
        target: record.target.clone(),
        at: entry.began,
        created_by: record.by.clone(),
        state,
        items: items.collect(),
        can_undo: kept && something && !matches!(state, RestoreState::Undone | RestoreState::Running),
        safety: record.safety,
        notes: record.notes,
    })
}

#[cfg(test)]
mod tests {
    use aether_contract::Timestamp;
    use serde_json::json;

    use super::*;

    #[test]
    fn of_restores_without_an_end_only_the_newest_can_be_going_on() {
        let folder = tempfile::tempdir().unwrap();
        let journal = Journal::open(&folder.path().join("journal.db")).unwrap();
        let store = Store::of(&aether_foundation::stack::Profile::builtin(), folder.path());
        let record = Record {
            stack: "s".into(),
            what: RestorePart::Dashboards,
            target: "http://g/".into(),
            into_stack: None,
            by: "me".into(),
            backup: BackupId("b".into()),
            safety: None,
            items: Vec::new(),
            notes: Vec::new(),
        };
        for at in [1, 2] {
            journal.begin(RESTORE, "b", &json!(record), Timestamp(at)).unwrap();
        }
        let states = |busy| -> Vec<RestoreState> {
            all(&journal, &store, "s", busy).unwrap().into_iter().map(|run| run.state).collect()
        };
        assert_eq!(states(true), [RestoreState::Running, RestoreState::Interrupted]);
        assert_eq!(states(false), [RestoreState::Interrupted, RestoreState::Interrupted]);
    }
}
