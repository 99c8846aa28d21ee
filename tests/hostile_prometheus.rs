//! A server on loopback that answers in Prometheus' place and wants files of this machine to be copied or deleted.
#![cfg(unix)]
#![allow(clippy::unwrap_used, clippy::panic)]

use std::{
    fs,
    os::unix::fs::symlink,
    path::{Path, PathBuf},
    sync::Arc,
};

use crate::common::backups::Bench;
use aether_contract::*;
use axum::{
    Json, Router,
    routing::{get, post},
};
use serde_json::json;

const NAME: &str = "20260102T030405Z-0123456789abcdef";
const BLOCK: &str = "01ARZ3NDEKTSV4RRFFQ69G5FAV";

/// What the server does when it is asked for a snapshot: it gets its data folder and returns the name that it tells.
type Snapshot = Arc<dyn Fn(&Path) -> String + Send + Sync>;

struct Hostile {
    bench: Bench,
    data: PathBuf,
    /// A file of the operator's, outside of the data folder.
    precious: PathBuf,
    _folder: tempfile::TempDir,
}

fn block(snapshot: &Path, name: &str) {
    let chunks = snapshot.join(name).join("chunks");
    fs::create_dir_all(&chunks).unwrap();
    fs::write(chunks.join("000001"), "chunk").unwrap();
    fs::write(snapshot.join(name).join("index"), "index").unwrap();
    let meta = json!({"ulid": name, "minTime": 1, "maxTime": 2, "version": 1, "stats": {"numSamples": 1}});
    fs::write(snapshot.join(name).join("meta.json"), meta.to_string()).unwrap();
}

/// As an honest server takes a snapshot.
fn honest(data: &Path) -> String {
    block(&data.join("snapshots").join(NAME), BLOCK);
    NAME.to_owned()
}

impl Hostile {
    async fn start(snapshot: impl Fn(&Path) -> String + Send + Sync + 'static) -> Self {
        let temp = tempfile::tempdir().unwrap();
        let folder = fs::canonicalize(temp.path()).unwrap();
        let data = folder.join("data");
        for name in ["wal", "chunks_head"] {
            fs::create_dir_all(data.join(name)).unwrap();
        }
        let precious = folder.join("home/precious.txt");
        fs::create_dir_all(precious.parent().unwrap()).unwrap();
        fs::write(&precious, "precious").unwrap();
        let flags = json!({"web.enable-admin-api": "true", "storage.tsdb.path": data});
        let ok = |data: serde_json::Value| Json(json!({"status": "success", "data": data}));
        let (snapshot, at): (Snapshot, _) = (Arc::new(snapshot), data.clone());
        let router = Router::new()
            .route("/api/v1/status/buildinfo", get(move || async move { ok(json!({"version": "2.54.1"})) }))
            .route("/api/v1/status/flags", get(move || async move { ok(flags) }))
            .route("/api/v1/rules", get(move || async move { ok(json!({"groups": []})) }))
            .route(
                "/api/v1/admin/tsdb/snapshot",
                post(move || async move { ok(json!({"name": snapshot(&at)})) }),
            );
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        let bench = Bench::with("11.2.0", None, &format!("[prometheus]\nurl = \"{url}\"\n")).await;
        Self { bench, data, precious, _folder: temp }
    }

    /// The part of a backup, and the files of the snapshot in it.
    async fn backup(&self) -> (BackupPart, Vec<String>) {
        let made = self.bench.create(&[BackupPartKind::Prometheus]).await;
        let part = made.parts.iter().find(|part| part.kind == BackupPartKind::Prometheus).unwrap().clone();
        let detail = self.bench.panel.backup_show(BackupRequest { id: made.id.clone() }).await.unwrap();
        assert_eq!(fs::read_to_string(&self.precious).unwrap(), "precious", "the operator's file");
        let text = fs::read_to_string(self.bench.root().join(&made.id.0).join("manifest.json")).unwrap();
        assert!(!text.contains("precious"), "{text}");
        let manifest: serde_json::Value = serde_json::from_str(&text).unwrap();
        let files = manifest["files"]
            .as_array()
            .unwrap()
            .iter()
            .map(|file| file["path"].as_str().unwrap().to_owned());
        assert_eq!(detail.backup.parts, made.parts);
        (part, files.filter(|path| path.starts_with("prometheus/snapshot/")).collect())
    }

    /// The backup is incomplete for this reason, has these files of a snapshot, and nothing was deleted.
    async fn refused(&self, words: &str, files: usize) {
        let (part, copied) = self.backup().await;
        assert_eq!(part.state, BackupPartState::Failed, "{part:#?}");
        assert!(part.notes.iter().any(|note| note.contains(words)), "{words}: {part:#?}");
        assert_eq!(copied.len(), files, "{copied:?}");
    }

