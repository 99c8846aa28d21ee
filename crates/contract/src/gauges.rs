//! Gauges: one number each, with thresholds, a target and a per-tenant split.

use crate::{Figure, FigureStyle, Freshness, Timestamp, wire};

wire! {
    /// Where a value stands against its thresholds.
    #[derive(Copy, Eq)]
    pub enum Level {
        /// Within target.
        Ok,
        /// Past the first threshold.
        Warn,
        /// Past the second threshold.
        Critical,
        /// No value to judge.
        None,
    }
}

wire! {
    /// What the newest evaluation of a gauge's query gave.
    #[derive(Copy, Eq)]
    pub enum ReadingState {
        /// A finite number.
        Value,
        /// The query gave NaN or nothing: no recent traffic. Neither zero nor an error.
        NoTraffic,
        /// Positive or negative infinity.
        Infinite,
        /// Nothing has been read yet.
        Unknown,
    }
}

wire! {
    /// What a gauge is: everything that does not change from poll to poll.
    pub struct GaugeSpec {
        /// Stable id from the profile, e.g. `cache-hit-ratio`.
        pub id: String,
        /// Title for people.
        pub title: String,
        /// Unit: `percent` (0..100), `usd`, `score` (0..100), or any text to be printed behind the number.
        pub unit: String,
        /// The window that the value covers, for people ("5 min", "30 d"). May be empty.
        pub window: String,
        /// Lower end of the scale.
        pub min: f64,
        /// Upper end of the scale. A value past it pins the needle, the number stays true.
        pub max: f64,
        /// First threshold (yellow); also the target.
        pub warn: f64,
        /// Second threshold (red).
        pub critical: f64,
        /// Whether larger values are better.
        pub higher_is_better: bool,
        /// The PromQL expression asked.
        pub query: String,
        /// The PromQL expression of the per-tenant split, if the profile has one.
        pub per_tenant_query: Option<String>,
    }
}

wire! {
    /// One tenant's share of a gauge.
    pub struct TenantValue {
        /// The tenant label's value.
        pub tenant: String,
        /// Whether the profile lists it as VIP.
        pub vip: bool,
        /// What was read.
        pub state: ReadingState,
        /// The number, when `state` is `value`.
        pub value: Option<f64>,
        /// Judged by the gauge's thresholds.
        pub level: Level,
    }
}

wire! {
    /// A gauge with its newest reading.
    pub struct Gauge {
        /// What it is.
        pub spec: GaugeSpec,
        /// How far the reading can be trusted.
        pub freshness: Freshness,
        /// What was read.
        pub state: ReadingState,
        /// The number, when `state` is `value`.
        pub value: Option<f64>,
        /// When the server evaluated it.
        pub at: Option<Timestamp>,
        /// Judged by the thresholds.
        pub level: Level,
        /// A qualification shown beside the value, e.g. "12 d of 30 d covered". May be empty.
        pub note: String,
        /// VIP tenants first, then the worst; at most eight. All of them: `gauge_tenants`.
        pub tenants: Vec<TenantValue>,
        /// Number of tenants in the split.
        pub tenant_count: u32,
        /// Coarse trend of the last hours for a sparkline: the mean of each of evenly spaced steps, `null` where there
        /// was no value.
        pub spark: Vec<Option<f64>>,
        /// The lowest value of each step of `spark`.
        pub spark_low: Vec<Option<f64>>,
        /// The highest value of each step of `spark`.
        pub spark_high: Vec<Option<f64>>,
        /// Hours that `spark` spans.
        pub spark_hours: f64,
    }
}

wire! {
    /// Asks for a gauge's whole per-tenant split, a page at a time.
    pub struct GaugeTenantsRequest {
        /// Gauge id.
        pub id: String,
        /// Only tenants whose name contains this (case-insensitive). Empty: all.
        #[serde(default)]
        pub search: String,
        /// Rows to skip.
        #[serde(default)]
        pub offset: u32,
        /// Rows to return; at most 500.
        pub limit: u32,
    }
}

wire! {
    /// A page of the split: VIPs first, then the worst.
    pub struct GaugeTenantsPage {
        /// The rows.
        pub rows: Vec<TenantValue>,
        /// Rows that match in all.
        pub total: u32,
    }
}

wire! {
    /// Asks for a gauge's history as a figure with axes and threshold lines.
    pub struct GaugeFigureRequest {
        /// Gauge id.
        pub id: String,
        /// One tenant's history instead of the whole.
        #[serde(default)]
        pub tenant: Option<String>,
        /// How far back, in hours (0.25 to 720).
        pub hours: f64,
        /// Whether the median and the exact times of the extremes are wanted, which cost three more queries.
        #[serde(default)]
        pub details: bool,
        /// Size and colours.
        pub style: FigureStyle,
    }
}

wire! {
    /// The lowest or the highest value of a range.
    #[derive(Copy)]
    pub struct Extreme {
        /// The value.
        pub value: f64,
        /// When it was reached first.
        pub at: Timestamp,
        /// Milliseconds before `at` within which that was; 0 when `at` is exact.
        pub step_ms: u32,
    }
}

wire! {
    /// The figure and what it says in numbers.
    pub struct GaugeFigure {
        /// The drawing.
        pub figure: Figure,
        /// Lowest value in the whole range, however short.
        pub lowest: Option<Extreme>,
        /// Median over the range.
        pub median: Option<f64>,
        /// Highest value in the whole range, however short.
        pub highest: Option<Extreme>,
        /// The value now: a gauge's reading, else the last value in the range.
        pub last: Option<f64>,
        /// What has to be known about it, e.g. that short changes may be missing. May be empty.
        pub note: String,
    }
}
