//! The simulator of a demo stack: it makes incidents up, in the servers that it has started itself.

use std::time::Duration;

use reqwest::Method;
use serde::Deserialize;
use serde_json::json;
use url::Url;

use crate::{
    endpoint::Endpoint,
    error::ClientError,
    http::{Http, Reply},
    reply::Expected,
};

/// Longest wait: Prometheus may have to end, or to start and read what it has written.
const LIMIT: Duration = Duration::from_secs(75);
/// Most of an answer, in bytes.
const MAX_REPLY: usize = 64 * 1024;

/// A client.
#[derive(Debug)]
pub struct Simulator {
    http: Http,
}

/// The servers that it acts on.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
pub struct SimStack {
    /// Prometheus' address.
    pub prometheus: String,
    /// Alertmanager's.
    pub alertmanager: String,
}

/// A drill that goes on.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct SimDrill {
    /// Name that it was begun with.
    pub id: String,
    /// The silence that belongs to it.
    #[serde(default)]
    pub silence: Option<String>,
}

/// How it stands.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SimState {
    /// The servers that it acts on.
    pub stack: SimStack,
    /// VIP tenants that it can make answers bad for.
    #[serde(default)]
    pub vip_tenants: Vec<String>,
    /// The drill that goes on.
    #[serde(default)]
    pub drill: Option<SimDrill>,
}

#[derive(Deserialize)]
struct Operated {
    worked: bool,
}

impl Simulator {
    /// A client of the simulator at an address.
    ///
    /// # Errors
    /// [`crate::Failure::Config`].
    pub fn new(url: Url) -> Result<Self, ClientError> {
        let endpoint = Endpoint { timeout: LIMIT, max_reply: MAX_REPLY, ..Endpoint::plain(url) };
        Ok(Self { http: Http::new(endpoint)? })
    }

    /// How it stands.
    ///
    /// # Errors
    /// [`ClientError`].
    pub async fn state(&self) -> Result<Reply<SimState>, ClientError> {
        self.http.get("/drill", &[], Expected::Object("stack")).await
    }

    /// Begins a drill; scenario and pace are the simulator's words.
    ///
    /// # Errors
    /// [`ClientError`]; [`crate::Failure::Rejected`] with 409 while another goes on.
    pub async fn start(
        &self,
        id: &str,
        scenario: &str,
        tenant: Option<&str>,
        pace: &str,
    ) -> Result<Reply<SimState>, ClientError> {
        let body = json!({ "id": id, "scenario": scenario, "tenant": tenant, "pace": pace }).to_string();
        let raw = self.http.change(Method::POST, "/drill/start", Some(&body)).await?;
        self.http.json(raw, Expected::Object("stack"))
    }

    /// Does something outside of the panel; whether it was what had to be done.
    ///
    /// # Errors
    /// [`ClientError`]; [`crate::Failure::Rejected`] or a wrong path with 404 for a drill that does not go on.
    pub async fn operate(&self, id: &str, operation: &str) -> Result<bool, ClientError> {
        let body = json!({ "id": id, "operation": operation }).to_string();
        let raw = self.http.change(Method::POST, "/drill/operate", Some(&body)).await?;
        let reply: Reply<Operated> = self.http.json(raw, Expected::Object("worked"))?;
        Ok(reply.value.worked)
    }

    /// Ends a drill and puts the servers back.
    ///
    /// # Errors
    /// As [`Self::operate`].
    pub async fn end(&self, id: &str) -> Result<(), ClientError> {
        let body = json!({ "id": id }).to_string();
        self.http.change(Method::POST, "/drill/end", Some(&body)).await.map(drop)
    }
}
