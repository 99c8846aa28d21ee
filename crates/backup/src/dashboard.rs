//! A dashboard's JSON: with and without what Grafana says of it, and its panels.

use aether_contract::PanelOutline;
use serde::Deserialize;
use serde_json::{Value, value::RawValue};

/// Most panels that an outline has.
const MAX_PANELS: usize = 2_000;

/// What Grafana says about a dashboard.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct DashboardMeta {
    /// Uid of its folder.
    pub folder_uid: String,
    /// Title of its folder.
    pub folder_title: String,
    /// Version.
    pub version: u32,
    /// Who saved it last.
    pub updated_by: String,
    /// When, in RFC 3339.
    pub updated: String,
    /// Whether it came from a file.
    pub provisioned: bool,
    /// That file.
    pub provisioned_external_id: String,
}

/// A dashboard and what Grafana says of it, from `{"dashboard":…,"meta":…}` or from the bare dashboard.
///
/// # Errors
/// In words.
pub fn document(bytes: &[u8]) -> Result<(Box<RawValue>, DashboardMeta), String> {
    #[derive(Deserialize)]
    struct Whole {
        dashboard: Box<RawValue>,
        #[serde(default)]
        meta: Option<Value>,
    }
    let text = std::str::from_utf8(bytes).map_err(|error| format!("not valid UTF-8: {error}"))?;
    let text = text.trim_start_matches('\u{feff}');
    // A list would be read as a struct's fields in their order.
    if !text.trim_start().starts_with('{') {
        let json = serde_json::from_str::<serde::de::IgnoredAny>(text);
        return Err(match json {
            Ok(_) => "valid JSON, but not a dashboard".into(),
            Err(error) => format!("not valid JSON: {error}"),
        });
    }
    if let Ok(whole) = serde_json::from_str::<Whole>(text) {
        // A field of another kind in `meta` does not cost the dashboard.
        let meta = whole.meta.and_then(|meta| serde_json::from_value(meta).ok()).unwrap_or_default();
        return Ok((whole.dashboard, meta));
    }
    let raw: Box<RawValue> =
        serde_json::from_str(text).map_err(|error| format!("not valid JSON: {error}"))?;
    Ok((raw, DashboardMeta::default()))
}

/// Whether JSON that may be anything is one.
pub fn looks_like_dashboard(data: &Value) -> bool {
    ["panels", "rows", "schemaVersion", "templating"].iter().any(|key| data.get(*key).is_some())
}

/// The texts of a list.
pub fn strings(value: Option<&Value>) -> Vec<String> {
    value
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .map(str::to_owned)
        .collect()
}

/// A whole number that is not too large.
pub fn number(value: Option<&Value>) -> Option<u32> {
    value.and_then(Value::as_u64).and_then(|number| u32::try_from(number).ok())
}

/// The panels of a dashboard, those in collapsed rows and in the rows of old dashboards too.
pub fn panels(dashboard: &Value) -> Vec<&Value> {
    let mut all = Vec::new();
    for panel in list(dashboard, "panels") {
        all.push(panel);
        all.extend(list(panel, "panels"));
    }
    for row in list(dashboard, "rows") {
        all.extend(list(row, "panels"));
    }
    all.truncate(MAX_PANELS);
    all
}

fn list<'a>(value: &'a Value, key: &str) -> &'a [Value] {
    value.get(key).and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default()
}

/// Where a dashboard's panels are.
pub fn outline(dashboard: &Value) -> Vec<PanelOutline> {
    let one = |panel: &&Value| {
        let grid = panel.get("gridPos");
        let at = |key: &str| number(grid.and_then(|grid| grid.get(key))).unwrap_or(0).min(100_000);
        let text = |key: &str| panel.get(key).and_then(Value::as_str).unwrap_or_default();
        PanelOutline {
            id: panel.get("id").and_then(Value::as_f64).unwrap_or(0.0),
            title: text("title").chars().take(200).collect(),
            kind: text("type").chars().take(60).collect(),
            x: at("x").min(23),
            y: at("y"),
            w: at("w").clamp(1, 24),
            h: at("h").clamp(1, 200),
        }
    };
    panels(dashboard).iter().map(one).collect()
}

/// Largest dashboard that is read, in bytes.
pub const MAX_DASHBOARD: u64 = 64 * 1024 * 1024;

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_dashboard_is_read_with_and_without_its_wrapping() {
        let (raw, meta) =
            document(br#"{"meta":{"folderUid":"f","version":3},"dashboard":{"a":1e2}}"#).unwrap();
        assert_eq!((raw.get(), meta.folder_uid.as_str(), meta.version), (r#"{"a":1e2}"#, "f", 3));
        let (raw, _) = document("\u{feff}{\"title\":\"x\"}".as_bytes()).unwrap();
        assert_eq!(raw.get(), r#"{"title":"x"}"#);
        assert!(document(b"[1]").unwrap_err().contains("not a dashboard"));
        assert!(document(b"{").unwrap_err().contains("not valid JSON"));
        let (_, meta) = document(br#"{"meta":{"version":"odd"},"dashboard":{}}"#).unwrap();
        assert_eq!(meta.version, 0);
    }

    #[test]
    fn the_outline_has_panels_of_collapsed_and_of_old_rows() {
        let data = json!({
            "panels": [{"id": 1, "title": "a", "gridPos": {"x": 0, "y": 0, "w": 12, "h": 8}},
                       {"type": "row", "panels": [{"title": "b"}]}],
            "rows": [{"panels": [{"title": "c"}]}]
        });
        let titles: Vec<String> = outline(&data).into_iter().map(|panel| panel.title).collect();
        assert_eq!(titles, ["a", "", "b", "c"]);
        let odd = json!({"panels": [{"gridPos": {"x": 99, "y": -1, "w": 1e9, "h": "x"}}, 7, null]});
        assert_eq!(outline(&odd).first().map(|panel| (panel.x, panel.w, panel.h)), Some((23, 1, 1)));
    }
}
