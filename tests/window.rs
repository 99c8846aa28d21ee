//! The real window: WebKit under a virtual display, real servers behind it, a real keyring.
#![allow(clippy::expect_used, reason = "a test ends with what it expected")]

use std::{
    fs,
    path::Path,
    process::{Command, Stdio},
    time::Duration,
};

use aether_panel::paths::Home;
use aether_sim::{
    grafana::{Grafana, GrafanaOptions},
    servers::free_port,
};
use aether_tests::{
    Desktop, built, eventually, missing, on_path,
    stack::{Stack, servers_missing, write_profile},
    window::Window,
};
use serde_json::Value;

macro_rules! need_window {
    () => {
        match Window::missing() {
            None => {
                built("aetherlink-panel").expect("the window is not built: cargo build --workspace --bins")
            }
            Some(why) => {
                eprintln!("skipped: {why}");
                return;
            }
        }
    };
}

macro_rules! need_servers {
    () => {
        if let Some(why) = servers_missing() {
            eprintln!("skipped: {why}");
            return;
        }
    };
}

async fn ask(url: &str) -> Option<Value> {
    let http = reqwest::Client::builder().no_proxy().build().ok()?;
    http.get(url).send().await.ok()?.json().await.ok()
}

fn port(url: &str) -> &str {
    url.rsplit(':').next().expect("a port")
}

/// Longest wait for all gauges: the cost is recorded once a minute.
const FIRST_COST: Duration = Duration::from_secs(180);

/// The gauges of a new stack, and the series that each shows.
const GAUGES: [(&str, &str); 5] = [
    ("cache-hit-ratio", "aether:cache_hit_ratio:5m:all"),
    ("low-confidence", "aether:lowconfidence_pct:15m:all"),
    ("rerank-utilization", "aether:rerank_utilization_pct:15m:all"),
    ("estimated-cost", "aether:estimated_cost_30d_usd"),
    ("health-score", "aether:health_score:15m"),
];

/// The number in a gauge, its unit left out, and half of what its last digit is worth.
fn number(text: &str) -> Option<(f64, f64)> {
    let end = text.find(['%', '/']).unwrap_or(text.len());
    let plain = text.get(..end)?.trim().trim_start_matches('$').replace(',', "");
    // A score leaves out a last zero.
    let shown = plain.split_once('.').map_or(0, |(_, digits)| digits.len());
    let digits = if text.contains('/') { 1 } else { shown };
    Some((plain.parse().ok()?, 0.5 / 10_f64.powi(i32::try_from(digits).ok()?)))
}

