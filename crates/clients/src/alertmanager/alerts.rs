//! Sending an alert, as Prometheus does. For a test of the way from here to the receivers.

use std::collections::BTreeMap;

use aether_contract::Timestamp;
use reqwest::Method;
use serde::Serialize;

use super::Alertmanager;
use crate::{
    error::{ClientError, Failure},
    time,
};

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
