//! The commands, generated from the contract's list: each waits for the Panel and hands over.

use aether_contract::{PanelError, for_each_command};
use aether_panel::dispatch;
use serde_json::Value;
use tauri::{Runtime, State, ipc::Invoke};

use crate::cell::PanelCell;

macro_rules! commands {
    ($($(#[$doc:meta])* $name:ident($request:ty) -> $reply:ty;)*) => {
        $(
            // Reads the request itself, so that a wrong one is refused as a `PanelError` like everything else.
            #[tauri::command]
            async fn $name(panel: State<'_, PanelCell>, request: Option<Value>) -> Result<Value, PanelError> {
                let panel = panel.ready().await?;
                Box::pin(dispatch(&panel, stringify!($name), request.unwrap_or_default())).await
            }
        )*

        /// Answers the window's calls.
        pub fn handler<R: Runtime>() -> impl Fn(Invoke<R>) -> bool + Send + Sync + 'static {
            tauri::generate_handler![$($name),*]
        }
    };
}
for_each_command!(commands);
