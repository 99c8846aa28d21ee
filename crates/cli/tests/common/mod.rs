//! Runs the real `aetherctl` in an installation of its own.
#![allow(dead_code, clippy::unwrap_used, clippy::panic)]

use std::{
    io::Write,
    path::PathBuf,
    process::{Command, Output, Stdio},
};

use aether_sim::servers::{Alertmanager, AlertmanagerOptions};
use serde_json::Value;

/// An installation in a folder that goes away with it.
pub struct Home {
    folder: tempfile::TempDir,
}

/// What a run ended with.
#[derive(Debug)]
pub struct Ran {
    pub code: i32,
    pub out: String,
    pub err: String,
}

impl Ran {
    /// The one JSON object on standard output.
    pub fn json(&self) -> Value {
        let mut lines = self.out.lines();
        let object = serde_json::from_str(lines.next().unwrap_or_default())
            .unwrap_or_else(|error| panic!("{error}: {self:?}"));
        assert_eq!(lines.next(), None, "one object only: {self:?}");
        object
    }
}

impl Home {
    pub fn new() -> Self {
        Self { folder: tempfile::tempdir().unwrap() }
    }

    pub fn path(&self) -> PathBuf {
        self.folder.path().to_path_buf()
    }

    /// A file in the installation's folder.
    pub fn file(&self, name: &str, text: &str) -> String {
        let path = self.folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        path.display().to_string()
    }

    /// The command, cut off from the session's own stack, keyring, proxy and colours.
    pub fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_aetherctl"));
        command
            .args(args)
            .env("AETHER_HOME", self.folder.path())
            .env("NO_PROXY", "127.0.0.1")
            .stdin(Stdio::null());
        for name in [
            "AETHER_STACK",
            "DBUS_SESSION_BUS_ADDRESS",
            "XDG_RUNTIME_DIR",
            "DISPLAY",
            "NO_COLOR",
            "CLICOLOR_FORCE",
        ] {
            command.env_remove(name);
        }
        command
    }

    pub fn run(&self, args: &[&str]) -> Ran {
        ran(self.command(args).output().unwrap())
    }

    /// With text on standard input.
    pub fn run_with(&self, args: &[&str], input: &str) -> Ran {
        let mut child = self
            .command(args)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
        ran(child.wait_with_output().unwrap())
    }
}

pub fn ran(output: Output) -> Ran {
    Ran {
        code: output.status.code().unwrap_or(-1),
        out: String::from_utf8(output.stdout).unwrap(),
        err: String::from_utf8(output.stderr).unwrap(),
    }
}

/// A profile without gauges of the pack: one of its own that always has a value.
pub fn profile(prometheus: &str, alertmanagers: &[&str]) -> String {
    let urls: Vec<String> = alertmanagers.iter().map(|url| format!("{url:?}")).collect();
    format!(
        "name = \"test\"\n[prometheus]\nurl = {prometheus:?}\n[alertmanager]\nurls = [{}]\n\
         [[gauges]]\nid = \"always-one\"\ntitle = \"Always one\"\nquery = \"vector(1)\"\nunit = \"score\"\n\
         min = 0\nmax = 2\nwarn = 0.8\ncritical = 0.5\nhigher_is_better = true\n",
        urls.join(", ")
    )
}

/// An Alertmanager of the installation's own.
pub async fn alertmanager(home: &Home, config: &str) -> Alertmanager {
    let options =
        AlertmanagerOptions { folder: home.path().join("am"), config: config.into(), ..Default::default() };
    Alertmanager::launch(options).await.unwrap()
}

/// When to kill a run, so that the points lie all over it: a run that had ended before it was killed makes the
/// next ones be killed sooner, because the machine has become faster than when it was measured. Whoever needs more
/// points than planned has a machine that has become slower.
pub struct Pace {
    span: std::time::Duration,
    points: u32,
    next: u32,
}

impl Pace {
    pub fn new(span: std::time::Duration, points: u32) -> Self {
        Self { span, points, next: 0 }
    }

    /// After how long the next run is killed.
    pub fn after(&mut self) -> std::time::Duration {
        if self.next == self.points {
            (self.span, self.next) = (self.span * 3 / 2, 0);
        }
        let after = self.span * self.next / self.points;
        self.next += 1;
        after
    }

    /// The run had ended already.
    pub fn missed(&mut self) {
        self.span = self.span * 4 / 5;
    }
}
