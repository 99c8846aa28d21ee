//! `aetherctl` against real Prometheus and Alertmanager.
#![allow(clippy::unwrap_used, clippy::panic)]

mod common;

use std::{path::Path, time::Duration};

use aether_sim::servers::{Alertmanager, Prometheus, PrometheusOptions};
use common::{Home, Ran, alertmanager, profile};
use serde_json::Value;

/// Every alert, at once, to nobody.
const ALERTMANAGER: &str =
    "route: {receiver: none, group_wait: 1s, group_interval: 1s}\nreceivers: [{name: none}]\n";

/// One alert that always fires; its texts try to colour and turn the terminal.
const RULES: &str = r#"groups:
- name: test
  interval: 1s
  rules:
  - alert: AlwaysOn
    expr: vector(7) > 0
    labels: {severity: critical, odd: "\e[31mred\u202Etxt"}
    annotations: {summary: "\e]0;title\a\e[2J gone"}
"#;

/// Prometheus with the rule, sending to `alertmanagers`.
async fn prometheus(folder: &Path, alertmanagers: &[&str]) -> Prometheus {
    std::fs::create_dir_all(folder).unwrap();
    std::fs::write(folder.join("rules.yml"), RULES).unwrap();
    let targets: Vec<String> =
        alertmanagers.iter().map(|url| format!("{:?}", url.trim_start_matches("http://"))).collect();
    let config = format!(
        "global: {{evaluation_interval: 1s}}\nrule_files: [rules.yml]\nalerting:\n  alertmanagers:\n  - \
            static_configs:\n    - targets: [{}]\n",
        targets.join(", ")
    );
    // The first notice comes before Prometheus knows where to send it; without this the next would come in a minute.
    let flags = vec!["--rules.alert.resend-delay=1s".to_owned()];
    let options =
        PrometheusOptions { folder: folder.to_path_buf(), config, flags, ..PrometheusOptions::default() };
    Prometheus::launch(options).await.unwrap()
}

/// Asks until the answer is as wanted; the servers tell each other things in their own time.
async fn until(what: &str, mut ask: impl FnMut() -> Ran, good: impl Fn(&Value) -> bool) -> Ran {
    for _ in 0..120 {
        let ran = ask();
        if good(&ran.json()) {
            return ran;
        }
        tokio::time::sleep(Duration::from_millis(500)).await;
    }
    panic!("never {what}: {:?}", ask());
}

