//! The simulated AetherLink API: `/metrics`, `/health`, and `/sim/scenario` to switch what happens.

use std::{
    fmt::Write as _,
    net::SocketAddr,
    sync::{Arc, Mutex, PoisonError},
    time::{SystemTime, UNIX_EPOCH},
};

use axum::{
    Json, Router,
    extract::State,
    http::{StatusCode, header},
    middleware,
    response::{IntoResponse, Response},
    routing::get,
};
use serde::{Deserialize, Serialize};
use tokio::net::TcpListener;

use crate::{
    SimError, loopback,
    model::{Counters, Incident, Scenario, TENANTS, rates},
};

/// Longest step that counters advance by at once, in seconds: rates change within minutes.
const STEP: f64 = 15.0;

/// How the service is started.
#[derive(Debug, Clone, Default)]
pub struct ServiceOptions {
    /// Address; a free loopback port when none is given.
    pub listen: Option<SocketAddr>,
    /// Whether the address may be one that other machines reach. The demo's containers need that; nothing else does.
    pub allow_network: bool,
    /// Seed of the noise.
    pub seed: u64,
    /// Counters to go on from, one a tenant, and when they were true (seconds since the epoch).
    pub begin: Option<(Vec<Counters>, f64)>,
    /// Incidents under way.
    pub incidents: Vec<Incident>,
}

struct SimulatorState {
    seed: u64,
    counters: Vec<Counters>,
    at: f64,
    incidents: Vec<Incident>,
    scenario: Scenario,
    tenant: Option<String>,
}

impl SimulatorState {
    fn advance(&mut self, now: f64) {
        let mut incidents = self.incidents.clone();
        if self.scenario != Scenario::Healthy {
            incidents.push(Incident {
                scenario: self.scenario,
                tenant: self.tenant.clone(),
                from: i64::MIN,
                to: i64::MAX,
            });
        }
        while self.at < now {
            let step = (now - self.at).min(STEP);
            for (index, counters) in self.counters.iter_mut().enumerate() {
                counters.advance(&rates(self.seed, index, self.at as i64, &incidents), step);
            }
            self.at += step;
        }
    }
}

type Shared = Arc<Mutex<SimulatorState>>;

/// A running service; it ends with its value.
#[derive(Debug)]
pub struct Service {
    url: String,
    world: Shared,
    task: tokio::task::JoinHandle<()>,
}

impl std::fmt::Debug for SimulatorState {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "World({:?})", self.scenario)
    }
}

/// What `/sim/scenario` takes and tells.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ScenarioChange {
    /// What is to happen from now on.
    pub scenario: Scenario,
    /// To whom; everybody when none is given.
    #[serde(default)]
    pub tenant: Option<String>,
}

impl Service {
    /// Starts it.
    ///
    /// # Errors
    /// When the address can't be listened on.
    pub async fn start(options: ServiceOptions) -> Result<Self, SimError> {
        let address = options.listen.unwrap_or_else(|| SocketAddr::from(([127, 0, 0, 1], 0)));
        if !address.ip().to_canonical().is_loopback() && !options.allow_network {
            return Err(SimError::Other(format!(
                "{address} is reachable from other machines; listen on 127.0.0.1, or add --allow-network"
            )));
        }
        let listener =
            TcpListener::bind(address).await.map_err(|e| SimError::Other(format!("{address}: {e}")))?;
        let bound = listener.local_addr().map_err(|e| SimError::Other(e.to_string()))?;
        let (counters, at) =
            options.begin.unwrap_or_else(|| (vec![Counters::default(); TENANTS.len()], now()));
        let world = Arc::new(Mutex::new(SimulatorState {
            seed: options.seed,
            counters,
            at,
            incidents: options.incidents,
            scenario: Scenario::Healthy,
            tenant: None,
        }));
        let app = Router::new()
            .route("/metrics", get(metrics))
            .route("/health", get(health))
            .merge(
                Router::new()
                    .route("/sim/scenario", get(scenario).post(set_scenario))
                    .layer(middleware::from_fn_with_state(bound.port(), loopback::only)),
            )
            .with_state(Arc::clone(&world));
        let task = tokio::spawn(async move {
            if let Err(error) =
                axum::serve(listener, app.into_make_service_with_connect_info::<SocketAddr>()).await
            {
                tracing::error!(%error, "the simulated service stopped");
            }
        });
        Ok(Self { url: format!("http://{bound}"), world, task })
    }

    /// Its address.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Switches what happens from now on.
    pub fn set_scenario(&self, scenario: Scenario, tenant: Option<String>) {
        change(&self.world, ScenarioChange { scenario, tenant });
    }

    /// Waits until it ends, which it does not by itself.
    pub async fn run(mut self) {
        // An error means that the task was stopped.
        let _ = (&mut self.task).await;
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        self.task.abort();
    }
}

fn now() -> f64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0.0, |since| since.as_secs_f64())
}

/// The service's clock is fed by whoever asks.
fn change(world: &Shared, change: ScenarioChange) {
    let mut world = world.lock().unwrap_or_else(PoisonError::into_inner);
    world.advance(now());
    world.scenario = change.scenario;
    world.tenant = change.tenant;
    if change.scenario == Scenario::Healthy {
        world.incidents.clear();
    }
}

fn down(world: &SimulatorState) -> bool {
    world.scenario == Scenario::Down
}

