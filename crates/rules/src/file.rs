//! Rule files: read into types, with the line of each rule and the checks that its comments switch off. Pure.

use std::collections::{BTreeMap, BTreeSet};

use promql_parser::util::parse_duration;
use serde::Deserialize;

/// Largest rule file that is read, in bytes.
pub const MAX_FILE: usize = 4 * 1024 * 1024;

/// The mark of its encoding that a text may begin with.
pub const MARK: char = '\u{feff}';

/// A rule file.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct RuleFile {
    /// Groups, in order.
    pub groups: Vec<FileGroup>,
}

/// A group of a file.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct FileGroup {
    /// Name.
    pub name: String,
    /// Seconds between evaluations; none: the server's own.
    pub interval_s: Option<f64>,
    /// Rules, in order.
    pub rules: Vec<FileRule>,
}

/// A rule of a file.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct FileRule {
    /// Whether it makes alerts.
    pub alerting: bool,
    /// Name of the alert or the series.
    pub name: String,
    /// Expression.
    pub expression: String,
    /// `for` in seconds.
    pub hold_s: f64,
    /// Labels that it adds.
    pub labels: BTreeMap<String, String>,
    /// Annotations.
    pub annotations: BTreeMap<String, String>,
    /// Line of its name, from 1; none when it can't be told.
    pub line: Option<u32>,
    /// Checks that comments switch off.
    pub disabled: BTreeSet<String>,
}

#[derive(Deserialize)]
struct WireFile {
    #[serde(default)]
    groups: Option<Vec<WireGroup>>,
}

#[derive(Deserialize)]
struct WireGroup {
    name: String,
    #[serde(default)]
    interval: Option<String>,
    /// From Prometheus 3 on: for all of its rules.
    #[serde(default)]
    labels: Option<BTreeMap<String, Text>>,
    #[serde(default)]
    rules: Option<Vec<WireRule>>,
}

#[derive(Deserialize)]
struct WireRule {
    alert: Option<String>,
    record: Option<String>,
    expr: Text,
    #[serde(default, rename = "for")]
    hold: Option<String>,
    #[serde(default)]
    labels: Option<BTreeMap<String, Text>>,
    #[serde(default)]
    annotations: Option<BTreeMap<String, Text>>,
}

/// A text that YAML may have taken for a number: `expr: 1`, `team: 7`.
#[derive(Deserialize)]
#[serde(untagged)]
enum Text {
    Plain(String),
    Whole(i64),
    Number(f64),
    Truth(bool),
    Nothing(()),
}

impl Text {
    fn into_string(self) -> String {
        match self {
            Self::Plain(text) => text,
            Self::Whole(number) => number.to_string(),
            Self::Number(number) => number.to_string(),
            Self::Truth(truth) => truth.to_string(),
            Self::Nothing(()) => String::new(),
        }
    }
}

/// Reads a rule file.
///
/// # Errors
/// What is wrong with it, with the line where the reader tells it.
pub fn read(text: &str) -> Result<RuleFile, String> {
    if text.len() > MAX_FILE {
        return Err(format!("larger than {} MiB", MAX_FILE / 1024 / 1024));
    }
    let text = text.trim_start_matches(MARK);
    let wire: WireFile = yaml_serde::from_str(text).map_err(|error| error.to_string())?;
    let mut places = Places::of(text);
    let mut groups = Vec::new();
    for group in wire.groups.unwrap_or_default() {
        let interval_s = group.interval.as_deref().map(|text| seconds(text, &group.name)).transpose()?;
        let plain = |map: Option<BTreeMap<String, Text>>| -> BTreeMap<String, String> {
            map.unwrap_or_default().into_iter().map(|(key, value)| (key, value.into_string())).collect()
        };
        let of_all = plain(group.labels);
        let mut rules = Vec::new();
        for (index, rule) in group.rules.unwrap_or_default().into_iter().enumerate() {
            let at = || format!("group {}, rule {}", group.name, index + 1);
            let (alerting, name) = match (rule.alert, rule.record) {
                (Some(name), None) => (true, name),
                (None, Some(name)) => (false, name),
                _ => return Err(format!("{}: expected either `alert` or `record`", at())),
            };
            let hold_s = rule.hold.as_deref().map(|text| seconds(text, &name)).transpose()?.unwrap_or(0.0);
            rules.push(FileRule {
                alerting,
                name,
                expression: rule.expr.into_string(),
                hold_s,
                labels: of_all.clone().into_iter().chain(plain(rule.labels)).collect(),
                annotations: plain(rule.annotations),
                line: None,
                disabled: BTreeSet::new(),
            });
        }
        groups.push(FileGroup { name: group.name, interval_s, rules });
    }
    places.put(groups.iter_mut().flat_map(|group| &mut group.rules).collect());
    Ok(RuleFile { groups })
}