#[tokio::test]
async fn an_alert_is_seen_silenced_by_a_window_and_heard_again() {
    let home = Home::new();
    let alertmanager = alertmanager(&home, ALERTMANAGER).await;
    let prometheus = prometheus(&home.path().join("prom"), &[alertmanager.url()]).await;
    let stack = home.file("real.toml", &profile(prometheus.url(), &[alertmanager.url()]));
    let run = |args: &[&str]| home.run(&[args, &["--stack", &stack]].concat());

    let alerts = until(
        "firing",
        || run(&["alerts", "--json"]),
        |object| {
            object["data"]["rows"][0]["state"] == "firing" && object["data"]["rows"][0]["delivered"] == true
        },
    )
    .await;
    assert_eq!(alerts.code, 1, "{alerts:?}");
    assert_eq!(alerts.json()["ok"], true);
    assert_eq!(alerts.json()["data"]["rows"][0]["name"], "AlwaysOn");
    let csv = run(&["alerts", "--csv"]);
    let lines: Vec<&str> = csv.out.lines().collect();
    assert!(
        lines[0].starts_with("state,severity,alert,tenant,") && lines[0].contains(",label:odd"),
        "{csv:?}"
    );
    assert!(lines[1].starts_with("firing,critical,AlwaysOn,"), "{csv:?}");
    assert!(!csv.out.contains('\u{1b}') && csv.err.contains("1 alert firing"), "{csv:?}");

    // For people: no escape sequence, no turned text, one line an alert.
    let words = run(&["alerts"]);
    assert!(words.out.contains("AlwaysOn") && words.out.contains("firing"), "{words:?}");
    assert!(!words.out.chars().any(|c| (c.is_control() && c != '\n') || c == '\u{202e}'), "{words:?}");
    let forced = common::ran(
        home.command(&["alerts", "--stack", &stack]).env("CLICOLOR_FORCE", "1").output().unwrap(),
    );
    assert!(!forced.out.contains("\x1b[2J") && !forced.out.contains("\x1b]0;"), "{forced:?}");

    assert_eq!(run(&["alerts", "--json", "severity=\"warning\""]).json()["data"]["total"], 0);
    assert_eq!(run(&["alerts", "--state", "silenced"]).code, 0);

    let status = run(&["status", "--json"]);
    assert_eq!((status.code, status.json()["ok"].as_bool()), (1, Some(true)), "{status:?}");
    assert!(status.json()["data"]["findings"][0].as_str().unwrap().contains("1 critical"), "{status:?}");
    let gauges = run(&["gauges", "--json"]);
    assert_eq!(gauges.code, 0, "{gauges:?}");
    assert_eq!(gauges.json()["data"]["gauges"][0]["value"], 1.0);
    assert_eq!(run(&["gauges", "no-such-gauge"]).code, 2);

    let on_it =
        |more: &[&str]| run(&[&["ack", "alertname=\"AlwaysOn\"", "--by", "anna", "--json"], more].concat());
    let taken = on_it(&["--note", "restarting it"]);
    let ack = taken.json()["data"]["ack"].clone();
    assert_eq!(
        (taken.code, ack["by"].as_str(), ack["note"].as_str()),
        (0, Some("anna"), Some("restarting it"))
    );
    assert_eq!(
        run(&["alerts", "--json"]).json()["data"]["rows"][0]["ack"]["by"],
        "anna",
        "another run knows it"
    );
    assert!(on_it(&["--undo"]).json()["data"]["ack"].is_null());
    let none = run(&["ack", "alertname=\"Nothing\"", "--json"]);
    assert_eq!((none.code, none.json()["error"]["code"].as_str()), (2, Some("not-found")), "{none:?}");

    let preview =
        run(&["maintenance", "start", "--for", "30m", "--comment", "deploy 7", "--dry-run", "--json"]);
    assert_eq!((preview.code, preview.json()["data"]["mutes"].as_u64()), (0, Some(1)), "{preview:?}");
    assert_eq!(
        run(&["maintenance", "list", "--json"]).json()["data"]["windows"].as_array().unwrap().len(),
        0
    );

    let started =
        run(&["maintenance", "start", "--for", "30m", "--comment", "deploy 7", "--by", "anna", "--json"]);
    let window = started.json()["data"].clone();
    assert_eq!((started.code, window["phase"].as_str()), (0, Some("verified")), "{started:?}");
    assert_eq!((window["reason"].as_str(), window["createdBy"].as_str()), (Some("deploy 7"), Some("anna")));
    let id = window["id"].as_str().unwrap();

    let silenced =
        until("silenced", || run(&["alerts", "--json"]), |o| o["data"]["rows"][0]["state"] == "silenced")
            .await;
    assert_eq!(silenced.code, 0, "{silenced:?}");
    assert_eq!(run(&["status"]).code, 0);
    assert!(run(&["status"]).out.contains("deploy 7"));

    // Another process, another snapshot: the window is found again by its id.
    let extended = run(&["maintenance", "extend", id, "--for", "15m", "--json"]);
    let more = extended.json()["data"]["endsAt"].as_i64().unwrap() - window["endsAt"].as_i64().unwrap();
    assert_eq!(extended.code, 0, "{extended:?}");
    assert!((890_000..=910_000).contains(&more), "{more}");

    let listed = run(&["maintenance", "list", "--json", "--all"]);
    assert_eq!(listed.json()["data"]["windows"].as_array().unwrap().len(), 1, "{listed:?}");
    assert!(!listed.json()["data"]["silences"].as_array().unwrap().is_empty());

    let ended = run(&["maintenance", "end", "--all", "--json"]);
    assert_eq!(
        (ended.code, ended.json()["data"]["ended"].as_array().map(Vec::len)),
        (0, Some(1)),
        "{ended:?}"
    );
    assert_eq!(run(&["maintenance", "end", "--all"]).code, 0, "none is on: nothing to do");
    assert_eq!(run(&["maintenance", "end", "no-such-window"]).code, 2);
    until("firing again", || run(&["alerts", "--json"]), |o| o["data"]["rows"][0]["state"] == "firing").await;
}

