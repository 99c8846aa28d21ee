//! Reads an archive from its begin to its end, and believes nothing of it.

use aether_foundation::text::size;
use std::{
    cell::Cell,
    collections::BTreeSet,
    fs,
    io::{self, BufRead, BufReader, Read, Seek, SeekFrom},
    path::Path,
    rc::Rc,
};

use aether_contract::{ErrorCode, PanelError};
use tar::EntryType;

use aether_context::jobs::Handle;
use aether_foundation::{names, paths};

/// Most that headers between two files may take, in bytes: long names and their like.
const HEADERS: u64 = 1024 * 1024;
/// Beyond this many unpacked bytes the ratio is limited.
const RATIO_FROM: u64 = 64 * 1024 * 1024;
/// Most unpacked bytes for each compressed byte that was consumed. Text compresses to a tenth, hardly anything honest
/// to a hundredth.
const RATIO: u64 = 100;
/// What is said of an archive that exceeds [`RATIO`].
pub const TOO_DENSE: &str = "it unpacks to more than 100 times its size";
/// Largest window of zstd, as a power of two: what its own command takes without being asked.
const WINDOW: u32 = 27;
/// Longest name, in bytes.
const MAX_NAME: usize = 1_000;

/// What an archive may hold.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Files.
    pub files: usize,
    /// Bytes of one file.
    pub file: u64,
    /// Bytes of all.
    pub bytes: u64,
}

/// Whether to read on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum On {
    /// To the next file.
    Go,
    /// That was all that was wanted; the rest is not looked at.
    Stop,
}

/// Reads the files of an archive, in their order. Names are relative, climb nowhere and differ.
///
/// # Errors
/// `invalid-request` for an archive that is broken, cut short or not honest; `storage`; what `each` and `job` say.
pub fn walk(
    path: &Path,
    limits: Limits,
    job: &Handle,
    each: impl FnMut(&str, u64, &mut dyn Read) -> Result<On, PanelError>,
) -> Result<(), PanelError> {
    let failed = |error: io::Error| paths::storage("read", path, &error);
    let meta = fs::symlink_metadata(path).map_err(failed)?;
    if !meta.is_file() {
        return Err(refused(path, "not a regular file"));
    }
    walk_in(path, fs::File::open(path).map_err(failed)?, limits, job, each)
}

