//! Rules judged by the panel, held against what promtool and a real Prometheus make of them.
#![allow(clippy::unwrap_used, clippy::panic)]

use std::{fmt::Write as _, fs, path::Path, process::Command, sync::Arc, time::Duration};

use aether_contract::*;
use aether_foundation::testing::figure_style;
use aether_panel::{NoHost, Panel, PanelOptions, paths::Home};
use aether_tests::{
    eventually, on_path,
    stack::{MemoryKeyring, Stack, panel, servers_missing},
};

const RECORDED: &str = "
  - name: recorded
    rules:
      - record: r:5m
        expr: 100 * sum by (tenant_id) (rate(hits[5m])) / sum by (tenant_id) (rate(req[5m]))
      - record: r:5m:all
        expr: 100 * sum(rate(hits[5m])) / sum(rate(req[5m]))
";

/// A rule file with these expressions as alerts `A0`, `A1`, …
fn rule_file(expressions: &[String]) -> String {
    let mut text = format!("groups:{RECORDED}  - name: alerts\n    rules:\n");
    for (index, expression) in expressions.iter().enumerate() {
        let quoted = expression.replace('\'', "''");
        writeln!(text, "      - {{alert: A{index}, expr: '{quoted}', for: 2m}}").unwrap();
    }
    text
}

/// Which of these alerts fire after 30 minutes, as promtool says.
fn firing(folder: &Path, expressions: &[String]) -> Vec<bool> {
    fs::write(folder.join("rules.yml"), rule_file(expressions)).unwrap();
    let series = |name: &str, step: u32| {
        let mut text = String::new();
        for tenant in ["a", "b"] {
            let labels = format!("job=\"api\",instance=\"i1\",tenant_id=\"{tenant}\"");
            let values = if name == "low" { format!("{step}+0x40") } else { format!("0+{step}x40") };
            writeln!(text, "      - {{series: '{name}{{{labels}}}', values: '{values}'}}").unwrap();
        }
        text
    };
    let mut text = format!(
        "rule_files: [rules.yml]\nevaluation_interval: 1m\ntests:\n  - interval: 1m\n    \
            input_series:\n{}{}{}    promql_expr_test:\n",
        series("hits", 6),
        series("req", 60),
        series("low", 10)
    );
    // One that is wrong on purpose for every alert: promtool prints what it got instead.
    for index in 0..expressions.len() {
        writeln!(
            text,
            "      - {{expr: 'count(ALERTS{{alertname=\"A{index}\",alertstate=\"firing\"}}) or vector(0)', \
                eval_time: 30m, exp_samples: [{{labels: '{{}}', value: -{index}.5}}]}}"
        )
        .unwrap();
    }
    fs::write(folder.join("test.yml"), text).unwrap();
    let ran = Command::new(on_path("promtool").unwrap())
        .args(["test", "rules", "test.yml"])
        .current_dir(folder)
        .output()
        .unwrap();
    let said = format!("{}{}", String::from_utf8_lossy(&ran.stdout), String::from_utf8_lossy(&ran.stderr));
    let got: Vec<bool> = said
        .lines()
        .filter_map(|line| line.trim().strip_prefix("got:"))
        .map(|got| !got.trim().trim_end_matches("\"").ends_with("{} 0E+00"))
        .collect();
    assert_eq!(got.len(), expressions.len(), "{said}");
    got
}

/// A panel that asks no server.
async fn offline(folder: &Path) -> Arc<Panel> {
    let options = PanelOptions {
        home: Home::at(&folder.join("home")),
        stack: None,
        host: Arc::new(NoHost),
        secrets: Some(Arc::new(MemoryKeyring::default())),
        poll: false,
    };
    Panel::start(options).await.unwrap()
}

