//! The UI's types, generated from `crates/contract`.

use std::{fs, path::Path};

use crate::process::{self, cargo, root};

/// Where they are committed.
const FILE: &str = "ui/src/lib/contract.ts";

/// `bindings [--check]`.
pub fn run(args: &[String]) -> Result<(), String> {
    match args {
        [] => generate(&root().join(FILE)),
        [flag] if flag == "--check" => check(),
        _ => Err("usage: cargo xtask bindings [--check]".into()),
    }
}

fn generate(file: &Path) -> Result<(), String> {
    process::run(
        cargo()
            .args(["run", "--quiet", "--package", "aether-contract", "--bin", "aether-bindings", "--"])
            .arg(file),
    )
}

/// Fails when the committed types are not what the contract generates.
pub fn check() -> Result<(), String> {
    let folder = tempfile::tempdir().map_err(|e| format!("failed to create a temporary folder: {e}"))?;
    let fresh = folder.path().join("contract.ts");
    generate(&fresh)?;
    if read(&root().join(FILE))? == read(&fresh)? {
        println!("bindings: {FILE} is up to date");
        return Ok(());
    }
    Err(format!("{FILE} is out of date. Run `cargo xtask bindings` and commit the result."))
}

fn read(file: &Path) -> Result<String, String> {
    fs::read_to_string(file).map_err(|e| format!("{}: {e}", file.display()))
}