#[tokio::test]
async fn a_window_that_misses_a_member_is_a_finding() {
    let home = Home::new();
    let mut members = Alertmanager::cluster(&home.path().join("cluster"), ALERTMANAGER, 3).await.unwrap();
    let urls: Vec<String> = members.iter().map(|member| member.url().to_owned()).collect();
    let urls: Vec<&str> = urls.iter().map(String::as_str).collect();
    let prometheus = prometheus(&home.path().join("prom"), &urls).await;
    let stack = home.file("cluster.toml", &profile(prometheus.url(), &urls));
    let run = |args: &[&str]| home.run(&[args, &["--json", "--stack", &stack]].concat());

    members[2].kill().await;
    let status = run(&["status"]);
    assert_eq!((status.code, status.json()["ok"].as_bool()), (1, Some(true)), "{status:?}");

    let started = run(&["maintenance", "start", "--for", "5m", "--comment", "two of three"]);
    let object = started.json();
    assert_eq!((started.code, object["ok"].as_bool()), (1, Some(true)), "{started:?}");
    assert_eq!(object["data"]["members"].as_array().unwrap().len(), 3);
    let listed = run(&["maintenance", "list"]);
    assert_eq!(listed.code, 1, "{listed:?}");

    members[2].start().await.unwrap();
    until(
        "on every member",
        || run(&["maintenance", "list"]),
        |o| o["data"]["findings"].as_array().unwrap().is_empty(),
    )
    .await;
    assert_eq!(run(&["maintenance", "end", "--all"]).code, 0);
}

