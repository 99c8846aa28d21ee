//! `ack`: acknowledges an alert.

use aether_contract::*;
use aether_panel::Panel;

use super::alerts;
use crate::{human::plain, outcome::Outcome};

/// Acknowledges the most severe alert that matches the filter; without a note, removes the acknowledgment.
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
    let name = plain(&format!("{}{about}", aether_panel::matching::title(&row.name, &row.labels)));
    let text = match &row.ack {
        Some(ack) => format!("{} acknowledged {name}. The alert is not silenced.\n", plain(&ack.by)),
        None => format!("Acknowledgment of {name} removed.\n"),
    };
    Outcome::new(&row, text)
}
