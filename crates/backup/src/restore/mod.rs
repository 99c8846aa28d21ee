//! Restores what a backup holds: a plan that is shown first, one writer, a copy of what was there, and the way back.
//! Dashboards, Grafana's alerting and the configuration files go the same way; each has a file of its own.

mod alerting;
mod alerting_resource;
pub mod apply;
mod dashboard_plan;
pub mod data;
mod dependencies;
mod document;
mod files;
mod folders;
pub mod plan;
mod preconditions;
pub mod runs;
pub mod target;
pub mod undo;
mod undo_work;

use std::sync::Arc;

use aether_clients::Grafana;
use aether_contract::{
    PanelError, RestoreApplyRequest, RestorePart, RestorePlan, RestoreRequest, RestoreRun,
};

use crate::Backups;
use aether_context::{clients::Clients, session::StackSession};

/// The Grafana that is restored into.
///
/// # Errors
/// `not-found` for an unknown stack; the codes of its client.
async fn grafana(
    backups: &Backups,
    live: &StackSession,
    into: Option<&str>,
) -> Result<Arc<Grafana>, PanelError> {
    match into.filter(|name| *name != live.profile.name) {
        None => live.clients.grafana().await,
        Some(name) => {
            Clients::new(backups.ctx.stacks.profile(name)?, Arc::clone(&backups.ctx.secrets)).grafana().await
        }
    }
}

/// What a restore would do. Nothing is written.
///
/// # Errors
/// `not-found` for an unknown backup or item; `invalid-request`; a server's codes.
pub async fn plan(backups: &Backups, request: &RestoreRequest) -> Result<RestorePlan, PanelError> {
    match request.what {
        RestorePart::Dashboards => apply::plan(backups, request).await,
        RestorePart::Alerting => alerting::plan(backups, request).await,
        RestorePart::Configs => files::plan(backups, request).await,
    }
}

/// Carries a plan out.
///
/// # Errors
/// `unverified` when the plan is no longer the one that was shown: then nothing was written; `invalid-request`
/// while something is undecided; `storage` when the copy of what is there can't be written. What a server
/// refuses is no error, but stands in the run.
pub async fn apply(backups: Arc<Backups>, asked: RestoreApplyRequest) -> Result<RestoreRun, PanelError> {
    match asked.request.what {
        RestorePart::Dashboards => apply::apply(backups, asked).await,
        RestorePart::Alerting => alerting::apply(backups, asked).await,
        RestorePart::Configs => files::apply(backups, asked).await,
    }
}
