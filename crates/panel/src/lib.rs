//! The Panel: one object behind every adapter, with a method for every command of the contract.
//!
//! It is up before any server answers. Pollers feed it, one task publishes what changed at most four times a
//! second, and effects run to their end even if the caller goes away.

mod background;
mod capabilities;
mod commands;
mod dispatch;
#[cfg(fuzzing)]
pub mod fuzz;
mod notifier;
mod observer;
mod snapshot_builder;

use std::{
    future::Future,
    path::Path,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use aether_alerting::maintenance::recovery;
use aether_backup::schedule;
use aether_context::{Context, Parts, poll};
use aether_contract::{ErrorCode, NavigateTo, PanelError, PanelEvent};
use aether_foundation::{
    paths::Home,
    secrets::{Fallback, SecretBackend, Secrets, SecretsOptions},
    settings::SettingsStore,
    stack::Stacks,
    task::{blocking, broken},
};
use tokio::{sync::broadcast, task::AbortHandle};

use capabilities::Capabilities;

// What adapters need besides the commands.
pub use aether_alerting::{alerts, maintenance::past_windows};
pub use aether_context::{
    alert_index, gauges,
    host::{Host, NoHost},
    journal::{self, Journal},
};
pub use aether_foundation::{child, logging, matching, paths, secrets, settings, shell, stack, text, units};
pub use aether_operations::drill;
pub use aether_rules as rules;
pub use dispatch::dispatch;

/// Longest wait for a running effect when the panel closes.
const LAST_EFFECTS: Duration = Duration::from_secs(15);

/// How a panel is started.
pub struct PanelOptions {
    /// Folders.
    pub home: Home,
    /// A stack's name or the path of a profile, for this run only. `AETHER_STACK` is for the adapters to read.
    pub stack: Option<String>,
    /// Surroundings.
    pub host: Arc<dyn Host>,
    /// Store of credentials; none: the platform's keyring.
    pub secrets: Option<Arc<dyn SecretBackend>>,
    /// Whether to poll. The shell asks once instead, with [`Panel::refresh_and_wait`].
    pub poll: bool,
}

/// The panel.
pub struct Panel {
    caps: Arc<Capabilities>,
    tasks: Mutex<Vec<AbortHandle>>,
}

impl Panel {
    /// Opens the stores and starts polling. Does not wait for any server or the keyring.
    ///
    /// # Errors
    /// `storage` when the journal can't be opened; `not-found` or `invalid-config` for `options.stack`.
    pub async fn start(options: PanelOptions) -> Result<Arc<Self>, PanelError> {
        let PanelOptions { home, stack, host, secrets, poll } = options;
        let opened = home.clone();
        let (stacks, settings, journal) = blocking(move || {
            let stacks = Stacks::open(&opened);
            if let Some(stack) = stack {
                stacks.override_with(&stack)?;
            }
            let journal_file = opened.journal_file();
            if let Some(folder) = journal_file.parent() {
                make_folder(folder)?;
            }
            let journal = Journal::open(&journal_file)?;
            Ok((stacks, SettingsStore::load(&opened), journal))
        })
        .await?;
        let fallback = if poll { Fallback::Memory } else { Fallback::Fail };
        let secrets =
            Secrets::open(SecretsOptions { backend: secrets, fallback, ..SecretsOptions::from_env() });
        let first = snapshot_builder::first(&stacks, &settings);
        let ctx = Context::new(Parts {
            home,
            host,
            stacks: Arc::new(stacks),
            secrets: Arc::new(secrets),
            journal: Arc::new(journal),
            settings,
            first,
            poll,
        });
        let caps = blocking(move || Capabilities::load(ctx)).await?;
        observer::observe(&caps);
        let panel = Arc::new(Self { caps, tasks: Mutex::new(Vec::new()) });
        panel.caps.ctx.start_polling();
        panel.spawn_housekeeping(poll);
        Ok(panel)
    }

    fn spawn_housekeeping(&self, poll: bool) {
        let publish = tokio::spawn(background::publish_changes(Arc::clone(&self.caps)));
        let maintenance = Arc::clone(&self.caps.maintenance);
        let close = tokio::spawn(async move { recovery::close_changes(&maintenance).await });
        let mut tasks = self.tasks.lock().unwrap_or_else(PoisonError::into_inner);
        tasks.extend([publish.abort_handle(), close.abort_handle()]);
        if poll {
            let ctx = Arc::clone(&self.caps.ctx);
            tasks.push(tokio::spawn(async move { ctx.refresh_secret_status().await }).abort_handle());
            tasks.push(tokio::spawn(background::watch(Arc::clone(&self.caps))).abort_handle());
            tasks.push(tokio::spawn(drill::watch(Arc::clone(&self.caps.drills))).abort_handle());
        }
    }

    /// Deltas and other events from now on. Subscribe first, then ask for the snapshot.
    pub fn events(&self) -> broadcast::Receiver<PanelEvent> {
        self.caps.ctx.publisher.subscribe()
    }

    /// Asks the window to show a screen; `query` is what a link to it carries, percent-encoded, and may be empty.
    pub fn navigate(&self, screen: &str, query: &str) {
        let to = NavigateTo { screen: screen.to_owned(), filter: String::new(), query: query.to_owned() };
        self.caps.ctx.publisher.send(PanelEvent::Navigate(to));
    }

    /// Asks the window to show a screen with a filter.
    pub fn navigate_to(&self, screen: &str, filter: &str) {
        let to = NavigateTo { screen: screen.to_owned(), filter: filter.to_owned(), query: String::new() };
        self.caps.ctx.publisher.send(PanelEvent::Navigate(to));
    }

    /// One whole poll of every server; the snapshot is up to date after it, failures included.
    pub async fn refresh_and_wait(&self) {
        let live = self.caps.ctx.live();
        Box::pin(poll::all(&self.caps.ctx, &live)).await;
        self.caps.ctx.publish();
    }

    /// Which servers credentials from the environment are sent to for the first time, one sentence per variable.
    pub fn environment_notes(&self) -> Vec<String> {
        self.caps.ctx.environment_notes()
    }

    /// Who looks after the stack in force, if that is another process: then nothing is done here without being asked.
    pub fn kept_by_another(&self) -> Option<String> {
        let live = self.caps.ctx.live();
        if self.caps.ctx.is_leader(&live) { None } else { self.caps.ctx.leader.other() }
    }

    /// What an open panel does by itself, once and to its end, on a panel that does not poll: a look at every
    /// server, windows that are due made, those that are over closed out, and the scheduled backup if it is
    /// time. Answers with that backup.
    ///
    /// # Errors
    /// `invalid-request` while another process looks after the stack; those of the backup.
    pub async fn run_once(&self) -> Result<Option<aether_contract::Backup>, PanelError> {
        self.caps.ctx.enable_background_jobs();
        if let Some(other) = self.kept_by_another() {
            let words = format!("The background jobs of this stack are run by {other}.");
            return Err(PanelError::new(ErrorCode::InvalidRequest, "panel", words)
                .with_hint("They are the same; to run them here, stop it first."));
        }
        self.refresh_and_wait().await;
        let live = self.caps.ctx.live();
        let list = self.caps.backups.read_backups(&live).await?;
        let made = schedule::make_if_due(&self.caps.backups, &list).await;
        // What the look has begun beside it.
        drop(self.caps.ctx.effects.write().await);
        made
    }

    /// Ends polling and waits for effects that are on their way (15 seconds at most).
    pub async fn shutdown(&self) {
        self.caps.ctx.stop();
        for task in self.tasks.lock().unwrap_or_else(PoisonError::into_inner).drain(..) {
            task.abort();
        }
        // Nobody waits for a backup that takes an hour; what is cut off leaves nothing.
        if let Some(job) = self.caps.ctx.jobs.shown() {
            let _ = self.caps.ctx.jobs.cancel(job.id);
        }
        if tokio::time::timeout(LAST_EFFECTS, self.caps.ctx.effects.write()).await.is_err() {
            tracing::warn!("an operation was still running when the panel closed; see the journal");
        }
        self.caps.ctx.leader.release();
    }

    /// Runs an effect in a task of its own, so that a caller who goes away does not cut it in half.
    async fn effect<T: Send + 'static>(
        &self,
        work: impl Future<Output = Result<T, PanelError>> + Send + 'static,
    ) -> Result<T, PanelError> {
        let guard = Arc::clone(&self.caps.ctx.effects).read_owned().await;
        let task = tokio::spawn(async move {
            let result = work.await;
            drop(guard);
            result
        });
        task.await.unwrap_or_else(|error| Err(broken(&error)))
    }
}

impl Drop for Panel {
    fn drop(&mut self) {
        self.caps.ctx.stop();
        for task in self.tasks.lock().unwrap_or_else(PoisonError::into_inner).drain(..) {
            task.abort();
        }
    }
}

fn make_folder(folder: &Path) -> Result<(), PanelError> {
    aether_foundation::paths::create_private_dir(folder).map_err(|error| {
        PanelError::new(ErrorCode::Storage, "panel", format!("Failed to create folder {}.", folder.display()))
            .with_hint("Check its permissions, or set AETHER_HOME to a different folder.")
            .with_detail(error.to_string())
    })
}
