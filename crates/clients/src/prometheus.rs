//! Prometheus' HTTP API and that of the servers compatible with it (Thanos, Mimir, VictoriaMetrics).

use std::{
    collections::BTreeMap,
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

use aether_contract::Timestamp;
use reqwest::Method;
use serde::{Deserialize, de::DeserializeOwned};

use crate::{
    endpoint::Endpoint,
    error::{ClientError, Failure},
    exposition,
    http::{Http, Reply},
    lenient::nullable,
    reply::Expected,
};

mod reload;
mod wire;
pub use wire::{
    AlertingRule, PromAlert, PromAlertState, QueryResult, QueryValue, RangeSeries, RecordingRule, Rule,
    RuleGroup, Sample,
};

/// Most points that one range query may ask a series for: Prometheus refuses more than 11,000.
const MAX_POINTS: i64 = 10_900;
/// What one point of a range takes in memory.
const POINT_BYTES: usize = size_of::<(Timestamp, f64)>();
/// Most slices of one range.
const MAX_SLICES: i64 = 100;
/// How long what `/metrics` told about the program is believed: it may be replaced by another version.
const FLAVOUR_AGE: Duration = Duration::from_secs(300);
/// Longer queries are sent as a form: proxies cut long addresses.
const LONG_QUERY: usize = 4_000;

/// A client.
#[derive(Debug)]
pub struct Prometheus {
    http: Http,
    flavour: Mutex<Option<(Instant, Flavour)>>,
}

/// Which program it is.
#[derive(Debug, Clone, Default)]
pub(crate) struct Flavour {
    name: Option<String>,
    version: Option<String>,
}

/// What the server says about itself.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct BuildInfo {
    /// Version, where it can be learnt.
    pub version: Option<String>,
    /// The program, when it is not Prometheus itself: `Thanos`, `Mimir`, `VictoriaMetrics`, …
    pub flavour: Option<String>,
}

/// `GET /api/v1/status/runtimeinfo`, in part.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct RuntimeInfo {
    /// Whether the last reload worked; none when the server does not say.
    pub reload_config_success: Option<bool>,
    /// When the running configuration was loaded, RFC 3339.
    #[serde(deserialize_with = "nullable")]
    pub last_config_time: String,
    /// Retention as configured, e.g. `15d`.
    #[serde(deserialize_with = "nullable")]
    pub storage_retention: String,
}

#[derive(Deserialize)]
struct WireBuild {
    #[serde(default, deserialize_with = "nullable")]
    version: String,
    #[serde(default, deserialize_with = "nullable", rename = "goVersion")]
    go_version: String,
    #[serde(default, deserialize_with = "nullable")]
    application: String,
}

impl Prometheus {
    /// A client; nothing is asked yet.
    ///
    /// # Errors
    /// [`Failure::Config`] for an address, header or certificate file that can't be used.
    pub fn new(endpoint: Endpoint) -> Result<Self, ClientError> {
        Ok(Self { http: Http::new(endpoint)?, flavour: Mutex::new(None) })
    }

    /// Who is there. Compatible servers may lack the build information or make one up, so it is never needed: what
    /// must work is a query.
    ///
    /// # Errors
    /// As [`ClientError`] tells, when neither build information nor a query is answered.
    pub async fn build_info(&self) -> Result<Reply<BuildInfo>, ClientError> {
        match self.data::<WireBuild>("/api/v1/status/buildinfo", &[]).await {
            Ok(reply) => {
                let wire = &reply.value;
                // VictoriaMetrics claims to be this Prometheus, and says nothing about Go.
                let made_up = wire.go_version.is_empty() && wire.version == "2.24.0";
                let known = if !wire.application.is_empty() {
                    Flavour {
                        name: Some(wire.application.trim_start_matches("Grafana ").to_owned()),
                        version: None,
                    }
                } else if wire.go_version.is_empty() {
                    match self.read_metrics().await {
                        Flavour { name: None, version: None } if made_up => {
                            Flavour { name: Some("VictoriaMetrics".into()), version: None }
                        }
                        known => known,
                    }
                } else if wire.version.starts_with("0.") {
                    // Prometheus has not had such versions since 2016; Thanos does.
                    Flavour { name: Some("Thanos".into()), version: None }
                } else {
                    Flavour::default()
                };
                Ok(reply.map(|wire| BuildInfo {
                    version: known
                        .version
                        .or_else(|| Some(wire.version).filter(|_| !made_up))
                        .filter(|version| !version.is_empty()),
                    flavour: known.name,
                }))
            }
            Err(error)
                if matches!(
                    error.failure,
                    Failure::WrongPath
                        | Failure::Rejected(..)
                        | Failure::WrongServer(_)
                        | Failure::Broken
                        | Failure::Forbidden
                        | Failure::Server(501, _)
                ) =>
            {
                // A server without it may still be one that answers queries; if not, its own error is the better one.
                let reply = self.instant("vector(1)", None).await?;
                let known = self.read_metrics().await;
                Ok(reply.map(|_| BuildInfo { version: known.version, flavour: known.name }))
            }
            Err(error) => Err(error),
        }
    }

