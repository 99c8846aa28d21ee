//! What a series was during each step of a grid: its lowest, mean and highest value. A range query gives one value a
//! step, and with it one of hundreds of samples: a chart of 30 days would show a spike or not by chance.

use std::{
    collections::BTreeMap,
    time::{Duration, Instant},
};

use aether_clients::{ClientError, Failure, Prometheus, prometheus::RangeSeries};
use aether_contract::{ErrorCode, PanelError, ServiceKind};
use aether_foundation::{
    promql::sampling::{Sampling, sampling},
    text::span,
};

use super::grid::Grid;

/// How far apart an expression is evaluated where its samples are not at hand: the scrape interval of most servers.
const FINEST_MS: i64 = 15_000;
/// From this step on each has a sample of every series that an instant query sees (its lookback is 5 min).
const SAMPLES_FROM_MS: i64 = 600_000;
/// Evaluations of a step that its mean is taken from.
const PER_STEP: i64 = 60;
/// Evaluations that any server answers at once.
const CHEAP: i64 = 2_500;
/// Processor time of the server's that a chart may cost.
const BUDGET: Duration = Duration::from_secs(4);
/// The label that tells the three values of a step apart.
const PART: &str = "aether_part";

/// One series on a grid, where each time stands for the step that it ends. `None`: no value, or none that is finite.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Steps {
    /// Lowest values.
    pub low: Vec<Option<f64>>,
    /// Means.
    pub mean: Vec<Option<f64>>,
    /// Highest values.
    pub high: Vec<Option<f64>>,
}

impl Steps {
    /// One value a step, which is all three.
    pub fn of_values(values: Vec<Option<f64>>) -> Self {
        Self { low: values.clone(), mean: values.clone(), high: values }
    }

    fn finite(values: &[Option<f64>]) -> impl DoubleEndedIterator<Item = (usize, f64)> {
        values.iter().enumerate().filter_map(|(at, value)| Some((at, (*value)?)))
    }

    /// The step with the lowest value, and the value.
    pub fn lowest(&self) -> Option<(usize, f64)> {
        Self::finite(&self.low).min_by(|a, b| a.1.total_cmp(&b.1))
    }

    /// The first step with the highest value, and the value.
    pub fn highest(&self) -> Option<(usize, f64)> {
        Self::finite(&self.high).rev().max_by(|a, b| a.1.total_cmp(&b.1))
    }
}

/// A series with its labels.
#[derive(Debug, Clone, PartialEq)]
pub struct SeriesSteps {
    /// Labels, without the name.
    pub labels: BTreeMap<String, String>,
    /// What it was.
    pub steps: Steps,
}

/// What a query was over a grid.
#[derive(Debug, Clone)]
pub struct Observed {
    /// All series.
    pub series: Vec<SeriesSteps>,
    /// How far apart it was looked at, where something shorter can have been missed.
    pub blind: Option<Duration>,
    /// What the extremes are read from.
    pub(super) source: Source,
    /// What the median is read from.
    pub(super) middle: Source,
}

impl Observed {
    fn new(series: Vec<SeriesSteps>, source: Source) -> Self {
        Self { series, blind: None, middle: source.clone(), source }
    }

    /// What is known without a server to ask for more.
    pub fn of(series: Vec<SeriesSteps>) -> Self {
        Self::new(series, Source::Points)
    }

    /// The one series of a query that has to give one; an empty one when it gave none.
    ///
    /// # Errors
    /// `invalid-config` when there are several.
    pub fn one(&self, grid: &Grid) -> Result<Steps, PanelError> {
        let one = only(&self.series)?;
        Ok(one.map_or_else(|| Steps::of_values(vec![None; grid.times().len()]), |one| one.steps.clone()))
    }

    /// What a person has to know about it: that shorter changes may be missing.
    pub fn note(&self) -> String {
        self.blind.map_or_else(String::new, |every| {
            let every = span(i64::try_from(every.as_millis()).unwrap_or(i64::MAX));
            format!("Evaluated every {every}: shorter changes may be missing.")
        })
    }
}

