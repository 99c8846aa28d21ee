//! A dashboard's JSON, in each of the forms that Grafana and other tools write: what it says, where its panels are, and
//! what it refers to. Pure; nothing is asked and nothing is written.

mod document;
mod outline;
pub mod references;
pub mod v2;

use serde_json::Value;

pub use document::{DashboardMeta, Document, Resource, Source, document, is_v2, schema};
pub use outline::{number, outline, panels, strings};

/// Largest dashboard that is read, in bytes.
pub const MAX_DASHBOARD: u64 = 64 * 1024 * 1024;

/// Whether JSON that may be anything is one.
pub fn looks_like_dashboard(data: &Value) -> bool {
    is_v2(data)
        || ["panels", "rows", "schemaVersion", "templating"].iter().any(|key| data.get(*key).is_some())
}
