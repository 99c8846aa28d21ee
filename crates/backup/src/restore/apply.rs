//! Applies a plan: single writer, every write read back, concurrent changes never overwritten.

use aether_foundation::author;
use std::{collections::BTreeSet, sync::Arc, time::Duration};

use aether_clients::{ClientError, Grafana, grafana::DashboardApi};
use aether_contract::{
    BackupId, BackupPart, BackupPartKind, BackupPartState, ErrorCode, PanelError, RestoreAction,
    RestoreApplyRequest, RestoreOutcome, RestorePlan, RestoreRequest, RestoreRun, ServiceKind,
};
use serde_json::{Value, json};

use super::{
    create_folders::create_folders,
    document::{self, Before, Request, Saving},
    grafana,
    new_permissions::NewPermissions,
    plan::{self, Steps},
    preconditions::{self, may_apply, writes},
    runs::{self, Record, RecordItem},
    target::{self, LiveDashboard},
};
use crate::{
    Backups,
    build::Builder,
    compare,
    dashboard::Source,
    layout::{DASHBOARDS, FOLDERS},
    permissions::Place,
    reader::{BackupReader, StoredDashboard},
    store::Store,
};
use aether_context::{jobs::Handle, session::StackSession};
use aether_foundation::{clock, names::Names};

/// Attempts at a write that certainly did not arrive or was refused for the moment.
const ATTEMPTS: u32 = 3;

/// The plan of a request for dashboards.
///
/// # Errors
/// `not-found` for an unknown backup or dashboard; `invalid-request`; Grafana's codes.
pub async fn plan(backups: &Backups, request: &RestoreRequest) -> Result<RestorePlan, PanelError> {
    let live = backups.ctx.live();
    let client = grafana(backups, &live, request.into_stack.as_deref()).await?;
    Ok(steps(backups, &live, &client, request, None).await?.0.plan)
}

async fn steps(
    backups: &Backups,
    live: &StackSession,
    client: &Arc<Grafana>,
    request: &RestoreRequest,
    job: Option<&Handle>,
) -> Result<(Steps, BackupReader), PanelError> {
    let store = Store::of(&live.profile, &backups.ctx.home.data);
    let (id, uids) = (request.id.clone(), request.uids.clone());
    let read = tokio::task::spawn_blocking(move || {
        let opened = BackupReader::open(&store, &id)?;
        let chosen = plan::chosen(opened.dashboards_of(&uids), &uids)?;
        Ok((opened, chosen))
    });
    let (opened, chosen) = read.await.unwrap_or_else(|error| {
        Err(PanelError::new(ErrorCode::Internal, "backups", "Failed to read the backup.")
            .with_detail(error.to_string()))
    })?;
    // One that can't be read may have none to ask for.
    let uids = chosen.iter().map(|stored| stored.about.uid.clone()).filter(|uid| !uid.is_empty());
    let uids: Vec<String> = uids.collect();
    if let Some(job) = job {
        job.stage("reading Grafana", uids.len());
    }
    let target = target::read(client, &uids, job).await?;
    let steps = plan::plan(&request.id, &opened, chosen, &target, request, clock::now())?;
    Ok((steps, opened))
}