#[tokio::test]
async fn the_verbs_of_planned_and_past_windows_work_from_a_shell() {
    let home = Home::new();
    let alertmanager = alertmanager(&home, ALERTMANAGER).await;
    let prometheus = prometheus(&home.path().join("prom"), &[alertmanager.url()]).await;
    let stack = home.file("real.toml", &profile(prometheus.url(), &[alertmanager.url()]));
    let run = |args: &[&str]| home.run(&[args, &["--stack", &stack]].concat());
    until("firing", || run(&["alerts", "--json"]), |o| o["data"]["rows"][0]["state"] == "firing").await;

    let next = run(&["maintenance", "schedule", "next", "30 2 * * 0", "--zone", "Europe/Berlin"]);
    assert_eq!((next.code, next.out.lines().count()), (0, 6), "{next:?}");
    assert_eq!(run(&["maintenance", "schedule", "next", "soon"]).code, 2);
    // Half a day away, so that it is not on while this runs.
    let hours = std::time::UNIX_EPOCH.elapsed().unwrap().as_secs() / 3600;
    let cron = format!("0 {} * * *", (hours + 12) % 24);
    let add = [
        "maintenance",
        "schedule",
        "add",
        &cron,
        "--zone",
        "UTC",
        "--for",
        "30m",
        "--comment",
        "nightly",
        "--json",
    ];
    let added = run(&add);
    let schedule = added.json()["data"]["schedules"][0].clone();
    assert_eq!((added.code, schedule["occurrences"][2]["made"].as_bool()), (0, Some(true)), "{added:?}");

    let start =
        |more: &[&str]| run(&[&["maintenance", "start", "--comment", "deploy", "--json"], more].concat());
    assert_eq!(start(&["--until", "yesterday"]).code, 2);
    assert_eq!(start(&[]).code, 2, "how long is not said");
    assert_eq!(start(&["--for", "30m", "--matcher", "words"]).code, 2);
    let later = start(&["--for", "30m", "--at", "2099-01-01T00:00"]);
    assert_eq!(later.code, 2, "{later:?}");
    let begun = start(&["--for", "30m", "--matcher", "severity=\"critical\"", "--wait-verified"]);
    let window = begun.json()["data"].clone();
    assert_eq!((begun.code, window["matchers"][0]["name"].as_str()), (0, Some("severity")), "{begun:?}");
    let id = window["id"].as_str().unwrap();
    assert_eq!(run(&["maintenance", "shorten", id, "--for", "10m"]).code, 0);
    assert_eq!(run(&["maintenance", "repair", id]).code, 0, "nothing is missing");
    assert!(run(&["maintenance", "show", id]).out.contains("severity="));
    let so_far = run(&["maintenance", "closeout", id, "--json"]);
    assert_eq!((so_far.code, so_far.json()["data"]["preliminary"].as_bool()), (1, Some(true)), "{so_far:?}");

    let ended = run(&["maintenance", "end", "--all", "--json"]);
    assert_eq!(
        ended.json()["data"]["ended"].as_array().unwrap().len(),
        1,
        "what begins later stays: {ended:?}"
    );
    let report = run(&["maintenance", "closeout", id]);
    assert!(
        report.out.contains("# Maintenance close-out: deploy") && report.out.contains("AlwaysOn"),
        "{report:?}"
    );
    assert!(!report.out.contains('\u{1b}'), "{report:?}");
    let history = run(&["maintenance", "history", "deploy", "--json"]);
    assert_eq!(history.json()["data"][0]["outcome"], "ended-early", "{history:?}");
    assert!(run(&["maintenance", "history", "--csv"]).out.starts_with("id,reason,by,"));
    assert!(run(&["maintenance", "show", id]).out.contains("ended early"));
    let removed = run(&["maintenance", "schedule", "remove", schedule["id"].as_str().unwrap(), "--json"]);
    assert_eq!((removed.code, removed.json()["data"]["schedules"].as_array().unwrap().len()), (0, 0));
    let left = run(&["maintenance", "list", "--json"]);
    assert_eq!(left.json()["data"]["windows"].as_array().unwrap().len(), 0, "{left:?}");
}

#[tokio::test]
async fn pins_are_a_gate_and_another_version_is_written_only_with_a_reason() {
    let home = Home::new();
    let prometheus = prometheus(&home.path().join("prom"), &[]).await;
    let compose =
        home.file("compose.yml", "services:\n  prometheus:\n    image: prom/prometheus:v0.1.0 # pinned\n");
    let profile = |image: &str| {
        format!(
            "name = \"pins\"\n[prometheus]\nurl = \"{}\"\n[compose]\nfiles = \
                [\"{compose}\"]\n[[pins]]\nservice = \"prometheus\"\nimage = \"{image}\"\n",
            prometheus.url()
        )
    };
    let stack = home.file("pins.toml", &profile("prom/prometheus:v0.1.0"));
    let run = |args: &[&str]| home.run(&[args, &["--stack", &stack]].concat());
    let seen = run(&["pins", "--json"]);
    let row = seen.json()["data"]["rows"][0].clone();
    let version = row["reported"][0]["version"].as_str().unwrap().to_owned();
    assert_eq!((seen.code, row["verdict"].as_str()), (1, Some("other-program")), "{seen:?}");

    let image = format!("prom/prometheus:v{}", version.split('+').next().unwrap());
    let before = std::fs::read_to_string(&compose).unwrap();
    let shown = run(&["pins", "update", "prometheus", &image]);
    assert!(shown.code == 0 && shown.out.contains("Nothing was written"), "{shown:?}");
    assert_eq!(std::fs::read_to_string(&compose).unwrap(), before);
    assert_eq!(run(&["pins", "update", "prometheus", "prom/prometheus"]).code, 2, "no version");
    assert_eq!(run(&["pins", "update", "nobody", &image]).code, 2);
    let written = run(&["pins", "update", "prometheus", &image, "--reason", "a test"]);
    assert!(written.code == 0 && written.out.contains("docker compose -f"), "{written:?}");
    assert_eq!(std::fs::read_to_string(&compose).unwrap(), before.replace("prom/prometheus:v0.1.0", &image));
    let agrees = run(&["pins"]);
    assert!(agrees.code == 0 && agrees.out.contains("up to date"), "{agrees:?}");
    let history = run(&["pins", "history", "prometheus"]);
    assert!(history.out.contains("Compose image of"), "{history:?}");

    std::fs::write(&compose, "services: [").unwrap();
    assert_eq!(run(&["pins"]).code, 2, "a gate does not pass on a file that can't be read");
}

