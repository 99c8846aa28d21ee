//! Alertmanager's API v2, one client a member. Read against 0.25 to 0.28; unknown fields are passed over.

mod alerts;
mod notifications;
pub(crate) mod reload;
mod silences;

use std::collections::BTreeMap;

use aether_contract::Timestamp;
use serde::Deserialize;

pub use alerts::{AmAlertGroup, AmGroupedAlert, PostAlert};
pub use notifications::Requests;
pub use reload::{ConfigFacts, config_hash};
pub use silences::{AmSilence, PostSilence, UnknownFields};

use crate::{
    endpoint::Endpoint,
    error::ClientError,
    http::{Http, Reply},
    lenient::nullable,
    reply::Expected,
    time,
};

/// A client of one member.
#[derive(Debug)]
pub struct Alertmanager {
    http: Http,
}

/// What a member says about itself.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct AmStatus {
    /// Version, e.g. `0.27.0`.
    pub version: String,
    /// The running configuration (secrets are already masked by the server).
    pub config_original: String,
    /// `ready`, `settling`, `disabled`.
    pub cluster_status: String,
    /// Addresses of the cluster's members, this one included; empty without a cluster.
    pub peers: Vec<String>,
    /// When it was started.
    pub started: Option<Timestamp>,
}

/// An alert as listed.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AmAlert {
    /// Labels.
    #[serde(default, deserialize_with = "nullable")]
    pub labels: BTreeMap<String, String>,
    /// Annotations.
    #[serde(default, deserialize_with = "nullable")]
    pub annotations: BTreeMap<String, String>,
    /// Since when.
    #[serde(default = "zero", deserialize_with = "time::lenient")]
    pub starts_at: Timestamp,
    /// Until when it counts as firing unless it is sent again; 0 when unset.
    #[serde(default = "zero", deserialize_with = "time::lenient")]
    pub ends_at: Timestamp,
    /// Where it comes from; written by its sender, so not to be trusted.
    #[serde(default, rename = "generatorURL")]
    pub generator_url: String,
    /// Fingerprint.
    #[serde(default)]
    pub fingerprint: String,
    /// Muted by what.
    #[serde(default, deserialize_with = "nullable")]
    pub status: AmAlertStatus,
    /// Names of its receivers.
    #[serde(default, deserialize_with = "receiver_names")]
    pub receivers: Vec<String>,
}

/// What mutes an alert.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct AmAlertStatus {
    /// `active`, `suppressed`, `unprocessed`.
    pub state: String,
    /// Silence ids.
    #[serde(deserialize_with = "nullable")]
    pub silenced_by: Vec<String>,
    /// Fingerprints of inhibiting alerts.
    #[serde(deserialize_with = "nullable")]
    pub inhibited_by: Vec<String>,
    /// Names of time intervals (0.28 and later); only in the groups, the list of alerts never has any.
    #[serde(deserialize_with = "nullable")]
    pub muted_by: Vec<String>,
}

impl Alertmanager {
    /// A client; nothing is asked yet.
    ///
    /// # Errors
    /// [`Failure::Config`] for an address, header or certificate file that can't be used.
    pub fn new(endpoint: Endpoint) -> Result<Self, ClientError> {
        Ok(Self { http: Http::new(endpoint)? })
    }

    /// `GET /api/v2/status`.
    ///
    /// # Errors
    /// As [`ClientError`] tells.
    pub async fn status(&self) -> Result<Reply<AmStatus>, ClientError> {
        let reply: Reply<WireStatus> =
            self.http.get("/api/v2/status", &[], Expected::Object("versionInfo")).await?;
        Ok(reply.map(|wire| AmStatus {
            version: wire.version_info.version,
            config_original: wire.config.original,
            cluster_status: wire.cluster.status,
            peers: wire.cluster.peers.into_iter().flatten().map(|peer| peer.address).collect(),
            started: time::parse(&wire.uptime),
        }))
    }

    /// Whether any web page in an operator's browser may read and change silences here: the API answers without
    /// credentials, and tells browsers that every origin may ask.
    ///
    /// # Errors
    /// As [`ClientError`] tells.
    pub async fn open_to_pages(&self) -> Result<bool, ClientError> {
        self.http.open_to_pages("/api/v2/status").await
    }

    /// `GET /api/v2/alerts`: every alert that has not ended, muted ones included. There is no paging.
    ///
    /// # Errors
    /// As [`ClientError`] tells.
    pub async fn alerts(&self) -> Result<Reply<Vec<AmAlert>>, ClientError> {
        self.http.get("/api/v2/alerts", &[], Expected::List).await
    }
}

fn zero() -> Timestamp {
    Timestamp(0)
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct WireStatus {
    version_info: WireVersion,
    #[serde(default, deserialize_with = "nullable")]
    config: WireConfig,
    #[serde(default, deserialize_with = "nullable")]
    cluster: WireCluster,
    #[serde(default)]
    uptime: String,
}

#[derive(Deserialize)]
struct WireVersion {
    #[serde(default)]
    version: String,
}

#[derive(Deserialize, Default)]
struct WireConfig {
    #[serde(default)]
    original: String,
}

#[derive(Deserialize, Default)]
struct WireCluster {
    #[serde(default)]
    status: String,
    #[serde(default)]
    peers: Option<Vec<WirePeer>>,
}

#[derive(Deserialize)]
struct WirePeer {
    #[serde(default)]
    address: String,
}

fn receiver_names<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Vec<String>, D::Error> {
    #[derive(Deserialize)]
    struct Receiver {
        #[serde(default)]
        name: String,
    }
    let wire = Option::<Vec<Receiver>>::deserialize(deserializer)?.unwrap_or_default();
    Ok(wire.into_iter().map(|receiver| receiver.name).collect())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn no_answer_makes_the_parser_panic(
            text in ".*",
            odd in "null|7|\\[\\]|\\{\\}|\"[^\"\\\\]{0,30}\"",
            field in "labels|startsAt|endsAt|status|receivers|matchers|id|annotations|fingerprint",
        ) {
            for text in [text, format!(r#"[{{"id":"s","{field}":{odd}}}]"#)] {
                let _ = serde_json::from_str::<Vec<AmAlert>>(&text);
                let _ = serde_json::from_str::<Vec<AmSilence>>(&text);
                let _ = serde_json::from_str::<WireStatus>(&text);
            }
        }
    }
}
