//! What a panel does without being asked: it publishes what changed, and watches the clock, the profile files and the
//! folder of backups.

use std::{sync::Arc, time::Duration};

use aether_backup::{schedule, store::Store};
use aether_context::poll::JumpWatch;
use aether_contract::PanelError;

use crate::capabilities::Capabilities;

/// Shortest distance of two deltas.
const COALESCE: Duration = Duration::from_millis(250);

/// How often what is shown is checked for having become stale.
const TICK: Duration = Duration::from_secs(1);

/// How often profile files are checked for changes.
const RELOAD: Duration = Duration::from_secs(2);

/// How often the folder of backups is read: other programs may change it.
const BACKUPS: Duration = Duration::from_secs(30);

/// Publishes what changed, and what has become too old meanwhile.
pub async fn publish_changes(caps: Arc<Capabilities>) {
    loop {
        let _ = tokio::time::timeout(TICK, caps.ctx.changed.notified()).await;
        caps.ctx.publish();
        caps.dispatch_notifications();
        tokio::time::sleep(COALESCE).await;
    }
}

/// Watches the clock and the profile files.
pub async fn watch(caps: Arc<Capabilities>) {
    let mut jumps = JumpWatch::new();
    let mut ticks: u32 = 0;
    clear_partial_backups(&caps).await;
    loop {
        if u64::from(ticks).is_multiple_of(BACKUPS.as_secs()) || ticks == 1 {
            let live = caps.ctx.live();
            // Windows that the shell, or a window beside this daemon, has started are closed out by whoever
            // looks after them.
            let shared = Arc::clone(&caps);
            let _ = caps
                .ctx
                .journaled(move |journal| {
                    shared.maintenance.records().learn(journal);
                    Ok(())
                })
                .await;
            // What is wrong with the folder stands in the snapshot.
            if let Ok(list) = caps.backups.read_backups(&live).await
                && caps.ctx.is_leader(&live)
            {
                schedule::look(&caps.backups, &list);
            }
        }
        tokio::time::sleep(TICK).await;
        if jumps.jumped() {
            tracing::info!("clock jump or system sleep detected; polling everything");
            caps.ctx.live().wake_all();
        }
        ticks = ticks.wrapping_add(1);
        if u64::from(ticks).is_multiple_of(RELOAD.as_secs()) {
            let stacks = Arc::clone(&caps.ctx.stacks);
            let shared = Arc::clone(&caps);
            let looked = tokio::task::spawn_blocking(move || {
                (stacks.reload_if_changed(), shared.ctx.settings.reload_if_changed())
            });
            match looked.await {
                Ok((true, _)) => caps.ctx.reloaded(),
                Ok((_, true)) => {
                    caps.ctx.changed.notify_one();
                    // They may say that a backup is due.
                    ticks = 0;
                }
                _ => {}
            }
        }
    }
}

/// Clears away what a killed panel has left of a backup, unless another process is at work on one.
async fn clear_partial_backups(caps: &Capabilities) {
    let store = Store::of(&caps.ctx.live().profile, &caps.ctx.home.data);
    let cleared = tokio::task::spawn_blocking(move || {
        if store.root().is_dir() {
            drop(store.lock()?);
        }
        Ok::<_, PanelError>(())
    });
    if let Ok(Err(error)) = cleared.await {
        tracing::info!(code = error.code.as_str(), "failed to clean up the backup folder");
    }
}
