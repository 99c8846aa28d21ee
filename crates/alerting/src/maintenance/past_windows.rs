//! Windows that were, from the journal: a page of them, and all of them as a file. Pure.

use crate::maintenance::record::CLOSEOUT;
use std::collections::HashMap;

use aether_contract::{
    ExportFormat, MaintenanceHistoryRequest, PanelError, PastWindow, Timestamp, WindowId, WindowOutcome,
};

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::record::{Changes, END, EXTEND, NOT_SENT, START, StartDetail, newest_starts};
use aether_context::journal::{Entry, Journal};
use aether_foundation::{
    matching::{filter::contains, matcher::text},
    text::truncate,
};

/// Entries that are read.
const READ: u32 = 20_000;
/// Most rows of a page.
const MAX_ROWS: usize = 500;

/// What the journal has about windows, each list the newest first.
pub struct Entries {
    /// Starts.
    pub starts: Vec<Entry>,
    /// Moved ends.
    pub moves: Vec<Entry>,
    /// Ends.
    pub ends: Vec<Entry>,
    /// What close-out reports came to, by window.
    pub reports: Vec<(String, Value)>,
}

impl Entries {
    /// Reads them.
    ///
    /// # Errors
    /// `storage`.
    pub fn read(journal: &Journal) -> Result<Self, PanelError> {
        Ok(Self {
            starts: journal.recent(START, READ)?,
            moves: journal.recent(EXTEND, READ)?,
            ends: journal.recent(END, READ)?,
            reports: journal.results(CLOSEOUT, READ)?,
        })
    }
}

/// What is kept of a close-out report beside it.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Summary {
    /// Alerts that the window hid.
    pub hidden: u32,
    /// Alerts that need follow-up.
    pub left_over: u32,
    /// When the window really ended.
    pub ended_at: Timestamp,
}

/// How exactly a server's clock is known: it tells whole seconds.
const CLOCK_MS: i64 = 1_000;

/// All windows of a stack, or of every one, the newest first.
pub fn all(entries: Entries, stack: Option<&str>, now: Timestamp) -> Vec<PastWindow> {
    let (moves, ends) = (Changes::of(&entries.moves), Changes::of(&entries.ends));
    let reports: HashMap<String, Summary> = entries
        .reports
        .into_iter()
        .filter_map(|(subject, result)| Some((subject, serde_json::from_value(result).ok()?)))
        .collect();
    newest_starts(entries.starts)
        .into_iter()
        .filter_map(|entry| {
            let detail: StartDetail = serde_json::from_value(entry.detail.clone()).ok()?;
            if stack.is_some_and(|stack| detail.stack != stack) {
                return None;
            }
            let moved = moves.after(&entry).count();
            let planned = moves.after(&entry).next().map_or(detail.ends_at, |change| change.ends_at);
            let ended = ends.after(&entry).next().map(|change| change.ends_at);
            let report = reports.get(&entry.subject);
            let ends_at = ended.or(report.map(|report| report.ended_at)).unwrap_or(planned).min(planned);
            let outcome = match entry.outcome.as_deref() {
                Some("refused" | "not-found") => WindowOutcome::Refused,
                Some(NOT_SENT) => WindowOutcome::NotSent,
                _ if detail.starts_at.millis_since(ends_at) > CLOCK_MS => WindowOutcome::Cancelled,
                _ if planned.millis_since(ends_at) > 1_000 => WindowOutcome::EndedEarly,
                _ if ends_at > now => WindowOutcome::Open,
                Some("unknown") | None => WindowOutcome::Unknown,
                Some(_) => WindowOutcome::Ended,
            };
            Some(PastWindow {
                id: WindowId(entry.subject),
                reason: truncate(&detail.reason, 4096),
                created_by: truncate(&detail.created_by, 256),
                starts_at: detail.starts_at,
                planned_end: planned,
                // One that ended at once did not end before it began.
                ends_at: if outcome == WindowOutcome::Cancelled {
                    ends_at
                } else {
                    ends_at.max(detail.starts_at)
                },
                moved: u32::try_from(moved).unwrap_or(u32::MAX),
                outcome,
                matchers: detail.matchers,
                hidden: report.map(|report| report.hidden),
                left_over: report.map(|report| report.left_over),
            })
        })
        .collect()
}

