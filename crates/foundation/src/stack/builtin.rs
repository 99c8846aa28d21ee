//! The built-in stack: the AetherLink answer API with its monitoring pack on this machine's usual ports.
//!
//! Names, units, thresholds and pins are those of the pack in `monitoring/`. Its recorded percentages run from 0 to
//! 100 and its health score too.

use std::collections::BTreeMap;

use aether_contract::{AuthSpec, EndpointSpec, GaugeSpec, StackSource};

use super::profile::{BUILTIN_NAME, Escalation, Expected, Pack, Pin, Profile};

/// Service, container, image, whether it is optional.
const PINS: [(&str, &str, &str, bool); 6] = [
    ("prometheus", "aether-prom", "prom/prometheus:v2.54.1", false),
    ("grafana", "aether-grafana", "grafana/grafana:11.2.0", false),
    ("alertmanager", "aether-alertmanager", "prom/alertmanager:v0.27.0", false),
    ("loki", "aether-loki", "grafana/loki:2.9.0", true),
    ("promtail", "aether-promtail", "grafana/promtail:2.9.0", true),
    ("blackbox", "aether-blackbox", "prom/blackbox-exporter:v0.24.0", true),
];

const RECORDING_RULES: [&str; 8] = [
    "aether:cache_hit_ratio:5m",
    "aether:cache_hit_ratio:5m:all",
    "aether:rerank_utilization_pct:15m",
    "aether:rerank_utilization_pct:15m:all",
    "aether:lowconfidence_pct:15m",
    "aether:lowconfidence_pct:15m:all",
    "aether:estimated_cost_30d_usd",
    "aether:health_score:15m",
];

const ALERTS: [&str; 5] = [
    "CacheEffectivenessDrop",
    "LowConfidenceSpike",
    "LowConfidenceSpikeVIP",
    "CacheEffectivenessDropVIP",
    "HealthScoreDegradation",
];

const VIP_TENANTS: [&str; 3] = ["vip-customer-123", "vip-customer-456", "partner-abc"];

const PACK_FILES: [&str; 6] = [
    "docker-compose.yml",
    "prometheus-config.yml",
    "prometheus-recording-rules.yml",
    "prometheus-alerts.yml",
    "alertmanager.yml",
    "grafana-dashboard-enhanced.json",
];

fn owned<const N: usize>(names: [&str; N]) -> Vec<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

fn at(url: &str) -> EndpointSpec {
    EndpointSpec { urls: vec![url.to_owned()], auth: AuthSpec::None, ..EndpointSpec::default() }
}

/// What a profile's file need not say: everything but the name and the addresses.
pub(super) fn defaults(name: &str, source: StackSource) -> Profile {
    Profile {
        name: name.to_owned(),
        source,
        tenant_label: "tenant_id".to_owned(),
        vip_tenants: owned(VIP_TENANTS),
        allow_plain_http: false,
        heartbeat: None,
        escalation: Escalation::default(),
        escalation_table: super::EscalationTable::default(),
        prometheus: EndpointSpec::default(),
        alertmanager: EndpointSpec::default(),
        grafana: EndpointSpec::default(),
        loki: None,
        blackbox: None,
        docker_host: None,
        pack: Pack { dir: None, files: owned(PACK_FILES) },
        backup_dir: None,
        runbooks: None,
        simulator: None,
        elsewhere: super::Elsewhere::default(),
        compress: false,
        prometheus_data: None,
        require_tsdb: false,
        pins: PINS
            .iter()
            .map(|(service, container, image, optional)| Pin {
                service: (*service).to_owned(),
                container: (*container).to_owned(),
                image: (*image).to_owned(),
                optional: *optional,
            })
            .collect(),
        gauges: gauges(),
        compose: super::ComposeSpec::default(),
        note_queries: BTreeMap::from([("estimated-cost".to_owned(), COVERED_DAYS.to_owned())]),
        checks: Vec::new(),
        expected: Expected { recording_rules: owned(RECORDING_RULES), alerts: owned(ALERTS) },
        dashboard_uid: "aether-rag-ops".to_owned(),
        web_urls: BTreeMap::new(),
    }
}

impl Profile {
    /// The built-in stack.
    pub fn builtin() -> Self {
        Self {
            prometheus: at("http://localhost:9090"),
            alertmanager: at("http://localhost:9093"),
            grafana: at("http://localhost:3000"),
            ..defaults(BUILTIN_NAME, StackSource::BuiltIn)
        }
    }
}

