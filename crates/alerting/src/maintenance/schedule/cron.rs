//! A cron expression in a time zone. Pure.

use aether_contract::{ErrorCode, PanelError, SchedulePreview, SchedulePreviewRequest, Timestamp};
use croner::{
    Cron,
    parser::{CronParser, Seconds, Year},
};
use jiff::{Zoned, tz::TimeZone};

/// Dates that a preview shows.
pub(super) const SHOWN: usize = 5;
/// Longest expression, in bytes.
const MAX_CRON: usize = 200;

/// A cron expression with its time zone.
pub(super) struct CronSchedule {
    cron: Cron,
    zone: TimeZone,
}

impl CronSchedule {
    /// Reads an expression and the name of a zone; an empty one is this machine's.
    ///
    /// # Errors
    /// `invalid-request` that says what is wrong with which, or that no date fits.
    pub fn parse(cron: &str, time_zone: &str) -> Result<Self, PanelError> {
        if cron.len() > MAX_CRON {
            return Err(refuse(format!("The cron expression is longer than {MAX_CRON} characters.")));
        }
        let parsed = parser().parse(cron).map_err(|error| located(cron, &error.to_string()))?;
        for (field, (column, text)) in FIELDS.iter().zip(fields(cron)) {
            if let Some(step) = too_wide(field, text) {
                return Err(refuse(format!(
                    "Invalid cron expression: the {} field \"{text}\", at column {column}, has the step {step}, \
                        but there are only {} values: it would match {} only, not every {step}.",
                    field.name, field.count, field.first
                ))
                .with_detail(format!("column {column}"))
                .with_hint("For a longer interval, list the times, or use several schedules."));
            }
        }
        let name = time_zone.trim();
        let zone = if name.is_empty() { Ok(TimeZone::system()) } else { TimeZone::get(name) };
        let zone = zone.map_err(|_| {
            refuse(format!("Unknown time zone \"{}\".", name.chars().take(60).collect::<String>()))
                .with_hint("Use a name such as Europe/Berlin, America/New_York or UTC.")
        })?;
        Ok(Self { cron: parsed, zone })
    }

    /// The next begins after a moment. Across the change to daylight saving a time that does not exist moves
    /// to the first that does, and one that exists twice counts once.
    pub fn after(&self, from: Timestamp, count: usize) -> Vec<Timestamp> {
        let Ok(from) = jiff::Timestamp::from_millisecond(from.0) else { return Vec::new() };
        let mut found: Vec<Zoned> = Vec::new();
        // An hour that exists twice may give each of its times twice.
        for next in self.cron.iter_after(from.to_zoned(self.zone.clone())).take(count.saturating_mul(2)) {
            if found.last().is_none_or(|last| last.datetime() != next.datetime()) {
                found.push(next);
            }
        }
        found.truncate(count);
        found.iter().map(|at| Timestamp(at.timestamp().as_millisecond())).collect()
    }

    /// The expression in words.
    pub fn words(&self) -> String {
        let mut words = self.cron.describe();
        let pattern = &self.cron.pattern;
        let all = [&pattern.minutes, &pattern.hours, &pattern.days, &pattern.months, &pattern.days_of_week];
        let text = self.cron.pattern.to_string();
        for ((field, values), (_, text)) in FIELDS.iter().zip(all).zip(fields(&text)) {
            // "Every 40 minutes" is not what it does: it starts over with each hour.
            if text.split(',').filter_map(step).any(|step| step > 1 && field.count % step != 0) {
                let values: Vec<String> = values.values().iter().map(u16::to_string).collect();
                words.push_str(&format!("; {} {} of each {}", field.name, values.join(", "), field.cycle));
            }
        }
        words
    }

    /// The zone's IANA name: a laptop that travels does not move a window.
    pub fn zone(&self) -> &str {
        self.zone.iana_name().unwrap_or("UTC")
    }

    /// A moment on the zone's clock, with its offset: daylight saving shows.
    pub fn local(&self, at: Timestamp) -> String {
        jiff::Timestamp::from_millisecond(at.0)
            .map(|at| at.to_zoned(self.zone.clone()).strftime("%a %Y-%m-%d %H:%M %:z").to_string())
            .unwrap_or_default()
    }
}

/// A field of an expression.
struct Field {
    name: &'static str,
    /// How many values it has.
    count: u16,
    /// The first of them.
    first: u16,
    /// After which it starts over.
    cycle: &'static str,
}

