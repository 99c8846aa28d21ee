//! A refresh of a stack with five gauges, against the same questions asked and parsed by bare libraries.

use std::time::{Duration, Instant};

use aether_contract::Empty;
use aether_core::{NoHost, Panel, PanelOptions};
use aether_tests::{
    eventually,
    stack::{MemoryKeyring, Stack, servers_missing},
};
use futures_util::{StreamExt as _, stream};
use serde_json::Value;

use crate::Measured;

/// Refreshes a run.
const TIMES: usize = 20;
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
    let questions = questions(&stack, &snapshot.gauges)?;
    let client = reqwest::Client::builder().no_proxy().build().map_err(|e| e.to_string())?;
    let mut lines = [("wall", "ms"), ("processor", "ms")].map(|(what, unit)| Measured {
        name: format!("refresh with 5 gauges, {} questions, {what} time / bare", questions.len()),
        unit,
        ours: Vec::new(),
        floor: Vec::new(),
    });
    for _ in 0..runs {
        let (wall, cpu) = timed(async || panel.refresh_and_wait().await).await;
        let (floor_wall, floor_cpu) = timed(async || ask_all(&client, &questions).await).await;
        let [walls, cpus] = &mut lines;
        walls.ours.push(wall);
        walls.floor.push(floor_wall);
        cpus.ours.push(cpu);
        cpus.floor.push(floor_cpu);
    }
    panel.shutdown().await;
    Ok(lines.into())
}

/// What a whole refresh asks.
fn questions(stack: &Stack, gauges: &[aether_contract::Gauge]) -> Result<Vec<String>, String> {
    let (prometheus, alertmanager) =
        (stack.prometheus.url(), stack.alertmanagers.first().ok_or("no Alertmanager")?.url());
    let mut all: Vec<String> = ["status/buildinfo", "alerts", "rules"]
        .iter()
        .map(|path| format!("{prometheus}/api/v1/{path}"))
        .chain(["status", "alerts", "silences"].iter().map(|path| format!("{alertmanager}/api/v2/{path}")))
        .collect();
    let now = std::time::SystemTime::now()
        .duration_since(std::time::UNIX_EPOCH)
        .map_or(0, |since| since.as_secs() / 60 * 60);
    let escaped = |query: &str| url_escaped(query);
    for gauge in gauges {
        let query = escaped(&gauge.spec.query);
        all.push(format!("{prometheus}/api/v1/query?query={query}"));
        let points = u64::try_from(gauge.spark.len().max(2)).unwrap_or(60);
        // Hours of a trend are a small positive number.
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "see above")]
        let span = (gauge.spark_hours * 3600.0) as u64;
        all.push(format!(
            "{prometheus}/api/v1/query_range?query={query}&start={}&end={now}&step={}",
            now - span,
            span / (points - 1)
        ));
        if let Some(split) = &gauge.spec.per_tenant_query {
            all.push(format!("{prometheus}/api/v1/query?query={}", escaped(split)));
        }
    }
    Ok(all)
}

fn url_escaped(text: &str) -> String {
    text.bytes().map(|byte| format!("%{byte:02X}")).collect()
}

async fn ask_all(client: &reqwest::Client, questions: &[String]) {
    stream::iter(questions)
        .for_each_concurrent(AT_ONCE, |url| async move {
            if let Ok(reply) = client.get(url).send().await
                && let Ok(body) = reply.bytes().await
            {
                std::hint::black_box(serde_json::from_slice::<Value>(&body).ok());
            }
        })
        .await;
}

/// Milliseconds of wall and processor time that one of many takes.
async fn timed(work: impl AsyncFn()) -> (f64, f64) {
    let (began, spent) = (Instant::now(), processor_ms());
    for _ in 0..TIMES {
        work().await;
    }
    let times = f64::from(u32::try_from(TIMES).unwrap_or(1));
    (began.elapsed().as_secs_f64() * 1000.0 / times, (processor_ms() - spent) / times)
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
