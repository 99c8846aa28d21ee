//! What a restore would do, dashboard by dashboard. Pure: nothing is asked and nothing is written.

use std::collections::{BTreeMap, BTreeSet};

use aether_clients::grafana::DashboardApi;
use aether_contract::{
    BackupId, ErrorCode, FolderRef, PanelError, RestoreAction, RestoreItem, RestoreKind, RestorePart,
    RestorePlan, RestoreRequest, Timestamp,
};
use serde_json::Value;
use sha2::{Digest as _, Sha256};

use super::{
    dashboard_plan::{Case, decide, updated},
    dependencies::{mapping, missing_plugins, remark, sources},
    document,
    folders::{self, NewFolder},
    target::{LiveDashboard, Target},
};
use crate::{
    compare,
    dashboard::references,
    reader::{BackupReader, StoredDashboard},
    third_party::LAYOUT,
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
    /// Revision of the live one that it takes the place of; empty for none.
    pub revision: String,
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
        data_sources: Vec::new(),
        missing_data_sources: Vec::new(),
        missing_library_panels: Vec::new(),
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
    /// Data sources to use instead, by uid.
    pub data_sources: BTreeMap<String, String>,
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
    let data_sources = mapping(&chosen, target, request)?;
    let mut planner = Planner {
        backup,
        target,
        request,
        data_sources: &data_sources,
        now,
        seen: BTreeSet::new(),
        folders: Vec::new(),
        claimed: BTreeMap::new(),
    };
    let mut steps: Vec<Step> = chosen.into_iter().map(|stored| planner.step(stored)).collect();
    let library = new_library(&mut steps, &mut planner);
    let folders = planner.folders;
    let copies: Vec<String> =
        steps.iter().filter(|s| s.item.act == RestoreAction::Copy).map(|s| s.uid.clone()).collect();
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
    let revisions: Vec<&str> = steps.iter().map(|step| step.revision.as_str()).collect();
    let told = serde_json::to_vec(&(&plan, &copies, &data_sources, revisions)).unwrap_or_default();
    plan.digest = hex(&Sha256::digest(told));
    Ok(Steps { plan, steps, folders, library, data_sources })
}

fn notes(target: &Target) -> Vec<String> {
    let mut notes = Vec::new();
    if let DashboardApi::Blocked(why) = &*target.api {
        notes.push(format!(
            "Grafana’s /apis cannot be used ({why}), so dashboards in schema v2 cannot be restored and existing ones \
             cannot be replaced. Allow /apis in the proxy, or check the token’s permissions."
        ));
    }
    if target.library.is_none() {
        notes.push(
            "These credentials cannot list Grafana’s library panels, so missing ones are neither detected nor \
             created."
                .into(),
        );
    }
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

/// Where a dashboard goes.
struct Placed {
    /// Uid of the folder; empty: the root.
    folder: String,
    /// Its titles from the top.
    titles: Vec<String>,
    /// Uid of the folder that it should go into, where neither side has that.
    missing: Option<String>,
}

/// What the steps before have taken up already.
struct Planner<'a> {
    backup: &'a BackupReader,
    target: &'a Target,
    request: &'a RestoreRequest,
    /// Data sources to use instead, by uid.
    data_sources: &'a BTreeMap<String, String>,
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
        // What is written has its inputs filled, and nothing that only an export for sharing has.
        let filled = raw.and_then(|raw| references::filled(raw, self.data_sources).ok().flatten());
        let written = filled.and_then(|raw| serde_json::from_str(raw.get()).ok());
        let written: &Value = written.as_ref().unwrap_or(&value);
        let changes = live.map(|live| compare::dashboards(&live.value, written)).unwrap_or_default();
        let Placed { folder, titles: placed, missing } = self.place(&stored, live);
        let place = (folder.clone(), about.title.clone());
        let decision = decide(&Case {
            stored: &stored,
            twice,
            live,
            same: changes.is_empty(),
            moved: live.is_some_and(|live| live.meta.folder_uid != folder),
            namesake: self.has_another(&place, &uid),
            version: &self.target.version,
            api: &self.target.api,
            folder_missing: missing.as_deref(),
            unreadable: self.target.unreadable.get(&uid).map(String::as_str),
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
            data_sources: sources(&value, self.target, self.data_sources),
            missing_plugins: missing_plugins(&value, self.target),
            ..blank(RestoreKind::Dashboard, &uid, &about.title)
        };
        item.missing_data_sources =
            item.data_sources.iter().filter(|one| !one.found).map(|one| one.reference.clone()).collect();
        if self.target.data_sources.is_none() {
            item.missing_data_sources.clear();
        }
        let revision = live.map(LiveDashboard::revision).unwrap_or_default();
        remark(&mut item, &value, self.target);
        if let Some(source) = stored.source()
            && let (from, Ok(to)) = (source.version(), document::target_version(source, &self.target.api))
            && !from.is_empty()
            && !to.is_empty()
            && from != to
        {
            item.note = format!("{} It is written as {to}, because {from} is not served.", item.note);
            item.note = item.note.trim().to_owned();
        }
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
        Step { item, source: Some(stored), uid: made, title, folder, revision }
    }

    /// Whether another dashboard has that title in that folder, or will have.
    fn has_another(&self, place: &(String, String), uid: &str) -> bool {
        self.target.titles.get(place).is_some_and(|uids| uids.iter().any(|other| other != uid))
            || self.claimed.get(place).is_some_and(|other| other != uid)
    }

    /// Where it goes.
    fn place(&self, stored: &StoredDashboard, live: Option<&LiveDashboard>) -> Placed {
        let known = &self.target.folders;
        if let Some(into) = &self.request.into_folder {
            let titles = known.get(into).cloned().into_iter().collect();
            return Placed { folder: into.clone(), titles, missing: None };
        }
        let uid = &stored.about.folder_uid;
        let from_layout = uid.starts_with(LAYOUT);
        if (uid.is_empty() || from_layout)
            && self.backup.manifest.is_none()
            && let Some(live) = live
        {
            // A bare dashboard does not say where it was: one that is still there stays where it is.
            let uid = live.meta.folder_uid.clone();
            let titles = known.get(&uid).cloned().into_iter().collect();
            return Placed { folder: uid, titles, missing: None };
        }
        let titles = stored.about.folder.clone();
        if from_layout && let Some(found) = self.folder_titled(&titles) {
            return Placed { folder: found, titles, missing: None };
        }
        if uid.is_empty() || known.contains_key(uid) || self.backup.folder_of(uid).is_some() {
            Placed { folder: uid.clone(), titles, missing: None }
        } else {
            Placed { folder: String::new(), titles: Vec::new(), missing: Some(uid.clone()) }
        }
    }

    /// Grafana's folder of these titles from the top.
    fn folder_titled(&self, titles: &[String]) -> Option<String> {
        let mut above = String::new();
        for title in titles {
            let mut all = self.target.folders.iter();
            let found = all.find(|(uid, known)| {
                *known == title && self.target.folder_parents.get(*uid).is_none_or(|parent| *parent == above)
            });
            above.clone_from(found?.0);
        }
        Some(above)
    }

    /// Adds a folder that Grafana has not, after those above it.
    fn need_folder(&mut self, uid: &str) {
        folders::need(uid, self.backup, &self.target.folders, &mut self.folders);
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
        let allowed = |c: &char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
        let begin: String = uid.chars().filter(allowed).take(28).collect();
        let made = format!("{begin}-{}", hash.get(..8).unwrap_or_default());
        if !taken.contains(made.as_str()) {
            return made;
        }
        salt += 1;
    }
}

