//! Whether the test alert was handed over: Alertmanager's own counts of requests, before and after. It counts
//! all alerts together, and knows nothing of what becomes of a notification behind the one who took it.

use std::{collections::BTreeMap, sync::Arc, sync::atomic::Ordering, time::Duration};

use aether_clients::{Alertmanager, alertmanager::Requests};

use super::CheckContext;
use aether_alerting::maintenance::routing::Delivery;

/// Longest wait for a notification.
const LONGEST: Duration = Duration::from_secs(400);
/// Beyond the routes' own times: the members of a cluster wait for each other, and a request takes its time.
const SLACK: Duration = Duration::from_secs(20);
/// How long after a request that failed another one is waited for.
const GRACE: Duration = Duration::from_secs(10);
const PAUSE: Duration = Duration::from_millis(500);

/// The counts of each member, as it told them.
pub type Counts = Vec<Option<BTreeMap<String, Requests>>>;

/// What became of the notification at one integration.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum DeliveryOutcome {
    /// A request succeeded.
    Over,
    /// Requests were made, and all failed.
    Failed,
    /// None was made.
    Nothing,
    /// A member does not count requests, or did not tell.
    Unknown,
}

/// What was seen.
#[derive(Debug, Clone, PartialEq)]
pub struct DeliveryEvidence {
    /// By integration.
    pub by: BTreeMap<String, DeliveryOutcome>,
    /// A line each.
    pub lines: Vec<String>,
    /// Why it was not waited until the end; empty: it was.
    pub cut: String,
}

/// How long a notification may take by the routes: the first wait of a new group, and one interval, should the
/// group be there already.
pub fn patience(deliveries: &[Delivery]) -> Duration {
    let longest = deliveries.iter().map(|one| one.group_wait_ms.saturating_add(one.group_interval_ms)).max();
    Duration::from_millis(longest.unwrap_or_default().max(0).unsigned_abs()) + SLACK
}

/// The counts of all members.
pub async fn counts(members: &[(usize, Arc<Alertmanager>)]) -> Counts {
    let mut all = Vec::new();
    for (_, client) in members {
        all.push(client.requests().await.ok().flatten());
    }
    all
}

/// Waits until every integration has had a request that succeeded, one has failed for a while, or the routes'
/// time is over.
pub async fn wait(
    scene: &CheckContext,
    members: &[(usize, Arc<Alertmanager>)],
    integrations: &[String],
    before: &Counts,
    patience: Duration,
) -> DeliveryEvidence {
    let began = tokio::time::Instant::now();
    let mut failed_at = None;
    loop {
        let by = handed(integrations, before, &counts(members).await);
        let any = |state: DeliveryOutcome| by.values().any(|handed| *handed == state);
        if any(DeliveryOutcome::Failed) {
            failed_at.get_or_insert_with(tokio::time::Instant::now);
        }
        let cut = if scene.checks.cancel.load(Ordering::SeqCst) {
            "The run was canceled while waiting for a notification."
        } else if began.elapsed() >= LONGEST && patience > LONGEST {
            "The routes delay the notification longer than the check waits."
        } else {
            ""
        };
        let settled =
            by.values().all(|handed| *handed == DeliveryOutcome::Over) || before.iter().all(Option::is_none);
        let failing = failed_at.is_some_and(|at: tokio::time::Instant| at.elapsed() >= GRACE);
        if settled || failing || !cut.is_empty() || began.elapsed() >= patience.min(LONGEST) {
            return DeliveryEvidence { lines: lines(&by, began.elapsed()), by, cut: cut.to_owned() };
        }
        tokio::time::sleep(PAUSE).await;
    }
}

/// What the counts say. Pure.
fn handed(integrations: &[String], before: &Counts, now: &Counts) -> BTreeMap<String, DeliveryOutcome> {
    let one = |name: &String| {
        let (mut made, mut failed, mut known) = (0.0, 0.0, true);
        for (before, now) in before.iter().zip(now) {
            let (Some(before), Some(now)) = (before, now) else {
                known = false;
                continue;
            };
            let then = before.get(name).copied().unwrap_or_default();
            let since = now.get(name).copied().unwrap_or_default();
            // A member that was restarted counts from 0.
            made += if since.made < then.made { since.made } else { since.made - then.made };
            failed += if since.failed < then.failed { since.failed } else { since.failed - then.failed };
        }
        let state = match (made > failed, failed > 0.0) {
            (true, _) => DeliveryOutcome::Over,
            (_, true) => DeliveryOutcome::Failed,
            _ if !known => DeliveryOutcome::Unknown,
            _ => DeliveryOutcome::Nothing,
        };
        (name.clone(), state)
    };
    integrations.iter().map(one).collect()
}

fn lines(by: &BTreeMap<String, DeliveryOutcome>, after: Duration) -> Vec<String> {
    let after = after.as_secs();
    let one = |(name, handed): (&String, &DeliveryOutcome)| match handed {
        DeliveryOutcome::Over => {
            format!("{name}: a request succeeded within {after} s (may include other notifications)")
        }
        DeliveryOutcome::Failed => format!("{name}: every request within {after} s failed"),
        DeliveryOutcome::Nothing => format!("{name}: no request within {after} s"),
        DeliveryOutcome::Unknown => {
            format!("{name}: this version of Alertmanager does not count notification requests")
        }
    };
    by.iter().map(one).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn member(made: f64, failed: f64) -> Option<BTreeMap<String, Requests>> {
        Some(BTreeMap::from([("webhook".to_owned(), Requests { made, failed })]))
    }

    #[test]
    fn one_request_that_succeeded_on_any_member_is_enough_and_a_begun_one_is_not() {
        let of = |before: Counts, now: Counts| handed(&["webhook".to_owned()], &before, &now)["webhook"];
        assert_eq!(
            of(vec![member(5.0, 1.0), member(0.0, 0.0)], vec![member(5.0, 1.0), member(1.0, 0.0)]),
            DeliveryOutcome::Over
        );
        assert_eq!(of(vec![member(5.0, 1.0)], vec![member(5.0, 1.0)]), DeliveryOutcome::Nothing);
        assert_eq!(of(vec![member(5.0, 1.0)], vec![member(8.0, 4.0)]), DeliveryOutcome::Failed);
        assert_eq!(of(vec![member(5.0, 1.0)], vec![member(8.0, 3.0)]), DeliveryOutcome::Over);
        assert_eq!(
            of(vec![member(5.0, 1.0)], vec![member(1.0, 0.0)]),
            DeliveryOutcome::Over,
            "it was restarted"
        );
        assert_eq!(of(vec![None], vec![member(1.0, 0.0)]), DeliveryOutcome::Unknown);
        assert_eq!(of(vec![member(0.0, 0.0), None], vec![member(1.0, 0.0), None]), DeliveryOutcome::Over);
    }

    #[test]
    fn the_routes_say_how_long_a_notification_may_take() {
        let delivery = |wait, interval| Delivery {
            receiver: String::new(),
            group: String::new(),
            group_wait_ms: wait,
            group_interval_ms: interval,
            repeat_interval_ms: 0,
            notifies: true,
            sends_resolved: true,
            integrations: Vec::new(),
        };
        assert_eq!(patience(&[delivery(30_000, 300_000), delivery(1, 2)]), Duration::from_secs(330) + SLACK);
        assert_eq!(patience(&[]), SLACK);
    }
}
