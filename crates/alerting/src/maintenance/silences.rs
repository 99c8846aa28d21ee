//! Silences of all members as one list, and its pages. Pure.

use std::collections::HashMap;

use aether_clients::alertmanager::AmSilence;
use aether_contract::{Matcher, Silence, SilenceState, SilencesRequest, Timestamp};

use aether_context::window_tag::read_comment;
use aether_context::{alert_index::join::MutedCount, session::SessionState};
use aether_foundation::{
    matching::{filter::contains, matcher::text},
    text::truncate,
};

/// Most rows that one page carries.
const MAX_ROWS: usize = 500;

/// A silence's state at a time of its server's: what the server said, moved on by the clock since.
pub fn state_at(silence: &AmSilence, now: Timestamp) -> SilenceState {
    if silence.status == Some(SilenceState::Expired) || silence.ends_at <= now {
        return SilenceState::Expired;
    }
    match silence.status {
        // A clock a little behind must not show a silence as pending that the server calls active.
        Some(SilenceState::Active) => SilenceState::Active,
        _ if silence.starts_at <= now => SilenceState::Active,
        _ => SilenceState::Pending,
    }
}

/// All silences, each once, the newest end first.
pub fn all(state: &SessionState, now: Timestamp) -> Vec<Silence> {
    collect(state, now, |_, _| true)
}

/// Those that are not over. Of the others there may be thousands.
pub fn current(state: &SessionState, now: Timestamp) -> Vec<Silence> {
    collect(state, now, |silence, now| state_at(silence, now) != SilenceState::Expired)
}

fn collect(
    state: &SessionState,
    now: Timestamp,
    wanted: impl Fn(&AmSilence, Timestamp) -> bool,
) -> Vec<Silence> {
    let answered = state.members.iter().filter(|member| member.probe.freshness.is_fresh()).count();
    let members_of = u32::try_from(answered).unwrap_or(u32::MAX);
    let mut merged: HashMap<&str, Silence> = HashMap::new();
    for member in &state.members {
        let fresh = member.probe.freshness.is_fresh();
        // An unreachable member is ignored while others respond.
        if !fresh && answered > 0 {
            continue;
        }
        let member_now = member.probe.server_now().unwrap_or(now);
        for silence in member.silences.iter().filter(|silence| wanted(silence, member_now)) {
            let mutes = state.index.muted_by.get(&silence.id).copied().unwrap_or_default();
            let new = contract(silence, member_now, mutes, u32::from(fresh), members_of);
            match merged.get_mut(silence.id.as_str()) {
                Some(known) => {
                    let members = known.members + new.members;
                    if new.updated_at > known.updated_at {
                        *known = new;
                    }
                    known.members = members;
                }
                None => {
                    merged.insert(&silence.id, new);
                }
            }
        }
    }
    let mut silences: Vec<Silence> = merged.into_values().collect();
    silences.sort_by(|a, b| b.ends_at.cmp(&a.ends_at).then_with(|| a.id.cmp(&b.id)));
    silences
}

fn contract(
    silence: &AmSilence,
    now: Timestamp,
    mutes: MutedCount,
    members: u32,
    members_of: u32,
) -> Silence {
    let (window, comment) = read_comment(&silence.comment);
    Silence {
        id: silence.id.clone(),
        matchers: silence
            .matchers
            .iter()
            .map(|matcher| Matcher {
                name: truncate(&matcher.name, 256),
                value: truncate(&matcher.value, 4096),
                ..*matcher
            })
            .collect(),
        state: state_at(silence, now),
        starts_at: silence.starts_at,
        ends_at: silence.ends_at,
        updated_at: silence.updated_at,
        created_by: truncate(&silence.created_by, 256),
        comment: truncate(comment, 4096),
        window,
        mutes: mutes.alerts,
        quiet_anyway: mutes.quiet_anyway,
        members,
        members_of,
    }
}

/// One page. The freshness is the caller's to add.
pub fn page(silences: &[Silence], request: &SilencesRequest) -> (Vec<Silence>, u32) {
    let words: Vec<String> = request.search.split_whitespace().map(str::to_lowercase).collect();
    let matching: Vec<&Silence> = silences
        .iter()
        .filter(|silence| request.states.is_empty() || request.states.contains(&silence.state))
        .filter(|silence| {
            words.iter().all(|word| {
                contains(&silence.comment, word)
                    || contains(&silence.created_by, word)
                    || contains(&silence.id, word)
                    || silence.matchers.iter().any(|matcher| contains(&text(matcher), word))
            })
        })
        .collect();
    let total = u32::try_from(matching.len()).unwrap_or(u32::MAX);
    let limit = usize::try_from(request.limit).unwrap_or(MAX_ROWS).min(MAX_ROWS);
    let offset = usize::try_from(request.offset).unwrap_or(usize::MAX);
    (matching.into_iter().skip(offset).take(limit).cloned().collect(), total)
}

/// Active silences that no window of the panel's made.
pub fn count_others(state: &SessionState, now: Timestamp) -> u32 {
    let answered = state.members.iter().any(|member| member.probe.freshness.is_fresh());
    let mut ids = std::collections::HashSet::new();
    for member in &state.members {
        if answered && !member.probe.freshness.is_fresh() {
            continue;
        }
        let member_now = member.probe.server_now().unwrap_or(now);
        ids.extend(
            member
                .silences
                .iter()
                .filter(|silence| state_at(silence, member_now) == SilenceState::Active)
                .filter(|silence| read_comment(&silence.comment).0.is_none())
                .map(|silence| silence.id.as_str()),
        );
    }
    u32::try_from(ids.len()).unwrap_or(u32::MAX)
}
