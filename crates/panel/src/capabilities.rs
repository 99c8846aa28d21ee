//! The capabilities of a panel, and how they follow what pollers read.

use std::sync::{Arc, Mutex, PoisonError, Weak};

use aether_alerting::{
    alerts::ack::Acks,
    escalation::Escalation,
    history::{self, AlertHistory},
    maintenance::{Maintenance, closeout, recovery, schedule, silences},
};
use aether_backup::Backups;
use aether_context::{Context, Observer, session::StackSession};
use aether_contract::{PanelError, PanelEvent, Snapshot};
use aether_foundation::clock;
use aether_operations::{
    checks::Checks,
    deploy::Deploys,
    drill::Drills,
    pins::{self, Pins},
    runbook::Runbooks,
};
use aether_rules::Rules;
use futures_util::future::BoxFuture;

use crate::{
    notifier::{NotificationPolicy, Notifier, Observation},
    snapshot_builder,
};

/// One of each capability, over the same context.
pub struct Capabilities {
    pub ctx: Arc<Context>,
    pub acks: Arc<Acks>,
    pub history: Arc<AlertHistory>,
    pub maintenance: Arc<Maintenance>,
    pub escalation: Arc<Escalation>,
    pub rules: Arc<Rules>,
    pub backups: Arc<Backups>,
    pub pins: Arc<Pins>,
    pub checks: Arc<Checks>,
    pub deploys: Arc<Deploys>,
    pub drills: Arc<Drills>,
    pub runbooks: Arc<Runbooks>,
    notifier: Mutex<Notifier>,
}

impl Capabilities {
    /// Reads what the journal knows, and has the context notify them.
    ///
    /// # Errors
    /// `storage` when the history of alerts can't be opened.
    pub fn load(ctx: Arc<Context>) -> Result<Arc<Self>, PanelError> {
        let acks = Arc::new(Acks::load(&ctx.journal));
        let history = AlertHistory::open(Arc::clone(&ctx))?;
        let maintenance = Maintenance::load(Arc::clone(&ctx), Arc::clone(&history));
        let escalation = Escalation::load(Arc::clone(&ctx), Arc::clone(&acks));
        let rules = Rules::new(Arc::clone(&ctx));
        let backups = Backups::new(Arc::clone(&ctx));
        let pins = Pins::new(Arc::clone(&ctx));
        let checks = Checks::load(
            Arc::clone(&ctx),
            Arc::clone(&rules),
            Arc::clone(&backups),
            Arc::clone(&maintenance),
            Arc::clone(&pins),
        );
        let deploys = Deploys::new(
            Arc::clone(&ctx),
            Arc::clone(&maintenance),
            Arc::clone(&backups),
            Arc::clone(&checks),
            Arc::clone(&pins),
        );
        let drills = Drills::new(Arc::clone(&ctx));
        let runbooks =
            Runbooks::new(Arc::clone(&ctx), Arc::clone(&acks), Arc::clone(&maintenance), Arc::clone(&drills));
        let all = Arc::new(Self {
            ctx,
            acks,
            history,
            maintenance,
            escalation,
            rules,
            backups,
            pins,
            checks,
            deploys,
            drills,
            runbooks,
            notifier: Mutex::default(),
        });
        // Weak: the context does not keep alive what keeps it alive.
        all.ctx.observe(Box::new(Follower(Arc::downgrade(&all))));
        all.ctx.publish();
        Ok(all)
    }

    /// Polls every server and reads the pins soon.
    pub fn wake_all(&self) {
        let session = self.ctx.live();
        session.wake_all();
        self.pins.session(&session).wake.notify_one();
    }

    /// Sends notifications of what has happened. A panel that does not poll sees nothing happen.
    pub fn dispatch_notifications(&self) {
        if !self.ctx.polls() {
            return;
        }
        let shown = self.ctx.publisher.current();
        let live = self.ctx.live();
        let now = clock::now();
        let (index, complete, silences) = {
            let state = live.state();
            let silences = silences::current(&state, now);
            (Arc::clone(&state.index), state.index_complete, silences)
        };
        let local = clock::local_now();
        let minute = u32::try_from(i32::from(local.hour()) * 60 + i32::from(local.minute())).unwrap_or(0);
        let settings = &shown.settings;
        let policy = NotificationPolicy {
            on: settings.notices,
            quiet: (settings.quiet_from, settings.quiet_until),
            minute,
        };
        let observation = Observation {
            rows: &index.rows,
            fresh: complete,
            services: &shown.services,
            windows: &shown.maintenance.windows,
            heartbeat: live.profile.heartbeat.as_deref(),
            silences: &silences,
            findings: &shown.maintenance.findings,
            pins: Some(&shown.pins),
            escalations: &shown.escalations.clocks,
        };
        let notices = {
            let mut notifier = self.notifier.lock().unwrap_or_else(PoisonError::into_inner);
            notifier.look(&observation, policy, now)
        };
        let drill = self.drills.is_on(&live.profile.name);
        for mut notice in notices {
            if drill {
                notice.title.insert_str(0, "DRILL: ");
            }
            self.ctx.publisher.send(PanelEvent::Notice(notice));
        }
    }
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
