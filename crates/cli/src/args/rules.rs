//! `rules` on the command line.

use clap::{Args, Subcommand};

const EXIT: &str = "\
Exit codes:
  0  every expected rule runs, none has an error or a warning
  1  a rule is missing, differs, is in error, or has a finding
  2  usage or configuration, or a file that is no rule file
  3  Prometheus failed or could not be reached";

const EXIT_DIFF: &str = "\
Exit codes:
  0  shown; the server's own tool takes it, and it brings no finding
  1  it would be refused, or brings a finding
  2  usage or configuration; no such rule, or it can't be edited without changing more than was meant
  3  a server failed or could not be reached";

const EXIT_APPLY: &str = "\
Exit codes:
  0  written, and the server is seen to run it
  1  the server did not take it; the files are as before
  2  usage or configuration; no such rule, a file that would be refused; nothing was written
  3  a server failed or could not be reached; nothing was written";

const EXIT_RELOAD: &str = "\
Exit codes:
  0  Prometheus has read its files again
  1  it says that reading them failed
  2  its lifecycle API is off, and it can't be signalled through Docker
  3  it refused the files, or could not be reached";

const EXIT_LINKS: &str = "\
Exit codes:
  0  no link is dead
  1  a link leads to no page
  2  usage or configuration
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
    /// What a change of rules would do to the pack's files, line by line; nothing is written
    #[command(after_help = EXIT_DIFF)]
    Diff(Changes),
    /// Changes rules: checked, copied, written, reloaded, seen on the server, or put back
    #[command(after_help = EXIT_APPLY)]
    Apply {
        /// What changes
        #[command(flatten)]
        changes: Changes,
        /// Why
        #[arg(long, value_name = "TEXT")]
        reason: String,
        /// Who [default: the OS user]
        #[arg(long, value_name = "NAME", default_value = "")]
        by: String,
    },
    /// Has Prometheus read its files again
    #[command(after_help = EXIT_RELOAD)]
    Reload,
    /// Asks the runbook links of the server's alerts over the network, each once
    ///
    /// Addresses that are not of the public internet are asked only when their server is one of the profile.
    #[command(after_help = EXIT_LINKS)]
    Links,
}

/// What changes. Each may be given several times.
#[derive(Debug, Args)]
#[group(required = true, multiple = true)]
pub struct Changes {
    /// Another threshold: CacheEffectivenessDrop=25
    #[arg(long, value_name = "RULE=NUMBER", allow_hyphen_values = true)]
    pub threshold: Vec<String>,
    /// How long it has to hold: CacheEffectivenessDrop=10m
    #[arg(long = "for", value_name = "RULE=DURATION")]
    pub hold: Vec<String>,
    /// A label; without a value it is taken away: CacheEffectivenessDrop:severity=critical
    #[arg(long, value_name = "RULE:NAME[=VALUE]")]
    pub label: Vec<String>,
    /// An annotation; without a value it is taken away
    #[arg(long, value_name = "RULE:NAME[=VALUE]")]
    pub annotation: Vec<String>,
    /// Another expression
    #[arg(long, value_name = "RULE=PROMQL")]
    pub expr: Vec<String>,
    /// The expression that `rules lint` proposes for the rule on the server
    #[arg(long, value_name = "RULE")]
    pub rewrite: Vec<String>,
    /// The VIP tenants, wherever a selector names exactly those of the profile
    #[arg(long, value_name = "TENANT,…", value_delimiter = ',')]
    pub vip: Vec<String>,
}
