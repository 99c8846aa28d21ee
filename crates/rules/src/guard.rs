//! Whether an alert's traffic guard can do its work, told from the expression's text and the labels on both
//! sides of its
//! `and`. Pure.
//!
//! A guard is an operand of `and` that says "there is traffic" (`rate(…) > 0`), or of `unless` that says
//! "there is none".
//! `and` pairs series of equal labels, so `labelled < 30 and sum(…) > 0` is always empty: the alert never fires, and
//! looks guarded to anybody who only reads it.

use aether_foundation::promql::{expression::constant, walk::walk};
use std::{collections::BTreeSet, time::Duration};

use aether_contract::{GuardReport, GuardVerdict};
use promql_parser::{
    parser::{Expr, token},
    util::display_duration,
};

use super::{
    divisor::divides,
    labels::{self, Divides, Divisor, Known, LabelSet, is_plain, set},
    series_metadata::{counters, has_rate, has_traffic},
};
use aether_foundation::promql::split::{self, Join, SubExpression};

/// What is known beside the expression.
#[derive(Debug, Clone, Copy)]
pub struct Context<'a> {
    /// Recorded series.
    pub known: &'a Known,
    /// Label that names the tenant.
    pub tenant_label: &'a str,
    /// Labels that the alert's own templates use: its author says that it has them.
    pub named: &'a BTreeSet<String>,
}

/// Judges an alert's expression. None for one that can't be parsed.
pub fn classify(text: &str, context: Context<'_>) -> Option<GuardReport> {
    split::parse(text).ok()?;
    let report = |verdict, reason: String, condition: String, guard: String, rewrite| GuardReport {
        verdict,
        reason,
        condition,
        guard,
        rewrite,
        proven: false,
    };
    let Some(pieces) = split::pieces(text) else {
        return Some(report(
            GuardVerdict::Unguarded,
            "The expression joins several conditions with `or`; no guard covers all of them.".to_owned(),
            text.trim().to_owned(),
            String::new(),
            None,
        ));
    };
    let guards: Vec<usize> = guards_of(&pieces, context.known);
    let condition_at = (0..pieces.len()).find(|index| !guards.contains(index)).unwrap_or(0);
    let condition = pieces.get(condition_at)?;
    let divides = divides(&condition.expr, context.known);
    if guards.is_empty() {
        let (verdict, reason, guard) = match &divides {
            Divides::Guarded(by) => {
                (GuardVerdict::Guarded, "The denominator leaves out series without traffic.", by.clone())
            }
            Divides::No => (
                GuardVerdict::Unguarded,
                "There is no traffic guard; this condition does not divide by the traffic.",
                String::new(),
            ),
            Divides::By(_) | Divides::Unclear => (
                GuardVerdict::Unguarded,
                "There is no traffic guard: with few or no requests, a ratio is meaningless.",
                String::new(),
            ),
        };
        let rewrite = match divides {
            Divides::By(divisor) if split::is_exact(text) => {
                let mut mended = pieces.clone();
                made(divisor, context).and_then(|guard| {
                    mended.push(guard);
                    sound(text, &mended, context)
                })
            }
            _ => None,
        };
        return Some(report(verdict, reason.to_owned(), condition.text.clone(), guard, rewrite));
    }
    // One guard that can never match is enough to kill the alert.
    let mut other_window = None;
    let mut unclear = None;
    for index in guards.iter().copied() {
        // The leftmost operand gives the labels of everything before an `and`.
        let left_at = if index == 0 { 1 } else { 0 };
        let (left, right) = (pieces.get(left_at)?, pieces.get(index)?);
        let join = pieces.get(index.max(1)).and_then(|piece| piece.join.clone())?;
        let left_set = left_labels(left, context);
        let right_set = labels::of(&right.expr, context.known);
        let told = |verdict, reason: String, rewrite| {
            report(verdict, reason, condition.text.clone(), right.text.clone(), rewrite)
        };
        match pairing(&left_set, &right_set, &join) {
            Pairing::Never(reason) => {
                let rewrite = rewritten(text, &pieces, index, &left_set, context);
                let end = if join.unless {
                    "so it removes nothing and the guard has no effect."
                } else {
                    "so the result is always empty and the alert never fires."
                };
                return Some(told(GuardVerdict::NeverMatches, format!("{reason}, {end}"), rewrite));
            }
            Pairing::Unclear(reason) => {
                unclear.get_or_insert_with(|| told(GuardVerdict::Unclear, reason, None));
            }
            Pairing::Can => {
                let other = other_windows(&condition.expr, &right.expr, context.known);
                if let Some((of_condition, of_guard)) = other.filter(|_| other_window.is_none()) {
                    let reason = format!(
                        "The condition covers {}, the guard {}, so the guard may see different traffic \
                            than the condition.",
                        words(&of_condition),
                        words(&of_guard)
                    );
                    let rewrite = of_condition.last().filter(|_| split::is_exact(text)).and_then(|window| {
                        let mut mended = pieces.clone();
                        let piece = mended.get_mut(index)?;
                        let mut expr = piece.expr.clone();
                        set_windows(&mut expr, *window);
                        piece.text = expr.to_string();
                        sound(text, &mended, context)
                    });
                    other_window = Some(told(GuardVerdict::OtherWindow, reason, rewrite));
                }
            }
        }
    }
    if let Some(found) = unclear.or(other_window) {
        return Some(found);
    }
    let first = guards.first().and_then(|index| pieces.get(*index))?;
    Some(report(
        GuardVerdict::Guarded,
        "The guard matches the condition.".to_owned(),
        condition.text.clone(),
        first.text.clone(),
        None,
    ))
}

