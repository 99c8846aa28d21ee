//! A backup of 1,000 dashboards from a Grafana that takes 20 ms for an answer, against `grafana-backup-tool`
//! on the same server; and of a TSDB snapshot of 2 GB, against `cp -r` and a flush of the same files.

use std::{
    fs,
    io::Write as _,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    sync::Arc,
    time::Instant,
};

use aether_contract::{
    Backup, BackupCreateRequest, BackupPartKind, BackupPartState, SecretInput, SecretSetRequest,
};
use aether_panel::{NoHost, Panel, PanelOptions, paths::Home};
use aether_sim::grafana::{Grafana, GrafanaOptions};
use aether_tests::stack::{MemoryKeyring, write_profile};
use axum::{Json, Router, routing::get};
use serde_json::{Value, json};

use crate::Measured;

/// Dashboards.
const BOARDS: usize = 1_000;
/// What an answer of Grafana takes.
const LATENCY_MS: u64 = 20;
/// Version of the tool that is measured against.
const TOOL: &str = "grafana-backup==1.4.2";
/// Blocks of the snapshot, and the size of each one's chunks in MiB.
const BLOCKS: (usize, usize) = (4, 512);

/// Both.
pub fn run(runs: usize) -> Result<Vec<Measured>, String> {
    let runtime = tokio::runtime::Runtime::new().map_err(|e| e.to_string())?;
    let mut lines = vec![runtime.block_on(Box::pin(snapshot(runs.min(5))))?];
    match runtime.block_on(Box::pin(dashboards(runs.min(3)))) {
        Ok(line) => lines.push(line),
        Err(why) => println!("skipped: 1,000 dashboards: {why}"),
    }
    Ok(lines)
}

async fn panel(folder: &Path, profile: &str) -> Result<Arc<Panel>, String> {
    let home = Home::at(folder);
    write_profile(&home, profile)?;
    let options = PanelOptions {
        home,
        stack: Some("test".to_owned()),
        host: Arc::new(NoHost),
        secrets: Some(Arc::new(MemoryKeyring::default())),
        poll: false,
    };
    Panel::start(options).await.map_err(|e| e.to_string())
}

async fn create(panel: &Panel, kind: BackupPartKind) -> Result<(f64, Backup), String> {
    let request =
        BackupCreateRequest { reason: "bench".into(), created_by: "bench".into(), parts: vec![kind] };
    let began = Instant::now();
    let made = panel.backup_create(request).await.map_err(|e| e.to_string())?;
    let took = began.elapsed().as_secs_f64() * 1000.0;
    if made.parts.iter().any(|part| part.kind == kind && part.state != BackupPartState::Complete) {
        return Err(format!("the backup is not complete: {:?}", made.problems));
    }
    Ok((took, made))
}

