//! The order of alerts by urgency, and their counts.

use std::cmp::Ordering;

use aether_contract::{AlertCounts, AlertRow, AlertState, Severity};

/// Adds one alert to the counts.
pub fn count(counts: &mut AlertCounts, row: &AlertRow) {
    match row.state {
        AlertState::Pending => counts.pending += 1,
        AlertState::Firing => {
            counts.firing += 1;
            match row.severity {
                Severity::Critical => counts.critical += 1,
                Severity::Warning => counts.warning += 1,
                Severity::Info | Severity::Other => counts.other += 1,
            }
            counts.vip += u32::from(row.vip);
        }
        AlertState::Silenced => counts.silenced += 1,
        AlertState::Inhibited => counts.inhibited += 1,
        AlertState::Muted => counts.muted += 1,
        AlertState::Resolved => counts.resolved += 1,
    }
    if is_suppressed(row.state) {
        counts.suppressed_critical += u32::from(row.severity == Severity::Critical);
        counts.suppressed_warning += u32::from(row.severity == Severity::Warning);
    }
    counts.undelivered += u32::from(!row.delivered);
}

/// Whether an alert in this state fires and notifies nobody.
pub fn is_suppressed(state: AlertState) -> bool {
    matches!(state, AlertState::Silenced | AlertState::Inhibited | AlertState::Muted)
}

/// State, severity, VIP, age, then name and identity so that the order never wavers between polls.
pub fn by_urgency(a: &AlertRow, b: &AlertRow) -> Ordering {
    state_rank(a.state)
        .cmp(&state_rank(b.state))
        .then(severity_rank(a.severity).cmp(&severity_rank(b.severity)))
        .then(b.vip.cmp(&a.vip))
        .then(a.since.cmp(&b.since))
        .then_with(|| a.name.cmp(&b.name))
        .then_with(|| a.fingerprint.cmp(&b.fingerprint))
}

/// Place of a state in the order by urgency: firing first.
pub fn state_rank(state: AlertState) -> u8 {
    match state {
        AlertState::Firing => 0,
        AlertState::Pending => 1,
        AlertState::Silenced => 2,
        AlertState::Inhibited => 3,
        AlertState::Muted => 4,
        AlertState::Resolved => 5,
    }
}

/// Place of a severity in the order by urgency: critical first.
pub fn severity_rank(severity: Severity) -> u8 {
    match severity {
        Severity::Critical => 0,
        Severity::Warning => 1,
        Severity::Info => 2,
        Severity::Other => 3,
    }
}