    /// Looks into `/metrics` for the build information of the compatible servers.
    async fn read_metrics(&self) -> Flavour {
        let memory = || self.flavour.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((since, known)) = &*memory()
            && since.elapsed() < FLAVOUR_AGE
        {
            return known.clone();
        }
        // What can't be read now may be readable the next time, so only an answer is remembered.
        let Ok(metrics) = self.http.get_raw("/metrics", &[]).await else { return Flavour::default() };
        let known = flavour(&metrics.value.body);
        *memory() = Some((Instant::now(), known.clone()));
        known
    }

    /// Evaluates an expression at one time (the server's now when none is given).
    ///
    /// # Errors
    /// [`Failure::Rejected`] with the parser's words for a wrong expression; else as [`ClientError`] tells.
    pub async fn instant(
        &self,
        query: &str,
        at: Option<Timestamp>,
    ) -> Result<Reply<QueryResult>, ClientError> {
        let mut parameters = vec![("query", query.to_owned())];
        if let Some(at) = at {
            parameters.push(("time", format!("{:.3}", at.as_secs_f64())));
        }
        let reply = self.envelope::<wire::Data>("/api/v1/query", &parameters).await?;
        let url = self.http.url("/api/v1/query", &[]).to_string();
        let (latency, date, received) = (reply.latency, reply.date, reply.received);
        let (data, warnings) = reply.value;
        let value = data.into_value().map_err(|what| self.http.error(Failure::Broken, url, what))?;
        Ok(Reply { value: QueryResult { value, warnings }, latency, date, received })
    }

    /// Evaluates an expression at evenly spaced times. Ranges of more than 11,000 points a series are asked in slices
    /// and put together.
    ///
    /// # Errors
    /// [`Failure::Rejected`] for a wrong expression or a range of more than a million points; else as
    /// [`ClientError`] tells.
    pub async fn range(
        &self,
        query: &str,
        start: Timestamp,
        end: Timestamp,
        step: Duration,
    ) -> Result<Reply<Vec<RangeSeries>>, ClientError> {
        let step_ms = i64::try_from(step.as_millis()).unwrap_or(i64::MAX).max(1);
        let path = "/api/v1/query_range";
        let reject = |words: &str| {
            ClientError::new(
                Failure::Rejected(400, words.to_owned()),
                self.http.url(path, &[]).to_string(),
                "",
            )
        };
        if end < start {
            return Err(reject("the range ends before it starts"));
        }
        let points = end.millis_since(start) / step_ms + 1;
        if points > MAX_POINTS * MAX_SLICES {
            return Err(reject("the range has more than a million points; use a larger step"));
        }
        let mut merged: BTreeMap<BTreeMap<String, String>, Vec<(Timestamp, f64)>> = BTreeMap::new();
        let mut held = 0_usize;
        let mut from = start;
        loop {
            let to = end.min(from.plus_millis(step_ms.saturating_mul(MAX_POINTS - 1)));
            let parameters = [
                ("query", query.to_owned()),
                ("start", format!("{:.3}", from.as_secs_f64())),
                ("end", format!("{:.3}", to.as_secs_f64())),
                ("step", format!("{:.3}", step_ms as f64 / 1000.0)),
            ];
            let reply = self.envelope::<wire::Data>(path, &parameters).await?;
            let (latency, date, received) = (reply.latency, reply.date, reply.received);
            match reply.value.0.into_value() {
                Ok(QueryValue::Matrix(series)) => {
                    for one in series {
                        held = held.saturating_add(one.values.len().saturating_mul(POINT_BYTES));
                        if held > self.http.max_reply() {
                            let limit = self.http.max_reply();
                            let detail = "all slices of the range together";
                            return Err(self.http.error(
                                Failure::TooLarge(limit),
                                self.http.url(path, &[]),
                                detail,
                            ));
                        }
                        merged.entry(one.labels).or_default().extend(one.values);
                    }
                }
                Ok(_) => {
                    return Err(ClientError::new(
                        Failure::Broken,
                        self.http.url(path, &[]).to_string(),
                        "not a matrix",
                    ));
                }
                Err(what) => {
                    return Err(self.http.error(Failure::Broken, self.http.url(path, &[]), what));
                }
            }
            if to >= end || to.plus_millis(step_ms) > end {
                let value =
                    merged.into_iter().map(|(labels, values)| RangeSeries { labels, values }).collect();
                return Ok(Reply { value, latency, date, received });
            }
            from = to.plus_millis(step_ms);
        }
    }

