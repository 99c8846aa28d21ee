//! A Panel behind HTTP on loopback, so that a browser can show the UI in tests.
//!
//! `POST /api/<command>` runs a command, `GET /api/events` streams events, everything else is a file of the built UI.
//! It is no product server and refuses to be one: it listens on loopback only, answers only requests whose `Host` is
//! loopback (a page elsewhere could otherwise rebind its name to 127.0.0.1), and runs nothing without its token.

mod api;
mod files;
mod guard;

use std::{io, net::SocketAddr, path::PathBuf, sync::Arc};

use aether_panel::Panel;
use axum::{Router, middleware, routing};
use tokio::net::TcpListener;

pub use files::CSP;

/// What every request handler needs.
struct Bridge {
    panel: Arc<Panel>,
    token: String,
    ui: Option<PathBuf>,
}

/// Serves `panel` on `listener` until the task is dropped. `ui_dir` is the folder of the built UI.
///
/// # Errors
/// When `listener` is not on loopback, the UI's folder does not exist, or the listener fails.
pub async fn serve(
    panel: Arc<Panel>,
    listener: TcpListener,
    ui_dir: Option<PathBuf>,
    token: String,
) -> io::Result<()> {
    let at = listener.local_addr()?;
    if !at.ip().is_loopback() {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, format!("{at} is not a loopback address")));
    }
    // Resolved once: files are compared with the real folder, not with a link to it.
    let ui = ui_dir.map(std::fs::canonicalize).transpose()?;
    axum::serve(listener, router(Arc::new(Bridge { panel, token, ui }))).await
}

/// The address that a browser opens: the page takes the token out of it.
pub fn page_url(at: SocketAddr, token: &str) -> String {
    format!("http://{at}/?token={token}")
}

/// A token that nobody guesses.
pub fn random_token() -> String {
    uuid::Uuid::new_v4().simple().to_string()
}

fn router(bridge: Arc<Bridge>) -> Router {
    let api = Router::new()
        .route("/events", routing::get(api::events))
        .route("/{command}", routing::post(api::command))
        .layer(middleware::from_fn_with_state(bridge.clone(), guard::token));
    Router::new()
        .nest("/api", api)
        .route("/", routing::get(files::index))
        .route("/{*path}", routing::get(files::file))
        .layer(middleware::from_fn(guard::loopback_host))
        .layer(middleware::map_response(files::headers))
        .with_state(bridge)
}
