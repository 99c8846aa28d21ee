//! Directories that are opened step by step and never through a symbolic link.
//!
//! A path is resolved anew by every call, and whoever may write in a directory can replace a part of it by a link in
//! between. A handle stays what it was when it was opened.

use std::{fs::File, io, path::Path};

/// What an entry is. A link is not followed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A regular file.
    File,
    /// A directory.
    Directory,
    /// A link, a device, a pipe or the like.
    Other,
}

pub use platform::Dir;

#[cfg(unix)]
mod platform {
    use std::os::fd::OwnedFd;

    use rustix::fs::{AtFlags, CWD, FileType, Mode, OFlags, openat, statat, unlinkat};

    use super::{File, Kind, Path, io};

    /// An open directory.
    #[derive(Debug)]
    pub struct Dir(OwnedFd);

    impl Dir {
        /// Opens a directory by its path, as the person or the profile names it: links in that path are followed.
        ///
        /// # Errors
        /// Those of the file system.
        pub fn open(path: &Path) -> io::Result<Self> {
            let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
            Ok(Self(openat(CWD, path, flags, Mode::empty())?))
        }

        /// Opens a directory in this one.
        ///
        /// # Errors
        /// Those of the file system; one of them for a link.
        pub fn dir(&self, name: &str) -> io::Result<Self> {
            single(name)?;
            let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
            Ok(Self(openat(&self.0, name, flags, Mode::empty())?))
        }

        /// Opens a regular file in this directory.
        ///
        /// # Errors
        /// As [`Self::dir`]; `InvalidInput` for what is not a regular file.
        pub fn file(&self, name: &str) -> io::Result<File> {
            single(name)?;
            // Opening a pipe would wait for its other end.
            let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
            let file = File::from(openat(&self.0, name, flags, Mode::empty())?);
            if file.metadata()?.is_file() { Ok(file) } else { Err(super::not_regular()) }
        }

        /// The entries, by name.
        ///
        /// # Errors
        /// Those of the file system; `InvalidData` for a name that is not Unicode.
        pub fn entries(&self) -> io::Result<Vec<(String, Kind)>> {
            let mut all = Vec::new();
            for entry in rustix::fs::Dir::read_from(&self.0)? {
                let entry = entry?;
                let name = entry.file_name().to_str().map_err(io::Error::other)?;
                if name == "." || name == ".." {
                    continue;
                }
                let meta = statat(&self.0, name, AtFlags::SYMLINK_NOFOLLOW)?;
                let kind = match FileType::from_raw_mode(meta.st_mode) {
                    FileType::RegularFile => Kind::File,
                    FileType::Directory => Kind::Directory,
                    _ => Kind::Other,
                };
                all.push((name.to_owned(), kind));
            }
            all.sort_by(|a, b| a.0.cmp(&b.0));
            Ok(all)
        }

        /// Removes a file of this directory, or a link itself.
        ///
        /// # Errors
        /// Those of the file system.
        pub fn remove_file(&self, name: &str) -> io::Result<()> {
            single(name)?;
            Ok(unlinkat(&self.0, name, AtFlags::empty())?)
        }

        /// Removes an empty directory of this directory.
        ///
        /// # Errors
        /// Those of the file system.
        pub fn remove_dir(&self, name: &str) -> io::Result<()> {
            single(name)?;
            Ok(unlinkat(&self.0, name, AtFlags::REMOVEDIR)?)
        }
    }

    fn single(name: &str) -> io::Result<()> {
        super::single(name)
    }
}

#[cfg(not(unix))]
mod platform {
    use std::{fs, path::PathBuf};

    use super::{File, Kind, Path, io};

    /// A directory by its path. Without handles, every step looks for links again.
    #[derive(Debug)]
    pub struct Dir(PathBuf);

    impl Dir {
        /// Opens a directory by its path.
        ///
        /// # Errors
        /// Those of the file system.
        pub fn open(path: &Path) -> io::Result<Self> {
            fs::read_dir(path)?;
            Ok(Self(path.to_path_buf()))
        }

        /// Opens a directory in this one.
        ///
        /// # Errors
        /// Those of the file system; one of them for a link.
        pub fn dir(&self, name: &str) -> io::Result<Self> {
            match self.kind(name)? {
                Kind::Directory => Self::open(&self.0.join(name)),
                _ => Err(io::Error::from(io::ErrorKind::NotADirectory)),
            }
        }

        /// Opens a regular file in this directory.
        ///
        /// # Errors
        /// As [`Self::dir`].
        pub fn file(&self, name: &str) -> io::Result<File> {
            match self.kind(name)? {
                Kind::File => File::open(self.0.join(name)),
                _ => Err(super::not_regular()),
            }
        }

        /// The entries, by name.
        ///
        /// # Errors
        /// Those of the file system.
        pub fn entries(&self) -> io::Result<Vec<(String, Kind)>> {
            let mut all = Vec::new();
            for entry in fs::read_dir(&self.0)? {
                let name = entry?.file_name().into_string();
                let name = name.map_err(|_| io::Error::other("a name is not valid Unicode"))?;
                let kind = self.kind(&name)?;
                all.push((name, kind));
            }
            all.sort_by(|a, b| a.0.cmp(&b.0));
            Ok(all)
        }

        /// Removes a file of this directory.
        ///
        /// # Errors
        /// Those of the file system.
        pub fn remove_file(&self, name: &str) -> io::Result<()> {
            match self.kind(name)? {
                Kind::File => fs::remove_file(self.0.join(name)),
                _ => Err(super::not_regular()),
            }
        }

        /// Removes an empty directory of this directory.
        ///
        /// # Errors
        /// Those of the file system.
        pub fn remove_dir(&self, name: &str) -> io::Result<()> {
            match self.kind(name)? {
                Kind::Directory => fs::remove_dir(self.0.join(name)),
                _ => Err(io::Error::from(io::ErrorKind::NotADirectory)),
            }
        }

        fn kind(&self, name: &str) -> io::Result<Kind> {
            super::single(name)?;
            let kind = fs::symlink_metadata(self.0.join(name))?.file_type();
            // Junctions are links to this function, too.
            Ok(if kind.is_symlink() {
                Kind::Other
            } else if kind.is_dir() {
                Kind::Directory
            } else if kind.is_file() {
                Kind::File
            } else {
                Kind::Other
            })
        }
    }
}

/// Refuses everything but the name of an entry.
fn single(name: &str) -> io::Result<()> {
    if name.is_empty() || name == "." || name == ".." || name.contains(['/', '\\', '\0']) {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "not a valid entry name"));
    }
    Ok(())
}

fn not_regular() -> io::Error {
    io::Error::new(io::ErrorKind::InvalidInput, "not a regular file")
}
