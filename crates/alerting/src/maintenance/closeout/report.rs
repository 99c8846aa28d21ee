//! The close-out report: what a window hid, and what Alertmanager does once it is over. Pure.
//!
//! Alertmanager keeps what it has told to itself, so this is reckoned from its routes: an alert that fired for longer
//! than its group waits before the window was told, an alert of which it already told is told again only after the
//! repeat interval, and the end of an alert that is muted is never told.

use std::collections::{BTreeMap, HashSet};

use aether_contract::{
    AlertFingerprint, AlertRow, AlertState, CloseOutAlert, Matcher, Silence, SilenceState, Timestamp,
};

use crate::{
    history::Kept,
    maintenance::routing::{Delivery, Routing},
};
use aether_foundation::matching::{fingerprint::fingerprint, severity};
use aether_foundation::{
    matching::matcher::{all_match, compile},
    text::truncate,
};

/// Labels beside the usual ones that a line of the report has.
const MAX_LABELS: usize = 12;

/// All that is known of a window's time.
pub struct Scene<'a> {
    /// Its begin.
    pub starts_at: Timestamp,
    /// Its end.
    pub ended_at: Timestamp,
    /// What it mutes.
    pub matchers: &'a [Matcher],
    /// The silences that are the window's own.
    pub own: &'a [String],
    /// Every episode that touches it.
    pub episodes: &'a [Kept],
    /// The list of alerts at its end, if that is known.
    pub rows: Option<&'a [AlertRow]>,
    /// All silences.
    pub silences: &'a [Silence],
    /// Alertmanager's routes.
    pub routing: &'a Routing,
    /// The label that names a tenant.
    pub tenant_label: &'a str,
    /// VIP tenants.
    pub vips: &'a [String],
}

/// What became of the alerts.
#[derive(Debug, Default, PartialEq)]
pub struct Found {
    /// Different alerts that were hidden.
    pub hidden: u32,
    /// Still firing.
    pub still_firing: Vec<CloseOutAlert>,
    /// Told before, ended inside.
    pub open_outside: Vec<CloseOutAlert>,
    /// Told before, ended inside, fires again.
    pub silent_again: Vec<CloseOutAlert>,
    /// Began and ended inside.
    pub unseen: Vec<CloseOutAlert>,
}

/// One alert's episodes in the window's time.
struct Alert<'a> {
    labels: &'a BTreeMap<String, String>,
    fingerprint: String,
    /// In the order of their begin.
    episodes: Vec<&'a Kept>,
    deliveries: Vec<Delivery>,
}

impl Alert<'_> {
    /// The episode that is on at a time.
    fn on_at(&self, at: Timestamp) -> Option<&Kept> {
        self.episodes
            .iter()
            .rev()
            .find(|one| one.began <= at && one.ended.is_none_or(|end| end > at))
            .copied()
    }

    /// The episode notified before `start`.
    fn told_before(&self, start: Timestamp) -> Option<&Kept> {
        let wait = self.deliveries.iter().filter(|d| d.notifies).map(|d| d.group_wait_ms).min()?;
        self.episodes
            .iter()
            .find(|one| one.began.plus_millis(wait) <= start && one.ended.is_none_or(|end| end > start))
            .copied()
    }
}

/// Sorts the alerts of a window into those that need follow-up and those that do not.
pub fn find(scene: &Scene<'_>) -> Found {
    let alerts = alerts(scene);
    // A group that has something new to tell tells all of it.
    let fresh: HashSet<&str> = alerts
        .iter()
        .filter(|alert| is_new(scene, alert) && muted_by(scene, alert).is_none())
        .flat_map(|alert| alert.deliveries.iter().filter(|d| d.notifies).map(|d| d.group.as_str()))
        .collect();
    let mut found = Found { hidden: u32::try_from(alerts.len()).unwrap_or(u32::MAX), ..Found::default() };
    for alert in &alerts {
        sort_in(scene, alert, &fresh, &mut found);
    }
    for list in [&mut found.still_firing, &mut found.open_outside, &mut found.silent_again, &mut found.unseen]
    {
        list.sort_by(|a, b| {
            let rank = |one: &CloseOutAlert| {
                (aether_context::alert_index::order::severity_rank(one.severity), !one.vip)
            };
            rank(a).cmp(&rank(b)).then(a.began.cmp(&b.began)).then_with(|| a.name.cmp(&b.name))
        });
    }
    found
}