#[tokio::test]
async fn rules_are_changed_and_reloaded_from_the_shell() {
    let home = Home::new();
    let folder = home.path().join("prom");
    let mut prometheus = prometheus(&folder, &[]).await;
    std::fs::write(
        folder.join("rules.yml"),
        "groups:\n- name: test\n  interval: 1s\n  rules:\n  - alert: Low # mine\n    expr: vector(7) < 5\n    \
            for: 1m\n    annotations: {runbook_url: 'http://10.255.255.1/wiki'}\n",
    )
    .unwrap();
    let text = profile(prometheus.url(), &[]);
    let stack = home.file("real.toml", &format!("{text}[pack]\ndir = {folder:?}\nfiles = [\"rules.yml\"]\n"));
    let run = |args: &[&str]| home.run(&[&["rules"], args, &["--stack", &stack]].concat());
    let rules = || std::fs::read_to_string(folder.join("rules.yml")).unwrap();

    let copies = || {
        let all = std::fs::read_dir(home.path().join("data/backups/test")).unwrap();
        all.filter(|entry| entry.as_ref().unwrap().path().join("manifest.json").exists()).count()
    };
    let reloaded = run(&["reload", "--json"]);
    assert_eq!(
        (reloaded.code, reloaded.json()["data"]["inForce"].as_bool()),
        (0, Some(true)),
        "{reloaded:?}"
    );
    let diff = run(&["diff", "--threshold", "Low=6"]);
    assert!(
        diff.out.contains("-    expr: vector(7) < 5") && diff.out.contains("+    expr: vector(7) < 6"),
        "{diff:?}"
    );
    assert!(rules().contains("< 5"), "nothing is written by a diff");
    let apply = ["apply", "--threshold", "Low=6", "--for", "Low=2m", "--reason", "tuning"];
    let applied = run(&[&apply[..], &["--json"]].concat());
    assert_eq!((applied.code, applied.json()["data"]["inForce"].as_bool()), (0, Some(true)), "{applied:?}");
    assert!(rules().contains("alert: Low # mine") && rules().contains("< 6") && rules().contains("for: 2m"));
    let listed = run(&["list", "--json"]).json();
    let rule = &listed["data"]["groups"][0]["rules"][0];
    assert_eq!(
        (rule["expression"].as_str(), rule["holdS"].as_f64()),
        (Some("vector(7) < 6"), Some(120.0)),
        "{rule}"
    );
    assert_eq!(copies(), 1);
    let again = run(&apply);
    assert_eq!(again.code, 2, "everything is as wanted already: {again:?}");

    // A private address that a rule names is not asked.
    let links = run(&["links", "--json"]);
    assert_eq!(links.code, 0, "{links:?}");
    assert_eq!(links.json()["data"]["links"][0]["state"], "not-asked", "{links:?}");

    std::fs::write(folder.join("rules.yml"), "groups: [").unwrap();
    let refused = run(&["reload"]);
    assert_eq!(refused.code, 3, "{refused:?}");
    std::fs::write(
        folder.join("rules.yml"),
        rules().replace(
            "groups: [",
            "groups:\n- name: test\n  rules:\n  - alert: Low\n    expr: vector(7) < 6\n",
        ),
    )
    .unwrap();
    prometheus.kill().await;
    let before = rules();
    let away = run(&["apply", "--threshold", "Low=9", "--reason", "tuning"]);
    assert_eq!(away.code, 3, "{away:?}");
    assert!(away.err.contains("Nothing was written"), "{away:?}");
    assert_eq!(rules(), before);
    assert_eq!(copies(), 1, "no copy either: {away:?}");
}

