//! Groups, facets and label names of a list of alerts: who is it about, and how much of it. Pure.

use std::collections::HashMap;

use aether_contract::{
    AlertCounts, AlertFacet, AlertGroup, AlertRow, AlertState, AlertsRequest, ErrorCode, Matcher, NamedCount,
    PanelError, RECEIVER_FACET, Severity,
};

use aether_context::alert_index::order::{count, severity_rank};
use aether_foundation::{matching::matcher, text::truncate};

/// Most labels to group by.
const MAX_LEVELS: usize = 4;
/// Most groups of an answer.
const MAX_GROUPS: usize = 1000;
/// Most labels whose values are counted.
const MAX_FACETS: usize = 16;
/// Most values of a facet.
const MAX_VALUES: usize = 50;
/// Most label names of an answer.
const MAX_NAMES: usize = 200;

/// Refuses what would cost more than it shows.
///
/// # Errors
/// `invalid-request` that names the field.
pub fn check(request: &AlertsRequest) -> Result<(), PanelError> {
    let refuse = |message: String| Err(PanelError::new(ErrorCode::InvalidRequest, "alerts", message));
    if request.group_by.len() > MAX_LEVELS {
        return refuse(format!("Alerts can be grouped by at most {MAX_LEVELS} labels."));
    }
    if request.facets.len() > MAX_FACETS {
        return refuse(format!("At most {MAX_FACETS} facets can be counted at a time."));
    }
    Ok(())
}

#[derive(Default)]
struct Node<'a> {
    inside: HashMap<&'a str, Node<'a>>,
    counts: AlertCounts,
    total: u32,
    worst: Option<Severity>,
}

/// Groups by the labels, nested in their order; and how many there are in all.
pub fn groups(rows: &[&AlertRow], labels: &[String]) -> (Vec<AlertGroup>, u32) {
    if labels.is_empty() {
        return (Vec::new(), 0);
    }
    let mut root = Node::default();
    for row in rows {
        let mut node = &mut root;
        for label in labels {
            let value = row.labels.get(label).map_or("", String::as_str);
            node = node.inside.entry(value).or_default();
            node.total += 1;
            count(&mut node.counts, row);
            if matches!(row.state, AlertState::Firing | AlertState::Pending) {
                let worse = node.worst.is_none_or(|worst| severity_rank(row.severity) < severity_rank(worst));
                node.worst = if worse { Some(row.severity) } else { node.worst };
            }
        }
    }
    let mut out = Vec::new();
    let total = resample(&root, labels, 0, "", &mut out);
    (out, total)
}

