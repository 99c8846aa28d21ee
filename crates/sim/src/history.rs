//! Thirty days of history as storage blocks, made before Prometheus starts.
//!
//! Raw counters, the eight recorded series and past alerts, one sample a minute, all from the same model that
//! drives the running service. The bulk is kept between runs; only the hours since are made anew. The alerts
//! that are active at the end get `ALERTS_FOR_STATE`, from which Prometheus itself restores how long they have
//! been active.

mod recorded;
mod write;

use std::{fs, path::Path};

use serde::{Deserialize, Serialize};

use crate::{
    SimError,
    model::{Counters, DAY, HOUR, Incident, MINUTE, Scenario, TENANTS, rates},
};
use recorded::Replay;
use write::OpenMetrics;

/// How far back history reaches.
pub const SPAN: i64 = 30 * DAY;
/// Older history is discarded and regenerated.
const OLDEST: i64 = 45 * DAY;
/// The newest hours are always made anew: the incident that is still on belongs to this start.
const TAIL: i64 = 3 * HOUR;
/// Raises with every change of what is written.
const FORMAT: u32 = 2;

/// Where the kept part ends.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Kept {
    format: u32,
    seed: u64,
    anchor: i64,
    until: i64,
    counters: Vec<Counters>,
}

/// What the running service goes on from.
#[derive(Debug, Clone)]
pub struct End {
    /// Counters, one a tenant.
    pub counters: Vec<Counters>,
    /// When they were true, seconds since the epoch.
    pub at: i64,
    /// Incidents that are still on.
    pub incidents: Vec<Incident>,
}

/// Incidents of the past 30 days, by days before the anchor's end and hour of day; some every week.
fn past(anchor: i64) -> Vec<Incident> {
    let plan: [(i64, i64, i64, Scenario, Option<&str>); 9] = [
        (2, 10 * 60 + 12, 47, Scenario::ColdCache, None),
        (5, 14 * 60 + 5, 31, Scenario::LowConfidenceVip, Some("vip-customer-123")),
        (8, 2 * 60 + 40, 95, Scenario::RerankRunaway, None),
        (11, 16 * 60 + 20, 24, Scenario::LowConfidenceVip, Some("partner-abc")),
        (14, 9 * 60 + 3, 38, Scenario::ColdCache, Some("vip-customer-456")),
        (17, 22 * 60 + 30, 20, Scenario::NoTraffic, None),
        (20, 13 * 60 + 15, 66, Scenario::LowConfidenceVip, Some("acme")),
        (24, 11 * 60 + 48, 29, Scenario::ColdCache, Some("shop-12")),
        (27, 15 * 60 + 33, 52, Scenario::RerankRunaway, Some("vip-customer-123")),
    ];
    let midnight = anchor.div_euclid(DAY) * DAY;
    plan.into_iter()
        // The plan repeats for a history that has been kept for longer than 30 days.
        .flat_map(|entry| [entry, (entry.0 + 30, entry.1, entry.2, entry.3, entry.4)])
        .map(|(day, minute, length, scenario, tenant)| {
            let from = midnight + day * DAY + minute * MINUTE;
            Incident { scenario, tenant: tenant.map(str::to_owned), from, to: from + length * MINUTE }
        })
        .collect()
}

/// What is going on while the demo starts: a VIP's alert fires, and another one is about to.
fn current(now: i64) -> Vec<Incident> {
    vec![
        Incident {
            scenario: Scenario::LowConfidenceVip,
            tenant: Some("vip-customer-123".into()),
            from: now - 17 * MINUTE - 30,
            to: now + 2 * HOUR,
        },
        Incident {
            scenario: Scenario::ColdCache,
            tenant: Some("shop-12".into()),
            from: now - 7 * MINUTE,
            to: now + 2 * HOUR,
        },
    ]
}

