//! What all capabilities and pollers share: the stack in force, the stores, and the published snapshot.

use std::{
    sync::{
        Arc, Mutex, OnceLock, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use aether_contract::{ErrorCode, PanelError, SecretStore, ServiceKind, Snapshot};
use aether_foundation::{clock, paths::Home, secrets::Secrets, settings::SettingsStore, stack::Stacks};
use futures_util::future::BoxFuture;
use tokio::sync::Notify;

use crate::{
    clients::Clients, environment, host::Host, jobs::Jobs, journal::Journal, leader_lock::LeaderLock, poll,
    publisher::Publisher, session::StackSession,
};

/// What is notified of what pollers have read. A poller waits for it, so that the next cycle finds it done.
pub trait Observer: Send + Sync {
    /// The pollers of a session are started.
    fn session_started(&self, session: &Arc<StackSession>);

    /// Another stack was selected.
    fn stack_changed(&self);

    /// A cycle of Prometheus has ended, and its alerts are in the session's list.
    fn prometheus_polled<'a>(&'a self, session: &'a Arc<StackSession>) -> BoxFuture<'a, ()>;

    /// A cycle of an Alertmanager member has ended, and its alerts are in the session's list.
    fn alertmanager_polled<'a>(&'a self, session: &'a Arc<StackSession>) -> BoxFuture<'a, ()>;

    /// The snapshot of now; none while the panel closes.
    fn snapshot(&self) -> Option<Snapshot>;
}

/// What capabilities share. Holds no state of any capability.
pub struct Context {
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
    /// Settings.
    pub settings: SettingsStore,
    /// Whether this process runs the background jobs of the stack.
    pub leader: LeaderLock,
    /// Work that takes a while: one at a time.
    pub jobs: Arc<Jobs>,
    /// Something changed: publish soon.
    pub changed: Notify,
    /// Held for reading by every effect that must not be cut off; for writing by the shutdown.
    pub effects: Arc<tokio::sync::RwLock<()>>,
    /// The published snapshot.
    pub publisher: Publisher,
    session: Mutex<Arc<StackSession>>,
    observer: OnceLock<Box<dyn Observer>>,
    environment_notes: Mutex<Vec<String>>,
    secrets_note: Mutex<String>,
    poll: bool,
    background_jobs: AtomicBool,
    stopped: AtomicBool,
}

/// What a [`Context`] is made of.
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
    /// Settings.
    pub settings: SettingsStore,
    /// The snapshot before anything is known.
    pub first: Snapshot,
    /// Whether to poll.
    pub poll: bool,
}

impl Context {
    /// Puts the parts together. No server is asked yet.
    pub fn new(parts: Parts) -> Arc<Self> {
        let profile = parts.stacks.active();
        let environment_notes = environment::bind(&parts.secrets, &profile, &parts.journal, clock::now());
        let clients = Clients::new(Arc::clone(&profile), Arc::clone(&parts.secrets));
        let session = Arc::new(StackSession::new(profile, clients, None));
        let leader = LeaderLock::new(&parts.home.data, parts.host.keeps_as());
        Arc::new(Self {
            leader,
            home: parts.home,
            host: parts.host,
            stacks: parts.stacks,
            secrets: parts.secrets,
            journal: parts.journal,
            settings: parts.settings,
            jobs: Arc::default(),
            changed: Notify::new(),
            effects: Arc::new(tokio::sync::RwLock::new(())),
            publisher: Publisher::new(parts.first),
            session: Mutex::new(session),
            observer: OnceLock::new(),
            secrets_note: Mutex::new(String::new()),
            environment_notes: Mutex::new(environment_notes),
            poll: parts.poll,
            background_jobs: AtomicBool::new(false),
            stopped: AtomicBool::new(false),
        })
    }

    /// Registers who is notified of what pollers read, and who builds the snapshot. The first one stays.
    pub fn observe(&self, observer: Box<dyn Observer>) {
        let _ = self.observer.set(observer);
    }

    pub(crate) fn observer(&self) -> Option<&dyn Observer> {
        self.observer.get().map(AsRef::as_ref)
    }

    /// The session of the stack in force.
    pub fn live(&self) -> Arc<StackSession> {
        Arc::clone(&self.session.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Whether this panel polls.
    pub fn polls(&self) -> bool {
        self.poll
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

    /// Runs the background jobs from now on, although this panel does not poll.
    pub fn enable_background_jobs(&self) {
        self.background_jobs.store(true, Ordering::SeqCst);
    }

    /// Whether this panel runs the background jobs of a stack: it is meant to, and no other process does already.
    pub fn is_leader(&self, session: &StackSession) -> bool {
        (self.poll || self.background_jobs.load(Ordering::SeqCst))
            && self.leader.is_leader(&session.profile.name)
    }

    /// Starts the pollers, if this panel polls.
    pub fn start_polling(self: &Arc<Self>) {
        if self.poll {
            self.start_session(&self.live());
        }
    }

    fn start_session(self: &Arc<Self>, session: &Arc<StackSession>) {
        poll::start(self, session);
        if let Some(observer) = self.observer() {
            observer.session_started(session);
        }
    }

    /// Starts a new session with the profile in force: a stack was selected, a file or a credential changed. The
    /// pollers of the session before are stopped; what they still read goes nowhere.
    pub fn restart(self: &Arc<Self>) {
        let profile = self.stacks.active();
        let notes = environment::bind(&self.secrets, &profile, &self.journal, clock::now());
        self.environment_notes.lock().unwrap_or_else(PoisonError::into_inner).extend(notes);
        let clients = Clients::new(Arc::clone(&profile), Arc::clone(&self.secrets));
        let (new, other_stack) = {
            let mut session = self.session.lock().unwrap_or_else(PoisonError::into_inner);
            session.stop();
            let other_stack = profile.name != session.profile.name;
            let new = Arc::new(StackSession::new(profile, clients, Some(&session)));
            *session = Arc::clone(&new);
            (new, other_stack)
        };
        if other_stack && let Some(observer) = self.observer() {
            observer.stack_changed();
        }
        if self.poll && !self.stopped.load(Ordering::SeqCst) {
            self.start_session(&new);
        }
        self.publish();
    }

    /// A profile's file changed: starts a new session if it is the one in force.
    pub fn reloaded(self: &Arc<Self>) {
        if *self.live().profile == *self.stacks.active() {
            self.publish();
        } else {
            self.restart();
        }
    }

    /// Publishes what changed, now.
    pub fn publish(&self) {
        if let Some(observer) = self.observer() {
            self.publisher.publish(|| observer.snapshot());
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
    pub async fn refresh_secret_status(&self) {
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
            Err(PanelError::new(ErrorCode::Internal, "journal", "Failed to write the journal.")
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
        self.journaled(move |journal| journal.begin(kind, &subject, &detail, clock::now())).await
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
        self.journaled(move |journal| journal.complete(entry, outcome, &result, clock::now())).await
    }
}
