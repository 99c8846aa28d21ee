//! Checks on a real Prometheus and Alertmanager.
#![allow(clippy::unwrap_used, clippy::panic)]

use std::{fs, time::Duration};

use aether_contract::*;
use aether_panel::Panel;
use aether_tests::{
    eventually,
    stack::{Stack, panel, recording_rules, servers_missing, snapshot_when},
};

fn of<'a>(run: &'a CheckRun, id: &str) -> &'a CheckResult {
    run.checks.iter().find(|check| check.id == id).unwrap_or_else(|| panic!("no {id}: {run:?}"))
}

async fn run(panel: &Panel, suite: CheckSuite, effects: bool) -> CheckRun {
    panel.check_run(CheckRequest { suite, created_by: "ann".into(), effects }).await.unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn checks_say_what_is_wrong_with_evidence_and_leave_no_effect_behind() {
    if let Some(why) = servers_missing() {
        return eprintln!("skipped: {why}");
    }
    let mut stack = Stack::start(2).await.unwrap();
    let pack = stack.folder.path().join("pack");
    fs::create_dir(&pack).unwrap();
    recording_rules(&pack).unwrap();
    let alerts = "prometheus-alerts.yml";
    fs::copy(aether_tests::root().join("monitoring").join(alerts), pack.join(alerts)).unwrap();
    let service = stack.service.url().to_owned();
    stack
        .profile(&format!(
            "[pack]\ndir = \"{}\"\nfiles = [\"prometheus-recording-rules.yml\", \"prometheus-alerts.yml\"]\n\
             [expected]\nalerts = [\"CacheCold\"]\n\
             [[checks]]\nid = \"up\"\nquery = \"up\"\nexpect = \"== 1\"\n\
             [[checks]]\nid = \"absurd\"\nquery = \"up\"\nexpect = \"> 5\"\nremedy = \"Call Bob.\"\n\
             [[checks]]\nid = \"health\"\nurl = \"{service}/health\"\nsuites = [\"after-deploy\"]\n",
            pack.display()
        ))
        .unwrap();
    let panel = panel(stack.home()).await.unwrap();
    let read = |shown: &Snapshot| shown.gauges.iter().all(|gauge| gauge.freshness.is_fresh());
    snapshot_when(&panel, Duration::from_secs(60), read).await.unwrap();

    // The rates of a server that has just been started need two scrapes.
    let quick = eventually(Duration::from_secs(60), async || {
        let quick = run(&panel, CheckSuite::Quick, false).await;
        (of(&quick, "recorded").state == CheckState::Pass).then_some(quick)
    })
    .await
    .unwrap();
    assert_eq!(of(&quick, "recording-rules").state, CheckState::Pass, "{quick:?}");
    let alerts = of(&quick, "alerts");
    assert_eq!(
        alerts.state,
        CheckState::Fail,
        "the pack's alerts stand in its files and do not run: {alerts:?}"
    );
    assert!(alerts.reason.contains("LowConfidenceSpikeVIP"), "{alerts:?}");
    assert_eq!(of(&quick, "service").state, CheckState::Pass, "{quick:?}");
    assert_eq!(of(&quick, "dashboard").state, CheckState::Skipped, "this stack has no Grafana");
    assert_eq!(of(&quick, "own-up").state, CheckState::Pass, "{quick:?}");
    let absurd = of(&quick, "own-absurd");
    assert_eq!((absurd.state, absurd.remedy.as_str()), (CheckState::Fail, "Call Bob."));
    assert_eq!(quick.verdict, CheckState::Fail);
    assert!(quick.checks.iter().all(|check| check.took_ms.is_some()), "{quick:?}");

    // Nothing is changed unless that was allowed.
    let looked = run(&panel, CheckSuite::Preprod, false).await;
    for id in ["reload", "notifications"] {
        assert_eq!(of(&looked, id).state, CheckState::Skipped, "{looked:?}");
    }
    assert_eq!(of(&looked, "files").state, CheckState::Pass, "{looked:?}");
    let done = run(&panel, CheckSuite::Preprod, true).await;
    assert_eq!(of(&done, "reload").state, CheckState::Pass, "{done:?}");
    let notified = of(&done, "notifications");
    assert_eq!(notified.state, CheckState::Warn, "its receiver tells nobody: {notified:?}");
    assert!(notified.evidence.iter().filter(|line| line.contains("received")).count() == 2, "{notified:?}");
    assert_eq!(of(&done, "smoke").state, CheckState::Pass, "{done:?}");
    let http = reqwest::Client::builder().no_proxy().build().unwrap();
    for member in &stack.alertmanagers {
        let text =
            http.get(format!("{}/api/v2/alerts", member.url())).send().await.unwrap().text().await.unwrap();
        assert!(!text.contains("AetherPanelTest"), "the test alert was taken back: {text}");
    }

    let sanity = run(&panel, CheckSuite::Sanity, true).await;
    assert_eq!(of(&sanity, "test-backup").state, CheckState::Pass, "{sanity:?}");
    assert_eq!(of(&sanity, "test-silence").state, CheckState::Pass, "{sanity:?}");
    assert!(panel.backup_list(Empty {}).await.unwrap().backups.is_empty(), "the test backup was deleted");
    let silences = panel
        .silences_page(SilencesRequest { states: vec![SilenceState::Active], ..SilencesRequest::default() });
    assert_eq!(silences.await.unwrap().total, 0, "the test silence was ended");

    // A file that is broken is told, and a reload with it is refused and changes nothing.
    fs::write(
        pack.join("prometheus-alerts.yml"),
        "groups:\n- name: g\n  rules:\n  - {alert: A, expr: 'up =='}\n",
    )
    .unwrap();
    let broken = run(&panel, CheckSuite::Preprod, false).await;
    assert_eq!(of(&broken, "files").state, CheckState::Fail, "{broken:?}");
    fs::write(stack.folder.path().join("quick.yml"), "groups: [").unwrap();
    let refused = run(&panel, CheckSuite::Preprod, true).await;
    let reload = of(&refused, "reload");
    assert_eq!(reload.state, CheckState::Fail, "{reload:?}");
    assert!(reload.reason.contains("rejected"), "{reload:?}");

    let after = run(&panel, CheckSuite::AfterDeploy, false).await;
    assert_eq!(of(&after, "targets").state, CheckState::Pass, "{after:?}");
    assert_eq!(of(&after, "new-alerts").state, CheckState::Skipped, "no deploy was begun: {after:?}");
    assert_eq!(of(&after, "own-health").state, CheckState::Pass, "{after:?}");

    stack.prometheus.kill().await;
    let down = run(&panel, CheckSuite::Quick, false).await;
    for id in ["versions", "recording-rules", "alerts", "service", "recorded", "own-up"] {
        assert_eq!(of(&down, id).state, CheckState::Fail, "{id} can't be passed without a server: {down:?}");
    }

    let kept = panel.check_runs(Empty {}).await.unwrap().runs;
    assert_eq!(kept.first(), Some(&down));
    assert!(kept.iter().all(|run| run.ended_at.is_some() && run.created_by == "ann"), "{kept:?}");
    let ask = |format| CheckExportRequest { id: down.id.clone(), format };
    let junit = panel.check_export(ask(CheckFormat::Junit)).await.unwrap().text;
    assert!(junit.contains("name=\"test.quick\" tests=\"8\"") && junit.contains("<failure"), "{junit}");
    let markdown = panel.check_export(ask(CheckFormat::Markdown)).await.unwrap().text;
    assert!(markdown.starts_with("# Quick check of test: fail"), "{markdown}");
    let gone = panel
        .check_export(CheckExportRequest { id: "x".into(), format: CheckFormat::Json })
        .await
        .unwrap_err();
    assert_eq!(gone.code, ErrorCode::NotFound);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_run_is_seen_while_it_goes_on_is_alone_and_can_be_cancelled() {
    // A server that takes a request and never answers.
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        let mut held = Vec::new();
        while let Ok((stream, _)) = listener.accept().await {
            held.push(stream);
        }
    });
    let folder = tempfile::tempdir().unwrap();
    let home = aether_panel::paths::Home::at(folder.path());
    let text = format!("name = \"test\"\n[prometheus]\nurl = \"http://{address}\"\n");
    aether_tests::stack::write_profile(&home, &text).unwrap();
    let panel = panel(home).await.unwrap();
    assert_eq!(panel.check_cancel(Empty {}).await.unwrap_err().code, ErrorCode::NotFound);
    let begun = std::time::Instant::now();
    let going = tokio::spawn({
        let panel = std::sync::Arc::clone(&panel);
        async move { run(&panel, CheckSuite::Quick, false).await }
    });
    let seen = snapshot_when(&panel, Duration::from_secs(10), |shown| {
        let running = shown.checks.running.as_ref();
        running.is_some_and(|run| run.checks.iter().any(|check| check.state == CheckState::Running))
    });
    seen.await.unwrap();
    let request = CheckRequest { suite: CheckSuite::Sanity, created_by: String::new(), effects: false };
    assert_eq!(panel.check_run(request).await.unwrap_err().code, ErrorCode::InvalidRequest, "one at a time");
    panel.check_cancel(Empty {}).await.unwrap();
    let ended = going.await.unwrap();
    assert!(
        begun.elapsed() < Duration::from_secs(8),
        "it did not wait for the server: {:?}",
        begun.elapsed()
    );
    assert!(ended.cancelled && ended.verdict != CheckState::Pass, "{ended:?}");
    assert!(ended.checks.iter().any(|check| check.reason.contains("canceled")), "{ended:?}");
    let over =
        snapshot_when(&panel, Duration::from_secs(5), |shown| shown.checks.running.is_none()).await.unwrap();
    assert_eq!(over.checks.last.unwrap().id, ended.id);
    panel.shutdown().await;
    drop(panel);
    let next = aether_tests::stack::panel(aether_panel::paths::Home::at(folder.path())).await.unwrap();
    let shown = next.snapshot(Empty {}).await.unwrap().checks;
    assert_eq!((shown.last.unwrap().id, shown.running), (ended.id, None), "the journal knows it");
}
