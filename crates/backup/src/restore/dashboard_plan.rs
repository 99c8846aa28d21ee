//! What is to become of one dashboard of a backup. Pure.

use aether_clients::grafana::DashboardApi;
use aether_contract::{DashboardSchema, RestoreAction, RestoreChoice, RestoreConflict, Timestamp};

use super::{document, target::LiveDashboard};
use crate::{
    dashboard::{Source, is_v2, v2},
    reader::StoredDashboard,
};

/// Who saved a dashboard within so long may still be at work on it, in milliseconds.
const LATELY_MS: i64 = 3_600_000;
/// Longest uid that Grafana takes.
pub const MAX_UID: usize = 40;

/// What the decision rests on.
pub struct Case<'a> {
    /// The backup's dashboard.
    pub stored: &'a StoredDashboard,
    /// Whether the backup had its uid before.
    pub twice: bool,
    /// Grafana's, if it has one.
    pub live: Option<&'a LiveDashboard>,
    /// Whether the two are the same but for their place.
    pub same: bool,
    /// Whether Grafana's is in another folder than it will be in.
    pub moved: bool,
    /// Whether another dashboard has its title in that folder.
    pub namesake: bool,
    /// Grafana's version.
    pub version: &'a str,
    /// How Grafana's dashboards are reached.
    pub api: &'a DashboardApi,
    /// Uid of its folder, where neither side has that.
    pub folder_missing: Option<&'a str>,
    /// Why Grafana's can't be read as it is stored; none when it can, or has none.
    pub unreadable: Option<&'a str>,
    /// What was chosen for it.
    pub choice: Option<RestoreChoice>,
    /// Now.
    pub now: Timestamp,
}

/// What is done with it.
#[derive(Debug, PartialEq, Eq)]
pub struct Decision {
    /// What.
    pub act: RestoreAction,
    /// What is in its way.
    pub obstacle: Option<RestoreConflict>,
    /// What can be done about that.
    pub choices: Vec<RestoreChoice>,
    /// In words.
    pub note: String,
}

impl Decision {
    fn plain(act: RestoreAction) -> Self {
        Self { act, obstacle: None, choices: Vec::new(), note: String::new() }
    }

    fn note(self, note: String) -> Self {
        Self { note, ..self }
    }
}

