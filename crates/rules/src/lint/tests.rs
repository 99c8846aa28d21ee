use super::*;
use crate::file::read;

fn findings_with(text: &str, facts: &Facts) -> Vec<(String, String, FindingSeverity)> {
    let file = read(text).unwrap();
    let rules: Vec<(String, &FileRule)> = file
        .groups
        .iter()
        .flat_map(|group| group.rules.iter().map(move |rule| (group.name.clone(), rule)))
        .collect();
    let judged = judge(&rules, "tenant_id", &[], facts);
    let told = rules.iter().zip(judged).flat_map(|((_, rule), judged)| {
        judged.findings.into_iter().map(move |found| (rule.name.clone(), found.check, found.severity))
    });
    told.collect()
}

fn findings(text: &str) -> Vec<(String, String, FindingSeverity)> {
    findings_with(text, &Facts::default())
}

/// The checks that find something in one alert that is otherwise faultless.
fn of_alert(expr: &str) -> Vec<String> {
    let text = format!(
        "groups:\n- name: g\n  rules:\n  - alert: A\n    expr: '{}'\n    for: 5m\n    annotations: \
            {{runbook_url: 'https://x/y'}}\n",
        expr.replace('\'', "''")
    );
    findings(&text).into_iter().map(|(_, check, _)| check).collect()
}

#[test]
fn the_pack_has_no_finding() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../monitoring/");
    let text = |name: &str| std::fs::read_to_string(format!("{folder}{name}")).unwrap();
    let (a, b) = (
        read(&text("prometheus-recording-rules.yml")).unwrap(),
        read(&text("prometheus-alerts.yml")).unwrap(),
    );
    let rules: Vec<(String, &FileRule)> = a
        .groups
        .iter()
        .chain(&b.groups)
        .flat_map(|group| group.rules.iter().map(move |rule| (group.name.clone(), rule)))
        .collect();
    let expected: Vec<String> =
        rules.iter().filter(|(_, rule)| rule.alerting).map(|(_, rule)| rule.name.clone()).collect();
    for ((_, rule), judged) in rules.iter().zip(judge(&rules, "tenant_id", &expected, &Facts::default())) {
        assert!(judged.findings.is_empty(), "{}: {:?}", rule.name, judged.findings);
        if rule.alerting {
            assert_eq!(
                judged.guard.unwrap().verdict,
                aether_contract::GuardVerdict::Guarded,
                "{}",
                rule.name
            );
        }
    }
}

#[test]
fn expressions_of_vmalert_are_not_called_broken_promql() {
    let told = |group: &str, expr: &str| -> Vec<(FindingSeverity, String)> {
        let text = format!(
            "groups:\n- name: g\n{group}  rules:\n  - alert: A\n    expr: '{expr}'\n    for: 5m\n    annotations: \
                {{runbook_url: 'https://x/y'}}\n"
        );
        let file = read(&text).unwrap();
        let rules: Vec<(String, &FileRule)> =
            file.groups[0].rules.iter().map(|rule| (String::new(), rule)).collect();
        let found = judge(&rules, "tenant_id", &[], &Facts::default()).remove(0).findings;
        assert!(found.iter().all(|one| one.check == "syntax" || one.check == "comparison"), "{found:?}");
        found.into_iter().map(|one| (one.severity, one.problem)).collect()
    };
    let of_victoria = "  concurrency: 2\n";
    for expr in ["rollup_rate(m[5m]) > 5", "rate(m) > 5", "WITH (x = m) x > 5", "m default 0 == 0"] {
        let found = told(of_victoria, expr);
        assert!(found.len() == 1 && found[0].0 == FindingSeverity::Info, "{expr}: {found:?}");
        assert!(found[0].1.contains("MetricsQL is not checked"), "{}", found[0].1);
        let found = told("", expr);
        assert!(found.len() == 1 && found[0].0 == FindingSeverity::Error, "{expr}: {found:?}");
    }
    let broken = told(of_victoria, "m ==");
    assert!(broken[0].0 == FindingSeverity::Warning && broken[0].1.contains("not known"), "{broken:?}");
    // PromQL in such a file is checked like any other.
    assert_eq!(told(of_victoria, "m > 5"), []);
    assert_eq!(told(of_victoria, "m").len(), 1);
    let graphite = told("  type: graphite\n", "sum(a)");
    assert!(graphite.len() == 1 && graphite[0].0 == FindingSeverity::Info, "{graphite:?}");
}

