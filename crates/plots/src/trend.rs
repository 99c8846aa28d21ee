//! Values over time: layout first (all in CSS pixels), then one layer after the other.

use aether_contract::{Figure, FigureSeries, FigureStyle, PlotArea, Timestamp};
use plotters::coord::cartesian::Cartesian2d;
use plotters::coord::types::RangedCoordf64;
use plotters::drawing::DrawingAreaErrorKind;
use plotters::element::{Circle, PathElement, Polygon};
use plotters::series::{AreaSeries, LineSeries};
use plotters::style::Color;

use crate::canvas::{Align, Area, Canvas, Drawn, UNITS, stroke, units, write};
use crate::labels::{Placed, Space, place};
use crate::line::{Point, runs, thinned};
use crate::scale::{ValueAxis, drawable, value_axis};
use crate::style::Style;
use crate::{PlotError, Series, TrendData, clock, text};

/// Times that the calendar of the time axis knows: 0001-01-01 to 9998-12-31, with a day to spare for offsets.
const CALENDAR: std::ops::RangeInclusive<i64> = -62_135_510_400_000..=253_370_678_400_000;
/// Half the width of the time axis when there is but one sample.
const HALF_MINUTE: i64 = 30_000;
/// From this size on a figure has axes.
const AXES_FROM: (u32, u32) = (200, 80);

/// Where things are. The plot lies on whole pixels.
struct Layout {
    left: f64,
    top: f64,
    right: f64,
    bottom: f64,
    axes: bool,
    x: (Timestamp, Timestamp),
    y: ValueAxis,
}

impl Layout {
    fn x_at(&self, millis: f64) -> f64 {
        let (from, to) = (self.x.0.0 as f64, self.x.1.0 as f64);
        self.left + (millis - from) / (to - from) * (self.right - self.left)
    }

    fn y_at(&self, value: f64) -> f64 {
        self.bottom - (value - self.y.min) / (self.y.max - self.y.min) * (self.bottom - self.top)
    }
}

pub(crate) fn trend(data: &TrendData<'_>, style: &FigureStyle) -> Result<Figure, PlotError> {
    let style = Style::check(style)?;
    check(data)?;
    let layout = layout(data, &style);
    let series: Vec<Vec<Vec<Point>>> =
        data.series.iter().map(|one| drawn(data, &one.values, &layout)).collect();
    let bands: Vec<Vec<Vec<Edges>>> = data.series.iter().map(|one| band(data, one, &layout)).collect();

    let mut canvas = Canvas::new(style.width, style.height);
    let ticks = if layout.axes && !data.times.is_empty() {
        clock::time_ticks(layout.x.0, layout.x.1, style.offset, layout.right - layout.left)
    } else {
        Vec::new()
    };
    if layout.axes {
        canvas.layer("", |area| grid(area, &layout, &style, &ticks))?;
    }
    canvas.layer("", |area| areas(area, &layout, &style, &series))?;
    canvas.layer(" stroke-linecap=\"round\"", |area| draw_bands(area, &layout, &style, &bands))?;
    canvas.layer(" stroke-dasharray=\"16 16\"", |area| threshold_lines(area, &layout, &style, data))?;
    canvas.layer(" stroke-linejoin=\"round\" stroke-linecap=\"round\"", |area| {
        lines(area, &layout, &style, &series)
    })?;
    canvas.layer("", |area| {
        if layout.axes {
            axis_labels(area, &layout, &style, &ticks)?;
            let empty = series.iter().all(Vec::is_empty);
            let written = if empty { no_data(area, &layout, &style, data)? } else { None };
            threshold_labels(area, &layout, &style, data, &series, written)?;
        }
        Ok(())
    })?;
    Ok(Figure {
        svg: canvas.finish(&label(data)),
        width: style.width,
        height: style.height,
        plot: PlotArea {
            left: layout.left,
            top: layout.top,
            width: layout.right - layout.left,
            height: layout.bottom - layout.top,
        },
        x_min: layout.x.0,
        x_max: layout.x.1,
        y_min: layout.y.min,
        y_max: layout.y.max,
        times: data.times.clone(),
        series: data
            .series
            .iter()
            .map(|one| FigureSeries {
                name: one.name.clone(),
                values: finite(&one.values),
                low: finite(&one.low),
                high: finite(&one.high),
            })
            .collect(),
    })
}

