//! Rule files of every kind, with everything that Prometheus would refuse, each on its line. Pure.

use std::collections::{BTreeMap, HashSet};

use aether_contract::{FindingSeverity, Timestamp};

use super::{
    FileGroup, FileRule, Language, Problem, RuleFile,
    comments::{self, Orders, Region},
    duration, template,
    yaml::{self, Kind, Node},
};

/// Keys of a file, a group and a rule, and those that other programs add.
const OF_FILE: [&str; 1] = ["groups"];
const OF_GROUP: [&str; 6] = ["name", "interval", "query_offset", "limit", "labels", "rules"];
const OF_RULE: [&str; 7] = ["alert", "record", "expr", "for", "keep_firing_for", "labels", "annotations"];
const OF_MIMIR: [&str; 7] = [
    "namespace",
    "source_tenants",
    "align_evaluation_time_on_interval",
    "evaluation_delay",
    "remote_write",
    "partial_response_strategy",
    "tenant_id",
];
const OF_VICTORIA: [&str; 12] = [
    "type",
    "concurrency",
    "params",
    "headers",
    "notifier_headers",
    "eval_offset",
    "eval_delay",
    "eval_alignment",
    "tenant",
    "debug",
    "update_entries_limit",
    "extra_filter_labels",
];
/// Kinds of Kubernetes' objects that hold rules.
const OBJECTS: [&str; 2] = ["PrometheusRule", "VMRule"];

/// A reader of one file.
pub(super) struct Decoder {
    orders: Orders,
    now: Timestamp,
    problems: Vec<Problem>,
    groups: Vec<FileGroup>,
    names: HashSet<String>,
    foreign: Option<(u32, &'static str, String)>,
    /// Whether vmalert reads it: its keys, or an object of VictoriaMetrics' operator.
    victoria: bool,
    /// Names that only newer servers take, each once.
    newer: HashSet<String>,
}

/// Reads a file, with everything that is wrong with it.
///
/// # Errors
/// What keeps it from being read at all.
pub(super) fn read(text: &str, now: Timestamp) -> Result<RuleFile, Problem> {
    let stream = yaml::read(text).map_err(|(line, text_of)| match is_helm(text) {
        true => Problem::fatal(
            line,
            "a Helm template, not a rule file: render it first (helm template) and check the result"
                .to_owned(),
        ),
        false => Problem::fatal(line, text_of),
    })?;
    if is_helm(text) && stream.documents.iter().any(|document| document.get("groups").is_none()) {
        let words = "a Helm template, not a rule file: render it first (helm template) and check the result";
        return Err(Problem::fatal(1, words.to_owned()));
    }
    let mut decoder = Decoder {
        orders: Orders::of(&stream.comments, now),
        now,
        problems: stream.repeated.into_iter().map(|(line, text)| Problem::fatal(line, text)).collect(),
        groups: Vec::new(),
        names: HashSet::new(),
        foreign: None,
        victoria: false,
        newer: HashSet::new(),
    };
    if let [Node { kind: Kind::Map(entries), line, .. }] = stream.documents.as_slice()
        && !entries.iter().any(|(name, ..)| is_like_a_rule_file(name))
    {
        return Err(Problem::fatal(*line, "not a rule file: it has no groups".to_owned()));
    }
    let objects = stream.documents.iter().any(|document| document.get("kind").is_some());
    for (index, document) in stream.documents.iter().enumerate() {
        if objects {
            decoder.object(document);
        } else {
            decoder.document(document);
            if index > 0 {
                let text = "Prometheus reads only the first document of a file".to_owned();
                let note = Problem::note(document.line, text);
                decoder.problems.push(Problem { severity: FindingSeverity::Warning, ..note });
            }
        }
    }
    let of_another = decoder.foreign.is_some();
    if let Some((line, whose, key)) = decoder.foreign.take() {
        let text = format!("{key} is a key of {whose}'s rule files; Prometheus rejects it");
        decoder.problems.push(Problem::note(line, text));
    }
    if decoder.victoria {
        // vmalert has functions and variables of its own, and says so itself where one is wrong.
        for problem in decoder.problems.iter_mut().filter(|problem| problem.text.contains(TEMPLATE)) {
            problem.severity = FindingSeverity::Info;
            problem.text.push_str(" (checked as a template of Prometheus)");
        }
        let rules = decoder.groups.iter_mut().flat_map(|group| &mut group.rules);
        for rule in rules.filter(|rule| rule.language == Language::PromQl) {
            rule.language = Language::MetricsQl;
        }
    }
    decoder.problems.sort_by_key(|problem| problem.line);
    let mixin = stream.documents.iter().any(is_mixin);
    let foreign = objects || mixin || of_another;
    Ok(RuleFile { groups: decoder.groups, problems: decoder.problems, foreign })
}

/// Words of a problem with a template.
const TEMPLATE: &str = "invalid template in ";

/// Output of a mixin: its parts with groups.
const MIXIN: [&str; 4] = ["prometheusAlerts", "prometheusRules", "prometheus_alerts", "prometheus_rules"];

fn is_mixin(document: &Node) -> bool {
    MIXIN.iter().any(|part| document.get(part).is_some())
}

/// Whether a key is one of a rule file, or a misspelt one.
fn is_like_a_rule_file(key: &str) -> bool {
    ["kind", "namespace"].contains(&key) || MIXIN.contains(&key) || is_near(key, "groups")
}

fn is_near(key: &str, known: &str) -> bool {
    similar::TextDiff::from_chars(key, known).ratio() > 0.6
}

/// Whether a text is a template of Helm's: an action at the begin of a line, or one that asks for the chart's values.
fn is_helm(text: &str) -> bool {
    const BEGINS: [&str; 10] =
        ["if ", "range ", "with ", "end", "include ", "define ", "else", "template ", "toYaml ", "/*"];
    let at_begin = |line: &str| {
        let action =
            line.trim_start().strip_prefix("{{").map(|rest| rest.trim_start_matches('-').trim_start());
        action.is_some_and(|action| {
            BEGINS.iter().any(|begin| action.starts_with(begin)) || action.starts_with('$')
        })
    };
    let asks = |line: &str| {
        line.split("{{").skip(1).any(|action| {
            let action = action.split("}}").next().unwrap_or_default();
            [".Values", ".Release.", ".Chart.", "include \"", ".Capabilities"]
                .iter()
                .any(|one| action.contains(one))
        })
    };
    text.contains("{{") && text.lines().any(|line| at_begin(line) || asks(line))
}

impl Decoder {
    fn refuse(&mut self, line: u32, text: String) {
        self.problems.push(Problem { fatal: false, ..Problem::fatal(line, text) });
    }

