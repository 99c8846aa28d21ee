//! Rules put in force on servers that make it hard: no lifecycle API, a proxy that forbids it, a file that is
//! mounted alone, a restart in the middle, a file of somebody else's that is broken.
#![allow(clippy::unwrap_used, clippy::panic)]

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU32, Ordering},
    },
    time::Duration,
};

use aether_contract::*;
use aether_panel::{Panel, paths::Home};
use aether_sim::servers::{Server, find, free_port};
use aether_tests::{
    eventually, missing,
    stack::{panel, write_profile},
};
use axum::{
    Router,
    body::Bytes,
    http::{Method, StatusCode, Uri},
    response::{IntoResponse, Response},
};

const RULES: &str = "# Ours.\ngroups:\n  - name: g\n    rules:\n      - alert: Low   # keep\n        expr: \
    vector(7) < 5\n        for: 1m\n";

/// A Prometheus on one rule file, started as a test wants it.
struct Bench {
    folder: tempfile::TempDir,
    prometheus: Server,
}

impl Bench {
    /// With these flags more; `mounted`: the rule file is the only thing mounted into the place that the
    /// server reads, as into a container.
    async fn start(flags: &[&str], mounted: bool) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let at = folder.path();
        for name in ["pack", "seen", "prometheus"] {
            fs::create_dir(at.join(name)).unwrap();
        }
        let file = at.join("pack/rules.yml");
        fs::write(&file, RULES).unwrap();
        let seen = if mounted { at.join("seen/rules.yml") } else { file.clone() };
        if mounted {
            fs::write(&seen, "").unwrap();
        }
        let config = at.join("prometheus/prometheus.yml");
        let others = at.join("others-*.yml");
        let text = format!(
            "global: {{ evaluation_interval: 1s }}\nrule_files: ['{}', '{}']\n",
            seen.display(),
            others.display()
        );
        fs::write(&config, text).unwrap();
        let port = free_port().unwrap();
        let mut arguments = vec![
            format!("--config.file={}", config.display()),
            format!("--storage.tsdb.path={}", at.join("prometheus/data").display()),
            format!("--web.listen-address=127.0.0.1:{port}"),
        ];
        arguments.extend(flags.iter().map(|&flag| flag.to_owned()));
        let mut program = find("prometheus", "prometheus").unwrap();
        if mounted {
            // In a mount namespace of its own, which goes away with the server.
            let script = "mount --bind \"$1\" \"$2\" && shift 2 && exec \"$@\"";
            let before = ["-m", "--propagation", "private", "sh", "-c", script, "sh"].map(str::to_owned);
            let places = [file, seen, program].map(|path| path.display().to_string());
            arguments = before.into_iter().chain(places).chain(arguments).collect();
            program = find("unshare", "util-linux").unwrap();
        }
        let prometheus =
            Server::launch("prometheus", program, arguments, &at.join("prometheus"), port, "/-/ready")
                .await
                .unwrap();
        Self { folder, prometheus }
    }

    fn file(&self) -> PathBuf {
        self.folder.path().join("pack/rules.yml")
    }

    fn text(&self) -> String {
        fs::read_to_string(self.file()).unwrap()
    }

    async fn panel(&self, url: &str, more: &str) -> Arc<Panel> {
        let home = Home::at(&self.folder.path().join("home"));
        let text = format!(
            "name = \"test\"\n[prometheus]\nurl = \"{url}\"\n[pack]\ndir = \"{}\"\nfiles = [\"rules.yml\"]\n{more}",
            self.folder.path().join("pack").display()
        );
        write_profile(&home, &text).unwrap();
        panel(home).await.unwrap()
    }
}

fn change(value: f64) -> RulesChange {
    let set = RuleSet::Threshold { value, of: None };
    RulesChange {
        edits: vec![RuleEdit { group: String::new(), name: "Low".into(), set }],
        vip_tenants: None,
        related: Vec::new(),
    }
}

async fn apply(panel: &Panel, value: f64) -> Result<RulesApplied, PanelError> {
    let plan = panel.rules_plan(change(value)).await?;
    let request = RulesApplyRequest {
        change: change(value),
        digest: plan.digest,
        reason: "tuning".into(),
        created_by: "ann".into(),
    };
    panel.rules_apply(request).await
}

/// The expression that the server runs.
async fn running(panel: &Panel) -> String {
    let report = panel.rules_list(Empty {}).await.unwrap();
    report
        .groups
        .into_iter()
        .flat_map(|group| group.rules)
        .find(|rule| rule.id.name == "Low")
        .unwrap()
        .expression
}

async fn backups(panel: &Panel) -> usize {
    panel.backup_list(Empty {}).await.unwrap().backups.len()
}

