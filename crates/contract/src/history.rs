//! What has fired: episodes of alerts, kept across restarts.

use std::collections::BTreeMap;

use crate::{AlertFingerprint, Severity, Timestamp, wire};

wire! {
    /// One time that an alert fired, from beginning to end.
    pub struct Episode {
        /// Which alert.
        pub fingerprint: AlertFingerprint,
        /// Its label `alertname`.
        pub name: String,
        /// From the label `severity`.
        pub severity: Severity,
        /// The profile's tenant label, if the alert has it.
        pub tenant: Option<String>,
        /// Whether that tenant is a VIP of the profile.
        pub vip: bool,
        /// All labels.
        pub labels: BTreeMap<String, String>,
        /// When it began to fire.
        pub began: Timestamp,
        /// When it ended; none while it fires.
        pub ended: Option<Timestamp>,
        /// Lowest value seen; none when no value was.
        pub lowest: Option<f64>,
        /// Highest value seen.
        pub highest: Option<f64>,
        /// Seconds of it in which it was silenced, inhibited or muted, as far as the panel was open to see it.
        pub muted_s: u32,
        /// Read afterwards from Prometheus' series `ALERTS`: the panel was closed. Begin and end are exact to `step_s`.
        pub backfilled: bool,
        /// Precision of begin and end, in seconds.
        pub step_s: u32,
    }
}

wire! {
    /// Asks for what has fired lately.
    #[derive(Default)]
    #[serde(default)]
    pub struct AlertHistoryRequest {
        /// How far back, in hours: more than 0, at most 2160 (90 days).
        pub hours: f64,
        /// As in the list of alerts; matches labels.
        pub filter: String,
        /// Only this alert. Empty: all.
        pub fingerprint: String,
        /// Episodes to skip.
        pub offset: u32,
        /// Episodes to return, the newest first; at most 500.
        pub limit: u32,
    }
}

wire! {
    /// A stretch of a timeline.
    #[derive(Copy)]
    pub struct HistorySpan {
        /// Begin, not before the range asked for.
        pub began: Timestamp,
        /// End; the end of the range while it fires.
        pub ended: Timestamp,
        /// Whether it still fires.
        pub open: bool,
    }
}

wire! {
    /// All episodes of the alerts of one name, in numbers.
    pub struct HistoryAlert {
        /// Label `alertname`, or the labels of an alert that has none.
        pub name: String,
        /// The filter that finds these alerts.
        pub filter: String,
        /// The worst severity among them.
        pub severity: Severity,
        /// Episodes.
        pub episodes: u32,
        /// Different alerts (label sets) of this name.
        pub alerts: u32,
        /// Seconds in which at least one of them fired, within the range.
        pub total_s: u32,
        /// Seconds of the longest episode.
        pub longest_s: u32,
        /// One of them began at least four times within an hour.
        pub flapping: bool,
        /// When at least one of them fired, in order; at most 400 stretches, the newest are kept.
        pub spans: Vec<HistorySpan>,
    }
}

wire! {
    /// What has fired.
    pub struct AlertHistoryPage {
        /// Begin of the range.
        pub from: Timestamp,
        /// End of the range.
        pub to: Timestamp,
        /// Episodes that touch the range, the newest first.
        pub episodes: Vec<Episode>,
        /// How many there are in all.
        pub total: u32,
        /// By name, the most frequent first, at most 40.
        pub alerts: Vec<HistoryAlert>,
        /// How many names there are in all.
        pub names: u32,
        /// The profile's label that names the tenant, to filter by.
        pub tenant_label: String,
        /// Since when there is a record, gaps filled from Prometheus included; none when there is none.
        pub known_since: Option<Timestamp>,
        /// What could not be filled in, in words; empty when nothing is missing.
        pub note: String,
    }
}
