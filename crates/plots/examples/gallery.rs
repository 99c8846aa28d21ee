//! Writes one SVG for each kind of figure, size and palette into a folder, to be looked at after a change:
//! `cargo run -p aether-plots --example gallery -- /tmp/gallery`, then
//! `for f in /tmp/gallery/*.svg; do rsvg-convert -z 2 -b "$(cat "${f%.svg}.bg")" "$f" -o "${f%.svg}.png"; done`

use std::error::Error;
use std::fs;
use std::path::PathBuf;

use aether_contract::{FigureStyle, Timestamp};
use aether_plots::{Series, Threshold, ThresholdKind, TrendData, trend};

const SIZES: [(u32, u32); 4] = [(720, 150), (360, 120), (200, 40), (1600, 400)];
const MINUTE: i64 = 60_000;

fn main() -> Result<(), Box<dyn Error>> {
    let folder = PathBuf::from(std::env::args().nth(1).ok_or("missing argument: output folder")?);
    fs::create_dir_all(&folder)?;
    for (theme, background, palette) in [
        ("dark", "#151a21", ["#ff6b6b", "#262e39", "#7d8a9b", "#f0b429", "#ff6b6b", "#4cc38a"]),
        ("light", "#ffffff", ["#1d5fd1", "#e3e8ef", "#64748b", "#8f5b00", "#c02626", "#137a4b"]),
    ] {
        for (width, height) in SIZES {
            for (name, data) in figures() {
                let [line, grid, text, warn, critical, ok] = palette.map(str::to_owned);
                let style = FigureStyle {
                    width,
                    height,
                    line,
                    grid,
                    text,
                    warn,
                    critical,
                    ok,
                    utc_offset_minutes: 60,
                };
                let stem = folder.join(format!("{name}-{theme}-{width}x{height}"));
                fs::write(stem.with_extension("svg"), trend(&data, &style)?.svg)?;
                fs::write(stem.with_extension("bg"), background)?;
            }
        }
    }
    Ok(())
}

fn figures() -> Vec<(&'static str, TrendData<'static>)> {
    let thresholds = || {
        vec![
            Threshold { value: 80.0, kind: ThresholdKind::Target, label: "target 80".to_owned() },
            Threshold { value: 60.0, kind: ThresholdKind::Critical, label: "alert 60".to_owned() },
        ]
    };
    let scale = Some((0.0, 100.0));
    vec![
        ("health", data(288, 5, "score", scale, thresholds(), |i| Some(84.0 - (i - 210.0).max(0.0) * 0.35))),
        (
            "gaps",
            data(120, 3, "percent", scale, thresholds(), |i| {
                (!(30.0..45.0).contains(&i) && i != 70.0 && i != 72.0).then_some(40.0 + i * 0.1)
            }),
        ),
        (
            "cost",
            data(
                720,
                60,
                "usd",
                None,
                vec![Threshold {
                    value: 50.0,
                    kind: ThresholdKind::Warn,
                    label: "target < $50 & <b>".to_owned(),
                }],
                |i| Some(20.0 + i * 0.06),
            ),
        ),
        ("dense", data(20_000, 1, "percent", scale, thresholds(), |i| Some(50.0 + (i / 900.0).sin() * 30.0))),
        ("big", data(200, 1, "B", None, Vec::new(), |i| Some(1.0e9 + i * 1.7e7))),
        ("negative", data(200, 15, "ms", None, Vec::new(), |i| Some((i / 20.0).sin() * 40.0))),
        ("nothing", data(200, 2, "percent", scale, thresholds(), |_| None)),
        ("single", data(1, 2, "percent", scale, thresholds(), |_| Some(47.0))),
    ]
}

fn data(
    count: i64,
    minutes: i64,
    unit: &'static str,
    y: Option<(f64, f64)>,
    thresholds: Vec<Threshold>,
    shape: impl Fn(f64) -> Option<f64>,
) -> TrendData<'static> {
    let start = 1_762_849_800_000 - count * minutes * MINUTE;
    let times = (0..count).map(|i| Timestamp(start + i * minutes * MINUTE)).collect();
    // A little noise, the same on every run.
    let (mut seed, mut drift) = (7u64, 0.0);
    let values = (0..count)
        .map(|i| {
            seed = seed * 16_807 % 2_147_483_647;
            drift = drift * 0.93 + (seed as f64 / 2_147_483_647.0 - 0.5) * 4.0;
            shape(i as f64).map(|v| v + drift * (v.abs() / 100.0).max(0.3))
        })
        .collect();
    TrendData {
        times,
        series: vec![Series { name: "Health score".to_owned(), values, ..Series::default() }],
        unit,
        y,
        thresholds,
    }
}