fn finite(values: &[Option<f64>]) -> Vec<Option<f64>> {
    values.iter().map(|value| value.filter(|value| value.is_finite())).collect()
}

fn check(data: &TrendData<'_>) -> Result<(), PlotError> {
    let times = data.times.len();
    if let Some(index) = data.times.iter().position(|t| !CALENDAR.contains(&t.0)) {
        return Err(PlotError::TimeOutOfRange { index });
    }
    if let Some(index) = data.times.iter().zip(data.times.iter().skip(1)).position(|(a, b)| a >= b) {
        return Err(PlotError::NotIncreasing { index: index + 1 });
    }
    for (series, one) in data.series.iter().enumerate() {
        let edges =
            [&one.low, &one.high].into_iter().filter(|_| !(one.low.is_empty() && one.high.is_empty()));
        for column in std::iter::once(&one.values).chain(edges) {
            if column.len() != times {
                return Err(PlotError::Length { series, values: column.len(), times });
            }
        }
    }
    Ok(())
}

fn layout(data: &TrendData<'_>, style: &Style) -> Layout {
    let axes = style.width >= AXES_FROM.0 && style.height >= AXES_FROM.1;
    let (width, height) = (f64::from(style.width), f64::from(style.height));
    let (top, bottom) = if axes { (10.0, height - 24.0) } else { (3.0, height - 3.0) };
    let columns = data.series.iter().flat_map(|one| [&one.values, &one.low, &one.high]);
    let values = columns.flatten().flatten().copied();
    let values = values.chain(data.thresholds.iter().map(|t| t.value));
    let steps = ((bottom - top) / 36.0).clamp(1.0, 8.0) as u32;
    let y = value_axis(values, data.y, steps, data.unit);
    let (left, right) = if axes {
        let widest = y.ticks.iter().map(|(_, label)| text::width(label)).fold(0.0, f64::max);
        ((widest + 10.0).ceil().clamp(28.0, width / 3.0), width - 12.0)
    } else {
        (1.0, width - 1.0)
    };
    let x = match (data.times.first(), data.times.last()) {
        (Some(first), Some(last)) if first < last => (*first, *last),
        (Some(only), _) => (only.plus_millis(-HALF_MINUTE), only.plus_millis(HALF_MINUTE)),
        _ => (Timestamp(0), Timestamp(2 * HALF_MINUTE)),
    };
    Layout { left, top, right, bottom, axes, x, y }
}

/// The points of one series that are worth drawing, a run at a time.
fn drawn(data: &TrendData<'_>, values: &[Option<f64>], layout: &Layout) -> Vec<Vec<Point>> {
    let points = data.times.iter().zip(values).map(|(t, v)| (t.0 as f64, v.and_then(drawable)));
    let columns = (layout.right - layout.left) as usize;
    let pixel = (layout.x.1.0 as f64 - layout.x.0.0 as f64) / (layout.right - layout.left);
    runs(points, pixel)
        .into_iter()
        .map(|run| thinned(run, |t| layout.x_at(t).floor() as i64, columns))
        .collect()
}

/// Time, lower and upper edge of a band.
type Edges = (f64, f64, f64);

/// The band around a series, a run at a time, its extremes kept within each column of pixels.
fn band(data: &TrendData<'_>, one: &Series, layout: &Layout) -> Vec<Vec<Edges>> {
    let pixel = (layout.x.1.0 as f64 - layout.x.0.0 as f64) / (layout.right - layout.left);
    let mut runs: Vec<Vec<Edges>> = Vec::new();
    let mut gap = true;
    for ((at, low), high) in data.times.iter().zip(&one.low).zip(&one.high) {
        let (Some(low), Some(high)) = (low.and_then(drawable), high.and_then(drawable)) else {
            gap = true;
            continue;
        };
        let (at, low, high) = (at.0 as f64, low.min(high), high.max(low));
        let column = |time: f64| layout.x_at(time).floor() as i64;
        match runs.last_mut().filter(|run| !gap || run.last().is_some_and(|last| at - last.0 < pixel)) {
            Some(run) => match run.last_mut().filter(|last| column(last.0) == column(at)) {
                Some(last) => *last = (last.0, last.1.min(low), last.2.max(high)),
                None => run.push((at, low, high)),
            },
            None => runs.push(vec![(at, low, high)]),
        }
        gap = false;
    }
    runs
}

