//! Closing a window out: when it is over the panel looks once at what it hid and keeps the report in the journal.
//!
//! A report is made by whatever panel is open when the window ends, else by the next that starts, else when somebody
//! asks for it. Of a window that is on it tells how things would be if it ended now.

mod evidence;
mod report;
pub mod text;

use crate::maintenance::record::CLOSEOUT;
use std::sync::Arc;

use aether_contract::{
    CloseOut, ErrorCode, Level, MaintenanceWindow, Notice, PanelError, PanelEvent, WindowId, WindowPhase,
};
use serde_json::json;

use super::{
    members::is_meant,
    past_windows::Summary,
    record::{Progress, Record},
    routing::Routing,
    silences, windows,
};
use crate::maintenance::Maintenance;
use aether_context::window_tag::read_comment;
use aether_context::{poll, session::StackSession};
use aether_foundation::clock;
use aether_foundation::text::verb;

/// What fired so long before the window is looked at, to know what had been told.
const BEFORE_MS: i64 = 15 * 60_000;
/// What a server says so soon after the end may still be from before it.
const SETTLE_MS: i64 = 1_500;
/// A report that lacks what Prometheus knows is made again for so long.
const PATIENCE_MS: i64 = 3_600_000;
/// Windows that ended longer ago are closed out only when asked for.
const LATEST_MS: i64 = 7 * 86_400_000;
/// A window that ended within this is closed out by what is listed now.
const NOW_MS: i64 = 2 * 60_000;

/// The report of a window: as it was kept, else made now.
///
/// # Errors
/// `not-found`, `storage`, or what Alertmanager says.
pub async fn closeout(maintenance: Arc<Maintenance>, id: String) -> Result<CloseOut, PanelError> {
    let live = maintenance.ctx.live();
    let window = find(&maintenance, &live, &id).await?;
    if let Some(kept) = kept(&maintenance, &window.id).await? {
        return Ok(kept);
    }
    if window.phase == WindowPhase::Scheduled {
        return Err(PanelError::new(
            ErrorCode::InvalidRequest,
            "maintenance",
            "This window has not started yet.",
        ));
    }
    let made = Box::pin(make(&maintenance, &live, &window)).await?;
    if !made.report.preliminary && (made.complete || old(&window)) {
        keep(&maintenance, &made.report).await?;
    }
    Ok(made.report)
}

fn old(window: &MaintenanceWindow) -> bool {
    clock::now().millis_since(window.ends_at) > PATIENCE_MS
}

async fn kept(maintenance: &Maintenance, id: &WindowId) -> Result<Option<CloseOut>, PanelError> {
    let subject = id.0.clone();
    let entry = maintenance.ctx.journaled(move |journal| journal.find(CLOSEOUT, &subject)).await?;
    Ok(entry.and_then(|entry| serde_json::from_value(entry.detail).ok()))
}

async fn keep(maintenance: &Maintenance, report: &CloseOut) -> Result<(), PanelError> {
    let (subject, value, at) = (report.window.0.clone(), json!(report), report.made_at);
    let summary = Summary { hidden: report.hidden, left_over: report.left_over, ended_at: report.ended_at };
    maintenance
        .ctx
        .journaled(move |journal| {
            let entry = journal.begin(CLOSEOUT, &subject, &value, at)?;
            journal.complete(entry, "done", &json!(summary), at)
        })
        .await?;
    maintenance.records.change(&report.window, |record| record.closed_out = true);
    Ok(())
}

/// The window, or the silence in the shape of one, that is meant.
async fn find(
    maintenance: &Arc<Maintenance>,
    live: &Arc<StackSession>,
    id: &str,
) -> Result<MaintenanceWindow, PanelError> {
    if let Some(window) = look(maintenance, live, id) {
        return Ok(window);
    }
    poll::members(&maintenance.ctx, live).await;
    look(maintenance, live, id).ok_or_else(|| {
        PanelError::new(ErrorCode::NotFound, "maintenance", "Window or silence not found in this stack.")
            .with_hint("See the maintenance history for valid IDs.")
    })
}

