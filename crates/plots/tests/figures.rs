//! What a figure promises to those who put it on a page, for any data.

#![allow(clippy::unwrap_used, reason = "the readers of the SVG below are part of the tests")]

use aether_contract::{Figure, FigureStyle, Timestamp};
use aether_plots::{PlotError, Series, Threshold, ThresholdKind, TrendData, trend};
use proptest::prelude::*;

const START: i64 = 1_762_850_000_000;

fn style(width: u32, height: u32) -> FigureStyle {
    FigureStyle {
        width,
        height,
        line: "#101010".to_owned(),
        grid: "#202020".to_owned(),
        text: "#303030".to_owned(),
        warn: "#404040".to_owned(),
        critical: "#505050".to_owned(),
        ok: "#606060".to_owned(),
        utc_offset_minutes: 60,
    }
}

fn data(values: Vec<Option<f64>>) -> TrendData<'static> {
    TrendData {
        times: (0..values.len() as i64).map(|i| Timestamp(START + i * 60_000)).collect(),
        series: vec![Series { name: "Health score".to_owned(), values, ..Series::default() }],
        unit: "percent",
        y: Some((0.0, 100.0)),
        thresholds: vec![Threshold {
            value: 80.0,
            kind: ThresholdKind::Target,
            label: "target 80".to_owned(),
        }],
    }
}

fn ramp(count: u32) -> Vec<Option<f64>> {
    (0..count).map(|i| Some(f64::from(i % 90))).collect()
}

/// Every `(x, y)` of the element's lines and areas, in CSS pixels.
fn points(svg: &str, element: &str) -> Vec<Vec<(f64, f64)>> {
    svg.lines()
        .filter(|line| line.starts_with(&format!("<{element} ")))
        .map(|line| {
            let list = line.split_once("points=\"").unwrap().1.split_once('"').unwrap().0;
            let pair = |p: &str| {
                let (x, y) = p.split_once(',').unwrap();
                (x.parse::<f64>().unwrap() / 4.0, y.parse::<f64>().unwrap() / 4.0)
            };
            list.split_whitespace().map(pair).collect()
        })
        .collect()
}

/// Lines drawn in the series' colour.
fn curves(svg: &str) -> Vec<Vec<(f64, f64)>> {
    let only: String =
        svg.lines().filter(|l| l.contains("stroke=\"#101010\"")).map(|l| format!("{l}\n")).collect();
    points(&only, "polyline")
}

/// Texts with their place: (anchor, x, y, text).
fn texts(svg: &str) -> Vec<(String, f64, f64, String)> {
    let attribute = |tag: &str, name: &str| {
        tag.split_once(&format!(" {name}=\"")).unwrap().1.split_once('"').unwrap().0.to_owned()
    };
    svg.split("<text")
        .skip(1)
        .map(|rest| {
            let (tag, rest) = rest.split_once('>').unwrap();
            let text = rest.split_once("</text>").unwrap().0.trim().to_owned();
            let number = |name| attribute(tag, name).parse::<f64>().unwrap() / 4.0;
            (attribute(tag, "text-anchor"), number("x"), number("y"), text)
        })
        .collect()
}

#[test]
fn a_sample_is_drawn_where_the_geometry_says() {
    let values = vec![Some(0.0), Some(25.0), Some(100.0), Some(57.0)];
    let figure = trend(&data(values.clone()), &style(720, 150)).unwrap();
    let curve = curves(&figure.svg).remove(0);
    assert_eq!(curve.len(), 4);
    for ((x, y), (time, value)) in curve.iter().zip(figure.times.iter().zip(values.iter().flatten())) {
        let span = figure.x_max.millis_since(figure.x_min) as f64;
        let at_x = figure.plot.left + time.millis_since(figure.x_min) as f64 / span * figure.plot.width;
        let part = (value - figure.y_min) / (figure.y_max - figure.y_min);
        let at_y = figure.plot.top + figure.plot.height * (1.0 - part);
        assert!((x - at_x).abs() <= 0.25 && (y - at_y).abs() <= 0.25, "({x}, {y}) for ({at_x}, {at_y})");
    }
}

