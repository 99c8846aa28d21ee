//! The traffic guard can do its work. Page: `docs/checks/guard.md`.

use aether_contract::{FindingSeverity, GuardReport, GuardVerdict, RuleFinding};
use aether_foundation::promql::split;

use super::{Subject, finding};
use crate::{
    divisor::divides,
    guard::{Context, classify},
    labels::Divides,
};

pub(super) fn check(subject: &Subject<'_>, findings: &mut Vec<RuleFinding>) -> Option<GuardReport> {
    if !subject.rule.alerting {
        return None;
    }
    let context = Context { known: subject.known, tenant_label: subject.tenant_label, named: subject.named };
    let report = classify(&subject.rule.expression, context)?;
    let (severity, why, remedy) = match report.verdict {
        GuardVerdict::Guarded => return Some(report),
        GuardVerdict::NeverMatches => (
            FindingSeverity::Error,
            "`and` matches only series with equal labels. An alert that can never fire looks healthy \
                everywhere.",
            "Specify the labels on which the guard matches.",
        ),
        GuardVerdict::OtherWindow => (
            FindingSeverity::Warning,
            "With a different range, the guard covers a different period than the condition: it may let a \
                stale value through, or suppress a real one.",
            "Use the condition's range in the guard.",
        ),
        GuardVerdict::Unclear => (
            FindingSeverity::Info,
            "If the condition has a label that the guard lacks, the alert never fires.",
            "Specify the labels on which the guard matches, or inspect the rule on the server, where both \
                sides are evaluated.",
        ),
        // Nothing to guard, unless it divides by traffic or is expected to have one.
        GuardVerdict::Unguarded
            if !subject.expected
                && (split::pieces(&subject.rule.expression).is_none()
                    || subject.expr.is_none_or(|expr| divides(expr, subject.known) == Divides::No)) =>
        {
            return Some(report);
        }
        GuardVerdict::Unguarded => (
            FindingSeverity::Warning,
            "At night and after a restart, a ratio over few requests fluctuates and pages although no \
                users are affected.",
            "Add a traffic guard with the condition's range.",
        ),
    };
    let mut found = finding("guard", severity, report.reason.clone(), why, remedy);
    found.rewrite.clone_from(&report.rewrite);
    findings.push(found);
    Some(report)
}