/// Decides, or finds that a choice is needed.
pub fn decide(case: &Case<'_>) -> Decision {
    use RestoreChoice::{Copy, Keep, Replace};
    if let Some(problem) = unusable(case) {
        let note = format!("It cannot be restored: {problem}.");
        let obstacle = Some(RestoreConflict::Unusable);
        return Decision { obstacle, ..Decision::plain(RestoreAction::Skip).note(note) };
    }
    if let Some(why) = case.unreadable {
        let note = format!(
            "Grafana has it but cannot be read reliably: {why}. Without a safety backup, it cannot be replaced."
        );
        return asked(case, RestoreConflict::StorageUnknown, &[Keep, Copy], note);
    }
    if let Some(folder) = case.folder_missing.filter(|_| case.live.is_none_or(|_| !case.same || case.moved)) {
        let note = format!(
            "Its folder ({folder}) is neither in the backup nor in Grafana. Replace restores it into the root folder; \
             or restore into another folder."
        );
        let decision = asked(case, RestoreConflict::FolderMissing, &[Keep, Replace], note);
        return match (decision.act, case.live) {
            (RestoreAction::Update, None) => Decision { act: RestoreAction::Create, ..decision },
            _ => decision,
        };
    }
    let lossy = &case.stored.about.lossy;
    let refused = case.namesake && !allows_namesakes(case.version);
    let Some(live) = case.live else {
        let create = Decision::plain(RestoreAction::Create);
        return match (refused, case.namesake, lossy.is_empty()) {
            (true, ..) => title_taken(case),
            (_, true, _) => create.note("Another dashboard in this folder has the same title.".into()),
            (.., false) => create.note(format!("The backup’s copy is incomplete: {lossy}")),
            _ => create,
        };
    };
    if case.same && !case.moved {
        return Decision::plain(RestoreAction::Identical);
    }
    if let DashboardApi::Blocked(why) = case.api {
        let note = format!(
            "The panel cannot tell whether Grafana stores it in schema v2, because /apis cannot be used ({why}). \
             Replacing it might lose parts of it."
        );
        return asked(case, RestoreConflict::StorageUnknown, &[Keep, Copy], note);
    }
    if !live.meta.resource.managed_by.is_empty() {
        return managed(case, live);
    }
    if live.meta.provisioned {
        let file = &live.meta.provisioned_external_id;
        let file = if file.is_empty() { String::new() } else { format!(" ({file})") };
        let note = format!(
            "It is provisioned from a file{file}, so Grafana does not allow saving it. Restore that file, \
                or restore it as a copy."
        );
        return asked(case, RestoreConflict::Provisioned, &[Keep, Copy], note);
    }
    if refused {
        return title_taken(case);
    }
    // Counted or not, the classic schema has no place for some of what schema v2 holds.
    let older = is_v2(&live.value) && case.stored.about.schema != DashboardSchema::V2;
    if older || !lossy.is_empty() {
        let losses = if older { v2::losses(&live.value) } else { Vec::new() };
        let mut note = "The backup’s copy is in the classic schema.".to_owned();
        if !losses.is_empty() {
            note = format!("{note} Replacing Grafana’s would lose {}.", listed(&losses));
        } else if older {
            note = format!("{note} Grafana’s is in schema v2, and replacing it may lose parts of it.");
        }
        if !lossy.is_empty() {
            note = format!("{note} {lossy}");
        }
        return asked(case, RestoreConflict::WouldLose, &[Keep, Replace, Copy], note);
    }
    let lately = updated(live).is_some_and(|at| case.now.millis_since(at) < LATELY_MS);
    let decision = if lately && live.version() != case.stored.about.version {
        let by = &live.meta.updated_by;
        let by = if by.is_empty() { "Someone" } else { by.as_str() };
        let note = format!("{by} saved it within the last hour and may still be editing it.");
        asked(case, RestoreConflict::EditedLately, &[Keep, Replace, Copy], note)
    } else {
        Decision::plain(RestoreAction::Update)
    };
    if !case.moved || decision.act != RestoreAction::Update {
        return decision;
    }
    let from = if live.meta.folder_title.is_empty() { "the root folder" } else { &live.meta.folder_title };
    let note = format!("{} It moves back from {from}.", decision.note).trim().to_owned();
    decision.note(note)
}

/// Something else than people manages Grafana's.
fn managed(case: &Case<'_>, live: &LiveDashboard) -> Decision {
    use RestoreChoice::{Copy, Keep, Replace};
    let by = live.meta.manager();
    let refuses =
        matches!(live.meta.resource.managed_by.as_str(), "repo" | "classic-file-provisioning" | "plugin");
    if refuses {
        let note = format!(
            "It is managed by {by}, so Grafana does not allow saving it. Restore it in that source, or restore it as \
             a copy."
        );
        let obstacle = match live.meta.provisioned {
            true => RestoreConflict::Provisioned,
            false => RestoreConflict::Managed,
        };
        return asked(case, obstacle, &[Keep, Copy], note);
    }
    let note = format!(
        "It is managed by {by}, which may overwrite the restored dashboard. If you replace it, Grafana no longer marks \
         it as managed."
    );
    asked(case, RestoreConflict::Managed, &[Keep, Replace, Copy], note)
}

/// "a, b and c".
fn listed(items: &[String]) -> String {
    match items {
        [] => String::new(),
        [one] => one.clone(),
        [first @ .., last] => format!("{} and {last}", first.join(", ")),
    }
}

/// Whether Grafana accepts a uid.
pub fn is_uid(uid: &str) -> bool {
    !uid.is_empty()
        && uid.len() <= MAX_UID
        && uid.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
}

