//! Recurring windows: a cron expression in a time zone. The next occurrences exist as pending silences, so
//! that they work while no panel is open.
//!
//! Each occurrence has the window id that its schedule and its begin give (UUID v5): made once, whoever makes it. What
//! Alertmanager has lost is made again; an occurrence that a person has ended is not.

mod cron;
mod stored;

use aether_foundation::author;
use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use aether_contract::{
    ErrorCode, MaintenanceEndRequest, MaintenanceRequest, Occurrence, PanelError, Schedule,
    ScheduleDeleteRequest, ScheduleList, ScheduleSaveRequest, SilenceState, Timestamp, WindowId,
};
use uuid::Uuid;

use self::{
    cron::{CronSchedule, SHOWN, refuse},
    stored::{StoredSchedule, window_id},
};
use super::{change, scope, silences::state_at, start};
use crate::maintenance::Maintenance;
use aether_context::session::{SessionState, StackSession};
use aether_context::window_tag::read_comment;
use aether_foundation::clock;

pub use cron::preview;

/// Most occurrences that are kept made.
const MAX_AHEAD: u32 = 10;
/// Most schedules of a stack.
const MAX_SCHEDULES: usize = 50;
/// Between two looks at whether something is to be made, and when the last one failed.
const EVERY: Duration = Duration::from_secs(15);
const AGAIN: Duration = Duration::from_secs(300);
/// An occurrence whose rest is shorter is left out.
const LEAST_MS: i64 = 60_000;

/// What is known of looking after schedules; they themselves are in the journal.
#[derive(Default)]
pub struct Schedules {
    /// One look at a time, and none before this.
    turn: tokio::sync::Mutex<Option<Instant>>,
    problems: Mutex<BTreeMap<String, String>>,
}

impl Schedules {
    fn problem(&self, id: &str) -> String {
        let problems = self.problems.lock().unwrap_or_else(PoisonError::into_inner);
        problems.get(id).cloned().unwrap_or_default()
    }

    fn set_problem(&self, id: &str, problem: String) {
        self.problems.lock().unwrap_or_else(PoisonError::into_inner).insert(id.to_owned(), problem);
    }
}

/// How an occurrence stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Standing {
    /// A member has it.
    Made,
    /// A person has taken it back since the schedule is as it is.
    Cancelled,
    /// It is to be made, for the first time or again.
    Missing,
}

/// From what the members list and when a person of this account ended it last.
fn standing(
    state: &SessionState,
    window: &WindowId,
    ended: Option<Timestamp>,
    since: Timestamp,
    now: Timestamp,
) -> Standing {
    let mut cancelled = ended.is_some_and(|at| at > since);
    let listed = state.members.iter().flat_map(|member| {
        let now = member.probe.server_now().unwrap_or(now);
        member.silences.iter().map(move |silence| (silence, state_at(silence, now)))
    });
    for (silence, state) in listed.filter(|(one, _)| read_comment(&one.comment).0.as_ref() == Some(window)) {
        if state != SilenceState::Expired {
            return Standing::Made;
        }
        cancelled |= silence.updated_at > since;
    }
    if cancelled { Standing::Cancelled } else { Standing::Missing }
}

/// All schedules of the selected stack with their next occurrences.
///
/// # Errors
/// `storage`.
pub async fn list(maintenance: &Maintenance, live: &StackSession) -> Result<ScheduleList, PanelError> {
    let mut schedules = Vec::new();
    for (id, kept) in stored::read(maintenance, &live.profile.name).await? {
        schedules.push(shown(maintenance, live, id, kept, clock::now()).await?);
    }
    Ok(ScheduleList { schedules })
}

async fn shown(
    maintenance: &Maintenance,
    live: &StackSession,
    id: String,
    kept: StoredSchedule,
    now: Timestamp,
) -> Result<Schedule, PanelError> {
    let (occurrences, description, problem) = match CronSchedule::parse(&kept.cron, &kept.time_zone) {
        Ok(rhythm) => {
            let next = rhythm.after(now, SHOWN);
            let ended =
                stored::ended(maintenance, next.iter().map(|at| window_id(&id, *at)).collect()).await?;
            let state = live.state();
            let one = |starts_at: Timestamp| {
                let window = window_id(&id, starts_at);
                let standing = standing(&state, &window, ended.get(&window).copied(), kept.since, now);
                Occurrence {
                    starts_at,
                    ends_at: starts_at.plus_millis(i64::from(kept.duration_s) * 1000),
                    local: rhythm.local(starts_at),
                    window,
                    made: standing == Standing::Made,
                    cancelled: standing == Standing::Cancelled,
                }
            };
            (next.into_iter().map(one).collect(), rhythm.words(), maintenance.schedules.problem(&id))
        }
        Err(error) => (Vec::new(), String::new(), error.message),
    };
    Ok(Schedule {
        id,
        cron: kept.cron,
        description,
        time_zone: kept.time_zone,
        duration_s: kept.duration_s,
        reason: kept.reason,
        created_by: kept.created_by,
        matchers: kept.matchers,
        ahead: kept.ahead,
        enabled: kept.enabled,
        occurrences,
        problem,
    })
}

