//! What a window would do if it began now. Pure but for what is known already.

use std::collections::{BTreeMap, HashMap};

use aether_contract::{
    AlertState, MaintenancePreview, MaintenanceRequest, NamedCount, PanelError, ServiceKind, Severity,
    SilenceState, Timestamp,
};

use super::{affected_rules, scope, silences};
use aether_context::{
    services::{MAX_OFFSET_MS, offset_text},
    session::SessionState,
};
use aether_foundation::{
    matching::matcher::{all_match, compile},
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
    let mut names: BTreeMap<&str, u32> = BTreeMap::new();
    let mut audible: Vec<String> = heartbeat.map(str::to_owned).into_iter().collect();
    let (mut mutes, mut critical) = (0, 0);
    for row in state.index.rows.iter().filter(|row| row.state == AlertState::Firing) {
        if !compiled.is_empty() && all_match(&compiled, &row.labels) {
            mutes += 1;
            critical += u32::from(row.severity == Severity::Critical);
            *names.entry(row.name.as_str()).or_default() += 1;
        } else if !audible.contains(&row.name) {
            audible.push(row.name.clone());
        }
    }
    let mut names: Vec<NamedCount> =
        names.into_iter().map(|(name, count)| NamedCount { name: truncate(name, 256), count }).collect();
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
        warnings,
        ends_at: request
            .starts_at
            .filter(|at| *at > now)
            .unwrap_or(now)
            .plus_millis(i64::from(offset) + i64::from(request.duration_s) * 1000),
    })
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
            "{down} of {all} Alertmanager members are unreachable and may still send notifications."
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
