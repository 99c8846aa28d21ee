//! One look at an address of any server: what a check of the profile's own asks.

use std::time::{Duration, Instant};

use reqwest::redirect;

/// Most that is read of an answer.
const MAX_BODY: usize = 1024 * 1024;

/// What came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Probed {
    /// Status.
    pub status: u16,
    /// The begin of the body, at most 1 MiB.
    pub body: String,
    /// How long it took.
    pub took: Duration,
}

/// Asks an http or https address once, without credentials, and follows no redirect.
///
/// # Errors
/// In words: what kept it from an answer.
pub async fn probe(url: &str, limit: Duration) -> Result<Probed, String> {
    let client = reqwest::Client::builder()
        .user_agent(concat!("aetherlink-panel/", env!("CARGO_PKG_VERSION")))
        .redirect(redirect::Policy::none())
        .timeout(limit)
        .build()
        .map_err(|error| crate::error::chain(&error))?;
    let began = Instant::now();
    let mut reply =
        client.get(url).send().await.map_err(|error| crate::error::chain(&error.without_url()))?;
    let status = reply.status().as_u16();
    let mut body = Vec::new();
    while let Some(part) = reply.chunk().await.map_err(|error| crate::error::chain(&error.without_url()))? {
        body.extend(part.iter().take(MAX_BODY.saturating_sub(body.len())));
        if body.len() >= MAX_BODY {
            break;
        }
    }
    Ok(Probed { status, body: String::from_utf8_lossy(&body).into_owned(), took: began.elapsed() })
}