const FIELDS: [Field; 5] = [
    Field { name: "minute", count: 60, first: 0, cycle: "hour" },
    Field { name: "hour", count: 24, first: 0, cycle: "day" },
    Field { name: "day of month", count: 31, first: 1, cycle: "month" },
    Field { name: "month", count: 12, first: 1, cycle: "year" },
    Field { name: "day of week", count: 7, first: 0, cycle: "week" },
];

fn parser() -> CronParser {
    CronParser::builder().seconds(Seconds::Disallowed).year(Year::Disallowed).build()
}

/// The fields of an expression with their columns, counted from 1.
fn fields(cron: &str) -> Vec<(usize, &str)> {
    let place = |field: &str| field.as_ptr() as usize - cron.as_ptr() as usize;
    let column = |field: &str| cron.get(..place(field)).map_or(1, |before| before.chars().count() + 1);
    cron.split_whitespace().map(|field| (column(field), field)).collect()
}

/// The step of a part of a field.
fn step(part: &str) -> Option<u16> {
    part.split_once('/').and_then(|(_, step)| step.trim().parse().ok())
}

/// A step after which no second value follows.
fn too_wide(field: &Field, text: &str) -> Option<u16> {
    text.split(',').filter_map(step).find(|step| *step >= field.count)
}

/// An error of the parser, with the field that it is about and where that stands.
fn located(cron: &str, error: &str) -> PanelError {
    const HINT: &str = "Use five fields: minute, hour, day of month, month, day of week. \
        Example, Sundays at 2:30: 30 2 * * 0";
    let error = error.trim_end_matches('.');
    let fields = fields(cron);
    let alone = |index: usize, text: &str| {
        let mut all = ["*"; 5];
        if let Some(one) = all.get_mut(index) {
            *one = text;
        }
        parser().parse(&all.join(" "))
    };
    let wrong = fields.iter().enumerate().find(|(index, (_, text))| alone(*index, text).is_err());
    let ((index, (column, text)), field) = match wrong {
        Some((index, found)) if fields.len() == FIELDS.len() => match FIELDS.get(index) {
            Some(field) => ((index, found), field),
            None => return refuse(format!("Invalid cron expression: {error}.")).with_hint(HINT),
        },
        _ => return refuse(format!("Invalid cron expression: {error}.")).with_hint(HINT),
    };
    // A range over the end of the week or the hour can be written as two.
    let turned = text.split(',').find_map(|part| {
        let (from, to) = part.split_once('-')?;
        let split = format!("{from},{to}");
        (alone(index, part).is_err() && alone(index, &split).is_ok()).then_some((from, to))
    });
    let message = match turned {
        Some((from, to)) => format!("the range {from}-{to} ends before it begins"),
        None => error.to_owned(),
    };
    let hint = match turned {
        Some((from, to)) if field.name == "day of week" => {
            format!("For {from} through {to} of the next week, write {from}-SUN,MON-{to}.")
                .replace("MON-MON", "MON")
        }
        Some(_) => "Write it as two ranges, separated by a comma.".to_owned(),
        None => HINT.to_owned(),
    };
    refuse(format!(
        "Invalid cron expression: {message}, in the {} field \"{text}\", at column {column}.",
        field.name
    ))
    .with_detail(format!("column {column}"))
    .with_hint(hint)
}

pub(super) fn refuse(message: impl Into<String>) -> PanelError {
    PanelError::new(ErrorCode::InvalidRequest, "schedule", message)
}

