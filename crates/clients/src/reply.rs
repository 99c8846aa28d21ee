//! Judges an answer: is it JSON, is it the expected server's, where does a redirect lead, what are its words. Pure; no
//! body can make it panic.

use reqwest::{Method, header};
use serde::de::DeserializeOwned;
use serde_json::Value;
use url::Url;

use crate::{error::Failure, sensitive::without_secrets};

/// What the outermost JSON of the expected server looks like. It tells another server's answer from one of the right
/// server that this version can't read.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Expected {
    /// Prometheus' `{"status":…}`.
    Envelope,
    /// An object with this field.
    Object(&'static str),
    /// An array.
    List,
}

impl Expected {
    fn fits(self, value: &Value) -> bool {
        match self {
            Self::Envelope => {
                matches!(value.get("status").and_then(Value::as_str), Some("success" | "error"))
            }
            Self::Object(field) => value.get(field).is_some(),
            Self::List => value.is_array(),
        }
    }
}

/// Reads a body. Invalid UTF-8 inside texts is replaced, not refused: labels are written by many hands.
pub(crate) fn read<T: DeserializeOwned>(body: &[u8], expected: Expected) -> Result<T, (Failure, String)> {
    let text = String::from_utf8_lossy(body);
    let text = text.trim_start_matches('\u{feff}').trim();
    let error = match serde_json::from_str(text) {
        Ok(value) => return Ok(value),
        Err(error) => error,
    };
    let failure = if text.is_empty() {
        Failure::WrongServer("empty response".into())
    } else if text.starts_with('<') {
        Failure::WrongServer(format!("it returned {}", page(text)))
    } else if error.is_eof() {
        Failure::CutOff
    } else {
        match serde_json::from_str::<Value>(text) {
            Ok(value) if expected.fits(&value) => Failure::Broken,
            Ok(_) => Failure::WrongServer("unexpected JSON format".into()),
            // A reply that was cut before its own field could be missed, or one with an error in it.
            Err(other) if other.is_eof() => Failure::CutOff,
            Err(_) if text.starts_with(['{', '[']) => Failure::Broken,
            Err(_) => Failure::WrongServer("it returned text that is not JSON".into()),
        }
    };
    Err((failure, error.to_string()))
}

/// Where a redirect may be followed to; else what it is, as a clause about the server. Following it to another origin
/// would hand the credentials to somebody else; following a POST would send it twice or turn it into a GET.
pub(crate) fn redirect(method: &Method, from: &Url, headers: &header::HeaderMap) -> Result<Url, String> {
    let location =
        headers.get(header::LOCATION).map(|to| String::from_utf8_lossy(to.as_bytes()).into_owned());
    let Some(to) = location.and_then(|to| from.join(&to).ok()) else {
        return Err("it redirects without a target".into());
    };
    let shown = without_secrets(&to);
    if is_login(&to) && !is_login(from) {
        return Err(format!("it redirects to a login page, {shown}"));
    }
    if to.origin() != from.origin() {
        let upgrade = from.scheme() == "http" && to.scheme() == "https" && to.host() == from.host();
        let advice = if upgrade { "; use https:// in the address" } else { "" };
        return Err(format!("it redirects to {shown}{advice}"));
    }
    if method != Method::GET {
        return Err(format!("it redirects to {shown}"));
    }
    if !to.username().is_empty() || to.password().is_some() {
        return Err("it redirects to an address with other credentials".into());
    }
    Ok(to)
}

/// Whether an address looks like that of a login page.
fn is_login(url: &Url) -> bool {
    const WORDS: &[&str] = &[
        "login",
        "signin",
        "sign_in",
        "sign-in",
        "sso",
        "saml",
        "saml2",
        "oauth",
        "oauth2",
        "openid-connect",
        "authorize",
        "auth",
        "authenticate",
        "logon",
    ];
    url.path_segments().is_some_and(|mut segments| {
        segments.any(|segment| {
            let segment = segment.to_ascii_lowercase();
            WORDS.contains(&segment.split('.').next().unwrap_or_default())
        })
    })
}

