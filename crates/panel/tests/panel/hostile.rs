//! A corpus of answers that nobody should have to see: whatever stands in an alert is shown as text, cut to size, and
//! leaves every screen, file and neighbour as it was.

use std::fmt::Write as _;

use aether_contract::*;
use aether_foundation::testing::figure_style;
use serde_json::{Value, json};
use wiremock::{Mock, MockServer, ResponseTemplate, matchers::path};

use crate::support::*;

/// An alert as Alertmanager lists it.
fn listed(fingerprint: &str, labels: &Value, annotations: &Value) -> Value {
    json!({
        "labels": labels, "annotations": annotations, "fingerprint": fingerprint,
        "startsAt": "2026-01-01T00:00:00Z", "endsAt": "2126-01-01T00:00:00Z", "updatedAt": "2026-01-01T00:00:00Z",
        "generatorURL": "javascript:alert(1)", "receivers": [{"name": "<img src=x onerror=alert(1)>"}],
        "status": {"state": "active", "silencedBy": [], "inhibitedBy": []}
    })
}

/// The neighbour that has to stay as it is.
fn sound() -> Value {
    listed(
        "000000000000000a",
        &json!({"alertname": "Sound", "severity": "critical"}),
        &json!({"summary": "fine"}),
    )
}

/// Every answer by what is odd about it. The alert in question has the fingerprint `…0b`.
fn corpus() -> Vec<(&'static str, Vec<u8>)> {
    let odd = |labels: Value, annotations: Value| {
        serde_json::to_vec(&json!([sound(), listed("000000000000000b", &labels, &annotations)])).unwrap()
    };
    let many: serde_json::Map<String, Value> = (0..10_000)
        .map(|i| (format!("label_{i:05}"), json!("v".repeat(40))))
        .chain([("alertname".to_owned(), json!("Many"))])
        .collect();
    let changed = |change: &dyn Fn(&mut Value)| {
        let mut alert = listed("000000000000000b", &json!({"alertname": "Odd"}), &json!({}));
        change(&mut alert);
        serde_json::to_vec(&json!([sound(), alert])).unwrap()
    };
    let text = serde_json::to_string(&json!([
        sound(),
        listed("000000000000000b", &json!({"alertname": "Bytes", "path": "MARK"}), &json!({}))
    ]))
    .unwrap();
    let (before, after) = text.split_once("MARK").unwrap();
    let invalid_utf8 = [before.as_bytes(), b"\xff\xfe\xc0\xaf", after.as_bytes()].concat();
    vec![
        (
            "HTML and script addresses",
            odd(
                json!({"alertname": "<script>alert(1)</script>", "<b>n</b>": "<img src=x onerror=alert(1)>"}),
                json!({"summary": "<iframe src=javascript:alert(1)>", "runbook_url": "javascript:alert(1)",
                       "dashboard": "data:text/html,<script>x</script>", "wiki": "https://a:b@evil.example/"}),
            ),
        ),
        (
            "marks that turn and hide text",
            odd(
                json!({"alertname": "\u{202e}txt.exe\u{202c}\u{200b}\u{feff}", "host": "a\u{2066}b\u{0000}c"}),
                json!({}),
            ),
        ),
        (
            "values of a megabyte",
            odd(
                json!({"alertname": "Big", "dump": "x".repeat(1_000_000)}),
                json!({"description": "ü".repeat(1_000_000)}),
            ),
        ),
        (
            "a name of a megabyte",
            odd(json!({"alertname": "N".repeat(1_000_000), "l".repeat(1_000_000): "v"}), json!({})),
        ),
        ("ten thousand labels", odd(Value::Object(many), json!({}))),
        ("bytes that are no UTF-8", invalid_utf8),
        ("no name and empty values", odd(json!({"": "", "a": ""}), json!({"": ""}))),
        (
            "terminal escapes",
            odd(json!({"alertname": "\u{1b}[31mred\u{1b}]0;title\u{7}"}), json!({"summary": "a\r\nb\tc"})),
        ),
        (
            "formulas of spreadsheets",
            odd(json!({"alertname": "=HYPERLINK(\"http://evil\")", "x": "@SUM(1)"}), json!({})),
        ),
        (
            "times out of this world",
            changed(&|alert| {
                alert["startsAt"] = json!("9999-12-31T23:59:59.999999999Z");
                alert["endsAt"] = json!("0001-01-01T00:00:00Z");
            }),
        ),
        ("a start in the future", changed(&|alert| alert["startsAt"] = json!("2126-01-01T00:00:00Z"))),
        ("the same fingerprint twice", changed(&|alert| alert["fingerprint"] = json!("000000000000000a"))),
        ("no fingerprint", changed(&|alert| alert["fingerprint"] = json!(""))),
        (
            "null where lists and maps are usual",
            changed(&|alert| {
                alert["annotations"] = Value::Null;
                alert["receivers"] = Value::Null;
                alert["status"]["silencedBy"] = Value::Null;
            }),
        ),
        (
            "a state and fields that nobody knows",
            changed(&|alert| {
                alert["status"]["state"] = json!("snoozed");
                alert["mood"] = json!([[[[{"deep": [1]}]]]]);
            }),
        ),
        (
            "ten thousand silences on one alert",
            changed(&|alert| {
                alert["status"]["state"] = json!("suppressed");
                alert["status"]["silencedBy"] = (0..10_000).map(|i| json!(format!("id-{i}"))).collect();
            }),
        ),
    ]
}

