//! The embedded demo stack: real Prometheus, Alertmanager and Blackbox exporter on the pack's own files, with the
//! simulated service and the Grafana stand-in. Only addresses differ from the compose file.

use std::{
    fs,
    path::{Path, PathBuf},
    sync::Arc,
    time::{SystemTime, UNIX_EPOCH},
};

use serde::Serialize;

use crate::{
    SimError,
    drill::{Drills, Files, Stack},
    grafana::{Grafana, GrafanaOptions},
    history,
    model::TENANTS,
    servers::{Alertmanager, AlertmanagerOptions, Blackbox, Prometheus, PrometheusOptions, free_port},
    service::{Service, ServiceOptions},
};

/// Seed of everything that looks random.
const SEED: u64 = 2024;

/// How the stack is started.
#[derive(Debug, Clone)]
pub struct DemoOptions {
    /// Folder for everything that is kept between runs.
    pub folder: PathBuf,
    /// The panel's home; the stack's profile is written there.
    pub home: PathBuf,
    /// The monitoring pack.
    pub pack: PathBuf,
}

/// Where everything is.
#[derive(Debug, Clone, Serialize)]
pub struct Ready {
    /// Prometheus.
    pub prometheus: String,
    /// Alertmanager.
    pub alertmanager: String,
    /// The Grafana stand-in.
    pub grafana: String,
    /// A token for it.
    pub grafana_token: String,
    /// Blackbox exporter.
    pub blackbox: String,
    /// The simulated service.
    pub service: String,
    /// Where drills are asked for.
    pub drills: String,
    /// The stack's profile.
    pub profile: PathBuf,
}

/// The running stack; everything ends with its value.
#[derive(Debug)]
pub struct DemoStack {
    /// Where everything is.
    pub ready: Ready,
    prometheus: Arc<tokio::sync::Mutex<Prometheus>>,
    alertmanager: Alertmanager,
    _blackbox: Blackbox,
    _grafana: Grafana,
    _drills: Drills,
    /// The simulated service, to switch its scenario.
    pub service: Arc<Service>,
}

impl DemoStack {
    /// Starts it.
    ///
    /// # Errors
    /// [`SimError`].
    pub async fn start(options: &DemoOptions) -> Result<Self, SimError> {
        let folder = absolute(&options.folder)?;
        let pack = absolute(&options.pack)?;
        let read = |name: &str| {
            let file = pack.join(name);
            fs::read_to_string(&file).map_err(SimError::file(&file))
        };
        let data = folder.join("prometheus/data");
        let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
        let end =
            history::make(&folder.join("history"), &data, SEED, i64::try_from(now).unwrap_or(0)).await?;

        let service = Service::start(ServiceOptions {
            allow_network: false,
            listen: None,
            seed: SEED,
            begin: Some((end.counters, end.at as f64)),
            incidents: end.incidents,
        })
        .await?;
        let service = Arc::new(service);
        let grafana = Grafana::start(GrafanaOptions {
            folder: folder.join("grafana"),
            pack: Some(pack.clone()),
            ..GrafanaOptions::default()
        })
        .await?;
        let blackbox = Blackbox::launch(&folder.join("blackbox"), &read("blackbox.yml")?).await?;
        let alertmanager = Alertmanager::launch(AlertmanagerOptions {
            folder: folder.join("alertmanager"),
            config: read("alertmanager.yml")?,
            ..AlertmanagerOptions::default()
        })
        .await?;
        let port = free_port()?;
        let config = addresses(&read("prometheus-config.yml")?, &pack, |name| match name {
            "prometheus" => format!("127.0.0.1:{port}"),
            "alertmanager" => host(alertmanager.url()),
            "grafana" => host(grafana.url()),
            "blackbox" => host(blackbox.url()),
            _ => host(service.url()),
        });
        let prometheus = Prometheus::launch(PrometheusOptions {
            folder: folder.join("prometheus"),
            config,
            flags: vec![
                // Longer than the pack's, because blocks at the edge would be deleted.
                "--storage.tsdb.retention.time=60d".to_owned(),
                "--query.max-concurrency=20".to_owned(),
                // Alerts that were active before the start go on being so.
                "--rules.alert.for-grace-period=1s".to_owned(),
            ],
            port: Some(port),
            prefix: String::new(),
        })
        .await?;

        let stack =
            Stack { prometheus: prometheus.url().to_owned(), alertmanager: alertmanager.url().to_owned() };
        let files = Files {
            config: folder.join("prometheus/prometheus.yml"),
            rules: ["prometheus-recording-rules.yml", "prometheus-alerts.yml"]
                .map(|name| pack.join(name))
                .to_vec(),
        };
        let prometheus = Arc::new(tokio::sync::Mutex::new(prometheus));
        let drills =
            Drills::start(stack.clone(), files, Arc::clone(&prometheus), Arc::clone(&service)).await?;

        let profile = options.home.join("config/stacks/demo.toml");
        let ready = Ready {
            prometheus: stack.prometheus,
            alertmanager: stack.alertmanager,
            grafana: grafana.url().to_owned(),
            grafana_token: grafana.token().to_owned(),
            blackbox: blackbox.url().to_owned(),
            service: service.url().to_owned(),
            drills: drills.url().to_owned(),
            profile: profile.clone(),
        };
        write_profile(&profile, &ready, &pack)?;
        Ok(Self {
            ready,
            prometheus,
            alertmanager,
            _blackbox: blackbox,
            _grafana: grafana,
            _drills: drills,
            service,
        })
    }

