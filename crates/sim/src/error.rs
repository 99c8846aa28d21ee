//! One error for the crate.

use std::path::{Path, PathBuf};

/// What can go wrong while servers are started and files are made.
#[derive(Debug, thiserror::Error)]
pub enum SimError {
    /// A program is not installed.
    #[error("{program} is not installed (Debian package {package})")]
    Missing {
        /// The program.
        program: String,
        /// Debian's package with it.
        package: &'static str,
    },
    /// A file or folder could not be read or written.
    #[error("{}: {source}", path.display())]
    File {
        /// Which.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// A server could not be started or did not get ready.
    #[error("{name} did not start: {why}. See its log: {}", log.display())]
    Start {
        /// The server.
        name: String,
        /// Why.
        why: String,
        /// Its log.
        log: PathBuf,
    },
    /// Something else.
    #[error("{0}")]
    Other(String),
}

impl SimError {
    /// Whether a server failed because its port was taken.
    pub(crate) fn port_was_taken(&self) -> bool {
        matches!(self, Self::Start { why, .. } if why.contains("address already in use"))
    }

    /// For `map_err` on a file operation.
    pub fn file(path: &Path) -> impl FnOnce(std::io::Error) -> Self + use<> {
        let path = path.to_path_buf();
        move |source| Self::File { path, source }
    }
}
