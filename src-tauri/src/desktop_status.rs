//! What the desktop shows of the panel outside its window: the title, the tray's picture and lines. Plain data,
//! decided from a snapshot's parts and a clock that is passed in.

use aether_contract::{AlertsSummary, MaintenanceStatus, PanelEvent, ServiceStatus, Snapshot, Timestamp};

/// The parts of a snapshot that the desktop shows.
pub struct Known {
    revision: u32,
    alerts: AlertsSummary,
    maintenance: MaintenanceStatus,
    services: Vec<ServiceStatus>,
}

/// What is shown now. Compared with what was, so that only changes reach the desktop.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DesktopStatus {
    /// The window's title.
    pub title: String,
    /// The tray's picture.
    pub mood: TrayStatus,
    /// The tray's line about alerts.
    pub alerts: String,
    /// The tray's line about maintenance.
    pub maintenance: String,
}

/// One a tray picture.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TrayStatus {
    /// Nothing fires.
    Ok,
    /// Something fires or is not known.
    Warn,
    /// A critical alert fires.
    Critical,
    /// A maintenance window is on, or a critical alert is muted.
    Muted,
}

impl Known {
    /// From a whole snapshot.
    pub fn new(snapshot: Snapshot) -> Self {
        Self {
            revision: snapshot.revision,
            alerts: snapshot.alerts,
            maintenance: snapshot.maintenance,
            services: snapshot.services,
        }
    }

    /// Takes an event in. False: something was missed, and the whole snapshot is needed.
    pub fn apply(&mut self, event: PanelEvent) -> bool {
        let PanelEvent::Delta(delta) = event else { return true };
        if delta.revision <= self.revision {
            return true;
        }
        if delta.base != self.revision {
            return false;
        }
        self.revision = delta.revision;
        if let Some(alerts) = delta.alerts {
            self.alerts = alerts;
        }
        if let Some(maintenance) = delta.maintenance {
            self.maintenance = maintenance;
        }
        if let Some(services) = delta.services {
            self.services = services;
        }
        true
    }

    /// What to show at `now`.
    pub fn face(&self, now: Timestamp) -> DesktopStatus {
        let quiet = &self.maintenance.quiet;
        let running = quiet.until.filter(|until| quiet.windows > 0 && *until > now);
        let counts = &self.alerts.counts;
        let known = self.alerts.freshness.is_fresh();
        let down: Vec<&str> = self
            .services
            .iter()
            .filter(|s| s.freshness.error().is_some())
            .map(|s| s.title.as_str())
            .collect();
        let mood = match running {
            _ if counts.critical > 0 => TrayStatus::Critical,
            Some(_) => TrayStatus::Muted,
            None if counts.firing == 0 && counts.suppressed_critical > 0 && known => TrayStatus::Muted,
            None if counts.firing > 0 || !known || !down.is_empty() => TrayStatus::Warn,
            None => TrayStatus::Ok,
        };
        let alerts = if !down.is_empty() {
            format!("Unreachable: {}", down.join(", "))
        } else if !known {
            "Alerts: unknown".to_owned()
        } else {
            let critical = |n: u32| if n > 0 { format!(", {n} critical") } else { String::new() };
            let firing = match counts.firing {
                0 => "None firing".to_owned(),
                firing => format!("{firing} firing{}", critical(counts.critical)),
            };
            match counts.suppressed() {
                0 => firing,
                muted => format!("{firing} · {muted} muted{}", critical(counts.suppressed_critical)),
            }
        };
        match running {
            Some(until) => {
                let left = left(until.millis_since(now));
                DesktopStatus {
                    title: format!("Maintenance {left} – AetherLink"),
                    mood,
                    alerts,
                    maintenance: format!("Maintenance: {left} left"),
                }
            }
            None => DesktopStatus {
                title: "AetherLink".into(),
                mood,
                alerts,
                maintenance: "Maintenance: off".into(),
            },
        }
    }
}

/// Time left: minutes while there are many, then minutes and seconds. Rounded up, so that it never says less than
/// there is.
fn left(millis: i64) -> String {
    let seconds = millis.max(0).saturating_add(999) / 1_000;
    if seconds < 600 {
        format!("{}:{:02}", seconds / 60, seconds % 60)
    } else if seconds < 3_600 {
        format!("{} min", (seconds + 59) / 60)
    } else {
        let minutes = (seconds + 59) / 60;
        format!("{} h {:02} min", minutes / 60, minutes % 60)
    }
}

