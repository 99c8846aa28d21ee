//! What has to be settled before the window library starts: the renderer, the display, which installation this is.

use std::{ffi::OsStr, io::Write};

#[cfg(target_os = "linux")]
const RENDERER: &str = "WEBKIT_DISABLE_DMABUF_RENDERER";

/// Starts this program anew with WebKit's plain renderer, unless the person has chosen one: with the other, windows
/// stay blank on some graphics drivers. The variable has to be there before any thread is, and a process can't
/// change its own environment safely; it can only be born with another one. Process id and arguments stay.
#[cfg(target_os = "linux")]
pub fn with_plain_renderer() {
    use std::os::unix::process::CommandExt;
    if std::env::var_os(RENDERER).is_some() {
        return;
    }
    let Ok(program) = std::env::current_exe() else { return };
    let mut args = std::env::args_os();
    // Not a child process: this program goes on in the same process, and needs everything that it was started with, its
    // own AETHER_* variables too. So it is the one command that is not built by aether_panel::child.
    let mut command = std::process::Command::new(program);
    if let Some(name) = args.next() {
        command.arg0(name);
    }
    // Comes back only if it failed; the window may still be fine as it is.
    let error = command.args(args).env(RENDERER, "1").exec();
    complain(&format!("failed to set {RENDERER}: {error}"));
}

/// Elsewhere there is no such choice.
#[cfg(not(target_os = "linux"))]
pub fn with_plain_renderer() {}

/// Whether there is a display to open a window on. Without this question the window library panics.
///
/// # Errors
/// A sentence for the person in the terminal.
#[cfg(target_os = "linux")]
pub fn display() -> Result<(), String> {
    gtk::init().map_err(|_| {
        let set: Vec<String> = ["WAYLAND_DISPLAY", "DISPLAY"]
            .into_iter()
            .filter_map(|name| {
                std::env::var(name).ok().filter(|value| !value.is_empty()).map(|v| format!("{name}={v}"))
            })
            .collect();
        let why = if set.is_empty() {
            "neither DISPLAY nor WAYLAND_DISPLAY is set".to_owned()
        } else {
            format!("cannot open {}", set.join(" and "))
        };
        format!("no display is available: {why}.\nIn a shell without a display, use aetherctl.")
    })
}

/// Elsewhere there always is one.
#[cfg(not(target_os = "linux"))]
pub fn display() -> Result<(), String> {
    Ok(())
}

/// Says something on standard error; nobody may be reading it.
pub fn complain(message: &str) {
    let _ = writeln!(std::io::stderr(), "aetherlink-panel: {message}");
}

/// The application's identifier. An installation of its own (`AETHER_HOME`) gets one of its own, so that it does not
/// count as a second start of the usual one.
pub fn identifier(plain: &str, home: Option<&OsStr>) -> String {
    let Some(home) = home.filter(|home| !home.is_empty()) else { return plain.to_owned() };
    let folder = std::path::absolute(home).unwrap_or_else(|_| home.into());
    // FNV-1a: the same in every build, which the standard library's hasher does not promise.
    let hash = folder.as_os_str().as_encoded_bytes().iter().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3)
    });
    format!("{plain}.h{hash:016x}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_installation_of_its_own_is_no_second_start() {
        let usual = identifier("a.b", None);
        let one = identifier("a.b", Some(OsStr::new("/tmp/one")));
        let other = identifier("a.b", Some(OsStr::new("/tmp/other")));
        assert_eq!(usual, "a.b");
        assert_eq!(identifier("a.b", Some(OsStr::new(""))), "a.b");
        assert!(one != other && one != usual);
        assert_eq!(one, identifier("a.b", Some(OsStr::new("/tmp/one"))));
        // A D-Bus name's parts start with a letter.
        assert!(one.split('.').all(|part| part.starts_with(|c: char| c.is_ascii_alphabetic())));
    }
}
