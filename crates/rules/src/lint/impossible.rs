//! No part of an expression is always empty. Page: `docs/checks/impossible.md`.

use aether_contract::{FindingSeverity, RuleFinding};
use aether_foundation::promql::{expression::constant, walk::walk};
use promql_parser::{
    label::MatchOp,
    parser::{BinaryExpr, Expr, LabelModifier, token},
};

use super::{Subject, bounds, finding};
use crate::labels::{self, Known, is_plain, matchers, name_of, set};

pub(super) fn check(subject: &Subject<'_>, findings: &mut Vec<RuleFinding>) {
    let Some(expr) = subject.expr else { return };
    // What is wrong with a guard is told by the guard's own check.
    let dead_guard =
        findings.iter().any(|found| found.check == "guard" && found.severity == FindingSeverity::Error);
    let mut problems: Vec<String> = Vec::new();
    walk(expr, &mut |part| match part {
        Expr::Binary(binary) => {
            match range(binary) {
                Some(problem) => problems.push(problem),
                None => problems.extend(never(binary)),
            }
            let joins = [token::T_LAND, token::T_LUNLESS].contains(&binary.op.id());
            problems.extend(unpaired(binary, subject.known).filter(|_| !(joins && dead_guard)));
        }
        Expr::VectorSelector(selector) => {
            let all: Vec<_> = matchers(selector).collect();
            for (index, one) in all.iter().enumerate() {
                let other = all.iter().skip(index + 1).find(|other| {
                    other.name == one.name
                        && other.op == MatchOp::Equal
                        && one.op == MatchOp::Equal
                        && other.value != one.value
                });
                if let Some(other) = other {
                    problems.push(format!(
                        "{} cannot be \"{}\" and \"{}\" at the same time",
                        one.name, one.value, other.value
                    ));
                }
            }
            // A recorded series has the labels of its rule only.
            if let Some(recorded) = name_of(selector).and_then(|name| subject.known.get(&name)) {
                for matcher in all.iter().filter(|matcher| matcher.name != "__name__") {
                    let wants = matches!(matcher.op, MatchOp::Equal) && !matcher.value.is_empty();
                    if wants && !recorded.labels.can(&matcher.name) {
                        problems.push(format!(
                            "{} is selected by {}, a label that its recording rule removes",
                            selector.name.as_deref().unwrap_or_default(),
                            matcher.name
                        ));
                    }
                }
            }
        }
        _ => {}
    });
    problems.dedup();
    for problem in problems {
        findings.push(finding(
            "impossible",
            FindingSeverity::Error,
            match problem.ends_with("removes nothing") {
                true => format!("Part of the expression has no effect: {problem}."),
                false => format!("Part of the expression is always empty: {problem}."),
            },
            "An expression that is always empty never fires and never records, and never reports an error.",
            "Match on labels that both sides have (on, ignoring), or aggregate each side first.",
        ));
    }
}

/// `x > 100 < 50`, seen through the parser's chain.
fn range(binary: &BinaryExpr) -> Option<String> {
    let (outer, high) = (binary.op.id(), constant(&binary.rhs)?);
    let mut inner: &Expr = &binary.lhs;
    while let Expr::Paren(paren) = inner {
        inner = &paren.expr;
    }
    let Expr::Binary(first) = inner else { return None };
    let (op, low) = (first.op.id(), constant(&first.rhs)?);
    let plain = |one: &BinaryExpr| !one.modifier.as_ref().is_some_and(|modifier| modifier.return_bool);
    let above = [token::T_GTR, token::T_GTE];
    let below = [token::T_LSS, token::T_LTE];
    let never = (above.contains(&op) && below.contains(&outer) && high < low)
        || (below.contains(&op) && above.contains(&outer) && high > low);
    (never && plain(first) && plain(binary))
        .then(|| format!("no value is {} and {} at the same time", said(op, low), said(outer, high)))
}

fn said(op: token::TokenId, number: f64) -> String {
    let word = if [token::T_GTR, token::T_GTE].contains(&op) { "above" } else { "below" };
    format!("{word} {number}")
}

/// A comparison that no value passes: `hour() > 23`, `clamp_max(x, 1) > 1`.
fn never(binary: &BinaryExpr) -> Option<String> {
    let with_bool = binary.modifier.as_ref().is_some_and(|modifier| modifier.return_bool);
    let scalars = is_plain(&binary.lhs) && is_plain(&binary.rhs);
    (bounds::always(binary) == Some(false) && !with_bool && !scalars)
        .then(|| format!("{} {} {} is never true", binary.lhs, binary.op, binary.rhs))
}

/// Two vectors whose series never pair. Of `or`, either side is enough.
fn unpaired(binary: &BinaryExpr, known: &Known) -> Option<String> {
    if is_plain(&binary.lhs) || is_plain(&binary.rhs) || binary.op.id() == token::T_LOR {
        return None;
    }
    let (left, right) = (labels::of(&binary.lhs, known), labels::of(&binary.rhs, known));
    let matching = binary.modifier.as_ref().and_then(|modifier| modifier.matching.as_ref());
    let (left, right) = match matching {
        Some(LabelModifier::Include(on)) => {
            let on = set(&on.labels);
            (left.seen_on(&on), right.seen_on(&on))
        }
        Some(LabelModifier::Exclude(ignoring)) => {
            (left.dropping(&ignoring.labels), right.dropping(&ignoring.labels))
        }
        None => {
            if let Some(problem) = other_values(&binary.lhs, &binary.rhs) {
                return Some(problem);
            }
            (left, right)
        }
    };
    let (label, of_left) = left.apart(&right)?;
    let (has, lacks) = if of_left { ("left", "right") } else { ("right", "left") };
    let effect = if binary.op.id() == token::T_LUNLESS { ", so it removes nothing" } else { "" };
    Some(format!(
        "{} matches series, but those on the {has} have the label {label} and those on the {lacks} do not{effect}",
        binary.op
    ))
}

/// `increase(a{rerank="false"}[1h]) + increase(a{rerank="true"}[1h])`: the same label, two values.
fn other_values(left: &Expr, right: &Expr) -> Option<String> {
    let (left, right) = (kept_values(left)?, kept_values(right)?);
    left.iter().find_map(|(name, value)| {
        let other = right.iter().find(|(other, _)| other == name).map(|(_, value)| value)?;
        (other != value).then(|| {
            format!("{name} is \"{value}\" on the left and \"{other}\" on the right, so nothing matches")
        })
    })
}

/// Labels that a selector fixes and that reach the result. None where they do not.
fn kept_values(expr: &Expr) -> Option<Vec<(String, String)>> {
    match expr {
        Expr::Paren(inside) => kept_values(&inside.expr),
        Expr::Call(call) if !matches!(call.func.name, "label_replace" | "label_join") => {
            call.args.args.iter().find_map(|arg| kept_values(arg))
        }
        Expr::Binary(binary) if is_plain(&binary.rhs) => kept_values(&binary.lhs),
        Expr::Binary(binary) if is_plain(&binary.lhs) => kept_values(&binary.rhs),
        Expr::VectorSelector(selector) => Some(equal(selector)),
        Expr::MatrixSelector(matrix) => Some(equal(&matrix.vs)),
        _ => None,
    }
}

fn equal(selector: &promql_parser::parser::VectorSelector) -> Vec<(String, String)> {
    matchers(selector)
        .filter(|matcher| matcher.op == MatchOp::Equal && matcher.name != "__name__")
        .map(|matcher| (matcher.name.clone(), matcher.value.clone()))
        .collect()
}
