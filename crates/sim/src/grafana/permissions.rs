//! Who may see and edit folders and dashboards, and the teams and users there are.

use axum::{
    Json,
    extract::{Path, Query, State as Extract},
    http::StatusCode,
    response::{IntoResponse, Response},
};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{
    Context, Shared, refuse,
    state::{Grant, State},
};

const LEVELS: [(u32, &str); 3] = [(1, "View"), (2, "Edit"), (4, "Admin")];

/// What a new folder or dashboard in the root has; one in a folder has nothing of its own.
fn defaults() -> Vec<Grant> {
    let of = |role: &str, permission| Grant { role: role.to_owned(), permission, ..Grant::default() };
    vec![of("Viewer", 1), of("Editor", 2)]
}

fn direct(state: &State, key: &str, in_root: bool) -> Vec<Grant> {
    match state.permissions.get(key) {
        Some(given) => given.clone(),
        None if in_root => defaults(),
        None => Vec::new(),
    }
}

fn shown(state: &State, grant: &Grant, uid: &str, inherited: bool) -> Value {
    let level = LEVELS.iter().find(|(number, _)| *number == grant.permission).map_or("", |(_, name)| *name);
    let login = state.users.get(&grant.user_id).or_else(|| state.service_accounts.get(&grant.user_id));
    let mut value = json!({
        "created": "2025-11-24T16:00:00Z", "updated": "2025-11-24T16:00:00Z", "userId": grant.user_id,
        "userLogin": login.cloned().unwrap_or_default(), "userEmail": "", "teamId": grant.team_id,
        "team": state.teams.get(&grant.team_id).cloned().unwrap_or_default(), "permission": grant.permission,
        "permissionName": level, "uid": uid, "inherited": inherited
    });
    if !grant.role.is_empty() {
        value["role"] = json!(grant.role);
    }
    value
}

pub async fn of_folder(Extract(shared): Context, Path(uid): Path<String>) -> Response {
    let state = shared.state();
    let Some(folder) = state.folder(&uid) else {
        return refuse(StatusCode::NOT_FOUND, "folder not found");
    };
    let mut all: Vec<Value> = direct(&state, &format!("folder/{uid}"), folder.parent_uid.is_none())
        .iter()
        .map(|grant| shown(&state, grant, &uid, false))
        .collect();
    all.extend(above(&state, folder.parent_uid.as_deref(), &uid));
    Json(all).into_response()
}

pub async fn of_dashboard(Extract(shared): Context, Path(uid): Path<String>) -> Response {
    let state = shared.state();
    let Some(board) = state.dashboard(&uid) else {
        return refuse(StatusCode::NOT_FOUND, "Dashboard not found");
    };
    let mut all: Vec<Value> = direct(&state, &format!("dashboard/{uid}"), board.folder_uid.is_none())
        .iter()
        .map(|grant| shown(&state, grant, &uid, false))
        .collect();
    all.extend(above(&state, board.folder_uid.as_deref(), &uid));
    Json(all).into_response()
}

/// What comes from the folders above.
fn above(state: &State, parent: Option<&str>, uid: &str) -> Vec<Value> {
    let mut all = Vec::new();
    let mut next = parent.map(str::to_owned);
    while let Some(folder) = next.and_then(|parent| state.folder(&parent)) {
        let given = direct(state, &format!("folder/{}", folder.uid), folder.parent_uid.is_none());
        all.extend(given.iter().map(|grant| shown(state, grant, uid, true)));
        next = folder.parent_uid.clone();
    }
    all
}

