//! What promtool says against files that the panel has read: added where the panel says nothing of it.

use std::{collections::BTreeSet, sync::LazyLock};

use aether_contract::{FindingSeverity, RuleFileProblem, RuleView, RulesLint};
use aether_foundation::{promql::split, text::truncate};
use regex::Regex;

use super::{BATCH, Call, FEATURES, check_rules, is_refused, name, run};
use crate::files::Source;

/// Longest text that is taken over, in bytes.
const MAX_TEXT: usize = 600;
/// The newest version that the panel knows the language of.
const NEWEST: (u32, u32) = (3, 16);
/// Keys that older versions refuse, and the panel knows.
const NEWER_KEYS: [&str; 4] = ["query_offset", "labels", "keep_firing_for", "limit"];

/// An error of promtool's.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Refusal {
    /// Which of the files.
    file: usize,
    /// Line, from 1.
    line: Option<u32>,
    /// Group, and place of the rule in it.
    rule: Option<(String, u32)>,
    /// In promtool's words.
    text: String,
}

/// Adds what promtool says against files that are in a form which it reads. Where the panel has found an error in a
/// file, only expressions are added that it has nothing against: promtool says the rest in other words.
pub(super) async fn add(call: Call<'_>, found: &mut RulesLint, sources: &[Source]) -> Result<(), String> {
    let native: Vec<usize> = (0..sources.len()).filter(|at| is_native(sources, *at)).collect();
    let mut plain = Vec::new();
    for batch in native.chunks(BATCH) {
        plain.extend(ask(call, sources, batch, &["--lint=none"]).await?);
    }
    if plain.is_empty() {
        return Ok(());
    }
    let again: Vec<usize> = plain.iter().map(|one| one.file).collect::<BTreeSet<_>>().into_iter().collect();
    let mut real = Vec::new();
    for batch in again.chunks(BATCH) {
        real.extend(ask(call, sources, batch, &["--lint=none", FEATURES]).await?);
    }
    let (version, words) = version(call).await;
    let own = own_errors(found);
    let mut more = Vec::new();
    for refusal in &real {
        let Some(source) = sources.get(refusal.file) else { continue };
        let rule = rule_of(found, source, refusal);
        let about_expression = refusal.text.contains("could not parse expression");
        if own.contains(&source.path) && (!about_expression || rule.is_none_or(is_refused)) {
            continue;
        }
        let newer = version.is_none_or(|version| version < NEWEST) && is_newer(&refusal.text, rule);
        let (severity, verdict) = if newer {
            (FindingSeverity::Warning, "rejects the file, which newer versions may accept")
        } else {
            (FindingSeverity::Error, "rejects the file")
        };
        more.push(problem(source, refusal, rule, severity, &format!("{words} {verdict}")));
    }
    // What is an error only as long as a feature is switched off.
    let same = |a: &Refusal, b: &Refusal| a.file == b.file && (a.text == b.text || a.rule == b.rule);
    for refusal in plain.iter().filter(|one| !real.iter().any(|other| same(one, other))) {
        let Some(source) = sources.get(refusal.file) else { continue };
        let verdict = format!("Prometheus needs a feature flag (--enable-feature) for it, says {words}");
        let rule = rule_of(found, source, refusal);
        more.push(problem(source, refusal, rule, FindingSeverity::Info, &verdict));
    }
    found.problems.extend(more);
    Ok(())
}

fn is_native(sources: &[Source], at: usize) -> bool {
    sources.get(at).is_some_and(|source| source.native)
}

/// Files in which the panel itself has found an error.
fn own_errors(found: &RulesLint) -> BTreeSet<String> {
    let files = found.problems.iter().filter(|one| one.severity == FindingSeverity::Error);
    let groups = found.groups.iter().filter(|group| group.rules.iter().any(is_refused));
    files.map(|one| one.file.clone()).chain(groups.map(|group| group.file.clone())).collect()
}

fn rule_of<'a>(found: &'a RulesLint, source: &Source, refusal: &Refusal) -> Option<&'a RuleView> {
    let (group, index) = refusal.rule.as_ref()?;
    let mut groups = found.groups.iter().filter(|one| one.file == source.path && one.name == *group);
    groups.find_map(|group| group.rules.iter().find(|rule| rule.id.index == *index))
}

fn problem(
    source: &Source,
    refusal: &Refusal,
    rule: Option<&RuleView>,
    severity: FindingSeverity,
    verdict: &str,
) -> RuleFileProblem {
    let text = truncate(refusal.text.trim_end_matches('.'), MAX_TEXT);
    RuleFileProblem {
        file: source.path.clone(),
        line: refusal.line.or_else(|| rule.and_then(|rule| rule.line)),
        problem: format!("{verdict}: {text}."),
        severity,
    }
}

