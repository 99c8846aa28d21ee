//! Service levels: each gauge's target against now, and how much of the time it was kept.

use crate::{FigureStyle, Freshness, GaugeFigure, GaugeSpec, Level, ReadingState, Timestamp, wire};

wire! {
    /// Asks for the status.
    #[derive(Default)]
    pub struct SloRequest {
        /// Draws the last 30 days of each gauge in this size and these colours; none: no figures.
        #[serde(default)]
        pub style: Option<FigureStyle>,
    }
}

wire! {
    /// How much of a time a target was kept.
    pub struct SloWindow {
        /// Length, in hours.
        pub hours: f64,
        /// Share of the guarded time within the target, in percent; none when there was none.
        pub compliance: Option<f64>,
        /// Time with a value: there was traffic, and it was recorded; in seconds.
        pub guarded_s: f64,
        /// Of it, within the target; in seconds.
        pub within_s: f64,
        /// Seconds from the first value of the time until now: less than `hours` on a young server, or one
        /// that keeps less.
        pub reaches_s: f64,
        /// Why there is nothing; empty when there is.
        pub problem: String,
    }
}

wire! {
    /// One gauge's service level.
    pub struct SloStatus {
        /// The gauge; its first threshold is the target.
        pub spec: GaugeSpec,
        /// What was read now.
        pub state: ReadingState,
        /// The number, when `state` is `value`.
        pub value: Option<f64>,
        /// Judged by the thresholds.
        pub level: Level,
        /// How far the reading can be trusted.
        pub freshness: Freshness,
        /// 24 hours, 7 days, 30 days.
        pub windows: Vec<SloWindow>,
        /// The last 30 days.
        pub figure: Option<GaugeFigure>,
    }
}

wire! {
    /// Every gauge's service level, in the profile's order.
    pub struct SloReport {
        /// When it was put together, by the server's clock.
        pub at: Timestamp,
        /// The gauges.
        pub gauges: Vec<SloStatus>,
    }
}
