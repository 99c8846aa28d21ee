//! The commands about escalation.

use aether_contract::*;

use crate::Panel;
use aether_alerting::escalation;
use aether_operations::drill;

impl Panel {
    /// Records or removes an escalation.
    ///
    /// # Errors
    /// As [`escalation::mark`].
    pub async fn escalation_mark(
        &self,
        request: EscalationMarkRequest,
    ) -> Result<EscalationClock, PanelError> {
        let clock = escalation::mark(&self.caps.escalation, request).await?;
        if clock.escalated.is_some() {
            drill::saw(&self.caps.drills, drill::OperatorAction::Called { title: clock.title.clone() }).await;
        }
        Ok(clock)
    }

    /// Opens a mail or a chat, filled in. Nothing is sent.
    ///
    /// # Errors
    /// As [`escalation::contact`].
    pub async fn escalation_contact(&self, request: EscalationContactRequest) -> Result<Empty, PanelError> {
        escalation::contact(&self.caps.escalation, request).await
    }
}