/// Keeps a schedule, new or changed, and makes its next occurrences. Those made before by other rules are taken back.
///
/// # Errors
/// `invalid-request`, `not-found`, `storage`, or what Alertmanager says when something is to be taken back.
pub async fn save(
    maintenance: Arc<Maintenance>,
    request: ScheduleSaveRequest,
) -> Result<ScheduleList, PanelError> {
    let live = maintenance.ctx.live();
    let stack = live.profile.name.clone();
    let rhythm = CronSchedule::parse(&request.cron, &request.time_zone)?;
    if rhythm.after(clock::now(), 1).is_empty() {
        return Err(refuse("This cron expression never matches a date."));
    }
    if request.ahead == 0 || request.ahead > MAX_AHEAD {
        return Err(refuse(format!("The number of windows created in advance must be 1 to {MAX_AHEAD}.")));
    }
    let max_s = maintenance.ctx.settings.get().max_window_minutes.saturating_mul(60);
    let window = MaintenanceRequest {
        duration_s: request.duration_s,
        reason: request.reason.clone(),
        created_by: request.created_by.clone(),
        matchers: request.matchers.clone(),
        starts_at: None,
    };
    scope::check(&window, max_s, live.profile.heartbeat.as_deref(), true, clock::now())?;
    let mut known = stored::read(&maintenance, &stack).await?;
    let before = match &request.id {
        Some(id) => Some(known.remove(id).ok_or_else(unknown)?),
        None if known.len() >= MAX_SCHEDULES => {
            return Err(refuse(format!("A stack can have at most {MAX_SCHEDULES} schedules.")));
        }
        None => None,
    };
    let id = request.id.clone().unwrap_or_else(|| Uuid::new_v4().to_string());
    let wanted = StoredSchedule {
        stack,
        cron: request.cron.trim().to_owned(),
        time_zone: rhythm.zone().to_owned(),
        duration_s: request.duration_s,
        reason: request.reason.trim().to_owned(),
        created_by: author::author(&request.created_by),
        matchers: request.matchers,
        ahead: request.ahead,
        enabled: request.enabled,
        since: before.as_ref().map_or_else(clock::now, |before| before.since),
        deleted: false,
    };
    let mut turn = maintenance.schedules.turn.lock().await;
    if before.as_ref() != Some(&wanted) {
        if before.is_some() {
            take_back(&maintenance, &live, &id).await?;
        }
        // Later than what was taken back, so that it may be made again.
        stored::write(&maintenance, &id, &StoredSchedule { since: clock::now(), ..wanted }).await?;
    }
    *turn = Some(Instant::now() + Box::pin(tend(&maintenance, &live)).await);
    drop(turn);
    list(&maintenance, &live).await
}

/// Deletes a schedule and its pending windows. An active window continues.
///
/// # Errors
/// `not-found`, `storage`, or what Alertmanager says.
pub async fn delete(
    maintenance: Arc<Maintenance>,
    request: ScheduleDeleteRequest,
) -> Result<ScheduleList, PanelError> {
    let live = maintenance.ctx.live();
    let kept =
        stored::read(&maintenance, &live.profile.name).await?.remove(&request.id).ok_or_else(unknown)?;
    let turn = maintenance.schedules.turn.lock().await;
    // First of all it makes no more.
    stored::write(&maintenance, &request.id, &StoredSchedule { deleted: true, ..kept }).await?;
    take_back(&maintenance, &live, &request.id).await?;
    drop(turn);
    list(&maintenance, &live).await
}

fn unknown() -> PanelError {
    PanelError::new(ErrorCode::NotFound, "schedule", "Schedule not found in this stack.")
}

