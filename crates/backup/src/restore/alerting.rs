//! Restores Grafana's alert rules and notification settings: what is compared and written, in which order, and
//! the way back. Everything is written so that it stays editable in Grafana's own pages.

use aether_foundation::author;
use std::{collections::BTreeMap, sync::Arc};

use aether_clients::{ClientError, Grafana};
use aether_contract::{
    BackupId, BackupPart, BackupPartKind, BackupPartState, PanelError, RestoreAction, RestoreApplyRequest,
    RestoreOutcome, RestorePart, RestorePlan, RestoreRequest, RestoreRun, ServiceKind,
};
use serde_json::{Value, json};

use super::{
    alerting_resource::{self, AlertingResource},
    apply::{make_folders, shown},
    grafana,
    preconditions::{self, may_apply, writes},
    runs::{self, Record, RecordItem},
    undo_work::{Work, grafana_of},
};
use crate::{Backups, build::Builder, reader::BackupReader, store::Store};
use aether_context::session::StackSession;

/// The plan of a request for the alerting.
///
/// # Errors
/// `not-found` for an unknown backup or item; Grafana's codes.
pub async fn plan(backups: &Backups, request: &RestoreRequest) -> Result<RestorePlan, PanelError> {
    let live = backups.ctx.live();
    let client = grafana(backups, &live, request.into_stack.as_deref()).await?;
    Ok(steps(backups, &live, &client, request).await?.plan)
}

async fn steps(
    backups: &Backups,
    live: &StackSession,
    client: &Arc<Grafana>,
    request: &RestoreRequest,
) -> Result<alerting_resource::Steps, PanelError> {
    let store = Store::of(&live.profile, &backups.ctx.home.data);
    let id = request.id.clone();
    let opened = aether_foundation::task::blocking(move || BackupReader::open(&store, &id)).await?;
    let saved = alerting_resource::saved(&opened)?;
    let now = alerting_resource::live(client, &saved).await?;
    alerting_resource::plan(&opened, saved, &now, request, client.address())
}

/// Carries a plan out.
///
/// # Errors
/// As [`super::apply`].
pub async fn apply(backups: Arc<Backups>, asked: RestoreApplyRequest) -> Result<RestoreRun, PanelError> {
    let live = backups.ctx.live();
    let client = grafana(&backups, &live, asked.request.into_stack.as_deref()).await?;
    let job = backups.ctx.jobs.begin(format!("{} alerting from {}", runs::WORK, asked.request.id.0))?;
    let store = Store::of(&live.profile, &backups.ctx.home.data);
    let lock = crate::store::locked(&store).await?;
    job.stage("reading Grafana", 0);
    let steps = steps(&backups, &live, &client, &asked.request).await?;
    may_apply(&steps.plan, &asked.digest)?;
    let by = author::author(&asked.created_by);
    let safety = copy(&backups, &live, &store, &steps, &by).await?;
    let items = steps.plan.items.iter().zip(&steps.things).filter(|(item, _)| writes(item.act));
    let (items, things): (Vec<_>, Vec<&AlertingResource>) = items.unzip();
    let mut record = Record {
        stack: live.profile.name.clone(),
        what: RestorePart::Alerting,
        target: steps.plan.target.clone(),
        into_stack: asked.request.into_stack.clone(),
        by,
        backup: asked.request.id.clone(),
        safety,
        items: items.iter().map(|item| RecordItem::of(item)).collect(),
        notes: Vec::new(),
    };
    let entry = backups.ctx.journal_begin(runs::RESTORE, &asked.request.id.0, json!(record)).await?;
    make_folders(&client, &steps.folders, &mut record.notes).await;
    job.stage("alerting", record.items.len());
    for (index, thing) in things.iter().enumerate() {
        let Some(item) = record.items.get_mut(index) else { break };
        if job.check().is_err() {
            "Not attempted: canceled first.".clone_into(&mut item.note);
            continue;
        }
        let done = put(&client, thing, item.act == RestoreAction::Create).await;
        item.outcome = done.0;
        item.note = done.1;
        item.written = done.2;
        backups.ctx.journal_annotate(entry, &asked.request.id.0, json!(record)).await?;
        job.step();
    }
    backups.ctx.journal_complete(entry, record.outcome(), json!(record)).await?;
    drop((lock, job));
    backups.read_backups(&live).await?;
    let mut run = shown(&backups, &store, &live.profile.name, entry).await?;
    // In full, once: the journal does not keep what Grafana quotes of a contact point.
    run.notes = record.notes;
    for (shown, item) in run.items.iter_mut().zip(record.items) {
        shown.note = item.note;
    }
    Ok(run)
}

type Put = (RestoreOutcome, String, String);