    fn snapshots(&self) -> Vec<String> {
        let Ok(entries) = fs::read_dir(self.data.join("snapshots")) else { return Vec::new() };
        entries.map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned()).collect()
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn snapshot_of_an_honest_server_is_copied_and_removed() {
    let server = Hostile::start(honest).await;
    fs::create_dir_all(server.data.join("snapshots/20250101T000000Z-00ff")).unwrap();
    fs::write(server.data.join("snapshots/20250101T000000Z-00ff/kept"), "x").unwrap();
    let (part, files) = server.backup().await;
    assert_eq!((part.state, part.count), (BackupPartState::Complete, 1), "{part:#?}");
    assert_eq!(files.len(), 3, "{files:?}");
    assert_eq!(server.snapshots(), ["20250101T000000Z-00ff"], "only the new snapshot is removed");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn snapshot_name_that_is_not_one_deletes_nothing() {
    for name in
        ["..", "/", "../../home", "wal", "", "20260102T030405Z-XYZ", "20260102T030405Z-0123/../../../home"]
    {
        let server = Hostile::start(move |_| name.to_owned()).await;
        server.refused("valid snapshot name", 0).await;
        assert!(server.data.join("wal").is_dir() && server.data.join("chunks_head").is_dir(), "{name}");
    }
    let server = Hostile::start(|data| data.parent().unwrap().join("home").display().to_string()).await;
    server.refused("valid snapshot name", 0).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn snapshot_that_existed_before_is_neither_copied_nor_deleted() {
    let server = Hostile::start(|_| NAME.to_owned()).await;
    honest(&server.data);
    server.refused("existed before", 0).await;
    assert!(server.data.join("snapshots").join(NAME).join(BLOCK).join("index").is_file());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn symbolic_link_in_the_path_of_a_snapshot_is_not_followed() {
    // The folder of snapshots is a link from the start, becomes one, or the snapshot is one.
    let server = Hostile::start(honest).await;
    fs::create_dir(server.data.parent().unwrap().join("elsewhere")).unwrap();
    symlink("../elsewhere", server.data.join("snapshots")).unwrap();
    server.refused("symbolic links are not followed", 0).await;
    assert_eq!(
        fs::read_dir(server.data.join("../elsewhere")).unwrap().count(),
        0,
        "no snapshot was asked for"
    );

    let server = Hostile::start(|data| {
        block(&data.join("../home").join(NAME), BLOCK);
        symlink("../home", data.join("snapshots")).unwrap();
        NAME.to_owned()
    })
    .await;
    server.refused("symbolic links are not followed", 0).await;
    assert!(server.data.join("../home").join(NAME).join(BLOCK).join("index").is_file());

    let server = Hostile::start(|data| {
        fs::create_dir_all(data.join("snapshots")).unwrap();
        block(&data.join("../home/blocks"), BLOCK);
        symlink("../../home/blocks", data.join("snapshots").join(NAME)).unwrap();
        NAME.to_owned()
    })
    .await;
    server.refused("symbolic links are not followed", 0).await;
    assert!(server.data.join("../home/blocks").join(BLOCK).join("index").is_file());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn link_inside_a_snapshot_makes_it_incomplete_and_keeps_it() {
    const OTHER: &str = "01BX5ZZKBKACTAV9WEVGEMMVRZ";
    // A block that is a link: the honest one beside it is copied.
    let server = Hostile::start(|data| {
        let name = honest(data);
        block(&data.join("../home"), OTHER);
        symlink(format!("../../../home/{OTHER}"), data.join("snapshots").join(&name).join(OTHER)).unwrap();
        name
    })
    .await;
    server.refused("is not a block", 3).await;
    assert_eq!(server.snapshots(), [NAME]);
    assert!(server.data.join("../home").join(OTHER).join("index").is_file());

    // A file, or a folder, of the block is a link.
    for (target, place) in [("../../../../home/precious.txt", "tombstones"), ("../../../../home", "more")] {
        let server = Hostile::start(move |data| {
            let name = honest(data);
            symlink(target, data.join("snapshots").join(&name).join(BLOCK).join(place)).unwrap();
            name
        })
        .await;
        server.refused("is a link", 0).await;
        assert!(server.data.join("snapshots").join(NAME).join(BLOCK).join("index").is_file());
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn anything_but_blocks_in_a_snapshot_makes_it_incomplete_and_keeps_it() {
    let server = Hostile::start(|data| {
        let name = honest(data);
        fs::write(data.join("snapshots").join(&name).join("notes.txt"), "x").unwrap();
        name
    })
    .await;
    server.refused("\"notes.txt\" in the snapshot is not a block", 3).await;
    assert_eq!(server.snapshots(), [NAME]);

    let server = Hostile::start(|data| {
        let name = honest(data);
        fs::write(data.join("snapshots").join(&name).join(BLOCK).join("meta.json"), "{").unwrap();
        name
    })
    .await;
    server.refused("failed to read its meta.json", 0).await;
    assert!(server.data.join("snapshots").join(NAME).join(BLOCK).join("index").is_file());
}
