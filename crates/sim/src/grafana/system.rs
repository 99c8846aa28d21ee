//! Health, metrics, data sources, library panels.

use axum::{
    Json,
    extract::{Path, Query, State as Extract},
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{Context, refuse};

pub async fn health(Extract(shared): Context) -> Json<Value> {
    Json(json!({"commit": "simulated", "database": "ok", "version": shared.version}))
}

pub async fn metrics(Extract(shared): Context) -> Response {
    let text = format!(
        "# TYPE grafana_build_info gauge\ngrafana_build_info{{branch=\"HEAD\",edition=\"oss\",version=\"{}\"}} 1\n\
         # TYPE grafana_stat_totals_dashboard gauge\ngrafana_stat_totals_dashboard {}\n",
        shared.version,
        shared.state().dashboards.len()
    );
    ([(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], text).into_response()
}

pub async fn datasources(Extract(shared): Context) -> Json<Value> {
    Json(Value::Array(shared.state().datasources.clone()))
}

pub async fn datasource(Extract(shared): Context, Path(uid): Path<String>) -> Response {
    match shared.state().datasources.iter().find(|source| source["uid"] == uid.as_str()) {
        Some(source) => Json(source.clone()).into_response(),
        None => refuse(StatusCode::NOT_FOUND, "Data source not found"),
    }
}

pub async fn datasource_health(Extract(shared): Context, Path(uid): Path<String>) -> Response {
    if shared.state().datasources.iter().any(|source| source["uid"] == uid.as_str()) {
        return Json(json!({"status": "OK", "message": "Successfully queried the Prometheus API."}))
            .into_response();
    }
    refuse(StatusCode::NOT_FOUND, "Data source not found")
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Paging {
    #[serde(default)]
    per_page: Option<usize>,
    #[serde(default)]
    page: Option<usize>,
}

pub async fn library(Extract(shared): Context, Query(paging): Query<Paging>) -> Json<Value> {
    let (size, page) = (paging.per_page.unwrap_or(100).clamp(1, 100), paging.page.unwrap_or(1).max(1));
    let hidden = shared.access().hides_library();
    let state = shared.state();
    // Permissions are looked at after the pages have been cut.
    let rows: Vec<&Value> = state
        .library
        .iter()
        .enumerate()
        .skip((page - 1) * size)
        .take(size)
        .filter(|(index, _)| hidden == 0 || index % hidden != 0)
        .map(|(_, element)| element)
        .collect();
    Json(
        json!({"result": {"totalCount": state.library.len(), "page": page, "perPage": size, "elements": rows}}),
    )
}

pub async fn add_library(Extract(shared): Context, Json(mut element): Json<Value>) -> Response {
    let mut state = shared.state();
    let taken = |name: &str| {
        state.library.iter().any(|known| known[name] == element[name] && !element[name].is_null())
    };
    if taken("uid") || taken("name") {
        return refuse(StatusCode::BAD_REQUEST, "library element with that name or UID already exists");
    }
    let folder = element["folderUid"].as_str().unwrap_or_default().to_owned();
    if !folder.is_empty() && state.folder(&folder).is_none() {
        return refuse(StatusCode::BAD_REQUEST, "failed to get folder");
    }
    if element["uid"].as_str().is_none_or(str::is_empty) {
        element["uid"] = json!(format!("library-{}", state.new_id()));
    }
    element["version"] = json!(1);
    state.library.push(element.clone());
    match state.save() {
        Ok(()) => Json(json!({"result": element})).into_response(),
        Err(error) => refuse(StatusCode::INTERNAL_SERVER_ERROR, &error.to_string()),
    }
}

pub async fn org(Extract(shared): Context) -> Json<Value> {
    Json(json!({"id": shared.org, "name": if shared.org == 1 { "Main Org." } else { "Another Org." }}))
}

pub async fn user() -> Json<Value> {
    Json(json!({"id": 1, "login": "admin", "email": "admin@localhost", "orgId": 1, "isGrafanaAdmin": true}))
}

pub async fn frontend_settings(Extract(shared): Context) -> Json<Value> {
    let build = json!({"version": shared.version, "edition": "Open Source", "env": "production"});
    Json(json!({"buildInfo": build, "namespace": shared.namespace()}))
}

/// Panel plugins that Grafana ships.
const PANELS: [&str; 27] = [
    "alertlist",
    "annolist",
    "barchart",
    "bargauge",
    "candlestick",
    "canvas",
    "dashlist",
    "datagrid",
    "flamegraph",
    "gauge",
    "geomap",
    "gettingstarted",
    "heatmap",
    "histogram",
    "logs",
    "news",
    "nodeGraph",
    "piechart",
    "stat",
    "state-timeline",
    "status-history",
    "table",
    "text",
    "timeseries",
    "traces",
    "trend",
    "xychart",
];
/// Those that it shipped until 11.
const ANGULAR: [&str; 2] = ["graph", "table-old"];

pub async fn plugins(Extract(shared): Context) -> Json<Value> {
    let old = if shared.at_least(12, 0) { &[][..] } else { &ANGULAR[..] };
    let ids = PANELS.iter().chain(old);
    Json(ids.map(|id| json!({"id": id, "name": id, "type": "panel", "enabled": true})).collect())
}

/// API keys, which 12 no longer has.
pub async fn keys(Extract(shared): Context) -> Response {
    if shared.at_least(12, 0) {
        return refuse(StatusCode::NOT_FOUND, "Not found");
    }
    Json(json!([])).into_response()
}
