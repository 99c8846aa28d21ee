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
/// Where the permissions of folders and dashboards lie.
pub const PERMISSIONS: &str = "grafana/permissions.json";
/// Where annotations lie.
pub const ANNOTATIONS: &str = "grafana/annotations.json";
/// Where playlists lie.
pub const PLAYLISTS: &str = "grafana/playlists.json";
/// Where the settings of public dashboards lie.
pub const PUBLIC_DASHBOARDS: &str = "grafana/public-dashboards.json";
