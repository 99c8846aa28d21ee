//! Starting a window: journal, send to one member, read back from all.
//!
//! The journal is written before the POST. The POST goes to one member, to the next only when the first was certainly
//! not reached; when an answer is lost, the window is looked for by its tag instead of being sent twice.

use crate::maintenance::members::no_alertmanager;
use aether_context::window_tag;
use aether_foundation::author;
use std::{sync::Arc, time::Instant};

use aether_clients::alertmanager::{AmSilence, PostSilence, UnknownFields};
use aether_contract::{
    ErrorCode, MaintenanceRequest, MaintenanceWindow, Matcher, PanelError, ServiceKind, SilenceState,
    Timestamp, WindowId, WindowPhase,
};
use serde_json::json;

use super::{
    members::{look_for, never_sent, read_back, read_one, refused},
    record::{NOT_SENT, Progress, Record, START, StartDetail},
    scope, windows,
};
use crate::maintenance::Maintenance;
use aether_context::window_tag::read_comment;
use aether_context::{poll, session::StackSession};
use aether_foundation::clock;

const SERVICE: ServiceKind = ServiceKind::Alertmanager;

/// A begin in the past is moved to the server's now; this much hides the rounding of its clock.
pub(super) const HEAD_START_MS: i64 = 1_500;

/// Starts a window. Runs to its end even if nobody waits for it.
///
/// # Errors
/// `invalid-request`, what the journal or the servers say, or `unverified` when it is not known whether the window
/// exists.
pub async fn start(
    maintenance: Arc<Maintenance>,
    request: MaintenanceRequest,
) -> Result<MaintenanceWindow, PanelError> {
    start_as(maintenance, request, None).await
}

/// As [`start`], with an id that is known before: an occurrence of a schedule is made once, whoever makes it.
///
/// # Errors
/// As [`start`].
pub async fn start_as(
    maintenance: Arc<Maintenance>,
    request: MaintenanceRequest,
    id: Option<WindowId>,
) -> Result<MaintenanceWindow, PanelError> {
    let _turn = maintenance.gate.lock().await;
    let live = maintenance.ctx.live();
    let heartbeat = live.profile.heartbeat.as_deref();
    let max_s = maintenance.ctx.settings.get().max_window_minutes.saturating_mul(60);
    let matchers = scope::check(&request, max_s, heartbeat, true, clock::now())?;
    if live.profile.alertmanager.urls.is_empty() {
        return Err(no_alertmanager());
    }
    let id = id.unwrap_or_else(|| WindowId(uuid::Uuid::new_v4().to_string()));
    let now = clock::now();
    let begins = request.starts_at.filter(|at| *at > now);
    let length_ms = i64::from(request.duration_s) * 1000;
    let detail = StartDetail {
        stack: live.profile.name.clone(),
        silence_id: String::new(),
        reason: request.reason.trim().to_owned(),
        created_by: author::author(&request.created_by),
        starts_at: begins.unwrap_or(now),
        ends_at: begins.unwrap_or(now).plus_millis(length_ms),
        matchers,
    };
    let entry = begin(&maintenance, &id, &detail).await?;
    maintenance.records.add(Record {
        id: id.clone(),
        entry,
        detail: detail.clone(),
        progress: Progress::Asked,
        touched: Some(Instant::now()),
        open: true,
        in_hand: true,
        closed_out: false,
    });
    maintenance.ctx.changed.notify_one();
    let sent = match Box::pin(send(&live, &id, &detail, begins, length_ms)).await {
        Ok(sent) => sent,
        Err(failure) => return Err(give_up(&maintenance, &id, entry, failure).await),
    };
    let accepted = StartDetail {
        silence_id: sent.silence_id.clone(),
        starts_at: sent.starts_at,
        ends_at: sent.ends_at,
        matchers: sent.matchers,
        ..detail
    };
    maintenance.records.change(&id, |record| {
        record.detail = accepted.clone();
        record.progress = Progress::Accepted;
        record.touched = Some(Instant::now());
    });
    annotate(&maintenance, entry, &id, &accepted).await;
    maintenance.ctx.changed.notify_one();
    let wanted = if begins.is_some() { SilenceState::Pending } else { SilenceState::Active };
    // One that begins later may have begun meanwhile.
    let there = move |silence: &AmSilence| {
        silence.status.is_none_or(|status| status == wanted || status == SilenceState::Active)
    };
    Box::pin(read_back(&live, &sent.silence_id, there)).await;
    poll::members(&maintenance.ctx, &live).await;
    finish(&maintenance, &live, &id, entry, &accepted).await
}

