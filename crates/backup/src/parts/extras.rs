//! What belongs to Grafana's dashboards beside them, each a part of its own: permissions, annotations, playlists, and
//! how dashboards are shown without a login.

use aether_foundation::text::plural;
use std::sync::Arc;

use aether_clients::{
    ClientError, Failure, Grafana,
    grafana::{SearchHit, SearchKind},
    sensitive::MASK,
};
use aether_contract::{BackupPartKind, PanelError, ServiceKind};
use futures_util::stream::{self, StreamExt as _};
use serde_json::{Value, json};

use super::{
    Draft,
    grafana::{again, all_dashboards, search},
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

async fn permissions(
    client: &Arc<Grafana>,
    draft: &mut Draft,
    job: &Handle,
) -> Result<Result<Vec<Value>, ClientError>, PanelError> {
    job.stage("permissions", 0);
    let found = match search(client, SearchKind::Folders).await {
        Ok(folders) => all_dashboards(client).await.map(|dashboards| (folders, dashboards)),
        Err(error) => Err(error),
    };
    let (folders, dashboards) = match found {
        Ok(found) => found,
        Err(error) => return Ok(Err(error)),
    };
    let place = |place: Place| move |hit: SearchHit| (place, hit.uid, hit.title);
    let wanted: Vec<(Place, String, String)> = folders
        .into_iter()
        .map(place(Place::Folder))
        .chain(dashboards.into_iter().map(place(Place::Dashboard)))
        .collect();
    job.stage("permissions", wanted.len());
    let count = wanted.len();
    let reads = wanted.into_iter().map(|(place, uid, title)| async move {
        let read = again(|| client.permissions(place.into(), &uid)).await;
        (place, uid, title, read)
    });
    let mut reads = stream::iter(reads.collect::<Vec<_>>()).buffer_unordered(READERS);
    let mut sets: Vec<PermissionSet> = Vec::new();
    let (mut refused, mut first) = (0_usize, None);
    let mut nobody = 0_usize;
    while let Some((place, uid, title, read)) = reads.next().await {
        job.check()?;
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
            "Left out: {} whose team or user no longer exists, or whose level is unknown.",
            plural(nobody, "permission")
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
            "Of dashboards that no longer exist: {}, kept, but not restorable.",
            plural(orphans, "annotation")
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
        draft.note(
            "Access tokens are not in the backup: a public dashboard that is recreated gets a new link.",
        );
    }
    Ok(all)
}