/// The operands that ask whether there is traffic.
fn guards_of(pieces: &[SubExpression], known: &Known) -> Vec<usize> {
    let mut found: Vec<usize> = (0..pieces.len())
        .filter(|index| {
            pieces.get(*index).is_some_and(|piece| {
                let unless = piece.join.as_ref().is_some_and(|join| join.unless);
                asks_for_traffic(&piece.expr, unless, *index == 0, known)
            })
        })
        .collect();
    if pieces.len() == 1 {
        found.clear();
    }
    // If all ask for traffic, the first is what the alert is about.
    if found.len() == pieces.len() && !found.is_empty() {
        found.remove(0);
    }
    found
}

fn asks_for_traffic(expression: &Expr, unless: bool, first: bool, known: &Known) -> bool {
    match expression {
        Expr::Paren(inside) => asks_for_traffic(&inside.expr, unless, first, known),
        Expr::Binary(binary) => {
            let id = binary.op.id();
            let (side, number, turned) = match (constant(&binary.lhs), constant(&binary.rhs)) {
                (None, Some(number)) => (&binary.lhs, number, false),
                (Some(number), None) => (&binary.rhs, number, true),
                _ => return false,
            };
            if !has_traffic(side, known) || number < 0.0 {
                return false;
            }
            let more = matches!(
                (id, turned),
                (token::T_GTR | token::T_GTE, false) | (token::T_LSS | token::T_LTE, true)
            ) || (id == token::T_NEQ && number == 0.0);
            let less = matches!(
                (id, turned),
                (token::T_LSS | token::T_LTE, false) | (token::T_GTR | token::T_GTE, true)
            ) || (id == token::T_EQLC && number == 0.0);
            // Above nothing: traffic. Above some number it is traffic only when it is a plain rate: two ratios
            // joined by `and` are two conditions.
            let plain = number == 0.0 || (!first && !has_division(side) && has_rate(side));
            let is_ratio = divides(side, known) != Divides::No;
            plain && !is_ratio && if unless { less } else { more }
        }
        _ => false,
    }
}

fn has_division(expression: &Expr) -> bool {
    let mut found = false;
    walk(expression, &mut |part| {
        found |= matches!(part, Expr::Binary(binary) if binary.op.id() == token::T_DIV);
    });
    found
}

/// The labels of the side that the alert is about, with those that its templates name.
fn left_labels(piece: &SubExpression, context: Context<'_>) -> LabelSet {
    let labels = labels::of(&piece.expr, context.known);
    context.named.iter().fold(labels, |labels, name| {
        // Where the expression can't have it, the template is wrong and not the expression.
        if labels.can(name) { labels.with(name) } else { labels }
    })
}

enum Pairing {
    Can,
    Never(String),
    Unclear(String),
}