/// The one series that a gauge's history must be; `None` without data.
///
/// # Errors
/// `invalid-config` when there are several.
pub fn only<T>(series: &[T]) -> Result<Option<&T>, PanelError> {
    match series {
        [] => Ok(None),
        [one] => Ok(Some(one)),
        several => Err(PanelError::new(
            ErrorCode::InvalidConfig,
            "prometheus",
            format!("The gauge's history has {} series, expected one.", several.len()),
        )
        .with_hint("Aggregate the query in the stack's profile, for example with sum() or avg().")),
    }
}

/// What values are read from.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Source {
    /// All samples of a selector.
    Samples(String),
    /// Evaluations of an expression that is an instant vector.
    Evaluations {
        /// What is evaluated: finite values only.
        expression: String,
        /// How far apart.
        every_ms: i64,
    },
    /// One evaluation a step.
    Points,
}

impl Source {
    /// The range that ends a step of this length, for the functions of time. `None` for one evaluation.
    pub(super) fn range(&self, step_ms: i64) -> Option<String> {
        match self {
            Self::Samples(selector) => Some(format!("{selector}[{step_ms}ms]")),
            Self::Evaluations { expression, every_ms } => {
                Some(format!("({expression})[{step_ms}ms:{every_ms}ms]"))
            }
            Self::Points => None,
        }
    }

    /// The evaluations of an expression with the values that are no finite numbers left out: one of them would make
    /// the mean of its step one too.
    fn evaluations(query: &str, sampling: &Sampling, every_ms: i64) -> Self {
        let query = if sampling.is_scalar { format!("vector({query})") } else { format!("({query})") };
        Self::Evaluations { expression: format!("{query} > -Inf < +Inf"), every_ms }
    }
}

/// All samples, where a step is long enough for one of every series.
fn samples(sampling: &Sampling, grid: &Grid) -> Option<Source> {
    let selector = sampling.selector.clone().filter(|_| grid.step_ms >= SAMPLES_FROM_MS)?;
    Some(Source::Samples(selector))
}

/// Evaluations that miss nothing, where any server has the time for them.
fn all_evaluations(sampling: &Sampling, query: &str, grid: &Grid) -> Option<Source> {
    let finest = finest_ms(sampling);
    let wanted = finest < grid.step_ms && grid.span_ms() / finest <= CHEAP;
    wanted.then(|| Source::evaluations(query, sampling, finest))
}

/// How far apart evaluations may lie without missing a sample, in milliseconds.
fn finest_ms(sampling: &Sampling) -> i64 {
    sampling.window.map_or(FINEST_MS, |window| {
        (i64::try_from(window.as_millis()).unwrap_or(i64::MAX) / 2).max(FINEST_MS)
    })
}

/// The three values of each step in one query.
fn three(range: &str) -> String {
    let part = |function: &str, part: &str| {
        format!("label_replace({function}_over_time({range}), \"{PART}\", \"{part}\", \"\", \"\")")
    };
    format!("{} or {} or {}", part("min", "low"), part("avg", "mean"), part("max", "high"))
}

