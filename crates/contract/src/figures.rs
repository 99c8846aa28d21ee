//! Figures: an SVG with the geometry needed to lay a crosshair and a tooltip over it.

use crate::{Timestamp, wire};

wire! {
    /// Size and colours that a figure is drawn with. Colours are `#rrggbb`, taken from the UI's tokens, so
    /// that a colour is written down in one place only.
    pub struct FigureStyle {
        /// Width in CSS pixels (120 to 4000).
        pub width: u32,
        /// Height in CSS pixels (40 to 2000).
        pub height: u32,
        /// The series' line.
        pub line: String,
        /// Grid lines.
        pub grid: String,
        /// Axis labels.
        pub text: String,
        /// Threshold "warn".
        pub warn: String,
        /// Threshold "critical".
        pub critical: String,
        /// Target line.
        pub ok: String,
        /// Minutes east of UTC for the time axis (-720 to 840).
        pub utc_offset_minutes: i32,
    }
}

wire! {
    /// A rectangle in CSS pixels of the figure.
    pub struct PlotArea {
        /// Left edge.
        pub left: f64,
        /// Top edge.
        pub top: f64,
        /// Width.
        pub width: f64,
        /// Height.
        pub height: f64,
    }
}

wire! {
    /// A drawn figure. `times` and each series' `values` are columns of equal length.
    pub struct Figure {
        /// A complete `<svg>` element: no script, no link, no external reference.
        pub svg: String,
        /// Width in CSS pixels.
        pub width: u32,
        /// Height in CSS pixels.
        pub height: u32,
        /// Where the data is drawn.
        pub plot: PlotArea,
        /// Left end of the time axis.
        pub x_min: Timestamp,
        /// Right end of the time axis.
        pub x_max: Timestamp,
        /// Lower end of the value axis.
        pub y_min: f64,
        /// Upper end of the value axis.
        pub y_max: f64,
        /// Sample times.
        pub times: Vec<Timestamp>,
        /// The series.
        pub series: Vec<FigureSeries>,
    }
}

wire! {
    /// One line of a figure.
    pub struct FigureSeries {
        /// Name for the tooltip.
        pub name: String,
        /// One value a time; `null` is a gap.
        pub values: Vec<Option<f64>>,
        /// The lowest value of the step that each time ends. Empty: there is one value a step.
        pub low: Vec<Option<f64>>,
        /// The highest value of each step.
        pub high: Vec<Option<f64>>,
    }
}
