//! The traffic guard can do its work. Page: `docs/checks/guard.md`.

use aether_contract::{FindingSeverity, GuardReport, GuardVerdict, RuleFinding};

use super::{Subject, finding};
use crate::guard::{Context, classify};

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
            "`and` pairs only series whose labels are equal. An alert that can never fire looks healthy on every page.",
            "Say on which labels the guard pairs.",
        ),
        GuardVerdict::OtherWindow => (
            FindingSeverity::Warning,
            "With another window the guard answers for another time than the condition: it may let an old \
                value through, \
             or hold a true one back.",
            "Give the guard the condition's window.",
        ),
        GuardVerdict::Unclear => (
            FindingSeverity::Info,
            "If the condition has a label that the guard lacks, the alert never fires.",
            "Say on which labels the guard pairs, or look at the rule on the server, where both sides are evaluated.",
        ),
        // Nothing to guard, unless it divides by traffic or is expected to have one.
        GuardVerdict::Unguarded if report.rewrite.is_none() && !subject.expected => return Some(report),
        GuardVerdict::Unguarded => (
            FindingSeverity::Warning,
            "At night and after a start a ratio of few requests jumps: it pages although nobody is served badly.",
            "Add a guard in the condition's window.",
        ),
    };
    let mut found = finding("guard", severity, report.reason.clone(), why, remedy);
    found.rewrite.clone_from(&report.rewrite);
    findings.push(found);
    Some(report)
}
