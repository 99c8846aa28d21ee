//! A small stack of real servers, evaluated every second, and a panel on it.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use aether_contract::{AlertRow, AlertsPage, AlertsRequest, Empty, PanelError, Settings, Snapshot};
use aether_panel::{
    NoHost, Panel, PanelOptions,
    paths::Home,
    secrets::{SecretBackend, SecretFailure},
};
use aether_sim::{
    SimError,
    demo::{DemoOptions, DemoStack},
    model::{Counters, TENANTS},
    servers::{Alertmanager, AlertmanagerOptions, Prometheus, PrometheusOptions},
    service::{Service, ServiceOptions},
};
use secrecy::{ExposeSecret as _, SecretString};

use crate::{eventually, missing, root};

/// The pack's alerts need ten minutes; these are the same expression over seconds.
pub const QUICK_RULES: &str = r#"
groups:
  - name: quick
    rules:
      - alert: CacheCold
        expr: |
          100 * sum by (tenant_id) (rate(aether_cache_hits_total[8s]))
            / sum by (tenant_id) (rate(aether_cache_requests_total[8s])) < 30
          and on (tenant_id) (sum by (tenant_id) (rate(aether_cache_requests_total[8s])) > 0)
        for: 4s
        labels: { severity: critical }
        annotations: { summary: 'The cache of {{ $labels.tenant_id }} is cold' }
      - alert: Watchdog
        expr: vector(1)
"#;

/// Name of the pack's recording rules.
const RECORDING_RULES: &str = "prometheus-recording-rules.yml";

/// Notifies nobody, groups at once.
pub const QUIET_ALERTMANAGER: &str = "route: { receiver: none, group_wait: 1s, group_interval: 1s \
    }\nreceivers: [{ name: none }]\nglobal: { resolve_timeout: 5s }\n";

/// Credentials in memory, as a keyring of the test's own.
#[derive(Default)]
pub struct MemoryKeyring(Mutex<BTreeMap<String, String>>);

impl SecretBackend for MemoryKeyring {
    fn get(&self, account: &str) -> Result<Option<SecretString>, SecretFailure> {
        let map = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        Ok(map.get(account).map(|secret| SecretString::from(secret.clone())))
    }

    fn set(&self, account: &str, secret: &SecretString) -> Result<(), SecretFailure> {
        let mut map = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        map.insert(account.to_owned(), secret.expose_secret().to_owned());
        Ok(())
    }

    fn delete(&self, account: &str) -> Result<bool, SecretFailure> {
        Ok(self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(account).is_some())
    }
}

/// The servers.
pub struct Stack {
    /// The simulated service.
    pub service: Service,
    /// Prometheus on the pack's recording rules and [`QUICK_RULES`].
    pub prometheus: Prometheus,
    /// Members of Alertmanager.
    pub alertmanagers: Vec<Alertmanager>,
    /// Folder of everything.
    pub folder: tempfile::TempDir,
}

/// Why real servers can't be started here, if they can't.
pub fn servers_missing() -> Option<String> {
    missing(&["prometheus", "prometheus-alertmanager"]).map(|program| format!("{program} is not installed"))
}

/// A simulated service whose counters run as if it had been up for a day.
///
/// # Errors
/// When no port is free.
pub async fn service() -> Result<Service, String> {
    let day = Counters { plain: 500.0, reranked: 300.0, low_confidence: 90.0, lookups: 1100.0, hits: 700.0 };
    let now =
        std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).map_or(0.0, |s| s.as_secs_f64());
    let options =
        ServiceOptions { seed: 7, begin: Some((vec![day; TENANTS.len()], now)), ..ServiceOptions::default() };
    Service::start(options).await.map_err(|e| e.to_string())
}

