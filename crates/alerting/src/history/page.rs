//! What has fired, in numbers and stretches.

use std::collections::{BTreeMap, HashMap, HashSet};

use aether_contract::{
    AlertFingerprint, AlertHistoryPage, AlertHistoryRequest, Episode, ErrorCode, HistoryAlert, HistorySpan,
    Matcher, PanelError, Severity, Timestamp,
};

use super::store::{Kept, Store};
use aether_context::alert_index::order::severity_rank;
use aether_foundation::{
    matching::{filter::Filter, matcher, severity, title},
    stack::Profile,
};

/// Longest range, in hours.
const MAX_HOURS: f64 = 2160.0;
/// Most episodes of an answer.
const MAX_EPISODES: usize = 500;
/// Most names of an answer.
const MAX_NAMES: usize = 40;
/// Most stretches of a timeline.
const MAX_SPANS: usize = 400;
/// Most labels in the filter of an alert without a name, and their longest value, in bytes.
const MAX_PAIRS: usize = 12;
const MAX_VALUE: usize = 200;
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
///
/// Alerts without a name are told apart by their labels.
fn by_name(kept: &[Kept], from: Timestamp, to: Timestamp) -> (Vec<HistoryAlert>, u32) {
    let mut named: HashMap<Key<'_>, Vec<&Kept>> = HashMap::new();
    for one in kept.iter().rev() {
        let name = name(&one.labels);
        named.entry((name, name.is_empty().then_some(&one.labels))).or_default().push(one);
    }
    let names = u32::try_from(named.len()).unwrap_or(u32::MAX);
    let mut all: Vec<HistoryAlert> = named
        .into_iter()
        .map(|((name, labels), episodes)| in_numbers(&called(name, labels), &episodes, from, to))
        .collect();
    all.sort_by(|a, b| {
        b.episodes.cmp(&a.episodes).then(b.total_s.cmp(&a.total_s)).then_with(|| a.name.cmp(&b.name))
    });
    all.truncate(MAX_NAMES);
    (all, names)
}

/// A name, and the labels of an alert that has none.
type Key<'a> = (&'a str, Option<&'a BTreeMap<String, String>>);

/// The name of alerts, and the filter that finds them.
struct Called {
    name: String,
    filter: String,
}

/// What alerts are called: by their name, or by these labels where they have none.
fn called(name: &str, labels: Option<&BTreeMap<String, String>>) -> Called {
    let own = equal("alertname", name);
    match labels {
        None => Called { name: name.to_owned(), filter: own },
        // The missing name is part of it: named alerts may have the same labels. Longer ones would not fit a filter.
        Some(labels) => {
            let short =
                labels.iter().filter(|(label, value)| *label != "alertname" && value.len() <= MAX_VALUE);
            let pairs = short.take(MAX_PAIRS).map(|(name, value)| equal(name, value));
            let filter = std::iter::once(own).chain(pairs).collect::<Vec<_>>().join(", ");
            Called { name: title(name, labels), filter }
        }
    }
}

fn equal(name: &str, value: &str) -> String {
    matcher::text(&Matcher {
        name: name.to_owned(),
        value: value.to_owned(),
        is_regex: false,
        is_equal: true,
    })
}

/// `episodes` are of one name, the oldest first.
fn in_numbers(called: &Called, episodes: &[&Kept], from: Timestamp, to: Timestamp) -> HistoryAlert {
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
        name: called.name.clone(),
        filter: called.filter.clone(),
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
    fn alerts_without_a_name_are_told_apart_by_their_labels() {
        let nameless = |fingerprint: &str, job: &str, began: i64| {
            let mut one = kept(fingerprint, "", began, Some(began + 5));
            one.labels = [("job".to_owned(), job.to_owned())].into();
            one
        };
        let mut bare = nameless("c", "", 0);
        bare.labels.clear();
        let all = [
            kept("n", "A", 40, None),
            nameless("a", "x", 30),
            nameless("b", "y", 20),
            nameless("a", "x", 10),
            bare,
        ];
        let (alerts, names) = by_name(&all, M(0), M(60));
        assert_eq!(names, 4);
        let of = |name: &str| alerts.iter().find(|one| one.name == name).unwrap();
        assert_eq!((of("{job=\"x\"}").episodes, of("{job=\"y\"}").episodes), (2, 1));
        assert_eq!((of("A").filter.as_str(), of("(no labels)").episodes), ("alertname=\"A\"", 1));
        // Each is found by its filter, and nothing else is but what has all of its labels.
        let found = |name: &str| {
            let filter = Filter::parse(&of(name).filter).unwrap();
            all.iter().filter(|one| filter.passes_labels(&one.labels)).count()
        };
        assert_eq!([found("{job=\"x\"}"), found("{job=\"y\"}"), found("A")], [2, 1, 1]);
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
