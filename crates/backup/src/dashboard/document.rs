//! The forms in which a dashboard is stored, and what Grafana says about it: the classic JSON with or without
//! `{"dashboard":…,"meta":…}` around it, and the resource of `dashboard.grafana.app` (`apiVersion`, `metadata`,
//! `spec`).

use std::collections::BTreeMap;

use aether_contract::DashboardSchema;
use serde::Deserialize;
use serde_json::{Value, value::RawValue};

use super::v2;

/// Group of the dashboard resources.
const GROUP: &str = "dashboard.grafana.app/";
/// How annotations and labels that belong to Grafana begin.
const GRAFANAS: &str = "grafana.app/";

/// What Grafana says about a dashboard.
#[derive(Debug, Default, Clone, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct DashboardMeta {
    /// Uid of its folder.
    pub folder_uid: String,
    /// Title of its folder.
    pub folder_title: String,
    /// Version; of a resource its generation.
    pub version: u32,
    /// Who saved it last.
    pub updated_by: String,
    /// When, in RFC 3339.
    pub updated: String,
    /// Whether it came from a file.
    pub provisioned: bool,
    /// That file.
    pub provisioned_external_id: String,
    /// Version of the API that it is in, e.g. `v2beta1`; empty for the classic JSON. Grafana 13 tells it of classic
    /// replies too: there it is the version that the dashboard is stored in.
    pub api_version: String,
    /// What a resource says beyond that.
    #[serde(skip)]
    pub resource: Resource,
}

/// What only a resource has.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct Resource {
    /// Its name, which is the dashboard's uid; empty for the classic form.
    pub name: String,
    /// The state that a change has to start from; empty when unknown.
    pub resource_version: String,
    /// The version that it is stored in, if the reply tells.
    pub stored_version: String,
    /// What manages it (`repo`, `terraform`, `kubectl`, `classic-file-provisioning` …); empty: people.
    pub managed_by: String,
    /// Which one of these.
    pub manager_id: String,
    /// File in the manager's source.
    pub source_path: String,
    /// Labels that people set.
    pub labels: BTreeMap<String, String>,
    /// Annotations that people set.
    pub annotations: BTreeMap<String, String>,
}

impl DashboardMeta {
    /// What manages it, in words; empty for a dashboard that people edit.
    pub fn manager(&self) -> String {
        let resource = &self.resource;
        let kind = match resource.managed_by.as_str() {
            "" => return String::new(),
            "repo" => "a Git repository",
            "terraform" => "Terraform",
            "kubectl" => "kubectl",
            "classic-file-provisioning" => "file provisioning",
            "classic-api-provisioning" => "the provisioning API",
            "plugin" => "a plugin",
            other => other,
        };
        let mut details = vec![resource.manager_id.as_str(), resource.source_path.as_str()];
        details.retain(|detail| !detail.is_empty());
        if details.is_empty() { kind.to_owned() } else { format!("{kind} ({})", details.join(", ")) }
    }
}

/// A dashboard and what Grafana says about it.
#[derive(Debug)]
pub struct Document {
    /// The dashboard itself: the classic JSON, or the resource's `spec`, as it was written.
    pub spec: Box<RawValue>,
    /// What Grafana says about it.
    pub meta: DashboardMeta,
}

/// A dashboard of a backup.
#[derive(Debug, Clone, Copy)]
pub struct Source<'a> {
    /// The classic JSON, or the `spec` of a resource.
    pub spec: &'a RawValue,
    /// What the backup says about it.
    pub meta: &'a DashboardMeta,
}

impl Source<'_> {
    /// The version of the API that it is in; empty for the classic JSON.
    pub fn version(&self) -> String {
        let value: Value = serde_json::from_str(self.spec.get()).unwrap_or_default();
        match schema(self.meta, &value) {
            DashboardSchema::Classic => String::new(),
            _ if !self.meta.api_version.is_empty() => {
                self.meta.api_version.rsplit('/').next().unwrap_or_default().to_owned()
            }
            DashboardSchema::V1 => "v1".to_owned(),
            DashboardSchema::V2 => v2::version(&value).to_owned(),
        }
    }
}

/// Which schema a dashboard is in.
pub fn schema(meta: &DashboardMeta, spec: &Value) -> DashboardSchema {
    match (is_v2(spec), meta.resource.name.is_empty()) {
        (true, _) => DashboardSchema::V2,
        (false, true) => DashboardSchema::Classic,
        (false, false) => DashboardSchema::V1,
    }
}

/// Whether a dashboard has schema v2, in which panels are elements that a layout refers to.
pub fn is_v2(spec: &Value) -> bool {
    spec.get("elements").is_some_and(Value::is_object)
        || spec.pointer("/layout/kind").is_some_and(Value::is_string)
}

