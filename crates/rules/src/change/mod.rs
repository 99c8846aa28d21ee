//! Changing rules: diff, check, copy of the old, write in place, reload, seen on the server, and the old ones
//! again when any of it fails.

mod plan;
mod related;
mod visible;

use std::sync::Arc;

use aether_context::session::StackSession;
use aether_contract::*;
use aether_foundation::{author, text::hex};
use futures_util::future::BoxFuture;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

pub use plan::plan;
use plan::{Planned, planned, refuse};
pub use related::Page;

use crate::{
    Rules,
    configs::{
        apply::{self, Change, Failed},
        reload as servers,
    },
};

/// Journal kind; its subject is the first rule.
pub const RULES: &str = "rules";
/// Makes a backup of the configuration files before they are changed. Rules don't know backups; the panel passes
/// what makes one.
pub type SafetyCopy =
    Box<dyn FnOnce(BackupCreateRequest) -> BoxFuture<'static, Result<Backup, PanelError>> + Send>;

/// Carries a change out.
///
/// # Errors
/// `invalid-request` without a reason, or for a change that can't be made; `unverified` when the files are not those of
/// the plan any more; what kept everything from being written. A server that does not take the files is no error: the
/// steps say so, and that the files are as before.
pub async fn apply(
    rules: Arc<Rules>,
    request: RulesApplyRequest,
    pages: Vec<Page>,
    safety_copy: SafetyCopy,
) -> Result<RulesApplied, PanelError> {
    let live = rules.ctx.live();
    let reason = request.reason.trim();
    if reason.is_empty() || reason.chars().count() > 400 {
        return Err(refuse("Enter a reason of up to 400 characters."));
    }
    let Planned { plan, changes } = planned(&live, &request.change, &pages).await?;
    if plan.digest != request.digest {
        let words = "The files changed since this plan was created. Nothing was written.";
        return Err(PanelError::new(ErrorCode::Unverified, "rules", words).with_hint("Review the new plan."));
    }
    if let Some(bad) = plan.files.iter().find(|file| !file.problem.is_empty()) {
        return Err(refuse(format!("{} was rejected by {}: {}", bad.name, bad.checked_by, bad.problem))
            .with_hint("Nothing was written."));
    }
    if changes.is_empty() {
        return Err(refuse("No changes needed."));
    }
    if let Some(refused) = plan.refused {
        return Err(untouched(refused));
    }
    let by = author::author(&request.created_by);
    let detail = json!({
        "stack": live.profile.name, "by": by, "reason": reason, "change": request.change,
        "files": changes.iter().map(hashes).collect::<Vec<_>>(),
    });
    let subject = request.change.edits.first().map_or("VIP tenants", |edit| edit.name.as_str()).to_owned();
    let entry = rules.ctx.journal_begin(RULES, &subject, detail).await?;
    let done = Box::pin(carry_out(&rules, &live, &plan, &changes, reason, &by, safety_copy)).await;
    let outcome = match &done {
        Ok(applied) if applied.in_force => "done",
        Ok(_) => "rolled-back",
        Err(_) => "failed",
    };
    let result = match &done {
        Ok(applied) => json!(applied),
        Err(error) => json!({ "error": error }),
    };
    rules.ctx.journal_complete(entry, outcome, result).await?;
    done
}

/// A file as the journal keeps it: its name, and hashes of it before and after.
fn hashes(change: &Change) -> Value {
    let hash = |bytes: &Option<Vec<u8>>| bytes.as_ref().map(|bytes| hex(&Sha256::digest(bytes)));
    json!({"name": change.name, "before": hash(&change.before), "after": hash(&change.after)})
}

async fn carry_out(
    rules: &Arc<Rules>,
    live: &StackSession,
    plan: &RulesPlan,
    changes: &[Change],
    reason: &str,
    by: &str,
    safety_copy: SafetyCopy,
) -> Result<RulesApplied, PanelError> {
    let names: Vec<&str> = plan.files.iter().map(|file| file.name.as_str()).collect();
    let looked: Vec<&str> =
        plan.files.iter().map(|file| file.checked_by.as_str()).filter(|by| !by.is_empty()).collect();
    let step = |title: &str, done, note: String| RulesStep { title: title.to_owned(), done, note };
    let mut steps = vec![step("Checked", true, format!("{} by {}.", names.join(", "), looked.join(", ")))];
    // A server that is away, or can't be told, is noticed before anything is copied or written.
    let ground = apply::ground(live, changes).await.map_err(untouched)?;
    let request = BackupCreateRequest {
        reason: format!("Before changing rules: {reason}"),
        created_by: by.to_owned(),
        parts: vec![BackupPartKind::Configs],
    };
    let backup = safety_copy(request).await?;
    // What can't be put back is not written over.
    if backup.verdict != BackupVerdict::Verified {
        let words = format!("The backup of the files is incomplete: {}", backup.problems.join("; "));
        return Err(PanelError::new(ErrorCode::Storage, "rules", words).with_hint("Nothing was written."));
    }
    steps.push(step("Back up the files", true, format!("Backup {}, every file read back.", backup.id.0)));
    let job = rules.ctx.jobs.begin("Changing rules")?;
    let in_force = match apply::apply_on(live, &ground, changes, &job).await {
        Ok(notes) => {
            steps.push(step("Write, reload and verify", true, notes.join(" ")));
            true
        }
        Err(Failed { error, wrote: false, .. }) => return Err(untouched(error)),
        Err(Failed { error, left, .. }) => {
            steps.push(step("Write, reload and verify", false, error.to_string()));
            let note = if left.is_empty() {
                "The files were rolled back, and the server runs them.".to_owned()
            } else {
                left.join(" ")
            };
            steps.push(step("Roll back", left.is_empty(), note));
            false
        }
    };
    drop(job);
    Ok(RulesApplied { in_force, steps, backup: Some(backup.id) })
}

/// An error before anything was written, which it says.
fn untouched(error: PanelError) -> PanelError {
    PanelError { message: format!("{} Nothing was written.", error.message), ..error }
}

/// Has Prometheus read its files again, and looks whether it did.
///
/// # Errors
/// As [`servers::reload`].
pub async fn reload(rules: Arc<Rules>) -> Result<RulesApplied, PanelError> {
    let live = rules.ctx.live();
    let client = live.clients.prometheus().await?;
    let detail = json!({"stack": live.profile.name, "by": author::author(""), "reload": true});
    let entry = rules.ctx.journal_begin(RULES, "reload", detail).await?;
    let told = match servers::reload(&live.profile, &client).await {
        Ok(told) => told,
        Err(error) => {
            rules.ctx.journal_complete(entry, "failed", json!({ "error": error })).await?;
            return Err(error);
        }
    };
    let (in_force, note) = match told.info {
        Some(info) if info.reload_config_success == Some(false) => {
            (false, "It reports that the reload failed.".to_owned())
        }
        Some(info) => (true, format!("It runs the configuration loaded at {}.", info.last_config_time)),
        None => (true, "It does not report when it last reloaded.".to_owned()),
    };
    let note = [told.how, note].into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" ");
    let applied = RulesApplied {
        in_force,
        steps: vec![RulesStep { title: "Reloaded".to_owned(), done: in_force, note }],
        backup: None,
    };
    rules.ctx.journal_complete(entry, if in_force { "done" } else { "failed" }, json!(applied)).await?;
    live.wake_all();
    Ok(applied)
}
