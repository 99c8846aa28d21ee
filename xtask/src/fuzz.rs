//! `fuzz`: builds every fuzz target once, runs each for a while, and reports executions, coverage and inputs that
//! broke one.
//!
//! cargo-fuzz needs compiler flags of a nightly toolchain. The pinned stable compiler has them too, and is told to
//! accept them: what is fuzzed is then compiled as what ships.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    process::Command,
    sync::{Mutex, PoisonError},
    thread,
};

use crate::{
    process::{follow, gently, output, root, run as run_command, target},
    tools::FUZZ,
};

/// Longest time for one input, in seconds. Everything here takes milliseconds.
const INPUT_SECONDS: &str = "10";
/// Most memory that a target may use, in MiB; the address sanitizer alone takes a few hundred.
const MEMORY_MIB: &str = "2048";
/// Longest input that is tried, in bytes: long inputs are slow, and parsers break on short ones.
const MAX_INPUT: &str = "4096";

/// What the arguments ask for.
#[derive(Debug, PartialEq)]
struct Request {
    seconds: u32,
    only: Option<String>,
    jobs: usize,
}

/// How the run of a target ended.
#[derive(Debug, Default, PartialEq)]
struct Run {
    executions: u64,
    coverage: u64,
    /// The file with the input that broke it.
    artifact: Option<String>,
    /// It could not be run, or ended with a failure.
    failed: bool,
}

/// Entry point.
pub fn run(args: &[String]) -> Result<(), String> {
    let request = Request::read(args)?;
    let all = targets()?;
    let chosen: Vec<String> = match &request.only {
        None => all,
        Some(only) if all.contains(only) => vec![only.clone()],
        Some(only) => return Err(format!("unknown fuzz target '{only}'; available: {}", all.join(", "))),
    };
    // The versions that ship are the ones that are fuzzed.
    let lock = root().join("fuzz/Cargo.lock");
    fs::copy(root().join("Cargo.lock"), &lock).map_err(|error| format!("{}: {error}", lock.display()))?;
    let sanitizer = sanitizer();
    println!("xtask: building {} fuzz targets (sanitizer: {sanitizer})", chosen.len());
    let mut build = command("build", sanitizer)?;
    if let Some(only) = &request.only {
        build.arg(only);
    }
    run_command(&mut build)?;

    let waiting = Mutex::new(chosen.clone());
    let results = Mutex::new(BTreeMap::new());
    thread::scope(|scope| {
        for _ in 0..request.jobs {
            scope.spawn(|| {
                while let Some(name) = next(&waiting) {
                    let result = one(&name, request.seconds, sanitizer);
                    results.lock().unwrap_or_else(PoisonError::into_inner).insert(name, result);
                }
            });
        }
    });
    report(&results.into_inner().unwrap_or_else(PoisonError::into_inner))
}

impl Request {
    fn read(args: &[String]) -> Result<Self, String> {
        let usage = "usage: cargo xtask fuzz [--seconds N] [--only TARGET] [--jobs N]";
        let mut request = Self { seconds: 60, only: None, jobs: 2 };
        let mut args = args.iter();
        while let Some(flag) = args.next() {
            let value = args.next().ok_or_else(|| format!("{flag} requires a value\n{usage}"))?;
            let number = || {
                let number = value.parse().ok().filter(|number: &u32| *number > 0);
                number.ok_or_else(|| format!("{flag} requires a number above 0, not '{value}'\n{usage}"))
            };
            match flag.as_str() {
                "--seconds" => request.seconds = number()?,
                "--jobs" => request.jobs = number()?.min(64) as usize,
                "--only" => request.only = Some(value.clone()),
                other => return Err(format!("unknown option '{other}'\n{usage}")),
            }
        }
        Ok(request)
    }
}

/// The names of the targets: one file each.
fn targets() -> Result<Vec<String>, String> {
    let folder = root().join("fuzz/fuzz_targets");
    let entries = fs::read_dir(&folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    let mut names: Vec<String> = entries
        .flatten()
        .filter_map(|entry| Some(entry.file_name().to_str()?.strip_suffix(".rs")?.to_owned()))
        .collect();
    names.sort();
    Ok(names)
}

/// `address` where the compiler comes with its runtime: it finds errors in the C and the unsafe code of dependencies.
fn sanitizer() -> &'static str {
    let Ok(sysroot) = output(crate::process::command("rustc").args(["--print", "sysroot"])) else {
        return "none";
    };
    let Ok(version) = output(crate::process::command("rustc").arg("-vV")) else { return "none" };
    let host = version.lines().find_map(|line| line.strip_prefix("host: ")).unwrap_or_default();
    let folder = Path::new(sysroot.trim()).join("lib/rustlib").join(host).join("lib");
    let has_runtime = fs::read_dir(folder).is_ok_and(|entries| {
        entries.flatten().any(|entry| entry.file_name().to_string_lossy().contains("_rt.asan"))
    });
    if has_runtime { "address" } else { "none" }
}

fn command(verb: &str, sanitizer: &str) -> Result<Command, String> {
    let mut fuzz = FUZZ.command()?;
    fuzz.args([verb, "--sanitizer", sanitizer]).arg("--target-dir").arg(target().join("fuzz"));
    fuzz.env("RUSTC_BOOTSTRAP", "1").env_remove("RUSTFLAGS");
    Ok(fuzz)
}

fn next(waiting: &Mutex<Vec<String>>) -> Option<String> {
    waiting.lock().unwrap_or_else(PoisonError::into_inner).pop()
}

