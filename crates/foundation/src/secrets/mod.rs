//! Credentials: from the keyring into a request header, and nowhere else.
//!
//! They come in through [`Secrets::set`], live in the operating system's keyring under the service
//! `aetherlink-panel` and the account `<stack>/<service>/<kind>`, and leave through [`Secrets::get`] as a
//! [`SecretString`], for an origin that they were entered or confirmed for and for no other. Environment
//! variables override them for scripts. Where the keyring can't be used, a new one is kept in this session's
//! memory. The module refuses to write a secret to any file, log or error.

mod backend;
mod id;
mod origin;
mod platform;
#[cfg(test)]
mod tests;
mod trust;
mod warnings;
mod worker;

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use aether_contract::{
    ErrorCode, PanelError, SecretOrigin, SecretStatus, SecretStore, SecretsStatus, ServiceKind,
};
use secrecy::{ExposeSecret, SecretString};
use tokio::time::Instant;

pub use backend::{SecretBackend, SecretFailure};
pub use id::{SecretId, SecretKind};
pub use origin::{Origin, declared, is_exposed, is_refused_plain_http, storage};
use trust::Bound;
pub use warnings::{Warning, credential_warnings};
use worker::Worker;

use crate::stack::Profile;

/// Longest wait for one answer of the keyring. A round trip takes about 15 ms; longer means an open prompt.
const TIMEOUT: Duration = Duration::from_secs(5);
/// How long a keyring that failed is left alone by polls.
const REST: Duration = Duration::from_secs(30);

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
        let env = SecretId::all()
            .filter_map(|id| {
                let value = std::env::var(id.env()).ok()?;
                // Files that variables are filled from end in a line break.
                let value = value.trim_end_matches(['\r', '\n']);
                (!value.is_empty()).then(|| (id.env(), SecretString::from(value)))
            })
            .collect();
        Self { backend: None, fallback: Fallback::Memory, timeout: TIMEOUT, env }
    }
}

/// The credentials of all stacks.
pub struct Secrets {
    worker: Worker,
    fallback: Fallback,
    env: BTreeMap<String, SecretString>,
    /// Origins of the environment's credentials, by variable name; none until a stack has been selected.
    env_origins: Mutex<BTreeMap<String, BTreeSet<Origin>>>,
    memory: Mutex<HashMap<String, Bound>>,
    failed: Mutex<Option<(Instant, SecretFailure)>>,
}

/// A credential as it was found.
struct Found {
    bound: Bound,
    source: SecretOrigin,
}

impl Secrets {
    /// Starts the thread that talks to the store. Does not talk to it yet.
    pub fn open(options: SecretsOptions) -> Self {
        let backend = options.backend.unwrap_or_else(platform::keyring);
        Self {
            worker: Worker::start(backend, options.timeout),
            fallback: options.fallback,
            env: options.env,
            env_origins: Mutex::default(),
            memory: Mutex::default(),
            failed: Mutex::default(),
        }
    }

    /// One credential of `stack`, to be sent to `origin`: the environment's, else this session's, else the
    /// keyring's. `None`: there is none.
    ///
    /// # Errors
    /// `untrusted-origin` when there is one for other origins only. `keyring-unavailable`, `keyring-locked`,
    /// `keyring-timeout` when the keyring does not answer. After such a failure the keyring is left alone for
    /// half a minute (an unlock prompt must not come back with every poll) and the same error is returned at
    /// once; [`Self::ask_again`] ends that.
    pub async fn get(
        &self,
        stack: &str,
        id: &SecretId,
        origin: &Origin,
    ) -> Result<Option<SecretString>, PanelError> {
        let Some(found) = self.look_up(stack, *id).await.map_err(|failure| to_error(&failure))? else {
            return Ok(None);
        };
        if !found.bound.origins.contains(origin) {
            return Err(trust::untrusted(stack, *id, origin, &found.bound.origins));
        }
        Ok(Some(found.bound.secret))
    }

    /// Binds the environment's credentials to the servers of the first stack that is selected and uses them.
    /// Later stacks, and later versions of the same profile, don't get them without being asked. Returns what
    /// was bound now: variable and origins.
    pub fn bind_environment(&self, profile: &Profile) -> Vec<(String, BTreeSet<Origin>)> {
        let mut bound = Vec::new();
        let mut known = self.env_origins();
        for id in needed(profile) {
            let variable = id.env();
            let origins = declared(profile, id);
            if self.env.contains_key(&variable) && !known.contains_key(&variable) && !origins.is_empty() {
                known.insert(variable.clone(), origins.clone());
                bound.push((variable, origins));
            }
        }
        bound
    }

