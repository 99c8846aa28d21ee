//! Real servers on free loopback ports, a panel on a temporary home, and waiting without fixed times.

use std::{
    collections::BTreeMap,
    io::{Read as _, Write as _},
    net::{TcpListener, TcpStream},
    path::Path,
    process::{Child, Command, Stdio},
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

use aether_contract::*;
use aether_panel::{
    NoHost, Panel, PanelOptions,
    paths::Home,
    secrets::{SecretBackend, SecretFailure},
};
use secrecy::{ExposeSecret as _, SecretString};
use tempfile::TempDir;

/// A process that ends with its value.
pub struct Server {
    child: Child,
    program: &'static str,
    args: Vec<String>,
    pub url: String,
    /// Its data; removed with it.
    dir: TempDir,
}

impl Server {
    fn start(program: &'static str, args: Vec<String>, url: String, dir: TempDir, ready: &str) -> Self {
        let server = Self { child: spawn(program, &args), program, args, url, dir };
        server.wait(ready);
        server
    }

    fn wait(&self, path: &str) {
        let limit = Instant::now() + Duration::from_secs(60);
        while !get(&self.url, path).is_some_and(|reply| reply.contains(" 200 ")) {
            assert!(Instant::now() < limit, "{} did not become ready", self.program);
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    /// Other rules from now on, for Prometheus.
    pub fn rules(&self, text: &str) {
        std::fs::write(self.dir.path().join("rules.yml"), text).unwrap();
        let reply = exchange(
            &self.url,
            "POST /-/reload HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 0\r\n\r\n",
        );
        assert!(reply.unwrap().contains(" 200 "));
    }

    /// Ends it at once, as a crash would.
    pub fn kill(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }

    /// Starts it again on the same port and data.
    pub fn restart(&mut self) {
        self.kill();
        self.child = spawn(self.program, &self.args);
        self.wait("/-/ready");
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.kill();
    }
}

/// The program that the environment names in the place of the installed one.
fn named(program: &str) -> Option<std::path::PathBuf> {
    let variable = match program {
        "prometheus" => "AETHER_PROMETHEUS",
        "prometheus-alertmanager" => "AETHER_ALERTMANAGER",
        _ => return None,
    };
    std::env::var_os(variable).filter(|path| !path.is_empty()).map(Into::into)
}

fn spawn(program: &str, args: &[String]) -> Child {
    Command::new(named(program).unwrap_or_else(|| program.into()))
        .args(args)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap()
}

/// Whether a program is there; says so when it is not.
pub fn have(program: &str) -> bool {
    let found = named(program).is_some_and(|path| path.is_file())
        || std::env::var_os("PATH")
            .is_some_and(|path| std::env::split_paths(&path).any(|folder| folder.join(program).is_file()));
    if !found {
        eprintln!("skipped: {program} is not installed");
    }
    found
}

pub fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

pub fn alertmanager(cluster: Option<(u16, Option<u16>)>) -> Server {
    alertmanager_with("route:\n  receiver: nobody\nreceivers:\n  - name: nobody\n", cluster)
}

pub fn alertmanager_with(text: &str, cluster: Option<(u16, Option<u16>)>) -> Server {
    let dir = TempDir::new().unwrap();
    let config = dir.path().join("am.yml");
    std::fs::write(&config, text).unwrap();
    let port = free_port();
    let mut args = vec![
        format!("--config.file={}", config.display()),
        format!("--storage.path={}", dir.path().join("data").display()),
        format!("--web.listen-address=127.0.0.1:{port}"),
    ];
    match cluster {
        None => args.push("--cluster.listen-address=".into()),
        Some((own, peer)) => {
            args.push(format!("--cluster.listen-address=127.0.0.1:{own}"));
            args.push(format!("--cluster.advertise-address=127.0.0.1:{own}"));
            args.push("--cluster.settle-timeout=1s".into());
            args.extend(peer.map(|peer| format!("--cluster.peer=127.0.0.1:{peer}")));
        }
    }
    Server::start("prometheus-alertmanager", args, format!("http://127.0.0.1:{port}"), dir, "/-/ready")
}

/// Prometheus with these rules, evaluated every second, sending to `alertmanager`.
pub fn prometheus(rules: &str, alertmanager: Option<&str>) -> Server {
    prometheus_to(rules, &alertmanager.into_iter().collect::<Vec<_>>())
}

/// As [`prometheus`], sending to every member of a cluster.
pub fn prometheus_to(rules: &str, alertmanagers: &[&str]) -> Server {
    let dir = TempDir::new().unwrap();
    std::fs::write(dir.path().join("rules.yml"), rules).unwrap();
    let targets: Vec<String> =
        alertmanagers.iter().map(|url| format!("{:?}", url.trim_start_matches("http://"))).collect();
    let alerting = if targets.is_empty() {
        String::new()
    } else {
        format!(
            "alerting:\n  alertmanagers:\n    - static_configs: [{{targets: [{}]}}]\n",
            targets.join(", ")
        )
    };
    let config = format!(
        "global:\n  evaluation_interval: 1s\n  external_labels: {{cluster: eu}}\nrule_files: [rules.yml]\n{alerting}"
    );
    let file = dir.path().join("prometheus.yml");
    std::fs::write(&file, config).unwrap();
    let port = free_port();
    let args = vec![
        format!("--config.file={}", file.display()),
        format!("--storage.tsdb.path={}", dir.path().join("data").display()),
        // The first attempt may come before Alertmanager is discovered; the next would be a minute later.
        "--rules.alert.resend-delay=1s".to_owned(),
        "--web.enable-lifecycle".to_owned(),
        format!("--web.listen-address=127.0.0.1:{port}"),
    ];
    Server::start("prometheus", args, format!("http://127.0.0.1:{port}"), dir, "/-/ready")
}

fn exchange(url: &str, request: &str) -> Option<String> {
    let mut stream = TcpStream::connect(url.trim_start_matches("http://")).ok()?;
    stream.set_read_timeout(Some(Duration::from_secs(5))).ok()?;
    stream.write_all(request.as_bytes()).ok()?;
    let mut reply = Vec::new();
    let _ = stream.read_to_end(&mut reply);
    Some(String::from_utf8_lossy(&reply).into_owned())
}

pub fn get(url: &str, path: &str) -> Option<String> {
    exchange(url, &format!("GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"))
}

/// Posts JSON, as somebody else would.
pub fn post(url: &str, path: &str, body: &serde_json::Value) -> String {
    let body = body.to_string();
    let request = format!(
        "POST {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Type: \
            application/json\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    );
    exchange(url, &request).unwrap()
}

/// Makes an alert fire at an Alertmanager.
pub fn fire(url: &str, labels: &serde_json::Value) {
    let reply = post(url, "/api/v2/alerts", &serde_json::json!([{ "labels": labels }]));
    assert!(reply.contains(" 200 "), "{reply}");
}

/// A keyring of this test's own.
#[derive(Default)]
pub struct Keyring(Mutex<BTreeMap<String, String>>);

impl SecretBackend for Keyring {
    fn get(&self, account: &str) -> Result<Option<SecretString>, SecretFailure> {
        Ok(self.0.lock().unwrap().get(account).cloned().map(SecretString::from))
    }
    fn set(&self, account: &str, secret: &SecretString) -> Result<(), SecretFailure> {
        self.0.lock().unwrap().insert(account.to_owned(), secret.expose_secret().to_owned());
        Ok(())
    }
    fn delete(&self, account: &str) -> Result<bool, SecretFailure> {
        Ok(self.0.lock().unwrap().remove(account).is_some())
    }
}

/// A profile's text without gauges.
pub fn profile(prometheus: &str, alertmanagers: &[&str], more: &str) -> String {
    let urls: Vec<String> = alertmanagers.iter().map(|url| format!("\"{url}\"")).collect();
    format!("[prometheus]\nurl = \"{prometheus}\"\n[alertmanager]\nurls = [{}]\n{more}\n", urls.join(", "))
}

/// A gauge as a profile has it.
pub fn gauge(id: &str, query: &str, per_tenant: Option<&str>) -> String {
    let split = per_tenant.map_or_else(String::new, |query| format!("per_tenant_query = '{query}'\n"));
    format!(
        "[[gauges]]\nid = \"{id}\"\nquery = '{query}'\n{split}warn = 50\ncritical = 30\nhigher_is_better = \
            true\nunit = \"percent\"\n"
    )
}

/// Nothing listens here.
pub const NOWHERE: &str = "http://127.0.0.1:9";

pub async fn panel(home: &Path, profiles: &[(&str, &str)], poll: bool) -> Arc<Panel> {
    let at = Home::at(home);
    std::fs::create_dir_all(at.stacks_dir()).unwrap();
    for (name, text) in profiles {
        std::fs::write(at.stacks_dir().join(format!("{name}.toml")), text).unwrap();
    }
    let options = PanelOptions {
        home: at,
        stack: Some(profiles[0].0.to_owned()),
        host: Arc::new(NoHost),
        secrets: Some(Arc::new(Keyring::default())),
        poll,
    };
    Panel::start(options).await.unwrap()
}

pub async fn snapshot(panel: &Panel) -> Snapshot {
    panel.snapshot(Empty {}).await.unwrap()
}

pub async fn alerts(panel: &Panel) -> AlertsPage {
    panel.alerts_page(AlertsRequest { limit: 500, ..AlertsRequest::default() }).await.unwrap()
}

/// Polls until what is shown is as wanted. The limit only ends a test that has failed.
pub async fn until<T>(panel: &Panel, what: &str, mut look: impl AsyncFnMut(&Panel) -> Option<T>) -> T {
    let limit = Instant::now() + Duration::from_secs(60);
    loop {
        panel.refresh_and_wait().await;
        if let Some(found) = look(panel).await {
            return found;
        }
        if Instant::now() > limit {
            panic!("never seen: {what}; instead: {:#?} {:#?}", snapshot(panel).await, alerts(panel).await);
        }
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
}

pub fn for_minutes(minutes: u32, reason: &str) -> MaintenanceRequest {
    MaintenanceRequest {
        duration_s: minutes * 60,
        reason: reason.to_owned(),
        created_by: "ann".into(),
        matchers: Vec::new(),
        starts_at: None,
    }
}
