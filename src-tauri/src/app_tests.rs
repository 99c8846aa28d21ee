//! The window's door, through Tauri's real IPC and the real capability.

use std::path::Path;

use aether_contract::{COMMANDS, PanelError};
use serde_json::{Value, json};
use tauri::{
    App, WebviewWindow,
    ipc::{CallbackFn, InvokeBody, InvokeResponseBody},
    test::{INVOKE_KEY, MockRuntime, get_ipc_response, mock_builder},
    webview::InvokeRequest,
};

use super::*;
use crate::args::Screen;

struct Running {
    app: App<MockRuntime>,
    window: WebviewWindow<MockRuntime>,
    _folder: tempfile::TempDir,
}

fn start(home: impl FnOnce(&Path) -> Result<Home, PanelError>) -> Running {
    let folder = tempfile::tempdir().unwrap();
    let launch = Launch {
        home: home(folder.path()),
        stack: None,
        target: Some(Target { screen: Screen::Alerts, query: String::new() }),
        tray: false,
        poll: false,
    };
    let mut app = configure(mock_builder(), launch)
        .build(tauri::generate_context!("tauri.conf.json", test = true))
        .unwrap();
    // Set-up runs with the first turn of the event loop.
    #[allow(deprecated)]
    app.run_iteration(|_, _| {});
    let window = app.get_webview_window(window::MAIN).unwrap();
    Running { app, window, _folder: folder }
}

fn call(window: &WebviewWindow<MockRuntime>, name: &str, body: Value) -> Result<Value, Value> {
    let url = if cfg!(any(windows, target_os = "android")) {
        "http://tauri.localhost"
    } else {
        "tauri://localhost"
    };
    let request = InvokeRequest {
        cmd: name.into(),
        callback: CallbackFn(0),
        error: CallbackFn(1),
        url: url.parse().unwrap(),
        body: InvokeBody::Json(body),
        headers: Default::default(),
        invoke_key: INVOKE_KEY.into(),
    };
    get_ipc_response(window, request).map(|reply| match reply {
        InvokeResponseBody::Json(text) => serde_json::from_str(&text).unwrap(),
        InvokeResponseBody::Raw(_) => panic!("commands answer JSON"),
    })
}

#[test]
fn the_window_opens_at_once_and_a_command_waits_for_the_panel() {
    let running = start(|root| Ok(Home::at(root)));
    let about = call(&running.window, "about", json!({"request": {}})).unwrap();
    assert!(about["version"].is_string());
}

#[test]
fn every_command_of_the_contract_is_granted_and_answers_with_panel_errors() {
    let running = start(|root| Ok(Home::at(root)));
    for name in COMMANDS {
        // Refused by the command itself, in the panel's own words: so it was reached.
        let refusal = call(&running.window, name, json!({"request": "not an object"})).unwrap_err();
        let error: PanelError = serde_json::from_value(refusal).unwrap_or_else(|e| panic!("{name}: {e}"));
        assert_eq!(error.code, aether_contract::ErrorCode::InvalidRequest, "{name}");
    }
}

#[test]
fn an_unknown_command_is_refused() {
    let running = start(|root| Ok(Home::at(root)));
    assert!(call(&running.window, "run_shell", json!({})).is_err());
    assert!(call(&running.window, "plugin:shell|execute", json!({})).is_err());
    assert!(call(&running.window, "plugin:window|close", json!({"label": "main"})).is_err());
}

#[test]
fn a_window_without_the_capability_may_do_nothing() {
    let running = start(|root| Ok(Home::at(root)));
    let other = tauri::WebviewWindowBuilder::new(&running.app, "other", Default::default()).build().unwrap();
    for name in COMMANDS {
        let refusal = call(&other, name, json!({"request": {}})).unwrap_err();
        assert!(refusal.as_str().is_some_and(|text| text.contains("not allowed")), "{name}: {refusal}");
    }
}

#[test]
fn a_panel_that_did_not_start_says_why_to_every_command() {
    let why = PanelError::new(aether_contract::ErrorCode::Storage, "panel", "No home folder.");
    let running = start(|_| Err(why.clone()));
    let refusal = call(&running.window, "snapshot", json!({"request": {}})).unwrap_err();
    assert_eq!(serde_json::from_value::<PanelError>(refusal).unwrap(), why);
}

#[test]
fn the_capability_names_exactly_the_commands() {
    let text =
        std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/capabilities/default.json")).unwrap();
    let capability: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(capability["windows"], json!(["main"]));
    let mut granted: Vec<String> = serde_json::from_value(capability["permissions"].clone()).unwrap();
    let mut wanted: Vec<String> =
        COMMANDS.iter().map(|name| format!("allow-{}", name.replace('_', "-"))).collect();
    wanted.extend(["core:event:allow-listen", "core:event:allow-unlisten"].map(String::from));
    granted.sort();
    wanted.sort();
    assert_eq!(granted, wanted);
}

#[test]
fn the_page_is_kept_in() {
    let text = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/tauri.conf.json")).unwrap();
    let config: Value = serde_json::from_str(&text).unwrap();
    let security = &config["app"]["security"];
    assert_eq!(config["app"]["withGlobalTauri"], false);
    assert_eq!(security["freezePrototype"], true);
    assert_eq!(security["assetProtocol"]["enable"], false);
    assert_eq!(security["capabilities"], json!(["default"]));
    let csp = security["csp"].as_str().unwrap();
    for word in ["unsafe-eval", "unsafe-inline", "https:", "*"] {
        assert!(!csp.contains(word), "{word}");
    }
}
