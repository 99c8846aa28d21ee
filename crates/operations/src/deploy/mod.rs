//! The guided deploy: backup, checks, window, the deploy itself, what is worse since, close-out. Every step is
//! done or skipped for a reason, in order, and the run is a record in the journal.

mod text;
mod window;

use aether_foundation::author;
use std::{sync::Arc, time::Instant};

use aether_contract::*;
use serde_json::json;
use uuid::Uuid;

use crate::deploy_evidence::{
    regression,
    runs::{self, DEPLOY},
    versions,
};
use crate::{
    checks::{self, Checks},
    pins::Pins,
};
use aether_alerting::maintenance::Maintenance;
use aether_backup::Backups;
use aether_backup::create;
use aether_context::Context;
use aether_context::{journal::Entry, session::StackSession};
use aether_foundation::{
    clock,
    text::{plural, span},
};

/// The steps, in order.
const STEPS: [DeployStepKind; 8] = [
    DeployStepKind::Backup,
    DeployStepKind::Preprod,
    DeployStepKind::Window,
    DeployStepKind::Deploy,
    DeployStepKind::Quick,
    DeployStepKind::After,
    DeployStepKind::Dashboard,
    DeployStepKind::CloseOut,
];
/// A backup of this age is used instead of a new one.
const RECENT_BACKUP_MS: i64 = 15 * 60_000;
/// Longest reason, in characters.
const MAX_REASON: usize = 500;

/// Guided deploys: each step is carried out by the capability that owns it.
pub struct Deploys {
    ctx: Arc<Context>,
    maintenance: Arc<Maintenance>,
    backups: Arc<Backups>,
    checks: Arc<Checks>,
    pins: Arc<Pins>,
    /// One step at a time.
    gate: tokio::sync::Mutex<()>,
}

impl Deploys {
    /// No deploy is read yet.
    pub fn new(
        ctx: Arc<Context>,
        maintenance: Arc<Maintenance>,
        backups: Arc<Backups>,
        checks: Arc<Checks>,
        pins: Arc<Pins>,
    ) -> Arc<Self> {
        Arc::new(Self { ctx, maintenance, backups, checks, pins, gate: tokio::sync::Mutex::new(()) })
    }
}

/// Begins a deploy: from now on, what is worse than now is told.
///
/// # Errors
/// `invalid-request` without a reason, with a window over the cap, or while another is open; `storage`.
pub async fn begin(deploys: Arc<Deploys>, request: DeployStartRequest) -> Result<DeployRun, PanelError> {
    let reason = reason(&request.reason, "Enter a deployment name.")?;
    let _one = deploys.gate.lock().await;
    let live = deploys.ctx.live();
    let max_s = deploys.ctx.settings.get().max_window_minutes.saturating_mul(60);
    if !(60..=max_s).contains(&request.window_s) {
        return Err(refuse(format!("The window must last 1 to {} minutes.", max_s / 60)));
    }
    if let Some(open) =
        runs::runs(&deploys.ctx, &live).await?.into_iter().find(|run| run.state == DeployState::Open)
    {
        return Err(refuse(format!(
            "Deployment \"{}\" is still open. Finish or abandon it first.",
            open.reason
        )));
    }
    // What is compared with later must be of now.
    let ran_before = versions::now(&deploys.ctx, &deploys.pins, &live).await;
    let web = live.profile.web_url(ServiceKind::Grafana).map(|url| url.trim_end_matches('/').to_owned());
    let uid = Some(&live.profile.dashboard_uid).filter(|uid| !uid.is_empty());
    let (alerts_before, gauges_before) = {
        let state = live.state();
        let known: Vec<&Gauge> = state.prometheus.gauges.iter().map(|known| &known.gauge).collect();
        (
            regression::firing(&state.index.rows).map(|row| row.fingerprint.clone()).collect(),
            regression::gauges(&known),
        )
    };
    let mut run = DeployRun {
        id: Uuid::new_v4().to_string(),
        stack: live.profile.name.clone(),
        reason,
        created_by: author::author(&request.created_by),
        window_s: request.window_s,
        started_at: clock::now(),
        ended_at: None,
        state: DeployState::Open,
        steps: STEPS
            .map(|kind| DeployStep {
                kind,
                state: DeployStepState::Waiting,
                note: String::new(),
                evidence: Vec::new(),
                at: None,
                took_ms: None,
            })
            .to_vec(),
        backup: None,
        window: None,
        joined: false,
        dashboard_url: web.zip(uid).map(|(web, uid)| format!("{web}/d/{uid}")).unwrap_or_default(),
        alerts_before,
        gauges_before,
        ran_before,
        markdown: String::new(),
    };
    run.markdown = text::markdown(&run);
    deploys.ctx.journal_begin(DEPLOY, &run.id, json!(run)).await?;
    deploys.ctx.changed.notify_one();
    Ok(run)
}

