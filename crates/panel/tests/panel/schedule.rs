//! Windows of the future, recurring ones, and windows that members have lost, on real Alertmanagers.

use aether_contract::*;
use serde_json::json;

use crate::support::*;

const AM: &str = "prometheus-alertmanager";

async fn silences(panel: &aether_panel::Panel) -> Vec<Silence> {
    panel.refresh_and_wait().await;
    panel.silences_page(SilencesRequest { limit: 500, ..Default::default() }).await.unwrap().rows
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_window_of_the_future_is_a_silence_at_once_and_mutes_nothing_yet() {
    if !have(AM) {
        return;
    }
    let am = alertmanager(None);
    fire(&am.url, &json!({"alertname": "High"}));
    let home = tempfile::tempdir().unwrap();
    let panel = panel(home.path(), &[("s", &profile(NOWHERE, &[&am.url], ""))], false).await;
    let now = Timestamp(jiff::Timestamp::now().as_millisecond());
    let later =
        MaintenanceRequest { starts_at: Some(now.plus_millis(3_600_000)), ..for_minutes(30, "tonight") };
    let window = panel.maintenance_start(later).await.unwrap();
    assert_eq!((window.phase, window.mutes), (WindowPhase::Scheduled, 0));
    assert_eq!(window.ends_at.millis_since(window.starts_at), 1_800_000);
    assert!(window.starts_at.millis_since(now.plus_millis(3_600_000)).abs() < 2_000);
    assert_eq!(alerts(&panel).await.counts.firing, 1);
    let early = panel.maintenance_closeout(CloseOutRequest { id: window.id.0.clone() }).await.unwrap_err();
    assert!(early.message.contains("not started"));
    panel.maintenance_end(MaintenanceEndRequest { id: window.id.0 }).await.unwrap();
    assert!(silences(&panel).await.iter().all(|silence| silence.state == SilenceState::Expired));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_window_is_made_shorter_but_not_into_the_past() {
    if !have(AM) {
        return;
    }
    let am = alertmanager(None);
    let home = tempfile::tempdir().unwrap();
    let panel = panel(home.path(), &[("s", &profile(NOWHERE, &[&am.url], ""))], false).await;
    let window = panel.maintenance_start(for_minutes(30, "deploy")).await.unwrap();
    let shorter = MaintenanceExtendRequest { id: window.id.0.clone(), add_s: -600 };
    let moved = panel.maintenance_extend(shorter).await.unwrap();
    assert_eq!((&moved.silence_id, moved.phase), (&window.silence_id, WindowPhase::Verified));
    assert_eq!(moved.ends_at.millis_since(window.ends_at), -600_000);
    let gone = MaintenanceExtendRequest { id: window.id.0.clone(), add_s: -3_600 };
    let error = panel.maintenance_extend(gone).await.unwrap_err();
    assert_eq!(error.code, ErrorCode::InvalidRequest);
    assert!(error.hint.contains("End it"), "{error:?}");
    assert_eq!(snapshot(&panel).await.maintenance.windows[0].phase, WindowPhase::Verified);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_recurring_window_is_made_ahead_once_and_taken_back_with_its_schedule() {
    if !have(AM) {
        return;
    }
    let am = alertmanager(None);
    let home = tempfile::tempdir().unwrap();
    let text = profile(NOWHERE, &[&am.url], "");
    let first = panel(home.path(), &[("s", &text)], false).await;
    first.refresh_and_wait().await;
    let request = ScheduleSaveRequest {
        id: None,
        cron: "30 2 * * *".into(),
        time_zone: "Europe/Berlin".into(),
        duration_s: 1_800,
        reason: "nightly".into(),
        created_by: "ann".into(),
        matchers: Vec::new(),
        ahead: 3,
        enabled: true,
    };
    let list = first.schedule_save(request.clone()).await.unwrap();
    let schedule = list.schedules[0].clone();
    let made: Vec<bool> = schedule.occurrences.iter().map(|one| one.made).collect();
    assert_eq!(made, [true, true, true, false, false], "{schedule:?}");
    let pending = silences(&first).await;
    assert_eq!(pending.len(), 3);
    let mut begins: Vec<Timestamp> = pending.iter().map(|silence| silence.starts_at).collect();
    begins.sort();
    assert_eq!(begins, schedule.occurrences[..3].iter().map(|one| one.starts_at).collect::<Vec<_>>());
    assert!(
        pending.iter().all(|silence| silence.comment == "nightly" && silence.state == SilenceState::Pending)
    );

    // A second panel of the same account, and one that forgot: none makes them again.
    let second = panel(home.path(), &[("s", &text)], false).await;
    second.refresh_and_wait().await;
    second
        .schedule_save(ScheduleSaveRequest { id: Some(schedule.id.clone()), ..request.clone() })
        .await
        .unwrap();
    assert_eq!(silences(&second).await.len(), 3);

    // One is cancelled by a person, and stays so.
    let skipped = schedule.occurrences[1].window.clone();
    second.maintenance_end(MaintenanceEndRequest { id: skipped.0.clone() }).await.unwrap();
    let third = panel(home.path(), &[("s", &text)], false).await;
    third.refresh_and_wait().await;
    let list = third
        .schedule_save(ScheduleSaveRequest { id: Some(schedule.id.clone()), ..request.clone() })
        .await
        .unwrap();
    let states: Vec<_> = list.schedules[0].occurrences.iter().map(|one| (one.made, one.cancelled)).collect();
    assert_eq!(states[..3], [(true, false), (false, true), (true, false)]);
    let waiting =
        |all: &[Silence]| all.iter().filter(|silence| silence.state == SilenceState::Pending).count();
    assert_eq!(waiting(&silences(&third).await), 2);

    // Other rules: what was made by the old ones goes.
    let other =
        ScheduleSaveRequest { id: Some(schedule.id.clone()), cron: "0 5 * * *".into(), ahead: 2, ..request };
    let list = third.schedule_save(other).await.unwrap();
    assert_eq!(list.schedules.len(), 1);
    let now = silences(&third).await;
    assert_eq!(waiting(&now), 2);
    let planned: Vec<Timestamp> =
        list.schedules[0].occurrences[..2].iter().map(|one| one.starts_at).collect();
    let mut begins: Vec<Timestamp> =
        now.iter().filter(|s| s.state == SilenceState::Pending).map(|s| s.starts_at).collect();
    begins.sort();
    assert_eq!(begins, planned);

    let list = third.schedule_delete(ScheduleDeleteRequest { id: schedule.id }).await.unwrap();
    assert!(list.schedules.is_empty());
    assert_eq!(waiting(&silences(&third).await), 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_window_that_a_killed_member_forgot_is_given_back() {
    if !have(AM) {
        return;
    }
    let mut am = alertmanager(None);
    let home = tempfile::tempdir().unwrap();
    let panel = panel(home.path(), &[("s", &profile(NOWHERE, &[&am.url], ""))], false).await;
    let window = panel.maintenance_start(for_minutes(30, "deploy")).await.unwrap();
    am.restart();
    fire(&am.url, &json!({"alertname": "High"}));
    until(&panel, "lost", async |panel| {
        let windows = snapshot(panel).await.maintenance.windows;
        windows.iter().any(|one| one.phase == WindowPhase::Lost).then_some(())
    })
    .await;
    let repaired =
        panel.maintenance_repair(MaintenanceRepairRequest { id: window.id.0.clone() }).await.unwrap();
    assert_eq!((repaired.phase, &repaired.id), (WindowPhase::Verified, &window.id));
    until(&panel, "muted again", async |panel| {
        let counts = snapshot(panel).await.alerts.counts;
        (counts.silenced == 1 && counts.firing == 0).then_some(())
    })
    .await;
    assert_ne!(repaired.silence_id, window.silence_id);
    assert!(repaired.ends_at.millis_since(window.ends_at).abs() < 1_000, "it ends when it was meant to");
    // Nothing is missing any more: nothing is made.
    panel.maintenance_repair(MaintenanceRepairRequest { id: window.id.0.clone() }).await.unwrap();
    assert_eq!(silences(&panel).await.len(), 1);
    panel.maintenance_end(MaintenanceEndRequest { id: window.id.0.clone() }).await.unwrap();
    let over = panel.maintenance_repair(MaintenanceRepairRequest { id: window.id.0 }).await.unwrap_err();
    assert_eq!(over.code, ErrorCode::InvalidRequest, "what a person ended is not given back");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_preview_tells_which_rules_could_fire_into_it_and_what_silences_already() {
    if !have(AM) || !have("prometheus") {
        return;
    }
    let am = alertmanager(None);
    let rule = |name: &str, severity: &str| {
        format!("  - alert: {name}\n    expr: vector(0) > 0\n    labels: {{severity: {severity}}}\n")
    };
    let rules =
        format!("groups:\n- name: g\n  rules:\n{}{}", rule("Disk", "critical"), rule("Cache", "warning"));
    let prometheus = prometheus(&rules, Some(&am.url));
    let home = tempfile::tempdir().unwrap();
    let panel = panel(home.path(), &[("s", &profile(&prometheus.url, &[&am.url], ""))], false).await;
    panel.maintenance_start(for_minutes(5, "earlier")).await.unwrap();
    let preview = until(&panel, "the rules", async |panel| {
        let preview = panel.maintenance_preview(for_minutes(30, "")).await.unwrap();
        (preview.could_fire.len() == 2).then_some(preview)
    })
    .await;
    assert_eq!(preview.could_fire[0].name, "Disk");
    assert_eq!(preview.already.iter().map(|s| s.comment.as_str()).collect::<Vec<_>>(), ["earlier"]);
    let matcher =
        Matcher { name: "severity".into(), value: "warning".into(), is_regex: false, is_equal: true };
    let some = MaintenanceRequest { matchers: vec![matcher], ..for_minutes(30, "") };
    let names: Vec<String> =
        panel.maintenance_preview(some).await.unwrap().could_fire.into_iter().map(|rule| rule.name).collect();
    assert_eq!(names, ["Cache"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_schedule_that_is_made_within_its_own_hour_silences_nothing_at_once() {
    if !have(AM) {
        return;
    }
    let am = alertmanager(None);
    let home = tempfile::tempdir().unwrap();
    let panel = panel(home.path(), &[("s", &profile(NOWHERE, &[&am.url], ""))], false).await;
    panel.refresh_and_wait().await;
    let just = jiff::Timestamp::now().to_zoned(jiff::tz::TimeZone::UTC) - jiff::SignedDuration::from_mins(2);
    let cron = format!("{} {} * * *", just.minute(), just.hour());
    panel.schedule_save(ScheduleSaveRequest { ahead: 1, ..weekly(&cron, "nightly") }).await.unwrap();
    let made = silences(&panel).await;
    assert_eq!(made.iter().map(|silence| silence.state).collect::<Vec<_>>(), [SilenceState::Pending]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_open_panel_makes_again_what_alertmanager_has_lost_of_a_schedule() {
    if !have(AM) {
        return;
    }
    let mut am = alertmanager(None);
    let home = tempfile::tempdir().unwrap();
    let panel = panel(home.path(), &[("s", &profile(NOWHERE, &[&am.url], ""))], true).await;
    let quick = Settings { alertmanager_interval_s: 1, ..panel.settings_get(Empty {}).await.unwrap() };
    panel.settings_set(quick).await.unwrap();
    let pending = async |panel: &aether_panel::Panel, wanted: usize| {
        let request =
            SilencesRequest { states: vec![SilenceState::Pending], limit: 10, ..Default::default() };
        let page = panel.silences_page(request).await.unwrap();
        (page.freshness.is_fresh() && page.total as usize == wanted).then_some(page.rows)
    };
    until(&panel, "an answer", async |panel| pending(panel, 0).await).await;
    panel.schedule_save(weekly("30 2 * * 0", "weekly")).await.unwrap();
    let made = until(&panel, "made", async |panel| pending(panel, 2).await).await;
    // Killed before it has written them to its disk.
    am.restart();
    let again = until(&panel, "made again", async |panel| {
        let rows = pending(panel, 2).await?;
        rows.iter().all(|row| made.iter().all(|old| old.id != row.id)).then_some(rows)
    })
    .await;
    let begins = |rows: &[Silence]| {
        let mut all: Vec<_> = rows.iter().map(|row| (row.starts_at, row.window.clone())).collect();
        all.sort();
        all
    };
    assert_eq!(begins(&again), begins(&made), "the same windows at the same times");
    panel.shutdown().await;
}

fn weekly(cron: &str, reason: &str) -> ScheduleSaveRequest {
    ScheduleSaveRequest {
        id: None,
        cron: cron.into(),
        time_zone: "UTC".into(),
        duration_s: 1_800,
        reason: reason.into(),
        created_by: String::new(),
        matchers: Vec::new(),
        ahead: 2,
        enabled: true,
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_schedule_that_the_shell_removes_is_not_made_again_by_an_open_panel() {
    if !have(AM) {
        return;
    }
    let am = alertmanager(None);
    let home = tempfile::tempdir().unwrap();
    let text = profile(NOWHERE, &[&am.url], "");
    let open = panel(home.path(), &[("s", &text)], false).await;
    open.refresh_and_wait().await;
    let kept = open.schedule_save(weekly("30 2 * * 0", "weekly")).await.unwrap().schedules.remove(0);
    let shell = panel(home.path(), &[("s", &text)], false).await;
    shell.refresh_and_wait().await;
    shell.schedule_delete(ScheduleDeleteRequest { id: kept.id }).await.unwrap();
    open.refresh_and_wait().await;
    // Looks after all that there are.
    let left = open.schedule_save(weekly("0 5 * * 1", "another")).await.unwrap();
    assert_eq!(left.schedules.iter().map(|one| one.reason.as_str()).collect::<Vec<_>>(), ["another"]);
    let pending = silences(&open).await.into_iter().filter(|one| one.state == SilenceState::Pending);
    assert_eq!(pending.map(|one| one.comment).collect::<Vec<_>>(), ["another", "another"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rules_that_come_back_are_made_again() {
    if !have(AM) {
        return;
    }
    let am = alertmanager(None);
    let home = tempfile::tempdir().unwrap();
    let panel = panel(home.path(), &[("s", &profile(NOWHERE, &[&am.url], ""))], false).await;
    panel.refresh_and_wait().await;
    let first = panel.schedule_save(weekly("30 2 * * 0", "weekly")).await.unwrap().schedules.remove(0);
    for cron in ["0 5 * * 1", "30 2 * * 0"] {
        let id = Some(first.id.clone());
        let now = panel.schedule_save(ScheduleSaveRequest { id, ..weekly(cron, "weekly") }).await.unwrap();
        let states: Vec<_> =
            now.schedules[0].occurrences.iter().map(|one| (one.made, one.cancelled)).collect();
        assert_eq!(states[..3], [(true, false), (true, false), (false, false)], "{cron}");
    }
    // A window that was made, taken back and made again is one window.
    let history =
        panel.maintenance_history(MaintenanceHistoryRequest { limit: 50, ..Default::default() }).await;
    let rows = history.unwrap().rows;
    let open = rows.iter().filter(|row| row.outcome == WindowOutcome::Open).count();
    let cancelled = rows.iter().filter(|row| row.outcome == WindowOutcome::Cancelled).count();
    assert_eq!((open, cancelled, rows.len()), (2, 2, 4));
}
