//! `maintenance schedule`: recurring windows.

use aether_contract::{
    Empty, PanelError, Schedule as Known, ScheduleDeleteRequest, ScheduleList, SchedulePreviewRequest,
    ScheduleSaveRequest,
};
use aether_panel::Panel;

use super::polled;
use crate::{
    args::Schedule,
    human::{plain, span},
    outcome::Outcome,
};

/// Runs a subcommand of `maintenance schedule`.
pub async fn run(panel: &Panel, verb: &Schedule) -> Result<Outcome, PanelError> {
    match verb {
        Schedule::List => {
            polled(panel).await?;
            shown(&panel.schedule_list(Empty {}).await?)
        }
        Schedule::Next { cron, zone } => {
            let request = SchedulePreviewRequest { cron: cron.clone(), time_zone: zone.clone() };
            let preview = panel.schedule_preview(request).await?;
            let text =
                format!("{} ({})\n{}\n", preview.description, preview.time_zone, preview.local.join("\n"));
            Outcome::new(&preview, text)
        }
        Schedule::Add { cron, zone, length, comment, by, matcher, ahead } => {
            polled(panel).await?;
            let request = ScheduleSaveRequest {
                id: None,
                cron: cron.clone(),
                time_zone: zone.clone(),
                duration_s: length.0,
                reason: comment.clone(),
                created_by: by.clone(),
                matchers: aether_panel::matching::filter::matchers(&matcher.join(" "))?,
                ahead: *ahead,
                enabled: true,
            };
            shown(&panel.schedule_save(request).await?)
        }
        Schedule::Remove { id } => {
            polled(panel).await?;
            shown(&panel.schedule_delete(ScheduleDeleteRequest { id: id.clone() }).await?)
        }
    }
}

pub(super) fn shown(list: &ScheduleList) -> Result<Outcome, PanelError> {
    let mut text = String::new();
    for schedule in &list.schedules {
        text.push_str(&one(schedule));
    }
    if list.schedules.is_empty() {
        text.push_str("No schedules.\n");
    }
    let mut outcome = Outcome::new(list, text)?;
    for schedule in list.schedules.iter().filter(|schedule| !schedule.problem.is_empty()) {
        outcome.find(format!("{}: {}", schedule.reason, schedule.problem));
    }
    Ok(outcome)
}

fn one(schedule: &Known) -> String {
    let mut text = format!(
        "{} – {}\n  {}  {} ({}), {} each, {}\n",
        plain(&schedule.reason),
        plain(&schedule.created_by),
        plain(&schedule.id),
        plain(&schedule.cron),
        plain(&schedule.time_zone),
        span(i64::from(schedule.duration_s) * 1000),
        if schedule.enabled { "enabled" } else { "disabled" },
    );
    for occurrence in &schedule.occurrences {
        let state = match (occurrence.cancelled, occurrence.made) {
            (true, _) => "canceled",
            (false, true) => "created",
            (false, false) => "upcoming",
        };
        text.push_str(&format!("    {}  {state}\n", plain(&occurrence.local)));
    }
    text
}
