//! `aetherctl daemon`: what an open panel does by itself, one process at a time.
#![allow(clippy::unwrap_used, clippy::panic)]

mod common;

use std::{
    fs,
    path::PathBuf,
    process::{Child, Stdio},
    time::{Duration, Instant},
};

use aether_sim::{
    grafana::{Grafana, GrafanaOptions},
    servers::{Prometheus, PrometheusOptions},
};
use common::{Home, alertmanager, profile};
use serde_json::{Value, json};

const ALERTMANAGER: &str = "route: {receiver: none}\nreceivers: [{name: none}]\n";

/// A daemon that is ended with its test.
struct Daemon {
    child: Child,
    log: PathBuf,
}

impl Daemon {
    fn start(home: &Home, name: &str, stack: &str) -> Self {
        let log = home.path().join(name);
        let child = home
            .command(&["daemon", "--stack", stack])
            .env("AETHER_GRAFANA_PASSWORD", "admin")
            .stdout(Stdio::null())
            .stderr(fs::File::create(&log).unwrap())
            .spawn()
            .unwrap();
        Self { child, log }
    }

    fn log(&self) -> String {
        fs::read_to_string(&self.log).unwrap()
    }

    fn says(&self, words: &str) {
        let began = Instant::now();
        while !self.log().contains(words) {
            assert!(began.elapsed() < Duration::from_secs(30), "never {words:?}: {}", self.log());
            std::thread::sleep(Duration::from_millis(100));
        }
    }

