//! Label matchers as Alertmanager applies them, and the filter language of alert lists. Pure.

mod escape;
pub mod filter;
pub mod fingerprint;
pub mod matcher;
pub mod re2;

use std::collections::BTreeMap;

use aether_contract::{Matcher, Severity};

use crate::text::truncate;

/// What an alert is called: its name, or its labels when it has none.
pub fn title(name: &str, labels: &BTreeMap<String, String>) -> String {
    if !name.is_empty() {
        return name.to_owned();
    }
    let pairs: Vec<String> = labels
        .iter()
        .filter(|(name, _)| *name != "alertname")
        .map(|(name, value)| {
            let matcher =
                Matcher { name: name.clone(), value: truncate(value, 60), is_regex: false, is_equal: true };
            matcher::text(&matcher)
        })
        .collect();
    if pairs.is_empty() {
        "(no labels)".to_owned()
    } else {
        truncate(&format!("{{{}}}", pairs.join(", ")), 120)
    }
}

/// Severity by the words in use; `general` is the pack's word for what does not page.
pub fn severity(word: &str) -> Severity {
    match word.trim().to_ascii_lowercase().as_str() {
        "critical" | "page" | "error" => Severity::Critical,
        "warning" | "warn" | "general" => Severity::Warning,
        "info" | "notice" | "none" => Severity::Info,
        _ => Severity::Other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn alert_without_a_name_is_called_by_its_labels() {
        let labels = |pairs: &[(&str, &str)]| {
            pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
        };
        assert_eq!(title("DiskFull", &labels(&[("alertname", "DiskFull"), ("job", "x")])), "DiskFull");
        assert_eq!(title("", &labels(&[("job", "x"), ("größe.cm", "9")])), "{\"größe.cm\"=\"9\", job=\"x\"}");
        assert_eq!(title("", &labels(&[("alertname", "")])), "(no labels)");
        let long = title("", &labels(&[("a", &"x".repeat(500)), ("b", "y"), ("c", &"z".repeat(500))]));
        assert!(long.chars().count() <= 121, "{long}");
    }
}
