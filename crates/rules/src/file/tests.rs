use std::process::{Command, Stdio};

use aether_contract::FindingSeverity;

use super::*;

fn case(name: &str) -> String {
    std::fs::read_to_string(format!("{}/../../tests/rule-files/cases/{name}", env!("CARGO_MANIFEST_DIR")))
        .unwrap()
}

/// What is wrong with a file: lines and words.
fn problems(text: &str) -> Vec<(u32, String)> {
    match inspect(text) {
        Ok(file) => {
            let all = file.problems.into_iter().filter(Problem::is_error);
            all.map(|problem| (problem.line.unwrap(), problem.text)).collect()
        }
        Err(problem) => vec![(problem.line.unwrap_or(0), problem.text)],
    }
}

fn rules(text: &str) -> Vec<FileRule> {
    inspect(text).unwrap().groups.into_iter().flat_map(|group| group.rules).collect()
}

#[test]
fn what_prometheus_refuses_is_an_error_on_its_line() {
    for (name, expected) in [
        ("misspelt-keys.yml", vec![(6, "fro"), (7, "annotaions")]),
        ("misplaced-groups.yml", vec![(1, "group")]),
        ("repeated-and-invalid-names.yml", vec![(7, "there twice"), (15, "braces")]),
        ("undefined-variable.yml", vec![(8, "$label")]),
        ("undefined-function.yml", vec![(8, "critical")]),
    ] {
        let found = problems(&case(name));
        assert_eq!(found.len(), expected.len(), "{name}: {found:?}");
        for ((line, words), (at, part)) in found.iter().zip(expected) {
            assert!(*line == at && words.contains(part), "{name}: {line} {words}");
        }
    }
    assert!(problems(&case("misspelt-keys.yml"))[0].1.contains("did you mean for?"));
}

#[test]
fn objects_of_the_operator_and_other_programs_files_are_read() {
    let text = case("operator.yaml");
    let file = inspect(&text).unwrap();
    assert_eq!((file.groups[0].name.as_str(), file.groups[0].rules[0].line), ("shop", Some(9)));
    let both = format!("apiVersion: v1\nkind: Service\nmetadata: {{name: x}}\n---\n{text}---\n{text}");
    assert_eq!(inspect(&both).unwrap().groups.len(), 2);
    assert!(problems(&both).is_empty(), "{:?}", problems(&both));
    let list = "kind: List\nitems:\n- kind: VMRule\n  spec: {groups: [{name: a, concurrency: 2, rules: [{alert: A, \
        expr: up, debug: true}]}]}\n";
    assert_eq!(rules(list).len(), 1);
    let json = "{\"groups\": [{\"name\": \"a\", \"rules\": [{\"alert\": \"A\", \"expr\": \"up\"}]}]}";
    assert_eq!(rules(json)[0].line, Some(1));
    let mixin = format!("{{\"prometheusAlerts\": {json}, \"grafanaDashboards\": {{}}}}");
    assert_eq!(rules(&mixin).len(), 1);
    for (foreign, whose) in [
        ("namespace: x\ngroups: [{name: a, source_tenants: [b], rules: [{alert: A, expr: up}]}]", "Mimir"),
        ("groups: [{name: a, partial_response_strategy: warn, rules: [{alert: A, expr: up}]}]", "Thanos"),
        ("groups: [{name: a, type: prometheus, rules: [{alert: A, expr: up}]}]", "VictoriaMetrics"),
    ] {
        let file = inspect(foreign).unwrap();
        assert!(file.problems.len() == 1 && !file.problems[0].is_error(), "{:?}", file.problems);
        assert!(file.foreign);
        assert!(file.problems[0].text.contains(whose));
    }
    for helm in [
        "{{- if .Values.rules }}\ngroups:\n- name: a\n  rules: []\n{{- end }}\n",
        "groups:\n- name: {{ .Release.Name }}\n  rules: []\n",
        "apiVersion: v1\nmetadata:\n  name: x\nspec:\n  {{- toYaml .Values.spec | nindent 2 }}\n",
    ] {
        assert!(problems(helm)[0].1.contains("Helm template"), "{:?}", problems(helm));
    }
    let twice = "groups: [{name: a, rules: [{alert: A, expr: up}]}]\n---\ngroups: []\n";
    let told = &inspect(twice).unwrap().problems[0];
    assert_eq!((told.line, told.severity), (Some(3), FindingSeverity::Warning));
    assert_eq!(told.text, "Prometheus reads only the first document of a file");
    assert!(inspect(&case("no-rules.yaml")).unwrap_err().text.contains("not a rule file"));
    let empty = inspect(&case("empty.yaml")).unwrap();
    assert!(empty.groups.is_empty() && empty.problems.is_empty());
}

