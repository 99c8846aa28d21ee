//! Backups from a shell: each verb, and the shell killed at any point of making, restoring and deleting.
#![allow(clippy::unwrap_used, clippy::panic)]

mod common;

use std::{
    path::PathBuf,
    process::{Command, Stdio},
    time::{Duration, Instant},
};

use aether_sim::grafana::{Grafana, GrafanaOptions};
use common::{Home, Pace, Ran, ran};
use serde_json::{Value, json};

/// Points at which each of the three is killed.
const POINTS: u32 = 67;

struct Bench {
    home: Home,
    grafana: Grafana,
    stack: String,
    http: reqwest::Client,
}

impl Bench {
    async fn start() -> Self {
        Self::of("11.2.0").await
    }

    /// On a Grafana of a version.
    async fn of(version: &str) -> Self {
        let home = Home::new();
        let options = GrafanaOptions {
            folder: home.path().join("grafana"),
            version: version.to_owned(),
            ..GrafanaOptions::default()
        };
        let grafana = Grafana::start(options).await.unwrap();
        let stack = home.file(
            "shell.toml",
            &format!(
                "name = \"test\"\n[prometheus]\nurl = \"http://127.0.0.1:9\"\n[grafana]\nurl = \"{}\"\n\
                 auth = {{ kind = \"basic\", username = \"admin\" }}\n[backup]\nelsewhere = [\"file://{}\"]\n",
                grafana.url(),
                home.path().join("elsewhere").display()
            ),
        );
        Self { home, grafana, stack, http: reqwest::Client::builder().no_proxy().build().unwrap() }
    }

    fn command(&self, args: &[&str]) -> Command {
        let mut command = self.home.command(&[&["backup"], args, &["--stack", &self.stack]].concat());
        command.env("AETHER_GRAFANA_PASSWORD", "admin");
        command
    }

    fn run(&self, args: &[&str]) -> Ran {
        ran(self.command(args).output().unwrap())
    }

    fn json(&self, args: &[&str]) -> Value {
        self.run(&[args, &["--json"]].concat()).json()
    }

    /// Runs it and kills it after a while; tells whether it was still at work.
    fn killed(&self, args: &[&str], pace: &mut Pace) -> bool {
        let mut child = self.command(args).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        std::thread::sleep(pace.after());
        let cut = child.try_wait().unwrap().is_none();
        if !cut {
            pace.missed();
        }
        child.kill().unwrap();
        child.wait().unwrap();
        cut
    }

    fn root(&self) -> PathBuf {
        self.home.path().join("data/backups/test")
    }

    fn leftovers(&self) -> usize {
        let names = std::fs::read_dir(self.root()).unwrap();
        names
            .filter(|entry| entry.as_ref().unwrap().file_name().to_string_lossy().starts_with(".partial"))
            .count()
    }

    async fn title(&self, uid: &str) -> String {
        self.live(uid).await["dashboard"]["title"].as_str().unwrap().to_owned()
    }

    async fn live(&self, uid: &str) -> Value {
        let url = format!("{}/api/dashboards/uid/{uid}", self.grafana.url());
        let answer = self.http.get(url).basic_auth("admin", Some("admin")).send().await.unwrap();
        answer.json().await.unwrap()
    }

