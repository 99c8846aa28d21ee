//! A deploy's maintenance window: one of its own, or one that is on already, which it joins and does not end.

use std::sync::Arc;

use aether_contract::*;

use super::{Deploys, Made, made, refuse};
use crate::deploy_evidence::regression;
use aether_alerting::maintenance::{
    change, closeout,
    quiet::{self, is_everything},
    silences, start, windows,
};
use aether_context::session::StackSession;
use aether_foundation::{
    clock,
    text::{moment, plural, verb},
};

/// A joined window may end this much before the deploy's own would: that is no reason for a second one.
const SHORTER_MS: i64 = 60_000;

/// Joins a window that mutes every alert for long enough, or starts one.
pub(super) async fn open(
    deploys: &Deploys,
    live: &Arc<StackSession>,
    run: &mut DeployRun,
) -> Result<Made, PanelError> {
    let now = clock::now();
    let wanted = now.plus_millis(i64::from(run.window_s) * 1000);
    let longest = whole_windows(deploys, live, now).into_iter().max_by_key(|window| window.ends_at);
    let mut evidence = Vec::new();
    if let Some(window) = longest {
        let until = moment(window.ends_at);
        let about = format!("The window of {} (\"{}\", until {until})", window.created_by, window.reason);
        let Some(why) = not_joined(&window, wanted) else {
            let note = format!(
                "Joined the window of {} until {until}; this deployment does not end it.",
                window.created_by
            );
            (run.window, run.joined) = (Some(window.id), true);
            return Ok(made(true, note, vec![format!("{about} mutes every alert already.")]));
        };
        evidence.push(format!("{about} {why}, so another was started."));
    }
    evidence.extend(made_elsewhere(live, now));
    let request = MaintenanceRequest {
        duration_s: run.window_s,
        reason: run.reason.clone(),
        created_by: run.created_by.clone(),
        matchers: Vec::new(),
        starts_at: None,
    };
    let window = start::start(Arc::clone(&deploys.maintenance), request).await?;
    run.window = Some(window.id.clone());
    let on = window.members.iter().filter(|member| member.state == Some(SilenceState::Active)).count();
    let silent = window.members.iter().filter(|member| !member.error.is_empty());
    evidence.extend(silent.map(|member| format!("{}: {}", member.url, member.error)));
    let note = format!("Active on {on} of {}.", plural(window.members.len(), "member"));
    Ok(made(window.phase == WindowPhase::Verified, note, evidence))
}

/// Ends the deploy's own window and reports on it. One that was joined has to be over.
pub(super) async fn close_out(
    deploys: &Deploys,
    live: &Arc<StackSession>,
    run: &DeployRun,
) -> Result<Made, PanelError> {
    let Some(id) = run.window.clone() else {
        return Err(refuse("No window to close out: the step that starts it was skipped.")
            .with_hint("Skip this step."));
    };
    if run.joined {
        let on = whole_windows(deploys, live, clock::now()).into_iter().find(|window| window.id == id);
        if let Some(window) = on {
            return Err(refuse(format!(
                "The window of {}, which this deployment joined, still mutes alerts until {}.",
                window.created_by,
                moment(window.ends_at)
            ))
            .with_hint("End it on the Maintenance screen, or try again when it is over."));
        }
    } else {
        let request = MaintenanceEndRequest { id: id.0.clone() };
        if let Err(error) = change::end(Arc::clone(&deploys.maintenance), request).await
            // It may have expired.
            && !matches!(error.code, ErrorCode::NotFound | ErrorCode::InvalidRequest)
        {
            return Err(error);
        }
    }
    let report = closeout::closeout(Arc::clone(&deploys.maintenance), id.0).await?;
    if report.preliminary {
        return Err(PanelError::new(ErrorCode::Unverified, "maintenance", "The window is still active.")
            .with_hint("Try again, or end it on the Maintenance screen."));
    }
    let muted = verb(report.hidden as usize, "alert was muted", "alerts were muted");
    let note = match report.left_over {
        0 => format!("{muted}; none needs follow-up."),
        left => {
            format!("{muted}; {} follow-up. See the close-out report.", verb(left as usize, "needs", "need"))
        }
    };
    let lists = [
        ("still firing", &report.still_firing),
        ("resolved while muted, close manually", &report.open_outside),
        ("will fire again without a notification", &report.silent_again),
    ];
    let lines =
        lists.into_iter().flat_map(|(words, list)| list.iter().map(move |one| regression::named(one, words)));
    Ok(made(report.left_over == 0, note, lines.collect()))
}

/// Why a window is not joined. `wanted`: when the deploy's own would end.
fn not_joined(window: &MaintenanceWindow, wanted: Timestamp) -> Option<&'static str> {
    if window.phase != WindowPhase::Verified {
        return Some("is not active on every member");
    }
    let shorter = window.ends_at.plus_millis(SHORTER_MS) < wanted;
    shorter.then_some("ends before this deployment's would")
}

/// Windows of this stack that mute every alert now.
fn whole_windows(deploys: &Deploys, live: &StackSession, now: Timestamp) -> Vec<MaintenanceWindow> {
    let running =
        windows::running(&deploys.maintenance.records().all(), &live.state(), &live.profile.name, now);
    let whole = |window: &MaintenanceWindow| quiet::is_on(window, now) && is_everything(&window.matchers);
    running.into_iter().filter(whole).collect()
}

/// Says that silences which no panel made mute every alert: they are not joined, because their end says nothing to the
/// panel, and they go on after the deploy.
fn made_elsewhere(live: &StackSession, now: Timestamp) -> Option<String> {
    let silences = silences::current(&live.state(), now);
    let whole = |silence: &&Silence| {
        silence.window.is_none() && silence.state == SilenceState::Active && is_everything(&silence.matchers)
    };
    let last = silences.iter().filter(whole).max_by_key(|silence| silence.ends_at)?;
    Some(format!(
        "A silence made outside the panel by {} mutes every alert until {}; it was not joined.",
        last.created_by,
        moment(last.ends_at)
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_verified_window_that_lasts_long_enough_is_joined() {
        let window = |phase, ends_at: i64| MaintenanceWindow {
            id: WindowId("w".into()),
            silence_id: "s".into(),
            phase,
            reason: String::new(),
            created_by: String::new(),
            starts_at: Timestamp(0),
            ends_at: Timestamp(ends_at),
            matchers: Vec::new(),
            members: Vec::new(),
            mutes: 0,
            quiet_anyway: 0,
            maintenance: true,
            matches_nothing: false,
            closest: Vec::new(),
            last_seen: None,
            clock_offset_ms: None,
        };
        let wanted = Timestamp(1_000_000);
        let why = |phase, ends_at| not_joined(&window(phase, ends_at), wanted);
        assert_eq!(why(WindowPhase::Verified, 1_000_000), None);
        assert_eq!(why(WindowPhase::Verified, 940_000), None, "a minute less");
        assert_eq!(why(WindowPhase::Verified, 939_999), Some("ends before this deployment's would"));
        for phase in [WindowPhase::Partial, WindowPhase::Accepted, WindowPhase::Unconfirmed] {
            assert_eq!(why(phase, 9_000_000), Some("is not active on every member"), "{phase:?}");
        }
    }
}
