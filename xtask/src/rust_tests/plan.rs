//! Which test programs there are, and which of them may run beside each other.

use std::{
    cmp::Reverse,
    collections::{BTreeMap, BTreeSet},
    ffi::OsString,
    fs,
    path::{Path, PathBuf},
};

use serde_json::Value;

use crate::process::{self, cargo, command};

/// Test programs that share a limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Group {
    /// The real window, each on a virtual screen of its own. Tests of one module run one at a time, as a browser engine
    /// keeps a processor busy.
    Window,
    /// Tests that start servers and programs. They mostly wait.
    Servers,
    /// Everything else, which mostly computes.
    Units,
}

impl Group {
    /// How many of its tests run at the same time.
    pub fn limit(self) -> usize {
        match self {
            Self::Window => 2,
            Self::Servers => 6,
            Self::Units => 2 * cores(),
        }
    }
}

/// Processors of this machine.
pub fn cores() -> usize {
    std::thread::available_parallelism().map_or(2, usize::from)
}

/// One program to run, with the tests that it runs.
#[derive(Debug)]
pub struct Job {
    pub name: String,
    pub group: Group,
    /// Tests at the same time within it.
    pub threads: usize,
    pub program: OsString,
    pub arguments: Vec<String>,
    /// The folder of its package, where cargo runs tests too.
    pub folder: PathBuf,
    pub package: String,
    /// Set in its environment.
    pub variables: Vec<(&'static str, PathBuf)>,
}

impl Job {
    /// The command that runs it.
    pub fn command(&self) -> std::process::Command {
        let mut run = command(&self.program);
        run.args(&self.arguments).current_dir(&self.folder).env("NO_COLOR", "1");
        // As cargo does.
        run.env("CARGO_MANIFEST_DIR", &self.folder).env("CARGO_PKG_NAME", &self.package);
        run.env("RUST_TEST_THREADS", self.threads.to_string());
        run.envs(self.variables.iter().map(|(name, path)| (name, path)));
        run
    }
}

/// A test program that cargo has built.
#[derive(Debug, PartialEq, Eq)]
struct Executable {
    package: String,
    target: String,
    kind: String,
    path: PathBuf,
    folder: PathBuf,
}

impl Executable {
    /// Whether it is an integration test, in contrast to the unit tests of a library or a program.
    fn is_integration(&self) -> bool {
        self.kind == "test"
    }