#[cfg(test)]
mod tests {
    use aether_contract::{AlertCounts, Freshness, Quiet, SnapshotDelta};

    use super::*;

    const NOW: Timestamp = Timestamp(1_000_000_000);

    fn known(counts: AlertCounts) -> Known {
        let fresh = Freshness::Fresh { at: NOW };
        Known {
            revision: 7,
            alerts: AlertsSummary {
                freshness: fresh.clone(),
                pending_freshness: fresh.clone(),
                counts,
                top: vec![],
                revision: 1,
            },
            maintenance: MaintenanceStatus {
                freshness: fresh,
                windows: vec![],
                other_silences: 0,
                quiet: Quiet::default(),
                revision: 1,
                max_duration_s: 28_800,
                heartbeat: String::new(),
                default_author: "op".into(),
                findings: Vec::new(),
                open_to_pages: Vec::new(),
            },
            services: vec![],
        }
    }

    /// Maintenance that ends in so many milliseconds.
    fn maintenance(ends_in_ms: i64) -> Quiet {
        Quiet { windows: 1, until: Some(NOW.plus_millis(ends_in_ms)), ..Quiet::default() }
    }

    #[test]
    fn muted_does_not_mean_well() {
        let counts = AlertCounts { silenced: 2, inhibited: 1, suppressed_critical: 1, ..Default::default() };
        let mut known = known(counts);
        assert_eq!(known.face(NOW).mood, TrayStatus::Muted);
        assert_eq!(known.face(NOW).alerts, "None firing · 3 muted, 1 critical");
        known.alerts.counts.firing = 2;
        assert_eq!(known.face(NOW).mood, TrayStatus::Warn);
        assert_eq!(known.face(NOW).alerts, "2 firing · 3 muted, 1 critical");
    }

    #[test]
    fn the_title_counts_maintenance_down_and_a_silence_of_some_alerts_is_none() {
        let mut known = known(AlertCounts::default());
        assert_eq!(known.face(NOW).title, "AetherLink");
        known.maintenance.quiet =
            Quiet { silences: 1, silences_until: Some(NOW.plus_millis(90_000)), ..Quiet::default() };
        assert_eq!((known.face(NOW).title.as_str(), known.face(NOW).mood), ("AetherLink", TrayStatus::Ok));
        known.maintenance.quiet = maintenance(90_000);
        assert_eq!(known.face(NOW).title, "Maintenance 1:30 – AetherLink");
        assert_eq!(known.face(NOW.plus_millis(89_500)).title, "Maintenance 0:01 – AetherLink");
        assert_eq!(known.face(NOW.plus_millis(90_000)).title, "AetherLink");
    }

    #[test]
    fn a_critical_alert_shows_through_a_window() {
        let mut known = known(AlertCounts { firing: 1, critical: 1, ..Default::default() });
        known.maintenance.quiet = maintenance(90_000);
        assert_eq!(known.face(NOW).mood, TrayStatus::Critical);
        assert_eq!(known.face(NOW).alerts, "1 firing, 1 critical");
    }

    #[test]
    fn what_is_not_known_is_not_well() {
        let mut known = known(AlertCounts::default());
        assert_eq!(known.face(NOW).mood, TrayStatus::Ok);
        known.alerts.freshness = Freshness::Loading;
        assert_eq!(known.face(NOW).mood, TrayStatus::Warn);
    }

    #[test]
    fn a_missed_delta_asks_for_the_whole() {
        let delta = |base, revision| {
            PanelEvent::Delta(Box::new(SnapshotDelta {
                revision,
                base,
                at: NOW,
                stacks: None,
                services: None,
                gauges: None,
                gauges_replaced: false,
                alerts: None,
                maintenance: None,
                backups: None,
                checks: None,
                pins: None,
                escalations: None,
                drill: None,
                banners: None,
                settings: None,
            }))
        };
        let mut known = known(AlertCounts::default());
        assert!(known.apply(delta(6, 7)), "an old one is skipped");
        assert!(known.apply(delta(7, 8)));
        assert!(!known.apply(delta(9, 10)), "one was missed");
    }

    #[test]
    fn time_left_never_says_less_than_there_is() {
        assert_eq!(left(-1), "0:00");
        assert_eq!(left(1), "0:01");
        assert_eq!(left(599_001), "10 min");
        assert_eq!(left(601_000), "11 min");
        assert_eq!(left(3_600_000), "1 h 00 min");
        assert_eq!(left(5_430_000), "1 h 31 min");
    }
}
