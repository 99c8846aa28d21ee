//! Who may see and edit folders and dashboards, by `/api/folders/{uid}/permissions` and
//! `/api/dashboards/uid/{uid}/permissions`, and the teams, users and service accounts that they name.

use reqwest::Method;
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::Value;

use super::{
    Grafana,
    library::{missing, segment},
};
use crate::{
    error::{ClientError, Failure},
    lenient::nullable,
    reply::Expected,
};

/// Rows of a page of teams or service accounts.
const PAGE: u32 = 1000;
/// Pages at most.
const MAX_PAGES: u32 = 1_000;

/// What has permissions of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Protected {
    /// A folder; what is in it inherits its permissions.
    Folder,
    /// A dashboard.
    Dashboard,
}

impl Protected {
    fn path(self, uid: &str) -> String {
        match self {
            Self::Folder => format!("/api/folders/{}/permissions", segment(uid)),
            Self::Dashboard => format!("/api/dashboards/uid/{}/permissions", segment(uid)),
        }
    }
}

/// A permission of a role, a team, or a user: exactly one of the three is named.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Permission {
    /// Basic role: `Viewer` or `Editor`.
    #[serde(default, deserialize_with = "nullable")]
    pub role: String,
    /// Name of a team.
    #[serde(default, deserialize_with = "nullable")]
    pub team: String,
    /// Number of the team; 0: none.
    #[serde(default, deserialize_with = "nullable")]
    pub team_id: i64,
    /// Login of a user or a service account.
    #[serde(default, deserialize_with = "nullable")]
    pub user_login: String,
    /// Number of the user; 0: none.
    #[serde(default, deserialize_with = "nullable")]
    pub user_id: i64,
    /// 1: View, 2: Edit, 4: Admin.
    #[serde(default, deserialize_with = "nullable")]
    pub permission: u32,
    /// Whether it comes from the folder above.
    #[serde(default, deserialize_with = "nullable")]
    pub inherited: bool,
}

/// A team, a user or a service account.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Principal {
    /// Its number, which differs from one Grafana to another.
    pub id: i64,
    /// Name of a team, login of the others.
    pub name: String,
}

#[derive(Deserialize)]
struct NamedWire {
    id: i64,
    #[serde(default, deserialize_with = "nullable")]
    name: String,
}

#[derive(Deserialize)]
struct LoginWire {
    id: i64,
    #[serde(default, deserialize_with = "nullable")]
    login: String,
}

#[derive(Deserialize)]
struct UserWire {
    #[serde(rename = "userId")]
    id: i64,
    #[serde(default, deserialize_with = "nullable")]
    login: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct TeamPage {
    #[serde(default, deserialize_with = "nullable")]
    total_count: usize,
    #[serde(default, deserialize_with = "nullable")]
    teams: Vec<NamedWire>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct AccountPage {
    #[serde(default, deserialize_with = "nullable")]
    total_count: usize,
    #[serde(default, deserialize_with = "nullable")]
    service_accounts: Vec<LoginWire>,
}

impl Grafana {
    /// The permissions that were given on it, without those inherited from the folder above; none when there is no
    /// such folder or dashboard.
    ///
    /// # Errors
    /// [`Failure::Forbidden`] without `folders.permissions:read` or `dashboards.permissions:read`; else as
    /// [`ClientError`] tells.
    pub async fn permissions(
        &self,
        of: Protected,
        uid: &str,
    ) -> Result<Option<Vec<Permission>>, ClientError> {
        match self.http.get::<Vec<Permission>>(&of.path(uid), &[], Expected::List).await {
            Ok(reply) => Ok(Some(reply.value.into_iter().filter(|one| !one.inherited).collect())),
            Err(error) if missing(&error) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Replaces all permissions given on it: `items` of `{"role"|"teamId"|"userId": …, "permission": …}`.
    ///
    /// # Errors
    /// As [`ClientError`] tells.
    pub async fn set_permissions(
        &self,
        of: Protected,
        uid: &str,
        items: &[Value],
    ) -> Result<(), ClientError> {
        let body = serde_json::json!({"items": items}).to_string();
        self.http.change(Method::POST, &of.path(uid), Some(&body)).await.map(|_| ())
    }

    /// All teams: `GET /api/teams/search`.
    ///
    /// # Errors
    /// As [`ClientError`] tells.
    pub async fn teams(&self) -> Result<Vec<Principal>, ClientError> {
        let of = |page: TeamPage| {
            let all = page.teams.into_iter().map(|team| Principal { id: team.id, name: team.name });
            (page.total_count, all.collect())
        };
        self.principals("/api/teams/search", Expected::Object("teams"), of).await
    }

    /// All service accounts: `GET /api/serviceaccounts/search`.
    ///
    /// # Errors
    /// As [`ClientError`] tells.
    pub async fn service_accounts(&self) -> Result<Vec<Principal>, ClientError> {
        let of = |page: AccountPage| {
            let all = page.service_accounts.into_iter().map(|one| Principal { id: one.id, name: one.login });
            (page.total_count, all.collect())
        };
        self.principals("/api/serviceaccounts/search", Expected::Object("serviceAccounts"), of).await
    }

    /// All users of the organization: `GET /api/org/users`, or its `lookup` for credentials without the right to it.
    ///
    /// # Errors
    /// As [`ClientError`] tells.
    pub async fn org_users(&self) -> Result<Vec<Principal>, ClientError> {
        let read = self.http.get::<Vec<UserWire>>("/api/org/users", &[], Expected::List).await;
        let users = match read {
            Err(error) if matches!(error.failure, Failure::Forbidden) => {
                self.http.get("/api/org/users/lookup", &[], Expected::List).await?
            }
            read => read?,
        };
        Ok(users.value.into_iter().map(|user| Principal { id: user.id, name: user.login }).collect())
    }

    async fn principals<Page: DeserializeOwned>(
        &self,
        path: &str,
        expected: Expected,
        of: impl Fn(Page) -> (usize, Vec<Principal>),
    ) -> Result<Vec<Principal>, ClientError> {
        let mut all: Vec<Principal> = Vec::new();
        for page in 1..=MAX_PAGES {
            let query = [("perpage", PAGE.to_string()), ("page", page.to_string())];
            let (total, found) = of(self.http.get(path, &query, expected).await?.value);
            let before = all.len();
            all.extend(found.into_iter().filter(|one| !one.name.is_empty()));
            if page as usize * PAGE as usize >= total || all.len() == before {
                break;
            }
        }
        Ok(all)
    }
}
