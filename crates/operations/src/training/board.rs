//! The checklist filled in: what was said, and what the panel saw. Pure.

use std::collections::BTreeMap;

use aether_contract::{
    CheckRun, CheckSuite, DrillGoal, DrillOutcome, DrillRun, DrillScenario, PastWindow, Timestamp,
    TrainingBoard, TrainingDrill, TrainingPerson, TrainingStep, TrainingTask, TrainingTaskInfo,
    WindowOutcome,
};

use super::marks::{Person, key};

/// A window that was planned to last no longer than this is one for practice, in milliseconds.
const SHORT_MS: i64 = 10 * 60_000;

/// One that ended sooner was never watched, in milliseconds.
const PRACTICE_MS: i64 = 10_000;

/// What the panel saw, the newest first.
pub struct Evidence {
    /// Runs of checks.
    pub checks: Vec<CheckRun>,
    /// Drills.
    pub drills: Vec<DrillRun>,
    /// Maintenance windows.
    pub windows: Vec<PastWindow>,
}

/// The board.
pub fn board(said: &BTreeMap<String, Person>, evidence: &Evidence, me: &str) -> TrainingBoard {
    let mut names: BTreeMap<String, (String, Option<Timestamp>)> = BTreeMap::new();
    for (key, person) in said.iter().filter(|(_, person)| person.listed) {
        names.insert(key.clone(), (person.name.clone(), person.at));
    }
    for drill in &evidence.drills {
        let left = said.get(&key(&drill.person)).and_then(|person| person.left);
        if left.is_some_and(|left| drill.started_at <= left) {
            continue;
        }
        let known = names.entry(key(&drill.person)).or_insert_with(|| (drill.person.clone(), None));
        known.1 = known.1.max(Some(drill.started_at));
    }
    let mut people: Vec<(Option<Timestamp>, TrainingPerson)> =
        names.into_iter().map(|(key, (name, at))| (at, person(&name, said.get(&key), evidence))).collect();
    people.sort_by(|a, b| b.0.cmp(&a.0).then_with(|| a.1.name.cmp(&b.1.name)));
    TrainingBoard {
        tasks: TrainingTask::ALL.into_iter().map(info).collect(),
        people: people.into_iter().map(|(_, person)| person).collect(),
        me: me.to_owned(),
    }
}

fn person(name: &str, said: Option<&Person>, evidence: &Evidence) -> TrainingPerson {
    let left = said.and_then(|person| person.left);
    let counts = |who: &str, at: Timestamp| key(who) == key(name) && left.is_none_or(|left| at > left);
    let drills: Vec<&DrillRun> = evidence
        .drills
        .iter()
        .filter(|run| counts(&run.person, run.started_at) && run.outcome != DrillOutcome::Running)
        .collect();
    let steps = TrainingTask::ALL
        .into_iter()
        .map(|task| {
            let (done_at, by, evidence) = match seen(task, evidence, &drills, &counts) {
                Some((at, words)) => (Some(at), String::new(), words),
                None => match said.and_then(|person| person.done.get(&task)) {
                    Some((at, by)) => (Some(*at), by.clone(), String::new()),
                    None => (None, String::new(), String::new()),
                },
            };
            TrainingStep { task, done_at, by, evidence }
        })
        .collect();
    let drills = DrillScenario::ALL.into_iter().map(|scenario| of_scenario(scenario, &drills)).collect();
    TrainingPerson { name: name.to_owned(), steps, drills }
}

/// What the panel saw of a task: the first time that it was done.
fn seen(
    task: TrainingTask,
    evidence: &Evidence,
    drills: &[&DrillRun],
    counts: &dyn Fn(&str, Timestamp) -> bool,
) -> Option<(Timestamp, String)> {
    match task {
        TrainingTask::QuickCheck => {
            let fits = |run: &&CheckRun| {
                run.suite == CheckSuite::Quick && !run.cancelled && counts(&run.created_by, run.started_at)
            };
            let run = evidence.checks.iter().rev().filter(fits).find(|run| run.ended_at.is_some())?;
            Some((run.ended_at?, format!("Ran the quick check on {}.", run.stack)))
        }
        TrainingTask::VipDrill => {
            // As the drill's own report has it.
            let fits = |run: &&&DrillRun| {
                run.scenario == Some(DrillScenario::VipLowConfidence) && run.passed == Some(true)
            };
            let run = drills.iter().rev().find(fits)?;
            let after = first_action_s(run).map_or_else(String::new, |after| format!(" after {after:.0} s"));
            Some((run.ended_at?, format!("Passed the drill, with the correct first action{after}.")))
        }
        TrainingTask::Maintenance => {
            let fits = |window: &&PastWindow| {
                counts(&window.created_by, window.starts_at)
                    && window.planned_end.millis_since(window.starts_at) <= SHORT_MS
                    && window.ends_at.millis_since(window.starts_at) >= PRACTICE_MS
                    && matches!(window.outcome, WindowOutcome::Ended | WindowOutcome::EndedEarly)
            };
            let window = evidence.windows.iter().rev().find(fits)?;
            let seconds = window.ends_at.millis_since(window.starts_at) / 1000;
            Some((window.ends_at, format!("Started a {seconds} s window and ended it.")))
        }
        TrainingTask::ReadRunbook | TrainingTask::BookmarkGrafana | TrainingTask::SloTargets => None,
    }
}

