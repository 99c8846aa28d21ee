//! Where the panel keeps its files, and the one way in which it writes them.
//!
//! `AETHER_HOME` moves all of it below one folder (tests, portable use). The module refuses to leave a
//! half-written file behind: every write goes to a temporary file beside the target, is flushed to the disk
//! and then renamed over it.

use std::{
    fs, io,
    io::Write as _,
    path::{Path, PathBuf},
};

use aether_contract::{ErrorCode, PanelError};

/// Largest file that the panel reads as configuration, in bytes.
const MAX_CONFIG_FILE: u64 = 1024 * 1024;

/// The folders of one installation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Home {
    /// Profiles, settings, the selected stack.
    pub config: PathBuf,
    /// The journal and copies of the last good profiles.
    pub data: PathBuf,
    /// The panel's log.
    pub logs: PathBuf,
    /// Where files for the person go: the download folder.
    pub downloads: PathBuf,
}

impl Home {
    /// The folders that the environment asks for: below `AETHER_HOME` when that is set and not empty, else the
    /// places that the platform provides for configuration and data.
    ///
    /// # Errors
    /// `storage` when the platform names no home folder, `invalid-config` when `AETHER_HOME` is no absolute path
    /// and the working folder is unknown.
    pub fn from_env() -> Result<Self, PanelError> {
        if let Some(root) = std::env::var_os("AETHER_HOME").filter(|root| !root.is_empty()) {
            let root = std::path::absolute(&root).map_err(|error| {
                PanelError::new(
                    ErrorCode::InvalidConfig,
                    "AETHER_HOME",
                    "AETHER_HOME is not a valid folder path.",
                )
                .with_detail(error.to_string())
            })?;
            return Ok(Self::at(&root));
        }
        let dirs = directories::ProjectDirs::from("", "", "aetherlink-panel").ok_or_else(|| {
            PanelError::new(ErrorCode::Storage, "panel", "This account has no home folder.")
                .with_hint("Set AETHER_HOME to a folder.")
        })?;
        let data = dirs.data_local_dir().to_path_buf();
        let logs = dirs.state_dir().map_or_else(|| data.join("logs"), |state| state.join("logs"));
        let people = directories::UserDirs::new();
        let downloads = people
            .as_ref()
            .and_then(|dirs| dirs.download_dir().map(Path::to_path_buf))
            .or_else(|| people.as_ref().map(|dirs| dirs.home_dir().to_path_buf()))
            .unwrap_or_else(|| data.join("exports"));
        Ok(Self { config: dirs.config_dir().to_path_buf(), data, logs, downloads })
    }

    /// All folders below `root`: `config`, `data`, `logs` and `exports`.
    pub fn at(root: &Path) -> Self {
        Self {
            config: root.join("config"),
            data: root.join("data"),
            logs: root.join("logs"),
            downloads: root.join("exports"),
        }
    }

    /// Settings of the panel itself.
    pub fn settings_file(&self) -> PathBuf {
        self.config.join("settings.toml")
    }

    /// The selected stack.
    pub fn state_file(&self) -> PathBuf {
        self.config.join("state.toml")
    }

    /// The folder of profiles.
    pub fn stacks_dir(&self) -> PathBuf {
        self.config.join("stacks")
    }

    /// The journal.
    pub fn journal_file(&self) -> PathBuf {
        self.data.join("journal.db")
    }

    /// Copies of the profiles that were last found good, so that a file broken while the panel is closed does not
    /// take the stack away.
    pub fn last_good_dir(&self) -> PathBuf {
        self.data.join("last-good")
    }

    /// Creates the folders, for this account only.
    ///
    /// # Errors
    /// `storage` when one can't be created.
    pub fn create(&self) -> Result<(), PanelError> {
        for dir in [&self.config, &self.data, &self.logs] {
            create_private_dir(dir).map_err(|error| storage("create the folder", dir, &error))?;
        }
        create_private_dir(&self.stacks_dir())
            .map_err(|error| storage("create the folder", &self.stacks_dir(), &error))
    }
}

/// A `storage` error about `path`, in words.
pub fn storage(what: &str, path: &Path, error: &io::Error) -> PanelError {
    PanelError::new(
        ErrorCode::Storage,
        path.display().to_string(),
        format!("Failed to {what} {}.", path.display()),
    )
    .with_hint(match error.kind() {
        io::ErrorKind::PermissionDenied => "Check that this account owns it.",
        io::ErrorKind::StorageFull => "Free up disk space.",
        io::ErrorKind::ReadOnlyFilesystem => "The file system is mounted read-only.",
        _ => "",
    })
    .with_detail(error.to_string())
}

