//! The Panel: one object behind every adapter, with a method for every command of the contract.
//!
//! It is up before any server answers. Pollers feed it, one task publishes what changed at most four times a
//! second, and effects run to their end even if the caller goes away.

pub(crate) mod clients;
pub(crate) mod clock;
mod commands;
pub(crate) mod compose;
pub(crate) mod core;
mod environment;
pub(crate) mod keeper;
pub(crate) mod live;

use std::{
    future::Future,
    path::Path,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use aether_contract::{ErrorCode, NavigateTo, PanelError, PanelEvent};
use tokio::{sync::broadcast, task::AbortHandle};

use self::core::{Core, Parts};
use crate::{
    backup::{schedule, store::Store},
    drill,
    history::History,
    host::Host,
    journal::Journal,
    maintenance::adopt,
    paths::Home,
    poll,
    secrets::{Fallback, SecretBackend, Secrets, SecretsOptions},
    settings::SettingsStore,
    stack::Stacks,
};

/// Shortest distance of two deltas.
const COALESCE: Duration = Duration::from_millis(250);

/// How often what is shown is looked at for having become too old.
const TICK: Duration = Duration::from_secs(1);

/// How often profile files are looked at.
const RELOAD: Duration = Duration::from_secs(2);

/// How often the folder of backups is looked at: other programs may change it.
const BACKUPS: Duration = Duration::from_secs(30);

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
    core: Arc<Core>,
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
        let (stacks, settings, journal, history) = blocking(move || {
            let stacks = Stacks::open(&opened);
            if let Some(stack) = stack {
                stacks.override_with(&stack)?;
            }
            let journal_file = opened.journal_file();
            if let Some(folder) = journal_file.parent() {
                make_folder(folder)?;
            }
            let journal = Journal::open(&journal_file)?;
            let history = History::open(&journal)?;
            Ok((stacks, SettingsStore::load(&opened), journal, history))
        })
        .await?;
        let fallback = if poll { Fallback::Memory } else { Fallback::Fail };
        let secrets =
            Secrets::open(SecretsOptions { backend: secrets, fallback, ..SecretsOptions::from_env() });
        let core = Core::new(Parts {
            home,
            host,
            stacks: Arc::new(stacks),
            secrets: Arc::new(secrets),
            journal: Arc::new(journal),
            history,
            settings,
            poll,
        });
        let panel = Arc::new(Self { core, tasks: Mutex::new(Vec::new()) });
        panel.core.start_polling();
        panel.spawn_housekeeping(poll);
        Ok(panel)
    }

    fn spawn_housekeeping(&self, poll: bool) {
        let publish = tokio::spawn(publish_changes(Arc::clone(&self.core)));
        let core = Arc::clone(&self.core);
        let close = tokio::spawn(async move { adopt::close_changes(&core).await });
        let mut tasks = self.tasks.lock().unwrap_or_else(PoisonError::into_inner);
        tasks.extend([publish.abort_handle(), close.abort_handle()]);
        if poll {
            let core = Arc::clone(&self.core);
            tasks.push(tokio::spawn(async move { core.look_at_secrets().await }).abort_handle());
            tasks.push(tokio::spawn(watch(Arc::clone(&self.core))).abort_handle());
            tasks.push(tokio::spawn(drill::watch(Arc::clone(&self.core))).abort_handle());
        }
    }

    /// Deltas and other events from now on. Subscribe first, then ask for the snapshot.
    pub fn events(&self) -> broadcast::Receiver<PanelEvent> {
        self.core.publisher.subscribe()
    }

    /// Asks the window to show a screen; `query` is what a link to it carries, percent-encoded, and may be empty.
    pub fn navigate(&self, screen: &str, query: &str) {
        let to = NavigateTo { screen: screen.to_owned(), filter: String::new(), query: query.to_owned() };
        self.core.publisher.send(PanelEvent::Navigate(to));
    }

    /// Asks the window to show a screen with a filter.
    pub fn navigate_to(&self, screen: &str, filter: &str) {
        let to = NavigateTo { screen: screen.to_owned(), filter: filter.to_owned(), query: String::new() };
        self.core.publisher.send(PanelEvent::Navigate(to));
    }

    /// One whole poll of every server; the snapshot is up to date after it, failures included.
    pub async fn refresh_and_wait(&self) {
        let live = self.core.live();
        Box::pin(poll::all(&self.core, &live)).await;
        self.core.publish();
    }

    /// Which servers credentials from the environment are sent to for the first time, one sentence per variable.
    pub fn environment_notes(&self) -> Vec<String> {
        self.core.environment_notes()
    }

    /// Who looks after the stack in force, if that is another process: then nothing is done here without being asked.
    pub fn kept_by_another(&self) -> Option<String> {
        let live = self.core.live();
        if self.core.keeps(&live) { None } else { self.core.keeper.other() }
    }

    /// What an open panel does by itself, once and to its end, on a panel that does not poll: a look at every
    /// server, windows that are due made, those that are over closed out, and the scheduled backup if it is
    /// time. Answers with that backup.
    ///
    /// # Errors
    /// `invalid-request` while another process looks after the stack; those of the backup.
    pub async fn look_after_once(&self) -> Result<Option<aether_contract::Backup>, PanelError> {
        self.core.tend();
        if let Some(other) = self.kept_by_another() {
            let words = format!("The background jobs of this stack are run by {other}.");
            return Err(PanelError::new(ErrorCode::InvalidRequest, "panel", words)
                .with_hint("They are the same; to run them here, stop it first."));
        }
        self.refresh_and_wait().await;
        let live = self.core.live();
        let list = self.core.read_backups(&live).await?;
        let made = schedule::make_if_due(&self.core, &list).await;
        // What the look has begun beside it.
        drop(self.core.effects.write().await);
        made
    }

    /// Ends polling and waits for effects that are on their way (15 seconds at most).
    pub async fn shutdown(&self) {
        self.core.stop();
        for task in self.tasks.lock().unwrap_or_else(PoisonError::into_inner).drain(..) {
            task.abort();
        }
        // Nobody waits for a backup that takes an hour; what is cut off leaves nothing.
        if let Some(job) = self.core.jobs.shown() {
            let _ = self.core.jobs.cancel(job.id);
        }
        if tokio::time::timeout(LAST_EFFECTS, self.core.effects.write()).await.is_err() {
            tracing::warn!("an operation was still running when the panel closed; see the journal");
        }
        self.core.keeper.release();
    }

    /// Runs an effect in a task of its own, so that a caller who goes away does not cut it in half.
    async fn effect<T: Send + 'static>(
        &self,
        work: impl Future<Output = Result<T, PanelError>> + Send + 'static,
    ) -> Result<T, PanelError> {
        let guard = Arc::clone(&self.core.effects).read_owned().await;
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
        self.core.stop();
        for task in self.tasks.lock().unwrap_or_else(PoisonError::into_inner).drain(..) {
            task.abort();
        }
    }
}

