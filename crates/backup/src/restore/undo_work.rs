//! What undoing needs, whatever is undone.

use std::sync::Arc;

use aether_clients::Grafana;
use aether_context::{jobs::Handle, session::StackSession};
use aether_contract::{ErrorCode, PanelError, ServiceKind};
use serde_json::json;

use super::runs::{self, Record};
use crate::{Backups, store::Store};

/// What undoing needs.
pub struct Work<'a> {
    /// The panel.
    pub backups: &'a Backups,
    /// The stack.
    pub live: &'a StackSession,
    /// Its backups.
    pub store: &'a Store,
    /// Number of the restore, as the journal's subject.
    pub subject: String,
    /// Progress.
    pub job: &'a Handle,
    /// Whether the restore was killed: then a write may have arrived that nobody wrote down.
    pub interrupted: bool,
}

impl Work<'_> {
    /// Writes down what is about to be put back.
    ///
    /// # Errors
    /// `storage`.
    pub async fn begin(&self, undone: &Record) -> Result<i64, PanelError> {
        self.backups.ctx.journal_begin(runs::UNDO, &self.subject, json!(undone)).await
    }

    /// Writes down how far it is.
    ///
    /// # Errors
    /// `storage`.
    pub async fn step(&self, entry: i64, undone: &Record) -> Result<(), PanelError> {
        self.job.step();
        self.backups.ctx.journal_annotate(entry, &self.subject, json!(undone)).await
    }

    /// Writes down how it ended.
    ///
    /// # Errors
    /// `storage`.
    pub async fn end(&self, entry: i64, undone: &Record) -> Result<(), PanelError> {
        self.backups.ctx.journal_complete(entry, undone.outcome(), json!(undone)).await
    }
}

/// The stack's Grafana, if the run was made in it.
///
/// # Errors
/// `invalid-request` for another one; Grafana's codes.
pub async fn grafana_of(work: &Work<'_>, record: &Record) -> Result<Arc<Grafana>, PanelError> {
    let client = super::grafana(work.backups, work.live, record.into_stack.as_deref()).await?;
    if record.target != client.address() {
        let words = format!(
            "The restore was made in {}, but that stack's Grafana is now {}. Nothing was changed.",
            record.target,
            client.address()
        );
        return Err(PanelError::new(ErrorCode::InvalidRequest, "backups", words));
    }
    client.health().await.map_err(|error| error.to_panel(ServiceKind::Grafana))?;
    Ok(client)
}
