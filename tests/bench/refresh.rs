//! A refresh of a stack with five gauges, against the same questions asked and parsed by bare libraries.

use std::{
    collections::BTreeMap,
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

use aether_contract::{Empty, Gauge, Timestamp};
use aether_panel::{
    NoHost, Panel, PanelOptions,
    gauges::{grid::Grid, history::SPARK_POINTS, steps::first_query},
    stack::Stacks,
};
use aether_tests::{
    eventually,
    stack::{MemoryKeyring, Stack, servers_missing},
};
use futures_util::{StreamExt as _, TryStreamExt as _, future::try_join_all, stream};
use serde_json::Value;

use crate::Measured;

/// Refreshes a run.
const TIMES: usize = 200;
/// As many as the panel has in flight.
const AT_ONCE: usize = 4;

/// Wall time and processor time of a refresh.
pub fn run(runs: usize) -> Result<Vec<Measured>, String> {
    if let Some(why) = servers_missing() {
        return Err(why);
    }
    let runtime = tokio::runtime::Runtime::new().map_err(|e| e.to_string())?;
    runtime.block_on(Box::pin(measure(runs)))
}

async fn measure(runs: usize) -> Result<Vec<Measured>, String> {
    let stack = Stack::start(1).await?;
    stack.profile("")?;
    let options = PanelOptions {
        home: stack.home(),
        stack: Some("test".to_owned()),
        host: std::sync::Arc::new(NoHost),
        secrets: Some(std::sync::Arc::new(MemoryKeyring::default())),
        poll: false,
    };
    let panel = Panel::start(options).await.map_err(|e| e.to_string())?;
    let values = eventually(Duration::from_secs(120), async || {
        panel.refresh_and_wait().await;
        let snapshot = panel.snapshot(Empty {}).await.ok()?;
        snapshot.gauges.iter().all(|gauge| gauge.value.is_some()).then_some(snapshot)
    });
    let snapshot = values.await.ok_or("the gauges never had values")?;
    let floor = Floor::new(&stack, &snapshot.gauges)?;
    floor.asks_what_the_panel_asks(&panel).await?;
    let mut lines = [("wall", "ms"), ("processor", "ms")].map(|(what, unit)| Measured {
        name: format!(
            "refresh with {} gauges, {} questions, {what} time / bare",
            snapshot.gauges.len(),
            floor.questions()
        ),
        unit,
        ours: Vec::new(),
        floor: Vec::new(),
    });
    for _ in 0..runs {
        let ours = timed(async || {
            panel.refresh_and_wait().await;
            Ok(())
        })
        .await?;
        let bare = timed(async || floor.ask_all().await).await?;
        let [wall, processor] = &mut lines;
        wall.ours.push(ours.0);
        wall.floor.push(bare.0);
        processor.ours.push(ours.1);
        processor.floor.push(bare.1);
    }
    panel.shutdown().await;
    Ok(lines.into())
}

/// What a whole refresh asks, in the panel's own order and as many at a time, by a bare client.
struct Floor {
    client: reqwest::Client,
    /// Where Prometheus counts its requests.
    metrics: String,
    /// Asked before everything else.
    probe: String,
    /// One after the other.
    alerts: [String; 2],
    /// A gauge's value, split and note: one after the other.
    values: Vec<Vec<String>>,
    /// A gauge's sparkline each, after all values.
    sparks: Vec<String>,
    /// Alertmanager's, all at once.
    member: [String; 3],
}

impl Floor {
    fn new(stack: &Stack, gauges: &[Gauge]) -> Result<Self, String> {
        let prometheus = stack.prometheus.url();
        let member = stack.alertmanagers.first().ok_or("no Alertmanager")?.url();
        let stacks = Stacks::open(&stack.home());
        stacks.override_with("test").map_err(|e| e.to_string())?;
        let profile = stacks.active();
        let instant = |query: &str| format!("{prometheus}/api/v1/query?query={}", escaped(query));
        let now = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .map_or(0, |since| since.as_millis().try_into().unwrap_or(0));
        let (mut values, mut sparks) = (Vec::new(), Vec::new());
        for gauge in gauges {
            let queries = [
                Some(gauge.spec.query.as_str()),
                gauge.spec.per_tenant_query.as_deref(),
                profile.note_query(&gauge.spec.id),
            ];
            values.push(queries.into_iter().flatten().map(instant).collect());
            let grid = Grid::new(Timestamp(now), gauge.spark_hours, SPARK_POINTS);
            sparks.push(format!(
                "{prometheus}/api/v1/query_range?query={}&start={:.3}&end={:.3}&step={:.3}",
                escaped(&first_query(&gauge.spec.query, &grid)),
                grid.start.as_secs_f64(),
                grid.end.as_secs_f64(),
                grid.step().as_secs_f64(),
            ));
        }
        Ok(Self {
            client: reqwest::Client::builder().no_proxy().build().map_err(|e| e.to_string())?,
            metrics: format!("{prometheus}/metrics"),
            probe: format!("{prometheus}/api/v1/status/buildinfo"),
            alerts: ["alerts", "rules"].map(|path| format!("{prometheus}/api/v1/{path}")),
            values,
            sparks,
            member: ["alerts", "silences", "status"].map(|path| format!("{member}/api/v2/{path}")),
        })
    }

    fn questions(&self) -> usize {
        1 + self.alerts.len()
            + self.values.iter().map(Vec::len).sum::<usize>()
            + self.sparks.len()
            + self.member.len()
    }

    async fn ask_all(&self) -> Result<(), String> {
        let gauges = async {
            stream::iter(&self.values)
                .map(async |urls| {
                    for url in urls {
                        self.ask(url).await?;
                    }
                    Ok::<(), String>(())
                })
                .buffer_unordered(AT_ONCE)
                .try_collect::<()>()
                .await?;
            stream::iter(&self.sparks)
                .map(|url| self.ask(url))
                .buffer_unordered(AT_ONCE)
                .try_collect::<()>()
                .await
        };
        let alerts = async {
            for url in &self.alerts {
                self.ask(url).await?;
            }
            Ok(())
        };
        let prometheus = async {
            self.ask(&self.probe).await?;
            futures_util::try_join!(alerts, gauges)
        };
        let member = try_join_all(self.member.iter().map(|url| self.ask(url)));
        futures_util::try_join!(prometheus, member).map(|_| ())
    }

    /// A question that fails would make the floor cheaper than it is.
    async fn ask(&self, url: &str) -> Result<(), String> {
        let told = |error: reqwest::Error| format!("the bare client: {error}");
        let reply = self.client.get(url).send().await.and_then(reqwest::Response::error_for_status);
        let body = reply.map_err(told)?.bytes().await.map_err(told)?;
        let value: Value = serde_json::from_slice(&body).map_err(|error| format!("{url}: {error}"))?;
        std::hint::black_box(value);
        Ok(())
    }

    /// Holds the floor against the panel by Prometheus' own count of requests: a ratio of different questions
    /// says nothing.
    async fn asks_what_the_panel_asks(&self, panel: &Panel) -> Result<(), String> {
        let start = self.counted().await?;
        panel.refresh_and_wait().await;
        let middle = self.counted().await?;
        self.ask_all().await?;
        let end = self.counted().await?;
        let since =
            |before: &BTreeMap<String, u64>, after: &BTreeMap<String, u64>| -> BTreeMap<String, u64> {
                let more = |(what, count): (&String, &u64)| {
                    let more = count.saturating_sub(before.get(what).copied().unwrap_or(0));
                    (more > 0).then(|| (what.clone(), more))
                };
                after.iter().filter_map(more).collect()
            };
        let (panel, bare) = (since(&start, &middle), since(&middle, &end));
        if panel == bare {
            Ok(())
        } else {
            Err(format!(
                "the floor has to be brought up to date: the panel asks {panel:?}, the floor {bare:?}"
            ))
        }
    }

    /// How often Prometheus has answered each path with each code.
    async fn counted(&self) -> Result<BTreeMap<String, u64>, String> {
        let told = |error: reqwest::Error| error.to_string();
        let text = self.client.get(&self.metrics).send().await.map_err(told)?.text().await.map_err(told)?;
        let counts = text.lines().filter_map(|line| {
            let (labels, count) = line.strip_prefix("prometheus_http_requests_total")?.rsplit_once(' ')?;
            labels.contains("/api/").then_some(())?;
            Some((labels.to_owned(), count.parse().ok()?))
        });
        Ok(counts.collect())
    }
}

fn escaped(text: &str) -> String {
    text.bytes().map(|byte| format!("%{byte:02X}")).collect()
}

/// Milliseconds of wall and processor time that one of many takes.
async fn timed(work: impl AsyncFn() -> Result<(), String>) -> Result<(f64, f64), String> {
    let (began, spent) = (Instant::now(), processor_ms());
    for _ in 0..TIMES {
        work().await?;
    }
    let times = f64::from(u32::try_from(TIMES).unwrap_or(1));
    Ok((began.elapsed().as_secs_f64() * 1000.0 / times, (processor_ms() - spent) / times))
}

/// Processor time of this process so far, in steps of 10 ms.
fn processor_ms() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let fields = stat.rsplit(')').next().unwrap_or_default();
    // Fields 14 and 15 of the whole, in ticks of which Linux has 100 a second everywhere.
    let ticks: f64 =
        fields.split_whitespace().skip(11).take(2).filter_map(|field| field.parse::<f64>().ok()).sum();
    ticks * 10.0
}