/// Serves `answer` on a free port.
async fn serve<F, R>(answer: F) -> String
where
    F: Fn(Method, Uri, Bytes) -> R + Clone + Send + Sync + 'static,
    R: Future<Output = Response> + Send + 'static,
{
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let app = Router::new().fallback(move |method: Method, uri: Uri, body: Bytes| answer(method, uri, body));
    tokio::spawn(async move { axum::serve(listener, app).await.unwrap() });
    format!("127.0.0.1:{}", address.port())
}

/// An engine whose one container is a process of this machine: a signal to it is a signal to that. Counts the signals.
async fn engine(pid: u32, name: &'static str) -> (String, Arc<AtomicU32>) {
    let signals = Arc::new(AtomicU32::new(0));
    let count = Arc::clone(&signals);
    let host = serve(move |method: Method, uri: Uri, _| {
        let count = Arc::clone(&count);
        async move {
            let path = uri.path();
            if method == Method::POST && path.ends_with("/containers/abc/kill") {
                assert_eq!(uri.query(), Some("signal=SIGHUP"));
                count.fetch_add(1, Ordering::SeqCst);
                assert!(Command::new("kill").args(["-HUP", &pid.to_string()]).status().unwrap().success());
                return StatusCode::NO_CONTENT.into_response();
            }
            if path.ends_with(&format!("/containers/{name}/json")) {
                let body = serde_json::json!({"Id": "abc", "Name": format!("/{name}"), "Image": "sha256:1",
                    "State": {"Running": true}, "Config": {"Image": "prom/prometheus:v2.54.1"}, "Mounts": []});
                return ([("content-type", "application/json")], body.to_string()).into_response();
            }
            (StatusCode::NOT_FOUND, "{\"message\": \"No such container\"}").into_response()
        }
    });
    (format!("tcp://{}", host.await), signals)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_can_not_be_told_is_noticed_before_anything_is_copied_or_written() {
    if let Some(program) = missing(&["prometheus"]) {
        return eprintln!("skipped: {program} is not installed");
    }
    let mut bench = Bench::start(&[], false).await;
    let url = bench.prometheus.url().to_owned();
    let panel = bench.panel(&url, "").await;
    let refused = apply(&panel, 6.0).await.unwrap_err();
    assert_eq!(refused.code, ErrorCode::InvalidRequest, "{refused:?}");
    assert!(refused.message.ends_with("Nothing was written."), "{refused:?}");
    assert!(
        refused.hint.contains("docker kill -s HUP aether-prom") && refused.hint.contains("[docker] host"),
        "{refused:?}"
    );
    let reload = panel.rules_reload(Empty {}).await.unwrap_err();
    assert!(reload.message.contains("lifecycle API is disabled"), "{reload:?}");
    assert_eq!((bench.text().as_str(), backups(&panel).await), (RULES, 0));

    let plan = panel.rules_plan(change(6.0)).await.unwrap();
    bench.prometheus.kill().await;
    let request = RulesApplyRequest {
        change: change(6.0),
        digest: plan.digest,
        reason: "tuning".into(),
        created_by: "ann".into(),
    };
    let away = panel.rules_apply(request).await.unwrap_err();
    assert_eq!(away.code, ErrorCode::Refused, "{away:?}");
    assert!(away.message.ends_with("Nothing was written."), "{away:?}");
    assert_eq!((bench.text().as_str(), backups(&panel).await), (RULES, 0));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_its_lifecycle_api_prometheus_is_told_by_a_signal_through_docker() {
    if let Some(program) = missing(&["prometheus", "kill"]) {
        return eprintln!("skipped: {program} is not installed");
    }
    let bench = Bench::start(&[], false).await;
    let url = bench.prometheus.url().to_owned();
    let (host, signals) = engine(bench.prometheus.pid().unwrap(), "aether-prom").await;
    let panel = bench.panel(&url, &format!("[docker]\nhost = \"{host}\"\n")).await;
    let done = apply(&panel, 6.0).await.unwrap();
    assert!(done.in_force, "{done:?}");
    let last = done.steps.last().unwrap();
    assert!(last.note.contains("sent SIGHUP to container aether-prom"), "{last:?}");
    assert_eq!(signals.load(Ordering::SeqCst), 1);
    assert!(running(&panel).await.contains("< 6"));
    assert_eq!(bench.text(), RULES.replace("< 5", "< 6"));
    let reloaded = panel.rules_reload(Empty {}).await.unwrap();
    assert!(reloaded.in_force && reloaded.steps[0].note.contains("SIGHUP"), "{reloaded:?}");

    // A file that the server refuses: told, with where its reason is, and put back.
    fs::write(bench.folder.path().join("others-broken.yml"), "groups: [").unwrap();
    let refused = panel.rules_reload(Empty {}).await.unwrap_err();
    assert_eq!(refused.code, ErrorCode::Rejected, "{refused:?}");
    assert!(refused.hint.contains("docker logs --tail 20 aether-prom"), "{refused:?}");
    let put_back = apply(&panel, 8.0).await.unwrap();
    assert!(!put_back.in_force, "{put_back:?}");
    assert_eq!(bench.text(), RULES.replace("< 5", "< 6"));
    assert!(running(&panel).await.contains("< 6"));

    // The engine has another container: the error says so, and what to do.
    let (other, _) = engine(bench.prometheus.pid().unwrap(), "another").await;
    drop(panel);
    let panel = bench.panel(&url, &format!("[docker]\nhost = \"{other}\"\n")).await;
    let refused = panel.rules_reload(Empty {}).await.unwrap_err();
    assert!(refused.message.contains("Docker container aether-prom not found"), "{refused:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_somebody_elses_broken_file_keeps_from_being_read_is_put_back() {
    if let Some(program) = missing(&["prometheus"]) {
        return eprintln!("skipped: {program} is not installed");
    }
    let bench = Bench::start(&["--web.enable-lifecycle"], false).await;
    let url = bench.prometheus.url().to_owned();
    let panel = bench.panel(&url, "").await;
    let broken = bench.folder.path().join("others-broken.yml");
    fs::write(&broken, "groups: [").unwrap();
    let put_back = apply(&panel, 6.0).await.unwrap();
    assert!(!put_back.in_force, "{put_back:?}");
    let last = put_back.steps.last().unwrap();
    assert_eq!(
        (last.title.as_str(), last.done),
        ("Roll back", true),
        "the server still runs the old ones: {put_back:?}"
    );
    assert!(put_back.steps.iter().any(|step| !step.done && step.note.contains("500")), "{put_back:?}");
    assert_eq!(bench.text(), RULES);
    fs::remove_file(broken).unwrap();
    assert!(apply(&panel, 6.0).await.unwrap().in_force);
    assert!(running(&panel).await.contains("< 6"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_reload_that_a_proxy_forbids_and_a_restart_in_the_middle_end_well() {
    if let Some(program) = missing(&["prometheus"]) {
        return eprintln!("skipped: {program} is not installed");
    }
    let bench = Bench::start(&["--web.enable-lifecycle"], false).await;
    let target = bench.prometheus.url().to_owned();
    let folder = bench.folder.path().to_owned();
    let file = bench.file();
    let server = Arc::new(tokio::sync::Mutex::new(bench.prometheus));
    let forbids = Arc::new(AtomicBool::new(true));
    let restarts = Arc::new(AtomicU32::new(0));
    let http = reqwest::Client::builder().no_proxy().build().unwrap();
    let (forbid, restart, prometheus) = (Arc::clone(&forbids), Arc::clone(&restarts), Arc::clone(&server));
    let proxy = serve(move |method: Method, uri: Uri, _| {
        let (http, url) = (http.clone(), format!("{target}{uri}"));
        let (forbid, restart, prometheus) =
            (Arc::clone(&forbid), Arc::clone(&restart), Arc::clone(&prometheus));
        async move {
            if uri.path() == "/-/reload" {
                if forbid.load(Ordering::SeqCst) {
                    return (StatusCode::FORBIDDEN, "Not for you.").into_response();
                }
                if restart.fetch_add(1, Ordering::SeqCst) == 0 {
                    // It goes down before it has read anything, and comes back by and by.
                    let mut server = prometheus.lock_owned().await;
                    server.kill().await;
                    tokio::spawn(async move {
                        tokio::time::sleep(Duration::from_secs(2)).await;
                        server.start().await.unwrap();
                    });
                    return StatusCode::BAD_GATEWAY.into_response();
                }
            }
            match http.request(method, url).send().await {
                Ok(reply) => (reply.status(), reply.bytes().await.unwrap_or_default()).into_response(),
                Err(_) => StatusCode::BAD_GATEWAY.into_response(),
            }
        }
    })
    .await;
    let home = Home::at(&folder.join("home"));
    let text = format!(
        "name = \"test\"\n[prometheus]\nurl = \"http://{proxy}\"\n[pack]\ndir = \"{}\"\nfiles = [\"rules.yml\"]\n",
        folder.join("pack").display()
    );
    write_profile(&home, &text).unwrap();
    let panel = panel(home).await.unwrap();

    // The server's flags say yes, the proxy says no: written, refused, put back, and the server never read it.
    let put_back = apply(&panel, 6.0).await.unwrap();
    assert!(!put_back.in_force, "{put_back:?}");
    let last = put_back.steps.last().unwrap();
    assert_eq!((last.title.as_str(), last.done), ("Roll back", true), "{put_back:?}");
    assert_eq!(fs::read_to_string(&file).unwrap(), RULES);
    assert!(running(&panel).await.contains("< 5"));

    forbids.store(false, Ordering::SeqCst);
    let done = apply(&panel, 6.0).await.unwrap();
    assert!(done.in_force, "{done:?}");
    assert!(done.steps.last().unwrap().note.contains("was unreachable during the reload"), "{done:?}");
    assert!(restarts.load(Ordering::SeqCst) >= 2, "it was told again when it was back");
    let seen =
        eventually(Duration::from_secs(20), async || running(&panel).await.contains("< 6").then_some(()));
    seen.await.unwrap();
    assert_eq!(fs::read_to_string(&file).unwrap(), RULES.replace("< 5", "< 6"));
}

/// Why no file can be mounted here, if none can.
fn mounts_missing() -> Option<String> {
    if let Some(program) = missing(&["prometheus", "unshare", "mount"]) {
        return Some(format!("{program} is not installed"));
    }
    let folder = tempfile::tempdir().ok()?;
    let (a, b) = (folder.path().join("a"), folder.path().join("b"));
    for path in [&a, &b] {
        fs::write(path, "").ok()?;
    }
    let tried = Command::new("unshare")
        .args(["-m", "--propagation", "private", "mount", "--bind"])
        .args([&a, &b])
        .output();
    match tried {
        Ok(output) if output.status.success() => None,
        Ok(output) => {
            Some(format!("this account may not mount ({})", String::from_utf8_lossy(&output.stderr).trim()))
        }
        Err(error) => Some(error.to_string()),
    }
}

fn replaced(path: &Path, text: &str) {
    let beside = path.with_extension("new");
    fs::write(&beside, text).unwrap();
    fs::rename(&beside, path).unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_rule_file_that_is_mounted_alone_stays_the_one_that_the_server_reads() {
    if let Some(why) = mounts_missing() {
        return eprintln!("skipped: {why}");
    }
    let bench = Bench::start(&["--web.enable-lifecycle"], true).await;
    let url = bench.prometheus.url().to_owned();
    let panel = bench.panel(&url, "").await;
    assert!(running(&panel).await.contains("< 5"), "it reads the mounted file");
    let done = apply(&panel, 6.0).await.unwrap();
    assert!(done.in_force, "{done:?}");
    assert!(running(&panel).await.contains("< 6"));

    // An editor that replaces the file cuts it off from the mount: the reload says 200, and the server reads
    // the old one.
    replaced(&bench.file(), &RULES.replace("< 5", "< 9"));
    assert!(panel.rules_reload(Empty {}).await.unwrap().in_force);
    assert!(running(&panel).await.contains("< 6"), "this is what a rename does");
    let unseen = apply(&panel, 8.0).await.unwrap();
    assert!(!unseen.in_force, "{unseen:?}");
    let words: String = unseen.steps.iter().map(|step| step.note.as_str()).collect();
    assert!(words.contains("does not run the files") && words.contains("single file mounted"), "{unseen:?}");
    assert_eq!(bench.text(), RULES.replace("< 5", "< 9"), "it is as its editor left it");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_reads_a_copy_elsewhere_is_noticed_before_anything_is_written() {
    if let Some(program) = missing(&["prometheus"]) {
        return eprintln!("skipped: {program} is not installed");
    }
    let bench = Bench::start(&["--web.enable-lifecycle"], false).await;
    let url = bench.prometheus.url().to_owned();
    // The pack is a checkout of what the server reads.
    let checkout = bench.folder.path().join("checkout");
    fs::create_dir(&checkout).unwrap();
    fs::copy(bench.file(), checkout.join("rules.yml")).unwrap();
    let home = Home::at(&bench.folder.path().join("home"));
    let text = format!(
        "name = \"test\"\n[prometheus]\nurl = \"{url}\"\n[pack]\ndir = \"{}\"\nfiles = [\"rules.yml\"]\n",
        checkout.display()
    );
    write_profile(&home, &text).unwrap();
    let panel = panel(home).await.unwrap();
    let refused = apply(&panel, 6.0).await.unwrap_err();
    let read = fs::canonicalize(bench.file()).unwrap();
    assert!(
        refused.message.contains(&format!("reads {}, not", read.display()))
            && refused.message.ends_with("Nothing was written."),
        "{refused:?}"
    );
    assert!(refused.hint.contains("[pack] dir"), "{refused:?}");
    assert_eq!(backups(&panel).await, 0);
    assert_eq!(fs::read_to_string(checkout.join("rules.yml")).unwrap(), RULES);

    // A link to the server's file is that file.
    fs::remove_file(checkout.join("rules.yml")).unwrap();
    fs::hard_link(bench.file(), checkout.join("rules.yml")).unwrap();
    let plan = panel.rules_plan(change(6.0)).await.unwrap();
    assert_eq!(plan.refused, None);
}
