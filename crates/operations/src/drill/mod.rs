//! Drills: the simulator of a demo stack makes an incident up, somebody deals with it in the real screens, and
//! what they did is held against the time that the runbook gives.
//!
//! The panel itself changes no server for a drill: it asks the simulator, which can act only on what it has
//! started. It watches what is done through its own commands, from whatever process, and reads from the
//! servers when the incident can be seen and when it is over.

mod environment;
mod record;
mod report;
mod scenario;
mod scoring;
mod watch;

use aether_foundation::author;
use std::sync::{Arc, Mutex, PoisonError};

use aether_clients::{ClientError, Failure, Simulator, simulator::SimState};
use aether_contract::*;
use rand::seq::IndexedRandom as _;
use serde_json::json;
use uuid::Uuid;

use aether_alerting::maintenance::silences;
use aether_context::{Context, freshness};
use aether_context::{services, session::StackSession};
use aether_foundation::clock;
use record::Record;
use scenario::Sight;

pub use record::OperatorAction;
pub use report::{goal, mark, outcome};
pub use watch::{look, watch};

/// Longest name of a person, in characters.
pub const MAX_NAME: usize = 80;

/// The drill that goes on, as it was read last, and how often one has begun or ended.
pub struct Drills {
    ctx: Arc<Context>,
    shown: Mutex<Shown>,
    /// One begin or end at a time.
    gate: tokio::sync::Mutex<()>,
}

#[derive(Default)]
struct Shown {
    running: Option<Record>,
    revision: u32,
}

impl Drills {
    /// No drill is read yet.
    pub fn new(ctx: Arc<Context>) -> Arc<Self> {
        Arc::new(Self { ctx, shown: Mutex::default(), gate: tokio::sync::Mutex::default() })
    }

    /// Shows the drill that goes on, or that none does. Only by whom the gate is held: what was read before
    /// another drill began is not shown after it.
    fn show(&self, running: Option<Record>) {
        let mut shown = self.shown.lock().unwrap_or_else(PoisonError::into_inner);
        let id = |record: &Option<Record>| record.as_ref().map(|record| record.id.clone());
        if id(&shown.running) != id(&running) {
            shown.revision = shown.revision.wrapping_add(1);
        }
        shown.running = running;
    }

    /// Shows what has become of the drill that is shown.
    fn update(&self, record: Record) {
        let mut shown = self.shown.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = shown.running.as_mut().filter(|known| known.id == record.id) {
            *known = record;
        }
    }

    /// What is shown of them everywhere.
    pub fn status(&self, live: &StackSession) -> DrillStatus {
        let shown = self.shown.lock().unwrap_or_else(PoisonError::into_inner);
        let running = shown.running.as_ref().filter(|record| record.stack == live.profile.name);
        DrillStatus {
            offered: live.profile.simulator.is_some(),
            running: running.map(scoring::run),
            revision: shown.revision,
        }
    }

    /// Whether a drill is running in a stack.
    pub fn is_on(&self, stack: &str) -> bool {
        let shown = self.shown.lock().unwrap_or_else(PoisonError::into_inner);
        shown.running.as_ref().is_some_and(|record| record.stack == stack)
    }
}

/// The simulator of the stack.
///
/// # Errors
/// `invalid-request` for a stack that has none.
fn simulator(live: &StackSession) -> Result<Simulator, PanelError> {
    let url = live.profile.simulator.clone();
    let url = url.ok_or_else(|| environment::refused("This stack is not a demo stack."))?;
    Simulator::new(url).map_err(|error| failed(&error))
}

/// What the simulator could not do, for people.
fn failed(error: &ClientError) -> PanelError {
    let words = match error.failure {
        Failure::Refused | Failure::Dns | Failure::Network | Failure::Timeout | Failure::CutOff => {
            "The demo simulator is unreachable.".to_owned()
        }
        _ => "The demo simulator rejected the request.".to_owned(),
    };
    PanelError::new(error.code(), "drill", words)
        .with_hint("Check that the demo is running. Restart it with `cargo xtask demo`.")
        .with_detail(error.to_string())
}

