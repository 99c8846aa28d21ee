//! Restoring: the plan, what was done, and how it is undone.

use std::collections::BTreeMap;

use crate::{BackupId, DashboardChange, Timestamp, wire};

wire! {
    /// What to do with an item that can't simply be put back.
    #[derive(Copy, Eq)]
    pub enum RestoreChoice {
        /// Leave what Grafana has.
        Keep,
        /// Put the backup's in its place. The present one stays in Grafana's history and in the safety copy.
        Replace,
        /// Put the backup's beside it, under another uid and title.
        Copy,
        /// Make it, although its secrets are not in the backup and have to be entered afterwards.
        WithoutSecrets,
    }
}

wire! {
    /// Which part of a backup is restored.
    #[derive(Copy, Eq, Hash, Default)]
    pub enum RestorePart {
        /// Grafana's dashboards.
        #[default]
        Dashboards,
        /// Grafana's alert rules and notification settings.
        Alerting,
        /// The configuration files of the stack.
        Configs,
        /// Permissions of Grafana's folders and dashboards.
        Permissions,
        /// Grafana's annotations.
        Annotations,
        /// Grafana's playlists.
        Playlists,
        /// Dashboards that Grafana shows without a login.
        PublicDashboards,
    }
}

wire! {
    /// What an item of a restore is.
    #[derive(Copy, Eq, Hash, Default)]
    pub enum RestoreKind {
        /// A dashboard.
        #[default]
        Dashboard,
        /// An alert rule of Grafana's.
        AlertRule,
        /// How often a group of Grafana's alert rules is evaluated.
        RuleGroup,
        /// A contact point.
        ContactPoint,
        /// The tree of notification policies, which is one thing.
        Policies,
        /// A mute timing.
        MuteTiming,
        /// A message template.
        Template,
        /// A configuration file.
        File,
        /// The permissions given on a folder.
        FolderPermissions,
        /// The permissions given on a dashboard.
        DashboardPermissions,
        /// The annotations of a dashboard, or those of the organization.
        Annotations,
        /// A playlist.
        Playlist,
        /// How a dashboard is shown without a login.
        PublicDashboard,
    }
}

wire! {
    /// Asks what a restore would do; the same is sent to do it.
    pub struct RestoreRequest {
        /// From which backup.
        pub id: BackupId,
        /// Which part of it.
        #[serde(default)]
        pub what: RestorePart,
        /// Which items, by uid. Empty: all.
        #[serde(default)]
        pub uids: Vec<String>,
        /// Choices, by uid.
        #[serde(default)]
        pub choices: BTreeMap<String, RestoreChoice>,
        /// The choice wherever one is needed and `choices` has none. Where it is not among those that there
        /// are, the item stays undecided.
        #[serde(default)]
        pub otherwise: Option<RestoreChoice>,
        /// Data sources to use instead, from what the dashboards name to the uid or name of one that Grafana has.
        #[serde(default)]
        pub data_sources: BTreeMap<String, String>,
        /// Folder to restore into, by uid; none: where each one was.
        #[serde(default)]
        pub into_folder: Option<String>,
        /// Stack whose Grafana to restore into; none: that of the stack in force. Files always go to the latter.
        #[serde(default)]
        pub into_stack: Option<String>,
    }
}

wire! {
    /// What a restore does with an item.
    #[derive(Copy, Eq, Hash)]
    pub enum RestoreAction {
        /// Grafana lacks it: it is made.
        Create,
        /// It differs: it is put in the place of the present one.
        Update,
        /// It is the same: nothing to do.
        Identical,
        /// It is made beside the present one.
        Copy,
        /// It is left as it is, because somebody chose so.
        Skip,
        /// Somebody has to choose first; the reason says between what.
        Choose,
    }
}

wire! {
    /// Why somebody has to choose.
    #[derive(Copy, Eq, Hash)]
    pub enum RestoreConflict {
        /// Somebody saved it within the last hour: they may be at work on it.
        EditedLately,
        /// Grafana got it from a file and refuses to save it.
        Provisioned,
        /// Another dashboard has its title in its folder.
        TitleTaken,
        /// The backup's file can't be used, or its server would refuse it.
        Unusable,
        /// Its secrets are not in the backup, and Grafana has none to keep.
        SecretsMissing,
        /// Something else manages it (Terraform, a Git repository, kubectl) and may undo the restore.
        Managed,
        /// Grafana has it in a schema that holds more than the backup's copy: what only that has would be lost.
        WouldLose,
        /// How Grafana stores it can't be found out.
        StorageUnknown,
        /// Neither Grafana nor the backup has its folder: replacing puts it into the root.
        FolderMissing,
        /// It would give somebody more access than now.
        WouldWiden,
    }
}

wire! {
    /// A data source that a dashboard names.
    pub struct DataSourceUse {
        /// What the dashboard names: a uid, in old dashboards a name, or an input such as `${DS_PROMETHEUS}`.
        pub reference: String,
        /// Its plugin, such as `prometheus`; empty when the dashboard does not tell.
        pub plugin: String,
        /// Panels, variables and annotations that use it, at most 50.
        pub places: Vec<String>,
        /// Whether Grafana has it, or the mapping names one that Grafana has.
        pub found: bool,
    }
}

