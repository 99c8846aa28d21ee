//! Recurring windows: a cron expression in a time zone, and the next occurrences made ahead as silences of the future,
//! so that they hold while no panel is open.
//!
//! Each occurrence has the window id that its schedule and its begin give (UUID v5): made once, whoever makes it and
//! however often. An occurrence that a person has ended is not made again.

use std::{
    collections::BTreeMap,
    sync::Arc,
    time::{Duration, Instant},
};

use aether_contract::{
    ErrorCode, MaintenanceRepairRequest, MaintenanceRequest, Matcher, Occurrence, PanelError, Schedule,
    ScheduleDeleteRequest, ScheduleList, SchedulePreview, SchedulePreviewRequest, ScheduleSaveRequest,
    SilenceState, Timestamp, WindowId, WindowPhase,
};
use croner::{
    Cron,
    parser::{CronParser, Seconds, Year},
};
use jiff::{Zoned, tz::TimeZone};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use uuid::Uuid;

use super::{
    change, record::Progress, repair, scope, scope::read_comment, silences::state_at, start, windows,
};
use crate::{
    journal::{Entry, Journal},
    panel::{clock, core::Core, live::Live},
};

/// Journal kind of a schedule; its subject is the schedule's id, and the newest entry holds.
pub const SCHEDULE: &str = "maintenance-schedule";

/// Dates that a preview shows.
const SHOWN: usize = 5;
/// Most occurrences that are kept made.
const MAX_AHEAD: u32 = 10;
/// Most schedules of a stack.
const MAX_SCHEDULES: usize = 50;
/// Entries that are read.
const READ: u32 = 5_000;
/// Between two looks at whether something is to be made.
const EVERY: Duration = Duration::from_secs(15);
/// An occurrence whose rest is shorter is left out.
const LEAST_MS: i64 = 60_000;

/// What the journal keeps of a schedule.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Kept {
    stack: String,
    cron: String,
    time_zone: String,
    duration_s: u32,
    reason: String,
    created_by: String,
    matchers: Vec<Matcher>,
    ahead: u32,
    enabled: bool,
    /// When it was made or changed: what began before is none of its occurrences.
    since: Timestamp,
    #[serde(default)]
    deleted: bool,
}

/// Schedules in memory, and when they were looked after last.
#[derive(Default)]
pub struct Schedules {
    kept: std::sync::Mutex<BTreeMap<String, Kept>>,
    looked: std::sync::Mutex<Option<Instant>>,
    problems: std::sync::Mutex<BTreeMap<String, String>>,
}

impl Schedules {
    /// Reads the journal. One that can't be read gives none; its error is logged.
    pub fn load(journal: &Journal) -> Self {
        let entries = journal.recent(SCHEDULE, READ).unwrap_or_else(|error| {
            tracing::warn!(code = error.code.as_str(), "the schedules could not be read");
            Vec::new()
        });
        Self { kept: std::sync::Mutex::new(fold(&entries)), ..Self::default() }
    }

    fn of(&self, stack: &str) -> Vec<(String, Kept)> {
        let kept = lock(&self.kept);
        kept.iter().filter(|(_, one)| one.stack == stack).map(|(id, one)| (id.clone(), one.clone())).collect()
    }

    fn get(&self, id: &str, stack: &str) -> Option<Kept> {
        lock(&self.kept).get(id).filter(|one| one.stack == stack).cloned()
    }

    fn due(&self) -> bool {
        let mut looked = lock(&self.looked);
        if looked.is_some_and(|at| at.elapsed() < EVERY) {
            return false;
        }
        *looked = Some(Instant::now());
        true
    }

    /// Whether the last look is long enough ago.
    fn rested(&self) -> bool {
        lock(&self.looked).is_none_or(|at| at.elapsed() >= EVERY)
    }

    /// Looks again with the next answer.
    fn soon(&self) {
        *lock(&self.looked) = None;
    }

    fn problem(&self, id: &str) -> String {
        lock(&self.problems).get(id).cloned().unwrap_or_default()
    }

