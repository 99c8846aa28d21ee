//! Making Alertmanager read its file again, and whether it did.

use std::time::Duration;

use reqwest::Method;

use super::Alertmanager;
use crate::{error::ClientError, exposition};

/// What its own metrics say about the configuration in force. Each is none where the server does not tell it.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct ConfigFacts {
    /// `alertmanager_config_hash`: see [`config_hash`].
    pub hash: Option<f64>,
    /// `alertmanager_config_last_reload_successful`.
    pub successful: Option<bool>,
}

impl Alertmanager {
    /// `POST /-/reload`, which needs no flag.
    ///
    /// # Errors
    /// [`Failure::Server`](crate::Failure::Server) with the parser's words for a broken file: then it goes on
    /// with the old one. Else as [`ClientError`] tells.
    pub async fn reload(&self, limit: Duration) -> Result<(), ClientError> {
        self.http.change_within(limit, Method::POST, "/-/reload").await.map(|_| ())
    }

    /// What `/metrics` tells about the configuration in force.
    ///
    /// # Errors
    /// As [`ClientError`] tells.
    pub async fn config_facts(&self) -> Result<ConfigFacts, ClientError> {
        let reply = self.http.get_raw("/metrics", &[]).await?;
        Ok(facts(&reply.value.body))
    }
}

pub(crate) fn facts(metrics: &[u8]) -> ConfigFacts {
    let successful = exposition::value(metrics, "alertmanager_config_last_reload_successful");
    ConfigFacts {
        hash: exposition::value(metrics, "alertmanager_config_hash"),
        successful: successful.map(|value| value == 1.0),
    }
}

/// The hash that Alertmanager tells of a file in `alertmanager_config_hash`: the first six bytes of its MD5,
/// as a little-endian number (`md5HashAsMetricValue` in its `config/coordinator.go`, 0.15 to 0.28).
pub fn config_hash(file: &[u8]) -> f64 {
    use md5::Digest as _;
    let sum = md5::Md5::digest(file);
    sum.iter().take(6).rev().fold(0.0, |number, byte| number * 256.0 + f64::from(*byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_facts_of_the_metrics_are_read() {
        let text = "# HELP alertmanager_config_hash x\nalertmanager_config_hash 2.19034577350127e+14\n\
            alertmanager_config_last_reload_success_timestamp_seconds \
            1.7e+09\nalertmanager_config_last_reload_successful 0\n";
        let found = facts(text.as_bytes());
        assert_eq!((found.hash, found.successful), (Some(219_034_577_350_127.0), Some(false)));
        assert_eq!(facts(b"nothing"), ConfigFacts::default());
    }

    #[test]
    fn the_hash_is_the_begin_of_the_files_md5() {
        // md5("") = d41d8cd98f00…
        assert_eq!(config_hash(b""), 0x8f_d98c_1dd4_u64 as f64);
    }
}
