//! Alerts on a real Prometheus and a real cluster of Alertmanagers, from firing to resolved.

use aether_contract::*;
use serde_json::json;

use crate::support::*;

/// Critical alerts inhibit the warnings of their zone. Groups answer quickly.
const CONFIG: &str = "route: {receiver: pager, group_wait: 1s, group_interval: 1s}\n\
receivers: [{name: pager}]\n\
inhibit_rules:\n- source_matchers: ['severity=\"critical\"']\n  target_matchers: ['severity=\"warning\"']\n  \
equal: [zone]\n";

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

async fn effect(panel: &aether_panel::Panel, wanted: impl Fn(&AlertRow) -> bool) -> Option<AlertRow> {
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
        "createdBy": "bob", "comment": "manually"
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
        ("bob", "manually")
    );
    panel.maintenance_end(MaintenanceEndRequest { id }).await.unwrap();
    until(&panel, "no longer be muted", async |panel| {
        effect(panel, |row| row.state == AlertState::Firing).await
    })
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

fn on(window: &MaintenanceWindow) -> (usize, usize) {
    let active = window.members.iter().filter(|member| member.state == Some(SilenceState::Active)).count();
    (active, window.members.len())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_window_on_a_cluster_of_three_says_on_how_many_members_it_is() {
    if !have("prometheus-alertmanager") {
        return;
    }
    let (a, b, c) = (free_port(), free_port(), free_port());
    let one = alertmanager(Some((a, None)));
    let mut two = alertmanager(Some((b, Some(a))));
    let mut three = alertmanager(Some((c, Some(a))));
    let home = tempfile::tempdir().unwrap();
    let text = profile(NOWHERE, &[&one.url, &two.url, &three.url], "");
    let panel = panel(home.path(), &[("s", &text)], false).await;
    let window = panel.maintenance_start(for_minutes(30, "before")).await.unwrap();
    assert_eq!((window.phase, on(&window)), (WindowPhase::Verified, (3, 3)));

    // Down before the start.
    three.kill();
    let partial = panel.maintenance_start(for_minutes(30, "without the third")).await.unwrap();
    let find = async |panel: &aether_panel::Panel, id: &WindowId| {
        snapshot(panel).await.maintenance.windows.into_iter().find(|window| window.id == *id)
    };
    // On a busy machine gossip and the second member's answer may take until after the start.
    assert_eq!(partial.phase, WindowPhase::Partial);
    let partial = until(&panel, "on two of three", async |panel| {
        find(panel, &partial.id).await.filter(|window| on(window) == (2, 3))
    })
    .await;
    assert!(!partial.members[2].error.is_empty(), "{:?}", partial.members[2]);
    // Back again: gossip brings it, and it is verified.
    three.restart();
    until(&panel, "verified on all three", async |panel| {
        find(panel, &partial.id)
            .await
            .filter(|window| on(window) == (3, 3) && window.phase == WindowPhase::Verified)
    })
    .await;

    // Down after it: the window is still on where anybody answers, and says so.
    two.kill();
    until(&panel, "two of three", async |panel| {
        find(panel, &partial.id)
            .await
            .filter(|window| on(window) == (2, 3) && window.phase == WindowPhase::Partial)
    })
    .await;
    // Ending it does not wait for the dead, and says who could not be asked.
    let ended = panel.maintenance_end(MaintenanceEndRequest { id: partial.id.0.clone() }).await.unwrap();
    assert_eq!(ended.members.iter().filter(|member| member.state == Some(SilenceState::Expired)).count(), 2);
    assert_eq!(ended.members.iter().filter(|member| !member.error.is_empty()).count(), 1);
    two.restart();
    until(&panel, "over everywhere", async |panel| find(panel, &partial.id).await.is_none().then_some(()))
        .await;
    assert_eq!(find(&panel, &window.id).await.unwrap().phase, WindowPhase::Verified);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_panels_at_once_each_have_their_window_and_see_the_others() {
    if !have("prometheus-alertmanager") {
        return;
    }
    let am = alertmanager(None);
    let homes = [tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap()];
    let text = profile(NOWHERE, &[&am.url], "");
    let first = panel(homes[0].path(), &[("s", &text)], false).await;
    let second = panel(homes[1].path(), &[("s", &text)], false).await;
    let (a, b) = tokio::join!(
        first.maintenance_start(for_minutes(30, "of the first")),
        second.maintenance_start(for_minutes(40, "of the second"))
    );
    let (a, b) = (a.unwrap(), b.unwrap());
    assert_ne!(a.silence_id, b.silence_id);
    for panel in [&first, &second] {
        panel.refresh_and_wait().await;
        let windows = snapshot(panel).await.maintenance.windows;
        let told: Vec<_> = windows.iter().map(|window| (window.reason.as_str(), window.phase)).collect();
        assert_eq!(told, [("of the first", WindowPhase::Verified), ("of the second", WindowPhase::Verified)]);
    }
    // Both move the end of the same window: both are told what came of it, and nothing is doubled.
    let more = |add_s| MaintenanceExtendRequest { id: a.id.0.clone(), add_s };
    let (x, y) = tokio::join!(first.maintenance_extend(more(600)), second.maintenance_extend(more(900)));
    assert!(x.is_ok() || y.is_ok(), "{x:?} {y:?}");
    first.refresh_and_wait().await;
    let windows = snapshot(&first).await.maintenance.windows;
    assert_eq!(windows.iter().filter(|window| window.id == a.id).count(), 1);
    // One ends the other's.
    let ended = second.maintenance_end(MaintenanceEndRequest { id: a.id.0.clone() }).await.unwrap();
    assert_eq!(ended.still_silencing.len(), 0);
    first.refresh_and_wait().await;
    assert!(snapshot(&first).await.maintenance.windows.iter().all(|window| window.id == b.id));
}
