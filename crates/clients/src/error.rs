//! What can go wrong between here and a server, told apart by what a person would do about it.

use aether_contract::{ErrorCode, PanelError, ServiceKind};

/// Kinds of failure.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Failure {
    /// The endpoint's description is wrong (address, header, certificate file).
    Config(String),
    /// Nothing listens there.
    Refused,
    /// The name could not be resolved.
    Dns,
    /// TLS failed; why, in words.
    Tls(String),
    /// No (whole) answer in time.
    Timeout,
    /// The connection broke.
    Network,
    /// The answer broke off before its end.
    CutOff,
    /// 401.
    Unauthorized,
    /// 403.
    Forbidden,
    /// 404 where the API should be.
    WrongPath,
    /// Something else answers there; what it looks like.
    WrongServer(String),
    /// 5xx; the server's words.
    Server(u16, String),
    /// Another 4xx; the server's words.
    Rejected(u16, String),
    /// Not JSON, or not of the expected form.
    Broken,
    /// The server has it in another form than it returns, so what it returns may lack parts; how, in words.
    NotAsStored(String),
    /// More bytes than allowed.
    TooLarge(usize),
}

impl std::fmt::Display for Failure {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Config(what) => write!(f, "invalid configuration ({what})"),
            Self::Refused => f.write_str("connection refused"),
            Self::Dns => f.write_str("unknown host name"),
            Self::Tls(why) => write!(f, "TLS connection failed ({why})"),
            Self::Timeout => f.write_str("timed out"),
            Self::Network => f.write_str("connection lost"),
            Self::CutOff => f.write_str("response truncated"),
            Self::Unauthorized => f.write_str("credentials rejected (401)"),
            Self::Forbidden => f.write_str("access denied (403)"),
            Self::WrongPath => f.write_str("not found (404)"),
            Self::WrongServer(what) => write!(f, "unexpected server ({what})"),
            Self::Server(status, words) => write!(f, "server error {status} ({words})"),
            Self::Rejected(status, words) => write!(f, "rejected with {status} ({words})"),
            Self::Broken => f.write_str("invalid response"),
            Self::NotAsStored(how) => write!(f, "not available as stored ({how})"),
            Self::TooLarge(limit) => write!(f, "response larger than {limit} bytes"),
        }
    }
}

/// A failed request.
#[derive(Debug, Clone, thiserror::Error)]
#[error("{url}: {failure}: {detail}")]
pub struct ClientError {
    /// What kind.
    pub failure: Failure,
    /// Address asked, without credentials and query.
    pub url: String,
    /// Technical detail: the transport's words, or the start of the server's answer. No credentials.
    pub detail: String,
    /// What the server said in the body of its refusal; cleaned and cut like `detail`.
    pub(crate) words: String,
}

impl ClientError {
    pub(crate) fn new(failure: Failure, url: impl Into<String>, detail: impl Into<String>) -> Self {
        Self { failure, url: url.into(), detail: detail.into(), words: String::new() }
    }

    /// The code that it carries to the window.
    pub fn code(&self) -> ErrorCode {
        match &self.failure {
            Failure::Config(_) => ErrorCode::InvalidConfig,
            Failure::Refused => ErrorCode::Refused,
            Failure::Dns => ErrorCode::Dns,
            Failure::Tls(_) => ErrorCode::Tls,
            Failure::Timeout => ErrorCode::Timeout,
            Failure::Network | Failure::CutOff => ErrorCode::Network,
            Failure::Unauthorized => ErrorCode::Unauthorized,
            Failure::Forbidden => ErrorCode::Forbidden,
            Failure::WrongPath => ErrorCode::WrongPath,
            Failure::WrongServer(_) => ErrorCode::WrongServer,
            Failure::Server(..) => ErrorCode::ServerError,
            Failure::Rejected(..) => ErrorCode::Rejected,
            Failure::Broken | Failure::NotAsStored(_) => ErrorCode::BrokenReply,
            Failure::TooLarge(_) => ErrorCode::TooLarge,
        }
    }

    /// Whether the same request may succeed a moment later: too many at once, a failing server, a broken
    /// connection. Never after refused credentials: Grafana locks users out.
    pub fn may_pass(&self) -> bool {
        matches!(
            self.failure,
            Failure::Refused
                | Failure::Timeout
                | Failure::Network
                | Failure::CutOff
                | Failure::Server(..)
                | Failure::Rejected(429, _)
        )
    }

