//! What the Grafana that is restored to has now, as far as a plan needs it.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use aether_clients::{
    ClientError, Grafana,
    grafana::{DashboardApi, SearchHit, SearchKind},
};
use aether_contract::{DataSourceRef, ErrorCode, PanelError, ServiceKind};
use serde_json::Value;
use tokio::task::JoinSet;

use crate::{
    dashboard::{DashboardMeta, Document, document},
    parts::grafana::{again, all_dashboards, library, search},
};
use aether_context::jobs::Handle;

/// Reads at a time.
const READERS: usize = 8;

/// What is said of a dashboard that the search has and that can't be read. An error can look like that.
pub const LISTED_BUT_MISSING: &str = "Grafana lists it but reports it as not found";

/// A dashboard that Grafana has.
pub struct LiveDashboard {
    /// It: the classic JSON, or the `spec` of a resource.
    pub value: Value,
    /// What Grafana says of it.
    pub meta: DashboardMeta,
    /// The reply as it came.
    pub bytes: Vec<u8>,
}

impl LiveDashboard {
    /// Its version.
    pub fn version(&self) -> u32 {
        self.value
            .get("version")
            .and_then(Value::as_u64)
            .and_then(|v| u32::try_from(v).ok())
            .unwrap_or(self.meta.version)
    }

    /// Changes with every save: its `resourceVersion`, or its version where Grafana has only that.
    pub fn revision(&self) -> String {
        match self.meta.resource.resource_version.as_str() {
            "" => self.version().to_string(),
            revision => revision.to_owned(),
        }
    }
}

/// What Grafana has.
pub struct Target {
    /// Its address.
    pub address: String,
    /// Its version; empty when it hides it.
    pub version: String,
    /// How its dashboards are reached.
    pub api: Arc<DashboardApi>,
    /// Dashboards that were asked for, by uid; none: it has no such one.
    pub dashboards: BTreeMap<String, Option<LiveDashboard>>,
    /// Why others that were asked for could not be read, by uid.
    pub unreadable: BTreeMap<String, String>,
    /// Uids by folder and title.
    pub titles: BTreeMap<(String, String), Vec<String>>,
    /// Titles of folders by uid.
    pub folders: BTreeMap<String, String>,
    /// Uids of the folders above, by uid; empty: the root.
    pub folder_parents: BTreeMap<String, String>,
    /// Data sources; none when they can't be read.
    pub data_sources: Option<Vec<DataSourceRef>>,
    /// Uids of library panels; none when they can't be read.
    pub library: Option<BTreeSet<String>>,
    /// Panel plugins; none when they can't be read.
    pub plugins: Option<BTreeSet<String>>,
}

/// Reads it.
///
/// # Errors
/// Grafana's codes; what only makes the plan poorer (data sources, plugins) is none.
pub async fn read(
    client: &Arc<Grafana>,
    uids: &[String],
    job: Option<&Handle>,
) -> Result<Target, PanelError> {
    let told = |error: ClientError| error.to_panel(ServiceKind::Grafana);
    let health = again(|| client.health()).await.map_err(told)?;
    let api = again(|| client.dashboard_api()).await.map_err(told)?;
    let mut read = dashboards(client, uids, job).await?;
    let hits = search(client, SearchKind::Dashboards).await.map_err(told)?;
    for hit in &hits {
        if matches!(read.found.get(&hit.uid), Some(None)) {
            read.found.remove(&hit.uid);
            read.unreadable.insert(hit.uid.clone(), LISTED_BUT_MISSING.to_owned());
        }
    }
    let folders = search(client, SearchKind::Folders).await.map_err(told)?;
    let mut titles: BTreeMap<(String, String), Vec<String>> = BTreeMap::new();
    for hit in hits {
        titles.entry((hit.folder_uid, hit.title)).or_default().push(hit.uid);
    }
    let data_sources = again(|| client.data_sources()).await.ok().map(|all| {
        let text =
            |value: &Value, key: &str| value.get(key).and_then(Value::as_str).unwrap_or_default().to_owned();
        all.iter()
            .map(|source| DataSourceRef {
                uid: text(source, "uid"),
                name: text(source, "name"),
                kind: text(source, "type"),
            })
            .collect()
    });
    let library = library(client).await.ok().map(|all| {
        let uid = |panel: &Value| panel.get("uid").and_then(Value::as_str).map(str::to_owned);
        all.panels.iter().filter_map(uid).collect()
    });
    let plugins = again(|| client.panel_plugins()).await.ok().map(|all| all.into_iter().collect());
    Ok(Target {
        address: client.address(),
        version: health.value.version.unwrap_or_default(),
        api,
        dashboards: read.found,
        unreadable: read.unreadable,
        titles,
        folder_parents: folders.iter().map(|hit| (hit.uid.clone(), hit.folder_uid.clone())).collect(),
        folders: folders.into_iter().map(|hit| (hit.uid, hit.title)).collect(),
        data_sources,
        library,
        plugins,
    })
}

