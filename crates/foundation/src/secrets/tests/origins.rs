//! A credential goes to the servers it was entered or confirmed for, whatever the profile says.

use super::*;

fn other() -> Origin {
    Origin::parse("https://evil.test").unwrap()
}

fn pointing_to(url: &str) -> Profile {
    let mut profile = profile();
    profile.grafana.urls = vec![url.to_owned()];
    profile
}

fn with_environment(fake: &Arc<Fake>) -> Secrets {
    let env = BTreeMap::from([("AETHER_GRAFANA_TOKEN".to_owned(), secret("from-environment"))]);
    Secrets::open(SecretsOptions { env, ..options(fake) })
}

async fn send(secrets: &Secrets, origin: &Origin) -> Result<String, PanelError> {
    let found = secrets.get("prod", &token(), origin).await?;
    Ok(found.expect("a credential").expose_secret().to_owned())
}

#[tokio::test]
async fn credential_is_refused_to_a_server_it_was_not_entered_for() {
    let fake = Arc::new(Fake::default());
    let secrets = Secrets::open(options(&fake));
    secrets.set("prod", &token(), secret("glsa_1"), servers()).await.unwrap();
    assert_eq!(send(&secrets, &server()).await.unwrap(), "glsa_1");
    for address in ["https://evil.test", "http://grafana.example.com", "https://grafana.example.com:8443"] {
        let error = send(&secrets, &Origin::parse(address).unwrap()).await.unwrap_err();
        assert_eq!(error.code, ErrorCode::UntrustedOrigin, "{address}");
        assert!(
            error.message.contains(address) && error.message.contains("https://grafana.example.com"),
            "{error}"
        );
        assert!(!format!("{error:?}").contains("glsa_1"));
    }
}

#[tokio::test]
async fn confirmed_server_receives_the_credential_and_stays_confirmed() {
    let fake = Arc::new(Fake::default());
    let secrets = Secrets::open(options(&fake));
    secrets.set("prod", &token(), secret("glsa_1"), servers()).await.unwrap();
    secrets.trust("prod", &token(), other()).await.unwrap();
    let again = Secrets::open(options(&fake));
    assert_eq!(send(&again, &other()).await.unwrap(), "glsa_1");
    assert_eq!(send(&again, &server()).await.unwrap(), "glsa_1");
    // Another stack's credential is not confirmed by that.
    again.set("staging", &token(), secret("glsa_2"), servers()).await.unwrap();
    let error = again.get("staging", &token(), &other()).await.unwrap_err();
    assert_eq!(error.code, ErrorCode::UntrustedOrigin);
}

#[tokio::test]
async fn new_credential_forgets_the_servers_of_the_old_one() {
    let fake = Arc::new(Fake::default());
    let secrets = Secrets::open(options(&fake));
    secrets.set("prod", &token(), secret("glsa_1"), BTreeSet::from([other()])).await.unwrap();
    secrets.set("prod", &token(), secret("glsa_2"), servers()).await.unwrap();
    assert_eq!(send(&secrets, &other()).await.unwrap_err().code, ErrorCode::UntrustedOrigin);
    secrets.delete("prod", &token()).await.unwrap();
    assert!(fake.kept.lock().unwrap().is_empty(), "the origins are deleted with the credential");
}

#[tokio::test]
async fn credential_of_an_older_panel_is_sent_nowhere_until_it_is_confirmed() {
    let fake = Arc::new(Fake::default());
    fake.kept.lock().unwrap().insert("prod/grafana/token".to_owned(), secret("glsa_1"));
    let secrets = Secrets::open(options(&fake));
    assert_eq!(send(&secrets, &server()).await.unwrap_err().code, ErrorCode::UntrustedOrigin);
    let status = secrets.status(&pointing_to("https://grafana.example.com/base")).await;
    let entry = status.entries.iter().find(|entry| entry.id == "grafana/token").unwrap();
    assert!(entry.configured && entry.origins.is_empty());
    assert_eq!(entry.untrusted, ["https://grafana.example.com"]);
    secrets.trust("prod", &token(), server()).await.unwrap();
    assert_eq!(send(&secrets, &server()).await.unwrap(), "glsa_1");
}

#[tokio::test]
async fn credential_in_memory_is_bound_like_one_in_the_keyring() {
    let fake = Fake::failing(SecretFailure::Unavailable("no bus".to_owned()));
    let secrets = Secrets::open(options(&fake));
    assert_eq!(secrets.set("prod", &token(), secret("glsa_1"), servers()).await, Ok(SecretStore::Memory));
    assert_eq!(send(&secrets, &other()).await.unwrap_err().code, ErrorCode::UntrustedOrigin);
    secrets.trust("prod", &token(), other()).await.unwrap();
    assert_eq!(send(&secrets, &other()).await.unwrap(), "glsa_1");
}

#[tokio::test]
async fn environment_credential_goes_to_the_first_selected_stack_only() {
    let secrets = with_environment(&Arc::new(Fake::default()));
    assert_eq!(send(&secrets, &server()).await.unwrap_err().code, ErrorCode::UntrustedOrigin);
    let bound = secrets.bind_environment(&pointing_to("https://grafana.example.com/base"));
    assert_eq!(bound, [("AETHER_GRAFANA_TOKEN".to_owned(), servers())]);
    assert_eq!(send(&secrets, &server()).await.unwrap(), "from-environment");
    // The profile's file changes, or another stack is selected.
    assert_eq!(secrets.bind_environment(&pointing_to("https://evil.test")), []);
    assert_eq!(send(&secrets, &other()).await.unwrap_err().code, ErrorCode::UntrustedOrigin);
}

#[tokio::test]
async fn keyring_that_fails_while_origins_are_written_trusts_nothing() {
    let fake = Arc::new(Fake::default());
    let secrets = Secrets::open(options(&fake));
    secrets.set("prod", &token(), secret("glsa_1"), servers()).await.unwrap();
    fake.kept
        .lock()
        .unwrap()
        .insert("prod/grafana/token/origins".to_owned(), secret("https://evil.test/x\n\u{0}"));
    assert_eq!(send(&secrets, &other()).await.unwrap_err().code, ErrorCode::UntrustedOrigin);
    assert_eq!(send(&secrets, &server()).await.unwrap_err().code, ErrorCode::UntrustedOrigin);
}
