//! The published snapshot and its deltas: what changed, in one step from revision to revision.
//!
//! A [`Publisher`] holds the one snapshot that everybody sees. Taking it and sending the delta that leads to the next
//! happen under one lock, so a reader who subscribes first and asks for the whole second never misses a change.

use std::sync::{Mutex, PoisonError};

use aether_contract::{Gauge, PanelEvent, Snapshot, SnapshotDelta};
use tokio::sync::broadcast;

/// Deltas that a slow reader may fall behind before it has to ask for the whole snapshot.
const QUEUE: usize = 64;

/// The snapshot in force and those who listen.
pub struct Publisher {
    current: Mutex<Snapshot>,
    events: broadcast::Sender<PanelEvent>,
}

impl Publisher {
    /// Starts with `first`, as revision 1.
    pub fn new(mut first: Snapshot) -> Self {
        first.revision = 1;
        Self { current: Mutex::new(first), events: broadcast::Sender::new(QUEUE) }
    }

    /// The snapshot in force.
    pub fn current(&self) -> Snapshot {
        self.current.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Deltas and other events from now on.
    pub fn subscribe(&self) -> broadcast::Receiver<PanelEvent> {
        self.events.subscribe()
    }

    /// Sends an event other than a delta. It is fine if no one listens.
    pub fn send(&self, event: PanelEvent) {
        let _ = self.events.send(event);
    }

    /// Puts `next` into force if it differs; tells whether it did. `build` runs under the lock, so that an older
    /// picture can't overwrite a newer one.
    pub fn publish(&self, build: impl FnOnce() -> Option<Snapshot>) -> bool {
        let mut current = self.current.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(mut next) = build() else { return false };
        next.revision = current.revision;
        let Some(delta) = delta(&current, &next) else { return false };
        next.revision = delta.revision;
        *current = next;
        let _ = self.events.send(PanelEvent::Delta(Box::new(delta)));
        true
    }
}

/// What leads from `old` to `new`; none when nothing but the time changed. The delta's revision is the one after
/// `old`'s (after the largest comes 1: readers compare for equality only).
pub fn delta(old: &Snapshot, new: &Snapshot) -> Option<SnapshotDelta> {
    let (gauges, gauges_replaced) = gauges(&old.gauges, &new.gauges);
    let delta = SnapshotDelta {
        revision: old.revision.checked_add(1).unwrap_or(1),
        base: old.revision,
        at: new.at,
        stacks: changed(&old.stacks, &new.stacks),
        services: changed(&old.services, &new.services),
        gauges,
        gauges_replaced,
        alerts: changed(&old.alerts, &new.alerts),
        maintenance: changed(&old.maintenance, &new.maintenance),
        backups: changed(&old.backups, &new.backups),
        checks: changed(&old.checks, &new.checks),
        pins: changed(&old.pins, &new.pins),
        escalations: changed(&old.escalations, &new.escalations),
        drill: changed(&old.drill, &new.drill),
        banners: changed(&old.banners, &new.banners),
        settings: changed(&old.settings, &new.settings),
    };
    let anything = delta.stacks.is_some()
        || delta.services.is_some()
        || delta.gauges.is_some()
        || delta.alerts.is_some()
        || delta.maintenance.is_some()
        || delta.backups.is_some()
        || delta.checks.is_some()
        || delta.pins.is_some()
        || delta.escalations.is_some()
        || delta.drill.is_some()
        || delta.banners.is_some()
        || delta.settings.is_some();
    anything.then_some(delta)
}

fn changed<T: PartialEq + Clone>(old: &T, new: &T) -> Option<T> {
    (old != new).then(|| new.clone())
}

fn gauges(old: &[Gauge], new: &[Gauge]) -> (Option<Vec<Gauge>>, bool) {
    let same_set = old.len() == new.len() && old.iter().zip(new).all(|(a, b)| a.spec.id == b.spec.id);
    if !same_set {
        return (Some(new.to_vec()), true);
    }
    let changed: Vec<Gauge> =
        old.iter().zip(new).filter(|(old, new)| old != new).map(|(_, new)| new.clone()).collect();
    ((!changed.is_empty()).then_some(changed), false)
}

#[cfg(test)]
mod tests {
    use super::*;
    use aether_contract::*;