/// The simulator, seen to be that of the stack.
async fn grounded(live: &StackSession) -> Result<(Simulator, SimState), PanelError> {
    let simulator = simulator(live)?;
    let state = simulator.state().await.map_err(|error| failed(&error))?.value;
    environment::check(&live.profile, &state.stack)?;
    Ok((simulator, state))
}

/// Drills that can be chosen, and those that were.
///
/// # Errors
/// `storage`.
pub async fn list(drills: &Drills, live: &StackSession) -> Result<DrillList, PanelError> {
    let refused = match grounded(live).await {
        Ok(_) => String::new(),
        Err(error) => format!("{} {}", error.message, error.hint),
    };
    Ok(DrillList {
        refused,
        scenarios: DrillScenario::ALL.iter().map(|one| scenario::info(*one, &live.profile)).collect(),
        operations: DrillOperation::ALL
            .iter()
            .map(|one| DrillOperationInfo { operation: *one, title: one.title().to_owned() })
            .collect(),
        runs: runs(drills, &live.profile.name).await?,
    })
}

/// Drills of a stack, newest first.
///
/// # Errors
/// `storage`.
pub async fn runs(drills: &Drills, stack: &str) -> Result<Vec<DrillRun>, PanelError> {
    Ok(every(&drills.ctx).await?.into_iter().filter(|run| run.stack == stack).collect())
}

/// Drills of every stack, newest first.
///
/// # Errors
/// `storage`.
pub async fn every(ctx: &Context) -> Result<Vec<DrillRun>, PanelError> {
    let entries = ctx.journaled(|journal| journal.recent(record::DRILL, record::READ)).await?;
    Ok(entries.iter().filter_map(record::read).map(|record| scoring::run(&record)).collect())
}

/// A name as it is kept.
///
/// # Errors
/// `invalid-request` for one that is too long or holds control characters.
pub fn person(asked: &str) -> Result<String, PanelError> {
    let name = author::author(asked);
    if name.chars().count() > MAX_NAME || name.chars().any(char::is_control) {
        let words = format!("A name can have at most {MAX_NAME} printable characters.");
        return Err(PanelError::new(ErrorCode::InvalidRequest, "drill", words));
    }
    Ok(name)
}

/// Begins a drill.
///
/// # Errors
/// `invalid-request` in a stack that is no demo, while another drill goes on, or when what it would show is
/// there already; what the simulator could not do; `storage`.
pub async fn start(drills: Arc<Drills>, request: DrillStartRequest) -> Result<DrillRun, PanelError> {
    let person = person(&request.person)?;
    let live = drills.ctx.live();
    let stack = live.profile.name.clone();
    let _one = drills.gate.lock().await;
    let (simulator, state) = grounded(&live).await?;
    let name = stack.clone();
    if drills.ctx.journaled(move |journal| record::open(journal, &name)).await?.is_some() {
        return Err(refuse("A drill is already running.").with_hint("End it first."));
    }
    if state.drill.is_some() {
        return Err(refuse("The simulator is running a drill unknown to this panel.").with_hint(
            "Another panel started it. It ends automatically after two hours, or with the demo stack.",
        ));
    }
    let picked = sighted(&drills, &live, |sight| pick(sight, request.scenario, &state.vip_tenants));
    let (scenario, tenant) = picked.map_err(|why| {
        refuse(format!("{why} The drill would be indistinguishable from it."))
            .with_hint("Wait until it is resolved, or choose another drill.")
    })?;
    let (look_within_s, call_within_s) = scenario::limits(scenario, &live.profile);
    let mut record = Record {
        id: Uuid::new_v4().to_string(),
        stack: stack.clone(),
        person,
        scenario,
        chosen: request.scenario.is_some(),
        tenant,
        silence: None,
        pace: request.pace,
        look_within_s,
        call_within_s,
        begun: false,
        started_at: clock::now(),
        signal_at: None,
        over_at: None,
        ended_at: None,
        outcome: DrillOutcome::Running,
        acts: Vec::new(),
    };
    drills.ctx.journal_begin(record::DRILL, &record.id, json!(record)).await?;
    let begun =
        simulator.start(&record.id, scenario.as_str(), record.tenant.as_deref(), request.pace.as_str()).await;
    match begun {
        Ok(state) => {
            record.silence = state.value.drill.and_then(|drill| drill.silence);
            record.begun = true;
            let silence = record.silence.clone();
            let id = record.id.clone();
            drills
                .ctx
                .journaled(move |journal| {
                    record::amend(journal, &stack, &id, |known| {
                        known.silence.clone_from(&silence);
                        known.begun = true;
                        true
                    })
                })
                .await?;
        }
        Err(error) => {
            // Begun or not: it is put back.
            if let Err(error) = simulator.end(&record.id).await {
                tracing::info!(%error, "failed to end a drill that failed to start");
            }
            drills
                .ctx
                .journaled(move |journal| {
                    record::end(journal, &stack, &record.id, DrillOutcome::CutOff, clock::now())
                })
                .await?;
            return Err(failed(&error));
        }
    }
    drills.show(Some(record.clone()));
    live.wake_all();
    drills.ctx.changed.notify_one();
    Ok(scoring::run(&record))
}