fn pairing(left: &LabelSet, right: &LabelSet, join: &Join) -> Pairing {
    let (a, b, on) = match &join.matching {
        Some((true, labels)) => {
            let labels = set(labels);
            (left.seen_on(&labels), right.seen_on(&labels), true)
        }
        Some((false, labels)) => (left.dropping(labels), right.dropping(labels), false),
        None => (left.clone(), right.clone(), false),
    };
    if let Some((label, of_left)) = a.apart(&b) {
        let (has, lacks) =
            if of_left { ("the condition", "the guard") } else { ("the guard", "the condition") };
        let rule = if on { "`on` names it" } else { "`and` matches only series with equal labels" };
        let rule = if join.unless && !on { "`unless` matches only series with equal labels" } else { rule };
        let has = aether_foundation::text::capital(has);
        return Pairing::Never(format!("{has} has the label `{label}` but {lacks} does not, and {rule}"));
    }
    // One side certainly lacks a label that it pairs on; the other may have it.
    if on
        && let Some(Join { matching: Some((_, labels)), .. }) = Some(join)
        && let Some(label) = labels.iter().find(|label| a.can(label) != b.can(label))
    {
        let (has, lacks) = if a.can(label) { ("condition", "guard") } else { ("guard", "condition") };
        return Pairing::Unclear(format!(
            "They match on `{label}`, which the {lacks} never has; if the {has} has it, nothing matches."
        ));
    }
    // Labels that are named in `on ()` are meant to be there; without it everything hangs on what is not known.
    if !on && a.may.is_none() != b.may.is_none() {
        let (open, exact) = if a.may.is_none() { ("condition", &b) } else { ("guard", &a) };
        let carries = if exact.must.is_empty() {
            "no labels".to_owned()
        } else {
            format!("only {}", exact.must.iter().map(|l| format!("`{l}`")).collect::<Vec<_>>().join(", "))
        };
        return Pairing::Unclear(format!(
            "The other side has {carries}; the labels of the {open} are unknown without the rules that \
                record it. Specify the labels to match on: and on (…)."
        ));
    }
    Pairing::Can
}

/// On which labels a guard for these series pairs: per tenant where they have the tenant's label.
fn guard_labels(left: &LabelSet, context: Context<'_>) -> Vec<String> {
    let tenant = context.tenant_label;
    if left.must.contains(tenant) { vec![tenant.to_owned()] } else { Vec::new() }
}

/// The expression with the guard at `index` mended.
fn rewritten(
    text: &str,
    pieces: &[SubExpression],
    index: usize,
    left: &LabelSet,
    context: Context<'_>,
) -> Option<String> {
    if !split::is_exact(text) {
        return None;
    }
    let guard = pieces.get(index)?;
    let unless = pieces.get(index.max(1))?.join.as_ref()?.unless;
    let right = labels::of(&guard.expr, context.known);
    // What both sides have for certain is what they pair on.
    let shared: Vec<String> = right.must.iter().filter(|label| left.must.contains(*label)).cloned().collect();
    let per_tenant = guard_labels(left, context);
    let mut mended = pieces.to_vec();
    if index == 0 {
        // The guard stood in front: the alert's value was the traffic. Put the condition first.
        mended.swap(0, 1);
        if let (Some(join), Some(first)) = (mended.get_mut(0).map(|p| p.join.take()), mended.get_mut(1)) {
            first.join = join;
        }
    }
    let at = index.max(1);
    let own_tenant = per_tenant.iter().all(|label| right.can(label)) && right.may.is_some();
    let simple = |on: Vec<String>| Join { unless, matching: Some((true, on)) };
    if !shared.is_empty() && (per_tenant.is_empty() || own_tenant) {
        mended.get_mut(at)?.join = Some(simple(shared));
    } else if per_tenant.is_empty() {
        mended.get_mut(at)?.join = Some(simple(Vec::new()));
    } else {
        // Per tenant: the guard's own sum has to keep the tenant.
        let piece = mended.get_mut(at)?;
        piece.join = Some(simple(per_tenant.clone()));
        match by_labels(&piece.expr, &per_tenant) {
            Some(expr) => piece.text = format!("({expr})"),
            None => piece.join = Some(simple(Vec::new())),
        }
        if let Some(done) = sound(text, &mended, context) {
            return Some(done);
        }
        mended.get_mut(at)?.join = Some(simple(Vec::new()));
    }
    sound(text, &mended, context)
}

