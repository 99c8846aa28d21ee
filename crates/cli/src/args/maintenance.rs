//! Arguments of `maintenance`.

use clap::{ArgGroup, Subcommand};

use crate::duration::{Span, parse_span};

const EXIT_WINDOW: &str = "\
Exit codes:
  0  done and verified on every member of the Alertmanager cluster
  1  active on some members only, or not verified
  2  usage or configuration error, or unknown window
  3  no member accepted it or was reachable";

const EXIT_LIST: &str = "\
Exit codes:
  0  every window is as requested
  1  a window is on some members only, or missing on all
  2  usage or configuration error
  3  Alertmanager failed or is unreachable";

const EXIT_READ: &str = "\
Exit codes:
  0  success
  2  usage or configuration error
  3  a server failed or is unreachable";

const EXIT_SCHEDULE: &str = "\
Exit codes:
  0  success
  1  a scheduled window could not be created; the message says why
  2  usage or configuration error, or unknown schedule
  3  Alertmanager failed or is unreachable";

const EXIT_CLOSEOUT: &str = "\
Exit codes:
  0  nothing left to follow up
  1  alerts are still firing, need a manual close, or will fire again without a notification
  2  usage or configuration error, or unknown window
  3  Alertmanager failed or is unreachable";

/// Subcommands of `maintenance`.
#[derive(Debug, Subcommand)]
pub enum Maintenance {
    /// Start a window and verify it on every member
    #[command(after_help = EXIT_WINDOW)]
    Start {
        #[command(flatten)]
        window: Window,
        /// Only preview what it would mute
        #[arg(long)]
        dry_run: bool,
        /// Wait at most this long until every member shows it [default if given without a value: 60s]
        #[arg(long, value_name = "DURATION", num_args = 0..=1, require_equals = true,
            default_missing_value = "60s", value_parser = parse_span)]
        wait_verified: Option<Span>,
    },
    /// Preview what a window would mute and which rules could fire during it; changes nothing
    #[command(after_help = EXIT_READ)]
    Preview {
        #[command(flatten)]
        window: Window,
    },
    /// Extend a window
    #[command(after_help = EXIT_WINDOW)]
    Extend {
        /// Window ID or silence ID
        id: String,
        /// How much longer, e.g. 15m
        #[arg(long = "for", value_name = "DURATION", value_parser = parse_span)]
        length: Span,
    },
    /// Shorten a window; at least one minute remains
    #[command(after_help = EXIT_WINDOW)]
    Shorten {
        /// Window ID or silence ID
        id: String,
        /// How much shorter, e.g. 15m
        #[arg(long = "for", value_name = "DURATION", value_parser = parse_span)]
        length: Span,
    },
    /// Recreate a window on members that lost it
    #[command(after_help = EXIT_WINDOW)]
    Repair {
        /// Window ID
        id: String,
    },
    /// Show a window: members, matchers, muted alerts
    #[command(after_help = EXIT_LIST)]
    Show {
        /// Window ID or silence ID
        id: String,
    },
    /// Show the close-out report: muted alerts, what is still firing and when it pages; for an active window,
    /// as if it ended now
    #[command(after_help = EXIT_CLOSEOUT)]
    Closeout {
        /// Window ID or silence ID
        id: String,
    },
    /// List past windows
    #[command(after_help = EXIT_READ)]
    History {
        /// Only windows whose reason or creator contains these words
        #[arg(value_name = "WORD")]
        search: Vec<String>,
        /// Maximum number of rows
        #[arg(long, value_name = "N", default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..=20_000))]
        limit: u32,
        /// Print CSV
        #[arg(long)]
        csv: bool,
    },
    /// Manage recurring windows
    #[command(subcommand, after_help = EXIT_SCHEDULE)]
    Schedule(Schedule),
    /// List active and scheduled windows
    #[command(after_help = EXIT_LIST)]
    List {
        /// Include all silences, active and expired, whoever created them
        #[arg(long)]
        all: bool,
    },
    /// End a window or a silence now
    #[command(after_help = EXIT_WINDOW, group = ArgGroup::new("which").required(true))]
    End {
        /// Window ID or silence ID
        #[arg(group = "which")]
        id: Option<String>,
        /// End every active window of the panel; scheduled windows and other silences are kept
        #[arg(long, group = "which")]
        all: bool,
    },
}

/// Parameters of a requested window.
#[derive(Debug, clap::Args)]
#[command(group = ArgGroup::new("how_long").required(true))]
pub struct Window {
    /// Duration, e.g. 30m, 1h30m, 90s
    #[arg(long = "for", value_name = "DURATION", value_parser = parse_span, group = "how_long")]
    pub length: Option<Span>,
    /// End time: 17:30 (the next one), 2026-12-01T17:30, or with a UTC offset
    #[arg(long, value_name = "TIME", group = "how_long")]
    pub until: Option<String>,
    /// Start time, same formats as --until [default: now]
    #[arg(long, value_name = "TIME")]
    pub at: Option<String>,
    /// Reason, stored in the silence's comment
    #[arg(long, visible_alias = "reason", value_name = "TEXT")]
    pub comment: String,
    /// Your name [default: the OS user]
    #[arg(long, value_name = "NAME", default_value = "", hide_default_value = true)]
    pub by: String,
    /// Matchers to mute: severity="warning" tenant_id=~"a|b" [default: every alert except the heartbeat]
    #[arg(long, value_name = "MATCHER")]
    pub matcher: Vec<String>,
}

/// Subcommands of `maintenance schedule`.
#[derive(Debug, Subcommand)]
pub enum Schedule {
    /// List schedules with their next windows
    #[command(after_help = EXIT_SCHEDULE)]
    List,
    /// Preview the next windows of a cron expression; changes nothing
    #[command(after_help = EXIT_READ)]
    Next {
        /// Five fields: minute, hour, day of month, month, day of week
        cron: String,
        /// Time zone, e.g. Europe/Berlin [default: the local zone]
        #[arg(long, value_name = "ZONE", default_value = "", hide_default_value = true)]
        zone: String,
    },
    /// Add a schedule and create its next windows as pending silences
    #[command(after_help = EXIT_SCHEDULE)]
    Add {
        /// Five fields: minute, hour, day of month, month, day of week
        cron: String,
        /// Time zone, e.g. Europe/Berlin [default: the local zone]
        #[arg(long, value_name = "ZONE", default_value = "", hide_default_value = true)]
        zone: String,
        /// Duration of each window
        #[arg(long = "for", value_name = "DURATION", value_parser = parse_span)]
        length: Span,
        /// Reason
        #[arg(long, visible_alias = "reason", value_name = "TEXT")]
        comment: String,
        /// Your name [default: the OS user]
        #[arg(long, value_name = "NAME", default_value = "", hide_default_value = true)]
        by: String,
        /// Matchers to mute [default: every alert except the heartbeat]
        #[arg(long, value_name = "MATCHER")]
        matcher: Vec<String>,
        /// Number of windows to create in advance
        #[arg(long, value_name = "N", default_value_t = 3, value_parser = clap::value_parser!(u32).range(1..=10))]
        ahead: u32,
    },
    /// Remove a schedule and its pending windows
    #[command(after_help = EXIT_SCHEDULE)]
    Remove {
        /// Schedule ID
        id: String,
    },
}
