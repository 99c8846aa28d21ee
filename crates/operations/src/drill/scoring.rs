//! What a drill is worth: the four goals against their time, and each act. Pure.

use aether_contract::{
    Assessment, DrillAction, DrillGoal, DrillOutcome, DrillRun, GoalResult, MeasuredGoal, Timestamp,
};

use super::{
    record::{ActionRecord, OperatorAction, Record},
    scenario::{is_call, is_first, is_notice, is_page},
};
use aether_foundation::text::truncate;

/// The drill as it is told. While it goes on nothing is given away.
pub fn run(record: &Record) -> DrillRun {
    let running = record.outcome == DrillOutcome::Running;
    let measures = measures(record);
    // Opening a page asks all of its steps: only one that matters is told.
    let passing = |act: &&ActionRecord| {
        matches!(act.what, OperatorAction::StepAsked { .. }) && !is_first(record, &act.what)
    };
    let acts: Vec<DrillAction> = if running {
        Vec::new()
    } else {
        record.acts.iter().filter(|act| !passing(act)).map(|act| told(record, act)).collect()
    };
    // Only what was stated at the start counts. Mistakes are shown in the report.
    let passed = measures.iter().all(|one| one.mark == GoalResult::Pass);
    DrillRun {
        id: record.id.clone(),
        stack: record.stack.clone(),
        person: record.person.clone(),
        scenario: (record.chosen || !running).then_some(record.scenario),
        pace: record.pace,
        started_at: record.started_at,
        signal_at: record.signal_at,
        ended_at: record.ended_at,
        outcome: record.outcome,
        passed: (!running).then_some(passed && record.outcome == DrillOutcome::Resolved),
        measures: if running { stated(measures) } else { measures },
        acts,
    }
}

/// The goals as they are stated at the start, and that it was noticed, which the person knows already.
fn stated(measures: Vec<MeasuredGoal>) -> Vec<MeasuredGoal> {
    let unknown = |one: MeasuredGoal| match one.goal {
        DrillGoal::Notice => one,
        _ => MeasuredGoal { at: None, after_s: None, mark: GoalResult::Open, note: String::new(), ..one },
    };
    measures.into_iter().map(unknown).collect()
}

fn measures(record: &Record) -> Vec<MeasuredGoal> {
    let first = |fits: &dyn Fn(&OperatorAction) -> bool| {
        record.acts.iter().find(|act| fits(&act.what)).map(|act| act.at)
    };
    let noticed = first(&|what| is_notice(record, what));
    let page =
        first(&|what| matches!(what, OperatorAction::PageOpened { page } if is_page(record.scenario, page)));
    let acted = first(&|what| is_first(record, what));
    let called = first(&|what| is_call(record, what));
    let (look, call) = (record.look_within_s, record.call_within_s);
    let after = |at: Option<Timestamp>| Some(seconds(at?, record.signal_at?));
    let measure = |goal, at: Option<Timestamp>, limit_s: u32| {
        let after_s = after(at);
        let mark = match after_s {
            Some(after_s) if after_s <= f64::from(limit_s) => GoalResult::Pass,
            Some(_) => GoalResult::Late,
            None if record.outcome == DrillOutcome::Running => GoalResult::Open,
            None => GoalResult::Missed,
        };
        MeasuredGoal { goal, at, after_s, limit_s, mark, note: String::new() }
    };
    let mut over = measure(DrillGoal::Resolution, record.over_at, call);
    if over.mark == GoalResult::Late && after(called).is_some_and(|after_s| after_s <= f64::from(call)) {
        over.mark = GoalResult::Pass;
        over.note = "Escalated before the deadline.".to_owned();
    } else if over.mark == GoalResult::Late {
        over.note = "Not escalated before the deadline.".to_owned();
    }
    vec![
        measure(DrillGoal::Notice, noticed, look),
        measure(DrillGoal::Runbook, page, look),
        measure(DrillGoal::FirstAction, acted, look),
        over,
    ]
}

/// Seconds from when it could be seen; what was done before that took none.
fn seconds(at: Timestamp, signal: Timestamp) -> f64 {
    at.millis_since(signal).max(0) as f64 / 1000.0
}

fn told(record: &Record, act: &ActionRecord) -> DrillAction {
    let (worth, why) = worth(record, act);
    DrillAction { at: act.at, text: text(&act.what), worth, why: why.to_owned() }
}

