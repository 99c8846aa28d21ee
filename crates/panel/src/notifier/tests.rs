//! What is told, and what is not.

use aether_contract::{ErrorCode, PanelError, ServiceKind, WindowId};

use super::*;
use aether_foundation::testing::row;

const LOUD: NotificationPolicy = NotificationPolicy { on: true, quiet: (0, 0), minute: 720 };

fn critical(tenant: &str) -> AlertRow {
    let mut row = row(&[("alertname", "Cold"), ("severity", "critical"), ("tenant_id", tenant)]);
    row.tenant = Some(tenant.to_owned());
    row.severity = Severity::Critical;
    row
}

const NONE_QUIET: Quiet = Quiet {
    windows: 0,
    everything: false,
    until: None,
    last: None,
    silences: 0,
    silences_until: None,
    silenced: 0,
};

fn sight(rows: &[AlertRow]) -> Observation<'_> {
    Observation {
        rows,
        fresh: true,
        services: &[],
        windows: &[],
        quiet: &NONE_QUIET,
        heartbeat: Some("Watchdog"),
        silences: &[],
        findings: &[],
        pins: None,
        escalations: &[],
    }
}

fn titles(notices: &[Notice]) -> Vec<&str> {
    notices.iter().map(|notice| notice.title.as_str()).collect()
}

#[test]
fn what_was_on_at_the_start_is_not_news_and_what_begins_is() {
    let mut attention = Notifier::default();
    let first = [critical("a")];
    assert!(attention.look(&sight(&first), LOUD, Timestamp(0)).is_empty());
    let both = [critical("a"), critical("b")];
    let told = attention.look(&sight(&both), LOUD, Timestamp(1));
    assert_eq!(titles(&told), ["Cold: b"]);
    assert_eq!((told[0].screen.as_str(), told[0].filter.as_str()), ("alerts", "alertname=\"Cold\""));
    assert!(attention.look(&sight(&both), LOUD, Timestamp(2)).is_empty(), "told once");
    let told = attention.look(&sight(&first), LOUD, Timestamp(3));
    assert_eq!(titles(&told), ["Resolved: Cold, b"]);
}

#[test]
fn many_at_once_are_one_notice() {
    let mut attention = Notifier::default();
    attention.look(&sight(&[]), LOUD, Timestamp(0));
    let many: Vec<AlertRow> = (0..20).map(|n| critical(&format!("t{n:02}"))).collect();
    let told = attention.look(&sight(&many), LOUD, Timestamp(1));
    assert_eq!(titles(&told), ["20 alerts are firing"]);
    assert!(told[0].text.ends_with("and 16 more"), "{}", told[0].text);
}

#[test]
fn a_silenced_alert_is_never_told_and_silencing_is_no_end() {
    let mut attention = Notifier::default();
    attention.look(&sight(&[]), LOUD, Timestamp(0));
    let mut muted = critical("a");
    muted.state = AlertState::Silenced;
    assert!(attention.look(&sight(&[muted.clone()]), LOUD, Timestamp(1)).is_empty());
    attention.look(&sight(&[critical("a")]), LOUD, Timestamp(2));
    assert!(attention.look(&sight(&[muted]), LOUD, Timestamp(3)).is_empty());
}

#[test]
fn warnings_and_the_heartbeat_are_no_notices_and_vips_are() {
    let mut attention = Notifier::default();
    attention.look(&sight(&[]), LOUD, Timestamp(0));
    let mut warning = critical("w");
    warning.severity = Severity::Warning;
    let mut heartbeat = critical("h");
    heartbeat.name = "Watchdog".into();
    let mut vip = critical("v");
    (vip.severity, vip.vip) = (Severity::Warning, true);
    let told = attention.look(&sight(&[warning, heartbeat, vip]), LOUD, Timestamp(1));
    assert_eq!(titles(&told), ["Cold: v (VIP)"]);
}

#[test]
fn a_list_that_is_not_the_newest_tells_nothing() {
    let mut attention = Notifier::default();
    attention.look(&sight(&[critical("a")]), LOUD, Timestamp(0));
    let old = Observation { fresh: false, ..sight(&[]) };
    assert!(attention.look(&old, LOUD, Timestamp(1)).is_empty());
    assert!(attention.look(&sight(&[critical("a")]), LOUD, Timestamp(2)).is_empty());
}

#[test]
fn in_quiet_hours_nothing_is_told_then_or_later() {
    let mut attention = Notifier::default();
    let night = NotificationPolicy { quiet: (22 * 60, 7 * 60), minute: 23 * 60, ..LOUD };
    attention.look(&sight(&[]), night, Timestamp(0));
    assert!(attention.look(&sight(&[critical("a")]), night, Timestamp(1)).is_empty());
    let morning = NotificationPolicy { minute: 7 * 60, ..night };
    assert!(attention.look(&sight(&[critical("a")]), morning, Timestamp(2)).is_empty());
    assert_eq!(attention.look(&sight(&[critical("a"), critical("b")]), morning, Timestamp(3)).len(), 1);
    assert!(attention.look(&sight(&[]), NotificationPolicy { on: false, ..LOUD }, Timestamp(4)).is_empty());
}

