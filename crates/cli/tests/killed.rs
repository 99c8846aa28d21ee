//! The shell killed at any point of start, extend and end, and on a computer whose clock is wrong: a real Alertmanager
//! and the panel agree afterwards on what is silenced.
#![cfg(unix)]
#![allow(clippy::unwrap_used, clippy::panic)]

mod common;

use std::{
    collections::BTreeSet,
    process::Stdio,
    time::{Duration, Instant},
};

use common::{Home, Pace, alertmanager, profile};
use serde_json::Value;

const NOWHERE: &str = "http://127.0.0.1:9";
const CONFIG: &str = "route: {receiver: none}\nreceivers: [{name: none}]\n";
/// Points of each verb at which it is killed.
const POINTS: u32 = 20;

/// Silences that are not over, as Alertmanager itself lists them.
async fn silenced(url: &str) -> Vec<Value> {
    let http = reqwest::Client::builder().no_proxy().build().unwrap();
    let all: Vec<Value> =
        http.get(format!("{url}/api/v2/silences")).send().await.unwrap().json().await.unwrap();
    all.into_iter().filter(|silence| silence["status"]["state"] != "expired").collect()
}

fn texts<'a>(list: impl IntoIterator<Item = &'a Value>, field: &str) -> BTreeSet<String> {
    list.into_iter().map(|one| one[field].as_str().unwrap().to_owned()).collect()
}

