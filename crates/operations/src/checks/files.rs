//! The pack's files would be taken by their servers, and are taken by a reload.

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
            "The profile names no folder of the pack.",
            "Name it: [pack] dir in the stack’s profile.",
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
                let said = checked.problem.as_deref().unwrap_or("nothing against it");
                lines.push(format!("{name} ({}, looked at by {}): {said}", checked.kind.words(), checked.by));
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
            format!("Not sound: {}.", wrong.join(", ")),
            lines,
            "Correct the file before anything is reloaded.",
        ));
    }
    Ok(CheckOutcome::pass(format!("All {} files are sound.", pack.files.len()), lines))
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
                format!("Prometheus did not take its files: {}", error.message),
                Some(error.detail).filter(|detail| !detail.is_empty()).into_iter().collect(),
                format!("It goes on with the files of before. {}", error.hint).trim_end().to_owned(),
            ));
        }
    };
    lines.extend(Some(told.how).filter(|how| !how.is_empty()));
    match told.info {
        Some(info) => {
            lines.push(format!("Prometheus: configuration of {}", info.last_config_time));
            if info.reload_config_success == Some(false) {
                return Ok(CheckOutcome::fail(
                    "Prometheus says that reading its files failed.",
                    lines,
                    "Look at its log.",
                ));
            }
        }
        None => lines.push("Prometheus does not tell when it loaded its files.".to_owned()),
    }
    for index in 0..live.profile.alertmanager.urls.len() {
        let member = live.clients.member(index).await?;
        let told = |error: aether_clients::ClientError| error.to_panel(ServiceKind::Alertmanager);
        if let Err(error) = member.reload(RELOAD).await {
            let error = told(error);
            return Ok(CheckOutcome::fail(
                format!("Alertmanager {} did not take its file: {}", index + 1, error.message),
                vec![error.detail],
                "It goes on with the file of before. Correct it and run this again.",
            ));
        }
        let facts = member.config_facts().await.map_err(told)?;
        lines.push(format!(
            "Alertmanager {}: last reload {}",
            index + 1,
            match facts.successful {
                Some(true) => "successful",
                Some(false) => "failed",
                None => "not told",
            }
        ));
        if facts.successful == Some(false) {
            return Ok(CheckOutcome::fail(
                format!("Alertmanager {} says that reading its file failed.", index + 1),
                lines,
                "Look at its log.",
            ));
        }
    }
    Ok(CheckOutcome::pass("Both servers have read their files again.", lines))
}
