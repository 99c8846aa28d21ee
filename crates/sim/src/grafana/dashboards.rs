//! Search and dashboards, with the refusals of the real API.

use axum::{
    Json,
    extract::{Path, RawQuery, State as Extract},
    http::StatusCode,
    response::{IntoResponse, Response},
};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{
    Context, conversion, refuse,
    state::{Dashboard, State, Version},
};

/// Repeated parameters of a query string.
fn values(query: &str, name: &str) -> Vec<String> {
    let pairs = query.split('&').filter_map(|pair| pair.split_once('='));
    pairs.filter(|(key, _)| *key == name).map(|(_, value)| decode(value)).collect()
}

fn decode(text: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        match byte {
            b'+' => bytes.push(b' '),
            b'%' => {
                let digits: Vec<u8> = rest.by_ref().take(2).collect();
                let value =
                    std::str::from_utf8(&digits).ok().and_then(|digits| u8::from_str_radix(digits, 16).ok());
                bytes.push(value.unwrap_or(b'?'));
            }
            other => bytes.push(other),
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// Sorted by title, folders first when both are asked for; 1000 rows unless told, 5000 at most, pages from 1.
pub async fn search(Extract(shared): Context, RawQuery(query): RawQuery) -> Response {
    let query = query.unwrap_or_default();
    let number = |name: &str| values(&query, name).first().and_then(|value| value.parse::<usize>().ok());
    let limit = number("limit").unwrap_or(1000);
    if limit > 5000 {
        return refuse(
            StatusCode::UNPROCESSABLE_ENTITY,
            "Limit is above maximum allowed (5000), use page parameter to access hits beyond limit",
        );
    }
    let page = number("page").unwrap_or(1).max(1);
    let kind = values(&query, "type").first().cloned().unwrap_or_default();
    let words = values(&query, "query").first().cloned().unwrap_or_default().to_lowercase();
    let tags = values(&query, "tag");
    let within: Vec<String> = values(&query, "folderUIDs")
        .iter()
        .flat_map(|v| v.split(',').map(str::to_owned).collect::<Vec<_>>())
        .collect();
    let only = values(&query, "dashboardUIDs");
    let starred = values(&query, "starred").iter().any(|value| value == "true");
    let lags = shared.access().search_lags();
    let state = shared.state();
    let indexed = state.dashboards.len() - usize::from(lags && !state.dashboards.is_empty());
    let titles = state.folder_titles();
    let mut rows: Vec<(bool, String, Value)> = Vec::new();
    if kind != "dash-db" && tags.is_empty() && only.is_empty() && !starred {
        for folder in state.folders.iter().filter(|f| f.title.to_lowercase().contains(&words)) {
            let mut row = json!({"id": 0, "uid": folder.uid, "title": folder.title, "uri": "db/folder",
                "url": format!("/dashboards/f/{}", folder.uid), "type": "dash-folder", "tags": []});
            if let Some(parent) = &folder.parent_uid {
                row["folderUid"] = json!(parent);
                row["folderTitle"] = json!(titles.get(parent.as_str()));
            }
            rows.push((false, folder.title.clone(), row));
        }
    }
    if kind != "dash-folder" {
        for board in state.dashboards.iter().take(indexed) {
            let data = board.now().0;
            let own: Vec<&str> =
                data["tags"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
            let folder = board.folder_uid.as_deref();
            let inside = within.is_empty()
                || within
                    .iter()
                    .any(|uid| Some(uid.as_str()) == folder || (uid == "general" && folder.is_none()));
            // Nobody has starred anything.
            if !inside
                || starred
                || (!only.is_empty() && !only.contains(&board.uid))
                || !board.title().to_lowercase().contains(&words)
                || !tags.iter().all(|tag| own.contains(&tag.as_str()))
            {
                continue;
            }
            let mut row = json!({"id": board.id, "uid": board.uid, "title": board.title(), "uri": "db/board",
                "url": format!("/d/{}", board.uid), "type": "dash-db", "tags": own});
            if let Some(folder) = folder {
                row["folderUid"] = json!(folder);
                row["folderTitle"] = json!(titles.get(folder));
            }
            rows.push((true, board.title().to_owned(), row));
        }
    }
    rows.sort_by(|a, b| (a.0, &a.1).cmp(&(b.0, &b.1)));
    let page: Vec<Value> = rows.into_iter().map(|row| row.2).skip((page - 1) * limit).take(limit).collect();
    Json(page).into_response()
}

/// A version's time as Grafana writes it.
fn time(version: Option<&Version>) -> String {
    let at = version.map_or(0, |version| version.created);
    jiff::Timestamp::from_second(at).unwrap_or_default().to_string()
}

fn meta(state: &State, board: &Dashboard) -> Value {
    let folder = board.folder_uid.as_deref().and_then(|uid| state.folder(uid));
    json!({
        "type": "db", "canSave": !board.provisioned, "canEdit": true, "canDelete": true, "slug": "board",
        "url": format!("/d/{}", board.uid), "version": board.now().1, "isFolder": false,
        "folderId": folder.map_or(0, |f| f.id),
        "folderUid": folder.map_or("", |f| f.uid.as_str()), "folderTitle": folder.map_or("General",
            |f| f.title.as_str()),
        "created": time(board.versions.first()), "updated": time(board.versions.last()), "createdBy": "admin",
            "updatedBy": "admin",
        "provisioned": board.provisioned,
        "provisionedExternalId": if board.provisioned { "grafana-dashboard-enhanced.json" } else { "" },
    })
}

pub async fn one(Extract(shared): Context, Path(uid): Path<String>, RawQuery(query): RawQuery) -> Response {
    let state = shared.state();
    let Some(board) = state.dashboard(&uid) else {
        return refuse(StatusCode::NOT_FOUND, "Dashboard not found");
    };
    let mut data = board.now().0.clone();
    if conversion::is_v2(board.stored_version()) {
        // The first versions refuse, later ones convert without a word.
        if !shared.at_least(12, 2) {
            let words = format!(
                "dashboard api version not supported, use \
                 /apis/dashboard.grafana.app/{}/namespaces/{}/dashboards/{uid} \
                 instead",
                board.stored_version(),
                shared.namespace()
            );
            return refuse(StatusCode::NOT_ACCEPTABLE, &words);
        }
        let wanted = values(query.as_deref().unwrap_or_default(), "apiVersion");
        if shared.at_least(13, 0) && wanted.iter().any(|version| version == "v2") {
            let mut meta = meta(&state, board);
            meta["apiVersion"] = json!(board.stored_version());
            return Json(json!({"meta": meta, "dashboard": data})).into_response();
        }
        data = conversion::to_classic(&data);
        data["uid"] = json!(uid);
    }
    data["id"] = json!(board.id);
    data["version"] = json!(board.now().1);
    Json(json!({"meta": meta(&state, board), "dashboard": data})).into_response()
}

pub async fn delete(Extract(shared): Context, Path(uid): Path<String>) -> Response {
    let mut state = shared.state();
    match state.dashboard(&uid) {
        None => return refuse(StatusCode::NOT_FOUND, "Dashboard not found"),
        Some(board) if board.provisioned => {
            return refuse(StatusCode::BAD_REQUEST, "provisioned dashboard cannot be deleted");
        }
        Some(_) => {}
    }
    state.remove_dashboards(|board| board.uid == uid);
    match state.save() {
        Ok(()) => Json(json!({"message": "Dashboard deleted", "uid": uid})).into_response(),
        Err(error) => refuse(StatusCode::INTERNAL_SERVER_ERROR, &error.to_string()),
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Save {
    dashboard: Value,
    #[serde(default)]
    folder_uid: Option<String>,
    /// Read up to 12 where `folderUid` is not given.
    #[serde(default)]
    folder_id: u32,
    #[serde(default)]
    message: String,
    #[serde(default)]
    overwrite: bool,
}

fn precondition(status: &str, message: &str) -> Response {
    (StatusCode::PRECONDITION_FAILED, Json(json!({"status": status, "message": message}))).into_response()
}

pub async fn save(Extract(shared): Context, Json(save): Json<Save>) -> Response {
    let old_rules = !shared.at_least(11, 3);
    let newest = shared.at_least(13, 0);
    let mut state = shared.state();
    let mut save = save;
    let mut data = save.dashboard;
    let mut api_version = String::new();
    if newest && let Some(version) = data["apiVersion"].as_str().and_then(|text| text.rsplit('/').next()) {
        if data.get("id").is_some() {
            return refuse(StatusCode::BAD_REQUEST, "strict decoding error: unknown field \"id\"");
        }
        api_version = version.to_owned();
        let metadata = data["metadata"].clone();
        if let Some(folder) = metadata.pointer("/annotations/grafana.app~1folder").and_then(Value::as_str) {
            save.folder_uid = Some(folder.to_owned());
        }
        data = data["spec"].take();
        data["uid"] = metadata["name"].clone();
    } else if data.get("elements").is_some() || data.get("layout").is_some() {
        return refuse(StatusCode::BAD_REQUEST, "unsupported dashboard version: the spec needs its resource");
    }
    let title = data["title"].as_str().unwrap_or_default().trim().to_owned();
    if title.is_empty() {
        return refuse(StatusCode::BAD_REQUEST, "Dashboard title cannot be empty");
    }
    let mut uid = data["uid"].as_str().unwrap_or_default().to_owned();
    if uid.len() > 40 {
        return refuse(StatusCode::BAD_REQUEST, "uid too long, max 40 characters");
    }
    if !uid.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_')) {
        return refuse(StatusCode::BAD_REQUEST, "uid contains illegal characters");
    }
    if save.message.len() > 500 {
        return refuse(StatusCode::BAD_REQUEST, "message too long, max 500 characters");
    }
    // A foreign id hits another row or none.
    if let Some(id) = data["id"].as_u64().filter(|id| *id > 0) {
        match state.dashboards.iter().find(|board| u64::from(board.id) == id) {
            Some(board) => uid = board.uid.clone(),
            None => return refuse(StatusCode::NOT_FOUND, "Dashboard not found"),
        }
    }
    let mut folder = save.folder_uid.filter(|folder| !folder.is_empty() && folder != "general");
    if !newest && folder.is_none() && save.folder_id > 0 {
        folder = match state.folders.iter().find(|known| known.id == save.folder_id) {
            Some(known) => Some(known.uid.clone()),
            None => return refuse(StatusCode::BAD_REQUEST, "folder not found"),
        };
    }
    if folder.as_deref().is_some_and(|folder| state.folder(folder).is_none()) {
        let code = if newest { StatusCode::NOT_FOUND } else { StatusCode::BAD_REQUEST };
        return refuse(code, if newest { "Folder not found" } else { "folder not found" });
    }
    let sent = data["version"].as_u64().unwrap_or(0);
    if let Some(live) = state.dashboard(&uid) {
        if live.is_managed_strictly() {
            return refuse(StatusCode::BAD_REQUEST, "Cannot save provisioned dashboard");
        }
        if !save.overwrite && sent != u64::from(live.now().1) {
            if newest {
                let words = "the object has been modified; please apply your changes to the latest version";
                return refuse(StatusCode::CONFLICT, words);
            }
            return precondition("version-mismatch", "The dashboard has been changed by someone else");
        }
    }
    let namesake = state
        .dashboards
        .iter()
        .find(|b| b.uid != uid && b.folder_uid == folder && b.title() == title)
        .map(|b| b.uid.clone());
    if let (true, Some(namesake)) = (old_rules, namesake) {
        if !save.overwrite {
            return precondition(
                "name-exists",
                "A dashboard with the same name in the folder already exists",
            );
        }
        // Up to 11.2 the namesake is overwritten and the uid that was sent is dropped.
        uid = namesake;
    }
    if uid.is_empty() {
        uid = format!("board-{}", state.new_id());
    }
    let missing_panel = data["panels"].as_array().into_iter().flatten().any(|panel| {
        panel["libraryPanel"]["uid"]
            .as_str()
            .is_some_and(|uid| !state.library.iter().any(|known| known["uid"] == uid))
    });
    if data["refresh"].as_str().is_some_and(|refresh| matches!(refresh, "1s" | "2s")) {
        data["refresh"] = json!("5s"); // below min_refresh_interval
    }
    data["uid"] = json!(uid);
    if state.dashboard(&uid).is_none() {
        let id = state.new_id();
        state.dashboards.push(Dashboard { id, uid: uid.clone(), ..Dashboard::default() });
    }
    state.revision += 1;
    let revision = state.revision;
    let Some(board) = state.dashboard_mut(&uid) else {
        return refuse(StatusCode::INTERNAL_SERVER_ERROR, "lost");
    };
    board.folder_uid = folder;
    board.revision = revision;
    board.api_version.clone_from(&api_version);
    let version = board.push(data, None, save.message);
    let id = board.id;
    if let Err(error) = state.save() {
        return refuse(StatusCode::INTERNAL_SERVER_ERROR, &error.to_string());
    }
    if missing_panel {
        // After the dashboard was saved, as the real one does.
        return refuse(StatusCode::INTERNAL_SERVER_ERROR, "Error while connecting library panels");
    }
    Json(json!({"id": id, "uid": uid, "url": format!("/d/{uid}"), "status": "success", "version": version,
        "slug": "board"}))
    .into_response()
}

pub async fn versions(Extract(shared): Context, Path(uid): Path<String>) -> Response {
    let state = shared.state();
    let Some(board) = state.dashboard(&uid) else {
        return refuse(StatusCode::NOT_FOUND, "Dashboard not found");
    };
    let rows: Vec<Value> = board
        .versions
        .iter()
        .rev()
        .map(|v| {
            json!({"id": v.version, "version": v.version, "message": v.message, "created": v.created,
            "createdBy": "admin"})
        })
        .collect();
    // From 11 on the list is wrapped.
    if !shared.at_least(11, 0) {
        return Json(rows).into_response();
    }
    Json(json!({"continueToken": "", "versions": rows})).into_response()
}

#[derive(Deserialize)]
pub struct Restore {
    version: u32,
}

pub async fn restore(
    Extract(shared): Context,
    Path(uid): Path<String>,
    Json(wanted): Json<Restore>,
) -> Response {
    let mut state = shared.state();
    let Some(board) = state.dashboard_mut(&uid) else {
        return refuse(StatusCode::NOT_FOUND, "Dashboard not found");
    };
    let Some(data) = board.versions.iter().find(|v| v.version == wanted.version).map(|v| v.data.clone())
    else {
        return refuse(StatusCode::NOT_FOUND, "Dashboard version not found");
    };
    let version = board.push(data, None, format!("Restored from version {}", wanted.version));
    match state.save() {
        Ok(()) => Json(json!({"uid": uid, "status": "success", "version": version})).into_response(),
        Err(error) => refuse(StatusCode::INTERNAL_SERVER_ERROR, &error.to_string()),
    }
}
