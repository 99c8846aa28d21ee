//! Differences between two dashboards, panel by panel, ignoring fields that Grafana sets automatically. Pure.

use std::collections::BTreeMap;

use aether_contract::{Change, ComparedDashboard, DashboardChange};
use serde_json::Value;

use crate::dashboard;

mod v2;

/// Maximum number of reported changes per dashboard.
const MAX_CHANGES: usize = 200;
/// Maximum length of a reported value, in characters.
const MAX_VALUE: usize = 400;
/// Fields that Grafana sets when it saves or migrates a dashboard, and the uid used to match both sides.
const OWN: [&str; 7] = ["id", "uid", "version", "refresh", "iteration", "schemaVersion", "gnetId"];
/// Parts of a panel that have words of their own.
const PANEL_PARTS: [&str; 8] =
    ["title", "type", "description", "datasource", "gridPos", "targets", "fieldConfig", "panels"];

/// Whether two dashboards are identical, ignoring fields that Grafana sets automatically.
pub fn same(before: &Value, after: &Value) -> bool {
    normal(before) == normal(after)
}

/// How two dashboards differ.
pub fn dashboards(before: &Value, after: &Value) -> Vec<DashboardChange> {
    let mut changes = Vec::new();
    if same(before, after) {
        return changes;
    }
    let (old, new) = (normal(before), normal(after));
    match (dashboard::is_v2(before), dashboard::is_v2(after)) {
        (true, true) => {
            v2::compare(&old, &new, &mut changes);
            return finished(changes);
        }
        (false, false) => {}
        (old, _) => {
            let (before, after) = if old { ("v2", "classic") } else { ("classic", "v2") };
            return vec![change("", "schema", Change::Changed, before, after)];
        }
    }
    fields("", &old, &new, &["panels", "rows"], &mut changes);
    let (old_panels, new_panels) = (keyed(&old), keyed(&new));
    for (key, panel) in &old_panels {
        match new_panels.get(key) {
            Some(now) => panels(panel, now, &mut changes),
            None => changes.push(whole(panel, Change::Removed)),
        }
    }
    for (key, panel) in &new_panels {
        if !old_panels.contains_key(key) {
            changes.push(whole(panel, Change::Added));
        }
    }
    finished(changes)
}

fn finished(mut changes: Vec<DashboardChange>) -> Vec<DashboardChange> {
    if changes.is_empty() {
        // Something that has no word of its own, such as the order of panels.
        changes.push(change("", "other", Change::Changed, "", ""));
    }
    changes.truncate(MAX_CHANGES);
    changes
}

/// A dashboard that one side or both have.
pub fn one(
    uid: &str,
    title: &str,
    folder: &[String],
    before: Option<&Value>,
    after: Option<&Value>,
) -> ComparedDashboard {
    let (change, changes) = match (before, after) {
        (Some(before), Some(after)) => {
            let changes = dashboards(before, after);
            (if changes.is_empty() { Change::Same } else { Change::Changed }, changes)
        }
        (None, _) => (Change::Added, Vec::new()),
        (_, None) => (Change::Removed, Vec::new()),
    };
    ComparedDashboard {
        uid: uid.to_owned(),
        title: title.to_owned(),
        folder: folder.to_vec(),
        change,
        changes,
    }
}

/// Without fields that Grafana sets automatically, nulls and empty lists, which only some versions write.
fn normal(dashboard: &Value) -> Value {
    let mut value = dashboard.clone();
    if let Some(fields) = value.as_object_mut() {
        fields.retain(|key, _| !OWN.contains(&key.as_str()));
    }
    strip(&mut value, 0);
    value
}

/// Without nulls and empty lists, and with numbers in one form.
pub fn plain(value: &Value) -> Value {
    let mut value = value.clone();
    strip(&mut value, 0);
    value
}

fn strip(value: &mut Value, depth: usize) {
    if depth > 64 {
        return;
    }
    match value {
        Value::Object(fields) => {
            for (key, inner) in fields.iter_mut() {
                if key == "pluginVersion" {
                    *inner = Value::Null;
                }
                strip(inner, depth + 1);
            }
            fields.retain(|_, inner| !is_nothing(inner));
        }
        Value::Array(items) => items.iter_mut().for_each(|item| strip(item, depth + 1)),
        Value::Number(number) => {
            // 5 and 5.0 are the same to Grafana.
            if let Some(float) = number.as_f64()
                && float.fract() == 0.0
                && float.abs() < 9e15
            {
                *value = Value::from(float as i64);
            }
        }
        _ => {}
    }
}

fn is_nothing(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Array(items) => items.is_empty(),
        Value::Object(fields) => fields.is_empty(),
        _ => false,
    }
}

/// Panels by what tells them apart: their number, else their title and kind, with a count.
fn keyed(dashboard: &Value) -> BTreeMap<String, &Value> {
    let mut all = BTreeMap::new();
    for panel in dashboard::panels(dashboard) {
        let text = |key: &str| panel.get(key).and_then(Value::as_str).unwrap_or_default();
        let key = match panel.get("id").and_then(Value::as_f64) {
            Some(id) => format!("#{id}"),
            None => format!("{} {}", text("type"), text("title")),
        };
        let mut number = 1;
        let mut unique = key.clone();
        while all.contains_key(&unique) {
            number += 1;
            unique = format!("{key} {number}");
        }
        all.insert(unique, panel);
    }
    all
}

