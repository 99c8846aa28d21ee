//! Behaviour of credentials, with stores that fail in every way; the real Secret Service is in [`live`].

#[cfg(target_os = "linux")]
mod live;
mod origins;

use std::sync::{
    Condvar,
    atomic::{AtomicUsize, Ordering},
};

use aether_contract::{AuthSpec, EndpointSpec};

use super::*;

/// A store in memory that fails as it is told.
#[derive(Default)]
struct Fake {
    kept: Mutex<BTreeMap<String, SecretString>>,
    failure: Mutex<Option<SecretFailure>>,
    calls: AtomicUsize,
    /// While true, every call blocks.
    closed: Mutex<bool>,
    opened: Condvar,
    limit: Option<usize>,
    panics: bool,
}

impl Fake {
    fn failing(failure: SecretFailure) -> Arc<Self> {
        Arc::new(Self { failure: Mutex::new(Some(failure)), ..Self::default() })
    }

    fn recover(&self) {
        *self.failure.lock().unwrap() = None;
    }

    fn close(&self, closed: bool) {
        *self.closed.lock().unwrap() = closed;
        self.opened.notify_all();
    }

    fn enter(&self) -> Result<(), SecretFailure> {
        self.calls.fetch_add(1, Ordering::SeqCst);
        assert!(!self.panics, "the library's own defect");
        let closed = self.closed.lock().unwrap();
        drop(self.opened.wait_while(closed, |closed| *closed).unwrap());
        self.failure.lock().unwrap().clone().map_or(Ok(()), Err)
    }

    fn calls(&self) -> usize {
        self.calls.load(Ordering::SeqCst)
    }
}

impl SecretBackend for Fake {
    fn get(&self, account: &str) -> Result<Option<SecretString>, SecretFailure> {
        self.enter()?;
        Ok(self.kept.lock().unwrap().get(account).cloned())
    }

    fn set(&self, account: &str, secret: &SecretString) -> Result<(), SecretFailure> {
        self.enter()?;
        self.kept.lock().unwrap().insert(account.to_owned(), secret.clone());
        Ok(())
    }

    fn delete(&self, account: &str) -> Result<bool, SecretFailure> {
        self.enter()?;
        Ok(self.kept.lock().unwrap().remove(account).is_some())
    }

    fn max_chars(&self) -> usize {
        self.limit.unwrap_or(65_536)
    }
}

fn options(backend: &Arc<Fake>) -> SecretsOptions {
    SecretsOptions {
        backend: Some(backend.clone()),
        fallback: Fallback::Memory,
        timeout: TIMEOUT,
        env: BTreeMap::new(),
    }
}

fn token() -> SecretId {
    SecretId::parse("grafana/token").unwrap()
}

/// The server that the credentials of these tests are entered for.
fn server() -> Origin {
    Origin::parse("https://grafana.example.com").unwrap()
}

fn servers() -> BTreeSet<Origin> {
    BTreeSet::from([server()])
}

fn secret(text: &str) -> SecretString {
    SecretString::from(text)
}

async fn read(secrets: &Secrets) -> Result<Option<String>, ErrorCode> {
    let found = secrets.get("prod", &token(), &server()).await.map_err(|error| error.code)?;
    Ok(found.map(|secret| secret.expose_secret().to_owned()))
}

fn profile() -> Profile {
    let mut profile = Profile::builtin();
    profile.name = "prod".to_owned();
    profile.grafana.auth = AuthSpec::Bearer;
    profile.loki =
        Some(EndpointSpec { auth: AuthSpec::Basic { username: "me".to_owned() }, ..EndpointSpec::default() });
    profile
}

#[tokio::test]
async fn a_credential_comes_back_until_it_is_deleted_and_each_stack_has_its_own() {
    let fake = Arc::new(Fake::default());
    let secrets = Secrets::open(options(&fake));
    assert_eq!(read(&secrets).await, Ok(None));
    assert_eq!(secrets.set("prod", &token(), secret("glsa_1"), servers()).await, Ok(SecretStore::Keyring));
    assert_eq!(secrets.set("prod", &token(), secret("glsa_2"), servers()).await, Ok(SecretStore::Keyring));
    assert_eq!(read(&secrets).await, Ok(Some("glsa_2".to_owned())));
    assert!(secrets.get("staging", &token(), &server()).await.unwrap().is_none());
    assert_eq!(
        fake.kept.lock().unwrap().keys().collect::<Vec<_>>(),
        ["prod/grafana/token", "prod/grafana/token/origins"]
    );
    secrets.delete("prod", &token()).await.unwrap();
    assert_eq!(read(&secrets).await, Ok(None));
    let missing = secrets.delete("prod", &token()).await.unwrap_err();
    assert_eq!(missing.code, ErrorCode::SecretMissing);
}

