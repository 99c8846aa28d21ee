//! What a restore would do, dashboard by dashboard. Pure: nothing is asked and nothing is written.

use std::collections::{BTreeMap, BTreeSet};

use aether_contract::{
    BackupId, ErrorCode, FolderRef, PanelError, RestoreAction, RestoreItem, RestoreKind, RestorePart,
    RestorePlan, RestoreRequest, Timestamp,
};
use serde_json::Value;
use sha2::{Digest as _, Sha256};

use super::{
    dashboard_plan::{Case, decide, updated},
    document,
    target::{LiveDashboard, Target},
};
use crate::{
    compare,
    reader::{BackupReader, StoredDashboard},
};
use aether_foundation::text::hex;

/// What is done with a dashboard, and with what.
pub struct Step {
    /// As it is shown.
    pub item: RestoreItem,
    /// The backup's dashboard.
    pub source: Option<StoredDashboard>,
    /// Uid that it has in Grafana.
    pub uid: String,
    /// Another title than the backup's.
    pub title: Option<String>,
    /// Uid of its folder; empty: the root.
    pub folder: String,
}

/// A folder to be made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewFolder {
    /// Uid.
    pub uid: String,
    /// Title.
    pub title: String,
    /// Uid of the folder above; empty: the root.
    pub parent: String,
}

/// An item of which nothing is known yet, and nothing is done with.
pub fn blank(kind: RestoreKind, uid: &str, title: &str) -> RestoreItem {
    RestoreItem {
        kind,
        uid: uid.to_owned(),
        title: title.to_owned(),
        folder: Vec::new(),
        act: RestoreAction::Skip,
        obstacle: None,
        choices: Vec::new(),
        note: String::new(),
        version: 0,
        live_version: None,
        live_by: String::new(),
        live_at: None,
        changes: Vec::new(),
        missing_data_sources: Vec::new(),
        missing_plugins: Vec::new(),
        diff: String::new(),
    }
}

/// A plan with all that carrying it out needs.
pub struct Steps {
    /// As it is shown.
    pub plan: RestorePlan,
    /// Dashboards.
    pub steps: Vec<Step>,
    /// Folders, those above first.
    pub folders: Vec<NewFolder>,
    /// Library panels.
    pub library: Vec<Value>,
}

/// Chooses from a backup's dashboards.
///
/// # Errors
/// `not-found` for a uid that the backup has not.
pub fn chosen(all: Vec<StoredDashboard>, uids: &[String]) -> Result<Vec<StoredDashboard>, PanelError> {
    if uids.is_empty() {
        return Ok(all);
    }
    if let Some(unknown) = uids.iter().find(|uid| !all.iter().any(|stored| stored.about.uid == **uid)) {
        return Err(PanelError::new(
            ErrorCode::NotFound,
            "backups",
            format!("This backup has no dashboard with UID {unknown:?}."),
        ));
    }
    Ok(all.into_iter().filter(|stored| uids.contains(&stored.about.uid)).collect())
}

/// The plan.
///
/// # Errors
/// `invalid-request` for a folder that Grafana has not.
pub fn plan(
    id: &BackupId,
    backup: &BackupReader,
    chosen: Vec<StoredDashboard>,
    target: &Target,
    request: &RestoreRequest,
    now: Timestamp,
) -> Result<Steps, PanelError> {
    if let Some(folder) = request.into_folder.as_ref().filter(|folder| !folder.is_empty())
        && !target.folders.contains_key(folder)
    {
        return Err(PanelError::new(
            ErrorCode::InvalidRequest,
            "backups",
            format!("Grafana has no folder with UID {folder:?}."),
        ));
    }
    let mut planner = Planner {
        backup,
        target,
        request,
        now,
        seen: BTreeSet::new(),
        folders: Vec::new(),
        claimed: BTreeMap::new(),
    };
    let steps: Vec<Step> = chosen.into_iter().map(|stored| planner.step(stored)).collect();
    let folders = planner.folders;
    let copies: Vec<String> =
        steps.iter().filter(|s| s.item.act == RestoreAction::Copy).map(|s| s.uid.clone()).collect();
    let library = new_library(&steps, backup, target);
    let count = |acts: &[RestoreAction]| {
        let found = steps.iter().filter(|step| acts.contains(&step.item.act)).count();
        u32::try_from(found).unwrap_or(u32::MAX)
    };
    let mut plan = RestorePlan {
        id: id.clone(),
        what: RestorePart::Dashboards,
        target: target.address.clone(),
        target_version: target.version.clone(),
        items: steps.iter().map(|step| step.item.clone()).collect(),
        new_folders: folders.iter().map(|folder| folder.title.clone()).collect(),
        new_library_panels: library.iter().map(name).collect(),
        data_sources: target.data_sources.clone().unwrap_or_default(),
        folders: target
            .folders
            .iter()
            .map(|(uid, title)| FolderRef { uid: uid.clone(), title: title.clone() })
            .collect(),
        notes: notes(target),
        writes: count(&[RestoreAction::Create, RestoreAction::Update, RestoreAction::Copy]),
        undecided: count(&[RestoreAction::Choose]),
        digest: String::new(),
    };
    let told = serde_json::to_vec(&(&plan, &copies, &request.data_sources)).unwrap_or_default();
    plan.digest = hex(&Sha256::digest(told));
    Ok(Steps { plan, steps, folders, library })
}