/// The next dates of an expression.
///
/// # Errors
/// `invalid-request` that says what is wrong with the expression or the time zone.
pub fn preview(request: &SchedulePreviewRequest, now: Timestamp) -> Result<SchedulePreview, PanelError> {
    let rhythm = CronSchedule::parse(&request.cron, &request.time_zone)?;
    let next = rhythm.after(now, SHOWN);
    if next.is_empty() {
        return Err(refuse("This cron expression never matches a date."));
    }
    Ok(SchedulePreview {
        description: rhythm.words(),
        time_zone: rhythm.zone().to_owned(),
        local: next.iter().map(|at| rhythm.local(*at)).collect(),
        next,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        Timestamp(text.parse::<jiff::Timestamp>().unwrap().as_millisecond())
    }

    fn next(cron: &str, zone: &str, from: &str, count: usize) -> Vec<String> {
        let rhythm = CronSchedule::parse(cron, zone).unwrap();
        rhythm.after(at(from), count).into_iter().map(|at| rhythm.local(at)).collect()
    }

    #[test]
    fn dates_are_those_of_the_time_zone_and_keep_their_wall_clock_over_daylight_saving() {
        // Europe changes on 2026-03-29.
        assert_eq!(
            next("0 9 * * 1", "Europe/Berlin", "2026-03-20T00:00:00Z", 3),
            ["Mon 2026-03-23 09:00 +01:00", "Mon 2026-03-30 09:00 +02:00", "Mon 2026-04-06 09:00 +02:00"]
        );
        assert_eq!(next("0 0 1 * *", "UTC", "2026-12-31T23:59:59Z", 1), ["Fri 2027-01-01 00:00 +00:00"]);
        assert_eq!(next("0 9 29 2 *", "UTC", "2026-01-01T00:00:00Z", 1), ["Tue 2028-02-29 09:00 +00:00"]);
    }

    #[test]
    fn an_hour_that_does_not_exist_is_not_lost_and_one_that_exists_twice_counts_once() {
        // 02:30 does not exist on 2026-03-29 in Berlin, and exists twice on 2026-10-25.
        let spring = next("30 2 * * *", "Europe/Berlin", "2026-03-28T12:00:00Z", 2);
        assert_eq!(spring.len(), 2);
        assert!(spring[0].starts_with("Sun 2026-03-29 03:"), "{spring:?}");
        assert_eq!(spring[1], "Mon 2026-03-30 02:30 +02:00");
        let autumn = next("30 2 * * *", "Europe/Berlin", "2026-10-24T12:00:00Z", 2);
        assert_eq!(autumn, ["Sun 2026-10-25 02:30 +02:00", "Mon 2026-10-26 02:30 +01:00"]);
    }

    #[test]
    fn step_that_no_field_holds_and_turned_range_are_refused_with_their_column() {
        for (cron, column, word) in [
            ("*/90 * * * *", "column 1", "minute"),
            ("0 */24 * * *", "column 3", "hour"),
            ("0  9 * * FRI-MON", "column 10", "day of week"),
            ("0 22-6 * * *", "column 3", "hour"),
            ("0 9 32 * *", "column 5", "day of month"),
            ("0 9 * 13 *", "column 7", "month"),
            ("x 9 * * *", "column 1", "minute"),
        ] {
            let error = CronSchedule::parse(cron, "UTC").err().unwrap();
            assert_eq!(error.detail, column, "{cron}: {error}");
            assert!(error.message.contains(word) && error.message.contains(column), "{cron}: {error}");
        }
        let error = CronSchedule::parse("0 9 * * FRI-MON", "UTC").err().unwrap();
        assert!(error.hint.contains("FRI-SUN,MON."), "{}", error.hint);
        assert!(CronSchedule::parse("0 9 * * FRI-SUN,MON", "UTC").is_ok());
    }

    #[test]
    fn step_that_does_not_divide_its_field_is_described_as_what_it_does() {
        let words = |cron: &str| CronSchedule::parse(cron, "UTC").unwrap().words();
        assert!(words("*/40 * * * *").contains("minute 0, 40 of each hour"), "{}", words("*/40 * * * *"));
        assert!(words("0 */9 * * *").contains("hour 0, 9, 18 of each day"), "{}", words("0 */9 * * *"));
        assert!(words("0 9 */15 * *").contains("day of month 1, 16, 31 of each month"));
        for even in ["*/15 * * * *", "0 */6 * * *", "0 9 * * 1"] {
            assert!(!words(even).contains("of each"), "{}", words(even));
        }
    }

    #[test]
    fn what_is_no_expression_or_zone_is_told() {
        for (cron, zone, word) in [
            ("", "UTC", "Invalid cron expression"),
            ("61 * * * *", "UTC", "Invalid cron expression"),
            ("0 9 * *", "UTC", "Invalid cron expression"),
            ("0 0 9 * * 1", "UTC", "Invalid cron expression"),
            ("0 9 * * 1", "Mars/Olympus", "Unknown time zone"),
            ("0 0 31 2 *", "UTC", "never matches a date"),
        ] {
            let request = SchedulePreviewRequest { cron: cron.into(), time_zone: zone.into() };
            let error = preview(&request, at("2026-01-01T00:00:00Z")).unwrap_err();
            assert!(error.message.contains(word), "{cron} {zone}: {error}");
        }
        let request = SchedulePreviewRequest { cron: "30 2 * * 0".into(), time_zone: "Europe/Berlin".into() };
        let shown = preview(&request, at("2026-01-01T00:00:00Z")).unwrap();
        assert_eq!((shown.next.len(), shown.time_zone.as_str()), (5, "Europe/Berlin"));
        assert!(!shown.description.is_empty());
    }
}
