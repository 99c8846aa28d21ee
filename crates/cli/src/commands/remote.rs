//! `backup push`, `backup fetch` and `backup remote`: remote copies.

use aether_contract::{
    self as wire, BackupFetchRequest, BackupId, BackupPushRequest, BackupRemoteDeleteRequest,
    BackupRemoteVerifyRequest, Empty, PanelError, PrunePolicy, RemotePruneRequest,
};
use aether_panel::{Panel, text::size};

use super::backup_text::{findings, pruned, shown, verdict, verified};
use crate::{
    args::BackupRemote as Remote,
    human::{count, moment, plain},
    outcome::Outcome,
    table::{Cell, cell, painted, table},
};

/// Uploads a backup.
pub async fn push(panel: &Panel, id: &str, to: &str) -> Result<Outcome, PanelError> {
    let request = BackupPushRequest { id: BackupId(id.to_owned()), place: to.to_owned() };
    let done = panel.backup_push(request).await?;
    let there = if done.there > 0 { format!(", {} already there", done.there) } else { String::new() };
    let text = format!(
        "{}\n{}{there}, {} uploaded.\n",
        plain(&done.place),
        count(done.files, "file"),
        size(done.bytes)
    );
    Outcome::new(&done, text)
}

/// Downloads a copy.
pub async fn fetch(panel: &Panel, id: &str, from: &str, by: &str) -> Result<Outcome, PanelError> {
    let request =
        BackupFetchRequest { id: BackupId(id.to_owned()), place: from.to_owned(), created_by: by.to_owned() };
    let taken = panel.backup_fetch(request).await?;
    let mut outcome = Outcome::new(&taken, shown(&taken))?;
    findings(&taken, &mut outcome);
    Ok(outcome)
}

/// Runs a subcommand of `backup remote`.
pub async fn run(panel: &Panel, verb: &Remote) -> Result<Outcome, PanelError> {
    match verb {
        Remote::List => list(&panel.backup_remote(Empty {}).await?),
        Remote::Verify { id, from, sample } => {
            let request =
                BackupRemoteVerifyRequest { id: BackupId(id.clone()), place: from.clone(), sample: *sample };
            verified(&vec![panel.backup_remote_verify(request).await?])
        }
        Remote::Prune { from, last, daily, weekly, monthly, apply } => {
            let policy = PrunePolicy { last: *last, daily: *daily, weekly: *weekly, monthly: *monthly };
            let asked = RemotePruneRequest { place: from.clone(), policy };
            let plan = panel.backup_remote_prune_plan(asked).await?;
            let place = from.clone();
            let delete =
                async move |ids| panel.backup_remote_delete(BackupRemoteDeleteRequest { place, ids }).await;
            pruned(&plan, *apply, delete).await
        }
    }
}

pub(super) fn list(list: &wire::RemoteList) -> Result<Outcome, PanelError> {
    let mut text = String::new();
    if list.places.is_empty() {
        text.push_str("No remote target configured. Set [backup] elsewhere in the profile.\n");
    }
    for place in &list.places {
        text.push_str(&format!("{}\n", plain(&place.place)));
        let row = |backup: &wire::Backup| {
            let (word, paint) = verdict(backup.verdict);
            vec![
                cell(&backup.id.0),
                painted(word, paint),
                cell(moment(backup.made_at)),
                cell(backup.files.to_string()),
                cell(size(backup.bytes)),
                cell(&backup.reason),
            ]
        };
        let rows: Vec<Vec<Cell>> = place.backups.iter().map(row).collect();
        if !rows.is_empty() {
            text.push_str(&table(&["BACKUP", "VERDICT", "CREATED", "FILES", "SIZE", "REASON"], &rows));
        } else if place.error.is_none() {
            text.push_str("No copies.\n");
        }
        text.push('\n');
    }
    let mut outcome = Outcome::new(list, text)?;
    for place in &list.places {
        outcome.findings.extend(place.unfinished.iter().map(|one| format!("{}: {one}", place.place)));
        outcome.fail(place.error.as_ref());
    }
    Ok(outcome)
}