wire! {
    /// A dashboard, another resource of Grafana's, or a file in a plan.
    pub struct RestoreItem {
        /// What it is.
        pub kind: RestoreKind,
        /// Uid in the backup; of a file its name in the pack; of other resources their kind and their own uid.
        pub uid: String,
        /// Title in the backup.
        pub title: String,
        /// Titles of the folders that it goes into, from the top.
        pub folder: Vec<String>,
        /// What is done.
        pub act: RestoreAction,
        /// Why somebody has to choose, or had to.
        pub obstacle: Option<RestoreConflict>,
        /// Choices that there are; empty when there is nothing to choose.
        pub choices: Vec<RestoreChoice>,
        /// That in a sentence; empty when there is nothing to say.
        pub note: String,
        /// Version in the backup.
        pub version: u32,
        /// Version that Grafana has; none when it has none.
        pub live_version: Option<u32>,
        /// Who saved that.
        pub live_by: String,
        /// When.
        pub live_at: Option<Timestamp>,
        /// What changes in Grafana, at most 200.
        pub changes: Vec<DashboardChange>,
        /// Data sources that it names.
        pub data_sources: Vec<DataSourceUse>,
        /// Those of them that Grafana lacks.
        pub missing_data_sources: Vec<String>,
        /// Library panels that it uses and neither Grafana nor the backup has, by uid.
        pub missing_library_panels: Vec<String>,
        /// Kinds of panels that it uses and Grafana lacks.
        pub missing_plugins: Vec<String>,
        /// What changes, line by line, as a unified diff; empty for dashboards and for what stays.
        pub diff: String,
    }
}

wire! {
    /// A data source of Grafana's.
    pub struct DataSourceRef {
        /// Uid.
        pub uid: String,
        /// Name.
        pub name: String,
        /// Kind: `prometheus`.
        pub kind: String,
    }
}

wire! {
    /// A folder of Grafana's.
    pub struct FolderRef {
        /// Uid.
        pub uid: String,
        /// Title.
        pub title: String,
    }
}

wire! {
    /// What a restore would do. Nothing has been changed.
    pub struct RestorePlan {
        /// From which backup.
        pub id: BackupId,
        /// Which part of it.
        pub what: RestorePart,
        /// To which Grafana, or into which folder.
        pub target: String,
        /// Grafana's version; empty when it hides it, and for files.
        pub target_version: String,
        /// What there is to restore.
        pub items: Vec<RestoreItem>,
        /// Titles of folders that are made first.
        pub new_folders: Vec<String>,
        /// Names of library panels that are made first.
        pub new_library_panels: Vec<String>,
        /// Grafana's data sources, to choose from.
        pub data_sources: Vec<DataSourceRef>,
        /// Grafana's folders, to choose from.
        pub folders: Vec<FolderRef>,
        /// Notes about all of it.
        pub notes: Vec<String>,
        /// Items that would be written.
        pub writes: u32,
        /// Items that somebody has to choose for.
        pub undecided: u32,
        /// Stands for exactly this plan; sent back to carry it out.
        pub digest: String,
    }
}

wire! {
    /// Carries a plan out.
    pub struct RestoreApplyRequest {
        /// What the plan was asked with.
        pub request: RestoreRequest,
        /// The plan's digest. When Grafana has changed since, nothing is written.
        pub digest: String,
        /// Who. Empty: the OS user.
        #[serde(default)]
        pub created_by: String,
    }
}

wire! {
    /// How an item came out.
    #[derive(Copy, Eq, Hash)]
    pub enum RestoreOutcome {
        /// Written and read back.
        Done,
        /// It changed meanwhile; left as it is.
        Conflict,
        /// Refused or lost; the note says why.
        Failed,
        /// Not reached: the run was ended before.
        Pending,
    }
}

wire! {
    /// A dashboard, another resource of Grafana's, or a file of a run.
    pub struct RestoredItem {
        /// What it is.
        pub kind: RestoreKind,
        /// Uid in Grafana, or the file's name.
        pub uid: String,
        /// Title.
        pub title: String,
        /// What was done: create, update or copy.
        pub act: RestoreAction,
        /// How it came out.
        pub outcome: RestoreOutcome,
        /// Version that it has in Grafana since; none when nothing was written.
        pub version: Option<u32>,
        /// Whether it was put back, or deleted again, by undoing the run.
        pub undone: bool,
        /// Why, or what is worth knowing.
        pub note: String,
    }
}

wire! {
    /// How a run stands.
    #[derive(Copy, Eq, Hash)]
    pub enum RestoreState {
        /// It is going on.
        Running,
        /// It came to its end.
        Done,
        /// It came to its end, and some items were not written.
        Partly,
        /// The panel was ended in the middle. What was written is known; the same restore again goes on with the rest.
        Interrupted,
        /// It was undone.
        Undone,
        /// It was undone in part.
        PartlyUndone,
    }
}

wire! {
    /// A restore that was.
    pub struct RestoreRun {
        /// Number of the run: that of its entry in the journal.
        pub id: u32,
        /// Which part of the backup.
        pub what: RestorePart,
        /// From which backup.
        pub backup: BackupId,
        /// To which Grafana, or into which folder.
        pub target: String,
        /// When.
        pub at: Timestamp,
        /// Who.
        pub created_by: String,
        /// How it stands.
        pub state: RestoreState,
        /// What was to be written.
        pub items: Vec<RestoredItem>,
        /// The copy of what was there before; none when nothing was.
        pub safety: Option<BackupId>,
        /// Whether it can be undone: the safety copy is there.
        pub can_undo: bool,
        /// Notes.
        pub notes: Vec<String>,
    }
}

wire! {
    /// Restores that were, newest first, at most 50.
    pub struct RestoreRuns {
        /// They.
        pub runs: Vec<RestoreRun>,
    }
}

wire! {
    /// Undoes a run.
    #[derive(Copy, Eq)]
    pub struct RestoreUndoRequest {
        /// Which.
        pub id: u32,
    }
}
