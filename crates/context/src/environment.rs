//! Names the servers that credentials from `AETHER_*` variables are sent to, once per variable, stack and set
//! of servers: nobody enters those credentials for a server, so nothing else would show where they go.

use std::collections::BTreeSet;

use aether_contract::Timestamp;
use serde_json::json;

use crate::journal::Journal;
use aether_foundation::{
    secrets::{Origin, Secrets},
    stack::Profile,
};

/// The journal's kind for it. The subject is the variable's name.
const KIND: &str = "secret-environment";

/// Binds the environment's credentials to the servers of `profile`. Returns one sentence for each that was not
/// sent to these servers before.
pub fn bind(secrets: &Secrets, profile: &Profile, journal: &Journal, now: Timestamp) -> Vec<String> {
    let mut notes = Vec::new();
    for (variable, origins) in secrets.bind_environment(profile) {
        let detail = json!({"stack": profile.name, "origins": texts(&origins)});
        match journal.find(KIND, &variable) {
            Ok(Some(entry)) if entry.detail == detail => continue,
            Ok(_) => {}
            // Named once too often is better than never.
            Err(error) => tracing::warn!(%error, "failed to read the journal"),
        }
        let servers = texts(&origins).join(", ");
        tracing::info!(variable, stack = profile.name, servers, "using a credential from the environment");
        notes.push(format!("Using {variable} from the environment for {servers} (stack {}).", profile.name));
        let written = journal
            .begin(KIND, &variable, &detail, now)
            .and_then(|entry| journal.complete(entry, "used", &json!(null), now));
        if let Err(error) = written {
            tracing::warn!(%error, "failed to record the use of a credential from the environment");
        }
    }
    notes
}

fn texts(origins: &BTreeSet<Origin>) -> Vec<&str> {
    origins.iter().map(Origin::as_str).collect()
}
