//! What a close-out report is made of: the episodes in a window's time, from everybody who may know of them, and
//! Alertmanager's configuration.

use std::{
    collections::{BTreeMap, HashMap},
    time::Duration,
};

use aether_contract::{AlertRow, AlertState, PanelError, ServiceKind, Timestamp};

use crate::history::{FIRING, Kept};
use aether_context::session::StackSession;

/// The configuration that a member runs with.
pub(super) async fn config(live: &StackSession) -> Result<String, PanelError> {
    let mut first = None;
    for index in 0..live.profile.alertmanager.urls.len() {
        let client = live.clients.member(index).await?;
        match client.status().await {
            Ok(reply) => return Ok(reply.value.config_original),
            Err(error) => {
                first.get_or_insert(error.to_panel(ServiceKind::Alertmanager));
            }
        }
    }
    Err(first.unwrap_or_else(crate::maintenance::start::no_alertmanager))
}

pub(super) type Series = (BTreeMap<String, String>, Vec<Timestamp>);

/// What Prometheus recorded as firing, with the distance of two samples in milliseconds.
pub(super) async fn series(
    live: &StackSession,
    from: Timestamp,
    to: Timestamp,
) -> Result<(Vec<Series>, i64), String> {
    if live.profile.prometheus.urls.is_empty() {
        return Ok((Vec::new(), 0));
    }
    let step_ms = (to.millis_since(from) / 2_000).max(5_000);
    let step = Duration::from_millis(u64::try_from(step_ms).unwrap_or(5_000));
    let client = live.clients.prometheus().await.map_err(|error| error.message)?;
    let reply = Box::pin(client.range(FIRING, from, to, step))
        .await
        .map_err(|error| error.to_panel(ServiceKind::Prometheus).message)?;
    let series = reply.value.into_iter().map(|one| {
        let labels =
            one.labels.into_iter().filter(|(name, _)| name != "__name__" && name != "alertstate").collect();
        (labels, one.values.into_iter().map(|(at, _)| at).collect())
    });
    Ok((series.collect(), step_ms))
}

/// One list of episodes from what was seen, what fires now and what Prometheus recorded. What was seen goes
/// first: it has the labels that Alertmanager sees. `rows` is the list of alerts at `to`, if that is known.
pub(super) fn merge(
    mut known: Vec<Kept>,
    rows: Option<&[AlertRow]>,
    series: &[Series],
    step_ms: i64,
    to: Timestamp,
) -> Vec<Kept> {
    let fires = |row: &&AlertRow| !matches!(row.state, AlertState::Pending | AlertState::Resolved);
    let firing: HashMap<&str, &AlertRow> =
        rows.into_iter().flatten().filter(fires).map(|row| (row.fingerprint.0.as_str(), row)).collect();
    for row in firing.values() {
        if !known.iter().any(|one| one.fingerprint == row.fingerprint.0 && one.ended.is_none()) {
            known.push(Kept::of(row, to));
        }
    }
    // It was on when a panel looked last, and is not: nobody saw its end.
    let unseen_end =
        |one: &Kept| rows.is_some() && one.ended.is_none() && !firing.contains_key(one.fingerprint.as_str());
    let slack = step_ms.saturating_mul(2);
    let mut recorded = Vec::new();
    for (labels, samples) in series {
        for (began, last) in crate::history::runs(samples, step_ms) {
            let goes_on = to.millis_since(last) <= slack;
            let ended = (!goes_on).then(|| last.plus_millis(step_ms));
            let same = |one: &&mut Kept| {
                labels.iter().all(|(name, value)| one.labels.get(name) == Some(value))
                    && one.began <= last.plus_millis(slack)
                    && one.ended.is_none_or(|end| end >= began.plus_millis(-slack))
            };
            match known.iter_mut().find(same) {
                Some(one) if unseen_end(one) => one.ended = ended,
                Some(_) => {}
                None => recorded.push(Kept::recorded(labels, began, ended, last, step_ms)),
            }
        }
    }
    for one in known.iter_mut().filter(|one| unseen_end(one)) {
        one.ended = Some(one.seen);
    }
    known.extend(recorded);
    known
}

#[cfg(test)]
mod tests {
    use super::*;
    use aether_foundation::testing::row;

    const S: fn(i64) -> Timestamp = |second| Timestamp(1_700_000_000_000 + second * 1000);

    fn labels(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
        pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    }

    #[test]
    fn what_was_seen_what_is_listed_and_what_was_recorded_make_one_list() {
        let mut firing = row(&[("alertname", "A"), ("cluster", "eu")]);
        firing.since = S(100);
        let series = [
            // The same alert without the external label: known already.
            (labels(&[("alertname", "A")]), (20..=60).map(|n| S(n * 5)).collect::<Vec<_>>()),
            // Nobody saw this one.
            (labels(&[("alertname", "B")]), vec![S(50), S(55), S(60)]),
        ];
        let merged = merge(Vec::new(), Some(&[firing]), &series, 5_000, S(300));
        let told: Vec<_> =
            merged.iter().map(|one| (one.labels["alertname"].as_str(), one.began, one.ended)).collect();
        assert_eq!(told, [("A", S(100), None), ("B", S(50), Some(S(65)))]);
        assert_eq!(merged[0].labels.len(), 2);
    }

    #[test]
    fn an_end_that_no_panel_saw_is_taken_from_prometheus() {
        let open = Kept {
            ended: None,
            seen: S(20),
            ..Kept::recorded(&labels(&[("alertname", "A")]), S(0), None, S(20), 5_000)
        };
        let series = [(labels(&[("alertname", "A")]), (0..=20).map(|n| S(n * 5)).collect::<Vec<_>>())];
        let other = row(&[("alertname", "Other")]);
        let merged = merge(vec![open.clone()], Some(&[other]), &series, 5_000, S(300));
        assert_eq!(merged.iter().find(|one| one.labels["alertname"] == "A").unwrap().ended, Some(S(105)));
    }

    #[test]
    fn when_nothing_fires_nothing_is_called_firing_and_when_that_is_not_known_it_goes_on() {
        let open =
            Kept { seen: S(20), ..Kept::recorded(&labels(&[("alertname", "A")]), S(0), None, S(20), 5_000) };
        assert_eq!(merge(vec![open.clone()], Some(&[]), &[], 0, S(300))[0].ended, Some(S(20)));
        assert_eq!(merge(vec![open], None, &[], 0, S(300))[0].ended, None);
    }
}