    /// Lets a credential be sent to one more origin.
    ///
    /// # Errors
    /// `secret-missing` when there is none; the keyring's codes.
    pub async fn trust(&self, stack: &str, id: &SecretId, origin: Origin) -> Result<(), PanelError> {
        let Some(found) = self.look_up(stack, *id).await.map_err(|failure| to_error(&failure))? else {
            let words = format!("Missing credential: {}.", id.title());
            return Err(PanelError::new(ErrorCode::SecretMissing, "secrets", words));
        };
        let mut origins = found.bound.origins;
        origins.insert(origin);
        match found.source {
            SecretOrigin::Environment => {
                self.env_origins().insert(id.env(), origins);
            }
            SecretOrigin::Memory => {
                if let Some(kept) = self.memory().get_mut(&account(stack, *id)) {
                    kept.origins = origins;
                }
            }
            SecretOrigin::Keyring => {
                let stored = trust::store_origins(&self.worker, &account(stack, *id), &origins).await;
                stored.map_err(|failure| to_error(&failure))?;
            }
        }
        Ok(())
    }

    /// Stores a credential for the servers at `origins`; tells where.
    ///
    /// # Errors
    /// `invalid-request` for an empty secret or one that no header can carry, `secret-too-long`, and with
    /// [`Fallback::Fail`] the keyring's codes.
    pub async fn set(
        &self,
        stack: &str,
        id: &SecretId,
        secret: SecretString,
        origins: BTreeSet<Origin>,
    ) -> Result<SecretStore, PanelError> {
        check(*id, &secret)?;
        let limit = self.worker.max_chars();
        // Windows counts UTF-16 units; for every other store this is the stricter count or the same.
        if secret.expose_secret().encode_utf16().count() > limit {
            return Err(to_error(&SecretFailure::TooLong(limit)));
        }
        let account = account(stack, *id);
        let bound = Bound { secret, origins };
        match trust::store(&self.worker, &account, &bound).await {
            Ok(()) => {
                *self.failed() = None;
                self.memory().remove(&account);
                Ok(SecretStore::Keyring)
            }
            Err(failure @ SecretFailure::TooLong(_)) => Err(to_error(&failure)),
            Err(failure) => {
                *self.failed() = Some((Instant::now(), failure.clone()));
                match self.fallback {
                    Fallback::Fail => Err(to_error(&failure)),
                    Fallback::Memory => {
                        self.memory().insert(account, bound);
                        Ok(SecretStore::Memory)
                    }
                }
            }
        }
    }

    /// Deletes a credential.
    ///
    /// # Errors
    /// `secret-missing` when there is none, or the keyring's codes: then it may still hold one.
    pub async fn delete(&self, stack: &str, id: &SecretId) -> Result<(), PanelError> {
        let account = account(stack, *id);
        let from_memory = self.memory().remove(&account).is_some();
        match trust::delete(&self.worker, &account).await {
            Ok(from_keyring) => {
                *self.failed() = None;
                if from_memory || from_keyring {
                    return Ok(());
                }
                let mut error = PanelError::new(
                    ErrorCode::SecretMissing,
                    "secrets",
                    format!("Missing credential: {}.", id.title()),
                );
                if self.env.contains_key(&id.env()) {
                    error.hint = format!("The one in use comes from the environment variable {}.", id.env());
                }
                Err(error)
            }
            // Without any keyring, memory was the only place.
            Err(SecretFailure::Unavailable(_)) if from_memory => Ok(()),
            Err(failure) => {
                *self.failed() = Some((Instant::now(), failure.clone()));
                Err(to_error(&failure))
            }
        }
    }

    /// Which credentials `profile` calls for, and which are stored although it does not.
    pub async fn status(&self, profile: &Profile) -> SecretsStatus {
        let needed = needed(profile);
        let mut entries = Vec::new();
        for id in SecretId::all() {
            let found = self.look_up(&profile.name, id).await.ok().flatten();
            if found.is_none() && !needed.contains(&id) {
                continue;
            }
            let trusted = found.as_ref().map(|found| found.bound.origins.clone()).unwrap_or_default();
            let texts = |origins: &mut dyn Iterator<Item = Origin>| {
                origins.map(|origin| origin.to_string()).collect()
            };
            let declared = declared(profile, id).into_iter().filter(|_| needed.contains(&id));
            entries.push(SecretStatus {
                id: id.to_string(),
                title: id.title(),
                configured: found.is_some(),
                untrusted: texts(&mut declared.filter(|origin| found.is_some() && !trusted.contains(origin))),
                origins: texts(&mut trusted.iter().cloned()),
                origin: found.map(|found| found.source),
                env: id.env(),
            });
        }
        let failure = self.failed().as_ref().map(|(_, failure)| failure.clone());
        SecretsStatus {
            store: if failure.is_some() { SecretStore::Memory } else { SecretStore::Keyring },
            store_note: failure.map(|failure| note(&failure)).unwrap_or_default(),
            entries,
        }
    }

