//! Resources of Grafana's that have no history of their own, and the plan for restoring them. Each kind says what of it
//! is compared, written and asked about.

use std::{collections::BTreeMap, sync::Arc};

use aether_clients::{ClientError, Grafana};
use aether_contract::{
    BackupPartKind, ErrorCode, PanelError, RestoreAction, RestoreItem, RestorePart, RestorePlan,
    RestoreRequest, ServiceKind,
};
use aether_foundation::text::hex;
use serde::de::DeserializeOwned;
use serde_json::Value;
use sha2::{Digest as _, Sha256};

use super::folders::NewFolder;
use crate::{
    parts::grafana::{again, all_dashboards},
    reader::BackupReader,
};

/// Largest file of resources that is read, in bytes.
const MAX: u64 = 256 * 1024 * 1024;

/// A resource that is compared, written, read back and undone.
pub trait Resource: Clone + Send + Sync + 'static {
    /// The part of a backup that it is in.
    const PART: RestorePart;
    /// The part that a safety copy of them is.
    const KIND: BackupPartKind;
    /// The noun for several of them.
    const NOUN: &'static str;
    /// Whether writing adds to what is there, so that it may be done in part.
    const ADDS: bool = false;

    /// What tells it from all others of its part.
    fn id(&self) -> String;
    /// Path of its file in a backup.
    fn file(&self) -> String;
    /// As it is kept in a backup.
    fn saved_value(&self) -> Value;
    /// What of it is compared.
    fn compared(&self) -> Value;
    /// Whether Grafana, which has `live`, has all that this is about.
    fn is_in(&self, live: &Self) -> bool {
        self.compared() == live.compared()
    }

    /// What of it is written, in the place of `live` if there is one.
    fn written(&self, _live: Option<&Self>) -> Self {
        self.clone()
    }

    /// What a backup has of them, in the order in which they are written.
    ///
    /// # Errors
    /// `storage` for a file that can't be read.
    fn all(opened: &BackupReader) -> Result<Vec<Self>, PanelError>;
    /// What a restore would do.
    ///
    /// # Errors
    /// `not-found` for an item that the backup has not; Grafana's codes.
    fn plan(
        opened: &BackupReader,
        client: &Arc<Grafana>,
        request: &RestoreRequest,
    ) -> impl Future<Output = Result<Steps<Self>, PanelError>> + Send;
    /// Prepares those of a safety copy for being written.
    ///
    /// # Errors
    /// Grafana's codes.
    fn prepare(
        all: Vec<Self>,
        _client: &Grafana,
    ) -> impl Future<Output = Result<Vec<Self>, PanelError>> + Send {
        std::future::ready(Ok(all))
    }
    /// What Grafana has of it.
    fn read(&self, client: &Grafana) -> impl Future<Output = Result<Option<Self>, ClientError>> + Send;
    /// Writes it, in the place of `live` if there is one.
    fn write(
        &self,
        client: &Grafana,
        live: Option<&Self>,
    ) -> impl Future<Output = Result<(), ClientError>> + Send;
    /// Deletes what a restore has created.
    fn delete(&self, client: &Grafana) -> impl Future<Output = Result<(), ClientError>> + Send;
    /// Takes back what writing it has added to `before`, where it adds to what is there; none where it replaces that.
    fn take_back(
        &self,
        _client: &Grafana,
        _before: Option<&Self>,
        _now: &Self,
    ) -> impl Future<Output = Option<Result<(), ClientError>>> + Send {
        std::future::ready(None)
    }
    /// Whether it goes away by itself with what it belongs to.
    fn goes_with_others(&self) -> bool {
        false
    }

    /// Whether undoing creates it anew when somebody has deleted it since.
    fn may_come_back(&self) -> bool {
        true
    }
}

/// A plan with what carrying it out needs.
pub struct Steps<R> {
    /// As it is shown.
    pub plan: RestorePlan,
    /// What each item is, in the same order: that in which they are written.
    pub things: Vec<R>,
    /// What Grafana has, by id.
    pub before: BTreeMap<String, R>,
    /// Folders that are made first.
    pub folders: Vec<NewFolder>,
}

/// A plan before its items are counted.
pub struct Planned<R> {
    /// What each item is.
    pub things: Vec<R>,
    /// How each is shown.
    pub items: Vec<RestoreItem>,
    /// What Grafana has, by id.
    pub before: BTreeMap<String, R>,
    /// Folders that are made first.
    pub folders: Vec<NewFolder>,
    /// Notes about all of it.
    pub notes: Vec<String>,
}

