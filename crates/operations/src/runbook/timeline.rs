//! What happened during a run, from the run itself and the journal.

use aether_contract::*;

use super::text::Happened;
use crate::runbook::Runbooks;
use aether_alerting::{
    alerts::ack,
    escalation::call_log,
    maintenance::{
        past_windows::{self, Entries},
        quiet::is_maintenance,
    },
};
use aether_context::{annotations::Detail, journal::Entry};
use aether_foundation::{clock, units};

/// Entries of the journal that are looked at.
const RECENT: u32 = 500;
/// Steps whose answers came within this time of one another were asked together.
const TOGETHER_MS: i64 = 10_000;

/// What the journal knows of that time: the alert, who acknowledged and who escalated it, windows, the run.
pub(super) async fn happened(
    runbooks: &Runbooks,
    run: &RunbookRun,
    (from, to): (Timestamp, Timestamp),
) -> Result<Vec<Happened>, PanelError> {
    let mut list = of_run(run);
    let stack = run.stack.clone();
    let now = clock::now();
    let windows = runbooks
        .ctx
        .journaled(move |journal| Ok(past_windows::all(Entries::read(journal)?, Some(&stack), now)))
        .await?;
    list.extend(windows.iter().flat_map(|window| of_window(window, now)));
    if let Some(alert) = &run.alert {
        let id = alert.fingerprint.0.clone();
        let entries = runbooks.ctx.journaled(|journal| journal.recent(ack::KIND, RECENT)).await?;
        list.extend(said(
            &entries,
            &run.stack,
            &[id],
            ["acknowledged the alert", "removed the acknowledgment"],
        ));
        let clocks = call_log::clock_ids(&alert.fingerprint);
        let entries = runbooks.ctx.journaled(|journal| journal.recent(call_log::KIND, RECENT)).await?;
        list.extend(said(
            &entries,
            &run.stack,
            &clocks,
            ["escalated the alert", "removed the escalation mark"],
        ));
    }
    list.retain(|one| one.at >= from && one.at <= to);
    list.sort_by_key(|one| one.at);
    Ok(list)
}

/// The alert, the steps that failed and the run itself.
fn of_run(run: &RunbookRun) -> Vec<Happened> {
    let mut list = Vec::new();
    let mut add = |at: Timestamp, words: String| list.push(Happened { at, words });
    if let Some(alert) = &run.alert {
        add(alert.since, format!("Alert {} started.", alert.name));
    }
    add(run.started_at, format!("{} opened runbook {}.", run.created_by, run.title));
    let mut failed: Vec<(Timestamp, &RunbookStepResult)> = run
        .steps
        .iter()
        .filter(|step| step.verdict == RunbookVerdict::Fail)
        .filter_map(|step| Some((step.at?, step)))
        .collect();
    failed.sort_by_key(|(at, _)| *at);
    // Steps that were asked together answer in any order: they are listed by number, with the time of the first.
    for together in failed.chunk_by_mut(|one, next| next.0.millis_since(one.0) <= TOGETHER_MS) {
        let at = together[0].0;
        together.sort_by_key(|(_, step)| step.number);
        for (_, step) in together.iter() {
            let value = step.value.map(|value| format!(" ({})", units::bare(value))).unwrap_or_default();
            add(at, format!("Step {} failed: {}{value}", step.number, step.title));
        }
    }
    if let Some(at) = run.ended_at {
        add(at, "The run was closed.".to_owned());
    }
    list
}

/// Begin and end of a maintenance window or a silence, as far as it has muted anything.
fn of_window(window: &PastWindow, now: Timestamp) -> Vec<Happened> {
    let what = if is_maintenance(&window.matchers) { "maintenance window" } else { "silence" };
    let (by, reason) = (&window.created_by, &window.reason);
    let ended = match window.outcome {
        WindowOutcome::Refused | WindowOutcome::NotSent | WindowOutcome::Cancelled => return Vec::new(),
        WindowOutcome::Unknown => {
            let words = format!("{by} requested a {what}; whether it was active is unknown: {reason}");
            return vec![Happened { at: window.starts_at, words }];
        }
        WindowOutcome::EndedEarly => "was ended early",
        WindowOutcome::Open | WindowOutcome::Ended => "ended",
    };
    let began = format!("{by} started a {what}: {reason}");
    let mut list = vec![Happened { at: window.starts_at, words: began }];
    if window.ends_at <= now {
        let words = format!("The {what} of {by} {ended}: {reason}");
        list.push(Happened { at: window.ends_at, words });
    }
    list
}

