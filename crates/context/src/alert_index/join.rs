//! Joins what Alertmanager's members list with what Prometheus evaluates into one list. Pure: no clock, no I/O.
//!
//! An alert that Alertmanager lists is one row, whoever else knows it. Prometheus adds the value, the pending ones, and
//! those that fire there but never reached an Alertmanager: notifications about these are not going out.

use aether_foundation::matching::{
    fingerprint::{LabelHash, fingerprint, label_hash},
    severity,
};
use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;

use aether_clients::alertmanager::{AmAlert, AmSilence};
use aether_clients::prometheus::{PromAlert, PromAlertState, Rule, RuleGroup};
use aether_contract::{AlertCounts, AlertFingerprint, AlertRow, AlertState, Severity, SilencedBy, Timestamp};

use aether_foundation::stack::Escalation;

use super::{
    links::links,
    muted::Mutings,
    order::{by_urgency, count, is_suppressed},
    rules::{RuleTimes, Times},
};
use aether_foundation::{
    matching::filter::Haystacks,
    text::{truncate, truncate_all},
};

/// An alert may be on its way to Alertmanager for this long before it counts as undelivered (or two evaluations of
/// its rule, if that is longer). Prometheus sends again after a minute what it could not send at first.
const GRACE_MS: i64 = 90_000;

/// What one Alertmanager member said.
#[derive(Debug, Clone, Default)]
pub struct MemberAlerts {
    /// Its alerts.
    pub alerts: Arc<Vec<AmAlert>>,
    /// Its silences.
    pub silences: Arc<Vec<AmSilence>>,
    /// What time intervals mute there.
    pub mutings: Arc<Mutings>,
    /// Whether this is its newest answer; else the last good one.
    pub fresh: bool,
    /// The time at that server now.
    pub now: Option<Timestamp>,
    /// Its address for people, for links.
    pub url: String,
}

/// What Prometheus said.
#[derive(Debug, Clone, Default)]
pub struct PromAlerts {
    /// Its alerts.
    pub alerts: Arc<Vec<PromAlert>>,
    /// Its rules, for `for` and the interval of evaluation.
    pub rules: Arc<Vec<RuleGroup>>,
    /// Whether this is its newest answer.
    pub fresh: bool,
    /// The time at that server now.
    pub now: Option<Timestamp>,
}

/// What of the profile the list needs.
#[derive(Debug, Clone, Default)]
pub struct Tenants {
    /// Label that names the tenant.
    pub label: String,
    /// VIP tenants.
    pub vips: HashSet<String>,
    /// Time that alerts may fire before escalation.
    pub escalation: Escalation,
    /// The alert that always fires, and calls nobody.
    pub heartbeat: Option<String>,
}

/// Alerts that a silence mutes now.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub struct MutedCount {
    /// Those that would notify if no silence muted them.
    pub alerts: u32,
    /// Those that another alert inhibits too, or a time interval mutes for every receiver: no silence keeps them quiet.
    pub quiet_anyway: u32,
}

impl MutedCount {
    /// Adds a silenced alert.
    pub fn add(&mut self, row: &AlertRow) {
        if is_quiet_without_silences(row) {
            self.quiet_anyway += 1;
        } else {
            self.alerts += 1;
        }
    }
}

/// Whether an alert notifies nobody even if no silence mutes it.
pub fn is_quiet_without_silences(row: &AlertRow) -> bool {
    let mutes = |receiver: &String| row.muted_receivers.iter().any(|one| one.receiver == *receiver);
    !row.inhibited_by.is_empty() || (!row.receivers.is_empty() && row.receivers.iter().all(mutes))
}

/// All alerts, the most urgent first.
#[derive(Debug, Default, PartialEq)]
pub struct AlertIndex {
    /// The rows.
    pub rows: Vec<AlertRow>,
    /// What a filter looks at, one a row.
    pub haystacks: Haystacks,
    /// Counts over all of them.
    pub counts: AlertCounts,
    /// Alerts that each silence mutes, by its id.
    pub muted_by: HashMap<String, MutedCount>,
}

