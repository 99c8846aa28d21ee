//! `/apis` as Grafana serves it from 12 on: the dashboards as versioned resources, and their folders.

use std::sync::Arc;

use axum::{
    Json,
    extract::{Path, Query, State as Extract},
    http::StatusCode,
    response::{IntoResponse, Response},
};
use serde::Deserialize;
use serde_json::{Map, Value, json, value::RawValue};

use super::{
    Context, Shared, conversion,
    state::{Dashboard, Folder, State, Version},
};

const GROUP: &str = "dashboard.grafana.app";
const FOLDERS: &str = "folder.grafana.app";
/// Objects of a page unless told.
const PAGE: usize = 500;

/// The versions of the dashboard API that a Grafana serves, and the one it prefers.
pub fn versions(shared: &Shared) -> (&'static [&'static str], &'static str) {
    if shared.at_least(13, 0) {
        (&["v1", "v2", "v2beta1", "v2alpha1", "v1beta1", "v0alpha1"], "v1")
    } else if shared.at_least(12, 2) {
        (&["v1beta1", "v2beta1", "v2alpha1", "v0alpha1"], "v1beta1")
    } else if shared.at_least(12, 0) {
        (&["v1beta1", "v0alpha1", "v2alpha1"], "v1beta1")
    } else {
        (&[], "")
    }
}

/// The error object of the API.
fn status(code: StatusCode, reason: &str, message: &str) -> Response {
    let body = json!({"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure", "message": message,
        "reason": reason, "code": code.as_u16()});
    (code, Json(body)).into_response()
}

fn no_such_path() -> Response {
    super::refuse(StatusCode::NOT_FOUND, "Not found")
}

fn not_found(kind: &str, group: &str, name: &str) -> Response {
    status(StatusCode::NOT_FOUND, "NotFound", &format!("{kind}.{group} {name:?} not found"))
}

fn group(name: &str, versions: &[&str], preferred: &str) -> Value {
    let version = |version: &str| json!({"groupVersion": format!("{name}/{version}"), "version": version});
    json!({"kind": "APIGroup", "apiVersion": "v1", "name": name, "preferredVersion": version(preferred),
        "versions": versions.iter().map(|one| version(one)).collect::<Vec<_>>()})
}

pub async fn groups(Extract(shared): Context) -> Response {
    let (served, preferred) = versions(&shared);
    if served.is_empty() {
        return no_such_path();
    }
    let groups = [group(GROUP, served, preferred), group(FOLDERS, &["v1beta1"], "v1beta1")];
    Json(json!({"kind": "APIGroupList", "apiVersion": "v1", "groups": groups})).into_response()
}

pub async fn one_group(Extract(shared): Context, Path(name): Path<String>) -> Response {
    let (served, preferred) = versions(&shared);
    match name.as_str() {
        _ if served.is_empty() => no_such_path(),
        GROUP => Json(group(GROUP, served, preferred)).into_response(),
        FOLDERS => Json(group(FOLDERS, &["v1beta1"], "v1beta1")).into_response(),
        _ => no_such_path(),
    }
}

/// Whether a path leads somewhere for these credentials.
fn admitted(shared: &Shared, version: &str, namespace: &str) -> Result<(), Box<Response>> {
    if !versions(shared).0.contains(&version) {
        return Err(Box::new(no_such_path()));
    }
    if namespace != shared.namespace() {
        let words = format!("dashboards.{GROUP} is forbidden: invalid namespace {namespace:?}");
        return Err(Box::new(status(StatusCode::FORBIDDEN, "Forbidden", &words)));
    }
    Ok(())
}

