//! A test alert goes to every member of Alertmanager, is seen there with its receivers, and is taken back.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use aether_clients::{
    alertmanager::{AmAlert, PostAlert},
    prometheus::QueryValue,
};
use aether_contract::{PanelError, ServiceKind};

use super::{Came, Scene};
use crate::{maintenance::routing::Routing, panel::clock};

/// Name of the test alert. Receivers see it: it must be plain that it is a test.
pub const TEST_ALERT: &str = "AetherPanelTest";
/// How long it may take to be seen, and to be gone.
const SEEN: Duration = Duration::from_secs(20);
const PAUSE: Duration = Duration::from_millis(300);
/// It ends by itself, should the panel be killed in between.
const LIFE_MS: i64 = 120_000;

/// Sends it through.
///
/// # Errors
/// Alertmanager's codes.
pub async fn wiring(scene: &Arc<Scene>) -> Result<Came, PanelError> {
    let live = &scene.live;
    let members = live.profile.alertmanager.urls.len();
    if members == 0 {
        return Ok(Came::skipped("This stack has no Alertmanager.", "Set its address in Settings, Stacks."));
    }
    let told = |error: aether_clients::ClientError| error.to_panel(ServiceKind::Alertmanager);
    let run = uuid::Uuid::new_v4().to_string();
    let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    let now = clock::now();
    let mut alert = PostAlert {
        labels: BTreeMap::from([
            pair("alertname", TEST_ALERT),
            pair("severity", "info"),
            pair("test", "true"),
            pair("run", &run),
        ]),
        annotations: BTreeMap::from([pair(
            "summary",
            "This is a test of the notifications, sent by a pre-production check. Nothing is wrong.",
        )]),
        starts_at: now,
        ends_at: now.plus_millis(LIFE_MS),
    };
    let mut lines = Vec::new();
    let mut sent = Vec::new();
    let mut failure = None;
    for index in 0..members {
        let client = live.clients.member(index).await?;
        match client.post_alert(&alert).await.map_err(told) {
            Ok(()) => sent.push((index, client)),
            Err(error) => {
                failure.get_or_insert(error);
            }
        }
    }
    let mut receivers: Vec<String> = Vec::new();
    let mut muted = false;
    let mut unseen = Vec::new();
    for (index, client) in &sent {
        match wait(client, |all| all.iter().find(|one| one.labels.get("run") == Some(&run)).cloned()).await {
            Some(seen) => {
                lines.push(format!(
                    "member {}: seen, {}, goes to {}",
                    index + 1,
                    seen.status.state,
                    seen.receivers.join(", ")
                ));
                muted |= seen.status.state == "suppressed";
                receivers.extend(seen.receivers);
            }
            None => unseen.push(index + 1),
        }
    }
    // Whatever came of it: it is taken back.
    alert.ends_at = clock::now();
    let mut stays = Vec::new();
    for (index, client) in &sent {
        let taken = client.post_alert(&alert).await.is_ok()
            && wait(client, |all| (!all.iter().any(|one| one.labels.get("run") == Some(&run))).then_some(()))
                .await
                .is_some();
        if !taken {
            stays.push((index + 1).to_string());
        }
    }
    lines.push(if stays.is_empty() {
        "Taken back on every member.".to_owned()
    } else {
        format!("Not seen to be gone on member {}; it ends by itself within two minutes.", stays.join(", "))
    });
    if let Some(error) = failure {
        let mut came = Came::from(error);
        came.evidence.extend(lines);
        return Ok(came);
    }
    if !unseen.is_empty() {
        return Ok(Came::fail(
            format!("The test alert was not seen on {} of {members} members.", unseen.len()),
            lines,
            "Look at Alertmanager’s log.",
        ));
    }
    receivers.sort();
    receivers.dedup();
    let config = live.clients.member(0).await?.status().await.map_err(told)?.value.config_original;
    let deliveries = Routing::parse(&config).deliveries(&alert.labels);
    let reaches = deliveries.iter().any(|delivery| delivery.notifies);
    let failed = failed_notifications(scene).await;
    if let Some(failed) = failed {
        lines.push(format!("alertmanager_notifications_failed_total: {failed:.0} in the last hour"));
    }
    if !stays.is_empty() {
        return Ok(Came::warn(
            "The test alert arrived, and was not seen to be gone.",
            lines,
            "Look again in two minutes.",
        ));
    }
    if muted {
        return Ok(Came::warn(
            "The test alert arrived and is muted: nobody is told while a silence or a window is on.",
            lines,
            "Run it again when the maintenance window is over.",
        ));
    }
    if !reaches {
        let words =
            format!("The test alert arrived, and its receiver {} tells nobody.", receivers.join(", "));
        return Ok(Came::warn(words, lines, "Give the receiver an integration in alertmanager.yml."));
    }
    if failed.is_some_and(|failed| failed > 0.0) {
        return Ok(Came::warn(
            "The test alert arrived; notifications have failed in the last hour.",
            lines,
            "Look at Alertmanager’s log: which integration fails?",
        ));
    }
    Ok(Came::pass(format!("The test alert went to {} and was taken back.", receivers.join(", ")), lines))
}

async fn wait<T>(client: &aether_clients::Alertmanager, fits: impl Fn(&[AmAlert]) -> Option<T>) -> Option<T> {
    let until = tokio::time::Instant::now() + SEEN;
    loop {
        if let Ok(reply) = client.alerts().await
            && let Some(found) = fits(&reply.value)
        {
            return Some(found);
        }
        if tokio::time::Instant::now() >= until {
            return None;
        }
        tokio::time::sleep(PAUSE).await;
    }
}

/// Notifications that failed in the last hour, where Prometheus scrapes Alertmanager.
async fn failed_notifications(scene: &Scene) -> Option<f64> {
    let client = scene.live.clients.prometheus().await.ok()?;
    let query = "sum(increase(alertmanager_notifications_failed_total[1h]))";
    match client.instant(query, None).await.ok()?.value.value {
        QueryValue::Vector(all) => all.first().map(|one| one.value),
        _ => None,
    }
}
