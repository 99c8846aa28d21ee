//! Retention: which backups to keep (last N, daily, weekly, monthly). Pure except for the deletion.

use std::{collections::BTreeSet, sync::Arc};

use aether_contract::{
    Backup, BackupDeleted, BackupId, BackupVerdict, ErrorCode, PanelError, PruneItem, PrunePlan, PrunePolicy,
    Timestamp,
};
use jiff::tz::TimeZone;
use serde_json::json;

use super::store::{FUTURE_MS, Store};
use crate::Backups;

/// The journal's word for it.
pub const DELETE: &str = "backup-delete";
/// How long a copy that was saved before a restore is kept, in milliseconds: so long a restore can be undone.
pub const SAFETY_MS: i64 = 30 * 86_400_000;

/// What the policy would delete of these backups, newest first, at `now`.
pub fn plan(backups: &[Backup], policy: PrunePolicy, now: Timestamp, zone: &TimeZone) -> PrunePlan {
    let mut left = [policy.daily, policy.weekly, policy.monthly];
    let mut seen: [BTreeSet<String>; 3] = Default::default();
    let mut last = policy.last;
    let mut newest_complete = true;
    let mut items = Vec::new();
    for backup in backups {
        let mut why = Vec::new();
        let future = now.millis_since(backup.made_at) < -FUTURE_MS;
        if future {
            // Its place among the others is not known: it takes nobody's, and nobody takes its own.
            why.push("dated in the future: the clock was set back since".to_owned());
        }
        if backup.pinned {
            why.push("pinned".to_owned());
        }
        if future {
            // Kept until its time has come.
        } else if backup.safety {
            if now.millis_since(backup.made_at) < SAFETY_MS {
                why.push("needed to undo a restore".to_owned());
            }
        } else {
            let sound = !matches!(backup.verdict, BackupVerdict::Incomplete | BackupVerdict::Changed);
            if sound && std::mem::take(&mut newest_complete) {
                why.push("newest complete backup".to_owned());
            }
            if last > 0 {
                last -= 1;
                why.push(format!("one of the last {}", policy.last));
            }
            // Only a sound one stands for its day: a broken newer one must not cost the good older one.
            if sound {
                let periods = periods(backup.made_at, zone);
                for ((name, left), seen) in periods.into_iter().zip(&mut left).zip(&mut seen) {
                    if *left > 0 && seen.insert(name.clone()) {
                        *left -= 1;
                        why.push(format!("newest of {name}"));
                    }
                }
            }
        }
        items.push(PruneItem {
            id: backup.id.clone(),
            made_at: backup.made_at,
            reason: backup.reason.clone(),
            bytes: backup.bytes,
            keep: !why.is_empty(),
            why: why.join(", "),
        });
    }
    let frees_bytes = items.iter().filter(|item| !item.keep).map(|item| item.bytes).sum();
    PrunePlan { items, frees_bytes }
}

/// Names of the day, week and month of a moment.
fn periods(at: Timestamp, zone: &TimeZone) -> [String; 3] {
    let date = jiff::Timestamp::from_millisecond(at.0).unwrap_or_default().to_zoned(zone.clone()).date();
    let week = date.iso_week_date();
    [date.to_string(), format!("{}-W{:02}", week.year(), week.week()), date.strftime("%Y-%m").to_string()]
}