/// Evaluates `query` over each step of `grid`. A server that does not take what that needs is asked for one value a
/// step.
///
/// # Errors
/// What the server says about the query itself.
pub async fn steps(client: &Prometheus, query: &str, grid: &Grid) -> Result<Observed, PanelError> {
    let looked = sampling(query);
    let (finest, span) = (finest_ms(&looked), grid.span_ms());
    for source in [samples(&looked, grid), all_evaluations(&looked, query, grid)].into_iter().flatten() {
        match observe(client, &source, grid).await {
            Ok(Read::Whole(series)) => return Ok(Observed::new(series, source)),
            Ok(Read::WithoutMeans(series)) => {
                let means = Source::evaluations(query, &looked, (grid.step_ms / PER_STEP).max(FINEST_MS));
                if let Some(series) = with_means(client, &means, series, grid).await {
                    return Ok(Observed { middle: means, ..Observed::new(series, source) });
                }
            }
            // Something that only an evaluation can tell.
            Ok(Read::Infinite) => {}
            Err(error) if is_refusal(&error) => {}
            Err(error) => return Err(error.to_panel(ServiceKind::Prometheus)),
        }
    }
    // What one evaluation a step costs tells what the others would.
    let begun = Instant::now();
    let reply = client
        .range(query, grid.start, grid.end, grid.step())
        .await
        .map_err(|error| error.to_panel(ServiceKind::Prometheus))?;
    let every = affordable(begun.elapsed(), grid, finest);
    if every < grid.step_ms && span / finest > CHEAP {
        let source = Source::evaluations(query, &looked, every);
        if let Ok(Read::Whole(series)) = observe(client, &source, grid).await {
            let blind = (every > finest).then(|| Duration::from_millis(every.unsigned_abs()));
            return Ok(Observed { blind, ..Observed::new(series, source) });
        }
    }
    let series = reply
        .value
        .into_iter()
        .map(|one| SeriesSteps {
            labels: nameless(one.labels),
            steps: Steps::of_values(grid.resample(&one.values)),
        })
        .collect();
    let blind = (grid.step_ms > finest).then(|| grid.step());
    Ok(Observed { blind, ..Observed::new(series, Source::Points) })
}

/// What [`steps`] asks first.
pub fn first_query(query: &str, grid: &Grid) -> String {
    let looked = sampling(query);
    let source = samples(&looked, grid).or_else(|| all_evaluations(&looked, query, grid));
    source
        .and_then(|source| source.range(grid.step_ms))
        .map_or_else(|| query.to_owned(), |range| three(&range))
}

/// How far apart evaluations have to lie so that three passes of them stay within the budget, in milliseconds. `took`:
/// one evaluation for each time of the grid, the way to the server included.
fn affordable(took: Duration, grid: &Grid, finest: i64) -> i64 {
    let points = grid.times().len().max(1) as f64;
    let each = (took.as_secs_f64() / points).max(1e-7);
    let evaluations = (BUDGET.as_secs_f64() / 3.0 / each).max(1.0);
    let span = grid.step_ms as f64 * points;
    ((span / evaluations).ceil() as i64).max(finest)
}

/// Whether a server does not take a query in this form.
fn is_refusal(error: &ClientError) -> bool {
    matches!(error.failure, Failure::Rejected(..) | Failure::TooLarge(_))
}

/// What a server said about the steps of all series.
enum Read {
    /// All values.
    Whole(Vec<SeriesSteps>),
    /// Some means are none: one sample that is no number makes the mean of its step none, and not its extremes.
    WithoutMeans(Vec<SeriesSteps>),
    /// An extreme is infinite, and hides the finite ones.
    Infinite,
}

async fn observe(client: &Prometheus, source: &Source, grid: &Grid) -> Result<Read, ClientError> {
    let Some(range) = source.range(grid.step_ms) else { return Ok(Read::Infinite) };
    let reply = client.range(&three(&range), grid.start, grid.end, grid.step()).await?;
    let values = || reply.value.iter().flat_map(|one| one.values.iter().map(|(_, value)| *value));
    let (infinite, nan) = (values().any(f64::is_infinite), values().any(f64::is_nan));
    Ok(match (infinite, nan) {
        (true, _) => Read::Infinite,
        (_, true) => Read::WithoutMeans(together(reply.value, grid)),
        _ => Read::Whole(together(reply.value, grid)),
    })
}

