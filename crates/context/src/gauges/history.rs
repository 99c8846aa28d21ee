//! A gauge's history: the sparkline's even steps, and the figure with its numbers.

use aether_clients::prometheus::RangeSeries;
use aether_contract::{ErrorCode, Figure, FigureStyle, GaugeFigure, GaugeSpec, PanelError, Timestamp};
use aether_foundation::units;
use aether_plots::{Threshold, ThresholdKind, TrendData, trend};

use aether_foundation::text::truncate;

/// Points of a sparkline.
pub const SPARK_POINTS: u32 = 48;

/// Evenly spaced times: `points` of them, the last one at `end`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Grid {
    /// First time.
    pub start: Timestamp,
    /// Last time.
    pub end: Timestamp,
    /// Distance, in milliseconds.
    pub step_ms: i64,
}

impl Grid {
    /// A grid over the last `hours` before `end` with `points` points. The end is rounded down to a step, so that
    /// the same picture asked twice within a step is the same question (and may come from a query cache).
    pub fn new(end: Timestamp, hours: f64, points: u32) -> Self {
        let span = hours * 3_600_000.0;
        let step_ms = ((span / f64::from(points.max(2) - 1) / 1000.0).ceil() as i64).max(1) * 1000;
        let end = Timestamp(end.0.div_euclid(step_ms) * step_ms);
        let start = end.plus_millis(-step_ms * i64::from(points.max(2) - 1));
        Self { start, end, step_ms }
    }

    /// Distance of the points.
    pub fn step(&self) -> std::time::Duration {
        std::time::Duration::from_millis(u64::try_from(self.step_ms).unwrap_or(1000))
    }

    /// All times.
    pub fn times(&self) -> Vec<Timestamp> {
        (self.start.0..=self.end.0)
            .step_by(usize::try_from(self.step_ms).unwrap_or(1000))
            .map(Timestamp)
            .collect()
    }

    /// The samples on this grid; what is missing or not finite is a gap.
    pub fn resample(&self, samples: &[(Timestamp, f64)]) -> Vec<Option<f64>> {
        let mut values = vec![None; self.times().len()];
        for (at, value) in samples {
            let offset = at.millis_since(self.start);
            // Nearest point: a server may round times to its own precision.
            let index = (offset + self.step_ms / 2).div_euclid(self.step_ms);
            if let Some(slot) = usize::try_from(index).ok().and_then(|index| values.get_mut(index))
                && value.is_finite()
            {
                *slot = Some(*value);
            }
        }
        values
    }
}

/// The one series that a gauge's history must be.
///
/// # Errors
/// `invalid-config` when there are several.
pub fn one_series(series: &[RangeSeries]) -> Result<&[(Timestamp, f64)], PanelError> {
    match series {
        [] => Ok(&[]),
        [one] => Ok(&one.values),
        several => Err(PanelError::new(
            ErrorCode::InvalidConfig,
            "prometheus",
            format!("The gauge's history has {} series, expected one.", several.len()),
        )
        .with_hint("Aggregate the query in the stack's profile, for example with sum() or avg().")),
    }
}

/// The expression of one tenant's history: the split, kept to that tenant on the server's side, so that ten thousand
/// tenants do not travel for one line.
pub fn tenant_query(per_tenant_query: &str, tenant_label: &str, tenant: &str) -> String {
    // The replacement of label_replace knows `$1`; a plain dollar is written twice.
    let replacement = promql_string(&tenant.replace('$', "$$"));
    let label = promql_string(tenant_label);
    format!(
        "({per_tenant_query}) and on ({tenant_label}) label_replace(vector(1), {label}, {replacement}, {label}, \"\")"
    )
}

fn promql_string(text: &str) -> String {
    let mut quoted = String::from("\"");
    for c in text.chars() {
        match c {
            '"' => quoted.push_str("\\\""),
            '\\' => quoted.push_str("\\\\"),
            '\n' => quoted.push_str("\\n"),
            '\r' => quoted.push_str("\\r"),
            c => quoted.push(c),
        }
    }
    quoted.push('"');
    quoted
}

/// Points that a figure of this width is drawn from.
pub fn points_for(style: &FigureStyle) -> u32 {
    (style.width / 3).clamp(60, 480)
}

/// What a figure says besides its values.
pub struct Drawing {
    /// Name of the series.
    pub name: String,
    /// As [`GaugeSpec::unit`].
    pub unit: String,
    /// The scale that is shown at least.
    pub scale: Option<(f64, f64)>,
    /// Lines across it.
    pub thresholds: Vec<Threshold>,
}

