//! Work that takes a while.

use crate::{Timestamp, wire};

wire! {
    /// Work that takes a while. It goes on whatever is on the screen.
    pub struct Job {
        /// Number of the job.
        pub id: u32,
        /// What it is: "Backup", "Verifying 2026-11-27_14-05".
        pub title: String,
        /// What it does now: "dashboards".
        pub stage: String,
        /// Things done.
        pub done: u32,
        /// Things in all; none while that is unknown.
        pub total: Option<u32>,
        /// Bytes done.
        pub bytes: f64,
        /// Since when.
        pub started_at: Timestamp,
        /// Seconds that it is likely to take still.
        pub eta_s: Option<u32>,
        /// Whether somebody has asked to end it.
        pub cancelling: bool,
    }
}

wire! {
    /// Ends work that is going on.
    #[derive(Copy, Eq)]
    pub struct JobCancelRequest {
        /// Which.
        pub id: u32,
    }
}
