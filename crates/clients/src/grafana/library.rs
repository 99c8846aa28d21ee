//! What a backup reads and a restore writes: dashboards, folders, library panels, data sources.
//!
//! Bodies that are kept come as they are, so that nothing which this version does not know is lost.

use reqwest::Method;
use serde::Deserialize;
use serde_json::Value;

use super::{DashboardApi, Grafana};
use crate::{
    error::{ClientError, Failure},
    exposition,
    http::Reply,
    lenient::nullable,
    reply::Expected,
};

/// Rows of a search page; Grafana allows 5000.
pub const SEARCH_PAGE: u32 = 1000;
/// Rows of a page of library panels; Grafana allows 100.
pub const LIBRARY_PAGE: u32 = 100;

/// What is searched for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SearchKind {
    /// Dashboards.
    Dashboards,
    /// Folders of all levels.
    Folders,
}

/// A row of a search.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SearchHit {
    /// Uid.
    #[serde(default, deserialize_with = "nullable")]
    pub uid: String,
    /// Title.
    #[serde(default, deserialize_with = "nullable")]
    pub title: String,
    /// Uid of the folder that it is in; empty: the root.
    #[serde(default, deserialize_with = "nullable")]
    pub folder_uid: String,
    /// Title of that folder.
    #[serde(default, deserialize_with = "nullable")]
    pub folder_title: String,
}

/// What Grafana made of a dashboard that was saved.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
pub struct SavedDashboard {
    /// Its uid; up to 11.2 it may be another than the one sent.
    #[serde(default, deserialize_with = "nullable")]
    pub uid: String,
    /// Its version.
    #[serde(default, deserialize_with = "nullable")]
    pub version: u32,
}

/// A page of library panels.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct LibraryPage {
    /// How many there are in all.
    #[serde(default, deserialize_with = "nullable")]
    pub total_count: u32,
    /// They.
    #[serde(default, deserialize_with = "nullable")]
    pub elements: Vec<Value>,
}

/// The body around a page of library panels.
#[derive(Deserialize)]
pub(crate) struct LibraryReply {
    pub(crate) result: LibraryPage,
}

/// Dashboards of all organizations, from Grafana's own metrics.
pub(crate) fn dashboard_count(metrics: &[u8]) -> Option<u64> {
    let count = exposition::value(metrics, "grafana_stat_totals_dashboard")?;
    (count.is_finite() && count >= 0.0).then_some(count as u64)
}

impl Grafana {
    /// Its address.
    pub fn address(&self) -> String {
        crate::sensitive::without_secrets(&self.http.url("", &[]))
    }

    /// `GET /api/search`: a page of [`SEARCH_PAGE`] rows, counted from 1. Only what the credentials may read comes.
    ///
    /// # Errors
    /// As [`ClientError`] tells.
    pub async fn search(&self, kind: SearchKind, page: u32) -> Result<Vec<SearchHit>, ClientError> {
        let kind = match kind {
            SearchKind::Dashboards => "dash-db",
            SearchKind::Folders => "dash-folder",
        };
        let query =
            [("type", kind.to_owned()), ("limit", SEARCH_PAGE.to_string()), ("page", page.to_string())];
        Ok(self.http.get("/api/search", &query, Expected::List).await?.value)
    }

    /// A dashboard as it is stored: the resource where Grafana has `/apis`, else as [`Self::legacy_dashboard`]. None
    /// when there is no such dashboard. `hint` is the version that it is probably stored in.
    ///
    /// # Errors
    /// As [`ClientError`] tells; [`Failure::NotAsStored`] rather than a conversion.
    pub async fn dashboard(&self, uid: &str, hint: Option<&str>) -> Result<Option<Vec<u8>>, ClientError> {
        match &*self.dashboard_api().await? {
            DashboardApi::Resources(api) => self.resource(api, uid, hint).await,
            DashboardApi::Legacy | DashboardApi::Blocked(_) => self.legacy_dashboard(uid).await,
        }
    }

