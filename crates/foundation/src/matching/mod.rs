//! Label matchers as Alertmanager applies them, and the filter language of alert lists. Pure.

pub mod filter;
pub mod fingerprint;
pub mod matcher;

use aether_contract::Severity;

/// Severity by the words in use; `general` is the pack's word for what does not page.
pub fn severity(word: &str) -> Severity {
    match word.trim().to_ascii_lowercase().as_str() {
        "critical" | "page" | "error" => Severity::Critical,
        "warning" | "warn" | "general" => Severity::Warning,
        "info" | "notice" | "none" => Severity::Info,
        _ => Severity::Other,
    }
}
