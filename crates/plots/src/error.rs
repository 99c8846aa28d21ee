//! What can be wrong with a request for a figure.

/// Why no figure was drawn. Apart from [`PlotError::Backend`] each is the caller's mistake.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PlotError {
    /// Width or height outside of the promised range.
    #[error("figure size {width}×{height} px is outside 120×40 to 4000×2000")]
    Size {
        /// Width asked for.
        width: u32,
        /// Height asked for.
        height: u32,
    },
    /// A colour that is not `#rrggbb`.
    #[error("the color of `{field}` is not in the form #rrggbb")]
    Colour {
        /// The field of the style.
        field: &'static str,
    },
    /// An offset that no time zone has.
    #[error("UTC offset of {0} minutes is outside -720 to 840")]
    UtcOffset(i32),
    /// A series that is longer or shorter than the times.
    #[error("series {series} has {values} values for {times} times")]
    Length {
        /// Index of the series.
        series: usize,
        /// Its number of values.
        values: usize,
        /// Number of times.
        times: usize,
    },
    /// Times that stand still or go back.
    #[error("time {index} is not later than the previous one")]
    NotIncreasing {
        /// Index of the first time at fault.
        index: usize,
    },
    /// A time before the year 1 or after the year 9998.
    #[error("time {index} is outside years 1 to 9998")]
    TimeOutOfRange {
        /// Index of the time at fault.
        index: usize,
    },
    /// plotters refused to draw.
    #[error("failed to draw the figure: {0}")]
    Backend(String),
}
