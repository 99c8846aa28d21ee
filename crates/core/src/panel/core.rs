//! What all commands and pollers share: the stack in force, the stores, and the published snapshot.

use std::{
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use aether_contract::{BackupList, BackupsSummary, PanelError, PanelEvent, SecretStore, ServiceKind};
use tokio::sync::Notify;

use super::{clients::Clients, compose, environment, keeper::Keeper, live::Live};
use crate::{
    alerts::ack::Acks,
    attention::{Attention, Manners, Sight},
    backup::{job::Jobs, store},
    checks::Checks,
    drill::Drills,
    escalation::{Marks, Seen},
    history::History,
    host::Host,
    journal::Journal,
    maintenance::{record::Records, schedule::Schedules},
    paths::Home,
    poll,
    rules::links::Links,
    runbook::Runbooks,
    secrets::Secrets,
    settings::SettingsStore,
    snapshot::Publisher,
    stack::Stacks,
};

/// The shared part of a panel.
pub struct Core {
    /// Folders.
    pub home: Home,
    /// Surroundings.
    pub host: Arc<dyn Host>,
    /// Stacks.
    pub stacks: Arc<Stacks>,
    /// Credentials.
    pub secrets: Arc<Secrets>,
    /// Journal.
    pub journal: Arc<Journal>,
    /// What has fired.
    pub history: History,
    /// Who is on which alert.
    pub acks: Acks,
    /// Settings.
    pub settings: SettingsStore,
    /// Maintenance windows that the panel started.
    pub records: Records,
    /// Looking after recurring windows.
    pub schedules: Schedules,
    /// Whether this process looks after the stack.
    pub keeper: Keeper,
    /// Work that takes a while.
    pub jobs: Arc<Jobs>,
    /// Checks that go on.
    pub checks: Checks,
    /// Runbook links that were asked.
    pub links: Links,
    /// Since when gauges have been past the lines of the escalation table.
    pub escalation_seen: Seen,
    /// Who was called.
    pub escalations: Marks,
    /// Runs of runbooks that are open.
    pub runbooks: Runbooks,
    /// Drills.
    pub drills: Drills,
    backups: Mutex<store::Listing>,
    backup_tried: Mutex<Option<aether_contract::Timestamp>>,
    /// Something changed: publish soon.
    pub changed: Notify,
    /// One step of a deploy at a time.
    pub gate_deploy: tokio::sync::Mutex<()>,
    /// One maintenance effect at a time.
    pub gate_maintenance: tokio::sync::Mutex<()>,
    /// Held for reading by every effect that must not be cut off; for writing by the shutdown.
    pub effects: Arc<tokio::sync::RwLock<()>>,
    /// The published snapshot.
    pub publisher: Publisher,
    live: Mutex<Arc<Live>>,
    attention: Mutex<Attention>,
    environment_notes: Mutex<Vec<String>>,
    secrets_note: Mutex<String>,
    poll: bool,
    tends: AtomicBool,
    stopped: AtomicBool,
}

/// What a [`Core`] is made of.
pub struct Parts {
    /// Folders.
    pub home: Home,
    /// Surroundings.
    pub host: Arc<dyn Host>,
    /// Stacks.
    pub stacks: Arc<Stacks>,
    /// Credentials.
    pub secrets: Arc<Secrets>,
    /// Journal.
    pub journal: Arc<Journal>,
    /// What has fired.
    pub history: History,
    /// Settings.
    pub settings: SettingsStore,
    /// Whether to poll.
    pub poll: bool,
}

impl Core {
    /// Puts the parts together. Nothing is asked yet.
    pub fn new(parts: Parts) -> Arc<Self> {
        let profile = parts.stacks.active();
        let environment_notes = environment::bind(&parts.secrets, &profile, &parts.journal);
        let clients = Clients::new(Arc::clone(&profile), Arc::clone(&parts.secrets));
        let live = Arc::new(Live::new(profile, clients, None));
        let records = Records::load(&parts.journal);
        let acks = Acks::load(&parts.journal);
        let checks = Checks::load(&parts.journal);
        let escalations = Marks::load(&parts.journal);
        let first = compose::first(&parts.stacks, &parts.settings);
        let keeper = Keeper::new(&parts.home.data, parts.host.keeps_as());
        let core = Arc::new(Self {
            keeper,
            home: parts.home,
            host: parts.host,
            stacks: parts.stacks,
            secrets: parts.secrets,
            journal: parts.journal,
            history: parts.history,
            acks,
            settings: parts.settings,
            records,
            schedules: Schedules::default(),
            jobs: Arc::default(),
            checks,
            links: Links::default(),
            escalation_seen: Seen::default(),
            escalations,
            runbooks: Runbooks::default(),
            drills: Drills::default(),
            backups: Mutex::default(),
            backup_tried: Mutex::default(),
            changed: Notify::new(),
            gate_deploy: tokio::sync::Mutex::new(()),
            gate_maintenance: tokio::sync::Mutex::new(()),
            effects: Arc::new(tokio::sync::RwLock::new(())),
            publisher: Publisher::new(first),
            live: Mutex::new(live),
            attention: Mutex::default(),
            secrets_note: Mutex::new(String::new()),
            environment_notes: Mutex::new(environment_notes),
            poll: parts.poll,
            tends: AtomicBool::new(false),
            stopped: AtomicBool::new(false),
        });
        core.publish();
        core
    }

    /// The stack in force.
    pub fn live(&self) -> Arc<Live> {
        Arc::clone(&self.live.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Seconds between polls of a service.
    pub fn interval(&self, service: ServiceKind) -> Duration {
        let settings = self.settings.get();
        let seconds = match service {
            ServiceKind::Prometheus => settings.prometheus_interval_s,
            ServiceKind::Alertmanager => settings.alertmanager_interval_s,
            ServiceKind::Grafana => settings.grafana_interval_s,
        };
        Duration::from_secs(u64::from(seconds.max(1)))
    }

    /// Enables the background jobs on a panel that does not poll.
    pub fn tend(&self) {
        self.tends.store(true, Ordering::SeqCst);
    }

    /// Whether this panel runs the background jobs of a stack: it polls, and holds the lock.
    pub fn keeps(&self, live: &Live) -> bool {
        (self.poll || self.tends.load(Ordering::SeqCst)) && self.keeper.keeps(&live.profile.name)
    }

    /// Starts the pollers, if this panel polls.
    pub fn start_polling(self: &Arc<Self>) {
        if self.poll {
            poll::start(self, &self.live());
        }
    }

    /// Begins anew with the profile in force: a stack was selected, a file or a credential changed. The pollers before
    /// are ended; what they still bring goes nowhere.
    pub fn restart(self: &Arc<Self>) {
        let profile = self.stacks.active();
        let notes = environment::bind(&self.secrets, &profile, &self.journal);
        self.environment_notes.lock().unwrap_or_else(PoisonError::into_inner).extend(notes);
        let clients = Clients::new(Arc::clone(&profile), Arc::clone(&self.secrets));
        let new = {
            let mut live = self.live.lock().unwrap_or_else(PoisonError::into_inner);
            live.stop();
            if profile.name != live.profile.name {
                // What fires on another stack is not news there.
                *self.attention.lock().unwrap_or_else(PoisonError::into_inner) = Attention::default();
            }
            let new = Arc::new(Live::new(profile, clients, Some(&live)));
            *live = Arc::clone(&new);
            new
        };
        if self.poll && !self.stopped.load(Ordering::SeqCst) {
            poll::start(self, &new);
        }
        self.publish();
    }

    /// Restarts if the changed profile is the active one.
    pub fn reloaded(self: &Arc<Self>) {
        if *self.live().profile == *self.stacks.active() {
            self.publish();
        } else {
            self.restart();
        }
    }

    /// Refreshes the list of the stack's backups.
    ///
    /// # Errors
    /// `storage`.
    pub async fn read_backups(self: &Arc<Self>, live: &Live) -> Result<BackupList, PanelError> {
        let store = store::Store::of(&live.profile, &self.home.data);
        let core = Arc::clone(self);
        let read = tokio::task::spawn_blocking(move || {
            let listing = || core.backups.lock().unwrap_or_else(PoisonError::into_inner);
            // Not under the lock: whoever publishes the snapshot looks at the list.
            let mut cache = std::mem::take(&mut listing().cache);
            let read = store.list(&mut cache);
            listing().take(&store, cache, read)
        });
        let list = read.await.unwrap_or_else(|error| {
            Err(PanelError::new(
                aether_contract::ErrorCode::Internal,
                "backups",
                "Failed to read the backups.",
            )
            .with_detail(error.to_string()))
        });
        self.changed.notify_one();
        list
    }

    /// Time of the last automatic backup attempt; `now` stores a new one.
    pub fn backup_tried(
        &self,
        now: Option<aether_contract::Timestamp>,
    ) -> Option<aether_contract::Timestamp> {
        let mut tried = self.backup_tried.lock().unwrap_or_else(PoisonError::into_inner);
        *tried = now.or(*tried);
        *tried
    }

    /// What of the backups is shown everywhere.
    pub fn backups_summary(&self, live: &Live) -> BackupsSummary {
        let listing = self.backups.lock().unwrap_or_else(PoisonError::into_inner);
        let root = store::Store::of(&live.profile, &self.home.data);
        let last = listing.last.as_ref().filter(|(known, _)| known == root.root());
        let mut summary = BackupsSummary {
            revision: listing.revision,
            job: self.jobs.shown(),
            ..BackupsSummary::default()
        };
        match last {
            Some((_, Ok(list))) => {
                summary.count = Some(u32::try_from(list.backups.len()).unwrap_or(u32::MAX));
                summary.newest = store::newest(list, super::clock::now());
            }
            Some((_, Err(error))) => summary.error = Some(error.clone()),
            None => {}
        }
        summary
    }

    /// Publishes what changed, now.
    pub fn publish(&self) {
        self.publisher.publish(|| compose::snapshot(self));
    }

    /// Tells whoever is not looking what has happened. A panel that does not poll sees nothing happen.
    pub fn attend(&self) {
        if !self.poll {
            return;
        }
        let shown = self.publisher.current();
        let live = self.live();
        let (index, complete, silences) = {
            let state = live.state();
            let silences = crate::maintenance::silences::current(&state, crate::panel::clock::now());
            (Arc::clone(&state.index), state.index_complete, silences)
        };
        let local = jiff::Zoned::now();
        let minute = u32::try_from(i32::from(local.hour()) * 60 + i32::from(local.minute())).unwrap_or(0);
        let settings = &shown.settings;
        let manners =
            Manners { on: settings.notices, quiet: (settings.quiet_from, settings.quiet_until), minute };
        let sight = Sight {
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
            let mut attention = self.attention.lock().unwrap_or_else(PoisonError::into_inner);
            attention.look(&sight, manners, crate::panel::clock::now())
        };
        let drill = self.drills.is_on(&live.profile.name);
        for mut notice in notices {
            if drill {
                notice.title.insert_str(0, "DRILL: ");
            }
            self.publisher.send(PanelEvent::Notice(notice));
        }
    }

    /// Why credentials are not kept in the keyring, for the banner. Empty when all is well.
    pub fn secrets_note(&self) -> String {
        self.secrets_note.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Which servers credentials from the environment are sent to for the first time, one sentence per variable.
    pub fn environment_notes(&self) -> Vec<String> {
        self.environment_notes.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Looks where credentials are kept. May wait for the keyring.
    pub async fn look_at_secrets(&self) {
        let profile = self.live().profile.clone();
        let status = self.secrets.status(&profile).await;
        // Without any credential the keyring is nobody's concern.
        let note = if status.store == SecretStore::Memory && !status.entries.is_empty() {
            status.store_note
        } else {
            String::new()
        };
        *self.secrets_note.lock().unwrap_or_else(PoisonError::into_inner) = note;
        self.changed.notify_one();
    }

    /// Ends the pollers for good.
    pub fn stop(&self) {
        self.stopped.store(true, Ordering::SeqCst);
        self.live().stop();
    }

    /// Runs work that touches the journal off the runtime's threads: it waits for the disk.
    ///
    /// # Errors
    /// What `work` returns; `internal` when it panicked.
    pub async fn journaled<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Journal) -> Result<T, PanelError> + Send + 'static,
    ) -> Result<T, PanelError> {
        let journal = Arc::clone(&self.journal);
        tokio::task::spawn_blocking(move || work(&journal)).await.unwrap_or_else(|error| {
            Err(PanelError::new(
                aether_contract::ErrorCode::Internal,
                "journal",
                "Failed to write the journal.",
            )
            .with_detail(error.to_string()))
        })
    }

    /// Writes down an effect before it is started; returns its entry.
    ///
    /// # Errors
    /// `storage`: then the effect must not be started.
    pub async fn journal_begin(
        &self,
        kind: &'static str,
        subject: &str,
        detail: serde_json::Value,
    ) -> Result<i64, PanelError> {
        let subject = subject.to_owned();
        self.journaled(move |journal| journal.begin(kind, &subject, &detail, super::clock::now())).await
    }

    /// Rewrites what an open entry says.
    ///
    /// # Errors
    /// `storage`, `not-found`.
    pub async fn journal_annotate(
        &self,
        entry: i64,
        subject: &str,
        detail: serde_json::Value,
    ) -> Result<(), PanelError> {
        let subject = subject.to_owned();
        self.journaled(move |journal| journal.annotate(entry, &subject, &detail)).await
    }

    /// Writes down how an effect ended.
    ///
    /// # Errors
    /// `storage`, `not-found`.
    pub async fn journal_complete(
        &self,
        entry: i64,
        outcome: &'static str,
        result: serde_json::Value,
    ) -> Result<(), PanelError> {
        self.journaled(move |journal| journal.complete(entry, outcome, &result, super::clock::now())).await
    }
}
