//! A run as text: Markdown for people, JUnit's XML for pipelines. Pure.

use std::fmt::Write as _;

use aether_contract::{CheckFormat, CheckResult, CheckRun, CheckState};

use aether_foundation::text::inline;

/// Writes a run down.
pub fn export(run: &CheckRun, format: CheckFormat) -> String {
    match format {
        CheckFormat::Markdown => markdown(run),
        CheckFormat::Junit => junit(run),
        CheckFormat::Json => serde_json::to_string_pretty(run).unwrap_or_default(),
    }
}

fn word(state: CheckState) -> &'static str {
    match state {
        CheckState::Waiting => "waiting",
        CheckState::Running => "running",
        CheckState::Pass => "pass",
        CheckState::Skipped => "skipped",
        CheckState::Warn => "warning",
        CheckState::Fail => "fail",
    }
}

fn markdown(run: &CheckRun) -> String {
    let at = aether_foundation::text::moment(run.started_at);
    let mut text = format!(
        "# {} of {}: {}\n\n{at}, by {}.",
        run.suite.title(),
        inline(&run.stack),
        word(run.verdict),
        inline(&run.created_by)
    );
    if run.cancelled {
        text.push_str(" Canceled.");
    }
    text.push_str("\n\n| Check | Result | Details | Duration |\n|---|---|---|---|\n");
    for check in &run.checks {
        let took = check.took_ms.map_or_else(String::new, |ms| format!("{ms:.0} ms"));
        let _ = writeln!(
            text,
            "| {} | {} | {} | {took} |",
            inline(&check.title),
            word(check.state),
            inline(&check.reason)
        );
    }
    for check in &run.checks {
        if check.evidence.is_empty() && check.remedy.is_empty() {
            continue;
        }
        let _ = write!(text, "\n## {}: {}\n\n", inline(&check.title), word(check.state));
        if !check.remedy.is_empty() && check.state != CheckState::Pass {
            let _ = writeln!(text, "Remedy: {}\n", inline(&check.remedy));
        }
        for line in &check.evidence {
            let _ = writeln!(text, "- {}", inline(line));
        }
    }
    text
}

/// XML's own characters escaped, and what XML 1.0 can't hold replaced.
fn xml(text: &str) -> String {
    let mut out = String::new();
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\t' | '\n' | '\r' => out.push(c),
            c if (c as u32) < 0x20 || matches!(c as u32, 0xfffe | 0xffff) => out.push('\u{fffd}'),
            c => out.push(c),
        }
    }
    out
}

fn junit(run: &CheckRun) -> String {
    let count = |state| run.checks.iter().filter(|check| check.state == state).count();
    let seconds = |check: &CheckResult| check.took_ms.unwrap_or(0.0) / 1000.0;
    let total: f64 = run.checks.iter().map(seconds).sum();
    let mut text = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites>\n  <testsuite name=\"{}\" tests=\"{}\" \
            failures=\"{}\" skipped=\"{}\" time=\"{total:.3}\">\n",
        xml(&format!("{}.{}", run.stack, run.suite.as_str())),
        run.checks.len(),
        count(CheckState::Fail),
        count(CheckState::Skipped),
    );
    for check in &run.checks {
        let _ = writeln!(
            text,
            "    <testcase classname=\"{}\" name=\"{}\" time=\"{:.3}\">",
            xml(run.suite.as_str()),
            xml(&check.id),
            seconds(check)
        );
        let more = || format!("{}\n{}", check.remedy, check.evidence.join("\n"));
        match check.state {
            CheckState::Fail => {
                let _ = writeln!(
                    text,
                    "      <failure message=\"{}\">{}</failure>",
                    xml(&check.reason),
                    xml(&more())
                );
            }
            CheckState::Skipped | CheckState::Waiting | CheckState::Running => {
                let _ = writeln!(text, "      <skipped message=\"{}\"/>", xml(&check.reason));
            }
            // JUnit knows no warning: it is passed, and its words are in the output.
            CheckState::Warn => {
                let _ = writeln!(
                    text,
                    "      <system-out>warning: {}\n{}</system-out>",
                    xml(&check.reason),
                    xml(&more())
                );
            }
            CheckState::Pass => {
                let _ = writeln!(text, "      <system-out>{}</system-out>", xml(&check.reason));
            }
        }
        text.push_str("    </testcase>\n");
    }
    text.push_str("  </testsuite>\n</testsuites>\n");
    text
}

#[cfg(test)]
mod tests {
    use aether_contract::{CheckSuite, Timestamp};

    use super::*;

    fn run() -> CheckRun {
        let check = |id: &str, state, reason: &str| CheckResult {
            id: id.into(),
            title: id.into(),
            state,
            reason: reason.into(),
            evidence: vec!["a & <b>".into()],
            remedy: "do \"it\"".into(),
            effect: false,
            took_ms: Some(1500.0),
        };
        CheckRun {
            id: "1".into(),
            stack: "test".into(),
            suite: CheckSuite::Quick,
            created_by: "ann".into(),
            deploy: String::new(),
            effects: false,
            started_at: Timestamp(1_795_507_200_000),
            ended_at: Some(Timestamp(1_795_507_203_000)),
            cancelled: false,
            verdict: CheckState::Fail,
            checks: vec![
                check("a", CheckState::Pass, "fine"),
                check("b", CheckState::Fail, "x | <y>\n\u{1}"),
                check("c", CheckState::Skipped, "not allowed"),
                check("d", CheckState::Warn, "odd"),
            ],
        }
    }

    #[test]
    fn junit_counts_failures_and_escapes_what_came_from_servers() {
        let text = export(&run(), CheckFormat::Junit);
        assert!(
            text.contains("name=\"test.quick\" tests=\"4\" failures=\"1\" skipped=\"1\" time=\"6.000\""),
            "{text}"
        );
        assert!(
            text.contains(
                "<failure message=\"x | &lt;y&gt;\n\u{fffd}\">do &quot;it&quot;\na &amp; &lt;b&gt;</failure>"
            ),
            "{text}"
        );
        assert!(text.contains("warning: odd"));
    }

    #[test]
    fn markdown_has_a_line_a_check_and_no_foreign_markup() {
        let text = export(&run(), CheckFormat::Markdown);
        assert!(text.starts_with("# Quick check of test: fail\n"), "{text}");
        assert!(text.contains("| b | fail | x \\| \\<y\\>"), "{text}");
        assert!(text.contains("Remedy: do \"it\""));
    }
}
