//! What a change of rules would do: the files after it, who checked them, what the server would make of them, and
//! which texts repeat a value that changes. Writes nothing.

use std::path::{Path, PathBuf};

use aether_context::session::StackSession;
use aether_contract::*;
use aether_foundation::{diff::unified, file_write as write, task::blocking, text::hex, text::plural};
use sha2::{Digest as _, Sha256};

use super::{
    related::{self, Moved, Page},
    visible,
};
use crate::{
    configs::{apply::Change, check::check, kind::Kind, pack},
    edit::{self, Edit, Set},
    file::{self, FileRule},
    lint::{self, Facts},
};

/// Most edits of one change.
const MAX_EDITS: usize = 100;
/// Most texts that are offered to change with it.
const MAX_RELATED: usize = 50;

/// A plan, and the files that it changes.
pub(super) struct Planned {
    pub plan: RulesPlan,
    pub changes: Vec<Change>,
}

/// What a change would do. `pages` are the stack's runbooks.
///
/// # Errors
/// `invalid-request` when it can't be made, with the reason; `storage`.
pub async fn plan(
    live: &StackSession,
    change: &RulesChange,
    pages: &[Page],
) -> Result<RulesPlan, PanelError> {
    Ok(planned(live, change, pages).await?.plan)
}

pub(super) fn refuse(words: impl Into<String>) -> PanelError {
    PanelError::new(ErrorCode::InvalidRequest, "rules", words)
}

/// A rule file of the pack, before the change and after.
struct PackFile {
    name: String,
    path: PathBuf,
    before: String,
    after: String,
}

/// As [`plan`], with the files as they are to be written.
pub(super) async fn planned(
    live: &StackSession,
    change: &RulesChange,
    pages: &[Page],
) -> Result<Planned, PanelError> {
    let profile = &live.profile;
    let Some(dir) = profile.pack.dir.clone() else {
        return Err(
            refuse("The location of the rule files is not set.").with_hint("Set [pack] dir in the profile.")
        );
    };
    if change.edits.is_empty() && change.vip_tenants.is_none() {
        return Err(refuse("No changes given."));
    }
    if change.edits.len() + change.related.len() > MAX_EDITS {
        return Err(refuse(format!("More than {MAX_EDITS} changes at once are not allowed.")));
    }
    let names = profile.pack.files.clone();
    let mut files = blocking(move || read(&dir, &names)).await?;
    let mut moves: Vec<(Edit, Vec<Moved>)> = Vec::new();
    for one in &change.edits {
        let edit = wanted(one);
        let Some(moved) = carry_out(&mut files, &edit)? else { continue };
        match moves.iter_mut().find(|(known, _)| known.group == edit.group && known.name == edit.name) {
            Some((_, all)) => all.push(moved),
            None => moves.push((edit, vec![moved])),
        }
    }
    let mut notes = Vec::new();
    let related = repeated(&files, &moves, pages, &mut notes);
    if change.related.iter().any(|text| !related.contains(text)) {
        return Err(refuse("A text to change with the rule is not what it was.")
            .with_hint("Preview the changes again."));
    }
    if let Some(new) = &change.vip_tenants {
        notes.push(vip(&mut files, live, new)?);
    }
    annotations(&mut files, &change.related)?;
    let mut planned = Planned {
        plan: RulesPlan { files: Vec::new(), notes, related, refused: None, digest: String::new() },
        changes: Vec::new(),
    };
    rule_files(&mut planned, &files, live).await;
    runbooks(&mut planned, &change.related, pages)?;
    planned.plan.refused = refused(live, &planned.changes).await;
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

/// Makes an edit in the one file that has the rule. Tells which value it replaced, where it is one that texts repeat.
fn carry_out(files: &mut [PackFile], edit: &Edit) -> Result<Option<Moved>, PanelError> {
    let file = home(files, edit)?;
    let moved = moved(&file.after, edit);
    file.after = edit::edit(&file.after, std::slice::from_ref(edit)).map_err(|why| {
        let several = matches!(edit.set, Set::Threshold(..)) && why.contains(": `");
        let refused = refuse(format!("{why}."));
        match several {
            true => refused.with_hint("Choose the comparison in the dialog, or name it with --of."),
            false => refused,
        }
    })?;
    Ok(moved)
}

/// The texts that repeat what was replaced in rules. `notes` says what can't be changed with it.
fn repeated(
    files: &[PackFile],
    moves: &[(Edit, Vec<Moved>)],
    pages: &[Page],
    notes: &mut Vec<String>,
) -> Vec<RelatedText> {
    let mut found = Vec::new();
    for (edit, moved) in moves {
        for group in files.iter().filter_map(|file| file::read(&file.after).ok()).flat_map(|read| read.groups)
        {
            if let Some(rule) = rule_of(&group, edit) {
                found.extend(related::annotations(&group.name, &rule.name, &rule.annotations, moved));
            }
        }
        for line in related::runbooks(&edit.name, pages, moved) {
            let Some(file) = &line.page.file else {
                notes.push(format!(
                    "The built-in runbook {} repeats the old value in line {}: {} To change it, add a page of this \
                        name to the runbook folder.",
                    line.page.name, line.number, line.before
                ));
                continue;
            };
            let (page, file) = (line.page.name.clone(), file.display().to_string());
            found.push(RelatedText {
                place: RelatedPlace::Runbook { page, file, line: line.number },
                before: line.before.to_owned(),
                after: line.after,
            });
        }
    }
    if found.len() > MAX_RELATED {
        notes.push(format!(
            "{} texts repeat the old value; only the first {MAX_RELATED} are listed.",
            found.len()
        ));
        found.truncate(MAX_RELATED);
    }
    found
}

fn rule_of<'a>(group: &'a file::FileGroup, edit: &Edit) -> Option<&'a FileRule> {
    let own = edit.group.is_empty() || group.name == edit.group;
    group.rules.iter().find(|rule| own && rule.name == edit.name)
}

