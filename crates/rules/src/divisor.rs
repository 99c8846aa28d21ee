//! What an expression divides by, so that a guard can ask for the same traffic. Pure.
//!
//! The whole denominator is taken, with its own selectors: a part of it, or the same series of another service, may be
//! 0 while there is traffic, and a guard on it would keep a real alert silent. Where it can't be told, there is none.

use std::collections::BTreeSet;

use promql_parser::parser::{BinaryExpr, Expr, LabelModifier, VectorSelector, token};

use super::{
    labels::{self, Divides, Divisor, Known, is_plain, matchers, name_of},
    nan::may_be_zero,
    series_metadata::{has_rate, inputs},
};

/// Words of names that count one outcome and not all of them: where such a series is the denominator, all others are
/// missing from it.
const OUTCOMES: [&str; 30] = [
    "success",
    "successes",
    "successful",
    "succeeded",
    "ok",
    "hit",
    "hits",
    "miss",
    "misses",
    "missed",
    "good",
    "bad",
    "fail",
    "fails",
    "failed",
    "failure",
    "failures",
    "error",
    "errors",
    "timeout",
    "timeouts",
    "timed",
    "accepted",
    "rejected",
    "dropped",
    "valid",
    "invalid",
    "passed",
    "delivered",
    "completed",
];

/// What an expression divides by.
pub fn divides(expression: &Expr, known: &Known) -> Divides {
    match expression {
        Expr::Paren(inside) => divides(&inside.expr, known),
        Expr::Unary(unary) => divides(&unary.expr, known),
        Expr::Binary(binary) => of_binary(binary, known),
        Expr::VectorSelector(selector) => recorded(selector, known),
        Expr::MatrixSelector(matrix) => no_guard(recorded(&matrix.vs, known)),
        Expr::Subquery(sub) => no_guard(divides(&sub.expr, known)),
        Expr::Call(call) => {
            let inner = call.args.args.iter().map(|arg| divides(arg, known)).fold(Divides::No, either);
            let keeps_series = !matches!(
                call.func.name,
                "label_replace" | "label_join" | "scalar" | "vector" | "absent" | "absent_over_time" | "info"
            ) && !call.func.name.starts_with("histogram_");
            if keeps_series { inner } else { no_guard(inner) }
        }
        Expr::Aggregate(aggregate) => {
            let Divides::By(inner) = divides(&aggregate.expr, known) else {
                return divides(&aggregate.expr, known);
            };
            let by = match &aggregate.modifier {
                None => Vec::new(),
                Some(LabelModifier::Include(labels)) => labels.labels.clone(),
                Some(LabelModifier::Exclude(_)) => return Divides::Unclear,
            };
            let keeps = [
                token::T_TOPK,
                token::T_BOTTOMK,
                token::T_LIMITK,
                token::T_LIMIT_RATIO,
                token::T_COUNT_VALUES,
            ];
            let has_them = match &inner.matching {
                Some((true, on)) => by.iter().all(|label| on.contains(label)),
                Some((false, ignored)) => by.iter().all(|label| !ignored.contains(label)),
                None => true,
            };
            if keeps.contains(&aggregate.op.id()) || !has_them {
                return Divides::Unclear;
            }
            let text = match by.as_slice() {
                [] => format!("sum({})", inner.text),
                by => format!("sum by ({}) ({})", by.join(", "), inner.text),
            };
            Divides::By(Divisor { text, matching: Some((true, by)) })
        }
        _ => Divides::No,
    }
}

