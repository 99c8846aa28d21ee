//! Undoes a restore: replaced items are reverted from the safety backup, created ones deleted. Items changed
//! since are skipped.

use super::undo_work::{Work, grafana_of};
use std::{collections::BTreeMap, sync::Arc};

use aether_clients::Grafana;
use aether_contract::{
    ErrorCode, PanelError, RestoreAction, RestoreOutcome, RestoreRun, RestoreState, ServiceKind,
};
use serde_json::Value;

use super::{
    apply::{Written, write},
    document::{Before, Saving},
    runs::{self, Record, RecordItem},
    target::{self, LiveDashboard},
};
use crate::{
    Backups, compare,
    reader::{BackupReader, StoredDashboard},
    store::Store,
};
use aether_context::{journal::Journal, session::StackSession};

/// Undoes the run with this number.
///
/// # Errors
/// `not-found`; `invalid-request` when it can't be undone; a server's codes before anything is written. What a
/// server refuses later stands in the run.
pub async fn undo(backups: Arc<Backups>, id: u32) -> Result<RestoreRun, PanelError> {
    let live = backups.ctx.live();
    let store = Store::of(&live.profile, &backups.ctx.home.data);
    let job = backups.ctx.jobs.begin("Undoing a restore")?;
    let lock = crate::store::locked(&store).await?;
    let number = i64::from(id);
    let Found { record, run, back } = find(&backups, &live, &store, id).await?;
    let interrupted = run.state == RestoreState::Interrupted;
    let todo = record
        .items
        .iter()
        .filter(|item| !back.contains(&item.uid))
        .filter(|item| item.is_written() || interrupted)
        .map(|item| RecordItem { outcome: RestoreOutcome::Pending, ..item.clone() })
        .collect();
    let mut undone = Record { items: todo, notes: Vec::new(), ..record };
    let work = Work {
        backups: &backups,
        live: &live,
        store: &store,
        subject: number.to_string(),
        job: &job,
        interrupted,
    };
    super::take_back(&work, &mut undone).await?;
    drop((lock, job));
    backups.read_backups(&live).await?;
    let mut run = runs::shown(&backups, &store, &live.profile.name, number).await?;
    // What could not be put back tells why.
    for item in undone.items.iter().filter(|item| item.outcome != RestoreOutcome::Done) {
        run.notes.push(format!("{}: {}", item.title, item.note));
    }
    run.notes.extend(undone.notes);
    Ok(run)
}

/// A run that can be undone.
struct Found {
    record: Record,
    run: RestoreRun,
    back: Vec<String>,
}

async fn find(backups: &Backups, live: &StackSession, store: &Store, id: u32) -> Result<Found, PanelError> {
    let number = i64::from(id);
    let unknown = || PanelError::new(ErrorCode::NotFound, "backups", format!("Restore {id} not found."));
    let read =
        |journal: &Journal| Ok((journal.recent(runs::RESTORE, 1000)?, journal.recent(runs::UNDO, 1000)?));
    let (entries, before) = backups.ctx.journaled(read).await?;
    let entry = entries.into_iter().find(|entry| entry.id == number).ok_or_else(unknown)?;
    let run = runs::run(&entry, &before, store, &live.profile.name, false).ok_or_else(unknown)?;
    let record = runs::record(&entry).ok_or_else(unknown)?;
    let refuse = |words: String| Err(PanelError::new(ErrorCode::InvalidRequest, "backups", words));
    if run.state == RestoreState::Undone {
        return refuse(format!("Restore {id} was already undone."));
    }
    if !run.can_undo {
        let gone = record.safety.as_ref().filter(|safety| store.folder(safety).is_err());
        return refuse(match gone {
            Some(safety) => format!("The safety backup {} has been deleted.", safety.0),
            None => format!("Restore {id} changed nothing."),
        });
    }
    let back = runs::undone_uids(&before, number);
    Ok(Found { record, run, back })
}