    fn gauge(id: &str) -> Gauge {
        Gauge {
            spec: GaugeSpec {
                id: id.into(),
                title: id.into(),
                unit: "percent".into(),
                window: String::new(),
                min: 0.0,
                max: 100.0,
                warn: 50.0,
                critical: 30.0,
                higher_is_better: true,
                query: "x".into(),
                per_tenant_query: None,
            },
            freshness: Freshness::Loading,
            state: ReadingState::Unknown,
            value: None,
            at: None,
            level: Level::None,
            note: String::new(),
            tenants: Vec::new(),
            tenant_count: 0,
            spark: Vec::new(),
            spark_low: Vec::new(),
            spark_high: Vec::new(),
            spark_hours: 6.0,
        }
    }

    fn snapshot() -> Snapshot {
        Snapshot {
            revision: 7,
            at: Timestamp(0),
            stacks: StackList { active: "a".into(), stacks: Vec::new(), first_start: false },
            services: Vec::new(),
            gauges: vec![gauge("one"), gauge("two")],
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
                quiet: Default::default(),
                revision: 0,
                max_duration_s: 3600,
                heartbeat: String::new(),
                default_author: "me".into(),
                findings: Vec::new(),
                open_to_pages: Vec::new(),
            },
            backups: BackupsSummary::default(),
            checks: ChecksSummary::default(),
            pins: PinsSummary::default(),
            escalations: EscalationStatus::default(),
            drill: DrillStatus::default(),
            banners: Vec::new(),
            settings: aether_foundation::settings::default_settings(),
        }
    }

    #[test]
    fn time_alone_is_no_change() {
        let mut later = snapshot();
        later.at = Timestamp(99);
        assert!(delta(&snapshot(), &later).is_none());
    }

    #[test]
    fn only_the_changed_gauge_travels() {
        let mut next = snapshot();
        next.gauges[1].value = Some(3.0);
        let delta = delta(&snapshot(), &next).unwrap();
        assert_eq!((delta.base, delta.revision), (7, 8));
        assert_eq!(delta.gauges.as_ref().unwrap().len(), 1);
        assert!(!delta.gauges_replaced);
        assert!(delta.services.is_none() && delta.alerts.is_none() && delta.settings.is_none());
    }

    #[test]
    fn another_set_of_gauges_replaces_the_list() {
        let mut next = snapshot();
        next.gauges.remove(0);
        let delta = delta(&snapshot(), &next).unwrap();
        assert!(delta.gauges_replaced);
        assert_eq!(delta.gauges.unwrap()[0].spec.id, "two");
    }

    #[test]
    fn deltas_in_order_lead_from_any_snapshot_to_the_newest() {
        let publisher = Publisher::new(snapshot());
        let mut events = publisher.subscribe();
        let base = publisher.current();
        for value in 1..4 {
            publisher.publish(|| {
                let mut next = snapshot();
                next.gauges[0].value = Some(f64::from(value));
                Some(next)
            });
        }
        let mut revision = base.revision;
        while let Ok(PanelEvent::Delta(delta)) = events.try_recv() {
            assert_eq!(delta.base, revision);
            revision = delta.revision;
        }
        assert_eq!(revision, publisher.current().revision);
        assert!(
            !publisher.publish(|| Some(publisher_free_clone(&base, 3.0))),
            "the same picture is no change"
        );
    }

    fn publisher_free_clone(base: &Snapshot, value: f64) -> Snapshot {
        let mut next = base.clone();
        next.gauges[0].value = Some(value);
        next
    }
}
