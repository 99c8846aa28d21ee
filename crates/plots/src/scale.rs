//! The value axis: its range, its ticks at round values, and how they are written.
//!
//! Works in plain `f64` with a smallest and a largest magnitude, so that no range is empty, infinite or
//! finer than a float can tell apart.

/// Values are drawn no further out than this; beyond it a span could overflow.
const HUGE: f64 = 1e150;
/// Smaller magnitudes count as zero.
const TINY: f64 = 1e-100;
/// Narrowest span, relative to the magnitude.
const NARROW: f64 = 1e-9;

/// A value axis. `min < max`, both finite.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct ValueAxis {
    pub min: f64,
    pub max: f64,
    /// Value and text of each tick, from below.
    pub ticks: Vec<(f64, String)>,
}

/// What is drawn for `value`, `None` if it is not a number.
pub(crate) fn drawable(value: f64) -> Option<f64> {
    value.is_finite().then(|| value.clamp(-HUGE, HUGE))
}

/// The axis for `values` (finite ones count), showing at least `wanted`, with about `ticks` steps.
pub(crate) fn value_axis(
    values: impl Iterator<Item = f64>,
    wanted: Option<(f64, f64)>,
    ticks: u32,
    unit: &str,
) -> ValueAxis {
    let found = values
        .filter_map(drawable)
        .map(|v| if v.abs() < TINY { 0.0 } else { v })
        .fold(None, |range: Option<(f64, f64)>, v| {
            Some(range.map_or((v, v), |(lo, hi)| (lo.min(v), hi.max(v))))
        });
    let wanted =
        wanted.and_then(|(a, b)| Some((drawable(a)?, drawable(b)?))).map(|(a, b)| (a.min(b), a.max(b)));
    let wanted = wanted.filter(|(lo, hi)| hi - lo > (lo.abs().max(hi.abs()) * NARROW).max(TINY));
    let (lo, hi) = match (found, wanted) {
        (None, None) => (0.0, 1.0),
        (None, Some(w)) => w,
        (Some((lo, hi)), None) => widened(lo, hi),
        (Some((lo, hi)), Some((a, b))) => (lo.min(a), hi.max(b)),
    };
    let step = nice_step((hi - lo) / f64::from(ticks.max(1)));
    // An end that the caller asked for stays where it is; one that the data moved goes to a round value.
    let min = if wanted.is_some_and(|w| w.0 <= lo) { lo } else { (lo / step).floor() * step };
    let max = if wanted.is_some_and(|w| w.1 >= hi) { hi } else { (hi / step).ceil() * step };
    let first = (min / step - 1e-6).ceil();
    let at: Vec<f64> = (0..=ticks.saturating_add(3))
        .map(|i| (first + f64::from(i)) * step)
        .take_while(|v| *v <= max + step * 1e-6)
        .map(|v| if v == 0.0 { 0.0 } else { v }) // no "-0"
        .collect();
    let texts = tick_texts(&at, step, unit);
    ValueAxis { min, max, ticks: at.into_iter().zip(texts).collect() }
}

/// A range with room around a constant, and with zero in it where zero is near.
fn widened(lo: f64, hi: f64) -> (f64, f64) {
    let magnitude = lo.abs().max(hi.abs());
    if magnitude == 0.0 {
        return (0.0, 1.0);
    }
    if hi - lo <= magnitude * NARROW {
        let room = magnitude * 0.1;
        return (lo - room, hi + room);
    }
    if lo > 0.0 && lo <= hi * 0.4 {
        return (0.0, hi);
    }
    if hi < 0.0 && hi >= lo * 0.4 {
        return (lo, 0.0);
    }
    (lo, hi)
}

/// The next of 1, 2, 2.5, 5 × 10ⁿ; 2.5 only where it stays a whole number.
fn nice_step(raw: f64) -> f64 {
    let power = 10f64.powf(raw.log10().floor());
    let steps: &[f64] = if power >= 10.0 { &[1.0, 2.0, 2.5, 5.0] } else { &[1.0, 2.0, 5.0] };
    steps.iter().map(|s| s * power).find(|s| *s >= raw * (1.0 - 1e-9)).unwrap_or(power * 10.0)
}

/// Large numbers get one suffix for the whole axis, so that neighbours can be compared at a glance.
fn tick_texts(ticks: &[f64], step: f64, unit: &str) -> Vec<String> {
    let largest = ticks.iter().fold(0.0f64, |m, v| m.max(v.abs()));
    let billion = if unit == "usd" { "B" } else { "G" };
    let scaled = [(1e12, "T"), (1e9, billion), (1e6, "M"), (1e3, "k")]
        .into_iter()
        .find(|(size, suffix)| largest >= *size && (largest >= 1e4 || *suffix != "k"))
        .filter(|_| largest < 1e15);
    let exact = |size: f64, most: usize| {
        (0..=most).find(|d| {
            let unit = 10f64.powi(-(*d as i32)) * size;
            ticks.iter().all(|v| ((v / unit).round() * unit - v).abs() < step * 1e-3)
        })
    };
    if let Some((size, suffix)) = scaled
        && let Some(digits) = exact(size, 3)
    {
        return ticks
            .iter()
            .map(|v| {
                if *v == 0.0 {
                    with_unit(0.0, 0, "", unit)
                } else {
                    with_unit(v / size, digits, suffix, unit)
                }
            })
            .collect();
    }
    if largest < 1e15
        && let Some(digits) = exact(1.0, 6)
    {
        return ticks.iter().map(|v| with_unit(*v, digits, "", unit)).collect();
    }
    // Far from everyday numbers: as short as tells the ticks apart.
    let digits =
        (0..12).find(|d| ticks.iter().all(|v| (*v - parsed(*v, *d)).abs() < step * 1e-3)).unwrap_or(12);
    ticks.iter().map(|v| decorate(&format!("{:.digits$e}", v.abs()), *v < 0.0, unit)).collect()
}

