use super::*;

pub(super) fn one(name: &str, set: Set) -> Edit {
    Edit { group: String::new(), name: name.into(), set }
}

/// The lines that an edit takes away and puts in.
fn changed(before: &str, after: &str) -> (Vec<String>, Vec<String>) {
    let diff = similar::TextDiff::from_lines(before, after);
    let of = |tag| {
        diff.iter_all_changes()
            .filter(|change| change.tag() == tag)
            .map(|change| change.value().trim_end().to_owned())
            .collect()
    };
    (of(similar::ChangeTag::Delete), of(similar::ChangeTag::Insert))
}

fn pack(name: &str) -> String {
    std::fs::read_to_string(format!("{}/../../monitoring/{name}", env!("CARGO_MANIFEST_DIR"))).unwrap()
}

/// Layouts of public rule files: quoted, folded, block, comments between, four spaces, a document mark, CRLF in none.
const LAYOUTS: &str = "\
---
# About these rules
groups:
    - name: node   # a comment
      interval: 30s
      rules:
        # Above the first
        - alert: DiskFull
          expr: 100 * node_filesystem_avail_bytes / node_filesystem_size_bytes < 10 # percent
          for: 30m  # patience
          labels:
              severity: \"warning\"
              team: 'infra'
          annotations:
              summary: >-
                  The disk of {{ $labels.instance }}
                  is full
              runbook_url: https://x/y#z

        - alert: \"Quoted\"
          expr: \"up{job=\\\"api\\\"} == 0\"
        - record: job:up:sum
          expr: >-
            sum by (job) (up)
          labels: {tier: gold, n: 7}
        - expr: |2-
              vector(1)
          alert: Last
          labels:
            severity: none
";

#[test]
fn an_edit_of_the_pack_touches_one_line() {
    let text = pack("prometheus-alerts.yml");
    for (edit, gone, put) in [
        (
            one("CacheEffectivenessDrop", Set::Threshold(25.0, None)),
            "          aether:cache_hit_ratio:5m < 30",
            "          aether:cache_hit_ratio:5m < 25",
        ),
        (one("LowConfidenceSpikeVIP", Set::Hold("8m".into())), "        for: 10m", "        for: 8m"),
        (
            one("HealthScoreDegradation", Set::Label("severity".into(), Some("critical".into()))),
            "          severity: warning",
            "          severity: critical",
        ),
    ] {
        let after = super::edit(&text, std::slice::from_ref(&edit)).unwrap();
        assert_eq!(changed(&text, &after), (vec![gone.to_owned()], vec![put.to_owned()]), "{edit:?}");
    }
    let guard = "aether:health_score:15m < 60\nand on ()\n(sum(rate(aether_rag_answers_total[15m])) > 1)";
    let after = super::edit(&text, &[one("HealthScoreDegradation", Set::Expr(guard.into()))]).unwrap();
    let (gone, put) = changed(&text, &after);
    assert_eq!(
        (gone.len(), put),
        (1, vec!["          (sum(rate(aether_rag_answers_total[15m])) > 1)".to_owned()])
    );
}

#[test]
fn every_layout_keeps_its_style_and_its_comments() {
    let edits = [
        (
            one("DiskFull", Set::Threshold(5.5, None)),
            1,
            "          expr: 100 * node_filesystem_avail_bytes / node_filesystem_size_bytes < 5.5 # percent",
        ),
        (one("DiskFull", Set::Hold("1h".into())), 1, "          for: 1h  # patience"),
        (
            one("DiskFull", Set::Label("severity".into(), Some("a \"b\"".into()))),
            1,
            "              severity: \"a \\\"b\\\"\"",
        ),
        (one("DiskFull", Set::Label("team".into(), Some("it's".into()))), 1, "              team: 'it''s'"),
        (one("DiskFull", Set::Label("tier".into(), Some("yes".into()))), 0, "              tier: 'yes'"),
        (
            one("DiskFull", Set::Annotation("runbook_url".into(), Some("https://x/z#1".into()))),
            1,
            "              runbook_url: https://x/z#1",
        ),
        (one("Quoted", Set::Threshold(1.0, None)), 1, "          expr: \"up{job=\\\"api\\\"} == 1\""),
        (one("Quoted", Set::Hold("5m".into())), 0, "          for: 5m"),
        (
            one("job:up:sum", Set::Expr("sum by (job) (up > 0)".into())),
            1,
            "            sum by (job) (up > 0)",
        ),
        (one("Last", Set::Label("severity".into(), Some("info".into()))), 1, "            severity: info"),
    ];
    for (edit, gone, put) in edits {
        let after =
            super::edit(LAYOUTS, std::slice::from_ref(&edit)).unwrap_or_else(|why| panic!("{edit:?}: {why}"));
        let told = changed(LAYOUTS, &after);
        assert_eq!((told.0.len(), told.1), (gone, vec![put.to_owned()]), "{edit:?}");
    }
    let taken = super::edit(LAYOUTS, &[one("DiskFull", Set::Label("team".into(), None))]).unwrap();
    assert_eq!(changed(LAYOUTS, &taken), (vec!["              team: 'infra'".to_owned()], vec![]));
}

