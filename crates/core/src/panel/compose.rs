//! The snapshot, put together from what is known: services, gauges, alerts, maintenance, notices.

use aether_contract::{
    AlertCounts, AlertRow, AlertsSummary, Banner, ErrorCode, Freshness, Gauge, Level, MaintenanceStatus,
    ServiceKind, Snapshot, WindowPhase,
};

use super::{
    clock,
    core::Core,
    live::{LiveState, shown},
};
use crate::{
    alerts::links::for_screen,
    escalation,
    maintenance::{audit, scope, silences, windows},
    poll::cadence,
    services,
    settings::SettingsStore,
    stack::Stacks,
};

/// Alerts that travel with the snapshot.
const TOP_ALERTS: usize = 8;

/// A clock that is off by this much makes silences begin at the wrong time and ages lie.
pub const MAX_OFFSET_MS: i32 = 5_000;

/// Before anything is known.
pub fn first(stacks: &Stacks, settings: &SettingsStore) -> Snapshot {
    Snapshot {
        revision: 1,
        at: clock::now(),
        stacks: stacks.list(),
        services: Vec::new(),
        gauges: Vec::new(),
        alerts: AlertsSummary {
            freshness: Freshness::Loading,
            pending_freshness: Freshness::Loading,
            counts: AlertCounts::default(),
            top: Vec::new(),
            revision: 0,
        },
        maintenance: MaintenanceStatus {
            freshness: Freshness::Loading,
            windows: Vec::new(),
            other_silences: 0,
            revision: 0,
            max_duration_s: 0,
            heartbeat: String::new(),
            default_author: String::new(),
            findings: Vec::new(),
            open_to_pages: Vec::new(),
        },
        backups: aether_contract::BackupsSummary::default(),
        checks: aether_contract::ChecksSummary::default(),
        pins: aether_contract::PinsSummary::default(),
        escalations: aether_contract::EscalationStatus::default(),
        drill: aether_contract::DrillStatus::default(),
        banners: Vec::new(),
        settings: settings.get(),
    }
}

/// The picture of now.
pub fn snapshot(core: &Core) -> Snapshot {
    let live = core.live();
    let settings = core.settings.get();
    let state = live.state();
    let (freshness, pending_freshness) = alerts_freshness(core, &state);
    let mut top: Vec<AlertRow> = state.index.rows.iter().take(TOP_ALERTS).map(for_screen).collect();
    core.acks.overlay(&live.profile.name, &mut top);
    let maintenance = MaintenanceStatus {
        freshness: freshness.clone(),
        windows: windows::running(&core.records.all(), &state, &live.profile.name, clock::now()),
        other_silences: silences::count_others(&state),
        revision: state.silences_revision,
        max_duration_s: settings.max_window_minutes.saturating_mul(60),
        heartbeat: live.profile.heartbeat.clone().unwrap_or_default(),
        default_author: scope::default_author(),
        findings: audit::findings(
            &silences::current(&state, clock::now()),
            &state.index.rows,
            live.profile.heartbeat.as_deref(),
            settings.max_window_minutes.saturating_mul(60),
        ),
        open_to_pages: state.members.iter().filter(|m| m.open_to_pages).map(|m| m.url.clone()).collect(),
    };
    let stacks = core.stacks.list();
    let services = services::all(core, &live.profile, &state);
    let banners = banners(core, &stacks, &services, &maintenance);
    Snapshot {
        revision: 0,
        at: clock::now(),
        stacks,
        services,
        gauges: gauges(core, &state),
        alerts: AlertsSummary {
            freshness,
            pending_freshness,
            counts: state.index.counts,
            top,
            revision: state.alerts_revision,
        },
        maintenance,
        backups: core.backups_summary(&live),
        checks: core.checks.summary(&live.profile.name),
        pins: live.pins.summary(),
        escalations: escalation::status(core, &live, &state),
        drill: core.drills.status(&live),
        banners,
        settings,
    }
}

