//! What a file of another tool holds, told by its content and never by its name: dashboards in every form, folders,
//! library panels. A file may hold several: a Kubernetes ConfigMap, a list, a YAML file of several documents. Pure.

use serde::Deserialize as _;
use serde_json::{Value, value::RawValue};

use crate::dashboard::{self, DashboardMeta, Document};

/// Largest YAML file that is read: YAML is read whole into memory, several times its size.
const MAX_YAML: usize = 16 * 1024 * 1024;
/// Deepest wrapping that is followed.
const MAX_DEPTH: usize = 8;
/// Most pieces of one file.
const MAX_PIECES: usize = 2_000;

/// A folder of dashboards.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FolderPiece {
    /// Uid.
    pub uid: String,
    /// Title.
    pub title: String,
    /// Uid of the folder above; empty: the root, or unknown.
    pub parent: String,
}

/// One thing in a file.
#[derive(Debug)]
pub enum Piece {
    /// A dashboard, with the titles of its folders where the file tells them.
    Dashboard(Box<Document>, Vec<String>),
    /// What can only be a dashboard and can't be used, and why.
    Unusable(String),
    /// A folder.
    Folder(FolderPiece),
    /// A library panel, as Grafana's API takes it.
    Library(Value),
    /// Something else, in words for a report.
    Other(&'static str),
}

/// Whether a file is looked into at all.
pub fn is_candidate(path: &str) -> bool {
    let lower = path.to_lowercase();
    [".json", ".dashboard", ".yaml", ".yml", ".folder", ".library_element"]
        .iter()
        .any(|end| lower.ends_with(end))
}

/// Whether a file that can't be read can only be a dashboard: grafana-backup-tool names it so, or it lies where only
/// dashboards lie.
fn is_meant_as_dashboard(path: &str) -> bool {
    let lower = path.to_lowercase();
    let mut folders = lower.split('/').rev().skip(1);
    lower.ends_with(".dashboard")
        || (lower.ends_with(".json") && folders.any(|folder| folder == "dashboards"))
}

/// What a file holds.
pub fn pieces(path: &str, bytes: &[u8]) -> Vec<Piece> {
    let broken = |why: String| {
        let piece =
            if is_meant_as_dashboard(path) { Piece::Unusable(why) } else { Piece::Other("unreadable files") };
        vec![piece]
    };
    let text = match decoded(bytes) {
        Ok(text) => text,
        Err(why) => return broken(why),
    };
    let text = text.trim_start_matches('\u{feff}');
    if text.trim().is_empty() {
        return broken("the file is empty".to_owned());
    }
    let mut found = Vec::new();
    let lower = path.to_lowercase();
    if lower.ends_with(".yaml") || lower.ends_with(".yml") {
        match yaml(text) {
            Ok(documents) => {
                documents.iter().for_each(|document| collect(path, document, &[], 0, &mut found))
            }
            Err(why) => return broken(why),
        }
    } else {
        match serde_json::from_str::<Box<RawValue>>(text) {
            Ok(raw) => collect(path, &raw, &[], 0, &mut found),
            Err(error) => return broken(format!("not valid JSON: {error}")),
        }
    }
    found.truncate(MAX_PIECES);
    found
}

/// Text in UTF-8, or in UTF-16 with its mark.
fn decoded(bytes: &[u8]) -> Result<String, String> {
    let wide = |from: fn([u8; 2]) -> u16| {
        let units: Vec<u16> =
            bytes.get(2..).unwrap_or_default().chunks_exact(2).map(|pair| from([pair[0], pair[1]])).collect();
        String::from_utf16(&units).map_err(|error| format!("not valid UTF-16: {error}"))
    };
    match bytes {
        [0xff, 0xfe, ..] => wide(u16::from_le_bytes),
        [0xfe, 0xff, ..] => wide(u16::from_be_bytes),
        _ => {
            std::str::from_utf8(bytes).map(str::to_owned).map_err(|error| format!("not valid UTF-8: {error}"))
        }
    }
}

/// The documents of a YAML file, as JSON.
fn yaml(text: &str) -> Result<Vec<Box<RawValue>>, String> {
    if text.len() > MAX_YAML {
        return Err(format!("larger than {} MB", MAX_YAML >> 20));
    }
    let mut documents = Vec::new();
    for document in yaml_serde::Deserializer::from_str(text) {
        let value = Value::deserialize(document).map_err(|error| format!("not valid YAML: {error}"))?;
        if !value.is_null() {
            documents.push(raw(&value)?);
        }
        if documents.len() >= MAX_PIECES {
            break;
        }
    }
    Ok(documents)
}

fn raw(value: &Value) -> Result<Box<RawValue>, String> {
    serde_json::value::to_raw_value(value).map_err(|error| error.to_string())
}

fn text<'a>(value: &'a Value, pointer: &str) -> &'a str {
    value.pointer(pointer).and_then(Value::as_str).unwrap_or_default()
}

