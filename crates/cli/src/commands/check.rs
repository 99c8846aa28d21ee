//! `check`: run a suite with live progress, and show past runs.

use std::{
    collections::HashSet,
    io::{IsTerminal as _, Write as _},
    time::Duration,
};

use aether_contract::*;
use aether_panel::Panel;

use crate::{
    args::{Check, CheckHow as How},
    human::{moment, plain},
    outcome::Outcome,
    table::{Cell, Style, cell, paint, painted, table},
};

/// Runs a subcommand of `check`.
pub async fn run(panel: &Panel, verb: &Check, json: bool) -> Result<Outcome, PanelError> {
    match verb {
        Check::Quick(how) => suite(panel, CheckSuite::Quick, how, json).await,
        Check::Preprod(how) => suite(panel, CheckSuite::Preprod, how, json).await,
        Check::PostDeploy(how) => suite(panel, CheckSuite::AfterDeploy, how, json).await,
        Check::Sanity(how) => suite(panel, CheckSuite::Sanity, how, json).await,
        Check::History => history(&panel.check_runs(Empty {}).await?),
        Check::Show { id, junit } => show(panel, id, *junit).await,
    }
}

async fn suite(panel: &Panel, suite: CheckSuite, how: &How, json: bool) -> Result<Outcome, PanelError> {
    let request = CheckRequest { suite, created_by: how.by.clone(), effects: how.with_effects };
    let quiet = json || how.junit || how.markdown || !std::io::stderr().is_terminal();
    let mut work = Box::pin(panel.check_run(request));
    let mut told = HashSet::new();
    let mut pressed_once = false;
    let run = loop {
        tokio::select! {
            done = &mut work => break done?,
            pressed = tokio::signal::ctrl_c(), if !pressed_once => {
                pressed_once = true;
                if pressed.is_ok() && panel.check_cancel(Empty {}).await.is_ok() {
                    let _ = writeln!(std::io::stderr(), "aetherctl: canceling; checks with side effects \
                        finish first");
                }
            }
            () = tokio::time::sleep(Duration::from_millis(200)), if !quiet => {
                let running = panel.snapshot(Empty {}).await?.checks.running;
                for check in running.iter().flat_map(|run| &run.checks) {
                    if check.took_ms.is_some() && told.insert(check.id.clone()) {
                        // Nobody may be reading this.
                        let _ = writeln!(anstream::stderr().lock(), "{}", line(check));
                    }
                }
            }
        }
    };
    let mut outcome = if how.junit || how.markdown {
        let format = if how.junit { CheckFormat::Junit } else { CheckFormat::Markdown };
        let export = panel.check_export(CheckExportRequest { id: run.id.clone(), format }).await?;
        let mut outcome = Outcome::new(&run, export.text)?;
        outcome.bare = true;
        outcome
    } else {
        Outcome::new(&run, text(&run))?
    };
    for check in &run.checks {
        if check.state == CheckState::Fail || (how.strict && check.state == CheckState::Warn) {
            outcome.find(format!("{}: {}", check.title, check.reason));
        }
    }
    if run.cancelled {
        outcome.fail(Some(&PanelError::new(
            ErrorCode::Cancelled,
            "checks",
            "Canceled before all checks ran.",
        )));
    }
    Ok(outcome)
}

fn look(state: CheckState) -> (&'static str, Style) {
    match state {
        CheckState::Waiting => ("waiting", Style::Dim),
        CheckState::Running => ("running", Style::Dim),
        CheckState::Pass => ("pass", Style::Good),
        CheckState::Skipped => ("skipped", Style::Dim),
        CheckState::Warn => ("warning", Style::Warn),
        CheckState::Fail => ("fail", Style::Bad),
    }
}

fn line(check: &CheckResult) -> String {
    let (word, colour) = look(check.state);
    let took = check.took_ms.map_or_else(String::new, |ms| format!(" {ms:.0} ms"));
    format!("{} {}{}", paint(&format!("{word:8}"), colour), plain(&check.title), paint(&took, Style::Dim))
}

pub(super) fn text(run: &CheckRun) -> String {
    let (word, colour) = look(run.verdict);
    let mut text = format!("{} of {}: {}\n\n", run.suite.title(), plain(&run.stack), paint(word, colour));
    for check in &run.checks {
        text.push_str(&format!("{}\n", line(check)));
        text.push_str(&format!("         {}\n", plain(&check.reason)));
        if matches!(check.state, CheckState::Fail | CheckState::Warn) {
            for line in check.evidence.iter().take(12) {
                text.push_str(&format!("           {}\n", paint(&plain(line), Style::Dim)));
            }
        }
        if !check.remedy.is_empty() && check.state != CheckState::Pass {
            text.push_str(&format!("         {} {}\n", paint("→", Style::Good), plain(&check.remedy)));
        }
    }
    text
}

pub(super) fn history(runs: &CheckRuns) -> Result<Outcome, PanelError> {
    let rows: Vec<Vec<Cell>> = runs
        .runs
        .iter()
        .map(|run| {
            let (word, colour) = look(run.verdict);
            let end = match run.ended_at {
                None => "interrupted",
                Some(_) if run.cancelled => "canceled",
                Some(_) => "",
            };
            let passed = run.checks.iter().filter(|check| check.state == CheckState::Pass).count();
            vec![
                cell(run.id.chars().take(8).collect::<String>()),
                cell(moment(run.started_at)),
                cell(run.suite.as_str()),
                painted(word, colour),
                cell(format!("{passed} of {}", run.checks.len())),
                cell(&run.created_by),
                cell(end),
            ]
        })
        .collect();
    let text = if rows.is_empty() {
        "No checks have run yet. Start with: aetherctl check quick\n".to_owned()
    } else {
        table(&["RUN", "STARTED", "SUITE", "RESULT", "PASSED", "BY", ""], &rows)
    };
    Outcome::new(runs, text)
}

async fn show(panel: &Panel, id: &str, junit: bool) -> Result<Outcome, PanelError> {
    let runs = panel.check_runs(Empty {}).await?.runs;
    let mut fitting = runs.into_iter().filter(|run| run.id.starts_with(id.trim()));
    let Some(run) = fitting.next().filter(|_| !id.trim().is_empty()) else {
        return Err(PanelError::new(ErrorCode::NotFound, "checks", format!("Check run {id:?} not found."))
            .with_hint("List runs with: aetherctl check history"));
    };
    if fitting.next().is_some() {
        return Err(PanelError::new(ErrorCode::InvalidRequest, "checks", "Ambiguous run ID.")
            .with_hint("Add more characters."));
    }
    let format = if junit { CheckFormat::Junit } else { CheckFormat::Markdown };
    let export = panel.check_export(CheckExportRequest { id: run.id.clone(), format }).await?;
    let mut outcome = Outcome::new(&run, export.text)?;
    outcome.bare = true;
    Ok(outcome)
}
