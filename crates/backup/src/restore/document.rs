//! A dashboard as it is sent: the backup's own text but for the few fields that have to change. Pure.

use std::collections::BTreeMap;

use aether_clients::grafana::{DashboardApi, ResourceApi};
use serde_json::{Value, json, value::RawValue};

use crate::dashboard::{Source, references};

/// Longest message of a saved version that Grafana takes, in characters.
const MAX_MESSAGE: usize = 500;
/// Fields of the classic JSON that the `spec` of a resource does not have.
const NOT_IN_A_SPEC: [&str; 3] = ["id", "uid", "version"];

/// How it is saved.
#[derive(Debug, Clone)]
pub struct Saving<'a> {
    /// Uid.
    pub uid: &'a str,
    /// Another title than the backup's.
    pub title: Option<&'a str>,
    /// Folder; empty: the root. Left out it would be moved there.
    pub folder: &'a str,
    /// The live state that it takes the place of; none for a new one.
    pub before: Option<Before<'a>>,
    /// Message of the saved version.
    pub message: &'a str,
    /// Data sources to use instead.
    pub data_sources: &'a BTreeMap<String, String>,
}

/// The live state that a save takes the place of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Before<'a> {
    /// Its version.
    pub version: u32,
    /// Its revision: as the version, or the `resourceVersion`.
    pub revision: &'a str,
}

/// A request that saves a dashboard.
#[derive(Debug)]
pub enum Request {
    /// `POST /api/dashboards/db`.
    Legacy(String),
    /// `POST` to the collection of this version.
    Create(String, String),
    /// `PUT` to the object of this version.
    Replace(String, String),
}

/// A dashboard that is ready to be sent.
#[derive(Debug)]
pub struct Prepared {
    /// The request.
    pub request: Request,
    /// The dashboard in it, to be compared with what Grafana has afterwards.
    pub sent: Value,
}

/// The version in which a Grafana takes it; empty: through the legacy API.
///
/// # Errors
/// Why it can't take it, as a clause.
pub fn target_version(source: Source<'_>, api: &DashboardApi) -> Result<String, String> {
    let version = source.version();
    let newer = version.starts_with("v2");
    match api {
        DashboardApi::Legacy if newer => Err("this Grafana has no dashboard schema v2".to_owned()),
        DashboardApi::Blocked(why) if newer => {
            Err(format!("it is in dashboard schema v2, which can only be saved through /apis ({why})"))
        }
        DashboardApi::Legacy | DashboardApi::Blocked(_) => Ok(String::new()),
        DashboardApi::Resources(api) if version.is_empty() => {
            // A Grafana without the classic schema in its /apis takes it through the legacy API.
            Ok(api.classic().unwrap_or_default().to_owned())
        }
        DashboardApi::Resources(api) => api.writable(&version).map(str::to_owned).ok_or_else(|| {
            format!("it is in {version}, and this Grafana only accepts {}", api.versions.join(", "))
        }),
    }
}

/// The request that saves it. Everything else stays as it was written, to the last digit.
///
/// # Errors
/// In words: the backup's file is no dashboard, or Grafana can't take it.
pub fn prepare(source: Source<'_>, api: &DashboardApi, saving: &Saving<'_>) -> Result<Prepared, String> {
    let version = target_version(source, api)?;
    let filled = references::filled(source.spec, saving.data_sources)?;
    let spec = filled.as_deref().unwrap_or(source.spec);
    match api {
        DashboardApi::Resources(api) if !version.is_empty() => resource(source, spec, api, version, saving),
        _ => legacy(spec, saving),
    }
}

/// Reads the top level of a dashboard.
fn fields(spec: &RawValue) -> Result<BTreeMap<String, Box<RawValue>>, String> {
    serde_json::from_str(spec.get()).map_err(|error| format!("not a dashboard: {error}"))
}

fn raw(value: &Value) -> Result<Box<RawValue>, String> {
    RawValue::from_string(value.to_string()).map_err(|error| error.to_string())
}

/// The body of `POST /api/dashboards/db`.
fn legacy(spec: &RawValue, saving: &Saving<'_>) -> Result<Prepared, String> {
    let mut fields = fields(spec)?;
    let mut put = |key: &str, value: Value| raw(&value).map(|raw| fields.insert(key.to_owned(), raw));
    // A foreign number hits another row.
    put("id", Value::Null)?;
    put("uid", json!(saving.uid))?;
    put("version", json!(saving.before.map_or(0, |before| before.version)))?;
    if let Some(title) = saving.title {
        put("title", json!(title))?;
    }
    let message: String = saving.message.chars().take(MAX_MESSAGE).collect();
    let folder = Value::String(saving.folder.to_owned());
    let dashboard = serde_json::to_string(&fields).map_err(|error| error.to_string())?;
    let sent = serde_json::from_str(&dashboard).map_err(|error| error.to_string())?;
    let body = format!(
        "{{\"dashboard\":{dashboard},\"folderUid\":{folder},\"message\":{},\"overwrite\":false}}",
        Value::String(message)
    );
    Ok(Prepared { request: Request::Legacy(body), sent })
}

