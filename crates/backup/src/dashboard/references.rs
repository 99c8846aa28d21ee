//! What a dashboard refers to outside itself: data sources, library panels, panel plugins, and the inputs of a
//! dashboard that was exported for sharing. For every schema.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, value::RawValue};

use super::{document::is_v2, outline::panels, v2};

/// Data sources that every Grafana has, and the words for the default one.
const BUILT_IN: [&str; 5] = ["grafana", "-- Grafana --", "-- Mixed --", "-- Dashboard --", "default"];
/// Deepest JSON that is followed.
const MAX_DEPTH: usize = 64;
/// Most places that are kept of one data source.
const MAX_PLACES: usize = 50;
/// What only an export for sharing has; Grafana itself removes it at an import.
const SHARING: [&str; 3] = ["__inputs", "__elements", "__requires"];

/// A data source that a dashboard names.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SourceUse {
    /// Its plugin, where the dashboard tells; empty otherwise.
    pub plugin: String,
    /// Titles of the panels, names of the variables and annotations that use it.
    pub places: BTreeSet<String>,
}

/// The data sources that a dashboard names, by uid, by name (old dashboards), or by input (`${DS_PROMETHEUS}`).
/// Variables of the dashboard itself and built-in ones are left out.
pub fn data_sources(dashboard: &Value) -> BTreeMap<String, SourceUse> {
    let mut found = BTreeMap::new();
    let inputs = inputs(dashboard);
    let own = variables(dashboard);
    let mut collector = Collector { found: &mut found, own: &own, inputs: &inputs };
    collector.collect(dashboard, "", 0);
    // An input that nothing uses in a place which is understood has to be filled all the same.
    for (name, input) in &inputs {
        if input.kind == InputKind::DataSource {
            let one = found.entry(format!("${{{name}}}")).or_insert_with(SourceUse::default);
            if one.plugin.is_empty() {
                one.plugin.clone_from(&input.value);
            }
        }
    }
    found
}

struct Collector<'a> {
    found: &'a mut BTreeMap<String, SourceUse>,
    own: &'a BTreeSet<String>,
    inputs: &'a BTreeMap<String, Input>,
}

impl Collector<'_> {
    fn collect(&mut self, value: &Value, place: &str, depth: usize) {
        if depth > MAX_DEPTH {
            return;
        }
        match value {
            Value::Object(fields) => {
                let place = named(fields).unwrap_or(place);
                for (key, inner) in fields {
                    if SHARING.contains(&key.as_str()) && depth == 0 {
                        continue;
                    }
                    if key == "datasource"
                        && let Some(source) = source(inner)
                        && self.counts(source)
                    {
                        let plugin =
                            inner.get("type").or_else(|| fields.get("group")).and_then(Value::as_str);
                        let one = self.found.entry(source.to_owned()).or_default();
                        if one.plugin.is_empty() {
                            plugin.unwrap_or_default().clone_into(&mut one.plugin);
                        }
                        if !place.is_empty() && one.places.len() < MAX_PLACES {
                            one.places.insert(place.to_owned());
                        }
                    }
                    self.collect(inner, place, depth + 1);
                }
            }
            Value::Array(items) => items.iter().for_each(|item| self.collect(item, place, depth + 1)),
            _ => {}
        }
    }

    /// Whether a reference leads outside the dashboard.
    fn counts(&self, source: &str) -> bool {
        match variable(source) {
            Some(name) => {
                self.inputs.contains_key(name) || (name.starts_with("DS_") && !self.own.contains(name))
            }
            None => !source.contains('$') && !BUILT_IN.contains(&source),
        }
    }
}

