//! Windows, what fired in them, and what has to be told.

use super::*;
use crate::maintenance::scope::default_matchers;

const M: fn(i64) -> Timestamp = |minute| Timestamp(1_700_000_000_000 + minute * 60_000);
const CONFIG: &str = "route: {receiver: pager, group_by: [alertname], group_wait: 30s, group_interval: 5m, \
    repeat_interval: 4h,\n\
    routes: [{matchers: ['job=\"mail\"'], receiver: mail}, {matchers: ['job=\"none\"'], receiver: none}]}\n\
    receivers: [{name: pager, webhook_configs: [{url: x}]}, {name: mail, email_configs: [{to: x}]}, {name: none}]\n";

fn episode(labels: &[(&str, &str)], began: i64, ended: Option<i64>) -> Kept {
    let labels: BTreeMap<String, String> =
        labels.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    Kept {
        fingerprint: fingerprint(&labels).0,
        labels,
        began: M(began),
        ended: ended.map(M),
        seen: M(ended.unwrap_or(60)),
        range: None,
        muted_ms: 0,
        step_s: 0,
    }
}

/// A window from minute 0 to 30.
fn report(episodes: &[Kept], silences: &[Silence], rows: &[AlertRow]) -> Found {
    let routing = Routing::parse(CONFIG);
    assert_eq!(routing.note, "");
    find(&Scene {
        starts_at: M(0),
        ended_at: M(30),
        matchers: &default_matchers(Some("Watchdog")),
        own: &["own".to_owned()],
        episodes,
        rows: Some(rows),
        silences,
        routing: &routing,
        tenant_label: "tenant_id",
        vips: &["vip".to_owned()],
    })
}

fn names(list: &[CloseOutAlert]) -> Vec<&str> {
    list.iter().map(|one| one.name.as_str()).collect()
}

#[test]
fn what_began_and_fires_pages_with_the_next_look_at_its_group() {
    let found = report(&[episode(&[("alertname", "New"), ("tenant_id", "vip")], 10, None)], &[], &[]);
    let new = &found.still_firing[0];
    assert_eq!((new.pages_from, new.pages_by), (Some(M(30)), Some(M(35))));
    assert_eq!((new.tenant.as_deref(), new.vip, found.hidden), (Some("vip"), true, 1));
    assert_eq!(new.receivers, ["pager"]);
}

#[test]
fn what_was_told_before_is_quiet_until_the_repeat_interval() {
    let found = report(&[episode(&[("alertname", "Old")], -60, None)], &[], &[]);
    assert_eq!(found.still_firing[0].pages_by, Some(M(4 * 60 + 5)));
    // Fired a moment before the window: nobody was told yet.
    let late = Kept { began: M(0).plus_millis(-10_000), ..episode(&[("alertname", "Late")], 0, None) };
    assert_eq!(report(&[late], &[], &[]).still_firing[0].pages_by, Some(M(35)));
}

#[test]
fn a_group_with_something_new_is_told_as_a_whole() {
    let old = episode(&[("alertname", "A"), ("zone", "x")], -60, None);
    let new = episode(&[("alertname", "A"), ("zone", "y")], 10, None);
    let found = report(&[old, new], &[], &[]);
    assert_eq!(found.still_firing.iter().map(|one| one.pages_by).collect::<Vec<_>>(), [Some(M(35)); 2]);
}

#[test]
fn an_end_while_muted_was_never_told_and_a_new_begin_is_not_either() {
    let gone = episode(&[("alertname", "Gone")], -60, Some(10));
    let just = episode(&[("alertname", "Just")], -60, Some(28));
    let again =
        [episode(&[("alertname", "Again")], -60, Some(5)), episode(&[("alertname", "Again")], 20, None)];
    let found = report(&[vec![gone, just], again.to_vec()].concat(), &[], &[]);
    assert_eq!(names(&found.open_outside), ["Gone", "Just"]);
    assert!(
        found.open_outside[0].note.contains("no resolved notification was sent")
            && found.open_outside[1].note.contains("may still")
    );
    assert_eq!(names(&found.silent_again), ["Again"]);
    assert_eq!(found.silent_again[0].pages_by, Some(M(4 * 60 + 5)));
    assert!(found.still_firing.is_empty() && found.unseen.is_empty());
    assert_eq!(found.hidden, 3);
}

#[test]
fn what_came_and_went_inside_was_seen_by_nobody() {
    let found = report(
        &[
            episode(&[("alertname", "Blip")], 3, Some(9)),
            episode(&[("alertname", "Watchdog")], -600, None),
            episode(&[("alertname", "Before")], -90, Some(-10)),
            episode(&[("alertname", "After")], 31, None),
        ],
        &[],
        &[],
    );
    assert_eq!(names(&found.unseen), ["Blip"]);
    assert_eq!(found.hidden, 1, "the heartbeat was audible, the others fired at other times");
    assert!(found.still_firing.is_empty() && found.open_outside.is_empty());
}

#[test]
fn who_tells_no_end_leaves_nothing_open_and_who_tells_nobody_pages_nobody() {
    let found = report(
        &[
            episode(&[("alertname", "Mail"), ("job", "mail")], -60, Some(10)),
            episode(&[("alertname", "None"), ("job", "none")], 5, None),
        ],
        &[],
        &[],
    );
    assert!(found.open_outside.is_empty());
    assert_eq!((names(&found.still_firing), found.still_firing[0].pages_by), (vec!["None"], None));
}

#[test]
fn another_silence_or_an_inhibiting_alert_keeps_it_quiet() {
    let other = |id: &str| Silence {
        id: id.into(),
        matchers: vec![Matcher {
            name: "alertname".into(),
            value: "New".into(),
            is_regex: false,
            is_equal: true,
        }],
        state: SilenceState::Active,
        starts_at: M(-5),
        ends_at: M(90),
        updated_at: M(-5),
        created_by: "bob".into(),
        comment: String::new(),
        window: None,
        mutes: 1,
        quiet_anyway: 0,
        members: 1,
        members_of: 1,
    };
    let new = [episode(&[("alertname", "New")], 10, None)];
    let found = report(&new, &[other("x")], &[]);
    assert!(found.still_firing[0].note.contains("bob") && found.still_firing[0].pages_by.is_none());
    assert!(
        report(&new, &[other("own")], &[]).still_firing[0].pages_by.is_some(),
        "the window's own silence is over"
    );
    let mut row = aether_foundation::testing::row(&[("alertname", "New")]);
    row.state = AlertState::Inhibited;
    assert!(report(&new, &[], &[row]).still_firing[0].note.contains("Inhibited"));
}
