//! `backup restore`, `backup restores` and `backup undo`: plan, apply, undo.

use std::collections::BTreeMap;

use aether_contract::{
    self as wire, BackupId, Empty, PanelError, RestoreAction, RestoreApplyRequest, RestoreChoice,
    RestoreKind, RestoreOutcome, RestorePart, RestorePlan, RestoreRequest, RestoreRun, RestoreState,
    RestoreUndoRequest,
};
use aether_panel::Panel;

use clap::ValueEnum as _;

use super::backup_text::lines;
use crate::usage::usage;
use crate::{
    args::{Backup, BackupChoice, BackupWhat},
    human::{count, moment, plain},
    outcome::Outcome,
    table::{Cell, Style, cell, painted, table},
};

/// Shows the plan, or applies it and shows the result.
pub async fn restore(panel: &Panel, verb: &Backup) -> Result<Outcome, PanelError> {
    let Backup::Restore {
        id,
        uids,
        what,
        apply,
        choose,
        otherwise,
        data_source,
        into_folder,
        into_stack,
        by,
    } = verb
    else {
        return Err(usage("Invalid restore request."));
    };
    let mut request = RestoreRequest {
        id: BackupId(id.clone()),
        what: match what {
            BackupWhat::Dashboards => RestorePart::Dashboards,
            BackupWhat::Alerting => RestorePart::Alerting,
            BackupWhat::Configs => RestorePart::Configs,
            BackupWhat::Permissions => RestorePart::Permissions,
            BackupWhat::Annotations => RestorePart::Annotations,
            BackupWhat::Playlists => RestorePart::Playlists,
            BackupWhat::PublicDashboards => RestorePart::PublicDashboards,
        },
        uids: uids.clone(),
        choices: BTreeMap::new(),
        otherwise: otherwise.map(choice),
        data_sources: pairs(data_source, "--data-source")?.into_iter().collect(),
        into_folder: into_folder.clone(),
        into_stack: into_stack.clone(),
    };
    for (uid, word) in pairs(choose, "--choose")? {
        let chosen = BackupChoice::from_str(&word, false)
            .map_err(|_| usage("--choose expects UID=keep, UID=replace, UID=copy or UID=without-secrets."))?;
        request.choices.insert(uid, choice(chosen));
    }
    let plan = panel.restore_plan(request.clone()).await?;
    if !apply {
        let mut outcome = Outcome::new(&plan, plan_text(&plan))?;
        if plan.undecided > 0 {
            outcome.find(format!(
                "{} a decision: --choose UID=CHOICE, with one of the choices listed above",
                verb_count(plan.undecided, "item", "needs", "need")
            ));
        }
        return Ok(outcome);
    }
    let asked = RestoreApplyRequest { request, digest: plan.digest, created_by: by.clone() };
    report(&panel.restore_apply(asked).await?)
}

fn choice(word: BackupChoice) -> RestoreChoice {
    match word {
        BackupChoice::Keep => RestoreChoice::Keep,
        BackupChoice::Replace => RestoreChoice::Replace,
        BackupChoice::Copy => RestoreChoice::Copy,
        BackupChoice::WithoutSecrets => RestoreChoice::WithoutSecrets,
    }
}

fn choice_word(choice: RestoreChoice) -> &'static str {
    match choice {
        RestoreChoice::Keep => "keep",
        RestoreChoice::Replace => "replace",
        RestoreChoice::Copy => "copy",
        RestoreChoice::WithoutSecrets => "without-secrets",
    }
}

fn kind(kind: RestoreKind) -> &'static str {
    match kind {
        RestoreKind::Dashboard => "dashboard",
        RestoreKind::AlertRule => "alert rule",
        RestoreKind::RuleGroup => "rule group",
        RestoreKind::ContactPoint => "contact point",
        RestoreKind::Policies => "policies",
        RestoreKind::MuteTiming => "mute timing",
        RestoreKind::Template => "template",
        RestoreKind::File => "file",
        RestoreKind::FolderPermissions => "folder",
        RestoreKind::DashboardPermissions => "dashboard",
        RestoreKind::Annotations => "annotations",
        RestoreKind::Playlist => "playlist",
        RestoreKind::PublicDashboard => "public dashboard",
    }
}

/// Noun for the items of a plan or run.
fn noun(what: RestorePart) -> &'static str {
    match what {
        RestorePart::Dashboards => "dashboard",
        RestorePart::Alerting => "item",
        RestorePart::Configs => "file",
        RestorePart::Permissions => "item",
        RestorePart::Annotations => "group",
        RestorePart::Playlists => "playlist",
        RestorePart::PublicDashboards => "public dashboard",
    }
}

