//! The command line, as the parser, the help, the completions and the man page know it.

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
  0  fine
  1  a finding: something is not as it should be
  2  usage or configuration
  3  a server failed or could not be reached";

const EXIT_STATUS: &str = "\
Exit codes:
  0  every server answers, no gauge is critical, no alert fires
  1  a finding: a critical or unreadable gauge, a firing alert, a member of a cluster that does not
     answer, a maintenance window that is not on every member
  2  usage or configuration
  3  a server failed or could not be reached";

const EXIT_GAUGES: &str = "\
Exit codes:
  0  no gauge is critical (no recent traffic is not a finding)
  1  a gauge is critical, infinite or could not be read
  2  usage or configuration, or no such gauge
  3  Prometheus failed or could not be reached";

const EXIT_ALERTS: &str = "\
Exit codes:
  0  none of the listed alerts is firing unsuppressed
  1  at least one is, or Alertmanager does not know an alert that Prometheus fires
  2  usage or configuration
  3  Alertmanager or Prometheus failed or could not be reached";

const EXIT_PINS: &str = "\
Exit codes:
  0  nothing drifts, as far as it can be told
  1  something drifts: another reference, image or program, a tag that moves or has moved, not running, missing
  2  usage or configuration, or a compose file that can't be read
  3  Docker or a server failed or could not be reached";

const EXIT_ESCALATION: &str = "\
Exit codes:
  0  nobody has to be called now
  1  `list`: somebody has to be called
  2  usage or configuration, or no such clock
  3  a server failed or could not be reached";

const EXIT_SLO: &str = "\
Only time with a value counts: without traffic a target is neither kept nor broken.

Exit codes:
  0  every gauge with a value is on target now
  1  a gauge is off target now
  2  usage or configuration
  3  Prometheus failed or could not be reached";

const EXIT_ACK: &str = "\
Exit codes:
  0  written down
  2  usage or configuration, or no such alert
  3  a server failed or could not be reached";

const EXIT_TRAINING: &str = "\
Exit codes:
  0  printed, or done
  2  usage or configuration";

const EXIT_DAEMON: &str = "\
Writes what it does to standard error, a JSON object a line; AETHER_LOG sets the level. Beside an open
panel or another daemon it waits until that one has ended. SIGTERM and Ctrl+C end it cleanly.

Exit codes:
  0  ended on request; with --once: all that was due is done
  1  with --once: something that was due is not as it should be; each is named
  2  usage or configuration; with --once: another process looks after the stack
  3  with --once: a server failed or could not be reached";

const EXIT_SECRET: &str = "\
Exit codes:
  0  done
  1  `status`: a credential that the profile calls for is missing
  2  usage or configuration, or no such credential
  3  the keyring is not there, is locked or did not answer";

const EXIT_STACK: &str = "\
Exit codes:
  0  fine
  1  `check`, `list`: a profile is refused; the message names line, key and what is expected
  2  usage or configuration, or no such stack or file";

/// Shows and changes the state of a monitoring stack: Prometheus, Alertmanager, Grafana.
///
/// Reads the same profiles, credentials and journal as the panel's window. AETHER_HOME moves all of them.
#[derive(Debug, Parser)]
#[command(name = "aetherctl", version, after_help = EXIT, propagate_version = true)]
pub struct Args {
    /// Stack to use: its name, or a profile file
    #[arg(long, global = true, env = "AETHER_STACK", hide_env_values = true, value_name = "NAME|FILE")]
    pub stack: Option<String>,
    /// Server that stored credentials of this stack may be sent to from now on, where the profile has changed
    /// its address
    #[arg(long, global = true, value_name = "SCHEME://HOST[:PORT]")]
    pub trust_origin: Vec<String>,
    /// Print one JSON object: {"ok":true,"data":…} or {"ok":false,"error":{…}}
    #[arg(long, global = true)]
    pub json: bool,
    /// What to do
    #[command(subcommand)]
    pub command: Command,
}

