//! Runs of a page: begun in the journal, each step's answer kept as it comes, notes, and the end. Steps are
//! asked a few at a time, whoever asks, and those on their way can be ended.

use crate::drill::Drills;
use aether_alerting::escalation::Escalation;
use aether_context::Context;
use aether_foundation::author;
use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use aether_contract::*;
use serde_json::json;
use tokio::sync::{Semaphore, watch};
use uuid::Uuid;

use super::{
    execute::{Wanted, ask},
    view,
};
use aether_context::{journal::Entry, session::StackSession};
use aether_foundation::{clock, matching::title};

/// Journal kind of a run; its subject is its id.
pub const RUNBOOK: &str = "runbook";
/// Runs that are read.
const READ: u32 = 200;
/// Steps that are asked at a time, of all runs together.
const AT_ONCE: usize = 4;
/// Longest notes, in characters.
const MAX_NOTES: usize = 20_000;

/// Runs that this panel has open.
pub struct Runbooks {
    pub(super) ctx: Arc<Context>,
    pub(super) escalation: Arc<Escalation>,
    drills: Arc<Drills>,
    open: Mutex<HashMap<String, Arc<Active>>>,
    turns: Semaphore,
    /// One begin at a time, so that two windows do not begin the same run twice.
    gate: tokio::sync::Mutex<()>,
}

impl Runbooks {
    /// No run is open yet.
    pub fn new(ctx: Arc<Context>, escalation: Arc<Escalation>, drills: Arc<Drills>) -> Arc<Self> {
        let (open, turns, gate) = (Mutex::default(), Semaphore::new(AT_ONCE), tokio::sync::Mutex::default());
        Arc::new(Self { ctx, escalation, drills, open, turns, gate })
    }
}

/// One of them.
struct Active {
    entry: i64,
    /// As it stands; held while it is written, so that an older state never overwrites a newer one.
    run: tokio::sync::Mutex<RunbookRun>,
    /// Goes up when what is on its way has to end.
    ended: watch::Sender<u32>,
}

/// Begins a run, or takes up the open one of the same page and episode.
///
/// # Errors
/// Those of opening the page; `storage`.
pub async fn begin(runbooks: &Runbooks, request: RunbookStartRequest) -> Result<RunbookRun, PanelError> {
    let live = runbooks.ctx.live();
    let asked =
        RunbookOpenRequest { id: request.id, fingerprint: request.fingerprint, labels: request.labels };
    let opened = view::opened(runbooks, &live, asked).await?;
    let alert = opened.alert.map(|row| RunbookAlert {
        fingerprint: row.fingerprint,
        name: title(&row.name, &row.labels),
        severity: row.severity,
        since: row.since,
    });
    let page = opened.view;
    let _one = runbooks.gate.lock().await;
    let stack = live.profile.name.clone();
    let steps: Vec<RunbookStepResult> = page.steps.into_iter().map(waiting).collect();
    let entries = runbooks.ctx.journaled(|journal| journal.recent(RUNBOOK, READ)).await?;
    let same = entries.iter().filter(|entry| entry.outcome.is_none()).find_map(|entry| {
        let run = read(entry)?;
        let fits = alert.is_some() && run.stack == stack && run.page == page.id && run.alert == alert;
        fits.then_some((entry.id, run))
    });
    if let Some((entry, run)) = same {
        let active = runbooks.active(entry, run);
        let mut run = active.run.lock().await;
        // The page may have been rewritten meanwhile; what was answered to the same question stays.
        run.steps = steps
            .into_iter()
            .map(|step| {
                let known =
                    run.steps.iter().find(|known| known.query == step.query && known.title == step.title);
                known.map_or_else(
                    || step.clone(),
                    |known| RunbookStepResult {
                        number: step.number,
                        expect: step.expect.clone(),
                        ..known.clone()
                    },
                )
            })
            .collect();
        return Ok(run.clone());
    }
    let run = RunbookRun {
        id: Uuid::new_v4().to_string(),
        stack,
        page: page.id,
        title: page.title,
        alert,
        labels: page.labels,
        created_by: author::author(&request.created_by),
        started_at: clock::now(),
        ended_at: None,
        notes: String::new(),
        drill: crate::drill::current(&runbooks.drills, &live).await,
        steps,
    };
    let entry = runbooks.ctx.journal_begin(RUNBOOK, &run.id, json!(run)).await?;
    runbooks.active(entry, run.clone());
    Ok(run)
}

fn waiting(step: RunbookStep) -> RunbookStepResult {
    RunbookStepResult {
        number: step.number,
        title: step.title,
        query: step.query,
        expect: step.expect,
        verdict: RunbookVerdict::Waiting,
        value: None,
        reason: String::new(),
        problem: step.problem,
        at: None,
        took_ms: None,
        figure: None,
    }
}