fn verb_count(number: u32, what: &str, one: &str, many: &str) -> String {
    format!("{} {}", count(number, what), if number == 1 { one } else { many })
}

fn pairs(texts: &[String], option: &str) -> Result<Vec<(String, String)>, PanelError> {
    let pair = |text: &String| {
        let wrong = || usage(&format!("{option} expects KEY=VALUE, got {text:?}."));
        text.split_once('=').map(|(a, b)| (a.to_owned(), b.to_owned())).ok_or_else(wrong)
    };
    texts.iter().map(pair).collect()
}

fn act(act: RestoreAction) -> (&'static str, Style) {
    match act {
        RestoreAction::Create => ("create", Style::Good),
        RestoreAction::Update => ("update", Style::Warn),
        RestoreAction::Identical => ("identical", Style::Dim),
        RestoreAction::Copy => ("copy", Style::Good),
        RestoreAction::Skip => ("keep", Style::Dim),
        RestoreAction::Choose => ("CHOOSE", Style::Bad),
    }
}

pub(super) fn plan_text(plan: &RestorePlan) -> String {
    let row = |item: &wire::RestoreItem| {
        let (word, paint) = act(item.act);
        let versions = match item.live_version {
            Some(live) if item.act == RestoreAction::Update => format!("{live} -> {}", live + 1),
            Some(live) => live.to_string(),
            None => String::new(),
        };
        let mut notes = vec![item.note.clone()];
        if !item.missing_data_sources.is_empty() {
            notes.push(format!("missing data source: {}", item.missing_data_sources.join(", ")));
        }
        if !item.missing_plugins.is_empty() {
            notes.push(format!("missing plugin: {}", item.missing_plugins.join(", ")));
        }
        notes.retain(|note| !note.is_empty());
        vec![
            painted(word, paint),
            cell(&item.uid),
            cell(if item.kind == RestoreKind::File { "" } else { &item.title }),
            cell(if item.kind == RestoreKind::Dashboard || item.kind == RestoreKind::File {
                item.folder.join(" / ")
            } else {
                [&[kind(item.kind).to_owned()], item.folder.as_slice()].concat().join(" / ")
            }),
            cell(versions),
            cell(if item.changes.is_empty() { String::new() } else { item.changes.len().to_string() }),
            cell(notes.join("; ")),
        ]
    };
    let rows: Vec<Vec<Cell>> = plan.items.iter().map(row).collect();
    let mut text = format!("Target: {} {}\n\n", plain(&plan.target), plain(&plan.target_version));
    text.push_str(&table(&["PLAN", "UID", "TITLE", "FOLDER", "VERSION", "CHANGES", "NOTE"], &rows));
    // In full: the table cuts what does not fit the line.
    for item in plan.items.iter().filter(|item| item.act == RestoreAction::Choose) {
        let words: Vec<&str> = item.choices.iter().map(|choice| choice_word(*choice)).collect();
        text.push_str(&format!(
            "{}: {} Choices: {}.\n",
            plain(&item.uid),
            plain(&item.note),
            words.join(", ")
        ));
    }
    for (what, names) in [("New folder", &plan.new_folders), ("New library panel", &plan.new_library_panels)]
    {
        for name in names {
            text.push_str(&format!("{what}: {}\n", plain(name)));
        }
    }
    for note in &plan.notes {
        text.push_str(&format!("- {}\n", plain(note)));
    }
    if plan.what == RestorePart::Configs && plan.writes > 0 {
        text.push_str(
            "- Files are written, reloaded and compared with the running configuration. If a server \
                rejects its file, all files are rolled back.\n",
        );
    }
    for item in plan.items.iter().filter(|item| !item.diff.is_empty()) {
        text.push_str(&format!("\n{}\n", plain(&item.uid)));
        text.push_str(&lines(&item.diff));
    }
    text.push_str(&format!(
        "\n{} would be written. Nothing was changed; use --apply to restore.\n",
        count(plan.writes, noun(plan.what))
    ));
    text
}