/// Runs file work off the runtime's threads.
pub(crate) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, PanelError> + Send + 'static,
) -> Result<T, PanelError> {
    tokio::task::spawn_blocking(work).await.unwrap_or_else(|error| Err(broken(&error)))
}

fn broken(error: &tokio::task::JoinError) -> PanelError {
    let code = if error.is_cancelled() { ErrorCode::Cancelled } else { ErrorCode::Internal };
    PanelError::new(code, "panel", "The panel could not complete this.").with_detail(error.to_string())
}

fn make_folder(folder: &Path) -> Result<(), PanelError> {
    crate::paths::create_private_dir(folder).map_err(|error| {
        PanelError::new(ErrorCode::Storage, "panel", format!("Failed to create folder {}.", folder.display()))
            .with_hint("Check its permissions, or set AETHER_HOME to a different folder.")
            .with_detail(error.to_string())
    })
}

/// Publishes what changed, and what has become too old meanwhile.
async fn publish_changes(core: Arc<Core>) {
    loop {
        let _ = tokio::time::timeout(TICK, core.changed.notified()).await;
        core.publish();
        core.attend();
        tokio::time::sleep(COALESCE).await;
    }
}

/// Watches the clock and the profile files.
async fn watch(core: Arc<Core>) {
    let mut jumps = clock::JumpWatch::new();
    let mut ticks: u32 = 0;
    clear_partial_backups(&core).await;
    loop {
        if u64::from(ticks).is_multiple_of(BACKUPS.as_secs()) || ticks == 1 {
            let live = core.live();
            // Windows that the shell, or a window beside this daemon, has started are closed out by whoever
            // looks after them.
            let shared = Arc::clone(&core);
            let _ = core
                .journaled(move |journal| {
                    shared.records.learn(journal);
                    Ok(())
                })
                .await;
            // Problems with the folder appear in the snapshot.
            if let Ok(list) = core.read_backups(&live).await
                && core.keeps(&live)
            {
                schedule::look(&core, &list);
            }
        }
        tokio::time::sleep(TICK).await;
        if jumps.jumped() {
            tracing::info!("clock jump or system sleep detected; polling everything");
            core.live().wake_all();
        }
        ticks = ticks.wrapping_add(1);
        if u64::from(ticks).is_multiple_of(RELOAD.as_secs()) {
            let stacks = Arc::clone(&core.stacks);
            let shared = Arc::clone(&core);
            let looked = tokio::task::spawn_blocking(move || {
                (stacks.reload_if_changed(), shared.settings.reload_if_changed())
            });
            match looked.await {
                Ok((true, _)) => core.reloaded(),
                Ok((_, true)) => {
                    core.changed.notify_one();
                    // They may say that a backup is due.
                    ticks = 0;
                }
                _ => {}
            }
        }
    }
}

/// Clears away what a killed panel has left of a backup, unless another process is at work on one.
async fn clear_partial_backups(core: &Core) {
    let store = Store::of(&core.live().profile, &core.home.data);
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
