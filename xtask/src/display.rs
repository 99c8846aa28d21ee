//! A display to show a window on: the one at hand, or a virtual one of our own.

use std::{
    path::Path,
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use crate::process::command;

/// Whether this session has a display.
pub fn at_hand() -> bool {
    cfg!(not(target_os = "linux"))
        || ["DISPLAY", "WAYLAND_DISPLAY"]
            .iter()
            .any(|name| std::env::var_os(name).is_some_and(|value| !value.is_empty()))
}

/// A virtual X server that ends with this value.
pub struct Virtual {
    server: Child,
    manager: Option<Child>,
    /// Its name, e.g. `:97`.
    pub name: String,
}

impl Virtual {
    /// Starts one on the first free number from 90 on.
    pub fn start(width: u32, height: u32) -> Result<Self, String> {
        for number in 90..190 {
            let socket = format!("/tmp/.X11-unix/X{number}");
            if Path::new(&socket).exists() || Path::new(&format!("/tmp/.X{number}-lock")).exists() {
                continue;
            }
            let name = format!(":{number}");
            let mut server = command("Xvfb")
                .args([name.as_str(), "-screen", "0", &format!("{width}x{height}x24"), "-nolisten", "tcp"])
                .stdin(Stdio::null())
                .stdout(Stdio::null())
                .stderr(Stdio::null())
                .spawn()
                .map_err(|e| format!("failed to start Xvfb: {e}"))?;
            let deadline = Instant::now() + Duration::from_secs(20);
            while Instant::now() < deadline {
                if Path::new(&socket).exists() {
                    let manager = quiet(command("openbox").env("DISPLAY", &name)).spawn().ok();
                    return Ok(Self { server, manager, name });
                }
                if matches!(server.try_wait(), Ok(Some(_))) {
                    break; // somebody else took the number
                }
                thread::sleep(Duration::from_millis(50));
            }
            stop(&mut server);
        }
        Err("failed to start a virtual display".into())
    }

    /// Writes a window, or the whole screen, as a PNG.
    pub fn picture(&self, window: Option<&str>, file: &Path) -> Result<(), String> {
        let mut import = command("import");
        import.env("DISPLAY", &self.name).args(["-window", window.unwrap_or("root")]).arg(file);
        crate::process::run(&mut import)
    }
}

impl Drop for Virtual {
    fn drop(&mut self) {
        if let Some(manager) = &mut self.manager {
            stop(manager);
        }
        stop(&mut self.server);
    }
}

/// A command that says nothing.
pub fn quiet(command: &mut Command) -> &mut Command {
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null())
}

/// Asks a child to end, waits for it, and ends it by force after five seconds.
pub fn stop(child: &mut Child) {
    if cfg!(unix) && matches!(child.try_wait(), Ok(None)) {
        let asked = quiet(command("kill").arg(child.id().to_string())).status().is_ok();
        let deadline = Instant::now() + Duration::from_secs(5);
        while asked && Instant::now() < deadline && matches!(child.try_wait(), Ok(None)) {
            thread::sleep(Duration::from_millis(20));
        }
    }
    // Both fail only when it has ended already.
    let _ = child.kill();
    let _ = child.wait();
}
