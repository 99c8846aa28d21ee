//! Pages of the alert list: filter, order, counts. The list itself never leaves the acks.

use aether_context::alert_index::order::{count, severity_rank, state_rank};
use std::cmp::Ordering;

use aether_contract::{
    AlertCounts, AlertRow, AlertSort, AlertState, AlertsPage, AlertsRequest, Freshness, PanelError,
};

use super::group;
use aether_context::alert_index::{join::AlertIndex, links::for_screen};
use aether_foundation::matching::filter::Filter;

/// Most rows that one page carries.
pub const MAX_ROWS: usize = 500;

/// One page of the list. `index` is ordered by urgency.
///
/// # Errors
/// `invalid-request` when the filter can't be read.
pub fn page(
    index: &AlertIndex,
    request: &AlertsRequest,
    freshness: Freshness,
    pending_freshness: Freshness,
) -> Result<AlertsPage, PanelError> {
    group::check(request)?;
    let Found { mut rows, counts } = find(index, request)?;
    let total = u32::try_from(rows.len()).unwrap_or(u32::MAX);
    let (groups, groups_total) = group::groups(&rows, &request.group_by);
    let facets = group::facets(&rows, &request.facets);
    let label_names = if request.label_names { group::label_names(&rows) } else { Vec::new() };
    if request.limit > 0 {
        sort(&mut rows, request.sort, request.descending);
    }
    let limit = usize::try_from(request.limit).unwrap_or(MAX_ROWS).min(MAX_ROWS);
    let offset = usize::try_from(request.offset).unwrap_or(usize::MAX);
    let rows = rows.into_iter().skip(offset).take(limit).map(for_screen).collect();
    Ok(AlertsPage {
        rows,
        total,
        counts,
        groups,
        groups_total,
        facets,
        label_names,
        freshness,
        pending_freshness,
    })
}

/// All alerts that a request matches, in its order; its offset and limit are left aside.
///
/// # Errors
/// `invalid-request` when the filter can't be read.
pub fn all(index: &AlertIndex, request: &AlertsRequest) -> Result<Vec<AlertRow>, PanelError> {
    let mut rows = find(index, request)?.rows;
    sort(&mut rows, request.sort, request.descending);
    Ok(rows.into_iter().cloned().collect())
}

struct Found<'a> {
    /// Those of the states that were asked for.
    rows: Vec<&'a AlertRow>,
    /// Over all states.
    counts: AlertCounts,
}

fn find<'a>(index: &'a AlertIndex, request: &AlertsRequest) -> Result<Found<'a>, PanelError> {
    let filter = Filter::parse(&request.filter)?;
    let mut counts = AlertCounts::default();
    let mut rows: Vec<&AlertRow> = Vec::new();
    for (row, haystack) in index.rows.iter().zip(index.haystacks.iter()) {
        let severity = request.severities.is_empty() || request.severities.contains(&row.severity);
        let receiver = request.receivers.is_empty()
            || row.receivers.iter().any(|receiver| request.receivers.contains(receiver));
        if !severity || !receiver || !(filter.is_empty() || filter.passes(row, haystack)) {
            continue;
        }
        count(&mut counts, row);
        let state = if request.states.is_empty() {
            row.state != AlertState::Resolved
        } else {
            request.states.contains(&row.state)
        };
        if state {
            rows.push(row);
        }
    }
    Ok(Found { rows, counts })
}

fn sort(rows: &mut [&AlertRow], by: AlertSort, descending: bool) {
    match by {
        // The index is in this order already.
        AlertSort::Urgency => {
            if descending {
                rows.reverse();
            }
        }
        // The sort is stable, so equal rows stay ordered by urgency, in either direction.
        AlertSort::Name => rows.sort_by(|a, b| direct(descending, a.name.cmp(&b.name))),
        AlertSort::Tenant => rows.sort_by(|a, b| last_if_none(&a.tenant, &b.tenant, descending)),
        AlertSort::Since => rows.sort_by(|a, b| direct(descending, a.since.cmp(&b.since))),
        AlertSort::Severity => {
            rows.sort_by(|a, b| {
                direct(descending, severity_rank(a.severity).cmp(&severity_rank(b.severity)))
            });
        }
        AlertSort::State => {
            rows.sort_by(|a, b| direct(descending, state_rank(a.state).cmp(&state_rank(b.state))));
        }
        AlertSort::Value => rows.sort_by(|a, b| match (a.value, b.value) {
            (Some(a), Some(b)) => direct(descending, a.total_cmp(&b)),
            (a, b) => b.is_some().cmp(&a.is_some()),
        }),
    }
}

