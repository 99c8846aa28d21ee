//! The expression can be parsed. Page: `docs/checks/syntax.md`.

use aether_contract::{FindingSeverity, RuleFinding};

use super::{Subject, finding};
use aether_foundation::promql::split;

pub(super) fn check(subject: &Subject<'_>, findings: &mut Vec<RuleFinding>) {
    if let Err(error) = split::parse(&subject.rule.expression) {
        findings.push(finding(
            "syntax",
            FindingSeverity::Error,
            format!("Invalid expression: {}", error.trim()),
            "Prometheus rejects the entire file and keeps the previously loaded rules.",
            "Fix the expression; promtool check rules shows the location.",
        ));
    }
}
