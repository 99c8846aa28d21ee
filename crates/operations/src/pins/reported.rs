//! The versions that programs report themselves: through the APIs that the panel asks anyway, from their own
//! metrics where the profile has their address, else from what Prometheus has scraped of them.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use aether_clients::{Auth, Endpoint, TlsFiles, build_info, prometheus::QueryValue};
use aether_contract::{EndpointSpec, ReportedVersion, ServiceKind, ServiceStatus};
use url::Url;

use super::image::program;
use aether_context::session::StackSession;

const LIMIT: Duration = Duration::from_secs(10);
/// Most of a program's metrics that is read, in bytes.
const MAX: usize = 16 * 1024 * 1024;

/// What is known of the programs.
#[derive(Debug, Clone, Default)]
pub struct Reported {
    /// By service.
    pub versions: BTreeMap<String, Vec<ReportedVersion>>,
    /// Why a service tells nothing.
    pub silent: BTreeMap<String, String>,
}

/// A service that is asked for: its name, and an image that tells what program it is.
pub type Wanted = (String, Option<String>);

/// Asks.
pub async fn ask(live: &StackSession, services: &[ServiceStatus], wanted: &[Wanted]) -> Reported {
    let mut known = Reported::default();
    let mut left: Vec<(&str, String)> = Vec::new();
    for (service, image) in wanted {
        let status = services.iter().find(|status| status.kind.as_str() == service);
        if let Some(status) = status.filter(|status| !status.members.is_empty()) {
            by_api(service, status, &mut known);
            continue;
        }
        left.push((service, metric(service, image.as_deref())));
    }
    let profile = &live.profile;
    let direct = |service: &str, metric: &str| {
        let has = |name: &str| service == name || metric.starts_with(name);
        if has("loki") {
            profile.loki.as_ref()
        } else if has("blackbox") {
            profile.blackbox.as_ref()
        } else {
            None
        }
    };
    let mut scraped = Vec::new();
    for (service, metric) in left {
        match direct(service, &metric).and_then(|spec| spec.urls.first().map(|url| (spec, url))) {
            Some((spec, url)) => match own(spec, url, &metric).await {
                Ok(version) => put(&mut known, service, &version, format!("{metric} of {url}")),
                Err(why) => {
                    known.silent.insert(service.to_owned(), why);
                    scraped.push((service, metric));
                }
            },
            None => scraped.push((service, metric)),
        }
    }
    if !scraped.is_empty() && !profile.prometheus.urls.is_empty() {
        by_prometheus(live, &scraped, &mut known).await;
    }
    known
}

/// `blackbox-exporter` → `blackbox_exporter_build_info`.
fn metric(service: &str, image: Option<&str>) -> String {
    let name = image.map(program).filter(|name| !name.is_empty()).unwrap_or(service);
    let plain: String = name.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '_' }).collect();
    format!("{plain}_build_info")
}

fn put(known: &mut Reported, service: &str, version: &str, from: String) {
    let version = version.strip_prefix('v').unwrap_or(version).to_owned();
    let all = known.versions.entry(service.to_owned()).or_default();
    if !all.iter().any(|one| one.version == version) {
        all.push(ReportedVersion { version, from });
    }
}

/// What the members that answer now say, each version once.
fn by_api(service: &str, status: &ServiceStatus, known: &mut Reported) {
    for member in &status.members {
        match (&member.version, member.freshness.error()) {
            (Some(version), None) if member.freshness.is_fresh() => {
                put(known, service, version, format!("API of {}", member.url));
            }
            (_, Some(error)) => {
                known.silent.insert(service.to_owned(), error.message.clone());
            }
            _ => {
                known
                    .silent
                    .entry(service.to_owned())
                    .or_insert_with(|| "It does not report its version.".to_owned());
            }
        }
    }
}

/// From its own metrics, without credentials: these programs show their metrics to everybody.
async fn own(spec: &EndpointSpec, url: &str, metric: &str) -> Result<String, String> {
    let url = Url::parse(url).map_err(|error| format!("Invalid address: {error}."))?;
    let file = |path: &Option<String>| path.as_ref().map(std::path::PathBuf::from);
    let endpoint = Endpoint {
        url,
        auth: Auth::None,
        headers: spec.headers.clone(),
        tls: TlsFiles {
            ca_file: file(&spec.ca_file),
            client_cert_file: file(&spec.client_cert_file),
            client_key_file: file(&spec.client_key_file),
        },
        connect_timeout: Duration::from_secs(3),
        timeout: LIMIT,
        max_reply: MAX,
        retries: 0,
    };
    build_info::version(endpoint, metric)
        .await
        .map_err(|error| format!("Failed to read its metrics: {}.", error.failure))
}

async fn by_prometheus(live: &StackSession, scraped: &[(&str, String)], known: &mut Reported) {
    let names: BTreeSet<&str> = scraped.iter().map(|(_, metric)| metric.as_str()).collect();
    let names: Vec<String> = names.into_iter().map(regex::escape).collect();
    let query = format!("group by (__name__, version, job) ({{__name__=~{:?}}})", names.join("|"));
    let answer = match live.clients.prometheus().await {
        Ok(client) => {
            client.instant(&query, None).await.map_err(|error| error.to_panel(ServiceKind::Prometheus))
        }
        Err(error) => Err(error),
    };
    let samples = match answer {
        Ok(reply) => match reply.value.value {
            QueryValue::Vector(samples) => samples,
            _ => Vec::new(),
        },
        Err(error) => {
            for (service, _) in scraped {
                known.silent.entry((*service).to_owned()).or_insert_with(|| {
                    format!("Failed to query Prometheus for its version: {}", error.message)
                });
            }
            return;
        }
    };
    for (service, metric) in scraped {
        for sample in samples.iter().filter(|sample| sample.labels.get("__name__") == Some(metric)) {
            let Some(version) = sample.labels.get("version").filter(|version| !version.is_empty()) else {
                continue;
            };
            let job = sample.labels.get("job").map(String::as_str).unwrap_or_default();
            put(known, service, version, format!("{metric}{{job=\"{job}\"}} in Prometheus"));
        }
        if !known.versions.contains_key(*service) {
            known.silent.entry((*service).to_owned()).or_insert_with(|| {
                format!("Prometheus does not scrape {metric}. Scrape it to see its version.")
            });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_metric_that_tells_a_version_is_known_by_the_image() {
        assert_eq!(
            metric("blackbox", Some("prom/blackbox-exporter:v0.24.0")),
            "blackbox_exporter_build_info"
        );
        assert_eq!(metric("logs", Some("grafana/loki:2.9.0@sha256:00")), "loki_build_info");
        assert_eq!(metric("node-exporter", None), "node_exporter_build_info");
    }
}