/// Writes the pack's recording rules with a cost that is recorded every few seconds instead of every minute, so that
/// no test waits for a minute to pass.
///
/// # Errors
/// When they can't be read or written.
pub fn recording_rules(folder: &Path) -> Result<PathBuf, String> {
    let text =
        fs::read_to_string(root().join("monitoring").join(RECORDING_RULES)).map_err(|e| e.to_string())?;
    if !text.contains("interval: 1m") {
        return Err(format!("{RECORDING_RULES} records nothing once a minute"));
    }
    let file = folder.join(RECORDING_RULES);
    fs::write(&file, text.replace("interval: 1m", "interval: 5s")).map_err(|e| e.to_string())?;
    Ok(file)
}

/// A Prometheus configuration that scrapes the service every second.
pub fn scrape(service: &Service, rules: &[PathBuf], alertmanagers: &[&str]) -> String {
    let host = |url: &str| url.trim_start_matches("http://").to_owned();
    let mut text = String::from("global: { scrape_interval: 1s, evaluation_interval: 1s }\n");
    if !rules.is_empty() {
        text.push_str("rule_files:\n");
        for file in rules {
            text.push_str(&format!("  - '{}'\n", file.display()));
        }
    }
    if !alertmanagers.is_empty() {
        let targets: Vec<String> = alertmanagers.iter().map(|url| format!("'{}'", host(url))).collect();
        text.push_str(&format!(
            "alerting: {{ alertmanagers: [{{ static_configs: [{{ targets: [{}] }}] }}] }}\n",
            targets.join(", ")
        ));
    }
    text.push_str(&format!(
        "scrape_configs:\n  - job_name: aether-api\n    static_configs: [{{ targets: ['{}'] }}]\n",
        host(service.url())
    ));
    text
}

impl Stack {
    /// Starts the servers with `members` members of Alertmanager.
    ///
    /// # Errors
    /// What could not be started.
    pub async fn start(members: usize) -> Result<Self, String> {
        let folder = tempfile::tempdir().map_err(|e| e.to_string())?;
        let service = service().await?;
        let at = folder.path().join("alertmanager");
        let alertmanagers = if members > 1 {
            Alertmanager::cluster(&at, QUIET_ALERTMANAGER, members).await.map_err(|e| e.to_string())?
        } else {
            let options = AlertmanagerOptions {
                folder: at,
                config: QUIET_ALERTMANAGER.to_owned(),
                ..AlertmanagerOptions::default()
            };
            vec![Alertmanager::launch(options).await.map_err(|e| e.to_string())?]
        };
        let quick = folder.path().join("quick.yml");
        fs::write(&quick, QUICK_RULES).map_err(|e| e.to_string())?;
        let rules = [recording_rules(folder.path())?, quick];
        let urls: Vec<&str> = alertmanagers.iter().map(|member| member.url()).collect();
        let prometheus = Prometheus::launch(PrometheusOptions {
            folder: folder.path().join("prometheus"),
            config: scrape(&service, &rules, &urls),
            // What the first notice misses, because Alertmanager is not known yet, is sent again soon.
            flags: vec!["--rules.alert.resend-delay=2s".to_owned()],
            ..PrometheusOptions::default()
        })
        .await
        .map_err(|e| e.to_string())?;
        Ok(Self { service, prometheus, alertmanagers, folder })
    }

    /// The panel's home in this stack's folder.
    pub fn home(&self) -> Home {
        Home::at(&self.folder.path().join("home"))
    }

    /// Writes the profile `test` for these servers, with more lines at its end.
    ///
    /// # Errors
    /// When it can't be written.
    pub fn profile(&self, more: &str) -> Result<(), String> {
        let urls: Vec<String> =
            self.alertmanagers.iter().map(|member| format!("\"{}\"", member.url())).collect();
        write_profile(
            &self.home(),
            &format!(
                "name = \"test\"\n\n[prometheus]\nurl = \"{}\"\n\n[alertmanager]\nurls = [{}]\n{more}",
                self.prometheus.url(),
                urls.join(", ")
            ),
        )
    }
}

