//! The expression can be parsed. Page: `docs/checks/syntax.md`.

use aether_contract::{FindingSeverity, RuleFinding};
use aether_foundation::promql::{re2, walk::walk};
use promql_parser::{label::MatchOp, parser::Expr};

use super::{Subject, finding};
use crate::labels::matchers;

pub(super) fn check(subject: &Subject<'_>, error: Option<&str>, findings: &mut Vec<RuleFinding>) {
    let pattern = || subject.expr.and_then(refused_pattern);
    let Some(error) = error.map(str::to_owned).or_else(pattern) else { return };
    findings.push(finding(
        "syntax",
        FindingSeverity::Error,
        format!("Invalid expression: {}", error.trim()),
        "Prometheus rejects the entire file and keeps the previously loaded rules.",
        "Fix the expression; promtool check rules shows the location.",
    ));
}

/// A pattern that the parser takes and Prometheus does not.
pub(crate) fn refused_pattern(expr: &Expr) -> Option<String> {
    let mut found = None;
    walk(expr, &mut |part| {
        let selector = match part {
            Expr::VectorSelector(selector) => selector,
            Expr::MatrixSelector(matrix) => &matrix.vs,
            _ => return,
        };
        let refused = matchers(selector).find(|one| {
            matches!(one.op, MatchOp::Re(_) | MatchOp::NotRe(_)) && re2::repeats_twice(&one.value)
        });
        found = found
            .take()
            .or(refused.map(|one| format!("illegal regex for {}: a repetition is repeated", one.value)));
    });
    found
}
