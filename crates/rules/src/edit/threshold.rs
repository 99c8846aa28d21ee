//! Which number of an expression is its threshold, and another one in its place. Pure.
//!
//! Nothing is guessed: where several comparisons could be meant, somebody has to say which.

use std::{collections::BTreeSet, ops::Range};

use aether_contract::RuleThreshold;
use aether_foundation::promql::{
    comparisons::{Comparison, comparisons, constant},
    split,
    walk::walk,
};
use promql_parser::parser::{Expr, token};
use regex::Regex;

use crate::{
    labels::{self, Known},
    series_metadata::has_traffic,
};

/// A comparison, and whether it only asks for traffic.
struct Candidate {
    found: Comparison,
    text: String,
    guard: bool,
}

/// The comparisons of an expression with a number, for a person to choose from.
pub fn thresholds(text: &str) -> Vec<RuleThreshold> {
    candidates(text)
        .into_iter()
        .map(|one| RuleThreshold { text: one.text, value: one.found.value, guard: one.guard })
        .collect()
}

/// The threshold of an expression. None when it compares nothing with a number, or several and `of` does not say which.
pub fn threshold(text: &str, of: Option<&str>) -> Option<f64> {
    chosen(text, &candidates(text), of).ok().map(|found| found.value)
}

/// A rule's expression with another threshold, everything else as it was written. `of` names the comparison.
///
/// # Errors
/// When the expression compares nothing with a number, or several and `of` does not say which.
pub fn with_threshold(text: &str, threshold: f64, of: Option<&str>) -> Result<String, String> {
    let place = place(text, threshold, of)?;
    let new = put(text, place.clone(), threshold);
    // Everything else must be as before.
    let (before, after) = (candidates(text), candidates(&new));
    let same = before.len() == after.len()
        && before.iter().zip(&after).all(|(a, b)| {
            let meant = a.found.number.start <= place.start && place.end <= a.found.number.end;
            let value = if meant { threshold } else { a.found.value };
            a.found.operator == b.found.operator && value == b.found.value
        });
    if same { Ok(new) } else { Err("its threshold could not be located in the expression".into()) }
}

/// The number that a threshold is, as it is written.
pub(super) fn written<'a>(text: &'a str, of: Option<&str>) -> Option<&'a str> {
    text.get(place(text, 0.0, of).ok()?)
}

fn put(text: &str, place: Range<usize>, threshold: f64) -> String {
    let head = text.get(..place.start).unwrap_or_default();
    format!("{head}{threshold}{}", text.get(place.end..).unwrap_or_default())
}

fn place(text: &str, threshold: f64, of: Option<&str>) -> Result<Range<usize>, String> {
    if !threshold.is_finite() {
        return Err("a threshold must be a finite number".into());
    }
    let all = candidates(text);
    Ok(inside(text, chosen(text, &all, of)?.number.clone()))
}

fn chosen<'a>(text: &str, all: &'a [Candidate], of: Option<&str>) -> Result<&'a Comparison, String> {
    match of.map(str::trim).filter(|of| !of.is_empty()) {
        Some(of) => named(text, all, of),
        None => only(all),
    }
}

/// A number without the parentheses around it.
fn inside(text: &str, at: Range<usize>) -> Range<usize> {
    let number = text.get(at.clone()).unwrap_or_default();
    let inner = number.strip_prefix('(').and_then(|rest| rest.strip_suffix(')'));
    let Some(inner) = inner.filter(|inner| constant(inner).is_some()) else { return at };
    let lead = inner.len() - inner.trim_start().len();
    inside(text, at.start + 1 + lead..at.start + 1 + lead + inner.trim().len())
}

/// The one that is meant when nobody says which.
fn only(all: &[Candidate]) -> Result<&Comparison, String> {
    let about: Vec<&Candidate> = all.iter().filter(|one| !one.guard).collect();
    let about = if about.is_empty() { all.iter().collect() } else { about };
    match about.as_slice() {
        [] => Err("its expression does not compare a value with a number".into()),
        [one] => Ok(&one.found),
        several => Err(format!("several numbers could be its threshold: {}", list(several))),
    }
}

