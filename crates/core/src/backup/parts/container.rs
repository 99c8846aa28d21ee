//! A TSDB snapshot out of a container whose data folder this machine can't reach: as a stream through the engine, hashed on
//! the way; the server's own copy deleted in the container afterwards.

use std::{io, time::Duration};

use aether_clients::{
    Docker, DockerError,
    docker::{Archive, ContainerDetail},
};
use aether_contract::{ErrorCode, PanelError};
use bytes::Bytes;
use futures_util::StreamExt as _;
use tokio::sync::mpsc;

use crate::backup::{build::Builder, job::Handle, layout::SNAPSHOT, name};

/// Pieces of the stream that wait for the disk.
const PIECES: usize = 32;
/// Files of a snapshot at most.
const MAX_FILES: usize = 100_000;
/// How long deleting may take.
const DELETE: Duration = Duration::from_secs(120);

/// The container that Prometheus runs in.
pub struct Place {
    /// The engine.
    pub docker: Docker,
    /// The container.
    pub container: ContainerDetail,
    /// Prometheus' data folder in it.
    pub data: String,
}

/// Finds it, whether it runs or not. Where the data folder is tells the server (`own`), else the container's command line.
///
/// # Errors
/// In words: why the data can't be had through Docker.
pub async fn find(host: &str, name: &str, own: Option<&str>) -> Result<Place, String> {
    let told = |error: DockerError| error.to_panel().to_string();
    let docker = Docker::connect(host).map_err(told)?;
    let Some(container) = docker.container(name).await.map_err(told)? else {
        return Err(format!("Docker has no container {name}; name it in [[pins]], service prometheus"));
    };
    let own = own.filter(|own| !own.is_empty()).or_else(|| container.flag("storage.tsdb.path"));
    // Prometheus' own default.
    let own = own.unwrap_or("data/");
    let data = if own.starts_with('/') {
        own.trim_end_matches('/').to_owned()
    } else {
        format!("{}/{}", container.working_dir.trim_end_matches('/'), own.trim_end_matches('/'))
    };
    Ok(Place { docker, container, data })
}

impl Place {
    /// Where a snapshot of this name lies.
    pub fn snapshot(&self, name: &str) -> String {
        format!("{}/snapshots/{name}", self.data)
    }

    /// Copies a snapshot's blocks into the backup; tells how many.
    ///
    /// # Errors
    /// `storage`, `cancelled`; the engine's codes with "docker" as their source.
    pub async fn copy(
        &self,
        snapshot: &str,
        mut builder: Builder,
        job: &Handle,
    ) -> (Builder, Result<u32, PanelError>) {
        let stream = self.docker.download(&self.container.id, &self.snapshot(snapshot));
        let (pieces, reader) = reader(stream);
        let (prefix, job) = (snapshot.to_owned(), job.clone());
        job.stage("copying blocks out of the container", 0);
        let work = tokio::task::spawn_blocking(move || {
            let copied = unpack(reader, &prefix, &mut builder, &job);
            (builder, copied)
        });
        let fed = tokio::spawn(pieces);
        let done = work.await;
        fed.abort();
        match done {
            Ok(done) => done,
            // The builder went with the thread, and its folder with the builder.
            Err(error) => std::panic::resume_unwind(error.into_panic()),
        }
    }

    /// Deletes the server's own copy.
    ///
    /// # Errors
    /// In words.
    pub async fn delete(&self, snapshot: &str) -> Result<(), String> {
        let path = self.snapshot(snapshot);
        let ran = self.docker.run(&self.container.id, &["rm", "-rf", "--", &path], DELETE).await;
        match ran {
            Ok(ran) if ran.code == 0 => Ok(()),
            Ok(ran) => Err(format!("rm ended with {}: {}", ran.code, ran.output.trim())),
            Err(error) => Err(error.to_panel().to_string()),
        }
    }
}

/// The stream as something that a thread can read, and the work that feeds it.
fn reader(mut stream: Archive) -> (impl Future<Output = ()> + Send + 'static, Reader) {
    let (sender, receiver) = mpsc::channel(PIECES);
    let feed = async move {
        while let Some(piece) = stream.next().await {
            // Nobody reads on: the backup was cancelled, or its disk is full.
            if sender.send(piece).await.is_err() {
                return;
            }
        }
    };
    (feed, Reader { receiver, piece: Bytes::new() })
}

struct Reader {
    receiver: mpsc::Receiver<Result<Bytes, DockerError>>,
    piece: Bytes,
}

impl io::Read for Reader {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        while self.piece.is_empty() {
            match self.receiver.blocking_recv() {
                Some(Ok(piece)) => self.piece = piece,
                Some(Err(error)) => return Err(io::Error::other(error)),
                None => return Ok(0),
            }
        }
        let take = into.len().min(self.piece.len());
        let begin = self.piece.split_to(take);
        if let Some(place) = into.get_mut(..take) {
            place.copy_from_slice(&begin);
        }
        Ok(take)
    }
}

fn broken(error: &io::Error) -> PanelError {
    match error.get_ref().and_then(|inner| inner.downcast_ref::<DockerError>()) {
        Some(error) => error.to_panel(),
        None => PanelError::new(
            ErrorCode::BrokenReply,
            "docker",
            "What came out of the container is no whole archive.",
        )
        .with_detail(error.to_string()),
    }
}

/// The blocks of a tar archive with the snapshot's folder at its root.
fn unpack(reader: Reader, snapshot: &str, builder: &mut Builder, job: &Handle) -> Result<u32, PanelError> {
    let mut archive = tar::Archive::new(reader);
    let mut blocks: std::collections::BTreeMap<String, bool> = std::collections::BTreeMap::new();
    let mut files = 0;
    for entry in archive.entries().map_err(|error| broken(&error))? {
        let mut entry = entry.map_err(|error| broken(&error))?;
        job.check()?;
        if !entry.header().entry_type().is_file() {
            continue;
        }
        let path = String::from_utf8_lossy(&entry.path_bytes()).into_owned();
        let inside =
            path.trim_start_matches("./").strip_prefix(snapshot).and_then(|rest| rest.strip_prefix('/'));
        let Some(inside) = inside.filter(|inside| name::is_inside(inside)) else { continue };
        let Some((block, _)) = inside.split_once('/') else { continue };
        if !block.bytes().all(|byte| byte.is_ascii_alphanumeric()) || files >= MAX_FILES {
            continue;
        }
        *blocks.entry(block.to_owned()).or_default() |= inside == format!("{block}/meta.json");
        let size = entry.size();
        builder.add_stream(&format!("{SNAPSHOT}{inside}"), size, &mut entry, broken, job)?;
        files += 1;
        job.step();
    }
    // An archive that ends between two files looks whole: a block without its meta.json is not.
    if let Some((block, _)) = blocks.iter().find(|(_, whole)| !**whole) {
        let words = format!("the block {block} came without its meta.json");
        return Err(broken(&io::Error::from(io::ErrorKind::UnexpectedEof)).with_detail(words));
    }
    Ok(u32::try_from(blocks.len()).unwrap_or(u32::MAX))
}
