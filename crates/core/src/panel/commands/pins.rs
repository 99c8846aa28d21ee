//! The commands about version pins.

use std::sync::Arc;

use aether_contract::{
    Empty, PanelError, PinUpdateChange, PinUpdatePlan, PinUpdateRequest, PinUpdateResult, PinsHistory,
    PinsHistoryRequest, PinsReport,
};

use crate::{panel::Panel, pins};

impl Panel {
    /// Every version pin with its chain, looked at now. What could not be seen is a gap in the report.
    ///
    /// # Errors
    /// `storage` when the journal can't be written.
    pub async fn pins_show(&self, _request: Empty) -> Result<PinsReport, PanelError> {
        Box::pin(pins::watch::look(&self.core, &self.core.live())).await
    }

    /// Changes of the chains that were noticed, the newest first.
    ///
    /// # Errors
    /// `invalid-request` for a limit out of range, `storage`.
    pub async fn pins_history(&self, request: PinsHistoryRequest) -> Result<PinsHistory, PanelError> {
        pins::history::list(&self.core, &self.core.live().profile.name, &request).await
    }

    /// What another version of a service would change in the files.
    ///
    /// # Errors
    /// As [`pins::repin::plan`].
    pub async fn pins_plan(&self, request: PinUpdateChange) -> Result<PinUpdatePlan, PanelError> {
        Box::pin(pins::repin::plan(&self.core, &request)).await
    }

    /// Changes the files. Nothing is pulled or started.
    ///
    /// # Errors
    /// As [`pins::repin::apply`].
    pub async fn pins_apply(&self, request: PinUpdateRequest) -> Result<PinUpdateResult, PanelError> {
        let applied = Box::pin(pins::repin::apply(Arc::clone(&self.core), request)).await?;
        self.core.live().pins.wake.notify_one();
        Ok(applied)
    }
}
