//! History of alerts: every episode, kept in the journal's database. What the panel sees is written as it happens; the
//! time that it was closed is filled in from Prometheus' own series `ALERTS`.
//!
//! Refuses to guess: an end that nobody saw is the last time that the alert was seen firing.

mod backfill;
mod page;
mod store;
mod track;

use aether_context::Context;
use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::Instant,
};

use aether_contract::{AlertHistoryPage, AlertHistoryRequest, PanelError, Timestamp};

use aether_context::{alert_index::join::AlertIndex, session::StackSession};
use aether_foundation::clock;
pub use backfill::{FIRING, runs};
pub use store::Kept;
use store::Store;
use track::Tracker;

/// How often the changing fields of open episodes (last seen, values, muted time) are saved.
const WRITE_MS: i64 = 60_000;
/// How often episodes past the retention are deleted.
const PRUNE_MS: i64 = 3_600_000;

/// The history of the alerts of all stacks.
pub struct AlertHistory {
    ctx: Arc<Context>,
    store: Arc<Store>,
    state: Mutex<HashMap<String, StackHistory>>,
}

struct StackHistory {
    tracker: Tracker,
    /// Up to when the record reached when this run began; filled in from there once.
    known_until: Option<Timestamp>,
    filled: Filled,
    pruned: Timestamp,
}

/// Whether the time that the panel was closed is filled in.
#[derive(Debug, Clone, PartialEq)]
enum Filled {
    Not,
    Running,
    Done,
    /// Not, and why; tried again later.
    Failed(String, Instant),
}

impl AlertHistory {
    /// Opens it beside the journal.
    ///
    /// # Errors
    /// `storage`.
    pub fn open(ctx: Arc<Context>) -> Result<Arc<Self>, PanelError> {
        let store = Arc::new(Store::open(ctx.journal.path())?);
        Ok(Arc::new(Self { ctx, store, state: Mutex::default() }))
    }

    /// What has fired on the selected stack.
    ///
    /// # Errors
    /// `invalid-request` for a range or filter that is none, `storage`.
    pub fn page(
        &self,
        live: &StackSession,
        request: &AlertHistoryRequest,
    ) -> Result<AlertHistoryPage, PanelError> {
        let note = match self.filled(&live.profile.name) {
            Filled::Failed(why, _) => why,
            Filled::Running => "Backfilling history for the time the panel was closed.".to_owned(),
            Filled::Not | Filled::Done => String::new(),
        };
        let mut page = page::page(&self.store, &live.profile, request, clock::now())?;
        page.note = note;
        Ok(page)
    }

    /// Episodes of a stack that touch a range, the newest first.
    ///
    /// # Errors
    /// `storage`.
    pub fn between(&self, stack: &str, from: Timestamp, to: Timestamp) -> Result<Vec<Kept>, PanelError> {
        self.store.between(stack, from, to)
    }

    /// Episodes by alert name in a range.
    ///
    /// # Errors
    /// `storage`.
    pub fn counted(
        &self,
        stack: &str,
        from: Timestamp,
        to: Timestamp,
    ) -> Result<HashMap<String, u32>, PanelError> {
        self.store.counted(stack, from, to)
    }

    /// Up to when the record of a stack reached when this run began.
    fn known_until(&self, stack: &str) -> Option<Timestamp> {
        let state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.get(stack).and_then(|known| known.known_until)
    }

    fn filled(&self, stack: &str) -> Filled {
        let state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.get(stack).map_or(Filled::Not, |known| known.filled.clone())
    }

    fn set_filled(&self, stack: &str, filled: Filled) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = state.get_mut(stack) {
            known.filled = filled;
        }
    }

    /// Leaves the record of a stack to another process.
    fn forget(&self, stack: &str) {
        self.state.lock().unwrap_or_else(PoisonError::into_inner).remove(stack);
    }

    /// Takes a list of alerts down. Waits for the disk when something began or ended.
    fn record(
        &self,
        stack: &str,
        index: &AlertIndex,
        now: Timestamp,
        keep_days: u32,
    ) -> Result<(), PanelError> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let known = match state.entry(stack.to_owned()) {
            std::collections::hash_map::Entry::Occupied(entry) => entry.into_mut(),
            std::collections::hash_map::Entry::Vacant(entry) => entry.insert(StackHistory {
                known_until: self.store.known_until(stack)?,
                tracker: Tracker::resume(self.store.open_episodes(stack)?),
                filled: Filled::Not,
                pruned: Timestamp(0),
            }),
        };
        let changes = known.tracker.see(&index.rows, now, WRITE_MS);
        if !changes.is_empty() {
            self.store.write(stack, &changes)?;
        }
        if now.millis_since(known.pruned) > PRUNE_MS {
            known.pruned = now;
            self.store.prune(now.plus_millis(-i64::from(keep_days) * 86_400_000))?;
        }
        Ok(())
    }
}

/// Takes the newest list of a stack down, if it can be trusted, and fills in what was missed. Called after every join.
pub async fn record(history: &Arc<AlertHistory>, live: &Arc<StackSession>) {
    if !history.ctx.is_leader(live) {
        // Whoever does it writes meanwhile: go on from there when it is this one's turn.
        history.forget(&live.profile.name);
        return;
    }
    let index = {
        let state = live.state();
        // Another list says nothing about what has ended.
        if !state.index_complete {
            return;
        }
        Arc::clone(&state.index)
    };
    let (shared, stack) = (Arc::clone(history), live.profile.name.clone());
    let keep_days = history.ctx.settings.get().history_days;
    let written =
        tokio::task::spawn_blocking(move || shared.record(&stack, &index, clock::now(), keep_days)).await;
    match written {
        Ok(Ok(())) => {}
        Ok(Err(error)) => {
            tracing::warn!(code = error.code.as_str(), %error, "failed to save an alert episode")
        }
        Err(error) => tracing::error!(%error, "failed to save the history"),
    }
    backfill::fill(history, live);
}
