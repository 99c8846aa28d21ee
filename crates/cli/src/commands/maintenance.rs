//! `maintenance`: start, extend, list, end. Success is reported only after reading the result back.

use super::window_text::{finding, matchers, members, no_match, phase, risk, when};
use aether_contract::{
    Freshness, MaintenanceEndRequest, MaintenanceEnded, MaintenanceExtendRequest, MaintenanceRepairRequest,
    MaintenanceStatus, MaintenanceWindow, PanelError, Silence, SilenceState, SilencesRequest, WindowPhase,
};
use aether_panel::Panel;
use serde_json::json;

use super::{past, polled, schedule, unread, window};
use crate::{
    args::Maintenance,
    human::{count, moment, now, plain, span},
    outcome::Outcome,
    table::{Cell, Style, cell, painted, table},
};

/// Largest page that the panel returns, in rows.
const PAGE: u32 = 500;

/// Runs a subcommand of `maintenance`.
pub async fn run(panel: &Panel, verb: &Maintenance) -> Result<Outcome, PanelError> {
    match verb {
        Maintenance::Start { window: asked, dry_run: true, .. } | Maintenance::Preview { window: asked } => {
            let request = window::asked(asked)?;
            let status = polled(panel).await?.maintenance;
            let preview = panel.maintenance_preview(request).await?;
            let mut outcome = Outcome::new(&preview, window::preview_text(&preview))?;
            outcome.fail(unread(&status.freshness).as_ref());
            Ok(outcome)
        }
        Maintenance::Start { window: asked, wait_verified, .. } => {
            // Asks Alertmanager only, and asks it itself: a slow Prometheus must not hold a window up.
            let started = panel.maintenance_start(window::asked(asked)?).await?;
            let started = match wait_verified {
                Some(limit) => window::verified(panel, started, limit.0).await?,
                None => started,
            };
            changed(&started, "started")
        }
        Maintenance::Shorten { id, length } => {
            let less = i32::try_from(length.0).unwrap_or(i32::MAX).saturating_neg();
            let request = MaintenanceExtendRequest { id: id.clone(), add_s: less };
            changed(&panel.maintenance_extend(request).await?, "shortened")
        }
        Maintenance::Repair { id } => {
            let request = MaintenanceRepairRequest { id: id.clone() };
            changed(&panel.maintenance_repair(request).await?, "repaired")
        }
        Maintenance::Show { id } => past::show(panel, &polled(panel).await?.maintenance, id).await,
        Maintenance::Closeout { id } => {
            polled(panel).await?;
            past::closeout(panel, id).await
        }
        Maintenance::History { search, limit, csv } => past::history(panel, search, *limit, *csv).await,
        Maintenance::Schedule(verb) => schedule::run(panel, verb).await,
        Maintenance::Extend { id, length } => {
            let request = MaintenanceExtendRequest {
                id: id.clone(),
                add_s: i32::try_from(length.0).unwrap_or(i32::MAX),
            };
            changed(&panel.maintenance_extend(request).await?, "extended")
        }
        Maintenance::List { all } => list(panel, &polled(panel).await?.maintenance, *all).await,
        Maintenance::End { id: Some(id), .. } => {
            let ended = panel.maintenance_end(MaintenanceEndRequest { id: id.clone() }).await?;
            ended_all(&[ended], None)
        }
        Maintenance::End { id: None, .. } => end_all(panel, &polled(panel).await?.maintenance).await,
    }
}

/// Windows missing on a member, one sentence each.
pub fn findings(windows: &[MaintenanceWindow]) -> Vec<String> {
    windows.iter().filter_map(finding).collect()
}

