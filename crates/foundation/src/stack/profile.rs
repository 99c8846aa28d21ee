//! What a stack's profile holds, and the one that is built in: the AetherLink stack.

use std::{collections::BTreeMap, path::PathBuf};

use aether_contract::{
    CustomCheck as WrittenCheck, EndpointSpec, GaugeSpec, ServiceKind, StackDetail, StackSource,
};

/// Name of the built-in stack.
pub const BUILTIN_NAME: &str = "aetherlink";

/// A service whose version is pinned.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pin {
    /// Service in the compose file, e.g. `prometheus`.
    pub service: String,
    /// Container name, e.g. `aether-prom`.
    pub container: String,
    /// Image with its tag, e.g. `prom/prometheus:v2.54.1`.
    pub image: String,
    /// Whether it need not run.
    pub optional: bool,
}

/// The compose project that the stack is started from.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ComposeSpec {
    /// Its files, absolute, later ones on top; none: what Compose finds in the pack's folder.
    pub files: Vec<PathBuf>,
    /// Files of variables, absolute; none: `.env` beside the first file.
    pub env_files: Vec<PathBuf>,
    /// Profiles that are on; none: those of `COMPOSE_PROFILES`.
    pub profiles: Vec<String>,
}

/// Where copies of backups go.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Elsewhere {
    /// `s3://bucket/prefix`, `gs://bucket/prefix`, `az://container/prefix` or `file:///folder`.
    pub places: Vec<String>,
    /// Address of an S3-compatible storage; none: Amazon's.
    pub s3_endpoint: Option<String>,
    /// Its region.
    pub s3_region: Option<String>,
    /// The key's id; its secret is in the keyring.
    pub s3_access_key_id: Option<String>,
    /// The storage account; its key is in the keyring.
    pub azure_account: Option<String>,
    /// Whether every scheduled backup is copied to all of them.
    pub copy_scheduled: bool,
}

/// The files of the monitoring pack.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Pack {
    /// Their folder, absolute.
    pub dir: Option<PathBuf>,
    /// Their names in it.
    pub files: Vec<String>,
}

/// Rules that the stack is expected to have.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Expected {
    /// Names of recording rules.
    pub recording_rules: Vec<String>,
    /// Names of alerts.
    pub alerts: Vec<String>,
}

/// What a check of the profile's own asks.
#[derive(Debug, Clone, PartialEq)]
pub enum OwnKind {
    /// A query whose every value has to fit.
    Query {
        /// PromQL.
        query: String,
        /// `<`, `<=`, `>`, `>=`, `==` or `!=`.
        comparison: String,
        /// The number.
        threshold: f64,
    },
    /// An address that has to answer.
    Http {
        /// http or https.
        url: String,
        /// Expected status.
        status: u16,
        /// What the answer has to hold; empty: anything.
        contains: String,
    },
}

/// A check of the profile's own.
#[derive(Debug, Clone, PartialEq)]
pub struct CustomCheck {
    /// Id.
    pub id: String,
    /// Title.
    pub title: String,
    /// Suites that it is part of.
    pub suites: Vec<aether_contract::CheckSuite>,
    /// What it asks.
    pub kind: OwnKind,
    /// What to do when it fails.
    pub remedy: String,
    /// As written in the file.
    pub written: WrittenCheck,
}

/// Time that an alert may fire before escalation, in minutes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Escalation {
    /// About a VIP tenant.
    pub vip_minutes: u32,
    /// Any other.
    pub general_minutes: u32,
}

impl Default for Escalation {
    /// The reliability pack's table: VIP 5 minutes, others an hour.
    fn default() -> Self {
        Self { vip_minutes: 5, general_minutes: 60 }
    }
}

