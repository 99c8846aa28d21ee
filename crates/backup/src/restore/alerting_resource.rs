//! A thing of Grafana's alerting: what of it is compared, and the plan for all of them.

use std::collections::BTreeMap;

use aether_clients::{ClientError, Failure, Grafana, grafana::Alerting};
use aether_contract::{
    ErrorCode, PanelError, RestoreAction, RestoreChoice, RestoreConflict, RestoreItem, RestoreKind,
    RestorePart, RestorePlan, RestoreRequest, ServiceKind,
};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use super::{
    folders::{self, NewFolder},
    plan::blank,
};
use crate::{
    compare,
    parts::grafana::{again, search},
    reader::BackupReader,
};
use aether_foundation::{diff::unified, text::hex};

/// File of the groups' intervals in a backup.
pub const GROUPS: &str = "rule-groups";
/// Largest file of the alerting that is read, in bytes.
const MAX: u64 = 64 * 1024 * 1024;
/// Fields that Grafana sets automatically, or that describe provenance.
const OWN: [&str; 7] = ["id", "orgID", "orgId", "updated", "updated_by", "provenance", "version"];
/// What stands where a secret was.
const REDACTED: &str = "[REDACTED]";

/// A thing of the alerting.
#[derive(Debug, Clone, PartialEq)]
pub struct AlertingResource {
    /// What it is; none: the interval of a group of rules.
    pub what: Option<Alerting>,
    /// By which Grafana knows it; of a group its folder's uid, a line's end, and its name.
    pub key: String,
    /// It.
    pub value: Value,
}

/// A plan with what carrying it out needs.
pub struct Steps {
    /// As it is shown.
    pub plan: RestorePlan,
    /// What each item is, in the same order: that in which they are written.
    pub things: Vec<AlertingResource>,
    /// What Grafana has, by id.
    pub before: BTreeMap<String, Value>,
    /// Folders that are made first.
    pub folders: Vec<NewFolder>,
}

/// What Grafana has.
pub struct Now {
    version: String,
    things: BTreeMap<String, AlertingResource>,
    folders: BTreeMap<String, String>,
}

/// The order in which they are written: what others stand on comes first.
const ORDER: [Alerting; 5] = [
    Alerting::Templates,
    Alerting::MuteTimings,
    Alerting::ContactPoints,
    Alerting::Policies,
    Alerting::Rules,
];

/// Path of a file in a backup.
pub fn path(file: &str) -> String {
    format!("grafana/alerting/{file}.json")
}

impl AlertingResource {
    fn new(what: Alerting, value: Value) -> Self {
        let key =
            what.key().and_then(|key| value.get(key)).and_then(Value::as_str).unwrap_or_default().to_owned();
        Self { what: Some(what), key, value }
    }

    /// What tells it from all others.
    pub fn id(&self) -> String {
        let key = self.key.replace('\n', "/");
        if key.is_empty() { self.file().to_owned() } else { format!("{}/{key}", self.file()) }
    }

    /// Its file in a backup, without folder and ending.
    pub fn file(&self) -> &'static str {
        self.what.map_or(GROUPS, Alerting::name)
    }

    /// Folder and name of a group.
    pub fn group(&self) -> (&str, &str) {
        self.key.split_once('\n').unwrap_or(("", &self.key))
    }

    /// The document to send, without fields that Grafana sets automatically.
    pub fn sent(&self) -> Value {
        let mut value = self.value.clone();
        if let Some(fields) = value.as_object_mut() {
            for own in OWN {
                fields.remove(own);
            }
        }
        value
    }

    /// The same without the fields whose secret Grafana has hidden, for a Grafana that has none to keep.
    pub fn without_secrets(&self) -> Self {
        let mut new = self.clone();
        without_redacted(&mut new.value);
        new
    }

    /// What of it is compared.
    fn compared(&self) -> Value {
        if self.what.is_none() {
            return json!({"interval": self.value.get("interval")});
        }
        compare::plain(&self.sent())
    }

    /// Whether both are identical, ignoring fields that Grafana sets automatically.
    pub fn same(&self, other: &Self) -> bool {
        self.compared() == other.compared()
    }

    /// SHA-256 of what is compared.
    pub fn hash(&self) -> String {
        hex(&Sha256::digest(self.compared().to_string()))
    }

    fn title(&self) -> String {
        let field = |key: &str| self.value.get(key).and_then(Value::as_str).unwrap_or_default().to_owned();
        match self.what {
            Some(Alerting::Rules) => field("title"),
            Some(Alerting::ContactPoints) => {
                let (name, kind) = (field("name"), field("type"));
                if kind.is_empty() { name } else { format!("{name} ({kind})") }
            }
            Some(Alerting::Policies) => "Notification policies".to_owned(),
            Some(Alerting::MuteTimings | Alerting::Templates) => self.key.clone(),
            None => {
                let interval = self.value.get("interval").map(Value::to_string).unwrap_or_default();
                format!("{} (every {interval} s)", self.group().1)
            }
        }
    }

    fn kind(&self) -> RestoreKind {
        match self.what {
            Some(Alerting::Rules) => RestoreKind::AlertRule,
            Some(Alerting::ContactPoints) => RestoreKind::ContactPoint,
            Some(Alerting::Policies) => RestoreKind::Policies,
            Some(Alerting::MuteTimings) => RestoreKind::MuteTiming,
            Some(Alerting::Templates) => RestoreKind::Template,
            None => RestoreKind::RuleGroup,
        }
    }

    /// Uid of its folder; empty where there is none.
    fn folder(&self) -> &str {
        match self.what {
            Some(Alerting::Rules) => self.value.get("folderUID").and_then(Value::as_str).unwrap_or_default(),
            None => self.group().0,
            _ => "",
        }
    }

    fn provenance(&self) -> &str {
        self.value.get("provenance").and_then(Value::as_str).unwrap_or_default()
    }
}

