//! Grafana: dashboards by uid, folders, library panels, data sources without secrets, alerting.

use aether_foundation::text::plural;
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
    time::Duration,
};

use aether_clients::{
    ClientError, Failure, Grafana,
    grafana::{Alerting, DashboardApi, LIBRARY_PAGE, SEARCH_PAGE, SearchHit, SearchKind},
    sensitive::{MASK, mask_json},
};
use aether_contract::{BackupPartKind, ErrorCode, PanelError, ServiceKind};
use serde_json::{Value, json};
use tokio::task::JoinSet;

use super::Draft;
use crate::{
    build::Builder,
    layout::{DASHBOARDS, DATA_SOURCES, FOLDERS, LIBRARY},
};
use aether_context::jobs::Handle;
use aether_foundation::names::Names;

/// Reads at a time: at first, at least, at most. Grafana's own store is the limit.
const READERS: (usize, usize, usize) = (8, 4, 16);
/// Attempts at a request that failed in a way that may pass.
const ATTEMPTS: u32 = 4;
/// Beginning of the note that names credentials which the backup does not hold.
pub const TO_ENTER: &str = "Credentials to enter again after restoring data sources: ";
/// Pages of a search at most.
const MAX_PAGES: u32 = 1_000;

/// Saves everything the credentials can read. Missing permissions are notes, not errors; a failed part is an
/// error.
///
/// # Errors
/// Only such as end the whole backup.
pub async fn save(client: &Arc<Grafana>, builder: &mut Builder, job: &Handle) -> Result<Draft, PanelError> {
    let mut draft = Draft::new(BackupPartKind::Grafana, "dashboards");
    draft.address = Some(client.address());
    match again(|| client.health()).await {
        Ok(health) => draft.version = health.value.version,
        Err(error) => {
            draft.fail("Nothing was saved for this part", &error.to_panel(ServiceKind::Grafana));
            return Ok(draft);
        }
    }
    job.stage("listing dashboards", 0);
    let hits = match search(client, SearchKind::Dashboards).await {
        Ok(hits) => hits,
        Err(error) => {
            draft.fail("Failed to list the dashboards", &error.to_panel(ServiceKind::Grafana));
            return Ok(draft);
        }
    };
    let wanted = wanted(client, &hits, &mut draft).await;
    let saved = dashboards(client, &wanted, builder, &mut draft, job).await?;
    draft.part.count = u32::try_from(saved).unwrap_or(u32::MAX);
    if let Some(all) = client.dashboards_in_all().await
        && all > wanted.len() as u64
    {
        draft.note(format!(
            "Grafana has {all} dashboards across all organizations, but these credentials can list only \
                {}. If Grafana has a single organization, they lack permission to read all of it.",
            wanted.len()
        ));
    }
    job.stage("folders, library panels, data sources, alerting", 0);
    job.check()?;
    keep(builder, FOLDERS, "Folders", &mut draft, folders(client).await)?;
    let panels = library(client).await.map(|all| {
        let hidden = all.total.saturating_sub(all.panels.len());
        if hidden > 0 {
            draft.incomplete(format!(
                "Grafana has {}, but these credentials can read only {}.",
                plural(all.total, "library panel"),
                all.panels.len()
            ));
        }
        Value::Array(all.panels)
    });
    keep(builder, LIBRARY, "Library panels", &mut draft, panels)?;
    let sources = again(|| client.data_sources()).await.map(|all| masked(all, &mut draft));
    keep(builder, DATA_SOURCES, "Data sources", &mut draft, sources)?;
    for what in Alerting::ALL {
        let path = format!("grafana/alerting/{}.json", what.name());
        match again(|| client.alerting(what)).await {
            Ok(bytes) => {
                if what == Alerting::Rules {
                    groups(client, &bytes, builder, &mut draft).await?;
                }
                builder.add(&path, &bytes)?;
            }
            // Not every version has all of them, and none has any where unified alerting is off.
            Err(error) if matches!(error.failure, Failure::WrongPath) => {
                draft.note(format!("This version of Grafana has no {}.", what.name().replace('-', " ")));
            }
            Err(error) => {
                draft.fail(
                    &format!("Grafana {}", what.name().replace('-', " ")),
                    &error.to_panel(ServiceKind::Grafana),
                );
            }
        }
    }
    draft.part.bytes = builder.bytes_below("grafana/");
    Ok(draft)
}

