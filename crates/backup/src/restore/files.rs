//! Restores configuration files: what changes line by line, what the servers' own tools say of it, written and
//! reloaded as one, and the files of before again when a server does not take them.

use aether_foundation::author;
use std::{path::PathBuf, sync::Arc};

use aether_contract::{
    BackupPart, BackupPartKind, BackupPartState, ErrorCode, PanelError, RestoreAction, RestoreApplyRequest,
    RestoreConflict, RestoreItem, RestoreKind, RestoreOutcome, RestorePart, RestorePlan, RestoreRequest,
    RestoreRun,
};
use serde_json::json;
use sha2::{Digest as _, Sha256};

use super::{
    plan::blank,
    preconditions::{self, may_apply, writes},
    runs::{self, Record, RecordItem},
    undo_work::Work,
};
use crate::{Backups, build::Builder, reader::BackupReader, store::Store};
use aether_context::{jobs::Handle, session::StackSession};
use aether_foundation::{diff::unified, file_write as write, text::hex};
use aether_rules::configs::{
    apply::{Change, Failed, Preflight, apply as put_in_force, apply_on, ground},
    check::check,
    kind::kind,
    pack,
};

/// What a plan and a run say about a file that does not exist yet.
const NEW_FILE: &str = " The file is created with mode 0600, so a server running as another user cannot \
    read it until you change the mode. To choose owner and mode, create an empty file first; a restore \
    keeps both.";
/// Where they lie in a backup.
const CONFIGS: &str = "configs/";

/// A plan with what carrying it out needs, an entry an item.
struct Steps {
    plan: RestorePlan,
    changes: Vec<Change>,
}

/// The plan of a request for configuration files.
///
/// # Errors
/// `not-found` for an unknown backup or file; `invalid-request` when the profile does not say where the files are.
pub async fn plan(backups: &Backups, request: &RestoreRequest) -> Result<RestorePlan, PanelError> {
    Ok(steps(backups, &backups.ctx.live(), request).await?.plan)
}

/// Where the files of the stack are.
fn folder(live: &StackSession) -> Result<PathBuf, PanelError> {
    live.profile.pack.dir.clone().ok_or_else(|| {
        PanelError::new(
            ErrorCode::InvalidRequest,
            "backups",
            "The location of the configuration files is not set.",
        )
        .with_hint("Set [pack] dir in the profile.")
    })
}

async fn steps(
    backups: &Backups,
    live: &StackSession,
    request: &RestoreRequest,
) -> Result<Steps, PanelError> {
    let dir = folder(live)?;
    let store = Store::of(&live.profile, &backups.ctx.home.data);
    let (id, wanted) = (request.id.clone(), request.uids.clone());
    let read = move || {
        let opened = BackupReader::open(&store, &id)?;
        let all: Vec<String> = opened
            .paths()
            .filter_map(|path| path.strip_prefix(CONFIGS))
            .filter(|name| wanted.is_empty() || wanted.iter().any(|wanted| wanted == name))
            .map(str::to_owned)
            .collect();
        let missing = wanted.iter().find(|wanted| !all.contains(wanted));
        if let Some(missing) = missing {
            let words = format!("This backup has no configuration file {missing:?}.");
            return Err(PanelError::new(ErrorCode::NotFound, "backups", words));
        }
        let read = |name: String| {
            let bytes = crate::inside::read_inside(&opened.folder, &format!("{CONFIGS}{name}"), write::MAX);
            (name, bytes.map_err(|error| error.to_string()))
        };
        Ok(all.into_iter().map(read).collect::<Vec<_>>())
    };
    let saved = aether_foundation::task::blocking(read).await?;
    let mut steps = Steps {
        plan: RestorePlan {
            id: request.id.clone(),
            what: RestorePart::Configs,
            target: dir.display().to_string(),
            target_version: String::new(),
            items: Vec::new(),
            new_folders: Vec::new(),
            new_library_panels: Vec::new(),
            data_sources: Vec::new(),
            folders: Vec::new(),
            notes: Vec::new(),
            writes: 0,
            undecided: 0,
            digest: String::new(),
        },
        changes: Vec::new(),
    };
    let mut told = Vec::new();
    for (name, bytes) in saved {
        let (item, change) = item(live, &dir, &name, bytes).await;
        told.extend(
            change
                .as_ref()
                .and_then(|change| change.before.as_ref())
                .map(|bytes| hex(&Sha256::digest(bytes))),
        );
        told.extend(
            change.as_ref().and_then(|change| change.after.as_ref()).map(|bytes| hex(&Sha256::digest(bytes))),
        );
        if let Some(change) = change {
            let words = change.kind.afterwards();
            if !words.is_empty() {
                steps.plan.notes.push(format!("{name}: {words}"));
            }
            steps.plan.writes += 1;
            steps.changes.push(change);
        }
        steps.plan.items.push(item);
    }
    let text = serde_json::to_vec(&(&steps.plan, told)).unwrap_or_default();
    steps.plan.digest = hex(&Sha256::digest(text));
    Ok(steps)
}

