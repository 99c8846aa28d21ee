//! `runbook` on the command line.

use clap::{Args, Subcommand};

const EXIT_READ: &str = "\
Exit codes:
  0  printed
  1  `list`: a file of the profile's folder was refused
  2  usage or configuration, or no such runbook or alert
  3  a server failed or could not be reached";

const EXIT_RUN: &str = "\
Exit codes:
  0  every step is as expected
  1  a step is red, or could not be judged
  2  usage or configuration, or no such runbook or alert
  3  a server failed or could not be reached, or cancelled";

const EXIT_EXPORT: &str = "\
Exit codes:
  0  written, with all series
  1  written; some series could not be had, and the draft says which
  2  usage or configuration, or no such run";

/// Verbs on runbooks.
#[derive(Debug, Subcommand)]
pub enum Runbook {
    /// Every runbook and document; with --runs the runs that were, newest first
    #[command(after_help = EXIT_READ)]
    List {
        /// List runs instead
        #[arg(long)]
        runs: bool,
    },
    /// One runbook as text, its labels filled in
    #[command(after_help = EXIT_READ)]
    Show(Subject),
    /// Asks every step of a runbook and says how each stands; the run is kept
    #[command(after_help = EXIT_RUN)]
    Run {
        #[command(flatten)]
        subject: Subject,
        /// What was found and done, kept with the run
        #[arg(long, value_name = "TEXT", default_value = "")]
        notes: String,
        /// Leave the run open, so that the panel takes it up
        #[arg(long)]
        keep_open: bool,
        /// Who runs it [default: the OS user]
        #[arg(long, value_name = "NAME", default_value = "")]
        by: String,
    },
    /// Sections that have all these words
    #[command(after_help = EXIT_READ)]
    Search {
        /// Words
        #[arg(required = true)]
        words: Vec<String>,
    },
    /// Writes a run as the draft of a post-mortem, with its series as CSV and plots as PNG
    #[command(after_help = EXIT_EXPORT)]
    Export {
        /// Its id, or the begin of it [default: the newest]
        id: Option<String>,
    },
}

/// What a runbook is opened for.
#[derive(Debug, Args)]
pub struct Subject {
    /// A runbook's name; left out: the one that fits the alert
    #[arg(required_unless_present = "alert")]
    pub name: Option<String>,
    /// Open it on the firing alert that these matchers pick out, e.g. 'alertname="LowConfidenceSpike"'; of
    /// several the worst
    #[arg(long, value_name = "FILTER")]
    pub alert: Option<String>,
    /// A label to fill in, e.g. tenant_id=acme
    #[arg(long = "label", value_name = "NAME=VALUE", value_parser = pair)]
    pub labels: Vec<(String, String)>,
}

fn pair(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((name, value)) if !name.trim().is_empty() => Ok((name.trim().to_owned(), value.to_owned())),
        _ => Err("expected NAME=VALUE".to_owned()),
    }
}
