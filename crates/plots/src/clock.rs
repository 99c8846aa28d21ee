//! The time axis: ticks at times that are round where the reader is, in the words of the range shown.
//!
//! Knows a fixed offset from UTC and no time zone: across a change of daylight saving time, the labels
//! before it are an hour off, as the caller's one offset says.

use aether_contract::Timestamp;
use jiff::civil::{Date, DateTime, Weekday};
use jiff::tz::Offset;

use crate::text;

const SECOND: i64 = 1000;
const MINUTE: i64 = 60 * SECOND;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;
/// 1970-01-05, the first Monday of the epoch: where weeks are counted from.
const MONDAY: i64 = 4 * DAY;

/// Least distance between the ends of two labels, in pixels.
const GAP: f64 = 18.0;
/// Least distance between two ticks, in pixels, on a narrow and on a wide axis.
const PITCH: (f64, f64) = (60.0, 110.0);

/// Distance between two ticks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Step {
    /// Milliseconds, up to a day.
    Clock(i64),
    /// Days.
    Days(i64),
    /// Months, dividing a year.
    Months(i64),
    /// Years.
    Years(i64),
}

const STEPS: &[Step] = &[
    Step::Clock(SECOND),
    Step::Clock(5 * SECOND),
    Step::Clock(10 * SECOND),
    Step::Clock(30 * SECOND),
    Step::Clock(MINUTE),
    Step::Clock(2 * MINUTE),
    Step::Clock(5 * MINUTE),
    Step::Clock(10 * MINUTE),
    Step::Clock(15 * MINUTE),
    Step::Clock(30 * MINUTE),
    Step::Clock(HOUR),
    Step::Clock(2 * HOUR),
    Step::Clock(3 * HOUR),
    Step::Clock(6 * HOUR),
    Step::Clock(12 * HOUR),
    Step::Days(1),
    Step::Days(2),
    Step::Days(3),
    Step::Days(7),
    Step::Days(14),
    Step::Months(1),
    Step::Months(3),
    Step::Months(6),
    Step::Years(1),
    Step::Years(2),
    Step::Years(5),
    Step::Years(10),
    Step::Years(50),
    Step::Years(100),
    Step::Years(500),
    Step::Years(1000),
    Step::Years(5000),
];

impl Step {
    /// Shortest length in milliseconds.
    fn millis(self) -> i64 {
        match self {
            Self::Clock(ms) => ms,
            Self::Days(n) => n * DAY,
            Self::Months(n) => n * 28 * DAY,
            Self::Years(n) => n * 365 * DAY,
        }
    }
}

/// Time and text of the ticks between `from` and `to`, as dense as fits into `pixels` without two labels
/// touching. Both times have to be within the calendar (the caller checks).
pub(crate) fn time_ticks(
    from: Timestamp,
    to: Timestamp,
    offset: Offset,
    pixels: f64,
) -> Vec<(Timestamp, String)> {
    let shift = i64::from(offset.seconds()) * SECOND;
    // Local times as if they were UTC from here on.
    let (from, to) = (from.0.saturating_add(shift), to.0.saturating_add(shift));
    let span = to.saturating_sub(from);
    if span <= 0 {
        return Vec::new();
    }
    let per_ms = pixels / span as f64;
    let least = (pixels / 12.0).clamp(PITCH.0, PITCH.1);
    for step in STEPS {
        let pitch = step.millis() as f64 * per_ms;
        if pitch < least {
            continue;
        }
        let ticks: Vec<_> = starts(*step, from, to)
            .into_iter()
            .filter_map(|at| Some((Timestamp(at - shift), written(*step, at, span)?)))
            .collect();
        let widest = ticks.iter().map(|(_, label)| text::width(label)).fold(0.0, f64::max);
        if pitch >= widest + GAP {
            return ticks;
        }
    }
    Vec::new()
}

/// Round times from `from` to `to`, both included. [`PITCH`] bounds their number.
fn starts(step: Step, from: i64, to: i64) -> Vec<i64> {
    let every = |origin: i64, length: i64| {
        let first = -(origin - from).div_euclid(length); // rounded up
        (first..).map(|n| origin + n * length).take_while(|at| *at <= to).collect()
    };
    match step {
        Step::Clock(ms) => every(0, ms),
        Step::Days(n) if n % 7 == 0 => every(MONDAY, n * DAY),
        Step::Days(n) => every(0, n * DAY),
        Step::Months(n) => firsts_of_month(n, from, to),
        Step::Years(n) => firsts_of_month(12 * n, from, to),
    }
}

/// Midnights of the first days of every `n`th month, counted from January of the year 0.
fn firsts_of_month(n: i64, from: i64, to: i64) -> Vec<i64> {
    let Some(first) = civil(from) else { return Vec::new() };
    let month = i64::from(first.year()) * 12 + i64::from(first.month()) - 1;
    (month.div_euclid(n)..)
        .map_while(|k| {
            let month = k * n;
            let year = i16::try_from(month.div_euclid(12)).ok()?;
            let month = i8::try_from(month.rem_euclid(12) + 1).ok()?;
            let midnight = Date::new(year, month, 1).ok()?.to_datetime(jiff::civil::Time::midnight());
            Some(Offset::UTC.to_timestamp(midnight).ok()?.as_millisecond())
        })
        .skip_while(|at| *at < from)
        .take_while(|at| *at <= to)
        .collect()
}

