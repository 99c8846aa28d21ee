//! The alerting's provisioning API: rules with their groups, contact points whose secrets never come back, the tree of
//! policies, mute timings and templates, with the refusals that Grafana has for each.

use std::collections::BTreeMap;

use axum::{
    Json,
    extract::{Path, State as Extract},
    http::{HeaderMap, StatusCode},
    response::{IntoResponse, Response},
};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{Context, Shared, refuse};

/// What stands where a secret was.
const REDACTED: &str = "[REDACTED]";
/// Settings that are secrets, by the kind of the contact point.
const SECRETS: [(&str, &[&str]); 4] = [
    ("slack", &["url", "token"]),
    ("webhook", &["password", "authorization_credentials"]),
    ("pagerduty", &["integrationKey"]),
    ("email", &[]),
];

/// All of it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Default)]
#[serde(default)]
pub struct Alerting {
    pub rules: Vec<Value>,
    /// Seconds between evaluations, by folder and group.
    pub intervals: BTreeMap<String, u64>,
    pub contact_points: Vec<Value>,
    pub policies: Value,
    pub mute_timings: Vec<Value>,
    pub templates: Vec<Value>,
}

impl Alerting {
    /// What a Grafana has that some people have worked with.
    pub fn first() -> Self {
        let rule = |uid: &str, title: &str, group: &str, expr: &str, wait: &str, provenance: &str| {
            json!({
                "id": 1, "uid": uid, "orgID": 1, "folderUID": "rag", "ruleGroup": group, "title": title,
                    "condition": "B",
                "data": [
                    {"refId": "A", "relativeTimeRange": {"from": 600, "to": 0}, "datasourceUid": "prometheus",
                     "model": {"refId": "A", "expr": expr, "instant": true}},
                    {"refId": "B", "relativeTimeRange": {"from": 0, "to": 0}, "datasourceUid": "__expr__",
                     "model": {"refId": "B", "type": "threshold", "expression": "A",
                               "conditions": [{"evaluator": {"type": "gt", "params": [0]}}]}}
                ],
                "noDataState": "NoData", "execErrState": "Error", "for": wait, "isPaused": false,
                "labels": {"team": "rag"}, "annotations": {"summary": title}, "updated": "2026-01-01T00:00:00Z",
                "provenance": provenance
            })
        };
        Self {
            rules: vec![
                rule(
                    "rag-no-answers",
                    "No answers",
                    "answers",
                    "sum(rate(aether_rag_answers_total[5m])) == 0",
                    "5m",
                    "",
                ),
                rule(
                    "rag-slow-rerank",
                    "Rerank above 80 %",
                    "answers",
                    "aether:rerank_utilization:15m > 80",
                    "10m",
                    "api",
                ),
                rule(
                    "rag-cost",
                    "Cost above 200 USD",
                    "cost",
                    "aether:estimated_cost_30d > 200",
                    "1h",
                    "file",
                ),
            ],
            intervals: [("rag/answers".to_owned(), 60), ("rag/cost".to_owned(), 300)].into(),
            contact_points: vec![
                json!({"uid": "mail", "name": "grafana-default-email", "type": "email", "disableResolveMessage": false,
                       "settings": {"addresses": "ops@example.com"}, "provenance": ""}),
                json!({"uid": "chat", "name": "on-call", "type": "slack", "disableResolveMessage": false,
                       "settings": {"recipient": "#on-call", "url": "https://hooks.example.com/T0/B0/secret"},
                           "provenance": ""}),
            ],
            policies: json!({"receiver": "grafana-default-email", "group_by": ["grafana_folder", "alertname"],
                "routes": [{"receiver": "on-call", "object_matchers": [["team", "=", "rag"]],
                    "mute_time_intervals": ["weekend"]}]}),
            mute_timings: vec![
                json!({"name": "weekend", "time_intervals": [{"weekdays": ["saturday", "sunday"]}], "version": "1"}),
            ],
            templates: vec![
                json!({"name": "short", "template": "{{ define \"short\" }}{{ len .Alerts }}{{ end \
                    }}", "version": "1"}),
            ],
        }
    }