/// The alerts that the window's matchers match and that fired in its time.
fn alerts<'a>(scene: &Scene<'a>) -> Vec<Alert<'a>> {
    let Ok(matchers) = compile(scene.matchers) else { return Vec::new() };
    let mut by_labels: BTreeMap<&BTreeMap<String, String>, Vec<&Kept>> = BTreeMap::new();
    for one in scene.episodes {
        let inside = one.began < scene.ended_at && one.ended.is_none_or(|end| end > scene.starts_at);
        if inside && all_match(&matchers, &one.labels) {
            by_labels.entry(&one.labels).or_default().push(one);
        }
    }
    by_labels
        .into_iter()
        .map(|(labels, mut episodes)| {
            episodes.sort_by_key(|one| one.began);
            Alert {
                labels,
                fingerprint: episodes
                    .last()
                    .map_or_else(|| fingerprint(labels).0, |one| one.fingerprint.clone()),
                episodes,
                deliveries: scene.routing.deliveries(labels),
            }
        })
        .collect()
}

/// Firing at the end of the window, not notified before it.
fn is_new(scene: &Scene<'_>, alert: &Alert<'_>) -> bool {
    alert.on_at(scene.ended_at).is_some() && alert.told_before(scene.starts_at).is_none()
}

/// What keeps an alert quiet although the window is over, in words.
fn muted_by(scene: &Scene<'_>, alert: &Alert<'_>) -> Option<String> {
    let others = scene.silences.iter().filter(|silence| {
        silence.state == SilenceState::Active
            && !scene.own.contains(&silence.id)
            && silence.ends_at > scene.ended_at
    });
    let mut silencing: Vec<&Silence> = others
        .filter(|silence| compile(&silence.matchers).is_ok_and(|matchers| all_match(&matchers, alert.labels)))
        .collect();
    silencing.sort_by_key(|silence| std::cmp::Reverse(silence.ends_at));
    if let Some(longest) = silencing.first() {
        return Some(format!(
            "Still silenced by {} until {}.",
            if longest.created_by.is_empty() { "someone" } else { &longest.created_by },
            aether_foundation::text::moment(longest.ends_at)
        ));
    }
    let mut rows = scene.rows.into_iter().flatten();
    let row = rows.find(|row| row.fingerprint.0 == alert.fingerprint);
    match row.map(|row| row.state) {
        Some(AlertState::Inhibited) => Some("Inhibited by another alert.".to_owned()),
        Some(AlertState::Muted) => Some("Muted by a time interval of its route.".to_owned()),
        _ => None,
    }
}

