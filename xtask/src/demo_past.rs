//! What the demo's operators have done before it opens: two backups with a change of a dashboard between them and one
//! after, a maintenance window and a check. All of it is done, on the demo's own servers, with `aetherctl`.

use std::{
    path::Path,
    thread,
    time::{Duration, Instant},
};

use serde_json::{Value, json};

use crate::{
    process::{built, command},
    suite,
};

/// Who did it.
const BY: &str = "Ann (demo)";
/// How long the window lasts.
const LENGTH: Duration = Duration::from_secs(60);

/// The demo stack, for `aetherctl`.
pub struct Past<'a> {
    pub home: &'a Path,
    pub release: bool,
    pub grafana: &'a str,
    pub token: &'a str,
}

impl Past<'_> {
    /// Does it, where nothing has been done yet.
    ///
    /// # Errors
    /// What failed: the demo is usable without.
    pub fn make(&self) -> Result<(), String> {
        let list: Value =
            serde_json::from_str(&self.run(&["backup", "list", "--json"])?).map_err(|e| e.to_string())?;
        if list.pointer("/data/backups").and_then(Value::as_array).is_none_or(|backups| !backups.is_empty()) {
            return Ok(());
        }
        println!(
            "demo: creating two backups, a maintenance window of a minute and a check (on the first run) …"
        );
        self.run(&["backup", "create", "--reason", "Nightly backup", "--by", BY])?;
        self.edit("rag-00", "More than 40 % of answers with low confidence")?;
        let window: Value = serde_json::from_str(&self.run(&[
            "maintenance",
            "start",
            "--for",
            "30m",
            "--comment",
            "Deploy 2.3.0",
            "--by",
            BY,
            "--wait-verified",
            "--json",
        ])?)
        .map_err(|e| e.to_string())?;
        let id = window.pointer("/data/id").and_then(Value::as_str).ok_or("the window has no id")?;
        let during = || {
            self.run(&["backup", "create", "--reason", "Before the deploy of 2.3.0", "--by", BY])?;
            self.edit("platform-00", "Deploy 2.3.0: new panels for the cache")?;
            self.run(&["check", "quick"])
        };
        let begun = Instant::now();
        let done = during();
        // The history shows how long it lasted.
        thread::sleep(LENGTH.saturating_sub(begun.elapsed()));
        self.run(&["maintenance", "end", id])?;
        done.map(drop)
    }

    /// What `aetherctl` prints. It may end with findings (1): the demo has some.
    fn run(&self, arguments: &[&str]) -> Result<String, String> {
        let mut aetherctl = command(built("aetherctl", self.release));
        aetherctl.env("AETHER_HOME", self.home).env("AETHER_GRAFANA_TOKEN", self.token);
        let done = aetherctl
            .args(["--stack", "demo"])
            .args(arguments)
            .output()
            .map_err(|e| format!("aetherctl: {e}"))?;
        match done.status.code() {
            Some(0 | 1) => Ok(String::from_utf8_lossy(&done.stdout).into_owned()),
            _ => Err(format!(
                "aetherctl {}: {}",
                arguments.join(" "),
                String::from_utf8_lossy(&done.stderr).trim()
            )),
        }
    }

    /// Saves a dashboard with another description, as somebody does in Grafana.
    fn edit(&self, uid: &str, description: &str) -> Result<(), String> {
        let base = self.grafana.trim_end_matches('/');
        let ask = |path: &str, body: Option<&Value>| {
            suite::request(&format!("{base}{path}"), self.token, body)
                .and_then(|text| serde_json::from_str::<Value>(&text).ok())
                .ok_or_else(|| format!("Grafana did not answer {path}"))
        };
        let mut read = ask(&format!("/api/dashboards/uid/{uid}"), None)?;
        let mut dashboard = read.get_mut("dashboard").map(Value::take).ok_or("no dashboard")?;
        dashboard["description"] = json!(description);
        let folder = read.pointer("/meta/folderUid").cloned().unwrap_or_default();
        ask(
            "/api/dashboards/db",
            Some(&json!({"dashboard": dashboard, "folderUid": folder, "message": description})),
        )
        .map(drop)
    }
}
