//! The UI's types, generated from `crates/contract`.

use std::{collections::BTreeMap, fs, path::Path};

use crate::process::{self, cargo, root};

/// Where they are committed.
const FOLDER: &str = "ui/src/lib/contract";

/// `bindings [--check]`.
pub fn run(args: &[String]) -> Result<(), String> {
    match args {
        [] => generate(&root().join(FOLDER)),
        [flag] if flag == "--check" => check(),
        _ => Err("usage: cargo xtask bindings [--check]".into()),
    }
}

fn generate(folder: &Path) -> Result<(), String> {
    process::run(
        cargo()
            .args(["run", "--quiet", "--package", "aether-contract", "--bin", "aether-bindings", "--"])
            .arg(folder),
    )
}

/// Fails when the committed types are not what the contract generates.
pub fn check() -> Result<(), String> {
    let fresh = tempfile::tempdir().map_err(|e| format!("no temporary folder: {e}"))?;
    let folder = fresh.path().join("contract");
    generate(&folder)?;
    let (old, new) = (read(&root().join(FOLDER))?, read(&folder)?);
    let mut stale: Vec<&str> =
        new.iter().filter(|(name, text)| old.get(*name) != Some(text)).map(|(n, _)| n.as_str()).collect();
    stale.extend(old.keys().filter(|name| !new.contains_key(*name)).map(String::as_str));
    if stale.is_empty() {
        println!("bindings: {} files are up to date", new.len());
        return Ok(());
    }
    Err(format!(
        "{FOLDER} is stale ({}). Run `cargo xtask bindings` and commit the result.",
        stale.join(", ")
    ))
}

fn read(folder: &Path) -> Result<BTreeMap<String, String>, String> {
    let fail = |e: std::io::Error| format!("{}: {e}", folder.display());
    let mut files = BTreeMap::new();
    for entry in fs::read_dir(folder).map_err(fail)? {
        let entry = entry.map_err(fail)?;
        let text =
            fs::read_to_string(entry.path()).map_err(|e| format!("{}: {e}", entry.path().display()))?;
        files.insert(entry.file_name().to_string_lossy().into_owned(), text);
    }
    Ok(files)
}
