//! Servers that answer nonsense, slowly or not at all: what was known stays, with its age and the reason.

use std::{sync::Arc, time::Duration};

use aether_contract::*;
use aether_panel::{Panel, dispatch};
use serde_json::{Value, json};
use wiremock::{
    Mock, MockServer, ResponseTemplate,
    matchers::{any, method, path},
};

use crate::support::*;

fn vector(value: &str) -> Value {
    json!({"status": "success", "data": {"resultType": "vector", "result": [{"metric": {},
        "value": [1_700_000_000, value]}]}})
}

async fn answer(server: &MockServer, at: &str, reply: ResponseTemplate) {
    Mock::given(method("GET")).and(path(at)).respond_with(reply).mount(server).await;
}

async fn good_prometheus(server: &MockServer, value: &str, delay: Duration) {
    let ok = |body: Value| ResponseTemplate::new(200).set_body_json(body).set_delay(delay);
    let data = |data: Value| json!({"status": "success", "data": data});
    answer(server, "/api/v1/status/buildinfo", ok(data(json!({"version": "2.54.1", "goVersion": "go1"}))))
        .await;
    answer(server, "/api/v1/query", ok(vector(value))).await;
    answer(server, "/api/v1/query_range", ok(data(json!({"resultType": "matrix", "result": []})))).await;
    answer(
        server,
        "/api/v1/alerts",
        ok(data(json!({"alerts": [
            {"labels": {"alertname": "Soon"}, "annotations": {}, "state": "pending",
                "activeAt": "2026-01-01T00:00:00Z", "value": "1e+00"}
        ]}))),
    )
    .await;
    answer(server, "/api/v1/rules", ok(data(json!({"groups": []})))).await;
}

async fn good_alertmanager(server: &MockServer) {
    let ok = |body: Value| ResponseTemplate::new(200).set_body_json(body);
    answer(
        server,
        "/api/v2/status",
        ok(json!({"versionInfo": {"version": "0.27.0"},
        "cluster": {"status": "disabled"}, "config": {"original": ""}})),
    )
    .await;
    answer(server, "/api/v2/alerts", ok(json!([
        {"labels": {"alertname": "High"}, "annotations": {}, "startsAt": "2026-01-01T00:00:00Z",
            "endsAt": "2126-01-01T00:00:00Z",
         "fingerprint": "0123456789abcdef", "status": {"state": "active", "silencedBy": [], "inhibitedBy": []},
             "receivers": [{"name": "r"}]}
    ]))).await;
    answer(server, "/api/v2/silences", ok(json!([]))).await;
}

