//! Dashboards through `/apis` (Grafana 12 and later), each at the version it is stored in.
//!
//! The legacy API converts what is stored in schema v2 and loses parts of it without a word. So whether `/apis` is
//! there is found out once per connection, and "it is not there" is told from "something keeps it from us": only in
//! the first case is the legacy API lossless.

use std::sync::Arc;

use reqwest::Method;
use serde::Deserialize;
use serde_json::{Value, value::RawValue};

use super::{Grafana, library::segment};
use crate::{
    error::{ClientError, Failure},
    http::{Raw, Reply},
    lenient::nullable,
    reply::Expected,
};

/// Group of the dashboard API.
const GROUP: &str = "dashboard.grafana.app";
/// Objects of a page of a list. Each comes whole.
const PAGE: u32 = 100;
/// Most pages of a list.
const MAX_PAGES: u32 = 10_000;
/// Versions of the classic schema in the order in which a new object is written: the first is stored as it was sent,
/// without being migrated.
const CLASSIC_VERSIONS: [&str; 3] = ["v0alpha1", "v1", "v1beta1"];
/// First version of Grafana that always serves `/apis`.
const ALWAYS_FROM: u32 = 13;
/// First version of Grafana in which a dashboard can be stored in schema v2.
const V2_FROM: u32 = 12;

/// How a Grafana's dashboards are reached.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DashboardApi {
    /// Only the legacy API exists. It loses nothing there.
    Legacy,
    /// `/apis` should be there and can't be used, for this reason. What the legacy API returns may be converted.
    Blocked(String),
    /// Through `/apis`.
    Resources(ResourceApi),
}

/// The dashboard API of a Grafana.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ResourceApi {
    /// Versions that are served: `v0alpha1`, `v1`, `v2beta1` …
    pub versions: Vec<String>,
    /// The one that Grafana prefers.
    pub preferred: String,
    /// Where the objects of the organization are: `default`, `org-2`, `stacks-17`.
    pub namespace: String,
}

impl ResourceApi {
    /// Whether a version is served.
    pub fn serves(&self, version: &str) -> bool {
        self.versions.iter().any(|known| known == version)
    }

    /// The version to write a classic dashboard in.
    pub fn classic(&self) -> Option<&str> {
        CLASSIC_VERSIONS.into_iter().find(|version| self.serves(version))
    }

    /// The version to write an object of another version in; none when nothing of its schema is served. `v2beta1`
    /// became `v2` unchanged; `v2alpha1` is another schema.
    pub fn writable(&self, version: &str) -> Option<&str> {
        let alike: &[&str] = match version {
            "v1" | "v1beta1" | "v0alpha1" => &["v1", "v1beta1", "v0alpha1"],
            "v2" => &["v2", "v2beta1"],
            "v2beta1" => &["v2beta1", "v2"],
            _ => &[],
        };
        if let Some(known) = self.versions.iter().find(|known| *known == version) {
            return Some(known);
        }
        alike.iter().copied().find(|alike| self.serves(alike))
    }

    fn collection(&self, version: &str) -> String {
        format!("/apis/{GROUP}/{}/namespaces/{}/dashboards", segment(version), segment(&self.namespace))
    }

    fn item(&self, version: &str, uid: &str) -> String {
        format!("{}/{}", self.collection(version), segment(uid))
    }
}

/// A dashboard in the list of `/apis`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ListedDashboard {
    /// Uid.
    pub uid: String,
    /// Title; empty where the list does not tell.
    pub title: String,
    /// Uid of its folder; empty: the root.
    pub folder_uid: String,
    /// The version that it is stored in, or else the one it was listed in.
    pub stored_version: String,
}

/// Groups or versions, as `/apis` and `/apis/{group}` list them.
#[derive(Deserialize)]
struct Group {
    #[serde(default, deserialize_with = "nullable")]
    name: String,
    #[serde(default, deserialize_with = "nullable")]
    versions: Vec<GroupVersion>,
    #[serde(default, rename = "preferredVersion", deserialize_with = "nullable")]
    preferred: Option<GroupVersion>,
}

#[derive(Deserialize)]
struct GroupVersion {
    #[serde(default, deserialize_with = "nullable")]
    version: String,
}

#[derive(Deserialize)]
struct Groups {
    groups: Vec<Group>,
}

/// The head of an object.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Head {
    #[serde(default, deserialize_with = "nullable")]
    api_version: String,
    metadata: Metadata,
    #[serde(default, deserialize_with = "nullable")]
    spec: Title,
    #[serde(default, deserialize_with = "nullable")]
    status: Status,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Metadata {
    #[serde(default, deserialize_with = "nullable")]
    name: String,
    #[serde(default, deserialize_with = "nullable")]
    resource_version: String,
    #[serde(default, deserialize_with = "nullable")]
    annotations: std::collections::BTreeMap<String, Value>,
}

