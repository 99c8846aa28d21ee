//! The command line, shared by the parser, the help, the completions and the man page.

mod backup;
mod check;
mod drill;
mod maintenance;
mod pins;
mod rules;
mod runbook;

use clap::{Parser, Subcommand, ValueEnum};

pub use backup::{
    Backup, Choice as BackupChoice, Packing as BackupPacking, Part as BackupPart, Remote as BackupRemote,
    What as BackupWhat,
};
pub use check::{Check, How as CheckHow};
pub use drill::{Drill, Training};
pub use maintenance::{Maintenance, Schedule, Window};
pub use pins::Pins;
pub use rules::{Changes as RuleChanges, Rules};
pub use runbook::{Runbook, Subject as RunbookSubject};

const EXIT: &str = "\
Exit codes:
  0  success
  1  findings: something needs attention
  2  usage or configuration error
  3  a server failed or is unreachable";

const EXIT_STATUS: &str = "\
Exit codes:
  0  every server responds, no gauge is critical, no alert is firing
  1  findings: a critical or unreadable gauge, a firing alert, an unreachable cluster member,
     a maintenance window that is missing on a member
  2  usage or configuration error
  3  a server failed or is unreachable";

const EXIT_GAUGES: &str = "\
Exit codes:
  0  no gauge is critical (no recent traffic is not a finding)
  1  a gauge is critical, infinite or unreadable
  2  usage or configuration error, or unknown gauge
  3  Prometheus failed or is unreachable";

const EXIT_ALERTS: &str = "\
Exit codes:
  0  none of the listed alerts is firing unsuppressed
  1  at least one is, or an alert firing in Prometheus is missing from Alertmanager
  2  usage or configuration error
  3  Alertmanager or Prometheus failed or is unreachable";

const EXIT_PINS: &str = "\
Exit codes:
  0  no drift detected
  1  drift: reference, image or version mismatch, a mutable or moved tag, a service not running or missing
  2  usage or configuration error, or an unreadable Compose file
  3  Docker or a server failed or is unreachable";

const EXIT_ESCALATION: &str = "\
Exit codes:
  0  nothing to escalate now
  1  `list`: an escalation is due
  2  usage or configuration error, or unknown clock
  3  a server failed or is unreachable";

const EXIT_SLO: &str = "\
Only time with data counts: periods without traffic neither meet nor miss a target.

Exit codes:
  0  every gauge with a value is on target now
  1  a gauge is off target now
  2  usage or configuration error
  3  Prometheus failed or is unreachable";

const EXIT_ACK: &str = "\
Exit codes:
  0  recorded
  2  usage or configuration error, or no matching alert
  3  a server failed or is unreachable";

const EXIT_TRAINING: &str = "\
Exit codes:
  0  success
  2  usage or configuration error";

const EXIT_DAEMON: &str = "\
Logs to standard error, one JSON object per line; AETHER_LOG sets the level. If a panel or another daemon
already runs the background jobs, waits until it exits. SIGTERM and Ctrl+C stop it cleanly.

Exit codes:
  0  stopped on request; with --once: all due jobs completed
  1  with --once: a due job completed with findings; each is listed
  2  usage or configuration error; with --once: another process runs the background jobs
  3  with --once: a server failed or is unreachable";

const EXIT_SECRET: &str = "\
Exit codes:
  0  success
  1  `status`: a credential required by the profile is missing
  2  usage or configuration error, or unknown credential
  3  the keyring is unavailable, locked or did not respond";

const EXIT_STACK: &str = "\
Exit codes:
  0  success
  1  `check`, `list`: a profile is invalid; the message gives line, key and expected value
  2  usage or configuration error, or unknown stack or file";

/// Inspect and operate a monitoring stack: Prometheus, Alertmanager, Grafana.
///
/// Uses the same profiles, credentials and journal as the desktop panel. AETHER_HOME relocates all of them.
#[derive(Debug, Parser)]
#[command(name = "aetherctl", version, after_help = EXIT, propagate_version = true)]
pub struct Args {
    /// Stack to use: a name or a profile file
    #[arg(long, global = true, env = "AETHER_STACK", hide_env_values = true, value_name = "NAME|FILE")]
    pub stack: Option<String>,
    /// Server that may receive the stored credentials of this stack after its address changed in the profile
    #[arg(long, global = true, value_name = "SCHEME://HOST[:PORT]")]
    pub trust_origin: Vec<String>,
    /// Print one JSON object: {"ok":true,"data":…} or {"ok":false,"error":{…}}
    #[arg(long, global = true)]
    pub json: bool,
    /// Command to run
    #[command(subcommand)]
    pub command: Command,
}

