//! Rules of the house that no compiler holds.
#![allow(clippy::expect_used, reason = "a test ends with what it expected")]

#[path = "house/layers.rs"]
mod layers;

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::Path,
    process::Command,
};

use aether_tests::root;
use serde_json::Value;

/// Package id → ids of its dependencies, dev-dependencies left out.
fn graph(metadata: &Value) -> BTreeMap<String, Vec<String>> {
    let nodes = metadata["resolve"]["nodes"].as_array().expect("nodes");
    nodes
        .iter()
        .map(|node| {
            let dependencies = node["deps"].as_array().expect("deps").iter().filter(|dep| {
                dep["dep_kinds"].as_array().expect("kinds").iter().any(|kind| kind["kind"] != "dev")
            });
            let ids = dependencies.map(|dep| dep["pkg"].as_str().expect("id").to_owned()).collect();
            (node["id"].as_str().expect("id").to_owned(), ids)
        })
        .collect()
}

/// This machine's platform, as the compiler calls it. What other platforms need has not been fetched here.
fn platform() -> String {
    let rustc = std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let output = Command::new(rustc).arg("-vV").current_dir(root()).output().expect("rustc");
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    text.lines().find_map(|line| line.strip_prefix("host: ")).expect("a host").to_owned()
}

/// The names in quotes of a file between two marks.
fn quoted_between(path: &str, begin: &str, end: &str) -> BTreeSet<String> {
    let text = fs::read_to_string(root().join(path)).expect("a file");
    let (_, rest) = text.split_once(begin).expect("its begin");
    let (part, _) = rest.split_once(end).expect("its end");
    let part = part.replace('\'', "\"");
    part.split('"').skip(1).step_by(2).map(str::to_owned).collect()
}

#[test]
fn every_screen_is_opened_from_outside_and_has_a_picture_in_the_demo() {
    let screens = quoted_between("ui/src/lib/state/ui.svelte.ts", "export const SCREENS = [", "]");
    assert!(screens.len() >= 9, "{screens:?}");
    let from_outside =
        quoted_between("src-tauri/src/args.rs", "pub fn name(self) -> &'static str {", "\n    }");
    assert_eq!(screens, from_outside, "src-tauri/src/args.rs");
    let pictures = quoted_between("xtask/src/demo.rs", "const SCREENS: &[&str] =", ";");
    assert_eq!(screens, pictures, "xtask/src/demo.rs");
}

#[test]
fn no_crate_below_the_window_depends_on_tauri() {
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--format-version", "1", "--offline", "--locked", "--filter-platform"])
        .arg(platform())
        .current_dir(root())
        .output()
        .expect("cargo metadata");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let metadata: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    let graph = graph(&metadata);
    let packages = metadata["packages"].as_array().expect("packages");
    let names: BTreeMap<&str, &str> =
        packages.iter().map(|p| (p["id"].as_str().expect("id"), p["name"].as_str().expect("name"))).collect();
    let below = root().join("crates");
    let ours: Vec<&Value> = packages
        .iter()
        .filter(|p| Path::new(p["manifest_path"].as_str().expect("path")).starts_with(&below))
        .collect();
    assert!(ours.len() >= 7, "the crates were not found: {}", ours.len());
    for package in ours {
        let mut seen = BTreeSet::new();
        let mut open = vec![package["id"].as_str().expect("id").to_owned()];
        while let Some(id) = open.pop() {
            assert_ne!(names[id.as_str()], "tauri", "{} depends on tauri", package["name"]);
            if seen.insert(id.clone()) {
                open.extend(graph.get(&id).cloned().unwrap_or_default());
            }
        }
    }
}

/// All text below a folder with one of these endings.
fn sources(folder: &Path, endings: &[&str], into: &mut String) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        let name = entry.file_name().to_string_lossy().into_owned();
        if path.is_dir() {
            if !["target", "node_modules", "dist", ".git"].contains(&name.as_str()) {
                sources(&path, endings, into);
            }
        } else if endings.iter().any(|ending| name.ends_with(ending)) {
            into.push_str(&fs::read_to_string(&path).unwrap_or_default());
            into.push('\n');
        }
    }
}

/// Rust files below a folder, with their text.
fn rust_files(folder: &Path, into: &mut Vec<(String, String)>) {
    for entry in fs::read_dir(folder).expect("a folder").flatten() {
        let path = entry.path();
        if path.is_dir() {
            rust_files(&path, into);
        } else if path.extension().is_some_and(|end| end == "rs") {
            let name = path.strip_prefix(root()).expect("below the root").display().to_string();
            into.push((name, fs::read_to_string(&path).expect("text")));
        }
    }
}

#[test]
fn every_child_process_is_started_by_the_one_function() {
    let mut files = Vec::new();
    for folder in ["crates", "src-tauri/src"] {
        rust_files(&root().join(folder), &mut files);
    }
    let mut seen = 0;
    for (name, text) in files {
        let test_file =
            name.contains("/tests/") || name.ends_with("tests.rs") || name.starts_with("crates/sim/");
        // Unit tests stand at the end of a file.
        let code = text.split("\nmod tests {").next().unwrap_or_default();
        let starts = code.lines().filter(|line| !line.trim_start().starts_with("//"));
        let found =
            starts.filter(|line| line.contains("Command::new(") || line.contains("open::that")).count();
        let allowed = ["crates/foundation/src/child.rs", "src-tauri/src/launch.rs"].contains(&name.as_str());
        if allowed {
            seen += found;
        }
        assert!(
            found == 0 || test_file || allowed,
            "{name} starts a child process that inherits credentials; use aether_panel::child::command"
        );
    }
    assert_eq!(seen, 2, "the files that may start child processes have moved");
}

