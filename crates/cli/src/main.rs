//! `aetherctl`: the panel's operations from a shell.
//!
//! Parses, calls the Panel once, prints and picks an exit code. It refuses to decide anything about the stack:
//! what is true comes from `aether-panel`. A secret is never an argument, a label never reaches a terminal raw.

mod args;
mod commands;
mod duration;
mod human;
mod outcome;
mod table;
mod usage;

use std::process::ExitCode;

use aether_contract::{ErrorCode, PanelError};
use clap::{Parser, error::ErrorKind};

use crate::{args::Args, outcome::Outcome};

fn main() -> ExitCode {
    match Args::try_parse() {
        Ok(args) => run(&args),
        Err(error) => refuse(&error),
    }
}

fn run(args: &Args) -> ExitCode {
    let runtime = match tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            return outcome::failed("runtime", format!("Failed to start the async runtime: {error}"))
                .print(args.json);
        }
    };
    let outcome = runtime.block_on(Box::pin(commands::run(args)));
    // A keyring prompt may still hold a thread; nobody waits for it.
    runtime.shutdown_background();
    outcome.unwrap_or_else(Outcome::from).print(args.json)
}

/// Whether the command line is `secret set`, with options in any position.
fn sets_secret() -> bool {
    let mut words = std::env::args_os().skip(1);
    words.any(|word| word == "secret") && words.any(|word| word == "set")
}

/// Help and version go to standard output with 0; everything else is a usage error, as JSON when asked for.
fn refuse(error: &clap::Error) -> ExitCode {
    if matches!(error.kind(), ErrorKind::DisplayHelp | ErrorKind::DisplayVersion) {
        // A reader that has gone away is no failure of ours.
        let _ = error.print();
        return ExitCode::SUCCESS;
    }
    let json = std::env::args_os().skip(1).take_while(|arg| arg != "--").any(|arg| arg == "--json");
    if sets_secret() {
        // The parser quotes what it does not understand, and here that may be the secret.
        let error = PanelError::new(
            ErrorCode::InvalidRequest,
            "arguments",
            "Invalid arguments for `aetherctl secret set`.",
        )
        .with_hint(
            "Give only the credential name, and type or pipe the secret: aetherctl secret set \
                grafana/token < FILE",
        );
        return Outcome::from(error).print(json);
    }
    if json {
        let bare = error.kind() == ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand;
        let words =
            if bare { "No command given; see --help.".to_owned() } else { error.render().to_string() };
        return outcome::usage(&words).print(true);
    }
    let _ = error.print();
    ExitCode::from(outcome::USAGE)
}