/// A field of an object as it was written.
fn field(raw: &RawValue, key: &str) -> Option<Box<RawValue>> {
    let mut fields: std::collections::BTreeMap<String, Box<RawValue>> =
        serde_json::from_str(raw.get()).ok()?;
    fields.remove(key)
}

/// Adds what a JSON document holds.
fn collect(path: &str, document: &RawValue, folders: &[String], depth: usize, found: &mut Vec<Piece>) {
    if depth > MAX_DEPTH || found.len() >= MAX_PIECES {
        return found.push(Piece::Other("deeply nested documents"));
    }
    let Ok(value) = serde_json::from_str::<Value>(document.get()) else {
        return found.push(Piece::Other("unreadable files"));
    };
    if value.is_array() {
        let items: Vec<Box<RawValue>> = serde_json::from_str(document.get()).unwrap_or_default();
        if items.is_empty() {
            found.push(Piece::Other("empty lists"));
        }
        return items.iter().for_each(|item| collect(path, item, folders, depth + 1, found));
    }
    let (version, kind) = (text(&value, "/apiVersion"), text(&value, "/kind"));
    match (version, kind) {
        ("v1" | "", "List" | "ConfigMapList") | (_, "DashboardList") => {
            let items = field(document, "items");
            match items {
                Some(items) if items.get().trim_start().starts_with('[') => {
                    collect(path, &items, folders, depth + 1, found);
                }
                _ => found.push(Piece::Other("empty lists")),
            }
        }
        ("v1", "ConfigMap") => config_map(path, &value, depth, found),
        _ if version.starts_with("grizzly.grafana.com/") => grizzly(document, &value, kind, found),
        _ if version.starts_with("folder.grafana.app/") => found.push(Piece::Folder(FolderPiece {
            uid: text(&value, "/metadata/name").to_owned(),
            title: text(&value, "/spec/title").to_owned(),
            parent: text(&value, "/metadata/annotations/grafana.app~1folder").to_owned(),
        })),
        _ if version.starts_with("dashboard.grafana.app/") && kind != "Dashboard" && !kind.is_empty() => {
            found.push(Piece::Other("resources that are no dashboards"));
        }
        _ if version.starts_with("dashboard.grafana.app/") => found.push(resource(document, folders)),
        _ if !version.is_empty() && !kind.is_empty() => {
            found.push(Piece::Other("other Kubernetes resources"))
        }
        _ => plain(path, document, &value, folders, depth, found),
    }
}

fn resource(document: &RawValue, folders: &[String]) -> Piece {
    match dashboard::document(document.get().as_bytes()) {
        Ok(read) => usable(read, folders),
        Err(why) => Piece::Unusable(why),
    }
}

/// A dashboard, unless it lacks what every dashboard has.
fn usable(read: Document, folders: &[String]) -> Piece {
    let value: Value = serde_json::from_str(read.spec.get()).unwrap_or_default();
    match text(&value, "/title").trim() {
        "" => Piece::Unusable("it has no title".to_owned()),
        _ => Piece::Dashboard(Box::new(read), folders.to_vec()),
    }
}