#[test]
fn every_promise_in_the_intended_behaviour_is_held_by_a_test_that_exists() {
    let text = fs::read_to_string(root().join("docs/intended-behavior.md")).expect("the document");
    let mut code = String::new();
    sources(&root(), &[".rs", ".ts", ".mjs", ".yml"], &mut code);
    let mut promises = 0;
    for line in text.lines().filter(|line| line.trim_start().starts_with("- Expect ")) {
        promises += 1;
        let tests: Vec<&str> =
            line.rsplit_once('(').map_or("", |(_, names)| names).split('`').skip(1).step_by(2).collect();
        assert!(!tests.is_empty(), "no test is named by: {line}");
        for test in tests {
            let found = code.contains(&format!("fn {test}("))
                || code.contains(&format!("'{test}'"))
                || code.contains(&format!("name: {test}"));
            assert!(found, "the test '{test}' does not exist, named by: {line}");
        }
    }
    assert!(promises >= 20, "only {promises} promises were read");
}

#[test]
fn every_fuzz_target_has_an_entry_point_and_seeds() {
    let names = |folder: &str| -> BTreeSet<String> {
        let entries = fs::read_dir(root().join(folder)).expect("folder").flatten();
        entries.map(|entry| entry.file_name().to_string_lossy().trim_end_matches(".rs").to_owned()).collect()
    };
    let targets = names("fuzz/fuzz_targets");
    assert!(targets.len() >= 10, "{targets:?}");
    assert_eq!(targets, names("fuzz/seeds"));
    let manifest = fs::read_to_string(root().join("fuzz/Cargo.toml")).expect("manifest");
    let mut entry_points = String::new();
    for file in ["foundation", "clients", "rules", "backup", "operations"]
        .map(|name| format!("crates/{name}/src/fuzz.rs"))
    {
        entry_points.push_str(&fs::read_to_string(root().join(file)).expect("entry points"));
    }
    for target in targets {
        assert!(
            manifest.contains(&format!("name = \"{target}\"")),
            "fuzz/Cargo.toml does not build {target}"
        );
        // What the seed tests go through.
        let listed = [format!("(\"{target}\", {target})"), format!("\"{target}\", super::{target}")];
        assert!(listed.iter().any(|one| entry_points.contains(one)), "no test runs the seeds of {target}");
    }
}

/// The anchors of a document's headings, as its readers on the web make them.
fn anchors(text: &str) -> BTreeSet<String> {
    let mut fenced = false;
    let mut out = BTreeSet::new();
    for line in text.lines() {
        fenced ^= line.starts_with("```");
        let title = line.trim_start_matches('#').trim();
        if !fenced && line.starts_with('#') {
            let kept = title.chars().filter(|c| c.is_alphanumeric() || " -_".contains(*c));
            out.insert(kept.collect::<String>().to_lowercase().replace(' ', "-"));
        }
    }
    out
}

#[test]
fn every_link_between_documents_leads_to_a_file_and_a_heading() {
    for folder in ["", "docs", "docs/adr", "docs/checks", "docs/runbooks", "monitoring", "icons"] {
        for entry in fs::read_dir(root().join(folder)).expect("folder").flatten() {
            if entry.path().extension().is_none_or(|end| end != "md") {
                continue;
            }
            let at = entry.path();
            let text = fs::read_to_string(&at).expect("text");
            for target in text.split("](").skip(1).filter_map(|rest| rest.split(')').next()) {
                if target.contains("://") {
                    continue;
                }
                let (path, anchor) = target.split_once('#').unwrap_or((target, ""));
                let file = if path.is_empty() { at.clone() } else { at.parent().expect("folder").join(path) };
                assert!(file.exists(), "{} links to {target}, which is not there", at.display());
                if !anchor.is_empty() {
                    let there = anchors(&fs::read_to_string(&file).expect("text"));
                    assert!(there.contains(anchor), "{} links to {target}: no such heading", at.display());
                }
            }
        }
    }
}

#[test]
fn no_line_of_rust_is_wider_than_120_columns() {
    let mut files = Vec::new();
    for folder in ["crates", "src-tauri/src", "tests", "xtask", "fuzz/fuzz_targets"] {
        rust_files(&root().join(folder), &mut files);
    }
    assert!(files.len() > 300, "only {} files were found", files.len());
    let mut wide = Vec::new();
    for (name, text) in files {
        for (number, line) in text.lines().enumerate().filter(|(_, line)| line.chars().count() > 120) {
            wide.push(format!("{name}:{}: {}", number + 1, line.trim()));
        }
    }
    assert_eq!(wide, Vec::<String>::new());
}

/// What a trial left in the root has been committed by accident before: `git add` takes all there is.
#[test]
fn the_root_holds_only_what_belongs_there() {
    let expected: BTreeSet<&str> = ".cargo .ci .editorconfig .git-blame-ignore-revs .gitignore Cargo.lock Cargo.toml \
        LICENSE-APACHE LICENSE-MIT README.md SECURITY.md clippy.toml crates deny.toml docs fuzz icons monitoring \
        rustfmt.toml src-tauri tests ui xtask"
        .split_whitespace()
        .collect();
    let output = Command::new("git").args(["ls-files", "-z"]).current_dir(root()).output().expect("git");
    if !output.status.success() {
        println!("skipped: this is not a clone of the repository");
        return;
    }
    let listed = String::from_utf8(output.stdout).expect("paths");
    let present: BTreeSet<&str> = listed.split('\0').filter_map(|path| path.split('/').next()).collect();
    let unexpected: Vec<_> = present.difference(&expected).filter(|name| !name.is_empty()).collect();
    assert!(unexpected.is_empty(), "{unexpected:?} lie in the root and are committed");
}
