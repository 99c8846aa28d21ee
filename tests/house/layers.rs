//! The layers of docs/ARCHITECTURE.md: which crate may use which, and no import cycle between the modules of a crate.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::Path,
};

use aether_tests::root;

use super::rust_files;

/// What each crate may use of the project's own, tests left out.
const LAYERS: &[(&str, &[&str])] = &[
    ("contract", &[]),
    ("clients", &["contract"]),
    ("plots", &["contract"]),
    ("foundation", &["contract", "clients"]),
    ("context", &["contract", "clients", "plots", "foundation"]),
    ("alerting", &["contract", "clients", "plots", "foundation", "context"]),
    ("rules", &["contract", "clients", "plots", "foundation", "context"]),
    ("tuning", &["contract", "clients", "plots", "foundation", "context", "rules"]),
    ("signals", &["contract", "clients", "plots", "foundation", "context"]),
    ("backup", &["contract", "clients", "plots", "foundation", "context", "rules"]),
    ("operations", &["contract", "clients", "plots", "foundation", "context", "alerting", "rules", "backup"]),
    (
        "panel",
        &[
            "contract",
            "clients",
            "plots",
            "foundation",
            "context",
            "alerting",
            "rules",
            "tuning",
            "signals",
            "backup",
            "operations",
        ],
    ),
    // Adapters know commands, and the panel that runs them.
    ("cli", &["contract", "panel"]),
    ("bridge", &["contract", "panel"]),
    // The embedded demo stack. Nothing that ships depends on it but the window, which offers the demo.
    ("sim", &["contract", "clients", "plots"]),
];

#[test]
fn no_crate_depends_on_a_layer_above_it() {
    let window = [("../src-tauri", ["contract", "panel"].as_slice())];
    for (name, allowed) in LAYERS.iter().chain(&window) {
        let file = root().join("crates").join(name).join("Cargo.toml");
        // A capability that is planned and not there yet.
        let Ok(text) = fs::read_to_string(&file) else { continue };
        let mut section = "";
        for line in text.lines() {
            if line.starts_with('[') {
                section = line;
            }
            let used = line.strip_prefix("aether-").and_then(|rest| rest.split(['.', ' ', '=']).next());
            if let Some(used) = used.filter(|_| section.contains("dependencies") && !section.contains("dev-"))
            {
                assert!(allowed.contains(&used), "crates/{name} may not use crates/{used}: {line}");
            }
        }
    }
    let folders = fs::read_dir(root().join("crates")).expect("crates").flatten();
    for folder in folders.map(|entry| entry.file_name().to_string_lossy().into_owned()) {
        assert!(LAYERS.iter().any(|(name, _)| *name == folder), "crates/{folder} belongs to no layer");
    }
}

type Module = Vec<String>;

/// The parts of a comma-separated list, braces kept together.
fn parts(list: &str) -> Vec<&str> {
    let (mut depth, mut begin, mut out) = (0_i32, 0, Vec::new());
    for (at, c) in list.char_indices() {
        match c {
            '{' => depth += 1,
            '}' => depth -= 1,
            ',' if depth == 0 => {
                out.extend(list.get(begin..at));
                begin = at + 1;
            }
            _ => {}
        }
    }
    out.extend(list.get(begin..));
    out.into_iter().map(str::trim).filter(|part| !part.is_empty()).collect()
}

/// Every path of a use tree.
fn paths(tree: &str, before: &[String], into: &mut Vec<Module>) {
    let tree = tree.trim();
    let (head, list) = match tree.find('{') {
        Some(at) => (tree.get(..at).unwrap_or_default(), tree.get(at + 1..tree.rfind('}').unwrap_or(at + 1))),
        None => (tree, None),
    };
    let head = head.split(" as ").next().unwrap_or_default();
    let path = before
        .iter()
        .cloned()
        .chain(head.split("::").map(str::trim).filter(|part| !part.is_empty()).map(str::to_owned));
    let path: Module = path.collect();
    match list {
        Some(list) => parts(list).into_iter().for_each(|part| paths(part, &path, into)),
        None => into.push(path),
    }
}

