//! Installers for this platform.

use crate::{
    process::{command, root, run as execute, target},
    setup,
};

/// `bundle`: a `.deb` on Linux, the platform's own formats elsewhere.
pub fn run(args: &[String]) -> Result<(), String> {
    if !args.is_empty() {
        return Err("usage: cargo xtask bundle".into());
    }
    setup::build()?;
    let tauri = root().join("ui/node_modules/.bin").join(if cfg!(windows) { "tauri.cmd" } else { "tauri" });
    let mut build = command(tauri);
    build.arg("build");
    if cfg!(target_os = "linux") {
        build.args(["--bundles", "deb"]);
    }
    build.args(["--features", "custom-protocol"]);
    execute(&mut build)?;
    println!("bundle: see {}", target().join("release/bundle").display());
    Ok(())
}
