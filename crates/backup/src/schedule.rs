//! Scheduled backups, made at a fixed interval while a panel is open.

use std::sync::Arc;

use aether_contract::{
    Backup, BackupCreateRequest, BackupList, BackupVerdict, Level, Notice, PanelError, PanelEvent, Timestamp,
};

use super::{create, store::FUTURE_MS};
use crate::{Backups, store::is_full};
use aether_foundation::clock;

/// Shortest time between two attempts, in milliseconds.
const AGAIN_MS: i64 = 3_600_000;
/// What such a backup is for.
const REASON: &str = "Scheduled";

/// Whether it is time. `tried` is when this panel tried last.
pub fn due(list: &BackupList, every_h: u32, tried: Option<Timestamp>, now: Timestamp) -> bool {
    let within = |at: Timestamp, ms: i64| (-FUTURE_MS..ms).contains(&now.millis_since(at));
    let own =
        || list.backups.iter().filter(|backup| is_full(backup) && backup.verdict != BackupVerdict::Foreign);
    let sound = |verdict: BackupVerdict| verdict.is_verified() || verdict == BackupVerdict::Complete;
    every_h > 0
        && !tried.is_some_and(|at| within(at, AGAIN_MS))
        && !own().any(|backup| within(backup.made_at, AGAIN_MS))
        && !own().any(|b| sound(b.verdict) && within(b.made_at, i64::from(every_h) * 3_600_000))
}

/// Whether to try now; then that is remembered.
fn begin(backups: &Backups, list: &BackupList) -> bool {
    let now = clock::now();
    let every = backups.ctx.settings.get().backup_every_h;
    let begin = backups.ctx.jobs.shown().is_none() && due(list, every, backups.tried(None), now);
    if begin {
        backups.tried(Some(now));
    }
    begin
}

async fn make(backups: &Arc<Backups>) -> Result<Backup, PanelError> {
    let request =
        BackupCreateRequest { reason: REASON.to_owned(), created_by: String::new(), parts: Vec::new() };
    Box::pin(create::create(Arc::clone(backups), request)).await
}

/// Copies it to every place, if the profile asks for that.
async fn copied(backups: &Arc<Backups>, backup: &Backup) -> Result<(), PanelError> {
    let wanted = backups.ctx.live().profile.elsewhere.copy_scheduled && backup.verdict.is_verified();
    let failed = if wanted { super::remote::push_new(backups, &backup.id).await } else { Vec::new() };
    failed.into_iter().next().map_or(Ok(()), Err)
}

/// Makes one if it is time, and tells what came of it.
///
/// # Errors
/// As [`create::create`].
pub async fn make_if_due(backups: &Arc<Backups>, list: &BackupList) -> Result<Option<Backup>, PanelError> {
    if !begin(backups, list) {
        return Ok(None);
    }
    let backup = make(backups).await?;
    copied(backups, &backup).await?;
    Ok(Some(backup))
}

/// Makes a backup if one is due. Failures become desktop notifications, because no one is watching.
pub fn look(backups: &Arc<Backups>, list: &BackupList) {
    if !begin(backups, list) {
        return;
    }
    let backups = Arc::clone(backups);
    tokio::spawn(async move {
        let guard = Arc::clone(&backups.ctx.effects).read_owned().await;
        let (title, text) = match make(&backups).await {
            Ok(backup) if backup.verdict.is_verified() => {
                tracing::info!(backup = backup.id.0, "starting the scheduled backup");
                match copied(&backups, &backup).await {
                    Ok(()) => return,
                    Err(error) => {
                        (format!("Scheduled backup {} was not uploaded", backup.id.0), error.to_string())
                    }
                }
            }
            Ok(backup) => (
                format!("Scheduled backup {} is incomplete", backup.id.0),
                backup.problems.into_iter().next().unwrap_or_default(),
            ),
            Err(error) => ("Scheduled backup failed".to_owned(), error.to_string()),
        };
        tracing::warn!(title, text, "scheduled backup");
        let screen = "backups".to_owned();
        let notice = Notice { level: Level::Warn, title, text, screen, filter: String::new() };
        backups.ctx.publisher.send(PanelEvent::Notice(notice));
        drop(guard);
    });
}

#[cfg(test)]
mod tests {
    use aether_contract::{BackupId, BackupPart, BackupPartKind, BackupPartState};

    use super::*;
    use crate::parts::NOT_REQUESTED;

