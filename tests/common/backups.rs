//! What the tests of backups share: a Grafana, and a panel on it.
#![allow(clippy::unwrap_used, clippy::panic)]

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    sync::Arc,
};

use aether_contract::*;
use aether_panel::{NoHost, Panel, PanelOptions, paths::Home};
use aether_sim::grafana::{Grafana, GrafanaOptions};
use aether_tests::{
    root,
    stack::{MemoryKeyring, write_profile},
};
use serde_json::{Value, json};

/// Lines of a profile whose Prometheus nobody needs.
pub const NOBODY: &str = "[prometheus]\nurl = \"http://127.0.0.1:9\"\n";

/// A Grafana, and a panel on it that polls nothing.
pub struct Bench {
    pub folder: tempfile::TempDir,
    pub grafana: Grafana,
    pub panel: Arc<Panel>,
    pub http: reqwest::Client,
}

pub async fn open(folder: &Path) -> Arc<Panel> {
    Panel::start(PanelOptions {
        home: Home::at(&folder.join("home")),
        stack: Some("test".to_owned()),
        host: Arc::new(NoHost),
        secrets: Some(Arc::new(MemoryKeyring::default())),
        poll: false,
    })
    .await
    .unwrap()
}

impl Bench {
    /// On an empty Grafana of a version.
    pub async fn start(version: &str) -> Self {
        Self::with(version, None, NOBODY).await
    }

    /// On a Grafana that has the pack's dashboard from a file.
    pub async fn of_pack() -> Self {
        Self::with("11.2.0", Some(root().join("monitoring")), NOBODY).await
    }

    pub async fn with(version: &str, pack: Option<PathBuf>, servers: &str) -> Self {
        Self::of(GrafanaOptions { version: version.to_owned(), pack, ..GrafanaOptions::default() }, servers)
            .await
    }

    /// On a Grafana of any kind; its folder is the bench's own.
    pub async fn of(options: GrafanaOptions, servers: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let options = GrafanaOptions { folder: folder.path().join("grafana"), ..options };
        let grafana = Grafana::start(options).await.unwrap();
        let profile = format!(
            "name = \"test\"\n{servers}[grafana]\nurl = \"{}\"\nauth = {{ kind = \"basic\", username = \"admin\" }}\n",
            grafana.url()
        );
        let home = Home::at(&folder.path().join("home"));
        write_profile(&home, &profile).unwrap();
        let panel = open(folder.path()).await;
        let bench =
            Self { folder, grafana, panel, http: reqwest::Client::builder().no_proxy().build().unwrap() };
        bench.credentials().await;
        bench
    }

    pub async fn credentials(&self) {
        let secret =
            SecretSetRequest { id: "grafana/password".into(), secret: SecretInput::new("admin".to_owned()) };
        self.panel.secret_set(secret).await.unwrap();
    }

    /// Makes the other Grafana the stack `staging` of this panel.
    pub async fn beside(&mut self, other: &Self) {
        let stacks = self.folder.path().join("home/config/stacks");
        let profile = fs::read_to_string(stacks.join("test.toml")).unwrap();
        let elsewhere =
            profile.replace("\"test\"", "\"staging\"").replace(self.grafana.url(), other.grafana.url());
        fs::write(stacks.join("staging.toml"), elsewhere).unwrap();
        // Stacks are read at the start; each has credentials of its own.
        self.panel = open(self.folder.path()).await;
        self.credentials().await;
        let select =
            async |name: &str| self.panel.stack_select(StackName { name: name.into() }).await.unwrap();
        select("staging").await;
        self.credentials().await;
        select("test").await;
    }

    pub fn root(&self) -> PathBuf {
        self.folder.path().join("home/data/backups/test")
    }

    pub async fn create(&self, parts: &[BackupPartKind]) -> Backup {
        self.panel
            .backup_create(BackupCreateRequest {
                reason: "test".into(),
                created_by: "me".into(),
                parts: parts.to_vec(),
            })
            .await
            .unwrap()
    }

    pub async fn ask(&self, method: reqwest::Method, path: &str, body: Option<Value>) -> (u16, Value) {
        let request = self
            .http
            .request(method, format!("{}{path}", self.grafana.url()))
            .basic_auth("admin", Some("admin"));
        let request = match body {
            Some(body) => request.header("content-type", "application/json").body(body.to_string()),
            None => request,
        };
        let answer = request.send().await.unwrap();
        let status = answer.status().as_u16();
        let text = answer.text().await.unwrap();
        (status, serde_json::from_str(&text).unwrap_or_default())
    }

    pub async fn dashboard(&self, uid: &str) -> Option<Value> {
        let (status, body) =
            self.ask(reqwest::Method::GET, &format!("/api/dashboards/uid/{uid}"), None).await;
        (status == 200).then_some(body)
    }

    /// Somebody edits a dashboard in Grafana.
    pub async fn edit(&self, uid: &str, change: impl FnOnce(&mut Value)) {
        let mut live = self.dashboard(uid).await.unwrap();
        let folder = live["meta"]["folderUid"].clone();
        let mut data = live["dashboard"].take();
        change(&mut data);
        let body = json!({"dashboard": data, "folderUid": folder, "overwrite": false, "message": "manually"});
        let (status, answer) = self.ask(reqwest::Method::POST, "/api/dashboards/db", Some(body)).await;
        assert_eq!(status, 200, "{answer}");
    }

    pub async fn remove(&self, uid: &str) {
        assert_eq!(
            self.ask(reqwest::Method::DELETE, &format!("/api/dashboards/uid/{uid}"), None).await.0,
            200
        );
    }

    pub async fn faults(&self, faults: Value) {
        assert_eq!(self.ask(reqwest::Method::POST, "/sim/faults", Some(faults)).await.0, 200);
    }

    pub fn request(&self, id: &BackupId, uids: &[&str]) -> RestoreRequest {
        RestoreRequest {
            id: id.clone(),
            uids: uids.iter().map(|uid| (*uid).to_owned()).collect(),
            what: RestorePart::Dashboards,
            choices: BTreeMap::new(),
            otherwise: None,
            data_sources: BTreeMap::new(),
            into_folder: None,
            into_stack: None,
        }
    }

    pub async fn apply(&self, request: RestoreRequest) -> Result<RestoreRun, PanelError> {
        let plan = self.panel.restore_plan(request.clone()).await?;
        let asked = RestoreApplyRequest { request, digest: plan.digest, created_by: "me".into() };
        self.panel.restore_apply(asked).await
    }

    pub async fn same_as(&self, id: &BackupId) -> bool {
        let request = BackupCompareRequest { from: id.clone(), to: None };
        let compared = self.panel.backup_compare(request).await.unwrap();
        assert!(compared.unread.is_empty(), "{:?}", compared.unread);
        compared.dashboards.is_empty()
    }
}

/// All that is in the folder and no backup.
pub fn leftovers(root: &Path) -> Vec<String> {
    let names =
        fs::read_dir(root).unwrap().map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned());
    names.filter(|name| name.starts_with(".partial")).collect()
}

pub const GRAFANA: &[BackupPartKind] = &[BackupPartKind::Grafana];

/// What to restore of a backup.
pub fn of(bench: &Bench, id: &BackupId, what: RestorePart, uids: &[&str]) -> RestoreRequest {
    RestoreRequest { what, ..bench.request(id, uids) }
}

/// What a plan says of one thing.
pub fn item<'a>(plan: &'a RestorePlan, uid: &str) -> &'a RestoreItem {
    plan.items.iter().find(|item| item.uid == uid).unwrap_or_else(|| panic!("no {uid} in {plan:#?}"))
}
