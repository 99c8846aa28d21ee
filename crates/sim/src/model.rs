//! How much each tenant asks and how well it is served, at any time: a pure function of time, seed and scenario.
//!
//! The same function makes the 30 days of history and the running service's counters, so that both join without a seam.

use serde::{Deserialize, Serialize};

/// Seconds of a minute, an hour, a day.
pub const MINUTE: i64 = 60;
/// See [`MINUTE`].
pub const HOUR: i64 = 3600;
/// See [`MINUTE`].
pub const DAY: i64 = 86_400;

/// A tenant.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Tenant {
    /// Value of the label `tenant_id`.
    pub id: &'static str,
    /// Whether the pack lists it as VIP.
    pub vip: bool,
    /// Answers a second at noon of a working day.
    pub answers: f64,
    /// Share of cache look-ups that hit, 0..1.
    pub hits: f64,
    /// Share of answers below the confidence threshold, 0..1.
    pub low_confidence: f64,
    /// Share of answers that go through the reranker, 0..1.
    pub rerank: f64,
}

/// All tenants.
pub const TENANTS: [Tenant; 8] = [
    Tenant {
        id: "vip-customer-123",
        vip: true,
        answers: 6.5,
        hits: 0.68,
        low_confidence: 0.12,
        rerank: 0.34,
    },
    Tenant {
        id: "vip-customer-456",
        vip: true,
        answers: 5.2,
        hits: 0.72,
        low_confidence: 0.09,
        rerank: 0.31,
    },
    Tenant { id: "partner-abc", vip: true, answers: 4.0, hits: 0.61, low_confidence: 0.14, rerank: 0.38 },
    Tenant { id: "acme", vip: false, answers: 3.5, hits: 0.58, low_confidence: 0.17, rerank: 0.29 },
    Tenant { id: "globex", vip: false, answers: 2.8, hits: 0.55, low_confidence: 0.15, rerank: 0.33 },
    Tenant { id: "initech", vip: false, answers: 1.5, hits: 0.52, low_confidence: 0.19, rerank: 0.27 },
    Tenant { id: "umbrella", vip: false, answers: 1.8, hits: 0.64, low_confidence: 0.13, rerank: 0.30 },
    Tenant { id: "shop-12", vip: false, answers: 1.2, hits: 0.60, low_confidence: 0.16, rerank: 0.25 },
];

/// What the service does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Scenario {
    /// As always.
    #[default]
    Healthy,
    /// The cache has been emptied: few hits.
    ColdCache,
    /// A VIP's answers are mostly below the threshold.
    LowConfidenceVip,
    /// Nearly every answer goes through the reranker.
    RerankRunaway,
    /// Nobody asks.
    NoTraffic,
    /// The service answers 503.
    Down,
}

impl Scenario {
    /// All of them.
    pub const ALL: [Self; 6] = [
        Self::Healthy,
        Self::ColdCache,
        Self::LowConfidenceVip,
        Self::RerankRunaway,
        Self::NoTraffic,
        Self::Down,
    ];

    /// By its name on the wire.
    pub fn parse(name: &str) -> Option<Self> {
        serde_json::from_value(serde_json::Value::String(name.to_owned())).ok()
    }
}

/// A scenario over a span of time, for one tenant or all.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Incident {
    /// What happens.
    pub scenario: Scenario,
    /// To whom; everybody when none is given (for `low-confidence-vip`: the first VIP).
    pub tenant: Option<String>,
    /// Begin, seconds since the epoch.
    pub from: i64,
    /// End, seconds since the epoch.
    pub to: i64,
}

impl Incident {
    fn concerns(&self, tenant: &Tenant) -> bool {
        match (&self.tenant, self.scenario) {
            (Some(id), _) => id == tenant.id,
            (None, Scenario::LowConfidenceVip) => tenant.id == TENANTS[0].id,
            (None, _) => true,
        }
    }
}

/// Events a second.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Rates {
    /// Answers without rerank.
    pub plain: f64,
    /// Answers with rerank.
    pub reranked: f64,
    /// Answers below the threshold.
    pub low_confidence: f64,
    /// Cache look-ups.
    pub lookups: f64,
    /// Cache hits.
    pub hits: f64,
}

/// A value of -1..1 that depends on time and place only (splitmix64).
fn noise(seed: u64, place: u64, at: i64) -> f64 {
    let mut z = seed
        .wrapping_add(place.wrapping_mul(0x9E37_79B9_7F4A_7C15))
        .wrapping_add((at as u64).wrapping_mul(0xD1B5_4A32_D192_ED03));
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    ((z ^ (z >> 31)) >> 11) as f64 / (1u64 << 52) as f64 - 1.0
}

/// Noise that changes smoothly, with a new value every `every` seconds.
fn smooth(seed: u64, place: u64, at: i64, every: i64) -> f64 {
    let slot = at.div_euclid(every);
    let part = at.rem_euclid(every) as f64 / every as f64;
    noise(seed, place, slot) * (1.0 - part) + noise(seed, place, slot + 1) * part
}

