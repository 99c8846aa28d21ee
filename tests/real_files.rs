//! Dashboards and tools that people really use, on the stand-in: what is at hand, and nothing of it is committed.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test ends with what it expected")]

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use aether_contract::*;
use aether_tests::root;
use serde_json::Value;

use crate::common::backups::{Bench, GRAFANA};

/// Where the Debian package `ceph-grafana-dashboards` puts its dashboards.
const CEPH: &str = "/etc/grafana/dashboards/ceph-dashboard";
/// Names more folders with dashboards, separated by `:`.
const MORE: &str = "AETHER_DASHBOARDS";

/// Files below a folder that hold a dashboard.
fn dashboards(folder: &Path) -> Vec<PathBuf> {
    let mut all = Vec::new();
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() {
            all.extend(dashboards(&path));
        } else if path.extension().is_some_and(|ending| ending == "json") {
            let value: Value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap_or_default();
            let has = |key: &str| value.get(key).is_some();
            if has("title") && (has("panels") || has("rows")) {
                all.push(path);
            }
        }
    }
    all.sort();
    all
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn real_dashboards_are_restored_and_then_identical() {
    let more = std::env::var_os(MORE).unwrap_or_default();
    let folders = std::iter::once(PathBuf::from(CEPH)).chain(std::env::split_paths(&more));
    let files: Vec<PathBuf> = folders.flat_map(|folder| dashboards(&folder)).collect();
    if files.is_empty() {
        return eprintln!("skipped: ceph-grafana-dashboards is not installed and {MORE} names no folder");
    }
    for version in ["11.2.0", "12.4.0", "13.3.0"] {
        let bench = Bench::start(version).await;
        let folder = bench.root().join("real/dashboards");
        fs::create_dir_all(&folder).unwrap();
        for (number, file) in files.iter().enumerate() {
            fs::copy(file, folder.join(format!("{number:03}.json"))).unwrap();
        }
        let id = BackupId("real".into());
        let all = bench.panel.backup_show(BackupRequest { id: id.clone() }).await.unwrap().dashboards;
        assert_eq!(all.len(), files.len(), "each file is one dashboard");
        // Where two files share a uid, the first counts; what cannot be written says why.
        let mut request = bench.request(&id, &[]);
        let plan = bench.panel.restore_plan(request.clone()).await.unwrap();
        let asked = plan.items.iter().filter(|item| item.act == RestoreAction::Choose);
        request.choices = asked.map(|item| (item.uid.clone(), *item.choices.last().unwrap())).collect();
        let plan = bench.panel.restore_plan(request.clone()).await.unwrap();
        let left: Vec<&RestoreItem> =
            plan.items.iter().filter(|item| item.act != RestoreAction::Create).collect();
        assert!(left.iter().all(|item| !item.note.is_empty()), "{left:#?}");
        assert!(left.len() * 10 <= files.len(), "{} of {}: {left:#?}", left.len(), files.len());
        let run = bench.apply(request.clone()).await.unwrap();
        assert_eq!(
            run.state,
            RestoreState::Done,
            "{:#?}",
            run.items.iter().find(|item| !item.note.is_empty())
        );
        let written: BTreeSet<&str> = run.items.iter().map(|item| item.uid.as_str()).collect();
        let again = bench.panel.restore_plan(request).await.unwrap();
        let changed: Vec<&RestoreItem> = again
            .items
            .iter()
            .filter(|item| written.contains(item.uid.as_str()) && item.act != RestoreAction::Identical)
            .filter(|item| !left.iter().any(|one| one.title == item.title))
            .collect();
        assert!(changed.is_empty(), "{version}: {changed:#?}");
        // And from the panel's own backup, too.
        let saved = bench.create(GRAFANA).await;
        assert!(bench.same_as(&saved.id).await);
        eprintln!("{version}: {} of {} real dashboards restored", written.len(), files.len());
    }
}

/// A folder with these packages from PyPI, or why there is none.
fn pypi(packages: &[&str]) -> Result<PathBuf, String> {
    let folder = root().join("target/test/pypi");
    let run = |command: &mut Command| {
        let output = command.output().map_err(|error| error.to_string())?;
        let words = String::from_utf8_lossy(&output.stderr).lines().last().unwrap_or_default().to_owned();
        if output.status.success() { Ok(()) } else { Err(words) }
    };
    let python = folder.join("bin/python");
    if !python.exists() {
        run(Command::new("python3").args(["-m", "venv"]).arg(&folder))
            .map_err(|why| format!("no virtual environment of Python: {why}"))?;
    }
    let wanted = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--retries", "1"];
    run(Command::new(&python).args(wanted).args(packages))
        .map_err(|why| format!("{} could not be installed: {why}", packages.join(" and ")))?;
    Ok(folder)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn clients_of_other_projects_accept_the_stand_in_and_their_backups_are_read() {
    let tools = tokio::task::spawn_blocking(|| pypi(&["grafana-client==5.1.*", "grafana-backup==1.4.2"]));
    let tools = match tools.await.unwrap() {
        Ok(folder) => folder,
        Err(why) => return eprintln!("skipped: {why}"),
    };
    for version in ["11.2.0", "13.3.0"] {
        let bench = Bench::start(version).await;
        let script = "import sys
from grafana_client import GrafanaApi, TokenAuth
api = GrafanaApi.from_url(sys.argv[1], credential=TokenAuth(token=sys.argv[2]))
assert api.health.check()['version'] == sys.argv[3]
found = api.search.search_dashboards(type_='dash-db')
assert len(found) == 40, found
for row in found[:5]:
    assert api.dashboard.get_dashboard(row['uid'])['dashboard']['title'] == row['title']
assert len(api.folder.get_all_folders()) == 3
assert api.teams.search_teams()[0]['name'] == 'SRE'
assert len(api.annotations.get_annotation(limit=50)) == 5
assert api.organization.get_current_organization()['id'] == 1
assert api.datasource.list_datasources()[0]['type'] == 'prometheus'
";
        let output = Command::new(tools.join("bin/python"))
            .args(["-c", script, bench.grafana.url(), bench.grafana.token(), version])
            .output()
            .unwrap();
        assert!(output.status.success(), "{version}: {}", String::from_utf8_lossy(&output.stderr));
    }

    // On 13 grafana-backup itself ends with an error, because API keys are gone.
    let bench = Bench::start("11.2.0").await;
    let out = bench.folder.path().join("out");
    let output = Command::new(tools.join("bin/grafana-backup"))
        .args(["save"])
        .env("GRAFANA_URL", bench.grafana.url())
        .env("GRAFANA_TOKEN", bench.grafana.token())
        .env("BACKUP_DIR", &out)
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let archive = fs::read_dir(&out).unwrap().flatten().find(|entry| entry.path().is_file()).unwrap().path();
    fs::create_dir_all(bench.root()).unwrap();
    let name = archive.file_name().unwrap().to_string_lossy().into_owned();
    fs::copy(&archive, bench.root().join(&name)).unwrap();
    let plan = bench.panel.restore_plan(bench.request(&BackupId(name), &[])).await.unwrap();
    assert_eq!(plan.items.len(), 40);
    assert!(plan.items.iter().all(|item| item.act == RestoreAction::Identical), "{plan:#?}");
}