fn look(maintenance: &Maintenance, live: &StackSession, id: &str) -> Option<MaintenanceWindow> {
    let (records, state, now) = (maintenance.records.all(), live.state(), clock::now());
    let known = records.iter().find(|record| {
        record.detail.stack == live.profile.name
            && (record.id.0.eq_ignore_ascii_case(id) || record.detail.silence_id == id)
    });
    let listed = || {
        let mut silences = state.members.iter().flat_map(|member| member.silences.iter());
        silences.find(|silence| is_meant(silence, id))
    };
    let window = known.map(|record| record.id.clone());
    if let Some(window) = window.or_else(|| read_comment(&listed()?.comment).0) {
        return Some(windows::one(&window, &records, &state, now));
    }
    let all = silences::all(&state, now);
    all.iter().find(|silence| silence.id == id).map(|silence| windows::of_silence(silence, &state, now))
}

struct Made {
    report: CloseOut,
    /// Everything that could be asked has answered.
    complete: bool,
}

async fn make(
    maintenance: &Arc<Maintenance>,
    live: &Arc<StackSession>,
    window: &MaintenanceWindow,
) -> Result<Made, PanelError> {
    let (now, index, whole) = {
        let state = live.state();
        let offset = state.members.iter().find_map(|member| member.probe.clock_offset_ms).unwrap_or(0);
        (clock::now().plus_millis(i64::from(offset)), Arc::clone(&state.index), state.index_complete)
    };
    let preliminary = window.ends_at > now && window.phase != WindowPhase::Ended;
    let ended_at = if preliminary { now } else { window.ends_at.min(now) };
    let rows_at_end = whole && now.millis_since(ended_at) <= NOW_MS;
    let mut notes = Vec::new();
    let (routing, answered) = match evidence::config(live).await {
        Ok(original) => (Routing::parse(&original), true),
        Err(error) => (
            Routing::unknown(format!(
                "Alertmanager's routes are unknown ({}); defaults are assumed.",
                error.message
            )),
            false,
        ),
    };
    if !routing.note.is_empty() {
        notes.push(routing.note.clone());
    }
    let from = window.starts_at.plus_millis(-BEFORE_MS);
    let stack = live.profile.name.clone();
    let shared = Arc::clone(maintenance);
    let known = tokio::task::spawn_blocking(move || shared.history.between(&stack, from, ended_at))
        .await
        .unwrap_or_else(|_| Ok(Vec::new()))?;
    let series = evidence::series(live, from, ended_at).await;
    let complete = answered && series.is_ok();
    let (series, step_ms) = match series {
        Ok(found) => found,
        Err(why) => {
            notes.push(format!("Alerts that fired while no panel was running are unknown: {why}"));
            (Vec::new(), 0)
        }
    };
    let rows = rows_at_end.then_some(index.rows.as_slice());
    let episodes = evidence::merge(known, rows, &series, step_ms, ended_at);
    notes.push(
        "Notification status is inferred from routes and alert history; Alertmanager does not report it."
            .to_owned(),
    );
    let silences: Vec<_> = {
        let state = live.state();
        silences::all(&state, clock::now())
            .into_iter()
            .filter(|silence| silence.starts_at <= ended_at && silence.ends_at > ended_at)
            .filter(|silence| silence.window.as_ref() != Some(&window.id) && silence.id != window.silence_id)
            .collect()
    };
    let found = report::find(&report::Scene {
        starts_at: window.starts_at,
        ended_at,
        matchers: &window.matchers,
        own: std::slice::from_ref(&window.silence_id),
        episodes: &episodes,
        rows,
        silences: &silences,
        routing: &routing,
        tenant_label: &live.profile.tenant_label,
        vips: &live.profile.vip_tenants,
    });
    let mut report = CloseOut {
        window: window.id.clone(),
        stack: live.profile.name.clone(),
        reason: window.reason.clone(),
        created_by: window.created_by.clone(),
        starts_at: window.starts_at,
        ended_at,
        preliminary,
        made_at: now,
        hidden: found.hidden,
        left_over: u32::try_from(
            found.still_firing.len() + found.open_outside.len() + found.silent_again.len(),
        )
        .unwrap_or(u32::MAX),
        still_firing: found.still_firing,
        open_outside: found.open_outside,
        silent_again: found.silent_again,
        unseen: found.unseen,
        silences,
        notes,
        markdown: String::new(),
    };
    report.markdown = text::markdown(&report);
    Ok(Made { report, complete })
}

