//! Permissions of Grafana's folders and dashboards, as a backup keeps them: by role, team name and login, because the
//! numbers of teams and users differ from one Grafana to another. Pure.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
};

use aether_clients::grafana::{Permission, Protected};
use serde::{Deserialize, Serialize};

/// Who has a permission.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Holder {
    /// Everybody with this basic role, or a higher one.
    Role(String),
    /// A team, by name.
    Team(String),
    /// A user or a service account, by login.
    User(String),
}

impl fmt::Display for Holder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Role(role) => write!(f, "role {role}"),
            Self::Team(team) => write!(f, "team {team}"),
            Self::User(login) => write!(f, "user {login}"),
        }
    }
}

/// How much is allowed; each includes those before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Level {
    /// To see it.
    View,
    /// To edit it, too.
    Edit,
    /// To change its permissions, too.
    Admin,
}

impl Level {
    /// Grafana's number.
    pub fn number(self) -> u32 {
        match self {
            Self::View => 1,
            Self::Edit => 2,
            Self::Admin => 4,
        }
    }

    fn of(number: u32) -> Option<Self> {
        [Self::View, Self::Edit, Self::Admin].into_iter().find(|level| level.number() == number)
    }
}

/// A permission.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Grant {
    /// Whose.
    #[serde(flatten)]
    pub holder: Holder,
    /// To do what.
    pub permission: Level,
}

impl fmt::Display for Grant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {:?}", self.holder, self.permission)
    }
}

/// What the permissions are of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Place {
    /// A folder.
    Folder,
    /// A dashboard.
    Dashboard,
}

impl From<Place> for Protected {
    fn from(place: Place) -> Self {
        match place {
            Place::Folder => Self::Folder,
            Place::Dashboard => Self::Dashboard,
        }
    }
}

/// The permissions given on a folder or a dashboard, without inherited ones.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PermissionSet {
    /// Which of the two.
    pub kind: Place,
    /// Its uid.
    pub uid: String,
    /// Its title.
    pub title: String,
    /// Sorted.
    pub grants: Vec<Grant>,
}

impl PermissionSet {
    /// From what Grafana has; and how many entries name nobody or an unknown level, such as those of deleted users.
    pub fn read(kind: Place, uid: &str, title: &str, live: &[Permission]) -> (Self, usize) {
        let mut unknown = 0;
        let mut grants = Vec::new();
        for one in live {
            let holder = match one {
                Permission { role, .. } if !role.is_empty() => Some(Holder::Role(role.clone())),
                Permission { team, .. } if !team.is_empty() => Some(Holder::Team(team.clone())),
                Permission { user_login, .. } if !user_login.is_empty() => {
                    Some(Holder::User(user_login.clone()))
                }
                _ => None,
            };
            match holder.zip(Level::of(one.permission)) {
                Some((holder, permission)) => grants.push(Grant { holder, permission }),
                None => unknown += 1,
            }
        }
        grants.sort();
        grants.dedup();
        (Self { kind, uid: uid.to_owned(), title: title.to_owned(), grants }, unknown)
    }

    /// One line for each.
    pub fn text(&self) -> String {
        self.grants.iter().map(|grant| format!("{grant}\n")).collect()
    }

    /// What these permissions allow and `now` does not. Inherited permissions are not taken into account, so that at
    /// worst something is asked about that was allowed already.
    pub fn wider_than(&self, now: &[Grant]) -> Vec<String> {
        let mut most: BTreeMap<&Holder, Level> = BTreeMap::new();
        for grant in now {
            let level = most.entry(&grant.holder).or_insert(grant.permission);
            *level = (*level).max(grant.permission);
        }
        let viewer = Holder::Role("Viewer".to_owned());
        let allowed = |holder: &Holder| {
            let own = most.get(holder).copied();
            // Editors are viewers, too.
            let inherited = match holder {
                Holder::Role(role) if role == "Editor" => most.get(&viewer).copied(),
                _ => None,
            };
            own.max(inherited)
        };
        let wider = self.grants.iter().filter(|grant| Some(grant.permission) > allowed(&grant.holder));
        wider
            .map(|grant| match allowed(&grant.holder) {
                Some(level) => format!("{} ({level:?} now)", grant),
                None => format!("{grant} (nothing now)"),
            })
            .collect()
    }

    /// Teams and users that it names.
    pub fn names(&self) -> BTreeSet<&Holder> {
        self.grants.iter().map(|grant| &grant.holder).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set(grants: &[(Holder, Level)]) -> PermissionSet {
        let grant = |(holder, permission): &(Holder, Level)| Grant {
            holder: holder.clone(),
            permission: *permission,
        };
        let grants = grants.iter().map(grant).collect();
        PermissionSet { kind: Place::Folder, uid: "f".into(), title: "F".into(), grants }
    }

    fn role(name: &str) -> Holder {
        Holder::Role(name.into())
    }

    #[test]
    fn more_access_than_now_is_found_for_everybody_who_gains_it() {
        let team = Holder::Team("SRE".into());
        let now = set(&[(role("Viewer"), Level::View), (team.clone(), Level::Edit)]).grants;
        assert!(set(&[]).wider_than(&now).is_empty(), "less is not more");
        assert!(set(&[(role("Editor"), Level::View)]).wider_than(&now).is_empty(), "editors are viewers");
        let wider = set(&[
            (role("Viewer"), Level::Edit),
            (team, Level::View),
            (Holder::User("ann".into()), Level::View),
        ]);
        assert_eq!(wider.wider_than(&now), ["role Viewer: Edit (View now)", "user ann: View (nothing now)"]);
    }

    #[test]
    fn permissions_are_kept_by_name_and_not_by_number() {
        let live = |permission| Permission { permission, ..Permission::default() };
        let (read, unknown) = PermissionSet::read(
            Place::Folder,
            "f",
            "F",
            &[
                Permission { user_login: "ann".into(), user_id: 7, ..live(4) },
                Permission { team: "SRE".into(), team_id: 3, ..live(2) },
                Permission { role: "Viewer".into(), ..live(1) },
                live(1),
                Permission { role: "Viewer".into(), ..live(3) },
            ],
        );
        assert_eq!(unknown, 2, "nobody, and no such level");
        let text = serde_json::to_string(&read).unwrap();
        assert_eq!(
            text,
            concat!(
                r#"{"kind":"folder","uid":"f","title":"F","grants":[{"role":"Viewer","permission":"View"},"#,
                r#"{"team":"SRE","permission":"Edit"},{"user":"ann","permission":"Admin"}]}"#
            )
        );
        assert_eq!(serde_json::from_str::<PermissionSet>(&text).unwrap(), read);
    }
}
