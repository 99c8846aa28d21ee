//! Alertmanager: its running configuration, in which it masks the secrets itself, and its silences.

use aether_clients::Alertmanager;
use aether_contract::{BackupPartKind, PanelError, ServiceKind};

use super::Draft;
use crate::build::Builder;
use aether_context::jobs::Handle;

/// Saves what the first member that answers has.
///
/// # Errors
/// Only such as end the whole backup.
pub async fn save(client: &Alertmanager, builder: &mut Builder, job: &Handle) -> Result<Draft, PanelError> {
    let mut draft = Draft::new(BackupPartKind::Alertmanager, "silences");
    job.stage("configuration and silences", 0);
    job.check()?;
    match client.status().await {
        Ok(status) => {
            draft.version = Some(status.value.version.clone()).filter(|version| !version.is_empty());
            builder.add("alertmanager/config.yml", status.value.config_original.as_bytes())?;
            draft.note(
                "Alertmanager masks the secrets in its configuration; the file in configs/ contains them.",
            );
        }
        Err(error) => draft.fail("The configuration", &error.to_panel(ServiceKind::Alertmanager)),
    }
    match client.silences_document().await {
        Ok(bytes) => {
            let silences: Vec<serde_json::Value> = serde_json::from_slice(&bytes).unwrap_or_default();
            draft.part.count = u32::try_from(silences.len()).unwrap_or(u32::MAX);
            builder.add("alertmanager/silences.json", &bytes)?;
        }
        Err(error) => draft.fail("The silences", &error.to_panel(ServiceKind::Alertmanager)),
    }
    draft.part.bytes = builder.bytes_below("alertmanager/");
    Ok(draft)
}
