//! Opens a backup: its dashboards with their outline, its blocks, its files.

use crate::dashboard::MAX_DASHBOARD;
use aether_foundation::text::hex;
use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use aether_contract::{
    Backup, BackupBlock, BackupDashboard, BackupDetail, BackupFile, BackupFileEntry, DashboardSchema,
    ErrorCode, PanelError, ServiceKind, Timestamp,
};
use serde::Deserialize;
use serde_json::{Value, value::RawValue};
use sha2::{Digest as _, Sha256};

use super::{
    dashboard::{DashboardMeta, Document, Source, document, number, outline, schema, strings},
    layout::{DASHBOARDS, FOLDERS, LIBRARY, SNAPSHOT},
    manifest::{self, Manifest},
    store::Store,
    third_party::{self, Contents, Place},
};
use aether_foundation::names;

/// Most text of a file that is handed out, in bytes.
const MAX_TEXT: usize = 1024 * 1024;
/// First version of Grafana that stores new dashboards in schema v2.
const CONVERTS_FROM: u32 = 13;
/// Most files that are listed.
const MAX_FILES: usize = 5_000;

/// A backup on the disk.
pub struct BackupReader {
    /// Its folder.
    pub folder: PathBuf,
    /// The folder of backups.
    root: PathBuf,
    /// Its manifest; none in a foreign one.
    pub manifest: Option<Manifest>,
    /// Its folders of dashboards, by uid: title and the folder above.
    folders: BTreeMap<String, (String, String)>,
    /// Its files: path and size.
    files: Vec<(String, u64, String)>,
    /// What is in it, when another tool made it.
    third_party: Option<Contents>,
}

/// A dashboard stored in a backup.
pub struct StoredDashboard {
    /// Where it lies.
    pub about: BackupDashboard,
    /// What Grafana said about it.
    pub meta: DashboardMeta,
    /// It, as it was written: the classic JSON, or the `spec` of a resource; none when it can't be read.
    pub dashboard: Option<Box<RawValue>>,
}

impl StoredDashboard {
    /// It, as it is sent; none when it can't be read.
    pub fn source(&self) -> Option<Source<'_>> {
        Some(Source { spec: self.dashboard.as_deref()?, meta: &self.meta })
    }
}

impl BackupReader {
    /// Opens one.
    ///
    /// # Errors
    /// `not-found`; `storage` when its manifest can't be read.
    pub fn open(store: &Store, id: &aether_contract::BackupId) -> Result<Self, PanelError> {
        let folder = store.readable(id)?;
        let manifest = Store::manifest(&folder).map_err(|why| {
            PanelError::new(ErrorCode::Storage, "backups", format!("Cannot open backup {}: {why}.", id.0))
                .with_hint("You can still read its files in its folder.")
        })?;
        let manifest = manifest.map(|(manifest, _)| manifest);
        let files: Vec<(String, u64, String)> = match &manifest {
            Some(manifest) => {
                let file = |file: &manifest::File| (file.path.clone(), file.bytes, file.sha256.clone());
                manifest.files.iter().map(file).collect()
            }
            None => {
                third_party::files(&folder).into_iter().map(|f| (f.path, f.bytes, String::new())).collect()
            }
        };
        let third_party = manifest
            .is_none()
            .then(|| third_party::contents(&folder, files.iter().map(|(path, ..)| path.as_str())));
        let folders = match &third_party {
            Some(contents) => contents.folders.clone(),
            None => folders(&folder),
        };
        Ok(Self { folder, root: store.root().to_path_buf(), manifest, folders, files, third_party })
    }