#[tokio::test]
async fn any_silence_is_shown_by_its_id_and_risky_ones_are_findings() {
    let home = Home::new();
    let alertmanager = alertmanager(&home, ALERTMANAGER).await;
    let prometheus = prometheus(&home.path().join("prom"), &[alertmanager.url()]).await;
    let stack = home.file("real.toml", &profile(prometheus.url(), &[alertmanager.url()]));
    let run = |args: &[&str]| home.run(&[args, &["--stack", &stack]].concat());
    until("firing", || run(&["alerts", "--json"]), |o| o["data"]["rows"][0]["state"] == "firing").await;
    assert_eq!(run(&["ack", "AlwaysOn", "--note", "on it", "--by", "anna"]).code, 0);
    let alerts = run(&["alerts"]);
    assert!(alerts.out.contains("acknowledged by anna: on it"), "{alerts:?}");
    assert_eq!(run(&["maintenance", "list", "--all"]).code, 0, "no silence yet");

    let silence = serde_json::json!({
        "matchers": [{"name": "rack", "value": "r9.+", "isRegex": true, "isEqual": false}],
        "startsAt": hours_from_now(0), "endsAt": hours_from_now(48), "createdBy": "bob", "comment": "moving racks"
    });
    let url = format!("{}/api/v2/silences", alertmanager.url());
    let posted: Value =
        reqwest::Client::new().post(url).json(&silence).send().await.unwrap().json().await.unwrap();
    let id = posted["silenceID"].as_str().unwrap();
    let shown = run(&["maintenance", "show", id]);
    assert_eq!(shown.code, 1, "{shown:?}");
    assert!(shown.out.contains("moving racks – bob") && shown.out.contains("rack!~\"r9.+\""), "{shown:?}");
    assert_eq!(run(&["maintenance", "show", "no-such-silence"]).code, 2);
    for args in [&["maintenance", "list", "--all", "--json"][..], &["status", "--json"]] {
        let ran = run(args);
        let found = ran.json()["data"]["findings"].to_string();
        assert_eq!(ran.code, 1, "{ran:?}");
        assert!(found.contains("It mutes every alert") && found.contains("It lasts 48 h"), "{found}");
    }
    assert_eq!(run(&["maintenance", "end", id]).code, 0);
    until("heard", || run(&["alerts", "--json"]), |o| o["data"]["rows"][0]["state"] == "firing").await;

    let at = hours_from_now(3);
    let start = [
        "maintenance",
        "start",
        "--for",
        "30m",
        "--comment",
        "later",
        "--at",
        &at,
        "--matcher",
        "alertname=AlwaysOff",
    ];
    let started = run(&start);
    assert!(
        started.out.contains("scheduled, from 20") && started.out.contains("(starts in 2 h 59 min)"),
        "{started:?}"
    );
    let offered = |object: &Value| object["data"]["windows"][0]["closest"][0]["values"][0] == "AlwaysOn";
    until("close", || run(&["maintenance", "list", "--json"]), offered).await;
    let shown = run(&[
        "maintenance",
        "show",
        started.out.split_whitespace().skip_while(|word| *word != "Window").nth(1).unwrap(),
    ]);
    assert!(shown.out.contains("Matches no current alert."), "{shown:?}");
    let listed = run(&["maintenance", "list"]);
    assert!(listed.out.contains("STARTS") && listed.out.contains("no match"), "{listed:?}");
    let status = run(&["status"]);
    assert!(status.out.contains("matches no current alert"), "{status:?}");
}

/// The time in so many hours, as RFC 3339.
fn hours_from_now(hours: i64) -> String {
    let at = jiff::Timestamp::now() + jiff::SignedDuration::from_hours(hours);
    format!("{at:.0}")
}
