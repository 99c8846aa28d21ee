//! A test alert goes to every member of Alertmanager, is seen there with its receivers, is handed over to them
//! as far as Alertmanager tells, and is taken back.

use aether_foundation::text::plural;
use std::{collections::BTreeMap, sync::Arc, time::Duration};

use aether_clients::{
    Alertmanager,
    alertmanager::{AmAlert, PostAlert},
    prometheus::QueryValue,
};
use aether_contract::{ErrorCode, PanelError, ServiceKind};

use super::{
    CheckContext, CheckOutcome,
    delivery::{self, DeliveryEvidence, DeliveryOutcome},
};
use aether_alerting::maintenance::routing::Routing;
use aether_foundation::clock;

/// Name of the test alert. Receivers see it: it must be plain that it is a test.
pub const TEST_ALERT: &str = "AetherPanelTest";
/// How long it may take to be seen, and to be gone.
const SEEN: Duration = Duration::from_secs(20);
const PAUSE: Duration = Duration::from_millis(300);
/// It ends by itself, should the panel be killed in between: this long after a notification should have been made.
const LIFE_MS: i64 = 120_000;
/// Longest that is waited for a notification.
const LONGEST_MS: i64 = 400_000;
/// The label by which a run knows its alert.
const RUN: &str = "run";

/// What nobody can tell from here.
const BEHIND: &str = "Not verifiable here: whether the receiving service forwarded the notification and \
    someone read it. Ask the on-call engineer whether AetherPanelTest arrived.";

/// Sends it through.
///
/// # Errors
/// Alertmanager's codes.
pub async fn wiring(scene: &Arc<CheckContext>) -> Result<CheckOutcome, PanelError> {
    let live = &scene.live;
    let count = live.profile.alertmanager.urls.len();
    if count == 0 {
        return Ok(CheckOutcome::skipped(
            "This stack has no Alertmanager.",
            "Set its address in Settings, Stacks.",
        ));
    }
    let told = |error: aether_clients::ClientError| error.to_panel(ServiceKind::Alertmanager);
    let mut members = Vec::new();
    for index in 0..count {
        members.push((index, live.clients.member(index).await?));
    }
    let mut alert = test_alert();
    let first = members.first().ok_or_else(|| {
        PanelError::new(ErrorCode::Internal, "checks", "No Alertmanager member configured.")
    })?;
    let config = first.1.status().await.map_err(told)?.value.config_original;
    let deliveries = Routing::parse(&config).deliveries(&alert.labels);
    let mut integrations: Vec<String> = deliveries.iter().flat_map(|one| one.integrations.clone()).collect();
    integrations.sort();
    integrations.dedup();
    let patience = delivery::patience(&deliveries);
    // If the panel is killed meanwhile, the alert expires automatically.
    let wait_ms = if integrations.is_empty() { 0 } else { i64::try_from(patience.as_millis()).unwrap_or(0) };
    alert.ends_at = alert.starts_at.plus_millis(LIFE_MS.saturating_add(wait_ms.min(LONGEST_MS)));
    let before = delivery::counts(&members).await;

    let mut sent = Vec::new();
    let mut failure = None;
    for (index, client) in &members {
        match client.post_alert(&alert).await.map_err(told) {
            Ok(()) => sent.push((*index, Arc::clone(client))),
            Err(error) => {
                failure.get_or_insert(error);
            }
        }
    }
    let mut seen = arrived(&sent, &alert).await;
    let handed = if failure.is_none() && seen.unseen == 0 && !seen.muted && !integrations.is_empty() {
        Some(delivery::wait(scene, &members, &integrations, &before, patience).await)
    } else {
        None
    };
    // Whatever came of it: it is taken back.
    let stays = taken_back(&sent, &mut alert).await;
    seen.lines.extend(handed.iter().flat_map(|handed| handed.lines.iter().cloned()));
    seen.lines.push(if stays.is_empty() {
        "Resolved on every member.".to_owned()
    } else {
        format!("Still listed on member {}; it expires automatically within minutes.", stays.join(", "))
    });
    if let Some(error) = failure {
        let mut came = CheckOutcome::from(error);
        came.evidence.extend(seen.lines);
        return Ok(came);
    }
    if let Some(failed) = failed_notifications(scene).await {
        seen.lines.push(format!("alertmanager_notifications_failed_total: {failed:.0} in the last hour"));
        seen.failed_lately = failed > 0.0;
    }
    Ok(judged(&seen, count, handed.as_ref(), stays.is_empty()))
}

