//! The commands about drills and the training checklist.

use std::sync::Arc;

use aether_contract::*;

use crate::Panel;
use aether_operations::{drill, training};

impl Panel {
    /// Drills that can be chosen, and those that were.
    ///
    /// # Errors
    /// As [`drill::list`].
    pub async fn drill_list(&self, _request: Empty) -> Result<DrillList, PanelError> {
        drill::list(&self.caps.drills, &self.caps.ctx.live()).await
    }

    /// Begins a drill in the demo stack.
    ///
    /// # Errors
    /// As [`drill::start`].
    pub async fn drill_start(&self, request: DrillStartRequest) -> Result<DrillRun, PanelError> {
        self.effect(drill::start(Arc::clone(&self.caps.drills), request)).await
    }

    /// Says that the incident was seen.
    ///
    /// # Errors
    /// As [`drill::notice`].
    pub async fn drill_notice(&self, _request: Empty) -> Result<Empty, PanelError> {
        drill::notice(&self.caps.drills).await?;
        Ok(Empty {})
    }

    /// Does as if something were done outside of the panel.
    ///
    /// # Errors
    /// As [`drill::operate`].
    pub async fn drill_operate(
        &self,
        request: DrillOperateRequest,
    ) -> Result<DrillOperationResult, PanelError> {
        self.effect(drill::operate(Arc::clone(&self.caps.drills), request)).await
    }

    /// Ends the running drill.
    ///
    /// # Errors
    /// As [`drill::end`].
    pub async fn drill_end(&self, _request: Empty) -> Result<DrillRun, PanelError> {
        self.effect(drill::end(Arc::clone(&self.caps.drills))).await
    }

    /// A drill as a report.
    ///
    /// # Errors
    /// As [`drill::report`].
    pub async fn drill_report(&self, request: DrillRequest) -> Result<DrillReport, PanelError> {
        drill::report(&self.caps.drills, &request.id).await
    }

    /// Polls the servers and the running drill once, on a panel that does not poll.
    ///
    /// # Errors
    /// As [`drill::look`].
    pub async fn drill_look(&self) -> Result<DrillStatus, PanelError> {
        self.refresh_and_wait().await;
        let live = self.caps.ctx.live();
        drill::look(&self.caps.drills, &live).await?;
        Ok(self.caps.drills.status(&live))
    }

    /// The training checklist, and who is how far.
    ///
    /// # Errors
    /// `storage`.
    pub async fn training_board(&self, _request: Empty) -> Result<TrainingBoard, PanelError> {
        training::board(&self.caps.ctx).await
    }

    /// Says that a task was done, or takes that back.
    ///
    /// # Errors
    /// As [`training::mark`].
    pub async fn training_mark(&self, request: TrainingMarkRequest) -> Result<TrainingBoard, PanelError> {
        training::mark(&self.caps.ctx, request).await
    }

    /// Puts a person on the list, or takes them off it.
    ///
    /// # Errors
    /// As [`training::person`].
    pub async fn training_person(&self, request: TrainingPersonRequest) -> Result<TrainingBoard, PanelError> {
        training::person(&self.caps.ctx, request).await
    }
}