/// Seconds to the right first action.
fn first_action_s(run: &DrillRun) -> Option<f64> {
    run.measures.iter().find(|one| one.goal == DrillGoal::FirstAction).and_then(|one| one.after_s)
}

fn of_scenario(scenario: DrillScenario, drills: &[&DrillRun]) -> TrainingDrill {
    let tried: Vec<&&DrillRun> = drills
        .iter()
        .filter(|run| run.scenario == Some(scenario) && run.outcome != DrillOutcome::CutOff)
        .collect();
    // A passed one before another, then the quickest.
    let rank = |run: &&&&DrillRun| (run.passed != Some(true), first_action_s(run).unwrap_or(f64::INFINITY));
    let best = tried.iter().min_by(|a, b| {
        let (a, b) = (rank(a), rank(b));
        a.0.cmp(&b.0).then(a.1.total_cmp(&b.1))
    });
    TrainingDrill {
        scenario,
        run: best.map(|run| run.id.clone()),
        passed: best.is_some_and(|run| run.passed == Some(true)),
        first_action_s: best.and_then(|run| first_action_s(run)),
        tries: u32::try_from(tried.len()).unwrap_or(u32::MAX),
    }
}

fn info(task: TrainingTask) -> TrainingTaskInfo {
    let (title, about, minutes, seen) = match task {
        TrainingTask::ReadRunbook => (
            "Read the on-call runbook",
            "From the triage table to the SLO reference. Mark it as done when finished.",
            15,
            false,
        ),
        TrainingTask::BookmarkGrafana => {
            ("Find Grafana", "Open it, and save its address where you will find it at 3 a.m.", 1, false)
        }
        TrainingTask::QuickCheck => {
            ("Run the quick check", "Six read-only checks. A run that finishes counts.", 5, true)
        }
        TrainingTask::VipDrill => {
            ("Handle a VIP alert", "Drill “VIP low confidence”: passed, as its report shows it.", 10, true)
        }
        TrainingTask::Maintenance => (
            "Practice maintenance",
            "Start a window of at most ten minutes for something harmless, and watch it end.",
            2,
            true,
        ),
        TrainingTask::SloTargets => (
            "Know the targets",
            "Cache hits above 50 %, low confidence below 30 %, reranking below 60 %: what keeps them on \
                target, and what breaks them.",
            5,
            false,
        ),
    };
    TrainingTaskInfo { task, title: title.to_owned(), about: about.to_owned(), minutes, seen }
}

#[cfg(test)]
mod tests {
    use aether_contract::{CheckState, DrillSpeed, GoalResult, MeasuredGoal, WindowId};

    use super::*;

    fn drill(person: &str, scenario: DrillScenario, at: i64, first: Option<f64>, passed: bool) -> DrillRun {
        DrillRun {
            id: format!("{person}-{at}"),
            stack: "demo".into(),
            person: person.into(),
            scenario: Some(scenario),
            pace: DrillSpeed::Short,
            started_at: Timestamp(at),
            signal_at: Some(Timestamp(at)),
            ended_at: Some(Timestamp(at + 100)),
            outcome: DrillOutcome::Resolved,
            passed: Some(passed),
            measures: vec![MeasuredGoal {
                goal: DrillGoal::FirstAction,
                at: Some(Timestamp(at)),
                after_s: first,
                limit_s: 300,
                mark: if first.is_some_and(|first| first <= 300.0) {
                    GoalResult::Pass
                } else {
                    GoalResult::Late
                },
                note: String::new(),
            }],
            acts: Vec::new(),
        }
    }

    fn check(person: &str, suite: CheckSuite, ended: bool) -> CheckRun {
        CheckRun {
            id: "c".into(),
            stack: "demo".into(),
            suite,
            created_by: person.into(),
            deploy: String::new(),
            effects: false,
            started_at: Timestamp(10),
            ended_at: ended.then_some(Timestamp(20)),
            cancelled: false,
            verdict: CheckState::Fail,
            checks: Vec::new(),
        }
    }