#[derive(Default, Deserialize)]
struct Title {
    #[serde(default)]
    title: Value,
}

#[derive(Default, Deserialize)]
struct Status {
    #[serde(default, deserialize_with = "nullable")]
    conversion: Conversion,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Conversion {
    #[serde(default, deserialize_with = "nullable")]
    failed: bool,
    #[serde(default, deserialize_with = "nullable")]
    stored_version: String,
    #[serde(default, deserialize_with = "nullable")]
    error: String,
}

impl Head {
    fn version(&self) -> &str {
        self.api_version.rsplit('/').next().unwrap_or_default()
    }
}

impl Grafana {
    /// How its dashboards are reached. Found out once for each version of the server; an answer that says nothing (a
    /// broken connection, 5xx) is asked for again the next time.
    ///
    /// # Errors
    /// As [`ClientError`] tells.
    pub async fn dashboard_api(&self) -> Result<Arc<DashboardApi>, ClientError> {
        if let Some((_, api)) = &*self.api.lock().await {
            return Ok(Arc::clone(api));
        }
        let version = self.health().await?.value.version;
        // Whoever comes meanwhile waits for the one answer.
        let mut known = self.api.lock().await;
        if let Some((_, api)) = &*known {
            return Ok(Arc::clone(api));
        }
        let api = Arc::new(self.discover(version.as_deref().unwrap_or_default()).await?);
        *known = Some((version, Arc::clone(&api)));
        Ok(api)
    }

    async fn discover(&self, version: &str) -> Result<DashboardApi, ClientError> {
        let major = version.split('.').next().and_then(|major| major.parse::<u32>().ok());
        let group = match self.group().await {
            Ok(group) => group,
            Err(error) if error.may_pass() => return Err(error),
            // Nothing can be stored in schema v2 there.
            Err(_) if major.is_some_and(|major| major < V2_FROM) => return Ok(DashboardApi::Legacy),
            Err(error) => {
                let words = error.words.trim().to_lowercase();
                let absent = matches!(error.failure, Failure::WrongPath) && words == "not found";
                let must_be = major.is_some_and(|major| major >= ALWAYS_FROM);
                return Ok(match absent && !must_be {
                    true => DashboardApi::Legacy,
                    false => DashboardApi::Blocked(format!("{} for {}", error.failure, error.url)),
                });
            }
        };
        let Some(group) = group else {
            return Ok(if major.is_some_and(|major| major >= ALWAYS_FROM) {
                DashboardApi::Blocked(format!("/apis does not list {GROUP}"))
            } else {
                DashboardApi::Legacy
            });
        };
        let versions: Vec<String> =
            group.versions.into_iter().map(|one| one.version).filter(|version| !version.is_empty()).collect();
        let preferred = group.preferred.map(|one| one.version).filter(|version| versions.contains(version));
        let Some(preferred) = preferred.or_else(|| versions.first().cloned()) else {
            return Ok(DashboardApi::Blocked(format!("{GROUP} lists no version")));
        };
        let namespace = self.namespace().await?;
        Ok(DashboardApi::Resources(ResourceApi { versions, preferred, namespace }))
    }

    /// The group of the dashboard API; none when `/apis` has other groups only.
    async fn group(&self) -> Result<Option<Group>, ClientError> {
        let own: Result<Reply<Group>, _> =
            self.http.get(&format!("/apis/{GROUP}"), &[], Expected::Object("versions")).await;
        match own {
            Ok(reply) => Ok(Some(reply.value)),
            Err(error) if matches!(error.failure, Failure::WrongPath) => {
                // Some proxies let only the list through.
                let all: Result<Reply<Groups>, _> =
                    self.http.get("/apis", &[], Expected::Object("groups")).await;
                match all {
                    Ok(reply) => Ok(reply.value.groups.into_iter().find(|group| group.name == GROUP)),
                    Err(_) => Err(error),
                }
            }
            Err(error) => Err(error),
        }
    }

    /// Where the objects of the credentials' organization are.
    async fn namespace(&self) -> Result<String, ClientError> {
        #[derive(Deserialize)]
        struct Settings {
            #[serde(default, deserialize_with = "nullable")]
            namespace: String,
        }
        // Only there does Grafana Cloud tell the number of the stack.
        let settings: Result<Reply<Settings>, _> =
            self.http.get("/api/frontend/settings", &[], Expected::Object("buildInfo")).await;
        if let Ok(settings) = &settings
            && settings.value.namespace.starts_with("stacks-")
        {
            return Ok(settings.value.namespace.clone());
        }
        match self.org().await {
            Ok(org) if org.value.id > 1 => Ok(format!("org-{}", org.value.id)),
            Ok(_) => Ok("default".to_owned()),
            Err(error) => match settings {
                Ok(settings) if !settings.value.namespace.is_empty() => Ok(settings.value.namespace),
                _ => Err(error),
            },
        }
    }

