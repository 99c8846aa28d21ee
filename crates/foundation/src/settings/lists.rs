//! The settings that are lists: columns of the alert list, and filters that have a name.

use std::collections::HashSet;

use aether_contract::{ALERT_COLUMNS, AlertState, MaintenancePreset, SavedFilter, Settings, Severity};
use toml_edit::{Array, ArrayOfTables, DocumentMut, Item, Table, value};

use crate::toml_values::put;

const COLUMNS: &str = "alert_columns";
const FILTERS: &str = "saved_filter";
const PRESETS: &str = "maintenance_preset";
const MAX_COLUMNS: usize = 12;
const MAX_FILTERS: usize = 50;
const MAX_PRESETS: usize = 20;
const MAX_MINUTES: u32 = 10_080;
const MAX_NAME: usize = 60;
const MAX_LINE: usize = 4096;
const MAX_VALUES: usize = 32;
const MAX_VALUE: usize = 256;

/// Says in words what is wrong with the lists.
pub fn check(settings: &Settings) -> Result<(), String> {
    let columns = &settings.alert_columns;
    if columns.len() > MAX_COLUMNS {
        return Err(format!("The alert list can have at most {MAX_COLUMNS} columns."));
    }
    let mut seen = HashSet::new();
    for column in columns {
        let known = ALERT_COLUMNS.contains(&column.as_str());
        let label =
            column.strip_prefix("label:").is_some_and(|name| !name.is_empty() && name.len() <= MAX_VALUE);
        if !known && !label {
            return Err(format!(
                "Unknown column `{}`: expected one of {} or label:NAME.",
                column.chars().take(40).collect::<String>(),
                ALERT_COLUMNS.join(", ")
            ));
        }
        if !seen.insert(column) {
            return Err(format!("Duplicate column {column}."));
        }
    }
    if settings.saved_filters.len() > MAX_FILTERS {
        return Err(format!("At most {MAX_FILTERS} filters can be saved. Delete one first."));
    }
    let mut names = HashSet::new();
    for filter in &settings.saved_filters {
        let length = filter.name.trim().chars().count();
        if length == 0 || length > MAX_NAME || filter.name.chars().any(char::is_control) {
            return Err(format!("A filter name must be 1 to {MAX_NAME} characters on one line."));
        }
        if !names.insert(filter.name.trim().to_lowercase()) {
            return Err(format!("A filter named \"{}\" already exists.", filter.name.trim()));
        }
        let many = filter.receivers.len() > MAX_VALUES || filter.group_by.len() > 4;
        let long = filter.receivers.iter().chain(&filter.group_by).any(|text| text.len() > MAX_VALUE);
        if filter.filter.len() > MAX_LINE || many || long {
            return Err(format!("The filter \"{}\" is too long to save.", filter.name.trim()));
        }
    }
    presets(&settings.maintenance_presets)
}

fn presets(presets: &[MaintenancePreset]) -> Result<(), String> {
    if presets.len() > MAX_PRESETS {
        return Err(format!("At most {MAX_PRESETS} presets can be saved. Delete one first."));
    }
    let mut names = HashSet::new();
    for preset in presets {
        let name = preset.name.trim();
        if name.is_empty() || name.chars().count() > MAX_NAME || name.chars().any(char::is_control) {
            return Err(format!("A preset name must be 1 to {MAX_NAME} characters on one line."));
        }
        if !names.insert(name.to_lowercase()) {
            return Err(format!("A preset named \"{name}\" already exists."));
        }
        if !(1..=MAX_MINUTES).contains(&preset.minutes) {
            return Err(format!("Preset \"{name}\" must last 1 to {MAX_MINUTES} minutes."));
        }
        if preset.reason.chars().count() > crate::author::MAX_REASON || preset.matchers.len() > MAX_LINE {
            return Err(format!("Preset \"{name}\" is too long."));
        }
        crate::matching::filter::matchers(&preset.matchers)
            .map_err(|error| format!("Preset \"{name}\": {}", error.message))?;
    }
    Ok(())
}

