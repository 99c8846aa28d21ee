//! Whether a server runs what a file says. Pure.

use std::collections::BTreeSet;

use aether_clients::prometheus::{Rule, RuleGroup};
use serde_json::Value;

use crate::maintenance::routing::duration_ms;

/// A rule, told apart from others: its name, its expression without the freedom of layout, its `for` in milliseconds.
type Told = (String, String, i64);

/// An expression without the freedom of layout.
pub fn normal(expression: &str) -> String {
    match promql_parser::parser::parse(expression) {
        Ok(parsed) => parsed.to_string(),
        // What this parser does not know is compared as text.
        Err(_) => expression.split_whitespace().collect::<Vec<_>>().join(" "),
    }
}

/// How the rules that a server runs differ from those of a file, in a sentence; none when it runs them.
pub fn rules_unlike(text: &str, running: &[RuleGroup]) -> Option<String> {
    let document: Value = match yaml_serde::from_str(text) {
        Ok(document) => document,
        Err(error) => return Some(format!("the file can't be read: {error}")),
    };
    for group in document.get("groups").and_then(Value::as_array).into_iter().flatten() {
        let name = group.get("name").and_then(Value::as_str).unwrap_or_default();
        let wanted: Vec<Told> =
            group.get("rules").and_then(Value::as_array).into_iter().flatten().map(of_file).collect();
        let mut of_name = running.iter().filter(|group| group.name == name).peekable();
        if of_name.peek().is_none() {
            return Some(format!("it has no group {name}"));
        }
        let mut told = None;
        let runs = of_name.any(|group| {
            let has: Vec<Told> = group.rules.iter().filter_map(of_server).collect();
            told = told.take().or_else(|| difference(&wanted, &has));
            wanted == has
        });
        if !runs {
            let what = told.unwrap_or_else(|| "its rules stand in another order".to_owned());
            return Some(format!("in the group {name} {what}"));
        }
    }
    None
}

fn difference(wanted: &[Told], has: &[Told]) -> Option<String> {
    let missing = wanted.iter().find(|one| !has.contains(one));
    let more = has.iter().find(|one| !wanted.contains(one));
    match (missing, more) {
        (Some((name, ..)), _) if has.iter().any(|(other, ..)| other == name) => {
            Some(format!("{name} is another than in the file"))
        }
        (Some((name, ..)), _) => Some(format!("{name} is missing")),
        (None, Some((name, ..))) => Some(format!("{name} is still there")),
        (None, None) => None,
    }
}

fn of_file(rule: &Value) -> Told {
    let text = |key: &str| rule.get(key).map(scalar).unwrap_or_default();
    let name = if rule.get("alert").is_some() { text("alert") } else { text("record") };
    let wait = rule.get("for").map(scalar).and_then(|text| duration_ms(&text)).unwrap_or(0);
    (name, normal(&text("expr")), wait)
}

fn of_server(rule: &Rule) -> Option<Told> {
    match rule {
        Rule::Alerting(rule) => {
            // Seconds; rules wait less than the years that a double can't hold to the millisecond.
            let wait = (rule.duration * 1000.0).round() as i64;
            Some((rule.name.clone(), normal(&rule.query), wait))
        }
        Rule::Recording(rule) => Some((rule.name.clone(), normal(&rule.query), 0)),
        Rule::Unknown => None,
    }
}

fn scalar(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

/// How the configuration that Prometheus runs differs from a file in what can be told apart: its jobs, its rule files,
/// its Alertmanagers. None when it is the same there.
pub fn config_unlike(text: &str, running: &str) -> Option<String> {
    let (Ok(file), Ok(running)) =
        (yaml_serde::from_str::<Value>(text), yaml_serde::from_str::<Value>(running))
    else {
        return Some("one of both can't be read".to_owned());
    };
    let jobs = |config: &Value| -> BTreeSet<String> {
        let all = config.get("scrape_configs").and_then(Value::as_array).into_iter().flatten();
        all.filter_map(|job| Some(job.get("job_name")?.as_str()?.to_owned())).collect()
    };
    let (wanted, has) = (jobs(&file), jobs(&running));
    if let Some(job) = wanted.symmetric_difference(&has).next() {
        return Some(if wanted.contains(job) {
            format!("it has no job {job}")
        } else {
            format!("it still has the job {job}")
        });
    }
    let count =
        |config: &Value, path: &str| config.pointer(path).and_then(Value::as_array).map_or(0, Vec::len);
    for (path, what) in [("/rule_files", "rule files"), ("/alerting/alertmanagers", "Alertmanagers")] {
        let (wanted, has) = (count(&file, path), count(&running, path));
        if wanted != has {
            return Some(format!("it has {has} {what}, and the file {wanted}"));
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use aether_clients::prometheus::{AlertingRule, RecordingRule};

    use super::*;

    const FILE: &str = "groups:\n- name: g\n  rules:\n  - {record: a, expr: 'sum( up )'}\n  - {alert: B, expr: up == 0, for: 1m30s}\n";

    fn group(alert: &str, expr: &str, seconds: f64) -> RuleGroup {
        let recording = RecordingRule { name: "a".into(), query: "sum(up)".into(), ..Default::default() };
        let alerting =
            AlertingRule { name: alert.into(), query: expr.into(), duration: seconds, ..Default::default() };
        RuleGroup {
            name: "g".into(),
            file: "f".into(),
            interval: 15.0,
            rules: vec![Rule::Recording(recording), Rule::Alerting(alerting)],
            ..RuleGroup::default()
        }
    }

    #[test]
    fn rules_are_told_apart_whatever_their_layout() {
        assert_eq!(rules_unlike(FILE, &[group("B", "up==0", 90.0)]), None);
        let told = |group: RuleGroup| rules_unlike(FILE, &[group]).unwrap();
        assert!(told(group("B", "up == 1", 90.0)).contains("B is another"));
        assert!(told(group("B", "up == 0", 60.0)).contains("B is another"));
        assert!(told(group("C", "up == 0", 90.0)).contains("B is missing"));
        assert!(rules_unlike(FILE, &[]).unwrap().contains("no group g"));
        let mut more = group("B", "up == 0", 90.0);
        more.rules.push(Rule::Recording(RecordingRule { name: "z".into(), ..Default::default() }));
        assert!(told(more).contains("z is still there"));
        let mut turned = group("B", "up == 0", 90.0);
        turned.rules.reverse();
        assert!(told(turned).contains("another order"));
        // Two files may have a group of one name.
        assert_eq!(rules_unlike(FILE, &[group("X", "up", 0.0), group("B", "up == 0", 90.0)]), None);
    }

    #[test]
    fn the_running_configuration_is_held_against_the_file() {
        let file = "rule_files: [a.yml]\nscrape_configs: [{job_name: x}, {job_name: y}]";
        let running = "global: {scrape_interval: 15s}\nrule_files: [/etc/a.yml]\nscrape_configs: [{job_name: y}, {job_name: x, scheme: http}]";
        assert_eq!(config_unlike(file, running), None);
        assert!(config_unlike(file, "scrape_configs: [{job_name: x}]").unwrap().contains("no job y"));
        let without = running.replace("rule_files: [/etc/a.yml]\n", "");
        assert!(config_unlike(file, &without).unwrap().contains("0 rule files"));
    }
}
