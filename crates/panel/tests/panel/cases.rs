//! Cases from reports: what was wrong once, with the input as it was.

use std::sync::{Arc, Mutex};

use aether_contract::*;
use serde_json::{Value, json};
use wiremock::{Mock, MockServer, Request, Respond, ResponseTemplate, matchers::any};

use crate::support::*;

const AM: &str = "prometheus-alertmanager";

fn now() -> i64 {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
    i64::try_from(since.as_millis()).unwrap()
}

fn iso(millis: i64) -> String {
    format!("{:.3}", jiff::Timestamp::from_millisecond(millis).unwrap())
}

fn body(reply: &str) -> Value {
    let (_, body) = reply.split_once("\r\n\r\n").unwrap();
    let from = body.find(['[', '{']).unwrap_or(body.len());
    let end = body.rfind([']', '}']).map_or(from, |end| end + 1);
    serde_json::from_str(&body[from..end]).unwrap_or_else(|error| panic!("{error}: {body}"))
}

/// The silence of somebody else, running for an hour.
fn foreign() -> Value {
    let mut silence: Value =
        serde_json::from_str(include_str!("fixtures/silence-with-annotations.json")).unwrap();
    silence["startsAt"] = json!(iso(now() - 60_000));
    silence["endsAt"] = json!(iso(now() + 3_600_000));
    silence
}

/// An Alertmanager of tomorrow: it keeps every field of a silence that it is sent, and only those.
#[derive(Clone, Default)]
struct Tomorrow(Arc<Mutex<Vec<Value>>>);

impl Respond for Tomorrow {
    fn respond(&self, request: &Request) -> ResponseTemplate {
        let mut silences = self.0.lock().unwrap();
        if request.method.as_str() == "POST" {
            let mut silence: Value = serde_json::from_slice(&request.body).unwrap();
            let known = silence["id"].as_str().map(str::to_owned);
            let number = silences.len() + 1;
            let id = known.unwrap_or_else(|| format!("00000000-0000-4000-8000-{number:012}"));
            silence["id"] = json!(id);
            silence["status"] = json!({"state": "active"});
            silence["updatedAt"] = json!(iso(now()));
            silences.retain(|one| one["id"] != silence["id"]);
            silences.push(silence);
            return ResponseTemplate::new(200).set_body_json(json!({ "silenceID": id }));
        }
        let path = request.url.path();
        let found = path.strip_prefix("/api/v2/silence/");
        let found = found.map(|id| silences.iter().find(|silence| silence["id"] == id).cloned());
        let body = match (path, found) {
            (_, Some(Some(silence))) => silence,
            (_, Some(None)) => return ResponseTemplate::new(404),
            ("/api/v2/silences", _) => json!(*silences),
            ("/api/v2/status", _) => json!({"versionInfo": {"version": "0.99.0"},
                "cluster": {"status": "disabled"}, "config": {"original": ""}}),
            _ => json!([]),
        };
        ResponseTemplate::new(200).set_body_json(body)
    }
}

async fn tomorrow() -> (MockServer, Tomorrow) {
    let (server, am) = (MockServer::start().await, Tomorrow::default());
    Mock::given(any()).respond_with(am.clone()).mount(&server).await;
    (server, am)
}

