//! A scope that matches no current alert: which of its matchers matches none, and what the alerts have instead. Pure.

use std::collections::BTreeSet;

use aether_contract::{AlertRow, AlertState, ClosestValues, Matcher};
use aether_foundation::{
    matching::matcher::{Compiled, text},
    text::truncate,
};

/// Values that are offered for a matcher.
const OFFERED: usize = 3;
/// Rows that values are taken from, and different values of a label that are compared.
const MAX_ROWS: usize = 20_000;
const MAX_VALUES: usize = 5_000;
/// Longest value that is compared, in bytes.
const MAX_LENGTH: usize = 256;

/// Alerts that count as being there.
pub fn is_current(row: &AlertRow) -> bool {
    row.state != AlertState::Resolved
}

/// For each matcher that no current alert satisfies by itself: the closest values of its label; the closest label
/// names where no alert has the label. Empty when it is only their combination that matches nothing.
pub fn closest(matchers: &[Matcher], rows: &[AlertRow]) -> Vec<ClosestValues> {
    let current = || rows.iter().filter(|row| is_current(row)).take(MAX_ROWS);
    let mut found = Vec::new();
    for matcher in matchers {
        let Ok(compiled) = Compiled::new(matcher) else { continue };
        if current().any(|row| compiled.matches(&row.labels)) {
            continue;
        }
        let mut values = BTreeSet::new();
        for value in current().filter_map(|row| row.labels.get(&matcher.name)) {
            if values.len() < MAX_VALUES && value.len() <= MAX_LENGTH {
                values.insert(value.as_str());
            }
        }
        let mut names = BTreeSet::new();
        if values.is_empty() {
            for name in current().flat_map(|row| row.labels.keys()) {
                if names.len() < MAX_VALUES && name.len() <= MAX_LENGTH {
                    names.insert(name.as_str());
                }
            }
        }
        found.push(ClosestValues {
            matcher: truncate(&text(matcher), 256),
            label: truncate(&matcher.name, 256),
            values: nearest(&matcher.value, values),
            names: nearest(&matcher.name, names),
        });
    }
    found
}

fn nearest(wanted: &str, known: BTreeSet<&str>) -> Vec<String> {
    let wanted = truncate(wanted, MAX_LENGTH).to_lowercase();
    let mut ranked: Vec<(f64, &str)> = known
        .into_iter()
        .map(|one| (strsim::jaro_winkler(&wanted, &one.to_lowercase()), one))
        .filter(|(likeness, _)| *likeness > 0.0)
        .collect();
    ranked.sort_by(|a, b| b.0.total_cmp(&a.0).then_with(|| a.1.cmp(b.1)));
    ranked.into_iter().take(OFFERED).map(|(_, one)| one.to_owned()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use aether_foundation::testing::row;

    fn matcher(name: &str, value: &str) -> Matcher {
        Matcher { name: name.into(), value: value.into(), is_regex: false, is_equal: true }
    }

    #[test]
    fn matcher_that_matches_no_alert_gets_the_closest_values_or_label_names() {
        let rows = [
            row(&[("alertname", "DiskFull"), ("instance", "db-1:9100")]),
            row(&[("alertname", "DiskSlow"), ("instance", "web-1:9100")]),
            AlertRow { state: AlertState::Resolved, ..row(&[("alertname", "DiskFul"), ("gone", "x")]) },
        ];
        let found = closest(&[matcher("alertname", "diskfull"), matcher("instance", "db-1:9100")], &rows);
        assert_eq!(found.len(), 1);
        assert_eq!(
            (found[0].label.as_str(), found[0].matcher.as_str()),
            ("alertname", "alertname=\"diskfull\"")
        );
        assert_eq!(found[0].values, ["DiskFull", "DiskSlow"]);
        let found = closest(&[matcher("instnace", "db-1:9100")], &rows);
        assert_eq!((found[0].values.len(), found[0].names[0].as_str()), (0, "instance"));
        // Each matches an alert, but none matches both.
        assert!(
            closest(&[matcher("alertname", "DiskSlow"), matcher("instance", "db-1:9100")], &rows).is_empty()
        );
    }
}
