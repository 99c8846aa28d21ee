//! The test alert on a real Alertmanager, with a webhook that takes it, refuses it, or is not there.
#![allow(clippy::unwrap_used, clippy::panic)]

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use aether_contract::*;
use aether_panel::{Panel, paths::Home};
use aether_sim::servers::{Alertmanager, AlertmanagerOptions, free_port};
use aether_tests::{
    missing,
    stack::{panel, write_profile},
};
use axum::{Router, http::StatusCode, routing::post};

/// A webhook that answers with a status and keeps what it was sent.
async fn webhook(status: StatusCode) -> (String, Arc<Mutex<Vec<String>>>) {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/hook", listener.local_addr().unwrap());
    let kept: Arc<Mutex<Vec<String>>> = Arc::default();
    let keep = Arc::clone(&kept);
    let hook = move |body: String| async move {
        keep.lock().unwrap().push(body);
        status
    };
    let app = Router::new().route("/hook", post(hook));
    tokio::spawn(async move { axum::serve(listener, app).await.unwrap() });
    (url, kept)
}

fn config(url: &str, wait: &str) -> String {
    format!(
        "route: {{ receiver: team, group_by: [alertname, run], group_wait: {wait}, group_interval: 2s }}\n\
         receivers: [{{ name: team, webhook_configs: [{{ url: '{url}' }}] }}]\nglobal: {{ resolve_timeout: 5s }}\n"
    )
}

struct Bench {
    _folder: tempfile::TempDir,
    _members: Vec<Alertmanager>,
    panel: Arc<Panel>,
}

impl Bench {
    async fn start(config: &str, members: usize) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let at = folder.path().join("alertmanager");
        let members = if members > 1 {
            Alertmanager::cluster(&at, config, members).await.unwrap()
        } else {
            let options = AlertmanagerOptions {
                folder: at,
                config: config.to_owned(),
                ..AlertmanagerOptions::default()
            };
            vec![Alertmanager::launch(options).await.unwrap()]
        };
        let urls: Vec<String> = members.iter().map(|member| format!("\"{}\"", member.url())).collect();
        let home = Home::at(&folder.path().join("home"));
        // Nothing listens where Prometheus is said to be: the check does not need it.
        let text = format!(
            "name = \"test\"\n[prometheus]\nurl = \"http://127.0.0.1:9\"\n[alertmanager]\nurls = [{}]\n",
            urls.join(", ")
        );
        write_profile(&home, &text).unwrap();
        let panel = panel(home).await.unwrap();
        Self { _folder: folder, _members: members, panel }
    }

    async fn check(&self) -> CheckResult {
        let request = CheckRequest { suite: CheckSuite::Preprod, created_by: "ann".into(), effects: true };
        let run = self.panel.check_run(request).await.unwrap();
        run.checks.into_iter().find(|check| check.id == "notifications").unwrap()
    }
}

fn why() -> Option<String> {
    missing(&["prometheus-alertmanager"]).map(|program| format!("{program} is not installed"))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_test_alert_is_passed_only_when_its_receiver_took_it() {
    if let Some(why) = why() {
        return eprintln!("skipped: {why}");
    }
    let (url, kept) = webhook(StatusCode::OK).await;
    let bench = Bench::start(&config(&url, "1s"), 2).await;
    let passed = bench.check().await;
    assert_eq!(passed.state, CheckState::Pass, "{passed:?}");
    assert!(passed.reason.contains("delivered to webhook of team"), "{passed:?}");
    assert!(passed.evidence.iter().any(|line| line.starts_with("Not verifiable here")), "{passed:?}");
    let bodies = kept.lock().unwrap().clone();
    assert!(
        bodies.iter().any(|body| body.contains("AetherPanelTest") && body.contains("Test notification")),
        "{bodies:?}"
    );
    // And again at once.
    assert_eq!(bench.check().await.state, CheckState::Pass);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_receiver_that_refuses_or_is_not_there_fails_the_check() {
    if let Some(why) = why() {
        return eprintln!("skipped: {why}");
    }
    let (url, kept) = webhook(StatusCode::BAD_REQUEST).await;
    let bench = Bench::start(&config(&url, "1s"), 1).await;
    let refused = bench.check().await;
    assert_eq!(refused.state, CheckState::Fail, "{refused:?}");
    assert!(refused.reason.contains("delivery to webhook failed"), "{refused:?}");
    assert!(!kept.lock().unwrap().is_empty(), "it was asked, and refused");

    let nobody = format!("http://127.0.0.1:{}/hook", free_port().unwrap());
    let bench = Bench::start(&config(&nobody, "1s"), 1).await;
    let gone = bench.check().await;
    assert_eq!(gone.state, CheckState::Fail, "{gone:?}");
    assert!(gone.evidence.iter().any(|line| line.starts_with("webhook: every request")), "{gone:?}");
    assert!(gone.evidence.iter().any(|line| line.contains("Resolved on every member")), "{gone:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_wait_for_a_notification_is_ended_by_a_cancel_and_the_alert_taken_back() {
    if let Some(why) = why() {
        return eprintln!("skipped: {why}");
    }
    let (url, kept) = webhook(StatusCode::OK).await;
    let bench = Bench::start(&config(&url, "4m"), 1).await;
    let panel = Arc::clone(&bench.panel);
    let cancel = tokio::spawn(async move {
        // Once the alert has been seen, the check waits for the notification.
        loop {
            let shown = panel.snapshot(Empty {}).await.unwrap();
            let waits = shown.checks.running.is_some_and(|run| {
                run.checks
                    .iter()
                    .any(|check| check.id == "notifications" && check.state == CheckState::Running)
            });
            if waits {
                tokio::time::sleep(Duration::from_secs(2)).await;
                return panel.check_cancel(Empty {}).await.unwrap();
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    });
    let cut = bench.check().await;
    cancel.await.unwrap();
    assert_eq!(cut.state, CheckState::Warn, "{cut:?}");
    assert!(cut.remedy.contains("canceled"), "{cut:?}");
    assert!(cut.evidence.iter().any(|line| line.contains("Resolved on every member")), "{cut:?}");
    assert!(kept.lock().unwrap().is_empty());
}