/// Why nothing can be done with it.
fn unusable(case: &Case<'_>) -> Option<String> {
    let about = &case.stored.about;
    if !about.problem.is_empty() {
        Some(about.problem.clone())
    } else if case.twice {
        Some("the backup contains this UID twice".to_owned())
    } else if about.uid.len() > MAX_UID {
        Some(format!("its UID is longer than the {MAX_UID} characters allowed by Grafana"))
    } else if !is_uid(&about.uid) {
        Some("its UID has characters that Grafana does not allow (only letters, digits, - and _)".to_owned())
    } else if about.title.trim().is_empty() {
        Some("it has no title".to_owned())
    } else {
        let source = case.stored.dashboard.as_deref()?;
        let source = Source { spec: source, meta: &case.stored.meta };
        let why = document::target_version(source, case.api).err()?;
        let value = serde_json::from_str(source.spec.get()).unwrap_or_default();
        let losses = v2::losses(&value);
        let more = if losses.is_empty() {
            String::new()
        } else {
            format!("; converted to the classic schema it would lose {}", listed(&losses))
        };
        Some(format!("{why}{more}"))
    }
}

fn title_taken(case: &Case<'_>) -> Decision {
    let note = "Another dashboard in this folder has the same title, and this version of Grafana does not allow \
            duplicates.";
    asked(case, RestoreConflict::TitleTaken, &[RestoreChoice::Keep, RestoreChoice::Copy], note.to_owned())
}

/// What was chosen, where it is one of what can be chosen.
fn asked(case: &Case<'_>, obstacle: RestoreConflict, choices: &[RestoreChoice], note: String) -> Decision {
    let act = match case.choice.filter(|choice| choices.contains(choice)) {
        None => RestoreAction::Choose,
        Some(RestoreChoice::Keep) => RestoreAction::Skip,
        Some(RestoreChoice::Copy) => RestoreAction::Copy,
        Some(RestoreChoice::Replace) => RestoreAction::Update,
        Some(RestoreChoice::WithoutSecrets) => RestoreAction::Create,
    };
    Decision { act, obstacle: Some(obstacle), choices: choices.to_vec(), note }
}

