//! Silences that deserve a second look: made outside the panel, broad, longer than the cap, or over the
//! heartbeat; and an Alertmanager that any web page may silence. Pure.

use aether_contract::{AlertRow, Silence, SilenceFinding, SilenceRisk, SilenceState};

use super::closest::is_current;
use aether_foundation::matching::matcher::{Compiled, all_match, compile};

/// Names that no rule is likely to have: a silence that matches all of them asks for no name in particular.
const STRANGERS: [&str; 6] = ["Zebra", "Quartz", "Meridian", "Falcon", "Isotope", "Lagoon"];
/// Most findings.
const MAX: usize = 50;

/// What is odd about the silences that are active or will be. `rows` is the list of alerts, `max_s` the cap.
pub fn findings(
    silences: &[Silence],
    rows: &[AlertRow],
    heartbeat: Option<&str>,
    max_s: u32,
) -> Vec<SilenceFinding> {
    let mut found = Vec::new();
    for silence in silences.iter().filter(|silence| silence.state != SilenceState::Expired) {
        let Ok(matchers) = compile(&silence.matchers) else { continue };
        let mut add = |risk: SilenceRisk, text: String| {
            found.push(SilenceFinding {
                silence_id: silence.id.clone(),
                risk,
                text,
                created_by: silence.created_by.clone(),
                ends_at: silence.ends_at,
            });
        };
        if let Some(heartbeat) = heartbeat
            && mutes_heartbeat(&matchers, rows, heartbeat)
        {
            add(
                SilenceRisk::Heartbeat,
                format!("It mutes {heartbeat}, so the external watchdog will report that alerting is down."),
            );
        }
        // The panel's own windows are broad by intention, and capped.
        if silence.window.is_none() {
            if names_no_alert(&matchers) {
                add(SilenceRisk::Broad, "It mutes every alert.".to_owned());
            }
            let seconds = silence.ends_at.millis_since(silence.starts_at) / 1000;
            if seconds > i64::from(max_s) {
                add(
                    SilenceRisk::Long,
                    format!(
                        "It lasts {} h; the maximum in this panel is {} h.",
                        (seconds + 1_800) / 3600,
                        f64::from(max_s) / 3600.0
                    ),
                );
            }
        }
    }
    found.truncate(MAX);
    found
}

/// Whether matchers match alerts of any name and nothing else about them.
pub fn names_no_alert(matchers: &[Compiled]) -> bool {
    let matches = |name: &str| all_match(matchers, &[("alertname".to_owned(), name.to_owned())].into());
    STRANGERS.iter().all(|name| matches(name))
}

/// Whether these matchers mute the heartbeat: as it is listed now; by its name alone when it is not.
pub fn mutes_heartbeat(matchers: &[Compiled], rows: &[AlertRow], heartbeat: &str) -> bool {
    let mut listed = rows.iter().filter(|row| row.name == heartbeat && is_current(row)).peekable();
    if listed.peek().is_none() {
        return all_match(matchers, &[("alertname".to_owned(), heartbeat.to_owned())].into());
    }
    listed.any(|row| all_match(matchers, &row.labels))
}

#[cfg(test)]
mod tests {
    use aether_contract::{Matcher, Timestamp, WindowId};

    use super::*;
    use crate::maintenance::scope::default_matchers;
    use aether_foundation::testing::row;

    fn silence(matchers: Vec<Matcher>, hours: i64) -> Silence {
        Silence {
            id: "s".into(),
            matchers,
            state: SilenceState::Active,
            starts_at: Timestamp(0),
            ends_at: Timestamp(hours * 3_600_000),
            updated_at: Timestamp(0),
            created_by: "bob".into(),
            comment: String::new(),
            window: None,
            mutes: 0,
            quiet_anyway: 0,
            members: 1,
            members_of: 1,
        }
    }

    fn matcher(name: &str, value: &str, is_regex: bool) -> Matcher {
        Matcher { name: name.into(), value: value.into(), is_regex, is_equal: true }
    }

    fn risks(silence: Silence) -> Vec<SilenceRisk> {
        let heartbeat = row(&[("alertname", "Watchdog"), ("job", "prometheus")]);
        let found = findings(&[silence], &[heartbeat], Some("Watchdog"), 8 * 3600);
        found.into_iter().map(|finding| finding.risk).collect()
    }

    #[test]
    fn broad_long_and_heartbeat_silences_of_others_are_told() {
        use SilenceRisk::{Broad, Heartbeat, Long};
        assert_eq!(risks(silence(vec![matcher("alertname", ".+", true)], 1)), [Heartbeat, Broad]);
        assert_eq!(risks(silence(default_matchers(Some("Watchdog")), 24)), [Broad, Long]);
        assert_eq!(risks(silence(vec![matcher("alertname", "Disk", false)], 9)), [Long]);
        assert!(risks(silence(vec![matcher("alertname", "Disk", false)], 8)).is_empty());
        // By a label of the heartbeat as it fires.
        assert_eq!(risks(silence(vec![matcher("job", "prometheus", false)], 1)), [Heartbeat]);
    }

    #[test]
    fn a_window_of_the_panel_is_broad_by_intention_but_not_over_the_heartbeat() {
        let own = |matchers| Silence { window: Some(WindowId("w".into())), ..silence(matchers, 24) };
        assert!(risks(own(default_matchers(Some("Watchdog")))).is_empty());
        assert_eq!(risks(own(default_matchers(None))), [SilenceRisk::Heartbeat]);
        let over =
            Silence { state: SilenceState::Expired, ..silence(vec![matcher("alertname", ".+", true)], 99) };
        assert!(risks(over).is_empty());
    }
}
