//! This platform's keyring behind [`SecretBackend`]: Keychain on macOS, Credential Manager on Windows, the Secret
//! Service on Linux. `docs/adr/0003-keyring.md` says why Linux goes its own way. Refuses to guess when the keyring
//! holds several entries for one name.

use std::sync::Arc;

use keyring::Error;
use keyring_core::Entry;
use secrecy::{ExposeSecret, SecretString};
use zeroize::Zeroizing;

use super::{SecretBackend, SecretFailure};

/// The service under which all of the panel's entries stand.
const SERVICE: &str = "aetherlink-panel";

/// Windows keeps at most 2,560 bytes, two a character; a little is left for the store itself.
#[cfg(windows)]
const MAX_CHARS: usize = 1200;
#[cfg(not(windows))]
const MAX_CHARS: usize = 65_536;

/// This platform's keyring. Connects on first use.
pub(super) fn keyring() -> Arc<dyn SecretBackend> {
    #[cfg(target_os = "linux")]
    return Arc::new(Keyring(service::SecretService::default()));
    #[cfg(not(target_os = "linux"))]
    return Arc::new(Keyring(Front));
}

/// Where entries come from.
trait Source: Send + Sync + 'static {
    /// Makes one call on the entry of `account`.
    fn with<T>(&self, account: &str, call: impl Fn(&Entry) -> Result<T, Error>) -> Result<T, SecretFailure>;
}

struct Keyring<S>(S);

impl<S: Source> SecretBackend for Keyring<S> {
    fn get(&self, account: &str) -> Result<Option<SecretString>, SecretFailure> {
        let found = self.0.with(account, |entry| match entry.get_secret() {
            Ok(bytes) => Ok(Some(Zeroizing::new(bytes))),
            Err(Error::NoEntry) => Ok(None),
            Err(error) => Err(error),
        })?;
        match found.as_ref().map(|bytes| std::str::from_utf8(bytes)) {
            None => Ok(None),
            Some(Ok(text)) => Ok(Some(SecretString::from(text))),
            Some(Err(_)) => Err(SecretFailure::Other("the stored secret is not text".to_owned())),
        }
    }

    fn set(&self, account: &str, secret: &SecretString) -> Result<(), SecretFailure> {
        self.0.with(account, |entry| {
            let write = || entry.set_secret(secret.expose_secret().as_bytes());
            match write() {
                Err(Error::Ambiguous(entries)) => {
                    entries.iter().try_for_each(Entry::delete_credential)?;
                    write()
                }
                outcome => outcome,
            }
        })
    }

    fn delete(&self, account: &str) -> Result<bool, SecretFailure> {
        self.0.with(account, |entry| match entry.delete_credential() {
            Ok(()) => Ok(true),
            Err(Error::NoEntry) => Ok(false),
            Err(Error::Ambiguous(entries)) => {
                entries.iter().try_for_each(Entry::delete_credential).map(|()| true)
            }
            Err(error) => Err(error),
        })
    }

    fn max_chars(&self) -> usize {
        MAX_CHARS
    }
}

/// `keyring` as it comes: the native store of the platform.
#[cfg_attr(target_os = "linux", allow(dead_code, reason = "compiled everywhere, so that it can't rot"))]
struct Front;

impl Source for Front {
    fn with<T>(&self, account: &str, call: impl Fn(&Entry) -> Result<T, Error>) -> Result<T, SecretFailure> {
        let entry = keyring::Entry::new(SERVICE, account).map_err(failure)?;
        call(&entry.inner).map_err(failure)
    }
}

/// A keyring's error in the panel's terms. Texts come from the platform and name no secret; the two variants that
/// carry the stored bytes are answered without them.
fn failure(error: Error) -> SecretFailure {
    #[cfg(target_os = "linux")]
    if let Error::PlatformFailure(cause) | Error::NoStorageAccess(cause) = &error
        && let Some(known) = service::failure(cause.as_ref())
    {
        return known;
    }
    match error {
        Error::NoStorageAccess(cause) => SecretFailure::Locked(cause.to_string()),
        Error::NoDefaultStore => SecretFailure::Unavailable(error.to_string()),
        Error::PlatformFailure(cause) => SecretFailure::Unavailable(cause.to_string()),
        Error::TooLong(_, limit) => SecretFailure::TooLong(usize::try_from(limit).unwrap_or(MAX_CHARS)),
        Error::BadEncoding(_) | Error::BadDataFormat(..) => {
            SecretFailure::Other("the stored secret is not text".to_owned())
        }
        Error::Ambiguous(entries) => SecretFailure::Other(format!(
            "the keyring has {} entries for this secret; delete it, then store it again",
            entries.len()
        )),
        // The library's reason could quote the value.
        Error::Invalid(attribute, _) => {
            SecretFailure::Other(format!("the keyring rejected the value of {attribute}"))
        }
        other => SecretFailure::Other(other.to_string()),
    }
}

#[cfg(target_os = "linux")]
mod service {
    //! The Secret Service over D-Bus; the connection is re-established after a failure.

    use std::{
        collections::HashMap,
        sync::{Arc, Mutex, PoisonError},
    };

    use keyring::Error;
    use keyring_core::{Entry, api::CredentialStoreApi as _};
    use zbus_secret_service_keyring_store::Store;

    use super::{SERVICE, SecretFailure, Source, failure as to_failure};

    /// The connection, once there is one.
    #[derive(Default)]
    pub(super) struct SecretService(Mutex<Option<Arc<Store>>>);

    impl Source for SecretService {
        fn with<T>(
            &self,
            account: &str,
            call: impl Fn(&Entry) -> Result<T, Error>,
        ) -> Result<T, SecretFailure> {
            // Taken out and put back only when all went well: after a failure, or a panic in the library, the next
            // call starts from a new connection.
            let kept = self.0.lock().unwrap_or_else(PoisonError::into_inner).take();
            let reused = kept.is_some();
            let outcome = self.attempt(kept, account, &call);
            match outcome {
                // The keyring was restarted since the last call; its old session is worth nothing.
                Err(Error::PlatformFailure(_)) if reused => self.attempt(None, account, &call),
                outcome => outcome,
            }
            .map_err(to_failure)
        }
    }

    impl SecretService {
        fn attempt<T>(
            &self,
            kept: Option<Arc<Store>>,
            account: &str,
            call: &impl Fn(&Entry) -> Result<T, Error>,
        ) -> Result<T, Error> {
            let store = match kept {
                Some(store) => store,
                None => Store::new()?,
            };
            let label = format!("AetherLink panel: {account}");
            let entry = store.build(SERVICE, account, Some(&HashMap::from([("label", label.as_str())])))?;
            let outcome = call(&entry);
            if !matches!(outcome, Err(Error::PlatformFailure(_))) {
                *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(store);
            }
            outcome
        }
    }

    /// What the Secret Service itself said.
    pub(super) fn failure(cause: &(dyn std::error::Error + 'static)) -> Option<SecretFailure> {
        use secret_service::Error;
        Some(match cause.downcast_ref::<Error>()? {
            Error::Locked | Error::Prompt => SecretFailure::Locked(cause.to_string()),
            Error::NoResult => SecretFailure::Unavailable("the keyring has no default collection".to_owned()),
            _ => SecretFailure::Unavailable(cause.to_string()),
        })
    }
}
