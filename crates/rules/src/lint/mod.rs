//! What is wrong with a rule. One check, one file, one page in `docs/checks/`. Pure: what the server knows is
//! handed in.

mod bounds;
mod comparison;
mod cost;
mod duplicate;
mod guard;
mod hold;
mod impossible;
mod label;
mod nan;
mod retention;
mod runbook;
mod series;
pub(crate) mod syntax;

use std::collections::{BTreeMap, BTreeSet, HashMap};

use aether_contract::{FindingSeverity, GuardReport, RuleFinding, RuleLink};
use promql_parser::parser::Expr;

use super::{
    file::{ALL, FileRule, Language},
    labels::Known,
    recordings::known_of,
    series_metadata::inputs,
};
use aether_foundation::promql::split;

/// The checks by name. Each has a page `docs/checks/NAME.md`.
#[cfg(test)]
pub const CHECKS: [&str; 12] = [
    "syntax",
    "guard",
    "comparison",
    "for",
    "label",
    "impossible",
    "nan",
    "duplicate",
    "runbook",
    "series",
    "retention",
    "cost",
];

/// What is known of the server, where one was asked.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Facts {
    /// Series that exist now, of those that the rules read: name and how many; none when nobody was asked.
    pub series: Option<BTreeMap<String, f64>>,
    /// Retention in seconds.
    pub retention_s: Option<f64>,
    /// By group and rule: seconds that the last evaluation took and the group's interval.
    pub times: BTreeMap<(String, String), (f64, f64)>,
    /// Files of runbooks that exist, where links that are paths can be looked up.
    pub runbooks: Option<BTreeSet<String>>,
    /// Results of link checks by address; only if they were requested.
    pub links: BTreeMap<String, RuleLink>,
}

/// A rule with what the checks need of it.
pub struct Subject<'a> {
    /// The rule.
    pub rule: &'a FileRule,
    /// Its group.
    pub group: &'a str,
    /// Its expression; none when it can't be parsed.
    pub expr: Option<&'a Expr>,
    /// Labels that its templates use.
    pub named: &'a BTreeSet<String>,
    /// All rules together.
    pub all: &'a [(String, &'a FileRule)],
    /// Which of them have its name.
    pub namesakes: &'a [usize],
    /// Recorded series.
    pub known: &'a Known,
    /// Label that names the tenant.
    pub tenant_label: &'a str,
    /// Whether the profile expects it.
    pub expected: bool,
    /// The server.
    pub facts: &'a Facts,
}

/// What came of a rule.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Judged {
    /// Findings, worst first.
    pub findings: Vec<RuleFinding>,
    /// Its guard.
    pub guard: Option<GuardReport>,
    /// Names of the series that it reads.
    pub inputs: BTreeSet<String>,
    /// Its expression over several lines; as it stands when it can't be parsed.
    pub pretty: String,
}

/// Judges rules together, in order. `expected` are the names of alerts that the profile expects.
pub fn judge(
    rules: &[(String, &FileRule)],
    tenant_label: &str,
    expected: &[String],
    facts: &Facts,
) -> Vec<Judged> {
    // Each expression is parsed once: on many rules, that is most of the work.
    let mut recorded: HashMap<usize, Result<Expr, String>> = HashMap::new();
    let mut records = Vec::new();
    for (at, (_, rule)) in rules.iter().enumerate().filter(|(_, (_, rule))| !rule.alerting) {
        let parsed = parse(rule);
        if let Ok(expr) = &parsed {
            records.push((rule.name.as_str(), expr.clone(), &rule.labels));
        }
        recorded.insert(at, parsed);
    }
    let known = known_of(&records);
    let mut names: HashMap<&str, Vec<usize>> = HashMap::new();
    for (at, (_, rule)) in rules.iter().enumerate() {
        names.entry(rule.name.as_str()).or_default().push(at);
    }
    rules
        .iter()
        .enumerate()
        .map(|(at, (group, rule))| {
            let parsed = recorded.remove(&at).unwrap_or_else(|| parse(rule));
            let expr = parsed.as_ref().ok();
            let named = if rule.alerting { label::named(rule) } else { BTreeSet::new() };
            let subject = Subject {
                rule,
                group,
                expr,
                named: &named,
                all: rules,
                namesakes: names.get(rule.name.as_str()).map_or(&[][..], Vec::as_slice),
                known: &known,
                tenant_label,
                expected: expected.contains(&rule.name),
                facts,
            };
            let mut findings = Vec::new();
            syntax::check(rule, parsed.as_ref().err().map(String::as_str), &mut findings);
            let guard = guard::check(&subject, &mut findings);
            comparison::check(&subject, &mut findings);
            hold::check(&subject, &mut findings);
            label::check(&subject, &mut findings);
            impossible::check(&subject, &mut findings);
            nan::check(&subject, &mut findings);
            duplicate::check(&subject, &mut findings);
            runbook::check(&subject, &mut findings);
            series::check(&subject, &mut findings);
            retention::check(&subject, &mut findings);
            cost::check(&subject, &mut findings);
            findings.retain(|finding| !is_off(&rule.disabled, &finding.check));
            findings.sort_by_key(|finding| finding.severity);
            let inputs = expr.map(inputs).unwrap_or_default();
            let pretty = expr.map_or_else(|| rule.expression.trim().to_owned(), |expr| expr.prettify());
            Judged { findings, guard, inputs, pretty }
        })
        .collect()
}

fn parse(rule: &FileRule) -> Result<Expr, String> {
    match rule.language {
        // What happens to be PromQL too would be judged by a meaning that it does not have.
        Language::Other => Err("not PromQL".to_owned()),
        Language::PromQl | Language::MetricsQl => split::parse(&rule.expression),
    }
}

/// Whether a comment switches a check off: by its name, or by pint's for the same thing.
fn is_off(disabled: &BTreeSet<String>, check: &str) -> bool {
    let pint = match check {
        "syntax" => "promql/syntax",
        "comparison" => "alerts/comparison",
        "for" => "alerts/for",
        "label" => "alerts/template",
        "impossible" => "promql/impossible",
        "duplicate" => "rule/duplicate",
        "runbook" => "rule/link",
        "series" => "promql/series",
        "cost" => "query/cost",
        "retention" => "promql/range_query",
        _ => "",
    };
    // What is named in parentheses (a series, a server) is all that is meant: the check itself passes over it.
    disabled.iter().any(|name| name == check || name == ALL || (!pint.is_empty() && name == pint))
}

/// A finding without a better expression.
fn finding(
    check: &str,
    severity: FindingSeverity,
    problem: impl Into<String>,
    why: &str,
    remedy: impl Into<String>,
) -> RuleFinding {
    RuleFinding {
        check: check.to_owned(),
        severity,
        problem: problem.into(),
        why: why.to_owned(),
        remedy: remedy.into(),
        rewrite: None,
        proven: false,
    }
}

#[cfg(test)]
mod tests;
