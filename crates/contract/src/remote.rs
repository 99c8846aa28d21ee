//! Copies of backups elsewhere: in object storage, or on another disk.

use crate::{Backup, BackupId, PanelError, PrunePolicy, wire};

wire! {
    /// Copies a backup elsewhere.
    pub struct BackupPushRequest {
        /// Which.
        pub id: BackupId,
        /// Where, as the profile names it; empty: the first place.
        #[serde(default)]
        pub place: String,
    }
}

wire! {
    /// A backup that lies elsewhere whole.
    pub struct BackupPushed {
        /// Where.
        pub place: String,
        /// Files.
        pub files: u32,
        /// Of these, how many were there already from an earlier attempt.
        pub there: u32,
        /// Bytes that were sent.
        pub bytes: f64,
    }
}

wire! {
    /// What lies in one place.
    pub struct RemoteTarget {
        /// As the profile names it.
        pub place: String,
        /// Backups, newest first. None is called verified: that is found out by reading it.
        pub backups: Vec<Backup>,
        /// Names of copies that were never finished, or whose manifest can't be read, with the reason.
        pub unfinished: Vec<String>,
        /// Why it could not be listed.
        pub error: Option<PanelError>,
    }
}

wire! {
    /// What lies elsewhere.
    pub struct RemoteList {
        /// One a place, in the profile's order.
        pub places: Vec<RemoteTarget>,
    }
}

wire! {
    /// Reads a copy back and holds it against its hashes.
    pub struct BackupRemoteVerifyRequest {
        /// Which.
        pub id: BackupId,
        /// Where; empty: the first place.
        #[serde(default)]
        pub place: String,
        /// Only so many files, chosen at random; 0: all.
        #[serde(default)]
        pub sample: u32,
    }
}

wire! {
    /// Fetches a copy back as a backup of this machine.
    pub struct BackupFetchRequest {
        /// Which.
        pub id: BackupId,
        /// From where; empty: the first place.
        #[serde(default)]
        pub place: String,
        /// Who. Empty: the OS user.
        #[serde(default)]
        pub created_by: String,
    }
}

wire! {
    /// Asks what a policy would delete elsewhere.
    pub struct RemotePruneRequest {
        /// Where; empty: the first place.
        #[serde(default)]
        pub place: String,
        /// The policy.
        pub policy: PrunePolicy,
    }
}

wire! {
    /// Deletes copies elsewhere.
    pub struct BackupRemoteDeleteRequest {
        /// Where; empty: the first place.
        #[serde(default)]
        pub place: String,
        /// Which.
        pub ids: Vec<BackupId>,
    }
}
