//! `pins`: what is pinned, what runs, what the program reports.

use aether_contract::{Empty, PanelError, PinVerdict};
use aether_core::Panel;

use super::{polled, unread};
use crate::{
    outcome::Outcome,
    table::{Paint, cell, painted, table},
};

/// A row a pin; drift is a finding. What should have been asked and did not answer is a failure: a gate must not pass on it.
pub async fn run(panel: &Panel) -> Result<Outcome, PanelError> {
    let snapshot = polled(panel).await?;
    let report = panel.pins_show(Empty {}).await?;
    let rows: Vec<_> = report
        .rows
        .iter()
        .map(|row| {
            let colour = match row.verdict {
                PinVerdict::Agrees => Paint::Good,
                verdict if verdict.is_drift() => Paint::Warn,
                _ => Paint::Dim,
            };
            vec![
                cell(&row.service),
                painted(verdict(row.verdict), colour),
                cell(row.pinned.as_deref().unwrap_or("–")),
                cell(row.image.as_deref().unwrap_or_default()),
                cell(row.reported.join(", ")),
                cell(row.state.as_deref().unwrap_or_default()),
            ]
        })
        .collect();
    let mut outcome = Outcome::new(
        &report,
        table(&["SERVICE", "VERDICT", "PINNED", "CONTAINER", "PROGRAM", "STATE"], &rows),
    )?;
    for row in report.rows.iter().filter(|row| row.verdict.is_drift()) {
        outcome.find(format!("{}: {} {}", row.service, row.words, row.remedy).trim_end());
    }
    outcome.fail(report.docker_gap.as_ref());
    for service in &snapshot.services {
        outcome.fail(unread(&service.freshness).as_ref());
    }
    Ok(outcome)
}

fn verdict(verdict: PinVerdict) -> &'static str {
    match verdict {
        PinVerdict::Agrees => "agrees",
        PinVerdict::OtherProgram => "other program",
        PinVerdict::OtherImage => "other image",
        PinVerdict::Recreate => "recreate",
        PinVerdict::Floating => "floating",
        PinVerdict::NotRunning => "not running",
        PinVerdict::Absent => "absent",
        PinVerdict::Unpinned => "unpinned",
        PinVerdict::Unknown => "unknown",
    }
}
