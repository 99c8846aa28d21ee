//! What is muted now, over all silences and windows, whoever made them; and what would be heard without some of them.
//! Pure.

use std::collections::HashSet;

use aether_contract::{
    AlertRow, AlertState, MaintenanceEndPreview, MaintenanceWindow, Matcher, Quiet, Severity, Silence,
    SilenceState, Timestamp, WindowId, WindowPhase,
};

use super::audit;
use aether_context::alert_index::join::is_quiet_without_silences;
use aether_foundation::matching::matcher::compile;

/// Whether matchers mute every alert, the heartbeat perhaps excepted.
pub fn is_everything(matchers: &[Matcher]) -> bool {
    compile(matchers).is_ok_and(|matchers| audit::names_no_alert(&matchers))
}

/// Whether a window that the panel made counts as maintenance: it names no alert. One that does is a silence.
pub fn is_maintenance(matchers: &[Matcher]) -> bool {
    let by_name: Vec<Matcher> = matchers.iter().filter(|one| one.name == "alertname").cloned().collect();
    by_name.is_empty() || is_everything(&by_name)
}

/// Whether a window is muting, as far as anybody knows.
pub fn is_on(window: &MaintenanceWindow, now: Timestamp) -> bool {
    use WindowPhase::{Accepted, Partial, Unconfirmed, Verified};
    matches!(window.phase, Accepted | Verified | Partial | Unconfirmed)
        && window.starts_at <= now
        && window.ends_at > now
}

/// A span of time that something mutes.
struct Span {
    id: String,
    starts_at: Timestamp,
    ends_at: Timestamp,
    everything: bool,
    /// Whether it mutes now, by its server's clock; else it will.
    on: bool,
}

/// What it all comes to. `windows` are those of the panel, `silences` all that are not over.
pub fn quiet(
    windows: &[MaintenanceWindow],
    silences: &[Silence],
    rows: &[AlertRow],
    now: Timestamp,
) -> Quiet {
    let mut maintenance = Vec::new();
    let mut others = Vec::new();
    let planned =
        |window: &&MaintenanceWindow| window.phase == WindowPhase::Scheduled && window.ends_at > now;
    for window in windows.iter().filter(|window| is_on(window, now) || planned(window)) {
        let span = Span {
            id: window.id.0.clone(),
            starts_at: window.starts_at,
            ends_at: window.ends_at,
            everything: is_everything(&window.matchers),
            on: is_on(window, now),
        };
        if window.maintenance { maintenance.push(span) } else { others.push((span, &window.silence_id)) }
    }
    for silence in silences.iter().filter(|one| one.window.is_none() && one.state != SilenceState::Expired) {
        let everything = is_everything(&silence.matchers);
        let span = Span {
            id: silence.id.clone(),
            starts_at: silence.starts_at,
            ends_at: silence.ends_at,
            everything,
            on: silence.state == SilenceState::Active,
        };
        if everything { maintenance.push(span) } else { others.push((span, &silence.id)) }
    }
    let everything = maintenance.iter().any(|span| span.on && span.everything);
    // Where everything is quiet, what mutes less does not make it longer.
    maintenance.retain(|span| !everything || span.everything);
    maintenance.sort_by_key(|span| span.starts_at);
    let last = maintenance.iter().filter(|span| span.on).max_by_key(|span| span.ends_at);
    // In the order of their begin: one that begins before the end prolongs it.
    let until = last.map(|last| {
        maintenance.iter().fold(last.ends_at, |until, span| {
            if span.starts_at <= until { until.max(span.ends_at) } else { until }
        })
    });
    let count = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
    let muting: HashSet<&str> =
        others.iter().filter(|(span, _)| span.on).map(|(_, id)| id.as_str()).collect();
    let only_by = |row: &&AlertRow| {
        row.state == AlertState::Silenced
            && !is_quiet_without_silences(row)
            && row.silenced_by.iter().all(|silence| muting.contains(silence.id.as_str()))
    };
    Quiet {
        windows: count(maintenance.iter().filter(|span| span.on).count()),
        everything,
        until,
        last: last.map(|last| WindowId(last.id.clone())),
        silences: count(others.iter().filter(|(span, _)| span.on).count()),
        silences_until: others
            .iter()
            .map(|(span, _)| span)
            .filter(|span| span.on)
            .map(|span| span.ends_at)
            .max(),
        silenced: count(rows.iter().filter(only_by).count()),
    }
}

