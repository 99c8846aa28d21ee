//! The one window. It shows the app's own pages and refuses to go anywhere else.

use std::path::PathBuf;

use tauri::{
    AppHandle, Manager, Runtime, Url, WebviewUrl, WebviewWindow, WebviewWindowBuilder,
    webview::NewWindowResponse,
};

use crate::args::Target;

/// Its label, in the configuration and the capability.
pub const MAIN: &str = "main";

/// Opens the window. `data` is where the web view keeps its own data.
///
/// # Errors
/// What the platform says.
pub fn open<R: Runtime>(
    app: &AppHandle<R>,
    target: Option<&Target>,
    data: Option<PathBuf>,
) -> tauri::Result<WebviewWindow<R>> {
    let missing = || tauri::Error::WindowNotFound;
    let mut config = app.config().app.windows.iter().find(|w| w.label == MAIN).ok_or_else(missing)?.clone();
    if let Some(Target { screen, query }) = target {
        let query = if query.is_empty() { String::new() } else { format!("?{query}") };
        config.url = WebviewUrl::App(format!("#/{}{query}", screen.name()).into());
    }
    let dev = if tauri::is_dev() { app.config().build.dev_url.clone() } else { None };
    let mut window = WebviewWindowBuilder::from_config(app, &config)?
        .on_navigation(move |url| is_own(url, dev.as_ref()))
        .on_new_window(|_, _| NewWindowResponse::Deny)
        .on_download(|_, _| false);
    if let Some(data) = data {
        window = window.data_directory(data);
    }
    window.build()
}

/// Brings the window to the front, if there is one.
pub fn focus<R: Runtime>(app: &AppHandle<R>) {
    let Some(window) = app.get_webview_window(MAIN) else { return };
    for step in [window.unminimize(), window.show(), window.set_focus()] {
        if let Err(error) = step {
            tracing::debug!(%error, "failed to bring the window to the front");
        }
    }
}

/// Whether a page is the app's own: its own scheme, or the development server while developing.
fn is_own(url: &Url, dev: Option<&Url>) -> bool {
    match url.scheme() {
        "tauri" => url.host_str() == Some("localhost"),
        "http" | "https" if url.host_str() == Some("tauri.localhost") => true,
        "http" | "https" => dev.is_some_and(|dev| dev.origin() == url.origin()),
        _ => url.as_str() == "about:blank",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_window_stays_at_home() {
        let url = |text: &str| Url::parse(text).unwrap();
        let dev = url("http://127.0.0.1:5173");
        for home in ["tauri://localhost/#/alerts", "http://tauri.localhost/", "https://tauri.localhost/x"] {
            assert!(is_own(&url(home), None), "{home}");
        }
        assert!(is_own(&url("http://127.0.0.1:5173/src/main.ts"), Some(&dev)));
        for away in [
            "http://127.0.0.1:5173/",
            "https://example.test/",
            "http://localhost:9090/",
            "http://tauri.localhost.evil.test/",
            "file:///etc/passwd",
            "javascript:alert(1)",
            "data:text/html,x",
            "tauri://evil/",
        ] {
            assert!(!is_own(&url(away), None), "{away}");
        }
        assert!(!is_own(&url("http://127.0.0.1:9090/"), Some(&dev)));
    }
}
