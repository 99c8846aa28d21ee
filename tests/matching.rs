//! Expressions of matchers mean here what they mean to Alertmanager: generated ones, asked of a real server.
#![allow(clippy::unwrap_used, clippy::panic)]

use std::collections::{BTreeMap, BTreeSet};

use aether_contract::Matcher;
use aether_panel::matching::matcher::{Compiled, text};
use aether_sim::servers::{Alertmanager, AlertmanagerOptions};
use aether_tests::{eventually, missing, stack::QUIET_ALERTMANAGER};
use serde_json::{Value, json};

/// Values that tell dialects apart: signs of the syntax, letters and digits beyond ASCII, line ends, case folding.
const VALUES: &[&str] = &[
    "a",
    "b",
    "ab",
    "abc",
    "aab",
    "A",
    "K",
    "k",
    "\u{212a}",
    "ſ",
    "s",
    "bern",
    "zürich",
    "ü",
    "Ü",
    "é",
    "٣",
    "7",
    "_",
    "-",
    "[fd00::1]:9100",
    "[::1]",
    "fd00::1",
    "a.b",
    "a.bb",
    "axb",
    "a&b",
    "&",
    "~",
    "^",
    "]",
    "[",
    "a-",
    "\\",
    "\"",
    "a b",
    "a\u{a0}b",
    "\t",
    "a\nb",
    "\n",
    "\u{b}",
    "{",
    "a{2}",
    "aa",
    "aaa",
    "a{,2}",
    "a|b",
    "(a)",
    "$",
    "1",
    "01",
    "<a>",
    "ß",
    "日本",
    "😀",
    "Ω",
    "ω",
    "α",
    "İ",
    "host-1:9100",
    "+",
    "*",
    "?",
    "--",
    "\u{85}",
    "\u{2028}",
];

/// Whole expressions: each a place where Go's syntax is not that of other engines.
const KNOWN: &[&str] = &[
    r"\w+",
    r"\W+",
    r"\d+",
    r"\s",
    r"\S+",
    r"[\w.-]+",
    r"[^\w]",
    r"[^\W]+",
    "[[]fd00::1[]]:9100",
    "[[]::1[]]",
    r"\Qa.b\E",
    r"\Qa.b\E+",
    r"\Qa.b",
    r"\Q[\E.*",
    r"\<a\>",
    "a{,2}",
    "a{2}",
    "a{",
    "{",
    "[a&&b]+",
    "[+--]",
    "[]a]",
    "[^]a]",
    "[~~]",
    "[[]",
    "[a-]",
    "a-",
    "(?i)k",
    "(?i)S",
    "(?i)[k-s]+",
    "(?i:a)b",
    "a(?i)B",
    "(?s).+",
    ".+",
    "(?m)a$\n^b",
    r"a\b.*",
    r"\Bb",
    r"a\B.",
    r".*\b",
    "a**",
    "a+*",
    "*a",
    "a)|(b",
    "a)(b",
    "(a",
    "a)",
    r"\1",
    r"\q",
    r"\_",
    r"\-",
    r"\x41",
    r"\x{212a}",
    r"\101",
    r"\8",
    r"\pL+",
    r"\p{Greek}",
    r"\P{Greek}+",
    r"\p{^L}",
    r"[\p{Lu}\d]",
    r"[[:alpha:]]+",
    "[[:^alpha:]]",
    "[[:word:]]+",
    "[[:nope:]]",
    "(?P<x>a)",
    "(?=a)",
    "(?x)a",
    "a{1001}",
    "(a{100}){100}",
    "a{3,2}",
    "[b-a]",
    "",
    "|a",
    "a||b",
    "(|a)+",
    "(?i-s)A",
    "(?-i)a",
    "(?)a",
    "(?-)a",
    r"\z",
    r"\Aa\z",
    "^a$",
    "$",
    r"[\Qa\E]",
    r"[\b]",
    r"\C",
    r"\pX",
    r"[\x00-\x{10FFFF}]",
    r"[^\x00-\x{10FFFF}]",
    r"[\x{D000}-\x{DFFF}]",
    r"\x{D800}",
    "a{0}b",
    "a??",
    "a+?b",
    "a{2}?",
    "🙂|😀",
];

