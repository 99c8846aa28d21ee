//! A rule is evaluated well within its interval. Page: `docs/checks/cost.md`. Needs a server.

use aether_contract::{FindingSeverity, RuleFinding};

use super::{Subject, finding};
use aether_foundation::units;

/// Share of the interval from which on a single rule is too dear.
const DEAR: f64 = 0.5;

pub(super) fn check(subject: &Subject<'_>, findings: &mut Vec<RuleFinding>) {
    let key = (subject.group.to_owned(), subject.rule.name.clone());
    let Some((took, interval)) = subject.facts.times.get(&key).copied() else { return };
    if interval > 0.0 && took > interval * DEAR {
        let severity = if took >= interval { FindingSeverity::Error } else { FindingSeverity::Warning };
        findings.push(finding(
            "cost",
            severity,
            format!(
                "Its evaluation took {}, {} of the interval.",
                units::amount(took, "s"),
                units::percent(took / interval * 100.0)
            ),
            "A group that takes longer than its interval skips evaluations: alerts are late and series \
                have gaps.",
            "Record an intermediate series, shorten the range, or increase the group's interval.",
        ));
    }
}
