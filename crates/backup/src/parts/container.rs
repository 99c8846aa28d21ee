//! A TSDB snapshot out of a container whose data folder this machine can't reach: as a stream through the
//! engine, hashed on the way; the server's own copy deleted in the container afterwards.

use std::{
    collections::{BTreeMap, BTreeSet},
    io,
    path::PathBuf,
    time::Duration,
};

use aether_clients::{
    Docker, DockerError,
    docker::{Archive, ContainerDetail, PathKind},
};
use aether_contract::{ErrorCode, PanelError};
use bytes::Bytes;
use futures_util::StreamExt as _;
use tokio::sync::mpsc;

use super::{
    fatal,
    snapshot::{Copied, MAX_FILES, MAX_META, is_block_name, is_snapshot_name, meta_problem},
};
use crate::{build::Builder, layout::SNAPSHOT};
use aether_context::jobs::Handle;
use aether_foundation::names;

/// Pieces of the stream that wait for the disk.
const PIECES: usize = 32;
/// Longest list of snapshots that is believed, in bytes.
const MAX_LIST: usize = 200_000;
/// Paths of one command in the container.
const AT_ONCE: usize = 200;
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

/// Finds it, whether it runs or not. Where the data folder is tells the server (`own`), else the container's
/// command line.
///
/// # Errors
/// In words: why the data can't be had through Docker.
pub async fn find(host: &str, name: &str, own: Option<&str>) -> Result<Place, String> {
    let told = |error: DockerError| error.to_panel().to_string();
    let docker = Docker::connect(host).map_err(told)?;
    let Some(container) = docker.container(name).await.map_err(told)? else {
        return Err(format!(
            "Docker container {name} not found; set its name in [[pins]], service prometheus"
        ));
    };
    // The command line of the container outranks what a server says: another one may answer in its place.
    let flag = container.flag("storage.tsdb.path");
    let own = own.filter(|own| !own.is_empty());
    if let (Some(flag), Some(own)) = (flag, own)
        && flag.trim_end_matches('/') != own.trim_end_matches('/')
    {
        return Err(format!(
            "the server stores its data in {own}, but container {name} in {flag}, so they are not the \
                same Prometheus"
        ));
    }
    // Prometheus' own default.
    let own = flag.or(own).unwrap_or("data/");
    let data = if own.starts_with('/') {
        own.trim_end_matches('/').to_owned()
    } else {
        format!("{}/{}", container.working_dir.trim_end_matches('/'), own.trim_end_matches('/'))
    };
    if data.split('/').any(|segment| segment == "..") || data.chars().any(char::is_control) {
        return Err(format!("{data:?} is not a valid data directory path"));
    }
    Ok(Place { docker, container, data })
}

impl Place {
    /// Where a snapshot of this name lies.
    pub fn snapshot(&self, name: &str) -> String {
        format!("{}/snapshots/{name}", self.data)
    }

    /// The snapshots that exist. Call it before the server takes one.
    ///
    /// # Errors
    /// In words: the directory of snapshots can't be used.
    pub async fn snapshots(&self) -> Result<BTreeSet<String>, String> {
        let path = format!("{}/snapshots", self.data);
        let told = |error: DockerError| error.to_panel().to_string();
        match self.docker.path_kind(&self.container.id, &path).await.map_err(told)? {
            None => return Ok(BTreeSet::new()),
            Some(PathKind::Directory) => {}
            Some(PathKind::Other) => {
                return Err(format!(
                    "{path} in the container is not a directory; symbolic links are not followed"
                ));
            }
        }
        let ran =
            self.docker.run(&self.container.id, &["ls", "-1", "--", &path], DELETE).await.map_err(told)?;
        if ran.code != 0 || ran.output.len() > MAX_LIST {
            return Err(format!("failed to list the snapshots in {path} of the container"));
        }
        Ok(ran.output.lines().map(str::to_owned).collect())
    }

    /// Copies a snapshot's blocks into the backup, and removes the server's copy when all of it was copied. `before`
    /// are the snapshots that existed before.
    ///
    /// # Errors
    /// `storage`, `cancelled`: then the server's copy stays.
    pub async fn copy(
        &self,
        name: &str,
        before: &BTreeSet<String>,
        builder: Builder,
        job: &Handle,
    ) -> (Builder, Result<Copied, PanelError>) {
        let path = PathBuf::from(format!("{}/snapshots", self.data));
        let mut copied = Copied { blocks: 0, problems: Vec::new(), left: None, path: path.join(name) };
        if let Err(why) = self.may_copy(name, before).await {
            copied.path = path;
            copied.problems.push(why);
            return (builder, Ok(copied));
        }
        let (builder, unpacked) = self.stream(name, builder, job).await;
        match unpacked {
            Ok(unpacked) => {
                copied.blocks = unpacked.blocks;
                if unpacked.problems.is_empty() {
                    copied.left = self.delete(name, &unpacked.files).await.err();
                }
                copied.problems = unpacked.problems;
            }
            Err(error) if fatal(&error) => return (builder, Err(error)),
            Err(error) => {
                copied.problems.push(format!("Failed to copy the snapshot out of the container: {error}"))
            }
        }
        (builder, Ok(copied))
    }