/// Draws a gauge's history.
///
/// # Errors
/// `invalid-request` when the style is not one to draw with.
pub fn figure(
    spec: &GaugeSpec,
    name: &str,
    grid: &Grid,
    values: Vec<Option<f64>>,
    style: &FigureStyle,
) -> Result<GaugeFigure, PanelError> {
    let line = |word: &str, value: f64, kind| Threshold {
        value,
        kind,
        label: format!("{word} {}", units::threshold(value, &spec.unit)),
    };
    let drawing = Drawing {
        name: truncate(name, 80),
        unit: spec.unit.clone(),
        scale: units::has_scale(&spec.unit).then_some((spec.min, spec.max)),
        thresholds: vec![
            line("target", spec.warn, ThresholdKind::Warn),
            line("critical", spec.critical, ThresholdKind::Critical),
        ],
    };
    draw(&drawing, grid, values, style)
}

/// Draws values over time.
///
/// # Errors
/// `invalid-request` when the style is not one to draw with.
pub fn draw(
    drawing: &Drawing,
    grid: &Grid,
    values: Vec<Option<f64>>,
    style: &FigureStyle,
) -> Result<GaugeFigure, PanelError> {
    let numbers = numbers(&values);
    let data = TrendData {
        times: grid.times(),
        series: vec![(drawing.name.clone(), values)],
        unit: &drawing.unit,
        y: drawing.scale,
        thresholds: drawing.thresholds.clone(),
    };
    let figure: Figure = trend(&data, style).map_err(|error| {
        PanelError::new(ErrorCode::InvalidRequest, "plots", format!("Failed to draw the chart: {error}."))
    })?;
    Ok(GaugeFigure { figure, min: numbers.0, median: numbers.1, max: numbers.2, last: numbers.3 })
}

type Numbers = (Option<f64>, Option<f64>, Option<f64>, Option<f64>);

/// Smallest, median, largest, newest.
fn numbers(values: &[Option<f64>]) -> Numbers {
    let last = values.iter().rev().find_map(|value| *value);
    let mut sorted: Vec<f64> = values.iter().filter_map(|value| *value).collect();
    sorted.sort_by(f64::total_cmp);
    let middle = sorted.len() / 2;
    let median = match (sorted.get(middle), sorted.get(middle.wrapping_sub(1))) {
        (Some(upper), Some(lower)) if sorted.len().is_multiple_of(2) => Some(f64::midpoint(*lower, *upper)),
        (Some(upper), _) => Some(*upper),
        _ => None,
    };
    (sorted.first().copied(), median, sorted.last().copied(), last)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_grid_ends_on_a_step_and_has_as_many_points_as_asked() {
        let grid = Grid::new(Timestamp(1_700_000_123_456), 6.0, SPARK_POINTS);
        assert_eq!(grid.times().len(), 48);
        assert_eq!(grid.end.0 % grid.step_ms, 0);
        assert!(grid.end.0 <= 1_700_000_123_456);
        assert_eq!(grid.times().last(), Some(&grid.end));
    }

    #[test]
    fn samples_fall_on_their_points_and_the_rest_are_gaps() {
        let grid = Grid { start: Timestamp(0), end: Timestamp(40_000), step_ms: 10_000 };
        let values = grid.resample(&[
            (Timestamp(0), 1.0),
            (Timestamp(19_999), 2.0),
            (Timestamp(30_000), f64::NAN),
            (Timestamp(40_000), f64::INFINITY),
            (Timestamp(90_000), 9.0),
            (Timestamp(-90_000), 9.0),
        ]);
        assert_eq!(values, [Some(1.0), None, Some(2.0), None, None]);
    }

    #[test]
    fn the_numbers_skip_gaps() {
        assert_eq!(
            numbers(&[Some(3.0), None, Some(1.0), Some(2.0), None]),
            (Some(1.0), Some(2.0), Some(3.0), Some(2.0))
        );
        assert_eq!(numbers(&[Some(1.0), Some(4.0)]).1, Some(2.5));
        assert_eq!(numbers(&[None]), (None, None, None, None));
    }

    #[test]
    fn a_tenants_name_cannot_break_out_of_the_query() {
        let query = tenant_query("x", "tenant_id", "a\"} or vector(1) $1 \\");
        assert!(query.contains(r#""a\"} or vector(1) $$1 \\""#), "{query}");
    }
}
