//! Evenly spaced times.

use aether_contract::{Extreme, Timestamp};

/// Evenly spaced times: `points` of them, the last one at `end`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Grid {
    /// First time.
    pub start: Timestamp,
    /// Last time.
    pub end: Timestamp,
    /// Distance, in milliseconds.
    pub step_ms: i64,
}

impl Grid {
    /// A grid over the last `hours` before `end` with `points` points. The end is rounded down to a quarter of a minute
    /// at most, so that what happened last is on it.
    pub fn new(end: Timestamp, hours: f64, points: u32) -> Self {
        let span = hours * 3_600_000.0;
        let step_ms = ((span / f64::from(points.max(2) - 1) / 1000.0).ceil() as i64).max(1) * 1000;
        let rounding = step_ms.min(15_000);
        let end = Timestamp(end.0.div_euclid(rounding) * rounding);
        let start = end.plus_millis(-step_ms * i64::from(points.max(2) - 1));
        Self { start, end, step_ms }
    }

    /// Distance of the points.
    pub fn step(&self) -> std::time::Duration {
        std::time::Duration::from_millis(u64::try_from(self.step_ms).unwrap_or(1000))
    }

    /// All times.
    pub fn times(&self) -> Vec<Timestamp> {
        (self.start.0..=self.end.0)
            .step_by(usize::try_from(self.step_ms).unwrap_or(1000))
            .map(Timestamp)
            .collect()
    }

    /// The time that its steps cover, in milliseconds.
    pub fn span_ms(&self) -> i64 {
        self.end.millis_since(self.start).saturating_add(self.step_ms)
    }

    /// The time of a step; the last one for what lies past it.
    pub fn at(&self, index: usize) -> Timestamp {
        let index = i64::try_from(index).unwrap_or(i64::MAX);
        self.start.plus_millis(self.step_ms.saturating_mul(index)).min(self.end)
    }

    /// A value of a step, reached somewhere within it.
    pub fn extreme(&self, step: usize, value: f64) -> Extreme {
        Extreme { value, at: self.at(step), step_ms: u32::try_from(self.step_ms).unwrap_or(u32::MAX) }
    }

    /// The samples on this grid; what is missing or not finite is a gap.
    pub fn resample(&self, samples: &[(Timestamp, f64)]) -> Vec<Option<f64>> {
        let mut values = vec![None; self.times().len()];
        for (at, value) in samples {
            let offset = at.millis_since(self.start);
            // Nearest point: a server may round times to its own precision.
            let index = (offset + self.step_ms / 2).div_euclid(self.step_ms);
            if let Some(slot) = usize::try_from(index).ok().and_then(|index| values.get_mut(index))
                && value.is_finite()
            {
                *slot = Some(*value);
            }
        }
        values
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_grid_ends_now_and_has_as_many_points_as_asked() {
        for (hours, points) in [(6.0, 48), (720.0, 240), (0.25, 480)] {
            let grid = Grid::new(Timestamp(1_700_000_123_456), hours, points);
            assert_eq!(grid.times().len(), points as usize);
            assert!((0..15_000).contains(&(1_700_000_123_456 - grid.end.0)), "{}", grid.end.0);
            assert_eq!(grid.times().last(), Some(&grid.end));
            assert_eq!((grid.at(0), grid.at(usize::MAX)), (grid.start, grid.end));
        }
    }

    #[test]
    fn samples_fall_on_their_points_and_the_rest_are_gaps() {
        let grid = Grid { start: Timestamp(0), end: Timestamp(40_000), step_ms: 10_000 };
        let values = grid.resample(&[
            (Timestamp(0), 1.0),
            (Timestamp(19_999), 2.0),
            (Timestamp(30_000), f64::NAN),
            (Timestamp(40_000), f64::INFINITY),
            (Timestamp(90_000), 9.0),
            (Timestamp(-90_000), 9.0),
        ]);
        assert_eq!(values, [Some(1.0), None, Some(2.0), None, None]);
    }
}
