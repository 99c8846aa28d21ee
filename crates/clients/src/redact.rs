//! Makes foreign text fit to be shown: credentials cut out, control characters replaced, length bounded.
//!
//! The order matters: a text is cleaned first and cut afterwards, because half a secret is no longer recognised. What
//! cannot be helped is a server that shows only a part of a secret itself.

use base64::{
    Engine as _,
    engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE, URL_SAFE_NO_PAD},
};
use secrecy::{ExposeSecret as _, SecretString};

use crate::{
    endpoint::{Auth, Endpoint},
    sensitive::is_sensitive_header,
};

/// What stands for a secret in a text.
const MARK: &str = "[redacted]";
/// Most bytes of a body that are looked at for an excerpt.
const LOOKED_AT: usize = 64 * 1024;

/// Knows every form in which an endpoint's secrets may come back.
#[derive(Clone)]
pub struct Redactor {
    /// Longest first, so that no form hides a part of a longer one.
    forms: Vec<String>,
}

impl std::fmt::Debug for Redactor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Redactor(…)")
    }
}

impl Redactor {
    pub(crate) fn new(endpoint: &Endpoint) -> Self {
        let mut forms = Vec::new();
        match &endpoint.auth {
            Auth::None => {}
            Auth::Basic { username, password } => {
                let password = password.expose_secret();
                if !password.is_empty() {
                    spell(password, &mut forms);
                    encode(format!("{username}:{password}").as_bytes(), &mut forms);
                }
            }
            Auth::Bearer(token) => {
                spell(token.expose_secret(), &mut forms);
                spell(token.expose_secret().trim(), &mut forms);
            }
        }
        for value in
            endpoint.headers.iter().filter(|(name, _)| is_sensitive_header(name)).map(|(_, value)| value)
        {
            spell(value, &mut forms);
            // "Bearer abc": a server may echo the second half alone.
            if let Some((_, rest)) = value.split_once(' ') {
                spell(rest.trim(), &mut forms);
            }
        }
        Self::of_forms(forms)
    }

    /// For secrets that are no endpoint's. The parts of a JSON document count as secrets too: a service account's key
    /// comes back without the braces around it.
    pub fn for_secret(secret: &SecretString) -> Self {
        let mut forms = Vec::new();
        spell(secret.expose_secret(), &mut forms);
        spell(secret.expose_secret().trim(), &mut forms);
        if let Ok(serde_json::Value::Object(fields)) = serde_json::from_str(secret.expose_secret()) {
            for value in fields.values().filter_map(serde_json::Value::as_str) {
                // Shorter ones are versions and types, and would be found in any text.
                if value.len() >= 12 && !value.starts_with("https://") {
                    spell(value, &mut forms);
                }
            }
        }
        Self::of_forms(forms)
    }

    fn of_forms(mut forms: Vec<String>) -> Self {
        forms.retain(|form| !form.is_empty());
        forms.sort_by(|a, b| b.len().cmp(&a.len()).then_with(|| a.cmp(b)));
        forms.dedup();
        Self { forms }
    }

    /// The text without secrets and without the user part of any address in it.
    pub fn clean(&self, text: &str) -> String {
        let mut text = text.to_owned();
        for form in &self.forms {
            if text.contains(form.as_str()) {
                text = text.replace(form.as_str(), MARK);
            }
        }
        without_userinfo(&text)
    }

    /// Clean, on one line, at most `most` characters.
    pub fn shown(&self, text: &str, most: usize) -> String {
        cut(&one_line(&self.clean(text)), most)
    }

    /// The beginning of a body, likewise.
    pub(crate) fn excerpt(&self, body: &[u8], most: usize) -> String {
        let looked_at = body.get(..LOOKED_AT).unwrap_or(body);
        let mut text = self.clean(&String::from_utf8_lossy(looked_at));
        if looked_at.len() < body.len() {
            // A secret may lie across the end of what is looked at; its beginning is then the last of the
            // clean text (and a character cut in half has become one of three bytes).
            let longest = self.forms.first().map_or(0, |form| form.len() + 3);
            let mut end = text.len().saturating_sub(longest);
            while !text.is_char_boundary(end) {
                end -= 1;
            }
            text.truncate(end);
        }
        cut(&one_line(&text), most)
    }
}

/// Adds a secret as it is and as JSON, HTML, addresses and Base64 write it.
fn spell(secret: &str, forms: &mut Vec<String>) {
    forms.push(secret.to_owned());
    if let Ok(json) = serde_json::to_string(secret) {
        forms.push(json.trim_matches('"').to_owned());
    }
    let html = secret.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    forms.push(html.replace('"', "&quot;").replace('\'', "&#39;"));
    forms.push(html.replace('"', "&#34;").replace('\'', "&#39;"));
    let form: String = url::form_urlencoded::byte_serialize(secret.as_bytes()).collect();
    forms.push(form.replace('+', "%20"));
    forms.push(form);
    encode(secret.as_bytes(), forms);
}

