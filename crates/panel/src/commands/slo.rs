//! The command about service levels.

use aether_contract::*;

use crate::Panel;
use aether_tuning as slo;

impl Panel {
    /// Targets against now, and how much of the time they were kept.
    ///
    /// # Errors
    /// As [`slo::report`].
    pub async fn slo_status(&self, request: SloRequest) -> Result<SloReport, PanelError> {
        Box::pin(slo::report(&self.caps.ctx, &self.caps.ctx.live(), request)).await
    }
}
