//! The share of the guarded time within a target. Pure.

use aether_contract::Timestamp;

use aether_context::gauges::grid::Grid;

/// What was found.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Share {
    /// Time with a value, in seconds.
    pub guarded_s: f64,
    /// Of it, within the target.
    pub within_s: f64,
    /// From the first value to the end.
    pub reaches_s: f64,
}

/// Each sample stands for the step that it ends. What is no finite number was no traffic; on the target is within it.
pub fn share(samples: &[(Timestamp, f64)], grid: &Grid, target: f64, higher_is_better: bool) -> Share {
    let step_s = grid.step_ms as f64 / 1000.0;
    let values = grid.resample(samples);
    let mut found = Share::default();
    for value in values.iter().flatten() {
        found.guarded_s += step_s;
        if if higher_is_better { *value >= target } else { *value <= target } {
            found.within_s += step_s;
        }
    }
    if let Some(first) = values.iter().position(Option::is_some) {
        found.reaches_s = (values.len() - first) as f64 * step_s;
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    const GRID: Grid = Grid { start: Timestamp(60_000), end: Timestamp(600_000), step_ms: 60_000 };

    fn samples(values: &[f64]) -> Vec<(Timestamp, f64)> {
        // The last one is at the end.
        let first = 600_000 - 60_000 * (values.len() as i64 - 1);
        values.iter().enumerate().map(|(i, value)| (Timestamp(first + 60_000 * i as i64), *value)).collect()
    }

    #[test]
    fn only_time_with_a_value_counts() {
        let found = share(&samples(&[60.0, 40.0, f64::NAN, 50.0]), &GRID, 50.0, true);
        assert_eq!((found.guarded_s, found.within_s, found.reaches_s), (180.0, 120.0, 240.0));
        let found = share(&samples(&[60.0, 40.0, f64::NAN, 50.0]), &GRID, 50.0, false);
        assert_eq!((found.guarded_s, found.within_s), (180.0, 120.0));
        assert_eq!(share(&[], &GRID, 50.0, true), Share::default());
        assert_eq!(share(&samples(&[f64::NAN; 10]), &GRID, 50.0, true), Share::default());
    }

    #[test]
    fn a_whole_time_of_values_is_the_whole_time() {
        let found = share(&samples(&[10.0; 10]), &GRID, 50.0, false);
        assert_eq!((found.guarded_s, found.within_s, found.reaches_s), (600.0, 600.0, 600.0));
    }
}