/// The one file that has the rule.
fn home<'a>(files: &'a mut [PackFile], edit: &Edit) -> Result<&'a mut PackFile, PanelError> {
    let has = |file: &PackFile| {
        file::read(&file.after)
            .is_ok_and(|read| read.groups.iter().any(|group| rule_of(group, edit).is_some()))
    };
    let mut homes = files.iter_mut().filter(|file| has(file));
    match (homes.next(), homes.next()) {
        (Some(home), None) => Ok(home),
        (None, _) => Err(refuse(format!("Rule {} not found in the pack's rule files.", edit.name))
            .with_hint("Only files listed in [pack] files of the profile can be changed.")),
        _ => {
            Err(refuse(format!("More than one rule file defines {}.", edit.name))
                .with_hint("Edit it manually."))
        }
    }
}

/// The value that an edit replaces, where it is one that texts repeat.
fn moved(text: &str, edit: &Edit) -> Option<Moved> {
    let read = file::read(text).ok()?;
    let rule = read.groups.iter().find_map(|group| rule_of(group, edit))?;
    let moved = match &edit.set {
        Set::Threshold(new, of) => {
            Moved { old: edit::threshold(&rule.expression, of.as_deref())?, new: *new, time: false }
        }
        Set::Hold(new) => Moved { old: rule.hold_s, new: file::duration(new.trim()).ok()?, time: true },
        Set::Expr(_) | Set::Label(..) | Set::Annotation(..) => return None,
    };
    (moved.old != moved.new).then_some(moved)
}

/// Puts the new list of VIP tenants into the selectors of the profile's. Tells where.
fn vip(files: &mut [PackFile], live: &StackSession, new: &[String]) -> Result<String, PanelError> {
    let profile = &live.profile;
    if new.is_empty() {
        return Err(refuse("The list of VIP tenants cannot be empty.")
            .with_hint("An empty selector matches every series without the label."));
    }
    let mut count = 0;
    for file in files {
        let (put, rules) = edit::vip(&file.after, &profile.tenant_label, &profile.vip_tenants, new)
            .map_err(|why| refuse(format!("{why}.")))?;
        file.after = put;
        count += rules;
    }
    if count == 0 {
        return Err(refuse("No rule has a selector with exactly the profile's VIP tenants.")
            .with_hint("Check that the profile's list (vip_tenants) matches the one in the rules."));
    }
    Ok(format!(
        "The list occurs in {}. Also change vip_tenants in the profile, in Settings, Stacks.",
        plural(count, "rule")
    ))
}

/// Changes the annotations among the chosen texts.
fn annotations(files: &mut [PackFile], chosen: &[RelatedText]) -> Result<(), PanelError> {
    for text in chosen {
        let RelatedPlace::Annotation { group, rule, name } = &text.place else { continue };
        let set = Set::Annotation(name.clone(), Some(text.after.clone()));
        let edit = Edit { group: group.clone(), name: rule.clone(), set };
        let file = home(files, &edit)?;
        let read = file::read(&file.after).unwrap_or_default();
        let now = read.groups.iter().find_map(|group| rule_of(group, &edit)?.annotations.get(name));
        if now != Some(&text.before) {
            return Err(refuse(format!("The annotation {name} of {rule} has changed."))
                .with_hint("Preview the changes again."));
        }
        file.after = edit::edit(&file.after, &[edit]).map_err(|why| refuse(format!("{why}.")))?;
    }
    Ok(())
}

