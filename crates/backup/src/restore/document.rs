//! A dashboard as it is sent: the backup's own text but for the few fields that have to change. Pure.

use std::collections::BTreeMap;

use serde_json::{Value, json, value::RawValue};

/// Longest message of a saved version that Grafana takes, in characters.
const MAX_MESSAGE: usize = 500;
/// Data sources that every Grafana has.
const BUILT_IN: [&str; 4] = ["grafana", "-- Grafana --", "-- Mixed --", "-- Dashboard --"];

/// How it is saved.
#[derive(Debug, Clone)]
pub struct Saving<'a> {
    /// Uid.
    pub uid: &'a str,
    /// Another title than the backup's.
    pub title: Option<&'a str>,
    /// Folder; empty: the root. Left out it would be moved there.
    pub folder: &'a str,
    /// The live version that it takes the place of; none for a new one.
    pub version: Option<u32>,
    /// Message of the saved version.
    pub message: &'a str,
    /// Data sources to use instead.
    pub data_sources: &'a BTreeMap<String, String>,
}

/// The body of `POST /api/dashboards/db`. Everything else stays as it was written, to the last digit.
///
/// # Errors
/// In words: the backup's file is no dashboard.
pub fn body(dashboard: &RawValue, saving: &Saving<'_>) -> Result<String, String> {
    let mapped;
    let text = if saving.data_sources.is_empty() {
        dashboard.get()
    } else {
        let mut value: Value = serde_json::from_str(dashboard.get()).map_err(|error| error.to_string())?;
        replace_sources(&mut value, saving.data_sources, 0);
        mapped = value.to_string();
        &mapped
    };
    let mut fields: BTreeMap<String, Box<RawValue>> =
        serde_json::from_str(text).map_err(|error| format!("not a dashboard: {error}"))?;
    let mut put = |key: &str, value: Value| {
        RawValue::from_string(value.to_string())
            .map(|raw| fields.insert(key.to_owned(), raw))
            .map_err(|error| error.to_string())
    };
    // A foreign number hits another row.
    put("id", Value::Null)?;
    put("uid", json!(saving.uid))?;
    put("version", json!(saving.version.unwrap_or(0)))?;
    if let Some(title) = saving.title {
        put("title", json!(title))?;
    }
    let message: String = saving.message.chars().take(MAX_MESSAGE).collect();
    let folder = Value::String(saving.folder.to_owned());
    let dashboard = serde_json::to_string(&fields).map_err(|error| error.to_string())?;
    Ok(format!(
        "{{\"dashboard\":{dashboard},\"folderUid\":{folder},\"message\":{},\"overwrite\":false}}",
        Value::String(message)
    ))
}

/// Uids of the data sources that a dashboard names itself. Variables and built-in ones are left out.
pub fn data_sources(dashboard: &Value) -> Vec<String> {
    let mut found = Vec::new();
    collect(dashboard, &mut found, 0);
    found.sort();
    found.dedup();
    found
}

fn collect(value: &Value, found: &mut Vec<String>, depth: usize) {
    if depth > 64 {
        return;
    }
    match value {
        Value::Object(fields) => {
            for (key, inner) in fields {
                if key == "datasource"
                    && let Some(uid) = source_uid(inner)
                {
                    found.push(uid.to_owned());
                }
                collect(inner, found, depth + 1);
            }
        }
        Value::Array(items) => items.iter().for_each(|item| collect(item, found, depth + 1)),
        _ => {}
    }
}

fn source_uid(value: &Value) -> Option<&str> {
    let uid = value.get("uid").and_then(Value::as_str)?;
    (!uid.is_empty() && !uid.contains('$') && !BUILT_IN.contains(&uid)).then_some(uid)
}

fn replace_sources(value: &mut Value, map: &BTreeMap<String, String>, depth: usize) {
    if depth > 64 {
        return;
    }
    match value {
        Value::Object(fields) => {
            for (key, inner) in fields.iter_mut() {
                let new =
                    (key == "datasource").then(|| source_uid(inner).and_then(|uid| map.get(uid))).flatten();
                if let (Some(new), Some(source)) = (new.cloned(), inner.as_object_mut()) {
                    source.insert("uid".to_owned(), Value::String(new));
                }
                replace_sources(inner, map, depth + 1);
            }
        }
        Value::Array(items) => items.iter_mut().for_each(|item| replace_sources(item, map, depth + 1)),
        _ => {}
    }
}