/// When Grafana's was saved.
pub fn updated(live: &LiveDashboard) -> Option<Timestamp> {
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

#[cfg(test)]
mod tests {
    use aether_contract::BackupDashboard;
    use serde_json::json;

    use super::*;
    use crate::dashboard::DashboardMeta;

    const HOUR: i64 = 3_600_000;

    fn stored(uid: &str, title: &str) -> StoredDashboard {
        let about = BackupDashboard {
            uid: uid.into(),
            title: title.into(),
            folder: Vec::new(),
            folder_uid: String::new(),
            tags: Vec::new(),
            version: 3,
            updated_by: String::new(),
            updated_at: None,
            provisioned: false,
            managed_by: String::new(),
            schema: DashboardSchema::Classic,
            api_version: String::new(),
            lossy: String::new(),
            panels: 0,
            path: String::new(),
            problem: String::new(),
        };
        StoredDashboard { about, meta: DashboardMeta::default(), dashboard: None }
    }

    fn live(version: u32) -> LiveDashboard {
        let meta = DashboardMeta {
            updated_by: "ann".into(),
            updated: "2026-01-01T12:00:00Z".into(),
            folder_title: "Old".into(),
            ..DashboardMeta::default()
        };
        LiveDashboard { value: json!({ "version": version }), meta, bytes: Vec::new() }
    }

    fn case<'a>(stored: &'a StoredDashboard, live: Option<&'a LiveDashboard>) -> Case<'a> {
        let saved = live.and_then(updated).unwrap_or(Timestamp(0)).0;
        Case {
            stored,
            twice: false,
            live,
            same: false,
            moved: false,
            namesake: false,
            version: "11.2.0",
            api: &DashboardApi::Legacy,
            folder_missing: None,
            unreadable: None,
            choice: None,
            now: Timestamp(saved + 2 * HOUR),
        }
    }

    #[test]
    fn what_grafana_has_not_is_made_and_what_it_has_alike_is_left() {
        let (one, there) = (stored("u", "One"), live(3));
        assert_eq!(decide(&case(&one, None)), Decision::plain(RestoreAction::Create));
        assert_eq!(decide(&case(&one, Some(&there))), Decision::plain(RestoreAction::Update));
        let alike = Case { same: true, ..case(&one, Some(&there)) };
        assert_eq!(decide(&alike), Decision::plain(RestoreAction::Identical));
        let moved = decide(&Case { same: true, moved: true, ..case(&one, Some(&there)) });
        assert_eq!((moved.act, moved.note.as_str()), (RestoreAction::Update, "It moves back from Old."));
    }

    #[test]
    fn what_can_not_be_restored_says_why_whatever_was_chosen() {
        let long = "x".repeat(MAX_UID + 1);
        let mut broken = stored("u", "One");
        broken.about.problem = "not valid JSON".into();
        for (one, twice, why) in [
            (stored("u", "One"), true, "twice"),
            (stored(&long, "One"), false, "longer than the 40 characters"),
            (stored("a b", "One"), false, "does not allow"),
            (stored("u", " "), false, "no title"),
            (broken, false, "not valid JSON"),
        ] {
            let decision = decide(&Case { twice, choice: Some(RestoreChoice::Copy), ..case(&one, None) });
            assert_eq!(decision.obstacle, Some(RestoreConflict::Unusable), "{why}");
            assert!(decision.act == RestoreAction::Skip && decision.note.contains(why), "{decision:?}");
        }
    }

    #[test]
    fn a_choice_counts_where_it_is_one_and_is_asked_for_where_it_is_missing() {
        let (one, mut there) = (stored("u", "One"), live(3));
        there.meta.provisioned = true;
        there.meta.provisioned_external_id = "ops.json".into();
        let with = |choice| decide(&Case { choice, ..case(&one, Some(&there)) });
        assert!(with(None).note.contains("(ops.json)"));
        for (choice, act) in [
            (None, RestoreAction::Choose),
            (Some(RestoreChoice::Keep), RestoreAction::Skip),
            (Some(RestoreChoice::Copy), RestoreAction::Copy),
            (Some(RestoreChoice::Replace), RestoreAction::Choose),
        ] {
            assert_eq!(with(choice).act, act, "{choice:?}");
        }
    }

    #[test]
    fn a_manager_is_named_and_asked_about_before_it_is_bypassed() {
        let (one, mut there) = (stored("u", "One"), live(3));
        there.meta.resource.managed_by = "terraform".into();
        there.meta.resource.manager_id = "infra".into();
        let with = |there: &LiveDashboard, choice| decide(&Case { choice, ..case(&one, Some(there)) });
        let asked = with(&there, None);
        assert_eq!((asked.act, asked.obstacle), (RestoreAction::Choose, Some(RestoreConflict::Managed)));
        assert!(asked.note.contains("Terraform (infra)"), "{}", asked.note);
        assert_eq!(with(&there, Some(RestoreChoice::Replace)).act, RestoreAction::Update);
        there.meta.resource.managed_by = "repo".into();
        let asked = with(&there, Some(RestoreChoice::Replace));
        assert_eq!(asked.act, RestoreAction::Choose, "Grafana refuses that: {asked:?}");
        assert!(asked.note.contains("a Git repository (infra)"));
    }

    #[test]
    fn a_classic_copy_over_schema_v2_names_what_would_be_lost() {
        let (one, mut there) = (stored("u", "One"), live(3));
        there.value = json!({"elements": {}, "layout": {"kind": "TabsLayout", "spec": {"tabs": [
            {"kind": "TabsLayoutTab", "spec": {"layout": {"kind": "AutoGridLayout"}}}]}}});
        let asked = decide(&case(&one, Some(&there)));
        assert_eq!((asked.act, asked.obstacle), (RestoreAction::Choose, Some(RestoreConflict::WouldLose)));
        assert!(asked.note.contains("would lose 1 tab and 1 automatic grid."), "{}", asked.note);
        there.value = json!({"elements": {}, "layout": {"kind": "GridLayout"}});
        let asked = decide(&case(&one, Some(&there)));
        assert_eq!(
            asked.obstacle,
            Some(RestoreConflict::WouldLose),
            "nothing counted is no proof: {asked:?}"
        );
        let mut converted = stored("u", "One");
        converted.about.lossy = "Grafana stores it as v2beta1.".into();
        let asked = decide(&case(&converted, Some(&live(3))));
        assert_eq!(asked.obstacle, Some(RestoreConflict::WouldLose));
        let made = decide(&case(&converted, None));
        assert!(made.act == RestoreAction::Create && made.note.contains("incomplete"), "{made:?}");
    }

    #[test]
    fn a_folder_that_neither_side_has_is_asked_about() {
        let one = stored("u", "One");
        let with = |choice| decide(&Case { folder_missing: Some("gone"), choice, ..case(&one, None) });
        let asked = with(None);
        assert_eq!(
            (asked.act, asked.obstacle),
            (RestoreAction::Choose, Some(RestoreConflict::FolderMissing))
        );
        assert!(asked.note.contains("(gone)"));
        assert_eq!(with(Some(RestoreChoice::Replace)).act, RestoreAction::Create);
        assert_eq!(with(Some(RestoreChoice::Keep)).act, RestoreAction::Skip);
    }

    #[test]
    fn what_can_not_be_read_as_it_is_stored_is_never_replaced() {
        let (one, there) = (stored("u", "One"), live(3));
        let choice = Some(RestoreChoice::Replace);
        let hidden = decide(&Case { unreadable: Some("403"), choice, ..case(&one, None) });
        assert_eq!(
            (hidden.act, hidden.obstacle),
            (RestoreAction::Choose, Some(RestoreConflict::StorageUnknown))
        );
        let blocked = DashboardApi::Blocked("404".into());
        let unsure = decide(&Case { api: &blocked, choice, ..case(&one, Some(&there)) });
        assert_eq!(
            (unsure.act, unsure.obstacle),
            (RestoreAction::Choose, Some(RestoreConflict::StorageUnknown))
        );
        let new = decide(&Case { api: &blocked, ..case(&one, None) });
        assert_eq!(new.act, RestoreAction::Create);
    }

    #[test]
    fn what_was_saved_within_the_hour_is_asked_about_unless_it_is_the_backups_own_version() {
        let (one, newer, own) = (stored("u", "One"), live(4), live(3));
        let soon = |live| {
            let late = case(&one, Some(live));
            Case { now: Timestamp(late.now.0 - 2 * HOUR + 60_000), ..late }
        };
        let asked = decide(&soon(&newer));
        assert_eq!((asked.act, asked.obstacle), (RestoreAction::Choose, Some(RestoreConflict::EditedLately)));
        assert!(asked.note.starts_with("ann saved it"), "{asked:?}");
        assert_eq!(decide(&soon(&own)).act, RestoreAction::Update);
        assert_eq!(decide(&case(&one, Some(&newer))).act, RestoreAction::Update, "two hours later");
    }

    #[test]
    fn a_title_that_is_taken_is_in_the_way_where_grafana_refuses_namesakes() {
        let (one, there) = (stored("u", "One"), live(3));
        for live in [None, Some(&there)] {
            let taken = Case { namesake: true, ..case(&one, live) };
            assert_eq!(decide(&taken).obstacle, Some(RestoreConflict::TitleTaken));
            let newer = decide(&Case { version: "11.3.0", ..taken });
            assert!(newer.obstacle.is_none(), "{newer:?}");
        }
    }

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
}
