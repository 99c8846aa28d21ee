//! Carries out the plans of [`Resource`]s: saves what is there, writes, reads back, and undoes.

use std::{collections::BTreeMap, sync::Arc};

use aether_clients::{ClientError, Grafana};
use aether_context::session::StackSession;
use aether_contract::{
    BackupId, BackupPart, BackupPartState, PanelError, RestoreAction, RestoreApplyRequest, RestoreOutcome,
    RestorePlan, RestoreRequest, RestoreRun, ServiceKind,
};
use aether_foundation::author;
use serde_json::{Value, json};

use super::{
    create_folders::create_folders,
    grafana,
    new_permissions::NewPermissions,
    preconditions::{self, may_apply, writes},
    resource::{Resource, Steps, hash},
    runs::{self, Record, RecordItem},
    undo_work::{Work, grafana_of},
};
use crate::{Backups, build::Builder, reader::BackupReader, store::Store};

/// The plan of a request.
///
/// # Errors
/// `not-found` for an unknown backup or item; Grafana's codes.
pub async fn plan<R: Resource>(
    backups: &Backups,
    request: &RestoreRequest,
) -> Result<RestorePlan, PanelError> {
    let live = backups.ctx.live();
    let client = grafana(backups, &live, request.into_stack.as_deref()).await?;
    Ok(steps::<R>(backups, &live, &client, request).await?.0.plan)
}

async fn steps<R: Resource>(
    backups: &Backups,
    live: &StackSession,
    client: &Arc<Grafana>,
    request: &RestoreRequest,
) -> Result<(Steps<R>, BackupReader), PanelError> {
    let store = Store::of(&live.profile, &backups.ctx.home.data);
    let id = request.id.clone();
    let opened = aether_foundation::task::blocking(move || BackupReader::open(&store, &id)).await?;
    let steps = R::plan(&opened, client, request).await?;
    Ok((steps, opened))
}

/// Carries a plan out.
///
/// # Errors
/// As [`super::apply`].
pub async fn apply<R: Resource>(
    backups: Arc<Backups>,
    asked: RestoreApplyRequest,
) -> Result<RestoreRun, PanelError> {
    let live = backups.ctx.live();
    let client = grafana(&backups, &live, asked.request.into_stack.as_deref()).await?;
    let job = backups.ctx.jobs.begin(format!("{} {} from {}", runs::WORK, R::NOUN, asked.request.id.0))?;
    let store = Store::of(&live.profile, &backups.ctx.home.data);
    let lock = crate::store::locked(&store).await?;
    job.stage("reading Grafana", 0);
    let (steps, opened) = steps::<R>(&backups, &live, &client, &asked.request).await?;
    may_apply(&steps.plan, &asked.digest)?;
    let by = author::author(&asked.created_by);
    let safety = copy(&backups, &live, &store, &steps, &by).await?;
    let items = steps.plan.items.iter().zip(&steps.things).filter(|(item, _)| writes(item.act));
    let (items, things): (Vec<_>, Vec<&R>) = items.unzip();
    let mut record = Record {
        stack: live.profile.name.clone(),
        what: R::PART,
        target: steps.plan.target.clone(),
        into_stack: asked.request.into_stack.clone(),
        by,
        backup: asked.request.id.clone(),
        safety,
        items: items.iter().map(|item| RecordItem::of(item)).collect(),
        notes: Vec::new(),
    };
    let entry = backups.ctx.journal_begin(runs::RESTORE, &asked.request.id.0, json!(record)).await?;
    if !steps.folders.is_empty() {
        let permissions = NewPermissions::read(&opened, &client).await;
        create_folders(&client, &steps.folders, &permissions, &mut record.notes).await;
    }
    job.stage(R::NOUN, record.items.len());
    for (index, thing) in things.iter().enumerate() {
        let Some(item) = record.items.get_mut(index) else { break };
        if job.check().is_err() {
            "Not attempted: canceled first.".clone_into(&mut item.note);
            continue;
        }
        let live = steps.before.get(&thing.id()).filter(|_| item.act == RestoreAction::Update);
        let done = put(&client, *thing, live).await;
        item.outcome = done.0;
        item.note = done.1;
        item.written = done.2;
        item.partly = item.outcome == RestoreOutcome::Failed && !item.written.is_empty();
        backups.ctx.journal_annotate(entry, &asked.request.id.0, json!(record)).await?;
        job.step();
    }
    backups.ctx.journal_complete(entry, record.outcome(), json!(record)).await?;
    drop((lock, job));
    backups.read_backups(&live).await?;
    let mut run = runs::shown(&backups, &store, &live.profile.name, entry).await?;
    // In full, once: the journal does not keep what Grafana quotes of a contact point.
    run.notes = record.notes;
    for (shown, item) in run.items.iter_mut().zip(record.items) {
        shown.note = item.note;
    }
    Ok(run)
}

