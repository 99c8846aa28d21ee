//! `status`: servers, gauges, alerts and maintenance at a glance.

use aether_contract::{
    AlertsSummary, Banner, Freshness, Gauge, Level, MaintenanceStatus, MemberStatus, PanelError,
    ServiceStatus, Snapshot,
};
use serde::Serialize;

use super::{alerts, gauges, maintenance, unread, window_text::risk};
use crate::{
    human::plain,
    outcome::Outcome,
    table::{Cell, Style, cell, paint, painted, table},
};

/// JSON output: the snapshot without window-only data.
#[derive(Serialize)]
struct Data<'a> {
    stack: &'a str,
    services: &'a [ServiceStatus],
    gauges: &'a [Gauge],
    alerts: &'a AlertsSummary,
    maintenance: &'a MaintenanceStatus,
    banners: &'a [Banner],
    findings: &'a [String],
}

/// Collects findings from a snapshot and prints it.
pub fn status(snapshot: &Snapshot) -> Result<Outcome, PanelError> {
    let findings = findings(snapshot);
    let data = Data {
        stack: &snapshot.stacks.active,
        services: &snapshot.services,
        gauges: &snapshot.gauges,
        alerts: &snapshot.alerts,
        maintenance: &snapshot.maintenance,
        banners: &snapshot.banners,
        findings: &findings,
    };
    let mut outcome = Outcome::new(&data, text(snapshot))?;
    outcome.findings = findings;
    for service in &snapshot.services {
        outcome.fail(unread(&service.freshness).as_ref());
    }
    Ok(outcome)
}

fn findings(snapshot: &Snapshot) -> Vec<String> {
    let mut found = Vec::new();
    for service in snapshot.services.iter().filter(|service| service.freshness.is_fresh()) {
        for member in &service.members {
            if let Some(error) = member.freshness.error() {
                found.push(format!(
                    "{} at {} is unreachable: {}",
                    service.title,
                    plain(&member.url),
                    error.message
                ));
            }
        }
    }
    let prometheus_answers = !snapshot.services.iter().any(|service| {
        service.kind == aether_contract::ServiceKind::Prometheus && !service.freshness.is_fresh()
    });
    if prometheus_answers {
        found.extend(gauges::findings(&snapshot.gauges));
    }
    found.extend(alerts::findings(&snapshot.alerts.counts));
    found.extend(maintenance::findings(&snapshot.maintenance.windows));
    found.extend(snapshot.maintenance.findings.iter().map(risk));
    for banner in snapshot.banners.iter().filter(|banner| banner.level == Level::Critical) {
        found.push(banner.text.clone());
    }
    found
}

fn text(snapshot: &Snapshot) -> String {
    let mut out = format!("Stack {}\n\n", paint(&plain(&snapshot.stacks.active), Style::Strong));
    let rows: Vec<Vec<Cell>> = snapshot.services.iter().flat_map(service_rows).collect();
    out.push_str(&table(&["SERVICE", "STATE", "VERSION", "LATENCY", "CLOCK", "ADDRESS", "ERROR"], &rows));
    if !snapshot.gauges.is_empty() {
        out.push('\n');
        out.push_str(&gauges::overview(&snapshot.gauges));
    }
    out.push('\n');
    out.push_str(&alerts::summary(&snapshot.alerts));
    out.push_str(&maintenance::summary(&snapshot.maintenance));
    for banner in snapshot.banners.iter().filter(|banner| banner.level != Level::Critical) {
        out.push_str(&format!("Note         {}\n", plain(&banner.text)));
    }
    out
}

fn service_rows(service: &ServiceStatus) -> Vec<Vec<Cell>> {
    let name = service.flavour.clone().unwrap_or_else(|| service.title.clone());
    if service.members.is_empty() {
        let (word, look) = state(&service.freshness);
        return vec![vec![cell(name), painted(word, look)]];
    }
    let several = service.members.len() > 1;
    service
        .members
        .iter()
        .enumerate()
        .map(|(index, member)| {
            let title = if several { format!("{name} {}", index + 1) } else { name.clone() };
            member_row(&title, member)
        })
        .collect()
}

fn member_row(title: &str, member: &MemberStatus) -> Vec<Cell> {
    let (word, look) = state(&member.freshness);
    vec![
        cell(title),
        painted(word, look),
        cell(member.version.as_deref().unwrap_or_default()),
        cell(member.latency_ms.map(|ms| format!("{ms} ms")).unwrap_or_default()),
        cell(
            member.clock_offset_ms.map(|ms| format!("{:+.1} s", f64::from(ms) / 1_000.0)).unwrap_or_default(),
        ),
        cell(&member.url),
        cell(member.freshness.error().map(|error| error.message.as_str()).unwrap_or_default()),
    ]
}

/// The state as one word.
fn state(freshness: &Freshness) -> (&'static str, Style) {
    match freshness {
        Freshness::Fresh { .. } => ("healthy", Style::Good),
        Freshness::Stale { .. } => ("stale", Style::Warn),
        Freshness::Never { .. } => ("unreachable", Style::Bad),
        Freshness::Loading => ("no response", Style::Bad),
        Freshness::Absent => ("not used", Style::Dim),
    }
}