/// What the client sends of a silence beside its times, its id and what only the server says.
fn kept(silence: &Value) -> Value {
    let mut kept = silence.clone();
    for name in ["id", "status", "updatedAt", "startsAt", "endsAt"] {
        kept.as_object_mut().unwrap().remove(name);
    }
    kept
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_silence_keeps_every_field_when_its_end_is_moved() {
    let (server, am) = tomorrow().await;
    let mut silence = foreign();
    let id = "11111111-1111-4111-8111-111111111111";
    silence["id"] = json!(id);
    silence["status"] = json!({"state": "active"});
    silence["updatedAt"] = silence["startsAt"].clone();
    am.0.lock().unwrap().push(silence.clone());
    let home = tempfile::tempdir().unwrap();
    let panel = panel(home.path(), &[("s", &profile(NOWHERE, &[&server.uri()], ""))], false).await;
    for add_s in [900, -600] {
        let before = am.0.lock().unwrap()[0]["endsAt"].clone();
        panel.maintenance_extend(MaintenanceExtendRequest { id: id.into(), add_s }).await.unwrap();
        let after = am.0.lock().unwrap()[0].clone();
        assert_eq!(kept(&after)["matchers"][1]["isEqual"], true, "said by everybody");
        let mut expected = kept(&silence);
        expected["matchers"][1]["isEqual"] = json!(true);
        assert_eq!(kept(&after), expected);
        assert_ne!(after["endsAt"], before);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_window_that_is_recreated_on_a_member_has_every_field_of_the_others() {
    let ((one, first), (two, second)) = (tomorrow().await, tomorrow().await);
    let window = "8c0f5b62-3d2c-4f62-9d5e-0f4f5d1f7a11";
    let mut silence = foreign();
    silence["id"] = json!("11111111-1111-4111-8111-111111111111");
    silence["comment"] = json!(format!("[win:{window}] new disks"));
    silence["status"] = json!({"state": "active"});
    silence["updatedAt"] = silence["startsAt"].clone();
    silence["matchers"][1]["isEqual"] = json!(true);
    first.0.lock().unwrap().push(silence.clone());
    let home = tempfile::tempdir().unwrap();
    let text = profile(NOWHERE, &[&one.uri(), &two.uri()], "");
    let panel = panel(home.path(), &[("s", &text)], false).await;
    panel.maintenance_repair(MaintenanceRepairRequest { id: window.into() }).await.unwrap();
    let made = second.0.lock().unwrap()[0].clone();
    assert_eq!(kept(&made), kept(&silence));
    assert_ne!(made["id"], silence["id"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn annotations_of_a_silence_survive_an_extension_on_a_real_alertmanager() {
    if !have(AM) {
        return;
    }
    let am = alertmanager(None);
    let posted = body(&post(&am.url, "/api/v2/silences", &foreign()));
    let id = posted["silenceID"].as_str().unwrap().to_owned();
    let at = format!("/api/v2/silence/{id}");
    let before = body(&get(&am.url, &at).unwrap());
    if before["annotations"]["ticket"] != "OPS-1" {
        return eprintln!("skipped: this Alertmanager keeps no annotations of silences (before 0.32)");
    }
    let home = tempfile::tempdir().unwrap();
    let panel = panel(home.path(), &[("s", &profile(NOWHERE, &[&am.url], ""))], false).await;
    panel.maintenance_extend(MaintenanceExtendRequest { id: id.clone(), add_s: 900 }).await.unwrap();
    let after = body(&get(&am.url, &at).unwrap());
    assert_eq!((&after["annotations"], &after["id"]), (&before["annotations"], &before["id"]));
    assert_ne!(after["endsAt"], before["endsAt"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_window_on_members_without_a_cluster_is_extended_and_ended_on_each() {
    if !have(AM) {
        return;
    }
    let (one, mut two) = (alertmanager(None), alertmanager(None));
    let home = tempfile::tempdir().unwrap();
    let text = profile(NOWHERE, &[&one.url, &two.url], "");
    let panel = panel(home.path(), &[("s", &text)], false).await;
    let started = panel.maintenance_start(for_minutes(10, "deploy")).await.unwrap();
    assert_eq!(started.phase, WindowPhase::Partial);
    let id = started.id.0;
    let repaired = panel.maintenance_repair(MaintenanceRepairRequest { id: id.clone() }).await.unwrap();
    assert_eq!(repaired.phase, WindowPhase::Verified, "{:?}", repaired.members);

    let request = MaintenanceExtendRequest { id: id.clone(), add_s: 900 };
    let extended = panel.maintenance_extend(request).await.unwrap();
    assert_eq!(extended.phase, WindowPhase::Verified);
    let ends: Vec<Value> =
        [&one, &two].map(|am| body(&get(&am.url, "/api/v2/silences").unwrap())[0]["endsAt"].clone()).into();
    assert_eq!(ends[0], ends[1], "both members have the new end");

    let ended = panel.maintenance_end(MaintenanceEndRequest { id }).await.unwrap();
    let states: Vec<_> = ended.members.iter().map(|member| (member.state, member.error.as_str())).collect();
    assert_eq!(states, [(Some(SilenceState::Expired), ""); 2]);
    assert_eq!(ended.silence.state, SilenceState::Expired);
    for am in [&one, &two] {
        assert_eq!(body(&get(&am.url, "/api/v2/silences").unwrap())[0]["status"]["state"], "expired");
    }

    // A silence that one member alone has: the other is said not to have it.
    let started = panel.maintenance_start(for_minutes(10, "again")).await.unwrap();
    let ended = panel.maintenance_end(MaintenanceEndRequest { id: started.id.0 }).await.unwrap();
    let states: Vec<_> = ended.members.iter().map(|member| member.state).collect();
    assert_eq!(states, [Some(SilenceState::Expired), None]);

    // A member that is down is told with its error.
    let started = panel.maintenance_start(for_minutes(10, "third")).await.unwrap();
    two.kill();
    let ended = panel.maintenance_end(MaintenanceEndRequest { id: started.id.0 }).await.unwrap();
    assert_eq!(ended.members[0].state, Some(SilenceState::Expired));
    assert!(ended.members[1].state.is_none() && !ended.members[1].error.is_empty(), "{:?}", ended.members);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_end_that_one_member_does_not_carry_out_names_what_each_did() {
    if !have(AM) {
        return;
    }
    let am = alertmanager(None);
    // It answers every request and ends nothing.
    let (stubborn, silences) = tomorrow().await;
    let home = tempfile::tempdir().unwrap();
    let text = profile(NOWHERE, &[&am.url, &stubborn.uri()], "");
    let panel = panel(home.path(), &[("s", &text)], false).await;
    let window = panel.maintenance_start(for_minutes(10, "deploy")).await.unwrap();
    panel.maintenance_repair(MaintenanceRepairRequest { id: window.id.0.clone() }).await.unwrap();
    assert_eq!(silences.0.lock().unwrap().len(), 1);
    let error = panel.maintenance_end(MaintenanceEndRequest { id: window.id.0 }).await.unwrap_err();
    assert_eq!(error.code, ErrorCode::Unverified, "{error:?}");
    let expected = format!("{}: ended\n{}: still active", am.url, stubborn.uri());
    assert_eq!(error.detail, expected);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_alert_that_a_time_interval_mutes_is_muted_and_not_firing() {
    if !have(AM) {
        return;
    }
    let am = alertmanager_with(include_str!("fixtures/muted-by-time-interval.yml"), None);
    for kind in ["quiet", "both", "loud"] {
        fire(&am.url, &json!({"alertname": kind, "kind": kind, "severity": "critical"}));
    }
    let reports = |reply: &str| body(reply).to_string().contains("\"mutedBy\"");
    if !reports(&get(&am.url, "/api/v2/alerts/groups").unwrap()) {
        return eprintln!("skipped: this Alertmanager does not report time intervals (before 0.28)");
    }
    let home = tempfile::tempdir().unwrap();
    let panel = panel(home.path(), &[("s", &profile(NOWHERE, &[&am.url], ""))], false).await;
    let rows = until(&panel, "a muted alert", async |panel: &aether_panel::Panel| {
        let rows = alerts(panel).await.rows;
        rows.iter().any(|row| row.state == AlertState::Muted).then_some(rows)
    })
    .await;
    let row = |name: &str| rows.iter().find(|row| row.name == name).unwrap();
    let muted = MutedReceiver { receiver: "mail".into(), intervals: vec!["always".into()] };
    assert_eq!(
        (row("quiet").state, &row("quiet").muted_receivers),
        (AlertState::Muted, &vec![muted.clone()])
    );
    assert_eq!((row("both").state, &row("both").muted_receivers), (AlertState::Firing, &vec![muted]));
    assert!(row("both").receivers.contains(&"pager".to_owned()), "{:?}", row("both").receivers);
    assert_eq!((row("loud").state, row("loud").muted_receivers.len()), (AlertState::Firing, 0));
    assert!(row("quiet").escalates_at.is_some(), "its clock keeps running");
    let counts = alerts(&panel).await.counts;
    assert_eq!((counts.firing, counts.muted, counts.critical), (2, 1, 2));
    assert_eq!((counts.suppressed(), counts.suppressed_critical), (1, 1));
    let only = AlertsRequest { states: vec![AlertState::Muted], limit: 10, ..AlertsRequest::default() };
    assert_eq!(panel.alerts_page(only).await.unwrap().total, 1);
    assert!(
        snapshot(&panel)
            .await
            .alerts
            .top
            .iter()
            .all(|row| row.name != "quiet" || row.state == AlertState::Muted)
    );
}

/// Answers as a member of 0.28 whose group mutes everything, or as one whose group does not.
fn groups(muted_by: &[&str]) -> impl Respond + 'static {
    let alert = |muted_by: &[&str]| {
        json!({"labels": {"alertname": "High", "severity": "critical"}, "annotations": {},
            "fingerprint": "00000000000000aa",
            "startsAt": iso(now()), "endsAt": iso(now() + 600_000), "updatedAt": iso(now()), "generatorURL": "",
            "receivers": [{"name": "mail"}],
            "status": {"state": "active", "silencedBy": [], "inhibitedBy": [], "mutedBy": muted_by}})
    };
    let (listed, grouped) = (json!([alert(&[])]), alert(muted_by));
    move |request: &Request| {
        let body = match request.url.path() {
            "/api/v2/alerts" => listed.clone(),
            "/api/v2/alerts/groups" => {
                json!([{"labels": {}, "receiver": {"name": "mail"}, "alerts": [grouped]}])
            }
            "/api/v2/silences" => json!([]),
            "/api/v2/status" => {
                json!({"versionInfo": {"version": "0.28.0"}, "cluster": {"status": "disabled"},
                "config": {"original": "route: {receiver: mail, routes: [{mute_time_intervals: [night]}]}"}})
            }
            _ => return ResponseTemplate::new(404),
        };
        ResponseTemplate::new(200).set_body_json(body)
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_muted_alert_counts_as_firing_only_where_a_member_still_notifies() {
    for (second, expected) in [(&["night"][..], AlertState::Muted), (&[][..], AlertState::Firing)] {
        let (one, two) = (MockServer::start().await, MockServer::start().await);
        Mock::given(any()).respond_with(groups(&["night"])).mount(&one).await;
        Mock::given(any()).respond_with(groups(second)).mount(&two).await;
        let home = tempfile::tempdir().unwrap();
        let text = profile(NOWHERE, &[&one.uri(), &two.uri()], "");
        let panel = panel(home.path(), &[("s", &text)], false).await;
        panel.refresh_and_wait().await;
        let page = alerts(&panel).await;
        assert_eq!((page.rows.len(), page.rows[0].state), (1, expected));
        assert_eq!(page.rows[0].muted_receivers.len(), second.len());
        assert_eq!(page.counts.muted, u32::from(expected == AlertState::Muted));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_heartbeat_that_a_negative_matcher_mutes_is_muted_with_a_warning() {
    if !have(AM) {
        return;
    }
    let am = alertmanager(None);
    fire(&am.url, &json!({"alertname": "Watchdog", "severity": "none"}));
    fire(&am.url, &json!({"alertname": "High", "rack": "r91"}));
    fire(&am.url, &json!({"job": "nameless", "rack": "r92"}));
    let home = tempfile::tempdir().unwrap();
    let text = profile(NOWHERE, &[&am.url], "[heartbeat]\nalertname = \"Watchdog\"\n");
    let panel = panel(home.path(), &[("s", &text)], false).await;
    panel.refresh_and_wait().await;
    let matcher = Matcher { name: "rack".into(), value: "r9.+".into(), is_regex: true, is_equal: false };
    let request = MaintenanceRequest { matchers: vec![matcher], ..for_minutes(10, "") };
    let preview = panel.maintenance_preview(request).await.unwrap();
    let names: Vec<&str> = preview.names.iter().map(|one| one.name.as_str()).collect();
    assert_eq!((preview.mutes, names), (1, vec!["Watchdog"]));
    let mut audible = preview.audible.clone();
    audible.sort();
    assert_eq!(audible, ["High", "{job=\"nameless\", rack=\"r92\"}"]);
    assert!(preview.warnings.iter().any(|text| text.contains("mutes the heartbeat Watchdog")), "{preview:?}");

    let preview = panel.maintenance_preview(for_minutes(10, "")).await.unwrap();
    assert!(preview.audible.contains(&"Watchdog".to_owned()));
    assert!(preview.warnings.iter().all(|text| !text.contains("mutes the heartbeat")));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_window_that_matches_no_alert_says_so_with_the_closest_values() {
    if !have(AM) {
        return;
    }
    let am = alertmanager(None);
    fire(&am.url, &json!({"alertname": "DiskFull", "instance": "db-1:9100"}));
    let home = tempfile::tempdir().unwrap();
    let panel = panel(home.path(), &[("s", &profile(NOWHERE, &[&am.url], ""))], false).await;
    panel.refresh_and_wait().await;
    let matcher = |value: &str| Matcher {
        name: "alertname".into(),
        value: value.into(),
        is_regex: false,
        is_equal: true,
    };
    let request = |value: &str| MaintenanceRequest { matchers: vec![matcher(value)], ..for_minutes(10, "x") };
    let preview = panel.maintenance_preview(request("diskfull")).await.unwrap();
    assert!(preview.matches_nothing);
    assert_eq!(preview.closest[0].values, ["DiskFull"]);
    assert!(!panel.maintenance_preview(request("DiskFull")).await.unwrap().matches_nothing);

    let started = panel.maintenance_start(request("diskfull")).await.unwrap();
    assert!(started.matches_nothing && started.closest[0].values == ["DiskFull"], "{started:?}");
    let started = panel.maintenance_start(request("DiskFull")).await.unwrap();
    assert!(!started.matches_nothing, "{started:?}");
    // Once the alert is silenced, the first one still matches nothing, and the second does.
    let nothing: Vec<bool> =
        snapshot(&panel).await.maintenance.windows.iter().map(|window| window.matches_nothing).collect();
    assert_eq!(nothing.iter().filter(|one| **one).count(), 1, "{nothing:?}");
}
