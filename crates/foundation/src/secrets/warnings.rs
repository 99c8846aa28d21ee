//! What is risky about a profile although it is valid.

use aether_contract::{AuthSpec, EndpointSpec};
use url::Url;

use super::{is_exposed, is_refused_plain_http};
use crate::stack::Profile;

/// A risk.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Warning {
    /// Key in the profile, e.g. `grafana.url`.
    pub key: String,
    /// What the risk is, and what to do.
    pub text: String,
    /// Whether the panel refuses to use the address as it is.
    pub blocked: bool,
}

/// Addresses over which credentials would cross the network unencrypted.
pub fn credential_warnings(profile: &Profile) -> Vec<Warning> {
    let none = EndpointSpec::default();
    let sections = [
        ("prometheus", "url", &profile.prometheus),
        ("alertmanager", "urls", &profile.alertmanager),
        ("grafana", "url", &profile.grafana),
        ("loki", "url", profile.loki.as_ref().unwrap_or(&none)),
        ("blackbox", "url", profile.blackbox.as_ref().unwrap_or(&none)),
    ];
    let mut warnings = Vec::new();
    for (section, key, spec) in sections.into_iter().filter(|(_, _, spec)| spec.auth != AuthSpec::None) {
        for url in &spec.urls {
            let Some(parsed) = Url::parse(url).ok().filter(is_exposed) else { continue };
            let blocked = is_refused_plain_http(profile, spec, &parsed);
            let text = if blocked {
                format!(
                    "credentials are not sent to {url}: plain HTTP exposes them to the network. Use \
                        https://, or set allow_plain_http = true in [{section}]"
                )
            } else {
                format!("credentials are sent unencrypted to {url}")
            };
            warnings.push(Warning { key: format!("{section}.{key}"), text, blocked });
        }
    }
    warnings
}