    /// `GET /api/dashboards/uid/{uid}`: `{"dashboard":…,"meta":…}` as it came; none when there is no such dashboard.
    ///
    /// # Errors
    /// As [`ClientError`] tells; [`Failure::WrongServer`] when the answer is JSON of another form;
    /// [`Failure::NotAsStored`] when it says that it was converted.
    pub async fn legacy_dashboard(&self, uid: &str) -> Result<Option<Vec<u8>>, ClientError> {
        #[derive(Deserialize)]
        struct Wire {
            dashboard: Spec,
            #[serde(default, deserialize_with = "nullable")]
            meta: Meta,
        }
        #[derive(Default, Deserialize)]
        struct Meta {
            #[serde(default, rename = "apiVersion", deserialize_with = "nullable")]
            api_version: String,
        }
        #[derive(Deserialize)]
        struct Spec {
            #[serde(default)]
            elements: Option<serde::de::IgnoredAny>,
        }
        let path = format!("/api/dashboards/uid/{}", segment(uid));
        let raw = match self.http.get_large(&path).await {
            Ok(raw) => raw,
            Err(error) if missing(&error) => return Ok(None),
            Err(error) => return Err(error),
        };
        let (body, url) = (raw.value.body.clone(), raw.value.url.clone());
        let wire = self.http.json::<Wire>(raw, Expected::Object("dashboard"))?.value;
        let stored = wire.meta.api_version.rsplit('/').next().unwrap_or_default();
        if stored.starts_with("v2") && wire.dashboard.elements.is_none() {
            let words = format!("stored as {stored}, and the legacy API converts it");
            return Err(self.http.error(Failure::NotAsStored(words), url, ""));
        }
        Ok(Some(body))
    }

