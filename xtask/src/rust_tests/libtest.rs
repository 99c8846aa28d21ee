//! Reads what a test program of Rust's own test runner prints (with `--show-output`).

use crate::tally::{Tally, words};

/// How a test ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    Passed,
    Failed,
    /// Ignored, or it printed `skipped: why`. With the reason, which may be empty.
    Skipped(String),
}

/// One test.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Case {
    pub name: String,
    pub outcome: Outcome,
    /// What it printed.
    pub output: String,
}

/// Everything that a test program reported.
#[derive(Debug, Default)]
pub struct Report {
    pub cases: Vec<Case>,
    /// Tests that were slow and have no result: where the program hung.
    pub unfinished: Vec<String>,
    /// Closing lines: none when the program ended in the middle.
    pub summaries: u32,
    /// The counts of the closing lines. Unlike single lines, nothing that a child process prints can break them.
    counted: Tally,
    /// Tests that the runner itself left out: the closing lines do not count them as passed.
    ignored: u32,
}

impl Report {
    /// Passed, failed and skipped tests.
    pub fn tally(&self) -> Tally {
        let skipped = self.cases.iter().filter(|case| matches!(case.outcome, Outcome::Skipped(_))).count();
        let skipped = u32::try_from(skipped).unwrap_or(u32::MAX);
        let passed = self.counted.passed.saturating_sub(skipped.saturating_sub(self.ignored));
        Tally { passed, failed: self.counted.failed, skipped }
    }

    fn set_output(&mut self, name: &str, output: &[&str]) {
        let Some(case) = self.cases.iter_mut().rev().find(|case| case.name == name) else { return };
        case.output = output.join("\n").trim_end().to_owned();
        if case.outcome == Outcome::Passed
            && let Some(why) = output.iter().find_map(|line| line.strip_prefix("skipped: "))
        {
            case.outcome = Outcome::Skipped(why.to_owned());
        }
    }
}

/// Reads the output of one program, or of several after each other.
pub fn parse(text: &str) -> Report {
    let mut report = Report::default();
    let mut slow: Vec<String> = Vec::new();
    let mut pending: Option<String> = None;
    let mut block: Option<(&str, Vec<&str>)> = None;
    for line in text.lines() {
        if let Some((name, output)) = &mut block {
            let ends = line == "successes:" || line == "failures:" || line.starts_with("test result: ");
            let next = heading(line);
            if !ends && next.is_none() {
                output.push(line);
                continue;
            }
            report.set_output(name, output);
            block = None;
        }
        if let Some(name) = heading(line) {
            block = Some((name, Vec::new()));
        } else if let Some(counts) = line.trim().strip_prefix("test result: ") {
            report.summaries += 1;
            report.counted.add(words(counts.split_once(". ").map_or(counts, |(_, rest)| rest)));
            slow.clear();
            pending = None;
        } else if let Some((name, verdict)) =
            line.strip_prefix("test ").and_then(|rest| rest.split_once(" ... "))
        {
            let name = name.strip_suffix(" - should panic").unwrap_or(name);
            pending = None;
            match verdict {
                "ok" => report.cases.push(case(name, Outcome::Passed)),
                "FAILED" => report.cases.push(case(name, Outcome::Failed)),
                // A child process of another test: that one runs it.
                _ if verdict.starts_with("ignored, run by ") => {}
                _ if verdict.starts_with("ignored") => {
                    let why = verdict.trim_start_matches("ignored").trim_start_matches(", ");
                    report.cases.push(case(name, Outcome::Skipped(why.to_owned())));
                    report.ignored += 1;
                }
                // With one thread the result follows whatever a child process has printed meanwhile.
                _ => pending = Some(name.to_owned()),
            }
        } else if let Some(name) =
            line.strip_prefix("test ").and_then(|rest| rest.split_once(" has been running for over "))
        {
            slow.push(name.0.to_owned());
        } else if let Some(name) = &pending {
            let outcome = match line {
                "ok" => Outcome::Passed,
                "FAILED" => Outcome::Failed,
                _ => continue,
            };
            report.cases.push(case(name, outcome));
            pending = None;
        }
    }
    if let Some((name, output)) = block {
        report.set_output(name, &output);
    }
    slow.extend(pending);
    slow.retain(|name| report.cases.iter().all(|case| case.name != *name));
    slow.dedup();
    report.unfinished = slow;
    report
}

