//! Drills: incidents that the simulator makes up in the servers that it has started itself, and nowhere else.
//! Served on a loopback port of its own; who asks says what is to happen, and is told which servers it happens to.

mod inject_fault;

use std::{
    path::PathBuf,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use axum::{
    Json, Router,
    extract::State,
    http::StatusCode,
    middleware,
    response::{IntoResponse, Response},
    routing::{get, post},
};
use serde::{Deserialize, Serialize};
use serde_json::json;
use tokio::{net::TcpListener, sync::Mutex as AsyncMutex};

use crate::{
    SimError, loopback,
    model::{Scenario, TENANTS},
    servers::Prometheus,
    service::Service,
};

/// A drill that nobody ends is ended after this.
const LONGEST: Duration = Duration::from_secs(2 * 3600);
/// Longest wait for an answer of a server of the stack.
const LIMIT: Duration = Duration::from_secs(10);

/// What is made up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum DrillScenario {
    /// Answers for one VIP tenant are mostly below the confidence threshold.
    VipLowConfidence,
    /// The cache is empty.
    CacheLoss,
    /// Nearly every answer goes through the reranker.
    RerankRunaway,
    /// As the first, and a broad silence hides its alert.
    BadSilence,
    /// Prometheus does not run.
    PrometheusDown,
}

/// How soon it shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Pace {
    /// Within two minutes.
    Short,
    /// As the pack has it.
    Full,
}

/// What an operator would do outside of the panel.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Operation {
    /// Undo the last deploy or index run.
    RollBack,
    /// Bring the cache back.
    RestoreCache,
    /// Put the reranker's threshold back.
    ResetReranker,
    /// Start Prometheus.
    StartPrometheus,
    /// Restart the API, which mends none of them.
    RestartApi,
}

impl DrillScenario {
    /// What happens at the service.
    fn service(self) -> Scenario {
        match self {
            Self::VipLowConfidence | Self::BadSilence => Scenario::LowConfidenceVip,
            Self::CacheLoss => Scenario::ColdCache,
            Self::RerankRunaway => Scenario::RerankRunaway,
            Self::PrometheusDown => Scenario::Healthy,
        }
    }

    /// What mends it.
    fn cure(self) -> Operation {
        match self {
            Self::VipLowConfidence | Self::BadSilence => Operation::RollBack,
            Self::CacheLoss => Operation::RestoreCache,
            Self::RerankRunaway => Operation::ResetReranker,
            Self::PrometheusDown => Operation::StartPrometheus,
        }
    }
}

/// Begins a drill.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Start {
    /// Its name, chosen by whoever begins it.
    pub id: String,
    /// What happens.
    pub scenario: DrillScenario,
    /// To whom, where it is about one tenant.
    #[serde(default)]
    pub tenant: Option<String>,
    /// How soon it shows.
    pub pace: Pace,
}

/// Performs an operation in the running drill.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Operate {
    /// The drill.
    pub id: String,
    /// What.
    pub operation: Operation,
}

/// Names a drill.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct End {
    /// The drill.
    pub id: String,
}

/// The servers that a drill happens to.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Stack {
    /// Prometheus' address.
    pub prometheus: String,
    /// Alertmanager's.
    pub alertmanager: String,
}

#[derive(Debug, Clone)]
struct Running {
    start: Start,
    cured: bool,
    silence: Option<String>,
    /// Whether rules are quicker than the pack has them.
    quick: bool,
}

/// Prometheus' own files.
#[derive(Debug, Clone)]
pub struct Files {
    /// Its configuration.
    pub config: PathBuf,
    /// The pack's rule files, as the configuration names them.
    pub rules: Vec<PathBuf>,
}

struct SimulatorState {
    stack: Stack,
    files: Files,
    prometheus: Arc<AsyncMutex<Prometheus>>,
    service: Arc<Service>,
    client: reqwest::Client,
    /// One at a time; held over everything that it does to the servers.
    running: AsyncMutex<Option<Running>>,
    limit: Mutex<Option<tokio::task::AbortHandle>>,
}

/// Where drills are asked for; ends with its value.
#[derive(Debug)]
pub struct Drills {
    url: String,
    task: tokio::task::JoinHandle<()>,
}

impl Drills {
    /// Listens on a free loopback port.
    ///
    /// # Errors
    /// When there is none.
    pub async fn start(
        stack: Stack,
        files: Files,
        prometheus: Arc<AsyncMutex<Prometheus>>,
        service: Arc<Service>,
    ) -> Result<Self, SimError> {
        let other = |e: &dyn std::fmt::Display| SimError::Other(format!("drills: {e}"));
        let client = reqwest::Client::builder()
            .tls_certs_only(std::iter::empty())
            .timeout(LIMIT)
            .no_proxy()
            .build()
            .map_err(|e| other(&e))?;
        let listener = TcpListener::bind("127.0.0.1:0").await.map_err(|e| other(&e))?;
        let address = listener.local_addr().map_err(|e| other(&e))?;
        let (url, port) = (format!("http://{address}"), address.port());
        let world = Arc::new(SimulatorState {
            stack,
            files,
            prometheus,
            service,
            client,
            running: AsyncMutex::default(),
            limit: Mutex::default(),
        });
        let app = Router::new()
            .route("/drill", get(look))
            .route("/drill/start", post(start))
            .route("/drill/operate", post(operate))
            .route("/drill/end", post(end))
            .with_state(world)
            .layer(middleware::from_fn_with_state(port, loopback::only));
        let task = tokio::spawn(async move {
            if let Err(error) = axum::serve(listener, app).await {
                tracing::error!(%error, "the drill API stopped");
            }
        });
        Ok(Self { url, task })
    }