/// Dashboards that were asked for.
#[derive(Default)]
pub struct LiveDashboards {
    /// By uid; none: Grafana has no such one.
    pub found: BTreeMap<String, Option<LiveDashboard>>,
    /// Why one that Grafana has could not be read as it is stored, by uid.
    pub unreadable: BTreeMap<String, String>,
}

/// Reads dashboards, several at a time.
///
/// # Errors
/// Grafana's codes, unless they are about one dashboard alone: a plan must not rest on what was not read.
pub async fn dashboards(
    client: &Arc<Grafana>,
    uids: &[String],
    job: Option<&Handle>,
) -> Result<LiveDashboards, PanelError> {
    let mut read = LiveDashboards::default();
    let mut running = JoinSet::new();
    let mut waiting = uids.iter();
    loop {
        if let Some(job) = job {
            job.check()?;
        }
        while running.len() < READERS {
            let Some(uid) = waiting.next() else { break };
            let (client, uid) = (Arc::clone(client), uid.clone());
            running.spawn(async move {
                let read = one(&client, &uid).await;
                (uid, read)
            });
        }
        let Some(done) = running.join_next().await else { break };
        let (uid, result) = done.map_err(|error| {
            PanelError::new(ErrorCode::Internal, "backups", "A request was interrupted.")
                .with_detail(error.to_string())
        })?;
        match result {
            Ok(live) => {
                read.found.insert(uid, live);
            }
            Err(error) if is_about_one(error.code) => {
                read.unreadable.insert(uid, error.message);
            }
            Err(error) => return Err(error),
        }
        if let Some(job) = job {
            job.step();
        }
    }
    Ok(read)
}

/// Whether an error concerns one dashboard and not the server: others can still be read.
fn is_about_one(code: ErrorCode) -> bool {
    matches!(code, ErrorCode::BrokenReply | ErrorCode::Forbidden | ErrorCode::Rejected | ErrorCode::WrongPath)
}

/// Every dashboard that the credentials may read, or why one can't be read.
///
/// # Errors
/// Grafana's codes.
pub async fn all(
    client: &Arc<Grafana>,
) -> Result<Vec<(SearchHit, Result<LiveDashboard, String>)>, PanelError> {
    let told = |error: ClientError| error.to_panel(ServiceKind::Grafana);
    let hits = all_dashboards(client).await.map_err(told)?;
    let uids: Vec<String> = hits.iter().map(|hit| hit.uid.clone()).collect();
    let mut read = dashboards(client, &uids, None).await?;
    let missing = hits.iter().any(|hit| matches!(read.found.get(&hit.uid), Some(None)));
    let listed: BTreeSet<String> = if missing {
        let again = all_dashboards(client).await.map_err(told)?;
        again.into_iter().map(|hit| hit.uid).collect()
    } else {
        BTreeSet::new()
    };
    let mut all = Vec::new();
    for hit in hits {
        let live = match read.found.remove(&hit.uid).flatten() {
            Some(live) => Ok(live),
            None => match read.unreadable.remove(&hit.uid) {
                Some(why) => Err(why),
                None if listed.contains(&hit.uid) => Err(LISTED_BUT_MISSING.to_owned()),
                // It was deleted between the two questions.
                None => continue,
            },
        };
        all.push((hit, live));
    }
    Ok(all)
}

/// One dashboard; none when Grafana has no such one.
///
/// # Errors
/// Grafana's codes.
pub async fn one(client: &Grafana, uid: &str) -> Result<Option<LiveDashboard>, PanelError> {
    let read =
        again(|| client.dashboard(uid, None)).await.map_err(|error| error.to_panel(ServiceKind::Grafana))?;
    let Some(bytes) = read else { return Ok(None) };
    let broken = |why: String| {
        PanelError::new(
            ErrorCode::BrokenReply,
            "grafana",
            format!("Failed to parse Grafana's reply for dashboard {uid}: {why}."),
        )
    };
    let Document { spec, meta } = document(&bytes).map_err(broken)?;
    let value = serde_json::from_str(spec.get()).map_err(|error| broken(error.to_string()))?;
    Ok(Some(LiveDashboard { value, meta, bytes }))
}