    /// All of it.
    pub fn detail(&self, backup: Backup) -> BackupDetail {
        let blocks = self.blocks();
        let ours = |path: &str| !path.starts_with(DASHBOARDS) && !path.starts_with(SNAPSHOT);
        let files = self.files.iter().filter(|(path, ..)| self.manifest.is_none() || ours(path));
        let text =
            crate::inside::read_inside(&self.folder, manifest::TEXT, MAX_TEXT as u64).unwrap_or_default();
        BackupDetail {
            folder: self.folder.display().to_string(),
            dashboards: self.dashboard_summaries(),
            blocks,
            files: files
                .take(MAX_FILES)
                .map(|(path, bytes, sha256)| BackupFileEntry {
                    path: path.clone(),
                    bytes: *bytes as f64,
                    sha256: sha256.clone(),
                })
                .collect(),
            manifest: String::from_utf8_lossy(&text).into_owned(),
            // Of an archive only what was unpacked could be committed, which nobody wants in Git.
            git: backup.archive.is_empty().then(|| super::git::state(&self.root, &backup.id)).flatten(),
            backup,
        }
    }

    /// Paths of its files.
    pub fn paths(&self) -> impl Iterator<Item = &str> {
        self.files.iter().map(|(path, ..)| path.as_str())
    }

    /// Its dashboards, by folder and title.
    pub fn dashboards(&self) -> Vec<StoredDashboard> {
        self.dashboards_of(&[])
    }

    /// As [`Self::dashboards`], with the content of these only; all: of all. A large backup is not held in
    /// memory for a few.
    pub fn dashboards_of(&self, uids: &[String]) -> Vec<StoredDashboard> {
        self.read(|stored| {
            let wanted = uids.is_empty() || uids.contains(&stored.about.uid);
            if wanted { stored } else { StoredDashboard { dashboard: None, ..stored } }
        })
    }

    /// What is known of its dashboards, by folder and title. One at a time is held in memory.
    pub fn dashboard_summaries(&self) -> Vec<BackupDashboard> {
        let all = self.read(|stored| StoredDashboard { dashboard: None, ..stored });
        all.into_iter().map(|stored| stored.about).collect()
    }

    fn read(&self, keep: impl Fn(StoredDashboard) -> StoredDashboard) -> Vec<StoredDashboard> {
        let mut all: Vec<StoredDashboard> = match &self.third_party {
            Some(contents) => {
                let read = |place: &Place| {
                    let read = third_party::read(&self.folder, place);
                    self.stored(&place.path, read, &place.folder)
                };
                contents.dashboards.iter().map(read).map(keep).collect()
            }
            None => {
                let paths = self.paths().filter(|path| path.starts_with(DASHBOARDS));
                paths.map(|path| self.own(path)).map(keep).collect()
            }
        };
        all.sort_by_cached_key(|one| {
            (one.about.folder.clone(), one.about.title.to_lowercase(), one.about.uid.clone())
        });
        all
    }

    /// The dashboard in a file of our own.
    fn own(&self, path: &str) -> StoredDashboard {
        let read = crate::inside::read_inside(&self.folder, path, MAX_DASHBOARD);
        self.stored(path, read.map_err(|error| error.to_string()).and_then(|bytes| document(&bytes)), "")
    }

