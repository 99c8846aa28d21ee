//! How two states of the dashboards differ.

use crate::{BackupId, wire};

wire! {
    /// Compares a backup with another, or with what Grafana has now.
    pub struct BackupCompareRequest {
        /// The older side.
        pub from: BackupId,
        /// The newer side; none: Grafana now.
        #[serde(default)]
        pub to: Option<BackupId>,
    }
}

wire! {
    /// How a thing differs.
    #[derive(Copy, Eq, Hash)]
    pub enum Change {
        /// Only the newer side has it.
        Added,
        /// Only the older side has it.
        Removed,
        /// Both have it, and they differ.
        Changed,
        /// Both have it, and it is the same.
        Same,
    }
}

wire! {
    /// A difference inside a dashboard.
    #[derive(Eq)]
    pub struct DashboardChange {
        /// Panel's title; empty for the dashboard itself.
        pub panel: String,
        /// How.
        pub change: Change,
        /// What of it: `title`, `query A`, `thresholds`, `position`.
        pub field: String,
        /// How it is on the older side, at most 400 characters.
        pub before: String,
        /// How it is on the newer side, likewise.
        pub after: String,
    }
}

wire! {
    /// A dashboard on both sides.
    pub struct ComparedDashboard {
        /// Uid.
        pub uid: String,
        /// Title on the newer side, or on the older.
        pub title: String,
        /// Titles of its folders, from the top.
        pub folder: Vec<String>,
        /// How it differs.
        pub change: Change,
        /// In what, at most 200.
        pub changes: Vec<DashboardChange>,
    }
}

wire! {
    /// How two states differ. Dashboards that are the same are only counted.
    pub struct BackupComparison {
        /// The older side.
        pub from: BackupId,
        /// The newer side; none: Grafana now.
        pub to: Option<BackupId>,
        /// Dashboards that differ.
        pub dashboards: Vec<ComparedDashboard>,
        /// Dashboards that are the same.
        pub same: u32,
        /// Dashboards that could not be read, a sentence each.
        pub unread: Vec<String>,
    }
}

wire! {
    /// Asks how one dashboard differs, line by line.
    pub struct BackupDiffRequest {
        /// The older side.
        pub from: BackupId,
        /// The newer side; none: Grafana now.
        #[serde(default)]
        pub to: Option<BackupId>,
        /// Which dashboard.
        pub uid: String,
    }
}

wire! {
    /// A unified diff.
    pub struct TextDiff {
        /// Its lines; empty when both sides are the same.
        pub text: String,
    }
}
