//! Gauges and alerts from a real Prometheus, with a real Alertmanager behind it.

use aether_clients::{Endpoint, Prometheus, prometheus::QueryValue};
use aether_contract::*;
use aether_foundation::testing::figure_style;

use crate::support::*;

const RULES: &str = r#"
groups:
  - name: demo
    interval: 1s
    rules:
      - record: demo:total
        expr: vector(42.5)
      - record: demo:tenant
        expr: label_replace(vector(20), "tenant_id", "slow", "", "")
      - record: demo:tenant
        expr: label_replace(vector(80), "tenant_id", "quick", "", "")
      - record: demo:tenant
        expr: label_replace(vector(60), "tenant_id", "partner-abc", "", "")
      - alert: Now
        expr: label_replace(vector(7), "tenant_id", "partner-abc", "", "")
        labels: {severity: critical}
        annotations: {runbook_url: "https://wiki.example/now", summary: "x"}
      - alert: Soon
        expr: vector(3)
        for: 1h
        labels: {severity: general}
"#;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn gauges_say_what_the_server_answers() {
    if !have("prometheus") {
        return;
    }
    let prom = prometheus(RULES, None);
    let gauges = [
        gauge("value", "demo:total", Some("demo:tenant")),
        gauge("nan", "vector(0) / 0", None),
        gauge("none", "no_such_metric", None),
        gauge("infinite", "vector(1) / 0", None),
        gauge("scalar", "3", None),
        gauge("several", "label_replace(vector(1), \"a\", \"1\", \"\", \"\") or vector(2)", None),
        gauge("wrong", "sum(", None),
    ]
    .concat();
    let home = tempfile::tempdir().unwrap();
    let panel = panel(home.path(), &[("s", &profile(&prom.url, &[], &gauges))], false).await;
    let shown = until(&panel, "the recorded series", async |panel| {
        let shown = snapshot(panel).await.gauges;
        (shown[0].state == ReadingState::Value && shown[0].tenant_count == 5).then_some(shown)
    })
    .await;

    let client = Prometheus::new(Endpoint::plain(prom.url.parse().unwrap())).unwrap();
    let QueryValue::Vector(truth) = client.instant("demo:total", None).await.unwrap().value.value else {
        panic!("no vector")
    };
    assert_eq!(shown[0].value, Some(truth[0].value));
    assert_eq!(shown[0].level, Level::Warn);
    let states: Vec<_> = shown[..5].iter().map(|gauge| gauge.state).collect();
    use ReadingState::{Infinite, NoTraffic, Value};
    assert_eq!(states, [Value, NoTraffic, NoTraffic, Infinite, Value]);
    assert!(shown[..5].iter().all(|gauge| gauge.freshness.is_fresh()));

    // Several series and a wrong query are errors, not numbers.
    for gauge in &shown[5..] {
        assert_eq!((gauge.state, gauge.value), (ReadingState::Unknown, None), "{}", gauge.spec.id);
    }
    assert_eq!(shown[5].freshness.error().unwrap().code, ErrorCode::InvalidConfig);
    assert_eq!(shown[6].freshness.error().unwrap().code, ErrorCode::Rejected);

    let order: Vec<&str> = shown[0].tenants.iter().map(|tenant| tenant.tenant.as_str()).collect();
    assert_eq!(order, ["partner-abc", "vip-customer-123", "vip-customer-456", "slow", "quick"]);
    assert_eq!(shown[0].spark.len(), 48);

    let request = GaugeTenantsRequest { id: "value".into(), search: "SLO".into(), offset: 0, limit: 10 };
    let page = panel.gauge_tenants(request).await.unwrap();
    assert_eq!((page.total, page.rows[0].value), (1, Some(20.0)));

    let figure = |tenant: Option<&str>| GaugeFigureRequest {
        id: "value".into(),
        tenant: tenant.map(str::to_owned),
        hours: 0.25,
        details: false,
        style: figure_style(600, 200),
    };
    let whole = until(&panel, "a figure that reaches to now", async |panel| {
        // "Now" is the gauge's own reading, which may be there before the range has a step with a value.
        panel.gauge_figure(figure(None)).await.ok().filter(|figure| figure.highest.is_some())
    })
    .await;
    assert_eq!((whole.last, whole.highest.map(|one| one.value)), (Some(42.5), Some(42.5)));
    assert!(whole.figure.svg.starts_with("<svg"));
    assert_eq!(panel.gauge_figure(figure(Some("slow"))).await.unwrap().last, Some(20.0));
    assert_eq!(panel.gauge_figure(figure(Some("nobody\" or vector(1)"))).await.unwrap().last, None);
    let unknown = GaugeFigureRequest { id: "x".into(), ..figure(None) };
    assert_eq!(panel.gauge_figure(unknown).await.unwrap_err().code, ErrorCode::NotFound);

    let version = snapshot(&panel).await.services[0].version.clone().unwrap();
    assert!(version.starts_with(|c: char| c.is_ascii_digit()), "{version}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_alert_goes_from_prometheus_through_a_window_and_back() {
    if !have("prometheus") || !have("prometheus-alertmanager") {
        return;
    }
    let am = alertmanager(None);
    let prom = prometheus(RULES, Some(&am.url));
    let home = tempfile::tempdir().unwrap();
    let panel = panel(home.path(), &[("s", &profile(&prom.url, &[&am.url], ""))], false).await;
    let page = until(&panel, "one firing with its value, one pending", async |panel| {
        let page = alerts(panel).await;
        let valued = page
            .rows
            .iter()
            .any(|row| row.state == AlertState::Firing && row.members == 1 && row.value.is_some());
        (page.counts.firing == 1 && page.counts.pending == 1 && valued).then_some(page)
    })
    .await;
    let (now, soon) = (&page.rows[0], &page.rows[1]);
    // Alertmanager's labels, external ones included; Prometheus' value; one row for both.
    assert_eq!((now.name.as_str(), now.labels["cluster"].as_str(), now.value), ("Now", "eu", Some(7.0)));
    assert!(now.vip && now.delivered);
    let kinds: Vec<&str> = now.links.iter().map(|link| link.kind.as_str()).collect();
    assert_eq!(kinds, ["source", "runbook", "alertmanager"]);
    assert_eq!((soon.name.as_str(), soon.severity), ("Soon", Severity::Warning));
    assert_eq!(soon.fires_at.unwrap().millis_since(soon.since), 3_600_000);

    let window = panel.maintenance_start(for_minutes(5, "deploy")).await.unwrap();
    assert_eq!(alerts(&panel).await.counts.silenced, 1);
    panel.maintenance_end(MaintenanceEndRequest { id: window.id.0 }).await.unwrap();
    assert_eq!(alerts(&panel).await.counts.firing, 1);

    // Alertmanager down: its list stays, marked; Prometheus' part goes on.
    let (mut am, mut prom) = (am, prom);
    am.kill();
    panel.refresh_and_wait().await;
    let page = alerts(&panel).await;
    assert_eq!((page.counts.firing, page.counts.pending, page.counts.undelivered), (1, 1, 0));
    assert!(!page.freshness.is_fresh() && page.pending_freshness.is_fresh());
    prom.kill();
    panel.refresh_and_wait().await;
    let page = alerts(&panel).await;
    assert_eq!((page.counts.firing, page.counts.pending), (1, 1));
    assert!(!page.pending_freshness.is_fresh());
}