impl AlertIndex {
    /// Orders and counts the rows.
    pub fn from_rows(mut rows: Vec<AlertRow>) -> Self {
        rows.sort_by(by_urgency);
        let haystacks = Haystacks::new(&rows);
        let mut counts = AlertCounts::default();
        let mut muted_by = HashMap::new();
        for row in &rows {
            count(&mut counts, row);
            for silence in &row.silenced_by {
                muted_by.entry(silence.id.clone()).or_insert_with(MutedCount::default).add(row);
            }
        }
        Self { rows, haystacks, counts, muted_by }
    }
}

/// One list from everything that is known. `now` is this machine's time, used where a server told none.
pub fn join(
    prometheus: &PromAlerts,
    members: &[MemberAlerts],
    tenants: &Tenants,
    now: Timestamp,
) -> AlertIndex {
    let answered = u32::try_from(members.iter().filter(|member| member.fresh).count()).unwrap_or(u32::MAX);
    let mut rows: HashMap<String, AlertRow> = HashMap::new();
    for member in members {
        let silences: HashMap<&str, &AmSilence> =
            member.silences.iter().map(|silence| (silence.id.as_str(), silence)).collect();
        let server_now = member.now.unwrap_or(now);
        for alert in member.alerts.iter() {
            // Another member answers: an old answer counts only for as long as its alert said it would last.
            if !member.fresh && answered > 0 && alert.ends_at <= server_now {
                continue;
            }
            let row = from_alertmanager(alert, &silences, member, server_now, tenants, answered);
            match rows.entry(row.fingerprint.0.clone()) {
                std::collections::hash_map::Entry::Occupied(mut entry) => merge(entry.get_mut(), row),
                std::collections::hash_map::Entry::Vacant(entry) => {
                    entry.insert(row);
                }
            }
        }
    }
    let listed = add_prometheus(&mut rows, prometheus, members, tenants, answered, now);
    let ruled = ruled(prometheus);
    for row in rows.values_mut() {
        // No Alertmanager answers, and Prometheus, which has its rule, does not list it any more.
        let gone =
            row.members == 0 && ruled.contains(row.name.as_str()) && !listed.contains(&row.fingerprint.0);
        row.escalates_at = escalates_at(row, tenants).filter(|_| !gone);
    }
    AlertIndex::from_rows(rows.into_values().collect())
}

fn from_alertmanager(
    alert: &AmAlert,
    silences: &HashMap<&str, &AmSilence>,
    member: &MemberAlerts,
    now: Timestamp,
    tenants: &Tenants,
    answered: u32,
) -> AlertRow {
    let print = if alert.fingerprint.is_empty() {
        fingerprint(&alert.labels)
    } else {
        AlertFingerprint(truncate(&alert.fingerprint, 64))
    };
    let muting = member.mutings.get(&alert.fingerprint);
    let mut row =
        base_row(print, &alert.labels, &alert.annotations, &alert.generator_url, Some(&member.url), tenants);
    row.state = if alert.ends_at.0 > 0 && alert.ends_at < now && member.fresh {
        AlertState::Resolved
    } else if !alert.status.silenced_by.is_empty() {
        AlertState::Silenced
    } else if !alert.status.inhibited_by.is_empty() {
        AlertState::Inhibited
    } else if !alert.status.muted_by.is_empty() || muting.is_some_and(|muting| muting.entirely) {
        AlertState::Muted
    } else {
        AlertState::Firing
    };
    row.since = alert.starts_at;
    row.receivers = alert.receivers.iter().map(|name| truncate(name, 256)).collect();
    row.silenced_by = alert
        .status
        .silenced_by
        .iter()
        .map(|id| match silences.get(id.as_str()) {
            Some(silence) => SilencedBy {
                id: id.clone(),
                by: truncate(&silence.created_by, 256),
                comment: truncate(crate::window_tag::read_comment(&silence.comment).1, 1024),
                until: Some(silence.ends_at),
            },
            None => SilencedBy { id: id.clone(), by: String::new(), comment: String::new(), until: None },
        })
        .collect();
    row.inhibited_by =
        alert.status.inhibited_by.iter().map(|id| AlertFingerprint(truncate(id, 64))).collect();
    row.muted_receivers = muting.map(|muting| muting.receivers.clone()).unwrap_or_default();
    row.members = u32::from(member.fresh);
    row.members_of = answered;
    row
}

