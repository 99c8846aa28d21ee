//! A credential goes from the keyring into a request header and nowhere else: everything that the panel and the shell
//! wrote, printed or sent is searched for its bytes, against servers that say it back in whatever they answer.
#![allow(clippy::expect_used, reason = "a test ends with what it expected")]

use std::{
    fs,
    io::{BufRead as _, BufReader, Read as _, Write as _},
    path::Path,
    process::{Child, Command, Stdio},
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use aether_tests::{Desktop, Ended, built, echo::Echo, eventually, missing, on_path};
use base64::{
    Engine as _,
    engine::general_purpose::{STANDARD, STANDARD_NO_PAD},
};
use serde_json::{Value, json};

const PROMETHEUS: &str = "s3cr3t-Pr0metheus-7d1f0c5e9b";
const ALERTMANAGER: &str = "s3cr3t-Alertmanager-b0a4417c2d";
const GRAFANA: &str = "s3cr3t-Grafana/p+ss w\u{f6}rd-99ee";
const USER: &str = "operator";

const SOON: Duration = Duration::from_secs(60);

/// Every form that the credentials could leak in, with a name that may be printed.
fn forms() -> Vec<(String, String)> {
    let basic = base64(format!("{USER}:{GRAFANA}").as_bytes());
    let mut forms = vec![("the basic header".to_owned(), basic)];
    for (name, secret) in [("prometheus", PROMETHEUS), ("alertmanager", ALERTMANAGER), ("grafana", GRAFANA)] {
        forms.push((name.to_owned(), secret.to_owned()));
        forms.push((format!("{name}, base64"), base64(secret.as_bytes())));
        let escaped = secret.bytes().map(|byte| format!("%{byte:02X}")).collect::<String>();
        forms.push((format!("{name}, percent"), escaped));
        forms.push((format!("{name}, as a form"), secret.replace(' ', "+").replace('/', "%2F")));
        // Without its end: what a cut would leave of it.
        let head: String = secret.chars().take(20).collect();
        forms.push((format!("{name}, cut"), head));
    }
    forms
}

/// Without padding, so that it is found wherever the text was cut or went on.
fn base64(bytes: &[u8]) -> String {
    STANDARD_NO_PAD.encode(bytes)
}

/// What was seen somewhere, to be searched at the end.
#[derive(Clone, Default)]
pub(crate) struct Seen(Arc<Mutex<Vec<Found>>>);

/// A place and what stood there.
type Found = (String, Vec<u8>);

impl Seen {
    fn add(&self, place: impl Into<String>, bytes: impl Into<Vec<u8>>) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push((place.into(), bytes.into()));
    }

    /// Collects an output to its end, in the background.
    fn follow(&self, place: &'static str, mut output: impl std::io::Read + Send + 'static) {
        let seen = self.clone();
        std::thread::spawn(move || {
            let mut chunk = vec![0; 64 * 1024];
            while let Ok(read @ 1..) = output.read(&mut chunk) {
                seen.add(place, chunk.get(..read).unwrap_or_default());
            }
        });
    }

    /// Adds every file below a folder.
    fn add_files(&self, folder: &Path) {
        for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
            let path = entry.path();
            if path.is_dir() {
                self.add_files(&path);
            } else if let Ok(bytes) = fs::read(&path) {
                self.add(path.display().to_string(), path.display().to_string());
                self.add(path.display().to_string(), bytes);
            }
        }
    }

    fn leaks(&self) -> Vec<String> {
        let seen = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let mut leaks = Vec::new();
        for (form, needle) in forms() {
            for (place, bytes) in seen.iter() {
                if bytes.windows(needle.len()).any(|window| window == needle.as_bytes()) {
                    leaks.push(format!("{form} in {place}"));
                }
            }
        }
        leaks
    }

    fn bytes(&self) -> usize {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).iter().map(|(_, bytes)| bytes.len()).sum()
    }
}

/// The panel behind its bridge: the same core as the window's, with every word between it and the page at hand.
pub(crate) struct Bridge {
    url: String,
    token: String,
    http: reqwest::Client,
    seen: Seen,
    child: Child,
}

