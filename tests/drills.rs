//! Drills on the demo stack: real Prometheus and Alertmanager show what the simulator makes up, and everything is as before
//! afterwards.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::{fs, sync::Arc, time::Duration};

use aether_contract::*;
use aether_core::{NoHost, Panel, PanelOptions, paths::Home};
use aether_sim::demo::{DemoOptions, DemoStack};
use aether_tests::{
    eventually, missing, root,
    stack::{MemoryKeyring, Stack, panel, row_when, servers_missing},
};

const PROGRAMS: [&str; 3] = ["prometheus", "prometheus-alertmanager", "prometheus-blackbox-exporter"];

struct Demo {
    stack: DemoStack,
    home: Home,
    folder: tempfile::TempDir,
}

async fn demo() -> Demo {
    let folder = tempfile::tempdir().unwrap();
    let options = DemoOptions {
        folder: folder.path().join("stack"),
        home: folder.path().join("home"),
        pack: root().join("monitoring"),
    };
    let stack = DemoStack::start(&options).await.unwrap();
    // Answers that are quick to come make the test so.
    fs::write(
        options.home.join("config/settings.toml"),
        "prometheus_interval_s = 2\nalertmanager_interval_s = 2\n",
    )
    .unwrap();
    Demo { stack, home: Home::at(&options.home), folder }
}

impl Demo {
    async fn open(&self, poll: bool) -> Arc<Panel> {
        Panel::start(PanelOptions {
            home: self.home.clone(),
            stack: Some("demo".to_owned()),
            host: Arc::new(NoHost),
            secrets: Some(Arc::new(MemoryKeyring::default())),
            poll,
        })
        .await
        .unwrap()
    }

    fn config(&self) -> String {
        fs::read_to_string(self.folder.path().join("stack/prometheus/prometheus.yml")).unwrap()
    }
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
    let begun = eventually(Duration::from_secs(60), async || start(panel, scenario).await.ok());
    begun.await.unwrap()
}

async fn seen(panel: &Panel) -> DrillRun {
    let found = async || status(panel).await.running.filter(|run| run.signal_at.is_some());
    eventually(Duration::from_secs(180), found).await.expect("the drill can't be seen")
}

/// The report of a drill, once it has ended.
async fn ended(panel: &Panel, id: &str) -> DrillRun {
    let over = async || {
        let runs = panel.drill_list(Empty {}).await.unwrap().runs;
        runs.into_iter().find(|run| run.id == id && run.outcome != DrillOutcome::Running)
    };
    eventually(Duration::from_secs(120), over).await.expect("the drill does not end")
}

