//! A drill as Markdown. Pure.

use std::fmt::Write as _;

use aether_contract::{Assessment, DrillGoal, DrillOutcome, DrillRun, GoalResult};

use super::scenario::spec;
use aether_foundation::text::{inline, moment_utc as moment};

/// The report.
pub fn markdown(run: &DrillRun) -> String {
    let mut text = String::new();
    let mut line = |words: String| {
        // Writing to a string can't fail.
        let _ = writeln!(text, "{words}");
    };
    let fixed = run.scenario.map(spec);
    let title = fixed.as_ref().map_or("Drill", |fixed| fixed.title);
    line(format!("# Drill: {title}\n"));
    line(format!("- **Trainee:** {}", inline(&run.person)));
    line(format!("- **Stack:** {} (demo stack, not a real incident)", inline(&run.stack)));
    line(format!("- **Started:** {}", moment(run.started_at)));
    if let Some(at) = run.signal_at {
        line(format!("- **First symptoms:** {}", moment(at)));
    }
    if let Some(at) = run.ended_at {
        line(format!("- **Ended:** {}, {}", moment(at), outcome(run)));
    }
    line(format!("- **Pace:** {}", run.pace.as_str()));
    if let Some(fixed) = &fixed {
        line(format!("\n{}\n\nExpected first action: {}", fixed.about, fixed.first));
    }
    line("\n| Goal | After | Limit | Result |\n|---|---|---|---|".to_owned());
    for one in &run.measures {
        let after = one.after_s.map_or_else(|| "–".to_owned(), human);
        let note = if one.note.is_empty() { String::new() } else { format!(" {}", one.note) };
        let limit = human(f64::from(one.limit_s));
        line(format!("| {} | {after} | {limit} | {}.{note} |", goal(one.goal), mark(one.mark)));
    }
    if !run.acts.is_empty() {
        line("\n## Actions\n".to_owned());
    }
    for act in &run.acts {
        let after = run.signal_at.map(|signal| act.at.millis_since(signal) as f64 / 1000.0);
        let when = match after {
            Some(after) if after < 0.0 => format!("{} before", human(-after)),
            Some(after) => human(after),
            None => moment(act.at),
        };
        let worth = match act.worth {
            Assessment::Right => " **correct**",
            Assessment::Neutral => "",
            Assessment::Wrong => " **wrong**",
        };
        let why = if act.why.is_empty() { String::new() } else { format!(": {}", act.why) };
        line(format!("- {when}: {}{worth}{why}", inline(&act.text)));
    }
    text
}

/// How it stands, in words.
pub fn outcome(run: &DrillRun) -> &'static str {
    match (run.outcome, run.passed) {
        (DrillOutcome::Running, _) => "running",
        (DrillOutcome::Resolved, Some(true)) => "resolved, passed",
        (DrillOutcome::Resolved, _) => "resolved, not passed",
        (DrillOutcome::GivenUp, _) => "abandoned",
        (DrillOutcome::CutOff, _) => "interrupted: the demo stack stopped",
    }
}

/// A goal in words.
pub fn goal(goal: DrillGoal) -> &'static str {
    match goal {
        DrillGoal::Notice => "noticed",
        DrillGoal::Runbook => "runbook opened",
        DrillGoal::FirstAction => "correct first action",
        DrillGoal::Resolution => "resolved",
    }
}

/// A mark in words.
pub fn mark(mark: GoalResult) -> &'static str {
    match mark {
        GoalResult::Pass => "in time",
        GoalResult::Late => "late",
        GoalResult::Missed => "not done",
        GoalResult::Open => "open",
    }
}

/// Seconds for people.
fn human(seconds: f64) -> String {
    let whole = seconds.round().max(0.0) as i64;
    match (whole / 60, whole % 60) {
        (0, seconds) => format!("{seconds} s"),
        (minutes, 0) => format!("{minutes} min"),
        (minutes, seconds) => format!("{minutes} min {seconds} s"),
    }
}

#[cfg(test)]
mod tests {
    use aether_contract::{DrillScenario, Timestamp};

    use super::*;
    use crate::drill::{
        record::{OperatorAction, tests::begun},
        scoring,
    };

    #[test]
    fn the_report_has_the_times_the_acts_and_no_markup_of_others() {
        let mut record = begun(DrillScenario::PrometheusDown);
        record.person = "ann\n# not a heading".into();
        record.signal_at = Some(Timestamp(10_000));
        record.did(OperatorAction::ServersAsked { how: "refresh".into() }, Timestamp(85_000));
        record.ended_at = Some(Timestamp(200_000));
        record.outcome = DrillOutcome::GivenUp;
        let text = markdown(&scoring::run(&record));
        assert!(text.starts_with("# Drill: Prometheus down\n"), "{text}");
        assert!(text.contains("| correct first action | 1 min 15 s | 5 min | in time. |"), "{text}");
        assert!(text.contains("| resolved | – | 30 min | not done. |"), "{text}");
        assert!(
            text.contains("- 1 min 15 s: Checked whether the servers respond: refresh. **correct**"),
            "{text}"
        );
        assert!(text.contains("abandoned"));
        assert_eq!(text.lines().filter(|line| line.starts_with("# ")).count(), 1, "{text}");
    }
}
