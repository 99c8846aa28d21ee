//! A stack's credential goes to the servers it was entered for. A profile that names another server gets
//! nothing until a person confirms that server: with a real keyring, by the shell and by a running panel.
#![allow(clippy::expect_used, reason = "a test ends with what it expected")]

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Output, Stdio},
    time::Duration,
};

use aether_tests::{Desktop, built, echo::Echo, eventually, missing};
use serde_json::{Value, json};

use crate::credentials::{Bridge, Seen};

const TOKEN: &str = "glsa_0r1g1n-7d1f0c5e9b";
const SOON: Duration = Duration::from_secs(60);

struct Bench {
    desktop: Desktop,
    home: tempfile::TempDir,
}

impl Bench {
    fn start() -> Option<Self> {
        if let Some(program) = missing(Desktop::NEEDS) {
            eprintln!("skipped: {program} is not installed");
            return None;
        }
        let bench = Self {
            desktop: Desktop::start().expect("a desktop"),
            home: tempfile::tempdir().expect("a folder"),
        };
        fs::create_dir_all(bench.profile().parent().expect("a folder")).expect("a folder");
        Some(bench)
    }

    fn profile(&self) -> PathBuf {
        self.home.path().join("config/stacks/echo.toml")
    }

    /// Writes the profile, as somebody else's file of the same name would be.
    fn point_at(&self, url: &str) {
        let text = format!("name = \"echo\"\n[prometheus]\nurl = \"{url}\"\nauth = \"bearer\"\n");
        fs::write(self.profile(), text).expect("a profile");
    }

    fn run(&self, home: &Path, arguments: &[&str], environment: &[(&str, &str)]) -> Output {
        let mut command = self.desktop.command(built("aetherctl").expect("aetherctl is built"));
        command.args(["--stack", "echo"]).args(arguments).env("AETHER_HOME", home).stdin(Stdio::null());
        command.envs(environment.iter().copied()).output().expect("aetherctl")
    }

    fn store(&self) {
        use std::io::Write as _;
        let mut command = self.desktop.command(built("aetherctl").expect("aetherctl is built"));
        command
            .args(["--stack", "echo", "secret", "set", "prometheus/token"])
            .env("AETHER_HOME", self.home.path());
        let mut child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("aetherctl");
        child.stdin.take().expect("stdin").write_all(TOKEN.as_bytes()).expect("written");
        let output = child.wait_with_output().expect("an end");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }
}

fn text(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

fn bearer() -> String {
    format!("Bearer {TOKEN}")
}

#[tokio::test(flavor = "multi_thread")]
async fn changed_address_in_a_profile_receives_no_credential_until_the_shell_confirms_it() {
    let Some(bench) = Bench::start() else { return };
    let (entered_for, other) =
        (Echo::start(None).await.expect("a server"), Echo::start(None).await.expect("a server"));
    bench.point_at(entered_for.url());
    bench.store();
    bench.run(bench.home.path(), &["status"], &[]);
    assert!(entered_for.heard(&bearer()));

    bench.point_at(other.url());
    let refused = bench.run(bench.home.path(), &["gauges"], &[]);
    let said = text(&refused);
    assert!(
        said.contains("was not sent to") && said.contains(other.url()) && said.contains(entered_for.url()),
        "{said}"
    );
    assert!(said.contains("--trust-origin") && !said.contains(TOKEN), "{said}");
    assert_eq!(refused.status.code(), Some(2), "{said}");
    let status = bench.run(bench.home.path(), &["secret", "status"], &[]);
    assert_eq!(status.status.code(), Some(1));
    assert_eq!(other.requests_with_credentials(), 0);

    let unknown = bench.run(bench.home.path(), &["--trust-origin", "https://third.example", "gauges"], &[]);
    assert!(text(&unknown).contains("https://third.example"), "{}", text(&unknown));
    assert_eq!((unknown.status.code(), other.requests_with_credentials()), (Some(2), 0));

    bench.run(bench.home.path(), &["--trust-origin", other.url(), "gauges"], &[]);
    assert!(other.heard(&bearer()));
}

#[tokio::test(flavor = "multi_thread")]
async fn changed_address_in_a_profile_receives_no_credential_from_a_running_panel() {
    let Some(bench) = Bench::start() else { return };
    let (entered_for, other) =
        (Echo::start(None).await.expect("a server"), Echo::start(None).await.expect("a server"));
    bench.point_at(entered_for.url());
    bench.store();
    let bridge = Bridge::start(&bench.desktop, bench.home.path(), &Seen::default());
    let arrived = eventually(SOON, async || entered_for.heard(&bearer()).then_some(())).await;
    assert!(arrived.is_some(), "the panel did not use the credential");

    bench.point_at(other.url());
    let asks = |snapshot: &Value| {
        let banners = snapshot["banners"].as_array().cloned().unwrap_or_default();
        banners.into_iter().find(|banner| banner["id"] == "origin-prometheus")
    };
    let banner = eventually(SOON, async || asks(&bridge.call("snapshot", &json!({})).await)).await;
    let banner = banner.expect("the panel did not ask");
    assert!(banner["text"].as_str().expect("a text").contains(other.url()), "{banner}");
    assert_eq!(other.requests_with_credentials(), 0);
    let status = bridge.call("secret_status", &json!({})).await;
    assert_eq!(status["entries"][0]["untrusted"], json!([other.url()]), "{status}");

    bridge.call("secret_trust", &json!({"id": "prometheus/token", "origin": other.url()})).await;
    let arrived = eventually(SOON, async || other.heard(&bearer()).then_some(())).await;
    assert!(arrived.is_some(), "a confirmed server does not receive the credential");
}

#[tokio::test(flavor = "multi_thread")]
async fn environment_credential_is_named_once_for_each_server() {
    let Some(bench) = Bench::start() else { return };
    let (one, two) = (Echo::start(None).await.expect("a server"), Echo::start(None).await.expect("a server"));
    let environment = [("AETHER_PROMETHEUS_TOKEN", TOKEN)];
    let named = |output: &Output, url: &str| {
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(!text(output).contains(TOKEN));
        said.contains(&format!("Using AETHER_PROMETHEUS_TOKEN from the environment for {url}"))
    };
    bench.point_at(one.url());
    let first = bench.run(bench.home.path(), &["gauges", "--json"], &environment);
    assert!(named(&first, one.url()), "{}", text(&first));
    assert!(serde_json::from_slice::<Value>(&first.stdout).is_ok(), "standard output stays one JSON object");
    assert!(one.heard(&bearer()));
    let second = bench.run(bench.home.path(), &["gauges"], &environment);
    assert!(!named(&second, one.url()), "{}", text(&second));
    bench.point_at(two.url());
    let third = bench.run(bench.home.path(), &["gauges"], &environment);
    assert!(named(&third, two.url()), "{}", text(&third));
}
