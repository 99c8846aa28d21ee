//! Rule files in the styles of public projects: an edit leaves every byte outside of the value that it changes.

use aether_foundation::promql::expression;

use super::*;
use crate::file::{self, FileRule};

fn style(name: &str) -> String {
    std::fs::read_to_string(format!("{}/../../tests/rule-files/{name}", env!("CARGO_MANIFEST_DIR"))).unwrap()
}

/// Every style, each with the line breaks of both worlds, and one that begins with a mark of its encoding.
fn styles() -> Vec<(String, String)> {
    let mut all = Vec::new();
    for name in ["mixin.yaml", "generated.yaml", "collection.yml", "by-hand.yml", "tabs.yml"] {
        let text = style(name);
        all.push((format!("{name} with CRLF"), text.replace('\n', "\r\n")));
        all.push((name.to_owned(), text));
    }
    all.push(("mixin.yaml with a byte order mark".to_owned(), format!("\u{feff}{}", style("mixin.yaml"))));
    all.push((
        "generated.yaml without a last line break".to_owned(),
        style("generated.yaml").trim_end().to_owned(),
    ));
    all
}

/// What is between the begin and the end that two texts have in common, of either.
fn between<'a>(before: &'a str, after: &'a str) -> (&'a str, &'a str) {
    let head: usize = before
        .char_indices()
        .zip(after.chars())
        .take_while(|((_, a), b)| a == b)
        .map(|((_, a), _)| a.len_utf8())
        .sum();
    let (a, b) = (&before[head..], &after[head..]);
    let tail: usize =
        a.chars().rev().zip(b.chars().rev()).take_while(|(a, b)| a == b).map(|(a, _)| a.len_utf8()).sum();
    (&a[..a.len() - tail], &b[..b.len() - tail])
}

/// The bytes of a rule: from its name on, up to the next rule.
fn span(text: &str, names: &[&str], name: &str) -> Range<usize> {
    let at = |name: &str| {
        ["alert", "record"]
            .iter()
            .flat_map(|key| {
                [format!("{key}: {name}"), format!("\"{key}\": \"{name}\""), format!("{key}: \"{name}\"")]
            })
            .find_map(|head| text.find(&head))
            .unwrap()
    };
    // A rule begins with the dash of its list, which may stand before its name, and on a line of its own.
    let dash = |name: &str| {
        let head = &text[..at(name)];
        let lines = head.rmatch_indices('\n').map(|(at, _)| at + 1);
        lines.into_iter().find(|&line| text[line..].trim_start_matches(' ').starts_with('-')).unwrap()
    };
    let index = names.iter().position(|one| *one == name).unwrap();
    let begin = dash(name);
    let end = names.get(index + 1).map_or(text.len(), |next| dash(next));
    begin..end
}

fn edits(rule: &FileRule) -> Vec<Set> {
    let mut all = vec![
        Set::Hold("17m".into()),
        Set::Label("severity".into(), Some("page #1: \"now\"".into())),
        Set::Label("added".into(), Some("yes".into())),
        Set::Annotation("summary".into(), Some("It's 100 % \\ {{ $value }}".into())),
        Set::Expr(format!("{}\nunless on () vector(0) > 1", rule.expression.trim_end())),
    ];
    all.extend(
        expression::condition(&rule.expression).map(|found| Set::Threshold(found.threshold + 1.5, None)),
    );
    all
}

