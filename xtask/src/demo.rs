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
    display::{self, Virtual},
    process::{self, built, cargo, command, on_path, output, root},
    setup,
    suite::{self, Bus, Service},
};

/// Screens with a picture each.
const SCREENS: &[&str] = &["overview", "alerts", "maintenance", "settings"];

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
    let mut build = cargo();
    build.args([
        "build",
        "-p",
        "aetherlink-panel",
        "-p",
        "aether-sim",
        "--features",
        "aetherlink-panel/custom-protocol",
    ]);
    if options.release {
        build.arg("--release");
    }
    process::run(&mut build)?;

    let stopped = Arc::new(AtomicBool::new(false));
    let flag = Arc::clone(&stopped);
    ctrlc::set_handler(move || flag.store(true, Ordering::SeqCst))
        .map_err(|e| format!("no signal handler: {e}"))?;

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
    if options.docker {
        let stack = Compose::start(options.release)?;
        return show(
            &options,
            headless,
            &folder,
            &home,
            Some("aetherlink"),
            &stack.environment(),
            None,
            &stopped,
        );
    }
    println!("demo: starting the stack (30 days of history are made the first time) …");
    let stack = suite::demo_stack(&data, &home, options.release)?;
    println!("demo: {}", stack.ready);
    if stopped.load(Ordering::SeqCst) {
        return Ok(());
    }
    let mut environment = Vec::new();
    if let Some(token) = stack.text("/grafana_token") {
        environment.push(("AETHER_GRAFANA_TOKEN".to_owned(), token.to_owned()));
    }
    let alertmanager = stack.text("/alertmanager").map(str::to_owned);
    show(&options, headless, &folder, &home, Some("demo"), &environment, alertmanager.as_deref(), &stopped)
}

#[allow(
    clippy::too_many_arguments,
    reason = "one caller a kind of stack; a struct would only rename the same list"
)]
fn show(
    options: &Options,
    headless: bool,
    folder: &Path,
    home: &Path,
    stack: Option<&str>,
    environment: &[(String, String)],
    alertmanager: Option<&str>,
    stopped: &AtomicBool,
) -> Result<(), String> {
    let program = built("aetherlink-panel", options.release);
    let open = |screen: Option<&Virtual>, bus: Option<&Bus>, arguments: &[&str]| -> Result<Child, String> {
        let mut window = suite::window(&program, screen, bus);
        window.env("AETHER_HOME", home).envs(environment.iter().map(|(name, value)| (name, value)));
        if let Some(stack) = stack {
            window.args(["--stack", stack]);
        }
        window.args(arguments).spawn().map_err(|e| format!("{}: {e}", program.display()))
    };
    if !headless {
        println!("demo: the window is open; close it or press Ctrl+C to end everything");
        let bus = if std::env::var_os("DBUS_SESSION_BUS_ADDRESS").is_none() && on_path("dbus-daemon") {
            Some(Bus::start(&folder.join("keyring"))?)
        } else {
            None
        };
        let mut child = open(None, bus.as_ref(), &[])?;
        while !stopped.load(Ordering::SeqCst) {
            if let Some(status) = child.try_wait().map_err(|e| format!("the window: {e}"))? {
                return if status.success() {
                    Ok(())
                } else {
                    Err(format!("the window ended with {status}"))
                };
            }
            thread::sleep(Duration::from_millis(100));
        }
        display::stop(&mut child);
        return Ok(());
    }

    if let Some(url) = alertmanager {
        println!("demo: waiting for the first alert …");
        let deadline = Instant::now() + Duration::from_secs(120);
        while Instant::now() < deadline && !stopped.load(Ordering::SeqCst) {
            let base = url.trim_end_matches('/');
            if suite::get(&format!("{base}/api/v2/alerts")).is_some_and(|body| body.contains("fingerprint")) {
                break;
            }
            thread::sleep(Duration::from_millis(500));
        }
    }
    let screen = Virtual::start(1440, 900)?;
    let bus = Bus::start(&folder.join("keyring"))?;
    let mut written: Vec<PathBuf> = Vec::new();
    for theme in ["dark", "light"] {
        set_theme(home, theme)?;
        for name in SCREENS {
            if stopped.load(Ordering::SeqCst) {
                return Ok(());
            }
            let mut child = open(Some(&screen), Some(&bus), &["--screen", name])?;
            maximise(&screen);
            thread::sleep(Duration::from_secs(4));
            if let Ok(Some(status)) = child.try_wait() {
                return Err(format!(
                    "the window ended at once with {status}; see the log in {}",
                    home.join("logs").display()
                ));
            }
            let file = folder.join(format!("{name}-{theme}.png"));
            let taken = screen.picture(&file);
            display::stop(&mut child);
            taken?;
            written.push(file);
        }
    }
    println!("demo: no display, so a virtual one was used; {} pictures were written:", written.len());
    for file in written {
        println!("  {}", file.display());
    }
    Ok(())
}

/// Fills the virtual screen with the window.
fn maximise(screen: &Virtual) {
    let deadline = Instant::now() + Duration::from_secs(20);
    while Instant::now() < deadline {
        let found = output(command("xdotool").env("DISPLAY", &screen.name).args([
            "search",
            "--onlyvisible",
            "--name",
            "AetherLink",
        ]));
        if let Some(id) = found.ok().and_then(|ids| ids.lines().next().map(str::to_owned)) {
            // A window of another size still makes a picture.
            let _ = output(command("xdotool").env("DISPLAY", &screen.name).args([
                "windowmove",
                &id,
                "0",
                "0",
                "windowsize",
                &id,
                "1440",
                "900",
            ]));
            return;
        }
        thread::sleep(Duration::from_millis(100));
    }
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
            return Err("--docker needs Docker with the compose plugin. Without it: cargo xtask demo".into());
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
                "--docker never pulls. Please run: docker pull {}",
                missing.join(" && docker pull ")
            ));
        }
        let service = Service::start(
            command(built("aether-sim", release)).args(["service", "--listen", "0.0.0.0:8000"]),
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

    /// Grafana in the compose file still has its first password; the demo says so instead of hiding it.
    fn environment(&self) -> Vec<(String, String)> {
        println!(
            "demo: Grafana's user and password are those of {}",
            root().join("monitoring/docker-compose.yml").display()
        );
        Vec::new()
    }
}

impl Drop for Compose {
    fn drop(&mut self) {
        // Volumes stay; a failure here is shown by docker itself.
        let _ =
            process::run(command("docker").args(["compose", "-f", "monitoring/docker-compose.yml", "down"]));
    }
}