/// The top-level commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Show servers, gauges, alerts and maintenance at a glance
    #[command(after_help = EXIT_STATUS)]
    Status,
    /// List the gauges with their values and thresholds
    #[command(after_help = EXIT_GAUGES)]
    Gauges {
        /// Show only these gauges, by ID
        #[arg(value_name = "ID")]
        ids: Vec<String>,
        /// Add a per-tenant breakdown below each gauge: VIPs first, then worst first
        #[arg(long)]
        tenants: bool,
    },
    /// List alerts: pending, firing, silenced, inhibited
    #[command(after_help = EXIT_ALERTS)]
    Alerts {
        /// Search words, or matchers as in Alertmanager: severity="critical"
        #[arg(value_name = "FILTER")]
        filter: Vec<String>,
        /// Show only these states [default: all except resolved]
        #[arg(long, value_enum, value_delimiter = ',', value_name = "STATE")]
        state: Vec<State>,
        /// Maximum number of rows [default: 100; unlimited with --csv]
        #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
        limit: Option<u32>,
        /// Print CSV: a header row, then one row per alert with one column per label
        #[arg(long, conflicts_with_all = ["watch", "group_by"])]
        csv: bool,
        /// Count alerts grouped by these labels (nested) instead of listing them
        #[arg(long, value_delimiter = ',', value_name = "LABEL", conflicts_with = "watch")]
        group_by: Vec<String>,
        /// Keep running and print changes, one per line, until Ctrl+C; polls at this interval
        #[arg(long, value_name = "SECONDS", num_args = 0..=1, require_equals = true,
            default_missing_value = "10", value_parser = clap::value_parser!(u32).range(1..=3600))]
        watch: Option<u32>,
    },
    /// Acknowledge an alert; does not silence it
    #[command(after_help = EXIT_ACK)]
    Ack {
        /// Matchers that select the alert, e.g. 'alertname="LowConfidenceSpikeVIP"'; the most severe match is
        /// used
        #[arg(value_name = "FILTER", required = true)]
        filter: Vec<String>,
        /// What is being done about it
        #[arg(long, value_name = "TEXT", default_value = "", conflicts_with = "undo")]
        note: String,
        /// Remove the acknowledgment
        #[arg(long)]
        undo: bool,
        /// Your name [default: the OS user]
        #[arg(long, value_name = "NAME", default_value = "")]
        by: String,
    },
    /// Manage maintenance windows: mute alerts temporarily on every Alertmanager member
    #[command(subcommand)]
    Maintenance(Maintenance),
    /// Manage backups: create, verify, compare, restore, undo, prune
    #[command(subcommand)]
    Backup(Backup),
    /// Run checks: quick, pre-production, post-deploy, sanity
    #[command(subcommand)]
    Check(Check),
    /// Inspect, lint and edit rules; compare them with the reliability pack
    #[command(subcommand)]
    Rules(Rules),
    /// Read, search and run runbooks; export a run
    #[command(subcommand)]
    Runbook(Runbook),
    /// Practice incidents in the demo stack
    #[command(subcommand)]
    Drill(Drill),
    /// Show the training checklist and each person's progress
    #[command(after_help = EXIT_TRAINING)]
    Training {
        /// Subcommand [default: show the checklist]
        #[command(subcommand)]
        verb: Option<Training>,
    },
    /// Show escalation clocks and record escalations
    #[command(subcommand, after_help = EXIT_ESCALATION)]
    Escalation(Escalation),
    /// Show SLO attainment now and over 24 hours, 7 days and 30 days
    #[command(after_help = EXIT_SLO)]
    Slo,
    /// Compare version pins with running images and reported versions
    #[command(after_help = EXIT_PINS)]
    Pins {
        /// Subcommand [default: show the chains and their verdicts]
        #[command(subcommand)]
        verb: Option<Pins>,
    },
    /// Run background jobs headless: scheduled backups, recurring windows, close-outs, history
    #[command(after_help = EXIT_DAEMON)]
    Daemon {
        /// Run one round and exit
        #[arg(long)]
        once: bool,
    },
    /// Manage credentials in the operating system's keyring
    #[command(subcommand, after_help = EXIT_SECRET)]
    Secret(Secret),
    /// Manage stacks and their profiles
    #[command(subcommand, after_help = EXIT_STACK)]
    Stack(Stack),
    /// Generate shell completions
    Completions {
        /// Shell to generate completions for
        shell: clap_complete::Shell,
    },
    /// Print the man page, or write one page per command to a folder
    Man {
        /// Output folder
        #[arg(long, value_name = "FOLDER")]
        to: Option<std::path::PathBuf>,
    },
}

