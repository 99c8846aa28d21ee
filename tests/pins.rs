//! Version pins on a real engine, on an engine of 500 containers that fails now and then, and in the files.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::{
    fs,
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use crate::common::backups::Bench;
use crate::common::engine::{Container, HOST, docker, engine_missing, image};
use aether_contract::*;
use aether_tests::eventually;
use axum::{
    Json, Router,
    extract::Path as Asked,
    http::StatusCode,
    response::{IntoResponse as _, Response},
    routing::get,
};
use serde_json::{Value, json};

const IMAGE: &str = "aether-test/pinned:v2.54.1";

fn row<'a>(report: &'a PinsReport, service: &str) -> &'a PinRow {
    report
        .rows
        .iter()
        .find(|row| row.service == service)
        .unwrap_or_else(|| panic!("no {service} in {report:#?}"))
}

async fn look(bench: &Bench) -> PinsReport {
    // The versions that the servers report are those of the last poll.
    bench.panel.refresh_and_wait().await;
    bench.panel.pins_show(Empty {}).await.unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_chain_is_followed_on_a_real_engine_from_a_lying_tag_to_a_missing_container() {
    if let Some(why) = engine_missing().await {
        return eprintln!("skipped: {why}");
    }
    let folder = tempfile::tempdir().unwrap();
    image(folder.path(), IMAGE);
    let project = format!("aether-pins-{}", std::process::id());
    let labels =
        [format!("com.docker.compose.project={project}"), "com.docker.compose.service=prometheus".to_owned()];
    let labels: Vec<&str> = labels.iter().flat_map(|label| ["--label", label.as_str()]).collect();
    let container = Container::start("pins", folder.path(), IMAGE, &labels);
    let (name, url) = (container.name.clone(), container.url.clone());
    let beside = format!("{name}-beside");
    docker(&[
        "create",
        "--name",
        &beside,
        "--label",
        &format!("com.docker.compose.project={project}"),
        "--label",
        "com.docker.compose.service=extra",
        "--entrypoint",
        "/bin/sh",
        IMAGE,
        "-c",
        "sleep 1",
    ]);
    let gone = Gone(vec![beside.clone()]);
    let compose = folder.path().join("compose.yml");
    let text = format!(
        "# kept\nname: {project}\nservices:\n  prometheus:\n    image: \
            aether-test/pinned:${{PROM_TAG:-v2.54.1}}  # pinned\n    container_name: {name}\n"
    );
    fs::write(&compose, &text).unwrap();
    let servers = format!(
        "[prometheus]\nurl = \"{url}\"\n[docker]\nhost = \"{HOST}\"\n[compose]\nfiles = \
            [\"{}\"]\n[[pins]]\nservice = \"prometheus\"\ncontainer = \"{name}\"\nimage = \
            \"{IMAGE}\"\n[[pins]]\nservice = \"loki\"\n",
        compose.display()
    );
    let bench = Bench::with("11.2.0", None, &servers).await;
    let report = eventually(Duration::from_secs(60), async || {
        let report = look(&bench).await;
        (!row(&report, "prometheus").reported.is_empty()).then_some(report)
    })
    .await
    .expect("Prometheus answers");

    // The image is made of Debian's program under the tag of the pin.
    let found = row(&report, "prometheus");
    let says = &found.reported[0].version;
    assert_ne!(says, "2.54.1", "Debian's is older");
    assert_eq!(found.words, format!("The tag is v2.54.1, but the reported version is {says}."));
    assert_eq!(found.verdict, PinVerdict::OtherProgram);
    let reference = found.compose.as_ref().unwrap();
    assert_eq!(
        (reference.line, reference.raw.as_str()),
        (Some(5), "aether-test/pinned:${PROM_TAG:-v2.54.1}")
    );
    assert_eq!((found.image.as_deref(), found.image_id == found.tag_image_id), (Some(IMAGE), true));
    assert!(found.digests.is_empty(), "never pulled");
    assert_eq!(row(&report, "loki").verdict, PinVerdict::Absent);
    let extra = row(&report, "extra");
    assert_eq!((extra.pinned.clone(), extra.container.as_str()), (None, beside.as_str()));

    // Locking by a digest that nobody knows is refused; another version is one line of one file, and the pin.
    let change =
        |image: &str, lock| PinUpdateChange { service: "prometheus".into(), image: image.into(), lock };
    let refused = bench.panel.pins_plan(change(IMAGE, true)).await.unwrap_err();
    assert!(refused.message.contains("never pulled"), "{refused:?}");
    let other = "aether-test/pinned:v2.55.0";
    let plan = bench.panel.pins_plan(change(other, false)).await.unwrap();
    assert_eq!(plan.files.len(), 2, "{plan:#?}");
    let apply = |digest: &str, reason: &str| PinUpdateRequest {
        change: change(other, false),
        digest: digest.into(),
        reason: reason.into(),
        created_by: "me".into(),
    };
    assert_eq!(bench.panel.pins_apply(apply("old", "why")).await.unwrap_err().code, ErrorCode::Unverified);
    assert_eq!(
        bench.panel.pins_apply(apply(&plan.digest, " ")).await.unwrap_err().code,
        ErrorCode::InvalidRequest
    );
    assert_eq!(fs::read_to_string(&compose).unwrap(), text, "nothing was written");
    let applied = bench.panel.pins_apply(apply(&plan.digest, "a fix")).await.unwrap();
    assert_eq!(applied.written.len(), 2);
    assert_eq!(fs::read_to_string(&compose).unwrap(), text.replace(":-v2.54.1}", ":-v2.55.0}"));
    let report = look(&bench).await;
    let found = row(&report, "prometheus");
    assert_eq!((found.verdict, found.pinned.as_deref()), (PinVerdict::OtherImage, Some(other)), "{found:#?}");
    assert!(found.remedy.starts_with("docker compose up -d prometheus"));
    assert_eq!(docker(&["inspect", "-f", "{{.Config.Image}}", &name]), IMAGE, "nothing was made anew");
    let back = bench.panel.pins_plan(change(IMAGE, false)).await.unwrap();
    bench
        .panel
        .pins_apply(PinUpdateRequest {
            change: change(IMAGE, false),
            digest: back.digest,
            reason: "back".into(),
            created_by: String::new(),
        })
        .await
        .unwrap();
    assert_eq!(fs::read_to_string(&compose).unwrap(), text, "byte for byte");

    // The tag is moved to another image.
    let tar = folder.path().join("other.tar");
    fs::write(folder.path().join("file"), "other").unwrap();
    let packed = std::process::Command::new("tar")
        .args(["-C", &folder.path().display().to_string(), "-cf", &tar.display().to_string(), "file"])
        .status()
        .unwrap();
    assert!(packed.success());
    docker(&["tag", IMAGE, "aether-test/pinned:kept"]);
    docker(&["import", &tar.display().to_string(), IMAGE]);
    let report = look(&bench).await;
    let found = row(&report, "prometheus");
    assert_eq!(found.verdict, PinVerdict::Recreate, "{found:#?}");
    assert_ne!(found.image_id, found.tag_image_id);

    docker(&["tag", "aether-test/pinned:kept", IMAGE]);
    docker(&["rmi", "aether-test/pinned:kept"]);
    docker(&["stop", &name]);
    let report = look(&bench).await;
    let found = row(&report, "prometheus");
    assert_eq!(
        (found.verdict, found.state.as_deref()),
        (PinVerdict::NotRunning, Some("exited")),
        "{found:#?}"
    );
    docker(&["rm", &name]);
    let report = look(&bench).await;
    assert_eq!(row(&report, "prometheus").verdict, PinVerdict::Missing);

    // What was seen to change is kept.
    let history =
        bench.panel.pins_history(PinsHistoryRequest { service: Some("prometheus".into()), limit: 100 }).await;
    let words: Vec<String> = history.unwrap().changes.into_iter().map(|change| change.words).collect();
    let expected = [
        "Profile pin of prometheus changed from aether-test/pinned:v2.54.1 to aether-test/pinned:v2.55.0",
        "Compose image of prometheus changed from aether-test/pinned:v2.54.1 to aether-test/pinned:v2.55.0",
        "Compose image of prometheus changed from aether-test/pinned:v2.55.0 to aether-test/pinned:v2.54.1",
        "Image reference of prometheus now resolves to",
    ];
    for part in expected {
        assert!(words.iter().any(|words| words.contains(part)), "{part} is not in {words:#?}");
    }
    drop((container, gone));
}

/// Containers to be removed at the end.
struct Gone(Vec<String>);

impl Drop for Gone {
    fn drop(&mut self) {
        for name in &self.0 {
            let _ = std::process::Command::new("docker").args(["--host", HOST, "rm", "-f", name]).output();
        }
    }
}

/// An engine of 500 containers, as its API tells them; one of them can't be looked at while `broken`.
async fn engine_of_500(broken: Arc<AtomicBool>) -> String {
    let one = |index: usize| {
        let (name, project) = match index {
            0..5 => (format!("stack-{index}"), "stack"),
            _ => (format!("other-{index}"), "other"),
        };
        json!({
            "Id": format!("id-{name}"), "Names": [format!("/{name}")], "Image": "x/y:v1", "ImageID": "sha256:11",
                "State": "running",
            "Labels": {"com.docker.compose.project": project, "com.docker.compose.service": name}
        })
    };
    let all: Value = (0..500).map(one).collect();
    let detail = move |Asked(id): Asked<String>| {
        let broken = broken.load(Ordering::SeqCst);
        async move {
            if broken && id == "id-stack-1" {
                return (StatusCode::INTERNAL_SERVER_ERROR, Json(json!({"message": "disk is gone"})))
                    .into_response();
            }
            let name = id.trim_start_matches("id-").to_owned();
            Json(json!({
                "Id": id, "Name": format!("/{name}"), "Image": "sha256:11", "Created": "2026-11-01T10:00:00Z",
                "State": {"Running": true, "Status": "running"}, "Config": {"Image": "x/y:v1", "Labels": {}},
                    "Mounts": []
            }))
            .into_response()
        }
    };
    let images = |Asked(rest): Asked<String>| async move {
        let reply: Response = if rest.starts_with("x/y:v1") {
            Json(json!({"Id": "sha256:11", "RepoTags": ["x/y:v1"], "RepoDigests": ["x/y@sha256:22"]}))
                .into_response()
        } else {
            (StatusCode::NOT_FOUND, Json(json!({"message": "no such image"}))).into_response()
        };
        reply
    };
    let api = Router::new()
        .route("/containers/json", get(move || async move { Json(all) }))
        .route("/containers/{id}/json", get(detail))
        .route("/images/{*rest}", get(images));
    // With the API's version before the path, and without.
    let router = Router::new().merge(api.clone()).nest("/v1.53", api);
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let at = listener.local_addr().unwrap();
    tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
    format!("tcp://{at}")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_an_engine_of_500_containers_the_projects_own_are_told_and_one_that_fails_is_one_gap() {
    let broken = Arc::new(AtomicBool::new(false));
    let host = engine_of_500(Arc::clone(&broken)).await;
    let pins: String = (0..3)
        .map(|index| {
            format!(
                "[[pins]]\nservice = \"stack-{index}\"\ncontainer = \"stack-{index}\"\nimage = \"x/y:v1\"\n"
            )
        })
        .collect();
    let servers = format!("[prometheus]\nurl = \"http://127.0.0.1:9\"\n[docker]\nhost = \"{host}\"\n{pins}");
    let bench = Bench::with("11.2.0", None, &servers).await;
    let report = bench.panel.pins_show(Empty {}).await.unwrap();
    let verdicts: Vec<(&str, PinVerdict)> =
        report.rows.iter().map(|row| (row.service.as_str(), row.verdict)).collect();
    use PinVerdict::{Agrees, Unknown, Unpinned};
    assert_eq!(
        verdicts,
        [
            ("stack-0", Agrees),
            ("stack-1", Agrees),
            ("stack-2", Agrees),
            ("stack-3", Unpinned),
            ("stack-4", Unpinned)
        ]
    );
    assert_eq!(report.rows[0].digests, ["x/y@sha256:22"]);

    broken.store(true, Ordering::SeqCst);
    let report = bench.panel.pins_show(Empty {}).await.unwrap();
    assert!(report.docker_gap.is_none());
    assert_eq!((report.rows[1].verdict, report.rows[2].verdict), (Unknown, Agrees));
    assert!(report.rows[1].links[2].detail.contains("Docker rejected"), "{:#?}", report.rows[1]);

    // The engine knows the digest: a lock adds it. No compose file is named, so it is the profile's pin alone.
    let change = PinUpdateChange { service: "stack-0".into(), image: "x/y:v1".into(), lock: true };
    let plan = bench.panel.pins_plan(change).await.unwrap();
    assert_eq!((plan.image.as_str(), plan.files.len()), ("x/y:v1@sha256:22", 1));
}

#[tokio::test]
async fn without_an_engine_and_with_a_broken_compose_file_the_rest_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let file: PathBuf = folder.path().join("compose.yml");
    fs::write(&file, "services: [").unwrap();
    let servers = format!(
        "[prometheus]\nurl = \"http://127.0.0.1:9\"\n[docker]\nhost = \
            \"unix:///nowhere/docker.sock\"\n[compose]\nfiles = [\"{}\"]\n",
        file.display()
    );
    let bench = Bench::with("11.2.0", None, &servers).await;
    let report = look(&bench).await;
    assert!(report.docker_gap.as_ref().is_some_and(|gap| !gap.hint.is_empty()));
    assert!(report.compose_gap.as_ref().is_some_and(|gap| gap.detail.contains("compose.yml")), "{report:#?}");
    // Grafana answers: its link is seen all the same.
    let grafana = row(&report, "grafana");
    assert_eq!((grafana.verdict, grafana.reported[0].version.as_str()), (PinVerdict::Agrees, "11.2.0"));
    assert!(grafana.advisories.iter().any(|one| one.id == "CVE-2024-9264"));
    let prometheus = row(&report, "prometheus");
    assert_eq!(prometheus.verdict, PinVerdict::Unknown);
    assert!(!prometheus.links[4].detail.is_empty());
    // With a file that can't be read nothing is changed by guessing.
    let change =
        PinUpdateChange { service: "grafana".into(), image: "grafana/grafana:11.6.0".into(), lock: false };
    assert_eq!(bench.panel.pins_plan(change).await.unwrap_err().code, ErrorCode::InvalidRequest);
}
