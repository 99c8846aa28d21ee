//! Restoring configuration files on a real Prometheus and Alertmanager, and into another stack; the
//! diff of a dashboard's JSON; backups in Git.
#![allow(clippy::unwrap_used, clippy::panic)]

use std::{fs, path::Path, process::Command};

use crate::common::backups::{Bench, GRAFANA, item, of};
use aether_contract::*;
use aether_tests::stack::{QUICK_RULES, QUIET_ALERTMANAGER, Stack, servers_missing};
use serde_json::json;

const CONFIGS: &[BackupPartKind] = &[BackupPartKind::Configs];
const FILES: [&str; 3] = ["prometheus/prometheus.yml", "alertmanager/alertmanager.yml", "quick.yml"];

/// A bench on a stack of real servers whose own files are the pack.
async fn on(stack: &Stack, dir: &Path) -> Bench {
    let servers = format!(
        "[prometheus]\nurl = \"{}\"\n[alertmanager]\nurls = [\"{}\"]\n[pack]\ndir = \"{}\"\nfiles = {}\n",
        stack.prometheus.url(),
        stack.alertmanagers[0].url(),
        dir.display(),
        json!(FILES),
    );
    Bench::with("11.2.0", None, &servers).await
}

async fn reload(bench: &Bench, url: &str) {
    assert!(bench.http.post(format!("{url}/-/reload")).send().await.unwrap().status().is_success());
}

