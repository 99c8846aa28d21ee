//! What the panel writes is readable by its own account only, whatever the process's mask allows.
#![cfg(unix)]
#![allow(clippy::unwrap_used, clippy::panic)]

use std::{
    fs,
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
    process::Command,
};

use crate::common::backups::{Bench, GRAFANA, of};
use aether_contract::*;
use aether_panel::paths::Home;

/// Set in the process that runs with a mask of its own.
const CHILD: &str = "AETHER_TEST_UMASK";

fn mode(path: &Path) -> u32 {
    fs::symlink_metadata(path).unwrap().permissions().mode() & 0o777
}

/// Everything below a folder whose mode lets other accounts in, and how many files there are.
fn open_to_others(folder: &Path, skip: &[PathBuf], found: &mut Vec<String>) -> usize {
    let mut files = 0;
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let meta = fs::symlink_metadata(&path).unwrap();
        if !skip.contains(&path) && meta.permissions().mode() & 0o077 != 0 {
            found.push(format!("{:o} {}", mode(&path), path.display()));
        }
        files += if meta.is_dir() { open_to_others(&path, skip, found) } else { 1 };
    }
    files
}

/// The mask belongs to the whole process, and other tests run in this one: so the work is done in a child.
#[test]
fn files_that_the_panel_writes_are_private_whatever_the_mask_of_the_process() {
    if std::env::var_os(CHILD).is_some() {
        let runtime =
            tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
        return runtime.block_on(write_everything());
    }
    let name = "file_modes::files_that_the_panel_writes_are_private_whatever_the_mask_of_the_process";
    let output = Command::new("sh")
        .args(["-c", "umask 000; exec \"$0\" \"$@\""])
        .arg(std::env::current_exe().unwrap())
        .args(["--exact", name, "--nocapture"])
        .env(CHILD, "1")
        .output()
        .unwrap();
    let said =
        String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && said.contains("1 passed"), "{said}");
}

async fn write_everything() {
    let folder = tempfile::tempdir().unwrap();
    let (pack, disk) = (folder.path().join("pack"), folder.path().join("disk"));
    for dir in [&pack, &disk] {
        fs::create_dir(dir).unwrap();
        // The mask is as loose as it is meant to be.
        assert_eq!(mode(dir), 0o777);
    }
    fs::write(pack.join("kept.txt"), "before").unwrap();
    fs::set_permissions(pack.join("kept.txt"), fs::Permissions::from_mode(0o640)).unwrap();
    fs::create_dir(pack.join("sub")).unwrap();
    fs::write(pack.join("sub/new.txt"), "secret").unwrap();
    let servers = format!(
        "[prometheus]\nurl = \"http://127.0.0.1:9\"\n[backup]\nelsewhere = [\"file://{}\"]\n\
         [pack]\ndir = \"{}\"\nfiles = [\"kept.txt\", \"sub/new.txt\"]\n",
        disk.display(),
        pack.display()
    );
    let bench = Bench::with("11.2.0", None, &servers).await;
    let home_dir = bench.folder.path().join("home");
    let home = Home::at(&home_dir);
    let log = aether_panel::logging::start(&home).unwrap();

    let both = [BackupPartKind::Grafana, BackupPartKind::Configs];
    let made = bench.create(&both).await;
    assert_eq!(made.verdict, BackupVerdict::Verified, "{made:#?}");
    let pushed = BackupPushRequest { id: made.id.clone(), place: String::new() };
    bench.panel.backup_push(pushed).await.unwrap();
    let mut archives = Vec::new();
    for format in [ArchiveFormat::Gzip, ArchiveFormat::Zstd] {
        let request = BackupExportRequest { id: made.id.clone(), format, folder: String::new() };
        archives.push(bench.panel.backup_export(request).await.unwrap().path);
    }

    // A file that is replaced keeps its mode; one that is created is private, and the plan says what that means.
    fs::write(pack.join("kept.txt"), "after").unwrap();
    fs::remove_dir_all(pack.join("sub")).unwrap();
    let request = of(&bench, &made.id, RestorePart::Configs, &[]);
    let plan = bench.panel.restore_plan(request.clone()).await.unwrap();
    let new = plan.items.iter().find(|item| item.act == RestoreAction::Create).unwrap();
    assert!(new.note.contains("mode 0600") && new.note.contains("another user"), "{plan:#?}");
    let run = bench.apply(request).await.unwrap();
    assert_eq!(run.state, RestoreState::Done, "{run:#?}");
    assert!(run.items.iter().any(|item| item.note.contains("mode 0600")), "{run:#?}");
    assert_eq!(mode(&pack.join("kept.txt")), 0o640);
    assert_eq!((mode(&pack.join("sub")), mode(&pack.join("sub/new.txt"))), (0o700, 0o600));

    // In again: from an archive, from the other disk, and from an archive of another tool in the folder of backups.
    for path in archives {
        let delete = BackupDeleteRequest { ids: vec![made.id.clone()] };
        bench.panel.backup_delete(delete).await.unwrap();
        bench.panel.backup_import(BackupImportRequest { path, created_by: "me".into() }).await.unwrap();
    }
    bench.panel.backup_delete(BackupDeleteRequest { ids: vec![made.id.clone()] }).await.unwrap();
    let fetch = BackupFetchRequest { id: made.id.clone(), place: String::new(), created_by: "me".into() };
    bench.panel.backup_fetch(fetch).await.unwrap();
    let packed = Command::new("tar")
        .args(["-czf", "other.tar.gz", "-C"])
        .arg(bench.root().join(&made.id.0))
        .arg("grafana")
        .current_dir(bench.root())
        .status()
        .unwrap();
    assert!(packed.success());
    let other = BackupRequest { id: BackupId("other.tar.gz".into()) };
    assert!(!bench.panel.backup_show(other).await.unwrap().dashboards.is_empty());
    let restored = bench.apply(bench.request(&bench.create(GRAFANA).await.id, &[])).await;
    drop((restored, log));

    // What the test itself has written.
    let stacks = home.stacks_dir();
    let own = [
        home.config.clone(),
        stacks.join("test.toml"),
        stacks,
        home.settings_file(),
        bench.root().join("other.tar.gz"),
    ];
    let mut open = Vec::new();
    let files = open_to_others(&home_dir, &own, &mut open);
    assert!(files > 20, "only {files} files were looked at");
    assert!(open_to_others(&disk, &[], &mut open) > 5);
    assert!(open.is_empty(), "{open:#?}");
    let logs: Vec<_> = fs::read_dir(&home.logs).unwrap().collect();
    let exports: Vec<_> = fs::read_dir(&home.downloads).unwrap().collect();
    assert!(!logs.is_empty() && exports.len() == 2, "{logs:?} {exports:?}");
}
