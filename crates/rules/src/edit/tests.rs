use super::*;

fn one(name: &str, set: Set) -> Edit {
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
            one("CacheEffectivenessDrop", Set::Threshold(25.0)),
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
            one("DiskFull", Set::Threshold(5.5)),
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
        (one("Quoted", Set::Threshold(1.0)), 1, "          expr: \"up{job=\\\"api\\\"} == 1\""),
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
    assert!(refused(twice, one("A", Set::Threshold(1.0))).contains("braces"));
    assert!(refused(twice, one("B", Set::Threshold(1.0))).contains("more than once"));
    assert!(refused(twice, one("C", Set::Threshold(1.0))).contains("rule C not found"));
    assert!(refused(LAYOUTS, one("Last", Set::Threshold(3.0))).contains("with a number"));
    assert!(refused(LAYOUTS, one("DiskFull", Set::Hold("5 minutes".into()))).contains("for"));
    assert!(
        refused(LAYOUTS, one("job:up:sum", Set::Label("more".into(), Some("x".into())))).contains("braces")
    );
    assert!(refused("groups: [", one("A", Set::Threshold(1.0))).len() > 5);
    let of_b = Edit { group: "b".into(), ..one("B", Set::Threshold(3.0)) };
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
        assert_eq!(with_threshold(text, threshold).as_deref(), Ok(after), "{text}");
    }
    assert!(with_threshold("a > b", 1.0).is_err());
    assert!(with_threshold("a > 1", f64::NAN).is_err());
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
