//! What is worse than before. Pure.

use aether_contract::{AlertFingerprint, AlertRow, AlertState, CloseOutAlert, Gauge, GaugeBaseline, Level};
use aether_foundation::units;

/// Alerts that are on, heard or muted.
pub fn firing(rows: &[AlertRow]) -> impl Iterator<Item = &AlertRow> {
    rows.iter().filter(|row| !matches!(row.state, AlertState::Pending | AlertState::Resolved))
}

/// Alerts that are on and were not before, a line each.
pub fn new_alerts(rows: &[AlertRow], before: &[AlertFingerprint]) -> Vec<String> {
    let new = firing(rows).filter(|row| !before.contains(&row.fingerprint));
    new.map(|row| match &row.tenant {
        Some(tenant) => format!("{} ({tenant})", row.name),
        None => row.name.clone(),
    })
    .collect()
}

/// Gauges as they are kept.
pub fn gauges(all: &[&Gauge]) -> Vec<GaugeBaseline> {
    let one = |gauge: &&Gauge| GaugeBaseline {
        id: gauge.spec.id.clone(),
        title: gauge.spec.title.clone(),
        value: gauge.value,
        level: gauge.level,
        unit: gauge.spec.unit.clone(),
    };
    all.iter().map(one).collect()
}

/// What became of the gauges.
pub struct Since {
    /// Gauges whose level is worse.
    pub worse: usize,
    /// A line a gauge.
    pub lines: Vec<String>,
}

/// Gauges now against gauges before. No traffic is neither better nor worse.
pub fn gauges_since(before: &[GaugeBaseline], now: &[GaugeBaseline]) -> Since {
    let mut since = Since { worse: 0, lines: Vec::new() };
    for gauge in now {
        let was = before.iter().find(|one| one.id == gauge.id);
        let worse = was.is_some_and(|was| rank(gauge.level) > rank(was.level) && gauge.level != Level::None);
        since.worse += usize::from(worse);
        let mark = if worse { " – worse" } else { "" };
        let then = was.map_or_else(|| "–".to_owned(), value);
        since.lines.push(format!("{}: {then} → {}{mark}", gauge.title, value(gauge)));
    }
    since
}

fn rank(level: Level) -> u8 {
    match level {
        Level::Ok | Level::None => 0,
        Level::Warn => 1,
        Level::Critical => 2,
    }
}

fn value(gauge: &GaugeBaseline) -> String {
    match gauge.value {
        None => "no recent traffic".to_owned(),
        Some(value) => units::amount(value, &gauge.unit),
    }
}

/// An alert of a close-out report in a line.
pub fn named(alert: &CloseOutAlert, words: &str) -> String {
    match &alert.tenant {
        Some(tenant) => format!("{} ({tenant}): {words}", alert.name),
        None => format!("{}: {words}", alert.name),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use aether_foundation::testing::row;

    fn gauge(value: Option<f64>, level: Level) -> GaugeBaseline {
        GaugeBaseline { id: "g".into(), title: "Cache".into(), value, level, unit: "percent".into() }
    }

    #[test]
    fn only_a_worse_level_is_worse() {
        let since = |before, now| gauges_since(&[before], &[now]);
        let worse = since(gauge(Some(60.0), Level::Ok), gauge(Some(31.0), Level::Warn));
        assert_eq!((worse.worse, worse.lines[0].as_str()), (1, "Cache: 60.0 % → 31.0 % – worse"));
        assert_eq!(since(gauge(Some(60.0), Level::Ok), gauge(Some(51.0), Level::Ok)).worse, 0);
        assert_eq!(since(gauge(Some(20.0), Level::Critical), gauge(Some(31.0), Level::Warn)).worse, 0);
        let silent = since(gauge(Some(60.0), Level::Ok), gauge(None, Level::None));
        assert_eq!((silent.worse, silent.lines[0].as_str()), (0, "Cache: 60.0 % → no recent traffic"));
        assert_eq!(
            gauges_since(&[], &[gauge(Some(1.0), Level::Critical)]).worse,
            0,
            "a new gauge has no before"
        );
    }

    #[test]
    fn a_muted_alert_that_is_new_is_new() {
        let mut old = row(&[("alertname", "Old")]);
        old.fingerprint = AlertFingerprint("1".into());
        let mut new = row(&[("alertname", "New")]);
        new.fingerprint = AlertFingerprint("2".into());
        new.state = AlertState::Silenced;
        let mut over = row(&[("alertname", "Over")]);
        over.fingerprint = AlertFingerprint("3".into());
        over.state = AlertState::Resolved;
        assert_eq!(new_alerts(&[old.clone(), new, over], &[old.fingerprint]), ["New"]);
    }
}
