//! Drills on the demo stack: real Prometheus and Alertmanager show what the simulator makes up, and everything
//! is as before afterwards.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::{fs, sync::Arc, time::Duration};

use aether_contract::*;
use aether_foundation::testing::figure_style;
use aether_panel::{NoHost, Panel, PanelOptions, paths::Home};
use aether_sim::drill::{DrillScenario as SimScenario, Operation, Pace};
#[cfg(target_os = "linux")]
use aether_tests::{Desktop, built, window::Window};
use aether_tests::{
    eventually, missing,
    stack::{Demo, MemoryKeyring, Stack, panel, row_when, servers_missing},
};
use serde_json::Value;

/// Longest wait for something that should happen within a minute; a machine that builds something beside is slow.
const SOON: Duration = Duration::from_secs(400);

/// A demo stack, or none where it can't be: that is said.
async fn demo() -> Option<Demo> {
    if let Some(program) = missing(Demo::NEEDS) {
        eprintln!("skipped: {program} is not installed");
        return None;
    }
    Some(Demo::start().await.unwrap())
}

async fn open(demo: &Demo, stack: &str, poll: bool) -> Arc<Panel> {
    Panel::start(PanelOptions {
        home: Home::at(&demo.home()),
        stack: Some(stack.to_owned()),
        host: Arc::new(NoHost),
        secrets: Some(Arc::new(MemoryKeyring::default())),
        poll,
    })
    .await
    .unwrap()
}

fn config(demo: &Demo) -> String {
    fs::read_to_string(demo.folder.path().join("stack/prometheus/prometheus.yml")).unwrap()
}

/// Waits until Prometheus has the pack's own rules again: a drill is over a moment before.
async fn put_back(demo: &Demo, before: &str) {
    let same = eventually(SOON, async || (config(demo) == before).then_some(())).await;
    assert!(same.is_some(), "the drill's rules are still there: {}", config(demo));
}

async fn status(panel: &Panel) -> DrillStatus {
    panel.snapshot(Empty {}).await.unwrap().drill
}

async fn start(panel: &Panel, scenario: DrillScenario) -> Result<DrillRun, PanelError> {
    let request =
        DrillStartRequest { scenario: Some(scenario), person: "Ann".into(), ..DrillStartRequest::default() };
    panel.drill_start(request).await
}

/// Begins a drill as soon as the panel knows what fires.
async fn started(panel: &Panel, scenario: DrillScenario) -> DrillRun {
    let begun = eventually(SOON, async || start(panel, scenario).await.ok());
    begun.await.unwrap()
}

/// The drill of this id, once it can be seen. The panel's picture is a moment old: it may show the one before.
async fn seen(panel: &Panel, id: &str) -> DrillRun {
    let found = async || status(panel).await.running.filter(|run| run.id == id && run.signal_at.is_some());
    eventually(SOON, found).await.expect("the drill can't be seen")
}

/// The report of a drill, once it has ended.
async fn ended(panel: &Panel, id: &str) -> DrillRun {
    let over = async || {
        let runs = panel.drill_list(Empty {}).await.unwrap().runs;
        runs.into_iter().find(|run| run.id == id && run.outcome != DrillOutcome::Running)
    };
    eventually(SOON, over).await.expect("the drill does not end")
}

