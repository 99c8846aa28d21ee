//! What a store of secrets can do, and how it can fail.

use secrecy::SecretString;

/// Why a store of secrets did not do what it was asked. The text never holds a secret.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SecretFailure {
    /// This machine has no secret store, or it is unreachable.
    #[error("{0}")]
    Unavailable(String),
    /// It is locked and was not unlocked.
    #[error("{0}")]
    Locked(String),
    /// It did not answer in time.
    #[error("timed out")]
    TimedOut,
    /// The secret is longer than it takes, in characters.
    #[error("longer than {0} characters")]
    TooLong(usize),
    /// Anything else.
    #[error("{0}")]
    Other(String),
}

/// A store of secrets. Calls may block; [`super::Secrets`] makes them all on one thread of its own.
pub trait SecretBackend: Send + Sync + 'static {
    /// The secret under `account`, if there is one.
    ///
    /// # Errors
    /// Why it could not be looked up.
    fn get(&self, account: &str) -> Result<Option<SecretString>, SecretFailure>;

    /// Stores a secret under `account`, replacing an older one.
    ///
    /// # Errors
    /// Why it could not be stored.
    fn set(&self, account: &str, secret: &SecretString) -> Result<(), SecretFailure>;

    /// Deletes the secret under `account`; false when there was none.
    ///
    /// # Errors
    /// Why it could not be deleted.
    fn delete(&self, account: &str) -> Result<bool, SecretFailure>;

    /// Longest secret that it takes, in UTF-16 units.
    fn max_chars(&self) -> usize {
        65_536
    }
}