    async fn rename(&self, uid: &str, title: &str) {
        let mut live = self.live(uid).await;
        live["dashboard"]["title"] = json!(title);
        let body = json!({"dashboard": live["dashboard"], "folderUid": live["meta"]["folderUid"], "overwrite": false});
        let url = format!("{}/api/dashboards/db", self.grafana.url());
        let answer = self.http.post(url).basic_auth("admin", Some("admin")).json(&body).send().await.unwrap();
        assert!(answer.status().is_success());
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_verb_of_backups_works_from_a_shell() {
    let bench = Bench::start().await;
    assert_eq!(bench.run(&["create"]).code, 2, "no reason is given");
    let made = bench.run(&["create", "--reason", "before deploy", "--only", "grafana", "--json"]);
    let id = made.json()["data"]["id"].as_str().unwrap().to_owned();
    assert_eq!((made.code, made.json()["data"]["verdict"].as_str()), (0, Some("verified")), "{made:?}");
    // Prometheus is not there: a finding, and the backup is there all the same.
    let all = bench.run(&["create", "--reason", "all"]);
    assert_eq!(all.code, 1, "{all:?}");
    assert!(all.out.contains("INCOMPLETE") && all.out.contains("127.0.0.1:9"), "{all:?}");

    let list = bench.run(&["list"]);
    assert!(list.out.contains("before deploy") && list.out.contains("INCOMPLETE"), "{list:?}");
    assert_eq!((list.code, bench.json(&["list"])["data"]["backups"].as_array().unwrap().len()), (1, 2));
    assert!(bench.run(&["show", &id]).out.contains("rag-01"));
    assert_eq!(bench.run(&["show", "no-such"]).code, 2);
    assert_eq!(bench.json(&["find", "reranker"])["data"]["found"].as_array().unwrap().len(), 2);
    assert_eq!(bench.run(&["verify", &id]).code, 0);
    assert_eq!(bench.run(&["verify", "--all", "--sample", "3"]).code, 0);

    let out = bench.home.path().join("out").display().to_string();
    let exported = bench.json(&["export", &id, "--to", &out, "--format", "zstd"]);
    let archive = exported["data"]["path"].as_str().unwrap().to_owned();
    assert!(archive.ends_with(&format!("test_{id}.tar.zst")), "{exported}");
    let again = bench.run(&["import", &archive]);
    assert!(again.code == 2 && again.err.contains("already exists"), "{again:?}");
    std::fs::rename(bench.root().join(&id), bench.home.path().join("aside")).unwrap();
    let taken = bench.run(&["import", &archive]);
    assert!(taken.code == 0 && taken.out.contains("verified"), "{taken:?}");
    assert_eq!(bench.run(&["import", "no-such.tar.gz"]).code, 2);
    assert_eq!(bench.run(&["verify", &id]).code, 0);

    // Copies elsewhere.
    let push = bench.run(&["push", &id]);
    assert!(push.code == 2 && push.err.contains("mounted"), "that disk is not there: {push:?}");
    std::fs::create_dir(bench.home.path().join("elsewhere")).unwrap();
    assert_eq!(bench.run(&["push", &id]).code, 0);
    let remote = bench.run(&["remote", "list"]);
    assert!(remote.code == 0 && remote.out.contains(&id), "{remote:?}");
    assert_eq!(bench.run(&["remote", "verify", &id]).code, 0);
    let fetch = bench.run(&["fetch", &id]);
    assert!(fetch.code == 2 && fetch.err.contains("already exists"), "{fetch:?}");
    let prune = bench.run(&["remote", "prune", "--last", "1"]);
    assert!(prune.code == 0 && prune.out.contains("Nothing was changed"), "{prune:?}");
    assert!(bench.run(&["list"]).out.contains("1 target"));
    std::fs::remove_file(bench.home.path().join("elsewhere").join(&id).join("manifest.json")).unwrap();
    let half = bench.run(&["remote", "list"]);
    assert!(half.code == 1 && half.out.contains("incomplete upload"), "{half:?}");

    bench.rename("rag-01", "\u{1b}[31mRenamed").await;
    let diff = bench.run(&["diff", &id]);
    assert_eq!(diff.code, 1);
    assert!(diff.out.contains("Renamed") && !diff.out.contains('\u{1b}'), "{diff:?}");
    let plan = bench.run(&["restore", &id]);
    assert!(
        plan.code == 1 && plan.out.contains("CHOOSE") && plan.out.contains("Nothing was changed"),
        "{plan:?}"
    );
    assert_eq!(bench.run(&["restore", &id, "--apply"]).code, 2, "nothing is decided for anybody");
    assert_eq!(bench.run(&["restore", &id, "--choose", "rag-01"]).code, 2);
    let done = bench.run(&["restore", &id, "rag-01", "--choose", "rag-01=replace", "--apply"]);
    assert_eq!(done.code, 0, "{done:?}");
    assert_eq!(bench.title("rag-01").await, "Retrieval quality");
    assert_eq!(bench.run(&["diff", &id]).code, 0);
    assert!(bench.run(&["restores"]).out.contains("done"));
    assert_eq!(bench.run(&["undo"]).code, 0);
    assert_eq!(bench.title("rag-01").await, "\u{1b}[31mRenamed");
    assert_eq!(bench.run(&["undo"]).code, 2, "nothing is left to undo");
    // A folder that has to be made is worth a word, and no finding.
    let url = format!("{}/api/folders/business", bench.grafana.url());
    let gone = bench.http.delete(url).basic_auth("admin", Some("admin")).send().await.unwrap();
    assert!(gone.status().is_success());
    let made = bench.run(&["restore", &id, "business-00", "--apply"]);
    assert!(made.code == 0 && made.out.contains("\"Business\" was created"), "{made:?}");
    assert_eq!(bench.run(&["undo"]).code, 0);

    assert_eq!(bench.run(&["pin", &id]).code, 1, "the incomplete one is still a finding");
    let prune = ["prune", "--last", "0", "--daily", "0", "--weekly", "0", "--monthly", "0"];
    let plan = bench.run(&prune);
    assert!(
        plan.code == 0 && plan.out.contains("pinned") && plan.out.contains("Nothing was changed"),
        "{plan:?}"
    );
    let deleted = bench.json(&[&prune[..], &["--apply"]].concat());
    assert_eq!(deleted["data"]["deleted"].as_array().unwrap().len(), 1, "the incomplete one: {deleted}");
    let bytes = std::fs::read(bench.root().join(&id).join("MANIFEST.txt")).unwrap();
    std::fs::write(bench.root().join(&id).join("MANIFEST.txt"), [&bytes[..], b"x"].concat()).unwrap();
    assert_eq!(bench.run(&["verify", &id]).code, 1);
    assert!(bench.run(&["list"]).out.contains("CORRUPTED"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_at_any_point_backups_stay_whole_and_restores_can_be_undone() {
    let bench = Bench::start().await;
    let create = ["create", "--reason", "r", "--only", "grafana"];
    let began = Instant::now();
    assert_eq!(bench.run(&create).code, 0);
    let longest = began.elapsed();
    let id = bench.json(&["list"])["data"]["backups"][0]["id"].as_str().unwrap().to_owned();
    let mut cut = 0;
    let mut pace = Pace::new(longest, POINTS);
    for point in 0..POINTS {
        cut += u32::from(bench.killed(&create, &mut pace));
        // What is listed is whole.
        if point % 8 == 7 {
            let verified = bench.run(&["verify", "--all"]);
            assert_eq!(verified.code, 0, "create, point {point}: {verified:?}");
        }
    }
    assert_eq!(bench.run(&create).code, 0);
    assert_eq!(bench.leftovers(), 0, "what was never whole is cleared away");

    let (cut_restores, longest) = kill_restores(&bench, &id, POINTS).await;
    cut += cut_restores;

    let prune = ["prune", "--last", "1", "--daily", "0", "--weekly", "0", "--monthly", "0", "--apply"];
    let mut pace = Pace::new(longest / 2, POINTS);
    for point in 0..POINTS {
        if point == 0 || bench.json(&["list"])["data"]["backups"].as_array().unwrap().len() < 12 {
            for _ in 0..3 {
                assert_eq!(bench.run(&create).code, 0);
            }
        }
        cut += u32::from(bench.killed(&prune, &mut pace));
        if point % 8 == 7 {
            let verified = bench.run(&["verify", "--all", "--sample", "5"]);
            assert_eq!(verified.code, 0, "prune, point {point}: {verified:?}");
        }
    }
    assert_eq!(bench.run(&create).code, 0);
    assert_eq!(bench.leftovers(), 0);
    assert!(cut >= POINTS, "only {cut} of {} were cut off", 3 * POINTS);
}

/// Kills restores at points of their way and undoes what had begun; how many were cut off, and how long one takes.
async fn kill_restores(bench: &Bench, id: &str, points: u32) -> (u32, Duration) {
    let mut cut = 0;
    let uids = ["rag-00", "rag-01", "rag-02"];
    let restore = ["restore", id, "rag-00", "rag-01", "rag-02", "--otherwise", "replace", "--apply"];
    bench.rename("rag-00", "warm up").await;
    let began = Instant::now();
    assert_eq!(bench.run(&restore).code, 0);
    let longest = began.elapsed();
    let (mut undone, mut point) = (0, 0);
    let mut pace = Pace::new(longest, points);
    // On a machine that becomes busier most are killed before they have begun.
    while point < points || undone < 5 {
        assert!(point < 10 * points, "only {undone} restores had begun when they were killed");
        let what = format!("restore, point {point}");
        for uid in uids {
            bench.rename(uid, &format!("{uid} {point}")).await;
        }
        let before = bench.json(&["restores"])["data"][0]["id"].clone();
        cut += u32::from(bench.killed(&restore, &mut pace));
        let newest = bench.json(&["restores"])["data"][0].clone();
        if newest["id"] != before {
            // It had begun: undoing it brings back what was there, written down or not.
            let undo = bench.run(&["undo", &newest["id"].to_string()]);
            assert_eq!(undo.code & 2, 0, "{what}: {newest} {undo:?}");
            undone += 1;
        }
        for uid in uids {
            assert_eq!(bench.title(uid).await, format!("{uid} {point}"), "{what}: {newest}");
        }
        point += 1;
    }
    (cut, longest)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_restores_through_apis_can_be_undone_too() {
    let bench = Bench::of("13.3.0").await;
    assert_eq!(bench.run(&["create", "--reason", "r", "--only", "grafana"]).code, 0);
    let id = bench.json(&["list"])["data"]["backups"][0]["id"].as_str().unwrap().to_owned();
    kill_restores(&bench, &id, POINTS / 3).await;
}
