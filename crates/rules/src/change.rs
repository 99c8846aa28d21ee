//! Changing rules: diff, check, copy of the old, write in place, reload, seen on the server, and the old ones
//! again when any of it fails.

use aether_contract::Backup;
use aether_foundation::author;
use aether_foundation::text::plural;
use futures_util::future::BoxFuture;
use std::{path::PathBuf, sync::Arc};

use aether_contract::*;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use super::{
    edit::{self, Edit, Set},
    file::{self, FileRule},
    lint::{self, Facts},
};
use crate::{
    Rules,
    configs::{
        apply::{self, Change, Failed},
        check::check,
        kind::Kind,
        pack, reload as servers,
    },
};
use aether_context::session::StackSession;
use aether_foundation::{diff::unified, file_write as write, task::blocking, text::hex};

/// Journal kind; its subject is the first rule.
pub const RULES: &str = "rules";
/// Most edits of one change.
const MAX_EDITS: usize = 100;

struct Planned {
    plan: RulesPlan,
    changes: Vec<Change>,
}

/// What a change would do.
///
/// # Errors
/// `invalid-request` when it can't be made, with the reason; `storage`.
pub async fn plan(live: &StackSession, change: &RulesChange) -> Result<RulesPlan, PanelError> {
    Ok(planned(live, change).await?.plan)
}

fn refuse(words: impl Into<String>) -> PanelError {
    PanelError::new(ErrorCode::InvalidRequest, "rules", words)
}

async fn planned(live: &StackSession, change: &RulesChange) -> Result<Planned, PanelError> {
    let profile = &live.profile;
    let Some(dir) = profile.pack.dir.clone() else {
        return Err(
            refuse("The location of the rule files is not set.").with_hint("Set [pack] dir in the profile.")
        );
    };
    if change.edits.is_empty() && change.vip_tenants.is_none() {
        return Err(refuse("No changes given."));
    }
    if change.edits.len() > MAX_EDITS {
        return Err(refuse(format!("More than {MAX_EDITS} changes at once are not allowed.")));
    }
    let names = profile.pack.files.clone();
    let files = blocking(move || read(&dir, &names)).await?;
    let mut after: Vec<String> = files.iter().map(|(_, _, text)| text.clone()).collect();
    for one in &change.edits {
        let edit = wanted(one);
        // Where the rule is: exactly one file may have it.
        let mut homes = Vec::new();
        for (index, text) in after.iter().enumerate() {
            let has = |group: &file::FileGroup| {
                (edit.group.is_empty() || group.name == edit.group)
                    && group.rules.iter().any(|rule| rule.name == edit.name)
            };
            if file::read(text).is_ok_and(|read| read.groups.iter().any(has)) {
                homes.push(index);
            }
        }
        let home = match homes.as_slice() {
            [home] => *home,
            [] => {
                return Err(refuse(format!("Rule {} not found in the pack's rule files.", edit.name))
                    .with_hint("Only files listed in [pack] files of the profile can be changed."));
            }
            _ => {
                return Err(refuse(format!("More than one rule file defines {}.", edit.name))
                    .with_hint("Edit it manually."));
            }
        };
        if let Some(text) = after.get_mut(home) {
            *text = edit::edit(text, std::slice::from_ref(&edit)).map_err(|why| {
                let several = matches!(edit.set, edit::Set::Threshold(..)) && why.contains(": `");
                let refused = refuse(format!("{why}."));
                match several {
                    true => refused.with_hint("Choose the comparison in the dialog, or name it with --of."),
                    false => refused,
                }
            })?;
        }
    }
    let mut notes = Vec::new();
    if let Some(new) = &change.vip_tenants {
        let mut count = 0;
        if new.is_empty() {
            return Err(refuse("The list of VIP tenants cannot be empty.")
                .with_hint("An empty selector matches every series without the label."));
        }
        for text in &mut after {
            let (put, rules) = edit::vip(text, &profile.tenant_label, &profile.vip_tenants, new)
                .map_err(|why| refuse(format!("{why}.")))?;
            *text = put;
            count += rules;
        }
        if count == 0 {
            return Err(refuse("No rule has a selector with exactly the profile's VIP tenants.")
                .with_hint("Check that the profile's list (vip_tenants) matches the one in the rules."));
        }
        notes.push(format!(
            "The list occurs in {}. Also change vip_tenants in the profile, in Settings, Stacks.",
            plural(count, "rule")
        ));
    }
    let before_judged = judged(&files.iter().map(|(_, _, text)| text.as_str()).collect::<Vec<_>>(), live);
    let after_judged = judged(&after.iter().map(String::as_str).collect::<Vec<_>>(), live);
    let mut planned =
        Planned { plan: RulesPlan { files: Vec::new(), notes, digest: String::new() }, changes: Vec::new() };
    for (index, ((name, path, before), after)) in files.iter().zip(&after).enumerate() {
        if before == after {
            continue;
        }
        let checked = check(name, after.as_bytes()).await;
        let known = before_judged.get(index).cloned().unwrap_or_default();
        let new = after_judged.get(index).into_iter().flatten().filter(|found| !known.contains(found));
        planned.plan.files.push(RulesFileChange {
            name: name.clone(),
            path: path.display().to_string(),
            diff: unified(before, after),
            checked_by: checked.by.to_owned(),
            problem: checked.problem.unwrap_or_default(),
            findings: new.cloned().collect(),
        });
        planned.changes.push(Change {
            name: name.clone(),
            path: path.clone(),
            kind: Kind::Rules,
            before: Some(before.clone().into_bytes()),
            after: Some(after.clone().into_bytes()),
        });
    }
    let told: Vec<String> = planned
        .changes
        .iter()
        .flat_map(|change| [&change.before, &change.after])
        .map(|bytes| hex(&Sha256::digest(bytes.as_deref().unwrap_or_default())))
        .collect();
    let text = serde_json::to_vec(&(&planned.plan, told)).unwrap_or_default();
    planned.plan.digest = hex(&Sha256::digest(text));
    Ok(planned)
}

