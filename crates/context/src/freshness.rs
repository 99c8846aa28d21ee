//! Gauges and alerts as they have to be shown now: marked stale when their server has not answered for too long.

use aether_contract::{Freshness, Gauge, ServiceKind};

use crate::{
    Context,
    poll::cadence,
    services,
    session::{SessionState, shown},
};

/// The gauges as they are shown.
pub fn gauges(ctx: &Context, state: &SessionState) -> Vec<Gauge> {
    let interval = ctx.interval(ServiceKind::Prometheus);
    state
        .prometheus
        .gauges
        .iter()
        .map(|known| {
            let mut gauge = known.gauge.clone();
            let interval = cadence::eased(interval, known.took);
            gauge.freshness = shown(&known.gauge.freshness, known.good, interval, ServiceKind::Prometheus);
            gauge
        })
        .collect()
}

/// How far Alertmanager's and Prometheus' part of the alerts can be trusted.
pub fn alerts_freshness(ctx: &Context, state: &SessionState) -> (Freshness, Freshness) {
    let members: Vec<Freshness> = state
        .members
        .iter()
        .map(|member| member.probe.shown(ctx.interval(ServiceKind::Alertmanager), ServiceKind::Alertmanager))
        .collect();
    let pending = shown(
        &state.prometheus.alerts_freshness,
        state.prometheus.alerts_good,
        ctx.interval(ServiceKind::Prometheus),
        ServiceKind::Prometheus,
    );
    (services::together(&members), pending)
}
