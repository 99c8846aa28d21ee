//! `backup restore`, `backup restores` and `backup undo`: the plan, carrying it out, and the way back.

use std::collections::BTreeMap;

use aether_contract::{
    self as wire, BackupId, Empty, PanelError, RestoreAct, RestoreApplyRequest, RestoreChoice,
    RestoreOutcome, RestorePlan, RestoreRequest, RestoreRun, RestoreState, RestoreUndoRequest,
};
use aether_core::Panel;

use super::window::usage;
use crate::{
    args::{Backup, BackupChoice},
    human::{count, moment, plain},
    outcome::Outcome,
    table::{Cell, Paint, cell, painted, table},
};

/// The plan, or what came of it.
pub async fn restore(panel: &Panel, verb: &Backup) -> Result<Outcome, PanelError> {
    let Backup::Restore { id, uids, apply, choose, otherwise, data_source, into_folder, by } = verb else {
        return Err(usage("This is no restore."));
    };
    let mut request = RestoreRequest {
        id: BackupId(id.clone()),
        uids: uids.clone(),
        choices: BTreeMap::new(),
        data_sources: pairs(data_source, "--data-source")?.into_iter().collect(),
        into_folder: into_folder.clone(),
    };
    for (uid, word) in pairs(choose, "--choose")? {
        let choice = match word.as_str() {
            "keep" => RestoreChoice::Keep,
            "replace" => RestoreChoice::Replace,
            "copy" => RestoreChoice::Copy,
            _ => return Err(usage("--choose takes UID=keep, UID=replace or UID=copy.")),
        };
        request.choices.insert(uid, choice);
    }
    let mut plan = panel.restore_plan(request.clone()).await?;
    if let Some(choice) = otherwise {
        let choice = match choice {
            BackupChoice::Keep => RestoreChoice::Keep,
            BackupChoice::Replace => RestoreChoice::Replace,
            BackupChoice::Copy => RestoreChoice::Copy,
        };
        for item in plan.items.iter().filter(|item| item.act == RestoreAct::Choose) {
            if item.choices.contains(&choice) {
                request.choices.insert(item.uid.clone(), choice);
            }
        }
        plan = panel.restore_plan(request.clone()).await?;
    }
    if !apply {
        let mut outcome = Outcome::new(&plan, plan_text(&plan))?;
        if plan.undecided > 0 {
            outcome.find(format!(
                "{} for a choice: --choose UID=keep|replace|copy",
                verb_count(plan.undecided, "dashboard", "waits", "wait")
            ));
        }
        return Ok(outcome);
    }
    let asked = RestoreApplyRequest { request, digest: plan.digest, created_by: by.clone() };
    report(&panel.restore_apply(asked).await?)
}

fn verb_count(number: u32, what: &str, one: &str, many: &str) -> String {
    format!("{} {}", count(number, what), if number == 1 { one } else { many })
}

fn pairs(texts: &[String], option: &str) -> Result<Vec<(String, String)>, PanelError> {
    let pair = |text: &String| {
        let wrong = || usage(&format!("{option} takes two words with = between, not {text:?}."));
        text.split_once('=').map(|(a, b)| (a.to_owned(), b.to_owned())).ok_or_else(wrong)
    };
    texts.iter().map(pair).collect()
}

fn act(act: RestoreAct) -> (&'static str, Paint) {
    match act {
        RestoreAct::Create => ("create", Paint::Good),
        RestoreAct::Update => ("update", Paint::Warn),
        RestoreAct::Identical => ("identical", Paint::Dim),
        RestoreAct::Copy => ("copy", Paint::Good),
        RestoreAct::Skip => ("keep", Paint::Dim),
        RestoreAct::Choose => ("CHOOSE", Paint::Bad),
    }
}

