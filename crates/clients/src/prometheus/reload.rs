//! Making Prometheus read its files again, and what it runs since.

use std::time::Duration;

use reqwest::Method;
use serde::Deserialize;

use super::Prometheus;
use crate::{error::ClientError, lenient::nullable};

impl Prometheus {
    /// `POST /-/reload`. It answers when the files have been read, which takes as long as loading them;
    /// `limit` is for that.
    ///
    /// # Errors
    /// [`Failure::Forbidden`](crate::Failure::Forbidden) without `--web.enable-lifecycle`;
    /// [`Failure::Server`](crate::Failure::Server) with the parser's words for a broken file: then it goes on
    /// with the old ones. Else as [`ClientError`] tells.
    pub async fn reload(&self, limit: Duration) -> Result<(), ClientError> {
        self.http.change_within(limit, Method::POST, "/-/reload").await.map(|_| ())
    }

    /// `GET /api/v1/status/config`: the configuration in force as YAML, with its defaults and without its secrets.
    ///
    /// # Errors
    /// As [`ClientError`] tells; compatible servers lack it.
    pub async fn config(&self) -> Result<String, ClientError> {
        #[derive(Deserialize)]
        struct Wire {
            #[serde(default, deserialize_with = "nullable")]
            yaml: String,
        }
        Ok(self.data::<Wire>("/api/v1/status/config", &[]).await?.value.yaml)
    }
}