    /// `GET /api/v1/alerts`: pending and firing.
    ///
    /// # Errors
    /// As [`ClientError`] tells.
    pub async fn alerts(&self) -> Result<Reply<Vec<PromAlert>>, ClientError> {
        #[derive(Deserialize)]
        struct Wire {
            #[serde(default)]
            alerts: Option<Vec<PromAlert>>,
        }
        Ok(self.data::<Wire>("/api/v1/alerts", &[]).await?.map(|wire| wire.alerts.unwrap_or_default()))
    }

    /// `GET /api/v1/rules`.
    ///
    /// # Errors
    /// As [`ClientError`] tells.
    pub async fn rules(&self) -> Result<Reply<Vec<RuleGroup>>, ClientError> {
        #[derive(Deserialize)]
        struct Wire {
            #[serde(default)]
            groups: Option<Vec<RuleGroup>>,
        }
        Ok(self.data::<Wire>("/api/v1/rules", &[]).await?.map(|wire| wire.groups.unwrap_or_default()))
    }

    /// `GET /api/v1/status/runtimeinfo`.
    ///
    /// # Errors
    /// As [`ClientError`] tells; compatible servers lack it.
    pub async fn runtime_info(&self) -> Result<Reply<RuntimeInfo>, ClientError> {
        self.data("/api/v1/status/runtimeinfo", &[]).await
    }

