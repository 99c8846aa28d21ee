//! What is known of deploys, and what has become worse since one began. Checks read this; it changes nothing.

use std::sync::Arc;

use aether_context::{Context, journal::Entry, poll, session::StackSession};
use aether_contract::*;

use super::regression;

/// Journal kind of a deploy; its subject is its id.
pub const DEPLOY: &str = "deploy";
/// Runs that are read.
const READ: u32 = 50;

/// Deploys of the stack, newest first.
///
/// # Errors
/// `storage`.
pub async fn runs(ctx: &Context, live: &StackSession) -> Result<Vec<DeployRun>, PanelError> {
    let stack = live.profile.name.clone();
    let entries = ctx.journaled(|journal| journal.recent(DEPLOY, READ)).await?;
    Ok(entries.iter().filter_map(read).filter(|run| run.stack == stack).collect())
}

/// A run as the journal keeps it; none for an entry that this version cannot read.
pub fn read(entry: &Entry) -> Option<DeployRun> {
    serde_json::from_value(entry.detail.clone()).ok()
}

/// Alerts that fire now and did not before, one line each.
///
/// # Errors
/// `network` while a server does not respond: the list would be incomplete.
pub async fn new_alerts(
    ctx: &Arc<Context>,
    live: &Arc<StackSession>,
    before: &[AlertFingerprint],
) -> Result<Vec<String>, PanelError> {
    poll::all(ctx, live).await;
    ctx.publish();
    let state = live.state();
    let members = || state.members.iter().map(|member| &member.probe.freshness);
    if !members().all(Freshness::is_fresh) || !state.prometheus.alerts_freshness.is_fresh() {
        return Err(PanelError::new(
            ErrorCode::Network,
            "alertmanager",
            "At least one server is unreachable, so new alerts cannot be ruled out.",
        )
        .with_hint("Try again, or skip the step with a reason."));
    }
    Ok(regression::new_alerts(&state.index.rows, before))
}

/// How the gauges changed.
///
/// # Errors
/// `network` while a gauge has no fresh value.
pub async fn gauges_since(
    ctx: &Arc<Context>,
    live: &Arc<StackSession>,
    before: &[GaugeBaseline],
) -> Result<regression::Since, PanelError> {
    poll::all(ctx, live).await;
    ctx.publish();
    let state = live.state();
    let now: Vec<&Gauge> = state.prometheus.gauges.iter().map(|known| &known.gauge).collect();
    if now.iter().any(|gauge| !gauge.freshness.is_fresh()) {
        return Err(PanelError::new(
            ErrorCode::Network,
            "prometheus",
            "At least one gauge is unavailable, so regressions cannot be ruled out.",
        )
        .with_hint("Try again, or skip the step with a reason."));
    }
    Ok(regression::gauges_since(before, &regression::gauges(&now)))
}