fn case(name: &str, outcome: Outcome) -> Case {
    Case { name: name.to_owned(), outcome, output: String::new() }
}

/// The test whose output begins here.
fn heading(line: &str) -> Option<&str> {
    line.strip_prefix("---- ")?.strip_suffix(" stdout ----")
}

#[cfg(test)]
mod tests {
    use super::*;

    const OUTPUT: &str = "

running 6 tests
test files::kept ... ok
test files::parallel has been running for over 60 seconds
test slow ... ignored, needs an engine
test child ... ignored, run by its_parent
test files::lost ... FAILED
test files::parallel ... ok
test no_server ... ok

successes:

---- no_server stdout ----
skipped: prometheus is not installed

---- files::kept stdout ----
test inside ... ok
written

successes:
    files::kept
    no_server

failures:

---- files::lost stdout ----

thread 'files::lost' panicked at tests/files.rs:3:5:
it is <gone>

failures:
    files::lost

test result: FAILED. 3 passed; 1 failed; 2 ignored; 0 measured; 0 filtered out; finished in 61.02s
";

    fn outcome<'a>(report: &'a Report, name: &str) -> &'a Outcome {
        &report.cases.iter().find(|case| case.name == name).unwrap().outcome
    }

    #[test]
    fn each_test_is_read_with_its_result_and_its_output() {
        let report = parse(OUTPUT);
        let names: Vec<&str> = report.cases.iter().map(|case| case.name.as_str()).collect();
        assert_eq!(names, ["files::kept", "slow", "files::lost", "files::parallel", "no_server"]);
        assert_eq!(*outcome(&report, "files::kept"), Outcome::Passed);
        assert_eq!(*outcome(&report, "files::lost"), Outcome::Failed);
        assert_eq!(
            report.cases[0].output, "test inside ... ok\nwritten",
            "output is not mistaken for results"
        );
        assert!(
            report.cases[2].output.contains("it is <gone>") && !report.cases[2].output.contains("failures:")
        );
        assert!(report.unfinished.is_empty());
    }

    #[test]
    fn ignored_and_self_skipped_tests_are_skipped_with_their_reason() {
        let report = parse(OUTPUT);
        assert_eq!(*outcome(&report, "slow"), Outcome::Skipped("needs an engine".into()));
        assert_eq!(*outcome(&report, "no_server"), Outcome::Skipped("prometheus is not installed".into()));
        let tally = report.tally();
        assert_eq!((tally.passed, tally.failed, tally.skipped), (2, 1, 2));
    }

    #[test]
    fn output_of_several_programs_is_added_up() {
        let tally = parse(&[OUTPUT, OUTPUT].concat()).tally();
        assert_eq!((tally.passed, tally.failed, tally.skipped), (4, 2, 4));
    }

    #[test]
    fn tests_without_a_result_are_named_when_the_program_ended_early() {
        let cut = "running 3 tests\ntest fine ... ok\ntest stuck has been running for over 60 seconds\n";
        let report = parse(cut);
        assert_eq!((report.summaries, report.unfinished.as_slice()), (0, ["stuck".to_owned()].as_slice()));
        let alone = parse("running 1 test\ntest stuck ... the child says hello\n");
        assert_eq!(alone.unfinished, ["stuck"]);
    }

    #[test]
    fn output_of_child_processes_between_name_and_result_is_passed_over() {
        let report = parse(
            "running 1 test\ntest window ... Gtk-WARNING: no theme\nok\n\ntest result: ok. 1 passed; 0 failed; 0 \
             ignored; 0 measured; 0 filtered out; finished in 0.10s\n",
        );
        assert_eq!(report.cases, [case("window", Outcome::Passed)]);
        assert_eq!(report.tally().passed, 1);
    }
}
