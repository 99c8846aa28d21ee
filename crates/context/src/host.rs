//! What the panel needs from whatever surrounds it: a window, a bridge or a shell.

use aether_contract::{ErrorCode, PanelError};

/// The surroundings. Calls must not block for long.
pub trait Host: Send + Sync {
    /// Opens a page in the browser. The panel has checked that it is http or https.
    ///
    /// # Errors
    /// When there is no browser to open it.
    fn open_url(&self, url: &str) -> Result<(), PanelError>;

    /// What others are told who looks after a stack, when it is this one.
    fn keeps_as(&self) -> &'static str {
        "an open panel"
    }
}

/// Surroundings without a browser: tests and scripts.
pub struct NoHost;

impl Host for NoHost {
    fn open_url(&self, _url: &str) -> Result<(), PanelError> {
        Err(PanelError::new(ErrorCode::InvalidRequest, "panel", "There is no browser to open pages in."))
    }
}
