//! Alerts by group, for what only the groups tell; and sending an alert, as Prometheus does, for a test of the way
//! from here to the receivers.

use std::collections::BTreeMap;

use aether_contract::Timestamp;
use reqwest::Method;
use serde::{Deserialize, Serialize};

use super::{Alertmanager, AmAlertStatus};
use crate::{
    error::{ClientError, Failure},
    http::Reply,
    lenient::nullable,
    reply::Expected,
    time,
};

/// A group of alerts that one route sends to one receiver. An alert is in several when several routes match.
#[derive(Debug, Clone, PartialEq)]
pub struct AmAlertGroup {
    /// Name of the receiver.
    pub receiver: String,
    /// Its alerts.
    pub alerts: Vec<AmGroupedAlert>,
}

/// An alert of a group: who it is and what mutes it there.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct AmGroupedAlert {
    /// Fingerprint.
    #[serde(default)]
    pub fingerprint: String,
    /// Muted by what, on this route.
    #[serde(default, deserialize_with = "nullable")]
    pub status: AmAlertStatus,
}

#[derive(Deserialize)]
struct WireGroup {
    #[serde(default, deserialize_with = "nullable")]
    receiver: WireReceiver,
    #[serde(default, deserialize_with = "nullable")]
    alerts: Vec<AmGroupedAlert>,
}

#[derive(Deserialize, Default)]
struct WireReceiver {
    #[serde(default)]
    name: String,
}

/// An alert to be sent.
#[derive(Debug, Clone, PartialEq)]
pub struct PostAlert {
    /// Labels, `alertname` among them.
    pub labels: BTreeMap<String, String>,
    /// Annotations.
    pub annotations: BTreeMap<String, String>,
    /// Begin.
    pub starts_at: Timestamp,
    /// When it is over, should nobody send it again.
    pub ends_at: Timestamp,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Wire<'a> {
    labels: &'a BTreeMap<String, String>,
    annotations: &'a BTreeMap<String, String>,
    starts_at: String,
    ends_at: String,
}

impl Alertmanager {
    /// `GET /api/v2/alerts/groups`, without alerts that a silence or another alert suppresses. Only here is told
    /// which time interval mutes an alert (0.28 and later): the list of alerts has no group and so no route.
    ///
    /// # Errors
    /// As [`ClientError`] tells.
    pub async fn audible_groups(&self) -> Result<Reply<Vec<AmAlertGroup>>, ClientError> {
        let query = [("silenced", "false".to_owned()), ("inhibited", "false".to_owned())];
        let reply: Reply<Vec<WireGroup>> =
            self.http.get("/api/v2/alerts/groups", &query, Expected::List).await?;
        Ok(reply.map(|groups| {
            groups
                .into_iter()
                .map(|group| AmAlertGroup { receiver: group.receiver.name, alerts: group.alerts })
                .collect()
        }))
    }

    /// `POST /api/v2/alerts`. Each member is told by itself: they do not share alerts.
    ///
    /// # Errors
    /// As [`ClientError`] tells.
    pub async fn post_alert(&self, alert: &PostAlert) -> Result<(), ClientError> {
        let body = serde_json::to_string(&[Wire {
            labels: &alert.labels,
            annotations: &alert.annotations,
            starts_at: time::format(alert.starts_at),
            ends_at: time::format(alert.ends_at),
        }])
        .map_err(|error| ClientError::new(Failure::Config(error.to_string()), "", ""))?;
        self.http.change(Method::POST, "/api/v2/alerts", Some(&body)).await.map(|_| ())
    }
}
