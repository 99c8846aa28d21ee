//! One way to ask: bounded in time and size, redirects only within the same origin, secrets cut out of every text.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use aether_contract::Timestamp;
use backon::{BackoffBuilder as _, ExponentialBuilder};
use base64::Engine as _;
use reqwest::{Client, Method, Response, StatusCode, header};
use secrecy::ExposeSecret as _;
use serde::de::DeserializeOwned;
use url::Url;

use crate::{
    endpoint::{Auth, Endpoint},
    error::{ClientError, Failure, from_transport},
    time,
};

/// Most redirects followed within the origin.
const MAX_HOPS: usize = 3;
/// Most characters of a server's words in an error.
const MAX_WORDS: usize = 600;

/// An answer with what can be learnt from how it came.
#[derive(Debug, Clone)]
pub struct Reply<T> {
    /// The answer.
    pub value: T,
    /// From sending to the last byte.
    pub latency: Duration,
    /// The server's clock (`Date` header, whole seconds).
    pub date: Option<Timestamp>,
    /// This machine's clock when the answer was whole.
    pub received: Timestamp,
}

impl<T> Reply<T> {
    /// The same with another value.
    pub fn map<U>(self, change: impl FnOnce(T) -> U) -> Reply<U> {
        Reply { value: change(self.value), latency: self.latency, date: self.date, received: self.received }
    }
}

/// A body with its status.
pub(crate) struct Raw {
    pub status: StatusCode,
    pub body: Vec<u8>,
    pub url: String,
}

/// The connection to one endpoint.
pub(crate) struct Http {
    client: Client,
    endpoint: Endpoint,
    secrets: Vec<String>,
}

impl std::fmt::Debug for Http {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Http").field("endpoint", &self.endpoint).finish_non_exhaustive()
    }
}

impl Http {
    pub(crate) fn new(mut endpoint: Endpoint) -> Result<Self, ClientError> {
        let shown = without_secrets(&endpoint.url);
        let refuse = |what: String| ClientError::new(Failure::Config(what), shown.clone(), "");
        if !matches!(endpoint.url.scheme(), "http" | "https") || endpoint.url.host_str().is_none() {
            return Err(refuse(format!("the address {shown} does not begin with http:// or https://")));
        }
        if !endpoint.url.username().is_empty() || endpoint.url.password().is_some() {
            return Err(refuse(
                "the address holds a user or password; set them as credentials instead".into(),
            ));
        }
        if endpoint.url.fragment().is_some() || endpoint.url.query().is_some() {
            return Err(refuse("the address holds a '?' or '#' part, which no base address has".into()));
        }
        let base = endpoint.url.path().trim_end_matches('/').to_owned();
        endpoint.url.set_path(&base);
        let client = build(&endpoint).map_err(refuse)?;
        let secrets = match &endpoint.auth {
            Auth::None => Vec::new(),
            Auth::Basic { username, password } => {
                let password = password.expose_secret();
                vec![
                    password.to_owned(),
                    base64::engine::general_purpose::STANDARD.encode(format!("{username}:{password}")),
                ]
            }
            Auth::Bearer(token) => vec![token.expose_secret().to_owned()],
        };
        Ok(Self { client, endpoint, secrets: secrets.into_iter().filter(|s| !s.is_empty()).collect() })
    }

    /// Address of a path below the base.
    pub(crate) fn url(&self, path: &str, query: &[(&str, String)]) -> Url {
        let mut url = self.endpoint.url.clone();
        url.set_path(&format!("{}{path}", self.endpoint.url.path().trim_end_matches('/')));
        if !query.is_empty() {
            url.query_pairs_mut().extend_pairs(query.iter().map(|(name, value)| (*name, value.as_str())));
        }
        url
    }

    /// GET, JSON expected.
    pub(crate) async fn get<T: DeserializeOwned>(
        &self,
        path: &str,
        query: &[(&str, String)],
    ) -> Result<Reply<T>, ClientError> {
        self.get_raw(path, query).await?.json(self)
    }

    /// GET, any body; statuses other than 2xx are errors.
    pub(crate) async fn get_raw(
        &self,
        path: &str,
        query: &[(&str, String)],
    ) -> Result<Reply<Raw>, ClientError> {
        let url = self.url(path, query);
        let mut pauses = ExponentialBuilder::default()
            .with_min_delay(Duration::from_millis(200))
            .with_max_delay(Duration::from_secs(2))
            .with_max_times(usize::try_from(self.endpoint.retries).unwrap_or(0))
            .with_jitter()
            .build();
        loop {
            let result = self.once(Method::GET, url.clone(), None).await;
            let again = matches!(&result, Err(error) if matches!(error.failure,
                Failure::Refused | Failure::Timeout | Failure::Network | Failure::Server(_)));
            match pauses.next() {
                Some(pause) if again => tokio::time::sleep(pause).await,
                _ => return result,
            }
        }
    }

