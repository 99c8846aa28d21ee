//! No two rules make the same. Page: `docs/checks/duplicate.md`.

use aether_contract::{FindingSeverity, RuleFinding};

use super::{Subject, finding};
use aether_foundation::promql::split::normal;

pub(super) fn check(subject: &Subject<'_>, findings: &mut Vec<RuleFinding>) {
    let own = subject.rule;
    let mut same = subject.all.iter().filter(|(_, other)| {
        !std::ptr::eq(*other, own)
            && other.alerting == own.alerting
            && other.name == own.name
            && other.labels == own.labels
    });
    let Some((group, other)) = same.next() else { return };
    // Alerts of one name with other expressions are a habit: one a severity has its own label, though.
    let identical = normal(&other.expression) == normal(&own.expression);
    if own.alerting && !identical {
        return;
    }
    let (severity, why) = if own.alerting {
        (
            FindingSeverity::Warning,
            "Both fire at the same time, and sooner or later only one of them gets edited.",
        )
    } else {
        (
            FindingSeverity::Error,
            "Two rules write the same series: at every evaluation, the samples of one are dropped.",
        )
    };
    let text = if identical { "the same expression" } else { "a different expression" };
    findings.push(finding(
        "duplicate",
        severity,
        format!("Group {group} has a rule with the same name and labels, with {text}."),
        why,
        "Delete one of them, or give it a unique name or labels.",
    ));
}
