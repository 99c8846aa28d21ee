//! Playlists. Grafana chooses the uid of a new one, so that it is known by its name, too.

use aether_foundation::text::verb;
use std::{collections::BTreeMap, sync::Arc};

use aether_clients::{ClientError, Grafana};
use aether_contract::{
    BackupPartKind, PanelError, RestoreAction, RestoreItem, RestoreKind, RestorePart, RestoreRequest,
    ServiceKind,
};
use serde_json::{Value, json};

use super::{
    plan::blank,
    resource::{self, Planned, Resource, Steps},
};
use crate::{layout::PLAYLISTS, parts::grafana::again, reader::BackupReader};
use aether_foundation::diff::unified;

/// A playlist with its items.
#[derive(Debug, Clone, PartialEq)]
pub struct Playlist {
    /// Uid in the backup, where it may be another than in Grafana.
    key: String,
    value: Value,
}

impl Playlist {
    fn field(&self, name: &str) -> &str {
        self.value.get(name).and_then(Value::as_str).unwrap_or_default()
    }

    /// What is sent.
    fn body(&self) -> Value {
        let items = self.value.get("items").and_then(Value::as_array).into_iter().flatten();
        let item = |(index, one): (usize, &Value)| {
            let field = |name: &str| one.get(name).cloned().unwrap_or_default();
            json!({"type": field("type"), "value": field("value"), "order": index + 1, "title": field("title")})
        };
        let items: Vec<Value> = items.enumerate().map(item).collect();
        json!({"name": self.field("name"), "interval": self.field("interval"), "items": items})
    }

    fn item(&self, live: Option<&Self>) -> RestoreItem {
        let mut item = blank(RestoreKind::Playlist, &self.id(), self.field("name"));
        if live.is_some_and(|live| self.is_in(live)) {
            item.act = RestoreAction::Identical;
            return item;
        }
        let text = |playlist: &Self| format!("{:#}\n", playlist.compared());
        item.diff = unified(&live.map(text).unwrap_or_default(), &text(self));
        item.act = if live.is_some() { RestoreAction::Update } else { RestoreAction::Create };
        let items = self.value.get("items").and_then(Value::as_array).into_iter().flatten();
        let numbered = items.filter(|one| one.get("type").and_then(Value::as_str) == Some("dashboard_by_id"));
        item.note = match (numbered.count(), live) {
            (0, Some(_)) => String::new(),
            (0, None) => "It gets a new address, because Grafana chooses the UIDs of playlists.".to_owned(),
            (count, _) => {
                format!(
                    "{} dashboards by number, which other Grafanas do not share.",
                    verb(count, "of its items names", "of its items name")
                )
            }
        };
        item
    }
}

/// All of Grafana's, with their items.
async fn live(client: &Grafana) -> Result<Vec<Playlist>, ClientError> {
    let mut all = Vec::new();
    for row in again(|| client.playlists()).await? {
        let uid = row.get("uid").and_then(Value::as_str).unwrap_or_default();
        if let Some(value) = again(|| client.playlist(uid)).await? {
            all.push(Playlist { key: uid.to_owned(), value });
        }
    }
    Ok(all)
}

/// That with the same uid, else the only one with the same name.
fn counterpart(of: &Playlist, live: &[Playlist]) -> Option<Playlist> {
    let same_uid = live.iter().find(|one| one.field("uid") == of.field("uid"));
    let mut same_name = live.iter().filter(|one| one.field("name") == of.field("name"));
    let found = same_uid.or_else(|| same_name.next().filter(|_| same_name.next().is_none()))?;
    Some(Playlist { key: of.key.clone(), value: found.value.clone() })
}

impl Resource for Playlist {
    const PART: RestorePart = RestorePart::Playlists;
    const KIND: BackupPartKind = BackupPartKind::Playlists;
    const NOUN: &'static str = "playlists";

    fn id(&self) -> String {
        format!("playlist/{}", self.key)
    }

    fn file(&self) -> String {
        PLAYLISTS.to_owned()
    }

    fn saved_value(&self) -> Value {
        // Under the uid that the item of the plan has.
        let mut value = self.value.clone();
        value["key"] = json!(self.key);
        value
    }

    fn compared(&self) -> Value {
        let mut body = self.body();
        // Titles follow the dashboards.
        for item in body["items"].as_array_mut().into_iter().flatten().filter_map(Value::as_object_mut) {
            item.remove("title");
        }
        body
    }

    fn all(opened: &BackupReader) -> Result<Vec<Self>, PanelError> {
        let all: Vec<Value> = resource::list(opened, PLAYLISTS)?;
        let playlist = |mut value: Value| {
            let kept = value.as_object_mut().and_then(|fields| fields.remove("key"));
            let key = kept.as_ref().or_else(|| value.get("uid")).and_then(Value::as_str)?.to_owned();
            Some(Self { key, value })
        };
        Ok(all.into_iter().filter_map(playlist).collect())
    }

    async fn plan(
        opened: &BackupReader,
        client: &Arc<Grafana>,
        request: &RestoreRequest,
    ) -> Result<Steps<Self>, PanelError> {
        let version = resource::version(client).await?;
        let things = resource::chosen(Self::all(opened)?, request)?;
        let live = live(client).await.map_err(|error| error.to_panel(ServiceKind::Grafana))?;
        let found = things.iter().filter_map(|thing| Some((thing.id(), counterpart(thing, &live)?)));
        let before: BTreeMap<String, Self> = found.collect();
        let items = things.iter().map(|thing| thing.item(before.get(&thing.id()))).collect();
        let planned = Planned { things, items, before, folders: Vec::new(), notes: Vec::new() };
        Ok(planned.steps(request, client.address(), version))
    }

    async fn read(&self, client: &Grafana) -> Result<Option<Self>, ClientError> {
        Ok(counterpart(self, &live(client).await?))
    }

    async fn write(&self, client: &Grafana, live: Option<&Self>) -> Result<(), ClientError> {
        client.save_playlist(live.map(|live| live.field("uid")), &self.body()).await
    }

    async fn delete(&self, client: &Grafana) -> Result<(), ClientError> {
        client.delete_playlist(self.field("uid")).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn playlist(uid: &str, name: &str) -> Playlist {
        Playlist { key: uid.into(), value: json!({"uid": uid, "name": name, "interval": "5m", "items": []}) }
    }

    #[test]
    fn playlist_is_known_by_its_uid_and_else_by_a_name_that_only_one_has() {
        let of = playlist("a", "Wall");
        let found = |live: &[Playlist]| counterpart(&of, live).map(|one| one.field("uid").to_owned());
        assert_eq!(found(&[playlist("b", "Wall"), playlist("a", "Renamed")]).as_deref(), Some("a"));
        assert_eq!(found(&[playlist("b", "Wall"), playlist("c", "Other")]).as_deref(), Some("b"));
        assert_eq!(found(&[playlist("b", "Wall"), playlist("c", "Wall")]), None, "which one is a guess");
    }
}
