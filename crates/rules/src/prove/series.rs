//! The series that expressions read, made up so that their selectors find them, and those of others beside them. Pure.

use std::collections::{BTreeMap, BTreeSet};

use aether_foundation::promql::{
    split::{self, parse},
    walk::walk,
};
use promql_parser::{
    label::Matcher,
    parser::{Expr, LabelModifier, VectorMatchCardinality, VectorSelector},
};

use super::{Proposal, Recording, sample};
use crate::{
    divisor::divides,
    labels::{Divides, Known, matchers, name_of},
};

/// Most rules that record what the expressions read.
const MAX_RECORDINGS: usize = 30;

/// A series with the labels that a selector asks for.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Series {
    pub(super) name: String,
    pub(super) labels: BTreeMap<String, String>,
    pub(super) counter: bool,
}

impl Series {
    pub(super) fn text(&self) -> String {
        let labels: Vec<String> =
            self.labels.iter().map(|(name, value)| format!("{name}={value:?}")).collect();
        format!("{}{{{}}}", self.name, labels.join(","))
    }
}

/// The rules that record what the expressions read, each behind those that it reads itself.
pub(super) fn closure<'a>(roots: &[&Expr], recordings: &'a [Recording]) -> Option<Vec<&'a Recording>> {
    fn add<'a>(
        expr: &Expr,
        all: &'a [Recording],
        found: &mut Vec<&'a Recording>,
        depth: usize,
    ) -> Option<()> {
        if depth > 8 {
            return None;
        }
        for (selector, _) in selectors(expr) {
            let Some(name) = name_of(selector) else { continue };
            for one in all.iter().filter(|one| one.name == name) {
                if found.iter().any(|other| std::ptr::eq(*other, one)) {
                    continue;
                }
                add(&parse(&one.expression).ok()?, all, found, depth + 1)?;
                found.push(one);
                if found.len() > MAX_RECORDINGS {
                    return None;
                }
            }
        }
        Some(())
    }
    let mut found = Vec::new();
    for root in roots {
        add(root, recordings, &mut found, 0)?;
    }
    Some(found)
}

/// The selectors of an expression, and whether each has a window.
pub(super) fn selectors(expr: &Expr) -> Vec<(&VectorSelector, bool)> {
    let mut found = Vec::new();
    walk(expr, &mut |part| match part {
        Expr::VectorSelector(selector) => found.push((selector, false)),
        Expr::MatrixSelector(matrix) => found.push((&matrix.vs, true)),
        _ => {}
    });
    found
}

/// Labels that an expression names anywhere.
fn labels_in(expr: &Expr) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let modified = |modifier: Option<&LabelModifier>| match modifier {
        Some(LabelModifier::Include(labels) | LabelModifier::Exclude(labels)) => labels.labels.clone(),
        None => Vec::new(),
    };
    walk(expr, &mut |part| match part {
        Expr::Aggregate(aggregate) => found.extend(modified(aggregate.modifier.as_ref())),
        Expr::Binary(binary) => {
            let Some(modifier) = &binary.modifier else { return };
            found.extend(modified(modifier.matching.as_ref()));
            if let VectorMatchCardinality::ManyToOne(labels) | VectorMatchCardinality::OneToMany(labels) =
                &modifier.card
            {
                found.extend(labels.labels.clone());
            }
        }
        _ => {}
    });
    for (selector, _) in selectors(expr) {
        found.extend(matchers(selector).map(|matcher| matcher.name.clone()));
    }
    found.extend(["job", "instance"].map(str::to_owned));
    found.remove("__name__");
    found
}

fn matchers_of<'a>(selector: &'a VectorSelector, label: &str) -> Vec<&'a Matcher> {
    matchers(selector).filter(|matcher| matcher.name == label).collect()
}

