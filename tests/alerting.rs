//! Grafana's alerting restored and undone, with secrets that no backup holds.
#![allow(clippy::unwrap_used, clippy::panic)]

use std::{fs, process::Command};

use crate::common::backups::{Bench, GRAFANA, item, of};
use aether_contract::*;
use serde_json::{Value, json};

/// What Grafana has of the alerting, as a backup of this moment would hold it.
async fn alerting(bench: &Bench) -> Value {
    let mut all = json!({});
    for what in ["alert-rules", "contact-points", "policies", "mute-timings", "templates"] {
        let (status, mut found) =
            bench.ask(reqwest::Method::GET, &format!("/api/v1/provisioning/{what}"), None).await;
        assert_eq!(status, 200);
        let own = |one: &mut Value| {
            for key in ["id", "updated", "version", "provenance"] {
                one.as_object_mut().unwrap().remove(key);
            }
        };
        match &mut found {
            Value::Array(all) => all.iter_mut().for_each(own),
            one => own(one),
        }
        if let Some(list) = found.as_array_mut() {
            list.sort_by_key(|one| {
                one["uid"].as_str().or(one["name"].as_str()).unwrap_or_default().to_owned()
            });
        }
        all[what] = found;
    }
    for group in ["answers", "cost"] {
        let path = format!("/api/v1/provisioning/folder/rag/rule-groups/{group}");
        let (_, found) = bench.ask(reqwest::Method::GET, &path, None).await;
        all[group] = found["interval"].clone();
    }
    all
}

/// Somebody changes something of the alerting.
async fn change(bench: &Bench, method: reqwest::Method, path: &str, body: Option<Value>) {
    let (status, answer) = bench.ask(method, &format!("/api/v1/provisioning/{path}"), body).await;
    assert!((200..300).contains(&status), "{path}: {status} {answer}");
}

