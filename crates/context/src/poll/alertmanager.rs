//! One cycle of an Alertmanager member: its alerts and silences, and now and then who it is.

use std::{sync::Arc, time::Duration};

use aether_clients::{Alertmanager, ClientError, Failure, alertmanager::AmStatus};
use aether_contract::{ErrorCode, Freshness, PanelError, ServiceKind};

use super::bounded;
use crate::{
    Context,
    alert_index::{
        join::{MemberAlerts, PromAlerts, Tenants, join},
        muted::{self, Mutings},
    },
    session::StackSession,
};
use aether_foundation::clock;

const SERVICE: ServiceKind = ServiceKind::Alertmanager;

/// Whole time that one step may take.
const STEP: Duration = Duration::from_secs(30);

/// Asks one member; whether it answered.
pub async fn cycle(ctx: &Arc<Context>, live: &Arc<StackSession>, index: usize, everything: bool) -> bool {
    let answered = match ask(live, index, everything).await {
        Ok(()) => true,
        Err(error) => {
            if error.code == ErrorCode::Unauthorized {
                live.clients.forget(SERVICE, index).await;
            }
            let mut state = live.state();
            if let Some(member) = state.members.get_mut(index) {
                member.probe.failed(error);
            }
            false
        }
    };
    rejoin(live).await;
    if let Some(observer) = ctx.observer() {
        observer.alertmanager_polled(live).await;
    }
    answered
}

async fn ask(live: &StackSession, index: usize, everything: bool) -> Result<(), PanelError> {
    let client = live.clients.member(index).await?;
    let known = live
        .state()
        .members
        .get(index)
        .is_some_and(|member| member.probe.version.is_some() && member.probe.freshness.is_fresh());
    let open = async {
        // This changes only with a restart, which a failed cycle shows.
        if known && !everything {
            return Ok(None);
        }
        // A finding and no more: that it could not be asked says nothing.
        Ok(Some(client.open_to_pages().await.unwrap_or(false)))
    };
    // Asked each time: a reload may bring or take away time intervals. Only they make the groups worth asking for,
    // which are as long as the list of alerts.
    let (alerts, silences, (status, mutings), open) = bounded(SERVICE, STEP, async {
        let muted = async {
            let status = client.status().await?;
            let mutings = if has_intervals(&status.value) { mutings(&client).await? } else { Mutings::new() };
            Ok((status, mutings))
        };
        tokio::try_join!(client.alerts(), client.silences(), muted, open)
            .map_err(|error| error.to_panel(SERVICE))
    })
    .await?;
    let mut state = live.state();
    let mut changed = false;
    if let Some(member) = state.members.get_mut(index) {
        member.probe.succeeded();
        member.probe.latency_ms = Some(clock::latency_ms(silences.latency));
        member.probe.clock_offset_ms = clock::offset(silences.date, silences.received, silences.latency);
        if let Some(open) = open {
            member.open_to_pages = open;
        }
        member.probe.version = Some(status.value.version).filter(|version| !version.is_empty());
        member.alerts = Arc::new(alerts.value);
        member.mutings = Arc::new(mutings);
        changed = *member.silences != silences.value;
        if changed {
            member.silences = Arc::new(silences.value);
        }
    }
    if changed {
        state.silences_revision = state.silences_revision.wrapping_add(1);
    }
    Ok(())
}

/// Whether routes of the running configuration are muted at times. The configuration comes back as it was written, so
/// these keys are in it.
fn has_intervals(status: &AmStatus) -> bool {
    status.config_original.contains("mute_time_intervals")
        || status.config_original.contains("active_time_intervals")
}

/// What time intervals mute. A server (or a proxy before it) without this part of the API mutes nothing that is known:
/// its alerts stay firing.
async fn mutings(client: &Alertmanager) -> Result<Mutings, ClientError> {
    match client.audible_groups().await {
        Ok(reply) => Ok(muted::mutings(&reply.value)),
        Err(error) if matches!(error.failure, Failure::WrongPath) => Ok(Mutings::new()),
        Err(error) => Err(error),
    }
}

/// Joins what all servers said into the list of alerts. Off the runtime's threads: there may be 100,000.
pub async fn rejoin(live: &Arc<StackSession>) {
    let _turn = live.gate_join.lock().await;
    let now = clock::now();
    let (prometheus, members, complete) = {
        let state = live.state();
        let complete = if state.members.is_empty() {
            state.prometheus.alerts_freshness.is_fresh()
        } else {
            let each = || state.members.iter().map(|member| &member.probe.freshness);
            each().any(Freshness::is_fresh) && each().all(|freshness| *freshness != Freshness::Loading)
        };
        let prometheus = PromAlerts {
            alerts: Arc::clone(&state.prometheus.alerts),
            rules: Arc::clone(&state.prometheus.rules),
            fresh: state.prometheus.alerts_freshness.is_fresh(),
            now: state.prometheus.probe.server_now(),
        };
        let members: Vec<MemberAlerts> = state
            .members
            .iter()
            .map(|member| MemberAlerts {
                alerts: Arc::clone(&member.alerts),
                silences: Arc::clone(&member.silences),
                mutings: Arc::clone(&member.mutings),
                fresh: member.probe.freshness.is_fresh(),
                now: member.probe.server_now(),
                url: live.profile.web_url(SERVICE).unwrap_or(&member.url).to_owned(),
            })
            .collect();
        (prometheus, members, complete)
    };
    let tenants = Tenants {
        label: live.profile.tenant_label.clone(),
        vips: live.profile.vip_tenants.iter().cloned().collect(),
        escalation: live.profile.escalation,
        heartbeat: live.profile.heartbeat.clone(),
    };
    let joined = tokio::task::spawn_blocking(move || join(&prometheus, &members, &tenants, now)).await;
    match joined {
        Ok(index) => {
            let mut state = live.state();
            state.index_complete = complete;
            if *state.index != index {
                state.index = Arc::new(index);
                state.alerts_revision = state.alerts_revision.wrapping_add(1);
            }
        }
        Err(error) => tracing::error!(%error, "failed to join alerts"),
    }
}
