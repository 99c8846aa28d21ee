//! One way to ask: bounded in time and size, redirects only within the same origin, secrets cut out of every text.

use crate::sensitive::without_secrets;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use aether_contract::Timestamp;
use backon::{BackoffBuilder as _, ExponentialBuilder};
use reqwest::{Client, Method, RequestBuilder, Response, StatusCode, header};
use secrecy::ExposeSecret as _;
use serde::de::DeserializeOwned;
use url::Url;

use crate::{
    connect,
    endpoint::{Auth, Endpoint},
    error::{ClientError, Failure},
    redact::Redactor,
    reply::{self, Expected},
    time,
    transport::{self, Via},
};

/// Most redirects followed within the origin.
const MAX_HOPS: usize = 3;
/// How many times the usual time limit a large object may take: tens of megabytes over a slow line.
const LARGE: u32 = 12;
/// Bytes of a large object that even a slow line or server takes in a millisecond.
const SLOWEST: u64 = 500;
/// Most repetitions of a GET.
const MAX_RETRIES: u32 = 2;
/// Most characters of foreign text in an error.
const MAX_WORDS: usize = 600;
/// An origin that no server knows.
const FOREIGN_ORIGIN: &str = "https://a-page-of-somebody-else.invalid";
/// Most bytes read of the body of a refusal.
const MAX_REFUSAL: usize = 256 * 1024;

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

/// A body with its address.
pub(crate) struct Raw {
    pub body: Vec<u8>,
    pub url: String,
}

/// What a request carries.
#[derive(Clone, Copy)]
enum Payload<'a> {
    Nothing,
    Json(&'a str),
    /// JSON, or nothing, for Grafana's provisioning API: what is written stays editable in its pages.
    Editable(Option<&'a str>),
    Form(&'a [(&'a str, String)]),
}

/// The connection to one endpoint.
pub(crate) struct Http {
    client: Client,
    endpoint: Endpoint,
    redactor: Redactor,
    via: Via,
}

impl std::fmt::Debug for Http {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Http").field("endpoint", &self.endpoint).finish_non_exhaustive()
    }
}

