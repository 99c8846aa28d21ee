//! `ack`: says that somebody is on an alert.

use aether_contract::*;
use aether_panel::Panel;

use super::alerts;
use crate::{human::plain, outcome::Outcome};

/// Acknowledges the worst alert that the filter picks out; without a note takes that back.
pub async fn ack(
    panel: &Panel,
    filter: &[String],
    note: Option<&str>,
    by: &str,
) -> Result<Outcome, PanelError> {
    let row = alerts::worst(panel, filter).await?;
    let request =
        AlertAckRequest { fingerprint: row.fingerprint, note: note.map(str::to_owned), by: by.to_owned() };
    let row = panel.alert_acknowledge(request).await?;
    let about = row.tenant.as_ref().map(|tenant| format!(", {tenant}")).unwrap_or_default();
    let name = plain(&format!("{}{about}", row.name));
    let text = match &row.ack {
        Some(ack) => format!("{} is on {name}. It silences nothing.\n", plain(&ack.by)),
        None => format!("Nobody is on {name} any more.\n"),
    };
    Outcome::new(&row, text)
}
