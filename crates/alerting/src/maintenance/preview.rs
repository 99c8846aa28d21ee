//! What a window would do if it began now. Pure but for what is known already.

use std::collections::{BTreeMap, HashMap};

use aether_contract::{
    AlertRow, AlertState, MaintenancePreview, MaintenanceRequest, NamedCount, PanelError, ServiceKind,
    Severity, SilenceState, Timestamp,
};

use super::{
    affected_rules, audit,
    closest::{closest, is_current},
    scope, silences,
};
use aether_context::{
    alert_index::order::is_suppressed,
    services::{MAX_OFFSET_MS, offset_text},
    session::SessionState,
};
use aether_foundation::{
    matching::{
        matcher::{Compiled, all_match, compile},
        title,
    },
    stack::Profile,
    text::truncate,
};

/// Names that a preview lists.
const MAX_NAMES: usize = 20;

/// What `request` would mute.
///
/// # Errors
/// `invalid-request` as for the start, except that the reason may still be missing.
pub fn preview(
    request: &MaintenanceRequest,
    profile: &Profile,
    state: &SessionState,
    max_s: u32,
    now: Timestamp,
    fired: &HashMap<String, u32>,
) -> Result<MaintenancePreview, PanelError> {
    let heartbeat = profile.heartbeat.as_deref();
    let matchers = scope::check(request, max_s, heartbeat, false, now)?;
    let mut warnings = Vec::new();
    let compiled = match compile(&matchers) {
        Ok(compiled) => compiled,
        Err(reason) => {
            warnings.push(format!("Cannot determine what it mutes: {reason}."));
            Vec::new()
        }
    };
    let heartbeat_muted =
        heartbeat.is_some_and(|heartbeat| mutes_heartbeat(&compiled, heartbeat, &state.index.rows));
    if let Some(heartbeat) = heartbeat.filter(|_| heartbeat_muted) {
        warnings.push(format!(
            "It mutes the heartbeat {heartbeat}, so the external watchdog will report that alerting is down."
        ));
    }
    let mut names: BTreeMap<String, u32> = BTreeMap::new();
    // The heartbeat stands in one of the lists, and in this one only while nothing mutes it.
    let mut audible: Vec<String> =
        heartbeat.filter(|_| !heartbeat_muted).map(str::to_owned).into_iter().collect();
    let (mut mutes, mut critical) = (0, 0);
    for row in state.index.rows.iter().filter(|row| row.state == AlertState::Firing) {
        if !compiled.is_empty() && all_match(&compiled, &row.labels) {
            mutes += 1;
            critical += u32::from(row.severity == Severity::Critical);
            *names.entry(title(&row.name, &row.labels)).or_default() += 1;
        } else if !(heartbeat_muted && heartbeat == Some(row.name.as_str())) {
            let title = title(&row.name, &row.labels);
            if !audible.contains(&title) {
                audible.push(title);
            }
        }
    }
    let quiet = state.index.rows.iter().filter(|row| is_suppressed(row.state));
    let quiet_already = quiet.filter(|row| !compiled.is_empty() && all_match(&compiled, &row.labels)).count();
    let mut current = state.index.rows.iter().filter(|row| is_current(row));
    let matches_nothing = !compiled.is_empty() && !current.any(|row| all_match(&compiled, &row.labels));
    let closest = if matches_nothing { closest(&matchers, &state.index.rows) } else { Vec::new() };
    let mut names: Vec<NamedCount> =
        names.into_iter().map(|(name, count)| NamedCount { name: truncate(&name, 256), count }).collect();
    names.sort_by_key(|named| std::cmp::Reverse(named.count));
    names.truncate(MAX_NAMES);
    audible.truncate(MAX_NAMES);
    let already = silences::all(state, now)
        .into_iter()
        .filter(|silence| silence.state == SilenceState::Active)
        .take(MAX_NAMES)
        .collect();
    warnings.extend(warnings_of(request, profile, state));
    let offset = state.members.iter().find_map(|member| member.probe.clock_offset_ms).unwrap_or(0);
    Ok(MaintenancePreview {
        mutes,
        quiet_already: u32::try_from(quiet_already).unwrap_or(u32::MAX),
        mutes_critical: critical,
        names,
        audible,
        already,
        could_fire: affected_rules::affected_rules(
            &matchers,
            &state.prometheus.rules,
            &state.index.rows,
            fired,
        ),
        matchers,
        matches_nothing,
        closest,
        warnings,
        ends_at: request
            .starts_at
            .filter(|at| *at > now)
            .unwrap_or(now)
            .plus_millis(i64::from(offset) + i64::from(request.duration_s) * 1000),
    })
}

/// Whether the heartbeat would be muted: as it fires now, else by its name alone.
fn mutes_heartbeat(compiled: &[Compiled], heartbeat: &str, rows: &[AlertRow]) -> bool {
    !compiled.is_empty() && audit::mutes_heartbeat(compiled, rows, heartbeat)
}

fn warnings_of(request: &MaintenanceRequest, profile: &Profile, state: &SessionState) -> Vec<String> {
    let mut warnings = Vec::new();
    let down = state.members.iter().filter(|member| member.probe.freshness.error().is_some()).count();
    let all = state.members.len();
    if all == 0 {
        warnings.push("This stack has no Alertmanager.".to_owned());
    } else if down == all {
        warnings.push(
            "No Alertmanager is reachable: windows cannot be started, and the alert list is stale."
                .to_owned(),
        );
    } else if down > 0 {
        warnings.push(format!(
            "{down} of {all} Alertmanager members unreachable; what is unreachable may still send notifications."
        ));
    }
    let offset = state
        .members
        .iter()
        .filter_map(|member| member.probe.clock_offset_ms)
        .find(|offset| offset.unsigned_abs() > MAX_OFFSET_MS.unsigned_abs());
    if let Some(offset) = offset {
        warnings.push(offset_text(ServiceKind::Alertmanager, offset));
    }
    if request.matchers.is_empty() {
        warnings.push(match &profile.heartbeat {
            Some(heartbeat) => format!("It mutes every alert except {heartbeat}."),
            None => {
                "It mutes every alert, including any heartbeat for an external watchdog: the profile has \
                    none configured."
                    .to_owned()
            }
        });
    }
    if request.duration_s > 4 * 3600 {
        warnings.push(
            "It is longer than four hours. Start with a shorter window and extend it if needed.".to_owned(),
        );
    }
    warnings
}
