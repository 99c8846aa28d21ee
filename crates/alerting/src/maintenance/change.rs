//! Moving the end of a window, and ending it. Silences made elsewhere can be changed by their id.

use crate::maintenance::members::no_alertmanager;
use std::{sync::Arc, time::Instant};

use aether_clients::alertmanager::{AmSilence, PostSilence};
use aether_contract::{
    ErrorCode, MaintenanceEndRequest, MaintenanceEnded, MaintenanceExtendRequest, MaintenanceWindow,
    MemberCheck, PanelError, ServiceKind, Silence, SilenceState, Timestamp, WindowId,
};
use serde_json::json;

use super::{
    members::{MemberRead, is_meant, read, read_back, refused},
    record::{ChangeDetail, END, EXTEND, Progress},
    silences::{self, state_at},
    start::{complete, post_to},
    windows,
};
use crate::maintenance::Maintenance;
use aether_context::window_tag::read_comment;
use aether_context::{poll, session::StackSession};
use aether_foundation::clock;

const SERVICE: ServiceKind = ServiceKind::Alertmanager;

/// A window that is made shorter ends at the soonest after this.
const SOONEST_MS: i64 = 60_000;

/// A silence as one member tells it.
struct Found {
    member: usize,
    silence: AmSilence,
    state: SilenceState,
    server_now: Timestamp,
}

/// Every copy of the silences meant by `id`.
async fn find(live: &Arc<StackSession>, id: &str) -> Result<Vec<Found>, PanelError> {
    if live.profile.alertmanager.urls.is_empty() {
        return Err(no_alertmanager());
    }
    let mut found = Vec::new();
    let mut first_error = None;
    let mut answered = false;
    for MemberRead { index, silences } in read(live).await {
        match silences {
            Ok(reply) => {
                answered = true;
                let offset = clock::offset(reply.date, reply.received, reply.latency).unwrap_or(0);
                let server_now = reply.received.plus_millis(i64::from(offset));
                found.extend(reply.value.into_iter().filter(|silence| is_meant(silence, id)).map(
                    |silence| Found {
                        member: index,
                        state: state_at(&silence, server_now),
                        silence,
                        server_now,
                    },
                ));
            }
            Err(error) => {
                first_error.get_or_insert(error);
            }
        }
    }
    match first_error {
        Some(error) if !answered => Err(error),
        _ if found.is_empty() => Err(PanelError::new(
            ErrorCode::NotFound,
            SERVICE.as_str(),
            "Window or silence not found on any reachable member.",
        )),
        _ => Ok(found),
    }
}

fn subject(silence: &AmSilence) -> String {
    read_comment(&silence.comment).0.map_or_else(|| silence.id.clone(), |window| window.0)
}

async fn begin(
    maintenance: &Maintenance,
    kind: &'static str,
    subject: &str,
    detail: &ChangeDetail,
) -> Result<i64, PanelError> {
    let (subject, value, at) = (subject.to_owned(), json!(detail), clock::now());
    maintenance.ctx.journaled(move |journal| journal.begin(kind, &subject, &value, at)).await
}

