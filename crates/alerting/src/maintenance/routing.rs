//! What Alertmanager's own configuration says about an alert: which receivers it goes to, with whom it is grouped, and
//! how long it waits before it tells and tells again. Pure.
//!
//! Read from `config.original` of its status. What can't be read gives Alertmanager's defaults and says so.

use std::collections::{BTreeMap, HashMap};

use serde::Deserialize;

use aether_foundation::matching::filter::Filter;

/// Alertmanager's defaults, in milliseconds.
const GROUP_WAIT_MS: i64 = 30_000;
const GROUP_INTERVAL_MS: i64 = 5 * 60_000;
const REPEAT_INTERVAL_MS: i64 = 4 * 3_600_000;
/// Deepest tree that is followed.
const MAX_DEPTH: usize = 64;
/// Kinds of receivers that leave out the end of an alert unless told otherwise; the others tell it.
const SILENT_ABOUT_ENDS: [&str; 4] =
    ["email_configs", "slack_configs", "wechat_configs", "rocketchat_configs"];

/// Where an alert goes, and when.
#[derive(Debug, Clone, PartialEq)]
pub struct Delivery {
    /// Receiver.
    pub receiver: String,
    /// The notification group; alerts with the same key are notified together.
    pub group: String,
    /// Wait before the first notification of a new group.
    pub group_wait_ms: i64,
    /// Between two looks at a group.
    pub group_interval_ms: i64,
    /// Wait before a notification is repeated.
    pub repeat_interval_ms: i64,
    /// Whether the receiver reaches anybody.
    pub notifies: bool,
    /// Whether it tells that an alert has ended.
    pub sends_resolved: bool,
    /// By what it tells, as Alertmanager's metrics name it: `webhook`, `slack`, `email`, …
    pub integrations: Vec<String>,
}

/// The tree of routes.
#[derive(Debug, Clone, Default)]
pub struct Routing {
    root: Option<Route>,
    receivers: HashMap<String, Receiver>,
    /// Why it could not be read; then the defaults stand.
    pub note: String,
}

#[derive(Debug, Clone, Default)]
struct Receiver {
    sends_resolved: bool,
    integrations: Vec<String>,
}

#[derive(Debug, Clone)]
struct Route {
    index: usize,
    receiver: String,
    group_by: Option<Vec<String>>,
    matchers: Vec<Filter>,
    goes_on: bool,
    group_wait_ms: i64,
    group_interval_ms: i64,
    repeat_interval_ms: i64,
    routes: Vec<Route>,
}

#[derive(Deserialize)]
struct File {
    route: Option<RouteFile>,
    #[serde(default)]
    receivers: Vec<BTreeMap<String, yaml_serde::Value>>,
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct RouteFile {
    receiver: Option<String>,
    group_by: Option<Vec<String>>,
    r#match: BTreeMap<String, String>,
    match_re: BTreeMap<String, String>,
    matchers: Vec<String>,
    r#continue: bool,
    group_wait: Option<String>,
    group_interval: Option<String>,
    repeat_interval: Option<String>,
    routes: Vec<RouteFile>,
}

impl Routing {
    /// Of a server that does not say: the defaults, and why.
    pub fn unknown(why: String) -> Self {
        Self { note: why, ..Self::default() }
    }

    /// Reads a configuration.
    pub fn parse(original: &str) -> Self {
        let unknown = Self::unknown;
        if original.trim().is_empty() {
            return unknown(
                "Alertmanager does not report its configuration; defaults are assumed.".to_owned(),
            );
        }
        let file: File = match yaml_serde::from_str(original) {
            Ok(file) => file,
            Err(error) => {
                return unknown(format!(
                    "Failed to read Alertmanager's configuration ({error}); defaults are assumed."
                ));
            }
        };
        let receivers = file.receivers.iter().filter_map(receiver).collect();
        let mut count = 0;
        match file.route.map(|route| build(route, None, &mut count, 0)) {
            Some(Ok(root)) => Self { root: Some(root), receivers, note: String::new() },
            Some(Err(why)) => {
                unknown(format!("Failed to parse Alertmanager's routes ({why}); defaults are assumed."))
            }
            None => unknown("Alertmanager's configuration has no route; defaults are assumed.".to_owned()),
        }
    }

    /// Where an alert goes.
    pub fn deliveries(&self, labels: &BTreeMap<String, String>) -> Vec<Delivery> {
        let Some(root) = &self.root else {
            return vec![Delivery {
                receiver: String::new(),
                group: labels.get("alertname").cloned().unwrap_or_default(),
                group_wait_ms: GROUP_WAIT_MS,
                group_interval_ms: GROUP_INTERVAL_MS,
                repeat_interval_ms: REPEAT_INTERVAL_MS,
                notifies: true,
                sends_resolved: true,
                integrations: Vec::new(),
            }];
        };
        let mut found = Vec::new();
        collect(root, labels, &mut found);
        found.into_iter().map(|route| self.delivery(route, labels)).collect()
    }