/// Puts the lists into the file. What an entry has beside the keys of this version stays with it.
pub fn write(doc: &mut DocumentMut, settings: &Settings) {
    doc.insert(COLUMNS, value(strings(settings.alert_columns.iter().map(String::as_str))));
    let mut presets = ArrayOfTables::new();
    let names: Vec<&str> = settings.maintenance_presets.iter().map(|preset| preset.name.trim()).collect();
    for (mut table, preset) in kept(doc, PRESETS, &names).into_iter().zip(&settings.maintenance_presets) {
        put(&mut table, "name", preset.name.trim().into());
        put(&mut table, "minutes", i64::from(preset.minutes).into());
        put(&mut table, "reason", preset.reason.as_str().into());
        put(&mut table, "matchers", preset.matchers.as_str().into());
        presets.push(table);
    }
    // An empty list is not the same as none: the standard one is gone.
    doc.insert(PRESETS, if presets.is_empty() { value(Array::new()) } else { Item::ArrayOfTables(presets) });
    if settings.saved_filters.is_empty() {
        doc.remove(FILTERS);
        return;
    }
    let mut tables = ArrayOfTables::new();
    let names: Vec<&str> = settings.saved_filters.iter().map(|filter| filter.name.trim()).collect();
    for (mut table, filter) in kept(doc, FILTERS, &names).into_iter().zip(&settings.saved_filters) {
        put(&mut table, "name", filter.name.trim().into());
        put(&mut table, "filter", filter.filter.as_str().into());
        let states = filter.states.iter().map(|state| state.as_str());
        let severities = filter.severities.iter().map(|severity| severity.as_str());
        for (key, list) in [
            ("states", strings(states)),
            ("severities", strings(severities)),
            ("receivers", strings(filter.receivers.iter().map(String::as_str))),
            ("group_by", strings(filter.group_by.iter().map(String::as_str))),
        ] {
            if list.is_empty() {
                table.remove(key);
            } else {
                put(&mut table, key, list.into());
            }
        }
        tables.push(table);
    }
    doc.insert(FILTERS, Item::ArrayOfTables(tables));
}

/// For each name the table that has it in the file now; for one that is new, what stands at its place and has a name
/// that is gone (it was renamed), else an empty one.
fn kept(doc: &DocumentMut, key: &str, names: &[&str]) -> Vec<Table> {
    let before = doc.get(key).cloned().and_then(|item| item.into_array_of_tables().ok());
    let before: Vec<Table> = before.map(|tables| tables.into_iter().collect()).unwrap_or_default();
    let name_of =
        |table: &Table| table.get("name").and_then(Item::as_str).unwrap_or_default().trim().to_owned();
    let of_name = |name: &str| before.iter().find(|table| name_of(table) == name);
    let at_place = |index: usize| before.get(index).filter(|table| !names.contains(&name_of(table).as_str()));
    let one = |(index, name): (usize, &&str)| {
        of_name(name).or_else(|| at_place(index)).cloned().unwrap_or_default()
    };
    names.iter().enumerate().map(one).collect()
}

/// Reads the lists.
pub fn read(table: &toml::Table, settings: &mut Settings) -> Result<(), String> {
    let wrong = |message: String| format!("settings.toml, {message}");
    if let Some(columns) = table.get(COLUMNS) {
        settings.alert_columns = texts(columns, COLUMNS).map_err(wrong)?;
    }
    if let Some(filters) = table.get(FILTERS) {
        let filters = filters
            .as_array()
            .ok_or_else(|| wrong(format!("`{FILTERS}`: expected [[{FILTERS}]] tables.")))?;
        settings.saved_filters = filters.iter().map(saved).collect::<Result<_, _>>().map_err(wrong)?;
    }
    if let Some(presets) = table.get(PRESETS) {
        let presets = presets
            .as_array()
            .ok_or_else(|| wrong(format!("`{PRESETS}`: expected [[{PRESETS}]] tables.")))?;
        settings.maintenance_presets = presets.iter().map(preset).collect::<Result<_, _>>().map_err(wrong)?;
    }
    check(settings).map_err(wrong)
}

fn preset(preset: &toml::Value) -> Result<MaintenancePreset, String> {
    let table = preset.as_table().ok_or_else(|| format!("`{PRESETS}`: expected a table."))?;
    let text = |key: &str| match table.get(key) {
        None => Ok(String::new()),
        Some(text) => {
            text.as_str().map(str::to_owned).ok_or_else(|| format!("`{PRESETS}.{key}`: expected a string."))
        }
    };
    let minutes = table.get("minutes").and_then(toml::Value::as_integer);
    Ok(MaintenancePreset {
        name: text("name")?,
        minutes: minutes
            .and_then(|minutes| u32::try_from(minutes).ok())
            .ok_or_else(|| format!("`{PRESETS}.minutes`: expected a whole number of minutes."))?,
        reason: text("reason")?,
        matchers: text("matchers")?,
    })
}