/// Moves the end of a window.
///
/// # Errors
/// `not-found`, `invalid-request` (over already, too long), what the servers say, `unverified`.
pub async fn extend(
    maintenance: Arc<Maintenance>,
    request: MaintenanceExtendRequest,
) -> Result<MaintenanceWindow, PanelError> {
    let _turn = maintenance.gate.lock().await;
    let live = maintenance.ctx.live();
    let found = find(&live, &request.id).await?;
    let target = found
        .iter()
        .filter(|found| found.state != SilenceState::Expired)
        .max_by_key(|found| found.silence.ends_at)
        .ok_or_else(|| {
            PanelError::new(ErrorCode::InvalidRequest, "maintenance", "This window has already ended.")
                .with_hint("Start a new one.")
        })?;
    let max_s = maintenance.ctx.settings.get().max_window_minutes.saturating_mul(60);
    let ends_at = target.silence.ends_at.plus_millis(i64::from(request.add_s) * 1000);
    if request.add_s < 0 && ends_at.millis_since(target.server_now) < SOONEST_MS {
        return Err(PanelError::new(
            ErrorCode::InvalidRequest,
            "maintenance",
            "Less than a minute of the window would remain.",
        )
        .with_hint("End it instead."));
    }
    // From its begin for one that has not begun, from now for one that is on.
    let counted_from = target.silence.starts_at.max(target.server_now);
    if request.add_s == 0
        || (request.add_s > 0 && ends_at.millis_since(counted_from) > i64::from(max_s) * 1000)
    {
        return Err(PanelError::new(
            ErrorCode::InvalidRequest,
            "maintenance",
            format!("The new end is more than {} minutes from now, or unchanged.", max_s / 60),
        )
        .with_hint("The maximum duration can be changed in Settings."));
    }
    let subject = subject(&target.silence);
    let window = WindowId(subject.clone());
    let mut detail = ChangeDetail {
        stack: live.profile.name.clone(),
        silence_ids: vec![target.silence.id.clone()],
        ends_at,
    };
    let entry = begin(&maintenance, EXTEND, &subject, &detail).await?;
    // The same id, matchers in the same order and begin: anything else would make a new silence of it.
    let post = PostSilence {
        id: Some(target.silence.id.clone()),
        matchers: target.silence.matchers.clone(),
        starts_at: target.silence.starts_at,
        ends_at,
        created_by: target.silence.created_by.clone(),
        comment: target.silence.comment.clone(),
    };
    let silence_id = match post_to(&live, target.member, &post).await {
        Ok(id) => id,
        Err(error) if refused(&error) => {
            complete(&maintenance, entry, "refused", json!({ "error": error })).await;
            return Err(error);
        }
        Err(error) => {
            // The answer was lost; the silence itself tells.
            let again = find(&live, &request.id).await?;
            match again.iter().find(|found| reaches(&found.silence, ends_at)) {
                Some(found) => found.silence.id.clone(),
                None => {
                    complete(&maintenance, entry, "refused", json!({ "error": error })).await;
                    return Err(error);
                }
            }
        }
    };
    detail.silence_ids = vec![silence_id.clone()];
    maintenance.records.change(&window, |record| {
        record.detail.silence_id.clone_from(&silence_id);
        record.detail.ends_at = ends_at;
        record.touched = Some(Instant::now());
    });
    let shown = Box::pin(read_back(&live, &silence_id, |silence| reaches(silence, ends_at))).await;
    complete(&maintenance, entry, "done", json!(detail)).await;
    poll::members(&maintenance.ctx, &live).await;
    maintenance.ctx.publish();
    if !shown && !found_end(&live, &silence_id, ends_at) {
        return Err(unverified("The new end was accepted, but no member shows it yet."));
    }
    let state = live.state();
    let known = read_comment(&post.comment).0.is_some();
    if known {
        return Ok(windows::one(&window, &maintenance.records.all(), &state, clock::now()));
    }
    let silence = silences::all(&state, clock::now()).into_iter().find(|silence| silence.id == silence_id);
    silence
        .map(|silence| windows::of_silence(&silence, &state, clock::now()))
        .ok_or_else(|| unverified("The new end was accepted, but no member shows it yet."))
}

/// Whether a silence ends at `ends_at`, to the second.
fn reaches(silence: &AmSilence, ends_at: Timestamp) -> bool {
    silence.status != Some(SilenceState::Expired) && silence.ends_at.millis_since(ends_at).abs() <= 1000
}

fn found_end(live: &StackSession, silence_id: &str, ends_at: Timestamp) -> bool {
    live.state()
        .members
        .iter()
        .flat_map(|member| member.silences.iter())
        .any(|silence| silence.id == silence_id && reaches(silence, ends_at))
}

