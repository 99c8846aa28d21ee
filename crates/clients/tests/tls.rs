//! TLS with authorities of our own: what is let in, and why the rest is not.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test may fail at once")]

mod common;

use std::{path::PathBuf, sync::Arc};

use aether_clients::{ClientError, Endpoint, Failure, Prometheus};
use aether_contract::ServiceKind;
use common::{endpoint, raw};
use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    date_time_ymd,
};
use tempfile::TempDir;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpListener,
};
use tokio_rustls::{
    TlsAcceptor,
    rustls::{
        self, RootCertStore, ServerConfig, SupportedProtocolVersion,
        pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject as _},
        server::WebPkiClientVerifier,
    },
};

const NAMES: [&str; 2] = ["localhost", "127.0.0.1"];

/// An authority with its file.
struct Authority {
    issuer: Issuer<'static, KeyPair>,
    pem: String,
    folder: TempDir,
}

/// A certificate and its key, as PEM.
struct Leaf {
    certificate: String,
    key: String,
}

impl Authority {
    fn new(name: &str) -> Self {
        let mut params = CertificateParams::new(Vec::<String>::new()).unwrap();
        params.distinguished_name.push(DnType::CommonName, name);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate().unwrap();
        let pem = params.self_signed(&key).unwrap().pem();
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("ca.pem"), &pem).unwrap();
        Self { issuer: Issuer::new(params, key), pem, folder }
    }

    fn file(&self) -> PathBuf {
        self.folder.path().join("ca.pem")
    }

    fn sign(&self, names: &[&str], change: impl FnOnce(&mut CertificateParams)) -> Leaf {
        let mut params =
            CertificateParams::new(names.iter().map(|n| (*n).to_owned()).collect::<Vec<_>>()).unwrap();
        params.distinguished_name.push(DnType::CommonName, "leaf");
        params.extended_key_usages =
            vec![ExtendedKeyUsagePurpose::ServerAuth, ExtendedKeyUsagePurpose::ClientAuth];
        change(&mut params);
        let key = KeyPair::generate().unwrap();
        let certificate = params.signed_by(&key, &self.issuer).unwrap().pem();
        Leaf { certificate, key: key.serialize_pem() }
    }

    /// An endpoint that trusts this authority.
    fn trusted(&self, url: &str) -> Endpoint {
        let mut endpoint = endpoint(url);
        endpoint.tls.ca_file = Some(self.file());
        endpoint
    }

    /// The same with a client certificate.
    fn with_client(&self, url: &str, leaf: &Leaf) -> Endpoint {
        let mut endpoint = self.trusted(url);
        let path = |name: &str| self.folder.path().join(name);
        std::fs::write(path("client.pem"), &leaf.certificate).unwrap();
        std::fs::write(path("client.key"), &leaf.key).unwrap();
        endpoint.tls.client_cert_file = Some(path("client.pem"));
        endpoint.tls.client_key_file = Some(path("client.key"));
        endpoint
    }
}

/// A server with this certificate that answers every query with one sample. Its address.
async fn serve(
    leaf: &Leaf,
    clients: Option<&Authority>,
    versions: &[&'static SupportedProtocolVersion],
) -> String {
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let builder =
        ServerConfig::builder_with_provider(provider.clone()).with_protocol_versions(versions).unwrap();
    let builder = match clients {
        None => builder.with_no_client_auth(),
        Some(authority) => {
            let mut roots = RootCertStore::empty();
            roots.add(CertificateDer::from_pem_slice(authority.pem.as_bytes()).unwrap()).unwrap();
            let verifier =
                WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider).build().unwrap();
            builder.with_client_cert_verifier(verifier)
        }
    };
    let chain = vec![CertificateDer::from_pem_slice(leaf.certificate.as_bytes()).unwrap()];
    let key = PrivateKeyDer::from_pem_slice(leaf.key.as_bytes()).unwrap();
    let acceptor = TlsAcceptor::from(Arc::new(builder.with_single_cert(chain, key).unwrap()));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let acceptor = acceptor.clone();
            tokio::spawn(async move {
                let Ok(mut stream) = acceptor.accept(stream).await else { return };
                let mut head = [0; 4096];
                let _ = stream.read(&mut head).await;
                let body = r#"{"status":"success","data":{"resultType":"vector","result":[]}}"#;
                let answer = format!(
                    "HTTP/1.1 200 OK\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
                    body.len()
                );
                let _ = stream.write_all(answer.as_bytes()).await;
                let _ = stream.shutdown().await;
            });
        }
    });
    format!("https://localhost:{port}")
}

async fn ask(endpoint: Endpoint) -> Result<(), ClientError> {
    Prometheus::new(endpoint)?.instant("up", None).await.map(|_| ())
}

async fn why(endpoint: Endpoint) -> String {
    let error = ask(endpoint).await.expect_err("this must fail");
    match &error.failure {
        Failure::Tls(why) => {
            let told = error.to_panel(ServiceKind::Prometheus);
            assert!(told.message.contains(why.as_str()) && !told.hint.is_empty() && !told.retryable);
            why.clone()
        }
        other => panic!("{other:?}: {error}"),
    }
}