fn seconds(text: &str, of: &str) -> Result<f64, String> {
    duration(text).map_err(|error| format!("{of}: `{text}`: {error}"))
}

/// A duration as Prometheus takes it in a rule file, in seconds: a bare 0 too, and a 0 with a unit, which the
/// parser of expressions refuses.
///
/// # Errors
/// In words.
pub fn duration(text: &str) -> Result<f64, String> {
    let text = text.trim();
    let unit = text.trim_start_matches('0');
    if unit.len() < text.len() && ["", "ms", "s", "m", "h", "d", "w", "y"].contains(&unit) {
        return Ok(0.0);
    }
    if text.ends_with(|last: char| last.is_ascii_digit()) {
        return Err("missing unit: write 5m, 90s, 1h30m".to_owned());
    }
    parse_duration(text).map(|time| time.as_secs_f64())
}

/// Where rules and comments stand. YAML's own reader keeps neither.
struct Places {
    /// Line (from 0) of each `alert:` or `record:`, and what it names.
    names: Vec<(usize, String)>,
    /// Line and check of each comment that switches one off.
    disabled: Vec<(usize, String)>,
    /// Checks that are off in the whole file.
    everywhere: BTreeSet<String>,
    /// Per line: whether it is only a comment.
    comment: Vec<bool>,
    /// Per line: whether an item begins there.
    item: Vec<bool>,
}

impl Places {
    fn of(text: &str) -> Self {
        let mut places = Self {
            names: Vec::new(),
            disabled: Vec::new(),
            everywhere: BTreeSet::new(),
            comment: Vec::new(),
            item: Vec::new(),
        };
        for (index, line) in text.lines().enumerate() {
            let bare = line.trim_start();
            places.comment.push(bare.starts_with('#'));
            places.item.push(bare.starts_with("- "));
            // Generated files quote their keys.
            let quotes = ['"', '\''];
            let key = bare.trim_start_matches("- ").trim_start().trim_start_matches(quotes);
            for name in ["alert", "record"] {
                let rest = key.strip_prefix(name).map(|rest| rest.trim_start_matches(quotes).trim_start());
                if let Some(rest) = rest.and_then(|rest| rest.strip_prefix(':')) {
                    let value = rest.split(" #").next().unwrap_or_default().trim();
                    places.names.push((index, value.trim_matches(quotes).to_owned()));
                }
            }
            if let Some((_, comment)) = line.split_once('#') {
                let words: Vec<&str> = comment.split_whitespace().collect();
                match words.as_slice() {
                    // Our own form, and pint's.
                    ["aether" | "pint", "disable", checks @ ..] => {
                        let checks = checks.iter().flat_map(|list| list.split(',')).map(str::to_owned);
                        places.disabled.extend(checks.map(|check| (index, check)));
                    }
                    ["aether" | "pint", "file/disable" | "disable-file", checks @ ..] => {
                        places.everywhere.extend(
                            checks.iter().flat_map(|list| list.split(',')).map(|check| (*check).to_owned()),
                        );
                    }
                    _ => {}
                }
            }
        }
        places
    }

    /// Gives the rules their lines, when as many were found as there are rules and in the same order.
    fn put(&mut self, rules: Vec<&mut FileRule>) {
        let same = self.names.len() == rules.len()
            && self.names.iter().zip(&rules).all(|((_, name), rule)| *name == rule.name);
        if !same {
            for rule in rules {
                rule.disabled.clone_from(&self.everywhere);
            }
            return;
        }
        let begins: Vec<usize> = self.names.iter().map(|(line, _)| self.begin(*line)).collect();
        for (index, rule) in rules.into_iter().enumerate() {
            let (Some((line, _)), Some(begin)) = (self.names.get(index), begins.get(index)) else { continue };
            let end = begins.get(index + 1).copied().unwrap_or(usize::MAX);
            rule.line = u32::try_from(line + 1).ok();
            rule.disabled.clone_from(&self.everywhere);
            let own = self.disabled.iter().filter(|(at, _)| (*begin..end).contains(at));
            rule.disabled.extend(own.map(|(_, check)| check.clone()));
        }
    }

