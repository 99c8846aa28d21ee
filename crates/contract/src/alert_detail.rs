//! One alert in full, and alerts written to a file.

use crate::{
    AlertCounts, AlertFingerprint, AlertLink, AlertsRequest, FigureStyle, GaugeFigure, GaugeSpec, Silence,
    TenantValue, wire,
};

wire! {
    /// Asks for one alert in full.
    pub struct AlertDetailRequest {
        /// Which.
        pub fingerprint: AlertFingerprint,
        /// Hours of its value's history: more than 0, at most 168.
        pub hours: f64,
        /// How to draw it.
        pub style: FigureStyle,
        /// Whether this alert is open already: its figures are drawn again, and nobody opened it.
        #[serde(default)]
        pub refresh: bool,
    }
}

wire! {
    /// The rule behind an alert.
    pub struct AlertRule {
        /// Its group.
        pub group: String,
        /// Its file on the server.
        pub file: String,
        /// Its expression.
        pub expression: String,
        /// Its `for`, in seconds.
        pub for_s: u32,
        /// Seconds between evaluations.
        pub interval_s: u32,
        /// `ok`, `err` or `unknown`.
        pub health: String,
        /// The last evaluation's error; empty when there was none.
        pub last_error: String,
        /// The value that the expression holds against a number, when it does.
        pub value_expression: Option<String>,
        /// How it is compared (`<`, `>=` …): it fires when the value is so to the threshold. Empty without one.
        pub comparison: String,
        /// The number.
        pub threshold: Option<f64>,
    }
}

wire! {
    /// One alert in full, beside its row.
    pub struct AlertDetail {
        /// Its rule, if Prometheus lists it.
        pub rule: Option<AlertRule>,
        /// Its value over time with the threshold.
        pub figure: Option<GaugeFigure>,
        /// Why there is no figure; empty when there is one.
        pub figure_note: String,
        /// Past silences that matched it, the newest first, at most 10.
        pub silenced_before: Vec<Silence>,
        /// How the tenant that it is about is doing otherwise; none for an alert without a tenant.
        pub tenant: Option<TenantContext>,
        /// Pages beside those of the row: `prometheus` (the expression), `grafana` (the dashboard at that time).
        pub links: Vec<AlertLink>,
    }
}

wire! {
    /// How a tenant is doing: its values of the gauges that are split by tenant, and its alerts.
    pub struct TenantContext {
        /// The label that names it.
        pub label: String,
        /// Tenant.
        pub tenant: String,
        /// Whether it is a VIP of the profile.
        pub vip: bool,
        /// Its values, in the gauges' order. A gauge that knows nothing of it is left out.
        pub gauges: Vec<TenantGauge>,
        /// All its alerts, this one among them.
        pub alerts: AlertCounts,
    }
}

wire! {
    /// A tenant's value of a gauge.
    pub struct TenantGauge {
        /// Gauge.
        pub spec: GaugeSpec,
        /// The value, judged.
        pub value: TenantValue,
    }
}

wire! {
    /// How an export is written.
    #[derive(Copy, Eq)]
    pub enum ExportFormat {
        /// Comma-separated values (RFC 4180) with a heading line. A text that a spreadsheet would run as a
        /// formula gets an apostrophe in front.
        Csv,
        /// An array of [`AlertRow`].
        Json,
    }
}

impl ExportFormat {
    /// How the file's name ends.
    pub fn ending(self) -> &'static str {
        match self {
            Self::Csv => "csv",
            Self::Json => "json",
        }
    }
}

wire! {
    /// Writes all alerts that match into a file of the download folder. `offset`, `limit`, groups and facets
    /// are left aside.
    pub struct AlertsExportRequest {
        /// Which alerts, in which order.
        pub list: AlertsRequest,
        /// How to write them.
        pub format: ExportFormat,
    }
}

wire! {
    /// A file that was written.
    pub struct Exported {
        /// Where it is.
        pub path: String,
        /// Alerts or windows in it.
        pub rows: u32,
    }
}
