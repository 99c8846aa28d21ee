//! Playlists: dashboards that are shown one after the other.

use reqwest::Method;
use serde_json::Value;

use super::{
    Grafana,
    library::{missing, segment},
};
use crate::{error::ClientError, http::Reply, reply::Expected};

/// Playlists that are listed; Grafana itself has no pages for them.
const LIMIT: u32 = 100_000;

impl Grafana {
    /// `GET /api/playlists`: all of the organization, without their items.
    ///
    /// # Errors
    /// As [`ClientError`] tells.
    pub async fn playlists(&self) -> Result<Vec<Value>, ClientError> {
        let query = [("limit", LIMIT.to_string())];
        Ok(self.http.get("/api/playlists", &query, Expected::List).await?.value)
    }

    /// `GET /api/playlists/{uid}` with its items; none when there is no such playlist.
    ///
    /// # Errors
    /// As [`ClientError`] tells.
    pub async fn playlist(&self, uid: &str) -> Result<Option<Value>, ClientError> {
        let read: Result<Reply<Value>, _> =
            self.http.get(&format!("/api/playlists/{}", segment(uid)), &[], Expected::Object("name")).await;
        match read {
            Ok(reply) => Ok(Some(reply.value)),
            Err(error) if missing(&error) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// `POST /api/playlists`, or `PUT` in the place of the one with this uid.
    ///
    /// # Errors
    /// As [`ClientError`] tells.
    pub async fn save_playlist(&self, uid: Option<&str>, body: &Value) -> Result<(), ClientError> {
        let (method, path) = match uid {
            Some(uid) => (Method::PUT, format!("/api/playlists/{}", segment(uid))),
            None => (Method::POST, "/api/playlists".to_owned()),
        };
        self.http.change(method, &path, Some(&body.to_string())).await.map(|_| ())
    }

    /// `DELETE /api/playlists/{uid}`.
    ///
    /// # Errors
    /// As [`ClientError`] tells; one that is no longer there is none.
    pub async fn delete_playlist(&self, uid: &str) -> Result<(), ClientError> {
        match self.http.change(Method::DELETE, &format!("/api/playlists/{}", segment(uid)), None).await {
            Ok(_) => Ok(()),
            Err(error) if missing(&error) => Ok(()),
            Err(error) => Err(error),
        }
    }
}
