//! `pins`: the chain from pin to running program, its history, and updates.

use aether_contract::*;
use aether_panel::Panel;

use super::{polled, unread};
use crate::{
    args::Pins,
    human::{moment, plain},
    outcome::Outcome,
    table::{Style, cell, diff_lines, paint, painted, table},
};

/// One row per service; drift is a finding. An unanswered query is a failure, so that a CI gate does not pass
/// on it.
pub async fn show(panel: &Panel) -> Result<Outcome, PanelError> {
    let snapshot = polled(panel).await?;
    let report = panel.pins_show(Empty {}).await?;
    let shown: Vec<&PinRow> = report.rows.iter().filter(|row| row.verdict != PinVerdict::Absent).collect();
    let rows: Vec<_> = shown
        .iter()
        .map(|row| {
            let colour = match row.verdict {
                PinVerdict::Agrees => Style::Good,
                _ if row.drift => Style::Warn,
                _ => Style::Dim,
            };
            let link = |kind: PinLinkKind| {
                let link = row.links.iter().find(|link| link.kind == kind);
                let value = link.map(|link| link.value.as_str()).unwrap_or_default();
                cell(if value.is_empty() { "–" } else { value })
            };
            vec![
                cell(&row.service),
                painted(verdict(row.verdict), colour),
                link(PinLinkKind::Pin),
                link(PinLinkKind::Compose),
                link(PinLinkKind::Container),
                link(PinLinkKind::Program),
                cell(row.state.as_deref().unwrap_or_default()),
            ]
        })
        .collect();
    let mut text =
        table(&["SERVICE", "VERDICT", "PINNED", "COMPOSE FILE", "CONTAINER", "VERSION", "STATE"], &rows);
    let mut say = |line: String| text.push_str(&format!("\n{line}"));
    let absent: Vec<&str> = report
        .rows
        .iter()
        .filter(|row| row.verdict == PinVerdict::Absent)
        .map(|row| row.service.as_str())
        .collect();
    if !absent.is_empty() {
        say(paint(&format!("Optional, not running: {}.", plain(&absent.join(", "))), Style::Dim));
    }
    if !report.compose_by.is_empty() {
        say(paint(&format!("Compose file resolved by {}.", plain(&report.compose_by)), Style::Dim));
    }
    if !report.docker_named {
        say(paint(
            "Containers not inspected: the profile has no Docker endpoint ([docker] host).",
            Style::Dim,
        ));
    }
    if let Some(gap) = &report.compose_gap {
        say(format!("{} {} {}", paint("?", Style::Dim), plain(&gap.message), plain(&gap.hint)));
    }
    for note in &report.compose_notes {
        say(format!("{} {}", paint("?", Style::Dim), plain(note)));
    }
    for row in &shown {
        for one in &row.advisories {
            let title = format!("{} ({}): {} {}", row.service, one.date, one.title, one.note);
            say(format!(
                "{} {} {}",
                paint("i", Style::Dim),
                plain(title.trim_end()),
                paint(&plain(&one.source), Style::Dim)
            ));
        }
    }
    let mut outcome = Outcome::new(&report, text)?;
    for row in report.rows.iter().filter(|row| row.drift) {
        outcome.find(format!("{}: {} {}", row.service, row.words, row.remedy).trim_end());
    }
    outcome.fail(report.docker_gap.as_ref());
    // A stack without a compose file is none that failed.
    outcome.fail(report.compose_gap.as_ref().filter(|gap| gap.code != ErrorCode::NotFound));
    for service in &snapshot.services {
        outcome.fail(unread(&service.freshness).as_ref());
    }
    Ok(outcome)
}

/// Runs a subcommand of `pins`.
pub async fn run(panel: &Panel, verb: &Pins) -> Result<Outcome, PanelError> {
    match verb {
        Pins::History { service, limit } => {
            let request = PinsHistoryRequest { service: service.clone(), limit: *limit };
            let history = panel.pins_history(request).await?;
            let rows: Vec<_> = history
                .changes
                .iter()
                .map(|change| vec![cell(moment(change.at)), cell(&change.service), cell(&change.words)])
                .collect();
            let text = if rows.is_empty() {
                "No changes recorded yet.".to_owned()
            } else {
                table(&["NOTICED", "SERVICE", "CHANGE"], &rows)
            };
            Outcome::new(&history, text)
        }
        Pins::Update { service, image, lock, reason, by } => {
            let change = PinUpdateChange { service: service.clone(), image: image.clone(), lock: *lock };
            let plan = panel.pins_plan(change.clone()).await?;
            let Some(reason) = reason else {
                let text =
                    format!("{}Nothing was written. Add --reason TEXT to write it.\n", plan_text(&plan));
                return Outcome::new(&plan, text);
            };
            let request = PinUpdateRequest {
                change,
                digest: plan.digest.clone(),
                reason: reason.clone(),
                created_by: by.clone(),
            };
            let applied = panel.pins_apply(request).await?;
            let mut text = plan_text(&plan);
            text.push_str(&format!("Written: {}.\n", plain(&applied.written.join(", "))));
            Outcome::new(&applied, text)
        }
    }
}

pub(super) fn plan_text(plan: &PinUpdatePlan) -> String {
    let mut text = String::new();
    for file in &plan.files {
        text.push_str(&format!("{} ({})\n", paint(&plain(&file.path), Style::Strong), plain(&file.what)));
        text.push_str(&diff_lines(&file.diff));
    }
    for note in &plan.notes {
        text.push_str(&format!("{}\n", plain(note)));
    }
    text.push_str("To apply, run:\n");
    for command in &plan.then {
        text.push_str(&format!("  {}\n", plain(command)));
    }
    text
}

fn verdict(verdict: PinVerdict) -> &'static str {
    match verdict {
        PinVerdict::Agrees => "up to date",
        PinVerdict::OtherReference => "reference mismatch",
        PinVerdict::OtherProgram => "version mismatch",
        PinVerdict::OtherImage => "image mismatch",
        PinVerdict::Recreate => "out of date",
        PinVerdict::Floating => "floating",
        PinVerdict::NotRunning => "not running",
        PinVerdict::Missing => "missing",
        PinVerdict::Absent => "not deployed",
        PinVerdict::Unpinned => "unpinned",
        PinVerdict::Unknown => "unknown",
    }
}
