//! Backups that want Git to run a program of theirs: by a repository inside them, or by names that become one.
#![cfg(unix)]
#![allow(clippy::unwrap_used, clippy::panic)]

use std::{
    fs,
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
    process::Command,
};

use crate::common::backups::{Bench, GRAFANA};
use aether_contract::*;
use serde_json::{Value, json};

const BOARD: &str = r#"{"uid": "b", "title": "B", "panels": []}"#;

fn git(at: &Path, arguments: &[&str]) {
    let output = Command::new("git").arg("-C").arg(at).args(arguments).output().unwrap();
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
}

/// Makes the folder of backups part of a work tree.
fn in_work_tree(bench: &Bench) {
    let root = bench.root();
    fs::create_dir_all(&root).unwrap();
    git(&root, &["init", "--quiet", "--initial-branch", "main"]);
    git(&root, &["config", "user.email", "me@example.com"]);
    git(&root, &["config", "user.name", "me"]);
}

/// A program that leaves a file behind when it runs.
struct Canary {
    program: PathBuf,
    file: PathBuf,
}

impl Canary {
    fn new(folder: &Path) -> Self {
        let (program, file) = (folder.join("canary.sh"), folder.join("canary-was-here"));
        fs::write(&program, format!("#!/bin/sh\necho \"$0 $*\" >> '{}'\n", file.display())).unwrap();
        fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).unwrap();
        Self { program, file }
    }

    /// Configuration of a repository that runs it wherever Git runs something.
    fn config(&self, more: &str) -> String {
        let program = self.program.display();
        format!(
            "[core]\n\trepositoryformatversion = 0\n\tfsmonitor = {program}\n\thooksPath = {}\n\
             \tsshCommand = {program}\n\tpager = {program}\n\teditor = {program}\n{more}\
             [diff]\n\texternal = {program}\n[gpg]\n\tprogram = {program}\n[filter \"x\"]\n\tclean = {program}\n",
            self.program.parent().unwrap().display()
        )
    }

    fn assert_silent(&self) {
        let said = fs::read_to_string(&self.file).unwrap_or_default();
        assert!(!self.file.exists(), "a program of the backup ran: {said}");
    }
}

/// A repository in a backup's folder: below `.git`, or bare with a work tree.
fn repository(backup: &Path, canary: &Canary, bare: bool) {
    let git_dir = if bare { backup.to_path_buf() } else { backup.join(".git") };
    for name in ["objects", "refs"] {
        fs::create_dir_all(git_dir.join(name)).unwrap();
    }
    fs::write(git_dir.join("HEAD"), "ref: refs/heads/main\n").unwrap();
    let more = if bare { "\tbare = false\n\tworktree = .\n" } else { "\tbare = false\n" };
    fs::write(git_dir.join("config"), canary.config(more)).unwrap();
    fs::write(backup.join(".gitattributes"), "* filter=x\n").unwrap();
}

/// Git does run the canary when it is simply called there, so that its silence proves something.
fn assert_armed(backup: &Path, canary: &Canary) {
    let _ = Command::new("git")
        .arg("-C")
        .arg(backup)
        .args(["status", "--porcelain", "--", "."])
        .output()
        .unwrap();
    assert!(canary.file.exists(), "the attack itself does not work on this Git");
    fs::remove_file(&canary.file).unwrap();
}