#[test]
fn each_check_finds_what_it_is_for_and_nothing_else() {
    for (expr, expected) in [
        ("up == 0", &[][..]),
        ("up", &["comparison"]),
        ("up > bool 0", &["comparison"]),
        ("absent(up)", &[]),
        ("a unless b", &[]),
        ("up ==", &["syntax"]),
        // Always there.
        ("sum(rate(m[5m])) > 5 or vector(0)", &["comparison"]),
        ("absent(m) or m", &["comparison"]),
        ("absent(m) or m > 5", &[]),
        ("1 - clamp_max(sum(rate(m[5m])) * 300 or 0 * absent(m), 1)", &["comparison"]),
        ("clamp_min(m, 5) > 3", &["comparison"]),
        ("clamp_min(m, 5) > 5", &[]),
        ("(m > bool 5) == 1", &[]),
        ("(m > bool 5) >= 0", &["comparison"]),
        ("count(m == 0) > 0", &[]),
        ("count(m) > 0", &["comparison"]),
        ("vector(0)", &["comparison"]),
        ("vector(1)", &[]),
        ("vector(1) > 0", &[]),
        // Never paired.
        ("up == 0 and hour() >= 8", &["impossible"]),
        ("up == 0 and on () hour() >= 8", &[]),
        ("up == 0 and on () hour() >= 24", &["impossible"]),
        ("sum(m) > 5 and (is_leader == 1)", &["impossible"]),
        ("up == 0 unless hour() >= 8", &["impossible"]),
        ("up{a=\"x\"} == 0 and up{a=\"y\"} == 0", &["impossible"]),
        ("up == 0 and m > 5", &[]),
        ("clamp_max(m, 1) > 1", &["impossible"]),
        ("up > 100 < 50", &["impossible"]),
        ("up > 50 < 100", &[]),
        ("increase(a{r=\"false\"}[5m]) + increase(a{r=\"true\"}[5m]) > 1", &["impossible"]),
        ("sum(increase(a{r=\"false\"}[5m])) + sum(increase(a{r=\"true\"}[5m])) > 1", &[]),
        ("sum by (x) (a) / sum(b) > 1", &["impossible"]),
        ("sum by (x) (a) / on () group_left sum(b) > 1", &[]),
        ("a{x=\"1\",x=\"2\"} > 1", &["impossible"]),
        ("sum(rate(e[5m])) / sum(rate(r[5m])) > 0.1", &["guard"]),
        ("avg(rate(e[5m]) / rate(r[5m])) > 0.1 and on () sum(rate(r[5m])) > 0", &["nan"]),
        ("avg(rate(e[5m]) / (rate(r[5m]) > 0)) > 0.1 and on () sum(rate(r[5m])) > 0", &[]),
        ("avg(rate(e[5m]) / rate(r[5m]) >= 0) > 0.1 and on () sum(rate(r[5m])) > 0", &[]),
        ("max(rate(e[5m]) / rate(r[5m])) > 0.1 and on () sum(rate(r[5m])) > 0", &[]),
        ("sum(rate(e[5m]) / clamp_min(rate(r[5m]), 1)) > 0.1 and on () sum(rate(r[5m])) > 0", &[]),
        ("avg(free / size) < 0.1", &[]),
        ("rate(e[5m]) / rate(r[5m]) != 0 and rate(r[5m]) > 0", &["nan"]),
        ("sum(rate(e[5m])) / sum(rate(r[5m])) > 0.1 and sum(rate(r[5m])) > 0", &[]),
    ] {
        assert_eq!(of_alert(expr), expected, "{expr}");
    }
}