/// Carries a plan out.
///
/// # Errors
/// `unverified` when the plan is no longer the one that was shown: then nothing was written; `invalid-request` while
/// something is undecided; `storage` when the copy of what is there can't be written. What Grafana refuses is no error,
/// but stands in the run.
pub async fn apply(backups: Arc<Backups>, asked: RestoreApplyRequest) -> Result<RestoreRun, PanelError> {
    let live = backups.ctx.live();
    let client = grafana(&backups, &live, asked.request.into_stack.as_deref()).await?;
    let job = backups.ctx.jobs.begin(format!("{} from {}", runs::WORK, asked.request.id.0))?;
    let store = Store::of(&live.profile, &backups.ctx.home.data);
    let lock = crate::store::locked(&store).await?;
    let (steps, opened) = steps(&backups, &live, &client, &asked.request, Some(&job)).await?;
    may_apply(&steps.plan, &asked.digest)?;
    let by = author::author(&asked.created_by);
    let safety = safety(&backups, &live, &client, &store, &steps, &by, &job).await?;
    let mut record = Record {
        stack: live.profile.name.clone(),
        what: steps.plan.what,
        target: steps.plan.target.clone(),
        into_stack: asked.request.into_stack.clone(),
        by,
        backup: asked.request.id.clone(),
        safety,
        items: steps
            .steps
            .iter()
            .filter(|step| writes(step.item.act))
            .map(|step| RecordItem {
                uid: step.uid.clone(),
                title: step.title.clone().unwrap_or_else(|| step.item.title.clone()),
                before: if step.item.act == RestoreAction::Update { step.item.live_version } else { None },
                revision_before: if step.item.act == RestoreAction::Update {
                    step.revision.clone()
                } else {
                    String::new()
                },
                ..RecordItem::of(&step.item)
            })
            .collect(),
        notes: Vec::new(),
    };
    let entry = backups.ctx.journal_begin(runs::RESTORE, &asked.request.id.0, json!(record)).await?;
    let permissions = NewPermissions::read(&opened, &client).await;
    let open = ground(&client, &steps, &permissions, &mut record, &job).await;
    job.stage("dashboards", record.items.len());
    let message = format!("Restored from backup {}", asked.request.id.0);
    for (index, step) in steps.steps.iter().filter(|step| writes(step.item.act)).enumerate() {
        let Some(item) = record.items.get_mut(index) else { break };
        if job.check().is_err() {
            "Not attempted: canceled first.".clone_into(&mut item.note);
            continue;
        }
        let saving = Saving {
            uid: &item.uid,
            title: step.title.as_deref(),
            folder: &step.folder,
            before: item.before.map(|version| Before { version, revision: &item.revision_before }),
            message: &message,
            data_sources: &steps.data_sources,
        };
        let source = step.source.as_ref().and_then(StoredDashboard::source);
        let written = match source {
            _ if open.contains(&step.folder) => Written::failed(
                "The permissions of its new folder could not be restored, so more people would see it. Set them in \
                 Grafana, then restore again.",
            ),
            Some(source) => write(&client, source, &saving).await,
            None => Written::failed("Failed to read the file in the backup."),
        };
        item.outcome = written.outcome;
        item.version = written.version;
        item.revision = written.revision;
        item.note = written.note;
        let created = item.act == RestoreAction::Create && item.outcome == RestoreOutcome::Done;
        if created
            && permissions.has(Place::Dashboard, &item.uid)
            && let Some(note) = permissions.give(&client, Place::Dashboard, &item.uid).await.note
        {
            item.note = format!("{} {note}", item.note).trim().to_owned();
        }
        backups.ctx.journal_annotate(entry, &asked.request.id.0, json!(record)).await?;
        job.step();
    }
    backups.ctx.journal_complete(entry, record.outcome(), json!(record)).await?;
    drop((lock, job));
    backups.read_backups(&live).await?;
    runs::shown(&backups, &store, &live.profile.name, entry).await
}

/// Saves the dashboards that a restore takes the place of. None when it takes no place.
async fn safety(
    backups: &Backups,
    stack: &StackSession,
    client: &Arc<Grafana>,
    store: &Store,
    steps: &Steps,
    by: &str,
    job: &Handle,
) -> Result<Option<BackupId>, PanelError> {
    let replaced: Vec<String> =
        steps.steps.iter().filter(|s| s.item.act == RestoreAction::Update).map(|s| s.uid.clone()).collect();
    if replaced.is_empty() {
        return Ok(None);
    }
    job.stage("saving the current state", replaced.len());
    let read = target::dashboards(client, &replaced, Some(job)).await?;
    if let Some((uid, why)) = read.unreadable.first_key_value() {
        let words =
            format!("Dashboard {uid} could not be saved before replacing it: {why}. Nothing was written.");
        return Err(
            PanelError::new(ErrorCode::Unverified, "backups", words).with_hint("Review the new plan.")
        );
    }
    let live = read.found;
    let mut builder = Builder::new(store.root(), crate::store::new_id(store))?;
    let mut names = Names::default();
    for (uid, found) in &live {
        let Some(found) = found else { continue };
        builder.add(&format!("{DASHBOARDS}{}.json", names.name(uid)), &found.bytes)?;
    }
    let folder = |live: &LiveDashboard| {
        let meta = &live.meta;
        json!({"uid": meta.folder_uid, "title": meta.folder_title, "folderUid": ""})
    };
    let mut folders: Vec<Value> =
        live.values().flatten().filter(|live| !live.meta.folder_uid.is_empty()).map(folder).collect();
    folders.sort_by_key(Value::to_string);
    folders.dedup();
    builder.add(FOLDERS, Value::Array(folders).to_string().as_bytes())?;
    let part = BackupPart {
        kind: BackupPartKind::Grafana,
        state: BackupPartState::Complete,
        count: u32::try_from(live.values().flatten().count()).unwrap_or(u32::MAX),
        what: "dashboards".into(),
        bytes: builder.bytes_below("grafana/"),
        notes: vec!["Only the dashboards replaced by the restore.".into()],
        without_tsdb: false,
    };
    preconditions::seal(backups, stack, builder, &steps.plan, by, part).await.map(Some)
}

/// Makes the folders and library panels that the dashboards stand on. What fails is noted: the dashboards then tell.
/// Returns the folders that are open to more people than the backup says.
async fn ground(
    client: &Grafana,
    steps: &Steps,
    permissions: &NewPermissions,
    record: &mut Record,
    job: &Handle,
) -> BTreeSet<String> {
    job.stage("folders and library panels", steps.folders.len() + steps.library.len());
    let open = create_folders(client, &steps.folders, permissions, &mut record.notes).await;
    for _ in &steps.folders {
        job.step();
    }
    for panel in &steps.library {
        let mut element = panel.clone();
        if let Some(fields) = element.as_object_mut() {
            for key in ["id", "orgId", "version", "meta", "folderId"] {
                fields.remove(key);
            }
        }
        if let Err(error) = client.create_library_panel(&element).await {
            let name = panel.get("name").and_then(Value::as_str).unwrap_or_default();
            let error = error.to_panel(ServiceKind::Grafana);
            record.notes.push(format!("Failed to create the library panel \"{name}\": {error}"));
        }
        job.step();
    }
    open
}

