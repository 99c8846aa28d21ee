//! Differences between two dashboards in schema v2, element by element. Pure.

use std::collections::BTreeMap;

use aether_contract::{Change, DashboardChange};
use serde_json::Value;

use super::{change, fields, shown};
use crate::dashboard::v2;

/// Parts of an element that have words of their own.
const PARTS: [&str; 5] = ["id", "title", "description", "data", "vizConfig"];
/// Most panels that the description of a layout counts.
const MAX_PANELS: usize = 2_000;

/// Adds the differences of two dashboards that differ.
pub fn compare(before: &Value, after: &Value, changes: &mut Vec<DashboardChange>) {
    fields("", before, after, &["elements", "layout"], changes);
    let (old, new): (BTreeMap<&str, &Value>, BTreeMap<&str, &Value>) =
        (v2::elements(before).collect(), v2::elements(after).collect());
    for (key, element) in &old {
        match new.get(key) {
            Some(now) => elements(key, element, now, changes),
            None => changes.push(whole(key, element, Change::Removed)),
        }
    }
    for (key, element) in new.iter().filter(|(key, _)| !old.contains_key(*key)) {
        changes.push(whole(key, element, Change::Added));
    }
    if before.get("layout") != after.get("layout") {
        changes.push(change("", "layout", Change::Changed, &layout(before), &layout(after)));
    }
}

fn name(key: &str, element: &Value) -> String {
    let title = v2::title(element);
    if title.is_empty() { key.to_owned() } else { title.to_owned() }
}

fn whole(key: &str, element: &Value, how: Change) -> DashboardChange {
    let words = queries(element).into_values().collect::<Vec<_>>().join("; ");
    let (before, after) =
        if how == Change::Removed { (words, String::new()) } else { (String::new(), words) };
    change(&name(key, element), "panel", how, &before, &after)
}

fn elements(key: &str, before: &Value, after: &Value, changes: &mut Vec<DashboardChange>) {
    if before == after {
        return;
    }
    let panel = name(key, after);
    let mut tell = |field: &str, before: &str, after: &str| {
        if before != after {
            changes.push(change(&panel, field, Change::Changed, before, after));
        }
    };
    let at = |element: &Value, pointer: &str| shown(element.pointer(pointer));
    for (field, pointer) in [("title", "/spec/title"), ("description", "/spec/description")] {
        tell(field, &at(before, pointer), &at(after, pointer));
    }
    let plugin = |element: &Value| v2::plugin(element).unwrap_or_default().to_owned();
    tell("kind", &plugin(before), &plugin(after));
    tell("data source", &sources(before), &sources(after));
    let (old, new) = (queries(before), queries(after));
    let letters: std::collections::BTreeSet<&String> = old.keys().chain(new.keys()).collect();
    for letter in letters {
        let text = |all: &BTreeMap<String, String>| all.get(letter).cloned().unwrap_or_default();
        tell(&format!("query {letter}"), &text(&old), &text(&new));
    }
    let rest = |element: &Value, pointer: &str| element.pointer(pointer).cloned().unwrap_or_default();
    tell("thresholds", &at(before, THRESHOLDS), &at(after, THRESHOLDS));
    let display = |element: &Value| {
        let mut config = rest(element, "/spec/vizConfig/spec");
        if let Some(defaults) = config.pointer_mut("/fieldConfig/defaults").and_then(Value::as_object_mut) {
            defaults.remove("thresholds");
        }
        config.to_string()
    };
    tell("units and display", &display(before), &display(after));
    let data = |element: &Value| {
        let mut data = rest(element, "/spec/data/spec");
        if let Some(fields) = data.as_object_mut() {
            fields.remove("queries");
        }
        data.to_string()
    };
    tell("transformations and query options", &data(before), &data(after));
    let (old, new) = (rest(before, "/spec"), rest(after, "/spec"));
    let told = changes.len();
    fields(&panel, &old, &new, &PARTS, changes);
    if changes.len() == told && changes.iter().all(|one| one.panel != panel) {
        changes.push(change(&panel, "other", Change::Changed, "", ""));
    }
}

const THRESHOLDS: &str = "/spec/vizConfig/spec/fieldConfig/defaults/thresholds";

/// The specs of an element's queries.
fn panel_queries(element: &Value) -> impl Iterator<Item = &Value> {
    let all = element.pointer("/spec/data/spec/queries").and_then(Value::as_array).into_iter().flatten();
    all.filter_map(|query| query.get("spec"))
}

fn sources(element: &Value) -> String {
    let mut all: Vec<String> = panel_queries(element)
        .filter_map(|query| query.pointer("/query/datasource").or_else(|| query.get("datasource")))
        .map(|source| {
            let text = |key: &str| source.get(key).and_then(Value::as_str);
            text("name").or_else(|| text("uid")).unwrap_or_default().to_owned()
        })
        .collect();
    all.sort();
    all.dedup();
    all.join(", ")
}