/// A stack, checked: every address parses, every gauge makes sense, `$tenant_label` is replaced.
#[derive(Debug, Clone, PartialEq)]
pub struct Profile {
    /// Name: 1 to 64 characters of `a-z`, `0-9`, `-`, `_`.
    pub name: String,
    /// Where it comes from.
    pub source: StackSource,
    /// Label that names the tenant.
    pub tenant_label: String,
    /// VIP tenants.
    pub vip_tenants: Vec<String>,
    /// Alert that a maintenance window leaves audible.
    pub heartbeat: Option<String>,
    /// When alerts are handed on.
    pub escalation: Escalation,
    /// What else is handed on, when, and to whom.
    pub escalation_table: super::EscalationTable,
    /// Whether credentials may go to any server of the stack over plain HTTP; each server's section can allow it, too.
    pub allow_plain_http: bool,
    /// Prometheus. Exactly one address, except in the stand-in for a stack whose file never was good: none.
    pub prometheus: EndpointSpec,
    /// Alertmanager: any number of members of one cluster. No address: not used.
    pub alertmanager: EndpointSpec,
    /// Grafana: one address, or none: not used.
    pub grafana: EndpointSpec,
    /// Loki.
    pub loki: Option<EndpointSpec>,
    /// Blackbox exporter.
    pub blackbox: Option<EndpointSpec>,
    /// Docker's address (`unix:///var/run/docker.sock`, `tcp://host:2376`, `npipe:////./pipe/docker_engine`).
    pub docker_host: Option<String>,
    /// The monitoring pack's files.
    pub pack: Pack,
    /// Folder of backups, absolute.
    pub backup_dir: Option<PathBuf>,
    /// Folder of own runbooks, absolute.
    pub runbooks: Option<PathBuf>,
    /// The simulator of a demo stack, which drills are run by: an http address of this machine.
    pub simulator: Option<url::Url>,
    /// Where copies of backups go.
    pub elsewhere: Elsewhere,
    /// Whether the blocks of a snapshot are compressed (zstd).
    pub compress: bool,
    /// Prometheus' data folder as seen from this machine, absolute: where a snapshot is copied from.
    pub prometheus_data: Option<PathBuf>,
    /// Whether a backup without Prometheus' data is incomplete.
    pub require_tsdb: bool,
    /// Pinned versions.
    pub pins: Vec<Pin>,
    /// The compose project.
    pub compose: ComposeSpec,
    /// Gauges, in order.
    pub gauges: Vec<GaugeSpec>,
    /// For some gauges, by id: a query that gives the number of days which the value really covers.
    pub note_queries: BTreeMap<String, String>,
    /// Rules that are expected.
    pub expected: Expected,
    /// Checks of its own.
    pub checks: Vec<CustomCheck>,
    /// Uid of the Grafana dashboard that links lead to.
    pub dashboard_uid: String,
    /// Pages for people where they differ from the address that the panel itself uses.
    pub web_urls: BTreeMap<ServiceKind, String>,
}

impl Profile {
    /// The query that gives the days which gauge `id`'s value covers, if it has one.
    pub fn note_query(&self, id: &str) -> Option<&str> {
        self.note_queries.get(id).map(String::as_str)
    }

    /// A server's section.
    pub fn endpoint(&self, service: ServiceKind) -> &EndpointSpec {
        match service {
            ServiceKind::Prometheus => &self.prometheus,
            ServiceKind::Alertmanager => &self.alertmanager,
            ServiceKind::Grafana => &self.grafana,
        }
    }

    /// A server's page for people: `web_url`, else its (first) address.
    pub fn web_url(&self, service: ServiceKind) -> Option<&str> {
        self.web_urls.get(&service).or_else(|| self.endpoint(service).urls.first()).map(String::as_str)
    }

    /// Whether `tenant` is a VIP.
    pub fn is_vip(&self, tenant: &str) -> bool {
        self.vip_tenants.iter().any(|vip| vip == tenant)
    }

    /// The part that the settings screen edits.
    pub fn detail(&self) -> StackDetail {
        StackDetail {
            name: self.name.clone(),
            source: self.source.clone(),
            tenant_label: self.tenant_label.clone(),
            vip_tenants: self.vip_tenants.clone(),
            heartbeat: self.heartbeat.clone().unwrap_or_default(),
            prometheus: self.prometheus.clone(),
            alertmanager: self.alertmanager.clone(),
            grafana: self.grafana.clone(),
            gauges: self.gauges.clone(),
            checks: self.checks.iter().map(|own| own.written.clone()).collect(),
        }
    }
}