/// States accepted by `alerts --state`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum State {
    /// Condition is true, `for` has not elapsed
    Pending,
    /// Firing and not suppressed
    Firing,
    /// Muted by a silence
    Silenced,
    /// Inhibited by another alert
    Inhibited,
    /// Muted by a time interval
    Muted,
    /// Resolved, still listed
    Resolved,
}

/// Subcommands of `escalation`.
#[derive(Debug, Subcommand)]
pub enum Escalation {
    /// List running clocks, the first due on top
    #[command(after_help = EXIT_ESCALATION)]
    List,
    /// Record that an alert was escalated
    #[command(after_help = EXIT_ESCALATION)]
    Mark {
        /// Clock ID
        id: String,
        /// Who was called and what was said
        #[arg(long, value_name = "TEXT", default_value = "")]
        note: String,
        /// Remove the record
        #[arg(long, conflicts_with = "note")]
        undo: bool,
        /// Your name [default: the OS user]
        #[arg(long, value_name = "NAME", default_value = "")]
        by: String,
    },
}

/// Subcommands of `secret`.
#[derive(Debug, Subcommand)]
pub enum Secret {
    /// Store a credential, read from a hidden prompt or from standard input
    #[command(after_help = EXIT_SECRET)]
    Set {
        /// Credential name, e.g. grafana/token or prometheus/password
        id: String,
        /// Read from standard input even if it is a terminal
        #[arg(long)]
        stdin: bool,
    },
    /// Delete a credential
    #[command(after_help = EXIT_SECRET)]
    Delete {
        /// Credential name
        id: String,
    },
    /// Show which credentials are configured, never their values
    #[command(after_help = EXIT_SECRET)]
    Status,
}

/// Subcommands of `stack`.
#[derive(Debug, Subcommand)]
pub enum Stack {
    /// List all stacks
    #[command(after_help = EXIT_STACK)]
    List,
    /// Show the profile of a stack
    #[command(after_help = EXIT_STACK)]
    Show {
        /// Stack name [default: the selected stack]
        name: Option<String>,
    },
    /// Validate a profile without contacting any server
    #[command(after_help = EXIT_STACK)]
    Check {
        /// Profile file or stack name [default: the selected stack]
        #[arg(value_name = "FILE|NAME")]
        target: Option<String>,
    },
    /// Select the stack used by the panel and aetherctl
    #[command(after_help = EXIT_STACK)]
    Use {
        /// Stack name
        name: String,
    },
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_parser_is_consistent() {
        Args::command().debug_assert();
    }

    #[test]
    fn every_verb_documents_its_exit_codes() {
        fn leaves(command: &clap::Command, path: &str, out: &mut Vec<String>) {
            let plain = ["completions", "man"];
            if !command.has_subcommands() && !plain.contains(&command.get_name()) {
                let help = command.clone().render_long_help().to_string();
                if !help.contains("Exit codes:") {
                    out.push(format!("{path} {}", command.get_name()));
                }
            }
            for sub in command.get_subcommands() {
                leaves(sub, &format!("{path} {}", command.get_name()), out);
            }
        }
        let mut missing = Vec::new();
        leaves(&Args::command(), "", &mut missing);
        assert!(missing.is_empty(), "{missing:?}");
    }

    #[test]
    fn no_option_takes_a_secret() {
        let command = Args::command();
        let set = command.find_subcommand("secret").unwrap().find_subcommand("set").unwrap();
        let names: Vec<_> = set.get_arguments().map(|arg| arg.get_id().as_str()).collect();
        assert_eq!(names, ["id", "stdin"]);
        assert!(Args::try_parse_from(["aetherctl", "secret", "set", "grafana/token", "glsa_x"]).is_err());
    }

    #[test]
    fn end_wants_exactly_one_of_id_and_all() {
        let parse =
            |rest: &[&str]| Args::try_parse_from([&["aetherctl", "maintenance", "end"], rest].concat());
        assert!(parse(&[]).is_err());
        assert!(parse(&["x", "--all"]).is_err());
        assert!(parse(&["x"]).is_ok());
        assert!(parse(&["--all"]).is_ok());
    }
}