    async fn may_copy(&self, name: &str, before: &BTreeSet<String>) -> Result<(), String> {
        if !is_snapshot_name(name) {
            return Err(format!("The server returned {name:?}, which is not a valid snapshot name."));
        }
        if before.contains(name) {
            return Err(format!(
                "The server returned the snapshot {name}, which existed before the request."
            ));
        }
        for path in [format!("{}/snapshots", self.data), self.snapshot(name)] {
            match self.docker.path_kind(&self.container.id, &path).await {
                Ok(Some(PathKind::Directory)) => {}
                Ok(Some(PathKind::Other)) => {
                    return Err(format!(
                        "{path} in the container is not a directory; symbolic links are not followed."
                    ));
                }
                Ok(None) => {
                    return Err(format!(
                        "Container {} has no directory {path}. Check that it runs the Prometheus of this \
                            profile.",
                        self.container.name
                    ));
                }
                Err(error) => return Err(error.to_panel().to_string()),
            }
        }
        Ok(())
    }

    async fn stream(
        &self,
        snapshot: &str,
        mut builder: Builder,
        job: &Handle,
    ) -> (Builder, Result<Unpacked, PanelError>) {
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

    /// Deletes these files of the server's own copy, and the directories that are empty then.
    async fn delete(&self, snapshot: &str, files: &[String]) -> Result<(), String> {
        let root = self.snapshot(snapshot);
        let paths: Vec<String> = files.iter().map(|file| format!("{root}/{file}")).collect();
        let mut directories = BTreeSet::from([root.clone()]);
        for file in files {
            let above = file.match_indices('/').filter_map(|(at, _)| file.get(..at));
            directories.extend(above.map(|above| format!("{root}/{above}")));
        }
        // A directory sorts before those in it.
        let directories: Vec<String> = directories.into_iter().rev().collect();
        for (program, paths) in [("rm", &paths), ("rmdir", &directories)] {
            for some in paths.chunks(AT_ONCE) {
                let words: Vec<&str> =
                    [program, "--"].into_iter().chain(some.iter().map(String::as_str)).collect();
                match self.docker.run(&self.container.id, &words, DELETE).await {
                    Ok(ran) if ran.code == 0 => {}
                    Ok(ran) => {
                        return Err(format!("{program} exited with {}: {}", ran.code, ran.output.trim()));
                    }
                    Err(error) => return Err(error.to_panel().to_string()),
                }
            }
        }
        Ok(())
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
            "Truncated archive received from the container.",
        )
        .with_detail(error.to_string()),
    }
}

/// What came out of a container.
#[derive(Debug, Default)]
struct Unpacked {
    blocks: u32,
    /// Files of the snapshot, all of which are in the backup.
    files: Vec<String>,
    /// Why it is not complete, in sentences.
    problems: Vec<String>,
}

