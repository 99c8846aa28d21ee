//! Names of credentials: `<service>/token` and `<service>/password`. Refuses any other name.

use aether_contract::{AuthSpec, ErrorCode, PanelError, ServiceKind};

/// Services that take credentials.
const SERVICES: [(&str, &str); 8] = [
    ("prometheus", "Prometheus"),
    ("alertmanager", "Alertmanager"),
    ("grafana", "Grafana"),
    ("loki", "Loki"),
    ("blackbox", "Blackbox exporter"),
    // Their password is the secret access key, the service account's key (JSON on one line), the account's key.
    ("s3", "S3 storage"),
    ("gcs", "Google storage"),
    ("azure", "Azure storage"),
];

/// What a credential is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum SecretKind {
    /// A bearer token.
    Token,
    /// The password of basic authentication.
    Password,
}

/// The name of a credential.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SecretId {
    service: usize,
    kind: SecretKind,
}

impl SecretId {
    /// Reads a name such as `grafana/token`.
    ///
    /// # Errors
    /// `invalid-request` for any other name.
    pub fn parse(name: &str) -> Result<Self, PanelError> {
        let unknown = || {
            PanelError::new(ErrorCode::InvalidRequest, "secrets", "Unknown credential.").with_hint(
                "Valid names are prometheus, alertmanager, grafana, loki, blackbox, s3, gcs or azure, \
                    followed by /token or /password, for example grafana/token.",
            )
        };
        let (service, kind) = name.split_once('/').ok_or_else(unknown)?;
        let service = SERVICES.iter().position(|(known, _)| *known == service).ok_or_else(unknown)?;
        let kind = match kind {
            "token" => SecretKind::Token,
            "password" => SecretKind::Password,
            _ => return Err(unknown()),
        };
        Ok(Self { service, kind })
    }

    /// A service's token or password.
    pub fn of(service: ServiceKind, kind: SecretKind) -> Self {
        let service = match service {
            ServiceKind::Prometheus => 0,
            ServiceKind::Alertmanager => 1,
            ServiceKind::Grafana => 2,
        };
        Self { service, kind }
    }

    /// The credential that `auth` of a service calls for.
    pub fn for_auth(service: ServiceKind, auth: &AuthSpec) -> Option<Self> {
        Self::for_service_auth(service.as_str(), auth)
    }

    /// The same for any service that takes credentials, by its name in profiles.
    pub(super) fn for_service_auth(service: &str, auth: &AuthSpec) -> Option<Self> {
        let kind = match auth {
            AuthSpec::None => return None,
            AuthSpec::Basic { .. } => SecretKind::Password,
            AuthSpec::Bearer => SecretKind::Token,
        };
        let service = SERVICES.iter().position(|(known, _)| *known == service)?;
        Some(Self { service, kind })
    }

    /// All names there are.
    pub(super) fn all() -> impl Iterator<Item = Self> {
        (0..SERVICES.len())
            .flat_map(|service| [SecretKind::Token, SecretKind::Password].map(|kind| Self { service, kind }))
    }

    fn row(self) -> (&'static str, &'static str) {
        SERVICES.get(self.service).copied().unwrap_or(("", ""))
    }

    /// The service's name, e.g. `grafana`.
    pub fn service(self) -> &'static str {
        self.row().0
    }

    /// Token or password.
    pub fn kind(self) -> SecretKind {
        self.kind
    }

    /// What it is for, in words.
    pub fn title(self) -> String {
        let what = match self.kind {
            SecretKind::Token => "token",
            SecretKind::Password => "password",
        };
        format!("{} {what}", self.row().1)
    }

    /// The environment variable that overrides it, e.g. `AETHER_GRAFANA_TOKEN`.
    pub fn env(self) -> String {
        format!("AETHER_{}", self.to_string().replace('/', "_").to_uppercase())
    }
}

impl std::fmt::Display for SecretId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let kind = match self.kind {
            SecretKind::Token => "token",
            SecretKind::Password => "password",
        };
        write!(f, "{}/{kind}", self.service())
    }
}
