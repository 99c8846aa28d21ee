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
    /// More bytes than allowed.
    TooLarge(usize),
}

impl std::fmt::Display for Failure {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Config(what) => write!(f, "wrong configuration ({what})"),
            Self::Refused => f.write_str("connection refused"),
            Self::Dns => f.write_str("unknown host name"),
            Self::Tls(why) => write!(f, "no secure connection ({why})"),
            Self::Timeout => f.write_str("no answer in time"),
            Self::Network => f.write_str("connection broken"),
            Self::CutOff => f.write_str("answer cut off"),
            Self::Unauthorized => f.write_str("credentials refused (401)"),
            Self::Forbidden => f.write_str("not allowed (403)"),
            Self::WrongPath => f.write_str("unknown path (404)"),
            Self::WrongServer(what) => write!(f, "not the expected server ({what})"),
            Self::Server(status, words) => write!(f, "server error {status} ({words})"),
            Self::Rejected(status, words) => write!(f, "refused with {status} ({words})"),
            Self::Broken => f.write_str("unreadable answer"),
            Self::TooLarge(limit) => write!(f, "answer larger than {limit} bytes"),
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
            Failure::Broken => ErrorCode::BrokenReply,
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
                (format!("{name} can't be asked: {what}."), "Correct it in Settings, Stacks.".to_owned())
            }
            Failure::Refused => (
                format!("Nothing answers at {url}."),
                format!(
                    "Is {name} running, and is this its port? If it runs in a container, is the port published?"
                ),
            ),
            Failure::Dns => (
                format!("The host name of {url} is unknown."),
                "Check the spelling, the DNS server and the VPN.".to_owned(),
            ),
            Failure::Tls(why) => (format!("No secure connection to {name}: {why}."), tls_hint(why)),
            Failure::Timeout => (
                format!("{name} did not answer in time ({url})."),
                "Is it overloaded, or does a firewall drop the packets?".to_owned(),
            ),
            Failure::Network => (
                format!("The connection to {name} broke ({url})."),
                "Check the network and any proxy in between.".to_owned(),
            ),
            Failure::CutOff => (
                format!("{name}'s answer breaks off before its end ({url})."),
                "A proxy in between may have a limit, or the server was stopped.".to_owned(),
            ),
            Failure::Unauthorized => (
                format!("{name} refuses the credentials (401)."),
                "Set them anew in Settings, Credentials.".to_owned(),
            ),
            Failure::Forbidden => (
                format!("{name} does not allow this with the present credentials (403)."),
                "A role or tenant header may be missing.".to_owned(),
            ),
            Failure::WrongPath => (
                format!("{url} is unknown there (404)."),
                format!(
                    "Is it {name}, and is its base path part of the address (for example https://host/{})?",
                    service.as_str()
                ),
            ),
            Failure::WrongServer(what) => (
                format!("{url} is answered by something that is not {name}: {what}."),
                "Check the address, the port and any login page of a proxy.".to_owned(),
            ),
            Failure::Server(status, words) => (
                if words.is_empty() {
                    format!("{name} answers with an error of its own ({status}).")
                } else {
                    format!("{name} answers with an error of its own ({status}): {words}")
                },
                format!("Look into the log of {name} or of the proxy before it."),
            ),
            Failure::Rejected(status, words) if words.is_empty() => {
                (format!("{name} refuses the request ({status})."), String::new())
            }
            Failure::Rejected(_, words) => (format!("{name} refuses the request: {words}"), String::new()),
            Failure::Broken => (
                format!("{name}'s answer can't be read."),
                "A proxy may have cut it, or the version is not supported.".to_owned(),
            ),
            Failure::TooLarge(limit) => (
                format!("{name}'s answer is larger than {} MiB.", limit / (1024 * 1024)),
                "Narrow the query, or the number of series.".to_owned(),
            ),
        };
        PanelError::new(self.code(), service.as_str(), message)
            .with_hint(hint)
            .with_detail(self.detail.clone())
    }
}

fn tls_hint(why: &str) -> String {
    let hint = if why.contains("unknown authority") {
        "Name the file of its authority as ca_file."
    } else if why.contains("not TLS") {
        "The server speaks plain HTTP there; use http:// in the address."
    } else if why.contains("client certificate") {
        "Name client_cert_file and client_key_file."
    } else if why.contains("expired") || why.contains("not yet valid") {
        "Renew the server's certificate; check the clocks of both machines."
    } else if why.contains("another name") {
        "Use the host name that the certificate was made for."
    } else {
        "Look at the server's certificate and TLS settings."
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
