//! Figures drawn by plotters and returned with their geometry, so that the UI lays a crosshair and a
//! tooltip over them without guessing where a sample was drawn.
//!
//! Refuses: sizes and colours outside of what [`FigureStyle`] promises, columns of unequal length and
//! times that do not increase. Everything else is drawn: a value that is not finite is a gap.

use aether_contract::{Figure, FigureStyle, Timestamp};

mod canvas;
mod clock;
mod error;
mod labels;
mod line;
mod png;
mod scale;
mod style;
mod text;
mod trend;

pub use error::PlotError;
pub use png::png;

/// What [`trend`] draws: one or several columns of values over one column of times.
#[derive(Debug, Clone, PartialEq)]
pub struct TrendData<'a> {
    /// Sample times, strictly increasing. Both ends are the ends of the time axis: pad with `None` values
    /// to show a window that the data does not fill.
    pub times: Vec<Timestamp>,
    /// The series.
    pub series: Vec<Series>,
    /// As [`aether_contract::GaugeSpec::unit`]: `percent` (0..100), `usd`, `score`, or a text to be
    /// printed behind the number. May be empty.
    pub unit: &'a str,
    /// The scale that is shown at least. Values and thresholds past it widen the axis, so that nothing is
    /// drawn where it is not. `None` (and a range that is not finite): fitted to values and thresholds.
    pub y: Option<(f64, f64)>,
    /// Horizontal lines. One that is not finite is left out.
    pub thresholds: Vec<Threshold>,
}

/// One series of a figure: a column of as many values as there are times. `None`, NaN and infinities are gaps.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Series {
    /// Name, for the tooltip and the figure's description.
    pub name: String,
    /// The line.
    pub values: Vec<Option<f64>>,
    /// Lower edge of the band around it. Empty, as the upper one: no band.
    pub low: Vec<Option<f64>>,
    /// Upper edge of the band.
    pub high: Vec<Option<f64>>,
}

/// A horizontal dashed line with a label.
#[derive(Debug, Clone, PartialEq)]
pub struct Threshold {
    /// Where, in the series' unit.
    pub value: f64,
    /// Chooses the colour.
    pub kind: ThresholdKind,
    /// Written at the line where there is room; may be empty. Untrusted text is fine.
    pub label: String,
}

/// What a threshold line means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ThresholdKind {
    /// Drawn in [`FigureStyle::warn`].
    Warn,
    /// Drawn in [`FigureStyle::critical`].
    Critical,
    /// Drawn in [`FigureStyle::ok`].
    Target,
}

/// Draws values over time. Small figures (sparklines) have no axes and no labels.
///
/// In the reply `x_max > x_min` and `y_max > y_min` always hold, every returned value is finite or `None`.
///
/// # Errors
/// See [`PlotError`]; each names the field at fault.
pub fn trend(data: &TrendData<'_>, style: &FigureStyle) -> Result<Figure, PlotError> {
    trend::trend(data, style)
}
