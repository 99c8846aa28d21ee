//! Trends show what happened: single samples out of a month are in the band and in the numbers.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test ends with what it expected"
)]

use aether_clients::prometheus::QueryValue;
use aether_contract::*;
use aether_foundation::testing::figure_style;
use aether_panel::{Panel, paths::Home};
use aether_tests::{
    history, missing,
    stack::{panel, write_profile},
};

const DAY: i64 = 86_400;
/// Seconds between two samples.
const APART: i64 = 60;

/// The value of a series at a time. One sample of each is far out.
fn value(series: &str, at: i64, now: i64) -> f64 {
    let wave = 60.0 + ((at / 3600) % 7) as f64;
    match series {
        "recorded:ratio:5m" if at == now - 17 * DAY - 5 * 3600 - 7 * APART => 11.96,
        "recorded:ratio:5m" if at == now - 3 * DAY - 11 * APART => 91.6,
        // A night without traffic in every five.
        "recorded:gaps:5m" if (now - at) % (5 * DAY) < 6 * 3600 => f64::NAN,
        "recorded:gaps:5m" if at == now - 12 * DAY + 13 * APART => 2.5,
        "recorded:gaps:5m" if at == now - 22 * DAY - 3 * APART => 99.5,
        _ => wave,
    }
}

const SERIES: [&str; 3] = ["recorded:ratio:5m", "recorded:gaps:5m", "raw_value"];

fn samples(now: i64) -> String {
    let mut text = String::new();
    for series in SERIES {
        text.push_str(&format!("# TYPE {series} gauge\n"));
        for at in (now - 30 * DAY..now).step_by(APART as usize) {
            text.push_str(&format!("{series} {} {at}\n", value(series, at, now)));
        }
    }
    text
}

fn gauge(id: &str, query: &str) -> String {
    format!(
        "[[gauges]]\nid = \"{id}\"\ntitle = \"{id}\"\nquery = \"{query}\"\nunit = \"percent\"\nmin = 0\nmax = 100\n\
         warn = 50\ncritical = 30\nhigher_is_better = true\n"
    )
}

async fn figure(panel: &Panel, id: &str, hours: f64) -> GaugeFigure {
    let style = figure_style(720, 160);
    let request = GaugeFigureRequest { id: id.into(), tenant: None, hours, details: true, style };
    panel.gauge_figure(request).await.unwrap()
}

fn extremes(figure: &GaugeFigure) -> (f64, f64) {
    let column = |values: &[Option<f64>]| values.iter().flatten().copied().collect::<Vec<f64>>();
    let [series] = figure.figure.series.as_slice() else { panic!("one series") };
    let low = column(&series.low).into_iter().fold(f64::INFINITY, f64::min);
    let high = column(&series.high).into_iter().fold(f64::NEG_INFINITY, f64::max);
    (low, high)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_single_sample_of_a_month_is_in_the_band_and_in_the_numbers() {
    if let Some(program) = missing(history::NEEDS) {
        return eprintln!("skipped: {program} is not installed");
    }
    let folder = tempfile::tempdir().unwrap();
    let now = history::now(APART);
    let prometheus = history::prometheus(&folder.path().join("prometheus"), &samples(now)).await.unwrap();
    let home = Home::at(&folder.path().join("home"));
    let gauges = [
        gauge("recorded", "recorded:ratio:5m"),
        gauge("gaps", "recorded:gaps:5m"),
        gauge("computed", "recorded:ratio:5m * 2 / 2"),
        gauge("scalar", "scalar(recorded:ratio:5m)"),
        gauge("absent", "no_such_series"),
    ]
    .concat();
    write_profile(&home, &format!("name = \"test\"\n{gauges}[prometheus]\nurl = \"{}\"\n", prometheus.url()))
        .unwrap();
    let panel = panel(home).await.unwrap();
    panel.refresh_and_wait().await;
    let client = aether_clients::Prometheus::new(aether_clients::Endpoint::plain(
        prometheus.url().parse().expect("an address"),
    ))
    .unwrap();
    let truth = async |function: &str, series: &str| {
        let query = format!("{function}({series}[30d])");
        let QueryValue::Vector(samples) = client.instant(&query, None).await.unwrap().value.value else {
            panic!("no vector")
        };
        samples[0].value
    };

    for (id, lowest, highest) in [
        ("recorded", now - 17 * DAY - 5 * 3600 - 7 * APART, now - 3 * DAY - 11 * APART),
        ("gaps", now - 12 * DAY + 13 * APART, now - 22 * DAY - 3 * APART),
        ("computed", now - 17 * DAY - 5 * 3600 - 7 * APART, now - 3 * DAY - 11 * APART),
        ("scalar", now - 17 * DAY - 5 * 3600 - 7 * APART, now - 3 * DAY - 11 * APART),
    ] {
        let series = if id == "gaps" { "recorded:gaps:5m" } else { "recorded:ratio:5m" };
        let drawn = figure(&panel, id, 720.0).await;
        let (low, high) = (drawn.lowest.expect("a lowest value"), drawn.highest.expect("a highest value"));
        let (least, most) = (truth("min_over_time", series).await, truth("max_over_time", series).await);
        assert_eq!(extremes(&drawn), (low.value, high.value), "{id}: the band");
        if drawn.note.is_empty() {
            assert_eq!((low.value, high.value), (least, most), "{id}");
            // A sample is seen by evaluations until the next one.
            let seen = |at: Timestamp, sample: i64| {
                (0..APART * 1000).contains(&at.millis_since(Timestamp(sample * 1000)))
            };
            assert!(seen(low.at, lowest), "{id}: {} and not {lowest}", low.at.0);
            assert!(seen(high.at, highest), "{id}: {} and not {highest}", high.at.0);
        } else {
            // A slow server is not asked for all evaluations of an expression, and that is said.
            assert!(id == "computed" || id == "scalar", "{id}: {}", drawn.note);
            assert!(low.value >= least && high.value <= most, "{id}");
        }
        let median = drawn.median.expect("a median");
        assert!((60.0..=66.0).contains(&median), "{id}: {median}");
        let [line] = drawn.figure.series.as_slice() else { panic!("one series") };
        let means: Vec<f64> = line.values.iter().flatten().copied().collect();
        assert!(
            means.len() > 150 && means.iter().all(|mean| (58.0..=70.0).contains(mean)),
            "{id}: {means:?}"
        );
    }
    // The line is broken where there was no traffic, and the numbers skip it.
    let drawn = figure(&panel, "gaps", 720.0).await;
    assert!(drawn.figure.series[0].values.iter().any(Option::is_none));
    let drawn = figure(&panel, "absent", 720.0).await;
    assert_eq!((drawn.lowest, drawn.median, drawn.highest, drawn.last), (None, None, None, None));

    // The sparkline has a band, and "now" is the reading that the gauge shows.
    let snapshot = panel.snapshot(Empty {}).await.unwrap();
    let shown = snapshot.gauges.iter().find(|gauge| gauge.spec.id == "recorded").unwrap();
    assert_eq!((shown.spark.len(), shown.spark_low.len(), shown.spark_high.len()), (48, 48, 48));
    for hours in [0.25, 6.0, 24.0, 168.0] {
        assert_eq!(figure(&panel, "recorded", hours).await.last, shown.value, "{hours} h");
    }
    panel.shutdown().await;
}
