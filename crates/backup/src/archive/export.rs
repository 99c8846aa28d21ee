//! Writes a backup into one file: beside its place, read back, and only then under its name.

use aether_foundation::text::hex;
use std::{
    collections::BTreeMap,
    fs,
    io::{self, BufReader, BufWriter, Read, Write},
    path::{Path, PathBuf},
    sync::Arc,
};

use aether_contract::{ArchiveFormat, BackupExportRequest, BackupExported, ErrorCode, PanelError, Timestamp};
use sha2::{Digest as _, Sha256};

use crate::archive_reader::{self, Limits, On, walk};
use crate::{
    Backups,
    manifest::{self, Manifest},
    store::Store,
    third_party,
};
use aether_context::jobs::Handle;
use aether_foundation::paths;

/// What is read at a time, in bytes.
const CHUNK: usize = 1024 * 1024;
/// Most archives of one backup in one folder.
const MAX_TRIES: u32 = 100;
/// How hard zstd works: as its own command does unasked.
const LEVEL: i32 = 3;
/// Our own archive is compared with what went into it, so that its size needs no limit. The limit of the ratio
/// applies: an import would refuse what exceeds it.
const OWN: Limits = Limits { files: usize::MAX, file: u64::MAX, bytes: u64::MAX };

/// Exports a backup.
///
/// # Errors
/// `not-found`; `invalid-request` for one that is no longer as it was made, or for a folder that is not said
/// in full; `storage`,
/// `cancelled`.
pub async fn command(
    backups: Arc<Backups>,
    request: BackupExportRequest,
) -> Result<BackupExported, PanelError> {
    let live = backups.ctx.live();
    let store = Store::of(&live.profile, &backups.ctx.home.data);
    store.folder(&request.id)?;
    let folder = match request.folder.as_str() {
        "" => backups.ctx.home.downloads.clone(),
        named if Path::new(named).is_absolute() => PathBuf::from(named),
        named => {
            let words = format!("Use an absolute path for the folder, not {named:?}.");
            return Err(PanelError::new(ErrorCode::InvalidRequest, "backups", words));
        }
    };
    let job = backups.ctx.jobs.begin(format!("Exporting {}", request.id.0))?;
    // So that nobody deletes it meanwhile.
    let lock = crate::store::locked(&store).await?;
    let stack = live.profile.name.clone();
    let work = move || {
        let _lock = lock;
        let from = store.folder(&request.id)?;
        write(&from, &request.id.0, &stack, &folder, request.format, &job)
    };
    tokio::task::spawn_blocking(work).await.unwrap_or_else(|error| {
        Err(PanelError::new(ErrorCode::Internal, "backups", "The export was interrupted.")
            .with_detail(error.to_string()))
    })
}

/// A file that goes into the archive: its path, its size, and its hash if the manifest tells.
struct Item {
    path: String,
    bytes: u64,
    sha256: Option<String>,
}

fn write(
    from: &Path,
    id: &str,
    stack: &str,
    folder: &Path,
    format: ArchiveFormat,
    job: &Handle,
) -> Result<BackupExported, PanelError> {
    let (items, made_at) = items(from, id)?;
    paths::create_private_dir(folder).map_err(|error| paths::storage("create the folder", folder, &error))?;
    let failed = |error: io::Error| paths::storage("write into", folder, &error);
    let mut temp =
        tempfile::Builder::new().prefix(".aether-").suffix(".tmp").tempfile_in(folder).map_err(failed)?;
    job.stage("writing", items.len());
    let hashes = pack(from, id, &items, made_at, (temp.as_file(), folder), format, job)?;
    temp.as_file().sync_all().map_err(failed)?;
    job.stage("verifying the archive", items.len());
    prove(temp.path(), id, &hashes, job)?;
    let bytes = temp.as_file().metadata().map_err(failed)?.len() as f64;
    let files = u32::try_from(items.len()).unwrap_or(u32::MAX);
    for number in 1..=MAX_TRIES {
        let tail = if number == 1 { String::new() } else { format!("_{number}") };
        let path = folder.join(format!("{}_{id}{tail}.{}", plain(stack), format.ending()));
        match temp.persist_noclobber(&path) {
            Ok(_) => {
                paths::sync_dir(folder).map_err(failed)?;
                return Ok(BackupExported { path: path.display().to_string(), bytes, files });
            }
            Err(taken) if taken.error.kind() == io::ErrorKind::AlreadyExists => temp = taken.file,
            Err(error) => return Err(failed(error.error)),
        }
    }
    let message = format!("{} already contains {MAX_TRIES} archives of this backup.", folder.display());
    Err(PanelError::new(ErrorCode::Storage, "backups", message))
}

