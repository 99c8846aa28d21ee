//! The expression can be parsed. Page: `docs/checks/syntax.md`.

use aether_contract::{FindingSeverity, RuleFinding};

use super::{Subject, finding};
use aether_foundation::promql::split;

pub(super) fn check(subject: &Subject<'_>, findings: &mut Vec<RuleFinding>) {
    if let Err(error) = split::parse(&subject.rule.expression) {
        findings.push(finding(
            "syntax",
            FindingSeverity::Error,
            format!("The expression can't be parsed: {}", error.trim()),
            "Prometheus refuses the whole file with it, and goes on with the rules that it had.",
            "Correct the expression; promtool check rules names the place.",
        ));
    }
}