#[test]
fn every_expression_that_todays_prometheus_takes_is_read() {
    let found = rules(&case("promql-of-today.yml"));
    assert_eq!((found.len(), problems(&case("promql-of-today.yml"))), (31, Vec::new()));
    for rule in found {
        let parsed = aether_foundation::promql::split::parse(&rule.expression);
        assert!(parsed.is_ok(), "{}: {}", rule.expression, parsed.unwrap_err());
    }
}

#[test]
fn names_that_only_prometheus_3_takes_are_noted_and_no_errors() {
    let text = case("repeated-and-invalid-names.yml");
    let notes: Vec<(u32, String)> = inspect(&text)
        .unwrap()
        .problems
        .into_iter()
        .filter(|problem| problem.severity == FindingSeverity::Info)
        .map(|problem| (problem.line.unwrap(), problem.text))
        .collect();
    assert!(
        notes.len() == 2 && notes.iter().all(|(_, text)| text.contains("needs Prometheus 3")),
        "{notes:?}"
    );
    assert_eq!((notes[0].0, notes[1].0), (12, 13));
    let one = |part: &str, name: &str| {
        problems(&format!(
            "groups: [{{name: g, rules: [{{alert: A, expr: up, {part}: {{\"{name}\": x}}}}]}}]"
        ))
    };
    for (part, name, refused) in [
        ("labels", "größe.cm", false),
        ("labels", "__name__", true),
        ("labels", "", true),
        ("annotations", "__name__", false),
        ("annotations", "a b", false),
        ("annotations", "", true),
    ] {
        assert_eq!(!one(part, name).is_empty(), refused, "{part} {name}");
    }
}

#[test]
fn expressions_of_vmalert_are_in_its_language() {
    let languages =
        |text: &str| -> Vec<Language> { rules(text).into_iter().map(|rule| rule.language).collect() };
    let file = |group: &str, rule: &str| {
        format!("groups:\n- name: g\n{group}  rules:\n  - alert: A\n    expr: up\n{rule}")
    };
    assert_eq!(languages(&file("", "")), [Language::PromQl]);
    assert_eq!(languages(&file("  concurrency: 2\n", "")), [Language::MetricsQl]);
    assert_eq!(languages(&file("", "    debug: true\n")), [Language::MetricsQl]);
    assert_eq!(languages(&file("  type: graphite\n", "")), [Language::Other]);
    assert_eq!(languages(&file("  source_tenants: [a]\n", "")), [Language::PromQl]);
    let object = "kind: VMRule\nspec: {groups: [{name: a, rules: [{alert: A, expr: up}]}]}\n";
    assert_eq!(languages(object), [Language::MetricsQl]);
    // Its templates have more variables than Prometheus' have.
    let template = file("  concurrency: 2\n", "    annotations: {a: '{{ $expr }}'}\n");
    assert_eq!(problems(&template), []);
    assert_eq!(problems(&file("", "    annotations: {a: '{{ $expr }}'}\n")).len(), 1);
}

#[test]
fn anchors_and_merge_keys_are_read_as_yaml_does() {
    let found = rules(&case("anchors-and-merges.yml"));
    let told: Vec<(&str, f64, &str)> = found
        .iter()
        .map(|rule| (rule.expression.as_str(), rule.hold_s, rule.labels["team"].as_str()))
        .collect();
    assert_eq!(
        told,
        [
            ("queue_length > 100", 300.0, "mail"),
            ("queue_length > 500", 300.0, "queue"),
            ("queue_length > 100", 300.0, "mail")
        ]
    );
    assert!(found.iter().all(|rule| rule.labels["severity"] == "critical"));
}

#[test]
fn file_that_expands_without_end_is_refused() {
    let mut text = String::from("a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n");
    for level in 1..9 {
        let before = format!("*a{}, ", level - 1).repeat(10);
        text.push_str(&format!("a{level}: &a{level} [{}]\n", before.trim_end_matches(", ")));
    }
    assert!(problems(&text)[0].1.contains("more than"), "{:?}", problems(&text));
    assert_eq!(problems(&"[".repeat(10_000)).len(), 1);
}

