//! The capabilities of a panel, over one context.

use std::sync::{Arc, Mutex, PoisonError};

use aether_alerting::{
    alerts::ack::Acks,
    escalation::Escalation,
    history::AlertHistory,
    maintenance::{Maintenance, silences},
};
use aether_backup::Backups;
use aether_context::Context;
use aether_contract::{PanelError, PanelEvent};
use aether_foundation::clock;
use aether_operations::{checks::Checks, deploy::Deploys, drill::Drills, pins::Pins, runbook::Runbooks};
use aether_rules::Rules;

use crate::notifier::{NotificationPolicy, Notifier, Observation};

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
    pub notifier: Mutex<Notifier>,
}

impl Capabilities {
    /// Reads what the journal knows of each.
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
        let runbooks = Runbooks::new(Arc::clone(&ctx), Arc::clone(&escalation), Arc::clone(&drills));
        Ok(Arc::new(Self {
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
        }))
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
            quiet: &shown.maintenance.quiet,
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
