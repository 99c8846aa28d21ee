//! Work that takes a while: one at a time, seen by everybody, ended on request.

use std::sync::{
    Arc, Mutex, PoisonError,
    atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering},
};

use aether_contract::{ErrorCode, Job, PanelError, Timestamp};

use aether_foundation::clock;

/// Shortest time after which it is guessed how long the rest takes, in milliseconds.
const GUESS_AFTER: i64 = 2_000;

/// What is going on.
#[derive(Default)]
pub struct Jobs {
    current: Mutex<Option<Arc<State>>>,
    last: AtomicU32,
}

struct State {
    id: u32,
    title: String,
    stage: Mutex<String>,
    stage_began: Mutex<Timestamp>,
    done: AtomicU32,
    total: AtomicU32,
    bytes: AtomicU64,
    began: Timestamp,
    cancel: AtomicBool,
}

/// The worker's end of a job. With its last copy the job is over.
#[derive(Clone)]
pub struct Handle {
    state: Arc<State>,
    _end: Arc<End>,
}

struct End {
    jobs: Arc<Jobs>,
}

impl Drop for End {
    fn drop(&mut self) {
        *self.jobs.current.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }
}

impl Jobs {
    /// Begins one.
    ///
    /// # Errors
    /// `invalid-request` while another is going on.
    pub fn begin(self: &Arc<Self>, title: impl Into<String>) -> Result<Handle, PanelError> {
        let mut current = self.current.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(other) = &*current {
            return Err(PanelError::new(
                ErrorCode::InvalidRequest,
                "panel",
                format!("Another job is running: \"{}\".", other.title),
            )
            .with_hint("Wait until it finishes, or cancel it."));
        }
        let state = Arc::new(State {
            id: self.last.fetch_add(1, Ordering::SeqCst).wrapping_add(1),
            title: title.into(),
            stage: Mutex::default(),
            stage_began: Mutex::new(clock::now()),
            done: AtomicU32::new(0),
            total: AtomicU32::new(0),
            bytes: AtomicU64::new(0),
            began: clock::now(),
            cancel: AtomicBool::new(false),
        });
        *current = Some(Arc::clone(&state));
        Ok(Handle { state, _end: Arc::new(End { jobs: Arc::clone(self) }) })
    }

    /// Asks a job to end.
    ///
    /// # Errors
    /// `not-found` when it is over.
    pub fn cancel(&self, id: u32) -> Result<(), PanelError> {
        match &*self.current.lock().unwrap_or_else(PoisonError::into_inner) {
            Some(job) if job.id == id => {
                job.cancel.store(true, Ordering::SeqCst);
                Ok(())
            }
            _ => Err(PanelError::new(ErrorCode::NotFound, "panel", "This job has already finished.")),
        }
    }

    /// What is going on, for the screen.
    pub fn shown(&self) -> Option<Job> {
        let current = self.current.lock().unwrap_or_else(PoisonError::into_inner).clone()?;
        let (done, total) = (current.done.load(Ordering::Relaxed), current.total.load(Ordering::Relaxed));
        let since = *current.stage_began.lock().unwrap_or_else(PoisonError::into_inner);
        let took = clock::now().millis_since(since);
        let eta_s = (took > GUESS_AFTER && done > 0 && total >= done).then(|| {
            let each = took as f64 / f64::from(done);
            (each * f64::from(total - done) / 1000.0).ceil() as u32
        });
        Some(Job {
            id: current.id,
            title: current.title.clone(),
            stage: current.stage.lock().unwrap_or_else(PoisonError::into_inner).clone(),
            done,
            total: (total > 0).then_some(total),
            bytes: current.bytes.load(Ordering::Relaxed) as f64,
            started_at: current.began,
            eta_s,
            cancelling: current.cancel.load(Ordering::SeqCst),
        })
    }
}

impl Handle {
    /// Begins a stage of `total` things; 0: that is unknown.
    pub fn stage(&self, name: &str, total: usize) {
        name.clone_into(&mut self.state.stage.lock().unwrap_or_else(PoisonError::into_inner));
        *self.state.stage_began.lock().unwrap_or_else(PoisonError::into_inner) = clock::now();
        self.state.done.store(0, Ordering::Relaxed);
        self.state.total.store(u32::try_from(total).unwrap_or(u32::MAX), Ordering::Relaxed);
    }

    /// One thing more is done.
    pub fn step(&self) {
        self.state.done.fetch_add(1, Ordering::Relaxed);
    }

    /// Adds to the number of processed bytes.
    pub fn add_bytes(&self, bytes: u64) {
        self.state.bytes.fetch_add(bytes, Ordering::Relaxed);
    }

    /// Whether to go on.
    ///
    /// # Errors
    /// `cancelled` if cancellation was requested.
    pub fn check(&self) -> Result<(), PanelError> {
        if self.state.cancel.load(Ordering::SeqCst) {
            return Err(PanelError::new(
                ErrorCode::Cancelled,
                "panel",
                "Canceled. Partial results were discarded.",
            ));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_job_at_a_time_and_it_ends_with_its_worker() {
        let jobs = Arc::new(Jobs::default());
        let first = jobs.begin("Backup").unwrap();
        first.stage("dashboards", 4);
        first.step();
        let shown = jobs.shown().unwrap();
        assert_eq!((shown.title.as_str(), shown.done, shown.total), ("Backup", 1, Some(4)));
        assert_eq!(jobs.begin("Other").err().unwrap().code, ErrorCode::InvalidRequest);
        let copy = first.clone();
        jobs.cancel(shown.id).unwrap();
        assert_eq!(copy.check().unwrap_err().code, ErrorCode::Cancelled);
        drop(first);
        assert!(jobs.shown().is_some(), "a copy still works");
        drop(copy);
        assert!(jobs.shown().is_none());
        assert_eq!(jobs.cancel(shown.id).unwrap_err().code, ErrorCode::NotFound);
        assert!(jobs.begin("Other").is_ok());
    }
}
