//! `alerts`: the list, most urgent first.

use aether_contract::{
    AlertCounts, AlertRow, AlertState, AlertsPage, AlertsRequest, AlertsSummary, ErrorCode, PanelError,
    Severity,
};
use aether_panel::Panel;
use serde_json::Value;

use super::{polled, unread};
use crate::{
    args::State,
    human::{amount, count, moment, now, plain, plain_lines, span},
    outcome::Outcome,
    table::{Cell, Style, cell, painted, table},
};

/// Largest page that the panel returns, in rows.
const PAGE: u32 = 500;
/// Row limit if `--limit` is not given.
pub const DEFAULT_LIMIT: u32 = 100;

/// Reads the alerts that match.
pub async fn alerts(
    panel: &Panel,
    filter: &[String],
    states: &[State],
    limit: u32,
    csv: bool,
) -> Result<Outcome, PanelError> {
    polled(panel).await?;
    let request = AlertsRequest { limit: limit.min(PAGE), ..request(filter, states) };
    let states = request.states.clone();
    let mut page = panel.alerts_page(request.clone()).await?;
    while page.rows.len() < page.total.min(limit) as usize {
        let offset = u32::try_from(page.rows.len()).unwrap_or(u32::MAX);
        let next = AlertsRequest { offset, limit: (limit - offset).min(PAGE), ..request.clone() };
        let more = panel.alerts_page(next).await?.rows;
        if more.is_empty() {
            break;
        }
        page.rows.extend(more);
    }

    let found = if states.is_empty() || states.contains(&AlertState::Firing) {
        findings(&page.counts)
    } else {
        Vec::new()
    };
    let text = if csv { comma_separated(&page.rows)? } else { text(&page) };
    let mut outcome = Outcome { bare: csv, ..Outcome::new(&page, text)? };
    if let Value::Object(map) = &mut outcome.data {
        map.insert("findings".into(), found.clone().into());
    }
    outcome.findings = found;
    outcome.fail(unread(&page.freshness).as_ref());
    outcome.fail(unread(&page.pending_freshness).as_ref());
    Ok(outcome)
}

fn comma_separated(rows: &[AlertRow]) -> Result<String, PanelError> {
    let mut out = Vec::new();
    aether_panel::alerts::export::csv(&mut out, rows).map_err(|error| {
        PanelError::new(ErrorCode::Internal, "aetherctl", format!("Failed to write the alert list: {error}"))
    })?;
    // A terminal obeys no label.
    Ok(plain_lines(&String::from_utf8_lossy(&out).replace("\r\n", "\n")))
}

/// Builds the request from filter and states.
pub fn request(filter: &[String], states: &[State]) -> AlertsRequest {
    AlertsRequest {
        filter: filter.join(" "),
        states: states.iter().map(|state| wire(*state)).collect(),
        ..Default::default()
    }
}

/// The most severe alert that matches the filter, after polling the servers.
pub async fn worst(panel: &Panel, filter: &[String]) -> Result<AlertRow, PanelError> {
    polled(panel).await?;
    let page = panel.alerts_page(AlertsRequest { limit: 1, ..request(filter, &[]) }).await?;
    page.rows.into_iter().next().ok_or_else(|| {
        // No list and an empty list are not the same.
        unread(&page.freshness).unwrap_or_else(|| {
            let words = format!("No alert matches {}.", plain(&filter.join(" ")));
            PanelError::new(ErrorCode::NotFound, "alerts", words)
                .with_hint("List alerts with: aetherctl alerts")
        })
    })
}

