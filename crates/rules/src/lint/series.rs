//! The series that a rule reads exist. Page: `docs/checks/series.md`. Needs a server.

use aether_contract::{FindingSeverity, RuleFinding};
use aether_foundation::promql::{split, walk::walk};
use promql_parser::{
    label::Matcher,
    parser::{Expr, VectorSelector},
};

use super::{Subject, finding};
use crate::{
    labels::{matchers, name_of},
    series_metadata::inputs,
};

pub(super) fn check(subject: &Subject<'_>, findings: &mut Vec<RuleFinding>) {
    let (Some(expr), Some(series)) = (subject.expr, &subject.facts.series) else { return };
    // `absent(x)` is about series that are not there.
    if subject.rule.expression.contains("absent") {
        return;
    }
    let missing: Vec<String> = inputs(expr)
        .into_iter()
        .filter(|name| !is_named(subject, expr, name))
        .filter(|name| name != "ALERTS" && name != "ALERTS_FOR_STATE" && !series.contains_key(name))
        .map(|name| format!("`{name}`"))
        .collect();
    if !missing.is_empty() {
        let verb = if missing.len() == 1 { "does" } else { "do" };
        findings.push(finding(
            "series",
            FindingSeverity::Warning,
            format!("{} {verb} not exist on the server now.", missing.join(", ")),
            "A rule on a missing series returns nothing: an alert never fires, and a recorded series has \
                gaps.",
            "Check for a typo or a target that is down. A counter that has never been incremented does \
                not exist either.",
        ));
    }
}

/// Whether comments switch the check off for all that a rule reads of a series: `series(x)`, `promql/series(x{a="b"})`.
fn is_named(subject: &Subject<'_>, expr: &Expr, name: &str) -> bool {
    let named: Vec<VectorSelector> = subject
        .rule
        .disabled
        .iter()
        .filter_map(|order| order.strip_prefix("promql/series(").or_else(|| order.strip_prefix("series(")))
        .filter_map(|order| order.strip_suffix(')'))
        .filter_map(|order| match split::parse(order) {
            Ok(Expr::VectorSelector(selector)) => Some(selector),
            _ => None,
        })
        .collect();
    if named.is_empty() {
        return false;
    }
    let mut all = true;
    walk(expr, &mut |part| {
        let selector = match part {
            Expr::VectorSelector(selector) => selector,
            Expr::MatrixSelector(matrix) => &matrix.vs,
            _ => return,
        };
        if name_of(selector).as_deref() == Some(name) {
            all &= named.iter().any(|order| covers(order, selector));
        }
    });
    all
}

/// Whether an order is about a selector: its name, and every matcher that it names.
fn covers(order: &VectorSelector, selector: &VectorSelector) -> bool {
    let same_name = name_of(order).is_none_or(|name| name_of(selector).as_deref() == Some(name.as_str()));
    let has = |wanted: &Matcher| matchers(selector).any(|own| own == wanted);
    same_name && matchers(order).filter(|matcher| matcher.name != "__name__").all(has)
}
