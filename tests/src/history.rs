//! A Prometheus that has a history: samples of the past as blocks, made by promtool.

use std::{fs, path::Path, process::Command};

use aether_sim::servers::{Prometheus, PrometheusOptions};

/// Programs that it takes.
pub const NEEDS: &[&str] = &["prometheus", "promtool"];

/// Starts one in `folder` on samples in the OpenMetrics format, without the end mark. It scrapes nothing.
///
/// # Errors
/// What could not be written or started.
pub async fn prometheus(folder: &Path, samples: &str) -> Result<Prometheus, String> {
    let data = folder.join("data");
    fs::create_dir_all(&data).map_err(|error| error.to_string())?;
    let file = folder.join("history.om");
    fs::write(&file, format!("{samples}# EOF\n")).map_err(|error| error.to_string())?;
    let promtool = crate::on_path("promtool").ok_or("promtool is not installed")?;
    let made = Command::new(promtool)
        .args(["tsdb", "create-blocks-from", "--max-block-duration=744h", "openmetrics"])
        .args([file.as_path(), data.as_path()])
        .output()
        .map_err(|error| error.to_string())?;
    if !made.status.success() {
        return Err(String::from_utf8_lossy(&made.stderr).into_owned());
    }
    Prometheus::launch(PrometheusOptions {
        folder: folder.to_path_buf(),
        config: "global: { scrape_interval: 1m }\n".to_owned(),
        flags: vec!["--storage.tsdb.retention.time=60d".to_owned()],
        ..PrometheusOptions::default()
    })
    .await
    .map_err(|error| error.to_string())
}

/// This machine's time in seconds, rounded down to a multiple of `to`.
pub fn now(to: i64) -> i64 {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_secs()).unwrap_or(i64::MAX) / to * to
}
