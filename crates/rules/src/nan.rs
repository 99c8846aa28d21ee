//! Where a value may be NaN because nothing was asked for: 0 / 0. And what that does to what is made of it. Pure.
//!
//! A comparison with NaN is false, so an alert over a ratio only stays silent then: that is the guard's
//! matter. But a sum or a mean over several series is NaN as soon as one of them is, and `!=` is true.

use aether_foundation::promql::{
    expression::constant,
    walk::{RATES, walk},
};
use promql_parser::parser::{Expr, token};

use super::labels::{Known, name_of};

/// Aggregations whose result is NaN when one of their series is.
const SPOILED: [&str; 4] = ["sum", "avg", "stddev", "stdvar"];
/// The same over the samples of one series.
const SPOILED_OVER_TIME: [&str; 7] = [
    "sum_over_time",
    "avg_over_time",
    "stddev_over_time",
    "stdvar_over_time",
    "deriv",
    "predict_linear",
    "holt_winters",
];
/// Functions whose result is a number whatever the value is.
const COUNTING: [&str; 8] = [
    "absent",
    "absent_over_time",
    "count_over_time",
    "present_over_time",
    "timestamp",
    "scalar",
    "changes",
    "resets",
];

/// What NaN does to an expression, a sentence's end each.
pub fn nan_sources(expression: &Expr, known: &Known) -> Vec<String> {
    let mut found = Vec::new();
    walk(expression, &mut |part| match part {
        Expr::Aggregate(aggregate) => {
            let name = aggregate.op.to_string();
            if SPOILED.contains(&name.as_str()) && may_be(&aggregate.expr, known) {
                found.push(format!("{name} is NaN while any of its series has no traffic"));
            }
        }
        Expr::Call(call)
            if SPOILED_OVER_TIME.contains(&call.func.name)
                && call.args.args.iter().any(|arg| may_be(arg, known)) =>
        {
            let name = call.func.name;
            found.push(format!("{name} is NaN while its range contains a period without traffic"));
        }
        Expr::Binary(binary)
            if binary.op.id() == token::T_NEQ
                && (may_be(&binary.lhs, known) || may_be(&binary.rhs, known)) =>
        {
            found.push("!= is true for NaN, so the condition holds without traffic".to_owned());
        }
        _ => {}
    });
    found.dedup();
    found
}

/// Whether a value may be NaN for want of traffic.
pub fn may_be(expression: &Expr, known: &Known) -> bool {
    match expression {
        Expr::Paren(inside) => may_be(&inside.expr, known),
        Expr::Unary(unary) => may_be(&unary.expr, known),
        Expr::Subquery(sub) => may_be(&sub.expr, known),
        Expr::VectorSelector(selector) => recorded(name_of(selector), known),
        Expr::MatrixSelector(matrix) => recorded(name_of(&matrix.vs), known),
        Expr::Call(call) => {
            !COUNTING.contains(&call.func.name) && call.args.args.iter().any(|arg| may_be(arg, known))
        }
        Expr::Aggregate(aggregate) => {
            let name = aggregate.op.to_string();
            // A count is a number; the largest and the smallest are those of the numbers, if there are any.
            !["count", "group", "count_values", "max", "min"].contains(&name.as_str())
                && may_be(&aggregate.expr, known)
        }
        Expr::Binary(binary) => {
            let (left, right) = (&binary.lhs, &binary.rhs);
            match binary.op.id() {
                token::T_DIV | token::T_MOD if may_be_zero(right) => true,
                // NaN does not pass a comparison, whatever the other side; with `bool` it gives 0 or 1.
                token::T_GTR | token::T_GTE | token::T_LSS | token::T_LTE | token::T_EQLC => false,
                token::T_NEQ if binary.modifier.as_ref().is_some_and(|modifier| modifier.return_bool) => {
                    false
                }
                // A guard keeps what has no traffic out.
                token::T_LAND => may_be(left, known) && !compares(right),
                token::T_LUNLESS => may_be(left, known),
                _ => may_be(left, known) || may_be(right, known),
            }
        }
        _ => false,
    }
}

fn recorded(name: Option<String>, known: &Known) -> bool {
    name.and_then(|name| known.get(&name)).is_some_and(|recorded| recorded.nan)
}

/// Whether a denominator is a rate that may be 0 while its series are there.
pub fn may_be_zero(expression: &Expr) -> bool {
    match expression {
        Expr::Paren(inside) => may_be_zero(&inside.expr),
        Expr::Unary(unary) => may_be_zero(&unary.expr),
        Expr::Call(call) if RATES.contains(&call.func.name) => true,
        Expr::Call(call) if call.func.name == "clamp_min" => {
            !call.args.args.get(1).and_then(|least| constant(least)).is_some_and(|least| least > 0.0)
        }
        Expr::Call(call) => call.args.args.iter().any(|arg| may_be_zero(arg)),
        Expr::Aggregate(aggregate) => may_be_zero(&aggregate.expr),
        Expr::Subquery(sub) => may_be_zero(&sub.expr),
        Expr::Binary(binary) => {
            match (binary.op.id(), constant(&binary.rhs)) {
                // What is not above 0 is taken away.
                (token::T_GTR, Some(least)) if least >= 0.0 => false,
                (token::T_GTE, Some(least)) if least > 0.0 => false,
                (token::T_NEQ, Some(0.0)) => false,
                (token::T_ADD, Some(more)) if more > 0.0 => false,
                (token::T_LAND, _) if compares(&binary.rhs) => false,
                // A sum is 0 only when both are.
                (token::T_ADD, _) => may_be_zero(&binary.lhs) && may_be_zero(&binary.rhs),
                _ => may_be_zero(&binary.lhs) || may_be_zero(&binary.rhs),
            }
        }
        _ => false,
    }
}

/// Whether a comparison that takes series away is in an expression.
fn compares(expression: &Expr) -> bool {
    let mut found = false;
    walk(expression, &mut |part| {
        if let Expr::Binary(binary) = part {
            let takes_away = [token::T_GTR, token::T_GTE, token::T_NEQ, token::T_LSS, token::T_LTE];
            found |= takes_away.contains(&binary.op.id())
                && !binary.modifier.as_ref().is_some_and(|modifier| modifier.return_bool);
        }
    });
    found
}
