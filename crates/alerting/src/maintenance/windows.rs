//! What a maintenance window's state is, from what every member says and what the journal knows. Pure.

use std::collections::BTreeMap;

use aether_clients::alertmanager::AmSilence;
use aether_contract::{
    ClosestValues, Freshness, MaintenanceWindow, Matcher, MemberCheck, Silence, SilenceState, Timestamp,
    WindowId, WindowPhase,
};

use super::{
    closest::{closest, is_current},
    quiet::{is_everything, is_maintenance},
    record::{Progress, Record},
    silences::state_at,
};
use aether_context::session::{MemberState, SessionState};
use aether_context::window_tag::read_comment;
use aether_foundation::matching::matcher::compile;

/// Windows of `stack` that are not over, the one that ends first in front.
pub fn running(
    records: &[Record],
    state: &SessionState,
    stack: &str,
    now: Timestamp,
) -> Vec<MaintenanceWindow> {
    let mut windows: Vec<MaintenanceWindow> = known(records, state, stack)
        .into_iter()
        .map(|(id, record)| window(&id, record, state, now))
        .filter(|window| window.phase != WindowPhase::Ended)
        .collect();
    windows.sort_by(|a, b| a.ends_at.cmp(&b.ends_at).then_with(|| a.id.cmp(&b.id)));
    windows
}

/// One window as it stands.
pub fn one(id: &WindowId, records: &[Record], state: &SessionState, now: Timestamp) -> MaintenanceWindow {
    window(id, records.iter().find(|record| &record.id == id), state, now)
}

/// A silence made elsewhere, in the shape of a window: its id stands for the window's.
pub fn of_silence(silence: &Silence, state: &SessionState, now: Timestamp) -> MaintenanceWindow {
    let mut answers = Vec::new();
    let members = state
        .members
        .iter()
        .map(|member| {
            let member_now = member.probe.server_now().unwrap_or(now);
            let fresh = member.probe.freshness.is_fresh();
            let known = member.silences.iter().find(|known| known.id == silence.id);
            let known = known.map(|known| state_at(known, member_now)).filter(|_| fresh);
            if fresh {
                answers.push(known);
            }
            MemberCheck {
                url: member.url.clone(),
                state: known,
                error: member.probe.freshness.error().map(|error| error.message.clone()).unwrap_or_default(),
            }
        })
        .collect();
    let closest = unmatched(&silence.matchers, silence.mutes + silence.quiet_anyway, state);
    MaintenanceWindow {
        id: WindowId(silence.id.clone()),
        silence_id: silence.id.clone(),
        phase: phase(&answers, state.members.len(), None, true, silence.ends_at <= now),
        reason: silence.comment.clone(),
        created_by: silence.created_by.clone(),
        starts_at: silence.starts_at,
        ends_at: silence.ends_at,
        matchers: silence.matchers.clone(),
        members,
        mutes: silence.mutes,
        quiet_anyway: silence.quiet_anyway,
        maintenance: is_everything(&silence.matchers),
        last_seen: None,
        matches_nothing: closest.is_some(),
        closest: closest.unwrap_or_default(),
        clock_offset_ms: state.members.iter().find_map(|member| member.probe.clock_offset_ms),
    }
}

/// What is close to matchers that match no current alert; none when they match one.
fn unmatched(matchers: &[Matcher], mutes: u32, state: &SessionState) -> Option<Vec<ClosestValues>> {
    // Without a list of alerts nothing is known to be missing from it.
    if mutes > 0 || !state.index_complete {
        return None;
    }
    let compiled = compile(matchers).ok()?;
    let rows = &state.index.rows;
    let mut haystacks = rows.iter().zip(state.index.haystacks.iter());
    let matched =
        haystacks.any(|(row, haystack)| is_current(row) && haystack.all_match(&compiled, &row.labels));
    (!matched).then(|| closest(matchers, rows))
}

/// Ids of all windows that the journal or a tag tells of.
fn known<'a>(
    records: &'a [Record],
    state: &SessionState,
    stack: &str,
) -> BTreeMap<WindowId, Option<&'a Record>> {
    let mut known: BTreeMap<WindowId, Option<&Record>> = BTreeMap::new();
    for silence in state.members.iter().flat_map(|member| member.silences.iter()) {
        if let (Some(id), _) = read_comment(&silence.comment) {
            known.entry(id).or_insert(None);
        }
    }
    for record in records {
        let here = record.detail.stack == stack;
        let running = matches!(record.progress, Progress::Asked | Progress::Accepted | Progress::Known);
        if known.contains_key(&record.id) || (here && running) {
            known.insert(record.id.clone(), Some(record));
        }
    }
    known
}

