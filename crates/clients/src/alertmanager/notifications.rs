//! What Alertmanager counts of its notifications.

use std::collections::BTreeMap;

use super::Alertmanager;
use crate::error::ClientError;

/// Requests of one integration since the server was started, over all receivers and alerts.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Requests {
    /// `alertmanager_notification_requests_total`: tries, each time one more.
    pub made: f64,
    /// `alertmanager_notification_requests_failed_total`.
    pub failed: f64,
}

impl Alertmanager {
    /// By integration (`webhook`, `slack`, `email`, …) what was tried. Counted are requests and not
    /// `alertmanager_notifications_total`: that goes up when a notification is begun, whatever comes of it.
    /// None where the server does not count requests (before 0.22).
    ///
    /// # Errors
    /// As [`ClientError`] tells.
    pub async fn requests(&self) -> Result<Option<BTreeMap<String, Requests>>, ClientError> {
        let reply = self.http.get_raw("/metrics", &[]).await?;
        Ok(requests(&String::from_utf8_lossy(&reply.value.body)))
    }
}

fn requests(metrics: &str) -> Option<BTreeMap<String, Requests>> {
    let mut found: BTreeMap<String, Requests> = BTreeMap::new();
    let mut counts = false;
    for line in metrics.lines() {
        let Some(rest) = line.strip_prefix("alertmanager_notification_requests_") else { continue };
        let (failed, labels) = match (rest.strip_prefix("failed_total{"), rest.strip_prefix("total{")) {
            (Some(labels), _) => (true, labels),
            (_, Some(labels)) => (false, labels),
            _ => continue,
        };
        // With more labels (a receiver's name, a reason) there are several lines an integration. No value of
        // these holds a brace.
        let Some((labels, value)) = labels.rsplit_once('}') else { continue };
        let name = labels.split(',').find_map(|label| label.trim().strip_prefix("integration=\""));
        let value = value.split_whitespace().next().and_then(|value| value.parse::<f64>().ok());
        let (Some(name), Some(value)) = (name.and_then(|name| name.strip_suffix('"')), value) else {
            continue;
        };
        counts = true;
        let one = found.entry(name.to_owned()).or_default();
        *(if failed { &mut one.failed } else { &mut one.made }) += value;
    }
    counts.then_some(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_are_counted_by_integration_over_receivers_and_reasons() {
        let text = "# TYPE alertmanager_notification_requests_total counter\n\
            alertmanager_notification_requests_total{integration=\"webhook\",receiver_name=\"a\"} 2\n\
            alertmanager_notification_requests_total{integration=\"webhook\",receiver_name=\"b\"} 3\n\
            alertmanager_notification_requests_total{integration=\"email\"} 0\n\
            alertmanager_notification_requests_failed_total{integration=\"webhook\",reason=\"serverError\"} 1e+00\n\
            alertmanager_notifications_total{integration=\"webhook\"} 9\n";
        let found = requests(text).unwrap();
        assert_eq!(found["webhook"], Requests { made: 5.0, failed: 1.0 });
        assert_eq!(found["email"], Requests::default());
        assert_eq!(requests("alertmanager_notifications_total{integration=\"webhook\"} 9\n"), None);
    }
}