/// How the part of a dashboard is called that an object is.
fn named(fields: &serde_json::Map<String, Value>) -> Option<&str> {
    let text = |key: &str| fields.get(key).and_then(Value::as_str).filter(|text| !text.trim().is_empty());
    let spec = fields.get("spec").and_then(Value::as_object);
    let inner = |key: &str| spec.and_then(|spec| spec.get(key)).and_then(Value::as_str);
    match fields.get("kind").and_then(Value::as_str) {
        // Of schema v2: panels, variables, annotations.
        Some("Panel" | "LibraryPanel") => inner("title").filter(|text| !text.is_empty()),
        Some(kind) if kind.ends_with("Variable") || kind == "AnnotationQuery" => inner("name"),
        _ if fields.contains_key("panels") && fields.contains_key("schemaVersion") => None,
        _ if fields.contains_key("gridPos") || fields.contains_key("targets") => text("title"),
        _ if fields.contains_key("query") || fields.contains_key("iconColor") => text("name"),
        _ => None,
    }
}

/// What a `datasource` field names: a uid, in schema v2 under `name`, or in old dashboards the name alone.
fn source(value: &Value) -> Option<&str> {
    let text = match value {
        Value::String(name) => Some(name.as_str()),
        Value::Object(fields) => fields.get("uid").or_else(|| fields.get("name")).and_then(Value::as_str),
        _ => None,
    };
    text.filter(|text| !text.is_empty())
}

/// The name in `${name}` or `$name`.
fn variable(text: &str) -> Option<&str> {
    let name = text.strip_prefix('$')?;
    let name = name.strip_prefix('{').and_then(|name| name.strip_suffix('}')).unwrap_or(name);
    let plain = !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    plain.then_some(name)
}

/// The dashboard's own variables.
fn variables(dashboard: &Value) -> BTreeSet<String> {
    let classic = dashboard.pointer("/templating/list").and_then(Value::as_array).into_iter().flatten();
    let newer = dashboard.get("variables").and_then(Value::as_array).into_iter().flatten();
    let names =
        classic.filter_map(|one| one.get("name")).chain(newer.filter_map(|one| one.pointer("/spec/name")));
    names.filter_map(Value::as_str).map(str::to_owned).collect()
}

/// What an input stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum InputKind {
    /// A data source, which whoever imports the dashboard chooses.
    DataSource,
    /// A text that the export brings along.
    Constant,
}

/// An input of a dashboard that was exported for sharing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Input {
    /// What it stands for.
    pub kind: InputKind,
    /// The constant, or the plugin of the data source.
    pub value: String,
}

/// Its inputs, by name.
pub fn inputs(dashboard: &Value) -> BTreeMap<String, Input> {
    let all = dashboard.get("__inputs").and_then(Value::as_array).into_iter().flatten();
    all.filter_map(|input| {
        let text = |key: &str| input.get(key).and_then(Value::as_str).unwrap_or_default().to_owned();
        let (kind, value) = match text("type").as_str() {
            "datasource" => (InputKind::DataSource, text("pluginId")),
            "constant" => (InputKind::Constant, text("value")),
            _ => return None,
        };
        Some((text("name"), Input { kind, value })).filter(|(name, _)| !name.is_empty())
    })
    .collect()
}

/// Library panels that an export for sharing carries along, as Grafana's API takes them.
pub fn shared_elements(dashboard: &Value) -> Vec<Value> {
    let elements = dashboard.get("__elements");
    let by_uid = elements.and_then(Value::as_object).into_iter().flat_map(|all| all.values());
    let listed = elements.and_then(Value::as_array).into_iter().flatten();
    by_uid
        .chain(listed)
        .filter(|element| element.get("model").is_some_and(Value::is_object))
        .cloned()
        .collect()
}

/// The dashboard with other data sources and its inputs filled, to the last digit where nothing is replaced; none
/// when nothing is to be replaced at all.
///
/// # Errors
/// In words, for text that is no JSON.
pub fn filled(dashboard: &RawValue, map: &BTreeMap<String, String>) -> Result<Option<Box<RawValue>>, String> {
    let value: Value = serde_json::from_str(dashboard.get()).map_err(|error| error.to_string())?;
    let shared = SHARING.iter().any(|key| value.get(*key).is_some());
    if map.is_empty() && !shared {
        return Ok(None);
    }
    let mut texts = BTreeMap::new();
    for (name, input) in inputs(&value) {
        match input.kind {
            InputKind::Constant => {
                texts.insert(format!("${{{name}}}"), input.value);
            }
            InputKind::DataSource => {
                if let Some(new) = mapped(map, &format!("${{{name}}}")) {
                    texts.insert(format!("${{{name}}}"), new.to_owned());
                }
            }
        }
    }
    let filled = Filler { map, texts: &texts }.fill(dashboard, 0)?;
    if !shared {
        return Ok(Some(filled));
    }
    let mut fields: BTreeMap<String, Box<RawValue>> =
        serde_json::from_str(filled.get()).map_err(|error| error.to_string())?;
    fields.retain(|key, _| !SHARING.contains(&key.as_str()));
    serde_json::value::to_raw_value(&fields).map(Some).map_err(|error| error.to_string())
}