/// Chooses a scenario and whom it happens to.
fn pick(
    sight: &Sight<'_>,
    wanted: Option<DrillScenario>,
    vips: &[String],
) -> Result<(DrillScenario, Option<String>), String> {
    if !sight.fresh {
        return Err("The panel has not loaded the alerts yet.".to_owned());
    }
    if let Some(scenario) = wanted {
        return Ok((scenario, sight.tenant(scenario, vips)?));
    }
    let possible: Vec<_> = DrillScenario::ALL
        .iter()
        .filter_map(|scenario| Some((*scenario, sight.tenant(*scenario, vips).ok()?)))
        .collect();
    possible
        .choose(&mut rand::rng())
        .cloned()
        .ok_or_else(|| "The symptoms of every drill are already present.".to_owned())
}

/// Looks at what can be seen now.
fn sighted<T>(drills: &Drills, live: &StackSession, work: impl FnOnce(&Sight<'_>) -> T) -> T {
    let (index, fresh, gauges, services, silences) = {
        let state = live.state();
        let (alerts, pending) = freshness::alerts_freshness(&drills.ctx, &state);
        let fresh = state.index_complete && alerts.is_fresh() && pending.is_fresh();
        (
            Arc::clone(&state.index),
            fresh,
            freshness::gauges(&drills.ctx, &state),
            services::all(&drills.ctx, &live.profile, &state),
            silences::current(&state, clock::now()),
        )
    };
    work(&Sight { rows: &index.rows, fresh, gauges: &gauges, services: &services, silences: &silences })
}

/// Does something outside of the panel.
///
/// # Errors
/// `not-found` when no drill goes on; what the simulator could not do; `storage`.
pub async fn operate(
    drills: Arc<Drills>,
    request: DrillOperateRequest,
) -> Result<DrillOperationResult, PanelError> {
    let live = drills.ctx.live();
    let known = running(&drills, &live).await?;
    let simulator = simulator(&live)?;
    let at = clock::now();
    let worked =
        simulator.operate(&known.id, request.operation.as_str()).await.map_err(|error| failed(&error))?;
    let what = OperatorAction::Operated { operation: request.operation, worked };
    if let Some(known) = keep(&drills, &live, known.id, what, at).await? {
        drills.update(known);
    }
    live.wake_all();
    let text = if worked {
        "Done. It may take a moment to show on the servers."
    } else {
        "It had no effect: this was not the cause."
    };
    Ok(DrillOperationResult { worked, text: text.to_owned() })
}

/// Ends the running drill; the simulator reverts everything.
///
/// # Errors
/// `not-found` when none goes on; what the simulator could not put back; `storage`.
pub async fn end(drills: Arc<Drills>) -> Result<DrillRun, PanelError> {
    let live = drills.ctx.live();
    let known = running(&drills, &live).await?;
    finish(&drills, &live, &known.id, DrillOutcome::GivenUp)
        .await?
        .ok_or_else(|| PanelError::new(ErrorCode::NotFound, "drill", "The drill has already ended."))
}

/// Writes down that a drill is over, and has the simulator put everything back. None when it had ended already.
async fn finish(
    drills: &Drills,
    live: &StackSession,
    id: &str,
    outcome: DrillOutcome,
) -> Result<Option<DrillRun>, PanelError> {
    let _one = drills.gate.lock().await;
    let stack = live.profile.name.clone();
    let asked = id.to_owned();
    let ended = drills
        .ctx
        .journaled(move |journal| record::end(journal, &stack, &asked, outcome, clock::now()))
        .await?;
    let Some(record) = ended else { return Ok(None) };
    drills.show(None);
    drills.ctx.changed.notify_one();
    if outcome != DrillOutcome::CutOff {
        let put_back = match simulator(live)?.end(id).await {
            // It has ended it itself, or is a later one that knows nothing of it.
            Err(error) if matches!(error.failure, Failure::WrongPath | Failure::Rejected(404, _)) => Ok(()),
            other => other,
        };
        live.wake_all();
        put_back.map_err(|error| failed(&error))?;
    }
    Ok(Some(scoring::run(&record)))
}

/// The running drill of a stack.
async fn running(drills: &Drills, live: &StackSession) -> Result<Record, PanelError> {
    let stack = live.profile.name.clone();
    let open = drills.ctx.journaled(move |journal| record::open(journal, &stack)).await?;
    open.map(|(_, record)| record).ok_or_else(none_goes_on)
}

fn none_goes_on() -> PanelError {
    PanelError::new(ErrorCode::NotFound, "drill", "No drill is running in this stack.")
}

/// Says that the incident was seen.
///
/// # Errors
/// `not-found` when no drill goes on, `storage`.
pub async fn notice(drills: &Drills) -> Result<(), PanelError> {
    let live = drills.ctx.live();
    let known = running(drills, &live).await?;
    keep(drills, &live, known.id, OperatorAction::Seen, clock::now())
        .await?
        .map(drop)
        .ok_or_else(none_goes_on)
}

/// Records an action if a drill is running. Never fails the observed command.
pub async fn saw(drills: &Drills, what: OperatorAction) {
    let live = drills.ctx.live();
    if live.profile.simulator.is_none() {
        return;
    }
    let at = clock::now();
    let kept = match running(drills, &live).await {
        Ok(known) => keep(drills, &live, known.id, what, at).await.map(drop),
        Err(error) if error.code == ErrorCode::NotFound => Ok(()),
        Err(error) => Err(error),
    };
    if let Err(error) = kept {
        tracing::warn!(code = error.code.as_str(), "failed to record an action in a drill");
    }
}

/// Records an action; returns the drill if it is still running.
async fn keep(
    drills: &Drills,
    live: &StackSession,
    id: String,
    what: OperatorAction,
    at: Timestamp,
) -> Result<Option<Record>, PanelError> {
    let stack = live.profile.name.clone();
    let changed = move |record: &mut Record| {
        record.did(what.clone(), at);
        true
    };
    drills.ctx.journaled(move |journal| record::amend(journal, &stack, &id, changed)).await
}

/// ID of the running drill in the stack.
pub async fn current(drills: &Drills, live: &StackSession) -> Option<String> {
    live.profile.simulator.as_ref()?;
    running(drills, live).await.ok().map(|record| record.id)
}

/// A drill as a report.
///
/// # Errors
/// `not-found`, `storage`.
pub async fn report(drills: &Drills, id: &str) -> Result<DrillReport, PanelError> {
    let stack = drills.ctx.live().profile.name.clone();
    let found = runs(drills, &stack).await?.into_iter().find(|run| run.id == id);
    let none = || PanelError::new(ErrorCode::NotFound, "drill", "Drill not found in this stack.");
    Ok(DrillReport { markdown: report::markdown(&found.ok_or_else(none)?) })
}

fn refuse(words: impl Into<String>) -> PanelError {
    PanelError::new(ErrorCode::InvalidRequest, "drill", words)
}
