//! Grafana's alerting, by its provisioning API. What is written carries `X-Disable-Provenance`, so that it
//! stays editable in Grafana's own pages.

use reqwest::Method;
use serde_json::Value;

use super::{Grafana, library::segment};
use crate::{
    error::{ClientError, Failure},
    http::Reply,
    reply::Expected,
};

/// Things of the alerting that a backup keeps, each a document of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Alerting {
    /// Alert rules.
    Rules,
    /// Contact points; their secrets are masked.
    ContactPoints,
    /// The tree of notification policies.
    Policies,
    /// Mute timings.
    MuteTimings,
    /// Message templates.
    Templates,
}

impl Alerting {
    /// All of them.
    pub const ALL: [Self; 5] =
        [Self::Rules, Self::ContactPoints, Self::Policies, Self::MuteTimings, Self::Templates];

    /// Its name in the API, and of its file in a backup.
    pub fn name(self) -> &'static str {
        match self {
            Self::Rules => "alert-rules",
            Self::ContactPoints => "contact-points",
            Self::Policies => "policies",
            Self::MuteTimings => "mute-timings",
            Self::Templates => "templates",
        }
    }

    /// The field by which its API tells one from another; none: there is only one.
    pub fn key(self) -> Option<&'static str> {
        match self {
            Self::Rules | Self::ContactPoints => Some("uid"),
            Self::MuteTimings | Self::Templates => Some("name"),
            Self::Policies => None,
        }
    }
}

impl Grafana {
    /// `GET /api/v1/provisioning/…`, as it came.
    ///
    /// # Errors
    /// [`Failure::Forbidden`] without the right to it; [`Failure::WrongPath`] where unified alerting is off; else as
    /// [`ClientError`] tells.
    pub async fn alerting(&self, what: Alerting) -> Result<Vec<u8>, ClientError> {
        let path = format!("/api/v1/provisioning/{}", what.name());
        let raw = self.http.get_raw(&path, &[]).await?;
        let body = raw.value.body.clone();
        let _: Reply<Value> = self.http.json(raw, Expected::List)?;
        Ok(body)
    }

    /// `POST` of a new one; templates have only `PUT`, and so have policies.
    ///
    /// # Errors
    /// [`Failure::Rejected`] when it exists or is refused; else as [`ClientError`] tells.
    pub async fn create_alerting(&self, what: Alerting, body: &Value) -> Result<(), ClientError> {
        let key = what.key().and_then(|key| body.get(key)).and_then(Value::as_str);
        if what == Alerting::Templates || what == Alerting::Policies {
            return self.update_alerting(what, key.unwrap_or_default(), body).await;
        }
        let path = format!("/api/v1/provisioning/{}", what.name());
        self.http.change_editable(Method::POST, &path, Some(&body.to_string())).await.map(|_| ())
    }

    /// `PUT` in the place of the one with this key.
    ///
    /// # Errors
    /// As [`Self::create_alerting`].
    pub async fn update_alerting(&self, what: Alerting, key: &str, body: &Value) -> Result<(), ClientError> {
        let path = place(what, key);
        self.http.change_editable(Method::PUT, &path, Some(&body.to_string())).await.map(|_| ())
    }

    /// `DELETE` of the one with this key. False when there is none. The policies can't be deleted, and are reset.
    ///
    /// # Errors
    /// As [`Self::create_alerting`]; what is still used is refused.
    pub async fn delete_alerting(&self, what: Alerting, key: &str) -> Result<bool, ClientError> {
        match self.http.change_editable(Method::DELETE, &place(what, key), None).await {
            Ok(_) => Ok(true),
            Err(error) if gone(&error) => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// `GET …/folder/{folder}/rule-groups/{group}`: the group with its rules and its interval in seconds; none
    /// when there is no such group.
    ///
    /// # Errors
    /// As [`ClientError`] tells.
    pub async fn rule_group(&self, folder: &str, group: &str) -> Result<Option<Value>, ClientError> {
        match self.http.get::<Value>(&group_place(folder, group), &[], Expected::Object("title")).await {
            Ok(reply) => Ok(Some(reply.value)),
            Err(error) if gone(&error) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// `PUT …/folder/{folder}/rule-groups/{group}`: replaces the whole group, rules that `body` lacks among it.
    ///
    /// # Errors
    /// As [`Self::create_alerting`].
    pub async fn put_rule_group(&self, folder: &str, group: &str, body: &Value) -> Result<(), ClientError> {
        let text = body.to_string();
        self.http.change_editable(Method::PUT, &group_place(folder, group), Some(&text)).await.map(|_| ())
    }
}

/// Some versions answer an empty 404 here: asked for only where the list of all has been had.
fn gone(error: &ClientError) -> bool {
    matches!(error.failure, Failure::WrongPath)
}

fn place(what: Alerting, key: &str) -> String {
    let all = format!("/api/v1/provisioning/{}", what.name());
    if what.key().is_some() { format!("{all}/{}", segment(key)) } else { all }
}

fn group_place(folder: &str, group: &str) -> String {
    format!("/api/v1/provisioning/folder/{}/rule-groups/{}", segment(folder), segment(group))
}
