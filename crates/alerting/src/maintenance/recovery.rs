//! Settling what an earlier run left open: a window whose answer never came is looked for by its tag.
//!
//! Found: it is a window like any other. Not found although every member answered: it was never accepted.

use std::sync::Arc;

use aether_contract::SilenceState;
use serde_json::json;

use super::{
    record::{END, EXTEND, Progress, REPAIR, Record, START},
    silences::state_at,
    start::complete,
};
use crate::maintenance::Maintenance;
use aether_context::window_tag::read_comment;
use aether_context::{journal::Entry, session::StackSession};
use aether_foundation::clock;

/// Looks at the members' newest answers for windows that the journal has open.
pub async fn settle_open(maintenance: &Arc<Maintenance>, live: &Arc<StackSession>) {
    let open: Vec<Record> = maintenance
        .records
        .all()
        .into_iter()
        .filter(|record| record.open && !record.in_hand && record.detail.stack == live.profile.name)
        .collect();
    for record in open {
        settle(maintenance, live, &record).await;
    }
}

async fn settle(maintenance: &Maintenance, live: &StackSession, record: &Record) {
    let now = clock::now();
    let (found, all_answered) = {
        let state = live.state();
        let found = state.members.iter().find_map(|member| {
            let member_now = member.probe.server_now().unwrap_or(now);
            member
                .silences
                .iter()
                .find(|silence| read_comment(&silence.comment).0.as_ref() == Some(&record.id))
                .map(|silence| (silence.clone(), state_at(silence, member_now)))
        });
        // Only an answer that came after the attempt can say that there is nothing.
        let all_answered = state.members.iter().all(|member| {
            member.probe.freshness.is_fresh()
                && match (record.touched, member.probe.good) {
                    (Some(touched), Some(good)) => good > touched,
                    (None, good) => good.is_some(),
                    (Some(_), None) => false,
                }
        });
        (found, all_answered)
    };
    match found {
        Some((silence, state)) => {
            maintenance.records.change(&record.id, |record| {
                record.open = false;
                record.detail.silence_id.clone_from(&silence.id);
                record.detail.starts_at = silence.starts_at;
                record.detail.ends_at = silence.ends_at;
                record.progress =
                    if state == SilenceState::Expired { Progress::Ended } else { Progress::Known };
            });
            complete(maintenance, record.entry, "adopted", json!({ "silenceId": silence.id })).await;
        }
        None if all_answered || record.detail.ends_at <= now => {
            maintenance.records.change(&record.id, |record| {
                record.open = false;
                record.progress = Progress::Refused;
            });
            complete(maintenance, record.entry, "not-found", json!({})).await;
        }
        None => {}
    }
}

/// How old an entry must be before nobody can be at work on it any more, in milliseconds: an effect takes half
/// a minute at most.
const ABANDONED_MS: i64 = 120_000;

/// Closes extensions and ends that an earlier run left open. The silences themselves say what became of them. What this
/// run, or another beside it, is at work on stays open.
pub async fn close_changes(maintenance: &Maintenance) {
    let now = clock::now();
    for kind in [EXTEND, END, REPAIR] {
        let Ok(open) = maintenance.ctx.journaled(move |journal| journal.open_entries(kind)).await else {
            continue;
        };
        for entry in open.into_iter().filter(|entry| now.millis_since(entry.began) > ABANDONED_MS) {
            complete(maintenance, entry.id, "unknown", json!({})).await;
        }
    }
    let known: Vec<i64> = maintenance.records.all().iter().map(|record| record.entry).collect();
    let Ok(open) = maintenance.ctx.journaled(|journal| journal.open_entries(START)).await else { return };
    for id in forgotten(&open, &known) {
        complete(maintenance, id, "unknown", json!({})).await;
    }
}

/// Starts older than what is kept in memory: too old to be running. A newer one that is not in memory has only
/// just begun.
fn forgotten(open: &[Entry], known: &[i64]) -> Vec<i64> {
    let Some(oldest) = known.iter().min() else { return Vec::new() };
    open.iter().map(|entry| entry.id).filter(|id| id < oldest).collect()
}

#[cfg(test)]
mod tests {
    use aether_contract::Timestamp;

    use super::*;

    #[test]
    fn a_start_that_has_only_just_begun_is_not_called_forgotten() {
        let entry = |id| Entry {
            id,
            kind: START.into(),
            subject: "w".into(),
            detail: json!({}),
            began: Timestamp(0),
            outcome: None,
            result: None,
            ended: None,
        };
        assert_eq!(forgotten(&[entry(3), entry(7), entry(12)], &[7, 9]), [3]);
        assert_eq!(forgotten(&[entry(1)], &[]), [0; 0]);
    }
}
