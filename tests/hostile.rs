//! Backups of what is too large, misnamed, or made while the clock ran wrong.
#![allow(clippy::unwrap_used, clippy::panic)]

use std::{fs, path::Path, time::Instant};

use crate::common::backups::{Bench, GRAFANA, leftovers};
use aether_contract::*;
use serde_json::{Value, json};

/// A JSON document that says it is five gigabytes long, without taking the room.
fn five_gigabytes(path: &Path) {
    let file = fs::File::create(path).unwrap();
    std::io::Write::write_all(&mut &file, b"{\"title\": \"x\", \"panels\": [").unwrap();
    file.set_len(5 << 30).unwrap();
}

/// The most memory that this process has had, in megabytes.
fn peak() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.and_then(|line| line.trim().strip_suffix(" kB")?.trim().parse::<u64>().ok()).unwrap_or(0) / 1024
}

async fn show(bench: &Bench, id: &BackupId) -> Result<BackupDetail, PanelError> {
    bench.panel.backup_show(BackupRequest { id: id.clone() }).await
}

async fn verify(bench: &Bench, id: &BackupId) -> Vec<String> {
    bench.panel.backup_verify(BackupVerifyRequest { id: id.clone(), sample: 0 }).await.unwrap().problems
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_dashboard_of_fifty_megabytes_is_saved_compared_and_restored() {
    let bench = Bench::start("11.2.0").await;
    let text = "x".repeat(1 << 20);
    let panels: Vec<Value> = (0..50)
        .map(|id| json!({"id": id, "type": "text", "title": format!("t{id}"), "options": {"content": text}}))
        .collect();
    bench.edit("rag-01", |data| data["panels"] = json!(panels)).await;
    let made = bench.create(GRAFANA).await;
    assert_eq!(made.verdict, BackupVerdict::Verified, "{made:?}");
    assert!(made.bytes > 50e6, "{made:?}");
    let detail = show(&bench, &made.id).await.unwrap();
    let one = detail.dashboards.iter().find(|one| one.uid == "rag-01").unwrap();
    assert_eq!((one.panels, one.problem.as_str()), (50, ""));
    let asked = BackupFileRequest { id: made.id.clone(), path: one.path.clone() };
    let file = bench.panel.backup_file(asked).await.unwrap();
    assert!(file.cut && file.text.len() <= 1 << 20 && file.outline.len() == 50);

    bench.edit("rag-01", |data| data["panels"] = json!([])).await;
    assert!(!bench.same_as(&made.id).await);
    let mut request = bench.request(&made.id, &["rag-01"]);
    request.choices.insert("rag-01".into(), RestoreChoice::Replace);
    let run = bench.apply(request).await.unwrap();
    assert_eq!(run.state, RestoreState::Done, "{run:?}");
    let back = bench.dashboard("rag-01").await.unwrap();
    assert_eq!(back["dashboard"]["panels"][49]["options"]["content"].as_str().map(str::len), Some(1 << 20));

    // Larger than what is read of a server: said, and everything else is there.
    let panels: Vec<Value> = (0..70).map(|id| json!({"id": id, "options": {"content": text}})).collect();
    bench.edit("rag-01", |data| data["panels"] = json!(panels)).await;
    let made = bench.create(GRAFANA).await;
    assert_eq!(made.verdict, BackupVerdict::Incomplete);
    assert!(made.problems.iter().any(|one| one.contains("rag-01") || one.contains("Retrieval")), "{made:?}");
    assert_eq!(made.dashboards, detail.backup.dashboards - 1);
    assert!(peak() < 2_500, "{} MB", peak());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_file_of_five_gigabytes_is_told_and_never_read_whole() {
    let bench = Bench::start("11.2.0").await;
    let made = bench.create(GRAFANA).await;
    let folder = bench.root().join(&made.id.0);
    let began = Instant::now();

    // In place of a dashboard.
    let detail = show(&bench, &made.id).await.unwrap();
    let one = &detail.dashboards[0];
    let at = folder.join(&one.path);
    let whole = fs::read(&at).unwrap();
    five_gigabytes(&at);
    let now = show(&bench, &made.id).await.unwrap();
    assert_eq!(now.dashboards.len(), detail.dashboards.len(), "none is missing without a word");
    let bad = now.dashboards.iter().find(|dashboard| dashboard.path == one.path).unwrap();
    assert!(bad.problem.contains("larger than 67.1 MB"), "{bad:?}");
    assert!(verify(&bench, &made.id).await[0].contains("5368709120 bytes, expected"));
    let plan = bench.panel.restore_plan(bench.request(&made.id, &[])).await.unwrap();
    let item = plan.items.iter().find(|item| item.obstacle == Some(RestoreConflict::Unusable)).unwrap();
    assert!(item.note.contains("larger than"), "{item:?}");
    let asked = BackupFileRequest { id: made.id.clone(), path: one.path.clone() };
    assert_eq!(bench.panel.backup_file(asked).await.unwrap_err().code, ErrorCode::Storage);
    let export = BackupExportRequest {
        id: made.id.clone(),
        format: ArchiveFormat::Zstd,
        folder: bench.folder.path().join("out").display().to_string(),
    };
    assert!(bench.panel.backup_export(export).await.unwrap_err().message.contains("is corrupted"));
    fs::write(&at, &whole).unwrap();
    // In place of the manifest.
    let manifest = fs::read(folder.join("manifest.json")).unwrap();
    five_gigabytes(&folder.join("manifest.json"));
    let list = bench.panel.backup_list(Empty {}).await.unwrap();
    assert!(list.backups.is_empty() && list.unreadable[0].contains("larger than"), "{list:?}");
    assert!(show(&bench, &made.id).await.unwrap_err().message.contains("larger than"));
    fs::write(folder.join("manifest.json"), manifest).unwrap();
    // A stranger, and in what another tool made.
    five_gigabytes(&folder.join("stranger.json"));
    assert!(verify(&bench, &made.id).await[0].contains("not listed in the manifest"));
    fs::remove_file(folder.join("stranger.json")).unwrap();
    assert_eq!(verify(&bench, &made.id).await, [""; 0]);
    let foreign = bench.root().join("old/grafana");
    fs::create_dir_all(&foreign).unwrap();
    five_gigabytes(&foreign.join("huge.json"));
    fs::write(foreign.join("fine.json"), r#"{"uid": "fine", "title": "Fine", "panels": []}"#).unwrap();
    let old = show(&bench, &BackupId("old".into())).await.unwrap();
    let problems: Vec<&str> = old.dashboards.iter().map(|one| one.problem.as_str()).collect();
    assert_eq!(problems.len(), 2, "{old:?}");
    assert!(problems.iter().any(|one| one.contains("larger than")), "{old:?}");

    assert!(began.elapsed().as_secs() < 60, "it was read");
    assert!(peak() < 2_500, "{} MB", peak());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_configuration_file_of_five_gigabytes_makes_the_backup_incomplete() {
    let pack = tempfile::tempdir().unwrap();
    fs::write(pack.path().join("alertmanager.yml"), "route: {}\n").unwrap();
    five_gigabytes(&pack.path().join("dashboard.json"));
    let servers = format!(
        "[prometheus]\nurl = \"http://127.0.0.1:9\"\n[pack]\ndir = \"{}\"\nfiles = [\"alertmanager.yml\", \
            \"dashboard.json\"]\n",
        pack.path().display()
    );
    let bench = Bench::with("11.2.0", None, &servers).await;
    let made = bench.create(&[BackupPartKind::Configs]).await;
    let configs = made.parts.iter().find(|part| part.kind == BackupPartKind::Configs).unwrap();
    assert_eq!((made.verdict, configs.count), (BackupVerdict::Incomplete, 1));
    assert!(made.problems[0].contains("dashboard.json"), "{made:?}");
    assert_eq!(leftovers(&bench.root()), [""; 0]);
}

#[cfg(unix)]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn names_that_another_system_refuses_are_read_and_what_is_left_out_is_told() {
    let bench = Bench::start("11.2.0").await;
    let folder = bench.root().join("old/grafana");
    fs::create_dir_all(&folder).unwrap();
    let names = ["CPU: all?.json", "back\\slash.json", "aux.json", "a<b>|\"c*.json", "ends in a dot..json"];
    for (number, name) in names.iter().enumerate() {
        let board = json!({"uid": format!("u{number}"), "title": name, "panels": []});
        fs::write(folder.join(name), board.to_string()).unwrap();
    }
    fs::write(folder.join("new\nline.json"), r#"{"uid": "n", "title": "n", "panels": []}"#).unwrap();
    let id = BackupId("old".into());
    let detail = show(&bench, &id).await.unwrap();
    let mut titles: Vec<&str> = detail.dashboards.iter().map(|one| one.title.as_str()).collect();
    titles.sort_unstable();
    let mut wanted = names.to_vec();
    wanted.sort_unstable();
    assert_eq!(titles, wanted);
    assert!(detail.backup.parts[0].notes[1].contains("skipped"), "{:?}", detail.backup.parts);
    let run = bench.apply(bench.request(&id, &[])).await.unwrap();
    assert_eq!((run.state, run.items.len()), (RestoreState::Done, names.len()), "{run:?}");
    // What can't all be carried away is not carried away in part.
    let export = || BackupExportRequest {
        id: id.clone(),
        format: ArchiveFormat::Gzip,
        folder: bench.folder.path().join("out").display().to_string(),
    };
    let error = bench.panel.backup_export(export()).await.unwrap_err();
    assert!(error.message.contains("skipped"), "{error}");
    fs::remove_file(folder.join("new\nline.json")).unwrap();
    // Out and in again, its names are such as every system takes.
    let out = bench.panel.backup_export(export()).await.unwrap();
    let request = BackupImportRequest { path: out.path, created_by: String::new() };
    let taken = bench.panel.backup_import(request).await.unwrap();
    assert_eq!(usize::try_from(taken.dashboards), Ok(names.len()), "{taken:?}");
    // A dashboard's uid never decides what its file is called.
    for uid in ["aux", "CON", "a_b", "A_B"] {
        let board = json!({"dashboard": {"uid": uid, "title": format!("Named {uid}"), "panels": []}});
        let (status, answer) = bench.ask(reqwest::Method::POST, "/api/dashboards/db", Some(board)).await;
        assert_eq!(status, 200, "{answer}");
    }
    let made = bench.create(GRAFANA).await;
    let detail = show(&bench, &made.id).await.unwrap();
    for uid in ["aux", "CON", "a_b", "A_B"] {
        let path = &detail.dashboards.iter().find(|one| one.uid == uid).unwrap().path;
        let file = path.rsplit('/').next().unwrap();
        let stem = file.trim_end_matches(".json").to_lowercase();
        assert!(!["aux", "con"].contains(&stem.as_str()) && !file.contains([':', '?', '\\']), "{file}");
    }
}
