//! What belongs to Grafana's dashboards beside them, each a part of its own: permissions, annotations, playlists, and
//! how dashboards are shown without a login.

use std::{collections::BTreeMap, sync::Arc};

use aether_clients::{
    ClientError, Failure, Grafana,
    grafana::{Permission, SearchKind},
    sensitive::MASK,
};
use aether_contract::{BackupPartKind, ErrorCode, PanelError, ServiceKind};
use serde_json::{Value, json};
use tokio::task::JoinSet;

use super::{
    Draft,
    grafana::{again, search},
};
use crate::{
    build::Builder,
    layout::{ANNOTATIONS, PERMISSIONS, PLAYLISTS, PUBLIC_DASHBOARDS},
    permissions::{PermissionSet, Place},
};
use aether_context::jobs::Handle;

/// The parts, and what they count.
pub const PARTS: [(BackupPartKind, &str); 4] = [
    (BackupPartKind::Permissions, "permission sets"),
    (BackupPartKind::Annotations, "annotations"),
    (BackupPartKind::Playlists, "playlists"),
    (BackupPartKind::PublicDashboards, "public dashboards"),
];

/// A folder or dashboard with its title, and what came of reading its permissions.
type PermissionsRead = (Place, String, String, Result<Option<Vec<Permission>>, ClientError>);

/// Requests for permissions at a time.
const READERS: usize = 8;

/// Saves one of [`PARTS`]. What the credentials may not read makes it incomplete.
///
/// # Errors
/// Only such as end the whole backup.
pub async fn save(
    kind: BackupPartKind,
    what: &str,
    client: &Arc<Grafana>,
    builder: &mut Builder,
    job: &Handle,
) -> Result<Draft, PanelError> {
    let mut draft = Draft::new(kind, what);
    job.check()?;
    let (path, read) = match kind {
        BackupPartKind::Permissions => (PERMISSIONS, permissions(client, &mut draft, job).await?),
        BackupPartKind::Annotations => (ANNOTATIONS, annotations(client, &mut draft, job).await),
        BackupPartKind::Playlists => (PLAYLISTS, playlists(client, &mut draft, job).await),
        _ => (PUBLIC_DASHBOARDS, public_dashboards(client, &mut draft, job).await),
    };
    match read {
        Ok(all) => {
            draft.part.count = u32::try_from(all.len()).unwrap_or(u32::MAX);
            builder.add(path, format!("{:#}\n", Value::Array(all)).as_bytes())?;
        }
        Err(error) => fail(&mut draft, what, &error),
    }
    draft.part.bytes = builder.bytes_below(path);
    Ok(draft)
}

/// Permissions that reading a part takes.
fn needed(kind: BackupPartKind) -> &'static str {
    match kind {
        BackupPartKind::Permissions => "folders.permissions:read and dashboards.permissions:read",
        BackupPartKind::Annotations => "annotations:read",
        _ => "dashboards:read",
    }
}

fn fail(draft: &mut Draft, what: &str, error: &ClientError) {
    draft.fail(&format!("Reading the {what}"), &error.to_panel(ServiceKind::Grafana));
    if matches!(error.failure, Failure::Forbidden) {
        draft.note(format!("The token needs the permission {}.", needed(draft.part.kind)));
    }
}

/// Titles of all dashboards by uid.
async fn titles(client: &Grafana, kind: SearchKind) -> Result<BTreeMap<String, String>, ClientError> {
    Ok(search(client, kind).await?.into_iter().map(|hit| (hit.uid, hit.title)).collect())
}