    fn set_problem(&self, id: &str, problem: Option<String>) {
        let mut problems = lock(&self.problems);
        match problem {
            Some(problem) => problems.insert(id.to_owned(), problem),
            None => problems.remove(id),
        };
    }
}

fn lock<T>(mutex: &std::sync::Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}

/// Newest first in, the newest of each holds.
fn fold(entries: &[Entry]) -> BTreeMap<String, Kept> {
    let mut kept = BTreeMap::new();
    for entry in entries.iter().rev() {
        match serde_json::from_value::<Kept>(entry.detail.clone()) {
            Ok(one) if !one.deleted => kept.insert(entry.subject.clone(), one),
            _ => kept.remove(&entry.subject),
        };
    }
    kept
}

/// The window id of an occurrence.
fn window_id(schedule: &str, starts_at: Timestamp) -> WindowId {
    let space = Uuid::try_parse(schedule).unwrap_or(Uuid::NAMESPACE_OID);
    WindowId(Uuid::new_v5(&space, starts_at.0.to_string().as_bytes()).to_string())
}

/// A cron expression with its time zone.
struct Rhythm {
    cron: Cron,
    zone: TimeZone,
}

impl Rhythm {
    fn parse(cron: &str, time_zone: &str) -> Result<Self, PanelError> {
        if cron.len() > 200 {
            return Err(refuse("The cron expression is longer than 200 characters."));
        }
        let parser = CronParser::builder().seconds(Seconds::Disallowed).year(Year::Disallowed).build();
        let parsed = parser.parse(cron).map_err(|error| {
            refuse(format!("The cron expression can't be read: {error}.")).with_hint(
                "Five fields: minute, hour, day of month, month, day of week. Sundays at 2:30: 30 2 * * 0",
            )
        })?;
        let name = time_zone.trim();
        let zone = if name.is_empty() { Ok(TimeZone::system()) } else { TimeZone::get(name) };
        let zone = zone.map_err(|_| {
            refuse(format!("There is no time zone \"{}\".", name.chars().take(60).collect::<String>()))
                .with_hint("Write it as Europe/Berlin, America/New_York or UTC.")
        })?;
        Ok(Self { cron: parsed, zone })
    }

    /// The next begins after a moment. Across the change to daylight saving a time that does not exist moves to the first
    /// that does, and one that exists twice counts once.
    fn after(&self, from: Timestamp, count: usize) -> Vec<Timestamp> {
        let Ok(from) = jiff::Timestamp::from_millisecond(from.0) else { return Vec::new() };
        let mut at = from.to_zoned(self.zone.clone());
        let mut found: Vec<Timestamp> = Vec::new();
        // Bounded: an hour that exists twice may give the same wall-clock time again.
        for _ in 0..count.saturating_mul(2) {
            let Ok(next) = self.cron.find_next_occurrence(&at, false) else { break };
            if next <= at {
                break;
            }
            let repeated = found.len() == count || (!found.is_empty() && same_wall_clock(&at, &next));
            if !repeated {
                found.push(Timestamp(next.timestamp().as_millisecond()));
            }
            if found.len() >= count {
                break;
            }
            at = next;
        }
        found
    }
}

fn same_wall_clock(a: &Zoned, b: &Zoned) -> bool {
    a.datetime() == b.datetime()
}

fn refuse(message: impl Into<String>) -> PanelError {
    PanelError::new(ErrorCode::InvalidRequest, "schedule", message)
}

/// The next dates of an expression.
///
/// # Errors
/// `invalid-request` that says what is wrong with the expression or the time zone.
pub fn preview(request: &SchedulePreviewRequest, now: Timestamp) -> Result<SchedulePreview, PanelError> {
    let rhythm = Rhythm::parse(&request.cron, &request.time_zone)?;
    let next = rhythm.after(now, SHOWN);
    if next.is_empty() {
        return Err(refuse("No date fits this cron expression."));
    }
    Ok(SchedulePreview {
        description: rhythm.cron.describe(),
        time_zone: rhythm.zone.iana_name().unwrap_or("UTC").to_owned(),
        local: next.iter().map(|at| local(*at, &rhythm.zone)).collect(),
        next,
    })
}

