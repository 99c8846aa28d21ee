//! What is worse since a deploy began: the one that is open, else the newest.

use std::sync::Arc;

use aether_contract::{DeployRun, DeployedVersion, PanelError};

use super::{CheckContext, CheckOutcome};
use crate::deploy::{read, versions};

async fn since(scene: &CheckContext) -> Result<Option<DeployRun>, PanelError> {
    let runs = read::runs(&scene.checks.ctx, &scene.live).await?;
    let open = runs.iter().find(|run| run.state == aether_contract::DeployState::Open).cloned();
    Ok(open.or_else(|| runs.into_iter().next()))
}

fn no_deploy() -> CheckOutcome {
    CheckOutcome::skipped(
        "No deploy was begun in the panel, so there is nothing to compare with.",
        "Begin one on the Maintenance screen before the next deploy.",
    )
}

/// Versions and images against those of before: what changed is told, and what was to stay and changed is a warning.
///
/// # Errors
/// `storage`.
pub async fn changed(scene: &Arc<CheckContext>) -> Result<CheckOutcome, PanelError> {
    let Some(run) = since(scene).await? else { return Ok(no_deploy()) };
    if run.ran_before.is_empty() {
        return Ok(CheckOutcome::skipped(
            "The deploy was begun by an earlier version of the panel, which did not write down what ran.",
            "",
        ));
    }
    let mut now = versions::now(&scene.checks.ctx, &scene.checks.pins, &scene.live).await;
    let mut before = run.ran_before;
    let mut lines = vec![format!("compared with the deploy \"{}\"", run.reason)];
    // An engine that is silent on one side says nothing about what changed.
    let told = |all: &[DeployedVersion]| all.iter().any(|one| !one.image.is_empty());
    if !told(&before) || !told(&now) {
        let when = if told(&now) { "when the deploy began" } else { "now" };
        lines.push(format!("Images were not compared: Docker told of none {when}."));
        before.retain(|one| one.image.is_empty());
        now.retain(|one| one.image.is_empty());
    }
    let found = versions::since(&before, &now);
    lines.extend(found.lines.iter().cloned());
    if !found.unmeant.is_empty() {
        return Ok(CheckOutcome::warn(
            format!("What was to stay has changed: {}.", found.unmeant.join("; ")),
            lines,
            "Go back to the pinned version: docker compose up -d SERVICE; or change the pin, if it was meant.",
        ));
    }
    Ok(match found.lines.len() {
        0 => CheckOutcome::pass("Nothing runs in another version than before.", lines),
        1 => CheckOutcome::pass("One thing has changed, and it was not pinned to stay.", lines),
        many => {
            CheckOutcome::pass(format!("{many} things have changed, and none was pinned to stay."), lines)
        }
    })
}

/// No alert that did not fire before.
///
/// # Errors
/// The servers' codes.
pub async fn alerts(scene: &Arc<CheckContext>) -> Result<CheckOutcome, PanelError> {
    let Some(run) = since(scene).await? else { return Ok(no_deploy()) };
    let new = read::new_alerts(&scene.checks.ctx, &scene.live, &run.alerts_before).await?;
    let mut lines = vec![format!("compared with the deploy \"{}\"", run.reason)];
    lines.extend(new.iter().cloned());
    Ok(match new.len() {
        0 => CheckOutcome::pass("No alert fires that did not fire before.", lines),
        many => CheckOutcome::fail(
            format!("{many} alerts fire that did not fire before."),
            lines,
            "Look at them on the Alerts screen; roll back if they are about what was deployed.",
        ),
    })
}

/// No gauge is worse than before.
///
/// # Errors
/// The servers' codes.
pub async fn gauges(scene: &Arc<CheckContext>) -> Result<CheckOutcome, PanelError> {
    let Some(run) = since(scene).await? else { return Ok(no_deploy()) };
    let judged = read::gauges_since(&scene.checks.ctx, &scene.live, &run.gauges_before).await?;
    Ok(match judged.worse {
        0 => CheckOutcome::pass("No gauge is worse than before.", judged.lines),
        many => CheckOutcome::fail(
            format!("{many} gauges are worse than before."),
            judged.lines,
            "Give it the length of the gauge’s window; if it stays, roll back.",
        ),
    })
}