/// The same guard with its outermost sum by these labels.
fn by_labels(expression: &Expr, labels: &[String]) -> Option<Expr> {
    use promql_parser::{label::Labels, parser::LabelModifier};
    let mut expr = expression.clone();
    while let Expr::Paren(inside) = expr {
        expr = *inside.expr;
    }
    let Expr::Binary(binary) = &mut expr else { return None };
    let side = if is_plain(&binary.lhs) { &mut binary.rhs } else { &mut binary.lhs };
    let mut inner: &mut Expr = side;
    while let Expr::Paren(paren) = inner {
        inner = &mut paren.expr;
    }
    let Expr::Aggregate(aggregate) = inner else { return None };
    let names = labels.iter().map(String::as_str).collect();
    aggregate.modifier = Some(LabelModifier::Include(Labels::new(names)));
    Some(expr)
}

/// The guard that asks for the traffic that a condition divides by.
fn made(divisor: Divisor, context: Context<'_>) -> Option<SubExpression> {
    let text = format!("({} > 0)", divisor.text);
    let expr = split::parse(&text).ok()?;
    // Labels that the denominator never has are none to pair on.
    let labels = labels::of(&expr, context.known);
    let matching = divisor.matching;
    let unknown = |(on, names): &(bool, Vec<String>)| *on && names.iter().any(|name| !labels.can(name));
    if matching.as_ref().is_some_and(unknown) {
        return None;
    }
    Some(SubExpression { join: Some(Join { unless: false, matching }), text, expr })
}

/// Pieces as text, if that is an expression with a guard that works.
fn sound(before: &str, pieces: &[SubExpression], context: Context<'_>) -> Option<String> {
    let text = split::join(pieces, before.contains('\n'));
    let again = classify_once(&text, context)?;
    (again == GuardVerdict::Guarded).then_some(text)
}

/// The verdict alone; without a proposal, so that proposals are not judged for ever.
fn classify_once(text: &str, context: Context<'_>) -> Option<GuardVerdict> {
    let pieces = split::pieces(text)?;
    let guards = guards_of(&pieces, context.known);
    let condition = (0..pieces.len()).find(|index| !guards.contains(index)).unwrap_or(0);
    let condition = pieces.get(condition)?;
    let mut verdict = if guards.is_empty() { GuardVerdict::Unguarded } else { GuardVerdict::Guarded };
    for index in guards {
        let left = pieces.get(usize::from(index == 0))?;
        let join = pieces.get(index.max(1))?.join.clone()?;
        let guard = pieces.get(index)?;
        match pairing(&left_labels(left, context), &labels::of(&guard.expr, context.known), &join) {
            Pairing::Never(_) => return Some(GuardVerdict::NeverMatches),
            Pairing::Unclear(_) => verdict = GuardVerdict::Unclear,
            Pairing::Can => {
                let other = other_windows(&condition.expr, &guard.expr, context.known);
                if other.is_some() && verdict == GuardVerdict::Guarded {
                    verdict = GuardVerdict::OtherWindow;
                }
            }
        }
    }
    Some(verdict)
}

/// The windows in which condition and guard look at the same counter, when they have none in common. Of different
/// counters each has its own right window.
fn other_windows(
    condition: &Expr,
    guard: &Expr,
    known: &Known,
) -> Option<(BTreeSet<Duration>, BTreeSet<Duration>)> {
    let (a, b) = (counters(condition, known), counters(guard, known));
    a.iter().find_map(|(counter, of_condition)| {
        let of_guard = b.get(counter)?;
        of_condition.is_disjoint(of_guard).then(|| (of_condition.clone(), of_guard.clone()))
    })
}

fn words(windows: &BTreeSet<Duration>) -> String {
    windows.iter().map(display_duration).collect::<Vec<_>>().join(" and ")
}

fn set_windows(expression: &mut Expr, window: Duration) {
    match expression {
        Expr::MatrixSelector(matrix) => matrix.range = window,
        Expr::Aggregate(aggregate) => set_windows(&mut aggregate.expr, window),
        Expr::Unary(unary) => set_windows(&mut unary.expr, window),
        Expr::Binary(binary) => {
            set_windows(&mut binary.lhs, window);
            set_windows(&mut binary.rhs, window);
        }
        Expr::Paren(inside) => set_windows(&mut inside.expr, window),
        Expr::Call(call) => call.args.args.iter_mut().for_each(|arg| set_windows(arg, window)),
        _ => {}
    }
}

#[cfg(test)]
mod tests;
