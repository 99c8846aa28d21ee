//! The one error that leaves the core.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// Stable codes. The UI and scripts switch on these, never on the text. A code is added only when
/// somebody decides something by it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, TS)]
#[serde(rename_all = "kebab-case")]
pub enum ErrorCode {
    /// The request itself is wrong (a missing reason, a duration out of range).
    InvalidRequest,
    /// The profile or settings file is wrong; the message names line, key and what is expected.
    InvalidConfig,
    /// The thing named does not exist (an unknown window, stack, gauge).
    NotFound,
    /// Connection refused: nothing listens at that address.
    Refused,
    /// The host name could not be resolved.
    Dns,
    /// The TLS handshake failed; the message says why.
    Tls,
    /// No answer within the time allowed.
    Timeout,
    /// The connection broke before the answer was whole, or the network is unreachable.
    Network,
    /// 401: credentials missing or wrong.
    Unauthorized,
    /// 403: credentials valid, but not allowed.
    Forbidden,
    /// 404 from the server's API: most often a wrong base path.
    WrongPath,
    /// Something answered, but it is not the server that was expected (HTML, another program's JSON).
    WrongServer,
    /// 5xx from the server or a proxy before it.
    ServerError,
    /// The server understood and refused (another 4xx); the message carries its words.
    Rejected,
    /// The answer is not valid JSON or lacks what it must have.
    BrokenReply,
    /// The answer is larger than the panel accepts.
    TooLarge,
    /// The effect was sent, but reading it back did not show it.
    Unverified,
    /// The platform has no keyring service.
    KeyringUnavailable,
    /// The keyring is locked.
    KeyringLocked,
    /// The keyring did not answer in time (often an open unlock prompt).
    KeyringTimeout,
    /// The secret is longer than this platform's store allows.
    SecretTooLong,
    /// No secret is stored under this name.
    SecretMissing,
    /// The credential was entered for another server and was not sent; a person has to confirm this one.
    UntrustedOrigin,
    /// A file could not be read or written.
    Storage,
    /// The caller cancelled, or the panel is shutting down.
    Cancelled,
    /// A defect in the panel. Please report it.
    Internal,
}

impl ErrorCode {
    /// The code as it appears on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::InvalidRequest => "invalid-request",
            Self::InvalidConfig => "invalid-config",
            Self::NotFound => "not-found",
            Self::Refused => "refused",
            Self::Dns => "dns",
            Self::Tls => "tls",
            Self::Timeout => "timeout",
            Self::Network => "network",
            Self::Unauthorized => "unauthorized",
            Self::Forbidden => "forbidden",
            Self::WrongPath => "wrong-path",
            Self::WrongServer => "wrong-server",
            Self::ServerError => "server-error",
            Self::Rejected => "rejected",
            Self::BrokenReply => "broken-reply",
            Self::TooLarge => "too-large",
            Self::Unverified => "unverified",
            Self::KeyringUnavailable => "keyring-unavailable",
            Self::KeyringLocked => "keyring-locked",
            Self::KeyringTimeout => "keyring-timeout",
            Self::SecretTooLong => "secret-too-long",
            Self::SecretMissing => "secret-missing",
            Self::UntrustedOrigin => "untrusted-origin",
            Self::Storage => "storage",
            Self::Cancelled => "cancelled",
            Self::Internal => "internal",
        }
    }

    /// Whether the same call may succeed later without anybody changing anything.
    pub fn retryable(self) -> bool {
        matches!(
            self,
            Self::Refused
                | Self::Dns
                | Self::Timeout
                | Self::Network
                | Self::ServerError
                | Self::KeyringTimeout
        )
    }
}

/// What went wrong, for people (`message`, `hint`, `detail`) and for programs (`code`, `retryable`).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct PanelError {
    /// Stable code.
    pub code: ErrorCode,
    /// One sentence: what failed, on which server.
    pub message: String,
    /// One sentence: what to do about it. Empty when there is nothing better than the message.
    #[serde(default)]
    pub hint: String,
    /// Whether trying again unchanged can help.
    pub retryable: bool,
    /// Where it came from: a service ("prometheus"), a file or a part of the panel.
    pub source: String,
    /// The technical detail, folded away in the UI. Never holds a credential.
    #[serde(default)]
    pub detail: String,
}

impl PanelError {
    /// An error of `code` from `source`; `retryable` follows from the code.
    pub fn new(code: ErrorCode, source: impl Into<String>, message: impl Into<String>) -> Self {
        Self {
            code,
            message: message.into(),
            hint: String::new(),
            retryable: code.retryable(),
            source: source.into(),
            detail: String::new(),
        }
    }

    /// The same error with a hint.
    #[must_use]
    pub fn with_hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = hint.into();
        self
    }

    /// The same error with its technical detail.
    #[must_use]
    pub fn with_detail(mut self, detail: impl Into<String>) -> Self {
        self.detail = detail.into();
        self
    }
}

impl std::fmt::Display for PanelError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}", self.message)?;
        if !self.hint.is_empty() {
            write!(f, " {}", self.hint)?;
        }
        Ok(())
    }
}

impl std::error::Error for PanelError {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_reads_the_same_on_the_wire_and_in_as_str() {
        let all = [
            ErrorCode::InvalidRequest,
            ErrorCode::InvalidConfig,
            ErrorCode::NotFound,
            ErrorCode::Refused,
            ErrorCode::Dns,
            ErrorCode::Tls,
            ErrorCode::Timeout,
            ErrorCode::Network,
            ErrorCode::Unauthorized,
            ErrorCode::Forbidden,
            ErrorCode::WrongPath,
            ErrorCode::WrongServer,
            ErrorCode::ServerError,
            ErrorCode::Rejected,
            ErrorCode::BrokenReply,
            ErrorCode::TooLarge,
            ErrorCode::Unverified,
            ErrorCode::KeyringUnavailable,
            ErrorCode::KeyringLocked,
            ErrorCode::KeyringTimeout,
            ErrorCode::SecretTooLong,
            ErrorCode::SecretMissing,
            ErrorCode::UntrustedOrigin,
            ErrorCode::Storage,
            ErrorCode::Cancelled,
            ErrorCode::Internal,
        ];
        for code in all {
            assert_eq!(serde_json::to_value(code).unwrap(), serde_json::json!(code.as_str()));
        }
    }
}
