//! What a new list of alerts means for the episodes: which began, went on and ended. Pure.

use std::collections::{HashMap, HashSet};

use aether_contract::{AlertRow, AlertState, Timestamp};

use super::store::Kept;

/// A list that comes later than this after the one before says nothing about the time between: the machine slept.
const LONGEST_STEP_MS: i64 = 300_000;

/// The episodes that are on.
pub struct Tracker {
    open: HashMap<String, Kept>,
    last: Option<Timestamp>,
    written: Timestamp,
    /// Not yet written down.
    dirty: HashSet<String>,
}

impl Tracker {
    /// Resumes from stored episodes.
    pub fn resume(open: Vec<Kept>) -> Self {
        let open = open.into_iter().map(|one| (one.fingerprint.clone(), one)).collect();
        Self { open, last: None, written: Timestamp(0), dirty: HashSet::new() }
    }

    /// Takes a list in; returns what has to be written down. What merely goes on is returned every `write_ms`.
    pub fn see(&mut self, rows: &[AlertRow], now: Timestamp, write_ms: i64) -> Vec<Kept> {
        let step = self.last.map_or(0, |last| now.millis_since(last).clamp(0, LONGEST_STEP_MS));
        self.last = Some(now);
        let mut changed = Vec::new();
        let mut firing: HashSet<&str> = HashSet::new();
        for row in rows {
            if matches!(row.state, AlertState::Pending | AlertState::Resolved) {
                continue;
            }
            let id = row.fingerprint.0.as_str();
            firing.insert(id);
            // It may have ended and begun again between two lists.
            // A begin in the future (a clock that is ahead, a client that sends no begin) tells nothing.
            let same = self.open.get(id).is_some_and(|known| row.since > now || same_begin(known, row));
            if !same {
                if let Some(before) = self.open.remove(id) {
                    changed.push(closed(before, Some(row.since)));
                }
                let fresh = begun(row, now);
                changed.push(fresh.clone());
                self.open.insert(id.to_owned(), fresh);
                continue;
            }
            let Some(known) = self.open.get_mut(id) else { continue };
            known.seen = now;
            known.range = widened(known.range, row.value);
            if row.state != AlertState::Firing {
                known.muted_ms = known.muted_ms.saturating_add(step);
            }
            self.dirty.insert(id.to_owned());
        }
        let gone: Vec<String> =
            self.open.keys().filter(|id| !firing.contains(id.as_str())).cloned().collect();
        for id in gone {
            if let Some(before) = self.open.remove(&id) {
                // Seen a moment ago, it ended about now; before that nobody looked.
                let recent = now.millis_since(before.seen) <= LONGEST_STEP_MS;
                changed.push(closed(before, recent.then_some(now)));
            }
            self.dirty.remove(&id);
        }
        if now.millis_since(self.written) >= write_ms {
            self.written = now;
            let already: HashSet<String> = changed.iter().map(|one| one.fingerprint.clone()).collect();
            let dirty = std::mem::take(&mut self.dirty);
            let still = dirty.iter().filter(|id| !already.contains(*id));
            changed.extend(still.filter_map(|id| self.open.get(id).cloned()));
        }
        changed
    }
}

/// Alertmanager keeps the begin of an alert that goes on; one that was filled in from Prometheus is exact to its step.
fn same_begin(known: &Kept, row: &AlertRow) -> bool {
    let slack = i64::from(known.step_s).saturating_mul(1000).max(1000);
    row.since.millis_since(known.began).abs() <= slack || row.since < known.began
}

fn begun(row: &AlertRow, now: Timestamp) -> Kept {
    Kept { range: row.value.map(|value| (value, value)), ..Kept::of(row, now) }
}

fn closed(mut episode: Kept, at: Option<Timestamp>) -> Kept {
    let end = at.unwrap_or(episode.seen).max(episode.began);
    episode.ended = Some(end);
    episode
}

