//! The same calls against the real programs, where they are installed.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test may fail at once")]

mod common;

use std::{
    path::Path,
    process::Stdio,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use aether_clients::{
    Alertmanager, Failure, Prometheus,
    alertmanager::{AmAlert, PostSilence, UnknownFields},
    prometheus::{PromAlertState, QueryValue, Rule},
};
use aether_contract::{Matcher, SilenceState, Timestamp};
use common::endpoint;
use serde_json::json;
use tempfile::TempDir;
use tokio::process::{Child, Command};

/// A running program; it ends with this value.
struct Server {
    url: String,
    _child: Child,
    _folder: TempDir,
}

fn now() -> Timestamp {
    Timestamp(SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_millis() as i64)
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

fn installed(program: &str) -> bool {
    let found = named(program).is_some_and(|path| path.is_file())
        || std::env::var_os("PATH")
            .is_some_and(|path| std::env::split_paths(&path).any(|folder| folder.join(program).is_file()));
    if !found {
        eprintln!("skipped: {program} is not installed");
    }
    found
}

/// Starts a program on a free port and waits until `probe` answers. Another program may take the port in between, so
/// it is tried anew; none when the program is not installed.
async fn start(
    program: &str,
    prepare: impl Fn(&Path),
    probe: &str,
    args: impl Fn(&Path, &str) -> Vec<String>,
) -> Option<Server> {
    if !installed(program) {
        return None;
    }
    let mut said = String::new();
    for _ in 0..3 {
        let folder = tempfile::tempdir().unwrap();
        prepare(folder.path());
        let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let log = std::fs::File::create(folder.path().join("log")).unwrap();
        let mut child = Command::new(named(program).unwrap_or_else(|| program.into()))
            .args(args(folder.path(), &free.to_string()))
            .current_dir(folder.path())
            .stdin(Stdio::null())
            .stdout(log.try_clone().unwrap())
            .stderr(log)
            .kill_on_drop(true)
            .spawn()
            .unwrap();
        let url = format!("http://{free}");
        for _ in 0..600 {
            if child.try_wait().unwrap().is_some() {
                break;
            }
            if let Ok(reply) = reqwest::get(format!("{url}{probe}")).await
                && reply.status().is_success()
            {
                return Some(Server { url, _child: child, _folder: folder });
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        said = std::fs::read_to_string(folder.path().join("log")).unwrap_or_default();
    }
    panic!("{program} does not start: {said}");
}

/// Asks until the answer is there, for a minute at most.
async fn until<T, F: Future<Output = Option<T>>>(what: &str, mut ask: impl FnMut() -> F) -> T {
    for _ in 0..300 {
        if let Some(found) = ask().await {
            return found;
        }
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    panic!("{what}: not within a minute");
}

const CONFIG: &str = "
global: {scrape_interval: 1s, evaluation_interval: 1s}
rule_files: [rules.yml]
";
const RULES: &str = "
groups:
- name: g
  rules:
  - {record: 'job:one', expr: 'vector(1)'}
  - {alert: Now, expr: 'vector(42)', labels: {severity: critical}, annotations: {summary: 'it is {{ $value }}'}}
  - {alert: Later, expr: 'vector(1)', for: 1h}
";

async fn prometheus() -> Option<Server> {
    let prepare = |folder: &Path| {
        std::fs::write(folder.join("prometheus.yml"), CONFIG).unwrap();
        std::fs::write(folder.join("rules.yml"), RULES).unwrap();
    };
    start("prometheus", prepare, "/prom/-/ready", |_, address| {
        vec![
            "--config.file=prometheus.yml".into(),
            "--storage.tsdb.path=data".into(),
            format!("--web.listen-address={address}"),
            "--web.route-prefix=/prom".into(),
        ]
    })
    .await
}

#[tokio::test]
async fn prometheus_below_a_base_path_answers_everything() {
    let Some(server) = prometheus().await else { return };
    let client = Prometheus::new(endpoint(&format!("{}/prom/", server.url))).unwrap();
    let info = client.build_info().await.unwrap();
    assert!(info.value.version.as_deref().unwrap().contains('.') && info.value.flavour.is_none());
    assert!((info.date.unwrap().millis_since(info.received)).abs() < 5_000);
    client.ready().await.unwrap();
    assert!(client.flags().await.unwrap().value.contains_key("web.enable-admin-api"));
    assert_eq!(client.runtime_info().await.unwrap().value.reload_config_success, Some(true));

    let value = client.instant("1/0", None).await.unwrap().value.value;
    assert!(matches!(value, QueryValue::Scalar { value, .. } if value == f64::INFINITY), "{value:?}");
    let value = client.instant("\"text\"", None).await.unwrap().value.value;
    assert!(matches!(&value, QueryValue::String { value, .. } if value == "text"), "{value:?}");
    let at = Timestamp(1_700_000_000_250);
    let value = client.instant("vector(0/0)", Some(at)).await.unwrap().value.value;
    let QueryValue::Vector(samples) = value else { panic!("{value:?}") };
    assert!(samples[0].value.is_nan() && samples[0].at == at);
    let long = format!("vector(1){}", " + vector(1)".repeat(400));
    let value = client.instant(&long, None).await.unwrap().value.value;
    assert!(matches!(&value, QueryValue::Vector(samples) if samples[0].value == 401.0));
    let error = client.instant("sum(", None).await.unwrap_err();
    assert!(
        matches!(&error.failure, Failure::Rejected(400, words) if words.contains("parse error")),
        "{error}"
    );

    // More points than the server gives at once.
    let (start, end) = (Timestamp(1_700_000_000_000), Timestamp(1_700_025_000_000));
    let series = client.range("vector(time())", start, end, Duration::from_secs(1)).await.unwrap().value;
    let (first, last) = (series[0].values.first().unwrap(), series[0].values.last().unwrap());
    assert_eq!((series[0].values.len(), first.0, last.0), (25_001, start, end));
    assert!(series[0].values.windows(2).all(|two| two[1].0.millis_since(two[0].0) == 1000));

    let alerts = until("alerts", || async {
        Some(client.alerts().await.unwrap().value).filter(|alerts| alerts.len() == 2)
    })
    .await;
    let firing = alerts.iter().find(|alert| alert.labels["alertname"] == "Now").unwrap();
    let pending = alerts.iter().find(|alert| alert.labels["alertname"] == "Later").unwrap();
    assert_eq!((firing.state, pending.state), (PromAlertState::Firing, PromAlertState::Pending));
    assert_eq!((firing.annotations["summary"].as_str(), firing.value.parse()), ("it is 42", Ok(42.0)));
    assert!(now().millis_since(pending.active_at.unwrap()).abs() < 120_000);
    let groups = client.rules().await.unwrap().value;
    assert!(matches!(&groups[0].rules[0], Rule::Recording(rule) if rule.name == "job:one"));
    assert!(
        matches!(&groups[0].rules[2], Rule::Alerting(rule) if rule.duration == 3600.0 && rule.alerts.len() == 1)
    );
    until("names", || async {
        Some(client.label_values("__name__").await.unwrap().value)
            .filter(|names| names.contains(&"job:one".into()) && names.contains(&"ALERTS".into()))
    })
    .await;
    assert!(client.label_values("no_such_label").await.unwrap().value.is_empty());

    let without_path = Prometheus::new(endpoint(&server.url)).unwrap();
    assert_eq!(without_path.instant("up", None).await.unwrap_err().failure, Failure::WrongPath);
    let taken_for_another = Alertmanager::new(endpoint(&format!("{}/prom", server.url))).unwrap();
    let error = taken_for_another.status().await.unwrap_err();
    assert!(matches!(error.failure, Failure::WrongPath | Failure::WrongServer(_)), "{error}");
}

#[tokio::test]
async fn a_silence_lives_its_life_in_alertmanager() {
    let config = "route: {receiver: team}\nreceivers: [{name: team}]\n";
    let prepare = |folder: &Path| std::fs::write(folder.join("am.yml"), config).unwrap();
    let server = start("prometheus-alertmanager", prepare, "/-/ready", |_, address| {
        vec![
            "--config.file=am.yml".into(),
            "--storage.path=data".into(),
            format!("--web.listen-address={address}"),
            "--cluster.listen-address=".into(),
        ]
    })
    .await;
    let Some(server) = server else { return };
    let client = Alertmanager::new(endpoint(&server.url)).unwrap();
    let status = client.status().await.unwrap().value;
    assert!(status.version.contains('.') && status.config_original.contains("team"), "{status:?}");
    assert!(status.started.is_some() && status.peers.is_empty());
    assert!(client.alerts().await.unwrap().value.is_empty());

    let alert =
        json!([{"labels": {"alertname": "A", "tenant": "x\ny"}, "generatorURL": "http://prom/graph"}]);
    let sent = reqwest::Client::new()
        .post(format!("{}/api/v2/alerts", server.url))
        .header("Content-Type", "application/json")
        .body(alert.to_string());
    assert!(sent.send().await.unwrap().status().is_success());
    let listed = |test: fn(&AmAlert) -> bool| {
        let client = &client;
        move || async move { client.alerts().await.unwrap().value.into_iter().find(test) }
    };
    let alert = until("the alert", listed(|alert| alert.status.state == "active")).await;
    assert_eq!((alert.labels["tenant"].as_str(), alert.receivers[0].as_str()), ("x\ny", "team"));
    assert_eq!((alert.fingerprint.len(), alert.generator_url.as_str()), (16, "http://prom/graph"));

    let mut silence = PostSilence {
        id: None,
        matchers: vec![Matcher {
            name: "alertname".into(),
            value: "Watchdog".into(),
            is_regex: false,
            is_equal: false,
        }],
        starts_at: now(),
        ends_at: now().plus_millis(3_600_000),
        created_by: "ann".into(),
        comment: "deploy \"ü\"".into(),
        unknown: UnknownFields::default(),
    };
    let id = client.post_silence(&silence).await.unwrap().value;
    let read = client.silence(&id).await.unwrap().unwrap();
    assert_eq!((read.matchers.clone(), read.comment), (silence.matchers.clone(), silence.comment.clone()));
    assert_eq!((read.status, read.ends_at), (Some(SilenceState::Active), silence.ends_at));
    let muted = until("the muting", listed(|alert| alert.status.state == "suppressed")).await;
    assert_eq!(muted.status.silenced_by, std::slice::from_ref(&id));

    (silence.id, silence.starts_at) = (Some(id.clone()), read.starts_at);
    silence.ends_at = now().plus_millis(7_200_000);
    assert_eq!(client.post_silence(&silence).await.unwrap().value, id, "an extension keeps its id");
    assert!(client.expire_silence(&id).await.unwrap());
    let ended = client.silences().await.unwrap().value;
    assert_eq!((ended.len(), ended[0].status), (1, Some(SilenceState::Expired)));

    let stranger = "8c0f5b62-3d2c-4f62-9d5e-0f4f5d1f7a11";
    assert_eq!(client.silence(stranger).await.unwrap(), None);
    assert!(!client.expire_silence(stranger).await.unwrap());
    assert_eq!(client.silence("no-uuid").await.unwrap(), None);
    silence.id = None;
    silence.matchers = vec![Matcher { name: "a".into(), value: ".*".into(), is_regex: true, is_equal: true }];
    let error = client.post_silence(&silence).await.unwrap_err();
    assert!(
        matches!(&error.failure, Failure::Rejected(400, words) if words.contains("empty string")),
        "{error}"
    );
    let wrong = Alertmanager::new(endpoint(&format!("{}/am", server.url))).unwrap();
    assert_eq!(
        wrong.silence(stranger).await.unwrap_err().failure,
        Failure::WrongPath,
        "no API is not no silence"
    );
}

#[tokio::test]
async fn every_refusal_of_alertmanager_is_told_in_its_own_words() {
    let prepare = |folder: &Path| {
        std::fs::write(folder.join("am.yml"), "route: {receiver: none}\nreceivers: [{name: none}]\n")
            .unwrap();
    };
    let server = start("prometheus-alertmanager", prepare, "/-/ready", |_, address| {
        vec![
            "--config.file=am.yml".into(),
            "--storage.path=data".into(),
            format!("--web.listen-address={address}"),
            "--cluster.listen-address=".into(),
        ]
    })
    .await;
    let Some(server) = server else { return };
    let client = Alertmanager::new(endpoint(&server.url)).unwrap();
    let matcher = |name: &str, value: &str, is_regex| Matcher {
        name: name.into(),
        value: value.into(),
        is_regex,
        is_equal: true,
    };
    let good = || PostSilence {
        id: None,
        matchers: vec![matcher("alertname", "A", false)],
        starts_at: now(),
        ends_at: now().plus_millis(3_600_000),
        created_by: "ann".into(),
        comment: "why".into(),
        unknown: UnknownFields::default(),
    };
    let hour = 3_600_000;
    let refusals: Vec<(&str, PostSilence)> = vec![
        (
            "end time can't be in the past",
            PostSilence {
                starts_at: now().plus_millis(-2 * hour),
                ends_at: now().plus_millis(-hour),
                ..good()
            },
        ),
        ("must be before end time", PostSilence { starts_at: now().plus_millis(3 * hour), ..good() }),
        ("empty string", PostSilence { matchers: vec![matcher("alertname", ".*", true)], ..good() }),
        ("at least 1 items", PostSilence { matchers: Vec::new(), ..good() }),
        ("error parsing regexp", PostSilence { matchers: vec![matcher("a", "(", true)], ..good() }),
        ("not found", PostSilence { id: Some("8c0f5b62-3d2c-4f62-9d5e-0f4f5d1f7a11".into()), ..good() }),
    ];
    for (words, silence) in refusals {
        let error = client.post_silence(&silence).await.unwrap_err();
        let told = error.to_panel(aether_contract::ServiceKind::Alertmanager);
        let all = format!("{} {}", told.message, told.detail);
        assert!(all.contains(words), "{words:?} in {all:?}");
        assert!(!told.retryable, "{told:?}");
    }
    assert!(client.silences().await.unwrap().value.is_empty(), "nothing of them was made");
    // A label name of any text is refused up to 0.26, and kept as it is from 0.27 on.
    match client.post_silence(&PostSilence { matchers: vec![matcher("a b", "c", false)], ..good() }).await {
        Ok(reply) => {
            let kept = client.silence(&reply.value).await.unwrap().unwrap();
            assert_eq!(kept.matchers, [matcher("a b", "c", false)]);
        }
        Err(error) => {
            let told = error.to_panel(aether_contract::ServiceKind::Alertmanager);
            assert!(format!("{} {}", told.message, told.detail).contains("invalid label name"), "{told:?}");
        }
    }
    // A comment and an author that are empty are its own affair in some versions; the panel asks for both first.
    // Without authentication any web page may ask where the server tells browsers so (0.25 does, 0.35 does not).
    let asked =
        reqwest::Client::new().get(format!("{}/api/v2/status", server.url)).header("Origin", "http://x");
    let origin = asked.send().await.unwrap().headers().get("access-control-allow-origin").cloned();
    assert_eq!(client.open_to_pages().await.unwrap(), origin.is_some_and(|origin| origin == "*"));
}

#[tokio::test]
async fn victoria_metrics_is_known_and_answers_queries() {
    let server = start(
        "victoria-metrics",
        |_| {},
        "/health",
        |_, address| vec![format!("-httpListenAddr={address}"), "-storageDataPath=data".into()],
    )
    .await;
    let Some(server) = server else { return };
    let client = Prometheus::new(endpoint(&server.url)).unwrap();
    let info = client.build_info().await.unwrap().value;
    assert_eq!(info.flavour.as_deref(), Some("VictoriaMetrics"), "{info:?}");
    assert_ne!(info.version.as_deref(), Some("2.24.0"), "the made-up version");
    let at = now().plus_millis(-60_000);
    let line = format!("some_metric{{tenant=\"a\"}} 7 {}\n", at.0);
    let sent = reqwest::Client::new().post(format!("{}/api/v1/import/prometheus", server.url)).body(line);
    assert!(sent.send().await.unwrap().status().is_success());
    let samples = until("the sample", || async {
        match client.instant("some_metric", None).await.unwrap().value.value {
            QueryValue::Vector(samples) if !samples.is_empty() => Some(samples),
            _ => None,
        }
    })
    .await;
    assert_eq!((samples[0].labels["tenant"].as_str(), samples[0].value), ("a", 7.0));
    let end = now();
    let series =
        client.range("some_metric", end.plus_millis(-300_000), end, Duration::from_secs(15)).await.unwrap();
    assert!(series.value[0].values.iter().all(|(_, value)| *value == 7.0));
    let error = client.instant("sum(", None).await.unwrap_err();
    assert!(matches!(error.failure, Failure::Rejected(..)), "{error}");
}