fn worth(record: &Record, act: &ActionRecord) -> (Assessment, &'static str) {
    let first_at = record.acts.iter().find(|one| is_first(record, &one.what)).map(|one| one.at);
    match &act.what {
        OperatorAction::Operated { worked: false, .. } => {
            (Assessment::Wrong, "It had no effect: this was not the cause.")
        }
        OperatorAction::Muted { narrow: false, .. } => {
            (Assessment::Wrong, "It mutes more than the alert being worked on.")
        }
        OperatorAction::Muted { .. } if first_at.is_none_or(|first| act.at < first) => {
            (Assessment::Wrong, "Muting does not stop the clock. The first action comes first.")
        }
        OperatorAction::Operated { worked: true, .. } => (Assessment::Right, ""),
        OperatorAction::PageOpened { page } if is_page(record.scenario, page) => (Assessment::Right, ""),
        what if is_first(record, what) || is_notice(record, what) || is_call(record, what) => {
            (Assessment::Right, "")
        }
        _ => (Assessment::Neutral, ""),
    }
}

fn text(what: &OperatorAction) -> String {
    let alert = |name: &str, tenant: &Option<String>| {
        let about =
            tenant.as_deref().map(|tenant| format!(" of {}", truncate(tenant, 80))).unwrap_or_default();
        format!("{}{about}", truncate(name, 80))
    };
    match what {
        OperatorAction::Seen => "Marked the incident as noticed.".to_owned(),
        OperatorAction::AlertOpened { name, tenant } => format!("Opened alert {}.", alert(name, tenant)),
        OperatorAction::AlertTaken { name, tenant } => format!("Acknowledged {}.", alert(name, tenant)),
        OperatorAction::PageOpened { page } => format!("Opened runbook {}.", truncate(page, 80)),
        OperatorAction::StepAsked { page, number } => format!("Ran step {number} of {}.", truncate(page, 80)),
        OperatorAction::ServersAsked { how } => {
            format!("Checked whether the servers respond: {}.", truncate(how, 80))
        }
        OperatorAction::Muted { matchers, .. } => format!("Muted {}.", truncate(matchers, 160)),
        OperatorAction::Unmuted { by, .. } => format!("Ended a silence created by {}.", truncate(by, 80)),
        OperatorAction::Called { title } => format!("Recorded an escalation for {}.", truncate(title, 80)),
        OperatorAction::Operated { operation, .. } => format!("{}.", operation.title()),
    }
}

#[cfg(test)]
mod tests {
    use aether_contract::{DrillOperation, DrillScenario};

    use super::*;
    use crate::drill::record::tests::begun;

    const TENANT: &str = "vip-customer-123";

    fn taken(name: &str) -> OperatorAction {
        OperatorAction::AlertTaken { name: name.into(), tenant: Some(TENANT.into()) }
    }

    fn page(name: &str) -> OperatorAction {
        OperatorAction::PageOpened { page: name.into() }
    }

    fn operated(worked: bool) -> OperatorAction {
        OperatorAction::Operated { operation: DrillOperation::RollBack, worked }
    }

    /// A drill that could be seen at 100 s, with these acts, over at `over`.
    fn ended(acts: &[(i64, OperatorAction)], over: Option<i64>) -> Record {
        let mut record = begun(DrillScenario::VipLowConfidence);
        record.signal_at = Some(Timestamp(100_000));
        for (second, what) in acts {
            record.did(what.clone(), Timestamp(second * 1000));
        }
        record.over_at = over.map(|second| Timestamp(second * 1000));
        record.ended_at = Some(Timestamp(over.unwrap_or(9_999) * 1000));
        record.outcome = if over.is_some() { DrillOutcome::Resolved } else { DrillOutcome::GivenUp };
        record
    }

    fn marks(run: &DrillRun) -> Vec<(GoalResult, Option<f64>)> {
        run.measures.iter().map(|one| (one.mark, one.after_s)).collect()
    }

    #[test]
    fn the_four_times_run_from_when_it_could_be_seen() {
        let acts = [
            (90, page("triage")),
            (
                130,
                OperatorAction::AlertOpened {
                    name: "LowConfidenceSpikeVIP".into(),
                    tenant: Some(TENANT.into()),
                },
            ),
            (140, taken("LowConfidenceSpikeVIP")),
            (150, page("own/LowConfidenceSpikeVIP")),
            (170, operated(true)),
        ];
        let told = run(&ended(&acts, Some(200)));
        let pass = |seconds| (GoalResult::Pass, Some(seconds));
        assert_eq!(marks(&told), [pass(30.0), pass(50.0), pass(40.0), pass(100.0)]);
        assert_eq!(told.passed, Some(true));
        assert_eq!(told.acts[0].worth, Assessment::Neutral);
        assert_eq!(told.acts[4].text, "Undo the last deployment or index run.");
    }

    #[test]
    fn what_was_done_before_it_could_be_seen_took_no_time() {
        let told =
            run(&ended(&[(50, taken("LowConfidenceSpikeVIP")), (60, page("LowConfidenceSpikeVIP"))], None));
        assert_eq!(marks(&told)[..3], [(GoalResult::Pass, Some(0.0)); 3]);
        assert_eq!(marks(&told)[3], (GoalResult::Missed, None));
        assert_eq!(told.passed, Some(false), "abandoned");
    }

