//! The documents for people on call: their form, and that every query and every command in them works.
#![allow(clippy::unwrap_used, clippy::panic)]

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use aether_tests::{built, missing, on_path, root, stack::Demo};
use serde_json::Value;

const SECTIONS: [&str; 5] = ["Meaning", "Impact", "Diagnosis", "Mitigation", "Escalation"];

/// Values that stand for the labels of an alert.
const LABELS: [(&str, &str); 2] = [("tenant_id", "vip-customer-123"), ("alertname", "LowConfidenceSpike")];

fn pages() -> Vec<PathBuf> {
    let mut pages: Vec<PathBuf> = fs::read_dir(root().join("docs/runbooks"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|end| end == "md") && !path.ends_with("README.md"))
        .collect();
    pages.sort();
    pages
}

/// All documents whose blocks are tried.
fn documents() -> Vec<PathBuf> {
    let more = ["ON_CALL_RUNBOOK.md", "SLO_TUNING.md", "RELIABILITY_PACK.md", "runbooks/README.md"];
    pages().into_iter().chain(more.map(|name| root().join("docs").join(name))).collect()
}

/// The fenced blocks of a language, each with its placeholders filled.
fn blocks(text: &str, language: &str) -> Vec<String> {
    let mut out = Vec::new();
    let mut open: Option<(bool, String)> = None;
    for line in text.lines() {
        match (&mut open, line.strip_prefix("```")) {
            (None, Some(info)) => open = Some((info.trim() == language, String::new())),
            (Some(_), Some(_)) => {
                if let Some((true, block)) = open.take() {
                    out.push(filled(&block));
                }
            }
            (Some((_, block)), None) => {
                block.push_str(line);
                block.push('\n');
            }
            (None, None) => {}
        }
    }
    assert!(open.is_none(), "a block is not closed");
    out
}

fn filled(block: &str) -> String {
    LABELS
        .iter()
        .fold(block.to_owned(), |text, (name, value)| text.replace(&format!("{{{{{name}}}}}"), value))
}

/// `< 30` as its operator and number.
fn condition(text: &str) -> Option<(&str, f64)> {
    let (operator, number) = text.split_once(' ')?;
    [">", ">=", "<", "<=", "==", "!="].contains(&operator).then_some(())?;
    Some((operator, number.parse().ok()?))
}

#[test]
fn every_runbook_has_the_five_sections_and_steps_that_a_machine_can_read() {
    let pages = pages();
    assert!(pages.len() >= 12, "only {} pages", pages.len());
    for page in pages {
        let text = fs::read_to_string(&page).unwrap();
        let at = page.display();
        let sections: Vec<&str> = text.lines().filter_map(|line| line.strip_prefix("## ")).collect();
        assert_eq!(sections, SECTIONS, "{at}");
        assert!(text.split("## ").next().unwrap().contains("**First:** "), "{at}: no first action on top");
        let diagnosis = text.split("## Diagnosis").nth(1).unwrap().split("\n## ").next().unwrap();
        let steps: Vec<&str> = diagnosis.split("\n### ").skip(1).collect();
        assert!(steps.len() >= 3, "{at}: only {} steps", steps.len());
        for (index, step) in steps.iter().enumerate() {
            let title = step.lines().next().unwrap();
            assert!(title.starts_with(&format!("{}. ", index + 1)), "{at}: step {title} is out of order");
            assert_eq!(blocks(step, "promql").len(), 1, "{at}: {title}: not one block of PromQL");
            let expected = step
                .lines()
                .find_map(|line| line.strip_prefix("Expect: `")?.strip_suffix('`'))
                .unwrap_or_else(|| panic!("{at}: {title}: no expected condition"));
            assert!(condition(expected).is_some(), "{at}: {title}: '{expected}' is no condition");
            assert!(step.contains("\nIf red: "), "{at}: {title}: nothing to do if red");
        }
    }
}

#[test]
fn every_alert_of_the_pack_and_of_tuning_leads_to_its_own_runbook() {
    let mut seen = 0;
    for file in ["monitoring/prometheus-alerts.yml", "docs/SLO_TUNING.md"] {
        let text = fs::read_to_string(root().join(file)).unwrap();
        for rule in text.split("- alert: ").skip(1) {
            let name = rule.lines().next().unwrap();
            let url = format!("docs/runbooks/{name}.md");
            assert!(rule.contains(&format!("runbook_url: {url}\n")), "{name} names no runbook of its own");
            assert!(root().join(&url).is_file(), "{url} is not there");
            seen += 1;
        }
    }
    assert_eq!(seen, 7);
}

