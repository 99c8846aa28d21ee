//! Alerts on a real Prometheus and a real cluster of Alertmanagers, from firing to resolved.

use aether_contract::*;
use serde_json::json;

use crate::support::*;

/// Critical alerts inhibit the warnings of their zone. Groups answer quickly.
const CONFIG: &str = "route: {receiver: pager, group_wait: 1s, group_interval: 1s}\n\
receivers: [{name: pager}]\n\
inhibit_rules:\n- source_matchers: ['severity=\"critical\"']\n  target_matchers: ['severity=\"warning\"']\n  equal: [zone]\n";

/// The effect fires, and the cause with it if asked for.
fn rules(cause: bool, effect: bool) -> String {
    let rule = |name: &str, severity: &str, on: bool| {
        let labels = format!("{{severity: {severity}, zone: a}}");
        format!("  - alert: {name}\n    expr: vector({}) > 0\n    labels: {labels}\n", u8::from(on))
    };
    format!(
        "groups:\n- name: g\n  rules:\n{}{}",
        rule("Cause", "critical", cause),
        rule("Effect", "warning", effect)
    )
}

async fn effect(panel: &aether_core::Panel, wanted: impl Fn(&AlertRow) -> bool) -> Option<AlertRow> {
    let all = AlertsRequest {
        filter: "alertname=Effect".into(),
        states: vec![
            AlertState::Firing,
            AlertState::Silenced,
            AlertState::Inhibited,
            AlertState::Pending,
            AlertState::Resolved,
        ],
        limit: 10,
        ..AlertsRequest::default()
    };
    panel.alerts_page(all).await.unwrap().rows.into_iter().find(|row| wanted(row))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_alert_is_followed_on_two_members_through_fire_silence_inhibit_and_resolve() {
    if !have("prometheus-alertmanager") || !have("prometheus") {
        return;
    }
    let (a, b) = (free_port(), free_port());
    let first = alertmanager_with(CONFIG, Some((a, None)));
    let mut second = alertmanager_with(CONFIG, Some((b, Some(a))));
    let prometheus = prometheus_to(&rules(false, true), &[&first.url, &second.url]);
    let home = tempfile::tempdir().unwrap();
    let text = profile(&prometheus.url, &[&first.url, &second.url], "");
    let panel = panel(home.path(), &[("s", &text)], false).await;

    let firing = until(&panel, "firing on both members", async |panel| {
        effect(panel, |row| row.state == AlertState::Firing && row.members == 2).await
    })
    .await;
    assert_eq!((firing.members_of, firing.delivered), (2, true));
    assert_eq!(
        (firing.severity, firing.receivers.as_slice()),
        (Severity::Warning, ["pager".to_owned()].as_slice())
    );

    let now = jiff::Timestamp::now();
    let silence = json!({
        "matchers": [{"name": "alertname", "value": "Effect", "isRegex": false}],
        "startsAt": now.to_string(), "endsAt": (now + jiff::SignedDuration::from_mins(30)).to_string(),
        "createdBy": "bob", "comment": "by hand"
    });
    let reply = post(&first.url, "/api/v2/silences", &silence);
    let id = reply.split("silenceID\":\"").nth(1).unwrap().split('"').next().unwrap().to_owned();
    let silenced = until(&panel, "silenced on both members", async |panel| {
        let row = effect(panel, |row| row.state == AlertState::Silenced).await?;
        let page = panel.silences_page(SilencesRequest { limit: 10, ..Default::default() }).await.ok()?;
        page.rows.iter().any(|silence| silence.id == id && silence.members == 2).then_some(row)
    })
    .await;
    assert_eq!(
        (silenced.silenced_by[0].by.as_str(), silenced.silenced_by[0].comment.as_str()),
        ("bob", "by hand")
    );
    panel.maintenance_end(MaintenanceEndRequest { id }).await.unwrap();
    until(&panel, "heard again", async |panel| effect(panel, |row| row.state == AlertState::Firing).await)
        .await;

    prometheus.rules(&rules(true, true));
    let inhibited = until(&panel, "inhibited", async |panel| {
        effect(panel, |row| row.state == AlertState::Inhibited).await
    })
    .await;
    let cause = alerts(&panel).await.rows.into_iter().find(|row| row.name == "Cause").unwrap();
    assert_eq!(inhibited.inhibited_by, std::slice::from_ref(&cause.fingerprint));
    let counts = snapshot(&panel).await.alerts.counts;
    assert_eq!((counts.firing, counts.inhibited, counts.critical), (1, 1, 1));

    // One member down: the list is whole by the other, and says how many know of it.
    second.kill();
    let alone =
        until(&panel, "one member", async |panel| effect(panel, |row| row.members_of == 1).await).await;
    assert_eq!((alone.state, alone.members), (AlertState::Inhibited, 1));
    let services = snapshot(&panel).await.services;
    let members = &services.iter().find(|s| s.kind == ServiceKind::Alertmanager).unwrap().members;
    assert_eq!(members.iter().filter(|member| member.freshness.is_fresh()).count(), 1);
    second.restart();

    prometheus.rules(&rules(false, false));
    until(&panel, "resolved", async |panel| {
        let counts = snapshot(panel).await.alerts.counts;
        (counts.firing + counts.inhibited + counts.pending + counts.undelivered == 0).then_some(())
    })
    .await;
}
