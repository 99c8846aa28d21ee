//! Maintenance windows as text.

use aether_contract::{MaintenanceWindow, Matcher, MemberCheck, SilenceState, WindowPhase};

use crate::{
    human::plain,
    table::{Cell, Style, cell, table},
};

pub fn finding(window: &MaintenanceWindow) -> Option<String> {
    let reason = plain(&window.reason);
    let (on, of) = (
        window.members.iter().filter(|m| m.state == Some(SilenceState::Active)).count(),
        window.members.len(),
    );
    match window.phase {
        WindowPhase::Partial => Some(format!("Window {reason:?} is on {on} of {of} members only")),
        WindowPhase::Lost => {
            Some(format!("Window {reason:?} is missing on every member: alerts are not muted"))
        }
        WindowPhase::Asked | WindowPhase::Accepted => {
            Some(format!("Window {reason:?} is not verified on every member"))
        }
        WindowPhase::Verified | WindowPhase::Scheduled | WindowPhase::Ended => None,
    }
}

pub fn members(checks: &[MemberCheck]) -> String {
    let rows: Vec<Vec<Cell>> = checks
        .iter()
        .map(|check| {
            let state = match check.state {
                Some(SilenceState::Active) => "active",
                Some(SilenceState::Pending) => "pending",
                Some(SilenceState::Expired) => "expired",
                None if check.error.is_empty() => "missing",
                None => "unreachable",
            };
            vec![cell(&check.url), cell(state), cell(&check.error)]
        })
        .collect();
    if rows.is_empty() { String::new() } else { table(&["MEMBER", "STATE", "ERROR"], &rows) }
}

/// Matchers in Alertmanager's syntax.
pub fn matchers(matchers: &[Matcher]) -> String {
    let one = |m: &Matcher| {
        let operator = match (m.is_equal, m.is_regex) {
            (true, false) => "=",
            (false, false) => "!=",
            (true, true) => "=~",
            (false, true) => "!~",
        };
        plain(&format!("{}{operator}{:?}", m.name, m.value))
    };
    matchers.iter().map(one).collect::<Vec<_>>().join(", ")
}

pub fn phase(phase: WindowPhase) -> (&'static str, Style) {
    match phase {
        WindowPhase::Asked => ("requested", Style::Warn),
        WindowPhase::Accepted => ("accepted, not verified", Style::Warn),
        WindowPhase::Verified => ("active, verified", Style::Good),
        WindowPhase::Partial => ("on some members only", Style::Warn),
        WindowPhase::Scheduled => ("scheduled", Style::None),
        WindowPhase::Lost => ("lost", Style::Bad),
        WindowPhase::Ended => ("ended", Style::Dim),
    }
}