#[test]
fn a_missing_value_is_a_gap_and_never_a_zero() {
    let values = vec![
        Some(50.0),
        Some(51.0),
        None,
        Some(f64::NAN),
        Some(f64::INFINITY),
        Some(52.0),
        Some(53.0),
        None,
        Some(54.0),
        None,
    ];
    let figure = trend(&data(values), &style(720, 150)).unwrap();
    let lengths: Vec<_> = curves(&figure.svg).iter().map(Vec::len).collect();
    assert_eq!(lengths, [2, 2]);
    assert_eq!(figure.svg.matches("<circle").count(), 1, "a lone sample is a dot");
    assert_eq!(points(&figure.svg, "polygon").len(), 2);
    assert_eq!(figure.series[0].values[2..5], [None, None, None], "what the UI reads has the same gaps");
}

#[test]
fn a_figure_without_values_says_so() {
    for values in [Vec::new(), vec![None; 30], vec![Some(f64::NAN); 2]] {
        let figure = trend(&data(values), &style(720, 150)).unwrap();
        assert!(figure.svg.contains("No data in this range"));
        assert!(curves(&figure.svg).is_empty());
        assert!(figure.x_min < figure.x_max);
    }
}

#[test]
fn text_from_outside_stays_text() {
    let hostile = "</text><script>alert(1)</script> \" ' & \u{0} \u{202e}";
    let mut data = data(ramp(10));
    hostile.clone_into(&mut data.series[0].name);
    hostile.clone_into(&mut data.thresholds[0].label);
    data.unit = "<b onload=x>";
    let svg = trend(&data, &style(1600, 400)).unwrap().svg;
    assert!(
        !svg.contains("<script")
            && !svg.contains("<b ")
            && !svg.contains('\u{0}')
            && !svg.contains('\u{202e}')
    );
    assert!(svg.contains("&lt;/text&gt;&lt;script&gt;"), "{svg}");
    let allowed = ["svg", "g", "text", "polyline", "polygon", "circle"];
    for tag in svg.split('<').skip(1).map(|t| t.trim_start_matches('/')) {
        let name: String = tag.chars().take_while(char::is_ascii_alphabetic).collect();
        assert!(allowed.contains(&name.as_str()), "<{name}>");
    }
}

#[test]
fn the_page_decides_on_the_font_and_no_inline_style_is_needed() {
    let svg = trend(&data(ramp(50)), &style(720, 150)).unwrap().svg;
    assert!(
        svg.contains("font-family=\"inherit\"") && svg.contains("font-size=\"44\""),
        "11 px, drawn at 4×"
    );
    assert_eq!(svg.matches("font-family=").count(), svg.matches("font-family=\"inherit\"").count());
    assert!(!svg.contains("style=") && !svg.contains("href") && !svg.contains("url("));
    assert!(svg.starts_with("<svg ") && svg.ends_with("</svg>"));
    assert!(svg.contains("viewBox=\"0 0 2880 600\"") && svg.contains("width=\"720\""));
    assert!(svg.contains("aria-label=\"Trend: Health score\""));
}

#[test]
fn thresholds_are_dashed_in_their_own_colour_and_labelled() {
    let mut data = data(ramp(50));
    data.thresholds = vec![
        Threshold { value: 30.0, kind: ThresholdKind::Warn, label: "warn".to_owned() },
        Threshold { value: 60.0, kind: ThresholdKind::Critical, label: "alert".to_owned() },
        Threshold { value: 90.0, kind: ThresholdKind::Target, label: "target".to_owned() },
        Threshold { value: f64::NAN, kind: ThresholdKind::Target, label: "never".to_owned() },
    ];
    let svg = trend(&data, &style(720, 300)).unwrap().svg;
    let dashed = svg.split("stroke-dasharray").nth(1).unwrap().split("</g>").next().unwrap();
    for colour in ["#404040", "#505050", "#606060"] {
        assert_eq!(dashed.matches(&format!("stroke=\"{colour}\"")).count(), 1);
        assert_eq!(svg.matches(&format!("fill=\"{colour}\"")).count(), 1);
    }
    assert!(!svg.contains("never"));
}