fn direct(descending: bool, order: Ordering) -> Ordering {
    if descending { order.reverse() } else { order }
}

/// Rows without the value stand at the end in either direction.
fn last_if_none<T: Ord>(a: &Option<T>, b: &Option<T>, descending: bool) -> Ordering {
    match (a, b) {
        (Some(a), Some(b)) => direct(descending, a.cmp(b)),
        (a, b) => b.is_some().cmp(&a.is_some()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use aether_contract::Severity;
    use aether_contract::Timestamp;
    use aether_foundation::testing::row;

    fn index() -> AlertIndex {
        let mut rows = vec![
            row(&[("alertname", "B"), ("severity", "warning"), ("tenant_id", "t2")]),
            row(&[("alertname", "A"), ("severity", "critical")]),
            row(&[("alertname", "C"), ("severity", "critical"), ("tenant_id", "t1")]),
            row(&[("alertname", "D"), ("severity", "info")]),
        ];
        rows[2].vip = true;
        rows[3].state = AlertState::Silenced;
        rows[0].value = Some(3.0);
        rows[1].value = Some(f64::MIN);
        rows[2].since = Timestamp(5);
        let mut gone = row(&[("alertname", "E")]);
        gone.state = AlertState::Resolved;
        rows.push(gone);
        AlertIndex::from_rows(rows)
    }

    fn names(request: &AlertsRequest) -> Vec<String> {
        page(&index(), request, Freshness::Loading, Freshness::Loading)
            .unwrap()
            .rows
            .into_iter()
            .map(|row| row.name)
            .collect()
    }

    fn all() -> AlertsRequest {
        AlertsRequest { limit: 500, ..AlertsRequest::default() }
    }

    #[test]
    fn the_most_urgent_come_first_and_resolved_ones_only_when_asked_for() {
        assert_eq!(names(&all()), ["C", "A", "B", "D"]);
        assert_eq!(names(&AlertsRequest { states: vec![AlertState::Resolved], ..all() }), ["E"]);
    }

    #[test]
    fn every_column_sorts_both_ways_with_missing_values_last() {
        let table = [
            (AlertSort::Name, false, "ABCD"),
            (AlertSort::Name, true, "DCBA"),
            (AlertSort::Tenant, false, "CBAD"),
            (AlertSort::Tenant, true, "BCAD"),
            (AlertSort::Value, false, "ABCD"),
            (AlertSort::Value, true, "BACD"),
            (AlertSort::Severity, true, "DBCA"),
            (AlertSort::State, true, "DCAB"),
            (AlertSort::Urgency, true, "DBAC"),
        ];
        for (sort, descending, expected) in table {
            let found: String = names(&AlertsRequest { sort, descending, ..all() }).concat();
            assert_eq!(found, expected, "{sort:?} descending={descending}");
        }
    }

    #[test]
    fn counts_ignore_the_state_chosen_but_not_filter_and_severity() {
        let request = AlertsRequest {
            states: vec![AlertState::Silenced],
            severities: vec![Severity::Critical, Severity::Info],
            limit: 1,
            ..AlertsRequest::default()
        };
        let page = page(&index(), &request, Freshness::Loading, Freshness::Loading).unwrap();
        assert_eq!(page.total, 1);
        assert_eq!((page.counts.firing, page.counts.critical, page.counts.silenced), (2, 2, 1));
        assert_eq!((page.counts.vip, page.counts.warning), (1, 0));
    }

    #[test]
    fn a_page_is_capped_and_an_offset_past_the_end_is_empty() {
        let rows = (0..1000).map(|i| row(&[("alertname", &format!("A{i:04}"))])).collect();
        let index = AlertIndex::from_rows(rows);
        let request = AlertsRequest { limit: 10_000, offset: 10, ..AlertsRequest::default() };
        let first = page(&index, &request, Freshness::Loading, Freshness::Loading).unwrap();
        assert_eq!((first.rows.len(), first.total), (500, 1000));
        let request = AlertsRequest { limit: 10, offset: u32::MAX, ..AlertsRequest::default() };
        assert!(page(&index, &request, Freshness::Loading, Freshness::Loading).unwrap().rows.is_empty());
    }
}