    fn delivery(&self, route: &Route, labels: &BTreeMap<String, String>) -> Delivery {
        let by = route.group_by.as_deref().unwrap_or_default();
        let values: Vec<String> = if by.iter().any(|name| name == "...") {
            labels.iter().map(|(name, value)| format!("{name}={value:?}")).collect()
        } else {
            let value = |name: &String| format!("{name}={:?}", labels.get(name).map_or("", String::as_str));
            by.iter().map(value).collect()
        };
        let receiver = self.receivers.get(&route.receiver).cloned().unwrap_or_default();
        Delivery {
            receiver: route.receiver.clone(),
            group: format!("{}:{}", route.index, values.join(",")),
            group_wait_ms: route.group_wait_ms,
            group_interval_ms: route.group_interval_ms,
            repeat_interval_ms: route.repeat_interval_ms,
            notifies: !receiver.integrations.is_empty(),
            sends_resolved: receiver.sends_resolved,
            integrations: receiver.integrations,
        }
    }
}

/// As Alertmanager: children in order, the first that matches unless it says to go on; the node itself when none does.
fn collect<'a>(route: &'a Route, labels: &BTreeMap<String, String>, found: &mut Vec<&'a Route>) -> bool {
    if !route.matchers.iter().all(|matcher| matcher.passes_labels(labels)) {
        return false;
    }
    let before = found.len();
    for child in &route.routes {
        if collect(child, labels, found) && !child.goes_on {
            break;
        }
    }
    if found.len() == before {
        found.push(route);
    }
    true
}

fn build(file: RouteFile, parent: Option<&Route>, count: &mut usize, depth: usize) -> Result<Route, String> {
    if depth > MAX_DEPTH {
        return Err("more than 64 levels".to_owned());
    }
    let index = *count;
    *count += 1;
    let duration = |text: Option<String>, inherited: Option<i64>, default: i64| match text {
        Some(text) => duration_ms(&text).ok_or_else(|| format!("invalid duration {text:?}")),
        None => Ok(inherited.unwrap_or(default)),
    };
    let quoted = |operator: &str| {
        let operator = operator.to_owned();
        move |(name, value): (&String, &String)| {
            Filter::parse(&aether_foundation::matching::matcher::text(&aether_contract::Matcher {
                name: name.clone(),
                value: value.clone(),
                is_regex: operator == "=~",
                is_equal: true,
            }))
        }
    };
    let matchers: Result<Vec<Filter>, _> = file
        .r#match
        .iter()
        .map(quoted("="))
        .chain(file.match_re.iter().map(quoted("=~")))
        .chain(file.matchers.iter().map(|text| Filter::parse(text)))
        .collect();
    let mut route = Route {
        index,
        receiver: file.receiver.or_else(|| parent.map(|p| p.receiver.clone())).unwrap_or_default(),
        group_by: file.group_by.or_else(|| parent.and_then(|p| p.group_by.clone())),
        matchers: matchers.map_err(|error| error.message)?,
        goes_on: file.r#continue,
        group_wait_ms: duration(file.group_wait, parent.map(|p| p.group_wait_ms), GROUP_WAIT_MS)?,
        group_interval_ms: duration(
            file.group_interval,
            parent.map(|p| p.group_interval_ms),
            GROUP_INTERVAL_MS,
        )?,
        repeat_interval_ms: duration(
            file.repeat_interval,
            parent.map(|p| p.repeat_interval_ms),
            REPEAT_INTERVAL_MS,
        )?,
        routes: Vec::new(),
    };
    for child in file.routes {
        let child = build(child, Some(&route), count, depth + 1)?;
        route.routes.push(child);
    }
    Ok(route)
}

fn receiver(file: &BTreeMap<String, yaml_serde::Value>) -> Option<(String, Receiver)> {
    let name = file.get("name")?.as_str()?.to_owned();
    let mut found = Receiver::default();
    for (kind, list) in file.iter().filter(|(kind, _)| kind.ends_with("_configs")) {
        for one in list.as_sequence().into_iter().flatten() {
            let told = one.get("send_resolved").and_then(yaml_serde::Value::as_bool);
            let name = kind.trim_end_matches("_configs");
            if !found.integrations.iter().any(|known| known == name) {
                found.integrations.push(name.to_owned());
            }
            found.sends_resolved |= told.unwrap_or(!SILENT_ABOUT_ENDS.contains(&kind.as_str()));
        }
    }
    Some((name, found))
}

/// A duration as Prometheus and Alertmanager write it: `1h30m`, `15s`, `2d`.
pub fn duration_ms(text: &str) -> Option<i64> {
    let text = text.trim();
    if text == "0" {
        return Some(0);
    }
    let mut rest = text;
    let mut total: i64 = 0;
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit()).filter(|at| *at > 0)?;
        let (number, tail) = rest.split_at(digits);
        let units = [
            ("ms", 1),
            ("s", 1_000),
            ("m", 60_000),
            ("h", 3_600_000),
            ("d", 86_400_000),
            ("w", 604_800_000),
            ("y", 31_536_000_000),
        ];
        let (unit, factor) = units.into_iter().find(|(unit, _)| tail.starts_with(unit))?;
        total = total.checked_add(number.parse::<i64>().ok()?.checked_mul(factor)?)?;
        rest = tail.get(unit.len()..)?;
    }
    (!text.is_empty()).then_some(total)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labels(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
        pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    }

    const CONFIG: &str = r#"