    fn window(person: &str, minutes: i64) -> PastWindow {
        PastWindow {
            id: WindowId("w".into()),
            reason: "practice".into(),
            created_by: person.into(),
            starts_at: Timestamp(0),
            planned_end: Timestamp(minutes * 60_000),
            ends_at: Timestamp(30_000),
            moved: 0,
            outcome: WindowOutcome::EndedEarly,
            matchers: Vec::new(),
            hidden: None,
            left_over: None,
        }
    }

    fn done(board: &TrainingBoard, name: &str) -> Vec<TrainingTask> {
        let person = board.people.iter().find(|person| person.name == name).unwrap();
        person.steps.iter().filter(|step| step.done_at.is_some()).map(|step| step.task).collect()
    }

    #[test]
    fn what_the_panel_saw_ticks_the_task_of_that_person_only() {
        let evidence = Evidence {
            checks: vec![check("Ann", CheckSuite::Quick, true), check("bob", CheckSuite::Sanity, true)],
            drills: vec![
                drill("ann", DrillScenario::VipLowConfidence, 200, Some(40.0), true),
                drill("bob", DrillScenario::VipLowConfidence, 100, Some(900.0), false),
            ],
            windows: vec![window("ann", 1), window("bob", 60)],
        };
        let board = board(&BTreeMap::new(), &evidence, "ann");
        assert_eq!(
            done(&board, "ann"),
            [TrainingTask::QuickCheck, TrainingTask::VipDrill, TrainingTask::Maintenance]
        );
        assert_eq!(done(&board, "bob"), [], "too late, another suite, too long");
        let seen = &board.people[0].steps[3];
        assert!(seen.by.is_empty() && seen.evidence.contains("40 s"), "{seen:?}");
        assert_eq!(board.tasks.len(), 6);
    }

    #[test]
    fn a_window_that_ended_at_once_is_no_practice() {
        let ticked = |lasted_ms: i64| {
            let ended = PastWindow { ends_at: Timestamp(lasted_ms), ..window("ann", 1) };
            let evidence = Evidence { checks: Vec::new(), drills: Vec::new(), windows: vec![ended] };
            let said = BTreeMap::from([(
                "ann".to_owned(),
                Person { name: "ann".into(), listed: true, ..Person::default() },
            )]);
            done(&board(&said, &evidence, "x"), "ann").contains(&TrainingTask::Maintenance)
        };
        assert_eq!([0, 3_000, 30_000].map(ticked), [false, false, true]);
    }

    #[test]
    fn the_checklist_agrees_with_the_report_of_a_drill() {
        let ticked = |passed| {
            let run = drill("ann", DrillScenario::VipLowConfidence, 200, Some(40.0), passed);
            let evidence = Evidence { checks: Vec::new(), drills: vec![run], windows: Vec::new() };
            done(&board(&BTreeMap::new(), &evidence, "x"), "ann").contains(&TrainingTask::VipDrill)
        };
        assert_eq!([true, false].map(ticked), [true, false]);
    }

    #[test]
    fn a_run_that_was_cut_off_is_no_evidence() {
        let evidence = Evidence {
            checks: vec![check("ann", CheckSuite::Quick, false)],
            drills: Vec::new(),
            windows: Vec::new(),
        };
        let said = BTreeMap::from([(
            "ann".to_owned(),
            Person { name: "ann".into(), listed: true, ..Person::default() },
        )]);
        assert_eq!(done(&board(&said, &evidence, "x"), "ann"), []);
    }

    #[test]
    fn the_best_drill_is_a_passed_one_and_then_the_quickest() {
        let of = |runs: &[DrillRun]| of_scenario(DrillScenario::CacheLoss, &runs.iter().collect::<Vec<_>>());
        let make = |at, first, passed| drill("ann", DrillScenario::CacheLoss, at, first, passed);
        let best = of(&[make(1, Some(20.0), false), make(2, Some(90.0), true), make(3, Some(50.0), true)]);
        assert_eq!((best.run.as_deref(), best.passed, best.tries), (Some("ann-3"), true, 3));
        assert_eq!(best.first_action_s, Some(50.0));
        assert_eq!(of(&[]).run, None);
    }

    #[test]
    fn who_was_taken_off_comes_back_with_what_they_do_next() {
        let left = Person { name: "ann".into(), left: Some(Timestamp(150)), ..Person::default() };
        let said = BTreeMap::from([("ann".to_owned(), left)]);
        let make = |at| drill("ann", DrillScenario::VipLowConfidence, at, Some(4.0), true);
        let of = |drills| {
            let evidence = Evidence { checks: Vec::new(), drills, windows: Vec::new() };
            board(&said, &evidence, "x")
        };
        assert!(of(vec![make(100)]).people.is_empty());
        let back = of(vec![make(200), make(100)]);
        assert_eq!(back.people[0].drills[0].tries, 1, "what was before is not counted again");
    }
}
