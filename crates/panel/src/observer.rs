//! How capabilities follow what pollers read: the context calls none of them and notifies this instead.

use std::sync::{Arc, PoisonError, Weak};

use aether_alerting::{
    history,
    maintenance::{closeout, recovery, schedule},
};
use aether_context::{Observer, session::StackSession};
use aether_contract::Snapshot;
use aether_operations::pins;
use futures_util::future::BoxFuture;

use crate::{capabilities::Capabilities, notifier::Notifier, snapshot_builder};

/// Registers the capabilities with their context, and publishes the first snapshot.
pub fn observe(all: &Arc<Capabilities>) {
    // Weak: the context does not keep alive what keeps it alive.
    all.ctx.observe(Box::new(Follower(Arc::downgrade(all))));
    all.ctx.publish();
}

struct Follower(Weak<Capabilities>);

impl Observer for Follower {
    fn session_started(&self, session: &Arc<StackSession>) {
        if let Some(all) = self.0.upgrade() {
            pins::watch::start(&all.pins, session);
        }
    }

    fn stack_changed(&self) {
        if let Some(all) = self.0.upgrade() {
            // What fires on another stack is not news there.
            *all.notifier.lock().unwrap_or_else(PoisonError::into_inner) = Notifier::default();
        }
    }

    fn prometheus_polled<'a>(&'a self, session: &'a Arc<StackSession>) -> BoxFuture<'a, ()> {
        Box::pin(async move {
            if let Some(all) = self.0.upgrade() {
                history::record(&all.history, session).await;
            }
        })
    }

    fn alertmanager_polled<'a>(&'a self, session: &'a Arc<StackSession>) -> BoxFuture<'a, ()> {
        Box::pin(async move {
            let Some(all) = self.0.upgrade() else { return };
            history::record(&all.history, session).await;
            recovery::settle_open(&all.maintenance, session).await;
            closeout::settle_ended(&all.maintenance, session);
            schedule::look_after(&all.maintenance, session);
        })
    }

    fn snapshot(&self) -> Option<Snapshot> {
        self.0.upgrade().map(|all| snapshot_builder::snapshot(&all))
    }
}
