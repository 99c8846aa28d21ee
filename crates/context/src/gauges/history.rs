//! A gauge's history: the sparkline's even steps, and the figure with its numbers.

use aether_contract::{ErrorCode, Figure, FigureStyle, GaugeFigure, GaugeSpec, PanelError};
use aether_foundation::units;
use aether_plots::{Series, Threshold, ThresholdKind, TrendData, trend};

use aether_foundation::text::truncate;

use super::{details::middle, grid::Grid, steps::Steps};

/// Points of a sparkline.
pub const SPARK_POINTS: u32 = 48;

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
    steps: Steps,
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
    draw(&drawing, grid, steps, style)
}

/// Draws what a series was over time. Its extremes are told by their steps.
///
/// # Errors
/// `invalid-request` when the style is not one to draw with.
pub fn draw(
    drawing: &Drawing,
    grid: &Grid,
    steps: Steps,
    style: &FigureStyle,
) -> Result<GaugeFigure, PanelError> {
    let extreme = |found: Option<(usize, f64)>| found.map(|(at, value)| grid.extreme(at, value));
    let (lowest, highest) = (extreme(steps.lowest()), extreme(steps.highest()));
    let (median, last) = (middle(&steps.mean), steps.mean.iter().rev().find_map(|value| *value));
    let Steps { low, mean, high } = steps;
    let data = TrendData {
        times: grid.times(),
        series: vec![Series { name: drawing.name.clone(), values: mean, low, high }],
        unit: &drawing.unit,
        y: drawing.scale,
        thresholds: drawing.thresholds.clone(),
    };
    let figure: Figure = trend(&data, style).map_err(|error| {
        PanelError::new(ErrorCode::InvalidRequest, "plots", format!("Failed to draw the chart: {error}."))
    })?;
    Ok(GaugeFigure { figure, lowest, median, highest, last, note: String::new() })
}

#[cfg(test)]
mod tests {
    use aether_contract::{Extreme, Timestamp};
    use aether_foundation::testing::figure_style;

    use super::*;

    #[test]
    fn the_extremes_are_those_of_all_samples_and_the_last_value_is_the_newest() {
        let grid =
            Grid { start: Timestamp(1_700_000_000_000), end: Timestamp(1_700_000_120_000), step_ms: 60_000 };
        let steps = Steps {
            low: vec![Some(58.9), Some(11.96), None],
            mean: vec![Some(60.0), Some(59.0), None],
            high: vec![Some(61.0), Some(91.6), None],
        };
        let drawing = Drawing {
            name: "a".into(),
            unit: "percent".into(),
            scale: Some((0.0, 100.0)),
            thresholds: vec![],
        };
        let style = figure_style(300, 120);
        let drawn = draw(&drawing, &grid, steps, &style).unwrap();
        let step = |value| Some(Extreme { value, at: Timestamp(1_700_000_060_000), step_ms: 60_000 });
        assert_eq!((drawn.lowest, drawn.highest), (step(11.96), step(91.6)));
        assert_eq!((drawn.median, drawn.last), (Some(59.5), Some(59.0)));
        assert_eq!(drawn.figure.series[0].low[1], Some(11.96));
    }

    #[test]
    fn a_tenants_name_cannot_break_out_of_the_query() {
        let query = tenant_query("x", "tenant_id", "a\"} or vector(1) $1 \\");
        assert!(query.contains(r#""a\"} or vector(1) $$1 \\""#), "{query}");
    }
}
