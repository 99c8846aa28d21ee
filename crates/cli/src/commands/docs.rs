//! `completions` and `man`, generated from the parser so that they cannot drift from it.

use std::path::Path;

use aether_contract::{ErrorCode, PanelError};
use clap::CommandFactory;
use serde_json::{Value, json};

use crate::{args::Args, outcome::Outcome};

/// The completion script of a shell.
pub fn completions(shell: clap_complete::Shell) -> Result<Outcome, PanelError> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Args::command(), "aetherctl", &mut script);
    text(script)
}

/// Prints the main man page, or writes all pages to a folder.
pub fn man(to: Option<&Path>) -> Result<Outcome, PanelError> {
    let storage = |error: std::io::Error| {
        PanelError::new(ErrorCode::Storage, "man", format!("Failed to write the man page: {error}."))
    };
    let Some(folder) = to else {
        let mut page = Vec::new();
        clap_mangen::Man::new(Args::command()).render(&mut page).map_err(storage)?;
        return text(page);
    };
    std::fs::create_dir_all(folder).map_err(storage)?;
    clap_mangen::generate_to(Args::command(), folder).map_err(storage)?;
    let folder = folder.display().to_string();
    Outcome::new(
        &json!({"folder": folder}),
        format!("Man pages written to {}.\n", crate::human::plain(&folder)),
    )
}

fn text(bytes: Vec<u8>) -> Result<Outcome, PanelError> {
    let text = String::from_utf8_lossy(&bytes).into_owned();
    Outcome::new(&Value::String(text.clone()), text)
}
