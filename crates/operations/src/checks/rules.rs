//! The expected rules run, guards can match, and recorded series have values.

use aether_foundation::text::{plural, verb};
use std::sync::Arc;

use aether_clients::prometheus::QueryValue;
use aether_contract::{
    GuardVerdict, PanelError, RuleDeployment, RuleKind, RuleView, RulesReport, ServiceKind,
};
use futures_util::future::join_all;

use super::{CheckContext, CheckOutcome};

/// Series that are looked at one by one.
const MOST: usize = 100;

fn of_kind(report: &RulesReport, kind: RuleKind) -> impl Iterator<Item = &RuleView> {
    report.groups.iter().flat_map(|group| &group.rules).filter(move |rule| rule.kind == kind)
}

fn lacking(report: &RulesReport, kind: RuleKind) -> Vec<String> {
    report.missing.iter().filter(|one| one.kind == kind).map(|one| one.name.clone()).collect()
}

/// What is wrong with rules of a kind: missing, in error, other than in the pack.
fn judge(
    report: &RulesReport,
    kind: RuleKind,
    expected: u32,
    present: u32,
    names: &[String],
) -> CheckOutcome {
    let missing = lacking(report, kind);
    let of_profile = |rule: &&RuleView| names.contains(&rule.id.name);
    let broken: Vec<String> = of_kind(report, kind)
        .filter(of_profile)
        .filter(|rule| rule.health == "err")
        .map(|rule| format!("{}: {}", rule.id.name, rule.last_error))
        .collect();
    let differs: Vec<String> = of_kind(report, kind)
        .filter(|rule| rule.standing == Some(RuleDeployment::Differs))
        .flat_map(|rule| rule.differences.iter().map(move |line| format!("{}: {line}", rule.id.name)))
        .collect();
    let mut lines: Vec<String> = of_kind(report, kind)
        .filter(of_profile)
        .map(|rule| format!("{}: {}", rule.id.name, if rule.health.is_empty() { "?" } else { &rule.health }))
        .collect();
    lines.extend(missing.iter().map(|name| format!("{name}: not loaded")));
    lines.extend(broken.iter().cloned());
    lines.extend(differs.iter().cloned());
    lines.extend(report.gaps.iter().cloned());
    if !missing.is_empty() {
        let words = format!(
            "{present} of {} loaded; missing: {}.",
            plural(expected as usize, "expected rule"),
            missing.join(", ")
        );
        return CheckOutcome::fail(words, lines, "Add their file to rule_files and reload Prometheus.");
    }
    if !broken.is_empty() {
        return CheckOutcome::fail(
            format!("{} of {} failing.", broken.len(), plural(expected as usize, "rule")),
            lines,
            "See the Rules screen for each error.",
        );
    }
    if !differs.is_empty() {
        return CheckOutcome::warn(
            "All rules are loaded, but some differ from the pack’s files.",
            lines,
            "Reload Prometheus, or update the file to match.",
        );
    }
    CheckOutcome::pass(format!("{present} of {} loaded.", plural(expected as usize, "expected rule")), lines)
}

/// The expected recording rules.
///
/// # Errors
/// Prometheus' codes.
pub async fn recording(scene: &Arc<CheckContext>) -> Result<CheckOutcome, PanelError> {
    let report = scene.rules().await?;
    let names = &scene.live.profile.expected.recording_rules;
    Ok(judge(report, RuleKind::Recording, report.expected_recording, report.present_recording, names))
}

/// The expected alerts, each with a guard that can match.
///
/// # Errors
/// Prometheus' codes.
pub async fn alerts(scene: &Arc<CheckContext>) -> Result<CheckOutcome, PanelError> {
    let report = scene.rules().await?;
    let names = &scene.live.profile.expected.alerts;
    let came = judge(report, RuleKind::Alerting, report.expected_alerts, report.present_alerts, names);
    if came.state == aether_contract::CheckState::Fail {
        return Ok(came);
    }
    let mut lines = came.evidence.clone();
    let (mut dead, mut odd) = (Vec::new(), Vec::new());
    for rule in of_kind(report, RuleKind::Alerting) {
        let Some(guard) = &rule.guard else { continue };
        let expected = names.contains(&rule.id.name);
        match guard.verdict {
            GuardVerdict::Guarded => {}
            // Any alert that can't fire is a fault, whoever expects it.
            GuardVerdict::NeverMatches => dead.push(rule.id.name.clone()),
            GuardVerdict::OtherWindow => odd.push(rule.id.name.clone()),
            GuardVerdict::Unguarded | GuardVerdict::Unclear if expected => odd.push(rule.id.name.clone()),
            GuardVerdict::Unguarded | GuardVerdict::Unclear => continue,
        }
        lines.push(format!("{}: {}", rule.id.name, guard.reason));
    }
    if !dead.is_empty() {
        let words = format!("The guard of {} can never match, so the alert never fires.", dead.join(", "));
        return Ok(CheckOutcome::fail(
            words,
            lines,
            "See the suggested rewrite on the Rules screen or in aetherctl rules lint.",
        ));
    }
    if !odd.is_empty() {
        let words = format!("The guard of {} needs review.", odd.join(", "));
        return Ok(CheckOutcome::warn(words, lines, "See the Rules screen for the reason."));
    }
    Ok(CheckOutcome { evidence: lines, ..came })
}

/// Each expected recorded series has a value now.
///
/// # Errors
/// Prometheus' codes.
pub async fn recorded(scene: &Arc<CheckContext>) -> Result<CheckOutcome, PanelError> {
    let client = scene.live.clients.prometheus().await?;
    let names: Vec<&String> = scene.live.profile.expected.recording_rules.iter().take(MOST).collect();
    if names.is_empty() {
        return Ok(CheckOutcome::skipped("The profile expects no recording rules.", ""));
    }
    let asked = join_all(names.iter().map(|name| client.instant(name, None))).await;
    let (mut none, mut quiet, mut lines) = (Vec::new(), Vec::new(), Vec::new());
    for (name, reply) in names.iter().zip(asked) {
        let reply = reply.map_err(|error| error.to_panel(ServiceKind::Prometheus))?;
        let QueryValue::Vector(all) = reply.value.value else { continue };
        let real = all.iter().filter(|one| one.value.is_finite()).count();
        match (all.len(), real) {
            (0, _) => none.push((*name).clone()),
            (_, 0) => quiet.push((*name).clone()),
            _ => {}
        }
        lines.push(format!("{name}: {} series, {real} with a number", all.len()));
    }
    if none.len() == names.len() {
        let remedy = "Check that the rules are loaded and the service is scraped.";
        return Ok(CheckOutcome::fail("No recorded series has a value.", lines, remedy));
    }
    if !none.is_empty() {
        let words = format!("No series: {}.", none.join(", "));
        return Ok(CheckOutcome::fail(
            words,
            lines,
            "Open the rule on the Rules screen to see which input is missing.",
        ));
    }
    if !quiet.is_empty() {
        let words = format!("No recent traffic: {} have no numeric value.", quiet.join(", "));
        return Ok(CheckOutcome::warn(
            words,
            lines,
            "Check whether the service is in use and its traffic is counted.",
        ));
    }
    Ok(CheckOutcome::pass(
        format!("{}.", verb(names.len(), "recorded series has values", "recorded series have values")),
        lines,
    ))
}
