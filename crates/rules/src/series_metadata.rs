//! What the recorded series of a set of rules carry and look at: read from the rules themselves. Pure.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use promql_parser::parser::{Expr, token};

use super::{
    labels::{self, Known, Recorded, Traffic},
    nan,
};
use aether_foundation::promql::split::parse;

/// Recorded series read recorded series; deeper than this nobody builds them.
const PASSES: usize = 4;

/// Functions that turn a counter into traffic.
pub const RATES: [&str; 6] = ["rate", "irate", "increase", "delta", "idelta", "changes"];

/// A recording rule: name, expression, labels that it adds.
pub type Record<'a> = (&'a str, &'a str, &'a BTreeMap<String, String>);

/// What the recording rules tell.
pub fn known(records: &[Record<'_>]) -> Known {
    let parsed: Vec<_> = records
        .iter()
        .filter_map(|(name, text, added)| parse(text).ok().map(|expr| (*name, expr, *added)))
        .collect();
    let mut known = Known::new();
    for _ in 0..PASSES {
        let mut next = Known::new();
        for (name, expr, added) in &parsed {
            let mut labels = labels::of(expr, &known);
            for (label, value) in *added {
                labels = if value.is_empty() { labels.dropping([label]) } else { labels.with(label) };
            }
            let found = Recorded {
                labels,
                windows: windows(expr, &known),
                ratio: ratio(expr, &known),
                nan: nan::may_be(expr, &known),
            };
            match next.get_mut(*name) {
                // Several rules of one name: a series of any of them.
                Some(other) => {
                    other.labels = other.labels.either(&found.labels);
                    other.windows.extend(found.windows);
                    other.ratio = other.ratio.take().or(found.ratio);
                    other.nan |= found.nan;
                }
                None => {
                    next.insert((*name).to_owned(), found);
                }
            }
        }
        if next == known {
            break;
        }
        known = next;
    }
    known
}

/// The windows that an expression looks at, those of recorded series in it too. Of a recorded series whose rule is not
/// at hand: the window that its name ends in (`…:5m`).
pub fn windows(expression: &Expr, known: &Known) -> BTreeSet<Duration> {
    let mut found = BTreeSet::new();
    walk(expression, &mut |part| match part {
        Expr::MatrixSelector(matrix) => {
            found.insert(matrix.range);
        }
        Expr::VectorSelector(selector) => {
            let Some(name) = labels::name_of(selector) else { return };
            match known.get(&name) {
                Some(recorded) => found.extend(recorded.windows.iter().copied()),
                None => found.extend(name.split(':').skip(1).filter_map(window_in_name)),
            }
        }
        _ => {}
    });
    found
}

/// The last part of a recorded series' name: `5m`, `rate5m`.
fn window_in_name(part: &str) -> Option<Duration> {
    let from = part.find(|c: char| c.is_ascii_digit())?;
    promql_parser::util::parse_duration(part.get(from..)?).ok()
}

/// What an expression divides by, when that is a rate.
pub fn ratio(expression: &Expr, known: &Known) -> Option<Traffic> {
    let mut found = None;
    walk(expression, &mut |part| match part {
        Expr::Binary(binary) if binary.op.id() == token::T_DIV && found.is_none() => {
            found = traffic(&binary.rhs);
        }
        Expr::VectorSelector(selector) if found.is_none() => {
            let recorded = labels::name_of(selector).and_then(|name| known.get(&name));
            found = recorded.and_then(|recorded| recorded.ratio.clone());
        }
        _ => {}
    });
    found
}

/// The first rate in an expression.
pub fn traffic(expression: &Expr) -> Option<Traffic> {
    let mut found = None;
    walk(expression, &mut |part| {
        if let Expr::Call(call) = part
            && RATES.contains(&call.func.name)
            && let Some(Expr::MatrixSelector(matrix)) = call.args.args.first().map(AsRef::as_ref)
            && found.is_none()
        {
            found = Some(Traffic { selector: matrix.vs.to_string(), window: matrix.range });
        }
    });
    found
}

/// Whether an expression has a rate or a count over time in it, or reads a recorded series that has.
pub fn has_traffic(expression: &Expr, known: &Known) -> bool {
    let mut found = false;
    walk(expression, &mut |part| match part {
        Expr::Call(call) => found |= RATES.contains(&call.func.name) || call.func.name == "count_over_time",
        Expr::VectorSelector(selector) => {
            let recorded = labels::name_of(selector).and_then(|name| known.get(&name));
            found |= recorded.is_some_and(|recorded| !recorded.windows.is_empty());
        }
        _ => {}
    });
    found
}

/// The names of the series that an expression reads.
pub fn inputs(expression: &Expr) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    walk(expression, &mut |part| match part {
        Expr::VectorSelector(selector) => found.extend(labels::name_of(selector)),
        Expr::MatrixSelector(matrix) => found.extend(labels::name_of(&matrix.vs)),
        _ => {}
    });
    found
}

/// Goes through all parts of an expression, the whole first.
pub fn walk<'a>(expression: &'a Expr, look: &mut impl FnMut(&'a Expr)) {
    look(expression);
    match expression {
        Expr::Aggregate(aggregate) => {
            walk(&aggregate.expr, look);
            if let Some(param) = &aggregate.param {
                walk(param, look);
            }
        }
        Expr::Unary(unary) => walk(&unary.expr, look),
        Expr::Binary(binary) => {
            walk(&binary.lhs, look);
            walk(&binary.rhs, look);
        }
        Expr::Paren(inside) => walk(&inside.expr, look),
        Expr::Subquery(sub) => walk(&sub.expr, look),
        Expr::Call(call) => call.args.args.iter().for_each(|arg| walk(arg, look)),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn recorded_series_are_followed_through_each_other() {
        let none = BTreeMap::new();
        let extra = BTreeMap::from([("tier".to_owned(), "gold".to_owned())]);
        let known = known(&[
            ("score:15m", "0.5 * a:r:5m + 1", &none),
            ("a:r:5m", "sum by (t) (rate(hits[5m])) / sum by (t) (rate(requests{x=\"1\"}[5m]))", &extra),
        ]);
        let score = &known["score:15m"];
        assert_eq!(score.labels, LabelSetOf::exactly(["t", "tier"]));
        assert_eq!(score.windows, BTreeSet::from([Duration::from_secs(300)]));
        assert_eq!(score.ratio.as_ref().unwrap().selector, "requests{x=\"1\"}");
        let unknown = parse("else:rate15m < 1").unwrap();
        assert_eq!(windows(&unknown, &Known::new()), BTreeSet::from([Duration::from_secs(900)]));
        assert!(has_traffic(&parse("score:15m > 0").unwrap(), &known));
    }

    use labels::LabelSet as LabelSetOf;
}
