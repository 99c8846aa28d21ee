//! `escalation`: running clocks, contacts, and recorded escalations.

use aether_contract::*;
use aether_panel::Panel;

use crate::{
    args::Escalation,
    human::{moment, plain},
    outcome::Outcome,
    table::{Cell, Style, cell, painted, table},
};

/// Runs a subcommand of `escalation`.
pub async fn run(panel: &Panel, verb: &Escalation) -> Result<Outcome, PanelError> {
    let snapshot = super::polled(panel).await?;
    match verb {
        Escalation::List => list(&snapshot),
        Escalation::Mark { id, note, undo, by } => {
            let note = (!undo).then(|| note.clone());
            let request = EscalationMarkRequest { id: id.clone(), note, by: by.clone() };
            let clock = panel.escalation_mark(request).await?;
            let words = if *undo { "Escalation record removed." } else { "Escalation recorded." };
            Outcome::new(&clock, format!("{words}\n"))
        }
    }
}

pub(super) fn list(snapshot: &Snapshot) -> Result<Outcome, PanelError> {
    let rows: Vec<Vec<Cell>> =
        snapshot.escalations.clocks.iter().map(|clock| row(clock, snapshot.at)).collect();
    let text = if rows.is_empty() {
        "No clocks running: nothing to escalate.\n".to_owned()
    } else {
        table(&["", "ALERT", "SINCE", "CALL BY", "CONTACT", "ID"], &rows)
    };
    let mut outcome = Outcome::new(&snapshot.escalations, text)?;
    for clock in snapshot.escalations.clocks.iter().filter(|clock| is_due(clock, snapshot.at)) {
        outcome.find(format!("{}: call {}", plain(&clock.title), plain(&clock.contact.name)));
    }
    outcome.fail(super::unread(&snapshot.alerts.freshness).as_ref());
    Ok(outcome)
}

fn is_due(clock: &EscalationClock, now: Timestamp) -> bool {
    !clock.is_settled() && clock.due_at <= now
}

fn row(clock: &EscalationClock, now: Timestamp) -> Vec<Cell> {
    let stands = if clock.escalated.is_some() {
        painted("escalated", Style::Good)
    } else if clock.is_settled() {
        painted("acknowledged", Style::Good)
    } else if clock.latest_at <= now {
        painted("overdue", Style::Bad)
    } else if clock.due_at <= now {
        painted("due", Style::Bad)
    } else {
        painted("running", Style::Dim)
    };
    let tenant = clock.tenant.as_ref().map(|tenant| format!(", {tenant}")).unwrap_or_default();
    let mail =
        if clock.contact.mail.is_empty() { String::new() } else { format!(" ({})", clock.contact.mail) };
    vec![
        stands,
        cell(format!("{}{tenant}", clock.title)),
        cell(moment(clock.since)),
        cell(moment(clock.latest_at)),
        cell(format!("{}{mail}", clock.contact.name)),
        cell(&clock.id),
    ]
}