async fn dashboards(runs: usize) -> Result<Measured, String> {
    let folder = tempfile::tempdir().map_err(|e| e.to_string())?;
    let tool = install_tool(&folder.path().join("tool"))?;
    let options = GrafanaOptions { folder: folder.path().join("grafana"), ..GrafanaOptions::default() };
    let grafana = Grafana::start(options).await.map_err(|e| e.to_string())?;
    let http = reqwest::Client::builder().no_proxy().build().map_err(|e| e.to_string())?;
    let post = async |path: &str, body: Value| -> Result<(), String> {
        let request = http.post(format!("{}{path}", grafana.url())).bearer_auth(grafana.token());
        let answer = request.header("content-type", "application/json").body(body.to_string()).send().await;
        let answer = answer.map_err(|e| e.to_string())?;
        if answer.status().is_success() { Ok(()) } else { Err(format!("{path}: {}", answer.status())) }
    };
    // The stand-in has forty of its own.
    for index in 40..BOARDS {
        let panels: Vec<Value> = (0..12)
            .map(|id| json!({"id": id, "type": "timeseries", "title": format!("Panel {id} of \
                {index}"), "gridPos": {"x": 0, "y": id * 8, "w": 12, "h": 8},
                "targets": [{"refId": "A", "expr": "sum by (tenant_id) (rate(aether_rag_answers_total[5m]))"}]}))
            .collect();
        let board =
            json!({"uid": format!("bench-{index}"), "title": format!("Bench {index}"), "panels": panels});
        post("/api/dashboards/db", json!({"dashboard": board, "folderUid": "rag", "overwrite": false}))
            .await?;
    }
    post("/sim/faults", json!({"latency_ms": LATENCY_MS})).await?;
    let profile = format!(
        "name = \"test\"\n[prometheus]\nurl = \"http://127.0.0.1:9\"\n[grafana]\nurl = \"{}\"\nauth = \"bearer\"\n",
        grafana.url()
    );
    let panel = panel(&folder.path().join("home"), &profile).await?;
    let secret =
        SecretSetRequest { id: "grafana/token".into(), secret: SecretInput::new(grafana.token().to_owned()) };
    panel.secret_set(secret).await.map_err(|e| e.to_string())?;
    let mut line = Measured {
        name: format!("backup of {BOARDS} dashboards, {LATENCY_MS} ms an answer / grafana-backup-tool"),
        unit: "ms",
        ours: Vec::new(),
        floor: Vec::new(),
    };
    for run in 0..runs {
        let (took, made) = create(&panel, BackupPartKind::Grafana).await?;
        if made.dashboards as usize != BOARDS {
            return Err(format!("{} of {BOARDS} dashboards were saved", made.dashboards));
        }
        line.ours.push(took);
        let to = folder.path().join(format!("theirs-{run}"));
        let (url, token) = (grafana.url().to_owned(), grafana.token().to_owned());
        let command = tool.clone();
        let theirs = tokio::task::spawn_blocking(move || save_with_tool(&command, &url, &token, &to));
        line.floor.push(theirs.await.map_err(|e| e.to_string())??);
    }
    Ok(line)
}

fn install_tool(folder: &Path) -> Result<PathBuf, String> {
    let run = |command: &mut Command| -> Result<(), String> {
        let done = command.stdin(Stdio::null()).output().map_err(|e| e.to_string())?;
        if done.status.success() {
            Ok(())
        } else {
            Err(String::from_utf8_lossy(&done.stderr).trim().to_owned())
        }
    };
    run(Command::new("python3").args(["-m", "venv"]).arg(folder))
        .map_err(|e| format!("no Python with venv: {e}"))?;
    run(Command::new(folder.join("bin/pip")).args(["install", "--quiet", TOOL]))
        .map_err(|e| format!("{TOOL} could not be installed: {e}"))?;
    Ok(folder.join("bin/grafana-backup"))
}

/// Milliseconds that it takes, all dashboards saved.
fn save_with_tool(tool: &Path, url: &str, token: &str, to: &Path) -> Result<f64, String> {
    let began = Instant::now();
    let done = Command::new(tool)
        .args(["save", "--components=dashboards,folders", "--no-archive"])
        .env("GRAFANA_URL", url)
        .env("GRAFANA_TOKEN", token)
        .env("BACKUP_DIR", to)
        .env("BACKUP_FILE_FORMAT", "%Y%m%d%H%M")
        .env("NO_PROXY", "127.0.0.1")
        // An API of before service accounts, which newer servers lack.
        .env("API_AUTH_CHECK", "false")
        .stdin(Stdio::null())
        .output()
        .map_err(|e| e.to_string())?;
    let took = began.elapsed().as_secs_f64() * 1000.0;
    let saved = count(to, "dashboard");
    if !done.status.success() || saved < BOARDS {
        let words = String::from_utf8_lossy(&done.stderr).lines().last().unwrap_or_default().to_owned();
        return Err(format!("the tool saved {saved} of {BOARDS} dashboards: {words}"));
    }
    Ok(took)
}

fn count(folder: &Path, ending: &str) -> usize {
    let Ok(entries) = fs::read_dir(folder) else { return 0 };
    entries
        .flatten()
        .map(|entry| {
            let path = entry.path();
            if path.is_dir() {
                count(&path, ending)
            } else {
                usize::from(path.extension().is_some_and(|e| e == ending))
            }
        })
        .sum()
}