/// A moment on the schedule's own clock, with its offset: daylight saving shows.
fn local(at: Timestamp, zone: &TimeZone) -> String {
    jiff::Timestamp::from_millisecond(at.0)
        .map(|at| at.to_zoned(zone.clone()).strftime("%a %Y-%m-%d %H:%M %:z").to_string())
        .unwrap_or_default()
}

/// All schedules of the selected stack with their next occurrences.
pub fn list(core: &Core, live: &Live) -> ScheduleList {
    let now = clock::now();
    let schedules = core
        .schedules
        .of(&live.profile.name)
        .into_iter()
        .map(|(id, kept)| shown(core, live, &id, &kept, now));
    ScheduleList { schedules: schedules.collect() }
}

fn shown(core: &Core, live: &Live, id: &str, kept: &Kept, now: Timestamp) -> Schedule {
    let rhythm = Rhythm::parse(&kept.cron, &kept.time_zone);
    let (next, description, zone) = match &rhythm {
        Ok(rhythm) => (rhythm.after(now, SHOWN), rhythm.cron.describe(), rhythm.zone.clone()),
        Err(_) => (Vec::new(), String::new(), TimeZone::UTC),
    };
    let records = core.records.all();
    let occurrences = next
        .into_iter()
        .map(|starts_at| {
            let window = window_id(id, starts_at);
            let known = records.iter().find(|record| record.id == window);
            let ended = known.is_some_and(|record| record.progress == Progress::Ended);
            let made = !ended
                && (known.is_some_and(|record| record.progress != Progress::Refused)
                    || listed(live, &window, now).is_some());
            Occurrence {
                starts_at,
                ends_at: starts_at.plus_millis(i64::from(kept.duration_s) * 1000),
                local: local(starts_at, &zone),
                window,
                made,
                cancelled: ended,
            }
        })
        .collect();
    Schedule {
        id: id.to_owned(),
        cron: kept.cron.clone(),
        description,
        time_zone: kept.time_zone.clone(),
        duration_s: kept.duration_s,
        reason: kept.reason.clone(),
        created_by: kept.created_by.clone(),
        matchers: kept.matchers.clone(),
        ahead: kept.ahead,
        enabled: kept.enabled,
        occurrences,
        problem: match rhythm {
            Ok(_) => core.schedules.problem(id),
            Err(error) => error.message,
        },
    }
}

/// The state of a window's silence on the members, as last heard.
fn listed(live: &Live, window: &WindowId, now: Timestamp) -> Option<SilenceState> {
    let state = live.state();
    state.members.iter().flat_map(|member| member.silences.iter()).find_map(|silence| {
        (read_comment(&silence.comment).0.as_ref() == Some(window)).then(|| state_at(silence, now))
    })
}

