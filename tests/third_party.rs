//! Backups of other tools and files that people share, as they are found: every dashboard is listed or its problem is
//! told, counted the same everywhere, and restored into its folder.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test ends with what it expected")]

use std::{fs, path::Path};

use aether_contract::*;
use reqwest::Method;
use serde_json::json;

use crate::common::backups::{Bench, item};

/// The bench with a fixture as its only backup.
async fn on(version: &str, fixture: &str) -> (Bench, BackupId) {
    let bench = Bench::start(version).await;
    fs::create_dir_all(bench.root()).unwrap();
    let from = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/grafana").join(fixture);
    let name = if from.is_dir() {
        copy(&from, &bench.root().join("backup"));
        "backup"
    } else {
        fs::copy(&from, bench.root().join("202601021530.tar.gz")).unwrap();
        "202601021530.tar.gz"
    };
    (bench, BackupId(name.into()))
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), target).unwrap();
        }
    }
}

/// Its dashboards; the list, the search and the plan count as many.
async fn listed(bench: &Bench, id: &BackupId) -> Vec<BackupDashboard> {
    let detail = bench.panel.backup_show(BackupRequest { id: id.clone() }).await.unwrap();
    let count = detail.dashboards.len();
    let list = bench.panel.backup_list(Empty {}).await.unwrap();
    assert_eq!(list.backups[0].dashboards as usize, count, "the list");
    let plan = bench.panel.restore_plan(bench.request(id, &[])).await.unwrap();
    assert_eq!(plan.items.len(), count, "the plan");
    for one in &detail.dashboards {
        let query = one.title.clone();
        let found = bench.panel.backup_find(BackupFindRequest { query }).await.unwrap().found;
        assert!(found.iter().any(|found| found.dashboard.path == one.path), "{} is not found", one.title);
    }
    detail.dashboards
}

