//! Dashboards shown without a login. Showing one again, or more of it, is always asked about.

use std::{collections::BTreeMap, sync::Arc};

use aether_clients::{ClientError, Grafana, sensitive::MASK};
use aether_contract::{
    BackupPartKind, PanelError, RestoreAction, RestoreChoice, RestoreConflict, RestoreItem, RestoreKind,
    RestorePart, RestoreRequest, ServiceKind,
};
use serde_json::{Value, json};

use super::{
    permissions::decided,
    plan::blank,
    resource::{self, Planned, Resource, Steps},
};
use crate::{layout::PUBLIC_DASHBOARDS, parts::grafana::again, reader::BackupReader};
use aether_foundation::diff::unified;

/// Settings that show more when they are on, with the words for that.
const SHOWS: [(&str, &str); 2] = [
    ("timeSelectionEnabled", "any time range can be chosen"),
    ("annotationsEnabled", "annotations are shown"),
];

/// How a dashboard is public.
#[derive(Debug, Clone, PartialEq)]
pub struct PublicDashboard {
    value: Value,
}

impl PublicDashboard {
    fn field(&self, name: &str) -> &str {
        self.value.get(name).and_then(Value::as_str).unwrap_or_default()
    }

    fn is_on(&self, name: &str) -> bool {
        self.value.get(name).and_then(Value::as_bool).unwrap_or_default()
    }

    /// What it shows that Grafana does not show now.
    fn wider_than(&self, live: Option<&Self>) -> Vec<&'static str> {
        if !self.is_on("isEnabled") {
            return Vec::new();
        }
        let Some(live) = live.filter(|live| live.is_on("isEnabled")) else {
            return vec!["everybody with the link sees the dashboard"];
        };
        let mut wider: Vec<&str> = SHOWS
            .iter()
            .filter(|(name, _)| self.is_on(name) && !live.is_on(name))
            .map(|(_, words)| *words)
            .collect();
        if live.field("share") == "email" && self.field("share") != "email" {
            wider.push("everybody with the link sees it, not only those invited by email");
        }
        wider
    }

    fn item(
        &self,
        live: Option<&Self>,
        dashboards: &BTreeMap<String, String>,
        request: &RestoreRequest,
    ) -> RestoreItem {
        let known = dashboards.get(self.field("dashboardUid"));
        let title = known.map_or(self.field("title"), String::as_str);
        let mut item = blank(RestoreKind::PublicDashboard, &self.id(), title);
        if known.is_none() {
            item.obstacle = Some(RestoreConflict::Unusable);
            item.note = "This dashboard does not exist in Grafana. Restore it first.".into();
            return item;
        }
        if live.is_some_and(|live| self.is_in(live)) {
            item.act = RestoreAction::Identical;
            return item;
        }
        let text = |one: &Self| format!("{:#}\n", one.compared());
        item.diff = unified(&live.map(text).unwrap_or_default(), &text(self));
        let write = if live.is_some() { RestoreAction::Update } else { RestoreAction::Create };
        let mut notes = Vec::new();
        let wider = self.wider_than(live);
        item.act = if wider.is_empty() {
            write
        } else {
            item.obstacle = Some(RestoreConflict::WouldWiden);
            item.choices = vec![RestoreChoice::Keep, RestoreChoice::Replace];
            notes.push(format!("It shows more than now: {}.", wider.join("; ")));
            match decided(request, &item.uid) {
                RestoreAction::Update => write,
                other => other,
            }
        };
        if live.is_none() {
            notes.push("It gets a new link: the old one is not in the backup.".to_owned());
        }
        if self.field("share") == "email" {
            notes.push("People invited by email are not in the backup: invite them again.".to_owned());
        }
        item.note = notes.join(" ");
        item
    }
}

impl Resource for PublicDashboard {
    const PART: RestorePart = RestorePart::PublicDashboards;
    const KIND: BackupPartKind = BackupPartKind::PublicDashboards;
    const NOUN: &'static str = "public dashboards";

    fn id(&self) -> String {
        format!("dashboard/{}", self.field("dashboardUid"))
    }

    fn file(&self) -> String {
        PUBLIC_DASHBOARDS.to_owned()
    }

    fn saved_value(&self) -> Value {
        let mut value = self.value.clone();
        value["accessToken"] = json!(MASK);
        value
    }

    fn compared(&self) -> Value {
        let share = Some(self.field("share")).filter(|share| !share.is_empty()).unwrap_or("public");
        json!({
            "isEnabled": self.is_on("isEnabled"), "timeSelectionEnabled": self.is_on("timeSelectionEnabled"),
            "annotationsEnabled": self.is_on("annotationsEnabled"), "share": share
        })
    }

    fn all(opened: &BackupReader) -> Result<Vec<Self>, PanelError> {
        let all: Vec<Value> = resource::list(opened, PUBLIC_DASHBOARDS)?;
        let all = all.into_iter().map(|value| Self { value });
        Ok(all.filter(|one| !one.field("dashboardUid").is_empty()).collect())
    }

    async fn plan(
        opened: &BackupReader,
        client: &Arc<Grafana>,
        request: &RestoreRequest,
    ) -> Result<Steps<Self>, PanelError> {
        let version = resource::version(client).await?;
        let things = resource::chosen(Self::all(opened)?, request)?;
        let dashboards = resource::dashboard_titles(client).await?;
        let told = |error: ClientError| error.to_panel(ServiceKind::Grafana);
        let mut before = BTreeMap::new();
        for thing in things.iter().filter(|thing| dashboards.contains_key(thing.field("dashboardUid"))) {
            if let Some(live) = thing.read(client).await.map_err(told)? {
                before.insert(thing.id(), live);
            }
        }
        let item = |thing: &Self| thing.item(before.get(&thing.id()), &dashboards, request);
        let items = things.iter().map(item).collect();
        let planned = Planned { things, items, before, folders: Vec::new(), notes: Vec::new() };
        Ok(planned.steps(request, client.address(), version))
    }

    async fn read(&self, client: &Grafana) -> Result<Option<Self>, ClientError> {
        let found = again(|| client.public_dashboard(self.field("dashboardUid"))).await?;
        Ok(found.map(|value| Self { value }))
    }

    async fn write(&self, client: &Grafana, live: Option<&Self>) -> Result<(), ClientError> {
        let own = live.map(|live| live.field("uid"));
        client.save_public_dashboard(self.field("dashboardUid"), own, &self.compared()).await
    }

    async fn delete(&self, client: &Grafana) -> Result<(), ClientError> {
        client.delete_public_dashboard(self.field("dashboardUid"), self.field("uid")).await
    }

    /// What somebody has made private stays private.
    fn may_come_back(&self) -> bool {
        false
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn public(settings: Value) -> PublicDashboard {
        PublicDashboard { value: settings }
    }

    #[test]
    fn showing_more_to_everybody_is_told_from_showing_less() {
        let on = public(json!({"isEnabled": true, "share": "public"}));
        let off = public(json!({"isEnabled": false}));
        let invited = public(json!({"isEnabled": true, "share": "email"}));
        let annotated = public(json!({"isEnabled": true, "annotationsEnabled": true}));
        assert_eq!(on.wider_than(None).len(), 1);
        assert_eq!(on.wider_than(Some(&off)).len(), 1);
        assert_eq!(on.wider_than(Some(&invited)).len(), 1);
        assert_eq!(annotated.wider_than(Some(&on)), ["annotations are shown"]);
        assert!(on.wider_than(Some(&annotated)).is_empty() && off.wider_than(None).is_empty());
        assert!(invited.wider_than(Some(&on)).is_empty());
    }
}