/// The pack's rule files: name, place, text.
fn read(dir: &std::path::Path, names: &[String]) -> Result<Vec<(String, PathBuf, String)>, PanelError> {
    let mut found = Vec::new();
    for name in names.iter().filter(|name| name.ends_with(".yml") || name.ends_with(".yaml")) {
        let failed = |error: std::io::Error| {
            PanelError::new(ErrorCode::Storage, "rules", format!("Failed to read {name}: {error}."))
        };
        let path = pack::place(dir, name).map_err(failed)?;
        let Some(bytes) = write::read(&path).map_err(failed)? else { continue };
        let Ok(text) = String::from_utf8(bytes) else { continue };
        if crate::configs::kind::kind(name, &text) == Ok(Kind::Rules) {
            found.push((name.clone(), path, text));
        }
    }
    Ok(found)
}

/// What is wrong with the rules of each file, errors and warnings, a sentence each.
fn judged(texts: &[&str], live: &StackSession) -> Vec<Vec<String>> {
    let files: Vec<file::RuleFile> = texts.iter().map(|text| file::read(text).unwrap_or_default()).collect();
    let mut rules: Vec<(String, &FileRule)> = Vec::new();
    let mut of_file = Vec::new();
    for (index, read) in files.iter().enumerate() {
        for group in &read.groups {
            for rule in &group.rules {
                rules.push((group.name.clone(), rule));
                of_file.push(index);
            }
        }
    }
    let mut told = vec![Vec::new(); texts.len()];
    let profile = &live.profile;
    let all = lint::judge(&rules, &profile.tenant_label, &profile.expected.alerts, &Facts::default());
    for (((_, rule), judged), index) in rules.iter().zip(all).zip(of_file) {
        let grave = judged.findings.iter().filter(|found| found.severity != FindingSeverity::Info);
        if let Some(list) = told.get_mut(index) {
            list.extend(grave.map(|found| format!("{}: {}", rule.name, found.problem)));
        }
    }
    told
}

fn wanted(one: &RuleEdit) -> Edit {
    let set = match &one.set {
        RuleSet::Expr { value } => Set::Expr(value.clone()),
        RuleSet::Threshold { value, of } => Set::Threshold(*value, of.clone()),
        RuleSet::For { value } => Set::Hold(value.clone()),
        RuleSet::Label { name, value } => Set::Label(name.clone(), value.clone()),
        RuleSet::Annotation { name, value } => Set::Annotation(name.clone(), value.clone()),
    };
    Edit { group: one.group.clone(), name: one.name.clone(), set }
}

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
    safety_copy: SafetyCopy,
) -> Result<RulesApplied, PanelError> {
    let live = rules.ctx.live();
    let reason = request.reason.trim();
    if reason.is_empty() || reason.chars().count() > 400 {
        return Err(refuse("Enter a reason of up to 400 characters."));
    }
    let Planned { plan, changes } = planned(&live, &request.change).await?;
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
    let looked: Vec<&str> = plan.files.iter().map(|file| file.checked_by.as_str()).collect();
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