/// Writes the groups below a node down, the most urgent first, and counts them all.
fn resample(node: &Node<'_>, labels: &[String], depth: u32, path: &str, out: &mut Vec<AlertGroup>) -> u32 {
    let Some((label, further)) = labels.split_first() else { return 0 };
    let mut inside: Vec<(&&str, &Node<'_>)> = node.inside.iter().collect();
    let rank = |node: &Node<'_>| node.worst.map_or(u8::MAX, severity_rank);
    inside.sort_by(|(a_value, a), (b_value, b)| {
        rank(a).cmp(&rank(b)).then(b.total.cmp(&a.total)).then_with(|| a_value.cmp(b_value))
    });
    let mut total = 0;
    for (value, group) in inside {
        let matcher =
            Matcher { name: label.clone(), value: (*value).to_owned(), is_regex: false, is_equal: true };
        let filter = [path, &matcher::text(&matcher)].join(" ").trim_start().to_owned();
        total += 1;
        if out.len() < MAX_GROUPS {
            out.push(AlertGroup {
                label: label.clone(),
                value: truncate(value, 256),
                depth,
                filter: filter.clone(),
                total: group.total,
                counts: group.counts,
                worst: group.worst.unwrap_or(Severity::Other),
            });
        }
        total += resample(group, further, depth + 1, &filter, out);
    }
    total
}

/// Values of these labels with their numbers.
pub fn facets(rows: &[&AlertRow], labels: &[String]) -> Vec<AlertFacet> {
    labels
        .iter()
        .map(|label| {
            let mut values: HashMap<&str, u32> = HashMap::new();
            for row in rows {
                if label == RECEIVER_FACET {
                    for receiver in &row.receivers {
                        *values.entry(receiver).or_default() += 1;
                    }
                } else if let Some(value) = row.labels.get(label) {
                    *values.entry(value).or_default() += 1;
                }
            }
            let distinct = u32::try_from(values.len()).unwrap_or(u32::MAX);
            AlertFacet { label: label.clone(), values: most(values, MAX_VALUES), distinct }
        })
        .collect()
}

/// Names of labels in use.
pub fn label_names(rows: &[&AlertRow]) -> Vec<NamedCount> {
    let mut names: HashMap<&str, u32> = HashMap::new();
    for name in rows.iter().flat_map(|row| row.labels.keys()) {
        *names.entry(name).or_default() += 1;
    }
    most(names, MAX_NAMES)
}

/// The most frequent, then by name.
fn most(counted: HashMap<&str, u32>, at_most: usize) -> Vec<NamedCount> {
    let mut all: Vec<(&str, u32)> = counted.into_iter().collect();
    all.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(b.0)));
    all.into_iter()
        .take(at_most)
        .map(|(name, count)| NamedCount { name: truncate(name, 256), count })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use aether_foundation::testing::row;

    fn rows() -> Vec<AlertRow> {
        let mut rows = vec![
            row(&[("alertname", "A"), ("severity", "warning"), ("tenant_id", "t1")]),
            row(&[("alertname", "A"), ("severity", "critical"), ("tenant_id", "t2")]),
            row(&[("alertname", "A"), ("severity", "warning"), ("tenant_id", "t2")]),
            row(&[("alertname", "B"), ("severity", "warning")]),
            row(&[("alertname", "C \"quoted\""), ("severity", "critical")]),
        ];
        rows[4].state = AlertState::Silenced;
        rows[0].receivers = vec!["ops".into(), "pager".into()];
        rows[1].receivers = vec!["ops".into()];
        rows
    }

    #[test]
    fn groups_nest_in_the_order_of_the_labels_with_the_most_urgent_first() {
        let rows = rows();
        let rows: Vec<&AlertRow> = rows.iter().collect();
        let (groups, total) = groups(&rows, &["alertname".into(), "tenant_id".into()]);
        let told: Vec<(u32, &str, u32)> =
            groups.iter().map(|group| (group.depth, group.value.as_str(), group.total)).collect();
        let expected = [
            (0, "A", 3),
            (1, "t2", 2),
            (1, "t1", 1),
            (0, "B", 1),
            (1, "", 1),
            (0, "C \"quoted\"", 1),
            (1, "", 1),
        ];
        assert_eq!((told.as_slice(), total), (expected.as_slice(), 7));
        assert_eq!(groups[0].worst, Severity::Critical);
        assert_eq!((groups[0].counts.firing, groups[5].counts.silenced), (3, 1));
        assert_eq!(groups[5].worst, Severity::Other, "nobody is called for a silenced one");
    }

    #[test]
    fn the_filter_of_a_group_finds_exactly_its_alerts() {
        let rows = rows();
        let all: Vec<&AlertRow> = rows.iter().collect();
        let (groups, _) = groups(&all, &["alertname".into(), "tenant_id".into()]);
        for group in groups {
            let filter = aether_foundation::matching::filter::Filter::parse(&group.filter).unwrap();
            let found = rows
                .iter()
                .filter(|row| {
                    let haystacks = aether_foundation::matching::filter::Haystacks::new([*row]);
                    haystacks.iter().all(|haystack| filter.passes(row, haystack))
                })
                .count();
            assert_eq!(u32::try_from(found).unwrap(), group.total, "{}", group.filter);
        }
    }

    #[test]
    fn facets_count_values_and_receivers() {
        let rows = rows();
        let rows: Vec<&AlertRow> = rows.iter().collect();
        let told = facets(&rows, &["tenant_id".into(), RECEIVER_FACET.into(), "absent".into()]);
        let pairs =
            |facet: &AlertFacet| facet.values.iter().map(|v| (v.name.clone(), v.count)).collect::<Vec<_>>();
        assert_eq!(pairs(&told[0]), [("t2".to_owned(), 2), ("t1".to_owned(), 1)]);
        assert_eq!(pairs(&told[1]), [("ops".to_owned(), 2), ("pager".to_owned(), 1)]);
        assert_eq!((told[2].values.len(), told[2].distinct), (0, 0));
        assert_eq!(label_names(&rows)[0].name, "alertname");
    }

    #[test]
    fn many_groups_are_capped_and_counted() {
        let rows: Vec<AlertRow> =
            (0..3000).map(|n| row(&[("alertname", "A"), ("instance", &format!("h{n}"))])).collect();
        let rows: Vec<&AlertRow> = rows.iter().collect();
        let (groups, total) = groups(&rows, &["instance".into()]);
        assert_eq!((groups.len(), total), (MAX_GROUPS, 3000));
    }
}