/// Saves how often each group of rules is evaluated: the rules themselves do not tell.
async fn groups(
    client: &Grafana,
    rules: &[u8],
    builder: &mut Builder,
    draft: &mut Draft,
) -> Result<(), PanelError> {
    let rules: Vec<Value> = serde_json::from_slice(rules).unwrap_or_default();
    let text = |rule: &Value, key: &str| rule.get(key).and_then(Value::as_str).unwrap_or_default().to_owned();
    let keys: BTreeSet<(String, String)> =
        rules.iter().map(|rule| (text(rule, "folderUID"), text(rule, "ruleGroup"))).collect();
    let mut all = Vec::new();
    for (folder, name) in keys.iter().filter(|(_, name)| !name.is_empty()) {
        match again(|| client.rule_group(folder, name)).await {
            Ok(Some(group)) => {
                let interval = group.get("interval").cloned().unwrap_or_default();
                all.push(json!({"folderUid": folder, "title": name, "interval": interval}));
            }
            Ok(None) => {}
            Err(error) => {
                draft.fail(
                    &format!("The evaluation interval of group {name}"),
                    &error.to_panel(ServiceKind::Grafana),
                );
            }
        }
    }
    builder.add("grafana/alerting/rule-groups.json", format!("{:#}\n", Value::Array(all)).as_bytes())
}

/// Every row, each once.
///
/// # Errors
/// As the client's.
pub async fn search(client: &Grafana, kind: SearchKind) -> Result<Vec<SearchHit>, ClientError> {
    let mut seen = BTreeSet::new();
    let mut all = Vec::new();
    for page in 1..=MAX_PAGES {
        let rows = again(|| client.search(kind, page)).await?;
        let last = rows.len() < SEARCH_PAGE as usize;
        let before = all.len();
        all.extend(rows.into_iter().filter(|row| !row.uid.is_empty() && seen.insert(row.uid.clone())));
        // A server that gives the same page for ever is at its end too.
        if last || all.len() == before {
            break;
        }
    }
    Ok(all)
}

/// Every dashboard that the search or `/apis` lists: the search is an index that can lag behind. Where `/apis` can't be
/// used, only what the search has.
///
/// # Errors
/// As the client's.
pub async fn all_dashboards(client: &Grafana) -> Result<Vec<SearchHit>, ClientError> {
    let mut hits = search(client, SearchKind::Dashboards).await?;
    if let DashboardApi::Resources(api) = &*again(|| client.dashboard_api()).await? {
        let known: BTreeSet<String> = hits.iter().map(|hit| hit.uid.clone()).collect();
        let listed = again(|| client.list_resources(api)).await?;
        let new = listed.into_iter().filter(|one| !one.uid.is_empty() && !known.contains(&one.uid));
        hits.extend(new.map(|one| SearchHit { uid: one.uid, title: one.title, ..SearchHit::default() }));
    }
    Ok(hits)
}

/// A dashboard to be read.
struct Wanted {
    uid: String,
    title: String,
    /// The version that it is probably stored in.
    version: Option<String>,
}

