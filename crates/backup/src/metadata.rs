//! What the panel knows of a backup beside it: kept next to its folder, which is never written into again.

use std::collections::BTreeMap;

use aether_contract::Timestamp;
use serde::{Deserialize, Serialize};

/// Most problems kept of a verification.
pub const MAX_PROBLEMS: usize = 1_000;

/// What was learned of a backup after it was made.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct MetadataCache {
    /// Kept whatever the pruning says.
    pub pinned: bool,
    /// When all of it was last held against its hashes.
    pub verified_at: Option<Timestamp>,
    /// What was found wrong then.
    pub problems: Vec<String>,
    /// Where a whole copy lies, and since when.
    pub elsewhere: BTreeMap<String, Timestamp>,
    /// What the import of an archive left out, in a sentence; empty for nothing.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub left_out: String,
}
