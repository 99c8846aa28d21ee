//! Values written into a TOML file that people wrote: what is around them stays.

use toml_edit::{Array, Item, TableLike, Value};

/// Sets a value; comments and spaces around an existing one stay, and an equal one is not touched at all.
pub(crate) fn put(table: &mut dyn TableLike, key: &str, value: Value) {
    if let Some(Item::Value(old)) = table.get_mut(key) {
        if plain(old) != plain(&value) {
            let decor = old.decor().clone();
            *old = value;
            *old.decor_mut() = decor;
        }
        return;
    }
    table.insert(key, Item::Value(value));
}

/// A value without its spelling: what two values are compared by.
pub(crate) fn plain(value: &Value) -> String {
    match value {
        Value::String(text) => format!("{:?}", text.value()),
        Value::Array(items) => {
            let items: Vec<String> = items.iter().map(plain).collect();
            format!("[{}]", items.join(","))
        }
        Value::InlineTable(table) => {
            let mut fields: Vec<String> =
                table.iter().map(|(key, value)| format!("{key:?}={}", plain(value))).collect();
            fields.sort();
            format!("{{{}}}", fields.join(","))
        }
        other => other.to_string().trim().to_owned(),
    }
}

pub(crate) fn list(items: &[String]) -> Value {
    let mut array = Array::new();
    for item in items {
        array.push(item.as_str());
    }
    Value::Array(array)
}

pub(crate) fn text_of(table: &dyn TableLike, key: &str) -> Option<String> {
    table.get(key).and_then(Item::as_str).map(str::to_owned)
}