    /// Every dashboard that `/apis` lists for these credentials.
    ///
    /// # Errors
    /// As [`ClientError`] tells; [`Failure::WrongServer`] for a list that does not end.
    pub async fn list_resources(&self, api: &ResourceApi) -> Result<Vec<ListedDashboard>, ClientError> {
        #[derive(Deserialize)]
        struct Page {
            #[serde(default, deserialize_with = "nullable")]
            metadata: PageMetadata,
            #[serde(deserialize_with = "nullable")]
            items: Vec<Box<RawValue>>,
        }
        #[derive(Default, Deserialize)]
        struct PageMetadata {
            #[serde(default, rename = "continue", deserialize_with = "nullable")]
            next: String,
        }
        let path = api.collection(&api.preferred);
        let mut found = Vec::new();
        let (mut next, mut limit) = (String::new(), PAGE);
        for _ in 0..MAX_PAGES {
            let mut query = vec![("limit", limit.to_string())];
            if !next.is_empty() {
                query.push(("continue", next.clone()));
            }
            let page: Result<Reply<Page>, _> = self.http.get(&path, &query, Expected::Object("items")).await;
            let reply = match page {
                Ok(reply) => reply,
                // Large dashboards come in smaller pages.
                Err(error) if matches!(error.failure, Failure::TooLarge(_)) && limit > 1 => {
                    limit /= 4;
                    limit = limit.max(1);
                    continue;
                }
                Err(error) => return Err(error),
            };
            for item in reply.value.items {
                let head: Head = serde_json::from_str(item.get()).map_err(|error| {
                    self.http.error(Failure::Broken, self.http.url(&path, &[]).to_string(), error.to_string())
                })?;
                found.push(listed(&head, &api.preferred));
            }
            if reply.value.metadata.next.is_empty() {
                return Ok(found);
            }
            if reply.value.metadata.next == next {
                break;
            }
            next = reply.value.metadata.next;
        }
        let url = self.http.url(&path, &[]).to_string();
        Err(self.http.error(Failure::WrongServer("its list of dashboards does not end".into()), url, ""))
    }

    /// A dashboard as it is stored, as it came; none when there is no such one. `hint` is the version that it is
    /// probably stored in.
    ///
    /// # Errors
    /// As [`ClientError`] tells; [`Failure::NotAsStored`] when Grafana has it only in another version than the stored
    /// one.
    pub async fn resource(
        &self,
        api: &ResourceApi,
        uid: &str,
        hint: Option<&str>,
    ) -> Result<Option<Vec<u8>>, ClientError> {
        let mut version = hint.filter(|hint| api.serves(hint)).unwrap_or(&api.preferred).to_owned();
        for _ in 0..3 {
            let path = api.item(&version, uid);
            let raw = match self.http.get_large(&path).await {
                Ok(raw) => raw,
                Err(error) if absent(&error) => return Ok(None),
                Err(error) => return Err(error),
            };
            let url = raw.value.url.clone();
            let not_stored =
                |words: String| Err(self.http.error(Failure::NotAsStored(words), url.clone(), ""));
            let body = raw.value.body.clone();
            let head = self.http.json::<Head>(raw, Expected::Object("metadata"))?.value;
            if head.metadata.name != uid {
                return not_stored(format!("it returned {:?} instead", head.metadata.name));
            }
            let got = head.version().to_owned();
            let stored = match head.status.conversion.stored_version.rsplit('/').next() {
                Some(stored) if !stored.is_empty() => stored.to_owned(),
                // Nothing was converted.
                _ => got.clone(),
            };
            if got == stored && !head.status.conversion.failed {
                return Ok(Some(body));
            }
            if got == stored || version == stored {
                let error = &head.status.conversion.error;
                let why = if error.is_empty() { String::new() } else { format!(": {error}") };
                return not_stored(format!("stored as {stored}, returned as {got}{why}"));
            }
            if !api.serves(&stored) {
                return not_stored(format!("stored as {stored}, which this Grafana does not serve"));
            }
            version = stored;
        }
        let url = self.http.url(&api.item(&version, uid), &[]).to_string();
        Err(self.http.error(Failure::NotAsStored("its stored version keeps changing".into()), url, ""))
    }

