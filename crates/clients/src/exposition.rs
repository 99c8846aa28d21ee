//! Reads single samples out of the text format that servers expose at `/metrics` (Prometheus and OpenMetrics). Pure.
//!
//! Only the first sample of a named metric matters here, so this is a scanner and not a parser of whole documents.

/// Longest label value that is returned, in characters. Versions are shorter.
const MAX_VALUE: usize = 200;

/// The value of a label on the first sample of `metric`. A label value is unescaped, and cut to 200 characters.
pub(crate) fn label(body: &[u8], metric: &str, label: &str) -> Option<String> {
    let text = String::from_utf8_lossy(body);
    let labels = text.lines().find_map(|line| {
        let rest = line.trim_start_matches([' ', '\t']).strip_prefix(metric)?;
        rest.trim_start_matches([' ', '\t']).strip_prefix('{')
    })?;
    let separators = [' ', '\t', ','];
    let mut rest = labels.trim_start_matches(separators);
    loop {
        let (name, after) = rest.split_once('=')?;
        let (value, after) = quoted(after.trim_start_matches([' ', '\t']))?;
        if name.trim_end_matches([' ', '\t']) == label {
            return Some(value.chars().take(MAX_VALUE).collect());
        }
        rest = after.trim_start_matches(separators);
    }
}

/// The value of the first sample of a metric without labels.
pub(crate) fn value(body: &[u8], metric: &str) -> Option<f64> {
    let text = String::from_utf8_lossy(body);
    let sample =
        text.lines().find_map(|line| line.strip_prefix(metric)?.strip_prefix(|c| c == ' ' || c == '\t'))?;
    sample.split_whitespace().next()?.parse().ok()
}

/// A label value in double quotes at the start of `text`, unescaped, and what follows it.
fn quoted(text: &str) -> Option<(String, &str)> {
    let text = text.strip_prefix('"')?;
    let mut value = String::new();
    let mut chars = text.char_indices();
    while let Some((at, c)) = chars.next() {
        match c {
            '"' => return Some((value, text.get(at + 1..).unwrap_or_default())),
            '\\' => match chars.next()?.1 {
                'n' => value.push('\n'),
                escaped @ ('"' | '\\') => value.push(escaped),
                // Not an escape of the format: both characters are part of the value.
                other => value.extend(['\\', other]),
            },
            c => value.push(c),
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn label_is_read_from_the_first_sample_of_its_metric() {
        let body = b"# HELP x\nvm_app_version{version=\"victoria-metrics-1\", short_version=\"v1.79.5\"} 1\n";
        assert_eq!(label(body, "vm_app_version", "short_version").as_deref(), Some("v1.79.5"));
        assert_eq!(label(body, "vm_app", "version"), None);
        let body = b"grafana_build_info{branch=\"x\",goversion=\"go1.22\",version=\"11.2.0\"} 1\n";
        assert_eq!(label(body, "grafana_build_info", "version").as_deref(), Some("11.2.0"));
        assert_eq!(label(body, "grafana_build_info", "revision"), None);
    }

    #[test]
    fn label_inside_the_value_of_another_label_is_not_mistaken_for_it() {
        let body = br#"m_build_info{branch="a,version=\"9.9.9\"",note=" version=",version="1.0"} 1"#;
        assert_eq!(label(body, "m_build_info", "version").as_deref(), Some("1.0"));
        let body = br#"m_build_info{branch="{version="} 1"#;
        assert_eq!(label(body, "m_build_info", "version"), None);
    }

    #[test]
    fn label_value_is_unescaped_and_cut() {
        let body = br#"m {version = "a\\b\"c\nd\x"} 1"#;
        assert_eq!(label(body, "m", "version").as_deref(), Some("a\\b\"c\nd\\x"));
        let long = format!("m{{version=\"{}\"}} 1", "ü".repeat(300));
        assert_eq!(label(long.as_bytes(), "m", "version"), Some("ü".repeat(200)));
        for cut in ["m{", "m{version", "m{version=", "m{version=\"", "m{version=\"1.0", "m{version=\"\\"] {
            assert_eq!(label(cut.as_bytes(), "m", "version"), None, "{cut}");
        }
    }

    #[test]
    fn value_is_read_from_a_sample_without_labels() {
        let body = b"# TYPE a gauge\na_b 1\na 2.5e+03 1700000000\na 7\n";
        assert_eq!(value(body, "a"), Some(2500.0));
        assert_eq!(value(body, "b"), None);
        assert_eq!(value(b"a x\n", "a"), None);
    }
}