    /// Values of a label, in the server's order.
    ///
    /// # Errors
    /// As [`ClientError`] tells; [`Failure::Rejected`] for a name that is no label's.
    pub async fn label_values(&self, label: &str) -> Result<Reply<Vec<String>>, ClientError> {
        if !label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_') || label.is_empty() {
            let words = "a label name can contain only letters, digits and '_'".to_owned();
            let url = self.http.url("/api/v1/labels", &[]);
            return Err(self.http.error(Failure::Rejected(400, words), url, ""));
        }
        self.nullable_data(&format!("/api/v1/label/{label}/values")).await
    }

    /// `GET /-/ready`: whether it takes queries. A server without that page (Mimir below its base path) fails with
    /// [`Failure::WrongPath`], which says nothing about its readiness.
    ///
    /// # Errors
    /// [`Failure::Server`] while it is starting; else as [`ClientError`] tells.
    pub async fn ready(&self) -> Result<Reply<()>, ClientError> {
        Ok(self.http.get_raw("/-/ready", &[]).await?.map(|_| ()))
    }

    /// `GET /api/v1/status/flags`: command line flags and their values.
    ///
    /// # Errors
    /// As [`ClientError`] tells; compatible servers lack it.
    pub async fn flags(&self) -> Result<Reply<BTreeMap<String, String>>, ClientError> {
        self.data("/api/v1/status/flags", &[]).await
    }

    /// `GET /api/v1/rules`, as it came.
    ///
    /// # Errors
    /// As [`ClientError`] tells.
    pub async fn rules_document(&self) -> Result<Vec<u8>, ClientError> {
        let raw = self.http.get_raw("/api/v1/rules", &[]).await?;
        let body = raw.value.body.clone();
        let _: Reply<wire::Envelope<serde::de::IgnoredAny>> = self.http.json(raw, Expected::Envelope)?;
        Ok(body)
    }

    /// `POST /api/v1/admin/tsdb/snapshot`: the name of a folder below `snapshots` in its data folder. It answers when
    /// the snapshot is whole, which takes as long as writing the newest hours to the disk; `limit` is for that. The
    /// name is what the server says: whoever makes a path of it has to validate it.
    ///
    /// # Errors
    /// [`Failure::Server`] with `admin APIs disabled` when the admin API is off; else as [`ClientError`] tells. A call
    /// that fails leaves a partial folder.
    pub async fn snapshot(&self, limit: Duration) -> Result<String, ClientError> {
        #[derive(serde::Deserialize)]
        struct Wire {
            name: String,
        }
        let raw = self.http.change_within(limit, Method::POST, "/api/v1/admin/tsdb/snapshot").await?;
        let reply: Reply<wire::Envelope<Wire>> = self.http.json(raw, Expected::Envelope)?;
        Ok(reply.value.data.map(|data| data.name).unwrap_or_default())
    }

    /// As [`Self::data`] where Go writes an empty list as `null`, or leaves it out.
    async fn nullable_data<T: DeserializeOwned + Default>(
        &self,
        path: &str,
    ) -> Result<Reply<T>, ClientError> {
        let reply: Reply<wire::Envelope<T>> = self.http.get(path, &[], Expected::Envelope).await?;
        if reply.value.status != "success" {
            let words = reply.value.error;
            return Err(self.http.error(Failure::Rejected(200, words), self.http.url(path, &[]), ""));
        }
        Ok(reply.map(|envelope| envelope.data.unwrap_or_default()))
    }

    async fn data<T: DeserializeOwned>(
        &self,
        path: &str,
        query: &[(&str, String)],
    ) -> Result<Reply<T>, ClientError> {
        Ok(self.envelope(path, query).await?.map(|(data, _)| data))
    }

    /// Opens `{"status":"success","data":…,"warnings":[…]}`.
    async fn envelope<T: DeserializeOwned>(
        &self,
        path: &str,
        query: &[(&str, String)],
    ) -> Result<Reply<(T, Vec<String>)>, ClientError> {
        let long = query.iter().map(|(_, value)| value.len()).sum::<usize>() > LONG_QUERY;
        let reply: Reply<wire::Envelope<T>> = if long {
            self.http.form(path, query, Expected::Envelope).await?
        } else {
            self.http.get(path, query, Expected::Envelope).await?
        };
        let url = || self.http.url(path, &[]).to_string();
        let (latency, date, received) = (reply.latency, reply.date, reply.received);
        let envelope = reply.value;
        match (envelope.status.as_str(), envelope.data) {
            ("success", Some(data)) => {
                Ok(Reply { value: (data, envelope.warnings.unwrap_or_default()), latency, date, received })
            }
            ("success", None) => {
                Err(ClientError::new(Failure::Broken, url(), "the response contains no data"))
            }
            ("error", _) => Err(self.http.error(Failure::Rejected(200, envelope.error), url(), "")),
            _ => Err(ClientError::new(Failure::WrongServer("unexpected JSON format".into()), url(), "")),
        }
    }
}

/// The program behind the metrics that it exposes about itself.
pub(crate) fn flavour(metrics: &[u8]) -> Flavour {
    const KNOWN: &[(&str, &str, &str)] = &[
        ("vm_app_version", "short_version", "VictoriaMetrics"),
        ("thanos_build_info", "version", "Thanos"),
        ("cortex_build_info", "version", "Mimir"),
        ("prometheus_build_info", "version", "Prometheus"),
    ];
    for (metric, label, name) in KNOWN {
        // A distribution's build may leave the first label empty.
        let told = |label| exposition::label(metrics, metric, label).filter(|version| !version.is_empty());
        let present = exposition::label(metrics, metric, label)
            .or_else(|| exposition::label(metrics, metric, "version"));
        if present.is_some() {
            let name = Some((*name).to_owned()).filter(|name| name != "Prometheus");
            return Flavour { name, version: told(label).or_else(|| told("version")) };
        }
    }
    Flavour::default()
}
