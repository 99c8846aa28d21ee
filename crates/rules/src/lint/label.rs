//! Templates use labels that the alert has. Page: `docs/checks/label.md`.

use std::{collections::BTreeSet, sync::LazyLock};

use aether_contract::{FindingSeverity, RuleFinding};
use regex::Regex;

use super::{Subject, finding};
use crate::{file::FileRule, labels};

/// `$labels.name` and `index $labels "name"`, and `.Labels.name`.
static USE: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(r#"(?:\$labels|\.Labels)\.([a-zA-Z_][a-zA-Z0-9_]*)|index\s+\$labels\s+"([^"]+)""#).ok()
});

/// Labels that the templates of a rule use.
pub(super) fn named(rule: &FileRule) -> BTreeSet<String> {
    let Some(pattern) = USE.as_ref() else { return BTreeSet::new() };
    rule.labels
        .values()
        .chain(rule.annotations.values())
        .flat_map(|text| pattern.captures_iter(text))
        .filter_map(|found| found.get(1).or_else(|| found.get(2)).map(|name| name.as_str().to_owned()))
        .collect()
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
