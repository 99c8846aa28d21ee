//! What the reliability pack promises can be done: a backup that verifies, a silence that is seen on every
//! member and ends.

use std::sync::Arc;

use aether_contract::*;

use super::{CheckContext, CheckOutcome, notify::TEST_ALERT};
use aether_alerting::maintenance::{change, start};
use aether_backup::{create, prune};

/// Makes a backup without the server's data, and deletes it again.
///
/// # Errors
/// As making one.
pub async fn backup(scene: &Arc<CheckContext>) -> Result<CheckOutcome, PanelError> {
    let profile = &scene.live.profile;
    let mut parts = Vec::new();
    if !profile.grafana.urls.is_empty() {
        parts.push(BackupPartKind::Grafana);
    }
    if !profile.alertmanager.urls.is_empty() {
        parts.push(BackupPartKind::Alertmanager);
    }
    if profile.pack.dir.is_some() {
        parts.push(BackupPartKind::Configs);
    }
    if parts.is_empty() {
        return Ok(CheckOutcome::skipped(
            "There is nothing to back up except Prometheus data, which the test skips.",
            "",
        ));
    }
    let request = BackupCreateRequest {
        reason: "Sanity check test".into(),
        created_by: scene.created_by.clone(),
        parts,
    };
    let made = create::create(Arc::clone(&scene.checks.backups), request).await?;
    let mut lines: Vec<String> =
        made.parts.iter().map(|part| format!("{:?}: {} {}", part.kind, part.count, part.what)).collect();
    lines.extend(made.problems.iter().cloned());
    let deleted = prune::delete(Arc::clone(&scene.checks.backups), vec![made.id.clone()]).await;
    lines.push(match &deleted {
        Ok(gone) if gone.kept.is_empty() => "The test backup was deleted.".to_owned(),
        Ok(gone) => gone.kept.join("; "),
        Err(error) => format!("The test backup {} was not deleted: {}", made.id.0, error.message),
    });
    if made.verdict.is_verified() {
        return Ok(CheckOutcome::pass("A backup was created and every file was read back.", lines));
    }
    Ok(CheckOutcome::fail(
        "The test backup is incomplete.",
        lines,
        "See the Backups screen for what could not be saved and why.",
    ))
}

/// Silences the test alert for a minute, and ends that.
///
/// # Errors
/// As starting a window.
pub async fn silence(scene: &Arc<CheckContext>) -> Result<CheckOutcome, PanelError> {
    if scene.live.profile.alertmanager.urls.is_empty() {
        return Ok(CheckOutcome::skipped(
            "This stack has no Alertmanager.",
            "Set its address in Settings, Stacks.",
        ));
    }
    let request = MaintenanceRequest {
        duration_s: 60,
        reason: "Sanity check test".into(),
        created_by: scene.created_by.clone(),
        matchers: vec![Matcher {
            name: "alertname".into(),
            value: TEST_ALERT.into(),
            is_regex: false,
            is_equal: true,
        }],
        starts_at: None,
    };
    let window = start::start(Arc::clone(&scene.checks.maintenance), request).await?;
    let mut lines: Vec<String> = window
        .members
        .iter()
        .map(|member| format!("{}: {:?} {}", member.url, member.state, member.error))
        .collect();
    let ended =
        change::end(Arc::clone(&scene.checks.maintenance), MaintenanceEndRequest { id: window.id.0.clone() })
            .await;
    lines.push(match &ended {
        Ok(_) => "Ended.".to_owned(),
        Err(error) => format!("It expires automatically within a minute: {}", error.message),
    });
    if window.phase != WindowPhase::Verified {
        return Ok(CheckOutcome::fail(
            "The test silence is missing on at least one member.",
            lines,
            "Check that all cluster members are up and connected to each other.",
        ));
    }
    if ended.is_err() {
        return Ok(CheckOutcome::warn(
            "The test silence was active on every member, but could not be ended early.",
            lines,
            "",
        ));
    }
    Ok(CheckOutcome::pass("A silence was active on every member, and was ended.", lines))
}
