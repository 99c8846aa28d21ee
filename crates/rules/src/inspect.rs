//! One rule on the server: its expression and both sides of its `and` evaluated now, and its value over time.

use std::sync::Arc;

use aether_clients::{Prometheus, prometheus::QueryValue};
use aether_contract::*;
use aether_plots::{Threshold, ThresholdKind};

use super::list;
use crate::Rules;
use aether_context::{
    gauges::{
        grid::Grid,
        history::{Drawing, draw, points_for},
        steps::{SeriesSteps, steps},
    },
    session::StackSession,
};
use aether_foundation::promql::split;
use aether_foundation::{clock, promql::expression, text::truncate};

/// Longest history, in hours.
const MAX_HOURS: f64 = 720.0;
/// Samples of a side that are shown.
const MAX_SAMPLES: usize = 10;

/// Looks at a rule.
///
/// # Errors
/// `invalid-request` for hours out of range, `not-found` for a rule that does not run any more, Prometheus' codes.
pub async fn look(
    rules: &Rules,
    live: &Arc<StackSession>,
    request: RuleDetailRequest,
) -> Result<RuleDetail, PanelError> {
    if !(request.hours >= 1.0 && request.hours <= MAX_HOURS) {
        let words = format!("hours must be 1 to {MAX_HOURS}.");
        return Err(PanelError::new(ErrorCode::InvalidRequest, "rule_detail", words));
    }
    let report = list::report(rules, live).await?;
    let rule = report.groups.into_iter().flat_map(|group| group.rules).find(|rule| rule.id == request.id);
    let rule = rule.ok_or_else(|| {
        PanelError::new(
            ErrorCode::NotFound,
            "rules",
            format!("Rule {} is no longer loaded.", request.id.name),
        )
        .with_hint("Refresh the list: the server has loaded different rules in the meantime.")
    })?;
    let client = live.clients.prometheus().await?;
    let condition = expression::condition(&rule.expression).filter(|_| rule.kind == RuleKind::Alerting);
    let (sides, (live_verdict, guard_never_matches)) = sides(&client, &rule).await;
    let value = condition.as_ref().map_or(rule.id.name.clone(), |found| found.value.clone());
    let threshold = condition.as_ref().map(|found| found.threshold);
    let end = live.state().prometheus.probe.server_now().unwrap_or_else(clock::now);
    let grid = Grid::new(end, request.hours, points_for(&request.style));
    let (figure, figure_note) = if rule.kind == RuleKind::Alerting && condition.is_none() {
        (None, "The expression does not compare a value with a threshold.".to_owned())
    } else {
        match figure(&client, &value, &grid, &rule, threshold, &request.style).await {
            Ok(drawn) => drawn,
            Err(error) if error.code == ErrorCode::InvalidRequest => return Err(error),
            Err(error) => (None, error.message),
        }
    };
    // Infinite numbers are no values that JSON has.
    let thresholds = match rule.kind {
        RuleKind::Alerting => crate::edit::thresholds(&rule.expression),
        RuleKind::Recording => Vec::new(),
    };
    Ok(RuleDetail {
        rule,
        sides,
        live_verdict,
        guard_never_matches,
        threshold,
        thresholds: thresholds.into_iter().filter(|one| one.value.is_finite()).collect(),
        hours: request.hours,
        figure,
        figure_note,
    })
}

/// The worst series over time: the one that came closest to the threshold, or the first.
async fn figure(
    client: &Prometheus,
    query: &str,
    grid: &Grid,
    rule: &RuleView,
    threshold: Option<f64>,
    style: &FigureStyle,
) -> Result<(Option<Figure>, String), PanelError> {
    let found = Box::pin(steps(client, query, grid)).await?;
    let comparison = expression::condition(&rule.expression).map_or("", |found| found.comparison);
    let low_is_bad = comparison.starts_with('<');
    let badness = |one: &SeriesSteps| {
        let extreme = if low_is_bad { one.steps.lowest() } else { one.steps.highest() };
        extreme.map_or(f64::NEG_INFINITY, |(_, value)| if low_is_bad { -value } else { value })
    };
    let Some(worst) = found.series.iter().max_by(|a, b| badness(a).total_cmp(&badness(b))) else {
        return Ok((None, "The server has no data for this rule in this period.".to_owned()));
    };
    let labels: Vec<String> =
        worst.labels.iter().map(|(name, value)| format!("{name}=\"{value}\"")).collect();
    let drawing = Drawing {
        name: truncate(&rule.id.name, 80),
        unit: String::new(),
        scale: None,
        thresholds: threshold
            .map(|value| Threshold {
                value,
                kind: ThresholdKind::Critical,
                label: format!("fires {comparison} {value}"),
            })
            .into_iter()
            .collect(),
    };
    let drawn = draw(&drawing, grid, worst.steps.clone(), style)?;
    let which = if labels.is_empty() { "the only series".to_owned() } else { labels.join(", ") };
    let note = match found.series.len() {
        1 => format!("Shown: {which}."),
        all => {
            format!(
                "Shown: {which}, the one of {all} series that came closest to firing or has the \
                highest value."
            )
        }
    };
    Ok((Some(drawn.figure), format!("{note} {}", found.note()).trim_end().to_owned()))
}