/// Takes the dashboards of a run back.
///
/// # Errors
/// As [`super::take_back`].
pub async fn dashboards(work: &Work<'_>, undone: &mut Record) -> Result<(), PanelError> {
    let client = grafana_of(work, undone).await?;
    let old = copies(work.store, undone.safety.as_ref())?;
    // Only an interrupted run needs it: there a write may have arrived that nobody wrote down.
    let source = if work.interrupted {
        copies(work.store, Some(&undone.backup)).unwrap_or_default()
    } else {
        Copies::new()
    };
    let entry = work.begin(undone).await?;
    work.job.stage("dashboards", undone.items.len());
    for index in 0..undone.items.len() {
        let Some(item) = undone.items.get_mut(index) else { break };
        if work.job.check().is_err() {
            "Not attempted: canceled first.".clone_into(&mut item.note);
            continue;
        }
        let result = one(&client, item, &old, &source).await;
        item.outcome = result.outcome;
        item.version = result.version;
        item.revision = result.revision;
        item.note = result.note;
        work.step(entry, undone).await?;
    }
    work.end(entry, undone).await
}

type Copies = BTreeMap<String, StoredDashboard>;

fn copies(store: &Store, id: Option<&aether_contract::BackupId>) -> Result<Copies, PanelError> {
    let Some(id) = id else { return Ok(Copies::new()) };
    let all = BackupReader::open(store, id)?.dashboards();
    Ok(all.into_iter().map(|stored| (stored.about.uid.clone(), stored)).collect())
}

async fn one(client: &Grafana, item: &RecordItem, old: &Copies, source: &Copies) -> Written {
    let live = match target::one(client, &item.uid).await {
        Ok(live) => live,
        Err(error) => return Written::failed(error.to_string()),
    };
    let unchanged = |live: &LiveDashboard, revision: &str, version: u32| match revision {
        "" => live.version() == version,
        revision => live.revision() == revision,
    };
    let before = |live: &LiveDashboard| {
        item.before.is_some_and(|version| unchanged(live, &item.revision_before, version))
    };
    let ours = |live: &LiveDashboard| match item.version {
        Some(version) => unchanged(live, &item.revision, version),
        // Nobody wrote down how it came out: it is ours if it is what the backup has.
        None => source
            .get(&item.source)
            .and_then(value)
            .is_some_and(|sent| !before(live) && compare::same(&as_sent(&sent, item), &live.value)),
    };
    let changed = |live: &LiveDashboard| {
        let by = if live.meta.updated_by.is_empty() { "Someone" } else { &live.meta.updated_by };
        Written::conflict(format!(
            "{by} saved version {} since the restore, so it was not reverted.",
            live.version()
        ))
    };
    if item.act != RestoreAction::Update {
        return match live {
            None => Written::nothing(RestoreOutcome::Done, ""),
            Some(live) if ours(&live) => delete(client, &item.uid).await,
            Some(live) => changed(&live),
        };
    }
    let Some(copy) = old.get(&item.uid) else {
        return Written::failed("It is missing from the safety backup.");
    };
    let Some(source) = copy.source() else {
        return Written::failed("Failed to read the safety backup.");
    };
    let replaced = match &live {
        Some(live) if item.version.is_none() && before(live) => {
            return Written::done(live, "It was not changed by the restore.");
        }
        Some(live) if ours(live) => Some((live.version(), live.revision())),
        Some(live) => return changed(live),
        None => None,
    };
    let saving = Saving {
        uid: &item.uid,
        title: None,
        folder: &copy.about.folder_uid,
        before: replaced.as_ref().map(|(version, revision)| Before { version: *version, revision }),
        message: "Reverted by undoing a restore",
        data_sources: &BTreeMap::new(),
    };
    write(client, source, &saving).await
}

fn value(stored: &StoredDashboard) -> Option<Value> {
    serde_json::from_str(stored.dashboard.as_ref()?.get()).ok()
}

/// What was sent had the title that the run gave it.
fn as_sent(source: &Value, item: &RecordItem) -> Value {
    let mut sent = source.clone();
    if let Some(fields) = sent.as_object_mut() {
        fields.insert("title".into(), Value::String(item.title.clone()));
    }
    sent
}

async fn delete(client: &Grafana, uid: &str) -> Written {
    let answer = client.delete_dashboard(uid).await;
    match (target::one(client, uid).await, answer) {
        (Ok(None), _) => Written::nothing(RestoreOutcome::Done, ""),
        (Ok(Some(_)), Err(error)) => Written::failed(error.to_panel(ServiceKind::Grafana).to_string()),
        (Ok(Some(_)), Ok(_)) => Written::failed("Grafana reported it as deleted but still has it."),
        (Err(error), _) => Written::failed(error.to_string()),
    }
}
