//! The verbs on backups.

use std::path::PathBuf;

use clap::{ArgGroup, Subcommand, ValueEnum};

const EXIT_CREATE: &str = "\
Exit codes:
  0  whole on the disk, and every file read back
  1  made, but incomplete: a part failed; the message says which and why
  2  usage or configuration, or it could not be written
  3  cancelled";

const EXIT_READ: &str = "\
Exit codes:
  0  read
  1  a backup is incomplete or has changed
  2  usage or configuration, or no such backup
  3  a server failed or could not be reached";

const EXIT_VERIFY: &str = "\
Exit codes:
  0  every file that was read is as it was made
  1  something has changed; each is named
  2  usage or configuration, or no such backup, or one without hashes";

const EXIT_EXPORT: &str = "\
Exit codes:
  0  written, and every file in it read back
  2  usage or configuration, no such backup, one that has changed, or it could not be written
  3  cancelled";

const EXIT_REMOTE: &str = "\
Exit codes:
  0  done, and read back
  1  a place could not be listed, a copy is unfinished or has changed, or something was kept that should have gone
  2  usage or configuration, or no such backup or place
  3  the storage failed or could not be reached";

const EXIT_IMPORT: &str = "\
Exit codes:
  0  taken in; one of the panel's own is held against its manifest
  1  it was incomplete when it was made, or has changed on the disk since
  2  usage or configuration; an archive that is broken, not honest, no backup, or here already
  3  cancelled";

const EXIT_DIFF: &str = "\
Exit codes:
  0  the same
  1  something differs
  2  usage or configuration, or no such backup
  3  Grafana failed or could not be reached";

const EXIT_RESTORE: &str = "\
Exit codes:
  0  done, each item written and read back; without --apply: nothing is undecided
  1  some items were not written, or wait for a choice
  2  usage or configuration, or no such backup or restore
  3  a server failed or could not be reached";

const EXIT_DATA: &str = "\
Exit codes:
  0  the steps; with --apply or --check: every block within the retention is answered with
  1  with --apply or --check: some blocks are not answered with
  2  usage or configuration, no such backup, or the panel can't do it by itself
  3  Prometheus or Docker failed or could not be reached; the message says where the data of before is";

const EXIT_COMMIT: &str = "\
Exit codes:
  0  committed
  2  no such backup, in no work tree, ignored there, or committed already; or Git refused";

const EXIT_PRUNE: &str = "\
Exit codes:
  0  done; without --apply: nothing was deleted
  1  something was kept that should have gone
  2  usage or configuration";