impl Bridge {
    pub(crate) fn start(desktop: &Desktop, home: &Path, seen: &Seen) -> Self {
        let mut child = desktop
            .command(built("aether-bridge").expect("the bridge was looked for before"))
            .args(["--port", "0", "--stack", "echo"])
            .env("AETHER_HOME", home)
            .env("AETHER_LOG", "trace")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the bridge");
        let mut stdout = BufReader::new(child.stdout.take().expect("stdout"));
        seen.follow("the bridge's standard error", child.stderr.take().expect("stderr"));
        let mut line = String::new();
        stdout.read_line(&mut line).expect("the ready line");
        let ready: Value = serde_json::from_str(&line).expect("JSON");
        seen.follow("the bridge's standard output", stdout);
        let page = reqwest::Url::parse(ready["url"].as_str().expect("url")).expect("an address");
        let bridge = Self {
            url: page.origin().ascii_serialization(),
            token: ready["token"].as_str().expect("token").to_owned(),
            http: reqwest::Client::builder().no_proxy().build().expect("a client"),
            seen: seen.clone(),
            child,
        };
        bridge.listen();
        bridge
    }

    /// Keeps every event.
    fn listen(&self) {
        let (http, seen) = (self.http.clone(), self.seen.clone());
        let url = format!("{}/api/events?token={}", self.url, self.token);
        tokio::spawn(async move {
            let Ok(mut stream) = http.get(url).send().await else { return };
            while let Ok(Some(chunk)) = stream.chunk().await {
                seen.add("an event", chunk.to_vec());
            }
        });
    }

    pub(crate) async fn call(&self, name: &str, body: &Value) -> Value {
        let reply = self
            .http
            .post(format!("{}/api/{name}", self.url))
            .header("x-aether-token", &self.token)
            .json(body)
            .send()
            .await
            .expect("a reply");
        let text = reply.text().await.expect("a body");
        self.seen.add(format!("the reply to {name}"), text.clone());
        serde_json::from_str(&text).expect("JSON")
    }
}