fn sort_in(scene: &Scene<'_>, alert: &Alert<'_>, fresh: &HashSet<&str>, found: &mut Found) {
    let told = alert.told_before(scene.starts_at);
    let Some(on) = alert.on_at(scene.ended_at) else {
        ended(scene, alert, told, found);
        return;
    };
    let mut line = line(scene, alert, on);
    let audible: Vec<&Delivery> = alert.deliveries.iter().filter(|delivery| delivery.notifies).collect();
    if audible.is_empty() {
        line.note = "Its receiver has no integration, so no notification is sent.".to_owned();
        found.still_firing.push(line);
        return;
    }
    if let Some(why) = muted_by(scene, alert) {
        line.note = why;
        found.still_firing.push(line);
        return;
    }
    let again = told.is_some_and(|before| before.began != on.began);
    let with_group = audible.iter().any(|delivery| fresh.contains(delivery.group.as_str()));
    let by = |ms: &dyn Fn(&Delivery) -> Timestamp| audible.iter().map(|delivery| ms(delivery)).min();
    line.pages_from = Some(scene.ended_at);
    if told.is_none() {
        line.pages_by = by(&|delivery| {
            let waited = on.began.plus_millis(delivery.group_wait_ms);
            waited.max(scene.ended_at.plus_millis(delivery.group_interval_ms))
        });
        line.note = "Started during the window; notified with the next group notification.".to_owned();
    } else if with_group {
        line.pages_by = by(&|delivery| scene.ended_at.plus_millis(delivery.group_interval_ms));
        line.note =
            "Notified before the window. A new alert in its group triggers a notification for the entire \
                group."
                .to_owned();
    } else {
        line.pages_by = by(&|delivery| {
            let repeat = scene.starts_at.plus_millis(delivery.repeat_interval_ms);
            repeat.max(scene.ended_at).plus_millis(delivery.group_interval_ms)
        });
        line.note = if again {
            "Resolved and fired again while muted. Alertmanager considers it already notified, so there \
                is no notification until the repeat interval elapses."
        } else {
            "Notified before the window; notified again when the repeat interval elapses."
        }
        .to_owned();
    }
    if again && !with_group { found.silent_again.push(line) } else { found.still_firing.push(line) }
}

/// An alert that does not fire at the end.
fn ended(scene: &Scene<'_>, alert: &Alert<'_>, told: Option<&Kept>, found: &mut Found) {
    let Some(last) = alert.episodes.last() else { return };
    let tells_ends = alert.deliveries.iter().filter(|delivery| delivery.notifies && delivery.sends_resolved);
    let interval = tells_ends.map(|delivery| delivery.group_interval_ms).max();
    match (told, interval) {
        (Some(_), Some(interval)) => {
            let mut line = line(scene, alert, last);
            let near = last.ended.is_some_and(|end| end.plus_millis(interval) > scene.ended_at);
            line.note = if near {
                "Resolved shortly before the window ended; a resolved notification may still be sent. \
                    Check the incident, and close it manually if it is open."
            } else {
                "Resolved while muted; no resolved notification was sent. Close the incident manually."
            }
            .to_owned();
            found.open_outside.push(line);
        }
        // Its receivers never tell an end.
        (Some(_), None) => {}
        (None, _) => found.unseen.push(line(scene, alert, last)),
    }
}

fn line(scene: &Scene<'_>, alert: &Alert<'_>, episode: &Kept) -> CloseOutAlert {
    let get = |name: &str| alert.labels.get(name).map(String::as_str);
    let tenant = get(scene.tenant_label).filter(|tenant| !tenant.is_empty());
    let usual = ["alertname", "severity", scene.tenant_label];
    CloseOutAlert {
        fingerprint: AlertFingerprint(alert.fingerprint.clone()),
        name: truncate(get("alertname").unwrap_or_default(), 256),
        severity: severity(get("severity").unwrap_or_default()),
        tenant: tenant.map(|tenant| truncate(tenant, 256)),
        vip: tenant.is_some_and(|tenant| scene.vips.iter().any(|vip| vip == tenant)),
        labels: alert
            .labels
            .iter()
            .filter(|(name, _)| !usual.contains(&name.as_str()))
            .take(MAX_LABELS)
            .map(|(name, value)| format!("{}={:?}", truncate(name, 80), truncate(value, 120)))
            .collect(),
        began: episode.began,
        ended: episode.ended.filter(|end| *end <= scene.ended_at),
        receivers: alert
            .deliveries
            .iter()
            .filter(|delivery| !delivery.receiver.is_empty())
            .map(|delivery| truncate(&delivery.receiver, 120))
            .collect(),
        pages_from: None,
        pages_by: None,
        note: String::new(),
    }
}

#[cfg(test)]
mod tests;