/// Verbs on backups.
#[derive(Debug, Subcommand)]
pub enum Backup {
    /// Makes a backup: Grafana, Prometheus, Alertmanager, configuration files
    #[command(after_help = EXIT_CREATE)]
    Create {
        /// Why
        #[arg(long, visible_alias = "comment", value_name = "TEXT")]
        reason: String,
        /// Who [default: the OS user]
        #[arg(long, value_name = "NAME", default_value = "", hide_default_value = true)]
        by: String,
        /// Only these parts [default: all]
        #[arg(long, value_enum, value_delimiter = ',', value_name = "PART")]
        only: Vec<Part>,
    },
    /// The backups, newest first
    #[command(after_help = EXIT_READ)]
    List,
    /// One backup: parts, dashboards, blocks
    #[command(after_help = EXIT_READ)]
    Show {
        /// Its name
        id: String,
    },
    /// Which backups have a dashboard
    #[command(after_help = EXIT_READ)]
    Find {
        /// Words of its title, or its uid
        #[arg(required = true, value_name = "WORD")]
        words: Vec<String>,
    },
    /// Holds a backup against its hashes
    #[command(after_help = EXIT_VERIFY, group = ArgGroup::new("which").required(true))]
    Verify {
        /// Its name
        #[arg(group = "which")]
        id: Option<String>,
        /// Every backup that has hashes
        #[arg(long, group = "which")]
        all: bool,
        /// Only so many files of each, chosen at random
        #[arg(long, value_name = "N", default_value_t = 0, hide_default_value = true)]
        sample: u32,
    },
    /// Writes a backup into one file, and reads it back
    #[command(after_help = EXIT_EXPORT)]
    Export {
        /// Its name
        id: String,
        /// The folder to write it into [default: the current one]
        #[arg(long, value_name = "FOLDER")]
        to: Option<PathBuf>,
        /// How to pack it
        #[arg(long, value_enum, value_name = "FORMAT", default_value_t = Packing::Gzip)]
        format: Packing,
    },
    /// Takes an archive in: one of this panel, or of grafana-backup-tool
    #[command(after_help = EXIT_IMPORT)]
    Import {
        /// The archive: .tar.gz, .tar.zst or .tar
        archive: PathBuf,
        /// Who [default: the OS user]
        #[arg(long, value_name = "NAME", default_value = "", hide_default_value = true)]
        by: String,
    },
    /// Copies a backup elsewhere, to a place that the profile names: [backup] elsewhere
    #[command(after_help = EXIT_REMOTE)]
    Push {
        /// Its name
        id: String,
        /// The place [default: the profile's first]
        #[arg(long, value_name = "URL", default_value = "", hide_default_value = true)]
        to: String,
    },
    /// Fetches a copy back, held against its manifest on the way in
    #[command(after_help = EXIT_REMOTE)]
    Fetch {
        /// Its name
        id: String,
        /// The place [default: the profile's first]
        #[arg(long, value_name = "URL", default_value = "", hide_default_value = true)]
        from: String,
        /// Who [default: the OS user]
        #[arg(long, value_name = "NAME", default_value = "", hide_default_value = true)]
        by: String,
    },
    /// The copies elsewhere
    #[command(subcommand)]
    Remote(Remote),
    /// How the dashboards of a backup differ from another backup, or from Grafana now
    #[command(after_help = EXIT_DIFF)]
    Diff {
        /// The older one
        from: String,
        /// The newer one [default: Grafana now]
        to: Option<String>,
        /// Only this dashboard, its JSON line by line
        #[arg(long, value_name = "UID")]
        uid: Option<String>,
    },
    /// Commits a backup whose folder lies in a work tree of Git
    #[command(after_help = EXIT_COMMIT)]
    Commit {
        /// Its name
        id: String,
    },
    /// Shows what restoring would do; --apply does it
    #[command(after_help = EXIT_RESTORE)]
    Restore {
        /// The backup
        id: String,
        /// Dashboards by uid, files by name, or things of the alerting as the plan names them [default: all]
        #[arg(value_name = "UID")]
        uids: Vec<String>,
        /// Which part of the backup
        #[arg(long, value_enum, default_value_t = What::Dashboards)]
        what: What,
        /// Carry it out
        #[arg(long)]
        apply: bool,
        /// What to do where a choice is needed: UID=keep, UID=replace, UID=copy or UID=without-secrets
        #[arg(long, value_name = "UID=CHOICE")]
        choose: Vec<String>,
        /// The same choice wherever one is needed
        #[arg(long, value_enum, value_name = "CHOICE")]
        otherwise: Option<Choice>,
        /// Use another data source: UID-IN-BACKUP=UID-IN-GRAFANA
        #[arg(long, value_name = "OLD=NEW")]
        data_source: Vec<String>,
        /// Restore into this folder, by uid [default: where each one was]
        #[arg(long, value_name = "UID")]
        into_folder: Option<String>,
        /// Restore into the Grafana of this stack [default: the stack itself]
        #[arg(long, value_name = "NAME")]
        into_stack: Option<String>,
        /// Who [default: the OS user]
        #[arg(long, value_name = "NAME", default_value = "", hide_default_value = true)]
        by: String,
    },
    /// Shows the steps that restore Prometheus' data for this very stack; --apply does them through Docker
    #[command(after_help = EXIT_DATA)]
    RestoreData {
        /// The backup
        id: String,
        /// Stop Prometheus, restore, start it, and look whether the samples are there
        #[arg(long)]
        apply: bool,
        /// Only look whether Prometheus answers with the backup's samples
        #[arg(long, conflicts_with = "apply")]
        check: bool,
        /// Who [default: the OS user]
        #[arg(long, value_name = "NAME", default_value = "", hide_default_value = true)]
        by: String,
    },
    /// Restores that were
    #[command(after_help = EXIT_READ)]
    Restores,
    /// Undoes a restore
    #[command(after_help = EXIT_RESTORE)]
    Undo {
        /// Its number [default: the newest that can be undone]
        number: Option<u32>,
    },
    /// Keeps a backup whatever the pruning says
    #[command(after_help = EXIT_READ)]
    Pin {
        /// Its name
        id: String,
        /// No longer
        #[arg(long)]
        off: bool,
    },
    /// Shows which backups a policy would delete; --apply deletes them
    #[command(after_help = EXIT_PRUNE)]
    Prune {
        /// Keep the newest so many
        #[arg(long, value_name = "N", default_value_t = 7)]
        last: u32,
        /// Keep the newest of each of so many days
        #[arg(long, value_name = "N", default_value_t = 14)]
        daily: u32,
        /// Keep the newest of each of so many weeks
        #[arg(long, value_name = "N", default_value_t = 8)]
        weekly: u32,
        /// Keep the newest of each of so many months
        #[arg(long, value_name = "N", default_value_t = 12)]
        monthly: u32,
        /// Delete them
        #[arg(long)]
        apply: bool,
    },
}

