//! Replaces credentials in documents and texts by a marker.

use serde_json::Value;

use super::{is_sensitive_field, is_sensitive_parameter};

/// What replaces a credential. A person who restores the document enters the credential in its place.
pub const MASK: &str = "[masked]";

/// Deepest nesting that is walked; what lies deeper is masked as one.
const DEPTH: usize = 64;
/// Beginnings of tokens that are recognised without a name.
const TOKENS: &[&str] =
    &["glsa_", "glc_", "ghp_", "gho_", "github_pat_", "glpat-", "xoxb-", "xoxp-", "sk_live_"];

/// Masks credentials in a document: values of sensitive fields, and credentials within other texts. Returns the
/// paths of the fields that were masked, such as `jsonData.token`.
pub fn mask_json(value: &mut Value) -> Vec<String> {
    let mut masked = Vec::new();
    walk(value, "", false, 0, &mut masked);
    masked
}

fn walk(value: &mut Value, path: &str, sensitive: bool, depth: usize, masked: &mut Vec<String>) {
    if depth > DEPTH {
        *value = Value::String(MASK.to_owned());
        masked.push(path.to_owned());
        return;
    }
    match value {
        Value::Object(fields) => {
            for (key, inner) in fields.iter_mut() {
                let at = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
                // A query without its address, as Prometheus data sources have it.
                if let Value::String(text) = inner
                    && key.to_ascii_lowercase().ends_with("queryparameters")
                {
                    let clean = mask_text(&format!("?{text}"));
                    let clean = clean.strip_prefix('?').unwrap_or(&clean).to_owned();
                    if clean != *text {
                        *text = clean;
                        masked.push(at);
                    }
                    continue;
                }
                walk(inner, &at, sensitive || is_sensitive_field(key), depth + 1, masked);
            }
        }
        Value::Array(items) => {
            for (index, inner) in items.iter_mut().enumerate() {
                walk(inner, &format!("{path}[{index}]"), sensitive, depth + 1, masked);
            }
        }
        Value::String(text) => {
            let clean = match sensitive {
                true if text.is_empty() => return,
                true => MASK.to_owned(),
                false => mask_text(text),
            };
            if clean != *text {
                *text = clean;
                masked.push(path.to_owned());
            }
        }
        // A PIN may be a number; switches say only how to sign in.
        Value::Number(_) if sensitive => {
            *value = Value::String(MASK.to_owned());
            masked.push(path.to_owned());
        }
        Value::Number(_) | Value::Bool(_) | Value::Null => {}
    }
}

/// Masks credentials in a text: the user part of addresses, sensitive parameters of queries and connection strings,
/// values of `Authorization` headers, private keys and well-known tokens.
pub fn mask_text(text: &str) -> String {
    let trimmed = text.trim();
    let scheme = trimmed.split_once(' ').filter(|(scheme, rest)| {
        ["bearer", "basic", "token"].iter().any(|known| scheme.eq_ignore_ascii_case(known))
            && rest.trim().len() > 3
            && !rest.trim().contains(' ')
    });
    if let Some((scheme, _)) = scheme {
        return format!("{scheme} {MASK}");
    }
    if text.contains("PRIVATE KEY-----") {
        return MASK.to_owned();
    }
    mask_tokens(&mask_pairs(&mask_user(text)))
}

/// `https://user:password@host` becomes `https://[masked]@host`, and `user:password@tcp(host)` likewise.
fn mask_user(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("://") {
        out.push_str(before);
        out.push_str("://");
        let end = after
            .find(|c: char| c.is_whitespace() || matches!(c, '/' | '?' | '#' | '"' | '\'' | '<' | '>'))
            .unwrap_or(after.len());
        // A password that was not percent-encoded may hold a slash; then the last @ before a blank ends it.
        let authority = after.get(..end).unwrap_or_default();
        let blank = after.find(|c: char| c.is_whitespace() || matches!(c, '?' | '#')).unwrap_or(after.len());
        let wide = after.get(..blank).unwrap_or_default();
        let split = authority.rfind('@').or_else(|| {
            let at = wide.rfind('@')?;
            // `host:8080/path@x` has a port before the slash, `user:pa/ss@host` has none.
            let port = authority.rsplit_once(':').map(|(_, port)| port)?;
            (!port.is_empty() && !port.bytes().all(|byte| byte.is_ascii_digit())).then_some(at)
        });
        match split {
            Some(at) => {
                out.push_str(MASK);
                rest = after.get(at..).unwrap_or_default();
            }
            None => rest = after,
        }
    }
    // Connection strings of databases without a scheme.
    if out.is_empty()
        && let Some((user, host)) = rest.rsplit_once('@')
        && user.contains(':')
        && !user.contains(char::is_whitespace)
        && !user.starts_with("mailto:")
    {
        return format!("{MASK}@{host}");
    }
    out.push_str(rest);
    out
}