#[test]
fn nan_is_followed_through_recorded_series() {
    let text = "\
groups:
- name: g
  rules:
  - record: ratio:5m
    expr: sum by (t) (rate(e[5m])) / sum by (t) (rate(r[5m]))
  - record: sound:5m
    expr: sum by (t) (rate(e[5m])) / sum by (t) (rate(r[5m])) >= 0
  - record: score
    expr: 1 - ratio:5m
  - record: mean
    expr: avg(score)
  - record: sound:mean
    expr: avg(sound:5m)
  - record: worst
    expr: max(score)
  - record: hour # aether disable nan
    expr: avg_over_time(ratio:5m[1h])
  - record: sub
    expr: avg_over_time((rate(e[5m]) / rate(r[5m]))[1h:1m])
  - record: sound:sub
    expr: avg_over_time((rate(e[5m]) / rate(r[5m]) and rate(r[5m]) > 0)[1h:1m])
";
    let found: Vec<_> = findings(text).into_iter().filter(|(_, check, _)| check == "nan").collect();
    let named: Vec<&str> = found.iter().map(|(name, ..)| name.as_str()).collect();
    assert_eq!(named, ["mean", "sub"]);
}

#[test]
fn what_a_rule_lacks_is_found_and_a_comment_switches_it_off() {
    let text = "\
groups:
- name: g
  rules:
  - record: a:b
    expr: sum(x)
  - record: a:b
    expr: sum(y)
  - alert: NoFor
    expr: up == 0
  - alert: Label
    expr: sum(up) == 0
    for: 1m
    annotations:
      runbook_url: file:///etc/x
      summary: '{{ $labels.instance }}'
";
    let found = findings(text);
    let has = |name: &str, check: &str| found.iter().any(|(rule, of, _)| rule == name && of == check);
    assert_eq!(found.iter().filter(|(rule, check, _)| rule == "a:b" && check == "duplicate").count(), 2);
    assert!(has("NoFor", "for") && has("NoFor", "runbook"));
    assert!(has("Label", "label") && has("Label", "runbook") && !has("Label", "for"));
    let off = text.replace("  - alert: NoFor\n", "  - alert: NoFor # aether disable for,runbook\n");
    assert!(!findings(&off).iter().any(|(rule, ..)| rule == "NoFor"));
    let pint = text.replace("  - alert: NoFor\n", "  # pint disable alerts/for\n  - alert: NoFor\n");
    assert_eq!(findings(&pint).iter().filter(|(rule, ..)| rule == "NoFor").count(), 1);
}

fn case(name: &str) -> Vec<(String, String)> {
    let path = format!("{}/../../tests/rule-files/cases/{name}", env!("CARGO_MANIFEST_DIR"));
    let found = findings(&std::fs::read_to_string(path).unwrap());
    found
        .into_iter()
        .filter(|(.., severity)| *severity != FindingSeverity::Info)
        .map(|(name, check, _)| (name, check))
        .collect()
}

#[test]
fn vectors_that_never_pair_and_alerts_that_always_fire_are_found() {
    let told = |list: &[(&str, &str)]| -> Vec<(String, String)> {
        list.iter().map(|(name, check)| ((*name).to_owned(), (*check).to_owned())).collect()
    };
    assert_eq!(
        case("and-without-on.yml"),
        told(&[
            ("DownInOfficeHours", "impossible"),
            ("TooManyErrorsOnLeader", "impossible"),
            ("DownInRecordedHours", "impossible")
        ])
    );
    assert_eq!(
        case("fires-always.yml"),
        told(&[
            ("NoComparison", "comparison"),
            ("Clamped", "comparison"),
            ("Bool", "comparison"),
            ("NeverMeant", "comparison"),
            ("OrZero", "comparison")
        ])
    );
    assert_eq!(case("one-record-disjoint-selectors.yml"), []);
}

#[test]
fn rules_of_one_name_are_an_error_only_where_they_can_record_the_same_series() {
    for (a, b, clash) in [
        ("sum by (v) (x{v=\"a\"})", "sum by (v) (x{v=\"b\"})", false),
        ("sum by (v) (x{v=\"a\"})", "sum by (v) (y{v=\"a\"})", true),
        ("sum(x{v=\"a\"})", "sum(x{v=\"b\"})", true),
        ("sum by (v) (x{v=~\"a|b\"})", "sum by (v) (x{v=~\"c|d\"})", false),
        ("sum by (v) (x{v=~\"a|b\"})", "sum by (v) (x{v=~\"b|c\"})", true),
        ("sum by (v) (x{v=\"a\"})", "sum by (v) (x{v!=\"a\"})", false),
        ("sum by (v) (x{v=\"a\"})", "sum by (v) (x{v!~\"b.*\"})", true),
        ("sum by (v) (x{v=~\"2..\"})", "sum by (v) (x{v=~\"5..\"})", false),
        ("sum by (v) (x{v=~\"2..\"})", "sum by (v) (x{v=~\"2.*\"})", true),
        ("sum by (v) (x)", "sum by (v, w) (x)", false),
        ("sum by (v) (x)", "sum by (v) (y)", true),
    ] {
        let text = format!(
            "groups:\n- name: g\n  rules:\n  - {{record: r, expr: '{a}'}}\n  - {{record: r, expr: '{b}'}}\n"
        );
        let found = findings(&text).iter().filter(|(_, check, _)| check == "duplicate").count();
        assert_eq!(found, if clash { 2 } else { 0 }, "{a} {b}");
    }
}

