//! A run as the draft of a post-mortem, in Markdown. Labels, notes and what servers said are foreign text:
//! they stay text.

use std::fmt::Write as _;

use aether_contract::{RunbookRun, RunbookStepResult, RunbookVerdict, Timestamp};

use aether_foundation::{
    matching::filter::severity_text,
    text::{code, inline, moment_utc as moment},
    units,
};

/// A series that was written beside the draft.
pub struct Written {
    /// The step's number.
    pub number: u32,
    /// The file with its values.
    pub csv: String,
    /// The plot, where there is one.
    pub png: Option<String>,
}

/// Something that happened meanwhile.
pub struct Happened {
    /// When.
    pub at: Timestamp,
    /// What, as plain text.
    pub words: String,
}

/// The draft.
pub fn markdown(run: &RunbookRun, happened: &[Happened], written: &[Written], problems: &[String]) -> String {
    let mut out = String::new();
    let about = run.alert.as_ref().map_or(run.title.as_str(), |alert| alert.name.as_str());
    // Writing into a text can't fail.
    let _ = writeln!(out, "# Post-mortem (draft): {}\n", inline(about));
    let _ = writeln!(out, "- Stack: {}", inline(&run.stack));
    if run.drill.is_some() {
        let _ = writeln!(out, "- **Drill in a demo stack, not a real incident.**");
    }
    if let Some(alert) = &run.alert {
        let _ = writeln!(
            out,
            "- Alert: {} ({}), since {}",
            code(&alert.name),
            inline(severity_text(&run.labels)),
            moment(alert.since)
        );
    }
    if !run.labels.is_empty() {
        let labels: Vec<String> =
            run.labels.iter().map(|(name, value)| code(&format!("{name}={value:?}"))).collect();
        let _ = writeln!(out, "- Labels: {}", labels.join(" "));
    }
    let _ = writeln!(out, "- Runbook: {}, run by {}", inline(&run.title), inline(&run.created_by));
    let end = run.ended_at.map_or_else(|| "still open".to_owned(), moment);
    let _ = writeln!(out, "- Run: {} to {end}", moment(run.started_at));

    let _ = writeln!(
        out,
        "\n## Summary\n\n_What happened, in two sentences._\n\n## Impact\n\n_Who was affected, for how \
            long, and what it cost._\n\n## Timeline\n"
    );
    for one in happened {
        let _ = writeln!(out, "- {}: {}", moment(one.at), inline(&one.words));
    }

    let mut steps: Vec<&RunbookStepResult> = run.steps.iter().collect();
    steps.sort_by_key(|step| step.number);
    let _ = writeln!(out, "\n## Diagnosis\n");
    if steps.is_empty() {
        let _ = writeln!(out, "The runbook has no steps.");
    } else {
        let _ = writeln!(out, "| Step | Value | Expected | Verdict | Time |\n|---|---|---|---|---|");
    }
    for step in &steps {
        let _ = writeln!(
            out,
            "| {}. {} | {} | {} | {} | {} |",
            step.number,
            inline(&step.title),
            step.value.map_or_else(|| "–".to_owned(), units::bare),
            if step.expect.is_empty() { "–".to_owned() } else { code(&step.expect) },
            verdict(step),
            step.at.map(moment).unwrap_or_default()
        );
    }
    for step in steps {
        series(&mut out, step, written);
    }

    let _ = writeln!(out, "\n## Notes\n");
    if run.notes.trim().is_empty() {
        let _ = writeln!(out, "None.");
    }
    for line in run.notes.lines() {
        let _ = writeln!(out, "> {}", inline(line));
    }
    let _ = writeln!(
        out,
        "\n## Root cause\n\n_Unknown._\n\n## What went well, what did not\n\n- \n\n## Action items\n\n| \
            Action | Owner | Due |\n|---|---|---|\n|  |  |  |"
    );
    if !problems.is_empty() {
        let _ = writeln!(out, "\n## Missing from this draft\n");
        for problem in problems {
            let _ = writeln!(out, "- {}", inline(problem));
        }
    }
    out
}

