//! The join on tables.

use aether_foundation::matching::{fingerprint::fingerprint, severity};
use std::{collections::BTreeMap, sync::Arc};

use aether_clients::alertmanager::{AmAlert, AmAlertStatus, AmSilence, UnknownFields};
use aether_clients::prometheus::{AlertingRule, PromAlert, PromAlertState, Rule, RuleGroup};
use aether_contract::{AlertState, Severity, Timestamp};

use super::join::{AlertIndex, MemberAlerts, MutedCount, PromAlerts, Tenants, join};

const NOW: Timestamp = Timestamp(10_000_000);

fn map(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
    pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

fn listed(labels: &[(&str, &str)], status: AmAlertStatus) -> AmAlert {
    AmAlert {
        fingerprint: fingerprint(&map(labels)).0,
        labels: map(labels),
        annotations: BTreeMap::new(),
        starts_at: Timestamp(NOW.0 - 600_000),
        ends_at: Timestamp(NOW.0 + 240_000),
        generator_url: String::new(),
        status,
        receivers: vec!["team".to_owned()],
    }
}

fn active() -> AmAlertStatus {
    AmAlertStatus { state: "active".into(), ..AmAlertStatus::default() }
}

fn silenced() -> AmAlertStatus {
    AmAlertStatus { state: "suppressed".into(), silenced_by: vec!["s1".into()], ..AmAlertStatus::default() }
}

fn member(alerts: Vec<AmAlert>, fresh: bool) -> MemberAlerts {
    let silence = AmSilence {
        id: "s1".into(),
        matchers: Vec::new(),
        starts_at: Timestamp(0),
        ends_at: Timestamp(NOW.0 + 1000),
        updated_at: Timestamp(0),
        created_by: "ann".into(),
        comment: "[win:8c0f5b62-3d2c-4f62-9d5e-0f4f5d1f7a11] deploy".into(),
        status: None,
        unknown: UnknownFields::default(),
    };
    MemberAlerts {
        alerts: Arc::new(alerts),
        silences: Arc::new(vec![silence]),
        mutings: Arc::default(),
        fresh,
        now: None,
        url: "http://am".into(),
    }
}

fn pending(labels: &[(&str, &str)]) -> PromAlert {
    evaluated(labels, PromAlertState::Pending, 30_000)
}

fn evaluated(labels: &[(&str, &str)], state: PromAlertState, age_ms: i64) -> PromAlert {
    PromAlert {
        labels: map(labels),
        annotations: BTreeMap::new(),
        state,
        active_at: Some(NOW.plus_millis(-age_ms)),
        value: "4.2e+01".into(),
    }
}

fn prometheus(alerts: Vec<PromAlert>) -> PromAlerts {
    let rule = |name: &str, duration: f64| {
        Rule::Alerting(AlertingRule { name: name.into(), duration, ..AlertingRule::default() })
    };
    let group = RuleGroup {
        name: "g".into(),
        interval: 15.0,
        rules: vec![rule("A", 60.0), rule("Slow", 900.0)],
        ..RuleGroup::default()
    };
    PromAlerts { alerts: Arc::new(alerts), rules: Arc::new(vec![group]), fresh: true, now: None }
}

fn tenants() -> Tenants {
    Tenants { label: "tenant_id".into(), vips: ["vip".to_owned()].into(), ..Tenants::default() }
}

fn joined(prometheus: &PromAlerts, members: &[MemberAlerts]) -> AlertIndex {
    join(prometheus, members, &tenants(), NOW)
}

#[test]
fn words_for_severity() {
    let table = [
        ("critical", Severity::Critical),
        ("Page", Severity::Critical),
        ("general", Severity::Warning),
        ("warn", Severity::Warning),
        ("none", Severity::Info),
        ("p1", Severity::Other),
        ("", Severity::Other),
    ];
    for (word, expected) in table {
        assert_eq!(severity(word), expected, "{word}");
    }
}

#[test]
fn one_alert_on_two_members_is_one_row() {
    let labels = [("alertname", "A"), ("tenant_id", "vip")];
    let index = joined(
        &PromAlerts::default(),
        &[member(vec![listed(&labels, active())], true), member(vec![listed(&labels, active())], true)],
    );
    assert_eq!(index.rows.len(), 1);
    assert_eq!((index.rows[0].members, index.rows[0].members_of), (2, 2));
    assert!(index.rows[0].vip && index.rows[0].delivered);
    assert_eq!(index.rows[0].receivers, ["team"]);
}

#[test]
fn where_members_disagree_the_more_audible_state_is_shown() {
    let labels = [("alertname", "A")];
    let quiet = member(vec![listed(&labels, silenced())], true);
    let loud = member(vec![listed(&labels, active())], true);
    for members in [[quiet.clone(), loud.clone()], [loud, quiet]] {
        let index = joined(&PromAlerts::default(), &members);
        assert_eq!(index.rows[0].state, AlertState::Firing);
        assert!(index.rows[0].silenced_by.is_empty());
    }
}

#[test]
fn a_silenced_alert_says_by_whom_and_why() {
    let index =
        joined(&PromAlerts::default(), &[member(vec![listed(&[("alertname", "A")], silenced())], true)]);
    let row = &index.rows[0];
    assert_eq!(row.state, AlertState::Silenced);
    assert_eq!((row.silenced_by[0].by.as_str(), row.silenced_by[0].comment.as_str()), ("ann", "deploy"));
    assert_eq!(index.muted_by["s1"], MutedCount { alerts: 1, quiet_anyway: 0 });
}

#[test]
fn every_way_of_being_muted_has_its_state() {
    let by = |change: fn(&mut AmAlertStatus)| {
        let mut status = active();
        change(&mut status);
        let index =
            joined(&PromAlerts::default(), &[member(vec![listed(&[("alertname", "A")], status)], true)]);
        index.rows[0].state
    };
    assert_eq!(by(|s| s.inhibited_by.push("x".into())), AlertState::Inhibited);
    assert_eq!(by(|s| s.muted_by.push("nights".into())), AlertState::Muted);
    assert_eq!(by(|s| s.state = "unprocessed".into()), AlertState::Firing);
}

#[test]
fn pending_ones_come_from_prometheus_and_say_when_they_fire() {
    let index =
        joined(&prometheus(vec![pending(&[("alertname", "Slow"), ("x", "1")])]), &[member(vec![], true)]);
    let row = &index.rows[0];
    assert_eq!(row.state, AlertState::Pending);
    assert_eq!(row.fires_at, Some(row.since.plus_millis(900_000)));
    assert_eq!((row.value, row.value_text.as_str()), (Some(42.0), "4.2e+01"));
    assert!(row.delivered);
}

#[test]
fn external_labels_do_not_make_a_second_alert() {
    let told = evaluated(&[("alertname", "A"), ("job", "x")], PromAlertState::Firing, 600_000);
    let known = listed(&[("alertname", "A"), ("cluster", "eu"), ("job", "x")], active());
    let other = listed(&[("alertname", "A"), ("cluster", "eu"), ("job", "y")], active());
    let index = joined(&prometheus(vec![told]), &[member(vec![known, other], true)]);
    assert_eq!(index.rows.len(), 2);
    let with_value: Vec<_> = index.rows.iter().filter(|row| row.value.is_some()).collect();
    assert_eq!(with_value.len(), 1);
    assert_eq!(with_value[0].labels["job"], "x");
}

#[test]
fn an_alert_that_never_reached_alertmanager_is_undelivered_after_a_grace() {
    // `for` is 60 s; the grace another 90 s.
    let table = [(110_000, true), (149_000, true), (151_000, false)];
    for (age, delivered) in table {
        let told = evaluated(&[("alertname", "A")], PromAlertState::Firing, age);
        let index = joined(&prometheus(vec![told]), &[member(vec![], true)]);
        assert_eq!(index.rows[0].delivered, delivered, "{age}");
        assert_eq!(index.counts.undelivered, u32::from(!delivered));
    }
}

#[test]
fn nobody_is_blamed_while_alertmanager_is_silent_or_prometheus_is_old() {
    let told = evaluated(&[("alertname", "A")], PromAlertState::Firing, 999_000);
    let silent = joined(&prometheus(vec![told.clone()]), &[member(vec![], false)]);
    assert!(silent.rows[0].delivered);
    assert_eq!(silent.rows[0].state, AlertState::Firing);
    let old = joined(&PromAlerts { fresh: false, ..prometheus(vec![told]) }, &[member(vec![], true)]);
    assert!(old.rows[0].delivered);
}

#[test]
fn a_member_that_went_away_leaves_its_alerts_until_they_would_have_ended() {
    let labels = [("alertname", "A")];
    let gone = member(vec![listed(&labels, active())], false);
    let here = member(vec![], true);
    assert_eq!(joined(&PromAlerts::default(), &[gone.clone(), here.clone()]).rows.len(), 1);
    let later = join(&PromAlerts::default(), &[gone.clone(), here], &tenants(), NOW.plus_millis(300_000));
    assert!(later.rows.is_empty());
    // Nobody answers: what was known stays.
    let alone = join(&PromAlerts::default(), &[gone], &tenants(), NOW.plus_millis(300_000));
    assert_eq!((alone.rows.len(), alone.rows[0].members_of), (1, 0));
}

#[test]
fn hostile_labels_stay_text_and_long_ones_are_cut() {
    let long = "x".repeat(100_000);
    let mut alert = listed(&[("alertname", "<img src=x onerror=alert(1)>"), ("note", &long)], active());
    alert.generator_url = "javascript:alert(1)".into();
    alert.annotations = map(&[("runbook_url", "data:text/html,x"), ("summary", &long)]);
    let index = joined(&PromAlerts::default(), &[member(vec![alert], true)]);
    let row = &index.rows[0];
    assert!(row.labels["note"].len() < 5000 && row.annotations["summary"].ends_with('…'));
    assert!(row.links.iter().all(|link| link.kind == "alertmanager"), "{:?}", row.links);
    assert_eq!(row.name, "<img src=x onerror=alert(1)>");
}

#[test]
fn a_hundred_thousand_alerts_of_one_name_are_joined_in_linear_time() {
    let alerts: Vec<AmAlert> = (0..100_000)
        .map(|i| listed(&[("alertname", "A"), ("cluster", "eu"), ("i", &i.to_string())], active()))
        .collect();
    let told: Vec<PromAlert> = (0..100_000)
        .map(|i| evaluated(&[("alertname", "A"), ("i", &i.to_string())], PromAlertState::Firing, 600_000))
        .collect();
    // Quadratic would be ten thousand million comparisons: this test would not end.
    let index = joined(&prometheus(told), &[member(alerts, true)]);
    assert_eq!(index.rows.len(), 100_000);
    assert_eq!(index.counts.undelivered, 0);
    assert!(index.rows.iter().all(|row| row.value == Some(42.0)));
}

#[test]
fn an_alert_is_handed_on_sooner_for_a_vip_and_muting_does_not_stop_its_clock() {
    let mut tenants = tenants();
    tenants.heartbeat = Some("Watchdog".into());
    let at = |labels: &[(&str, &str)], mute: &dyn Fn(&mut AmAlertStatus)| {
        let mut alert = listed(labels, active());
        alert.starts_at = Timestamp(1_000_000);
        alert.ends_at = Timestamp(9_000_000);
        mute(&mut alert.status);
        let member = MemberAlerts { alerts: Arc::new(vec![alert]), fresh: true, ..MemberAlerts::default() };
        join(&PromAlerts::default(), &[member], &tenants, Timestamp(1_500_000)).rows[0].escalates_at
    };
    let critical = ("severity", "critical");
    let vip = [("alertname", "A"), critical, ("tenant_id", "vip")];
    assert_eq!(at(&vip, &|_| {}), Some(Timestamp(1_300_000)));
    assert_eq!(at(&[("alertname", "A"), critical, ("tenant_id", "x")], &|_| {}), Some(Timestamp(4_600_000)));
    for mute in [
        (&|status: &mut AmAlertStatus| status.silenced_by = vec!["s".into()]) as &dyn Fn(&mut AmAlertStatus),
        &|status| status.inhibited_by = vec!["i".into()],
        &|status| status.muted_by = vec!["nights".into()],
    ] {
        assert_eq!(at(&vip, mute), Some(Timestamp(1_300_000)));
    }
    assert_eq!(at(&[("alertname", "Watchdog"), critical], &|_| {}), None);
    assert_eq!(at(&[("alertname", "A"), ("severity", "info")], &|_| {}), None);
}

#[test]
fn the_clock_of_an_alert_that_is_gone_stops_although_no_alertmanager_tells_its_end() {
    let labels = [("alertname", "A"), ("severity", "critical"), ("cluster", "eu")];
    let mut alert = listed(&labels, active());
    alert.ends_at = Timestamp(9_000_000_000);
    let known =
        |fresh| MemberAlerts { alerts: Arc::new(vec![alert.clone()]), fresh, ..MemberAlerts::default() };
    // Prometheus does not know the external label.
    let lists = prometheus(vec![evaluated(&labels[..2], PromAlertState::Firing, 600_000)]);
    let clock =
        |prometheus: &PromAlerts, fresh| joined(prometheus, &[known(fresh)]).rows[0].escalates_at.is_some();
    assert!(clock(&lists, false), "Prometheus lists it");
    assert!(!clock(&prometheus(Vec::new()), false), "its rule is there, and it is not");
    assert!(clock(&prometheus(Vec::new()), true), "Alertmanager knows best");
    assert!(clock(&PromAlerts { fresh: false, ..prometheus(Vec::new()) }, false), "nobody answers");
    assert!(clock(&PromAlerts::default(), false), "Prometheus has no such rule");
}

#[test]
fn suppressed_alerts_are_counted_by_severity_and_inhibited_ones_apart() {
    let silenced = |labels: &[(&str, &str)], inhibited: bool| {
        let mut alert = listed(labels, active());
        alert.ends_at = Timestamp(9_000_000_000);
        alert.status.silenced_by = vec!["s1".into()];
        if inhibited {
            alert.status.inhibited_by = vec!["i".into()];
        }
        alert
    };
    let alerts = vec![
        silenced(&[("alertname", "A"), ("severity", "critical")], false),
        silenced(&[("alertname", "B"), ("severity", "warning")], true),
        silenced(&[("alertname", "C")], false),
    ];
    let member = MemberAlerts { alerts: Arc::new(alerts), fresh: true, ..MemberAlerts::default() };
    let index = joined(&PromAlerts::default(), &[member]);
    let counts = index.counts;
    assert_eq!((counts.firing, counts.suppressed()), (0, 3));
    assert_eq!((counts.suppressed_critical, counts.suppressed_warning), (1, 1));
    assert_eq!(index.muted_by["s1"], MutedCount { alerts: 2, quiet_anyway: 1 });
}