fn panels(before: &Value, after: &Value, changes: &mut Vec<DashboardChange>) {
    let title = name(after);
    let differs = |key: &str| before.get(key) != after.get(key);
    let mut tell = |field: &str, before: String, after: String| {
        changes.push(change(&title, field, Change::Changed, &before, &after));
    };
    for key in ["title", "type", "description"] {
        if differs(key) {
            tell(if key == "type" { "kind" } else { key }, shown(before.get(key)), shown(after.get(key)));
        }
    }
    if differs("datasource") {
        tell("data source", source(before.get("datasource")), source(after.get("datasource")));
    }
    if differs("gridPos") {
        tell("position", place(before.get("gridPos")), place(after.get("gridPos")));
    }
    let (old, new) = (targets(before), targets(after));
    for (letter, query) in &old {
        match new.get(letter) {
            Some(now) if now == query => {}
            Some(now) => tell(&format!("query {letter}"), query.clone(), now.clone()),
            None => tell(&format!("query {letter}"), query.clone(), String::new()),
        }
    }
    for (letter, query) in &new {
        if !old.contains_key(letter) {
            tell(&format!("query {letter}"), String::new(), query.clone());
        }
    }
    let thresholds = |panel: &Value| panel.pointer("/fieldConfig/defaults/thresholds").cloned();
    let (old_steps, new_steps) = (thresholds(before), thresholds(after));
    if old_steps != new_steps {
        tell("thresholds", steps(old_steps.as_ref()), steps(new_steps.as_ref()));
    }
    let rest = |panel: &Value| {
        let mut config = panel.get("fieldConfig").cloned().unwrap_or_default();
        if let Some(defaults) = config.pointer_mut("/defaults").and_then(Value::as_object_mut) {
            defaults.remove("thresholds");
        }
        config
    };
    if rest(before) != rest(after) {
        tell("units and display", shown(Some(&rest(before))), shown(Some(&rest(after))));
    }
    let panel = title.clone();
    fields(&panel, before, after, &PANEL_PARTS, changes);
}

/// Differences of the fields that are in no list.
fn fields(panel: &str, before: &Value, after: &Value, without: &[&str], changes: &mut Vec<DashboardChange>) {
    let keys = |value: &Value| value.as_object().map(|fields| fields.keys().cloned().collect::<Vec<_>>());
    let mut all: Vec<String> = keys(before).into_iter().chain(keys(after)).flatten().collect();
    all.sort();
    all.dedup();
    for key in all.iter().filter(|key| !without.contains(&key.as_str())) {
        let (old, new) = (before.get(key), after.get(key));
        if old != new {
            let word = match key.as_str() {
                "templating" => "variables",
                "time" | "timeSettings" => "time range",
                other => other,
            };
            changes.push(change(panel, word, Change::Changed, &shown(old), &shown(new)));
        }
    }
}

fn whole(panel: &Value, how: Change) -> DashboardChange {
    let words = targets(panel).into_values().collect::<Vec<_>>().join("; ");
    let (before, after) =
        if how == Change::Removed { (words, String::new()) } else { (String::new(), words) };
    change(&name(panel), "panel", how, &before, &after)
}

fn change(panel: &str, field: &str, how: Change, before: &str, after: &str) -> DashboardChange {
    DashboardChange {
        panel: cut(panel),
        change: how,
        field: cut(field),
        before: cut(before),
        after: cut(after),
    }
}

fn name(panel: &Value) -> String {
    let title = panel.get("title").and_then(Value::as_str).unwrap_or_default();
    match panel.get("id").and_then(Value::as_f64) {
        _ if !title.is_empty() => title.to_owned(),
        Some(id) => format!("panel {id}"),
        None => "untitled panel".to_owned(),
    }
}

/// Queries by their letter: the expression, or all of it.
fn targets(panel: &Value) -> BTreeMap<String, String> {
    let mut all = BTreeMap::new();
    for (index, target) in panel.get("targets").and_then(Value::as_array).into_iter().flatten().enumerate() {
        let letter =
            target.get("refId").and_then(Value::as_str).map_or_else(|| index.to_string(), str::to_owned);
        let mut rest = target.clone();
        let mut words = String::new();
        if let Some(fields) = rest.as_object_mut() {
            fields.remove("refId");
            for key in ["expr", "query", "rawSql"] {
                if let Some(Value::String(text)) = fields.get(key) {
                    words.clone_from(text);
                    fields.remove(key);
                    break;
                }
            }
        }
        let more = shown(Some(&rest));
        all.insert(
            letter,
            if words.is_empty() || more == "{}" {
                format!("{words}{}", if words.is_empty() { more } else { String::new() })
            } else {
                format!("{words}  {more}")
            },
        );
    }
    all
}

