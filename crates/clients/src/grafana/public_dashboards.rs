//! Dashboards that are shown without a login, by a link.

use reqwest::Method;
use serde::Deserialize;
use serde_json::Value;

use super::{
    Grafana,
    library::{missing, segment},
};
use crate::{
    error::{ClientError, Failure},
    http::Reply,
    lenient::nullable,
    reply::Expected,
};

/// Rows of a page.
const PAGE: u32 = 1000;
/// Pages at most.
const MAX_PAGES: u32 = 1_000;

/// A row of the list of public dashboards.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PublicDashboardRow {
    /// The dashboard's uid.
    #[serde(default, deserialize_with = "nullable")]
    pub dashboard_uid: String,
    /// The dashboard's title.
    #[serde(default, deserialize_with = "nullable")]
    pub title: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Page {
    #[serde(default, deserialize_with = "nullable")]
    public_dashboards: Vec<PublicDashboardRow>,
    #[serde(default, deserialize_with = "nullable")]
    total_count: usize,
}

fn place(dashboard: &str, own: Option<&str>) -> String {
    let own = own.map(segment).unwrap_or_default();
    format!("/api/dashboards/uid/{}/public-dashboards/{own}", segment(dashboard))
}

impl Grafana {
    /// `GET /api/dashboards/public-dashboards`: all of the organization; none where the feature is turned off.
    ///
    /// # Errors
    /// As [`ClientError`] tells.
    pub async fn public_dashboards(&self) -> Result<Option<Vec<PublicDashboardRow>>, ClientError> {
        let mut all: Vec<PublicDashboardRow> = Vec::new();
        for page in 1..=MAX_PAGES {
            let query = [("perpage", PAGE.to_string()), ("page", page.to_string())];
            let read: Result<Reply<Page>, _> = self
                .http
                .get("/api/dashboards/public-dashboards", &query, Expected::Object("publicDashboards"))
                .await;
            let found = match read {
                Ok(reply) => reply.value,
                Err(error) if page == 1 && matches!(error.failure, Failure::WrongPath) => return Ok(None),
                Err(error) => return Err(error),
            };
            let before = all.len();
            all.extend(found.public_dashboards);
            if page as usize * PAGE as usize >= found.total_count || all.len() == before {
                break;
            }
        }
        Ok(Some(all))
    }

    /// How a dashboard is public, its access token included; none when it is not.
    ///
    /// # Errors
    /// As [`ClientError`] tells.
    pub async fn public_dashboard(&self, dashboard: &str) -> Result<Option<Value>, ClientError> {
        let read: Result<Reply<Value>, _> =
            self.http.get(&place(dashboard, None), &[], Expected::Object("dashboardUid")).await;
        match read {
            Ok(reply) => Ok(Some(reply.value)),
            Err(error) if missing(&error) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// `POST` of a new one, or `PATCH` of the one with this uid.
    ///
    /// # Errors
    /// As [`ClientError`] tells.
    pub async fn save_public_dashboard(
        &self,
        dashboard: &str,
        own: Option<&str>,
        body: &Value,
    ) -> Result<(), ClientError> {
        let method = if own.is_some() { Method::PATCH } else { Method::POST };
        self.http.change(method, &place(dashboard, own), Some(&body.to_string())).await.map(|_| ())
    }

    /// Makes a dashboard private again.
    ///
    /// # Errors
    /// As [`ClientError`] tells; one that is no longer public is none.
    pub async fn delete_public_dashboard(&self, dashboard: &str, own: &str) -> Result<(), ClientError> {
        match self.http.change(Method::DELETE, &place(dashboard, Some(own)), None).await {
            Ok(_) => Ok(()),
            Err(error) if missing(&error) => Ok(()),
            Err(error) => Err(error),
        }
    }
}