impl<R: Resource> Planned<R> {
    /// Counts and seals it.
    pub fn steps(self, request: &RestoreRequest, target: String, target_version: String) -> Steps<R> {
        let Self { things, items, mut before, folders, notes } = self;
        let count = |act: &[RestoreAction]| {
            u32::try_from(items.iter().filter(|item| act.contains(&item.act)).count()).unwrap_or(u32::MAX)
        };
        let mut plan = RestorePlan {
            id: request.id.clone(),
            what: R::PART,
            target,
            target_version,
            new_folders: folders.iter().map(|folder| folder.title.clone()).collect(),
            new_library_panels: Vec::new(),
            data_sources: Vec::new(),
            folders: Vec::new(),
            notes,
            writes: count(&[RestoreAction::Create, RestoreAction::Update]),
            undecided: count(&[RestoreAction::Choose]),
            items,
            digest: String::new(),
        };
        before.retain(|id, _| things.iter().any(|thing| thing.id() == *id));
        let live: BTreeMap<&String, Value> =
            before.iter().map(|(id, thing)| (id, thing.saved_value())).collect();
        let hashes: Vec<String> = things.iter().map(hash).collect();
        let text = serde_json::to_vec(&(&plan, live, hashes)).unwrap_or_default();
        plan.digest = hex(&Sha256::digest(text));
        Steps { plan, things, before, folders }
    }
}

/// SHA-256 of what is compared.
pub fn hash(thing: &impl Resource) -> String {
    hex(&Sha256::digest(thing.compared().to_string()))
}

/// Those that were asked for.
///
/// # Errors
/// `not-found` for an id that the backup has not.
pub fn chosen<R: Resource>(all: Vec<R>, request: &RestoreRequest) -> Result<Vec<R>, PanelError> {
    if request.uids.is_empty() {
        return Ok(all);
    }
    if let Some(unknown) = request.uids.iter().find(|uid| !all.iter().any(|thing| thing.id() == **uid)) {
        let words = format!("This backup has no {} of {unknown:?}.", R::NOUN);
        return Err(PanelError::new(ErrorCode::NotFound, "backups", words));
    }
    Ok(all.into_iter().filter(|thing| request.uids.contains(&thing.id())).collect())
}

/// A JSON file of a backup; none where it has none.
///
/// # Errors
/// `storage` for one that can't be read.
pub fn file(opened: &BackupReader, path: &str) -> Result<Option<Value>, PanelError> {
    if !opened.paths().any(|known| known == path) {
        return Ok(None);
    }
    let bytes = crate::inside::read_inside(&opened.folder, path, MAX)
        .map_err(|error| unreadable(path, &error.to_string()))?;
    serde_json::from_slice(&bytes).map(Some).map_err(|error| unreadable(path, &error.to_string()))
}

/// A JSON file of a backup that holds a list of a kind; empty where the backup has none.
///
/// # Errors
/// `storage` for one that can't be read, or holds anything else.
pub fn list<T: DeserializeOwned>(opened: &BackupReader, path: &str) -> Result<Vec<T>, PanelError> {
    let Some(value) = file(opened, path)? else { return Ok(Vec::new()) };
    serde_json::from_value(value).map_err(|error| unreadable(path, &error.to_string()))
}

fn unreadable(path: &str, why: &str) -> PanelError {
    PanelError::new(ErrorCode::Storage, "backups", format!("Failed to read {path} in the backup."))
        .with_hint("Verify the backup.")
        .with_detail(why)
}

/// Grafana's version; empty when it hides it.
///
/// # Errors
/// Grafana's codes.
pub async fn version(client: &Grafana) -> Result<String, PanelError> {
    let health = again(|| client.health()).await.map_err(|error| error.to_panel(ServiceKind::Grafana))?;
    Ok(health.value.version.unwrap_or_default())
}

/// Titles of Grafana's dashboards by uid.
///
/// # Errors
/// Grafana's codes.
pub async fn dashboard_titles(client: &Grafana) -> Result<BTreeMap<String, String>, PanelError> {
    let hits = all_dashboards(client).await.map_err(|error| error.to_panel(ServiceKind::Grafana))?;
    Ok(hits.into_iter().map(|hit| (hit.uid, hit.title)).collect())
}
