//! Arguments of `backup`.

use std::path::PathBuf;

use clap::{ArgGroup, Subcommand, ValueEnum};

const EXIT_CREATE: &str = "\
Exit codes:
  0  complete, every file read back
  1  created, but incomplete: a part failed; the message says which and why
  2  usage or configuration error, or the backup could not be written
  3  canceled";

const EXIT_READ: &str = "\
Exit codes:
  0  success
  1  a backup is incomplete or corrupted
  2  usage or configuration error, or unknown backup
  3  a server failed or is unreachable";

const EXIT_VERIFY: &str = "\
Exit codes:
  0  every checked file matches its checksum
  1  at least one file is corrupted; each is listed
  2  usage or configuration error, unknown backup, or a backup without checksums";

const EXIT_EXPORT: &str = "\
Exit codes:
  0  written, every file read back
  2  usage or configuration error, unknown or corrupted backup, or the archive could not be written
  3  canceled";

const EXIT_REMOTE: &str = "\
Exit codes:
  0  success, read back
  1  a target could not be listed, a copy is incomplete or corrupted, or a copy could not be deleted
  2  usage or configuration error, or unknown backup or target
  3  the storage failed or is unreachable";

const EXIT_IMPORT: &str = "\
Exit codes:
  0  imported; a backup made by this panel is verified against its manifest
  1  the backup was incomplete when created, or is corrupted
  2  usage or configuration error; the archive is damaged, unsafe, not a backup, or already present
  3  canceled";

const EXIT_DIFF: &str = "\
Exit codes:
  0  identical
  1  differences found
  2  usage or configuration error, or unknown backup
  3  Grafana failed or is unreachable";

const EXIT_RESTORE: &str = "\
Exit codes:
  0  every item written and read back; without --apply: no conflicts left to resolve
  1  some items were not written, or need a choice
  2  usage or configuration error, or unknown backup or restore
  3  a server failed or is unreachable";

const EXIT_DATA: &str = "\
Exit codes:
  0  steps shown; with --apply or --check: every block within the retention is queryable
  1  with --apply or --check: some blocks are not queryable
  2  usage or configuration error, unknown backup, or the restore cannot be automated
  3  Prometheus or Docker failed or is unreachable; the message says where the previous data is";

const EXIT_COMMIT: &str = "\
Exit codes:
  0  committed
  2  unknown backup, not in a work tree, ignored by Git or already committed; or Git failed";

const EXIT_PRUNE: &str = "\
Exit codes:
  0  success; without --apply: nothing was deleted
  1  a backup could not be deleted
  2  usage or configuration error";