async fn alertmanager_says(server: &MockServer, body: Vec<u8>) {
    server.reset().await;
    let status = json!({"versionInfo": {"version": "0.27.0"}, "cluster": {"status": "disabled"},
        "config": {"original": ""}});
    for (at, reply) in [
        ("/api/v2/status", ResponseTemplate::new(200).set_body_json(status)),
        ("/api/v2/silences", ResponseTemplate::new(200).set_body_json(json!([]))),
        ("/api/v2/alerts", ResponseTemplate::new(200).set_body_raw(body, "application/json")),
    ] {
        Mock::given(path(at)).respond_with(reply).mount(server).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn hostile_alerts_are_listed_small_and_leave_their_neighbours_alone() {
    let server = MockServer::start().await;
    let home = tempfile::tempdir().unwrap();
    let panel = panel(home.path(), &[("s", &profile(NOWHERE, &[&server.uri()], ""))], false).await;
    for (what, body) in corpus() {
        alertmanager_says(&server, body).await;
        panel.refresh_and_wait().await;
        let shown = snapshot(&panel).await;
        assert!(shown.alerts.freshness.is_fresh(), "{what}: {:?}", shown.alerts.freshness);
        let every = AlertsRequest {
            limit: 100,
            label_names: true,
            facets: vec!["alertname".into(), RECEIVER_FACET.into()],
            group_by: vec!["alertname".into()],
            states: vec![AlertState::Firing, AlertState::Silenced, AlertState::Resolved, AlertState::Pending],
            ..AlertsRequest::default()
        };
        let page = panel.alerts_page(every.clone()).await.unwrap();
        let twins = what.starts_with("the same fingerprint");
        assert_eq!(page.total, if twins { 1 } else { 2 }, "{what}");
        if !twins {
            let neighbour = page.rows.iter().find(|row| row.name == "Sound").unwrap();
            assert_eq!(neighbour.labels.len() + neighbour.annotations.len(), 3, "{what}");
        }
        for row in &page.rows {
            for link in &row.links {
                assert!(
                    link.url.starts_with("http://") || link.url.starts_with("https://"),
                    "{what}: {}",
                    link.url
                );
                assert!(!link.url.contains("evil.example"), "{what}: {}", link.url);
            }
        }
        // What goes to the window at once is never more than it can draw at once.
        for (part, size) in [
            ("page", serde_json::to_vec(&page).unwrap().len()),
            ("snapshot", serde_json::to_vec(&shown).unwrap().len()),
        ] {
            assert!(size < 300_000, "{what}: the {part} is {size} bytes");
        }
        for row in &page.rows {
            let request = AlertDetailRequest {
                fingerprint: row.fingerprint.clone(),
                hours: 6.0,
                style: figure_style(400, 120),
                refresh: false,
            };
            panel.alert_detail(request).await.unwrap();
            let ack = AlertAckRequest {
                fingerprint: row.fingerprint.clone(),
                note: Some("seen".into()),
                by: "ann".into(),
            };
            assert_eq!(panel.alert_acknowledge(ack).await.unwrap().ack.unwrap().note, "seen", "{what}");
        }
        for format in [ExportFormat::Csv, ExportFormat::Json] {
            let list = AlertsRequest { states: every.states.clone(), ..AlertsRequest::default() };
            let file = panel.alerts_export(AlertsExportRequest { list, format }).await.unwrap();
            assert_eq!(file.rows, page.total, "{what}");
            let bytes = std::fs::read(&file.path).unwrap();
            assert!(std::str::from_utf8(&bytes).is_ok(), "{what}");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_said_in_words_of_a_hostile_alert_survives_the_whole_way() {
    let server = MockServer::start().await;
    let home = tempfile::tempdir().unwrap();
    let panel = panel(home.path(), &[("s", &profile(NOWHERE, &[&server.uri()], ""))], false).await;
    let name = "<script>alert(1)</script>";
    let body = corpus().into_iter().find(|(what, _)| what.starts_with("HTML")).unwrap().1;
    alertmanager_says(&server, body).await;
    panel.refresh_and_wait().await;
    let filter = format!("alertname={name:?}");
    let page =
        panel.alerts_page(AlertsRequest { filter, limit: 10, ..AlertsRequest::default() }).await.unwrap();
    assert_eq!(page.rows[0].name, name, "text is kept as it is; the screen shows it as text");
    assert_eq!(page.rows[0].labels["<b>n</b>"], "<img src=x onerror=alert(1)>");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn values_that_are_no_numbers_are_told_in_words() {
    let (prom, am) = (MockServer::start().await, MockServer::start().await);
    alertmanager_says(&am, b"[]".to_vec()).await;
    let mut alerts = String::new();
    for (i, value) in ["NaN", "+Inf", "-Inf", "1e400", "", "<b>1</b>", "0x10"].iter().enumerate() {
        let comma = if i == 0 { "" } else { "," };
        let _ = write!(
            alerts,
            r#"{comma}{{"labels":{{"alertname":"P{i}"}},"annotations":{{}},"state":"pending",
             "activeAt":"2126-01-01T00:00:00Z","value":{value:?}}}"#
        );
    }
    let body = format!(r#"{{"status":"success","data":{{"alerts":[{alerts}]}}}}"#);
    let empty = json!({"status": "success", "data": {"groups": [], "resultType": "vector", "result": [],
        "version": "2.54.1"}});
    Mock::given(path("/api/v1/alerts"))
        .respond_with(ResponseTemplate::new(200).set_body_raw(body, "application/json"))
        .mount(&prom)
        .await;
    Mock::given(wiremock::matchers::any())
        .respond_with(ResponseTemplate::new(200).set_body_json(empty))
        .with_priority(9)
        .mount(&prom)
        .await;
    let home = tempfile::tempdir().unwrap();
    let panel = panel(home.path(), &[("s", &profile(&prom.uri(), &[&am.uri()], ""))], false).await;
    panel.refresh_and_wait().await;
    let page = alerts_of(&panel).await;
    assert_eq!(page.total, 7);
    for row in &page.rows {
        assert_eq!(row.state, AlertState::Pending);
        assert!(row.value.is_none_or(f64::is_finite), "{row:?}");
    }
    let text = |name: &str| page.rows.iter().find(|row| row.name == name).unwrap().value_text.clone();
    assert_eq!((text("P0").as_str(), text("P1").as_str()), ("NaN", "+Inf"));
    serde_json::to_string(&snapshot(&panel).await).unwrap();
}

async fn alerts_of(panel: &aether_panel::Panel) -> AlertsPage {
    alerts(panel).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ten_thousand_silences_that_are_over_cost_a_page_and_no_more() {
    let server = MockServer::start().await;
    let silences: Vec<Value> = (0..10_000)
        .map(|i| {
            json!({"id": format!("id-{i}"), "matchers": [{"name": "alertname", "value": format!("A{i}"),
                "isRegex": false}],
                "startsAt": "2026-01-01T00:00:00Z", "endsAt": format!("2026-01-02T00:{:02}:{:02}Z", i / 60 % 60,
                    i % 60),
                "updatedAt": "2026-01-02T00:00:00Z", "createdBy": "bob", "comment": format!("number \
                    {i}"), "status": {"state": "expired"}})
        })
        .collect();
    let status = json!({"versionInfo": {"version": "0.27.0"}, "cluster": {"status": "disabled"},
        "config": {"original": ""}});
    for (at, body) in
        [("/api/v2/status", status), ("/api/v2/silences", json!(silences)), ("/api/v2/alerts", json!([]))]
    {
        Mock::given(path(at))
            .respond_with(ResponseTemplate::new(200).set_body_json(body))
            .mount(&server)
            .await;
    }
    let home = tempfile::tempdir().unwrap();
    let panel = panel(home.path(), &[("s", &profile(NOWHERE, &[&server.uri()], ""))], false).await;
    panel.refresh_and_wait().await;
    let shown = snapshot(&panel).await;
    assert!(shown.alerts.freshness.is_fresh(), "{:?}", shown.alerts.freshness);
    assert!(shown.maintenance.windows.is_empty() && shown.maintenance.other_silences == 0);
    assert!(serde_json::to_vec(&shown).unwrap().len() < 60_000, "none of them travels with the snapshot");
    let request = SilencesRequest { search: "number 99".into(), limit: 25, ..SilencesRequest::default() };
    let page = panel.silences_page(request).await.unwrap();
    assert_eq!((page.rows.len(), page.total), (25, 280));
    let all = panel.silences_page(SilencesRequest { limit: 25, ..SilencesRequest::default() }).await.unwrap();
    assert_eq!(all.total, 10_000);
}