impl Drop for Bridge {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Runs the shell with a text on its standard input; what it prints is kept.
fn shell(desktop: &Desktop, home: &Path, seen: &Seen, arguments: &[&str], input: &str) -> String {
    let mut child = desktop
        .command(built("aetherctl").expect("the shell was looked for before"))
        .args(["--stack", "echo"])
        .args(arguments)
        .env("AETHER_HOME", home)
        .env("AETHER_LOG", "trace")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the shell");
    // The shell may have ended before it reads: what it says is looked at.
    let _ = child.stdin.take().expect("stdin").write_all(input.as_bytes());
    let output = child.wait_with_output().expect("an end");
    let place = format!("aetherctl {}", arguments.join(" "));
    seen.add(format!("{place}: standard output"), output.stdout.clone());
    seen.add(format!("{place}: standard error"), output.stderr.clone());
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

fn profile(prometheus: &Echo, alertmanager: &Echo, grafana: &Echo) -> String {
    format!(
        "name = \"echo\"\n[prometheus]\nurl = \"{}\"\nauth = {{ kind = \"bearer\" }}\n\
         [alertmanager]\nurls = [\"{}\"]\nauth = {{ kind = \"bearer\" }}\n\
         [grafana]\nurl = \"{}\"\nauth = {{ kind = \"basic\", username = \"{USER}\" }}\n",
        prometheus.url(),
        alertmanager.url(),
        grafana.url()
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn a_credentials_bytes_are_in_nothing_that_the_panel_wrote_or_sent() {
    if let Some(program) = missing(Desktop::NEEDS).or_else(|| missing(&["secret-tool"])) {
        eprintln!("skipped: {program} is not installed");
        return;
    }
    for program in ["aether-bridge", "aetherctl"] {
        assert!(built(program).is_some(), "{program} is not built: cargo build --workspace --bins");
    }
    let desktop = Desktop::start().expect("a desktop");
    let home = tempfile::tempdir().expect("a folder");
    let elsewhere = Echo::start(None).await.expect("a server");
    let prometheus = Echo::start(Some(elsewhere.url())).await.expect("a server");
    let alertmanager = Echo::start(Some(elsewhere.url())).await.expect("a server");
    let grafana = Echo::start(None).await.expect("a server");
    let stacks = home.path().join("config/stacks");
    fs::create_dir_all(&stacks).expect("a folder");
    fs::write(stacks.join("echo.toml"), profile(&prometheus, &alertmanager, &grafana)).expect("a profile");
    let seen = Seen::default();

    // Two go in through the window's door, one through the shell's.
    let typed = shell(&desktop, home.path(), &seen, &["secret", "set", "grafana/password"], GRAFANA);
    assert!(typed.contains("Stored grafana/password"), "{typed}");
    let bridge = Bridge::start(&desktop, home.path(), &seen);
    for (id, secret) in [("prometheus/token", PROMETHEUS), ("alertmanager/token", ALERTMANAGER)] {
        let status = bridge.call("secret_set", &json!({"id": id, "secret": secret})).await;
        assert_eq!(status["store"], "keyring", "{status}");
    }
    let account = "echo/prometheus/token";
    let mut look = desktop.command(on_path("secret-tool").expect("looked for before"));
    look.args(["lookup", "service", "aetherlink-panel", "username", account]);
    assert_eq!(text(&mut look), PROMETHEUS, "the keyring holds it under {account}");

    // Each server is asked with its credential and says it back in errors of every kind.
    for (name, echo, secret) in
        [("prometheus", &prometheus, PROMETHEUS), ("alertmanager", &alertmanager, ALERTMANAGER)]
    {
        let arrived = eventually(SOON, async || echo.heard(&format!("Bearer {secret}")).then_some(())).await;
        assert!(arrived.is_some(), "{name} was not asked with its credential");
    }
    let basic = format!("Basic {}", STANDARD.encode(format!("{USER}:{GRAFANA}")));
    let arrived = eventually(SOON, async || grafana.heard(&basic).then_some(())).await;
    assert!(arrived.is_some(), "grafana was not asked with its credential");
    for status in Echo::ANSWERS {
        for echo in [&prometheus, &alertmanager, &grafana] {
            echo.answer_with(*status);
        }
        bridge.call("refresh", &json!({})).await;
        for (service, url, auth) in [
            ("prometheus", prometheus.url(), json!({"kind": "bearer"})),
            ("alertmanager", alertmanager.url(), json!({"kind": "bearer"})),
            ("grafana", grafana.url(), json!({"kind": "basic", "username": USER})),
        ] {
            let endpoint = json!({"urls": [url], "auth": auth, "headers": {}});
            bridge.call("endpoint_test", &json!({"service": service, "endpoint": endpoint})).await;
        }
        let style = json!({"width": 400, "height": 100, "line": "#6ea8fe", "grid": "#262e39", "text": "#a9b4c2",
            "warn": "#f0b429", "critical": "#ff6b6b", "ok": "#4cc38a", "utcOffsetMinutes": 0});
        let figure = json!({"id": "cache-hit-ratio", "tenant": null, "hours": 1.0, "style": style});
        bridge.call("gauge_figure", &figure).await;
        let window = json!({"durationS": 600, "reason": "deploy", "createdBy": "me", "matchers": []});
        bridge.call("maintenance_start", &window).await;
        bridge.call("snapshot", &json!({})).await;
    }
    for command in ["secret_status", "stack_list", "settings_get", "about"] {
        bridge.call(command, &json!({})).await;
    }
    bridge.call("stack_detail", &json!({"name": "echo"})).await;
    bridge.call("secret_set", &json!({"id": "no/such", "secret": PROMETHEUS})).await;
    bridge.call("secret_set", &json!({"id": 7, "secret": [PROMETHEUS]})).await;
    bridge.call("secret_set", &json!({"secret": PROMETHEUS})).await;
    for arguments in [
        &["status"][..],
        &["status", "--json"],
        &["gauges"],
        &["alerts", "--json"],
        &["maintenance", "start", "--for", "5m", "--comment", "deploy"],
        &["secret", "status", "--json"],
        &["stack", "show", "--json"],
        &["secret", "set", "no/such"],
    ] {
        shell(&desktop, home.path(), &seen, arguments, GRAFANA);
    }

    drop(bridge);
    seen.add_files(home.path());
    let own = desktop.home.path();
    assert!(own.join("share/keyrings").is_dir(), "the keyring's own, encrypted, is the one place left out");
    fs::remove_dir_all(own.join("share/keyrings")).expect("removed");
    seen.add_files(own);
    assert!(seen.bytes() > 50_000, "too little was looked at: {} bytes", seen.bytes());
    assert!(home.path().join("logs").is_dir(), "the panel wrote a log");
    assert_eq!(seen.leaks(), Vec::<String>::new());
    assert_eq!(elsewhere.requests_with_credentials(), 0, "a redirect took a credential to another origin");
}

fn text(command: &mut Command) -> String {
    let mut child = Ended(command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().expect("a program"));
    let mut text = String::new();
    child.0.stdout.take().expect("stdout").read_to_string(&mut text).expect("text");
    text.trim_end().to_owned()
}

#[test]
fn a_leak_would_be_found() {
    let seen = Seen::default();
    seen.add("here", format!("error: Bearer {PROMETHEUS} refused"));
    seen.add("there", base64(format!("{USER}:{GRAFANA}").as_bytes()));
    let leaks = seen.leaks();
    assert!(leaks.iter().any(|leak| leak == "prometheus in here"), "{leaks:?}");
    assert!(leaks.iter().any(|leak| leak == "the basic header in there"), "{leaks:?}");
}