    fn refuse_all(&mut self, line: u32, text: String) {
        self.problems.push(Problem::fatal(line, text));
    }

    /// An object of Kubernetes'. Those without rules are none of ours.
    fn object(&mut self, document: &Node) {
        let kind = document.get("kind").and_then(Node::text).unwrap_or_default();
        if kind == "List" {
            if let Some(Node { kind: Kind::List(items), .. }) = document.get("items") {
                items.iter().for_each(|item| self.object(item));
            }
            return;
        }
        if !OBJECTS.contains(&kind) {
            return;
        }
        self.victoria |= kind == "VMRule";
        match document.get("spec") {
            Some(spec) => {
                self.names.clear();
                self.keys(spec, &OF_FILE, &[], "the spec");
                self.file_groups(spec);
            }
            None => self.refuse(document.line, format!("the {kind} has no spec")),
        }
    }

    /// A file, or what jsonnet makes of a mixin.
    fn document(&mut self, document: &Node) {
        let Kind::Map(entries) = &document.kind else {
            self.refuse_all(document.line, "a rule file is a mapping with groups".to_owned());
            return;
        };
        if is_mixin(document) {
            for (_, _, part) in entries.iter().filter(|(name, ..)| MIXIN.contains(&name.as_str())) {
                self.file_groups(part);
            }
            return;
        }
        self.keys(document, &OF_FILE, &["namespace"], "a rule file");
        self.file_groups(document);
    }

    fn file_groups(&mut self, node: &Node) {
        let Some(groups) = node.get("groups").filter(|groups| !groups.is_null()) else { return };
        let Kind::List(groups) = &groups.kind else {
            self.refuse_all(groups.line, "groups must be a list".to_owned());
            return;
        };
        for group in groups {
            self.group(group);
        }
    }

    /// Tells keys that nobody knows.
    fn keys(&mut self, node: &Node, known: &[&str], foreign: &[&str], of: &str) {
        let Kind::Map(entries) = &node.kind else { return };
        for (name, line, _) in entries {
            let key = name.as_str();
            if known.contains(&key) {
                continue;
            }
            if foreign.contains(&key) {
                let whose = match key {
                    "partial_response_strategy" => "Thanos",
                    key if OF_MIMIR.contains(&key) => "Mimir",
                    _ => "VictoriaMetrics",
                };
                self.victoria |= whose == "VictoriaMetrics";
                self.foreign.get_or_insert_with(|| (*line, whose, name.clone()));
                continue;
            }
            let all: Vec<&&str> = known.iter().chain(foreign).collect();
            let near = all.iter().find(|known| is_near(key, known));
            let meant = near.map_or_else(String::new, |known| format!("; did you mean {known}?"));
            self.refuse(*line, format!("unknown key {key:?} in {of}{meant}"));
        }
    }