fn written(step: Step, at: i64, span: i64) -> Option<String> {
    let t = civil(at)?;
    let date = || format!("{} {}", t.day(), month_name(t.month()));
    let clock = || format!("{:02}:{:02}", t.hour(), t.minute());
    Some(match step {
        Step::Years(_) => t.year().to_string(),
        Step::Months(_) => format!("{} {}", month_name(t.month()), t.year()),
        Step::Days(_) => date(),
        Step::Clock(ms) if ms < MINUTE => format!("{}:{:02}", clock(), t.second()),
        Step::Clock(_) if span <= DAY => clock(),
        Step::Clock(_) if span <= 7 * DAY => format!("{} {}", weekday_name(t.weekday()), clock()),
        Step::Clock(_) => format!("{} {}", date(), clock()),
    })
}

fn civil(local_ms: i64) -> Option<DateTime> {
    let at = jiff::Timestamp::from_millisecond(local_ms).ok()?;
    Some(Offset::UTC.to_datetime(at))
}

fn month_name(month: i8) -> &'static str {
    const NAMES: [&str; 12] =
        ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    usize::try_from(month - 1).ok().and_then(|i| NAMES.get(i)).copied().unwrap_or("")
}

fn weekday_name(day: Weekday) -> &'static str {
    match day {
        Weekday::Monday => "Mon",
        Weekday::Tuesday => "Tue",
        Weekday::Wednesday => "Wed",
        Weekday::Thursday => "Thu",
        Weekday::Friday => "Fri",
        Weekday::Saturday => "Sat",
        Weekday::Sunday => "Sun",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labels(from: &str, hours: f64, offset_minutes: i32, pixels: f64) -> Vec<String> {
        let from: jiff::Timestamp = from.parse().unwrap();
        let from = Timestamp(from.as_millisecond());
        let to = from.plus_millis((hours * HOUR as f64) as i64);
        let offset = Offset::from_seconds(offset_minutes * 60).unwrap();
        time_ticks(from, to, offset, pixels).into_iter().map(|t| t.1).collect()
    }

    #[test]
    fn the_range_chooses_the_words() {
        assert_eq!(
            labels("2025-11-11T08:32:00Z", 0.005, 0, 300.0),
            ["08:32:00", "08:32:05", "08:32:10", "08:32:15"]
        );
        assert_eq!(
            labels("2025-11-11T08:32:00Z", 6.0, 0, 500.0),
            ["09:00", "10:00", "11:00", "12:00", "13:00", "14:00"]
        );
        assert_eq!(labels("2025-11-11T08:32:00Z", 24.0, 0, 400.0), ["12:00", "18:00", "00:00", "06:00"]);
        assert_eq!(
            labels("2025-11-11T08:32:00Z", 48.0, 0, 400.0),
            ["Tue 12:00", "Wed 00:00", "Wed 12:00", "Thu 00:00"]
        );
        assert_eq!(labels("2025-11-11T08:32:00Z", 72.0, 0, 300.0), ["12 Nov", "13 Nov", "14 Nov"]);
        assert_eq!(labels("2025-11-11T08:32:00Z", 720.0, 0, 400.0), ["17 Nov", "24 Nov", "1 Dec", "8 Dec"]);
        assert_eq!(labels("2025-11-11T00:00:00Z", 24.0 * 150.0, 0, 600.0)[..2], ["Dec 2025", "Jan 2026"]);
        assert_eq!(labels("2021-11-11T00:00:00Z", 24.0 * 1500.0, 0, 400.0), ["2022", "2023", "2024", "2025"]);
    }

    #[test]
    fn ticks_are_round_where_the_reader_is() {
        // India is 5:30 ahead: a UTC hour would be half past.
        assert_eq!(labels("2025-11-11T08:40:00Z", 3.0, 330, 250.0), ["15:00", "16:00", "17:00"]);
        assert_eq!(labels("2025-11-11T20:00:00Z", 72.0, 330, 250.0), ["13 Nov", "14 Nov", "15 Nov"]);
        assert_eq!(labels("2025-11-11T20:00:00Z", 48.0, -720, 200.0), ["12 Nov", "13 Nov"]);
    }

    #[test]
    fn both_ends_may_carry_a_tick() {
        assert_eq!(labels("2025-11-11T08:00:00Z", 2.0, 0, 220.0), ["08:00", "09:00", "10:00"]);
    }

    #[test]
    fn neighbours_never_touch() {
        for pixels in [80.0, 150.0, 333.0, 900.0, 3950.0] {
            for hours in [0.001, 0.01, 0.25, 1.0, 5.5, 23.0, 25.0, 100.0, 200.0, 800.0, 9000.0, 2e5, 8e7] {
                let from = Timestamp(1_762_850_000_123);
                let span = (hours * HOUR as f64) as i64;
                let ticks = time_ticks(from, from.plus_millis(span), Offset::UTC, pixels);
                for pair in ticks.windows(2) {
                    let apart = pair[1].0.millis_since(pair[0].0) as f64 * pixels / span as f64;
                    let needed = (text::width(&pair[0].1) + text::width(&pair[1].1)) / 2.0;
                    assert!(apart >= needed + GAP - 0.1, "{hours} h on {pixels} px: {pair:?}");
                }
            }
        }
    }
}
