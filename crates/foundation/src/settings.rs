//! Settings of the panel itself: `settings.toml` in the config folder. A wrong file is never overwritten in silence:
//! the defaults hold, the problem is told, and the next change moves the file aside.

mod lists;

use std::{
    path::{Path, PathBuf},
    sync::{Mutex, MutexGuard, PoisonError},
};

use aether_contract::{ErrorCode, MaintenancePreset, PanelError, Settings, Theme};

use crate::paths::{self, Home};

/// Defaults.
pub fn default_settings() -> Settings {
    Settings {
        theme: Theme::System,
        prometheus_interval_s: 15,
        alertmanager_interval_s: 10,
        grafana_interval_s: 30,
        trend_hours: 6,
        max_window_minutes: 480,
        history_days: 90,
        backup_every_h: 0,
        notices: true,
        sound: false,
        quiet_from: 0,
        quiet_until: 0,
        alert_columns: ["severity", "tenant", "value", "since", "state"].map(str::to_owned).into(),
        saved_filters: Vec::new(),
        maintenance_presets: vec![MaintenancePreset {
            name: "Rolling deploy".to_owned(),
            minutes: 30,
            reason: "Rolling deploy ".to_owned(),
            matchers: String::new(),
        }],
    }
}

/// A numeric setting: its key in the file, what it is in words, and its range.
struct Number {
    key: &'static str,
    title: &'static str,
    range: std::ops::RangeInclusive<u32>,
    field: fn(&mut Settings) -> &mut u32,
}

const NUMBERS: [Number; 9] = [
    Number {
        key: "prometheus_interval_s",
        title: "Prometheus poll interval (s)",
        range: 1..=3600,
        field: |settings| &mut settings.prometheus_interval_s,
    },
    Number {
        key: "alertmanager_interval_s",
        title: "Alertmanager poll interval (s)",
        range: 1..=3600,
        field: |settings| &mut settings.alertmanager_interval_s,
    },
    Number {
        key: "grafana_interval_s",
        title: "Grafana poll interval (s)",
        range: 1..=3600,
        field: |settings| &mut settings.grafana_interval_s,
    },
    Number {
        key: "trend_hours",
        title: "Trend length (hours)",
        range: 1..=168,
        field: |settings| &mut settings.trend_hours,
    },
    Number {
        key: "max_window_minutes",
        title: "Maximum maintenance window (minutes)",
        range: 1..=10_080,
        field: |settings| &mut settings.max_window_minutes,
    },
    Number {
        key: "history_days",
        title: "Alert history (days)",
        range: 1..=3650,
        field: |settings| &mut settings.history_days,
    },
    Number {
        key: "backup_every_h",
        title: "Backup interval (hours)",
        range: 0..=720,
        field: |settings| &mut settings.backup_every_h,
    },
    Number {
        key: "quiet_from",
        title: "Start of quiet hours (minutes after midnight)",
        range: 0..=1439,
        field: |settings| &mut settings.quiet_from,
    },
    Number {
        key: "quiet_until",
        title: "End of quiet hours (minutes after midnight)",
        range: 0..=1439,
        field: |settings| &mut settings.quiet_until,
    },
];

/// A setting that is on or off: its key in the file.
struct Switch {
    key: &'static str,
    field: fn(&mut Settings) -> &mut bool,
}

const SWITCHES: [Switch; 2] = [
    Switch { key: "notices", field: |settings| &mut settings.notices },
    Switch { key: "sound", field: |settings| &mut settings.sound },
];

/// The settings in force.
pub struct SettingsStore {
    path: PathBuf,
    state: Mutex<State>,
}

struct State {
    settings: Settings,
    problem: Option<PanelError>,
}

impl SettingsStore {
    /// Reads the settings. A missing file means defaults; a wrong one too, and [`Self::problem`] says so.
    pub fn load(home: &Home) -> Self {
        let path = home.settings_file();
        let (settings, problem) = match paths::read_small(&path) {
            Ok(text) => match parse(&text, &path) {
                Ok(settings) => (settings, None),
                Err(problem) => (default_settings(), Some(problem)),
            },
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => (default_settings(), None),
            Err(error) => (default_settings(), Some(paths::storage("read", &path, &error))),
        };
        if let Some(problem) = &problem {
            tracing::warn!(error = %problem, "invalid settings; using defaults");
        }
        Self { path, state: Mutex::new(State { settings, problem }) }
    }

