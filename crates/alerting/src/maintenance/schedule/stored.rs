//! Stored schedules in the journal. Read on every access, because the CLI can change them while a panel is
//! open.

use std::collections::BTreeMap;

use aether_contract::{Matcher, PanelError, Timestamp, WindowId};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::maintenance::{Maintenance, record::END};
use aether_context::journal::{Entry, Journal};
use aether_foundation::clock;

/// Journal kind of a schedule; its subject is the schedule's id, and the newest entry holds.
pub const SCHEDULE: &str = "maintenance-schedule";

/// Entries that are read.
const READ: u32 = 5_000;

/// One schedule.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct StoredSchedule {
    /// Stack.
    pub stack: String,
    /// Expression.
    pub cron: String,
    /// IANA name of its time zone.
    pub time_zone: String,
    /// Length of each window, in seconds.
    pub duration_s: u32,
    /// Why.
    pub reason: String,
    /// Who.
    pub created_by: String,
    /// What each window mutes.
    pub matchers: Vec<Matcher>,
    /// Occurrences to make ahead.
    pub ahead: u32,
    /// Whether it makes any.
    pub enabled: bool,
    /// When it was made or changed: what began before is none of its occurrences, what was cancelled before
    /// was of other rules.
    pub since: Timestamp,
    /// Whether it was removed.
    #[serde(default)]
    pub deleted: bool,
}

/// The schedules of a stack, by id.
///
/// # Errors
/// `storage`.
pub(super) async fn read(
    maintenance: &Maintenance,
    stack: &str,
) -> Result<BTreeMap<String, StoredSchedule>, PanelError> {
    let mut all = maintenance.ctx.journaled(|journal| Ok(fold(&journal.recent(SCHEDULE, READ)?))).await?;
    all.retain(|_, one| one.stack == stack);
    Ok(all)
}

/// Newest first in, the newest of each holds.
fn fold(entries: &[Entry]) -> BTreeMap<String, StoredSchedule> {
    let mut kept = BTreeMap::new();
    for entry in entries.iter().rev() {
        match serde_json::from_value::<StoredSchedule>(entry.detail.clone()) {
            Ok(one) if !one.deleted => kept.insert(entry.subject.clone(), one),
            _ => kept.remove(&entry.subject),
        };
    }
    kept
}

/// Writes a schedule down.
///
/// # Errors
/// `storage`.
pub(super) async fn write(
    maintenance: &Maintenance,
    id: &str,
    kept: &StoredSchedule,
) -> Result<(), PanelError> {
    let (subject, value, at) = (id.to_owned(), json!(kept), clock::now());
    let put = move |journal: &Journal| {
        let entry = journal.begin(SCHEDULE, &subject, &value, at)?;
        journal.complete(entry, "done", &Value::Null, at)
    };
    maintenance.ctx.journaled(put).await
}

/// When a person of this account ended each of these windows last.
///
/// # Errors
/// `storage`.
pub(super) async fn ended(
    maintenance: &Maintenance,
    windows: Vec<WindowId>,
) -> Result<BTreeMap<WindowId, Timestamp>, PanelError> {
    let find = move |journal: &Journal| {
        let mut ended = BTreeMap::new();
        for window in windows {
            let entry = journal.find(END, &window.0)?;
            if let Some(entry) = entry.filter(|entry| entry.outcome.as_deref() == Some("done")) {
                ended.insert(window, entry.began);
            }
        }
        Ok(ended)
    };
    maintenance.ctx.journaled(find).await
}

/// The window id of an occurrence.
pub(super) fn window_id(schedule: &str, starts_at: Timestamp) -> WindowId {
    let space = Uuid::try_parse(schedule).unwrap_or(Uuid::NAMESPACE_OID);
    WindowId(Uuid::new_v5(&space, starts_at.0.to_string().as_bytes()).to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use aether_context::window_tag;
    use aether_context::window_tag::read_comment;

    #[test]
    fn an_occurrence_has_the_same_id_wherever_it_is_made() {
        let schedule = "8c0f5b62-3d2c-4f62-9d5e-0f4f5d1f7a11";
        assert_eq!(window_id(schedule, Timestamp(1000)), window_id(schedule, Timestamp(1000)));
        assert_ne!(window_id(schedule, Timestamp(1000)), window_id(schedule, Timestamp(2000)));
        let tagged = window_tag::comment(&window_id(schedule, Timestamp(1000)), "x");
        assert!(read_comment(&tagged).0.is_some());
    }

    #[test]
    fn the_newest_entry_of_a_schedule_holds() {
        let kept = StoredSchedule {
            stack: "s".into(),
            cron: "0 9 * * 1".into(),
            time_zone: "UTC".into(),
            duration_s: 600,
            reason: "weekly".into(),
            created_by: "ann".into(),
            matchers: Vec::new(),
            ahead: 3,
            enabled: true,
            since: Timestamp(0),
            deleted: false,
        };
        let entry = |id: i64, subject: &str, kept: &StoredSchedule| Entry {
            id,
            kind: SCHEDULE.into(),
            subject: subject.into(),
            detail: json!(kept),
            began: Timestamp(0),
            outcome: Some("done".into()),
            result: None,
            ended: None,
        };
        let folded = fold(&[
            entry(4, "b", &StoredSchedule { deleted: true, ..kept.clone() }),
            entry(3, "a", &StoredSchedule { duration_s: 1200, ..kept.clone() }),
            entry(2, "b", &kept),
            entry(1, "a", &kept),
        ]);
        assert_eq!(folded.keys().collect::<Vec<_>>(), ["a"]);
        assert_eq!(folded["a"].duration_s, 1200);
    }
}