impl Http {
    pub(crate) fn new(mut endpoint: Endpoint) -> Result<Self, ClientError> {
        let shown = without_secrets(&endpoint.url);
        let redactor = Redactor::new(&endpoint);
        let client =
            connect::check(&mut endpoint).and_then(|()| connect::build(&endpoint)).map_err(|what| {
                ClientError::new(
                    Failure::Config(redactor.shown(&what, MAX_WORDS)),
                    redactor.clean(&shown),
                    "",
                )
            })?;
        let via = Via {
            https: endpoint.url.scheme() == "https",
            identity: endpoint.tls.client_cert_file.is_some(),
        };
        Ok(Self { client, endpoint, redactor, via })
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

    /// Most bytes of an answer.
    pub(crate) fn max_reply(&self) -> usize {
        self.endpoint.max_reply
    }

    /// GET, JSON expected.
    pub(crate) async fn get<T: DeserializeOwned>(
        &self,
        path: &str,
        query: &[(&str, String)],
        expected: Expected,
    ) -> Result<Reply<T>, ClientError> {
        let raw = self.get_raw(path, query).await?;
        self.json(raw, expected)
    }

    /// Whether a page of anywhere, in a browser without the panel's credentials, may read the answer to a GET:
    /// the server answers it, and allows every origin. Asked without credentials and without following anything.
    pub(crate) async fn open_to_pages(&self, path: &str) -> Result<bool, ClientError> {
        let url = self.url(path, &[]);
        let asked = without_secrets(&url);
        let request = self.client.get(url).header(header::ORIGIN, FOREIGN_ORIGIN);
        let response = request.send().await.map_err(|error| self.broken(&error, &asked))?;
        let allowed = response.headers().get(header::ACCESS_CONTROL_ALLOW_ORIGIN);
        let everybody = allowed.is_some_and(|origin| origin == "*" || origin == FOREIGN_ORIGIN);
        Ok(response.status().is_success() && everybody)
    }

    /// GET, any body; statuses other than 2xx are errors.
    pub(crate) async fn get_raw(
        &self,
        path: &str,
        query: &[(&str, String)],
    ) -> Result<Reply<Raw>, ClientError> {
        self.get_raw_within(self.endpoint.timeout, path, query).await
    }

    /// As [`Self::get_raw`], for what may be large.
    pub(crate) async fn get_large(&self, path: &str) -> Result<Reply<Raw>, ClientError> {
        self.get_raw_within(self.endpoint.timeout * LARGE, path, &[]).await
    }

    async fn get_raw_within(
        &self,
        limit: Duration,
        path: &str,
        query: &[(&str, String)],
    ) -> Result<Reply<Raw>, ClientError> {
        let url = self.url(path, query);
        let mut pauses = ExponentialBuilder::default()
            .with_min_delay(Duration::from_millis(200))
            .with_max_delay(Duration::from_secs(2))
            .with_max_times(usize::try_from(self.endpoint.retries.min(MAX_RETRIES)).unwrap_or(0))
            .with_jitter()
            .build();
        loop {
            let result = self.bounded_by(limit, Method::GET, url.clone(), Payload::Nothing).await;
            let again = matches!(&result, Err(error) if matches!(error.failure,
                Failure::Refused | Failure::Timeout | Failure::Network | Failure::CutOff | Failure::Server(..)));
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
        body: Option<&str>,
    ) -> Result<Reply<Raw>, ClientError> {
        let payload = body.map_or(Payload::Nothing, Payload::Json);
        self.bounded(method, self.url(path, &[]), payload).await
    }

    /// As [`Self::change`], for what may be large.
    pub(crate) async fn change_large(
        &self,
        method: Method,
        path: &str,
        body: &str,
    ) -> Result<Reply<Raw>, ClientError> {
        let sending = Duration::from_millis(body.len() as u64 / SLOWEST);
        let limit = self.endpoint.timeout * LARGE + sending;
        self.bounded_by(limit, method, self.url(path, &[]), Payload::Json(body)).await
    }

    /// As [`Self::change`], for Grafana's provisioning API: what is written stays editable in its pages.
    pub(crate) async fn change_editable(
        &self,
        method: Method,
        path: &str,
        body: Option<&str>,
    ) -> Result<Reply<Raw>, ClientError> {
        self.bounded(method, self.url(path, &[]), Payload::Editable(body)).await
    }

    /// As [`Self::change`], for what may take as long as `limit`.
    pub(crate) async fn change_within(
        &self,
        limit: Duration,
        method: Method,
        path: &str,
    ) -> Result<Reply<Raw>, ClientError> {
        self.bounded_by(limit, method, self.url(path, &[]), Payload::Nothing).await
    }

    /// POST of a form, for queries too long for an address.
    pub(crate) async fn form<T: DeserializeOwned>(
        &self,
        path: &str,
        form: &[(&str, String)],
        expected: Expected,
    ) -> Result<Reply<T>, ClientError> {
        let raw = self.bounded(Method::POST, self.url(path, &[]), Payload::Form(form)).await?;
        self.json(raw, expected)
    }

    /// The body as JSON.
    pub(crate) fn json<T: DeserializeOwned>(
        &self,
        raw: Reply<Raw>,
        expected: Expected,
    ) -> Result<Reply<T>, ClientError> {
        match reply::read(&raw.value.body, expected) {
            Ok(value) => Ok(raw.map(|_| value)),
            Err((failure, why)) => {
                let begin = self.redactor.excerpt(&raw.value.body, 200);
                let detail = format!("{}; it starts with: {begin}", self.redactor.shown(&why, MAX_WORDS / 2));
                Err(self.error(failure, raw.value.url, detail))
            }
        }
    }

    /// An error without this endpoint's secrets.
    pub(crate) fn error(
        &self,
        failure: Failure,
        url: impl Into<String>,
        detail: impl Into<String>,
    ) -> ClientError {
        self.clean(ClientError::new(failure, url, detail))
    }

    fn clean(&self, error: ClientError) -> ClientError {
        let shown = |text: String| self.redactor.shown(&text, MAX_WORDS);
        ClientError {
            failure: match error.failure {
                Failure::Config(text) => Failure::Config(shown(text)),
                Failure::Tls(text) => Failure::Tls(shown(text)),
                Failure::WrongServer(text) => Failure::WrongServer(shown(text)),
                Failure::Server(status, text) => Failure::Server(status, shown(text)),
                Failure::Rejected(status, text) => Failure::Rejected(status, shown(text)),
                Failure::NotAsStored(text) => Failure::NotAsStored(shown(text)),
                other => other,
            },
            url: shown(error.url),
            detail: shown(error.detail),
            words: shown(error.words),
        }
    }

    /// One request with all that belongs to it, within the endpoint's time.
    async fn bounded(
        &self,
        method: Method,
        url: Url,
        payload: Payload<'_>,
    ) -> Result<Reply<Raw>, ClientError> {
        self.bounded_by(self.endpoint.timeout, method, url, payload).await
    }

    async fn bounded_by(
        &self,
        limit: Duration,
        method: Method,
        url: Url,
        payload: Payload<'_>,
    ) -> Result<Reply<Raw>, ClientError> {
        let started = Instant::now();
        let asked = without_secrets(&url);
        let result = match tokio::time::timeout(limit, Box::pin(self.hop(limit, &method, url, payload))).await
        {
            Ok(result) => result,
            Err(_) => Err(self.error(
                Failure::Timeout,
                asked.clone(),
                format!("no complete response within {limit:?}"),
            )),
        };
        let ms = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX);
        match &result {
            Ok(_) => tracing::trace!(%method, url = %self.redactor.clean(&asked), ms, "answered"),
            Err(error) => tracing::debug!(%method, url = %error.url, ms, failure = %error.failure, "failed"),
        }
        result
    }

    async fn hop(
        &self,
        limit: Duration,
        method: &Method,
        mut url: Url,
        payload: Payload<'_>,
    ) -> Result<Reply<Raw>, ClientError> {
        let started = Instant::now();
        for _ in 0..=MAX_HOPS {
            // In place of the client's own limit, which a large object may exceed.
            let request = self.client.request(method.clone(), url.clone()).timeout(limit);
            let request = match payload {
                Payload::Nothing => request,
                Payload::Json(text) => {
                    request.header(header::CONTENT_TYPE, "application/json").body(text.to_owned())
                }
                Payload::Editable(text) => {
                    let request = request.header("X-Disable-Provenance", "true");
                    match text {
                        Some(text) => {
                            request.header(header::CONTENT_TYPE, "application/json").body(text.to_owned())
                        }
                        None => request,
                    }
                }
                Payload::Form(fields) => request.form(fields),
            };
            let response = self.send(request, &url).await?;
            if !response.status().is_redirection() {
                return self.finish(response, started).await;
            }
            url = reply::redirect(method, &url, response.headers())
                .map_err(|what| self.error(Failure::WrongServer(what), without_secrets(&url), ""))?;
        }
        Err(self.error(Failure::WrongServer("redirect loop".into()), without_secrets(&url), ""))
    }

    async fn send(&self, request: RequestBuilder, url: &Url) -> Result<Response, ClientError> {
        let request = match &self.endpoint.auth {
            Auth::None => request,
            Auth::Basic { username, password } => {
                request.basic_auth(username, Some(password.expose_secret()))
            }
            // A line break at the end comes with copying.
            Auth::Bearer(token) => request.bearer_auth(token.expose_secret().trim()),
        };
        request.send().await.map_err(|error| self.broken(&error, &without_secrets(url)))
    }

    fn broken(&self, error: &reqwest::Error, url: &str) -> ClientError {
        self.clean(transport::failure(error, url, self.via))
    }

    async fn finish(&self, mut response: Response, started: Instant) -> Result<Reply<Raw>, ClientError> {
        let status = response.status();
        let url = without_secrets(response.url());
        let date = response
            .headers()
            .get(header::DATE)
            .and_then(|date| date.to_str().ok())
            .and_then(time::http_date);
        if !status.is_success() {
            return Err(self.refusal(response, status, url).await);
        }
        let limit = self.endpoint.max_reply;
        let too_large =
            |url: String| self.error(Failure::TooLarge(limit), url, format!("more than {limit} bytes"));
        if response.content_length().is_some_and(|length| length > limit as u64) {
            return Err(too_large(url));
        }
        let mut body: Vec<u8> = Vec::new();
        // The chunks are decompressed already: a small reply that swells is caught here.
        while let Some(chunk) = response.chunk().await.map_err(|error| self.broken(&error, &url))? {
            if body.len().saturating_add(chunk.len()) > limit {
                return Err(too_large(url));
            }
            body.extend_from_slice(&chunk);
        }
        Ok(Reply { value: Raw { body, url }, latency: started.elapsed(), date, received: now() })
    }

    /// What a status other than 2xx means. The status is the message, so a body that is long or breaks off is no
    /// failure of its own.
    async fn refusal(&self, mut response: Response, status: StatusCode, url: String) -> ClientError {
        let mut body: Vec<u8> = Vec::new();
        while body.len() <= MAX_REFUSAL {
            match response.chunk().await {
                Ok(Some(chunk)) => {
                    let room = (MAX_REFUSAL + 1).saturating_sub(body.len());
                    body.extend_from_slice(chunk.get(..room).unwrap_or(&chunk));
                }
                Ok(None) | Err(_) => break,
            }
        }
        let words = reply::words(&body).unwrap_or_else(|| self.redactor.excerpt(&body, MAX_WORDS));
        let words = self.redactor.shown(&words, MAX_WORDS);
        let failure = match status.as_u16() {
            401 => Failure::Unauthorized,
            403 => Failure::Forbidden,
            404 => Failure::WrongPath,
            400 if reply::wants_certificate(&words) => {
                Failure::Tls("it requires a client certificate".into())
            }
            400 if reply::wants_tls(&words) => {
                Failure::WrongServer("it only accepts TLS on this port; use https:// in the address".into())
            }
            code @ 500.. => Failure::Server(code, words.clone()),
            code => Failure::Rejected(code, words.clone()),
        };
        let mut error = self.error(failure, url, format!("{status}: {words}"));
        error.words = words;
        error
    }
}

/// This machine's clock.
pub(crate) fn now() -> Timestamp {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Timestamp(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
}