fn plan_text(plan: &RestorePlan) -> String {
    let row = |item: &wire::RestoreItem| {
        let (word, paint) = act(item.act);
        let versions = match item.live_version {
            Some(live) if item.act == RestoreAct::Update => format!("{live} -> {}", live + 1),
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
            cell(&item.title),
            cell(item.folder.join(" / ")),
            cell(versions),
            cell(if item.changes.is_empty() { String::new() } else { item.changes.len().to_string() }),
            cell(notes.join("; ")),
        ]
    };
    let rows: Vec<Vec<Cell>> = plan.items.iter().map(row).collect();
    let mut text = format!("Into {} {}\n\n", plain(&plan.target), plain(&plan.target_version));
    text.push_str(&table(&["PLAN", "UID", "DASHBOARD", "FOLDER", "VERSION", "CHANGES", "NOTE"], &rows));
    for (what, names) in [("New folder", &plan.new_folders), ("New library panel", &plan.new_library_panels)]
    {
        for name in names {
            text.push_str(&format!("{what}: {}\n", plain(name)));
        }
    }
    for note in &plan.notes {
        text.push_str(&format!("- {}\n", plain(note)));
    }
    text.push_str(&format!(
        "\n{} would be written. Nothing was changed; --apply carries it out.\n",
        count(plan.writes, "dashboard")
    ));
    text
}

fn report(run: &RestoreRun) -> Result<Outcome, PanelError> {
    let row = |item: &wire::RestoredItem| {
        let (word, paint) = match item.outcome {
            RestoreOutcome::Done => ("done", Paint::Good),
            RestoreOutcome::Conflict => ("CONFLICT", Paint::Bad),
            RestoreOutcome::Failed => ("FAILED", Paint::Bad),
            RestoreOutcome::Pending => ("not reached", Paint::Warn),
        };
        vec![
            if item.undone { painted("undone", Paint::Dim) } else { painted(word, paint) },
            cell(act(item.act).0),
            cell(&item.uid),
            cell(&item.title),
            cell(item.version.map(|version| version.to_string()).unwrap_or_default()),
            cell(&item.note),
        ]
    };
    let rows: Vec<Vec<Cell>> = run.items.iter().map(row).collect();
    let mut text = table(&["OUTCOME", "DID", "UID", "DASHBOARD", "VERSION", "NOTE"], &rows);
    text.push_str(&format!("\nRestore {} is {}.", run.id, state(run.state).0));
    if let Some(safety) = &run.safety {
        text.push_str(&format!(" What was there before is in {}.", plain(&safety.0)));
    }
    if run.can_undo {
        text.push_str(&format!(" Undo: aetherctl backup undo {}", run.id));
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

fn state(state: RestoreState) -> (&'static str, Paint) {
    match state {
        RestoreState::Running => ("running", Paint::Strong),
        RestoreState::Done => ("done", Paint::Good),
        RestoreState::Partly => ("partly done", Paint::Warn),
        RestoreState::Interrupted => ("interrupted", Paint::Bad),
        RestoreState::Undone => ("undone", Paint::Dim),
        RestoreState::PartlyUndone => ("partly undone", Paint::Warn),
    }
}

/// Restores that were.
pub async fn runs(panel: &Panel) -> Result<Outcome, PanelError> {
    let runs = panel.restore_runs(Empty {}).await?.runs;
    Outcome::new(&runs, if runs.is_empty() { "No restore.\n".into() } else { runs_table(&runs) })
}

fn runs_table(runs: &[RestoreRun]) -> String {
    let row = |run: &RestoreRun| {
        let (word, paint) = state(run.state);
        let done = run.items.iter().filter(|item| item.outcome == RestoreOutcome::Done).count();
        vec![
            cell(run.id.to_string()),
            painted(word, paint),
            cell(moment(run.at)),
            cell(&run.backup.0),
            cell(format!("{done} of {}", run.items.len())),
            cell(if run.can_undo { "yes" } else { "" }),
            cell(&run.created_by),
            cell(&run.target),
        ]
    };
    let rows: Vec<Vec<Cell>> = runs.iter().map(row).collect();
    table(&["NUMBER", "STATE", "WHEN", "BACKUP", "DASHBOARDS", "UNDO", "BY", "GRAFANA"], &rows)
}

/// Undoes one restore, the newest that can be when none is named.
pub async fn undo(panel: &Panel, number: Option<u32>) -> Result<Outcome, PanelError> {
    let id = match number {
        Some(number) => number,
        None => {
            let runs = panel.restore_runs(Empty {}).await?.runs;
            let newest = runs.iter().find(|run| run.can_undo);
            newest.map(|run| run.id).ok_or_else(|| usage("There is no restore that can be undone."))?
        }
    };
    let run = panel.restore_undo(RestoreUndoRequest { id }).await?;
    report(&run)
}
