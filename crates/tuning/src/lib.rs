//! How much of the time each gauge was within its target: 24 hours, 7 and 30 days, computed from the recorded series.
//!
//! Only time with data counts: without traffic a target is neither met nor missed.

mod compliance;

use aether_context::freshness;
use std::{sync::Arc, time::Duration};

use aether_contract::*;
use futures_util::{StreamExt as _, stream};

use self::compliance::{Share, share};
use aether_context::{
    Context,
    gauges::{
        grid::Grid,
        history,
        steps::{self, Steps},
    },
    session::StackSession,
};
use aether_foundation::{clock, task::blocking};

/// The times, in hours, and how far the samples of each lie apart.
const WINDOWS: [(f64, u64); 3] = [(24.0, 60), (168.0, 300), (720.0, 900)];
/// Questions at a time.
const AT_ONCE: usize = 4;

/// The status of every gauge.
///
/// # Errors
/// `invalid-request` for a style that is none. A server that fails is told in each window.
pub async fn report(
    ctx: &Context,
    live: &Arc<StackSession>,
    request: SloRequest,
) -> Result<SloReport, PanelError> {
    let (gauges, at) = {
        let state = live.state();
        let at = state.prometheus.probe.server_now().unwrap_or_else(clock::now);
        (freshness::gauges(ctx, &state), at)
    };
    let asked = gauges.iter().flat_map(|gauge| WINDOWS.map(|window| (gauge.spec.clone(), window)));
    let ask = |(spec, window): (GaugeSpec, (f64, u64))| {
        let live = Arc::clone(live);
        async move { read(&live, &spec, window, at).await }
    };
    let answers: Vec<Result<(Grid, Samples), PanelError>> =
        stream::iter(asked.collect::<Vec<_>>()).map(ask).buffered(AT_ONCE).collect().await;
    let mut answers = answers.into_iter();
    let mut statuses = Vec::with_capacity(gauges.len());
    for gauge in gauges {
        let mut windows = Vec::with_capacity(WINDOWS.len());
        let mut figure = None;
        for ((hours, _), answer) in WINDOWS.into_iter().zip(answers.by_ref()) {
            if let (Some(style), Ok((grid, samples)), true) = (&request.style, &answer, hours == 720.0) {
                figure = Some(chart(live, &gauge, (grid, samples), style.clone()).await?);
            }
            windows.push(window(&gauge.spec, hours, answer));
        }
        statuses.push(SloStatus {
            spec: gauge.spec,
            state: gauge.state,
            value: gauge.value,
            level: gauge.level,
            freshness: gauge.freshness,
            windows,
            figure,
        });
    }
    Ok(SloReport { at, gauges: statuses })
}

/// The 30 days as a chart with all that happened in them; by the samples at hand where the server has no more to say.
async fn chart(
    live: &StackSession,
    gauge: &Gauge,
    (samples_grid, samples): (&Grid, &Samples),
    style: FigureStyle,
) -> Result<GaugeFigure, PanelError> {
    let grid = Grid::new(samples_grid.end, 720.0, history::points_for(&style));
    let client = live.clients.prometheus().await?;
    let found = Box::pin(steps::steps(&client, &gauge.spec.query, &grid)).await;
    let found = found.and_then(|found| Ok((found.one(&grid)?, found.note())));
    let (grid, values, note) = match found {
        Ok((values, note)) => (grid, values, note),
        Err(error) => (*samples_grid, Steps::of_values(samples_grid.resample(samples)), error.message),
    };
    let spec = gauge.spec.clone();
    let mut drawn = blocking(move || history::figure(&spec, &spec.title, &grid, values, &style)).await?;
    (drawn.last, drawn.note) = (gauge.value, note);
    Ok(drawn)
}

type Samples = Vec<(Timestamp, f64)>;

async fn read(
    live: &StackSession,
    spec: &GaugeSpec,
    (hours, step_s): (f64, u64),
    end: Timestamp,
) -> Result<(Grid, Samples), PanelError> {
    let step_ms = i64::try_from(step_s).unwrap_or(60) * 1000;
    let end = Timestamp(end.0.div_euclid(step_ms) * step_ms);
    let span_ms = (hours * 3_600_000.0) as i64;
    // The time is half open: a sample stands for the step that it ends.
    let grid = Grid { start: end.plus_millis(step_ms - span_ms), end, step_ms };
    let client = live.clients.prometheus().await?;
    let reply = Box::pin(client.range(&spec.query, grid.start, grid.end, Duration::from_secs(step_s)))
        .await
        .map_err(|error| error.to_panel(ServiceKind::Prometheus))?;
    Ok((grid, steps::only(&reply.value)?.map(|one| one.values.clone()).unwrap_or_default()))
}

fn window(spec: &GaugeSpec, hours: f64, answer: Result<(Grid, Samples), PanelError>) -> SloWindow {
    let (found, problem) = match answer {
        Ok((grid, samples)) => {
            let found = share(&samples, &grid, spec.warn, spec.higher_is_better);
            let problem = if found.guarded_s > 0.0 {
                ""
            } else {
                "There was no traffic in this period, or it was not recorded."
            };
            (found, problem.to_owned())
        }
        Err(error) => (Share::default(), error.message),
    };
    SloWindow {
        hours,
        compliance: (found.guarded_s > 0.0).then(|| 100.0 * found.within_s / found.guarded_s),
        guarded_s: found.guarded_s,
        within_s: found.within_s,
        reaches_s: found.reaches_s,
        problem,
    }
}
