//! Errors of what was typed.

use aether_contract::{ErrorCode, PanelError};

/// A usage error.
pub fn usage(message: &str) -> PanelError {
    PanelError::new(ErrorCode::InvalidRequest, "aetherctl", message)
}
