//! Grafana: dashboards by uid, folders, library panels, data sources without secrets, alerting.

use std::{collections::BTreeSet, sync::Arc, time::Duration};

use aether_clients::{
    ClientError, Failure, Grafana,
    grafana::{Alerting, LIBRARY_PAGE, SEARCH_PAGE, SearchHit, SearchKind},
};
use aether_contract::{BackupPartKind, ErrorCode, PanelError, ServiceKind};
use serde_json::{Value, json};
use tokio::task::JoinSet;

use super::Draft;
use crate::backup::{
    build::Builder,
    job::Handle,
    layout::{DASHBOARDS, FOLDERS, LIBRARY},
    name::Names,
};

/// Reads at a time: at first, at least, at most. Grafana's own store is the limit.
const READERS: (usize, usize, usize) = (8, 4, 16);
/// Attempts at a request that failed in a way that may pass.
const ATTEMPTS: u32 = 4;
/// Pages of a search at most.
const MAX_PAGES: u32 = 1_000;

/// Saves what the credentials may read. Not everything being there is no error, but a part that failed.
///
/// # Errors
/// Only such as end the whole backup.
pub async fn save(client: &Arc<Grafana>, builder: &mut Builder, job: &Handle) -> Result<Draft, PanelError> {
    let mut draft = Draft::new(BackupPartKind::Grafana, "dashboards");
    draft.address = Some(client.address());
    match again(|| client.health()).await {
        Ok(health) => draft.version = health.value.version,
        Err(error) => {
            draft.fail("Nothing of it was saved", &error.to_panel(ServiceKind::Grafana));
            return Ok(draft);
        }
    }
    job.stage("listing dashboards", 0);
    let hits = match search(client, SearchKind::Dashboards).await {
        Ok(hits) => hits,
        Err(error) => {
            draft.fail("The dashboards could not be listed", &error.to_panel(ServiceKind::Grafana));
            return Ok(draft);
        }
    };
    let saved = dashboards(client, &hits, builder, &mut draft, job).await?;
    draft.part.count = u32::try_from(saved).unwrap_or(u32::MAX);
    if let Some(all) = client.dashboards_in_all().await
        && all > hits.len() as u64
    {
        draft.note(format!(
            "Grafana counts {all} dashboards in all its organisations, and these credentials see {}. If that is one \
             organisation, they may not read all of it.",
            hits.len()
        ));
    }
    job.stage("folders, library panels, data sources, alerting", 0);
    job.check()?;
    keep(builder, FOLDERS, "The folders", &mut draft, folders(client).await)?;
    keep(builder, LIBRARY, "The library panels", &mut draft, library(client).await)?;
    let sources = again(|| client.data_sources())
        .await
        .map(|all| Value::Array(all.into_iter().map(without_secrets).collect()));
    keep(builder, "grafana/data-sources.json", "The data sources", &mut draft, sources)?;
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
                draft.note(format!("This Grafana has no {} to save.", what.name().replace('-', " ")));
            }
            Err(error) => {
                draft.fail(
                    &format!("The {}", what.name().replace('-', " ")),
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
                    &format!("How often the group {name} is evaluated"),
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
    hits: &[SearchHit],
    builder: &mut Builder,
    draft: &mut Draft,
    job: &Handle,
) -> Result<usize, PanelError> {
    job.stage("dashboards", hits.len());
    let mut names = Names::default();
    let (mut readers, least, most) = READERS;
    let mut waiting = hits.iter();
    let mut running: JoinSet<Read> = JoinSet::new();
    let mut well = 0;
    let mut saved = 0;
    let mut gone = 0_u32;
    loop {
        job.check()?;
        while running.len() < readers {
            let Some(hit) = waiting.next() else { break };
            let (client, uid, title) = (Arc::clone(client), hit.uid.clone(), hit.title.clone());
            running.spawn(async move {
                let mut hurt = false;
                let read = again_told(|| client.dashboard(&uid), &mut hurt).await;
                Read { uid, title, read, hurt }
            });
        }
        let Some(done) = running.join_next().await else { break };
        let Read { uid, title, read, hurt } = done.map_err(|error| {
            PanelError::new(ErrorCode::Internal, "backups", "A read ended early.")
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
            Ok(None) => gone += 1,
            Err(error) => {
                draft.fail(&format!("Dashboard {title:?} ({uid})"), &error.to_panel(ServiceKind::Grafana));
            }
        }
        job.step();
    }
    if gone > 0 {
        draft.note(format!("{gone} dashboards were deleted while the backup was made."));
    }
    Ok(saved)
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
                draft.note(format!("{what} need credentials with the role Admin."));
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

/// All library panels.
///
/// # Errors
/// As the client's.
pub async fn library(client: &Grafana) -> Result<Value, ClientError> {
    let mut all = Vec::new();
    for page in 1..=MAX_PAGES {
        let found = again(|| client.library_panels(page)).await?;
        let last = found.elements.len() < LIBRARY_PAGE as usize;
        all.extend(found.elements);
        if last || all.len() >= found.total_count as usize {
            break;
        }
    }
    Ok(Value::Array(all))
}

/// A data source without what could be a secret. The API gives none, but old fields and addresses may hold some.
fn without_secrets(mut source: Value) -> Value {
    if let Some(fields) = source.as_object_mut() {
        for key in ["password", "basicAuthPassword", "secureJsonData"] {
            fields.remove(key);
        }
        let address = fields.get("url").and_then(Value::as_str).and_then(|url| url::Url::parse(url).ok());
        if let Some(mut url) = address.filter(|url| url.password().is_some()) {
            // Fails only for addresses that can't have one.
            let _ = url.set_password(None);
            fields.insert("url".into(), Value::String(url.to_string()));
        }
    }
    source
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
    fn a_data_source_is_saved_without_secrets() {
        let source = json!({"url": "http://u:s3cret@host/", "password": "s3cret", "jsonData": {"a": 1},
            "secureJsonData": {"x": "s3cret"}, "basicAuthPassword": "s3cret"});
        let kept = without_secrets(source).to_string();
        assert!(!kept.contains("s3cret") && kept.contains("host") && kept.contains("jsonData"), "{kept}");
    }
}