/// The dashboards that the search and `/apis` list: either may leave some out.
async fn wanted(client: &Grafana, hits: &[SearchHit], draft: &mut Draft) -> Vec<Wanted> {
    let found = |hit: &SearchHit| Wanted { uid: hit.uid.clone(), title: hit.title.clone(), version: None };
    let mut all: Vec<Wanted> = hits.iter().map(found).collect();
    let api = again(|| client.dashboard_api()).await;
    match api.as_deref() {
        Err(error) => {
            draft.fail("Finding out how dashboards are stored", &error.to_panel(ServiceKind::Grafana));
        }
        Ok(DashboardApi::Legacy) => {}
        Ok(DashboardApi::Blocked(why)) => draft.incomplete(format!(
            "Grafana’s /apis cannot be used ({why}), so the dashboards were read through the legacy API. It converts \
             those in schema v2 and loses parts of them; which ones cannot be told. Allow /apis in the proxy, or check \
             the token’s permissions."
        )),
        Ok(DashboardApi::Resources(api)) => match again(|| client.list_resources(api)).await {
            Err(error) => {
                draft.fail("Listing the dashboards through /apis", &error.to_panel(ServiceKind::Grafana));
            }
            Ok(listed) => {
                let mut at: BTreeMap<String, usize> =
                    all.iter().enumerate().map(|(index, one)| (one.uid.clone(), index)).collect();
                for one in listed.into_iter().filter(|one| !one.uid.is_empty()) {
                    match at.get(&one.uid).and_then(|index| all.get_mut(*index)) {
                        Some(known) => known.version = Some(one.stored_version),
                        None => {
                            at.insert(one.uid.clone(), all.len());
                            all.push(Wanted { uid: one.uid, title: one.title, version: Some(one.stored_version) });
                        }
                    }
                }
            }
        },
    }
    all
}

/// What came of reading a dashboard.
struct Read {
    uid: String,
    title: String,
    read: Result<Option<Vec<u8>>, ClientError>,
    hurt: bool,
}

/// Reads all of them, as many at a time as the server takes well; tells how many were saved.
async fn dashboards(
    client: &Arc<Grafana>,
    wanted: &[Wanted],
    builder: &mut Builder,
    draft: &mut Draft,
    job: &Handle,
) -> Result<usize, PanelError> {
    job.stage("dashboards", wanted.len());
    let mut names = Names::default();
    let (mut readers, least, most) = READERS;
    let mut waiting = wanted.iter();
    let mut running: JoinSet<Read> = JoinSet::new();
    let mut well = 0;
    let mut saved = 0;
    let mut gone = Vec::new();
    loop {
        job.check()?;
        while running.len() < readers {
            let Some(next) = waiting.next() else { break };
            let (client, uid, title) = (Arc::clone(client), next.uid.clone(), next.title.clone());
            let version = next.version.clone();
            running.spawn(async move {
                let mut hurt = false;
                let read = again_told(|| client.dashboard(&uid, version.as_deref()), &mut hurt).await;
                Read { uid, title, read, hurt }
            });
        }
        let Some(done) = running.join_next().await else { break };
        let Read { uid, title, read, hurt } = done.map_err(|error| {
            PanelError::new(ErrorCode::Internal, "backups", "A request was interrupted.")
                .with_detail(error.to_string())
        })?;
        // As many at a time as go well: half as many after a complaint, one more after a good while.
        if hurt {
            readers = (readers / 2).max(least);
            well = 0;
        } else {
            well += 1;
            if well >= readers * 2 {
                readers = (readers + 1).min(most);
                well = 0;
            }
        }
        match read {
            Ok(Some(bytes)) => {
                builder.add(&format!("{DASHBOARDS}{}.json", names.name(&uid)), &bytes)?;
                job.add_bytes(bytes.len() as u64);
                saved += 1;
            }
            Ok(None) => gone.push((uid, title)),
            Err(error) => {
                draft.fail(&format!("Dashboard {title:?} ({uid})"), &error.to_panel(ServiceKind::Grafana));
            }
        }
        job.step();
    }
    missing(client, gone, draft).await;
    Ok(saved)
}

