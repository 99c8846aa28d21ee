//! A maintenance window from command-line options: parse, preview, wait for verification.

use crate::usage::usage;
use aether_contract::{MaintenancePreview, MaintenanceRequest, MaintenanceWindow, PanelError, WindowPhase};
use aether_panel::Panel;

use super::{
    moments, polled,
    window_text::{matchers, no_match},
};
use crate::{
    args::Window,
    human::{count, moment, now, plain},
};

/// Converts the options to a request.
pub fn asked(window: &Window) -> Result<MaintenanceRequest, PanelError> {
    let at = window.at.as_deref().map(|text| moments::parse(text, "--at")).transpose()?;
    let duration_s = match (&window.length, &window.until) {
        (Some(length), _) => length.0,
        (None, Some(until)) => {
            let end = moments::parse(until, "--until")?;
            let seconds = end.millis_since(at.unwrap_or_else(now)) / 1000;
            u32::try_from(seconds).map_err(|_| usage("--until is before the start of the window."))?
        }
        (None, None) => return Err(usage("Specify the duration with --for or --until.")),
    };
    Ok(MaintenanceRequest {
        duration_s,
        reason: window.comment.clone(),
        created_by: window.by.clone(),
        matchers: aether_panel::matching::filter::matchers(&window.matcher.join(" "))?,
        starts_at: at,
    })
}

/// Waits up to `seconds` until every member shows the window; returns its latest state.
pub async fn verified(
    panel: &Panel,
    started: MaintenanceWindow,
    seconds: u32,
) -> Result<MaintenanceWindow, PanelError> {
    let done =
        |window: &MaintenanceWindow| matches!(window.phase, WindowPhase::Verified | WindowPhase::Scheduled);
    let until = std::time::Instant::now() + std::time::Duration::from_secs(u64::from(seconds));
    let mut window = started;
    while !done(&window) && std::time::Instant::now() < until {
        tokio::time::sleep(std::time::Duration::from_secs(1)).await;
        let windows = polled(panel).await?.maintenance.windows;
        match windows.into_iter().find(|one| one.id == window.id) {
            Some(found) => window = found,
            None => break,
        }
    }
    Ok(window)
}

/// Text of a preview.
pub fn preview_text(preview: &MaintenancePreview) -> String {
    let mut out = format!(
        "Would mute {} now ({} critical) until {}.\n",
        count(preview.mutes, "alert"),
        preview.mutes_critical,
        moment(preview.ends_at),
    );
    for name in &preview.names {
        out.push_str(&format!("  {:>5}  {}\n", name.count, plain(&name.name)));
    }
    out.push_str(&format!("Matchers: {}\n", matchers(&preview.matchers)));
    out.push_str(&no_match(preview.matches_nothing, &preview.closest));
    if !preview.audible.is_empty() {
        out.push_str(&format!("Not muted: {}\n", plain(&preview.audible.join(", "))));
    }
    for silence in &preview.already {
        out.push_str(&format!(
            "Already silencing {}: {} – {} (until {})\n",
            count(silence.mutes, "alert"),
            plain(&silence.comment),
            plain(&silence.created_by),
            moment(silence.ends_at)
        ));
    }
    let likely: Vec<_> =
        preview.could_fire.iter().filter(|rule| rule.pending > 0 || rule.fired > 0).collect();
    if !preview.could_fire.is_empty() {
        out.push_str(&format!(
            "Could fire during the window: {} ({} fired in the last 7 days or are pending)\n",
            count(u32::try_from(preview.could_fire.len()).unwrap_or(u32::MAX), "rule"),
            likely.len()
        ));
    }
    for rule in likely {
        let pending =
            if rule.pending > 0 { format!(", {} pending now", rule.pending) } else { String::new() };
        out.push_str(&format!("  {:>5}  {}{pending}\n", rule.fired, plain(&rule.name)));
    }
    for warning in &preview.warnings {
        out.push_str(&format!("Warning: {}\n", plain(warning)));
    }
    out
}