/// One page.
pub fn page(windows: Vec<PastWindow>, request: &MaintenanceHistoryRequest) -> (Vec<PastWindow>, u32) {
    let words: Vec<String> = request.search.split_whitespace().map(str::to_lowercase).collect();
    let fits = |window: &PastWindow| {
        words.iter().all(|word| {
            contains(&window.reason, word)
                || contains(&window.created_by, word)
                || contains(&window.id.0, word)
        })
    };
    let matching: Vec<PastWindow> = windows.into_iter().filter(fits).collect();
    let total = u32::try_from(matching.len()).unwrap_or(u32::MAX);
    let limit = usize::try_from(request.limit).unwrap_or(MAX_ROWS).min(MAX_ROWS);
    let offset = usize::try_from(request.offset).unwrap_or(usize::MAX);
    (matching.into_iter().skip(offset).take(limit).collect(), total)
}

/// All of them as a file's content.
///
/// # Errors
/// What the writer says.
pub fn export(windows: &[PastWindow], format: ExportFormat) -> std::io::Result<Vec<u8>> {
    if format == ExportFormat::Json {
        return serde_json::to_vec_pretty(windows).map_err(std::io::Error::from);
    }
    let plain = crate::spreadsheet::plain;
    let moment = crate::spreadsheet::moment;
    let mut out = csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(Vec::new());
    out.write_record([
        "id",
        "reason",
        "by",
        "starts_at",
        "planned_end",
        "ends_at",
        "planned_minutes",
        "minutes",
        "moved",
        "outcome",
        "matchers",
        "hidden",
        "left_over",
    ])?;
    for window in windows {
        let minutes = |from: Timestamp, to: Timestamp| (to.millis_since(from).max(0) / 60_000).to_string();
        let number = |n: Option<u32>| n.map(|n| n.to_string()).unwrap_or_default();
        let matchers: Vec<String> = window.matchers.iter().map(text).collect();
        out.write_record([
            window.id.0.clone(),
            plain(&window.reason),
            plain(&window.created_by),
            moment(window.starts_at),
            moment(window.planned_end),
            moment(window.ends_at),
            minutes(window.starts_at, window.planned_end),
            minutes(window.starts_at, window.ends_at),
            window.moved.to_string(),
            outcome(window.outcome).to_owned(),
            plain(&matchers.join(" ")),
            number(window.hidden),
            number(window.left_over),
        ])?;
    }
    out.into_inner().map_err(|error| std::io::Error::other(error.to_string()))
}