/// Counts alerts by labels.
pub async fn groups(panel: &Panel, request: AlertsRequest, labels: &[String]) -> Result<Outcome, PanelError> {
    polled(panel).await?;
    let page = panel.alerts_page(AlertsRequest { group_by: labels.to_vec(), ..request }).await?;
    let rows: Vec<Vec<Cell>> = page
        .groups
        .iter()
        .map(|group| {
            let indent = "  ".repeat(group.depth as usize);
            let value = if group.value.is_empty() { "(none)" } else { &group.value };
            let number = |n: u32| cell(if n == 0 { String::new() } else { n.to_string() });
            vec![
                cell(format!("{indent}{}", group.label)),
                cell(value),
                cell(group.total.to_string()),
                number(group.counts.firing),
                number(group.counts.pending),
                number(group.counts.silenced + group.counts.muted),
                number(group.counts.inhibited),
            ]
        })
        .collect();
    let mut out = if rows.is_empty() {
        "No alerts.\n".to_owned()
    } else {
        table(&["LABEL", "VALUE", "ALERTS", "FIRING", "PENDING", "SILENCED", "INHIBITED"], &rows)
    };
    if page.groups.len() < page.groups_total as usize {
        out.push_str(&format!(
            "{} of {} groups shown, most urgent first\n",
            page.groups.len(),
            page.groups_total
        ));
    }
    let mut outcome = Outcome::new(&page.groups, out)?;
    outcome.findings = findings(&page.counts);
    outcome.fail(unread(&page.freshness).as_ref());
    outcome.fail(unread(&page.pending_freshness).as_ref());
    Ok(outcome)
}

/// One sentence for firing and one for undelivered alerts.
pub fn findings(counts: &AlertCounts) -> Vec<String> {
    let mut found = Vec::new();
    if counts.firing > 0 {
        let mut parts = Vec::new();
        for (n, word) in [(counts.critical, "critical"), (counts.warning, "warning"), (counts.other, "other")]
        {
            if n > 0 {
                parts.push(format!("{n} {word}"));
            }
        }
        found.push(format!("{} firing ({})", count(counts.firing, "alert"), parts.join(", ")));
    }
    if counts.undelivered > 0 {
        found.push(format!(
            "{} firing in Prometheus but missing from Alertmanager: no notifications are sent",
            count(counts.undelivered, "alert")
        ));
    }
    found
}

/// One line for `status`.
pub fn summary(alerts: &AlertsSummary) -> String {
    if !alerts.freshness.is_fresh() && !alerts.pending_freshness.is_fresh() {
        return "Alerts       unknown\n".into();
    }
    let c = &alerts.counts;
    let mut parts = vec![format!("{} firing", c.firing), format!("{} pending", c.pending)];
    for (n, word) in [(c.silenced, "silenced"), (c.inhibited, "inhibited"), (c.muted, "muted by time")] {
        if n > 0 {
            parts.push(format!("{n} {word}"));
        }
    }
    // Muted never means well.
    if c.suppressed_critical > 0 {
        parts.push(format!("{} of them critical", c.suppressed_critical));
    }
    format!("Alerts       {}\n", parts.join(", "))
}

pub(super) fn text(page: &AlertsPage) -> String {
    if page.total == 0 {
        let whole = page.freshness.is_fresh() && page.pending_freshness.is_fresh();
        return if whole { "No alerts.\n".into() } else { "No alerts loaded.\n".into() };
    }
    let rows: Vec<Vec<Cell>> = page.rows.iter().map(row).collect();
    let mut out =
        table(&["STATE", "SEVERITY", "ALERT", "TENANT", "FOR", "SINCE", "VALUE", "SUMMARY", "NOTE"], &rows);
    if (page.rows.len() as u64) < u64::from(page.total) {
        out.push_str(&format!("{} of {} shown; use --limit to show more\n", page.rows.len(), page.total));
    }
    out
}

fn row(alert: &AlertRow) -> Vec<Cell> {
    let (state, look) = match alert.state {
        AlertState::Pending => ("pending", Style::Warn),
        AlertState::Firing => ("firing", Style::Bad),
        AlertState::Silenced => ("silenced", Style::Dim),
        AlertState::Inhibited => ("inhibited", Style::Dim),
        AlertState::Muted => ("muted", Style::Dim),
        AlertState::Resolved => ("resolved", Style::Good),
    };
    let named = aether_panel::matching::filter::severity_text(&alert.labels);
    let severity = match alert.severity {
        Severity::Critical => painted(named, Style::Bad),
        Severity::Warning => painted(named, Style::Warn),
        Severity::Info | Severity::Other => cell(named),
    };
    let tenant = match &alert.tenant {
        Some(tenant) if alert.vip => format!("{tenant} (VIP)"),
        Some(tenant) => tenant.clone(),
        None => String::new(),
    };
    let summary = ["summary", "description", "message"].iter().find_map(|key| alert.annotations.get(*key));
    vec![
        painted(state, look),
        severity,
        cell(aether_panel::matching::title(&alert.name, &alert.labels)),
        cell(tenant),
        cell(span(now().millis_since(alert.since))),
        cell(moment(alert.since)),
        cell(value(alert.value, &alert.value_text)),
        cell(summary.map(|text| text.split_whitespace().collect::<Vec<_>>().join(" ")).unwrap_or_default()),
        cell(note(alert)),
    ]
}