    /// Lets the next look-up talk to a keyring that failed a moment ago: call it when a person asks for a refresh.
    pub fn ask_again(&self) {
        *self.failed() = None;
    }

    async fn look_up(&self, stack: &str, id: SecretId) -> Result<Option<Found>, SecretFailure> {
        if let Some(secret) = self.env.get(&id.env()) {
            let origins = self.env_origins().get(&id.env()).cloned().unwrap_or_default();
            let bound = Bound { secret: secret.clone(), origins };
            return Ok(Some(Found { bound, source: SecretOrigin::Environment }));
        }
        let account = account(stack, id);
        if let Some(bound) = self.memory().get(&account) {
            return Ok(Some(Found { bound: bound.clone(), source: SecretOrigin::Memory }));
        }
        if let Some((when, failure)) = self.failed().as_ref()
            && when.elapsed() < REST
        {
            return Err(failure.clone());
        }
        match trust::load(&self.worker, &account).await {
            Ok(found) => {
                *self.failed() = None;
                Ok(found.map(|bound| Found { bound, source: SecretOrigin::Keyring }))
            }
            Err(failure) => {
                *self.failed() = Some((Instant::now(), failure.clone()));
                Err(failure)
            }
        }
    }

    fn memory(&self) -> MutexGuard<'_, HashMap<String, Bound>> {
        self.memory.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn env_origins(&self) -> MutexGuard<'_, BTreeMap<String, BTreeSet<Origin>>> {
        self.env_origins.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn failed(&self) -> MutexGuard<'_, Option<(Instant, SecretFailure)>> {
        self.failed.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn account(stack: &str, id: SecretId) -> String {
    format!("{stack}/{id}")
}

/// The credentials that a profile calls for.
fn needed(profile: &Profile) -> Vec<SecretId> {
    let kinds = [ServiceKind::Prometheus, ServiceKind::Alertmanager, ServiceKind::Grafana];
    let main = kinds.into_iter().filter_map(|kind| SecretId::for_auth(kind, &profile.endpoint(kind).auth));
    let optional = [("loki", &profile.loki), ("blackbox", &profile.blackbox)]
        .into_iter()
        .filter_map(|(service, spec)| SecretId::for_service_auth(service, &spec.as_ref()?.auth));
    let storage = [("s3://", "s3"), ("gs://", "gcs"), ("az://", "azure")].into_iter().filter_map(
        |(scheme, service)| {
            let used = profile.elsewhere.places.iter().any(|place| place.starts_with(scheme));
            used.then(|| SecretId::parse(&format!("{service}/password")).ok()).flatten()
        },
    );
    main.chain(optional).chain(storage).collect()
}

/// Refuses what could never be sent.
fn check(id: SecretId, secret: &SecretString) -> Result<(), PanelError> {
    let text = secret.expose_secret();
    let wrong = |message: &str| {
        Err(PanelError::new(ErrorCode::InvalidRequest, "secrets", message)
            .with_hint("Check that it was copied without a line break or space."))
    };
    if text.is_empty() {
        return Err(PanelError::new(ErrorCode::InvalidRequest, "secrets", "The secret is empty."));
    }
    match id.kind() {
        SecretKind::Token if !text.bytes().all(|b| b.is_ascii_graphic()) => {
            wrong("A token can contain only printable ASCII characters and no spaces.")
        }
        SecretKind::Password if text.chars().any(char::is_control) => {
            wrong("The password contains a control character.")
        }
        _ => Ok(()),
    }
}

fn note(failure: &SecretFailure) -> String {
    let error = to_error(failure);
    format!(
        "{} {} Credentials entered now are kept in memory and lost when the panel closes.",
        error.message, error.hint
    )
}

fn to_error(failure: &SecretFailure) -> PanelError {
    let (code, message, hint) = match failure {
        SecretFailure::Unavailable(_) => (
            ErrorCode::KeyringUnavailable,
            "No keyring is available in this session.".to_owned(),
            "Start one (on Linux GNOME Keyring, KWallet or KeePassXC with its Secret Service).",
        ),
        SecretFailure::Locked(_) => {
            (ErrorCode::KeyringLocked, "The keyring is locked.".to_owned(), "Unlock it, then refresh.")
        }
        SecretFailure::TimedOut => (
            ErrorCode::KeyringTimeout,
            "The keyring did not respond in time.".to_owned(),
            "Check for an open keyring prompt, then refresh.",
        ),
        SecretFailure::TooLong(limit) => (
            ErrorCode::SecretTooLong,
            format!("The secret is too long: this platform's keyring accepts {limit} characters."),
            "",
        ),
        SecretFailure::Other(_) => {
            (ErrorCode::KeyringUnavailable, "The keyring failed.".to_owned(), "See the details.")
        }
    };
    PanelError::new(code, "keyring", message).with_hint(hint).with_detail(failure.to_string())
}
