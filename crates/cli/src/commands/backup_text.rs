//! Backups as text: shared by the commands about backups, their archives and remote copies.

use aether_contract::{
    self as wire, BackupId, BackupPart, BackupPartKind, BackupPartState, BackupVerdict, PanelError,
};
use aether_panel::text::size;

use crate::{
    human::{count, moment, plain},
    outcome::Outcome,
    table::{Cell, Style, cell, painted, table},
};

/// A multi-line text with terminal control characters escaped.
pub fn lines(text: &str) -> String {
    text.lines().map(|line| format!("{}\n", plain(&line.replace('\t', "    ")))).collect()
}

pub fn verdict(verdict: BackupVerdict) -> (&'static str, Style) {
    match verdict {
        BackupVerdict::Verified => ("verified", Style::Good),
        BackupVerdict::WithoutTsdb => ("verified without TSDB", Style::Warn),
        BackupVerdict::Complete => ("complete", Style::None),
        BackupVerdict::Incomplete => ("INCOMPLETE", Style::Bad),
        BackupVerdict::Changed => ("CORRUPTED", Style::Bad),
        BackupVerdict::Foreign => ("unverified", Style::Warn),
    }
}

pub fn findings(backup: &wire::Backup, outcome: &mut Outcome) {
    if matches!(backup.verdict, BackupVerdict::Incomplete | BackupVerdict::Changed) {
        let why = if backup.problems.is_empty() {
            String::new()
        } else {
            format!(": {}", backup.problems.join(" "))
        };
        outcome.find(format!("{} is {}{why}", backup.id.0, verdict(backup.verdict).0.to_lowercase()));
    }
}

pub fn shown(backup: &wire::Backup) -> String {
    let part = |part: &BackupPart| {
        let name = match part.kind {
            BackupPartKind::Grafana => "Grafana",
            BackupPartKind::Prometheus => "Prometheus",
            BackupPartKind::Alertmanager => "Alertmanager",
            BackupPartKind::Configs => "Configuration",
            BackupPartKind::Permissions => "Permissions",
            BackupPartKind::Annotations => "Annotations",
            BackupPartKind::Playlists => "Playlists",
            BackupPartKind::PublicDashboards => "Public dashboards",
        };
        let (state, paint) = match part.state {
            BackupPartState::Complete => ("complete", Style::Good),
            BackupPartState::Failed => ("INCOMPLETE", Style::Bad),
            BackupPartState::Skipped => ("skipped", Style::Dim),
        };
        let what = if part.count > 0 { part.counted() } else { String::new() };
        vec![
            cell(name),
            painted(state, paint),
            cell(what),
            cell(if part.bytes > 0.0 { size(part.bytes) } else { String::new() }),
        ]
    };
    let (word, _) = verdict(backup.verdict);
    let mut text = format!(
        "{}  {word}, {}, {}\n{} – {}\n\n",
        plain(&backup.id.0),
        count(backup.files, "file"),
        size(backup.bytes),
        plain(&backup.reason),
        plain(&backup.created_by),
    );
    text.push_str(&table(
        &["PART", "STATE", "CONTENT", "SIZE"],
        &backup.parts.iter().map(part).collect::<Vec<_>>(),
    ));
    for note in backup.parts.iter().flat_map(|part| &part.notes) {
        text.push_str(&format!("- {}\n", plain(note)));
    }
    text
}

/// Result of verifying backups.
pub fn verified(found: &Vec<wire::BackupVerified>) -> Result<Outcome, PanelError> {
    let row = |one: &wire::BackupVerified| {
        let good = one.problems.is_empty();
        vec![
            cell(&one.id.0),
            painted(if good { "verified" } else { "CORRUPTED" }, if good { Style::Good } else { Style::Bad }),
            cell(count(one.files, "file")),
            cell(size(one.bytes)),
            cell(if one.whole { "all files" } else { "sample" }),
        ]
    };
    let rows: Vec<Vec<Cell>> = found.iter().map(row).collect();
    let mut outcome = Outcome::new(found, table(&["BACKUP", "VERDICT", "READ", "SIZE", "COVERAGE"], &rows))?;
    for one in found {
        outcome.findings.extend(one.problems.iter().map(|problem| format!("{}: {problem}", one.id.0)));
    }
    Ok(outcome)
}

/// Shows a prune plan, and with `apply` deletes the backups.
pub async fn pruned(
    plan: &wire::PrunePlan,
    apply: bool,
    delete: impl AsyncFnOnce(Vec<BackupId>) -> Result<wire::BackupDeleted, PanelError>,
) -> Result<Outcome, PanelError> {
    let row = |item: &wire::PruneItem| {
        let (word, paint) = if item.keep { ("keep", Style::Good) } else { ("delete", Style::Bad) };
        vec![
            painted(word, paint),
            cell(&item.id.0),
            cell(moment(item.made_at)),
            cell(size(item.bytes)),
            cell(&item.why),
            cell(&item.reason),
        ]
    };
    let rows: Vec<Vec<Cell>> = plan.items.iter().map(row).collect();
    let ids: Vec<BackupId> =
        plan.items.iter().filter(|item| !item.keep).map(|item| item.id.clone()).collect();
    let mut text = table(&["PLAN", "BACKUP", "CREATED", "SIZE", "WHY", "REASON"], &rows);
    if !apply || ids.is_empty() {
        let number = u32::try_from(ids.len()).unwrap_or(u32::MAX);
        let would = count(number, "backup");
        text.push_str(&format!(
            "\n{would} would be deleted, freeing {}. Nothing was changed.\n",
            size(plan.frees_bytes)
        ));
        return Outcome::new(plan, text);
    }
    let done = delete(ids).await?;
    let number = u32::try_from(done.deleted.len()).unwrap_or(u32::MAX);
    text.push_str(&format!("\n{} deleted, {} freed.\n", count(number, "backup"), size(done.freed_bytes)));
    let mut outcome = Outcome::new(&done, text)?;
    outcome.findings.extend(done.kept.iter().map(|one| format!("not deleted: {one}")));
    Ok(outcome)
}