    /// Its address.
    pub fn url(&self) -> &str {
        &self.url
    }
}

impl Drop for Drills {
    fn drop(&mut self) {
        self.task.abort();
    }
}

type Shared = State<Arc<SimulatorState>>;

fn refused(status: StatusCode, words: &str) -> Response {
    (status, Json(json!({ "message": words }))).into_response()
}

fn state(world: &SimulatorState, running: Option<&Running>) -> Response {
    let drill = running.map(|one| {
        json!({
            "id": one.start.id, "scenario": one.start.scenario, "tenant": one.start.tenant,
            "pace": one.start.pace, "cured": one.cured, "silence": one.silence,
        })
    });
    let tenants: Vec<&str> = TENANTS.iter().filter(|tenant| tenant.vip).map(|tenant| tenant.id).collect();
    Json(json!({ "stack": world.stack, "vipTenants": tenants, "drill": drill })).into_response()
}

async fn look(State(world): Shared) -> Response {
    let running = world.running.lock().await;
    state(&world, running.as_ref())
}

async fn start(State(world): Shared, Json(wanted): Json<Start>) -> Response {
    if let Some(tenant) = &wanted.tenant
        && !TENANTS.iter().any(|known| known.vip && known.id == tenant)
    {
        return refused(StatusCode::BAD_REQUEST, &format!("Unknown VIP tenant {tenant}."));
    }
    let mut running = world.running.lock().await;
    if let Some(other) = running.as_ref() {
        return refused(StatusCode::CONFLICT, &format!("Drill {} is running.", other.start.id));
    }
    let mut drill = Running { start: wanted, cured: false, silence: None, quick: false };
    if let Err(error) = world.begin(&mut drill).await {
        let back = world.put_back(&drill).await;
        let words = std::iter::once(error.to_string()).chain(back).collect::<Vec<_>>().join(" ");
        return refused(StatusCode::BAD_GATEWAY, &words);
    }
    world.limit(&drill.start.id);
    let reply = state(&world, Some(&drill));
    *running = Some(drill);
    reply
}

async fn operate(State(world): Shared, Json(wanted): Json<Operate>) -> Response {
    let mut running = world.running.lock().await;
    let Some(drill) = running.as_mut().filter(|drill| drill.start.id == wanted.id) else {
        return refused(StatusCode::NOT_FOUND, "This drill is not running.");
    };
    let worked = drill.start.scenario.cure() == wanted.operation;
    if worked && !drill.cured {
        if let Err(error) = world.cure(drill).await {
            return refused(StatusCode::BAD_GATEWAY, &error.to_string());
        }
        drill.cured = true;
    }
    Json(json!({ "worked": worked })).into_response()
}

async fn end(State(world): Shared, Json(wanted): Json<End>) -> Response {
    let mut running = world.running.lock().await;
    let Some(drill) = running.take_if(|drill| drill.start.id == wanted.id) else {
        return refused(StatusCode::NOT_FOUND, "This drill is not running.");
    };
    world.unlimited();
    let problems = world.put_back(&drill).await;
    if problems.is_empty() {
        return state(&world, None);
    }
    refused(StatusCode::BAD_GATEWAY, &problems.join(" "))
}

impl SimulatorState {
    /// Ends a drill that nobody ends.
    fn limit(self: &Arc<Self>, id: &str) {
        let (world, id) = (Arc::downgrade(self), id.to_owned());
        let task = tokio::spawn(async move {
            tokio::time::sleep(LONGEST).await;
            let Some(world) = world.upgrade() else { return };
            let mut running = world.running.lock().await;
            if let Some(drill) = running.take_if(|drill| drill.start.id == id) {
                let problems = world.put_back(&drill).await;
                tracing::warn!(id, ?problems, "ended an abandoned drill");
            }
        });
        *self.limit.lock().unwrap_or_else(PoisonError::into_inner) = Some(task.abort_handle());
    }

    fn unlimited(&self) {
        if let Some(task) = self.limit.lock().unwrap_or_else(PoisonError::into_inner).take() {
            task.abort();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_on_the_wire_are_in_kebab_case() {
        assert_eq!(serde_json::to_value(DrillScenario::VipLowConfidence).unwrap(), "vip-low-confidence");
        assert_eq!(serde_json::to_value(Operation::RollBack).unwrap(), "roll-back");
        assert_eq!(serde_json::to_value(Pace::Short).unwrap(), "short");
    }
}
