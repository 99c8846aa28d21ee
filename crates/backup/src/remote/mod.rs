//! Copies of backups in object storage (S3-compatible, Google, Azure) or on another disk.
//!
//! A copy is the same files under the same names. The manifest is sent last, so that what has none is a copy
//! that was never finished: it is listed as such, and gone on with. Nothing is believed of what is read back.

mod fetch;
#[cfg(test)]
mod leak_tests;
mod push;
mod read;

use std::{path::PathBuf, sync::Arc, time::Duration};

use aether_clients::Redactor;
use aether_contract::{ErrorCode, PanelError};
use object_store::{
    BackoffConfig, ClientOptions, Error, ObjectStore, RetryConfig, aws::AmazonS3Builder,
    azure::MicrosoftAzureBuilder, gcp::GoogleCloudStorageBuilder, local::LocalFileSystem, path::Path,
};
use secrecy::{ExposeSecret as _, SecretString};

pub use fetch::fetch;
pub use push::{delete, push, push_new};
pub use read::{list, one_place, verify};

use crate::Backups;
use aether_context::session::StackSession;
use aether_foundation::{
    paths,
    secrets::{self, SecretId},
    stack::Elsewhere,
};

/// Requests at a time.
const AT_ONCE: usize = 8;
/// Longest silence of a storage.
const SILENCE: Duration = Duration::from_secs(60);

/// A place, ready to be talked to.
pub struct Place {
    /// As the profile names it.
    pub name: String,
    store: Arc<dyn ObjectStore>,
    prefix: Path,
    /// The folder of a `file:` place. The library that writes there creates files for everybody.
    folder: Option<PathBuf>,
    /// A storage may send the credential back in an error.
    redactor: Redactor,
}

/// A storage that can't be set up. The reason is not kept: it may quote the credential.
struct Unusable;

impl From<Error> for Unusable {
    fn from(_: Error) -> Self {
        Self
    }
}

/// The service whose credential a place takes; none for a folder.
fn kind(place: &str) -> Option<&'static str> {
    match place.split_once(':')?.0 {
        "s3" => Some("s3"),
        "gs" => Some("gcs"),
        "az" => Some("azure"),
        _ => None,
    }
}

fn s3(spec: &Elsewhere, bucket: String, secret: &SecretString) -> Result<Arc<dyn ObjectStore>, Unusable> {
    header_safe(secret)?;
    let endpoint = spec.s3_endpoint.clone();
    let mut builder = AmazonS3Builder::new()
        .with_bucket_name(bucket)
        .with_region(spec.s3_region.clone().unwrap_or_else(|| "us-east-1".to_owned()))
        .with_access_key_id(spec.s3_access_key_id.clone().unwrap_or_default())
        .with_secret_access_key(secret.expose_secret())
        .with_client_options(client(endpoint.as_deref()))
        // Deleting many at once is Amazon's own; others know only one at a time.
        .with_disable_bulk_delete(true)
        .with_retry(retry());
    if let Some(endpoint) = endpoint {
        builder = builder.with_allow_http(endpoint.starts_with("http://")).with_endpoint(endpoint);
    }
    Ok(Arc::new(builder.build()?))
}

fn google(bucket: String, secret: &SecretString) -> Result<Arc<dyn ObjectStore>, Unusable> {
    let builder = GoogleCloudStorageBuilder::new()
        .with_bucket_name(bucket)
        .with_service_account_key(secret.expose_secret())
        .with_client_options(client(None))
        .with_retry(retry());
    Ok(Arc::new(builder.build()?))
}

fn azure(spec: &Elsewhere, bucket: String, secret: &SecretString) -> Result<Arc<dyn ObjectStore>, Unusable> {
    header_safe(secret)?;
    let builder = MicrosoftAzureBuilder::new()
        .with_account(spec.azure_account.clone().unwrap_or_default())
        .with_container_name(bucket)
        .with_access_key(secret.expose_secret())
        .with_client_options(client(None))
        .with_retry(retry());
    Ok(Arc::new(builder.build()?))
}

/// Keys are of printable characters; a line break that was copied with one would only fail later.
fn header_safe(secret: &SecretString) -> Result<(), Unusable> {
    let text = secret.expose_secret();
    let fine = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_graphic());
    if fine { Ok(()) } else { Err(Unusable) }
}