/// The rule files that change, checked and judged.
async fn rule_files(planned: &mut Planned, files: &[PackFile], live: &StackSession) {
    let before_judged = judged(&files.iter().map(|file| file.before.as_str()).collect::<Vec<_>>(), live);
    let after_judged = judged(&files.iter().map(|file| file.after.as_str()).collect::<Vec<_>>(), live);
    for (index, file) in files.iter().enumerate() {
        if file.before == file.after {
            continue;
        }
        let checked = check(&file.name, file.after.as_bytes()).await;
        let known = before_judged.get(index).cloned().unwrap_or_default();
        let new = after_judged.get(index).into_iter().flatten().filter(|found| !known.contains(found));
        planned.plan.files.push(RulesFileChange {
            name: file.name.clone(),
            path: file.path.display().to_string(),
            diff: unified(&file.before, &file.after),
            checked_by: checked.by.to_owned(),
            problem: checked.problem.unwrap_or_default(),
            findings: new.cloned().collect(),
        });
        planned.changes.push(Change {
            name: file.name.clone(),
            path: file.path.clone(),
            kind: Kind::Rules,
            before: Some(file.before.clone().into_bytes()),
            after: Some(file.after.clone().into_bytes()),
        });
    }
}

/// Changes the lines of runbooks among the chosen texts. Only the stack's own pages can be changed.
fn runbooks(planned: &mut Planned, chosen: &[RelatedText], pages: &[Page]) -> Result<(), PanelError> {
    for page in pages {
        let Some(path) = &page.file else { continue };
        let named = path.display().to_string();
        let lines: Vec<(u32, &str, &str)> = chosen
            .iter()
            .filter_map(|text| match &text.place {
                RelatedPlace::Runbook { file, line, .. } if *file == named => {
                    Some((*line, text.before.as_str(), text.after.as_str()))
                }
                _ => None,
            })
            .collect();
        if lines.is_empty() {
            continue;
        }
        let after = related::with_lines(&page.text, &lines)
            .map_err(|why| refuse(format!("In {named}, {why}.")).with_hint("Preview the changes again."))?;
        let name = path.file_name().map_or_else(String::new, |name| name.to_string_lossy().into_owned());
        planned.plan.files.push(RulesFileChange {
            name: name.clone(),
            path: named,
            diff: unified(&page.text, &after),
            checked_by: String::new(),
            problem: String::new(),
            findings: Vec::new(),
        });
        planned.changes.push(Change {
            name,
            path: path.clone(),
            kind: Kind::Runbook,
            before: Some(page.text.clone().into_bytes()),
            after: Some(after.into_bytes()),
        });
    }
    Ok(())
}

/// Why the server would not see the files. One that does not answer is noticed when the plan is carried out.
async fn refused(live: &StackSession, changes: &[Change]) -> Option<PanelError> {
    let client = live.clients.prometheus().await.ok()?;
    let running = client.rules().await.ok()?.value;
    let of_rules = changes.iter().filter(|change| change.kind == Kind::Rules);
    let text =
        |change: &Change| String::from_utf8_lossy(change.before.as_deref().unwrap_or_default()).into_owned();
    let files = of_rules.map(|change| (change.path.clone(), text(change))).collect();
    visible::refusal(&live.profile, running, files).await
}

/// The pack's rule files.
fn read(dir: &Path, names: &[String]) -> Result<Vec<PackFile>, PanelError> {
    let mut found = Vec::new();
    for name in names.iter().filter(|name| name.ends_with(".yml") || name.ends_with(".yaml")) {
        let failed = |error: std::io::Error| {
            PanelError::new(ErrorCode::Storage, "rules", format!("Failed to read {name}: {error}."))
        };
        let path = pack::place(dir, name).map_err(failed)?;
        let Some(bytes) = write::read(&path).map_err(failed)? else { continue };
        let Ok(text) = String::from_utf8(bytes) else { continue };
        if crate::configs::kind::kind(name, &text) == Ok(Kind::Rules) {
            found.push(PackFile { name: name.clone(), path, after: text.clone(), before: text });
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
