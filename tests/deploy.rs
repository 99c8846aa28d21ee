//! A guided deploy on a real Prometheus and Alertmanager.
#![allow(clippy::unwrap_used, clippy::panic)]

use std::time::Duration;

use aether_contract::*;
use aether_tests::{
    eventually,
    stack::{Stack, panel, row_when, servers_missing, snapshot_when},
};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_deploy_is_guided_from_backup_to_close_out_and_is_a_record() {
    if let Some(why) = servers_missing() {
        return eprintln!("skipped: {why}");
    }
    let mut stack = Stack::start(1).await.unwrap();
    stack.profile("").unwrap();
    let panel = panel(stack.home()).await.unwrap();
    let read = |shown: &Snapshot| {
        shown.gauges.iter().all(|gauge| gauge.freshness.is_fresh()) && shown.alerts.freshness.is_fresh()
    };
    snapshot_when(&panel, Duration::from_secs(60), read).await.unwrap();

    let start =
        |reason: &str| DeployStartRequest { reason: reason.into(), created_by: "ann".into(), window_s: 1800 };
    assert_eq!(panel.deploy_start(start(" ")).await.unwrap_err().code, ErrorCode::InvalidRequest);
    let run = panel.deploy_start(start("v2.3.0")).await.unwrap();
    assert!(run.steps.iter().all(|step| step.state == DeployStepState::Waiting));
    assert_eq!(
        panel.deploy_start(start("v2.4.0")).await.unwrap_err().code,
        ErrorCode::InvalidRequest,
        "one at a time"
    );
    let act =
        |kind, act, reason: &str| DeployStepRequest { id: run.id.clone(), kind, act, reason: reason.into() };
    let go = async |kind| {
        let run = panel.deploy_step(act(kind, DeployAction::Run, "")).await.unwrap();
        run.steps.into_iter().find(|step| step.kind == kind).unwrap()
    };
    let early = panel.deploy_step(act(DeployStepKind::Window, DeployAction::Run, "")).await.unwrap_err();
    assert_eq!(early.code, ErrorCode::InvalidRequest, "the backup comes first");

    let backup = go(DeployStepKind::Backup).await;
    assert_eq!(backup.state, DeployStepState::Done, "{backup:?}");
    let early = panel.deploy_step(act(DeployStepKind::Window, DeployAction::Run, "")).await.unwrap_err();
    assert_eq!(early.code, ErrorCode::InvalidRequest, "the check comes before the window");
    let preprod = go(DeployStepKind::Preprod).await;
    assert_eq!(preprod.state, DeployStepState::Failed, "the pack's alerts do not run here: {preprod:?}");
    assert!(preprod.evidence.iter().any(|line| line.contains("LowConfidenceSpikeVIP")), "{preprod:?}");
    let skip = act(DeployStepKind::Preprod, DeployAction::Skip, "a small stack");
    panel.deploy_step(skip).await.unwrap();
    let window = go(DeployStepKind::Window).await;
    assert_eq!((window.state, window.note.as_str()), (DeployStepState::Done, "Active on 1 of 1 member."));
    assert_eq!(go(DeployStepKind::Deploy).await.state, DeployStepState::Done);

    let quick = go(DeployStepKind::Quick).await;
    assert_eq!(quick.state, DeployStepState::Failed, "{quick:?}");
    panel.deploy_step(act(DeployStepKind::Quick, DeployAction::Skip, "a small stack")).await.unwrap();

    // Something breaks while everything is muted: it is told all the same.
    let body = r#"[{"labels": {"alertname": "BrokenByDeploy", "severity": "critical"},
     "endsAt": "2099-01-01T00:00:00Z"}]"#;
    let http = reqwest::Client::builder().no_proxy().build().unwrap();
    let sent = http
        .post(format!("{}/api/v2/alerts", stack.alertmanagers[0].url()))
        .header("content-type", "application/json")
        .body(body);
    assert!(sent.send().await.unwrap().status().is_success());
    let muted = |row: &AlertRow| row.state == AlertState::Silenced;
    row_when(&panel, "alertname=\"BrokenByDeploy\"", Duration::from_secs(30), muted).await.unwrap();
    let twice = panel.deploy_step(act(DeployStepKind::Window, DeployAction::Run, "")).await.unwrap_err();
    assert_eq!(twice.code, ErrorCode::InvalidRequest, "a second window is nobody's wish");
    stack.prometheus.kill().await;
    let blind = go(DeployStepKind::After).await;
    assert_eq!(
        blind.state,
        DeployStepState::Failed,
        "what nobody could look at is not called well: {blind:?}"
    );
    stack.prometheus.start().await.unwrap();
    snapshot_when(&panel, Duration::from_secs(60), read).await.unwrap();
    // A server that has just been started has scraped nothing yet.
    let after = eventually(Duration::from_secs(30), async || {
        let after = go(DeployStepKind::After).await;
        after.evidence.iter().any(|line| line.starts_with("Scrape targets: 1 target is up")).then_some(after)
    });
    let after = after.await.unwrap();
    assert_eq!(after.state, DeployStepState::Failed, "an alert is new: {after:?}");
    assert!(after.evidence.contains(&"BrokenByDeploy".to_owned()), "{after:?}");
    let says = |start: &str| after.evidence.iter().any(|line| line.starts_with(start));
    assert!(says("Scrape targets: 1 target is up."), "{after:?}");
    assert!(says("Version changes: No versions have changed."), "{after:?}");
    assert!(says("Images not compared: Docker reported none"), "{after:?}");
    assert!(says("Gauge regressions: ") && says("Cache hit ratio: "), "{after:?}");
    let noted = act(DeployStepKind::After, DeployAction::Skip, "known, and looked after");
    panel.deploy_step(noted).await.unwrap();

    let dashboard = go(DeployStepKind::Dashboard).await;
    assert_eq!(dashboard.state, DeployStepState::Failed, "this stack has no Grafana");
    let silent = panel.deploy_step(act(DeployStepKind::Dashboard, DeployAction::Skip, "")).await.unwrap_err();
    assert_eq!(silent.code, ErrorCode::InvalidRequest, "skipping needs a reason");
    panel.deploy_step(act(DeployStepKind::Dashboard, DeployAction::Skip, "no Grafana here")).await.unwrap();
    let closed = go(DeployStepKind::CloseOut).await;
    assert_eq!(closed.state, DeployStepState::Finding, "{closed:?}");
    assert!(
        closed.evidence.iter().any(|line| line.starts_with("BrokenByDeploy: still firing")),
        "{closed:?}"
    );
    assert!(
        panel
            .snapshot(Empty {})
            .await
            .unwrap()
            .maintenance
            .windows
            .iter()
            .all(|window| window.phase == WindowPhase::Ended || window.phase == WindowPhase::Lost)
    );

    let kept = panel.deploy_runs(Empty {}).await.unwrap().runs.remove(0);
    assert_eq!((kept.state, kept.created_by.as_str()), (DeployState::Done, "ann"));
    assert!(kept.ended_at.is_some() && kept.backup.is_some() && kept.window.is_some());
    for words in [
        "# Deployment: v2.3.0",
        "- [x] Backup – done",
        "**finding**",
        "BrokenByDeploy",
        "skipped: no Grafana here",
        "Post-deploy check – skipped: known, and looked after",
    ] {
        assert!(kept.markdown.contains(words), "{words}: {}", kept.markdown);
    }
    assert_eq!(
        panel.deploy_step(act(DeployStepKind::CloseOut, DeployAction::Run, "")).await.unwrap_err().code,
        ErrorCode::InvalidRequest
    );

    // The next one may be given up; its record stays open to nobody.
    let next = panel.deploy_start(start("v2.4.0")).await.unwrap();
    let given_up =
        panel.deploy_abandon(DeployAbandonRequest { id: next.id, reason: "not today".into() }).await.unwrap();
    assert_eq!(given_up.state, DeployState::GivenUp);
    assert!(given_up.markdown.contains("Abandoned: not today"));

    // Somebody else's window is joined, and not ended; a backup of a moment ago is as good as another.
    let theirs = MaintenanceRequest {
        duration_s: 3_600,
        reason: "Switch".into(),
        created_by: "bob".into(),
        matchers: Vec::new(),
        starts_at: None,
    };
    let theirs = panel.maintenance_start(theirs).await.unwrap();
    let third = panel.deploy_start(start("v2.5.0")).await.unwrap();
    let act = |kind, act, reason: &str| DeployStepRequest {
        id: third.id.clone(),
        kind,
        act,
        reason: reason.into(),
    };
    let go = async |kind| {
        let run = panel.deploy_step(act(kind, DeployAction::Run, "")).await.unwrap();
        run.steps.into_iter().find(|step| step.kind == kind).unwrap()
    };
    let backup = go(DeployStepKind::Backup).await;
    assert!(backup.note.starts_with("Uses backup ") && backup.state == DeployStepState::Done, "{backup:?}");
    panel.deploy_step(act(DeployStepKind::Preprod, DeployAction::Skip, "known")).await.unwrap();
    let joined = go(DeployStepKind::Window).await;
    assert!(joined.note.starts_with("Joined the window of bob"), "{joined:?}");
    for kind in
        [DeployStepKind::Deploy, DeployStepKind::Quick, DeployStepKind::After, DeployStepKind::Dashboard]
    {
        panel.deploy_step(act(kind, DeployAction::Skip, "known")).await.unwrap();
    }
    let early = go(DeployStepKind::CloseOut).await;
    assert_eq!(early.state, DeployStepState::Failed, "{early:?}");
    assert!(early.note.contains("still mutes alerts until"), "{early:?}");
    let active = panel.snapshot(Empty {}).await.unwrap().maintenance.quiet;
    assert_eq!((active.windows, active.everything), (1, true), "it is not ended by the deployment");
    panel.maintenance_end(MaintenanceEndRequest { id: theirs.id.0 }).await.unwrap();
    assert_eq!(
        go(DeployStepKind::CloseOut).await.state,
        DeployStepState::Finding,
        "an alert is still firing"
    );
    panel.shutdown().await;
}
