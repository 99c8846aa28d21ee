//! The pack's files would be taken by their servers, and are taken by a reload.

use aether_foundation::text::verb;
use std::sync::Arc;

use aether_contract::{PanelError, ServiceKind};

use super::{CheckContext, CheckOutcome};
use aether_rules::configs::{
    check,
    reload::{self as servers, RELOAD},
};

/// Checks every file of the pack.
///
/// # Errors
/// None of its own.
pub async fn syntax(scene: &Arc<CheckContext>) -> Result<CheckOutcome, PanelError> {
    let pack = &scene.live.profile.pack;
    let Some(dir) = &pack.dir else {
        return Ok(CheckOutcome::skipped(
            "The location of the configuration files is not set.",
            "Set [pack] dir in the stack’s profile.",
        ));
    };
    let (mut lines, mut wrong) = (Vec::new(), Vec::new());
    for name in &pack.files {
        let (folder, file) = (dir.clone(), name.clone());
        let read =
            tokio::task::spawn_blocking(move || aether_rules::configs::pack::read(&folder, &file)).await;
        match read.map_err(std::io::Error::other).flatten() {
            Ok(bytes) => {
                let checked = check::check(name, &bytes).await;
                let said = checked.problem.as_deref().unwrap_or("valid");
                lines.push(format!("{name} ({}, checked by {}): {said}", checked.kind.words(), checked.by));
                if checked.problem.is_some() {
                    wrong.push(name.clone());
                }
            }
            Err(error) => {
                lines.push(format!("{name}: {error}"));
                wrong.push(name.clone());
            }
        }
    }
    if !wrong.is_empty() {
        return Ok(CheckOutcome::fail(
            format!("Invalid files: {}.", wrong.join(", ")),
            lines,
            "Fix them before reloading.",
        ));
    }
    Ok(CheckOutcome::pass(format!("{} valid.", verb(pack.files.len(), "file is", "files are")), lines))
}

/// Makes both servers read their files, and looks whether they did.
///
/// # Errors
/// The servers' codes.
pub async fn reload(scene: &Arc<CheckContext>) -> Result<CheckOutcome, PanelError> {
    let live = &scene.live;
    let client = live.clients.prometheus().await?;
    let mut lines = Vec::new();
    let told = match servers::reload(&live.profile, &client).await {
        Ok(told) => told,
        Err(error) => {
            return Ok(CheckOutcome::fail(
                format!("Prometheus rejected its configuration: {}", error.message),
                Some(error.detail).filter(|detail| !detail.is_empty()).into_iter().collect(),
                format!("It keeps running with the previous configuration. {}", error.hint)
                    .trim_end()
                    .to_owned(),
            ));
        }
    };
    lines.extend(Some(told.how).filter(|how| !how.is_empty()));
    match told.info {
        Some(info) => {
            lines.push(format!("Prometheus: configuration of {}", info.last_config_time));
            if info.reload_config_success == Some(false) {
                return Ok(CheckOutcome::fail(
                    "Prometheus reports that its last reload failed.",
                    lines,
                    "Check its log.",
                ));
            }
        }
        None => lines.push("Prometheus does not report when it last reloaded.".to_owned()),
    }
    for index in 0..live.profile.alertmanager.urls.len() {
        let member = live.clients.member(index).await?;
        let told = |error: aether_clients::ClientError| error.to_panel(ServiceKind::Alertmanager);
        if let Err(error) = member.reload(RELOAD).await {
            let error = told(error);
            return Ok(CheckOutcome::fail(
                format!("Alertmanager {} rejected its configuration: {}", index + 1, error.message),
                vec![error.detail],
                "It keeps running with the previous configuration. Fix the file and run this check again.",
            ));
        }
        let facts = member.config_facts().await.map_err(told)?;
        lines.push(format!(
            "Alertmanager {}: last reload {}",
            index + 1,
            match facts.successful {
                Some(true) => "successful",
                Some(false) => "failed",
                None => "unknown",
            }
        ));
        if facts.successful == Some(false) {
            return Ok(CheckOutcome::fail(
                format!("Alertmanager {} reports that its last reload failed.", index + 1),
                lines,
                "Check its log.",
            ));
        }
    }
    Ok(CheckOutcome::pass("Both servers reloaded their configuration.", lines))
}