/// What a mapping has for a reference; an input may be named with or without `${…}`.
pub fn mapped<'a>(map: &'a BTreeMap<String, String>, source: &str) -> Option<&'a str> {
    let bare = variable(source);
    map.get(source).or_else(|| map.get(bare?)).map(String::as_str)
}

struct Filler<'a> {
    map: &'a BTreeMap<String, String>,
    /// Texts that are replaced wherever they stand.
    texts: &'a BTreeMap<String, String>,
}

impl Filler<'_> {
    fn fill(&self, raw: &RawValue, depth: usize) -> Result<Box<RawValue>, String> {
        let told = |error: serde_json::Error| error.to_string();
        let text = raw.get();
        if depth > MAX_DEPTH {
            return Ok(raw.to_owned());
        }
        match text.as_bytes().first() {
            Some(b'{') => {
                let fields: BTreeMap<String, Box<RawValue>> = serde_json::from_str(text).map_err(told)?;
                let mut filled = BTreeMap::new();
                for (key, inner) in fields {
                    let inner =
                        if key == "datasource" { self.replaced(&inner)?.unwrap_or(inner) } else { inner };
                    filled.insert(key, self.fill(&inner, depth + 1)?);
                }
                serde_json::value::to_raw_value(&filled).map_err(told)
            }
            Some(b'[') => {
                let items: Vec<Box<RawValue>> = serde_json::from_str(text).map_err(told)?;
                let filled: Result<Vec<_>, _> = items.iter().map(|item| self.fill(item, depth + 1)).collect();
                serde_json::value::to_raw_value(&filled?).map_err(told)
            }
            Some(b'"') if !self.texts.is_empty() && text.contains("${") => {
                let mut own: String = serde_json::from_str(text).map_err(told)?;
                for (from, to) in self.texts {
                    own = own.replace(from, to);
                }
                serde_json::value::to_raw_value(&own).map_err(told)
            }
            _ => Ok(raw.to_owned()),
        }
    }

    /// Another `datasource`; none when it stays.
    fn replaced(&self, raw: &RawValue) -> Result<Option<Box<RawValue>>, String> {
        let mut value: Value = serde_json::from_str(raw.get()).map_err(|error| error.to_string())?;
        let Some(new) = source(&value).and_then(|source| mapped(self.map, source)).map(str::to_owned) else {
            return Ok(None);
        };
        match &mut value {
            Value::Object(fields) => {
                let key = if fields.contains_key("uid") { "uid" } else { "name" };
                fields.insert(key.to_owned(), Value::String(new));
            }
            // Old dashboards name it; a uid stands in the same place since.
            _ => value = serde_json::json!({"uid": new}),
        }
        serde_json::value::to_raw_value(&value).map(Some).map_err(|error| error.to_string())
    }
}

/// Uids of the library panels that a dashboard uses.
pub fn library_panels(dashboard: &Value) -> Vec<String> {
    let mut found: Vec<String> = if is_v2(dashboard) {
        v2::elements(dashboard)
            .filter_map(|(_, element)| v2::library_panel(element))
            .map(str::to_owned)
            .collect()
    } else {
        let uid =
            |panel: &&Value| panel.pointer("/libraryPanel/uid").and_then(Value::as_str).map(str::to_owned);
        panels(dashboard).iter().filter_map(uid).collect()
    };
    found.sort();
    found.dedup();
    found
}

