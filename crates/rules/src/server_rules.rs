//! The rules that a server runs, as the types of rule files.

use aether_clients::prometheus::{Rule, RuleGroup};

use crate::file::FileRule;

/// The server's rules as the file's types, with their groups.
pub fn server_rules(groups: &[RuleGroup]) -> Vec<(String, FileRule)> {
    let mut rules = Vec::new();
    for group in groups {
        for rule in &group.rules {
            let of_file = match rule {
                Rule::Alerting(rule) => FileRule {
                    alerting: true,
                    name: rule.name.clone(),
                    expression: rule.query.clone(),
                    hold_s: rule.duration,
                    labels: rule.labels.clone(),
                    annotations: rule.annotations.clone(),
                    ..FileRule::default()
                },
                Rule::Recording(rule) => FileRule {
                    name: rule.name.clone(),
                    expression: rule.query.clone(),
                    labels: rule.labels.clone(),
                    ..FileRule::default()
                },
                Rule::Unknown => continue,
            };
            rules.push((group.name.clone(), of_file));
        }
    }
    rules
}