/// Whether an older promtool refuses what a newer one may take: the panel knows the key, or could read the expression.
fn is_newer(text: &str, rule: Option<&RuleView>) -> bool {
    let key = text.strip_prefix("field ").and_then(|rest| rest.split_once(" not found in type rulefmt."));
    if let Some((key, _)) = key {
        return NEWER_KEYS.contains(&key);
    }
    text.contains("could not parse expression")
        && (text.contains("unknown function with name")
            || rule.is_some_and(|rule| split::is_of_newer_syntax(&rule.expression)))
}

/// The version of promtool, and how it is called in a sentence.
async fn version(call: Call<'_>) -> (Option<(u32, u32)>, String) {
    let mut command = (call.start)();
    command.arg("--version");
    let said = run(command, call.limit)
        .await
        .map(|output| [output.stdout, output.stderr].concat())
        .unwrap_or_default();
    let said = String::from_utf8_lossy(&said);
    static VERSION: LazyLock<Option<Regex>> =
        LazyLock::new(|| Regex::new(r"version v?((\d+)\.(\d+)[^\s,+]*)").ok());
    let parts = VERSION.as_ref().and_then(|pattern| pattern.captures(&said));
    let number = |at| parts.as_ref()?.get(at)?.as_str().parse().ok();
    let full =
        parts.as_ref().and_then(|parts| parts.get(1)).map(|full| format!("promtool {}", full.as_str()));
    (number(2).zip(number(3)), full.unwrap_or_else(|| "promtool".to_owned()))
}

async fn ask(
    call: Call<'_>,
    sources: &[Source],
    files: &[usize],
    arguments: &[&str],
) -> Result<Vec<Refusal>, String> {
    let texts: Vec<&str> =
        files.iter().filter_map(|at| sources.get(*at)).map(|source| source.text.as_str()).collect();
    let output = check_rules(call, &texts, arguments).await?;
    let said = String::from_utf8_lossy(&output.stderr);
    // An old one that does not know an argument has not looked at anything.
    if said.contains("unknown long flag") {
        return Err(format!("promtool is too old ({})", truncate(said.trim(), MAX_TEXT)));
    }
    let mut found = refusals(&said, files.len());
    for one in &mut found {
        one.file = files.get(one.file).copied().unwrap_or(usize::MAX);
    }
    Ok(found)
}

/// The errors in what promtool says, by the places of the files that it was given.
fn refusals(said: &str, files: usize) -> Vec<Refusal> {
    let mut found: Vec<(usize, String)> = Vec::new();
    let mut open = false;
    for line in said.lines() {
        let begin = line.split_once(": ").and_then(|(file, rest)| {
            let at = file.strip_suffix(".yml")?.parse().ok().filter(|at| *at < files)?;
            (name(at) == file).then(|| (at, rest.trim().to_owned()))
        });
        let line = line.trim();
        if let Some(begin) = begin {
            found.push(begin);
            open = true;
        } else if line.is_empty()
            || line == "FAILED:"
            || ["time=", "ts=", "level="].iter().any(|own| line.starts_with(own))
        {
            open = false;
        } else if let Some((file, text)) = found.last_mut().filter(|_| open) {
            // A list: each of its lines is an error of its own.
            match text.ends_with("unmarshal errors:") {
                true => *text = line.to_owned(),
                false if line.starts_with("line ") => {
                    let next = (*file, line.to_owned());
                    found.push(next);
                }
                false => *text = format!("{text} {line}"),
            }
        }
    }
    let mut told = BTreeSet::new();
    found.retain(|one| told.insert(one.clone()));
    found.into_iter().map(|(file, text)| placed(file, &text)).collect()
}

/// An error with its place taken out of its words.
fn placed(file: usize, text: &str) -> Refusal {
    static LINE: LazyLock<Option<Regex>> =
        LazyLock::new(|| Regex::new(r"^(?:(\d+):\d+: (?:\d+:\d+: )?|(?:yaml: )?line (\d+): )").ok());
    static RULE: LazyLock<Option<Regex>> =
        LazyLock::new(|| Regex::new(r#"^group "(.*?)", rule (\d+), "#).ok());
    let mut rest = text;
    let mut line = None;
    if let Some(parts) = LINE.as_ref().and_then(|pattern| pattern.captures(text)) {
        line = parts.get(1).or(parts.get(2)).and_then(|number| number.as_str().parse().ok());
        rest = text.get(parts.get(0).map_or(0, |whole| whole.end())..).unwrap_or(text);
    }
    let rule = RULE.as_ref().and_then(|pattern| pattern.captures(rest)).and_then(|parts| {
        let number: u32 = parts.get(2)?.as_str().parse().ok()?;
        Some((parts.get(1)?.as_str().to_owned(), number.checked_sub(1)?))
    });
    Refusal { file, line, rule, text: rest.to_owned() }
}

#[cfg(test)]
mod tests;
