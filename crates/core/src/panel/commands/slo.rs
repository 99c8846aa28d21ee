//! The command about service levels.

use aether_contract::*;

use crate::{panel::Panel, slo};

impl Panel {
    /// Targets against now, and how much of the time they were kept.
    ///
    /// # Errors
    /// As [`slo::report`].
    pub async fn slo_status(&self, request: SloRequest) -> Result<SloReport, PanelError> {
        Box::pin(slo::report(&self.core, &self.core.live(), request)).await
    }
}