#[test]
fn a_sparkline_has_no_text() {
    for (width, height) in [(120, 40), (200, 40), (199, 2000), (4000, 79)] {
        let figure = trend(&data(ramp(50)), &style(width, height)).unwrap();
        assert!(!figure.svg.contains("<text"), "{width}×{height}");
        assert_eq!(curves(&figure.svg).len(), 1);
        assert!(figure.plot.width > f64::from(width) * 0.9 && figure.plot.height > f64::from(height) * 0.8);
    }
}

#[test]
fn a_long_history_costs_no_more_than_its_pixels() {
    let figure = trend(&data(ramp(200_000)), &style(720, 150)).unwrap();
    assert!(figure.svg.len() < 120_000, "{} bytes", figure.svg.len());
    let holes = (0..200_000).map(|i| (i % 2 == 0).then_some(50.0)).collect();
    let figure = trend(&data(holes), &style(720, 150)).unwrap();
    assert!(figure.svg.len() < 120_000, "{} bytes", figure.svg.len());
    assert_eq!(figure.times.len(), 200_000, "the numbers behind it stay complete");
}

#[test]
fn a_spike_within_a_step_is_in_the_band_and_on_the_axis() {
    let mut data = data(ramp(40));
    data.series[0].low = data.series[0].values.clone();
    data.series[0].high = data.series[0].values.clone();
    data.series[0].high[20] = Some(95.0);
    data.series[0].low[30] = Some(-40.0);
    data.series[0].high[35] = None;
    let figure = trend(&data, &style(720, 150)).unwrap();
    assert!(figure.y_min <= -40.0, "the axis holds the lowest value: {}", figure.y_min);
    let y_of = |value: f64| {
        figure.plot.top + (figure.y_max - value) / (figure.y_max - figure.y_min) * figure.plot.height
    };
    let bands = points(&figure.svg, "polygon");
    let touches = |y: f64| bands.iter().flatten().any(|point| (point.1 - y).abs() < 0.5);
    assert!(touches(y_of(95.0)) && touches(y_of(-40.0)), "{bands:?}");
    assert_eq!(figure.series[0].high[20], Some(95.0), "what the UI reads has the band too");
    // Area below the line, and the band on both sides of the gap in its upper edge.
    assert!(bands.len() >= 3, "{}", bands.len());
    data.series[0].high.pop();
    let refused = trend(&data, &style(720, 150)).unwrap_err();
    assert_eq!(refused, PlotError::Length { series: 0, values: 39, times: 40 });
}

#[test]
fn several_series_are_lines_without_areas() {
    let mut data = data(ramp(20));
    data.series.push(Series { name: "p90".to_owned(), values: vec![Some(10.0); 20], ..Series::default() });
    let svg = trend(&data, &style(720, 150)).unwrap().svg;
    assert_eq!((curves(&svg).len(), points(&svg, "polygon").len()), (2, 0));
}

#[test]
fn a_wrong_request_is_refused_with_the_field_at_fault() {
    let refused = |data: &TrendData<'_>, style: &FigureStyle| trend(data, style).unwrap_err();
    let good = data(ramp(3));
    for (width, height) in [(119, 40), (120, 39), (4001, 40), (120, 2001), (0, 0), (u32::MAX, u32::MAX)] {
        assert_eq!(refused(&good, &style(width, height)), PlotError::Size { width, height });
    }
    for minutes in [-721, 841, i32::MIN, i32::MAX] {
        let style = FigureStyle { utc_offset_minutes: minutes, ..style(720, 150) };
        assert_eq!(refused(&good, &style), PlotError::UtcOffset(minutes));
    }
    let coloured = FigureStyle { critical: "red;}".to_owned(), ..style(720, 150) };
    assert_eq!(refused(&good, &coloured), PlotError::Colour { field: "critical" });

    let mut bad = good.clone();
    bad.times[2] = bad.times[1];
    assert_eq!(refused(&bad, &style(720, 150)), PlotError::NotIncreasing { index: 2 });
    bad.times[2] = Timestamp(i64::MAX);
    assert_eq!(refused(&bad, &style(720, 150)), PlotError::TimeOutOfRange { index: 2 });
    let mut bad = good;
    bad.series.push(Series { name: "short".to_owned(), values: vec![None], ..Series::default() });
    assert_eq!(refused(&bad, &style(720, 150)), PlotError::Length { series: 1, values: 1, times: 3 });
}

