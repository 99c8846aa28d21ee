//! The panel's window: Tauri around `aether-panel`.
//!
//! Commands of a few lines, events forwarded, a tray, links opened in the browser. It refuses to know anything about
//! monitoring: what is true and what may be done is the Panel's.

#![cfg_attr(not(debug_assertions), windows_subsystem = "windows")]

mod app;
mod args;
mod cell;
mod commands;
mod desktop_status;
mod events;
mod launch;
mod links;
mod notices;
mod tray;
mod window;

use std::process::ExitCode;

use clap::Parser;

fn main() -> ExitCode {
    let args = args::Args::parse();
    launch::with_plain_renderer();
    if let Err(message) = launch::display() {
        launch::complain(&message);
        return ExitCode::from(2);
    }
    app::run(args)
}
