//! What people and servers write as queries: filter lines with matchers, and the expressions of alerts.

use std::collections::{BTreeMap, BTreeSet};

use aether_contract::GuardVerdict;

use super::sections;
use crate::{
    alerts::{
        expression,
        filter::{self, Filter},
        matcher::{self, Compiled, push_labels},
    },
    rules::{
        guard::{Context, classify},
        known::known,
        split,
    },
};

/// A filter line, then the labels that it is applied to: lines of `name=value`.
pub fn filter(data: &[u8]) {
    let Some(sections) = sections(data) else { return };
    let (line, rest) =
        (sections.first().copied().unwrap_or_default(), sections.get(1).copied().unwrap_or_default());
    let labels: BTreeMap<String, String> = rest
        .lines()
        .filter_map(|line| line.split_once('='))
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect();
    let mut haystack = String::new();
    push_labels(&mut haystack, &labels);
    if let Ok(filter) = Filter::parse(line) {
        let passes = filter.passes_labels(&labels);
        assert!(passes || !filter.is_empty(), "an empty filter hides an alert");
    }
    let Ok(matchers) = filter::matchers(line) else { return };
    for one in &matchers {
        let text = matcher::text(one);
        // Quoting makes a line longer, and there is a limit to what is read.
        if text.len() <= 4096 {
            assert_eq!(filter::matchers(&text).as_deref(), Ok(std::slice::from_ref(one)), "{text}");
        }
        if let Ok(compiled) = Compiled::new(one) {
            assert_eq!(compiled.matches(&labels), compiled.matches_text(&haystack, &labels), "{text}");
        }
    }
}

/// The expression of an alert, then recording rules: each a line of `name = expression`.
pub fn guard(data: &[u8]) {
    let Some(sections) = sections(data) else { return };
    let text = sections.first().copied().unwrap_or_default();
    let none = BTreeMap::new();
    let records: Vec<_> = sections
        .get(1)
        .copied()
        .unwrap_or_default()
        .lines()
        .filter_map(|line| line.split_once(" = "))
        .take(8)
        .map(|(name, expression)| (name, expression, &none))
        .collect();
    let known = known(&records);
    let named = BTreeSet::from(["tenant_id".to_owned()]);
    let context = Context { known: &known, tenant_label: "tenant_id", named: &named };
    let _ = expression::condition(text);
    if let Ok(expression) = split::parse(text) {
        let printed = expression.to_string();
        // What is shown and sent is the printed form. A range of nothing, which every server refuses, is the exception:
        // the parser takes `[0]`, prints it as `[0s]`, and does not take that.
        let parses = split::parse(&printed).is_ok() || printed.contains("0s");
        assert!(parses, "{text:?} is printed as {printed:?}, which is no expression");
    }
    if let Some(pieces) = split::pieces(text) {
        let joined = split::join(&pieces, true);
        assert_eq!(split::normal(&joined), split::normal(text), "{text:?} was joined as {joined:?}");
    }
    let Some(report) = classify(text, context) else { return };
    if let Some(rewrite) = report.rewrite {
        let again = classify(&rewrite, context).map(|report| report.verdict);
        assert_eq!(again, Some(GuardVerdict::Guarded), "{text:?} was rewritten as {rewrite:?}");
    }
}
