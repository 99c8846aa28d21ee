//! Prometheus in a container of a real engine: its data copied out, and put back. The image is made of the
//! installed program.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::{fs, process::Command, time::Duration};

use crate::common::backups::Bench;
use crate::common::engine::{Container, HOST, docker, engine_missing, image};
use aether_contract::*;
use aether_tests::eventually;
use serde_json::Value;

const IMAGE: &str = "aether-test/prometheus:v2.54.1";

async fn ask(bench: &Bench, url: &str, at: i64) -> Value {
    let query = [("query", "sum by (job) (up)".to_owned()), ("time", at.to_string())];
    let Ok(answer) = bench.http.get(format!("{url}/api/v1/query")).query(&query).send().await else {
        return Value::Null;
    };
    let text = answer.text().await.unwrap_or_default();
    serde_json::from_str::<Value>(&text).unwrap_or_default()["data"]["result"].clone()
}

async fn full(bench: &Bench, url: &str) {
    let now = || i64::try_from(std::time::UNIX_EPOCH.elapsed().unwrap().as_secs()).unwrap();
    let some = async || ask(bench, url, now()).await.as_array().filter(|rows| !rows.is_empty()).cloned();
    eventually(Duration::from_secs(60), some).await.expect("samples");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn data_comes_out_of_a_container_and_back_into_it_with_the_same_numbers() {
    if let Some(why) = engine_missing().await {
        return eprintln!("skipped: {why}");
    }
    let folder = tempfile::tempdir().unwrap();
    image(folder.path(), IMAGE);
    let container = Container::start("data", folder.path(), IMAGE, &[]);
    let (name, url) = (container.name.clone(), container.url.clone());
    let servers = format!(
        "[prometheus]\nurl = \"{url}\"\n[docker]\nhost = \"{HOST}\"\n[backup]\ncompress = \
            \"zstd\"\n[[pins]]\nservice = \"prometheus\"\ncontainer = \"{name}\"\nimage = \"{IMAGE}\"\n"
    );
    let bench = Bench::with("11.2.0", None, &servers).await;
    full(&bench, &url).await;
    tokio::time::sleep(Duration::from_secs(4)).await;
    let at = i64::try_from(std::time::UNIX_EPOCH.elapsed().unwrap().as_secs()).unwrap() - 2;
    let before = ask(&bench, &url, at).await;
    assert_eq!(before.as_array().map(Vec::len), Some(1), "{before}");

    let made = bench.create(&[BackupPartKind::Prometheus]).await;
    let part = made.parts.iter().find(|part| part.kind == BackupPartKind::Prometheus).unwrap();
    assert!(made.verdict == BackupVerdict::Verified && part.count >= 1, "{made:#?}");
    assert!(part.notes.iter().any(|note| note.contains("Copied from container")), "{part:?}");
    assert_eq!(docker(&["exec", &name, "ls", "/prometheus/snapshots"]), "", "the server's own copy is gone");

    // All data is lost.
    docker(&["stop", &name]);
    docker(&[
        "run",
        "--rm",
        "--user",
        "0:0",
        "--volumes-from",
        &name,
        "--entrypoint",
        "/bin/sh",
        IMAGE,
        "-c",
        "rm -rf /prometheus/*",
    ]);

    // Prometheus does not run, as it would not after such a loss: its container's command line tells what it would.
    let id = BackupRequest { id: made.id.clone() };
    let plan = bench.panel.data_restore_plan(id.clone()).await.unwrap();
    assert!(
        plan.by_panel && plan.container == name && plan.target == "/prometheus" && plan.blocks == part.count,
        "{plan:#?}"
    );
    assert!(plan.free_bytes.is_some_and(|free| free > plan.bytes) && plan.steps.len() == 5, "{plan:#?}");
    assert!(plan.steps[2].command.contains("--owner=65534"), "{plan:#?}");
    assert!(plan.notes.iter().any(|note| note.contains("is stopped")), "{plan:#?}");
    let stale = DataRestoreRequest { id: made.id.clone(), digest: "other".into(), created_by: String::new() };
    assert_eq!(bench.panel.data_restore_apply(stale).await.unwrap_err().code, ErrorCode::Unverified);
    let asked = DataRestoreRequest { id: made.id.clone(), digest: plan.digest, created_by: "me".into() };
    let done = bench.panel.data_restore_apply(asked).await.unwrap();
    assert!(done.answered >= 1 && done.answered == done.expected, "{done:#?}");
    assert_eq!(ask(&bench, &url, at).await, before);
    assert!(
        docker(&["exec", &name, "ls", "-d", &done.kept]).contains(".before"),
        "the data of before is kept"
    );
    assert_eq!(bench.panel.data_restore_check(id).await.unwrap().answered, done.answered);

    // What Prometheus can't start with is taken back: a block whose index is broken, as if the disk had lied.
    docker(&["exec", "--user", "0", &name, "rm", "-rf", &done.kept]);
    let broken = bench.root().join("broken");
    let copied =
        Command::new("cp").arg("-r").arg(bench.root().join(&made.id.0)).arg(&broken).status().unwrap();
    assert!(copied.success());
    let blocks = broken.join("prometheus/snapshot");
    for block in fs::read_dir(&blocks).unwrap() {
        let meta = block.unwrap().path().join("meta.json");
        let text = fs::read_to_string(&meta).unwrap();
        let mut told: Value = serde_json::from_str(&text).unwrap();
        told["version"] = 7.into();
        fs::write(&meta, told.to_string()).unwrap();
    }
    let id = BackupId("broken".into());
    let plan = bench.panel.data_restore_plan(BackupRequest { id: id.clone() }).await.unwrap();
    let asked = DataRestoreRequest { id, digest: plan.digest, created_by: "me".into() };
    let error = bench.panel.data_restore_apply(asked).await.unwrap_err();
    assert!(error.message.contains("was put back"), "{error:?}");
    full(&bench, &url).await;
    assert_eq!(ask(&bench, &url, at).await, before, "as before");
    assert!(!docker(&["exec", &name, "ls", "-a", "/prometheus"]).contains(".before"), "nothing is left over");
    drop(container);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn prometheus_without_its_lifecycle_api_reads_its_files_at_a_signal_through_a_real_engine() {
    if let Some(why) = engine_missing().await {
        return eprintln!("skipped: {why}");
    }
    let folder = tempfile::tempdir().unwrap();
    // A name of its own: the other test removes its image when it ends.
    let image_name = "aether-test/signalled:v2.54.1";
    image(folder.path(), image_name);
    let container = Container::start("signal", folder.path(), image_name, &[]);
    let (name, url) = (container.name.clone(), container.url.clone());
    let servers = format!(
        "[prometheus]\nurl = \"{url}\"\n[docker]\nhost = \"{HOST}\"\n[[pins]]\nservice = \
            \"prometheus\"\ncontainer = \"{name}\"\nimage = \"{image_name}\"\n"
    );
    let bench = Bench::with("11.2.0", None, &servers).await;
    full(&bench, &url).await;
    let runs = async || {
        bench.http.get(format!("{url}/api/v1/status/config")).send().await.unwrap().text().await.unwrap()
    };
    assert!(!runs().await.contains("job_name: second"));
    let config = folder.path().join("prometheus.yml");
    let more = format!(
        "{}\n",
        fs::read_to_string(&config)
            .unwrap()
            .replace("scrape_configs: [", "scrape_configs: [{ job_name: second }, ")
    );
    fs::write(&config, more).unwrap();
    docker(&["cp", &config.display().to_string(), &format!("{name}:/etc/prometheus.yml")]);
    let applied = bench.panel.rules_reload(Empty {}).await.unwrap();
    assert!(applied.in_force, "{applied:?}");
    assert!(runs().await.contains("job_name: second"), "it has read its files: {applied:?}");
    // What it can't read is told, and it goes on.
    fs::write(&config, "scrape_configs: {").unwrap();
    docker(&["cp", &config.display().to_string(), &format!("{name}:/etc/prometheus.yml")]);
    let refused = bench.panel.rules_reload(Empty {}).await.unwrap_err();
    assert_eq!(refused.code, ErrorCode::Rejected, "{refused:?}");
    assert!(runs().await.contains("job_name: second"), "it goes on with the files of before");
    docker(&["stop", &name]);
    assert!(bench.panel.rules_reload(Empty {}).await.is_err());
    drop(container);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_docker_the_steps_are_for_this_machine_and_the_gap_is_told() {
    // No engine is needed: the profile names one that is not there.
    let servers =
        "[prometheus]\nurl = \"http://127.0.0.1:9\"\n[docker]\nhost = \"unix:///nowhere/docker.sock\"\n";
    let bench = Bench::with("11.2.0", None, servers).await;
    let empty = bench.create(&[BackupPartKind::Grafana]).await;
    let refused = bench.panel.data_restore_plan(BackupRequest { id: empty.id }).await.unwrap_err();
    assert_eq!(refused.code, ErrorCode::InvalidRequest, "{refused:?}");
    let folder = bench.root().join("foreign/prometheus/snapshot/01ARZ3NDEKTSV4RRFFQ69G5FAV");
    fs::create_dir_all(&folder).unwrap();
    let meta = r#"{"ulid":"01ARZ3NDEKTSV4RRFFQ69G5FAV","minTime":1000,"maxTime":2000,
        "stats":{"numSamples":1,"numSeries":1}}"#;
    fs::write(folder.join("meta.json"), meta).unwrap();
    fs::write(bench.root().join("foreign/MANIFEST.txt"), "x").unwrap();
    let id = BackupRequest { id: BackupId("foreign".into()) };
    let plan = bench.panel.data_restore_plan(id).await.unwrap();
    assert!(!plan.by_panel && plan.container.is_empty() && plan.steps.len() == 5, "{plan:#?}");
    assert!(
        plan.steps[0].command.contains("systemctl") && plan.notes.iter().any(|note| note.contains("Docker")),
        "{plan:#?}"
    );
    let asked = DataRestoreRequest { id: plan.id, digest: plan.digest, created_by: String::new() };
    assert_eq!(bench.panel.data_restore_apply(asked).await.unwrap_err().code, ErrorCode::InvalidRequest);
}
