//! Settling what an earlier run left open: a window whose answer never came is looked for by its tag.
//!
//! Found: it is a window like any other. Not found although every member answered: it was never accepted.

use std::sync::Arc;

use aether_contract::SilenceState;
use serde_json::json;

use super::{
    record::{END, EXTEND, Progress, REPAIR, Record, START},
    scope::read_comment,
    silences::state_at,
    start::complete,
};
use crate::panel::{clock, core::Core, live::Live};

/// Looks at the members' newest answers for windows that the journal has open.
pub async fn settle_open(core: &Arc<Core>, live: &Arc<Live>) {
    let open: Vec<Record> = core
        .records
        .all()
        .into_iter()
        .filter(|record| record.open && !record.in_hand && record.detail.stack == live.profile.name)
        .collect();
    for record in open {
        settle(core, live, &record).await;
    }
}

async fn settle(core: &Core, live: &Live, record: &Record) {
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
            core.records.change(&record.id, |record| {
                record.open = false;
                record.detail.silence_id.clone_from(&silence.id);
                record.detail.starts_at = silence.starts_at;
                record.detail.ends_at = silence.ends_at;
                record.progress =
                    if state == SilenceState::Expired { Progress::Ended } else { Progress::Known };
            });
            complete(core, record.entry, "adopted", json!({ "silenceId": silence.id })).await;
        }
        None if all_answered || record.detail.ends_at <= now => {
            core.records.change(&record.id, |record| {
                record.open = false;
                record.progress = Progress::Refused;
            });
            complete(core, record.entry, "not-found", json!({})).await;
        }
        None => {}
    }
}

/// Closes extensions and ends that an earlier run left open. The silences themselves say what became of them.
pub async fn close_changes(core: &Core) {
    for kind in [EXTEND, END, REPAIR] {
        let Ok(open) = core.journaled(move |journal| journal.open_entries(kind)).await else { continue };
        for entry in open {
            complete(core, entry.id, "unknown", json!({})).await;
        }
    }
    // Starts older than what is kept in memory: too old to be running.
    let known: Vec<i64> = core.records.all().iter().map(|record| record.entry).collect();
    let Ok(open) = core.journaled(|journal| journal.open_entries(START)).await else { return };
    for entry in open.into_iter().filter(|entry| !known.contains(&entry.id)) {
        complete(core, entry.id, "unknown", json!({})).await;
    }
}