/// Subcommands of `backup`.
#[derive(Debug, Subcommand)]
pub enum Backup {
    /// Create a backup of Grafana, Prometheus, Alertmanager and configuration files
    #[command(after_help = EXIT_CREATE)]
    Create {
        /// Note to store with the backup
        #[arg(long, visible_alias = "comment", value_name = "TEXT")]
        reason: String,
        /// Your name [default: the OS user]
        #[arg(long, value_name = "NAME", default_value = "", hide_default_value = true)]
        by: String,
        /// Back up only these parts [default: all]
        #[arg(long, value_enum, value_delimiter = ',', value_name = "PART")]
        only: Vec<Part>,
    },
    /// List backups, newest first
    #[command(after_help = EXIT_READ)]
    List,
    /// Show a backup: parts, dashboards, blocks
    #[command(after_help = EXIT_READ)]
    Show {
        /// Backup name
        id: String,
    },
    /// Find the backups that contain a dashboard
    #[command(after_help = EXIT_READ)]
    Find {
        /// Words of the dashboard title, or its UID
        #[arg(required = true, value_name = "WORD")]
        words: Vec<String>,
    },
    /// Verify checksums of a backup
    #[command(after_help = EXIT_VERIFY, group = ArgGroup::new("which").required(true))]
    Verify {
        /// Backup name
        #[arg(group = "which")]
        id: Option<String>,
        /// Verify every backup that has checksums
        #[arg(long, group = "which")]
        all: bool,
        /// Verify a random sample of this many files per backup
        #[arg(long, value_name = "N", default_value_t = 0, hide_default_value = true)]
        sample: u32,
    },
    /// Export a backup to an archive file, and read it back
    #[command(after_help = EXIT_EXPORT)]
    Export {
        /// Backup name
        id: String,
        /// Folder to write to [default: the current one]
        #[arg(long, value_name = "FOLDER")]
        to: Option<PathBuf>,
        /// Archive format
        #[arg(long, value_enum, value_name = "FORMAT", default_value_t = Packing::Gzip)]
        format: Packing,
    },
    /// Import an archive created by this panel or by grafana-backup-tool
    #[command(after_help = EXIT_IMPORT)]
    Import {
        /// Archive file: .tar.gz, .tar.zst or .tar
        archive: PathBuf,
        /// Your name [default: the OS user]
        #[arg(long, value_name = "NAME", default_value = "", hide_default_value = true)]
        by: String,
    },
    /// Upload a backup to a remote target configured in the profile ([backup] elsewhere)
    #[command(after_help = EXIT_REMOTE)]
    Push {
        /// Backup name
        id: String,
        /// Remote target [default: the profile's first]
        #[arg(long, value_name = "URL", default_value = "", hide_default_value = true)]
        to: String,
    },
    /// Download a remote copy, verified against its manifest
    #[command(after_help = EXIT_REMOTE)]
    Fetch {
        /// Backup name
        id: String,
        /// Remote target [default: the profile's first]
        #[arg(long, value_name = "URL", default_value = "", hide_default_value = true)]
        from: String,
        /// Your name [default: the OS user]
        #[arg(long, value_name = "NAME", default_value = "", hide_default_value = true)]
        by: String,
    },
    /// Manage remote copies
    #[command(subcommand)]
    Remote(Remote),
    /// Compare a backup's dashboards with another backup, or with Grafana now
    #[command(after_help = EXIT_DIFF)]
    Diff {
        /// Older backup
        from: String,
        /// Newer backup [default: Grafana now]
        to: Option<String>,
        /// Show only this dashboard, as a line diff of its JSON
        #[arg(long, value_name = "UID")]
        uid: Option<String>,
    },
    /// Commit a backup whose folder is in a Git work tree
    #[command(after_help = EXIT_COMMIT)]
    Commit {
        /// Backup name
        id: String,
    },
    /// Show what a restore would do; --apply performs it
    #[command(after_help = EXIT_RESTORE)]
    Restore {
        /// Backup name
        id: String,
        /// Dashboards by UID, files by name, or other resources as named in the plan [default: all]
        #[arg(value_name = "UID")]
        uids: Vec<String>,
        /// Part of the backup to restore
        #[arg(long, value_enum, default_value_t = What::Dashboards)]
        what: What,
        /// Perform the restore
        #[arg(long)]
        apply: bool,
        /// Resolve a conflict: UID=keep, UID=replace, UID=copy or UID=without-secrets
        #[arg(long, value_name = "UID=CHOICE")]
        choose: Vec<String>,
        /// Resolve all conflicts the same way
        #[arg(long, value_enum, value_name = "CHOICE")]
        otherwise: Option<Choice>,
        /// Map a data source: UID-IN-BACKUP=UID-IN-GRAFANA
        #[arg(long, value_name = "OLD=NEW")]
        data_source: Vec<String>,
        /// Restore into this folder, by UID [default: the original folder]
        #[arg(long, value_name = "UID")]
        into_folder: Option<String>,
        /// Restore into the Grafana of this stack [default: the backup's own stack]
        #[arg(long, value_name = "NAME")]
        into_stack: Option<String>,
        /// Your name [default: the OS user]
        #[arg(long, value_name = "NAME", default_value = "", hide_default_value = true)]
        by: String,
    },
    /// Show the steps to restore Prometheus data in this stack; --apply performs them through Docker
    #[command(after_help = EXIT_DATA)]
    RestoreData {
        /// Backup name
        id: String,
        /// Stop Prometheus, restore, start it, and check that the samples are queryable
        #[arg(long)]
        apply: bool,
        /// Only check that Prometheus serves the backup's samples
        #[arg(long, conflicts_with = "apply")]
        check: bool,
        /// Your name [default: the OS user]
        #[arg(long, value_name = "NAME", default_value = "", hide_default_value = true)]
        by: String,
    },
    /// Show restore history
    #[command(after_help = EXIT_READ)]
    Restores,
    /// Undo a restore
    #[command(after_help = EXIT_RESTORE)]
    Undo {
        /// Restore ID [default: the newest that can be undone]
        number: Option<u32>,
    },
    /// Exempt a backup from pruning
    #[command(after_help = EXIT_READ)]
    Pin {
        /// Backup name
        id: String,
        /// Remove the exemption
        #[arg(long)]
        off: bool,
    },
    /// Show which backups a retention policy would delete; --apply deletes them
    #[command(after_help = EXIT_PRUNE)]
    Prune {
        /// Keep the newest N backups
        #[arg(long, value_name = "N", default_value_t = 7)]
        last: u32,
        /// Keep the newest backup of each of the last N days
        #[arg(long, value_name = "N", default_value_t = 14)]
        daily: u32,
        /// Keep the newest backup of each of the last N weeks
        #[arg(long, value_name = "N", default_value_t = 8)]
        weekly: u32,
        /// Keep the newest backup of each of the last N months
        #[arg(long, value_name = "N", default_value_t = 12)]
        monthly: u32,
        /// Delete them
        #[arg(long)]
        apply: bool,
    },
}