impl Place {
    /// The place of that name in the profile; an empty name: the first.
    ///
    /// # Errors
    /// `not-found`, `invalid-config`, `secret-missing`, the keyring's.
    pub async fn open(backups: &Backups, live: &StackSession, name: &str) -> Result<Self, PanelError> {
        let places = &live.profile.elsewhere.places;
        let found = places.iter().find(|place| name.is_empty() || place.as_str() == name);
        let name = found.ok_or_else(|| {
            let words = if places.is_empty() {
                "No remote target is configured in the profile.".to_owned()
            } else {
                format!("Remote target {name:?} is not in the profile. Configured: {}.", places.join(", "))
            };
            PanelError::new(ErrorCode::NotFound, "backups", words)
                .with_hint("Set [backup] elsewhere = [\"s3://bucket/prefix\"] in the profile.")
        })?;
        let secret = match kind(name) {
            Some(service) => Some(secret(backups, live, name, service).await?),
            None => None,
        };
        Self::build(name, &live.profile.elsewhere, secret)
    }

    /// The place with its credential, if it takes one.
    ///
    /// # Errors
    /// `invalid-config`; `storage` for a folder that is not there. A credential that can't be parsed is never quoted.
    pub fn build(name: &str, spec: &Elsewhere, secret: Option<SecretString>) -> Result<Self, PanelError> {
        let wrong = |why: &str| {
            PanelError::new(ErrorCode::InvalidConfig, "backups", format!("Cannot use {name}: {why}."))
        };
        let url = url::Url::parse(name).map_err(|error| wrong(&error.to_string()))?;
        let bucket = url.host_str().unwrap_or_default().to_owned();
        let prefix = Path::from_url_path(url.path()).map_err(|_| wrong("its path is not valid"))?;
        if url.scheme() == "file" {
            let folder = url.to_file_path().map_err(|()| wrong("it is not a local path"))?;
            let store = LocalFileSystem::new_with_prefix(&folder).map_err(|error| {
                let words = format!("Folder {} not found.", folder.display());
                PanelError::new(ErrorCode::Storage, "backups", words)
                    .with_hint(
                        "Check that the disk is mounted. The panel does not create this folder, so \
                        that copies never land on the wrong disk.",
                    )
                    .with_detail(error.to_string())
            })?;
            let redactor = Redactor::for_secret(&SecretString::default());
            return Ok(Self {
                name: name.to_owned(),
                store: Arc::new(store),
                prefix: Path::default(),
                folder: Some(folder),
                redactor,
            });
        }
        let (Some(service), Some(secret)) = (kind(name), secret) else {
            return Err(wrong(&format!("{}: expected s3:, gs:, az: or file:", url.scheme())));
        };
        let redactor = Redactor::for_secret(&secret);
        let store = match service {
            "s3" => s3(spec, bucket, &secret),
            "gcs" => google(bucket, &secret),
            _ => azure(spec, bucket, &secret),
        };
        // What the library says of a credential may quote it, in parts or in another encoding.
        let store = store.map_err(|Unusable| {
            let id = format!("{service}/password");
            let expected = match service {
                "s3" => "the secret access key as shown by the provider",
                "gcs" => "the service account key file, as JSON on one line",
                _ => "one of the two storage account keys, in Base64",
            };
            PanelError::new(
                ErrorCode::InvalidConfig,
                "backups",
                format!("The credential for {name} is not valid."),
            )
            .with_hint(format!(
                "Enter it again: aetherctl secret set {id}. Expected: {expected}. If it is correct, check \
                    [backup] in the profile."
            ))
        })?;
        Ok(Self { name: name.to_owned(), store, prefix, folder: None, redactor })
    }

    /// Where a file of a copy lies. Names stay as they are: they are those of the backup, whoever looks for them.
    fn at(&self, id: &str, file: &str) -> Result<Path, PanelError> {
        let parts = [self.prefix.as_ref(), id, file];
        let joined: Vec<&str> = parts.into_iter().filter(|part| !part.is_empty()).collect();
        Path::parse(joined.join("/")).map_err(|error| {
            let words = format!("{} does not accept a file named {file:?}.", self.name);
            PanelError::new(ErrorCode::InvalidRequest, "backups", words)
                .with_detail(self.redactor.shown(&chain(&error), 600))
        })
    }

    /// Creates the folders of a file of a copy, for this account only, before the file is written: so it is never
    /// readable for others, not even while it is written. Nothing to do but for a `file:` place.
    async fn prepare(&self, id: &str, file: &str) -> Result<(), PanelError> {
        self.on_disk(id, file, |folder, segments| {
            let mut at = folder.to_path_buf();
            for segment in segments.get(..segments.len().saturating_sub(1)).unwrap_or_default() {
                at.push(segment);
                paths::create_private_dir(&at)
                    .and_then(|()| paths::make_private(&at))
                    .map_err(|error| (at.clone(), error))?;
            }
            Ok(())
        })
        .await
    }

