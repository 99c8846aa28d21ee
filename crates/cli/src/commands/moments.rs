//! Times as users type them: `17:30`, `2026-12-01T17:30`, `2026-12-01T17:30:00+01:00`.

use aether_contract::{PanelError, Timestamp};
use jiff::{ToSpan, Zoned, civil};

use crate::usage::usage;

/// Parses a time; a time without a date is the next occurrence.
///
/// # Errors
/// The expected formats.
pub fn parse(text: &str, option: &str) -> Result<Timestamp, PanelError> {
    read(text.trim(), &Zoned::now()).ok_or_else(|| {
        usage(&format!(
            "{option}: invalid time \"{}\". Use 17:30, 2026-12-01T17:30 or 2026-12-01T17:30:00+01:00.",
            text.chars().take(40).collect::<String>()
        ))
    })
}

fn read(text: &str, now: &Zoned) -> Option<Timestamp> {
    if let Ok(exact) = text.parse::<jiff::Timestamp>() {
        return Some(Timestamp(exact.as_millisecond()));
    }
    let zone = now.time_zone().clone();
    if let Ok(date) = text.replacen(' ', "T", 1).parse::<civil::DateTime>()
        && text.contains('-')
    {
        return Some(Timestamp(date.to_zoned(zone).ok()?.timestamp().as_millisecond()));
    }
    let time: civil::Time = text.parse().ok()?;
    let today = now.date().to_datetime(time).to_zoned(zone.clone()).ok()?;
    let next = if today > *now {
        today
    } else {
        now.date().checked_add(1.day()).ok()?.to_datetime(time).to_zoned(zone).ok()?
    };
    Some(Timestamp(next.timestamp().as_millisecond()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_alone_is_the_next_one_and_a_date_is_local() {
        let now: Zoned = "2026-03-28T18:00:00+01:00[Europe/Berlin]".parse().unwrap();
        let told = |text: &str| {
            read(text, &now).map(|at| jiff::Timestamp::from_millisecond(at.0).unwrap().to_string())
        };
        assert_eq!(told("19:30").as_deref(), Some("2026-03-28T18:30:00Z"));
        // Tomorrow, after the change to daylight saving.
        assert_eq!(told("17:30").as_deref(), Some("2026-03-29T15:30:00Z"));
        assert_eq!(told("2026-12-01 17:30").as_deref(), Some("2026-12-01T16:30:00Z"));
        assert_eq!(told("2026-12-01T17:30:00Z").as_deref(), Some("2026-12-01T17:30:00Z"));
        for wrong in ["", "soon", "25:00", "2026-13-01T10:00", "1730x"] {
            assert_eq!(read(wrong, &now), None, "{wrong}");
        }
    }
}
