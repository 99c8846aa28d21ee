//! `alerts --watch`: prints list changes, one per line, until Ctrl+C. With `--json`, each line is an object.

use std::{
    collections::HashMap,
    io::{self, Write},
    time::Duration,
};

use aether_contract::{AlertRow, AlertState, AlertsRequest, PanelError};
use aether_panel::Panel;
use serde_json::json;

use super::polled;
use crate::{
    human::{self, moment, now, plain},
    outcome::Outcome,
    table::{Style, paint},
};

/// Largest page that the panel returns, in rows.
const PAGE: u32 = 500;

/// A change to an alert between two polls.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Change {
    /// Its current state; none if it is no longer listed.
    pub(super) state: Option<AlertState>,
    pub(super) row: AlertRow,
}

/// Polls every `every` seconds until Ctrl+C.
pub async fn watch(
    panel: &Panel,
    request: AlertsRequest,
    every: u32,
    json: bool,
) -> Result<Outcome, PanelError> {
    let mut known: HashMap<String, AlertRow> = HashMap::new();
    let mut unreachable = false;
    loop {
        polled(panel).await?;
        let (rows, error) = all(panel, &request).await?;
        match error {
            // A list that is old says nothing about what has ended.
            Some(error) if !unreachable => {
                unreachable = true;
                let _ = writeln!(io::stderr(), "{} {}", moment(now()), plain(&error.message));
            }
            Some(_) => {}
            None => {
                unreachable = false;
                for change in changes(&mut known, rows) {
                    if tell(&change, json).is_err() {
                        // Nobody reads any more.
                        return Ok(Outcome::default());
                    }
                }
            }
        }
        tokio::select! {
            ended = tokio::signal::ctrl_c() => {
                return match ended {
                    Ok(()) => Ok(Outcome::default()),
                    Err(error) => Err(PanelError::new(aether_contract::ErrorCode::Internal, "aetherctl",
                        error.to_string())),
                };
            }
            () = tokio::time::sleep(Duration::from_secs(u64::from(every))) => {}
        }
    }
}

/// All matching rows, and an error if they are stale.
async fn all(
    panel: &Panel,
    request: &AlertsRequest,
) -> Result<(Vec<AlertRow>, Option<PanelError>), PanelError> {
    let mut rows = Vec::new();
    loop {
        let offset = u32::try_from(rows.len()).unwrap_or(u32::MAX);
        let page = panel.alerts_page(AlertsRequest { offset, limit: PAGE, ..request.clone() }).await?;
        let (total, got) = (page.total, page.rows.len());
        rows.extend(page.rows);
        if got == 0 || rows.len() >= total as usize {
            let error = page.freshness.error().or(page.pending_freshness.error()).cloned();
            return Ok((rows, error));
        }
    }
}

/// New, changed and removed alerts, in list order.
fn changes(known: &mut HashMap<String, AlertRow>, rows: Vec<AlertRow>) -> Vec<Change> {
    let mut before = std::mem::take(known);
    let mut out = Vec::new();
    for row in rows {
        let old = before.remove(&row.fingerprint.0);
        if old.is_none_or(|old| old.state != row.state || old.since != row.since) {
            out.push(Change { state: Some(row.state), row: row.clone() });
        }
        known.insert(row.fingerprint.0.clone(), row);
    }
    let mut gone: Vec<AlertRow> = before.into_values().collect();
    gone.sort_by(|a, b| a.name.cmp(&b.name).then_with(|| a.fingerprint.cmp(&b.fingerprint)));
    out.extend(gone.into_iter().map(|row| Change { state: None, row }));
    out
}

fn tell(change: &Change, as_json: bool) -> io::Result<()> {
    if as_json {
        let mut out = io::stdout().lock();
        writeln!(out, "{}", json_line(change))?;
        return out.flush();
    }
    let mut out = anstream::stdout().lock();
    writeln!(out, "{}", human::terminal(&line(change)))?;
    out.flush()
}

fn state(change: &Change) -> (&'static str, Style) {
    match change.state {
        Some(AlertState::Firing) => ("firing", Style::Bad),
        Some(AlertState::Pending) => ("pending", Style::Warn),
        Some(AlertState::Silenced) => ("silenced", Style::Dim),
        Some(AlertState::Inhibited) => ("inhibited", Style::Dim),
        Some(AlertState::Muted) => ("muted", Style::Dim),
        Some(AlertState::Resolved) => ("resolved", Style::Good),
        None => ("gone", Style::Good),
    }
}

/// The change as JSON.
pub(super) fn json_line(change: &Change) -> String {
    let line = json!({"at": now(), "state": state(change).0, "alert": change.row});
    human::json(&line.to_string())
}

/// The change as text.
pub(super) fn line(change: &Change) -> String {
    let (word, look) = state(change);
    let row = &change.row;
    let name = aether_panel::matching::title(&row.name, &row.labels);
    let tenant = row.tenant.as_deref().map(|tenant| format!(" {}", plain(tenant))).unwrap_or_default();
    let vip = if row.vip { " (VIP)" } else { "" };
    let summary = row.annotations.get("summary").map(|text| format!("  {}", plain(text))).unwrap_or_default();
    format!("{}  {:<9}  {}{tenant}{vip}{summary}", moment(now()), paint(word, look), plain(&name))
}

#[cfg(test)]
mod tests {
    use aether_contract::{AlertFingerprint, Severity, Timestamp};

    use super::*;

    fn row(id: &str, state: AlertState) -> AlertRow {
        serde_json::from_value(json!({
            "fingerprint": AlertFingerprint(id.into()), "name": id, "severity": Severity::Critical, "state": state,
            "tenant": null, "vip": false, "labels": {}, "annotations": {}, "since": Timestamp(5), "firesAt": null,
            "value": null, "valueText": "", "receivers": [], "silencedBy": [], "inhibitedBy": [], "links": [],
            "delivered": true, "members": 1, "membersOf": 1, "escalatesAt": null, "ack": null,
        }))
        .unwrap()
    }

    #[test]
    fn only_what_changed_between_two_looks_is_told() {
        let mut known = HashMap::new();
        let told = |known: &mut _, rows| -> Vec<(String, Option<AlertState>)> {
            changes(known, rows).into_iter().map(|change| (change.row.name, change.state)).collect()
        };
        use AlertState::{Firing, Pending, Silenced};
        let first = told(&mut known, vec![row("a", Firing), row("b", Pending)]);
        assert_eq!(first, [("a".into(), Some(Firing)), ("b".into(), Some(Pending))]);
        assert_eq!(told(&mut known, vec![row("a", Firing), row("b", Pending)]), []);
        let third = told(&mut known, vec![row("a", Silenced), row("c", Firing)]);
        assert_eq!(third, [("a".into(), Some(Silenced)), ("c".into(), Some(Firing)), ("b".into(), None)]);
    }
}
