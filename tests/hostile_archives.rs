//! Archives of other people: packed too well, with hidden files, with a repository.
#![allow(clippy::unwrap_used, clippy::panic)]

use std::{
    fs,
    io::Write as _,
    path::{Path, PathBuf},
    time::Instant,
};

use crate::common::backups::{Bench, GRAFANA, leftovers};
use aether_contract::*;
use serde_json::json;

const BOARD: &str = r#"{"uid": "b", "title": "B", "panels": []}"#;

/// What an archive begins with, compressed on its own: both formats allow one such piece after the other.
fn compressed(zst: bool, bytes: &[u8]) -> Vec<u8> {
    if zst {
        return zstd::encode_all(bytes, 3).unwrap();
    }
    let mut out = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    out.write_all(bytes).unwrap();
    out.finish().unwrap()
}

fn header(name: &str, size: usize) -> Vec<u8> {
    let mut header = tar::Header::new_gnu();
    // Written by hand: the library refuses some of these names.
    header.as_old_mut().name[..name.len()].copy_from_slice(name.as_bytes());
    header.set_size(size as u64);
    header.set_mode(0o644);
    header.set_cksum();
    header.as_bytes().to_vec()
}

fn archive(path: &Path, files: &[(&str, &[u8])]) {
    let zst = path.to_string_lossy().ends_with("zst");
    let mut bytes = Vec::new();
    for (name, content) in files {
        bytes.extend(header(name, content.len()));
        bytes.extend_from_slice(content);
        bytes.resize(bytes.len().next_multiple_of(512), 0);
    }
    bytes.resize(bytes.len() + 1024, 0);
    fs::write(path, compressed(zst, &bytes)).unwrap();
}

async fn import(bench: &Bench, path: &Path) -> Result<Backup, PanelError> {
    let path = path.display().to_string();
    bench.panel.backup_import(BackupImportRequest { path, created_by: "me".into() }).await
}

/// Bytes that compress to less than a hundredth, and not to nothing.
fn well_packed(size: usize, noise: usize) -> Vec<u8> {
    let mut bytes = vec![0_u8; size];
    let mut seed = 0x9E37_79B9_7F4A_7C15_u64;
    for byte in bytes.iter_mut().take(noise) {
        seed ^= seed << 13;
        seed ^= seed >> 7;
        seed ^= seed << 17;
        *byte = seed.to_le_bytes()[0];
    }
    bytes
}

