//! The table of episodes.

use std::{
    collections::{BTreeMap, HashMap},
    path::{Path, PathBuf},
    sync::{Mutex, MutexGuard, PoisonError},
};

use aether_contract::{AlertRow, PanelError, Timestamp};
use rusqlite::{Connection, Row, params};

use aether_context::journal;
use aether_foundation::matching::fingerprint::fingerprint;

/// An episode as it is kept.
#[derive(Debug, Clone, PartialEq)]
pub struct Kept {
    /// Fingerprint of the alert.
    pub fingerprint: String,
    /// Labels.
    pub labels: BTreeMap<String, String>,
    /// Begin.
    pub began: Timestamp,
    /// End; none while it fires.
    pub ended: Option<Timestamp>,
    /// When it was seen firing last.
    pub seen: Timestamp,
    /// Lowest and highest value.
    pub range: Option<(f64, f64)>,
    /// Milliseconds in which it was muted.
    pub muted_ms: i64,
    /// Precision when it was read from Prometheus afterwards, in seconds; 0 when it was seen.
    pub step_s: u32,
}

impl Kept {
    /// Of an alert that is listed as firing.
    pub fn of(row: &AlertRow, now: Timestamp) -> Self {
        Self {
            fingerprint: row.fingerprint.0.clone(),
            labels: row.labels.clone(),
            began: if row.since.0 > 0 { row.since.min(now) } else { now },
            ended: None,
            seen: now,
            range: None,
            muted_ms: 0,
            step_s: 0,
        }
    }

    /// Of a stretch of samples in Prometheus.
    pub fn recorded(
        labels: &BTreeMap<String, String>,
        began: Timestamp,
        ended: Option<Timestamp>,
        last: Timestamp,
        step_ms: i64,
    ) -> Self {
        Self {
            fingerprint: fingerprint(labels).0,
            labels: labels.clone(),
            began,
            ended,
            seen: last,
            range: None,
            muted_ms: 0,
            step_s: u32::try_from(step_ms / 1000).unwrap_or(u32::MAX),
        }
    }
}

const COLUMNS: &str = "fingerprint, labels, began, ended, seen, lowest, highest, muted_ms, step_s";

/// The table of episodes, on a connection of its own.
pub struct Store {
    path: PathBuf,
    connection: Mutex<Connection>,
}

impl Store {
    /// Opens it in the journal's database, which has been opened (and its tables made) before.
    pub(super) fn open(path: &Path) -> Result<Self, PanelError> {
        Ok(Self { path: path.to_path_buf(), connection: Mutex::new(journal::second_connection(path)?) })
    }

    fn lock(&self) -> MutexGuard<'_, Connection> {
        self.connection.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn failed(&self, error: rusqlite::Error) -> PanelError {
        journal::storage_error(error, &self.path)
    }

