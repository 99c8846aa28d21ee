//! The servers answer, in the versions that the profile pins, and what they scrape is up.

use aether_foundation::text::{plural, verb};
use std::sync::Arc;

use aether_clients::prometheus::QueryValue;
use aether_contract::{PanelError, PinRow, PinVerdict, ServiceKind};

use super::{CheckContext, CheckOutcome};
use crate::pins;
use aether_context::poll;

/// Every server answers, and every service runs what it is pinned to.
///
/// # Errors
/// None of its own.
pub async fn versions(scene: &Arc<CheckContext>) -> Result<CheckOutcome, PanelError> {
    poll::all(&scene.checks.ctx, &scene.live).await;
    scene.checks.ctx.publish();
    let services = scene.checks.ctx.publisher.current().services;
    let (mut lines, mut down) = (Vec::new(), Vec::new());
    for service in services.iter().filter(|service| !service.members.is_empty()) {
        for member in &service.members {
            if let Some(error) = member.freshness.error() {
                down.push(service.title.clone());
                lines.push(format!("{} {}: {}", service.title, member.url, error.message));
            }
        }
    }
    down.dedup();
    if !down.is_empty() {
        let words = format!("Unreachable: {}.", down.join(" and "));
        return Ok(CheckOutcome::fail(
            words,
            lines,
            "Start the server, or correct its address in Settings, Stacks.",
        ));
    }
    if services.iter().all(|service| service.members.is_empty()) {
        return Ok(CheckOutcome::skipped(
            "The profile has no servers.",
            "Set the addresses in Settings, Stacks.",
        ));
    }
    let report = pins::look(&scene.checks.pins, &scene.live, &services).await;
    let shown = report.rows.iter().filter(|row| row.verdict != PinVerdict::Absent);
    lines.extend(shown.map(|row| format!("{}: {}", row.service, row.words)));
    let gap = |what: &str, error: &PanelError| format!("{what} not checked: {}", error.message);
    lines.extend(report.docker_gap.iter().map(|error| gap("Docker", error)));
    lines.extend(report.compose_gap.iter().map(|error| gap("Compose file", error)));
    if !report.docker_named {
        lines.push("Containers not checked: no Docker endpoint in the profile ([docker] host).".to_owned());
    }
    let drifts: Vec<&PinRow> = report.rows.iter().filter(|row| row.drift).collect();
    if drifts.is_empty() {
        return Ok(CheckOutcome::pass("All servers are up, in their pinned versions.", lines));
    }
    let words: Vec<String> = drifts.iter().map(|row| format!("{}: {}", row.service, row.words)).collect();
    let remedies: Vec<&str> = drifts.iter().map(|row| row.remedy.as_str()).collect();
    Ok(CheckOutcome::warn(words.join(" "), lines, remedies.join("; ")))
}

/// No target is down.
///
/// # Errors
/// Prometheus' codes.
pub async fn targets(scene: &Arc<CheckContext>) -> Result<CheckOutcome, PanelError> {
    let client = scene.live.clients.prometheus().await?;
    let told = |error: aether_clients::ClientError| error.to_panel(ServiceKind::Prometheus);
    let QueryValue::Vector(all) = client.instant("up", None).await.map_err(told)?.value.value else {
        return Ok(CheckOutcome::fail("The query `up` returned no vector.", Vec::new(), ""));
    };
    if all.is_empty() {
        let remedy = "Check scrape_configs in the Prometheus configuration.";
        return Ok(CheckOutcome::fail(
            "Prometheus has no scrape targets.",
            vec!["up: no series".to_owned()],
            remedy,
        ));
    }
    let name = |sample: &aether_clients::prometheus::Sample| {
        let label = |name: &str| sample.labels.get(name).cloned().unwrap_or_default();
        format!("{} {}", label("job"), label("instance"))
    };
    let down: Vec<String> = all.iter().filter(|one| one.value != 1.0).map(name).collect();
    let lines = all.iter().map(|one| format!("{}: up {}", name(one), one.value)).collect();
    if down.is_empty() {
        return Ok(CheckOutcome::pass(
            format!("{}.", verb(all.len(), "target is up", "targets are up")),
            lines,
        ));
    }
    let words = format!("{} of {} down: {}.", down.len(), plural(all.len(), "target"), down.join(", "));
    Ok(CheckOutcome::fail(
        words,
        lines,
        "See /targets in Prometheus for the reason. Start what is down, or remove it from the \
            configuration.",
    ))
}
