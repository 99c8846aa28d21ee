//! What the panel needs from whatever surrounds it: a window, a bridge or a shell.

use aether_contract::{ErrorCode, PanelError};

/// The surroundings. Calls must not block for long.
pub trait Host: Send + Sync {
    /// Opens a page in the browser. The panel has checked that it is http or https.
    ///
    /// # Errors
    /// No browser is available.
    fn open_url(&self, url: &str) -> Result<(), PanelError>;

    /// Name shown to other processes as the one running the background jobs.
    fn keeps_as(&self) -> &'static str {
        "an open panel"
    }
}

/// Surroundings without a browser: tests and scripts.
pub struct NoHost;

impl Host for NoHost {
    fn open_url(&self, _url: &str) -> Result<(), PanelError> {
        Err(PanelError::new(ErrorCode::InvalidRequest, "panel", "No browser is available to open pages."))
    }
}
