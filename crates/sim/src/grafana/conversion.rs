//! Conversions between the classic schema and v2, with the losses that are known of the real ones: tabs, automatic
//! grids, conditional rendering and newer variables are dropped without a word.

use serde_json::{Map, Value, json};

/// Whether a version of the API is of schema v2.
pub fn is_v2(version: &str) -> bool {
    version.starts_with("v2")
}

/// The `spec` of a classic dashboard: without what only the legacy API knows.
pub fn spec(data: &Value) -> String {
    let mut spec = data.clone();
    if let Some(fields) = spec.as_object_mut() {
        for key in ["id", "uid", "version"] {
            fields.remove(key);
        }
    }
    spec.to_string()
}

/// The classic form of a dashboard in schema v2: its panels below each other.
pub fn to_classic(spec: &Value) -> Value {
    let elements = spec["elements"].as_object().cloned().unwrap_or_default();
    let panels: Vec<Value> = elements
        .values()
        .enumerate()
        .map(|(index, element)| {
            let kind = element.pointer("/spec/vizConfig/group").cloned().unwrap_or(json!("timeseries"));
            json!({"id": element["spec"]["id"], "title": element["spec"]["title"], "type": kind,
                "gridPos": {"x": 0, "y": index * 8, "w": 12, "h": 8}, "targets": []})
        })
        .collect();
    json!({"title": spec["title"], "tags": spec["tags"], "schemaVersion": 42, "panels": panels})
}

/// The form in schema v2 of a classic dashboard.
pub fn to_v2(data: &Value) -> Value {
    let mut elements = Map::new();
    let mut items = Vec::new();
    for panel in data["panels"].as_array().into_iter().flatten() {
        let key = format!("panel-{}", panel["id"]);
        items.push(json!({"kind": "GridLayoutItem", "spec": {"x": 0, "y": 0, "width": 12, "height": 8,
            "element": {"kind": "ElementReference", "name": key}}}));
        elements.insert(
            key,
            json!({"kind": "Panel", "spec": {"id": panel["id"], "title": panel["title"],
            "vizConfig": {"kind": "VizConfig", "group": panel["type"], "spec": {}}}}),
        );
    }
    json!({"title": data["title"], "tags": data["tags"], "elements": elements, "variables": [], "annotations": [],
        "layout": {"kind": "GridLayout", "spec": {"items": items}}})
}
