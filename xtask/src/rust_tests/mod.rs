//! `rust tests`: every test program that cargo builds, several at the same time. Most of them wait for servers, so one
//! after the other would take as long as all waits together.

mod junit;
mod libtest;
mod plan;

use std::{
    collections::HashMap,
    fs::{self, File},
    io,
    path::{Path, PathBuf},
    process::Stdio,
    sync::mpsc,
    thread,
    time::{Duration, Instant},
};

use self::{
    libtest::{Outcome, Report},
    plan::{Group, Job},
};
use crate::tally::{self, Tally, simple};

/// Longest time for one test program; the longest takes about two minutes on an idle machine.
const LIMIT: Duration = Duration::from_secs(15 * 60);

/// Builds with `build` (arguments of cargo), runs every test program, and the doc tests with `doc_tests`.
pub fn run(build: &[&str], doc_tests: &[&str]) -> Tally {
    let folder = tally::results_folder();
    let prepared = clear(&folder).and_then(|()| plan::plan(build, doc_tests));
    run_planned(prepared, &folder)
}

/// Runs the test programs that start servers or their tools once more, with `variables` in their environment.
pub fn run_with_servers(build: &[&str], variables: &[(&'static str, PathBuf)]) -> Tally {
    run_planned(plan::with_servers(build, variables), &tally::results_folder())
}

fn run_planned(prepared: Result<Vec<Job>, String>, folder: &Path) -> Tally {
    let jobs = match prepared {
        Ok(jobs) => jobs,
        Err(message) => return simple(Err(message)),
    };
    let mut tally = Tally::default();
    run_all(jobs, folder, LIMIT, |done| {
        print!("{}", done.text());
        if let Err(error) = done.write_junit(folder) {
            tally.add(simple(Err(format!("{}: {error}", folder.display()))));
        }
        tally.add(done.tally);
    });
    tally
}

/// Removes the results of an earlier run.
fn clear(folder: &Path) -> Result<(), String> {
    let failed = |error: io::Error| format!("{}: {error}", folder.display());
    fs::create_dir_all(folder).map_err(failed)?;
    for entry in fs::read_dir(folder).map_err(failed)?.flatten() {
        if entry.file_name().to_string_lossy().starts_with(PREFIX) {
            fs::remove_file(entry.path()).map_err(failed)?;
        }
    }
    Ok(())
}

/// Begins the names of the files with results.
const PREFIX: &str = "rust-";

/// A job's files in the folder of results.
fn file(folder: &Path, job: &str, ending: &str) -> PathBuf {
    let name: String = job.chars().map(|c| if c.is_alphanumeric() { c } else { '-' }).collect();
    folder.join(format!("{PREFIX}{}.{ending}", name.replace("--", "-")))
}

/// Runs jobs, as many at a time as their groups allow, and hands each result over as it comes.
fn run_all(jobs: Vec<Job>, folder: &Path, limit: Duration, mut each: impl FnMut(&Done)) {
    let (sender, results) = mpsc::channel::<(Group, usize, Done)>();
    let mut busy: HashMap<Group, usize> = HashMap::new();
    let mut waiting = jobs;
    thread::scope(|scope| {
        let mut running = 0_usize;
        loop {
            while let Some(next) = waiting.iter().position(|job| fits(job, &busy)) {
                let job = waiting.remove(next);
                *busy.entry(job.group).or_default() += job.threads;
                running += 1;
                let sender = sender.clone();
                scope.spawn(move || {
                    let (group, threads) = (job.group, job.threads);
                    let done = run_one(&job, folder, limit);
                    // Received until the last one has ended.
                    let _ = sender.send((group, threads, done));
                });
            }
            if running == 0 {
                break;
            }
            let Ok((group, threads, done)) = results.recv() else { break };
            running -= 1;
            busy.entry(group).and_modify(|used| *used -= threads);
            each(&done);
        }
    });
}

/// Whether a job may begin now. One that is larger than its group's limit runs alone.
fn fits(job: &Job, busy: &HashMap<Group, usize>) -> bool {
    let used = busy.get(&job.group).copied().unwrap_or(0);
    used == 0 || used + job.threads <= job.group.limit()
}

/// A job that has ended.
struct Done {
    name: String,
    report: Report,
    tally: Tally,
    took: Duration,
    /// Why the program as a whole has failed.
    fault: Option<String>,
    output: String,
}

fn run_one(job: &Job, folder: &Path, limit: Duration) -> Done {
    let begun = Instant::now();
    let log = file(folder, &job.name, "log");
    let ended = run_into(job, &log, limit);
    let took = begun.elapsed();
    // Other programs may print anything.
    let output = fs::read(&log).map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).unwrap_or_default();
    let report = libtest::parse(&output);
    let mut tally = report.tally();
    let fault = match ended {
        Err(why) => Some(why),
        Ok(false) if report.summaries == 0 => Some("it ended in the middle of its tests".to_owned()),
        Ok(false) if tally.failed == 0 => Some("it failed after its tests".to_owned()),
        Ok(true) if report.summaries == 0 => Some("it ran no tests".to_owned()),
        Ok(_) => None,
    };
    if fault.is_some() {
        tally.failed += 1;
    }
    Done { name: job.name.clone(), report, tally, took, fault, output }
}

/// Runs a program with its output in a file, and tells whether it succeeded. One that exceeds the limit is killed.
fn run_into(job: &Job, log: &Path, limit: Duration) -> Result<bool, String> {
    let failed = |error: io::Error| format!("{}: {error}", job.program.to_string_lossy());
    let out = File::create(log).map_err(|error| format!("{}: {error}", log.display()))?;
    let err = out.try_clone().map_err(failed)?;
    let mut child = job.command().stdin(Stdio::null()).stdout(out).stderr(err).spawn().map_err(failed)?;
    let deadline = Instant::now() + limit;
    loop {
        if let Some(status) = child.try_wait().map_err(failed)? {
            return Ok(status.success());
        }
        if Instant::now() >= deadline {
            child.kill().map_err(failed)?;
            child.wait().map_err(failed)?;
            return Err(format!("it was killed after {} s", limit.as_secs()));
        }
        thread::sleep(Duration::from_millis(50));
    }
}

impl Done {
    /// One line, and what was skipped; everything that it printed if something failed.
    fn text(&self) -> String {
        let Self { name, tally, took, .. } = self;
        let verdict = if tally.failed > 0 { "FAILED" } else { "ok" };
        let mut text = format!(
            "{verdict:>6}  {name:<38} {:>4} passed {:>3} failed {:>3} skipped  {:>6.1} s\n",
            tally.passed,
            tally.failed,
            tally.skipped,
            took.as_secs_f64()
        );
        for case in &self.report.cases {
            if let Outcome::Skipped(why) = &case.outcome {
                text.push_str(&format!("        {}: skipped: {why}\n", case.name));
            }
        }
        if tally.failed > 0 {
            text = format!(
                "\n--- output of {name}\n{}\n--- end of the output of {name}\n{text}",
                self.output.trim()
            );
            for test in &self.report.unfinished {
                text.push_str(&format!("        {test}: no result\n"));
            }
            if let Some(fault) = &self.fault {
                text.push_str(&format!("        {fault}\n"));
            }
        }
        text
    }

    fn write_junit(&self, folder: &Path) -> io::Result<()> {
        let mut cases = self.report.cases.clone();
        if let Some(fault) = &self.fault {
            let unfinished = self.report.unfinished.join(", ");
            let output = format!("{fault} {unfinished}\n{}", self.output);
            cases.push(libtest::Case { name: "program".into(), outcome: Outcome::Failed, output });
        }
        fs::write(file(folder, &self.name, "xml"), junit::suite(&self.name, &cases, self.took))
    }
}

#[cfg(test)]
#[cfg(unix)]
mod tests {
    use super::*;

    fn job(name: &str, group: Group, threads: usize, script: &str) -> Job {
        Job {
            name: name.into(),
            group,
            threads,
            program: "sh".into(),
            arguments: vec!["-c".into(), script.into()],
            folder: "/".into(),
            package: "p".into(),
            variables: Vec::new(),
        }
    }

    fn run_jobs(jobs: Vec<Job>, limit: Duration) -> (tempfile::TempDir, Vec<(String, Tally, String)>) {
        let folder = tempfile::tempdir().unwrap();
        let mut done = Vec::new();
        run_all(jobs, folder.path(), limit, |one| {
            one.write_junit(folder.path()).unwrap();
            done.push((one.name.clone(), one.tally, one.text()));
        });
        (folder, done)
    }

    const FINE: &str = "printf 'test a ... ok\\ntest result: ok. 1 passed; 0 failed; 0 ignored\\n'";

    #[test]
    fn passing_program_is_one_line_and_a_failing_one_is_shown_whole() {
        let bad = "printf 'test b ... FAILED\\n\\nfailures:\\n\\n---- b stdout ----\\nwhy it failed\\n\\n\
            test result: FAILED. 0 passed; 1 failed; 0 ignored\\n'; exit 101";
        let jobs = vec![job("good", Group::Units, 1, FINE), job("bad one", Group::Servers, 1, bad)];
        let (folder, mut done) = run_jobs(jobs, Duration::from_secs(60));
        done.sort_by(|a, b| a.0.cmp(&b.0));
        let (_, tally, text) = &done[0];
        assert_eq!((tally.passed, tally.failed), (0, 1));
        assert!(text.contains("why it failed"), "{text}");
        let (_, tally, text) = &done[1];
        assert_eq!((tally.passed, tally.failed, text.lines().count()), (1, 0, 1), "{text}");
        let xml = fs::read_to_string(folder.path().join("rust-bad-one.xml")).unwrap();
        assert!(xml.contains("failures=\"1\"") && xml.contains("message=\"why it failed\""), "{xml}");
    }

    #[test]
    fn hung_program_is_killed_and_reported_with_its_output() {
        let hung = "echo 'test slow has been running for over 60 seconds'; exec sleep 600";
        let jobs = vec![job("hung", Group::Servers, 1, hung)];
        let (folder, done) = run_jobs(jobs, Duration::from_millis(300));
        let (_, tally, text) = &done[0];
        assert_eq!(tally.failed, 1);
        assert!(text.contains("slow: no result") && text.contains("it was killed after"), "{text}");
        assert!(fs::read_to_string(folder.path().join("rust-hung.xml")).unwrap().contains("<failure"));
    }

    #[test]
    fn program_that_dies_or_runs_nothing_has_failed() {
        let jobs = vec![
            job("dies", Group::Units, 1, "echo 'test a ... ok'; exit 1"),
            job("empty", Group::Units, 1, "true"),
            job("late", Group::Units, 1, &format!("{FINE}; exit 1")),
        ];
        let (_, done) = run_jobs(jobs, Duration::from_secs(60));
        assert!(
            done.iter().all(|(_, tally, _)| tally.failed == 1),
            "{:?}",
            done.iter().map(|d| &d.2).collect::<Vec<_>>()
        );
    }

    #[test]
    fn job_begins_only_when_its_group_has_room() {
        let window = job("w", Group::Window, 1, FINE);
        let large = job("l", Group::Units, 999, FINE);
        let mut busy = HashMap::new();
        assert!(fits(&window, &busy) && fits(&large, &busy), "one that is too large runs alone");
        busy.insert(Group::Window, 2);
        busy.insert(Group::Units, 1);
        busy.insert(Group::Servers, 4);
        assert!(!fits(&window, &busy) && !fits(&large, &busy));
        assert!(fits(&job("s", Group::Servers, 2, FINE), &busy));
        assert!(!fits(&job("s", Group::Servers, 3, FINE), &busy));
    }
}