/// The blocks of a tar archive with the snapshot's folder at its root.
fn unpack(
    reader: impl io::Read,
    snapshot: &str,
    builder: &mut Builder,
    job: &Handle,
) -> Result<Unpacked, PanelError> {
    let mut archive = tar::Archive::new(reader);
    let mut blocks: BTreeMap<String, Option<String>> = BTreeMap::new();
    let mut done = Unpacked::default();
    for entry in archive.entries().map_err(|error| broken(&error))? {
        let mut entry = entry.map_err(|error| broken(&error))?;
        job.check()?;
        let path = String::from_utf8_lossy(&entry.path_bytes()).into_owned();
        let inside = path.trim_start_matches("./").trim_end_matches('/').strip_prefix(snapshot);
        let inside = inside.map(|rest| rest.trim_start_matches('/').to_owned());
        let kind = entry.header().entry_type();
        let block =
            inside.as_deref().and_then(|inside| inside.split('/').next()).unwrap_or_default().to_owned();
        match inside {
            // The folder of the snapshot itself, and folders of blocks.
            Some(inside) if kind.is_dir() && (inside.is_empty() || is_block_name(&block)) => {
                if !block.is_empty() {
                    blocks.entry(block).or_insert_with(|| Some("it has no meta.json".to_owned()));
                }
            }
            Some(inside)
                if kind.is_file()
                    && is_block_name(&block)
                    && inside.contains('/')
                    && names::is_inside(&inside)
                    && done.files.len() < MAX_FILES =>
            {
                let size = entry.size();
                let target = format!("{SNAPSHOT}{inside}");
                let problem =
                    blocks.entry(block.clone()).or_insert_with(|| Some("it has no meta.json".to_owned()));
                if inside == format!("{block}/meta.json") {
                    let mut meta = Vec::new();
                    let mut limited = io::Read::take(&mut entry, MAX_META.saturating_add(1));
                    io::Read::read_to_end(&mut limited, &mut meta).map_err(|error| broken(&error))?;
                    *problem = meta_problem(&meta);
                    builder.add_stream(&target, size, &mut meta.as_slice(), broken, job)?;
                } else {
                    builder.add_stream(&target, size, &mut entry, broken, job)?;
                }
                done.files.push(inside);
                job.step();
            }
            _ => done
                .problems
                .push(format!("{path:?} in the snapshot is not part of a block; it was skipped.")),
        }
    }
    // An archive that ends between two files looks complete: a block without its meta.json is not.
    for (block, problem) in &blocks {
        match problem {
            None => done.blocks += 1,
            Some(why) => done.problems.push(format!("Block {block} is incomplete: {why}.")),
        }
    }
    done.problems.truncate(1_000);
    Ok(done)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use aether_contract::BackupId;
    use tar::EntryType;

    use super::*;
    use aether_context::jobs::Jobs;

    const NAME: &str = "20260102T030405Z-0123456789abcdef";
    const BLOCK: &str = "01ARZ3NDEKTSV4RRFFQ69G5FAV";
    const META: &str = r#"{"ulid":"01ARZ3NDEKTSV4RRFFQ69G5FAV","minTime":1,"maxTime":2,"version":1}"#;

    fn unpacked(entries: &[(&str, EntryType, &str)]) -> (Unpacked, Vec<String>) {
        let mut archive = tar::Builder::new(Vec::new());
        for (name, kind, content) in entries {
            let mut header = tar::Header::new_gnu();
            // Written by hand: the library refuses names that climb.
            header.as_old_mut().name[..name.len()].copy_from_slice(name.as_bytes());
            header.set_entry_type(*kind);
            header.set_size(content.len() as u64);
            if *kind == EntryType::Symlink {
                header.as_old_mut().linkname[..11].copy_from_slice(b"/etc/passwd");
            }
            header.set_cksum();
            archive.append(&header, content.as_bytes()).unwrap();
        }
        let folder = tempfile::tempdir().unwrap();
        let mut builder = Builder::new(folder.path(), BackupId("x".into())).unwrap();
        let job = Arc::new(Jobs::default()).begin("test").unwrap();
        let done = unpack(archive.into_inner().unwrap().as_slice(), NAME, &mut builder, &job).unwrap();
        (done, builder.files().iter().map(|file| file.path.clone()).collect())
    }

    #[test]
    fn container_archive_with_anything_but_blocks_is_incomplete() {
        let meta = format!("{NAME}/{BLOCK}/meta.json");
        let good = [
            (format!("{NAME}/"), EntryType::Directory, ""),
            (format!("{NAME}/{BLOCK}/"), EntryType::Directory, ""),
            (format!("{NAME}/{BLOCK}/chunks/000001"), EntryType::Regular, "x"),
            (meta.clone(), EntryType::Regular, META),
        ];
        let all = |more: &[(String, EntryType, &'static str)]| {
            let entries: Vec<_> = good
                .iter()
                .chain(more)
                .map(|(name, kind, content)| (name.as_str(), *kind, *content))
                .collect();
            unpacked(&entries)
        };
        let (done, files) = all(&[]);
        assert!(done.problems.is_empty() && done.blocks == 1 && done.files.len() == 2, "{done:?}");
        assert_eq!(files.len(), 2);
        for (name, kind) in [
            (format!("{NAME}/{BLOCK}/index"), EntryType::Symlink),
            (format!("{NAME}/{BLOCK}/../../../etc/passwd"), EntryType::Regular),
            (format!("{NAME}/notes.txt"), EntryType::Regular),
            (format!("{NAME}/wal/000001"), EntryType::Regular),
            ("other/file".to_owned(), EntryType::Regular),
            (format!("{NAME}/{BLOCK}/.git/config"), EntryType::Regular),
        ] {
            let (done, files) = all(&[(name.clone(), kind, "")]);
            assert!(
                done.problems.len() == 1 && done.problems[0].contains("not part of a block"),
                "{name}: {done:?}"
            );
            assert_eq!(files.len(), 2, "{name}");
        }
        let (done, _) = unpacked(&[(&meta, EntryType::Regular, "{")]);
        assert!(done.problems[0].contains("failed to read its meta.json") && done.blocks == 0, "{done:?}");
        let (done, _) = unpacked(&[(&format!("{NAME}/{BLOCK}/index"), EntryType::Regular, "x")]);
        assert!(done.problems[0].contains("no meta.json"), "{done:?}");
    }
}