/// What was seen of the alert on the members.
#[derive(Debug, Clone, Default)]
struct Arrived {
    receivers: Vec<String>,
    muted: bool,
    unseen: usize,
    failed_lately: bool,
    lines: Vec<String>,
}

fn test_alert() -> PostAlert {
    let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    let now = clock::now();
    PostAlert {
        labels: BTreeMap::from([
            pair("alertname", TEST_ALERT),
            pair("severity", "info"),
            pair("test", "true"),
            pair(RUN, &uuid::Uuid::new_v4().to_string()),
        ]),
        annotations: BTreeMap::from([pair(
            "summary",
            "Test notification sent by a pre-production check. No action needed.",
        )]),
        starts_at: now,
        ends_at: now.plus_millis(LIFE_MS),
    }
}

/// Waits until it is seen on every member that took it.
async fn arrived(sent: &[(usize, Arc<Alertmanager>)], alert: &PostAlert) -> Arrived {
    let run = alert.labels.get(RUN);
    let mut found = Arrived::default();
    for (index, client) in sent {
        match wait(client, |all| all.iter().find(|one| one.labels.get(RUN) == run).cloned()).await {
            Some(seen) => {
                found.lines.push(format!(
                    "member {}: received, {}, routed to {}",
                    index + 1,
                    seen.status.state,
                    seen.receivers.join(", ")
                ));
                found.muted |= seen.status.state == "suppressed";
                found.receivers.extend(seen.receivers);
            }
            None => found.unseen += 1,
        }
    }
    found.receivers.sort();
    found.receivers.dedup();
    found
}

/// Ends it everywhere; the members on which it was not seen to be gone.
async fn taken_back(sent: &[(usize, Arc<Alertmanager>)], alert: &mut PostAlert) -> Vec<String> {
    alert.ends_at = clock::now();
    let run = alert.labels.get(RUN);
    let mut stays = Vec::new();
    for (index, client) in sent {
        let gone = |all: &[AmAlert]| (!all.iter().any(|one| one.labels.get(RUN) == run)).then_some(());
        if client.post_alert(alert).await.is_err() || wait(client, gone).await.is_none() {
            stays.push((index + 1).to_string());
        }
    }
    stays
}

