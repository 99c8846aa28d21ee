//! What the tests across crates share: where things are, and a desktop of their own.
//!
//! A test that can't be tried says `skipped: why` on standard error and returns; `cargo xtask test` counts it
//! as skipped.

pub mod echo;
pub mod history;
pub mod objects;
pub mod stack;
#[cfg(target_os = "linux")]
pub mod window;

use std::{
    io::{BufRead, BufReader, Write},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

/// The repository's root: of the checkout in which cargo runs, not of the one in which this was built.
pub fn root() -> PathBuf {
    let manifest = std::env::var_os("CARGO_MANIFEST_DIR")
        .map_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")), PathBuf::from);
    manifest.parent().map_or_else(|| PathBuf::from("."), Path::to_path_buf)
}

/// A program of the workspace beside the running test, if it has been built.
pub fn built(name: &str) -> Option<PathBuf> {
    let mut folder = std::env::current_exe().ok()?;
    folder.pop();
    if folder.ends_with("deps") {
        folder.pop();
    }
    Some(folder.join(name)).filter(|path| path.is_file())
}

/// The full path of a program, if it is installed or the environment names it.
pub fn on_path(program: &str) -> Option<PathBuf> {
    aether_sim::servers::find(program, "").ok()
}

/// The first of these programs that is missing.
pub fn missing<'a>(programs: &[&'a str]) -> Option<&'a str> {
    programs.iter().copied().find(|program| on_path(program).is_none())
}

/// A child that is ended with its value.
pub struct Ended(pub Child);

impl Drop for Ended {
    fn drop(&mut self) {
        // SIGTERM first: X servers and buses remove their sockets on it.
        let _ = Command::new("kill").arg(self.0.id().to_string()).stderr(Stdio::null()).status();
        let deadline = Instant::now() + Duration::from_secs(3);
        while Instant::now() < deadline && matches!(self.0.try_wait(), Ok(None)) {
            std::thread::sleep(Duration::from_millis(20));
        }
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Tries until `probe` gives a value or the time is over.
pub async fn eventually<T>(patience: Duration, mut probe: impl AsyncFnMut() -> Option<T>) -> Option<T> {
    let deadline = Instant::now() + patience;
    loop {
        if let Some(value) = probe().await {
            return Some(value);
        }
        if Instant::now() >= deadline {
            return None;
        }
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
}

/// A virtual screen, a session bus and an unlocked Secret Service that nobody else uses.
pub struct Desktop {
    /// Name of the display.
    pub display: String,
    /// Address of the bus.
    pub bus: String,
    /// HOME and XDG folders of everything on it.
    pub home: tempfile::TempDir,
    _children: Vec<Ended>,
}

impl Desktop {
    /// Programs that it takes.
    pub const NEEDS: &'static [&'static str] = &["Xvfb", "dbus-daemon", "dbus-send", "gnome-keyring-daemon"];

    /// Starts one.
    ///
    /// # Errors
    /// What could not be started.
    pub fn start() -> Result<Self, String> {
        let home = tempfile::tempdir().map_err(|e| e.to_string())?;
        let mut screen = Command::new("Xvfb")
            .args(["-displayfd", "1", "-screen", "0", "1280x800x24", "-nolisten", "tcp"])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .map_err(|e| format!("Xvfb: {e}"))?;
        let number = first_line(&mut screen)?;
        let mut children = vec![Ended(screen)];
        let mut bus = Command::new("dbus-daemon")
            .args(["--session", "--nofork", "--nopidfile", "--print-address=1"])
            .env("HOME", home.path())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .map_err(|e| format!("dbus-daemon: {e}"))?;
        let address = first_line(&mut bus)?;
        children.push(Ended(bus));
        let mut desktop = Self { display: format!(":{number}"), bus: address, home, _children: children };
        let mut keyring = desktop
            .command("gnome-keyring-daemon")
            .args(["--foreground", "--unlock", "--components=secrets"])
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .map_err(|e| format!("gnome-keyring-daemon: {e}"))?;
        keyring.stdin.take().ok_or("no stdin")?.write_all(b"test").map_err(|e| e.to_string())?;
        desktop._children.insert(0, Ended(keyring));
        // Whoever asks before the keyring is on the bus makes the bus start another one, which is locked.
        let deadline = Instant::now() + Duration::from_secs(20);
        while !desktop.has_keyring()? {
            if Instant::now() >= deadline {
                return Err("the keyring did not come up".into());
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        Ok(desktop)
    }

    fn has_keyring(&self) -> Result<bool, String> {
        let asked = self
            .command("dbus-send")
            .args([
                "--session",
                "--print-reply=literal",
                "--dest=org.freedesktop.DBus",
                "/org/freedesktop/DBus",
            ])
            .args(["org.freedesktop.DBus.NameHasOwner", "string:org.freedesktop.secrets"])
            .stdin(Stdio::null())
            .output()
            .map_err(|e| format!("dbus-send: {e}"))?;
        Ok(String::from_utf8_lossy(&asked.stdout).contains("true"))
    }

    /// A command on this desktop.
    pub fn command(&self, program: impl AsRef<std::ffi::OsStr>) -> Command {
        let mut command = Command::new(program);
        command
            .env("DISPLAY", &self.display)
            .env_remove("WAYLAND_DISPLAY")
            .env("DBUS_SESSION_BUS_ADDRESS", &self.bus)
            .env("HOME", self.home.path())
            .env("XDG_RUNTIME_DIR", self.home.path())
            .env("XDG_DATA_HOME", self.home.path().join("share"))
            .env("XDG_CONFIG_HOME", self.home.path().join("config"))
            .env("XDG_CACHE_HOME", self.home.path().join("cache"));
        command
    }
}

fn first_line(child: &mut Child) -> Result<String, String> {
    let mut line = String::new();
    let stdout = child.stdout.take().ok_or("no output")?;
    BufReader::new(stdout).read_line(&mut line).map_err(|e| e.to_string())?;
    let line = line.trim().to_owned();
    if line.is_empty() { Err("it ended without a word".into()) } else { Ok(line) }
}
