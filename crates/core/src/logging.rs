//! The panel's log file. Stub.
use crate::paths::Home;
use aether_contract::PanelError;

/// Keeps the log writer alive; what is still buffered is written when this is dropped.
#[must_use]
pub struct LogGuard(());

/// Starts logging into `home.logs`.
///
/// # Errors
/// `storage` when the folder can't be written.
pub fn start(_home: &Home) -> Result<LogGuard, PanelError> {
    Ok(LogGuard(()))
}