    fn interval(&self, folder: &str, group: &str) -> u64 {
        self.intervals.get(&format!("{folder}/{group}")).copied().unwrap_or(60)
    }

    fn has_receiver(&self, name: &str) -> bool {
        self.contact_points.iter().any(|point| point["name"] == name)
    }

    /// What a tree of policies names and is not there.
    fn missing_in(&self, route: &Value) -> Option<String> {
        if let Some(name) = route["receiver"].as_str().filter(|name| !self.has_receiver(name)) {
            return Some(format!("receiver '{name}' does not exist"));
        }
        for name in route["mute_time_intervals"].as_array().into_iter().flatten() {
            if !self.mute_timings.iter().any(|timing| timing["name"] == *name) {
                return Some(format!("mute time interval {name} does not exist"));
            }
        }
        route["routes"].as_array().into_iter().flatten().find_map(|route| self.missing_in(route))
    }
}

/// Whether what is written may be edited afterwards.
fn provenance(headers: &HeaderMap) -> &'static str {
    if headers.contains_key("x-disable-provenance") { "" } else { "api" }
}

/// Why one of that origin may not be changed by a request of this one; none: it may.
fn kept(stored: &Value, headers: &HeaderMap) -> Option<Response> {
    let (stored, asked) = (stored["provenance"].as_str().unwrap_or_default(), provenance(headers));
    if stored.is_empty() || stored == asked || (stored == "api" && asked.is_empty()) {
        return None;
    }
    Some(refuse(
        StatusCode::CONFLICT,
        &format!("cannot update with provided provenance '{asked}', needs '{stored}'"),
    ))
}

fn text<'a>(value: &'a Value, key: &str) -> &'a str {
    value[key].as_str().unwrap_or_default()
}

fn saved(shared: &Shared, status: StatusCode, answer: Value) -> Response {
    match shared.state().save() {
        Ok(()) if answer.is_null() => status.into_response(),
        Ok(()) => (status, Json(answer)).into_response(),
        Err(error) => refuse(StatusCode::INTERNAL_SERVER_ERROR, &error.to_string()),
    }
}

pub async fn rules(Extract(shared): Context) -> Json<Value> {
    Json(Value::Array(shared.state().alerting.rules.clone()))
}

/// What is wrong with a rule; none: nothing.
fn rule_problem(shared: &Shared, rule: &Value) -> Option<Response> {
    let state = shared.state();
    let bad = |words: &str| Some(refuse(StatusCode::BAD_REQUEST, words));
    if text(rule, "title").is_empty() || text(rule, "ruleGroup").is_empty() {
        return bad("invalid alert rule: title and rule group are needed");
    }
    if state.folder(text(rule, "folderUID")).is_none() {
        return bad("invalid alert rule: folder does not exist");
    }
    let data = rule["data"].as_array().map_or(&[][..], Vec::as_slice);
    if !data.iter().any(|query| query["refId"] == rule["condition"]) {
        return bad("invalid alert rule: condition does not exist in data");
    }
    let twin = state.alerting.rules.iter().any(|other| {
        other["title"] == rule["title"]
            && other["folderUID"] == rule["folderUID"]
            && other["uid"] != rule["uid"]
    });
    twin.then(|| {
        refuse(
            StatusCode::CONFLICT,
            "a conflicting alert rule is found: rule title under the same \
        organisation and folder should be unique",
        )
    })
}

pub async fn add_rule(Extract(shared): Context, headers: HeaderMap, Json(mut rule): Json<Value>) -> Response {
    if let Some(problem) = rule_problem(&shared, &rule) {
        return problem;
    }
    let taken = |other: &Value| other["uid"] == rule["uid"] && !rule["uid"].is_null();
    if shared.state().alerting.rules.iter().any(taken) {
        return refuse(StatusCode::CONFLICT, "a conflicting alert rule is found: uid is taken");
    }
    if rule["uid"].as_str().is_none_or(str::is_empty) {
        rule["uid"] = json!(format!("rule-{}", shared.state().new_id()));
    }
    rule["provenance"] = json!(provenance(&headers));
    rule["updated"] = json!("2026-11-27T00:00:00Z");
    rule["orgID"] = json!(1);
    shared.state().alerting.rules.push(rule.clone());
    saved(&shared, StatusCode::CREATED, rule)
}