/// Kinds of the panels of a dashboard, without rows and library panels.
pub fn plugins(dashboard: &Value) -> Vec<String> {
    let mut found: Vec<String> = if is_v2(dashboard) {
        v2::elements(dashboard).filter_map(|(_, element)| v2::plugin(element)).map(str::to_owned).collect()
    } else {
        let kind = |panel: &&Value| {
            let kind = panel.get("type").and_then(Value::as_str).unwrap_or_default();
            let own = !kind.is_empty() && kind != "row" && panel.get("libraryPanel").is_none();
            own.then(|| kind.to_owned())
        };
        panels(dashboard).iter().filter_map(kind).collect()
    };
    found.sort();
    found.dedup();
    found
}

/// What Grafana makes of a panel type that it has replaced by another (from 11 on, when the dashboard is opened).
pub fn migrated_to(kind: &str) -> Option<&'static str> {
    Some(match kind {
        "graph" => "timeseries",
        "singlestat" | "grafana-singlestat-panel" => "stat",
        "table-old" => "table",
        "grafana-piechart-panel" => "piechart",
        "grafana-worldmap-panel" => "geomap",
        "heatmap-new" => "heatmap",
        "natel-discrete-panel" => "state-timeline",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn raw(text: &str) -> Box<RawValue> {
        serde_json::from_str(text).unwrap()
    }

    fn keys(value: &Value) -> Vec<String> {
        data_sources(value).into_keys().collect()
    }

    #[test]
    fn data_sources_are_found_in_every_form_with_where_they_are_used() {
        let data = json!({"schemaVersion": 30, "panels": [
            {"title": "P", "gridPos": {}, "datasource": {"type": "prometheus", "uid": "a"}, "targets": [
                {"datasource": {"uid": "${ds}"}}, {"datasource": {"uid": "b"}}]},
            {"title": "Old", "targets": [], "datasource": "Loki"}, {"datasource": null}, {"datasource": "default"},
            {"datasource": "-- Mixed --"}, {"datasource": {"type": "datasource", "uid": "-- Dashboard --"}}],
            "annotations": {"list": [{"name": "Deploys", "iconColor": "x", "datasource": {"uid": "-- Grafana --"}},
                {"name": "Ann", "iconColor": "x", "datasource": {"uid": "c"}}]},
            "templating": {"list": [{"name": "tenant", "query": "x", "datasource": {"uid": "a"}}]}});
        assert_eq!(keys(&data), ["Loki", "a", "b", "c"]);
        let a = &data_sources(&data)["a"];
        assert_eq!(a.plugin, "prometheus");
        assert_eq!(a.places.iter().collect::<Vec<_>>(), ["P", "tenant"]);
        assert_eq!(data_sources(&data)["c"].places.iter().collect::<Vec<_>>(), ["Ann"]);
    }

    #[test]
    fn data_sources_of_schema_v2_are_found() {
        let data = json!({"elements": {"p": {"kind": "Panel", "spec": {"title": "P", "data": {"spec": {"queries": [
                {"kind": "PanelQuery", "spec": {"query": {"kind": "DataQuery", "group": "loki",
                    "datasource": {"name": "l1"}, "spec": {}}}},
                {"kind": "PanelQuery", "spec": {"datasource": {"type": "prometheus", "uid": "p1"}}}]}}}}},
            "annotations": [{"kind": "AnnotationQuery", "spec": {"name": "N", "query": {"group": "grafana",
                "datasource": {"name": "-- Grafana --"}}}}],
            "variables": [{"kind": "QueryVariable", "spec": {"name": "v", "query": {"group": "prometheus",
                "datasource": {"name": "${source}"}}}}, {"kind": "AdhocVariable", "group": "prometheus",
                "datasource": {"name": "p2"}, "spec": {"name": "filters"}}]});
        assert_eq!(keys(&data), ["l1", "p1", "p2"]);
        let found = data_sources(&data);
        assert_eq!((found["l1"].plugin.as_str(), found["p2"].plugin.as_str()), ("loki", "prometheus"));
        assert!(found["l1"].places.contains("P") && found["p2"].places.contains("filters"));
        let map = BTreeMap::from([("l1".to_owned(), "new".to_owned())]);
        let filled = filled(&raw(&data.to_string()), &map).unwrap().unwrap();
        assert_eq!(keys(&serde_json::from_str(filled.get()).unwrap()), ["new", "p1", "p2"]);
    }

    #[test]
    fn replacing_a_data_source_keeps_every_other_digit() {
        let text = concat!(
            r#"{"panels":[{"datasource":{"uid":"a","type":"x"},"n":0.1000000000000000055511151231257827,"#,
            r#""big":123456789012345678901234567890},{"datasource":"Named"}],"title":"${DS_X} stays"}"#
        );
        let map = BTreeMap::from([("a".to_owned(), "z".to_owned()), ("Named".to_owned(), "y".to_owned())]);
        let filled = filled(&raw(text), &map).unwrap().unwrap();
        for kept in
            ["0.1000000000000000055511151231257827", "123456789012345678901234567890", "${DS_X} stays"]
        {
            assert!(filled.get().contains(kept), "{}", filled.get());
        }
        assert_eq!(keys(&serde_json::from_str(filled.get()).unwrap()), ["y", "z"]);
    }

    #[test]
    fn inputs_of_a_shared_dashboard_are_listed_and_filled() {
        let text = r#"{"__inputs":[{"name":"DS_PROM","type":"datasource","pluginId":"prometheus"},
            {"name":"VAR_JOB","type":"constant","value":"api"}],"__requires":[],"__elements":{},
            "panels":[{"title":"P","targets":[{"expr":"up{job=\"${VAR_JOB}\"}"}],"datasource":"${DS_PROM}"},
            {"datasource":{"uid":"${DS_PROM}"}}]}"#;
        let value: Value = serde_json::from_str(text).unwrap();
        let found = data_sources(&value);
        assert_eq!(found.keys().collect::<Vec<_>>(), ["${DS_PROM}"]);
        assert_eq!(found["${DS_PROM}"].plugin, "prometheus");
        for key in ["${DS_PROM}", "DS_PROM"] {
            let map = BTreeMap::from([(key.to_owned(), "prom1".to_owned())]);
            let filled = filled(&raw(text), &map).unwrap().unwrap();
            let value: Value = serde_json::from_str(filled.get()).unwrap();
            assert_eq!(keys(&value), ["prom1"], "{key}");
            assert_eq!(value["panels"][0]["targets"][0]["expr"], "up{job=\"api\"}");
            assert!(value.get("__inputs").is_none() && value.get("__requires").is_none());
        }
        let unfilled = filled(&raw(text), &BTreeMap::new()).unwrap().unwrap();
        assert!(unfilled.get().contains("${DS_PROM}") && !unfilled.get().contains("__inputs"));
    }

    #[test]
    fn an_input_without_a_declaration_is_one_unless_the_dashboard_has_such_a_variable() {
        let panels = json!([{"datasource": "${DS_PROMETHEUS}"}]);
        let data = |variables: Value| json!({"panels": panels, "templating": {"list": variables}});
        assert_eq!(keys(&data(json!([]))), ["${DS_PROMETHEUS}"]);
        assert!(keys(&data(json!([{"name": "DS_PROMETHEUS", "type": "datasource"}]))).is_empty());
    }

    #[test]
    fn panels_from_the_library_and_plugins_are_found_in_both_schemas() {
        let classic = json!({"panels": [{"type": "row", "panels": [{"type": "geomap"}]}, {"type": "x",
            "libraryPanel": {"uid": "lib"}}]});
        assert_eq!(
            (library_panels(&classic), plugins(&classic)),
            (vec!["lib".into()], vec!["geomap".into()])
        );
        let newer = json!({"elements": {"a": {"kind": "LibraryPanel", "spec": {"libraryPanel": {"uid": "lib"}}},
            "b": {"kind": "Panel", "spec": {"vizConfig": {"kind": "stat", "spec": {}}}},
            "c": {"kind": "Panel", "spec": {"vizConfig": {"kind": "VizConfig", "group": "geomap"}}}}});
        assert_eq!(library_panels(&newer), ["lib"]);
        assert_eq!(plugins(&newer), ["geomap", "stat"]);
    }
}
