//! Arguments of `runbook`.

use clap::{Args, Subcommand};

const EXIT_READ: &str = "\
Exit codes:
  0  success
  1  `list`: a file in the profile's runbook folder is invalid
  2  usage or configuration error, or unknown runbook or alert
  3  a server failed or is unreachable";

const EXIT_RUN: &str = "\
Exit codes:
  0  every step is as expected
  1  a step failed or has no verdict
  2  usage or configuration error, or unknown runbook or alert
  3  a server failed or is unreachable, or canceled";

const EXIT_EXPORT: &str = "\
Exit codes:
  0  written with all series
  1  written, but some series are unavailable; the draft lists them
  2  usage or configuration error, or unknown run";

/// Subcommands of `runbook`.
#[derive(Debug, Subcommand)]
pub enum Runbook {
    /// List runbooks and documents; with --runs, past runs, newest first
    #[command(after_help = EXIT_READ)]
    List {
        /// List runs instead
        #[arg(long)]
        runs: bool,
    },
    /// Show a runbook as text with its labels filled in
    #[command(after_help = EXIT_READ)]
    Show(Subject),
    /// Run the queries of a runbook and show a verdict per step; the run is saved
    #[command(after_help = EXIT_RUN)]
    Run {
        #[command(flatten)]
        subject: Subject,
        /// Findings and actions to save with the run
        #[arg(long, value_name = "TEXT", default_value = "")]
        notes: String,
        /// Leave the run open, to continue it in the panel
        #[arg(long)]
        keep_open: bool,
        /// Your name [default: the OS user]
        #[arg(long, value_name = "NAME", default_value = "")]
        by: String,
    },
    /// Find sections that contain all these words
    #[command(after_help = EXIT_READ)]
    Search {
        /// Words to search for
        #[arg(required = true)]
        words: Vec<String>,
    },
    /// Export a run as a post-mortem draft, with series as CSV and plots as PNG
    #[command(after_help = EXIT_EXPORT)]
    Export {
        /// Run ID or a unique prefix [default: the latest]
        id: Option<String>,
    },
}

/// The runbook to open, and the alert to open it for.
#[derive(Debug, Args)]
pub struct Subject {
    /// Runbook name [default: the one for the alert]
    #[arg(required_unless_present = "alert")]
    pub name: Option<String>,
    /// Firing alert to open it for, e.g. 'alertname="LowConfidenceSpike"'; the most severe match is used
    #[arg(long, value_name = "FILTER")]
    pub alert: Option<String>,
    /// Label to fill in, e.g. tenant_id=acme
    #[arg(long = "label", value_name = "NAME=VALUE", value_parser = pair)]
    pub labels: Vec<(String, String)>,
}

fn pair(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((name, value)) if !name.trim().is_empty() => Ok((name.trim().to_owned(), value.to_owned())),
        _ => Err("expected NAME=VALUE".to_owned()),
    }
}
