//! No two rules make the same. Page: `docs/checks/duplicate.md`.

use aether_contract::{FindingSeverity, RuleFinding};

use aether_foundation::promql::{
    split::{self, normal},
    walk::walk,
};
use promql_parser::{
    label::{MatchOp, Matcher},
    parser::Expr,
};
use regex_syntax::hir::literal::Extractor;

use super::{Subject, finding};
use crate::{file::FileRule, labels};

pub(super) fn check(subject: &Subject<'_>, findings: &mut Vec<RuleFinding>) {
    let own = subject.rule;
    let same = subject.namesakes.iter().filter_map(|at| subject.all.get(*at)).filter(|(_, other)| {
        !std::ptr::eq(*other, own) && other.alerting == own.alerting && other.labels == own.labels
    });
    // Alerts of one name with other expressions are a habit: one a severity has its own label, though. Rules that
    // record one name from series that are told apart by a label lose nothing.
    let mut found = same.filter_map(|(group, other)| {
        let identical = normal(&other.expression) == normal(&own.expression);
        let clash = identical || (!own.alerting && can_coincide(own, other, subject));
        clash.then_some((group, identical))
    });
    let Some((group, identical)) = found.next() else { return };
    let (severity, why) = if own.alerting {
        (
            FindingSeverity::Warning,
            "Both fire at the same time, and sooner or later only one of them gets edited.",
        )
    } else {
        (
            FindingSeverity::Error,
            "Two rules write the same series: at every evaluation, the samples of one are dropped.",
        )
    };
    let text = if identical { "the same expression" } else { "a different expression" };
    findings.push(finding(
        "duplicate",
        severity,
        format!("Group {group} has a rule with the same name and labels, with {text}."),
        why,
        "Delete one of them, or give it a unique name or labels.",
    ));
}

/// Whether two rules can record series with the same labels.
fn can_coincide(a: &FileRule, b: &FileRule, subject: &Subject<'_>) -> bool {
    let (Ok(a), Ok(b)) = (split::parse(&a.expression), split::parse(&b.expression)) else { return true };
    let (of_a, of_b) = (labels::of(&a, subject.known), labels::of(&b, subject.known));
    if of_a.apart(&of_b).is_some() {
        return false;
    }
    let kept = of_a.must.intersection(&of_b.must);
    kept.into_iter().all(|label| match (asked(&a, label), asked(&b, label)) {
        (Some(a), Some(b)) => a.iter().any(|a| b.iter().any(|b| meet(a, b))),
        _ => true,
    })
}

/// What each selector of an expression asks of a label; none where one asks nothing.
fn asked<'a>(expr: &'a Expr, label: &str) -> Option<Vec<Vec<&'a Matcher>>> {
    let mut found = Some(Vec::new());
    walk(expr, &mut |part| {
        let selector = match part {
            Expr::VectorSelector(selector) => selector,
            Expr::MatrixSelector(matrix) => &matrix.vs,
            _ => return,
        };
        let own: Vec<&Matcher> = labels::matchers(selector).filter(|matcher| matcher.name == label).collect();
        match &mut found {
            Some(all) if !own.is_empty() => all.push(own),
            _ => found = None,
        }
    });
    found.filter(|all| !all.is_empty())
}

/// Whether one value may pass both.
fn meet(a: &[&Matcher], b: &[&Matcher]) -> bool {
    let passes = |value: &str, all: &[&Matcher]| all.iter().all(|matcher| matcher.is_match(value));
    match (values(a), values(b)) {
        (Some(values), _) => values.iter().any(|value| passes(value, a) && passes(value, b)),
        (_, Some(values)) => values.iter().any(|value| passes(value, a) && passes(value, b)),
        _ => match (beginnings(a), beginnings(b)) {
            (Some(a), Some(b)) => {
                a.iter().any(|a| b.iter().any(|b| a.starts_with(b.as_str()) || b.starts_with(a.as_str())))
            }
            _ => true,
        },
    }
}

/// The values that matchers leave, where these are few and known.
fn values(all: &[&Matcher]) -> Option<Vec<String>> {
    all.iter().find_map(|matcher| match &matcher.op {
        MatchOp::Equal => Some(vec![matcher.value.clone()]),
        MatchOp::Re(_) => {
            let found: Vec<String> = matcher.value.split('|').map(str::to_owned).collect();
            let plain = |value: &String| {
                value.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'/'))
            };
            found.iter().all(plain).then_some(found)
        }
        _ => None,
    })
}

/// What the values that matchers leave begin with.
fn beginnings(all: &[&Matcher]) -> Option<Vec<String>> {
    all.iter().find_map(|matcher| {
        let MatchOp::Re(_) = &matcher.op else { return None };
        let parsed = regex_syntax::Parser::new().parse(&matcher.value).ok()?;
        let found = Extractor::new().extract(&parsed);
        let literals = found.literals()?;
        literals.iter().map(|one| std::str::from_utf8(one.as_bytes()).ok().map(str::to_owned)).collect()
    })
}