fn notes(target: &Target) -> Vec<String> {
    let mut notes = Vec::new();
    if target.data_sources.is_none() {
        notes.push(
            "These credentials cannot list Grafana's data sources, so missing ones are not detected.".into(),
        );
    }
    if target.plugins.is_none() {
        notes.push(
            "These credentials cannot list Grafana's plugins, so missing ones are not detected.".into(),
        );
    }
    notes
}

/// What the steps before have taken up already.
struct Planner<'a> {
    backup: &'a BackupReader,
    target: &'a Target,
    request: &'a RestoreRequest,
    now: Timestamp,
    /// Uids of the backup.
    seen: BTreeSet<String>,
    /// Folders to be made, those above first.
    folders: Vec<NewFolder>,
    /// Uids by folder and title.
    claimed: BTreeMap<(String, String), String>,
}

impl Planner<'_> {
    fn step(&mut self, stored: StoredDashboard) -> Step {
        let about = &stored.about;
        let uid = about.uid.clone();
        let twice = !self.seen.insert(uid.clone());
        let live = self.target.dashboards.get(&uid).and_then(Option::as_ref);
        let raw = stored.dashboard.as_ref();
        let value: Value = raw.and_then(|raw| serde_json::from_str(raw.get()).ok()).unwrap_or_default();
        let changes = live.map(|live| compare::dashboards(&live.value, &value)).unwrap_or_default();
        let (folder, placed) = self.place(&stored, live);
        let place = (folder.clone(), about.title.clone());
        let decision = decide(&Case {
            stored: &stored,
            twice,
            live,
            same: changes.is_empty(),
            moved: live.is_some_and(|live| live.meta.folder_uid != folder),
            namesake: self.has_another(&place, &uid),
            version: &self.target.version,
            choice: self.request.choices.get(&uid).copied().or(self.request.otherwise),
            now: self.now,
        });
        let mut item = RestoreItem {
            folder: placed,
            act: decision.act,
            obstacle: decision.obstacle,
            choices: decision.choices,
            note: decision.note,
            version: about.version,
            live_version: live.map(LiveDashboard::version),
            live_by: live.map(|live| live.meta.updated_by.clone()).unwrap_or_default(),
            live_at: live.and_then(updated),
            changes,
            missing_data_sources: missing_sources(&value, self.target, self.request),
            missing_plugins: missing_plugins(&value, self.target),
            ..blank(RestoreKind::Dashboard, &uid, &about.title)
        };
        let (made, title) = match item.act {
            RestoreAction::Copy => {
                let title = self.copy_title(&stored, &folder);
                item.note = format!("{} The copy will be named \"{title}\".", item.note);
                let taken = self.target.titles.values().flatten().map(String::as_str).collect();
                (copy_uid(&uid, &title, &taken), Some(title))
            }
            _ => (uid.clone(), None),
        };
        if matches!(item.act, RestoreAction::Create | RestoreAction::Update | RestoreAction::Copy) {
            self.need_folder(&folder);
            let place = title.clone().map_or(place, |title| (folder.clone(), title));
            self.claimed.insert(place, uid);
        }
        Step { item, source: Some(stored), uid: made, title, folder }
    }

    /// Whether another dashboard has that title in that folder, or will have.
    fn has_another(&self, place: &(String, String), uid: &str) -> bool {
        self.target.titles.get(place).is_some_and(|uids| uids.iter().any(|other| other != uid))
            || self.claimed.get(place).is_some_and(|other| other != uid)
    }

    /// Where it goes: uid of the folder, and titles from the top.
    fn place(&self, stored: &StoredDashboard, live: Option<&LiveDashboard>) -> (String, Vec<String>) {
        let known = &self.target.folders;
        if let Some(into) = &self.request.into_folder {
            return (into.clone(), known.get(into).cloned().into_iter().collect());
        }
        let uid = &stored.about.folder_uid;
        if uid.is_empty() && self.backup.manifest.is_none() {
            // A bare dashboard does not say where it was: one that is still there stays where it is.
            let uid = live.map(|live| live.meta.folder_uid.clone()).unwrap_or_default();
            let titles = known.get(&uid).cloned().into_iter().collect();
            return (uid, titles);
        }
        if uid.is_empty() || known.contains_key(uid) || self.backup.folder_of(uid).is_some() {
            (uid.clone(), stored.about.folder.clone())
        } else {
            (String::new(), Vec::new())
        }
    }

    /// Adds a folder that Grafana has not, after those above it.
    fn need_folder(&mut self, uid: &str) {
        let mut above = uid.to_owned();
        let mut new = Vec::new();
        while !above.is_empty() && !self.target.folders.contains_key(&above) && new.len() < 16 {
            if self.folders.iter().any(|folder| folder.uid == above) {
                break;
            }
            let Some((title, parent)) = self.backup.folder_of(&above) else { break };
            new.push(NewFolder { uid: above.clone(), title: title.clone(), parent: parent.clone() });
            above.clone_from(parent);
        }
        self.folders.extend(new.into_iter().rev());
    }

    fn copy_title(&self, stored: &StoredDashboard, folder: &str) -> String {
        let (title, version) = (&stored.about.title, stored.about.version);
        let base = if version > 0 {
            format!("{title} (version {version}, restored)")
        } else {
            format!("{title} (restored)")
        };
        let mut name = base.clone();
        let mut number = 2;
        loop {
            let place = (folder.to_owned(), name.clone());
            if !self.target.titles.contains_key(&place) && !self.claimed.contains_key(&place) {
                return name;
            }
            name = format!("{base} {number}");
            number += 1;
        }
    }
}

