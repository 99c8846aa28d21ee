//! Clients of one stack, built when first used: credentials may sit in a keyring that takes seconds to answer, and the
//! window does not wait for that.

use std::{path::PathBuf, sync::Arc, time::Duration};

use aether_clients::{Alertmanager, Auth, Endpoint, Grafana, Prometheus, TlsFiles};
use aether_contract::{AuthSpec, EndpointSpec, ErrorCode, PanelError, ServiceKind};
use tokio::sync::Mutex;
use url::Url;

use aether_foundation::{
    secrets::{Origin, SecretId, Secrets, is_refused_plain_http},
    stack::Profile,
};

const CONNECT_TIMEOUT: Duration = Duration::from_secs(3);
const TIMEOUT: Duration = Duration::from_secs(10);
const MAX_REPLY: usize = 64 * 1024 * 1024;

type Slot<T> = Mutex<Option<Arc<T>>>;

/// The clients.
pub struct Clients {
    profile: Arc<Profile>,
    secrets: Arc<Secrets>,
    prometheus: Slot<Prometheus>,
    members: Vec<Slot<Alertmanager>>,
    grafana: Slot<Grafana>,
}

impl Clients {
    /// None is built yet.
    pub fn new(profile: Arc<Profile>, secrets: Arc<Secrets>) -> Self {
        let members = profile.alertmanager.urls.iter().map(|_| Mutex::new(None)).collect();
        Self { profile, secrets, prometheus: Mutex::new(None), members, grafana: Mutex::new(None) }
    }

    /// Prometheus' client.
    ///
    /// # Errors
    /// The keyring's codes, `secret-missing`, or what is wrong with the endpoint's description.
    pub async fn prometheus(&self) -> Result<Arc<Prometheus>, PanelError> {
        let mut slot = self.prometheus.lock().await;
        if let Some(client) = &*slot {
            return Ok(Arc::clone(client));
        }
        let service = ServiceKind::Prometheus;
        let endpoint = self.endpoint(&self.profile.prometheus, 0, service).await?;
        let client = Arc::new(Prometheus::new(endpoint).map_err(|error| error.to_panel(service))?);
        *slot = Some(Arc::clone(&client));
        Ok(client)
    }

    /// A member's client, by its place in the profile.
    ///
    /// # Errors
    /// As [`Self::prometheus`].
    pub async fn member(&self, index: usize) -> Result<Arc<Alertmanager>, PanelError> {
        let service = ServiceKind::Alertmanager;
        let mut slot = self.members.get(index).ok_or_else(|| no_address(service))?.lock().await;
        if let Some(client) = &*slot {
            return Ok(Arc::clone(client));
        }
        let endpoint = self.endpoint(&self.profile.alertmanager, index, service).await?;
        let client = Arc::new(Alertmanager::new(endpoint).map_err(|error| error.to_panel(service))?);
        *slot = Some(Arc::clone(&client));
        Ok(client)
    }

    /// Grafana's client.
    ///
    /// # Errors
    /// As [`Self::prometheus`].
    pub async fn grafana(&self) -> Result<Arc<Grafana>, PanelError> {
        let mut slot = self.grafana.lock().await;
        if let Some(client) = &*slot {
            return Ok(Arc::clone(client));
        }
        let service = ServiceKind::Grafana;
        let endpoint = self.endpoint(&self.profile.grafana, 0, service).await?;
        let client = Arc::new(Grafana::new(endpoint).map_err(|error| error.to_panel(service))?);
        *slot = Some(Arc::clone(&client));
        Ok(client)
    }

    /// Drops a client whose credentials were rejected, so that changes made elsewhere (by the CLI) are picked
    /// up.
    pub async fn forget(&self, service: ServiceKind, member: usize) {
        match service {
            ServiceKind::Prometheus => *self.prometheus.lock().await = None,
            ServiceKind::Alertmanager => {
                if let Some(slot) = self.members.get(member) {
                    *slot.lock().await = None;
                }
            }
            ServiceKind::Grafana => *self.grafana.lock().await = None,
        }
    }

    async fn endpoint(
        &self,
        spec: &EndpointSpec,
        index: usize,
        service: ServiceKind,
    ) -> Result<Endpoint, PanelError> {
        let url = spec.urls.get(index).ok_or_else(|| no_address(service))?;
        endpoint(spec, url, service, &self.profile, &self.secrets).await
    }
}

fn not_web(service: ServiceKind) -> PanelError {
    PanelError::new(
        ErrorCode::InvalidConfig,
        service.as_str(),
        format!("The address of {} does not use HTTP or HTTPS.", service.title()),
    )
    .with_hint("Expected https://host:port/path.")
}

fn plain_http(service: ServiceKind, id: SecretId, url: &Url) -> PanelError {
    let origin = url.origin().ascii_serialization();
    PanelError::new(
        ErrorCode::InvalidConfig,
        service.as_str(),
        format!("The {} was not sent to {origin}: plain HTTP exposes it to the network.", id.title()),
    )
    .with_hint(format!(
        "Use an https:// address. If you trust the network, set allow_plain_http = true in [{}] of the \
            profile.",
        service.as_str()
    ))
}

fn no_address(service: ServiceKind) -> PanelError {
    PanelError::new(
        ErrorCode::InvalidConfig,
        service.as_str(),
        format!("No address configured for {}.", service.title()),
    )
    .with_hint("Set it in Settings, Stacks.")
}

/// An endpoint with the credentials that the profile's stack has for it.
///
/// # Errors
/// `invalid-config` for an address that is none, or that is plain HTTP although a credential would be sent there;
/// `untrusted-origin` for an address that the credential was not entered for; `secret-missing`, or the keyring's codes.
pub async fn endpoint(
    spec: &EndpointSpec,
    url: &str,
    service: ServiceKind,
    profile: &Profile,
    secrets: &Secrets,
) -> Result<Endpoint, PanelError> {
    let url = Url::parse(&aether_foundation::web::with_scheme(url)).map_err(|error| {
        PanelError::new(
            ErrorCode::InvalidConfig,
            service.as_str(),
            format!("Invalid address of {}: {error}.", service.title()),
        )
        .with_hint("Expected https://host:port/path.")
    })?;
    let auth = match (&spec.auth, SecretId::for_auth(service, &spec.auth)) {
        (AuthSpec::None, _) | (_, None) => Auth::None,
        (auth, Some(id)) => {
            if is_refused_plain_http(profile, spec, &url) {
                return Err(plain_http(service, id, &url));
            }
            let origin = Origin::of(&url).ok_or_else(|| not_web(service))?;
            let secret = secrets.get(&profile.name, &id, &origin).await?.ok_or_else(|| {
                PanelError::new(
                    ErrorCode::SecretMissing,
                    service.as_str(),
                    format!("Missing credential: {}.", id.title()),
                )
                .with_hint(format!("Set it in Settings, or with: aetherctl secret set {id}"))
            })?;
            match auth {
                AuthSpec::Basic { username } => Auth::Basic { username: username.clone(), password: secret },
                _ => Auth::Bearer(secret),
            }
        }
    };
    let file = |path: &Option<String>| path.as_ref().map(PathBuf::from);
    Ok(Endpoint {
        url,
        auth,
        headers: spec.headers.clone(),
        tls: TlsFiles {
            ca_file: file(&spec.ca_file),
            client_cert_file: file(&spec.client_cert_file),
            client_key_file: file(&spec.client_key_file),
        },
        connect_timeout: CONNECT_TIMEOUT,
        timeout: TIMEOUT,
        max_reply: MAX_REPLY,
        retries: 0,
    })
}
