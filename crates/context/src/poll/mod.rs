//! Pollers: one a server, each with its own cadence. A server that is down changes nothing for the others.
//!
//! A cycle asks, writes what came back into the [`StackSession`] it was started for, and says whether the server
//! answered. A failed cycle never takes data away: what was known stays, marked with its age and the error.

pub mod alertmanager;
pub mod grafana;
mod jumps;
pub mod prometheus;

pub use jumps::JumpWatch;

use std::{future::Future, sync::Arc, time::Duration};

use aether_contract::{ErrorCode, PanelError, ServiceKind, Timestamp};
use tokio::sync::Notify;

use crate::{Context, session::StackSession};
use aether_foundation::clock;

/// Minimum interval between two polls of a server, regardless of refresh requests.
const LEAST: Duration = Duration::from_millis(250);

/// Starts the pollers of `live`.
pub fn start(ctx: &Arc<Context>, live: &Arc<StackSession>) {
    if !live.profile.prometheus.urls.is_empty() {
        spawn(ctx, live, Which::Prometheus);
    }
    for index in 0..live.profile.alertmanager.urls.len() {
        spawn(ctx, live, Which::Member(index));
    }
    if !live.profile.grafana.urls.is_empty() {
        spawn(ctx, live, Which::Grafana);
    }
}

/// One whole cycle of every server, everything due or not.
pub async fn all(ctx: &Arc<Context>, live: &Arc<StackSession>) {
    let members = futures_util::future::join_all(
        (0..live.profile.alertmanager.urls.len()).map(|index| Which::Member(index).cycle(ctx, live, true)),
    );
    tokio::join!(
        async {
            if !live.profile.prometheus.urls.is_empty() {
                Which::Prometheus.cycle(ctx, live, true).await;
            }
        },
        async {
            if !live.profile.grafana.urls.is_empty() {
                Which::Grafana.cycle(ctx, live, true).await;
            }
        },
        members
    );
}

/// One cycle of every Alertmanager member: after an effect there.
pub async fn members(ctx: &Arc<Context>, live: &Arc<StackSession>) {
    futures_util::future::join_all(
        (0..live.profile.alertmanager.urls.len()).map(|index| Which::Member(index).cycle(ctx, live, true)),
    )
    .await;
}

#[derive(Clone, Copy)]
enum Which {
    Prometheus,
    Member(usize),
    Grafana,
}

impl Which {
    fn interval(self, ctx: &Context) -> Duration {
        let kind = match self {
            Self::Prometheus => ServiceKind::Prometheus,
            Self::Member(_) => ServiceKind::Alertmanager,
            Self::Grafana => ServiceKind::Grafana,
        };
        ctx.interval(kind)
    }

    fn wake(self, live: &StackSession) -> Option<&Notify> {
        match self {
            Self::Prometheus => Some(&live.wake_prometheus),
            Self::Member(index) => live.wake_members.get(index),
            Self::Grafana => Some(&live.wake_grafana),
        }
    }

    fn set_next(self, live: &StackSession, next: Timestamp) {
        let mut state = live.state();
        match self {
            Self::Prometheus => state.prometheus.probe.next_poll = Some(next),
            Self::Member(index) => {
                if let Some(member) = state.members.get_mut(index) {
                    member.probe.next_poll = Some(next);
                }
            }
            Self::Grafana => state.grafana.probe.next_poll = Some(next),
        }
    }

    /// One cycle, alone for its server.
    async fn cycle(self, ctx: &Arc<Context>, live: &Arc<StackSession>, everything: bool) -> bool {
        let answered = match self {
            Self::Prometheus => {
                let _turn = live.gate_prometheus.lock().await;
                Box::pin(prometheus::cycle(ctx, live, everything)).await
            }
            Self::Member(index) => {
                let Some(gate) = live.gate_members.get(index) else { return false };
                let _turn = gate.lock().await;
                Box::pin(alertmanager::cycle(ctx, live, index, everything)).await
            }
            Self::Grafana => {
                let _turn = live.gate_grafana.lock().await;
                Box::pin(grafana::cycle(live)).await
            }
        };
        ctx.changed.notify_one();
        answered
    }
}

fn spawn(ctx: &Arc<Context>, live: &Arc<StackSession>, which: Which) {
    // Weak: a poller does not keep alive what it works for.
    let (ctx, weak) = (Arc::downgrade(ctx), Arc::downgrade(live));
    let task = tokio::spawn(async move {
        let mut failures: u32 = 0;
        loop {
            let (Some(ctx), Some(live)) = (ctx.upgrade(), weak.upgrade()) else { return };
            let answered = which.cycle(&ctx, &live, false).await;
            failures = if answered { 0 } else { failures.saturating_add(1) };
            let pause = crate::cadence::pause(which.interval(&ctx), failures, rand::random::<f64>());
            let next = clock::now().plus_millis(i64::try_from(pause.as_millis()).unwrap_or(i64::MAX));
            which.set_next(&live, next);
            ctx.changed.notify_one();
            drop(ctx);
            let wait = async {
                match which.wake(&live) {
                    Some(wake) => wake.notified().await,
                    None => std::future::pending().await,
                }
            };
            tokio::time::sleep(LEAST).await;
            let _ = tokio::time::timeout(pause.saturating_sub(LEAST), wait).await;
        }
    });
    live.own(task.abort_handle());
}

/// Bounds a whole step of a cycle. Each request has its own timeout; this one is for what nobody thought of.
pub async fn bounded<T>(
    service: ServiceKind,
    limit: Duration,
    work: impl Future<Output = Result<T, PanelError>>,
) -> Result<T, PanelError> {
    tokio::time::timeout(limit, work).await.unwrap_or_else(|_| {
        Err(PanelError::new(
            ErrorCode::Timeout,
            service.as_str(),
            format!("{} did not respond within {} s.", service.title(), limit.as_secs()),
        ))
    })
}
