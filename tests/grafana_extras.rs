//! What a Grafana backup holds beside dashboards and alerting: permissions, annotations, playlists, public dashboards.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test ends with what it expected")]

use std::fs;

use crate::common::backups::{Bench, GRAFANA, item, of};
use aether_contract::*;
use reqwest::Method;
use serde_json::{Value, json};

const EXTRAS: &[BackupPartKind] = &[
    BackupPartKind::Permissions,
    BackupPartKind::Annotations,
    BackupPartKind::Playlists,
    BackupPartKind::PublicDashboards,
];

async fn ask(bench: &Bench, method: Method, path: &str, body: Option<Value>) -> Value {
    let (status, answer) = bench.ask(method, path, body).await;
    assert!((200..300).contains(&status), "{path}: {status} {answer}");
    answer
}

/// Permissions given directly, as `holder: level`, sorted.
async fn grants(bench: &Bench, path: &str) -> Vec<String> {
    let all = ask(bench, Method::GET, &format!("/api/{path}/permissions"), None).await;
    let mut all: Vec<String> = all
        .as_array()
        .unwrap()
        .iter()
        .filter(|one| one["inherited"] == false)
        .map(|one| {
            let text = |field: &str| one[field].as_str().unwrap_or_default().to_owned();
            let holder = [text("role"), text("team"), text("userLogin")].concat();
            format!("{holder}: {}", text("permissionName"))
        })
        .collect();
    all.sort();
    all
}

async fn texts(bench: &Bench, dashboard: &str) -> Vec<String> {
    let all =
        ask(bench, Method::GET, &format!("/api/annotations?limit=500&dashboardUID={dashboard}"), None).await;
    all.as_array().unwrap().iter().map(|one| one["text"].as_str().unwrap().to_owned()).collect()
}

fn replace(request: &RestoreRequest) -> RestoreRequest {
    RestoreRequest { otherwise: Some(RestoreChoice::Replace), ..request.clone() }
}