    /// Where a rule begins: its item's line, with the comments right above it.
    fn begin(&self, mut line: usize) -> usize {
        while line > 0 && !self.item.get(line).copied().unwrap_or(true) {
            line -= 1;
        }
        while line > 0 && self.comment.get(line - 1).copied().unwrap_or(false) {
            line -= 1;
        }
        line
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_of_a_group_are_those_of_its_rules_unless_these_say_otherwise() {
        let text = "groups:\n- name: g\n  labels: {team: rag, tier: 1}\n  rules:\n  - {alert: A, expr: up, \
            labels: {team: ops}}\n";
        let rule = read(text).unwrap().groups.remove(0).rules.remove(0);
        assert_eq!(rule.labels, BTreeMap::from([("team".into(), "ops".into()), ("tier".into(), "1".into())]));
    }

    #[test]
    fn the_packs_files_are_read_with_their_lines() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../monitoring/");
        let mut names = Vec::new();
        for file in ["prometheus-recording-rules.yml", "prometheus-alerts.yml"] {
            let text = std::fs::read_to_string(format!("{folder}{file}")).unwrap();
            for rule in read(&text).unwrap().groups.into_iter().flat_map(|group| group.rules) {
                let line = text.lines().nth(rule.line.unwrap() as usize - 1).unwrap();
                assert!(line.ends_with(&format!(": {}", rule.name)), "{line}");
                names.push((rule.alerting, rule.hold_s));
            }
        }
        assert_eq!(names.iter().filter(|(alerting, _)| *alerting).count(), 5);
        assert_eq!(names.iter().filter(|(alerting, _)| !alerting).count(), 8);
        assert!(names.contains(&(true, 900.0)));
    }

    #[test]
    fn comments_switch_checks_off_for_their_rule_only() {
        let text = "\
groups:
  - name: g
    rules:
      # aether disable guard
      - alert: A
        expr: x > 1 # pint disable alerts/for
      - alert: B
        # aether disable runbook,cost
        expr: x > 1
";
        let file = read(text).unwrap();
        let off: Vec<Vec<&str>> = file.groups[0]
            .rules
            .iter()
            .map(|rule| rule.disabled.iter().map(String::as_str).collect())
            .collect();
        assert_eq!(off, [vec!["alerts/for", "guard"], vec!["cost", "runbook"]]);
        let all = read(&format!("# aether file/disable cost\n{text}")).unwrap();
        assert!(all.groups[0].rules.iter().all(|rule| rule.disabled.contains("cost")));
    }

    #[test]
    fn rules_of_every_style_have_their_lines() {
        for name in ["mixin.yaml", "generated.yaml", "collection.yml", "tabs.yml"] {
            let path = format!("{}/../../tests/rule-files/{name}", env!("CARGO_MANIFEST_DIR"));
            let text = std::fs::read_to_string(path).unwrap();
            for rule in read(&text).unwrap().groups.into_iter().flat_map(|group| group.rules) {
                let line = text.lines().nth(rule.line.unwrap() as usize - 1).unwrap();
                assert!(line.trim_end_matches('"').ends_with(&rule.name), "{name}: {line}");
            }
        }
    }

    #[test]
    fn what_is_wrong_is_told_with_its_place() {
        assert!(read("groups:\n  - name: [").unwrap_err().contains("line"));
        assert!(read("groups:\n- name: g\n  rules:\n  - expr: x").unwrap_err().contains("group g, rule 1"));
        assert!(
            read("groups:\n- name: g\n  rules:\n  - {alert: A, expr: x, for: 5 m}")
                .unwrap_err()
                .contains("`5 m`")
        );
        assert!(read("[1, 2]").is_err());
        for (text, seconds) in [("0", 0.0), ("0m", 0.0), ("00s", 0.0), ("1m30s", 90.0), ("10m", 600.0)] {
            assert_eq!(duration(text), Ok(seconds), "{text}");
        }
        for text in ["", "m", "5", "0x", "-1m", "5 m"] {
            assert!(duration(text).is_err(), "{text}");
        }
        assert_eq!(read("groups:").unwrap(), RuleFile::default());
        let odd = read("groups:\n- name: g\n  rules:\n  - {record: a, expr: 1, labels: {n: 7}}").unwrap();
        assert_eq!(
            (odd.groups[0].rules[0].expression.as_str(), &odd.groups[0].rules[0].labels["n"]),
            ("1", &"7".to_owned())
        );
    }
}
