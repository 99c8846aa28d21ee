//! `runbook`: read, search and run the on-call runbooks.

use std::io::Write as _;

use aether_contract::*;
use aether_panel::Panel;
use aether_panel::units;
use futures_util::{StreamExt as _, stream};

use crate::{
    args::{Runbook, RunbookSubject as Subject},
    commands::alerts,
    human::{moment, plain, plain_lines},
    outcome::Outcome,
    table::{Cell, Style, cell, paint, painted, table},
};

/// Runs a subcommand of `runbook`.
pub async fn run(panel: &Panel, verb: &Runbook) -> Result<Outcome, PanelError> {
    match verb {
        Runbook::List { runs: false } => list(&panel.runbook_list(Empty {}).await?),
        Runbook::List { runs: true } => runs(&panel.runbook_runs(Empty {}).await?),
        Runbook::Show(subject) => show(&panel.runbook_open(request(panel, subject).await?).await?),
        Runbook::Run { subject, notes, keep_open, by } => {
            let asked = request(panel, subject).await?;
            let page = panel.runbook_open(asked.clone()).await?;
            let begin = RunbookStartRequest {
                id: asked.id,
                fingerprint: asked.fingerprint,
                labels: asked.labels,
                created_by: by.clone(),
            };
            all(panel, &page, begin, notes, !keep_open).await
        }
        Runbook::Search { words } => {
            search(&panel.runbook_search(RunbookSearchRequest { text: words.join(" ") }).await?)
        }
        Runbook::Export { id } => export(panel, id.as_deref()).await,
    }
}

/// Builds the request; an alert is looked up on the servers.
async fn request(panel: &Panel, subject: &Subject) -> Result<RunbookOpenRequest, PanelError> {
    let labels = subject.labels.iter().cloned().collect();
    let mut request = RunbookOpenRequest { id: subject.name.clone(), fingerprint: None, labels };
    if let Some(filter) = &subject.alert {
        request.fingerprint = Some(alerts::worst(panel, std::slice::from_ref(filter)).await?.fingerprint);
    }
    Ok(request)
}

pub(super) fn list(list: &RunbookList) -> Result<Outcome, PanelError> {
    let rows: Vec<Vec<Cell>> = list
        .pages
        .iter()
        .map(|page| {
            let source = match page.source {
                RunbookSource::Own => "custom",
                RunbookSource::Bundled => "bundled",
                RunbookSource::Document => "document",
            };
            let steps = if page.steps == 0 { String::new() } else { page.steps.to_string() };
            vec![cell(&page.id), cell(source), cell(steps), cell(&page.title)]
        })
        .collect();
    let mut outcome = Outcome::new(list, table(&["NAME", "SOURCE", "STEPS", "TITLE"], &rows))?;
    for refused in &list.refused {
        outcome.find(format!("{}: {}", plain(&refused.file), plain(&refused.reason)));
    }
    if !list.folder_problem.is_empty() {
        outcome.find(plain(&list.folder_problem));
    }
    Ok(outcome)
}

pub(super) fn runs(runs: &RunbookRuns) -> Result<Outcome, PanelError> {
    let rows: Vec<Vec<Cell>> = runs
        .runs
        .iter()
        .map(|run| {
            let count = |verdict| run.steps.iter().filter(|step| step.verdict == verdict).count();
            let red = count(RunbookVerdict::Fail);
            let stands =
                format!("{red} failed, {} passed of {}", count(RunbookVerdict::Pass), run.steps.len());
            vec![
                cell(run.id.chars().take(8).collect::<String>()),
                cell(moment(run.started_at)),
                cell(&run.title),
                painted(stands, if red > 0 { Style::Bad } else { Style::Dim }),
                cell(&run.created_by),
                cell(if run.ended_at.is_some() { "" } else { "open" }),
            ]
        })
        .collect();
    let text = if rows.is_empty() {
        "No runbook runs yet. Start with: aetherctl runbook run NoRecentTraffic\n".to_owned()
    } else {
        table(&["RUN", "STARTED", "RUNBOOK", "STEPS", "BY", ""], &rows)
    };
    Outcome::new(runs, text)
}

pub(super) fn show(page: &RunbookView) -> Result<Outcome, PanelError> {
    let mut text = format!("{}\n", paint(&plain(&page.title), Style::Strong));
    if page.found == RunbookMatch::Generic {
        text.push_str("No runbook for this alert; showing the generic steps.\n");
    }
    for line in [page.link.as_ref(), Some(&page.link_problem).filter(|words| !words.is_empty())] {
        text.push_str(&line.map(|line| format!("{}\n", plain(line))).unwrap_or_default());
    }
    if !page.first.is_empty() {
        text.push_str(&format!("\nFirst: {}\n", plain(&page.first)));
    }
    for section in &page.sections {
        text.push_str(&format!("\n{}\n", paint(&plain(&section.title), Style::Strong)));
        if !section.markdown.is_empty() {
            text.push_str(&format!("\n{}\n", plain_lines(&section.markdown)));
        }
        if section.title.eq_ignore_ascii_case("diagnosis") {
            for step in &page.steps {
                text.push_str(&format!("\n{}. {}\n", step.number, plain(&step.title)));
                for line in step.query.lines() {
                    text.push_str(&format!("   {}\n", plain(line)));
                }
                if !step.expect.is_empty() {
                    text.push_str(&format!("   expected: {}\n", plain(&step.expect)));
                }
                for words in [&step.problem, &step.if_red].into_iter().filter(|words| !words.is_empty()) {
                    text.push_str(&format!("   {}\n", paint(&plain(words), Style::Dim)));
                }
            }
        }
    }
    if !page.template.is_empty() {
        text.push_str(&format!(
            "\nRunbook template. {}\n\n{}",
            plain(&page.template_place),
            plain_lines(&page.template)
        ));
    }
    Outcome::new(page, text)
}

