//! The two clocks: the wall's for what is shown, the monotonic one for when to act.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use aether_contract::Timestamp;

/// The wall clock.
pub fn now() -> Timestamp {
    let millis = match SystemTime::now().duration_since(UNIX_EPOCH) {
        Ok(since) => i64::try_from(since.as_millis()).unwrap_or(i64::MAX),
        Err(before) => -i64::try_from(before.duration().as_millis()).unwrap_or(i64::MAX),
    };
    Timestamp(millis)
}

/// Server's clock minus this machine's, from the `Date` header of an answer that took `latency`. The header has whole
/// seconds, so half a second is added: the result is right to about half a second.
pub fn offset(date: Option<Timestamp>, received: Timestamp, latency: Duration) -> Option<i32> {
    let half = i64::try_from(latency.as_millis() / 2).unwrap_or(0);
    let offset = date?.plus_millis(500).millis_since(received.plus_millis(-half));
    Some(i32::try_from(offset).unwrap_or(if offset > 0 { i32::MAX } else { i32::MIN }))
}

/// Milliseconds of a round trip.
pub fn latency_ms(latency: Duration) -> u32 {
    u32::try_from(latency.as_millis()).unwrap_or(u32::MAX)
}

/// This machine's clock, with its zone.
pub fn local_now() -> jiff::Zoned {
    let at = jiff::Timestamp::from_millisecond(now().0).unwrap_or_default();
    at.to_zoned(jiff::tz::TimeZone::system())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_offset_is_taken_at_the_middle_of_the_round_trip() {
        let received = Timestamp(100_000);
        let latency = Duration::from_millis(400);
        assert_eq!(offset(Some(Timestamp(99_300)), received, latency), Some(0));
        assert_eq!(offset(Some(Timestamp(109_300)), received, latency), Some(10_000));
        assert_eq!(offset(None, received, latency), None);
        assert_eq!(offset(Some(Timestamp(i64::MAX)), received, latency), Some(i32::MAX));
    }
}
