//! Installers for this platform. On Linux the package holds `aetherctl` with its man pages and completions, too.

use std::{
    fs,
    path::{Path, PathBuf},
};

use crate::{
    process::{command, output, root, run as execute, target},
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
    execute(command("cargo").args(["build", "--release", "--locked", "-p", "aetherctl"]))?;
    let program = target().join("release/aetherctl");
    let folder = setup::scratch("bundle")?;
    let man = folder.join("man");
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
    fs::write(&config, deb_files(&files)).map_err(|e| format!("{}: {e}", config.display()))?;
    Ok(config)
}

/// The part of the window's configuration that names the package's further files.
fn deb_files(files: &[(String, PathBuf)]) -> String {
    let quoted = |text: &str| format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""));
    let line = |(place, file): &(String, PathBuf)| {
        format!("{}: {}", quoted(place), quoted(&Path::new(file).display().to_string()))
    };
    let lines: Vec<String> = files.iter().map(line).collect();
    format!("{{\"bundle\": {{\"linux\": {{\"deb\": {{\"files\": {{{}}}}}}}}}}}\n", lines.join(", "))
}
