//! Prometheus: a TSDB snapshot where its data folder can be reached, the rules, the flags.

use aether_foundation::text::plural;
use std::{
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use aether_clients::{Failure, Prometheus};
use aether_contract::{BackupPartKind, PanelError, ServiceKind};

use super::{
    Draft, container,
    snapshot::{Copied, Snapshots},
};
use crate::build::Builder;
use aether_context::jobs::Handle;

/// How long a snapshot may take: the newest hours are written to the disk.
const LIMIT: Duration = Duration::from_secs(600);
/// Most problems of a snapshot that are listed.
const MAX_PROBLEMS: usize = 10;

/// Where the server's data may be.
pub struct Place {
    /// Its folder as the profile names it.
    pub named: Option<PathBuf>,
    /// Whether the server is asked on this machine: only then is the path that it tells one of this machine.
    pub local: bool,
    /// Docker's address and the name of the container, where the profile has them.
    pub container: Option<(String, String)>,
    /// Whether a backup without the data is incomplete.
    pub required: bool,
}

/// Notes that the data could not be reached.
fn without(draft: &mut Draft, required: bool, why: impl Into<String>) {
    let why = why.into();
    if required {
        draft.incomplete(why);
    } else {
        draft.part.without_tsdb = true;
        draft.note(why);
    }
}

/// Saves what can be reached.
///
/// # Errors
/// Only such as end the whole backup.
pub async fn save(
    client: &Arc<Prometheus>,
    place: Place,
    builder: Builder,
    job: &Handle,
) -> Result<(Draft, Builder), PanelError> {
    let mut draft = Draft::new(BackupPartKind::Prometheus, "blocks");
    let mut builder = builder;
    job.stage("rules and flags", 0);
    let service = ServiceKind::Prometheus;
    match client.build_info().await {
        Ok(info) => draft.version = info.value.version.clone(),
        Err(error) => {
            draft.fail("Nothing was saved for this part", &error.to_panel(service));
            return Ok((draft, builder));
        }
    }
    match client.rules_document().await {
        Ok(bytes) => {
            draft.note(count_rules(&bytes));
            builder.add("prometheus/rules.json", &bytes)?;
        }
        Err(error) => draft.fail("Rules", &error.to_panel(service)),
    }
    let flags = match client.flags().await {
        Ok(flags) => {
            let text = serde_json::to_vec_pretty(&flags.value).unwrap_or_default();
            builder.add("prometheus/flags.json", &text)?;
            Some(flags.value)
        }
        Err(error) if matches!(error.failure, Failure::WrongPath) => None,
        Err(error) => {
            draft.fail("Flags", &error.to_panel(service));
            None
        }
    };
    let admin = flags.as_ref().and_then(|flags| flags.get("web.enable-admin-api")).map(String::as_str);
    let own = flags.as_ref().and_then(|flags| flags.get("storage.tsdb.path")).map(PathBuf::from);
    match (admin, reachable(&place, own.as_deref())) {
        (None, _) => without(
            &mut draft,
            place.required,
            "Prometheus data is not in this backup: the server does not expose its flags, so its data \
                directory is unknown.",
        ),
        (Some("true"), Ok(folder)) => {
            builder = Box::pin(from_folder(client, folder, builder, &mut draft, job)).await?
        }
        (Some("true"), Err(why)) => match &place.container {
            Some((host, name)) => {
                match container::find(host, name, own.as_deref().and_then(Path::to_str)).await {
                    Ok(found) if !found.container.running => without(
                        &mut draft,
                        place.required,
                        format!(
                            "Prometheus data is not in this backup: {why}. Container {name} is stopped, so it is \
                        not the server that responded. Set the container name in [[pins]], service \
                        prometheus."
                        ),
                    ),
                    Ok(found) => {
                        builder = Box::pin(through_docker(client, &found, builder, &mut draft, job)).await?
                    }
                    Err(more) => without(
                        &mut draft,
                        place.required,
                        format!(
                            "Prometheus data is not in this backup: {why}. Docker cannot provide it either: {more}."
                        ),
                    ),
                }
            }
            None => without(
                &mut draft,
                place.required,
                format!(
                    "Prometheus data is not in this backup: {why}. Set its path on this machine in the \
                    profile ([backup] prometheus_data), or let Docker provide it ([docker] host)."
                ),
            ),
        },
        (Some(_), _) => without(
            &mut draft,
            place.required,
            "Prometheus data is not in this backup: the admin API is disabled. Start Prometheus with \
                --web.enable-admin-api to include it.",
        ),
    }
    draft.part.bytes = builder.bytes_below("prometheus/");
    Ok((draft, builder))
}

/// Takes a snapshot and copies it out of the server's data folder.
async fn from_folder(
    client: &Prometheus,
    folder: PathBuf,
    builder: Builder,
    draft: &mut Draft,
    job: &Handle,
) -> Result<Builder, PanelError> {
    job.stage("taking a snapshot", 0);
    job.check()?;
    let looked = tokio::task::spawn_blocking(move || Snapshots::before(&folder)).await.map_err(ended)?;
    let before = match looked {
        Ok(before) => before,
        Err(why) => {
            draft.incomplete(format!("No snapshot was taken: {why}."));
            return Ok(builder);
        }
    };
    let name = match client.snapshot(LIMIT).await {
        Ok(name) => name,
        Err(error) => {
            draft.fail("No snapshot was taken", &error.to_panel(ServiceKind::Prometheus));
            return Ok(builder);
        }
    };
    let job = job.clone();
    let copy = move || {
        let mut builder = builder;
        let copied = before.copy(&name, &mut builder, &job);
        (builder, copied)
    };
    let (builder, copied) = tokio::task::spawn_blocking(copy).await.map_err(ended)?;
    report(copied?, draft);
    Ok(builder)
}

fn ended(error: tokio::task::JoinError) -> PanelError {
    PanelError::new(aether_contract::ErrorCode::Internal, "backups", "The copy was interrupted.")
        .with_detail(error.to_string())
}

/// Puts what became of a snapshot into the part.
fn report(copied: Copied, draft: &mut Draft) {
    draft.part.count = copied.blocks;
    let path = copied.path.display();
    if copied.problems.is_empty() {
        if copied.blocks == 0 {
            draft.note("The snapshot has no blocks; the server has no samples yet.");
        }
        if let Some(why) = copied.left {
            // The server never clears its snapshots away, and they keep expired blocks on its disk.
            draft.note(format!(
                "Failed to delete the server's snapshot {path} ({why}). Delete it manually: it keeps old \
                    blocks on the disk."
            ));
        }
        return;
    }
    for problem in copied.problems.iter().take(MAX_PROBLEMS) {
        draft.incomplete(problem.as_str());
    }
    if let Some(more) = copied.problems.len().checked_sub(MAX_PROBLEMS).filter(|more| *more > 0) {
        draft.incomplete(format!("{} of this kind.", plural(more, "more problem")));
    }
    draft.note(format!(
        "Nothing was deleted in {path}. Inspect it and delete what is not needed: snapshots keep old \
            blocks on the disk."
    ));
}

/// Takes a snapshot and copies it out of the container.
async fn through_docker(
    client: &Prometheus,
    place: &container::Place,
    builder: Builder,
    draft: &mut Draft,
    job: &Handle,
) -> Result<Builder, PanelError> {
    job.stage("taking a snapshot", 0);
    job.check()?;
    let before = match place.snapshots().await {
        Ok(before) => before,
        Err(why) => {
            draft.incomplete(format!("No snapshot was taken: {why}."));
            return Ok(builder);
        }
    };
    let name = match client.snapshot(LIMIT).await {
        Ok(name) => name,
        Err(error) => {
            draft.fail("No snapshot was taken", &error.to_panel(ServiceKind::Prometheus));
            return Ok(builder);
        }
    };
    let (builder, copied) = place.copy(&name, &before, builder, job).await;
    let copied = copied?;
    let copied_some = copied.problems.is_empty();
    report(copied, draft);
    if copied_some {
        draft.note(format!("Copied from container {}.", place.container.name));
    }
    Ok(builder)
}

/// How many rules a document of `/api/v1/rules` has, in words.
fn count_rules(document: &[u8]) -> String {
    let document: serde_json::Value = serde_json::from_slice(document).unwrap_or_default();
    let groups = document.pointer("/data/groups").and_then(serde_json::Value::as_array);
    let rules = groups.into_iter().flatten().filter_map(|group| group.get("rules")?.as_array()).flatten();
    let (mut recording, mut alerting) = (0, 0);
    for rule in rules {
        match rule.get("type").and_then(serde_json::Value::as_str) {
            Some("alerting") => alerting += 1,
            _ => recording += 1,
        }
    }
    format!(
        "The running server has {} and {}.",
        plural(recording, "recording rule"),
        plural(alerting, "alert")
    )
}

/// The server's data folder on this machine: the profile's word, else what the server says, if that is a folder of a
/// running Prometheus here.
fn reachable(place: &Place, own: Option<&Path>) -> Result<PathBuf, String> {
    let is_data = |folder: &Path| ["wal", "chunks_head"].iter().all(|name| folder.join(name).is_dir());
    if let Some(folder) = &place.named {
        let found = is_data(folder);
        return found.then(|| folder.clone()).ok_or_else(|| {
            format!("{} in the profile is not the data folder of a running Prometheus", folder.display())
        });
    }
    match own {
        Some(folder) if place.local && folder.is_absolute() && is_data(folder) => Ok(folder.to_path_buf()),
        Some(folder) => {
            Err(format!("its data folder {} is not accessible on this machine", folder.display()))
        }
        None => Err("it does not report its data folder".into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_running_servers_data_folder_is_taken() {
        let folder = tempfile::tempdir().unwrap();
        let at = folder.path().to_path_buf();
        let place = |named: Option<&PathBuf>, local| Place {
            named: named.cloned(),
            local,
            container: None,
            required: false,
        };
        assert!(reachable(&place(Some(&at), true), None).is_err());
        assert!(reachable(&place(None, true), Some(Path::new("data/"))).unwrap_err().contains("data/"));
        for name in ["wal", "chunks_head"] {
            std::fs::create_dir(at.join(name)).unwrap();
        }
        assert_eq!(reachable(&place(Some(&at), false), None).unwrap(), at);
        assert_eq!(reachable(&place(None, true), Some(&at)).unwrap(), at);
        // A server elsewhere may have its data under the same path: its snapshot would stay there for ever.
        assert!(reachable(&place(None, false), Some(&at)).is_err());
        assert!(reachable(&place(None, true), None).is_err());
    }
}