/// A dashboard at a version. What is stored in another is converted.
fn object(shared: &Shared, board: &Dashboard, version: &str) -> String {
    let newest = board.versions.last();
    let stored = board.stored_version();
    let same = conversion::is_v2(stored) == conversion::is_v2(version);
    let spec = match newest {
        Some(newest) if same => newest.text.clone().unwrap_or_else(|| conversion::spec(&newest.data)),
        Some(newest) if conversion::is_v2(version) => conversion::to_v2(&newest.data).to_string(),
        Some(newest) => conversion::to_classic(&newest.data).to_string(),
        None => "{}".to_owned(),
    };
    let at = |version: Option<&Version>| {
        jiff::Timestamp::from_second(version.map_or(0, |version| version.created))
            .unwrap_or_default()
            .to_string()
    };
    let mut annotations: Map<String, Value> =
        board.annotations.iter().map(|(key, value)| (key.clone(), json!(value))).collect();
    annotations.insert("grafana.app/createdBy".into(), json!("user:admin"));
    annotations.insert("grafana.app/updatedBy".into(), json!("user:admin"));
    annotations.insert("grafana.app/updatedTimestamp".into(), json!(at(newest)));
    if let Some(folder) = &board.folder_uid {
        annotations.insert("grafana.app/folder".into(), json!(folder));
    }
    if board.provisioned {
        annotations.insert("grafana.app/managedBy".into(), json!("classic-file-provisioning"));
        annotations.insert("grafana.app/managerId".into(), json!("dashboards"));
        annotations.insert("grafana.app/sourcePath".into(), json!("grafana-dashboard-enhanced.json"));
    }
    let mut labels: Map<String, Value> =
        board.labels.iter().map(|(key, value)| (key.clone(), json!(value))).collect();
    labels.insert("grafana.app/deprecatedInternalID".into(), json!(board.id.to_string()));
    let metadata = json!({"name": board.uid, "namespace": shared.namespace(), "uid": format!("internal-{}", board.id),
        "resourceVersion": board.revision.to_string(), "generation": board.now().1,
        "creationTimestamp": at(board.versions.first()), "annotations": annotations, "labels": labels});
    let conversion = if stored == version {
        json!({})
    } else {
        json!({"conversion": {"failed": false, "storedVersion": stored}})
    };
    format!(
        "{{\"kind\":\"Dashboard\",\"apiVersion\":\"{GROUP}/{version}\",\"metadata\":{metadata},\"spec\":{spec},\
         \"status\":{conversion}}}"
    )
}

fn json_text(code: StatusCode, text: String) -> Response {
    (code, [(axum::http::header::CONTENT_TYPE, "application/json")], text).into_response()
}

#[derive(Deserialize)]
pub struct Paging {
    #[serde(default)]
    limit: Option<usize>,
    #[serde(default, rename = "continue")]
    from: Option<String>,
}

type Collection = Path<(String, String)>;
type Item = Path<(String, String, String)>;

pub async fn list(
    Extract(shared): Context,
    Path((version, namespace)): Collection,
    Query(paging): Query<Paging>,
) -> Response {
    if let Err(refusal) = admitted(&shared, &version, &namespace) {
        return *refusal;
    }
    let state = shared.state();
    let from = paging.from.and_then(|from| from.parse::<usize>().ok()).unwrap_or(0);
    let limit = paging.limit.filter(|limit| *limit > 0).unwrap_or(PAGE);
    let items: Vec<String> = state
        .dashboards
        .iter()
        .skip(from)
        .take(limit)
        .map(|board| object(&shared, board, &version))
        .collect();
    let left = state.dashboards.len().saturating_sub(from + items.len());
    let metadata = if left == 0 {
        json!({"resourceVersion": state.revision.to_string()})
    } else {
        json!({"resourceVersion": state.revision.to_string(), "continue": (from + items.len()).to_string(),
            "remainingItemCount": left})
    };
    let text = format!(
        "{{\"kind\":\"DashboardList\",\"apiVersion\":\"{GROUP}/{version}\",\"metadata\":{metadata},\"items\":[{}]}}",
        items.join(",")
    );
    json_text(StatusCode::OK, text)
}

pub async fn one(Extract(shared): Context, Path((version, namespace, name)): Item) -> Response {
    if let Err(refusal) = admitted(&shared, &version, &namespace) {
        return *refusal;
    }
    match shared.state().dashboard(&name) {
        Some(board) => json_text(StatusCode::OK, object(&shared, board, &version)),
        None => not_found("dashboards", GROUP, &name),
    }
}

/// What is sent.
struct Sent {
    name: String,
    resource_version: Option<String>,
    folder: Option<String>,
    message: String,
    labels: std::collections::BTreeMap<String, String>,
    annotations: std::collections::BTreeMap<String, String>,
    spec: Box<RawValue>,
    data: Value,
}

