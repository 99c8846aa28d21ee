//! Dashboards of every schema on Grafanas of several versions: backed up as they are stored, compared, restored, copied
//! and undone without a loss, or the loss is reported.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test ends with what it expected")]

use std::{collections::BTreeMap, fs, time::Duration};

use aether_contract::*;
use aether_sim::grafana::{Grafana, GrafanaOptions};
use aether_tests::eventually;
use reqwest::Method;
use serde_json::{Value, json};

use crate::common::backups::{Bench, GRAFANA, NOBODY, item, open};

/// The version of `/apis` in which a form of dashboard is saved; none where a Grafana lacks it.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Form {
    Classic,
    V1(&'static str),
    V2(&'static str),
}

const CLASSIC: &str = concat!(
    r#"{"title":"Odd","panels":[{"id":1,"type":"stat","title":"A","targets":[{"refId":"A","expr":"EXPR"}]}],"#,
    r#""schemaVersion":41,"limit":1.50e1}"#
);
const V2: &str = concat!(
    r#"{"title":"Odd","tags":[],"cursorSync":"Off","unknown":{"n":123456789012345678901234567890,"m":1.10},"#,
    r#""elements":{"a":{"kind":"Panel","spec":{"id":1,"title":"A","data":{"kind":"QueryGroup","spec":{"queries":["#,
    r#"{"kind":"PanelQuery","spec":{"refId":"A","hidden":false,"query":{QUERY,"spec":{"expr":"EXPR"}}}}],"#,
    r#""transformations":[]}},"vizConfig":{CONFIG,"spec":{"options":{}}}}}},"#,
    r#""layout":{"kind":"TabsLayout","spec":{"tabs":[{"kind":"TabsLayoutTab","spec":{"title":"One","layout":"#,
    r#"{"kind":"AutoGridLayout","spec":{"items":[{"kind":"AutoGridLayoutItem","spec":{"element":"#,
    r#"{"kind":"ElementReference","name":"a"}}}]}}}}]}}}"#
);

/// A spec that no conversion and no other number format would return unchanged.
fn spec(form: Form, expr: &str) -> String {
    let (config, query) = if form == Form::V2("v2alpha1") {
        (r#""kind":"stat""#, r#""kind":"prometheus""#)
    } else {
        (r#""kind":"VizConfig","group":"stat""#, r#""kind":"DataQuery","group":"prometheus""#)
    };
    let text = if matches!(form, Form::V2(_)) { V2 } else { CLASSIC };
    text.replace("QUERY", query).replace("CONFIG", config).replace("EXPR", expr)
}

/// Saves a dashboard as somebody in Grafana would.
async fn save(bench: &Bench, form: Form, uid: &str, spec: &str, annotations: Value) {
    let (Form::V1(version) | Form::V2(version)) = form else {
        let mut data: Value = serde_json::from_str(spec).unwrap();
        data["uid"] = json!(uid);
        let live = bench.dashboard(uid).await;
        data["version"] = live.map_or(json!(0), |live| live["dashboard"]["version"].clone());
        let body = json!({"dashboard": data, "folderUid": "rag", "overwrite": false});
        let (status, answer) = bench.ask(Method::POST, "/api/dashboards/db", Some(body)).await;
        assert_eq!(status, 200, "{answer}");
        return;
    };
    let collection = format!("/apis/dashboard.grafana.app/{version}/namespaces/default/dashboards");
    let (status, live) = bench.ask(Method::GET, &format!("{collection}/{uid}"), None).await;
    let mut metadata = json!({"name": uid, "annotations": annotations});
    metadata["annotations"]["grafana.app/folder"] = json!("rag");
    let (method, path) = if status == 200 {
        metadata["resourceVersion"] = live["metadata"]["resourceVersion"].clone();
        (Method::PUT, format!("{collection}/{uid}"))
    } else {
        (Method::POST, collection)
    };
    let body = format!(
        r#"{{"kind":"Dashboard","apiVersion":"dashboard.grafana.app/{version}","metadata":{metadata},"spec":{spec}}}"#
    );
    let request = bench.http.request(method, format!("{}{path}", bench.grafana.url()));
    let answer = request.basic_auth("admin", Some("admin")).body(body).send().await.unwrap();
    let status = answer.status();
    assert!(status.is_success(), "{status}: {}", answer.text().await.unwrap());
}

/// What Grafana has, as it stores it.
async fn stored(bench: &Bench, form: Form, uid: &str) -> Option<String> {
    let (Form::V1(version) | Form::V2(version)) = form else {
        let mut live = bench.dashboard(uid).await?["dashboard"].take();
        for key in ["id", "uid", "version"] {
            live.as_object_mut().unwrap().remove(key);
        }
        return Some(live.to_string());
    };
    let path = format!("/apis/dashboard.grafana.app/{version}/namespaces/default/dashboards/{uid}");
    let request = bench.http.get(format!("{}{path}", bench.grafana.url())).basic_auth("admin", Some("admin"));
    let answer = request.send().await.unwrap();
    let success = answer.status().is_success();
    let text = answer.text().await.unwrap();
    assert!(!text.contains("storedVersion"), "it was converted: {text}");
    let spec =
        text.split_once("\"spec\":").map(|(_, rest)| rest.split(",\"status\":").next().unwrap().to_owned());
    success.then(|| spec.unwrap())
}

/// What [`stored`] returns for a spec that was saved through the same API.
fn as_stored(form: Form, spec: &str) -> String {
    match form {
        Form::Classic => serde_json::from_str::<Value>(spec).unwrap().to_string(),
        _ => spec.to_owned(),
    }
}

/// The fields of a document, each as it is written: another title may move them.
fn fields(text: &str) -> BTreeMap<String, String> {
    let raw: BTreeMap<String, Box<serde_json::value::RawValue>> = serde_json::from_str(text).unwrap();
    raw.into_iter().map(|(key, value)| (key, value.get().to_owned())).collect()
}

const TABLE: [(&str, &[Form]); 4] = [
    ("11.2.0", &[Form::Classic]),
    ("12.0.0", &[Form::Classic, Form::V1("v1beta1"), Form::V2("v2alpha1")]),
    ("12.4.0", &[Form::Classic, Form::V1("v1beta1"), Form::V2("v2beta1")]),
    ("13.3.0", &[Form::Classic, Form::V1("v1beta1"), Form::V1("v1"), Form::V2("v2beta1"), Form::V2("v2")]),
];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn dashboards_of_every_schema_survive_on_every_version() {
    for (version, forms) in TABLE {
        let bench = Bench::start(version).await;
        for (index, &form) in forms.iter().enumerate() {
            let uid = format!("odd-{index}");
            let told = format!("{form:?} on {version}");
            let (first, second) = (spec(form, "up"), spec(form, "max(up)"));
            save(&bench, form, &uid, &first, json!({})).await;
            let made = bench.create(GRAFANA).await;
            assert_eq!(made.verdict, BackupVerdict::Verified, "{told}: {made:?}");
            assert!(bench.same_as(&made.id).await, "{told}");

            // Somebody changes it; the restore puts it beside that or back, byte for byte, and so does undoing that.
            save(&bench, form, &uid, &second, json!({})).await;
            assert!(!bench.same_as(&made.id).await, "{told}");
            let beside =
                RestoreRequest { otherwise: Some(RestoreChoice::Copy), ..bench.request(&made.id, &[&uid]) };
            let run = bench.apply(beside).await.unwrap();
            assert_eq!(run.state, RestoreState::Done, "{told}: {run:#?}");
            let copied = &run.items[0];
            let renamed = first.replace("\"Odd\"", &format!("\"{}\"", copied.title));
            assert_ne!((copied.uid.as_str(), renamed.as_str()), (uid.as_str(), first.as_str()), "{told}");
            let copy = stored(&bench, form, &copied.uid).await.unwrap();
            assert_eq!(fields(&copy), fields(&as_stored(form, &renamed)), "{told}");
            bench.panel.restore_undo(RestoreUndoRequest { id: run.id }).await.unwrap();
            assert!(stored(&bench, form, &copied.uid).await.is_none(), "{told}");
            let mut request = bench.request(&made.id, &[&uid]);
            request.otherwise = Some(RestoreChoice::Replace);
            let run = bench.apply(request.clone()).await.unwrap();
            assert_eq!(run.state, RestoreState::Done, "{told}: {run:#?}");
            assert_eq!(stored(&bench, form, &uid).await.unwrap(), as_stored(form, &first), "{told}");
            let undone = bench.panel.restore_undo(RestoreUndoRequest { id: run.id }).await.unwrap();
            assert_eq!(undone.state, RestoreState::Undone, "{told}: {undone:#?}");
            assert_eq!(stored(&bench, form, &uid).await.unwrap(), as_stored(form, &second), "{told}");

            // Somebody deletes it.
            bench.remove(&uid).await;
            let run = bench.apply(request.clone()).await.unwrap();
            assert_eq!(run.state, RestoreState::Done, "{told}: {run:#?}");
            assert_eq!(stored(&bench, form, &uid).await.unwrap(), as_stored(form, &first), "{told}");
            assert!(bench.same_as(&made.id).await, "{told}");
            bench.panel.restore_undo(RestoreUndoRequest { id: run.id }).await.unwrap();
            assert!(stored(&bench, form, &uid).await.is_none(), "{told}");
            let run = bench.apply(request).await.unwrap();
            assert_eq!(run.state, RestoreState::Done, "{told}: {run:#?}");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn dashboards_of_every_schema_are_restored_into_an_empty_grafana() {
    for (version, forms) in TABLE {
        let mut bench = Bench::start(version).await;
        let other = Bench::start(version).await;
        for (index, &form) in forms.iter().enumerate() {
            save(&bench, form, &format!("odd-{index}"), &spec(form, "up"), json!({})).await;
        }
        bench.beside(&other).await;
        assert_eq!(other.ask(Method::DELETE, "/api/folders/rag?forceDeleteRules=true", None).await.0, 200);
        let made = bench.create(GRAFANA).await;
        let request = RestoreRequest { into_stack: Some("staging".into()), ..bench.request(&made.id, &[]) };
        let plan = bench.panel.restore_plan(request.clone()).await.unwrap();
        assert!(plan.new_folders.contains(&"RAG".to_owned()), "{plan:#?}");
        let run = bench.apply(request).await.unwrap();
        assert_eq!(run.state, RestoreState::Done, "{version}: {run:#?}");
        for (index, &form) in forms.iter().enumerate() {
            let uid = format!("odd-{index}");
            let found = stored(&other, form, &uid).await.unwrap();
            assert_eq!(found, as_stored(form, &spec(form, "up")), "{form:?} on {version}");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_managed_dashboard_is_asked_about_and_copied_without_its_manager() {
    let bench = Bench::start("13.3.0").await;
    let form = Form::V2("v2");
    let managed = json!({"grafana.app/managedBy": "terraform", "grafana.app/managerId": "infra"});
    save(&bench, form, "odd", &spec(form, "up"), managed.clone()).await;
    let made = bench.create(GRAFANA).await;
    let about = bench.panel.backup_show(BackupRequest { id: made.id.clone() }).await.unwrap();
    let about = about.dashboards.into_iter().find(|one| one.uid == "odd").unwrap();
    assert_eq!((about.schema, about.api_version.as_str()), (DashboardSchema::V2, "v2"));
    assert_eq!(about.managed_by, "Terraform (infra)");
    save(&bench, form, "odd", &spec(form, "max(up)"), managed).await;
    let mut request = bench.request(&made.id, &["odd"]);
    let plan = bench.panel.restore_plan(request.clone()).await.unwrap();
    let one = item(&plan, "odd");
    assert_eq!((one.act, one.obstacle), (RestoreAction::Choose, Some(RestoreConflict::Managed)), "{one:#?}");
    assert!(one.note.contains("Terraform (infra)"));
    request.choices.insert("odd".into(), RestoreChoice::Copy);
    let run = bench.apply(request).await.unwrap();
    assert_eq!(run.state, RestoreState::Done, "{run:#?}");
    let uid = &run.items[0].uid;
    let path = format!("/apis/dashboard.grafana.app/v2/namespaces/default/dashboards/{uid}");
    let (_, copy) = bench.ask(Method::GET, &path, None).await;
    assert!(copy["metadata"]["annotations"].get("grafana.app/managedBy").is_none(), "{copy}");
    assert_eq!(copy["metadata"]["annotations"]["grafana.app/folder"], "rag");
    assert!(copy["spec"]["title"].as_str().unwrap().contains("restored"));
    bench.panel.restore_undo(RestoreUndoRequest { id: run.id }).await.unwrap();
    assert_eq!(bench.ask(Method::GET, &path, None).await.0, 404);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn schema_v2_is_refused_where_grafana_has_none_and_its_loss_is_named() {
    let mut bench = Bench::start("13.3.0").await;
    let form = Form::V2("v2");
    save(&bench, form, "odd", &spec(form, "up"), json!({})).await;
    let made = bench.create(GRAFANA).await;
    let old = Bench::start("11.2.0").await;
    bench.beside(&old).await;
    let request =
        RestoreRequest { into_stack: Some("staging".into()), ..bench.request(&made.id, &["odd", "rag-01"]) };
    let plan = bench.panel.restore_plan(request).await.unwrap();
    let one = item(&plan, "odd");
    assert_eq!((one.act, one.obstacle), (RestoreAction::Skip, Some(RestoreConflict::Unusable)), "{one:#?}");
    assert!(one.note.contains("no dashboard schema v2") && one.note.contains("1 tab and 1 automatic grid"));
    assert_eq!(item(&plan, "rag-01").act, RestoreAction::Identical, "the classic schema goes both ways");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_proxy_that_blocks_apis_makes_the_backup_incomplete_and_nothing_is_replaced() {
    for (version, status) in [("12.4.0", 403), ("13.3.0", 404), ("13.3.0", 403)] {
        let bench = Bench::start(version).await;
        let form = Form::V2("v2beta1");
        save(&bench, form, "odd", &spec(form, "up"), json!({})).await;
        let whole = bench.create(GRAFANA).await;
        bench.faults(json!({"path": "/apis", "every": 1, "status": status})).await;
        // A panel that has used /apis before names each dashboard; one that has not sees that it is blocked.
        assert_eq!(bench.create(GRAFANA).await.verdict, BackupVerdict::Incomplete, "{version} {status}");
        let panel = open(bench.folder.path()).await;
        let bench = Bench { panel, ..bench };
        bench.credentials().await;
        let made = bench.create(GRAFANA).await;
        assert_eq!(made.verdict, BackupVerdict::Incomplete, "{version} {status}: {made:?}");
        assert!(made.parts[0].notes.iter().any(|note| note.contains("/apis cannot be used")), "{made:?}");
        let request = RestoreRequest {
            otherwise: Some(RestoreChoice::Replace),
            ..bench.request(&whole.id, &["odd", "rag-01"])
        };
        bench.edit("rag-01", |data| data["title"] = json!("Changed")).await;
        let plan = bench.panel.restore_plan(request).await.unwrap();
        assert_eq!(plan.writes, 0, "{version} {status}: {plan:#?}");
        assert_eq!(item(&plan, "rag-01").obstacle, Some(RestoreConflict::StorageUnknown));
        assert!(plan.notes.iter().any(|note| note.contains("/apis")), "{:?}", plan.notes);
        // Once it is let through again, nobody has to restart anything.
        bench.faults(json!({})).await;
        assert_eq!(bench.create(GRAFANA).await.verdict, BackupVerdict::Verified, "{version} {status}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_dashboard_that_is_listed_but_not_returned_makes_the_backup_incomplete() {
    for status in [404, 403, 406] {
        let bench = Bench::start("13.3.0").await;
        bench.faults(json!({"path": "/dashboards/rag-01", "every": 1, "status": status})).await;
        let made = bench.create(GRAFANA).await;
        assert_eq!(made.verdict, BackupVerdict::Incomplete, "{status}: {made:?}");
        assert!(made.parts[0].notes.iter().any(|note| note.contains("rag-01")), "{status}: {made:?}");
        bench.faults(json!({"path": "/api/dashboards/uid/rag-01", "every": 1, "status": status})).await;
        let made = bench.create(GRAFANA).await;
        assert_eq!(made.verdict, BackupVerdict::Verified, "the legacy API is not used: {made:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn other_organizations_and_grafana_cloud_have_their_own_namespace() {
    for (org, cloud) in [(7, None), (1, Some(123))] {
        let options = GrafanaOptions { version: "13.3.0".into(), org, cloud, ..GrafanaOptions::default() };
        let bench = Bench::of(options, NOBODY).await;
        let made = bench.create(GRAFANA).await;
        assert_eq!((made.verdict, made.dashboards), (BackupVerdict::Verified, 40), "{made:?}");
        bench.remove("rag-01").await;
        let run = bench.apply(bench.request(&made.id, &["rag-01"])).await.unwrap();
        assert_eq!(run.state, RestoreState::Done, "{run:#?}");
        assert!(bench.same_as(&made.id).await);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_classic_copy_of_a_dashboard_in_schema_v2_is_marked_and_asked_about() {
    let bench = Bench::start("13.3.0").await;
    let made = bench.create(GRAFANA).await;
    // As an older panel would have saved it: through the legacy API.
    let form = Form::V2("v2");
    save(&bench, form, "rag-01", &spec(form, "up"), json!({})).await;
    let converted = bench.dashboard("rag-01").await.unwrap();
    let path = bench.root().join(&made.id.0).join("grafana/dashboards/rag-01.json");
    fs::write(&path, converted.to_string()).unwrap();
    let request = bench.request(&made.id, &["rag-01"]);
    let plan = bench.panel.restore_plan(request.clone()).await.unwrap();
    let one = item(&plan, "rag-01");
    assert_eq!(
        (one.act, one.obstacle),
        (RestoreAction::Choose, Some(RestoreConflict::WouldLose)),
        "{one:#?}"
    );
    assert!(one.note.contains("would lose 1 tab and 1 automatic grid"), "{}", one.note);
    assert!(one.note.contains("read through the legacy API of Grafana 13.3.0"), "{}", one.note);
    let mut marked = converted;
    marked["meta"]["apiVersion"] = json!("v2beta1");
    fs::write(&path, marked.to_string()).unwrap();
    let detail = bench.panel.backup_show(BackupRequest { id: made.id.clone() }).await.unwrap();
    let about = detail.dashboards.iter().find(|one| one.uid == "rag-01").unwrap();
    assert!(about.lossy.contains("v2beta1"), "{about:?}");
    // Chosen all the same, undoing it brings the tabs back.
    let run =
        bench.apply(RestoreRequest { otherwise: Some(RestoreChoice::Replace), ..request }).await.unwrap();
    assert_eq!(run.state, RestoreState::Done, "{run:#?}");
    bench.panel.restore_undo(RestoreUndoRequest { id: run.id }).await.unwrap();
    assert_eq!(stored(&bench, form, "rag-01").await.unwrap(), spec(form, "up"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_somebody_saves_after_the_plan_is_a_conflict_in_apis_too() {
    let bench = Bench::start("13.3.0").await;
    let form = Form::V2("v2");
    save(&bench, form, "odd", &spec(form, "up"), json!({})).await;
    let made = bench.create(GRAFANA).await;
    save(&bench, form, "odd", &spec(form, "min(up)"), json!({})).await;
    let request =
        RestoreRequest { otherwise: Some(RestoreChoice::Replace), ..bench.request(&made.id, &["odd"]) };
    let plan = bench.panel.restore_plan(request.clone()).await.unwrap();
    save(&bench, form, "odd", &spec(form, "max(up)"), json!({})).await;
    let asked =
        RestoreApplyRequest { request: request.clone(), digest: plan.digest, created_by: String::new() };
    assert_eq!(bench.panel.restore_apply(asked).await.unwrap_err().code, ErrorCode::Unverified);
    // A save that the server carries out although its answer is lost is found by reading it back.
    bench.faults(json!({"path": "/apis", "method": "PUT", "nth": 1, "status": 502, "after": true})).await;
    let run = bench.apply(request).await.unwrap();
    assert_eq!(run.state, RestoreState::Done, "{run:#?}");
    assert!(run.items[0].note.contains("It was saved, although"), "{run:#?}");
    assert_eq!(stored(&bench, form, "odd").await.unwrap(), spec(form, "up"));
    save(&bench, form, "odd", &spec(form, "sum(up)"), json!({})).await;
    let undone = bench.panel.restore_undo(RestoreUndoRequest { id: run.id }).await.unwrap();
    assert_eq!(undone.state, RestoreState::PartlyUndone);
    assert_eq!(stored(&bench, form, "odd").await.unwrap(), spec(form, "sum(up)"), "what came since stays");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_grafana_that_is_upgraded_while_the_panel_is_open_is_read_in_its_new_way() {
    let mut bench = Bench::start("11.2.0").await;
    assert_eq!(bench.create(GRAFANA).await.verdict, BackupVerdict::Verified);
    let port = bench.grafana.url().rsplit(':').next().unwrap().parse().ok();
    let folder = bench.folder.path().join("grafana");
    let elsewhere = GrafanaOptions { folder: bench.folder.path().join("other"), ..GrafanaOptions::default() };
    // The old one ends.
    bench.grafana = Grafana::start(elsewhere).await.unwrap();
    let newer = GrafanaOptions { folder, port, version: "13.3.0".into(), ..GrafanaOptions::default() };
    let started =
        eventually(Duration::from_secs(60), async || Grafana::start(newer.clone()).await.ok()).await;
    bench.grafana = started.unwrap();
    let form = Form::V2("v2");
    save(&bench, form, "odd", &spec(form, "up"), json!({})).await;
    let made = bench.create(GRAFANA).await;
    let detail = bench.panel.backup_show(BackupRequest { id: made.id }).await.unwrap();
    let odd = detail.dashboards.into_iter().find(|one| one.uid == "odd").unwrap();
    assert_eq!((odd.schema, odd.lossy.as_str()), (DashboardSchema::V2, ""), "{odd:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn library_panels_that_are_counted_but_left_out_make_the_backup_incomplete() {
    let bench = Bench::start("12.4.0").await;
    // More than a page, and pages from which something is missing although more follow.
    for number in 0..150 {
        let panel = json!({"uid": format!("l-{number}"), "name": format!("L {number}"), "kind": 1, "folderUid": "rag",
            "model": {"type": "stat", "title": "L"}});
        assert_eq!(bench.ask(Method::POST, "/api/library-elements", Some(panel)).await.0, 200);
    }
    let whole = bench.create(GRAFANA).await;
    assert_eq!(whole.verdict, BackupVerdict::Verified, "{whole:#?}");
    bench.faults(json!({"hide_library": 3})).await;
    let made = bench.create(GRAFANA).await;
    assert_eq!(made.verdict, BackupVerdict::Incomplete);
    let told = "Grafana has 151 library panels, but these credentials can read only 100.";
    assert!(made.parts[0].notes.iter().any(|note| note == told), "{:#?}", made.parts[0].notes);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn folders_are_named_by_uid_where_numbers_differ_or_are_no_longer_read() {
    for (version, folder) in [("12.0.0", "platform"), ("13.3.0", "")] {
        let bench = Bench::start(version).await;
        let number = bench.ask(Method::GET, "/api/folders/platform", None).await.1["id"].clone();
        let body = json!({"dashboard": {"uid": "numbered", "title": "N", "panels": []}, "folderId": number});
        assert_eq!(bench.ask(Method::POST, "/api/dashboards/db", Some(body)).await.0, 200);
        assert_eq!(bench.dashboard("numbered").await.unwrap()["meta"]["folderUid"], folder, "{version}");
        // A restore says the folder in the way that every version reads.
        let saved = bench.create(GRAFANA).await;
        bench.remove("platform-00").await;
        bench.apply(bench.request(&saved.id, &["platform-00"])).await.unwrap();
        assert_eq!(
            bench.dashboard("platform-00").await.unwrap()["meta"]["folderUid"],
            "platform",
            "{version}"
        );
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_dashboard_that_the_search_does_not_know_yet_is_saved_and_compared() {
    let bench = Bench::start("13.3.0").await;
    let body = json!({"dashboard": {"uid": "newest", "title": "Newest", "panels": []}});
    assert_eq!(bench.ask(Method::POST, "/api/dashboards/db", Some(body)).await.0, 200);
    bench.faults(json!({"search_lags": true})).await;
    let made = bench.create(GRAFANA).await;
    assert_eq!((made.verdict, made.dashboards), (BackupVerdict::Verified, 41));
    assert!(bench.same_as(&made.id).await, "it is not missing in Grafana");
}