/// What was said about these subjects in a stack: `done` with a note, `undone` without one.
fn said(entries: &[Entry], stack: &str, subjects: &[String], [done, undone]: [&str; 2]) -> Vec<Happened> {
    let about = entries.iter().filter(|entry| subjects.contains(&entry.subject));
    about
        .filter_map(|entry| {
            let detail: Detail = serde_json::from_value(entry.detail.clone()).ok()?;
            let words = match detail.note.as_deref() {
                None => format!("{} {undone}.", detail.by),
                Some("") => format!("{} {done}.", detail.by),
                Some(note) => format!("{} {done}: {note}", detail.by),
            };
            (detail.stack == stack).then_some(Happened { at: entry.began, words })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::runbook::{
        testing::{run, step},
        text,
    };

    #[test]
    fn the_timeline_lists_steps_that_ran_together_by_number() {
        let at = |number: u32, at: i64| RunbookStepResult { at: Some(Timestamp(at)), ..step(number) };
        let run = RunbookRun {
            started_at: Timestamp(0),
            steps: vec![at(3, 1_000), at(1, 1_400), at(4, 2_000), at(2, 600_000)],
            ..run()
        };
        let lines: Vec<(i64, String)> = of_run(&run).into_iter().map(|one| (one.at.0, one.words)).collect();
        let steps: Vec<(i64, &str)> = lines[1..].iter().map(|(at, words)| (*at, &words[..6])).collect();
        assert_eq!(steps, [(1_000, "Step 1"), (1_000, "Step 3"), (1_000, "Step 4"), (600_000, "Step 2")]);
        let draft = text::markdown(&run, &[], &[], &[]);
        let rows: Vec<&str> = draft.lines().filter(|line| line.starts_with("### ")).collect();
        assert_eq!(rows, ["### 1. Cold?", "### 2. Cold?", "### 3. Cold?", "### 4. Cold?"]);
    }

    #[test]
    fn the_timeline_has_escalations_and_the_ends_of_windows() {
        let window = |outcome: WindowOutcome| PastWindow {
            id: WindowId("w".into()),
            reason: "deploy".into(),
            created_by: "ann".into(),
            starts_at: Timestamp(10),
            planned_end: Timestamp(90),
            ends_at: Timestamp(50),
            moved: 0,
            outcome,
            matchers: Vec::new(),
            hidden: None,
            left_over: None,
        };
        let words = |outcome, now| -> Vec<(i64, String)> {
            of_window(&window(outcome), Timestamp(now)).into_iter().map(|one| (one.at.0, one.words)).collect()
        };
        let began = (10, "ann started a maintenance window: deploy".to_owned());
        let ended = (50, "The maintenance window of ann was ended early: deploy".to_owned());
        assert_eq!(words(WindowOutcome::EndedEarly, 60), [began.clone(), ended]);
        assert_eq!(words(WindowOutcome::Open, 40), [began]);
        for never in [WindowOutcome::Refused, WindowOutcome::NotSent, WindowOutcome::Cancelled] {
            assert_eq!(words(never, 60), [], "{never:?}");
        }
        let unknown =
            "ann requested a maintenance window; whether it was active is unknown: deploy".to_owned();
        assert_eq!(words(WindowOutcome::Unknown, 60), [(10, unknown)]);
        let named = Matcher { name: "alertname".into(), value: "A".into(), is_regex: false, is_equal: true };
        let silence = PastWindow { matchers: vec![named], ..window(WindowOutcome::Ended) };
        let silence: Vec<String> =
            of_window(&silence, Timestamp(60)).into_iter().map(|one| one.words).collect();
        assert_eq!(silence, ["ann started a silence: deploy", "The silence of ann ended: deploy"]);
        let entry = |note: Option<&str>, at: i64| Entry {
            id: at,
            kind: call_log::KIND.into(),
            subject: "general/a".into(),
            detail: serde_json::json!({ "stack": "s", "since": 0, "by": "ann", "note": note }),
            began: Timestamp(at),
            outcome: None,
            result: None,
            ended: None,
        };
        let entries = [entry(None, 3), entry(Some("paged Bob"), 2), entry(Some(""), 1)];
        let clocks = call_log::clock_ids(&AlertFingerprint("a".into()));
        let mut lines = said(&entries, "s", &clocks, ["escalated the alert", "removed the escalation mark"]);
        lines.sort_by_key(|one| one.at);
        let lines: Vec<String> = lines.into_iter().map(|one| one.words).collect();
        let expected = [
            "ann escalated the alert.",
            "ann escalated the alert: paged Bob",
            "ann removed the escalation mark.",
        ];
        assert_eq!(lines, expected);
        assert!(said(&entries, "t", &clocks, ["", ""]).is_empty(), "another stack");
    }
}
