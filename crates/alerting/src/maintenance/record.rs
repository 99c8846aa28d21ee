//! What the journal knows about the panel's own windows, in memory: read once at the start, kept in step after.
//!
//! The journal is written before anything is sent, so a window survives the panel being killed at any point: an open
//! entry is looked for on the servers by its tag.

use std::{
    collections::{HashMap, HashSet},
    sync::{Mutex, PoisonError},
    time::Instant,
};

use aether_contract::{Matcher, PanelError, Timestamp, WindowId};
use serde::{Deserialize, Serialize};

use super::members::{never_sent, refused};
use aether_context::journal::{Entry, Journal};

/// Journal kind of a window's start; its subject is the window's id.
pub const START: &str = "maintenance-start";
/// Journal kind of an extension.
pub const EXTEND: &str = "maintenance-extend";
/// Journal kind of a repair.
pub const REPAIR: &str = "maintenance-repair";
/// Journal kind of an end.
pub const END: &str = "maintenance-end";

/// Entries that are looked at when the panel starts.
const RECENT: u32 = 500;

/// What an entry of [`START`] says.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct StartDetail {
    /// Stack.
    pub stack: String,
    /// Alertmanager's id; empty until accepted.
    pub silence_id: String,
    /// Why.
    pub reason: String,
    /// Who.
    pub created_by: String,
    /// Begin.
    pub starts_at: Timestamp,
    /// End.
    pub ends_at: Timestamp,
    /// Matchers.
    pub matchers: Vec<Matcher>,
}

/// What an entry of [`EXTEND`] or [`END`] says.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ChangeDetail {
    /// Stack.
    pub stack: String,
    /// The silences it is about.
    pub silence_ids: Vec<String>,
    /// The new end.
    pub ends_at: Timestamp,
}

/// How far a record has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Progress {
    /// In the journal; whether a server has it is unknown.
    Asked,
    /// A server accepted it; this run is still reading it back.
    Accepted,
    /// Read back, or found again.
    Known,
    /// Ended by a person.
    Ended,
    /// Never accepted.
    Refused,
}

/// One window of the panel.
#[derive(Debug, Clone, PartialEq)]
pub struct Record {
    /// The panel's id.
    pub id: WindowId,
    /// The journal's entry.
    pub entry: i64,
    /// What was asked.
    pub detail: StartDetail,
    /// How far it has come.
    pub progress: Progress,
    /// When a server's picture was changed last: an older answer of a member says nothing about it.
    pub touched: Option<Instant>,
    /// Whether the entry in the journal is still open.
    pub open: bool,
    /// Whether this run is at work on it.
    pub in_hand: bool,
    /// Whether its close-out report is kept.
    pub closed_out: bool,
}

/// All windows that may not be over.
pub struct Records(Mutex<Vec<Record>>);

impl Records {
    /// Reads the journal. One that can't be read gives no records; its error is logged.
    pub fn load(journal: &Journal) -> Self {
        let read = |kind| {
            journal.recent(kind, RECENT).unwrap_or_else(|error: PanelError| {
                tracing::warn!(code = error.code.as_str(), kind, "failed to read the journal");
                Vec::new()
            })
        };
        let changes = |kind| Changes::of(&read(kind));
        let mut records = fold(read(START), &changes(EXTEND), &changes(REPAIR), &changes(END));
        let reports = journal.results(CLOSEOUT, RECENT).unwrap_or_default();
        for record in &mut records {
            record.closed_out = reports.iter().any(|(subject, _)| *subject == record.id.0);
        }
        Self(Mutex::new(records))
    }

    /// Takes in what other processes have started since. What one of them is at work on is left to it.
    pub fn learn(&self, journal: &Journal) {
        let fresh = Self::load(journal).all();
        let mut records = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        for record in fresh {
            if !record.open && !records.iter().any(|known| known.id == record.id) {
                records.push(record);
            }
        }
    }

    /// A copy of all.
    pub fn all(&self) -> Vec<Record> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Adds one, in the place of an earlier attempt at the same window.
    pub fn add(&self, record: Record) {
        let mut records = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        records.retain(|known| known.id != record.id);
        records.push(record);
    }

    /// Changes one, if it is there.
    pub fn change(&self, id: &WindowId, change: impl FnOnce(&mut Record)) {
        let mut records = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(record) = records.iter_mut().find(|record| &record.id == id) {
            change(record);
        }
    }
}

/// What was done to windows after their start, by window.
pub struct Changes(HashMap<String, Vec<(i64, ChangeDetail)>>);

impl Changes {
    /// Of entries of one kind, newest first; those that were not done are left out.
    pub fn of(entries: &[Entry]) -> Self {
        let mut by_window: HashMap<String, Vec<(i64, ChangeDetail)>> = HashMap::new();
        for entry in entries.iter().filter(|entry| entry.outcome.as_deref() == Some("done")) {
            let detail = entry.result.clone().and_then(|result| serde_json::from_value(result).ok());
            if let Some(detail) = detail {
                by_window.entry(entry.subject.clone()).or_default().push((entry.id, detail));
            }
        }
        Self(by_window)
    }

