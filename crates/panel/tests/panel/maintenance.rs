//! Maintenance windows on real Alertmanagers, and on one that loses answers.

use std::sync::{Arc, Mutex};

use aether_contract::*;
use aether_panel::{journal::Journal, paths::Home};
use serde_json::{Value, json};
use wiremock::{Mock, MockServer, Request, Respond, ResponseTemplate, matchers::method};

use crate::support::*;

const AM: &str = "prometheus-alertmanager";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_window_is_verified_extended_and_ended() {
    if !have(AM) {
        return;
    }
    let am = alertmanager(None);
    // One without a name and one with a newline: what `alertname=~".+"` would miss.
    fire(&am.url, &json!({"alertname": "High", "severity": "critical"}));
    fire(&am.url, &json!({"job": "nameless"}));
    fire(&am.url, &json!({"alertname": "two\nlines"}));
    let home = tempfile::tempdir().unwrap();
    let panel = panel(home.path(), &[("s", &profile(NOWHERE, &[&am.url], ""))], false).await;
    panel.refresh_and_wait().await;
    assert_eq!(alerts(&panel).await.counts.firing, 3);

    let preview = panel.maintenance_preview(for_minutes(30, "")).await.unwrap();
    assert_eq!((preview.mutes, preview.mutes_critical), (3, 1));

    let window = panel.maintenance_start(for_minutes(30, "deploy 1")).await.unwrap();
    assert_eq!(window.phase, WindowPhase::Verified);
    assert_eq!((window.reason.as_str(), window.created_by.as_str()), ("deploy 1", "ann"));
    assert_eq!(window.members[0].state, Some(SilenceState::Active));
    let page = alerts(&panel).await;
    assert_eq!((page.counts.firing, page.counts.silenced), (0, 3));
    assert_eq!(page.rows[0].silenced_by[0].comment, "deploy 1");
    assert_eq!(snapshot(&panel).await.maintenance.windows.len(), 1);

    let request = MaintenanceExtendRequest { id: window.id.0.clone(), add_s: 600 };
    let longer = panel.maintenance_extend(request).await.unwrap();
    assert_eq!((&longer.silence_id, longer.phase), (&window.silence_id, WindowPhase::Verified));
    assert_eq!(longer.ends_at.millis_since(window.ends_at), 600_000);

    let too_long = MaintenanceExtendRequest { id: window.id.0.clone(), add_s: 8 * 3600 };
    assert_eq!(panel.maintenance_extend(too_long).await.unwrap_err().code, ErrorCode::InvalidRequest);

    let ended = panel.maintenance_end(MaintenanceEndRequest { id: window.id.0.clone() }).await.unwrap();
    assert_eq!(ended.silence.state, SilenceState::Expired);
    assert!(ended.still_silencing.is_empty());
    assert!(snapshot(&panel).await.maintenance.windows.is_empty());
    assert_eq!(alerts(&panel).await.counts.firing, 3);

    let past =
        panel.silences_page(SilencesRequest { limit: 10, ..SilencesRequest::default() }).await.unwrap();
    assert_eq!((past.total, past.rows[0].window.as_ref()), (1, Some(&window.id)));
    let unknown = panel.maintenance_end(MaintenanceEndRequest { id: "nothing".into() }).await.unwrap_err();
    assert_eq!(unknown.code, ErrorCode::NotFound);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_heartbeat_stays_audible_and_what_still_silences_is_told() {
    if !have(AM) {
        return;
    }
    let am = alertmanager(None);
    fire(&am.url, &json!({"alertname": "Watchdog"}));
    fire(&am.url, &json!({"alertname": "High"}));
    let now = aether_now();
    let elsewhere = json!({
        "matchers": [{"name": "alertname", "value": "High", "isRegex": false}],
        "startsAt": iso(now - 1000), "endsAt": iso(now + 3_600_000), "createdBy": "bob", "comment": "manually"
    });
    assert!(post(&am.url, "/api/v2/silences", &elsewhere).contains("silenceID"));
    let home = tempfile::tempdir().unwrap();
    let text = profile(NOWHERE, &[&am.url], "[heartbeat]\nalertname = \"Watchdog\"\n");
    let panel = panel(home.path(), &[("s", &text)], false).await;
    let window = panel.maintenance_start(for_minutes(5, "deploy")).await.unwrap();
    assert_eq!(window.phase, WindowPhase::Verified);
    let page = alerts(&panel).await;
    assert_eq!((page.counts.firing, page.counts.silenced), (1, 1));
    assert_eq!(page.rows[0].name, "Watchdog");
    assert_eq!(snapshot(&panel).await.maintenance.other_silences, 1);

    let ended = panel.maintenance_end(MaintenanceEndRequest { id: window.id.0 }).await.unwrap();
    assert_eq!(ended.still_silencing.len(), 1);
    let other = &ended.still_silencing[0];
    assert_eq!((other.comment.as_str(), other.window.as_ref()), ("manually", None));
    // A silence made elsewhere is ended by its id.
    let ended = panel.maintenance_end(MaintenanceEndRequest { id: other.id.clone() }).await.unwrap();
    assert_eq!(ended.silence.state, SilenceState::Expired);
    assert_eq!(alerts(&panel).await.counts.firing, 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_window_is_verified_on_both_members_of_a_cluster() {
    if !have(AM) {
        return;
    }
    let (first, second) = (free_port(), free_port());
    let one = alertmanager(Some((first, None)));
    let mut two = alertmanager(Some((second, Some(first))));
    let home = tempfile::tempdir().unwrap();
    let panel = panel(home.path(), &[("s", &profile(NOWHERE, &[&one.url, &two.url], ""))], false).await;
    let window = panel.maintenance_start(for_minutes(10, "deploy")).await.unwrap();
    assert_eq!(window.phase, WindowPhase::Verified, "{:?}", window.members);
    let states: Vec<_> = window.members.iter().map(|member| member.state).collect();
    assert_eq!(states, [Some(SilenceState::Active), Some(SilenceState::Active)]);
    let page =
        panel.silences_page(SilencesRequest { limit: 10, ..SilencesRequest::default() }).await.unwrap();
    assert_eq!((page.total, page.rows[0].members, page.rows[0].members_of), (1, 2, 2));

    // One member goes away: the window stays, and says that it is not known to be everywhere.
    two.kill();
    panel.refresh_and_wait().await;
    let shown = snapshot(&panel).await;
    assert_eq!(shown.maintenance.windows[0].phase, WindowPhase::Partial);
    assert!(!shown.maintenance.windows[0].members[1].error.is_empty());
    assert!(shown.maintenance.freshness.is_fresh());
    let ended = panel.maintenance_end(MaintenanceEndRequest { id: window.id.0 }).await.unwrap();
    assert_eq!(ended.silence.state, SilenceState::Expired);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn members_that_do_not_know_each_other_make_a_partial_window() {
    if !have(AM) {
        return;
    }
    let (one, two) = (alertmanager(None), alertmanager(None));
    let home = tempfile::tempdir().unwrap();
    let panel = panel(home.path(), &[("s", &profile(NOWHERE, &[&one.url, &two.url], ""))], false).await;
    let window = panel.maintenance_start(for_minutes(10, "deploy")).await.unwrap();
    assert_eq!(window.phase, WindowPhase::Partial);
    let states: Vec<_> = window.members.iter().map(|member| member.state).collect();
    assert_eq!(states, [Some(SilenceState::Active), None]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_member_that_is_down_leaves_a_window_partial() {
    if !have(AM) {
        return;
    }
    let am = alertmanager(None);
    let home = tempfile::tempdir().unwrap();
    let panel = panel(home.path(), &[("s", &profile(NOWHERE, &[NOWHERE, &am.url], ""))], false).await;
    let window = panel.maintenance_start(for_minutes(10, "deploy")).await.unwrap();
    assert_eq!(window.phase, WindowPhase::Partial);
    assert!(!window.members[0].error.is_empty());
    assert_eq!(window.members[1].state, Some(SilenceState::Active));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_window_survives_the_panels_restart_and_a_forgetful_server_shows() {
    if !have(AM) {
        return;
    }
    let mut am = alertmanager(None);
    let home = tempfile::tempdir().unwrap();
    let text = profile(NOWHERE, &[&am.url], "");
    let first = panel(home.path(), &[("s", &text)], false).await;
    let window = first.maintenance_start(for_minutes(10, "deploy")).await.unwrap();
    first.shutdown().await;
    drop(first);

    let second = panel(home.path(), &[("s", &text)], false).await;
    second.refresh_and_wait().await;
    let adopted = snapshot(&second).await.maintenance.windows;
    assert_eq!((adopted.len(), adopted[0].phase, &adopted[0].id), (1, WindowPhase::Verified, &window.id));

    // Without the journal the tag alone is enough.
    let elsewhere = tempfile::tempdir().unwrap();
    let third = panel(elsewhere.path(), &[("s", &text)], false).await;
    third.refresh_and_wait().await;
    assert_eq!(snapshot(&third).await.maintenance.windows[0].id, window.id);

    // Alertmanager writes silences down only every 15 minutes: a crash forgets this one.
    am.kill();
    am.restart();
    second.refresh_and_wait().await;
    let shown = snapshot(&second).await;
    assert_eq!(shown.maintenance.windows[0].phase, WindowPhase::Lost);
    assert!(shown.banners.iter().any(|banner| banner.id.starts_with("window-lost")));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_refused_window_is_not_one() {
    if !have(AM) {
        return;
    }
    let am = alertmanager(None);
    let home = tempfile::tempdir().unwrap();
    let panel = panel(home.path(), &[("s", &profile(NOWHERE, &[&am.url], ""))], false).await;
    let no_reason = panel.maintenance_start(for_minutes(10, " ")).await.unwrap_err();
    assert_eq!(no_reason.code, ErrorCode::InvalidRequest);
    // Go's expressions are not quite Rust's: the server has the last word.
    let matcher = Matcher { name: "a".into(), value: "x(".into(), is_regex: true, is_equal: true };
    let request = MaintenanceRequest { matchers: vec![matcher], ..for_minutes(10, "x") };
    let refused = panel.maintenance_start(request).await.unwrap_err();
    assert_eq!(refused.code, ErrorCode::Rejected);
    panel.refresh_and_wait().await;
    assert!(snapshot(&panel).await.maintenance.windows.is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_caller_that_goes_away_does_not_cut_a_window_in_half() {
    if !have(AM) {
        return;
    }
    let am = alertmanager(None);
    let home = tempfile::tempdir().unwrap();
    let panel = panel(home.path(), &[("s", &profile(NOWHERE, &[&am.url], ""))], false).await;
    {
        let mut start = std::pin::pin!(panel.maintenance_start(for_minutes(10, "deploy")));
        // Asked, and dropped before there was an answer.
        assert!(futures_util::poll!(start.as_mut()).is_pending());
    }
    panel.shutdown().await;
    let journal = Journal::open(&Home::at(home.path()).journal_file()).unwrap();
    let entry = journal.recent("maintenance-start", 1).unwrap().remove(0);
    assert_eq!(entry.outcome.as_deref(), Some("verified"));
    assert!(get(&am.url, "/api/v2/silences").unwrap().contains(&format!("[win:{}] deploy", entry.subject)));
}

/// An Alertmanager that does what it is asked and loses the answer.
#[derive(Clone, Default)]
struct Forgetful {
    silences: Arc<Mutex<Vec<Value>>>,
    keeps: bool,
}

impl Respond for Forgetful {
    fn respond(&self, request: &Request) -> ResponseTemplate {
        let path = request.url.path();
        if request.method.as_str() == "POST" {
            let mut silence: Value = serde_json::from_slice(&request.body).unwrap();
            silence["id"] = json!("11111111-1111-4111-8111-111111111111");
            silence["status"] = json!({"state": "active"});
            silence["updatedAt"] = silence["startsAt"].clone();
            if self.keeps {
                self.silences.lock().unwrap().push(silence);
            }
            return ResponseTemplate::new(502);
        }
        let silences = self.silences.lock().unwrap();
        let body = match path {
            "/api/v2/silences" => json!(*silences),
            "/api/v2/alerts" => json!([]),
            "/api/v2/status" => {
                json!({"versionInfo": {"version": "0.27.0"}, "cluster": {"status": "disabled"},
                    "config": {"original": ""}})
            }
            _ => match silences.first() {
                Some(silence) => silence.clone(),
                None => return ResponseTemplate::new(404),
            },
        };
        ResponseTemplate::new(200).set_body_json(body)
    }
}

async fn posts(server: &MockServer) -> usize {
    server.received_requests().await.unwrap().iter().filter(|r| r.method.as_str() == "POST").count()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lost_answer_is_looked_for_by_its_tag_and_not_sent_twice() {
    let server = MockServer::start().await;
    let am = Forgetful { keeps: true, ..Forgetful::default() };
    Mock::given(method("GET")).respond_with(am.clone()).mount(&server).await;
    Mock::given(method("POST")).respond_with(am).mount(&server).await;
    let other = MockServer::start().await;
    Mock::given(method("GET")).respond_with(ResponseTemplate::new(503)).mount(&other).await;
    let home = tempfile::tempdir().unwrap();
    let panel =
        panel(home.path(), &[("s", &profile(NOWHERE, &[&server.uri(), &other.uri()], ""))], false).await;
    let window = panel.maintenance_start(for_minutes(10, "deploy")).await.unwrap();
    assert_eq!(window.phase, WindowPhase::Partial, "the other member does not answer");
    assert_eq!(window.members[0].state, Some(SilenceState::Active));
    assert_eq!((posts(&server).await, posts(&other).await), (1, 0));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_window_of_which_nothing_is_known_is_called_that_and_settled_later() {
    let server = MockServer::start().await;
    let am = Forgetful::default();
    Mock::given(method("GET")).respond_with(am.clone()).mount(&server).await;
    Mock::given(method("POST")).respond_with(am.clone()).mount(&server).await;
    let home = tempfile::tempdir().unwrap();
    let text = profile(NOWHERE, &[&server.uri()], "");
    let first = panel(home.path(), &[("s", &text)], false).await;
    let error = first.maintenance_start(for_minutes(10, "deploy")).await.unwrap_err();
    assert_eq!(error.code, ErrorCode::Unverified);
    assert_eq!(posts(&server).await, 1);
    // It was still on its way, and turns up after all.
    let id = snapshot(&first).await.maintenance.windows[0].id.clone();
    drop(first);
    am.silences.lock().unwrap().push(json!({
        "id": "22222222-2222-4222-8222-222222222222", "comment": format!("[win:{}] deploy", id.0), "createdBy": "ann",
        "startsAt": iso(aether_now() - 1000), "endsAt": iso(aether_now() + 600_000), "updatedAt": iso(aether_now()),
        "matchers": [], "status": {"state": "active"}
    }));
    let second = panel(home.path(), &[("s", &text)], false).await;
    second.refresh_and_wait().await;
    let windows = snapshot(&second).await.maintenance.windows;
    assert_eq!((windows[0].phase, &windows[0].id), (WindowPhase::Verified, &id));
    assert_eq!(windows[0].silence_id, "22222222-2222-4222-8222-222222222222");
}

fn aether_now() -> i64 {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
    i64::try_from(since.as_millis()).unwrap()
}

fn iso(millis: i64) -> String {
    jiff::Timestamp::from_millisecond(millis).unwrap().to_string()
}
