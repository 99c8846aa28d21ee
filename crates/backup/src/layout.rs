//! Where things lie in a backup, all paths from its folder.

/// Where dashboards lie in a backup.
pub const DASHBOARDS: &str = "grafana/dashboards/";
/// Where a snapshot's blocks lie in a backup.
pub const SNAPSHOT: &str = "prometheus/snapshot/";
/// Where library panels lie.
pub const LIBRARY: &str = "grafana/library-panels.json";
/// Where data sources lie.
pub const DATA_SOURCES: &str = "grafana/data-sources.json";
/// Where folders lie.
pub const FOLDERS: &str = "grafana/folders.json";
