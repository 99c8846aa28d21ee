//! The journal: what the panel was about to do, written down and flushed to the disk before it does it, and how it
//! ended. An entry that was begun and never completed tells that the panel was killed in between.
//!
//! The module refuses to open a journal of a newer version, and it deletes nothing: a damaged file is moved aside.

mod scrub;

use std::{
    path::{Path, PathBuf},
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use aether_contract::{ErrorCode, PanelError, Timestamp};
use rusqlite::{Connection, ErrorCode as Sqlite, OptionalExtension as _, Row, params};
use serde_json::Value;

use aether_foundation::paths::{self, create_private_dir};

/// Version of the tables, in SQLite's `user_version`.
const SCHEMA: i64 = scrub::SCRUBBED;
/// How long to wait for another process (a shell command beside the window) that is writing.
const BUSY: Duration = Duration::from_secs(5);

const TABLES: &str = "
    CREATE TABLE IF NOT EXISTS entries (
        id      INTEGER PRIMARY KEY AUTOINCREMENT,
        kind    TEXT NOT NULL,
        subject TEXT NOT NULL,
        detail  TEXT NOT NULL,
        began   INTEGER NOT NULL,
        outcome TEXT,
        result  TEXT,
        ended   INTEGER
    ) STRICT;
    CREATE INDEX IF NOT EXISTS entries_by_subject ON entries (kind, subject, id);
    CREATE INDEX IF NOT EXISTS entries_open ON entries (kind, id) WHERE outcome IS NULL;
    CREATE TABLE IF NOT EXISTS episodes (
        stack       TEXT NOT NULL,
        fingerprint TEXT NOT NULL,
        labels      TEXT NOT NULL,
        began       INTEGER NOT NULL,
        ended       INTEGER,
        seen        INTEGER NOT NULL,
        lowest      REAL,
        highest     REAL,
        muted_ms    INTEGER NOT NULL,
        step_s      INTEGER NOT NULL,
        PRIMARY KEY (stack, fingerprint, began)
    ) STRICT;
    CREATE INDEX IF NOT EXISTS episodes_by_time ON episodes (stack, began);
    CREATE INDEX IF NOT EXISTS episodes_open ON episodes (stack) WHERE ended IS NULL;
";

const COLUMNS: &str = "id, kind, subject, detail, began, outcome, result, ended";

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

/// The journal's database. Calls block for a few milliseconds (the disk is flushed). No contents of files are kept: see
/// [`scrub`].
pub struct Journal {
    path: PathBuf,
    connection: Mutex<Connection>,
    notice: Option<String>,
}

impl Journal {
    /// Opens or creates it.
    ///
    /// # Errors
    /// `storage` when it can't be opened, or was written by a newer version of the panel.
    pub fn open(path: &Path) -> Result<Self, PanelError> {
        if let Some(dir) = path.parent() {
            create_private_dir(dir).map_err(|error| paths::storage("create the folder", dir, &error))?;
        }
        let mut notice = None;
        let connection = match connect(path) {
            Err(Failure::Damaged(cause)) => {
                let aside = move_aside(path).map_err(|error| paths::storage("move aside", path, &error))?;
                tracing::error!(cause, aside = %aside.display(), "the journal is corrupted; starting a new one");
                notice = Some(format!(
                    "The panel's journal was corrupted. It was kept as {}, and a new one was started \
                        without the past maintenance windows.",
                    aside.display()
                ));
                connect(path)
            }
            outcome => outcome,
        }
        .map_err(|failure| failure.into_error(path))?;
        Ok(Self { path: path.to_path_buf(), connection: Mutex::new(connection), notice })
    }

    /// What has to be told about opening it (a damaged file was moved aside), for a banner.
    pub fn notice(&self) -> Option<&str> {
        self.notice.as_deref()
    }

    /// Writes down an effect before it is started; returns its id.
    ///
    /// # Errors
    /// `storage`: then the effect must not be started.
    pub fn begin(&self, kind: &str, subject: &str, detail: &Value, at: Timestamp) -> Result<i64, PanelError> {
        let connection = self.lock();
        connection
            .execute(
                "INSERT INTO entries (kind, subject, detail, began) VALUES (?1, ?2, ?3, ?4)",
                params![kind, subject, kept(kind, detail), at.0],
            )
            .map_err(|error| self.failed(error))?;
        Ok(connection.last_insert_rowid())
    }

    /// Rewrites subject and detail of an open entry: what is learned only while the effect runs (a silence's id).
    ///
    /// # Errors
    /// `storage`; `not-found` for an unknown or completed entry.
    pub fn annotate(&self, id: i64, subject: &str, detail: &Value) -> Result<(), PanelError> {
        let sql = "UPDATE entries SET subject = ?2, detail = ?3 WHERE id = ?1 AND outcome IS NULL";
        let connection = self.lock();
        let rows = kind_of(&connection, id)
            .and_then(|kind| connection.execute(sql, params![id, subject, kept(&kind, detail)]));
        self.one(id, rows)
    }

    /// Writes down how it ended.
    ///
    /// # Errors
    /// `storage`; `not-found` for an unknown or completed entry.
    pub fn complete(&self, id: i64, outcome: &str, result: &Value, at: Timestamp) -> Result<(), PanelError> {
        let sql =
            "UPDATE entries SET outcome = ?2, result = ?3, ended = ?4 WHERE id = ?1 AND outcome IS NULL";
        let connection = self.lock();
        let rows = kind_of(&connection, id)
            .and_then(|kind| connection.execute(sql, params![id, outcome, kept(&kind, result), at.0]));
        self.one(id, rows)
    }

    /// Entries of `kind` that were begun and never completed, oldest first.
    ///
    /// # Errors
    /// `storage`.
    pub fn open_entries(&self, kind: &str) -> Result<Vec<Entry>, PanelError> {
        let sql = format!("SELECT {COLUMNS} FROM entries WHERE kind = ?1 AND outcome IS NULL ORDER BY id");
        self.select(&sql, params![kind])
    }

    /// The newest `limit` entries of `kind`, newest first.
    ///
    /// # Errors
    /// `storage`.
    pub fn recent(&self, kind: &str, limit: u32) -> Result<Vec<Entry>, PanelError> {
        let sql = format!("SELECT {COLUMNS} FROM entries WHERE kind = ?1 ORDER BY id DESC LIMIT ?2");
        self.select(&sql, params![kind, limit])
    }

    /// What came of the newest `limit` entries of `kind` that are completed, by subject: without their
    /// details, which may be long.
    ///
    /// # Errors
    /// `storage`.
    pub fn results(&self, kind: &str, limit: u32) -> Result<Vec<(String, Value)>, PanelError> {
        let sql = "SELECT subject, result FROM entries WHERE kind = ?1 AND result IS NOT NULL ORDER BY id DESC \
            LIMIT ?2";
        let one = |row: &Row<'_>| {
            let (subject, result): (String, String) = (row.get(0)?, row.get(1)?);
            Ok((subject, serde_json::from_str(&result).unwrap_or_default()))
        };
        let connection = self.lock();
        let rows = connection
            .prepare_cached(sql)
            .and_then(|mut statement| statement.query_map(params![kind, limit], one)?.collect());
        rows.map_err(|error| self.failed(error))
    }

    /// The newest `limit` entries of `kind` about `subject`, newest first.
    ///
    /// # Errors
    /// `storage`.
    pub fn about(&self, kind: &str, subject: &str, limit: u32) -> Result<Vec<Entry>, PanelError> {
        let sql = format!(
            "SELECT {COLUMNS} FROM entries WHERE kind = ?1 AND subject = ?2 ORDER BY id DESC LIMIT ?3"
        );
        self.select(&sql, params![kind, subject, limit])
    }

    /// Updates the detail of an open entry if it still equals `before`; false if it was changed concurrently.
    ///
    /// # Errors
    /// `storage`.
    pub fn replace(&self, id: i64, before: &Value, after: &Value) -> Result<bool, PanelError> {
        let sql = "UPDATE entries SET detail = ?3 WHERE id = ?1 AND detail = ?2 AND outcome IS NULL";
        let connection = self.lock();
        let rows = kind_of(&connection, id)
            .and_then(|kind| connection.execute(sql, params![id, kept(&kind, before), kept(&kind, after)]));
        rows.map(|rows| rows == 1).map_err(|error| self.failed(error))
    }

    /// The newest entry of `kind` about `subject`.
    ///
    /// # Errors
    /// `storage`.
    pub fn find(&self, kind: &str, subject: &str) -> Result<Option<Entry>, PanelError> {
        let sql = format!(
            "SELECT {COLUMNS} FROM entries WHERE kind = ?1 AND subject = ?2 ORDER BY id DESC LIMIT 1"
        );
        self.lock()
            .query_row(&sql, params![kind, subject], entry)
            .optional()
            .map_err(|error| self.failed(error))
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    fn lock(&self) -> MutexGuard<'_, Connection> {
        self.connection.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn select(&self, sql: &str, params: impl rusqlite::Params) -> Result<Vec<Entry>, PanelError> {
        let connection = self.lock();
        let rows = connection
            .prepare_cached(sql)
            .and_then(|mut statement| statement.query_map(params, entry)?.collect::<Result<Vec<_>, _>>());
        rows.map_err(|error| self.failed(error))
    }

    fn one(&self, id: i64, rows: rusqlite::Result<usize>) -> Result<(), PanelError> {
        match rows.map_err(|error| self.failed(error))? {
            0 => Err(PanelError::new(
                ErrorCode::NotFound,
                "journal",
                format!("The journal has no open entry {id}."),
            )),
            _ => Ok(()),
        }
    }

    fn failed(&self, error: rusqlite::Error) -> PanelError {
        Failure::from(error).into_error(&self.path)
    }
}

/// A value as it is written: without contents of files.
fn kept(kind: &str, value: &Value) -> String {
    let mut value = value.clone();
    scrub::scrub(kind, &mut value);
    value.to_string()
}

/// The kind of an entry; of one that is not there, none.
fn kind_of(connection: &Connection, id: i64) -> rusqlite::Result<String> {
    let kind =
        connection.query_row("SELECT kind FROM entries WHERE id = ?1", [id], |row| row.get(0)).optional()?;
    Ok(kind.unwrap_or_default())
}

/// Another connection to a journal that has been opened: long work there must not hold an effect up.
pub fn second_connection(path: &Path) -> Result<Connection, PanelError> {
    let open = || {
        let connection = Connection::open(path)?;
        connection.busy_timeout(BUSY)?;
        // An episode that is lost with the power is filled in again; one that is lost with the process is not lost.
        connection.pragma_update(None, "synchronous", "NORMAL")?;
        Ok(connection)
    };
    open().map_err(|error| storage_error(error, path))
}

/// An error of the database in the panel's words.
pub fn storage_error(error: rusqlite::Error, path: &Path) -> PanelError {
    Failure::from(error).into_error(path)
}

enum Failure {
    /// The file is not a valid database.
    Damaged(String),
    /// It was written by a later version.
    Newer(i64),
    /// Anything else.
    Other(rusqlite::Error),
}

impl From<rusqlite::Error> for Failure {
    fn from(error: rusqlite::Error) -> Self {
        match error.sqlite_error_code() {
            Some(Sqlite::DatabaseCorrupt | Sqlite::NotADatabase) => Self::Damaged(error.to_string()),
            _ => Self::Other(error),
        }
    }
}

impl Failure {
    fn into_error(self, path: &Path) -> PanelError {
        let source = path.display().to_string();
        match self {
            Self::Newer(found) => PanelError::new(
                ErrorCode::Storage,
                source,
                format!("The journal {} was written by a newer version of the panel.", path.display()),
            )
            .with_hint("Use that version, or a different folder (AETHER_HOME).")
            .with_detail(format!("schema {found}; this version supports {SCHEMA}")),
            Self::Damaged(detail) => PanelError::new(
                ErrorCode::Storage,
                source,
                format!("The journal {} is corrupted.", path.display()),
            )
            .with_hint("Restart the panel: it keeps the file and starts a new journal.")
            .with_detail(detail),
            Self::Other(error) => {
                let full = error.sqlite_error_code() == Some(Sqlite::DiskFull);
                PanelError::new(
                    ErrorCode::Storage,
                    source,
                    format!("Failed to access the journal {}.", path.display()),
                )
                .with_hint(if full {
                    "Free up disk space."
                } else {
                    "Check that the folder is writable and that no other program has the file open."
                })
                .with_detail(error.to_string())
            }
        }
    }
}

fn connect(path: &Path) -> Result<Connection, Failure> {
    private_file(path);
    let mut connection = Connection::open(path)?;
    connection.busy_timeout(BUSY)?;
    let found: i64 = connection.query_row("PRAGMA user_version", [], |row| row.get(0))?;
    if found > SCHEMA {
        return Err(Failure::Newer(found));
    }
    // WAL: a reader beside a writer. FULL: an entry is on the disk when `begin` returns.
    connection.pragma_update(None, "journal_mode", "WAL")?;
    connection.pragma_update(None, "synchronous", "FULL")?;
    let verdict: String = connection.query_row("PRAGMA quick_check(1)", [], |row| row.get(0))?;
    if verdict != "ok" {
        return Err(Failure::Damaged(verdict));
    }
    if found > 0 && found < scrub::SCRUBBED {
        scrub::scrub_all(&mut connection)?;
        // Another process may hold the file; then the version stays the old one, and the next start does this again.
        if let Err(error) = scrub::forget_bytes(&connection) {
            tracing::warn!(%error, "failed to compact the journal; will retry");
            return Ok(connection);
        }
    }
    if found < SCHEMA {
        // Immediate: of two processes that start at once, one waits and finds the tables made.
        let change = connection.transaction_with_behavior(rusqlite::TransactionBehavior::Immediate)?;
        change.execute_batch(TABLES)?;
        change.pragma_update(None, "user_version", SCHEMA)?;
        change.commit()?;
    }
    Ok(connection)
}

/// Creates the file for this account only, before SQLite would create it with the process's mask. What goes wrong
/// here goes wrong again, with a better message, when SQLite opens it.
fn private_file(path: &Path) {
    let _ = aether_foundation::paths::create_private_file_once(path);
}

/// Moves a damaged database and the files that SQLite keeps beside it to names that are free.
fn move_aside(path: &Path) -> std::io::Result<PathBuf> {
    let beside = |suffix: &str| {
        let mut name = path.as_os_str().to_owned();
        name.push(suffix);
        PathBuf::from(name)
    };
    let free = (1..10_000)
        .map(|number| format!(".damaged-{number}"))
        .find(|suffix| !beside(suffix).exists())
        .ok_or_else(|| std::io::Error::other("failed to delete old corrupted journals"))?;
    for part in ["-wal", "-shm"] {
        match std::fs::rename(beside(part), beside(&format!("{free}{part}"))) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
    }
    std::fs::rename(path, beside(&free))?;
    Ok(beside(&free))
}

fn entry(row: &Row<'_>) -> rusqlite::Result<Entry> {
    let json = |text: String| serde_json::from_str(&text).unwrap_or(Value::String(text));
    Ok(Entry {
        id: row.get(0)?,
        kind: row.get(1)?,
        subject: row.get(2)?,
        detail: json(row.get(3)?),
        began: Timestamp(row.get(4)?),
        outcome: row.get(5)?,
        result: row.get::<_, Option<String>>(6)?.map(json),
        ended: row.get::<_, Option<i64>>(7)?.map(Timestamp),
    })
}

#[cfg(test)]
mod tests;