/// What holds for every figure there is.
fn assert_sound(figure: &Figure) {
    let (w, h) = (f64::from(figure.width), f64::from(figure.height));
    assert!(figure.x_min < figure.x_max && figure.y_min < figure.y_max);
    assert!(figure.y_min.is_finite() && figure.y_max.is_finite());
    let plot = &figure.plot;
    assert!(plot.left >= 0.0 && plot.top >= 0.0 && plot.width >= 60.0 && plot.height >= 30.0);
    assert!(plot.left + plot.width <= w && plot.top + plot.height <= h);
    for (x, y) in points(&figure.svg, "polyline").into_iter().chain(points(&figure.svg, "polygon")).flatten()
    {
        assert!((0.0..=w).contains(&x) && (0.0..=h).contains(&y), "({x}, {y}) outside of {w}×{h}");
    }
    for (x, y) in curves(&figure.svg).into_iter().flatten() {
        let inside = (plot.left - 0.5..=plot.left + plot.width + 0.5).contains(&x)
            && (plot.top - 0.5..=plot.top + plot.height + 0.5).contains(&y);
        assert!(inside, "({x}, {y}) outside of {plot:?}");
    }
    assert!(figure.series.iter().flat_map(|s| &s.values).flatten().all(|v| v.is_finite()));
    assert_texts_apart(figure);
}

/// No two texts touch and none leaves the figure, in a font as wide as DejaVu Sans.
fn assert_texts_apart(figure: &Figure) {
    let (w, h) = (f64::from(figure.width), f64::from(figure.height));
    let boxes: Vec<_> = texts(&figure.svg)
        .into_iter()
        .map(|(anchor, x, y, text)| {
            let wide = plain(&text).chars().map(dejavu).sum::<f64>() * 11.0;
            let left = x - match anchor.as_str() {
                "start" => 0.0,
                "middle" => wide / 2.0,
                _ => wide,
            };
            (left, left + wide, y - 5.5, y + 5.5, text)
        })
        .collect();
    for (i, a) in boxes.iter().enumerate() {
        assert!(a.0 >= -0.5 && a.1 <= w + 0.5 && a.2 >= -0.5 && a.3 <= h + 0.5, "{a:?} leaves {w}×{h}");
        for b in &boxes[..i] {
            let overlap = a.0 < b.1 && b.0 < a.1 && a.2 < b.3 && b.2 < a.3;
            assert!(!overlap, "{a:?} covers {b:?} at {w}×{h}");
        }
    }
}

fn plain(text: &str) -> String {
    text.replace("&lt;", "<")
        .replace("&gt;", ">")
        .replace("&quot;", "\"")
        .replace("&apos;", "'")
        .replace("&amp;", "&")
}

/// Advances of DejaVu Sans in em (font units / 2048, rounded up), as far as the texts here need them.
fn dejavu(c: char) -> f64 {
    match c {
        ' ' | '.' | ',' => 0.32,
        ':' => 0.34,
        'i' | 'l' | 'j' => 0.28,
        't' | 'f' => 0.40,
        'r' => 0.42,
        'm' | 'M' => 0.98,
        'w' | '−' | 'N' | '<' | '>' => 0.84,
        '%' => 0.95,
        'c' | 's' | 'k' | 'v' | 'J' => 0.58,
        '0'..='9' | '$' | 'a'..='z' => 0.64,
        'S' | 'F' | 'T' | 'A'..='C' => 0.69,
        '…' => 1.0,
        _ => 0.78,
    }
}

fn value() -> impl Strategy<Value = Option<f64>> {
    prop_oneof![
        6 => (-50.0..150.0f64).prop_map(Some),
        1 => Just(None),
        1 => any::<f64>().prop_map(Some),
        1 => prop::sample::select(vec![f64::NAN, f64::INFINITY, f64::NEG_INFINITY, 0.0, -0.0, f64::MAX, f64::MIN,
            f64::MIN_POSITIVE, 5e-324, 1e15, -1e15]).prop_map(Some),
    ]
}