/// Uids of the library panels that a dashboard uses.
pub fn library_panels(dashboard: &Value) -> Vec<String> {
    let uid = |panel: &&Value| panel.pointer("/libraryPanel/uid").and_then(Value::as_str).map(str::to_owned);
    let mut found: Vec<String> = crate::dashboard::panels(dashboard).iter().filter_map(uid).collect();
    found.sort();
    found.dedup();
    found
}

/// Kinds of the panels of a dashboard, without rows and library panels.
pub fn plugins(dashboard: &Value) -> Vec<String> {
    let kind = |panel: &&Value| {
        let kind = panel.get("type").and_then(Value::as_str).unwrap_or_default();
        let own = !kind.is_empty() && kind != "row" && panel.get("libraryPanel").is_none();
        own.then(|| kind.to_owned())
    };
    let mut found: Vec<String> = crate::dashboard::panels(dashboard).iter().filter_map(kind).collect();
    found.sort();
    found.dedup();
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn raw(text: &str) -> Box<RawValue> {
        serde_json::from_str(text).unwrap()
    }

    const NONE: BTreeMap<String, String> = BTreeMap::new();

    #[test]
    fn everything_but_the_few_fields_stays_to_the_last_digit() {
        let text = concat!(
            r#"{"id":9,"uid":"old","version":4,"title":"T","big":123456789012345678901234567890,"#,
            r#""f":0.1000000000000000055511151231257827}"#
        );
        let saving = Saving {
            uid: "new",
            title: None,
            folder: "f",
            version: Some(7),
            message: "m",
            data_sources: &NONE,
        };
        let body = body(&raw(text), &saving).unwrap();
        assert!(body.contains("123456789012345678901234567890"), "{body}");
        assert!(body.contains("0.1000000000000000055511151231257827"), "{body}");
        let value: Value = serde_json::from_str(&body).unwrap();
        assert_eq!(value["dashboard"]["id"], Value::Null);
        assert_eq!(
            (value["dashboard"]["uid"].as_str(), value["dashboard"]["version"].as_u64()),
            (Some("new"), Some(7))
        );
        assert_eq!((value["folderUid"].as_str(), value["overwrite"].as_bool()), (Some("f"), Some(false)));
        assert_eq!(value["dashboard"]["title"], "T");
    }

    #[test]
    fn data_sources_are_replaced_everywhere_and_variables_are_left() {
        let text = r#"{"panels":[{"datasource":{"uid":"a"},
         "targets":[{"datasource":{"uid":"${ds}"}},{"datasource":{"uid":"b"}}]}],
            "annotations":{"list":[{"datasource":{"uid":"-- Grafana --"}}]},
             "templating":{"list":[{"datasource":{"uid":"a"}}]}}"#;
        assert_eq!(data_sources(&serde_json::from_str(text).unwrap()), ["a", "b"]);
        let map = BTreeMap::from([("a".to_owned(), "z".to_owned())]);
        let saving = Saving {
            uid: "u",
            title: Some("Copy"),
            folder: "",
            version: None,
            message: "",
            data_sources: &map,
        };
        let body = body(&raw(text), &saving).unwrap();
        let value: Value = serde_json::from_str(&body).unwrap();
        assert_eq!(data_sources(&value["dashboard"]), ["b", "z"]);
        assert!(body.contains("${ds}") && body.contains("Copy"));
    }

    #[test]
    fn panels_from_the_library_and_plugins_are_found() {
        let data = serde_json::json!({"panels": [{"type": "row", "panels": [{"type": "geomap"}]}, {"type": "x",
            "libraryPanel": {"uid": "lib"}}]});
        assert_eq!(library_panels(&data), ["lib"]);
        assert_eq!(plugins(&data), ["geomap"]);
    }
}
