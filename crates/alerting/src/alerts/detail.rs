//! One alert in full: its rule, its value over time with the threshold drawn in, and who silenced it before.

use std::{collections::BTreeMap, sync::Arc};

use aether_clients::prometheus::{AlertingRule, Rule, RuleGroup};
use aether_contract::{
    AlertDetail, AlertDetailRequest, AlertRow, AlertRule, ErrorCode, GaugeFigure, PanelError, Silence,
    SilenceState,
};
use aether_plots::{Threshold, ThresholdKind};

use super::context;
use crate::maintenance;
use aether_context::{
    gauges::{
        grid::Grid,
        history::{Drawing, draw, points_for},
        steps::{SeriesSteps, steps},
    },
    session::StackSession,
};
use aether_foundation::clock;
use aether_foundation::{
    matching::{matcher, title},
    promql::expression,
    text::truncate,
};

/// Longest history of the value, in hours.
const MAX_HOURS: f64 = 168.0;
/// Most past silences of an answer.
const MAX_SILENCES: usize = 10;

/// Puts an alert's detail together.
///
/// # Errors
/// `not-found` for an alert that is not in the list, `invalid-request` for hours or a style out of range.
pub async fn detail(
    live: &Arc<StackSession>,
    request: &AlertDetailRequest,
) -> Result<AlertDetail, PanelError> {
    if !(request.hours > 0.0 && request.hours <= MAX_HOURS) {
        let message = format!("hours must be greater than 0 and at most {MAX_HOURS}.");
        return Err(PanelError::new(ErrorCode::InvalidRequest, "alert_detail", message));
    }
    let (row, rule, silenced_before, tenant, end) = {
        let state = live.state();
        let row = state.index.rows.iter().find(|row| row.fingerprint == request.fingerprint).cloned();
        let row = row.ok_or_else(|| {
            PanelError::new(ErrorCode::NotFound, "alerts", "This alert is no longer listed.")
        })?;
        let rule = rule_of(&row, &state.prometheus.rules);
        let silences = before(maintenance::silences::all(&state, clock::now()), &row.labels);
        let splits: Vec<context::Split> = state
            .prometheus
            .gauges
            .iter()
            .map(|known| (known.gauge.spec.clone(), Arc::clone(&known.tenants)))
            .collect();
        let tenant = context::tenant(&live.profile.tenant_label, &row, &splits, state.index.rows.iter());
        (row, rule, silences, tenant, state.prometheus.probe.server_now().unwrap_or_else(clock::now))
    };
    let links = context::links(&live.profile, &row, rule.as_ref());
    let Some(rule) = rule else {
        let figure_note = "Prometheus has no rule for this alert.".to_owned();
        return Ok(AlertDetail { rule: None, figure: None, figure_note, silenced_before, tenant, links });
    };
    let (figure, figure_note) = match Box::pin(figure(live, &row, &rule, request, end)).await {
        Ok(figure) => (Some(figure), String::new()),
        Err(Absent::Note(note)) => (None, note),
        Err(Absent::Error(error)) if error.code == ErrorCode::InvalidRequest => return Err(error),
        Err(Absent::Error(error)) => (None, error.message),
    };
    Ok(AlertDetail { rule: Some(rule), figure, figure_note, silenced_before, tenant, links })
}

/// Why there is no chart.
enum Absent {
    /// In words.
    Note(String),
    /// What went wrong.
    Error(PanelError),
}

impl From<PanelError> for Absent {
    fn from(error: PanelError) -> Self {
        Self::Error(error)
    }
}

async fn figure(
    live: &StackSession,
    row: &AlertRow,
    rule: &AlertRule,
    request: &AlertDetailRequest,
    end: aether_contract::Timestamp,
) -> Result<GaugeFigure, Absent> {
    let (Some(value), Some(threshold)) = (&rule.value_expression, rule.threshold) else {
        return Err(Absent::Note("The expression does not compare a value with a threshold.".to_owned()));
    };
    let grid = Grid::new(end, request.hours, points_for(&request.style));
    let client = live.clients.prometheus().await?;
    let found = Box::pin(steps(&client, value, &grid)).await?;
    let series = of_alert(&found.series, &row.labels)
        .ok_or_else(|| Absent::Note("Prometheus has no data for this alert in this period.".to_owned()))?;
    let drawing = Drawing {
        name: truncate(&title(&row.name, &row.labels), 80),
        unit: String::new(),
        scale: None,
        thresholds: vec![Threshold {
            value: threshold,
            kind: ThresholdKind::Critical,
            label: format!("fires {} {threshold}", rule.comparison),
        }],
    };
    let mut drawn = draw(&drawing, &grid, series.steps.clone(), &request.style)?;
    drawn.note = found.note();
    found.add_details(&client, series, &grid, &mut drawn).await;
    Ok(drawn)
}

