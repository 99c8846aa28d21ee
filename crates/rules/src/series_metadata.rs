//! What an expression's series look at and count, in the series that it reads too. Pure.

use aether_foundation::promql::walk::{RATES, walk};
use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use promql_parser::parser::Expr;

use super::labels::{self, Known};

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

/// The series that an expression counts, each with its windows, those of recorded series in it too.
pub fn counters(expression: &Expr, known: &Known) -> BTreeMap<String, BTreeSet<Duration>> {
    let mut found: BTreeMap<String, BTreeSet<Duration>> = BTreeMap::new();
    walk(expression, &mut |part| match part {
        Expr::MatrixSelector(matrix) => {
            if let Some(name) = labels::name_of(&matrix.vs) {
                found.entry(name).or_default().insert(matrix.range);
            }
        }
        Expr::VectorSelector(selector) => {
            let recorded = labels::name_of(selector).and_then(|name| known.get(&name));
            for (counter, windows) in recorded.iter().flat_map(|recorded| &recorded.counters) {
                found.entry(counter.clone()).or_default().extend(windows.iter().copied());
            }
        }
        _ => {}
    });
    found
}

/// Whether an expression counts something over a window itself.
pub fn has_rate(expression: &Expr) -> bool {
    let mut found = false;
    walk(expression, &mut |part| {
        found |= matches!(part, Expr::Call(call) if RATES.contains(&call.func.name)
            && matches!(call.args.args.first().map(AsRef::as_ref), Some(Expr::MatrixSelector(_))));
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
