//! What the recorded series of a set of rules carry and look at: read from the rules themselves. Pure.

use std::collections::{BTreeMap, HashMap};

use aether_foundation::promql::{split::parse, walk::walk};
use promql_parser::{label::MatchOp, parser::Expr};

use super::{
    divisor::divides,
    labels::{self, Divides, Divisor, Known, LabelSet, Origin, Recorded},
    nan,
    series_metadata::{counters, inputs, windows},
};

/// A recording rule: name, expression, labels that it adds.
pub type Record<'a> = (&'a str, &'a str, &'a BTreeMap<String, String>);

/// What the recording rules tell.
pub fn known(records: &[Record<'_>]) -> Known {
    let parsed: Vec<(&str, Expr, _)> = records
        .iter()
        .filter_map(|(name, text, added)| parse(text).ok().map(|expr| (*name, expr, *added)))
        .collect();
    known_of(&parsed)
}

/// What recording rules tell: names, expressions, and labels that they add.
pub fn known_of(parsed: &[(&str, Expr, &BTreeMap<String, String>)]) -> Known {
    let mut of_name: HashMap<&str, Vec<usize>> = HashMap::new();
    for (at, (name, ..)) in parsed.iter().enumerate() {
        of_name.entry(name).or_default().push(at);
    }
    // Each behind those that it reads: what they carry has to be known first. In a circle nothing is known.
    let mut order: Vec<usize> = Vec::with_capacity(parsed.len());
    let mut seen = vec![false; parsed.len()];
    for start in 0..parsed.len() {
        let mut open = vec![(start, false)];
        while let Some((at, done)) = open.pop() {
            if done {
                order.push(at);
                continue;
            }
            if seen.get(at).copied().unwrap_or(true) {
                continue;
            }
            if let Some(slot) = seen.get_mut(at) {
                *slot = true;
            }
            open.push((at, true));
            let Some((_, expr, _)) = parsed.get(at) else { continue };
            for name in inputs(expr) {
                open.extend(of_name.get(name.as_str()).into_iter().flatten().map(|at| (*at, false)));
            }
        }
    }
    let mut known = Known::new();
    for (name, expr, added) in order.into_iter().filter_map(|at| parsed.get(at)) {
        let found = recorded(expr, added, &known);
        match known.get_mut(*name) {
            // Several rules of one name: a series of any of them.
            Some(other) => {
                other.labels = other.labels.either(&found.labels);
                other.windows.extend(found.windows);
                for (counter, windows) in found.counters {
                    other.counters.entry(counter).or_default().extend(windows);
                }
                other.rules.extend(found.rules);
                other.nan |= found.nan;
            }
            None => {
                known.insert((*name).to_owned(), found);
            }
        }
    }
    known
}

fn recorded(expr: &Expr, added: &BTreeMap<String, String>, known: &Known) -> Recorded {
    let mut labels = labels::of(expr, known);
    for (label, value) in added {
        labels = if value.is_empty() { labels.dropping([label]) } else { labels.with(label) };
    }
    let mut divides = divides(expr, known);
    if let Divides::By(divisor) = &mut divides {
        without_added(divisor, expr, added, known);
    }
    let mut fixed = fixed_labels(expr, &labels);
    fixed.extend(added.iter().filter(|(_, value)| !value.is_empty()).map(|(l, v)| (l.clone(), v.clone())));
    Recorded {
        windows: windows(expr, known),
        counters: counters(expr, known),
        rules: vec![Origin { fixed, divides, expr: expr.clone() }],
        nan: nan::may_be(expr, known),
        labels,
    }
}

/// Labels that have one value in every series of an expression: those that all of its selectors fix alike.
pub fn fixed_labels(expression: &Expr, labels: &LabelSet) -> BTreeMap<String, String> {
    let mut found: Option<BTreeMap<String, String>> = None;
    walk(expression, &mut |part| {
        let selector = match part {
            Expr::VectorSelector(selector) => selector,
            Expr::MatrixSelector(matrix) => &matrix.vs,
            _ => return,
        };
        let own: BTreeMap<String, String> = labels::matchers(selector)
            .filter(|matcher| {
                matcher.op == MatchOp::Equal && matcher.name != "__name__" && !matcher.value.is_empty()
            })
            .map(|matcher| (matcher.name.clone(), matcher.value.clone()))
            .collect();
        match &mut found {
            Some(found) => found.retain(|name, value| own.get(name) == Some(value)),
            None => found = Some(own),
        }
    });
    let mut found = found.unwrap_or_default();
    found.retain(|name, _| labels.must.contains(name));
    found
}

/// A denominator without the labels that its recording rule adds to the ratio: the ratio has them, it has not.
fn without_added(divisor: &mut Divisor, expression: &Expr, added: &BTreeMap<String, String>, known: &Known) {
    if added.is_empty() {
        return;
    }
    divisor.matching = match divisor.matching.take() {
        Some((true, labels)) => {
            Some((true, labels.into_iter().filter(|label| !added.contains_key(label)).collect()))
        }
        Some((false, labels)) => Some((false, labels.into_iter().chain(added.keys().cloned()).collect())),
        None => match labels::of(expression, known).may {
            Some(may) => Some((true, may.into_iter().filter(|label| !added.contains_key(label)).collect())),
            None => Some((false, added.keys().cloned().collect())),
        },
    };
}

#[cfg(test)]
mod tests {
    use std::{collections::BTreeSet, time::Duration};

    use super::*;
    use crate::series_metadata::has_traffic;

    #[test]
    fn recorded_series_are_followed_through_each_other() {
        let none = BTreeMap::new();
        let extra = BTreeMap::from([("tier".to_owned(), "gold".to_owned())]);
        let known = known(&[
            ("score:15m", "0.5 * a:r:5m + 1", &none),
            ("a:r:5m", "sum by (t) (rate(hits[5m])) / sum by (t) (rate(requests{x=\"1\"}[5m]))", &extra),
        ]);
        let score = &known["score:15m"];
        assert_eq!(score.labels, LabelSet::exactly(["t", "tier"]));
        assert_eq!(score.windows, BTreeSet::from([Duration::from_secs(300)]));
        assert_eq!(
            score.rules[0].divides,
            Divides::By(Divisor {
                text: "sum by (t) (rate(requests{x=\"1\"}[5m]))".into(),
                matching: Some((true, vec!["t".into()]))
            })
        );
        assert_eq!(score.counters.keys().collect::<Vec<_>>(), ["hits", "requests"]);
        let unknown = parse("else:rate15m < 1").unwrap();
        assert_eq!(windows(&unknown, &Known::new()), BTreeSet::from([Duration::from_secs(900)]));
        assert!(has_traffic(&parse("score:15m > 0").unwrap(), &known));
    }
}