pub async fn put_rule(
    Extract(shared): Context,
    Path(uid): Path<String>,
    headers: HeaderMap,
    Json(mut rule): Json<Value>,
) -> Response {
    let place = shared.state().alerting.rules.iter().position(|rule| rule["uid"] == uid.as_str());
    let Some(place) = place else { return StatusCode::NOT_FOUND.into_response() };
    rule["uid"] = json!(uid);
    let stored = shared.state().alerting.rules[place].clone();
    if let Some(refusal) = kept(&stored, &headers) {
        return refusal;
    }
    if let Some(problem) = rule_problem(&shared, &rule) {
        return problem;
    }
    rule["provenance"] = json!(provenance(&headers));
    rule["updated"] = json!("2026-11-27T00:00:00Z");
    rule["orgID"] = json!(1);
    shared.state().alerting.rules[place] = rule.clone();
    saved(&shared, StatusCode::OK, rule)
}

pub async fn delete_rule(Extract(shared): Context, Path(uid): Path<String>, headers: HeaderMap) -> Response {
    let stored = shared.state().alerting.rules.iter().find(|rule| rule["uid"] == uid.as_str()).cloned();
    if let Some(refusal) = stored.and_then(|stored| kept(&stored, &headers)) {
        return refusal;
    }
    shared.state().alerting.rules.retain(|rule| rule["uid"] != uid.as_str());
    saved(&shared, StatusCode::NO_CONTENT, Value::Null)
}

pub async fn group(Extract(shared): Context, Path((folder, group)): Path<(String, String)>) -> Response {
    let state = shared.state();
    let of_it = |rule: &&Value| rule["folderUID"] == folder.as_str() && rule["ruleGroup"] == group.as_str();
    let rules: Vec<&Value> = state.alerting.rules.iter().filter(of_it).collect();
    if rules.is_empty() {
        return StatusCode::NOT_FOUND.into_response();
    }
    let interval = state.alerting.interval(&folder, &group);
    Json(json!({"title": group, "folderUid": folder, "interval": interval, "rules": rules})).into_response()
}

pub async fn put_group(
    Extract(shared): Context,
    Path((folder, group)): Path<(String, String)>,
    headers: HeaderMap,
    Json(body): Json<Value>,
) -> Response {
    let interval = body["interval"].as_u64().unwrap_or(0);
    if interval == 0 || !interval.is_multiple_of(10) {
        return refuse(StatusCode::BAD_REQUEST, "interval should be a multiple of 10 seconds");
    }
    let of_it = |rule: &Value| rule["folderUID"] == folder.as_str() && rule["ruleGroup"] == group.as_str();
    let stored: Vec<Value> =
        shared.state().alerting.rules.iter().filter(|rule| of_it(rule)).cloned().collect();
    if let Some(refusal) = stored.iter().find_map(|rule| kept(rule, &headers)) {
        return refusal;
    }
    let mut rules: Vec<Value> = body["rules"].as_array().cloned().unwrap_or_default();
    for rule in &mut rules {
        rule["folderUID"] = json!(folder);
        rule["ruleGroup"] = json!(group);
        rule["provenance"] = json!(provenance(&headers));
    }
    let mut state = shared.state();
    state.alerting.rules.retain(|rule| !of_it(rule));
    state.alerting.rules.extend(rules);
    state.alerting.intervals.insert(format!("{folder}/{group}"), interval);
    drop(state);
    saved(&shared, StatusCode::OK, body)
}

fn secrets(kind: &str) -> Option<&'static [&'static str]> {
    SECRETS.iter().find(|(known, _)| *known == kind).map(|(_, secrets)| *secrets)
}

pub async fn contact_points(Extract(shared): Context) -> Json<Value> {
    let shown = |point: &Value| {
        let mut point = point.clone();
        for secret in secrets(text(&point, "type")).unwrap_or_default() {
            if point["settings"].get(secret).is_some() {
                point["settings"][secret] = json!(REDACTED);
            }
        }
        point
    };
    Json(shared.state().alerting.contact_points.iter().map(shown).collect())
}