async fn look_at(bench: &Bench, id: &BackupId) -> BackupDetail {
    bench.panel.backup_list(Empty {}).await.unwrap();
    let detail = bench.panel.backup_show(BackupRequest { id: id.clone() }).await.unwrap();
    bench.panel.backup_commit(BackupRequest { id: id.clone() }).await.unwrap_err();
    detail
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn repository_inside_a_backup_never_runs_a_program() {
    for work_tree in [false, true] {
        for bare in [false, true] {
            let bench = Bench::start("11.2.0").await;
            if work_tree {
                in_work_tree(&bench);
            }
            let canary = Canary::new(bench.folder.path());
            // A backup of another tool, copied there by hand, and one of this panel.
            let foreign = bench.root().join("foreign");
            fs::create_dir_all(foreign.join("grafana")).unwrap();
            fs::write(foreign.join("grafana/b.json"), BOARD).unwrap();
            let own = bench.create(GRAFANA).await.id;
            for id in [BackupId("foreign".into()), own] {
                let folder = bench.root().join(&id.0);
                repository(&folder, &canary, bare);
                assert_armed(&folder, &canary);
                let detail = look_at(&bench, &id).await;
                canary.assert_silent();
                match detail.git {
                    None => assert!(!work_tree),
                    Some(state) => {
                        assert!(work_tree && !state.committed, "{state:?}");
                        assert!(state.problem.contains("contains a Git repository"), "{state:?}");
                    }
                }
                // The files of the repository are never opened as files of the backup.
                let asked = BackupFileRequest { id: id.clone(), path: ".git/config".into() };
                assert_eq!(bench.panel.backup_file(asked).await.unwrap_err().code, ErrorCode::NotFound);
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn repository_of_the_store_runs_no_program_until_somebody_commits() {
    let bench = Bench::start("11.2.0").await;
    in_work_tree(&bench);
    let id = bench.create(GRAFANA).await.id;
    let canary = Canary::new(bench.folder.path());
    let config = bench.root().join(".git/config");
    let text = fs::read_to_string(&config).unwrap();
    fs::write(&config, format!("{text}{}", canary.config(""))).unwrap();
    assert_armed(&bench.root(), &canary);
    let state = bench.panel.backup_show(BackupRequest { id: id.clone() }).await.unwrap().git.unwrap();
    assert!(!state.committed && state.problem.is_empty(), "{state:?}");
    canary.assert_silent();
    // The hooks of the repository that holds the folder of backups are the person's own.
    fs::write(&config, text).unwrap();
    let hook = bench.root().join(".git/hooks/pre-commit");
    fs::create_dir_all(hook.parent().unwrap()).unwrap();
    fs::copy(&canary.program, hook).unwrap();
    bench.panel.backup_show(BackupRequest { id: id.clone() }).await.unwrap();
    canary.assert_silent();
    bench.panel.backup_commit(BackupRequest { id }).await.unwrap();
    assert!(canary.file.exists(), "the hook of the work tree runs for a commit");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn manifest_with_a_hidden_or_git_path_is_listed_as_refused() {
    let bench = Bench::start("11.2.0").await;
    let id = bench.create(GRAFANA).await.id;
    let manifest = bench.root().join(&id.0).join("manifest.json");
    let text = fs::read_to_string(&manifest).unwrap();
    for path in
        [".git/config", "configs/.env", "x/.GIT./hooks/pre-commit", "git~1/config", ".g\u{200c}it/config"]
    {
        let mut lying: Value = serde_json::from_str(&text).unwrap();
        lying["files"][0]["path"] = json!(path);
        fs::write(&manifest, lying.to_string()).unwrap();
        let list = bench.panel.backup_list(Empty {}).await.unwrap();
        let words = format!("{}: unsafe path {path:?}", id.0);
        assert!(list.backups.is_empty() && list.unreadable[0].starts_with(&words), "{path:?}: {list:?}");
        let error = bench.panel.backup_show(BackupRequest { id: id.clone() }).await.unwrap_err();
        assert!(error.message.contains(&format!("unsafe path {path:?}")), "{error}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn hidden_pack_file_is_left_out_of_a_backup_with_a_note() {
    let pack = tempfile::tempdir().unwrap();
    for name in ["alertmanager.yml", ".env"] {
        fs::write(pack.path().join(name), "route: {}\n").unwrap();
    }
    let servers = format!(
        "[prometheus]\nurl = \"http://127.0.0.1:9\"\n[pack]\ndir = \"{}\"\nfiles = [\"alertmanager.yml\", \".env\"]\n",
        pack.path().display()
    );
    let bench = Bench::with("11.2.0", None, &servers).await;
    let made = bench.create(&[BackupPartKind::Configs]).await;
    let part = made.parts.iter().find(|part| part.kind == BackupPartKind::Configs).unwrap();
    assert_eq!((made.verdict, part.count), (BackupVerdict::Verified, 1), "{made:#?}");
    assert!(part.notes.iter().any(|note| note.starts_with(".env was skipped")), "{part:?}");
    let detail = bench.panel.backup_show(BackupRequest { id: made.id }).await.unwrap();
    assert!(detail.files.iter().all(|file| !file.path.contains(".env")), "{:?}", detail.files);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn pack_link_to_a_private_file_never_reaches_a_backup_a_check_or_a_restore() {
    let folder = tempfile::tempdir().unwrap();
    let (pack, private) = (folder.path().join("pack"), folder.path().join("private"));
    for dir in [&pack, &private] {
        fs::create_dir(dir).unwrap();
    }
    fs::write(private.join("id_rsa"), "PRIVATE KEY").unwrap();
    fs::write(pack.join("rules.yml"), "groups: []\n").unwrap();
    fs::write(pack.join("alertmanager.yml"), "route: {receiver: a}\nreceivers: [{name: a}]\n").unwrap();
    let servers = format!(
        "[prometheus]\nurl = \"http://127.0.0.1:9\"\n[pack]\ndir = \"{}\"\n\
         files = [\"alertmanager.yml\", \"rules.yml\"]\n",
        pack.display()
    );
    let bench = Bench::with("11.2.0", None, &servers).await;
    let honest = bench.create(&[BackupPartKind::Configs]).await;
    assert_eq!(honest.verdict, BackupVerdict::Verified, "{honest:#?}");

    fs::remove_file(pack.join("alertmanager.yml")).unwrap();
    std::os::unix::fs::symlink("../private/id_rsa", pack.join("alertmanager.yml")).unwrap();
    let made = bench.create(&[BackupPartKind::Configs]).await;
    assert_eq!(made.verdict, BackupVerdict::Incomplete, "{made:#?}");
    let words = "alertmanager.yml is a symbolic link to a file outside the pack";
    assert!(made.problems.iter().any(|problem| problem.contains(words)), "{made:#?}");
    assert!(!bench.root().join(&made.id.0).join("configs/alertmanager.yml").exists());

    let request =
        RestoreRequest { what: RestorePart::Configs, ..bench.request(&honest.id, &["alertmanager.yml"]) };
    let plan = bench.panel.restore_plan(request).await.unwrap();
    assert!(plan.writes == 0 && plan.items[0].note.contains(words), "{plan:#?}");
    assert!(plan.items[0].diff.is_empty(), "{plan:#?}");
    assert_eq!(fs::read_to_string(private.join("id_rsa")).unwrap(), "PRIVATE KEY");
}