/// Verbs on copies elsewhere.
#[derive(Debug, Subcommand)]
pub enum Remote {
    /// What lies in every place
    #[command(after_help = EXIT_REMOTE)]
    List,
    /// Reads a copy back and holds it against its hashes
    #[command(after_help = EXIT_REMOTE)]
    Verify {
        /// Its name
        id: String,
        /// The place [default: the profile's first]
        #[arg(long, value_name = "URL", default_value = "", hide_default_value = true)]
        from: String,
        /// Only so many files, chosen at random
        #[arg(long, value_name = "N", default_value_t = 0, hide_default_value = true)]
        sample: u32,
    },
    /// Shows which copies a policy would delete; --apply deletes them
    #[command(after_help = EXIT_REMOTE)]
    Prune {
        /// The place [default: the profile's first]
        #[arg(long, value_name = "URL", default_value = "", hide_default_value = true)]
        from: String,
        /// Keep the newest so many
        #[arg(long, value_name = "N", default_value_t = 7)]
        last: u32,
        /// Keep the newest of each of so many days
        #[arg(long, value_name = "N", default_value_t = 14)]
        daily: u32,
        /// Keep the newest of each of so many weeks
        #[arg(long, value_name = "N", default_value_t = 8)]
        weekly: u32,
        /// Keep the newest of each of so many months
        #[arg(long, value_name = "N", default_value_t = 12)]
        monthly: u32,
        /// Delete them
        #[arg(long)]
        apply: bool,
    },
}

/// Parts of a backup.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Part {
    /// Dashboards, folders, library panels, data sources, alerting
    Grafana,
    /// TSDB snapshot, rules, flags
    Prometheus,
    /// Configuration, silences
    Alertmanager,
    /// Configuration files
    Configs,
}

/// How an archive is packed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Packing {
    /// .tar.gz: every machine unpacks it
    Gzip,
    /// .tar.zst: smaller and several times as fast
    Zstd,
}

/// What of a backup is restored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum What {
    /// Grafana's dashboards
    Dashboards,
    /// Grafana's alert rules and notification settings
    Alerting,
    /// The configuration files of the stack, checked and reloaded
    Configs,
}

/// What to do with an item that can't simply be put back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Choice {
    /// Leave what Grafana has
    Keep,
    /// Put the backup's in its place
    Replace,
    /// Put the backup's beside it
    Copy,
    /// Make it without the secrets that the backup has not
    WithoutSecrets,
}
