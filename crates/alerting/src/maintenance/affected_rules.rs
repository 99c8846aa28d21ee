//! Which alert rules could fire into a window: told from the labels that a rule gives its alerts, before there are any.
//! Pure.

use std::collections::HashMap;

use aether_clients::prometheus::{Rule, RuleGroup};
use aether_contract::{AffectedRule, AlertRow, AlertState, Matcher, Severity};

use aether_context::alert_index::order::severity_rank;
use aether_foundation::matching::severity;
use aether_foundation::{
    matching::matcher::{all_match, compile},
    text::truncate,
};

/// Most rules that are listed.
const MAX: usize = 40;

/// The rules whose alerts `matchers` would mute. `fired` has the episodes of the last days by alert name.
pub fn affected_rules(
    matchers: &[Matcher],
    groups: &[RuleGroup],
    rows: &[AlertRow],
    fired: &HashMap<String, u32>,
) -> Vec<AffectedRule> {
    let mut found: Vec<AffectedRule> = Vec::new();
    let rules = groups.iter().flat_map(|group| &group.rules).filter_map(|rule| match rule {
        Rule::Alerting(rule) => Some(rule),
        _ => None,
    });
    for rule in rules {
        let mut known = rule.labels.clone();
        // A template says nothing about the value.
        known.retain(|_, value| !value.contains("{{"));
        known.insert("alertname".to_owned(), rule.name.clone());
        let (asked, perhaps): (Vec<&Matcher>, Vec<&Matcher>) =
            matchers.iter().partition(|matcher| known.contains_key(&matcher.name));
        let asked: Vec<Matcher> = asked.into_iter().cloned().collect();
        if !asked.is_empty() && !compile(&asked).is_ok_and(|asked| all_match(&asked, &known)) {
            continue;
        }
        let worst = severity(known.get("severity").map_or("", String::as_str));
        let pending =
            rows.iter().filter(|row| row.state == AlertState::Pending && row.name == rule.name).count();
        let pending = u32::try_from(pending).unwrap_or(u32::MAX);
        match found.iter_mut().find(|one| one.name == rule.name) {
            // Several rules of one name are one line.
            Some(one) => {
                one.severity = better(one.severity, worst);
                one.perhaps &= !perhaps.is_empty();
            }
            None => found.push(AffectedRule {
                name: truncate(&rule.name, 256),
                severity: worst,
                pending,
                fired: fired.get(&rule.name).copied().unwrap_or(0),
                perhaps: !perhaps.is_empty(),
            }),
        }
    }
    found.sort_by(|a, b| {
        let rank = |one: &AffectedRule| (one.pending == 0, one.fired == 0, severity_rank(one.severity));
        rank(a).cmp(&rank(b)).then(b.fired.cmp(&a.fired)).then_with(|| a.name.cmp(&b.name))
    });
    found.truncate(MAX);
    found
}

fn better(a: Severity, b: Severity) -> Severity {
    if severity_rank(b) < severity_rank(a) { b } else { a }
}

#[cfg(test)]
mod tests {
    use aether_clients::prometheus::AlertingRule;

    use super::*;
    use crate::maintenance::scope::default_matchers;
    use aether_foundation::testing::row;

    fn rules() -> Vec<RuleGroup> {
        let rule = |name: &str, labels: &[(&str, &str)]| {
            Rule::Alerting(AlertingRule {
                name: name.into(),
                labels: labels
                    .iter()
                    .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
                    .collect(),
                ..AlertingRule::default()
            })
        };
        vec![RuleGroup {
            rules: vec![
                rule("Disk", &[("severity", "warning")]),
                rule("Disk", &[("severity", "critical")]),
                rule("Cache", &[("severity", "{{ $labels.s }}")]),
                rule("Watchdog", &[("severity", "none")]),
            ],
            ..RuleGroup::default()
        }]
    }

    fn matcher(name: &str, value: &str) -> Matcher {
        Matcher { name: name.into(), value: value.into(), is_regex: false, is_equal: true }
    }

    fn names(matchers: &[Matcher]) -> Vec<(String, bool)> {
        let found = affected_rules(matchers, &rules(), &[], &HashMap::new());
        found.into_iter().map(|one| (one.name, one.perhaps)).collect()
    }

    #[test]
    fn rules_are_told_by_the_labels_that_they_give() {
        let sure = |name: &str| (name.to_owned(), false);
        assert_eq!(names(&default_matchers(Some("Watchdog"))), [sure("Disk"), sure("Cache")]);
        // Cache's severity is a template: it may turn out to be anything.
        assert_eq!(names(&[matcher("severity", "critical")]), [sure("Disk"), ("Cache".to_owned(), true)]);
        assert_eq!(
            names(&[matcher("alertname", "Disk"), matcher("tenant_id", "t")]),
            [("Disk".to_owned(), true)]
        );
        assert!(names(&[matcher("alertname", "Other")]).is_empty());
    }

    #[test]
    fn what_is_pending_and_what_fired_lately_stand_first() {
        let mut pending = row(&[("alertname", "Watchdog")]);
        pending.state = AlertState::Pending;
        let fired = HashMap::from([("Cache".to_owned(), 4)]);
        let found = affected_rules(&default_matchers(None), &rules(), &[pending], &fired);
        let told: Vec<_> =
            found.iter().map(|one| (one.name.as_str(), one.pending, one.fired, one.severity)).collect();
        assert_eq!(
            told,
            [
                ("Watchdog", 1, 0, Severity::Info),
                ("Cache", 0, 4, Severity::Other),
                ("Disk", 0, 0, Severity::Critical)
            ]
        );
    }
}
