//! Grafana's HTTP API as far as it is needed. Read against 10 to 13.

mod alerting;
mod annotations;
pub(crate) mod library;
mod permissions;
mod playlists;
mod public_dashboards;
mod resources;

use serde::Deserialize;
use std::sync::Arc;
use tokio::sync::Mutex;

use crate::{
    endpoint::Endpoint,
    error::{ClientError, Failure},
    exposition,
    http::{Http, Reply},
    lenient::nullable,
    reply::Expected,
};

pub use alerting::Alerting;
pub use annotations::annotation_end;
pub use library::{LIBRARY_PAGE, LibraryPage, SEARCH_PAGE, SavedDashboard, SearchHit, SearchKind};
pub use permissions::{Permission, Principal, Protected};
pub use public_dashboards::PublicDashboardRow;
pub use resources::{DashboardApi, ListedDashboard, ResourceApi};

/// A client.
#[derive(Debug)]
pub struct Grafana {
    http: Http,
    /// How its dashboards are reached, once that is known, and the version that it is known of.
    api: Mutex<Option<(Option<String>, Arc<DashboardApi>)>>,
}

/// What `/api/health` says; it needs no credentials, so it proves nothing about them.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct GrafanaHealth {
    /// Version, unless the server hides it.
    pub version: Option<String>,
    /// State of its database: `ok`.
    pub database: String,
}

/// The organisation that requests are answered for.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
pub struct GrafanaOrg {
    /// Number.
    pub id: i64,
    /// Name.
    #[serde(default, deserialize_with = "nullable")]
    pub name: String,
}

#[derive(Deserialize)]
pub(crate) struct HealthWire {
    database: String,
    #[serde(default, deserialize_with = "nullable")]
    version: String,
}

impl Grafana {
    /// A client; nothing is asked yet.
    ///
    /// # Errors
    /// [`Failure::Config`] for an address, header or certificate file that can't be used.
    pub fn new(endpoint: Endpoint) -> Result<Self, ClientError> {
        Ok(Self { http: Http::new(endpoint)?, api: Mutex::default() })
    }

    /// `GET /api/health`. Where the version is hidden it is read from `grafana_build_info` in `/metrics`, if that can
    /// be read.
    ///
    /// # Errors
    /// [`Failure::WrongServer`] when the answer is not Grafana's; else as [`ClientError`] tells.
    pub async fn health(&self) -> Result<Reply<GrafanaHealth>, ClientError> {
        let reply: Reply<HealthWire> =
            self.http.get("/api/health", &[], Expected::Object("database")).await?;
        let mut version = Some(reply.value.version.clone()).filter(|version| !version.is_empty());
        if version.is_none()
            && let Ok(metrics) = self.http.get_raw("/metrics", &[]).await
        {
            version = exposition::label(&metrics.value.body, "grafana_build_info", "version");
        }
        // After an upgrade its dashboards may be reached in another way; what was blocked may be no longer.
        let mut api = self.api.lock().await;
        if api.as_ref().is_some_and(|(of, api)| *of != version || matches!(**api, DashboardApi::Blocked(_))) {
            *api = None;
        }
        drop(api);
        Ok(reply.map(|wire| GrafanaHealth { version, database: wire.database }))
    }

    /// Whether the credentials are accepted: `GET /api/search?limit=1`. Never repeated after a 401, because
    /// Grafana locks a user after five wrong passwords.
    ///
    /// # Errors
    /// [`Failure::Unauthorized`], [`Failure::Forbidden`]; else as [`ClientError`] tells.
    pub async fn check_credentials(&self) -> Result<Reply<()>, ClientError> {
        let reply: Reply<serde_json::Value> =
            self.http.get("/api/search", &[("limit", "1".to_owned())], Expected::List).await?;
        if reply.value.is_array() {
            return Ok(reply.map(|_| ()));
        }
        let url = self.http.url("/api/search", &[]).to_string();
        Err(ClientError::new(
            Failure::WrongServer("its search response has an unexpected JSON format".into()),
            url,
            "",
        ))
    }

    /// `GET /api/org`: the organisation of the credentials.
    ///
    /// # Errors
    /// As [`ClientError`] tells.
    pub async fn org(&self) -> Result<Reply<GrafanaOrg>, ClientError> {
        self.http.get("/api/org", &[], Expected::Object("id")).await
    }
}
