use std::{fs, path::Path, process::Command};

use aether_foundation::{child, stack::Profile};

use super::*;
use crate::promtool::{Call, LIMIT, settle_with};

const SAID: &str = "\
  FAILED:
0.yml: yaml: unmarshal errors:
  line 3: field labels not found in type rulefmt.RuleGroup
  line 17: field exp not found in type rulefmt.RuleNode
time=2026-11-30T15:16:35.754Z level=WARN source=rulefmt.go:369 msg=\"Multiple documents\"
  FAILED:
1.yml: group \"g\", rule 1, \"A\": invalid label name: te-am
1.yml: 10:11: group \"h\", rule 2, \"r\": could not parse expression: 1:1: parse error: x
  FAILED:
2.yml: yaml: line 3: mapping values are not allowed in this context
2.yml: yaml: line 3: mapping values are not allowed in this context
";

#[test]
fn errors_of_promtool_are_told_apart_with_their_places() {
    let told: Vec<_> = refusals(SAID, 3).into_iter().map(|one| (one.file, one.line, one.rule)).collect();
    let rule = |group: &str, at| Some((group.to_owned(), at));
    assert_eq!(
        told,
        [
            (0, Some(3), None),
            (0, Some(17), None),
            (1, None, rule("g", 0)),
            (1, Some(10), rule("h", 1)),
            (2, Some(3), None),
        ]
    );
    assert_eq!(refusals(SAID, 3)[1].text, "field exp not found in type rulefmt.RuleNode");
    assert!(refusals(SAID, 0).is_empty());
}

/// A program in the place of promtool.
#[cfg(unix)]
fn fake(folder: &Path, errors: &str, with_features: &str) -> std::path::PathBuf {
    use std::os::unix::fs::PermissionsExt as _;
    let path = folder.join("promtool");
    let script = format!(
        "#!/bin/sh\ncase \"$*\" in\n--version) echo 'promtool, version 3.16.0 (branch: x)';;\n\
            *--enable-feature*) printf '{with_features}' >&2;;\n*) printf '{errors}' >&2;;\nesac\n"
    );
    fs::write(&path, script).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
    path
}

async fn settled(
    start: &(dyn Fn() -> Command + Sync),
    text: &str,
) -> Vec<(Option<u32>, FindingSeverity, String)> {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("rules.yml");
    fs::write(&file, text).unwrap();
    let (mut found, sources) = crate::files::lint(&[file], &Profile::builtin(), false).unwrap();
    settle_with(Call { start, limit: LIMIT }, &mut found, &sources).await;
    found.problems.into_iter().map(|one| (one.line, one.severity, one.problem)).collect()
}

const RULES: &str =
    "groups:\n- name: g\n  rules:\n  - record: a\n    expr: up\n  - record: b\n    expr: up + 1\n";

#[cfg(unix)]
#[tokio::test]
async fn what_only_promtool_rejects_is_an_error_in_its_words() {
    let folder = tempfile::tempdir().unwrap();
    let error =
        "0.yml: 7:11: group \"g\", rule 2, \"b\": could not parse expression: 1:1: parse error: odd\\n";
    let program = fake(folder.path(), error, error);
    let start = || child::command(&program);
    let expected = "promtool 3.16.0 rejects the file: group \"g\", rule 2, \"b\": could not parse expression: 1:1: \
        parse error: odd.";
    assert_eq!(settled(&start, RULES).await, [(Some(7), FindingSeverity::Error, expected.to_owned())]);
    // The panel has said it already.
    assert_eq!(settled(&start, &RULES.replace("up + 1", "up +")).await, []);
    // It has not said this one.
    let other = settled(&start, &RULES.replace("expr: up\n", "expr: up +\n")).await;
    assert_eq!(other.len(), 1, "{other:?}");
    // What promtool does not read is not asked about.
    let of_victoria = RULES.replace("- name: g\n", "- name: g\n  concurrency: 2\n");
    assert_eq!(settled(&start, &of_victoria).await.len(), 1);
    // Only a feature is switched off.
    let program = fake(folder.path(), error, "");
    let told = settled(&|| child::command(&program), RULES).await;
    assert!(told[0].1 == FindingSeverity::Info && told[0].2.contains("--enable-feature"), "{told:?}");
    assert_eq!(settled(&|| child::command(folder.path().join("none")), RULES).await, []);
}

#[tokio::test]
async fn promtool_of_the_machine_has_nothing_against_right_files_and_is_heard_about_names() {
    let start = || child::tool("promtool");
    assert_eq!(settled(&start, RULES).await, []);
    let named = RULES.replace("record: b\n", "record: b\n    labels: {te-am: x}\n");
    let told = settled(&start, &named).await;
    assert!(told[0].1 == FindingSeverity::Info && told[0].2.contains("Prometheus 3"), "{told:?}");
    let (version, _) = version(Call { start: &start, limit: LIMIT }).await;
    let errors = told.iter().filter(|one| one.1 == FindingSeverity::Error).count();
    assert_eq!(errors, usize::from(version.unwrap() < (3, 0)), "{told:?}");
    // Newer than the promtool that is here, perhaps: never an error.
    let newer =
        RULES.replace("up + 1", "up[5m + 1m]").replace("- name: g\n", "- name: g\n  query_offset: 1m\n");
    let newer = newer.replace("up[5m + 1m]", "rate(up[5m + 1m])");
    let told = settled(&start, &newer).await;
    assert!(told.iter().all(|one| one.1 != FindingSeverity::Error), "{told:?}");
}