pub async fn add_contact_point(
    Extract(shared): Context,
    headers: HeaderMap,
    Json(mut point): Json<Value>,
) -> Response {
    if secrets(text(&point, "type")).is_none() || text(&point, "name").is_empty() {
        return refuse(StatusCode::BAD_REQUEST, "invalid object specification: unknown type or no name");
    }
    let taken = |other: &Value| other["uid"] == point["uid"] && !point["uid"].is_null();
    if shared.state().alerting.contact_points.iter().any(taken) {
        return refuse(StatusCode::CONFLICT, "receiver configuration with the uid already exists");
    }
    if point["uid"].as_str().is_none_or(str::is_empty) {
        point["uid"] = json!(format!("point-{}", shared.state().new_id()));
    }
    point["provenance"] = json!(provenance(&headers));
    shared.state().alerting.contact_points.push(point.clone());
    saved(&shared, StatusCode::ACCEPTED, point)
}

pub async fn put_contact_point(
    Extract(shared): Context,
    Path(uid): Path<String>,
    headers: HeaderMap,
    Json(mut point): Json<Value>,
) -> Response {
    let place = shared.state().alerting.contact_points.iter().position(|one| one["uid"] == uid.as_str());
    let Some(place) = place else {
        return refuse(StatusCode::NOT_FOUND, "contact point not found");
    };
    let stored = shared.state().alerting.contact_points[place].clone();
    if let Some(refusal) = kept(&stored, &headers) {
        return refusal;
    }
    for secret in secrets(text(&point, "type")).unwrap_or_default() {
        if point["settings"].get(secret).is_some_and(|value| value == REDACTED) {
            point["settings"][secret] = stored["settings"][secret].clone();
        }
    }
    point["uid"] = json!(uid);
    point["provenance"] = json!(provenance(&headers));
    shared.state().alerting.contact_points[place] = point;
    saved(&shared, StatusCode::ACCEPTED, json!({"message": "contactpoint updated"}))
}

pub async fn delete_contact_point(
    Extract(shared): Context,
    Path(uid): Path<String>,
    headers: HeaderMap,
) -> Response {
    let stored =
        shared.state().alerting.contact_points.iter().find(|one| one["uid"] == uid.as_str()).cloned();
    let Some(stored) = stored else {
        return refuse(StatusCode::NOT_FOUND, "contact point not found");
    };
    if let Some(refusal) = kept(&stored, &headers) {
        return refusal;
    }
    let mut left = shared.state().alerting.clone();
    left.contact_points.retain(|one| one["uid"] != uid.as_str());
    if left.missing_in(&left.policies.clone()).is_some() {
        return refuse(StatusCode::CONFLICT, "contact point is currently used by a notification policy");
    }
    shared.state().alerting = left;
    saved(&shared, StatusCode::ACCEPTED, json!({"message": "contactpoint deleted"}))
}

pub async fn policies(Extract(shared): Context) -> Json<Value> {
    Json(shared.state().alerting.policies.clone())
}

pub async fn put_policies(
    Extract(shared): Context,
    headers: HeaderMap,
    Json(mut tree): Json<Value>,
) -> Response {
    if let Some(refusal) = kept(&shared.state().alerting.policies, &headers) {
        return refusal;
    }
    if text(&tree, "receiver").is_empty() {
        return refuse(
            StatusCode::BAD_REQUEST,
            "invalid object specification: root route must specify a default receiver",
        );
    }
    if let Some(missing) = shared.state().alerting.missing_in(&tree) {
        return refuse(StatusCode::BAD_REQUEST, &format!("invalid object specification: {missing}"));
    }
    if provenance(&headers) == "api" {
        tree["provenance"] = json!("api");
    }
    shared.state().alerting.policies = tree;
    saved(&shared, StatusCode::ACCEPTED, json!({"message": "policies updated"}))
}

/// Mute timings and templates: both go by their name and carry a version.
fn named<'a>(state: &'a mut Alerting, kind: &str) -> &'a mut Vec<Value> {
    if kind == "templates" { &mut state.templates } else { &mut state.mute_timings }
}