/// Tells dashboards that were deleted during the backup from those that Grafana still lists: any error can come as
/// "not found".
async fn missing(client: &Grafana, gone: Vec<(String, String)>, draft: &mut Draft) {
    if gone.is_empty() {
        return;
    }
    let mut listed = match search(client, SearchKind::Dashboards).await {
        Ok(hits) => hits.into_iter().map(|hit| hit.uid).collect::<BTreeSet<_>>(),
        Err(error) => {
            let words = format!("Listing the dashboards again, as {} were not found", gone.len());
            draft.fail(&words, &error.to_panel(ServiceKind::Grafana));
            return;
        }
    };
    if let Ok(DashboardApi::Resources(api)) = client.dashboard_api().await.as_deref() {
        match again(|| client.list_resources(api)).await {
            Ok(resources) => listed.extend(resources.into_iter().map(|one| one.uid)),
            Err(error) => {
                let what = "Listing the dashboards through /apis again";
                return draft.fail(what, &error.to_panel(ServiceKind::Grafana));
            }
        }
    }
    let mut deleted = 0_usize;
    for (uid, title) in gone {
        if listed.contains(&uid) {
            draft.incomplete(format!(
                "Dashboard {title:?} ({uid}): Grafana lists it but reports it as not found, so it was not saved."
            ));
        } else {
            deleted += 1;
        }
    }
    match deleted {
        0 => {}
        1 => draft.note("1 dashboard was deleted during the backup.".to_owned()),
        deleted => draft.note(format!("{deleted} dashboards were deleted during the backup.")),
    }
}

/// Adds a document, or says why it is not there.
fn keep(
    builder: &mut Builder,
    path: &str,
    what: &str,
    draft: &mut Draft,
    read: Result<Value, ClientError>,
) -> Result<(), PanelError> {
    match read {
        Ok(value) => builder.add(path, format!("{value:#}\n").as_bytes()),
        Err(error) => {
            draft.fail(what, &error.to_panel(ServiceKind::Grafana));
            if matches!(error.failure, Failure::Forbidden) {
                draft.note(format!("Saving {what} requires credentials with the Admin role."));
            }
            Ok(())
        }
    }
}

async fn folders(client: &Grafana) -> Result<Value, ClientError> {
    let all = search(client, SearchKind::Folders).await?;
    let row = |hit: &SearchHit| json!({"uid": hit.uid, "title": hit.title, "folderUid": hit.folder_uid});
    Ok(all.iter().map(row).collect())
}

/// Library panels that the credentials may read, and how many there are in all.
pub struct LibraryPanels {
    /// They, as they came.
    pub panels: Vec<Value>,
    /// How many Grafana counts.
    pub total: usize,
}

/// All library panels. A page may hold fewer than asked for although more follow: Grafana leaves out what the
/// credentials may not read after it has cut the pages.
///
/// # Errors
/// As the client's.
pub async fn library(client: &Grafana) -> Result<LibraryPanels, ClientError> {
    let mut seen = BTreeSet::new();
    let mut all = LibraryPanels { panels: Vec::new(), total: 0 };
    for page in 1..=MAX_PAGES {
        let found = again(|| client.library_panels(page)).await?;
        all.total = found.total_count as usize;
        let uid = |panel: &Value| panel.get("uid").and_then(Value::as_str).unwrap_or_default().to_owned();
        all.panels.extend(found.elements.into_iter().filter(|panel| seen.insert(uid(panel))));
        if page as usize * LIBRARY_PAGE as usize >= all.total {
            break;
        }
    }
    Ok(all)
}

/// Data sources with a marker in the place of every credential, and notes about what was masked and what Grafana
/// keeps to itself: a person who restores them has to enter both.
fn masked(mut sources: Vec<Value>, draft: &mut Draft) -> Value {
    let mut to_enter = Vec::new();
    let mut count = 0;
    for source in &mut sources {
        let name = source.get("name").and_then(Value::as_str).unwrap_or("(unnamed)").to_owned();
        let fields = mask_json(source);
        count += usize::from(!fields.is_empty());
        let kept = source.get("secureJsonFields").and_then(Value::as_object).into_iter().flatten();
        let kept = kept
            .filter(|(_, set)| set.as_bool() == Some(true))
            .map(|(key, _)| format!("secureJsonData.{key}"));
        let missing: Vec<String> = fields.into_iter().chain(kept).collect();
        if !missing.is_empty() {
            to_enter.push(format!("{name}: {}", missing.join(", ")));
        }
    }
    if count > 0 {
        let noun = if count == 1 { "data source" } else { "data sources" };
        draft.note(format!("Credentials of {count} {noun} were masked as {MASK}."));
    }
    if !to_enter.is_empty() {
        draft.note(format!("{TO_ENTER}{}.", to_enter.join("; ")));
    }
    Value::Array(sources)
}

