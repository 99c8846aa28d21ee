//! Whether a server runs what a file says. Pure.

use aether_foundation::text::verb;
use std::collections::BTreeSet;

use aether_clients::prometheus::RuleGroup;
use serde_json::Value;

use crate::{
    compare,
    file::{self, FileRule},
    server_rules::server_rules,
};

/// How the rules that a server runs differ from those of a file, in a sentence; none when it runs them, with
/// their labels and annotations.
pub fn rules_unlike(text: &str, running: &[RuleGroup]) -> Option<String> {
    let wanted = match file::read(text) {
        Ok(wanted) => wanted,
        Err(error) => return Some(format!("the file is invalid: {error}")),
    };
    for group in wanted.groups {
        let mut told = None;
        let mut of_name = running.iter().filter(|running| running.name == group.name).peekable();
        if of_name.peek().is_none() {
            return Some(format!("it has no group {}", group.name));
        }
        // Two files may have a group of one name.
        let runs = of_name.any(|running| {
            let has: Vec<FileRule> =
                server_rules(std::slice::from_ref(running)).into_iter().map(|(_, rule)| rule).collect();
            let differs = difference(&group.rules, &has);
            told = told.take().or_else(|| differs.clone());
            differs.is_none()
        });
        if !runs {
            return Some(format!("in group {}, {}", group.name, told.unwrap_or_default()));
        }
    }
    None
}

fn difference(wanted: &[FileRule], has: &[FileRule]) -> Option<String> {
    let named = |all: &[FileRule], one: &FileRule| {
        all.iter().any(|other| other.alerting == one.alerting && other.name == one.name)
    };
    if let Some(missing) = wanted.iter().find(|one| !named(has, one)) {
        return Some(format!("{} is missing", missing.name));
    }
    if let Some(more) = has.iter().find(|one| !named(wanted, one)) {
        return Some(format!("{} is still loaded", more.name));
    }
    if wanted.len() != has.len() {
        return Some(format!(
            "{}, expected {}",
            verb(has.len(), "rule is loaded", "rules are loaded"),
            wanted.len()
        ));
    }
    for (one, other) in wanted.iter().zip(has) {
        if one.alerting != other.alerting || one.name != other.name {
            return Some("the rules are in a different order".to_owned());
        }
        if let Some(first) = compare::differences(one, other).into_iter().next() {
            return Some(format!("{} differs from the file ({first})", one.name));
        }
    }
    None
}

/// How the configuration that Prometheus runs differs from a file in what can be told apart: its jobs, its rule files,
/// its Alertmanagers. None when it is the same there.
pub fn config_unlike(text: &str, running: &str) -> Option<String> {
    let (Ok(file), Ok(running)) =
        (yaml_serde::from_str::<Value>(text), yaml_serde::from_str::<Value>(running))
    else {
        return Some("one of the configurations is invalid".to_owned());
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
            format!("it still has job {job}")
        });
    }
    let count =
        |config: &Value, path: &str| config.pointer(path).and_then(Value::as_array).map_or(0, Vec::len);
    for (path, what) in [("/rule_files", "rule files"), ("/alerting/alertmanagers", "Alertmanagers")] {
        let (wanted, has) = (count(&file, path), count(&running, path));
        if wanted != has {
            return Some(format!("it has {has} {what}, the file has {wanted}"));
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use aether_clients::prometheus::{AlertingRule, RecordingRule, Rule};

    use super::*;

    const FILE: &str = "groups:\n- name: g\n  rules:\n  - {record: a, expr: 'sum( up )'}\n  - {alert: B, expr: \
        up == 0, for: 1m30s}\n";

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
        assert!(told(group("B", "up == 1", 90.0)).contains("B differs"));
        assert!(told(group("B", "up == 0", 60.0)).contains("B differs"));
        assert!(told(group("C", "up == 0", 90.0)).contains("B is missing"));
        assert!(rules_unlike(FILE, &[]).unwrap().contains("no group g"));
        let mut more = group("B", "up == 0", 90.0);
        more.rules.push(Rule::Recording(RecordingRule { name: "z".into(), ..Default::default() }));
        assert!(told(more).contains("z is still loaded"));
        let mut turned = group("B", "up == 0", 90.0);
        turned.rules.reverse();
        assert!(told(turned).contains("different order"));
        let mut labelled = group("B", "up == 0", 90.0);
        if let Some(Rule::Alerting(rule)) = labelled.rules.get_mut(1) {
            rule.labels.insert("severity".into(), "page".into());
        }
        assert!(told(labelled).contains("label severity"), "what is told to whom counts too");
        // Two files may have a group of one name.
        assert_eq!(rules_unlike(FILE, &[group("X", "up", 0.0), group("B", "up == 0", 90.0)]), None);
    }

    #[test]
    fn the_running_configuration_is_held_against_the_file() {
        let file = "rule_files: [a.yml]\nscrape_configs: [{job_name: x}, {job_name: y}]";
        let running = "global: {scrape_interval: 15s}\nrule_files: [/etc/a.yml]\nscrape_configs: [{job_name: \
            y}, {job_name: x, scheme: http}]";
        assert_eq!(config_unlike(file, running), None);
        assert!(config_unlike(file, "scrape_configs: [{job_name: x}]").unwrap().contains("no job y"));
        let without = running.replace("rule_files: [/etc/a.yml]\n", "");
        assert!(config_unlike(file, &without).unwrap().contains("0 rule files"));
    }
}
