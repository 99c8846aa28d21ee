//! `drill`: simulated incidents in the demo stack, handled from a shell.

use aether_contract::*;
use aether_panel::{
    Panel,
    drill::{goal, mark, outcome},
};

use crate::{
    args::Drill,
    human::{moment, now, plain, plain_lines, span},
    outcome::Outcome,
    table::{Style, cell, paint, painted, table},
};

/// Runs a subcommand of `drill`.
pub async fn run(panel: &Panel, verb: &Drill) -> Result<Outcome, PanelError> {
    match verb {
        Drill::List => list(&panel.drill_list(Empty {}).await?),
        Drill::Start { scenario, pace, person } => {
            // What is there already can't be told from the drill.
            panel.refresh_and_wait().await;
            let request = DrillStartRequest { scenario: *scenario, pace: *pace, person: person.clone() };
            let run = panel.drill_start(request).await?;
            let text = format!(
                "{}\n\n{}\n",
                standing(&run),
                paint("Start with: aetherctl status, aetherctl alerts", Style::Dim)
            );
            Outcome::new(&run, text)
        }
        Drill::Status => status(&panel.drill_look().await?),
        Drill::Notice => {
            panel.drill_notice(Empty {}).await?;
            Outcome::new(&Empty {}, "Incident noticed.\n")
        }
        Drill::Do { operation } => {
            let done = panel.drill_operate(DrillOperateRequest { operation: *operation }).await?;
            let mut outcome = Outcome::new(&done, format!("{}\n", plain(&done.text)))?;
            if !done.worked {
                outcome.find("The action had no effect.");
            }
            Ok(outcome)
        }
        Drill::End => ended(&panel.drill_end(Empty {}).await?),
        Drill::Report { id } => report(panel, id.as_deref()).await,
    }
}

pub(super) fn list(list: &DrillList) -> Result<Outcome, PanelError> {
    let mut text = String::new();
    if !list.refused.is_empty() {
        text.push_str(&format!("{}\n\n", paint(&plain(&list.refused), Style::Warn)));
    }
    let rows = list.scenarios.iter().map(|one| {
        vec![
            cell(one.scenario.as_str()),
            cell(plain(&one.title)),
            cell(format!("within {}", span(i64::from(one.look_within_s) * 1000))),
        ]
    });
    text.push_str(&table(&["scenario", "incident", "first action"], &rows.collect::<Vec<_>>()));
    if !list.runs.is_empty() {
        let rows = list.runs.iter().map(|run| {
            let (word, colour) = verdict(run);
            vec![
                cell(run.id.get(..8).unwrap_or(&run.id)),
                cell(moment(run.started_at)),
                cell(plain(&run.person)),
                cell(run.scenario.map_or("?", DrillScenario::as_str)),
                painted(word, colour),
            ]
        });
        text.push_str(&format!(
            "\n{}",
            table(&["id", "started", "trainee", "scenario", "result"], &rows.collect::<Vec<_>>())
        ));
    }
    Outcome::new(list, text)
}

fn verdict(run: &DrillRun) -> (&'static str, Style) {
    let colour = match (run.outcome, run.passed) {
        (DrillOutcome::Running, _) => Style::Strong,
        (DrillOutcome::CutOff, _) => Style::Dim,
        (_, Some(true)) => Style::Good,
        _ => Style::Warn,
    };
    (outcome(run), colour)
}

/// Status of a running drill, in one sentence.
fn standing(run: &DrillRun) -> String {
    let since = span(now().millis_since(run.started_at).max(0));
    let what = run.scenario.map_or("The scenario is hidden.", |_| "The scenario was chosen by you.");
    let seen = match run.signal_at {
        Some(at) => format!("symptoms visible for {}", span(now().millis_since(at).max(0))),
        None => "no symptoms yet".to_owned(),
    };
    let head = paint("DRILL", Style::Warn);
    format!("{head} for {} running for {since}; {seen}. {what}", plain(&run.person))
}

pub(super) fn status(status: &DrillStatus) -> Result<Outcome, PanelError> {
    let text = match &status.running {
        Some(run) => standing(run),
        None if status.offered => "No drill is running.".to_owned(),
        None => "No drill is running; drills require the demo stack.".to_owned(),
    };
    Outcome::new(status, format!("{text}\n"))
}

pub(super) fn ended(run: &DrillRun) -> Result<Outcome, PanelError> {
    let (word, colour) = verdict(run);
    let mut text = format!("Drill ended: {}.\n\n", paint(word, colour));
    let rows = run.measures.iter().map(|one| {
        vec![
            cell(goal(one.goal)),
            cell(one.after_s.map_or_else(|| "–".to_owned(), |after| span((after * 1000.0) as i64))),
            cell(format!("within {}", span(i64::from(one.limit_s) * 1000))),
            painted(mark(one.mark), if one.mark == GoalResult::Pass { Style::Good } else { Style::Warn }),
        ]
    });
    text.push_str(&table(&["goal", "after", "limit", "result"], &rows.collect::<Vec<_>>()));
    let mut outcome = Outcome::new(run, text)?;
    if run.passed != Some(true) {
        outcome.find("The drill was not passed.");
    }
    Ok(outcome)
}

async fn report(panel: &Panel, id: Option<&str>) -> Result<Outcome, PanelError> {
    let runs = panel.drill_list(Empty {}).await?.runs;
    let fits = |run: &&DrillRun| match id {
        Some(id) => !id.is_empty() && run.id.starts_with(id),
        None => run.outcome != DrillOutcome::Running,
    };
    let run = runs.iter().find(fits).ok_or_else(|| {
        PanelError::new(ErrorCode::NotFound, "drill", "No matching drill in this stack.")
            .with_hint("List drills with: aetherctl drill list")
    })?;
    let made = panel.drill_report(DrillRequest { id: run.id.clone() }).await?;
    let mut outcome = Outcome::new(&made, plain_lines(&made.markdown))?;
    outcome.bare = true;
    if run.outcome != DrillOutcome::Running && run.passed != Some(true) {
        outcome.find("The drill was not passed.");
    }
    Ok(outcome)
}
