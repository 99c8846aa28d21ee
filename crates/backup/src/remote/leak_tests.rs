//! Every way in which a credential enters the panel: whatever is wrong with it, no part of the error and no line of the
//! log shows it.

use std::{
    collections::{BTreeMap, BTreeSet},
    io::Write,
    sync::{Arc, Mutex},
    time::Duration,
};

use aether_clients::{Alertmanager, Auth, Docker, Endpoint, Grafana, Prometheus, TlsFiles};
use aether_contract::{ErrorCode, PanelError, ServiceKind};
use proptest::prelude::*;
use tracing_subscriber::fmt::MakeWriter;

use aether_foundation::{
    secrets::*,
    stack::{Elsewhere, Profile},
};
use secrecy::SecretString;

use super::Place;

/// In every secret, so that a part of one is found too.
const MARK: &str = "Zq7sEcReT";

/// Secrets of every form that people paste: with control characters, quotes, JSON, PEM, Base64, and plain ones.
fn secrets() -> impl Strategy<Value = String> {
    let around = || "[ -~\u{e4}\u{202e}]{0,12}";
    prop_oneof![
        (around(), around()).prop_map(|(a, b)| format!("{a}{MARK}{b}")),
        (around(), "[\r\n\t\u{0}\u{1b}\u{9b}]{1,3}", around())
            .prop_map(|(a, c, b)| format!("{a}{MARK}{c}{b}{MARK}")),
        around().prop_map(|a| format!("\"{MARK}'{a}\\\"`")),
        (around(), around()).prop_map(|(a, b)| {
            serde_json::json!({"type": a, "private_key": format!("{MARK}{b}"), "client_email": MARK})
                .to_string()
        }),
        around().prop_map(|a| format!("{{\"private_key\": {MARK}{a}")),
        around()
            .prop_map(|a| { format!("-----BEGIN PRIVATE KEY-----\n{MARK}{a}\n-----END PRIVATE KEY-----\n") }),
        "[A-Za-z0-9+/]{0,40}".prop_map(|a| format!("{MARK}{a}==")),
    ]
}

/// What was logged while it was in use.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl MakeWriter<'_> for Log {
    type Writer = Self;

    fn make_writer(&self) -> Self {
        self.clone()
    }
}

fn assert_hidden(place: &str, text: &str) {
    assert!(!text.contains(MARK), "{place} shows the secret: {text}");
}

/// Looks at everything that leaves with an error; returns whether it was one.
fn look<T>(place: &str, outcome: Result<T, PanelError>) -> bool {
    let Err(error) = outcome else { return false };
    assert_hidden(place, &error.to_string());
    assert_hidden(place, &format!("{error:?}"));
    assert_hidden(place, &serde_json::to_string(&error).unwrap());
    assert!(!error.message.is_empty(), "{place}");
    true
}

fn endpoint(auth: Auth) -> Endpoint {
    Endpoint { auth, ..Endpoint::plain("https://host.invalid".parse().unwrap()) }
}

fn clients(place: &str, endpoint: &Endpoint) {
    assert_hidden(place, &format!("{endpoint:?}"));
    let _ = look(place, Prometheus::new(endpoint.clone()).map_err(|e| e.to_panel(ServiceKind::Prometheus)));
    let _ = look(place, Grafana::new(endpoint.clone()).map_err(|e| e.to_panel(ServiceKind::Grafana)));
    let _ =
        look(place, Alertmanager::new(endpoint.clone()).map_err(|e| e.to_panel(ServiceKind::Alertmanager)));
}

fn object_storage(secret: &str) {
    let spec = Elsewhere {
        s3_access_key_id: Some("id".into()),
        azure_account: Some("account".into()),
        ..Elsewhere::default()
    };
    for name in ["s3://bucket/a", "gs://bucket/a", "az://container/a"] {
        look(name, Place::build(name, &spec, Some(SecretString::from(secret.to_owned()))));
    }
}

fn endpoints(secret: &str, folder: &std::path::Path) {
    let hidden = SecretString::from(secret.to_owned());
    clients("a token", &endpoint(Auth::Bearer(hidden.clone())));
    clients("a password", &endpoint(Auth::Basic { username: "ann".into(), password: hidden }));
    let mut with_header = endpoint(Auth::None);
    with_header.headers.insert("X-Api-Token".into(), secret.to_owned());
    clients("a header", &with_header);
    let mut with_name = endpoint(Auth::None);
    with_name.headers.insert(secret.to_owned(), "1".into());
    let _ = look("a header's name", Grafana::new(with_name).map_err(|e| e.to_panel(ServiceKind::Grafana)));
    let file = folder.join("key.pem");
    std::fs::write(&file, secret).unwrap();
    let mutual = TlsFiles {
        client_cert_file: Some(file.clone()),
        client_key_file: Some(file.clone()),
        ..TlsFiles::default()
    };
    for tls in [TlsFiles { ca_file: Some(file), ..TlsFiles::default() }, mutual] {
        clients("a TLS file", &Endpoint { tls, ..endpoint(Auth::None) });
    }
}

