//! Installs what the other commands need: Debian packages and the UI's npm packages. Refuses to download anything
//! outside the package registries. Where it may not install, it prints the exact line and stops.

use std::{collections::hash_map::DefaultHasher, fs, hash::Hasher, path::PathBuf};

use crate::process::{command, npm, on_path, output, root, run, target};

/// What it takes to compile the panel.
const BUILD: &[&str] = &["build-essential", "pkg-config", "libwebkit2gtk-4.1-dev"];
/// What the embedded demo stack runs.
const SERVERS: &[&str] = &["prometheus", "prometheus-alertmanager", "prometheus-blackbox-exporter"];
/// What a window needs where no desktop runs, and what takes its picture.
const HEADLESS: &[&str] =
    &["xvfb", "xauth", "dbus", "openbox", "xdotool", "imagemagick", "fonts-dejavu-core", "fonts-noto-core"];
/// What the tests use beyond that.
const TESTS: &[&str] = &[
    "webkit2gtk-driver",
    "gnome-keyring",
    "libsecret-tools",
    "chromium",
    "victoria-metrics",
    "faketime",
    "dunst",
    "busybox-static",
    "curl",
    "python3-venv",
];
/// What some tests use where the distribution has it; they are skipped elsewhere.
const OPTIONAL: &[&str] = &["ceph-grafana-dashboards"];

/// What the installer's tool looks for, to name the tray's library as a dependency.
const INSTALLER: &[&str] = &["libayatana-appindicator3-dev", "file"];

/// For `bundle`.
pub fn installer() -> Result<(), String> {
    packages(&[BUILD, INSTALLER])?;
    node_modules()
}

/// For `demo`. `headless` where there is no display.
pub fn demo(headless: bool, embedded: bool) -> Result<(), String> {
    let mut sets = vec![BUILD];
    if embedded {
        sets.push(SERVERS);
    }
    if headless {
        sets.push(HEADLESS);
    }
    packages(&sets)?;
    node_modules()
}

/// For everything.
pub fn everything() -> Result<(), String> {
    warn_of_a_full_disk();
    packages(&[BUILD, SERVERS, HEADLESS, TESTS])?;
    node_modules()
}

fn installed(package: &str) -> bool {
    output(command("dpkg-query").args(["-W", "-f=${db:Status-Status}", package]))
        .is_ok_and(|status| status == "installed")
}

fn packages(sets: &[&[&str]]) -> Result<(), String> {
    if !cfg!(target_os = "linux") {
        return Ok(());
    }
    let wanted = sets.concat();
    if !on_path("dpkg-query") || !on_path("apt-get") {
        println!(
            "xtask: not a Debian system; make sure the equivalents of these packages are installed: {}",
            wanted.join(" ")
        );
        return Ok(());
    }
    let missing: Vec<&str> = wanted.into_iter().filter(|package| !installed(package)).collect();
    if missing.is_empty() {
        return Ok(());
    }
    let optional: Vec<&str> = OPTIONAL.iter().copied().filter(|package| !installed(package)).collect();
    let line = format!("apt-get install -y --no-install-recommends {}", missing.join(" "));
    let root_user = output(command("id").arg("-u")).is_ok_and(|id| id.trim() == "0");
    let prefix: &[&str] = if root_user {
        &[]
    } else if on_path("sudo") && output(command("sudo").args(["-n", "true"])).is_ok() {
        &["sudo", "-n"]
    } else {
        return Err(format!("{} packages are missing. Run:\n\n    sudo {line}\n", missing.len()));
    };
    println!("xtask: installing {}", missing.join(" "));
    // A strict umask would leave apt's lists unreadable for its own download user.
    let script = format!(
        "umask 022; export DEBIAN_FRONTEND=noninteractive; apt-get -q -o DPkg::Lock::Timeout=900 update && \
         apt-get -q -o DPkg::Lock::Timeout=900 install -y --no-install-recommends {} && \
         for package in {}; do \
         apt-get -q -o DPkg::Lock::Timeout=900 install -y --no-install-recommends $package || true; done",
        missing.join(" "),
        optional.join(" ")
    );
    let mut words: Vec<&str> = prefix.to_vec();
    words.extend(["sh", "-c", script.as_str()]);
    let (program, arguments) = words.split_first().ok_or("nothing to run")?;
    run(command(program).args(arguments)).map_err(|error| format!("{error}\nRun:\n\n    sudo {line}\n"))
}

/// `npm ci` whenever the lock file has changed since the last one.
pub fn node_modules() -> Result<(), String> {
    if !on_path("node") && !on_path("npm") {
        return Err("Building the UI requires Node.js 20 or newer with npm; install it first".into());
    }
    let lock = root().join("ui/package-lock.json");
    let text = fs::read(&lock).map_err(|e| format!("{}: {e}", lock.display()))?;
    let mut hasher = DefaultHasher::new();
    hasher.write(&text);
    let stamp_text = format!("{:016x}", hasher.finish());
    let stamp: PathBuf = root().join("ui/node_modules/.lock-stamp");
    if fs::read_to_string(&stamp).is_ok_and(|old| old == stamp_text) {
        return Ok(());
    }
    run(npm().args(["ci", "--no-audit", "--no-fund"]))?;
    fs::write(&stamp, stamp_text).map_err(|e| format!("{}: {e}", stamp.display()))
}

/// Builds the UI into `ui/dist`.
pub fn ui() -> Result<(), String> {
    run(npm().args(["run", "--silent", "build"]))
}

/// A folder below `target/`, made if need be.
pub fn scratch(name: &str) -> Result<PathBuf, String> {
    let folder = target().join(name);
    fs::create_dir_all(&folder).map_err(|e| format!("{}: {e}", folder.display()))?;
    Ok(folder)
}

/// What a complete build takes at most, in gigabytes.
const BUILD_GB: u64 = 12;

/// A compiler on a full disk ends with an error that does not name the disk.
fn warn_of_a_full_disk() {
    let Ok(table) = output(command("df").args(["-Pk", "."])) else { return };
    if let Some(free) = free_gigabytes(&table).filter(|free| *free < BUILD_GB) {
        println!("Only {free} GB are free here; a complete build takes up to {BUILD_GB} GB.");
    }
}

/// The available space in what `df -Pk` prints.
fn free_gigabytes(table: &str) -> Option<u64> {
    let kilobytes: u64 = table.lines().nth(1)?.split_whitespace().nth(3)?.parse().ok()?;
    Some(kilobytes / 1_000_000)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn free_space_is_read_from_the_table_of_df() {
        let table = "Filesystem 1024-blocks     Used Available Capacity Mounted on\n\
                     /dev/vda     263940717 64112640  31874048      67% /\n";
        assert_eq!(free_gigabytes(table), Some(31));
        assert_eq!(free_gigabytes("df: no file systems processed\n"), None);
    }
}
