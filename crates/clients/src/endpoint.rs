//! Where a server is and how to be let in.

use std::{collections::BTreeMap, fmt, path::PathBuf, time::Duration};

use secrecy::SecretString;
use url::Url;

use crate::sensitive::{is_sensitive_header, without_secrets};

/// Credentials.
#[derive(Clone, Default)]
pub enum Auth {
    /// None.
    #[default]
    None,
    /// User and password (RFC 7617).
    Basic {
        /// User name.
        username: String,
        /// Password.
        password: SecretString,
    },
    /// A bearer token (RFC 6750).
    Bearer(SecretString),
}

impl fmt::Debug for Auth {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::None => f.write_str("None"),
            Self::Basic { username, .. } => write!(f, "Basic({username}, …)"),
            Self::Bearer(_) => f.write_str("Bearer(…)"),
        }
    }
}

/// PEM files for TLS.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TlsFiles {
    /// Authorities to trust besides the system's.
    pub ca_file: Option<PathBuf>,
    /// The client's certificate (with its chain), for mutual TLS.
    pub client_cert_file: Option<PathBuf>,
    /// The client's key.
    pub client_key_file: Option<PathBuf>,
}

/// One server's address with everything that a request to it needs.
#[derive(Clone)]
pub struct Endpoint {
    /// Address. A base path is kept: `https://host/prometheus` asks `https://host/prometheus/api/v1/…`.
    pub url: Url,
    /// Credentials.
    pub auth: Auth,
    /// Headers sent with every request.
    pub headers: BTreeMap<String, String>,
    /// Certificates.
    pub tls: TlsFiles,
    /// Longest wait for a connection.
    pub connect_timeout: Duration,
    /// Longest wait for a whole answer, redirects within the origin included; each repetition has it anew.
    pub timeout: Duration,
    /// Most bytes of an answer, after decompression.
    pub max_reply: usize,
    /// Further attempts (at most 2 are made) of a GET that was refused, timed out, broke or met a 5xx. Nothing else is
    /// ever sent twice.
    pub retries: u32,
}

impl fmt::Debug for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let headers: BTreeMap<&str, &str> = self
            .headers
            .iter()
            .map(|(name, value)| {
                (name.as_str(), if is_sensitive_header(name) { "…" } else { value.as_str() })
            })
            .collect();
        f.debug_struct("Endpoint")
            .field("url", &without_secrets(&self.url))
            .field("auth", &self.auth)
            .field("headers", &headers)
            .field("tls", &self.tls)
            .field("connect_timeout", &self.connect_timeout)
            .field("timeout", &self.timeout)
            .field("max_reply", &self.max_reply)
            .field("retries", &self.retries)
            .finish()
    }
}

impl Endpoint {
    /// An endpoint without credentials, with 3 s to connect, 10 s in all, and 64 MiB a reply.
    pub fn plain(url: Url) -> Self {
        Self {
            url,
            auth: Auth::None,
            headers: BTreeMap::new(),
            tls: TlsFiles::default(),
            connect_timeout: Duration::from_secs(3),
            timeout: Duration::from_secs(10),
            max_reply: 64 * 1024 * 1024,
            retries: 0,
        }
    }
}