/// The silence of a window on one member: the one that mutes, else that will, else that did; then the latest end.
fn tagged<'a>(member: &'a MemberState, id: &WindowId, now: Timestamp) -> Option<&'a AmSilence> {
    let rank = |silence: &AmSilence| match state_at(silence, now) {
        SilenceState::Active => 2,
        SilenceState::Pending => 1,
        SilenceState::Expired => 0,
    };
    member
        .silences
        .iter()
        .filter(|silence| read_comment(&silence.comment).0.as_ref() == Some(id))
        .max_by_key(|silence| (rank(silence), silence.ends_at))
}

fn window(id: &WindowId, record: Option<&Record>, state: &SessionState, now: Timestamp) -> MaintenanceWindow {
    let mut checks = Vec::new();
    let mut answers = Vec::new();
    let mut found: Option<&AmSilence> = None;
    let mut last_seen: Option<Timestamp> = None;
    for member in &state.members {
        let member_now = member.probe.server_now().unwrap_or(now);
        let silence = tagged(member, id, member_now);
        // An answer from before the last change says nothing about it.
        let before = match (record.and_then(|record| record.touched), member.probe.good) {
            (Some(touched), Some(good)) => good < touched,
            (Some(_), None) => true,
            (None, _) => false,
        };
        let fresh = member.probe.freshness.is_fresh() && !before;
        let silence_state = silence.map(|silence| state_at(silence, member_now));
        if silence_state.is_some()
            && let Freshness::Stale { at, .. } = &member.probe.freshness
        {
            last_seen = last_seen.max(Some(*at));
        }
        if fresh {
            answers.push(silence_state);
        }
        checks.push(MemberCheck {
            url: member.url.clone(),
            state: silence_state.filter(|_| fresh),
            error: match (fresh, member.probe.freshness.error()) {
                (true, _) => String::new(),
                (false, Some(error)) => error.message.clone(),
                (false, None) => "not checked yet".to_owned(),
            },
        });
        let better = match (found, silence) {
            (None, _) => true,
            (Some(_), None) => false,
            (Some(old), Some(new)) => {
                (state_at(new, member_now) == SilenceState::Active, new.updated_at)
                    > (state_at(old, member_now) == SilenceState::Active, old.updated_at)
            }
        };
        if better {
            found = silence.or(found);
        }
    }
    let ends_at = found.map(|silence| silence.ends_at).or(record.map(|record| record.detail.ends_at));
    let over = ends_at.is_none_or(|end| end <= now);
    let phase = phase(&answers, state.members.len(), record, found.is_some(), over);
    let detail = record.map(|record| &record.detail);
    let mutes = found.and_then(|silence| state.index.muted_by.get(&silence.id)).copied().unwrap_or_default();
    let matchers = found
        .map(|silence| silence.matchers.clone())
        .or_else(|| detail.map(|detail| detail.matchers.clone()))
        .unwrap_or_default();
    let closest = if over { None } else { unmatched(&matchers, mutes.alerts + mutes.quiet_anyway, state) };
    MaintenanceWindow {
        id: id.clone(),
        silence_id: found
            .map(|silence| silence.id.clone())
            .or_else(|| detail.map(|detail| detail.silence_id.clone()))
            .unwrap_or_default(),
        phase,
        reason: found
            .map(|silence| aether_foundation::text::truncate(read_comment(&silence.comment).1, 4096))
            .or_else(|| detail.map(|detail| detail.reason.clone()))
            .unwrap_or_default(),
        created_by: found
            .map(|silence| aether_foundation::text::truncate(&silence.created_by, 256))
            .or_else(|| detail.map(|detail| detail.created_by.clone()))
            .unwrap_or_default(),
        starts_at: found
            .map(|silence| silence.starts_at)
            .or(detail.map(|detail| detail.starts_at))
            .unwrap_or(Timestamp(0)),
        ends_at: ends_at.unwrap_or(Timestamp(0)),
        maintenance: is_maintenance(&matchers),
        matchers,
        mutes: mutes.alerts,
        quiet_anyway: mutes.quiet_anyway,
        matches_nothing: closest.is_some(),
        closest: closest.unwrap_or_default(),
        members: checks,
        last_seen: last_seen.filter(|_| phase == WindowPhase::Unconfirmed),
        clock_offset_ms: state.members.iter().find_map(|member| member.probe.clock_offset_ms),
    }
}

