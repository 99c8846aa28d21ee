//! Installers for this platform. On Linux the package holds `aetherctl` with its man pages and completions, too.

use std::{collections::BTreeMap, fs, path::PathBuf};

use serde_json::json;

use crate::{
    process::{cargo, command, output, root, run as execute, target},
    setup,
};

/// Shells and where Debian looks for their completions.
const SHELLS: [(&str, &str); 3] = [
    ("bash", "/usr/share/bash-completion/completions/aetherctl"),
    ("zsh", "/usr/share/zsh/vendor-completions/_aetherctl"),
    ("fish", "/usr/share/fish/vendor_completions.d/aetherctl.fish"),
];

/// `bundle`: a `.deb` on Linux, the platform's own formats elsewhere.
pub fn run(args: &[String]) -> Result<(), String> {
    if !args.is_empty() {
        return Err("usage: cargo xtask bundle".into());
    }
    setup::installer()?;
    let tauri = root().join("ui/node_modules/.bin").join(if cfg!(windows) { "tauri.cmd" } else { "tauri" });
    let mut build = command(tauri);
    build.arg("build");
    if cfg!(target_os = "linux") {
        let config = shell_files()?;
        build.args(["--bundles", "deb", "--config"]).arg(config);
    }
    build.args(["--features", "custom-protocol"]);
    execute(&mut build)?;
    println!("bundle: see {}", target().join("release/bundle").display());
    Ok(())
}

/// Builds `aetherctl` and what goes with it; answers the configuration that puts them into the package.
fn shell_files() -> Result<PathBuf, String> {
    execute(cargo().args(["build", "--release", "--locked", "-p", "aetherctl"]))?;
    let program = target().join("release/aetherctl");
    let folder = setup::scratch("bundle")?;
    let man = folder.join("man");
    // Pages of verbs that there are no more.
    let _ = fs::remove_dir_all(&man);
    fs::create_dir_all(&man).map_err(|e| format!("{}: {e}", man.display()))?;
    execute(command(&program).arg("man").arg("--to").arg(&man))?;
    let mut files = vec![("/usr/bin/aetherctl".to_owned(), program.clone())];
    let pages = fs::read_dir(&man).map_err(|e| format!("{}: {e}", man.display()))?;
    for page in pages {
        let page = page.map_err(|e| format!("{}: {e}", man.display()))?;
        files.push((format!("/usr/share/man/man1/{}", page.file_name().to_string_lossy()), page.path()));
    }
    for (shell, place) in SHELLS {
        let file = folder.join(format!("completions.{shell}"));
        let text = output(command(&program).args(["completions", shell]))?;
        fs::write(&file, text).map_err(|e| format!("{}: {e}", file.display()))?;
        files.push((place.to_owned(), file));
    }
    let config = folder.join("tauri.json");
    let files: BTreeMap<String, PathBuf> = files.into_iter().collect();
    let text = json!({"bundle": {"linux": {"deb": {"files": files}}}}).to_string();
    fs::write(&config, text).map_err(|e| format!("{}: {e}", config.display()))?;
    Ok(config)
}