/// Dashboards in a ConfigMap, as the sidecar of Grafana's Helm chart reads them.
fn config_map(path: &str, value: &Value, depth: usize, found: &mut Vec<Piece>) {
    let annotations = value.pointer("/metadata/annotations").and_then(Value::as_object);
    let folder = annotations.and_then(|all| {
        let named = all.get("grafana_folder").or_else(|| all.get("k8s-sidecar-target-directory"))?;
        Some(named.as_str()?.rsplit('/').next().unwrap_or_default().to_owned())
    });
    let folders: Vec<String> = folder.filter(|folder| !folder.is_empty()).into_iter().collect();
    let mut any = false;
    for (key, content) in value.get("data").and_then(Value::as_object).into_iter().flatten() {
        let Some(content) = content.as_str().filter(|_| key.ends_with(".json")) else { continue };
        any = true;
        match serde_json::from_str::<Box<RawValue>>(content) {
            Ok(raw) => collect(path, &raw, &folders, depth + 1, found),
            Err(error) => found.push(Piece::Unusable(format!("{key}: not valid JSON: {error}"))),
        }
    }
    if !any {
        found.push(Piece::Other("other Kubernetes resources"));
    }
}

/// Resources of grizzly, whose `spec` is the classic JSON.
fn grizzly(document: &RawValue, value: &Value, kind: &str, found: &mut Vec<Piece>) {
    let name = text(value, "/metadata/name").to_owned();
    match kind {
        "Dashboard" => {
            let Some(spec) = field(document, "spec") else {
                return found.push(Piece::Unusable("the resource has no spec".to_owned()));
            };
            let folder = text(value, "/metadata/folder");
            let folder_uid = if folder.eq_ignore_ascii_case("general") { "" } else { folder }.to_owned();
            let meta = DashboardMeta { folder_uid, ..DashboardMeta::default() };
            found.push(usable(Document { spec, meta }, &[]));
        }
        "DashboardFolder" => found.push(Piece::Folder(FolderPiece {
            uid: name,
            title: text(value, "/spec/title").to_owned(),
            parent: text(value, "/spec/parentUid").to_owned(),
        })),
        "LibraryElement" => match value.get("spec").filter(|spec| spec.get("model").is_some()) {
            Some(spec) => found.push(Piece::Library(spec.clone())),
            None => found.push(Piece::Other("resources that are no dashboards")),
        },
        _ => found.push(Piece::Other("resources that are no dashboards")),
    }
}

/// JSON that is no resource.
fn plain(
    path: &str,
    document: &RawValue,
    value: &Value,
    folders: &[String],
    depth: usize,
    found: &mut Vec<Piece>,
) {
    let lower = path.to_lowercase();
    let has = |key: &str| value.get(key).is_some();
    // gdg keeps the folder beside the resource.
    if value.get("resource").is_some_and(Value::is_object)
        && let Some(inner) = field(document, "resource")
    {
        let nested = text(value, "/nested_path").split('/').map(str::trim).filter(|title| !title.is_empty());
        let nested: Vec<String> = nested.filter(|title| *title != "General").map(str::to_owned).collect();
        return collect(path, &inner, &nested, depth + 1, found);
    }
    if value.get("dashboard").is_some_and(Value::is_object) {
        return found.push(wrapped(document, folders));
    }
    // Answers of the API that somebody saved as they came.
    if value.get("result").is_some_and(Value::is_object)
        && let Some(inner) = field(document, "result")
    {
        return collect(path, &inner, folders, depth + 1, found);
    }
    if has("model") && has("name") && !has("panels") {
        return found.push(Piece::Library(value.clone()));
    }
    if dashboard::looks_like_dashboard(value) {
        return found.push(match dashboard::document(document.get().as_bytes()) {
            Ok(read) => usable(read, folders),
            Err(why) => Piece::Unusable(why),
        });
    }
    let titled = !text(value, "/title").is_empty() && value.get("uid").is_some_and(Value::is_string);
    let in_folders =
        lower.ends_with(".folder") || lower.split('/').rev().skip(1).any(|part| part == "folders");
    let tells = ["hasAcl", "canSave", "parentUid", "parents"].iter().any(|key| has(key));
    if titled && (in_folders || tells || text(value, "/type") == "dash-folder") {
        let parent = Some(text(value, "/parentUid")).filter(|parent| !parent.is_empty());
        return found.push(Piece::Folder(FolderPiece {
            uid: text(value, "/uid").to_owned(),
            title: text(value, "/title").to_owned(),
            parent: parent.unwrap_or_else(|| text(value, "/folderUid")).to_owned(),
        }));
    }
    let alerting =
        ["ruleGroup", "groups", "receiver", "contactPoints", "policies"].iter().any(|key| has(key));
    found.push(if alerting || (has("settings") && has("type")) {
        Piece::Other("alert rules and notification settings")
    } else if has("type") && (has("access") || has("jsonData")) {
        Piece::Other("data sources")
    } else if is_meant_as_dashboard(path) && titled {
        // A dashboard that has nothing in it yet.
        match dashboard::document(document.get().as_bytes()) {
            Ok(read) => usable(read, folders),
            Err(why) => Piece::Unusable(why),
        }
    } else if is_meant_as_dashboard(path) {
        Piece::Unusable("valid JSON, but not a dashboard".to_owned())
    } else {
        Piece::Other("files that are no dashboards")
    });
}

