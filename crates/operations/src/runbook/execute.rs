//! Asks one step of Prometheus: the number now, how it stands to what is expected, and its last hours.

use std::time::{Duration, Instant};

use aether_clients::{Prometheus, prometheus::QueryValue};
use aether_contract::{
    ErrorCode, FigureStyle, GaugeFigure, PanelError, RunbookStepResult, RunbookVerdict, ServiceKind,
};
use aether_plots::{Threshold, ThresholdKind};

use super::parse::Condition;
use aether_context::{
    gauges::{
        grid::Grid,
        history::{Drawing, draw, points_for},
        steps::steps,
    },
    session::StackSession,
};
use aether_foundation::{clock, task::blocking, text::truncate};

/// How long a step may take; a slow server must not hold a person up.
const LIMIT: Duration = Duration::from_secs(20);

/// The figure that is wanted.
pub struct Wanted {
    /// How far back.
    pub hours: f64,
    /// Size and colours; none: no figure.
    pub style: Option<FigureStyle>,
}

/// Asks it.
///
/// # Errors
/// `invalid-request` for a style that is none. A server that fails is a verdict: unknown, with its words.
pub async fn ask(
    live: &StackSession,
    mut step: RunbookStepResult,
    wanted: Wanted,
) -> Result<RunbookStepResult, PanelError> {
    let began = Instant::now();
    if !step.problem.is_empty() {
        step.verdict = RunbookVerdict::Unknown;
        step.reason.clone_from(&step.problem);
        return Ok(step);
    }
    let expect = Condition::read(&step.expect);
    let answer = tokio::time::timeout(LIMIT, Box::pin(answer(live, &step, expect.as_ref(), wanted))).await;
    let (judged, figure) = match answer {
        Ok(Ok(found)) => found,
        Ok(Err(error)) if error.code == ErrorCode::InvalidRequest && error.source == "plots" => {
            return Err(error);
        }
        Ok(Err(error)) => (unknown(error.message), None),
        Err(_) => (unknown(format!("Prometheus did not respond within {} s.", LIMIT.as_secs())), None),
    };
    step.verdict = judged.verdict;
    step.value = judged.value;
    step.reason = truncate(&judged.reason, 400);
    step.figure = figure;
    step.at = Some(clock::now());
    step.took_ms = Some(began.elapsed().as_millis() as f64);
    Ok(step)
}

async fn answer(
    live: &StackSession,
    step: &RunbookStepResult,
    expect: Option<&Condition>,
    wanted: Wanted,
) -> Result<(Judged, Option<GaugeFigure>), PanelError> {
    let client = live.clients.prometheus().await?;
    let drawn = async {
        match wanted.style {
            Some(style) => history(live, &client, step, expect, wanted.hours, style).await.map(Some),
            None => Ok(None),
        }
    };
    let (now, figure) = tokio::join!(client.instant(&step.query, None), Box::pin(drawn));
    let now = now.map_err(|error| error.to_panel(ServiceKind::Prometheus))?;
    let figure = match figure {
        Ok(figure) => figure.flatten(),
        Err(error) if error.source == "plots" => return Err(error),
        // The number is what counts.
        Err(_) => None,
    };
    Ok((judge(&now.value.value, expect), figure))
}

/// The last hours, if they are of one series.
async fn history(
    live: &StackSession,
    client: &Prometheus,
    step: &RunbookStepResult,
    expect: Option<&Condition>,
    hours: f64,
    style: FigureStyle,
) -> Result<Option<GaugeFigure>, PanelError> {
    let end = live.state().prometheus.probe.server_now().unwrap_or_else(clock::now);
    let grid = Grid::new(end, hours, points_for(&style));
    let found = Box::pin(steps(client, &step.query, &grid)).await?;
    let [one] = found.series.as_slice() else { return Ok(None) };
    let (drawing, values) = (drawing(&step.title, expect), one.steps.clone());
    let mut drawn = blocking(move || draw(&drawing, &grid, values, &style)).await?;
    drawn.note = found.note();
    Ok(Some(drawn))
}

/// What a figure of a step says.
pub fn drawing(title: &str, expect: Option<&Condition>) -> Drawing {
    let line = |condition: &Condition| Threshold {
        value: condition.threshold,
        kind: ThresholdKind::Critical,
        label: format!("expected {condition}"),
    };
    Drawing {
        name: truncate(title, 80),
        unit: String::new(),
        scale: None,
        thresholds: expect.map(line).into_iter().collect(),
    }
}

/// How an answer stands.
#[derive(Debug, PartialEq)]
struct Judged {
    verdict: RunbookVerdict,
    value: Option<f64>,
    reason: String,
}

fn unknown(reason: impl Into<String>) -> Judged {
    Judged { verdict: RunbookVerdict::Unknown, value: None, reason: reason.into() }
}

/// Judges an answer. No value is neither green nor red. Pure.
fn judge(answer: &QueryValue, expect: Option<&Condition>) -> Judged {
    let value = match answer {
        QueryValue::Scalar { value, .. } => *value,
        QueryValue::Vector(samples) => match samples.as_slice() {
            [] => {
                return unknown(
                    "Prometheus has no data: the series does not exist, or there was no recent traffic.",
                );
            }
            [one] => one.value,
            several => {
                let words = format!(
                    "The query returned {} values instead of one; aggregate them in the runbook.",
                    several.len()
                );
                return unknown(words);
            }
        },
        _ => return unknown("The query did not return a number."),
    };
    if value.is_nan() {
        return unknown("Not a number: no recent traffic.");
    }
    let Some(expect) = expect else {
        return Judged {
            value: value.is_finite().then_some(value),
            ..unknown(format!("The runbook specifies no expected value; the value is {value}."))
        };
    };
    let verdict = if expect.fits(value) { RunbookVerdict::Pass } else { RunbookVerdict::Fail };
    // What no number on the wire can hold is told in words.
    let reason = if value.is_finite() { String::new() } else { format!("The value is {value}.") };
    Judged { verdict, value: value.is_finite().then_some(value), reason }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use aether_clients::prometheus::Sample;
    use aether_contract::Timestamp;

    use super::*;

    fn vector(values: &[f64]) -> QueryValue {
        let one = |value: &f64| Sample { labels: BTreeMap::new(), at: Timestamp(0), value: *value };
        QueryValue::Vector(values.iter().map(one).collect())
    }

    #[test]
    fn a_value_is_judged_and_none_is_neither_green_nor_red() {
        let below = Condition::read("< 30");
        let of = |values: &[f64]| {
            let judged = judge(&vector(values), below.as_ref());
            (judged.verdict, judged.value)
        };
        assert_eq!(of(&[29.0]), (RunbookVerdict::Pass, Some(29.0)));
        assert_eq!(of(&[30.0]), (RunbookVerdict::Fail, Some(30.0)));
        assert_eq!(of(&[f64::INFINITY]), (RunbookVerdict::Fail, None));
        for values in [&[][..], &[f64::NAN], &[1.0, 2.0]] {
            assert_eq!(of(values), (RunbookVerdict::Unknown, None), "{values:?}");
        }
        let scalar = QueryValue::Scalar { at: Timestamp(0), value: 1.0 };
        assert_eq!(judge(&scalar, below.as_ref()).verdict, RunbookVerdict::Pass);
        assert_eq!(judge(&scalar, None).verdict, RunbookVerdict::Unknown);
        assert_eq!(judge(&QueryValue::Matrix(Vec::new()), None).verdict, RunbookVerdict::Unknown);
    }
}
