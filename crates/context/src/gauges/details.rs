//! What a range was in numbers: its extremes with their times, and its median.

use std::collections::BTreeMap;

use aether_clients::{Prometheus, prometheus::QueryValue};
use aether_contract::{Extreme, GaugeFigure};

use super::{
    grid::Grid,
    steps::{Observed, SeriesSteps, nameless},
};

impl Observed {
    /// Writes the numbers of one of its series into its figure. Times are those of the samples; where the server does
    /// not tell them any more, they stay the ends of their steps.
    pub async fn add_details(
        &self,
        client: &Prometheus,
        one: &SeriesSteps,
        grid: &Grid,
        figure: &mut GaugeFigure,
    ) {
        let exact = |extreme: Option<Extreme>| async move {
            let extreme = extreme?;
            Some(moment(client, self, &one.labels, &extreme, grid).await.unwrap_or(extreme))
        };
        (figure.lowest, figure.median, figure.highest) =
            futures_util::join!(exact(figure.lowest), median(client, self, one, grid), exact(figure.highest));
    }
}

/// When a value was first reached within its step.
async fn moment(
    client: &Prometheus,
    observed: &Observed,
    labels: &BTreeMap<String, String>,
    extreme: &Extreme,
    grid: &Grid,
) -> Option<Extreme> {
    let range = observed.source.range(grid.step_ms)?;
    let reply = client.instant(&range, Some(extreme.at)).await.ok()?;
    let QueryValue::Matrix(series) = reply.value.value else { return None };
    let one = series.into_iter().find(|one| nameless(one.labels.clone()) == *labels)?;
    let (at, value) = one.values.into_iter().find(|(_, value)| same(*value, extreme.value))?;
    Some(Extreme { value, at, step_ms: 0 })
}

/// Whether two renderings of a number are of the same one.
fn same(a: f64, b: f64) -> bool {
    (a - b).abs() <= 1e-9 * a.abs().max(b.abs())
}

async fn median(client: &Prometheus, observed: &Observed, one: &SeriesSteps, grid: &Grid) -> Option<f64> {
    let of_means = || middle(&one.steps.mean);
    let Some(range) = observed.middle.range(grid.span_ms()) else { return of_means() };
    let query = format!("quantile_over_time(0.5, {range})");
    let Ok(reply) = client.instant(&query, Some(grid.end)).await else { return of_means() };
    let QueryValue::Vector(samples) = reply.value.value else { return of_means() };
    let found = samples.into_iter().find(|sample| nameless(sample.labels.clone()) == one.labels);
    found.map(|sample| sample.value).filter(|value| value.is_finite()).or_else(of_means)
}

/// The middle of values.
pub(super) fn middle(values: &[Option<f64>]) -> Option<f64> {
    let mut sorted: Vec<f64> = values.iter().flatten().copied().collect();
    sorted.sort_by(f64::total_cmp);
    let half = sorted.len() / 2;
    match (sorted.get(half), sorted.get(half.wrapping_sub(1))) {
        (Some(upper), Some(lower)) if sorted.len().is_multiple_of(2) => Some(f64::midpoint(*lower, *upper)),
        (upper, _) => upper.copied(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_middle_skips_gaps() {
        assert_eq!(middle(&[Some(3.0), None, Some(1.0), Some(2.0)]), Some(2.0));
        assert_eq!(middle(&[Some(1.0), Some(4.0)]), Some(2.5));
        assert_eq!(middle(&[None]), None);
    }
}
