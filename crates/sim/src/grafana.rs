//! A stand-in for Grafana's HTTP API: what backups, restores and health checks ask of it, with the real one's refusals.
//!
//! It keeps its state in a file, knows basic and token authentication, and can be made slow or faulty by
//! `POST /sim/faults`. It refuses to be Grafana: there is no page to look at.

mod access;
mod alerting;
mod annotations;
mod apis;
mod conversion;
mod dashboards;
mod folders;
mod permissions;
mod playlists;
mod public_dashboards;
mod seed;
mod state;
mod system;

use std::{
    net::SocketAddr,
    path::PathBuf,
    sync::{Arc, Mutex, PoisonError},
};

use axum::{
    Json, Router,
    http::StatusCode,
    middleware,
    response::{IntoResponse, Response},
    routing::{get, post, put},
};
use tokio::net::TcpListener;

use crate::SimError;
use access::Access;
use state::State;

/// How it is started.
#[derive(Debug, Clone)]
pub struct GrafanaOptions {
    /// Folder for its state.
    pub folder: PathBuf,
    /// Port; a free one when none is given.
    pub port: Option<u16>,
    /// Path that it is served under, e.g. `/grafana`.
    pub base_path: String,
    /// Version that it tells and behaves like.
    pub version: String,
    /// The monitoring pack, whose dashboard is provisioned.
    pub pack: Option<PathBuf>,
    /// Number of the organization that the credentials belong to.
    pub org: u32,
    /// Number of the stack in Grafana Cloud; none elsewhere.
    pub cloud: Option<u32>,
}

impl Default for GrafanaOptions {
    fn default() -> Self {
        Self {
            folder: PathBuf::new(),
            port: None,
            base_path: String::new(),
            version: "11.2.0".to_owned(),
            pack: None,
            org: 1,
            cloud: None,
        }
    }
}

/// Everything that handlers share.
pub(crate) struct Shared {
    state: Mutex<State>,
    access: Mutex<Access>,
    version: String,
    org: u32,
    cloud: Option<u32>,
}

impl Shared {
    /// Where the objects of the organization are in `/apis`.
    fn namespace(&self) -> String {
        match (self.cloud, self.org) {
            (Some(stack), _) => format!("stacks-{stack}"),
            (None, 1) => "default".to_owned(),
            (None, org) => format!("org-{org}"),
        }
    }

    fn state(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn access(&self) -> std::sync::MutexGuard<'_, Access> {
        self.access.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether the version is at least this one.
    fn at_least(&self, major: u32, minor: u32) -> bool {
        let mut parts = self.version.split('.').map(|part| part.parse::<u32>().unwrap_or(0));
        (parts.next().unwrap_or(0), parts.next().unwrap_or(0)) >= (major, minor)
    }
}

type Context = axum::extract::State<Arc<Shared>>;

/// Grafana's form of an error.
fn refuse(status: StatusCode, message: &str) -> Response {
    (status, Json(serde_json::json!({"message": message}))).into_response()
}

/// A running stand-in; it ends with its value.
#[derive(Debug)]
pub struct Grafana {
    url: String,
    token: String,
    task: tokio::task::JoinHandle<()>,
}

impl Grafana {
    /// Starts it.
    ///
    /// # Errors
    /// When its state can't be read or the port is taken.
    pub async fn start(options: GrafanaOptions) -> Result<Self, SimError> {
        let state = State::open(&options.folder, options.pack.as_deref(), seed::first)?;
        let token = state.token.clone();
        let shared = Arc::new(Shared {
            access: Mutex::new(Access::new(&state, options.org)),
            state: Mutex::new(state),
            version: options.version.clone(),
            org: options.org,
            cloud: options.cloud,
        });
        let address = SocketAddr::from(([127, 0, 0, 1], options.port.unwrap_or(0)));
        let listener =
            TcpListener::bind(address).await.map_err(|e| SimError::Other(format!("{address}: {e}")))?;
        let bound = listener.local_addr().map_err(|e| SimError::Other(e.to_string()))?;
        let base = options.base_path.trim_end_matches('/').to_owned();
        let routes = routes(shared);
        let app = if base.is_empty() { routes } else { Router::new().nest(&base, routes) };
        let task = tokio::spawn(async move {
            if let Err(error) = axum::serve(listener, app).await {
                tracing::error!(%error, "the Grafana stand-in stopped");
            }
        });
        Ok(Self { url: format!("http://{bound}{base}"), token, task })
    }