/// How a write came out.
pub struct Written {
    /// In a word.
    pub outcome: RestoreOutcome,
    /// Version since.
    pub version: Option<u32>,
    /// Revision since; empty when nothing was written.
    pub revision: String,
    /// Why.
    pub note: String,
}

impl Written {
    /// Refused or lost.
    pub fn failed(note: impl Into<String>) -> Self {
        Self::nothing(RestoreOutcome::Failed, note)
    }

    /// Grafana changed meanwhile.
    pub fn conflict(note: impl Into<String>) -> Self {
        Self::nothing(RestoreOutcome::Conflict, note)
    }

    /// Nothing was written, with this outcome.
    pub fn nothing(outcome: RestoreOutcome, note: impl Into<String>) -> Self {
        Self { outcome, version: None, revision: String::new(), note: note.into() }
    }

    /// Grafana has it.
    pub fn done(live: &LiveDashboard, note: impl Into<String>) -> Self {
        Self {
            outcome: RestoreOutcome::Done,
            version: Some(live.version()),
            revision: live.revision(),
            note: note.into(),
        }
    }
}

/// Writes one dashboard and reads it back at the version it is stored in. After any doubtful answer it is read before
/// anything is decided.
pub async fn write(client: &Grafana, source: Source<'_>, saving: &Saving<'_>) -> Written {
    let api = match client.dashboard_api().await {
        Ok(api) => api,
        Err(error) => return Written::failed(told(&error)),
    };
    let prepared = match document::prepare(source, &api, saving) {
        Ok(prepared) => prepared,
        Err(why) => return Written::failed(format!("It cannot be restored: {why}.")),
    };
    let sent = &prepared.sent;
    let mut attempt = 1;
    loop {
        let answer = send(client, &api, &prepared.request, saving.uid).await;
        let live = match target::one(client, saving.uid).await {
            Ok(live) => live,
            Err(error) => {
                return Written::failed(match answer {
                    Ok(_) => format!("It was saved, but could not be read back: {error}"),
                    Err(refusal) => format!("{} It could not be read either: {error}", told(&refusal)),
                });
            }
        };
        let moved = match (&live, saving.before) {
            (Some(live), Some(before)) => live.revision() != before.revision,
            (Some(_), None) => true,
            (None, _) => false,
        };
        let stands = live.as_ref().filter(|live| {
            moved && live.meta.folder_uid == saving.folder && compare::same(sent, &live.value)
        });
        match (answer, &live, stands) {
            (Ok(_), Some(_), Some(live)) => return Written::done(live, ""),
            (Err(error), Some(_), Some(live)) => {
                let note = format!("It was saved, although Grafana responded: {}", told(&error));
                return Written::done(live, note);
            }
            (Ok(revision), Some(live), None) if revision == live.revision() => {
                let first = compare::dashboards(sent, &live.value).into_iter().next();
                let what = first.map_or_else(|| "its folder".to_owned(), |change| change.field);
                return Written::done(live, format!("Grafana changed it while saving: {what}."));
            }
            (Ok(_), Some(live), None) => return Written::conflict(somebody(live)),
            (Ok(_), None, _) => {
                return Written::failed("Grafana reported success but does not have it.");
            }
            (Err(_), Some(live), None) if moved => return Written::conflict(somebody(live)),
            (Err(error), _, None) if error.may_pass() && attempt < ATTEMPTS => {
                tokio::time::sleep(Duration::from_millis(rand::random_range(200..600) * u64::from(attempt)))
                    .await;
                attempt += 1;
            }
            (Err(error), _, _) => return Written::failed(told(&error)),
        }
    }
}

/// Sends it; the revision that Grafana made of it.
async fn send(
    client: &Grafana,
    api: &DashboardApi,
    request: &Request,
    uid: &str,
) -> Result<String, ClientError> {
    match (request, api) {
        (Request::Create(version, body), DashboardApi::Resources(api)) => {
            client.create_resource(api, version, body).await
        }
        (Request::Replace(version, body), DashboardApi::Resources(api)) => {
            client.replace_resource(api, version, uid, body).await
        }
        (Request::Legacy(body) | Request::Create(_, body) | Request::Replace(_, body), _) => {
            client.save_dashboard(body).await.map(|saved| saved.version.to_string())
        }
    }
}

fn somebody(live: &LiveDashboard) -> String {
    let by = if live.meta.updated_by.is_empty() { "Someone" } else { &live.meta.updated_by };
    format!("{by} saved version {} in the meantime, so it was not overwritten.", live.version())
}

fn told(error: &ClientError) -> String {
    error.to_panel(ServiceKind::Grafana).to_string()
}
