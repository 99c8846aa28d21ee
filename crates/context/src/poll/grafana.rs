//! One cycle of Grafana: is it there, and are the credentials good.
//!
//! Refused credentials are not tried again until they change: Grafana locks an account after a few wrong passwords.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use aether_contract::{AuthSpec, ErrorCode, PanelError, ServiceKind};

use super::bounded;
use crate::session::StackSession;
use aether_foundation::clock;

const SERVICE: ServiceKind = ServiceKind::Grafana;

/// Whole time that one step may take.
const STEP: Duration = Duration::from_secs(30);

/// Good credentials are looked at again after this long.
const RECHECK: Duration = Duration::from_secs(300);

/// Asks Grafana; whether it answered.
pub async fn cycle(live: &Arc<StackSession>) -> bool {
    match ask(live).await {
        Ok(()) => true,
        Err(error) => {
            // Refused credentials are an answer: nothing is gained by asking less often.
            let answered = matches!(error.code, ErrorCode::Unauthorized | ErrorCode::Forbidden);
            live.state().grafana.probe.failed(error);
            answered
        }
    }
}

async fn ask(live: &StackSession) -> Result<(), PanelError> {
    let client = live.clients.grafana().await?;
    let health =
        bounded(SERVICE, STEP, async { client.health().await.map_err(|e| e.to_panel(SERVICE)) }).await?;
    let due = {
        let mut state = live.state();
        let grafana = &mut state.grafana;
        grafana.probe.version = health.value.version.clone().filter(|version| !version.is_empty());
        grafana.probe.latency_ms = Some(clock::latency_ms(health.latency));
        grafana.probe.clock_offset_ms = clock::offset(health.date, health.received, health.latency);
        if let Some(error) = &grafana.refused {
            return Err(error.clone());
        }
        live.profile.grafana.auth != AuthSpec::None
            && grafana.accepted.is_none_or(|accepted| accepted.elapsed() > RECHECK)
    };
    if due {
        let checked = bounded(SERVICE, STEP, async {
            client.check_credentials().await.map_err(|e| e.to_panel(SERVICE))
        })
        .await;
        let mut state = live.state();
        match checked {
            Ok(_) => state.grafana.accepted = Some(Instant::now()),
            Err(error) => {
                if error.code == ErrorCode::Unauthorized {
                    state.grafana.refused = Some(error.clone());
                }
                return Err(error);
            }
        }
    }
    live.state().grafana.probe.succeeded();
    Ok(())
}