    /// Asks it to end; tells its exit code and how long that took.
    fn end(&mut self) -> (Option<i32>, Duration) {
        let began = Instant::now();
        let asked = std::process::Command::new("kill").arg(self.child.id().to_string()).status().unwrap();
        assert!(asked.success());
        (self.child.wait().unwrap().code(), began.elapsed())
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

async fn grafana(home: &Home) -> Grafana {
    let options = GrafanaOptions { folder: home.path().join("grafana"), ..GrafanaOptions::default() };
    Grafana::start(options).await.unwrap()
}

fn with_grafana(profile: &str, grafana: &Grafana) -> String {
    format!(
        "{profile}\n[grafana]\nurl = \"{}\"\nauth = {{ kind = \"basic\", username = \"admin\" }}\n",
        grafana.url()
    )
}

fn backups(home: &Home, stack: &str) -> Vec<Value> {
    let list = home.run(&["backup", "list", "--json", "--stack", stack]).json();
    list["data"]["backups"].as_array().unwrap().clone()
}

#[cfg(unix)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_process_looks_after_a_stack_and_ends_cleanly_when_it_is_told_to() {
    let home = Home::new();
    let grafana = grafana(&home).await;
    let stack = home.file(
        "shell.toml",
        &with_grafana("name = \"test\"\n[prometheus]\nurl = \"http://127.0.0.1:9\"\n", &grafana),
    );
    let mut first = Daemon::start(&home, "first.log", &stack);
    first.says("this process runs the background jobs");
    let second = Daemon::start(&home, "second.log", &stack);
    second.says("another process runs the background jobs");
    assert!(second.log().contains(&format!("aetherctl daemon (process {})", first.child.id())));
    let once = home.run(&["daemon", "--once", "--stack", &stack]);
    assert!(once.code == 2 && once.err.contains("run by aetherctl daemon"), "{once:?}");
    assert_eq!(backups(&home, &stack).len(), 0, "it is switched off");

    // The window's settings are heard while it runs; a slow server keeps the backup going until it is told to end.
    let http = reqwest::Client::builder().no_proxy().build().unwrap();
    let slow = |ms: u32| {
        http.post(format!("{}/sim/faults", grafana.url()))
            .basic_auth("admin", Some("admin"))
            .json(&json!({"latency_ms": ms}))
            .send()
    };
    assert!(slow(1500).await.unwrap().status().is_success());
    fs::create_dir_all(home.path().join("config")).unwrap();
    fs::write(home.path().join("config/settings.toml"), "backup_every_h = 1\n").unwrap();
    let root = home.path().join("data/backups/test");
    let partial = || {
        let names = fs::read_dir(&root).into_iter().flatten().flatten();
        names.filter(|entry| entry.file_name().to_string_lossy().starts_with(".partial")).count()
    };
    let began = Instant::now();
    while partial() == 0 {
        assert!(began.elapsed() < Duration::from_secs(60), "no backup begun: {}", first.log());
        std::thread::sleep(Duration::from_millis(100));
    }
    let (code, took) = first.end();
    assert_eq!(code, Some(0), "{}", first.log());
    assert!(took < Duration::from_secs(15), "{took:?}");
    assert!(
        first.log().contains("shutdown requested") && first.log().lines().last().unwrap().contains("ended")
    );
    assert_eq!((partial(), backups(&home, &stack).len()), (0, 0), "what was cut off leaves nothing");
    assert!(slow(0).await.unwrap().status().is_success());

    // The other takes over, and makes the backup that is due.
    second.says("this process runs the background jobs");
    let began = Instant::now();
    while backups(&home, &stack).is_empty() {
        assert!(began.elapsed() < Duration::from_secs(60), "no backup: {}", second.log());
        std::thread::sleep(Duration::from_millis(100));
    }
    second.says("Scheduled backup");
    for line in second.log().lines() {
        let line: Value = serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"));
        assert!(line["level"].is_string() && line["timestamp"].is_string(), "{line}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_round_closes_out_what_is_over_and_makes_the_backup_that_is_due() {
    let home = Home::new();
    let grafana = grafana(&home).await;
    let alertmanager = alertmanager(&home, ALERTMANAGER).await;
    let folder = home.path().join("prom");
    fs::create_dir_all(&folder).unwrap();
    let prometheus =
        Prometheus::launch(PrometheusOptions { folder, ..PrometheusOptions::default() }).await.unwrap();
    let profile = profile(prometheus.url(), &[alertmanager.url()]);
    let stack = home.file("real.toml", &with_grafana(&profile, &grafana));
    let run = |args: &[&str]| {
        let mut command = home.command(&[args, &["--stack", &stack]].concat());
        common::ran(command.env("AETHER_GRAFANA_PASSWORD", "admin").output().unwrap())
    };
    let window = run(&["maintenance", "start", "--for", "10m", "--comment", "deploy", "--json"]);
    assert_eq!(window.code, 0, "{window:?}");
    // One that was over within a second never began.
    std::thread::sleep(Duration::from_secs(2));
    assert_eq!(run(&["maintenance", "end", "--all"]).code, 0);
    // It is closed out as soon as Alertmanager has been asked after its end.
    let limit = Instant::now() + Duration::from_secs(60);
    loop {
        let round = run(&["daemon", "--once"]);
        assert!(round.code == 0 && round.out.contains("No backup was due"), "{round:?}");
        if round.out.contains("Maintenance ended: deploy") {
            break;
        }
        assert!(Instant::now() < limit, "never closed out: {round:?}");
        std::thread::sleep(Duration::from_millis(200));
    }
    let again = run(&["daemon", "--once"]);
    assert!(!again.out.contains("Maintenance ended"), "once is enough: {again:?}");

    fs::create_dir_all(home.path().join("config")).unwrap();
    fs::write(home.path().join("config/settings.toml"), "backup_every_h = 24\n").unwrap();
    let round = run(&["daemon", "--once", "--json"]);
    assert_eq!(round.json()["data"]["backup"]["reason"], "Scheduled", "{round:?}");
    assert_eq!((round.code, round.json()["data"]["backup"]["verdict"].as_str()), (0, Some("verified")));
    assert_eq!(run(&["daemon", "--once", "--json"]).json()["data"]["backup"], Value::Null);
    assert_eq!(backups(&home, &stack).len(), 1);
    // A server that does not answer is told.
    drop(prometheus);
    assert_eq!(run(&["daemon", "--once"]).code, 3);
}
