//! One cycle of Prometheus: is it there, its alerts and rules, each gauge with its split and, less often, its
//! sparkline.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use aether_clients::{Prometheus, Reply, prometheus::QueryResult};
use aether_contract::{ErrorCode, GaugeSpec, PanelError, ReadingState, ServiceKind, TenantValue};
use futures_util::{StreamExt as _, stream};

use super::bounded;
use crate::cadence;
use crate::{
    Context,
    gauges::{
        TOP_TENANTS,
        grid::Grid,
        history::SPARK_POINTS,
        reading::{Reading, coverage_note, level, reading, split},
        steps,
    },
    session::StackSession,
};
use aether_foundation::{clock, text::truncate};

const SERVICE: ServiceKind = ServiceKind::Prometheus;

/// Queries in flight at a time: the server's own limit is 20 for everybody.
const AT_ONCE: usize = 4;

/// Sparklines and rules change slowly and cost more.
const SLOW: Duration = Duration::from_secs(60);

/// A sparkline that could not be refreshed for this long is removed.
const SPARK_TOO_OLD: Duration = Duration::from_secs(300);

/// Whole time that one step may take.
const STEP: Duration = Duration::from_secs(30);

/// Asks everything that is due (or `everything`); whether the server answered at all.
pub async fn cycle(ctx: &Arc<Context>, live: &Arc<StackSession>, everything: bool) -> bool {
    let client = match probe(live).await {
        Ok(client) => client,
        Err(error) => {
            if error.code == ErrorCode::Unauthorized {
                live.clients.forget(SERVICE, 0).await;
            }
            fail_all(live, &error);
            return false;
        }
    };
    ctx.changed.notify_one();
    let hours = f64::from(ctx.settings.get().trend_hours);
    let interval = ctx.interval(SERVICE);
    tokio::join!(alerts(live, &client, everything), gauges(ctx, live, &client, hours, interval, everything));
    super::alertmanager::rejoin(live).await;
    if let Some(observer) = ctx.observer() {
        observer.prometheus_polled(live).await;
    }
    true
}

async fn probe(live: &StackSession) -> Result<Arc<Prometheus>, PanelError> {
    let client = live.clients.prometheus().await?;
    let reply =
        bounded(SERVICE, STEP, async { client.build_info().await.map_err(|e| e.to_panel(SERVICE)) }).await?;
    let mut state = live.state();
    let probe = &mut state.prometheus.probe;
    probe.succeeded();
    probe.version = reply.value.version.clone().filter(|version| !version.is_empty());
    probe.flavour = reply.value.flavour.clone();
    probe.latency_ms = Some(clock::latency_ms(reply.latency));
    probe.clock_offset_ms = clock::offset(reply.date, reply.received, reply.latency);
    drop(state);
    Ok(client)
}

fn fail_all(live: &StackSession, error: &PanelError) {
    let mut state = live.state();
    let prometheus = &mut state.prometheus;
    prometheus.probe.failed(error.clone());
    prometheus.alerts_freshness = prometheus.alerts_freshness.failed(error.clone());
    for gauge in &mut prometheus.gauges {
        gauge.gauge.freshness = gauge.gauge.freshness.failed(error.clone());
    }
}

async fn alerts(live: &StackSession, client: &Prometheus, everything: bool) {
    let rules_due =
        everything || live.state().prometheus.rules_asked.is_none_or(|asked| asked.elapsed() >= SLOW);
    let alerts =
        bounded(SERVICE, STEP, async { client.alerts().await.map_err(|e| e.to_panel(SERVICE)) }).await;
    let unknown_rule = {
        let mut state = live.state();
        let prometheus = &mut state.prometheus;
        match alerts {
            Ok(reply) => {
                prometheus.alerts_freshness = prometheus.alerts_freshness.succeeded(clock::now());
                prometheus.alerts_good = Some(Instant::now());
                let changed = prometheus.alerts.len() != reply.value.len();
                prometheus.alerts = Arc::new(reply.value);
                // A new pending alert may be of a new rule, and says when it fires only with it.
                changed
            }
            Err(error) => {
                prometheus.alerts_freshness = prometheus.alerts_freshness.failed(error);
                false
            }
        }
    };
    if !(rules_due || unknown_rule) {
        return;
    }
    let rules = bounded(SERVICE, STEP, async { client.rules().await.map_err(|e| e.to_panel(SERVICE)) }).await;
    let mut state = live.state();
    match rules {
        Ok(reply) => {
            state.prometheus.rules = Arc::new(reply.value);
            state.prometheus.rules_asked = Some(Instant::now());
        }
        // Without rules only "fires at" is missing; the next cycle tries again.
        Err(error) => tracing::debug!(code = error.code.as_str(), "failed to read rules"),
    }
}

/// What has to be asked for one gauge.
struct Due {
    index: usize,
    spec: GaugeSpec,
    value: bool,
    spark: bool,
}

