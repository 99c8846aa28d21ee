//! Credentials: from the keyring into a request header, and nowhere else. Stub.

mod id;

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use aether_contract::{PanelError, SecretStore, SecretsStatus};
use secrecy::SecretString;

pub use id::{SecretId, SecretKind};

use crate::stack::Profile;

/// Why a store of secrets did not do what it was asked. The text never holds a secret.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SecretFailure {
    /// There is no store on this machine, or it can't be reached.
    #[error("{0}")]
    Unavailable(String),
    /// It is locked and was not unlocked.
    #[error("{0}")]
    Locked(String),
    /// It did not answer in time.
    #[error("{0}")]
    TimedOut(String),
    /// The secret is longer than it takes.
    #[error("at most {0} characters")]
    TooLong(usize),
    /// Anything else.
    #[error("{0}")]
    Other(String),
}

/// A store of secrets. Calls may block; [`Secrets`] makes them all on one thread of its own.
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

    /// Longest secret that it takes, in characters.
    fn max_chars(&self) -> usize {
        65_536
    }
}

/// What happens to a new secret when the keyring can't be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Fallback {
    /// It is kept in this session's memory (the window: it goes on running, with a banner).
    #[default]
    Memory,
    /// The call fails (the shell: its memory ends with the command).
    Fail,
}

/// How [`Secrets`] works.
pub struct SecretsOptions {
    /// The store. `None`: this platform's keyring.
    pub backend: Option<Arc<dyn SecretBackend>>,
    /// What happens when it can't be used.
    pub fallback: Fallback,
    /// Longest wait for one answer of the store.
    pub timeout: Duration,
    /// Overrides by variable name (`AETHER_GRAFANA_TOKEN`).
    pub env: BTreeMap<String, SecretString>,
}

impl SecretsOptions {
    /// The platform's keyring, memory as fallback, five seconds, overrides from the process's environment.
    pub fn from_env() -> Self {
        Self { backend: None, fallback: Fallback::Memory, timeout: Duration::from_secs(5), env: BTreeMap::new() }
    }
}

/// The credentials of all stacks.
pub struct Secrets(());

impl Secrets {
    /// Starts the thread that talks to the store. Does not talk to it yet.
    pub fn open(_options: SecretsOptions) -> Self {
        Self(())
    }

    /// One credential of `stack`: the environment's, else this session's, else the keyring's.
    ///
    /// # Errors
    /// `keyring-unavailable`, `keyring-locked`, `keyring-timeout` when there is none at hand and the keyring does not
    /// answer. After such a failure the keyring is left alone for half a minute (an unlock prompt must not come back
    /// with every poll) and the same error is returned at once.
    #[allow(clippy::unused_async)]
    pub async fn get(&self, _stack: &str, _id: &SecretId) -> Result<Option<SecretString>, PanelError> {
        Ok(None)
    }

    /// Stores a credential; tells where.
    ///
    /// # Errors
    /// `invalid-request` for an empty secret or one that no header can carry, `secret-too-long`, and with
    /// [`Fallback::Fail`] the keyring's codes.
    #[allow(clippy::unused_async)]
    pub async fn set(&self, _stack: &str, _id: &SecretId, _secret: SecretString) -> Result<SecretStore, PanelError> {
        Ok(SecretStore::Memory)
    }

    /// Deletes a credential.
    ///
    /// # Errors
    /// `secret-missing` when there is none, or the keyring's codes.
    #[allow(clippy::unused_async)]
    pub async fn delete(&self, _stack: &str, _id: &SecretId) -> Result<(), PanelError> {
        Ok(())
    }

    /// Which credentials `profile` calls for and has.
    #[allow(clippy::unused_async)]
    pub async fn status(&self, _profile: &Profile) -> SecretsStatus {
        SecretsStatus { store: SecretStore::Memory, store_note: String::new(), entries: Vec::new() }
    }
}
