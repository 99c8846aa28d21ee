//! Times as the servers write them.

use aether_contract::Timestamp;
use serde::{Deserialize, Deserializer};

/// Reads RFC 3339 with any fraction and zone. `None` for what is no time and for Go's zero time.
pub fn parse(text: &str) -> Option<Timestamp> {
    let ms = text.trim().parse::<jiff::Timestamp>().ok()?.as_millisecond();
    // Go's zero time is 0001-01-01T00:00:00Z: "not set".
    (ms > -62_135_596_800_000).then_some(Timestamp(ms))
}

/// Writes RFC 3339 in UTC with milliseconds.
pub fn format(at: Timestamp) -> String {
    jiff::Timestamp::from_millisecond(at.0).map_or_else(|_| String::new(), |time| format!("{time:.3}"))
}

/// A time that may be missing or zero.
pub fn optional<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Timestamp>, D::Error> {
    Ok(Option::<String>::deserialize(deserializer)?.as_deref().and_then(parse))
}

/// A time that reads as the epoch when it is missing or zero.
pub fn lenient<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Timestamp, D::Error> {
    Ok(optional(deserializer)?.unwrap_or(Timestamp(0)))
}

/// `Date` of an HTTP reply (RFC 9110: always GMT).
pub fn http_date(text: &str) -> Option<Timestamp> {
    let zoned = jiff::fmt::rfc2822::parse(text).ok()?;
    Some(Timestamp(zoned.timestamp().as_millisecond()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_form_of_time_that_the_servers_write_is_read() {
        assert_eq!(parse("2026-11-24T08:00:00.123456789Z"), Some(Timestamp(1_795_507_200_123)));
        assert_eq!(parse("2026-11-24T10:00:00+02:00"), Some(Timestamp(1_795_507_200_000)));
        assert_eq!(parse("0001-01-01T00:00:00Z"), None);
        assert_eq!(parse("soon"), None);
        assert_eq!(http_date("Tue, 24 Nov 2026 08:00:00 GMT"), Some(Timestamp(1_795_507_200_000)));
    }

    #[test]
    fn a_time_that_is_written_reads_back_the_same() {
        let at = Timestamp(1_795_507_200_123);
        assert_eq!(parse(&format(at)), Some(at));
    }
}