    fn group(&mut self, node: &Node) {
        let Kind::Map(_) = &node.kind else {
            self.refuse_all(node.line, "a group must be a mapping".to_owned());
            return;
        };
        let foreign: Vec<&str> = OF_MIMIR.iter().chain(&OF_VICTORIA).copied().collect();
        self.keys(node, &OF_GROUP, &foreign, "a group");
        let name = self.string(node, "name").unwrap_or_default();
        if name.is_empty() {
            self.refuse_all(node.line, "a group has no name".to_owned());
        } else if !self.names.insert(name.clone()) {
            self.refuse(node.line, format!("group {name:?} is there twice"));
        }
        let interval_s = self.time(node, "interval", &name);
        self.time(node, "query_offset", &name);
        if let Some(limit) = self.string(node, "limit")
            && limit.parse::<i64>().is_err()
        {
            self.refuse_all(node.line, format!("group {name}: limit must be a whole number, not `{limit}`"));
        }
        let labels = self.labels(node, "labels", &name);
        self.label_names(node, "labels", &labels, &name);
        let rules = match node.get("rules").filter(|rules| !rules.is_null()) {
            None => &[][..],
            Some(Node { kind: Kind::List(rules), .. }) => rules,
            Some(other) => {
                self.refuse_all(other.line, format!("group {name}: rules must be a list"));
                &[]
            }
        };
        // A comment in the head of a group is about all of it.
        let head_end = node.get("rules").map_or(node.end, |_| self.rules_line(node));
        let off = self.orders.about(&Region { lines: node.line..=node.end, head: node.line..=head_end });
        // Only PromQL is read; vmalert's other types of groups have other languages.
        let of_type = node.get("type").and_then(Node::text).unwrap_or("prometheus");
        let other = !["", "prometheus"].contains(&of_type);
        let mut found = Vec::new();
        for (index, rule) in rules.iter().enumerate() {
            if let Some(mut rule) = self.rule(rule, &name, index) {
                if other {
                    rule.language = Language::Other;
                }
                rule.disabled.extend(off.iter().cloned());
                rule.labels = labels.clone().into_iter().chain(rule.labels).collect();
                found.push(rule);
            }
        }
        self.groups.push(FileGroup { name, interval_s, rules: found });
    }

    /// The line of a group's `rules:`.
    fn rules_line(&self, node: &Node) -> u32 {
        match &node.kind {
            Kind::Map(entries) => {
                entries.iter().find(|(name, ..)| name == "rules").map_or(node.line, |(_, line, _)| *line)
            }
            _ => node.line,
        }
    }

    fn rule(&mut self, node: &Node, group: &str, index: usize) -> Option<FileRule> {
        let at = format!("group {group}, rule {}", index + 1);
        let Kind::Map(entries) = &node.kind else {
            self.refuse_all(node.line, format!("{at}: a rule must be a mapping"));
            return None;
        };
        self.keys(node, &OF_RULE, &OF_VICTORIA, "a rule");
        let (alert, record) = (self.string(node, "alert"), self.string(node, "record"));
        let (alert, record) = (alert.filter(|name| !name.is_empty()), record.filter(|name| !name.is_empty()));
        let (alerting, name) = match (alert, record) {
            (Some(name), None) => (true, name),
            (None, Some(name)) => (false, name),
            _ => {
                self.refuse_all(node.line, format!("{at}: expected either `alert` or `record`"));
                return None;
            }
        };
        let line_of =
            |key: &str| entries.iter().find(|(other, ..)| other == key).map_or(node.line, |(_, at, _)| *at);
        let named = line_of(if alerting { "alert" } else { "record" });
        if !alerting && name.contains(['{', '}']) {
            // Prometheus takes it for an expression in the wrong place.
            self.refuse(named, format!("{name:?} is not a valid name of a series: it has braces"));
        } else if !alerting && !is_metric(&name) {
            self.newer(named, &name, "a series");
        }
        let expression = self.string(node, "expr").unwrap_or_default();
        if expression.trim().is_empty() {
            self.refuse_all(node.line, format!("{at}: {name} has no expr"));
        }
        let hold_s = self.time(node, "for", &name).unwrap_or(0.0);
        self.time(node, "keep_firing_for", &name);
        let labels = self.labels(node, "labels", &name);
        let annotations = self.labels(node, "annotations", &name);
        if !alerting {
            for key in ["for", "keep_firing_for", "annotations"] {
                let present = match key {
                    "annotations" => !annotations.is_empty(),
                    key => self
                        .string(node, key)
                        .is_some_and(|text| duration(&text).is_ok_and(|time| time > 0.0)),
                };
                if present {
                    self.refuse(line_of(key), format!("{name}: a recording rule has no {key}"));
                }
            }
        }
        for part in ["labels", "annotations"] {
            let values = if part == "labels" { &labels } else { &annotations };
            self.label_names(node, part, values, &name);
            let lines: BTreeMap<&str, u32> = match node.get(part).map(|part| &part.kind) {
                Some(Kind::Map(all)) => all.iter().map(|(label, line, _)| (label.as_str(), *line)).collect(),
                _ => BTreeMap::new(),
            };
            for (label, text) in values.iter().filter(|_| alerting) {
                if let Some(problem) = template::problem(text) {
                    let line = lines.get(label.as_str()).copied().unwrap_or(node.line);
                    self.refuse(line, format!("{name}: {TEMPLATE}{label}: {problem}"));
                }
            }
        }
        let mut disabled = self.orders.everywhere();
        let lines = node.line..=node.end;
        disabled.extend(self.orders.about(&Region { lines: lines.clone(), head: lines }));
        disabled.extend(comments::in_expression(&expression, self.now));
        Some(FileRule {
            alerting,
            name,
            expression,
            language: Language::PromQl,
            hold_s,
            labels,
            annotations,
            line: Some(named),
            disabled,
        })
    }

