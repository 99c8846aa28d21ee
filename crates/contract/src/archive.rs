//! Backups in one file.

use crate::{BackupId, Timestamp, wire};

wire! {
    /// How an archive is packed.
    #[derive(Copy, Eq, Default)]
    pub enum ArchiveFormat {
        /// `.tar.gz`: every machine unpacks it.
        #[default]
        Gzip,
        /// `.tar.zst`: smaller and several times as fast.
        Zstd,
    }
}

impl ArchiveFormat {
    /// The ending of its files, without a dot before it.
    pub fn ending(self) -> &'static str {
        match self {
            Self::Gzip => "tar.gz",
            Self::Zstd => "tar.zst",
        }
    }
}

wire! {
    /// Writes a backup into an archive.
    pub struct BackupExportRequest {
        /// Which.
        pub id: BackupId,
        /// How to pack it.
        #[serde(default)]
        pub format: ArchiveFormat,
        /// Whole path of the folder to write it into. Empty: the download folder.
        #[serde(default)]
        pub folder: String,
    }
}

wire! {
    /// An archive that was written and read back.
    pub struct BackupExported {
        /// Where it is.
        pub path: String,
        /// Its size in bytes.
        pub bytes: f64,
        /// Files in it.
        pub files: u32,
    }
}

wire! {
    /// Takes an archive in.
    pub struct BackupImportRequest {
        /// Its whole path.
        pub path: String,
        /// Who. Empty: the OS user.
        #[serde(default)]
        pub created_by: String,
    }
}

wire! {
    /// An archive on the disk.
    pub struct ArchiveFile {
        /// Its whole path.
        pub path: String,
        /// Its name.
        pub name: String,
        /// Its size in bytes.
        pub bytes: f64,
        /// When it was changed last.
        pub modified_at: Timestamp,
    }
}

wire! {
    /// Archives that may be taken in.
    pub struct BackupArchives {
        /// The folder that was looked into.
        pub folder: String,
        /// They, newest first, at most 200.
        pub archives: Vec<ArchiveFile>,
    }
}
