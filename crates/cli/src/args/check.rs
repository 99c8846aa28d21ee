//! `check` on the command line.

use clap::{Args, Subcommand};

const EXIT: &str = "\
Exit codes:
  0  no check failed; with --strict, none warns either
  1  a check failed, or could not look
  2  usage or configuration
  3  cancelled";

const EXIT_HISTORY: &str = "\
Exit codes:
  0  printed
  2  usage or configuration, or no such run";

/// Verbs on checks.
#[derive(Debug, Subcommand)]
pub enum Check {
    /// Six checks that only look: servers and versions, rules, guards, dashboard, metrics, recorded values
    #[command(after_help = EXIT)]
    Quick(How),
    /// Seven checks before something goes to production; with --with-effects also a reload and a test alert
    #[command(after_help = EXIT)]
    Preprod(How),
    /// What is worse since the deploy that was begun last
    #[command(after_help = EXIT)]
    AfterDeploy(How),
    /// All that the reliability pack promises; with --with-effects also a test backup and a silence of a minute
    #[command(after_help = EXIT)]
    Sanity(How),
    /// The runs that were, newest first
    #[command(after_help = EXIT_HISTORY)]
    History,
    /// One run, as text
    #[command(after_help = EXIT_HISTORY)]
    Show {
        /// Its id, or the begin of it
        id: String,
        /// As JUnit's XML
        #[arg(long)]
        junit: bool,
    },
}

/// How a suite is run.
#[derive(Debug, Args)]
pub struct How {
    /// Allow the checks that change something: reload the servers, send a test alert, make a test backup and a silence
    #[arg(long)]
    pub with_effects: bool,
    /// A warning is a finding, too
    #[arg(long)]
    pub strict: bool,
    /// Print JUnit's XML
    #[arg(long, conflicts_with = "markdown")]
    pub junit: bool,
    /// Print Markdown
    #[arg(long)]
    pub markdown: bool,
    /// Who runs it [default: the OS user]
    #[arg(long, value_name = "NAME", default_value = "")]
    pub by: String,
}
