//! Builds the HTTP client of an endpoint. It refuses addresses, headers, credentials and certificate files that can't
//! work, so that a mistake shows up at once and not as a failed request later.

use std::{io::Read as _, path::Path, time::Duration};

use reqwest::{Certificate, Client, Identity, header, redirect};
use secrecy::ExposeSecret as _;
use url::{Host, Url};

use crate::{
    endpoint::{Auth, Endpoint, TlsFiles},
    error::chain,
    sensitive::without_secrets,
};

/// Longest PEM file that is read.
const MAX_PEM: u64 = 4 * 1024 * 1024;

/// Checks an endpoint, and takes the trailing slash from its base path. The error is a clause for people.
pub(crate) fn check(endpoint: &mut Endpoint) -> Result<(), String> {
    let url = &endpoint.url;
    if !matches!(url.scheme(), "http" | "https") || url.host_str().is_none() {
        return Err(format!("the address {} does not start with http:// or https://", without_secrets(url)));
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err("the address contains a user or password; set them as credentials instead".into());
    }
    if url.fragment().is_some() || url.query().is_some() {
        return Err("the address contains a '?' or '#' part, which is not allowed in a base address".into());
    }
    if url.scheme() == "http" && endpoint.tls != TlsFiles::default() {
        return Err("certificate files are set, but the address starts with http://".into());
    }
    match &endpoint.auth {
        // RFC 7617: what follows the first colon is the password.
        Auth::Basic { username, .. } if username.contains(':') => {
            return Err("the user name contains a ':', which basic authentication does not allow".into());
        }
        Auth::Bearer(token) => {
            let token = token.expose_secret().trim();
            if token.is_empty() {
                return Err("the token is empty".into());
            }
            if !token.bytes().all(|byte| byte.is_ascii_graphic()) {
                return Err("the token contains invalid characters".into());
            }
        }
        _ => {}
    }
    let base = url.path().trim_end_matches('/').to_owned();
    endpoint.url.set_path(&base);
    Ok(())
}

/// The client. No redirect is followed by it: see [`crate::http`].
pub(crate) fn build(endpoint: &Endpoint) -> Result<Client, String> {
    let mut builder = Client::builder()
        .user_agent(concat!("aetherlink-panel/", env!("CARGO_PKG_VERSION")))
        .default_headers(headers(endpoint)?)
        .redirect(redirect::Policy::none())
        .connect_timeout(endpoint.connect_timeout)
        .timeout(endpoint.timeout)
        .pool_idle_timeout(Duration::from_secs(90))
        .tcp_keepalive(Duration::from_secs(30));
    if is_loopback(&endpoint.url) {
        // As Go and browsers do: a proxy of the system would look for the server on its own loopback.
        builder = builder.no_proxy();
    }
    if endpoint.url.scheme() == "http" {
        // No TLS, so a machine without any authority installed is no reason to fail.
        builder = builder.tls_certs_only(std::iter::empty());
    }
    let tls = &endpoint.tls;
    if let Some(file) = &tls.ca_file {
        // The library's error is not shown, here and below: a key that was named by mistake might be quoted in it.
        let certificates = Certificate::from_pem_bundle(&read(file)?)
            .map_err(|_| format!("{} is not a PEM certificate", file.display()))?;
        if certificates.is_empty() {
            return Err(format!("{} contains no PEM certificate", file.display()));
        }
        builder = builder.tls_certs_merge(certificates);
    }
    match (&tls.client_cert_file, &tls.client_key_file) {
        (None, None) => {}
        (Some(certificate), Some(key)) => {
            let mut pem = read(certificate)?;
            pem.push(b'\n');
            pem.extend(read(key)?);
            let identity = Identity::from_pem(&pem).map_err(|_| {
                format!(
                    "{} and {} are not a certificate and its key in PEM format (keys with a passphrase \
                        are not supported)",
                    certificate.display(),
                    key.display()
                )
            })?;
            builder = builder.identity(identity);
        }
        _ => return Err("client_cert_file and client_key_file must be set together".into()),
    }
    let files = tls.ca_file.is_some() || tls.client_key_file.is_some();
    builder.build().map_err(|error| match files {
        true => "TLS setup failed with these certificate files; check that they are in PEM format and \
            belong together"
            .to_owned(),
        false => format!("connection setup failed ({})", chain(&error)),
    })
}

fn headers(endpoint: &Endpoint) -> Result<header::HeaderMap, String> {
    let mut headers = header::HeaderMap::new();
    for (name, value) in &endpoint.headers {
        let name: header::HeaderName =
            name.parse().map_err(|_| "a header name contains invalid characters".to_owned())?;
        let own = [
            header::AUTHORIZATION,
            header::HOST,
            header::CONTENT_LENGTH,
            header::CONTENT_TYPE,
            header::TRANSFER_ENCODING,
            header::ACCEPT_ENCODING,
            header::CONNECTION,
        ];
        if own.contains(&name) {
            return Err(format!("the header {name} is set by the panel; store credentials in the keyring"));
        }
        let mut value: header::HeaderValue =
            value.parse().map_err(|_| format!("the value of header {name} contains invalid characters"))?;
        value.set_sensitive(true);
        headers.insert(name, value);
    }
    Ok(headers)
}

/// Whether an address is this machine's own.
pub fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    }
}

fn read(file: &Path) -> Result<Vec<u8>, String> {
    let told = |error: std::io::Error| format!("{}: {error}", file.display());
    // A pipe or a device could block or never end.
    if !std::fs::metadata(file).map_err(told)?.is_file() {
        return Err(format!("{} is not a file", file.display()));
    }
    let mut bytes = Vec::new();
    std::fs::File::open(file).map_err(told)?.take(MAX_PEM + 1).read_to_end(&mut bytes).map_err(told)?;
    if bytes.len() as u64 > MAX_PEM {
        return Err(format!("{} is too large for a PEM file", file.display()));
    }
    Ok(bytes)
}