/// Reads and checks a body as strictly as the API does.
fn sent(shared: &Shared, version: &str, body: &str) -> Result<Sent, Box<Response>> {
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Wire {
        kind: String,
        api_version: String,
        metadata: Value,
        spec: Box<RawValue>,
    }
    let bad = |words: &str| Box::new(status(StatusCode::BAD_REQUEST, "BadRequest", words));
    let invalid = |words: &str| Box::new(status(StatusCode::UNPROCESSABLE_ENTITY, "Invalid", words));
    let wire: Wire = serde_json::from_str(body).map_err(|error| bad(&error.to_string()))?;
    if wire.kind != "Dashboard" || wire.api_version != format!("{GROUP}/{version}") {
        return Err(bad("the API version in the data does not match the expected API version"));
    }
    let text = |key: &str| wire.metadata.get(key).and_then(Value::as_str).map(str::to_owned);
    let name = text("name").unwrap_or_default();
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
    if name.is_empty() || name.len() > 40 || !name.bytes().all(allowed) {
        return Err(bad("uid contains illegal characters"));
    }
    if text("namespace").is_some_and(|namespace| namespace != shared.namespace()) {
        return Err(bad(
            "the namespace of the provided object does not match the namespace sent on the request",
        ));
    }
    if text("uid").is_some() || text("creationTimestamp").is_some() {
        return Err(bad("metadata.uid and metadata.creationTimestamp are set by the server"));
    }
    let strings = |key: &str| -> std::collections::BTreeMap<String, String> {
        let all = wire.metadata.get(key).and_then(Value::as_object).into_iter().flatten();
        all.filter_map(|(key, value)| Some((key.clone(), value.as_str()?.to_owned()))).collect()
    };
    let data: Value = serde_json::from_str(wire.spec.get()).map_err(|error| bad(&error.to_string()))?;
    if data["title"].as_str().unwrap_or_default().trim().is_empty() {
        return Err(bad("Dashboard title cannot be empty"));
    }
    if conversion::is_v2(version) {
        if !data["elements"].is_object() || !data["layout"]["kind"].is_string() {
            return Err(invalid("spec.elements and spec.layout are required"));
        }
        let older = version == "v2alpha1";
        let kinds = data["elements"].as_object().into_iter().flatten().filter_map(|(_, element)| {
            element.pointer("/spec/vizConfig/kind").and_then(Value::as_str).map(|kind| kind == "VizConfig")
        });
        if kinds.into_iter().any(|newer| newer == older) {
            return Err(invalid("spec.elements: vizConfig is of another version"));
        }
    } else if data.get("elements").is_some() {
        return Err(invalid("spec.elements: unknown field"));
    }
    let mut annotations = strings("annotations");
    let folder = annotations.remove("grafana.app/folder").filter(|folder| !folder.is_empty());
    let message = annotations.remove("grafana.app/message").unwrap_or_default();
    Ok(Sent {
        name,
        resource_version: text("resourceVersion"),
        folder,
        message,
        labels: strings("labels"),
        annotations,
        spec: wire.spec,
        data,
    })
}

/// Stores what was sent.
fn store(shared: &Shared, state: &mut State, version: &str, sent: Sent, code: StatusCode) -> Response {
    if let Some(folder) = &sent.folder
        && state.folder(folder).is_none()
    {
        return not_found("folders", FOLDERS, folder);
    }
    state.revision += 1;
    let revision = state.revision;
    if state.dashboard(&sent.name).is_none() {
        let board = Dashboard { id: state.new_id(), uid: sent.name.clone(), ..Dashboard::default() };
        state.dashboards.push(board);
    }
    let Some(board) = state.dashboard_mut(&sent.name) else {
        return status(StatusCode::INTERNAL_SERVER_ERROR, "InternalError", "lost");
    };
    board.folder_uid = sent.folder;
    board.labels = sent.labels;
    board.annotations = sent.annotations;
    board.revision = revision;
    board.api_version = version.to_owned();
    board.push(sent.data, Some(sent.spec.get().to_owned()), sent.message);
    let answer = object(shared, board, version);
    match state.save() {
        Ok(()) => json_text(code, answer),
        Err(error) => status(StatusCode::INTERNAL_SERVER_ERROR, "InternalError", &error.to_string()),
    }
}

