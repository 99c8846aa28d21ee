//! The panel on real Prometheus, Alertmanager and VictoriaMetrics.
#![allow(clippy::expect_used, reason = "a test ends with what it expected")]

use std::{
    fs,
    process::{Command, Stdio},
    time::Duration,
};

use aether_contract::{
    AlertAckRequest, AlertDetailRequest, AlertHistoryPage, AlertHistoryRequest, AlertState, Empty,
    EndpointSpec, EndpointTestRequest, ErrorCode, GaugeFigureRequest, Level, MaintenanceEndRequest,
    MaintenanceRequest, PanelEvent, ReadingState, ServiceKind, SilenceState, SilencesRequest, WindowPhase,
};
use aether_foundation::testing::figure_style;
use aether_panel::Panel;
use aether_sim::{
    model::Scenario,
    servers::{
        Alertmanager, AlertmanagerOptions, Prometheus, PrometheusOptions, VictoriaMetrics, VmAlert, free_port,
    },
};
use aether_tests::{
    built, eventually, missing, root,
    stack::{
        QUICK_RULES, QUIET_ALERTMANAGER, Stack, alerts, panel, row_when, scrape, servers_missing, service,
        snapshot_when, write_profile,
    },
};
use serde_json::Value;

/// Longest wait for something that should happen within seconds.
const SOON: Duration = Duration::from_secs(60);

/// Longest wait for all gauges: the cost is recorded once a minute, and some servers begin with a pause of that length.
const FIRST_COST: Duration = Duration::from_secs(180);

macro_rules! need_servers {
    () => {
        if let Some(why) = servers_missing() {
            eprintln!("skipped: {why}");
            return;
        }
    };
}

/// What a server itself answers to an expression at a time.
async fn ask(url: &str, query: &str, at: Option<f64>) -> Option<f64> {
    let mut request = reqwest::Client::new().get(format!("{url}/api/v1/query")).query(&[("query", query)]);
    if let Some(at) = at {
        request = request.query(&[("time", format!("{at:.3}"))]);
    }
    let reply: Value = request.send().await.ok()?.json().await.ok()?;
    reply["data"]["result"].as_array()?.first()?["value"][1].as_str()?.parse().ok()
}

async fn assert_gauges_are_the_servers_own(panel: &Panel, url: &str) {
    let snapshot = snapshot_when(panel, FIRST_COST, |s| {
        s.gauges.len() == 5 && s.gauges.iter().all(|g| g.state == ReadingState::Value)
    })
    .await
    .expect("five gauges with a value");
    // The newest sample may still have been on its way when the panel asked: then the next reading has it.
    let differing = async || {
        let shown = panel.snapshot(Empty {}).await.ok()?;
        for gauge in &shown.gauges {
            let own = ask(url, &gauge.spec.query, Some(gauge.at?.as_secs_f64())).await?;
            if (own - gauge.value?).abs() > own.abs() * 0.02 + 0.01 {
                return Some(format!("{}: shown {:?}, own {own}", gauge.spec.id, gauge.value));
            }
        }
        Some(String::new())
    };
    let equal = eventually(SOON, async || differing().await.filter(String::is_empty)).await;
    assert!(equal.is_some(), "{:?}", differing().await);
    assert!(snapshot.gauges.iter().all(|gauge| gauge.level != Level::None));
    let cache = snapshot.gauges.iter().find(|g| g.spec.id == "cache-hit-ratio").expect("the cache gauge");
    assert_eq!(cache.tenant_count, 8);
    assert!(cache.tenants.first().expect("a tenant").vip, "VIPs come first");
}

