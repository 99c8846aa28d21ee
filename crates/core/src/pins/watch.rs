//! Checks the pins periodically: changes are recorded, drift is notified.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use aether_contract::{PanelError, PinSummary, PinVerdict, PinsReport, PinsSummary};
use tokio::sync::Notify;

use super::{compose, history};
use crate::panel::{core::Core, live::Live};

/// Between two looks. Versions change with a deploy, not by the second.
const PAUSE: Duration = Duration::from_secs(60);
/// Before the first look, so that the servers have had their say.
const FIRST: Duration = Duration::from_secs(4);

/// What is remembered of a stack's pins while it is selected.
#[derive(Default)]
pub struct Pins {
    /// What `docker compose` said.
    pub compose: compose::Memory,
    /// The newest look.
    last: Mutex<Option<Arc<PinsReport>>>,
    /// Has the next look come soon.
    pub wake: Notify,
}

impl Pins {
    /// The newest look.
    pub fn last(&self) -> Option<Arc<PinsReport>> {
        self.last.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// In brief.
    pub fn summary(&self) -> PinsSummary {
        let Some(report) = self.last() else { return PinsSummary::default() };
        let shown = report.rows.iter().filter(|row| row.verdict != PinVerdict::Absent);
        let services: Vec<PinSummary> = shown
            .clone()
            .map(|row| PinSummary {
                service: row.service.clone(),
                verdict: row.verdict,
                drift: row.drift,
                words: row.words.clone(),
            })
            .collect();
        let many = |count: usize| u32::try_from(count).unwrap_or(u32::MAX);
        PinsSummary {
            at: Some(report.at),
            drift: many(services.iter().filter(|one| one.drift).count()),
            advised: many(shown.filter(|row| !row.advisories.is_empty()).count()),
            services,
        }
    }
}

/// One look: the chains, what changed written down, the newest change beside each.
///
/// # Errors
/// `storage` when the journal can't be read or written.
pub async fn look(core: &Core, live: &Live) -> Result<PinsReport, PanelError> {
    let services = core.publisher.current().services;
    let mut report = super::look(live, &services, &core.home.config).await;
    let stack = live.profile.name.clone();
    history::record(core, &stack, &report).await?;
    history::beside(core, &stack, &mut report).await?;
    *live.pins.last.lock().unwrap_or_else(PoisonError::into_inner) = Some(Arc::new(report.clone()));
    core.changed.notify_one();
    Ok(report)
}

/// Looks again and again while `live` is selected.
pub fn start(core: &Arc<Core>, live: &Arc<Live>) {
    let (core, weak) = (Arc::downgrade(core), Arc::downgrade(live));
    let task = tokio::spawn(async move {
        tokio::time::sleep(FIRST).await;
        loop {
            {
                let (Some(core), Some(live)) = (core.upgrade(), weak.upgrade()) else { return };
                if let Err(error) = Box::pin(look(&core, &live)).await {
                    tracing::warn!(%error, "failed to check the pins");
                }
            }
            let Some(live) = weak.upgrade() else { return };
            let _ = tokio::time::timeout(PAUSE, live.pins.wake.notified()).await;
        }
    });
    live.own(task.abort_handle());
}
