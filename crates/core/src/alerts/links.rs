//! Text and links of an alert, made safe for display.
//!
//! Labels and annotations come from whoever may write a rule or post an alert. Long values are cut; a link is
//! offered only if it is http or https with a host and without credentials in it (Alertmanager itself once
//! rendered `javascript:` ones, CVE-2023-40577).

use std::collections::BTreeMap;

use aether_contract::{AlertLink, AlertRow};
use url::Url;

/// Longest label or annotation value that goes to a screen, in bytes.
pub const MAX_VALUE: usize = 4096;

/// Most links an alert may have.
const MAX_LINKS: usize = 16;

/// Cuts to at most `max` bytes at a character boundary; a cut text ends in "…".
pub(crate) fn cut_to(text: &str, max: usize) -> String {
    if text.len() <= max {
        return text.to_owned();
    }
    let mut end = max;
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    let mut cut = text.get(..end).unwrap_or_default().to_owned();
    cut.push('…');
    cut
}

/// All values of a label or annotation set, cut.
pub fn cut_all(values: &BTreeMap<String, String>) -> BTreeMap<String, String> {
    values.iter().map(|(name, value)| (cut_to(name, 256), cut_to(value, MAX_VALUE))).collect()
}

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
                let value = cut_to(value, left.max(STUB));
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
        + beyond(row.inhibited_by.len());
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
        links: row.links.clone(),
        delivered: row.delivered,
        members: row.members,
        members_of: row.members_of,
        escalates_at: row.escalates_at,
        ack: row.ack.clone(),
    }
}

/// The address if it may be opened, in its normal form.
pub fn safe_url(text: &str) -> Option<String> {
    if text.len() > MAX_VALUE {
        return None;
    }
    let url = Url::parse(text.trim()).ok()?;
    let web = matches!(url.scheme(), "http" | "https");
    let plain = url.username().is_empty() && url.password().is_none();
    (web && plain && url.host_str().is_some_and(|host| !host.is_empty())).then(|| url.to_string())
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
            super::matcher::text(&matcher)
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
    use super::*;

    #[test]
    fn only_plain_web_addresses_are_links() {
        let table = [
            ("https://wiki.example/run?a=1", true),
            ("  http://10.0.0.1:9090/graph ", true),
            ("javascript:alert(1)", false),
            ("JaVaScRiPt:alert(1)", false),
            ("data:text/html,x", false),
            ("file:///etc/passwd", false),
            ("https://good.example@evil.example/", false),
            ("//evil.example", false),
            ("https://", false),
            ("see the wiki", false),
        ];
        for (text, expected) in table {
            assert_eq!(safe_url(text).is_some(), expected, "{text}");
        }
    }

    #[test]
    fn a_value_is_cut_at_a_character_boundary() {
        let cut = cut_to(&"ä".repeat(4096), 4095);
        assert!(cut.ends_with('…'));
        assert!(cut.len() <= 4095 + '…'.len_utf8());
        assert_eq!(cut_to("short", 4096), "short");
    }

    #[test]
    fn an_alert_of_ten_thousand_labels_is_small_on_a_screen_and_says_what_is_left_out() {
        let mut row = crate::alerts::tests::row(&[("alertname", "A"), ("severity", "critical")]);
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
        let small = crate::alerts::tests::row(&[("alertname", "A"), ("zone", "b")]);
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
