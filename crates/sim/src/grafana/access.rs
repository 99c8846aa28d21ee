//! Who may ask, and the faults that can be injected.

use std::{
    collections::HashMap,
    sync::Arc,
    time::{Duration, Instant},
};

use axum::{
    Json,
    extract::{Request, State as Extract},
    http::{HeaderMap, StatusCode, header},
    middleware::Next,
    response::Response,
};
use base64::Engine as _;
use serde::{Deserialize, Serialize};

use super::{Context, Shared, refuse, state::State};

/// Wrong passwords until a user is locked.
const ATTEMPTS: u32 = 5;
/// How long a user is locked.
const LOCKED: Duration = Duration::from_secs(300);

/// Injected faults.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Faults {
    /// Delay of every answer, in milliseconds.
    pub latency_ms: u64,
    /// Every how many requests one fails; 0: none.
    pub every: u32,
    /// Status of a failing one.
    pub status: u16,
    /// Only the request with this number fails, counted from when the faults were set; 0: not used.
    pub nth: u32,
    /// Only requests with this method count; empty: all.
    pub method: String,
    /// Only requests whose path contains this count; empty: all.
    pub path: String,
    /// The failing request is carried out, and its answer is lost.
    pub after: bool,
    /// Every how many library panels one may not be read: it is counted, and left out of its page. 0: none.
    pub hide_library: usize,
    /// The search lags behind: it does not know the newest dashboard yet.
    pub search_lags: bool,
}

/// Credentials and faults.
pub struct Access {
    token: String,
    org: u32,
    wrong: HashMap<String, (u32, Instant)>,
    faults: Faults,
    counted: u32,
}

impl Access {
    /// Every how many library panels one may not be read; 0: none.
    pub fn hides_library(&self) -> usize {
        self.faults.hide_library
    }

    /// Whether the search does not know the newest dashboard yet.
    pub fn search_lags(&self) -> bool {
        self.faults.search_lags
    }

    pub fn new(state: &State, org: u32) -> Self {
        Self { token: state.token.clone(), org, wrong: HashMap::new(), faults: Faults::default(), counted: 0 }
    }

    /// Whether the headers let somebody in; else the refusal.
    fn admit(&mut self, headers: &HeaderMap) -> Result<(), Box<Response>> {
        let unauthorised = |message: &str| Err(Box::new(refuse(StatusCode::UNAUTHORIZED, message)));
        let Some(text) = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok()) else {
            return unauthorised("Unauthorized");
        };
        if let Some(token) = text.strip_prefix("Bearer ") {
            if token != self.token {
                return unauthorised("Invalid API key");
            }
            // A token belongs to one organisation; asking for another is refused.
            return match headers.get("x-grafana-org-id") {
                Some(org) if org != self.org.to_string().as_str() => unauthorised("Invalid API key"),
                _ => Ok(()),
            };
        }
        let decoded = text
            .strip_prefix("Basic ")
            .and_then(|text| base64::engine::general_purpose::STANDARD.decode(text).ok())
            .and_then(|bytes| String::from_utf8(bytes).ok());
        let Some((user, password)) = decoded.as_deref().and_then(|text| text.split_once(':')) else {
            return unauthorised("Invalid username or password");
        };
        let (wrong, last) = self.wrong.get(user).copied().unwrap_or((0, Instant::now()));
        let locked = wrong >= ATTEMPTS && last.elapsed() < LOCKED;
        if locked || (user, password) != ("admin", "admin") {
            self.wrong.insert(user.to_owned(), (wrong.saturating_add(1), Instant::now()));
            return unauthorised("Invalid username or password");
        }
        self.wrong.remove(user);
        match headers.get("x-grafana-org-id") {
            Some(org) if org != self.org.to_string().as_str() => {
                unauthorised("You are not a member of the organization")
            }
            _ => Ok(()),
        }
    }
}

/// Lets only those in who may.
pub async fn check(Extract(shared): Context, request: Request, next: Next) -> Response {
    let admitted = shared.access().admit(request.headers());
    match admitted {
        Ok(()) => next.run(request).await,
        Err(refusal) => *refusal,
    }
}

/// Delays and fails as told.
pub async fn faults(Extract(shared): Context, request: Request, next: Next) -> Response {
    let (latency, fails, status, after) = fault(&shared, request.method().as_str(), request.uri().path());
    if latency > 0 {
        tokio::time::sleep(Duration::from_millis(latency.min(60_000))).await;
    }
    if fails {
        let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        if after {
            drop(next.run(request).await);
        }
        return refuse(status, "injected fault");
    }
    next.run(request).await
}

fn fault(shared: &Arc<Shared>, method: &str, path: &str) -> (u64, bool, u16, bool) {
    let mut access = shared.access();
    let of = &access.faults;
    let counts = (of.method.is_empty() || of.method == method) && path.contains(&of.path);
    if counts {
        access.counted = access.counted.wrapping_add(1);
    }
    let faults = &access.faults;
    let fails = counts
        && ((faults.every > 0 && access.counted.is_multiple_of(faults.every))
            || (faults.nth > 0 && access.counted == faults.nth));
    (faults.latency_ms, fails, faults.status, faults.after)
}

pub async fn get_faults(Extract(shared): Context) -> Json<Faults> {
    Json(shared.access().faults.clone())
}

pub async fn set_faults(Extract(shared): Context, Json(faults): Json<Faults>) -> Json<Faults> {
    let mut access = shared.access();
    access.faults = faults.clone();
    access.counted = 0;
    drop(access);
    Json(faults)
}
