//! An alert compares with something. Page: `docs/checks/comparison.md`.

use aether_contract::{FindingSeverity, RuleFinding};
use aether_foundation::promql::walk::walk;
use promql_parser::parser::{Expr, token};

use super::{Subject, bounds, finding};
use crate::file::FileRule;

pub(super) fn check(subject: &Subject<'_>, findings: &mut Vec<RuleFinding>) {
    let Some(expr) = subject.expr.filter(|_| subject.rule.alerting) else { return };
    if is_heartbeat(subject.rule, expr) {
        return;
    }
    match filters(expr) {
        Filter::Yes => {}
        Filter::Always(which) => findings.push(finding(
            "comparison",
            FindingSeverity::Warning,
            format!("The alert fires always: {which}."),
            "An alert that always fires is muted or ignored, and says nothing when something breaks.",
            "Remove the part that is always there, or compare it with a value that it may not have.",
        )),
        Filter::No => findings.push(finding(
            "comparison",
            FindingSeverity::Warning,
            "The expression has no comparison: the alert fires as long as the series exists.",
            "An alert fires for every series that its expression returns, regardless of the value.",
            "Add a comparison, such as > 0.",
        )),
        Filter::Bool => findings.push(finding(
            "comparison",
            FindingSeverity::Error,
            "The comparison uses `bool`: it returns 0 or 1 and filters nothing, so the alert always fires.",
            "With `bool`, every series is kept, as 1 for true and 0 for false; an alert fires on 0 as well.",
            "Remove `bool`, or compare its result: == 1.",
        )),
    }
}

/// Whether an alert is meant to fire always: a heartbeat, by its expression or by its name.
pub(super) fn is_heartbeat(rule: &FileRule, expr: &Expr) -> bool {
    let name = rule.name.to_lowercase();
    let named =
        ["watchdog", "heartbeat", "deadman", "deadmans", "alwaysfiring"].iter().any(|one| name.contains(one));
    let (low, high) = bounds::of(expr);
    let constant = low == high && low != 0.0 && low.is_finite() && is_constant(expr);
    constant || (named && !matches!(filters(expr), Filter::Yes))
}

/// Whether an expression reads no series.
fn is_constant(expr: &Expr) -> bool {
    let mut reads = false;
    walk(expr, &mut |part| reads |= matches!(part, Expr::VectorSelector(_) | Expr::MatrixSelector(_)));
    !reads
}

/// Whether an expression can be empty although its series exist.
enum Filter {
    Yes,
    No,
    Bool,
    /// It can't, and not only because a comparison is missing.
    Always(String),
}

fn filters(expr: &Expr) -> Filter {
    match expr {
        Expr::Paren(inside) => filters(&inside.expr),
        Expr::Call(call) if call.func.name.starts_with("absent") => Filter::Yes,
        Expr::Call(call) => call.args.args.iter().map(|arg| filters(arg)).fold(Filter::No, better),
        Expr::Aggregate(aggregate) => filters(&aggregate.expr),
        Expr::Unary(unary) => filters(&unary.expr),
        Expr::Subquery(sub) => filters(&sub.expr),
        Expr::Binary(binary) => {
            let id = binary.op.id();
            let comparison =
                [token::T_GTR, token::T_GTE, token::T_LSS, token::T_LTE, token::T_EQLC, token::T_NEQ];
            if comparison.contains(&id) {
                if binary.modifier.as_ref().is_some_and(|modifier| modifier.return_bool) {
                    return better(Filter::Bool, better(filters(&binary.lhs), filters(&binary.rhs)));
                }
                return match (bounds::always(binary), better(filters(&binary.lhs), filters(&binary.rhs))) {
                    (Some(true), Filter::Yes) => Filter::Yes,
                    (Some(true), _) => {
                        Filter::Always(format!("{} {} {} is always true", binary.lhs, binary.op, binary.rhs))
                    }
                    _ => Filter::Yes,
                };
            }
            match id {
                // `unless` takes away; so does `and` with anything.
                token::T_LUNLESS | token::T_LAND => Filter::Yes,
                // Both sides have to be empty.
                token::T_LOR => match (filters(&binary.lhs), filters(&binary.rhs)) {
                    (Filter::Yes, Filter::Yes) => Filter::Yes,
                    (Filter::Always(which), _) | (_, Filter::Always(which)) => Filter::Always(which),
                    (Filter::Bool, _) | (_, Filter::Bool) => Filter::Bool,
                    (Filter::No, Filter::No) => Filter::No,
                    (_, Filter::No) => {
                        Filter::Always(format!("`or {}` is not compared with anything", binary.rhs))
                    }
                    (Filter::No, _) => {
                        Filter::Always(format!("`{} or` is not compared with anything", binary.lhs))
                    }
                },
                _ => better(filters(&binary.lhs), filters(&binary.rhs)),
            }
        }
        _ => Filter::No,
    }
}

fn better(a: Filter, b: Filter) -> Filter {
    match (a, b) {
        (Filter::Yes, _) | (_, Filter::Yes) => Filter::Yes,
        (Filter::Bool, _) | (_, Filter::Bool) => Filter::Bool,
        (Filter::Always(which), _) | (_, Filter::Always(which)) => Filter::Always(which),
        _ => Filter::No,
    }
}