fn encode(secret: &[u8], forms: &mut Vec<String>) {
    if !secret.is_empty() {
        let engines = [STANDARD.encode(secret), STANDARD_NO_PAD.encode(secret)];
        forms.extend(engines);
        forms.extend([URL_SAFE.encode(secret), URL_SAFE_NO_PAD.encode(secret)]);
    }
}

/// `https://user:password@host` becomes `https://host`, wherever it stands (a proxy's address, for one).
fn without_userinfo(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("://") {
        out.push_str(before);
        out.push_str("://");
        let end = after
            .find(|c: char| c.is_whitespace() || matches!(c, '/' | '?' | '#' | '"' | '\'' | '<' | '>'))
            .unwrap_or(after.len());
        let (authority, tail) = after.split_at(end);
        out.push_str(authority.rsplit_once('@').map_or(authority, |(_, host)| host));
        rest = tail;
    }
    out.push_str(rest);
    out
}

/// Control characters and those that change the direction of writing become blanks; runs of blanks become one.
fn one_line(text: &str) -> String {
    let hidden = |c: char| {
        c.is_control()
            || matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}')
    };
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        let c = if hidden(c) || c.is_whitespace() { ' ' } else { c };
        if c != ' ' || !out.ends_with(' ') {
            out.push(c);
        }
    }
    out.trim().to_owned()
}

/// At most `most` characters; a cut text ends in "…".
fn cut(text: &str, most: usize) -> String {
    match text.char_indices().nth(most) {
        Some((end, _)) => text.get(..end).unwrap_or_default().to_owned() + "…",
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use url::Url;

    use super::*;

    fn endpoint(auth: Auth) -> Endpoint {
        Endpoint { auth, ..Endpoint::plain(Url::parse("http://host").unwrap()) }
    }

    fn bearer(token: &str) -> Redactor {
        Redactor::new(&endpoint(Auth::Bearer(SecretString::from(token))))
    }

    #[test]
    fn a_secret_is_found_in_every_way_that_a_server_may_write_it() {
        let password = "p&s\"w <rd>/+ü";
        let auth = Auth::Basic { username: "ann".into(), password: SecretString::from(password) };
        let redactor = Redactor::new(&endpoint(auth));
        let spelled = [
            password.to_owned(),
            serde_json::to_string(password).unwrap(),
            "p&amp;s&quot;w &lt;rd&gt;/+ü".to_owned(),
            "p%26s%22w+%3Crd%3E%2F%2B%C3%BC".to_owned(),
            "p%26s%22w%20%3Crd%3E%2F%2B%C3%BC".to_owned(),
            format!("Basic {}", STANDARD.encode(format!("ann:{password}"))),
        ];
        for text in spelled {
            let cleaned = redactor.clean(&format!("before {text} after"));
            assert!(cleaned.starts_with("before ") && cleaned.ends_with(" after"), "{cleaned}");
            assert!(cleaned.contains(MARK), "{text} stayed: {cleaned}");
        }
    }

    #[test]
    fn a_secret_at_the_cut_leaves_no_beginning_behind() {
        let text = format!("{}glsa_0123456789abcdef", "x".repeat(590));
        let shown = bearer("glsa_0123456789abcdef").shown(&text, 600);
        assert!(!shown.contains("glsa"), "{shown}");
    }

    #[test]
    fn a_secret_at_the_end_of_what_is_looked_at_leaves_no_beginning_behind() {
        let token = "t0k3n".repeat(400);
        let body = token.repeat(40);
        let shown = bearer(&token).excerpt(body.as_bytes(), 5000);
        assert!(!shown.contains("t0k"), "{shown}");
    }

    #[test]
    fn secret_headers_are_cut_out_and_others_stay() {
        let mut endpoint = endpoint(Auth::None);
        endpoint.headers.insert("X-Api-Key".into(), "k-123".into());
        endpoint.headers.insert("X-Scope-OrgID".into(), "team-a".into());
        assert_eq!(Redactor::new(&endpoint).clean("k-123 of team-a"), format!("{MARK} of team-a"));
    }

    #[test]
    fn a_user_in_an_address_is_cut_out() {
        let redactor = Redactor::new(&endpoint(Auth::None));
        assert_eq!(
            redactor.clean("proxy http://u:p@ss@proxy:3128/x and https://host/a@b failed"),
            "proxy http://proxy:3128/x and https://host/a@b failed"
        );
    }

    #[test]
    fn a_hostile_text_stays_on_its_line() {
        let shown = bearer("t").shown("a\r\n\u{1b}[31m\u{202e}b\u{0}", 100);
        assert_eq!(shown, "a [31m b");
    }

    proptest! {
        #[test]
        fn no_text_shows_a_secret(before in ".{0,40}", after in ".{0,40}", most in 0_usize..80) {
            let token = "glsa_S3cr3tS3cr3t";
            let body = format!("{before}{token}{after}");
            let shown = bearer(token).excerpt(body.as_bytes(), most);
            prop_assert!(!shown.contains("glsa_S"));
        }
    }
}