fn marks(run: &DrillRun) -> Vec<DrillMark> {
    run.measures.iter().map(|one| one.mark).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_silence_at_a_bad_moment_is_found_ended_and_reported_and_the_stack_is_as_before() {
    if let Some(program) = missing(&PROGRAMS) {
        return eprintln!("skipped: {program} is not installed");
    }
    let demo = demo().await;
    let before = demo.config();
    let panel = demo.open(true).await;
    assert!(status(&panel).await.offered);
    let drill = started(&panel, DrillScenario::BadSilence).await;
    assert!(start(&panel, DrillScenario::CacheLoss).await.unwrap_err().message.contains("goes on already"));
    let run = seen(&panel).await;
    assert_eq!((run.scenario, run.acts.len()), (Some(DrillScenario::BadSilence), 0));

    // The trainee: finds the alert hidden, and by what.
    let row = row_when(&panel, "alertname=\"LowConfidenceSpikeVIP\"", Duration::from_secs(30), |row| {
        row.state == AlertState::Silenced && row.silenced_by.iter().any(|by| by.by == "deploy-bot")
    })
    .await
    .unwrap();
    let asked =
        RunbookBeginRequest { fingerprint: Some(row.fingerprint.clone()), ..RunbookBeginRequest::default() };
    let book = panel.runbook_begin(asked).await.unwrap();
    assert_eq!(book.drill.as_deref(), Some(drill.id.as_str()), "a run in a drill says so");
    let silence = row.silenced_by.iter().find(|by| by.by == "deploy-bot").unwrap();
    panel.maintenance_end(MaintenanceEndRequest { id: silence.id.clone() }).await.unwrap();
    // The shell, another process, does the rest; one guess is wrong.
    let shell = demo.open(false).await;
    let operate = async |operation| shell.drill_operate(DrillOperateRequest { operation }).await.unwrap();
    assert!(!operate(DrillOperation::RestartApi).await.worked);
    assert!(status(&panel).await.running.is_some(), "a button is no proof");
    assert!(operate(DrillOperation::RollBack).await.worked);

    let told = ended(&panel, &drill.id).await;
    assert_eq!(told.outcome, DrillOutcome::Resolved);
    assert_eq!(marks(&told), [DrillMark::Pass; 4], "{told:#?}");
    let wrong: Vec<&DrillAct> = told.acts.iter().filter(|act| act.worth == DrillWorth::Wrong).collect();
    assert!(wrong.len() == 1 && wrong[0].text.starts_with("Restart the API"), "{wrong:?}");
    assert_eq!(told.passed, Some(false), "a guess is a mistake");
    let report = shell.drill_report(DrillRequest { id: drill.id.clone() }).await.unwrap().markdown;
    assert!(report.contains("Ended a silence of deploy-bot. **right**"), "{report}");
    let gone = row_when(&panel, "alertname=\"LowConfidenceSpikeVIP\"", Duration::from_secs(60), |row| {
        row.state == AlertState::Firing
    });
    assert!(tokio::time::timeout(Duration::from_secs(5), gone).await.is_err(), "it is over");
    assert_eq!(demo.config(), before, "Prometheus runs the pack's own alerts again");

    // A server that is down; what one does first is kept although nobody opened a runbook.
    let drill = started(&panel, DrillScenario::PrometheusDown).await;
    seen(&panel).await;
    panel.refresh(Empty {}).await.unwrap();
    assert!(operate(DrillOperation::StartPrometheus).await.worked);
    let told = ended(&panel, &drill.id).await;
    assert_eq!(
        marks(&told),
        [DrillMark::Pass, DrillMark::Missed, DrillMark::Pass, DrillMark::Pass],
        "{told:#?}"
    );

    // Given up in the middle: the stack is put back.
    let drill = started(&panel, DrillScenario::CacheLoss).await;
    assert_ne!(demo.config(), before);
    let told = shell.drill_end(Empty {}).await.unwrap();
    assert_eq!(
        (told.id.as_str(), told.outcome, told.passed),
        (drill.id.as_str(), DrillOutcome::GivenUp, Some(false))
    );
    assert_eq!(demo.config(), before);
    assert_eq!(panel.drill_end(Empty {}).await.unwrap_err().code, ErrorCode::NotFound);

    let board = panel.training_board(Empty {}).await.unwrap();
    let ann = board.people.iter().find(|person| person.name == "Ann").unwrap();
    let tried: Vec<u32> = ann.drills.iter().map(|drill| drill.tries).collect();
    assert_eq!(tried, [0, 1, 0, 1, 1]);

    // The demo ends under a drill. What the drills before it have left behind does not hide it.
    let drill = started(&panel, DrillScenario::RerankRunaway).await;
    seen(&panel).await;
    let Demo { stack, home: _home, folder: _folder } = demo;
    stack.stop().await;
    let told = panel.drill_end(Empty {}).await.unwrap_err();
    assert!(told.message.contains("does not answer"), "{told:?}");
    assert_eq!(ended(&panel, &drill.id).await.outcome, DrillOutcome::GivenUp, "it is over all the same");
    shell.shutdown().await;
    panel.shutdown().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_drill_is_refused_against_servers_that_the_simulator_has_not_started() {
    if let Some(why) = servers_missing() {
        return eprintln!("skipped: {why}");
    }
    if let Some(program) = missing(&PROGRAMS) {
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
    let demo = demo().await;
    let mixed = refused(&format!("[drills]\nsimulator = \"{}\"\n", demo.stack.ready.drills)).await;
    assert!(mixed.message.contains("not the one that the simulator has started"), "{mixed:?}");
    assert!(demo.config().contains("prometheus-alerts.yml") && !demo.config().contains("drill-alerts"));
}
