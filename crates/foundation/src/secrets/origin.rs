//! Where a credential may be sent: an origin, the scheme, host and port of an address.

use std::{collections::BTreeSet, fmt};

use aether_clients::is_loopback;
use aether_contract::{EndpointSpec, ErrorCode, PanelError};
use url::Url;

use super::SecretId;
use crate::stack::Profile;

/// Scheme, host and port of an http or https address, as in `https://grafana.example.com:8443`. The default
/// port is left out, the host is lower-case and in its ASCII form, so equal origins are equal texts.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Origin(String);

impl Origin {
    /// The origin of an address; none for any scheme but http and https.
    pub fn of(url: &Url) -> Option<Self> {
        let web =
            matches!(url.scheme(), "http" | "https") && url.host_str().is_some_and(|host| !host.is_empty());
        web.then(|| Self(url.origin().ascii_serialization()))
    }

    /// Reads an origin that a person typed. A path, a query or credentials in it are refused: they suggest
    /// that something else was meant.
    ///
    /// # Errors
    /// `invalid-request`.
    pub fn parse(text: &str) -> Result<Self, PanelError> {
        let url = Url::parse(text.trim()).ok().filter(|url| {
            url.path() == "/"
                && url.query().is_none()
                && url.fragment().is_none()
                && url.username().is_empty()
                && url.password().is_none()
        });
        url.as_ref().and_then(Self::of).ok_or_else(|| {
            PanelError::new(ErrorCode::InvalidRequest, "secrets", "Invalid server origin.")
                .with_hint("Enter only scheme, host and port, for example https://grafana.example.com:3000.")
        })
    }

    /// As text: `scheme://host[:port]`.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether what is sent there can be read on the network: plain HTTP to another machine.
    pub fn is_exposed(&self) -> bool {
        Url::parse(&self.0).is_ok_and(|url| is_exposed(&url))
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Whether what is sent to this address can be read on the network: plain HTTP to another machine.
pub fn is_exposed(url: &Url) -> bool {
    url.scheme() == "http" && !is_loopback(url)
}

/// Whether `spec` would send a credential to `url` over plain HTTP although neither it nor the profile allows that.
pub fn is_refused_plain_http(profile: &Profile, spec: &EndpointSpec, url: &Url) -> bool {
    is_exposed(url) && !spec.allow_plain_http && !profile.allow_plain_http
}

/// The origins that a profile sends a credential to.
pub fn declared(profile: &Profile, id: SecretId) -> BTreeSet<Origin> {
    let none = EndpointSpec::default();
    let spec = match id.service() {
        "prometheus" => &profile.prometheus,
        "alertmanager" => &profile.alertmanager,
        "grafana" => &profile.grafana,
        "loki" => profile.loki.as_ref().unwrap_or(&none),
        "blackbox" => profile.blackbox.as_ref().unwrap_or(&none),
        _ => return storage(profile, id).into_iter().collect(),
    };
    spec.urls.iter().filter_map(|url| Origin::of(&Url::parse(url.trim()).ok()?)).collect()
}

/// The origin of a kind of object storage.
pub fn storage(profile: &Profile, id: SecretId) -> Option<Origin> {
    let remote = &profile.elsewhere;
    let address = match id.service() {
        "s3" => remote.s3_endpoint.clone().unwrap_or_else(|| "https://s3.amazonaws.com".to_owned()),
        "gcs" => "https://storage.googleapis.com".to_owned(),
        "azure" => format!("https://{}.blob.core.windows.net", remote.azure_account.as_deref()?),
        _ => return None,
    };
    Origin::of(&Url::parse(&address).ok()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn origin_is_scheme_host_and_port_in_one_spelling() {
        let of = |text: &str| Origin::of(&Url::parse(text).unwrap()).map(|origin| origin.0);
        assert_eq!(of("https://Grafana.Example.com:443/base?x#y").unwrap(), "https://grafana.example.com");
        assert_eq!(of("http://[::1]:9090/").unwrap(), "http://[::1]:9090");
        assert_eq!(of("https://b\u{fc}cher.example/").unwrap(), "https://xn--bcher-kva.example");
        assert_eq!(of("file:///etc/passwd"), None);
        assert_ne!(of("http://a.example"), of("https://a.example"));
        assert_ne!(of("https://a.example:8443"), of("https://a.example"));
        // Another host, although it starts with the same letters.
        assert_ne!(of("https://a.example.evil.test"), of("https://a.example"));
    }

    #[test]
    fn typed_origin_has_no_path_query_or_credentials() {
        assert_eq!(Origin::parse(" https://a.example/ ").unwrap().as_str(), "https://a.example");
        for text in [
            "",
            "a.example",
            "https://a/b",
            "https://a?b",
            "https://a#b",
            "https://u:p@a",
            "ftp://a",
            "https://",
        ] {
            assert!(Origin::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn plain_http_is_exposed_unless_it_stays_on_this_machine() {
        let exposed = |text: &str| Origin::parse(text).unwrap().is_exposed();
        for text in
            ["http://10.0.0.1:3000", "http://grafana:3000", "http://localhost.evil.test", "http://[fe80::1]"]
        {
            assert!(exposed(text), "{text}");
        }
        for text in [
            "https://a.example",
            "http://localhost:1",
            "http://127.8.0.1",
            "http://[::1]",
            "http://a.localhost",
        ] {
            assert!(!exposed(text), "{text}");
        }
    }
}