/// Asks again after what may pass: 429, 5xx, a broken connection. Never after a 401: Grafana locks users out.
///
/// # Errors
/// The last attempt's.
pub async fn again<T, F: Future<Output = Result<T, ClientError>>>(
    ask: impl Fn() -> F,
) -> Result<T, ClientError> {
    again_told(ask, &mut false).await
}

async fn again_told<T, F: Future<Output = Result<T, ClientError>>>(
    ask: impl Fn() -> F,
    hurt: &mut bool,
) -> Result<T, ClientError> {
    let mut attempt = 1;
    loop {
        match ask().await {
            Err(error) if error.may_pass() && attempt < ATTEMPTS => {
                *hurt = true;
                let jitter = rand::random_range(50..250);
                tokio::time::sleep(Duration::from_millis(jitter * u64::from(attempt * attempt))).await;
                attempt += 1;
            }
            end => return end,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn data_source_credentials_are_masked_and_reported() {
        let source = |name: &str, extra: Value| {
            let mut value =
                json!({"name": name, "uid": name, "type": "x", "access": "proxy", "isDefault": true});
            value.as_object_mut().unwrap().extend(extra.as_object().unwrap().clone());
            value
        };
        let sources = vec![
            source(
                "user",
                json!({"url": "https://s3cret@host/path", "basicAuth": true, "basicAuthUser": "ann"}),
            ),
            source("query", json!({"url": "https://host/?api_key=s3cret&org=1"})),
            source("signed", json!({"url": "https://host/?X-Amz-Signature=s3cret&X-Amz-Credential=s3cret"})),
            source(
                "field",
                json!({"jsonData": {"token": "s3cret", "tokenUri": "https://login/t", "tlsAuth": true}}),
            ),
            source(
                "header",
                json!({"jsonData": {"httpHeaderName1": "X-Scope-OrgID", "httpHeaderValue1": "s3cret"}}),
            ),
            source("params", json!({"jsonData": {"customQueryParameters": "token=s3cret&max=5m"}})),
            source(
                "old",
                json!({"password": "s3cret", "secureJsonData": {"x": "s3cret"}, "basicAuthPassword": "s3cret"}),
            ),
            source(
                "database",
                json!({"url": "host:5432", "database": "host=a password=s3cret", "user": "grafana"}),
            ),
            source(
                "plain",
                json!({"url": "http://host:9090", "jsonData": {"httpMethod": "POST", "oauthPassThru": true}}),
            ),
            source("server side", json!({"secureJsonFields": {"apiKey": true, "unset": false}})),
        ];
        let untouched = sources[8].clone();
        let mut draft = Draft::new(BackupPartKind::Grafana, "dashboards");
        let saved = masked(sources, &mut draft);
        let text = saved.to_string();
        assert!(!text.contains("s3cret"), "{text}");
        assert_eq!(saved[8], untouched);
        for kept in
            ["X-Scope-OrgID", "https://login/t", "max=5m", "org=1", "\"basicAuthUser\":\"ann\"", "grafana"]
        {
            assert!(text.contains(kept), "{kept} is missing from {text}");
        }
        assert_eq!(draft.part.notes[0], "Credentials of 8 data sources were masked as [masked].");
        for named in ["user: url", "field: jsonData.token", "server side: secureJsonData.apiKey", "old: "] {
            assert!(draft.part.notes[1].contains(named), "{}", draft.part.notes[1]);
        }
        assert!(!draft.part.notes[1].contains("plain") && !draft.part.notes[1].contains("s3cret"));
    }
}