type Put = (RestoreOutcome, String, String);

fn told(error: &ClientError) -> String {
    error.to_panel(ServiceKind::Grafana).to_string()
}

/// Writes one and reads it back; tells the hash of what Grafana has since.
async fn put<R: Resource>(client: &Grafana, thing: &R, live: Option<&R>) -> Put {
    let thing = &thing.written(live);
    let answer = thing.write(client, live).await;
    match (thing.read(client).await, answer) {
        (Ok(Some(now)), answer) if thing.is_in(&now) => {
            let note = answer
                .err()
                .map(|error| format!("It was saved, although Grafana responded: {}", told(&error)));
            (RestoreOutcome::Done, note.unwrap_or_default(), hash(&now))
        }
        // What was added until then can be taken back.
        (Ok(Some(now)), Err(error)) if R::ADDS => (RestoreOutcome::Failed, told(&error), hash(&now)),
        (_, Err(error)) => (RestoreOutcome::Failed, told(&error), String::new()),
        (Ok(Some(now)), Ok(())) => {
            (RestoreOutcome::Done, "Grafana changed it while saving.".into(), hash(&now))
        }
        (Ok(None), Ok(())) => {
            (RestoreOutcome::Failed, "Grafana reported success but does not have it.".into(), String::new())
        }
        (Err(error), Ok(())) => (
            RestoreOutcome::Failed,
            format!("It was saved, but could not be read back: {}", told(&error)),
            String::new(),
        ),
    }
}

/// Saves what the restore takes the place of; none when it takes no place.
async fn copy<R: Resource>(
    backups: &Backups,
    live: &StackSession,
    store: &Store,
    steps: &Steps<R>,
    by: &str,
) -> Result<Option<BackupId>, PanelError> {
    let mut files: BTreeMap<String, Vec<Value>> = BTreeMap::new();
    let updates =
        steps.plan.items.iter().zip(&steps.things).filter(|(item, _)| item.act == RestoreAction::Update);
    for (_, thing) in updates {
        if let Some(before) = steps.before.get(&thing.id()) {
            let values = files.entry(thing.file()).or_default();
            match before.saved_value() {
                Value::Array(all) => values.extend(all),
                one => values.push(one),
            }
        }
    }
    if files.is_empty() {
        return Ok(None);
    }
    let mut builder = Builder::new(store.root(), crate::store::new_id(store))?;
    let mut count = 0_u32;
    for (path, all) in files {
        count = count.saturating_add(u32::try_from(all.len()).unwrap_or(u32::MAX));
        // The policies are one thing, and their file holds just it.
        let value = match all.as_slice() {
            [one] if path.ends_with("/policies.json") => one.clone(),
            _ => Value::Array(all),
        };
        builder.add(&path, format!("{value:#}\n").as_bytes())?;
    }
    let part = BackupPart {
        kind: R::KIND,
        state: BackupPartState::Complete,
        count,
        what: R::NOUN.into(),
        bytes: builder.bytes_below("grafana/"),
        notes: vec!["Only the resources replaced by the restore.".into()],
        without_tsdb: false,
    };
    preconditions::seal(backups, live, builder, &steps.plan, by, part).await.map(Some)
}