#[tokio::test]
async fn without_a_keyring_a_credential_lives_in_memory_and_the_status_says_so() {
    for (failure, code) in [
        (SecretFailure::Unavailable("no bus".to_owned()), ErrorCode::KeyringUnavailable),
        (SecretFailure::Locked("prompt dismissed".to_owned()), ErrorCode::KeyringLocked),
        (SecretFailure::Other("odd".to_owned()), ErrorCode::KeyringUnavailable),
    ] {
        let fake = Fake::failing(failure);
        let secrets = Secrets::open(options(&fake));
        assert_eq!(read(&secrets).await, Err(code));
        assert_eq!(secrets.set("prod", &token(), secret("glsa_1"), servers()).await, Ok(SecretStore::Memory));
        assert_eq!(read(&secrets).await, Ok(Some("glsa_1".to_owned())));
        let status = secrets.status(&profile()).await;
        assert_eq!(status.store, SecretStore::Memory);
        assert!(status.store_note.contains("memory"), "{}", status.store_note);
        let entry = status.entries.iter().find(|entry| entry.id == "grafana/token").unwrap();
        assert_eq!(entry.origin, Some(SecretOrigin::Memory));

        fake.recover();
        assert_eq!(
            secrets.set("prod", &token(), secret("glsa_2"), servers()).await,
            Ok(SecretStore::Keyring)
        );
        assert_eq!(read(&secrets).await, Ok(Some("glsa_2".to_owned())));
        assert_eq!(secrets.status(&profile()).await.store, SecretStore::Keyring);
        assert!(fake.kept.lock().unwrap().contains_key("prod/grafana/token"));
    }
}

#[tokio::test]
async fn a_shell_command_does_not_pretend_to_have_stored_anything() {
    let fake = Fake::failing(SecretFailure::Locked("prompt dismissed".to_owned()));
    let secrets = Secrets::open(SecretsOptions { fallback: Fallback::Fail, ..options(&fake) });
    let error = secrets.set("prod", &token(), secret("glsa_1"), servers()).await.unwrap_err();
    assert_eq!(error.code, ErrorCode::KeyringLocked);
    fake.recover();
    secrets.ask_again();
    assert_eq!(read(&secrets).await, Ok(None));
}

#[tokio::test]
async fn a_keyring_that_failed_is_left_alone_by_polls_until_somebody_asks() {
    let fake = Fake::failing(SecretFailure::Locked("prompt dismissed".to_owned()));
    let secrets = Secrets::open(options(&fake));
    for _ in 0..5 {
        assert_eq!(read(&secrets).await, Err(ErrorCode::KeyringLocked));
    }
    secrets.status(&profile()).await;
    assert_eq!(fake.calls(), 1, "one prompt, not one a poll");
    fake.recover();
    secrets.ask_again();
    assert_eq!(read(&secrets).await, Ok(None));
    assert_eq!(fake.calls(), 2);
}

#[tokio::test]
async fn an_open_prompt_times_out_and_what_was_given_up_is_not_carried_out_later() {
    let fake = Arc::new(Fake::default());
    fake.close(true);
    let timeout = Duration::from_millis(50);
    let secrets = Secrets::open(SecretsOptions { timeout, fallback: Fallback::Fail, ..options(&fake) });
    assert_eq!(read(&secrets).await, Err(ErrorCode::KeyringTimeout));
    // Waits behind the prompt, and is given up before its turn.
    let error = secrets.set("prod", &token(), secret("glsa_1"), servers()).await.unwrap_err();
    assert_eq!(error.code, ErrorCode::KeyringTimeout);
    assert!(error.retryable);
    fake.close(false);
    let secrets =
        Secrets { worker: secrets.worker, failed: Mutex::default(), ..Secrets::open(options(&fake)) };
    // On a busy machine an open store may miss 50 ms, too; what counts is what it finds once it answers.
    let mut found = read(&secrets).await;
    for _ in 0..200 {
        if found != Err(ErrorCode::KeyringTimeout) {
            break;
        }
        secrets.ask_again();
        found = read(&secrets).await;
    }
    assert_eq!(found, Ok(None));
    assert!(fake.kept.lock().unwrap().is_empty());
}

#[tokio::test]
async fn a_defect_in_the_keyrings_library_is_an_error_and_not_the_end() {
    let fake = Arc::new(Fake { panics: true, ..Fake::default() });
    let secrets = Secrets::open(options(&fake));
    assert_eq!(read(&secrets).await, Err(ErrorCode::KeyringUnavailable));
    secrets.ask_again();
    assert_eq!(read(&secrets).await, Err(ErrorCode::KeyringUnavailable));
    assert_eq!(fake.calls(), 2);
}