/// What all of it says. Pure.
fn judged(seen: &Arrived, members: usize, handed: Option<&DeliveryEvidence>, gone: bool) -> CheckOutcome {
    let mut lines = seen.lines.clone();
    let receivers = seen.receivers.join(", ");
    if seen.unseen > 0 {
        let words =
            format!("The test alert did not appear on {} of {}.", seen.unseen, plural(members, "member"));
        return CheckOutcome::fail(words, lines, "Check Alertmanager’s log.");
    }
    if seen.muted {
        return CheckOutcome::warn(
            "The test alert arrived but is muted by an active silence or window, so no notification is sent.",
            lines,
            "Run the check again after the maintenance window.",
        );
    }
    let Some(handed) = handed else {
        let words = format!("The test alert arrived, but its receiver {receivers} has no integration.");
        return CheckOutcome::warn(words, lines, "Add an integration to the receiver in alertmanager.yml.");
    };
    let of = |state: DeliveryOutcome| -> Vec<&str> {
        handed.by.iter().filter(|(_, one)| **one == state).map(|(name, _)| name.as_str()).collect()
    };
    let (over, failed, nothing, unknown) = (
        of(DeliveryOutcome::Over),
        of(DeliveryOutcome::Failed),
        of(DeliveryOutcome::Nothing),
        of(DeliveryOutcome::Unknown),
    );
    lines.push(BEHIND.to_owned());
    if !failed.is_empty() {
        return CheckOutcome::fail(
            format!("The test alert reached Alertmanager, but delivery to {} failed.", failed.join(", ")),
            lines,
            "See Alertmanager’s log for the reason, and check the receiver’s address and credentials in \
                alertmanager.yml.",
        );
    }
    if !nothing.is_empty() {
        let why = if handed.cut.is_empty() {
            "A time interval may mute the route, or the alert’s group may be notified later. See \
                Alertmanager’s log."
        } else {
            handed.cut.as_str()
        };
        let words = format!(
            "The test alert arrived, but Alertmanager sent nothing to {} while the check waited.",
            nothing.join(", ")
        );
        return CheckOutcome::warn(words, lines, why);
    }
    if !gone {
        let words = "The test alert was delivered, but is still listed as active.";
        return CheckOutcome::warn(words, lines, "Check again in two minutes.");
    }
    if !unknown.is_empty() {
        return CheckOutcome::warn(
            format!("The test alert was routed to {receivers}; delivery is unknown."),
            lines,
            "This version of Alertmanager does not count notification requests. Ask the on-call engineer \
                whether the alert arrived.",
        );
    }
    if seen.failed_lately {
        return CheckOutcome::warn(
            format!(
                "The test alert was delivered to {}, but other notifications failed in the last hour.",
                over.join(", ")
            ),
            lines,
            "Check Alertmanager’s log for the failing integration.",
        );
    }
    CheckOutcome::pass(
        format!("The test alert was delivered to {} of {receivers} and resolved.", over.join(", ")),
        lines,
    )
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
async fn failed_notifications(scene: &CheckContext) -> Option<f64> {
    let client = scene.live.clients.prometheus().await.ok()?;
    let query = "sum(increase(alertmanager_notifications_failed_total[1h]))";
    match client.instant(query, None).await.ok()?.value.value {
        QueryValue::Vector(all) => all.first().map(|one| one.value),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use aether_contract::CheckState;

    use super::*;

    #[test]
    fn only_what_was_handed_over_is_passed_and_what_nobody_can_know_is_said() {
        let seen = Arrived { receivers: vec!["team".into()], ..Arrived::default() };
        let of = |states: &[DeliveryOutcome]| {
            let by = states.iter().enumerate().map(|(index, state)| (index.to_string(), *state)).collect();
            let handed = DeliveryEvidence { by, lines: Vec::new(), cut: String::new() };
            judged(&seen, 1, Some(&handed), true)
        };
        let passed = of(&[DeliveryOutcome::Over, DeliveryOutcome::Over]);
        assert_eq!(passed.state, CheckState::Pass);
        assert!(passed.evidence.last().unwrap().starts_with("Not verifiable here"), "{passed:?}");
        assert_eq!(of(&[DeliveryOutcome::Over, DeliveryOutcome::Failed]).state, CheckState::Fail);
        assert_eq!(of(&[DeliveryOutcome::Over, DeliveryOutcome::Nothing]).state, CheckState::Warn);
        assert_eq!(of(&[DeliveryOutcome::Unknown]).state, CheckState::Warn);
        assert_eq!(judged(&seen, 1, None, true).state, CheckState::Warn, "it tells nobody");
        let muted = Arrived { muted: true, ..seen.clone() };
        assert!(judged(&muted, 1, None, true).reason.contains("muted"));
        let unseen = Arrived { unseen: 1, ..seen };
        assert_eq!(judged(&unseen, 2, None, true).state, CheckState::Fail);
    }
}