/// Reverts replaced and deletes created resources in reverse order; resources changed since the restore are
/// skipped.
///
/// # Errors
/// `invalid-request` for another Grafana; Grafana's codes; `storage`.
pub async fn undo<R: Resource>(work: &Work<'_>, undone: &mut Record) -> Result<(), PanelError> {
    let client = grafana_of(work, undone).await?;
    let open = |id: &BackupId| BackupReader::open(work.store, id).and_then(|opened| R::all(&opened));
    let by_id =
        |all: Vec<R>| -> BTreeMap<String, R> { all.into_iter().map(|thing| (thing.id(), thing)).collect() };
    let old: BTreeMap<String, R> = match &undone.safety {
        Some(safety) => by_id(R::prepare(open(safety)?, &client).await?),
        None => BTreeMap::new(),
    };
    // Only an interrupted run needs it, or one that added: there a write may have arrived that nobody wrote down.
    let source: BTreeMap<String, R> = match open(&undone.backup) {
        Ok(all) => by_id(R::prepare(all, &client).await?),
        Err(_) => BTreeMap::new(),
    };
    let entry = work.begin(undone).await?;
    work.job.stage(R::NOUN, undone.items.len());
    // What stands on something else goes first.
    undone.items.reverse();
    for index in 0..undone.items.len() {
        let Some(item) = undone.items.get_mut(index) else { break };
        if work.job.check().is_err() {
            "Not attempted: canceled first.".clone_into(&mut item.note);
            continue;
        }
        let done = back(&client, item, old.get(&item.uid), source.get(&item.uid)).await;
        (item.outcome, item.note) = done;
        work.step(entry, undone).await?;
    }
    work.end(entry, undone).await
}

async fn back<R: Resource>(
    client: &Grafana,
    item: &RecordItem,
    old: Option<&R>,
    source: Option<&R>,
) -> (RestoreOutcome, String) {
    let failed = |why: String| (RestoreOutcome::Failed, why);
    let done = || (RestoreOutcome::Done, String::new());
    let Some(known) = old.or(source) else {
        return failed("It is missing from both the safety backup and the backup.".into());
    };
    let now = match known.read(client).await {
        Ok(now) => now,
        Err(error) => return failed(told(&error)),
    };
    // What was there before is known only from the safety copy.
    let known_before = old.is_some() || item.act != RestoreAction::Update;
    if let (Some(source), Some(now), true) = (source, &now, known_before)
        && let Some(taken) = source.take_back(client, old, now).await
    {
        return match taken {
            Ok(()) => done(),
            Err(error) => failed(told(&error)),
        };
    }
    let ours = |now: &R| {
        if item.written.is_empty() {
            source.is_some_and(|source| source.is_in(now))
        } else {
            hash(now) == item.written
        }
    };
    let since =
        || (RestoreOutcome::Conflict, "It was changed after the restore, so it was not reverted.".to_owned());
    match (old, now) {
        (None, _) if item.act == RestoreAction::Update => {
            failed("It is missing from the safety backup.".into())
        }
        (None, None) => done(),
        (None, Some(now)) if !ours(&now) => since(),
        (None, Some(_)) if known.goes_with_others() => done(),
        (None, Some(now)) => match now.delete(client).await {
            Ok(()) => match known.read(client).await {
                Ok(None) => done(),
                Ok(Some(_)) => failed("Grafana reported it as deleted but still has it.".into()),
                Err(error) => failed(told(&error)),
            },
            Err(error) => failed(told(&error)),
        },
        (Some(old), Some(now)) if old.is_in(&now) => {
            (RestoreOutcome::Done, "It was not changed by the restore.".into())
        }
        (Some(_), Some(now)) if !ours(&now) => since(),
        (Some(old), None) if !old.may_come_back() => since(),
        (Some(old), now) => {
            let (outcome, note, _) = put(client, old, now.as_ref()).await;
            (outcome, note)
        }
    }
}