    /// Ends the servers in order, so that Alertmanager writes its silences to disk.
    pub async fn stop(mut self) {
        let prometheus = async { self.prometheus.lock().await.stop().await };
        tokio::join!(prometheus, self.alertmanager.stop());
    }
}

fn absolute(path: &Path) -> Result<PathBuf, SimError> {
    std::path::absolute(path).map_err(SimError::file(path))
}

fn host(url: &str) -> String {
    url.trim_start_matches("http://").to_owned()
}

/// The pack's Prometheus configuration with other addresses. The service keeps one `instance` whatever its
/// port, so that its counters go on in the series of the history.
fn addresses(config: &str, pack: &Path, address: impl Fn(&str) -> String) -> String {
    let api = address("api");
    config
        .replace(
            "- prometheus-recording-rules.yml",
            &format!("- '{}'", pack.join("prometheus-recording-rules.yml").display()),
        )
        .replace("- prometheus-alerts.yml", &format!("- '{}'", pack.join("prometheus-alerts.yml").display()))
        .replace(
            "- targets: ['host.docker.internal:8000']",
            &format!("- targets: ['{api}']\n        labels: {{ instance: aether-api }}"),
        )
        .replace("host.docker.internal:8000", &api)
        .replace("alertmanager:9093", &address("alertmanager"))
        .replace("localhost:9090", &address("prometheus"))
        .replace("grafana:3000", &address("grafana"))
        .replace("blackbox:9115", &address("blackbox"))
}

/// At several answers a second for each tenant, a month costs about 90,000 USD by the pack's prices: the pack's
/// thresholds are for a service of a few answers a minute.
const COST: &str = "\
[[gauges]]
id = \"cache-hit-ratio\"

[[gauges]]
id = \"low-confidence\"

[[gauges]]
id = \"rerank-utilization\"

[[gauges]]
id = \"estimated-cost\"
max = 200000
warn = 75000
critical = 150000

[[gauges]]
id = \"health-score\"

[escalation]
cost_usd = 150000
";

fn write_profile(file: &Path, ready: &Ready, pack: &Path) -> Result<(), SimError> {
    let vips: Vec<String> =
        TENANTS.iter().filter(|tenant| tenant.vip).map(|tenant| format!("{:?}", tenant.id)).collect();
    let text = format!(
        "# Written by the demo at every start.\nname = \"demo\"\ntenant_label = \"tenant_id\"\nvip_tenants = [{}]\n\n\
         [prometheus]\nurl = \"{}\"\n\n[alertmanager]\nurls = [\"{}\"]\n\n[grafana]\nurl = \"{}\"\nauth = {{ \
         kind = \"bearer\" }}\n\n\
         [blackbox]\nurl = \"{}\"\n\n[pack]\ndir = {:?}\n\n[drills]\nsimulator = \"{}\"\n\n{COST}",
        vips.join(", "),
        ready.prometheus,
        ready.alertmanager,
        ready.grafana,
        ready.blackbox,
        pack.display().to_string(),
        ready.drills,
    );
    if let Some(folder) = file.parent() {
        fs::create_dir_all(folder).map_err(SimError::file(folder))?;
    }
    fs::write(file, text).map_err(SimError::file(file))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_demo_changes_every_address_of_the_packs_configuration_and_nothing_else() {
        let pack = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../monitoring");
        let text = fs::read_to_string(pack.join("prometheus-config.yml")).unwrap();
        let changed = addresses(&text, Path::new("/pack"), |name| format!("127.0.0.1:{}", name.len()));
        for left in
            ["host.docker.internal", "alertmanager:9093", "grafana:3000", "blackbox:9115", "localhost:9090"]
        {
            let code: Vec<&str> =
                changed.lines().filter(|line| !line.trim_start().starts_with('#')).collect();
            assert!(!code.join("\n").contains(left), "{left} is left");
        }
        assert!(changed.contains("/pack/prometheus-alerts.yml"));
        assert!(changed.contains("labels: { instance: aether-api }"));
        assert!(changed.lines().count() == text.lines().count() + 1);
    }
}
