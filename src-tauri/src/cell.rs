//! The Panel, once it is there. The window does not wait for it; its commands do.

use std::sync::Arc;

use aether_contract::{ErrorCode, PanelError};
use aether_panel::Panel;
use tokio::sync::watch;

type Started = Result<Arc<Panel>, PanelError>;

/// Holds the Panel, or why it did not start.
pub struct PanelCell(watch::Sender<Option<Started>>);

impl PanelCell {
    /// An empty one.
    pub fn new() -> Self {
        Self(watch::Sender::new(None))
    }

    /// Puts the Panel in, and lets everybody go on who waits for it.
    pub fn fill(&self, started: Started) {
        self.0.send_replace(Some(started));
    }

    /// The Panel, as soon as it is there.
    ///
    /// # Errors
    /// Why it did not start.
    pub async fn ready(&self) -> Started {
        let gone = || PanelError::new(ErrorCode::Cancelled, "panel", "The panel is shutting down.");
        let mut slot = self.0.subscribe();
        match slot.wait_for(Option::is_some).await {
            Ok(filled) => filled.clone().unwrap_or_else(|| Err(gone())),
            Err(_) => Err(gone()),
        }
    }

    /// The Panel, if it is there already.
    pub fn now(&self) -> Option<Arc<Panel>> {
        self.0.borrow().as_ref().and_then(|started| started.as_ref().ok().cloned())
    }
}