/// Queries by their letter: the expression, or all of it.
fn queries(element: &Value) -> BTreeMap<String, String> {
    let mut all = BTreeMap::new();
    for (index, query) in panel_queries(element).enumerate() {
        let letter =
            query.get("refId").and_then(Value::as_str).map_or_else(|| index.to_string(), str::to_owned);
        let inner = query.pointer("/query/spec").cloned().unwrap_or_default();
        let mut rest = inner.clone();
        let mut words = String::new();
        if let Some(fields) = rest.as_object_mut() {
            for key in ["expr", "query", "rawSql"] {
                if let Some(Value::String(text)) = fields.remove(key) {
                    words = text;
                    break;
                }
            }
        }
        if let (Some(hidden), Some(fields)) = (query.get("hidden"), rest.as_object_mut()) {
            fields.insert("hidden".to_owned(), hidden.clone());
        }
        let more = rest.to_string();
        let text = if words.is_empty() { inner.to_string() } else { format!("{words}  {more}") };
        all.insert(letter, text.trim_end_matches("  {}").to_owned());
    }
    all
}

/// A layout in words: its tabs and rows, with how many panels each shows.
fn layout(spec: &Value) -> String {
    let mut sections: Vec<(String, usize)> = Vec::new();
    for panel in v2::outline(spec, MAX_PANELS) {
        let section = panel.section.join(", ");
        match sections.last_mut() {
            Some((last, count)) if *last == section => *count += 1,
            _ => sections.push((section, 1)),
        }
    }
    let kind = spec.pointer("/layout/kind").and_then(Value::as_str).unwrap_or("no layout");
    let told = sections.into_iter().map(|(section, count)| {
        let noun = if count == 1 { "panel" } else { "panels" };
        if section.is_empty() { format!("{count} {noun}") } else { format!("{section}: {count} {noun}") }
    });
    format!("{kind}: {}", told.collect::<Vec<_>>().join("; "))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::{dashboards, same};
    use super::*;

    fn dashboard() -> Value {
        json!({"title": "T", "elements": {"a": {"kind": "Panel", "spec": {"id": 1, "title": "A",
            "data": {"kind": "QueryGroup", "spec": {"queries": [{"kind": "PanelQuery", "spec": {"refId": "A", "query":
                {"kind": "DataQuery", "group": "prometheus", "datasource": {"name": "p"}, "spec": {"expr": "up"}}}}],
                "transformations": []}},
            "vizConfig": {"kind": "VizConfig", "group": "stat", "spec": {"options": {}, "fieldConfig": {"defaults":
                {"unit": "s", "thresholds": {"steps": [1]}}}}}}}},
            "layout": {"kind": "GridLayout", "spec": {"items": [{"kind": "GridLayoutItem", "spec": {"x": 0, "y": 0,
                "width": 12, "height": 8, "element": {"kind": "ElementReference", "name": "a"}}}]}}})
    }

    #[test]
    fn each_difference_of_schema_v2_is_told_by_its_panel() {
        let mut now = dashboard();
        *now.pointer_mut("/elements/a/spec/data/spec/queries/0/spec/query/spec/expr").unwrap() =
            json!("max(up)");
        *now.pointer_mut("/elements/a/spec/data/spec/queries/0/spec/query/datasource/name").unwrap() =
            json!("q");
        *now.pointer_mut("/elements/a/spec/vizConfig/group").unwrap() = json!("gauge");
        *now.pointer_mut("/elements/a/spec/vizConfig/spec/fieldConfig/defaults/unit").unwrap() = json!("ms");
        *now.pointer_mut(&format!("/elements/a{THRESHOLDS}")).unwrap() = json!({"steps": [2]});
        *now.pointer_mut("/layout").unwrap() = json!({"kind": "TabsLayout", "spec": {"tabs": [{"kind": "TabsLayoutTab",
            "spec": {"title": "One", "layout": dashboard()["layout"]}}]}});
        let told: Vec<String> = dashboards(&dashboard(), &now)
            .iter()
            .map(|one| format!("{}/{}: {} -> {}", one.panel, one.field, one.before, one.after))
            .collect();
        let wanted = [
            "A/kind: stat -> gauge",
            "A/data source: p -> q",
            "A/query A: up -> max(up)",
            "A/thresholds: {\"steps\":[1]} -> {\"steps\":[2]}",
            "A/units and display: {\"fieldConfig\":{\"defaults\":{\"unit\":\"s\"}}} -> \
             {\"fieldConfig\":{\"defaults\":{\"unit\":\"ms\"}}}",
            "/layout: GridLayout: 1 panel -> TabsLayout: Tab: One: 1 panel",
        ];
        assert_eq!(told, wanted);
    }

    #[test]
    fn any_difference_of_schema_v2_is_told_somehow() {
        for (pointer, value) in [
            ("/elements/a/spec/id", json!(9)),
            ("/elements/a/kind", json!("Other")),
            ("/elements/a/spec/data/spec/transformations", json!([{"kind": "x"}])),
            ("/elements/a/spec/data/spec/queries/0/kind", json!("Other")),
            ("/layout/spec/items/0/spec/width", json!(3)),
            ("/title", json!("U")),
        ] {
            let mut now = dashboard();
            *now.pointer_mut(pointer).unwrap() = value;
            let told = dashboards(&dashboard(), &now);
            assert!(!told.is_empty() && !same(&dashboard(), &now), "{pointer}");
        }
        assert!(dashboards(&dashboard(), &dashboard()).is_empty());
        let mut added = dashboard();
        added["elements"]["b"] = json!({"kind": "Panel", "spec": {"title": "B"}});
        assert_eq!(dashboards(&dashboard(), &added)[0].field, "panel");
    }

    #[test]
    fn two_schemas_are_never_the_same() {
        let classic = json!({"title": "T", "panels": []});
        let told = dashboards(&classic, &dashboard());
        assert_eq!((told[0].field.as_str(), told[0].after.as_str()), ("schema", "v2"));
    }
}
