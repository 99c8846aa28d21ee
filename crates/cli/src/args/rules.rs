//! `rules` on the command line.

use clap::Subcommand;

const EXIT: &str = "\
Exit codes:
  0  every expected rule runs, none has an error or a warning
  1  a rule is missing, differs, is in error, or has a finding
  2  usage or configuration, or a file that is no rule file
  3  Prometheus failed or could not be reached";

/// Verbs on rules.
#[derive(Debug, Subcommand)]
pub enum Rules {
    /// Every rule of the server, against what is expected
    #[command(after_help = EXIT)]
    List,
    /// What is wrong with the rules: guards that can never match, series that do not exist, …
    ///
    /// Without files: the server's rules. With files: those, and no server is asked. docs/checks describes the checks.
    #[command(after_help = EXIT)]
    Lint {
        /// Rule files; those that record what others read belong into the same call
        #[arg(value_name = "FILE")]
        files: Vec<std::path::PathBuf>,
        /// Also what is only worth knowing
        #[arg(long)]
        all: bool,
    },
}
