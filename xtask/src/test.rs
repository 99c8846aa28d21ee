//! `test`: every check in one run. Later steps run even when an earlier one failed, so that one run tells everything;
//! what could not be tried is counted as skipped, never as passed.

use crate::tally::{Tally, results_folder, simple, words};
use std::{
    fs,
    process::{Command, ExitCode},
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

use crate::{
    bindings,
    process::{self, built, cargo, command, follow, gently, npm, root},
    rust_tests, servers, setup, suite, supply_chain,
};

/// Name, and what it does.
type Step = (&'static str, fn() -> Tally);

const STEPS: &[Step] = &[
    ("packages", || simple(setup::everything())),
    ("format", || simple(process::run(cargo().args(["fmt", "--all", "--check"])))),
    ("supply chain", supply_chain::check),
    ("bindings", || simple(bindings::check())),
    ("ui format", || simple(process::run(npm().args(["run", "--silent", "format:check"])))),
    ("ui lints", || simple(process::run(npm().args(["run", "--silent", "lint"])))),
    ("ui types", || simple(process::run(npm().args(["run", "--silent", "check"])))),
    ("ui unit tests", ui_unit),
    ("ui build", || simple(setup::ui())),
    ("lints", || {
        simple(process::run(cargo().args([
            "clippy",
            "--workspace",
            "--all-targets",
            "--features",
            "aetherlink-panel/custom-protocol",
            "--",
            "-D",
            "warnings",
        ])))
    }),
    ("programs", || simple(process::run(cargo().args(PROGRAMS)))),
    ("monitoring pack", pack),
    (RUST, rust),
    (BROWSER, || browser(|line| println!("{line}"))),
    ("bridge tests", bridge),
    ("newer servers", newer_servers),
];

const RUST: &str = "rust tests";
/// Begins with the step before it, whose tests mostly wait for servers.
const BROWSER: &str = "screen and accessibility tests";
/// Steps that build or open the UI in `ui/dist`.
const NEEDS_UI: &[&str] = &["programs", RUST, "bridge tests", "newer servers"];

/// What builds the programs and the tests. In one build, so that both have the same features of their dependencies: in
/// two, cargo compiles every dependency and the workspace a second time.
const PROGRAMS: &[&str] =
    &["build", "--workspace", "--bins", "--tests", "--features", "aetherlink-panel/custom-protocol"];

/// What runs the examples in the documentation.
const DOC_TESTS: &[&str] =
    &["test", "--doc", "--workspace", "--features", "aetherlink-panel/custom-protocol", "--no-fail-fast"];

/// Entry point.
pub fn run(args: &[String]) -> ExitCode {
    let only = match args {
        [] => None,
        [flag, word] if flag == "--only" => Some(word.as_str()),
        _ => {
            eprintln!("usage: cargo xtask test [--only WORD]");
            return ExitCode::from(2);
        }
    };
    let wanted = |name: &str| only.is_none_or(|word| name.contains(word));
    // A part of the run tests the UI as it is, and not as it was built last.
    let part = only.is_some() && !wanted("ui build");
    if part
        && STEPS.iter().any(|(name, _)| wanted(name) && NEEDS_UI.contains(name))
        && let Err(message) = setup::ui()
    {
        eprintln!("{message}");
        return ExitCode::FAILURE;
    }
    let mut total = Tally::default();
    let mut summary = Vec::new();
    let mut beside = None;
    for (name, step) in STEPS {
        if !wanted(name) {
            continue;
        }
        if *name == RUST && wanted(BROWSER) {
            beside = Some(thread::spawn(browser_beside));
        }
        println!("\n=== {name}");
        let begun = Instant::now();
        let (tally, took) = match beside.take_if(|_| *name == BROWSER) {
            Some(running) => told(running),
            None => {
                let tally = step();
                (tally, begun.elapsed())
            }
        };
        summary.push((*name, tally, took));
        total.add(tally);
        if *name == "packages" && tally.failed > 0 {
            break; // nothing below can work
        }
    }
    println!("\n=== summary");
    for (name, tally, took) in &summary {
        let verdict = if tally.failed > 0 { "FAILED" } else { "ok" };
        println!(
            "{verdict:>6}  {name:<30} {:>4} passed {:>3} failed {:>3} skipped  {:>4} s",
            tally.passed,
            tally.failed,
            tally.skipped,
            took.as_secs()
        );
    }
    println!("\n{} passed, {} failed, {} skipped", total.passed, total.failed, total.skipped);
    if total.failed == 0 && total.passed > 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// The rules, the configurations and the rule tests, by the servers' own tools.
fn pack() -> Tally {
    let mut tally = Tally::default();
    let mut check = |what: &mut Command| tally.add(simple(process::run(what)));
    check(command("promtool").args(["check", "config", "monitoring/prometheus-config.yml"]));
    check(command("promtool").args([
        "check",
        "rules",
        "monitoring/prometheus-recording-rules.yml",
        "monitoring/prometheus-alerts.yml",
    ]));
    check(command("amtool").args(["check-config", "monitoring/alertmanager.yml"]));
    check(
        command("prometheus-blackbox-exporter")
            .args(["--config.check", "--config.file=monitoring/blackbox.yml"]),
    );
    let mut tests: Vec<_> = fs::read_dir(root().join("monitoring/tests"))
        .into_iter()
        .flatten()
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| path.extension().is_some_and(|end| end == "yml"))
        .collect();
    tests.sort();
    if tests.is_empty() {
        tally.add(simple(Err("monitoring/tests contains no rule tests".into())));
    }
    for test in tests {
        tally.add(simple(process::run(command("promtool").args(["test", "rules"]).arg(test))));
    }
    tally
}

fn ui_unit() -> Tally {
    let mut tally = Tally::default();
    let results = format!("--outputFile.junit={}", results_folder().join("ui.xml").display());
    let mut tests = npm();
    tests.args(["run", "--silent", "test", "--", "--reporter=default", "--reporter=junit", &results]);
    let ended = follow(tests.env("NO_COLOR", "1"), |line| {
        println!("{line}");
        if let Some(counts) = line.trim().strip_prefix("Tests ") {
            tally.add(words(counts));
        }
    });
    settle(tally, ended)
}

fn rust() -> Tally {
    rust_tests::run(PROGRAMS, DOC_TESTS)
}

/// The tests that start servers, once more on the newest generation of them.
fn newer_servers() -> Tally {
    match servers::built() {
        Some(variables) => rust_tests::run_with_servers(PROGRAMS, &variables),
        None => {
            println!(
                "skipped: `cargo xtask servers` has not built Prometheus 3 and Alertmanager 0.35 here (it needs Go)"
            );
            Tally { skipped: 1, ..Tally::default() }
        }
    }
}

/// Screens on made-up data in a browser, and axe on everything that the UI can show. Every line goes to `show`.
fn browser(show: impl FnMut(&str)) -> Tally {
    // Made way for: the others' servers keep time.
    node_tests(&mut gently(npm().args(["run", "--silent", "test:browser"])), "browser", show)
}

/// What a step that ran beside another came to.
struct Beside {
    tally: Tally,
    took: Duration,
    /// What it said.
    lines: Vec<String>,
}

/// The same, with its lines kept until the others have ended.
fn browser_beside() -> Beside {
    let begun = Instant::now();
    let mut lines = Vec::new();
    let tally = browser(|line| lines.push(line.to_owned()));
    Beside { tally, took: begun.elapsed(), lines }
}

fn told(running: JoinHandle<Beside>) -> (Tally, Duration) {
    let Ok(beside) = running.join() else {
        return (simple(Err("the tests exited prematurely".into())), Duration::ZERO);
    };
    for line in beside.lines {
        println!("{line}");
    }
    (beside.tally, beside.took)
}

/// The UI in a browser on a bridge to a panel on the demo stack.
fn bridge() -> Tally {
    let ended = (|| {
        let folder = setup::scratch("test")?;
        let home = tempfile::tempdir().map_err(|e| format!("failed to create a temporary folder: {e}"))?;
        let stack = suite::demo_stack(&folder.join("stack"), home.path(), false)?;
        let mut bridge = command(built("aether-bridge", false));
        bridge.args(["--port", "0", "--exit-with-stdin", "--ui"]).arg(root().join("ui/dist"));
        bridge.env("AETHER_HOME", home.path()).env("AETHER_STACK", "demo");
        if let Some(token) = stack.text("/grafana_token") {
            bridge.env("AETHER_GRAFANA_TOKEN", token);
        }
        let bridge = suite::Service::start(&mut bridge, Duration::from_secs(60))?;
        let url = bridge.text("/url").ok_or("the bridge did not print its address")?.to_owned();
        let mut tests = npm();
        tests.args(["run", "--silent", "e2e"]);
        tests.env("AETHER_BRIDGE_URL", url).env("AETHER_DEMO_READY", stack.ready.to_string());
        Ok::<_, String>(node_tests(&mut tests, "bridge", |line| println!("{line}")))
    })();
    ended.unwrap_or_else(|message| simple(Err(message)))
}

/// Tests of node's own runner. Their results go to a file of this name too.
fn node_tests(run: &mut Command, results: &str, mut show: impl FnMut(&str)) -> Tally {
    let mut tally = Tally::default();
    let file = results_folder().join(format!("{results}.xml"));
    if let Err(error) = fs::create_dir_all(results_folder()) {
        return simple(Err(format!("{}: {error}", results_folder().display())));
    }
    let ended = follow(run.env("NO_COLOR", "1").env("AETHER_TEST_RESULTS", file), |line| {
        show(line);
        let line = line.trim_start_matches(['#', 'ℹ', ' ']);
        tally.passed += number_after(line, "pass ");
        tally.failed += number_after(line, "fail ");
        tally.skipped += number_after(line, "skipped ");
    });
    settle(tally, ended)
}

/// A step whose program failed has failed, whatever it counted; one that ran no test has failed too.
fn settle(mut tally: Tally, ended: Result<bool, String>) -> Tally {
    match ended {
        Ok(true) if tally.passed + tally.failed + tally.skipped > 0 => {}
        Ok(true) => {
            println!("FAILED: no tests ran");
            tally.failed += 1;
        }
        Ok(false) => tally.failed = tally.failed.max(1),
        Err(message) => {
            println!("FAILED: {message}");
            tally.failed += 1;
        }
    }
    tally
}

fn number_after(line: &str, word: &str) -> u32 {
    line.strip_prefix(word).and_then(|rest| rest.trim().parse().ok()).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_are_read_from_every_runner() {
        let cargo = words("12 passed; 1 failed; 2 ignored; 0 measured; 0 filtered out; finished in 0.01s");
        assert_eq!((cargo.passed, cargo.failed), (12, 1));
        let vitest = words(" 1 failed | 33 passed | 2 skipped (36)");
        assert_eq!((vitest.passed, vitest.failed, vitest.skipped), (33, 1, 2));
        assert_eq!(number_after("pass 7", "pass "), 7);
    }

    #[test]
    fn a_step_that_ran_no_test_has_failed() {
        assert_eq!(settle(Tally::default(), Ok(true)).failed, 1);
        assert_eq!(settle(Tally { passed: 3, ..Tally::default() }, Ok(false)).failed, 1);
        assert_eq!(settle(Tally { skipped: 1, ..Tally::default() }, Ok(true)).failed, 0);
    }
}
