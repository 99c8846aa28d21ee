//! Moving the end of a window, and ending it. Silences made elsewhere can be changed by their id.

use crate::maintenance::members::no_alertmanager;
use std::{collections::BTreeMap, sync::Arc, time::Instant};

use aether_clients::alertmanager::{AmSilence, PostSilence};
use aether_contract::{
    ErrorCode, MaintenanceEndRequest, MaintenanceEnded, MaintenanceExtendRequest, MaintenanceWindow,
    MemberCheck, PanelError, ServiceKind, Silence, SilenceState, Timestamp, WindowId,
};
use serde_json::json;

use super::{
    members::{MemberRead, is_meant, read, read_back_end, read_back_on, refused},
    record::{ChangeDetail, END, EXTEND, Progress, failed},
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

const NOT_SHOWN: &str = "The new end was accepted, but no member shows it yet.";

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
    let (silence_ids, shown, failure) =
        move_ends(&live, &request.id, &found, &target.silence.id, ends_at).await;
    let Some(silence_id) = silence_ids.first().cloned() else {
        let error = failure.unwrap_or_else(|| unverified(NOT_SHOWN));
        complete(&maintenance, entry, failed(&error), json!({ "error": error })).await;
        return Err(error);
    };
    detail.silence_ids = silence_ids;
    maintenance.records.change(&window, |record| {
        record.detail.silence_id.clone_from(&silence_id);
        record.detail.ends_at = ends_at;
        record.touched = Some(Instant::now());
    });
    complete(&maintenance, entry, "done", json!(detail)).await;
    poll::members(&maintenance.ctx, &live).await;
    maintenance.ctx.publish();
    if let Some(error) = failure {
        return Err(unverified("The new end was set on some members only.").with_detail(format!(
            "{}: {} {}",
            error.code.as_str(),
            error.message,
            error.detail
        )));
    }
    if !shown && !found_end(&live, &silence_id, ends_at) {
        return Err(unverified(NOT_SHOWN));
    }
    let state = live.state();
    let known = read_comment(&target.silence.comment).0.is_some();
    if known {
        return Ok(windows::one(&window, &maintenance.records.all(), &state, clock::now()));
    }
    let silence = silences::all(&state, clock::now()).into_iter().find(|silence| silence.id == silence_id);
    silence
        .map(|silence| windows::of_silence(&silence, &state, clock::now()))
        .ok_or_else(|| unverified(NOT_SHOWN))
}

