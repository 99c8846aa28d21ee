//! Arguments of `rules`.

use clap::{Args, Subcommand};

const EXIT: &str = "\
Exit codes:
  0  every expected rule is loaded, none has an error or a warning
  1  a rule is missing, differs, is failing, or has a finding
  2  usage or configuration error, or an invalid rule file
  3  Prometheus failed or is unreachable";

const EXIT_DIFF: &str = "\
Exit codes:
  0  diff shown; promtool or amtool accepts it, no findings
  1  it would be rejected, or has findings
  2  usage or configuration error; unknown rule, or an edit that would change more than requested
  3  a server failed or is unreachable";

const EXIT_APPLY: &str = "\
Exit codes:
  0  written, reloaded and verified on the server
  1  the server rejected it; the files were rolled back
  2  usage or configuration error; unknown rule, or an invalid file; nothing was written
  3  a server failed or is unreachable; nothing was written";

const EXIT_RELOAD: &str = "\
Exit codes:
  0  Prometheus reloaded its configuration
  1  Prometheus reports that the reload failed
  2  the lifecycle API is disabled, and Docker cannot signal Prometheus
  3  Prometheus rejected the files or is unreachable";

const EXIT_LINKS: &str = "\
Exit codes:
  0  no dead links
  1  a link is dead
  2  usage or configuration error
  3  Prometheus failed or is unreachable";

/// Subcommands of `rules`.
#[derive(Debug, Subcommand)]
pub enum Rules {
    /// List the server's rules and compare them with the reliability pack
    #[command(after_help = EXIT)]
    List,
    /// Lint rules: guards that can never match, series that do not exist, …
    ///
    /// Without files, lints the server's rules. With files, lints only those and contacts no server.
    /// docs/checks describes the checks.
    #[command(after_help = EXIT)]
    Lint {
        /// Rule files; pass recording rules together with the rules that use them
        #[arg(value_name = "FILE")]
        files: Vec<std::path::PathBuf>,
        /// Include informational findings
        #[arg(long)]
        all: bool,
        /// Accept files without rules
        #[arg(long, requires = "files")]
        allow_empty: bool,
    },
    /// Preview a rule change as a line diff of the pack's files; nothing is written
    #[command(after_help = EXIT_DIFF)]
    Diff(Changes),
    /// Change rules: check, back up, write, reload, verify on the server; roll back on failure
    #[command(after_help = EXIT_APPLY)]
    Apply {
        /// Changes to make
        #[command(flatten)]
        changes: Changes,
        /// Reason
        #[arg(long, value_name = "TEXT")]
        reason: String,
        /// Your name [default: the OS user]
        #[arg(long, value_name = "NAME", default_value = "")]
        by: String,
    },
    /// Reload Prometheus
    #[command(after_help = EXIT_RELOAD)]
    Reload,
    /// Check the runbook links of the server's alerts over the network, each once
    ///
    /// Non-public addresses are contacted only if their server is configured in the profile.
    #[command(after_help = EXIT_LINKS)]
    Links,
}

/// Rule changes; each option can be repeated.
#[derive(Debug, Args)]
#[group(required = true, multiple = true)]
pub struct Changes {
    /// Set a threshold: CacheEffectivenessDrop=25, CertExpires='7 * 24 * 3600', JobStuck=1h30m
    #[arg(long, value_name = "RULE=NUMBER", allow_hyphen_values = true)]
    pub threshold: Vec<String>,
    /// The comparison that --threshold changes, where an expression has several: 'job_failed == 0'
    ///
    /// Give it once for each --threshold, in the same order; '' for one that needs none.
    #[arg(long, value_name = "EXPR PART", requires = "threshold", allow_hyphen_values = true)]
    pub of: Vec<String>,
    /// Set the pending period (`for`): CacheEffectivenessDrop=10m
    #[arg(long = "for", value_name = "RULE=DURATION")]
    pub hold: Vec<String>,
    /// Set a label, or remove it if no value is given: CacheEffectivenessDrop:severity=critical
    #[arg(long, value_name = "RULE:NAME[=VALUE]")]
    pub label: Vec<String>,
    /// Set an annotation, or remove it if no value is given
    #[arg(long, value_name = "RULE:NAME[=VALUE]")]
    pub annotation: Vec<String>,
    /// Set the expression
    #[arg(long, value_name = "RULE=PROMQL")]
    pub expr: Vec<String>,
    /// Use the expression that `rules lint` suggests for the rule on the server
    #[arg(long, value_name = "RULE")]
    pub rewrite: Vec<String>,
    /// Set the VIP tenants in every selector that lists exactly those of the profile
    #[arg(long, value_name = "TENANT,…", value_delimiter = ',')]
    pub vip: Vec<String>,
    /// Also change annotations and the stack's own runbooks that repeat an old threshold or pending period
    #[arg(long)]
    pub related: bool,
}