/// Masks values of `name=value` where the name is sensitive.
fn mask_pairs(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('=') {
        let (head, tail) = rest.split_at(at);
        let value = tail.get(1..).unwrap_or_default();
        let bare = head.trim_end();
        let begin = bare
            .char_indices()
            .rev()
            .take_while(|(_, c)| c.is_alphanumeric() || "_-.%[]".contains(*c))
            .last()
            .map_or(bare.len(), |(place, _)| place);
        let name = decoded(bare.get(begin..).unwrap_or_default());
        // At the beginning of a rest, what came before is the end of the output.
        let before = bare.get(..begin).and_then(|text| text.chars().last()).or_else(|| out.chars().last());
        let in_query = matches!(before, Some('?' | '&'));
        let alone = before.is_none() && text.contains('&');
        let sensitive =
            if in_query || alone { is_sensitive_parameter(&name) } else { is_sensitive_field(&name) };
        out.push_str(head);
        out.push('=');
        if !sensitive || value.starts_with(['=', '~']) {
            rest = value;
            continue;
        }
        let lead = value.len() - value.trim_start_matches([' ', '"', '\'', '~']).len();
        let quote = value.get(..lead).and_then(|lead| lead.chars().find(|c| matches!(c, '"' | '\'')));
        let inner = value.get(lead..).unwrap_or_default();
        let end = match quote {
            Some(quote) => inner.find(quote),
            None if in_query || alone => {
                inner.find(|c: char| c == '&' || c == '#' || c.is_whitespace() || c == '"')
            }
            None => inner.find([';', '&', '\n']),
        };
        let (secret, after) = inner.split_at(end.unwrap_or(inner.len()));
        out.push_str(value.get(..lead).unwrap_or_default());
        if !secret.is_empty() {
            out.push_str(MASK);
        }
        rest = after;
    }
    out.push_str(rest);
    out
}

fn mask_tokens(text: &str) -> String {
    let is_part = |c: char| c.is_ascii_alphanumeric() || "_-.".contains(c);
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while !rest.is_empty() {
        let end = rest.find(|c: char| !is_part(c)).unwrap_or(rest.len());
        let (word, after) = rest.split_at(end);
        let token = word.len() >= 16 && TOKENS.iter().any(|start| word.starts_with(start));
        let jwt = word.len() >= 32 && word.starts_with("eyJ") && word.matches('.').count() == 2;
        out.push_str(if token || jwt { MASK } else { word });
        let next = after.find(is_part).unwrap_or(after.len());
        let (between, tail) = after.split_at(next);
        out.push_str(between);
        rest = tail;
    }
    out
}

/// A percent-encoded name as the server reads it.
fn decoded(name: &str) -> String {
    url::form_urlencoded::parse(format!("{name}=").as_bytes())
        .next()
        .map_or_else(|| name.to_owned(), |(name, _)| name.into_owned())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    #[test]
    fn credentials_within_texts_are_masked() {
        for (text, expected) in [
            ("https://t0k3n@host/a", "https://[masked]@host/a"),
            ("https://u:p@host:9090/?x=1", "https://[masked]@host:9090/?x=1"),
            ("https://u:pa/ss@host/a", "https://[masked]@host/a"),
            ("https://host:9090/a@b", "https://host:9090/a@b"),
            ("https://host/?api_key=s3cret&x=1", "https://host/?api_key=[masked]&x=1"),
            ("https://host/?x=1&%61pi_key=s3cret#f", "https://host/?x=1&%61pi_key=[masked]#f"),
            ("https://host/?key=s3cret", "https://host/?key=[masked]"),
            ("api_key=s3cret&max=5m", "api_key=[masked]&max=5m"),
            ("Server=db;Password=s3 cret;Database=x", "Server=db;Password=[masked];Database=x"),
            ("host=db password='s3 cret' port=5", "host=db password='[masked]' port=5"),
            ("user:s3cret@tcp(db:3306)/x", "[masked]@tcp(db:3306)/x"),
            ("Bearer s3cret", "Bearer [masked]"),
            ("glsa_0123456789abcdef_x in a text", "[masked] in a text"),
            ("rate(http_requests_total{job=\"a\"}[5m])", "rate(http_requests_total{job=\"a\"}[5m])"),
            ("mailto:a@b", "mailto:a@b"),
            ("a plain title", "a plain title"),
        ] {
            assert_eq!(mask_text(text), expected);
        }
    }

    #[test]
    fn masked_fields_are_reported_by_path() {
        let mut value = json!({"jsonData": {"token": "s", "tlsAuth": true, "list": [{"apiKey": "k"}], "pin": 4},
            "url": "https://s@host", "password": "", "secretNumber": 7});
        let mut masked = mask_json(&mut value);
        masked.sort();
        assert_eq!(masked, ["jsonData.list[0].apiKey", "jsonData.token", "secretNumber", "url"]);
        assert_eq!(value["jsonData"]["tlsAuth"], json!(true));
        assert_eq!(value["url"], json!("https://[masked]@host"));
    }

    proptest! {
        #[test]
        fn secret_in_any_known_place_is_masked(secret in "zz[a-zA-Z0-9!$*+,:;=@~-]{6,30}zz", around in "[a-z ]{0,9}") {
            // A & or a # would end the value of a parameter: written in one, they are encoded.
            let mut document = json!({
                "url": format!("https://{secret}@host/?{around}"),
                "jsonData": {"apiToken": secret, "deep": [{"httpHeaderValue1": secret}],
                    "customQueryParameters": format!("key={secret}")},
                "password": format!("{around}{secret}"),
            });
            mask_json(&mut document);
            prop_assert!(!document.to_string().contains(&secret), "{document}");
        }

        #[test]
        fn masking_never_fails_and_is_stable(text in ".{0,80}") {
            let once = mask_text(&text);
            prop_assert_eq!(mask_text(&once), once);
        }
    }
}