/// A person may write a credential into a profile although none belongs there.
fn profiles(secret: &str) {
    let quoted = toml::Value::String(secret.to_owned()).to_string();
    let part: String = url::form_urlencoded::byte_serialize(secret.as_bytes()).collect();
    for section in [
        format!("[grafana]\nurl = \"http://h:1\"\nauth = {quoted}"),
        format!(
            "[grafana]\nurl = \"http://h:1\"\nauth = {{ kind = \"basic\", username = \"a\", password = {quoted} }}"
        ),
        format!("[grafana]\nurl = \"http://h:1\"\nheaders = {{ \"X-Api-Token\" = {quoted} }}"),
        format!("[grafana]\nurl = \"http://h:1\"\nheaders = {{ Authorization = {quoted} }}"),
        format!("[grafana]\nurl = \"http://ann:{part}@h:1\""),
        format!("[grafana]\nurl = \"http://h:1/?token={part}\""),
        format!("[backup]\nelsewhere = [\"s3://{part}@bucket/a\"]"),
        format!("[backup]\nelsewhere = [\"az://container/a?sig={part}\"]"),
        format!("[docker]\nhost = \"https//user:{part}@h\""),
        format!("[escalation.vip]\nchat = \"ftp://{part}@h/x\""),
        format!("[escalation.vip]\nmail = {quoted}"),
        format!("[[checks]]\nid = \"a\"\nurl = \"ftp://{part}@h\""),
        format!("[grafana]\nurl = \"http://h:1\"\ntoken = {quoted}\nx = "),
    ] {
        let refused = look(&section, Profile::parse(&section, std::path::Path::new("stack.toml")));
        assert!(refused, "accepted: {section}");
    }
    let _ = look("Docker's address", Docker::connect(&format!("odd://u:{part}@h")).map_err(|e| e.to_panel()));
}

struct BrokenKeyring;

impl BrokenKeyring {
    fn failure() -> SecretFailure {
        SecretFailure::Other("the keyring failed".into())
    }
}

impl SecretBackend for BrokenKeyring {
    fn get(&self, _account: &str) -> Result<Option<SecretString>, SecretFailure> {
        Err(Self::failure())
    }

    fn set(&self, _account: &str, _secret: &SecretString) -> Result<(), SecretFailure> {
        Err(Self::failure())
    }

    fn delete(&self, _account: &str) -> Result<bool, SecretFailure> {
        Err(Self::failure())
    }
}

async fn stored(secret: &str) {
    let secrets = Secrets::open(SecretsOptions {
        backend: Some(Arc::new(BrokenKeyring)),
        fallback: Fallback::Fail,
        timeout: Duration::from_secs(5),
        env: BTreeMap::new(),
    });
    for name in ["grafana/token", "grafana/password", "s3/password", "gcs/password"] {
        let id = SecretId::parse(name).unwrap();
        let outcome = secrets.set("stack", &id, SecretString::from(secret.to_owned()), BTreeSet::new()).await;
        assert!(look(name, outcome.map(drop)), "the keyring failed");
    }
    assert!(look("a name", SecretId::parse(secret)));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    #[test]
    fn credential_that_fails_to_parse_never_appears_in_error_or_log(secret in secrets()) {
        let log = Log::default();
        let subscriber = tracing_subscriber::fmt().with_max_level(tracing::Level::TRACE).with_writer(log.clone());
        let subscriber = subscriber.finish();
        let folder = tempfile::tempdir().unwrap();
        tracing::subscriber::with_default(subscriber, || {
            object_storage(&secret);
            endpoints(&secret, folder.path());
            profiles(&secret);
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(stored(&secret));
        });
        let log = log.0.lock().unwrap().clone();
        assert_hidden("the log", &String::from_utf8_lossy(&log));
    }
}

#[test]
fn storage_key_that_can_not_be_parsed_says_what_to_do() {
    let secret = SecretString::from(format!("{{\"private_key\": \"{MARK}\"}}"));
    let error = Place::build("gs://bucket/a", &Elsewhere::default(), Some(secret)).map(drop).unwrap_err();
    assert_eq!(error.code, ErrorCode::InvalidConfig);
    assert_eq!(error.message, "The credential for gs://bucket/a is not valid.");
    assert!(error.hint.contains("aetherctl secret set gcs/password"), "{}", error.hint);
    assert!(error.detail.is_empty());
}
