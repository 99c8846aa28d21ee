//! `backup`: create, inspect, verify, compare, prune. Restoring has its own file.

use super::backup_text::{findings, lines, pruned, shown, verdict, verified};
use std::io::{IsTerminal as _, Write as _};

use aether_contract::{
    self as wire, BackupCompareRequest, BackupCreateRequest, BackupDeleteRequest, BackupDiffRequest,
    BackupFindRequest, BackupId, BackupPartKind, BackupPinRequest, BackupRequest, BackupVerdict,
    BackupVerifyRequest, Change, Empty, ErrorCode, PanelError, PrunePolicy,
};
use aether_panel::{Panel, text::size};

use super::{archive, data, remote, restore};
use crate::{
    args::{Backup, BackupPart as Part},
    human::{count, moment, plain},
    outcome::Outcome,
    table::{Cell, Style, cell, painted, table},
};

/// Runs the command with progress on a terminal. Ctrl+C cancels the job and waits for its cleanup.
pub async fn run(panel: &Panel, verb: &Backup, json: bool) -> Result<Outcome, PanelError> {
    let mut work = Box::pin(verb_of(panel, verb));
    let show = !json && std::io::stderr().is_terminal();
    let mut line = 0;
    let mut told = false;
    let result = loop {
        tokio::select! {
            done = &mut work => break done,
            pressed = tokio::signal::ctrl_c(), if !told => {
                told = true;
                let job = panel.snapshot(Empty {}).await?.backups.job;
                match job {
                    Some(job) if pressed.is_ok() => {
                        // It may have come to its end meanwhile.
                        let _ = panel.job_cancel(wire::JobCancelRequest { id: job.id }).await;
                        let _ = writeln!(std::io::stderr(), "\naetherctl: canceling and cleaning up");
                    }
                    _ => break Err(PanelError::new(ErrorCode::Cancelled, "aetherctl", "Canceled.")),
                }
            }
            () = tokio::time::sleep(std::time::Duration::from_millis(250)), if show => {
                if let Some(job) = panel.snapshot(Empty {}).await?.backups.job {
                    line = progress(&job, line);
                }
            }
        }
    };
    if line > 0 {
        // Nobody may be reading this.
        let _ = write!(std::io::stderr(), "\r{:line$}\r", "");
    }
    result
}

/// Draws a line over the previous one; returns its length in characters.
fn progress(job: &wire::Job, before: usize) -> usize {
    let total = job.total.map(|total| format!(" of {total}")).unwrap_or_default();
    let eta = job.eta_s.map(|s| format!(", {s} s left")).unwrap_or_default();
    let bytes = if job.bytes > 0.0 { format!(", {}", size(job.bytes)) } else { String::new() };
    let text = format!("{}: {} {}{total}{bytes}{eta}", plain(&job.title), plain(&job.stage), job.done);
    // Nobody may be reading this.
    let _ = write!(std::io::stderr(), "\r{text:before$}");
    text.chars().count()
}

async fn verb_of(panel: &Panel, verb: &Backup) -> Result<Outcome, PanelError> {
    match verb {
        Backup::Create { reason, by, only } => {
            let parts = only.iter().map(|part| kind(*part)).collect();
            let request = BackupCreateRequest { reason: reason.clone(), created_by: by.clone(), parts };
            let made = panel.backup_create(request).await?;
            let mut outcome = Outcome::new(&made, shown(&made))?;
            findings(&made, &mut outcome);
            Ok(outcome)
        }
        Backup::List => list(&panel.backup_list(Empty {}).await?),
        Backup::Show { id } => show(panel, id).await,
        Backup::Find { words } => find(panel, &words.join(" ")).await,
        Backup::Verify { id, all, sample } => verify(panel, id.as_deref(), *all, *sample).await,
        Backup::Export { id, to, format } => archive::export(panel, id, to.as_deref(), *format).await,
        Backup::Push { id, to } => remote::push(panel, id, to).await,
        Backup::Fetch { id, from, by } => remote::fetch(panel, id, from, by).await,
        Backup::Remote(verb) => remote::run(panel, verb).await,
        Backup::Import { archive, by } => archive::import(panel, archive, by).await,
        Backup::Diff { from, to, uid: None } => diff(panel, from, to.as_deref()).await,
        Backup::Diff { from, to, uid: Some(uid) } => {
            let request = BackupDiffRequest {
                from: BackupId(from.clone()),
                to: to.clone().map(BackupId),
                uid: uid.clone(),
            };
            let found = panel.backup_diff(request).await?;
            let text =
                if found.text.is_empty() { "No differences.\n".to_owned() } else { lines(&found.text) };
            let mut outcome = Outcome::new(&found, text)?;
            if !found.text.is_empty() {
                outcome.find(format!("{uid} differs"));
            }
            Ok(outcome)
        }
        Backup::Commit { id } => {
            let done = panel.backup_commit(BackupRequest { id: BackupId(id.clone()) }).await?;
            let text = format!("{} {}\n", plain(&done.commit), plain(&done.message));
            Outcome::new(&done, text)
        }
        Backup::Restore { .. } => restore::restore(panel, verb).await,
        Backup::RestoreData { id, apply, check, by } => data::run(panel, id, *apply, *check, by).await,
        Backup::Restores => restore::runs(panel).await,
        Backup::Undo { number } => restore::undo(panel, *number).await,
        Backup::Pin { id, off } => {
            let request = BackupPinRequest { id: BackupId(id.clone()), pinned: !off };
            list(&panel.backup_pin(request).await?)
        }
        Backup::Prune { last, daily, weekly, monthly, apply } => {
            let policy = PrunePolicy { last: *last, daily: *daily, weekly: *weekly, monthly: *monthly };
            prune(panel, policy, *apply).await
        }
    }
}

