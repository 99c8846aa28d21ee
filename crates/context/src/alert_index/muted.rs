//! Which alerts a time interval mutes, from Alertmanager's groups. Pure.
//!
//! An alert is in a group for every route that matches it, and an interval mutes a route. So an alert is muted only
//! when every route that has it is; otherwise some receivers are still notified.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use aether_clients::alertmanager::AmAlertGroup;
use aether_contract::MutedReceiver;
use aether_foundation::text::truncate;

/// What time intervals do to one alert.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Muting {
    /// Receivers that are not notified, with the intervals that mute them.
    pub receivers: Vec<MutedReceiver>,
    /// Whether no receiver is left.
    pub entirely: bool,
}

/// By fingerprint, the alerts that are muted for at least one receiver.
pub type Mutings = HashMap<String, Muting>;

/// From a member's groups.
pub fn mutings(groups: &[AmAlertGroup]) -> Mutings {
    // By receiver: the intervals, or none once a route of its own is not muted.
    let mut by_alert: HashMap<&str, BTreeMap<&str, Option<BTreeSet<&str>>>> = HashMap::new();
    for group in groups {
        for alert in &group.alerts {
            let receivers = by_alert.entry(alert.fingerprint.as_str()).or_default();
            let intervals = receivers.entry(group.receiver.as_str()).or_insert_with(|| Some(BTreeSet::new()));
            if alert.status.muted_by.is_empty() {
                *intervals = None;
            } else if let Some(intervals) = intervals {
                intervals.extend(alert.status.muted_by.iter().map(String::as_str));
            }
        }
    }
    by_alert
        .into_iter()
        .filter_map(|(print, receivers)| {
            let entirely = receivers.values().all(Option::is_some);
            let muted: Vec<MutedReceiver> = receivers
                .into_iter()
                .filter_map(|(receiver, intervals)| {
                    let intervals = intervals?.into_iter().map(|name| truncate(name, 256)).collect();
                    Some(MutedReceiver { receiver: truncate(receiver, 256), intervals })
                })
                .collect();
            let muting = Muting { receivers: muted, entirely };
            (!muting.receivers.is_empty()).then(|| (print.to_owned(), muting))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use aether_clients::alertmanager::{AmAlertStatus, AmGroupedAlert};

    use super::*;

    fn group(receiver: &str, alerts: &[(&str, &[&str])]) -> AmAlertGroup {
        let alerts = alerts.iter().map(|(print, intervals)| AmGroupedAlert {
            fingerprint: (*print).to_owned(),
            status: AmAlertStatus {
                muted_by: intervals.iter().map(|name| (*name).to_owned()).collect(),
                ..AmAlertStatus::default()
            },
        });
        AmAlertGroup { receiver: receiver.to_owned(), alerts: alerts.collect() }
    }

    fn muted(receiver: &str, intervals: &[&str]) -> MutedReceiver {
        MutedReceiver {
            receiver: receiver.to_owned(),
            intervals: intervals.iter().map(|name| (*name).to_owned()).collect(),
        }
    }

    #[test]
    fn an_alert_is_muted_only_when_every_route_that_has_it_is() {
        let found = mutings(&[
            group("day", &[("a", &["night"]), ("b", &["night"]), ("c", &[])]),
            group("pager", &[("b", &[]), ("d", &["weekend"])]),
            group("mail", &[("d", &["night", "weekend"])]),
            // A second route to the same receiver that is not muted: the receiver is notified.
            group("day", &[("a", &["weekend"]), ("e", &["night"])]),
            group("day", &[("e", &[])]),
        ]);
        assert_eq!(
            found["a"],
            Muting { receivers: vec![muted("day", &["night", "weekend"])], entirely: true }
        );
        assert_eq!(found["b"], Muting { receivers: vec![muted("day", &["night"])], entirely: false });
        assert_eq!(
            found["d"],
            Muting {
                receivers: vec![muted("mail", &["night", "weekend"]), muted("pager", &["weekend"])],
                entirely: true
            }
        );
        assert_eq!(found.len(), 3, "{found:?}");
    }
}