/// Starts a run, executes every step, saves the notes.
async fn all(
    panel: &Panel,
    page: &RunbookView,
    begin: RunbookStartRequest,
    notes: &str,
    close: bool,
) -> Result<Outcome, PanelError> {
    let run = panel.runbook_start(begin).await?;
    let ask = |number: u32| {
        let run = run.id.clone();
        async move { panel.runbook_step(RunbookStepRequest { run, number, hours: 6.0, style: None }).await }
    };
    let numbers: Vec<u32> = run.steps.iter().map(|step| step.number).collect();
    let mut answers = Box::pin(stream::iter(numbers).map(ask).buffered(8).collect::<Vec<_>>());
    let mut told = false;
    let answers = loop {
        tokio::select! {
            answers = &mut answers => break answers,
            pressed = tokio::signal::ctrl_c(), if !told => {
                told = true;
                if pressed.is_ok() && panel.runbook_cancel(RunbookRunRequest { run: run.id.clone() }).await.is_ok() {
                    // Nobody may be reading this.
                    let _ = writeln!(std::io::stderr(), "aetherctl: canceling");
                }
            }
        }
    };
    let notes = if notes.is_empty() { run.notes.clone() } else { notes.to_owned() };
    let kept = panel.runbook_note(RunbookNoteRequest { run: run.id.clone(), notes, close }).await?;
    let mut text = format!("{} on {}\n\n", paint(&plain(&kept.title), Style::Strong), plain(&kept.stack));
    for step in &kept.steps {
        text.push_str(&line(step));
        let red =
            page.steps.iter().find(|one| one.number == step.number && step.verdict == RunbookVerdict::Fail);
        if let Some(red) = red.filter(|red| !red.if_red.is_empty()) {
            text.push_str(&format!("          {} {}\n", paint("→", Style::Good), plain(&red.if_red)));
        }
    }
    if kept.steps.is_empty() {
        text.push_str("This runbook has no steps.\n");
    }
    text.push_str(&format!("\nSaved as run {}.\n", kept.id.chars().take(8).collect::<String>()));
    let mut outcome = Outcome::new(&kept, text)?;
    for answer in &answers {
        match answer {
            Err(error) => outcome.fail(Some(error)),
            Ok(step) if step.verdict == RunbookVerdict::Fail => {
                outcome.find(format!("{}. {}", step.number, plain(&step.title)));
            }
            Ok(step) if step.verdict == RunbookVerdict::Unknown => {
                outcome.find(format!("{}. {} {}", step.number, plain(&step.title), plain(&step.reason)));
            }
            Ok(_) => {}
        }
    }
    Ok(outcome)
}

pub(super) fn line(step: &RunbookStepResult) -> String {
    let (word, colour) = match step.verdict {
        RunbookVerdict::Pass => ("pass", Style::Good),
        RunbookVerdict::Fail => ("fail", Style::Bad),
        RunbookVerdict::Unknown => ("unknown", Style::Warn),
        RunbookVerdict::Waiting => ("not run", Style::Dim),
    };
    let value = step.value.map(|value| format!(" {}", units::bare(value))).unwrap_or_default();
    let expect =
        if step.expect.is_empty() { String::new() } else { format!(", expected {}", plain(&step.expect)) };
    let mut text =
        format!("{} {}. {}\n", paint(&format!("{word:9}"), colour), step.number, plain(&step.title));
    text.push_str(&format!("          {}{}\n", value.trim_start(), paint(&expect, Style::Dim)));
    if !step.reason.is_empty() {
        text.push_str(&format!("          {}\n", plain(&step.reason)));
    }
    text
}

pub(super) fn search(hits: &RunbookHits) -> Result<Outcome, PanelError> {
    let rows: Vec<Vec<Cell>> =
        hits.hits.iter().map(|hit| vec![cell(&hit.id), cell(&hit.section), cell(&hit.line)]).collect();
    let text = if rows.is_empty() {
        "No section contains all these words.\n".to_owned()
    } else {
        table(&["NAME", "SECTION", "LINE"], &rows)
    };
    Outcome::new(hits, text)
}

async fn export(panel: &Panel, id: Option<&str>) -> Result<Outcome, PanelError> {
    let runs = panel.runbook_runs(Empty {}).await?.runs;
    let begin = id.unwrap_or_default().trim();
    let mut fitting = runs.into_iter().filter(|run| run.id.starts_with(begin));
    let Some(run) = fitting.next() else {
        return Err(PanelError::new(ErrorCode::NotFound, "runbook", "Runbook run not found.")
            .with_hint("List runs with: aetherctl runbook list --runs"));
    };
    if !begin.is_empty() && fitting.next().is_some() {
        return Err(PanelError::new(ErrorCode::InvalidRequest, "runbook", "Ambiguous run ID.")
            .with_hint("Add more characters."));
    }
    let made = panel.runbook_export(RunbookRunRequest { run: run.id }).await?;
    let files: String = made.files.iter().map(|file| format!("  {}\n", plain(file))).collect();
    let mut outcome = Outcome::new(&made, format!("{}\n{files}", plain(&made.folder)))?;
    for problem in &made.problems {
        outcome.find(plain(problem));
    }
    Ok(outcome)
}