/// Does a step, or skips it.
///
/// # Errors
/// `not-found`; `invalid-request` when an earlier step waits or a reason is missing; `storage`. A step that fails is no
/// error: the run says so.
pub async fn step(deploys: Arc<Deploys>, request: DeployStepRequest) -> Result<DeployRun, PanelError> {
    // A second click, or a second panel, must not start a second window.
    let _one = deploys.gate.lock().await;
    let live = deploys.ctx.live();
    let (entry, mut run) = open(&deploys, &live, &request.id).await?;
    // One that an earlier version began has fewer steps.
    let index = run.steps.iter().position(|step| step.kind == request.kind);
    let index = index.ok_or_else(|| refuse("This deployment has no such step."))?;
    let settled =
        |step: &DeployStep| !matches!(step.state, DeployStepState::Waiting | DeployStepState::Failed);
    if run.steps.iter().take(index).any(|step| !settled(step)) {
        return Err(refuse("An earlier step is pending. Complete it, or skip it with a reason."));
    }
    // Looking once more does no harm; a second backup or window is nobody's wish.
    let again = matches!(
        request.kind,
        DeployStepKind::Preprod
            | DeployStepKind::Quick
            | DeployStepKind::After
            | DeployStepKind::Alerts
            | DeployStepKind::Gauges
    ) && request.act == DeployAction::Run;
    if run.steps.get(index).is_some_and(settled) && !again {
        return Err(refuse("This step is already complete."));
    }
    let began = Instant::now();
    let made = match request.act {
        DeployAction::Skip => {
            let why = reason(&request.reason, "Enter a reason for skipping the step.")?;
            Made { state: DeployStepState::Skipped, note: why, evidence: Vec::new() }
        }
        DeployAction::Run => match perform(&deploys, &live, request.kind, &mut run).await {
            Ok(made) => made,
            Err(error) => Made {
                state: DeployStepState::Failed,
                note: error.to_string(),
                evidence: Some(error.detail).filter(|detail| !detail.is_empty()).into_iter().collect(),
            },
        },
    };
    if let Some(step) = run.steps.get_mut(index) {
        step.state = made.state;
        step.note = made.note;
        step.evidence = made.evidence.into_iter().take(50).collect();
        step.at = Some(clock::now());
        step.took_ms = Some(began.elapsed().as_millis() as f64);
    }
    if run.steps.iter().all(settled) {
        run.state = DeployState::Done;
        run.ended_at = Some(clock::now());
    }
    keep(&deploys, &entry, run).await
}

/// Gives a deploy up. Its window stays as it is, and so does its backup.
///
/// # Errors
/// `not-found`, `invalid-request`, `storage`.
pub async fn give_up(deploys: Arc<Deploys>, request: DeployAbandonRequest) -> Result<DeployRun, PanelError> {
    let why = reason(&request.reason, "Enter a reason for abandoning the deployment.")?;
    let _one = deploys.gate.lock().await;
    let live = deploys.ctx.live();
    let (entry, mut run) = open(&deploys, &live, &request.id).await?;
    for step in run.steps.iter_mut().filter(|step| step.at.is_none()) {
        step.state = DeployStepState::Skipped;
        step.note = format!("Abandoned: {why}");
    }
    run.state = DeployState::GivenUp;
    run.ended_at = Some(clock::now());
    keep(&deploys, &entry, run).await
}

async fn open(deploys: &Deploys, live: &StackSession, id: &str) -> Result<(Entry, DeployRun), PanelError> {
    let subject = id.to_owned();
    let entry = deploys.ctx.journaled(move |journal| journal.find(DEPLOY, &subject)).await?;
    let found = entry.and_then(|entry| runs::read(&entry).map(|run| (entry, run)));
    match found {
        Some((_, run)) if run.state != DeployState::Open => Err(refuse("This deployment has ended.")),
        Some((entry, run)) if run.stack == live.profile.name => Ok((entry, run)),
        _ => Err(PanelError::new(ErrorCode::NotFound, "deploy", "Deployment not found in this stack.")),
    }
}

async fn keep(deploys: &Deploys, entry: &Entry, mut run: DeployRun) -> Result<DeployRun, PanelError> {
    run.markdown = text::markdown(&run);
    deploys.ctx.journal_annotate(entry.id, &run.id, json!(run)).await?;
    match run.state {
        DeployState::Open => {}
        DeployState::Done => deploys.ctx.journal_complete(entry.id, "done", json!(null)).await?,
        DeployState::GivenUp => deploys.ctx.journal_complete(entry.id, "given-up", json!(null)).await?,
    }
    deploys.ctx.changed.notify_one();
    Ok(run)
}

/// What came of a step.
struct Made {
    state: DeployStepState,
    note: String,
    evidence: Vec<String>,
}

fn made(good: bool, note: impl Into<String>, evidence: Vec<String>) -> Made {
    let state = if good { DeployStepState::Done } else { DeployStepState::Finding };
    Made { state, note: note.into(), evidence }
}