/// Keeps a schedule, new or changed, and makes its next occurrences. Those made before by other rules are taken back.
///
/// # Errors
/// `invalid-request`, `not-found`, `storage`.
pub async fn save(core: Arc<Core>, request: ScheduleSaveRequest) -> Result<ScheduleList, PanelError> {
    let live = core.live();
    let stack = live.profile.name.clone();
    let rhythm = Rhythm::parse(&request.cron, &request.time_zone)?;
    if rhythm.after(clock::now(), 1).is_empty() {
        return Err(refuse("No date fits this cron expression."));
    }
    if request.ahead == 0 || request.ahead > MAX_AHEAD {
        return Err(refuse(format!("From 1 to {MAX_AHEAD} occurrences are made ahead.")));
    }
    let max_s = core.settings.get().max_window_minutes.saturating_mul(60);
    let window = MaintenanceRequest {
        duration_s: request.duration_s,
        reason: request.reason.clone(),
        created_by: request.created_by.clone(),
        matchers: request.matchers.clone(),
        starts_at: None,
    };
    scope::check(&window, max_s, live.profile.heartbeat.as_deref(), true)?;
    let before = match &request.id {
        Some(id) => Some(core.schedules.get(id, &stack).ok_or_else(unknown)?),
        None if core.schedules.of(&stack).len() >= MAX_SCHEDULES => {
            return Err(refuse(format!("A stack has at most {MAX_SCHEDULES} schedules.")));
        }
        None => None,
    };
    let id = request.id.clone().unwrap_or_else(|| Uuid::new_v4().to_string());
    let kept = Kept {
        stack,
        cron: request.cron.trim().to_owned(),
        // The zone is kept by name: a laptop that travels does not move the window.
        time_zone: rhythm.zone.iana_name().unwrap_or("UTC").to_owned(),
        duration_s: request.duration_s,
        reason: request.reason.trim().to_owned(),
        created_by: scope::author(&request.created_by),
        matchers: request.matchers,
        ahead: request.ahead,
        enabled: request.enabled,
        since: clock::now(),
        deleted: false,
    };
    write(&core, &id, &kept).await?;
    if before.is_some_and(|before| Kept { since: kept.since, ..before } != kept) {
        take_back(&core, &live, &id).await?;
    }
    core.schedules.soon();
    Box::pin(tend(&core, &live)).await;
    Ok(list(&core, &live))
}

/// Forgets a schedule and takes back what it has made of the future. A window that is on goes on.
///
/// # Errors
/// `not-found`, `storage`, or what Alertmanager says.
pub async fn delete(core: Arc<Core>, request: ScheduleDeleteRequest) -> Result<ScheduleList, PanelError> {
    let live = core.live();
    let kept = core.schedules.get(&request.id, &live.profile.name).ok_or_else(unknown)?;
    // First of all it makes no more.
    write(&core, &request.id, &Kept { deleted: true, ..kept }).await?;
    take_back(&core, &live, &request.id).await?;
    Ok(list(&core, &live))
}

fn unknown() -> PanelError {
    PanelError::new(ErrorCode::NotFound, "schedule", "This stack has no such schedule.")
}

async fn write(core: &Core, id: &str, kept: &Kept) -> Result<(), PanelError> {
    let (subject, value, at) = (id.to_owned(), json!(kept), clock::now());
    core.journaled(move |journal| {
        let entry = journal.begin(SCHEDULE, &subject, &value, at)?;
        journal.complete(entry, "done", &Value::Null, at)
    })
    .await?;
    let mut all = lock(&core.schedules.kept);
    if kept.deleted {
        all.remove(id)
    } else {
        all.insert(id.to_owned(), kept.clone())
    };
    Ok(())
}

/// Ends every silence of the future that a schedule has made. The ids of its occurrences tell them.
async fn take_back(core: &Arc<Core>, live: &Arc<Live>, id: &str) -> Result<(), PanelError> {
    let ours: Vec<WindowId> = {
        let now = clock::now();
        let state = live.state();
        let pending = state
            .members
            .iter()
            .flat_map(|member| member.silences.iter().map(move |silence| (member, silence)));
        let mut ours: Vec<WindowId> = pending
            .filter(|(member, silence)| {
                state_at(silence, member.probe.server_now().unwrap_or(now)) == SilenceState::Pending
            })
            .filter_map(|(_, silence)| Some((read_comment(&silence.comment).0?, silence.starts_at)))
            .filter(|(window, starts_at)| *window == window_id(id, *starts_at))
            .map(|(window, _)| window)
            .collect();
        ours.sort();
        ours.dedup();
        ours
    };
    for window in ours {
        let request = aether_contract::MaintenanceEndRequest { id: window.0.clone() };
        Box::pin(change::end(Arc::clone(core), request)).await?;
        // It may be wanted again by the changed rules.
        core.records.forget(&window);
    }
    Ok(())
}

