//! Schema v2: panels are elements, and a layout of grids, rows and tabs refers to them by key. Fields that this version
//! does not know are left alone; what it can't follow (a layout of another kind) is an empty place and not an error.

use aether_contract::PanelOutline;
use serde_json::Value;

/// Deepest nesting of layouts that is followed.
const MAX_DEPTH: usize = 16;
/// Columns of a grid.
const COLUMNS: u32 = 24;
/// Columns that an automatic grid has unless it says otherwise.
const AUTO_COLUMNS: u32 = 3;
/// Height of a panel in an automatic grid, in rows of the outline.
const AUTO_HEIGHT: u32 = 8;

/// Elements by key.
pub fn elements(spec: &Value) -> impl Iterator<Item = (&str, &Value)> {
    let all = spec.get("elements").and_then(Value::as_object).into_iter().flatten();
    all.map(|(key, element)| (key.as_str(), element))
}

/// Title of an element.
pub fn title(element: &Value) -> &str {
    element.pointer("/spec/title").and_then(Value::as_str).unwrap_or_default()
}

/// Uid of the library panel that an element stands for.
pub fn library_panel(element: &Value) -> Option<&str> {
    let is_library = element.get("kind").and_then(Value::as_str) == Some("LibraryPanel");
    is_library.then(|| element.pointer("/spec/libraryPanel/uid").and_then(Value::as_str)).flatten()
}

/// The plugin that draws an element; up to `v2alpha1` its id is the kind of its configuration.
pub fn plugin(element: &Value) -> Option<&str> {
    let config = element.pointer("/spec/vizConfig")?;
    let text = |key: &str| config.get(key).and_then(Value::as_str).filter(|text| !text.is_empty());
    text("group").or_else(|| text("kind").filter(|kind| *kind != "VizConfig"))
}

/// The version of the API that a `spec` without its resource is in, told by its content: `v2beta1` is `v2`.
pub fn version(spec: &Value) -> &'static str {
    let older = |element: &Value| {
        let kind = element.pointer("/spec/vizConfig/kind").and_then(Value::as_str);
        kind.is_some_and(|kind| kind != "VizConfig")
    };
    if elements(spec).any(|(_, element)| older(element)) { "v2alpha1" } else { "v2" }
}

/// Collects the outline, in the coordinates of the outermost grid.
struct Outliner<'a> {
    spec: &'a Value,
    outline: Vec<PanelOutline>,
    placed: Vec<&'a str>,
    limit: usize,
}

/// Where a dashboard's panels are, with the tabs and rows that they are in. At most `limit`.
pub fn outline(spec: &Value, limit: usize) -> Vec<PanelOutline> {
    let mut outliner = Outliner { spec, outline: Vec::new(), placed: Vec::new(), limit };
    let mut bottom = 0;
    if let Some(layout) = spec.get("layout") {
        bottom = outliner.layout(layout, &[], 0, 0);
    }
    // An element that no layout shows is still part of the dashboard.
    let left: Vec<&str> =
        elements(spec).map(|(key, _)| key).filter(|key| !outliner.placed.contains(key)).collect();
    for key in left {
        outliner.element(key, &["Not in the layout".to_owned()], (0, bottom, COLUMNS / 2, AUTO_HEIGHT));
        bottom = bottom.saturating_add(AUTO_HEIGHT);
    }
    outliner.outline
}

impl<'a> Outliner<'a> {
    /// Adds what a layout shows, from row `top` on. The first row below it.
    fn layout(&mut self, layout: &'a Value, section: &[String], top: u32, depth: usize) -> u32 {
        if depth > MAX_DEPTH {
            return top;
        }
        let list = |key: &str| {
            layout.pointer(&format!("/spec/{key}")).and_then(Value::as_array).into_iter().flatten()
        };
        let mut bottom = top;
        match layout.get("kind").and_then(Value::as_str).unwrap_or_default() {
            "GridLayout" => {
                for item in list("items") {
                    bottom = bottom.max(self.grid_item(item, section, top, depth));
                }
            }
            "AutoGridLayout" => {
                let columns = layout.pointer("/spec/maxColumnCount").and_then(Value::as_f64);
                let columns = columns.map_or(AUTO_COLUMNS, |columns| columns as u32).clamp(1, COLUMNS);
                let width = COLUMNS / columns;
                for (index, item) in list("items").enumerate() {
                    let index = u32::try_from(index).unwrap_or(u32::MAX);
                    let y = top.saturating_add((index / columns).saturating_mul(AUTO_HEIGHT));
                    if let Some(key) = reference(item) {
                        self.element(key, section, ((index % columns) * width, y, width, AUTO_HEIGHT));
                    }
                    bottom = bottom.max(y.saturating_add(AUTO_HEIGHT));
                }
            }
            "RowsLayout" | "TabsLayout" => {
                let tabs = layout.get("kind").and_then(Value::as_str) == Some("TabsLayout");
                let (key, noun) = if tabs { ("tabs", "Tab") } else { ("rows", "Row") };
                for (index, part) in list(key).enumerate() {
                    let title = part.pointer("/spec/title").and_then(Value::as_str).unwrap_or_default();
                    let name =
                        if title.trim().is_empty() { (index + 1).to_string() } else { cut(title, 200) };
                    let inner = [section, &[format!("{noun}: {name}")]].concat();
                    if let Some(layout) = part.pointer("/spec/layout") {
                        bottom = self.layout(layout, &inner, bottom, depth + 1);
                    }
                }
            }
            _ => {}
        }
        bottom
    }