/// Ends a window or a silence now, on every member that still has it running.
///
/// # Errors
/// `not-found`, what the servers say, or `unverified` when a member still shows it running.
pub async fn end(
    maintenance: Arc<Maintenance>,
    request: MaintenanceEndRequest,
) -> Result<MaintenanceEnded, PanelError> {
    let _turn = maintenance.gate.lock().await;
    let live = maintenance.ctx.live();
    let found = find(&live, &request.id).await?;
    let running: Vec<&Found> = found.iter().filter(|found| found.state != SilenceState::Expired).collect();
    let newest = running
        .first()
        .copied()
        .or_else(|| found.iter().max_by_key(|found| found.silence.ends_at))
        .map(|found| &found.silence);
    let Some(newest) = newest else { return Err(no_alertmanager()) };
    let (silence_id, subject) = (newest.id.clone(), subject(newest));
    let mut silence_ids: Vec<String> = running.iter().map(|found| found.silence.id.clone()).collect();
    silence_ids.sort();
    silence_ids.dedup();
    if !silence_ids.is_empty() {
        let detail = ChangeDetail {
            stack: live.profile.name.clone(),
            silence_ids: silence_ids.clone(),
            // On the server's clock, as its begin is.
            ends_at: running.iter().map(|found| found.server_now).max().unwrap_or_else(clock::now),
        };
        let entry = begin(&maintenance, END, &subject, &detail).await?;
        let mut first_error = None;
        for found in &running {
            if let Err(error) = expire(&live, found.member, &found.silence.id).await {
                first_error.get_or_insert(error);
            }
        }
        let window = WindowId(subject);
        maintenance.records.change(&window, |record| record.touched = Some(Instant::now()));
        let mut over = true;
        for id in &silence_ids {
            let expired = |silence: &AmSilence| silence.status == Some(SilenceState::Expired);
            over &= Box::pin(read_back(&live, id, expired)).await;
        }
        poll::members(&maintenance.ctx, &live).await;
        if !over {
            complete(&maintenance, entry, "unverified", json!(detail)).await;
            return Err(
                first_error.unwrap_or_else(|| unverified("A member still shows the window as active."))
            );
        }
        complete(&maintenance, entry, "done", json!(detail)).await;
        maintenance.records.change(&window, |record| {
            record.progress = Progress::Ended;
            record.detail.ends_at = record.detail.ends_at.min(detail.ends_at);
        });
    } else {
        poll::members(&maintenance.ctx, &live).await;
    }
    maintenance.ctx.publish();
    ended(&live, &silence_id)
}

async fn expire(live: &StackSession, member: usize, silence_id: &str) -> Result<(), PanelError> {
    let client = live.clients.member(member).await?;
    client.expire_silence(silence_id).await.map(|_| ()).map_err(|error| error.to_panel(SERVICE))
}

fn ended(live: &StackSession, silence_id: &str) -> Result<MaintenanceEnded, PanelError> {
    let state = live.state();
    let now = clock::now();
    let all = silences::all(&state, now);
    let silence = all
        .iter()
        .find(|silence| silence.id == silence_id)
        .cloned()
        .ok_or_else(|| unverified("The window was ended, but no member lists it anymore."))?;
    let still_silencing: Vec<Silence> = all
        .into_iter()
        .filter(|other| other.state == SilenceState::Active && other.mutes > 0 && other.id != silence_id)
        .collect();
    let members = state
        .members
        .iter()
        .map(|member| {
            let fresh = member.probe.freshness.is_fresh();
            let known = member.silences.iter().find(|silence| silence.id == silence_id).filter(|_| fresh);
            let member_now = member.probe.server_now().unwrap_or(now);
            MemberCheck {
                url: member.url.clone(),
                state: known.map(|silence| state_at(silence, member_now)),
                error: member.probe.freshness.error().map(|error| error.message.clone()).unwrap_or_default(),
            }
        })
        .collect();
    Ok(MaintenanceEnded { silence, still_silencing, members })
}

fn unverified(message: &str) -> PanelError {
    PanelError::new(ErrorCode::Unverified, SERVICE.as_str(), message)
        .with_hint("See the silence list for the state on each member.")
}
