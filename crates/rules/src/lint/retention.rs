//! No window is longer than what the server keeps. Page: `docs/checks/retention.md`. Needs a server.

use aether_contract::{FindingSeverity, RuleFinding};
use promql_parser::{parser::Expr, util::display_duration};

use super::{Subject, finding};
use aether_foundation::promql::walk::walk;

pub(super) fn check(subject: &Subject<'_>, findings: &mut Vec<RuleFinding>) {
    let (Some(expr), Some(retention)) = (subject.expr, subject.facts.retention_s) else { return };
    let mut longest = std::time::Duration::ZERO;
    walk(expr, &mut |part| match part {
        Expr::MatrixSelector(matrix) => longest = longest.max(matrix.range),
        Expr::Subquery(sub) => longest = longest.max(sub.range),
        _ => {}
    });
    if longest.as_secs_f64() > retention {
        let kept = std::time::Duration::from_secs_f64(retention.clamp(0.0, 1e12));
        findings.push(finding(
            "retention",
            FindingSeverity::Info,
            format!(
                "Its range is {}, but the server keeps only {}.",
                display_duration(&longest),
                display_duration(&kept)
            ),
            "Data older than the retention is deleted, so increase() over the range returns less than \
                expected.",
            "Increase --storage.tsdb.retention.time, or extrapolate from the period actually covered, as \
                the pack's cost rule does.",
        ));
    }
}