/// Runs one target. Inputs that reach new code are kept in `fuzz/corpus`, and used again by the next run.
fn one(name: &str, seconds: u32, sanitizer: &str) -> Run {
    let folder = |below: &str| root().join("fuzz").join(below).join(name);
    let (corpus, seeds) = (folder("corpus"), folder("seeds"));
    let mut result = Run::default();
    let ended = fs::create_dir_all(&corpus)
        .map_err(|error| format!("{}: {error}", corpus.display()))
        .and_then(|()| command("run", sanitizer))
        .and_then(|mut fuzz| {
            follow(&mut gently(arguments(&mut fuzz, name, &corpus, &seeds, seconds)), |line| {
                println!("{name}: {line}");
                result.read(line);
            })
        });
    match ended {
        Ok(succeeded) => result.failed = !succeeded,
        Err(message) => {
            println!("FAILED: {message}");
            result.failed = true;
        }
    }
    result
}

fn arguments<'a>(
    fuzz: &'a mut Command,
    name: &str,
    corpus: &PathBuf,
    seeds: &PathBuf,
    seconds: u32,
) -> &'a mut Command {
    fuzz.arg(name).arg(corpus).arg(seeds).arg("--").args([
        format!("-max_total_time={seconds}"),
        format!("-timeout={INPUT_SECONDS}"),
        format!("-rss_limit_mb={MEMORY_MIB}"),
        format!("-max_len={MAX_INPUT}"),
        "-print_final_stats=1".to_owned(),
    ])
}

impl Run {
    /// Reads a line of libFuzzer's.
    fn read(&mut self, line: &str) {
        if let Some(count) = line.strip_prefix("stat::number_of_executed_units:") {
            self.executions = count.trim().parse().unwrap_or(0);
        } else if let Some(path) = line.split_once("Test unit written to ").map(|(_, path)| path.trim()) {
            // A slow input is written, too, and is not a failure by itself.
            if !path.contains("slow-unit-") {
                self.artifact = Some(path.to_owned());
            }
        } else if line.starts_with('#') {
            let mut words = line.split_whitespace();
            if words.any(|word| word == "cov:") {
                self.coverage = words.next().and_then(|count| count.parse().ok()).unwrap_or(self.coverage);
            }
        }
    }
}

fn report(results: &BTreeMap<String, Run>) -> Result<(), String> {
    println!("\n=== fuzzing");
    let mut total = 0;
    let mut broken = Vec::new();
    for (name, run) in results {
        let verdict = if run.failed { "FAILED" } else { "ok" };
        println!("{verdict:>6}  {name:<12} {:>12} executions  {:>7} coverage", run.executions, run.coverage);
        if let Some(artifact) = &run.artifact {
            println!("        input: {artifact}");
        }
        total += run.executions;
        if run.failed {
            broken.push(name.as_str());
        }
    }
    println!("\n{} targets, {total} executions, {} failed", results.len(), broken.len());
    if broken.is_empty() {
        return Ok(());
    }
    Err(format!(
        "{} failed. Fix it, and keep its input in fuzz/seeds/TARGET if it is small, or in a unit test",
        broken.join(", ")
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(args: &[&str]) -> Result<Request, String> {
        Request::read(&args.iter().map(|arg| (*arg).to_owned()).collect::<Vec<_>>())
    }

    #[test]
    fn fuzz_arguments_are_read_and_mistakes_are_named() {
        let request = read(&["--seconds", "5", "--only", "manifest", "--jobs", "1"]).unwrap();
        assert_eq!(request, Request { seconds: 5, only: Some("manifest".into()), jobs: 1 });
        assert_eq!(read(&[]).unwrap(), Request { seconds: 60, only: None, jobs: 2 });
        assert!(read(&["--seconds"]).unwrap_err().contains("--seconds requires a value"));
        assert!(read(&["--seconds", "0"]).unwrap_err().contains("above 0"));
        assert!(read(&["--fast", "1"]).unwrap_err().contains("unknown option '--fast'"));
    }

    #[test]
    fn output_of_libfuzzer_gives_executions_coverage_and_the_artifact() {
        let mut run = Run::default();
        for line in [
            "#2\tINITED cov: 12 ft: 13 corp: 1/1b exec/s: 0 rss: 30Mb",
            "#1024\tDONE   cov: 345 ft: 500 corp: 9/99b lim: 4096 exec/s: 10 rss: 40Mb",
            "artifact_prefix='fuzz/artifacts/x/'; Test unit written to fuzz/artifacts/x/slow-unit-00",
            "stat::number_of_executed_units: 1024",
        ] {
            run.read(line);
        }
        assert_eq!(run, Run { executions: 1024, coverage: 345, artifact: None, failed: false });
        run.read("artifact_prefix='fuzz/artifacts/x/'; Test unit written to fuzz/artifacts/x/crash-01");
        assert_eq!(run.artifact.as_deref(), Some("fuzz/artifacts/x/crash-01"));
    }

    #[test]
    fn failed_target_fails_the_run_by_name() {
        let good = || Run { executions: 1, ..Run::default() };
        let mut results = BTreeMap::from([("a".to_owned(), good()), ("b".to_owned(), good())]);
        assert_eq!(report(&results), Ok(()));
        results.insert("b".to_owned(), Run { failed: true, ..good() });
        assert!(report(&results).unwrap_err().starts_with("b failed"));
    }
}