/// Looks after the schedules beside the poller, whose turn making a window would need. Called after every answer of a member.
pub fn look_after(core: &Arc<Core>, live: &Arc<Live>) {
    if !core.polls() || core.schedules.of(&live.profile.name).is_empty() || !core.schedules.rested() {
        return;
    }
    let (core, live) = (Arc::clone(core), Arc::clone(live));
    tokio::spawn(async move {
        // The panel does not close in the middle of it.
        let guard = Arc::clone(&core.effects).read_owned().await;
        Box::pin(tend(&core, &live)).await;
        drop(guard);
    });
}

/// Makes what is due of every schedule, and makes again what Alertmanager has lost. Looks every few seconds at most.
pub async fn tend(core: &Arc<Core>, live: &Arc<Live>) {
    let schedules = core.schedules.of(&live.profile.name);
    if schedules.is_empty() || !core.schedules.due() {
        return;
    }
    let (now, heard) = {
        let state = live.state();
        let offset = state.members.iter().find_map(|member| member.probe.clock_offset_ms).unwrap_or(0);
        let heard = state.members.iter().any(|member| member.probe.freshness.is_fresh());
        (clock::now().plus_millis(i64::from(offset)), heard)
    };
    if !heard {
        core.schedules.soon();
        return;
    }
    for (id, kept) in schedules.into_iter().filter(|(_, kept)| kept.enabled) {
        let Ok(rhythm) = Rhythm::parse(&kept.cron, &kept.time_zone) else { continue };
        let length_ms = i64::from(kept.duration_s) * 1000;
        // One that is on already counts too: the panel may have been closed when it was to be made.
        let since = now.plus_millis(-length_ms + LEAST_MS);
        let running = rhythm.after(since, 1).into_iter().filter(|at| *at <= now && *at >= kept.since);
        let wanted: Vec<Timestamp> = running.chain(rhythm.after(now, kept.ahead as usize)).collect();
        let mut problem = None;
        for starts_at in wanted {
            let window = window_id(&id, starts_at);
            match standing(core, live, &window, now) {
                Standing::There => continue,
                Standing::Lost => {
                    let request = MaintenanceRepairRequest { id: window.0.clone() };
                    if let Err(error) = Box::pin(repair::repair(Arc::clone(core), request)).await {
                        tracing::warn!(code = error.code.as_str(), %error, schedule = id, "a scheduled window is lost");
                        problem = Some(error.message);
                    }
                    continue;
                }
                Standing::Missing => {}
            }
            let ends_at = starts_at.plus_millis(length_ms);
            let request = MaintenanceRequest {
                duration_s: u32::try_from(ends_at.millis_since(starts_at.max(now)) / 1000)
                    .unwrap_or(kept.duration_s),
                reason: kept.reason.clone(),
                created_by: kept.created_by.clone(),
                matchers: kept.matchers.clone(),
                starts_at: (starts_at > now).then_some(starts_at),
            };
            if let Err(error) = Box::pin(start::start_as(Arc::clone(core), request, Some(window))).await {
                tracing::warn!(code = error.code.as_str(), %error, schedule = id, "a scheduled window could not be made");
                problem = Some(error.message);
            }
        }
        core.schedules.set_problem(&id, problem);
    }
}

/// How an occurrence stands.
enum Standing {
    /// It was made, or taken back by a person, or is about to be made.
    There,
    /// It was made, and no member that answers knows it.
    Lost,
    /// It is to be made.
    Missing,
}

