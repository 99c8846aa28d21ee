//! Grafana's alert rules and notification settings: what of them is compared and written, and the plan for all of
//! them. Everything is written so that it stays editable in Grafana's own pages.

use std::{collections::BTreeMap, sync::Arc};

use aether_clients::{ClientError, Failure, Grafana, grafana::Alerting};
use aether_contract::{
    BackupPartKind, PanelError, RestoreAction, RestoreChoice, RestoreConflict, RestoreItem, RestoreKind,
    RestorePart, RestoreRequest, ServiceKind,
};
use serde_json::{Value, json};

use super::{
    folders::{self, NewFolder},
    plan::blank,
    resource::{self, Planned, Resource, Steps},
};
use crate::{
    compare,
    parts::grafana::{again, search},
    reader::BackupReader,
};
use aether_foundation::diff::unified;

/// File of the groups' intervals in a backup.
const GROUPS: &str = "rule-groups";
/// Fields that Grafana sets automatically, or that describe provenance.
const OWN: [&str; 7] = ["id", "orgID", "orgId", "updated", "updated_by", "provenance", "version"];
/// What stands where a secret was.
const REDACTED: &str = "[REDACTED]";

/// A thing of the alerting.
#[derive(Debug, Clone, PartialEq)]
pub struct AlertingResource {
    /// What it is; none: the interval of a group of rules.
    what: Option<Alerting>,
    /// By which Grafana knows it; of a group its folder's uid, a line's end, and its name.
    key: String,
    /// It.
    value: Value,
}

/// What Grafana has.
struct Now {
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
fn path(file: &str) -> String {
    format!("grafana/alerting/{file}.json")
}

impl AlertingResource {
    fn new(what: Alerting, value: Value) -> Self {
        let key =
            what.key().and_then(|key| value.get(key)).and_then(Value::as_str).unwrap_or_default().to_owned();
        Self { what: Some(what), key, value }
    }

    /// Name of its file in a backup, without folder and ending.
    fn name(&self) -> &'static str {
        self.what.map_or(GROUPS, Alerting::name)
    }

    /// Folder and name of a group.
    fn group(&self) -> (&str, &str) {
        self.key.split_once('\n').unwrap_or(("", &self.key))
    }

    /// The document to send, without fields that Grafana sets automatically.
    fn sent(&self) -> Value {
        let mut value = self.value.clone();
        if let Some(fields) = value.as_object_mut() {
            for own in OWN {
                fields.remove(own);
            }
        }
        value
    }

    /// The same without the fields whose secret Grafana has hidden, for a Grafana that has none to keep.
    fn without_secrets(&self) -> Self {
        let mut new = self.clone();
        without_redacted(&mut new.value);
        new
    }

    async fn set_interval(&self, client: &Grafana) -> Result<(), ClientError> {
        let (folder, group) = self.group();
        let Some(mut now) = client.rule_group(folder, group).await? else { return Ok(()) };
        if let Some(fields) = now.as_object_mut() {
            fields.insert("interval".into(), self.value.get("interval").cloned().unwrap_or_default());
        }
        client.put_rule_group(folder, group, &now).await
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

impl Resource for AlertingResource {
    const PART: RestorePart = RestorePart::Alerting;
    const KIND: BackupPartKind = BackupPartKind::Grafana;
    const NOUN: &'static str = "alerting resources";

    fn id(&self) -> String {
        let key = self.key.replace('\n', "/");
        if key.is_empty() { self.name().to_owned() } else { format!("{}/{key}", self.name()) }
    }

    fn file(&self) -> String {
        path(self.name())
    }

    fn saved_value(&self) -> Value {
        self.value.clone()
    }

    fn compared(&self) -> Value {
        if self.what.is_none() {
            return json!({"interval": self.value.get("interval")});
        }
        compare::plain(&self.sent())
    }

    fn written(&self, live: Option<&Self>) -> Self {
        if live.is_none() { self.without_secrets() } else { self.clone() }
    }

    fn all(opened: &BackupReader) -> Result<Vec<Self>, PanelError> {
        let mut all = Vec::new();
        for what in ORDER {
            match (what, resource::file(opened, &path(what.name()))?) {
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
        if let Some(Value::Array(groups)) = resource::file(opened, &path(GROUPS))? {
            let text = |value: &Value, key: &str| {
                value.get(key).and_then(Value::as_str).unwrap_or_default().to_owned()
            };
            let one = |value: &Value| {
                let interval = value.get("interval").cloned().unwrap_or_default();
                group(&text(value, "folderUid"), &text(value, "title"), interval)
            };
            all.extend(groups.iter().map(one));
        }
        Ok(all)
    }

    async fn plan(
        opened: &BackupReader,
        client: &Arc<Grafana>,
        request: &RestoreRequest,
    ) -> Result<Steps<Self>, PanelError> {
        let saved = Self::all(opened)?;
        let now = live(client, &saved).await?;
        let mut things = resource::chosen(saved, request)?;
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
        let items = things.iter().map(|thing| item(thing, opened, &now, request, &mut folders)).collect();
        let planned = Planned { things, items, before: now.things, folders, notes: Vec::new() };
        Ok(planned.steps(request, client.address(), now.version))
    }

    async fn read(&self, client: &Grafana) -> Result<Option<Self>, ClientError> {
        match self.what {
            None => {
                let (folder, name) = self.group();
                let found = again(|| client.rule_group(folder, name)).await?;
                Ok(found.map(|found| group(folder, name, found.get("interval").cloned().unwrap_or_default())))
            }
            Some(what) => Ok(all(client, what).await?.into_iter().find(|thing| thing.key == self.key)),
        }
    }

    async fn write(&self, client: &Grafana, live: Option<&Self>) -> Result<(), ClientError> {
        match (self.what, live) {
            // A group's rules have been written one by one: only how often it is evaluated is left.
            (None, _) => self.set_interval(client).await,
            (Some(what), None) => client.create_alerting(what, &self.sent()).await,
            (Some(what), Some(_)) => client.update_alerting(what, &self.key, &self.sent()).await,
        }
    }

    async fn delete(&self, client: &Grafana) -> Result<(), ClientError> {
        match self.what {
            Some(what) => client.delete_alerting(what, &self.key).await.map(|_| ()),
            None => Ok(()),
        }
    }

    /// A group goes with its rules.
    fn goes_with_others(&self) -> bool {
        self.what.is_none()
    }
}

/// The group's interval as a resource.
fn group(folder: &str, name: &str, interval: Value) -> AlertingResource {
    AlertingResource {
        what: None,
        key: format!("{folder}\n{name}"),
        value: json!({"folderUid": folder, "title": name, "interval": interval}),
    }
}

/// What Grafana has of what a backup has.
///
/// # Errors
/// Grafana's codes.
async fn live(client: &Grafana, saved: &[AlertingResource]) -> Result<Now, PanelError> {
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
        if let Some(thing) = wanted.read(client).await.map_err(told)? {
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
    if live.is_some_and(|live| thing.is_in(live)) {
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
        assert!(one.is_in(&rule(json!({"id": 9}))) && one.compared() == rule(json!({})).compared());
        assert!(!one.is_in(&rule(json!({"for": "6m"}))));
        assert_eq!(one.id(), "alert-rules/a");
        assert_eq!(group("f", "g", json!(60)).id(), "rule-groups/f/g");
        assert!(!group("f", "g", json!(60)).is_in(&group("f", "g", json!(30))));
    }
}
