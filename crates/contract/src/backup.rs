//! Backups of a stack: what was saved, and whether it is still as it was.

use crate::{Job, PanelError, Timestamp, wire};

wire! {
    /// Name of a backup's folder: `2026-11-27_14-05`.
    #[derive(Eq, Hash, PartialOrd, Ord)]
    pub struct BackupId(pub String);
}

wire! {
    /// What a backup is made of.
    #[derive(Copy, Eq, Hash, PartialOrd, Ord)]
    pub enum BackupPartKind {
        /// Dashboards with their `meta`, folders, library panels, data sources without secrets, alerting.
        Grafana,
        /// A TSDB snapshot, the rules and the flags of the running server.
        Prometheus,
        /// The running configuration and the silences.
        Alertmanager,
        /// The files of the monitoring pack.
        Configs,
        /// Who may see and edit Grafana's folders and dashboards: by role, team name and login.
        Permissions,
        /// Grafana's annotations, without those of alerts.
        Annotations,
        /// Grafana's playlists.
        Playlists,
        /// How Grafana shows dashboards without a login, without the links' tokens.
        PublicDashboards,
    }
}

wire! {
    /// How a part came out.
    #[derive(Copy, Eq)]
    pub enum BackupPartState {
        /// All of it is there.
        Complete,
        /// Something is missing that should be there; the notes say what and why.
        Failed,
        /// It is not there, and nothing is wrong with that: not asked for, or not part of this stack.
        Skipped,
    }
}

wire! {
    /// One part of a backup.
    pub struct BackupPart {
        /// Which.
        pub kind: BackupPartKind,
        /// How it came out.
        pub state: BackupPartState,
        /// Things in it: dashboards, blocks, silences, files.
        pub count: u32,
        /// What they are, in a word or two: "dashboards".
        pub what: String,
        /// Size in bytes.
        pub bytes: f64,
        /// What is missing and why, and what is worth knowing; a sentence each.
        pub notes: Vec<String>,
        /// Whether Prometheus' data could not be reached, although it was asked for.
        #[serde(default)]
        pub without_tsdb: bool,
    }
}

impl BackupPart {
    /// How many of what: "1 playlist".
    pub fn counted(&self) -> String {
        let noun = self.what.strip_suffix('s').filter(|_| self.count == 1).unwrap_or(&self.what);
        format!("{} {noun}", self.count)
    }
}

wire! {
    /// How far a backup can be trusted.
    #[derive(Copy, Eq)]
    pub enum BackupVerdict {
        /// Complete, and every hash was found right.
        Verified,
        /// As verified, without Prometheus' data, which could not be reached and which the profile does not require.
        WithoutTsdb,
        /// Complete, but not looked at again since it was made.
        Complete,
        /// A part failed when it was made.
        Incomplete,
        /// It is no longer as it was made.
        Changed,
        /// Made by another tool: there are no hashes to hold it against.
        Foreign,
    }
}

impl BackupVerdict {
    /// Whether all that is in the backup was read back and found right.
    pub fn is_verified(self) -> bool {
        matches!(self, Self::Verified | Self::WithoutTsdb)
    }
}

wire! {
    /// A backup in the list.
    pub struct Backup {
        /// Its folder's name.
        pub id: BackupId,
        /// When it was made; of a foreign one, from its name or its newest file.
        pub made_at: Timestamp,
        /// Why.
        pub reason: String,
        /// Who.
        pub created_by: String,
        /// The stack that it is of; empty when unknown.
        pub stack: String,
        /// How far it can be trusted.
        pub verdict: BackupVerdict,
        /// When every file was last held against its hash; none: never.
        pub verified_at: Option<Timestamp>,
        /// What is wrong with it, at most 20 sentences.
        pub problems: Vec<String>,
        /// Its parts.
        pub parts: Vec<BackupPart>,
        /// Size in bytes.
        pub bytes: f64,
        /// Files.
        pub files: u32,
        /// Dashboards.
        pub dashboards: u32,
        /// Kept whatever the pruning says.
        pub pinned: bool,
        /// Saved by the panel before a restore, so that it can be undone.
        pub safety: bool,
        /// The file that it lies in, unverified; empty when it is a folder.
        pub archive: String,
        /// Places that took a whole copy of it (all sizes seen there, some files read back), as the profile names them.
        pub elsewhere: Vec<String>,
    }
}