fn part(made: &Backup, kind: BackupPartKind) -> &BackupPart {
    made.parts.iter().find(|part| part.kind == kind).unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_is_a_part_of_its_own_by_name_and_without_tokens() {
    for version in ["11.2.0", "13.3.0"] {
        let bench = Bench::start(version).await;
        let made = bench.create(EXTRAS).await;
        assert_eq!(made.verdict, BackupVerdict::Verified, "{made:#?}");
        let counts: Vec<u32> = EXTRAS.iter().map(|kind| part(&made, *kind).count).collect();
        assert_eq!(counts, [46, 5, 1, 1], "six folders and forty dashboards");
        assert_eq!(part(&made, BackupPartKind::Grafana).state, BackupPartState::Skipped);
        let read = |file: &str| {
            fs::read_to_string(bench.root().join(&made.id.0).join("grafana").join(file)).unwrap()
        };
        let permissions = read("permissions.json");
        for name in ["\"SRE\"", "\"Finance\"", "\"ann\"", "\"sa-1-aetherlink\"", "\"Viewer\""] {
            assert!(permissions.contains(name), "{name} is missing");
        }
        assert!(
            !permissions.contains("teamId") && !permissions.contains("userId"),
            "numbers are of one Grafana"
        );
        let public = read("public-dashboards.json");
        assert!(!public.contains("0123456789abcdef") && public.contains("[masked]"), "{public}");
        let text = fs::read_to_string(bench.root().join(&made.id.0).join("MANIFEST.txt")).unwrap();
        assert!(text.contains("--what public-dashboards"), "{text}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn credentials_that_may_not_read_a_part_make_it_incomplete_and_say_what_they_need() {
    let bench = Bench::start("12.4.0").await;
    for (path, kind, needed) in [
        ("/permissions", BackupPartKind::Permissions, "folders.permissions:read"),
        ("/api/annotations", BackupPartKind::Annotations, "annotations:read"),
        ("/public-dashboards", BackupPartKind::PublicDashboards, "dashboards:read"),
    ] {
        bench.faults(json!({"every": 1, "status": 403, "path": path})).await;
        let made = bench.create(EXTRAS).await;
        bench.faults(json!({})).await;
        assert_eq!(made.verdict, BackupVerdict::Incomplete);
        let failed = part(&made, kind);
        assert_eq!(failed.state, BackupPartState::Failed, "{failed:#?}");
        assert!(failed.notes.iter().any(|note| note.contains(needed)), "{failed:#?}");
        for other in EXTRAS.iter().filter(|other| **other != kind) {
            assert_eq!(part(&made, *other).state, BackupPartState::Complete, "{other:?}");
        }
    }
    // Where the feature is turned off, its address is not there: nothing is missing.
    bench.faults(json!({"every": 1, "status": 404, "path": "/api/dashboards/public-dashboards"})).await;
    let made = bench.create(EXTRAS).await;
    let off = part(&made, BackupPartKind::PublicDashboards);
    assert!(off.state == BackupPartState::Complete && off.notes[0].contains("turned off"), "{off:#?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn permissions_are_restored_by_name_asked_about_where_they_widen_and_undone() {
    let bench = Bench::start("11.2.0").await;
    let saved = bench.create(EXTRAS).await;
    let whole = grants(&bench, "folders/rag").await;
    assert_eq!(whole, ["Editor: Edit", "SRE: Admin", "Viewer: View", "sa-1-aetherlink: Edit"]);
    let request = of(&bench, &saved.id, RestorePart::Permissions, &[]);
    let nothing = bench.panel.restore_plan(request.clone()).await.unwrap();
    assert_eq!((nothing.writes, nothing.undecided, nothing.items.len()), (0, 0, 46));

    // Somebody opens one folder to everybody, and closes another.
    let open = json!({"items": [
        {"role": "Viewer", "permission": 2}, {"teamId": 2, "permission": 2}, {"userId": 2, "permission": 1}
    ]});
    ask(&bench, Method::POST, "/api/folders/business/permissions", Some(open)).await;
    let closed = json!({"items": [{"role": "Editor", "permission": 2}]});
    ask(&bench, Method::POST, "/api/folders/rag/permissions", Some(closed)).await;
    let changed = (grants(&bench, "folders/business").await, grants(&bench, "folders/rag").await);
    let plan = bench.panel.restore_plan(request.clone()).await.unwrap();
    assert_eq!((plan.writes, plan.undecided), (1, 1), "{plan:#?}");
    let narrower = item(&plan, "folder/business");
    assert!(
        narrower.act == RestoreAction::Update && narrower.diff.contains("-role Viewer: Edit"),
        "{narrower:#?}"
    );
    let wider = item(&plan, "folder/rag");
    assert_eq!((wider.act, wider.obstacle), (RestoreAction::Choose, Some(RestoreConflict::WouldWiden)));
    assert!(wider.note.contains("team SRE: Admin (nothing now)"), "{}", wider.note);
    let refused = bench.apply(request.clone()).await.unwrap_err();
    assert!(refused.message.contains("Unresolved conflicts"), "{refused}");
    assert_eq!(grants(&bench, "folders/business").await, changed.0, "nothing was written");

    let run = bench.apply(replace(&request)).await.unwrap();
    assert_eq!((run.state, run.items.len()), (RestoreState::Done, 2), "{run:#?}");
    assert_eq!(grants(&bench, "folders/rag").await, whole);
    assert_eq!(grants(&bench, "folders/business").await, ["Finance: Edit", "ann: View"]);
    let undone = bench.panel.restore_undo(RestoreUndoRequest { id: run.id }).await.unwrap();
    assert_eq!(undone.state, RestoreState::Undone, "{undone:#?}");
    assert_eq!((grants(&bench, "folders/business").await, grants(&bench, "folders/rag").await), changed);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn permissions_changed_after_a_restore_are_not_reverted() {
    let bench = Bench::start("12.0.0").await;
    let saved = bench.create(EXTRAS).await;
    let none = json!({"items": []});
    ask(&bench, Method::POST, "/api/dashboards/uid/rag-00/permissions", Some(none.clone())).await;
    let request = replace(&of(&bench, &saved.id, RestorePart::Permissions, &["dashboard/rag-00"]));
    let run = bench.apply(request).await.unwrap();
    assert_eq!(grants(&bench, "dashboards/uid/rag-00").await, ["ben: Edit"]);
    let since = json!({"items": [{"userId": 2, "permission": 4}]});
    ask(&bench, Method::POST, "/api/dashboards/uid/rag-00/permissions", Some(since)).await;
    let undone = bench.panel.restore_undo(RestoreUndoRequest { id: run.id }).await.unwrap();
    assert_eq!(undone.state, RestoreState::PartlyUndone, "{undone:#?}");
    assert_eq!(grants(&bench, "dashboards/uid/rag-00").await, ["ann: Admin"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn teams_and_users_that_another_grafana_lacks_are_left_out_and_named() {
    let mut bench = Bench::start("11.2.0").await;
    let other = Bench::start("13.3.0").await;
    let saved = bench.create(EXTRAS).await;
    bench.beside(&other).await;
    // There the team has another number, and ben is unknown.
    let file = other.folder.path().join("grafana/grafana.json");
    let mut state: Value = serde_json::from_str(&fs::read_to_string(&file).unwrap()).unwrap();
    state["teams"] = json!({"17": "SRE"});
    state["users"] = json!({"1": "admin", "9": "ann"});
    state["service_accounts"] = json!({});
    state["permissions"] = json!({});
    let other = restarted(other, state).await;
    let stacks = bench.folder.path().join("home/config/stacks/staging.toml");
    let profile = fs::read_to_string(&stacks).unwrap();
    let start = profile.find("[grafana]\nurl = \"").unwrap() + "[grafana]\nurl = \"".len();
    let end = start + profile[start..].find('"').unwrap();
    fs::write(&stacks, format!("{}{}{}", &profile[..start], other.grafana.url(), &profile[end..])).unwrap();
    bench.panel = crate::common::backups::open(bench.folder.path()).await;
    bench.credentials().await;
    for name in ["staging", "test"] {
        bench.panel.stack_select(StackName { name: name.into() }).await.unwrap();
        bench.credentials().await;
    }
    let request = RestoreRequest {
        into_stack: Some("staging".into()),
        ..of(&bench, &saved.id, RestorePart::Permissions, &["folder/rag", "dashboard/rag-00"])
    };
    let plan = bench.panel.restore_plan(request.clone()).await.unwrap();
    let folder = item(&plan, "folder/rag");
    assert!(folder.note.contains("does not have them: user sa-1-aetherlink"), "{}", folder.note);
    let dashboard = item(&plan, "dashboard/rag-00");
    assert!(
        dashboard.act == RestoreAction::Identical && dashboard.note.contains("user ben"),
        "{dashboard:#?}"
    );
    bench.apply(replace(&request)).await.unwrap();
    assert_eq!(grants(&other, "folders/rag").await, ["Editor: Edit", "SRE: Admin", "Viewer: View"]);
}

/// The same Grafana with another state.
async fn restarted(bench: Bench, state: Value) -> Bench {
    use aether_sim::grafana::{Grafana, GrafanaOptions};
    let Bench { folder, grafana, panel, http } = bench;
    drop(grafana);
    let place = folder.path().join("grafana");
    fs::write(place.join("grafana.json"), state.to_string()).unwrap();
    let options = GrafanaOptions { folder: place, version: "13.3.0".into(), ..GrafanaOptions::default() };
    let grafana = Grafana::start(options).await.unwrap();
    Bench { folder, grafana, panel, http }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_restore_creates_gets_the_permissions_it_had_and_never_more_than_the_defaults() {
    for version in ["11.2.0", "13.3.0"] {
        let bench = Bench::start(version).await;
        let all: Vec<BackupPartKind> = GRAFANA.iter().chain(EXTRAS).copied().collect();
        let saved = bench.create(&all).await;
        for folder in ["business", "rag"] {
            ask(&bench, Method::DELETE, &format!("/api/folders/{folder}?forceDeleteRules=true"), None).await;
        }
        let run = bench
            .apply(of(&bench, &saved.id, RestorePart::Dashboards, &["business-00", "rag-00"]))
            .await
            .unwrap();
        assert_eq!(run.state, RestoreState::Done, "{run:#?}");
        // Only the team and ann saw it; nobody else does now, and they get access again when it is restored.
        assert_eq!(grants(&bench, "folders/business").await, [""; 0]);
        assert_eq!(grants(&bench, "folders/rag").await, ["Editor: Edit", "Viewer: View"]);
        let told = run.notes.iter().filter(|note| note.contains("gives more access")).count();
        assert_eq!(told, 2, "{:#?}", run.notes);
        let request = of(
            &bench,
            &saved.id,
            RestorePart::Permissions,
            &["folder/business", "folder/rag", "dashboard/rag-00"],
        );
        assert_eq!(bench.apply(replace(&request)).await.unwrap().state, RestoreState::Done);
        assert_eq!(grants(&bench, "folders/business").await, ["Finance: Edit", "ann: View"]);
        assert_eq!(grants(&bench, "dashboards/uid/rag-00").await, ["ben: Edit"]);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_restored_into_a_new_folder_whose_permissions_were_refused() {
    let bench = Bench::start("12.4.0").await;
    let all: Vec<BackupPartKind> = GRAFANA.iter().chain(EXTRAS).copied().collect();
    let saved = bench.create(&all).await;
    let remove = "/api/folders/business?forceDeleteRules=true";
    let request = bench.request(&saved.id, &["business-00"]);
    ask(&bench, Method::DELETE, remove, None).await;
    bench.faults(json!({"every": 1, "status": 403, "method": "POST", "path": "/permissions"})).await;
    let run = bench.apply(request.clone()).await.unwrap();
    bench.faults(json!({})).await;
    assert_eq!(run.items[0].outcome, RestoreOutcome::Failed, "{run:#?}");
    assert!(run.items[0].note.contains("more people would see it"), "{run:#?}");
    assert!(bench.dashboard("business-00").await.is_none());

    // The answers to both writes are lost: the folder is ours, and closed.
    ask(&bench, Method::DELETE, remove, None).await;
    bench
        .faults(json!({"every": 1, "status": 502, "after": true, "method": "POST", "path": "/api/folders"}))
        .await;
    let run = bench.apply(request.clone()).await.unwrap();
    bench.faults(json!({})).await;
    assert_eq!(run.state, RestoreState::Done, "{run:#?}");
    assert_eq!(grants(&bench, "folders/business").await, [""; 0]);

    // Who the teams are is not told: nobody but administrators gets in.
    ask(&bench, Method::DELETE, remove, None).await;
    bench.faults(json!({"every": 1, "status": 403, "path": "/api/teams/search"})).await;
    let run = bench.apply(request).await.unwrap();
    bench.faults(json!({})).await;
    assert_eq!(run.state, RestoreState::Done, "{run:#?}");
    assert!(run.notes.iter().any(|note| note.contains("Left out")), "{run:#?}");
    assert_eq!(grants(&bench, "folders/business").await, [""; 0]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn missing_annotations_are_created_once_and_undo_deletes_only_those() {
    let bench = Bench::start("13.3.0").await;
    let saved = bench.create(EXTRAS).await;
    let all = ask(&bench, Method::GET, "/api/annotations", None).await;
    for one in all.as_array().unwrap().iter().filter(|one| one["text"] != "Deploy 4.2.1") {
        ask(&bench, Method::DELETE, &format!("/api/annotations/{}", one["id"]), None).await;
    }
    let mine =
        json!({"dashboardUID": "rag-00", "panelId": 1, "time": 1, "timeEnd": 2, "text": "mine", "tags": []});
    ask(&bench, Method::POST, "/api/annotations", Some(mine)).await;

    let request = of(&bench, &saved.id, RestorePart::Annotations, &[]);
    let plan = bench.panel.restore_plan(request.clone()).await.unwrap();
    assert_eq!((plan.writes, plan.undecided), (3, 0), "{plan:#?}");
    assert!(item(&plan, "dashboard/rag-00").note.starts_with("Creates 2 of 3 annotations"), "{plan:#?}");
    let run = bench.apply(request.clone()).await.unwrap();
    assert_eq!(run.state, RestoreState::Done, "{run:#?}");
    let mut now = texts(&bench, "rag-00").await;
    now.sort();
    assert_eq!(now, ["Cache flushed", "Deploy 4.2.0", "Deploy 4.2.1", "mine"]);
    assert_eq!(
        bench.panel.restore_plan(request).await.unwrap().writes,
        0,
        "a second time there is nothing to do"
    );

    let undone = bench.panel.restore_undo(RestoreUndoRequest { id: run.id }).await.unwrap();
    assert_eq!(undone.state, RestoreState::Undone, "{undone:#?}");
    let mut now = texts(&bench, "rag-00").await;
    now.sort();
    assert_eq!(now, ["Deploy 4.2.1", "mine"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn annotations_created_before_a_failure_are_told_and_taken_back() {
    let bench = Bench::start("11.2.0").await;
    let saved = bench.create(EXTRAS).await;
    let all = ask(&bench, Method::GET, "/api/annotations?dashboardUID=rag-00", None).await;
    for one in all.as_array().unwrap() {
        ask(&bench, Method::DELETE, &format!("/api/annotations/{}", one["id"]), None).await;
    }
    bench.faults(json!({"nth": 3, "status": 403, "method": "POST", "path": "/api/annotations"})).await;
    let run =
        bench.apply(of(&bench, &saved.id, RestorePart::Annotations, &["dashboard/rag-00"])).await.unwrap();
    bench.faults(json!({})).await;
    assert!(run.state == RestoreState::Partly && run.can_undo, "{run:#?}");
    assert_eq!(texts(&bench, "rag-00").await.len(), 2);
    let undone = bench.panel.restore_undo(RestoreUndoRequest { id: run.id }).await.unwrap();
    assert_eq!(texts(&bench, "rag-00").await, [""; 0], "{undone:#?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn more_annotations_than_a_page_holds_are_all_saved() {
    let bench = Bench::start("12.4.0").await;
    // Many that begin and end in one moment, and regions that reach over all of them.
    let file = bench.folder.path().join("grafana/grafana.json");
    let mut state: Value = serde_json::from_str(&fs::read_to_string(&file).unwrap()).unwrap();
    let rows = (0..12_000_i64).map(|index| {
        let time = 1_000_000 + index / 6_000;
        let end = if index % 5 == 0 { time + 50_000 } else { time };
        json!({"id": 100 + index, "alertId": 0, "dashboardUID": "", "panelId": 0, "userId": 1, "time": time,
            "timeEnd": end, "text": format!("n{index}"), "tags": [], "data": {}})
    });
    state["annotations"] = rows.collect();
    state["annotations"]
        .as_array_mut()
        .unwrap()
        .push(json!({"id": 9, "alertId": 3, "text": "of an alert", "time": 1, "timeEnd": 1}));
    let bench = restarted(bench, state).await;
    let auth = aether_clients::Auth::Bearer(bench.grafana.token().to_owned().into());
    let endpoint = aether_clients::Endpoint {
        auth,
        ..aether_clients::Endpoint::plain(bench.grafana.url().parse().unwrap())
    };
    let client = aether_clients::Grafana::new(endpoint).unwrap();
    let all = client.annotations(None).await.unwrap();
    let mut numbers: Vec<i64> = all.iter().map(|one| one["id"].as_i64().unwrap()).collect();
    numbers.sort_unstable();
    assert_eq!(numbers, (100..12_100).collect::<Vec<i64>>());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn playlists_are_restored_under_a_uid_of_grafanas_and_undone() {
    let bench = Bench::start("11.2.0").await;
    let saved = bench.create(EXTRAS).await;
    let names = async || -> Vec<String> {
        let all = ask(&bench, Method::GET, "/api/playlists", None).await;
        all.as_array().unwrap().iter().map(|one| one["uid"].as_str().unwrap().to_owned()).collect()
    };
    let mut wall = ask(&bench, Method::GET, "/api/playlists/wall", None).await;
    wall["interval"] = json!("1m");
    wall["items"] = json!([]);
    ask(&bench, Method::PUT, "/api/playlists/wall", Some(wall)).await;
    let request = of(&bench, &saved.id, RestorePart::Playlists, &[]);
    let run = bench.apply(request.clone()).await.unwrap();
    assert_eq!(run.state, RestoreState::Done, "{run:#?}");
    let now = ask(&bench, Method::GET, "/api/playlists/wall", None).await;
    assert!(now["interval"] == "5m" && now["items"].as_array().unwrap().len() == 2, "{now}");
    bench.panel.restore_undo(RestoreUndoRequest { id: run.id }).await.unwrap();
    assert_eq!(ask(&bench, Method::GET, "/api/playlists/wall", None).await["interval"], "1m");

    ask(&bench, Method::DELETE, "/api/playlists/wall", None).await;
    let run = bench.apply(request.clone()).await.unwrap();
    assert_eq!((run.state, names().await.len()), (RestoreState::Done, 1), "{run:#?}");
    assert_eq!(bench.panel.restore_plan(request).await.unwrap().writes, 0, "it is known by its name");
    let undone = bench.panel.restore_undo(RestoreUndoRequest { id: run.id }).await.unwrap();
    assert_eq!((undone.state, names().await.len()), (RestoreState::Undone, 0), "{undone:#?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_becomes_public_without_being_asked_about() {
    let bench = Bench::start("13.3.0").await;
    let saved = bench.create(EXTRAS).await;
    let path = "/api/dashboards/uid/platform-00/public-dashboards/";
    ask(&bench, Method::DELETE, &format!("{path}status-page"), None).await;
    let request = of(&bench, &saved.id, RestorePart::PublicDashboards, &[]);
    let plan = bench.panel.restore_plan(request.clone()).await.unwrap();
    let one = item(&plan, "dashboard/platform-00");
    assert_eq!(
        (one.act, one.obstacle),
        (RestoreAction::Choose, Some(RestoreConflict::WouldWiden)),
        "{one:#?}"
    );
    assert!(one.note.contains("everybody with the link") && one.note.contains("new link"), "{}", one.note);
    let keep = RestoreRequest { otherwise: Some(RestoreChoice::Keep), ..request.clone() };
    assert_eq!(bench.panel.restore_plan(keep).await.unwrap().writes, 0);
    let run = bench.apply(replace(&request)).await.unwrap();
    assert_eq!(run.state, RestoreState::Done, "{run:#?}");
    let now = ask(&bench, Method::GET, path, None).await;
    assert!(now["isEnabled"] == true && now["accessToken"] != "[masked]", "{now}");
    assert_ne!(now["accessToken"], "0123456789abcdef0123456789abcdef");

    // Switched off by somebody since: undoing does not delete what is no longer the restore's.
    let own = now["uid"].as_str().unwrap().to_owned();
    ask(&bench, Method::PATCH, &format!("{path}{own}"), Some(json!({"isEnabled": false}))).await;
    let undone = bench.panel.restore_undo(RestoreUndoRequest { id: run.id }).await.unwrap();
    assert_eq!(undone.state, RestoreState::PartlyUndone, "{undone:#?}");
    assert_eq!(ask(&bench, Method::GET, path, None).await["isEnabled"], false);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn lost_answers_of_these_writes_are_looked_up_before_anything_is_said() {
    let bench = Bench::start("12.0.0").await;
    let saved = bench.create(EXTRAS).await;
    ask(&bench, Method::DELETE, "/api/playlists/wall", None).await;
    ask(&bench, Method::POST, "/api/folders/rag/permissions", Some(json!({"items": []}))).await;
    for (part, path, uid) in [
        (RestorePart::Playlists, "/api/playlists", "playlist/wall"),
        (RestorePart::Permissions, "/api/folders/rag/permissions", "folder/rag"),
    ] {
        bench.faults(json!({"nth": 1, "status": 502, "after": true, "method": "POST", "path": path})).await;
        let run = bench.apply(replace(&of(&bench, &saved.id, part, &[uid]))).await.unwrap();
        bench.faults(json!({})).await;
        assert_eq!(run.state, RestoreState::Done, "{run:#?}");
        assert!(run.items[0].note.contains("It was saved, although"), "{run:#?}");
    }
}
