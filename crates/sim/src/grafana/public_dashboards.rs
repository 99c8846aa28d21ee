//! Dashboards that are shown without a login.

use axum::{
    Json,
    extract::{Path, State as Extract},
    http::StatusCode,
    response::{IntoResponse, Response},
};
use serde_json::{Value, json};

use super::{Context, refuse, state::State};

/// What a request may set.
const SETTINGS: [&str; 4] = ["timeSelectionEnabled", "isEnabled", "annotationsEnabled", "share"];

pub async fn list(Extract(shared): Context) -> Json<Value> {
    let state = shared.state();
    let row = |one: &Value| {
        let dashboard = one["dashboardUid"].as_str().unwrap_or_default();
        let title = state.dashboard(dashboard).map(|board| board.title().to_owned()).unwrap_or_default();
        json!({"uid": one["uid"], "accessToken": one["accessToken"], "title": title, "dashboardUid": dashboard,
            "isEnabled": one["isEnabled"], "slug": "board"})
    };
    let rows: Vec<Value> = state.public_dashboards.iter().map(row).collect();
    Json(json!({"publicDashboards": rows, "totalCount": rows.len(), "page": 1, "perPage": 1000}))
}

pub async fn one(Extract(shared): Context, Path(uid): Path<String>) -> Response {
    match shared.state().public_dashboards.iter().find(|one| one["dashboardUid"] == uid.as_str()) {
        Some(found) => Json(found.clone()).into_response(),
        None => refuse(StatusCode::NOT_FOUND, "Public dashboard not found"),
    }
}

fn saved(state: &State, answer: Value) -> Response {
    match state.save() {
        Ok(()) => Json(answer).into_response(),
        Err(error) => refuse(StatusCode::INTERNAL_SERVER_ERROR, &error.to_string()),
    }
}

fn settings(into: &mut Value, body: &Value) -> Result<(), Box<Response>> {
    if let Some(share) = body.get("share").and_then(Value::as_str)
        && !["public", "email"].contains(&share)
    {
        return Err(Box::new(refuse(StatusCode::BAD_REQUEST, "Invalid share type")));
    }
    for field in SETTINGS {
        if let Some(value) = body.get(field).filter(|value| !value.is_null()) {
            into[field] = value.clone();
        }
    }
    Ok(())
}

pub async fn create(Extract(shared): Context, Path(uid): Path<String>, Json(body): Json<Value>) -> Response {
    let mut state = shared.state();
    if state.dashboard(&uid).is_none() {
        return refuse(StatusCode::NOT_FOUND, "Dashboard not found");
    }
    if state.public_dashboards.iter().any(|one| one["dashboardUid"] == uid.as_str()) {
        return refuse(StatusCode::BAD_REQUEST, "Dashboard is already public");
    }
    let number = state.new_id();
    let own = body["uid"].as_str().map_or_else(|| format!("public-{number}"), str::to_owned);
    let token = body["accessToken"].as_str().map_or_else(|| format!("{number:032x}"), str::to_owned);
    let mut new = json!({
        "uid": own, "dashboardUid": uid, "accessToken": token, "createdBy": 1, "updatedBy": 1,
        "createdAt": "2026-11-24T16:00:00Z", "updatedAt": "2026-11-24T16:00:00Z", "timeSelectionEnabled": false,
        "isEnabled": false, "annotationsEnabled": false, "share": "public"
    });
    if let Err(refusal) = settings(&mut new, &body) {
        return *refusal;
    }
    state.public_dashboards.push(new.clone());
    saved(&state, new)
}

pub async fn update(
    Extract(shared): Context,
    Path((uid, own)): Path<(String, String)>,
    Json(body): Json<Value>,
) -> Response {
    let mut state = shared.state();
    let found = state
        .public_dashboards
        .iter_mut()
        .find(|one| one["dashboardUid"] == uid.as_str() && one["uid"] == own.as_str());
    let Some(found) = found else {
        return refuse(StatusCode::NOT_FOUND, "Public dashboard not found");
    };
    if let Err(refusal) = settings(found, &body) {
        return *refusal;
    }
    let answer = found.clone();
    saved(&state, answer)
}

pub async fn delete(Extract(shared): Context, Path((uid, own)): Path<(String, String)>) -> Response {
    let mut state = shared.state();
    let before = state.public_dashboards.len();
    state
        .public_dashboards
        .retain(|one| !(one["dashboardUid"] == uid.as_str() && one["uid"] == own.as_str()));
    if state.public_dashboards.len() == before {
        return refuse(StatusCode::NOT_FOUND, "Public dashboard not found");
    }
    saved(&state, json!({}))
}
