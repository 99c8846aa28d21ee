//! What single values of a profile must look like. Pure; each check answers with what is expected.

use aether_clients::sensitive::is_sensitive_header;
use url::Url;

/// Headers that the HTTP client sets.
const CLIENT_HEADERS: [&str; 5] = ["content-length", "transfer-encoding", "connection", "upgrade", "te"];
const DOCKER_SCHEMES: [&str; 5] = ["unix", "npipe", "tcp", "http", "https"];
/// Longest query, in bytes; Prometheus itself takes more, URLs of proxies often do not.
const MAX_QUERY: usize = 10_000;

/// Names of stacks and ids of gauges: 1 to 64 characters of `a-z`, `0-9`, `-`, `_`.
pub fn is_name(text: &str) -> bool {
    (1..=64).contains(&text.len())
        && text.bytes().all(|b| matches!(b, b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_'))
}

/// What [`is_name`] wants, in words.
pub(super) const NAME_RULE: &str = "expected 1 to 64 characters of a-z, 0-9, - and _";

pub(super) fn http_url(text: &str) -> Result<(), String> {
    let url = Url::parse(text)
        .map_err(|error| format!("expected an address such as http://localhost:9090 ({error})"))?;
    if !matches!(url.scheme(), "http" | "https") {
        return Err("expected an address that starts with http:// or https://".to_owned());
    }
    if url.host_str().is_none_or(str::is_empty) {
        return Err("expected a host in the address".to_owned());
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(
            "expected an address without user and password; set the user in `auth` and store the password \
                with `aetherctl secret set`"
                .to_owned(),
        );
    }
    if url.query().is_some() || url.fragment().is_some() {
        return Err("expected an address without ? and # parts".to_owned());
    }
    Ok(())
}

/// A place for copies of backups.
pub(super) fn elsewhere(text: &str) -> Result<(), String> {
    let expected = "expected s3://bucket/prefix, gs://bucket/prefix, az://container/prefix or file:///folder, \
        without ? and #";
    let url = Url::parse(text).map_err(|error| format!("{expected} ({error})"))?;
    let host = url.host_str().is_some_and(|host| !host.is_empty());
    let right = match url.scheme() {
        "s3" | "gs" | "az" => host,
        "file" => !host && url.path().len() > 1,
        _ => false,
    };
    if !url.username().is_empty() || url.password().is_some() {
        return Err("expected no key in the address; store it with `aetherctl secret set`".to_owned());
    }
    let bare = url.query().is_none() && url.fragment().is_none() && url.port().is_none() && printable(text);
    if right && bare { Ok(()) } else { Err(expected.to_owned()) }
}

pub(super) fn docker_host(text: &str) -> Result<(), String> {
    let expected = "expected \"auto\", or an address such as unix:///var/run/docker.sock or tcp://host:2376";
    if text == "auto" {
        return Ok(());
    }
    match text.split_once("://") {
        Some((scheme, rest)) if DOCKER_SCHEMES.contains(&scheme) && !rest.is_empty() && printable(text) => {
            Ok(())
        }
        _ => Err(expected.to_owned()),
    }
}

/// A label name as every Prometheus version takes it.
pub(super) fn label_name(text: &str) -> Result<(), String> {
    let mut bytes = text.bytes();
    let valid = bytes.next().is_some_and(|b| b.is_ascii_alphabetic() || b == b'_')
        && bytes.all(|b| b.is_ascii_alphanumeric() || b == b'_');
    if valid && !text.starts_with("__") && text.len() <= 128 {
        Ok(())
    } else {
        Err("expected a label name: letters, digits and _, not starting with a digit or __".to_owned())
    }
}

/// Text for people or a name of something: not empty, on one line, at most `max` characters.
pub(super) fn text(text: &str, max: usize) -> Result<(), String> {
    if text.trim().is_empty() {
        Err("expected some text".to_owned())
    } else if !printable(text) {
        Err("expected text without line breaks and control characters".to_owned())
    } else if text.chars().count() > max {
        Err(format!("expected at most {max} characters"))
    } else {
        Ok(())
    }
}

pub(super) fn user_name(name: &str) -> Result<(), String> {
    text(name, 256)?;
    if name.contains(':') {
        return Err("expected a user name without a colon".to_owned());
    }
    Ok(())
}

pub(super) fn header(name: &str, value: &str) -> Result<(), String> {
    let token = |b: u8| b.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&b);
    let lower = name.to_ascii_lowercase();
    if name.is_empty() || name.len() > 128 || !name.bytes().all(token) {
        Err("expected a header name such as X-Scope-OrgID".to_owned())
    } else if is_sensitive_header(name) || is_credential(value) {
        // The value is not repeated: it may be the credential.
        Err(format!(
            "{name} looks like a credential, which a profile must not contain; set auth = \"bearer\" (or \
                \"basic\") and store the credential with `aetherctl secret set`"
        ))
    } else if CLIENT_HEADERS.contains(&lower.as_str()) {
        Err("this header is set by the panel itself".to_owned())
    } else if value.len() > 4096 || !value.bytes().all(|b| (0x20..0x7f).contains(&b)) {
        Err("expected a value of printable ASCII characters".to_owned())
    } else {
        Ok(())
    }
}

/// Whether a value is that of an `Authorization` header, whatever the header is called.
fn is_credential(value: &str) -> bool {
    let scheme = value.trim_start().split(' ').next().unwrap_or_default();
    value.trim().contains(' ')
        && ["bearer", "basic", "digest"].iter().any(|one| scheme.eq_ignore_ascii_case(one))
}

/// A query whose placeholder has been replaced.
pub(super) fn query(query: &str) -> Result<(), String> {
    if query.trim().is_empty() {
        return Err("expected a PromQL expression".to_owned());
    }
    if query.len() > MAX_QUERY {
        return Err(format!("expected at most {MAX_QUERY} bytes"));
    }
    match placeholder(query) {
        Some(name) => Err(format!("unknown placeholder `${name}`; only `$tenant_label` is supported")),
        None => Ok(()),
    }
}

/// The first `$name` outside quotes: valid PromQL has none, queries copied from a dashboard do.
fn placeholder(query: &str) -> Option<String> {
    let mut quote = None;
    let mut chars = query.chars().peekable();
    while let Some(c) = chars.next() {
        match (quote, c) {
            (Some('"' | '\''), '\\') => {
                chars.next();
            }
            (Some(open), c) if open == c => quote = None,
            (None, '"' | '\'' | '`') => quote = Some(c),
            (None, '$') => {
                let mut name = String::new();
                while let Some(c) =
                    chars.next_if(|c| c.is_alphanumeric() || matches!(c, '_' | '{' | '}' | ':'))
                {
                    name.push(c);
                }
                return Some(name);
            }
            _ => {}
        }
    }
    None
}

fn printable(text: &str) -> bool {
    !text.chars().any(char::is_control)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_plain_http_addresses_pass() {
        for good in
            ["http://localhost:9090", "https://host/alertmanager/", "http://[::1]:9090", "http://10.0.0.1"]
        {
            assert_eq!(http_url(good), Ok(()), "{good}");
        }
        for bad in [
            "",
            "localhost:9090",
            "ftp://host",
            "http://",
            "http://user@host",
            "http://user:pw@host",
            "http://host/#x",
            "http://host/?a=1",
            "file:///etc/passwd",
            "javascript:alert(1)",
        ] {
            assert!(http_url(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn headers_with_credentials_are_refused() {
        assert_eq!(header("X-Scope-OrgID", "team-a|team-b"), Ok(()));
        for (name, value) in
            [("Authorization", "Bearer x"), ("cookie", "a=b"), ("X Y", "1"), ("", "1"), ("X-A", "a\r\nB: c")]
        {
            assert!(header(name, value).is_err(), "{name}");
        }
        for name in
            ["X-Api-Token", "Ocp-Apim-Subscription-Key", "DD-API-KEY", "Private-Token", "X-Auth-Email"]
        {
            let refusal = header(name, "s3cret").unwrap_err();
            assert!(refusal.contains("aetherctl secret set") && !refusal.contains("s3cret"), "{refusal}");
        }
        assert!(header("X-Forward", "Bearer s3cret").unwrap_err().contains("auth = \"bearer\""));
        for name in ["THANOS-TENANT", "X-Grafana-Org-Id", "X-Prometheus-Scrape-Timeout-Seconds"] {
            assert_eq!(header(name, "1"), Ok(()), "{name}");
        }
    }

    #[test]
    fn a_dashboard_variable_is_told_from_a_dollar_in_a_string() {
        assert_eq!(query(r#"up{job=~"a$|b$"} > 0"#), Ok(()));
        assert_eq!(query(r#"up{job=~"a\"$x"}"#), Ok(()));
        assert_eq!(query("up{job=~`a\\`}"), Ok(()));
        assert!(query("rate(x[$__rate_interval])").unwrap_err().contains("$__rate_interval"));
        assert!(query("  \n ").is_err());
    }

    #[test]
    fn label_names_are_those_of_prometheus() {
        for good in ["tenant_id", "Tenant", "_t"] {
            assert_eq!(label_name(good), Ok(()), "{good}");
        }
        for bad in ["", "1a", "tenant-id", "__name__", "a b", "mandañt"] {
            assert!(label_name(bad).is_err(), "{bad}");
        }
    }
}
