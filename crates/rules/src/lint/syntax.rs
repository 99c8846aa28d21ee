//! The expression can be parsed. Page: `docs/checks/syntax.md`.

use aether_contract::{FindingSeverity, RuleFinding};

use super::finding;

pub(super) fn check(error: Option<&str>, findings: &mut Vec<RuleFinding>) {
    let Some(error) = error else { return };
    findings.push(finding(
        "syntax",
        FindingSeverity::Error,
        format!("Invalid expression: {}", error.trim()),
        "Prometheus rejects the entire file and keeps the previously loaded rules.",
        "Fix the expression; promtool check rules shows the location.",
    ));
}
