//! Playlists; their uids are Grafana's own choice.

use axum::{
    Json,
    extract::{Path, State as Extract},
    http::StatusCode,
    response::{IntoResponse, Response},
};
use serde_json::{Value, json};

use super::{Context, refuse, state::State};

pub async fn list(Extract(shared): Context) -> Json<Value> {
    let state = shared.state();
    let row = |one: &Value| json!({"uid": one["uid"], "name": one["name"], "interval": one["interval"]});
    Json(state.playlists.iter().map(row).collect())
}

pub async fn one(Extract(shared): Context, Path(uid): Path<String>) -> Response {
    match shared.state().playlists.iter().find(|one| one["uid"] == uid.as_str()) {
        Some(found) => Json(found.clone()).into_response(),
        None => refuse(StatusCode::NOT_FOUND, "Playlist not found"),
    }
}

/// What is kept of a body.
fn read(uid: &str, body: &Value) -> Result<Value, Box<Response>> {
    let text = |field: &str| body[field].as_str().unwrap_or_default().trim();
    if text("name").is_empty() || text("interval").is_empty() {
        return Err(Box::new(refuse(StatusCode::BAD_REQUEST, "bad request data")));
    }
    let items = body["items"].as_array().cloned().unwrap_or_default();
    let item = |(index, one): (usize, &Value)| {
        json!({
            "type": one["type"], "value": one["value"], "order": index + 1, "title": one["title"]
        })
    };
    let items: Vec<Value> = items.iter().enumerate().map(item).collect();
    Ok(json!({"uid": uid, "name": text("name"), "interval": text("interval"), "items": items}))
}

fn saved(state: &State, answer: Value) -> Response {
    match state.save() {
        Ok(()) => Json(answer).into_response(),
        Err(error) => refuse(StatusCode::INTERNAL_SERVER_ERROR, &error.to_string()),
    }
}

pub async fn create(Extract(shared): Context, Json(body): Json<Value>) -> Response {
    let mut state = shared.state();
    let uid = format!("playlist-{}", state.new_id());
    match read(&uid, &body) {
        Ok(new) => {
            state.playlists.push(new.clone());
            saved(&state, json!({"uid": uid, "name": new["name"], "interval": new["interval"]}))
        }
        Err(refusal) => *refusal,
    }
}

pub async fn replace(Extract(shared): Context, Path(uid): Path<String>, Json(body): Json<Value>) -> Response {
    let mut state = shared.state();
    let new = match read(&uid, &body) {
        Ok(new) => new,
        Err(refusal) => return *refusal,
    };
    let Some(place) = state.playlists.iter_mut().find(|one| one["uid"] == uid.as_str()) else {
        return refuse(StatusCode::NOT_FOUND, "Playlist not found");
    };
    place.clone_from(&new);
    saved(&state, new)
}

pub async fn delete(Extract(shared): Context, Path(uid): Path<String>) -> Response {
    let mut state = shared.state();
    let before = state.playlists.len();
    state.playlists.retain(|one| one["uid"] != uid.as_str());
    if state.playlists.len() == before {
        return refuse(StatusCode::NOT_FOUND, "Playlist not found");
    }
    saved(&state, json!({}))
}
