//! Grafana is well, has the dashboard with its panels, and a data source for them.

use aether_foundation::text::plural;
use std::sync::Arc;

use aether_backup::dashboard::{document, outline};
use aether_contract::{PanelError, ServiceKind};
use serde_json::Value;

use super::{CheckContext, CheckOutcome};

/// Titles of a dashboard's panels: one a gauge.
fn panels(dashboard: &Value) -> Vec<String> {
    let panels = outline(dashboard).into_iter().filter(|panel| panel.kind != "row");
    panels.map(|panel| if panel.title.is_empty() { "(untitled)".to_owned() } else { panel.title }).collect()
}

/// Health and dashboard; with `sources` the data source too.
///
/// # Errors
/// Grafana's codes.
pub async fn dashboard(scene: &Arc<CheckContext>, sources: bool) -> Result<CheckOutcome, PanelError> {
    let profile = &scene.live.profile;
    if profile.grafana.urls.is_empty() {
        return Ok(CheckOutcome::skipped(
            "This stack has no Grafana.",
            "Set its address in Settings, Stacks.",
        ));
    }
    let told = |error: aether_clients::ClientError| error.to_panel(ServiceKind::Grafana);
    let client = scene.live.clients.grafana().await?;
    let health = client.health().await.map_err(told)?.value;
    let mut lines = vec![format!("/api/health: database {}", health.database)];
    if health.database != "ok" {
        return Ok(CheckOutcome::fail("Grafana’s database is unhealthy.", lines, "Check Grafana’s log."));
    }
    if sources {
        let all = client.data_sources().await.map_err(told)?;
        let text = |source: &Value, key: &str| {
            source.get(key).and_then(Value::as_str).unwrap_or_default().to_owned()
        };
        lines.extend(all.iter().map(|one| {
            format!("data source {} ({}): {}", text(one, "name"), text(one, "type"), text(one, "url"))
        }));
        if !all.iter().any(|one| text(one, "type") == "prometheus") {
            return Ok(CheckOutcome::fail(
                "Grafana has no Prometheus data source.",
                lines,
                "Provision it: monitoring/grafana/provisioning/datasources.",
            ));
        }
    }
    let uid = &profile.dashboard_uid;
    if uid.is_empty() {
        return Ok(CheckOutcome::pass("Grafana is healthy; the profile specifies no dashboard.", lines));
    }
    let Some(bytes) = client.dashboard(uid, None).await.map_err(told)? else {
        lines.push(format!("dashboard {uid}: not found"));
        return Ok(CheckOutcome::fail(
            format!("Dashboard {uid} not found."),
            lines,
            "Import monitoring/grafana-dashboard-enhanced.json, or restore it from a backup.",
        ));
    };
    let read = document(&bytes).ok().and_then(|read| serde_json::from_str(read.spec.get()).ok());
    let found = panels(&read.unwrap_or_default());
    lines.push(format!("dashboard {uid}: {}", found.join(", ")));
    let wanted = profile.gauges.len();
    if found.len() < wanted {
        let words = format!(
            "Dashboard {uid} has {}, but the profile has {}.",
            plural(found.len(), "panel"),
            plural(wanted, "gauge")
        );
        return Ok(CheckOutcome::fail(words, lines, "Compare it with a backup: Backups, Compare."));
    }
    Ok(CheckOutcome::pass(
        format!("Grafana is healthy, and the dashboard has {}.", plural(found.len(), "panel")),
        lines,
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn panels_in_folded_rows_count_and_rows_do_not() {
        let text = r#"{"panels": [{"type": "row", "panels": [{"type": "gauge", "title": "A"}]}, {"type": "stat",
         "title": "B"}]}"#;
        assert_eq!(panels(&serde_json::from_str(text).unwrap()), ["A", "B"]);
        assert!(panels(&Value::Null).is_empty());
    }

    #[test]
    fn the_packs_dashboard_has_its_five() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../monitoring/grafana-dashboard-enhanced.json");
        let dashboard: Value = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
        assert_eq!(panels(&dashboard).len(), 5);
    }
}