/// The series that the alert is about: all its labels are the alert's. Of several the most specific one.
fn of_alert<'a>(series: &'a [SeriesSteps], labels: &BTreeMap<String, String>) -> Option<&'a SeriesSteps> {
    let fits = |one: &&SeriesSteps| one.labels.iter().all(|(name, value)| labels.get(name) == Some(value));
    series.iter().filter(fits).max_by_key(|one| one.labels.len())
}

/// The rule that made the alert: the one that lists it, else the first of its name whose labels it has.
pub fn rule_of(row: &AlertRow, groups: &[RuleGroup]) -> Option<AlertRule> {
    let has = |labels: &BTreeMap<String, String>| {
        labels.iter().all(|(name, value)| row.labels.get(name) == Some(value))
    };
    let named = || {
        groups.iter().flat_map(|group| group.rules.iter().map(move |rule| (group, rule))).filter_map(
            |(group, rule)| match rule {
                Rule::Alerting(rule) if rule.name == row.name => Some((group, rule)),
                _ => None,
            },
        )
    };
    let listed = named().find(|(_, rule)| rule.alerts.iter().any(|alert| has(&alert.labels)));
    // A label of the rule may be a template, which says nothing about its value.
    let plain = |rule: &&AlertingRule| {
        rule.labels.iter().all(|(name, value)| value.contains("{{") || row.labels.get(name) == Some(value))
    };
    let (group, rule) = listed.or_else(|| named().find(|(_, rule)| plain(rule)))?;
    let condition = expression::condition(&rule.query);
    Some(AlertRule {
        group: truncate(&group.name, 256),
        file: truncate(&group.file, 1024),
        expression: truncate(&rule.query, 16 * 1024),
        for_s: seconds(rule.duration),
        interval_s: seconds(group.interval),
        health: truncate(&rule.health, 32),
        last_error: truncate(&rule.last_error, 1024),
        comparison: condition.as_ref().map(|found| found.comparison.to_owned()).unwrap_or_default(),
        threshold: condition.as_ref().map(|found| found.threshold),
        value_expression: condition.map(|found| found.value),
    })
}

fn seconds(value: f64) -> u32 {
    // A server may say anything; what no clock holds is the longest time that can be told.
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "clamped to the type's range")]
    let whole = value.clamp(0.0, f64::from(u32::MAX)) as u32;
    whole
}

/// Past silences that would have muted it, the newest first.
fn before(silences: Vec<Silence>, labels: &BTreeMap<String, String>) -> Vec<Silence> {
    silences
        .into_iter()
        .filter(|silence| silence.state == SilenceState::Expired)
        .filter(|silence| {
            matcher::compile(&silence.matchers).is_ok_and(|matchers| matcher::all_match(&matchers, labels))
        })
        .take(MAX_SILENCES)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use aether_foundation::testing::row;

    fn map(labels: &[(&str, &str)]) -> BTreeMap<String, String> {
        labels.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    }

    fn one(labels: &[(&str, &str)]) -> SeriesSteps {
        SeriesSteps { labels: map(labels), steps: Default::default() }
    }

    #[test]
    fn the_series_of_an_alert_has_only_labels_of_the_alert() {
        let series = [one(&[("tenant_id", "t1")]), one(&[("tenant_id", "t2")]), one(&[])];
        let found = of_alert(&series, &map(&[("alertname", "A"), ("tenant_id", "t2"), ("severity", "x")]));
        assert_eq!(found.unwrap().labels["tenant_id"], "t2");
        assert!(of_alert(&series, &map(&[("alertname", "A")])).unwrap().labels.is_empty());
        assert!(of_alert(&series[..2], &map(&[("alertname", "A")])).is_none());
    }

    #[test]
    fn the_rule_of_an_alert_is_told_from_its_namesakes_by_its_labels() {
        let rule = |severity: &str, query: &str| {
            Rule::Alerting(AlertingRule {
                name: "A".into(),
                query: query.into(),
                duration: 900.0,
                labels: map(&[("severity", severity)]),
                ..AlertingRule::default()
            })
        };
        let group = RuleGroup {
            name: "g".into(),
            interval: 15.0,
            rules: vec![rule("warning", "m < 30"), rule("critical", "m < 20")],
            ..RuleGroup::default()
        };
        let found = rule_of(&row(&[("alertname", "A"), ("severity", "critical")]), &[group]).unwrap();
        assert_eq!((found.threshold, found.comparison.as_str(), found.for_s), (Some(20.0), "<", 900));
        assert_eq!((found.value_expression.as_deref(), found.interval_s), (Some("m"), 15));
    }
}