/// Closes out the windows that are over. Called after every answer of a member; works beside the poller.
pub fn settle_ended(maintenance: &Arc<Maintenance>, live: &Arc<StackSession>) {
    if !maintenance.ctx.is_leader(live) {
        return;
    }
    let now = clock::now();
    let due: Vec<Record> = maintenance
        .records
        .all()
        .into_iter()
        .filter(|record| {
            record.detail.stack == live.profile.name
                && !record.closed_out
                && !record.in_hand
                && !record.open
                && matches!(record.progress, Progress::Known | Progress::Ended | Progress::Accepted)
        })
        .collect();
    for record in due {
        let window = {
            let state = live.state();
            let window = windows::one(&record.id, &maintenance.records.all(), &state, now);
            // Every member that answers has looked since.
            let looked =
                state.members.iter().filter(|member| member.probe.freshness.is_fresh()).all(|member| {
                    let offset = i64::from(member.probe.clock_offset_ms.unwrap_or(0));
                    let at = member.probe.freshness.last_good().map(|at| at.plus_millis(offset));
                    at.is_some_and(|at| at.millis_since(window.ends_at) >= SETTLE_MS)
                });
            (window.phase == WindowPhase::Ended && looked && state.index_complete).then_some(window)
        };
        let Some(window) = window else { continue };
        let never_began = window.ends_at.millis_since(record.detail.starts_at.max(window.starts_at)) < 1_000;
        if never_began || now.millis_since(window.ends_at) > LATEST_MS {
            maintenance.records.change(&record.id, |record| record.closed_out = true);
            continue;
        }
        // The panel does not close in the middle of it.
        let Ok(guard) = Arc::clone(&maintenance.ctx.effects).try_read_owned() else { return };
        maintenance.records.change(&record.id, |record| record.in_hand = true);
        let (maintenance, live) = (Arc::clone(maintenance), Arc::clone(live));
        tokio::spawn(async move {
            if let Err(error) = Box::pin(close(&maintenance, &live, &window)).await {
                tracing::warn!(code = error.code.as_str(), %error, "failed to create a close-out report");
            }
            maintenance.records.change(&window.id, |record| record.in_hand = false);
            drop(guard);
        });
    }
}

async fn close(
    maintenance: &Arc<Maintenance>,
    live: &Arc<StackSession>,
    window: &MaintenanceWindow,
) -> Result<(), PanelError> {
    // Another panel of this account may have been quicker.
    if kept(maintenance, &window.id).await?.is_some() {
        maintenance.records.change(&window.id, |record| record.closed_out = true);
        return Ok(());
    }
    let made = Box::pin(make(maintenance, live, window)).await?;
    if made.report.preliminary || !(made.complete || old(window)) {
        return Ok(());
    }
    keep(maintenance, &made.report).await?;
    maintenance.ctx.publisher.send(PanelEvent::Notice(notice(&made.report)));
    maintenance.ctx.changed.notify_one();
    Ok(())
}

fn follow_up(left: u32) -> String {
    verb(left as usize, "alert needs follow-up", "alerts need follow-up")
}

/// What the desktop tells when a window is over.
fn notice(report: &CloseOut) -> Notice {
    let first = report.still_firing.iter().filter_map(|alert| alert.pages_by).min();
    let left = report.left_over;
    let text = match (left, first) {
        (0, _) => format!(
            "{}; none needs follow-up.",
            verb(report.hidden as usize, "alert was muted", "alerts were muted")
        ),
        (_, Some(by)) => {
            format!("{}; the first pages by {}.", follow_up(left), aether_foundation::text::moment(by))
        }
        _ => format!("{}.", follow_up(left)),
    };
    Notice {
        level: if left == 0 { Level::Ok } else { Level::Warn },
        title: format!("Maintenance ended: {}", report.reason.chars().take(80).collect::<String>()),
        text,
        screen: "maintenance".to_owned(),
        filter: String::new(),
    }
}
