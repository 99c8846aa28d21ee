//! What is worse since a deploy began: the one that is open, else the newest.

use std::sync::Arc;

use aether_contract::{DeployRun, PanelError};

use super::{Came, Scene};
use crate::deploy;

async fn since(scene: &Scene) -> Result<Option<DeployRun>, PanelError> {
    let runs = deploy::runs(&scene.core, &scene.live).await?;
    let open = runs.iter().find(|run| run.state == aether_contract::DeployState::Open).cloned();
    Ok(open.or_else(|| runs.into_iter().next()))
}

fn no_deploy() -> Came {
    Came::skipped(
        "No deploy was begun in the panel, so there is nothing to compare with.",
        "Begin one on the Maintenance screen before the next deploy.",
    )
}

/// No alert that did not fire before.
///
/// # Errors
/// The servers' codes.
pub async fn alerts(scene: &Arc<Scene>) -> Result<Came, PanelError> {
    let Some(run) = since(scene).await? else { return Ok(no_deploy()) };
    let new = deploy::new_alerts(&scene.core, &scene.live, &run.alerts_before).await?;
    let mut lines = vec![format!("compared with the deploy \"{}\"", run.reason)];
    lines.extend(new.iter().cloned());
    Ok(match new.len() {
        0 => Came::pass("No alert fires that did not fire before.", lines),
        many => Came::fail(
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
pub async fn gauges(scene: &Arc<Scene>) -> Result<Came, PanelError> {
    let Some(run) = since(scene).await? else { return Ok(no_deploy()) };
    let judged = deploy::gauges_since(&scene.core, &scene.live, &run.gauges_before).await?;
    Ok(match judged.worse {
        0 => Came::pass("No gauge is worse than before.", judged.lines),
        many => Came::fail(
            format!("{many} gauges are worse than before."),
            judged.lines,
            "Give it the length of the gauge’s window; if it stays, roll back.",
        ),
    })
}