    /// Its address, with the base path.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// A service account's token that may do everything.
    pub fn token(&self) -> &str {
        &self.token
    }
}

impl Drop for Grafana {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// Largest request, in bytes.
const MAX_BODY: usize = 256 * 1024 * 1024;

fn routes(shared: Arc<Shared>) -> Router {
    Router::new()
        .route("/api/search", get(dashboards::search))
        .route("/api/search/", get(dashboards::search))
        .route("/api/dashboards/uid/{uid}", get(dashboards::one).delete(dashboards::delete))
        .route("/api/dashboards/db", post(dashboards::save))
        .route("/api/dashboards/uid/{uid}/versions", get(dashboards::versions))
        .route("/api/dashboards/uid/{uid}/restore", post(dashboards::restore))
        .route("/api/folders", get(folders::list).post(folders::create))
        .route("/api/folders/{uid}", get(folders::one).delete(folders::delete))
        .route("/api/folders/{uid}/permissions", get(permissions::of_folder).post(permissions::set_folder))
        .route(
            "/api/dashboards/uid/{uid}/permissions",
            get(permissions::of_dashboard).post(permissions::set_dashboard),
        )
        .route("/api/teams/search", get(permissions::teams))
        .route("/api/serviceaccounts/search", get(permissions::service_accounts))
        .route("/api/org/users", get(permissions::users))
        .route("/api/org/users/lookup", get(permissions::users))
        .route("/api/annotations", get(annotations::list).post(annotations::create))
        .route("/api/annotations/{id}", axum::routing::delete(annotations::delete))
        .route("/api/playlists", get(playlists::list).post(playlists::create))
        .route("/api/playlists/{uid}", get(playlists::one).put(playlists::replace).delete(playlists::delete))
        .route("/api/dashboards/public-dashboards", get(public_dashboards::list))
        .route(
            "/api/dashboards/uid/{uid}/public-dashboards/",
            get(public_dashboards::one).post(public_dashboards::create),
        )
        .route(
            "/api/dashboards/uid/{uid}/public-dashboards/{own}",
            axum::routing::patch(public_dashboards::update).delete(public_dashboards::delete),
        )
        .route("/api/library-elements", get(system::library).post(system::add_library))
        .route("/api/datasources", get(system::datasources))
        .route("/api/datasources/uid/{uid}", get(system::datasource))
        .route("/api/datasources/uid/{uid}/health", get(system::datasource_health))
        .route("/api/org", get(system::org))
        .route("/api/user", get(system::user))
        .route("/api/frontend/settings", get(system::frontend_settings))
        .route("/api/v1/provisioning/alert-rules", get(alerting::rules).post(alerting::add_rule))
        .route(
            "/api/v1/provisioning/alert-rules/{uid}",
            get(alerting::one_rule).put(alerting::put_rule).delete(alerting::delete_rule),
        )
        .route(
            "/api/v1/provisioning/folder/{folder}/rule-groups/{group}",
            get(alerting::group).put(alerting::put_group),
        )
        .route(
            "/api/v1/provisioning/contact-points",
            get(alerting::contact_points).post(alerting::add_contact_point),
        )
        .route(
            "/api/v1/provisioning/contact-points/{uid}",
            put(alerting::put_contact_point).delete(alerting::delete_contact_point),
        )
        .route("/api/v1/provisioning/policies", get(alerting::policies).put(alerting::put_policies))
        .route(
            "/api/v1/provisioning/mute-timings",
            get(alerting::mute_timings).post(alerting::add_mute_timing),
        )
        .route(
            "/api/v1/provisioning/mute-timings/{name}",
            get(alerting::one_mute_timing)
                .put(alerting::put_mute_timing)
                .delete(alerting::delete_mute_timing),
        )
        .route("/api/v1/provisioning/templates", get(alerting::templates))
        .route(
            "/api/v1/provisioning/templates/{name}",
            get(alerting::one_template).put(alerting::put_template).delete(alerting::delete_template),
        )
        .route("/api/plugins", get(system::plugins))
        .route("/api/auth/keys", get(system::keys))
        .route("/apis", get(apis::groups))
        .route("/apis/{group}", get(apis::one_group))
        .route(
            "/apis/dashboard.grafana.app/{version}/namespaces/{namespace}/dashboards",
            get(apis::list).post(apis::create),
        )
        .route(
            "/apis/dashboard.grafana.app/{version}/namespaces/{namespace}/dashboards/{name}",
            get(apis::one).put(apis::replace).delete(apis::delete),
        )
        .route("/apis/folder.grafana.app/v1beta1/namespaces/{namespace}/folders", get(apis::folders))
        .route("/apis/folder.grafana.app/v1beta1/namespaces/{namespace}/folders/{name}", get(apis::folder))
        // Grafana takes whatever is sent; what is too large for somebody is too large for the panel.
        .layer(axum::extract::DefaultBodyLimit::max(MAX_BODY))
        .layer(middleware::from_fn_with_state(Arc::clone(&shared), access::check))
        .route("/api/health", get(system::health))
        .route("/metrics", get(system::metrics))
        .layer(middleware::from_fn_with_state(Arc::clone(&shared), access::faults))
        .route("/sim/faults", get(access::get_faults).post(access::set_faults))
        .fallback(|| async { refuse(StatusCode::NOT_FOUND, "Not found") })
        .with_state(shared)
}
