//! Maintenance windows as text.

use aether_contract::{
    ClosestValues, MaintenanceWindow, Matcher, MemberCheck, SilenceFinding, SilenceState, WindowPhase,
};

use crate::{
    human::{moment, now, plain, span},
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
        WindowPhase::Unconfirmed => {
            let seen = window.last_seen.map(|at| format!(", last seen {}", moment(at))).unwrap_or_default();
            Some(format!("No Alertmanager member responds; window {reason:?} was verified{seen}"))
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
    let one = |matcher: &Matcher| plain(&aether_panel::matching::matcher::text(matcher));
    matchers.iter().map(one).collect::<Vec<_>>().join(", ")
}

/// Says that nothing matches, with what is close to each matcher.
pub fn no_match(matches_nothing: bool, closest: &[ClosestValues]) -> String {
    if !matches_nothing {
        return String::new();
    }
    let mut out = String::from("Matches no current alert.\n");
    for one in closest {
        let (what, offered) = if one.names.is_empty() {
            ("values of the label", &one.values)
        } else {
            ("label names", &one.names)
        };
        let offered: Vec<String> = offered.iter().map(|value| format!("{:?}", plain(value))).collect();
        let offered = if offered.is_empty() { "none".to_owned() } else { offered.join(", ") };
        out.push_str(&format!("  {} matches none; closest {what}: {offered}\n", plain(&one.matcher)));
    }
    out
}

/// Start and end of a window, the start only while it lies ahead.
pub fn when(window: &MaintenanceWindow) -> String {
    let until = format!("until {}", moment(window.ends_at));
    let to_start = window.starts_at.millis_since(now());
    if to_start <= 0 {
        return format!("{until} ({} left)", span(window.ends_at.millis_since(now())));
    }
    format!("from {} {until} (starts in {})", moment(window.starts_at), span(to_start))
}

/// A silence that deserves a second look, in a sentence.
pub fn risk(finding: &SilenceFinding) -> String {
    let by = plain(&finding.created_by);
    format!(
        "Silence {} by {by}, until {}: {}",
        plain(&finding.silence_id),
        moment(finding.ends_at),
        plain(&finding.text)
    )
}

pub fn phase(phase: WindowPhase) -> (&'static str, Style) {
    match phase {
        WindowPhase::Asked => ("requested", Style::Warn),
        WindowPhase::Accepted => ("accepted, not verified", Style::Warn),
        WindowPhase::Verified => ("active, verified", Style::Good),
        WindowPhase::Unconfirmed => ("verified earlier, unreachable now", Style::Warn),
        WindowPhase::Partial => ("on some members only", Style::Warn),
        WindowPhase::Scheduled => ("scheduled", Style::None),
        WindowPhase::Lost => ("lost", Style::Bad),
        WindowPhase::Ended => ("ended", Style::Dim),
    }
}
