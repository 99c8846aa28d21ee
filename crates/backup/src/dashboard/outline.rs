//! The panels of a dashboard and where they are, in any schema.

use aether_contract::PanelOutline;
use serde_json::Value;

use super::{document::is_v2, v2};

/// Most panels that an outline has.
const MAX_PANELS: usize = 2_000;

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

/// The panels of a classic dashboard, those in collapsed rows and in the rows of old dashboards too.
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
    if is_v2(dashboard) {
        return v2::outline(dashboard, MAX_PANELS);
    }
    let mut row = String::new();
    let mut all = Vec::new();
    for panel in list(dashboard, "panels") {
        let is_row = panel.get("type").and_then(Value::as_str) == Some("row");
        if is_row {
            row = title(panel);
        }
        all.push(one(panel, if is_row { "" } else { &row }));
        all.extend(list(panel, "panels").iter().map(|inner| one(inner, &title(panel))));
    }
    for old_row in list(dashboard, "rows") {
        all.extend(list(old_row, "panels").iter().map(|panel| one(panel, &title(old_row))));
    }
    all.truncate(MAX_PANELS);
    all
}

fn title(panel: &Value) -> String {
    panel.get("title").and_then(Value::as_str).unwrap_or_default().chars().take(200).collect()
}

fn one(panel: &Value, row: &str) -> PanelOutline {
    let grid = panel.get("gridPos");
    let at = |key: &str| number(grid.and_then(|grid| grid.get(key))).unwrap_or(0).min(100_000);
    let kind = panel.get("type").and_then(Value::as_str).unwrap_or_default();
    let section = if row.is_empty() { Vec::new() } else { vec![format!("Row: {row}")] };
    PanelOutline {
        id: panel.get("id").and_then(Value::as_f64).unwrap_or(0.0),
        title: title(panel),
        kind: kind.chars().take(60).collect(),
        section,
        x: at("x").min(23),
        y: at("y"),
        w: at("w").clamp(1, 24),
        h: at("h").clamp(1, 200),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_outline_has_panels_of_collapsed_and_of_old_rows() {
        let data = json!({
            "panels": [{"id": 1, "title": "a", "gridPos": {"x": 0, "y": 0, "w": 12, "h": 8}},
                       {"type": "row", "title": "R", "panels": [{"title": "b"}]}, {"title": "below"}],
            "rows": [{"title": "Old", "panels": [{"title": "c"}]}]
        });
        let told: Vec<String> = outline(&data)
            .into_iter()
            .map(|panel| format!("{} {}", panel.section.concat(), panel.title))
            .collect();
        assert_eq!(told, [" a", " R", "Row: R b", "Row: R below", "Row: Old c"]);
        let odd = json!({"panels": [{"gridPos": {"x": 99, "y": -1, "w": 1e9, "h": "x"}}, 7, null]});
        assert_eq!(outline(&odd).first().map(|panel| (panel.x, panel.w, panel.h)), Some((23, 1, 1)));
    }
}
