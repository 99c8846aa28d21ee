//! What promtool evaluates to prove a rewritten expression: traffic of every kind that can be told apart. Pure.
//!
//! Every series that the expressions read has no, little, much or very much traffic, in all combinations as far as they
//! are not too many; beside it stand the same series of another service. Each scenario has three phases: traffic, none,
//! and traffic again.

use std::{collections::BTreeSet, time::Duration};

use aether_foundation::promql::{split::parse, walk::walk};
use promql_parser::parser::{Expr, Offset};
use serde_json::{Value, json};

use super::{
    Proposal, Recording,
    series::{Series, another_service, another_tenant, closure, own, selectors, traffic, universe},
};
use crate::{labels::name_of, recordings::known};

/// Traffic of a series, in events a second; a gauge has the value itself.
const LEVELS: [f64; 4] = [0.0, 1.0, 100.0, 1e7];
/// Most steps of a scenario, over its three phases.
const MAX_STEPS: usize = 3000;
/// Most evaluations of all scenarios.
const MAX_EVALUATIONS: usize = 20_000;
/// Most scenarios in which the rewritten expression is looked for to fire.
const MAX_FIRING: usize = 20;
/// Most series that the expressions read.
const MAX_SERIES: usize = 12;

/// Files of promtool's: rules, and tests of them.
pub(super) struct Files {
    /// Rules of both expressions, and those that record what they read.
    pub(super) rules: Value,
    /// Holds when the rewritten expression fires exactly where it should.
    pub(super) safe: Value,
    /// Fails when there is a scenario in which it fires at all.
    pub(super) silent: Value,
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
    let interval = grid.interval_text();
    let tests = |tests: Vec<Value>| {
        let rules = ["rules.yml"];
        json!({"rule_files": rules, "evaluation_interval": interval, "tests": tests})
    };
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
