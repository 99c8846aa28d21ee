//! An empty Tauri window: the floor that benchmarks hold the panel's window against. One coloured page, no commands.

use tauri::{WebviewUrl, WebviewWindowBuilder, http::Response};

const PAGE: &[u8] = b"<!doctype html><title>Empty</title><body bgcolor=\"#123456\"></body>";

fn main() {
    let built = tauri::Builder::default()
        .register_uri_scheme_protocol("blank", |_, _| {
            let page = Response::builder().header("content-type", "text/html").body(PAGE.to_vec());
            page.unwrap_or_default()
        })
        .setup(|app| {
            let url = WebviewUrl::CustomProtocol("blank://localhost/".parse()?);
            WebviewWindowBuilder::new(app, "main", url).inner_size(1280.0, 800.0).title("Empty").build()?;
            Ok(())
        })
        .build(tauri::generate_context!("tauri.conf.json"));
    match built {
        Ok(app) => app.run(|_, _| {}),
        Err(error) => eprintln!("failed to open a window: {error}"),
    }
}