/// Rates of one tenant at a time (seconds since the epoch).
pub fn rates(seed: u64, index: usize, at: i64, incidents: &[Incident]) -> Rates {
    let Some(tenant) = TENANTS.get(index) else { return Rates::default() };
    let place = index as u64 * 16;
    let hour = at.rem_euclid(DAY) as f64 / HOUR as f64;
    // Low at 3 in the morning (UTC), high in the afternoon.
    let daily = 0.62 - 0.38 * ((hour - 3.0) / 24.0 * std::f64::consts::TAU).cos();
    let weekday = (at.div_euclid(DAY) + 4).rem_euclid(7); // 1970-01-01 was a Thursday; 0 is Sunday
    let weekly = if weekday == 0 || weekday == 6 { 0.55 } else { 1.0 };
    let wobble = 1.0
        + 0.10 * smooth(seed, place, at, 20 * MINUTE)
        + 0.05 * noise(seed, place + 1, at.div_euclid(MINUTE));
    let mut answers = tenant.answers * daily * weekly * wobble;
    let mut hits = tenant.hits
        + 0.05 * smooth(seed, place + 2, at, 3 * HOUR)
        + 0.03 * smooth(seed, place + 3, at, 10 * MINUTE);
    let mut low = tenant.low_confidence
        + 0.035 * smooth(seed, place + 4, at, 2 * HOUR)
        + 0.02 * smooth(seed, place + 5, at, 12 * MINUTE);
    let mut rerank = tenant.rerank
        + 0.05 * smooth(seed, place + 6, at, 4 * HOUR)
        + 0.02 * smooth(seed, place + 7, at, 15 * MINUTE);
    for incident in incidents.iter().filter(|i| i.from <= at && at < i.to && i.concerns(tenant)) {
        match incident.scenario {
            Scenario::Healthy => {}
            Scenario::ColdCache => hits = 0.13 + 0.03 * smooth(seed, place + 8, at, 5 * MINUTE),
            Scenario::LowConfidenceVip => low = 0.75 + 0.04 * smooth(seed, place + 9, at, 5 * MINUTE),
            Scenario::RerankRunaway => rerank = 0.91 + 0.03 * smooth(seed, place + 10, at, 5 * MINUTE),
            Scenario::NoTraffic | Scenario::Down => answers = 0.0,
        }
    }
    let rerank = rerank.clamp(0.0, 1.0);
    Rates {
        plain: answers * (1.0 - rerank),
        reranked: answers * rerank,
        low_confidence: answers * low.clamp(0.0, 1.0),
        lookups: answers * 1.4,
        hits: answers * 1.4 * hits.clamp(0.0, 1.0),
    }
}

/// Counters of one tenant. They count fractions: ratios are smooth over the short windows of drills and tests, too.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
pub struct Counters {
    /// `aether_rag_answers_total{rerank="false"}`.
    pub plain: f64,
    /// `aether_rag_answers_total{rerank="true"}` and `aether_rerank_requests_total`.
    pub reranked: f64,
    /// `aether_rag_low_confidence_total`.
    pub low_confidence: f64,
    /// `aether_cache_requests_total`.
    pub lookups: f64,
    /// `aether_cache_hits_total`.
    pub hits: f64,
}

impl Counters {
    /// Counts on for `seconds` at these rates.
    pub fn advance(&mut self, rates: &Rates, seconds: f64) {
        self.plain += rates.plain * seconds;
        self.reranked += rates.reranked * seconds;
        self.low_confidence += rates.low_confidence * seconds;
        self.lookups += rates.lookups * seconds;
        self.hits += rates.hits * seconds;
    }

    /// What happened since `earlier`.
    pub fn since(&self, earlier: &Self) -> Self {
        Self {
            plain: self.plain - earlier.plain,
            reranked: self.reranked - earlier.reranked,
            low_confidence: self.low_confidence - earlier.low_confidence,
            lookups: self.lookups - earlier.lookups,
            hits: self.hits - earlier.hits,
        }
    }

    /// Series of this tenant: metric, further labels, value.
    pub fn series(&self) -> [(&'static str, &'static str, f64); 6] {
        [
            ("aether_rag_answers", ",rerank=\"false\"", self.plain),
            ("aether_rag_answers", ",rerank=\"true\"", self.reranked),
            ("aether_rag_low_confidence", "", self.low_confidence),
            ("aether_rerank_requests", "", self.reranked),
            ("aether_cache_requests", "", self.lookups),
            ("aether_cache_hits", "", self.hits),
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_time_and_seed_give_the_same_rates() {
        for at in [0, 1_795_507_200, 1_795_507_261] {
            assert_eq!(rates(7, 3, at, &[]), rates(7, 3, at, &[]));
        }
        assert_ne!(rates(7, 3, 1_795_507_200, &[]), rates(8, 3, 1_795_507_200, &[]));
    }

    #[test]
    fn nights_and_weekends_are_quieter() {
        let sum = |at: i64| rates(7, 0, at, &[]).lookups;
        let wednesday = 1_795_564_800 / DAY * DAY; // 2026-11-25
        assert!(sum(wednesday + 15 * HOUR) > 1.8 * sum(wednesday + 3 * HOUR));
        assert!(sum(wednesday + 15 * HOUR) > 1.3 * sum(wednesday + 4 * DAY + 15 * HOUR));
    }

    #[test]
    fn each_scenario_pushes_its_signal_past_the_threshold_of_its_alert() {
        let now = 1_795_507_200;
        let with =
            |scenario| rates(7, 0, now, &[Incident { scenario, tenant: None, from: now - 60, to: now + 60 }]);
        let cold = with(Scenario::ColdCache);
        assert!(cold.hits / cold.lookups < 0.20);
        let low = with(Scenario::LowConfidenceVip);
        assert!(low.low_confidence / (low.plain + low.reranked) > 0.40);
        let runaway = with(Scenario::RerankRunaway);
        assert!(runaway.reranked / (runaway.plain + runaway.reranked) > 0.80);
        assert_eq!(with(Scenario::NoTraffic), Rates::default());
    }
}