fn draw_bands(area: &Area<'_>, layout: &Layout, style: &Style, bands: &[Vec<Vec<Edges>>]) -> Drawn {
    let area = area.apply_coord_spec(coordinates(layout));
    for (index, runs) in bands.iter().enumerate() {
        let opacity = [0.26, 0.18, 0.13].get(index).copied().unwrap_or(0.1);
        for run in runs {
            if let [(at, low, high)] = run.as_slice() {
                // A step between two gaps: an area of no width would not be seen.
                let line = stroke(style.line, opacity, 1.75);
                area.draw(&PathElement::new(vec![(*at, *low), (*at, *high)], line))?;
                continue;
            }
            let upper = run.iter().map(|(at, _, high)| (*at, *high));
            let lower = run.iter().rev().map(|(at, low, _)| (*at, *low));
            let outline: Vec<Point> = upper.chain(lower).collect();
            area.draw(&Polygon::new(outline, style.line.mix(opacity)))?;
        }
    }
    Ok(())
}

/// plotters' own coordinates over the plot.
fn coordinates(layout: &Layout) -> Cartesian2d<RangedCoordf64, RangedCoordf64> {
    Cartesian2d::new(
        layout.x.0.0 as f64..layout.x.1.0 as f64,
        layout.y.min..layout.y.max,
        (units(layout.left)..units(layout.right), units(layout.bottom)..units(layout.top)),
    )
}

/// The middle of the pixel row or column, where a line of one pixel is crisp.
fn crisp(pixels: f64) -> i32 {
    units(pixels.floor()) + UNITS / 2
}

fn grid(area: &Area<'_>, layout: &Layout, style: &Style, ticks: &[(Timestamp, String)]) -> Drawn {
    let line = stroke(style.grid, 1.0, 1.0);
    for (value, _) in &layout.y.ticks {
        let y = crisp(layout.y_at(*value));
        area.draw(&PathElement::new(vec![(units(layout.left), y), (units(layout.right), y)], line))?;
    }
    for (at, _) in ticks {
        let x = crisp(layout.x_at(at.0 as f64));
        area.draw(&PathElement::new(vec![(x, units(layout.bottom)), (x, units(layout.bottom + 4.0))], line))?;
    }
    Ok(())
}

fn areas(area: &Area<'_>, layout: &Layout, style: &Style, series: &[Vec<Vec<Point>>]) -> Drawn {
    // Areas of several series would hide each other.
    let [only] = series else { return Ok(()) };
    let area = area.apply_coord_spec(coordinates(layout));
    let base = 0f64.clamp(layout.y.min, layout.y.max);
    for run in only.iter().filter(|run| run.len() > 1) {
        for element in AreaSeries::new(run.iter().copied(), base, style.line.mix(0.13)) {
            area.draw(&element)?;
        }
    }
    Ok(())
}

fn lines(area: &Area<'_>, layout: &Layout, style: &Style, series: &[Vec<Vec<Point>>]) -> Drawn {
    let area = area.apply_coord_spec(coordinates(layout));
    for (index, runs) in series.iter().enumerate() {
        let opacity = [1.0, 0.7, 0.5].get(index).copied().unwrap_or(0.35);
        let line = stroke(style.line, opacity, if layout.axes { 1.75 } else { 1.5 });
        for run in runs {
            match run.as_slice() {
                [alone] => area.draw(&Circle::new(*alone, units(1.75), line.filled()))?,
                _ => {
                    for element in LineSeries::new(run.iter().copied(), line) {
                        area.draw(&element)?;
                    }
                }
            }
        }
    }
    Ok(())
}