async fn snapshot(runs: usize) -> Result<Measured, String> {
    let folder = tempfile::tempdir_in("target").map_err(|e| e.to_string())?;
    let root = fs::canonicalize(folder.path()).map_err(|e| e.to_string())?;
    let (data, blocks) = (root.join("data"), root.join("blocks"));
    for name in ["wal", "chunks_head", "snapshots"] {
        fs::create_dir_all(data.join(name)).map_err(|e| e.to_string())?;
    }
    write_blocks(&blocks)?;
    let url = serve(data.clone(), blocks.clone()).await?;
    let panel =
        panel(&root.join("home"), &format!("name = \"test\"\n[prometheus]\nurl = \"{url}\"\n")).await?;
    let mut line = Measured {
        name: format!(
            "backup of a {} MiB snapshot, hashed and read back / cp -r and sync",
            BLOCKS.0 * BLOCKS.1
        ),
        unit: "ms",
        ours: Vec::new(),
        floor: Vec::new(),
    };
    for run in 0..runs {
        let (took, made) = create(&panel, BackupPartKind::Prometheus).await?;
        line.ours.push(took);
        fs::remove_dir_all(root.join("home/data/backups/test").join(&made.id.0))
            .map_err(|e| e.to_string())?;
        let to = root.join(format!("copy-{run}"));
        let began = Instant::now();
        for command in
            [Command::new("cp").arg("-r").arg(&blocks).arg(&to), Command::new("sync").arg("-f").arg(&to)]
        {
            if !command.status().map_err(|e| e.to_string())?.success() {
                return Err("cp or sync failed".into());
            }
        }
        line.floor.push(began.elapsed().as_secs_f64() * 1000.0);
        fs::remove_dir_all(&to).map_err(|e| e.to_string())?;
    }
    Ok(line)
}

/// Blocks as large as real ones, of bytes that don't compress.
fn write_blocks(blocks: &Path) -> Result<(), String> {
    let mut seed = 0x9E37_79B9_7F4A_7C15_u64;
    let mut buffer = vec![0_u8; 1 << 20];
    for block in 0..BLOCKS.0 {
        let folder = blocks.join(format!("01JBENCH{block:018}"));
        fs::create_dir_all(folder.join("chunks")).map_err(|e| e.to_string())?;
        let meta =
            json!({"minTime": block, "maxTime": block + 1, "stats": {"numSeries": 1, "numSamples": 1}});
        fs::write(folder.join("meta.json"), meta.to_string()).map_err(|e| e.to_string())?;
        let mut file = fs::File::create(folder.join("chunks/000001")).map_err(|e| e.to_string())?;
        for _ in 0..BLOCKS.1 {
            for word in buffer.chunks_exact_mut(8) {
                seed ^= seed << 13;
                seed ^= seed >> 7;
                seed ^= seed << 17;
                word.copy_from_slice(&seed.to_le_bytes());
            }
            file.write_all(&buffer).map_err(|e| e.to_string())?;
        }
        file.sync_all().map_err(|e| e.to_string())?;
    }
    Ok(())
}

/// A server that answers what a backup asks of Prometheus, and whose snapshot is hard links of the blocks, as
/// a real one's is.
async fn serve(data: PathBuf, blocks: PathBuf) -> Result<String, String> {
    let flags =
        json!({"status": "success", "data": {"web.enable-admin-api": "true", "storage.tsdb.path": data}});
    let info = json!({"status": "success", "data": {"version": "2.54.1"}});
    let rules = json!({"status": "success", "data": {"groups": []}});
    let snapshot = move || {
        let (data, blocks) = (data.clone(), blocks.clone());
        async move {
            let to = data.join("snapshots/bench");
            let made = link(&blocks, &to);
            Json(match made {
                Ok(()) => json!({"status": "success", "data": {"name": "bench"}}),
                Err(error) => json!({"status": "error", "errorType": "internal", "error": error.to_string()}),
            })
        }
    };
    let app = Router::new()
        .route("/api/v1/status/buildinfo", get(move || async move { Json(info) }))
        .route("/api/v1/status/flags", get(move || async move { Json(flags) }))
        .route("/api/v1/rules", get(move || async move { Json(rules) }))
        .route("/api/v1/admin/tsdb/snapshot", axum::routing::post(snapshot));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.map_err(|e| e.to_string())?;
    let url = format!("http://{}", listener.local_addr().map_err(|e| e.to_string())?);
    tokio::spawn(async move { axum::serve(listener, app).await });
    Ok(url)
}

fn link(from: &Path, to: &Path) -> std::io::Result<()> {
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let target = to.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            link(&entry.path(), &target)?
        } else {
            fs::hard_link(entry.path(), target)?
        }
    }
    Ok(())
}