fn standing(core: &Core, live: &Live, window: &WindowId, now: Timestamp) -> Standing {
    let records = core.records.all();
    let known = records.iter().any(|record| record.id == *window && record.progress != Progress::Refused);
    if known {
        let phase = windows::one(window, &records, &live.state(), clock::now()).phase;
        return if phase == WindowPhase::Lost { Standing::Lost } else { Standing::There };
    }
    if listed(live, window, now).is_some() { Standing::There } else { Standing::Missing }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        Timestamp(text.parse::<jiff::Timestamp>().unwrap().as_millisecond())
    }

    fn next(cron: &str, zone: &str, from: &str, count: usize) -> Vec<String> {
        let rhythm = Rhythm::parse(cron, zone).unwrap();
        rhythm.after(at(from), count).into_iter().map(|at| local(at, &rhythm.zone)).collect()
    }

    #[test]
    fn dates_are_those_of_the_time_zone_and_keep_their_wall_clock_over_daylight_saving() {
        // Europe changes on 2026-03-29.
        assert_eq!(
            next("0 9 * * 1", "Europe/Berlin", "2026-03-20T00:00:00Z", 3),
            ["Mon 2026-03-23 09:00 +01:00", "Mon 2026-03-30 09:00 +02:00", "Mon 2026-04-06 09:00 +02:00"]
        );
        assert_eq!(next("0 0 1 * *", "UTC", "2026-12-31T23:59:59Z", 1), ["Fri 2027-01-01 00:00 +00:00"]);
        assert_eq!(next("0 9 29 2 *", "UTC", "2026-01-01T00:00:00Z", 1), ["Tue 2028-02-29 09:00 +00:00"]);
    }

    #[test]
    fn an_hour_that_does_not_exist_is_not_lost_and_one_that_exists_twice_counts_once() {
        // 02:30 does not exist on 2026-03-29 in Berlin, and exists twice on 2026-10-25.
        let spring = next("30 2 * * *", "Europe/Berlin", "2026-03-28T12:00:00Z", 2);
        assert_eq!(spring.len(), 2);
        assert!(spring[0].starts_with("Sun 2026-03-29 03:"), "{spring:?}");
        assert_eq!(spring[1], "Mon 2026-03-30 02:30 +02:00");
        let autumn = next("30 2 * * *", "Europe/Berlin", "2026-10-24T12:00:00Z", 2);
        assert_eq!(autumn, ["Sun 2026-10-25 02:30 +02:00", "Mon 2026-10-26 02:30 +01:00"]);
    }

    #[test]
    fn what_is_no_expression_or_zone_is_told() {
        for (cron, zone, word) in [
            ("", "UTC", "can't be read"),
            ("61 * * * *", "UTC", "can't be read"),
            ("0 9 * *", "UTC", "can't be read"),
            ("0 0 9 * * 1", "UTC", "can't be read"),
            ("0 9 * * 1", "Mars/Olympus", "no time zone"),
            ("0 0 31 2 *", "UTC", "No date fits"),
        ] {
            let request = SchedulePreviewRequest { cron: cron.into(), time_zone: zone.into() };
            let error = preview(&request, at("2026-01-01T00:00:00Z")).unwrap_err();
            assert!(error.message.contains(word), "{cron} {zone}: {error}");
        }
        let request = SchedulePreviewRequest { cron: "30 2 * * 0".into(), time_zone: "Europe/Berlin".into() };
        let shown = preview(&request, at("2026-01-01T00:00:00Z")).unwrap();
        assert_eq!((shown.next.len(), shown.time_zone.as_str()), (5, "Europe/Berlin"));
        assert!(!shown.description.is_empty());
    }

    #[test]
    fn an_occurrence_has_the_same_id_wherever_it_is_made() {
        let schedule = "8c0f5b62-3d2c-4f62-9d5e-0f4f5d1f7a11";
        assert_eq!(window_id(schedule, Timestamp(1000)), window_id(schedule, Timestamp(1000)));
        assert_ne!(window_id(schedule, Timestamp(1000)), window_id(schedule, Timestamp(2000)));
        let tagged = scope::comment(&window_id(schedule, Timestamp(1000)), "x");
        assert!(read_comment(&tagged).0.is_some());
    }

    #[test]
    fn the_newest_entry_of_a_schedule_holds() {
        let kept = Kept {
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
        let entry = |id: i64, subject: &str, kept: &Kept| Entry {
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
            entry(4, "b", &Kept { deleted: true, ..kept.clone() }),
            entry(3, "a", &Kept { duration_s: 1200, ..kept.clone() }),
            entry(2, "b", &kept),
            entry(1, "a", &kept),
        ]);
        assert_eq!(folded.keys().collect::<Vec<_>>(), ["a"]);
        assert_eq!(folded["a"].duration_s, 1200);
    }
}