/// Reads one.
///
/// # Errors
/// In words.
pub fn document(bytes: &[u8]) -> Result<Document, String> {
    #[derive(Deserialize)]
    struct Whole {
        dashboard: Box<RawValue>,
        #[serde(default)]
        meta: Option<Value>,
    }
    let text = std::str::from_utf8(bytes).map_err(|error| format!("not valid UTF-8: {error}"))?;
    let text = text.trim_start_matches('\u{feff}');
    // A list would be read as a struct's fields in their order.
    if !text.trim_start().starts_with('{') {
        let json = serde_json::from_str::<serde::de::IgnoredAny>(text);
        return Err(match json {
            Ok(_) => "valid JSON, but not a dashboard".into(),
            Err(_) if text.trim().is_empty() => "the file is empty".into(),
            Err(error) => format!("not valid JSON: {error}"),
        });
    }
    if let Some(resource) = resource(text)? {
        return Ok(resource);
    }
    if let Ok(whole) = serde_json::from_str::<Whole>(text) {
        // A field of another kind in `meta` does not cost the dashboard.
        let meta = whole.meta.and_then(|meta| serde_json::from_value(meta).ok()).unwrap_or_default();
        return Ok(Document { spec: whole.dashboard, meta });
    }
    let spec: Box<RawValue> =
        serde_json::from_str(text).map_err(|error| format!("not valid JSON: {error}"))?;
    Ok(Document { spec, meta: DashboardMeta::default() })
}

/// A resource of `dashboard.grafana.app`; none for anything else.
///
/// # Errors
/// In words, for a resource that can't be used.
fn resource(text: &str) -> Result<Option<Document>, String> {
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Wire {
        api_version: String,
        #[serde(default)]
        kind: Option<String>,
        metadata: Value,
        #[serde(default)]
        spec: Option<Box<RawValue>>,
        #[serde(default)]
        status: Option<Value>,
    }
    let Ok(wire) = serde_json::from_str::<Wire>(text) else { return Ok(None) };
    let Some(version) = wire.api_version.strip_prefix(GROUP) else { return Ok(None) };
    if wire.kind.as_deref().is_some_and(|kind| kind != "Dashboard") {
        return Err(format!("it is a {}, not a dashboard", wire.kind.unwrap_or_default()));
    }
    let spec = wire.spec.ok_or("the resource has no spec")?;
    if !spec.get().trim_start().starts_with('{') {
        return Err("the resource's spec is not an object".into());
    }
    let at = |pointer: &str| wire.metadata.pointer(pointer).and_then(Value::as_str).unwrap_or_default();
    let annotation = |name: &str| {
        let all = wire.metadata.get("annotations");
        let found = all.and_then(|all| all.get(format!("{GRAFANAS}{name}"))).and_then(Value::as_str);
        found.unwrap_or_default().to_owned()
    };
    let name = at("/name").to_owned();
    if name.is_empty() {
        return Err("the resource has no name".into());
    }
    let updated = annotation("updatedTimestamp");
    let by = Some(annotation("updatedBy")).filter(|by| !by.is_empty());
    let stored = wire.status.as_ref().and_then(|status| status.pointer("/conversion/storedVersion"));
    let managed_by = annotation("managedBy");
    let source_path = annotation("sourcePath");
    let meta = DashboardMeta {
        folder_uid: annotation("folder"),
        folder_title: String::new(),
        version: wire
            .metadata
            .get("generation")
            .and_then(Value::as_u64)
            .and_then(|generation| u32::try_from(generation).ok())
            .unwrap_or_default(),
        updated_by: person(&by.unwrap_or_else(|| annotation("createdBy"))),
        updated: if updated.is_empty() { at("/creationTimestamp").to_owned() } else { updated },
        provisioned: managed_by == "classic-file-provisioning",
        provisioned_external_id: if managed_by.is_empty() { String::new() } else { source_path.clone() },
        api_version: version.to_owned(),
        resource: Resource {
            name,
            resource_version: at("/resourceVersion").to_owned(),
            stored_version: stored.and_then(Value::as_str).unwrap_or_default().to_owned(),
            managed_by,
            manager_id: annotation("managerId"),
            source_path,
            labels: own(wire.metadata.get("labels")),
            annotations: own(wire.metadata.get("annotations")),
        },
    };
    Ok(Some(Document { spec, meta }))
}

/// A user as Grafana writes it (`user:ann`, `service-account:ci`), without its kind.
fn person(identity: &str) -> String {
    identity.strip_prefix("user:").unwrap_or(identity).to_owned()
}