/// A server's words in a JSON answer or a web page; none for another text, which is its own words.
pub(crate) fn words(body: &[u8]) -> Option<String> {
    let text = String::from_utf8_lossy(body);
    let text = text.trim();
    if text.starts_with('<') {
        return Some(page(text));
    }
    match serde_json::from_str::<Value>(text).ok()? {
        Value::String(words) => Some(words),
        Value::Object(fields) => ["error", "message", "msg", "error_description"]
            .iter()
            .find_map(|name| fields.get(*name)?.as_str().map(str::to_owned))
            .filter(|words| !words.is_empty()),
        _ => None,
    }
}

/// A web page, by its title.
fn page(text: &str) -> String {
    // The case is folded in ASCII only, so that positions stay those of the text.
    let folded = text.to_ascii_lowercase();
    let title = folded
        .find("<title")
        .and_then(|tag| Some(tag + folded.get(tag..)?.find('>')? + 1))
        .and_then(|from| text.get(from..from + folded.get(from..)?.find("</title")?))
        .map(str::trim)
        .filter(|title| !title.is_empty());
    title.map_or_else(|| "a web page".to_owned(), |title| format!("a web page, \"{title}\""))
}

/// nginx answers a missing client certificate with 400 and a page.
pub(crate) fn wants_certificate(words: &str) -> bool {
    words.contains("No required SSL certificate was sent")
}

/// Go, nginx and Apache answer plain HTTP on a TLS port with 400 and words.
pub(crate) fn wants_tls(words: &str) -> bool {
    [
        "HTTP request to an HTTPS server",
        "plain HTTP request was sent to HTTPS port",
        "speaking plain HTTP to an SSL",
    ]
    .iter()
    .any(|sign| words.contains(sign))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn to(from: &str, location: &str, method: &Method) -> Result<String, String> {
        let mut headers = header::HeaderMap::new();
        headers.insert(header::LOCATION, location.parse().unwrap());
        redirect(method, &Url::parse(from).unwrap(), &headers).map(|url| url.to_string())
    }

    #[test]
    fn only_a_get_follows_and_only_within_the_origin() {
        let from = "https://host/prom/api/v1/query?query=up";
        assert_eq!(to(from, "/p/api", &Method::GET).unwrap(), "https://host/p/api");
        assert!(to(from, "/p/api", &Method::POST).is_err());
        assert!(to(from, "https://other/p/api", &Method::GET).unwrap_err().contains("https://other/p/api"));
        assert!(to(from, "https://host:444/p", &Method::GET).is_err());
        assert!(to(from, "http://host/p", &Method::GET).is_err(), "a step down to plain HTTP");
        assert!(to(from, "https://u:p@host/p", &Method::GET).is_err());
    }

    #[test]
    fn a_login_page_and_a_wrong_scheme_are_named() {
        assert!(to("https://host/a", "/login?next=a", &Method::GET).unwrap_err().contains("login page"));
        let sso = to("https://host/a", "https://id.example/oauth2/authorize?state=s3cret", &Method::GET);
        let told = sso.unwrap_err();
        assert!(told.contains("login page") && !told.contains("s3cret"), "{told}");
        assert!(to("http://host/a", "https://host/a", &Method::GET).unwrap_err().contains("use https://"));
        assert!(to("https://host/a", "/authors", &Method::GET).is_ok());
    }

    #[test]
    fn kinds_of_bodies_are_told_apart() {
        let kind = |body: &str, expected| read::<Vec<u32>>(body.as_bytes(), expected).unwrap_err().0;
        assert_eq!(kind("[1, 2", Expected::List), Failure::CutOff);
        assert_eq!(kind("[\"a\"]", Expected::List), Failure::Broken);
        assert_eq!(kind("[1,,]", Expected::List), Failure::Broken);
        assert!(matches!(kind("{\"a\":1}", Expected::List), Failure::WrongServer(_)));
        assert!(matches!(kind("", Expected::List), Failure::WrongServer(_)));
        assert!(matches!(kind("OK", Expected::List), Failure::WrongServer(_)));
        assert_eq!(
            kind("<HTML><Title lang=x> Sign in </title>", Expected::List),
            Failure::WrongServer("it returned a web page, \"Sign in\"".into())
        );
    }

    proptest! {
        #[test]
        fn no_body_makes_a_judgement_panic(body in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = read::<Vec<u32>>(&body, Expected::Envelope);
            let _ = words(&body);
        }

        #[test]
        fn no_page_makes_a_judgement_panic(text in "<(title|TITLE|ü|>|</title|İ|.){0,12}") {
            let _ = words(text.as_bytes());
        }
    }
}
