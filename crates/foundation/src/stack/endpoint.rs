//! A server's section in a profile: address, authentication, headers, TLS files. Refuses secrets: they are named by
//! the kind of authentication and live in the keyring.

use std::path::{Path, PathBuf};

use aether_contract::{AuthSpec, EndpointSpec};

use super::{
    check,
    section::{Problems, Section},
    values::report,
};
use crate::web::with_scheme;

/// Most members of one Alertmanager cluster.
const MAX_MEMBERS: usize = 16;

/// Keys that people look for in `auth`, and which must not be there.
const SECRET_KEYS: [&str; 5] = ["password", "token", "bearer_token", "secret", "api_key"];

/// The folder that relative paths in a profile start from.
pub(super) struct Place(PathBuf);

impl Place {
    /// The folder of the profile's file.
    pub(super) fn of(file: &Path) -> Self {
        let dir = file.parent().filter(|dir| !dir.as_os_str().is_empty()).unwrap_or(Path::new("."));
        Self(std::path::absolute(dir).unwrap_or_else(|_| dir.to_path_buf()))
    }

    /// `text` as an absolute path; `~/` is this account's home folder.
    pub(super) fn resolve(&self, text: &str) -> PathBuf {
        match (text.strip_prefix("~/"), directories::BaseDirs::new()) {
            (Some(rest), Some(dirs)) => dirs.home_dir().join(rest),
            _ => self.0.join(text),
        }
    }
}

/// Reads a section. `url_key` is `url` (one address) or `urls` (a list).
pub(super) fn read(
    section: &mut Section<'_>,
    url_key: &'static str,
    place: &Place,
    problems: &mut Problems,
) -> EndpointSpec {
    let mut spec = EndpointSpec::default();
    let found = if url_key == "urls" {
        section.strings(url_key, problems).unwrap_or_default()
    } else {
        section.string(url_key, problems).into_iter().collect()
    };
    if let Some(extra) = found.get(MAX_MEMBERS) {
        problems.add(extra.at, section.path(url_key), format!("expected at most {MAX_MEMBERS} members"));
    }
    for mut url in found.into_iter().take(MAX_MEMBERS) {
        url.value = with_scheme(&url.value);
        report(check::http_url(&url.value), &url, &section.path(url_key), problems);
        let same = |known: &String| known.trim_end_matches('/') == url.value.trim_end_matches('/');
        if spec.urls.iter().any(same) {
            problems.add(url.at, section.path(url_key), "duplicate address");
        }
        spec.urls.push(url.value);
    }
    spec.auth = auth(section, problems);
    if let Some(headers) = section.table("headers", problems) {
        for (name, value) in headers.all_strings(problems) {
            if let Err(expected) = check::header(&name.value, &value.value) {
                problems.add(name.at, headers.path(&name.value), expected);
            }
            spec.headers.insert(name.value, value.value);
        }
    }
    tls(section, &mut spec, place, problems);
    if let Some(allow) = section.boolean("allow_plain_http", problems) {
        spec.allow_plain_http = allow.value;
    }
    let lone = ["auth", "headers", "tls"].into_iter().find(|key| section.has(key));
    if let Some(key) = lone {
        section.missing(url_key, format!("expected `{url_key}` beside `{key}`"), problems);
    }
    spec
}

fn auth(section: &mut Section<'_>, problems: &mut Problems) -> AuthSpec {
    const EXPECTED: &str = "\"none\", \"bearer\" or { kind = \"basic\", username = \"…\" }";
    let key = section.path("auth");
    match section.string_or_table("auth", EXPECTED, problems) {
        None => AuthSpec::None,
        Some(Ok(kind)) => match kind.value.as_str() {
            "none" => AuthSpec::None,
            "bearer" => AuthSpec::Bearer,
            _ => {
                problems.add(kind.at, key, format!("expected {EXPECTED}"));
                AuthSpec::None
            }
        },
        Some(Err(mut table)) => {
            if let Some(secret) = SECRET_KEYS.into_iter().find(|key| table.has(key)) {
                let text = "secrets are not allowed in a profile; store it with `aetherctl secret set`";
                problems.add(table.at, table.path(secret), text);
                return AuthSpec::None;
            }
            let kind = table.string("kind", problems);
            let username = table.string("username", problems);
            let spec = match (kind.as_ref().map(|kind| kind.value.as_str()), &username) {
                (Some("none"), None) => AuthSpec::None,
                (Some("bearer"), None) => AuthSpec::Bearer,
                (Some("basic"), Some(user)) => {
                    report(check::user_name(&user.value), user, &table.path("username"), problems);
                    AuthSpec::Basic { username: user.value.clone() }
                }
                (Some("basic"), None) => {
                    table.missing("username", "expected the user name", problems);
                    AuthSpec::None
                }
                (Some("none" | "bearer"), Some(user)) => {
                    problems.add(user.at, table.path("username"), "a user name requires kind = \"basic\"");
                    AuthSpec::None
                }
                _ => {
                    if kind.is_some() || !table.has("kind") {
                        let at = kind.as_ref().map_or(table.at, |kind| kind.at);
                        problems.add(at, table.path("kind"), "expected \"none\", \"basic\" or \"bearer\"");
                    }
                    AuthSpec::None
                }
            };
            table.finish(problems);
            spec
        }
    }
}

fn tls(section: &mut Section<'_>, spec: &mut EndpointSpec, place: &Place, problems: &mut Problems) {
    let Some(mut table) = section.table("tls", problems) else { return };
    let mut file = |key: &'static str| {
        let found = table.string(key, problems)?;
        report(check::text(&found.value, 4096), &found, &table.path(key), problems);
        Some(place.resolve(&found.value).display().to_string())
    };
    spec.ca_file = file("ca_file");
    spec.client_cert_file = file("client_cert_file");
    spec.client_key_file = file("client_key_file");
    // Told apart by hand: the two names are close enough to be taken for a misspelling of each other.
    for (key, other) in [("client_cert_file", "client_key_file"), ("client_key_file", "client_cert_file")] {
        if table.has(key) && !table.has(other) {
            problems.add(table.at, table.path(other), format!("expected together with `{key}`"));
        }
    }
    table.finish(problems);
}