    /// Reads the file anew: another process may have changed it. A wrong one leaves the last good settings in
    /// force. Tells whether anything is other than before.
    pub fn reload_if_changed(&self) -> bool {
        let mut state = self.lock();
        let read = match paths::read_small(&self.path) {
            Ok(text) => parse(&text, &self.path),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return false,
            Err(error) => Err(paths::storage("read", &self.path, &error)),
        };
        let (settings, problem) = match read {
            Ok(settings) => (settings, None),
            Err(problem) => (state.settings.clone(), Some(problem)),
        };
        let changed = state.settings != settings || state.problem != problem;
        (state.settings, state.problem) = (settings, problem);
        changed
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The settings in force.
    pub fn get(&self) -> Settings {
        self.lock().settings.clone()
    }

    /// Why the file was refused, for a banner.
    pub fn problem(&self) -> Option<PanelError> {
        self.lock().problem.clone()
    }

    /// Checks, writes and takes `settings` into force. Comments and keys of a newer version in the file stay.
    ///
    /// # Errors
    /// `invalid-request` for a value out of range, `storage` when the file can't be written; what held before goes on.
    pub fn set(&self, mut settings: Settings) -> Result<Settings, PanelError> {
        for number in &NUMBERS {
            let value = *(number.field)(&mut settings);
            if !number.range.contains(&value) {
                return Err(out_of_range(number, i64::from(value), ErrorCode::InvalidRequest, "settings"));
            }
        }
        lists::check(&settings)
            .map_err(|message| PanelError::new(ErrorCode::InvalidRequest, "settings", message))?;
        let mut state = self.lock();
        let failed = |error: std::io::Error| paths::storage("write", &self.path, &error);
        let text = paths::read_small(&self.path).unwrap_or_default();
        let mut doc = match text.parse::<toml_edit::DocumentMut>() {
            Ok(doc) => doc,
            Err(_) => {
                move_aside(&self.path).map_err(failed)?;
                toml_edit::DocumentMut::new()
            }
        };
        put(&mut doc, "theme", theme_name(settings.theme).into());
        for number in &NUMBERS {
            put(&mut doc, number.key, i64::from(*(number.field)(&mut settings)).into());
        }
        for switch in &SWITCHES {
            put(&mut doc, switch.key, (*(switch.field)(&mut settings)).into());
        }
        // Left alone when they are as they were: a person's comments may stand in them.
        if state.problem.is_some()
            || state.settings.alert_columns != settings.alert_columns
            || state.settings.saved_filters != settings.saved_filters
            || state.settings.maintenance_presets != settings.maintenance_presets
        {
            lists::write(&mut doc, &settings);
        }
        paths::write_atomically(&self.path, doc.to_string().as_bytes()).map_err(failed)?;
        *state = State { settings: settings.clone(), problem: None };
        Ok(settings)
    }
}

fn put(doc: &mut toml_edit::DocumentMut, key: &str, value: toml_edit::Value) {
    match doc.get_mut(key).and_then(toml_edit::Item::as_value_mut) {
        Some(old) => {
            let decor = old.decor().clone();
            *old = value;
            *old.decor_mut() = decor;
        }
        None => {
            doc.insert(key, toml_edit::Item::Value(value));
        }
    }
}

fn move_aside(path: &Path) -> std::io::Result<()> {
    match std::fs::rename(path, path.with_extension("toml.broken")) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

fn theme_name(theme: Theme) -> &'static str {
    match theme {
        Theme::System => "system",
        Theme::Dark => "dark",
        Theme::Light => "light",
    }
}

fn out_of_range(number: &Number, value: i64, code: ErrorCode, source: &str) -> PanelError {
    let (from, to) = (number.range.start(), number.range.end());
    PanelError::new(code, source, format!("{}: expected {from} to {to}, found {value}.", number.title))
}

/// Reads the file. Unknown keys are let through: an older panel must start on a newer one's settings.
fn parse(text: &str, path: &Path) -> Result<Settings, PanelError> {
    let source = path.display().to_string();
    let wrong = |message: String| PanelError::new(ErrorCode::InvalidConfig, source.clone(), message);
    let table: toml::Table = text.parse().map_err(|error: toml::de::Error| {
        let line =
            error.span().map_or(1, |span| text.get(..span.start).unwrap_or("").matches('\n').count() + 1);
        wrong(format!("settings.toml, line {line}: {}.", error.message()))
    })?;
    let mut settings = default_settings();
    if let Some(theme) = table.get("theme") {
        settings.theme = match theme.as_str() {
            Some("system") => Theme::System,
            Some("dark") => Theme::Dark,
            Some("light") => Theme::Light,
            _ => {
                let expected = "expected \"system\", \"dark\" or \"light\"";
                return Err(wrong(format!("settings.toml, `theme`: {expected}, found {theme}.")));
            }
        };
    }
    for switch in &SWITCHES {
        let Some(value) = table.get(switch.key) else { continue };
        let Some(value) = value.as_bool() else {
            return Err(wrong(format!(
                "settings.toml, `{}`: expected true or false, found {value}.",
                switch.key
            )));
        };
        *(switch.field)(&mut settings) = value;
    }
    for number in &NUMBERS {
        let Some(value) = table.get(number.key) else { continue };
        let Some(value) = value.as_integer() else {
            return Err(wrong(format!(
                "settings.toml, `{}`: expected a whole number, found {value}.",
                number.key
            )));
        };
        match u32::try_from(value) {
            Ok(inside) if number.range.contains(&inside) => *(number.field)(&mut settings) = inside,
            _ => return Err(out_of_range(number, value, ErrorCode::InvalidConfig, &source)),
        }
    }
    lists::read(&table, &mut settings).map_err(wrong)?;
    Ok(settings)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn home() -> (tempfile::TempDir, Home) {
        let root = tempfile::tempdir().unwrap();
        let home = Home::at(root.path());
        home.create().unwrap();
        (root, home)
    }

    #[test]
    fn settings_survive_a_restart_and_comments_survive_a_change() {
        let (_root, home) = home();
        std::fs::write(home.settings_file(), "# mine\ntrend_hours = 12 # half a day\nfuture_key = true\n")
            .unwrap();
        let store = SettingsStore::load(&home);
        assert_eq!(store.get(), Settings { trend_hours: 12, ..default_settings() });
        let wanted = Settings { theme: Theme::Dark, trend_hours: 24, ..default_settings() };
        assert_eq!(store.set(wanted.clone()).unwrap(), wanted);
        let text = std::fs::read_to_string(home.settings_file()).unwrap();
        assert!(text.starts_with("# mine\ntrend_hours = 24 # half a day\nfuture_key = true\n"), "{text}");
        assert_eq!(SettingsStore::load(&home).get(), wanted);
    }

    #[test]
    fn a_value_out_of_range_changes_nothing() {
        let (_root, home) = home();
        let store = SettingsStore::load(&home);
        for wrong in [
            Settings { prometheus_interval_s: 0, ..default_settings() },
            Settings { grafana_interval_s: 3601, ..default_settings() },
            Settings { trend_hours: 169, ..default_settings() },
            Settings { max_window_minutes: 10_081, ..default_settings() },
        ] {
            assert_eq!(store.set(wrong).unwrap_err().code, ErrorCode::InvalidRequest);
        }
        assert_eq!(store.get(), default_settings());
        assert!(!home.settings_file().exists());
    }

    #[test]
    fn a_wrong_file_means_defaults_and_is_told() {
        let (_root, home) = home();
        for (text, key) in [
            ("trend_hours = 0", "Trend length (hours)"),
            ("trend_hours = -5", "Trend length (hours)"),
            ("theme = \"pink\"", "`theme`"),
            ("prometheus_interval_s = \"15\"", "`prometheus_interval_s`"),
            ("\n\ntrend_hours = = 3", "line 3"),
        ] {
            std::fs::write(home.settings_file(), text).unwrap();
            let store = SettingsStore::load(&home);
            assert_eq!(store.get(), default_settings());
            let problem = store.problem().unwrap();
            assert_eq!(problem.code, ErrorCode::InvalidConfig);
            assert!(problem.message.contains(key), "{problem}");
        }
        let store = SettingsStore::load(&home);
        store.set(default_settings()).unwrap();
        assert_eq!(store.problem(), None);
        let kept = std::fs::read_to_string(home.config.join("settings.toml.broken")).unwrap();
        assert!(kept.contains("= = 3"), "the broken file is kept");
    }
}