#[test]
fn what_is_not_clear_is_refused_and_nothing_is_changed() {
    let twice = "groups:\n- name: a\n  rules:\n  - {alert: A, expr: up == 0}\n  - alert: B\n    expr: up == \
        0\n- name: b\n  rules:\n  - alert: B\n    expr: up == 1\n";
    let refused = |text: &str, edit: Edit| super::edit(text, &[edit]).unwrap_err();
    assert!(refused(twice, one("A", Set::Threshold(1.0, None))).contains("braces"));
    assert!(refused(twice, one("B", Set::Threshold(1.0, None))).contains("more than once"));
    assert!(refused(twice, one("C", Set::Threshold(1.0, None))).contains("rule C not found"));
    assert!(refused(LAYOUTS, one("Last", Set::Threshold(3.0, None))).contains("with a number"));
    assert!(refused(LAYOUTS, one("DiskFull", Set::Hold("5 minutes".into()))).contains("for"));
    assert!(
        refused(LAYOUTS, one("job:up:sum", Set::Label("more".into(), Some("x".into())))).contains("braces")
    );
    assert!(refused("groups: [", one("A", Set::Threshold(1.0, None))).len() > 5);
    let of_b = Edit { group: "b".into(), ..one("B", Set::Threshold(3.0, None)) };
    let after = super::edit(twice, &[of_b]).unwrap();
    assert_eq!(
        changed(twice, &after),
        (vec!["    expr: up == 1".to_owned()], vec!["    expr: up == 3".to_owned()])
    );
}

#[test]
fn a_threshold_changes_and_no_other_number() {
    for (text, threshold, after) in [
        ("a:5m < 30 and on () (sum(rate(b[5m])) > 0)", 20.0, "a:5m < 20 and on () (sum(rate(b[5m])) > 0)"),
        ("30 > rate(a30[30s])", 0.5, "0.5 > rate(a30[30s])"),
        ("a{x=\"30\"} * 30 < 30", 31.0, "a{x=\"30\"} * 30 < 31"),
        ("a > -5", -7.0, "a > -7"),
        ("a > -5", 7.0, "a > 7"),
        ("a >= 1e3", 2000.0, "a >= 2000"),
    ] {
        assert_eq!(with_threshold(text, threshold, None).as_deref(), Ok(after), "{text}");
    }
    assert!(with_threshold("a > b", 1.0, None).is_err());
    assert!(with_threshold("a > 1", f64::NAN, None).is_err());
}

#[test]
fn a_threshold_is_set_where_only_one_comparison_can_be_meant() {
    for (text, threshold, after) in [
        ("cpu_used_ratio > .80", 0.85, "cpu_used_ratio > 0.85"),
        ("a > 0x1F", 32.0, "a > 32"),
        ("a > 1_000", 2000.0, "a > 2000"),
        ("a < 7 * 24 * 3600", 86_400.0, "a < 86400"),
        ("time() - a > 1h30m # > 7", 60.0, "time() - a > 60 # > 7"),
        ("a > (90)", 95.0, "a > (95)"),
        ("a > (3 + 4) * (1)", 5.0, "a > 5"),
        ("rate(e[5m]) / (rate(r[5m]) > 0) > 0.1", 0.2, "rate(e[5m]) / (rate(r[5m]) > 0) > 0.2"),
        ("a < 3 unless on () (sum(rate(r[5m])) == 0)", 4.0, "a < 4 unless on () (sum(rate(r[5m])) == 0)"),
        ("histogram_quantile(0.9, rate(x[5m])) > 2", 0.9, "histogram_quantile(0.9, rate(x[5m])) > 0.9"),
        ("sum(rate(r[5m])) > 0", 1.0, "sum(rate(r[5m])) > 1"),
        ("100 * used / size > 90 and size > 0", 95.0, "100 * used / size > 95 and size > 0"),
        ("absent(a) or b > 5", 6.0, "absent(a) or b > 6"),
    ] {
        assert_eq!(with_threshold(text, threshold, None).as_deref(), Ok(after), "{text}");
    }
}

