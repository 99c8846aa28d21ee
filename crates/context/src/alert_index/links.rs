//! Text and links of an alert, made safe for display.
//!
//! Labels and annotations come from whoever may write a rule or post an alert. Long values are cut; a link is
//! offered only if it is http or https with a host and without credentials in it (Alertmanager itself once
//! rendered `javascript:` ones, CVE-2023-40577).

use std::collections::BTreeMap;

use aether_contract::{AlertLink, AlertRow};
use aether_foundation::{matching::matcher, text::truncate, web::safe_url};

/// Most links an alert may have.
const MAX_LINKS: usize = 16;

/// Most labels and annotations of an alert that go to a screen.
const MAX_LABELS: usize = 200;
const MAX_ANNOTATIONS: usize = 50;
/// Most receivers, silences and inhibiting alerts likewise.
const MAX_LISTED: usize = 50;
/// What the texts of an alert may come to on a screen, in bytes; what stands behind it is cut to [`STUB`].
const MAX_TEXTS: usize = 16 * 1024;
const STUB: usize = 64;

/// A row as the UI receives it; its size is bounded regardless of the alert's labels.
pub fn for_screen(row: &AlertRow) -> AlertRow {
    let mut left = MAX_TEXTS;
    let mut fit = |values: &BTreeMap<String, String>, most: usize, first: &[&str]| {
        // What a row shows has to be among them.
        let head = first.iter().filter_map(|name| values.get_key_value(*name));
        let tail = values.iter().filter(|(name, _)| !first.contains(&name.as_str()));
        let fitted: BTreeMap<String, String> = head
            .chain(tail)
            .take(most)
            .map(|(name, value)| {
                let value = truncate(value, left.max(STUB));
                left = left.saturating_sub(name.len() + value.len());
                (name.clone(), value)
            })
            .collect();
        fitted
    };
    let labels = fit(&row.labels, MAX_LABELS, &["alertname", "severity", "job", "instance"]);
    let annotations = fit(&row.annotations, MAX_ANNOTATIONS, &["summary", "description"]);
    let beyond = |length: usize| length.saturating_sub(MAX_LISTED);
    let left_out = row.labels.len() + row.annotations.len() - labels.len() - annotations.len()
        + beyond(row.receivers.len())
        + beyond(row.silenced_by.len())
        + beyond(row.inhibited_by.len())
        + beyond(row.muted_receivers.len());
    AlertRow {
        fingerprint: row.fingerprint.clone(),
        name: row.name.clone(),
        severity: row.severity,
        state: row.state,
        tenant: row.tenant.clone(),
        vip: row.vip,
        labels,
        annotations,
        left_out: u32::try_from(left_out).unwrap_or(u32::MAX),
        since: row.since,
        fires_at: row.fires_at,
        value: row.value,
        value_text: row.value_text.clone(),
        receivers: row.receivers.iter().take(MAX_LISTED).cloned().collect(),
        silenced_by: row.silenced_by.iter().take(MAX_LISTED).cloned().collect(),
        inhibited_by: row.inhibited_by.iter().take(MAX_LISTED).cloned().collect(),
        muted_receivers: row.muted_receivers.iter().take(MAX_LISTED).cloned().collect(),
        links: row.links.clone(),
        delivered: row.delivered,
        members: row.members,
        members_of: row.members_of,
        escalates_at: row.escalates_at,
        ack: row.ack.clone(),
        escalated: row.escalated.clone(),
    }
}

/// Where one can go from an alert: its source, runbook and dashboard, other links of its annotations, and
/// Alertmanager's page for silencing it.
pub fn links(
    generator: &str,
    labels: &BTreeMap<String, String>,
    annotations: &BTreeMap<String, String>,
    alertmanager: Option<&str>,
) -> Vec<AlertLink> {
    let mut links = Vec::new();
    let mut add = |kind: &str, url: Option<String>| {
        if let Some(url) = url
            && links.len() < MAX_LINKS
            && !links.iter().any(|link: &AlertLink| link.url == url)
        {
            links.push(AlertLink { kind: kind.to_owned(), url });
        }
    };
    add("source", safe_url(generator));
    for (name, value) in annotations {
        add(kind_of(name), safe_url(value));
    }
    add("alertmanager", alertmanager.and_then(|base| silencing_page(base, labels)));
    links
}