async fn gauges(
    ctx: &Context,
    live: &Arc<StackSession>,
    client: &Prometheus,
    hours: f64,
    interval: Duration,
    everything: bool,
) {
    let due: Vec<Due> = {
        let state = live.state();
        state
            .prometheus
            .gauges
            .iter()
            .enumerate()
            .map(|(index, gauge)| Due {
                index,
                spec: gauge.gauge.spec.clone(),
                // Cheap ones with every cycle, expensive ones less often.
                value: everything
                    || cadence::eased(interval, gauge.took) == interval
                    || gauge
                        .asked
                        .is_none_or(|asked| asked.elapsed() >= cadence::eased(interval, gauge.took)),
                spark: everything
                    || (gauge.gauge.spark_hours - hours).abs() > f64::EPSILON
                    || gauge.spark_asked.is_none_or(|(asked, took)| {
                        asked.elapsed() >= cadence::eased(SLOW.max(interval), took)
                    }),
            })
            .collect()
    };
    // Values first: they are what a person waits for.
    stream::iter(due.iter().filter(|due| due.value))
        .for_each_concurrent(AT_ONCE, |due| async move {
            value(live, client, due).await;
            ctx.changed.notify_one();
        })
        .await;
    stream::iter(due.iter().filter(|due| due.spark))
        .for_each_concurrent(AT_ONCE, |due| async move {
            spark(live, client, due, hours).await;
            ctx.changed.notify_one();
        })
        .await;
}

async fn ask(client: &Prometheus, query: &str) -> Result<Reply<QueryResult>, PanelError> {
    bounded(SERVICE, STEP, async {
        client.instant(query, None).await.map_err(|error| error.to_panel(SERVICE))
    })
    .await
}

async fn value(live: &StackSession, client: &Prometheus, due: &Due) {
    let began = Instant::now();
    let profile = &live.profile;
    let result = match ask(client, &due.spec.query).await {
        Ok(reply) => reading(&reply.value).map(|reading| (reading, reply.value.warnings)),
        Err(error) => Err(error),
    };
    let tenants = match (&result, &due.spec.per_tenant_query) {
        (Ok(_), Some(query)) => Some(match ask(client, query).await {
            Ok(reply) => split(&reply.value, &due.spec, profile),
            Err(error) => Err(error),
        }),
        _ => None,
    };
    let coverage = match (&result, profile.note_query(&due.spec.id)) {
        (Ok((reading, _)), Some(query)) if reading.state == ReadingState::Value => {
            match ask(client, query).await {
                Ok(reply) => reading_or_none(&reply.value)
                    .map(|days| coverage_note(&days, &due.spec.window))
                    .unwrap_or_default(),
                Err(_) => "covered time unknown".to_owned(),
            }
        }
        _ => String::new(),
    };
    let took = began.elapsed();
    let mut state = live.state();
    let Some(gauge) = state.prometheus.gauges.get_mut(due.index) else { return };
    gauge.asked = Some(began);
    gauge.took = took;
    match result {
        Ok((reading, warnings)) => {
            gauge.good = Some(Instant::now());
            let shown = &mut gauge.gauge;
            shown.freshness = shown.freshness.succeeded(clock::now());
            shown.state = reading.state;
            shown.value = reading.value;
            shown.level = level(&due.spec, reading.value);
            shown.at = reading.at;
            let tenants_note = put_tenants(&mut gauge.tenants, tenants);
            let shown = &mut gauge.gauge;
            shown.tenants = gauge.tenants.iter().take(TOP_TENANTS).cloned().collect();
            shown.tenant_count = u32::try_from(gauge.tenants.len()).unwrap_or(u32::MAX);
            let warning = warnings.first().map(|text| format!("server warning: {}", truncate(text, 200)));
            shown.note = [coverage, tenants_note, warning.unwrap_or_default()]
                .into_iter()
                .filter(|part| !part.is_empty())
                .collect::<Vec<_>>()
                .join(" · ");
        }
        Err(error) => gauge.gauge.freshness = gauge.gauge.freshness.failed(error),
    }
}

fn reading_or_none(result: &QueryResult) -> Option<Reading> {
    reading(result).ok()
}

/// Takes a new split, or keeps the old one with a note that says so.
fn put_tenants(
    kept: &mut Arc<Vec<TenantValue>>,
    new: Option<Result<Vec<TenantValue>, PanelError>>,
) -> String {
    match new {
        None => String::new(),
        Some(Ok(rows)) => {
            *kept = Arc::new(rows);
            String::new()
        }
        // A wrong query gives no split at all; a failed one leaves the last.
        Some(Err(error)) if error.code == ErrorCode::InvalidConfig || kept.is_empty() => {
            *kept = Arc::default();
            format!("per-tenant breakdown unavailable: {}", error.message)
        }
        Some(Err(error)) => format!("per-tenant breakdown is stale: {}", error.message),
    }
}

async fn spark(live: &StackSession, client: &Prometheus, due: &Due, hours: f64) {
    let began = Instant::now();
    let end = live.state().prometheus.probe.server_now().unwrap_or_else(clock::now);
    let grid = Grid::new(end, hours, SPARK_POINTS);
    let answer = bounded(SERVICE, STEP, steps::steps(client, &due.spec.query, &grid)).await;
    let laid = answer.and_then(|observed| observed.one(&grid));
    let took = began.elapsed();
    let mut state = live.state();
    let Some(gauge) = state.prometheus.gauges.get_mut(due.index) else { return };
    gauge.spark_asked = Some((began, took));
    match laid {
        Ok(found) => {
            gauge.spark_good = Some(Instant::now());
            (gauge.gauge.spark, gauge.gauge.spark_low, gauge.gauge.spark_high) =
                (found.mean, found.low, found.high);
            gauge.gauge.spark_hours = hours;
        }
        Err(error) => {
            tracing::debug!(gauge = due.spec.id, code = error.code.as_str(), "sparkline unavailable");
            if gauge.spark_good.is_none_or(|good| good.elapsed() > SPARK_TOO_OLD) {
                (gauge.gauge.spark, gauge.gauge.spark_low, gauge.gauge.spark_high) = Default::default();
                gauge.gauge.spark_hours = hours;
            }
        }
    }
}