fn of_binary(binary: &BinaryExpr, known: &Known) -> Divides {
    let (left, right) = (&binary.lhs, &binary.rhs);
    match binary.op.id() {
        token::T_LAND | token::T_LUNLESS => return divides(left, known),
        token::T_LOR => {
            return match (divides(left, known), divides(right, known)) {
                (Divides::No, Divides::No) => Divides::No,
                (Divides::Guarded(one), Divides::No | Divides::Guarded(_)) => Divides::Guarded(one),
                (Divides::No, Divides::Guarded(one)) => Divides::Guarded(one),
                _ => Divides::Unclear,
            };
        }
        token::T_DIV if has_rate(right) => {
            let own = if may_be_zero(right) {
                match is_one_sided(left, right) {
                    true => Divides::Unclear,
                    false => {
                        Divides::By(Divisor { text: right.to_string(), matching: matching(binary, known) })
                    }
                }
            } else {
                Divides::Guarded(right.to_string())
            };
            return either(own, divides(left, known));
        }
        _ => {}
    }
    if is_plain(right) {
        return divides(left, known);
    }
    if is_plain(left) {
        return divides(right, known);
    }
    match (divides(left, known), divides(right, known)) {
        (Divides::No, Divides::No) => Divides::No,
        (Divides::Guarded(one), Divides::No | Divides::Guarded(_)) | (Divides::No, Divides::Guarded(one)) => {
            Divides::Guarded(one)
        }
        // What it is joined with decides which series are left.
        _ => Divides::Unclear,
    }
}

/// How the denominator pairs with the ratio: as it pairs with the numerator.
fn matching(binary: &BinaryExpr, known: &Known) -> Option<(bool, Vec<String>)> {
    let own = binary.modifier.as_ref().and_then(|modifier| modifier.matching.as_ref());
    match own {
        Some(LabelModifier::Include(labels)) => Some((true, labels.labels.clone())),
        Some(LabelModifier::Exclude(labels)) => Some((false, labels.labels.clone())),
        None => {
            let right = labels::of(&binary.rhs, known);
            right.may.filter(|may| *may == right.must).map(|labels| (true, labels.into_iter().collect()))
        }
    }
}

/// Whether a denominator counts one outcome only, and the numerator another: with nothing but the other, it is 0.
fn is_one_sided(numerator: &Expr, denominator: &Expr) -> bool {
    let (above, below): (BTreeSet<String>, BTreeSet<String>) = (inputs(numerator), inputs(denominator));
    let outcome =
        |name: &String| name.split(['_', ':']).any(|word| OUTCOMES.contains(&word.to_lowercase().as_str()));
    !above.is_subset(&below) && below.iter().any(outcome)
}

/// The rules that record a series, as far as the selector's labels leave them.
fn recorded(selector: &VectorSelector, known: &Known) -> Divides {
    let Some(recorded) = name_of(selector).and_then(|name| known.get(&name)) else { return Divides::No };
    let meant = recorded.rules.iter().filter(|rule| {
        matchers(selector)
            .all(|matcher| rule.fixed.get(&matcher.name).is_none_or(|value| matcher.is_match(value)))
    });
    let mut found: Vec<&Divides> = Vec::new();
    for rule in meant {
        if !found.contains(&&rule.divides) {
            found.push(&rule.divides);
        }
    }
    match found.as_slice() {
        [] => Divides::No,
        [one] if selector.offset.is_none() && selector.at.is_none() => (*one).clone(),
        [one] => no_guard((*one).clone()),
        several if several.iter().all(|one| matches!(one, Divides::No)) => Divides::No,
        _ => Divides::Unclear,
    }
}

/// Of two parts: the one that divides. Two that divide by different traffic have no common guard.
fn either(a: Divides, b: Divides) -> Divides {
    match (a, b) {
        (Divides::No, other) | (other, Divides::No) => other,
        (Divides::Unclear, _) | (_, Divides::Unclear) => Divides::Unclear,
        (Divides::By(a), Divides::By(b)) if a != b => Divides::Unclear,
        (Divides::By(one), _) | (_, Divides::By(one)) => Divides::By(one),
        (guarded, Divides::Guarded(_)) => guarded,
    }
}

fn no_guard(found: Divides) -> Divides {
    match found {
        Divides::By(_) => Divides::Unclear,
        other => other,
    }
}
