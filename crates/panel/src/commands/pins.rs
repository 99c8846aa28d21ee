//! The commands about version pins.

use std::sync::Arc;

use aether_contract::{
    Empty, PanelError, PinUpdateChange, PinUpdatePlan, PinUpdateRequest, PinUpdateResult, PinsHistory,
    PinsHistoryRequest, PinsReport,
};

use crate::Panel;
use aether_operations::pins;

impl Panel {
    /// Every version pin with its chain, looked at now. What could not be seen is a gap in the report.
    ///
    /// # Errors
    /// `storage` when the journal can't be written.
    pub async fn pins_show(&self, _request: Empty) -> Result<PinsReport, PanelError> {
        Box::pin(pins::watch::look(&self.caps.pins, &self.caps.ctx.live())).await
    }

    /// Changes of the chains that were noticed, the newest first.
    ///
    /// # Errors
    /// `invalid-request` for a limit out of range, `storage`.
    pub async fn pins_history(&self, request: PinsHistoryRequest) -> Result<PinsHistory, PanelError> {
        pins::history::list(&self.caps.pins, &self.caps.ctx.live().profile.name, &request).await
    }

    /// What another version of a service would change in the files.
    ///
    /// # Errors
    /// As [`pins::update_pin::plan`].
    pub async fn pins_plan(&self, request: PinUpdateChange) -> Result<PinUpdatePlan, PanelError> {
        Box::pin(pins::update_pin::plan(&self.caps.pins, &request)).await
    }

    /// Changes the files. Nothing is pulled or started.
    ///
    /// # Errors
    /// As [`pins::update_pin::apply`].
    pub async fn pins_apply(&self, request: PinUpdateRequest) -> Result<PinUpdateResult, PanelError> {
        let applied = Box::pin(pins::update_pin::apply(Arc::clone(&self.caps.pins), request)).await?;
        self.caps.ctx.live().wake_followers.notify_one();
        Ok(applied)
    }
}