#[tokio::test(flavor = "multi_thread")]
async fn gauges_equal_what_the_server_itself_answers() {
    need_servers!();
    let stack = Stack::start(1).await.expect("the stack");
    stack.profile("").expect("the profile");
    let panel = panel(stack.home()).await.expect("the panel");
    assert_gauges_are_the_servers_own(&panel, stack.prometheus.url()).await;
    let style = figure_style(720, 160);
    // A server that is seconds old has its first value in the range a step later.
    let request =
        GaugeFigureRequest { id: "cache-hit-ratio".into(), tenant: None, hours: 1.0, details: true, style };
    let figure = eventually(SOON, async || {
        panel.gauge_figure(request.clone()).await.ok().filter(|figure| figure.highest.is_some())
    })
    .await
    .expect("a figure with a value");
    assert!(figure.figure.svg.starts_with("<svg"), "{}", figure.figure.svg);
    panel.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn no_traffic_is_neither_zero_nor_an_error() {
    need_servers!();
    let stack = Stack::start(1).await.expect("the stack");
    stack
        .profile(
            "\n[[gauges]]\nid = \"quick\"\ntitle = \"Quick\"\nquery = \"100 * \
            sum(rate(aether_cache_hits_total[5s])) / sum(rate(aether_cache_requests_total[5s]))\"\n\
         unit = \"percent\"\nmin = 0\nmax = 100\nwarn = 50\ncritical = 30\nhigher_is_better = true\n",
        )
        .expect("the profile");
    let panel = panel(stack.home()).await.expect("the panel");
    let state = |state| {
        move |s: &aether_contract::Snapshot| s.gauges.iter().any(|g| g.spec.id == "quick" && g.state == state)
    };
    snapshot_when(&panel, SOON, state(ReadingState::Value)).await.expect("a value while there is traffic");
    stack.service.set_scenario(Scenario::NoTraffic, None);
    let snapshot =
        snapshot_when(&panel, SOON, state(ReadingState::NoTraffic)).await.expect("no recent traffic");
    let gauge = snapshot.gauges.first().expect("the gauge");
    assert_eq!((gauge.value, gauge.level), (None, Level::None));
    assert!(gauge.freshness.is_fresh(), "{:?}", gauge.freshness);
    panel.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_alert_goes_from_pending_to_resolved_and_the_list_says_so_each_time() {
    need_servers!();
    let stack = Stack::start(1).await.expect("the stack");
    stack.profile("\n[heartbeat]\nalertname = \"Watchdog\"\n").expect("the profile");
    let panel = panel(stack.home()).await.expect("the panel");
    let filter = r#"alertname="CacheCold" tenant_id="vip-customer-123""#;
    row_when(&panel, "Watchdog", SOON, |row| row.state == AlertState::Firing).await.expect("the heartbeat");
    assert_eq!(alerts(&panel, filter).await.expect("a page").total, 0);
    let mut events = panel.events();

    stack.service.set_scenario(Scenario::ColdCache, Some("vip-customer-123".into()));
    let pending =
        row_when(&panel, filter, SOON, |row| row.state == AlertState::Pending).await.expect("pending");
    assert!(pending.vip && pending.fires_at.is_some(), "{pending:?}");
    let firing = row_when(&panel, filter, SOON, |row| row.state == AlertState::Firing && row.members == 1)
        .await
        .expect("firing");
    assert_eq!(firing.severity, aether_contract::Severity::Critical);
    assert!(firing.value.is_some_and(|value| value < 30.0), "{firing:?}");
    assert_eq!(
        alerts(&panel, r#"alertname="CacheCold" tenant_id!="vip-customer-123""#).await.expect("a page").total,
        0
    );

    // Whoever is not looking is told once, and never of the heartbeat.
    let told = tokio::time::timeout(SOON, async {
        loop {
            match events.recv().await {
                Ok(PanelEvent::Notice(notice)) => return notice,
                Ok(_) | Err(tokio::sync::broadcast::error::RecvError::Lagged(_)) => {}
                Err(error) => panic!("{error}"),
            }
        }
    });
    let notice = told.await.expect("a notice");
    assert_eq!(notice.title, "CacheCold: vip-customer-123 (VIP)");
    assert_eq!(notice.filter, "alertname=\"CacheCold\"");

    assert_eq!(
        firing.escalates_at,
        Some(firing.since.plus_millis(300_000)),
        "a VIP's is handed on after 5 minutes"
    );
    let request = AlertAckRequest {
        fingerprint: firing.fingerprint.clone(),
        note: Some("looking at it".into()),
        by: "bob".into(),
    };
    panel.alert_acknowledge(request).await.expect("acknowledged");
    let acked = row_when(&panel, filter, SOON, |row| row.ack.is_some()).await.expect("who is on it");
    assert_eq!(acked.state, AlertState::Firing, "an acknowledgement silences nothing");

    // Opened, it shows its rule, and its value against the threshold.
    let small = figure_style(400, 140);
    let request = AlertDetailRequest {
        fingerprint: firing.fingerprint.clone(),
        hours: 0.25,
        style: small,
        refresh: false,
    };
    let detail = eventually(SOON, async || {
        let detail = panel.alert_detail(request.clone()).await.ok()?;
        detail.figure.as_ref().is_some_and(|figure| figure.last.is_some()).then_some(detail)
    });
    let detail = detail.await.expect("a detail with values");
    let rule = detail.rule.expect("a rule");
    assert_eq!((rule.threshold, rule.comparison.as_str(), rule.for_s), (Some(30.0), "<", 4), "{rule:?}");
    assert!(detail.figure.and_then(|figure| figure.last).is_some_and(|value| value < 30.0));

    let request = MaintenanceRequest {
        duration_s: 600,
        reason: "Rolling deploy".into(),
        created_by: "alice".into(),
        matchers: Vec::new(),
        starts_at: None,
    };
    let preview = panel.maintenance_preview(request.clone()).await.expect("a preview");
    assert_eq!((preview.mutes, preview.mutes_critical), (1, 1), "{preview:?}");
    assert_eq!(preview.audible, ["Watchdog"]);
    let window = panel.maintenance_start(request).await.expect("a window");
    assert_eq!(window.phase, WindowPhase::Verified, "{window:?}");
    let silenced =
        row_when(&panel, filter, SOON, |row| row.state == AlertState::Silenced).await.expect("silenced");
    assert_eq!(silenced.silenced_by.first().map(|by| by.by.as_str()), Some("alice"));
    let heartbeat = row_when(&panel, "Watchdog", SOON, |_| true).await.expect("the heartbeat");
    assert_eq!(heartbeat.state, AlertState::Firing, "the heartbeat must stay audible");

    let ended =
        panel.maintenance_end(MaintenanceEndRequest { id: window.id.0.clone() }).await.expect("an end");
    assert_eq!(ended.silence.state, SilenceState::Expired);
    let again =
        row_when(&panel, filter, SOON, |row| row.state == AlertState::Firing).await.expect("firing again");
    let request = AlertDetailRequest {
        fingerprint: again.fingerprint,
        hours: 0.25,
        style: figure_style(720, 160),
        refresh: false,
    };
    let before = panel.alert_detail(request).await.expect("a detail").silenced_before;
    assert_eq!(before.first().map(|silence| silence.created_by.as_str()), Some("alice"), "{before:?}");

    stack.service.set_scenario(Scenario::Healthy, None);
    let gone =
        snapshot_when(&panel, SOON, |s| s.alerts.counts.firing == 1 && s.alerts.counts.pending == 0).await;
    assert!(gone.is_some(), "{:?}", alerts(&panel, filter).await);
    panel.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_window_survives_the_panels_restart() {
    need_servers!();
    let stack = Stack::start(2).await.expect("the stack");
    stack.profile("").expect("the profile");
    let first = panel(stack.home()).await.expect("the panel");
    let request = MaintenanceRequest {
        duration_s: 900,
        reason: "Deploy v2.3.0".into(),
        created_by: "bob".into(),
        matchers: Vec::new(),
        starts_at: None,
    };
    let window = first.maintenance_start(request).await.expect("a window");
    assert_eq!((window.phase, window.members.len()), (WindowPhase::Verified, 2), "{window:?}");
    first.shutdown().await;
    drop(first);

    let second = panel(stack.home()).await.expect("the panel again");
    let found = snapshot_when(&second, SOON, |s| {
        s.maintenance.windows.iter().any(|w| w.id == window.id && w.phase == WindowPhase::Verified)
    })
    .await
    .expect("the window");
    let adopted = found.maintenance.windows.first().expect("a window");
    assert_eq!(
        (adopted.reason.as_str(), adopted.created_by.as_str(), adopted.silence_id.as_str()),
        ("Deploy v2.3.0", "bob", window.silence_id.as_str())
    );
    second.maintenance_end(MaintenanceEndRequest { id: window.id.0 }).await.expect("an end");
    let page = second
        .silences_page(SilencesRequest { limit: 10, ..SilencesRequest::default() })
        .await
        .expect("silences");
    assert!(page.rows.iter().all(|silence| silence.state == SilenceState::Expired), "{page:?}");
    second.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn one_server_that_is_down_changes_nothing_for_the_others() {
    need_servers!();
    let mut stack = Stack::start(1).await.expect("the stack");
    stack.profile("").expect("the profile");
    let panel = panel(stack.home()).await.expect("the panel");
    let listed =
        row_when(&panel, "Watchdog", SOON, |row| row.state == AlertState::Firing && row.members == 1).await;
    assert!(listed.is_some(), "{:?}", alerts(&panel, "").await);
    stack.alertmanagers[0].kill().await;
    let stale = snapshot_when(&panel, SOON, |s| {
        matches!(s.alerts.freshness, aether_contract::Freshness::Stale { .. })
    })
    .await
    .expect("stale");
    let error = stale.alerts.freshness.error().expect("an error");
    assert_eq!(error.code, ErrorCode::Refused, "{error:?}");
    assert!(alerts(&panel, "Watchdog").await.expect("a page").total > 0, "the last good list stays");
    let prometheus = stale.services.iter().find(|s| s.kind == ServiceKind::Prometheus).expect("prometheus");
    assert!(prometheus.freshness.is_fresh());
    stack.alertmanagers[0].start().await.expect("alertmanager again");
    snapshot_when(&panel, SOON, |s| s.alerts.freshness.is_fresh()).await.expect("fresh again");
    panel.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_base_path_is_kept_and_a_wrong_one_is_named() {
    need_servers!();
    let folder = tempfile::tempdir().expect("a folder");
    let service = service().await.expect("the service");
    let prometheus = Prometheus::launch(PrometheusOptions {
        folder: folder.path().join("prometheus"),
        config: scrape(&service, &[], &[]),
        prefix: "/prometheus".to_owned(),
        ..PrometheusOptions::default()
    })
    .await
    .expect("prometheus");
    let home = aether_panel::paths::Home::at(&folder.path().join("home"));
    write_profile(
        &home,
        &format!("name = \"test\"\n[prometheus]\nurl = \"{}/prometheus\"\n", prometheus.url()),
    )
    .expect("the profile");
    let panel = panel(home).await.expect("the panel");
    let test = async |url: String| {
        let endpoint = EndpointSpec { urls: vec![url], ..EndpointSpec::default() };
        let report = panel
            .endpoint_test(EndpointTestRequest { service: ServiceKind::Prometheus, endpoint })
            .await
            .expect("a report");
        report.results.into_iter().next().expect("a result")
    };
    let good = test(format!("{}/prometheus/", prometheus.url())).await;
    assert!(good.ok && good.version.is_some(), "{good:?}");
    let wrong = test(prometheus.url().to_owned()).await;
    assert!(!wrong.ok);
    let code = wrong.error.expect("an error").code;
    assert!(matches!(code, ErrorCode::WrongPath | ErrorCode::WrongServer), "{code:?}");
    panel.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn victoriametrics_shows_the_same_gauges_and_alerts() {
    need_servers!();
    if let Some(program) = missing(&["victoria-metrics", "vmalert"]) {
        eprintln!("skipped: {program} is not installed");
        return;
    }
    let folder = tempfile::tempdir().expect("a folder");
    let service = service().await.expect("the service");
    let alertmanager = Alertmanager::launch(AlertmanagerOptions {
        folder: folder.path().join("alertmanager"),
        config: QUIET_ALERTMANAGER.to_owned(),
        ..AlertmanagerOptions::default()
    })
    .await
    .expect("alertmanager");
    let port = free_port().expect("a port");
    let metrics = VictoriaMetrics::launch(&folder.path().join("metrics"), &scrape(&service, &[], &[]), port)
        .await
        .expect("victoria-metrics");
    let quick = folder.path().join("quick.yml");
    fs::write(&quick, QUICK_RULES).expect("rules");
    let rules = [root().join("monitoring/prometheus-recording-rules.yml"), quick];
    let _vmalert =
        VmAlert::launch(&folder.path().join("vmalert"), port, &rules, metrics.url(), alertmanager.url())
            .await
            .expect("vmalert");
    let home = aether_panel::paths::Home::at(&folder.path().join("home"));
    write_profile(
        &home,
        &format!(
            "name = \"test\"\n[prometheus]\nurl = \"{}\"\n[alertmanager]\nurls = [\"{}\"]\n",
            metrics.url(),
            alertmanager.url()
        ),
    )
    .expect("the profile");
    let panel = panel(home).await.expect("the panel");
    assert_gauges_are_the_servers_own(&panel, metrics.url()).await;
    let snapshot = panel.snapshot(Empty {}).await.expect("a snapshot");
    let server = snapshot.services.iter().find(|s| s.kind == ServiceKind::Prometheus).expect("the server");
    assert_eq!(server.flavour.as_deref(), Some("VictoriaMetrics"), "{server:?}");
    service.set_scenario(Scenario::ColdCache, Some("acme".into()));
    let row = row_when(&panel, r#"alertname="CacheCold" tenant_id="acme""#, SOON, |row| {
        row.state == AlertState::Firing && row.members == 1
    })
    .await;
    assert!(row.is_some(), "{:?}", alerts(&panel, "").await);
    panel.shutdown().await;
}

async fn history(panel: &Panel, filter: &str) -> AlertHistoryPage {
    let request = AlertHistoryRequest {
        hours: 1.0,
        filter: filter.to_owned(),
        limit: 100,
        ..AlertHistoryRequest::default()
    };
    panel.alert_history(request).await.expect("a history")
}

#[tokio::test(flavor = "multi_thread")]
async fn an_episode_survives_a_killed_panel_and_one_that_nobody_saw_is_filled_in() {
    need_servers!();
    let program = built("aether-bridge").expect("the bridge is not built: cargo build --workspace --bins");
    let stack = Stack::start(1).await.expect("the stack");
    stack.profile("").expect("the profile");
    stack.service.set_scenario(Scenario::ColdCache, Some("acme".into()));
    // A panel in a process of its own, to be killed without a word.
    let mut child = Command::new(program)
        .args(["--port", "0", "--stack", "test"])
        .env("AETHER_HOME", stack.folder.path().join("home"))
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("a panel");
    let file = stack.home().journal_file();
    let filter = r#"alertname="CacheCold" tenant_id="acme""#;
    // The write-ahead log is where a fresh episode is.
    let wal = file.with_extension("db-wal");
    let noted = eventually(SOON, async || {
        fs::read(&wal).ok().filter(|bytes| bytes.windows(9).any(|part| part == b"CacheCold")).map(|_| ())
    });
    assert!(noted.await.is_some(), "the episode was not written down");
    child.kill().expect("killed");
    child.wait().expect("gone");

    // Nobody looks: this one ends, and another comes and goes.
    stack.service.set_scenario(Scenario::ColdCache, Some("globex".into()));
    let unseen = r#"ALERTS{alertname="CacheCold",tenant_id="globex",alertstate="firing"}"#;
    let asked = async |query: &str| {
        eventually(SOON, async || ask(stack.prometheus.url(), query, None).await).await.expect(query);
    };
    // What is filled in is asked for in steps of ten seconds: it fires for longer than one, and has been over for two.
    asked(&format!("count_over_time({unseen}[1m]) >= 15")).await;
    stack.service.set_scenario(Scenario::Healthy, None);
    asked(&format!("absent_over_time({unseen}[25s])")).await;

    let panel = panel(stack.home()).await.expect("the panel again");
    let filled = eventually(SOON, async || {
        let both = history(&panel, "CacheCold").await;
        (both.note.is_empty() && both.episodes.iter().filter(|one| one.ended.is_some()).count() >= 2)
            .then_some(both)
    });
    let both = filled.await.unwrap_or(history(&panel, "CacheCold").await);
    let told = format!("{both:#?}");
    let seen = history(&panel, filter).await.episodes;
    assert_eq!(seen.len(), 1, "{told}");
    assert!(!seen[0].backfilled && seen[0].highest.is_some_and(|value| value < 30.0), "{told}");
    let unseen = history(&panel, r#"alertname="CacheCold" tenant_id="globex""#).await.episodes;
    assert_eq!(unseen.len(), 1, "{told}");
    let length = unseen[0].ended.expect("an end").millis_since(unseen[0].began);
    assert!(unseen[0].backfilled && (10_000..90_000).contains(&length), "{length} {told}");
    assert_eq!(both.alerts.first().map(|named| named.name.as_str()), Some("CacheCold"), "{told}");
    panel.shutdown().await;
}