fn parsed(value: f64, digits: usize) -> f64 {
    format!("{value:.digits$e}").parse().unwrap_or(f64::INFINITY)
}

fn with_unit(value: f64, digits: usize, suffix: &str, unit: &str) -> String {
    if unit.starts_with('B') && !suffix.is_empty() {
        // Bytes are written "2 GB", not "2G B".
        return decorate(&format!("{:.digits$}", value.abs()), value < 0.0, &format!("{suffix}{unit}"));
    }
    decorate(&format!("{:.digits$}{suffix}", value.abs()), value < 0.0, unit)
}

/// Sign and unit around a number: `50 %`, `−$50`, `50`, `50 ms`.
fn decorate(number: &str, negative: bool, unit: &str) -> String {
    let sign = if negative { "−" } else { "" };
    match unit {
        "percent" => format!("{sign}{number} %"),
        "usd" => format!("{sign}${number}"),
        "score" => format!("{sign}{number}"),
        other => match crate::text::clean(other, 12) {
            unit if unit.is_empty() => format!("{sign}{number}"),
            unit => format!("{sign}{number} {unit}"),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn axis(values: &[f64], wanted: Option<(f64, f64)>, ticks: u32, unit: &str) -> (f64, f64, Vec<String>) {
        let a = value_axis(values.iter().copied(), wanted, ticks, unit);
        (a.min, a.max, a.ticks.into_iter().map(|t| t.1).collect())
    }

    #[test]
    fn ticks_are_round_and_carry_their_unit() {
        let scale = Some((0.0, 100.0));
        assert_eq!(axis(&[38.4], scale, 3, "percent"), (0.0, 100.0, strings(&["0 %", "50 %", "100 %"])));
        assert_eq!(
            axis(&[61.0], Some((0.0, 200.0)), 4, "usd").2,
            strings(&["$0", "$50", "$100", "$150", "$200"])
        );
        assert_eq!(axis(&[57.0], scale, 5, "score").2, strings(&["0", "20", "40", "60", "80", "100"]));
        assert_eq!(axis(&[0.0, 0.9], None, 3, "s"), (0.0, 1.0, strings(&["0.0 s", "0.5 s", "1.0 s"])));
        assert_eq!(axis(&[-3.0, 4.0], None, 3, "usd"), (-5.0, 5.0, strings(&["−$5", "$0", "$5"])));
        assert_eq!(
            axis(&[0.0, 12_500.0], None, 3, "usd"),
            (0.0, 15_000.0, strings(&["$0", "$5k", "$10k", "$15k"]))
        );
        assert_eq!(axis(&[0.0, 2.4e9], None, 3, "").2, strings(&["0", "1G", "2G", "3G"]));
        assert_eq!(axis(&[0.0, 2.4e9], None, 3, "usd").2.last().unwrap(), "$3B");
        assert_eq!(axis(&[0.0, 2.4e9], None, 3, "B/s").2, strings(&["0 B/s", "1 GB/s", "2 GB/s", "3 GB/s"]));
        assert_eq!(axis(&[], None, 2, "").2, strings(&["0.0", "0.5", "1.0"]));
    }

    #[test]
    fn a_value_past_the_wanted_scale_widens_it_to_a_round_value() {
        assert_eq!(axis(&[130.0], Some((0.0, 100.0)), 3, "percent").1, 150.0);
        assert_eq!(axis(&[50.0], Some((0.0, 90.0)), 3, "percent"), (0.0, 90.0, strings(&["0 %", "50 %"])));
        assert_eq!(axis(&[-4.0], Some((0.0, 100.0)), 5, "").0, -25.0);
    }

    #[test]
    fn a_useless_scale_is_fitted_to_the_data_instead() {
        for wanted in [Some((5.0, 5.0)), Some((f64::NAN, 1.0)), Some((0.0, f64::INFINITY)), None] {
            let (min, max, _) = axis(&[10.0, 20.0], wanted, 4, "");
            assert!(min <= 10.0 && (20.0..40.0).contains(&max), "{wanted:?}: {min}..{max}");
        }
        assert_eq!(axis(&[3.0], Some((100.0, 0.0)), 3, "").0, 0.0, "a reversed scale is turned round");
    }

    #[test]
    fn neighbouring_ticks_never_read_the_same() {
        let ranges = [
            (1e9, 1e9 + 5.0),
            (0.0, 1e-7),
            (1e15, 1e15 + 4.0),
            (1e14, 1e14 + 1e9),
            (-1e300, 1e300),
            (123.456, 123.457),
            (9_999.0, 10_001.0),
            (0.0, 1e-200),
            (7.0, 7.0),
        ];
        for (lo, hi) in ranges {
            let (min, max, texts) = axis(&[lo, hi], None, 4, "");
            assert!(min < max && (2..9).contains(&texts.len()), "{lo}..{hi}: {min} {max} {texts:?}");
            let mut distinct = texts.clone();
            distinct.dedup();
            assert_eq!(distinct, texts, "{lo}..{hi}");
        }
    }

    fn strings(texts: &[&str]) -> Vec<String> {
        texts.iter().map(|t| (*t).to_owned()).collect()
    }
}
