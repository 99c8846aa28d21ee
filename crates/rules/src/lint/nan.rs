//! No value is spoilt by 0 / 0. Page: `docs/checks/nan.md`.

use aether_contract::{FindingSeverity, RuleFinding};

use super::{Subject, finding};
use crate::nan::nan_sources;

pub(super) fn check(subject: &Subject<'_>, findings: &mut Vec<RuleFinding>) {
    let Some(expr) = subject.expr else { return };
    for problem in nan_sources(expr, subject.known) {
        findings.push(finding(
            "nan",
            FindingSeverity::Warning,
            format!("It divides by a rate that can be 0, and 0 / 0 is NaN: {problem}."),
            "At night, one tenant without traffic is enough: an alert aggregated over all tenants goes \
                silent, or one with != fires, without any visible reason.",
            "Drop series without traffic before aggregating (… / … >= 0, or divide by (… > 0)), or divide \
                the sums: sum(a) / sum(b).",
        ));
    }
}
