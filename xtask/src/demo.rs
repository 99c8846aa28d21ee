//! `demo`: the panel on a stack of its own. Ends everything that it started.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Child,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use crate::{
    build_progress,
    demo_past::Past,
    display::{self, Virtual},
    process::{self, built, command, on_path, output},
    setup,
    suite::{self, Bus, Service},
};

/// Screens with a picture each.
const SCREENS: &[&str] = &[
    "overview",
    "alerts",
    "maintenance",
    "backups",
    "versions",
    "rules",
    "slos",
    "runbooks",
    "checks",
    "settings",
];

/// Size of the window on a virtual screen, in pixels.
const WIDTH: u32 = 1440;
/// See [`WIDTH`].
const HEIGHT: u32 = 900;

struct Options {
    docker: bool,
    release: bool,
    fresh: bool,
    screenshots: bool,
}

/// Entry point.
pub fn run(args: &[String]) -> Result<(), String> {
    let mut options = Options { docker: false, release: false, fresh: false, screenshots: false };
    for arg in args {
        match arg.as_str() {
            "--docker" => options.docker = true,
            "--release" => options.release = true,
            "--fresh" => options.fresh = true,
            "--screenshots" => options.screenshots = true,
            other => return Err(format!("demo: unknown option '{other}' (see cargo xtask help)")),
        }
    }
    let headless = options.screenshots || !display::at_hand();
    setup::demo(headless, !options.docker)?;
    setup::ui()?;
    let programs = [
        "-p",
        "aetherlink-panel",
        "-p",
        "aetherctl",
        "-p",
        "aether-sim",
        "--features",
        "aetherlink-panel/custom-protocol",
    ];
    build_progress::build(&programs, if options.release { &["--release"] } else { &[] })?;

    let stopped = Arc::new(AtomicBool::new(false));
    let flag = Arc::clone(&stopped);
    ctrlc::set_handler(move || flag.store(true, Ordering::SeqCst))
        .map_err(|e| format!("failed to install a signal handler: {e}"))?;

    let folder = setup::scratch("demo")?;
    let home = folder.join(if headless { "home-headless" } else { "home" });
    let data = folder.join("stack");
    if options.fresh {
        for old in [&home, &data] {
            if old.exists() {
                fs::remove_dir_all(old).map_err(|e| format!("{}: {e}", old.display()))?;
            }
        }
    }
    let mut session = Session {
        release: options.release,
        folder: &folder,
        home: &home,
        stack: "demo",
        environment: Vec::new(),
        stopped: &stopped,
    };
    if options.docker {
        let _stack = Compose::start(options.release)?;
        session.stack = "aetherlink";
        return if headless { session.pictures() } else { session.window() };
    }
    println!("demo: starting the stack (creates 30 days of history on the first run) …");
    let stack = suite::demo_stack(&data, &home, options.release)?;
    println!("demo: {}", stack.ready);
    if let Some(token) = stack.text("/grafana_token") {
        session.environment.push(("AETHER_GRAFANA_TOKEN".to_owned(), token.to_owned()));
    }
    if let (Some(grafana), Some(token)) = (stack.text("/grafana"), stack.text("/grafana_token")) {
        let past = Past { home: &home, release: options.release, grafana, token };
        if let Err(error) = past.make() {
            eprintln!("demo: {error}");
        }
    }
    if !headless {
        return session.window();
    }
    if let Some(alertmanager) = stack.text("/alertmanager") {
        session.first_alert(alertmanager);
    }
    session.pictures()
}

/// What the window is opened on.
struct Session<'a> {
    release: bool,
    folder: &'a Path,
    home: &'a Path,
    stack: &'a str,
    environment: Vec<(String, String)>,
    stopped: &'a AtomicBool,
}