    fn grid_item(&mut self, item: &'a Value, section: &[String], top: u32, depth: usize) -> u32 {
        let at = |key: &str| {
            let value = item.pointer(&format!("/spec/{key}")).and_then(Value::as_f64);
            value.unwrap_or_default().clamp(0.0, 100_000.0) as u32
        };
        let y = top.saturating_add(at("y"));
        // Up to v2alpha1 a grid could hold rows.
        if item.get("kind").and_then(Value::as_str) == Some("GridLayoutRow") {
            let title = item.pointer("/spec/title").and_then(Value::as_str).unwrap_or_default();
            let inner = [section, &[format!("Row: {}", cut(title, 200))]].concat();
            let elements = item.pointer("/spec/elements").and_then(Value::as_array).into_iter().flatten();
            let mut bottom = y;
            for item in elements.filter(|_| depth < MAX_DEPTH) {
                bottom = bottom.max(self.grid_item(item, &inner, y.saturating_add(1), depth + 1));
            }
            return bottom;
        }
        let (width, height) = (at("width").clamp(1, COLUMNS), at("height").clamp(1, 200));
        if let Some(key) = reference(item) {
            self.element(key, section, (at("x").min(COLUMNS - 1), y, width, height));
        }
        y.saturating_add(height)
    }

    fn element(&mut self, key: &'a str, section: &[String], (x, y, w, h): (u32, u32, u32, u32)) {
        self.placed.push(key);
        let element = self.spec.get("elements").and_then(|all| all.get(key));
        if self.outline.len() >= self.limit {
            return;
        }
        let library = element.is_some_and(|element| library_panel(element).is_some());
        let kind = element.and_then(plugin).unwrap_or(if library { "library panel" } else { "" });
        self.outline.push(PanelOutline {
            id: element.and_then(|one| one.pointer("/spec/id")).and_then(Value::as_f64).unwrap_or(0.0),
            title: element.map(|one| cut(title(one), 200)).unwrap_or_default(),
            kind: cut(kind, 60),
            section: section.to_vec(),
            x,
            y: y.min(100_000),
            w,
            h,
        });
    }
}

/// The key of the element that an item of a layout shows.
fn reference(item: &Value) -> Option<&str> {
    item.pointer("/spec/element/name").and_then(Value::as_str)
}

fn cut(text: &str, limit: usize) -> String {
    text.chars().take(limit).collect()
}

/// What the classic schema has no place for, with how often the dashboard uses it, in words.
pub fn losses(spec: &Value) -> Vec<String> {
    let mut counts = Losses::default();
    if let Some(layout) = spec.get("layout") {
        counts.count(layout, 0);
    }
    let variables = spec.get("variables").and_then(Value::as_array).into_iter().flatten();
    let new_kinds = variables.filter(|variable| {
        matches!(variable.get("kind").and_then(Value::as_str), Some("SwitchVariable" | "GroupByVariable"))
    });
    let several = |count: usize, one: &str, many: &str| match count {
        0 => None,
        1 => Some(format!("1 {one}")),
        count => Some(format!("{count} {many}")),
    };
    [
        several(counts.tabs, "tab", "tabs"),
        several(counts.nested_rows, "nested row", "nested rows"),
        several(counts.auto_grids, "automatic grid", "automatic grids"),
        several(counts.conditions, "conditional rendering rule", "conditional rendering rules"),
        several(counts.repeats, "repeated row or tab", "repeated rows or tabs"),
        several(new_kinds.count(), "variable of a newer kind", "variables of newer kinds"),
    ]
    .into_iter()
    .flatten()
    .collect()
}

#[derive(Default)]
struct Losses {
    tabs: usize,
    nested_rows: usize,
    auto_grids: usize,
    conditions: usize,
    repeats: usize,
}

