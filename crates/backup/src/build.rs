//! Builds a backup: in a folder that nobody lists, hashed while it is written, flushed, and renamed when it is whole.

use aether_foundation::text::hex;
use std::{
    fs,
    io::{self, Read, Write},
    path::{Path, PathBuf},
    sync::atomic::{AtomicUsize, Ordering},
};

use aether_contract::{BackupId, PanelError};
use sha2::{Digest as _, Sha256};

use super::{
    layout::SNAPSHOT,
    manifest::{self, File, Manifest},
};
use aether_context::jobs::Handle;
use aether_foundation::names;
use aether_foundation::paths;

/// How the names of folders that are being built, or deleted, begin.
pub const PARTIAL: &str = ".partial-";
/// Threads that flush files.
const FLUSHERS: usize = 8;
/// How a compressed file's name ends.
pub const ZSTD: &str = ".zst";
/// How hard it is tried: about as fast as a disk.
const LEVEL: i32 = 3;
/// What is read at a time, in bytes.
const CHUNK: usize = 1024 * 1024;

/// A backup that is being built. Dropped before it is finished, it leaves nothing.
#[derive(Debug)]
pub struct Builder {
    root: PathBuf,
    folder: PathBuf,
    id: BackupId,
    files: Vec<File>,
    packed: bool,
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
        Ok(Self { root: root.to_path_buf(), folder, id, files: Vec::new(), packed: false, finished: false })
    }

    /// With the blocks of the snapshot compressed by zstd from here on, but for their `meta.json`. The hashes
    /// are those of the compressed files.
    pub fn packed(mut self, packed: bool) -> Self {
        self.packed = packed;
        self
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
        paths::write_private_file(&target, bytes)
            .map_err(|error| paths::storage("write", &target, &error))?;
        self.files.push(File {
            path: path.to_owned(),
            bytes: bytes.len() as u64,
            sha256: hex(&Sha256::digest(bytes)),
        });
        Ok(())
    }

    /// Copies files, hashing them on the way, some at a time: hashing takes longer than copying. Memory does
    /// not grow with their size. `open` opens the source of one; `broken` puts an error of it in words.
    ///
    /// # Errors
    /// `storage`, `cancelled`, and what `broken` says.
    pub fn copy_all<T: Sync>(
        &mut self,
        files: &[(String, T)],
        open: impl Fn(&T) -> io::Result<fs::File> + Sync,
        broken: impl Fn(&T, &io::Error) -> PanelError + Sync,
        job: &Handle,
    ) -> Result<(), PanelError> {
        let mut places = Vec::new();
        for (path, from) in files {
            let (path, packed) = self.named(path);
            let target = self.place(&path)?;
            places.push((path, packed, target, from));
        }
        let copied = at_once(&places, |(path, packed, target, from)| {
            let broken = |error: &io::Error| broken(from, error);
            let opened = open(from).and_then(|source| Ok((source.metadata()?.len(), source)));
            let (size, mut source) = opened.map_err(|error| broken(&error))?;
            let file = write_hashed(path, target, (size, *packed), &mut source, &broken, job);
            job.step();
            file
        });
        for file in copied {
            self.files.push(file?);
        }
        Ok(())
    }

    /// Name of a file in the backup, and whether it is compressed.
    fn named(&self, path: &str) -> (String, bool) {
        let block = path.starts_with(SNAPSHOT) && !path.ends_with("/meta.json");
        if self.packed && block { (format!("{path}{ZSTD}"), true) } else { (path.to_owned(), false) }
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
        let (path, packed) = self.named(path);
        let target = self.place(&path)?;
        let file = write_hashed(&path, &target, (size, packed), source, &broken, job)?;
        self.files.push(file);
        self.files.last().ok_or_else(|| broken(&io::Error::from(io::ErrorKind::UnexpectedEof)))
    }

    /// Bytes of the files below `prefix` so far.
    pub fn bytes_below(&self, prefix: &str) -> f64 {
        self.files.iter().filter(|file| file.path.starts_with(prefix)).map(|file| file.bytes as f64).sum()
    }

    /// Where it is built.
    pub fn folder(&self) -> &Path {
        &self.folder
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
        // The manifest is written last: a folder without one is not a backup.
        let texts = texts.map(|(sums, bytes)| [(manifest::SUMS, sums.as_bytes()), (manifest::FILE, bytes)]);
        for (name, content) in texts.into_iter().flatten() {
            let path = self.folder.join(name);
            let write = || {
                let mut file = paths::create_private_file(&path)?;
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
        let taken = self.files.iter().any(|file| file.path == path);
        if let Some(why) =
            names::refusal(path).or_else(|| taken.then_some("the backup already contains this file"))
        {
            let error = io::Error::new(io::ErrorKind::InvalidInput, why);
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
                    Err(paths::storage(
                        "flush",
                        &self.folder,
                        &io::Error::other("a worker thread exited unexpectedly"),
                    ))
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
            tracing::warn!(folder = %self.folder.display(), %error, "failed to remove a partial backup");
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

/// Writes what a source gives, hashing what lies on the disk. A source of another size is broken.
fn write_hashed(
    path: &str,
    target: &Path,
    (size, packed): (u64, bool),
    source: &mut dyn Read,
    broken: &dyn Fn(&io::Error) -> PanelError,
    job: &Handle,
) -> Result<File, PanelError> {
    let failed = |error: io::Error| paths::storage("write", target, &error);
    let out =
        Hashing { out: paths::create_private_file(target).map_err(failed)?, hash: Sha256::new(), bytes: 0 };
    let mut out = if packed {
        let mut encoder = zstd::Encoder::new(out, LEVEL).map_err(failed)?;
        // Whoever unpacks it knows its size beforehand.
        encoder.set_pledged_src_size(Some(size)).map_err(failed)?;
        encoder.include_checksum(true).map_err(failed)?;
        Out::Packed(Box::new(encoder))
    } else {
        Out::Plain(out)
    };
    let mut buffer = vec![0_u8; CHUNK.min(usize::try_from(size).unwrap_or(CHUNK).max(1))];
    let mut read_in_all = 0_u64;
    loop {
        job.check()?;
        let read = source.read(&mut buffer).map_err(|error| broken(&error))?;
        let Some(chunk) = buffer.get(..read).filter(|chunk| !chunk.is_empty()) else { break };
        read_in_all += read as u64;
        if read_in_all > size {
            break;
        }
        out.write_all(chunk).map_err(failed)?;
        job.add_bytes(read as u64);
    }
    if read_in_all != size {
        return Err(broken(&io::Error::from(io::ErrorKind::UnexpectedEof)));
    }
    let done = out.finish().map_err(failed)?;
    Ok(File { path: path.to_owned(), bytes: done.bytes, sha256: hex(&done.hash.finalize()) })
}

/// A file that is hashed while it is written.
struct Hashing {
    out: fs::File,
    hash: Sha256,
    bytes: u64,
}

impl Write for Hashing {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.out.write(bytes)?;
        self.hash.update(bytes.get(..written).unwrap_or(bytes));
        self.bytes += written as u64;
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}

enum Out {
    Plain(Hashing),
    Packed(Box<zstd::Encoder<'static, Hashing>>),
}

impl Out {
    fn write_all(&mut self, bytes: &[u8]) -> io::Result<()> {
        match self {
            Self::Plain(out) => out.write_all(bytes),
            Self::Packed(out) => out.write_all(bytes),
        }
    }

    fn finish(self) -> io::Result<Hashing> {
        match self {
            Self::Plain(out) => Ok(out),
            Self::Packed(out) => out.finish(),
        }
    }
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
