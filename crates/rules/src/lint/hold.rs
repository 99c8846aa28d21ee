//! An alert waits before it fires. Page: `docs/checks/for.md`.

use aether_contract::{FindingSeverity, RuleFinding};

use super::{Subject, comparison::is_heartbeat, finding};

pub(super) fn check(subject: &Subject<'_>, findings: &mut Vec<RuleFinding>) {
    // A heartbeat fires always; waiting is nothing to it.
    let heartbeat = subject.expr.is_some_and(|expr| is_heartbeat(subject.rule, expr));
    if subject.rule.alerting && subject.rule.hold_s <= 0.0 && !heartbeat {
        findings.push(finding(
            "for",
            FindingSeverity::Info,
            "The alert has no `for`: a single evaluation is enough to fire.",
            "One failed scrape or one outlier pages the on-call engineer.",
            "Add a pending period, such as for: 5m, or disable this check if the alert must fire \
                immediately.",
        ));
    }
}