/// What goes into the archive. The manifest is first: whoever takes it in knows from its begin what must follow.
fn items(from: &Path, id: &str) -> Result<(Vec<Item>, Timestamp), PanelError> {
    let cant = |why: String| {
        let words = format!("Cannot export backup {id}: {why}.");
        PanelError::new(ErrorCode::InvalidRequest, "backups", words)
            .with_hint("You can still copy its files from its folder.")
    };
    let Some((manifest, bytes)) = Store::manifest(from).map_err(cant)? else {
        // Hidden files are no part of the backup: its entry in the list names them.
        let third_party::Scan { files, left, .. } = third_party::scan(from);
        if left > 0 {
            return Err(cant(third_party::left_words(left).trim_end_matches('.').to_lowercase()));
        }
        let items: Vec<Item> =
            files.into_iter().map(|file| Item { path: file.path, bytes: file.bytes, sha256: None }).collect();
        return Ok((items, Timestamp(0)));
    };
    let mut items = vec![Item {
        path: manifest::FILE.into(),
        bytes: bytes.len() as u64,
        sha256: Some(hex(&Sha256::digest(&bytes))),
    }];
    let sums = manifest.sums(&bytes).into_bytes();
    items.push(Item {
        path: manifest::SUMS.into(),
        bytes: sums.len() as u64,
        sha256: Some(hex(&Sha256::digest(&sums))),
    });
    let Manifest { files, made_at, .. } = manifest;
    items.extend(files.into_iter().map(|file| Item {
        path: file.path,
        bytes: file.bytes,
        sha256: Some(file.sha256),
    }));
    Ok((items, made_at))
}

/// Packs the files, and holds them against the manifest on the way. Tells the hash of each.
fn pack(
    from: &Path,
    id: &str,
    items: &[Item],
    made_at: Timestamp,
    (file, folder): (&fs::File, &Path),
    format: ArchiveFormat,
    job: &Handle,
) -> Result<BTreeMap<String, String>, PanelError> {
    let failed = |error: io::Error| paths::storage("write into", folder, &error);
    let out = BufWriter::with_capacity(CHUNK, file);
    let packer: Packer<'_> = match format {
        ArchiveFormat::Gzip => {
            Packer::Gzip(flate2::write::GzEncoder::new(out, flate2::Compression::default()))
        }
        ArchiveFormat::Zstd => {
            let mut encoder = zstd::Encoder::new(out, LEVEL).map_err(failed)?;
            encoder.include_checksum(true).map_err(failed)?;
            Packer::Zstd(encoder)
        }
    };
    let mut archive = tar::Builder::new(packer);
    let mut hashes = BTreeMap::new();
    for item in items {
        let mut source = Source::open(from, item, job)?;
        let mut header = tar::Header::new_gnu();
        header.set_size(item.bytes);
        header.set_mode(0o600);
        header.set_mtime(u64::try_from(made_at.0 / 1000).unwrap_or(0));
        header.set_entry_type(tar::EntryType::Regular);
        let buffered = BufReader::with_capacity(CHUNK, &mut source);
        let added = archive.append_data(&mut header, format!("{id}/{}", item.path), buffered);
        // The archive's own error would be said of the folder that it is written into.
        if let Some(error) = source.failed.take() {
            return Err(error);
        }
        added.map_err(failed)?;
        let found = source.end()?;
        hashes.insert(item.path.clone(), found);
        job.step();
    }
    archive.into_inner().and_then(Packer::finish).map_err(failed)?;
    Ok(hashes)
}

