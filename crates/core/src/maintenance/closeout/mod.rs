//! Closing a window out: when it is over the panel looks once at what it hid and keeps the report in the journal.
//!
//! A report is made by whatever panel is open when the window ends, else by the next that starts, else when somebody
//! asks for it. Of a window that is on it tells how things would be if it ended now.

mod report;
mod text;

use std::{
    collections::{BTreeMap, HashSet},
    sync::Arc,
    time::Duration,
};

use aether_contract::{
    AlertState, CloseOut, ErrorCode, Level, MaintenanceWindow, Notice, PanelError, PanelEvent, ServiceKind,
    Timestamp, WindowId, WindowPhase,
};
use serde_json::json;

use super::{
    record::{Progress, Record},
    routing::Routing,
    scope::read_comment,
    silences, windows,
};
use crate::{
    history::Kept,
    panel::{clock, core::Core, live::Live},
    poll,
};

pub use text::moment;

/// Journal kind of a report; its subject is the window's id.
pub const CLOSEOUT: &str = "maintenance-closeout";

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
pub async fn closeout(core: Arc<Core>, id: String) -> Result<CloseOut, PanelError> {
    let live = core.live();
    let window = find(&core, &live, &id).await?;
    if let Some(kept) = kept(&core, &window.id).await? {
        return Ok(kept);
    }
    if window.phase == WindowPhase::Scheduled {
        return Err(PanelError::new(
            ErrorCode::InvalidRequest,
            "maintenance",
            "This window has not begun yet.",
        ));
    }
    let made = Box::pin(make(&core, &live, &window)).await?;
    if !made.report.preliminary && (made.complete || old(&window)) {
        keep(&core, &made.report).await?;
    }
    Ok(made.report)
}

fn old(window: &MaintenanceWindow) -> bool {
    clock::now().millis_since(window.ends_at) > PATIENCE_MS
}

async fn kept(core: &Core, id: &WindowId) -> Result<Option<CloseOut>, PanelError> {
    let subject = id.0.clone();
    let entry = core.journaled(move |journal| journal.find(CLOSEOUT, &subject)).await?;
    Ok(entry.and_then(|entry| serde_json::from_value(entry.detail).ok()))
}

async fn keep(core: &Core, report: &CloseOut) -> Result<(), PanelError> {
    let (subject, value, at) = (report.window.0.clone(), json!(report), report.made_at);
    core.journaled(move |journal| {
        let entry = journal.begin(CLOSEOUT, &subject, &value, at)?;
        journal.complete(entry, "done", &json!({}), at)
    })
    .await?;
    core.records.change(&report.window, |record| record.closed_out = true);
    Ok(())
}

/// The window, or the silence in the shape of one, that is meant.
async fn find(core: &Arc<Core>, live: &Arc<Live>, id: &str) -> Result<MaintenanceWindow, PanelError> {
    let look = || {
        let records = core.records.all();
        let state = live.state();
        let now = clock::now();
        let known =
            records.iter().find(|one| one.id.0.eq_ignore_ascii_case(id) || one.detail.silence_id == id);
        let here = known.filter(|one| one.detail.stack == live.profile.name).map(|one| one.id.clone());
        let tagged = || {
            let silences = state.members.iter().flat_map(|member| member.silences.iter());
            silences
                .filter(|silence| silence.id == id)
                .find_map(|silence| read_comment(&silence.comment).0)
                .or_else(|| {
                    let mut tags = state
                        .members
                        .iter()
                        .flat_map(|member| member.silences.iter())
                        .filter_map(|s| read_comment(&s.comment).0);
                    tags.find(|tag| tag.0.eq_ignore_ascii_case(id))
                })
        };
        if let Some(window) = here.or_else(tagged) {
            return Some(windows::one(&window, &records, &state, now));
        }
        let all = silences::all(&state, now);
        all.iter().find(|silence| silence.id == id).map(|silence| windows::of_silence(silence, &state, now))
    };
    let first = look();
    if let Some(window) = first {
        return Ok(window);
    }
    poll::members(core, live).await;
    look().ok_or_else(|| {
        PanelError::new(
            ErrorCode::NotFound,
            "maintenance",
            "No window and no silence of this stack has this id.",
        )
        .with_hint("See the history of windows for the ids that there are.")
    })
}

struct Made {
    report: CloseOut,
    /// Everything that could be asked has answered.
    complete: bool,
}

