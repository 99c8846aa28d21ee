//! What promtool evaluates to prove a rewritten expression: traffic of every kind that can be told apart. Pure.
//!
//! Every series that the expressions read has no, little, much or very much traffic, in all combinations as far as they
//! are not too many; beside it stand the same series of another service. Each scenario has three phases: traffic, none,
//! and traffic again.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use aether_foundation::promql::{
    split::{self, parse},
    walk::walk,
};
use promql_parser::{
    label::Matcher,
    parser::{Expr, LabelModifier, Offset, VectorMatchCardinality, VectorSelector},
};
use serde_json::{Value, json};

use super::{Proposal, Recording, sample};
use crate::{
    divisor::divides,
    labels::{Divides, Known, matchers, name_of},
    recordings::known,
};

/// Traffic of a series, in events a second; a gauge has the value itself.
const LEVELS: [f64; 4] = [0.0, 1.0, 100.0, 1e7];
/// Most steps of a scenario, over its three phases.
const MAX_STEPS: usize = 3000;
/// Most evaluations of all scenarios.
const MAX_EVALUATIONS: usize = 20_000;
/// Most scenarios in which the rewritten expression is looked for to fire.
const MAX_FIRING: usize = 20;
/// Most series that the expressions read, and most rules that record what they read.
const MAX_SERIES: usize = 12;
const MAX_RECORDINGS: usize = 30;

/// Files of promtool's: rules, and tests of them.
pub(super) struct Files {
    /// Rules of both expressions, and those that record what they read.
    pub(super) rules: Value,
    /// Holds when the rewritten expression fires exactly where it should.
    pub(super) safe: Value,
    /// Fails when there is a scenario in which it fires at all.
    pub(super) silent: Value,
}

/// A series with the labels that a selector asks for.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Series {
    name: String,
    labels: BTreeMap<String, String>,
    counter: bool,
}

impl Series {
    fn text(&self) -> String {
        let labels: Vec<String> =
            self.labels.iter().map(|(name, value)| format!("{name}={value:?}")).collect();
        format!("{}{{{}}}", self.name, labels.join(","))
    }
}

/// The files for a proposal. None where what it reads can't be made up: too much of it, or names that are patterns.
pub(super) fn files(proposal: &Proposal, recordings: &[Recording]) -> Option<Files> {
    let (condition, rewrite) = (parse(&proposal.condition).ok()?, parse(&proposal.rewrite).ok()?);
    let used = closure(&[&condition, &rewrite], recordings)?;
    let records: Vec<_> =
        used.iter().map(|one| (one.name.as_str(), one.expression.as_str(), &one.labels)).collect();
    let known = known(&records);
    let mut all: Vec<Expr> = used.iter().map(|one| parse(&one.expression)).collect::<Result<_, _>>().ok()?;
    all.push(rewrite);
    let universe = universe(&all, &known);
    let mut series: BTreeSet<Series> = BTreeSet::new();
    let mut others: BTreeSet<Series> = BTreeSet::new();
    let mut tenants: BTreeSet<Series> = BTreeSet::new();
    for (selector, counter) in all.iter().flat_map(selectors) {
        let name = name_of(selector)?;
        if known.contains_key(&name) {
            continue;
        }
        let own = own(selector, &name, counter, &universe)?;
        tenants.extend(another_tenant(selector, &own, &universe));
        others.extend(another_service(selector, &own));
        series.insert(own);
    }
    others.retain(|one| !series.contains(one));
    tenants.retain(|one| !series.contains(one) && !others.contains(one));
    if series.is_empty() || series.len() > MAX_SERIES {
        return None;
    }
    let traffic = traffic(proposal, &condition, &known, &universe)?;
    let grid = Grid::of(&all, used.len())?;
    let series: Vec<Series> = series.into_iter().collect();
    let counted: Vec<bool> = series.iter().map(|one| traffic.contains(one)).collect();
    let (mut safe, mut silent) = (Vec::new(), Vec::new());
    for (index, levels) in assignments(series.len(), grid.scenarios).into_iter().enumerate() {
        let flows = levels.iter().zip(&counted).any(|(level, counted)| *counted && *level > 0.0);
        // The other series are busy in every second scenario.
        let beside = if (index / LEVELS.len() + index).is_multiple_of(2) { 0.0 } else { LEVELS[2] };
        let mut input: Vec<Value> =
            series.iter().zip(&levels).map(|(one, level)| grid.series(one, *level, true)).collect();
        input.extend(others.iter().map(|one| grid.series(one, beside, false)));
        input.extend(tenants.iter().map(|one| grid.series(one, beside, true)));
        safe.push(grid.test(&input, &grid.checks(flows)));
        if flows && silent.len() < MAX_FIRING {
            silent.push(grid.test(&input, &[(BOTH, grid.ends[0])]));
        }
    }
    let nothing: Vec<Value> = series
        .iter()
        .map(|one| json!({"series": one.text(), "values": format!("NaN+0x{}", grid.steps * 3)}))
        .collect();
    safe.push(grid.test(&nothing, &[(ONLY_REWRITTEN, grid.ends[0])]));
    let mut rules: Vec<Value> = used
        .iter()
        .map(|one| json!({"record": one.name, "expr": one.expression, "labels": one.labels}))
        .collect();
    rules.push(json!({"alert": "Condition", "expr": proposal.condition}));
    rules.push(json!({"alert": "Rewritten", "expr": proposal.rewrite}));
    let tests = |tests: Vec<Value>| json!({"rule_files": ["rules.yml"], "evaluation_interval": grid.interval_text(), "tests": tests});
    Some(Files {
        rules: json!({"groups": [{"name": "proof", "rules": rules}]}),
        safe: tests(safe),
        silent: tests(silent),
    })
}