fn kind(part: Part) -> BackupPartKind {
    match part {
        Part::Grafana => BackupPartKind::Grafana,
        Part::Prometheus => BackupPartKind::Prometheus,
        Part::Alertmanager => BackupPartKind::Alertmanager,
        Part::Configs => BackupPartKind::Configs,
        Part::Permissions => BackupPartKind::Permissions,
        Part::Annotations => BackupPartKind::Annotations,
        Part::Playlists => BackupPartKind::Playlists,
        Part::PublicDashboards => BackupPartKind::PublicDashboards,
    }
}

pub(super) fn list(list: &wire::BackupList) -> Result<Outcome, PanelError> {
    let row = |backup: &wire::Backup| {
        let (word, paint) = verdict(backup.verdict);
        vec![
            cell(&backup.id.0),
            painted(word, paint),
            cell(moment(backup.made_at)),
            cell(backup.dashboards.to_string()),
            cell(backup.files.to_string()),
            cell(size(backup.bytes)),
            cell(if backup.pinned { "pinned" } else { "" }),
            cell(if backup.elsewhere.is_empty() {
                String::new()
            } else {
                count(u32::try_from(backup.elsewhere.len()).unwrap_or(u32::MAX), "target")
            }),
            cell(&backup.created_by),
            cell(&backup.reason),
        ]
    };
    let rows: Vec<Vec<Cell>> = list.backups.iter().map(row).collect();
    let head =
        ["BACKUP", "VERDICT", "CREATED", "DASHBOARDS", "FILES", "SIZE", "PIN", "REMOTE", "BY", "REASON"];
    let text = if rows.is_empty() {
        format!("No backups in {}.\n", plain(&list.folder))
    } else {
        table(&head, &rows)
    };
    let mut outcome = Outcome::new(list, text)?;
    for backup in &list.backups {
        findings(backup, &mut outcome);
    }
    outcome.findings.extend(list.unreadable.iter().map(|one| format!("unreadable: {one}")));
    Ok(outcome)
}

async fn show(panel: &Panel, id: &str) -> Result<Outcome, PanelError> {
    let detail = panel.backup_show(BackupRequest { id: BackupId(id.to_owned()) }).await?;
    let mut text = shown(&detail.backup);
    let dashboards: Vec<Vec<Cell>> = detail
        .dashboards
        .iter()
        .map(|one| {
            vec![
                cell(&one.uid),
                cell(&one.title),
                cell(one.folder.join(" / ")),
                cell(if one.version > 0 { one.version.to_string() } else { String::new() }),
                cell(one.panels.to_string()),
                painted(&one.problem, Style::Bad),
            ]
        })
        .collect();
    text.push_str(&format!("\n{}\n", plain(&detail.folder)));
    if !dashboards.is_empty() {
        text.push('\n');
        text.push_str(&table(&["UID", "DASHBOARD", "FOLDER", "VERSION", "PANELS", "PROBLEM"], &dashboards));
    }
    let blocks: Vec<Vec<Cell>> = detail
        .blocks
        .iter()
        .map(|one| {
            vec![
                cell(&one.id),
                cell(moment(one.from)),
                cell(moment(one.to)),
                cell(format!("{:.0}", one.series)),
                cell(format!("{:.0}", one.samples)),
                cell(size(one.bytes)),
                painted(&one.problem, Style::Bad),
            ]
        })
        .collect();
    if !blocks.is_empty() {
        text.push('\n');
        text.push_str(&table(&["BLOCK", "FROM", "TO", "SERIES", "SAMPLES", "SIZE", "PROBLEM"], &blocks));
    }
    let mut outcome = Outcome::new(&detail, text)?;
    findings(&detail.backup, &mut outcome);
    Ok(outcome)
}