/// The group's interval as a thing.
pub fn group(folder: &str, name: &str, interval: Value) -> AlertingResource {
    AlertingResource {
        what: None,
        key: format!("{folder}\n{name}"),
        value: json!({"folderUid": folder, "title": name, "interval": interval}),
    }
}

/// What a backup has of the alerting, in the order in which it is written.
///
/// # Errors
/// `storage` for a file that can't be read.
pub fn saved(opened: &BackupReader) -> Result<Vec<AlertingResource>, PanelError> {
    let mut all = Vec::new();
    for what in ORDER {
        match (what, file(opened, what.name())?) {
            (Alerting::Policies, Some(value)) if value.is_object() => {
                all.push(AlertingResource::new(what, value))
            }
            (_, Some(Value::Array(values))) => {
                let things = values.into_iter().map(|value| AlertingResource::new(what, value));
                all.extend(things.filter(|thing| !thing.key.is_empty()));
            }
            _ => {}
        }
    }
    if let Some(Value::Array(groups)) = file(opened, GROUPS)? {
        let text =
            |value: &Value, key: &str| value.get(key).and_then(Value::as_str).unwrap_or_default().to_owned();
        let one = |value: &Value| {
            let interval = value.get("interval").cloned().unwrap_or_default();
            group(&text(value, "folderUid"), &text(value, "title"), interval)
        };
        all.extend(groups.iter().map(one));
    }
    Ok(all)
}

fn file(opened: &BackupReader, name: &str) -> Result<Option<Value>, PanelError> {
    let path = path(name);
    if !opened.paths().any(|known| known == path) {
        return Ok(None);
    }
    let failed = |why: String| {
        PanelError::new(ErrorCode::Storage, "backups", format!("Failed to read {path} in the backup."))
            .with_hint("Verify the backup.")
            .with_detail(why)
    };
    let bytes =
        crate::inside::read_inside(&opened.folder, &path, MAX).map_err(|error| failed(error.to_string()))?;
    serde_json::from_slice(&bytes).map(Some).map_err(|error| failed(error.to_string()))
}

/// What Grafana has of what a backup has.
///
/// # Errors
/// Grafana's codes.
pub async fn live(client: &Grafana, saved: &[AlertingResource]) -> Result<Now, PanelError> {
    let told = |error: ClientError| error.to_panel(ServiceKind::Grafana);
    let health = again(|| client.health()).await.map_err(told)?;
    let folders = search(client, aether_clients::grafana::SearchKind::Folders).await.map_err(told)?;
    let mut now = Now {
        version: health.value.version.unwrap_or_default(),
        things: BTreeMap::new(),
        folders: folders.into_iter().map(|hit| (hit.uid, hit.title)).collect(),
    };
    for what in ORDER {
        if saved.iter().any(|thing| thing.what == Some(what)) {
            for thing in all(client, what).await.map_err(told)? {
                now.things.insert(thing.id(), thing);
            }
        }
    }
    for wanted in saved.iter().filter(|thing| thing.what.is_none()) {
        if let Some(thing) = one(client, wanted).await.map_err(told)? {
            now.things.insert(thing.id(), thing);
        }
    }
    Ok(now)
}