/// Makes the history up to `now` in the storage folder `data`, which is emptied first. `keep` holds what is
/// kept between runs.
///
/// # Errors
/// When promtool is missing or fails, or a file can't be written.
pub async fn make(keep: &Path, data: &Path, seed: u64, now: i64) -> Result<End, SimError> {
    fs::create_dir_all(keep).map_err(SimError::file(keep))?;
    if data.exists() {
        fs::remove_dir_all(data).map_err(SimError::file(data))?;
    }
    fs::create_dir_all(data).map_err(SimError::file(data))?;
    let now = now.div_euclid(MINUTE) * MINUTE;
    let state = keep.join("state.json");
    let blocks = keep.join("blocks");
    let known = fs::read_to_string(&state)
        .ok()
        .and_then(|text| serde_json::from_str::<Kept>(&text).ok())
        .filter(|kept| {
            kept.format == FORMAT
                && kept.seed == seed
                && kept.counters.len() == TENANTS.len()
                && kept.until < now
                && now - kept.anchor < OLDEST
        });
    let mut kept = match known {
        Some(kept) => kept,
        None => {
            if blocks.exists() {
                fs::remove_dir_all(&blocks).map_err(SimError::file(&blocks))?;
            }
            let anchor = now - SPAN;
            Kept {
                format: FORMAT,
                seed,
                anchor,
                until: anchor,
                counters: vec![Counters::default(); TENANTS.len()],
            }
        }
    };
    fs::create_dir_all(&blocks).map_err(SimError::file(&blocks))?;
    let incidents = past(kept.anchor);

    let cut = (now - TAIL).div_euclid(6 * HOUR) * 6 * HOUR;
    if cut > kept.until {
        let file = keep.join("bulk.om");
        let counters = write_span(&file, &kept, cut, &incidents, false)?;
        write::into_blocks(&file, &blocks).await?;
        kept.counters = counters;
        kept.until = cut;
        // Written last: a run that was cut off makes the same span again.
        let text = serde_json::to_string(&kept).map_err(|e| SimError::Other(e.to_string()))?;
        let partial = keep.join("state.json.new");
        fs::write(&partial, text).map_err(SimError::file(&partial))?;
        fs::rename(&partial, &state).map_err(SimError::file(&state))?;
    }

    write::link_tree(&blocks, data)?;
    let active = current(now);
    let mut all = incidents;
    all.extend(active.iter().cloned());
    let file = keep.join("tail.om");
    let counters = write_span(&file, &kept, now, &all, true)?;
    write::into_blocks(&file, data).await?;
    Ok(End { counters, at: now, incidents: active })
}

/// Writes the samples from where the kept part ends up to `to`, and returns the counters at the end.
fn write_span(
    file: &Path,
    kept: &Kept,
    to: i64,
    incidents: &[Incident],
    last: bool,
) -> Result<Vec<Counters>, SimError> {
    let (seed, from, counters) = (kept.seed, kept.until, &kept.counters);
    let times: Vec<i64> = (1..=(to - from) / MINUTE).map(|minute| from + minute * MINUTE).collect();
    // One row a minute and tenant, so that each metric can be written as one family, as OpenMetrics wants it.
    let mut rows: Vec<Vec<Counters>> = Vec::with_capacity(times.len() + 1);
    rows.push(counters.clone());
    for time in &times {
        let mut next = rows.last().cloned().unwrap_or_default();
        for (index, counters) in next.iter_mut().enumerate() {
            for half in [MINUTE, MINUTE / 2] {
                counters.advance(&rates(seed, index, time - half, incidents), (MINUTE / 2) as f64);
            }
        }
        rows.push(next);
    }
    let mut out = OpenMetrics::create(file)?;
    for metric in [
        "aether_rag_answers",
        "aether_rag_low_confidence",
        "aether_rerank_requests",
        "aether_cache_requests",
        "aether_cache_hits",
    ] {
        out.family(metric, "counter")?;
        for (index, tenant) in TENANTS.iter().enumerate() {
            for place in 0..6 {
                for (time, row) in times.iter().zip(rows.iter().skip(1)) {
                    let Some((name, labels, value)) =
                        row.get(index).and_then(|c| c.series().get(place).copied())
                    else {
                        continue;
                    };
                    if name == metric {
                        let target = "instance=\"aether-api\",job=\"aether-api\"";
                        let series =
                            format!("{metric}_total{{tenant_id=\"{}\",{target}{labels}}}", tenant.id);
                        out.sample(&series, value, *time)?;
                    }
                }
            }
        }
    }
    Replay::new(&rows, &times, kept.anchor).write(&mut out, last)?;
    out.finish()?;
    Ok(rows.pop().unwrap_or_default())
}