    /// Sends something that changes the server. Never repeated.
    pub(crate) async fn change(
        &self,
        method: Method,
        path: &str,
        body: Option<String>,
    ) -> Result<Reply<Raw>, ClientError> {
        self.once(method, self.url(path, &[]), body).await
    }

    /// POST of a form, for queries too long for an address. A query changes nothing, so redirects aside it is a GET.
    pub(crate) async fn form<T: DeserializeOwned>(
        &self,
        path: &str,
        form: &[(&str, String)],
    ) -> Result<Reply<T>, ClientError> {
        let url = self.url(path, &[]);
        let request = self.client.post(url.clone()).form(form);
        let started = Instant::now();
        let response = self.send(request, &url).await?;
        self.finish(response, started).await?.json(self)
    }

    async fn once(
        &self,
        method: Method,
        mut url: Url,
        body: Option<String>,
    ) -> Result<Reply<Raw>, ClientError> {
        let started = Instant::now();
        for _ in 0..=MAX_HOPS {
            let mut request = self.client.request(method.clone(), url.clone());
            if let Some(body) = &body {
                request = request.header(header::CONTENT_TYPE, "application/json").body(body.clone());
            }
            let response = self.send(request, &url).await?;
            if !response.status().is_redirection() {
                return self.finish(response, started).await;
            }
            let target = response
                .headers()
                .get(header::LOCATION)
                .and_then(|to| to.to_str().ok())
                .and_then(|to| url.join(to).ok());
            let shown = target.as_ref().map_or_else(|| "nowhere".to_owned(), without_secrets);
            match target {
                Some(target)
                    if method == Method::GET
                        && target.origin() == url.origin()
                        && !target.path().contains("login") =>
                {
                    url = target
                }
                // Following would hand the credentials to somebody else, or turn a POST into a GET.
                _ => {
                    return Err(ClientError::new(
                        Failure::WrongServer(format!("it redirects to {shown}")),
                        without_secrets(&url),
                        "",
                    ));
                }
            }
        }
        Err(ClientError::new(
            Failure::WrongServer("it redirects in a circle".into()),
            without_secrets(&url),
            "",
        ))
    }

    async fn send(&self, mut request: reqwest::RequestBuilder, url: &Url) -> Result<Response, ClientError> {
        request = match &self.endpoint.auth {
            Auth::None => request,
            Auth::Basic { username, password } => {
                request.basic_auth(username, Some(password.expose_secret()))
            }
            Auth::Bearer(token) => request.bearer_auth(token.expose_secret()),
        };
        request.send().await.map_err(|error| self.clean(from_transport(&error, &without_secrets(url))))
    }

    async fn finish(&self, mut response: Response, started: Instant) -> Result<Reply<Raw>, ClientError> {
        let status = response.status();
        let url = without_secrets(response.url());
        let date = response
            .headers()
            .get(header::DATE)
            .and_then(|date| date.to_str().ok())
            .and_then(time::http_date);
        let limit = self.endpoint.max_reply;
        let mut body: Vec<u8> = Vec::new();
        while let Some(chunk) =
            response.chunk().await.map_err(|error| self.clean(from_transport(&error, &url)))?
        {
            if body.len().saturating_add(chunk.len()) > limit {
                return Err(ClientError::new(
                    Failure::TooLarge(limit),
                    url,
                    format!("more than {limit} bytes"),
                ));
            }
            body.extend_from_slice(&chunk);
        }
        let raw = Raw { status, body, url };
        if !status.is_success() {
            return Err(self.refusal(&raw));
        }
        Ok(Reply { value: raw, latency: started.elapsed(), date, received: now() })
    }

    /// What a status other than 2xx means.
    fn refusal(&self, raw: &Raw) -> ClientError {
        let words = words(&raw.body);
        let failure = match raw.status.as_u16() {
            401 => Failure::Unauthorized,
            403 => Failure::Forbidden,
            404 => Failure::WrongPath,
            status @ 500.. => Failure::Server(status),
            status => Failure::Rejected(status, words.clone()),
        };
        self.clean(ClientError::new(failure, raw.url.clone(), format!("{}: {words}", raw.status)))
    }

    /// Cuts the endpoint's secrets out of an error.
    pub(crate) fn clean(&self, mut error: ClientError) -> ClientError {
        for secret in &self.secrets {
            error.detail = error.detail.replace(secret, "…");
            error.url = error.url.replace(secret, "…");
            error.failure = match error.failure {
                Failure::Rejected(status, text) => Failure::Rejected(status, text.replace(secret, "…")),
                Failure::WrongServer(text) => Failure::WrongServer(text.replace(secret, "…")),
                Failure::Config(text) => Failure::Config(text.replace(secret, "…")),
                other => other,
            };
        }
        error
    }
}