/// The same for the same plan, so that a plan shown twice is the same plan.
fn copy_uid(uid: &str, title: &str, taken: &BTreeSet<&str>) -> String {
    let mut salt = 0_u32;
    loop {
        let hash = hex(&Sha256::digest(format!("{uid}\n{title}\n{salt}")));
        let begin: String = uid.chars().filter(char::is_ascii).take(28).collect();
        let made = format!("{begin}-{}", hash.get(..8).unwrap_or_default());
        if !taken.contains(made.as_str()) {
            return made;
        }
        salt += 1;
    }
}

fn missing_sources(value: &Value, target: &Target, request: &RestoreRequest) -> Vec<String> {
    let Some(known) = &target.data_sources else { return Vec::new() };
    let has = |uid: &str| known.iter().any(|source| source.uid == uid || source.name == uid);
    document::data_sources(value)
        .into_iter()
        .filter(|uid| !has(uid) && !request.data_sources.get(uid).is_some_and(|new| has(new)))
        .collect()
}

fn missing_plugins(value: &Value, target: &Target) -> Vec<String> {
    let Some(known) = &target.plugins else { return Vec::new() };
    document::plugins(value).into_iter().filter(|kind| !known.contains(kind)).collect()
}

/// Library panels that the dashboards use, Grafana has not, and the backup has.
fn new_library(steps: &[Step], backup: &BackupReader, target: &Target) -> Vec<Value> {
    let Some(known) = &target.library else { return Vec::new() };
    let mut wanted = BTreeSet::new();
    for step in steps {
        if matches!(step.item.act, RestoreAction::Create | RestoreAction::Update | RestoreAction::Copy)
            && let Some(raw) = step.source.as_ref().and_then(|stored| stored.dashboard.as_ref())
            && let Ok(value) = serde_json::from_str(raw.get())
        {
            wanted.extend(document::library_panels(&value));
        }
    }
    let uid = |panel: &Value| panel.get("uid").and_then(Value::as_str).unwrap_or_default().to_owned();
    let missing = |panel: &Value| wanted.contains(&uid(panel)) && !known.contains(&uid(panel));
    backup.library_panels().into_iter().filter(missing).collect()
}

fn name(panel: &Value) -> String {
    panel.get("name").and_then(Value::as_str).unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::restore::dashboard_plan::MAX_UID;

    #[test]
    fn a_copys_uid_is_short_free_and_the_same_each_time() {
        let none = BTreeSet::new();
        let long = "x".repeat(40);
        let uid = copy_uid(&long, "t", &none);
        assert!(uid.len() <= MAX_UID, "{uid}");
        assert_eq!(uid, copy_uid(&long, "t", &none));
        assert_ne!(uid, copy_uid(&long, "t", &BTreeSet::from([uid.as_str()])));
    }
}
