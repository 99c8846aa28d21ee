//! The series that a rule reads exist. Page: `docs/checks/series.md`. Needs a server.

use aether_contract::{FindingSeverity, RuleFinding};

use super::{Subject, finding};
use crate::series_metadata::inputs;

pub(super) fn check(subject: &Subject<'_>, findings: &mut Vec<RuleFinding>) {
    let (Some(expr), Some(series)) = (subject.expr, &subject.facts.series) else { return };
    // `absent(x)` is about series that are not there.
    if subject.rule.expression.contains("absent") {
        return;
    }
    let missing: Vec<String> = inputs(expr)
        .into_iter()
        .filter(|name| name != "ALERTS" && name != "ALERTS_FOR_STATE" && !series.contains_key(name))
        .map(|name| format!("`{name}`"))
        .collect();
    if !missing.is_empty() {
        let verb = if missing.len() == 1 { "does" } else { "do" };
        findings.push(finding(
            "series",
            FindingSeverity::Warning,
            format!("{} {verb} not exist on the server now.", missing.join(", ")),
            "A rule on a missing series returns nothing: an alert never fires, and a recorded series has \
                gaps.",
            "Check for a typo or a target that is down. A counter that has never been incremented does \
                not exist either.",
        ));
    }
}