async fn begin(maintenance: &Maintenance, id: &WindowId, detail: &StartDetail) -> Result<i64, PanelError> {
    let (subject, value, at) = (id.0.clone(), json!(detail), clock::now());
    maintenance.ctx.journaled(move |journal| journal.begin(START, &subject, &value, at)).await.map_err(
|error| {
error.with_hint(
"Nothing was sent: the panel records every change in its journal first, and the journal could not be written.",
)
},
)
}

async fn annotate(maintenance: &Maintenance, entry: i64, id: &WindowId, detail: &StartDetail) {
    let (subject, value) = (id.0.clone(), json!(detail));
    let written = maintenance.ctx.journaled(move |journal| journal.annotate(entry, &subject, &value)).await;
    if let Err(error) = written {
        tracing::error!(code = error.code.as_str(), "failed to record the silence ID");
    }
}

pub(super) async fn complete(
    maintenance: &Maintenance,
    entry: i64,
    outcome: &'static str,
    result: serde_json::Value,
) {
    let at = clock::now();
    let written =
        maintenance.ctx.journaled(move |journal| journal.complete(entry, outcome, &result, at)).await;
    if let Err(error) = written {
        tracing::error!(code = error.code.as_str(), outcome, "failed to complete the journal entry");
    }
}

/// How sending failed.
enum Failure {
    /// No server has it.
    NotDone(PanelError),
    /// It may be there or not.
    Unknown(PanelError),
}

struct Sent {
    silence_id: String,
    starts_at: Timestamp,
    ends_at: Timestamp,
    matchers: Vec<Matcher>,
}

async fn send(
    live: &Arc<StackSession>,
    id: &WindowId,
    detail: &StartDetail,
    begins: Option<Timestamp>,
    length_ms: i64,
) -> Result<Sent, Failure> {
    let mut first_error: Option<PanelError> = None;
    for index in 0..live.profile.alertmanager.urls.len() {
        // A look before the leap: is it there, do the credentials hold, what time is it there.
        let before = match read_one(live, index).await {
            Ok(before) => before,
            Err(error) => {
                first_error.get_or_insert(error);
                continue;
            }
        };
        let offset = clock::offset(before.date, before.received, before.latency).unwrap_or(0);
        // Another panel made it a moment ago.
        let made = before.value.iter().find(|silence| {
            silence.status != Some(SilenceState::Expired)
                && read_comment(&silence.comment).0.as_ref() == Some(id)
        });
        if let Some(found) = made {
            return Ok(Sent {
                silence_id: found.id.clone(),
                starts_at: found.starts_at,
                ends_at: found.ends_at,
                matchers: found.matchers.clone(),
            });
        }
        let mut matchers = detail.matchers.clone();
        loop {
            let server_now = clock::now().plus_millis(i64::from(offset));
            // On the server's clock, as it will be then.
            let begin = begins.map(|at| at.plus_millis(shift(offset))).filter(|at| *at > server_now);
            let post = PostSilence {
                id: None,
                matchers: matchers.clone(),
                starts_at: begin.unwrap_or(server_now.plus_millis(-HEAD_START_MS)),
                ends_at: begin.unwrap_or(server_now).plus_millis(length_ms),
                created_by: detail.created_by.clone(),
                comment: window_tag::comment(id, &detail.reason),
                unknown: UnknownFields::default(),
            };
            let error = match post_to(live, index, &post).await {
                Ok(silence_id) => {
                    // Not half a second ahead of now, for which the server's time is only reckoned.
                    let starts_at = begin.unwrap_or_else(|| clock::now().plus_millis(shift(offset)));
                    return Ok(Sent { silence_id, starts_at, ends_at: post.ends_at, matchers });
                }
                Err(error) => error,
            };
            let heartbeat = live.profile.heartbeat.as_deref();
            if error.code == ErrorCode::Rejected
                && format!("{} {}", error.message, error.detail).contains("match the empty string")
                && scope::is_default(&matchers, heartbeat)
            {
                matchers = scope::fallback_matchers(heartbeat);
                continue;
            }
            if never_sent(&error) {
                first_error.get_or_insert(error);
                break;
            }
            if refused(&error) {
                return Err(Failure::NotDone(error));
            }
            // The answer was lost. It may have been done.
            return match look_for(live, id).await {
                Some(found) => Ok(Sent {
                    silence_id: found.id.clone(),
                    starts_at: found.starts_at,
                    ends_at: found.ends_at,
                    matchers: found.matchers,
                }),
                None => Err(Failure::Unknown(error)),
            };
        }
    }
    Err(Failure::NotDone(first_error.unwrap_or_else(no_alertmanager)))
}