    /// Makes a file of a copy readable for this account only, after it was written. Nothing to do but for a `file:`
    /// place.
    async fn protect(&self, id: &str, file: &str) -> Result<(), PanelError> {
        self.on_disk(id, file, |folder, segments| {
            let at = segments.iter().fold(folder.to_path_buf(), |at, segment| at.join(segment));
            paths::make_private(&at).map_err(|error| (at, error))
        })
        .await
    }

    async fn on_disk(
        &self,
        id: &str,
        file: &str,
        work: impl FnOnce(&std::path::Path, &[String]) -> Result<(), (PathBuf, std::io::Error)> + Send + 'static,
    ) -> Result<(), PanelError> {
        let Some(folder) = self.folder.clone() else { return Ok(()) };
        let segments: Vec<String> = [id].into_iter().chain(file.split('/')).map(str::to_owned).collect();
        aether_foundation::task::blocking(move || {
            work(&folder, &segments).map_err(|(at, error)| paths::storage("set the mode of", &at, &error))
        })
        .await
    }

    /// What a storage refused, in words.
    fn error(&self, error: &Error) -> PanelError {
        let (code, what) = match error {
            Error::NotFound { .. } => (ErrorCode::NotFound, "does not contain the object"),
            Error::Unauthenticated { .. } => (ErrorCode::Unauthorized, "rejected the credentials"),
            Error::PermissionDenied { .. } => (ErrorCode::Forbidden, "denied access"),
            // Of a list the library tells the answer's status in words only.
            other if chain(other).contains("403 Forbidden") => (ErrorCode::Forbidden, "denied access"),
            other if chain(other).contains("401 Unauthorized") => {
                (ErrorCode::Unauthorized, "rejected the credentials")
            }
            _ => (ErrorCode::ServerError, "failed"),
        };
        PanelError::new(code, "backups", format!("{} {what}.", self.name))
            .with_detail(self.redactor.shown(&chain(error), 600))
    }

    /// Waits for a storage no longer than it may be silent.
    async fn heard<T>(&self, work: impl Future<Output = Result<T, Error>>) -> Result<T, PanelError> {
        match tokio::time::timeout(SILENCE, work).await {
            Ok(done) => done.map_err(|error| self.error(&error)),
            Err(_) => Err(PanelError::new(
                ErrorCode::Timeout,
                "backups",
                format!("{} did not respond within {} s.", self.name, SILENCE.as_secs()),
            )),
        }
    }
}

/// The key of a kind of storage.
async fn secret(
    backups: &Backups,
    live: &StackSession,
    place: &str,
    service: &str,
) -> Result<SecretString, PanelError> {
    let id = SecretId::parse(&format!("{service}/password"))?;
    let wrong = || PanelError::new(ErrorCode::InvalidConfig, "backups", format!("{place} has no address."));
    let origin = secrets::storage(&live.profile, id).ok_or_else(wrong)?;
    if origin.is_exposed() && !live.profile.allow_plain_http {
        let words = format!(
            "{place} was not used: {origin} uses plain HTTP, which exposes the copies to the \
                network."
        );
        return Err(PanelError::new(ErrorCode::InvalidConfig, "backups", words).with_hint(
            "Use an https:// endpoint. If you trust the network, set allow_plain_http = true at the top \
                of the profile.",
        ));
    }
    backups.ctx.secrets.get(&live.profile.name, &id, &origin).await?.ok_or_else(|| {
        let words = format!("Missing credential for {place}: {}.", id.title());
        PanelError::new(ErrorCode::SecretMissing, "backups", words)
            .with_hint(format!("Store it with: aetherctl secret set {id}, or set {}.", id.env()))
    })
}

fn client(endpoint: Option<&str>) -> ClientOptions {
    // A large file takes as long as it takes; that nothing comes for a while is looked after here.
    let options = ClientOptions::new().with_timeout_disabled().with_connect_timeout(Duration::from_secs(10));
    options.with_allow_http(endpoint.is_some_and(|endpoint| endpoint.starts_with("http://")))
}

fn retry() -> RetryConfig {
    RetryConfig { backoff: BackoffConfig::default(), max_retries: 3, retry_timeout: Duration::from_secs(30) }
}

/// An error with its reasons, as the libraries word them.
fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(next) = source {
        let more = next.to_string();
        if !text.contains(&more) {
            text = format!("{text}: {more}");
        }
        source = next.source();
    }
    text
}