/// The gauges as they are shown.
pub fn gauges(core: &Core, state: &LiveState) -> Vec<Gauge> {
    let interval = core.interval(ServiceKind::Prometheus);
    state
        .prometheus
        .gauges
        .iter()
        .map(|known| {
            let mut gauge = known.gauge.clone();
            let interval = cadence::eased(interval, known.took);
            gauge.freshness = shown(&known.gauge.freshness, known.good, interval, ServiceKind::Prometheus);
            gauge
        })
        .collect()
}

/// How far Alertmanager's and Prometheus' part of the alerts can be trusted.
pub fn alerts_freshness(core: &Core, state: &LiveState) -> (Freshness, Freshness) {
    let members: Vec<Freshness> = state
        .members
        .iter()
        .map(|member| member.probe.shown(core.interval(ServiceKind::Alertmanager), ServiceKind::Alertmanager))
        .collect();
    let pending = shown(
        &state.prometheus.alerts_freshness,
        state.prometheus.alerts_good,
        core.interval(ServiceKind::Prometheus),
        ServiceKind::Prometheus,
    );
    (services::together(&members), pending)
}

fn banners(
    core: &Core,
    stacks: &aether_contract::StackList,
    services: &[aether_contract::ServiceStatus],
    maintenance: &MaintenanceStatus,
) -> Vec<Banner> {
    let mut banners = Vec::new();
    let mut add =
        |id: &str, level: Level, text: String| banners.push(Banner { id: id.to_owned(), level, text });
    let note = core.secrets_note();
    if !note.is_empty() {
        add("keyring-unavailable", Level::Warn, note);
    }
    let refused = stacks.stacks.iter().find(|stack| stack.name == stacks.active);
    if let Some(error) = refused.and_then(|stack| stack.error.as_ref()) {
        add(
            "profile-refused",
            Level::Warn,
            format!(
                "Invalid profile of stack {}: {error} The last valid version stays in use.",
                stacks.active
            ),
        );
    }
    if let Some(error) = core.settings.problem() {
        add("settings-refused", Level::Warn, error.to_string());
    }
    if let Some(notice) = core.journal.notice() {
        add("journal-moved", Level::Warn, notice.to_owned());
    }
    let notes = core.environment_notes();
    if !notes.is_empty() {
        add("environment-credentials", Level::None, notes.join(" "));
    }
    for service in services {
        let untrusted = service.members.iter().find_map(|member| {
            member.freshness.error().filter(|error| error.code == ErrorCode::UntrustedOrigin)
        });
        if let Some(error) = untrusted {
            add(&format!("origin-{}", service.kind.as_str()), Level::Warn, error.message.clone());
        }
        let worst = service
            .members
            .iter()
            .filter_map(|member| member.clock_offset_ms)
            .max_by_key(|offset| offset.unsigned_abs());
        if let Some(offset) = worst.filter(|offset| offset.unsigned_abs() > MAX_OFFSET_MS.unsigned_abs()) {
            add(&format!("clock-{}", service.kind.as_str()), Level::Warn, offset_text(service.kind, offset));
        }
    }
    for window in maintenance.windows.iter().filter(|window| window.phase == WindowPhase::Lost) {
        add(
            &format!("window-lost-{}", window.id.0),
            Level::Critical,
            format!(
                "Maintenance window \"{}\" is missing in Alertmanager: alerts are no longer muted. \
                    Recreate it on the Maintenance screen, or start a new one.",
                window.reason
            ),
        );
    }
    banners
}

/// A clock offset in words, without digits that change with every answer.
pub fn offset_text(service: ServiceKind, offset_ms: i32) -> String {
    let size = match offset_ms.unsigned_abs() / 1000 {
        0..=9 => "more than 5 seconds",
        10..=59 => "more than 10 seconds",
        60..=3599 => "minutes",
        _ => "more than an hour",
    };
    let direction = if offset_ms > 0 { "ahead of" } else { "behind" };
    format!(
        "The clock of {} is {size} {direction} this machine's. Check time synchronization on both; \
            windows follow the server's clock.",
        service.title()
    )
}