/// Puts the means of `source` into series. They do not change with a sample more or less.
async fn with_means(
    client: &Prometheus,
    source: &Source,
    mut series: Vec<SeriesSteps>,
    grid: &Grid,
) -> Option<Vec<SeriesSteps>> {
    let query = format!("avg_over_time({})", source.range(grid.step_ms)?);
    let reply = client.range(&query, grid.start, grid.end, grid.step()).await.ok()?;
    let means: BTreeMap<_, _> =
        reply.value.into_iter().map(|one| (nameless(one.labels), grid.resample(&one.values))).collect();
    for one in &mut series {
        let found = means.get(&one.labels);
        one.steps.mean = found.cloned().unwrap_or_else(|| vec![None; grid.times().len()]);
    }
    Some(series)
}

/// Puts the three series of each series together.
fn together(parts: Vec<RangeSeries>, grid: &Grid) -> Vec<SeriesSteps> {
    let mut found: BTreeMap<BTreeMap<String, String>, Steps> = BTreeMap::new();
    let none = vec![None; grid.times().len()];
    for mut part in parts {
        let which = part.labels.remove(PART);
        let steps = found.entry(nameless(part.labels)).or_insert_with(|| Steps {
            low: none.clone(),
            mean: none.clone(),
            high: none.clone(),
        });
        let values = grid.resample(&part.values);
        match which.as_deref() {
            Some("low") => steps.low = values,
            Some("mean") => steps.mean = values,
            Some("high") => steps.high = values,
            _ => {}
        }
    }
    found.into_iter().map(|(labels, steps)| SeriesSteps { labels, steps }).collect()
}

pub(super) fn nameless(mut labels: BTreeMap<String, String>) -> BTreeMap<String, String> {
    labels.remove("__name__");
    labels
}

#[cfg(test)]
mod tests {
    use aether_contract::Timestamp;

    use super::*;

    const GRID: Grid = Grid { start: Timestamp(3_600_000), end: Timestamp(10_800_000), step_ms: 3_600_000 };

    fn part(which: &str, values: [f64; 3]) -> RangeSeries {
        let labels = [("tenant", "a"), (PART, which)].map(|(name, value)| (name.into(), value.into()));
        let times = GRID.times();
        RangeSeries { labels: labels.into(), values: times.into_iter().zip(values).collect() }
    }

    #[test]
    fn the_three_series_of_a_series_are_one_again() {
        let parts = vec![
            part("low", [1.0, 0.5, 3.0]),
            part("high", [9.0, 9.0, 4.0]),
            part("mean", [2.0, f64::NAN, 3.5]),
        ];
        let found = together(parts, &GRID);
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].labels, [("tenant".to_owned(), "a".to_owned())].into());
        assert_eq!(found[0].steps.mean, [Some(2.0), None, Some(3.5)]);
        assert_eq!(found[0].steps.lowest(), Some((1, 0.5)));
        assert_eq!(found[0].steps.highest(), Some((0, 9.0)), "the first of two");
    }

    #[test]
    fn an_expensive_query_is_evaluated_less_often() {
        let grid = Grid::new(Timestamp(1_700_000_000_000), 720.0, 240);
        let every = affordable(Duration::from_millis(24), &grid, FINEST_MS);
        assert!((190_000..200_000).contains(&every), "0.1 ms each: {every}");
        assert_eq!(affordable(Duration::from_micros(10), &grid, FINEST_MS), FINEST_MS);
        let slow = affordable(Duration::from_secs(20), &grid, FINEST_MS);
        assert!(slow > grid.step_ms, "not even twice a step: {slow}");
    }

    #[test]
    fn a_scalar_and_what_is_not_finite_are_put_right_before_they_are_evaluated() {
        let source =
            |query: &str| Source::evaluations(query, &sampling(query), 15_000).range(60_000).unwrap();
        assert_eq!(source("a / b"), "((a / b) > -Inf < +Inf)[60000ms:15000ms]");
        assert_eq!(source("1 + 1"), "(vector(1 + 1) > -Inf < +Inf)[60000ms:15000ms]");
    }
}
