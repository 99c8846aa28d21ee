//! The verbs on maintenance windows.

use clap::{ArgGroup, Subcommand};

use crate::duration::{Span, parse_span};

const EXIT_WINDOW: &str = "\
Exit codes:
  0  done, and read back from every member of the Alertmanager cluster
  1  in force on some members only, or not verified
  2  usage or configuration, or no such window
  3  no member accepted it or could be reached";

const EXIT_LIST: &str = "\
Exit codes:
  0  read; every window is as it was asked for
  1  a window is on some members only, or no member knows it any more
  2  usage or configuration
  3  Alertmanager failed or could not be reached";

const EXIT_READ: &str = "\
Exit codes:
  0  read
  2  usage or configuration
  3  a server failed or could not be reached";

const EXIT_SCHEDULE: &str = "\
Exit codes:
  0  done
  1  a window of a schedule could not be made; the message says why
  2  usage or configuration, or no such schedule
  3  Alertmanager failed or could not be reached";

const EXIT_CLOSEOUT: &str = "\
Exit codes:
  0  nothing is left over
  1  alerts still fire, or are open outside, or fire again without anybody hearing of it
  2  usage or configuration, or no such window
  3  Alertmanager failed or could not be reached";

/// Verbs on maintenance windows.
#[derive(Debug, Subcommand)]
pub enum Maintenance {
    /// Starts a window and reads it back from every member
    #[command(after_help = EXIT_WINDOW)]
    Start {
        #[command(flatten)]
        window: Window,
        /// Only show what it would mute
        #[arg(long)]
        dry_run: bool,
        /// Wait until every member shows it, so long at most [default with the flag alone: 60s]
        #[arg(long, value_name = "DURATION", num_args = 0..=1, require_equals = true,
            default_missing_value = "60s", value_parser = parse_span)]
        wait_verified: Option<Span>,
    },
    /// Shows what a window would mute, and which rules could fire into it; changes nothing
    #[command(after_help = EXIT_READ)]
    Preview {
        #[command(flatten)]
        window: Window,
    },
    /// Moves the end of a window
    #[command(after_help = EXIT_WINDOW)]
    Extend {
        /// Window id or silence id
        id: String,
        /// How much longer: 15m
        #[arg(long = "for", value_name = "DURATION", value_parser = parse_span)]
        length: Span,
    },
    /// Makes a window shorter; it lasts another minute at least
    #[command(after_help = EXIT_WINDOW)]
    Shorten {
        /// Window id or silence id
        id: String,
        /// How much shorter: 15m
        #[arg(long = "for", value_name = "DURATION", value_parser = parse_span)]
        length: Span,
    },
    /// Gives a window back to the members that have lost it
    #[command(after_help = EXIT_WINDOW)]
    Repair {
        /// Window id
        id: String,
    },
    /// One window: members, matchers, what it mutes
    #[command(after_help = EXIT_LIST)]
    Show {
        /// Window id or silence id
        id: String,
    },
    /// What a window hid, what fires still and when it pages; of one that is on, as if it ended now
    #[command(after_help = EXIT_CLOSEOUT)]
    Closeout {
        /// Window id or silence id
        id: String,
    },
    /// Windows that were
    #[command(after_help = EXIT_READ)]
    History {
        /// Only those whose reason or author has these words
        #[arg(value_name = "WORD")]
        search: Vec<String>,
        /// Rows to print at most
        #[arg(long, value_name = "N", default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..=20_000))]
        limit: u32,
        /// Print comma-separated values
        #[arg(long)]
        csv: bool,
    },
    /// Recurring windows
    #[command(subcommand, after_help = EXIT_SCHEDULE)]
    Schedule(Schedule),
    /// Windows that are not over
    #[command(after_help = EXIT_LIST)]
    List {
        /// Also every silence, active and past, whoever made it
        #[arg(long)]
        all: bool,
    },
    /// Ends a window or a silence now
    #[command(after_help = EXIT_WINDOW, group = ArgGroup::new("which").required(true))]
    End {
        /// Window id or silence id
        #[arg(group = "which")]
        id: Option<String>,
        /// Every window of the panel that is on; those that begin later and silences made elsewhere stay
        #[arg(long, group = "which")]
        all: bool,
    },
}

/// A window that is asked for.
#[derive(Debug, clap::Args)]
#[command(group = ArgGroup::new("how_long").required(true))]
pub struct Window {
    /// How long: 30m, 1h30m, 90s
    #[arg(long = "for", value_name = "DURATION", value_parser = parse_span, group = "how_long")]
    pub length: Option<Span>,
    /// Until when: 17:30 (the next), 2026-12-01T17:30, or with an offset
    #[arg(long, value_name = "TIME", group = "how_long")]
    pub until: Option<String>,
    /// Begin, written likewise [default: now]
    #[arg(long, value_name = "TIME")]
    pub at: Option<String>,
    /// Why; stands in the silence's comment
    #[arg(long, visible_alias = "reason", value_name = "TEXT")]
    pub comment: String,
    /// Who [default: the OS user]
    #[arg(long, value_name = "NAME", default_value = "", hide_default_value = true)]
    pub by: String,
    /// What it mutes: severity="warning" tenant_id=~"a|b" [default: every alert but the heartbeat]
    #[arg(long, value_name = "MATCHER")]
    pub matcher: Vec<String>,
}

/// Verbs on recurring windows.
#[derive(Debug, Subcommand)]
pub enum Schedule {
    /// The schedules with their next dates
    #[command(after_help = EXIT_SCHEDULE)]
    List,
    /// The next dates of a cron expression; changes nothing
    #[command(after_help = EXIT_READ)]
    Next {
        /// Five fields: minute, hour, day of month, month, day of week
        cron: String,
        /// Time zone, e.g. Europe/Berlin [default: this machine's]
        #[arg(long, value_name = "ZONE", default_value = "", hide_default_value = true)]
        zone: String,
    },
    /// Adds one, and makes its next windows as silences of the future
    #[command(after_help = EXIT_SCHEDULE)]
    Add {
        /// Five fields: minute, hour, day of month, month, day of week
        cron: String,
        /// Time zone, e.g. Europe/Berlin [default: this machine's]
        #[arg(long, value_name = "ZONE", default_value = "", hide_default_value = true)]
        zone: String,
        /// How long each window lasts
        #[arg(long = "for", value_name = "DURATION", value_parser = parse_span)]
        length: Span,
        /// Why
        #[arg(long, visible_alias = "reason", value_name = "TEXT")]
        comment: String,
        /// Who [default: the OS user]
        #[arg(long, value_name = "NAME", default_value = "", hide_default_value = true)]
        by: String,
        /// What it mutes [default: every alert but the heartbeat]
        #[arg(long, value_name = "MATCHER")]
        matcher: Vec<String>,
        /// Windows to make ahead
        #[arg(long, value_name = "N", default_value_t = 3, value_parser = clap::value_parser!(u32).range(1..=10))]
        ahead: u32,
    },
    /// Removes one and takes its future windows back
    #[command(after_help = EXIT_SCHEDULE)]
    Remove {
        /// Its id
        id: String,
    },
}
