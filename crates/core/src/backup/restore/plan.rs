//! What a restore would do, dashboard by dashboard. Pure: nothing is asked and nothing is written.

use std::collections::{BTreeMap, BTreeSet};

use aether_contract::{
    BackupId, ErrorCode, FolderRef, PanelError, RestoreAct, RestoreChoice, RestoreItem, RestoreKind,
    RestoreObstacle, RestorePlan, RestoreRequest, RestoreWhat, Timestamp,
};
use serde_json::Value;
use sha2::{Digest as _, Sha256};

use super::{
    document,
    target::{Live, Target},
};
use crate::backup::{
    compare,
    manifest::hex,
    open::{Opened, Stored},
};

/// Who saved a dashboard within so long may still be at work on it, in milliseconds.
const LATELY_MS: i64 = 3_600_000;
/// Longest uid that Grafana takes.
const MAX_UID: usize = 40;

/// What is done with a dashboard, and with what.
pub struct Step {
    /// As it is shown.
    pub item: RestoreItem,
    /// The backup's dashboard.
    pub source: Option<Stored>,
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
        act: RestoreAct::Skip,
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
pub fn chosen(all: Vec<Stored>, uids: &[String]) -> Result<Vec<Stored>, PanelError> {
    if uids.is_empty() {
        return Ok(all);
    }
    if let Some(unknown) = uids.iter().find(|uid| !all.iter().any(|stored| stored.about.uid == **uid)) {
        return Err(PanelError::new(
            ErrorCode::NotFound,
            "backups",
            format!("This backup has no dashboard with the uid {unknown:?}."),
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
    backup: &Opened,
    chosen: Vec<Stored>,
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
            format!("Grafana has no folder with the uid {folder:?}."),
        ));
    }
    let mut seen = BTreeSet::new();
    let mut folders = Vec::new();
    let mut steps = Vec::new();
    let mut claimed: BTreeMap<(String, String), String> = BTreeMap::new();
    for stored in chosen {
        let twice = !seen.insert(stored.about.uid.clone());
        let step = step(stored, twice, backup, target, request, now, &mut folders, &mut claimed);
        steps.push(step);
    }
    let copies: Vec<String> =
        steps.iter().filter(|s| s.item.act == RestoreAct::Copy).map(|s| s.uid.clone()).collect();
    let library = new_library(&steps, backup, target);
    let count = |acts: &[RestoreAct]| {
        let found = steps.iter().filter(|step| acts.contains(&step.item.act)).count();
        u32::try_from(found).unwrap_or(u32::MAX)
    };
    let mut plan = RestorePlan {
        id: id.clone(),
        what: RestoreWhat::Dashboards,
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
        writes: count(&[RestoreAct::Create, RestoreAct::Update, RestoreAct::Copy]),
        undecided: count(&[RestoreAct::Choose]),
        digest: String::new(),
    };
    let told = serde_json::to_vec(&(&plan, &copies, &request.data_sources)).unwrap_or_default();
    plan.digest = hex(&Sha256::digest(told));
    Ok(Steps { plan, steps, folders, library })
}

fn notes(target: &Target) -> Vec<String> {
    let mut notes = Vec::new();
    if target.data_sources.is_none() {
        notes.push("Grafana's data sources can't be read with these credentials: whether all are there is not known.".into());
    }
    if target.plugins.is_none() {
        notes.push(
            "Grafana's plugins can't be read with these credentials: whether all are there is not known."
                .into(),
        );
    }
    notes
}

#[allow(clippy::too_many_arguments, reason = "one call, in the loop above")]
fn step(
    stored: Stored,
    twice: bool,
    backup: &Opened,
    target: &Target,
    request: &RestoreRequest,
    now: Timestamp,
    folders: &mut Vec<NewFolder>,
    claimed: &mut BTreeMap<(String, String), String>,
) -> Step {
    let uid = stored.about.uid.clone();
    let live = target.dashboards.get(&uid).and_then(Option::as_ref);
    let value: Value =
        stored.dashboard.as_ref().and_then(|raw| serde_json::from_str(raw.get()).ok()).unwrap_or_default();
    let mut item = RestoreItem {
        folder: stored.about.folder.clone(),
        act: RestoreAct::Choose,
        version: stored.about.version,
        live_version: live.map(Live::version),
        live_by: live.map(|live| live.meta.updated_by.clone()).unwrap_or_default(),
        live_at: live.and_then(updated),
        changes: live.map(|live| compare::dashboards(&live.value, &value)).unwrap_or_default(),
        missing_data_sources: missing_sources(&value, target, request),
        missing_plugins: missing_plugins(&value, target),
        ..blank(RestoreKind::Dashboard, &uid, &stored.about.title)
    };
    let (folder, placed) = folder(&stored, live, backup, target, request);
    item.folder = placed;
    let title = stored.about.title.clone();
    let place = (folder.clone(), title.clone());
    let moved = live.is_some_and(|live| live.meta.folder_uid != folder);
    let lately = item.live_at.is_some_and(|at| now.millis_since(at) < LATELY_MS);
    let namesake = target.titles.get(&place).is_some_and(|uids| uids.iter().any(|other| *other != uid))
        || claimed.get(&place).is_some_and(|other| *other != uid);

    let problem = if !stored.about.problem.is_empty() {
        stored.about.problem.clone()
    } else if twice {
        "the backup has this uid twice".to_owned()
    } else if uid.len() > MAX_UID {
        format!("its uid is longer than the {MAX_UID} characters that Grafana takes")
    } else if title.trim().is_empty() {
        "it has no title".to_owned()
    } else {
        String::new()
    };
    let choice = request.choices.get(&uid).copied().or(request.otherwise);
    let ask = |item: &mut RestoreItem, obstacle, choices: &[RestoreChoice], note: String| {
        item.obstacle = Some(obstacle);
        item.choices = choices.to_vec();
        item.note = note;
        item.act = match choice.filter(|choice| choices.contains(choice)) {
            None => RestoreAct::Choose,
            Some(RestoreChoice::Keep) => RestoreAct::Skip,
            Some(RestoreChoice::Copy) => RestoreAct::Copy,
            Some(RestoreChoice::Replace) => RestoreAct::Update,
            Some(RestoreChoice::WithoutSecrets) => RestoreAct::Create,
        };
    };
    use RestoreChoice::{Copy, Keep, Replace};
    if !problem.is_empty() {
        item.act = RestoreAct::Skip;
        item.obstacle = Some(RestoreObstacle::Unusable);
        item.note = format!("It can't be restored: {problem}.");
    } else if live.is_some() && item.changes.is_empty() && !moved {
        item.act = RestoreAct::Identical;
    } else if let Some(file) =
        live.filter(|live| live.meta.provisioned).map(|live| &live.meta.provisioned_external_id)
    {
        let file = if file.is_empty() { String::new() } else { format!(" ({file})") };
        ask(
            &mut item,
            RestoreObstacle::Provisioned,
            &[Keep, Copy],
            format!(
                "Grafana has it from a file{file} and refuses to save it. Restore that file, or make a copy beside it."
            ),
        );
    } else if namesake && !allows_namesakes(&target.version) {
        ask(
            &mut item,
            RestoreObstacle::TitleTaken,
            &[Keep, Copy],
            "Another dashboard has this title in this folder, and this version of Grafana refuses a second one.".into(),
        );
    } else if let Some(live) = live {
        if lately && live.version() != item.version {
            let by = if item.live_by.is_empty() { "Somebody".to_owned() } else { item.live_by.clone() };
            ask(
                &mut item,
                RestoreObstacle::EditedLately,
                &[Keep, Replace, Copy],
                format!("{by} saved it within the last hour and may still be at work on it."),
            );
        } else {
            item.act = RestoreAct::Update;
        }
        if moved && item.act == RestoreAct::Update {
            let from = if live.meta.folder_title.is_empty() { "the root" } else { &live.meta.folder_title };
            item.note = format!("{} It moves back from {from}.", item.note).trim().to_owned();
        }
    } else {
        item.act = RestoreAct::Create;
        if namesake {
            item.note = "Another dashboard in this folder has the same title.".into();
        }
    }

    let writes = matches!(item.act, RestoreAct::Create | RestoreAct::Update | RestoreAct::Copy);
    if writes {
        need_folder(&folder, backup, target, folders);
    }
    let (uid, new_title) = if item.act == RestoreAct::Copy {
        let all: BTreeSet<&str> = target.titles.values().flatten().map(String::as_str).collect();
        let copy = copy_title(&title, &folder, &stored, target, claimed);
        claimed.insert((folder.clone(), copy.clone()), uid.clone());
        item.note = format!("{} The copy is called \"{copy}\".", item.note);
        (copy_uid(&uid, &copy, &all), Some(copy))
    } else {
        if writes {
            claimed.insert(place, uid.clone());
        }
        (uid, None)
    };
    Step { item, source: Some(stored), uid, title: new_title, folder }
}

fn updated(live: &Live) -> Option<Timestamp> {
    let at: jiff::Timestamp = live.meta.updated.parse().ok()?;
    Some(Timestamp(at.as_millisecond())).filter(|at| at.0 > 0)
}

/// From 11.3 on Grafana keeps two dashboards of one title in one folder apart by their uid.
fn allows_namesakes(version: &str) -> bool {
    let mut numbers = version.split(['.', '-', '+']).map(|part| part.parse::<u32>().ok());
    match (numbers.next().flatten(), numbers.next().flatten()) {
        (Some(major), Some(minor)) => (major, minor) >= (11, 3),
        // A version that is hidden is asked for a choice rather than trusted.
        _ => false,
    }
}

/// Where it goes: uid of the folder, and titles from the top.
fn folder(
    stored: &Stored,
    live: Option<&Live>,
    backup: &Opened,
    target: &Target,
    request: &RestoreRequest,
) -> (String, Vec<String>) {
    if let Some(into) = &request.into_folder {
        return (into.clone(), target.folders.get(into).cloned().into_iter().collect());
    }
    let uid = &stored.about.folder_uid;
    if uid.is_empty() && backup.manifest.is_none() {
        // A bare dashboard does not say where it was: one that is still there stays where it is.
        let uid = live.map(|live| live.meta.folder_uid.clone()).unwrap_or_default();
        let titles = target.folders.get(&uid).cloned().into_iter().collect();
        return (uid, titles);
    }
    let known = uid.is_empty() || target.folders.contains_key(uid) || backup.folder_of(uid).is_some();
    if known { (uid.clone(), stored.about.folder.clone()) } else { (String::new(), Vec::new()) }
}

/// Adds a folder that Grafana has not, after those above it.
fn need_folder(uid: &str, backup: &Opened, target: &Target, folders: &mut Vec<NewFolder>) {
    let mut above = uid.to_owned();
    let mut new = Vec::new();
    while !above.is_empty() && !target.folders.contains_key(&above) && new.len() < 16 {
        if folders.iter().any(|folder| folder.uid == above) {
            break;
        }
        let Some((title, parent)) = backup.folder_of(&above) else { break };
        new.push(NewFolder { uid: above.clone(), title: title.clone(), parent: parent.clone() });
        above.clone_from(parent);
    }
    folders.extend(new.into_iter().rev());
}

fn copy_title(
    title: &str,
    folder: &str,
    stored: &Stored,
    target: &Target,
    claimed: &BTreeMap<(String, String), String>,
) -> String {
    let stamp = stored.about.version;
    let base = if stamp > 0 {
        format!("{title} (version {stamp}, restored)")
    } else {
        format!("{title} (restored)")
    };
    let mut name = base.clone();
    let mut number = 2;
    loop {
        let place = (folder.to_owned(), name.clone());
        if !target.titles.contains_key(&place) && !claimed.contains_key(&place) {
            return name;
        }
        name = format!("{base} {number}");
        number += 1;
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
fn new_library(steps: &[Step], backup: &Opened, target: &Target) -> Vec<Value> {
    let Some(known) = &target.library else { return Vec::new() };
    let mut wanted = BTreeSet::new();
    for step in steps {
        if matches!(step.item.act, RestoreAct::Create | RestoreAct::Update | RestoreAct::Copy)
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

    #[test]
    fn namesakes_are_allowed_from_the_version_that_keeps_them_apart() {
        for (version, allowed) in [
            ("11.2.0", false),
            ("11.3.0", true),
            ("12.0.1+security-01", true),
            ("10.4.2", false),
            ("", false),
        ] {
            assert_eq!(allows_namesakes(version), allowed, "{version}");
        }
    }

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
