//! Which backups are kept, and which are deleted.

use crate::{BackupId, Timestamp, wire};

wire! {
    /// Which backups to keep. The newest complete one is always kept, and so are pinned ones.
    #[derive(Copy, Eq)]
    pub struct PrunePolicy {
        /// The newest so many.
        pub last: u32,
        /// The newest of each of the last so many days that have one.
        pub daily: u32,
        /// Likewise for weeks (Monday to Sunday).
        pub weekly: u32,
        /// Likewise for months.
        pub monthly: u32,
    }
}

wire! {
    /// A backup and what pruning does with it.
    pub struct PruneItem {
        /// Which.
        pub id: BackupId,
        /// When it was made.
        pub made_at: Timestamp,
        /// Why it was made.
        pub reason: String,
        /// Size in bytes.
        pub bytes: f64,
        /// Whether it stays.
        pub keep: bool,
        /// Why: "pinned", "newest of 2026-11-27".
        pub why: String,
    }
}

wire! {
    /// What a policy would delete.
    pub struct PrunePlan {
        /// Every backup, newest first.
        pub items: Vec<PruneItem>,
        /// Bytes that would become free.
        pub frees_bytes: f64,
    }
}

wire! {
    /// Deletes backups. Only what the preview showed: one that is pinned meanwhile stays.
    pub struct BackupDeleteRequest {
        /// Which.
        pub ids: Vec<BackupId>,
    }
}

wire! {
    /// What was deleted.
    pub struct BackupDeleted {
        /// They are gone.
        pub deleted: Vec<BackupId>,
        /// They are not, and why.
        pub kept: Vec<String>,
        /// Bytes that became free.
        pub freed_bytes: f64,
    }
}