#[test]
fn a_template_within_a_query_uses_the_labels_of_its_rows() {
    let of = |template: &str| {
        let text = format!(
            "groups:\n- name: g\n  rules:\n  - alert: A\n    expr: sum by (a) (x) > 1\n    for: 5m\n    annotations: \
                {{runbook_url: 'https://x/y', summary: '{template}'}}\n"
        );
        findings(&text).into_iter().map(|(_, check, _)| check).collect::<Vec<_>>()
    };
    assert_eq!(of("{{ range query \"up\" }}{{ .Labels.instance }}{{ end }}"), Vec::<String>::new());
    assert_eq!(of("{{ with $x := query \"up\" }}{{ ($x | first).Labels.b }}{{ end }}"), Vec::<String>::new());
    assert_eq!(of("{{ range query \"up\" }}{{ $labels.b }}{{ end }}"), ["label"]);
    assert_eq!(of("{{ range query \"up\" }}{{ $.Labels.b }}{{ end }}"), ["label"]);
    assert_eq!(of("{{ if $value }}{{ .Labels.b }}{{ end }} {{ .Labels.a }}"), ["label"]);
    assert_eq!(of("{{ range query \"up\" }}x{{ end }}{{ .Labels.b }}"), ["label"]);
}

#[test]
fn a_comment_about_one_series_leaves_the_others() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/rule-files/cases/comment-of-one-series.yml");
    let text = std::fs::read_to_string(path).unwrap();
    let facts = Facts { series: Some(BTreeMap::new()), ..Facts::default() };
    let problems = |text: &str| -> Vec<String> {
        let file = read(text).unwrap();
        let rules: Vec<(String, &FileRule)> =
            file.groups[0].rules.iter().map(|rule| ("a".to_owned(), rule)).collect();
        judge(&rules, "t", &[], &facts).remove(0).findings.into_iter().map(|found| found.problem).collect()
    };
    assert_eq!(problems(&text), ["`typo_in_nmae` does not exist on the server now."]);
    let all = text.replace("promql/series(not_there_yet)", "promql/series");
    assert_eq!(problems(&all), Vec::<String>::new());
    let server = text.replace("promql/series(not_there_yet)", "promql/series(+tag)");
    assert_eq!(problems(&server).len(), 1);
}

#[test]
fn what_the_server_knows_makes_findings() {
    let text = "groups:\n- name: g\n  rules:\n  - record: a:b\n    expr: sum(increase(x[30d]))\n";
    let facts = Facts {
        series: Some(BTreeMap::new()),
        retention_s: Some(15.0 * 86_400.0),
        times: BTreeMap::from([(("g".to_owned(), "a:b".to_owned()), (16.0, 15.0))]),
        ..Facts::default()
    };
    let checks: Vec<String> = findings_with(text, &facts).into_iter().map(|(_, check, _)| check).collect();
    assert_eq!(checks, ["cost", "series", "retention"]);
    assert!(findings(text).is_empty());
}

#[test]
fn every_check_has_a_page_that_says_problem_why_and_what_to_do() {
    for check in CHECKS {
        let path = format!("{}/../../docs/checks/{check}.md", env!("CARGO_MANIFEST_DIR"));
        let page = std::fs::read_to_string(&path).unwrap_or_else(|_| panic!("{path} is missing"));
        for part in ["## Problem", "## Why", "## What to do"] {
            assert!(page.contains(part), "{path} lacks {part}");
        }
    }
}
