//! Holds a backup against its hashes: every file, or a sample of them. A backup without hashes can't be verified.

use aether_foundation::text::hex;
use std::{fs, io::Read as _, path::Path, sync::Arc};

use aether_contract::{BackupId, BackupVerified, ErrorCode, PanelError};
use rand::seq::SliceRandom as _;
use sha2::{Digest as _, Sha256};

use super::{
    archive_reader::exceeds_ratio,
    build::{ZSTD, at_once},
    layout::{DASHBOARDS, SNAPSHOT},
    manifest::{self, File, Manifest},
    metadata::MAX_PROBLEMS,
    store::Store,
    third_party,
};
use crate::Backups;
use aether_context::jobs::Handle;
use aether_foundation::clock;

/// What is read at a time, in bytes.
const CHUNK: usize = 1024 * 1024;

/// Verifies a backup, and keeps what was found when all of it was read.
///
/// # Errors
/// `not-found`; `invalid-request` for a backup of another tool; `cancelled`. What is wrong with the backup is
/// no error, but stands in the answer.
pub async fn all(
    backups: &Backups,
    store: &Store,
    id: &BackupId,
    sample: u32,
    job: &Handle,
) -> Result<BackupVerified, PanelError> {
    let folder = store.folder(id)?;
    let (name, job) = (id.clone(), job.clone());
    let work = move || files(&folder, &name, sample, &job);
    let found = tokio::task::spawn_blocking(work).await.unwrap_or_else(|error| {
        Err(PanelError::new(ErrorCode::Internal, "backups", "The verification was interrupted.")
            .with_detail(error.to_string()))
    })?;
    let mut notes = store.notes(&id.0);
    // A sample proves what is wrong, and not that all is right.
    if found.whole || !found.problems.is_empty() {
        notes.problems = found.problems.iter().take(100).cloned().collect();
        notes.verified_at = Some(clock::now()).filter(|_| found.whole && found.problems.is_empty());
        store.set_notes(&id.0, &notes)?;
    }
    backups.ctx.changed.notify_one();
    Ok(found)
}

/// As a command: alone, with a job of its own.
///
/// # Errors
/// As [`all`].
pub async fn command(backups: Arc<Backups>, id: BackupId, sample: u32) -> Result<BackupVerified, PanelError> {
    let live = backups.ctx.live();
    let store = Store::of(&live.profile, &backups.ctx.home.data);
    store.folder(&id)?;
    let job = backups.ctx.jobs.begin(format!("Verifying {}", id.0))?;
    let found = all(&backups, &store, &id, sample, &job).await;
    drop(job);
    backups.read_backups(&live).await?;
    found
}

/// Reads the files and compares.
fn files(folder: &Path, id: &BackupId, sample: u32, job: &Handle) -> Result<BackupVerified, PanelError> {
    let mut found =
        BackupVerified { id: id.clone(), files: 0, bytes: 0.0, whole: true, problems: Vec::new() };
    let (manifest, bytes) = match Store::manifest(folder) {
        Ok(Some(read)) => read,
        Ok(None) => {
            return Err(PanelError::new(
                ErrorCode::InvalidRequest,
                "backups",
                format!("{} was made by another tool and has no checksums to verify.", id.0),
            ));
        }
        Err(why) => {
            found.problems.push(why);
            return Ok(found);
        }
    };
    let sums = crate::inside::read_inside(folder, manifest::SUMS, manifest::MAX);
    match sums {
        Ok(sums) if sums == manifest.sums(&bytes).into_bytes() => {}
        Ok(_) => found.problems.push(format!("{} and {} disagree.", manifest::SUMS, manifest::FILE)),
        Err(error) => found.problems.push(format!("Failed to read {}: {error}.", manifest::SUMS)),
    }
    unlisted_files(folder, &manifest, &mut found.problems);
    let mut chosen: Vec<&File> = manifest.files.iter().collect();
    if sample > 0 && (sample as usize) < chosen.len() {
        chosen.shuffle(&mut rand::rng());
        chosen.truncate(sample as usize);
        found.whole = false;
    }
    job.stage("reading files", chosen.len());
    let checked = at_once(&chosen, |file| {
        let result = check(folder, file, job);
        job.step();
        result
    });
    for (file, result) in chosen.iter().zip(checked) {
        match result {
            Ok(()) => {}
            Err(VerifyError::Ended(error)) => return Err(error),
            Err(VerifyError::Wrong(why)) => {
                if found.problems.len() < MAX_PROBLEMS {
                    found.problems.push(format!("{}: {why}.", file.path));
                }
            }
        }
        found.files += 1;
        found.bytes += file.bytes as f64;
    }
    Ok(found)
}