fn series(out: &mut String, step: &RunbookStepResult, written: &[Written]) {
    let _ = writeln!(out, "\n### {}. {}\n", step.number, inline(&step.title));
    // A fence is longer than any run of backticks in what it holds.
    let longest = step.query.split(|c| c != '`').map(str::len).max().unwrap_or(0);
    let fence = "`".repeat(longest.max(2) + 1);
    let _ = writeln!(out, "{fence}promql\n{}\n{fence}", step.query);
    if !step.reason.is_empty() {
        let _ = writeln!(out, "\n{}", inline(&step.reason));
    }
    let Some(files) = written.iter().find(|files| files.number == step.number) else { return };
    if let Some(png) = &files.png {
        let _ = writeln!(out, "\n![{}]({png})", inline(&step.title));
    }
    let _ = writeln!(out, "\n[values]({})", files.csv);
}

fn verdict(step: &RunbookStepResult) -> &'static str {
    match step.verdict {
        RunbookVerdict::Pass => "pass",
        RunbookVerdict::Fail => "**fail**",
        RunbookVerdict::Unknown => "unknown",
        RunbookVerdict::Waiting => "not run",
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use aether_contract::{AlertFingerprint, RunbookAlert, Severity};

    use super::*;

    #[test]
    fn the_draft_has_all_that_is_known_and_foreign_text_stays_text() {
        let step = |number: u32, verdict: RunbookVerdict, query: &str| RunbookStepResult {
            number,
            title: "Is it <so>?".into(),
            query: query.into(),
            expect: "< 30".into(),
            verdict,
            value: Some(41.25),
            reason: "[x](javascript:y)".into(),
            problem: String::new(),
            at: Some(Timestamp(60_000)),
            took_ms: None,
            figure: None,
        };
        let run = RunbookRun {
            id: "r".into(),
            stack: "s".into(),
            page: "p".into(),
            title: "LowConfidenceSpike".into(),
            alert: Some(RunbookAlert {
                fingerprint: AlertFingerprint("a".into()),
                name: "Spike`|".into(),
                severity: Severity::Critical,
                since: Timestamp(0),
            }),
            labels: BTreeMap::from([("t".into(), "a`b\n# c".into())]),
            created_by: "ann".into(),
            started_at: Timestamp(30_000),
            ended_at: None,
            drill: None,
            notes: "first\n# second ![x](http://evil/x.png)".into(),
            steps: vec![step(1, RunbookVerdict::Fail, "m"), step(2, RunbookVerdict::Unknown, "m ```` n")],
        };
        let happened = [Happened { at: Timestamp(0), words: "It | began".into() }];
        let written = [Written { number: 1, csv: "series/01.csv".into(), png: Some("plots/01.png".into()) }];
        let text = markdown(&run, &happened, &written, &["A <thing>".into()]);
        assert!(text.starts_with("# Post-mortem (draft): Spike\\`\\|\n"), "{text}");
        assert!(
            text.contains("| 1. Is it \\<so\\>? | 41.3 | `< 30` | **fail** | 1970-01-01 00:01:00 UTC |"),
            "{text}"
        );
        assert!(text.contains("\n`````promql\nm ```` n\n`````\n"), "{text}");
        assert!(text.contains("![Is it \\<so\\>?](plots/01.png)\n\n[values](series/01.csv)"), "{text}");
        assert!(text.contains("> \\# second \\!\\[x\\](http://evil/x.png)"), "{text}");
        assert!(text.contains("- 1970-01-01 00:00:00 UTC: It \\| began"), "{text}");
        assert!(text.contains("## Missing from this draft\n\n- A \\<thing\\>"), "{text}");
        assert!(!text.contains("\n# c"), "a label begins no heading: {text}");
    }
}
