//! Silences: listing, making, changing and expiring them.
//!
//! What a server keeps with a silence beyond the fields that are read here is carried along and sent back with a
//! change: a POST replaces the silence as a whole, so what is left out of it is lost (annotations since 0.32).

use aether_contract::{Matcher, SilenceState, Timestamp};
use reqwest::Method;
use serde::Deserialize;
use serde_json::{Map, Value};

use super::{Alertmanager, zero};
use crate::{
    error::{ClientError, Failure},
    http::Reply,
    reply::Expected,
    time,
};

/// Fields of a silence that this client gives no meaning to, to be sent back as they were read.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct UnknownFields {
    /// Of the silence.
    pub silence: Map<String, Value>,
    /// Of each matcher, in the order of the matchers. Empty when none of them has any.
    pub matchers: Vec<Map<String, Value>>,
}

/// A silence as listed.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(from = "WireSilence")]
pub struct AmSilence {
    /// Id.
    pub id: String,
    /// Matchers, all of which must match.
    pub matchers: Vec<Matcher>,
    /// Begin.
    pub starts_at: Timestamp,
    /// End.
    pub ends_at: Timestamp,
    /// Last change.
    pub updated_at: Timestamp,
    /// Who (unauthenticated text).
    pub created_by: String,
    /// Why.
    pub comment: String,
    /// State by that member's clock; absent in replies of some proxies.
    pub status: Option<SilenceState>,
    /// What else the server keeps with it.
    pub unknown: UnknownFields,
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
    /// Fields of the silence that it changes or copies; none for a new one.
    pub unknown: UnknownFields,
}

impl AmSilence {
    /// The silence as it would be sent to change it, with everything that was read.
    pub fn to_post(&self) -> PostSilence {
        PostSilence {
            id: Some(self.id.clone()),
            matchers: self.matchers.clone(),
            starts_at: self.starts_at,
            ends_at: self.ends_at,
            created_by: self.created_by.clone(),
            comment: self.comment.clone(),
            unknown: self.unknown.clone(),
        }
    }
}

impl PostSilence {
    /// The request's body.
    fn body(&self) -> Value {
        let mut body = self.unknown.silence.clone();
        let matchers = self.matchers.iter().enumerate().map(|(index, matcher)| {
            let mut fields = self.unknown.matchers.get(index).cloned().unwrap_or_default();
            fields.insert("name".to_owned(), matcher.name.clone().into());
            fields.insert("value".to_owned(), matcher.value.clone().into());
            fields.insert("isRegex".to_owned(), matcher.is_regex.into());
            fields.insert("isEqual".to_owned(), matcher.is_equal.into());
            Value::Object(fields)
        });
        body.insert("matchers".to_owned(), matchers.collect());
        body.insert("startsAt".to_owned(), time::format(self.starts_at).into());
        body.insert("endsAt".to_owned(), time::format(self.ends_at).into());
        body.insert("createdBy".to_owned(), self.created_by.clone().into());
        body.insert("comment".to_owned(), self.comment.clone().into());
        if let Some(id) = &self.id {
            body.insert("id".to_owned(), id.clone().into());
        }
        Value::Object(body)
    }
}

impl Alertmanager {
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
        let body = serde_json::to_string(&silence.body())
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

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct WireSilence {
    id: String,
    #[serde(default)]
    matchers: Option<Vec<WireMatcher>>,
    #[serde(default = "zero", deserialize_with = "time::lenient")]
    starts_at: Timestamp,
    #[serde(default = "zero", deserialize_with = "time::lenient")]
    ends_at: Timestamp,
    #[serde(default = "zero", deserialize_with = "time::lenient")]
    updated_at: Timestamp,
    #[serde(default)]
    created_by: String,
    #[serde(default)]
    comment: String,
    #[serde(default, deserialize_with = "silence_state")]
    status: Option<SilenceState>,
    #[serde(flatten)]
    unknown: Map<String, Value>,
}

impl From<WireSilence> for AmSilence {
    fn from(wire: WireSilence) -> Self {
        let (mut matchers, mut unknown) = (Vec::new(), Vec::new());
        for matcher in wire.matchers.unwrap_or_default() {
            matchers.push(Matcher {
                name: matcher.name,
                value: matcher.value,
                is_regex: matcher.is_regex,
                is_equal: matcher.is_equal,
            });
            unknown.push(matcher.unknown);
        }
        if unknown.iter().all(Map::is_empty) {
            unknown = Vec::new();
        }
        Self {
            id: wire.id,
            matchers,
            starts_at: wire.starts_at,
            ends_at: wire.ends_at,
            updated_at: wire.updated_at,
            created_by: wire.created_by,
            comment: wire.comment,
            status: wire.status,
            unknown: UnknownFields { silence: wire.unknown, matchers: unknown },
        }
    }
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
    #[serde(flatten)]
    unknown: Map<String, Value>,
}

fn yes() -> bool {
    true
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
    use serde_json::json;

    use super::*;

    fn any_json() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            "\\PC{0,8}".prop_map(Value::from),
        ];
        leaf.prop_recursive(3, 16, 4, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
                prop::collection::btree_map("[a-z]{1,6}", inner, 0..4)
                    .prop_map(|map| Value::Object(map.into_iter().collect())),
            ]
        })
    }

    /// Fields that no version of Alertmanager has: their names begin with a letter that none of its own does.
    fn fields() -> impl Strategy<Value = Map<String, Value>> {
        prop::collection::btree_map("z[a-zA-Z]{0,8}|annotations|ä", any_json(), 0..5)
            .prop_map(|map| map.into_iter().collect())
    }

    proptest! {
        #[test]
        fn every_field_of_a_silence_that_was_read_is_sent_back(
            of_silence in fields(),
            of_matchers in prop::collection::vec(fields(), 1..4),
        ) {
            let matchers: Vec<Value> = of_matchers.iter().map(|extra| {
                let mut fields = extra.clone();
                for (name, value) in [("name", json!("a")), ("value", json!("b")), ("isRegex", json!(true)),
                    ("isEqual", json!(false))]
                {
                    fields.insert(name.to_owned(), value);
                }
                Value::Object(fields)
            }).collect();
            let mut read = of_silence;
            read.insert("matchers".to_owned(), matchers.into());
            read.insert("id".to_owned(), json!("6c1b"));
            read.insert("startsAt".to_owned(), json!("2026-11-30T10:00:00.000Z"));
            read.insert("endsAt".to_owned(), json!("2026-11-30T11:00:00.000Z"));
            read.insert("createdBy".to_owned(), json!("ann"));
            read.insert("comment".to_owned(), json!("deploy"));
            let expected = Value::Object(read.clone());
            // What only the server says is no part of a change.
            read.insert("updatedAt".to_owned(), json!("2026-11-30T10:00:00.000Z"));
            read.insert("status".to_owned(), json!({"state": "active"}));
            let silence: AmSilence = serde_json::from_value(Value::Object(read)).unwrap();
            prop_assert_eq!(silence.to_post().body(), expected);
        }
    }
}
