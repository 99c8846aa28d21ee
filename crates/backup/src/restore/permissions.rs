//! Permissions of folders and dashboards: written as a whole, never wider than now without being asked about.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use aether_clients::{ClientError, Grafana, grafana::Principal};
use aether_contract::{
    BackupPartKind, PanelError, RestoreAction, RestoreChoice, RestoreConflict, RestoreItem, RestoreKind,
    RestorePart, RestoreRequest, ServiceKind,
};
use futures_util::stream::{self, StreamExt as _};
use serde_json::{Value, json};

use super::{
    plan::blank,
    resource::{self, Planned, Resource, Steps},
};
use crate::{
    layout::PERMISSIONS,
    parts::grafana::again,
    permissions::{Grant, Holder, PermissionSet, Place},
    reader::BackupReader,
};
use aether_foundation::diff::unified;

/// Requests at a time.
const READERS: usize = 8;
/// How the logins of service accounts begin.
const SERVICE_ACCOUNT: &str = "sa-";

/// The permissions given on a folder or a dashboard.
#[derive(Debug, Clone, PartialEq)]
pub struct Permissions {
    set: PermissionSet,
    /// Grafana's numbers of its teams and users.
    numbers: BTreeMap<Holder, i64>,
    /// Teams and users that this Grafana does not have: they are left out.
    unknown: Vec<Holder>,
}

impl Permissions {
    fn new(set: PermissionSet) -> Self {
        Self { set, numbers: BTreeMap::new(), unknown: Vec::new() }
    }

    /// Looks its teams and users up.
    fn resolved(mut self, directory: &Directory) -> Self {
        let (mut known, mut unknown) = (Vec::new(), Vec::new());
        for grant in std::mem::take(&mut self.set.grants) {
            match (&grant.holder, directory.numbers.get(&grant.holder)) {
                (Holder::Role(_), _) => known.push(grant),
                (_, Some(number)) => {
                    self.numbers.insert(grant.holder.clone(), *number);
                    known.push(grant);
                }
                (_, None) => unknown.push(grant.holder),
            }
        }
        self.set.grants = known;
        self.unknown = unknown;
        self
    }

    /// Which teams and users are left out, in a sentence.
    pub fn left_out(&self) -> Option<String> {
        let names: Vec<String> = self.unknown.iter().map(Holder::to_string).collect();
        let words = || format!("Left out, because this Grafana does not have them: {}.", names.join(", "));
        (!names.is_empty()).then(words)
    }

    /// Its roles only: without teams and users it allows less.
    pub fn roles_only(self) -> Self {
        self.resolved(&Directory::default())
    }

    /// What both allow, and whether it allows more than `live`.
    pub fn within(&self, live: &Self) -> (Self, bool) {
        let mut narrowed = self.clone();
        narrowed.set.grants.retain(|grant| {
            let one = PermissionSet { grants: vec![grant.clone()], ..self.set.clone() };
            one.wider_than(&live.set.grants).is_empty()
        });
        let more = narrowed != *self;
        (narrowed, more)
    }

    fn entries(&self) -> Vec<Value> {
        let entry = |Grant { holder, permission }: &Grant| {
            let level = permission.number();
            match holder {
                Holder::Role(role) => json!({"role": role, "permission": level}),
                Holder::Team(_) => json!({"teamId": self.numbers.get(holder), "permission": level}),
                Holder::User(_) => json!({"userId": self.numbers.get(holder), "permission": level}),
            }
        };
        self.set.grants.iter().map(entry).collect()
    }
}

/// Teams, users and service accounts of a Grafana.
#[derive(Debug, Default)]
struct Directory {
    numbers: BTreeMap<Holder, i64>,
}

impl Directory {
    /// Asks for the kinds that are named only.
    async fn read(client: &Grafana, names: &BTreeSet<&Holder>) -> Result<Self, ClientError> {
        let mut numbers = BTreeMap::new();
        let mut add = |all: Vec<Principal>, holder: fn(String) -> Holder| {
            numbers.extend(all.into_iter().map(|one| (holder(one.name), one.id)));
        };
        if names.iter().any(|name| matches!(name, Holder::Team(_))) {
            add(again(|| client.teams()).await?, Holder::Team);
        }
        let logins = || {
            names.iter().filter_map(|name| if let Holder::User(login) = name { Some(login) } else { None })
        };
        if logins().next().is_some() {
            add(again(|| client.org_users()).await?, Holder::User);
        }
        if logins().any(|login| login.starts_with(SERVICE_ACCOUNT)) {
            add(again(|| client.service_accounts()).await?, Holder::User);
        }
        Ok(Self { numbers })
    }
}

pub(super) fn told(error: &ClientError) -> PanelError {
    error.to_panel(ServiceKind::Grafana)
}