/// An archive of about 11 MB that unpacks to 2.5 GB, in files of an allowed size.
fn bomb(path: &Path, first: &[(String, Vec<u8>)]) {
    const SIZE: usize = 10 << 20;
    let zst = path.to_string_lossy().ends_with("zst");
    let content = compressed(zst, &well_packed(SIZE, 40_000));
    let mut out = Vec::new();
    for (name, bytes) in first {
        let mut piece = header(name, bytes.len());
        piece.extend_from_slice(bytes);
        piece.resize(piece.len().next_multiple_of(512), 0);
        out.extend(compressed(zst, &piece));
    }
    for number in 0..250 {
        out.extend(compressed(zst, &header(&format!("dashboards/{number}.json"), SIZE)));
        out.extend_from_slice(&content);
    }
    out.extend(compressed(zst, &[0; 1024]));
    assert!((9_000_000..14_000_000).contains(&out.len()), "{}", out.len());
    fs::write(path, out).unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn archive_that_unpacks_to_more_than_a_hundred_times_its_size_is_refused_early() {
    let bench = Bench::start("11.2.0").await;
    for ending in ["tar.gz", "tar.zst"] {
        let path = bench.folder.path().join(format!("bomb.{ending}"));
        bomb(&path, &[]);
        let began = Instant::now();
        let error = import(&bench, &path).await.unwrap_err();
        assert!(error.message.contains("more than 100 times its size"), "{ending}: {error}");
        assert!(began.elapsed().as_secs() < 30, "all of it was unpacked: {:?}", began.elapsed());
        assert_eq!(leftovers(&bench.root()), [""; 0]);
        // In the folder of backups it is refused when it is opened.
        fs::rename(&path, bench.root().join(format!("bomb.{ending}"))).unwrap();
        let id = BackupId(format!("bomb.{ending}"));
        let error = bench.panel.backup_show(BackupRequest { id }).await.unwrap_err();
        assert!(error.message.contains("more than 100 times its size"), "{ending}: {error}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn archive_whose_manifest_admits_its_size_is_refused_for_its_ratio() {
    let bench = Bench::start("11.2.0").await;
    let made = bench.create(GRAFANA).await;
    let text = fs::read_to_string(bench.root().join(&made.id.0).join("manifest.json")).unwrap();
    let mut manifest: serde_json::Value = serde_json::from_str(&text).unwrap();
    use sha2::Digest as _;
    let content = well_packed(10 << 20, 40_000);
    let hash: String = sha2::Sha256::digest(&content).iter().map(|byte| format!("{byte:02x}")).collect();
    let files: Vec<_> = (0..250)
        .map(|number| json!({"path": format!("dashboards/{number}.json"), "bytes": 10 << 20, "sha256": hash}))
        .collect();
    manifest["files"] = json!(files);
    let path = bench.folder.path().join("own.tar.zst");
    bomb(&path, &[("manifest.json".to_owned(), manifest.to_string().into_bytes())]);
    let error = import(&bench, &path).await.unwrap_err();
    let expected = ["more than 100 times its size", "are free"];
    assert!(expected.iter().any(|words| error.message.contains(words)), "{error}");
    assert_eq!(leftovers(&bench.root()), [""; 0]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn backup_of_less_than_64_mb_may_compress_as_well_as_it_likes() {
    let bench = Bench::start("11.2.0").await;
    let text = "x".repeat(20 << 20);
    let board = json!({"uid": "b", "title": "B", "panels": [], "description": text}).to_string();
    for ending in ["tar.gz", "tar.zst"] {
        let path = bench.folder.path().join(format!("well.{ending}"));
        let names = ["dashboards/a.json", "dashboards/b.json", "dashboards/c.json"];
        archive(&path, &names.map(|name| (name, board.as_bytes())));
        assert!(fs::metadata(&path).unwrap().len() < 600_000);
        let taken = import(&bench, &path).await.unwrap();
        assert_eq!(taken.dashboards, 3);
    }
    // One of this panel's own, out and in.
    bench.edit("rag-01", |data| data["description"] = json!(text)).await;
    let made = bench.create(GRAFANA).await;
    for format in [ArchiveFormat::Gzip, ArchiveFormat::Zstd] {
        let request = BackupExportRequest { id: made.id.clone(), format, folder: String::new() };
        let path = PathBuf::from(bench.panel.backup_export(request).await.unwrap().path);
        bench.panel.backup_delete(BackupDeleteRequest { ids: vec![made.id.clone()] }).await.unwrap();
        assert_eq!(import(&bench, &path).await.unwrap().verdict, BackupVerdict::Verified);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn export_that_no_import_would_accept_says_so_and_leaves_nothing() {
    let bench = Bench::start("11.2.0").await;
    let folder = bench.root().join("dense/grafana");
    fs::create_dir_all(&folder).unwrap();
    let board =
        json!({"uid": "b", "title": "B", "panels": [], "description": "x".repeat(40 << 20)}).to_string();
    for name in ["a.json", "b.json"] {
        fs::write(folder.join(name), &board).unwrap();
    }
    let out = bench.folder.path().join("out");
    let request = BackupExportRequest {
        id: BackupId("dense".into()),
        format: ArchiveFormat::Zstd,
        folder: out.display().to_string(),
    };
    let error = bench.panel.backup_export(request).await.unwrap_err();
    assert!(error.message.contains("less than 1 %") && error.hint.contains("Copy its folder"), "{error:?}");
    assert_eq!(fs::read_dir(out).unwrap().count(), 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn hidden_files_of_a_third_party_archive_are_left_out_and_named() {
    let bench = Bench::start("11.2.0").await;
    let files: [(&str, &[u8]); 4] = [
        ("_OUTPUT_/.DS_Store", b"junk"),
        ("_OUTPUT_/dashboards/1/._mac.dashboard", b"junk"),
        ("_OUTPUT_/dashboards/1/mac.dashboard", BOARD.as_bytes()),
        (".hidden/dashboards/x.json", BOARD.as_bytes()),
    ];
    let path = bench.folder.path().join("mac.tar.gz");
    archive(&path, &files);
    let taken = import(&bench, &path).await.unwrap();
    assert_eq!((taken.dashboards, taken.files), (1, 1), "{taken:#?}");
    let named = |backup: &Backup| {
        backup.parts[0].notes.iter().any(|note| {
            note.starts_with("3 hidden files or directories were skipped")
                && note.contains("_OUTPUT_/.DS_Store")
        })
    };
    assert!(named(&taken), "{taken:#?}");
    // The same where it lies in the folder of backups, once it was opened.
    fs::rename(&path, bench.root().join("mac.tar.gz")).unwrap();
    let id = BackupId("mac.tar.gz".into());
    let detail = bench.panel.backup_show(BackupRequest { id: id.clone() }).await.unwrap();
    assert_eq!(detail.dashboards.len(), 1);
    let list = bench.panel.backup_list(Empty {}).await.unwrap();
    assert!(named(list.backups.iter().find(|backup| backup.id == id).unwrap()), "{list:#?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn archive_with_a_git_path_is_refused_whoever_made_it() {
    let bench = Bench::start("11.2.0").await;
    let made = bench.create(GRAFANA).await;
    let manifest = fs::read(bench.root().join(&made.id.0).join("manifest.json")).unwrap();
    let path = bench.folder.path().join("git.tar.gz");
    let names = [
        ".git/config",
        "x/.GIT/HEAD",
        ".git./config",
        "git~1/config",
        ".g\u{200c}it/config",
        ".git::$INDEX_ALLOCATION/x",
    ];
    for name in names {
        let files: [(&str, &[u8]); 2] = [("dashboards/b.json", BOARD.as_bytes()), (name, b"[core]")];
        archive(&path, &files);
        let error = import(&bench, &path).await.unwrap_err();
        assert!(error.message.contains("Git repositories are never unpacked"), "{name}: {error}");
        archive(&path, &[("manifest.json", manifest.as_slice()), (name, b"[core]")]);
        bench.panel.backup_delete(BackupDeleteRequest { ids: vec![made.id.clone()] }).await.unwrap();
        let error = import(&bench, &path).await.unwrap_err();
        assert!(error.message.contains("Git repositories are never unpacked"), "{name}: {error}");
    }
    assert!(bench.panel.backup_list(Empty {}).await.unwrap().backups.is_empty());
    assert_eq!(leftovers(&bench.root()), [""; 0]);
}