wire! {
    /// The backups of the stack, newest first.
    pub struct BackupList {
        /// Folder that they lie in.
        pub folder: String,
        /// Places for copies, as the profile names them.
        pub places: Vec<String>,
        /// They.
        pub backups: Vec<Backup>,
        /// Folders that look like backups and can't be read, a sentence each.
        pub unreadable: Vec<String>,
        /// Bytes that are free on that disk; none when it does not say.
        pub free_bytes: Option<f64>,
        /// Goes up with every change.
        pub revision: u32,
    }
}

wire! {
    /// Asks for a backup to be made.
    pub struct BackupCreateRequest {
        /// Why. Required.
        pub reason: String,
        /// Who. Empty: the OS user.
        #[serde(default)]
        pub created_by: String,
        /// Which parts. Empty: all.
        #[serde(default)]
        pub parts: Vec<BackupPartKind>,
    }
}

wire! {
    /// Names a backup.
    pub struct BackupRequest {
        /// Which.
        pub id: BackupId,
    }
}

wire! {
    /// A panel of a dashboard, as far as an outline needs it. Grid units: 24 columns, rows of about 30 px.
    pub struct PanelOutline {
        /// Number in its dashboard; 0 when it has none.
        pub id: f64,
        /// Title.
        pub title: String,
        /// Kind: `timeseries`, `stat`, `row`.
        pub kind: String,
        /// The tabs and rows that it is in, from the outside in: `Tab: Latency`, `Row: Database`.
        pub section: Vec<String>,
        /// Column.
        pub x: u32,
        /// Row.
        pub y: u32,
        /// Width in columns.
        pub w: u32,
        /// Height in rows.
        pub h: u32,
    }
}

wire! {
    /// The schema that a dashboard is stored in.
    #[derive(Copy, Eq, Default)]
    pub enum DashboardSchema {
        /// The classic JSON, as the legacy API has it.
        #[default]
        Classic,
        /// A resource with the classic JSON in its `spec`.
        V1,
        /// Elements and a layout: tabs, rows, automatic grids.
        V2,
    }
}

wire! {
    /// A dashboard in a backup.
    pub struct BackupDashboard {
        /// Uid; in foreign backups it may be empty.
        pub uid: String,
        /// Title.
        pub title: String,
        /// Titles of its folder and of those above it, from the top; empty: the root.
        pub folder: Vec<String>,
        /// Uid of its folder; empty: the root.
        pub folder_uid: String,
        /// Tags.
        pub tags: Vec<String>,
        /// Version when it was saved; 0 when unknown.
        pub version: u32,
        /// Who saved that version last; empty when unknown.
        pub updated_by: String,
        /// When; none when unknown.
        pub updated_at: Option<Timestamp>,
        /// Whether Grafana got it from a file.
        pub provisioned: bool,
        /// What manages it instead of people (Terraform, a Git repository …); empty: people do.
        pub managed_by: String,
        /// Schema of the copy.
        pub schema: DashboardSchema,
        /// Version of the API that the copy is in, e.g. `v2beta1`; empty for the classic JSON.
        pub api_version: String,
        /// Why the copy may lack parts of the original; empty when it is whole.
        pub lossy: String,
        /// Panels, those in collapsed rows too.
        pub panels: u32,
        /// Its file in the backup.
        pub path: String,
        /// Why it can't be read; empty when it can.
        pub problem: String,
    }
}

wire! {
    /// A block of a TSDB snapshot.
    pub struct BackupBlock {
        /// ULID.
        pub id: String,
        /// First sample.
        pub from: Timestamp,
        /// End, exclusive.
        pub to: Timestamp,
        /// Series.
        pub series: f64,
        /// Samples.
        pub samples: f64,
        /// Size in bytes.
        pub bytes: f64,
        /// Why it can't be read; empty when it can.
        pub problem: String,
    }
}