    /// A name that no other has.
    fn name(&self) -> String {
        let Self { package, target, kind, .. } = self;
        match kind.as_str() {
            "test" => format!("{package} {target}"),
            "bin" => format!("{package} bin {target}"),
            kind => format!("{package} {kind}"),
        }
    }
}

/// Reads cargo's messages (one JSON object a line).
fn executables(messages: &str) -> Vec<Executable> {
    let values = messages.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    let mut built: Vec<Executable> = values.filter_map(|message| executable(&message)).collect();
    built.sort_by(|a, b| (&a.package, &a.target, &a.path).cmp(&(&b.package, &b.target, &b.path)));
    built
}

fn executable(message: &Value) -> Option<Executable> {
    let is_test = message["reason"] == "compiler-artifact" && message["profile"]["test"] == true;
    if !is_test {
        return None;
    }
    let folder = PathBuf::from(message["manifest_path"].as_str()?).parent()?.to_path_buf();
    // "path+file:///…/crates/cli#aetherctl@0.1.0", and without a name where it is the folder's.
    let id = message["package_id"].as_str()?;
    let fragment = id.rsplit_once('#').map_or(id, |(_, fragment)| fragment);
    let package = match fragment.split_once('@') {
        Some((package, _)) => package.to_owned(),
        None => folder.file_name()?.to_string_lossy().into_owned(),
    };
    Some(Executable {
        package,
        target: message["target"]["name"].as_str()?.to_owned(),
        kind: message["target"]["kind"][0].as_str()?.to_owned(),
        path: PathBuf::from(message["executable"].as_str()?),
        folder,
    })
}

/// Tests of the window, by their full names as the test program lists them (`window::click: test`): whole modules
/// named `window`, and tests whose name contains `_in_the_window`.
fn window_tests(list: &str) -> Vec<String> {
    let names = list.lines().filter_map(|line| line.strip_suffix(": test"));
    let in_window =
        |name: &&str| name.split("::").any(|part| part == "window") || name.contains("_in_the_window");
    names.filter(in_window).map(str::to_owned).collect()
}

/// The jobs of one program: the window tests of each of its modules are a job of their own.
fn jobs(executable: &Executable, window: &[String]) -> Vec<Job> {
    let Executable { package, path, folder, .. } = executable;
    let (name, integration) = (executable.name(), executable.is_integration());
    let job = |name: String, group: Group, threads: usize, arguments: Vec<String>| Job {
        name,
        group,
        threads,
        program: path.into(),
        arguments: [vec!["--show-output".to_owned()], arguments].concat(),
        folder: folder.clone(),
        package: package.clone(),
        variables: Vec::new(),
    };
    let (group, threads) = match (integration, window.is_empty()) {
        (false, _) => (Group::Units, cores()),
        (true, true) => (Group::Servers, 2),
        // What crosses crates: most of the time of the whole run.
        (true, false) => (Group::Servers, 4),
    };
    if window.is_empty() {
        return vec![job(name, group, threads, Vec::new())];
    }
    let mut modules: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    let mut others = vec!["--exact".to_owned()];
    for test in window {
        let module = test.split_once("::").map_or("", |(module, _)| module);
        modules.entry(module).or_insert_with(|| vec!["--exact".to_owned()]).push(test.clone());
        others.extend(["--skip".to_owned(), test.clone()]);
    }
    let in_window = |(module, tests)| job(format!("{name}, window: {module}"), Group::Window, 1, tests);
    let mut split: Vec<Job> = modules.into_iter().map(in_window).collect();
    split.push(job(name.clone(), group, threads, others));
    split
}

/// Whether the documentation in a source file has an example that could be run. Looking for some costs rustdoc as much
/// time as the compiler needs to check the workspace, even when there is none.
fn has_example(source: &str) -> bool {
    source.lines().map(str::trim_start).any(|line| {
        let Some(text) = line.strip_prefix("///").or_else(|| line.strip_prefix("//!")) else {
            return line.starts_with("#[doc =") || line.starts_with("#![doc =");
        };
        // Fenced, or indented by four and the space that every comment begins with.
        let fence = text.trim_start();
        fence.starts_with("```") || fence.starts_with("~~~") || text.starts_with("     ")
    })
}

/// Crates whose unit tests ask promtool, amtool or a server.
const ASK_TOOLS: &[&str] = &["aether-rules", "aether-sim"];

/// The jobs that start servers or ask their tools, for another pass with other ones.
///
/// # Errors
/// As [`plan`].
pub fn with_servers(build: &[&str], variables: &[(&'static str, PathBuf)]) -> Result<Vec<Job>, String> {
    Ok(another_pass(plan(build, &[])?, variables))
}

fn another_pass(mut jobs: Vec<Job>, variables: &[(&'static str, PathBuf)]) -> Vec<Job> {
    jobs.retain(|job| job.group != Group::Units || ASK_TOOLS.contains(&job.package.as_str()));
    for job in &mut jobs {
        job.name = format!("newer servers: {}", job.name);
        job.variables = variables.to_vec();
    }
    jobs
}

fn any_example(folder: &Path) -> bool {
    fs::read_dir(folder).into_iter().flatten().flatten().any(|entry| {
        let path = entry.path();
        if path.is_dir() {
            return any_example(&path);
        }
        path.extension().is_some_and(|end| end == "rs")
            && fs::read_to_string(&path).is_ok_and(|source| has_example(&source))
    })
}

/// Builds everything and tells what to run, the longest first.
///
/// # Errors
/// What could not be built or listed.
pub fn plan(build: &[&str], doc_tests: &[&str]) -> Result<Vec<Job>, String> {
    let messages =
        process::progress(cargo().args(build).args(["--message-format", "json-render-diagnostics"]))?;
    let mut built = executables(&messages);
    // The larger, the longer it takes.
    built.sort_by_key(|one| Reverse(fs::metadata(&one.path).map_or(0, |meta| meta.len())));
    if built.is_empty() {
        return Err("cargo has built no test program".into());
    }
    let folders: BTreeSet<PathBuf> = built.iter().map(|one| one.folder.join("src")).collect();
    let mut planned = Vec::new();
    for executable in built {
        let window = if executable.is_integration() {
            let mut list = command(&executable.path);
            window_tests(&process::output(list.args(["--list", "--format", "terse"]))?)
        } else {
            Vec::new()
        };
        planned.extend(jobs(&executable, &window));
    }
    if folders.iter().any(|folder| any_example(folder)) {
        planned.push(Job {
            name: "doc tests".into(),
            group: Group::Units,
            threads: 1,
            program: cargo().get_program().to_owned(),
            arguments: doc_tests.iter().map(|&argument| argument.to_owned()).collect(),
            folder: process::root(),
            package: String::new(),
            variables: Vec::new(),
        });
    }
    planned.sort_by_key(|job| Reverse(job.threads));
    Ok(planned)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn artifact(id: &str, kind: &str, name: &str, test: bool) -> String {
        serde_json::json!({
            "reason": "compiler-artifact", "package_id": id, "manifest_path": "/p/crates/cli/Cargo.toml",
            "target": {"kind": [kind], "name": name}, "profile": {"test": test},
            "executable": format!("/p/target/debug/deps/{name}-0"),
        })
        .to_string()
    }

    #[test]
    fn executables_are_cargos_test_programs_and_no_others() {
        let messages = [
            artifact("path+file:///p/crates/cli#aetherctl@0.1.0", "bin", "aetherctl", false),
            artifact("path+file:///p/crates/cli#aetherctl@0.1.0", "test", "daemon", true),
            artifact("path+file:///p/crates/cli#0.1.0", "bin", "aetherctl", true),
            "{\"reason\":\"build-finished\",\"success\":true}".into(),
            "not JSON".into(),
        ];
        let built = executables(&messages.join("\n"));
        let short: Vec<_> =
            built.iter().map(|one| (one.package.as_str(), one.name(), one.is_integration())).collect();
        assert_eq!(
            short,
            [("aetherctl", "aetherctl daemon".into(), true), ("cli", "cli bin aetherctl".into(), false)]
        );
        assert_eq!(built[0].folder, PathBuf::from("/p/crates/cli"));
    }

    #[test]
    fn window_tests_are_found_by_module_and_by_name() {
        let list = "backups::kept: test\nwindow::opens: test\ndrills::ends_in_the_window_in_time: test\n\
            alerts::window_of_time: test\nwindow::speed: benchmark\n";
        assert_eq!(window_tests(list), ["window::opens", "drills::ends_in_the_window_in_time"]);
    }

    #[test]
    fn window_tests_of_a_module_run_one_at_a_time_and_not_a_second_time_beside_the_others() {
        let executable = Executable {
            package: "aether-tests".into(),
            target: "all".into(),
            kind: "test".into(),
            path: "/p/all-0".into(),
            folder: "/p/tests".into(),
        };
        let split = jobs(&executable, &["window::opens".into(), "drills::in_the_window".into()]);
        let window: Vec<_> =
            split[..2].iter().map(|job| (job.group, job.threads, job.arguments[2].as_str())).collect();
        assert_eq!(
            window,
            [(Group::Window, 1, "drills::in_the_window"), (Group::Window, 1, "window::opens")]
        );
        assert_eq!((split[2].group, split[2].threads), (Group::Servers, 4));
        let skips = ["--exact", "--skip", "window::opens", "--skip", "drills::in_the_window"];
        assert_eq!(split[2].arguments[1..], skips);
    }

    #[test]
    fn examples_are_found_in_documentation_only() {
        assert!(has_example("/// Adds.\n///\n/// ```\n/// add(1);\n/// ```\nfn add() {}"));
        assert!(has_example("    //! ~~~rust\n"));
        assert!(has_example("///     add(1);\n"), "indented");
        assert!(has_example("#[doc = include_str!(\"README.md\")]"));
        assert!(!has_example("/// Adds:\n///   - one\n// ```\nlet text = \"```\";"));
    }

    #[test]
    fn another_pass_has_the_tests_that_start_servers_or_their_tools() {
        let one = |package: &str, kind: &str| Executable {
            package: package.into(),
            target: "t".into(),
            kind: kind.into(),
            path: "/p/t-0".into(),
            folder: "/p".into(),
        };
        let built = [one("aether-rules", "lib"), one("aether-plots", "lib"), one("aether-panel", "test")];
        let all = built.iter().flat_map(|executable| jobs(executable, &[])).collect();
        let again = another_pass(all, &[("AETHER_PROMTOOL", "/s/promtool".into())]);
        let names: Vec<&str> = again.iter().map(|job| job.name.as_str()).collect();
        assert_eq!(names, ["newer servers: aether-rules lib", "newer servers: aether-panel t"]);
        let command = again[0].command();
        assert!(
            command.get_envs().any(|(name, value)| name == "AETHER_PROMTOOL"
                && value.is_some_and(|value| value == "/s/promtool"))
        );
    }

    #[test]
    fn unit_tests_and_integration_tests_have_different_limits() {
        let executable = |target: &str, kind: &str| Executable {
            package: "aether-core".into(),
            target: target.into(),
            kind: kind.into(),
            path: "/p/x".into(),
            folder: "/p".into(),
        };
        let units = jobs(&executable("aether_core", "lib"), &[]).remove(0);
        assert_eq!((units.name.as_str(), units.group), ("aether-core lib", Group::Units));
        let panel = jobs(&executable("panel", "test"), &[]).remove(0);
        assert_eq!((panel.name.as_str(), panel.group), ("aether-core panel", Group::Servers));
        assert!(panel.threads <= panel.group.limit());
    }
}