    /// `GET /api/folders/{uid}`: its title; none when there is no such folder.
    ///
    /// # Errors
    /// As [`ClientError`] tells.
    pub async fn folder(&self, uid: &str) -> Result<Option<String>, ClientError> {
        #[derive(Deserialize)]
        struct Wire {
            #[serde(default, deserialize_with = "nullable")]
            title: String,
        }
        let path = format!("/api/folders/{}", segment(uid));
        match self.http.get::<Wire>(&path, &[], Expected::Object("uid")).await {
            Ok(reply) => Ok(Some(reply.value.title)),
            Err(error) if missing(&error) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// `GET /api/library-elements`: a page of [`LIBRARY_PAGE`] panels, counted from 1.
    ///
    /// # Errors
    /// As [`ClientError`] tells.
    pub async fn library_panels(&self, page: u32) -> Result<LibraryPage, ClientError> {
        let query =
            [("kind", "1".to_owned()), ("perPage", LIBRARY_PAGE.to_string()), ("page", page.to_string())];
        let reply: Reply<LibraryReply> =
            self.http.get("/api/library-elements", &query, Expected::Object("result")).await?;
        Ok(reply.value.result)
    }

    /// `GET /api/datasources`. Secrets never come with it.
    ///
    /// # Errors
    /// [`Failure::Forbidden`] below the role Admin; else as [`ClientError`] tells.
    pub async fn data_sources(&self) -> Result<Vec<Value>, ClientError> {
        Ok(self.http.get("/api/datasources", &[], Expected::List).await?.value)
    }

    /// `GET /api/plugins?type=panel`: the ids of installed panel plugins, built-in ones too.
    ///
    /// # Errors
    /// As [`ClientError`] tells.
    pub async fn panel_plugins(&self) -> Result<Vec<String>, ClientError> {
        #[derive(Deserialize)]
        struct Wire {
            #[serde(default, deserialize_with = "nullable")]
            id: String,
        }
        let query = [("type", "panel".to_owned())];
        let reply: Reply<Vec<Wire>> = self.http.get("/api/plugins", &query, Expected::List).await?;
        Ok(reply.value.into_iter().map(|plugin| plugin.id).collect())
    }

    /// Dashboards that Grafana counts in all its organisations, from `/metrics`; none where that can't be
    /// read. It lags.
    pub async fn dashboards_in_all(&self) -> Option<u64> {
        let reply = self.http.get_raw("/metrics", &[]).await.ok()?;
        dashboard_count(&reply.value.body)
    }

    /// `POST /api/dashboards/db`. Never repeated.
    ///
    /// # Errors
    /// [`Failure::Rejected`] 412 when somebody saved since, or a title is taken; 400 for a provisioned one. A
    /// [`Failure::Server`] may come *after* it was saved: read it before deciding.
    pub async fn save_dashboard(&self, body: &str) -> Result<SavedDashboard, ClientError> {
        let reply = self.http.change_large(Method::POST, "/api/dashboards/db", body).await?;
        Ok(self.http.json(reply, Expected::Object("uid"))?.value)
    }

    /// Deletes a dashboard. False when there is none.
    ///
    /// # Errors
    /// As [`ClientError`] tells.
    pub async fn delete_dashboard(&self, uid: &str) -> Result<bool, ClientError> {
        if let DashboardApi::Resources(api) = &*self.dashboard_api().await? {
            return self.delete_resource(api, uid).await;
        }
        let path = format!("/api/dashboards/uid/{}", segment(uid));
        match self.http.change(Method::DELETE, &path, None).await {
            Ok(_) => Ok(true),
            Err(error) if missing(&error) => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// `POST /api/folders`.
    ///
    /// # Errors
    /// [`Failure::Rejected`] 409 or 412 when it exists; else as [`ClientError`] tells.
    pub async fn create_folder(
        &self,
        uid: &str,
        title: &str,
        parent: Option<&str>,
    ) -> Result<(), ClientError> {
        let mut body = serde_json::json!({"uid": uid, "title": title});
        if let (Some(parent), Some(fields)) = (parent, body.as_object_mut()) {
            fields.insert("parentUid".to_owned(), Value::String(parent.to_owned()));
        }
        self.http.change(Method::POST, "/api/folders", Some(&body.to_string())).await?;
        Ok(())
    }

    /// `POST /api/library-elements`.
    ///
    /// # Errors
    /// [`Failure::Rejected`] 400 when its name or uid is taken; else as [`ClientError`] tells.
    pub async fn create_library_panel(&self, element: &Value) -> Result<(), ClientError> {
        self.http.change(Method::POST, "/api/library-elements", Some(&element.to_string())).await?;
        Ok(())
    }
}

/// Whether the answer is "there is no such thing", and not "there is no such API": the latter says just "Not found".
pub(super) fn missing(error: &ClientError) -> bool {
    let words = error.words.trim().to_lowercase();
    matches!(error.failure, Failure::WrongPath) && words.contains("not found") && words != "not found"
}

/// A segment of a path: a uid may hold anything, and must not lead elsewhere.
pub(crate) fn segment(uid: &str) -> String {
    let mut out = String::with_capacity(uid.len());
    for byte in uid.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'~') {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_uid_stays_one_segment_of_the_path() {
        assert_eq!(segment("aether-rag_ops"), "aether-rag_ops");
        assert_eq!(segment("../../admin?x#y%"), "%2E%2E%2F%2E%2E%2Fadmin%3Fx%23y%25");
        assert_eq!(segment("ü"), "%C3%BC");
    }

    #[test]
    fn a_missing_dashboard_is_told_from_a_missing_api() {
        let error = |words: &str| {
            let mut error = ClientError::new(Failure::WrongPath, "", "");
            error.words = words.to_owned();
            error
        };
        assert!(missing(&error("Dashboard not found")));
        assert!(missing(&error("folder not found")));
        assert!(!missing(&error("Not found")));
        assert!(!missing(&error("404 page")));
    }
}