/// Writes one and reads it back; tells the hash of what Grafana has since.
async fn put(client: &Grafana, thing: &AlertingResource, new: bool) -> Put {
    let thing = &if new { thing.without_secrets() } else { thing.clone() };
    let sent = thing.sent();
    let answer = match (thing.what, new) {
        // A group's rules have been written one by one: only how often it is evaluated is left.
        (None, _) => group_interval(client, thing).await,
        (Some(what), true) => client.create_alerting(what, &sent).await,
        (Some(what), false) => client.update_alerting(what, &thing.key, &sent).await,
    };
    let told = |error: &ClientError| error.to_panel(ServiceKind::Grafana).to_string();
    match (alerting_resource::one(client, thing).await, answer) {
        (Ok(Some(now)), answer) if now.same(thing) => {
            let note = answer
                .err()
                .map(|error| format!("It was saved, although Grafana responded: {}", told(&error)));
            (RestoreOutcome::Done, note.unwrap_or_default(), now.hash())
        }
        (_, Err(error)) => (RestoreOutcome::Failed, told(&error), String::new()),
        (Ok(Some(now)), Ok(())) => {
            (RestoreOutcome::Done, "Grafana changed it while saving.".into(), now.hash())
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

async fn group_interval(client: &Grafana, thing: &AlertingResource) -> Result<(), ClientError> {
    let (folder, group) = thing.group();
    let Some(mut now) = client.rule_group(folder, group).await? else { return Ok(()) };
    if let Some(fields) = now.as_object_mut() {
        fields.insert("interval".into(), thing.value.get("interval").cloned().unwrap_or_default());
    }
    client.put_rule_group(folder, group, &now).await
}

/// Saves what the restore takes the place of; none when it takes no place.
async fn copy(
    backups: &Backups,
    live: &StackSession,
    store: &Store,
    steps: &alerting_resource::Steps,
    by: &str,
) -> Result<Option<BackupId>, PanelError> {
    let mut files: BTreeMap<&'static str, Vec<Value>> = BTreeMap::new();
    let updates =
        steps.plan.items.iter().zip(&steps.things).filter(|(item, _)| item.act == RestoreAction::Update);
    for (_, thing) in updates {
        if let Some(before) = steps.before.get(&thing.id()) {
            files.entry(thing.file()).or_default().push(before.clone());
        }
    }
    if files.is_empty() {
        return Ok(None);
    }
    let mut builder = Builder::new(store.root(), crate::store::new_id(store))?;
    let mut count = 0_u32;
    for (file, all) in files {
        count = count.saturating_add(u32::try_from(all.len()).unwrap_or(u32::MAX));
        // The policies are one thing, and their file holds just it.
        let value = match (file, all.as_slice()) {
            ("policies", [one]) => one.clone(),
            _ => Value::Array(all),
        };
        builder.add(&alerting_resource::path(file), format!("{value:#}\n").as_bytes())?;
    }
    let part = BackupPart {
        kind: BackupPartKind::Grafana,
        state: BackupPartState::Complete,
        count,
        what: "alerting items".into(),
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
pub async fn undo(work: &Work<'_>, undone: &mut Record) -> Result<(), PanelError> {
    let client = grafana_of(work, undone).await?;
    let open = |id: &BackupId| {
        BackupReader::open(work.store, id).and_then(|opened| alerting_resource::saved(&opened))
    };
    let old: BTreeMap<String, AlertingResource> = match &undone.safety {
        Some(safety) => open(safety)?.into_iter().map(|thing| (thing.id(), thing)).collect(),
        None => BTreeMap::new(),
    };
    // Only an interrupted run needs it: there a write may have arrived that nobody wrote down.
    let source: BTreeMap<String, AlertingResource> = open(&undone.backup)
        .map(|all| all.into_iter().map(|thing| (thing.id(), thing)).collect())
        .unwrap_or_default();
    let entry = work.begin(undone).await?;
    work.job.stage("alerting", undone.items.len());
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

async fn back(
    client: &Grafana,
    item: &RecordItem,
    old: Option<&AlertingResource>,
    source: Option<&AlertingResource>,
) -> (RestoreOutcome, String) {
    let failed = |why: String| (RestoreOutcome::Failed, why);
    let done = || (RestoreOutcome::Done, String::new());
    let told = |error: &ClientError| error.to_panel(ServiceKind::Grafana).to_string();
    let Some(known) = old.or(source) else {
        return failed("It is missing from both the safety backup and the backup.".into());
    };
    let now = match alerting_resource::one(client, known).await {
        Ok(now) => now,
        Err(error) => return failed(told(&error)),
    };
    let ours = |now: &AlertingResource| {
        if item.written.is_empty() {
            source.is_some_and(|source| now.same(source))
        } else {
            now.hash() == item.written
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
        (None, Some(_)) => match known.what {
            // A group goes with its rules.
            None => done(),
            Some(what) => match client.delete_alerting(what, &known.key).await {
                Ok(_) => match alerting_resource::one(client, known).await {
                    Ok(None) => done(),
                    Ok(Some(_)) => failed("Grafana reported it as deleted but still has it.".into()),
                    Err(error) => failed(told(&error)),
                },
                Err(error) => failed(told(&error)),
            },
        },
        (Some(old), Some(now)) if now.same(old) => {
            (RestoreOutcome::Done, "It was not changed by the restore.".into())
        }
        (Some(_), Some(now)) if !ours(&now) => since(),
        (Some(old), now) => {
            let (outcome, note, _) = put(client, old, now.is_none()).await;
            (outcome, note)
        }
    }
}
