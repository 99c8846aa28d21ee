//! What has fired, in numbers and stretches.

use std::collections::{BTreeMap, HashMap, HashSet};

use aether_contract::{
    AlertFingerprint, AlertHistoryPage, AlertHistoryRequest, Episode, ErrorCode, HistoryAlert, HistorySpan,
    PanelError, Severity, Timestamp,
};

use super::store::{Kept, Store};
use aether_context::alert_index::order::severity_rank;
use aether_foundation::matching::severity;
use aether_foundation::{matching::filter::Filter, stack::Profile};

/// Longest range, in hours.
const MAX_HOURS: f64 = 2160.0;
/// Most episodes of an answer.
const MAX_EPISODES: usize = 500;
/// Most names of an answer.
const MAX_NAMES: usize = 40;
/// Most stretches of a timeline.
const MAX_SPANS: usize = 400;
/// An alert that starts this often within [`FLAP_MS`] is flapping.
const FLAPS: usize = 4;
const FLAP_MS: i64 = 3_600_000;

/// A page of the history of a stack.
///
/// # Errors
/// `invalid-request`, `storage`.
pub fn page(
    store: &Store,
    profile: &Profile,
    request: &AlertHistoryRequest,
    now: Timestamp,
) -> Result<AlertHistoryPage, PanelError> {
    if !(request.hours > 0.0 && request.hours <= MAX_HOURS) {
        return Err(PanelError::new(
            ErrorCode::InvalidRequest,
            "alert_history",
            format!("hours must be greater than 0 and at most {MAX_HOURS}."),
        ));
    }
    let filter = Filter::parse(&request.filter)?;
    // Within the checked range this is a small whole number.
    #[allow(clippy::cast_possible_truncation, reason = "see above")]
    let from = now.plus_millis(-((request.hours * 3_600_000.0) as i64));
    let mut kept = store.between(&profile.name, from, now)?;
    let same = same_alert(&kept, &request.fingerprint);
    kept.retain(|one| {
        (request.fingerprint.is_empty() || same.contains(&one.fingerprint))
            && (filter.is_empty() || filter.passes_labels(&one.labels))
    });
    let (alerts, names) = by_name(&kept, from, now);
    let total = u32::try_from(kept.len()).unwrap_or(u32::MAX);
    let offset = usize::try_from(request.offset).unwrap_or(usize::MAX);
    let limit = usize::try_from(request.limit).unwrap_or(MAX_EPISODES).min(MAX_EPISODES);
    let episodes = kept.into_iter().skip(offset).take(limit).map(|one| episode(one, profile)).collect();
    Ok(AlertHistoryPage {
        from,
        to: now,
        episodes,
        total,
        alerts,
        names,
        tenant_label: profile.tenant_label.clone(),
        known_since: store.known_since(&profile.name)?,
        note: String::new(),
    })
}

/// The fingerprints of one alert: Alertmanager's own, and those of episodes that were read from Prometheus,
/// which does not know the external labels. Such an episode is this alert's if its labels are this alert's and
/// no other's that was seen.
fn same_alert(kept: &[Kept], fingerprint: &str) -> HashSet<String> {
    let mut same = HashSet::from([fingerprint.to_owned()]);
    let seen: BTreeMap<&str, &Kept> =
        kept.iter().filter(|one| one.step_s == 0).map(|one| (one.fingerprint.as_str(), one)).collect();
    let within = |labels: &BTreeMap<String, String>, of: &Kept| {
        labels.iter().all(|(name, value)| of.labels.get(name) == Some(value))
    };
    for read in kept.iter().filter(|one| one.step_s > 0 && !seen.contains_key(one.fingerprint.as_str())) {
        let mut owners = seen.values().filter(|one| within(&read.labels, one));
        if let (Some(owner), None) = (owners.next(), owners.next())
            && owner.fingerprint == fingerprint
        {
            same.insert(read.fingerprint.clone());
        }
    }
    same
}

fn name(labels: &BTreeMap<String, String>) -> &str {
    labels.get("alertname").map_or("", String::as_str)
}

fn rank(labels: &BTreeMap<String, String>) -> Severity {
    severity(labels.get("severity").map_or("", String::as_str))
}

fn episode(one: Kept, profile: &Profile) -> Episode {
    let tenant = one.labels.get(&profile.tenant_label).filter(|tenant| !tenant.is_empty()).cloned();
    Episode {
        name: name(&one.labels).to_owned(),
        severity: rank(&one.labels),
        vip: tenant.as_deref().is_some_and(|tenant| profile.is_vip(tenant)),
        tenant,
        fingerprint: AlertFingerprint(one.fingerprint),
        labels: one.labels,
        began: one.began,
        ended: one.ended,
        lowest: one.range.map(|(lowest, _)| lowest),
        highest: one.range.map(|(_, highest)| highest),
        muted_s: seconds(one.muted_ms),
        backfilled: one.step_s > 0,
        step_s: one.step_s,
    }
}

fn seconds(ms: i64) -> u32 {
    u32::try_from(ms.max(0) / 1000).unwrap_or(u32::MAX)
}

/// The names, the most frequent first, and how many there are. `kept` is ordered by begin, the newest first.
fn by_name(kept: &[Kept], from: Timestamp, to: Timestamp) -> (Vec<HistoryAlert>, u32) {
    let mut named: HashMap<&str, Vec<&Kept>> = HashMap::new();
    for one in kept.iter().rev() {
        named.entry(name(&one.labels)).or_default().push(one);
    }
    let names = u32::try_from(named.len()).unwrap_or(u32::MAX);
    let mut all: Vec<HistoryAlert> =
        named.into_iter().map(|(name, episodes)| in_numbers(name, &episodes, from, to)).collect();
    all.sort_by(|a, b| {
        b.episodes.cmp(&a.episodes).then(b.total_s.cmp(&a.total_s)).then_with(|| a.name.cmp(&b.name))
    });
    all.truncate(MAX_NAMES);
    (all, names)
}

