//! `slo`: current values against targets, and attainment over time.

use aether_contract::*;
use aether_panel::Panel;

use crate::{
    human::{amount, threshold},
    outcome::Outcome,
    table::{Cell, Style, cell, painted, table},
};

/// Prints the SLO status.
pub async fn run(panel: &Panel) -> Result<Outcome, PanelError> {
    panel.refresh_and_wait().await;
    let report = panel.slo_status(SloRequest::default()).await?;
    let rows: Vec<Vec<Cell>> = report.gauges.iter().map(row).collect();
    let heads = ["GAUGE", "TARGET", "NOW", "24 H", "7 D", "30 D", "TIME WITH DATA (30 D)"];
    let mut outcome = Outcome::new(&report, table(&heads, &rows))?;
    for status in &report.gauges {
        if let Some(error) = super::unread(&status.freshness) {
            outcome.fail(Some(&error));
        }
        if matches!(status.level, Level::Warn | Level::Critical) {
            outcome.find(format!("{} is off target now.", crate::human::plain(&status.spec.title)));
        }
    }
    Ok(outcome)
}

fn row(status: &SloStatus) -> Vec<Cell> {
    let spec = &status.spec;
    let sign = if spec.higher_is_better { '>' } else { '<' };
    let now = match (status.state, status.value) {
        (ReadingState::Value, Some(value)) => amount(value, &spec.unit),
        (ReadingState::NoTraffic, _) => "no recent traffic".to_owned(),
        (ReadingState::Infinite, _) => "infinite".to_owned(),
        _ => "unknown".to_owned(),
    };
    let paint = match status.level {
        Level::Ok => Style::Good,
        Level::Warn => Style::Warn,
        Level::Critical => Style::Bad,
        Level::None => Style::Dim,
    };
    let mut cells = vec![
        cell(&spec.title),
        cell(format!("{sign} {}", threshold(spec.warn, &spec.unit))),
        painted(now, paint),
    ];
    cells.extend(status.windows.iter().map(|window| match window.compliance {
        Some(share) => cell(amount(share, "percent")),
        None => painted("–", Style::Dim),
    }));
    let guarded = status.windows.last().map_or(0.0, |window| window.guarded_s / 86_400.0);
    cells.push(cell(format!("{guarded:.1} d")));
    cells
}