/// When an alert has to be handed on: only one of some weight. Muting it does not stop the clock, because the condition
/// goes on.
fn escalates_at(row: &AlertRow, tenants: &Tenants) -> Option<Timestamp> {
    let fires = row.state == AlertState::Firing || is_suppressed(row.state);
    let weighs = matches!(row.severity, Severity::Critical | Severity::Warning);
    if !fires || !weighs || tenants.heartbeat.as_ref() == Some(&row.name) {
        return None;
    }
    let minutes = if row.vip { tenants.escalation.vip_minutes } else { tenants.escalation.general_minutes };
    Some(row.since.plus_millis(i64::from(minutes) * 60_000))
}

/// Names of the alerts that Prometheus has rules for; none where it does not answer.
fn ruled(prometheus: &PromAlerts) -> HashSet<&str> {
    let rules = prometheus.rules.iter().filter(|_| prometheus.fresh).flat_map(|group| &group.rules);
    rules
        .filter_map(|rule| match rule {
            Rule::Alerting(rule) => Some(rule.name.as_str()),
            _ => None,
        })
        .collect()
}

/// A row with what labels and annotations alone tell.
fn base_row(
    fingerprint: AlertFingerprint,
    labels: &BTreeMap<String, String>,
    annotations: &BTreeMap<String, String>,
    generator: &str,
    alertmanager: Option<&str>,
    tenants: &Tenants,
) -> AlertRow {
    let tenant = labels.get(&tenants.label).filter(|tenant| !tenant.is_empty());
    AlertRow {
        fingerprint,
        name: labels.get("alertname").map(|name| truncate(name, 256)).unwrap_or_default(),
        severity: severity(labels.get("severity").map_or("", String::as_str)),
        state: AlertState::Firing,
        tenant: tenant.map(|tenant| truncate(tenant, 256)),
        vip: tenant.is_some_and(|tenant| tenants.vips.contains(tenant)),
        labels: truncate_all(labels),
        annotations: truncate_all(annotations),
        since: Timestamp(0),
        fires_at: None,
        value: None,
        value_text: String::new(),
        receivers: Vec::new(),
        silenced_by: Vec::new(),
        inhibited_by: Vec::new(),
        muted_receivers: Vec::new(),
        links: links(generator, labels, annotations, alertmanager),
        delivered: true,
        members: 0,
        members_of: 0,
        escalates_at: None,
        ack: None,
        escalated: None,
        left_out: 0,
    }
}

/// The same alert from another member. The members that see less muting win: somebody may be paged.
fn merge(row: &mut AlertRow, other: AlertRow) {
    row.members += other.members;
    row.since = row.since.min(other.since);
    for receiver in other.receivers {
        if !row.receivers.contains(&receiver) {
            row.receivers.push(receiver);
        }
    }
    if audible(other.state) < audible(row.state) {
        row.state = other.state;
        row.silenced_by = other.silenced_by;
        row.inhibited_by = other.inhibited_by;
        row.muted_receivers = other.muted_receivers;
    } else if other.state == row.state {
        // What one member does not mute is notified.
        row.muted_receivers
            .retain(|muted| other.muted_receivers.iter().any(|one| one.receiver == muted.receiver));
        for silence in other.silenced_by {
            if !row.silenced_by.iter().any(|known| known.id == silence.id) {
                row.silenced_by.push(silence);
            }
        }
    }
}

fn audible(state: AlertState) -> u8 {
    match state {
        AlertState::Firing => 0,
        AlertState::Pending => 1,
        AlertState::Silenced | AlertState::Inhibited | AlertState::Muted => 2,
        AlertState::Resolved => 3,
    }
}

