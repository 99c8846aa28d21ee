//! What the stand-in keeps, in one file that is replaced whole.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::alerting::Alerting;
use crate::SimError;

/// A folder.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Folder {
    /// Number, by which versions before 13 know it, too.
    #[serde(default)]
    pub id: u32,
    pub uid: String,
    pub title: String,
    pub parent_uid: Option<String>,
}

/// One saved version of a dashboard.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Version {
    pub version: u32,
    pub message: String,
    pub created: i64,
    pub data: Value,
    /// The `spec` as it was sent through `/apis`, to the last digit.
    #[serde(default)]
    pub text: Option<String>,
}

/// A permission that somebody gave.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Grant {
    pub role: String,
    pub team_id: i64,
    pub user_id: i64,
    pub permission: u32,
}

/// Versions kept of a dashboard.
const KEPT: usize = 20;

/// A dashboard with its versions, the newest last.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Dashboard {
    pub id: u32,
    pub uid: String,
    pub folder_uid: Option<String>,
    pub provisioned: bool,
    pub versions: Vec<Version>,
    /// The version of the API that it is stored in; empty: what the legacy API stores.
    #[serde(default)]
    pub api_version: String,
    /// `resourceVersion`.
    #[serde(default)]
    pub revision: u64,
    #[serde(default)]
    pub labels: BTreeMap<String, String>,
    #[serde(default)]
    pub annotations: BTreeMap<String, String>,
}

impl Dashboard {
    /// The version of the API that it is stored in.
    pub fn stored_version(&self) -> &str {
        if self.api_version.is_empty() { "v0alpha1" } else { &self.api_version }
    }

    /// Whether Grafana refuses to save it: it came from a file or a repository.
    pub fn is_managed_strictly(&self) -> bool {
        let manager = self.annotations.get("grafana.app/managedBy").map(String::as_str);
        self.provisioned || matches!(manager, Some("repo" | "classic-file-provisioning"))
    }

    /// Adds a version; its number.
    pub fn push(&mut self, data: Value, text: Option<String>, message: String) -> u32 {
        let version = self.now().1 + 1;
        let created = std::time::SystemTime::now()
            .duration_since(std::time::UNIX_EPOCH)
            .map_or(0, |since| i64::try_from(since.as_secs()).unwrap_or(0));
        self.versions.push(Version { version, message, created, data, text });
        if self.versions.len() > KEPT {
            self.versions.remove(0);
        }
        version
    }

    /// The newest version.
    pub fn now(&self) -> (&Value, u32) {
        static NOTHING: Value = Value::Null;
        self.versions.last().map_or((&NOTHING, 0), |newest| (&newest.data, newest.version))
    }

    pub fn title(&self) -> &str {
        self.now().0.get("title").and_then(Value::as_str).unwrap_or_default()
    }
}

/// Everything.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Default)]
pub struct State {
    pub token: String,
    pub next_id: u32,
    /// Counts every change of a dashboard.
    #[serde(default)]
    pub revision: u64,
    pub folders: Vec<Folder>,
    pub dashboards: Vec<Dashboard>,
    pub library: Vec<Value>,
    pub datasources: Vec<Value>,
    #[serde(default = "Alerting::first")]
    pub alerting: Alerting,
    /// Permissions given directly, by `folder/UID` and `dashboard/UID`; where there are none, Grafana's defaults.
    #[serde(default)]
    pub permissions: BTreeMap<String, Vec<Grant>>,
    /// Names by number.
    #[serde(default)]
    pub teams: BTreeMap<i64, String>,
    /// Logins by number.
    #[serde(default)]
    pub users: BTreeMap<i64, String>,
    /// Logins of service accounts by number.
    #[serde(default)]
    pub service_accounts: BTreeMap<i64, String>,
    #[serde(default)]
    pub annotations: Vec<Value>,
    #[serde(default)]
    pub playlists: Vec<Value>,
    #[serde(default)]
    pub public_dashboards: Vec<Value>,
    #[serde(skip)]
    pub file: Option<PathBuf>,
}

impl State {
    /// Reads the state; `first` makes one for a new folder. The pack's dashboard is provisioned at every start, as
    /// Grafana does.
    pub fn open(folder: &Path, pack: Option<&Path>, first: impl FnOnce() -> Self) -> Result<Self, SimError> {
        fs::create_dir_all(folder).map_err(SimError::file(folder))?;
        let file = folder.join("grafana.json");
        let mut state = match fs::read_to_string(&file) {
            Ok(text) => serde_json::from_str(&text)
                .map_err(|e| SimError::Other(format!("{}: {e}. Delete it to start over", file.display())))?,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => first(),
            Err(error) => return Err(SimError::file(&file)(error)),
        };
        state.file = Some(file);
        if let Some(pack) = pack {
            let dashboard = pack.join("grafana-dashboard-enhanced.json");
            let text = fs::read_to_string(&dashboard).map_err(SimError::file(&dashboard))?;
            let data: Value = serde_json::from_str(&text)
                .map_err(|e| SimError::Other(format!("{}: {e}", dashboard.display())))?;
            state.provision(data);
        }
        state.save()?;
        Ok(state)
    }

    fn provision(&mut self, data: Value) {
        let uid = data.get("uid").and_then(Value::as_str).unwrap_or("aether-rag-ops").to_owned();
        self.dashboards.retain(|dashboard| dashboard.uid != uid);
        let id = self.new_id();
        let versions = vec![Version { version: 1, message: String::new(), created: 0, data, text: None }];
        self.dashboards.push(Dashboard { id, uid, provisioned: true, versions, ..Dashboard::default() });
    }

    pub fn new_id(&mut self) -> u32 {
        self.next_id += 1;
        self.next_id
    }

    pub fn folder(&self, uid: &str) -> Option<&Folder> {
        self.folders.iter().find(|folder| folder.uid == uid)
    }

    pub fn dashboard(&self, uid: &str) -> Option<&Dashboard> {
        self.dashboards.iter().find(|dashboard| dashboard.uid == uid)
    }

    pub fn dashboard_mut(&mut self, uid: &str) -> Option<&mut Dashboard> {
        self.dashboards.iter_mut().find(|dashboard| dashboard.uid == uid)
    }

    /// Deletes dashboards with what belongs to them: permissions, annotations, and the link for everybody.
    pub fn remove_dashboards(&mut self, gone: impl Fn(&Dashboard) -> bool) {
        let (gone, kept): (Vec<Dashboard>, Vec<Dashboard>) =
            std::mem::take(&mut self.dashboards).into_iter().partition(gone);
        self.dashboards = kept;
        for board in gone {
            self.permissions.remove(&format!("dashboard/{}", board.uid));
            self.annotations.retain(|one| one["dashboardUID"] != board.uid.as_str());
            self.public_dashboards.retain(|one| one["dashboardUid"] != board.uid.as_str());
        }
    }

    /// Titles of folders by uid.
    pub fn folder_titles(&self) -> BTreeMap<&str, &str> {
        self.folders.iter().map(|folder| (folder.uid.as_str(), folder.title.as_str())).collect()
    }

    /// Writes the state beside its place and renames it.
    pub fn save(&self) -> Result<(), SimError> {
        let Some(file) = &self.file else { return Ok(()) };
        let text = serde_json::to_string(self).map_err(|e| SimError::Other(e.to_string()))?;
        let partial = file.with_extension("json.new");
        fs::write(&partial, text).map_err(SimError::file(&partial))?;
        fs::rename(&partial, file).map_err(SimError::file(file))
    }
}