    /// Those of the window that `start` began, newest first. An earlier attempt at the same window is another.
    pub fn after(&self, start: &Entry) -> impl Iterator<Item = &ChangeDetail> {
        let id = start.id;
        let all = self.0.get(&start.subject).into_iter().flatten();
        all.filter(move |(change, _)| *change > id).map(|(_, detail)| detail)
    }
}

/// How the journal says that no server could be asked.
pub const NOT_SENT: &str = "not-sent";

/// How the journal names what a failed request came to: refused, never sent, or nobody knows.
pub fn failed(error: &PanelError) -> &'static str {
    if refused(error) {
        "refused"
    } else if never_sent(error) {
        NOT_SENT
    } else {
        "unknown"
    }
}

/// The newest start of each window, newest first as the journal gives them.
pub fn newest_starts(starts: Vec<Entry>) -> Vec<Entry> {
    let mut seen = HashSet::new();
    starts.into_iter().filter(|entry| seen.insert(entry.subject.clone())).collect()
}

/// Records from the journal's entries.
fn fold(starts: Vec<Entry>, moves: &Changes, repairs: &Changes, ends: &Changes) -> Vec<Record> {
    newest_starts(starts)
        .into_iter()
        .filter_map(|entry| {
            let mut detail: StartDetail = serde_json::from_value(entry.detail.clone()).ok()?;
            let mut progress = match entry.outcome.as_deref() {
                None => Progress::Asked,
                Some("refused" | "not-found" | NOT_SENT) => Progress::Refused,
                Some(_) => Progress::Known,
            };
            if let Some(moved) = moves.after(&entry).next() {
                detail.ends_at = moved.ends_at;
            }
            // Either may have made a silence with another id.
            let made = [moves, repairs].into_iter().find_map(|changes| changes.after(&entry).next());
            if let Some(id) = made.and_then(|change| change.silence_ids.first()) {
                detail.silence_id.clone_from(id);
            }
            if let Some(ended) = ends.after(&entry).next() {
                detail.ends_at = detail.ends_at.min(ended.ends_at);
                progress = Progress::Ended;
            }
            Some(Record {
                open: entry.outcome.is_none(),
                id: WindowId(entry.subject),
                entry: entry.id,
                detail,
                progress,
                touched: None,
                in_hand: false,
                closed_out: false,
            })
        })
        .collect()
}

/// Journal kind of a report; its subject is the window's id.
pub const CLOSEOUT: &str = "maintenance-closeout";

#[cfg(test)]
pub(super) mod tests {
    use serde_json::Value;

    use super::*;

    pub fn detail(ends_at: i64) -> StartDetail {
        StartDetail {
            stack: "s".into(),
            silence_id: "one".into(),
            reason: "deploy".into(),
            created_by: "me".into(),
            starts_at: Timestamp(0),
            ends_at: Timestamp(ends_at),
            matchers: Vec::new(),
        }
    }

    fn entry(id: i64, kind: &str, detail: Value, outcome: Option<&str>, result: Option<Value>) -> Entry {
        Entry {
            id,
            kind: kind.into(),
            subject: "w".into(),
            detail,
            began: Timestamp(0),
            outcome: outcome.map(str::to_owned),
            result,
            ended: None,
        }
    }

    #[test]
    fn a_window_is_what_its_entries_made_of_it() {
        let start =
            |outcome| vec![entry(1, START, serde_json::to_value(detail(100)).unwrap(), outcome, None)];
        let change = |ends_at: i64, id: &str| {
            serde_json::to_value(ChangeDetail {
                stack: "s".into(),
                silence_ids: vec![id.into()],
                ends_at: Timestamp(ends_at),
            })
            .unwrap()
        };
        let none = Changes::of(&[]);
        let open = fold(start(None), &none, &none, &none);
        assert_eq!((open[0].progress, open[0].open), (Progress::Asked, true));
        assert_eq!(fold(start(Some("refused")), &none, &none, &none)[0].progress, Progress::Refused);

        let extends = [
            entry(3, EXTEND, Value::Null, Some("done"), Some(change(300, "three"))),
            entry(2, EXTEND, Value::Null, Some("done"), Some(change(200, "two"))),
            entry(4, EXTEND, change(900, "x"), Some("refused"), None),
        ];
        let extends = Changes::of(&extends);
        let extended = fold(start(Some("verified")), &extends, &none, &none);
        assert_eq!(extended[0].detail.ends_at, Timestamp(300));
        assert_eq!(extended[0].detail.silence_id, "three");
        assert_eq!(extended[0].progress, Progress::Known);

        let ends = [entry(5, END, Value::Null, Some("done"), Some(change(150, "three")))];
        let ends = Changes::of(&ends);
        assert_eq!(fold(start(Some("verified")), &extends, &none, &ends)[0].progress, Progress::Ended);
    }
}