/// Adds what only Prometheus knows, and the values. Returns the fingerprints of what it lists as firing.
fn add_prometheus(
    rows: &mut HashMap<String, AlertRow>,
    prometheus: &PromAlerts,
    members: &[MemberAlerts],
    tenants: &Tenants,
    answered: u32,
    now: Timestamp,
) -> HashSet<String> {
    let mut firing = HashSet::new();
    let times = RuleTimes::new(&prometheus.rules);
    let server_now = prometheus.now.unwrap_or(now);
    let alertmanager = members.first().map(|member| member.url.as_str());
    let mut known = Known::new(members);
    for alert in prometheus.alerts.iter() {
        let prints = known.same(&alert.labels);
        let listed: Vec<&String> = prints.iter().filter(|print| rows.contains_key(*print)).collect();
        if !listed.is_empty() {
            for print in listed {
                if alert.state == PromAlertState::Firing {
                    firing.insert(print.clone());
                }
                if let Some(row) = rows.get_mut(print) {
                    set_value(row, &alert.value);
                }
            }
            continue;
        }
        let times: Times = times.of(alert);
        let print = fingerprint(&alert.labels);
        let mut row = base_row(print.clone(), &alert.labels, &alert.annotations, "", alertmanager, tenants);
        set_value(&mut row, &alert.value);
        row.members_of = answered;
        let active_at = alert.active_at.unwrap_or(server_now);
        match alert.state {
            PromAlertState::Pending => {
                row.state = AlertState::Pending;
                row.since = active_at;
                row.fires_at = times.hold_ms.map(|hold| active_at.plus_millis(hold));
            }
            PromAlertState::Firing => {
                firing.insert(print.0.clone());
                row.state = AlertState::Firing;
                row.since = active_at.plus_millis(times.hold_ms.unwrap_or(0));
                let grace = GRACE_MS.max(times.interval_ms.saturating_mul(2));
                let firing_for = server_now.millis_since(row.since);
                row.delivered = !(prometheus.fresh && answered > 0 && firing_for > grace);
            }
            PromAlertState::Inactive => continue,
        }
        // Two rules can give the same labels; the one that fires is the one to show.
        match rows.get(&print.0) {
            Some(known) if audible(known.state) <= audible(row.state) => {}
            _ => {
                rows.insert(print.0, row);
            }
        }
    }
    firing
}

fn set_value(row: &mut AlertRow, text: &str) {
    row.value = text.trim().parse::<f64>().ok().filter(|value| value.is_finite());
    row.value_text = truncate(text, 64);
}

/// Alertmanager's alerts, to be found by Prometheus' labels. External labels are added on the way, so
/// Prometheus' labels are a subset of Alertmanager's. Looked up by hash of the labels that both have: the cost
/// stays linear with 100,000 alerts of one name.
struct Known<'a> {
    by_name: HashMap<&'a str, Vec<&'a AmAlert>>,
    exact: HashMap<u64, String>,
    projected: HashMap<(String, Vec<String>), HashMap<u64, Vec<String>>>,
}

impl<'a> Known<'a> {
    fn new(members: &'a [MemberAlerts]) -> Self {
        let mut by_name: HashMap<&str, Vec<&AmAlert>> = HashMap::new();
        let mut exact = HashMap::new();
        for alert in members.iter().flat_map(|member| member.alerts.iter()) {
            let name = alert.labels.get("alertname").map_or("", String::as_str);
            by_name.entry(name).or_default().push(alert);
            exact.insert(label_hash(&alert.labels), print_of(alert));
        }
        Self { by_name, exact, projected: HashMap::new() }
    }

    /// Fingerprints of the alerts that carry all these labels.
    fn same(&mut self, labels: &BTreeMap<String, String>) -> Vec<String> {
        let wanted = label_hash(labels);
        if let Some(print) = self.exact.get(&wanted) {
            return vec![print.clone()];
        }
        let name = labels.get("alertname").map_or("", String::as_str);
        let Some(candidates) = self.by_name.get(name) else { return Vec::new() };
        let names: Vec<String> =
            labels.iter().filter(|(_, value)| !value.is_empty()).map(|(name, _)| name.clone()).collect();
        let projected = self.projected.entry((name.to_owned(), names)).or_insert_with_key(|(_, names)| {
            let mut found: HashMap<u64, Vec<String>> = HashMap::new();
            for alert in candidates {
                let mut hash = LabelHash::new();
                for name in names {
                    hash.pair(name, alert.labels.get(name).map_or("", String::as_str));
                }
                let prints = found.entry(hash.finish()).or_default();
                let print = print_of(alert);
                if !prints.contains(&print) {
                    prints.push(print);
                }
            }
            found
        });
        projected.get(&wanted).cloned().unwrap_or_default()
    }
}

fn print_of(alert: &AmAlert) -> String {
    if alert.fingerprint.is_empty() { fingerprint(&alert.labels).0 } else { truncate(&alert.fingerprint, 64) }
}