/// Labels or annotations, without those that Grafana and kubectl set.
fn own(values: Option<&Value>) -> BTreeMap<String, String> {
    let all = values.and_then(Value::as_object).into_iter().flatten();
    all.filter(|(key, _)| {
        let domain = key.split('/').next().unwrap_or_default();
        !(key.contains('/') && (domain.ends_with("grafana.app") || domain.ends_with("kubernetes.io")))
    })
    .filter_map(|(key, value)| Some((key.clone(), value.as_str()?.to_owned())))
    .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn schema_of(read: &Document) -> DashboardSchema {
        schema(&read.meta, &serde_json::from_str(read.spec.get()).unwrap())
    }

    #[test]
    fn a_dashboard_is_read_with_and_without_its_wrapping() {
        let read = document(br#"{"meta":{"folderUid":"f","version":3},"dashboard":{"a":1e2}}"#).unwrap();
        assert_eq!(
            (read.spec.get(), read.meta.folder_uid.as_str(), read.meta.version),
            (r#"{"a":1e2}"#, "f", 3)
        );
        let read = document("\u{feff}{\"title\":\"x\"}".as_bytes()).unwrap();
        assert_eq!(read.spec.get(), r#"{"title":"x"}"#);
        assert!(document(b"[1]").unwrap_err().contains("not a dashboard"));
        assert!(document(b"{").unwrap_err().contains("not valid JSON"));
        assert!(document(b" ").unwrap_err().contains("empty"));
        let read = document(br#"{"meta":{"version":"odd"},"dashboard":{}}"#).unwrap();
        assert_eq!(read.meta.version, 0);
    }

    #[test]
    fn a_resource_is_read_with_its_place_its_manager_and_its_spec_to_the_last_digit() {
        let text = r#"{"kind":"Dashboard","apiVersion":"dashboard.grafana.app/v2beta1","metadata":{"name":"u1",
            "namespace":"default","uid":"internal","resourceVersion":"17","generation":4,
            "creationTimestamp":"2026-01-01T00:00:00Z","labels":{"team":"a","grafana.app/deprecatedInternalID":"9"},
            "annotations":{"grafana.app/folder":"ops","grafana.app/updatedBy":"user:ann","mine":"b",
            "grafana.app/updatedTimestamp":"2026-01-02T00:00:00Z","grafana.app/managedBy":"repo",
            "grafana.app/managerId":"infra","grafana.app/sourcePath":"a/b.json"}},
            "spec":{"title":"T","elements":{},"n":1.10},"status":{"conversion":{"storedVersion":"v2beta1"}}}"#;
        let read = document(text.as_bytes()).unwrap();
        assert_eq!(read.spec.get(), r#"{"title":"T","elements":{},"n":1.10}"#);
        assert_eq!(schema_of(&read), DashboardSchema::V2);
        assert_eq!((read.meta.folder_uid.as_str(), read.meta.version), ("ops", 4));
        assert_eq!(read.meta.updated, "2026-01-02T00:00:00Z");
        assert_eq!(read.meta.manager(), "a Git repository (infra, a/b.json)");
        let resource = &read.meta.resource;
        assert_eq!((resource.name.as_str(), resource.resource_version.as_str()), ("u1", "17"));
        assert_eq!(resource.labels.keys().collect::<Vec<_>>(), ["team"]);
        assert_eq!(resource.annotations.keys().collect::<Vec<_>>(), ["mine"]);
    }

    #[test]
    fn a_resource_that_is_no_dashboard_or_has_none_says_so() {
        let with = |more: &str| {
            document(format!(r#"{{"apiVersion":"dashboard.grafana.app/v1",{more}}}"#).as_bytes())
        };
        assert!(with(r#""metadata":{"name":"a"}"#).unwrap_err().contains("no spec"));
        assert!(with(r#""metadata":{"name":"a"},"spec":[]"#).unwrap_err().contains("not an object"));
        assert!(with(r#""metadata":{},"spec":{}"#).unwrap_err().contains("no name"));
        assert!(
            with(r#""kind":"LibraryPanel","metadata":{"name":"a"},"spec":{}"#)
                .unwrap_err()
                .contains("Library")
        );
    }

    #[test]
    fn the_schema_is_told_by_the_content() {
        let schema = |text: &str| schema_of(&document(text.as_bytes()).unwrap());
        assert_eq!(schema(r#"{"title":"x","panels":[]}"#), DashboardSchema::Classic);
        assert_eq!(schema(r#"{"title":"x","layout":{"kind":"GridLayout"}}"#), DashboardSchema::V2);
        assert_eq!(schema(r#"{"dashboard":{"elements":{}},"meta":{}}"#), DashboardSchema::V2);
        let resource =
            r#"{"apiVersion":"dashboard.grafana.app/v1beta1","metadata":{"name":"a"},"spec":{"panels":[]}}"#;
        assert_eq!(schema(resource), DashboardSchema::V1);
    }
}