fn column() -> impl Strategy<Value = Vec<Option<f64>>> {
    prop_oneof![
        prop::collection::vec(value(), 0..120),
        (any::<f64>(), 1..50usize).prop_map(|(v, n)| vec![Some(v); n]),
        (-1e12..1e12f64, 0.0..1e-3f64, 2..50usize)
            .prop_map(|(v, d, n)| (0..n).map(|i| Some(v + d * i as f64)).collect()),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_data_gives_a_sound_figure(
        (width, height) in (120..=4000u32, 40..=2000u32),
        small in any::<bool>(),
        (values, low, high) in (column(), column(), column()),
        step in prop_oneof![1..100_000i64, 1..4_000_000_000i64],
        start in -60_000_000_000_000..250_000_000_000_000i64,
        offset in -720..=840i32,
        y in prop::option::of((any::<f64>(), any::<f64>())),
        unit in prop::sample::select(vec!["percent", "usd", "score", "", "ms", "B"]),
        thresholds in prop::collection::vec((value(), "[a-z0-9 <&]{0,30}"), 0..5),
    ) {
        let (width, height) = if small { (120 + width % 500, 40 + height % 200) } else { (width, height) };
        let data = TrendData {
            times: (0..values.len() as i64).map(|i| Timestamp(start + i * step)).collect(),
            series: vec![Series {
                name: "a".to_owned(),
                low: low.into_iter().chain(std::iter::repeat(None)).take(values.len()).collect(),
                high: high.into_iter().chain(std::iter::repeat(None)).take(values.len()).collect(),
                values,
            }],
            unit,
            y,
            thresholds: thresholds
                .into_iter()
                .map(|(v, label)| Threshold { value: v.unwrap_or(f64::NAN), kind: ThresholdKind::Warn, label })
                .collect(),
        };
        let style = FigureStyle { utc_offset_minutes: offset, ..style(width, height) };
        assert_sound(&trend(&data, &style).unwrap());
    }

    #[test]
    fn no_request_panics(
        (width, height, offset) in (any::<u32>(), any::<u32>(), any::<i32>()),
        colour in ".{0,8}",
        times in prop::collection::vec(any::<i64>(), 0..6),
        values in prop::collection::vec(value(), 0..6),
        (unit, label) in (".{0,20}", ".{0,20}"),
    ) {
        let data = TrendData {
            times: times.into_iter().map(Timestamp).collect(),
            series: vec![Series { name: label.clone(), low: values.clone(), high: vec![], values }],
            unit: &unit,
            y: None,
            thresholds: vec![Threshold { value: 1.0, kind: ThresholdKind::Critical, label }],
        };
        let wild = FigureStyle { width, height, line: colour, utc_offset_minutes: offset, ..style(720, 150) };
        let _ = trend(&data, &wild);
        let _ = trend(&data, &style(300, 100));
    }
}

#[test]
fn a_picture_has_the_size_of_its_figure_its_labels_and_its_paper_on_any_machine() {
    let figure = trend(&data(ramp(60)), &style(300, 120)).unwrap();
    let bytes = aether_plots::png(&figure, "#fefefe", 2.0).unwrap();
    let picture = resvg::tiny_skia::Pixmap::decode_png(&bytes).unwrap();
    assert_eq!((picture.width(), picture.height()), (600, 240));
    let count = |wanted: u8| {
        picture.pixels().iter().filter(|p| (p.red(), p.green(), p.blue()) == (wanted, wanted, wanted)).count()
    };
    assert!(count(0xfe) > 30_000, "the paper");
    assert!(count(0x30) > 100, "the labels: {}", count(0x30));
    assert!(count(0x10) > 300, "the line: {}", count(0x10));
    assert_eq!(aether_plots::png(&figure, "red", 1.0).unwrap_err(), PlotError::Colour { field: "paper" });
    for scale in [0.0, -1.0, f32::NAN, 1e9] {
        assert!(
            matches!(aether_plots::png(&figure, "#ffffff", scale), Err(PlotError::Size { .. })),
            "{scale}"
        );
    }
}