#[tokio::test]
async fn every_query_of_the_documents_runs_on_a_real_prometheus() {
    let needed = ["prometheus", "prometheus-alertmanager", "prometheus-blackbox-exporter", "promtool"];
    if let Some(program) = missing(&needed) {
        eprintln!("skipped: {program} is not installed");
        return;
    }
    let Demo { stack, folder: _folder } = Demo::start().await.unwrap();
    let http = reqwest::Client::new();
    let mut open: Vec<(PathBuf, String)> = Vec::new();
    for document in documents() {
        let queries = blocks(&fs::read_to_string(&document).unwrap(), "promql");
        open.extend(queries.into_iter().map(|query| (document.clone(), query)));
    }
    assert!(open.len() >= 75, "only {} queries were found", open.len());
    // What the first scrapes bring is not there at once, so what is empty is asked again. A query that is a list of
    // offenders may rightly be empty; a step of a runbook may not.
    let deadline = std::time::Instant::now() + std::time::Duration::from_secs(150);
    loop {
        let mut empty = Vec::new();
        for (document, query) in open {
            let url = format!("{}/api/v1/query", stack.ready.prometheus);
            let reply: Value =
                http.post(url).form(&[("query", &query)]).send().await.unwrap().json().await.unwrap();
            assert_eq!(reply["status"], "success", "{}: {query}: {reply}", document.display());
            let result = reply["data"]["result"].as_array().unwrap();
            let step = document.parent().unwrap().ends_with("runbooks");
            assert!(!step || result.len() <= 1, "{}: not one number: {query}", document.display());
            let number = result.first().and_then(|one| one["value"][1].as_str()).is_some_and(|v| v != "NaN");
            if step && !number {
                empty.push((document, query));
            }
        }
        open = empty;
        if open.is_empty() {
            break;
        }
        assert!(std::time::Instant::now() < deadline, "no number for {open:#?}");
        tokio::time::sleep(std::time::Duration::from_millis(500)).await;
    }
    stack.stop().await;
}

/// The words of a command line of a document: single and double quotes, nothing else of a shell.
fn words(line: &str) -> Vec<String> {
    let (mut out, mut word, mut quote) = (Vec::new(), None::<String>, None);
    for c in line.chars() {
        match (quote, c) {
            (None, '"' | '\'') => {
                quote = Some(c);
                word.get_or_insert_default();
            }
            (Some(q), c) if q == c => quote = None,
            (None, ' ') => out.extend(word.take()),
            (_, c) => word.get_or_insert_default().push(c),
        }
    }
    assert!(quote.is_none(), "a quote is not closed: {line}");
    out.extend(word);
    out
}

/// Every call of `aetherctl` in blocks and in `code`.
fn calls(text: &str) -> BTreeSet<String> {
    let shell = blocks(text, "sh");
    let lines = shell.iter().flat_map(|block| block.lines()).map(str::to_owned);
    let code = text.split('`').filter(|part| part.starts_with("aetherctl ") && !part.contains('\n'));
    lines.chain(code.map(filled)).filter(|line| line.starts_with("aetherctl ")).collect()
}

#[test]
fn every_command_of_the_documents_is_one_that_aetherctl_knows() {
    let Some(aetherctl) = built("aetherctl") else {
        eprintln!("skipped: aetherctl has not been built");
        return;
    };
    let home = tempfile::tempdir().unwrap();
    let mut tried = 0;
    for document in documents() {
        for line in calls(&fs::read_to_string(&document).unwrap()) {
            // A stack that does not exist: what is parsed ends there, before any server is asked.
            let ran = Command::new(&aetherctl)
                .args(["--stack", "nowhere", "--json"])
                .args(&words(&line)[1..])
                .env("AETHER_HOME", home.path())
                .output()
                .unwrap();
            let said =
                format!("{}{}", String::from_utf8_lossy(&ran.stdout), String::from_utf8_lossy(&ran.stderr));
            assert!(
                said.contains("Stack \\\"nowhere\\\" not found"),
                "{}: {line}\n{said}",
                document.display()
            );
            tried += 1;
        }
    }
    assert!(tried >= 60, "only {tried} commands were found");
}

#[test]
fn the_rules_of_the_tuning_guide_and_the_files_that_commands_name_are_right() {
    let text = fs::read_to_string(root().join("docs/SLO_TUNING.md")).unwrap();
    let rules = blocks(&text, "yaml");
    assert_eq!(rules.len(), 1);
    for document in documents() {
        let shell = blocks(&fs::read_to_string(&document).unwrap(), "sh").join("\n");
        for word in shell.split_whitespace().filter(|word| word.starts_with("monitoring/")) {
            assert!(root().join(word).exists(), "{}: {word} is not there", document.display());
        }
    }
    if on_path("promtool").is_none() {
        eprintln!("skipped: promtool is not installed");
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let file: &Path = &folder.path().join("rules.yml");
    fs::write(file, rules.concat()).unwrap();
    let ran = Command::new(on_path("promtool").unwrap()).args(["check", "rules"]).arg(file).output().unwrap();
    assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stderr));
}