/// As [`walk`], for an archive that is open already; `path` is named in errors.
///
/// # Errors
/// As [`walk`].
pub fn walk_in(
    path: &Path,
    file: impl Read + Seek + 'static,
    limits: Limits,
    job: &Handle,
    mut each: impl FnMut(&str, u64, &mut dyn Read) -> Result<On, PanelError>,
) -> Result<(), PanelError> {
    let meter = Meter::default();
    let source = open(path, file, &meter)?;
    let mut archive = tar::Archive::new(source);
    // Whoever asks for more than there is gets an error of one kind or another.
    let broken = |error: &io::Error| match error.kind() {
        io::ErrorKind::Other if meter.over.get() => refused(path, "it is truncated"),
        _ => broken(path, error),
    };
    let mut names = BTreeSet::new();
    let mut total = 0_u64;
    let mut entries = archive.entries().map_err(|error| broken(&error))?;
    loop {
        job.check()?;
        let Some(entry) = entries.next() else { break };
        let mut entry = entry.map_err(|error| broken(&error))?;
        let bytes = entry.size();
        let end = entry.raw_file_position().saturating_add(bytes.saturating_add(511) / 512 * 512);
        let raw = entry.path_bytes().into_owned();
        let shown = String::from_utf8_lossy(&raw).chars().take(200).collect::<String>();
        let kind = entry.header().entry_type();
        if matches!(kind, EntryType::XGlobalHeader) {
            if bytes > HEADERS {
                return Err(refused(path, "its headers are too long"));
            }
            continue;
        }
        let name = inside(&raw).ok_or_else(|| {
            refused(path, &format!("the path {shown:?} is empty or leads outside the archive"))
        })?;
        if name.split('/').any(names::is_git_name) {
            return Err(refused(
                path,
                &format!("it contains {shown:?}; Git repositories are never unpacked"),
            ));
        }
        match kind {
            EntryType::Directory if bytes == 0 => {}
            EntryType::Regular | EntryType::Continuous => {
                if name.is_empty() {
                    return Err(refused(path, &format!("{shown:?} is not a valid file name")));
                }
                if !names.insert(name.clone()) {
                    return Err(refused(path, &format!("it contains {name:?} twice")));
                }
                if names.len() > limits.files {
                    return Err(refused(path, &format!("it contains more than {} files", limits.files)));
                }
                total = total.saturating_add(bytes);
                if bytes > limits.file {
                    let (has, may) = (size(bytes as f64), size(limits.file as f64));
                    return Err(refused(path, &format!("{name:?} has {has}; the limit is {may}")));
                }
                if total > limits.bytes {
                    let may = size(limits.bytes as f64);
                    return Err(refused(path, &format!("it unpacks to more than {may}")));
                }
                meter.end.set(end);
                if each(&name, bytes, &mut entry)? == On::Stop {
                    return Ok(());
                }
            }
            other => {
                let what = match other {
                    EntryType::Symlink => "a symbolic link",
                    EntryType::Link => "a link",
                    EntryType::Char | EntryType::Block => "a device",
                    EntryType::Fifo => "a pipe",
                    EntryType::Directory => "a non-empty folder entry",
                    _ => "an unsupported file type",
                };
                return Err(refused(
                    path,
                    &format!("{shown:?} is {what}; backups contain regular files only"),
                ));
            }
        }
        // What is left of this file is skipped by reading; after it only headers may come.
        meter.end.set(end.saturating_add(HEADERS));
    }
    // To the very end: only there stands whether all that came before is what was packed.
    meter.end.set(u64::MAX);
    let mut rest = archive.into_inner();
    let mut buffer = vec![0_u8; 64 * 1024];
    let mut over = 0_u64;
    loop {
        job.check()?;
        match rest.read(&mut buffer).map_err(|error| broken(&error))? {
            0 => return Ok(()),
            read => over = over.saturating_add(read as u64),
        }
        if over > HEADERS * 16 {
            return Err(refused(path, "there is data after the end of the archive"));
        }
    }
}

/// An error of reading: of the archive's content, or of the disk.
pub fn broken(path: &Path, error: &io::Error) -> PanelError {
    use io::ErrorKind::{FileTooLarge, InvalidData, InvalidInput, Other, QuotaExceeded, UnexpectedEof};
    match error.kind() {
        UnexpectedEof => refused(path, "it is truncated"),
        QuotaExceeded => refused(path, TOO_DENSE),
        FileTooLarge => refused(path, "a name or header is too long"),
        InvalidData | InvalidInput | Other => {
            refused(path, &format!("it is damaged or not an archive ({})", one_line(error)))
        }
        _ => paths::storage("read", path, error),
    }
}

fn one_line(error: &io::Error) -> String {
    error.to_string().chars().map(|c| if c.is_control() { ' ' } else { c }).take(200).collect()
}

/// The name of an entry as a relative path; empty for the top folder, none for one that leads elsewhere.
fn inside(raw: &[u8]) -> Option<String> {
    let text = std::str::from_utf8(raw).ok()?;
    if text.len() > MAX_NAME || text.starts_with('/') || text.chars().any(char::is_control) {
        return None;
    }
    let mut segments = Vec::new();
    for segment in text.split('/') {
        match segment {
            "" | "." => {}
            ".." => return None,
            other => segments.push(other),
        }
    }
    // `C:` at its begin is another disk on Windows.
    let drive = segments.first().is_some_and(|first| first.len() == 2 && first.ends_with(':'));
    (!drive).then(|| segments.join("/"))
}

