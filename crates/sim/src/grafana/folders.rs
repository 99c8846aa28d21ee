//! Folders, nested.

use axum::{
    Json,
    extract::{Path, Query, State as Extract},
    http::StatusCode,
    response::{IntoResponse, Response},
};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{Context, refuse, state::Folder};

/// Most levels that folders may be nested.
const DEPTH: usize = 4;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Level {
    #[serde(default)]
    parent_uid: Option<String>,
}

fn shown(folder: &Folder) -> Value {
    let mut value = json!({"id": folder.id, "uid": folder.uid, "title": folder.title});
    if let Some(parent) = &folder.parent_uid {
        value["parentUid"] = json!(parent);
    }
    value
}

/// One level only, as Grafana lists them.
pub async fn list(Extract(shared): Context, Query(level): Query<Level>) -> Json<Value> {
    let state = shared.state();
    Json(state.folders.iter().filter(|folder| folder.parent_uid == level.parent_uid).map(shown).collect())
}

pub async fn one(Extract(shared): Context, Path(uid): Path<String>) -> Response {
    match shared.state().folder(&uid) {
        Some(folder) => Json(shown(folder)).into_response(),
        None => refuse(StatusCode::NOT_FOUND, "folder not found"),
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct NewFolder {
    #[serde(default)]
    uid: String,
    title: String,
    #[serde(default)]
    parent_uid: Option<String>,
}

pub async fn create(Extract(shared): Context, Json(new): Json<NewFolder>) -> Response {
    let mut state = shared.state();
    if new.title.trim().is_empty() {
        return refuse(StatusCode::BAD_REQUEST, "folder title cannot be empty");
    }
    if new.uid.len() > 40 {
        return refuse(StatusCode::BAD_REQUEST, "uid too long, max 40 characters");
    }
    let parent = new.parent_uid.filter(|parent| !parent.is_empty());
    let mut depth = 1;
    let mut above = parent.clone();
    while let Some(uid) = above {
        match state.folder(&uid) {
            Some(folder) => above = folder.parent_uid.clone(),
            None => return refuse(StatusCode::BAD_REQUEST, "parent folder not found"),
        }
        depth += 1;
        if depth > DEPTH {
            return refuse(StatusCode::BAD_REQUEST, "folder depth exceeds the maximum");
        }
    }
    if state.folder(&new.uid).is_some() {
        return refuse(StatusCode::PRECONDITION_FAILED, "the folder has been changed by someone else");
    }
    if state.folders.iter().any(|folder| folder.parent_uid == parent && folder.title == new.title) {
        return refuse(
            StatusCode::CONFLICT,
            "a folder with the same name already exists in the current location",
        );
    }
    let uid = if new.uid.is_empty() { format!("folder-{}", state.new_id()) } else { new.uid };
    let folder = Folder { id: state.new_id(), uid, title: new.title, parent_uid: parent };
    let answer = shown(&folder);
    state.folders.push(folder);
    match state.save() {
        Ok(()) => Json(answer).into_response(),
        Err(error) => refuse(StatusCode::INTERNAL_SERVER_ERROR, &error.to_string()),
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Deletion {
    #[serde(default)]
    force_delete_rules: bool,
}

pub async fn delete(
    Extract(shared): Context,
    Path(uid): Path<String>,
    Query(how): Query<Deletion>,
) -> Response {
    let mut state = shared.state();
    if state.folder(&uid).is_none() {
        return refuse(StatusCode::NOT_FOUND, "folder not found");
    }
    // Everything below goes with it.
    let mut gone = vec![uid.clone()];
    let mut index = 0;
    while let Some(parent) = gone.get(index).cloned() {
        gone.extend(
            state.folders.iter().filter(|f| f.parent_uid.as_deref() == Some(&parent)).map(|f| f.uid.clone()),
        );
        index += 1;
    }
    let inside =
        |rule: &Value| rule["folderUID"].as_str().is_some_and(|folder| gone.iter().any(|uid| uid == folder));
    if !how.force_delete_rules && state.alerting.rules.iter().any(inside) {
        return refuse(StatusCode::BAD_REQUEST, "folder cannot be deleted: folder is not empty");
    }
    state.alerting.rules.retain(|rule| !inside(rule));
    state.folders.retain(|folder| !gone.contains(&folder.uid));
    state.remove_dashboards(|board| board.folder_uid.as_ref().is_some_and(|folder| gone.contains(folder)));
    for folder in &gone {
        state.permissions.remove(&format!("folder/{folder}"));
    }
    match state.save() {
        Ok(()) => Json(json!({"message": format!("Folder {uid} deleted")})).into_response(),
        Err(error) => refuse(StatusCode::INTERNAL_SERVER_ERROR, &error.to_string()),
    }
}