#[tokio::test]
async fn an_authority_of_ones_own_is_trusted_when_named() {
    let authority = Authority::new("ours");
    let url = serve(&authority.sign(&NAMES, |_| {}), None, rustls::ALL_VERSIONS).await;
    ask(authority.trusted(&url)).await.unwrap();
    ask(authority.trusted(&url.replace("localhost", "127.0.0.1"))).await.unwrap();
    assert_eq!(why(endpoint(&url)).await, "its certificate is from an unknown authority");
    let another = Authority::new("another");
    assert_eq!(why(another.trusted(&url)).await, "its certificate is from an unknown authority");
}

#[tokio::test]
async fn a_self_signed_certificate_is_from_an_unknown_authority() {
    let key = KeyPair::generate().unwrap();
    for ca in [IsCa::NoCa, IsCa::Ca(BasicConstraints::Unconstrained)] {
        let mut params = CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
        params.is_ca = ca;
        let leaf = Leaf { certificate: params.self_signed(&key).unwrap().pem(), key: key.serialize_pem() };
        let url = serve(&leaf, None, rustls::ALL_VERSIONS).await;
        assert_eq!(why(endpoint(&url)).await, "its certificate is from an unknown authority");
    }
}

#[tokio::test]
async fn a_certificate_outside_its_time_or_for_another_name_is_told() {
    let authority = Authority::new("ours");
    let expired = authority.sign(&NAMES, |params| params.not_after = date_time_ymd(2020, 1, 1));
    let early = authority.sign(&NAMES, |params| params.not_before = date_time_ymd(2090, 1, 1));
    // The name reads like another reason.
    let other = authority.sign(&["expired.example"], |_| {});
    for (leaf, expected) in [
        (expired, "its certificate has expired"),
        (early, "its certificate is not yet valid"),
        (other, "its certificate is for a different host name"),
    ] {
        let url = serve(&leaf, None, rustls::ALL_VERSIONS).await;
        assert_eq!(why(authority.trusted(&url)).await, expected);
    }
}

#[tokio::test]
async fn a_server_that_wants_a_client_certificate_gets_it_or_says_so() {
    let (authority, clients) = (Authority::new("ours"), Authority::new("clients"));
    for versions in [&[&rustls::version::TLS13][..], &[&rustls::version::TLS12][..]] {
        let url = serve(&authority.sign(&NAMES, |_| {}), Some(&clients), versions).await;
        ask(authority.with_client(&url, &clients.sign(&["ann"], |_| {}))).await.unwrap();
        assert_eq!(why(authority.trusted(&url)).await, "it requires a client certificate", "{versions:?}");
        let stranger = authority.with_client(&url, &Authority::new("strangers").sign(&["eve"], |_| {}));
        let told = why(stranger).await;
        assert!(told.contains("client certificate"), "{versions:?}: {told}");
        let old = clients.sign(&["ann"], |params| params.not_after = date_time_ymd(2020, 1, 1));
        let told = why(authority.with_client(&url, &old)).await;
        assert!(told.contains("client certificate"), "{versions:?}: {told}");
    }
}

#[tokio::test]
async fn plain_http_and_tls_taken_for_each_other_are_told() {
    let plain = raw("HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n").await;
    assert_eq!(why(endpoint(&plain.replace("http://", "https://"))).await, "the response is not TLS");
    let authority = Authority::new("ours");
    let url = serve(&authority.sign(&NAMES, |_| {}), None, rustls::ALL_VERSIONS).await;
    let error = ask(endpoint(&url.replace("https://", "http://"))).await.unwrap_err();
    assert!(matches!(&error.failure, Failure::WrongServer(what) if what.contains("https://")), "{error}");
    for words in [
        "Client sent an HTTP request to an HTTPS server.\n",
        "<title>400 The plain HTTP request was sent to HTTPS port</title>",
    ] {
        let answer = format!("HTTP/1.0 400 Bad Request\r\nContent-Length: {}\r\n\r\n{words}", words.len());
        let error = ask(endpoint(&raw(answer).await)).await.unwrap_err();
        assert!(matches!(&error.failure, Failure::WrongServer(what) if what.contains("https://")), "{error}");
    }
}

#[tokio::test]
async fn a_key_file_is_never_quoted() {
    let authority = Authority::new("ours");
    let leaf = Leaf {
        certificate: "no PEM certificate".into(),
        key: "-----BEGIN PRIVATE KEY-----\nc3VwZXJzZWNyZXQ\n".into(),
    };
    let error = ask(authority.with_client("https://localhost", &leaf)).await.unwrap_err();
    assert!(matches!(error.failure, Failure::Config(_)), "{error}");
    assert!(!format!("{error} {error:?}").contains("c3VwZXJ"), "{error:?}");
}
