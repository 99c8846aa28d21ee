//! The bridge as a browser meets it: a real Panel with no server to talk to, over a real socket.
// clippy.toml allows this in test functions; these are their helpers.
#![allow(clippy::unwrap_used)]

use std::{path::Path, sync::Arc, time::Duration};

use aether_contract::PanelError;
use aether_panel::{Host, Panel, PanelOptions, paths::Home};
use reqwest::{Client, StatusCode};
use serde_json::{Value, json};

struct Nowhere;
impl Host for Nowhere {
    fn open_url(&self, _: &str) -> Result<(), PanelError> {
        Ok(())
    }
}

struct Running {
    base: String,
    panel: Arc<Panel>,
    http: Client,
    folder: tempfile::TempDir,
}

const TOKEN: &str = "0123456789abcdef";

async fn start() -> Running {
    let folder = tempfile::tempdir().unwrap();
    let ui = folder.path().join("ui");
    write(&ui.join("index.html"), "<!doctype html>");
    write(&ui.join("assets/app.js"), "export {};");
    write(&folder.path().join("secret.txt"), "outside");
    let options = PanelOptions {
        home: Home::at(&folder.path().join("home")),
        stack: None,
        host: Arc::new(Nowhere),
        secrets: None,
        poll: false,
    };
    let panel = Panel::start(options).await.unwrap();
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(aether_bridge::serve(panel.clone(), listener, Some(ui), TOKEN.into()));
    let http = Client::builder().no_proxy().timeout(Duration::from_secs(20)).build().unwrap();
    Running { base, panel, http, folder }
}

fn write(path: &Path, text: &str) {
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(path, text).unwrap();
}

impl Running {
    async fn call(&self, name: &str, body: &Value) -> (StatusCode, Value) {
        let url = format!("{}/api/{name}", self.base);
        let reply = self.http.post(url).header("x-aether-token", TOKEN).json(body).send().await.unwrap();
        (reply.status(), reply.json().await.unwrap())
    }

    /// A request as raw bytes: a client library would tidy the path up.
    async fn raw(&self, head: &str) -> String {
        use tokio::io::{AsyncReadExt, AsyncWriteExt};
        let mut socket =
            tokio::net::TcpStream::connect(self.base.trim_start_matches("http://")).await.unwrap();
        socket.write_all(format!("{head}\r\nConnection: close\r\n\r\n").as_bytes()).await.unwrap();
        let mut reply = String::new();
        socket.read_to_string(&mut reply).await.unwrap();
        reply
    }
}

#[tokio::test]
async fn a_command_answers_and_an_error_is_a_panel_error() {
    let bridge = start().await;
    let (status, about) = bridge.call("about", &json!({})).await;
    assert_eq!(status, StatusCode::OK);
    assert!(about["version"].is_string());

    let (status, error) = bridge.call("no_such_command", &json!({})).await;
    assert!(status.is_client_error(), "{status}");
    let error: PanelError = serde_json::from_value(error).unwrap();
    assert!(!error.message.is_empty());

    let (status, error) = bridge.call("gauge_tenants", &json!({"id": 7})).await;
    assert_eq!(status, StatusCode::BAD_REQUEST);
    assert_eq!(error["code"], "invalid-request");
}

#[tokio::test]
async fn every_command_of_the_contract_is_served() {
    let bridge = start().await;
    for name in aether_contract::COMMANDS {
        // A request of the wrong type is refused by each command itself, before it does anything.
        let (_, error) = bridge.call(name, &json!("not an object")).await;
        assert_eq!(error["code"], "invalid-request", "{name}: {error}");
    }
}