/// `episodes` are of one name, the oldest first.
fn in_numbers(name: &str, episodes: &[&Kept], from: Timestamp, to: Timestamp) -> HistoryAlert {
    let mut spans: Vec<HistorySpan> = Vec::new();
    for one in episodes {
        let (began, ended) = (one.began.max(from), one.ended.unwrap_or(to).min(to));
        match spans.last_mut() {
            Some(last) if began <= last.ended => {
                last.ended = last.ended.max(ended);
                last.open |= one.ended.is_none();
            }
            _ => spans.push(HistorySpan { began, ended, open: one.ended.is_none() }),
        }
    }
    let total = spans.iter().map(|span| span.ended.millis_since(span.began)).sum();
    let length = |one: &&Kept| one.ended.unwrap_or(to).millis_since(one.began);
    let mut begins: HashMap<&str, Vec<Timestamp>> = HashMap::new();
    for one in episodes {
        begins.entry(&one.fingerprint).or_default().push(one.began);
    }
    let flaps = |at: &Vec<Timestamp>| {
        at.windows(FLAPS).any(|window| match window {
            [first, .., last] => last.millis_since(*first) <= FLAP_MS,
            _ => false,
        })
    };
    let skip = spans.len().saturating_sub(MAX_SPANS);
    HistoryAlert {
        name: name.to_owned(),
        severity: episodes
            .iter()
            .map(|one| rank(&one.labels))
            .min_by_key(|severity| severity_rank(*severity))
            .unwrap_or(Severity::Other),
        episodes: u32::try_from(episodes.len()).unwrap_or(u32::MAX),
        alerts: u32::try_from(episodes.iter().map(|one| &one.fingerprint).collect::<HashSet<_>>().len())
            .unwrap_or(u32::MAX),
        total_s: seconds(total),
        longest_s: seconds(episodes.iter().map(length).max().unwrap_or(0)),
        flapping: begins.values().any(flaps),
        spans: spans.split_off(skip),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const M: fn(i64) -> Timestamp = |minute| Timestamp(1_700_000_000_000 + minute * 60_000);

    fn kept(fingerprint: &str, name: &str, began: i64, ended: Option<i64>) -> Kept {
        let labels = [("alertname", name), ("severity", "critical")];
        Kept {
            fingerprint: fingerprint.into(),
            labels: labels.map(|(a, b)| (a.to_owned(), b.to_owned())).into(),
            began: M(began),
            ended: ended.map(M),
            seen: M(began),
            range: None,
            muted_ms: 0,
            step_s: 0,
        }
    }

    #[test]
    fn an_episode_read_from_prometheus_is_its_alerts_although_it_lacks_external_labels() {
        let labels = |pairs: &[(&str, &str)]| -> BTreeMap<String, String> {
            pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
        };
        let one = |fingerprint: &str, pairs: &[(&str, &str)], step_s: u32| Kept {
            labels: labels(pairs),
            step_s,
            ..kept(fingerprint, "A", 0, Some(1))
        };
        let all = [
            one("t1", &[("alertname", "A"), ("tenant_id", "1"), ("cluster", "eu")], 0),
            one("t2", &[("alertname", "A"), ("tenant_id", "2"), ("cluster", "eu")], 0),
            one("read-1", &[("alertname", "A"), ("tenant_id", "1")], 60),
            one("read-2", &[("alertname", "A"), ("tenant_id", "2")], 60),
            // Of which of the two it is nobody knows.
            one("read-any", &[("alertname", "A")], 60),
        ];
        assert_eq!(same_alert(&all, "t1"), HashSet::from(["t1".to_owned(), "read-1".to_owned()]));
        assert_eq!(same_alert(&all, "gone"), HashSet::from(["gone".to_owned()]));
    }

    #[test]
    fn overlapping_episodes_are_one_stretch_and_count_their_time_once() {
        let newest_first = [
            kept("b", "A", 50, None),
            kept("a", "A", 15, Some(30)),
            kept("b", "A", 10, Some(20)),
            kept("c", "B", -20, Some(5)),
        ];
        let (alerts, names) = by_name(&newest_first, M(0), M(60));
        assert_eq!(names, 2);
        let a = &alerts[0];
        assert_eq!((a.name.as_str(), a.episodes, a.alerts, a.total_s, a.longest_s), ("A", 3, 2, 1800, 900));
        let spans: Vec<_> = a.spans.iter().map(|span| (span.began, span.ended, span.open)).collect();
        assert_eq!(spans, [(M(10), M(30), false), (M(50), M(60), true)]);
        // What began before the range is cut to it on the timeline, not in its length.
        assert_eq!((alerts[1].spans[0].began, alerts[1].total_s, alerts[1].longest_s), (M(0), 300, 1500));
    }

    #[test]
    fn four_begins_within_an_hour_are_flapping() {
        let at = |begins: &[i64]| -> bool {
            let episodes: Vec<Kept> =
                begins.iter().rev().map(|began| kept("a", "A", *began, Some(began + 2))).collect();
            by_name(&episodes, M(0), M(600)).0[0].flapping
        };
        assert!(at(&[0, 10, 30, 60]));
        assert!(!at(&[0, 10, 30, 61]));
        assert!(!at(&[0, 10, 30]));
    }
}