fn threshold_lines(area: &Area<'_>, layout: &Layout, style: &Style, data: &TrendData<'_>) -> Drawn {
    for threshold in &data.thresholds {
        let Some(value) = drawable(threshold.value) else { continue };
        let y = crisp(layout.y_at(value));
        let line = stroke(style.threshold(threshold.kind), if layout.axes { 0.9 } else { 0.55 }, 1.0);
        area.draw(&PathElement::new(vec![(units(layout.left), y), (units(layout.right), y)], line))?;
    }
    Ok(())
}

fn axis_labels(area: &Area<'_>, layout: &Layout, style: &Style, ticks: &[(Timestamp, String)]) -> Drawn {
    for (value, label) in &layout.y.ticks {
        if text::width(label) <= layout.left - 8.0 {
            write(area, label, style.text, Align::Right, layout.left - 7.0, layout.y_at(*value))?;
        }
    }
    for (at, label) in ticks {
        // A label that would stick out is moved in a little; neighbours keep a gap of 8 px or more.
        let (x, half) = (layout.x_at(at.0 as f64), text::width(label) / 2.0);
        let inside = x.max(2.0 + half).min(f64::from(style.width) - 2.0 - half);
        if (inside - x).abs() <= 10.0 {
            write(area, label, style.text, Align::Middle, inside, layout.bottom + 14.0)?;
        }
    }
    Ok(())
}

fn threshold_labels(
    area: &Area<'_>,
    layout: &Layout,
    style: &Style,
    data: &TrendData<'_>,
    series: &[Vec<Vec<Point>>],
    written: Option<Space>,
) -> Drawn {
    let on_screen = |run: &Vec<Point>| run.iter().map(|p| (layout.x_at(p.0), layout.y_at(p.1))).collect();
    let curves: Vec<Vec<(f64, f64)>> = series.iter().flatten().map(on_screen).collect();
    let wanted: Vec<(f64, String)> = data
        .thresholds
        .iter()
        .map(|t| {
            let label = text::fit(&t.label, (layout.right - layout.left) * 0.45).unwrap_or_default();
            (drawable(t.value).map_or(f64::NAN, |v| layout.y_at(v)), label)
        })
        .collect();
    let plot = (layout.left, layout.top, layout.right, layout.bottom);
    for (threshold, (placed, (_, label))) in
        data.thresholds.iter().zip(place(&wanted, &curves, plot, written).iter().zip(&wanted))
    {
        if let Some(Placed { x, y, align }) = *placed {
            write(area, label, style.threshold(threshold.kind), align, x, y)?;
        }
    }
    Ok(())
}

/// Says that there is nothing, in the widest space between two horizontal lines; gives where it did.
fn no_data(
    area: &Area<'_>,
    layout: &Layout,
    style: &Style,
    data: &TrendData<'_>,
) -> Result<Option<Space>, DrawingAreaErrorKind<std::io::Error>> {
    let thresholds = data.thresholds.iter().filter_map(|t| drawable(t.value));
    let mut lines: Vec<f64> =
        layout.y.ticks.iter().map(|t| t.0).chain(thresholds).map(|v| layout.y_at(v)).collect();
    lines.extend([layout.top, layout.bottom]);
    lines.sort_by(f64::total_cmp);
    let spaces = lines.iter().zip(lines.iter().skip(1)).map(|(a, b)| (b - a, (a + b) / 2.0));
    let Some((room, y)) = spaces.max_by(|a, b| a.0.total_cmp(&b.0)) else { return Ok(None) };
    let (text, x) = ("No data in this range", (layout.left + layout.right) / 2.0);
    let width = text::width(text);
    if room < 14.0 || width > layout.right - layout.left {
        return Ok(None);
    }
    write(area, text, style.text, Align::Middle, x, y)?;
    Ok(Some(Space::around(x, y, width)))
}

fn label(data: &TrendData<'_>) -> String {
    let names: Vec<&str> = data.series.iter().map(|s| s.name.as_str()).take(8).collect();
    text::clean(&format!("Trend: {}", names.join(", ")), 200)
}