#[tokio::test]
async fn nothing_runs_without_the_token() {
    let bridge = start().await;
    for request in [
        bridge.http.post(format!("{}/api/about", bridge.base)),
        bridge.http.post(format!("{}/api/about", bridge.base)).header("x-aether-token", "wrong"),
        bridge.http.get(format!("{}/api/events", bridge.base)),
        bridge.http.get(format!("{}/api/events?token=", bridge.base)),
    ] {
        let reply = request.send().await.unwrap();
        assert_eq!(reply.status(), StatusCode::UNAUTHORIZED);
        assert_eq!(reply.json::<PanelError>().await.unwrap().source, "bridge");
    }
}

#[tokio::test]
async fn a_rebound_name_and_a_foreign_page_are_refused() {
    let bridge = start().await;
    let token = format!("x-aether-token: {TOKEN}");
    for headers in [
        format!("Host: evil.test\r\n{token}"),
        format!("Host: 127.0.0.1.evil.test:80\r\n{token}"),
        format!("Host: localhost\r\nOrigin: https://evil.test\r\n{token}"),
        format!("Host: localhost\r\nOrigin: null\r\n{token}"),
        token.clone(),
    ] {
        let reply = bridge.raw(&format!("POST /api/about HTTP/1.1\r\nContent-Length: 0\r\n{headers}")).await;
        assert!(reply.starts_with("HTTP/1.1 403") || reply.starts_with("HTTP/1.1 400"), "{headers}: {reply}");
    }
    let reply = bridge
        .raw(&format!("POST /api/about HTTP/1.1\r\nContent-Length: 0\r\nHost: localhost\r\n{token}"))
        .await;
    assert!(reply.starts_with("HTTP/1.1 200"), "{reply}");
}

#[tokio::test]
async fn the_page_comes_with_its_policy_and_types() {
    let bridge = start().await;
    let page = bridge.http.get(&bridge.base).send().await.unwrap();
    assert_eq!(page.headers()["content-type"], "text/html; charset=utf-8");
    assert_eq!(page.headers()["content-security-policy"], aether_bridge::CSP);
    assert_eq!(page.headers()["x-content-type-options"], "nosniff");
    let script = bridge.http.get(format!("{}/assets/app.js", bridge.base)).send().await.unwrap();
    assert_eq!(script.headers()["content-type"], "text/javascript; charset=utf-8");
    assert_eq!(script.text().await.unwrap(), "export {};");
}

#[tokio::test]
async fn no_path_reaches_a_file_outside() {
    let bridge = start().await;
    #[cfg(unix)]
    std::os::unix::fs::symlink(
        bridge.folder.path().join("secret.txt"),
        bridge.folder.path().join("ui/link.txt"),
    )
    .unwrap();
    for path in [
        "/../secret.txt",
        "/assets/../../secret.txt",
        "/%2e%2e/secret.txt",
        "/..%2fsecret.txt",
        "/assets/%2e%2e%2f%2e%2e%2fsecret.txt",
        "//etc/passwd",
        "/%2fetc%2fpasswd",
        "/link.txt",
        "/assets",
    ] {
        let reply = bridge.raw(&format!("GET {path} HTTP/1.1\r\nHost: localhost")).await;
        assert!(reply.starts_with("HTTP/1.1 404"), "{path}: {reply}");
    }
}

#[tokio::test]
async fn events_arrive_as_they_happen() {
    let bridge = start().await;
    let mut stream =
        bridge.http.get(format!("{}/api/events?token={TOKEN}", bridge.base)).send().await.unwrap();
    assert_eq!(stream.headers()["content-type"], "text/event-stream");
    bridge.panel.navigate("alerts", "");
    let mut text = String::new();
    while !text.contains("\n\n") || !text.contains("navigate") {
        let chunk = stream.chunk().await.unwrap().unwrap();
        text.push_str(std::str::from_utf8(&chunk).unwrap());
    }
    let data =
        text.lines().filter_map(|line| line.strip_prefix("data:")).find(|d| d.contains("navigate")).unwrap();
    let event: Value = serde_json::from_str(data).unwrap();
    assert_eq!(event["data"]["screen"], "alerts");
}