fn problems(all: &[BackupDashboard]) -> Vec<(&str, bool)> {
    all.iter().map(|one| (one.path.as_str(), one.problem.is_empty())).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn folders_of_grafana_backup_tool_are_created_first_nested() {
    for fixture in ["gbt-folder-lost", "gbt-folder-lost/archive.tar.gz"] {
        let (bench, id) = on("11.2.0", fixture).await;
        if id.0 == "backup" {
            let folders = bench.root().join("backup/_OUTPUT_/folders/202601021530");
            let nested = json!({"uid": "fold2", "title": "Team Two", "parentUid": "fold1"});
            fs::write(folders.join("fold2.folder"), nested.to_string()).unwrap();
            fs::remove_file(bench.root().join("backup/archive.tar.gz")).unwrap();
        }
        let all = listed(&bench, &id).await;
        assert_eq!(all.len(), 3);
        let plan = bench.panel.restore_plan(bench.request(&id, &[])).await.unwrap();
        assert_eq!(plan.new_folders, ["Team One", "Team Two"], "{fixture}: {plan:#?}");
        let run = bench.apply(bench.request(&id, &[])).await.unwrap();
        assert_eq!(run.state, RestoreState::Done, "{run:#?}");
        for one in all {
            let live = bench.dashboard(&one.uid).await.unwrap();
            assert_eq!(live["meta"]["folderUid"], one.folder_uid.as_str(), "{fixture}: {}", one.uid);
        }
        if id.0 == "backup" {
            let (_, folder) = bench.ask(Method::GET, "/api/folders/fold2", None).await;
            assert_eq!(folder["parentUid"], "fold1");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_folder_that_nobody_has_is_asked_about() {
    let (bench, id) = on("11.2.0", "gbt-folder-lost").await;
    fs::remove_dir_all(bench.root().join("backup/_OUTPUT_/folders")).unwrap();
    let board = bench.root().join("backup/_OUTPUT_/dashboards/202601021530/b1.dashboard");
    let text = fs::read_to_string(&board).unwrap().replace("\"folderTitle\": \"Team One\",", "");
    fs::write(&board, text.replace("\"fold1\"", "\"gone\"")).unwrap();
    let mut request = bench.request(&id, &[]);
    let plan = bench.panel.restore_plan(request.clone()).await.unwrap();
    let one = item(&plan, "b1");
    assert_eq!(
        (one.act, one.obstacle),
        (RestoreAction::Choose, Some(RestoreConflict::FolderMissing)),
        "{one:#?}"
    );
    request.choices.insert("b1".into(), RestoreChoice::Replace);
    let run = bench.apply(request).await.unwrap();
    assert_eq!(run.state, RestoreState::Done, "{run:#?}");
    assert_eq!(bench.dashboard("b1").await.unwrap()["meta"]["folderUid"], "");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn files_are_identified_by_their_content_alone() {
    let (bench, id) = on("11.2.0", "names-dropped").await;
    let all = listed(&bench, &id).await;
    assert_eq!(all.len(), 6, "{all:#?}");
    assert!(all.iter().all(|one| one.problem.is_empty()), "{all:#?}");
    let run = bench.apply(bench.request(&id, &[])).await.unwrap();
    assert_eq!((run.state, run.items.len()), (RestoreState::Done, 6), "{run:#?}");
    let plan = bench.panel.restore_plan(bench.request(&id, &[])).await.unwrap();
    assert!(plan.items.iter().all(|item| item.act == RestoreAction::Identical), "{plan:#?}");
    let (_, folders) = bench.ask(Method::GET, "/api/folders", None).await;
    let titles: Vec<&str> =
        folders.as_array().unwrap().iter().filter_map(|one| one["title"].as_str()).collect();
    assert!(titles.contains(&"Policies") && titles.contains(&"Prometheus"), "{titles:?}");
    assert!(!titles.contains(&"General"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn schema_v2_of_other_tools_is_listed_as_what_it_is() {
    for (fixture, title) in [("v2-resource-unseen", "Traffic"), ("v2-spec-unseen", "Only a spec")] {
        let (bench, id) = on("13.3.0", fixture).await;
        let all = listed(&bench, &id).await;
        let newer = all.iter().find(|one| one.title == title).unwrap_or_else(|| panic!("{all:#?}"));
        assert_eq!(newer.schema, DashboardSchema::V2);
        assert!(newer.panels > 0);
        let request = RestoreRequest { otherwise: Some(RestoreChoice::Replace), ..bench.request(&id, &[]) };
        let run = bench.apply(request).await.unwrap();
        assert_eq!((run.state, run.items.len()), (RestoreState::Done, 2), "{run:#?}");
        let (old, id) = on("11.2.0", fixture).await;
        let plan = old.panel.restore_plan(old.request(&id, &[])).await.unwrap();
        let one = plan.items.iter().find(|item| item.title == title).unwrap();
        assert_eq!(one.obstacle, Some(RestoreConflict::Unusable), "{one:#?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn inputs_are_listed_in_the_plan_and_filled_by_the_mapping() {
    let (bench, id) = on("11.2.0", "ds-inputs").await;
    let mut request = bench.request(&id, &[]);
    let plan = bench.panel.restore_plan(request.clone()).await.unwrap();
    let shared = item(&plan, "shared");
    assert_eq!(shared.missing_data_sources, ["${DS_PROMETHEUS}"], "{shared:#?}");
    assert_eq!(shared.data_sources[0].places, ["p", "q"]);
    assert!(item(&plan, "variable").missing_data_sources.is_empty(), "a variable of its own");
    request.data_sources.insert("DS_PROMETHEUS".into(), "Prometheus".into());
    let plan = bench.panel.restore_plan(request.clone()).await.unwrap();
    assert!(item(&plan, "shared").missing_data_sources.is_empty(), "{plan:#?}");
    let run = bench.apply(request.clone()).await.unwrap();
    assert_eq!(run.state, RestoreState::Done, "{run:#?}");
    let text = bench.dashboard("shared").await.unwrap()["dashboard"].to_string();
    assert!(!text.contains("DS_PROMETHEUS") && !text.contains("__inputs"), "{text}");
    assert!(text.contains("\"uid\":\"prometheus\""), "the uid of the data source that was named: {text}");
    let plan = bench.panel.restore_plan(request.clone()).await.unwrap();
    assert!(plan.items.iter().all(|item| item.act == RestoreAction::Identical), "{plan:#?}");

    request.data_sources.insert("loki".into(), "prometheus".into());
    let error = bench.panel.restore_plan(request.clone()).await.unwrap_err();
    assert!(error.message.contains("\"loki\"") && error.hint.contains("DS_PROMETHEUS"), "{error:?}");
    request.data_sources.remove("loki");
    request.data_sources.insert("DS_PROMETHEUS".into(), "nowhere".into());
    let error = bench.panel.restore_plan(request).await.unwrap_err();
    assert!(error.message.contains("\"nowhere\""), "{error:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn library_panels_of_a_shared_dashboard_are_created_first_or_named_as_missing() {
    let (bench, id) = on("11.2.0", "elements").await;
    let plan = bench.panel.restore_plan(bench.request(&id, &[])).await.unwrap();
    assert_eq!(plan.new_library_panels, ["Shared stat"], "{plan:#?}");
    let run = bench.apply(bench.request(&id, &[])).await.unwrap();
    assert_eq!((run.state, run.items[0].note.as_str()), (RestoreState::Done, ""), "{run:#?}");
    let (_, library) = bench.ask(Method::GET, "/api/library-elements", None).await;
    assert!(library.to_string().contains("lib9"), "{library}");
    let path = bench.root().join("backup/dashboards/el.json");
    let text =
        fs::read_to_string(&path).unwrap().replace("\"lib9\"", "\"lib8\"").replace("__elements", "elements_");
    fs::write(&path, text).unwrap();
    let plan = bench.panel.restore_plan(bench.request(&id, &[])).await.unwrap();
    assert_eq!(plan.items[0].missing_library_panels, ["lib8"], "{plan:#?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn odd_files_are_listed_with_their_problem_and_counted_everywhere() {
    let (bench, id) = on("11.2.0", "odd-shapes").await;
    let all = listed(&bench, &id).await;
    assert_eq!(all.len(), 12, "{:#?}", problems(&all));
    let mut broken: Vec<&str> =
        all.iter().filter(|one| !one.problem.is_empty()).map(|one| one.path.as_str()).collect();
    broken.sort_unstable();
    let wanted = ["dashboards/cut.json", "dashboards/empty.json", "dashboards/nan.json"];
    assert_eq!(broken, wanted, "{:#?}", problems(&all));
    let titles: Vec<&str> = all.iter().map(|one| one.title.as_str()).collect();
    assert!(titles.contains(&"Twice wrapped") && titles.contains(&"In a list"), "{titles:?}");
    let run = bench.apply(bench.request(&id, &[])).await.unwrap();
    assert_eq!((run.state, run.items.len()), (RestoreState::Done, 9), "{run:#?}");

    let (bench, id) = on("11.2.0", "gbt-cut").await;
    let all = listed(&bench, &id).await;
    assert_eq!(all.iter().filter(|one| !one.problem.is_empty()).count(), 2, "{:#?}", problems(&all));
    assert_eq!(all.len(), 3);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn files_that_macos_adds_to_an_archive_are_no_dashboards() {
    let (bench, id) = on("11.2.0", "mac-tar/202601021550.tar.gz").await;
    let all = listed(&bench, &id).await;
    assert_eq!(all.len(), 1, "{all:#?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn trees_of_gdg_grizzly_and_kubernetes_are_read_with_their_folders() {
    let bench = Bench::start("11.2.0").await;
    let root = bench.root().join("mixed");
    let board = |uid: &str| json!({"uid": uid, "title": uid, "panels": []});
    let write = |path: &str, text: String| {
        let path = root.join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    };
    write("org_main/dashboards/Ops/Deep/gdg.json", board("gdg").to_string());
    write("org_main/folders/ops.json", json!({"uid": "ops1", "title": "Ops"}).to_string());
    let resource = json!({"kind": "Dashboard", "apiVersion": "dashboard.grafana.app/v1beta1",
        "metadata": {"name": "nested"}, "spec": {"title": "nested", "panels": []}});
    write("nested.json", json!({"resource": resource, "nested_path": "Ops/Deep"}).to_string());
    write(
        "grizzly.yaml",
        "apiVersion: grizzly.grafana.com/v1alpha1\nkind: Dashboard\nmetadata:\n  name: griz\n  folder: ops1\nspec:\n  \
         uid: griz\n  title: griz\n  panels: []\n"
            .to_owned(),
    );
    write(
        "map.yaml",
        format!(
            "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  annotations:\n    grafana_folder: Team\ndata:\n  \
             a.json: |\n    {}\n  b.json: |\n    {}\n",
            board("map-a"),
            board("map-b")
        ),
    );
    write("README.md", "x".to_owned());
    let id = BackupId("mixed".into());
    let all = listed(&bench, &id).await;
    let mut places: Vec<String> =
        all.iter().map(|one| format!("{} in {}", one.uid, one.folder.join("/"))).collect();
    places.sort();
    let wanted = ["gdg in Ops/Deep", "griz in Ops", "map-a in Team", "map-b in Team", "nested in Ops/Deep"];
    assert_eq!(places, wanted);
    let list = bench.panel.backup_list(Empty {}).await.unwrap();
    let notes = &list.backups[0].parts[0].notes;
    assert!(notes.iter().any(|note| note.contains("files of other kinds (1)")), "{notes:?}");
    let run = bench.apply(bench.request(&id, &[])).await.unwrap();
    assert_eq!((run.state, run.items.len()), (RestoreState::Done, 5), "{run:#?}");
    let plan = bench.panel.restore_plan(bench.request(&id, &[])).await.unwrap();
    assert!(plan.items.iter().all(|item| item.act == RestoreAction::Identical), "{plan:#?}");
    let shown = bench.panel.backup_file(BackupFileRequest { id, path: "map.yaml#2".into() }).await.unwrap();
    assert!(shown.text.contains("map-b"), "{shown:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn panel_types_that_grafana_migrates_are_a_note_and_no_missing_plugin() {
    let bench = Bench::start("13.3.0").await;
    let folder = bench.root().join("old/dashboards");
    fs::create_dir_all(&folder).unwrap();
    let kinds = ["graph", "singlestat", "table-old", "grafana-piechart-panel", "acme-panel"];
    let panels: Vec<_> = kinds.iter().map(|kind| json!({"type": kind, "title": kind})).collect();
    fs::write(folder.join("a.json"), json!({"uid": "a", "title": "A", "panels": panels}).to_string())
        .unwrap();
    let plan = bench.panel.restore_plan(bench.request(&BackupId("old".into()), &[])).await.unwrap();
    let one = item(&plan, "a");
    assert_eq!(one.missing_plugins, ["acme-panel"], "{one:#?}");
    assert!(
        one.note.contains("graph to timeseries") && one.note.contains("table-old to table"),
        "{}",
        one.note
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn library_panels_in_files_of_their_own_are_created_in_their_folders_first() {
    let bench = Bench::start("11.2.0").await;
    let root = bench.root().join("tree");
    let write = |path: &str, value: serde_json::Value| {
        let path = root.join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, value.to_string()).unwrap();
    };
    let panel = |uid: &str| json!({"uid": uid, "name": uid, "kind": 1, "folderUid": "ops1", "model": {"type": "stat"}});
    write("org_main/libraryelements/Ops/one.json", panel("lib-one"));
    write("_OUTPUT_/library-elements/202601021530/two.library_element", panel("lib-two"));
    write("org_main/folders/ops.json", json!({"uid": "ops1", "title": "Ops"}));
    let uses = |uid: &str| json!({"id": 1, "title": uid, "libraryPanel": {"uid": uid, "name": uid}});
    let board = json!({"uid": "a", "title": "A", "panels": [uses("lib-one"), uses("lib-two")]});
    write("org_main/dashboards/Ops/a.json", board);
    let id = BackupId("tree".into());
    assert_eq!(listed(&bench, &id).await.len(), 1);
    let plan = bench.panel.restore_plan(bench.request(&id, &[])).await.unwrap();
    assert_eq!(plan.new_library_panels, ["lib-one", "lib-two"], "{plan:#?}");
    assert_eq!(plan.new_folders, ["Ops"]);
    let run = bench.apply(bench.request(&id, &[])).await.unwrap();
    assert_eq!((run.state, run.items[0].note.as_str()), (RestoreState::Done, ""), "{run:#?}");
    let (_, library) = bench.ask(Method::GET, "/api/library-elements", None).await;
    let panels = library["result"]["elements"].as_array().unwrap();
    let made: Vec<_> = panels.iter().filter(|one| one["folderUid"] == "ops1").collect();
    assert_eq!(made.len(), 2, "{library}");
}
