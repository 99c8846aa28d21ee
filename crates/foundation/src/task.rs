//! Work off the runtime's threads.

use aether_contract::{ErrorCode, PanelError};

/// Runs file work off the runtime's threads.
pub async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, PanelError> + Send + 'static,
) -> Result<T, PanelError> {
    tokio::task::spawn_blocking(work).await.unwrap_or_else(|error| Err(broken(&error)))
}

/// The error of a task that did not finish: `cancelled` or `internal`.
pub fn broken(error: &tokio::task::JoinError) -> PanelError {
    let code = if error.is_cancelled() { ErrorCode::Cancelled } else { ErrorCode::Internal };
    PanelError::new(code, "panel", "The panel could not complete this.").with_detail(error.to_string())
}
