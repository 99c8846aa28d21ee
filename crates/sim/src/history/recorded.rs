//! The recorded series and the alerts, worked out of the counters as the pack's rules do.
//!
//! Over samples one a minute, the ratio of two rates over the same window is the ratio of the two differences; that is
//! what is written. Alerts follow Prometheus' state machine: active since the condition holds, firing after `for`.

use super::write::OpenMetrics;
use crate::{
    SimError,
    model::{Counters, TENANTS},
};

/// An alert of the pack.
struct Rule {
    name: &'static str,
    severity: &'static str,
    /// Minutes.
    hold: i64,
    vip_only: bool,
    signal: Signal,
    broken: fn(f64) -> bool,
}

#[derive(Clone, Copy, PartialEq)]
enum Signal {
    Cache,
    LowConfidence,
    Health,
}

const RULES: [Rule; 5] = [
    Rule {
        name: "CacheEffectivenessDrop",
        severity: "general",
        hold: 15,
        vip_only: false,
        signal: Signal::Cache,
        broken: |v| v < 30.0,
    },
    Rule {
        name: "CacheEffectivenessDropVIP",
        severity: "critical",
        hold: 10,
        vip_only: true,
        signal: Signal::Cache,
        broken: |v| v < 20.0,
    },
    Rule {
        name: "LowConfidenceSpike",
        severity: "general",
        hold: 15,
        vip_only: false,
        signal: Signal::LowConfidence,
        broken: |v| v > 30.0,
    },
    Rule {
        name: "LowConfidenceSpikeVIP",
        severity: "critical",
        hold: 10,
        vip_only: true,
        signal: Signal::LowConfidence,
        broken: |v| v > 40.0,
    },
    Rule {
        name: "HealthScoreDegradation",
        severity: "warning",
        hold: 15,
        vip_only: false,
        signal: Signal::Health,
        broken: |v| v < 60.0,
    },
];

/// Chooses one of the signals.
type Pick = fn(&Signals) -> f64;

/// One minute of an active alert.
struct Active {
    time: i64,
    since: i64,
    firing: bool,
}

/// Percentages of one tenant (or of all) at one time.
struct Signals {
    cache: f64,
    cache_15m: f64,
    rerank: f64,
    low: f64,
}

fn signals(five: &Counters, fifteen: &Counters) -> Signals {
    let answers = fifteen.plain + fifteen.reranked;
    Signals {
        cache: 100.0 * five.hits / five.lookups,
        cache_15m: 100.0 * fifteen.hits / fifteen.lookups,
        rerank: 100.0 * fifteen.reranked / answers,
        low: 100.0 * fifteen.low_confidence / answers,
    }
}

fn total(row: &[Counters]) -> Counters {
    let mut sum = Counters::default();
    for one in row {
        let zero = Counters::default();
        let part = one.since(&zero);
        sum = Counters {
            plain: sum.plain + part.plain,
            reranked: sum.reranked + part.reranked,
            low_confidence: sum.low_confidence + part.low_confidence,
            lookups: sum.lookups + part.lookups,
            hits: sum.hits + part.hits,
        };
    }
    sum
}

/// A span of history. `rows[0]` stands before the first time.
pub struct Replay<'a> {
    rows: &'a [Vec<Counters>],
    times: &'a [i64],
    totals: Vec<Counters>,
    anchor: i64,
}

impl<'a> Replay<'a> {
    /// `anchor` is when the counters began at zero.
    pub fn new(rows: &'a [Vec<Counters>], times: &'a [i64], anchor: i64) -> Self {
        Self { rows, times, anchor, totals: rows.iter().map(|row| total(row)).collect() }
    }

    fn window(&self, tenant: Option<usize>, at: usize, minutes: usize) -> Counters {
        let get = |row: usize| match tenant {
            Some(tenant) => self.rows.get(row).and_then(|r| r.get(tenant)).copied().unwrap_or_default(),
            None => self.totals.get(row).copied().unwrap_or_default(),
        };
        get(at + 1).since(&get((at + 1).saturating_sub(minutes)))
    }

    fn at(&self, tenant: Option<usize>, at: usize) -> Signals {
        signals(&self.window(tenant, at, 5), &self.window(tenant, at, 15))
    }

    fn health(&self, at: usize) -> f64 {
        let all = self.at(None, at);
        0.5 * all.cache_15m + 0.3 * (100.0 - all.low) + 0.2 * (100.0 - all.rerank)
    }