/// Moves the end of every running silence of `found`, what `meant` names, to `ends_at`, that of `first` before the
/// others: members without a cluster each have their own. Gives the ids under which they are kept now, whether all were
/// read back, and the first failure.
async fn move_ends(
    live: &Arc<StackSession>,
    meant: &str,
    found: &[Found],
    first: &str,
    ends_at: Timestamp,
) -> (Vec<String>, bool, Option<PanelError>) {
    let mut copies: BTreeMap<(bool, &str), Vec<&Found>> = BTreeMap::new();
    for found in found.iter().filter(|found| found.state != SilenceState::Expired) {
        let id = found.silence.id.as_str();
        copies.entry((id != first, id)).or_default().push(found);
    }
    let (mut ids, mut shown, mut failure) = (Vec::new(), true, None);
    for copies in copies.values() {
        let Some(one) = copies.first() else { continue };
        // The same id, matchers in the same order and begin: anything else would make a new silence of it.
        let post = PostSilence { ends_at, ..one.silence.to_post() };
        let id = match post_to(live, one.member, &post).await {
            Ok(id) => id,
            Err(error) if refused(&error) => {
                failure.get_or_insert(error);
                continue;
            }
            // The answer was lost; the silence itself tells.
            Err(error) => {
                let again = find(live, meant).await.unwrap_or_default();
                let moved = |found: &&Found| found.member == one.member && reaches(&found.silence, ends_at);
                let Some(moved) = again.iter().find(moved) else {
                    failure.get_or_insert(error);
                    continue;
                };
                moved.silence.id.clone()
            }
        };
        let members: Vec<usize> = copies.iter().map(|copy| copy.member).collect();
        shown &= Box::pin(read_back_on(live, &members, &id, |silence| reaches(silence, ends_at))).await;
        ids.push(id);
    }
    (ids, shown, failure)
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
    let mut members = None;
    if !silence_ids.is_empty() {
        let detail = ChangeDetail {
            stack: live.profile.name.clone(),
            silence_ids: silence_ids.clone(),
            // On the server's clock, as its begin is.
            ends_at: running.iter().map(|found| found.server_now).max().unwrap_or_else(clock::now),
        };
        let entry = begin(&maintenance, END, &subject, &detail).await?;
        let mut refusals = BTreeMap::new();
        for found in &running {
            if let Err(error) = expire(&live, found.member, &found.silence.id).await {
                refusals.entry(found.member).or_insert(error);
            }
        }
        let window = WindowId(subject);
        maintenance.records.change(&window, |record| record.touched = Some(Instant::now()));
        let had: Vec<(usize, String)> =
            running.iter().map(|found| (found.member, found.silence.id.clone())).collect();
        let mut read = Box::pin(read_back_end(&live, &had)).await;
        poll::members(&maintenance.ctx, &live).await;
        if !read.over {
            complete(&maintenance, entry, "unverified", json!(detail)).await;
            maintenance.ctx.publish();
            explain(&mut read.members, &refusals);
            let error = unverified("A member still shows the window as active, or does not respond.");
            return Err(error.with_detail(member_lines(&read.members)));
        }
        complete(&maintenance, entry, "done", json!(detail)).await;
        maintenance.records.change(&window, |record| {
            record.progress = Progress::Ended;
            record.detail.ends_at = record.detail.ends_at.min(detail.ends_at);
        });
        members = Some(read.members);
    } else {
        poll::members(&maintenance.ctx, &live).await;
    }
    maintenance.ctx.publish();
    ended(&live, &silence_id, members)
}

/// Adds to each member that still has a silence why it refused to end it.
fn explain(members: &mut [MemberCheck], refusals: &BTreeMap<usize, PanelError>) {
    for (index, error) in refusals {
        if let Some(member) = members.get_mut(*index).filter(|member| member.error.is_empty()) {
            member.error.clone_from(&error.message);
        }
    }
}

/// What each member did, in a line each.
fn member_lines(members: &[MemberCheck]) -> String {
    let line = |member: &MemberCheck| {
        let state = match member.state {
            Some(SilenceState::Active) => "still active",
            Some(SilenceState::Pending) => "still scheduled",
            Some(SilenceState::Expired) => "ended",
            None if member.error.is_empty() => "does not have it",
            None => "unreachable",
        };
        let error = if member.error.is_empty() { String::new() } else { format!(" ({})", member.error) };
        format!("{}: {state}{error}", member.url)
    };
    members.iter().map(line).collect::<Vec<_>>().join("\n")
}

async fn expire(live: &StackSession, member: usize, silence_id: &str) -> Result<(), PanelError> {
    let client = live.clients.member(member).await?;
    client.expire_silence(silence_id).await.map(|_| ()).map_err(|error| error.to_panel(SERVICE))
}

/// The result of an end; `members` as read back, else as they were polled last.
fn ended(
    live: &StackSession,
    silence_id: &str,
    members: Option<Vec<MemberCheck>>,
) -> Result<MaintenanceEnded, PanelError> {
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
    let polled = state
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
    Ok(MaintenanceEnded { silence, still_silencing, members: members.unwrap_or(polled) })
}

fn unverified(message: &str) -> PanelError {
    PanelError::new(ErrorCode::Unverified, SERVICE.as_str(), message)
        .with_hint("See the silence list for the state on each member.")
}
