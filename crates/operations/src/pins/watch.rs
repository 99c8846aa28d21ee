//! Checks the pins periodically: changes are recorded, drift is notified.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use aether_contract::{PanelError, PinSummary, PinVerdict, PinsReport, PinsSummary};

use super::{Pins, compose, history};
use aether_context::session::StackSession;

/// Between two looks. Versions change with a deploy, not by the second.
const PAUSE: Duration = Duration::from_secs(60);
/// Before the first look, so that the servers have had their say.
const FIRST: Duration = Duration::from_secs(4);

/// What is remembered of a stack's pins while it is selected.
#[derive(Default)]
pub struct SessionPins {
    /// What `docker compose` said.
    pub compose: compose::Memory,
    /// The newest look.
    last: Mutex<Option<Arc<PinsReport>>>,
}

impl SessionPins {
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
pub async fn look(pins: &Pins, live: &StackSession) -> Result<PinsReport, PanelError> {
    let services = pins.ctx.publisher.current().services;
    let mut report = super::look(pins, live, &services).await;
    let stack = live.profile.name.clone();
    history::record(pins, &stack, &report).await?;
    history::beside(pins, &stack, &mut report).await?;
    *pins.session(live).last.lock().unwrap_or_else(PoisonError::into_inner) = Some(Arc::new(report.clone()));
    pins.ctx.changed.notify_one();
    Ok(report)
}

/// Looks again and again while `live` is selected.
pub fn start(pins: &Arc<Pins>, live: &Arc<StackSession>) {
    let (pins, weak) = (Arc::downgrade(pins), Arc::downgrade(live));
    let task = tokio::spawn(async move {
        tokio::time::sleep(FIRST).await;
        loop {
            {
                let (Some(pins), Some(live)) = (pins.upgrade(), weak.upgrade()) else { return };
                if let Err(error) = Box::pin(look(&pins, &live)).await {
                    tracing::warn!(%error, "failed to check the pins");
                }
            }
            let Some(live) = weak.upgrade() else { return };
            let _ = tokio::time::timeout(PAUSE, live.wake_followers.notified()).await;
        }
    });
    live.own(task.abort_handle());
}