async fn guards(panel: &Panel, folder: &Path, expressions: &[String]) -> Vec<GuardReport> {
    let file = folder.join("judged.yml");
    fs::write(&file, rule_file(expressions)).unwrap();
    let groups = panel.lint_rule_files(vec![file], false).await.unwrap().groups;
    groups.into_iter().flat_map(|group| group.rules).filter_map(|rule| rule.guard).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn promtool_agrees_with_every_verdict_and_a_rewritten_guard_fires() {
    if on_path("promtool").is_none() {
        return eprintln!("skipped: promtool is not installed");
    }
    let folder = tempfile::tempdir().unwrap();
    let panel = offline(folder.path()).await;
    let mut expressions = Vec::new();
    let sides = [
        "r:5m < 30",
        "r:5m:all < 30",
        "low < 30",
        "100 * sum by (tenant_id, job) (rate(hits[5m])) / sum by (tenant_id, job) (rate(req[5m])) < 30",
        "r:5m{tenant_id=~\"a|b\"} < 30",
    ];
    let guards_of = [
        "sum(rate(req[5m])) > 0",
        "(sum by (tenant_id) (rate(req[5m])) > 0)",
        "sum by (tenant_id, job) (rate(req[5m])) > 0",
        "sum without (instance, job) (rate(req[5m])) > 0",
        "rate(req[5m]) > 0",
        "0 < sum(increase(req[5m]))",
    ];
    let joins = [
        "and",
        "and on (tenant_id)",
        "and on ()",
        "and on (job)",
        "and ignoring (tenant_id)",
        "and ignoring (job)",
        "and ignoring (job, instance)",
    ];
    for side in sides {
        for guard in guards_of {
            for join in joins {
                expressions.push(format!("{side} {join} {guard}"));
            }
            expressions.push(format!("{guard} and {side}"));
        }
    }
    let judged = guards(&panel, folder.path(), &expressions).await;
    let fires = firing(folder.path(), &expressions);
    let mut seen = [0, 0, 0];
    let mut rewritten = Vec::new();
    for ((expression, report), fires) in expressions.iter().zip(&judged).zip(fires) {
        match report.verdict {
            GuardVerdict::NeverMatches => {
                seen[0] += 1;
                assert!(!fires, "{expression} fires: {report:?}");
                // One that would stay silent where the alert should fire is not proposed.
                rewritten.extend(report.rewrite.clone());
            }
            GuardVerdict::Guarded => {
                seen[1] += 1;
                assert!(fires, "{expression} is called guarded and does not fire");
            }
            GuardVerdict::Unclear => seen[2] += 1,
            other => panic!("{expression}: {other:?}"),
        }
    }
    assert!(seen[0] > 60 && seen[1] > 60, "both kinds are there: {seen:?}");
    assert!(seen[2] * 5 < expressions.len(), "most are told: {seen:?}");
    assert!(rewritten.len() * 2 > seen[0], "most get a rewrite: {} of {seen:?}", rewritten.len());
    for (mended, fires) in rewritten.iter().zip(firing(folder.path(), &rewritten)) {
        assert!(fires, "the rewrite does not fire: {mended}");
    }
    for report in guards(&panel, folder.path(), &rewritten).await {
        assert_eq!(report.verdict, GuardVerdict::Guarded, "{report:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn promtool_agrees_where_one_tenant_without_traffic_makes_nan() {
    if on_path("promtool").is_none() {
        return eprintln!("skipped: promtool is not installed");
    }
    let folder = tempfile::tempdir().unwrap();
    let panel = offline(folder.path()).await;
    let ratio = "sum by (tenant_id) (rate(hits[5m])) / sum by (tenant_id) (rate(req[5m]))";
    // Which of these NaN spoils; every whole is one series, and tenant b has no traffic.
    let wholes = [
        (format!("avg({ratio})"), true),
        (format!("sum({ratio})"), true),
        (format!("stddev({ratio})"), true),
        (format!("max({ratio})"), false),
        (format!("min({ratio})"), false),
        (format!("count({ratio})"), false),
        (format!("avg({ratio} >= 0)"), false),
        (format!("avg(1 - {ratio} > 0)"), false),
        (format!("avg({ratio} and sum by (tenant_id) (rate(req[5m])) > 0)"), false),
        ("avg(sum by (tenant_id) (rate(hits[5m])) / (sum by (tenant_id) (rate(req[5m])) > 0))".into(), false),
        ("sum(rate(hits[5m])) / sum(rate(req[5m]))".into(), false),
        (format!("sum(avg_over_time(({ratio})[10m:1m]))"), true),
        (format!("sum(max_over_time(({ratio})[10m:1m]) >= 0)"), false),
    ];
    let file = folder.path().join("judged.yml");
    let mut text = "groups:\n  - name: g\n    rules:\n".to_owned();
    let mut tests = "evaluation_interval: 1m\ntests:\n  - interval: 1m\n    input_series:\n".to_owned();
    for (tenant, step) in [("a", 60), ("b", 0)] {
        for name in ["hits", "req"] {
            writeln!(tests, "      - {{series: '{name}{{tenant_id=\"{tenant}\"}}', values: '0+{step}x40'}}")
                .unwrap();
        }
    }
    tests.push_str("    promql_expr_test:\n");
    for (index, (whole, _)) in wholes.iter().enumerate() {
        writeln!(text, "      - {{record: 'r{index}', expr: '{whole}'}}").unwrap();
        // Wrong on purpose: promtool prints what it got.
        writeln!(
            tests,
            "      - {{expr: '{whole}', eval_time: 30m, exp_samples: [{{labels: '{{}}', value: \
            -{index}.5}}]}}"
        )
        .unwrap();
    }
    fs::write(&file, text).unwrap();
    fs::write(folder.path().join("test.yml"), tests).unwrap();
    let ran = Command::new(on_path("promtool").unwrap())
        .args(["test", "rules", "test.yml"])
        .current_dir(folder.path())
        .output()
        .unwrap();
    let said = format!("{}{}", String::from_utf8_lossy(&ran.stdout), String::from_utf8_lossy(&ran.stderr));
    let got: Vec<&str> = said.lines().filter_map(|line| line.trim().strip_prefix("got:")).collect();
    assert_eq!(got.len(), wholes.len(), "{said}");
    let judged = panel.lint_rule_files(vec![file], false).await.unwrap().groups;
    let rules: Vec<RuleView> = judged.into_iter().flat_map(|group| group.rules).collect();
    for (((whole, spoilt), got), rule) in wholes.iter().zip(got).zip(rules) {
        assert_eq!(got.contains("NaN"), *spoilt, "{whole}: {got}");
        let found = rule.findings.iter().any(|finding| finding.check == "nan");
        assert_eq!(found, *spoilt, "{whole}: {:?}", rule.findings);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_rules_of_a_server_are_told_against_the_pack_and_a_guard_is_judged_live() {
    if let Some(why) = servers_missing() {
        return eprintln!("skipped: {why}");
    }
    let stack = Stack::start(1).await.unwrap();
    // A dead guard beside the others.
    let rules = fs::read_to_string(stack.folder.path().join("quick.yml")).unwrap()
        + "      - alert: Dead\n        expr: aether:cache_hit_ratio:5m < 30 and \
            sum(rate(aether_cache_requests_total[5m])) > 0\n        for: 1m\n";
    fs::write(stack.folder.path().join("quick.yml"), rules).unwrap();
    let pack = aether_tests::root().join("monitoring");
    stack.profile(&format!("[pack]\ndir = \"{}\"\n", pack.display())).unwrap();
    let http = reqwest::Client::builder().no_proxy().build().unwrap();
    let reload = http.post(format!("{}/-/reload", stack.prometheus.url())).send().await.unwrap();
    assert!(reload.status().is_success());
    let panel = panel(stack.home()).await.unwrap();
    let report = eventually(Duration::from_secs(90), async || {
        let report = panel.rules_list(Empty {}).await.ok()?;
        let all = || report.groups.iter().flat_map(|group| &group.rules);
        let ready =
            all().count() == 11 && all().all(|rule| rule.health == "ok" && rule.last_evaluation.is_some());
        let recorded = all()
            .filter(|rule| rule.id.name.starts_with("aether:cache_hit"))
            .all(|rule| rule.series > Some(0));
        (ready && recorded).then_some(report)
    })
    .await
    .unwrap();
    assert_eq!((report.expected_recording, report.present_recording), (8, 8));
    assert_eq!((report.expected_alerts, report.present_alerts), (5, 0));
    assert_eq!(report.missing.len(), 5);
    assert!(report.missing.iter().all(|one| one.file == "prometheus-alerts.yml"), "{:?}", report.missing);
    let rule = |name: &str| {
        report.groups.iter().flat_map(|group| &group.rules).find(|rule| rule.id.name == name).unwrap().clone()
    };
    assert_eq!(rule("aether:cache_hit_ratio:5m").standing, Some(RuleDeployment::Present));
    assert_eq!(rule("aether:lowconfidence_pct:15m:all").used_by, ["aether:health_score:15m"]);
    assert_eq!(rule("CacheCold").standing, Some(RuleDeployment::Unexpected));
    assert_eq!(rule("CacheCold").guard.unwrap().verdict, GuardVerdict::Guarded);
    let dead = rule("Dead");
    assert_eq!(dead.guard.unwrap().verdict, GuardVerdict::NeverMatches);
    assert!(report.errors >= 1);

    let style = figure_style(600, 200);
    let ask = |id: RuleRef, hours| RuleDetailRequest { id, hours, style: style.clone() };
    let said = eventually(Duration::from_secs(30), async || {
        let detail = panel.rule_detail(ask(dead.id.clone(), 1.0)).await.unwrap();
        // The figure ends at a whole step of its axis, some seconds ago.
        (detail.guard_never_matches
            && detail.live_verdict.contains("can never match")
            && detail.figure.is_some())
        .then_some(detail)
    })
    .await
    .unwrap();
    assert_eq!(said.threshold, Some(30.0));
    let titles: Vec<&str> = said.sides.iter().map(|side| side.title.as_str()).collect();
    assert_eq!(titles, ["Condition", "Value", "Guard", "Overall"]);
    assert!(said.figure.is_some(), "{}", said.figure_note);
    let alive = panel.rule_detail(ask(rule("CacheCold").id, 1.0)).await.unwrap();
    assert!(!alive.guard_never_matches && alive.live_verdict.contains("matches"), "{alive:?}");
    let wrong = panel.rule_detail(ask(dead.id.clone(), 1e9)).await.unwrap_err();
    assert_eq!(wrong.code, ErrorCode::InvalidRequest);
    let gone = RuleRef { name: "Gone".into(), ..dead.id.clone() };
    assert_eq!(panel.rule_detail(ask(gone, 1.0)).await.unwrap_err().code, ErrorCode::NotFound);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_changed_rule_is_run_by_the_server_or_is_as_before() {
    if let Some(why) = servers_missing() {
        return eprintln!("skipped: {why}");
    }
    let stack = Stack::start(1).await.unwrap();
    let quick = stack.folder.path().join("quick.yml");
    let with_dead = fs::read_to_string(&quick).unwrap()
        + "      - alert: Dead # old\n        expr: aether:cache_hit_ratio:5m < 30 and \
            sum(rate(aether_cache_requests_total[5m])) > 0\n        for: 1m\n";
    fs::write(&quick, &with_dead).unwrap();
    stack
        .profile(&format!("[pack]\ndir = \"{}\"\nfiles = [\"quick.yml\"]\n", stack.folder.path().display()))
        .unwrap();
    let panel = panel(stack.home()).await.unwrap();
    let ran = panel.rules_reload(Empty {}).await.unwrap();
    assert!(ran.in_force, "{ran:?}");
    let rule = async |name: &str| {
        let report = panel.rules_list(Empty {}).await.unwrap();
        report.groups.into_iter().flat_map(|group| group.rules).find(|rule| rule.id.name == name).unwrap()
    };
    let edit = |name: &str, set| RuleEdit { group: String::new(), name: name.into(), set };
    let change = |edits| RulesChange { edits, vip_tenants: None, related: Vec::new() };
    let order = |change: &RulesChange, digest: &str| RulesApplyRequest {
        change: change.clone(),
        digest: digest.into(),
        reason: "tuning".into(),
        created_by: "ann".into(),
    };

    let value = rule("Dead").await.guard.unwrap().rewrite.unwrap();
    let wanted = change(vec![
        edit("Dead", RuleSet::Expr { value }),
        edit("Dead", RuleSet::For { value: "2m".into() }),
    ]);
    let plan = panel.rules_plan(wanted.clone()).await.unwrap();
    assert_eq!(plan.files.len(), 1);
    assert_eq!((plan.files[0].problem.as_str(), &plan.files[0].findings[..]), ("", &[][..]), "{plan:?}");
    assert_eq!(fs::read_to_string(&quick).unwrap(), with_dead, "a plan writes nothing");
    let no_reason = RulesApplyRequest { reason: " ".into(), ..order(&wanted, &plan.digest) };
    assert_eq!(panel.rules_apply(no_reason).await.unwrap_err().code, ErrorCode::InvalidRequest);

    // Somebody edits the file meanwhile.
    fs::write(&quick, format!("# mine\n{with_dead}")).unwrap();
    let late = panel.rules_apply(order(&wanted, &plan.digest)).await.unwrap_err();
    assert_eq!(late.code, ErrorCode::Unverified);
    assert_eq!(fs::read_to_string(&quick).unwrap(), format!("# mine\n{with_dead}"), "it is left as it is");

    let plan = panel.rules_plan(wanted.clone()).await.unwrap();
    let done = panel.rules_apply(order(&wanted, &plan.digest)).await.unwrap();
    assert!(done.in_force && done.backup.is_some(), "{done:?}");
    let now = fs::read_to_string(&quick).unwrap();
    assert!(
        now.starts_with("# mine\n") && now.contains("- alert: Dead # old") && now.contains("for: 2m"),
        "{now}"
    );
    let running = rule("Dead").await;
    assert_eq!((running.hold_s, running.guard.unwrap().verdict), (120.0, GuardVerdict::Guarded));
    assert_eq!(running.standing, Some(RuleDeployment::Present));

    // A file that the server does not load is noticed before anything is written.
    let other = stack.folder.path().join("other.yml");
    fs::write(
        &other,
        "groups:\n  - name: other\n    rules:\n      - {alert: Elsewhere, expr: up == 0}\n      \
        - alert: Here\n        expr: up == 0\n",
    )
    .unwrap();
    stack
        .profile(&format!("[pack]\ndir = \"{}\"\nfiles = [\"other.yml\"]\n", stack.folder.path().display()))
        .unwrap();
    let unread = change(vec![edit("Here", RuleSet::Threshold { value: 1.0, of: None })]);
    let plan = eventually(Duration::from_secs(20), async || panel.rules_plan(unread.clone()).await.ok())
        .await
        .unwrap();
    let before = fs::read_to_string(&other).unwrap();
    assert!(plan.refused.as_ref().is_some_and(|why| why.message.contains("does not load")), "{plan:?}");
    let backups = async || panel.backup_list(Empty {}).await.unwrap().backups.len();
    let had = backups().await;
    let unseen = panel.rules_apply(order(&unread, &plan.digest)).await.unwrap_err();
    assert!(unseen.message.ends_with("other.yml. Nothing was written."), "{unseen:?}");
    assert!(unseen.hint.contains("rule_files"), "{unseen:?}");
    assert_eq!(backups().await, had, "nothing was copied either");
    assert_eq!(fs::read_to_string(&other).unwrap(), before);
    let odd = panel
        .rules_plan(change(vec![edit("Elsewhere", RuleSet::Threshold { value: 1.0, of: None })]))
        .await
        .unwrap_err();
    assert!(odd.message.contains("braces"), "{odd:?}");
    let broken =
        panel.rules_plan(change(vec![edit("Here", RuleSet::Expr { value: "up ==".into() })])).await.unwrap();
    assert!(!broken.files[0].problem.is_empty(), "{broken:?}");
    let refused = change(vec![edit("Here", RuleSet::Expr { value: "up ==".into() })]);
    assert_eq!(
        panel.rules_apply(order(&refused, &broken.digest)).await.unwrap_err().code,
        ErrorCode::InvalidRequest
    );
    assert_eq!(fs::read_to_string(&other).unwrap(), before);

    // A server that can't be told to read its files: nothing is written, and the way out is told.
    fs::write(&quick, "groups: [").unwrap();
    let refused = panel.rules_reload(Empty {}).await.unwrap_err();
    assert_eq!(refused.code, ErrorCode::ServerError, "{refused:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn texts_that_repeat_a_threshold_are_offered_and_changed_with_it() {
    if let Some(why) = servers_missing() {
        return eprintln!("skipped: {why}");
    }
    let stack = Stack::start(1).await.unwrap();
    let at = |name: &str| stack.folder.path().join(name);
    let quick = at("quick.yml");
    let rule = "      - alert: Slow # mine\n        expr: aether:cache_hit_ratio:5m < 0.4\n        for: 10m\n        \
        annotations:\n          summary: Below 40 % for 10 minutes\n          dashboard: https://g/d/40\n";
    fs::write(&quick, fs::read_to_string(&quick).unwrap() + rule).unwrap();
    fs::create_dir(at("runbooks")).unwrap();
    let page = at("runbooks/Slow.md");
    fs::write(&page, "# Slow\r\n\r\nFires below 40%.\r\nSee page 40.\r\n").unwrap();
    stack
        .profile(&format!(
            "[pack]\ndir = \"{}\"\nfiles = [\"quick.yml\"]\n[runbooks]\ndir = \"{}\"\n",
            stack.folder.path().display(),
            at("runbooks").display()
        ))
        .unwrap();
    let panel = panel(stack.home()).await.unwrap();
    assert!(panel.rules_reload(Empty {}).await.unwrap().in_force);
    let edit = |set| RuleEdit { group: String::new(), name: "Slow".into(), set };
    let mut change = RulesChange {
        edits: vec![
            edit(RuleSet::Threshold { value: 0.35, of: None }),
            edit(RuleSet::For { value: "15m".into() }),
        ],
        vip_tenants: None,
        related: Vec::new(),
    };
    let plan = panel.rules_plan(change.clone()).await.unwrap();
    assert_eq!(plan.refused, None, "it reads this very file");
    let told: Vec<(&str, &str)> =
        plan.related.iter().map(|one| (one.before.as_str(), one.after.as_str())).collect();
    assert_eq!(
        told,
        [
            ("Below 40 % for 10 minutes", "Below 35 % for 15 minutes"),
            ("Fires below 40%.", "Fires below 35%."),
        ],
        "links and other numbers are left"
    );
    assert_eq!(plan.files.len(), 1, "nothing of it changes unless it is chosen");

    // What is chosen must be what is there.
    change.related = plan.related.clone();
    change.related[1].before = "Fires below 41%.".into();
    let stale = panel.rules_plan(change.clone()).await.unwrap_err();
    assert!(stale.message.contains("not what it was"), "{stale:?}");
    let outside = RelatedPlace::Runbook { page: "x".into(), file: "/etc/passwd".into(), line: 1 };
    change.related[1].place = outside;
    let outside = panel.rules_plan(change.clone()).await.unwrap_err();
    assert!(outside.message.contains("not what it was"), "{outside:?}");
    change.related = plan.related.clone();
    change.related[0].after = "Below 99 %".into();
    let other = panel.rules_plan(change.clone()).await.unwrap_err();
    assert!(other.message.contains("not what it was"), "only what was offered is written: {other:?}");

    change.related = plan.related;
    let plan = panel.rules_plan(change.clone()).await.unwrap();
    let names: Vec<&str> = plan.files.iter().map(|file| file.name.as_str()).collect();
    assert_eq!(names, ["quick.yml", "Slow.md"]);
    let request =
        RulesApplyRequest { change, digest: plan.digest, reason: "tuning".into(), created_by: "ann".into() };
    let done = panel.rules_apply(request).await.unwrap();
    assert!(done.in_force, "{done:?}");
    assert_eq!(fs::read_to_string(&page).unwrap(), "# Slow\r\n\r\nFires below 35%.\r\nSee page 40.\r\n");
    let now = fs::read_to_string(&quick).unwrap();
    assert!(now.contains("summary: Below 35 % for 15 minutes") && now.contains("# mine"), "{now}");
}
