//! The monitored service is scraped and counts: its key metrics are those that the recording rules read.

use aether_foundation::text::verb;
use std::{
    collections::BTreeSet,
    sync::Arc,
    time::{Duration, Instant},
};

use aether_clients::{Prometheus, prometheus::QueryValue};
use aether_contract::{PanelError, RuleKind, RulesReport, ServiceKind};
use futures_util::future::join_all;

use super::{CheckContext, CheckOutcome};
use aether_foundation::clock;

/// A recorded series answers within this.
const ANSWER: Duration = Duration::from_secs(2);

/// Raw series that expected recording rules read.
fn key_metrics(report: &RulesReport, expected: &[String]) -> Vec<String> {
    let rules = || {
        report.groups.iter().flat_map(|group| &group.rules).filter(|rule| rule.kind == RuleKind::Recording)
    };
    let recorded: BTreeSet<&String> = rules().map(|rule| &rule.id.name).collect();
    let read: BTreeSet<&String> =
        rules().filter(|rule| expected.contains(&rule.id.name)).flat_map(|rule| &rule.inputs).collect();
    read.difference(&recorded).map(|name| (*name).clone()).collect()
}

async fn vector(
    client: &Prometheus,
    query: &str,
) -> Result<Vec<aether_clients::prometheus::Sample>, PanelError> {
    match client
        .instant(query, None)
        .await
        .map_err(|error| error.to_panel(ServiceKind::Prometheus))?
        .value
        .value
    {
        QueryValue::Vector(all) => Ok(all),
        _ => Ok(Vec::new()),
    }
}

/// The targets that have the key metrics are up, and each key metric is there.
///
/// # Errors
/// Prometheus' codes.
pub async fn metrics(scene: &Arc<CheckContext>) -> Result<CheckOutcome, PanelError> {
    let report = scene.rules().await?;
    let names = key_metrics(report, &scene.live.profile.expected.recording_rules);
    if names.is_empty() {
        return Ok(CheckOutcome::skipped(
            "No expected recording rule is loaded, so the key metrics are unknown.",
            "Fix the recording rules first.",
        ));
    }
    let client = scene.live.clients.prometheus().await?;
    let mut lines = Vec::new();
    let mut gone = Vec::new();
    let mut targets: BTreeSet<(String, String)> = BTreeSet::new();
    let asked = join_all(names.iter().map(|name| {
        let query = format!("count by (job, instance) ({name})");
        let client = Arc::clone(&client);
        async move { vector(&client, &query).await }
    }))
    .await;
    for (name, found) in names.iter().zip(asked) {
        let found = found?;
        let series: f64 = found.iter().map(|one| one.value).sum();
        lines.push(format!("{name}: {series} series"));
        if found.is_empty() {
            gone.push(name.clone());
        }
        let label = |one: &aether_clients::prometheus::Sample, name: &str| {
            one.labels.get(name).cloned().unwrap_or_default()
        };
        targets.extend(found.iter().map(|one| (label(one, "job"), label(one, "instance"))));
    }
    let up = vector(&client, "up").await?;
    let down: Vec<String> = up
        .iter()
        .filter(|one| one.value != 1.0)
        .filter(|one| {
            let at = |name: &str| one.labels.get(name).cloned().unwrap_or_default();
            targets.contains(&(at("job"), at("instance"))) || targets.is_empty()
        })
        .map(|one| one.labels.get("instance").cloned().unwrap_or_default())
        .collect();
    lines.extend(targets.iter().map(|(job, instance)| format!("scraped from {job} {instance}")));
    if gone.len() == names.len() {
        return Ok(CheckOutcome::fail(
            "None of the service’s metrics exist.",
            lines,
            "Check that the service is up and in scrape_configs; see /targets in Prometheus.",
        ));
    }
    if !down.is_empty() {
        return Ok(CheckOutcome::fail(
            format!("The service’s target is down: {}.", down.join(", ")),
            lines,
            "Start the service; its metrics become stale after five minutes.",
        ));
    }
    if !gone.is_empty() {
        let words = format!("Missing metrics: {}.", gone.join(", "));
        return Ok(CheckOutcome::warn(
            words,
            lines,
            "A labeled counter does not exist until its first increment. Otherwise, the service may have \
                renamed it.",
        ));
    }
    Ok(CheckOutcome::pass(
        format!(
            "The service is scraped, and {}.",
            verb(names.len(), "key metric exists", "key metrics exist")
        ),
        lines,
    ))
}

/// Traffic goes in, counters go up, and recorded series answer in time.
///
/// # Errors
/// Prometheus' codes.
pub async fn smoke(scene: &Arc<CheckContext>) -> Result<CheckOutcome, PanelError> {
    let report = scene.rules().await?;
    let expected = &scene.live.profile.expected.recording_rules;
    let names: Vec<String> =
        key_metrics(report, expected).into_iter().filter(|name| name.ends_with("_total")).collect();
    if names.is_empty() {
        return Ok(CheckOutcome::skipped(
            "No expected recording rule uses a counter, so traffic cannot be measured.",
            "Fix the recording rules first.",
        ));
    }
    let client = scene.live.clients.prometheus().await?;
    let mut lines = Vec::new();
    let mut traffic = 0.0_f64;
    for name in &names {
        let found = vector(&client, &format!("sum(rate({name}[5m]))")).await?;
        let rate = found.first().map_or(0.0, |one| one.value);
        traffic = traffic.max(rate);
        lines.push(format!("sum(rate({name}[5m])): {rate:.2}/s"));
    }
    let mut slow = Vec::new();
    for name in expected {
        let began = Instant::now();
        let found = vector(&client, name).await?;
        let took = began.elapsed();
        lines.push(format!("{name}: {} series in {} ms", found.len(), took.as_millis()));
        if took > ANSWER {
            slow.push(name.clone());
        }
    }
    let now = scene.live.state().prometheus.probe.server_now().unwrap_or_else(clock::now);
    let mut late = Vec::new();
    for group in &report.groups {
        let old = group.last_evaluation.map(|at| now.millis_since(at) as f64 / 1000.0);
        let late_after = group.interval_s.mul_add(3.0, 30.0);
        if let Some(old) = old.filter(|old| *old > late_after) {
            late.push(group.name.clone());
            lines.push(format!(
                "group {}: last evaluated {old:.0} s ago, every {} s",
                group.name, group.interval_s
            ));
        }
    }
    if traffic <= 0.0 {
        return Ok(CheckOutcome::warn(
            "No traffic: no counter has increased for five minutes.",
            lines,
            "Send a request to the service, then run this check again.",
        ));
    }
    if !late.is_empty() {
        return Ok(CheckOutcome::fail(
            format!("Overdue evaluations: {}.", late.join(", ")),
            lines,
            "Prometheus may be overloaded. See the Rules screen for slow rules.",
        ));
    }
    if !slow.is_empty() {
        return Ok(CheckOutcome::warn(
            format!("Slow queries: {}.", slow.join(", ")),
            lines,
            "Prometheus may be overloaded.",
        ));
    }
    Ok(CheckOutcome::pass(format!("Traffic is {traffic:.2}/s, and recorded series respond in time."), lines))
}