/// Reads the archive as whoever imports it would, and holds every file against what went in.
fn prove(path: &Path, id: &str, hashes: &BTreeMap<String, String>, job: &Handle) -> Result<(), PanelError> {
    let wrong = |what: &str| {
        PanelError::new(
            ErrorCode::Unverified,
            "backups",
            format!("The archive does not match what was written: {what}. It was deleted."),
        )
        .with_hint("Check the target disk for errors.")
    };
    let mut seen = 0;
    let mut buffer = vec![0_u8; CHUNK];
    walk(path, OWN, job, |name, _, source| {
        let inner = name.strip_prefix(id).and_then(|rest| rest.strip_prefix('/')).unwrap_or_default();
        let wanted = hashes.get(inner).ok_or_else(|| wrong(&format!("{name} was not added")))?;
        let mut hash = Sha256::new();
        loop {
            job.check()?;
            let read = source.read(&mut buffer).map_err(|error| archive_reader::broken(path, &error))?;
            let Some(chunk) = buffer.get(..read).filter(|chunk| !chunk.is_empty()) else { break };
            hash.update(chunk);
        }
        if hex(&hash.finalize()) != *wanted {
            return Err(wrong(&format!("the content of {name} differs")));
        }
        seen += 1;
        job.step();
        Ok(On::Go)
    })
    .map_err(|error| {
        if matches!(error.code, ErrorCode::Cancelled | ErrorCode::Storage | ErrorCode::Unverified) {
            error
        } else if error.message.contains(archive_reader::TOO_DENSE) {
            let words = format!(
                "Backup {id} compresses to less than 1 % of its size; an import would reject such an \
                    archive."
            );
            PanelError::new(ErrorCode::InvalidRequest, "backups", words)
                .with_hint("Copy its folder, or push it to a remote target.")
        } else {
            wrong(&error.message)
        }
    })?;
    if seen == hashes.len() { Ok(()) } else { Err(wrong("files are missing")) }
}

/// A file of the backup, hashed while it is read.
struct Source<'a> {
    file: fs::File,
    item: &'a Item,
    at: PathBuf,
    hash: Sha256,
    read: u64,
    job: &'a Handle,
    failed: Option<PanelError>,
}

impl<'a> Source<'a> {
    fn open(from: &Path, item: &'a Item, job: &'a Handle) -> Result<Self, PanelError> {
        let failed = |error: io::Error| paths::storage("read", &from.join(&item.path), &error);
        let at = crate::inside::inside(from, &item.path).map_err(failed)?;
        let meta = fs::symlink_metadata(&at).map_err(failed)?;
        if !meta.is_file() || meta.len() != item.bytes {
            return Err(changed(&item.path));
        }
        let file = fs::File::open(&at).map_err(failed)?;
        Ok(Self { file, item, at, hash: Sha256::new(), read: 0, job, failed: None })
    }

    /// Its hash, if all of it is as it should be.
    fn end(self) -> Result<String, PanelError> {
        let hash = hex(&self.hash.finalize());
        let same = self.item.sha256.as_ref().is_none_or(|wanted| *wanted == hash);
        if same && self.read == self.item.bytes { Ok(hash) } else { Err(changed(&self.item.path)) }
    }
}

impl Read for Source<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        // One that grows meanwhile must not make the archive lie about its size.
        let left = usize::try_from(self.item.bytes - self.read).unwrap_or(usize::MAX);
        let most = left.min(buffer.len());
        if let Err(error) = self.job.check() {
            self.failed = Some(error);
            return Err(io::Error::other("cancelled"));
        }
        let room = buffer.get_mut(..most).unwrap_or_default();
        match self.file.read(room) {
            Ok(0) if most > 0 => {
                self.failed = Some(changed(&self.item.path));
                Err(io::Error::from(io::ErrorKind::UnexpectedEof))
            }
            Ok(read) => {
                self.hash.update(room.get(..read).unwrap_or_default());
                self.read += read as u64;
                self.job.add_bytes(read as u64);
                Ok(read)
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => Err(error),
            Err(error) => {
                self.failed = Some(paths::storage("read", &self.at, &error));
                Err(error)
            }
        }
    }
}

fn changed(path: &str) -> PanelError {
    PanelError::new(
        ErrorCode::InvalidRequest,
        "backups",
        format!("{path} is corrupted, so the backup was not exported."),
    )
    .with_hint("Verify the backup to see all corrupted files.")
}

enum Packer<'a> {
    Gzip(flate2::write::GzEncoder<BufWriter<&'a fs::File>>),
    Zstd(zstd::Encoder<'static, BufWriter<&'a fs::File>>),
}

impl Packer<'_> {
    fn finish(self) -> io::Result<()> {
        match self {
            Self::Gzip(gzip) => gzip.finish()?.flush(),
            Self::Zstd(zstd) => zstd.finish()?.flush(),
        }
    }
}

impl Write for Packer<'_> {
    fn write(&mut self, buffer: &[u8]) -> io::Result<usize> {
        match self {
            Self::Gzip(gzip) => gzip.write(buffer),
            Self::Zstd(zstd) => zstd.write(buffer),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Self::Gzip(gzip) => gzip.flush(),
            Self::Zstd(zstd) => zstd.flush(),
        }
    }
}

/// A stack's name in a file's name.
fn plain(stack: &str) -> String {
    stack.chars().map(|c| if c.is_ascii_alphanumeric() || c == '-' { c } else { '-' }).collect()
}