/// The one that a person named: by its text, by its operator and number, or by a part of its text that no other has.
fn named<'a>(text: &str, all: &'a [Candidate], of: &str) -> Result<&'a Comparison, String> {
    let of = squeezed(of);
    let number = |one: &Candidate| squeezed(text.get(one.found.number.clone()).unwrap_or_default());
    let tail = |one: &Candidate| format!("{}{}", one.found.operator, number(one));
    let ways: [&dyn Fn(&Candidate) -> bool; 4] =
        [&|one| squeezed(&one.text) == of, &|one| tail(one) == of, &|one| number(one) == of, &|one| {
            squeezed(&one.text).contains(&of)
        }];
    for way in ways {
        let found: Vec<&Candidate> = all.iter().filter(|one| way(one)).collect();
        match found.as_slice() {
            [] => {}
            [one] => return Ok(&one.found),
            several => return Err(format!("several comparisons match: {}", list(several))),
        }
    }
    let every: Vec<&Candidate> = all.iter().collect();
    Err(match every.as_slice() {
        [] => "its expression does not compare a value with a number".to_owned(),
        every => format!("no comparison matches; it has {}", list(every)),
    })
}

fn list(all: &[&Candidate]) -> String {
    all.iter().map(|one| format!("`{}`", one.text)).collect::<Vec<_>>().join(", ")
}

/// Without blanks, so that the layout does not matter.
fn squeezed(text: &str) -> String {
    text.chars().filter(|c| !c.is_whitespace()).collect()
}

fn candidates(text: &str) -> Vec<Candidate> {
    let Some(found) = comparisons(text) else { return Vec::new() };
    let divisors = split::parse(text).map(|expr| divisors(&expr)).unwrap_or_default();
    // The operands that an `and` or `unless` joins.
    let joined: Vec<(String, bool)> = split::pieces(text)
        .filter(|pieces| pieces.len() > 1)
        .into_iter()
        .flatten()
        .map(|piece| (bare(&piece.expr).to_string(), piece.join.is_some_and(|join| join.unless)))
        .collect();
    found
        .into_iter()
        .map(|found| {
            let own = found.text(text);
            let guard = is_guard(own, &found, &joined, &divisors);
            Candidate { text: own.split_whitespace().collect::<Vec<_>>().join(" "), guard, found }
        })
        .collect()
}

/// Whether a comparison only asks whether there is something: a rate above nothing, joined to a condition or in what
/// something is divided by, or what the condition divides by above nothing.
fn is_guard(text: &str, found: &Comparison, joined: &[(String, bool)], divisors: &BTreeSet<String>) -> bool {
    let Ok(expr) = split::parse(text) else { return false };
    let more = matches!(found.operator, ">" | "!=");
    let Expr::Binary(binary) = bare(&expr) else { return false };
    let side = if labels::is_plain(&binary.lhs) { &binary.rhs } else { &binary.lhs };
    let divides = divisors.contains(&bare(side).to_string());
    if found.value != 0.0 || !(divides || has_traffic(&expr, &Known::new())) {
        return false;
    }
    let printed = bare(&expr).to_string();
    let unless = joined.iter().find(|(other, _)| *other == printed).map(|(_, unless)| *unless);
    match unless {
        Some(true) => matches!(found.operator, "==" | "<="),
        Some(false) => more,
        None => found.in_denominator && more,
    }
}

/// What an expression divides by.
fn divisors(expr: &Expr) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    walk(expr, &mut |part| {
        if let Expr::Binary(binary) = part
            && binary.op.id() == token::T_DIV
        {
            found.insert(bare(&binary.rhs).to_string());
        }
    });
    found
}

fn bare(expr: &Expr) -> &Expr {
    match expr {
        Expr::Paren(inside) => bare(&inside.expr),
        other => other,
    }
}

/// Where a number stands in a value of a file as it is written there: its blanks may be line breaks.
pub(super) fn places(raw: &str, number: &str) -> Vec<Range<usize>> {
    let parts: Vec<String> = number.split_whitespace().map(regex::escape).collect();
    let Ok(pattern) = Regex::new(&parts.join(r"\s+")) else { return Vec::new() };
    // The threshold mostly stands last.
    let mut found: Vec<Range<usize>> = pattern.find_iter(raw).map(|hit| hit.range()).collect();
    found.reverse();
    found
}
