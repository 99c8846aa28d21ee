//! The journal: what the panel was about to do, written before it does it, and how it ended. Stub.

use std::path::Path;

use aether_contract::{PanelError, Timestamp};
use serde_json::Value;

/// One effect.
#[derive(Debug, Clone, PartialEq)]
pub struct Entry {
    /// Key, ascending in the order of [`Journal::begin`].
    pub id: i64,
    /// What was done, e.g. `maintenance-start`.
    pub kind: String,
    /// To what, e.g. a window's id.
    pub subject: String,
    /// What was asked.
    pub detail: Value,
    /// When it began.
    pub began: Timestamp,
    /// How it ended, in one word; `None` while open (or when the panel was killed in between).
    pub outcome: Option<String>,
    /// What came of it.
    pub result: Option<Value>,
    /// When it ended.
    pub ended: Option<Timestamp>,
}

/// The journal's database. Calls block for a few milliseconds (the disk is flushed).
pub struct Journal(());

impl Journal {
    /// Opens or creates it.
    ///
    /// # Errors
    /// `storage` when it can't be opened, or was written by a newer version of the panel.
    pub fn open(_path: &Path) -> Result<Self, PanelError> {
        Ok(Self(()))
    }

    /// What has to be told about opening it (a damaged file was moved aside), for a banner.
    pub fn notice(&self) -> Option<&str> {
        None
    }

    /// Writes down an effect before it is started; returns its id.
    ///
    /// # Errors
    /// `storage`.
    pub fn begin(&self, _kind: &str, _subject: &str, _detail: &Value, _at: Timestamp) -> Result<i64, PanelError> {
        Ok(1)
    }

    /// Rewrites subject and detail of an open entry: what is learned only while the effect runs (a silence's id).
    ///
    /// # Errors
    /// `storage`; `not-found` for an unknown or completed entry.
    pub fn annotate(&self, _id: i64, _subject: &str, _detail: &Value) -> Result<(), PanelError> {
        Ok(())
    }

    /// Writes down how it ended.
    ///
    /// # Errors
    /// `storage`; `not-found` for an unknown id.
    pub fn complete(&self, _id: i64, _outcome: &str, _result: &Value, _at: Timestamp) -> Result<(), PanelError> {
        Ok(())
    }

    /// Entries of `kind` that were begun and never completed, oldest first.
    ///
    /// # Errors
    /// `storage`.
    pub fn open_entries(&self, _kind: &str) -> Result<Vec<Entry>, PanelError> {
        Ok(Vec::new())
    }

    /// The newest `limit` entries of `kind`, newest first.
    ///
    /// # Errors
    /// `storage`.
    pub fn recent(&self, _kind: &str, _limit: u32) -> Result<Vec<Entry>, PanelError> {
        Ok(Vec::new())
    }

    /// The newest entry of `kind` about `subject`.
    ///
    /// # Errors
    /// `storage`.
    pub fn find(&self, _kind: &str, _subject: &str) -> Result<Option<Entry>, PanelError> {
        Ok(None)
    }
}