/// The phase from the answers of those of the `members` that answer, `None` where the silence is unknown. A
/// member that does not answer may still be sending: without its word nothing is verified.
fn phase(
    answers: &[Option<SilenceState>],
    members: usize,
    record: Option<&Record>,
    found: bool,
    over: bool,
) -> WindowPhase {
    let progress = record.map_or(Progress::Known, |record| record.progress);
    let in_hand = record.is_some_and(|record| record.in_hand);
    let count = |wanted: SilenceState| answers.iter().filter(|answer| **answer == Some(wanted)).count();
    let (active, pending, expired) =
        (count(SilenceState::Active), count(SilenceState::Pending), count(SilenceState::Expired));
    if active > 0 && active == members {
        return WindowPhase::Verified;
    }
    if in_hand && !over && expired == 0 {
        return if progress == Progress::Asked { WindowPhase::Asked } else { WindowPhase::Accepted };
    }
    if active > 0 {
        return WindowPhase::Partial;
    }
    if pending > 0 {
        return if pending == members { WindowPhase::Scheduled } else { WindowPhase::Partial };
    }
    if expired > 0 || over || matches!(progress, Progress::Ended | Progress::Refused) {
        return WindowPhase::Ended;
    }
    if answers.is_empty() {
        // Nobody answers: what was accepted is believed, and what was verified does not begin anew.
        return match progress {
            Progress::Asked if !found => WindowPhase::Asked,
            _ if found => WindowPhase::Unconfirmed,
            Progress::Known => WindowPhase::Unconfirmed,
            _ => WindowPhase::Accepted,
        };
    }
    if progress == Progress::Asked { WindowPhase::Asked } else { WindowPhase::Lost }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::maintenance::record::tests::detail;

    fn record(progress: Progress, in_hand: bool) -> Record {
        Record {
            id: WindowId("w".into()),
            entry: 1,
            detail: detail(100),
            progress,
            touched: None,
            open: false,
            in_hand,
            closed_out: false,
        }
    }

    #[test]
    fn the_phase_follows_from_what_members_say_and_what_was_done() {
        use Progress::{Accepted, Asked, Ended, Known, Refused};
        const A: Option<SilenceState> = Some(SilenceState::Active);
        const P: Option<SilenceState> = Some(SilenceState::Pending);
        const E: Option<SilenceState> = Some(SilenceState::Expired);
        const U: Option<SilenceState> = None;
        type Row = (&'static [Option<SilenceState>], Option<(Progress, bool)>, bool, WindowPhase);
        let table: &[Row] = &[
            (&[A, A], Some((Known, false)), false, WindowPhase::Verified),
            // Made by another panel: a tag and no record.
            (&[A], None, false, WindowPhase::Verified),
            (&[A, U], Some((Known, false)), false, WindowPhase::Partial),
            (&[A, E], Some((Known, false)), false, WindowPhase::Partial),
            // Gossip is still on its way while the panel reads back.
            (&[A, U], Some((Accepted, true)), false, WindowPhase::Accepted),
            (&[U, U], Some((Asked, true)), false, WindowPhase::Asked),
            (&[P, P], Some((Known, false)), false, WindowPhase::Scheduled),
            (&[P, U], Some((Known, false)), false, WindowPhase::Partial),
            // Killed server forgot it.
            (&[U, U], Some((Known, false)), false, WindowPhase::Lost),
            (&[U, U], Some((Known, false)), true, WindowPhase::Ended),
            // Ended in Alertmanager's own page.
            (&[E, E], Some((Known, false)), false, WindowPhase::Ended),
            (&[E, U], None, false, WindowPhase::Ended),
            (&[U], Some((Ended, false)), false, WindowPhase::Ended),
            (&[U], Some((Refused, false)), false, WindowPhase::Ended),
            // Nobody answers.
            (&[], Some((Known, false)), false, WindowPhase::Unconfirmed),
            (&[], Some((Accepted, false)), false, WindowPhase::Accepted),
            (&[], Some((Asked, false)), false, WindowPhase::Asked),
            (&[], Some((Known, false)), true, WindowPhase::Ended),
        ];
        // One of two members does not answer.
        assert_eq!(phase(&[A], 2, None, true, false), WindowPhase::Partial);
        assert_eq!(phase(&[P], 2, None, true, false), WindowPhase::Partial);
        for (answers, known, over, expected) in table {
            let record = known.map(|(progress, in_hand)| record(progress, in_hand));
            let found = answers.iter().any(Option::is_some);
            assert_eq!(
                phase(answers, answers.len(), record.as_ref(), found, *over),
                *expected,
                "{answers:?} {known:?} {over}"
            );
        }
    }
}
