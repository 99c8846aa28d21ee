//! Alerts as the panel lists them: Alertmanager's joined with Prometheus' pending ones.

use std::collections::BTreeMap;

use crate::{EscalationCall, Freshness, NamedCount, Timestamp, wire};

wire! {
    /// Alertmanager's fingerprint of a label set: 16 hexadecimal digits.
    #[derive(Eq, Hash, PartialOrd, Ord)]
    pub struct AlertFingerprint(pub String);
}

wire! {
    /// Severity, read from the label `severity`; other words are `other`.
    #[derive(Copy, Eq, Hash, PartialOrd, Ord)]
    pub enum Severity {
        /// `critical`, `page`, `error`.
        Critical,
        /// `warning`, `warn`, and the pack's `general`.
        Warning,
        /// `info`, `notice`, `none`.
        Info,
        /// Any other value, or no such label.
        Other,
    }
}

wire! {
    /// What is happening to an alert now.
    #[derive(Copy, Eq, Hash, PartialOrd, Ord)]
    pub enum AlertState {
        /// Condition true, `for` not yet over (from Prometheus).
        Pending,
        /// Firing and not suppressed.
        Firing,
        /// Firing, muted by one or more silences.
        Silenced,
        /// Firing, inhibited by another alert.
        Inhibited,
        /// Firing, muted by a time interval (Alertmanager 0.28 and later say so).
        Muted,
        /// Alertmanager still lists it, but it has ended.
        Resolved,
    }
}

impl Severity {
    /// All, the worst first.
    pub const ALL: [Self; 4] = [Self::Critical, Self::Warning, Self::Info, Self::Other];

    /// The word on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Critical => "critical",
            Self::Warning => "warning",
            Self::Info => "info",
            Self::Other => "other",
        }
    }
}

impl AlertState {
    /// All.
    pub const ALL: [Self; 6] =
        [Self::Pending, Self::Firing, Self::Silenced, Self::Inhibited, Self::Muted, Self::Resolved];

    /// The word on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Firing => "firing",
            Self::Silenced => "silenced",
            Self::Inhibited => "inhibited",
            Self::Muted => "muted",
            Self::Resolved => "resolved",
        }
    }
}

wire! {
    /// A link of an alert that may be opened: http or https only.
    pub struct AlertLink {
        /// What it leads to: `source`, `runbook`, `dashboard`, `alertmanager`, `grafana`, or the annotation's name.
        pub kind: String,
        /// The address.
        pub url: String,
    }
}

wire! {
    /// A silence that mutes an alert.
    pub struct SilencedBy {
        /// Silence id.
        pub id: String,
        /// Who, as Alertmanager was told.
        pub by: String,
        /// Why.
        pub comment: String,
        /// Until when.
        pub until: Option<Timestamp>,
    }
}

wire! {
    /// A receiver that is not notified of an alert now: a time interval mutes every route from the alert to it.
    #[derive(Eq)]
    pub struct MutedReceiver {
        /// Name of the receiver.
        pub receiver: String,
        /// Names of the intervals.
        pub intervals: Vec<String>,
    }
}

wire! {
    /// Somebody is on it.
    pub struct AlertAck {
        /// Who.
        pub by: String,
        /// What is being done.
        pub note: String,
        /// When.
        pub at: Timestamp,
    }
}