/// Somebody breaks about everything of the alerting.
async fn wreck(bench: &Bench) {
    use reqwest::Method;
    let rules = bench.ask(Method::GET, "/api/v1/provisioning/alert-rules", None).await.1;
    let mut rule =
        rules.as_array().unwrap().iter().find(|rule| rule["uid"] == "rag-slow-rerank").unwrap().clone();
    rule["for"] = json!("99m");
    change(bench, Method::PUT, "alert-rules/rag-slow-rerank", Some(rule)).await;
    change(bench, Method::DELETE, "alert-rules/rag-no-answers", None).await;
    change(bench, Method::PUT, "policies", Some(json!({"receiver": "grafana-default-email"}))).await;
    change(bench, Method::DELETE, "mute-timings/weekend", None).await;
    change(
        bench,
        Method::PUT,
        "templates/short",
        Some(json!({"template": "{{ define \"short\" }}x{{ end }}"})),
    )
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn alert_rules_and_notification_settings_are_restored_and_undone() {
    let bench = Bench::start("11.2.0").await;
    let saved = bench.create(GRAFANA).await;
    let whole = alerting(&bench).await;
    let request = of(&bench, &saved.id, RestorePart::Alerting, &[]);
    let nothing = bench.panel.restore_plan(request.clone()).await.unwrap();
    assert!(nothing.writes == 0 && nothing.items.len() == 10, "{nothing:#?}");

    wreck(&bench).await;
    let wrecked = alerting(&bench).await;
    let plan = bench.panel.restore_plan(request.clone()).await.unwrap();
    assert_eq!((plan.writes, plan.undecided), (5, 0), "{plan:#?}");
    assert_eq!(item(&plan, "alert-rules/rag-no-answers").act, RestoreAction::Create);
    assert!(item(&plan, "alert-rules/rag-slow-rerank").diff.contains("99m"));
    let run = bench.apply(request).await.unwrap();
    assert_eq!(run.state, RestoreState::Done, "{run:#?}");
    assert_eq!(alerting(&bench).await, whole);
    // Editable afterwards: Grafana's pages refuse what the API calls its own.
    let rules = bench.ask(reqwest::Method::GET, "/api/v1/provisioning/alert-rules", None).await.1;
    let restored = rules.as_array().unwrap().iter().find(|rule| rule["uid"] == "rag-no-answers").unwrap();
    assert_eq!(restored["provenance"], "");

    let undone = bench.panel.restore_undo(RestoreUndoRequest { id: run.id }).await.unwrap();
    assert_eq!(undone.state, RestoreState::Undone, "{undone:#?}");
    assert_eq!(alerting(&bench).await, wrecked);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn secrets_of_contact_points_stay_and_missing_ones_are_asked_about() {
    use reqwest::Method;
    let bench = Bench::start("11.2.0").await;
    let saved = bench.create(GRAFANA).await;
    let stored = || fs::read_to_string(bench.folder.path().join("grafana/grafana.json")).unwrap();
    let chat = json!({"uid": "chat", "name": "on-call", "type": "slack", "settings": {"recipient": "#elsewhere",
        "url": "[REDACTED]"}});
    change(&bench, Method::PUT, "contact-points/chat", Some(chat)).await;
    let request = of(&bench, &saved.id, RestorePart::Alerting, &["contact-points/chat"]);
    let plan = bench.panel.restore_plan(request.clone()).await.unwrap();
    assert!(item(&plan, "contact-points/chat").note.contains("secrets are kept"), "{plan:#?}");
    assert_eq!(bench.apply(request.clone()).await.unwrap().state, RestoreState::Done);
    assert!(stored().contains("#on-call") && stored().contains("/B0/secret"), "the secret is still there");

    // Gone, its secret is gone with it: that needs a choice, and "otherwise keep" is one.
    change(&bench, Method::PUT, "policies", Some(json!({"receiver": "grafana-default-email"}))).await;
    change(&bench, Method::DELETE, "contact-points/chat", None).await;
    let plan = bench.panel.restore_plan(request.clone()).await.unwrap();
    let chat = item(&plan, "contact-points/chat");
    assert!(
        chat.act == RestoreAction::Choose && chat.obstacle == Some(RestoreConflict::SecretsMissing),
        "{chat:#?}"
    );
    let refused = bench.apply(request.clone()).await.unwrap_err();
    assert!(refused.message.contains("Unresolved conflicts"), "{refused}");
    let keep = RestoreRequest { otherwise: Some(RestoreChoice::Keep), ..request.clone() };
    assert_eq!(
        item(&bench.panel.restore_plan(keep).await.unwrap(), "contact-points/chat").act,
        RestoreAction::Skip
    );
    let without = RestoreRequest { otherwise: Some(RestoreChoice::WithoutSecrets), ..request };
    assert_eq!(bench.apply(without).await.unwrap().state, RestoreState::Done);
    assert!(stored().contains("#on-call") && !stored().contains("/B0/secret"));
    assert!(!stored().contains("[REDACTED]"), "the word for a secret is no secret");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_grafana_refuses_of_the_alerting_is_told_and_the_rest_is_restored() {
    use reqwest::Method;
    let bench = Bench::start("11.2.0").await;
    let saved = bench.create(GRAFANA).await;
    // One that Grafana has from a file can't be written.
    let state = bench.folder.path().join("grafana/grafana.json");
    assert!(fs::read_to_string(&state).unwrap().contains("rag-cost"));
    let folder = bench.root().join(&saved.id.0).join("grafana/alerting/alert-rules.json");
    let text = fs::read_to_string(&folder).unwrap().replace("\"1h\"", "\"2h\"");
    fs::write(&folder, text).unwrap();
    wreck(&bench).await;
    let request = of(&bench, &saved.id, RestorePart::Alerting, &[]);
    let plan = bench.panel.restore_plan(request.clone()).await.unwrap();
    let provisioned = item(&plan, "alert-rules/rag-cost");
    assert!(
        provisioned.act == RestoreAction::Skip && provisioned.obstacle == Some(RestoreConflict::Provisioned)
    );

    // The policies name a mute timing: alone, Grafana refuses them.
    let alone = of(&bench, &saved.id, RestorePart::Alerting, &["policies"]);
    let run = bench.apply(alone).await.unwrap();
    assert_eq!(run.state, RestoreState::Partly, "{run:#?}");
    assert!(run.items[0].note.contains("weekend"), "{run:#?}");

    // Somebody has changed one since: undoing leaves it.
    let run = bench.apply(request).await.unwrap();
    assert_eq!(run.state, RestoreState::Done, "{run:#?}");
    change(
        &bench,
        Method::PUT,
        "templates/short",
        Some(json!({"template": "{{ define \"short\" }}mine{{ end }}"})),
    )
    .await;
    let undone = bench.panel.restore_undo(RestoreUndoRequest { id: run.id }).await.unwrap();
    assert_eq!(undone.state, RestoreState::PartlyUndone, "{undone:#?}");
    let templates = bench.ask(Method::GET, "/api/v1/provisioning/templates", None).await.1;
    assert!(templates.to_string().contains("mine"));

    // A dead Grafana: nothing is half planned.
    bench.faults(json!({"every": 1, "status": 500})).await;
    assert!(bench.panel.restore_plan(of(&bench, &saved.id, RestorePart::Alerting, &[])).await.is_err());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_empty_grafana_gets_its_alerting_with_the_folders_and_intervals() {
    let bench = Bench::start("11.2.0").await;
    let saved = bench.create(GRAFANA).await;
    let whole = alerting(&bench).await;
    // Another Grafana under the same address: as after the loss of its disk.
    let other = Bench::start("11.2.0").await;
    for uid in ["rag-no-answers", "rag-slow-rerank"] {
        change(&other, reqwest::Method::DELETE, &format!("alert-rules/{uid}"), None).await;
    }
    let target = other.root();
    fs::create_dir_all(&target).unwrap();
    let from = bench.root().join(&saved.id.0);
    let copied = Command::new("cp").arg("-r").arg(&from).arg(target.join(&saved.id.0)).status().unwrap();
    assert!(copied.success());
    let group = other.root().join(&saved.id.0).join("grafana/alerting/rule-groups.json");
    assert!(fs::read_to_string(&group).unwrap().contains("300"), "how often a group is evaluated is saved");
    let run = other.apply(of(&other, &saved.id, RestorePart::Alerting, &[])).await.unwrap();
    assert_eq!(run.state, RestoreState::Done, "{run:#?}");
    assert_eq!(alerting(&other).await, whole);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_folder_of_an_alert_rule_is_created_below_its_parents() {
    use reqwest::Method;
    let bench = Bench::start("11.2.0").await;
    let rules = bench.ask(Method::GET, "/api/v1/provisioning/alert-rules", None).await.1;
    let mut rule = rules.as_array().unwrap()[0].clone();
    for (key, value) in
        [("uid", "nested"), ("title", "Nested"), ("folderUID", "platform-k8s"), ("ruleGroup", "n")]
    {
        rule[key] = json!(value);
    }
    change(&bench, Method::POST, "alert-rules", Some(rule)).await;
    let saved = bench.create(GRAFANA).await;
    change(&bench, Method::DELETE, "alert-rules/nested", None).await;
    assert_eq!(bench.ask(Method::DELETE, "/api/folders/platform", None).await.0, 200);
    let request = of(&bench, &saved.id, RestorePart::Alerting, &["alert-rules/nested"]);
    let plan = bench.panel.restore_plan(request.clone()).await.unwrap();
    assert_eq!(plan.new_folders, ["Platform", "Kubernetes"], "{plan:#?}");
    let run = bench.apply(request).await.unwrap();
    assert_eq!(run.state, RestoreState::Done, "{run:#?}");
    let (_, folder) = bench.ask(Method::GET, "/api/folders/platform-k8s", None).await;
    assert_eq!(folder["parentUid"], "platform");
}