/// What Grafana has of each; none for a folder or a dashboard that it lacks.
async fn live(client: &Grafana, all: &[Permissions]) -> Result<BTreeMap<String, Permissions>, PanelError> {
    let reads = all.iter().map(|thing| async { (thing.id(), thing.read(client).await) });
    let mut reads = stream::iter(reads.collect::<Vec<_>>()).buffer_unordered(READERS);
    let mut found = BTreeMap::new();
    while let Some((id, read)) = reads.next().await {
        if let Some(permissions) = read.map_err(|error| told(&error))? {
            found.insert(id, permissions);
        }
    }
    Ok(found)
}

fn item(thing: &Permissions, live: Option<&Permissions>, request: &RestoreRequest) -> RestoreItem {
    let (kind, noun) = match thing.set.kind {
        Place::Folder => (RestoreKind::FolderPermissions, "folder"),
        Place::Dashboard => (RestoreKind::DashboardPermissions, "dashboard"),
    };
    let mut item = blank(kind, &thing.id(), &thing.set.title);
    let mut notes: Vec<String> = thing.left_out().into_iter().collect();
    let Some(live) = live else {
        item.obstacle = Some(RestoreConflict::Unusable);
        item.note = format!("This {noun} does not exist in Grafana. Restore it first.");
        return item;
    };
    if thing.is_in(live) {
        item.act = RestoreAction::Identical;
        item.note = notes.join(" ");
        return item;
    }
    item.diff = unified(&live.set.text(), &thing.set.text());
    let wider = thing.set.wider_than(&live.set.grants);
    item.act = if wider.is_empty() {
        RestoreAction::Update
    } else {
        item.obstacle = Some(RestoreConflict::WouldWiden);
        item.choices = vec![RestoreChoice::Keep, RestoreChoice::Replace];
        notes.insert(0, format!("It gives more access than now: {}.", wider.join(", ")));
        decided(request, &item.uid)
    };
    item.note = notes.join(" ");
    item
}

/// What is done where somebody has to choose between keeping and replacing.
pub fn decided(request: &RestoreRequest, uid: &str) -> RestoreAction {
    match request.choices.get(uid).or(request.otherwise.as_ref()) {
        Some(RestoreChoice::Replace) => RestoreAction::Update,
        Some(RestoreChoice::Keep) => RestoreAction::Skip,
        _ => RestoreAction::Choose,
    }
}

impl Resource for Permissions {
    const PART: RestorePart = RestorePart::Permissions;
    const KIND: BackupPartKind = BackupPartKind::Permissions;
    const NOUN: &'static str = "permissions";

    fn id(&self) -> String {
        id(self.set.kind, &self.set.uid)
    }

    fn file(&self) -> String {
        PERMISSIONS.to_owned()
    }

    fn saved_value(&self) -> Value {
        json!(self.set)
    }

    fn compared(&self) -> Value {
        json!(self.set.grants)
    }

    fn all(opened: &BackupReader) -> Result<Vec<Self>, PanelError> {
        Ok(resource::list(opened, PERMISSIONS)?.into_iter().map(Self::new).collect())
    }

    async fn plan(
        opened: &BackupReader,
        client: &Arc<Grafana>,
        request: &RestoreRequest,
    ) -> Result<Steps<Self>, PanelError> {
        let version = resource::version(client).await?;
        let chosen = resource::chosen(Self::all(opened)?, request)?;
        let things = Self::prepare(chosen, client).await?;
        let before = live(client, &things).await?;
        let items = things.iter().map(|thing| item(thing, before.get(&thing.id()), request)).collect();
        let planned = Planned { things, items, before, folders: Vec::new(), notes: Vec::new() };
        Ok(planned.steps(request, client.address(), version))
    }

    async fn prepare(all: Vec<Self>, client: &Grafana) -> Result<Vec<Self>, PanelError> {
        let names = all.iter().flat_map(|thing| thing.set.names()).collect();
        let directory = Directory::read(client, &names).await.map_err(|error| told(&error))?;
        Ok(all.into_iter().map(|thing| thing.resolved(&directory)).collect())
    }

    async fn read(&self, client: &Grafana) -> Result<Option<Self>, ClientError> {
        let PermissionSet { kind, uid, title, .. } = &self.set;
        let live = again(|| client.permissions((*kind).into(), uid)).await?;
        Ok(live.map(|live| Self::new(PermissionSet::read(*kind, uid, title, &live).0)))
    }

    async fn write(&self, client: &Grafana, _live: Option<&Self>) -> Result<(), ClientError> {
        client.set_permissions(self.set.kind.into(), &self.set.uid, &self.entries()).await
    }

    /// Only what is there has permissions, so none is ever created.
    async fn delete(&self, _client: &Grafana) -> Result<(), ClientError> {
        Ok(())
    }
}

/// What tells its permissions from others.
pub fn id(kind: Place, uid: &str) -> String {
    match kind {
        Place::Folder => format!("folder/{uid}"),
        Place::Dashboard => format!("dashboard/{uid}"),
    }
}