async fn only(server: &MockServer, reply: ResponseTemplate) {
    server.reset().await;
    Mock::given(any()).respond_with(reply).mount(server).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_turns_odd_never_empties_the_screen() {
    let (prom, am) = (MockServer::start().await, MockServer::start().await);
    let home = tempfile::tempdir().unwrap();
    let text = profile(&prom.uri(), &[&am.uri()], &gauge("g", "x", None));
    let panel = panel(home.path(), &[("s", &text)], false).await;
    let odd = [
        (ResponseTemplate::new(200).set_body_raw("[}", "application/json"), ErrorCode::BrokenReply),
        (
            // Cut off in the middle.
            ResponseTemplate::new(200).set_body_raw("{\"status\":\"succ", "application/json"),
            ErrorCode::Network,
        ),
        (ResponseTemplate::new(200).set_body_raw("<html>login</html>", "text/html"), ErrorCode::WrongServer),
        (ResponseTemplate::new(503).set_body_string("starting"), ErrorCode::ServerError),
        (ResponseTemplate::new(401), ErrorCode::Unauthorized),
        (ResponseTemplate::new(200).set_body_raw("null", "application/json"), ErrorCode::WrongServer),
        (ResponseTemplate::new(200).set_delay(Duration::from_secs(60)), ErrorCode::Timeout),
    ];
    for (reply, code) in odd {
        prom.reset().await;
        am.reset().await;
        good_prometheus(&prom, "61", Duration::ZERO).await;
        good_alertmanager(&am).await;
        panel.refresh_and_wait().await;
        let good = snapshot(&panel).await;
        assert!(
            good.gauges[0].freshness.is_fresh() && good.alerts.freshness.is_fresh(),
            "{:?}",
            good.services
        );
        let at = good.gauges[0].freshness.last_good();

        only(&prom, reply.clone()).await;
        only(&am, reply).await;
        panel.refresh_and_wait().await;
        let shown = snapshot(&panel).await;
        assert_eq!(shown.gauges[0].value, Some(61.0), "{code:?}");
        assert_eq!(shown.gauges[0].freshness.last_good(), at);
        let codes: Vec<_> =
            [&shown.gauges[0].freshness, &shown.alerts.freshness, &shown.alerts.pending_freshness]
                .map(|freshness| freshness.error().map(|error| error.code))
                .into_iter()
                .collect();
        assert_eq!(codes, [Some(code); 3]);
        assert_eq!((shown.alerts.counts.firing, shown.alerts.counts.pending), (1, 1), "{code:?}");
        assert_eq!(shown.alerts.counts.undelivered, 0);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_server_down_changes_nothing_for_the_others() {
    let am = MockServer::start().await;
    good_alertmanager(&am).await;
    let home = tempfile::tempdir().unwrap();
    let text = profile(NOWHERE, &[&am.uri()], "");
    let panel = panel(home.path(), &[("s", &text)], false).await;
    // Up before anything was asked.
    assert!(matches!(snapshot(&panel).await.services[0].freshness, Freshness::Loading));
    panel.refresh_and_wait().await;
    let shown = snapshot(&panel).await;
    let error = shown.services[0].freshness.error().unwrap();
    assert_eq!(error.code, ErrorCode::Refused);
    assert!(matches!(shown.services[0].freshness, Freshness::Never { .. }));
    assert!(shown.services[1].freshness.is_fresh());
    assert_eq!(shown.services[1].version.as_deref(), Some("0.27.0"));
    assert_eq!(shown.services[2].freshness, Freshness::Absent);
    assert_eq!(shown.alerts.counts.firing, 1);
    assert!(shown.gauges.iter().all(|gauge| matches!(gauge.freshness, Freshness::Never { .. })));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_answer_of_the_old_stack_enters_the_new_picture() {
    let (old, new) = (MockServer::start().await, MockServer::start().await);
    good_prometheus(&old, "11", Duration::from_millis(700)).await;
    good_prometheus(&new, "22", Duration::ZERO).await;
    let home = tempfile::tempdir().unwrap();
    let (a, b) =
        (profile(&old.uri(), &[], &gauge("g", "x", None)), profile(&new.uri(), &[], &gauge("g", "x", None)));
    let panel = panel(home.path(), &[("a", &a), ("b", &b)], true).await;
    let mut events = panel.events();
    // The old stack's answers are on their way now.
    while old.received_requests().await.unwrap().is_empty() {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panel.stack_select(StackName { name: "b".into() }).await.unwrap();
    let after = snapshot(&panel).await;
    assert_eq!(after.stacks.active, "b");
    assert_ne!(after.gauges[0].value, Some(11.0));
    let mut values = Vec::new();
    while values.last() != Some(&22.0) {
        let event = tokio::time::timeout(Duration::from_secs(30), events.recv()).await.unwrap().unwrap();
        let PanelEvent::Delta(delta) = event else { continue };
        values.extend(delta.gauges.into_iter().flatten().filter_map(|gauge| gauge.value));
    }
    tokio::time::sleep(Duration::from_millis(1500)).await;
    assert_eq!(snapshot(&panel).await.gauges[0].value, Some(22.0));
    assert!(values.iter().all(|value| *value == 22.0), "{values:?}");
    panel.shutdown().await;
}

fn apply(base: &mut Snapshot, delta: SnapshotDelta) {
    assert_eq!(delta.base, base.revision, "a gap between deltas");
    base.revision = delta.revision;
    base.stacks = delta.stacks.unwrap_or(base.stacks.clone());
    base.services = delta.services.unwrap_or(base.services.clone());
    if delta.gauges_replaced {
        base.gauges = delta.gauges.unwrap_or_default();
    } else {
        for gauge in delta.gauges.into_iter().flatten() {
            let known = base.gauges.iter_mut().find(|known| known.spec.id == gauge.spec.id).unwrap();
            *known = gauge;
        }
    }
    base.alerts = delta.alerts.unwrap_or(base.alerts.clone());
    base.maintenance = delta.maintenance.unwrap_or(base.maintenance.clone());
    base.backups = delta.backups.unwrap_or(base.backups.clone());
    base.checks = delta.checks.unwrap_or(base.checks.clone());
    base.banners = delta.banners.unwrap_or(base.banners.clone());
    base.settings = delta.settings.unwrap_or(base.settings.clone());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn deltas_lead_from_the_first_snapshot_to_every_later_one() {
    let (prom, am) = (MockServer::start().await, MockServer::start().await);
    good_prometheus(&prom, "61", Duration::ZERO).await;
    good_alertmanager(&am).await;
    let home = tempfile::tempdir().unwrap();
    let text = profile(&prom.uri(), &[&am.uri()], &gauge("g", "x", None));
    let panel = panel(home.path(), &[("s", &text)], true).await;
    let mut events = panel.events();
    let mut mine = snapshot(&panel).await;
    let settings = Settings {
        prometheus_interval_s: 1,
        alertmanager_interval_s: 1,
        ..panel.settings_get(Empty {}).await.unwrap()
    };
    panel.settings_set(settings.clone()).await.unwrap();
    let mut deltas = 0;
    while deltas < 8 {
        let event = tokio::time::timeout(Duration::from_secs(30), events.recv()).await.unwrap().unwrap();
        let PanelEvent::Delta(delta) = event else { continue };
        if delta.base < mine.revision {
            continue;
        }
        apply(&mut mine, *delta);
        deltas += 1;
        let theirs = snapshot(&panel).await;
        if theirs.revision == mine.revision {
            mine.at = theirs.at;
            assert_eq!(mine, theirs);
        }
    }
    assert_eq!((mine.gauges[0].value, mine.alerts.counts.firing), (Some(61.0), 1));
    assert_eq!(mine.settings, settings);
    panel.shutdown().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_command_can_be_called_by_name() {
    let prom = MockServer::start().await;
    good_prometheus(&prom, "61", Duration::ZERO).await;
    let home = tempfile::tempdir().unwrap();
    let panel: Arc<Panel> = panel(home.path(), &[("s", &profile(&prom.uri(), &[], ""))], false).await;
    for name in COMMANDS {
        // A real call needs a real request; what counts is that the name is known.
        match dispatch(&panel, name, Value::Null).await {
            Ok(_) => {}
            Err(error) => assert_ne!(error.message, format!("Unknown command \"{name}\"."), "{name}"),
        }
    }
    let unknown = dispatch(&panel, "drop_tables", json!({})).await.unwrap_err();
    assert_eq!(unknown.code, ErrorCode::NotFound);
    let wrong = dispatch(&panel, "alerts_page", json!({"limit": "many"})).await.unwrap_err();
    assert_eq!(wrong.code, ErrorCode::InvalidRequest);
    let error = dispatch(&panel, "alerts_page", json!({"limit": 5, "filter": "a=\"x"})).await.unwrap_err();
    assert!(error.message.contains("Unclosed quote"), "{}", error.message);
    let link = dispatch(&panel, "open_link", json!({"url": "file:///etc/passwd"})).await.unwrap_err();
    assert_eq!(link.code, ErrorCode::InvalidRequest);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_endpoint_test_names_what_is_wrong_and_a_secret_stays_inside() {
    let good = MockServer::start().await;
    good_prometheus(&good, "1", Duration::ZERO).await;
    let html = MockServer::start().await;
    only(&html, ResponseTemplate::new(200).set_body_raw("<html></html>", "text/html")).await;
    let home = tempfile::tempdir().unwrap();
    let panel = panel(home.path(), &[("s", &profile(NOWHERE, &[], ""))], false).await;
    let request = |urls: Vec<String>, auth: AuthSpec| EndpointTestRequest {
        service: ServiceKind::Prometheus,
        endpoint: EndpointSpec { urls, auth, ..EndpointSpec::default() },
    };
    let urls = vec![good.uri(), html.uri(), NOWHERE.to_owned(), "No address".to_owned()];
    let report = panel.endpoint_test(request(urls, AuthSpec::None)).await.unwrap();
    let codes: Vec<_> = report.results.iter().map(|r| r.error.as_ref().map(|error| error.code)).collect();
    assert_eq!(
        codes,
        [None, Some(ErrorCode::WrongServer), Some(ErrorCode::Refused), Some(ErrorCode::InvalidConfig)]
    );
    assert!(report.results[0].ok && report.results[0].version.as_deref() == Some("2.54.1"));

    let missing = panel.endpoint_test(request(vec![good.uri()], AuthSpec::Bearer)).await.unwrap();
    assert_eq!(missing.results[0].error.as_ref().unwrap().code, ErrorCode::SecretMissing);
    let secret = json!({"id": "prometheus/token", "secret": "tok-very-secret"});
    dispatch(&panel, "secret_set", secret).await.unwrap();
    // It was entered for the profile's server, which is another one.
    let asks = panel.endpoint_test(request(vec![good.uri()], AuthSpec::Bearer)).await.unwrap();
    assert_eq!(asks.results[0].error.as_ref().unwrap().code, ErrorCode::UntrustedOrigin);
    let confirm = json!({"id": "prometheus/token", "origin": good.uri()});
    dispatch(&panel, "secret_trust", confirm).await.unwrap();
    let open = panel.endpoint_test(request(vec![good.uri()], AuthSpec::Bearer)).await.unwrap();
    assert!(open.results[0].ok);
    assert!(
        open.results[0].notes.iter().any(|note| note.contains("without credentials")),
        "{:?}",
        open.results[0].notes
    );
    let everything = format!("{:?}{:?}", open, snapshot(&panel).await);
    assert!(!everything.contains("tok-very-secret"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_on_at_the_start_is_recorded_and_is_no_news_although_a_member_never_answered() {
    let (prom, am) = (MockServer::start().await, MockServer::start().await);
    good_prometheus(&prom, "61", Duration::ZERO).await;
    let alert = json!([{"labels": {"alertname": "Down", "severity": "critical"}, "annotations": {},
        "startsAt": "2026-01-01T00:00:00Z", "endsAt": "2126-01-01T00:00:00Z", "fingerprint": "0123456789abcdef",
        "status": {"state": "active", "silencedBy": [], "inhibitedBy": []}, "receivers": [{"name": "r"}]}]);
    // Prometheus has been joined before this arrives: a list without it is not yet the list.
    let late = ResponseTemplate::new(200).set_body_json(alert).set_delay(Duration::from_millis(700));
    answer(&am, "/api/v2/alerts", late).await;
    good_alertmanager(&am).await;
    let home = tempfile::tempdir().unwrap();
    let panel = panel(home.path(), &[("s", &profile(&prom.uri(), &[&am.uri(), NOWHERE], ""))], true).await;
    let mut events = panel.events();
    let quick = Settings {
        prometheus_interval_s: 1,
        alertmanager_interval_s: 1,
        ..panel.settings_get(Empty {}).await.unwrap()
    };
    panel.settings_set(quick).await.unwrap();
    let recorded = until(&panel, "the episode", async |panel| {
        let request = AlertHistoryRequest { hours: 2160.0, limit: 10, ..AlertHistoryRequest::default() };
        panel.alert_history(request).await.ok().filter(|page| page.total > 0)
    })
    .await;
    assert_eq!((recorded.total, recorded.episodes[0].name.as_str()), (1, "Down"));
    assert_eq!(recorded.episodes[0].ended, None);
    let mut told = Vec::new();
    let listen = async {
        loop {
            match events.recv().await {
                Ok(PanelEvent::Notice(notice)) => told.push(notice.title),
                Ok(_) | Err(tokio::sync::broadcast::error::RecvError::Lagged(_)) => {}
                Err(error) => panic!("{error}"),
            }
        }
    };
    // Never ends by itself: some rounds of polls are listened to.
    let _ = tokio::time::timeout(Duration::from_secs(3), listen).await;
    assert_eq!(told, Vec::<String>::new());
    panel.shutdown().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn credential_over_plain_http_is_refused_unless_the_profile_allows_it() {
    let home = tempfile::tempdir().unwrap();
    let panel = panel(home.path(), &[("s", &profile(NOWHERE, &[], ""))], false).await;
    dispatch(&panel, "secret_set", json!({"id": "prometheus/token", "secret": "tok"})).await.unwrap();
    let test = async |url: &str, allow_plain_http| {
        let (urls, auth) = (vec![url.to_owned()], AuthSpec::Bearer);
        let endpoint = EndpointSpec { urls, auth, allow_plain_http, ..EndpointSpec::default() };
        let request = EndpointTestRequest { service: ServiceKind::Prometheus, endpoint };
        panel.endpoint_test(request).await.unwrap().results[0].error.clone().unwrap()
    };
    // Reserved for names that do not exist (RFC 6761): nothing is reached.
    let exposed = "http://prometheus.invalid:9090";
    let refused = test(exposed, false).await;
    assert!(
        refused.code == ErrorCode::InvalidConfig && refused.hint.contains("allow_plain_http = true"),
        "{refused}"
    );
    assert_eq!(test(exposed, true).await.code, ErrorCode::UntrustedOrigin);
    dispatch(&panel, "secret_trust", json!({"id": "prometheus/token", "origin": exposed})).await.unwrap();
    assert_eq!(test(exposed, true).await.code, ErrorCode::Dns);
    assert_eq!(
        test(exposed, false).await.code,
        ErrorCode::InvalidConfig,
        "a confirmation does not allow plain HTTP"
    );
}
