//! Builds a backup: in a folder that nobody lists, hashed while it is written, flushed, and renamed when it is whole.

use std::{
    fs,
    io::{self, Read, Write},
    path::{Path, PathBuf},
    sync::atomic::{AtomicUsize, Ordering},
};

use aether_contract::{BackupId, PanelError};
use sha2::{Digest as _, Sha256};

use super::{
    job::Handle,
    manifest::{self, File, Manifest},
    name,
};
use crate::paths;

/// How the names of folders that are being built, or deleted, begin.
pub const PARTIAL: &str = ".partial-";
/// Threads that flush files.
const FLUSHERS: usize = 8;
/// What is read at a time, in bytes.
const CHUNK: usize = 1024 * 1024;

/// A backup that is being built. Dropped before it is finished, it leaves nothing.
#[derive(Debug)]
pub struct Builder {
    root: PathBuf,
    folder: PathBuf,
    id: BackupId,
    files: Vec<File>,
    finished: bool,
}

impl Builder {
    /// Begins one in `root`, which is there.
    ///
    /// # Errors
    /// `storage`.
    pub fn new(root: &Path, id: BackupId) -> Result<Self, PanelError> {
        let folder = root.join(format!("{PARTIAL}{}", id.0));
        paths::create_private_dir(&folder)
            .map_err(|error| paths::storage("create the folder", &folder, &error))?;
        Ok(Self { root: root.to_path_buf(), folder, id, files: Vec::new(), finished: false })
    }

    /// Its id.
    pub fn id(&self) -> &BackupId {
        &self.id
    }

    /// Adds a file.
    ///
    /// # Errors
    /// `storage`.
    pub fn add(&mut self, path: &str, bytes: &[u8]) -> Result<(), PanelError> {
        let target = self.place(path)?;
        fs::write(&target, bytes).map_err(|error| paths::storage("write", &target, &error))?;
        self.files.push(File {
            path: path.to_owned(),
            bytes: bytes.len() as u64,
            sha256: manifest::hex(&Sha256::digest(bytes)),
        });
        Ok(())
    }

    /// Copies files, hashing them on the way, some at a time: hashing takes longer than copying. Memory does not grow with
    /// their size.
    ///
    /// # Errors
    /// `storage`, `cancelled`.
    pub fn copy_all(&mut self, files: &[(String, PathBuf)], job: &Handle) -> Result<(), PanelError> {
        let mut places = Vec::new();
        for (path, from) in files {
            places.push((path.as_str(), self.place(path)?, from.as_path()));
        }
        let copied = at_once(&places, |(path, target, from)| {
            let file = copy(path, target, from, job);
            job.step();
            file
        });
        for file in copied {
            self.files.push(file?);
        }
        Ok(())
    }

    /// Adds a file of `size` bytes from a stream, hashing it on the way. `broken` puts an error of the stream in words.
    ///
    /// # Errors
    /// `storage`, `cancelled`, and what `broken` says.
    pub fn add_stream(
        &mut self,
        path: &str,
        size: u64,
        source: &mut dyn Read,
        broken: impl Fn(&io::Error) -> PanelError,
        job: &Handle,
    ) -> Result<&File, PanelError> {
        let target = self.place(path)?;
        let out = fs::File::create(&target).map_err(|error| paths::storage("write", &target, &error))?;
        let mut out = io::BufWriter::with_capacity(CHUNK, out);
        let mut buffer = vec![0_u8; CHUNK.min(usize::try_from(size).unwrap_or(CHUNK).max(1))];
        let mut hash = Sha256::new();
        let mut bytes = 0_u64;
        loop {
            job.check()?;
            let read = source.read(&mut buffer).map_err(|error| broken(&error))?;
            let Some(chunk) = buffer.get(..read).filter(|chunk| !chunk.is_empty()) else { break };
            hash.update(chunk);
            out.write_all(chunk).map_err(|error| paths::storage("write", &target, &error))?;
            bytes += read as u64;
            job.add_bytes(read as u64);
        }
        out.flush().map_err(|error| paths::storage("write", &target, &error))?;
        if bytes != size {
            return Err(broken(&io::Error::from(io::ErrorKind::UnexpectedEof)));
        }
        self.files.push(File { path: path.to_owned(), bytes, sha256: manifest::hex(&hash.finalize()) });
        self.files.last().ok_or_else(|| broken(&io::Error::from(io::ErrorKind::UnexpectedEof)))
    }

    /// Bytes of the files below `prefix` so far.
    pub fn bytes_below(&self, prefix: &str) -> f64 {
        self.files.iter().filter(|file| file.path.starts_with(prefix)).map(|file| file.bytes as f64).sum()
    }

    /// Files so far.
    pub fn files(&self) -> &[File] {
        &self.files
    }

    /// Flushes everything, writes the manifest last, and gives the folder its name. `manifest.files` is filled in here.
    ///
    /// # Errors
    /// `storage`; then nothing is left.
    pub fn finish(mut self, mut manifest: Manifest) -> Result<(Manifest, PathBuf), PanelError> {
        self.files.sort_by(|a, b| a.path.cmp(&b.path));
        manifest.files = std::mem::take(&mut self.files);
        let failed =
            |error: serde_json::Error| paths::storage("write", &self.folder, &io::Error::other(error));
        let bytes = manifest.to_bytes().map_err(failed)?;
        let target = self.close(&manifest.files, Some((&manifest.sums(&bytes), &bytes)))?;
        Ok((manifest, target))
    }

    /// As [`Self::finish`], with a manifest that is there already and stays as it is, byte for byte.
    ///
    /// # Errors
    /// `storage`; then nothing is left.
    pub fn adopt(mut self, manifest: &Manifest, bytes: &[u8]) -> Result<PathBuf, PanelError> {
        self.close(&manifest.files, Some((&manifest.sums(bytes), bytes)))
    }