    /// Writes episodes down, each as it stands now; what is known of it already is brought up to date.
    pub(super) fn write(&self, stack: &str, episodes: &[Kept]) -> Result<(), PanelError> {
        let mut connection = self.lock();
        let written = (|| {
            let change = connection.transaction_with_behavior(rusqlite::TransactionBehavior::Immediate)?;
            {
                let mut statement = change.prepare_cached(
                    "INSERT INTO episodes (stack, fingerprint, labels, began, ended, seen, lowest, highest, \
                        muted_ms, step_s)
                     VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)
                     ON CONFLICT (stack, fingerprint, began) DO UPDATE SET
                       ended = excluded.ended, seen = max(seen, excluded.seen),
                       lowest = min(coalesce(lowest, excluded.lowest), coalesce(excluded.lowest, lowest)),
                       highest = max(coalesce(highest, excluded.highest), coalesce(excluded.highest, highest)),
                       muted_ms = max(muted_ms, excluded.muted_ms)",
                )?;
                for one in episodes {
                    let labels = serde_json::to_string(&one.labels).unwrap_or_default();
                    statement.execute(params![
                        stack,
                        one.fingerprint,
                        labels,
                        one.began.0,
                        one.ended.map(|at| at.0),
                        one.seen.0,
                        one.range.map(|(lowest, _)| lowest),
                        one.range.map(|(_, highest)| highest),
                        one.muted_ms,
                        one.step_s
                    ])?;
                }
            }
            change.commit()
        })();
        written.map_err(|error| self.failed(error))
    }

    /// Episodes that have not ended, as far as is known.
    pub(super) fn open_episodes(&self, stack: &str) -> Result<Vec<Kept>, PanelError> {
        self.select(
            &format!("SELECT {COLUMNS} FROM episodes WHERE stack = ?1 AND ended IS NULL"),
            params![stack],
        )
    }

    /// Episodes that touch a range, the newest first.
    pub(super) fn between(
        &self,
        stack: &str,
        from: Timestamp,
        to: Timestamp,
    ) -> Result<Vec<Kept>, PanelError> {
        let sql = format!(
            "SELECT {COLUMNS} FROM episodes WHERE stack = ?1 AND began <= ?3 AND (ended IS NULL OR ended >= ?2)
             ORDER BY began DESC, fingerprint"
        );
        self.select(&sql, params![stack, from.0, to.0])
    }

    /// Episodes that touch a range, by alert name.
    pub(super) fn counted(
        &self,
        stack: &str,
        from: Timestamp,
        to: Timestamp,
    ) -> Result<HashMap<String, u32>, PanelError> {
        let sql = "SELECT coalesce(json_extract(labels, '$.alertname'), ''), count(*) FROM episodes
             WHERE stack = ?1 AND began <= ?3 AND (ended IS NULL OR ended >= ?2) GROUP BY 1";
        let connection = self.lock();
        let rows = connection.prepare_cached(sql).and_then(|mut statement| {
            let one = |row: &Row<'_>| Ok((row.get(0)?, row.get(1)?));
            statement.query_map(params![stack, from.0, to.0], one)?.collect()
        });
        rows.map_err(|error| self.failed(error))
    }

    /// When the record of a stack was written to last.
    pub(super) fn known_until(&self, stack: &str) -> Result<Option<Timestamp>, PanelError> {
        let newest =
            self.lock().query_row("SELECT max(seen) FROM episodes WHERE stack = ?1", params![stack], |row| {
                row.get::<_, Option<i64>>(0)
            });
        newest.map(|at| at.map(Timestamp)).map_err(|error| self.failed(error))
    }

    /// When the record of a stack begins.
    pub(super) fn known_since(&self, stack: &str) -> Result<Option<Timestamp>, PanelError> {
        let oldest = self.lock().query_row(
            "SELECT min(began) FROM episodes WHERE stack = ?1",
            params![stack],
            |row| row.get::<_, Option<i64>>(0),
        );
        oldest.map(|at| at.map(Timestamp)).map_err(|error| self.failed(error))
    }

    /// Deletes what ended before a time.
    pub(super) fn prune(&self, before: Timestamp) -> Result<(), PanelError> {
        let deleted = self.lock().execute("DELETE FROM episodes WHERE ended < ?1", params![before.0]);
        deleted.map(|_| ()).map_err(|error| self.failed(error))
    }

    fn select(&self, sql: &str, params: impl rusqlite::Params) -> Result<Vec<Kept>, PanelError> {
        let connection = self.lock();
        let rows = connection
            .prepare_cached(sql)
            .and_then(|mut statement| statement.query_map(params, kept)?.collect::<Result<Vec<_>, _>>());
        rows.map_err(|error| self.failed(error))
    }
}

fn kept(row: &Row<'_>) -> rusqlite::Result<Kept> {
    let labels: String = row.get(1)?;
    let (lowest, highest): (Option<f64>, Option<f64>) = (row.get(5)?, row.get(6)?);
    Ok(Kept {
        fingerprint: row.get(0)?,
        labels: serde_json::from_str(&labels).unwrap_or_default(),
        began: Timestamp(row.get(2)?),
        ended: row.get::<_, Option<i64>>(3)?.map(Timestamp),
        seen: Timestamp(row.get(4)?),
        range: lowest.zip(highest),
        muted_ms: row.get(7)?,
        step_s: row.get(8)?,
    })
}
