//! Annotations, in the order and within the ranges that Grafana gives them.

use axum::{
    Json,
    extract::{Path, Query, State as Extract},
    http::StatusCode,
    response::{IntoResponse, Response},
};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{Context, refuse};

#[derive(Deserialize)]
pub struct Wanted {
    #[serde(default)]
    from: i64,
    #[serde(default)]
    to: i64,
    #[serde(default)]
    limit: usize,
    #[serde(default, rename = "dashboardUID")]
    dashboard: String,
    #[serde(default, rename = "type")]
    kind: String,
}

/// Those that end last come first; a range counts only with both its ends; 100 unless told.
pub async fn list(Extract(shared): Context, Query(wanted): Query<Wanted>) -> Json<Value> {
    let state = shared.state();
    let number = |row: &Value, field: &str| row[field].as_i64().unwrap_or_default();
    let mut rows: Vec<&Value> = state
        .annotations
        .iter()
        .filter(|row| wanted.dashboard.is_empty() || row["dashboardUID"] == wanted.dashboard.as_str())
        .filter(|row| match wanted.kind.as_str() {
            "alert" => number(row, "alertId") > 0,
            "annotation" => number(row, "alertId") == 0,
            _ => true,
        })
        .filter(|row| {
            let range = wanted.from > 0 && wanted.to > 0;
            !range || (number(row, "time") <= wanted.to && number(row, "timeEnd") >= wanted.from)
        })
        .collect();
    rows.sort_by_key(|row| std::cmp::Reverse((number(row, "timeEnd"), number(row, "time"))));
    let limit = if wanted.limit == 0 { 100 } else { wanted.limit };
    Json(rows.into_iter().take(limit).cloned().collect())
}

pub async fn create(Extract(shared): Context, Json(new): Json<Value>) -> Response {
    let mut state = shared.state();
    let text = new["text"].as_str().unwrap_or_default();
    if text.is_empty() {
        return refuse(StatusCode::BAD_REQUEST, "Failed to save annotation: text field should not be empty");
    }
    let dashboard = new["dashboardUID"].as_str().unwrap_or_default();
    if !dashboard.is_empty() && state.dashboard(dashboard).is_none() {
        return refuse(StatusCode::NOT_FOUND, "Dashboard not found");
    }
    let (time, end) = (new["time"].as_i64().unwrap_or_default(), new["timeEnd"].as_i64().unwrap_or_default());
    let row = json!({
        "id": 0, "alertId": 0, "dashboardUID": dashboard, "panelId": new["panelId"].as_i64().unwrap_or_default(),
        "userId": 1, "login": "admin", "time": time, "timeEnd": end.max(time), "text": text,
        "tags": new["tags"].as_array().cloned().unwrap_or_default(),
        "data": new.get("data").cloned().unwrap_or(json!({}))
    });
    let id = state.new_id();
    state.annotations.push(row);
    if let Some(row) = state.annotations.last_mut() {
        row["id"] = json!(id);
    }
    match state.save() {
        Ok(()) => Json(json!({"message": "Annotation added", "id": id})).into_response(),
        Err(error) => refuse(StatusCode::INTERNAL_SERVER_ERROR, &error.to_string()),
    }
}

pub async fn delete(Extract(shared): Context, Path(id): Path<i64>) -> Response {
    let mut state = shared.state();
    let before = state.annotations.len();
    state.annotations.retain(|row| row["id"].as_i64() != Some(id));
    if state.annotations.len() == before {
        return refuse(StatusCode::NOT_FOUND, "Could not find annotation to delete");
    }
    match state.save() {
        Ok(()) => Json(json!({"message": "Annotation deleted"})).into_response(),
        Err(error) => refuse(StatusCode::INTERNAL_SERVER_ERROR, &error.to_string()),
    }
}
