//! Runbooks on real servers: opened on a firing alert, asked, kept, written as a draft.
#![allow(clippy::unwrap_used, clippy::panic)]

use std::{collections::BTreeMap, fs, path::Path, sync::Arc, time::Duration};

use aether_contract::*;
use aether_foundation::testing::figure_style;
use aether_panel::{NoHost, Panel, PanelOptions, paths::Home};
use aether_tests::{
    eventually, history, missing,
    stack::{MemoryKeyring, Stack, panel, row_when, servers_missing, snapshot_when, write_profile},
};

const OWN: &str = "# The dog\n\n**First:** listen.\n\n## Diagnosis\n\n\
    ### 1. Does it fire?\n\n```promql\ncount(ALERTS{alertname=\"{{alertname}}\"})\n```\n\nExpect: `== 1`\n\nIf \
    red: wake it.\n\n\
    ### 2. Is five below one?\n\n```promql\nvector(5)\n```\n\nExpect: `< 1`\n\nIf red: count again.\n\n\
    ### 3. Is there such a series?\n\n```promql\nno_such_series\n```\n\nExpect: `> 1`\n\nIf red: make it.\n\n\
    ### 4. Is this PromQL?\n\n```promql\nsum(\n```\n\nExpect: `> 1`\n\nIf red: close it.\n\n\
    ### 5. Has it a tenant?\n\n```promql\nup{tenant_id=\"{{tenant_id}}\"}\n```\n\nExpect: `> 1`\n\nIf red: ask it.\n\n\
    ## Mitigation\n\n```sh\naetherctl maintenance start --for 30m --comment \"x\" --matcher \
    'alertname=\"{{alertname}}\"'\n```\n";

async fn step(panel: &Panel, run: &RunbookRun, number: u32) -> Result<RunbookStepResult, PanelError> {
    let style = Some(figure_style(300, 60));
    panel.runbook_step(RunbookStepRequest { run: run.id.clone(), number, hours: 1.0, style }).await
}

