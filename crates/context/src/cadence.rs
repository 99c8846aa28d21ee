//! When to ask next, and when an answer is too old: pure arithmetic, no clock.

use std::time::Duration;

use aether_contract::{ErrorCode, Freshness, PanelError, ServiceKind, Timestamp};

/// Longest pause between attempts at a server that does not answer (unless its interval is longer).
const CAP: Duration = Duration::from_secs(30);

/// A wall clock that moves by this much more or less than the monotonic one has jumped, or the machine slept.
const JUMP_MS: i64 = 5_000;

/// A query that took long is asked again only after this many times as long, so that a panel on a screen
/// never is a load worth speaking of.
const EASE: u32 = 10;

/// Pause before the next attempt. `failures` in a row so far (0 after a success); `jitter` from 0 to 1 spreads
/// several panels.
pub fn pause(interval: Duration, failures: u32, jitter: f64) -> Duration {
    let base = if failures <= 1 {
        interval
    } else {
        let factor = 1_u32.checked_shl(failures - 1).unwrap_or(u32::MAX);
        interval.saturating_mul(factor).min(CAP.max(interval))
    };
    let spread = if failures == 0 { 0.05 } else { 0.2 };
    base.mul_f64(1.0 - spread + 2.0 * spread * jitter.clamp(0.0, 1.0))
}

/// Pause before an expensive query is asked again.
pub fn eased(interval: Duration, took: Duration) -> Duration {
    interval.max(took.saturating_mul(EASE))
}

/// Age from which the last good answer counts as stale even though no attempt has failed.
pub fn overdue_after(interval: Duration) -> Duration {
    interval.saturating_mul(3)
}

/// Age of an answer. The monotonic clock stands still while a machine sleeps (Linux), so a wall clock that is
/// further ahead counts; one that went backwards does not make anything younger.
pub fn age(monotonic: Duration, received: Timestamp, now: Timestamp) -> Duration {
    let wall = u64::try_from(now.millis_since(received)).map(Duration::from_millis).unwrap_or_default();
    monotonic.max(wall)
}

/// Whether the wall clock moved otherwise than the monotonic one: a suspend, a time step.
pub fn jumped(monotonic: Duration, wall_ms: i64) -> bool {
    let monotonic = i64::try_from(monotonic.as_millis()).unwrap_or(i64::MAX);
    wall_ms.saturating_sub(monotonic).saturating_abs() > JUMP_MS
}

/// `freshness` as it has to be shown: fresh turns stale once its answer is overdue.
pub fn shown(freshness: &Freshness, age: Duration, interval: Duration, service: ServiceKind) -> Freshness {
    match freshness {
        Freshness::Fresh { at } if age > overdue_after(interval) => Freshness::Stale {
            at: *at,
            error: PanelError::new(
                ErrorCode::Timeout,
                service.as_str(),
                format!("{} has not responded for more than three poll intervals.", service.title()),
            ),
        },
        other => other.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const S: fn(u64) -> Duration = Duration::from_secs;

    #[test]
    fn failures_widen_the_pause_up_to_the_cap() {
        let pauses: Vec<u64> = (0..8).map(|n| pause(S(5), n, 0.5).as_secs()).collect();
        assert_eq!(pauses, [5, 5, 10, 20, 30, 30, 30, 30]);
        assert_eq!(pause(S(600), 40, 0.5), S(600));
        assert_eq!(pause(S(3600), u32::MAX, 0.5), S(3600));
    }

    #[test]
    fn jitter_spreads_but_never_to_nothing() {
        assert!(pause(S(10), 3, 0.0) >= S(24));
        assert!(pause(S(10), 3, 1.0) <= S(36));
        assert!(pause(S(10), 0, 7.0) <= S(11));
    }

    #[test]
    fn a_sleep_makes_an_answer_old_and_a_clock_set_back_does_not_make_it_young() {
        let received = Timestamp(1_000_000);
        assert_eq!(age(S(3), received, received.plus_millis(3_600_000)), S(3600));
        assert_eq!(age(S(30), received, received.plus_millis(-500_000)), S(30));
    }

    #[test]
    fn a_jump_is_told_from_a_slow_tick() {
        assert!(!jumped(S(1), 1_200));
        assert!(!jumped(S(9), 9_100));
        assert!(jumped(S(1), 3_600_000));
        assert!(jumped(S(1), -3_600_000));
    }

    #[test]
    fn an_overdue_answer_is_stale_with_its_time_kept() {
        let at = Timestamp(7);
        let shown_late = shown(&Freshness::Fresh { at }, S(31), S(10), ServiceKind::Prometheus);
        assert_eq!(shown_late.last_good(), Some(at));
        assert!(!shown_late.is_fresh());
        assert!(shown(&Freshness::Fresh { at }, S(29), S(10), ServiceKind::Prometheus).is_fresh());
        assert_eq!(shown(&Freshness::Absent, S(999), S(1), ServiceKind::Grafana), Freshness::Absent);
    }
}