fn saved(filter: &toml::Value) -> Result<SavedFilter, String> {
    let table = filter.as_table().ok_or_else(|| format!("`{FILTERS}`: expected a table."))?;
    let text = |key: &str| match table.get(key) {
        None => Ok(String::new()),
        Some(text) => {
            text.as_str().map(str::to_owned).ok_or_else(|| format!("`{FILTERS}.{key}`: expected a string."))
        }
    };
    let list = |key: &str| {
        table.get(key).map_or_else(|| Ok(Vec::new()), |list| texts(list, &format!("{FILTERS}.{key}")))
    };
    Ok(SavedFilter {
        name: text("name")?,
        filter: text("filter")?,
        states: known(&AlertState::ALL.map(|one| (one, one.as_str())), &list("states")?, "states")?,
        severities: known(&Severity::ALL.map(|one| (one, one.as_str())), &list("severities")?, "severities")?,
        receivers: list("receivers")?,
        group_by: list("group_by")?,
    })
}

fn known<T: Copy>(table: &[(T, &'static str)], words: &[String], key: &str) -> Result<Vec<T>, String> {
    let one = |wanted: &String| {
        let found = table.iter().find(|(_, word)| word == wanted).map(|(value, _)| *value);
        let all: Vec<&str> = table.iter().map(|(_, word)| *word).collect();
        found.ok_or_else(|| format!("`{FILTERS}.{key}`: expected {}, found {wanted}.", all.join(", ")))
    };
    words.iter().map(one).collect()
}

fn texts(list: &toml::Value, key: &str) -> Result<Vec<String>, String> {
    let wrong = || format!("`{key}`: expected a list of strings.");
    let list = list.as_array().ok_or_else(wrong)?;
    list.iter().map(|text| text.as_str().map(str::to_owned).ok_or_else(wrong)).collect()
}

fn strings<'a>(texts: impl Iterator<Item = &'a str>) -> Array {
    texts.collect()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;
    use crate::{
        paths::Home,
        settings::{SettingsStore, default_settings},
    };

    fn filter(name: &str) -> SavedFilter {
        SavedFilter {
            name: name.into(),
            filter: "severity=\"critical\" disk".into(),
            states: vec![AlertState::Silenced, AlertState::Muted],
            severities: vec![Severity::Critical],
            receivers: vec!["pager".into()],
            group_by: vec!["job".into()],
        }
    }

    fn store() -> (tempfile::TempDir, Home, SettingsStore) {
        let root = tempfile::tempdir().unwrap();
        let home = Home::at(root.path());
        home.create().unwrap();
        let store = SettingsStore::load(&home);
        (root, home, store)
    }

    #[test]
    fn saved_filters_and_columns_survive_a_restart() {
        let (_root, home, store) = store();
        let wanted = Settings {
            alert_columns: vec!["label:job".into(), "state".into(), "receivers".into()],
            maintenance_presets: vec![MaintenancePreset {
                name: "DB".into(),
                minutes: 90,
                reason: "upgrade".into(),
                matchers: "job=~\"db.*\"".into(),
            }],
            saved_filters: vec![filter("VIP, loud"), SavedFilter { receivers: vec![], ..filter("other") }],
            ..default_settings()
        };
        assert_eq!(store.set(wanted.clone()).unwrap(), wanted);
        let again = SettingsStore::load(&home);
        assert_eq!((again.problem(), again.get()), (None, wanted));
        let none = Settings { maintenance_presets: Vec::new(), ..default_settings() };
        again.set(none.clone()).unwrap();
        assert_eq!(SettingsStore::load(&home).get(), none, "no preset is a choice, too");
        again.set(default_settings()).unwrap();
        assert_eq!(SettingsStore::load(&home).get(), default_settings());
    }

    fn of_a_newer_version() -> impl Strategy<Value = BTreeMap<String, String>> {
        proptest::collection::btree_map("z[a-z_]{0,8}", "[a-z \"]{0,6}", 1..4)
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(32))]

        #[test]
        fn settings_of_a_newer_version_survive_every_change(
            root in of_a_newer_version(),
            inside in of_a_newer_version(),
            minutes in 1_u32..600,
            renamed: bool,
        ) {
            let (_root, home, _) = store();
            let mut doc = DocumentMut::new();
            let fill = |table: &mut dyn toml_edit::TableLike, extra: &BTreeMap<String, String>| {
                for (key, text) in extra {
                    table.insert(key, value(text.as_str()));
                }
            };
            fill(doc.as_table_mut(), &root);
            for (list, names) in [(FILTERS, ["one", "two"]), (PRESETS, ["DB", "web"])] {
                let mut tables = ArrayOfTables::new();
                for name in names {
                    let mut table = Table::new();
                    table.insert("name", value(name));
                    table.insert("minutes", value(30));
                    fill(&mut table, &inside);
                    tables.push(table);
                }
                doc.insert(list, Item::ArrayOfTables(tables));
            }
            std::fs::write(home.settings_file(), doc.to_string()).unwrap();
            let store = SettingsStore::load(&home);
            prop_assert_eq!(store.problem(), None);
            let mut wanted = store.get();
            // One entry goes, the other is changed and perhaps renamed.
            wanted.maintenance_presets.remove(0);
            wanted.maintenance_presets[0].minutes = minutes;
            wanted.saved_filters.insert(1, filter("new"));
            if renamed {
                wanted.saved_filters[0].name = "other".to_owned();
            }
            store.set(wanted.clone()).unwrap();
            let again = SettingsStore::load(&home);
            prop_assert_eq!(again.get(), wanted);
            let after: DocumentMut = std::fs::read_to_string(home.settings_file()).unwrap().parse().unwrap();
            let has = |table: &Table, extra: &BTreeMap<String, String>| {
                extra.iter().all(|(key, text)| table.get(key).and_then(Item::as_str) == Some(text))
            };
            prop_assert!(has(after.as_table(), &root));
            for (list, index) in [(PRESETS, 0), (FILTERS, 0), (FILTERS, 2)] {
                let tables = after[list].as_array_of_tables().unwrap();
                prop_assert!(has(tables.get(index).unwrap(), &inside), "{} {}: {}", list, index, after);
            }
        }
    }

    #[test]
    fn lists_that_make_no_sense_are_refused_and_change_nothing() {
        let (_root, _home, store) = store();
        let columns = |list: &[&str]| Settings {
            alert_columns: list.iter().map(|name| (*name).to_owned()).collect(),
            ..default_settings()
        };
        let filters = |list: Vec<SavedFilter>| Settings { saved_filters: list, ..default_settings() };
        for (wrong, word) in [
            (columns(&["colour"]), "Unknown column"),
            (columns(&["label:"]), "Unknown column"),
            (columns(&["state", "state"]), "Duplicate column"),
            (filters(vec![filter("  ")]), "1 to 60"),
            (filters(vec![filter("a\nb")]), "1 to 60"),
            (filters(vec![filter("Disk"), filter("disk ")]), "already exists"),
            (filters(vec![SavedFilter { filter: "x".repeat(5000), ..filter("long") }]), "too long"),
            (
                Settings {
                    maintenance_presets: vec![MaintenancePreset {
                        name: "x".into(),
                        minutes: 30,
                        reason: String::new(),
                        matchers: "words only".into(),
                    }],
                    ..default_settings()
                },
                "Only matchers",
            ),
            (filters((0..51).map(|i| filter(&i.to_string())).collect()), "At most 50"),
        ] {
            let error = store.set(wrong).unwrap_err();
            assert!(error.message.contains(word), "{error}");
        }
        assert_eq!(store.get(), default_settings());
    }

    #[test]
    fn a_wrong_list_in_the_file_is_told_by_its_key() {
        for (text, key) in [
            ("alert_columns = \"state\"", "alert_columns"),
            ("saved_filter = 3", "saved_filter"),
            ("[[saved_filter]]\nname = 3", "saved_filter.name"),
            ("[[saved_filter]]\nname = \"a\"\nstates = [\"loud\"]", "saved_filter.states"),
        ] {
            let (_root, home, _) = store();
            std::fs::write(home.settings_file(), text).unwrap();
            let again = SettingsStore::load(&home);
            assert_eq!(again.get(), default_settings());
            assert!(again.problem().unwrap().message.contains(key), "{text}");
        }
    }
}