    /// Notes a name that Prometheus takes since version 3, and refuses before.
    fn newer(&mut self, line: u32, name: &str, of: &str) {
        if self.newer.insert(name.to_owned()) {
            let text = format!("{name:?} as the name of {of} needs Prometheus 3; older versions reject it");
            self.problems.push(Problem::note(line, text));
        }
    }

    /// Names of labels and annotations that are none, or none to older servers.
    fn label_names(&mut self, node: &Node, part: &str, labels: &BTreeMap<String, String>, of: &str) {
        for label in labels.keys() {
            let reserved = part == "labels" && label == "__name__";
            let plain = !label.starts_with(|c: char| c.is_ascii_digit())
                && label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
            if plain && !label.is_empty() && !reserved {
                continue;
            }
            let line = match node.get(part).map(|part| &part.kind) {
                Some(Kind::Map(all)) => {
                    all.iter().find(|(name, ..)| name == label).map_or(node.line, |(_, line, _)| *line)
                }
                _ => node.line,
            };
            if reserved || label.is_empty() {
                self.refuse(line, format!("{of}: {label:?} is not a valid name of a label"));
            } else {
                self.newer(line, label, if part == "labels" { "a label" } else { "an annotation" });
            }
        }
    }

    /// A text; a number is one too. None where there is none.
    fn string(&mut self, node: &Node, key: &str) -> Option<String> {
        let value = node.get(key)?;
        match &value.kind {
            _ if value.is_null() => None,
            Kind::Text(text, _) => Some(text.clone()),
            _ => {
                self.refuse_all(value.line, format!("{key} must be a text"));
                None
            }
        }
    }

    fn time(&mut self, node: &Node, key: &str, of: &str) -> Option<f64> {
        let text = self.string(node, key)?;
        match duration(&text) {
            Ok(seconds) => Some(seconds),
            Err(why) => {
                let line = node.get(key).map_or(node.line, |value| value.line);
                self.refuse_all(line, format!("{of}: {key}: `{text}`: {why}"));
                None
            }
        }
    }

    fn labels(&mut self, node: &Node, key: &str, of: &str) -> BTreeMap<String, String> {
        let Some(value) = node.get(key).filter(|value| !value.is_null()) else { return BTreeMap::new() };
        let Kind::Map(entries) = &value.kind else {
            self.refuse_all(value.line, format!("{of}: {key} must be a mapping"));
            return BTreeMap::new();
        };
        let mut found = BTreeMap::new();
        for (name, _, value) in entries {
            match &value.kind {
                _ if value.is_null() => drop(found.insert(name.clone(), String::new())),
                Kind::Text(text, _) => drop(found.insert(name.clone(), text.clone())),
                _ => {
                    self.refuse_all(value.line, format!("{of}: the value of {name} in {key} must be a text"))
                }
            }
        }
        found
    }
}

fn is_metric(name: &str) -> bool {
    !name.is_empty()
        && !name.starts_with(|c: char| c.is_ascii_digit())
        && name.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b':'))
}