/// A panel that asks a server only when told to.
async fn quiet(home: Home) -> Arc<Panel> {
    Panel::start(PanelOptions {
        home,
        stack: Some("test".to_owned()),
        host: Arc::new(NoHost),
        secrets: Some(Arc::new(MemoryKeyring::default())),
        poll: false,
    })
    .await
    .unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_runbook_opens_on_a_firing_alert_is_asked_kept_and_written_as_a_draft() {
    if let Some(why) = servers_missing() {
        return eprintln!("skipped: {why}");
    }
    let stack = Stack::start(1).await.unwrap();
    let own = stack.folder.path().join("own");
    fs::create_dir(&own).unwrap();
    fs::write(own.join("Watchdog.md"), OWN).unwrap();
    stack.profile(&format!("[runbooks]\ndir = '{}'\n", own.display())).unwrap();
    let panel = panel(stack.home()).await.unwrap();
    let row = row_when(&panel, "alertname=\"Watchdog\"", Duration::from_secs(60), |row| {
        row.state == AlertState::Firing
    })
    .await
    .unwrap();

    let fingerprint = Some(row.fingerprint.clone());
    let asked = RunbookOpenRequest { fingerprint: fingerprint.clone(), ..RunbookOpenRequest::default() };
    let page = panel.runbook_open(asked).await.unwrap();
    assert_eq!((page.id.as_str(), page.found), ("own/Watchdog", RunbookMatch::Own));
    assert!(page.steps[0].query.contains("alertname=\"Watchdog\""));
    assert_eq!(page.actions[0].matchers, "alertname=\"Watchdog\"");
    assert!(panel.runbook_runs(Empty {}).await.unwrap().runs.is_empty(), "reading is no run");

    let begin =
        RunbookStartRequest { fingerprint, created_by: "ann".into(), ..RunbookStartRequest::default() };
    let run = panel.runbook_start(begin.clone()).await.unwrap();
    assert!(run.steps.iter().all(|step| step.verdict == RunbookVerdict::Waiting));
    // Prometheus writes ALERTS from its second evaluation on.
    let first = eventually(Duration::from_secs(30), async || {
        step(&panel, &run, 1).await.ok().filter(|step| step.value.is_some())
    });
    assert_eq!(first.await.unwrap().verdict, RunbookVerdict::Pass);
    let answers = futures_util::future::join_all((1..=5).map(|number| step(&panel, &run, number))).await;
    let answers: Vec<RunbookStepResult> = answers.into_iter().map(Result::unwrap).collect();
    let stands: Vec<_> = answers.iter().map(|step| (step.verdict, step.value)).collect();
    assert_eq!(
        stands,
        [
            (RunbookVerdict::Pass, Some(1.0)),
            (RunbookVerdict::Fail, Some(5.0)),
            (RunbookVerdict::Unknown, None),
            (RunbookVerdict::Unknown, None),
            (RunbookVerdict::Unknown, None),
        ]
    );
    assert!(answers[1].figure.as_ref().unwrap().figure.svg.starts_with("<svg"));
    assert!(answers[3].reason.contains("parse"), "{}", answers[3].reason);
    assert_eq!(answers[4].reason, "The alert has no label tenant_id.");
    assert_eq!(step(&panel, &run, 9).await.unwrap_err().code, ErrorCode::NotFound);

    // Looked at by the next one: the same run, with what was answered.
    let again = panel.runbook_start(begin.clone()).await.unwrap();
    assert_eq!((again.id.as_str(), again.steps[1].value), (run.id.as_str(), Some(5.0)));
    assert_eq!(again.created_by, "ann");

    let note = |close: bool| RunbookNoteRequest { run: run.id.clone(), notes: "Counted.".into(), close };
    panel.runbook_note(note(false)).await.unwrap();
    // Another process, such as the shell, knows it and closes it.
    let other = quiet(stack.home()).await;
    let closed = other.runbook_note(note(true)).await.unwrap();
    assert!(closed.ended_at.is_some());
    let made = other.runbook_export(RunbookRunRequest { run: run.id.clone() }).await.unwrap();
    assert!(made.files.contains(&"series/02.csv".to_owned()), "{:?}", made.files);
    assert!(made.problems.iter().any(|words| words.starts_with("Step 4")), "{:?}", made.problems);
    let folder = Path::new(&made.folder);
    let draft = fs::read_to_string(folder.join("post-mortem.md")).unwrap();
    for words in ["Alert Watchdog started.", "**fail**", "> Counted.", "plots/02.png"] {
        assert!(draft.contains(words), "{words} is not in\n{draft}");
    }
    assert!(
        fs::read_to_string(folder.join("series/02.csv")).unwrap().lines().any(|line| line.ends_with(",5"))
    );
    assert!(fs::read(folder.join("plots/02.png")).unwrap().len() > 2_000);

    let runs = panel.runbook_runs(Empty {}).await.unwrap().runs;
    assert_eq!((runs.len(), runs[0].notes.as_str(), runs[0].ended_at.is_some()), (1, "Counted.", true));
    let next = panel.runbook_start(begin).await.unwrap();
    assert_ne!(next.id, run.id, "what is closed stays closed");
    other.shutdown().await;
    panel.shutdown().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_label_can_not_change_what_a_step_asks_of_a_real_prometheus() {
    if let Some(why) = servers_missing() {
        return eprintln!("skipped: {why}");
    }
    let stack = Stack::start(1).await.unwrap();
    stack.profile("").unwrap();
    let panel = quiet(stack.home()).await;
    for value in ["x\"} or vector(1) #", "x\\", "a{b}c", "x' or '", "line\nbreak", "`", "{{alertname}}"] {
        let request = RunbookStartRequest {
            id: Some("LowConfidenceSpike".into()),
            labels: BTreeMap::from([("tenant_id".into(), value.into())]),
            ..RunbookStartRequest::default()
        };
        let run = panel.runbook_start(request).await.unwrap();
        let answer = step(&panel, &run, 1).await.unwrap();
        // Taken as a query, and of nobody.
        assert_eq!((answer.verdict, answer.value), (RunbookVerdict::Unknown, None), "{value}");
        assert!(answer.reason.contains("no data"), "{value}: {}", answer.reason);
    }
    panel.shutdown().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_question_that_hangs_is_cancelled_and_a_server_that_is_down_is_no_verdict() {
    let folder = tempfile::tempdir().unwrap();
    let hangs = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = hangs.local_addr().unwrap();
    let (told, mut connected) = tokio::sync::mpsc::unbounded_channel();
    let listener = tokio::spawn(async move {
        let mut held = Vec::new();
        while let Ok((stream, _)) = hangs.accept().await {
            held.push(stream);
            let _ = told.send(());
        }
    });
    let home = Home::at(&folder.path().join("home"));
    write_profile(&home, &format!("name = \"test\"\n[prometheus]\nurl = \"http://{address}\"\n")).unwrap();
    let panel = quiet(home).await;
    let request =
        RunbookStartRequest { id: Some("NoRecentTraffic".into()), ..RunbookStartRequest::default() };
    let run = panel.runbook_start(request).await.unwrap();
    let asking = {
        let (panel, run) = (Arc::clone(&panel), run.clone());
        tokio::spawn(async move { step(&panel, &run, 1).await })
    };
    connected.recv().await.unwrap();
    panel.runbook_cancel(RunbookRunRequest { run: run.id.clone() }).await.unwrap();
    assert_eq!(asking.await.unwrap().unwrap_err().code, ErrorCode::Cancelled);
    let kept = panel.runbook_runs(Empty {}).await.unwrap().runs;
    assert_eq!(kept[0].steps[0].verdict, RunbookVerdict::Waiting, "what was cancelled was not answered");

    // Now nobody listens at all.
    listener.abort();
    let _ = listener.await;
    let answer = step(&panel, &run, 1).await.unwrap();
    assert_eq!((answer.verdict, answer.value), (RunbookVerdict::Unknown, None));
    assert!(!answer.reason.is_empty());
    let made = panel.runbook_export(RunbookRunRequest { run: run.id }).await.unwrap();
    assert_eq!(made.files, ["post-mortem.md"], "a draft without series says so");
    assert_eq!(made.problems.len(), run.steps.len(), "{:?}", made.problems);
    panel.shutdown().await;
}

/// Five days: good and bad in turns of an hour for two days, a day without traffic, two good ones.
fn samples(now: i64) -> String {
    let day = 86_400;
    let begin = now - 5 * day;
    let mut text = String::from("# TYPE aether:cache_hit_ratio:5m:all gauge\n");
    for at in (begin..now).step_by(60) {
        let since = at - begin;
        let value = match since / day {
            0 | 1 if (since / 3600) % 2 == 0 => 80.0,
            0 | 1 => 10.0,
            2 => f64::NAN,
            _ => 70.0,
        };
        text.push_str(&format!("aether:cache_hit_ratio:5m:all {value} {at}\n"));
    }
    text
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn service_levels_are_the_share_of_the_guarded_time_of_the_recorded_series() {
    if let Some(program) = missing(history::NEEDS) {
        return eprintln!("skipped: {program} is not installed");
    }
    let folder = tempfile::tempdir().unwrap();
    let prometheus =
        history::prometheus(&folder.path().join("prometheus"), &samples(history::now(900))).await.unwrap();
    let home = Home::at(&folder.path().join("home"));
    write_profile(&home, &format!("name = \"test\"\n[prometheus]\nurl = \"{}\"\n", prometheus.url()))
        .unwrap();
    let panel = quiet(home).await;
    panel.refresh_and_wait().await;
    let report = panel.slo_status(SloRequest { style: Some(figure_style(300, 60)) }).await.unwrap();
    let cache = report.gauges.iter().find(|gauge| gauge.spec.id == "cache-hit-ratio").unwrap();
    let [day, week, month] = cache.windows.as_slice() else { panic!("three times") };
    // The last two days were all within it; before them a day without traffic, which does not count, and two of halves.
    assert_eq!(day.compliance, Some(100.0));
    for window in [week, month] {
        let share = window.compliance.unwrap();
        assert!((share - 75.0).abs() < 0.6, "{} h: {share} %", window.hours);
        let days = window.guarded_s / 86_400.0;
        assert!((days - 4.0).abs() < 0.05, "{} h: {days} d guarded", window.hours);
        let reaches = window.reaches_s / 86_400.0;
        assert!((reaches - 5.0).abs() < 0.1, "{} h reaches back {reaches} d", window.hours);
    }
    assert!(cache.figure.is_some());
    // A series that was never recorded is neither kept nor broken.
    let health = report.gauges.iter().find(|gauge| gauge.spec.id == "health-score").unwrap();
    assert!(health.windows.iter().all(|window| window.compliance.is_none() && !window.problem.is_empty()));
    panel.shutdown().await;
}

/// A desktop that only remembers what it was asked to open.
#[derive(Default)]
struct Opened(std::sync::Mutex<Vec<String>>);

impl aether_panel::Host for Opened {
    fn open_url(&self, url: &str) -> Result<(), PanelError> {
        self.0.lock().unwrap().push(url.to_owned());
        Ok(())
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_clock_runs_on_a_live_gauge_opens_a_mail_and_keeps_who_was_called() {
    if let Some(why) = servers_missing() {
        return eprintln!("skipped: {why}");
    }
    let stack = Stack::start(1).await.unwrap();
    // No score is above 100, so this one is always too low.
    stack
        .profile("[escalation]\nhealth_below = 200\n[escalation.health]\nmail = \"ann@example.org\"\n")
        .unwrap();
    let host = Arc::new(Opened::default());
    let start = || {
        Panel::start(PanelOptions {
            home: stack.home(),
            stack: Some("test".to_owned()),
            host: Arc::clone(&host) as Arc<dyn aether_panel::Host>,
            secrets: Some(Arc::new(MemoryKeyring::default())),
            poll: true,
        })
    };
    let health = |snapshot: &Snapshot| {
        let mut clocks = snapshot.escalations.clocks.iter();
        clocks.find(|clock| clock.rule == EscalationRule::Health).cloned()
    };
    let panel = start().await.unwrap();
    let patience = Duration::from_secs(90);
    let shown = snapshot_when(&panel, patience, |snapshot| health(snapshot).is_some()).await.unwrap();
    let clock = health(&shown).unwrap();
    assert_eq!(clock.due_at.millis_since(clock.since), 15 * 60_000);
    assert_eq!(clock.contact.name, "the incident commander");
    let ask = |way| EscalationContactRequest { id: clock.id.clone(), way };
    panel.escalation_contact(ask(EscalationMethod::Mail)).await.unwrap();
    let refused = panel.escalation_contact(ask(EscalationMethod::Chat)).await.unwrap_err();
    assert_eq!(refused.code, ErrorCode::NotFound, "the profile names no chat");
    let opened = host.0.lock().unwrap().clone();
    assert_eq!(opened.len(), 1);
    assert!(opened[0].starts_with("mailto:ann@example.org?subject="), "{opened:?}");

    let mark = |note: Option<&str>| EscalationMarkRequest {
        id: clock.id.clone(),
        note: note.map(str::to_owned),
        by: "ann".into(),
    };
    let marked = panel.escalation_mark(mark(Some("told Bob"))).await.unwrap();
    assert_eq!(marked.escalated.unwrap().note, "told Bob");
    panel.shutdown().await;

    let panel = start().await.unwrap();
    let shown = snapshot_when(&panel, patience, |snapshot| health(snapshot).is_some()).await.unwrap();
    let kept = health(&shown).unwrap();
    assert_eq!(kept.escalated.as_ref().map(|mark| mark.by.as_str()), Some("ann"));
    panel.escalation_mark(mark(None)).await.unwrap();
    let open = |snapshot: &Snapshot| health(snapshot).is_some_and(|clock| clock.escalated.is_none());
    assert!(snapshot_when(&panel, patience, open).await.is_some(), "taken back");
    let gone = EscalationMarkRequest { id: "cost/none".into(), note: None, by: String::new() };
    assert_eq!(panel.escalation_mark(gone).await.unwrap_err().code, ErrorCode::NotFound);
    panel.shutdown().await;
}
