//! Restores what a backup holds: a plan that is shown first, one writer, a copy of what was there, and the way back.
//! Dashboards, Grafana's other resources and the configuration files go the same way; each has a file of its own.

mod alerting_resource;
mod annotations;
pub mod apply;
mod create_folders;
mod dashboard_plan;
pub mod data;
mod dependencies;
mod document;
mod files;
mod folders;
mod new_permissions;
mod permissions;
pub mod plan;
mod playlists;
mod preconditions;
mod public_dashboards;
mod resource;
mod resource_run;
pub mod runs;
pub mod target;
pub mod undo;
mod undo_work;

use std::sync::Arc;

use aether_clients::Grafana;
use aether_contract::{
    PanelError, RestoreApplyRequest, RestorePart, RestorePlan, RestoreRequest, RestoreRun,
};
use futures_util::FutureExt as _;

use self::{
    alerting_resource::AlertingResource, annotations::AnnotationGroup, permissions::Permissions,
    playlists::Playlist, public_dashboards::PublicDashboard, runs::Record, undo_work::Work,
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
        RestorePart::Alerting => resource_run::plan::<AlertingResource>(backups, request).boxed().await,
        RestorePart::Permissions => resource_run::plan::<Permissions>(backups, request).boxed().await,
        RestorePart::Annotations => resource_run::plan::<AnnotationGroup>(backups, request).boxed().await,
        RestorePart::Playlists => resource_run::plan::<Playlist>(backups, request).boxed().await,
        RestorePart::PublicDashboards => {
            resource_run::plan::<PublicDashboard>(backups, request).boxed().await
        }
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
        RestorePart::Alerting => resource_run::apply::<AlertingResource>(backups, asked).boxed().await,
        RestorePart::Permissions => resource_run::apply::<Permissions>(backups, asked).boxed().await,
        RestorePart::Annotations => resource_run::apply::<AnnotationGroup>(backups, asked).boxed().await,
        RestorePart::Playlists => resource_run::apply::<Playlist>(backups, asked).boxed().await,
        RestorePart::PublicDashboards => resource_run::apply::<PublicDashboard>(backups, asked).boxed().await,
        RestorePart::Configs => files::apply(backups, asked).await,
    }
}

/// Takes a run back, as its record tells.
///
/// # Errors
/// `invalid-request` for another Grafana; a server's codes before anything is written; `storage`.
async fn take_back(work: &Work<'_>, undone: &mut Record) -> Result<(), PanelError> {
    match undone.what {
        RestorePart::Dashboards => undo::dashboards(work, undone).await,
        RestorePart::Alerting => resource_run::undo::<AlertingResource>(work, undone).boxed().await,
        RestorePart::Permissions => resource_run::undo::<Permissions>(work, undone).boxed().await,
        RestorePart::Annotations => resource_run::undo::<AnnotationGroup>(work, undone).boxed().await,
        RestorePart::Playlists => resource_run::undo::<Playlist>(work, undone).boxed().await,
        RestorePart::PublicDashboards => resource_run::undo::<PublicDashboard>(work, undone).boxed().await,
        RestorePart::Configs => files::undo(work, undone).await,
    }
}