fn steps(thresholds: Option<&Value>) -> String {
    let steps = thresholds.and_then(|thresholds| thresholds.get("steps")).and_then(Value::as_array);
    let words: Vec<String> = steps
        .into_iter()
        .flatten()
        .map(|step| {
            let color = step.get("color").and_then(Value::as_str).unwrap_or_default();
            match step.get("value") {
                Some(value) if !value.is_null() => format!("{value} {color}"),
                _ => format!("base {color}"),
            }
        })
        .collect();
    if words.is_empty() { shown(thresholds) } else { words.join(", ") }
}

fn place(grid: Option<&Value>) -> String {
    let at = |key: &str| grid.and_then(|grid| grid.get(key)).and_then(Value::as_f64).unwrap_or(0.0);
    format!("column {}, row {}, {} × {}", at("x"), at("y"), at("w"), at("h"))
}

fn source(value: Option<&Value>) -> String {
    match value {
        Some(Value::Object(fields)) => {
            let text = |key: &str| fields.get(key).and_then(Value::as_str).unwrap_or_default();
            format!("{} {}", text("type"), text("uid")).trim().to_owned()
        }
        other => shown(other),
    }
}

fn shown(value: Option<&Value>) -> String {
    match value {
        None => String::new(),
        Some(Value::String(text)) => text.clone(),
        Some(other) => other.to_string(),
    }
}

fn cut(text: &str) -> String {
    if text.chars().count() <= MAX_VALUE {
        return text.to_owned();
    }
    let begin: String = text.chars().take(MAX_VALUE - 1).collect();
    format!("{begin}…")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn dashboard() -> Value {
        json!({"id": 7, "uid": "a", "title": "A", "version": 15, "refresh": "30s", "tags": [], "panels": [
            {"id": 1, "title": "Rerank", "type": "gauge", "gridPos": {"x": 0, "y": 0, "w": 12, "h": 8},
             "datasource": {"type": "prometheus", "uid": "p"},
             "fieldConfig": {"defaults": {"thresholds": {"steps": [{"color": "green", "value": null},
                 {"color": "red", "value": 60}]}}},
             "targets": [{"refId": "A", "expr": "up"}]},
            {"id": 2, "title": "Cost", "type": "stat", "targets": [{"refId": "A", "expr": "x"}]}]})
    }

    #[test]
    fn what_grafana_changes_itself_is_no_difference() {
        let mut saved = dashboard();
        for (key, value) in [
            ("id", json!(99)),
            ("version", json!(16)),
            ("refresh", json!("5s")),
            ("schemaVersion", json!(41)),
            ("links", json!([])),
        ] {
            saved[key] = value;
        }
        saved["panels"][0]["gridPos"]["h"] = json!(8.0);
        saved["panels"][0]["pluginVersion"] = json!("11.2.0");
        assert!(same(&dashboard(), &saved));
        assert_eq!(dashboards(&dashboard(), &saved), []);
    }

    #[test]
    fn each_difference_is_told_by_its_panel() {
        let mut now = dashboard();
        now["title"] = json!("B");
        now["panels"][0]["fieldConfig"]["defaults"]["thresholds"]["steps"][1]["value"] = json!(50);
        now["panels"][0]["targets"][0]["expr"] = json!("max(up)");
        now["panels"][0]["gridPos"]["x"] = json!(12);
        now["panels"][0]["datasource"]["uid"] = json!("q");
        now["panels"][1] = json!({"id": 3, "title": "New", "targets": [{"expr": "y"}]});
        let told: Vec<String> = dashboards(&dashboard(), &now)
            .iter()
            .map(|c| format!("{:?} {}/{}: {} -> {}", c.change, c.panel, c.field, c.before, c.after))
            .collect();
        assert_eq!(
            told,
            [
                "Changed /title: A -> B",
                "Changed Rerank/data source: prometheus p -> prometheus q",
                "Changed Rerank/position: column 0, row 0, 12 × 8 -> column 12, row 0, 12 × 8",
                "Changed Rerank/query A: up -> max(up)",
                "Changed Rerank/thresholds: base green, 60 red -> base green, 50 red",
                "Removed Cost/panel: x -> ",
                "Added New/panel:  -> y",
            ]
        );
    }

    #[test]
    fn any_difference_is_told_somehow() {
        for (path, value) in [
            ("/panels/1/options", json!({"a": 1})),
            ("/templating", json!({"list": [{"name": "tenant"}]})),
            ("/panels/0/fieldConfig/defaults/unit", json!("percent")),
            ("/annotations", json!({"list": [1]})),
        ] {
            let mut now = dashboard();
            let (parent, key) = path.rsplit_once('/').unwrap();
            now.pointer_mut(parent).unwrap()[key] = value;
            assert_eq!(dashboards(&dashboard(), &now).len(), 1, "{path}");
        }
        let mut turned = dashboard();
        turned["panels"].as_array_mut().unwrap().reverse();
        assert_eq!(dashboards(&dashboard(), &turned)[0].field, "other");
    }
}
