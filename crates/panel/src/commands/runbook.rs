//! The commands about runbooks.

use std::sync::Arc;

use aether_contract::*;

use crate::Panel;
use aether_foundation::task::blocking;
use aether_operations::{
    drill::{self, OperatorAction},
    runbook::{self, Library},
};

impl Panel {
    /// Every runbook and document.
    ///
    /// # Errors
    /// Only `internal`: an unreadable folder is reported in the list.
    pub async fn runbook_list(&self, _request: Empty) -> Result<RunbookList, PanelError> {
        let profile = Arc::clone(&self.caps.ctx.live().profile);
        blocking(move || Ok(Library::read(&profile).list())).await
    }

    /// A runbook, filled in for an alert.
    ///
    /// # Errors
    /// As [`runbook::open`].
    pub async fn runbook_open(&self, request: RunbookOpenRequest) -> Result<RunbookView, PanelError> {
        let view = runbook::open(&self.caps.runbooks, request).await?;
        drill::saw(&self.caps.drills, OperatorAction::PageOpened { page: view.id.clone() }).await;
        Ok(view)
    }

    /// Searches all runbooks and documents.
    ///
    /// # Errors
    /// `invalid-request` without a word.
    pub async fn runbook_search(&self, request: RunbookSearchRequest) -> Result<RunbookHits, PanelError> {
        let profile = Arc::clone(&self.caps.ctx.live().profile);
        blocking(move || runbook::search(&Library::read(&profile), &request.text)).await
    }

    /// Begins a run, or takes one up again.
    ///
    /// # Errors
    /// As [`runbook::begin`].
    pub async fn runbook_start(&self, request: RunbookStartRequest) -> Result<RunbookRun, PanelError> {
        let run = runbook::begin(&self.caps.runbooks, request).await?;
        drill::saw(&self.caps.drills, OperatorAction::PageOpened { page: run.page.clone() }).await;
        Ok(run)
    }

    /// Asks a step of a run.
    ///
    /// # Errors
    /// As [`runbook::step`].
    pub async fn runbook_step(&self, request: RunbookStepRequest) -> Result<RunbookStepResult, PanelError> {
        let number = request.number;
        let (page, step) = Box::pin(runbook::step(&self.caps.runbooks, request)).await?;
        drill::saw(&self.caps.drills, OperatorAction::StepAsked { page, number }).await;
        Ok(step)
    }

    /// Ends the questions of a run that are on their way.
    ///
    /// # Errors
    /// As [`runbook::cancel`].
    pub async fn runbook_cancel(&self, request: RunbookRunRequest) -> Result<Empty, PanelError> {
        runbook::cancel(&self.caps.runbooks, request).await
    }

    /// Keeps the notes of a run, and closes it if asked to.
    ///
    /// # Errors
    /// As [`runbook::note`].
    pub async fn runbook_note(&self, request: RunbookNoteRequest) -> Result<RunbookRun, PanelError> {
        runbook::note(&self.caps.runbooks, request).await
    }

    /// Runs that were.
    ///
    /// # Errors
    /// `storage`.
    pub async fn runbook_runs(&self, _request: Empty) -> Result<RunbookRuns, PanelError> {
        Ok(RunbookRuns { runs: runbook::runs(&self.caps.runbooks, &self.caps.ctx.live()).await? })
    }

    /// Writes a run as a post-mortem draft.
    ///
    /// # Errors
    /// As [`runbook::export`].
    pub async fn runbook_export(&self, request: RunbookRunRequest) -> Result<RunbookExported, PanelError> {
        self.effect(runbook::export(Arc::clone(&self.caps.runbooks), request)).await
    }
}
