//! What a program tells about its version in its own metrics: `loki_build_info`,
//! `blackbox_exporter_build_info` and their like.

use crate::{
    endpoint::Endpoint,
    error::{ClientError, Failure},
    exposition,
    http::Http,
};

/// The version that `metric` at `/metrics` names.
///
/// # Errors
/// [`Failure::WrongServer`] when there is no such metric; else as [`ClientError`] tells.
pub async fn version(endpoint: Endpoint, metric: &str) -> Result<String, ClientError> {
    let http = Http::new(endpoint)?;
    let reply = http.get_raw("/metrics", &[]).await?;
    exposition::label(&reply.value.body, metric, "version").filter(|version| !version.is_empty()).ok_or_else(
        || {
            let url = http.url("/metrics", &[]);
            ClientError::new(Failure::WrongServer(format!("its metrics do not include {metric}")), url, "")
        },
    )
}
