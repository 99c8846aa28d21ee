//! Developer commands. `cargo xtask demo` and `cargo xtask test` are the two that a newcomer needs; both install
//! what they miss. This crate refuses to depend on the panel's own crates: it must build in seconds.
#![allow(clippy::print_stdout, reason = "a command line tool talks to the terminal")]

mod bindings;
mod build_progress;
mod bundle;
mod demo;
mod demo_past;
mod display;
mod fuzz;
mod process;
mod rust_tests;
mod servers;
mod setup;
mod suite;
mod supply_chain;
mod tally;
mod test;
mod tools;

use std::process::ExitCode;

const USAGE: &str = "\
Usage: cargo xtask COMMAND

  demo      Build the panel, start the demo stack and open the window
              --docker      Use monitoring/docker-compose.yml instead of the embedded servers
              --release     Optimized build (slow to compile, fast to start)
              --fresh       Discard the history and settings of earlier demos
              --screenshots Write a PNG of every screen to target/demo/, even if a display is available
  test      Run all checks and tests, and print a one-line summary
              --only WORD   Run only steps whose name contains WORD
  bench     Compare pairs of measurements within one run (real window; same requirements as `test`)
              --only WORD   window, refresh or alerts
              --runs N      Number of runs (default 7)
  fmt       Format everything: rustfmt, and Prettier for the UI
  fuzz      Run every fuzz target; fail if an input breaks one
              --seconds N   Run time per target (default 60)
              --only TARGET Run a single target
              --jobs N      Number of targets run in parallel (default 2)
  bindings  Generate the UI's types from crates/contract
              --check       Only check whether they are up to date
  bundle    Build an installer for this platform (a .deb on Debian)
  servers   Build newer Prometheus and Alertmanager once, where Go is installed, and print the variables that
              make the tests use them
  setup     Install the dependencies of the commands above
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
        "servers" => servers::build(),
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
