//! From a column of values to the points that are worth drawing: unbroken runs, and at most four points a
//! pixel column (first, lowest, highest, last), which paints the same pixels as all of them would.

/// A sample: time in milliseconds, value.
pub(crate) type Point = (f64, f64);

/// Runs of neighbouring values without a gap, in order. A gap that is narrower than `narrowest` cannot be
/// seen and does not end a run: there are never more runs than pixels.
pub(crate) fn runs(points: impl Iterator<Item = (f64, Option<f64>)>, narrowest: f64) -> Vec<Vec<Point>> {
    let mut runs: Vec<Vec<Point>> = Vec::new();
    let mut gap = true;
    for (x, y) in points {
        let Some(y) = y else {
            gap = true;
            continue;
        };
        match runs.last_mut() {
            Some(run) if !gap || run.last().is_some_and(|last| x - last.0 < narrowest) => run.push((x, y)),
            _ => runs.push(vec![(x, y)]),
        }
        gap = false;
    }
    runs
}

/// Thins a run out to its extremes within each column; `column` maps a time to its pixel column.
pub(crate) fn thinned(run: Vec<Point>, column: impl Fn(f64) -> i64, columns: usize) -> Vec<Point> {
    if run.len() <= columns.saturating_mul(2) {
        return run;
    }
    run.chunk_by(|a, b| column(a.0) == column(b.0)).flat_map(extremes).collect()
}

fn extremes(column: &[Point]) -> Vec<Point> {
    let (Some(first), Some(last)) = (column.first(), column.last()) else { return Vec::new() };
    let by_value = |a: &&Point, b: &&Point| a.1.total_cmp(&b.1);
    let low = column.iter().min_by(by_value).unwrap_or(first);
    let high = column.iter().max_by(by_value).unwrap_or(last);
    let mut kept = vec![*first, *low, *high, *last];
    kept.sort_by(|a, b| a.0.total_cmp(&b.0));
    kept.dedup();
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_missing_value_ends_a_run() {
        let values = [None, Some(1.0), Some(2.0), None, None, Some(3.0), None];
        let points = values.iter().enumerate().map(|(i, v)| (i as f64, *v));
        assert_eq!(runs(points, 0.0), [vec![(1.0, 1.0), (2.0, 2.0)], vec![(5.0, 3.0)]]);
        assert!(runs(std::iter::empty(), 1.0).is_empty());
    }

    #[test]
    fn a_gap_that_no_pixel_could_show_does_not_cost_a_run() {
        let every_other = (0..1000).map(|i| (f64::from(i), (i % 2 == 0).then_some(1.0)));
        assert_eq!(runs(every_other.clone(), 10.0).len(), 1);
        assert_eq!(runs(every_other, 1.0).len(), 500);
    }

    #[test]
    fn thinning_keeps_every_extreme_and_the_ends() {
        let mut run: Vec<Point> = (0..10_000).map(|i| (f64::from(i), f64::from(i % 10))).collect();
        run[4321].1 = 1000.0;
        run[8765].1 = -1000.0;
        let thin = thinned(run.clone(), |x| (x / 100.0) as i64, 100);
        assert!(thin.len() <= 400, "{}", thin.len());
        assert!(thin.contains(&(4321.0, 1000.0)) && thin.contains(&(8765.0, -1000.0)));
        assert_eq!((thin.first(), thin.last()), (run.first(), run.last()));
        assert!(thin.windows(2).all(|w| w[0].0 < w[1].0));
    }

    #[test]
    fn few_points_are_left_alone() {
        let run = vec![(0.0, 1.0), (0.1, 2.0), (0.2, 1.5)];
        assert_eq!(thinned(run.clone(), |_| 0, 10), run);
    }
}