fn widened(range: Option<(f64, f64)>, value: Option<f64>) -> Option<(f64, f64)> {
    match (range, value) {
        (Some((lowest, highest)), Some(value)) => Some((lowest.min(value), highest.max(value))),
        (None, Some(value)) => Some((value, value)),
        (range, None) => range,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use aether_foundation::testing::row;

    const T: fn(i64) -> Timestamp = |second| Timestamp(1_000_000_000 + second * 1000);

    fn alert(since: i64, state: AlertState, value: f64) -> AlertRow {
        let mut alert = row(&[("alertname", "A")]);
        (alert.since, alert.state, alert.value) = (T(since), state, Some(value));
        alert
    }

    #[test]
    fn a_begin_in_the_future_is_one_episode_and_not_one_a_look() {
        let mut tracker = Tracker::resume(Vec::new());
        let mut ahead = row(&[("alertname", "A")]);
        ahead.since = Timestamp(10_000_000);
        let changed = tracker.see(std::slice::from_ref(&ahead), Timestamp(1_000), 0);
        assert_eq!((changed.len(), changed[0].began), (1, Timestamp(1_000)));
        for look in 2..6 {
            let changed = tracker.see(std::slice::from_ref(&ahead), Timestamp(look * 1_000), 0);
            assert!(
                changed.iter().all(|one| one.began == Timestamp(1_000) && one.ended.is_none()),
                "{changed:?}"
            );
        }
    }

    #[test]
    fn an_episode_has_its_begin_end_values_and_muted_time() {
        let mut tracker = Tracker::resume(Vec::new());
        let begun = tracker.see(&[alert(0, AlertState::Firing, 20.0)], T(5), 60_000);
        assert_eq!((begun.len(), begun[0].began, begun[0].ended), (1, T(0), None));
        assert!(tracker.see(&[alert(0, AlertState::Silenced, 12.0)], T(15), 60_000).is_empty());
        assert!(tracker.see(&[alert(0, AlertState::Silenced, 25.0)], T(25), 60_000).is_empty());
        let going = tracker.see(&[alert(0, AlertState::Firing, 24.0)], T(70), 60_000);
        assert_eq!(going[0].range, Some((12.0, 25.0)));
        let over = tracker.see(&[], T(80), 60_000);
        assert_eq!((over[0].ended, over[0].muted_ms, over.len()), (Some(T(80)), 20_000, 1));
        assert!(tracker.see(&[], T(90), 60_000).is_empty());
    }

    #[test]
    fn pending_is_no_episode_and_resolved_ends_one() {
        let mut tracker = Tracker::resume(Vec::new());
        assert!(tracker.see(&[alert(0, AlertState::Pending, 1.0)], T(1), 60_000).is_empty());
        tracker.see(&[alert(5, AlertState::Firing, 1.0)], T(6), 60_000);
        let over = tracker.see(&[alert(5, AlertState::Resolved, 1.0)], T(16), 60_000);
        assert_eq!(over[0].ended, Some(T(16)));
    }

    #[test]
    fn one_that_ended_and_began_again_between_two_lists_is_two() {
        let mut tracker = Tracker::resume(Vec::new());
        tracker.see(&[alert(0, AlertState::Firing, 1.0)], T(5), 60_000);
        let both = tracker.see(&[alert(40, AlertState::Firing, 1.0)], T(45), 60_000);
        assert_eq!((both.len(), both[0].ended, both[1].began), (2, Some(T(40)), T(40)));
    }

    #[test]
    fn after_a_restart_an_episode_goes_on_or_ended_when_it_was_seen_last() {
        let mut first = Tracker::resume(Vec::new());
        let kept = first.see(&[alert(0, AlertState::Firing, 1.0)], T(5), 60_000);
        let mut again = Tracker::resume(kept.clone());
        let going = again.see(&[alert(0, AlertState::Firing, 9.0)], T(4000), 60_000);
        assert_eq!((going.len(), going[0].began, going[0].ended), (1, T(0), None));
        let mut gone = Tracker::resume(kept);
        assert_eq!(gone.see(&[], T(4000), 60_000)[0].ended, Some(T(5)), "nobody saw it end");
    }

    #[test]
    fn sleep_is_not_counted_as_muted_time() {
        let mut tracker = Tracker::resume(Vec::new());
        tracker.see(&[alert(0, AlertState::Silenced, 1.0)], T(1), 0);
        let woken = tracker.see(&[alert(0, AlertState::Silenced, 1.0)], T(36_000), 0);
        assert_eq!(woken[0].muted_ms, LONGEST_STEP_MS);
    }
}