/// Ends every silence of the future that a schedule has made. The ids of its occurrences tell them.
async fn take_back(maintenance: &Arc<Maintenance>, live: &StackSession, id: &str) -> Result<(), PanelError> {
    let ours: std::collections::BTreeSet<WindowId> = {
        let (state, now) = (live.state(), clock::now());
        let silences = super::silences::current(&state, now).into_iter();
        silences
            .filter(|silence| silence.state == SilenceState::Pending)
            .filter(|silence| silence.window.as_ref() == Some(&window_id(id, silence.starts_at)))
            .filter_map(|silence| silence.window)
            .collect()
    };
    for window in ours {
        let request = MaintenanceEndRequest { id: window.0 };
        Box::pin(change::end(Arc::clone(maintenance), request)).await?;
    }
    Ok(())
}

/// Looks after the schedules beside the poller, whose turn making a window would need. Called after every
/// answer of a member.
pub fn look_after(maintenance: &Arc<Maintenance>, live: &Arc<StackSession>) {
    if !maintenance.ctx.is_leader(live) {
        return;
    }
    // The panel does not close in the middle of it.
    let Ok(guard) = Arc::clone(&maintenance.ctx.effects).try_read_owned() else { return };
    let (maintenance, live) = (Arc::clone(maintenance), Arc::clone(live));
    tokio::spawn(async move {
        if let Ok(mut turn) = maintenance.schedules.turn.try_lock()
            && turn.is_none_or(|not_before| Instant::now() >= not_before)
        {
            *turn = Some(Instant::now() + Box::pin(tend(&maintenance, &live)).await);
        }
        drop(guard);
    });
}

/// Makes what is due of every schedule, and makes again what Alertmanager has lost. Answers how long that will do.
async fn tend(maintenance: &Arc<Maintenance>, live: &Arc<StackSession>) -> Duration {
    let schedules = match stored::read(maintenance, &live.profile.name).await {
        Ok(schedules) => schedules,
        Err(error) => {
            tracing::warn!(code = error.code.as_str(), %error, "failed to read the schedules");
            return AGAIN;
        }
    };
    let heard = live.state().members.iter().any(|member| member.probe.freshness.is_fresh());
    if !heard {
        return Duration::ZERO;
    }
    let mut rest = EVERY;
    for (id, kept) in schedules.iter().filter(|(_, kept)| kept.enabled) {
        let problem = match Box::pin(make(maintenance, live, id, kept)).await {
            Ok(()) => String::new(),
            Err(error) => {
                tracing::warn!(code = error.code.as_str(), %error, schedule = id, "scheduled window not created");
                rest = AGAIN;
                error.message
            }
        };
        maintenance.schedules.set_problem(id, problem);
    }
    rest
}

/// Makes the occurrences of one schedule that are missing; the first that fails ends it.
async fn make(
    maintenance: &Arc<Maintenance>,
    live: &Arc<StackSession>,
    id: &str,
    kept: &StoredSchedule,
) -> Result<(), PanelError> {
    let rhythm = CronSchedule::parse(&kept.cron, &kept.time_zone)?;
    let offset = live.state().members.iter().find_map(|member| member.probe.clock_offset_ms).unwrap_or(0);
    let now = clock::now().plus_millis(i64::from(offset));
    let length_ms = i64::from(kept.duration_s) * 1000;
    // One that is on already counts too: the panel may have been closed when it was to be made.
    let running = rhythm.after(now.plus_millis(LEAST_MS - length_ms), 1).into_iter();
    let running = running.filter(|at| *at <= now && *at >= kept.since);
    let wanted: Vec<Timestamp> = running.chain(rhythm.after(now, kept.ahead as usize)).collect();
    let ended = stored::ended(maintenance, wanted.iter().map(|at| window_id(id, *at)).collect()).await?;
    for starts_at in wanted {
        let window = window_id(id, starts_at);
        if standing(&live.state(), &window, ended.get(&window).copied(), kept.since, now) != Standing::Missing
        {
            continue;
        }
        let rest_ms = starts_at.plus_millis(length_ms).millis_since(starts_at.max(now));
        let request = MaintenanceRequest {
            duration_s: u32::try_from(rest_ms / 1000).unwrap_or(kept.duration_s),
            reason: kept.reason.clone(),
            created_by: kept.created_by.clone(),
            matchers: kept.matchers.clone(),
            starts_at: (starts_at > now).then_some(starts_at),
        };
        Box::pin(start::start_as(Arc::clone(maintenance), request, Some(window))).await?;
    }
    Ok(())
}