    /// Writes all series; with `last`, also what Prometheus restores active alerts from.
    pub fn write(&self, out: &mut OpenMetrics, last: bool) -> Result<(), SimError> {
        let per_tenant: [(&str, Pick); 3] = [
            ("aether:cache_hit_ratio:5m", |s| s.cache),
            ("aether:rerank_utilization_pct:15m", |s| s.rerank),
            ("aether:lowconfidence_pct:15m", |s| s.low),
        ];
        for (name, pick) in per_tenant {
            out.family(name, "gauge")?;
            for (index, tenant) in TENANTS.iter().enumerate() {
                let series = format!("{name}{{tenant_id=\"{}\"}}", tenant.id);
                self.line(out, &series, |at| pick(&self.at(Some(index), at)))?;
            }
        }
        for (name, pick) in per_tenant {
            let name = format!("{name}:all");
            out.family(&name, "gauge")?;
            self.line(out, &name, |at| pick(&self.at(None, at)))?;
        }
        out.family("aether:health_score:15m", "gauge")?;
        self.line(out, "aether:health_score:15m", |at| self.health(at))?;
        out.family("aether:estimated_cost_30d_usd", "gauge")?;
        self.line(out, "aether:estimated_cost_30d_usd", |at| self.cost(at))?;
        self.alerts(out, last)
    }

    fn line(
        &self,
        out: &mut OpenMetrics,
        series: &str,
        value: impl Fn(usize) -> f64,
    ) -> Result<(), SimError> {
        for (at, time) in self.times.iter().enumerate() {
            let value = value(at);
            if value.is_finite() {
                out.sample(series, value, *time)?;
            }
        }
        Ok(())
    }

    /// The month's cost, extrapolated from the time covered since the counters began, as the pack's rule does.
    fn cost(&self, at: usize) -> f64 {
        let counted = self.totals.get(at + 1).copied().unwrap_or_default();
        let covered = (self.times.get(at).copied().unwrap_or_default() - self.anchor).max(300);
        (counted.plain * 0.001 + counted.reranked * 0.006) * 2_592_000.0 / covered as f64
    }

    fn alerts(&self, out: &mut OpenMetrics, last: bool) -> Result<(), SimError> {
        let mut active: Vec<(String, Vec<Active>)> = Vec::new();
        for rule in &RULES {
            let whole = rule.signal == Signal::Health;
            let subjects: Vec<Option<usize>> = if whole {
                vec![None]
            } else {
                (0..TENANTS.len())
                    .filter(|i| !rule.vip_only || TENANTS.get(*i).is_some_and(|t| t.vip))
                    .map(Some)
                    .collect()
            };
            for subject in subjects {
                let tenant = subject
                    .and_then(|i| TENANTS.get(i))
                    .map(|t| format!(",tenant_id=\"{}\"", t.id))
                    .unwrap_or_default();
                let labels = format!("alertname=\"{}\",severity=\"{}\"{tenant}", rule.name, rule.severity);
                let mut since = None;
                let mut samples = Vec::new();
                for (at, time) in self.times.iter().enumerate() {
                    let value = match rule.signal {
                        Signal::Cache => self.at(subject, at).cache,
                        Signal::LowConfidence => self.at(subject, at).low,
                        Signal::Health => self.health(at),
                    };
                    since = if (rule.broken)(value) { since.or(Some(*time)) } else { None };
                    if let Some(since) = since {
                        samples.push(Active { time: *time, since, firing: time - since >= rule.hold * 60 });
                    }
                }
                if !samples.is_empty() {
                    active.push((labels, samples));
                }
            }
        }
        out.family("ALERTS", "gauge")?;
        for (labels, samples) in &active {
            for (firing, state) in [(false, "pending"), (true, "firing")] {
                for sample in samples.iter().filter(|sample| sample.firing == firing) {
                    let series =
                        labels.replacen("\",severity", &format!("\",alertstate=\"{state}\",severity"), 1);
                    out.sample(&format!("ALERTS{{{series}}}"), 1.0, sample.time)?;
                }
            }
        }
        if last {
            let end = self.times.last().copied().unwrap_or_default();
            out.family("ALERTS_FOR_STATE", "gauge")?;
            for (labels, samples) in
                active.iter().filter(|(_, samples)| samples.last().is_some_and(|s| s.time == end))
            {
                for sample in samples.iter().filter(|sample| sample.time > end - 1800) {
                    out.sample(&format!("ALERTS_FOR_STATE{{{labels}}}"), sample.since as f64, sample.time)?;
                }
            }
        }
        Ok(())
    }
}