pub(super) async fn post_to(
    live: &StackSession,
    index: usize,
    post: &PostSilence,
) -> Result<String, PanelError> {
    let client = live.clients.member(index).await?;
    match client.post_silence(post).await {
        Ok(reply) => Ok(reply.value),
        Err(error) => Err(error.to_panel(SERVICE)),
    }
}

async fn give_up(maintenance: &Maintenance, id: &WindowId, entry: i64, failure: Failure) -> PanelError {
    match failure {
        Failure::NotDone(error) => {
            // Nothing was posted unless the server refused it.
            let outcome = if refused(&error) { "refused" } else { NOT_SENT };
            complete(maintenance, entry, outcome, json!({ "error": error })).await;
            maintenance.records.change(id, |record| {
                record.progress = Progress::Refused;
                record.open = false;
                record.in_hand = false;
            });
            maintenance.ctx.publish();
            error
        }
        // The entry stays open: every later answer of a member is searched for the window's tag.
        Failure::Unknown(error) => {
            maintenance.records.change(id, |record| {
                record.in_hand = false;
                record.touched = Some(Instant::now());
            });
            maintenance.ctx.publish();
            PanelError::new(
                ErrorCode::Unverified,
                SERVICE.as_str(),
                "It is unknown whether the window was started: the response was lost, and no reachable \
                    member shows it.",
            )
            .with_hint("The panel keeps looking for it. Check the silence list before you try again.")
            .with_detail(format!("{}: {} {}", error.code.as_str(), error.message, error.detail))
        }
    }
}

async fn finish(
    maintenance: &Maintenance,
    live: &Arc<StackSession>,
    id: &WindowId,
    entry: i64,
    detail: &StartDetail,
) -> Result<MaintenanceWindow, PanelError> {
    maintenance.records.change(id, |record| {
        record.progress = Progress::Known;
        record.open = false;
        record.in_hand = false;
    });
    let window = windows::one(id, &maintenance.records.all(), &live.state(), clock::now());
    let outcome = match window.phase {
        WindowPhase::Verified => "verified",
        WindowPhase::Partial => "partial",
        WindowPhase::Scheduled => "scheduled",
        WindowPhase::Lost => "lost",
        WindowPhase::Ended => "ended",
        WindowPhase::Asked | WindowPhase::Accepted | WindowPhase::Unconfirmed => "accepted",
    };
    complete(
        maintenance,
        entry,
        outcome,
        json!({ "silenceId": detail.silence_id, "members": window.members }),
    )
    .await;
    maintenance.ctx.publish();
    if window.phase == WindowPhase::Lost {
        return Err(PanelError::new(
            ErrorCode::Unverified,
            SERVICE.as_str(),
            "Alertmanager accepted the window, but no member shows it.",
        )
        .with_hint("Alerts are not muted. Check Alertmanager, then start the window again."));
    }
    Ok(window)
}

/// How far a server's clock counts as being ahead: the date of an answer tells no more than seconds, so a
/// small difference is none.
fn shift(offset_ms: i32) -> i64 {
    if offset_ms.unsigned_abs() < 2_000 { 0 } else { i64::from(offset_ms) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_window_that_begins_now_is_not_written_down_as_one_of_the_future() {
        assert_eq!([0, 499, -499, 1_999].map(shift), [0; 4], "what a date in whole seconds can't tell");
        assert_eq!([60_000, -60_000].map(shift), [60_000, -60_000]);
    }
}