async fn all(client: &Grafana, what: Alerting) -> Result<Vec<AlertingResource>, ClientError> {
    let bytes = match again(|| client.alerting(what)).await {
        Ok(bytes) => bytes,
        // Not every version has all of them; writing then tells.
        Err(error) if matches!(error.failure, Failure::WrongPath) => return Ok(Vec::new()),
        Err(error) => return Err(error),
    };
    Ok(match serde_json::from_slice(&bytes).unwrap_or_default() {
        Value::Array(values) => values.into_iter().map(|value| AlertingResource::new(what, value)).collect(),
        value if what == Alerting::Policies => vec![AlertingResource::new(what, value)],
        _ => Vec::new(),
    })
}

/// What Grafana has of one thing.
///
/// # Errors
/// As the client's.
pub async fn one(
    client: &Grafana,
    wanted: &AlertingResource,
) -> Result<Option<AlertingResource>, ClientError> {
    match wanted.what {
        None => {
            let (folder, name) = wanted.group();
            let found = again(|| client.rule_group(folder, name)).await?;
            Ok(found.map(|found| group(folder, name, found.get("interval").cloned().unwrap_or_default())))
        }
        Some(what) => Ok(all(client, what).await?.into_iter().find(|thing| thing.key == wanted.key)),
    }
}

/// The plan. Pure.
///
/// # Errors
/// `not-found` for an item that the backup has not.
pub fn plan(
    opened: &BackupReader,
    saved: Vec<AlertingResource>,
    now: &Now,
    request: &RestoreRequest,
    target: String,
) -> Result<Steps, PanelError> {
    let unknown = request.uids.iter().find(|uid| !saved.iter().any(|thing| thing.id() == **uid));
    if let Some(unknown) = unknown {
        let words = format!("This backup has no alerting resource named {unknown:?}.");
        return Err(PanelError::new(ErrorCode::NotFound, "backups", words));
    }
    let mut things: Vec<AlertingResource> = saved
        .into_iter()
        .filter(|thing| request.uids.is_empty() || request.uids.contains(&thing.id()))
        .collect();
    // A group's interval without one of its rules means nothing, unless it was asked for.
    let rules: Vec<(String, String)> = things
        .iter()
        .filter(|thing| thing.what == Some(Alerting::Rules))
        .map(|thing| (thing.folder().to_owned(), group_name(&thing.value)))
        .collect();
    things.retain(|thing| {
        let (folder, name) = thing.group();
        let of_a_rule = rules.iter().any(|(f, n)| f == folder && n == name);
        thing.what.is_some() || of_a_rule || now.things.contains_key(&thing.id())
    });
    let mut folders = Vec::new();
    let items: Vec<RestoreItem> =
        things.iter().map(|thing| item(thing, opened, now, request, &mut folders)).collect();
    let count = |act: &[RestoreAction]| {
        u32::try_from(items.iter().filter(|item| act.contains(&item.act)).count()).unwrap_or(u32::MAX)
    };
    let mut plan = RestorePlan {
        id: request.id.clone(),
        what: RestorePart::Alerting,
        target,
        target_version: now.version.clone(),
        new_folders: folders.iter().map(|folder: &NewFolder| folder.title.clone()).collect(),
        new_library_panels: Vec::new(),
        data_sources: Vec::new(),
        folders: Vec::new(),
        notes: Vec::new(),
        writes: count(&[RestoreAction::Create, RestoreAction::Update]),
        undecided: count(&[RestoreAction::Choose]),
        items,
        digest: String::new(),
    };
    let before = things
        .iter()
        .filter_map(|thing| now.things.get(&thing.id()))
        .map(|thing| (thing.id(), thing.value.clone()))
        .collect();
    let hashes: Vec<String> = things.iter().map(AlertingResource::hash).collect();
    let text = serde_json::to_vec(&(&plan, &before, hashes)).unwrap_or_default();
    plan.digest = hex(&Sha256::digest(text));
    Ok(Steps { plan, things, before, folders })
}

fn group_name(rule: &Value) -> String {
    rule.get("ruleGroup").and_then(Value::as_str).unwrap_or_default().to_owned()
}

