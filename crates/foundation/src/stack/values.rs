//! Values of a profile, read with what is wrong with them.

use std::path::Path;

use aether_contract::{ErrorCode, PanelError};

use super::{
    check,
    section::{At, Problem, Problems, Section},
};

/// What is wrong with a file, as the error that leaves the core.
pub(super) fn to_error(problems: &[Problem], text: &str, path: &Path) -> PanelError {
    let file = path.file_name().unwrap_or(path.as_os_str()).to_string_lossy();
    let sentence = |problem: &Problem| {
        let line = text.get(..problem.at).unwrap_or(text).matches('\n').count() + 1;
        if problem.key.is_empty() {
            format!("line {line}: {}", problem.text)
        } else {
            format!("line {line}, `{}`: {}", problem.key, problem.text)
        }
    };
    let first = problems.first().map(sentence).unwrap_or_default();
    let more = problems.len().saturating_sub(1);
    let mut message = format!("{file}, {first}.");
    if more > 0 {
        message.push_str(&format!(" ({more} more in this file.)"));
    }
    let all: Vec<String> = problems.iter().take(50).map(sentence).collect();
    PanelError::new(ErrorCode::InvalidConfig, path.display().to_string(), message)
        .with_hint("Fix the file; it is reloaded automatically.")
        .with_detail(all.join("\n"))
}

pub(super) fn query(
    section: &mut Section<'_>,
    key: &'static str,
    tenant_label: &str,
    problems: &mut Problems,
) -> Option<String> {
    let found = section.string(key, problems)?;
    let replaced = found.value.replace("$tenant_label", tenant_label);
    report(check::query(&replaced), &found, &section.path(key), problems);
    Some(replaced)
}

/// A list of names: each some text, none twice.
pub(super) fn names(
    section: &mut Section<'_>,
    key: &'static str,
    problems: &mut Problems,
) -> Option<Vec<String>> {
    let list = section.strings(key, problems)?;
    let mut names: Vec<String> = Vec::with_capacity(list.len());
    for name in list {
        report(check::text(&name.value, 512), &name, &section.path(key), problems);
        if names.contains(&name.value) {
            problems.add(name.at, section.path(key), format!("\"{}\" is listed twice", name.value));
        } else {
            names.push(name.value);
        }
    }
    Some(names)
}

pub(super) fn text(
    section: &mut Section<'_>,
    key: &'static str,
    max: usize,
    problems: &mut Problems,
) -> Option<String> {
    let found = section.string(key, problems)?;
    report(check::text(&found.value, max), &found, &section.path(key), problems);
    Some(found.value)
}

/// Adds what a check found to the problems.
pub(super) fn report(outcome: Result<(), String>, value: &At<String>, key: &str, problems: &mut Problems) {
    if let Err(expected) = outcome {
        problems.add(value.at, key, expected);
    }
}