#[test]
fn a_flood_is_cut_off_and_counted() {
    let mut attention = Notifier::default();
    attention.look(&sight(&[]), LOUD, Timestamp(0));
    let mut told = 0;
    for n in 0..20 {
        let rows = if n % 2 == 0 { vec![critical("a")] } else { Vec::new() };
        told += attention.look(&sight(&rows), LOUD, Timestamp(n)).len();
    }
    assert_eq!(told, MOST);
    let later = attention.look(&sight(&[critical("z")]), LOUD, Timestamp(SPAN_MS * 2));
    assert!(later[0].text.ends_with("(and 14 more recently)"), "{}", later[0].text);
}

#[test]
fn a_lost_server_is_told_once_and_so_is_its_return() {
    let service = |freshness| ServiceStatus {
        kind: ServiceKind::Alertmanager,
        title: "Alertmanager".into(),
        freshness,
        version: None,
        flavour: None,
        members: Vec::new(),
        web_url: String::new(),
        interval_s: 10,
        next_poll: None,
    };
    let error = PanelError::new(ErrorCode::Refused, "alertmanager", "Nothing answers.");
    let (good, bad) = (
        service(Freshness::Fresh { at: Timestamp(1) }),
        service(Freshness::Stale { at: Timestamp(1), error: error.clone() }),
    );
    let never = service(Freshness::Never { error });
    let mut attention = Notifier::default();
    let mut look = |service: &ServiceStatus, at| {
        let services = [service.clone()];
        let sight = Observation { services: &services, ..sight(&[]) };
        titles(&attention.look(&sight, LOUD, Timestamp(at))).join(",")
    };
    assert_eq!(look(&never, 0), "");
    assert_eq!(look(&good, 1), "");
    assert_eq!(look(&bad, 20_000), "", "one failed answer is no loss");
    assert_eq!(look(&good, 25_000), "", "and its end no news");
    assert_eq!(look(&bad, 40_000), "Alertmanager is unreachable");
    assert_eq!(look(&bad, 50_000), "");
    assert_eq!(look(&good, 60_000), "Alertmanager is reachable again");
}

#[test]
fn a_window_about_to_end_is_told_once_and_again_after_an_extension() {
    let window = |ends: i64| MaintenanceWindow {
        matches_nothing: false,
        closest: Vec::new(),
        id: WindowId("w".into()),
        silence_id: "s".into(),
        phase: WindowPhase::Verified,
        reason: "Deploy".into(),
        created_by: "me".into(),
        starts_at: Timestamp(0),
        ends_at: Timestamp(ends),
        matchers: Vec::new(),
        members: Vec::new(),
        mutes: 0,
        quiet_anyway: 0,
        maintenance: true,
        last_seen: None,
        clock_offset_ms: None,
    };
    let mut attention = Notifier::default();
    let mut look = |window: &MaintenanceWindow, at| {
        let windows = [window.clone()];
        let sight = Observation { windows: &windows, ..sight(&[]) };
        attention.look(&sight, LOUD, Timestamp(at)).len()
    };
    let hour = window(3_600_000);
    assert_eq!(look(&hour, 1_000_000), 0);
    assert_eq!((look(&hour, 3_400_000), look(&hour, 3_410_000)), (1, 0));
    let longer = window(7_200_000);
    assert_eq!((look(&longer, 3_420_000), look(&longer, 7_000_000)), (0, 1));
    assert_eq!(look(&window(300_000), 10_000), 0, "a short one was started a moment ago");
    let quiet = Quiet { until: Some(Timestamp(4_000_000)), ..NONE_QUIET };
    let told = |quiet: &Quiet, window: MaintenanceWindow| {
        let sight = Observation { windows: &[window], quiet, ..sight(&[]) };
        Notifier::default().look(&sight, LOUD, Timestamp(3_400_000)).pop().map(|notice| notice.title)
    };
    assert_eq!(told(&quiet, window(3_600_000)), None, "another window keeps alerts muted");
    let silence = MaintenanceWindow { maintenance: false, ..window(3_600_000) };
    assert_eq!(told(&quiet, silence).as_deref(), Some("Silence ends in 4 min"));
}

fn made(id: &str, window: bool) -> Silence {
    Silence {
        id: id.into(),
        matchers: vec![aether_contract::Matcher {
            name: "alertname".into(),
            value: "Disk".into(),
            is_regex: false,
            is_equal: true,
        }],
        state: SilenceState::Active,
        starts_at: Timestamp(0),
        ends_at: Timestamp(1_000_000),
        updated_at: Timestamp(0),
        created_by: "bob".into(),
        comment: String::new(),
        window: window.then(|| WindowId("w".into())),
        mutes: 0,
        quiet_anyway: 0,
        members: 1,
        members_of: 1,
    }
}