/// One line for `status`.
pub fn summary(status: &MaintenanceStatus) -> String {
    let mut out = String::new();
    for window in &status.windows {
        out.push_str(&format!(
            "Maintenance  {} {}: {} – {}\n",
            phase(window.phase).0,
            when(window),
            plain(&window.reason),
            plain(&window.created_by),
        ));
        if window.matches_nothing {
            out.push_str("             matches no current alert\n");
        }
    }
    if out.is_empty() {
        let word = match status.freshness {
            Freshness::Fresh { .. } => "off",
            Freshness::Absent => "not available (no Alertmanager)",
            _ => "unknown",
        };
        out = format!("Maintenance  {word}\n");
    }
    if status.other_silences > 0 {
        out.push_str(&format!(
            "             {} created outside the panel\n",
            count(status.other_silences, "silence")
        ));
    }
    out
}

pub(super) fn changed(window: &MaintenanceWindow, verb: &str) -> Result<Outcome, PanelError> {
    let text = format!(
        "Maintenance window {verb}: {}, {}, {} muted now.\nWindow   {}\nSilence  {}\n{}{}",
        phase(window.phase).0,
        when(window),
        count(window.mutes, "alert"),
        plain(&window.id.0),
        plain(&window.silence_id),
        no_match(window.matches_nothing, &window.closest),
        members(&window.members),
    );
    let mut outcome = Outcome::new(window, text)?;
    outcome.findings.extend(finding(window));
    Ok(outcome)
}

async fn list(panel: &Panel, status: &MaintenanceStatus, all: bool) -> Result<Outcome, PanelError> {
    let mut text = window_table(&status.windows);
    let mut data = json!({
        "windows": status.windows,
        "otherSilences": status.other_silences,
        "freshness": status.freshness,
        "openToPages": status.open_to_pages,
    });
    if all && !status.open_to_pages.is_empty() {
        text.push_str(&format!(
            "Security warning: {} requires no credentials and allows cross-origin requests, so any web \
                page open in a browser can read and change its silences.\n",
            plain(&status.open_to_pages.join(", "))
        ));
    }
    if all {
        let silences = all_silences(panel).await?;
        text.push('\n');
        text.push_str(&silence_table(&silences));
        if let Some(map) = data.as_object_mut() {
            map.insert("silences".into(), json!(silences));
        }
    } else if status.other_silences > 0 {
        text.push_str(&format!(
            "{} created outside the panel; use --all to list\n",
            count(status.other_silences, "silence")
        ));
    }
    let mut found = findings(&status.windows);
    if all {
        found.extend(status.findings.iter().map(risk));
    }
    if let Some(map) = data.as_object_mut() {
        map.insert("findings".into(), json!(found));
    }
    let mut outcome = Outcome::new(&data, text)?;
    outcome.findings = found;
    outcome.fail(unread(&status.freshness).as_ref());
    Ok(outcome)
}

async fn all_silences(panel: &Panel) -> Result<Vec<Silence>, PanelError> {
    let mut rows = Vec::new();
    loop {
        let offset = u32::try_from(rows.len()).unwrap_or(u32::MAX);
        let page = panel.silences_page(SilencesRequest { offset, limit: PAGE, ..Default::default() }).await?;
        let last = page.rows.is_empty();
        rows.extend(page.rows);
        if last || rows.len() >= page.total as usize {
            return Ok(rows);
        }
    }
}

/// Ends every active window of the panel. A failure does not keep the others from ending.
async fn end_all(panel: &Panel, status: &MaintenanceStatus) -> Result<Outcome, PanelError> {
    if let Some(error) = unread(&status.freshness) {
        return Err(error);
    }
    let mut ended = Vec::new();
    let mut failure = None;
    // One that begins later, perhaps of a schedule, is not what somebody means who has finished now.
    let on = |window: &&MaintenanceWindow| window.phase != WindowPhase::Ended && window.starts_at <= now();
    for window in status.windows.iter().filter(on) {
        match panel.maintenance_end(MaintenanceEndRequest { id: window.id.0.clone() }).await {
            Ok(end) => ended.push(end),
            Err(error) => failure = failure.or(Some(error)),
        }
    }
    ended_all(&ended, failure)
}