    /// Whether the request certainly never reached the server, so that sending it elsewhere can't do it twice.
    pub fn never_sent(&self) -> bool {
        matches!(self.failure, Failure::Config(_) | Failure::Refused | Failure::Dns | Failure::Tls(_))
    }

    /// For people: what failed, on which server, what to do.
    pub fn to_panel(&self, service: ServiceKind) -> PanelError {
        let name = service.title();
        let url = &self.url;
        let (message, hint) = match &self.failure {
            Failure::Config(what) => {
                (format!("Cannot connect to {name}: {what}."), "Fix it in Settings, Stacks.".to_owned())
            }
            Failure::Refused => (
                format!("Nothing is listening at {url}."),
                format!(
                    "Check that {name} is running and uses this port. If it runs in a container, check \
                        that the port is published."
                ),
            ),
            Failure::Dns => (
                format!("Unknown host name in {url}."),
                "Check the spelling, the DNS server and the VPN.".to_owned(),
            ),
            Failure::Tls(why) => (format!("TLS connection to {name} failed: {why}."), tls_hint(why)),
            Failure::Timeout => (
                format!("{name} did not respond in time ({url})."),
                "It may be overloaded, or a firewall may drop the packets.".to_owned(),
            ),
            Failure::Network => (
                format!("The connection to {name} was lost ({url})."),
                "Check the network and any proxy in between.".to_owned(),
            ),
            Failure::CutOff => (
                format!("The response from {name} was truncated ({url})."),
                "A proxy may enforce a limit, or the server may have stopped.".to_owned(),
            ),
            Failure::Unauthorized => (
                format!("{name} rejected the credentials (401)."),
                "Re-enter the credentials in Settings, Credentials.".to_owned(),
            ),
            Failure::Forbidden => (
                format!("{name} denied access for these credentials (403)."),
                "A role or tenant header may be missing.".to_owned(),
            ),
            Failure::WrongPath => (
                format!("{url} was not found (404)."),
                format!(
                    "Check that this is {name}, and that the address includes its base path (for example \
                        https://host/{}).",
                    service.as_str()
                ),
            ),
            Failure::WrongServer(what) => (
                format!("The server at {url} is not {name}: {what}."),
                "Check the address, the port and whether a proxy shows a login page.".to_owned(),
            ),
            Failure::Server(status, words) => (
                if words.is_empty() {
                    format!("{name} returned a server error ({status}).")
                } else {
                    format!("{name} returned a server error ({status}): {words}")
                },
                format!("Check the log of {name} or of the proxy in front of it."),
            ),
            Failure::Rejected(status, words) if words.is_empty() => {
                (format!("{name} rejected the request ({status})."), String::new())
            }
            Failure::Rejected(_, words) => (format!("{name} rejected the request: {words}"), String::new()),
            Failure::Broken => (
                format!("{name} returned an invalid response."),
                "A proxy may have truncated it, or the version is not supported.".to_owned(),
            ),
            Failure::NotAsStored(how) => (
                format!("{name} does not return it as it is stored: {how}."),
                "A converted copy would lack parts of the original, so it was not used.".to_owned(),
            ),
            Failure::TooLarge(limit) => (
                format!("The response from {name} is larger than {} MiB.", limit / (1024 * 1024)),
                "Narrow the query or reduce the number of series.".to_owned(),
            ),
        };
        PanelError::new(self.code(), service.as_str(), message)
            .with_hint(hint)
            .with_detail(self.detail.clone())
    }
}

fn tls_hint(why: &str) -> String {
    let hint = if why.contains("unknown authority") {
        "Set ca_file to the CA certificate."
    } else if why.contains("not TLS") {
        "The server uses plain HTTP; use http:// in the address."
    } else if why.contains("client certificate") {
        "Set client_cert_file and client_key_file."
    } else if why.contains("expired") || why.contains("not yet valid") {
        "Renew the server's certificate, or check the clocks of both machines."
    } else if why.contains("different host name") {
        "Use the host name for which the certificate was issued."
    } else {
        "Check the server's certificate and TLS settings."
    };
    hint.to_owned()
}

/// The words of an error and of all that caused it, without the first link, which repeats the address.
pub(crate) fn chain(error: &dyn std::error::Error) -> String {
    let mut words = Vec::new();
    let mut source = error.source();
    while let Some(cause) = source {
        let text = cause.to_string();
        // Some wrappers only repeat what they wrap.
        if words.last() != Some(&text) {
            words.push(text);
        }
        source = cause.source();
    }
    if words.is_empty() { error.to_string() } else { words.join(": ") }
}
