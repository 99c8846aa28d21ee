//! A run from its begin to its end: side by side what may, one after the other what changes something.

use aether_context::Context;
use aether_foundation::author;
use std::{
    sync::{Arc, PoisonError, atomic::Ordering},
    time::{Duration, Instant},
};

use aether_clients::sensitive::mask_text;
use aether_contract::*;
use futures_util::{StreamExt as _, stream};
use serde_json::json;
use uuid::Uuid;

use super::{Check, CheckContext, CheckOutcome, suite};
use crate::checks::Checks;
use aether_context::{journal::Entry, session::StackSession};
use aether_foundation::clock;

/// Journal kind of a run; its subject is its id.
pub const CHECK: &str = "check";
/// Runs that are read.
pub(super) const READ: u32 = 50;
/// Checks that go on at a time.
const AT_ONCE: usize = 4;
/// How long one that only looks may take.
const LOOK: Duration = Duration::from_secs(45);
/// How long one that changes something may take: a backup of a large stack takes its time.
const EFFECT: Duration = Duration::from_secs(1800);
/// Most lines of evidence of a check, and their length.
const MAX_EVIDENCE: (usize, usize) = (60, 600);

/// Runs a suite.
///
/// # Errors
/// `invalid-request` while another run goes on, `storage` when it can't be written down. A check that fails is
/// no error.
pub async fn command(checks: Arc<Checks>, request: CheckRequest) -> Result<CheckRun, PanelError> {
    let live = checks.ctx.live();
    let deploy = crate::deploy_evidence::runs::runs(&checks.ctx, &live)
        .await?
        .into_iter()
        .find(|run| run.state == DeployState::Open);
    let list = suite(request.suite, &live.profile.checks);
    let run = CheckRun {
        id: Uuid::new_v4().to_string(),
        stack: live.profile.name.clone(),
        suite: request.suite,
        created_by: author::author(&request.created_by),
        deploy: deploy.map(|deploy| deploy.id).unwrap_or_default(),
        effects: request.effects,
        started_at: clock::now(),
        ended_at: None,
        cancelled: false,
        verdict: CheckState::Running,
        checks: list.iter().map(waiting).collect(),
    };
    begin(&checks, &run)?;
    // From here on the run has to be taken down again, whatever happens.
    let done = Box::pin(go(&checks, &live, run, list)).await;
    let mut inner = checks.inner.lock().unwrap_or_else(PoisonError::into_inner);
    inner.running = None;
    if let Ok(run) = &done {
        inner.revision = inner.revision.wrapping_add(1);
        inner.last.insert(run.stack.clone(), outline(run));
    }
    drop(inner);
    checks.ctx.changed.notify_one();
    done
}

fn begin(checks: &Checks, run: &CheckRun) -> Result<(), PanelError> {
    let mut inner = checks.inner.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(other) = &inner.running {
        let words = format!("{} is already running.", other.suite.title().to_lowercase());
        return Err(PanelError::new(ErrorCode::InvalidRequest, "checks", words)
            .with_hint("Wait until it finishes, or cancel it."));
    }
    checks.cancel.store(false, Ordering::SeqCst);
    inner.running = Some(run.clone());
    Ok(())
}

async fn go(
    checks: &Arc<Checks>,
    live: &Arc<StackSession>,
    mut run: CheckRun,
    list: Vec<Check>,
) -> Result<CheckRun, PanelError> {
    let entry = checks.ctx.journal_begin(CHECK, &run.id, json!(run)).await?;
    checks.ctx.changed.notify_one();
    let scene = Arc::new(CheckContext {
        checks: Arc::clone(checks),
        live: Arc::clone(live),
        effects: run.effects,
        created_by: run.created_by.clone(),
        rules: tokio::sync::OnceCell::new(),
    });
    let all: Vec<(usize, Check)> = list.into_iter().enumerate().collect();
    let (effects, looks): (Vec<_>, Vec<_>) = all.into_iter().partition(|(_, check)| check.has_effect());
    stream::iter(looks).for_each_concurrent(AT_ONCE, |(index, check)| one(&scene, index, check, LOOK)).await;
    // What a reload changes is looked at before it, and one effect does not disturb another.
    for (index, check) in effects {
        one(&scene, index, check, EFFECT).await;
    }
    let cancelled = checks.cancel.load(Ordering::SeqCst);
    {
        let inner = checks.inner.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(shown) = &inner.running {
            run.checks.clone_from(&shown.checks);
        }
    }
    run.cancelled = cancelled;
    run.ended_at = Some(clock::now());
    run.verdict = verdict(&run.checks);
    checks.ctx.journal_annotate(entry, &run.id, json!(run)).await?;
    let outcome = if cancelled { "cancelled" } else { "done" };
    checks.ctx.journal_complete(entry, outcome, json!(null)).await?;
    Ok(run)
}