#[test]
fn a_threshold_is_refused_where_several_comparisons_could_be_meant_until_one_is_named() {
    for (text, of, after) in [
        ("a > 0 and b < 7 * 24 * 3600", "b < 7*24*3600", "a > 0 and b < 5"),
        ("a > 0 and b < 7 * 24 * 3600", "a > 0", "a > 5 and b < 7 * 24 * 3600"),
        ("a > 0 and b < 7 * 24 * 3600", "b", "a > 0 and b < 5"),
        ("q > 0.9 < 1", "> 0.9", "q > 5 < 1"),
        ("q > 0.9 < 1", "< 1", "q > 0.9 < 5"),
        ("q > 0.9 < 1", "q > 0.9 < 1", "q > 0.9 < 5"),
        ("q > 0.9 < 1", "q > 0.9", "q > 5 < 1"),
        ("count(up == 0) > 3", "up == 0", "count(up == 5) > 3"),
        ("a > 1 or b > 1", "b > 1", "a > 1 or b > 5"),
        ("rate(e[5m]) > 0 and rate(r[5m]) > 0", "rate(r[5m]) > 0", "rate(e[5m]) > 0 and rate(r[5m]) > 5"),
        ("rate(e[5m]) > 3 and rate(r[5m]) > 10", "10", "rate(e[5m]) > 3 and rate(r[5m]) > 5"),
        ("(a > bool 5) == 1", "== 1", "(a > bool 5) == 5"),
    ] {
        let refused = with_threshold(text, 5.0, None).unwrap_err();
        assert!(refused.starts_with("several numbers could be its threshold"), "{text}: {refused}");
        assert!(thresholds(text).iter().all(|one| refused.contains(&format!("`{}`", one.text))), "{refused}");
        assert_eq!(with_threshold(text, 5.0, Some(of)).as_deref(), Ok(after), "{text} {of}");
    }
    assert!(
        with_threshold("a > 1 or b > 1", 5.0, Some("> 1")).unwrap_err().contains("several comparisons match")
    );
    assert!(with_threshold("a > 1", 5.0, Some("c")).unwrap_err().contains("`a > 1`"));
    // A guard is not what the alert is about, and can be named all the same.
    let guarded = "a:5m < 30 and on () (sum(rate(b[5m])) > 0)";
    assert_eq!(thresholds(guarded).iter().map(|one| one.guard).collect::<Vec<_>>(), [false, true]);
    let named = with_threshold(guarded, 2.0, Some("sum(rate(b[5m])) > 0"));
    assert_eq!(named.as_deref(), Ok("a:5m < 30 and on () (sum(rate(b[5m])) > 2)"));
}

#[test]
fn rules_of_several_comparisons_are_not_changed_by_a_guess() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/rule-files/cases/threshold-of-several.yml");
    let text = std::fs::read_to_string(path).unwrap();
    for name in ["CertNextWeek", "JobStuck", "Band"] {
        let refused = super::edit(&text, &[one(name, Set::Threshold(5.0, None))]).unwrap_err();
        assert!(refused.contains(name) && refused.contains("several numbers"), "{refused}");
    }
    for (name, of, gone, put) in [
        ("CertNextWeek", Some("cert_seconds_left < 7 * 24 * 3600"), "< 7 * 24 * 3600", "< 86400"),
        ("CertNextWeek", Some("cert_count > 0"), "cert_count > 0", "cert_count > 86400"),
        ("JobStuck", Some("(time() - job_start_seconds) > 600"), "> 600", "> 86400"),
        ("Band", Some("< 1"), "< 1", "< 86400"),
        ("DotNumber", None, "> .80", "> 86400"),
    ] {
        let edit = one(name, Set::Threshold(86_400.0, of.map(str::to_owned)));
        assert_eq!(super::edit(&text, &[edit]), Ok(text.replacen(gone, put, 1)), "{name}");
    }
}

#[test]
fn the_list_of_vip_tenants_changes_where_it_is_that_list() {
    let text = pack("prometheus-alerts.yml");
    let names = |list: &[&str]| list.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
    let old = names(&["partner-abc", "vip-customer-123", "vip-customer-456"]);
    let (after, count) = vip(&text, "tenant_id", &old, &names(&["vip-customer-123", "new-one"])).unwrap();
    assert_eq!(count, 2);
    let (gone, put) = changed(&text, &after);
    assert!(
        gone.len() == 2 && put.iter().all(|line| line.contains("{tenant_id=~\"vip-customer-123|new-one\"}")),
        "{put:?}"
    );
    assert_eq!(vip(&text, "tenant_id", &names(&["other"]), &names(&["x"])).unwrap(), (text.clone(), 0));
    assert!(vip(&text, "tenant_id", &old, &names(&["a|b"])).is_err());
}

proptest::proptest! {
    #[test]
    fn a_fenced_edit_never_changes_another_rule(value in "[ -~]{0,30}", which in 0..3usize) {
        let name = ["severity", "team", "new"][which];
        if let Ok(after) = super::edit(LAYOUTS, &[one("DiskFull", Set::Label(name.into(), Some(value.clone())))]) {
            let file = crate::file::read(&after).unwrap();
            let rules = &file.groups[0].rules;
            proptest::prop_assert_eq!(rules[0].labels[name].trim_end(), value.trim_end());
            let before = crate::file::read(LAYOUTS).unwrap();
            for (a, b) in rules.iter().zip(&before.groups[0].rules).skip(1) {
                proptest::prop_assert_eq!((&a.expression, &a.labels), (&b.expression, &b.labels));
            }
        }
    }
}
