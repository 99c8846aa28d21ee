//! Arguments of `check`.

use clap::{Args, Subcommand};

const EXIT: &str = "\
Exit codes:
  0  no check failed; with --strict: no warnings either
  1  a check failed or could not run
  2  usage or configuration error
  3  canceled";

const EXIT_HISTORY: &str = "\
Exit codes:
  0  success
  2  usage or configuration error, or unknown run";

/// Subcommands of `check`.
#[derive(Debug, Subcommand)]
pub enum Check {
    /// Run six read-only checks: servers and versions, rules, guards, dashboard, metrics, recorded values
    #[command(after_help = EXIT)]
    Quick(How),
    /// Run seven pre-production checks; --with-effects adds a reload and a test alert
    #[command(after_help = EXIT)]
    Preprod(How),
    /// Check for regressions since the latest deployment started
    #[command(after_help = EXIT)]
    #[command(alias = "after-deploy")]
    PostDeploy(How),
    /// Check everything the reliability pack provides; --with-effects adds a test backup and a one-minute
    /// silence
    #[command(after_help = EXIT)]
    Sanity(How),
    /// List past runs, newest first
    #[command(after_help = EXIT_HISTORY)]
    History,
    /// Show a run as text
    #[command(after_help = EXIT_HISTORY)]
    Show {
        /// Run ID or a unique prefix
        id: String,
        /// Print JUnit XML
        #[arg(long)]
        junit: bool,
    },
}

/// Options of a check run.
#[derive(Debug, Args)]
pub struct How {
    /// Allow checks with side effects: reload servers, send a test alert, create a test backup and a silence
    #[arg(long)]
    pub with_effects: bool,
    /// Treat warnings as findings
    #[arg(long)]
    pub strict: bool,
    /// Print JUnit XML
    #[arg(long, conflicts_with = "markdown")]
    pub junit: bool,
    /// Print Markdown
    #[arg(long)]
    pub markdown: bool,
    /// Your name [default: the OS user]
    #[arg(long, value_name = "NAME", default_value = "")]
    pub by: String,
}