/// Subcommands of `backup remote`.
#[derive(Debug, Subcommand)]
pub enum Remote {
    /// List the copies at every remote target
    #[command(after_help = EXIT_REMOTE)]
    List,
    /// Verify checksums of a remote copy
    #[command(after_help = EXIT_REMOTE)]
    Verify {
        /// Backup name
        id: String,
        /// Remote target [default: the profile's first]
        #[arg(long, value_name = "URL", default_value = "", hide_default_value = true)]
        from: String,
        /// Verify a random sample of this many files
        #[arg(long, value_name = "N", default_value_t = 0, hide_default_value = true)]
        sample: u32,
    },
    /// Show which copies a retention policy would delete; --apply deletes them
    #[command(after_help = EXIT_REMOTE)]
    Prune {
        /// Remote target [default: the profile's first]
        #[arg(long, value_name = "URL", default_value = "", hide_default_value = true)]
        from: String,
        /// Keep the newest N copies
        #[arg(long, value_name = "N", default_value_t = 7)]
        last: u32,
        /// Keep the newest copy of each of the last N days
        #[arg(long, value_name = "N", default_value_t = 14)]
        daily: u32,
        /// Keep the newest copy of each of the last N weeks
        #[arg(long, value_name = "N", default_value_t = 8)]
        weekly: u32,
        /// Keep the newest copy of each of the last N months
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
    /// Permissions of Grafana's folders and dashboards
    Permissions,
    /// Grafana annotations
    Annotations,
    /// Grafana playlists
    Playlists,
    /// Settings of dashboards shown without a login
    PublicDashboards,
}

/// Archive formats.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Packing {
    /// .tar.gz: readable everywhere
    Gzip,
    /// .tar.zst: smaller and several times faster
    Zstd,
}

/// What `backup restore` restores.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum What {
    /// Grafana dashboards
    Dashboards,
    /// Grafana alert rules and notification settings
    Alerting,
    /// The stack's configuration files, checked and reloaded
    Configs,
    /// Permissions of Grafana folders and dashboards
    Permissions,
    /// Grafana annotations; those that are there stay
    Annotations,
    /// Grafana playlists
    Playlists,
    /// Dashboards that Grafana shows without a login
    PublicDashboards,
}

/// How a restore conflict is resolved.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Choice {
    /// Keep what Grafana has
    Keep,
    /// Replace it with the backup's version
    Replace,
    /// Add the backup's version as a copy
    Copy,
    /// Create it without the secrets missing from the backup
    WithoutSecrets,
}
