//! `maintenance show`, `closeout` and `history`: one window, its report, and past windows.

use crate::usage::usage;
use aether_contract::{
    CloseOutRequest, MaintenanceHistoryRequest, MaintenanceStatus, PanelError, PastWindow, Silence,
    SilenceState, SilencesRequest, WindowOutcome,
};
use aether_panel::{Panel, past_windows};

use super::{
    unread,
    window_text::{finding, matchers, members, no_match, phase, risk, when},
};
use crate::{
    human::{count, moment, now, plain, plain_lines, planned, span},
    outcome::Outcome,
    table::{Cell, Style, cell, painted, table},
};

/// Largest page that the panel returns, in rows.
const PAGE: u32 = 500;

/// Shows an active, scheduled or past window.
pub async fn show(panel: &Panel, status: &MaintenanceStatus, id: &str) -> Result<Outcome, PanelError> {
    let same = |one: &str| one.eq_ignore_ascii_case(id);
    let running = status.windows.iter().find(|window| same(&window.id.0) || same(&window.silence_id));
    if let Some(window) = running {
        let text = format!(
            "{} – {}\n{}, started {}, {}, {} muted now\nWindow    {}\nSilence   {}\nMatchers  {}\n{}{}",
            plain(&window.reason),
            plain(&window.created_by),
            phase(window.phase).0,
            moment(window.starts_at),
            when(window),
            count(window.mutes, "alert"),
            plain(&window.id.0),
            plain(&window.silence_id),
            matchers(&window.matchers),
            no_match(window.matches_nothing, &window.closest),
            members(&window.members),
        );
        let mut outcome = Outcome::new(window, text)?;
        outcome.findings.extend(finding(window));
        outcome.fail(unread(&status.freshness).as_ref());
        return Ok(outcome);
    }
    let request = MaintenanceHistoryRequest { search: id.to_owned(), limit: PAGE, ..Default::default() };
    let page = panel.maintenance_history(request).await?;
    if let Some(past) = page.rows.iter().find(|window| same(&window.id.0)) {
        return Outcome::new(past, rows(std::slice::from_ref(past)));
    }
    let request = SilencesRequest { search: id.to_owned(), limit: PAGE, ..Default::default() };
    let silences = panel.silences_page(request).await?;
    let silence = silences.rows.iter().find(|silence| same(&silence.id)).ok_or_else(|| {
        usage(
            "Window or silence not found. List silences with: aetherctl maintenance list --all; past windows \
                with: aetherctl maintenance history",
        )
    })?;
    let mut outcome = Outcome::new(silence, silence_text(silence))?;
    let risks = status.findings.iter().filter(|finding| finding.silence_id == silence.id);
    outcome.findings.extend(risks.map(risk));
    outcome.fail(unread(&silences.freshness).as_ref());
    Ok(outcome)
}

/// A silence that is no window of the panel's.
fn silence_text(silence: &Silence) -> String {
    let state = match silence.state {
        SilenceState::Pending => {
            format!("scheduled, starts in {}", span(silence.starts_at.millis_since(now())))
        }
        SilenceState::Active => format!("active, {} left", span(silence.ends_at.millis_since(now()))),
        SilenceState::Expired => "expired".to_owned(),
    };
    format!(
        "{} – {}\n{state}, {} to {}, {} muted now\nSilence   {}\nMatchers  {}\nMembers   {} of {}\n",
        plain(&silence.comment),
        plain(&silence.created_by),
        moment(silence.starts_at),
        moment(silence.ends_at),
        count(silence.mutes, "alert"),
        plain(&silence.id),
        matchers(&silence.matchers),
        silence.members,
        silence.members_of,
    )
}

/// The close-out report; alerts that need follow-up are findings.
pub async fn closeout(panel: &Panel, id: &str) -> Result<Outcome, PanelError> {
    let report = panel.maintenance_closeout(CloseOutRequest { id: id.to_owned() }).await?;
    let mut outcome = Outcome::new(&report, plain_lines(&report.markdown))?;
    for (alerts, words) in [
        (report.still_firing.len(), "still firing"),
        (report.open_outside.len(), "resolved while muted, to be closed manually"),
        (report.silent_again.len(), "firing again without a notification"),
    ] {
        if alerts > 0 {
            outcome.find(format!("{} {words}", count(u32::try_from(alerts).unwrap_or(u32::MAX), "alert")));
        }
    }
    Ok(outcome)
}

/// Past windows.
pub async fn history(panel: &Panel, search: &[String], limit: u32, csv: bool) -> Result<Outcome, PanelError> {
    let mut found: Vec<PastWindow> = Vec::new();
    let mut total = u32::MAX;
    while (found.len() as u64) < u64::from(limit.min(total)) {
        let offset = u32::try_from(found.len()).unwrap_or(u32::MAX);
        let request =
            MaintenanceHistoryRequest { search: search.join(" "), offset, limit: (limit - offset).min(PAGE) };
        let page = panel.maintenance_history(request).await?;
        total = page.total;
        if page.rows.is_empty() {
            break;
        }
        found.extend(page.rows);
    }
    if csv {
        let bytes = past_windows::export(&found, aether_contract::ExportFormat::Csv)
            .map_err(|error| usage(&error.to_string()))?;
        let text = plain_lines(&String::from_utf8_lossy(&bytes).replace("\r\n", "\n"));
        return Ok(Outcome { bare: true, ..Outcome::new(&found, text)? });
    }
    let mut text = if found.is_empty() { "No windows.\n".to_owned() } else { rows(&found) };
    if (found.len() as u64) < u64::from(total) && total != u32::MAX {
        text.push_str(&format!("{} of {total} shown; use --limit to show more\n", found.len()));
    }
    Outcome::new(&found, text)
}

pub(super) fn rows(windows: &[PastWindow]) -> String {
    let rows: Vec<Vec<Cell>> = windows
        .iter()
        .map(|window| {
            let look = match window.outcome {
                WindowOutcome::Open => Style::Good,
                WindowOutcome::Refused | WindowOutcome::NotSent | WindowOutcome::Unknown => Style::Warn,
                WindowOutcome::Ended | WindowOutcome::EndedEarly | WindowOutcome::Cancelled => Style::Dim,
            };
            let number = |n: Option<u32>| n.map(|n| n.to_string()).unwrap_or_default();
            vec![
                painted(past_windows::outcome(window.outcome), look),
                cell(moment(window.starts_at)),
                cell(planned(window.ends_at.min(now()).millis_since(window.starts_at))),
                cell(planned(window.planned_end.millis_since(window.starts_at))),
                cell(number(window.hidden)),
                cell(number(window.left_over)),
                cell(&window.created_by),
                cell(&window.reason),
                cell(&window.id.0),
            ]
        })
        .collect();
    table(&["OUTCOME", "STARTED", "DURATION", "PLANNED", "MUTED", "OPEN", "BY", "COMMENT", "WINDOW"], &rows)
}
