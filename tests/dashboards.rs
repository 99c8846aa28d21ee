//! Dashboards restored after a plan and undone, whatever Grafana, somebody else or the network does meanwhile.
#![allow(clippy::unwrap_used, clippy::panic)]

use std::fs;

use crate::common::backups::{Bench, GRAFANA, open};
use aether_contract::*;
use serde_json::json;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn dashboards_are_restored_after_a_plan_and_undone() {
    let bench = Bench::of_pack().await;
    let made = bench.create(GRAFANA).await;
    let original = bench.dashboard("rag-01").await.unwrap();
    bench.edit("rag-01", |data| data["panels"][0]["targets"][0]["expr"] = json!("up")).await;
    bench.remove("rag-02").await;
    assert_eq!(bench.ask(reqwest::Method::DELETE, "/api/folders/platform", None).await.0, 200);

    let request = bench.request(&made.id, &[]);
    let plan = bench.panel.restore_plan(request.clone()).await.unwrap();
    let item =
        |plan: &RestorePlan, uid: &str| plan.items.iter().find(|item| item.uid == uid).unwrap().clone();
    // Eighteen below the folder, and the one that was deleted alone.
    assert_eq!((plan.writes, plan.undecided), (19, 1), "{plan:?}");
    assert_eq!(plan.new_folders, ["Platform", "Kubernetes", "Network"], "those above come first");
    assert_eq!(item(&plan, "rag-03").act, RestoreAction::Identical);
    assert_eq!(item(&plan, "aether-rag-ops").act, RestoreAction::Identical);
    assert_eq!(item(&plan, "rag-02").act, RestoreAction::Create);
    let edited = item(&plan, "rag-01");
    assert_eq!((edited.act, edited.obstacle), (RestoreAction::Choose, Some(RestoreConflict::EditedLately)));
    assert_eq!(edited.changes[0].field, "query A");
    let early = bench.apply(request.clone()).await.unwrap_err();
    assert_eq!(early.code, ErrorCode::InvalidRequest, "nothing is decided for anybody");
    assert!(bench.dashboard("rag-02").await.is_none());

    let mut request = request;
    request.choices.insert("rag-01".into(), RestoreChoice::Replace);
    let run = bench.apply(request.clone()).await.unwrap();
    assert_eq!((run.state, run.items.len(), run.can_undo), (RestoreState::Done, 20, true), "{run:?}");
    assert!(bench.same_as(&made.id).await);
    let back = bench.dashboard("rag-01").await.unwrap();
    assert_eq!(back["dashboard"]["panels"], original["dashboard"]["panels"]);
    assert_eq!(back["meta"]["folderUid"], original["meta"]["folderUid"]);
    assert_eq!(
        bench.apply(request).await.unwrap_err().code,
        ErrorCode::InvalidRequest,
        "nothing is left to do"
    );
    let safety = run.safety.clone().unwrap();
    let list = bench.panel.backup_list(Empty {}).await.unwrap();
    assert!(list.backups.iter().any(|backup| backup.id == safety && backup.safety && backup.dashboards == 1));

    let undone = bench.panel.restore_undo(RestoreUndoRequest { id: run.id }).await.unwrap();
    assert_eq!((undone.state, undone.can_undo), (RestoreState::Undone, false), "{undone:?}");
    assert!(bench.dashboard("rag-02").await.is_none() && bench.dashboard("platform-00").await.is_none());
    let put_back = bench.dashboard("rag-01").await.unwrap();
    assert_eq!(put_back["dashboard"]["panels"][0]["targets"][0]["expr"], "up");
    assert_eq!(
        bench.panel.restore_undo(RestoreUndoRequest { id: run.id }).await.unwrap_err().code,
        ErrorCode::InvalidRequest
    );

    // Another panel knows of it, and nothing of another stack's.
    let later = open(bench.folder.path()).await;
    assert_eq!(later.restore_runs(Empty {}).await.unwrap().runs[0].state, RestoreState::Undone);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_somebody_saves_meanwhile_is_never_overwritten() {
    let bench = Bench::start("11.3.0").await;
    let made = bench.create(GRAFANA).await;
    bench.edit("rag-01", |data| data["title"] = json!("First")).await;
    let mut request = bench.request(&made.id, &["rag-01"]);
    request.choices.insert("rag-01".into(), RestoreChoice::Replace);
    let plan = bench.panel.restore_plan(request.clone()).await.unwrap();
    // After the plan was shown.
    bench.edit("rag-01", |data| data["title"] = json!("Second")).await;
    let asked =
        RestoreApplyRequest { request: request.clone(), digest: plan.digest, created_by: String::new() };
    let error = bench.panel.restore_apply(asked).await.unwrap_err();
    assert_eq!(error.code, ErrorCode::Unverified, "{error}");
    assert_eq!(bench.dashboard("rag-01").await.unwrap()["dashboard"]["title"], "Second");

    // After the restore: undoing leaves it.
    let run = bench.apply(request).await.unwrap();
    assert_eq!(run.state, RestoreState::Done);
    bench.edit("rag-01", |data| data["title"] = json!("Third")).await;
    let undone = bench.panel.restore_undo(RestoreUndoRequest { id: run.id }).await.unwrap();
    assert_eq!(undone.state, RestoreState::PartlyUndone);
    assert!(undone.notes.iter().any(|note| note.contains("not reverted")), "{undone:?}");
    assert_eq!(bench.dashboard("rag-01").await.unwrap()["dashboard"]["title"], "Third");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_grafana_refuses_is_asked_about_first_or_restored_as_a_copy() {
    let bench = Bench::of_pack().await;
    let made = bench.create(GRAFANA).await;
    // Grafana provisions another version; somebody else takes a title.
    let provisioned = bench.root().join(&made.id.0).join("grafana/dashboards/aether-rag-ops.json");
    let changed = fs::read_to_string(&provisioned).unwrap().replacen(
        "\"title\":",
        "\"description\":\"old\",\"title\":",
        1,
    );
    fs::write(&provisioned, changed).unwrap();
    bench.remove("rag-03").await;
    let thief = json!({"dashboard": {"uid": "thief", "title": "Embedding \
        cache", "panels": []}, "folderUid": "rag", "overwrite": false});
    assert_eq!(bench.ask(reqwest::Method::POST, "/api/dashboards/db", Some(thief)).await.0, 200);

    let mut request = bench.request(&made.id, &["aether-rag-ops", "rag-03"]);
    let plan = bench.panel.restore_plan(request.clone()).await.unwrap();
    let obstacle = |uid: &str| plan.items.iter().find(|item| item.uid == uid).unwrap().obstacle;
    assert_eq!(obstacle("aether-rag-ops"), Some(RestoreConflict::Provisioned));
    assert_eq!(obstacle("rag-03"), Some(RestoreConflict::TitleTaken));
    for uid in ["aether-rag-ops", "rag-03"] {
        request.choices.insert(uid.into(), RestoreChoice::Copy);
    }
    let run = bench.apply(request).await.unwrap();
    assert_eq!(run.state, RestoreState::Done, "{run:?}");
    for item in &run.items {
        assert_eq!(item.act, RestoreAction::Copy);
        let copy = bench.dashboard(&item.uid).await.unwrap();
        assert!(copy["dashboard"]["title"].as_str().unwrap().contains("restored"), "{copy}");
    }
    assert_eq!(bench.dashboard("thief").await.unwrap()["meta"]["version"], 1, "nobody else's was touched");
    let undone = bench.panel.restore_undo(RestoreUndoRequest { id: run.id }).await.unwrap();
    assert_eq!(undone.state, RestoreState::Undone);

    // A data source that Grafana lacks is named, and can be replaced.
    let old = bench.root().join(&made.id.0).join("grafana/dashboards/rag-04.json");
    let foreign = fs::read_to_string(&old).unwrap().replace("\"uid\":\"prometheus\"", "\"uid\":\"gone\"");
    fs::write(&old, foreign).unwrap();
    let mut request = bench.request(&made.id, &["rag-04"]);
    let plan = bench.panel.restore_plan(request.clone()).await.unwrap();
    assert_eq!(plan.items[0].missing_data_sources, ["gone"]);
    request.data_sources.insert("gone".into(), "prometheus".into());
    let plan = bench.panel.restore_plan(request.clone()).await.unwrap();
    assert!(plan.items[0].missing_data_sources.is_empty());
    assert_eq!(plan.items[0].act, RestoreAction::Identical, "with it, it is what Grafana has");
    let differs = fs::read_to_string(&old).unwrap().replace("rate(", "increase(");
    fs::write(&old, differs).unwrap();
    request.choices.insert("rag-04".into(), RestoreChoice::Replace);
    bench.apply(request).await.unwrap();
    let restored = bench.dashboard("rag-04").await.unwrap();
    assert_eq!(restored["dashboard"]["panels"][0]["datasource"]["uid"], "prometheus");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_answer_that_is_lost_at_any_write_is_looked_after() {
    // The legacy API, and /apis.
    lost_answers("11.2.0", "POST").await;
    lost_answers("13.3.0", "PUT").await;
}

async fn lost_answers(version: &str, method: &str) {
    let bench = Bench::start(version).await;
    let made = bench.create(GRAFANA).await;
    let uids = ["rag-00", "rag-01", "rag-02"];
    for after in [false, true] {
        for status in [429, 500, 503] {
            for nth in 1..=4 {
                let what = format!("{version}, {status} at write {nth}, carried out: {after}");
                for uid in uids {
                    bench.edit(uid, |data| data["title"] = json!(format!("{uid} {what}"))).await;
                }
                let mut request = bench.request(&made.id, &uids);
                request.choices =
                    uids.iter().map(|uid| ((*uid).to_owned(), RestoreChoice::Replace)).collect();
                bench.faults(json!({"nth": nth, "status": status, "method": method, "after": after})).await;
                let run = bench.apply(request).await.unwrap();
                bench.faults(json!({})).await;
                assert_eq!(run.state, RestoreState::Done, "{what}: {run:?}");
                assert!(bench.same_as(&made.id).await, "{what}");
                for item in &run.items {
                    let live = bench.dashboard(&item.uid).await.unwrap();
                    assert_eq!(
                        live["meta"]["version"].as_u64(),
                        item.version.map(u64::from),
                        "{what}: written once"
                    );
                }
                let undone = bench.panel.restore_undo(RestoreUndoRequest { id: run.id }).await.unwrap();
                assert_eq!(undone.state, RestoreState::Undone, "{what}: {undone:?}");
                for uid in uids {
                    let title = bench.dashboard(uid).await.unwrap()["dashboard"]["title"].clone();
                    assert_eq!(title, json!(format!("{uid} {what}")));
                }
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_backup_of_another_tool_is_read_and_restored_through_the_same_plan() {
    let bench = Bench::start("11.2.0").await;
    let folder = bench.root().join("2024-03-05_10-20/grafana");
    fs::create_dir_all(&folder).unwrap();
    let bare = json!({"id": 77, "uid": "old-one", "title": "Old \
        one", "version": 3, "panels": [{"id": 1, "type": "stat", "title": "x"}]});
    fs::write(folder.join("Old one.json"), bare.to_string()).unwrap();
    let wrapped = json!({"dashboard": {"title": "No \
        uid", "panels": []}, "meta": {"folderUid": "rag", "folderTitle": "RAG"}});
    fs::write(folder.join("no-uid.dashboard"), wrapped.to_string()).unwrap();
    fs::write(folder.join("notes.json"), "{\"some\": \"thing\"}").unwrap();
    fs::write(folder.join("broken.json"), "{").unwrap();
    fs::create_dir_all(bench.root().join("holiday pictures")).unwrap();

    let list = bench.panel.backup_list(Empty {}).await.unwrap();
    assert_eq!(list.backups.len(), 1, "{list:?}");
    assert_eq!(list.backups[0].verdict, BackupVerdict::Foreign);
    let id = list.backups[0].id.clone();
    let detail = bench.panel.backup_show(BackupRequest { id: id.clone() }).await.unwrap();
    let titles: Vec<&str> = detail.dashboards.iter().map(|one| one.title.as_str()).collect();
    assert_eq!(titles, ["Old one", "No uid"]);
    let verify = bench.panel.backup_verify(BackupVerifyRequest { id: id.clone(), sample: 0 }).await;
    assert_eq!(verify.unwrap_err().code, ErrorCode::InvalidRequest);
    let run = bench.apply(bench.request(&id, &[])).await.unwrap();
    assert_eq!((run.state, run.items.len()), (RestoreState::Done, 2), "{run:?}");
    assert_eq!(bench.dashboard("old-one").await.unwrap()["dashboard"]["title"], "Old one");
    let again = bench.panel.restore_plan(bench.request(&id, &[])).await.unwrap();
    assert!(again.items.iter().all(|item| item.act == RestoreAction::Identical), "{again:?}");
    let found = bench.panel.backup_find(BackupFindRequest { query: "old ONE".into() }).await.unwrap();
    assert_eq!(found.found.len(), 1);
}
