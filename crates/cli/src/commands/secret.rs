//! `secret`: stores a credential from a prompt or a pipe in the keyring. It is never an argument (other users
//! can read those in the process list) and never printed.

use std::io::{IsTerminal, Read, Write};

use aether_contract::{
    Empty, ErrorCode, PanelError, SecretDeleteRequest, SecretInput, SecretOrigin, SecretSetRequest,
    SecretStore, SecretsStatus,
};
use aether_panel::Panel;

use crate::{
    args::Secret,
    human::plain,
    outcome::Outcome,
    table::{Cell, Style, cell, painted, table},
};

/// Longer than any platform's keyring accepts.
const MAX_BYTES: u64 = 64 * 1024;

/// Runs a subcommand of `secret`.
pub async fn run(panel: &Panel, verb: &Secret) -> Result<Outcome, PanelError> {
    match verb {
        Secret::Set { id, stdin } => {
            let secret = if *stdin || !std::io::stdin().is_terminal() {
                piped()?
            } else {
                // Nobody should type a secret that can't be kept.
                let status = panel.secret_status(Empty {}).await?;
                if status.store == SecretStore::Memory {
                    return Err(no_keyring(&status));
                }
                prompted(id)?
            };
            let status = panel.secret_set(SecretSetRequest { id: id.clone(), secret }).await?;
            // Memory ends with this process: stored there is not stored.
            if status.store == SecretStore::Memory {
                return Err(no_keyring(&status));
            }
            let entry = status.entries.iter().find(|entry| entry.id == *id);
            let servers = entry.map(|entry| entry.origins.join(", ")).filter(|servers| !servers.is_empty());
            let servers = servers.map_or_else(
                || "The profile does not use it yet".to_owned(),
                |servers| format!("It is sent only to {servers}"),
            );
            Outcome::new(&status, format!("Stored {} in the keyring. {}.\n", plain(id), plain(&servers)))
        }
        Secret::Delete { id } => {
            let status = panel.secret_delete(SecretDeleteRequest { id: id.clone() }).await?;
            Outcome::new(&status, format!("Deleted {} from the keyring.\n", plain(id)))
        }
        Secret::Status => {
            let status = panel.secret_status(Empty {}).await?;
            let mut outcome = Outcome::new(&status, text(&status))?;
            for entry in status.entries.iter().filter(|entry| !entry.configured) {
                outcome.find(format!("{} ({}) is missing", plain(&entry.id), plain(&entry.title)));
            }
            for entry in &status.entries {
                for origin in &entry.untrusted {
                    outcome.find(format!(
                        "{} is not sent to {} because it was entered for another server. If this is \
                            intended, confirm with --trust-origin {}",
                        plain(&entry.id),
                        plain(origin),
                        plain(origin)
                    ));
                }
            }
            Ok(outcome)
        }
    }
}

fn no_keyring(status: &SecretsStatus) -> PanelError {
    PanelError::new(
        ErrorCode::KeyringUnavailable,
        "keyring",
        "The keyring is unavailable; nothing was stored.",
    )
    .with_hint(
        "Set the environment variable listed by `aetherctl secret status`, or start a keyring service.",
    )
    .with_detail(status.store_note.clone())
}

/// Reads standard input to its end, without the trailing newline.
fn piped() -> Result<SecretInput, PanelError> {
    let mut text = String::new();
    std::io::stdin().lock().take(MAX_BYTES + 1).read_to_string(&mut text).map_err(|error| {
        PanelError::new(ErrorCode::InvalidRequest, "stdin", "Failed to read the secret from standard input.")
            .with_detail(error.to_string())
    })?;
    if text.len() as u64 > MAX_BYTES {
        return Err(PanelError::new(ErrorCode::SecretTooLong, "stdin", "The secret is longer than 64 KiB."));
    }
    let trimmed = text.strip_suffix('\n').map(|rest| rest.strip_suffix('\r').unwrap_or(rest).len());
    if let Some(length) = trimmed {
        text.truncate(length);
    }
    given(text)
}

fn prompted(id: &str) -> Result<SecretInput, PanelError> {
    // The prompt goes to the terminal even when standard output is piped away.
    let mut err = std::io::stderr();
    let _ = write!(err, "Secret for {}: ", plain(id));
    let _ = err.flush();
    let text = rpassword::read_password().map_err(|error| {
        PanelError::new(ErrorCode::InvalidRequest, "terminal", "Failed to read the secret from the terminal.")
            .with_detail(error.to_string())
    })?;
    given(text)
}

fn given(text: String) -> Result<SecretInput, PanelError> {
    let secret = SecretInput::new(text);
    if secret.expose().is_empty() {
        return Err(PanelError::new(
            ErrorCode::InvalidRequest,
            "stdin",
            "The secret is empty; nothing was stored.",
        ));
    }
    Ok(secret)
}

pub(super) fn text(status: &SecretsStatus) -> String {
    let mut out = match status.store {
        SecretStore::Keyring => "New credentials are stored in the keyring.\n".to_owned(),
        SecretStore::Memory => {
            "The keyring is unavailable; credentials can only come from environment variables.\n".to_owned()
        }
    };
    if status.entries.is_empty() {
        out.push_str("The profile requires no credentials.\n");
        return out;
    }
    let rows: Vec<Vec<Cell>> = status
        .entries
        .iter()
        .map(|entry| {
            let (word, look) = match (entry.configured, entry.untrusted.is_empty()) {
                (false, _) => ("missing", Style::Warn),
                (true, false) => ("not confirmed", Style::Warn),
                (true, true) => ("configured", Style::Good),
            };
            let origin = match entry.origin {
                Some(SecretOrigin::Keyring) => "keyring",
                Some(SecretOrigin::Memory) => "memory",
                Some(SecretOrigin::Environment) => "environment",
                None => "",
            };
            let servers = if entry.origins.is_empty() { "none".to_owned() } else { entry.origins.join(", ") };
            vec![cell(&entry.id), painted(word, look), cell(origin), cell(servers), cell(&entry.env)]
        })
        .collect();
    out.push('\n');
    out.push_str(&table(&["CREDENTIAL", "STATE", "SOURCE", "SENT ONLY TO", "OVERRIDDEN BY"], &rows));
    out
}