/// The verbs.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Whether all is right: servers, gauges, alerts, maintenance
    #[command(after_help = EXIT_STATUS)]
    Status,
    /// The gauges with their values and thresholds
    #[command(after_help = EXIT_GAUGES)]
    Gauges {
        /// Only these gauges, by id
        #[arg(value_name = "ID")]
        ids: Vec<String>,
        /// The per-tenant split below each gauge: VIPs first, then the worst
        #[arg(long)]
        tenants: bool,
    },
    /// The alerts: pending, firing, silenced, inhibited
    #[command(after_help = EXIT_ALERTS)]
    Alerts {
        /// Words, or matchers as in Alertmanager: severity="critical"
        #[arg(value_name = "FILTER")]
        filter: Vec<String>,
        /// Only these states [default: all but resolved]
        #[arg(long, value_enum, value_delimiter = ',', value_name = "STATE")]
        state: Vec<State>,
        /// Rows to print at most [default: 100; all with --csv]
        #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
        limit: Option<u32>,
        /// Print comma-separated values: a heading line, then a line an alert, with a column a label
        #[arg(long, conflicts_with_all = ["watch", "group_by"])]
        csv: bool,
        /// Count by these labels, one inside the other, instead of listing
        #[arg(long, value_delimiter = ',', value_name = "LABEL", conflicts_with = "watch")]
        group_by: Vec<String>,
        /// Go on and print what changes, a line each, until Ctrl+C; looks every so many seconds
        #[arg(long, value_name = "SECONDS", num_args = 0..=1, require_equals = true,
            default_missing_value = "10", value_parser = clap::value_parser!(u32).range(1..=3600))]
        watch: Option<u32>,
    },
    /// Says that somebody is on an alert; it silences nothing
    #[command(after_help = EXIT_ACK)]
    Ack {
        /// Matchers that pick the alert out, e.g. 'alertname="LowConfidenceSpikeVIP"'; of several the worst
        #[arg(value_name = "FILTER", required = true)]
        filter: Vec<String>,
        /// What is being done
        #[arg(long, value_name = "TEXT", default_value = "", conflicts_with = "undo")]
        note: String,
        /// Takes it back
        #[arg(long)]
        undo: bool,
        /// Who [default: the OS user]
        #[arg(long, value_name = "NAME", default_value = "")]
        by: String,
    },
    /// Maintenance windows: mute alerts for a while, on every Alertmanager member
    #[command(subcommand)]
    Maintenance(Maintenance),
    /// Backups: make, verify, compare, restore, undo, prune
    #[command(subcommand)]
    Backup(Backup),
    /// Checks: quick, before production, after a deploy, sanity
    #[command(subcommand)]
    Check(Check),
    /// Rules: what runs against what is expected, and what is wrong with it
    #[command(subcommand)]
    Rules(Rules),
    /// Runbooks: read, search, run with their queries asked, export a run
    #[command(subcommand)]
    Runbook(Runbook),
    /// Drills: incidents that are made up in the demo stack, and how somebody dealt with them
    #[command(subcommand)]
    Drill(Drill),
    /// The training checklist, and who is how far
    #[command(after_help = EXIT_TRAINING)]
    Training {
        /// What of it; without: the board
        #[command(subcommand)]
        verb: Option<Training>,
    },
    /// Escalation: the clocks that run, whom to call, and who was
    #[command(subcommand, after_help = EXIT_ESCALATION)]
    Escalation(Escalation),
    /// Service levels: each target against now, and the share of 24 hours, 7 and 30 days that it was kept
    #[command(after_help = EXIT_SLO)]
    Slo,
    /// Version pins: what is pinned, what runs, what the program reports
    #[command(after_help = EXIT_PINS)]
    Pins {
        /// What of them; without: the chains and their verdicts
        #[command(subcommand)]
        verb: Option<Pins>,
    },
    /// Does what an open panel does by itself, without a window: scheduled backups, recurring windows,
    /// close-outs, history
    #[command(after_help = EXIT_DAEMON)]
    Daemon {
        /// One round, and out
        #[arg(long)]
        once: bool,
    },
    /// Credentials, kept in the operating system's keyring
    #[command(subcommand, after_help = EXIT_SECRET)]
    Secret(Secret),
    /// Stacks and their profiles
    #[command(subcommand, after_help = EXIT_STACK)]
    Stack(Stack),
    /// Prints the completions for a shell
    Completions {
        /// The shell
        shell: clap_complete::Shell,
    },
    /// Prints the man page, or writes one page a command into a folder
    Man {
        /// Folder to write to
        #[arg(long, value_name = "FOLDER")]
        to: Option<std::path::PathBuf>,
    },
}

/// States that `alerts` can be narrowed to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum State {
    /// Condition true, `for` not yet over
    Pending,
    /// Firing and not suppressed
    Firing,
    /// Muted by a silence
    Silenced,
    /// Inhibited by another alert
    Inhibited,
    /// Muted by a time interval
    Muted,
    /// Ended, still listed
    Resolved,
}

/// Verbs on escalation.
#[derive(Debug, Subcommand)]
pub enum Escalation {
    /// The clocks that run, those that are due first
    #[command(after_help = EXIT_ESCALATION)]
    List,
    /// Says that somebody was called
    #[command(after_help = EXIT_ESCALATION)]
    Mark {
        /// The clock's id
        id: String,
        /// Whom, and what was said
        #[arg(long, value_name = "TEXT", default_value = "")]
        note: String,
        /// Take the mark back
        #[arg(long, conflicts_with = "note")]
        undo: bool,
        /// Who says so [default: the OS user]
        #[arg(long, value_name = "NAME", default_value = "")]
        by: String,
    },
}

/// Verbs on credentials.
#[derive(Debug, Subcommand)]
pub enum Secret {
    /// Stores a credential, read from a prompt that shows nothing or from standard input
    #[command(after_help = EXIT_SECRET)]
    Set {
        /// Its name, e.g. grafana/token or prometheus/password
        id: String,
        /// Read standard input even when it is a terminal
        #[arg(long)]
        stdin: bool,
    },
    /// Deletes a credential
    #[command(after_help = EXIT_SECRET)]
    Delete {
        /// Its name
        id: String,
    },
    /// Which credentials are configured; never their values
    #[command(after_help = EXIT_SECRET)]
    Status,
}

/// Verbs on stacks.
#[derive(Debug, Subcommand)]
pub enum Stack {
    /// All stacks
    #[command(after_help = EXIT_STACK)]
    List,
    /// One stack's profile
    #[command(after_help = EXIT_STACK)]
    Show {
        /// Its name [default: the selected one]
        name: Option<String>,
    },
    /// Whether a profile is valid; asks no server
    #[command(after_help = EXIT_STACK)]
    Check {
        /// A profile file, or the name of a stack [default: the selected one]
        #[arg(value_name = "FILE|NAME")]
        target: Option<String>,
    },
    /// Selects the stack that the panel and aetherctl use
    #[command(after_help = EXIT_STACK)]
    Use {
        /// Its name
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
