//! Who looks after a stack: of all open panels and daemons of an account, one. It makes scheduled backups and recurring
//! windows, closes windows out and is_leader the history; the others show the same and do nothing by themselves.
//!
//! Whoever has the lock on a file does the work. It goes with the process, however that ends, so nobody waits
//! for a dead one.

use std::{
    fs,
    path::{Path, PathBuf},
    sync::{Mutex, PoisonError},
};

use aether_foundation::paths;

/// One process's claim.
#[derive(Debug)]
pub struct LeaderLock {
    folder: PathBuf,
    who: String,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    held: Option<(String, fs::File)>,
    /// Who has it when this process has not, for the stack that was asked about last.
    other: Option<String>,
}

impl LeaderLock {
    /// A claim of `who` among the panel's data. Nothing is taken yet.
    pub fn new(data: &Path, who: &str) -> Self {
        Self {
            folder: data.join("keeper"),
            who: format!("{who} (process {})", std::process::id()),
            state: Mutex::default(),
        }
    }

    /// Whether this process looks after the stack; takes that on when nobody does. Another stack is let go for it.
    pub fn is_leader(&self, stack: &str) -> bool {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if state.held.as_ref().is_some_and(|(held, _)| held == stack) {
            return true;
        }
        state.held = None;
        match self.take(stack) {
            Ok(Some(file)) => {
                tracing::info!(stack, "this process runs the background jobs");
                state.held = Some((stack.to_owned(), file));
                state.other = None;
            }
            Ok(None) => {
                let other = self.told(stack);
                if state.other.as_ref() != Some(&other) {
                    tracing::info!(stack, other, "another process runs the background jobs");
                }
                state.other = Some(other);
            }
            Err(error) => {
                // Two that do the same work harm less than none that does: every effect has its own guard.
                tracing::warn!(%error, "cannot determine whether another process runs the background jobs");
                state.other = None;
                return true;
            }
        }
        state.held.is_some()
    }

    /// Who looks after the stack that was asked about last, if that is another process.
    pub fn other(&self) -> Option<String> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner).other.clone()
    }

    /// Lets go.
    pub fn release(&self) {
        self.state.lock().unwrap_or_else(PoisonError::into_inner).held = None;
    }

    fn take(&self, stack: &str) -> std::io::Result<Option<fs::File>> {
        paths::create_private_dir(&self.folder)?;
        let file = fs::OpenOptions::new()
            .create(true)
            .truncate(false)
            .write(true)
            .open(self.folder.join(format!("{stack}.lock")))?;
        match file.try_lock() {
            Ok(()) => {}
            Err(fs::TryLockError::WouldBlock) => return Ok(None),
            Err(fs::TryLockError::Error(error)) => return Err(error),
        }
        // Not in the locked file: on Windows nobody else could read it.
        paths::write_atomically(&self.name(stack), self.who.as_bytes())?;
        Ok(Some(file))
    }

    fn name(&self, stack: &str) -> PathBuf {
        self.folder.join(format!("{stack}.who"))
    }

    fn told(&self, stack: &str) -> String {
        let text = paths::read_small(&self.name(stack)).unwrap_or_default();
        let line: String = text.chars().filter(|c| !c.is_control()).take(120).collect();
        if line.is_empty() { "another process".to_owned() } else { line }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_process_looks_after_a_stack_and_the_others_say_who() {
        let data = tempfile::tempdir().unwrap();
        let window = LeaderLock::new(data.path(), "an open panel");
        let daemon = LeaderLock::new(data.path(), "aetherctl daemon");
        assert!(window.is_leader("production") && window.is_leader("production"));
        assert!(!daemon.is_leader("production"));
        assert!(daemon.other().unwrap().starts_with("an open panel (process "));
        assert!(daemon.is_leader("staging"), "another stack is another matter");
        assert_eq!(daemon.other(), None);
        // The window goes to another stack: this one is free.
        assert!(!window.is_leader("staging"));
        assert!(daemon.is_leader("production"));
        assert!(window.is_leader("staging"));
        daemon.release();
        assert!(window.is_leader("production"));
        drop(window);
        assert!(daemon.is_leader("production"), "what has ended is_leader nothing");
    }
}
