//! Annotations: those that Grafana lacks are created, the others stay as they are.

use std::{collections::BTreeMap, sync::Arc};

use aether_clients::{ClientError, Grafana, grafana::annotation_end};
use aether_contract::{
    BackupPartKind, PanelError, RestoreAction, RestoreConflict, RestoreItem, RestoreKind, RestorePart,
    RestoreRequest, ServiceKind,
};
use serde_json::{Value, json};

use super::{
    plan::blank,
    resource::{self, Planned, Resource, Steps},
};
use crate::{layout::ANNOTATIONS, parts::grafana::again, reader::BackupReader};

/// Id of those that belong to no dashboard.
const ORGANIZATION: &str = "organization";

/// The annotations of a dashboard, or of the organization.
#[derive(Debug, Clone, PartialEq)]
pub struct AnnotationGroup {
    /// Uid of the dashboard; empty: the organization's.
    dashboard: String,
    all: Vec<Value>,
}

/// What tells an annotation from others: a restored one has another number, author and time of creation.
type Identity = (i64, i64, i64, String, Vec<String>);

fn text(one: &Value, field: &str) -> String {
    one.get(field).and_then(Value::as_str).unwrap_or_default().to_owned()
}

fn number(one: &Value, field: &str) -> i64 {
    one.get(field).and_then(Value::as_i64).unwrap_or_default()
}

fn identity(one: &Value) -> Identity {
    let tags = one.get("tags").and_then(Value::as_array).into_iter().flatten();
    let mut tags: Vec<String> = tags.filter_map(Value::as_str).map(str::to_owned).collect();
    tags.sort();
    (number(one, "time"), annotation_end(one), number(one, "panelId"), text(one, "text"), tags)
}

/// By dashboard. Those of dashboards that have no uid because they were deleted belong nowhere.
fn grouped(all: Vec<Value>) -> BTreeMap<String, AnnotationGroup> {
    let mut groups = BTreeMap::new();
    for one in all {
        let dashboard = text(&one, "dashboardUID");
        if dashboard.is_empty() && number(&one, "dashboardId") > 0 {
            continue;
        }
        let group = AnnotationGroup { dashboard, all: Vec::new() };
        groups.entry(group.id()).or_insert(group).all.push(one);
    }
    groups
}

impl AnnotationGroup {
    /// Those that `other` lacks; the same one twice counts twice.
    fn without(&self, other: Option<&Self>) -> Vec<&Value> {
        let mut there: BTreeMap<Identity, usize> = BTreeMap::new();
        for one in other.into_iter().flat_map(|other| &other.all) {
            *there.entry(identity(one)).or_default() += 1;
        }
        let mut missing = Vec::new();
        for one in &self.all {
            match there.get_mut(&identity(one)) {
                Some(count) if *count > 0 => *count -= 1,
                _ => missing.push(one),
            }
        }
        missing
    }

    fn item(&self, live: Option<&Self>, dashboards: &BTreeMap<String, String>) -> RestoreItem {
        let known = dashboards.get(&self.dashboard);
        let title = match known {
            _ if self.dashboard.is_empty() => "Organization",
            Some(title) => title,
            None => &self.dashboard,
        };
        let mut item = blank(RestoreKind::Annotations, &self.id(), title);
        let count = |number: usize| {
            if number == 1 { "1 annotation".to_owned() } else { format!("{number} annotations") }
        };
        if !self.dashboard.is_empty() && known.is_none() {
            item.obstacle = Some(RestoreConflict::Unusable);
            item.note = format!(
                "{}. This dashboard does not exist in Grafana. Restore it first.",
                count(self.all.len())
            );
            return item;
        }
        let missing = self.without(live).len();
        if missing == 0 {
            item.act = RestoreAction::Identical;
            item.note = format!("{}.", count(self.all.len()));
            return item;
        }
        item.act = if live.is_some() { RestoreAction::Update } else { RestoreAction::Create };
        item.note = format!(
            "Creates {missing} of {}; existing ones are kept. Grafana will show you as their author.",
            count(self.all.len())
        );
        item
    }
}

impl Resource for AnnotationGroup {
    const PART: RestorePart = RestorePart::Annotations;
    const KIND: BackupPartKind = BackupPartKind::Annotations;
    const NOUN: &'static str = "annotations";
    const ADDS: bool = true;

    fn id(&self) -> String {
        if self.dashboard.is_empty() {
            ORGANIZATION.to_owned()
        } else {
            format!("dashboard/{}", self.dashboard)
        }
    }

    fn file(&self) -> String {
        ANNOTATIONS.to_owned()
    }

    fn saved_value(&self) -> Value {
        Value::Array(self.all.clone())
    }

    fn compared(&self) -> Value {
        let mut all: Vec<Identity> = self.all.iter().map(identity).collect();
        all.sort();
        json!(all)
    }

    fn is_in(&self, live: &Self) -> bool {
        self.without(Some(live)).is_empty()
    }

    fn all(opened: &BackupReader) -> Result<Vec<Self>, PanelError> {
        let all = resource::list(opened, ANNOTATIONS)?;
        Ok(grouped(all).into_values().collect())
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
        let before = grouped(again(|| client.annotations(None)).await.map_err(told)?);
        let items = things.iter().map(|thing| thing.item(before.get(&thing.id()), &dashboards)).collect();
        let planned = Planned { things, items, before, folders: Vec::new(), notes: Vec::new() };
        Ok(planned.steps(request, client.address(), version))
    }

    async fn read(&self, client: &Grafana) -> Result<Option<Self>, ClientError> {
        let dashboard = Some(self.dashboard.as_str()).filter(|uid| !uid.is_empty());
        let all = again(|| client.annotations(dashboard)).await?;
        Ok(grouped(all).remove(&self.id()))
    }

    async fn write(&self, client: &Grafana, live: Option<&Self>) -> Result<(), ClientError> {
        for one in self.without(live) {
            let mut body = json!({
                "time": number(one, "time"), "timeEnd": annotation_end(one), "text": text(one, "text")
            });
            let fields = ["tags", "data"].map(|field| (field, one.get(field).cloned()));
            for (field, value) in fields.into_iter().filter_map(|(field, value)| Some((field, value?))) {
                body[field] = value;
            }
            if !self.dashboard.is_empty() {
                body["dashboardUID"] = json!(self.dashboard);
                body["panelId"] = json!(number(one, "panelId"));
            }
            client.create_annotation(&body).await?;
        }
        Ok(())
    }

    async fn delete(&self, client: &Grafana) -> Result<(), ClientError> {
        for one in &self.all {
            client.delete_annotation(number(one, "id")).await?;
        }
        Ok(())
    }

    async fn take_back(
        &self,
        client: &Grafana,
        before: Option<&Self>,
        now: &Self,
    ) -> Option<Result<(), ClientError>> {
        // Of equal ones the newest.
        let mut newest = now.clone();
        newest.all.sort_by_key(|one| std::cmp::Reverse(number(one, "id")));
        let mut wanted: BTreeMap<Identity, usize> = BTreeMap::new();
        for one in self.without(before) {
            *wanted.entry(identity(one)).or_default() += 1;
        }
        for one in &newest.all {
            if let Some(count) = wanted.get_mut(&identity(one)).filter(|count| **count > 0) {
                *count -= 1;
                if let Err(error) = client.delete_annotation(number(one, "id")).await {
                    return Some(Err(error));
                }
            }
        }
        Some(Ok(()))
    }
}
