//! What is worse since a deploy began: the one that is open, else the newest.

use std::sync::Arc;

use aether_contract::{DeployRun, DeployedVersion, PanelError};

use super::{CheckContext, CheckOutcome};
use crate::deploy_evidence::{runs, versions};

async fn since(scene: &CheckContext) -> Result<Option<DeployRun>, PanelError> {
    let runs = runs::runs(&scene.checks.ctx, &scene.live).await?;
    let open = runs.iter().find(|run| run.state == aether_contract::DeployState::Open).cloned();
    Ok(open.or_else(|| runs.into_iter().next()))
}

fn no_deploy() -> CheckOutcome {
    CheckOutcome::skipped(
        "No deployment has been started in the panel, so there is no baseline.",
        "Start a deployment on the Maintenance screen before the next deploy.",
    )
}

/// Compares versions and images with the baseline: changes are reported, changes to pinned services are
/// warnings.
///
/// # Errors
/// `storage`.
pub async fn changed(scene: &Arc<CheckContext>) -> Result<CheckOutcome, PanelError> {
    let Some(run) = since(scene).await? else { return Ok(no_deploy()) };
    if run.ran_before.is_empty() {
        return Ok(CheckOutcome::skipped(
            "The deployment was started by an earlier version of the panel, which did not record running versions.",
            "",
        ));
    }
    let mut now = versions::now(&scene.checks.ctx, &scene.checks.pins, &scene.live).await;
    let mut before = run.ran_before;
    let mut lines = vec![format!("compared with deployment \"{}\"", run.reason)];
    // An engine that is silent on one side says nothing about what changed.
    let told = |all: &[DeployedVersion]| all.iter().any(|one| !one.image.is_empty());
    if !told(&before) || !told(&now) {
        let when = if told(&now) { "when the deployment started" } else { "now" };
        lines.push(format!("Images not compared: Docker reported none {when}."));
        before.retain(|one| one.image.is_empty());
        now.retain(|one| one.image.is_empty());
    }
    let found = versions::since(&before, &now);
    lines.extend(found.lines.iter().cloned());
    if !found.unmeant.is_empty() {
        return Ok(CheckOutcome::warn(
            format!("Unexpected version changes: {}.", found.unmeant.join("; ")),
            lines,
            "Return to the pinned version: docker compose up -d SERVICE. If the change was intended, \
                update the pin.",
        ));
    }
    Ok(match found.lines.len() {
        0 => CheckOutcome::pass("No versions have changed.", lines),
        1 => CheckOutcome::pass("One version has changed; it is not pinned.", lines),
        many => CheckOutcome::pass(format!("{many} versions have changed; none of them is pinned."), lines),
    })
}

/// No alert that did not fire before.
///
/// # Errors
/// The servers' codes.
pub async fn alerts(scene: &Arc<CheckContext>) -> Result<CheckOutcome, PanelError> {
    let Some(run) = since(scene).await? else { return Ok(no_deploy()) };
    let new = runs::new_alerts(&scene.checks.ctx, &scene.live, &run.alerts_before).await?;
    let mut lines = vec![format!("compared with deployment \"{}\"", run.reason)];
    lines.extend(new.iter().cloned());
    Ok(match new.len() {
        0 => CheckOutcome::pass("No new alerts are firing.", lines),
        many => CheckOutcome::fail(
            format!("{many} new alerts are firing."),
            lines,
            "Review them on the Alerts screen. If the deployment caused them, roll back.",
        ),
    })
}

/// No gauge is worse than before.
///
/// # Errors
/// The servers' codes.
pub async fn gauges(scene: &Arc<CheckContext>) -> Result<CheckOutcome, PanelError> {
    let Some(run) = since(scene).await? else { return Ok(no_deploy()) };
    let judged = runs::gauges_since(&scene.checks.ctx, &scene.live, &run.gauges_before).await?;
    Ok(match judged.worse {
        0 => CheckOutcome::pass("No gauge has regressed.", judged.lines),
        many => CheckOutcome::fail(
            format!("{many} gauges have regressed."),
            judged.lines,
            "Wait for the length of the gauge’s window. If they do not recover, roll back.",
        ),
    })
}