/// `{"dashboard":…,"meta":…}`, which old tools wrapped twice.
fn wrapped(document: &RawValue, folders: &[String]) -> Piece {
    let mut current = document.to_owned();
    let mut meta: Option<DashboardMeta> = None;
    for _ in 0..MAX_DEPTH {
        let value: Value = serde_json::from_str(current.get()).unwrap_or_default();
        if !value.get("dashboard").is_some_and(Value::is_object) || dashboard::looks_like_dashboard(&value) {
            break;
        }
        if let Some(found) = value.get("meta").filter(|_| meta.is_none()) {
            meta = serde_json::from_value(found.clone()).ok();
        }
        let Some(inner) = field(&current, "dashboard") else { break };
        current = inner;
    }
    match dashboard::document(current.get().as_bytes()) {
        Ok(read) if read.meta.resource.name.is_empty() => {
            usable(Document { meta: meta.unwrap_or_default(), ..read }, folders)
        }
        Ok(read) => usable(read, folders),
        Err(why) => Piece::Unusable(why),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(path: &str, text: &str) -> Vec<String> {
        pieces(path, text.as_bytes())
            .into_iter()
            .map(|piece| match piece {
                Piece::Dashboard(read, folders) => {
                    let value: Value = serde_json::from_str(read.spec.get()).unwrap();
                    let place = if folders.is_empty() { read.meta.folder_uid } else { folders.join("/") };
                    format!("dashboard {} in {place:?}", text_of(&value))
                }
                Piece::Unusable(why) => format!("unusable: {why}"),
                Piece::Folder(folder) => format!("folder {} {} <{}", folder.uid, folder.title, folder.parent),
                Piece::Library(panel) => format!("library {}", text_at(&panel, "/name")),
                Piece::Other(what) => what.to_owned(),
            })
            .collect()
    }

    fn text_of(value: &Value) -> String {
        text(value, "/title").to_owned()
    }

    fn text_at(value: &Value, pointer: &str) -> String {
        text(value, pointer).to_owned()
    }

    #[test]
    fn dashboards_are_told_by_their_content_whatever_their_file_is_called() {
        let board = r#"{"uid":"a","title":"A","panels":[]}"#;
        for path in ["alertmanager-overview.json", "Policies/x.json", "datasources/y.json", "contact.json"] {
            assert_eq!(told(path, board), ["dashboard A in \"\""], "{path}");
        }
        assert_eq!(told("dashboards/m.json", r#"{"uid":"m","title":"M"}"#), ["dashboard M in \"\""]);
        assert_eq!(
            told("x.json", r#"{"title":"V2","elements":{},"layout":{"kind":"GridLayout"}}"#),
            ["dashboard V2 in \"\""]
        );
    }

    #[test]
    fn every_wrapping_is_taken_off() {
        let board = r#"{"uid":"a","title":"A","panels":[]}"#;
        let meta = r#""meta":{"folderUid":"f"}"#;
        assert_eq!(
            told("a.dashboard", &format!(r#"{{"dashboard":{board},{meta}}}"#)),
            ["dashboard A in \"f\""]
        );
        let twice = format!(r#"{{"dashboard":{{"dashboard":{board}}},{meta}}}"#);
        assert_eq!(told("a.json", &twice), ["dashboard A in \"f\""]);
        assert_eq!(told("a.json", &format!("[{board},{board}]")).len(), 2);
        let v1 = r#"{"kind":"Dashboard","apiVersion":"dashboard.grafana.app/v1beta1","metadata":{"name":"a",
            "annotations":{"grafana.app/folder":"g"}},"spec":{"title":"A"}}"#;
        assert_eq!(told("a.json", v1), ["dashboard A in \"g\""]);
        let gdg = format!(r#"{{"resource":{v1},"nested_path":"Team/Sub"}}"#);
        assert_eq!(told("a.json", &gdg), ["dashboard A in \"Team/Sub\""]);
    }

    #[test]
    fn yaml_resources_and_config_maps_are_read() {
        let yaml = "apiVersion: grizzly.grafana.com/v1alpha1\nkind: Dashboard\nmetadata:\n  folder: ops\n  name: a\n\
            spec:\n  title: A\n---\napiVersion: grizzly.grafana.com/v1alpha1\nkind: DashboardFolder\nmetadata:\n  \
            name: ops\nspec:\n  title: Ops\n---\napiVersion: v1\nkind: Service\n";
        let wanted = ["dashboard A in \"ops\"", "folder ops Ops <", "other Kubernetes resources"];
        assert_eq!(told("a.yaml", yaml), wanted);
        let map = "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  annotations:\n    grafana_folder: Team\ndata:\n  \
            a.json: |\n    {\"title\": \"A\", \"panels\": []}\n  b.json: '{'\n  readme.txt: x\n";
        let found = told("cm.yml", map);
        assert_eq!(found[0], "dashboard A in \"Team\"");
        assert!(found[1].starts_with("unusable: b.json: not valid JSON"), "{found:?}");
    }

    #[test]
    fn folders_and_library_panels_are_read() {
        assert_eq!(
            told("folders/1/f.folder", r#"{"id":1,"uid":"f","title":"F","parentUid":"p"}"#),
            ["folder f F <p"]
        );
        assert_eq!(told("x.json", r#"{"uid":"f","title":"F","hasAcl":false}"#), ["folder f F <"]);
        let panel = r#"{"uid":"l","name":"L","kind":1,"model":{}}"#;
        assert_eq!(told("x.library_element", panel), ["library L"]);
        assert_eq!(told("x.json", &format!(r#"{{"result":{panel}}}"#)), ["library L"]);
    }

    #[test]
    fn what_can_only_be_a_dashboard_and_can_not_be_read_says_why() {
        let unusable = |path: &str, bytes: &[u8]| match pieces(path, bytes).remove(0) {
            Piece::Unusable(why) => why,
            other => panic!("{other:?}"),
        };
        assert!(unusable("a.dashboard", b"{\"title\"").contains("not valid JSON"));
        assert!(unusable("dashboards/a.json", b"").contains("empty"));
        assert!(unusable("dashboards/a.json", b"{\"title\":NaN}").contains("not valid JSON"));
        assert!(unusable("dashboards/a.json", b"{\"panels\":[]}").contains("no title"));
        assert!(unusable("dashboards/a.json", b"{\"a\":1}").contains("not a dashboard"));
        assert!(unusable("dashboards/a.json", b"\xff\xfea\x00").contains("not valid JSON"));
        assert!(unusable("dashboards/a.json", b"\xff\xfe\x00\xd8").contains("not valid UTF-16"));
        assert_eq!(told("other/a.json", "{"), ["unreadable files"]);
        assert_eq!(told("a.json", r#"{"name":"P","type":"prometheus","access":"proxy"}"#), ["data sources"]);
        let wide: Vec<u8> =
            "\u{feff}{\"title\":\"W\",\"panels\":[]}".encode_utf16().flat_map(u16::to_le_bytes).collect();
        assert!(matches!(pieces("w.json", &wide).remove(0), Piece::Dashboard(..)));
    }
}