/// Library panels that the dashboards use and Grafana has not: those that can be made, each in its folder. Those that
/// nobody has are named in the steps.
fn new_library(steps: &mut [Step], planner: &mut Planner<'_>) -> Vec<Value> {
    let Some(known) = &planner.target.library else { return Vec::new() };
    let uid = |panel: &Value| panel.get("uid").and_then(Value::as_str).unwrap_or_default().to_owned();
    let mut saved: BTreeMap<String, Value> =
        planner.backup.library_panels().into_iter().map(|panel| (uid(&panel), panel)).collect();
    let mut made: BTreeMap<String, Value> = BTreeMap::new();
    for step in steps.iter_mut() {
        let writes =
            matches!(step.item.act, RestoreAction::Create | RestoreAction::Update | RestoreAction::Copy);
        let raw = step.source.as_ref().and_then(|stored| stored.dashboard.as_ref());
        let Some(value) = raw.and_then(|raw| serde_json::from_str::<Value>(raw.get()).ok()) else { continue };
        // An export for sharing carries its own.
        for mut element in references::shared_elements(&value) {
            if let Some(fields) = element.as_object_mut() {
                fields.insert("folderUid".to_owned(), Value::String(step.folder.clone()));
                fields.entry("kind").or_insert(Value::from(1));
            }
            saved.entry(uid(&element)).or_insert(element);
        }
        for wanted in references::library_panels(&value) {
            if known.contains(&wanted) || made.contains_key(&wanted) {
                continue;
            }
            match saved.get(&wanted) {
                Some(panel) if writes => {
                    made.insert(wanted, panel.clone());
                }
                Some(_) => {}
                None => step.item.missing_library_panels.push(wanted),
            }
        }
    }
    let mut made: Vec<Value> = made.into_values().collect();
    for panel in &mut made {
        let folder = panel.get("folderUid").and_then(Value::as_str).unwrap_or_default().to_owned();
        planner.need_folder(&folder);
        let there = planner.target.folders.contains_key(&folder)
            || planner.folders.iter().any(|folder_| folder_.uid == folder);
        // Grafana refuses one in a folder that it has not.
        if !there && let Some(fields) = panel.as_object_mut() {
            fields.remove("folderUid");
        }
    }
    made
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
