//! Annotations that people and tools made, without those of alerts.

use std::collections::BTreeSet;

use reqwest::Method;
use serde::Deserialize;
use serde_json::Value;

use super::Grafana;
use crate::{
    error::{ClientError, Failure},
    http::Reply,
    reply::Expected,
};

/// Rows of a page, at first.
const PAGE: usize = 5_000;

/// A field that holds a whole number, 0 where it does not.
fn number(annotation: &Value, field: &str) -> i64 {
    annotation.get(field).and_then(Value::as_i64).unwrap_or_default()
}

/// When an annotation ends, in milliseconds since 1970: older servers leave it out for a point in time.
pub fn annotation_end(annotation: &Value) -> i64 {
    number(annotation, "timeEnd").max(number(annotation, "time"))
}

impl Grafana {
    /// `GET /api/annotations`: all of the organization, or those of one dashboard, each once and as it came.
    ///
    /// The API has no pages: it gives those that end last, and the following question asks for those that begin
    /// before the earliest end.
    ///
    /// # Errors
    /// [`Failure::Forbidden`] without `annotations:read`; else as [`ClientError`] tells.
    pub async fn annotations(&self, dashboard: Option<&str>) -> Result<Vec<Value>, ClientError> {
        let mut all = Vec::new();
        let mut seen = BTreeSet::new();
        let (mut limit, mut to) = (PAGE, None::<i64>);
        loop {
            let mut query = vec![("type", "annotation".to_owned()), ("limit", limit.to_string())];
            query.extend(dashboard.map(|uid| ("dashboardUID", uid.to_owned())));
            // A range counts only with both its ends.
            query.extend(to.into_iter().flat_map(|to| [("from", "1".to_owned()), ("to", to.to_string())]));
            let page: Reply<Vec<Value>> = self.http.get("/api/annotations", &query, Expected::List).await?;
            let rows = page.value;
            let full = rows.len() >= limit;
            let earliest = rows.iter().map(annotation_end).min();
            let before = all.len();
            all.extend(rows.into_iter().filter(|row| seen.insert(number(row, "id"))));
            if !full {
                return Ok(all);
            }
            // More begin in one moment than fit a page.
            if all.len() == before && to == earliest {
                limit = limit.saturating_mul(2);
            }
            to = earliest;
        }
    }

    /// `POST /api/annotations`; its number.
    ///
    /// # Errors
    /// As [`ClientError`] tells.
    pub async fn create_annotation(&self, body: &Value) -> Result<i64, ClientError> {
        #[derive(Deserialize)]
        struct Wire {
            id: i64,
        }
        let reply = self.http.change(Method::POST, "/api/annotations", Some(&body.to_string())).await?;
        Ok(self.http.json::<Wire>(reply, Expected::Object("id"))?.value.id)
    }

    /// `DELETE /api/annotations/{id}`.
    ///
    /// # Errors
    /// As [`ClientError`] tells; one that is no longer there is none.
    pub async fn delete_annotation(&self, id: i64) -> Result<(), ClientError> {
        match self.http.change(Method::DELETE, &format!("/api/annotations/{id}"), None).await {
            Ok(_) => Ok(()),
            Err(error) if matches!(error.failure, Failure::WrongPath) => Ok(()),
            Err(error) => Err(error),
        }
    }
}
