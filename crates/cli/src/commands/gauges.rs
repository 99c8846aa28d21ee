//! `gauges`: value, state, thresholds, and an optional per-tenant breakdown.

use aether_contract::{
    ErrorCode, Gauge, GaugeTenantsRequest, Level, PanelError, ReadingState, ServiceKind, TenantValue,
};
use aether_panel::Panel;
use serde::Serialize;

use super::{polled, unread};
use crate::{
    human::{amount, plain, reading, threshold},
    outcome::Outcome,
    table::{Cell, Style, cell, paint, painted, table},
};

/// Largest page that the panel returns, in rows.
const PAGE: u32 = 500;

#[derive(Serialize)]
struct Data<'a> {
    gauges: &'a [Gauge],
    #[serde(skip_serializing_if = "Option::is_none")]
    tenants: Option<std::collections::BTreeMap<&'a str, Vec<TenantValue>>>,
    findings: &'a [String],
}

/// Reads all gauges, or those given by ID.
pub async fn gauges(panel: &Panel, ids: &[String], tenants: bool) -> Result<Outcome, PanelError> {
    let snapshot = polled(panel).await?;
    if let Some(unknown) = ids.iter().find(|id| !snapshot.gauges.iter().any(|gauge| gauge.spec.id == **id)) {
        let known: Vec<&str> = snapshot.gauges.iter().map(|gauge| gauge.spec.id.as_str()).collect();
        return Err(PanelError::new(ErrorCode::NotFound, "profile", format!("Gauge {unknown:?} not found."))
            .with_hint(format!("Available gauges: {}.", known.join(", "))));
    }
    let wanted: Vec<Gauge> =
        snapshot.gauges.into_iter().filter(|gauge| ids.is_empty() || ids.contains(&gauge.spec.id)).collect();

    let mut split = std::collections::BTreeMap::new();
    let mut text = overview(&wanted);
    if tenants {
        for gauge in wanted.iter().filter(|gauge| gauge.spec.per_tenant_query.is_some()) {
            let rows = all_tenants(panel, &gauge.spec.id).await?;
            text.push_str(&format!("\n{}\n", paint(&plain(&gauge.spec.title), Style::Strong)));
            text.push_str(&tenant_table(&rows, &gauge.spec.unit));
            split.insert(gauge.spec.id.as_str(), rows);
        }
    }
    let server = snapshot
        .services
        .iter()
        .find(|service| service.kind == ServiceKind::Prometheus)
        .and_then(|service| unread(&service.freshness));
    // One failure is said once, not once a gauge.
    let findings = if server.is_some() { Vec::new() } else { findings(&wanted) };
    let data = Data { gauges: &wanted, tenants: tenants.then_some(split), findings: &findings };
    let mut outcome = Outcome::new(&data, text)?;
    outcome.findings = findings;
    outcome.failure = server;
    Ok(outcome)
}

async fn all_tenants(panel: &Panel, id: &str) -> Result<Vec<TenantValue>, PanelError> {
    let mut rows = Vec::new();
    loop {
        let offset = u32::try_from(rows.len()).unwrap_or(u32::MAX);
        let request = GaugeTenantsRequest { id: id.to_owned(), search: String::new(), offset, limit: PAGE };
        let page = panel.gauge_tenants(request).await?;
        let last = page.rows.is_empty();
        rows.extend(page.rows);
        if last || rows.len() >= page.total as usize {
            return Ok(rows);
        }
    }
}

/// Critical, infinite or unreadable gauges, one sentence each. "No recent traffic" is not a finding.
pub fn findings(gauges: &[Gauge]) -> Vec<String> {
    gauges
        .iter()
        .filter_map(|gauge| {
            let title = plain(&gauge.spec.title);
            match (gauge.freshness.error(), gauge.state, gauge.level) {
                (Some(error), ..) => Some(format!("{title} is unavailable: {}", error.message)),
                (None, ReadingState::Infinite, _) => Some(format!("{title} is infinite")),
                (None, _, Level::Critical) => Some(format!("{title} is critical: {}", reading(gauge))),
                _ => None,
            }
        })
        .collect()
}

/// One line per gauge.
pub fn overview(gauges: &[Gauge]) -> String {
    let rows: Vec<Vec<Cell>> = gauges
        .iter()
        .map(|gauge| {
            let spec = &gauge.spec;
            let side = if spec.higher_is_better { "≥" } else { "≤" };
            let (word, look) = state(gauge);
            vec![
                cell(&spec.title),
                painted(reading(gauge), Style::Strong),
                painted(word, look),
                cell(format!("{side} {}", threshold(spec.warn, &spec.unit))),
                cell(format!("{side} {}", threshold(spec.critical, &spec.unit))),
                cell(&spec.window),
                cell(&gauge.note),
                painted(&spec.id, Style::Dim),
            ]
        })
        .collect();
    table(&["GAUGE", "VALUE", "STATE", "TARGET", "LIMIT", "WINDOW", "NOTE", "ID"], &rows)
}

fn state(gauge: &Gauge) -> (&'static str, Style) {
    if gauge.freshness.error().is_some() {
        return ("unavailable", Style::Bad);
    }
    match gauge.level {
        Level::Ok => ("ok", Style::Good),
        Level::Warn => ("warning", Style::Warn),
        Level::Critical => ("critical", Style::Bad),
        Level::None => ("–", Style::Dim),
    }
}

pub(super) fn tenant_table(rows: &[TenantValue], unit: &str) -> String {
    let rows: Vec<Vec<Cell>> = rows
        .iter()
        .map(|row| {
            let value = match (row.state, row.value) {
                (ReadingState::Value, Some(value)) => amount(value, unit),
                (ReadingState::NoTraffic, _) => "no recent traffic".into(),
                (ReadingState::Infinite, _) => "infinite".into(),
                _ => "–".into(),
            };
            let (word, look) = match row.level {
                Level::Ok => ("ok", Style::Good),
                Level::Warn => ("warning", Style::Warn),
                Level::Critical => ("critical", Style::Bad),
                Level::None => ("–", Style::Dim),
            };
            vec![cell(&row.tenant), cell(if row.vip { "VIP" } else { "" }), cell(value), painted(word, look)]
        })
        .collect();
    if rows.is_empty() { "No tenants.\n".into() } else { table(&["TENANT", "", "VALUE", "STATE"], &rows) }
}