/// What a server recorded of a series lately: the panel shows the one that was the newest when it asked.
async fn recorded(prometheus: &str, series: &str) -> Option<Vec<f64>> {
    let reply = ask(&format!("{prometheus}/api/v1/query?query={series}[2m]")).await?;
    let samples = reply["data"]["result"][0]["values"].as_array()?;
    samples.iter().map(|sample| sample[1].as_str()?.parse().ok()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_first_start_finds_the_servers_and_leads_to_their_gauges() {
    let program = need_window!();
    need_servers!();
    let stack = Stack::start(1).await.expect("the stack");
    let desktop = Desktop::start().expect("a desktop");
    let home = tempfile::tempdir().expect("a folder");
    let (prometheus, alertmanager) = (stack.prometheus.url(), stack.alertmanagers[0].url());
    let ports = format!("{},{}", port(prometheus), port(alertmanager));
    let window = Window::open(&desktop, &program, home.path(), &[], &[("AETHER_DISCOVER_PORTS", ports)])
        .await
        .expect("a window");

    window.see("found-prometheus").await.expect("Prometheus is found");
    window.see("found-alertmanager").await.expect("Alertmanager is found");
    window.click("first-next").await.expect("the second step");
    window
        .reads("[data-testid='tester-prometheus']", |text| text.contains("reachable"))
        .await
        .expect("it answers");
    window
        .reads("[data-testid='tester-alertmanager']", |text| text.contains("reachable"))
        .await
        .expect("it answers");
    window.click("first-next").await.expect("the third step");
    window.click("first-save").await.expect("saved");
    window.see("overview").await.expect("the overview");
    let profiles: Vec<_> = fs::read_dir(home.path().join("config/stacks")).expect("profiles").collect();
    assert_eq!(profiles.len(), 1, "one profile was written");

    for (gauge, series) in GAUGES {
        let value = format!("[data-testid='gauge-{gauge}'] [data-testid='gauge-value']");
        let text = window.reads_within(FIRST_COST, &value, |text| number(text).is_some()).await;
        let text = text.expect("a value");
        let (shown, half) = number(&text).expect("a number");
        let own = recorded(prometheus, series).await.expect("the server's own");
        let equal = own.iter().any(|sample| (sample - shown).abs() <= half + 1e-9);
        assert!(equal, "{gauge} shows {text:?}, the server recorded {own:?}");
        let card = format!("[data-testid='gauge-{gauge}']");
        window.has(&card, "data-state", "fresh").await.expect("it is not called old");
    }
    window.close().await.expect("closed");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_window_started_on_the_screen_is_in_alertmanager_and_ends_there() {
    let program = need_window!();
    need_servers!();
    let stack = Stack::start(1).await.expect("the stack");
    stack.profile("\n[heartbeat]\nalertname = \"Watchdog\"\n").expect("a profile");
    let desktop = Desktop::start().expect("a desktop");
    let home = stack.folder.path().join("home");
    let window = Window::open(&desktop, &program, &home, &["--stack", "test"], &[]).await.expect("a window");
    window
        .has("[data-testid='light-alertmanager']", "data-state", "fresh")
        .await
        .expect("Alertmanager answers");
    window.press("m").await.expect("the key");
    window.type_into("[data-testid='reason']", "Rolling deploy v2.3.0").await.expect("a reason");
    window.click("start-confirm").await.expect("asked");
    let steps =
        window.reads("[data-testid='window-steps']", |text| text.contains("Verified on 1 of 1")).await;
    assert!(steps.is_ok(), "{steps:?}");
    window.click("start-done").await.expect("done");
    window
        .reads("[data-testid='maintenance-countdown']", |text| text.contains(':'))
        .await
        .expect("a countdown in the frame");

    let silences = format!("{}/api/v2/silences", stack.alertmanagers[0].url());
    let known = ask(&silences).await.expect("silences");
    let silence = known.as_array().and_then(|all| all.first()).expect("a silence");
    assert_eq!(silence["status"]["state"], "active", "{silence}");
    assert!(
        silence["comment"].as_str().is_some_and(|text| text.ends_with("Rolling deploy v2.3.0")),
        "{silence}"
    );
    let matchers = silence["matchers"].to_string();
    assert!(matchers.contains("Watchdog"), "the heartbeat is left audible: {matchers}");

    window.press("gm").await.expect("keys");
    window.has("[data-testid='window']", "data-phase", "verified").await.expect("read back");
    window
        .reads("[data-testid='window-countdown']", |text| text.contains(':'))
        .await
        .expect("a countdown on the screen");

    window.click("maintenance-end").await.expect("the question");
    window.click("end-confirm").await.expect("ended");
    window.click("end-done").await.expect("read");
    window.has("[data-testid='maintenance-switch']", "data-state", "off").await.expect("off");
    let known = ask(&silences).await.expect("silences");
    assert_eq!(known[0]["status"]["state"], "expired", "{known}");
    window.close().await.expect("closed");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_typed_into_the_window_is_in_the_keyring_and_still_there_after_a_restart() {
    const TOKEN: &str = "glsa_typed-into-the-window";
    let program = need_window!();
    let Some(look_up) = on_path("secret-tool") else {
        eprintln!("skipped: secret-tool is not installed");
        return;
    };
    let folder = tempfile::tempdir().expect("a folder");
    let options = GrafanaOptions { folder: folder.path().join("grafana"), ..GrafanaOptions::default() };
    let grafana = Grafana::start(options).await.expect("the stand-in");
    let home = Home::at(&folder.path().join("home"));
    write_profile(
        &home,
        &format!(
            "name = \"test\"\n[prometheus]\nurl = \"http://127.0.0.1:{}\"\n[grafana]\nurl = \"{}\"\nauth = {{ \
                kind = \"bearer\" }}\n",
            free_port().expect("a port"),
            grafana.url()
        ),
    )
    .expect("a profile");
    let desktop = Desktop::start().expect("a desktop");
    let at = folder.path().join("home");
    let open = async || {
        Window::open(&desktop, &program, &at, &["--stack", "test", "--screen", "settings"], &[])
            .await
            .expect("a window")
    };

    let window = open().await;
    window.click("tab-credentials").await.expect("the credentials");
    let secret = "[data-testid='secret-grafana/token']";
    let input = format!("{secret} [data-testid='secret-input']");
    // A wrong one first: Grafana refuses it, and the light says so.
    window.type_into(&input, TOKEN).await.expect("typed");
    window
        .find(&format!("{secret} [data-testid='secret-save']"))
        .await
        .expect("a button")
        .click()
        .await
        .expect("stored");
    window.reads(secret, |text| text.contains("Replace")).await.expect("stored in the keyring");
    window.click("light-grafana").await.expect("what Grafana says");
    window
        .reads("[data-testid='service-dialog']", |text| text.contains("rejected the credentials (401)"))
        .await
        .expect("the refusal is named");
    window.has("[data-testid='light-grafana']", "data-state", "never").await.expect("no good answer yet");
    window.press("\u{e00c}").await.expect("Escape");
    window.gone("[data-testid='service-dialog']").await.expect("closed");
    assert!(!window.source().await.expect("the page").contains(TOKEN), "the token is in the page");
    assert_eq!(window.typed(&input).await.expect("the input"), "", "the token stays in its input");
    let stored = || {
        let account = ["lookup", "service", "aetherlink-panel", "username", "test/grafana/token"];
        text(desktop.command(&look_up).args(account))
    };
    assert_eq!(stored(), TOKEN);

    window.type_into(&input, grafana.token()).await.expect("typed");
    window
        .find(&format!("{secret} [data-testid='secret-save']"))
        .await
        .expect("a button")
        .click()
        .await
        .expect("stored");
    window.has("[data-testid='light-grafana']", "data-state", "fresh").await.expect("Grafana accepts it");
    assert!(!window.source().await.expect("the page").contains(grafana.token()), "the token is in the page");
    window.close().await.expect("closed");
    assert_eq!(stored(), grafana.token(), "the keyring holds the new one");

    let again = open().await;
    again.has("[data-testid='light-grafana']", "data-state", "fresh").await.expect("it is still there");
    again.click("tab-credentials").await.expect("the credentials");
    again.reads(secret, |text| text.contains("Replace")).await.expect("and said to be");
    assert!(!again.source().await.expect("the page").contains(grafana.token()), "the token is in the page");
    again.close().await.expect("closed");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_window_is_usable_while_every_server_is_down() {
    let program = need_window!();
    let folder = tempfile::tempdir().expect("a folder");
    let down = || format!("http://127.0.0.1:{}", free_port().expect("a port"));
    let text = format!(
        "name = \"test\"\n[prometheus]\nurl = \"{}\"\n[alertmanager]\nurls = [\"{}\"]\n[grafana]\nurl = \"{}\"\n",
        down(),
        down(),
        down()
    );
    write_profile(&Home::at(&folder.path().join("home")), &text).expect("a profile");
    let desktop = Desktop::start().expect("a desktop");
    let at = folder.path().join("home");
    let window = Window::open(&desktop, &program, &at, &["--stack", "test"], &[]).await.expect("a window");
    window.see("overview").await.expect("the overview");
    for server in ["prometheus", "alertmanager", "grafana"] {
        window.has(&format!("[data-testid='light-{server}']"), "data-state", "never").await.expect("marked");
    }
    window
        .reads("[data-testid='services']", |text| text.contains("Nothing is listening at"))
        .await
        .expect("named");
    let card = "[data-testid='gauge-cache-hit-ratio']";
    window.has(card, "data-state", "never").await.expect("a gauge without an answer shows no value");
    window.press("ga").await.expect("keys");
    window.see("alerts").await.expect("the alerts");
    window.press("gs").await.expect("keys");
    window.see("settings").await.expect("the settings");
    window.gone("[data-testid='alerts']").await.expect("one screen at a time");
    window.close().await.expect("closed");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_link_opens_its_list_at_the_start_and_in_a_panel_that_runs() {
    let program = need_window!();
    let desktop = Desktop::start().expect("a desktop");
    let home = tempfile::tempdir().expect("a folder");
    let text = "name = \"test\"\n[prometheus]\nurl = \"http://127.0.0.1:9\"\n";
    write_profile(&Home::at(home.path()), text).expect("a profile");
    let link = "aetherlink://alerts?filter=severity%3D%22critical%22&state=firing";
    let window = Window::open(&desktop, &program, home.path(), &["--stack", "test", link], &[])
        .await
        .expect("a window");
    let asked = "[data-testid='alerts'] button.matcher";
    window.reads(asked, |text| text.contains("severity=\"critical\"")).await.expect("the filter of the link");
    // A browser starts the program anew; that start hands over and ends.
    let again = |link: &str| {
        desktop.command(&program).arg(link).env("AETHER_HOME", home.path()).status().expect("a program")
    };
    assert_eq!(again("aetherlink://alerts?filter=zone%3Da").code(), Some(0));
    window.reads(asked, |text| text.contains("zone=a")).await.expect("the filter of the second link");
    assert_eq!(again("aetherlink://settings").code(), Some(0));
    window.see("settings").await.expect("the settings");
    // What leads nowhere leaves the screen as it is.
    assert_eq!(again("https://evil.example/").code(), Some(0));
    window.see("settings").await.expect("the settings still");
    window.close().await.expect("closed");
}

#[test]
fn without_a_display_the_window_says_so_and_ends() {
    let Some(program) = built("aetherlink-panel") else {
        eprintln!("skipped: the window is not built");
        return;
    };
    let home = tempfile::tempdir().expect("a folder");
    let output = plain(&program, home.path()).output().expect("a program");
    let told = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{told}");
    assert!(told.contains("no display is available") && told.contains("aetherctl"), "{told}");
    assert!(!told.contains("panicked"), "{told}");
}

fn plain(program: &Path, home: &Path) -> Command {
    let mut command = Command::new(program);
    command.env("AETHER_HOME", home).env_remove("DISPLAY").env_remove("WAYLAND_DISPLAY").stdin(Stdio::null());
    command
}

fn text(command: &mut Command) -> String {
    let output = command.stdin(Stdio::null()).output().expect("a program");
    String::from_utf8_lossy(&output.stdout).trim_end().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_notice_is_shown_by_the_desktop_and_a_click_on_it_opens_its_alert() {
    let program = need_window!();
    need_servers!();
    if let Some(program) = missing(&["dunst", "dunstctl", "busctl"]) {
        return eprintln!("skipped: {program} is not installed");
    }
    let stack = Stack::start(1).await.expect("the stack");
    let desktop = Desktop::start().expect("a desktop");
    stack.profile("").expect("a profile");
    let quiet = |program: &str| {
        let mut command = desktop.command(program);
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        command
    };
    let _daemon = aether_tests::Ended(quiet("dunst").spawn().expect("a notification daemon"));
    let dunstctl = |args: &[&str]| {
        let done = desktop.command("dunstctl").args(args).stdin(Stdio::null()).output().expect("dunstctl");
        String::from_utf8_lossy(&done.stdout).trim().to_owned()
    };
    let up =
        eventually(Duration::from_secs(20), async || dunstctl(&["count", "displayed"]).parse::<u32>().ok());
    up.await.expect("the daemon is on the bus");

    // What is on at the start is no news: Prometheus has sent all that fires.
    let http = reqwest::Client::builder().no_proxy().build().expect("a client");
    let url = format!("{}/api/v2/alerts", stack.alertmanagers[0].url());
    let fires = eventually(Duration::from_secs(60), async || {
        http.get(&url).send().await.ok()?.text().await.ok()?.contains("Watchdog").then_some(())
    });
    fires.await.expect("the heartbeat fires");
    let home = stack.folder.path().join("home");
    let args = ["--stack", "test"];
    let window = Window::open(&desktop, &program, &home, &args, &[]).await.expect("a window");
    window.see("overview").await.expect("the overview");
    window
        .has("[data-testid='light-alertmanager']", "data-state", "fresh")
        .await
        .expect("Alertmanager is read");
    tokio::time::sleep(Duration::from_secs(3)).await;
    // With an end of its own: without one, Alertmanager resolves it after a while.
    let body = r#"[{"labels": {"alertname": "PagerTest", "severity": "critical"},
     "annotations": {"summary": "<b>bold</b> & loud"}, "endsAt": "2099-01-01T00:00:00Z"}]"#;
    let sent = http.post(&url).header("content-type", "application/json").body(body).send().await;
    assert!(sent.expect("an answer").status().is_success());

    let shown = async || (dunstctl(&["count", "displayed"]).parse::<u32>().ok()? > 0).then_some(());
    eventually(Duration::from_secs(60), shown).await.expect("the desktop shows a notice");
    // As a click on it does.
    dunstctl(&["action", "0"]);
    window.see("alerts").await.expect("the click leads to the alerts");
    window
        .reads("[data-testid='alerts']", |text| text.contains("PagerTest"))
        .await
        .expect("and to the one it is about");
    // A notice is in the history once it is closed.
    dunstctl(&["close-all"]);
    let told = async || {
        let history: Value = serde_json::from_str(&dunstctl(&["history"])).ok()?;
        let text = history.to_string();
        text.contains("PagerTest").then_some(text)
    };
    let told = eventually(Duration::from_secs(20), told).await.expect("it names the alert");
    assert!(!told.contains("<b>bold</b>"), "markup of a server is shown and not obeyed: {told}");
    window.close().await.expect("it closes");
}
