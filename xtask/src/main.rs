//! Developer commands. `cargo xtask demo` and `cargo xtask test` are the two that a newcomer needs; both install
//! what they miss. This crate refuses to depend on the panel's own crates: it must build in seconds.
#![allow(clippy::print_stdout, reason = "a command line tool talks to the terminal")]

mod bindings;
mod build_progress;
mod bundle;
mod demo;
mod display;
mod fuzz;
mod process;
mod rust_tests;
mod setup;
mod suite;
mod supply_chain;
mod test;
mod tools;

use std::process::ExitCode;

const USAGE: &str = "\
Usage: cargo xtask COMMAND

  demo      Build the panel, start the demo stack and open the window
              --docker      monitoring/docker-compose.yml instead of the embedded servers
              --release     optimised build (slow to compile, quick to start)
              --fresh       forget the kept history and settings of earlier demos
              --screenshots write a PNG of every screen to target/demo/ even where a display is at hand
  test      Everything that must hold, with one closing line
              --only WORD   only the steps whose name contains WORD
  bench     Ratios of two things measured in one run (real window; needs what `test` needs)
              --only WORD   window, refresh or alerts
              --runs N      7 unless told otherwise
  fmt       Format everything: rustfmt, and Prettier for the UI
  fuzz      Run every fuzz target, and fail when an input breaks one
              --seconds N   how long each target runs (60 by default)
              --only TARGET a single target
              --jobs N      targets that run at the same time (2 by default)
  bindings  Write the UI's types from crates/contract
              --check       only tell whether they are up to date
  bundle    Build an installer for this platform (a .deb on Debian)
  setup     Install what the commands above need, and stop
";

fn main() -> ExitCode {
    let mut args: Vec<String> = std::env::args().skip(1).collect();
    let command = if args.is_empty() { String::new() } else { args.remove(0) };
    let result = match command.as_str() {
        "demo" => demo::run(&args),
        "test" => return test::run(&args),
        "fmt" => format(),
        "fuzz" => fuzz::run(&args),
        "bench" => suite::bench(&args),
        "bindings" => bindings::run(&args),
        "bundle" => bundle::run(&args),
        "setup" => setup::everything(),
        "" | "help" | "-h" | "--help" => {
            print!("{USAGE}");
            return ExitCode::SUCCESS;
        }
        other => Err(format!("unknown command '{other}'\n\n{USAGE}")),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            eprintln!("xtask: {message}");
            ExitCode::FAILURE
        }
    }
}

fn format() -> Result<(), String> {
    setup::node_modules()?;
    process::run(process::cargo().args(["fmt", "--all"]))?;
    process::run(process::npm().args(["run", "--silent", "format"]))
}