/// The value with few digits; Prometheus writes it as `7.462376e+01`.
fn value(value: Option<f64>, text: &str) -> String {
    value.filter(|value| value.is_finite()).map_or_else(|| text.to_owned(), |value| amount(value, ""))
}

fn note(alert: &AlertRow) -> String {
    if !alert.delivered {
        return "not in Alertmanager".into();
    }
    let mut notes = Vec::new();
    if let Some(ack) = &alert.ack {
        notes.push(format!("acknowledged by {}: {}", ack.by, ack.note));
    }
    if let Some(call) = &alert.escalated {
        notes.push(format!("escalated by {}: {}", call.by, call.note));
    }
    if let Some(silence) = alert.silenced_by.first() {
        let until = silence.until.map(|at| format!(" until {}", moment(at))).unwrap_or_default();
        notes.push(format!("by {}{until}: {}", silence.by, silence.comment));
    }
    notes.extend(muted(alert));
    match alert.fires_at {
        Some(at) => notes.push(format!("fires in {}", span(at.millis_since(now())))),
        None if alert.members < alert.members_of => {
            notes.push(format!("on {} of {}", alert.members, count(alert.members_of, "member")));
        }
        None => {}
    }
    notes.join("; ")
}

/// Which time interval mutes it, and who is notified nevertheless.
fn muted(alert: &AlertRow) -> Option<String> {
    let mut intervals: Vec<&str> =
        alert.muted_receivers.iter().flat_map(|muted| &muted.intervals).map(String::as_str).collect();
    intervals.sort_unstable();
    intervals.dedup();
    if intervals.is_empty() {
        return None;
    }
    let intervals = intervals.join(", ");
    if alert.state == AlertState::Muted {
        return Some(format!("muted by time interval {intervals}"));
    }
    let is_muted = |receiver: &str| alert.muted_receivers.iter().any(|muted| muted.receiver == receiver);
    let (muted, notified): (Vec<&str>, Vec<&str>) =
        alert.receivers.iter().map(String::as_str).partition(|receiver| is_muted(receiver));
    Some(format!(
        "{} muted by time interval {intervals}; still notified: {}",
        muted.join(", "),
        notified.join(", ")
    ))
}

fn wire(state: State) -> AlertState {
    match state {
        State::Pending => AlertState::Pending,
        State::Firing => AlertState::Firing,
        State::Silenced => AlertState::Silenced,
        State::Inhibited => AlertState::Inhibited,
        State::Muted => AlertState::Muted,
        State::Resolved => AlertState::Resolved,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_unsuppressed_alerts_are_findings() {
        let quiet = AlertCounts {
            pending: 3,
            silenced: 2,
            inhibited: 1,
            muted: 1,
            resolved: 4,
            ..Default::default()
        };
        assert!(findings(&quiet).is_empty());
        let loud = AlertCounts { firing: 2, critical: 1, other: 1, ..Default::default() };
        assert_eq!(findings(&loud), ["2 alerts firing (1 critical, 1 other)"]);
        let lost = AlertCounts { firing: 1, warning: 1, undelivered: 1, ..Default::default() };
        assert_eq!(findings(&lost).len(), 2);
    }

    #[test]
    fn alert_value_has_no_exponent() {
        assert_eq!(value(Some(74.62376), "7.462376e+01"), "74.6");
        assert_eq!(value(None, "NaN"), "NaN");
    }
}
