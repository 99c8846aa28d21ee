//! Text and links of an alert, made safe for display.
//!
//! Labels and annotations come from whoever may write a rule or post an alert. Long values are cut; a link is
//! offered only if it is http or https with a host and without credentials in it (Alertmanager itself once
//! rendered `javascript:` ones, CVE-2023-40577).

use std::collections::BTreeMap;

use aether_contract::AlertLink;
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