/// What a file refers to in its own crate, as absolute paths.
fn references(text: &str, module: &Module) -> Vec<Module> {
    let code = text.split("\n#[cfg(test)]\nmod tests").next().unwrap_or_default();
    let code: String =
        code.lines().filter(|line| !line.trim_start().starts_with("//")).collect::<Vec<_>>().join("\n");
    let mut found = Vec::new();
    for statement in code.split("use ").skip(1) {
        let tree = statement.split(';').next().unwrap_or_default();
        if ["crate::", "super::", "self::"].iter().any(|start| tree.starts_with(start)) {
            paths(tree, &[], &mut found);
        }
    }
    for start in ["crate::", "super::"] {
        for (at, _) in code.match_indices(start) {
            let bytes = code.as_bytes();
            if at > 0 && (bytes[at - 1].is_ascii_alphanumeric() || matches!(bytes[at - 1], b'_' | b':')) {
                continue;
            }
            let rest = code.get(at..).unwrap_or_default();
            let end =
                rest.find(|c: char| !(c.is_alphanumeric() || c == '_' || c == ':')).unwrap_or(rest.len());
            found.push(
                rest.get(..end)
                    .unwrap_or_default()
                    .split("::")
                    .filter(|p| !p.is_empty())
                    .map(str::to_owned)
                    .collect(),
            );
        }
    }
    found
        .into_iter()
        .map(|path| {
            let mut base = module.clone();
            let mut rest = path.as_slice();
            if rest.first().is_some_and(|first| first == "crate") {
                return rest.iter().skip(1).cloned().collect();
            }
            while let [first, tail @ ..] = rest
                && (first == "super" || first == "self")
            {
                if first == "super" {
                    base.pop();
                }
                rest = tail;
            }
            base.into_iter().chain(rest.iter().cloned()).collect()
        })
        .collect()
}

/// Modules beside each other, level by level, that reach themselves through their imports. A module and the ones
/// inside it are one unit.
fn cycles(folder: &Path) -> Vec<String> {
    let mut files = Vec::new();
    rust_files(folder, &mut files);
    let mut modules: BTreeMap<Module, String> = BTreeMap::new();
    for (name, text) in files {
        let inside = Path::new(&name).strip_prefix(folder.strip_prefix(root()).expect("below the root"));
        let mut module: Module = inside
            .expect("inside")
            .with_extension("")
            .iter()
            .map(|p| p.to_string_lossy().into_owned())
            .collect();
        let last = module.last().cloned().unwrap_or_default();
        if name.contains("/tests") || last.ends_with("tests") || module.first().is_some_and(|f| f == "bin") {
            continue;
        }
        if last == "mod" || module == ["lib"] || module == ["main"] {
            module.pop();
        }
        modules.insert(module, text);
    }
    // (level, module there) → modules there that it uses.
    let mut edges: BTreeMap<(Module, String), BTreeSet<String>> = BTreeMap::new();
    for (module, text) in &modules {
        for path in references(text, module) {
            let target = (0..=path.len())
                .rev()
                .map(|length| path[..length].to_vec())
                .find(|m| modules.contains_key(m));
            let Some(target) = target else { continue };
            let level = module.iter().zip(&target).take_while(|(a, b)| a == b).count();
            if let (Some(from), Some(to)) = (module.get(level), target.get(level)) {
                edges.entry((module[..level].to_vec(), from.clone())).or_default().insert(to.clone());
            }
        }
    }
    let reaches_itself = |level: &Module, start: &String| {
        let (mut seen, mut open) = (BTreeSet::new(), vec![start.clone()]);
        while let Some(at) = open.pop() {
            for next in edges.get(&(level.clone(), at)).into_iter().flatten() {
                if next == start {
                    return true;
                }
                if seen.insert(next.clone()) {
                    open.push(next.clone());
                }
            }
        }
        false
    };
    let knots = edges.keys().filter(|(level, module)| reaches_itself(level, module));
    knots.map(|(level, module)| [level.join("::"), module.clone()].join("::")).collect()
}

#[test]
fn no_crate_has_an_import_cycle_between_its_modules() {
    let mut found = Vec::new();
    let crates = LAYERS.iter().map(|(name, _)| root().join("crates").join(name).join("src"));
    for folder in
        crates.chain([root().join("src-tauri/src"), root().join("xtask/src")]).filter(|f| f.exists())
    {
        let name = folder.display().to_string();
        found.extend(cycles(&folder).into_iter().map(|knot| format!("{name}: {knot}")));
    }
    assert!(found.is_empty(), "modules that import each other:\n{}", found.join("\n"));
}

#[test]
fn modules_that_import_each_other_are_found() {
    let folder = tempfile::tempdir_in(root().join("target")).expect("a folder");
    let write = |name: &str, text: &str| {
        let file = folder.path().join(name);
        fs::create_dir_all(file.parent().expect("a parent")).expect("made");
        fs::write(file, text).expect("written");
    };
    write("lib.rs", "mod a; mod b; mod c;\n");
    write("a.rs", "use crate::{b::{X, Y}, c};\n");
    write("b.rs", "fn f() { crate::c::g() }\n");
    write("c/mod.rs", "mod d; mod e;\npub fn g() {}\n");
    write("c/d.rs", "use super::e::E;\n// use crate::a::A;\n");
    write("c/e.rs", "pub struct E;\n");
    assert_eq!(cycles(folder.path()), Vec::<String>::new());
    write("b.rs", "fn f() -> crate::a::A { todo() }\n");
    write("c/e.rs", "use super::d;\n");
    assert_eq!(cycles(folder.path()), ["::a", "::b", "c::d", "c::e"]);
}
