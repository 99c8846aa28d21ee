//! Backups of a stack that can be proven, and restores that can be undone.
//!
//! A backup is a folder that is built under a name which nobody lists, flushed to the disk, and renamed when
//! it is whole. From then on the panel never writes into it; what it learns later (a pin, a verification) lies
//! beside it. Nothing is believed about a backup's content: every path is checked, no symbolic link is
//! followed, every size has a limit.

pub mod archive;
pub mod archive_reader;
pub mod build;
pub mod compare;
pub mod create;
pub mod dashboard;
#[cfg(any(test, fuzzing))]
pub mod fuzz;
pub mod git;
mod inside;
pub mod layout;
pub mod manifest;
pub mod metadata;
pub mod name;
pub(crate) mod parts;
mod permissions;
pub mod prune;
pub mod reader;
pub mod remote;
pub mod restore;
pub mod schedule;
pub mod store;
mod third_party;
mod unpack;
mod unpacked_cache;
pub mod verify;

use std::sync::{Arc, Mutex, PoisonError};

use aether_context::{Context, session::StackSession};
use aether_contract::{BackupList, BackupsSummary, ErrorCode, PanelError, Timestamp};

use store::{Listing, Store};

/// Backups of all stacks.
pub struct Backups {
    ctx: Arc<Context>,
    listing: Mutex<Listing>,
    tried: Mutex<Option<Timestamp>>,
}

impl Backups {
    /// Nothing is read yet.
    pub fn new(ctx: Arc<Context>) -> Arc<Self> {
        Arc::new(Self { ctx, listing: Mutex::default(), tried: Mutex::default() })
    }

    /// Reads the stack's folder of backups again.
    ///
    /// # Errors
    /// `storage`.
    pub async fn read_backups(self: &Arc<Self>, live: &StackSession) -> Result<BackupList, PanelError> {
        let store = Store::of(&live.profile, &self.ctx.home.data);
        let backups = Arc::clone(self);
        let read = tokio::task::spawn_blocking(move || {
            let listing = || backups.listing.lock().unwrap_or_else(PoisonError::into_inner);
            // Not under the lock: whoever publishes the snapshot reads the list.
            let mut cache = std::mem::take(&mut listing().cache);
            let read = store.list(&mut cache);
            listing().take(&store, cache, read)
        });
        let list = read.await.unwrap_or_else(|error| {
            Err(PanelError::new(ErrorCode::Internal, "backups", "Failed to read the backups.")
                .with_detail(error.to_string()))
        });
        self.ctx.changed.notify_one();
        list
    }

    /// When a scheduled backup was last made or tried; `now` records a new time.
    pub fn tried(&self, now: Option<Timestamp>) -> Option<Timestamp> {
        let mut tried = self.tried.lock().unwrap_or_else(PoisonError::into_inner);
        *tried = now.or(*tried);
        *tried
    }

    /// The count, the newest backup and the running job, as every screen shows them.
    pub fn summary(&self, live: &StackSession, now: Timestamp) -> BackupsSummary {
        let listing = self.listing.lock().unwrap_or_else(PoisonError::into_inner);
        let root = Store::of(&live.profile, &self.ctx.home.data);
        let last = listing.last.as_ref().filter(|(known, _)| known == root.root());
        let mut summary = BackupsSummary {
            revision: listing.revision,
            job: self.ctx.jobs.shown(),
            ..BackupsSummary::default()
        };
        match last {
            Some((_, Ok(list))) => {
                summary.count = Some(u32::try_from(list.backups.len()).unwrap_or(u32::MAX));
                summary.newest = store::newest(list, now);
            }
            Some((_, Err(error))) => summary.error = Some(error.clone()),
            None => {}
        }
        summary
    }
}