#[derive(Deserialize)]
pub struct Items {
    items: Vec<Item>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", default)]
#[derive(Default)]
struct Item {
    role: Option<String>,
    team_id: i64,
    user_id: i64,
    permission: u32,
}

pub async fn set_folder(
    Extract(shared): Context,
    Path(uid): Path<String>,
    Json(items): Json<Items>,
) -> Response {
    if shared.state().folder(&uid).is_none() {
        return refuse(StatusCode::NOT_FOUND, "folder not found");
    }
    set(&shared, format!("folder/{uid}"), items, "Folder permissions updated")
}

pub async fn set_dashboard(
    Extract(shared): Context,
    Path(uid): Path<String>,
    Json(items): Json<Items>,
) -> Response {
    if shared.state().dashboard(&uid).is_none() {
        return refuse(StatusCode::NOT_FOUND, "Dashboard not found");
    }
    set(&shared, format!("dashboard/{uid}"), items, "Dashboard permissions updated")
}

fn set(shared: &Shared, key: String, items: Items, done: &str) -> Response {
    let mut state = shared.state();
    let mut given: Vec<Grant> = Vec::new();
    for item in items.items {
        let role = item.role.unwrap_or_default();
        let named =
            usize::from(!role.is_empty()) + usize::from(item.team_id > 0) + usize::from(item.user_id > 0);
        if named != 1 {
            let words = "Cannot assign permission to more or less than one of role, team and user";
            return refuse(StatusCode::BAD_REQUEST, words);
        }
        // Administrators have every right already.
        if !role.is_empty() && !["Viewer", "Editor"].contains(&role.as_str()) {
            return refuse(StatusCode::BAD_REQUEST, "invalid role");
        }
        if !LEVELS.iter().any(|(number, _)| *number == item.permission) {
            return refuse(StatusCode::BAD_REQUEST, "invalid permission");
        }
        if item.team_id > 0 && !state.teams.contains_key(&item.team_id) {
            return refuse(StatusCode::NOT_FOUND, "team not found");
        }
        let known =
            state.users.contains_key(&item.user_id) || state.service_accounts.contains_key(&item.user_id);
        if item.user_id > 0 && !known {
            return refuse(StatusCode::NOT_FOUND, "user not found");
        }
        let grant = Grant { role, team_id: item.team_id, user_id: item.user_id, permission: item.permission };
        let same = |one: &Grant| {
            (&one.role, one.team_id, one.user_id) == (&grant.role, grant.team_id, grant.user_id)
        };
        if given.iter().any(same) {
            return refuse(StatusCode::BAD_REQUEST, "Permission already exists");
        }
        given.push(grant);
    }
    state.permissions.insert(key, given);
    match state.save() {
        Ok(()) => Json(json!({"message": done})).into_response(),
        Err(error) => refuse(StatusCode::INTERNAL_SERVER_ERROR, &error.to_string()),
    }
}

#[derive(Deserialize)]
pub struct Paging {
    #[serde(default)]
    perpage: Option<usize>,
    #[serde(default)]
    page: Option<usize>,
}

fn page(rows: Vec<Value>, paging: &Paging) -> (usize, Vec<Value>) {
    let (size, page) = (paging.perpage.unwrap_or(1000).clamp(1, 1000), paging.page.unwrap_or(1).max(1));
    let total = rows.len();
    (total, rows.into_iter().skip((page - 1) * size).take(size).collect())
}

pub async fn teams(Extract(shared): Context, Query(paging): Query<Paging>) -> Json<Value> {
    let state = shared.state();
    let rows = state.teams.iter().map(|(id, name)| {
        json!({"id": id, "uid": format!("team-{id}"), "orgId": shared.org, "name": name, "email": "",
            "memberCount": 1, "permission": 0})
    });
    let (total, rows) = page(rows.collect(), &paging);
    Json(json!({"totalCount": total, "teams": rows, "page": 1, "perPage": 1000}))
}

pub async fn service_accounts(Extract(shared): Context, Query(paging): Query<Paging>) -> Json<Value> {
    let state = shared.state();
    let rows = state.service_accounts.iter().map(|(id, login)| {
        json!({"id": id, "name": login, "login": login, "orgId": shared.org, "isDisabled": false, "role": "Admin"})
    });
    let (total, rows) = page(rows.collect(), &paging);
    Json(json!({"totalCount": total, "serviceAccounts": rows, "page": 1, "perPage": 1000}))
}

/// Users of the organization; service accounts are none.
pub async fn users(Extract(shared): Context) -> Json<Value> {
    let state = shared.state();
    let rows = state.users.iter().map(|(id, login)| {
        json!({"orgId": shared.org, "userId": id, "login": login, "email": format!("{login}@localhost"),
            "role": "Viewer"})
    });
    Json(rows.collect())
}