/// Asks a step; answers with the page that it is of, too.
///
/// # Errors
/// `not-found` for a run or step that is not there, `invalid-request` for one that is closed or for hours and
/// styles out of range, `cancelled`, `storage`.
pub async fn step(
    runbooks: &Runbooks,
    request: RunbookStepRequest,
) -> Result<(String, RunbookStepResult), PanelError> {
    if !(0.25..=168.0).contains(&request.hours) {
        return Err(refuse("hours must be 0.25 to 168."));
    }
    let live = runbooks.ctx.live();
    let active = runbooks.find(runbooks, &live, &request.run).await?;
    let mut ended = active.ended.subscribe();
    let asked = {
        let run = active.run.lock().await;
        run.steps.iter().find(|step| step.number == request.number).cloned()
    };
    let asked = asked.ok_or_else(|| not_found("This runbook has no such step."))?;
    let wanted = Wanted { hours: request.hours, style: request.style };
    let answered = async {
        // Never closed.
        let _turn = runbooks.turns.acquire().await;
        Box::pin(ask(&live, asked, wanted)).await
    };
    let answered = tokio::select! {
        answered = answered => answered?,
        _ = ended.changed() => {
            return Err(PanelError::new(ErrorCode::Cancelled, "runbook", "The step was interrupted."));
        }
    };
    let mut run = active.run.lock().await;
    if run.ended_at.is_some() {
        return Err(refuse("This run is closed."));
    }
    if let Some(known) = run.steps.iter_mut().find(|step| step.number == request.number) {
        *known = RunbookStepResult { figure: None, ..answered.clone() };
    }
    runbooks.ctx.journal_annotate(active.entry, &run.id, json!(*run)).await?;
    Ok((run.page.clone(), answered))
}

/// Ends the steps of a run that are on their way.
///
/// # Errors
/// `not-found`, `storage`.
pub async fn cancel(runbooks: &Runbooks, request: RunbookRunRequest) -> Result<Empty, PanelError> {
    let active = runbooks.find(runbooks, &runbooks.ctx.live(), &request.run).await?;
    active.ended.send_modify(|count| *count = count.wrapping_add(1));
    Ok(Empty {})
}

/// Keeps the notes, and closes the run if asked to.
///
/// # Errors
/// `not-found`, `invalid-request` for notes that are too long or a run that is closed, `storage`.
pub async fn note(runbooks: &Runbooks, request: RunbookNoteRequest) -> Result<RunbookRun, PanelError> {
    if request.notes.chars().count() > MAX_NOTES {
        return Err(refuse(format!("Notes can have at most {MAX_NOTES} characters.")));
    }
    let active = runbooks.find(runbooks, &runbooks.ctx.live(), &request.run).await?;
    let mut run = active.run.lock().await;
    if run.ended_at.is_some() {
        return Err(refuse("This run is closed."));
    }
    let mut next = run.clone();
    next.notes = request.notes;
    next.ended_at = request.close.then(clock::now);
    runbooks.ctx.journal_annotate(active.entry, &next.id, json!(next)).await?;
    if request.close {
        runbooks.ctx.journal_complete(active.entry, "done", json!(null)).await?;
        active.ended.send_modify(|count| *count = count.wrapping_add(1));
        runbooks.open.lock().unwrap_or_else(PoisonError::into_inner).remove(&next.id);
    }
    *run = next.clone();
    Ok(next)
}

/// Runs of the stack, newest first.
///
/// # Errors
/// `storage`.
pub async fn list(runbooks: &Runbooks, live: &StackSession) -> Result<Vec<RunbookRun>, PanelError> {
    let stack = live.profile.name.clone();
    let entries = runbooks.ctx.journaled(|journal| journal.recent(RUNBOOK, READ)).await?;
    Ok(entries.iter().filter_map(read).filter(|run| run.stack == stack).collect())
}

fn read(entry: &Entry) -> Option<RunbookRun> {
    serde_json::from_value(entry.detail.clone()).ok()
}

impl Runbooks {
    /// The open run, from now on known to this panel.
    fn active(&self, entry: i64, run: RunbookRun) -> Arc<Active> {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        let made = |run: RunbookRun| {
            Arc::new(Active { entry, run: tokio::sync::Mutex::new(run), ended: watch::Sender::new(0) })
        };
        Arc::clone(open.entry(run.id.clone()).or_insert_with(|| made(run)))
    }

    /// An open run of the stack, of an earlier panel too.
    async fn find(
        &self,
        runbooks: &Runbooks,
        live: &StackSession,
        id: &str,
    ) -> Result<Arc<Active>, PanelError> {
        let known = self.open.lock().unwrap_or_else(PoisonError::into_inner).get(id).cloned();
        if let Some(active) = known
            && active.run.lock().await.stack == live.profile.name
        {
            return Ok(active);
        }
        let subject = id.to_owned();
        let entry = runbooks.ctx.journaled(move |journal| journal.find(RUNBOOK, &subject)).await?;
        let found = entry.as_ref().and_then(|entry| Some((entry, read(entry)?)));
        match found.filter(|(_, run)| run.stack == live.profile.name) {
            Some((entry, _)) if entry.outcome.is_some() => Err(refuse("This run is closed.")),
            Some((entry, run)) => Ok(self.active(entry.id, run)),
            None => Err(not_found("Runbook run not found in this stack.")),
        }
    }
}

fn refuse(words: impl Into<String>) -> PanelError {
    PanelError::new(ErrorCode::InvalidRequest, "runbook", words)
}

fn not_found(words: &str) -> PanelError {
    PanelError::new(ErrorCode::NotFound, "runbook", words)
}