/// The expression and its sides, evaluated now, and what that says about the guard.
async fn sides(client: &Prometheus, rule: &RuleView) -> (Vec<ExpressionSide>, (String, bool)) {
    let mut asked = Vec::new();
    if rule.kind == RuleKind::Alerting
        && let Some(pieces) = split::pieces(&rule.expression).filter(|pieces| pieces.len() > 1)
    {
        for (index, piece) in pieces.iter().enumerate() {
            let title = match (&rule.guard, index) {
                (Some(guard), _) if guard.guard == piece.text => "Guard".to_owned(),
                (Some(guard), _) if guard.condition == piece.text => "Condition".to_owned(),
                (_, index) => format!("Side {}", index + 1),
            };
            asked.push((title, piece.text.clone()));
            // The condition is mostly false; whether the sides can pair shows on the value without its comparison.
            if let Some(found) = expression::condition(&piece.text).filter(|_| index == 0) {
                asked.push(("Value".to_owned(), found.value));
            }
        }
    }
    asked.push(("Overall".to_owned(), rule.expression.clone()));
    let made = asked.into_iter().map(|(title, expression)| async move {
        let reply = client.instant(&expression, None).await;
        side(title, expression, reply.map(|reply| reply.value.value))
    });
    let sides: Vec<ExpressionSide> = futures_util::future::join_all(made).await;
    let verdict = verdict(client, rule, &sides).await;
    (sides, verdict)
}

fn side(
    title: String,
    expression: String,
    answer: Result<QueryValue, aether_clients::ClientError>,
) -> ExpressionSide {
    let sample = |labels, value: f64| RuleSample {
        labels,
        value: value.is_finite().then_some(value),
        text: if value.is_infinite() {
            if value > 0.0 { "+Inf".into() } else { "-Inf".into() }
        } else {
            value.to_string()
        },
    };
    let (series, samples, error) = match answer {
        Ok(QueryValue::Vector(all)) => {
            let shown =
                all.iter().take(MAX_SAMPLES).map(|one| sample(one.labels.clone(), one.value)).collect();
            (u32::try_from(all.len()).ok(), shown, String::new())
        }
        Ok(QueryValue::Scalar { value, .. }) => {
            (Some(1), vec![sample(std::collections::BTreeMap::new(), value)], String::new())
        }
        Ok(_) => (None, Vec::new(), "The expression does not return a vector.".to_owned()),
        Err(error) => (None, Vec::new(), error.to_panel(ServiceKind::Prometheus).message),
    };
    ExpressionSide { title, expression, series, samples, error }
}

/// Whether value and guard match on the server, in a sentence, and whether the guard keeps the alert from ever firing.
/// Queried without the comparison, which is mostly false.
async fn verdict(client: &Prometheus, rule: &RuleView, sides: &[ExpressionSide]) -> (String, bool) {
    let count = |title: &str| sides.iter().find(|side| side.title == title).and_then(|side| side.series);
    let (Some(value), Some(guard)) = (count("Value"), count("Guard")) else { return Default::default() };
    if value == 0 {
        return ("The value returns no series now, so the guard cannot be checked.".to_owned(), false);
    }
    if guard == 0 {
        let words = "The guard returns no series now: there is no traffic, and the alert cannot fire.";
        return (words.to_owned(), false);
    }
    let Some(pieces) = split::pieces(&rule.expression) else { return Default::default() };
    let Some(found) = pieces.first().and_then(|first| expression::condition(&first.text)) else {
        return Default::default();
    };
    let mut open = pieces.clone();
    if let (Some(first), Ok(expr)) = (open.first_mut(), split::parse(&found.value)) {
        first.text = format!("({})", found.value);
        first.expr = expr;
    }
    let query = split::join(&open, true);
    match client.instant(&query, None).await.map(|reply| reply.value.value) {
        Ok(QueryValue::Vector(all)) if all.is_empty() => {
            let words =
                "Value and guard both return series now, but none of them match: the guard can never match.";
            (words.to_owned(), true)
        }
        Ok(QueryValue::Vector(all)) => {
            (format!("The guard matches {} of {value} series now.", all.len()), false)
        }
        _ => Default::default(),
    }
}