async fn metrics(State(world): State<Shared>) -> Response {
    let mut world = world.lock().unwrap_or_else(PoisonError::into_inner);
    world.advance(now());
    if down(&world) {
        return (StatusCode::SERVICE_UNAVAILABLE, "down\n").into_response();
    }
    ([(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], exposition(&world.counters))
        .into_response()
}

const HELP: [(&str, &str); 5] = [
    ("aether_rag_answers", "Answers produced."),
    ("aether_rag_low_confidence", "Answers below the confidence threshold."),
    ("aether_rerank_requests", "Answers that went through the reranker."),
    ("aether_cache_requests", "Cache lookups."),
    ("aether_cache_hits", "Cache hits."),
];

/// The counters in Prometheus' text format.
fn exposition(counters: &[Counters]) -> String {
    let mut text = String::new();
    for (metric, help) in HELP {
        // Writing to a string can't fail.
        let _ = writeln!(text, "# HELP {metric}_total {help}\n# TYPE {metric}_total counter");
        for (tenant, counters) in TENANTS.iter().zip(counters) {
            for (name, labels, value) in counters.series() {
                if name == metric {
                    let _ =
                        writeln!(text, "{metric}_total{{tenant_id=\"{}\"{labels}}} {value:.4}", tenant.id);
                }
            }
        }
    }
    text
}

async fn health(State(world): State<Shared>) -> Response {
    let world = world.lock().unwrap_or_else(PoisonError::into_inner);
    if down(&world) {
        return (StatusCode::SERVICE_UNAVAILABLE, Json(serde_json::json!({"status": "down"})))
            .into_response();
    }
    Json(serde_json::json!({"status": "ok", "version": "2.3.0"})).into_response()
}

async fn scenario(State(world): State<Shared>) -> Json<ScenarioChange> {
    let world = world.lock().unwrap_or_else(PoisonError::into_inner);
    Json(ScenarioChange { scenario: world.scenario, tenant: world.tenant.clone() })
}

async fn set_scenario(State(world): State<Shared>, Json(wanted): Json<ScenarioChange>) -> Response {
    if let Some(tenant) = &wanted.tenant
        && !TENANTS.iter().any(|known| known.id == tenant)
    {
        return (StatusCode::BAD_REQUEST, format!("unknown tenant '{tenant}'\n")).into_response();
    }
    change(&world, wanted.clone());
    Json(wanted).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn text(url: &str) -> (u16, String) {
        let reply = reqwest::get(url).await.unwrap();
        (reply.status().as_u16(), reply.text().await.unwrap())
    }

    #[tokio::test]
    async fn counters_go_on_from_where_the_history_ended() {
        let begin = Counters { lookups: 1000.0, ..Counters::default() };
        let options =
            ServiceOptions { begin: Some((vec![begin; TENANTS.len()], now())), ..ServiceOptions::default() };
        let service = Service::start(options).await.unwrap();
        let (_, body) = text(&format!("{}/metrics", service.url())).await;
        let line = body
            .lines()
            .find(|line| line.starts_with("aether_cache_requests_total{tenant_id=\"acme\"}"))
            .unwrap();
        let value: f64 = line.rsplit(' ').next().unwrap().parse().unwrap();
        assert!((1000.0..1010.0).contains(&value), "{line}");
        assert_eq!(body.lines().filter(|line| line.starts_with("# TYPE")).count(), 5);
    }

    #[tokio::test]
    async fn address_of_the_network_is_refused_without_permission() {
        for address in ["0.0.0.0:0", "[::]:0", "192.0.2.1:0"] {
            let options =
                ServiceOptions { listen: Some(address.parse().unwrap()), ..ServiceOptions::default() };
            let error = Service::start(options).await.unwrap_err().to_string();
            assert!(error.contains("--allow-network"), "{error}");
        }
        let options = ServiceOptions {
            listen: Some("0.0.0.0:0".parse().unwrap()),
            allow_network: true,
            ..Default::default()
        };
        let service = Service::start(options).await.unwrap();
        let port = service.url().rsplit(':').next().unwrap();
        assert_eq!(text(&format!("http://127.0.0.1:{port}/health")).await.0, 200);
    }

    #[tokio::test]
    async fn scenario_is_switched_only_by_loopback_name() {
        let service = Service::start(ServiceOptions::default()).await.unwrap();
        let post = |host: Option<&'static str>| {
            let change = ScenarioChange { scenario: Scenario::Down, tenant: None };
            let request =
                reqwest::Client::new().post(format!("{}/sim/scenario", service.url())).json(&change);
            async move {
                let request =
                    host.into_iter().fold(request, |request, host| request.header(header::HOST, host));
                request.send().await.unwrap().status().as_u16()
            }
        };
        assert_eq!(post(Some("evil.test")).await, 403);
        assert_eq!(text(&format!("{}/health", service.url())).await.0, 200);
        assert_eq!(post(None).await, 200);
        assert_eq!(text(&format!("{}/health", service.url())).await.0, 503);
    }

    #[tokio::test]
    async fn a_service_that_is_down_answers_503_until_it_is_switched_back() {
        let service = Service::start(ServiceOptions::default()).await.unwrap();
        service.set_scenario(Scenario::Down, None);
        assert_eq!(text(&format!("{}/metrics", service.url())).await.0, 503);
        assert_eq!(text(&format!("{}/health", service.url())).await.0, 503);
        service.set_scenario(Scenario::Healthy, None);
        assert_eq!(text(&format!("{}/health", service.url())).await.0, 200);
    }
}
