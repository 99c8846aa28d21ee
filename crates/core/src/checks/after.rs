//! What is worse since a deploy began: the one that is open, else the newest.

use std::sync::Arc;

use aether_contract::{DeployRun, ErrorCode, Freshness, Gauge, PanelError};

use super::{Came, Scene};
use crate::{deploy, deploy::judge, poll};

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
    poll::all(&scene.core, &scene.live).await;
    scene.core.publish();
    let state = scene.live.state();
    let members = || state.members.iter().map(|member| &member.probe.freshness);
    if !members().all(Freshness::is_fresh) || !state.prometheus.alerts_freshness.is_fresh() {
        return Err(PanelError::new(
            ErrorCode::Network,
            "alertmanager",
            "Not every server answers, so whether something new fires is not known.",
        ));
    }
    let new = judge::new_alerts(&state.index.rows, &run.alerts_before);
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
    poll::all(&scene.core, &scene.live).await;
    scene.core.publish();
    let state = scene.live.state();
    let now: Vec<&Gauge> = state.prometheus.gauges.iter().map(|known| &known.gauge).collect();
    if now.iter().any(|gauge| !gauge.freshness.is_fresh()) {
        return Err(PanelError::new(
            ErrorCode::Network,
            "prometheus",
            "Not every gauge could be read, so whether one is worse is not known.",
        ));
    }
    let judged = judge::gauges_since(&run.gauges_before, &judge::gauges(&now));
    Ok(match judged.worse {
        0 => Came::pass("No gauge is worse than before.", judged.lines),
        many => Came::fail(
            format!("{many} gauges are worse than before."),
            judged.lines,
            "Give it the length of the gauge’s window; if it stays, roll back.",
        ),
    })
}
