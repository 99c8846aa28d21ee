//! Arguments of `pins`.

use clap::Subcommand;

const EXIT_HISTORY: &str = "\
Exit codes:
  0  success
  2  usage or configuration error
  3  the journal could not be read";

const EXIT_UPDATE: &str = "\
Exit codes:
  0  diff shown; with --reason: file written
  2  usage or configuration error: no version, unknown service, ambiguous location; nothing was written
  3  Docker or the disk failed; no file was changed";

/// Subcommands of `pins`.
#[derive(Debug, Subcommand)]
pub enum Pins {
    /// Show changes to images, tags and versions, with the time each was noticed
    #[command(after_help = EXIT_HISTORY)]
    History {
        /// Only this service
        #[arg(value_name = "SERVICE")]
        service: Option<String>,
        /// Maximum number of rows
        #[arg(long, value_name = "N", default_value_t = 50)]
        limit: u32,
    },
    /// Update a service's version in the Compose file; shows the diff, and never pulls or starts anything
    #[command(after_help = EXIT_UPDATE)]
    #[command(alias = "repin")]
    Update {
        /// Service in the Compose file
        #[arg(value_name = "SERVICE")]
        service: String,
        /// Full image reference, e.g. prom/prometheus:v2.55.1
        #[arg(value_name = "IMAGE")]
        image: String,
        /// Add the digest that Docker has for it
        #[arg(long)]
        lock: bool,
        /// Reason; required to write the file
        #[arg(long, value_name = "TEXT")]
        reason: Option<String>,
        /// Your name [default: the OS user]
        #[arg(long, value_name = "NAME", default_value = "")]
        by: String,
    },
}