/// Days that the cost is extrapolated from: the query that `monitoring/prometheus-recording-rules.yml` documents beside
/// the cost rule, word for word.
const COVERED_DAYS: &str = concat!(
    "(time() - min(",
    " label_replace(min_over_time((time() + 0 * count(present_over_time(aether_rag_answers_total[3h])))[30d:3h]),",
    r#" "look", "3h", "", "")"#,
    " or",
    " label_replace(min_over_time((time() + 0 * count(present_over_time(aether_rag_answers_total[20m])))[3d:20m]),",
    r#" "look", "20m", "", "")"#,
    " or",
    " label_replace(min_over_time((time() + 0 * count(present_over_time(aether_rag_answers_total[5m])))[8h:2m]),",
    r#" "look", "2m", "", "")"#,
    " or",
    r#" label_replace(time() + 0 * count(aether_rag_answers_total), "look", "now", "", "")"#,
    " )) / 86400",
);

/// One row of the table below.
struct Row {
    id: &'static str,
    title: &'static str,
    unit: &'static str,
    window: &'static str,
    max: f64,
    warn: f64,
    critical: f64,
    higher_is_better: bool,
    query: &'static str,
    per_tenant: Option<&'static str>,
}

const GAUGES: [Row; 5] = [
    Row {
        id: "cache-hit-ratio",
        title: "Cache hit ratio",
        unit: "percent",
        window: "5 min",
        max: 100.0,
        warn: 50.0,
        critical: 30.0,
        higher_is_better: true,
        query: "aether:cache_hit_ratio:5m:all",
        per_tenant: Some("aether:cache_hit_ratio:5m"),
    },
    Row {
        id: "low-confidence",
        title: "Low-confidence share",
        unit: "percent",
        window: "15 min",
        max: 100.0,
        warn: 30.0,
        critical: 50.0,
        higher_is_better: false,
        query: "aether:lowconfidence_pct:15m:all",
        per_tenant: Some("aether:lowconfidence_pct:15m"),
    },
    Row {
        id: "rerank-utilization",
        title: "Rerank utilization",
        unit: "percent",
        window: "15 min",
        max: 100.0,
        warn: 60.0,
        critical: 80.0,
        higher_is_better: false,
        query: "aether:rerank_utilization_pct:15m:all",
        per_tenant: Some("aether:rerank_utilization_pct:15m"),
    },
    Row {
        id: "estimated-cost",
        title: "Estimated cost",
        unit: "usd",
        window: "30 d",
        max: 250.0,
        warn: 50.0,
        critical: 200.0,
        higher_is_better: false,
        query: "aether:estimated_cost_30d_usd",
        per_tenant: None,
    },
    Row {
        id: "health-score",
        title: "Health score",
        unit: "score",
        window: "15 min",
        max: 100.0,
        warn: 80.0,
        critical: 60.0,
        higher_is_better: true,
        query: "aether:health_score:15m",
        per_tenant: None,
    },
];

fn gauges() -> Vec<GaugeSpec> {
    GAUGES
        .iter()
        .map(|row| GaugeSpec {
            id: row.id.to_owned(),
            title: row.title.to_owned(),
            unit: row.unit.to_owned(),
            window: row.window.to_owned(),
            min: 0.0,
            max: row.max,
            warn: row.warn,
            critical: row.critical,
            higher_is_better: row.higher_is_better,
            query: row.query.to_owned(),
            per_tenant_query: row.per_tenant.map(str::to_owned),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The pack's file without comment signs and with single spaces.
    fn rules_file() -> String {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../monitoring/prometheus-recording-rules.yml");
        let text = std::fs::read_to_string(path).unwrap();
        text.split_whitespace().filter(|word| *word != "#").collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn the_built_in_gauges_ask_for_series_that_the_pack_records() {
        let rules = rules_file();
        for gauge in Profile::builtin().gauges {
            for query in std::iter::once(gauge.query).chain(gauge.per_tenant_query) {
                assert!(rules.contains(&format!("record: {query} ")), "{query}");
            }
        }
        for name in RECORDING_RULES {
            assert!(rules.contains(&format!("record: {name} ")), "{name}");
        }
        assert_eq!(rules.matches("- record:").count(), RECORDING_RULES.len());
    }

    #[test]
    fn the_cost_note_asks_what_the_rules_file_documents() {
        assert!(rules_file().contains(COVERED_DAYS), "{COVERED_DAYS}");
    }

    #[test]
    fn the_built_in_profile_passes_its_own_checks() {
        let profile = Profile::builtin();
        for gauge in &profile.gauges {
            assert!(gauge.min < gauge.max, "{}", gauge.id);
            assert_eq!(gauge.higher_is_better, gauge.warn > gauge.critical, "{}", gauge.id);
        }
        assert!(profile.note_query("estimated-cost").is_some());
        assert_eq!(profile.note_query("health-score"), None);
        assert_eq!(
            (profile.gauges.len(), profile.vip_tenants.len(), profile.expected.alerts.len()),
            (5, 3, 5)
        );
        assert!(profile.is_vip("partner-abc"));
    }
}