async fn find(panel: &Panel, query: &str) -> Result<Outcome, PanelError> {
    let found = panel.backup_find(BackupFindRequest { query: query.to_owned() }).await?;
    let row = |one: &wire::BackupMatch| {
        vec![
            cell(&one.backup.0),
            cell(&one.dashboard.uid),
            cell(&one.dashboard.title),
            cell(one.dashboard.folder.join(" / ")),
            cell(if one.dashboard.version > 0 { one.dashboard.version.to_string() } else { String::new() }),
        ]
    };
    let rows: Vec<Vec<Cell>> = found.found.iter().map(row).collect();
    let mut text = if rows.is_empty() {
        "No backup contains a matching dashboard.\n".to_owned()
    } else {
        table(&["BACKUP", "UID", "DASHBOARD", "FOLDER", "VERSION"], &rows)
    };
    if found.more {
        text.push_str("More matches exist; refine the search.\n");
    }
    Outcome::new(&found, text)
}

async fn verify(panel: &Panel, id: Option<&str>, all: bool, sample: u32) -> Result<Outcome, PanelError> {
    let ids: Vec<BackupId> = match id {
        Some(id) if !all => vec![BackupId(id.to_owned())],
        _ => {
            let list = panel.backup_list(Empty {}).await?;
            let has_hashes = |backup: &wire::Backup| backup.verdict != BackupVerdict::Foreign;
            list.backups.into_iter().filter(has_hashes).map(|backup| backup.id).collect()
        }
    };
    let mut found = Vec::new();
    for id in ids {
        found.push(panel.backup_verify(BackupVerifyRequest { id, sample }).await?);
    }
    verified(&found)
}

async fn diff(panel: &Panel, from: &str, to: Option<&str>) -> Result<Outcome, PanelError> {
    let request =
        BackupCompareRequest { from: BackupId(from.to_owned()), to: to.map(|to| BackupId(to.to_owned())) };
    let found = panel.backup_compare(request).await?;
    let mut text = String::new();
    for one in &found.dashboards {
        let sign = match one.change {
            Change::Added => "+",
            Change::Removed => "-",
            Change::Changed | Change::Same => "~",
        };
        let place =
            if one.folder.is_empty() { String::new() } else { format!("{} / ", one.folder.join(" / ")) };
        text.push_str(&format!("{sign} {}{}  ({})\n", plain(&place), plain(&one.title), plain(&one.uid)));
        for change in &one.changes {
            let panel = if change.panel.is_empty() { "dashboard" } else { &change.panel };
            let sign = match change.change {
                Change::Added => "added: ",
                Change::Removed => "removed: ",
                Change::Changed | Change::Same => "",
            };
            text.push_str(&format!("    {} · {sign}{}\n", plain(panel), plain(&change.field)));
            for (sign, value) in [("-", &change.before), ("+", &change.after)] {
                if !value.is_empty() {
                    text.push_str(&format!("      {sign} {}\n", plain(value)));
                }
            }
        }
    }
    text.push_str(&format!("{} identical\n", count(found.same, "dashboard")));
    let mut outcome = Outcome::new(&found, text)?;
    if !found.dashboards.is_empty() {
        let differ = u32::try_from(found.dashboards.len()).unwrap_or(u32::MAX);
        outcome.find(format!("{} differ", count(differ, "dashboard")));
    }
    outcome.findings.extend(found.unread.iter().map(|one| format!("not compared: {one}")));
    Ok(outcome)
}

async fn prune(panel: &Panel, policy: PrunePolicy, apply: bool) -> Result<Outcome, PanelError> {
    let plan = panel.backup_prune_plan(policy).await?;
    let delete = async |ids| panel.backup_delete(BackupDeleteRequest { ids }).await;
    pruned(&plan, apply, delete).await
}