/// The labels of the series, each with its value where a selector does not ask for another: one that is asked of
/// recorded series, so that they are selected.
pub(super) fn universe(all: &[Expr], known: &Known) -> BTreeMap<String, String> {
    let names: BTreeSet<String> = all.iter().flat_map(labels_in).collect();
    let recorded: Vec<&VectorSelector> = all
        .iter()
        .flat_map(selectors)
        .map(|(selector, _)| selector)
        .filter(|selector| name_of(selector).is_some_and(|name| known.contains_key(&name)))
        .collect();
    let value = |name: &String| {
        let wish = if name == "le" { "+Inf" } else { "a" };
        let asked: Vec<&Matcher> = recorded.iter().flat_map(|selector| matchers_of(selector, name)).collect();
        sample::value(&asked, wish).filter(|value| !value.is_empty()).unwrap_or_else(|| wish.to_owned())
    };
    names.into_iter().map(|name| (name.clone(), value(&name))).collect()
}

/// A series that a selector selects.
pub(super) fn own(
    selector: &VectorSelector,
    name: &str,
    counter: bool,
    universe: &BTreeMap<String, String>,
) -> Option<Series> {
    let mut labels = BTreeMap::new();
    for (label, wish) in universe {
        let value = sample::value(&matchers_of(selector, label), wish)?;
        if !value.is_empty() {
            labels.insert(label.clone(), value);
        }
    }
    Some(Series { name: name.to_owned(), labels, counter })
}

/// The same with other values of the labels that nothing is said of.
pub(super) fn another_tenant(
    selector: &VectorSelector,
    own: &Series,
    universe: &BTreeMap<String, String>,
) -> Option<Series> {
    let mut other = own.clone();
    let free = universe.keys().filter(|label| *label != "le" && matchers_of(selector, label).is_empty());
    for label in free {
        other.labels.insert(label.clone(), "b".to_owned());
    }
    (other != *own).then_some(other)
}

/// The same with another value of a label that the selector asks for.
pub(super) fn another_service(selector: &VectorSelector, own: &Series) -> Option<Series> {
    let mut other = own.clone();
    let label =
        matchers(selector).map(|matcher| &matcher.name).find(|name| *name != "__name__" && *name != "le")?;
    let value = sample::other(&matchers_of(selector, label))?;
    if value.is_empty() {
        other.labels.remove(label)
    } else {
        other.labels.insert(label.clone(), value)
    };
    Some(other)
}

/// The series whose traffic an alert is about: those that its condition divides by, with all outcomes of them that the
/// condition reads; where it does not divide, those that its guard asks for.
pub(super) fn traffic(
    proposal: &Proposal,
    condition: &Expr,
    known: &Known,
    universe: &BTreeMap<String, String>,
) -> Option<BTreeSet<Series>> {
    let reached = |expr: &Expr| -> Option<BTreeSet<Series>> {
        let mut found = BTreeSet::new();
        reach(
            expr,
            known,
            &mut |selector, counter| {
                let name = name_of(selector)?;
                found.insert(own(selector, &name, counter, universe)?);
                Some(())
            },
            0,
        )?;
        Some(found)
    };
    if let Divides::By(divisor) = divides(condition, known) {
        let mut found = reached(&parse(&divisor.text).ok()?)?;
        let names: BTreeSet<String> = found.iter().map(|one| one.name.clone()).collect();
        found.extend(reached(condition)?.into_iter().filter(|one| names.contains(&one.name)));
        return Some(found);
    }
    let pieces = split::pieces(&proposal.rewrite)?;
    let mut found = BTreeSet::new();
    for piece in pieces.iter().filter(|piece| piece.text.trim() != proposal.condition.trim()) {
        found.extend(reached(&piece.expr)?);
    }
    Some(found)
}

/// Every selector that an expression comes down to, through the rules that record what it reads.
fn reach(
    expr: &Expr,
    known: &Known,
    look: &mut dyn FnMut(&VectorSelector, bool) -> Option<()>,
    depth: usize,
) -> Option<()> {
    for (selector, counter) in selectors(expr) {
        let recorded = name_of(selector).and_then(|name| known.get(&name));
        let Some(recorded) = recorded.filter(|_| depth < 8) else {
            look(selector, counter)?;
            continue;
        };
        for rule in &recorded.rules {
            let meant = matchers(selector)
                .all(|matcher| rule.fixed.get(&matcher.name).is_none_or(|value| matcher.is_match(value)));
            if meant {
                reach(&rule.expr, known, look, depth + 1)?;
            }
        }
    }
    Some(())
}