/// Writes the profile `test` and settings that poll every second.
///
/// # Errors
/// When they can't be written.
pub fn write_profile(home: &Home, text: &str) -> Result<(), String> {
    fs::create_dir_all(home.config.join("stacks")).map_err(|e| e.to_string())?;
    fs::write(home.config.join("stacks/test.toml"), text).map_err(|e| e.to_string())?;
    fs::write(
        home.config.join("settings.toml"),
        "theme = \"dark\"\nprometheus_interval_s = 1\nalertmanager_interval_s = 1\ngrafana_interval_s = 1\n",
    )
    .map_err(|e| e.to_string())
}

/// A panel on the profile `test` that polls.
///
/// # Errors
/// The panel's.
pub async fn panel(home: Home) -> Result<Arc<Panel>, PanelError> {
    Panel::start(PanelOptions {
        home,
        stack: Some("test".to_owned()),
        host: Arc::new(NoHost),
        secrets: Some(Arc::new(MemoryKeyring::default())),
        poll: true,
    })
    .await
}

/// Settings that poll every second.
pub fn quick_settings() -> Settings {
    Settings {
        prometheus_interval_s: 1,
        alertmanager_interval_s: 1,
        grafana_interval_s: 1,
        ..aether_panel::settings::default_settings()
    }
}

/// Waits for a snapshot that fits.
pub async fn snapshot_when(
    panel: &Panel,
    patience: Duration,
    fits: impl Fn(&Snapshot) -> bool,
) -> Option<Snapshot> {
    eventually(patience, async || panel.snapshot(Empty {}).await.ok().filter(|snapshot| fits(snapshot))).await
}

/// The list of alerts that match a filter, whatever their state.
///
/// # Errors
/// The panel's.
pub async fn alerts(panel: &Panel, filter: &str) -> Result<AlertsPage, PanelError> {
    use aether_contract::AlertState::{Firing, Inhibited, Muted, Pending, Resolved, Silenced};
    let states = vec![Pending, Firing, Silenced, Inhibited, Muted, Resolved];
    panel
        .alerts_page(AlertsRequest {
            filter: filter.to_owned(),
            states,
            limit: 100,
            ..AlertsRequest::default()
        })
        .await
}

/// Waits until an alert's row fits.
pub async fn row_when(
    panel: &Panel,
    filter: &str,
    patience: Duration,
    fits: impl Fn(&AlertRow) -> bool,
) -> Option<AlertRow> {
    eventually(patience, async || alerts(panel, filter).await.ok()?.rows.into_iter().find(|row| fits(row)))
        .await
}

/// The demo stack, in a folder of its own.
pub struct Demo {
    /// The servers.
    pub stack: DemoStack,
    /// Folder of everything: the servers' below `stack`, the panel's home below `home`.
    pub folder: tempfile::TempDir,
}

impl Demo {
    /// Programs that it takes.
    pub const NEEDS: &'static [&'static str] =
        &["prometheus", "prometheus-alertmanager", "prometheus-blackbox-exporter"];

    /// Starts it; a panel on it asks its servers often.
    ///
    /// # Errors
    /// What could not be started or written.
    pub async fn start() -> Result<Self, SimError> {
        let other = |error: std::io::Error| SimError::Other(error.to_string());
        let folder = tempfile::tempdir().map_err(other)?;
        let home = folder.path().join("home");
        let pack = root().join("monitoring");
        let options = DemoOptions { folder: folder.path().join("stack"), home: home.clone(), pack };
        let stack = DemoStack::start(&options).await?;
        let often = "prometheus_interval_s = 2\nalertmanager_interval_s = 2\n";
        fs::write(home.join("config/settings.toml"), often).map_err(other)?;
        Ok(Self { stack, folder })
    }

    /// The panel's home.
    pub fn home(&self) -> PathBuf {
        self.folder.path().join("home")
    }
}