    /// `POST` of a new dashboard; its `resourceVersion`. Never repeated.
    ///
    /// # Errors
    /// [`Failure::Rejected`] 409 when its uid exists; 400 or 422 for what its version does not allow.
    pub async fn create_resource(
        &self,
        api: &ResourceApi,
        version: &str,
        body: &str,
    ) -> Result<String, ClientError> {
        let reply = self.http.change_large(Method::POST, &api.collection(version), body).await?;
        self.revision(reply)
    }

    fn revision(&self, reply: Reply<Raw>) -> Result<String, ClientError> {
        let saved: Head = self.http.json(reply, Expected::Object("metadata"))?.value;
        Ok(saved.metadata.resource_version)
    }

    /// `PUT` of a dashboard whose body names the `resourceVersion` that it replaces; the new one. Never repeated.
    ///
    /// # Errors
    /// [`Failure::Rejected`] 409 when it was saved in the meantime.
    pub async fn replace_resource(
        &self,
        api: &ResourceApi,
        version: &str,
        uid: &str,
        body: &str,
    ) -> Result<String, ClientError> {
        let reply = self.http.change_large(Method::PUT, &api.item(version, uid), body).await?;
        self.revision(reply)
    }

    /// `DELETE` of a dashboard. False when there is none.
    ///
    /// # Errors
    /// As [`ClientError`] tells.
    pub async fn delete_resource(&self, api: &ResourceApi, uid: &str) -> Result<bool, ClientError> {
        match self.http.change(Method::DELETE, &api.item(&api.preferred, uid), None).await {
            Ok(_) => Ok(true),
            Err(error) if absent(&error) => Ok(false),
            Err(error) => Err(error),
        }
    }
}

fn listed(head: &Head, version: &str) -> ListedDashboard {
    let stored = head.status.conversion.stored_version.rsplit('/').next().unwrap_or_default();
    let folder = head.metadata.annotations.get("grafana.app/folder").and_then(Value::as_str);
    ListedDashboard {
        uid: head.metadata.name.clone(),
        title: head.spec.title.as_str().unwrap_or_default().to_owned(),
        folder_uid: folder.unwrap_or_default().to_owned(),
        stored_version: if stored.is_empty() { version.to_owned() } else { stored.to_owned() },
    }
}

/// Whether a 404 is about the object (`dashboards.dashboard.grafana.app "x" not
/// found`, `Dashboard not found`), and not "there is no such path".
fn absent(error: &ClientError) -> bool {
    let words = error.words.trim().to_lowercase();
    let path = words.contains("requested resource") || words == "not found" || words.contains("page");
    matches!(error.failure, Failure::WrongPath) && words.contains("not found") && !path
}

#[cfg(test)]
mod tests {
    use super::*;

    fn api(versions: &[&str]) -> ResourceApi {
        ResourceApi {
            versions: versions.iter().map(|&version| version.to_owned()).collect(),
            preferred: versions.first().copied().unwrap_or_default().to_owned(),
            namespace: "org-2".to_owned(),
        }
    }

    #[test]
    fn an_object_is_written_in_its_own_version_or_in_one_of_the_same_schema() {
        let newest = api(&["v2", "v2beta1", "v1", "v1beta1"]);
        assert_eq!(newest.writable("v2beta1"), Some("v2beta1"));
        assert_eq!(newest.writable("v2alpha1"), None, "another schema");
        assert_eq!(newest.classic(), Some("v1"));
        let later = api(&["v2", "v1"]);
        assert_eq!((later.writable("v2beta1"), later.writable("v1beta1")), (Some("v2"), Some("v1")));
        let first = api(&["v1beta1", "v0alpha1"]);
        assert_eq!((first.writable("v2"), first.classic()), (None, Some("v0alpha1")));
        assert_eq!(later.writable("v3"), None);
    }

    #[test]
    fn a_path_names_one_object_whatever_its_uid() {
        let path = api(&["v1"]).item("v1", "../x y");
        assert_eq!(path, "/apis/dashboard.grafana.app/v1/namespaces/org-2/dashboards/%2E%2E%2Fx%20y");
    }

    #[test]
    fn an_object_that_is_missing_is_told_from_a_path_that_is() {
        let error = |words: &str| {
            let mut error = ClientError::new(Failure::WrongPath, "", "");
            error.words = words.to_owned();
            error
        };
        assert!(absent(&error("dashboards.dashboard.grafana.app \"x\" not found")));
        assert!(absent(&error("Dashboard not found")));
        assert!(!absent(&error("the server could not find the requested resource")));
        assert!(!absent(&error("404 page not found")));
        assert!(!absent(&error("Not found")));
    }
}