impl Reply<Raw> {
    /// The body as JSON. Invalid UTF-8 inside texts is replaced, not refused: labels are written by many hands.
    pub(crate) fn json<T: DeserializeOwned>(self, http: &Http) -> Result<Reply<T>, ClientError> {
        let text = String::from_utf8_lossy(&self.value.body);
        match serde_json::from_str(&text) {
            Ok(value) => Ok(Reply { value, latency: self.latency, date: self.date, received: self.received }),
            Err(error) => {
                let failure = if text.trim_start().starts_with('<') {
                    Failure::WrongServer("it answers with a web page".into())
                } else if error.is_data() {
                    Failure::WrongServer("it answers with other JSON".into())
                } else {
                    Failure::Broken
                };
                let begin: String = text.chars().take(200).collect();
                Err(http.clean(ClientError::new(
                    failure,
                    self.value.url,
                    format!("{error}; it begins: {begin}"),
                )))
            }
        }
    }
}

fn build(endpoint: &Endpoint) -> Result<Client, String> {
    let mut headers = header::HeaderMap::new();
    for (name, value) in &endpoint.headers {
        let name: header::HeaderName = name.parse().map_err(|_| format!("'{name}' is no header name"))?;
        if [header::AUTHORIZATION, header::HOST, header::CONTENT_LENGTH].contains(&name) {
            return Err(format!(
                "the header {name} is set by the panel itself; credentials go into the keyring"
            ));
        }
        let value = value
            .parse()
            .map_err(|_| format!("the value of the header {name} has characters that no header may have"))?;
        headers.insert(name, value);
    }
    let mut builder = Client::builder()
        .user_agent(concat!("aetherlink-panel/", env!("CARGO_PKG_VERSION")))
        .default_headers(headers)
        .redirect(reqwest::redirect::Policy::none())
        .connect_timeout(endpoint.connect_timeout)
        .timeout(endpoint.timeout)
        .pool_idle_timeout(Duration::from_secs(90))
        .tcp_keepalive(Duration::from_secs(30));
    let tls = &endpoint.tls;
    if endpoint.url.scheme() == "http" {
        if tls != &crate::TlsFiles::default() {
            return Err("certificate files are named, but the address begins with http://".into());
        }
        // No TLS, so a machine without any authority installed is no reason to fail.
        builder = builder.tls_certs_only(std::iter::empty());
    }
    if let Some(file) = &tls.ca_file {
        let pem = read(file)?;
        let certificates = reqwest::Certificate::from_pem_bundle(&pem)
            .map_err(|error| format!("{}: {error}", file.display()))?;
        if certificates.is_empty() {
            return Err(format!("{} holds no certificate in PEM form", file.display()));
        }
        builder = builder.tls_certs_merge(certificates);
    }
    match (&tls.client_cert_file, &tls.client_key_file) {
        (None, None) => {}
        (Some(certificate), Some(key)) => {
            let mut pem = read(certificate)?;
            pem.push(b'\n');
            pem.extend(read(key)?);
            let identity = reqwest::Identity::from_pem(&pem)
                .map_err(|error| format!("{} and {}: {error}", certificate.display(), key.display()))?;
            builder = builder.identity(identity);
        }
        _ => return Err("client_cert_file and client_key_file go together".into()),
    }
    builder.build().map_err(|error| {
        let detail = from_transport(&error, "").detail;
        if detail.is_empty() { error.to_string() } else { detail }
    })
}

fn read(file: &std::path::Path) -> Result<Vec<u8>, String> {
    const MOST: u64 = 4 * 1024 * 1024;
    match std::fs::metadata(file) {
        Ok(facts) if facts.len() > MOST => Err(format!("{} is too large for a PEM file", file.display())),
        Ok(_) => std::fs::read(file).map_err(|error| format!("{}: {error}", file.display())),
        Err(error) => Err(format!("{}: {error}", file.display())),
    }
}

/// This machine's clock.
pub(crate) fn now() -> Timestamp {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Timestamp(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
}

/// An address fit to be shown: no user, no password, no query.
pub(crate) fn without_secrets(url: &Url) -> String {
    let mut url = url.clone();
    // Fails only for addresses that can't have them.
    let _ = url.set_username("");
    let _ = url.set_password(None);
    url.set_query(None);
    url.set_fragment(None);
    url.to_string()
}

/// A server's words: a JSON string, a field of its error object, or the body's start.
fn words(body: &[u8]) -> String {
    let text = String::from_utf8_lossy(body);
    let found = match serde_json::from_str::<serde_json::Value>(&text) {
        Ok(serde_json::Value::String(words)) => Some(words),
        Ok(serde_json::Value::Object(fields)) => {
            ["error", "message", "msg"].iter().find_map(|name| fields.get(*name)?.as_str().map(str::to_owned))
        }
        _ => None,
    };
    let found = found.unwrap_or_else(|| {
        if text.trim_start().starts_with('<') { "a web page".to_owned() } else { text.into_owned() }
    });
    let short: String = found.trim().chars().take(MAX_WORDS).collect();
    if short.len() < found.trim().len() { short + "…" } else { short }
}