    /// What is known of a dashboard; `folder` is its folder's uid where it does not tell itself.
    fn stored(&self, path: &str, read: Result<Document, String>, folder: &str) -> StoredDashboard {
        let mut about = BackupDashboard {
            uid: String::new(),
            title: path.to_owned(),
            folder: Vec::new(),
            folder_uid: String::new(),
            tags: Vec::new(),
            version: 0,
            updated_by: String::new(),
            updated_at: None,
            provisioned: false,
            managed_by: String::new(),
            schema: DashboardSchema::Classic,
            api_version: String::new(),
            lossy: String::new(),
            panels: 0,
            path: path.to_owned(),
            problem: String::new(),
        };
        let Document { spec: raw, meta } = match read {
            Ok(found) => found,
            Err(why) => {
                if self.manifest.is_some() {
                    about.uid = names::text_of(path);
                }
                about.problem = why;
                return StoredDashboard { about, meta: DashboardMeta::default(), dashboard: None };
            }
        };
        let data: Value = serde_json::from_str(raw.get()).unwrap_or_default();
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        about.title = text(data.get("title").unwrap_or(&Value::Null));
        about.uid = match meta.resource.name.as_str() {
            "" => text(data.get("uid").unwrap_or(&Value::Null)),
            name => name.to_owned(),
        };
        if about.uid.is_empty() {
            // An export without a uid: always the same one for the same title, so that restoring it twice makes one.
            let hash = hex(&Sha256::digest(format!("{}\n{}", meta.folder_uid, about.title)));
            about.uid = format!("restored-{}", hash.get(..16).unwrap_or_default());
        }
        about.tags = strings(data.get("tags"));
        about.panels = u32::try_from(outline(&data).len()).unwrap_or(u32::MAX);
        about.folder_uid =
            if meta.folder_uid.is_empty() { folder.to_owned() } else { meta.folder_uid.clone() };
        about.folder = self.folder_titles(&about.folder_uid, &meta.folder_title);
        about.version = number(data.get("version")).unwrap_or(meta.version);
        about.updated_by = meta.updated_by.clone();
        about.updated_at = meta
            .updated
            .parse::<jiff::Timestamp>()
            .ok()
            .map(|at| Timestamp(at.as_millisecond()))
            .filter(|at| at.0 > 0);
        about.provisioned = meta.provisioned;
        about.managed_by = meta.manager();
        about.schema = schema(&meta, &data);
        about.api_version.clone_from(&meta.api_version);
        about.lossy = lossy(&meta, about.schema, self.manifest.as_ref());
        StoredDashboard { about, meta, dashboard: Some(raw) }
    }

    /// Titles of a folder and those above it, from the top.
    fn folder_titles(&self, uid: &str, title: &str) -> Vec<String> {
        let mut titles = Vec::new();
        let mut above = uid.to_owned();
        while let Some((title, parent)) = self.folders.get(&above) {
            titles.push(title.clone());
            above.clone_from(parent);
            if titles.len() > 16 {
                break;
            }
        }
        if titles.is_empty() && !uid.is_empty() && !title.is_empty() {
            titles.push(title.to_owned());
        }
        titles.reverse();
        titles
    }

    /// A folder's title and the uid of the one above.
    pub fn folder_of(&self, uid: &str) -> Option<&(String, String)> {
        self.folders.get(uid)
    }

    /// The library panels that were saved.
    pub fn library_panels(&self) -> Vec<Value> {
        if let Some(contents) = &self.third_party {
            return contents.library.clone();
        }
        let read = crate::inside::read_inside(&self.folder, LIBRARY, MAX_DASHBOARD);
        read.ok().and_then(|bytes| serde_json::from_slice(&bytes).ok()).unwrap_or_default()
    }

    /// A file as text.
    ///
    /// # Errors
    /// `not-found` for a path that is none of the backup's; `storage`.
    pub fn file(&self, path: &str) -> Result<BackupFile, PanelError> {
        let place = self.third_party.iter().flat_map(|all| &all.dashboards).find(|place| place.path == path);
        let part = place.filter(|place| place.path.contains('#'));
        let path = part.map_or(path, |place| place.path.rsplit_once('#').map_or(path, |(file, _)| file));
        let known = self.files.iter().find(|(known, ..)| known == path);
        let extra = [manifest::FILE, manifest::SUMS].contains(&path) && self.manifest.is_some();
        if !names::is_here(path) || (known.is_none() && !extra) {
            return Err(PanelError::new(
                ErrorCode::NotFound,
                "backups",
                format!("File {path:?} not found in this backup."),
            ));
        }
        let at = self.folder.join(path);
        let failed = |error: std::io::Error| aether_foundation::paths::storage("read", &at, &error);
        let bytes = crate::inside::read_inside(&self.folder, path, MAX_DASHBOARD).map_err(failed)?;
        let outline = if path.starts_with(DASHBOARDS) || self.manifest.is_none() {
            match place {
                Some(place) => third_party::read(&self.folder, place),
                None => document(&bytes),
            }
            .ok()
            .and_then(|read| serde_json::from_str::<Value>(read.spec.get()).ok())
            .map(|data| outline(&data))
            .unwrap_or_default()
        } else {
            Vec::new()
        };
        let text = String::from_utf8_lossy(&bytes);
        let mut end = text.len().min(MAX_TEXT);
        while !text.is_char_boundary(end) {
            end -= 1;
        }
        Ok(BackupFile {
            path: path.to_owned(),
            text: text.get(..end).unwrap_or_default().to_owned(),
            bytes: bytes.len() as f64,
            cut: end < text.len(),
            outline,
        })
    }