    /// As [`Self::finish`], for what another tool has made: without a manifest.
    ///
    /// # Errors
    /// `storage`; then nothing is left.
    pub fn finish_foreign(mut self) -> Result<PathBuf, PanelError> {
        let files = std::mem::take(&mut self.files);
        self.close(&files, None)
    }

    fn close(&mut self, files: &[File], texts: Option<(&str, &[u8])>) -> Result<PathBuf, PanelError> {
        let failed = |path: &Path, error: &io::Error| paths::storage("write", path, error);
        self.flush(files)?;
        // The manifest last: a folder without one is no backup.
        let texts = texts.map(|(sums, bytes)| [(manifest::SUMS, sums.as_bytes()), (manifest::FILE, bytes)]);
        for (name, content) in texts.into_iter().flatten() {
            let path = self.folder.join(name);
            let write = || {
                let mut file = fs::File::create(&path)?;
                file.write_all(content)?;
                file.sync_all()
            };
            write().map_err(|error| failed(&path, &error))?;
        }
        sync_folders(&self.folder).map_err(|error| failed(&self.folder, &error))?;
        let target = self.root.join(&self.id.0);
        if target.exists() {
            // Renaming over an empty folder would succeed.
            let error = io::Error::from(io::ErrorKind::AlreadyExists);
            return Err(failed(&target, &error));
        }
        fs::rename(&self.folder, &target).map_err(|error| failed(&target, &error))?;
        self.finished = true;
        paths::sync_dir(&self.root).map_err(|error| failed(&self.root, &error))?;
        Ok(target)
    }

    fn place(&self, path: &str) -> Result<PathBuf, PanelError> {
        let target = self.folder.join(path);
        if !name::is_inside(path) || self.files.iter().any(|file| file.path == path) {
            let error = io::Error::new(io::ErrorKind::InvalidInput, "this name is taken, or no file's");
            return Err(paths::storage("write", &target, &error));
        }
        if let Some(parent) = target.parent() {
            paths::create_private_dir(parent)
                .map_err(|error| paths::storage("create the folder", parent, &error))?;
        }
        Ok(target)
    }

    fn flush(&self, files: &[File]) -> Result<(), PanelError> {
        let size = files.len().div_ceil(FLUSHERS).max(1);
        let flush = |part: &[File]| {
            for file in part {
                let path = self.folder.join(&file.path);
                fs::File::open(&path)
                    .and_then(|file| file.sync_all())
                    .map_err(|error| paths::storage("flush", &path, &error))?;
            }
            Ok(())
        };
        std::thread::scope(|scope| {
            let threads: Vec<_> = files.chunks(size).map(|part| scope.spawn(move || flush(part))).collect();
            let ends = threads.into_iter().map(|thread| {
                thread.join().unwrap_or_else(|_| {
                    Err(paths::storage("flush", &self.folder, &io::Error::other("a thread ended early")))
                })
            });
            ends.collect()
        })
    }
}

impl Drop for Builder {
    fn drop(&mut self) {
        if !self.finished
            && let Err(error) = fs::remove_dir_all(&self.folder)
        {
            // It is cleared away at the next start.
            tracing::warn!(folder = %self.folder.display(), %error, "a partial backup could not be removed");
        }
    }
}

/// Does the work for each, as many at a time as there are processors (8 at most), in their order.
pub fn at_once<T: Sync, R: Send>(all: &[T], work: impl Fn(&T) -> R + Sync) -> Vec<R> {
    let workers =
        std::thread::available_parallelism().map_or(1, usize::from).clamp(1, 8).min(all.len().max(1));
    let next = AtomicUsize::new(0);
    let mut done: Vec<(usize, R)> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..workers)
            .map(|_| {
                scope.spawn(|| {
                    let mut mine = Vec::new();
                    loop {
                        let index = next.fetch_add(1, Ordering::Relaxed);
                        let Some(one) = all.get(index) else { return mine };
                        mine.push((index, work(one)));
                    }
                })
            })
            .collect();
        threads
            .into_iter()
            .flat_map(|thread| thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)))
            .collect()
    });
    done.sort_by_key(|(index, _)| *index);
    done.into_iter().map(|(_, result)| result).collect()
}

fn copy(path: &str, target: &Path, from: &Path, job: &Handle) -> Result<File, PanelError> {
    let meta = fs::symlink_metadata(from).map_err(|error| paths::storage("read", from, &error))?;
    if !meta.is_file() {
        let error = io::Error::new(io::ErrorKind::InvalidInput, "this is not a regular file");
        return Err(paths::storage("read", from, &error));
    }
    let mut source = fs::File::open(from).map_err(|error| paths::storage("read", from, &error))?;
    let mut out = fs::File::create(target).map_err(|error| paths::storage("write", target, &error))?;
    let mut hash = Sha256::new();
    let mut bytes = 0_u64;
    let mut buffer = vec![0_u8; CHUNK];
    loop {
        job.check()?;
        let read = source.read(&mut buffer).map_err(|error| paths::storage("read", from, &error))?;
        let Some(chunk) = buffer.get(..read).filter(|chunk| !chunk.is_empty()) else { break };
        hash.update(chunk);
        out.write_all(chunk).map_err(|error| paths::storage("write", target, &error))?;
        bytes += read as u64;
        job.add_bytes(read as u64);
    }
    Ok(File { path: path.to_owned(), bytes, sha256: manifest::hex(&hash.finalize()) })
}

/// Flushes a folder and those in it.
fn sync_folders(folder: &Path) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        if entry.file_type()?.is_dir() {
            sync_folders(&entry.path())?;
        }
    }
    paths::sync_dir(folder)
}
