//! What can go wrong with an engine, told apart, with what to do.

use aether_contract::{ErrorCode, PanelError};

use crate::sensitive::mask_text;

/// What went wrong.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{words}")]
pub struct DockerError {
    /// In a word.
    pub failure: DockerFailure,
    /// In words.
    pub words: String,
}

/// What went wrong, told apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DockerFailure {
    /// Its address is none, or of a kind that is not supported.
    Address,
    /// Nothing listens there.
    NotThere,
    /// The socket is there, and this account may not use it.
    NoPermission,
    /// No answer in time.
    Timeout,
    /// There is no such container or image.
    NotFound,
    /// The engine refused, with its status.
    Refused(u16),
    /// The connection broke, or the answer could not be read.
    Broken,
}

impl DockerError {
    pub(super) fn new(failure: DockerFailure, words: impl Into<String>) -> Self {
        // An address may hold a user and a password.
        Self { failure, words: mask_text(&words.into()) }
    }

    /// For people.
    pub fn to_panel(&self) -> PanelError {
        let (code, message, hint) = match self.failure {
            DockerFailure::Address => {
                (ErrorCode::InvalidConfig, "Invalid Docker address.", "Fix host in [docker] of the profile.")
            }
            DockerFailure::NotThere => (
                ErrorCode::Refused,
                "Docker is unreachable: nothing is listening on its address.",
                "Check that Docker is running. Start it, or fix host in [docker] of the profile.",
            ),
            DockerFailure::NoPermission => (
                ErrorCode::Forbidden,
                "Permission denied on the Docker socket.",
                "Add this account to the docker group and log in again, or use a rootless Docker socket.",
            ),
            DockerFailure::Timeout => (
                ErrorCode::Timeout,
                "Docker did not respond in time.",
                "The machine may be overloaded, or Docker may hang.",
            ),
            DockerFailure::NotFound => (ErrorCode::NotFound, "Docker could not find it.", ""),
            DockerFailure::Refused(403) => {
                (ErrorCode::Forbidden, "Docker denied the request.", "A socket proxy may forbid it.")
            }
            DockerFailure::Refused(_) => (ErrorCode::Rejected, "Docker rejected the request.", ""),
            DockerFailure::Broken => (ErrorCode::Network, "The connection to Docker was lost.", ""),
        };
        PanelError::new(code, "docker", message).with_hint(hint).with_detail(self.words.clone())
    }
}

impl From<bollard::errors::Error> for DockerError {
    fn from(error: bollard::errors::Error) -> Self {
        use bollard::errors::Error;
        match &error {
            Error::DockerResponseServerError { status_code: 404, message } => {
                Self::new(DockerFailure::NotFound, message.trim())
            }
            Error::DockerResponseServerError { status_code, message } => {
                Self::new(DockerFailure::Refused(*status_code), message.trim())
            }
            Error::RequestTimeoutError => Self::new(DockerFailure::Timeout, "timed out"),
            Error::UnsupportedURISchemeError { uri } => {
                Self::new(DockerFailure::Address, format!("unsupported address type {uri}"))
            }
            Error::SocketNotFoundError(path) => {
                Self::new(DockerFailure::NotThere, format!("socket {path} not found"))
            }
            _ => {
                let words = chain(&error);
                let lower = words.to_lowercase();
                let failure = if lower.contains("permission denied") {
                    DockerFailure::NoPermission
                } else if lower.contains("refused")
                    || lower.contains("no such file")
                    || lower.contains("not found")
                {
                    DockerFailure::NotThere
                } else if lower.contains("timed out") {
                    DockerFailure::Timeout
                } else {
                    DockerFailure::Broken
                };
                Self::new(failure, words)
            }
        }
    }
}

/// An error with those below it: the reason is the last.
fn chain(error: &dyn std::error::Error) -> String {
    let mut words = error.to_string();
    let mut below = error.source();
    while let Some(error) = below {
        let more = error.to_string();
        if !words.contains(&more) {
            words = format!("{words}: {more}");
        }
        below = error.source();
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_socket_that_this_account_may_not_use_says_what_to_do() {
        let denied = std::io::Error::from(std::io::ErrorKind::PermissionDenied);
        let error = DockerError::from(bollard::errors::Error::IOError { err: denied });
        assert_eq!(error.failure, DockerFailure::NoPermission, "{error:?}");
        assert!(error.to_panel().hint.contains("docker group"));
    }
}
