//! Maintenance windows: silences that the panel starts, reads back, extends and ends.
//!
//! A window is a silence whose comment carries the panel's tag, so it outlives the panel. Every effect is
//! written to the journal before it is sent, goes to one member, and counts as done only when it has been read back.

pub mod affected_rules;
pub mod audit;
pub mod change;
pub mod closeout;
pub mod closest;
pub mod members;
pub mod past_windows;
pub mod preview;
pub mod quiet;
pub mod record;
pub mod recovery;
pub mod repair;
pub mod routing;
pub mod schedule;
pub mod scope;
pub mod silences;
pub mod start;
pub mod windows;

use std::sync::Arc;

use aether_context::Context;

use crate::history::AlertHistory;
use record::Records;
use schedule::Schedules;

/// Maintenance windows of all stacks.
pub struct Maintenance {
    ctx: Arc<Context>,
    history: Arc<AlertHistory>,
    records: Records,
    schedules: Schedules,
    /// One effect at a time.
    gate: tokio::sync::Mutex<()>,
}

impl Maintenance {
    /// Reads the windows that the panel started from the journal. One that can't be read gives none; its error is
    /// logged.
    pub fn load(ctx: Arc<Context>, history: Arc<AlertHistory>) -> Arc<Self> {
        let records = Records::load(&ctx.journal);
        let schedules = Schedules::default();
        Arc::new(Self { ctx, history, records, schedules, gate: tokio::sync::Mutex::new(()) })
    }

    /// The windows that the panel started.
    pub fn records(&self) -> &Records {
        &self.records
    }
}