    #[test]
    fn too_late_is_told_from_not_done() {
        let told = run(&ended(&[(401, taken("LowConfidenceSpikeVIP")), (500, operated(true))], Some(520)));
        assert_eq!(marks(&told)[2], (GoalResult::Late, Some(301.0)));
        assert_eq!(marks(&told)[1], (GoalResult::Missed, None));
        assert_eq!(told.passed, Some(false));
    }

    #[test]
    fn a_long_one_is_in_time_when_somebody_was_called() {
        let mut acts = vec![
            (110, taken("LowConfidenceSpikeVIP")),
            (120, page("LowConfidenceSpikeVIP")),
            (2_500, operated(true)),
        ];
        let late = run(&ended(&acts, Some(2_600)));
        assert_eq!(
            (late.measures[3].mark, late.measures[3].note.as_str()),
            (GoalResult::Late, "Not escalated before the deadline.")
        );
        acts.insert(2, (1_000, OperatorAction::Called { title: "LowConfidenceSpikeVIP".into() }));
        let called = run(&ended(&acts, Some(2_600)));
        assert_eq!((called.measures[3].mark, called.passed), (GoalResult::Pass, Some(true)));
        acts[2] = (1_000, OperatorAction::Called { title: "Health score".into() });
        assert_eq!(
            run(&ended(&acts, Some(2_600))).measures[3].mark,
            GoalResult::Late,
            "about something else"
        );
    }

    #[test]
    fn muting_first_muting_everything_and_guessing_are_mistakes() {
        let narrow =
            |narrow| OperatorAction::Muted { matchers: "alertname=\"LowConfidenceSpikeVIP\"".into(), narrow };
        let good = [
            (120, taken("LowConfidenceSpikeVIP")),
            (130, page("LowConfidenceSpikeVIP")),
            (160, operated(true)),
        ];
        let with = |second: i64, what: OperatorAction| {
            let mut acts = good.to_vec();
            acts.push((second, what));
            acts.sort_by_key(|(second, _)| *second);
            run(&ended(&acts, Some(200)))
        };
        let wrong = |run: &DrillRun| run.acts.iter().any(|act| act.worth == Assessment::Wrong);
        assert!(wrong(&with(110, narrow(true))), "before the first action");
        assert!(!wrong(&with(140, narrow(true))), "the known alert, afterwards");
        assert!(wrong(&with(140, narrow(false))));
        let guessed = with(150, operated(false));
        assert_eq!(
            guessed.passed,
            Some(true),
            "a drill is passed on the goals that it stated, and on nothing else"
        );
        assert!(
            guessed
                .acts
                .iter()
                .any(|act| act.worth == Assessment::Wrong && act.why.contains("not the cause"))
        );
    }

    #[test]
    fn nothing_is_given_away_while_it_goes_on() {
        let mut record = ended(&[(120, operated(false))], None);
        record.outcome = DrillOutcome::Running;
        record.chosen = false;
        let told = run(&record);
        assert_eq!((told.scenario, told.passed, told.acts.len()), (None, None, 0));
        record.did(OperatorAction::Seen, Timestamp(130_000));
        record.did(page("LowConfidenceSpikeVIP"), Timestamp(140_000));
        let running = run(&record);
        let reached: Vec<DrillGoal> =
            running.measures.iter().filter(|one| one.at.is_some()).map(|one| one.goal).collect();
        assert_eq!(reached, [DrillGoal::Notice], "another window has to know that");
        assert_eq!(run(&Record { chosen: true, ..record }).scenario, Some(DrillScenario::VipLowConfidence));
    }

    #[test]
    fn the_goals_are_stated_from_the_start() {
        let mut record = ended(&[], None);
        record.outcome = DrillOutcome::Running;
        record.signal_at = None;
        let stated: Vec<(DrillGoal, u32, GoalResult)> =
            run(&record).measures.into_iter().map(|one| (one.goal, one.limit_s, one.mark)).collect();
        let open = |goal, limit_s| (goal, limit_s, GoalResult::Open);
        assert_eq!(
            stated,
            [
                open(DrillGoal::Notice, 300),
                open(DrillGoal::Runbook, 300),
                open(DrillGoal::FirstAction, 300),
                open(DrillGoal::Resolution, 1800)
            ]
        );
    }

    #[test]
    fn acknowledging_another_tenants_alert_is_not_the_first_action() {
        let mut record = ended(&[(120, taken("LowConfidenceSpikeVIP"))], Some(200));
        record.tenant = Some("partner-abc".into());
        assert_eq!(marks(&run(&record))[2], (GoalResult::Missed, None));
    }
}
