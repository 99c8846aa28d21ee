//! The parts of a backup, a file each: what is asked of a server, and what is said when it can't be had.

pub mod alertmanager;
pub mod configs;
pub mod container;
mod dir;
pub mod extras;
pub mod grafana;
pub mod prometheus;
pub mod snapshot;

use aether_contract::{BackupPart, BackupPartKind, BackupPartState, ErrorCode, PanelError};

/// Note of a part that whoever asked for the backup left out.
pub const NOT_REQUESTED: &str = "Not requested.";

/// What a part's run knows.
pub struct Draft {
    /// How the part came out so far.
    pub part: BackupPart,
    /// The server's version, if it told.
    pub version: Option<String>,
    /// The address that was asked.
    pub address: Option<String>,
}

impl Draft {
    /// Nothing is in it yet.
    pub fn new(kind: BackupPartKind, what: &str) -> Self {
        let part = BackupPart {
            kind,
            state: BackupPartState::Complete,
            count: 0,
            what: what.to_owned(),
            bytes: 0.0,
            notes: Vec::new(),
            without_tsdb: false,
        };
        Self { part, version: None, address: None }
    }

    /// It is not there, and that is right.
    pub fn skipped(kind: BackupPartKind, what: &str, why: &str) -> Self {
        let mut draft = Self::new(kind, what);
        draft.part.state = BackupPartState::Skipped;
        draft.note(why);
        draft
    }

    /// Something worth knowing.
    pub fn note(&mut self, words: impl Into<String>) {
        // The list is for people.
        if self.part.notes.len() < 50 {
            self.part.notes.push(words.into());
        }
    }

    /// Something is missing, in a sentence.
    pub fn incomplete(&mut self, words: impl Into<String>) {
        self.part.state = BackupPartState::Failed;
        self.note(words);
    }

    /// Something is missing.
    pub fn fail(&mut self, what: &str, error: &PanelError) {
        self.part.state = BackupPartState::Failed;
        self.note(format!("{what}: {error}"));
    }
}

/// Errors that end the whole backup: our own disk, or the person.
pub fn fatal(error: &PanelError) -> bool {
    matches!(error.code, ErrorCode::Storage | ErrorCode::Cancelled | ErrorCode::Internal)
}