global: {resolve_timeout: 5m}
route:
  receiver: default
  group_by: [alertname]
  group_interval: 2m
  routes:
  - matchers: ['severity="critical"', 'tenant_id=~"vip-.*"']
    receiver: pager
    group_by: ['...']
    group_wait: 0s
    repeat_interval: 1h30m
    continue: true
  - match: {severity: critical}
    receiver: chat
    routes:
    - match_re: {zone: a|b}
      receiver: nobody
receivers:
- name: default
  webhook_configs: [{url: 'http://x', send_resolved: false}]
- name: pager
  pagerduty_configs: [{routing_key: <secret>}]
- name: chat
  slack_configs: [{channel: '#ops'}]
- name: nobody
"#;

    #[test]
    fn an_alert_goes_where_alertmanagers_routes_send_it() {
        let routing = Routing::parse(CONFIG);
        assert_eq!(routing.note, "");
        let to = |pairs: &[(&str, &str)]| -> Vec<String> {
            routing.deliveries(&labels(pairs)).into_iter().map(|delivery| delivery.receiver).collect()
        };
        assert_eq!(to(&[("severity", "warning")]), ["default"]);
        assert_eq!(to(&[("severity", "critical"), ("tenant_id", "vip-1")]), ["pager", "chat"]);
        assert_eq!(to(&[("severity", "critical"), ("zone", "a")]), ["nobody"]);
        assert_eq!(
            to(&[("severity", "critical"), ("zone", "abc")]),
            ["chat"],
            "patterns match the whole value"
        );
    }

    #[test]
    fn times_are_inherited_and_receivers_know_whether_they_tell_the_end() {
        let routing = Routing::parse(CONFIG);
        let found = routing.deliveries(&labels(&[
            ("alertname", "A"),
            ("severity", "critical"),
            ("tenant_id", "vip-1"),
        ]));
        let (pager, chat) = (&found[0], &found[1]);
        assert_eq!(
            (pager.group_wait_ms, pager.group_interval_ms, pager.repeat_interval_ms),
            (0, 120_000, 5_400_000)
        );
        assert_eq!((chat.group_wait_ms, chat.repeat_interval_ms), (GROUP_WAIT_MS, REPEAT_INTERVAL_MS));
        assert!(pager.notifies && pager.sends_resolved && chat.notifies && !chat.sends_resolved);
        let default = &routing.deliveries(&labels(&[("alertname", "A")]))[0];
        assert!(default.notifies && !default.sends_resolved);
        let nobody = &routing.deliveries(&labels(&[("severity", "critical"), ("zone", "b")]))[0];
        assert!(!nobody.notifies);
    }

    #[test]
    fn alerts_are_told_together_by_the_labels_of_their_route() {
        let routing = Routing::parse(CONFIG);
        let group = |pairs: &[(&str, &str)]| routing.deliveries(&labels(pairs))[0].group.clone();
        assert_eq!(group(&[("alertname", "A"), ("zone", "x")]), group(&[("alertname", "A"), ("zone", "y")]));
        assert_ne!(group(&[("alertname", "A")]), group(&[("alertname", "B")]));
        let vip =
            |zone: &'static str| group(&[("severity", "critical"), ("tenant_id", "vip-1"), ("z", zone)]);
        assert_ne!(vip("x"), vip("y"), "by every label");
    }

    #[test]
    fn a_configuration_that_cannot_be_read_gives_the_defaults_and_says_so() {
        for text in [
            "",
            "route: [",
            "receivers: []",
            "route: {receiver: a, group_wait: soon}",
            "route: {matchers: ['a=~\"(\"']}",
        ] {
            let routing = Routing::parse(text);
            assert!(routing.note.contains("defaults"), "{text}");
            let delivery = &routing.deliveries(&labels(&[("alertname", "A")]))[0];
            assert_eq!((delivery.group_interval_ms, delivery.repeat_interval_ms), (300_000, 14_400_000));
        }
    }

    #[test]
    fn durations_are_read_as_prometheus_writes_them() {
        for (text, expected) in [
            ("1h30m", Some(5_400_000)),
            ("15s", Some(15_000)),
            ("2d", Some(172_800_000)),
            ("100ms", Some(100)),
            ("0", Some(0)),
            ("0s", Some(0)),
            ("", None),
            ("5", None),
            ("m", None),
            ("1h 3m", None),
            ("99999999999999999999h", None),
        ] {
            assert_eq!(duration_ms(text), expected, "{text}");
        }
    }
}
