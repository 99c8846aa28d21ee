//! Alertmanager's API v2, one client a member. Read against 0.25 to 0.28; unknown fields are passed over.

mod alerts;
mod notifications;
pub(crate) mod reload;

use std::collections::BTreeMap;

use aether_contract::{Matcher, SilenceState, Timestamp};
use reqwest::Method;
use serde::{Deserialize, Serialize};

pub use alerts::PostAlert;
pub use notifications::Requests;
pub use reload::{ConfigFacts, config_hash};

use crate::{
    endpoint::Endpoint,
    error::{ClientError, Failure},
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
    /// Names of time intervals (0.28 and later).
    #[serde(deserialize_with = "nullable")]
    pub muted_by: Vec<String>,
}

/// A silence as listed.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AmSilence {
    /// Id.
    pub id: String,
    /// Matchers, all of which must match.
    #[serde(default, deserialize_with = "matchers")]
    pub matchers: Vec<Matcher>,
    /// Begin.
    #[serde(default = "zero", deserialize_with = "time::lenient")]
    pub starts_at: Timestamp,
    /// End.
    #[serde(default = "zero", deserialize_with = "time::lenient")]
    pub ends_at: Timestamp,
    /// Last change.
    #[serde(default = "zero", deserialize_with = "time::lenient")]
    pub updated_at: Timestamp,
    /// Who (unauthenticated text).
    #[serde(default)]
    pub created_by: String,
    /// Why.
    #[serde(default)]
    pub comment: String,
    /// State by that member's clock; absent in replies of some proxies.
    #[serde(default, deserialize_with = "silence_state")]
    pub status: Option<SilenceState>,
}

/// A silence to be made or changed.
#[derive(Debug, Clone, PartialEq)]
pub struct PostSilence {
    /// Id of the silence to change; none makes a new one.
    pub id: Option<String>,
    /// Matchers.
    pub matchers: Vec<Matcher>,
    /// Begin; the server moves a past one to its now.
    pub starts_at: Timestamp,
    /// End.
    pub ends_at: Timestamp,
    /// Who.
    pub created_by: String,
    /// Why.
    pub comment: String,
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

    /// `GET /api/v2/silences`: all, expired ones included until they are collected (120 h).
    ///
    /// # Errors
    /// As [`ClientError`] tells.
    pub async fn silences(&self) -> Result<Reply<Vec<AmSilence>>, ClientError> {
        self.http.get("/api/v2/silences", &[], Expected::List).await
    }

    /// `GET /api/v2/silence/{id}`; none when this member does not know it.
    ///
    /// # Errors
    /// As [`ClientError`] tells.
    pub async fn silence(&self, id: &str) -> Result<Option<AmSilence>, ClientError> {
        if !is_id(id) {
            return Ok(None);
        }
        let path = format!("/api/v2/silence/{id}");
        match self.http.get::<AmSilence>(&path, &[], Expected::Object("matchers")).await {
            Ok(reply) => Ok(Some(reply.value)),
            Err(error) if is_unknown(&error) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// `POST /api/v2/silences`; the id under which it is kept from now on, which may be a new one. Sent once.
    ///
    /// # Errors
    /// [`Failure::Rejected`] with the server's words; after [`Failure::Timeout`] or [`Failure::Network`] it is unknown
    /// whether it was made: look for it before sending it again.
    pub async fn post_silence(&self, silence: &PostSilence) -> Result<Reply<String>, ClientError> {
        let body = serde_json::to_string(&WirePost {
            id: silence.id.as_deref(),
            matchers: &silence.matchers,
            starts_at: time::format(silence.starts_at),
            ends_at: time::format(silence.ends_at),
            created_by: &silence.created_by,
            comment: &silence.comment,
        })
        .map_err(|error| ClientError::new(Failure::Config(error.to_string()), "", ""))?;
        let reply = self.http.change(Method::POST, "/api/v2/silences", Some(&body)).await?;
        let reply: Reply<WirePosted> = self.http.json(reply, Expected::Object("silenceID"))?;
        Ok(reply.map(|posted| posted.silence_id))
    }

    /// `GET /api/v2/silences`, as it came.
    ///
    /// # Errors
    /// As [`ClientError`] tells.
    pub async fn silences_document(&self) -> Result<Vec<u8>, ClientError> {
        let raw = self.http.get_raw("/api/v2/silences", &[]).await?;
        let body = raw.value.body.clone();
        let _: Reply<Vec<serde::de::IgnoredAny>> = self.http.json(raw, Expected::List)?;
        Ok(body)
    }

    /// `DELETE /api/v2/silence/{id}`: expires it. False when this member does not know it (any more).
    ///
    /// # Errors
    /// As [`ClientError`] tells.
    pub async fn expire_silence(&self, id: &str) -> Result<bool, ClientError> {
        if !is_id(id) {
            return Ok(false);
        }
        match self.http.change(Method::DELETE, &format!("/api/v2/silence/{id}"), None).await {
            Ok(_) => Ok(true),
            Err(error) if is_unknown(&error) => Ok(false),
            Err(error) => Err(error),
        }
    }
}

/// Whether a member can know this id at all: they are UUIDs. Others could lead out of the path.
fn is_id(id: &str) -> bool {
    !id.is_empty() && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
}

/// Whether the answer is "no such silence", and not that the API is missing there: 404 with an empty body or with these
/// words; up to 0.25 a DELETE is answered with 500 and these words, and 422 means an id that is no UUID.
fn is_unknown(error: &ClientError) -> bool {
    let words = error.words.trim();
    match &error.failure {
        Failure::WrongPath => words.is_empty() || words.contains("silence"),
        Failure::Server(500, words) => words.contains("not found"),
        Failure::Rejected(422, words) => words.contains("uuid"),
        _ => false,
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

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct WirePost<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<&'a str>,
    matchers: &'a [Matcher],
    starts_at: String,
    ends_at: String,
    created_by: &'a str,
    comment: &'a str,
}

#[derive(Deserialize)]
struct WirePosted {
    #[serde(rename = "silenceID")]
    silence_id: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct WireMatcher {
    name: String,
    value: String,
    #[serde(default)]
    is_regex: bool,
    #[serde(default = "yes")]
    is_equal: bool,
}

fn yes() -> bool {
    true
}

fn matchers<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Vec<Matcher>, D::Error> {
    let wire = Option::<Vec<WireMatcher>>::deserialize(deserializer)?.unwrap_or_default();
    Ok(wire
        .into_iter()
        .map(|m| Matcher { name: m.name, value: m.value, is_regex: m.is_regex, is_equal: m.is_equal })
        .collect())
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

fn silence_state<'de, D: serde::Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<SilenceState>, D::Error> {
    #[derive(Deserialize)]
    struct Status {
        #[serde(default)]
        state: String,
    }
    let wire = Option::<Status>::deserialize(deserializer)?;
    Ok(wire.and_then(|status| match status.state.as_str() {
        "active" => Some(SilenceState::Active),
        "pending" => Some(SilenceState::Pending),
        "expired" => Some(SilenceState::Expired),
        _ => None,
    }))
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
