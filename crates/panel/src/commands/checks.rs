//! The commands about checks.

use std::sync::Arc;

use aether_contract::*;

use crate::Panel;
use aether_operations::{checks, drill};

impl Panel {
    /// Runs a suite of checks.
    ///
    /// # Errors
    /// As [`checks::command`].
    pub async fn check_run(&self, request: CheckRequest) -> Result<CheckRun, PanelError> {
        let how = request.suite.title().to_lowercase();
        drill::saw(&self.caps.drills, drill::OperatorAction::ServersAsked { how }).await;
        self.effect(checks::command(Arc::clone(&self.caps.checks), request)).await
    }

    /// Ends the run that is going on.
    ///
    /// # Errors
    /// `not-found` when none is.
    #[allow(clippy::unused_async, reason = "every command has the same shape")]
    pub async fn check_cancel(&self, _request: Empty) -> Result<Empty, PanelError> {
        checks::cancel(&self.caps.checks)?;
        self.caps.ctx.changed.notify_one();
        Ok(Empty {})
    }

    /// Runs that were.
    ///
    /// # Errors
    /// `storage`.
    pub async fn check_runs(&self, _request: Empty) -> Result<CheckRuns, PanelError> {
        Ok(CheckRuns { runs: checks::runs(&self.caps.checks, &self.caps.ctx.live()).await? })
    }

    /// A run as text.
    ///
    /// # Errors
    /// `not-found`, `storage`.
    pub async fn check_export(&self, request: CheckExportRequest) -> Result<CheckExport, PanelError> {
        let runs = checks::runs(&self.caps.checks, &self.caps.ctx.live()).await?;
        let run = runs.iter().find(|run| run.id == request.id).ok_or_else(|| {
            PanelError::new(ErrorCode::NotFound, "checks", "Check run not found in this stack.")
        })?;
        Ok(CheckExport { text: checks::export(run, request.format) })
    }
}