fn marks(run: &DrillRun) -> Vec<GoalResult> {
    run.measures.iter().map(|one| one.mark).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_silence_at_a_bad_moment_is_found_ended_and_reported_and_the_stack_is_as_before() {
    let Some(demo) = demo().await else { return };
    let before = config(&demo);
    let panel = open(&demo, "demo", true).await;
    assert!(status(&panel).await.offered);
    let drill = started(&panel, DrillScenario::BadSilence).await;
    assert!(start(&panel, DrillScenario::CacheLoss).await.unwrap_err().message.contains("already running"));
    let run = seen(&panel, &drill.id).await;
    assert_eq!((run.scenario, run.acts.len()), (Some(DrillScenario::BadSilence), 0));

    // The trainee: finds the alert hidden, and by what.
    let row = row_when(&panel, "alertname=\"LowConfidenceSpikeVIP\"", SOON, |row| {
        row.state == AlertState::Silenced && row.silenced_by.iter().any(|by| by.by == "deploy-bot")
    })
    .await
    .unwrap();
    // An open alert is read again and again, and was opened once.
    for refresh in [false, true, true] {
        let asked = AlertDetailRequest {
            fingerprint: row.fingerprint.clone(),
            hours: 1.0,
            style: figure_style(600, 200),
            refresh,
        };
        panel.alert_detail(asked).await.unwrap();
    }
    let asked =
        RunbookStartRequest { fingerprint: Some(row.fingerprint.clone()), ..RunbookStartRequest::default() };
    let book = panel.runbook_start(asked).await.unwrap();
    assert_eq!(book.drill.as_deref(), Some(drill.id.as_str()), "a run in a drill says so");
    let silence = row.silenced_by.iter().find(|by| by.by == "deploy-bot").unwrap();
    panel.maintenance_end(MaintenanceEndRequest { id: silence.id.clone() }).await.unwrap();
    // The shell, another process, does the rest; one guess is wrong.
    let shell = open(&demo, "demo", false).await;
    let operate = async |operation| shell.drill_operate(DrillOperateRequest { operation }).await.unwrap();
    assert!(!operate(DrillOperation::RestartApi).await.worked);
    assert!(status(&panel).await.running.is_some(), "a button is no proof");
    assert!(operate(DrillOperation::RollBack).await.worked);

    let told = ended(&panel, &drill.id).await;
    assert_eq!(told.outcome, DrillOutcome::Resolved);
    assert_eq!(marks(&told), [GoalResult::Pass; 4], "{told:#?}");
    let opened = told.acts.iter().filter(|act| act.text.starts_with("Opened alert")).count();
    assert_eq!(opened, 1, "{:?}", told.acts);
    let wrong: Vec<&DrillAction> = told.acts.iter().filter(|act| act.worth == Assessment::Wrong).collect();
    assert!(wrong.len() == 1 && wrong[0].text.starts_with("Restart the API"), "{wrong:?}");
    assert_eq!(told.passed, Some(true), "a guess is a mistake, and every goal was reached");
    let report = shell.drill_report(DrillRequest { id: drill.id.clone() }).await.unwrap().markdown;
    assert!(report.contains("Ended a silence created by deploy-bot. **correct**"), "{report}");
    let gone = row_when(&panel, "alertname=\"LowConfidenceSpikeVIP\"", Duration::from_secs(60), |row| {
        row.state == AlertState::Firing
    });
    assert!(tokio::time::timeout(Duration::from_secs(5), gone).await.is_err(), "it is over");
    put_back(&demo, &before).await;

    // A server that is down; what one does first is kept although nobody opened a runbook.
    let drill = started(&panel, DrillScenario::PrometheusDown).await;
    seen(&panel, &drill.id).await;
    panel.refresh(Empty {}).await.unwrap();
    assert!(operate(DrillOperation::StartPrometheus).await.worked);
    let told = ended(&panel, &drill.id).await;
    assert_eq!(
        marks(&told),
        [GoalResult::Pass, GoalResult::Missed, GoalResult::Pass, GoalResult::Pass],
        "{told:#?}"
    );

    // Given up in the middle: the stack is put back.
    let drill = started(&panel, DrillScenario::CacheLoss).await;
    assert_ne!(config(&demo), before);
    let told = shell.drill_end(Empty {}).await.unwrap();
    assert_eq!(
        (told.id.as_str(), told.outcome, told.passed),
        (drill.id.as_str(), DrillOutcome::GivenUp, Some(false))
    );
    put_back(&demo, &before).await;
    assert_eq!(panel.drill_end(Empty {}).await.unwrap_err().code, ErrorCode::NotFound);

    let board = panel.training_board(Empty {}).await.unwrap();
    let ann = board.people.iter().find(|person| person.name == "Ann").unwrap();
    let tried: Vec<u32> = ann.drills.iter().map(|drill| drill.tries).collect();
    assert_eq!(tried, [0, 1, 0, 1, 1]);
    // What was learned in the demo is known in every stack.
    let other = open(&demo, "aetherlink", false).await;
    let elsewhere = other.training_board(Empty {}).await.unwrap();
    other.shutdown().await;
    assert_eq!(elsewhere.people.iter().find(|person| person.name == "Ann"), Some(ann));

    // The demo ends under a drill. What the drills before it have left behind does not hide it.
    let drill = started(&panel, DrillScenario::RerankRunaway).await;
    seen(&panel, &drill.id).await;
    let Demo { stack, folder: _folder } = demo;
    stack.stop().await;
    let told = panel.drill_end(Empty {}).await.unwrap_err();
    assert!(told.message.contains("unreachable"), "{told:?}");
    assert_eq!(ended(&panel, &drill.id).await.outcome, DrillOutcome::GivenUp, "it is over all the same");
    shell.shutdown().await;
    panel.shutdown().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_gauge_that_runs_away_and_a_lost_cache_are_played_one_after_the_other_to_passed_reports() {
    let Some(demo) = demo().await else { return };
    let before = config(&demo);
    let panel = open(&demo, "demo", true).await;
    let operate = async |operation| panel.drill_operate(DrillOperateRequest { operation }).await.unwrap();

    // No alert of the pack tells of it: whoever looks at the gauge says so, and asks what it costs.
    let drill = started(&panel, DrillScenario::RerankRunaway).await;
    seen(&panel, &drill.id).await;
    panel.drill_notice(Empty {}).await.unwrap();
    let page = RunbookStartRequest {
        id: Some("RerankUtilizationCritical".into()),
        ..RunbookStartRequest::default()
    };
    let book = panel.runbook_start(page).await.unwrap();
    for number in [1, 4] {
        let step = RunbookStepRequest { run: book.id.clone(), number, hours: 1.0, style: None };
        panel.runbook_step(step).await.unwrap();
    }
    assert!(operate(DrillOperation::ResetReranker).await.worked);
    let told = ended(&panel, &drill.id).await;
    assert_eq!((told.outcome, told.passed), (DrillOutcome::Resolved, Some(true)), "{told:#?}");
    assert_eq!(told.acts.iter().filter(|act| act.text.starts_with("Ran step")).count(), 1, "{told:#?}");
    assert_eq!(marks(&told), [GoalResult::Pass; 4], "{told:#?}");

    // Everybody's cache, right after; the VIP's alert is taken first.
    let drill = started(&panel, DrillScenario::CacheLoss).await;
    seen(&panel, &drill.id).await;
    let about = "alertname=\"CacheEffectivenessDropVIP\"";
    let firing = row_when(&panel, about, SOON, |row| row.state == AlertState::Firing);
    let row = firing.await.expect("what was seen is in the list");
    let fingerprint = Some(row.fingerprint.clone());
    let taken =
        AlertAckRequest { fingerprint: row.fingerprint, note: Some("On it".into()), by: "Ann".into() };
    panel.alert_acknowledge(taken).await.unwrap();
    let page = RunbookStartRequest { fingerprint, ..RunbookStartRequest::default() };
    assert_eq!(panel.runbook_start(page).await.unwrap().page, "CacheEffectivenessDropVIP");
    assert!(operate(DrillOperation::RestoreCache).await.worked);
    let told = ended(&panel, &drill.id).await;
    assert_eq!((told.outcome, told.passed), (DrillOutcome::Resolved, Some(true)), "{told:#?}");
    put_back(&demo, &before).await;
    panel.shutdown().await;
    demo.stack.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_drill_is_refused_against_servers_that_the_simulator_has_not_started() {
    if let Some(why) = servers_missing() {
        return eprintln!("skipped: {why}");
    }
    if let Some(program) = missing(Demo::NEEDS) {
        return eprintln!("skipped: {program} is not installed");
    }
    let real = Stack::start(1).await.unwrap();
    let refused = async |more: &str| {
        real.profile(more).unwrap();
        let panel = panel(real.home()).await.unwrap();
        let error = start(&panel, DrillScenario::PrometheusDown).await.unwrap_err();
        let list = panel.drill_list(Empty {}).await.unwrap();
        assert!(list.refused.contains(&error.message), "{} / {}", list.refused, error.message);
        assert!(list.runs.is_empty());
        let endpoint =
            EndpointSpec { urls: vec![real.prometheus.url().to_owned()], ..EndpointSpec::default() };
        let asked = EndpointTestRequest { service: ServiceKind::Prometheus, endpoint };
        assert!(panel.endpoint_test(asked).await.unwrap().results[0].ok, "nothing was done to it");
        panel.shutdown().await;
        error
    };
    let none = refused("").await;
    assert_eq!(none.code, ErrorCode::InvalidRequest);
    assert!(none.hint.contains("demo stack only"), "{none:?}");
    // A profile of real servers that names the simulator of a demo.
    let demo = Demo::start().await.unwrap();
    let mixed = refused(&format!("[drills]\nsimulator = \"{}\"\n", demo.stack.ready.drills)).await;
    assert!(mixed.message.contains("not started by the simulator"), "{mixed:?}");
    assert!(config(&demo).contains("prometheus-alerts.yml") && !config(&demo).contains("drill-alerts"));
}

#[test]
fn the_simulator_knows_every_word_that_the_panel_says_to_it() {
    let word = |text: &str| Value::String(text.to_owned());
    for scenario in DrillScenario::ALL {
        assert!(serde_json::from_value::<SimScenario>(word(scenario.as_str())).is_ok(), "{scenario:?}");
    }
    for operation in DrillOperation::ALL {
        assert!(serde_json::from_value::<Operation>(word(operation.as_str())).is_ok(), "{operation:?}");
    }
    for pace in DrillSpeed::ALL {
        assert!(serde_json::from_value::<Pace>(word(pace.as_str())).is_ok(), "{pace:?}");
    }
}

#[cfg(target_os = "linux")]
#[tokio::test(flavor = "multi_thread")]
async fn a_drill_is_dealt_with_in_the_window_from_its_start_to_its_report() {
    /// Longest wait for what a scrape and two evaluations have to show.
    const SHOWN: Duration = Duration::from_secs(120);
    if let Some(why) = Window::missing() {
        return eprintln!("skipped: {why}");
    }
    let program = built("aetherlink-panel").expect("the window is not built: cargo build --workspace --bins");
    if let Some(program) = missing(Demo::NEEDS) {
        return eprintln!("skipped: {program} is not installed");
    }
    let demo = Demo::start().await.expect("the demo stack");
    let home = demo.home();
    let desktop = Desktop::start().expect("a desktop");
    let arguments = ["--stack", "demo", "--screen", "runbooks"];
    let window = Window::open(&desktop, &program, &home, &arguments, &[]).await.expect("a window");
    window
        .has("[data-testid='light-alertmanager']", "data-state", "fresh")
        .await
        .expect("Alertmanager answers");
    window.has("[data-testid='light-prometheus']", "data-state", "fresh").await.expect("Prometheus answers");

    window.click("training-open").await.expect("the training page");
    window
        .click_on("[data-scenario='vip-low-confidence'] [data-testid='drill-start']")
        .await
        .expect("the question");
    let person = window.find("[data-testid='drill-person']").await.expect("a name");
    person.clear().await.expect("different host name");
    window.type_into("[data-testid='drill-person']", "Ann").await.expect("typed");
    window.click("drill-start-confirm").await.expect("begun");
    window
        .reads("[data-testid='drill-bar']", |text| text.contains("DRILL") && text.contains("Ann"))
        .await
        .expect("marked");
    window
        .has_within(SHOWN, "[data-testid='drill-bar']", "data-visible", "true")
        .await
        .expect("the alert fires");

    // The alert, acknowledged; its runbook; what mends it.
    window.press("ga").await.expect("keys");
    window.reads("[data-testid='drill-bar']", |text| text.contains("DRILL")).await.expect("on every screen");
    window
        .type_into("[data-testid='alerts-filter']", "alertname=\"LowConfidenceSpikeVIP\" ")
        .await
        .expect("a filter");
    window
        .reads("[data-testid='alerts-table']", |text| {
            text.contains("LowConfidenceSpikeVIP") && !text.contains("Cache")
        })
        .await
        .expect("the alert");
    window.click("alert-row").await.expect("opened");
    window.type_into("[data-testid='ack-note']", "On it").await.expect("typed");
    window.click("ack-confirm").await.expect("acknowledged");
    window.see("ack-undo").await.expect("written down");
    window.click("runbook-this").await.expect("its runbook");
    window
        .reads("[data-testid='runbook']", |text| text.contains("Is it this tenant alone?"))
        .await
        .expect("the steps");
    window.click_on("[data-testid='drill-operate'] button").await.expect("the menu");
    window.click_on("[data-testid='drill-operate'] [role='menuitem']").await.expect("the last deploy undone");
    // Notices of alerts have an action of their own.
    let to_report = "[data-testid='notice-action'][data-action='Open report']";
    window
        .reads_within(SHOWN, to_report, |text| !text.is_empty())
        .await
        .expect("over, and a way to the report");
    window.click_on(to_report).await.expect("opened");
    window
        .reads("[data-testid='report-verdict']", |text| {
            text.to_lowercase().contains("passed") && !text.to_lowercase().contains("failed")
        })
        .await
        .expect("the report");
    window.gone("[data-testid='drill-bar']").await.expect("no drill any more");
    let goals =
        window.reads("[data-testid='report-goals']", |text| !text.is_empty()).await.expect("the goals");
    assert!(!goals.contains("too late") && !goals.contains("missed"), "{goals}");
    window.click("report-back").await.expect("back");
    window.reads("[data-testid='team']", |text| text.contains("Ann")).await.expect("Ann is on the board");
    window.close().await.expect("closed");
    demo.stack.stop().await;
}
