//! Streams a backup's blocks into a container that does not run, unpacked on the way.

use std::{
    io::{Read as _, Write as _},
    path::Path,
};

use aether_contract::PanelError;
use bytes::Bytes;
use tokio::sync::mpsc;

use super::failed;
use crate::{
    archive_reader::exceeds_ratio, build::ZSTD, layout::SNAPSHOT, parts::container::Place,
    reader::BackupReader,
};
use aether_context::jobs::Handle;

/// Pieces of the archive that wait for the engine.
const PIECES: usize = 16;

/// Streams the blocks into the container that is stopped.
pub async fn upload(
    opened: &BackupReader,
    place: &Place,
    owner: (u64, u64),
    job: &Handle,
) -> Result<(), PanelError> {
    let (sender, receiver) = mpsc::channel::<Result<Bytes, std::io::Error>>(PIECES);
    let source = opened.folder.join(SNAPSHOT.trim_end_matches('/'));
    let files: Vec<String> =
        opened.paths().filter_map(|path| path.strip_prefix(SNAPSHOT)).map(str::to_owned).collect();
    let job = job.clone();
    let pack = tokio::task::spawn_blocking(move || {
        let sender_of_errors = sender.clone();
        let packed = pack(&source, &files, owner, Sender { sender, job: job.clone() });
        if let Err(error) = &packed {
            // The engine must not take what is cut for whole.
            let error = std::io::Error::other(error.to_string());
            let _ = sender_of_errors.blocking_send(Err(error));
        }
        packed
    });
    let stream = futures_util::stream::unfold(receiver, |mut receiver| async {
        receiver.recv().await.map(|piece| (piece, receiver))
    });
    let sent = place.docker.upload(&place.container.id, &place.data, stream).await;
    let packed = pack.await.unwrap_or_else(|error| Err(std::io::Error::other(error.to_string())));
    packed.map_err(|error| failed("Failed to read the blocks", &error.to_string()))?;
    sent.map_err(|error| error.to_panel())
}

/// Where the archive goes, piece by piece.
struct Sender {
    sender: mpsc::Sender<Result<Bytes, std::io::Error>>,
    job: Handle,
}

impl std::io::Write for Sender {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.job.check().map_err(|error| std::io::Error::other(error.message))?;
        self.sender
            .blocking_send(Ok(Bytes::copy_from_slice(bytes)))
            .map_err(|_| std::io::Error::from(std::io::ErrorKind::BrokenPipe))?;
        self.job.add_bytes(bytes.len() as u64);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// Size of a file once it is unpacked, in bytes.
pub fn unpacked(path: &Path) -> std::io::Result<u64> {
    let mut file = std::fs::File::open(path)?;
    let length = file.metadata()?.len();
    if !path.to_string_lossy().ends_with(ZSTD) {
        return Ok(length);
    }
    // A frame's header has 18 bytes at most.
    let mut begin = Vec::new();
    (&mut file).take(18).read_to_end(&mut begin)?;
    let told = zstd::zstd_safe::get_frame_content_size(&begin).ok().flatten();
    let invalid = |words: &str| std::io::Error::new(std::io::ErrorKind::InvalidData, words.to_owned());
    match told {
        Some(size) if exceeds_ratio(size, length) => {
            Err(invalid("its decompressed size is suspiciously large"))
        }
        Some(size) => Ok(size),
        None => Err(invalid("it does not declare its size")),
    }
}

fn pack(source: &Path, files: &[String], (uid, gid): (u64, u64), into: Sender) -> std::io::Result<()> {
    let mut archive = tar::Builder::new(std::io::BufWriter::with_capacity(256 * 1024, into));
    let mut folders = std::collections::BTreeSet::new();
    let header = |kind: tar::EntryType, size: u64, mode: u32| {
        let mut header = tar::Header::new_gnu();
        header.set_entry_type(kind);
        header.set_size(size);
        header.set_mode(mode);
        header.set_uid(uid);
        header.set_gid(gid);
        header
    };
    for file in files {
        let mut above = String::new();
        for segment in file.split('/').take(file.split('/').count().saturating_sub(1)) {
            above.push_str(segment);
            above.push('/');
            if folders.insert(above.clone()) {
                archive.append_data(
                    &mut header(tar::EntryType::Directory, 0, 0o755),
                    &above,
                    std::io::empty(),
                )?;
            }
        }
        let path = crate::inside::inside(source, file)?;
        let size = unpacked(&path)?;
        let content = std::fs::File::open(&path)?;
        let mut header = header(tar::EntryType::Regular, size, 0o644);
        match file.strip_suffix(ZSTD) {
            Some(plain) => {
                archive.append_data(&mut header, plain, zstd::Decoder::new(content)?.take(size))?
            }
            None => archive.append_data(&mut header, file, content)?,
        }
    }
    archive.into_inner()?.into_inner().map_err(std::io::IntoInnerError::into_error)?.flush()
}
