//! Credentials on the wire: they go in, and never come out.

use serde::Deserialize;
use ts_rs::TS;
use zeroize::Zeroizing;

use crate::wire;

/// A secret on its way in. It can be deserialised, not serialised; its `Debug` shows nothing; its bytes are
/// overwritten when it is dropped.
#[derive(Clone, Deserialize, TS)]
#[ts(type = "string")]
pub struct SecretInput(Zeroizing<String>);

impl SecretInput {
    /// Wraps a secret that was typed or piped in.
    pub fn new(secret: String) -> Self {
        Self(Zeroizing::new(secret))
    }

    /// The bytes. Callers hand them to the keyring and to nothing else.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Debug for SecretInput {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("SecretInput(…)")
    }
}

wire! {
    /// Where secrets are kept in this run.
    #[derive(Copy, Eq)]
    pub enum SecretStore {
        /// The operating system's keyring.
        Keyring,
        /// This session's memory: the keyring can't be used. Gone when the panel closes.
        Memory,
    }
}

wire! {
    /// Where one secret comes from.
    #[derive(Copy, Eq)]
    pub enum SecretOrigin {
        /// The keyring.
        Keyring,
        /// This session's memory.
        Memory,
        /// An environment variable (`AETHER_GRAFANA_TOKEN` and its kin); it wins over the keyring.
        Environment,
    }
}

wire! {
    /// One credential that the profile calls for, or that is stored although it does not.
    pub struct SecretStatus {
        /// Its name, e.g. `grafana/token` or `prometheus/password`.
        pub id: String,
        /// What it is for, in words.
        pub title: String,
        /// Whether there is one.
        pub configured: bool,
        /// Where it comes from.
        pub origin: Option<SecretOrigin>,
        /// The environment variable that would override it.
        pub env: String,
        /// Origins (`scheme://host[:port]`) that it may be sent to: those it was entered or confirmed for.
        pub origins: Vec<String>,
        /// Origins of the profile that it is not sent to until a person confirms them ([`SecretTrustRequest`]).
        pub untrusted: Vec<String>,
    }
}

wire! {
    /// All credentials of the selected stack.
    pub struct SecretsStatus {
        /// Where new ones are kept.
        pub store: SecretStore,
        /// Why not the keyring, in words with what to do; empty when it is the keyring.
        pub store_note: String,
        /// One a credential.
        pub entries: Vec<SecretStatus>,
    }
}

/// Stores a credential.
#[derive(Debug, Clone, Deserialize, TS)]
#[serde(rename_all = "camelCase")]
pub struct SecretSetRequest {
    /// Name, as in [`SecretStatus::id`].
    pub id: String,
    /// The secret.
    pub secret: SecretInput,
}

wire! {
    /// Deletes a credential.
    pub struct SecretDeleteRequest {
        /// Name, as in [`SecretStatus::id`].
        pub id: String,
    }
}

wire! {
    /// Confirms that a credential may be sent to an origin of the selected stack's profile.
    pub struct SecretTrustRequest {
        /// Name, as in [`SecretStatus::id`].
        pub id: String,
        /// One of [`SecretStatus::untrusted`]: `scheme://host[:port]`.
        pub origin: String,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_not_in_its_debug_form() {
        let request: SecretSetRequest =
            serde_json::from_str(r#"{"id":"grafana/token","secret":"glsa_abc"}"#).unwrap();
        assert_eq!(request.secret.expose(), "glsa_abc");
        assert!(!format!("{request:?}").contains("glsa_abc"));
    }
}
