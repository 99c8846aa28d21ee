//! A credential together with the origins it may be sent to, and how both are kept in the keyring.
//!
//! The origins are an entry of their own beside the secret's (`<account>/origins`, one per line), so that a
//! secret may be as long as the keyring allows. An entry without origins, as older versions of the panel left
//! it, is sent nowhere until a person has confirmed the server.

use std::collections::BTreeSet;

use aether_contract::{ErrorCode, PanelError};
use secrecy::{ExposeSecret as _, SecretString};

use super::{Origin, SecretFailure, SecretId, worker::Worker};

/// A credential and where it may be sent.
#[derive(Clone)]
pub(super) struct Bound {
    pub(super) secret: SecretString,
    pub(super) origins: BTreeSet<Origin>,
}

fn beside(account: &str) -> String {
    format!("{account}/origins")
}

/// What the keyring holds under `account`.
pub(super) async fn load(worker: &Worker, account: &str) -> Result<Option<Bound>, SecretFailure> {
    let Some(secret) = worker.get(account).await? else { return Ok(None) };
    let lines = worker.get(&beside(account)).await?;
    let lines = lines.as_ref().map_or("", |lines| lines.expose_secret());
    // A line that cannot be read trusts nothing.
    let origins = lines.lines().filter_map(|line| Origin::parse(line).ok()).collect();
    Ok(Some(Bound { secret, origins }))
}

/// Stores a credential with its origins. The old origins are removed first: a crash in between must not leave
/// a new secret with origins it was not entered for.
pub(super) async fn store(worker: &Worker, account: &str, bound: &Bound) -> Result<(), SecretFailure> {
    worker.delete(&beside(account)).await?;
    worker.set(account, bound.secret.clone()).await?;
    store_origins(worker, account, &bound.origins).await
}

/// Replaces the origins of a stored credential.
pub(super) async fn store_origins(
    worker: &Worker,
    account: &str,
    origins: &BTreeSet<Origin>,
) -> Result<(), SecretFailure> {
    if origins.is_empty() {
        return worker.delete(&beside(account)).await.map(drop);
    }
    let lines = origins.iter().map(Origin::as_str).collect::<Vec<_>>().join("\n");
    worker.set(&beside(account), SecretString::from(lines)).await
}

/// Deletes a credential and its origins; false when there was no credential.
pub(super) async fn delete(worker: &Worker, account: &str) -> Result<bool, SecretFailure> {
    let deleted = worker.delete(account).await?;
    worker.delete(&beside(account)).await?;
    Ok(deleted)
}

/// The error for a credential that was not sent to `origin`.
pub(super) fn untrusted(stack: &str, id: SecretId, origin: &Origin, known: &BTreeSet<Origin>) -> PanelError {
    let title = id.title();
    let entered_for = match known.iter().map(Origin::as_str).collect::<Vec<_>>().join(", ") {
        list if list.is_empty() => "the server it was entered for is not recorded".to_owned(),
        list => format!("it was entered for {list}"),
    };
    let exposed =
        if origin.is_exposed() { " Over plain HTTP, anyone on the network can read it." } else { "" };
    PanelError::new(
        ErrorCode::UntrustedOrigin,
        id.service(),
        format!("The {title} of stack \"{stack}\" was not sent to {origin}: {entered_for}."),
    )
    .with_hint(format!(
        "If this server may receive it, confirm it in Settings, Credentials, or add --trust-origin \
            {origin} to the command. If not, fix the address in the profile.{exposed}"
    ))
}