wire! {
    /// A file of a backup.
    pub struct BackupFileEntry {
        /// Path in the backup, with `/`.
        pub path: String,
        /// Size in bytes.
        pub bytes: f64,
        /// SHA-256 in hexadecimal from the manifest; empty in a foreign backup.
        pub sha256: String,
    }
}

wire! {
    /// How a backup stands in the work tree of Git that its folder lies in.
    pub struct BackupGit {
        /// Root of the work tree.
        pub root: String,
        /// Branch; empty when none is checked out.
        pub branch: String,
        /// Whether every file of it is committed.
        pub committed: bool,
        /// Why it can't be committed; empty when it can, or need not be.
        pub problem: String,
    }
}

wire! {
    /// A backup that was committed.
    pub struct BackupCommitted {
        /// Which.
        pub id: BackupId,
        /// The commit, in hexadecimal.
        pub commit: String,
        /// Its message.
        pub message: String,
    }
}

wire! {
    /// A backup, opened.
    pub struct BackupDetail {
        /// As in the list.
        pub backup: Backup,
        /// Its folder.
        pub folder: String,
        /// Dashboards, by folder and title.
        pub dashboards: Vec<BackupDashboard>,
        /// Blocks of the snapshot, oldest first.
        pub blocks: Vec<BackupBlock>,
        /// Files, at most 5000, without those of dashboards and blocks.
        pub files: Vec<BackupFileEntry>,
        /// `MANIFEST.txt`; empty in a foreign backup without one.
        pub manifest: String,
        /// How it stands in Git; none when its folder is in no work tree, or Git is not at hand.
        pub git: Option<BackupGit>,
    }
}

wire! {
    /// Asks for a file of a backup.
    pub struct BackupFileRequest {
        /// Which backup.
        pub id: BackupId,
        /// Path in it.
        pub path: String,
    }
}

wire! {
    /// A file of a backup, as text.
    pub struct BackupFile {
        /// Path in it.
        pub path: String,
        /// Its text, at most 1 MiB.
        pub text: String,
        /// Size in bytes.
        pub bytes: f64,
        /// Whether the text is only its begin.
        pub cut: bool,
        /// Its panels, when it is a dashboard.
        pub outline: Vec<PanelOutline>,
    }
}

wire! {
    /// Holds a backup against its hashes.
    pub struct BackupVerifyRequest {
        /// Which.
        pub id: BackupId,
        /// Only so many files, chosen at random; 0: all.
        #[serde(default)]
        pub sample: u32,
    }
}

wire! {
    /// What verifying found.
    pub struct BackupVerified {
        /// Which.
        pub id: BackupId,
        /// Files that were read.
        pub files: u32,
        /// Bytes that were read.
        pub bytes: f64,
        /// Whether that was all of it.
        pub whole: bool,
        /// What is wrong, a sentence each, at most 1000; empty: nothing.
        pub problems: Vec<String>,
    }
}

wire! {
    /// Keeps a backup whatever the pruning says, or no longer.
    pub struct BackupPinRequest {
        /// Which.
        pub id: BackupId,
        /// Whether to keep it.
        pub pinned: bool,
    }
}

wire! {
    /// Asks which backups have a dashboard.
    pub struct BackupFindRequest {
        /// Words of its title, or its uid.
        pub query: String,
    }
}

wire! {
    /// A dashboard found in a backup.
    pub struct BackupMatch {
        /// Which backup.
        pub backup: BackupId,
        /// When that was made.
        pub made_at: Timestamp,
        /// The dashboard.
        pub dashboard: BackupDashboard,
    }
}

wire! {
    /// What was found, newest backup first; at most 500.
    pub struct BackupMatches {
        /// They.
        pub found: Vec<BackupMatch>,
        /// Whether there are more.
        pub more: bool,
    }
}

wire! {
    /// What of the backups the frame and the overview show.
    #[derive(Default)]
    pub struct BackupsSummary {
        /// Goes up when the list changes.
        pub revision: u32,
        /// How many there are; none before the folder was read.
        pub count: Option<u32>,
        /// The newest full one: no safety copy, and no backup of some parts only.
        pub newest: Option<Backup>,
        /// Why the folder can't be read.
        pub error: Option<PanelError>,
        /// Work that is going on.
        pub job: Option<Job>,
    }
}