/// Makes one check and shows it.
async fn one(scene: &Arc<CheckContext>, index: usize, check: Check, limit: Duration) {
    let checks = &scene.checks;
    let began = Instant::now();
    let came = if checks.cancel.load(Ordering::SeqCst) {
        cancelled()
    } else {
        put(checks, index, |shown| shown.state = CheckState::Running);
        // An effect that has begun comes to its end: nobody is left not knowing what stands on the server.
        let stop = async {
            if check.has_effect() {
                std::future::pending::<()>().await;
            }
            loop {
                let woken = checks.wake.notified();
                if checks.cancel.load(Ordering::SeqCst) {
                    return;
                }
                let _ = tokio::time::timeout(Duration::from_millis(500), woken).await;
            }
        };
        tokio::select! {
                    came = tokio::time::timeout(limit, Box::pin(check.make(scene))) => came.unwrap_or_else(|_| {
         let words = format!("Timed out after {} s.", limit.as_secs());
        CheckOutcome::fail(words, Vec::new(), "A server may be slow or overloaded. Try again.")
                    }),
                    () = stop => cancelled(),
                }
    };
    let (most, long) = MAX_EVIDENCE;
    put(checks, index, |shown| {
        shown.state = came.state;
        // Servers and files may hold addresses with credentials; runs are kept and exported.
        shown.reason = mask_text(&came.reason);
        let evidence = came.evidence.iter().take(most);
        shown.evidence =
            evidence.map(|line| aether_foundation::text::truncate(&mask_text(line), long)).collect();
        shown.remedy = came.remedy;
        shown.took_ms = Some(began.elapsed().as_millis() as f64);
    });
}

fn cancelled() -> CheckOutcome {
    CheckOutcome::skipped("The run was canceled before this check finished.", "")
}

fn put(checks: &Checks, index: usize, change: impl FnOnce(&mut CheckResult)) {
    let mut inner = checks.inner.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(shown) = inner.running.as_mut().and_then(|run| run.checks.get_mut(index)) {
        change(shown);
    }
    drop(inner);
    checks.ctx.changed.notify_one();
}

fn waiting(check: &Check) -> CheckResult {
    let (id, title) = check.names();
    CheckResult {
        id,
        title,
        state: CheckState::Waiting,
        reason: String::new(),
        evidence: Vec::new(),
        remedy: String::new(),
        effect: check.has_effect(),
        took_ms: None,
    }
}

/// The worst of them; passed only when at least one has passed.
pub fn verdict(checks: &[CheckResult]) -> CheckState {
    let worst = checks.iter().map(|check| check.state).filter(|state| *state != CheckState::Skipped).max();
    worst.unwrap_or(CheckState::Skipped)
}

pub(super) fn outline(run: &CheckRun) -> CheckOutline {
    let passed = run.checks.iter().filter(|check| check.state == CheckState::Pass).count();
    CheckOutline {
        id: run.id.clone(),
        suite: run.suite,
        verdict: run.verdict,
        ended_at: run.ended_at.unwrap_or(run.started_at),
        passed: u32::try_from(passed).unwrap_or(u32::MAX),
        total: u32::try_from(run.checks.len()).unwrap_or(u32::MAX),
    }
}

/// Ends the run that is going on: what has not begun is left out, what only looks is ended, an effect comes to its end.
///
/// # Errors
/// `not-found` when none is.
pub fn cancel(checks: &Checks) -> Result<(), PanelError> {
    let running = checks.inner.lock().unwrap_or_else(PoisonError::into_inner).running.is_some();
    if !running {
        return Err(PanelError::new(ErrorCode::NotFound, "checks", "No check is running."));
    }
    checks.cancel.store(true, Ordering::SeqCst);
    checks.wake.notify_waiters();
    Ok(())
}

/// Runs of the stack, newest first. One that was cut off has no end.
///
/// # Errors
/// `storage`.
pub async fn runs(checks: &Checks, live: &StackSession) -> Result<Vec<CheckRun>, PanelError> {
    let stack = live.profile.name.clone();
    Ok(every(&checks.ctx).await?.into_iter().filter(|run| run.stack == stack).collect())
}

/// Runs of every stack, newest first.
///
/// # Errors
/// `storage`.
pub async fn every(ctx: &Context) -> Result<Vec<CheckRun>, PanelError> {
    let entries = ctx.journaled(|journal| journal.recent(CHECK, READ)).await?;
    Ok(entries.iter().filter_map(read).collect())
}

pub(super) fn read(entry: &Entry) -> Option<CheckRun> {
    serde_json::from_value(entry.detail.clone()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn result(state: CheckState) -> CheckResult {
        CheckResult { state, ..waiting(&Check::Files) }
    }

    #[test]
    fn the_verdict_is_the_worst_and_nothing_done_is_not_passed() {
        let of = |states: &[CheckState]| verdict(&states.iter().copied().map(result).collect::<Vec<_>>());
        assert_eq!(of(&[CheckState::Pass, CheckState::Skipped]), CheckState::Pass);
        assert_eq!(of(&[CheckState::Pass, CheckState::Warn]), CheckState::Warn);
        assert_eq!(of(&[CheckState::Fail, CheckState::Warn, CheckState::Pass]), CheckState::Fail);
        assert_eq!(of(&[CheckState::Skipped]), CheckState::Skipped);
        assert_eq!(of(&[]), CheckState::Skipped);
    }

    #[test]
    fn the_suites_have_the_checks_of_the_reliability_pack() {
        let count = |of| suite(of, &[]).len();
        assert_eq!((count(CheckSuite::Quick), count(CheckSuite::Preprod)), (6, 7));
        assert!(suite(CheckSuite::Quick, &[]).iter().all(|check| !check.has_effect()), "quick only looks");
        assert!(suite(CheckSuite::AfterDeploy, &[]).iter().all(|check| !check.has_effect()));
    }
}
