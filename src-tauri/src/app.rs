//! Puts the app together: plugins, commands, window, tray, and the Panel beside them.

use std::{process::ExitCode, sync::Arc, time::Duration};

use aether_contract::PanelError;
use aether_panel::{
    Panel, PanelOptions,
    logging::{self, LogGuard},
    paths::Home,
};
use clap::Parser;
use tauri::{AppHandle, Builder, Manager, RunEvent, Runtime};

use crate::{
    args::{Args, Target},
    cell::PanelCell,
    commands, events, launch,
    links::Desktop,
    tray, window,
};

/// Longest wait for the Panel's farewell: a little more than it gives an effect that is on its way.
const FAREWELL: Duration = Duration::from_secs(20);

/// How this run was asked for.
pub struct Launch {
    /// Where its files are, or why they can't be anywhere.
    pub home: Result<Home, PanelError>,
    /// Stack to show instead of the selected one.
    pub stack: Option<String>,
    /// What to show first.
    pub target: Option<Target>,
    /// Whether to try for a tray icon.
    pub tray: bool,
    /// Whether to poll the servers.
    pub poll: bool,
}

/// Runs the app until its window closes.
pub fn run(args: Args) -> ExitCode {
    let home = Home::from_env();
    let _log: Option<LogGuard> = home
        .clone()
        .and_then(|home| logging::start(&home))
        .inspect_err(|error| launch::complain(&format!("logging is unavailable: {error}")))
        .ok();
    let mut context = tauri::generate_context!();
    let own = std::env::var_os("AETHER_HOME");
    let identifier = launch::identifier(&context.config().identifier, own.as_deref());
    context.config_mut().identifier = identifier;

    let target = args.target().unwrap_or_else(|why| {
        launch::complain(&why);
        None
    });
    let stack = args.stack.filter(|name| !name.trim().is_empty());
    let launch = Launch { home, stack, target, tray: true, poll: true };
    // First of all plugins: a second start must end before it touches anything.
    let builder = Builder::default()
        .plugin(tauri_plugin_single_instance::init(|app, args, _| second_start(app, &args)));
    match configure(builder, launch).build(context) {
        Ok(app) => {
            app.run(|app, event| match event {
                RunEvent::Ready => {
                    tauri::async_runtime::spawn(end_when_told(app.clone()));
                }
                RunEvent::Exit => farewell(app),
                // Elsewhere a link comes as an argument of a second start.
                #[cfg(target_os = "macos")]
                RunEvent::Opened { urls } => {
                    for url in urls {
                        show(app, crate::args::follow(url.as_str()));
                    }
                }
                _ => {}
            });
            ExitCode::SUCCESS
        }
        Err(error) => {
            launch::complain(&format!("failed to open the window: {error}"));
            ExitCode::from(2)
        }
    }
}

/// Everything but the context and what is the real desktop's alone.
pub fn configure<R: Runtime>(builder: Builder<R>, launch: Launch) -> Builder<R> {
    builder.manage(PanelCell::new()).invoke_handler(commands::handler()).setup(move |app| {
        let app = app.handle().clone();
        let data = launch.home.as_ref().ok().map(|home| home.data.join("webview"));
        window::open(&app, launch.target.as_ref(), data)?;
        if launch.tray {
            tray::start(&app);
        }
        tauri::async_runtime::spawn(start(app, launch.home, launch.stack, launch.poll));
        Ok(())
    })
}

/// Starts the Panel beside the window, which does not wait.
async fn start<R: Runtime>(
    app: AppHandle<R>,
    home: Result<Home, PanelError>,
    stack: Option<String>,
    poll: bool,
) {
    let started = match home {
        Ok(home) => {
            let options = PanelOptions { home, stack, host: Arc::new(Desktop), secrets: None, poll };
            Box::pin(Panel::start(options)).await
        }
        Err(error) => Err(error),
    };
    match &started {
        Ok(panel) => {
            tauri::async_runtime::spawn(events::forward(app.clone(), panel.clone()));
        }
        Err(error) => {
            tracing::error!(%error, "the panel failed to start");
            launch::complain(&error.to_string());
        }
    }
    app.state::<PanelCell>().fill(started);
}

/// Another start of the same installation: this window comes to the front, on what was asked for.
fn second_start<R: Runtime>(app: &AppHandle<R>, args: &[String]) {
    let target = Args::try_parse_from(args).map_err(|error| error.to_string()).and_then(|args| args.target());
    match target {
        Ok(None) => window::focus(app),
        Ok(Some(target)) => show(app, Ok(target)),
        Err(why) => show(app, Err(why)),
    }
}

/// Brings the window to the front and shows what a link or a second start asks for.
fn show<R: Runtime>(app: &AppHandle<R>, target: Result<Target, String>) {
    window::focus(app);
    match target {
        Ok(target) => {
            if let Some(panel) = app.state::<PanelCell>().now() {
                panel.navigate(target.screen.name(), &target.query);
            }
        }
        Err(why) => tracing::warn!(%why, "a link was ignored"),
    }
}

/// Ctrl+C in the terminal and SIGTERM end the app as closing its window does.
async fn end_when_told<R: Runtime>(app: AppHandle<R>) {
    #[cfg(unix)]
    let terminated = async {
        match tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate()) {
            Ok(mut signal) => signal.recv().await,
            Err(_) => std::future::pending().await,
        }
    };
    #[cfg(not(unix))]
    let terminated = std::future::pending::<Option<()>>();
    tokio::select! {
        Ok(()) = tokio::signal::ctrl_c() => {}
        _ = terminated => {}
    }
    app.exit(0);
}

fn farewell<R: Runtime>(app: &AppHandle<R>) {
    if let Some(panel) = app.state::<PanelCell>().now() {
        let ended = async { tokio::time::timeout(FAREWELL, panel.shutdown()).await };
        if tauri::async_runtime::block_on(ended).is_err() {
            tracing::warn!("the panel did not shut down in time");
        }
    }
}

#[cfg(test)]
#[path = "app_tests.rs"]
mod tests;