#[test]
fn a_comment_switches_off_exactly_what_it_names() {
    let off = |text: &str| -> Vec<(String, Vec<String>)> {
        rules(text).into_iter().map(|rule| (rule.name, rule.disabled.into_iter().collect())).collect()
    };
    let told =
        |name: &str, checks: &[&str]| (name.to_owned(), checks.iter().map(|one| (*one).to_owned()).collect());
    assert_eq!(off(&case("comment-of-one-series.yml")), [told("x:sum", &["promql/series(not_there_yet)"])]);
    assert_eq!(off(&case("comment-behind-a-value.yml")), [told("Channel", &["comparison"])]);
    assert_eq!(off(&case("comment-in-a-rule.yml")), [told("A", &[]), told("B", &["comparison"])]);
    assert_eq!(off(&case("comment-above-a-group.yml")), [told("A", &[]), told("B", &["comparison"])]);
    let flow = "groups: [{name: a, rules: [\n  # aether disable cost\n  {alert: A, expr: up}, # aether disable for\n  \
        {alert: B, expr: up}]}]\n";
    assert_eq!(off(flow), [told("A", &["cost", "for"]), told("B", &[])]);
    let pint = "\
# pint file/disable promql/cost
groups:
- name: a # aether disable guard
  rules:
  - alert: A
    # pint disable alerts/for, alerts/comparison
    expr: |
      up # pint disable promql/syntax
  # pint ignore/begin
  - alert: B
    expr: up
  # pint ignore/end
  - alert: C
    expr: up
";
    assert_eq!(
        off(pint),
        [
            told("A", &["alerts/for, alerts/comparison", "guard", "promql/cost", "promql/syntax"]),
            told("B", &["*", "guard", "promql/cost"]),
            told("C", &["guard", "promql/cost"]),
        ]
    );
}

/// Files that are right, and the same with one thing changed, in all combinations.
fn generated() -> Vec<String> {
    let rule = |alerting: bool, change: usize| {
        let head = if alerting { "alert: A" } else { "record: a:b" };
        let more = if alerting { "\n    for: 5m\n    annotations: {summary: 'x {{ $value }}'}" } else { "" };
        let base = format!("  - {head}\n    expr: up == 0\n    labels: {{team: x}}{more}\n");
        match change {
            0 => base,
            1 => base.replace("expr:", "exp:"),
            2 => base.replace("up == 0", "up =="),
            3 => base.replace("up == 0", "[1, 2]"),
            4 => base.replace("{team: x}", "[x]"),
            5 => base.replace("{team: x}", "{team: 7, b: true, c: 1.5}"),
            6 => base.replace("{team: x}", "{te-am: x}"),
            7 => base.replace("{team: x}", "{__name__: x}"),
            8 => base.replace("{team: x}", "{team: [x]}"),
            9 => base.replace("{team: x}", "{team: '{{ $labels.a }}'}"),
            10 => base.replace("{team: x}", "{team: '{{ $label.a }}'}"),
            11 => base.replace("{team: x}", "{team: x, team: y}"),
            12 => base.replace(head, "alert: A\n    record: b"),
            13 => base.replace(head, "labels2: {}"),
            14 => base.replace(head, "record: 'a b'"),
            15 => format!("{base}    keep_firing_for: 1m\n"),
            16 => base.replace("for: 5m", "for: 5 m"),
            17 => base.replace("for: 5m", "for: 5"),
            18 => base.replace("for: 5m", "for: 1d12h"),
            19 => base.replace("{{ $value }}", "{{ $value | humanize | nothing }}"),
            20 => base.replace("{{ $value }}", "{{ if gt $value 1.0 }}y{{ else }}n{{ end }}"),
            21 => base.replace("{{ $value }}", "{{ if }}"),
            22 => base.replace("{{ $value }}", "{{ range query `up` }}{{ .Labels.a }}"),
            23 => base.replace("summary:", "'a.b':"),
            24 => base.replace("    expr", "    For: 5m\n    expr"),
            25 => base.replace("up == 0", "''"),
            26 => base.replace("up == 0", "&x up == 0"),
            27 => base.replace("{team: x}", "null"),
            28 => base.replace("team: x}", "team: null}"),
            29 => base.replace(head, "record: a:b\n    for: 0s"),
            30 => base.replace("{{ $value }}", "{{ with $x := $value }}{{ $x }}{{ end }}{{ $externalURL }}"),
            31 => base.replace("{{ $value }}", "{{ $x }}"),
            32 => base.replace("    expr", "\texpr"),
            33 => base.replace("up == 0", "\"up == 0"),
            34 => base.replace("up == 0", "5"),
            _ => base.replace("{{ $value }}", "{{ printf \"%.2f\" $value }}{{/* c */}}{{- 1 -}}"),
        }
    };
    let group = |name: &str, rules: &str, change: usize| match change {
        0 => format!("- name: {name}\n  rules:\n{rules}"),
        1 => format!("- name: {name}\n  interval: 30s\n  limit: 5\n  rules:\n{rules}"),
        2 => format!("- name: {name}\n  interval: 30\n  rules:\n{rules}"),
        3 => format!("- nam: {name}\n  rules:\n{rules}"),
        4 => format!("- name: ''\n  rules:\n{rules}"),
        5 => format!("- name: {name}\n  limit: many\n  rules:\n{rules}"),
        6 => format!("- name: 7\n  rules:\n{rules}"),
        _ => format!("- name: {name}\n  rulez: 3\n  rules:\n{rules}"),
    };
    let mut all = Vec::new();
    for change in 0..36 {
        for alerting in [true, false] {
            for of_group in 0..8 {
                for shape in 0..4 {
                    let one = group("a", &rule(alerting, change), of_group);
                    let other = group(if shape == 1 { "a" } else { "b" }, &rule(!alerting, 0), 0);
                    all.push(match shape {
                        0 | 1 => format!("groups:\n{one}{other}"),
                        2 => format!("# first\n---\ngroups:\n{other}\n{one}"),
                        _ => format!("groups:\n{one}namespace2: x\n"),
                    });
                }
            }
        }
    }
    all
}