pub async fn create(
    Extract(shared): Context,
    Path((version, namespace)): Collection,
    body: String,
) -> Response {
    if let Err(refusal) = admitted(&shared, &version, &namespace) {
        return *refusal;
    }
    let sent = match sent(&shared, &version, &body) {
        Ok(sent) => sent,
        Err(refusal) => return *refusal,
    };
    if sent.resource_version.is_some() {
        let words = "resourceVersion should not be set on objects to be created";
        return status(StatusCode::BAD_REQUEST, "BadRequest", words);
    }
    let mut state = shared.state();
    if state.dashboard(&sent.name).is_some() {
        let words = format!("dashboards.{GROUP} {:?} already exists", sent.name);
        return status(StatusCode::CONFLICT, "AlreadyExists", &words);
    }
    store(&shared, &mut state, &version, sent, StatusCode::CREATED)
}

pub async fn replace(
    Extract(shared): Context,
    Path((version, namespace, name)): Item,
    body: String,
) -> Response {
    if let Err(refusal) = admitted(&shared, &version, &namespace) {
        return *refusal;
    }
    let sent = match sent(&shared, &version, &body) {
        Ok(sent) => sent,
        Err(refusal) => return *refusal,
    };
    if sent.name != name {
        return status(
            StatusCode::BAD_REQUEST,
            "BadRequest",
            "the name of the object does not match the URL",
        );
    }
    let mut state = shared.state();
    let Some(live) = state.dashboard(&name) else { return not_found("dashboards", GROUP, &name) };
    if live.is_managed_strictly() {
        return status(StatusCode::BAD_REQUEST, "BadRequest", "Cannot save provisioned dashboard");
    }
    if sent.resource_version.as_deref().is_some_and(|version| version != live.revision.to_string()) {
        let words = format!(
            "Operation cannot be fulfilled on dashboards.{GROUP} {name:?}: the object has been modified; please apply \
             your changes to the latest version and try again"
        );
        return status(StatusCode::CONFLICT, "Conflict", &words);
    }
    store(&shared, &mut state, &version, sent, StatusCode::OK)
}

pub async fn delete(Extract(shared): Context, Path((version, namespace, name)): Item) -> Response {
    if let Err(refusal) = admitted(&shared, &version, &namespace) {
        return *refusal;
    }
    let mut state = shared.state();
    match state.dashboard(&name) {
        None => return not_found("dashboards", GROUP, &name),
        Some(board) if board.is_managed_strictly() => {
            return status(StatusCode::BAD_REQUEST, "BadRequest", "provisioned dashboard cannot be deleted");
        }
        Some(_) => {}
    }
    state.remove_dashboards(|board| board.uid == name);
    match state.save() {
        Ok(()) => Json(
            json!({"kind": "Status", "apiVersion": "v1", "status": "Success", "details": {"name": name}}),
        )
        .into_response(),
        Err(error) => status(StatusCode::INTERNAL_SERVER_ERROR, "InternalError", &error.to_string()),
    }
}

fn folder_object(shared: &Arc<Shared>, folder: &Folder) -> Value {
    let annotations = match &folder.parent_uid {
        Some(parent) => json!({"grafana.app/folder": parent}),
        None => json!({}),
    };
    json!({"kind": "Folder", "apiVersion": format!("{FOLDERS}/v1beta1"), "metadata": {"name": folder.uid,
        "namespace": shared.namespace(), "annotations": annotations}, "spec": {"title": folder.title}})
}

pub async fn folders(Extract(shared): Context, Path(namespace): Path<String>) -> Response {
    if versions(&shared).0.is_empty() || namespace != shared.namespace() {
        return no_such_path();
    }
    let items: Vec<Value> =
        shared.state().folders.iter().map(|folder| folder_object(&shared, folder)).collect();
    Json(json!({"kind": "FolderList", "apiVersion": format!("{FOLDERS}/v1beta1"), "metadata": {}, "items": items}))
        .into_response()
}

pub async fn folder(Extract(shared): Context, Path((namespace, name)): Collection) -> Response {
    if versions(&shared).0.is_empty() || namespace != shared.namespace() {
        return no_such_path();
    }
    match shared.state().folder(&name) {
        Some(folder) => Json(folder_object(&shared, folder)).into_response(),
        None => not_found("folders", FOLDERS, &name),
    }
}