    /// The blocks of the snapshot, with the time range of each.
    pub fn blocks(&self) -> Vec<BackupBlock> {
        let mut blocks: BTreeMap<&str, u64> = BTreeMap::new();
        for (path, bytes, _) in &self.files {
            let id = path.strip_prefix(SNAPSHOT).and_then(|rest| rest.split('/').next());
            if let Some(id) = id {
                *blocks.entry(id).or_default() += bytes;
            }
        }
        let mut found: Vec<BackupBlock> = blocks
            .into_iter()
            .map(|(id, bytes)| {
                let meta =
                    crate::inside::read_inside(&self.folder, &format!("{SNAPSHOT}{id}/meta.json"), 1 << 20)
                        .map_err(|error| error.to_string())
                        .and_then(|bytes| serde_json::from_slice::<Meta>(&bytes).map_err(|e| e.to_string()));
                let (meta, problem) = match meta {
                    Ok(meta) => (meta, String::new()),
                    Err(why) => (Meta::default(), format!("meta.json: {why}")),
                };
                BackupBlock {
                    id: id.to_owned(),
                    from: Timestamp(meta.min_time),
                    to: Timestamp(meta.max_time),
                    series: meta.stats.num_series,
                    samples: meta.stats.num_samples,
                    bytes: bytes as f64,
                    problem,
                }
            })
            .collect();
        found.sort_by_key(|block| (block.from, block.to));
        found
    }
}

/// Why a copy may lack parts of the original; empty when it is whole.
fn lossy(meta: &DashboardMeta, schema: DashboardSchema, manifest: Option<&Manifest>) -> String {
    let stored = match meta.resource.stored_version.as_str() {
        "" => meta.api_version.as_str(),
        stored => stored,
    };
    let stored = stored.rsplit('/').next().unwrap_or_default();
    if stored.starts_with("v2") && schema != DashboardSchema::V2 {
        return format!(
            "Grafana stores it as {stored}; this copy is a conversion to the classic schema, which has no tabs, \
             automatic grids or conditional rendering."
        );
    }
    // Older panels, and backups for which /apis was blocked.
    let version = manifest.and_then(|manifest| manifest.versions.get(ServiceKind::Grafana.as_str()));
    let major = version.and_then(|version| version.split('.').next()?.parse::<u32>().ok());
    if schema == DashboardSchema::Classic && major.is_some_and(|major| major >= CONVERTS_FROM) {
        let version = version.map(String::as_str).unwrap_or_default();
        return format!(
            "It was read through the legacy API of Grafana {version}, which converts dashboards in schema v2, so parts \
             of it may be missing."
        );
    }
    String::new()
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Meta {
    min_time: i64,
    max_time: i64,
    stats: Stats,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Stats {
    num_series: f64,
    num_samples: f64,
}

fn folders(folder: &Path) -> BTreeMap<String, (String, String)> {
    #[derive(Default, Deserialize)]
    #[serde(rename_all = "camelCase", default)]
    struct Folder {
        uid: String,
        title: String,
        folder_uid: String,
    }
    let read = crate::inside::read_inside(folder, FOLDERS, MAX_DASHBOARD).unwrap_or_default();
    let all: Vec<Folder> = serde_json::from_slice(&read).unwrap_or_default();
    all.into_iter().map(|one| (one.uid, (one.title, one.folder_uid))).collect()
}