async fn perform(
    deploys: &Arc<Deploys>,
    live: &Arc<StackSession>,
    kind: DeployStepKind,
    run: &mut DeployRun,
) -> Result<Made, PanelError> {
    match kind {
        DeployStepKind::Backup => {
            if let Some(made) = recent_backup(deploys, live, run) {
                return Ok(made);
            }
            let request = BackupCreateRequest {
                reason: format!("Before deploy: {}", run.reason).chars().take(MAX_REASON).collect(),
                created_by: run.created_by.clone(),
                parts: Vec::new(),
            };
            let backup = create::create(Arc::clone(&deploys.backups), request).await?;
            run.backup = Some(backup.id.clone());
            let good = backup.verdict.is_verified();
            let note = match backup.verdict {
                BackupVerdict::WithoutTsdb => "without Prometheus data, every file read back",
                _ if good => "complete, every file read back",
                _ => "incomplete",
            };
            Ok(made(good, format!("Backup {}: {note}.", backup.id.0), backup.problems))
        }
        DeployStepKind::Window => window::open(deploys, live, run).await,
        DeployStepKind::Preprod => suite(deploys, run, CheckSuite::Preprod).await,
        DeployStepKind::Quick => suite(deploys, run, CheckSuite::Quick).await,
        DeployStepKind::After => suite(deploys, run, CheckSuite::AfterDeploy).await,
        DeployStepKind::Deploy => Ok(made(true, "Confirmed manually.", Vec::new())),
        DeployStepKind::Alerts => {
            let new = runs::new_alerts(&deploys.ctx, live, &run.alerts_before).await?;
            let note = match new.len() {
                0 => "No new alerts are firing.".to_owned(),
                1 => "One new alert is firing.".to_owned(),
                many => format!("{many} new alerts are firing."),
            };
            Ok(made(new.is_empty(), note, new))
        }
        DeployStepKind::Gauges => {
            let judged = runs::gauges_since(&deploys.ctx, live, &run.gauges_before).await?;
            let note = match judged.worse {
                0 => "No gauge has regressed.".to_owned(),
                1 => "One gauge has regressed.".to_owned(),
                many => format!("{many} gauges have regressed."),
            };
            Ok(made(judged.worse == 0, note, judged.lines))
        }
        DeployStepKind::Dashboard => {
            if run.dashboard_url.is_empty() {
                return Err(refuse("This stack has no Grafana dashboard.").with_hint("Skip this step."));
            }
            Ok(made(true, "Reviewed.", vec![run.dashboard_url.clone()]))
        }
        DeployStepKind::CloseOut => window::close_out(deploys, live, run).await,
    }
}

/// A verified backup of the last minutes, which is as good as another one.
fn recent_backup(deploys: &Deploys, live: &StackSession, run: &mut DeployRun) -> Option<Made> {
    let now = clock::now();
    let newest = deploys.backups.summary(live, now).newest?;
    let age = now.millis_since(newest.made_at);
    if !newest.verdict.is_verified() || !(0..RECENT_BACKUP_MS).contains(&age) {
        return None;
    }
    run.backup = Some(newest.id.clone());
    let note = format!("Uses backup {}, made {} ago and verified.", newest.id.0, span(age));
    Some(made(true, note, Vec::new()))
}

/// Runs a suite without its effects: a reload or a test alert in the middle of a deploy is nobody's wish.
async fn suite(deploys: &Arc<Deploys>, run: &DeployRun, suite: CheckSuite) -> Result<Made, PanelError> {
    let request = CheckRequest { suite, created_by: run.created_by.clone(), effects: false };
    let came = Box::pin(checks::command(Arc::clone(&deploys.checks), request)).await?;
    let of = |state| came.checks.iter().filter(|check| check.state == state).count();
    let state = match came.verdict {
        CheckState::Pass => DeployStepState::Done,
        CheckState::Fail => DeployStepState::Failed,
        _ => DeployStepState::Finding,
    };
    let note = format!(
        "{}: {} of {} passed, {} failed, {}, {} skipped.",
        suite.title(),
        of(CheckState::Pass),
        came.checks.len(),
        of(CheckState::Fail),
        plural(of(CheckState::Warn), "warning"),
        of(CheckState::Skipped)
    );
    // What has become of versions, alerts and gauges belongs into the record, whatever it is.
    let whole = suite == CheckSuite::AfterDeploy;
    let mut evidence = Vec::new();
    for check in came.checks.iter().filter(|check| whole || check.state != CheckState::Pass) {
        evidence.push(format!("{}: {}", check.title, check.reason));
        if whole {
            evidence.extend(check.evidence.iter().cloned());
        }
    }
    Ok(Made { state, note, evidence })
}

fn reason(text: &str, question: &str) -> Result<String, PanelError> {
    let text = text.trim();
    match text.chars().count() {
        0 => Err(refuse(question)),
        1..=MAX_REASON => Ok(text.to_owned()),
        _ => Err(refuse("The reason is longer than 500 characters.")),
    }
}

fn refuse(message: impl Into<String>) -> PanelError {
    PanelError::new(ErrorCode::InvalidRequest, "deploy", message)
}