pub(super) fn ended_all(
    ended: &[MaintenanceEnded],
    failure: Option<PanelError>,
) -> Result<Outcome, PanelError> {
    let mut text = String::new();
    let mut found = Vec::new();
    for end in ended {
        text.push_str(&format!(
            "Ended: {} – {}\n{}",
            plain(&end.silence.comment),
            plain(&end.silence.created_by),
            members(&end.members)
        ));
        for member in &end.members {
            if member.state == Some(SilenceState::Active) || member.state == Some(SilenceState::Pending) {
                found.push(format!("{} still has it", plain(&member.url)));
            } else if !member.error.is_empty() {
                found.push(format!("{} did not respond: {}", plain(&member.url), plain(&member.error)));
            }
        }
    }
    // The last answer is the newest.
    for silence in ended.last().map(|end| end.still_silencing.as_slice()).unwrap_or_default() {
        text.push_str(&format!(
            "Still silencing {}: {} – {} (until {})\n",
            count(silence.mutes, "alert"),
            plain(&silence.comment),
            plain(&silence.created_by),
            moment(silence.ends_at)
        ));
    }
    if ended.is_empty() && failure.is_none() {
        text.push_str("No active maintenance windows.\n");
    }
    let data = json!({"ended": ended, "findings": found});
    let mut outcome = Outcome::new(&data, text)?;
    outcome.findings = found;
    outcome.failure = failure;
    Ok(outcome)
}

pub(super) fn window_table(windows: &[MaintenanceWindow]) -> String {
    if windows.is_empty() {
        return "No active or scheduled maintenance windows.\n".into();
    }
    let rows: Vec<Vec<Cell>> = windows
        .iter()
        .map(|window| {
            let (word, look) = phase(window.phase);
            let wanted = if window.phase == WindowPhase::Scheduled {
                SilenceState::Pending
            } else {
                SilenceState::Active
            };
            let on = window.members.iter().filter(|m| m.state == Some(wanted)).count();
            vec![
                painted(word, look),
                cell(moment(window.starts_at)),
                cell(moment(window.ends_at)),
                cell(left(window)),
                cell(if window.matches_nothing { "no match".to_owned() } else { window.mutes.to_string() }),
                cell(format!("{on}/{}", window.members.len())),
                cell(&window.created_by),
                cell(&window.reason),
                cell(&window.id.0),
            ]
        })
        .collect();
    table(&["STATE", "STARTS", "ENDS", "LEFT", "MUTED", "MEMBERS", "BY", "COMMENT", "WINDOW"], &rows)
}

/// Time to the end, or to the start while that lies ahead.
fn left(window: &MaintenanceWindow) -> String {
    let to_start = window.starts_at.millis_since(now());
    if to_start > 0 {
        format!("starts in {}", span(to_start))
    } else {
        span(window.ends_at.millis_since(now()))
    }
}

pub(super) fn silence_table(silences: &[Silence]) -> String {
    if silences.is_empty() {
        return "No silences.\n".into();
    }
    let rows: Vec<Vec<Cell>> = silences
        .iter()
        .map(|silence| {
            let (word, look) = match silence.state {
                SilenceState::Pending => ("pending", Style::Warn),
                SilenceState::Active => ("active", Style::Good),
                SilenceState::Expired => ("expired", Style::Dim),
            };
            vec![
                painted(word, look),
                cell(moment(silence.starts_at)),
                cell(moment(silence.ends_at)),
                cell(silence.mutes.to_string()),
                cell(if silence.window.is_some() { "panel" } else { "" }),
                cell(&silence.created_by),
                cell(&silence.comment),
                cell(matchers(&silence.matchers)),
                cell(&silence.id),
            ]
        })
        .collect();
    table(&["SILENCE", "STARTS", "ENDS", "MUTED", "FROM", "BY", "COMMENT", "MATCHERS", "ID"], &rows)
}
