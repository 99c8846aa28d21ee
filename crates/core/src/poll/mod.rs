//! Pollers: one a server, each with its own cadence. A server that is down changes nothing for the others.
//!
//! A cycle asks, writes what came back into the [`Live`] it was started for, and says whether the server answered. A
//! failed cycle never takes data away: what was known stays, marked with its age and the error.

pub mod alertmanager;
pub mod cadence;
pub mod grafana;
pub mod prometheus;

use std::{future::Future, sync::Arc, time::Duration};

use aether_contract::{ErrorCode, PanelError, ServiceKind, Timestamp};
use tokio::sync::Notify;

use crate::panel::{clock, core::Core, live::Live};

/// Minimum interval between two polls of a server, regardless of refresh requests.
const LEAST: Duration = Duration::from_millis(250);

/// Starts the pollers of `live`.
pub fn start(core: &Arc<Core>, live: &Arc<Live>) {
    if !live.profile.prometheus.urls.is_empty() {
        spawn(core, live, Which::Prometheus);
    }
    for index in 0..live.profile.alertmanager.urls.len() {
        spawn(core, live, Which::Member(index));
    }
    if !live.profile.grafana.urls.is_empty() {
        spawn(core, live, Which::Grafana);
    }
    crate::pins::watch::start(core, live);
}

/// One whole cycle of every server, everything due or not.
pub async fn all(core: &Arc<Core>, live: &Arc<Live>) {
    let members = futures_util::future::join_all(
        (0..live.profile.alertmanager.urls.len()).map(|index| Which::Member(index).cycle(core, live, true)),
    );
    tokio::join!(
        async {
            if !live.profile.prometheus.urls.is_empty() {
                Which::Prometheus.cycle(core, live, true).await;
            }
        },
        async {
            if !live.profile.grafana.urls.is_empty() {
                Which::Grafana.cycle(core, live, true).await;
            }
        },
        members
    );
}

/// One cycle of every Alertmanager member: after an effect there.
pub async fn members(core: &Arc<Core>, live: &Arc<Live>) {
    futures_util::future::join_all(
        (0..live.profile.alertmanager.urls.len()).map(|index| Which::Member(index).cycle(core, live, true)),
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
    fn interval(self, core: &Core) -> Duration {
        let kind = match self {
            Self::Prometheus => ServiceKind::Prometheus,
            Self::Member(_) => ServiceKind::Alertmanager,
            Self::Grafana => ServiceKind::Grafana,
        };
        core.interval(kind)
    }

    fn wake(self, live: &Live) -> Option<&Notify> {
        match self {
            Self::Prometheus => Some(&live.wake_prometheus),
            Self::Member(index) => live.wake_members.get(index),
            Self::Grafana => Some(&live.wake_grafana),
        }
    }

    fn set_next(self, live: &Live, next: Timestamp) {
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
    async fn cycle(self, core: &Arc<Core>, live: &Arc<Live>, everything: bool) -> bool {
        let answered = match self {
            Self::Prometheus => {
                let _turn = live.gate_prometheus.lock().await;
                Box::pin(prometheus::cycle(core, live, everything)).await
            }
            Self::Member(index) => {
                let Some(gate) = live.gate_members.get(index) else { return false };
                let _turn = gate.lock().await;
                Box::pin(alertmanager::cycle(core, live, index, everything)).await
            }
            Self::Grafana => {
                let _turn = live.gate_grafana.lock().await;
                Box::pin(grafana::cycle(live)).await
            }
        };
        core.changed.notify_one();
        answered
    }
}

fn spawn(core: &Arc<Core>, live: &Arc<Live>, which: Which) {
    // Weak: a poller does not keep alive what it works for.
    let (core, weak) = (Arc::downgrade(core), Arc::downgrade(live));
    let task = tokio::spawn(async move {
        let mut failures: u32 = 0;
        loop {
            let (Some(core), Some(live)) = (core.upgrade(), weak.upgrade()) else { return };
            let answered = which.cycle(&core, &live, false).await;
            failures = if answered { 0 } else { failures.saturating_add(1) };
            let pause = cadence::pause(which.interval(&core), failures, rand::random::<f64>());
            let next = clock::now().plus_millis(i64::try_from(pause.as_millis()).unwrap_or(i64::MAX));
            which.set_next(&live, next);
            core.changed.notify_one();
            drop(core);
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