#[tokio::test]
async fn the_environment_wins_over_the_keyring_and_is_named() {
    let fake = Arc::new(Fake::default());
    let env = BTreeMap::from([("AETHER_GRAFANA_TOKEN".to_owned(), secret("from-env"))]);
    let secrets = Secrets::open(SecretsOptions { env, ..options(&fake) });
    secrets.set("prod", &token(), secret("from-keyring"), servers()).await.unwrap();
    let mut selected = profile();
    selected.grafana.urls = vec![server().to_string()];
    secrets.bind_environment(&selected);
    assert_eq!(read(&secrets).await, Ok(Some("from-env".to_owned())));
    let status = secrets.status(&profile()).await;
    let entry = status.entries.iter().find(|entry| entry.id == "grafana/token").unwrap();
    assert_eq!((entry.origin, entry.env.as_str()), (Some(SecretOrigin::Environment), "AETHER_GRAFANA_TOKEN"));
    secrets.delete("prod", &token()).await.unwrap();
    let missing = secrets.delete("prod", &token()).await.unwrap_err();
    assert!(missing.hint.contains("AETHER_GRAFANA_TOKEN"), "{missing}");
}

#[tokio::test]
async fn the_status_lists_what_the_profile_calls_for_and_what_is_left_over() {
    let fake = Arc::new(Fake::default());
    let secrets = Secrets::open(options(&fake));
    secrets
        .set("prod", &SecretId::parse("prometheus/password").unwrap(), secret("pä ss"), servers())
        .await
        .unwrap();
    let status = secrets.status(&profile()).await;
    let rows: Vec<(&str, bool)> =
        status.entries.iter().map(|entry| (entry.id.as_str(), entry.configured)).collect();
    assert_eq!(rows, [("prometheus/password", true), ("grafana/token", false), ("loki/password", false)]);
    assert_eq!((status.store, status.store_note.as_str()), (SecretStore::Keyring, ""));
}

#[tokio::test]
async fn what_no_header_or_keyring_can_carry_is_refused_before_it_is_stored() {
    let fake = Arc::new(Fake { limit: Some(20), ..Fake::default() });
    let secrets = Secrets::open(options(&fake));
    let password = SecretId::parse("grafana/password").unwrap();
    for (id, text, code) in [
        (token(), "", ErrorCode::InvalidRequest),
        (token(), "glsa_1\n", ErrorCode::InvalidRequest),
        (token(), "two words", ErrorCode::InvalidRequest),
        (token(), "töken", ErrorCode::InvalidRequest),
        (password, "a\u{0}b", ErrorCode::InvalidRequest),
        (password, "123456789012345678901", ErrorCode::SecretTooLong),
        (
            password,
            "\u{1f600}\u{1f600}\u{1f600}\u{1f600}\u{1f600}\u{1f600}\u{1f600}\u{1f600}\u{1f600}\u{1f600}\u{1f600}",
            ErrorCode::SecretTooLong,
        ),
    ] {
        let error = secrets.set("prod", &id, secret(text), servers()).await.unwrap_err();
        assert_eq!(error.code, code, "{text:?}");
        let whole = format!("{error:?}");
        assert!(text.is_empty() || !whole.contains(text.trim()), "{whole}");
    }
    assert_eq!(fake.calls(), 0);
    // The store knows better than we do.
    let strict = Fake::failing(SecretFailure::TooLong(10));
    let error =
        Secrets::open(options(&strict)).set("prod", &token(), secret("glsa_1"), servers()).await.unwrap_err();
    assert_eq!(error.code, ErrorCode::SecretTooLong);
}

#[tokio::test]
async fn a_locked_keyring_may_still_hold_what_was_deleted_from_memory() {
    let fake = Fake::failing(SecretFailure::Locked("prompt dismissed".to_owned()));
    let secrets = Secrets::open(options(&fake));
    secrets.set("prod", &token(), secret("glsa_1"), servers()).await.unwrap();
    assert_eq!(secrets.delete("prod", &token()).await.unwrap_err().code, ErrorCode::KeyringLocked);
    assert_eq!(read(&secrets).await, Err(ErrorCode::KeyringLocked));
    let none = Fake::failing(SecretFailure::Unavailable("no bus".to_owned()));
    let secrets = Secrets::open(options(&none));
    secrets.set("prod", &token(), secret("glsa_1"), servers()).await.unwrap();
    secrets.delete("prod", &token()).await.unwrap();
}

#[test]
fn names_of_credentials_are_a_closed_list() {
    for id in SecretId::all() {
        assert_eq!(SecretId::parse(&id.to_string()), Ok(id));
        assert!(id.env().starts_with("AETHER_") && !id.title().is_empty());
    }
    for wrong in ["", "grafana", "grafana/", "grafana/key", "mysql/token", "grafana/token/x", "GRAFANA/token"]
    {
        assert_eq!(SecretId::parse(wrong).unwrap_err().code, ErrorCode::InvalidRequest, "{wrong}");
    }
}