/// Creates a folder and its parents; the ones created are open to this account only (mode 0700).
pub fn create_private_dir(dir: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(dir)
}

/// Creates a file that only this account can read (mode 0600), or empties one that exists; that one keeps its mode.
/// Every file that the panel writes is created here, or by `tempfile` with the same mode.
pub fn create_private_file(path: &Path) -> io::Result<fs::File> {
    let mut options = fs::OpenOptions::new();
    options.write(true).create(true).truncate(true);
    private(&mut options);
    options.open(path)
}

/// Creates an empty file that only this account can read, or takes the rights of others to an existing one away. Call
/// it before a library creates the file with the mode that the process's mask leaves.
pub fn create_private_file_once(path: &Path) -> io::Result<()> {
    let mut options = fs::OpenOptions::new();
    options.write(true).create_new(true);
    private(&mut options);
    match options.open(path) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => make_private(path),
        Err(error) => Err(error),
        Ok(_) => Ok(()),
    }
}

/// As [`create_private_file`], with content.
pub fn write_private_file(path: &Path, bytes: &[u8]) -> io::Result<()> {
    create_private_file(path)?.write_all(bytes)
}

/// Makes a file that is created with these options readable by this account only.
#[cfg(unix)]
pub fn private(options: &mut fs::OpenOptions) {
    std::os::unix::fs::OpenOptionsExt::mode(options, 0o600);
}

#[cfg(not(unix))]
pub fn private(_options: &mut fs::OpenOptions) {
    // Windows: a new file takes the access list of its folder, which is the account's own.
}

/// Takes the rights of other accounts to an existing file or folder away.
#[cfg(unix)]
pub fn make_private(path: &Path) -> io::Result<()> {
    let meta = fs::symlink_metadata(path)?;
    let mode = if meta.is_dir() { 0o700 } else { 0o600 };
    if meta.file_type().is_symlink() {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "it is a symbolic link"));
    }
    fs::set_permissions(path, std::os::unix::fs::PermissionsExt::from_mode(mode))
}

#[cfg(not(unix))]
#[allow(clippy::unnecessary_wraps, reason = "the same signature as on Unix")]
pub fn make_private(_path: &Path) -> io::Result<()> {
    Ok(())
}

/// Reads a small text file. Refuses what could block or flood: anything but a regular file, and more than 1 MiB.
pub fn read_small(path: &Path) -> io::Result<String> {
    let meta = fs::metadata(path)?;
    if !meta.is_file() {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "not a regular file"));
    }
    if meta.len() > MAX_CONFIG_FILE {
        return Err(io::Error::new(io::ErrorKind::FileTooLarge, "the file is larger than 1 MiB"));
    }
    let mut text = String::new();
    io::Read::read_to_string(&mut io::Read::take(fs::File::open(path)?, MAX_CONFIG_FILE + 1), &mut text)?;
    Ok(text)
}

/// Replaces `path` by `bytes` so that a reader, or a machine that loses power, sees the old or the new content and
/// nothing between. The file is readable by this account only (mode 0600). A symbolic link is followed, so that
/// profiles kept in a repository and linked into place stay links.
pub fn write_atomically(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let target = match fs::symlink_metadata(path) {
        Ok(meta) if meta.file_type().is_symlink() => fs::canonicalize(path)?,
        _ => path.to_path_buf(),
    };
    let dir = target.parent().ok_or_else(|| io::Error::from(io::ErrorKind::InvalidInput))?;
    create_private_dir(dir)?;
    // `tempfile` creates with mode 0600 on Unix.
    let mut temp = tempfile::Builder::new().prefix(".aether-").suffix(".tmp").tempfile_in(dir)?;
    temp.write_all(bytes)?;
    temp.as_file().sync_all()?;
    temp.persist(&target).map_err(|failed| failed.error)?;
    sync_dir(dir)
}

#[cfg(unix)]
/// Flushes a directory, so that names made or removed in it survive a power failure.
pub fn sync_dir(dir: &Path) -> io::Result<()> {
    fs::File::open(dir)?.sync_all()
}

#[cfg(not(unix))]
#[allow(clippy::unnecessary_wraps, reason = "the same signature as on Unix")]
/// Flushes a directory, so that names made or removed in it survive a power failure.
pub fn sync_dir(_dir: &Path) -> io::Result<()> {
    // Windows offers no flush of a folder; the rename itself is journalled by NTFS.
    Ok(())
}
