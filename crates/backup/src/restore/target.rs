//! What the Grafana that is restored to has now, as far as a plan needs it.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use aether_clients::{ClientError, Grafana, grafana::SearchKind};
use aether_contract::{DataSourceRef, PanelError, ServiceKind};
use serde_json::Value;
use tokio::task::JoinSet;

use crate::{
    dashboard::{DashboardMeta, document},
    parts::grafana::{again, library, search},
};
use aether_context::jobs::Handle;

/// Reads at a time.
const READERS: usize = 8;

/// A dashboard that Grafana has.
pub struct LiveDashboard {
    /// It.
    pub value: Value,
    /// What Grafana says of it.
    pub meta: DashboardMeta,
    /// `{"dashboard":…,"meta":…}` as it came.
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
}

/// What Grafana has.
pub struct Target {
    /// Its address.
    pub address: String,
    /// Its version; empty when it hides it.
    pub version: String,
    /// Dashboards that were asked for, by uid; none: it has no such one.
    pub dashboards: BTreeMap<String, Option<LiveDashboard>>,
    /// Uids by folder and title.
    pub titles: BTreeMap<(String, String), Vec<String>>,
    /// Titles of folders by uid.
    pub folders: BTreeMap<String, String>,
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
    let hits = search(client, SearchKind::Dashboards).await.map_err(told)?;
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
        all.as_array().into_iter().flatten().filter_map(uid).collect()
    });
    let plugins = again(|| client.panel_plugins()).await.ok().map(|all| all.into_iter().collect());
    Ok(Target {
        address: client.address(),
        version: health.value.version.unwrap_or_default(),
        dashboards: dashboards(client, uids, job).await?,
        titles,
        folders: folders.into_iter().map(|hit| (hit.uid, hit.title)).collect(),
        data_sources,
        library,
        plugins,
    })
}

/// Reads dashboards, several at a time.
///
/// # Errors
/// Grafana's codes: a plan must not rest on what was not read.
pub async fn dashboards(
    client: &Arc<Grafana>,
    uids: &[String],
    job: Option<&Handle>,
) -> Result<BTreeMap<String, Option<LiveDashboard>>, PanelError> {
    let mut found = BTreeMap::new();
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
        let (uid, read) = done.map_err(|error| {
            PanelError::new(aether_contract::ErrorCode::Internal, "backups", "A request was interrupted.")
                .with_detail(error.to_string())
        })?;
        found.insert(uid, read?);
        if let Some(job) = job {
            job.step();
        }
    }
    Ok(found)
}

/// Every dashboard that the credentials may read.
///
/// # Errors
/// Grafana's codes.
pub async fn all(client: &Arc<Grafana>) -> Result<BTreeMap<String, LiveDashboard>, PanelError> {
    let told = |error: ClientError| error.to_panel(ServiceKind::Grafana);
    let hits = search(client, SearchKind::Dashboards).await.map_err(told)?;
    let uids: Vec<String> = hits.into_iter().map(|hit| hit.uid).collect();
    let found = dashboards(client, &uids, None).await?;
    // One that was deleted between the two questions is not there.
    Ok(found.into_iter().filter_map(|(uid, live)| Some((uid, live?))).collect())
}

/// One dashboard; none when Grafana has no such one.
///
/// # Errors
/// Grafana's codes.
pub async fn one(client: &Grafana, uid: &str) -> Result<Option<LiveDashboard>, PanelError> {
    let read = again(|| client.dashboard(uid)).await.map_err(|error| error.to_panel(ServiceKind::Grafana))?;
    let Some(bytes) = read else { return Ok(None) };
    let broken = |why: String| {
        PanelError::new(
            aether_contract::ErrorCode::BrokenReply,
            "grafana",
            format!("Failed to parse Grafana's reply for dashboard {uid}: {why}."),
        )
    };
    let (dashboard, meta) = document(&bytes).map_err(broken)?;
    let value = serde_json::from_str(dashboard.get()).map_err(|error| broken(error.to_string()))?;
    Ok(Some(LiveDashboard { value, meta, bytes }))
}