async fn item(
    live: &StackSession,
    dir: &std::path::Path,
    name: &str,
    bytes: Result<Vec<u8>, String>,
) -> (RestoreItem, Option<Change>) {
    let mut item = blank(RestoreKind::File, name, name);
    let unusable = |mut item: RestoreItem, why: String| {
        item.obstacle = Some(RestoreConflict::Unusable);
        item.note = why;
        (item, None)
    };
    let after = match bytes {
        Ok(bytes) => bytes,
        Err(why) => return unusable(item, format!("Failed to read the file in the backup: {why}.")),
    };
    // Whoever can write into the folder of backups must not choose which files of this machine are written.
    if !live.profile.pack.files.iter().any(|file| file.replace('\\', "/") == name) {
        return unusable(item, "It is not in the profile. Add it to files of [pack] first.".into());
    }
    let found = pack::place(dir, name).and_then(|path| Ok((write::read(&path)?, path)));
    let (before, path) = match found {
        Ok(found) => found,
        Err(error) => return unusable(item, format!("Failed to read the current file: {error}.")),
    };
    item.live_at = std::fs::metadata(&path)
        .and_then(|meta| meta.modified())
        .ok()
        .and_then(|at| at.duration_since(std::time::UNIX_EPOCH).ok())
        .and_then(|since| i64::try_from(since.as_millis()).ok())
        .map(aether_contract::Timestamp);
    if before.as_ref() == Some(&after) {
        item.act = RestoreAction::Identical;
        return (item, None);
    }
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    item.diff = unified(&before.as_deref().map(text).unwrap_or_default(), &text(&after));
    let checked = check(name, &after).await;
    if let Some(problem) = checked.problem {
        return unusable(item, format!("{} would reject it: {problem}", checked.by));
    }
    // A file that turns into something else is nobody's restore.
    let was = before.as_deref().and_then(|bytes| kind(name, &text(bytes)).ok());
    if let Some(was) = was.filter(|was| *was != checked.kind) {
        item.note = format!("It has {} now, {} in the backup. ", was.words(), checked.kind.words());
    }
    item.note.push_str(&match checked.by {
        "the panel" => "Checked by the panel itself, as far as possible.".to_owned(),
        tool => format!("{tool}: valid."),
    });
    item.act = if before.is_some() { RestoreAction::Update } else { RestoreAction::Create };
    if before.is_none() && cfg!(unix) {
        item.note.push_str(NEW_FILE);
    }
    let change = Change { name: name.to_owned(), path, kind: checked.kind, before, after: Some(after) };
    (item, Some(change))
}

