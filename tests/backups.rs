//! Backups and restores against a real Prometheus and Alertmanager and a Grafana as strict as the real one.
#![allow(clippy::unwrap_used, clippy::panic)]

use std::{
    fs,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use crate::common::backups::{Bench, GRAFANA, leftovers, open};
use aether_contract::*;
use aether_panel::paths::Home;
use aether_sim::servers::{Prometheus, PrometheusOptions};
use aether_tests::{
    eventually, missing, root,
    stack::{Stack, servers_missing, snapshot_when, write_profile},
};
use serde_json::{Value, json};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_backup_holds_everything_and_a_restored_tsdb_answers_the_same() {
    if let Some(why) = servers_missing() {
        return eprintln!("skipped: {why}");
    }
    let stack = Stack::start(1).await.unwrap();
    let servers = format!(
        "[prometheus]\nurl = \"{}\"\n[alertmanager]\nurls = [\"{}\"]\n[pack]\ndir = \"{}\"\n",
        stack.prometheus.url(),
        stack.alertmanagers[0].url(),
        root().join("monitoring").display()
    );
    let mut bench = Bench::with("11.2.0", Some(root().join("monitoring")), &servers).await;
    let query = "sum by (tenant_id) (aether_rag_answers_total)";
    let http = bench.http.clone();
    let ask = async |url: &str, at: i64| -> Value {
        let query = [("query", query.to_owned()), ("time", at.to_string())];
        let answer = http.get(format!("{url}/api/v1/query")).query(&query).send().await.unwrap();
        let mut reply: Value = serde_json::from_str(&answer.text().await.unwrap()).unwrap();
        // Prometheus 3 gives an instant vector in no particular order.
        if let Some(rows) = reply["data"]["result"].as_array_mut() {
            rows.sort_by_key(|row| row["metric"].to_string());
        }
        reply["data"]["result"].clone()
    };
    let now = || i64::try_from(std::time::UNIX_EPOCH.elapsed().unwrap().as_secs()).unwrap();
    // Of a second that is over: no scrape adds to it any more.
    let full = async || {
        let at = now() - 2;
        let whole = ask(stack.prometheus.url(), at).await.as_array().is_some_and(|rows| rows.len() > 3);
        whole.then_some(at)
    };
    let at = eventually(Duration::from_secs(60), full).await.expect("samples");
    let before = ask(stack.prometheus.url(), at).await;

    let made = bench.create(&[]).await;
    assert_eq!(made.verdict, BackupVerdict::Verified, "{made:?}");
    assert!(made.parts.iter().all(|part| part.state == BackupPartState::Complete), "{made:?}");
    assert_eq!(made.dashboards, 41);
    let folder = bench.root().join(&made.id.0);
    // Anybody can prove it, without the panel.
    if missing(&["sha256sum"]).is_none() {
        let mut check = std::process::Command::new("sha256sum");
        check.args(["--check", "--quiet", "SHA256SUMS"]).current_dir(&folder);
        assert!(check.status().unwrap().success());
    }
    let text = fs::read_to_string(folder.join("MANIFEST.txt")).unwrap();
    for words in [
        "41 dashboards",
        "8 recording rules and 2 alerts",
        "6 files",
        "pinned to grafana/grafana:11.2.0",
        "aetherctl backup verify",
    ] {
        assert!(text.contains(words), "{words}: {text}");
    }
    // The server's own copy is gone: it would keep old blocks on its disk.
    let own: Vec<_> = fs::read_dir(stack.folder.path().join("prometheus/data/snapshots")).unwrap().collect();
    assert!(own.is_empty(), "{own:?}");
    let detail = bench.panel.backup_show(BackupRequest { id: made.id.clone() }).await.unwrap();
    assert!(
        !detail.blocks.is_empty()
            && detail.blocks.iter().all(|block| block.samples > 0.0 && block.problem.is_empty())
    );
    assert_eq!(detail.files.iter().filter(|file| file.path.starts_with("configs/")).count(), 6);
    let secret = fs::read_to_string(folder.join("grafana/data-sources.json")).unwrap();
    assert!(!secret.contains("secureJsonData"), "{secret}");

    // As the manifest says: the folders of the snapshot into the root of a new data folder.
    let restored = bench.folder.path().join("restored");
    copy_all(&folder.join("prometheus/snapshot"), &restored.join("data"));
    let again = Prometheus::launch(PrometheusOptions {
        folder: restored,
        config: "global: {}\n".into(),
        ..PrometheusOptions::default()
    })
    .await
    .unwrap();
    assert_eq!(ask(again.url(), at).await, before);
    drop(again);

    // Compressed it proves itself and holds the same.
    let profile = bench.folder.path().join("home/config/stacks/test.toml");
    let text = fs::read_to_string(&profile).unwrap();
    fs::write(&profile, format!("{text}\n[backup]\ncompress = \"zstd\"\n")).unwrap();
    bench.panel = open(bench.folder.path()).await;
    let packed = bench.create(&[BackupPartKind::Prometheus]).await;
    assert_eq!(packed.verdict, BackupVerdict::Verified, "{packed:?}");
    let folder = bench.root().join(&packed.id.0);
    let mut files = Vec::new();
    all_files(&folder.join("prometheus/snapshot"), &mut files);
    let plain: Vec<&PathBuf> =
        files.iter().filter(|file| file.extension().is_none_or(|end| end != "zst")).collect();
    assert!(!files.is_empty() && plain.iter().all(|file| file.ends_with("meta.json")), "{plain:?}");
    if missing(&["sha256sum"]).is_none() {
        let mut check = std::process::Command::new("sha256sum");
        check.args(["--check", "--quiet", "SHA256SUMS"]).current_dir(&folder);
        assert!(check.status().unwrap().success());
    }
    assert!(fs::read_to_string(folder.join("MANIFEST.txt")).unwrap().contains("zstd -d"));
    let detail = bench.panel.backup_show(BackupRequest { id: packed.id.clone() }).await.unwrap();
    assert!(!detail.blocks.is_empty() && detail.blocks.iter().all(|block| block.problem.is_empty()));
    let restored = bench.folder.path().join("unpacked");
    copy_all(&folder.join("prometheus/snapshot"), &restored.join("data"));
    let again = Prometheus::launch(PrometheusOptions {
        folder: restored,
        config: "global: {}\n".into(),
        ..PrometheusOptions::default()
    })
    .await
    .unwrap();
    assert_eq!(ask(again.url(), at).await, before);
}

/// Copies a folder; what is compressed is unpacked.
fn copy_all(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        if entry.file_type().unwrap().is_dir() {
            copy_all(&entry.path(), &to.join(entry.file_name()));
        } else {
            let name = entry.file_name().to_string_lossy().into_owned();
            let content = fs::read(entry.path()).unwrap();
            match name.strip_suffix(".zst") {
                Some(plain) => {
                    fs::write(to.join(plain), zstd::decode_all(content.as_slice()).unwrap()).unwrap()
                }
                None => fs::write(to.join(name), content).unwrap(),
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_part_that_fails_makes_a_backup_incomplete_and_says_why() {
    let bench = Bench::start("11.2.0").await;
    // Prometheus is not there, the configuration's place is not known.
    let made = bench.create(&[]).await;
    assert_eq!(made.verdict, BackupVerdict::Incomplete);
    let state = |kind| made.parts.iter().find(|part| part.kind == kind).unwrap();
    assert_eq!(state(BackupPartKind::Grafana).state, BackupPartState::Complete);
    assert_eq!(state(BackupPartKind::Prometheus).state, BackupPartState::Failed);
    assert!(state(BackupPartKind::Prometheus).notes[0].contains("127.0.0.1:9"), "{made:?}");
    assert_eq!(state(BackupPartKind::Configs).state, BackupPartState::Skipped);
    assert!(made.problems[0].contains("127.0.0.1:9"), "{made:?}");
    assert_eq!(
        bench
            .panel
            .backup_create(BackupCreateRequest {
                reason: " ".into(),
                created_by: String::new(),
                parts: vec![]
            })
            .await
            .unwrap_err()
            .code,
        ErrorCode::InvalidRequest
    );

    // A Grafana that fails now and then is asked again; one that fails always is told.
    bench.faults(json!({"every": 3, "status": 503})).await;
    assert_eq!(bench.create(GRAFANA).await.verdict, BackupVerdict::Verified);
    bench.faults(json!({"every": 1, "status": 500})).await;
    let broken = bench.create(GRAFANA).await;
    assert_eq!((broken.verdict, broken.dashboards), (BackupVerdict::Incomplete, 0));
    bench.faults(json!({})).await;
    let summary =
        snapshot_when(&bench.panel, Duration::from_secs(20), |shown| shown.backups.count == Some(3));
    let summary = summary.await.unwrap().backups;
    assert_eq!(
        (summary.count, summary.newest.map(|newest| newest.verdict)),
        (Some(3), Some(BackupVerdict::Incomplete))
    );
    assert_eq!(leftovers(&bench.root()), [""; 0]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_flipped_byte_is_found() {
    let bench = Bench::start("11.2.0").await;
    let made = bench.create(GRAFANA).await;
    let folder = bench.root().join(&made.id.0);
    let mut files = Vec::new();
    all_files(&folder, &mut files);
    files.sort();
    let sizes: Vec<u64> = files.iter().map(|file| fs::metadata(file).unwrap().len()).collect();
    let total: u64 = sizes.iter().sum();
    let request = || BackupVerifyRequest { id: made.id.clone(), sample: 0 };
    let mut seed = 0x2545_F491_4F6C_DD1D_u64;
    for flip in 0..1000 {
        seed ^= seed << 13;
        seed ^= seed >> 7;
        seed ^= seed << 17;
        let mut place = seed % total;
        let index = sizes
            .iter()
            .position(|size| {
                let inside = place < *size;
                if !inside {
                    place -= size;
                }
                inside
            })
            .unwrap();
        let file = &files[index];
        let whole = fs::read(file).unwrap();
        let mut flipped = whole.clone();
        let bit = 1 << ((seed >> 60) % 8);
        flipped[usize::try_from(place).unwrap()] ^= bit;
        fs::write(file, &flipped).unwrap();
        let found = bench.panel.backup_verify(request()).await.unwrap();
        assert!(!found.problems.is_empty(), "flip {flip}: bit {bit} of byte {place} of {}", file.display());
        fs::write(file, &whole).unwrap();
    }
    let found = bench.panel.backup_verify(request()).await.unwrap();
    assert_eq!((found.problems, found.whole), (vec![], true));

    // A file too many, one too few, and a link are found too, and the list says so.
    fs::write(folder.join("extra"), "x").unwrap();
    let list = async || bench.panel.backup_list(Empty {}).await.unwrap().backups.remove(0);
    assert!(bench.panel.backup_verify(request()).await.unwrap().problems[0].contains("extra"));
    assert_eq!(list().await.verdict, BackupVerdict::Changed);
    fs::remove_file(folder.join("extra")).unwrap();
    let folders = folder.join("grafana/folders.json");
    fs::rename(&folders, bench.folder.path().join("aside")).unwrap();
    assert!(bench.panel.backup_verify(request()).await.unwrap().problems[0].contains("missing"));
    #[cfg(unix)]
    {
        std::os::unix::fs::symlink(bench.folder.path().join("aside"), &folders).unwrap();
        assert!(bench.panel.backup_verify(request()).await.unwrap().problems[0].contains("symbolic link"));
        let asked = BackupFileRequest { id: made.id.clone(), path: "grafana/folders.json".into() };
        assert_eq!(bench.panel.backup_file(asked).await.unwrap_err().code, ErrorCode::Storage);
        fs::remove_file(&folders).unwrap();
    }
    fs::rename(bench.folder.path().join("aside"), &folders).unwrap();
    assert!(bench.panel.backup_verify(request()).await.unwrap().problems.is_empty());
    assert_eq!(list().await.verdict, BackupVerdict::Verified);
}

fn all_files(folder: &Path, files: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() { all_files(&path, files) } else { files.push(path) }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_manifest_that_lies_or_climbs_out_is_refused() {
    let bench = Bench::start("11.2.0").await;
    let made = bench.create(GRAFANA).await;
    let folder = bench.root().join(&made.id.0);
    fs::write(bench.folder.path().join("secret"), "not yours").unwrap();
    for path in ["../../../../../secret", "/etc/passwd", "..\\secret"] {
        let asked = BackupFileRequest { id: made.id.clone(), path: path.into() };
        assert_eq!(bench.panel.backup_file(asked).await.unwrap_err().code, ErrorCode::NotFound, "{path}");
    }
    for id in ["..", "../../..", "", ".partial-x", "/etc"] {
        let asked = BackupRequest { id: BackupId(id.into()) };
        assert_eq!(bench.panel.backup_show(asked).await.unwrap_err().code, ErrorCode::NotFound, "{id}");
        let deleted =
            bench.panel.backup_delete(BackupDeleteRequest { ids: vec![BackupId(id.into())] }).await.unwrap();
        assert_eq!((deleted.deleted.len(), deleted.kept.len()), (0, 1), "{id}");
    }
    let text = fs::read_to_string(folder.join("manifest.json")).unwrap();
    let lying = text.replacen("\"grafana/folders.json\"", "\"../../../../../secret\"", 1);
    assert_ne!(lying, text);
    fs::write(folder.join("manifest.json"), lying).unwrap();
    let list = bench.panel.backup_list(Empty {}).await.unwrap();
    assert_eq!(list.backups.len(), 0);
    assert!(list.unreadable[0].contains("unsafe path \"../../../../../secret\""), "{list:?}");
    let error = bench.panel.backup_show(BackupRequest { id: made.id.clone() }).await.unwrap_err();
    assert_eq!(error.code, ErrorCode::Storage);
    let found = bench.panel.backup_verify(BackupVerifyRequest { id: made.id, sample: 0 }).await.unwrap();
    assert!(found.problems[0].starts_with("unsafe path "), "{found:?}");
    assert_eq!(fs::read_to_string(bench.folder.path().join("secret")).unwrap(), "not yours");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_disk_that_fills_leaves_nothing_and_harms_nothing() {
    let small = tempfile::tempdir().unwrap();
    let mount = std::process::Command::new("mount")
        .args(["-t", "tmpfs", "-o", "size=200k", "tmpfs"])
        .arg(small.path())
        .output();
    if !mount.is_ok_and(|done| done.status.success()) {
        return eprintln!("skipped: a small disk can only be mounted as root");
    }
    struct Unmount<'a>(&'a Path);
    impl Drop for Unmount<'_> {
        fn drop(&mut self) {
            let _ = std::process::Command::new("umount").arg(self.0).status();
        }
    }
    let unmount = Unmount(small.path());
    let servers = format!(
        "[prometheus]\nurl = \"http://127.0.0.1:9\"\n[backup]\ndir = \"{}\"\n",
        small.path().display()
    );
    let bench = Bench::with("11.2.0", None, &servers).await;
    let first = bench.create(&[BackupPartKind::Alertmanager]).await;
    let error = bench
        .panel
        .backup_create(BackupCreateRequest {
            reason: "too much".into(),
            created_by: String::new(),
            parts: GRAFANA.to_vec(),
        })
        .await
        .unwrap_err();
    assert_eq!(error.code, ErrorCode::Storage, "{error}");
    assert!(error.hint.contains("Free up"), "{error:?}");
    assert_eq!(leftovers(small.path()), [""; 0]);
    let list = bench.panel.backup_list(Empty {}).await.unwrap();
    assert_eq!(list.backups.iter().map(|backup| &backup.id).collect::<Vec<_>>(), [&first.id]);
    let found = bench.panel.backup_verify(BackupVerifyRequest { id: first.id, sample: 0 }).await.unwrap();
    assert!(found.problems.is_empty());
    drop(bench);
    drop(unmount);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_cancelled_backup_leaves_nothing() {
    let bench = Bench::start("11.2.0").await;
    bench.faults(json!({"latency_ms": 300})).await;
    let panel = Arc::clone(&bench.panel);
    let running = tokio::spawn(async move {
        panel
            .backup_create(BackupCreateRequest {
                reason: "x".into(),
                created_by: String::new(),
                parts: GRAFANA.to_vec(),
            })
            .await
    });
    let job = eventually(Duration::from_secs(20), async || {
        bench.panel.snapshot(Empty {}).await.unwrap().backups.job.filter(|job| job.done > 2)
    })
    .await
    .unwrap();
    assert_eq!((job.title.as_str(), job.stage.as_str(), job.total), ("Backup", "dashboards", Some(40)));
    bench.panel.job_cancel(JobCancelRequest { id: job.id }).await.unwrap();
    assert_eq!(running.await.unwrap().unwrap_err().code, ErrorCode::Cancelled);
    assert_eq!(leftovers(&bench.root()), [""; 0]);
    assert!(bench.panel.backup_list(Empty {}).await.unwrap().backups.is_empty());
    bench.faults(json!({})).await;
    assert_eq!(
        bench.create(GRAFANA).await.verdict,
        BackupVerdict::Verified,
        "the next one is not in its way"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn pinned_backups_stay_and_pruning_deletes_what_it_showed() {
    let bench = Bench::start("11.2.0").await;
    let mut ids = Vec::new();
    for _ in 0..4 {
        ids.push(bench.create(GRAFANA).await.id);
    }
    let pin = |pinned| BackupPinRequest { id: ids[0].clone(), pinned };
    bench.panel.backup_pin(pin(true)).await.unwrap();
    let policy = PrunePolicy { last: 1, daily: 0, weekly: 0, monthly: 0 };
    let plan = bench.panel.backup_prune_plan(policy).await.unwrap();
    let gone: Vec<BackupId> =
        plan.items.iter().filter(|item| !item.keep).map(|item| item.id.clone()).collect();
    assert_eq!(gone, [ids[2].clone(), ids[1].clone()]);
    let mut all = gone.clone();
    all.push(ids[0].clone());
    let deleted = bench.panel.backup_delete(BackupDeleteRequest { ids: all }).await.unwrap();
    assert_eq!(deleted.deleted, gone);
    assert!(deleted.kept[0].contains("pinned"));
    let left = bench.panel.backup_list(Empty {}).await.unwrap().backups;
    assert_eq!(left.iter().map(|backup| &backup.id).collect::<Vec<_>>(), [&ids[3], &ids[0]]);
    assert!(left[1].pinned);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_open_panel_backs_up_by_itself_and_tells_when_that_is_not_sound() {
    let folder = tempfile::tempdir().unwrap();
    let home = Home::at(&folder.path().join("home"));
    write_profile(&home, "name = \"test\"\n[prometheus]\nurl = \"http://127.0.0.1:9\"\n").unwrap();
    let settings = home.config.join("settings.toml");
    let text = fs::read_to_string(&settings).unwrap();
    fs::write(&settings, format!("{text}backup_every_h = 24\n")).unwrap();
    let panel = aether_tests::stack::panel(home).await.unwrap();
    let mut events = panel.events();
    let told = async {
        loop {
            if let Ok(PanelEvent::Notice(notice)) = events.recv().await
                && notice.screen == "backups"
            {
                return notice;
            }
        }
    };
    let told = tokio::time::timeout(Duration::from_secs(60), told).await.expect("a notice");
    assert!(told.title.contains("Scheduled backup") && told.title.contains("incomplete"), "{told:?}");
    assert!(told.text.contains("127.0.0.1:9"), "{told:?}");
    let list = panel.backup_list(Empty {}).await.unwrap().backups;
    assert_eq!((list.len(), list[0].reason.as_str()), (1, "Scheduled"));
    panel.shutdown().await;
}

/// A Prometheus with these flags that takes no snapshot.
async fn prometheus_with(flags: serde_json::Value) -> String {
    use axum::{Json, Router, routing::get};
    let ok = |data: serde_json::Value| Json(json!({"status": "success", "data": data}));
    let router = Router::new()
        .route("/api/v1/status/buildinfo", get(move || async move { ok(json!({"version": "2.54.1"})) }))
        .route("/api/v1/status/flags", get(move || async move { ok(flags) }))
        .route("/api/v1/rules", get(move || async move { ok(json!({"groups": []})) }));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
    url
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_backup_without_the_tsdb_has_a_verdict_of_its_own_unless_the_profile_requires_it() {
    for (admin, path) in [("false", "/nowhere/data"), ("true", "data/")] {
        let url = prometheus_with(json!({"web.enable-admin-api": admin, "storage.tsdb.path": path})).await;
        for (required, verdict) in [(false, BackupVerdict::WithoutTsdb), (true, BackupVerdict::Incomplete)] {
            let servers = format!("[prometheus]\nurl = \"{url}\"\n[backup]\nrequire_tsdb = {required}\n");
            let bench = Bench::with("11.2.0", None, &servers).await;
            let made = bench.create(&[BackupPartKind::Prometheus]).await;
            assert_eq!(made.verdict, verdict, "{admin} {path}: {made:#?}");
            assert!(
                made.verified_at.is_some()
                    && made.parts.iter().any(|part| {
                        part.kind == BackupPartKind::Prometheus
                            && part.notes.iter().any(|note| note.contains("not in this backup"))
                    })
            );
        }
    }
}
