//! The list of alerts at 50,000, against parsing the same JSON with serde_json alone: nobody can list what was
//! not read.

use std::{collections::HashSet, sync::Arc, time::Instant};

use aether_clients::alertmanager::AmAlert;
use aether_contract::{AlertsRequest, Freshness, Timestamp};
use aether_panel::{
    alert_index::join::{AlertIndex, MemberAlerts, PromAlerts, Tenants, join},
    alerts::page::page,
};
use serde_json::{Value, json};

use crate::Measured;

/// Alerts in the list.
const ALERTS: usize = 50_000;
/// Every how many-th changes with a refresh: 1 %.
const CHANGED: usize = 100;
/// Rows on a screen.
const SCREEN: u32 = 50;
const NOW: Timestamp = Timestamp(1_770_000_000_000);

/// Filtering, joining, and what a refresh sends.
pub fn run(runs: usize) -> Result<Vec<Measured>, String> {
    let (before, after) = (body(0), body(1));
    let old = index(&before)?;
    let new = index(&after)?;
    let filter = r#"severity=~"crit.*" tenant_id!="tenant-7" disk"#;
    let request = AlertsRequest { filter: filter.to_owned(), limit: SCREEN, ..AlertsRequest::default() };
    let mut first = line("filter line to a screen of rows, the first key / parsing the JSON", "ms");
    let mut filtered = line("filter line to a screen of rows, while typing / parsing the JSON", "ms");
    let mut joined = line("reading and joining the list / parsing the JSON", "ms");
    for _ in 0..runs {
        let floor = timed(|| serde_json::from_slice::<Value>(&after).is_ok());
        // Behind other work the list has to come into the caches again; who types has it there.
        first.floor.push(floor);
        first.ours.push(timed(|| page(&new, &request, fresh(), fresh()).is_ok()));
        filtered.floor.push(floor);
        filtered.ours.push(timed(|| page(&new, &request, fresh(), fresh()).is_ok()));
        joined.floor.push(floor);
        joined.ours.push(timed(|| index(&after).is_ok()));
    }
    let mut sent = line("sent to the window for a refresh that changes 1 % / the JSON", "KB");
    sent.ours.push(sent_bytes(&old, &new, &request)? / 1000.0);
    sent.floor.push(kilo(after.len()));
    Ok(vec![first, filtered, joined, sent])
}

fn line(name: &str, unit: &'static str) -> Measured {
    Measured { name: format!("{ALERTS} alerts: {name}"), unit, ours: Vec::new(), floor: Vec::new() }
}

fn fresh() -> Freshness {
    Freshness::Fresh { at: NOW }
}

fn timed(work: impl Fn() -> bool) -> f64 {
    let began = Instant::now();
    std::hint::black_box(work());
    began.elapsed().as_secs_f64() * 1000.0
}

fn kilo(bytes: usize) -> f64 {
    f64::from(u32::try_from(bytes).unwrap_or(u32::MAX)) / 1000.0
}

/// What Alertmanager answers, in its own form; with `round` 1 a hundredth of it is different.
fn body(round: usize) -> Vec<u8> {
    let alerts: Vec<Value> = (0..ALERTS)
        .map(|n| {
            let severity = ["critical", "warning", "info"][n % 3];
            let changed = round > 0 && n % CHANGED == 0;
            json!({
                "annotations": {"summary": format!("disk {n} of tenant-{} is full", n % 40),
                    "description": "A text of ordinary length that says what has happened and what it means to \
                        the reader."},
                "endsAt": "2026-02-02T02:44:00.000Z",
                "fingerprint": format!("{n:016x}"),
                "receivers": [{"name": "ops"}],
                "startsAt": if changed { "2026-02-02T02:39:00.000Z" } else { "2026-02-02T01:00:00.000Z" },
                "status": {"inhibitedBy": [], "silencedBy": [], "state": "active"},
                "updatedAt": "2026-02-02T02:40:00.000Z",
                "generatorURL": "http://prometheus:9090/graph?g0.expr=disk&g0.tab=1",
                "labels": {"alertname": format!("DiskFull{}", n % 50), "severity": severity,
                    "instance": format!("host-{n}:9100"),
                    "job": "node", "tenant_id": format!("tenant-{}", n % 40), "cluster": "eu-1"},
            })
        })
        .collect();
    Value::Array(alerts).to_string().into_bytes()
}

fn index(body: &[u8]) -> Result<AlertIndex, String> {
    let alerts: Vec<AmAlert> = serde_json::from_slice(body).map_err(|e| e.to_string())?;
    let member = MemberAlerts {
        alerts: Arc::new(alerts),
        silences: Arc::default(),
        mutings: Arc::default(),
        fresh: true,
        now: Some(NOW),
        url: "http://alertmanager:9093".to_owned(),
    };
    let vips = HashSet::from(["tenant-3".to_owned()]);
    let tenants = Tenants { label: "tenant_id".to_owned(), vips, ..Tenants::default() };
    Ok(join(&PromAlerts::default(), &[member], &tenants, NOW))
}

/// The list's part of the delta, and the page that the window asks for because its revision went up.
fn sent_bytes(old: &AlertIndex, new: &AlertIndex, request: &AlertsRequest) -> Result<f64, String> {
    if old == new {
        return Err("nothing changed".into());
    }
    let top: Vec<_> = new.rows.iter().take(8).collect();
    let delta = json!({"counts": new.counts, "top": top, "freshness": fresh(), "pendingFreshness": fresh()});
    let reply = page(new, request, fresh(), fresh()).map_err(|e| e.to_string())?;
    let reply = serde_json::to_vec(&reply).map_err(|e| e.to_string())?;
    Ok(kilo(delta.to_string().len() + reply.len()) * 1000.0)
}