/// The object for `/apis`. Of its metadata only what people set is sent: a manager's annotation would make the
/// dashboard read-only for them.
fn resource(
    source: Source<'_>,
    spec: &RawValue,
    api: &ResourceApi,
    version: String,
    saving: &Saving<'_>,
) -> Result<Prepared, String> {
    let classic = source.version().is_empty();
    let spec = if classic || saving.title.is_some() {
        let mut fields = fields(spec)?;
        if classic {
            fields.retain(|key, _| !NOT_IN_A_SPEC.contains(&key.as_str()));
        }
        if let Some(title) = saving.title {
            fields.insert("title".to_owned(), raw(&json!(title))?);
        }
        serde_json::to_string(&fields).map_err(|error| error.to_string())?
    } else {
        spec.get().to_owned()
    };
    let sent = serde_json::from_str(&spec).map_err(|error| error.to_string())?;
    let own = &source.meta.resource;
    let mut annotations = own.annotations.clone();
    if !saving.folder.is_empty() {
        annotations.insert("grafana.app/folder".to_owned(), saving.folder.to_owned());
    }
    let message: String = saving.message.chars().take(MAX_MESSAGE).collect();
    annotations.insert("grafana.app/message".to_owned(), message);
    let mut metadata = json!({
        "name": saving.uid, "namespace": api.namespace, "annotations": annotations, "labels": own.labels,
    });
    if let (Some(before), Some(metadata)) = (saving.before, metadata.as_object_mut()) {
        metadata.insert("resourceVersion".to_owned(), json!(before.revision));
    }
    let body = format!(
        "{{\"kind\":\"Dashboard\",\"apiVersion\":\"dashboard.grafana.app/{version}\",\"metadata\":{metadata},\
         \"spec\":{spec}}}"
    );
    let request = match saving.before {
        Some(_) => Request::Replace(version, body),
        None => Request::Create(version, body),
    };
    Ok(Prepared { request, sent })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::dashboard::{DashboardMeta, document};

    static NONE: BTreeMap<String, String> = BTreeMap::new();

    fn raw(text: &str) -> Box<RawValue> {
        serde_json::from_str(text).unwrap()
    }

    fn resources(versions: &[&str]) -> DashboardApi {
        let versions: Vec<String> = versions.iter().map(|&version| version.to_owned()).collect();
        let preferred = versions[0].clone();
        DashboardApi::Resources(ResourceApi { versions, preferred, namespace: "default".into() })
    }

    fn saving<'a>(before: Option<Before<'a>>) -> Saving<'a> {
        Saving { uid: "new", title: None, folder: "f", before, message: "m", data_sources: &NONE }
    }

    fn body(request: &Request) -> &str {
        match request {
            Request::Legacy(body) | Request::Create(_, body) | Request::Replace(_, body) => body,
        }
    }

    #[test]
    fn everything_but_the_few_fields_stays_to_the_last_digit() {
        let text = concat!(
            r#"{"id":9,"uid":"old","version":4,"title":"T","big":123456789012345678901234567890,"#,
            r#""f":0.1000000000000000055511151231257827}"#
        );
        let (spec, meta) = (raw(text), DashboardMeta::default());
        let source = Source { spec: &spec, meta: &meta };
        let before = Before { version: 7, revision: "7" };
        let prepared = prepare(source, &DashboardApi::Legacy, &saving(Some(before))).unwrap();
        let body = body(&prepared.request);
        assert!(body.contains("123456789012345678901234567890"), "{body}");
        assert!(body.contains("0.1000000000000000055511151231257827"), "{body}");
        let value: Value = serde_json::from_str(body).unwrap();
        assert_eq!(value["dashboard"]["id"], Value::Null);
        assert_eq!(
            (value["dashboard"]["uid"].as_str(), value["dashboard"]["version"].as_u64()),
            (Some("new"), Some(7))
        );
        assert_eq!((value["folderUid"].as_str(), value["overwrite"].as_bool()), (Some("f"), Some(false)));
        assert_eq!(value["dashboard"]["title"], "T");
    }

    #[test]
    fn a_resource_is_sent_as_it_is_stored_without_its_manager_and_what_the_server_sets() {
        let spec = r#"{"title":"T","elements":{},"n":1.10,"big":123456789012345678901234567890}"#;
        let text = format!(
            r#"{{"kind":"Dashboard","apiVersion":"dashboard.grafana.app/v2beta1","metadata":{{"name":"old","uid":"x",
            "resourceVersion":"1","generation":3,"labels":{{"team":"a","grafana.app/deprecatedInternalID":"3"}},
            "annotations":{{"grafana.app/managedBy":"repo","grafana.app/managerId":"i","grafana.app/sourcePath":"p",
            "grafana.app/createdBy":"user:a","mine":"b","grafana.app/folder":"was"}}}},"spec":{spec}}}"#
        );
        let read = document(text.as_bytes()).unwrap();
        let source = Source { spec: &read.spec, meta: &read.meta };
        let api = resources(&["v2", "v2beta1", "v1"]);
        let prepared = prepare(source, &api, &saving(None)).unwrap();
        assert!(matches!(&prepared.request, Request::Create(version, _) if version == "v2beta1"));
        let sent: Value = serde_json::from_str(body(&prepared.request)).unwrap();
        assert!(body(&prepared.request).contains(&format!("\"spec\":{spec}}}")), "byte for byte");
        let wanted = json!({"name": "new", "namespace": "default", "labels": {"team": "a"},
            "annotations": {"mine": "b", "grafana.app/folder": "f", "grafana.app/message": "m"}});
        assert_eq!(sent["metadata"], wanted);
        let before = Before { version: 3, revision: "17" };
        let prepared = prepare(source, &resources(&["v2"]), &saving(Some(before))).unwrap();
        assert!(matches!(&prepared.request, Request::Replace(version, _) if version == "v2"));
        let sent: Value = serde_json::from_str(body(&prepared.request)).unwrap();
        assert_eq!(sent["metadata"]["resourceVersion"], "17");
    }

    /// JSON as text, with numbers and escapes that no other writer would write alike.
    fn json_text() -> impl Strategy<Value = String> {
        let number = prop_oneof![
            Just("1.10".to_owned()),
            Just("123456789012345678901234567890".to_owned()),
            Just("-0.0".to_owned()),
            Just("1E+5".to_owned()),
            any::<i64>().prop_map(|number| number.to_string()),
        ];
        let leaf = prop_oneof![
            number,
            Just("null".to_owned()),
            Just("true".to_owned()),
            "[a-zé ]{0,8}".prop_map(|text| format!("\"{text}\"")),
            Just(r#""\u00e9\/\"""#.to_owned()),
        ];
        leaf.prop_recursive(4, 40, 5, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..4)
                    .prop_map(|items| format!("[{}]", items.join(", "))),
                prop::collection::vec(inner, 0..4).prop_map(|items| {
                    let fields =
                        items.iter().enumerate().map(|(index, item)| format!("\"k{index}\" :{item}"));
                    format!("{{{}}}", fields.collect::<Vec<_>>().join(" ,"))
                }),
            ]
        })
    }

    proptest! {
        #[test]
        fn every_spec_of_schema_v2_survives_byte_for_byte(
            panel in json_text(),
            layout in json_text(),
            rest in json_text(),
        ) {
            let spec = format!(
                "{{\"title\":\"T\",\"elements\":{{\"a\": {panel}}},\"layout\":{{\"kind\":\"X\",\"spec\":{layout}}},\
                 \"new\":{rest}}}"
            );
            let resource = |version: &str, spec: &str| format!(
                "{{\"apiVersion\":\"dashboard.grafana.app/{version}\",\"metadata\":{{\"name\":\"u\"}},\"spec\":{spec}}}"
            );
            let backup = document(resource("v2", &spec).as_bytes()).unwrap();
            prop_assert_eq!(backup.spec.get(), &spec);
            let source = Source { spec: &backup.spec, meta: &backup.meta };
            let prepared = prepare(source, &resources(&["v2"]), &saving(None)).unwrap();
            let sent = document(body(&prepared.request).as_bytes()).unwrap();
            prop_assert_eq!(sent.spec.get(), &spec);
        }
    }

    #[test]
    fn a_classic_dashboard_becomes_a_resource_without_its_numbers() {
        let (spec, meta) =
            (raw(r#"{"id":9,"uid":"old","version":4,"title":"T","panels":[]}"#), DashboardMeta::default());
        let source = Source { spec: &spec, meta: &meta };
        let prepared = prepare(source, &resources(&["v1", "v1beta1"]), &saving(None)).unwrap();
        assert_eq!(prepared.sent, json!({"title": "T", "panels": []}));
        assert!(matches!(prepared.request, Request::Create(version, _) if version == "v1"));
    }

    #[test]
    fn schema_v2_is_refused_where_it_can_not_be_saved() {
        let (spec, meta) = (raw(r#"{"title":"T","elements":{}}"#), DashboardMeta::default());
        let source = Source { spec: &spec, meta: &meta };
        let refused = |api: &DashboardApi| prepare(source, api, &saving(None)).unwrap_err();
        assert!(refused(&DashboardApi::Legacy).contains("no dashboard schema v2"));
        assert!(refused(&DashboardApi::Blocked("403".into())).contains("/apis (403)"));
        assert!(refused(&resources(&["v1", "v0alpha1"])).contains("only accepts v1, v0alpha1"));
    }
}
