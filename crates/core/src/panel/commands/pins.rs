//! The command about version pins.

use aether_contract::{Empty, PanelError, PinsReport};

use crate::{panel::Panel, pins};

impl Panel {
    /// Every version pin: what is pinned, what runs, what the program reports.
    ///
    /// # Errors
    /// None: what could not be seen is a gap in the report.
    pub async fn pins_show(&self, _request: Empty) -> Result<PinsReport, PanelError> {
        let live = self.core.live();
        let services = self.core.publisher.current().services;
        Ok(pins::show(&live.profile, &services).await)
    }
}
