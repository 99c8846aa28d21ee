//! The snapshot, put together from what is known: services, gauges, alerts, maintenance, notices.

use aether_contract::{
    AlertCounts, AlertRow, AlertsSummary, Banner, ErrorCode, Freshness, Level, MaintenanceStatus, Snapshot,
    WindowPhase,
};
use aether_foundation::author;

use crate::capabilities::Capabilities;
use aether_alerting::{
    escalation,
    maintenance::{audit, quiet, silences, windows},
};
use aether_context::{
    alert_index::links::for_screen,
    freshness,
    services::{self, MAX_OFFSET_MS, offset_text},
};
use aether_foundation::clock;
use aether_foundation::{settings::SettingsStore, stack::Stacks};

/// Alerts that travel with the snapshot.
const TOP_ALERTS: usize = 8;

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
            quiet: aether_contract::Quiet::default(),
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
pub fn snapshot(caps: &Capabilities) -> Snapshot {
    let now = clock::now();
    let live = caps.ctx.live();
    let settings = caps.ctx.settings.get();
    let state = live.state();
    let (freshness, pending_freshness) = freshness::alerts_freshness(&caps.ctx, &state);
    let mut top: Vec<AlertRow> = state.index.rows.iter().take(TOP_ALERTS).map(for_screen).collect();
    caps.escalation.annotate(&live.profile.name, &mut top);
    let windows = windows::running(&caps.maintenance.records().all(), &state, &live.profile.name, now);
    let silences = silences::current(&state, now);
    let maintenance = MaintenanceStatus {
        freshness: freshness.clone(),
        quiet: quiet::quiet(&windows, &silences, &state.index.rows, now),
        windows,
        other_silences: silences::count_others(&state, now),
        revision: state.silences_revision,
        max_duration_s: settings.max_window_minutes.saturating_mul(60),
        heartbeat: live.profile.heartbeat.clone().unwrap_or_default(),
        default_author: author::default_author(),
        findings: audit::findings(
            &silences,
            &state.index.rows,
            live.profile.heartbeat.as_deref(),
            settings.max_window_minutes.saturating_mul(60),
        ),
        open_to_pages: state.members.iter().filter(|m| m.open_to_pages).map(|m| m.url.clone()).collect(),
    };
    let stacks = caps.ctx.stacks.list();
    let services = services::all(&caps.ctx, &live.profile, &state);
    let banners = banners(caps, &stacks, &services, &maintenance);
    Snapshot {
        revision: 0,
        at: now,
        stacks,
        services,
        gauges: freshness::gauges(&caps.ctx, &state),
        alerts: AlertsSummary {
            freshness,
            pending_freshness,
            counts: state.index.counts,
            top,
            revision: state.alerts_revision,
        },
        maintenance,
        backups: caps.backups.summary(&live, now),
        checks: caps.checks.summary(&live.profile.name),
        pins: caps.pins.session(&live).summary(),
        escalations: escalation::status(&caps.escalation, &live, &state),
        drill: caps.drills.status(&live),
        banners,
        settings,
    }
}

fn banners(
    caps: &Capabilities,
    stacks: &aether_contract::StackList,
    services: &[aether_contract::ServiceStatus],
    maintenance: &MaintenanceStatus,
) -> Vec<Banner> {
    let mut banners = Vec::new();
    let mut add =
        |id: &str, level: Level, text: String| banners.push(Banner { id: id.to_owned(), level, text });
    let note = caps.ctx.secrets_note();
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
    if let Some(error) = caps.ctx.settings.problem() {
        add("settings-refused", Level::Warn, error.to_string());
    }
    if let Some(notice) = caps.ctx.journal.notice() {
        add("journal-moved", Level::Warn, notice.to_owned());
    }
    let notes = caps.ctx.environment_notes();
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
