//! `servers`: builds newer servers than the distribution has, once, for a second pass of the tests. Refuses to touch
//! anything that is installed: what it builds lies below the build folder, and the environment names it.

use std::{
    fs,
    path::{Path, PathBuf},
};

use crate::process::{command, on_path, output, run, target};

/// A module of the Go module proxy with the programs that it has.
struct Source {
    module: &'static str,
    version: &'static str,
    /// The version that its programs report.
    reported: &'static str,
    /// Packages below the module, and the variables that name their programs for the tests.
    programs: &'static [(&'static str, &'static str)],
    /// A file that the module embeds and its archive lacks, because a build of its UI makes it.
    embedded: Option<&'static str>,
}

const SOURCES: &[Source] = &[
    Source {
        module: "github.com/prometheus/alertmanager",
        version: "v0.35.0",
        reported: "0.35.0",
        programs: &[("alertmanager", "AETHER_ALERTMANAGER"), ("amtool", "AETHER_AMTOOL")],
        embedded: Some("ui/app/dist/index.html"),
    },
    Source {
        module: "github.com/prometheus/prometheus",
        version: "v0.316.0",
        reported: "3.16.0",
        programs: &[("prometheus", "AETHER_PROMETHEUS"), ("promtool", "AETHER_PROMTOOL")],
        embedded: None,
    },
];

/// The variables that name the built programs, for a second pass of the tests; none where one is missing or old.
pub fn built() -> Option<Vec<(&'static str, PathBuf)>> {
    let folder = target().join("servers");
    SOURCES.iter().all(|source| is_current(source, &folder)).then(|| variables(&folder).collect())
}

fn variables(folder: &Path) -> impl Iterator<Item = (&'static str, PathBuf)> {
    let programs = SOURCES.iter().flat_map(|source| source.programs);
    programs.map(|(program, variable)| (*variable, program_file(folder, program)))
}

fn stamp(source: &Source, folder: &Path) -> PathBuf {
    folder.join(format!("{}.version", name(source)))
}

fn is_current(source: &Source, folder: &Path) -> bool {
    fs::read_to_string(stamp(source, folder)).is_ok_and(|version| version == source.version)
        && source.programs.iter().all(|(program, _)| program_file(folder, program).is_file())
}

/// Builds what is missing, and prints the variables that name the programs.
///
/// # Errors
/// Without Go, or what a build said.
pub fn build() -> Result<(), String> {
    let folder = target().join("servers");
    for source in SOURCES {
        if is_current(source, &folder) {
            continue;
        }
        if !on_path("go") {
            return Err("Go is not installed; the newer servers cannot be built. Install it from go.dev/dl."
                .to_owned());
        }
        compile(source, &folder)?;
        write(&stamp(source, &folder), source.version)?;
    }
    println!("# `cargo xtask test` now runs the tests against these servers too. For a single test:");
    for (variable, path) in variables(&folder) {
        println!("export {variable}={}", path.display());
    }
    Ok(())
}

fn name(source: &Source) -> &str {
    source.module.rsplit('/').next().unwrap_or(source.module)
}

fn program_file(folder: &Path, program: &str) -> PathBuf {
    folder.join(format!("{program}{}", std::env::consts::EXE_SUFFIX))
}

fn compile(source: &Source, folder: &Path) -> Result<(), String> {
    println!("xtask: building {} {}; this takes minutes", name(source), source.version);
    let wanted = format!("{}@{}", source.module, source.version);
    let told = output(command("go").args(["mod", "download", "-json", &wanted]))?;
    let told: serde_json::Value =
        serde_json::from_str(&told).map_err(|error| format!("go mod download: {error}"))?;
    let from =
        told.get("Dir").and_then(serde_json::Value::as_str).ok_or("go mod download names no folder")?;
    // The module cache is read-only, and a file is missing in it.
    let work = folder.join("build").join(name(source));
    if work.exists() {
        fs::remove_dir_all(&work).map_err(|error| format!("{}: {error}", work.display()))?;
    }
    copy(Path::new(from), &work)?;
    if let Some(embedded) = source.embedded {
        write(&work.join(embedded), "<!doctype html>\n")?;
    }
    // Without it they report no version at all, which no released server does.
    let flags = format!("-X github.com/prometheus/common/version.Version={}", source.reported);
    for (program, _) in source.programs {
        let file = program_file(folder, program);
        let mut build = command("go");
        // A workspace file of the module names folders that its archive lacks.
        build
            .current_dir(&work)
            .env("GOWORK", "off")
            .args(["build", "-ldflags", &flags, "-o"])
            .arg(&file)
            .arg(format!("./cmd/{program}"));
        run(&mut build)?;
    }
    fs::remove_dir_all(&work).map_err(|error| format!("{}: {error}", work.display()))
}

/// Copies a folder; the copies can be written.
fn copy(from: &Path, to: &Path) -> Result<(), String> {
    let told = |error: std::io::Error| format!("failed to copy {}: {error}", from.display());
    fs::create_dir_all(to).map_err(told)?;
    for entry in fs::read_dir(from).map_err(told)? {
        let entry = entry.map_err(told)?;
        let target = to.join(entry.file_name());
        if entry.file_type().map_err(told)?.is_dir() {
            copy(&entry.path(), &target)?;
        } else {
            let bytes = fs::read(entry.path()).map_err(told)?;
            fs::write(&target, bytes).map_err(told)?;
        }
    }
    Ok(())
}

fn write(path: &Path, text: &str) -> Result<(), String> {
    let told = |error: std::io::Error| format!("failed to write {}: {error}", path.display());
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder).map_err(told)?;
    }
    fs::write(path, text).map_err(told)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_copy_of_a_read_only_module_can_be_written() {
        let folder = tempfile::tempdir().unwrap();
        let (from, to) = (folder.path().join("module"), folder.path().join("copy"));
        write(&from.join("cmd/a/main.go"), "package main\n").unwrap();
        let file = from.join("cmd/a/main.go");
        let mut permissions = fs::metadata(&file).unwrap().permissions();
        permissions.set_readonly(true);
        fs::set_permissions(&file, permissions).unwrap();
        copy(&from, &to).unwrap();
        write(&to.join("cmd/a/main.go"), "package other\n").unwrap();
        assert_eq!(fs::read_to_string(to.join("cmd/a/main.go")).unwrap(), "package other\n");
    }

    #[test]
    fn each_program_has_a_variable_of_its_own() {
        let mut variables: Vec<&str> =
            SOURCES.iter().flat_map(|source| source.programs).map(|(_, variable)| *variable).collect();
        variables.sort_unstable();
        assert_eq!(
            variables,
            ["AETHER_ALERTMANAGER", "AETHER_AMTOOL", "AETHER_PROMETHEUS", "AETHER_PROMTOOL"]
        );
    }
}
