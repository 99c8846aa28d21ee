//! Addresses that somebody else wrote, made safe to open, and addresses of servers as people type them.

use std::net::Ipv6Addr;

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

/// The address of a server with its scheme: `http://` where none was typed, `https://` for port 443. Text that is no
/// `host`, `host:port` or either with a path is returned as it is. The window's forms do the same
/// (`ui/src/lib/format/address.ts`).
pub fn with_scheme(typed: &str) -> String {
    let typed = typed.trim();
    let (authority, path) = typed.split_at(typed.find(['/', '?', '#']).unwrap_or(typed.len()));
    if authority.parse::<Ipv6Addr>().is_ok() {
        return format!("http://[{authority}]{path}");
    }
    let Some((host, port)) = host_and_port(authority) else { return typed.to_owned() };
    let bracketed = host.strip_prefix('[').and_then(|rest| rest.strip_suffix(']'));
    let named =
        |host: &str| host.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-' | b'_'));
    if bracketed.map_or_else(|| named(host), |address| address.parse::<Ipv6Addr>().is_ok()) {
        let scheme = if port == Some(443) { "https" } else { "http" };
        return format!("{scheme}://{authority}{path}");
    }
    typed.to_owned()
}

/// None for an empty host and for a port that is none, as in `javascript:alert`.
fn host_and_port(authority: &str) -> Option<(&str, Option<u16>)> {
    let end = authority.rfind(']').map_or(0, |at| at + 1);
    let colon = authority.get(end..)?.find(':').map(|at| at + end);
    let (host, port) = match colon {
        None => (authority, None),
        Some(at) => (authority.get(..at)?, Some(authority.get(at + 1..)?.parse().ok()?)),
    };
    (!host.is_empty()).then_some((host, port))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The same table as in `ui/src/lib/format/address.test.ts`.
    #[test]
    fn an_address_typed_without_a_scheme_gets_one() {
        for (typed, address) in [
            ("localhost:9090", "http://localhost:9090"),
            ("prometheus", "http://prometheus"),
            ("  10.0.0.1:9093 ", "http://10.0.0.1:9093"),
            ("grafana.example:443", "https://grafana.example:443"),
            ("grafana.example:443/base", "https://grafana.example:443/base"),
            ("host/prometheus/", "http://host/prometheus/"),
            ("my_host:9090", "http://my_host:9090"),
            ("[::1]:9090", "http://[::1]:9090"),
            ("[::1]:443", "https://[::1]:443"),
            ("::1", "http://[::1]"),
            ("https://host:9090", "https://host:9090"),
            ("ftp://host", "ftp://host"),
            ("javascript:alert(1)", "javascript:alert(1)"),
            ("mailto:a@b", "mailto:a@b"),
            ("user:pw@host:9090", "user:pw@host:9090"),
            ("host:99999", "host:99999"),
            ("host:", "host:"),
            (":9090", ":9090"),
            ("not an address", "not an address"),
            ("//host", "//host"),
            ("", ""),
        ] {
            assert_eq!(with_scheme(typed), address, "{typed}");
        }
    }

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
