//! Settings of the panel itself (not of a stack).

use crate::{AlertState, Severity, wire};

wire! {
    /// Colour scheme.
    #[derive(Copy, Eq, Default)]
    pub enum Theme {
        /// As the desktop says.
        #[default]
        System,
        /// Dark.
        Dark,
        /// Light.
        Light,
    }
}

wire! {
    /// What a person may set. Written to `settings.toml` in the config folder.
    pub struct Settings {
        /// Colour scheme.
        pub theme: Theme,
        /// Seconds between polls of Prometheus (1 to 3600).
        pub prometheus_interval_s: u32,
        /// Seconds between polls of Alertmanager (1 to 3600).
        pub alertmanager_interval_s: u32,
        /// Seconds between polls of Grafana (1 to 3600).
        pub grafana_interval_s: u32,
        /// Hours that the sparklines span (1 to 168).
        pub trend_hours: u32,
        /// Longest maintenance window, in minutes (1 to 10080).
        pub max_window_minutes: u32,
        /// Days that the history of alerts is kept (1 to 3650).
        pub history_days: u32,
        /// Hours between backups that an open panel makes by itself (0 to 720); 0: none.
        pub backup_every_h: u32,
        /// Whether the desktop tells of new critical and VIP alerts, lost servers and windows about to end.
        pub notices: bool,
        /// Whether a sound goes with them.
        pub sound: bool,
        /// Begin of the quiet hours, in minutes after local midnight (0 to 1439).
        pub quiet_from: u32,
        /// End of the quiet hours, likewise; the same as the begin: there are none.
        pub quiet_until: u32,
        /// Columns of the alert list behind the alert's name, in order: [`ALERT_COLUMNS`], or `label:NAME` for
        /// a label's value. At most 12.
        pub alert_columns: Vec<String>,
        /// Filters of the alert list that have a name, at most 50, each name once.
        pub saved_filters: Vec<SavedFilter>,
        /// Maintenance windows that are often started, at most 20, each name once.
        pub maintenance_presets: Vec<MaintenancePreset>,
    }
}

wire! {
    /// A maintenance window that is often started.
    #[derive(Eq)]
    pub struct MaintenancePreset {
        /// Its name: 1 to 60 characters.
        pub name: String,
        /// Length in minutes (1 to 10080).
        pub minutes: u32,
        /// Why; what the form begins with.
        #[serde(default)]
        pub reason: String,
        /// What it mutes, as matchers on one line. Empty: every alert but the heartbeat.
        #[serde(default)]
        pub matchers: String,
    }
}

/// Columns that the alert list offers beside labels.
pub const ALERT_COLUMNS: [&str; 6] = ["severity", "tenant", "value", "since", "state", "receivers"];

wire! {
    /// What the alert list was asked for, under a name.
    pub struct SavedFilter {
        /// Its name: 1 to 60 characters.
        pub name: String,
        /// The filter line.
        pub filter: String,
        /// Only these states. Empty: all but resolved.
        #[serde(default)]
        pub states: Vec<AlertState>,
        /// Only these severities. Empty: all.
        #[serde(default)]
        pub severities: Vec<Severity>,
        /// Only these receivers. Empty: all.
        #[serde(default)]
        pub receivers: Vec<String>,
        /// Labels to group by.
        #[serde(default)]
        pub group_by: Vec<String>,
    }
}

wire! {
    /// Facts about this installation.
    pub struct About {
        /// Version of the panel.
        pub version: String,
        /// Folder of profiles and settings.
        pub config_dir: String,
        /// Folder of the journal.
        pub data_dir: String,
        /// Folder of the log.
        pub log_dir: String,
        /// Which other process looks after the stack (scheduled backups, recurring windows, close-outs,
        /// history); empty: this one.
        pub keeper: String,
    }
}