/// Parts that expressions are made of.
const PARTS: &[&str] = &[
    "a",
    "b",
    "k",
    ".",
    "ü",
    r"\w",
    r"\W",
    r"\d",
    r"\D",
    r"\s",
    r"\S",
    r"\b",
    r"\B",
    "[",
    "]",
    "[a",
    "[^",
    "[[:alpha:]]",
    "[[:punct:]]",
    r"[\w-]",
    r"[^\d]",
    "[a-c]",
    "[]-b]",
    "[[-a]",
    "(",
    ")",
    "(?:",
    "(?i)",
    "(?i:",
    "(?s)",
    "(?m)",
    "(?-i)",
    "|",
    "*",
    "+",
    "?",
    "{",
    "{2}",
    "{1,2}",
    "{,2}",
    "}",
    "^",
    "$",
    r"\A",
    r"\z",
    r"\Q",
    r"\E",
    r"\.",
    r"\[",
    r"\]",
    r"\-",
    r"\<",
    r"\pL",
    r"\p{Lu}",
    r"\PN",
    r"\x41",
    r"\x{fc}",
    r"\101",
    r"\n",
    r"\t",
    "-",
    "&&",
    "~",
    ":",
    ",",
    "1",
    "\n",
    r"\",
    "\"",
];

/// A sequence that is the same in every run.
struct Sequence(u64);

impl Sequence {
    fn below(&mut self, end: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % end
    }
}

fn labels(value: &str) -> BTreeMap<String, String> {
    BTreeMap::from([("alertname".to_owned(), "Dialect".to_owned()), ("v".to_owned(), value.to_owned())])
}

/// Values that the server's own filter lets through; none when it refuses the expression.
async fn asked(http: &reqwest::Client, url: &str, matcher: &Matcher) -> Option<BTreeSet<String>> {
    let request = http.get(format!("{url}/api/v2/alerts")).query(&[("filter", text(matcher))]);
    let reply = request.send().await.unwrap();
    if reply.status() == 400 {
        return None;
    }
    assert!(reply.status().is_success(), "{} for {}", reply.status(), text(matcher));
    let alerts: Vec<Value> = reply.json().await.unwrap();
    Some(alerts.iter().map(|alert| alert["labels"]["v"].as_str().unwrap().to_owned()).collect())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn generated_expressions_match_the_same_alerts_as_in_alertmanager() {
    if let Some(program) = missing(&["prometheus-alertmanager"]) {
        return eprintln!("skipped: {program} is not installed");
    }
    let folder = tempfile::tempdir().unwrap();
    let server = Alertmanager::launch(AlertmanagerOptions {
        folder: folder.path().to_owned(),
        config: QUIET_ALERTMANAGER.to_owned(),
        ..AlertmanagerOptions::default()
    })
    .await
    .unwrap();
    let http = reqwest::Client::new();
    let alerts: Vec<Value> = VALUES
        .iter()
        .map(|value| json!({"labels": labels(value), "endsAt": "2099-01-01T00:00:00Z"}))
        .collect();
    let reply = http.post(format!("{}/api/v2/alerts", server.url())).json(&alerts).send().await.unwrap();
    assert!(reply.status().is_success());
    let any = Matcher { name: "v".into(), value: "(?s).*".into(), is_regex: true, is_equal: true };
    let there = eventually(std::time::Duration::from_secs(30), async || {
        asked(&http, server.url(), &any).await.filter(|found| found.len() == VALUES.len())
    });
    assert!(there.await.is_some());

    let mut sequence = Sequence(17);
    let generated = (0..1_500).map(|_| {
        let length = 1 + sequence.below(6);
        (0..length).map(|_| PARTS[sequence.below(PARTS.len())]).collect::<String>()
    });
    let mut expressions: Vec<String> = KNOWN.iter().map(|one| (*one).to_owned()).collect();
    expressions.extend(generated);
    let (mut differ, mut valid) = (Vec::new(), 0);
    for value in expressions {
        let matcher = Matcher { name: "v".into(), value, is_regex: true, is_equal: true };
        let theirs = asked(&http, server.url(), &matcher).await;
        let ours = Compiled::new(&matcher).ok().map(|compiled| {
            let hit = |value: &&&str| compiled.matches(&labels(value));
            VALUES.iter().filter(hit).map(|value| (*value).to_owned()).collect::<BTreeSet<_>>()
        });
        valid += usize::from(theirs.is_some());
        if ours != theirs {
            differ.push(format!("{:?}: here {ours:?}, there {theirs:?}", matcher.value));
        }
    }
    assert!(differ.is_empty(), "{} differ:\n{}", differ.len(), differ.join("\n"));
    assert!(valid > 500, "only {valid} expressions were valid");
}
