//! How long an alert's rule waits (`for`) and how often it is evaluated, found by the alert's labels.

use std::collections::{BTreeMap, HashMap};

use aether_clients::prometheus::{PromAlert, Rule, RuleGroup};

use aether_foundation::matching::fingerprint::label_hash;

/// Times of a rule, in milliseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Times {
    /// Its `for`, when it is known which rule the alert belongs to.
    pub hold_ms: Option<i64>,
    /// Its group's interval; 0 when unknown.
    pub interval_ms: i64,
}

/// All alerting rules, to be found by an alert.
pub struct RuleTimes<'a> {
    by_alert: HashMap<u64, Times>,
    by_name: HashMap<&'a str, Vec<Labelled<'a>>>,
}

/// A rule's own labels and its times.
type Labelled<'a> = (&'a BTreeMap<String, String>, Times);

impl<'a> RuleTimes<'a> {
    /// Reads the rules.
    pub fn new(groups: &'a [RuleGroup]) -> Self {
        let mut by_alert = HashMap::new();
        let mut by_name: HashMap<&str, Vec<Labelled<'_>>> = HashMap::new();
        for group in groups {
            for rule in &group.rules {
                let Rule::Alerting(rule) = rule else { continue };
                let times =
                    Times { hold_ms: Some(millis(rule.duration)), interval_ms: millis(group.interval) };
                for alert in &rule.alerts {
                    by_alert.insert(label_hash(&alert.labels), times);
                }
                by_name.entry(rule.name.as_str()).or_default().push((&rule.labels, times));
            }
        }
        Self { by_alert, by_name }
    }

    /// The times of the rule that an alert belongs to. When several rules could be meant and they differ, the `for` is
    /// unknown rather than guessed.
    pub fn of(&self, alert: &PromAlert) -> Times {
        if let Some(times) = self.by_alert.get(&label_hash(&alert.labels)) {
            return *times;
        }
        let name = alert.labels.get("alertname").map_or("", String::as_str);
        let mut found: Option<Times> = None;
        for (labels, times) in self.by_name.get(name).into_iter().flatten() {
            // A templated label has another value on the alert.
            let fits = labels
                .iter()
                .all(|(name, value)| value.contains("{{") || alert.labels.get(name) == Some(value));
            if !fits {
                continue;
            }
            found = Some(match found {
                Some(other) if other.hold_ms != times.hold_ms => {
                    Times { hold_ms: None, interval_ms: other.interval_ms.max(times.interval_ms) }
                }
                _ => *times,
            });
        }
        found.unwrap_or_default()
    }
}

fn millis(seconds: f64) -> i64 {
    (seconds * 1000.0) as i64
}
