//! The expression can be parsed. Page: `docs/checks/syntax.md`.

use aether_contract::{FindingSeverity, RuleFinding};

use super::finding;
use crate::file::{FileRule, Language, metricsql};

pub(super) fn check(rule: &FileRule, error: Option<&str>, findings: &mut Vec<RuleFinding>) {
    let Some(error) = error else { return };
    let error = error.trim();
    let foreign = |severity, problem: String| {
        let why = "The file is vmalert's. The other checks are skipped for this rule.";
        finding("syntax", severity, problem, why, "Check the file with: vmalert -dryRun -rule=FILE")
    };
    findings.push(match rule.language {
        Language::PromQl => finding(
            "syntax",
            FindingSeverity::Error,
            format!("Invalid expression: {error}"),
            "Prometheus rejects the entire file and keeps the previously loaded rules.",
            "Fix the expression; promtool check rules shows the location.",
        ),
        Language::MetricsQl => match metricsql::feature(&rule.expression) {
            Some(feature) => foreign(
                FindingSeverity::Info,
                format!("Not PromQL: MetricsQL is not checked, and {feature} is part of it."),
            ),
            None => foreign(
                FindingSeverity::Warning,
                format!("Not PromQL, and not known to be MetricsQL, which is not checked: {error}"),
            ),
        },
        Language::Other => foreign(
            FindingSeverity::Info,
            "Not PromQL: the type of the group has its own language, which is not checked.".to_owned(),
        ),
    });
}