/// Alertmanager's ids of the silences that are meant by window ids or silence ids. None: one of them is over.
pub fn meant<'a>(ids: &[String], silences: &'a [Silence]) -> Option<HashSet<&'a str>> {
    let of = |id: &String| {
        let named =
            |one: &&Silence| one.id == *id || one.window.as_ref().is_some_and(|window| window.0 == *id);
        let found: Vec<&str> = silences.iter().filter(named).map(|one| one.id.as_str()).collect();
        (!found.is_empty()).then_some(found)
    };
    ids.iter().map(of).collect::<Option<Vec<_>>>().map(|found| found.into_iter().flatten().collect())
}

/// What would be heard if the silences `ended` (Alertmanager's ids) ended now.
pub fn end_preview(ended: &HashSet<&str>, rows: &[AlertRow], at: Option<Timestamp>) -> MaintenanceEndPreview {
    let mut found = MaintenanceEndPreview { at, ..MaintenanceEndPreview::default() };
    let meant = |row: &&AlertRow| {
        row.state == AlertState::Silenced && row.silenced_by.iter().any(|one| ended.contains(one.id.as_str()))
    };
    for row in rows.iter().filter(meant) {
        let others: Vec<_> = row.silenced_by.iter().filter(|one| !ended.contains(one.id.as_str())).collect();
        if is_quiet_without_silences(row) {
            found.quiet_anyway += 1;
        } else if others.is_empty() {
            found.unmutes += 1;
            found.unmutes_critical += u32::from(row.severity == Severity::Critical);
        } else {
            found.still_silenced += 1;
            let until = others.iter().filter_map(|one| one.until).max();
            found.still_until = found.still_until.max(until);
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use aether_contract::SilencedBy;

    use super::*;
    use crate::maintenance::scope::default_matchers;
    use aether_foundation::testing::row;

    const NOW: Timestamp = Timestamp(1_800_000_000_000);
    const MINUTE: i64 = 60_000;

    fn named(name: &str) -> Vec<Matcher> {
        vec![Matcher { name: "alertname".into(), value: name.into(), is_regex: false, is_equal: true }]
    }

    fn label(name: &str, value: &str) -> Matcher {
        Matcher { name: name.into(), value: value.into(), is_regex: false, is_equal: true }
    }

    fn window(id: &str, phase: WindowPhase, from: i64, to: i64, matchers: Vec<Matcher>) -> MaintenanceWindow {
        MaintenanceWindow {
            id: WindowId(id.into()),
            silence_id: format!("s-{id}"),
            phase,
            reason: String::new(),
            created_by: String::new(),
            starts_at: NOW.plus_millis(from * MINUTE),
            ends_at: NOW.plus_millis(to * MINUTE),
            maintenance: is_maintenance(&matchers),
            matchers,
            members: Vec::new(),
            mutes: 0,
            quiet_anyway: 0,
            matches_nothing: false,
            closest: Vec::new(),
            last_seen: None,
            clock_offset_ms: None,
        }
    }

    fn silence(id: &str, to: i64, matchers: Vec<Matcher>) -> Silence {
        Silence {
            id: id.into(),
            matchers,
            state: SilenceState::Active,
            starts_at: NOW,
            ends_at: NOW.plus_millis(to * MINUTE),
            updated_at: NOW,
            created_by: String::new(),
            comment: String::new(),
            window: None,
            mutes: 0,
            quiet_anyway: 0,
            members: 1,
            members_of: 1,
        }
    }

    fn silenced(name: &str, by: &[(&str, i64)]) -> AlertRow {
        let mut row = row(&[("alertname", name), ("severity", "critical")]);
        row.state = AlertState::Silenced;
        row.severity = Severity::Critical;
        let one = |(id, to): &(&str, i64)| SilencedBy {
            id: (*id).into(),
            by: String::new(),
            comment: String::new(),
            until: Some(NOW.plus_millis(to * MINUTE)),
        };
        row.silenced_by = by.iter().map(one).collect();
        row
    }

    #[test]
    fn silencing_one_alert_is_no_maintenance() {
        let one = [window("a", WindowPhase::Verified, -1, 30, named("A"))];
        let found = quiet(&one, &[], &[silenced("A", &[("s-a", 30)])], NOW);
        assert_eq!((found.windows, found.until, found.everything), (0, None, false));
        assert_eq!((found.silences, found.silenced), (1, 1));
        assert_eq!(found.silences_until, Some(NOW.plus_millis(30 * MINUTE)));
        for matchers in [
            default_matchers(None),
            default_matchers(Some("Watchdog")),
            vec![label("cluster", "eu")],
            vec![Matcher { name: "alertname".into(), value: ".+".into(), is_regex: true, is_equal: true }],
        ] {
            assert!(is_maintenance(&matchers), "{matchers:?}");
        }
        assert!(!is_maintenance(&[label("alertname", "A"), label("tenant_id", "x")]));
    }

    #[test]
    fn several_windows_are_one_quiet_time() {
        let all = || default_matchers(Some("Watchdog"));
        let windows = [
            window("first", WindowPhase::Verified, -5, 10, all()),
            window("second", WindowPhase::Partial, -2, 43, all()),
            // Begins before the second ends, and the last one after a gap.
            window("next", WindowPhase::Scheduled, 40, 60, all()),
            window("later", WindowPhase::Scheduled, 61, 90, all()),
            window("lost", WindowPhase::Lost, -1, 300, all()),
            window("scoped", WindowPhase::Verified, -1, 200, vec![label("cluster", "eu")]),
        ];
        let found = quiet(&windows, &[], &[], NOW);
        assert_eq!((found.windows, found.everything), (2, true));
        assert_eq!(found.until, Some(NOW.plus_millis(60 * MINUTE)));
        assert_eq!(found.last, Some(WindowId("second".into())));
        // A silence that somebody made elsewhere for everything is maintenance too.
        let found = quiet(&windows[5..], &[silence("x", 20, all())], &[], NOW);
        assert_eq!((found.windows, found.until), (1, Some(NOW.plus_millis(20 * MINUTE))));
        let found = quiet(&windows[5..], &[silence("x", 20, named("A"))], &[], NOW);
        assert_eq!((found.windows, found.everything, found.silences), (1, false, 1));
        assert_eq!(found.until, Some(NOW.plus_millis(200 * MINUTE)));
    }

    #[test]
    fn a_window_that_no_member_has_is_not_on_and_one_that_was_verified_is() {
        use WindowPhase::{Accepted, Asked, Ended, Lost, Partial, Scheduled, Unconfirmed, Verified};
        let windows =
            |phase| quiet(&[window("a", phase, -1, 30, default_matchers(None))], &[], &[], NOW).windows;
        for (phase, on) in [
            (Asked, 0),
            (Scheduled, 0),
            (Lost, 0),
            (Ended, 0),
            (Accepted, 1),
            (Partial, 1),
            (Verified, 1),
            (Unconfirmed, 1),
        ] {
            assert_eq!(windows(phase), on, "{phase:?}");
        }
        let over = window("a", Verified, -30, 0, default_matchers(None));
        assert_eq!(quiet(&[over], &[], &[], NOW), Quiet::default());
    }

    #[test]
    fn ids_of_windows_and_silences_name_silences() {
        let tagged =
            |id: &str, tag: &str| Silence { window: Some(WindowId(tag.into())), ..silence(id, 5, vec![]) };
        let silences = [tagged("s1", "w"), tagged("s2", "w"), silence("s3", 5, vec![])];
        let of = |ids: &[&str]| meant(&ids.iter().map(|id| (*id).to_owned()).collect::<Vec<_>>(), &silences);
        assert_eq!(of(&["w"]), Some(["s1", "s2"].into()), "members without a cluster have one each");
        assert_eq!(of(&["s3", "w"]), Some(["s1", "s2", "s3"].into()));
        assert_eq!(of(&["s3", "gone"]), None);
    }

    #[test]
    fn what_another_silence_mutes_or_another_alert_inhibits_is_not_heard_at_the_end() {
        let mut inhibited = silenced("I", &[("s1", 10)]);
        inhibited.inhibited_by = vec![aether_contract::AlertFingerprint("f".into())];
        let rows = [
            silenced("A", &[("s1", 10)]),
            silenced("B", &[("s1", 10), ("s2", 40)]),
            silenced("C", &[("s2", 40)]),
            inhibited,
        ];
        let found = end_preview(&["s1"].into(), &rows, Some(NOW));
        assert_eq!((found.unmutes, found.unmutes_critical), (1, 1));
        assert_eq!((found.still_silenced, found.quiet_anyway), (1, 1));
        assert_eq!(found.still_until, Some(NOW.plus_millis(40 * MINUTE)));
        let found = end_preview(&["s1", "s2"].into(), &rows, Some(NOW));
        assert_eq!((found.unmutes, found.still_silenced, found.quiet_anyway), (3, 0, 1));
    }
}