impl Losses {
    fn count(&mut self, value: &Value, depth: usize) {
        if depth > MAX_DEPTH * 4 {
            return;
        }
        match value {
            Value::Object(fields) => {
                let has = |name: &str| value.pointer(&format!("/spec/{name}")).is_some_and(|v| !v.is_null());
                match fields.get("kind").and_then(Value::as_str) {
                    Some("TabsLayoutTab") => {
                        self.tabs += 1;
                        self.repeats += usize::from(has("repeat"));
                    }
                    Some("RowsLayoutRow") => {
                        let inner = value.pointer("/spec/layout/kind").and_then(Value::as_str);
                        self.nested_rows += usize::from(matches!(inner, Some("RowsLayout" | "TabsLayout")));
                    }
                    Some("AutoGridLayout") => self.auto_grids += 1,
                    _ => {}
                }
                self.conditions += usize::from(has("conditionalRendering"));
                fields.values().for_each(|inner| self.count(inner, depth + 1));
            }
            Value::Array(items) => items.iter().for_each(|inner| self.count(inner, depth + 1)),
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn panel(id: u32, title: &str) -> Value {
        let config = json!({"kind": "VizConfig", "group": "stat"});
        json!({"kind": "Panel", "spec": {"id": id, "title": title, "vizConfig": config}})
    }

    fn item(key: &str, y: u32) -> Value {
        json!({"kind": "GridLayoutItem", "spec": {"x": 0, "y": y, "width": 12, "height": 6,
            "element": {"kind": "ElementReference", "name": key}}})
    }

    #[test]
    fn the_outline_names_tabs_and_rows_and_stacks_them() {
        let grid = |items: Value| json!({"kind": "GridLayout", "spec": {"items": items}});
        let spec = json!({
            "elements": {"a": panel(1, "A"), "b": panel(2, "B"), "c": panel(3, "C"), "lost": panel(4, "D"),
                "lib": {"kind": "LibraryPanel", "spec": {"id": 5, "title": "L", "libraryPanel": {"uid": "l1"}}}},
            "layout": {"kind": "TabsLayout", "spec": {"tabs": [
                {"kind": "TabsLayoutTab", "spec": {"title": "First", "layout": {"kind": "RowsLayout", "spec": {"rows": [
                    {"kind": "RowsLayoutRow", "spec": {"title": "Top", "layout": grid(json!([item("a", 0)]))}},
                    {"kind": "RowsLayoutRow", "spec": {"title": "", "layout": grid(json!([item("b", 2)]))}}]}}}},
                {"kind": "TabsLayoutTab", "spec": {"title": "Second", "layout": {"kind": "AutoGridLayout", "spec": {
                    "maxColumnCount": 2, "items": [
                        {"kind": "AutoGridLayoutItem", "spec": {"element": {"name": "c"}}},
                        {"kind": "AutoGridLayoutItem", "spec": {"element": {"name": "lib"}}}]}}}}]}}
        });
        let told: Vec<String> = outline(&spec, 100)
            .iter()
            .map(|p| {
                format!("{} {} @{},{} {}x{} {}", p.section.join("/"), p.title, p.x, p.y, p.w, p.h, p.kind)
            })
            .collect();
        assert_eq!(
            told,
            [
                "Tab: First/Row: Top A @0,0 12x6 stat",
                "Tab: First/Row: 2 B @0,8 12x6 stat",
                "Tab: Second C @0,14 12x8 stat",
                "Tab: Second L @12,14 12x8 library panel",
                "Not in the layout D @0,22 12x8 stat",
            ]
        );
        assert_eq!(losses(&spec), ["2 tabs", "1 automatic grid"]);
        assert_eq!(outline(&spec, 2).len(), 2);
    }

    #[test]
    fn a_layout_of_another_kind_or_form_hides_no_panel() {
        let elements = json!({"a": panel(1, "A")});
        for layout in
            [json!({"kind": "CanvasLayout"}), json!(7), json!({"kind": "GridLayout", "spec": {"items": 3}})]
        {
            let found = outline(&json!({"elements": elements, "layout": layout}), 10);
            assert_eq!(found.first().map(|panel| panel.title.as_str()), Some("A"), "{layout}");
        }
        let mut deep = json!({"kind": "GridLayout"});
        for _ in 0..100 {
            deep = json!({"kind": "RowsLayout", "spec": {"rows": [{"spec": {"layout": deep}}]}});
        }
        assert_eq!(outline(&json!({"elements": elements, "layout": deep}), 10).len(), 1);
    }

    #[test]
    fn what_only_v2_has_is_counted() {
        let spec = json!({"variables": [{"kind": "SwitchVariable"}, {"kind": "TextVariable"}], "layout": {
            "kind": "RowsLayout", "spec": {"rows": [{"kind": "RowsLayoutRow", "spec": {
                "conditionalRendering": {"kind": "x"}, "layout": {"kind": "TabsLayout", "spec": {"tabs": [
                    {"kind": "TabsLayoutTab", "spec": {"repeat": {"mode": "variable"}}}]}}}}]}}});
        let wanted = [
            "1 tab",
            "1 nested row",
            "1 conditional rendering rule",
            "1 repeated row or tab",
            "1 variable of a newer kind",
        ];
        assert_eq!(losses(&spec), wanted);
        assert!(losses(&json!({"layout": {"kind": "GridLayout"}})).is_empty());
    }
}