fn put_named(
    shared: &Shared,
    kind: &str,
    name: &str,
    headers: &HeaderMap,
    mut body: Value,
    new: bool,
) -> Response {
    let mut state = shared.state();
    let all = named(&mut state.alerting, kind);
    let place = all.iter().position(|one| one["name"] == name);
    match place {
        Some(_) if new => return refuse(StatusCode::CONFLICT, "time interval with this name exists"),
        None if !new && kind != "templates" => return refuse(StatusCode::NOT_FOUND, "mute timing not found"),
        _ => {}
    }
    let stored = place.map(|place| all[place].clone());
    if let Some(stored) = &stored {
        if let Some(refusal) = kept(stored, headers) {
            return refusal;
        }
        let given = text(&body, "version");
        if !given.is_empty() && given != text(stored, "version") {
            return refuse(StatusCode::CONFLICT, "version conflict");
        }
    }
    let version = stored.as_ref().and_then(|one| text(one, "version").parse::<u32>().ok()).unwrap_or(0) + 1;
    body["name"] = json!(name);
    body["version"] = json!(version.to_string());
    body["provenance"] = json!(provenance(headers));
    match place {
        Some(place) => all[place] = body.clone(),
        None => all.push(body.clone()),
    }
    drop(state);
    saved(shared, if new { StatusCode::CREATED } else { StatusCode::ACCEPTED }, body)
}

fn delete_named(shared: &Shared, kind: &str, name: &str) -> Response {
    let mut left = shared.state().alerting.clone();
    named(&mut left, kind).retain(|one| one["name"] != name);
    if left.missing_in(&left.policies.clone()).is_some() {
        return refuse(StatusCode::CONFLICT, "time interval is used in a notification policy");
    }
    shared.state().alerting = left;
    saved(shared, StatusCode::NO_CONTENT, Value::Null)
}

pub async fn mute_timings(Extract(shared): Context) -> Json<Value> {
    Json(Value::Array(shared.state().alerting.mute_timings.clone()))
}

pub async fn add_mute_timing(
    Extract(shared): Context,
    headers: HeaderMap,
    Json(body): Json<Value>,
) -> Response {
    let name = text(&body, "name").to_owned();
    put_named(&shared, "mute-timings", &name, &headers, body, true)
}

pub async fn put_mute_timing(
    Extract(shared): Context,
    Path(name): Path<String>,
    headers: HeaderMap,
    Json(body): Json<Value>,
) -> Response {
    put_named(&shared, "mute-timings", &name, &headers, body, false)
}

pub async fn delete_mute_timing(Extract(shared): Context, Path(name): Path<String>) -> Response {
    delete_named(&shared, "mute-timings", &name)
}

pub async fn templates(Extract(shared): Context) -> Json<Value> {
    Json(Value::Array(shared.state().alerting.templates.clone()))
}

pub async fn put_template(
    Extract(shared): Context,
    Path(name): Path<String>,
    headers: HeaderMap,
    Json(body): Json<Value>,
) -> Response {
    if !text(&body, "template").contains("define") {
        return refuse(StatusCode::BAD_REQUEST, "invalid object specification: template has no define");
    }
    put_named(&shared, "templates", &name, &headers, body, false)
}

pub async fn delete_template(Extract(shared): Context, Path(name): Path<String>) -> Response {
    delete_named(&shared, "templates", &name)
}

fn one(list: &[Value], key: &str, wanted: &str) -> Response {
    match list.iter().find(|one| one[key] == wanted) {
        Some(found) => Json(found.clone()).into_response(),
        None => StatusCode::NOT_FOUND.into_response(),
    }
}

pub async fn one_rule(Extract(shared): Context, Path(uid): Path<String>) -> Response {
    one(&shared.state().alerting.rules, "uid", &uid)
}

pub async fn one_mute_timing(Extract(shared): Context, Path(name): Path<String>) -> Response {
    one(&shared.state().alerting.mute_timings, "name", &name)
}

pub async fn one_template(Extract(shared): Context, Path(name): Path<String>) -> Response {
    one(&shared.state().alerting.templates, "name", &name)
}