/// The outcome in words.
pub fn outcome(outcome: WindowOutcome) -> &'static str {
    match outcome {
        WindowOutcome::Open => "open",
        WindowOutcome::Ended => "ended",
        WindowOutcome::EndedEarly => "ended early",
        WindowOutcome::Cancelled => "canceled",
        WindowOutcome::Refused => "refused",
        WindowOutcome::NotSent => "not sent",
        WindowOutcome::Unknown => "unknown",
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::maintenance::record::{ChangeDetail, tests::detail};

    fn entry(id: i64, subject: &str, detail: Value, outcome: Option<&str>, result: Option<Value>) -> Entry {
        Entry {
            id,
            kind: String::new(),
            subject: subject.into(),
            detail,
            began: Timestamp(0),
            outcome: outcome.map(str::to_owned),
            result,
            ended: None,
        }
    }

    fn change(ends_at: i64) -> Option<Value> {
        Some(json!(ChangeDetail {
            stack: "s".into(),
            silence_ids: vec!["x".into()],
            ends_at: Timestamp(ends_at)
        }))
    }

    #[test]
    fn a_window_that_is_ended_at_once_was_no_cancelled_one() {
        // A server tells whole seconds, so that its begin may seem to lie a little after its end.
        let begun = json!(StartDetail { starts_at: Timestamp(4_000_500), ..detail(8_000_000) });
        let ended = |ends_at| Entries {
            starts: vec![entry(1, "w", begun.clone(), Some("verified"), None)],
            moves: Vec::new(),
            ends: vec![entry(2, "w", Value::Null, Some("done"), change(ends_at))],
            reports: Vec::new(),
        };
        let at_once = all(ended(4_000_272), Some("s"), Timestamp(4_100_000)).remove(0);
        assert_eq!((at_once.outcome, at_once.ends_at), (WindowOutcome::EndedEarly, at_once.starts_at));
        let before = all(ended(3_900_000), Some("s"), Timestamp(4_100_000)).remove(0);
        assert_eq!((before.outcome, before.ends_at.0), (WindowOutcome::Cancelled, 3_900_000));
    }

    #[test]
    fn a_window_came_out_as_its_entries_say() {
        let start =
            |id, subject: &str, ends: i64, outcome| entry(id, subject, json!(detail(ends)), outcome, None);
        let entries = Entries {
            starts: vec![
                start(6, "open", 9_000_000, Some("verified")),
                start(5, "early", 5_000_000, Some("verified")),
                entry(
                    11,
                    "canceled",
                    json!(StartDetail { starts_at: Timestamp(4_000_000), ..detail(8_000_000) }),
                    Some("scheduled"),
                    None,
                ),
                start(4, "refused", 5_000_000, Some("refused")),
                start(3, "lost", 5_000_000, None),
                start(2, "moved", 1_000_000, Some("partial")),
                // An earlier attempt at the same window is not a separate window.
                start(1, "moved", 1_000_000, Some("refused")),
                entry(
                    1,
                    "other",
                    json!(StartDetail { stack: "t".into(), ..detail(1) }),
                    Some("verified"),
                    None,
                ),
            ],
            moves: vec![
                entry(9, "moved", Value::Null, Some("done"), change(4_000_000)),
                entry(8, "moved", Value::Null, Some("done"), change(3_000_000)),
                entry(7, "moved", Value::Null, Some("refused"), None),
            ],
            ends: vec![
                entry(12, "canceled", Value::Null, Some("done"), change(2_000_000)),
                entry(10, "early", Value::Null, Some("done"), change(2_000_000)),
            ],
            reports: vec![(
                "moved".into(),
                json!(Summary { hidden: 3, left_over: 1, ended_at: Timestamp(4_000_000) }),
            )],
        };
        let found = all(entries, Some("s"), Timestamp(6_000_000));
        let told: Vec<_> =
            found.iter().map(|one| (one.id.0.as_str(), one.outcome, one.ends_at.0, one.moved)).collect();
        assert_eq!(
            told,
            [
                ("open", WindowOutcome::Open, 9_000_000, 0),
                ("early", WindowOutcome::EndedEarly, 2_000_000, 0),
                ("canceled", WindowOutcome::Cancelled, 2_000_000, 0),
                ("refused", WindowOutcome::Refused, 5_000_000, 0),
                ("lost", WindowOutcome::Unknown, 5_000_000, 0),
                ("moved", WindowOutcome::Ended, 4_000_000, 2),
            ]
        );
        assert_eq!(found[5].planned_end, Timestamp(4_000_000), "as it was moved last");
        assert_eq!((found[5].hidden, found[5].left_over, found[0].hidden), (Some(3), Some(1), None));
        let request = MaintenanceHistoryRequest { search: "DEPLOY".into(), offset: 1, limit: 2 };
        let (rows, total) = page(found.clone(), &request);
        assert_eq!((rows.len(), total, rows[0].id.0.as_str()), (2, 6, "early"));
        let csv = String::from_utf8(export(&found, ExportFormat::Csv).unwrap()).unwrap();
        assert_eq!(csv.lines().count(), 7);
        let row = "early,deploy,me,1970-01-01T00:00:00Z,1970-01-01T01:23:20Z,1970-01-01T00:33:20Z,83,33,0,ended early";
        assert!(csv.contains(row), "{csv}");
        let read: Vec<PastWindow> =
            serde_json::from_slice(&export(&found, ExportFormat::Json).unwrap()).unwrap();
        assert_eq!(read, found);
    }
}