async fn permissions(
    client: &Arc<Grafana>,
    draft: &mut Draft,
    job: &Handle,
) -> Result<Result<Vec<Value>, ClientError>, PanelError> {
    job.stage("permissions", 0);
    let mut wanted = Vec::new();
    for (place, kind) in [(Place::Folder, SearchKind::Folders), (Place::Dashboard, SearchKind::Dashboards)] {
        match titles(client, kind).await {
            Ok(all) => wanted.extend(all.into_iter().map(|(uid, title)| (place, uid, title))),
            Err(error) => return Ok(Err(error)),
        }
    }
    job.stage("permissions", wanted.len());
    let count = wanted.len();
    let mut waiting = wanted.into_iter();
    let mut running: JoinSet<PermissionsRead> = JoinSet::new();
    let mut sets: Vec<PermissionSet> = Vec::new();
    let (mut refused, mut first) = (0_usize, None);
    let mut nobody = 0_usize;
    loop {
        job.check()?;
        while running.len() < READERS {
            let Some((place, uid, title)) = waiting.next() else { break };
            let client = Arc::clone(client);
            running.spawn(async move {
                let read = again(|| client.permissions(place.into(), &uid)).await;
                (place, uid, title, read)
            });
        }
        let Some(done) = running.join_next().await else { break };
        let (place, uid, title, read) = done.map_err(|error| {
            PanelError::new(ErrorCode::Internal, "backups", "A request was interrupted.")
                .with_detail(error.to_string())
        })?;
        match read {
            Ok(Some(live)) => {
                let (set, unknown) = PermissionSet::read(place, &uid, &title, &live);
                nobody += unknown;
                sets.push(set);
            }
            // It was deleted meanwhile; a dashboard that is missing otherwise is told by its own part.
            Ok(None) => {}
            Err(error) => {
                refused += 1;
                first.get_or_insert(error);
            }
        }
        job.step();
    }
    if let Some(error) = first {
        fail(draft, &format!("permissions of {refused} of {count} folders and dashboards"), &error);
    }
    if nobody > 0 {
        draft.note(format!(
            "Left out: {nobody} permissions whose team or user no longer exists, or whose level is unknown."
        ));
    }
    sets.sort_by(|a, b| (a.kind, &a.uid).cmp(&(b.kind, &b.uid)));
    Ok(Ok(sets.iter().map(|set| json!(set)).collect()))
}

async fn annotations(client: &Grafana, draft: &mut Draft, job: &Handle) -> Result<Vec<Value>, ClientError> {
    job.stage("annotations", 0);
    let mut all = again(|| client.annotations(None)).await?;
    let text =
        |one: &Value, field: &str| one.get(field).and_then(Value::as_str).unwrap_or_default().to_owned();
    let number = |one: &Value, field: &str| one.get(field).and_then(Value::as_i64).unwrap_or_default();
    all.sort_by_key(|one| (text(one, "dashboardUID"), number(one, "time"), number(one, "id")));
    let orphans =
        all.iter().filter(|one| text(one, "dashboardUID").is_empty() && number(one, "dashboardId") > 0);
    let orphans = orphans.count();
    if orphans > 0 {
        draft.note(format!(
            "{orphans} annotations belong to dashboards that no longer exist; they are kept, but cannot be restored."
        ));
    }
    Ok(all)
}

async fn playlists(client: &Grafana, draft: &mut Draft, job: &Handle) -> Result<Vec<Value>, ClientError> {
    let listed = again(|| client.playlists()).await?;
    job.stage("playlists", listed.len());
    let mut all = Vec::new();
    for row in listed {
        let text = |field: &str| row.get(field).and_then(Value::as_str).unwrap_or_default();
        match again(|| client.playlist(text("uid"))).await {
            Ok(Some(playlist)) => all.push(playlist),
            Ok(None) => draft.incomplete(format!(
                "Playlist {:?}: Grafana lists it but reports it as not found, so it was not saved.",
                text("name")
            )),
            Err(error) => {
                draft.fail(&format!("Playlist {:?}", text("name")), &error.to_panel(ServiceKind::Grafana));
            }
        }
        job.step();
    }
    Ok(all)
}

async fn public_dashboards(
    client: &Grafana,
    draft: &mut Draft,
    job: &Handle,
) -> Result<Vec<Value>, ClientError> {
    let Some(listed) = again(|| client.public_dashboards()).await? else {
        draft.note("Public dashboards are turned off in this Grafana.");
        return Ok(Vec::new());
    };
    job.stage("public dashboards", listed.len());
    let mut all = Vec::new();
    for row in listed {
        match again(|| client.public_dashboard(&row.dashboard_uid)).await {
            Ok(Some(mut found)) => {
                if let Some(fields) = found.as_object_mut() {
                    fields.insert("title".into(), json!(row.title));
                    // Whoever has it sees the dashboard.
                    fields.insert("accessToken".into(), json!(MASK));
                }
                all.push(found);
            }
            Ok(None) => draft.incomplete(format!(
                "Public dashboard {:?}: Grafana lists it but reports it as not found, so it was not saved.",
                row.title
            )),
            Err(error) => {
                draft.fail(
                    &format!("Public dashboard {:?}", row.title),
                    &error.to_panel(ServiceKind::Grafana),
                );
            }
        }
        job.step();
    }
    if !all.is_empty() {
        draft.note("Their access tokens are not in the backup: one that is created anew gets a new link.");
    }
    Ok(all)
}
