//! The close-out report against what a real webhook receiver really got from a real Alertmanager.

use std::time::{Duration, Instant};

use aether_contract::*;
use jiff::SignedDuration;
use serde_json::{Value, json};
use wiremock::{Mock, MockServer, ResponseTemplate, matchers::any};

use crate::support::*;

/// How often Alertmanager looks at a group that it has told.
const LOOK: Duration = Duration::from_secs(1);

/// One group a name, looked at every [`LOOK`], told again after an hour.
fn config(webhook: &str) -> String {
    let look = LOOK.as_secs();
    format!(
        "route: {{receiver: hook, group_by: [alertname], group_wait: 1s, group_interval: {look}s, \
            repeat_interval: 1h}}\n\
         receivers: [{{name: hook, webhook_configs: [{{url: '{webhook}', send_resolved: true}}]}}]\n"
    )
}

/// Lets Alertmanager look at every group so often. It keeps no count of looks that tell nothing, so this is a matter of
/// its clock.
async fn looks(count: u32) {
    tokio::time::sleep(LOOK * count + LOOK / 2).await;
}

/// What the receiver got: name, status, and how often.
async fn got(hook: &MockServer) -> Vec<(String, String)> {
    let requests = hook.received_requests().await.unwrap_or_default();
    let alerts = |request: &wiremock::Request| -> Vec<(String, String)> {
        let body: Value = serde_json::from_slice(&request.body).unwrap();
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let alerts = body["alerts"].as_array().cloned().unwrap_or_default();
        alerts.iter().map(|alert| (text(&alert["labels"]["alertname"]), text(&alert["status"]))).collect()
    };
    requests.iter().flat_map(alerts).collect()
}

/// Posts an alert that begins now, or that has ended now.
fn alert(url: &str, name: &str, firing: bool) {
    let now = jiff::Timestamp::now();
    let starts = if firing { now } else { now - SignedDuration::from_mins(1) };
    let ends =
        if firing { now + SignedDuration::from_hours(1) } else { now - SignedDuration::from_millis(10) };
    let body = json!([{"labels": {"alertname": name, "severity": "critical"}, "startsAt": starts.to_string(),
        "endsAt": ends.to_string()}]);
    assert!(post(url, "/api/v2/alerts", &body).contains(" 200 "));
}

async fn wait_for(what: &str, mut look: impl AsyncFnMut() -> bool) {
    let limit = Instant::now() + Duration::from_secs(60);
    while !look().await {
        assert!(Instant::now() < limit, "never: {what}");
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
}

fn names(list: &[CloseOutAlert]) -> Vec<&str> {
    list.iter().map(|one| one.name.as_str()).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_closeout_says_what_the_receiver_really_hears() {
    if !have("prometheus-alertmanager") || !have("prometheus") {
        return;
    }
    let hook = MockServer::start().await;
    Mock::given(any()).respond_with(ResponseTemplate::new(200)).mount(&hook).await;
    let am = alertmanager_with(&config(&hook.uri()), None);
    let prometheus = prometheus("groups: []\n", None);
    let home = tempfile::tempdir().unwrap();
    let text = profile(&prometheus.url, &[&am.url], "");
    let watching = panel(home.path(), &[("s", &text)], true).await;
    let quick = Settings { alertmanager_interval_s: 1, ..watching.settings_get(Empty {}).await.unwrap() };
    watching.settings_set(quick).await.unwrap();
    let firing = async |name: &str, on: bool| {
        let seen = |row: &AlertRow| row.name == name && !matches!(row.state, AlertState::Resolved);
        wait_for(name, async || alerts(&watching).await.rows.iter().any(seen) == on).await;
    };

    for name in ["Old", "Gone", "Again"] {
        alert(&am.url, name, true);
        firing(name, true).await;
    }
    wait_for("three are told", async || got(&hook).await.len() == 3).await;
    // A look at the groups more, so that nothing of before is still on its way.
    looks(1).await;

    let mut events = watching.events();
    let window = watching.maintenance_start(for_minutes(30, "deploy")).await.unwrap();
    assert_eq!(window.phase, WindowPhase::Verified);
    for name in ["Gone", "Again"] {
        alert(&am.url, name, false);
        firing(name, false).await;
    }
    for name in ["New", "Blip"] {
        alert(&am.url, name, true);
        firing(name, true).await;
    }
    // Their groups are looked at while everything is muted.
    looks(2).await;
    alert(&am.url, "Again", true);
    firing("Again", true).await;
    alert(&am.url, "Blip", false);
    firing("Blip", false).await;
    looks(1).await;
    assert_eq!(got(&hook).await.len(), 3, "nothing is told while muted");

    let so_far = watching.maintenance_closeout(CloseOutRequest { id: window.id.0.clone() }).await.unwrap();
    assert!(so_far.preliminary);
    assert_eq!(names(&so_far.still_firing), ["Old", "New"], "{}", so_far.markdown);

    watching.maintenance_end(MaintenanceEndRequest { id: window.id.0.clone() }).await.unwrap();
    // The panel closes it out by itself.
    let told = async {
        loop {
            if let Ok(PanelEvent::Notice(notice)) = events.recv().await
                && notice.title.contains("Maintenance ended")
            {
                return notice;
            }
        }
    };
    let told = tokio::time::timeout(Duration::from_secs(60), told).await.expect("a notice");
    assert!(told.text.contains("4 alerts need follow-up"), "{told:?}");
    let report = watching.maintenance_closeout(CloseOutRequest { id: window.id.0.clone() }).await.unwrap();
    assert!(!report.preliminary);
    assert_eq!(report.hidden, 5, "{}", report.markdown);
    assert_eq!(names(&report.still_firing), ["Old", "New"], "{}", report.markdown);
    assert_eq!(names(&report.open_outside), ["Gone"]);
    assert_eq!(names(&report.silent_again), ["Again"]);
    assert_eq!(names(&report.unseen), ["Blip"]);
    let by = |list: &[CloseOutAlert], name: &str| {
        list.iter().find(|one| one.name == name).unwrap().pages_by.unwrap().millis_since(report.ended_at)
    };
    assert_eq!(by(&report.still_firing, "New"), 1_000);
    for (list, name) in [(&report.still_firing, "Old"), (&report.silent_again, "Again")] {
        assert!((3_500_000..=3_602_000).contains(&by(list, name)), "an hour after it was told: {name}");
    }
    assert_eq!(report.still_firing[0].receivers, ["hook"]);

    // And so it is: of all of them the receiver hears of the new one alone.
    wait_for("the new one is told", async || {
        got(&hook).await.contains(&("New".to_owned(), "firing".to_owned()))
    })
    .await;
    looks(3).await;
    let heard: Vec<_> = got(&hook).await.split_off(3);
    assert_eq!(heard, [("New".to_owned(), "firing".to_owned())]);
    watching.shutdown().await;
    drop(watching);

    // Kept: another panel reads the same.
    let later = panel(home.path(), &[("s", &text)], false).await;
    later.refresh_and_wait().await;
    let again = later.maintenance_closeout(CloseOutRequest { id: window.id.0.clone() }).await.unwrap();
    assert_eq!(again, report);
    let history =
        later.maintenance_history(MaintenanceHistoryRequest { limit: 10, ..Default::default() }).await;
    let row = history.unwrap().rows.remove(0);
    assert_eq!((row.outcome, row.hidden, row.left_over), (WindowOutcome::EndedEarly, Some(5), Some(4)));
    let file =
        later.maintenance_export(MaintenanceExportRequest { format: ExportFormat::Csv }).await.unwrap();
    assert!(std::fs::read_to_string(file.path).unwrap().contains("ended early"));
}