#[test]
fn a_silence_made_elsewhere_is_told_once_and_a_window_of_a_panel_is_not() {
    let mut attention = Notifier::default();
    let before = [made("old", false)];
    assert!(attention.look(&Observation { silences: &before, ..sight(&[]) }, LOUD, Timestamp(0)).is_empty());
    let now = [made("old", false), made("new", false), made("own", true)];
    let odd = [SilenceFinding {
        silence_id: "new".into(),
        risk: aether_contract::SilenceRisk::Long,
        text: "It lasts 99 hours.".into(),
        created_by: "bob".into(),
        ends_at: Timestamp(0),
    }];
    let told =
        attention.look(&Observation { silences: &now, findings: &odd, ..sight(&[]) }, LOUD, Timestamp(1));
    assert_eq!(titles(&told), ["A silence was created outside the panel"]);
    assert_eq!(
        (told[0].level, told[0].text.as_str()),
        (Level::Warn, "bob: alertname=\"Disk\". It lasts 99 hours.")
    );
    assert!(attention.look(&Observation { silences: &now, ..sight(&[]) }, LOUD, Timestamp(2)).is_empty());
}

#[test]
fn a_drift_is_told_once_when_it_stays_and_again_after_it_was_mended() {
    use aether_contract::{PinSummary, PinVerdict};
    let mut attention = Notifier::default();
    let mut look = |at: i64, verdicts: &[(&str, PinVerdict)]| {
        let brief = |(service, verdict): &(&str, PinVerdict)| PinSummary {
            service: (*service).to_owned(),
            verdict: *verdict,
            drift: verdict.is_drift(),
            words: "w".into(),
        };
        let pins = PinsSummary {
            at: Some(Timestamp(at)),
            services: verdicts.iter().map(brief).collect(),
            ..PinsSummary::default()
        };
        let seen = Observation { pins: Some(&pins), ..sight(&[]) };
        titles(&attention.look(&seen, LOUD, Timestamp(at))).join(",")
    };
    let old = ("grafana", PinVerdict::OtherImage);
    assert_eq!(look(1, &[old]), "", "it was so when the panel started");
    assert_eq!(look(2, &[old, ("loki", PinVerdict::NotRunning)]), "");
    assert_eq!(look(2, &[old, ("loki", PinVerdict::NotRunning)]), "", "the same look");
    assert_eq!(look(3, &[old, ("loki", PinVerdict::OtherProgram)]), "loki: version drift");
    assert_eq!(look(4, &[old, ("loki", PinVerdict::OtherProgram)]), "");
    assert_eq!(look(5, &[("loki", PinVerdict::Agrees)]), "");
    assert_eq!(look(6, &[old]), "");
    assert_eq!(look(7, &[old]), "grafana: version drift");
}

#[test]
fn each_deadline_of_an_escalation_is_told_once_with_whom_to_call() {
    use aether_contract::{EscalationClock, EscalationContact, EscalationRule};
    let clock = |escalated: bool| EscalationClock {
        id: "general/a".into(),
        rule: EscalationRule::General,
        title: "Cold".into(),
        tenant: Some("t1".into()),
        fingerprint: None,
        since: Timestamp(0),
        due_at: Timestamp(60),
        latest_at: Timestamp(90),
        muted: false,
        contact: EscalationContact { name: "#ops".into(), mail: "ops@example.org".into(), chat: false },
        ack: None,
        escalated: escalated.then(|| aether_contract::EscalationCall {
            by: "ann".into(),
            note: String::new(),
            at: Timestamp(70),
        }),
    };
    let open = [clock(false)];
    let at = |attention: &mut Notifier, clocks: &[EscalationClock], now: i64| {
        let sight = Observation { escalations: clocks, ..sight(&[]) };
        attention
            .look(&sight, LOUD, Timestamp(now))
            .into_iter()
            .map(|notice| (notice.title, notice.text))
            .collect::<Vec<_>>()
    };
    let mut attention = Notifier::default();
    assert_eq!(at(&mut attention, &open, 59), []);
    let told = at(&mut attention, &open, 60);
    assert_eq!(told, [("Call #ops".to_owned(), "Cold, t1: call #ops (ops@example.org)".to_owned())]);
    assert_eq!(at(&mut attention, &open, 61), [], "told once");
    assert_eq!(at(&mut attention, &[clock(true)], 95), [], "somebody was called");
    assert_eq!(at(&mut attention, &open, 96).len(), 1, "and that must have been done by now");
    assert_eq!(at(&mut attention, &[], 97), []);
    assert_eq!(at(&mut attention, &open, 98).len(), 1, "it is another one that began");
    let muted = [EscalationClock { muted: true, ..clock(false) }];
    let mut attention = Notifier::default();
    assert_eq!(at(&mut attention, &muted, 10), []);
    assert_eq!(at(&mut attention, &muted, 65), [], "never while its alert is muted");
    assert_eq!(at(&mut attention, &open, 66).len(), 1, "as soon as it is heard again");
    assert_eq!(
        at(&mut Notifier::default(), &open, 100),
        [],
        "it was over when the panel started: its screen says so"
    );
}
