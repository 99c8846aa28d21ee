//! Restoring Prometheus' data: the steps for this very stack, and what came of it when the panel did them.

use crate::{BackupId, Timestamp, wire};

wire! {
    /// A step, with the command that does it by hand.
    #[derive(Eq)]
    pub struct DataStep {
        /// What it does.
        pub title: String,
        /// Command for a shell; empty when there is none.
        pub command: String,
    }
}

wire! {
    /// What restoring a backup's data would do. Nothing has been changed.
    pub struct DataRestorePlan {
        /// From which backup.
        pub id: BackupId,
        /// Where Prometheus' data is: a folder, or a folder in a container.
        pub target: String,
        /// The container; empty when Prometheus runs in none that is known.
        pub container: String,
        /// Blocks that are put in.
        pub blocks: u32,
        /// Their size in bytes.
        pub bytes: f64,
        /// First sample; none without blocks.
        pub from: Option<Timestamp>,
        /// End of the last block; none without blocks.
        pub to: Option<Timestamp>,
        /// Blocks that Prometheus will delete again, because they are older than its retention.
        pub expired: u32,
        /// Bytes that are free where the data is; none when that can't be told.
        pub free_bytes: Option<f64>,
        /// The steps, in order.
        pub steps: Vec<DataStep>,
        /// The steps that put the data of before back.
        pub back: Vec<DataStep>,
        /// Whether the panel can do them, through Docker.
        pub by_panel: bool,
        /// What is worth knowing, or why the panel can't do them; a sentence each.
        pub notes: Vec<String>,
        /// Stands for exactly this plan; sent back to carry it out.
        pub digest: String,
    }
}

wire! {
    /// Lets the panel carry a plan out: Prometheus is stopped meanwhile.
    pub struct DataRestoreRequest {
        /// From which backup.
        pub id: BackupId,
        /// The plan's digest.
        pub digest: String,
        /// Who. Empty: the OS user.
        #[serde(default)]
        pub created_by: String,
    }
}

wire! {
    /// Whether Prometheus has a backup's data.
    pub struct DataCheck {
        /// Which backup.
        pub id: BackupId,
        /// Blocks of it whose samples Prometheus answers with.
        pub answered: u32,
        /// Blocks of it within Prometheus' retention.
        pub expected: u32,
        /// Folder with the data of before, as the container or the machine calls it; empty when none was moved.
        pub kept: String,
        /// What is worth knowing, a sentence each.
        pub notes: Vec<String>,
    }
}