impl Session<'_> {
    fn ended(&self) -> bool {
        self.stopped.load(Ordering::SeqCst)
    }

    /// Starts the panel.
    fn open(&self, screen: Option<&Virtual>, bus: Option<&Bus>, arguments: &[&str]) -> Result<Child, String> {
        let program = built("aetherlink-panel", self.release);
        let mut window = suite::window(&program, screen, bus);
        window.env("AETHER_HOME", self.home).envs(self.environment.iter().map(|(name, value)| (name, value)));
        window.args(["--stack", self.stack]).args(arguments);
        window.spawn().map_err(|e| format!("{}: {e}", program.display()))
    }

    /// Opens the window and waits until it is closed or the demo is stopped.
    fn window(&self) -> Result<(), String> {
        println!("demo: the window is open; close it or press Ctrl+C to stop everything");
        let bus = if std::env::var_os("DBUS_SESSION_BUS_ADDRESS").is_none() && on_path("dbus-daemon") {
            Some(Bus::start(&self.folder.join("keyring"))?)
        } else {
            None
        };
        let mut child = self.open(None, bus.as_ref(), &[])?;
        while !self.ended() {
            if let Some(status) = child.try_wait().map_err(|e| format!("the window: {e}"))? {
                return if status.success() {
                    Ok(())
                } else {
                    Err(format!("the window exited with {status}"))
                };
            }
            thread::sleep(Duration::from_millis(100));
        }
        display::stop(&mut child);
        Ok(())
    }

    /// Waits until Alertmanager holds an alert, so that the pictures show one.
    fn first_alert(&self, alertmanager: &str) {
        println!("demo: waiting for the first alert …");
        let deadline = Instant::now() + Duration::from_secs(120);
        let address = format!("{}/api/v2/alerts", alertmanager.trim_end_matches('/'));
        while Instant::now() < deadline && !self.ended() {
            if suite::get(&address).is_some_and(|body| body.contains("fingerprint")) {
                return;
            }
            thread::sleep(Duration::from_millis(500));
        }
    }

    /// Writes a picture of every screen in both themes.
    fn pictures(&self) -> Result<(), String> {
        // Room for a title bar around the window.
        let screen = Virtual::start(WIDTH + 40, HEIGHT + 80)?;
        let bus = Bus::start(&self.folder.join("keyring"))?;
        let mut written: Vec<PathBuf> = Vec::new();
        for theme in ["dark", "light"] {
            set_theme(self.home, theme)?;
            for name in SCREENS {
                if self.ended() {
                    return Ok(());
                }
                let mut child = self.open(Some(&screen), Some(&bus), &["--screen", name])?;
                let window = fit(&screen);
                thread::sleep(Duration::from_secs(4));
                if let Ok(Some(status)) = child.try_wait() {
                    let logs = self.home.join("logs");
                    return Err(format!(
                        "the window exited immediately with {status}; see the log in {}",
                        logs.display()
                    ));
                }
                let file = self.folder.join(format!("{name}-{theme}.png"));
                let taken = screen.picture(window.as_deref(), &file);
                display::stop(&mut child);
                taken?;
                written.push(file);
            }
        }
        println!("demo: no display found, used a virtual one; {} screenshots written:", written.len());
        for file in written {
            println!("  {}", file.display());
        }
        Ok(())
    }
}

/// Gives the window its size and tells its id. None when it did not come up in time: the screen's picture shows why.
fn fit(screen: &Virtual) -> Option<String> {
    let xdotool =
        |arguments: &[&str]| output(command("xdotool").env("DISPLAY", &screen.name).args(arguments));
    let deadline = Instant::now() + Duration::from_secs(20);
    while Instant::now() < deadline {
        let found = xdotool(&["search", "--onlyvisible", "--name", "^AetherLink"]);
        if let Some(id) = found.ok().and_then(|ids| ids.lines().next().map(str::to_owned)) {
            let (width, height) = (WIDTH.to_string(), HEIGHT.to_string());
            // A window of another size still makes a picture.
            let _ = xdotool(&["windowmove", &id, "0", "0", "windowsize", &id, &width, &height]);
            return Some(id);
        }
        thread::sleep(Duration::from_millis(100));
    }
    None
}

/// Sets the theme in the headless home's settings, leaving the rest as it is.
fn set_theme(home: &Path, theme: &str) -> Result<(), String> {
    let file = home.join("config/settings.toml");
    let old = fs::read_to_string(&file).unwrap_or_default();
    let mut lines: Vec<String> =
        old.lines().filter(|line| !line.trim_start().starts_with("theme")).map(str::to_owned).collect();
    lines.insert(0, format!("theme = \"{theme}\""));
    if let Some(folder) = file.parent() {
        fs::create_dir_all(folder).map_err(|e| format!("{}: {e}", folder.display()))?;
    }
    fs::write(&file, lines.join("\n") + "\n").map_err(|e| format!("{}: {e}", file.display()))
}

/// The pack's own compose file, with the simulated service beside it.
struct Compose {
    _service: Service,
}

impl Compose {
    fn start(release: bool) -> Result<Self, String> {
        if output(command("docker").args(["compose", "version"])).is_err() {
            return Err("--docker requires Docker with the Compose plugin. Without Docker, run: cargo \
                xtask demo"
                .into());
        }
        let images = output(command("docker").args([
            "compose",
            "-f",
            "monitoring/docker-compose.yml",
            "config",
            "--images",
        ]))?;
        let missing: Vec<&str> = images
            .lines()
            .filter(|image| output(command("docker").args(["image", "inspect", image])).is_err())
            .collect();
        if !missing.is_empty() {
            return Err(format!(
                "--docker never pulls images. Run: docker pull {}",
                missing.join(" && docker pull ")
            ));
        }
        let service = Service::start(
            // Containers reach it by the bridge's address, which differs between machines.
            command(built("aether-sim", release)).args([
                "service",
                "--listen",
                "0.0.0.0:8000",
                "--allow-network",
            ]),
            Duration::from_secs(30),
        )?;
        let compose = Self { _service: service };
        process::run(command("docker").args([
            "compose",
            "-f",
            "monitoring/docker-compose.yml",
            "up",
            "-d",
            "--wait",
            "--pull",
            "never",
        ]))?;
        Ok(compose)
    }
}

impl Drop for Compose {
    fn drop(&mut self) {
        // Volumes stay; a failure here is shown by docker itself.
        let _ =
            process::run(command("docker").args(["compose", "-f", "monitoring/docker-compose.yml", "down"]));
    }
}