/// Carries a plan out.
///
/// # Errors
/// As [`super::apply`].
pub async fn apply(backups: Arc<Backups>, asked: RestoreApplyRequest) -> Result<RestoreRun, PanelError> {
    let live = backups.ctx.live();
    let job = backups.ctx.jobs.begin(format!("{} files from {}", runs::WORK, asked.request.id.0))?;
    let store = Store::of(&live.profile, &backups.ctx.home.data);
    let lock = crate::store::locked(&store).await?;
    let steps = steps(&backups, &live, &asked.request).await?;
    may_apply(&steps.plan, &asked.digest)?;
    let by = author::author(&asked.created_by);
    // A server that is away, or can't be told to read its files, is noticed before anything is copied or written.
    let ground = ground(&live, &steps.changes).await.map_err(|error| PanelError {
        message: format!("{} Nothing was written.", error.message),
        ..error
    })?;
    let safety = copy(&backups, &live, &store, &steps, &by).await?;
    let items = steps.plan.items.iter().filter(|item| writes(item.act)).zip(&steps.changes);
    let mut record = Record {
        stack: live.profile.name.clone(),
        what: RestorePart::Configs,
        target: steps.plan.target.clone(),
        into_stack: None,
        by,
        backup: asked.request.id.clone(),
        safety,
        items: items
            .map(|(item, change)| RecordItem {
                written: change.after.as_deref().map(hash).unwrap_or_default(),
                ..RecordItem::of(item)
            })
            .collect(),
        notes: Vec::new(),
    };
    let entry = backups.ctx.journal_begin(runs::RESTORE, &asked.request.id.0, json!(record)).await?;
    let refused = carry_out(&live, &ground, &steps.changes, &mut record, &job).await;
    backups.ctx.journal_complete(entry, record.outcome(), json!(record)).await?;
    drop((lock, job));
    backups.read_backups(&live).await?;
    refused?;
    let mut run = runs::shown(&backups, &store, &live.profile.name, entry).await?;
    // In full, once: the journal does not keep what a server quotes of a file.
    run.notes = record.notes;
    Ok(run)
}

/// Puts the changes in force and notes how each came out.
///
/// # Errors
/// What kept everything from being written.
async fn carry_out(
    live: &StackSession,
    ground: &Preflight,
    changes: &[Change],
    record: &mut Record,
    job: &Handle,
) -> Result<(), PanelError> {
    match apply_on(live, ground, changes, job).await {
        Ok(notes) => {
            for item in &mut record.items {
                item.outcome = RestoreOutcome::Done;
                if item.act == RestoreAction::Create && cfg!(unix) {
                    NEW_FILE.trim_start().clone_into(&mut item.note);
                }
            }
            record.notes.extend(notes);
            Ok(())
        }
        Err(Failed { error, wrote, left }) => {
            let note = if !wrote {
                "Nothing was written."
            } else if left.is_empty() {
                "Rolled back."
            } else {
                "Rollback incomplete; see below."
            };
            for item in &mut record.items {
                item.outcome = RestoreOutcome::Failed;
                note.clone_into(&mut item.note);
            }
            record.notes.push(error.to_string());
            record.notes.extend(left);
            if wrote { Ok(()) } else { Err(error) }
        }
    }
}

fn hash(bytes: &[u8]) -> String {
    hex(&Sha256::digest(bytes))
}

/// Saves the files that are there; none when all of them are new.
async fn copy(
    backups: &Backups,
    live: &StackSession,
    store: &Store,
    steps: &Steps,
    by: &str,
) -> Result<Option<aether_contract::BackupId>, PanelError> {
    let mut builder = Builder::new(store.root(), crate::store::new_id(store))?;
    let mut count = 0;
    for change in &steps.changes {
        if let Some(bytes) = &change.before {
            builder.add(&format!("{CONFIGS}{}", change.name), bytes)?;
            count += 1;
        }
    }
    if count == 0 {
        return Ok(None);
    }
    let part = BackupPart {
        kind: BackupPartKind::Configs,
        state: BackupPartState::Complete,
        count,
        what: "files".into(),
        bytes: builder.bytes_below(CONFIGS),
        notes: vec!["Only the files replaced by the restore.".into()],
        without_tsdb: false,
    };
    preconditions::seal(backups, live, builder, &steps.plan, by, part).await.map(Some)
}

