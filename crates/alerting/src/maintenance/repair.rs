//! Giving a window back to members that have lost it: a killed Alertmanager forgets silences that it had not written to
//! its disk yet (it writes every 15 minutes).

use crate::maintenance::members::no_alertmanager;
use std::{sync::Arc, time::Instant};

use aether_clients::alertmanager::{AmSilence, PostSilence, UnknownFields};
use aether_contract::{
    ErrorCode, MaintenanceRepairRequest, MaintenanceWindow, PanelError, ServiceKind, SilenceState, Timestamp,
    WindowId,
};
use serde_json::json;

use super::{
    members::{MemberRead, read, read_back},
    record::{ChangeDetail, Progress, REPAIR, failed},
    silences::state_at,
    start::{HEAD_START_MS, complete, post_to},
    windows,
};
use crate::maintenance::Maintenance;
use aether_context::window_tag::{comment, read_comment};
use aether_context::{poll, session::StackSession};
use aether_foundation::clock;

/// A rest that is shorter is not worth a new silence.
const LEAST_MS: i64 = 5_000;

/// What a member has of the window.
struct Seen {
    index: usize,
    server_now: Timestamp,
    /// Its silence that is not over.
    running: Option<AmSilence>,
    /// Its silence that is over.
    ended: bool,
}

/// Makes the rest of a window again on every member that answers and does not know it.
///
/// # Errors
/// `not-found`, `invalid-request` when it is over or was ended by somebody, `storage`, what the servers say.
pub async fn repair(
    maintenance: Arc<Maintenance>,
    request: MaintenanceRepairRequest,
) -> Result<MaintenanceWindow, PanelError> {
    let _turn = maintenance.gate.lock().await;
    let live = maintenance.ctx.live();
    if live.profile.alertmanager.urls.is_empty() {
        return Err(no_alertmanager());
    }
    let id = WindowId(request.id.trim().to_ascii_lowercase());
    let seen = look(&live, &id).await?;
    let record = maintenance
        .records
        .all()
        .into_iter()
        .find(|record| record.id == id && record.detail.stack == live.profile.name);
    let copy = seen.iter().find_map(|seen| seen.running.clone());
    let wanted = match (copy, &record) {
        (Some(copy), _) => copy.to_post(),
        (None, Some(_)) if seen.iter().any(|seen| seen.ended) => {
            return Err(refuse("This window was ended manually.").with_hint("Start a new one."));
        }
        (None, Some(record)) if record.progress == Progress::Ended => {
            return Err(refuse("This window was ended.").with_hint("Start a new one."));
        }
        (None, Some(record)) => {
            let detail = record.detail.clone();
            PostSilence {
                id: None,
                matchers: detail.matchers,
                starts_at: detail.starts_at,
                ends_at: detail.ends_at,
                created_by: detail.created_by,
                comment: comment(&id, &detail.reason),
                unknown: UnknownFields::default(),
            }
        }
        (None, None) => {
            return Err(PanelError::new(ErrorCode::NotFound, "maintenance", "Window not found."));
        }
    };
    let missing: Vec<&Seen> = seen.iter().filter(|seen| seen.running.is_none() && !seen.ended).collect();
    let now = seen.first().map_or_else(clock::now, |seen| seen.server_now);
    if wanted.ends_at.millis_since(now) < LEAST_MS {
        return Err(refuse("This window has expired."));
    }
    if !missing.is_empty() {
        let detail = ChangeDetail {
            stack: live.profile.name.clone(),
            silence_ids: Vec::new(),
            ends_at: wanted.ends_at,
        };
        let entry = begin(&maintenance, &id, &detail).await?;
        let mut made = Vec::new();
        let mut first_error = None;
        for member in missing {
            // Gossip may have brought it meanwhile.
            if !made.is_empty()
                && look(&live, &id)
                    .await?
                    .iter()
                    .any(|seen| seen.index == member.index && seen.running.is_some())
            {
                continue;
            }
            // Server clocks are known to the second: what has begun is not to begin again in a moment.
            let later = wanted.starts_at.millis_since(member.server_now) > 2_000;
            let now = member.server_now.plus_millis(-HEAD_START_MS);
            let post = PostSilence {
                id: None,
                starts_at: if later { wanted.starts_at } else { now },
                ..wanted.clone()
            };
            match post_to(&live, member.index, &post).await {
                Ok(silence_id) => {
                    let state = if later { SilenceState::Pending } else { SilenceState::Active };
                    let there = |silence: &AmSilence| silence.status.is_none_or(|status| status == state);
                    Box::pin(read_back(&live, &silence_id, there)).await;
                    made.push(silence_id);
                }
                Err(error) => {
                    first_error.get_or_insert(error);
                }
            }
        }
        let outcome = match &first_error {
            _ if !made.is_empty() => "done",
            Some(error) => failed(error),
            None => "refused",
        };
        complete(&maintenance, entry, outcome, json!(ChangeDetail { silence_ids: made.clone(), ..detail }))
            .await;
        if let (true, Some(error)) = (made.is_empty(), first_error) {
            return Err(error);
        }
        maintenance.records.change(&id, |record| {
            if let Some(silence_id) = made.first() {
                record.detail.silence_id.clone_from(silence_id);
            }
            record.progress = Progress::Known;
            record.touched = Some(Instant::now());
        });
    }
    poll::members(&maintenance.ctx, &live).await;
    maintenance.ctx.publish();
    let window = windows::one(&id, &maintenance.records.all(), &live.state(), clock::now());
    Ok(window)
}

async fn look(live: &Arc<StackSession>, id: &WindowId) -> Result<Vec<Seen>, PanelError> {
    let mut seen = Vec::new();
    let mut first_error = None;
    for MemberRead { index, silences } in read(live).await {
        match silences {
            Ok(reply) => {
                let offset = clock::offset(reply.date, reply.received, reply.latency).unwrap_or(0);
                let server_now = reply.received.plus_millis(i64::from(offset));
                let ours: Vec<AmSilence> = reply
                    .value
                    .into_iter()
                    .filter(|s| read_comment(&s.comment).0.as_ref() == Some(id))
                    .collect();
                let over = |silence: &AmSilence| state_at(silence, server_now) == SilenceState::Expired;
                seen.push(Seen {
                    index,
                    server_now,
                    ended: ours.iter().any(over),
                    running: ours.into_iter().find(|silence| !over(silence)),
                });
            }
            Err(error) => {
                first_error.get_or_insert(error);
            }
        }
    }
    match first_error {
        Some(error) if seen.is_empty() => Err(error),
        _ => Ok(seen),
    }
}

async fn begin(maintenance: &Maintenance, id: &WindowId, detail: &ChangeDetail) -> Result<i64, PanelError> {
    let (subject, value, at) = (id.0.clone(), json!(detail), clock::now());
    maintenance.ctx.journaled(move |journal| journal.begin(REPAIR, &subject, &value, at)).await
}

fn refuse(message: &str) -> PanelError {
    PanelError::new(ErrorCode::InvalidRequest, ServiceKind::Alertmanager.as_str(), message)
}