const ONLY_REWRITTEN: &str = "ALERTS{alertname=\"Rewritten\",alertstate=\"firing\"} unless ignoring (alertname) \
    ALERTS{alertname=\"Condition\",alertstate=\"firing\"}";
const ONLY_CONDITION: &str = "ALERTS{alertname=\"Condition\",alertstate=\"firing\"} unless ignoring (alertname) \
    ALERTS{alertname=\"Rewritten\",alertstate=\"firing\"}";
const BOTH: &str = "ALERTS{alertname=\"Condition\",alertstate=\"firing\"} and ignoring (alertname) \
    ALERTS{alertname=\"Rewritten\",alertstate=\"firing\"}";
const REWRITTEN: &str = "ALERTS{alertname=\"Rewritten\",alertstate=\"firing\"}";

/// The times of a scenario.
struct Grid {
    interval: Duration,
    /// Steps of a phase.
    steps: usize,
    /// Ends of the phases, in steps.
    ends: [usize; 3],
    /// How many scenarios can be evaluated.
    scenarios: usize,
}

impl Grid {
    fn of(all: &[Expr], recordings: usize) -> Option<Self> {
        let (mut least, mut most) = (Duration::from_secs(240), Duration::from_secs(60));
        let mut fixed = false;
        for expr in all {
            walk(expr, &mut |part| {
                let (range, offset, at) = match part {
                    Expr::MatrixSelector(matrix) => (Some(matrix.range), &matrix.vs.offset, &matrix.vs.at),
                    Expr::Subquery(sub) => (Some(sub.range), &sub.offset, &sub.at),
                    Expr::VectorSelector(selector) => (None, &selector.offset, &selector.at),
                    _ => return,
                };
                fixed |= at.is_some();
                if let Some(range) = range {
                    least = least.min(range);
                    most = most.max(range);
                }
                match offset {
                    Some(Offset::Pos(by)) => most = most.max(*by + range.unwrap_or_default()),
                    Some(Offset::Neg(_)) => fixed = true,
                    None => {}
                }
            });
        }
        let interval = Duration::from_secs((least.as_secs() / 4).clamp(1, 60));
        let steps = usize::try_from(most.as_secs() * 4 / 3 / interval.as_secs()).ok()? + 4;
        if fixed || steps * 3 > MAX_STEPS {
            return None;
        }
        let scenarios = (MAX_EVALUATIONS / (steps * 3 * (recordings + 2))).clamp(8, 40);
        Some(Self { interval, steps, ends: [steps - 1, 2 * steps - 1, 3 * steps - 1], scenarios })
    }