#[test]
fn promtool_and_the_panel_agree_on_thousands_of_files() {
    let folder = tempfile::tempdir().unwrap();
    let files = generated();
    assert!(files.len() > 2000);
    let names: Vec<String> = (0..files.len()).map(|index| format!("{index}.yml")).collect();
    for (name, text) in names.iter().zip(&files) {
        std::fs::write(folder.path().join(name), text).unwrap();
    }
    let mut command = aether_foundation::child::tool("promtool");
    let version = Command::output(aether_foundation::child::tool("promtool").arg("--version")).unwrap();
    let of_version_2 =
        String::from_utf8_lossy(&[version.stdout, version.stderr].concat()).contains("version 2.");
    command
        .args(["check", "rules", "--lint=none"])
        .args(&names)
        .current_dir(folder.path())
        .stdin(Stdio::null());
    let output = Command::output(&mut command).unwrap();
    let taken = crate::promtool::results(&String::from_utf8_lossy(&output.stdout), crate::promtool::CHECKING);
    assert_eq!(taken.len(), files.len());
    let mut differ = Vec::new();
    for (name, text) in names.iter().zip(&files) {
        let own = inspect(text).is_ok_and(|file| {
            let parses = |rule: &FileRule| aether_foundation::promql::split::parse(&rule.expression).is_ok();
            let counts = |problem: &Problem| {
                problem.is_error() || of_version_2 && problem.text.contains("needs Prometheus 3")
            };
            !file.problems.iter().any(counts) && file.groups.iter().flat_map(|group| &group.rules).all(parses)
        });
        if own != taken[name] {
            differ.push(format!("promtool {}, the panel {own} {:?}:\n{text}", taken[name], problems(text)));
        }
    }
    let refused = taken.values().filter(|taken| !**taken).count();
    assert!(refused > 500 && taken.len() - refused > 100, "{refused} of {}", taken.len());
    assert!(differ.is_empty(), "{} differ, the first:\n{}", differ.len(), differ.first().unwrap());
}

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
    let off: Vec<Vec<&str>> =
        file.groups[0].rules.iter().map(|rule| rule.disabled.iter().map(String::as_str).collect()).collect();
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
    assert!(read("groups:\n  - name: [").unwrap_err().contains("line 2"));
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
