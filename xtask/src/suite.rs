//! What `demo`, `test` and `bench` share: the demo stack's process, a message bus with a keyring of its own, and the
//! programs to build.

use std::{
    fs,
    io::{BufRead, BufReader, Read, Write},
    net::TcpStream,
    path::Path,
    process::{Child, Command, Stdio},
    sync::mpsc,
    thread,
    time::{Duration, Instant},
};

use serde_json::Value;

use crate::{
    display::{Virtual, at_hand, quiet, stop},
    process::{self, built, cargo, command, on_path},
    setup,
};

/// A process that tells by one JSON line that it is ready, and ends when its standard input closes.
pub struct Service {
    child: Child,
    /// What it said.
    pub ready: Value,
}

impl Service {
    /// Starts it and waits for its line.
    pub fn start(command: &mut Command, patience: Duration) -> Result<Self, String> {
        let text = process::show(command);
        let mut child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .map_err(|e| format!("failed to start `{text}`: {e}"))?;
        let Some(stdout) = child.stdout.take() else {
            stop(&mut child);
            return Err(format!("`{text}` has no output"));
        };
        let (sender, receiver) = mpsc::channel();
        thread::spawn(move || {
            // Reads on after the line, so that the process never blocks on a full pipe.
            for line in BufReader::new(stdout).lines().map_while(Result::ok) {
                if let Ok(value) = serde_json::from_str::<Value>(&line) {
                    let _ = sender.send(value);
                } else {
                    println!("{line}");
                }
            }
        });
        match receiver.recv_timeout(patience) {
            Ok(ready) => Ok(Self { child, ready }),
            Err(_) => {
                stop(&mut child);
                Err(format!("`{text}` was not ready within {} s", patience.as_secs()))
            }
        }
    }

    /// A text of the ready line.
    pub fn text(&self, pointer: &str) -> Option<&str> {
        self.ready.pointer(pointer).and_then(Value::as_str)
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        drop(self.child.stdin.take());
        let deadline = Instant::now() + Duration::from_secs(15);
        while Instant::now() < deadline && matches!(self.child.try_wait(), Ok(None)) {
            thread::sleep(Duration::from_millis(50));
        }
        stop(&mut self.child);
    }
}

/// The embedded demo stack, its data kept in `folder`, its profile written into the panel's `home`.
pub fn demo_stack(folder: &Path, home: &Path, release: bool) -> Result<Service, String> {
    let mut demo = command(built("aether-sim", release));
    demo.arg("demo")
        .arg("--dir")
        .arg(folder)
        .arg("--home")
        .arg(home)
        .arg("--pack")
        .arg(process::root().join("monitoring"));
    Service::start(&mut demo, Duration::from_secs(300))
}

/// A session bus of our own with an unlocked keyring, for a machine without a desktop.
pub struct Bus {
    bus: Child,
    keyring: Option<Child>,
    /// Its address.
    pub address: String,
}

impl Bus {
    /// Starts both. `folder` holds the keyring's file.
    pub fn start(folder: &Path) -> Result<Self, String> {
        fs::create_dir_all(folder).map_err(|e| format!("{}: {e}", folder.display()))?;
        let mut bus = command("dbus-daemon")
            .args(["--session", "--nofork", "--nopidfile", "--print-address=1"])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .map_err(|e| format!("failed to start dbus-daemon: {e}"))?;
        let mut address = String::new();
        if let Some(stdout) = bus.stdout.take() {
            // An error leaves the address empty, which is told below.
            let _ = BufReader::new(stdout).read_line(&mut address);
        }
        let address = address.trim().to_owned();
        if address.is_empty() {
            stop(&mut bus);
            return Err("dbus-daemon did not print its address".into());
        }
        let keyring = on_path("gnome-keyring-daemon").then(|| Self::keyring(folder, &address)).flatten();
        Ok(Self { bus, keyring, address })
    }

    fn keyring(folder: &Path, address: &str) -> Option<Child> {
        let mut keyring = command("gnome-keyring-daemon")
            .args(["--foreground", "--unlock", "--components=secrets"])
            .env("DBUS_SESSION_BUS_ADDRESS", address)
            .env("HOME", folder)
            .env("XDG_DATA_HOME", folder)
            .env("XDG_RUNTIME_DIR", folder)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .ok()?;
        // The password of a keyring that nobody else uses; closing the pipe ends it.
        keyring.stdin.take()?.write_all(b"demo").ok()?;
        Some(keyring)
    }
}

impl Drop for Bus {
    fn drop(&mut self) {
        if let Some(keyring) = &mut self.keyring {
            stop(keyring);
        }
        stop(&mut self.bus);
    }
}

/// Asks a loopback server and returns the body. For readiness only: no redirects, no chunks, five seconds.
pub fn get(url: &str) -> Option<String> {
    request(url, "", None)
}

/// The body of an answer over plain HTTP. With a body it is a POST, with a token a request of somebody who is known.
pub fn request(url: &str, token: &str, body: Option<&Value>) -> Option<String> {
    let rest = url.strip_prefix("http://")?;
    let (host, path) = rest.split_once('/').unwrap_or((rest, ""));
    let mut stream = TcpStream::connect(host).ok()?;
    stream.set_read_timeout(Some(Duration::from_secs(5))).ok()?;
    let (method, body) = body.map_or(("GET", String::new()), |body| ("POST", body.to_string()));
    let token = if token.is_empty() { String::new() } else { format!("Authorization: Bearer {token}\r\n") };
    write!(
        stream,
        "{method} /{path} HTTP/1.0\r\nHost: {host}\r\n{token}Content-Type: application/json\r\nContent-Length: \
            {}\r\n\r\n{body}",
        body.len()
    )
    .ok()?;
    let mut text = String::new();
    stream.read_to_string(&mut text).ok()?;
    text.split_once("\r\n\r\n").map(|(_, body)| body.to_owned())
}

/// `bench`: builds the optimised window and an empty one, and runs the measurements.
pub fn bench(args: &[String]) -> Result<(), String> {
    setup::everything()?;
    setup::ui()?;
    // In one go with the programs, so that both windows are of the same build.
    process::run(cargo().args([
        "build",
        "--release",
        "--workspace",
        "--exclude",
        "xtask",
        "--bins",
        "--example",
        "empty",
        "--features",
        "aetherlink-panel/custom-protocol",
    ]))?;
    let folder = setup::scratch("bench")?;
    let screen = if at_hand() { None } else { Some(Virtual::start(1280, 800)?) };
    let bus = Bus::start(&folder.join("keyring"))?;
    let mut bench = command(built("aether-bench", true));
    bench.args(args).env("DBUS_SESSION_BUS_ADDRESS", &bus.address);
    if let Some(screen) = &screen {
        bench.env("DISPLAY", &screen.name);
    }
    process::run(&mut bench)
}

/// A quiet child with a display and a bus.
pub fn window(program: &Path, screen: Option<&Virtual>, bus: Option<&Bus>) -> Command {
    let mut window = command(program);
    if let Some(screen) = screen {
        window.env("DISPLAY", &screen.name).env_remove("WAYLAND_DISPLAY");
        quiet(&mut window);
    }
    if let Some(bus) = bus {
        window.env("DBUS_SESSION_BUS_ADDRESS", &bus.address);
    }
    window
}