pub(super) fn report(run: &RestoreRun) -> Result<Outcome, PanelError> {
    let row = |item: &wire::RestoredItem| {
        let (word, paint) = match item.outcome {
            RestoreOutcome::Done => ("done", Style::Good),
            RestoreOutcome::Conflict => ("CONFLICT", Style::Bad),
            RestoreOutcome::Failed => ("FAILED", Style::Bad),
            RestoreOutcome::Pending => ("not attempted", Style::Warn),
        };
        vec![
            if item.undone { painted("undone", Style::Dim) } else { painted(word, paint) },
            cell(act(item.act).0),
            cell(&item.uid),
            cell(if item.kind == RestoreKind::File { "" } else { &item.title }),
            cell(item.version.map(|version| version.to_string()).unwrap_or_default()),
            cell(&item.note),
        ]
    };
    let rows: Vec<Vec<Cell>> = run.items.iter().map(row).collect();
    let mut text = table(&["OUTCOME", "ACTION", "UID", "TITLE", "VERSION", "NOTE"], &rows);
    text.push_str(&format!("\nRestore {} is {}.", run.id, state(run.state).0));
    if let Some(safety) = &run.safety {
        text.push_str(&format!(" Safety backup of the previous state: {}.", plain(&safety.0)));
    }
    if run.can_undo {
        text.push_str(&format!(" To undo: aetherctl backup undo {}", run.id));
    }
    text.push('\n');
    for note in &run.notes {
        text.push_str(&format!("- {}\n", plain(note)));
    }
    let mut outcome = Outcome::new(run, text)?;
    if matches!(run.state, RestoreState::Partly | RestoreState::Interrupted | RestoreState::PartlyUndone) {
        outcome.find(format!("restore {} is {}", run.id, state(run.state).0));
    }
    Ok(outcome)
}

fn state(state: RestoreState) -> (&'static str, Style) {
    match state {
        RestoreState::Running => ("running", Style::Strong),
        RestoreState::Done => ("done", Style::Good),
        RestoreState::Partly => ("partially done", Style::Warn),
        RestoreState::Interrupted => ("interrupted", Style::Bad),
        RestoreState::Undone => ("undone", Style::Dim),
        RestoreState::PartlyUndone => ("partially undone", Style::Warn),
    }
}

/// Restore history.
pub async fn runs(panel: &Panel) -> Result<Outcome, PanelError> {
    let runs = panel.restore_runs(Empty {}).await?.runs;
    Outcome::new(&runs, if runs.is_empty() { "No restores.\n".into() } else { runs_table(&runs) })
}

pub(super) fn runs_table(runs: &[RestoreRun]) -> String {
    let row = |run: &RestoreRun| {
        let (word, paint) = state(run.state);
        let done = run.items.iter().filter(|item| item.outcome == RestoreOutcome::Done).count();
        vec![
            cell(run.id.to_string()),
            painted(word, paint),
            cell(moment(run.at)),
            cell(&run.backup.0),
            cell(format!(
                "{done} of {}",
                count(u32::try_from(run.items.len()).unwrap_or(u32::MAX), noun(run.what))
            )),
            cell(if run.can_undo { "yes" } else { "" }),
            cell(&run.created_by),
            cell(&run.target),
        ]
    };
    let rows: Vec<Vec<Cell>> = runs.iter().map(row).collect();
    table(&["ID", "STATE", "WHEN", "BACKUP", "WRITTEN", "UNDO", "BY", "TARGET"], &rows)
}

/// Undoes a restore, by default the newest that can be undone.
pub async fn undo(panel: &Panel, number: Option<u32>) -> Result<Outcome, PanelError> {
    let id = match number {
        Some(number) => number,
        None => {
            let runs = panel.restore_runs(Empty {}).await?.runs;
            let newest = runs.iter().find(|run| run.can_undo);
            newest.map(|run| run.id).ok_or_else(|| usage("No restore can be undone."))?
        }
    };
    let run = panel.restore_undo(RestoreUndoRequest { id }).await?;
    report(&run)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_needs_a_choice_is_listed_in_full_with_its_choices() {
        let note =
            format!("It gives more access than now: {}.", "team SRE: Admin (nothing now), ".repeat(20));
        let item = serde_json::json!({
            "kind": "folder-permissions", "uid": "folder/rag", "title": "RAG", "folder": [], "act": "choose",
            "obstacle": "would-widen", "choices": ["keep", "replace"], "note": note, "version": 0,
            "liveVersion": null, "liveBy": "", "liveAt": null, "changes": [], "dataSources": [],
            "missingDataSources": [], "missingLibraryPanels": [], "missingPlugins": [], "diff": ""
        });
        let plan = serde_json::json!({
            "id": "b", "what": "permissions", "target": "http://g/", "targetVersion": "13.3.0", "items": [item],
            "newFolders": [], "newLibraryPanels": [], "dataSources": [], "folders": [], "notes": [], "writes": 0,
            "undecided": 1, "digest": ""
        });
        let text = plan_text(&serde_json::from_value(plan).unwrap());
        assert!(text.contains(&format!("folder/rag: {note} Choices: keep, replace.\n")), "{text}");
    }
}