wire! {
    /// One alert.
    pub struct AlertRow {
        /// Identity.
        pub fingerprint: AlertFingerprint,
        /// Label `alertname`; empty when it lacks one.
        pub name: String,
        /// From the label `severity`.
        pub severity: Severity,
        /// What is happening to it.
        pub state: AlertState,
        /// The profile's tenant label, if the alert has it.
        pub tenant: Option<String>,
        /// Whether that tenant is a VIP of the profile.
        pub vip: bool,
        /// Its labels. Values longer than 4 KiB are cut and end in "…". A page carries at most 200 of them and
        /// cuts further where an alert would be larger than some 16 KiB.
        pub labels: BTreeMap<String, String>,
        /// Its annotations, cut likewise; a page carries at most 50.
        pub annotations: BTreeMap<String, String>,
        /// Labels, annotations, receivers, silences and inhibiting alerts that the page does not carry.
        #[serde(default)]
        pub left_out: u32,
        /// Since when it has been active.
        pub since: Timestamp,
        /// Pending only: when it fires if the condition stays true.
        pub fires_at: Option<Timestamp>,
        /// The value of its expression, when Prometheus told one and it is finite.
        pub value: Option<f64>,
        /// That value as the server wrote it (may be "NaN" or "+Inf").
        pub value_text: String,
        /// Receivers that Alertmanager routes it to.
        pub receivers: Vec<String>,
        /// Silences that mute it.
        pub silenced_by: Vec<SilencedBy>,
        /// Fingerprints of the alerts that inhibit it.
        pub inhibited_by: Vec<AlertFingerprint>,
        /// Receivers that a time interval mutes. The alert is `muted` when there is no other; while it is `firing`,
        /// the rest of its receivers is notified.
        #[serde(default)]
        pub muted_receivers: Vec<MutedReceiver>,
        /// Where one can go from here.
        pub links: Vec<AlertLink>,
        /// False: Prometheus says firing, but no Alertmanager knows it. Notifications are not going out.
        pub delivered: bool,
        /// Alertmanager members that know it, of `members_of`.
        pub members: u32,
        /// Alertmanager members that answered.
        pub members_of: u32,
        /// Firing and loud only: when somebody else has to be called, by the profile's `[escalation]`.
        pub escalates_at: Option<Timestamp>,
        /// Who is on it; it silences nothing.
        pub ack: Option<AlertAck>,
        /// Who has called the next contact about it: its clock has stopped.
        #[serde(default)]
        pub escalated: Option<EscalationCall>,
    }
}

wire! {
    /// Says that somebody is on an alert, or takes that back.
    pub struct AlertAckRequest {
        /// Which.
        pub fingerprint: AlertFingerprint,
        /// What is being done; at most 500 characters. Without one the acknowledgement is taken back.
        pub note: Option<String>,
        /// Who; empty for the OS user.
        pub by: String,
    }
}

wire! {
    /// Column that a list is ordered by.
    #[derive(Copy, Eq, Default)]
    pub enum AlertSort {
        /// State and severity, most urgent first; VIPs before others; then the oldest.
        #[default]
        Urgency,
        /// Alert name.
        Name,
        /// Tenant.
        Tenant,
        /// Start time.
        Since,
        /// Severity.
        Severity,
        /// State.
        State,
        /// Value.
        Value,
    }
}

wire! {
    /// Asks for a page of alerts.
    #[derive(Default)]
    #[serde(default)]
    pub struct AlertsRequest {
        /// Words that must all occur in name, labels or annotations (case-insensitive), or Alertmanager
        /// matchers (`severity="critical"`), separated by blanks or commas. Empty: all.
        pub filter: String,
        /// Only these states. Empty: all but resolved.
        pub states: Vec<AlertState>,
        /// Only these severities. Empty: all.
        pub severities: Vec<Severity>,
        /// Only alerts that are routed to one of these receivers. Empty: all.
        pub receivers: Vec<String>,
        /// Labels to group by, the outermost first; at most 4. Empty: no groups.
        pub group_by: Vec<String>,
        /// Labels whose values are to be counted, at most 16. [`RECEIVER_FACET`] counts receivers.
        pub facets: Vec<String>,
        /// Whether to count the label names in use.
        pub label_names: bool,
        /// Order.
        pub sort: AlertSort,
        /// Reversed order.
        pub descending: bool,
        /// Rows to skip.
        pub offset: u32,
        /// Rows to return; at most 500. 0 asks for the counts only.
        pub limit: u32,
    }
}