fn kind_of(annotation: &str) -> &str {
    match annotation {
        "runbook" | "runbook_url" | "runbookUrl" | "runbook_link" => "runbook",
        "dashboard" | "dashboard_url" | "dashboardUrl" | "dashboard_link" | "grafana_url" => "dashboard",
        other => other,
    }
}

/// Alertmanager's form for a new silence, filled with the alert's labels.
fn silencing_page(base: &str, labels: &BTreeMap<String, String>) -> Option<String> {
    let matchers: Vec<String> = labels
        .iter()
        .map(|(name, value)| {
            let matcher = aether_contract::Matcher {
                name: name.clone(),
                value: value.clone(),
                is_regex: false,
                is_equal: true,
            };
            matcher::text(&matcher)
        })
        .collect();
    let filter: String =
        url::form_urlencoded::byte_serialize(format!("{{{}}}", matchers.join(",")).as_bytes()).collect();
    // Alertmanager's page reads the fragment with decodeURIComponent, which leaves a plus sign alone.
    let filter = filter.replace('+', "%20");
    safe_url(&format!("{}/#/silences/new?filter={filter}", base.trim_end_matches('/')))
}

#[cfg(test)]
mod tests {
    use aether_foundation::text::MAX_VALUE;

    use super::*;

    #[test]
    fn a_value_is_cut_at_a_character_boundary() {
        let cut = truncate(&"ä".repeat(4096), 4095);
        assert!(cut.ends_with('…'));
        assert!(cut.len() <= 4095 + '…'.len_utf8());
        assert_eq!(truncate("short", 4096), "short");
    }

    #[test]
    fn an_alert_of_ten_thousand_labels_is_small_on_a_screen_and_says_what_is_left_out() {
        let mut row = aether_foundation::testing::row(&[("alertname", "A"), ("severity", "critical")]);
        for i in 0..10_000 {
            row.labels.insert(format!("a{i:05}"), "x".repeat(MAX_VALUE));
        }
        row.annotations = (0..100).map(|i| (format!("n{i:03}"), "y".repeat(MAX_VALUE))).collect();
        row.annotations.insert("summary".into(), "what happened".into());
        let shown = for_screen(&row);
        assert_eq!((shown.labels.len(), shown.annotations.len(), shown.left_out), (200, 50, 9_853));
        assert_eq!(
            (shown.labels["alertname"].as_str(), shown.labels["severity"].as_str()),
            ("A", "critical")
        );
        assert_eq!(shown.annotations["summary"], "what happened");
        let texts: usize =
            shown.labels.iter().chain(&shown.annotations).map(|(n, v)| n.len() + v.len()).sum();
        assert!(texts < 40_000, "{texts}");
        let small = aether_foundation::testing::row(&[("alertname", "A"), ("zone", "b")]);
        assert_eq!(for_screen(&small), small);
    }

    #[test]
    fn annotations_become_links_by_their_meaning() {
        let annotations = BTreeMap::from([
            ("runbook_url".to_owned(), "https://wiki/rb".to_owned()),
            ("dashboard".to_owned(), "javascript:x".to_owned()),
            ("ticket".to_owned(), "https://tickets/1".to_owned()),
            ("summary".to_owned(), "words".to_owned()),
        ]);
        let labels = BTreeMap::from([("alertname".to_owned(), "A \"b\"".to_owned())]);
        let links = links("http://prom/graph", &labels, &annotations, Some("http://am:9093/base/"));
        let kinds: Vec<&str> = links.iter().map(|link| link.kind.as_str()).collect();
        assert_eq!(kinds, ["source", "runbook", "ticket", "alertmanager"]);
        assert!(links[3].url.starts_with("http://am:9093/base/#/silences/new?filter=%7Balertname%3D"));
    }
}