    fn interval_text(&self) -> String {
        format!("{}s", self.interval.as_secs())
    }

    /// A series over the three phases; a counter that `pauses` stands still in the second.
    fn series(&self, one: &Series, level: f64, pauses: bool) -> Value {
        let last = self.steps - 1;
        let values = if one.counter {
            let step = level * self.interval.as_secs_f64();
            let pause = if pauses { 0.0 } else { step };
            let (mut begin, mut parts) = (0.0, Vec::new());
            for step in [step, pause, step] {
                parts.push(format!("{begin}+{step}x{last}"));
                begin += step * self.steps as f64;
            }
            parts.join(" ")
        } else {
            format!("{level}+0x{}", self.steps * 3)
        };
        json!({"series": one.text(), "values": values})
    }

    /// What must be empty, and when.
    fn checks(&self, flows: bool) -> Vec<(&'static str, usize)> {
        let [first, second, third] = self.ends;
        let mut checks: Vec<_> = [first, first + 2, second, second + 3, third]
            .into_iter()
            .map(|at| (ONLY_REWRITTEN, at))
            .collect();
        checks.push((REWRITTEN, second));
        if flows {
            checks.extend([(ONLY_CONDITION, first), (ONLY_CONDITION, third)]);
        }
        checks
    }

    fn test(&self, input: &[Value], checks: &[(&str, usize)]) -> Value {
        let checks: Vec<Value> = checks
            .iter()
            .map(|(expr, at)| {
                let at = at * usize::try_from(self.interval.as_secs()).unwrap_or(1);
                json!({"expr": expr, "eval_time": format!("{at}s"), "exp_samples": []})
            })
            .collect();
        json!({"interval": self.interval_text(), "input_series": input, "promql_expr_test": checks})
    }
}

/// Levels of every series, for at most so many scenarios: all combinations, or those that differ most.
fn assignments(series: usize, most: usize) -> Vec<Vec<f64>> {
    let total = LEVELS.len().checked_pow(u32::try_from(series).unwrap_or(u32::MAX)).unwrap_or(usize::MAX);
    let nth = |mut index: usize| -> Vec<f64> {
        (0..series)
            .map(|_| {
                let level = LEVELS.get(index % LEVELS.len()).copied().unwrap_or_default();
                index /= LEVELS.len();
                level
            })
            .collect()
    };
    if total <= most {
        return (0..total).map(nth).collect();
    }
    let mut found = vec![vec![0.0; series], vec![LEVELS[2]; series]];
    for (one, rest) in [(LEVELS[2], 0.0), (0.0, LEVELS[2]), (LEVELS[2], 1.0), (1.0, LEVELS[2])] {
        found.extend((0..series).map(|at| (0..series).map(|i| if i == at { one } else { rest }).collect()));
    }
    // The rest, spread over all combinations.
    let mut index = 7_usize;
    while found.len() < most {
        index = index.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        found.push(nth(index >> 5));
    }
    found
}

/// The rules that record what the expressions read, each behind those that it reads itself.
fn closure<'a>(roots: &[&Expr], recordings: &'a [Recording]) -> Option<Vec<&'a Recording>> {
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
fn selectors(expr: &Expr) -> Vec<(&VectorSelector, bool)> {
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

/// The labels of the series, each with its value where a selector does not ask for another: one that is asked of recorded
/// series, so that they are selected.
fn universe(all: &[Expr], known: &Known) -> BTreeMap<String, String> {
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
fn own(
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
fn another_tenant(
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
fn another_service(selector: &VectorSelector, own: &Series) -> Option<Series> {
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
fn traffic(
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
