//! A long build told in one line: how many crates are built, and about how long the rest takes.

use std::{
    collections::BTreeSet,
    io::{BufRead, BufReader, IsTerminal as _, Write as _},
    process::Stdio,
    sync::mpsc,
    thread,
    time::{Duration, Instant},
};

use serde_json::Value;

use crate::process::{self, cargo};

/// How much longer one of the project's own crates takes than one of its dependencies, on average.
const OWN_WEIGHT: u32 = 20;
/// Pause between two lines where nothing can be written over.
const LINE_EVERY: Duration = Duration::from_secs(15);
/// An estimate after less would be a guess.
const FIRST_ESTIMATE: Duration = Duration::from_secs(10);

/// What is built so far.
#[derive(Debug, Default)]
struct Progress {
    crates: usize,
    weight: u32,
    done: BTreeSet<String>,
    done_weight: u32,
    /// Of the done ones, what was built earlier and took no time now.
    fresh_weight: u32,
}

impl Progress {
    /// Reads what is to be built, as `cargo tree --prefix none` lists it.
    fn of_tree(tree: &str) -> Self {
        let crates: BTreeSet<(&str, bool)> = tree
            .lines()
            .filter_map(|line| {
                let name = line.split(" (").next()?.trim();
                let own = line.contains(" (/") || line.contains(":\\");
                (!name.is_empty()).then_some((name, own))
            })
            .collect();
        let weight = crates.iter().map(|(_, own)| if *own { OWN_WEIGHT } else { 1 }).sum();
        Self { crates: crates.len(), weight, ..Self::default() }
    }

    /// Reads a message of cargo.
    fn read(&mut self, message: &Value) {
        // Build scripts are the lesser part of their crate.
        let is_crate =
            message["reason"] == "compiler-artifact" && message["target"]["kind"][0] != "custom-build";
        let Some(id) = message["package_id"].as_str().filter(|_| is_crate) else { return };
        if !self.done.insert(id.to_owned()) {
            return;
        }
        let weight = if id.starts_with("path+") { OWN_WEIGHT } else { 1 };
        self.done_weight += weight;
        if message["fresh"] == true {
            self.fresh_weight += weight;
        }
    }

    fn line(&self, elapsed: Duration) -> String {
        let done = self.done.len();
        let counts = match self.crates {
            0 => format!("building: {done} crates"),
            total => format!("building: {} of {total} crates", done.min(total)),
        };
        match self.left(elapsed) {
            Some(left) if left.as_secs() < 60 => format!("{counts}, less than a minute left"),
            Some(left) => format!("{counts}, about {} min left", left.as_secs().div_ceil(60)),
            None => counts,
        }
    }

    fn left(&self, elapsed: Duration) -> Option<Duration> {
        let built = self.done_weight.saturating_sub(self.fresh_weight);
        let open = self.weight.saturating_sub(self.done_weight);
        (elapsed >= FIRST_ESTIMATE && built > 0 && open > 0)
            .then(|| elapsed.mul_f64(f64::from(open) / f64::from(built)))
    }
}

/// Runs `cargo build` with these arguments (packages and features), and tells how it gets on.
///
/// # Errors
/// When it fails; its diagnostics are on the terminal then.
pub fn build(selection: &[&str], more: &[&str]) -> Result<(), String> {
    let mut tree = cargo();
    tree.args(["tree", "--quiet", "--edges", "normal,build", "--prefix", "none", "--format", "{p}"]);
    // Without it there is still a count.
    let tree = process::output(tree.args(selection)).unwrap_or_default();
    let mut progress = Progress::of_tree(&tree);
    let mut build = cargo();
    build.arg("build").args(selection).args(more);
    build.args(["--quiet", "--message-format", "json-render-diagnostics"]);
    let text = process::show(&build);
    let failed = |error: std::io::Error| format!("`{text}` could not be run: {error}");
    let mut child = build.stdin(Stdio::null()).stdout(Stdio::piped()).spawn().map_err(failed)?;
    let begun = Instant::now();
    let mut terminal = Line { over: std::io::stderr().is_terminal(), last: None };
    let (sender, messages) = mpsc::channel();
    if let Some(stdout) = child.stdout.take() {
        thread::spawn(move || {
            let lines = BufReader::new(stdout).lines().map_while(Result::ok);
            for message in lines.filter_map(|line| serde_json::from_str::<Value>(&line).ok()) {
                // Received until the output ends.
                let _ = sender.send(message);
            }
        });
    }
    loop {
        match messages.recv_timeout(Duration::from_secs(1)) {
            Ok(message) => progress.read(&message),
            Err(mpsc::RecvTimeoutError::Timeout) => terminal.show(&progress.line(begun.elapsed())),
            Err(mpsc::RecvTimeoutError::Disconnected) => break,
        }
    }
    let status = child.wait().map_err(failed)?;
    terminal.clear();
    if status.success() { Ok(()) } else { Err(format!("`{text}` failed ({status})")) }
}

/// The line on the terminal: written over, or where that is not possible written anew now and then.
struct Line {
    over: bool,
    last: Option<Instant>,
}

impl Line {
    fn show(&mut self, text: &str) {
        if self.over {
            // A terminal that is gone needs no progress.
            let _ = write!(std::io::stderr(), "\r\x1b[2K{text}");
        } else if self.last.is_none_or(|at| at.elapsed() >= LINE_EVERY) {
            eprintln!("{text}");
        } else {
            return;
        }
        self.last = Some(Instant::now());
    }

    fn clear(&self) {
        if self.over && self.last.is_some() {
            let _ = write!(std::io::stderr(), "\r\x1b[2K");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    const TREE: &str = "panel v0.1.0 (/p/src-tauri)\nserde v1.0.2\nserde_derive v1.0.2 (proc-macro)\n\
        core v0.1.0 (/p/crates/core)\nserde v1.0.2 (*)\n\nsyn v2.0.1\n";

    fn artifact(id: &str, kind: &str, fresh: bool) -> Value {
        json!({"reason": "compiler-artifact", "package_id": id, "target": {"kind": [kind]}, "fresh": fresh})
    }

    #[test]
    fn crates_of_the_tree_are_counted_once_and_own_ones_weigh_more() {
        let progress = Progress::of_tree(TREE);
        assert_eq!((progress.crates, progress.weight), (5, 3 + 2 * OWN_WEIGHT));
    }

    #[test]
    fn estimate_is_made_from_what_was_built_and_not_from_what_was_there() {
        let mut progress = Progress::of_tree(TREE);
        progress.read(&artifact("registry+https://x#syn@2.0.1", "lib", true));
        progress.read(&artifact("registry+https://x#serde@1.0.2", "custom-build", false));
        assert_eq!(progress.line(Duration::from_secs(30)), "building: 1 of 5 crates");
        progress.read(&artifact("registry+https://x#serde@1.0.2", "lib", false));
        progress.read(&artifact("path+file:///p/crates/core#0.1.0", "lib", false));
        // 21 of weight in 42 s, 21 left.
        assert_eq!(
            progress.line(Duration::from_secs(42)),
            "building: 3 of 5 crates, less than a minute left"
        );
        assert_eq!(progress.line(Duration::from_secs(300)), "building: 3 of 5 crates, about 5 min left");
        assert_eq!(progress.line(Duration::from_secs(2)), "building: 3 of 5 crates");
    }

    #[test]
    fn crates_are_counted_when_their_total_is_unknown() {
        let mut progress = Progress::of_tree("");
        progress.read(&artifact("registry+https://x#syn@2.0.1", "lib", false));
        assert_eq!(progress.line(Duration::from_secs(60)), "building: 1 crates");
    }
}