/// Restores the previous files, all or none of those unchanged since the restore.
///
/// # Errors
/// `invalid-request` when the stack's files are elsewhere now; `storage`.
pub async fn undo(work: &Work<'_>, undone: &mut Record) -> Result<(), PanelError> {
    let dir = folder(work.live)?;
    if dir.display().to_string() != undone.target {
        let words = format!(
            "The restore was made in {}, but the stack's files are now in {}. Nothing was changed.",
            undone.target,
            dir.display()
        );
        return Err(PanelError::new(ErrorCode::InvalidRequest, "backups", words));
    }
    let copy = match &undone.safety {
        Some(safety) => Some(BackupReader::open(work.store, safety)?.folder),
        None => None,
    };
    let source = BackupReader::open(work.store, &undone.backup).ok().map(|opened| opened.folder);
    let mut changes = Vec::new();
    let mut changed = Vec::new();
    for (index, item) in undone.items.iter_mut().enumerate() {
        let old = |folder: &PathBuf| {
            crate::inside::read_inside(folder, &format!("{CONFIGS}{}", item.source), write::MAX).ok()
        };
        let before = if item.act == RestoreAction::Create { None } else { copy.as_ref().and_then(old) };
        let restored = source.as_ref().and_then(old);
        match back(&dir, item, before, restored, work.interrupted) {
            Ok(Some(change)) => {
                changes.push(change);
                changed.push(index);
            }
            Ok(None) => {
                item.outcome = RestoreOutcome::Done;
                item.note = "It was not changed by the restore.".into();
            }
            Err((outcome, why)) => {
                item.outcome = outcome;
                item.note = why;
            }
        }
    }
    let entry = work.begin(undone).await?;
    if changes.is_empty() {
        return work.end(entry, undone).await;
    }
    let (outcome, note, notes) = match put_in_force(work.live, &changes, work.job).await {
        Ok(notes) => (RestoreOutcome::Done, String::new(), notes),
        Err(failed) => (RestoreOutcome::Failed, failed.error.to_string(), failed.left),
    };
    for index in changed {
        if let Some(item) = undone.items.get_mut(index) {
            item.outcome = outcome;
            item.note.clone_from(&note);
        }
    }
    undone.notes = notes;
    work.end(entry, undone).await
}

/// The change that puts a file back; none when it was never changed.
fn back(
    dir: &std::path::Path,
    item: &RecordItem,
    before: Option<Vec<u8>>,
    restored: Option<Vec<u8>>,
    interrupted: bool,
) -> Result<Option<Change>, (RestoreOutcome, String)> {
    let failed = |why: String| (RestoreOutcome::Failed, why);
    let path = pack::place(dir, &item.uid).map_err(|error| failed(error.to_string()))?;
    let now = write::read(&path).map_err(|error| failed(error.to_string()))?;
    if item.act != RestoreAction::Create && before.is_none() {
        return Err(failed("It is missing from the safety backup.".into()));
    }
    if now == before {
        return Ok(None);
    }
    let ours = now.as_deref().is_some_and(|now| hash(now) == item.written)
        || (interrupted && half_written(now.as_deref(), before.as_deref(), restored.as_deref()));
    if !ours {
        return Err((
            RestoreOutcome::Conflict,
            "It was changed after the restore, so it was not reverted.".into(),
        ));
    }
    let text =
        |bytes: &Option<Vec<u8>>| bytes.as_deref().map(|bytes| String::from_utf8_lossy(bytes).into_owned());
    let whose = text(&before).or_else(|| text(&restored)).and_then(|text| kind(&item.uid, &text).ok());
    let kind = whose.unwrap_or(aether_rules::configs::kind::Kind::Other);
    Ok(Some(Change { name: item.uid.clone(), path, kind, before: now, after: before }))
}

/// Whether a file is what a kill leaves in the middle of writing `after` over `before`: the begin of the one,
/// then the rest of the other.
fn half_written(now: Option<&[u8]>, before: Option<&[u8]>, after: Option<&[u8]>) -> bool {
    let (Some(now), Some(after)) = (now, after) else { return false };
    let before = before.unwrap_or_default();
    let same = now.iter().zip(after).take_while(|(a, b)| a == b).count();
    // Any cut up to there will do: what both have in common may belong to either.
    now.len() == before.len().max(same)
        && now.get(same..).unwrap_or_default() == before.get(same..).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_kill_leaves_in_the_middle_of_a_write_is_known_again() {
        let half = |now: &str, before: &str, after: &str| {
            half_written(Some(now.as_bytes()), Some(before.as_bytes()), Some(after.as_bytes()))
        };
        assert!(half("newold", "oldold", "newnew"));
        assert!(
            half("new text old rest", "old text old rest", "new text"),
            "written, and not yet cut to its length"
        );
        assert!(half("new lo", "old", "new longer"), "the begin of a longer one");
        assert!(half("old", "old", "new"), "nothing of it has arrived");
        assert!(!half("newXld", "oldold", "newnew"));
        assert!(!half("new", "old text", "newest"), "somebody has cut it");
        assert!(!half_written(None, Some(b"a"), Some(b"b")));
        assert!(half_written(Some(b"b"), None, Some(b"bc")));
    }
}
