//! Which clocks run. Pure but for what was seen before: since when a gauge has been past its line.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
};

use aether_contract::{
    AlertRow, EscalationClock, EscalationContact, EscalationRule, Gauge, ReadingState, Timestamp,
};

use aether_context::alert_index::order::is_suppressed;
use aether_foundation::{matching::title, stack::Profile};

/// Gauges that the table speaks of.
const COST: &str = "estimated-cost";
const HEALTH: &str = "health-score";

/// Since when gauges have been past their lines, by stack and gauge.
#[derive(Default)]
pub struct Seen(Mutex<HashMap<(String, &'static str), Timestamp>>);

impl Seen {
    /// Every clock that runs. `marked` knows since when a clock ran that somebody marked, perhaps in an earlier panel.
    pub fn clocks(
        &self,
        profile: &Profile,
        rows: &[AlertRow],
        gauges: &[&Gauge],
        marked: &dyn Fn(&str) -> Option<Timestamp>,
        now: Timestamp,
    ) -> Vec<EscalationClock> {
        let mut found: Vec<EscalationClock> = rows.iter().filter_map(|row| of_alert(profile, row)).collect();
        let table = &profile.escalation_table;
        let (cost, health) = (table.cost_usd, table.health_below);
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let mut look = |rule, id: &'static str, minutes: u32, past: &dyn Fn(f64) -> bool| {
            let Some(gauge) = gauges.iter().find(|gauge| gauge.spec.id == id) else { return };
            let key = (profile.name.clone(), id);
            let earlier = || marked(&clock_id(rule, id)).filter(|since| !was_over(gauge, *since, past, now));
            match since(gauge, known.get(&key).copied().or_else(earlier), past, now) {
                Held::Unknown => {}
                Held::No => {
                    known.remove(&key);
                }
                Held::Since(since) => {
                    known.insert(key, since);
                    found.push(clock(profile, rule, minutes, 0, gauge.spec.title.clone(), since, id));
                }
            }
        };
        look(EscalationRule::Cost, COST, table.cost_minutes, &|value| value > cost);
        look(EscalationRule::Health, HEALTH, table.health_minutes, &|value| value < health);
        found
    }
}

/// Whether a condition holds.
#[derive(Debug, PartialEq)]
enum Held {
    /// It does not.
    No,
    /// It does.
    Since(Timestamp),
    /// There is no value to tell by, and nothing was known.
    Unknown,
}

/// Since when a gauge has been past its line: what was seen, or as far back as its trend shows it without a gap.
fn since(gauge: &Gauge, known: Option<Timestamp>, past: &dyn Fn(f64) -> bool, now: Timestamp) -> Held {
    let value = match (gauge.state, gauge.value) {
        (ReadingState::Value, Some(value)) => value,
        // Nothing was read: neither better nor worse than it was.
        (ReadingState::Unknown, _) => return known.map_or(Held::Unknown, Held::Since),
        // Without traffic there is nothing to call anybody about.
        _ => return Held::No,
    };
    if !past(value) {
        return Held::No;
    }
    let at = gauge.at.unwrap_or(now).min(now);
    let step_ms = step_ms(gauge);
    // A step counts as past the line only as a whole.
    let before = steps(gauge).rev().take_while(|(low, high)| past(*low) && past(*high)).count();
    // The trend ends a while ago; what it shows last need not be now.
    let shown = at.plus_millis(-step_ms * i64::try_from(before.saturating_sub(1)).unwrap_or(0));
    Held::Since(known.map_or(shown, |known| known.min(shown)).min(at))
}

/// Whether the trend shows a value on the good side, well after `since`.
fn was_over(gauge: &Gauge, since: Timestamp, past: &dyn Fn(f64) -> bool, now: Timestamp) -> bool {
    let (at, step_ms) = (gauge.at.unwrap_or(now).min(now), step_ms(gauge));
    let good = steps(gauge).rev().position(|(low, high)| !(low.is_nan() || past(low) && past(high)));
    // The trend may be a while old: its times are not better than two steps.
    good.and_then(|back| i64::try_from(back).ok())
        .is_some_and(|back| at.plus_millis(-step_ms * back) > since.plus_millis(2 * step_ms))
}

/// Lowest and highest value of each step of the trend; NaN, which is past nothing, where there was none.
fn steps(gauge: &Gauge) -> impl DoubleEndedIterator<Item = (f64, f64)> + ExactSizeIterator {
    let known = |value: &Option<f64>| value.unwrap_or(f64::NAN);
    gauge.spark_low.iter().zip(&gauge.spark_high).map(move |(low, high)| (known(low), known(high)))
}

fn step_ms(gauge: &Gauge) -> i64 {
    let steps = gauge.spark.len().saturating_sub(1).max(1);
    (gauge.spark_hours * 3_600_000.0 / steps as f64) as i64
}

pub(super) fn clock_id(rule: EscalationRule, about: &str) -> String {
    format!("{}/{about}", rule.as_str())
}

fn of_alert(profile: &Profile, row: &AlertRow) -> Option<EscalationClock> {
    let due = row.escalates_at?;
    let (rule, more) = if row.vip {
        (EscalationRule::Vip, 0)
    } else {
        (EscalationRule::General, profile.escalation_table.general_answer_minutes)
    };
    let mut made =
        clock(profile, rule, 0, more, title(&row.name, &row.labels), row.since, &row.fingerprint.0);
    made.due_at = due;
    made.latest_at = due.plus_millis(i64::from(more) * 60_000);
    made.tenant.clone_from(&row.tenant);
    made.fingerprint = Some(row.fingerprint.clone());
    made.muted = is_suppressed(row.state);
    Some(made)
}

fn clock(
    profile: &Profile,
    rule: EscalationRule,
    minutes: u32,
    more: u32,
    title: String,
    since: Timestamp,
    about: &str,
) -> EscalationClock {
    let contact = profile.escalation_table.contact(rule);
    let due_at = since.plus_millis(i64::from(minutes) * 60_000);
    EscalationClock {
        id: clock_id(rule, about),
        rule,
        title: aether_foundation::text::truncate(&title, 200),
        tenant: None,
        fingerprint: None,
        since,
        due_at,
        latest_at: due_at.plus_millis(i64::from(more) * 60_000),
        muted: false,
        contact: EscalationContact {
            name: contact.name.clone(),
            mail: contact.mail.clone().unwrap_or_default(),
            chat: contact.chat.is_some(),
        },
        ack: None,
        escalated: None,
    }
}

#[cfg(test)]
mod tests {
    use aether_contract::{Freshness, Level};

    use super::*;
    use aether_foundation::testing::row;

    const MINUTE: i64 = 60_000;
    const NOW: Timestamp = Timestamp(1_000 * MINUTE);

    fn gauge(id: &str, value: Option<f64>, spark: &[f64]) -> Gauge {
        let spec = Profile::builtin().gauges.into_iter().find(|gauge| gauge.id == id).unwrap();
        Gauge {
            spec,
            freshness: Freshness::Loading,
            state: if value.is_some() { ReadingState::Value } else { ReadingState::NoTraffic },
            value,
            at: Some(NOW),
            level: Level::None,
            note: String::new(),
            tenants: Vec::new(),
            tenant_count: 0,
            spark: spark.iter().map(|value| Some(*value)).collect(),
            spark_low: spark.iter().map(|value| Some(*value)).collect(),
            spark_high: spark.iter().map(|value| Some(*value)).collect(),
            // A step is ten minutes.
            spark_hours: (spark.len().max(2) - 1) as f64 / 6.0,
        }
    }

    fn due(seen: &Seen, gauges: &[&Gauge], now: Timestamp) -> Vec<(EscalationRule, i64)> {
        let clocks = seen.clocks(&Profile::builtin(), &[], gauges, &|_| None, now);
        clocks.into_iter().map(|clock| (clock.rule, clock.due_at.millis_since(now) / MINUTE)).collect()
    }

    #[test]
    fn alerts_escalate_by_the_table_and_a_general_one_has_half_an_hour_more() {
        let mut vip = row(&[("alertname", "A"), ("tenant_id", "vip-customer-123")]);
        vip.vip = true;
        vip.since = NOW;
        vip.escalates_at = Some(NOW.plus_millis(5 * MINUTE));
        let mut general = row(&[("alertname", "B")]);
        general.escalates_at = Some(NOW.plus_millis(60 * MINUTE));
        let quiet = row(&[("alertname", "C")]);
        let clocks = Seen::default().clocks(&Profile::builtin(), &[vip, general, quiet], &[], &|_| None, NOW);
        let times: Vec<_> = clocks
            .iter()
            .map(|c| (c.rule, c.due_at.millis_since(NOW) / MINUTE, c.latest_at.millis_since(NOW) / MINUTE))
            .collect();
        assert_eq!(times, [(EscalationRule::Vip, 5, 5), (EscalationRule::General, 60, 90)]);
        assert_eq!(clocks[0].contact.name, "the on-call engineer");
    }

    #[test]
    fn a_low_health_score_is_due_after_a_quarter_of_an_hour_from_when_it_was_seen_first() {
        let seen = Seen::default();
        let low = gauge("health-score", Some(39.0), &[80.0, 70.0, 41.0]);
        assert_eq!(due(&seen, &[&low], NOW), [(EscalationRule::Health, 15)]);
        let later = Gauge { at: Some(NOW.plus_millis(10 * MINUTE)), ..low.clone() };
        assert_eq!(due(&seen, &[&later], NOW.plus_millis(10 * MINUTE)), [(EscalationRule::Health, 5)]);
        // A moment without an answer does not begin it anew, and one above the line does.
        let unread = Gauge { state: ReadingState::Unknown, value: None, ..low.clone() };
        assert_eq!(due(&seen, &[&unread], NOW.plus_millis(10 * MINUTE)), [(EscalationRule::Health, 5)]);
        let up = gauge("health-score", Some(40.0), &[]);
        assert_eq!(due(&seen, &[&up], NOW), []);
        assert_eq!(due(&seen, &[&low], NOW), [(EscalationRule::Health, 15)]);
    }

    #[test]
    fn a_panel_that_starts_in_the_middle_reads_the_begin_from_the_trend() {
        let cost = gauge("estimated-cost", Some(230.0), &[150.0, 210.0, 215.0, 220.0]);
        assert_eq!(due(&Seen::default(), &[&cost], NOW), [(EscalationRule::Cost, 240 - 20)]);
        let idle = gauge("health-score", None, &[10.0, 10.0]);
        assert_eq!(due(&Seen::default(), &[&idle], NOW), [], "no traffic is no low score");
    }

    #[test]
    fn a_clock_that_was_marked_goes_on_after_a_restart_unless_it_was_over_meanwhile() {
        let began = NOW.plus_millis(-120 * MINUTE);
        let marked = |id: &str| (id == "health/health-score").then_some(began);
        let since = |spark: &[f64]| {
            let low = gauge("health-score", Some(39.0), spark);
            Seen::default().clocks(&Profile::builtin(), &[], &[&low], &marked, NOW)[0].since
        };
        assert_eq!(since(&[]), began, "no trend yet");
        assert!(since(&[39.0; 20]) <= began);
        assert_eq!(since(&[90.0, 39.0, 80.0, 39.0, 39.0]), NOW.plus_millis(-10 * MINUTE));
    }
}