    const HOUR: i64 = 3_600_000;

    fn list(backups: &[(i64, BackupVerdict, bool)]) -> BackupList {
        let backup = |(hour, verdict, safety): &(i64, BackupVerdict, bool)| Backup {
            id: BackupId(format!("b{hour}")),
            made_at: Timestamp(hour * HOUR),
            reason: String::new(),
            created_by: String::new(),
            stack: String::new(),
            verdict: *verdict,
            verified_at: None,
            problems: Vec::new(),
            parts: Vec::new(),
            bytes: 0.0,
            files: 0,
            dashboards: 0,
            pinned: false,
            safety: *safety,
            archive: String::new(),
            elsewhere: Vec::new(),
        };
        BackupList {
            folder: String::new(),
            places: Vec::new(),
            backups: backups.iter().map(backup).collect(),
            unreadable: Vec::new(),
            free_bytes: None,
            revision: 1,
        }
    }

    #[test]
    fn a_scheduled_backup_is_due_when_the_last_sound_one_is_too_old() {
        use BackupVerdict::{Foreign, Incomplete, Verified};
        let at = |hour: i64| Timestamp(hour * HOUR);
        let due =
            |backups: &[(i64, BackupVerdict, bool)], every, now| due(&list(backups), every, None, at(now));
        assert!(!due(&[], 0, 100), "it is switched off");
        assert!(due(&[], 24, 100));
        assert!(!due(&[(80, Verified, false)], 24, 100));
        assert!(due(&[(76, Verified, false)], 24, 100));
        assert!(due(&[(99, Verified, true)], 24, 100), "a safety copy is no backup of the stack");
        assert!(due(&[(99, Foreign, false)], 24, 100), "nor is what another tool made");
        assert!(due(&[(90, Incomplete, false)], 24, 100), "an incomplete one is made again");
        assert!(!due(&[(100, Incomplete, false)], 24, 100), "but not at once");
        assert!(due(&[(900, Verified, false)], 24, 100), "a clock that was set back stops nothing");
    }

    #[test]
    fn a_backup_from_before_the_clock_was_set_back_hides_no_newer_one() {
        use BackupVerdict::Verified;
        let newest = |backups: &[(i64, BackupVerdict, bool)]| {
            let newest = crate::store::newest(&list(backups), Timestamp(100 * HOUR));
            newest.map(|backup| backup.id.0)
        };
        assert_eq!(newest(&[(900, Verified, false), (99, Verified, false)]).as_deref(), Some("b99"));
        assert_eq!(newest(&[(900, Verified, false), (99, Verified, true)]).as_deref(), Some("b900"));
        assert_eq!(newest(&[]), None);
    }

    #[test]
    fn a_backup_of_some_parts_is_not_the_latest_backup() {
        use BackupVerdict::Verified;
        let mut backups = list(&[(99, Verified, false), (90, Verified, false)]);
        let part = |kind, state, note: &str| BackupPart {
            kind,
            state,
            count: 6,
            what: "files".into(),
            bytes: 1.0,
            notes: vec![note.to_owned()],
            without_tsdb: false,
        };
        let now = Timestamp(100 * HOUR);
        let saved = part(BackupPartKind::Configs, BackupPartState::Complete, "");
        backups.backups[0].parts =
            vec![saved.clone(), part(BackupPartKind::Grafana, BackupPartState::Skipped, NOT_REQUESTED)];
        let newest = |backups: &BackupList| crate::store::newest(backups, now).map(|backup| backup.id.0);
        assert_eq!(newest(&backups).as_deref(), Some("b90"));
        assert!(due(&backups, 6, None, now), "the files of a change of rules are no backup of the stack");
        // A stack without Grafana leaves nothing out, and neither does one without playlists.
        backups.backups[0].parts = vec![
            saved,
            part(BackupPartKind::Grafana, BackupPartState::Skipped, "This stack has no Grafana."),
            part(BackupPartKind::Playlists, BackupPartState::Skipped, NOT_REQUESTED),
        ];
        assert_eq!(newest(&backups).as_deref(), Some("b99"));
    }

    #[test]
    fn what_failed_is_tried_again_after_an_hour() {
        let now = Timestamp(100 * HOUR);
        assert!(!due(&list(&[]), 24, Some(now.plus_millis(-HOUR / 2)), now));
        assert!(due(&list(&[]), 24, Some(now.plus_millis(-HOUR)), now));
    }
}