async fn make(core: &Arc<Core>, live: &Arc<Live>, window: &MaintenanceWindow) -> Result<Made, PanelError> {
    let (now, index, whole) = {
        let state = live.state();
        let offset = state.members.iter().find_map(|member| member.probe.clock_offset_ms).unwrap_or(0);
        (clock::now().plus_millis(i64::from(offset)), Arc::clone(&state.index), state.index_complete)
    };
    let preliminary = window.ends_at > now && window.phase != WindowPhase::Ended;
    let ended_at = if preliminary { now } else { window.ends_at.min(now) };
    let rows_at_end = whole && now.millis_since(ended_at) <= NOW_MS;
    let mut notes = Vec::new();
    let (routing, answered) = match config(live).await {
        Ok(original) => (Routing::parse(&original), true),
        Err(error) => (
            Routing::unknown(format!(
                "Alertmanager's routes are not known ({}); its defaults are assumed.",
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
    let shared = Arc::clone(core);
    let known = tokio::task::spawn_blocking(move || shared.history.between(&stack, from, ended_at))
        .await
        .unwrap_or_else(|_| Ok(Vec::new()))?;
    let series = series(live, from, ended_at).await;
    let complete = answered && series.is_ok();
    let (series, step_ms) = match series {
        Ok(found) => found,
        Err(why) => {
            notes.push(format!("What fired while no panel was open is not known: {why}"));
            (Vec::new(), 0)
        }
    };
    let rows: &[aether_contract::AlertRow] = if rows_at_end { &index.rows } else { &[] };
    let episodes = merge(known, rows, &series, step_ms, ended_at, whole);
    notes.push(
        "Whom Alertmanager has told is reckoned from its routes and from what fired when; it does not say so itself."
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
        rows: &index.rows,
        rows_at_end,
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

/// The configuration that a member runs with.
async fn config(live: &Live) -> Result<String, PanelError> {
    let mut first = None;
    for index in 0..live.profile.alertmanager.urls.len() {
        let client = live.clients.member(index).await?;
        match client.status().await {
            Ok(reply) => return Ok(reply.value.config_original),
            Err(error) => {
                first.get_or_insert(error.to_panel(ServiceKind::Alertmanager));
            }
        }
    }
    Err(first.unwrap_or_else(super::start::no_alertmanager))
}

type Series = (BTreeMap<String, String>, Vec<Timestamp>);

/// What Prometheus recorded as firing, with the distance of two samples in milliseconds.
async fn series(live: &Live, from: Timestamp, to: Timestamp) -> Result<(Vec<Series>, i64), String> {
    if live.profile.prometheus.urls.is_empty() {
        return Ok((Vec::new(), 0));
    }
    let step_ms = (to.millis_since(from) / 2_000).max(5_000);
    let step = Duration::from_millis(u64::try_from(step_ms).unwrap_or(5_000));
    let client = live.clients.prometheus().await.map_err(|error| error.message)?;
    let reply = Box::pin(client.range("ALERTS{alertstate=\"firing\"}", from, to, step))
        .await
        .map_err(|error| error.to_panel(ServiceKind::Prometheus).message)?;
    let series = reply.value.into_iter().map(|one| {
        let labels =
            one.labels.into_iter().filter(|(name, _)| name != "__name__" && name != "alertstate").collect();
        (labels, one.values.into_iter().map(|(at, _)| at).collect())
    });
    Ok((series.collect(), step_ms))
}

/// One list of episodes from what was seen, what is listed now and what Prometheus recorded. What was seen goes first: it
/// has the labels that Alertmanager sees.
fn merge(
    mut known: Vec<Kept>,
    rows: &[aether_contract::AlertRow],
    series: &[Series],
    step_ms: i64,
    to: Timestamp,
    whole: bool,
) -> Vec<Kept> {
    let on: HashSet<&str> = rows
        .iter()
        .filter(|row| !matches!(row.state, AlertState::Pending | AlertState::Resolved))
        .map(|row| row.fingerprint.0.as_str())
        .collect();
    for row in rows.iter().filter(|row| on.contains(row.fingerprint.0.as_str())) {
        if !known.iter().any(|one| one.fingerprint == row.fingerprint.0 && one.ended.is_none()) {
            known.push(Kept::of(row, to));
        }
    }
    let slack = step_ms.saturating_mul(2);
    let mut recorded = Vec::new();
    for (labels, samples) in series {
        for (began, last) in crate::history::runs(samples, step_ms) {
            let goes_on = to.millis_since(last) <= slack;
            let ended = (!goes_on).then(|| last.plus_millis(step_ms));
            let same = |one: &&mut Kept| {
                labels.iter().all(|(name, value)| one.labels.get(name) == Some(value))
                    && one.began <= last.plus_millis(slack)
                    && one.ended.is_none_or(|end| end >= began.plus_millis(-slack))
            };
            match known.iter_mut().find(same) {
                // It was on when a panel looked last, and nobody saw its end.
                Some(one) if one.ended.is_none() && !on.contains(one.fingerprint.as_str()) => {
                    one.ended = ended
                }
                Some(_) => {}
                None => recorded.push(Kept::recorded(labels, began, ended, last, step_ms)),
            }
        }
    }
    if whole && !rows.is_empty() {
        for one in
            known.iter_mut().filter(|one| one.ended.is_none() && !on.contains(one.fingerprint.as_str()))
        {
            one.ended = Some(one.seen);
        }
    }
    known.extend(recorded);
    known
}

/// Closes out the windows that are over. Called after every answer of a member; works beside the poller.
pub fn settle_ended(core: &Arc<Core>, live: &Arc<Live>) {
    if !core.polls() {
        return;
    }
    let now = clock::now();
    let due: Vec<Record> = core
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
            let window = windows::one(&record.id, &core.records.all(), &state, now);
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
            core.records.change(&record.id, |record| record.closed_out = true);
            continue;
        }
        core.records.change(&record.id, |record| record.in_hand = true);
        let (core, live) = (Arc::clone(core), Arc::clone(live));
        tokio::spawn(async move {
            if let Err(error) = Box::pin(close(&core, &live, &window)).await {
                tracing::warn!(code = error.code.as_str(), %error, "a window could not be closed out");
            }
            core.records.change(&window.id, |record| record.in_hand = false);
        });
    }
}

async fn close(core: &Arc<Core>, live: &Arc<Live>, window: &MaintenanceWindow) -> Result<(), PanelError> {
    // Another panel of this account may have been quicker.
    if kept(core, &window.id).await?.is_some() {
        core.records.change(&window.id, |record| record.closed_out = true);
        return Ok(());
    }
    let made = Box::pin(make(core, live, window)).await?;
    if made.report.preliminary || !(made.complete || old(window)) {
        return Ok(());
    }
    keep(core, &made.report).await?;
    core.publisher.send(PanelEvent::Notice(notice(&made.report)));
    core.changed.notify_one();
    Ok(())
}

/// What the desktop tells when a window is over.
fn notice(report: &CloseOut) -> Notice {
    let left = report.still_firing.len() + report.open_outside.len() + report.silent_again.len();
    let first = report.still_firing.iter().filter_map(|alert| alert.pages_by).min();
    let text = match (left, first) {
        (0, _) => format!("It hid {} alerts; none of them is left over.", report.hidden),
        (_, Some(by)) => format!("{left} alerts are left over; the first pages by {}.", moment(by)),
        _ => format!("{left} alerts are left over."),
    };
    Notice {
        level: if left == 0 { Level::Ok } else { Level::Warn },
        title: format!("Maintenance is over: {}", report.reason.chars().take(80).collect::<String>()),
        text,
        screen: "maintenance".to_owned(),
        filter: String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::alerts::tests::row;

    const S: fn(i64) -> Timestamp = |second| Timestamp(1_700_000_000_000 + second * 1000);

    fn labels(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
        pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    }

    #[test]
    fn what_was_seen_what_is_listed_and_what_was_recorded_make_one_list() {
        let mut firing = row(&[("alertname", "A"), ("cluster", "eu")]);
        firing.since = S(100);
        let series = [
            // The same alert without the external label: known already.
            (labels(&[("alertname", "A")]), (20..=60).map(|n| S(n * 5)).collect::<Vec<_>>()),
            // Nobody saw this one.
            (labels(&[("alertname", "B")]), vec![S(50), S(55), S(60)]),
        ];
        let merged = merge(Vec::new(), &[firing], &series, 5_000, S(300), true);
        let told: Vec<_> =
            merged.iter().map(|one| (one.labels["alertname"].as_str(), one.began, one.ended)).collect();
        assert_eq!(told, [("A", S(100), None), ("B", S(50), Some(S(65)))]);
        assert_eq!(merged[0].labels.len(), 2);
    }

    #[test]
    fn an_end_that_no_panel_saw_is_taken_from_prometheus() {
        let open = Kept {
            ended: None,
            seen: S(20),
            ..Kept::recorded(&labels(&[("alertname", "A")]), S(0), None, S(20), 5_000)
        };
        let series = [(labels(&[("alertname", "A")]), (0..=20).map(|n| S(n * 5)).collect::<Vec<_>>())];
        let other = row(&[("alertname", "Other")]);
        let merged = merge(vec![open], &[other], &series, 5_000, S(300), true);
        assert_eq!(merged.iter().find(|one| one.labels["alertname"] == "A").unwrap().ended, Some(S(105)));
    }
}