/// The windows that the panel knows, once they are those that Alertmanager has: what was on its way may still arrive.
async fn agreed(home: &Home, stack: &str, url: &str, what: &str) -> Vec<Value> {
    let limit = Instant::now() + Duration::from_secs(30);
    loop {
        let listed = home.run(&["maintenance", "list", "--json", "--stack", stack]).json();
        let windows = listed["data"]["windows"].as_array().unwrap().clone();
        let theirs = silenced(url).await;
        if texts(&windows, "silenceId") == texts(&theirs, "id") {
            for window in &windows {
                assert_eq!(window["phase"], "verified", "{what}: {window}");
            }
            for silence in &theirs {
                assert!(silence["comment"].as_str().unwrap().starts_with("[win:"), "{what}: {silence}");
            }
            return windows;
        }
        assert!(Instant::now() < limit, "{what}: the panel knows {windows:?}, Alertmanager has {theirs:?}");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

#[tokio::test]
async fn killed_at_any_point_no_silence_is_left_that_nobody_knows_of() {
    let home = Home::new();
    let am = alertmanager(&home, CONFIG).await;
    let stack = home.file("real.toml", &profile(NOWHERE, &[am.url()]));
    let with = |args: &[&str]| -> Vec<String> {
        args.iter().chain(&["--stack", stack.as_str()]).map(|text| (*text).to_owned()).collect()
    };
    let start = with(&["maintenance", "start", "--for", "30m", "--comment", "deploy", "--json"]);
    let refs = |args: &[String]| -> Vec<String> { args.to_vec() };
    let run = |args: &[String]| home.run(&args.iter().map(String::as_str).collect::<Vec<_>>());
    // How long each takes when nobody kills it says where the points lie.
    let began = Instant::now();
    let whole = run(&start);
    assert_eq!(whole.code, 0, "{whole:?}");
    let longest = began.elapsed();
    let mut cut = 0;
    for verb in ["start", "extend", "end"] {
        let mut pace = Pace::new(longest, POINTS);
        for point in 0..POINTS {
            let what = format!("{verb}, point {point}");
            let id = agreed(&home, &stack, am.url(), &what)
                .await
                .first()
                .map(|window| window["id"].as_str().unwrap().to_owned());
            let args = match (verb, id) {
                ("extend", Some(id)) => with(&["maintenance", "extend", &id, "--for", "1m", "--json"]),
                ("end", Some(id)) => with(&["maintenance", "end", &id, "--json"]),
                _ => refs(&start),
            };
            let mut child = home
                .command(&args.iter().map(String::as_str).collect::<Vec<_>>())
                .stdout(Stdio::null())
                .stderr(Stdio::null())
                .spawn()
                .unwrap();
            tokio::time::sleep(pace.after()).await;
            match child.try_wait().unwrap() {
                None => cut += 1,
                Some(_) => pace.missed(),
            }
            child.kill().unwrap();
            child.wait().unwrap();
            agreed(&home, &stack, am.url(), &what).await;
        }
    }
    assert!(cut >= 20, "only {cut} of {} were cut off", 3 * POINTS);
    let ended = home.run(&["maintenance", "end", "--all", "--stack", &stack]);
    assert_eq!(ended.code, 0, "{ended:?}");
    assert!(silenced(am.url()).await.is_empty());
}

#[tokio::test]
async fn ctrl_c_waits_until_it_is_known_whether_the_silence_exists() {
    let home = Home::new();
    let am = alertmanager(&home, CONFIG).await;
    let stack = home.file("real.toml", &profile(NOWHERE, &[am.url()]));
    let (mut answered, mut point) = (0, 0);
    // Later and later, until half as many as there are points were at work: on a busy machine the first ones are all
    // stopped before they have begun.
    while point < POINTS || answered < POINTS / 2 {
        assert!(point < 20 * POINTS, "only {answered} of {point} had begun");
        let what = format!("point {point}");
        let args = ["maintenance", "start", "--for", "30m", "--comment", &what, "--json", "--stack", &stack];
        let child = home.command(&args).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        tokio::time::sleep(Duration::from_millis(u64::from(point) * 5)).await;
        let pid = child.id().to_string();
        let _ = std::process::Command::new("kill").args(["-INT", &pid]).status().unwrap();
        let output = child.wait_with_output().unwrap();
        let windows = agreed(&home, &stack, am.url(), &what).await;
        let exists = windows.iter().any(|window| window["reason"] == what.as_str());
        match serde_json::from_slice::<Value>(&output.stdout) {
            // It said what came of it, and so it is.
            Ok(reply) => {
                answered += 1;
                assert_eq!(reply["data"]["reason"] == what.as_str(), exists, "{what}: {reply}");
            }
            // It was stopped before it had begun.
            Err(_) => assert!(!exists, "{what}: {output:?}"),
        }
        point += 1;
    }
}

#[tokio::test]
async fn a_computer_whose_clock_is_wrong_starts_a_window_that_mutes_now_and_ends_in_time() {
    if std::process::Command::new("faketime").arg("--version").output().is_err() {
        eprintln!("skipped: faketime is not installed");
        return;
    }
    let home = Home::new();
    let am = alertmanager(&home, CONFIG).await;
    let stack = home.file("real.toml", &profile(NOWHERE, &[am.url()]));
    for wrong in ["+10m", "-10m"] {
        let comment = format!("--comment=clock {wrong}");
        let args = ["maintenance", "start", "--for", "5m", &comment, "--json", "--stack", &stack];
        let plain = home.command(&args);
        let mut command = std::process::Command::new("faketime");
        command.args(["-f", wrong]).arg(plain.get_program()).args(plain.get_args());
        command.env("AETHER_HOME", home.path()).env("NO_PROXY", "127.0.0.1");
        // Time-outs go by a clock that nobody sets.
        command.env("FAKETIME_DONT_FAKE_MONOTONIC", "1").env_remove("AETHER_STACK").stdin(Stdio::null());
        let output = command.output().unwrap();
        let reply: Value = serde_json::from_slice(&output.stdout)
            .unwrap_or_else(|error| panic!("{error}: {}", String::from_utf8_lossy(&output.stderr)));
        assert_eq!(reply["data"]["phase"], "verified", "{wrong}: {reply}");
        let id = reply["data"]["silenceId"].as_str().unwrap();
        let theirs = silenced(am.url()).await.into_iter().find(|silence| silence["id"] == id).unwrap();
        assert_eq!(theirs["status"]["state"], "active", "{wrong}");
        let ends: jiff::Timestamp = theirs["endsAt"].as_str().unwrap().parse().unwrap();
        let left = ends.duration_since(jiff::Timestamp::now()).as_secs();
        assert!((285..=302).contains(&left), "{wrong}: {left} s left");
    }
}
