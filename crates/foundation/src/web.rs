//! Addresses that somebody else wrote, made safe to open.

use url::Url;

use crate::text::MAX_VALUE;

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
}
