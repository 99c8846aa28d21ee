//! What is worse since a deploy began: the one that is open, else the newest.

use std::sync::Arc;

use aether_contract::{DeployRun, DeployedVersion, PanelError};

use super::{Came, Scene};
use crate::deploy::{self, versions};

async fn since(scene: &Scene) -> Result<Option<DeployRun>, PanelError> {
    let runs = deploy::runs(&scene.core, &scene.live).await?;
    let open = runs.iter().find(|run| run.state == aether_contract::DeployState::Open).cloned();
    Ok(open.or_else(|| runs.into_iter().next()))
}

fn no_deploy() -> Came {
    Came::skipped(
        "No deployment has been started in the panel, so there is no baseline.",
        "Start a deployment on the Maintenance screen before the next deploy.",
    )
}

/// Compares versions and images with the baseline: changes are reported, changes to pinned services are
/// warnings.
///
/// # Errors
/// `storage`.
pub async fn changed(scene: &Arc<Scene>) -> Result<Came, PanelError> {
    let Some(run) = since(scene).await? else { return Ok(no_deploy()) };
    if run.ran_before.is_empty() {
        return Ok(Came::skipped(
            "The deployment was started by an earlier version of the panel, which did not record running \
                versions.",
            "",
        ));
    }
    let mut now = versions::now(&scene.core, &scene.live).await;
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
        return Ok(Came::warn(
            format!("Unexpected version changes: {}.", found.unmeant.join("; ")),
            lines,
            "Return to the pinned version: docker compose up -d SERVICE. If the change was intended, \
                update the pin.",
        ));
    }
    Ok(match found.lines.len() {
        0 => Came::pass("No versions have changed.", lines),
        1 => Came::pass("One version has changed; it is not pinned.", lines),
        many => Came::pass(format!("{many} versions have changed; none of them is pinned."), lines),
    })
}

/// No alert that did not fire before.
///
/// # Errors
/// The servers' codes.
pub async fn alerts(scene: &Arc<Scene>) -> Result<Came, PanelError> {
    let Some(run) = since(scene).await? else { return Ok(no_deploy()) };
    let new = deploy::new_alerts(&scene.core, &scene.live, &run.alerts_before).await?;
    let mut lines = vec![format!("compared with deployment \"{}\"", run.reason)];
    lines.extend(new.iter().cloned());
    Ok(match new.len() {
        0 => Came::pass("No new alerts are firing.", lines),
        many => Came::fail(
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
pub async fn gauges(scene: &Arc<Scene>) -> Result<Came, PanelError> {
    let Some(run) = since(scene).await? else { return Ok(no_deploy()) };
    let judged = deploy::gauges_since(&scene.core, &scene.live, &run.gauges_before).await?;
    Ok(match judged.worse {
        0 => Came::pass("No gauge has regressed.", judged.lines),
        many => Came::fail(
            format!("{many} gauges have regressed."),
            judged.lines,
            "Wait for the length of the gauge’s window. If they do not recover, roll back.",
        ),
    })
}