wire! {
    /// Counts by state and, for those that fire unsuppressed, by severity.
    #[derive(Default, Copy, Eq)]
    pub struct AlertCounts {
        /// Pending.
        pub pending: u32,
        /// Firing and not suppressed.
        pub firing: u32,
        /// Silenced.
        pub silenced: u32,
        /// Inhibited.
        pub inhibited: u32,
        /// Muted by a time interval.
        pub muted: u32,
        /// Of the silenced, inhibited and muted ones: critical.
        pub suppressed_critical: u32,
        /// Of the silenced, inhibited and muted ones: warning.
        pub suppressed_warning: u32,
        /// Ended, still listed.
        pub resolved: u32,
        /// Of `firing`: critical.
        pub critical: u32,
        /// Of `firing`: warning.
        pub warning: u32,
        /// Of `firing`: info and other.
        pub other: u32,
        /// Of `firing`: about a VIP tenant.
        pub vip: u32,
        /// Firing in Prometheus, unknown to every Alertmanager.
        pub undelivered: u32,
    }
}

impl AlertCounts {
    /// Alerts that fire and notify nobody.
    pub fn suppressed(&self) -> u32 {
        self.silenced.saturating_add(self.inhibited).saturating_add(self.muted)
    }
}

/// Stands for receivers in [`AlertsRequest::facets`]; no label can have this name.
pub const RECEIVER_FACET: &str = "@receiver";

wire! {
    /// Alerts that have the same values of the labels that were grouped by. A group stands before those inside it.
    pub struct AlertGroup {
        /// The label of this level.
        pub label: String,
        /// Its value; empty when the alerts lack the label.
        pub value: String,
        /// Level: 0 for the outermost.
        pub depth: u32,
        /// The matchers that lead to these alerts, to be added to the filter.
        pub filter: String,
        /// Alerts in it.
        pub total: u32,
        /// Of them by state.
        pub counts: AlertCounts,
        /// The worst severity among those that fire or are pending; `other` when there is none.
        pub worst: Severity,
    }
}

wire! {
    /// The values of a label among the alerts that match.
    pub struct AlertFacet {
        /// The label, or [`RECEIVER_FACET`].
        pub label: String,
        /// Its most frequent values, at most 50.
        pub values: Vec<NamedCount>,
        /// How many different values there are.
        pub distinct: u32,
    }
}

wire! {
    /// A page of alerts.
    pub struct AlertsPage {
        /// The rows.
        pub rows: Vec<AlertRow>,
        /// Rows that match in all.
        pub total: u32,
        /// Counts over all alerts that match `filter` and `severities`, whatever their state.
        pub counts: AlertCounts,
        /// The groups that were asked for, the most urgent first, at most 1,000.
        pub groups: Vec<AlertGroup>,
        /// How many groups there are in all.
        pub groups_total: u32,
        /// The facets that were asked for.
        pub facets: Vec<AlertFacet>,
        /// Label names in use, the most frequent first, at most 200.
        pub label_names: Vec<NamedCount>,
        /// How far the list can be trusted (Alertmanager's part).
        pub freshness: Freshness,
        /// How far the pending ones can be trusted (Prometheus' part).
        pub pending_freshness: Freshness,
    }
}

wire! {
    /// The alerts' part of the snapshot.
    pub struct AlertsSummary {
        /// Alertmanager's part.
        pub freshness: Freshness,
        /// Prometheus' part (pending alerts and values).
        pub pending_freshness: Freshness,
        /// Counts over all alerts.
        pub counts: AlertCounts,
        /// The most urgent ones, at most eight.
        pub top: Vec<AlertRow>,
        /// Goes up whenever any alert changed: a list on screen asks for its page again.
        pub revision: u32,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_read_the_same_on_the_wire_and_in_as_str() {
        for state in AlertState::ALL {
            assert_eq!(serde_json::to_value(state).unwrap(), serde_json::json!(state.as_str()));
        }
        for severity in Severity::ALL {
            assert_eq!(serde_json::to_value(severity).unwrap(), serde_json::json!(severity.as_str()));
        }
    }
}
