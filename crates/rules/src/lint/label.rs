//! Templates use labels that the alert has. Page: `docs/checks/label.md`.

use std::{collections::BTreeSet, sync::LazyLock};

use aether_contract::{FindingSeverity, RuleFinding};
use regex::Regex;

use super::{Subject, finding};
use crate::{file::FileRule, labels};

/// An action of a template.
static ACTION: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(r"(?s)\{\{-?\s*(.*?)\s*-?\}\}").ok());
/// `$labels.name` and `index $labels "name"`, and `.Labels.name` with what stands before it.
static USE: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(
        r#"\$labels\.([a-zA-Z_][a-zA-Z0-9_]*)|index\s+\$labels\s+"([^"]+)"|(^|.)\.Labels\.([a-zA-Z_][a-zA-Z0-9_]*)"#,
    )
    .ok()
});

/// Labels that the templates of a rule use.
pub(super) fn named(rule: &FileRule) -> BTreeSet<String> {
    rule.labels
        .values()
        .chain(rule.annotations.values())
        .filter(|text| text.contains("{{"))
        .flat_map(|text| used(text))
        .collect()
}

/// Labels of the alert that a template uses. Within `range` and `with`, the dot is something else: a row of a query.
fn used(text: &str) -> BTreeSet<String> {
    let (Some(action), Some(pattern)) = (ACTION.as_ref(), USE.as_ref()) else { return BTreeSet::new() };
    let mut found = BTreeSet::new();
    let mut open: Vec<bool> = Vec::new();
    for action in action.captures_iter(text).filter_map(|found| found.get(1)) {
        let action = action.as_str();
        let keyword = action.split_whitespace().next().unwrap_or_default();
        let moved = open.contains(&true);
        for hit in pattern.captures_iter(action) {
            let plain = hit.get(1).or_else(|| hit.get(2));
            // `$x.Labels` and `(…).Labels` are those of something else; `$.Labels` is the alert again.
            let before = hit.get(3).map_or("", |before| before.as_str());
            let own = if before == "$" {
                true
            } else {
                !moved && (before.is_empty() || before == " " || before == "(")
            };
            found.extend(plain.or_else(|| hit.get(4).filter(|_| own)).map(|name| name.as_str().to_owned()));
        }
        match keyword {
            "range" | "with" => open.push(true),
            "if" | "define" | "block" => open.push(false),
            "end" => drop(open.pop()),
            _ => {}
        }
    }
    found
}

pub(super) fn check(subject: &Subject<'_>, findings: &mut Vec<RuleFinding>) {
    let Some(expr) = subject.expr.filter(|_| subject.rule.alerting) else { return };
    let has = labels::of(expr, subject.known);
    // The rule's own labels are not there yet when templates are filled.
    let lacking: Vec<String> =
        subject.named.iter().filter(|label| !has.can(label)).map(|label| format!("`{label}`")).collect();
    if !lacking.is_empty() {
        findings.push(finding(
            "label",
            FindingSeverity::Warning,
            format!("A template uses {}, which the expression's series never have.", lacking.join(", ")),
            "The alert text has a blank where the on-call engineer looks for the affected object.",
            "Keep the label in the expression (sum by (…)), or remove it from the text.",
        ));
    }
}