async fn text(bench: &Bench, url: &str) -> String {
    bench.http.get(url).send().await.unwrap().text().await.unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn configuration_files_are_restored_reloaded_seen_and_undone() {
    if let Some(why) = servers_missing() {
        return eprintln!("skipped: {why}");
    }
    let stack = Stack::start(1).await.unwrap();
    let dir = stack.folder.path().to_path_buf();
    let bench = on(&stack, &dir).await;
    let saved = bench.create(CONFIGS).await;
    let (prometheus, alertmanager) = (stack.prometheus.url(), stack.alertmanagers[0].url());

    // Somebody works on two of them.
    let edited = QUICK_RULES.replace("< 30", "< 20");
    let other = QUIET_ALERTMANAGER.replace("none", "other");
    fs::write(dir.join("quick.yml"), &edited).unwrap();
    fs::write(dir.join("alertmanager/alertmanager.yml"), &other).unwrap();
    reload(&bench, prometheus).await;
    reload(&bench, alertmanager).await;
    assert!(text(&bench, &format!("{prometheus}/api/v1/rules")).await.contains("\\u003c 20"));

    let request = of(&bench, &saved.id, RestorePart::Configs, &[]);
    let plan = bench.panel.restore_plan(request.clone()).await.unwrap();
    assert_eq!((plan.writes, plan.undecided), (2, 0), "{plan:#?}");
    assert_eq!(item(&plan, "prometheus/prometheus.yml").act, RestoreAction::Identical);
    let rules = item(&plan, "quick.yml");
    assert!(rules.act == RestoreAction::Update && rules.kind == RestoreKind::File, "{rules:#?}");
    let changes = rules.diff.lines().filter(|line| line.starts_with(['-', '+'])).count();
    assert!(changes == 2 && rules.diff.contains("< 20") && rules.diff.contains("< 30"), "{}", rules.diff);
    assert_eq!(fs::read_to_string(dir.join("quick.yml")).unwrap(), edited, "a plan writes nothing");

    let run = bench.apply(request.clone()).await.unwrap();
    assert!(run.state == RestoreState::Done && run.can_undo && run.what == RestorePart::Configs, "{run:#?}");
    assert_eq!(fs::read_to_string(dir.join("quick.yml")).unwrap(), QUICK_RULES);
    assert!(text(&bench, &format!("{prometheus}/api/v1/rules")).await.contains("\\u003c 30"));
    assert!(!text(&bench, &format!("{alertmanager}/api/v2/status")).await.contains("other"));
    // There is nothing left to do.
    let again = bench.panel.restore_plan(request).await.unwrap();
    assert_eq!(again.writes, 0);

    let undone = bench.panel.restore_undo(RestoreUndoRequest { id: run.id }).await.unwrap();
    assert_eq!(undone.state, RestoreState::Undone, "{undone:#?}");
    assert_eq!(fs::read_to_string(dir.join("quick.yml")).unwrap(), edited);
    assert_eq!(fs::read_to_string(dir.join("alertmanager/alertmanager.yml")).unwrap(), other);
    assert!(text(&bench, &format!("{prometheus}/api/v1/rules")).await.contains("\\u003c 20"));
    assert!(text(&bench, &format!("{alertmanager}/api/v2/status")).await.contains("other"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_does_not_run_a_restored_file_gets_the_old_one_back() {
    if let Some(why) = servers_missing() {
        return eprintln!("skipped: {why}");
    }
    let stack = Stack::start(1).await.unwrap();
    // The server reads other files than the profile says, as after a single mounted file was replaced.
    let dir = tempfile::tempdir().unwrap();
    for file in FILES {
        fs::create_dir_all(dir.path().join(file).parent().unwrap()).unwrap();
        fs::copy(stack.folder.path().join(file), dir.path().join(file)).unwrap();
    }
    let bench = on(&stack, dir.path()).await;
    let quick = dir.path().join("quick.yml");
    fs::write(&quick, QUICK_RULES.replace("< 30", "< 25")).unwrap();
    let saved = bench.create(CONFIGS).await;
    fs::write(&quick, QUICK_RULES).unwrap();
    let run = bench.apply(of(&bench, &saved.id, RestorePart::Configs, &["quick.yml"])).await.unwrap();
    assert_eq!(run.items[0].outcome, RestoreOutcome::Failed, "{run:#?}");
    assert!(run.notes.iter().any(|note| note.contains("does not run the files")), "{run:#?}");
    assert_eq!(fs::read_to_string(&quick).unwrap(), QUICK_RULES, "as before");
    assert!(!run.can_undo, "there is nothing to undo");

    // Alertmanager tells by the hash of its file.
    let am = dir.path().join("alertmanager/alertmanager.yml");
    fs::write(&am, QUIET_ALERTMANAGER.replace("none", "other")).unwrap();
    let saved = bench.create(CONFIGS).await;
    fs::write(&am, QUIET_ALERTMANAGER).unwrap();
    let run = bench.apply(of(&bench, &saved.id, RestorePart::Configs, &[FILES[1]])).await.unwrap();
    assert_eq!(run.items[0].outcome, RestoreOutcome::Failed, "{run:#?}");
    assert_eq!(fs::read_to_string(&am).unwrap(), QUIET_ALERTMANAGER);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_server_would_refuse_or_nobody_asked_for_is_never_written() {
    if let Some(why) = servers_missing() {
        return eprintln!("skipped: {why}");
    }
    let stack = Stack::start(1).await.unwrap();
    let dir = stack.folder.path().to_path_buf();
    let bench = on(&stack, &dir).await;
    let quick = dir.join("quick.yml");
    fs::write(&quick, QUICK_RULES.replace("sum by (tenant_id)", "sum by (tenant_id")).unwrap();
    let broken = bench.create(CONFIGS).await;
    fs::write(&quick, QUICK_RULES).unwrap();
    let request = of(&bench, &broken.id, RestorePart::Configs, &[]);
    let plan = bench.panel.restore_plan(request.clone()).await.unwrap();
    let rules = item(&plan, "quick.yml");
    assert!(
        rules.obstacle == Some(RestoreConflict::Unusable) && rules.note.contains("would reject it"),
        "{rules:#?}"
    );
    assert_eq!(plan.writes, 0);
    let refused = bench.apply(request).await.unwrap_err();
    assert_eq!(refused.code, ErrorCode::InvalidRequest, "{refused}");

    // A backup from elsewhere may name any file of this machine: only the profile's are written.
    let foreign = bench.root().join("from-elsewhere/configs");
    fs::create_dir_all(&foreign).unwrap();
    fs::write(foreign.join("crontab.yml"), "x: 1\n").unwrap();
    let id = BackupId("from-elsewhere".into());
    let plan = bench.panel.restore_plan(of(&bench, &id, RestorePart::Configs, &[])).await.unwrap();
    assert!(item(&plan, "crontab.yml").note.contains("profile"), "{plan:#?}");
    assert!(plan.writes == 0 && !dir.join("crontab.yml").exists());

    // Somebody works on the file after the plan was shown.
    let saved = bench.create(CONFIGS).await;
    fs::write(&quick, QUICK_RULES.replace("< 30", "< 20")).unwrap();
    let request = of(&bench, &saved.id, RestorePart::Configs, &["quick.yml"]);
    let digest = bench.panel.restore_plan(request.clone()).await.unwrap().digest;
    let theirs = QUICK_RULES.replace("< 30", "< 10");
    fs::write(&quick, &theirs).unwrap();
    let asked = RestoreApplyRequest { request, digest, created_by: String::new() };
    assert_eq!(bench.panel.restore_apply(asked).await.unwrap_err().code, ErrorCode::Unverified);
    assert_eq!(fs::read_to_string(&quick).unwrap(), theirs);
    let unknown = of(&bench, &saved.id, RestorePart::Configs, &["nothing.yml"]);
    assert_eq!(bench.panel.restore_plan(unknown).await.unwrap_err().code, ErrorCode::NotFound);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn files_are_left_alone_where_the_server_cannot_be_told_to_read_them() {
    if let Some(why) = servers_missing() {
        return eprintln!("skipped: {why}");
    }
    let stack = Stack::start(1).await.unwrap();
    let folder = tempfile::tempdir().unwrap();
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    // Without --web.enable-lifecycle.
    let mut server = Command::new(aether_tests::on_path("prometheus").unwrap())
        .arg(format!("--config.file={}", stack.folder.path().join(FILES[0]).display()))
        .arg(format!("--storage.tsdb.path={}", folder.path().join("data").display()))
        .arg(format!("--web.listen-address=127.0.0.1:{port}"))
        .stderr(std::process::Stdio::null())
        .spawn()
        .unwrap();
    let servers = format!(
        "[prometheus]\nurl = \"http://127.0.0.1:{port}\"\n[pack]\ndir = \"{}\"\nfiles = {}\n",
        stack.folder.path().display(),
        json!(FILES)
    );
    let bench = Bench::with("11.2.0", None, &servers).await;
    let saved = bench.create(CONFIGS).await;
    let quick = stack.folder.path().join("quick.yml");
    let edited = QUICK_RULES.replace("< 30", "< 20");
    fs::write(&quick, &edited).unwrap();
    let up = async || {
        bench
            .http
            .get(format!("http://127.0.0.1:{port}/-/ready"))
            .send()
            .await
            .ok()
            .filter(|r| r.status().is_success())
    };
    aether_tests::eventually(std::time::Duration::from_secs(30), up).await.expect("a server");
    let refused = bench.apply(of(&bench, &saved.id, RestorePart::Configs, &["quick.yml"])).await.unwrap_err();
    server.kill().unwrap();
    server.wait().unwrap();
    assert!(refused.to_string().contains("lifecycle"), "{refused}");
    assert_eq!(fs::read_to_string(&quick).unwrap(), edited, "nothing was written");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_json_of_a_dashboard_is_compared_line_by_line() {
    let bench = Bench::start("11.2.0").await;
    let first = bench.create(GRAFANA).await;
    bench.edit("rag-00", |data| data["panels"][0]["title"] = json!("Changed by hand")).await;
    let ask = |from: &BackupId, to: Option<&BackupId>, uid: &str| {
        let request = BackupDiffRequest { from: from.clone(), to: to.cloned(), uid: uid.to_owned() };
        bench.panel.backup_diff(request)
    };
    let diff = ask(&first.id, None, "rag-00").await.unwrap().text;
    assert!(diff.lines().any(|line| line.starts_with('+') && line.contains("Changed by hand")), "{diff}");
    assert!(diff.lines().any(|line| line.starts_with('-') && line.contains("\"version\": 1")), "raw: {diff}");
    let second = bench.create(GRAFANA).await;
    assert_eq!(ask(&first.id, Some(&second.id), "rag-00").await.unwrap().text, diff);
    assert_eq!(ask(&first.id, None, "rag-01").await.unwrap().text, "");
    bench.remove("rag-01").await;
    assert!(
        ask(&first.id, None, "rag-01").await.unwrap().text.lines().skip(3).all(|line| line.starts_with('-'))
    );
    assert_eq!(ask(&first.id, None, "no-such").await.unwrap_err().code, ErrorCode::NotFound);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_backup_is_committed_alone_where_its_folder_is_in_git() {
    let bench = Bench::start("11.2.0").await;
    let saved = bench.create(GRAFANA).await;
    let show = || bench.panel.backup_show(BackupRequest { id: saved.id.clone() });
    assert_eq!(show().await.unwrap().git, None);
    let commit = || bench.panel.backup_commit(BackupRequest { id: saved.id.clone() });
    assert_eq!(commit().await.unwrap_err().code, ErrorCode::InvalidRequest);

    let at = bench.root();
    let git = |arguments: &[&str]| {
        let output = Command::new("git").arg("-C").arg(&at).args(arguments).output().unwrap();
        assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8_lossy(&output.stdout).trim().to_owned()
    };
    git(&["init", "--quiet", "--initial-branch", "main"]);
    git(&["config", "user.email", "me@example.com"]);
    git(&["config", "user.name", "me"]);
    fs::write(at.join("mine.txt"), "half done").unwrap();
    git(&["add", "mine.txt"]);
    assert!(!show().await.unwrap().git.unwrap().committed);
    let done = commit().await.unwrap();
    assert_eq!(done.message, format!("backup: {} test", saved.id.0));
    assert_eq!(git(&["log", "--format=%H %s"]), format!("{} {}", done.commit, done.message));
    assert!(git(&["status", "--porcelain"]).contains("A  mine.txt"), "what somebody has staged stays staged");
    assert!(show().await.unwrap().git.unwrap().committed);
    assert!(commit().await.unwrap_err().message.contains("already"));
    // It is still as it was made.
    let verified =
        bench.panel.backup_verify(BackupVerifyRequest { id: saved.id.clone(), sample: 0 }).await.unwrap();
    assert!(verified.problems.is_empty(), "{verified:?}");
    // Git that refuses is heard.
    let hook = at.join(".git/hooks/pre-commit");
    fs::create_dir_all(hook.parent().unwrap()).unwrap();
    fs::write(&hook, "#!/bin/sh\necho not on Fridays >&2\nexit 1\n").unwrap();
    fs::set_permissions(&hook, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    let next = bench.create(GRAFANA).await;
    let refused = bench.panel.backup_commit(BackupRequest { id: next.id }).await.unwrap_err();
    assert!(refused.code == ErrorCode::Storage && refused.detail.contains("Fridays"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_backup_is_restored_into_the_grafana_of_another_stack_and_undone_there() {
    let mut bench = Bench::start("11.2.0").await;
    let other = Bench::start("11.2.0").await;
    other.remove("rag-00").await;
    bench.beside(&other).await;
    let saved = bench.create(GRAFANA).await;

    let request = RestoreRequest {
        into_stack: Some("staging".into()),
        ..bench.request(&saved.id, &["rag-00", "rag-01"])
    };
    let plan = bench.panel.restore_plan(request.clone()).await.unwrap();
    assert_eq!(
        (item(&plan, "rag-00").act, item(&plan, "rag-01").act),
        (RestoreAction::Create, RestoreAction::Identical)
    );
    assert!(plan.target.starts_with(other.grafana.url()), "{}", plan.target);
    let run = bench.apply(request.clone()).await.unwrap();
    assert_eq!(run.state, RestoreState::Done, "{run:#?}");
    assert!(other.dashboard("rag-00").await.is_some());
    let undone = bench.panel.restore_undo(RestoreUndoRequest { id: run.id }).await.unwrap();
    assert_eq!(undone.state, RestoreState::Undone, "{undone:#?}");
    assert!(other.dashboard("rag-00").await.is_none() && bench.dashboard("rag-00").await.is_some());
    let nowhere = RestoreRequest { into_stack: Some("nowhere".into()), ..request };
    assert_eq!(bench.panel.restore_plan(nowhere).await.unwrap_err().code, ErrorCode::NotFound);
}