/// Files that the manifest does not know.
fn unlisted_files(folder: &Path, manifest: &Manifest, problems: &mut Vec<String>) {
    let known: std::collections::BTreeSet<&str> = manifest
        .files
        .iter()
        .map(|file| file.path.as_str())
        .chain([manifest::FILE, manifest::SUMS])
        .collect();
    let third_party::Scan { files, left, hidden } = third_party::scan(folder);
    for path in hidden.paths {
        if problems.len() < MAX_PROBLEMS {
            problems.push(format!("{path}: not listed in the manifest."));
        }
    }
    if left > 0 && manifest.files.len() < third_party::MAX_FILES {
        problems.push(third_party::left_words(left));
    }
    for file in files {
        if !known.contains(file.path.as_str()) && problems.len() < MAX_PROBLEMS {
            problems.push(format!("{}: not listed in the manifest.", file.path));
        }
    }
}

enum VerifyError {
    Wrong(String),
    Ended(PanelError),
}

/// Whether a compressed file gives what it says: it has a checksum of its own.
fn unpacks(at: &Path, job: &Handle) -> Result<(), VerifyError> {
    let wrong = |error: std::io::Error| VerifyError::Wrong(format!("decompression failed: {error}"));
    let file = fs::File::open(at).map_err(wrong)?;
    let packed = file.metadata().map_err(wrong)?.len();
    let mut source = zstd::Decoder::new(file).map_err(wrong)?;
    let mut buffer = vec![0_u8; CHUNK];
    let mut unpacked = 0_u64;
    loop {
        job.check().map_err(VerifyError::Ended)?;
        match source.read(&mut buffer).map_err(wrong)? {
            0 => return Ok(()),
            read => unpacked = unpacked.saturating_add(read as u64),
        }
        if exceeds_ratio(unpacked, packed) {
            return Err(VerifyError::Wrong("its decompressed size is suspiciously large".to_owned()));
        }
    }
}

fn check(folder: &Path, file: &File, job: &Handle) -> Result<(), VerifyError> {
    let wrong = |error: std::io::Error| match error.kind() {
        std::io::ErrorKind::NotFound => VerifyError::Wrong("missing".into()),
        _ => VerifyError::Wrong(format!("read failed: {error}")),
    };
    let at = crate::inside::inside(folder, &file.path).map_err(wrong)?;
    let meta = fs::symlink_metadata(&at).map_err(wrong)?;
    if !meta.is_file() {
        return Err(VerifyError::Wrong("not a regular file".into()));
    }
    if meta.len() != file.bytes {
        return Err(VerifyError::Wrong(format!("{} bytes, expected {}", meta.len(), file.bytes)));
    }
    let mut source = fs::File::open(&at).map_err(wrong)?;
    let mut hash = Sha256::new();
    let mut buffer = vec![0_u8; CHUNK];
    loop {
        job.check().map_err(VerifyError::Ended)?;
        let read = source.read(&mut buffer).map_err(wrong)?;
        let Some(chunk) = buffer.get(..read).filter(|chunk| !chunk.is_empty()) else { break };
        hash.update(chunk);
        job.add_bytes(read as u64);
    }
    if hex(&hash.finalize()) != file.sha256 {
        return Err(VerifyError::Wrong("checksum mismatch".into()));
    }
    if file.path.starts_with(SNAPSHOT) && file.path.ends_with(ZSTD) {
        unpacks(&at, job)?;
    }
    // A dashboard that was saved as something else is of no use, however right its hash is.
    if file.path.starts_with(DASHBOARDS) && file.bytes <= crate::dashboard::MAX_DASHBOARD {
        let bytes =
            crate::inside::read_inside(folder, &file.path, crate::dashboard::MAX_DASHBOARD).map_err(wrong)?;
        super::dashboard::document(&bytes).map_err(VerifyError::Wrong)?;
    }
    Ok(())
}
