//! `pins` on the command line.

use clap::Subcommand;

const EXIT_HISTORY: &str = "\
Exit codes:
  0  shown
  2  usage or configuration
  3  the journal could not be read";

const EXIT_REPIN: &str = "\
Exit codes:
  0  shown; with --reason: written
  2  usage or configuration; no version, no such service, no one place to change; nothing was written
  3  Docker or the disk failed; every file is as before";

/// Verbs on pins.
#[derive(Debug, Subcommand)]
pub enum Pins {
    /// What changed of the chains, and when it was noticed
    #[command(after_help = EXIT_HISTORY)]
    History {
        /// Of this service only
        #[arg(value_name = "SERVICE")]
        service: Option<String>,
        /// At most so many
        #[arg(long, value_name = "N", default_value_t = 50)]
        limit: u32,
    },
    /// Another version for a service: a diff of the one line that says it; nothing is pulled or started
    #[command(after_help = EXIT_REPIN)]
    Repin {
        /// Service in the compose file
        #[arg(value_name = "SERVICE")]
        service: String,
        /// The whole reference, e.g. prom/prometheus:v2.55.1
        #[arg(value_name = "IMAGE")]
        image: String,
        /// Adds the digest that the engine knows for it
        #[arg(long)]
        lock: bool,
        /// Why; without it nothing is written
        #[arg(long, value_name = "TEXT")]
        reason: Option<String>,
        /// Who [default: the OS user]
        #[arg(long, value_name = "NAME", default_value = "")]
        by: String,
    },
}
