//! The built UI as files, under the window's content security policy. Refuses every path that leaves its folder.

use std::{
    path::{Component, Path, PathBuf},
    sync::Arc,
};

use axum::{
    extract::{self, State},
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};

use crate::Bridge;

/// The window's policy (`src-tauri/tauri.conf.json`), except that the page talks to this bridge instead of Tauri.
/// A test holds the two together.
pub const CSP: &str = "default-src 'self'; connect-src 'self'; img-src 'self' data: blob:; \
                       style-src 'self'; font-src 'self'; script-src 'self'; object-src 'none'; \
                       base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/// The page.
pub async fn index(State(bridge): State<Arc<Bridge>>) -> Response {
    send(&bridge, "index.html").await
}

/// A file of the page.
pub async fn file(State(bridge): State<Arc<Bridge>>, extract::Path(path): extract::Path<String>) -> Response {
    send(&bridge, &path).await
}

async fn send(bridge: &Bridge, path: &str) -> Response {
    let Some(root) = &bridge.ui else {
        return (StatusCode::NOT_FOUND, "This bridge does not serve the UI. Start it with --ui ui/dist.")
            .into_response();
    };
    let Some(wanted) = inside(root, path) else {
        return (StatusCode::NOT_FOUND, "File not found.").into_response();
    };
    // A link inside the folder may lead out of it: where the file really lies decides.
    let real = match tokio::fs::canonicalize(&wanted).await {
        Ok(real) if real.starts_with(root) => real,
        _ => return (StatusCode::NOT_FOUND, "File not found.").into_response(),
    };
    match tokio::fs::read(&real).await {
        Ok(bytes) => ([(header::CONTENT_TYPE, content_type(&real))], bytes).into_response(),
        Err(_) => (StatusCode::NOT_FOUND, "File not found.").into_response(),
    }
}

/// `path` below `root`, if it is plain: no parent, no root or drive, no backslash, no NUL, no hidden file.
fn inside(root: &Path, path: &str) -> Option<PathBuf> {
    if path.contains(['\\', '\0', ':']) {
        return None;
    }
    let plain = Path::new(path).components().all(|part| match part {
        Component::Normal(name) => name.to_str().is_some_and(|name| !name.starts_with('.')),
        _ => false,
    });
    (plain && !path.is_empty()).then(|| root.join(path))
}

fn content_type(path: &Path) -> &'static str {
    match path.extension().and_then(|e| e.to_str()).map(str::to_ascii_lowercase).as_deref() {
        Some("html") => "text/html; charset=utf-8",
        Some("js" | "mjs") => "text/javascript; charset=utf-8",
        Some("css") => "text/css; charset=utf-8",
        Some("json" | "map") => "application/json",
        Some("svg") => "image/svg+xml",
        Some("png") => "image/png",
        Some("ico") => "image/x-icon",
        Some("webp") => "image/webp",
        Some("woff2") => "font/woff2",
        Some("woff") => "font/woff",
        Some("wasm") => "application/wasm",
        Some("txt") => "text/plain; charset=utf-8",
        _ => "application/octet-stream",
    }
}

/// Headers that every answer carries.
pub async fn headers(mut response: Response) -> Response {
    let headers = response.headers_mut();
    for (name, value) in [
        (header::CONTENT_SECURITY_POLICY, CSP),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "no-referrer"),
        (header::CACHE_CONTROL, "no-store"),
        (header::X_FRAME_OPTIONS, "DENY"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_path_leaves_the_folder() {
        let root = Path::new("/srv/ui");
        assert_eq!(inside(root, "assets/a.js"), Some(PathBuf::from("/srv/ui/assets/a.js")));
        for path in [
            "",
            "..",
            "../x",
            "a/../../x",
            "/etc/passwd",
            "a\\..\\x",
            "C:/x",
            ".git/config",
            "a/.env",
            "a\0b",
        ] {
            assert_eq!(inside(root, path), None, "{path:?}");
        }
    }

    /// The browser tests must not pass on what the window would block.
    #[test]
    fn the_policy_is_the_windows_own_but_for_the_connection() {
        let config =
            std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../../src-tauri/tauri.conf.json"));
        let config: serde_json::Value = serde_json::from_str(&config.unwrap()).unwrap();
        let directives = |policy: &str| {
            let mut list: Vec<String> = policy
                .split(';')
                .map(|directive| directive.split_whitespace().collect::<Vec<_>>().join(" "))
                .filter(|directive| !directive.is_empty() && !directive.starts_with("connect-src"))
                .collect();
            list.sort();
            list
        };
        let window = config["app"]["security"]["csp"].as_str().unwrap();
        assert_eq!(directives(CSP), directives(window));
        assert!(window.contains("connect-src ipc: http://ipc.localhost"));
    }
}
