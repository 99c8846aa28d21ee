//! An alert compares with something. Page: `docs/checks/comparison.md`.

use aether_contract::{FindingSeverity, RuleFinding};
use promql_parser::parser::{Expr, token};

use super::{Subject, finding};

pub(super) fn check(subject: &Subject<'_>, findings: &mut Vec<RuleFinding>) {
    let Some(expr) = subject.expr.filter(|_| subject.rule.alerting) else { return };
    match filters(expr) {
        Filter::Yes => {}
        Filter::No => findings.push(finding(
            "comparison",
            FindingSeverity::Warning,
            "The expression has no comparison: the alert fires as long as the series exists.",
            "An alert fires for every series that its expression returns, regardless of the value.",
            "Add a comparison, such as > 0. For a heartbeat such as vector(1), disable this check in a \
                comment.",
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

enum Filter {
    Yes,
    No,
    Bool,
}

/// Whether an expression can be empty although its series exist.
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
                let with_bool = binary.modifier.as_ref().is_some_and(|modifier| modifier.return_bool);
                return if with_bool { Filter::Bool } else { Filter::Yes };
            }
            // `unless` takes away; so does `and` with anything.
            if [token::T_LUNLESS, token::T_LAND].contains(&id) {
                return Filter::Yes;
            }
            better(filters(&binary.lhs), filters(&binary.rhs))
        }
        _ => Filter::No,
    }
}

fn better(a: Filter, b: Filter) -> Filter {
    match (a, b) {
        (Filter::Yes, _) | (_, Filter::Yes) => Filter::Yes,
        (Filter::Bool, _) | (_, Filter::Bool) => Filter::Bool,
        _ => Filter::No,
    }
}
