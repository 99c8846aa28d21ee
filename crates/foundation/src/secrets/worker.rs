//! The one thread that talks to the store of secrets. Its calls block, and a locked keyring may block for as long as
//! its prompt is open; so callers wait on a channel and give up after a while. Refuses to carry out what its caller
//! has given up on.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{Arc, mpsc},
    time::Duration,
};

use secrecy::SecretString;
use tokio::sync::oneshot;

use super::{SecretBackend, SecretFailure};

type Outcome<T> = Result<T, SecretFailure>;
/// A call with its answer's way back inside.
type Job = Box<dyn FnOnce(&dyn SecretBackend) + Send>;

/// The thread's front.
pub(super) struct Worker {
    jobs: Option<mpsc::Sender<Job>>,
    timeout: Duration,
    max_chars: usize,
}

impl Worker {
    /// Starts the thread; it ends when this is dropped and its last call has returned.
    pub(super) fn start(backend: Arc<dyn SecretBackend>, timeout: Duration) -> Self {
        let (jobs, queue) = mpsc::channel::<Job>();
        let max_chars = backend.max_chars();
        let thread = std::thread::Builder::new().name("keyring".to_owned()).spawn(move || {
            while let Ok(job) = queue.recv() {
                job(backend.as_ref());
            }
        });
        if let Err(error) = &thread {
            tracing::error!(%error, "failed to start the keyring thread");
        }
        Self { jobs: thread.is_ok().then_some(jobs), timeout, max_chars }
    }

    /// Longest secret that the store takes, in UTF-16 units.
    pub(super) fn max_chars(&self) -> usize {
        self.max_chars
    }

    pub(super) async fn get(&self, account: &str) -> Outcome<Option<SecretString>> {
        let account = account.to_owned();
        self.call(move |backend| backend.get(&account)).await
    }

    pub(super) async fn set(&self, account: &str, secret: SecretString) -> Outcome<()> {
        let account = account.to_owned();
        self.call(move |backend| backend.set(&account, &secret)).await
    }

    pub(super) async fn delete(&self, account: &str) -> Outcome<bool> {
        let account = account.to_owned();
        self.call(move |backend| backend.delete(&account)).await
    }

    async fn call<T: Send + 'static>(
        &self,
        call: impl FnOnce(&dyn SecretBackend) -> Outcome<T> + Send + 'static,
    ) -> Outcome<T> {
        let ended = || SecretFailure::Other("the keyring thread exited".to_owned());
        let (answer, answered) = oneshot::channel();
        let job: Job = Box::new(move |backend| {
            if answer.is_closed() {
                return;
            }
            let outcome = catch_unwind(AssertUnwindSafe(|| call(backend)))
                .unwrap_or_else(|_| Err(SecretFailure::Other("the keyring library failed".to_owned())));
            let _ = answer.send(outcome);
        });
        self.jobs.as_ref().ok_or_else(ended)?.send(job).map_err(|_| ended())?;
        match tokio::time::timeout(self.timeout, answered).await {
            Ok(Ok(outcome)) => outcome,
            Ok(Err(_)) => Err(ended()),
            Err(_) => Err(SecretFailure::TimedOut),
        }
    }
}