/// Deletes backups, one after the other. Pinned ones stay.
///
/// # Errors
/// `invalid-request` when none is named or other work is going on; `storage` when the journal can't be written.
pub async fn delete(backups: Arc<Backups>, ids: Vec<BackupId>) -> Result<BackupDeleted, PanelError> {
    if ids.is_empty() {
        return Err(PanelError::new(ErrorCode::InvalidRequest, "backups", "No backups selected."));
    }
    let live = backups.ctx.live();
    let job = backups.ctx.jobs.begin("Deleting backups")?;
    let store = Store::of(&live.profile, &backups.ctx.home.data);
    let lock = crate::store::locked(&store).await?;
    let list = backups.read_backups(&live).await?;
    job.stage("backups", ids.len());
    let mut done = BackupDeleted { deleted: Vec::new(), kept: Vec::new(), freed_bytes: 0.0 };
    for id in ids {
        let known = list.backups.iter().find(|backup| backup.id == id);
        match known {
            Some(backup) if backup.pinned => {
                done.kept.push(format!("{}: it is pinned. Unpin it first.", id.0));
                continue;
            }
            Some(_) => {}
            None => {
                done.kept.push(format!("{}: backup not found.", id.0));
                continue;
            }
        }
        if job.check().is_err() {
            done.kept.push(format!("{}: canceled.", id.0));
            continue;
        }
        let entry = backups.ctx.journal_begin(DELETE, &id.0, json!({"folder": store.root()})).await?;
        let result = store.delete(&id, &lock);
        let (outcome, words) = match &result {
            Ok(()) => ("deleted", json!(null)),
            Err(error) => ("failed", json!({"error": error})),
        };
        backups.ctx.journal_complete(entry, outcome, words).await?;
        match result {
            Ok(()) => {
                done.freed_bytes += known.map_or(0.0, |backup| backup.bytes);
                done.deleted.push(id);
            }
            Err(error) => done.kept.push(format!("{}: {error}", id.0)),
        }
        job.step();
    }
    drop((lock, job));
    backups.read_backups(&live).await?;
    Ok(done)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn backup(day: i64, verdict: BackupVerdict) -> Backup {
        Backup {
            id: BackupId(format!("b{day}")),
            made_at: Timestamp(day * 86_400_000 + 3_600_000),
            reason: String::new(),
            created_by: String::new(),
            stack: String::new(),
            verdict,
            verified_at: None,
            problems: Vec::new(),
            parts: Vec::new(),
            bytes: 10.0,
            files: 1,
            dashboards: 1,
            pinned: false,
            safety: false,
            archive: String::new(),
            elsewhere: Vec::new(),
        }
    }

    fn kept(backups: &[Backup], policy: PrunePolicy, day: i64) -> Vec<String> {
        let plan = plan(backups, policy, Timestamp(day * 86_400_000), &TimeZone::UTC);
        plan.items.iter().filter(|item| item.keep).map(|item| item.id.0.clone()).collect()
    }

    const NONE: PrunePolicy = PrunePolicy { last: 0, daily: 0, weekly: 0, monthly: 0 };

    #[test]
    fn days_weeks_and_months_keep_their_newest() {
        // Day 20454 is Thursday 2026-01-01.
        let all: Vec<Backup> =
            (20_454..20_500).rev().map(|day| backup(day, BackupVerdict::Verified)).collect();
        assert_eq!(kept(&all, PrunePolicy { daily: 2, ..NONE }, 20_500), ["b20499", "b20498"]);
        // 20499 is Sunday 2026-02-15, so that the Sundays before end their weeks.
        assert_eq!(kept(&all, PrunePolicy { weekly: 3, ..NONE }, 20_500), ["b20499", "b20492", "b20485"]);
        assert_eq!(kept(&all, PrunePolicy { monthly: 2, ..NONE }, 20_500), ["b20499", "b20484"]);
        assert_eq!(kept(&all, PrunePolicy { last: 3, ..NONE }, 20_500).len(), 3);
    }

    #[test]
    fn the_newest_complete_one_stays_whatever_the_policy() {
        let all = [
            backup(3, BackupVerdict::Incomplete),
            backup(2, BackupVerdict::Changed),
            backup(1, BackupVerdict::Complete),
            backup(0, BackupVerdict::Verified),
        ];
        assert_eq!(kept(&all, NONE, 4), ["b1"]);
        assert_eq!(kept(&all, PrunePolicy { daily: 1, ..NONE }, 4), ["b1"], "a broken one stands for no day");
        assert_eq!(kept(&[], NONE, 4), [""; 0]);
    }

    #[test]
    fn a_clock_that_was_set_back_costs_no_backup() {
        // Made on day 300 by a clock that ran ahead; set back to day 100, and two made since.
        let all = [
            backup(300, BackupVerdict::Verified),
            backup(299, BackupVerdict::Verified),
            backup(99, BackupVerdict::Verified),
            backup(98, BackupVerdict::Verified),
        ];
        let policy = PrunePolicy { last: 1, ..NONE };
        assert_eq!(kept(&all, policy, 100), ["b300", "b299", "b99"], "the newest is the newest of this time");
        assert_eq!(kept(&all, NONE, 100), ["b300", "b299", "b99"]);
        // When their time has come they are as old as they say.
        assert_eq!(kept(&all, policy, 302), ["b300"]);
    }

    #[test]
    fn pinned_ones_stay_and_safety_copies_as_long_as_they_are_of_use() {
        let mut pinned = backup(0, BackupVerdict::Foreign);
        pinned.pinned = true;
        let mut young = backup(90, BackupVerdict::Verified);
        young.safety = true;
        let mut old = backup(10, BackupVerdict::Verified);
        old.safety = true;
        let all =
            [backup(99, BackupVerdict::Verified), young, old, backup(5, BackupVerdict::Verified), pinned];
        assert_eq!(kept(&all, NONE, 100), ["b99", "b90", "b0"]);
    }
}