fn open(
    path: &Path,
    mut file: impl Read + Seek + 'static,
    meter: &Meter,
) -> Result<Box<dyn Read>, PanelError> {
    let failed = |error: io::Error| paths::storage("read", path, &error);
    let mut head = Vec::new();
    (&mut file).take(4).read_to_end(&mut head).map_err(failed)?;
    let plain = !head.starts_with(&[0x1f, 0x8b]) && head != [0x28, 0xb5, 0x2f, 0xfd];
    if plain {
        // Nothing else in a bare archive tells that it is whole: two empty blocks end it.
        let mut tail = Vec::new();
        let length = file.seek(SeekFrom::End(0)).map_err(failed)?;
        let from = file.seek(SeekFrom::Start(length.saturating_sub(1024))).map_err(failed)?;
        (&mut file).take(1024).read_to_end(&mut tail).map_err(failed)?;
        if from == 0 || tail.len() < 1024 || tail.iter().any(|byte| *byte != 0) {
            return Err(refused(path, "it is truncated, or not an archive (.tar, .tar.gz or .tar.zst)"));
        }
    }
    file.seek(SeekFrom::Start(0)).map_err(failed)?;
    let inner = BufReader::with_capacity(256 * 1024, file);
    let packed = Counted { inner, consumed: Rc::clone(&meter.packed) };
    let unpacked: Box<dyn Read> = if plain {
        Box::new(packed)
    } else if head.starts_with(&[0x1f, 0x8b]) {
        Box::new(flate2::bufread::MultiGzDecoder::new(packed))
    } else {
        let mut decoder = zstd::Decoder::with_buffer(packed).map_err(failed)?;
        decoder.window_log_max(WINDOW).map_err(failed)?;
        Box::new(decoder)
    };
    meter.end.set(HEADERS);
    Ok(Box::new(Metered { inner: unpacked, meter: meter.clone() }))
}

/// Whether something unpacks to far more than it holds.
pub fn exceeds_ratio(unpacked: u64, packed: u64) -> bool {
    unpacked > RATIO_FROM && unpacked > packed.saturating_mul(RATIO)
}

/// How far an archive has been read.
#[derive(Debug, Clone, Default)]
struct Meter {
    packed: Rc<Cell<u64>>,
    unpacked: Rc<Cell<u64>>,
    /// Nothing beyond here may be asked for: the library reads a long name as long as it says it is.
    end: Rc<Cell<u64>>,
    /// Its end was reached.
    over: Rc<Cell<bool>>,
}

/// Counts what a decoder has consumed, not what was read ahead.
struct Counted<R> {
    inner: R,
    consumed: Rc<Cell<u64>>,
}

impl<R: BufRead> Read for Counted<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(buffer)?;
        self.consumed.set(self.consumed.get().saturating_add(read as u64));
        Ok(read)
    }
}

impl<R: BufRead> BufRead for Counted<R> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        self.inner.fill_buf()
    }

    fn consume(&mut self, amount: usize) {
        self.consumed.set(self.consumed.get().saturating_add(amount as u64));
        self.inner.consume(amount);
    }
}

struct Metered {
    inner: Box<dyn Read>,
    meter: Meter,
}

impl Read for Metered {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(buffer)?;
        self.meter.over.set(read == 0 && !buffer.is_empty());
        let now = self.meter.unpacked.get().saturating_add(read as u64);
        self.meter.unpacked.set(now);
        // The library reads whole blocks, and a little ahead.
        if now > self.meter.end.get().saturating_add(HEADERS) {
            return Err(io::Error::from(io::ErrorKind::FileTooLarge));
        }
        if exceeds_ratio(now, self.meter.packed.get()) {
            return Err(io::Error::from(io::ErrorKind::QuotaExceeded));
        }
        Ok(read)
    }
}

/// Endings of the archives that are read.
const ENDINGS: [&str; 5] = [".tar.gz", ".tgz", ".tar.zst", ".tzst", ".tar"];

/// A name without the ending of an archive; none when it has none.
pub fn stem(name: &str) -> Option<&str> {
    let lower = name.to_ascii_lowercase();
    let ending = ENDINGS.iter().find(|ending| lower.ends_with(**ending))?;
    name.get(..name.len() - ending.len()).filter(|stem| !stem.is_empty())
}

/// What is wrong with an archive.
pub fn refused(path: &Path, words: &str) -> PanelError {
    let name = path.file_name().unwrap_or(path.as_os_str()).to_string_lossy().into_owned();
    PanelError::new(ErrorCode::InvalidRequest, "backups", format!("Cannot use {name}: {words}."))
}