fn item(
    thing: &AlertingResource,
    opened: &BackupReader,
    now: &Now,
    request: &RestoreRequest,
    new_folders: &mut Vec<NewFolder>,
) -> RestoreItem {
    let live = now.things.get(&thing.id());
    let folder = thing.folder();
    let title =
        now.folders.get(folder).cloned().or_else(|| opened.folder_of(folder).map(|(title, _)| title.clone()));
    let mut place: Vec<String> = title.clone().into_iter().collect();
    if thing.what == Some(Alerting::Rules) {
        place.push(group_name(&thing.value));
    }
    let mut item = RestoreItem { folder: place, ..blank(thing.kind(), &thing.id(), &thing.title()) };
    let text = |thing: &AlertingResource| format!("{:#}\n", thing.compared());
    if live.is_some_and(|live| live.same(thing)) {
        item.act = RestoreAction::Identical;
        return item;
    }
    item.diff = unified(&live.map(text).unwrap_or_default(), &text(thing));
    if live.is_some_and(|live| live.provenance() == "file") {
        item.obstacle = Some(RestoreConflict::Provisioned);
        item.note =
            "It is provisioned from a file, so Grafana does not allow saving it. Restore that file.".into();
        return item;
    }
    if !folder.is_empty() && title.is_none() {
        item.obstacle = Some(RestoreConflict::Unusable);
        item.note = format!("Its folder {folder} exists neither in Grafana nor in the backup.");
        return item;
    }
    item.act = if live.is_some() { RestoreAction::Update } else { RestoreAction::Create };
    let mut secrets = Vec::new();
    if thing.what == Some(Alerting::ContactPoints) {
        redacted(&thing.value, "", &mut secrets);
    }
    match (!secrets.is_empty(), live) {
        (true, Some(_)) => item.note = "Grafana's current secrets are kept; backups contain none.".into(),
        (true, None) => {
            item.obstacle = Some(RestoreConflict::SecretsMissing);
            item.choices = vec![RestoreChoice::Keep, RestoreChoice::WithoutSecrets];
            item.note = format!(
                "Its secrets are not in the backup ({}). Without them, it sends no notifications until they are \
                 entered in Grafana.",
                secrets.join(", ")
            );
            item.act = match request.choices.get(&item.uid).or(request.otherwise.as_ref()) {
                Some(RestoreChoice::WithoutSecrets) => RestoreAction::Create,
                Some(RestoreChoice::Keep) => RestoreAction::Skip,
                _ => RestoreAction::Choose,
            };
        }
        _ => {}
    }
    if thing.what == Some(Alerting::Policies) {
        item.note = "It replaces the entire policy tree.".into();
    }
    if item.act == RestoreAction::Create {
        folders::need(folder, opened, &now.folders, new_folders);
    }
    item
}

/// Paths of the fields whose secret Grafana has hidden.
fn redacted(value: &Value, path: &str, found: &mut Vec<String>) {
    let at = |key: &str| if path.is_empty() { key.to_owned() } else { format!("{path}.{key}") };
    match value {
        Value::String(text) if text == REDACTED => found.push(path.to_owned()),
        Value::Object(fields) => fields.iter().for_each(|(key, inner)| redacted(inner, &at(key), found)),
        Value::Array(items) => {
            items
                .iter()
                .enumerate()
                .for_each(|(index, inner)| redacted(inner, &at(&index.to_string()), found));
        }
        _ => {}
    }
}

/// Removes the fields whose secret Grafana has hidden.
fn without_redacted(value: &mut Value) {
    match value {
        Value::Object(fields) => {
            fields.retain(|_, inner| inner.as_str() != Some(REDACTED));
            fields.values_mut().for_each(without_redacted);
        }
        Value::Array(items) => {
            items.retain(|inner| inner.as_str() != Some(REDACTED));
            items.iter_mut().for_each(without_redacted);
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hidden_secret_is_never_sent_for_a_new_contact_point() {
        let value = json!({"uid": "c", "name": "C", "type": "slack",
            "settings": {"url": "[REDACTED]", "recipient": "#a", "list": [{"token": "[REDACTED]"}]}});
        let new = AlertingResource::new(Alerting::ContactPoints, value.clone()).without_secrets();
        assert_eq!(new.value["settings"], json!({"recipient": "#a", "list": [{}]}));
        let mut found = Vec::new();
        redacted(&value, "", &mut found);
        assert_eq!(found, ["settings.list.0.token", "settings.url"]);
    }

    #[test]
    fn what_grafana_sets_by_itself_makes_no_difference() {
        let rule = |extra: Value| {
            let mut value = json!({"uid": "a", "title": "A", "for": "5m", "labels": {}});
            value.as_object_mut().unwrap().extend(extra.as_object().unwrap().clone());
            AlertingResource::new(Alerting::Rules, value)
        };
        let one = rule(json!({"id": 3, "updated": "2024-01-01", "provenance": "api", "orgID": 1}));
        assert!(one.same(&rule(json!({"id": 9}))) && one.hash() == rule(json!({})).hash());
        assert!(!one.same(&rule(json!({"for": "6m"}))));
        assert_eq!(one.id(), "alert-rules/a");
        assert_eq!(group("f", "g", json!(60)).id(), "rule-groups/f/g");
        assert!(!group("f", "g", json!(60)).same(&group("f", "g", json!(30))));
    }
}