#[test]
fn rule_files_in_the_styles_of_public_projects_survive_an_edit_byte_for_byte() {
    let (mut done, mut refused) = (0, Vec::new());
    for (style, text) in styles() {
        let before = file::read(&text).unwrap();
        let rules: Vec<&FileRule> = before.groups.iter().flat_map(|group| &group.rules).collect();
        let names: Vec<&str> = rules.iter().map(|rule| rule.name.as_str()).collect();
        for (index, rule) in rules.iter().enumerate() {
            for set in edits(rule) {
                let one = Edit { group: String::new(), name: rule.name.clone(), set };
                let after = match edit(&text, std::slice::from_ref(&one)) {
                    Ok(after) => after,
                    Err(why) => {
                        refused.push(format!("{style}: {} {:?}: {why}", rule.name, one.set));
                        continue;
                    }
                };
                done += 1;
                let (gone, put) = between(&text, &after);
                let span = span(&text, &names, &rule.name);
                assert!(
                    after.starts_with(&text[..span.start]) && after.ends_with(&text[span.end..]),
                    "{style}: {one:?} changed {gone:?} into {put:?}"
                );
                assert_eq!(text.contains("\r\n"), after.contains("\r\n"), "{style}");
                assert!(
                    !text.contains("\r\n") || !after.replace("\r\n", "").contains('\n'),
                    "{style}: mixed line breaks: {put:?}"
                );
                let now = file::read(&after).unwrap();
                let now: Vec<&FileRule> = now.groups.iter().flat_map(|group| &group.rules).collect();
                assert_eq!(now.len(), rules.len());
                for (other, (a, b)) in rules.iter().zip(&now).enumerate() {
                    let same = (&a.name, &a.expression, a.hold_s, &a.labels, &a.annotations)
                        == (&b.name, &b.expression, b.hold_s, &b.labels, &b.annotations);
                    assert_eq!(same, other != index, "{style}: {one:?} and {}", a.name);
                }
                match &one.set {
                    Set::Hold(_) => assert_eq!(now[index].hold_s, 1020.0),
                    Set::Label(name, value) => assert_eq!(now[index].labels.get(name), value.as_ref()),
                    Set::Annotation(name, value) => {
                        assert_eq!(
                            now[index].annotations.get(name).map(|text| text.trim_end()),
                            value.as_deref()
                        );
                    }
                    Set::Expr(value) => assert_eq!(now[index].expression.trim_end(), value),
                    Set::Threshold(number, _) => {
                        assert_eq!(expression::condition(&now[index].expression).unwrap().threshold, *number);
                        assert!(
                            gone.len() <= 8 && put.len() <= 8,
                            "{style}: only the number: {gone:?} → {put:?}"
                        );
                    }
                }
            }
        }
    }
    // What is refused is refused for a reason that can be understood: braces, aliases, a rule without the part.
    for words in &refused {
        let known = ["braces", "manually", "would be invalid", "not a mapping", "recording rule"];
        assert!(known.iter().any(|why| words.contains(why)), "{words}");
    }
    assert!(done > 180 && refused.len() * 4 < done, "{done} done, {} refused: {refused:#?}", refused.len());
}

#[test]
fn an_aliased_value_is_not_changed_for_two_rules_at_once() {
    let text = style("by-hand.yml");
    for (name, set) in [
        ("CheckoutErrors", Set::Label("severity".into(), Some("ticket".into()))),
        ("CheckoutSlow", Set::Label("severity".into(), Some("ticket".into()))),
        ("CheckoutErrors", Set::Annotation("summary".into(), Some("other".into()))),
    ] {
        let one = Edit { group: String::new(), name: name.into(), set };
        assert!(edit(&text, std::slice::from_ref(&one)).is_err(), "{one:?}");
    }
}

#[test]
fn a_threshold_in_a_folded_value_changes_one_number_and_no_line_break() {
    for (name, rule, number, from, to) in [
        ("generated.yaml", "StoreReloadFailed", 0.0, "      (job) != 1", "      (job) != 0"),
        (
            "by-hand.yml",
            "CheckoutErrors",
            9.0,
            "/ sum(rate(checkout_total[5m])) > 7",
            "/ sum(rate(checkout_total[5m])) > 9",
        ),
        ("by-hand.yml", "CheckoutSlow", 4.0, "> 3  # seconds", "> 4  # seconds"),
        ("collection.yml", "CacheRejectsConnections", 2.0, "don''t\"}[1m]) > 0'", "don''t\"}[1m]) > 2'"),
        ("mixin.yaml", "QueueStuck", 300.0, "[10m]) > 600\"", "[10m]) > 300\""),
        ("tabs.yml", "Größe", 11.0, "\t> 10", "\t> 11"),
    ] {
        let text = style(name);
        let one = Edit { group: String::new(), name: rule.into(), set: Set::Threshold(number, None) };
        assert_eq!(edit(&text, &[one]).unwrap(), text.replacen(from, to, 1), "{name}");
    }
}
