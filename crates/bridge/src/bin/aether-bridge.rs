//! `aether-bridge`: starts a Panel and serves it with the UI on loopback, for browser tests.
//!
//! Prints one JSON line `{"url","token"}` when it listens. AETHER_HOME says where configuration and data are.

use std::{
    io::{self, Read, Write},
    net::Ipv4Addr,
    path::PathBuf,
    process::ExitCode,
    sync::Arc,
};

use aether_contract::PanelError;
use aether_panel::{Host, Panel, PanelOptions, logging, paths::Home};
use clap::Parser;
use tokio::net::TcpListener;

/// Serves the panel and its UI to a browser on this machine. For tests.
#[derive(Parser)]
#[command(name = "aether-bridge", version)]
struct Args {
    /// Port on 127.0.0.1; 0 takes a free one
    #[arg(long, default_value_t = 0)]
    port: u16,
    /// Folder of the built UI, e.g. ui/dist
    #[arg(long, value_name = "FOLDER")]
    ui: Option<PathBuf>,
    /// Stack to use: its name, or a profile file
    #[arg(long, env = "AETHER_STACK", value_name = "NAME|FILE")]
    stack: Option<String>,
    /// End when standard input is closed
    #[arg(long)]
    exit_with_stdin: bool,
}

fn main() -> ExitCode {
    let args = Args::parse();
    let runtime = match tokio::runtime::Runtime::new() {
        Ok(runtime) => runtime,
        Err(error) => return failed(&error),
    };
    let outcome = runtime.block_on(Box::pin(run(args)));
    runtime.shutdown_background();
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => failed(error.as_ref()),
    }
}

fn failed(error: &dyn std::error::Error) -> ExitCode {
    let _ = writeln!(io::stderr(), "aether-bridge: {error}");
    ExitCode::from(2)
}

async fn run(args: Args) -> Result<(), Box<dyn std::error::Error>> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, args.port)).await?;
    let stack = args.stack.filter(|name| !name.trim().is_empty());
    let home = Home::from_env()?;
    let _log = logging::start(&home)?;
    let panel =
        Panel::start(PanelOptions { home, stack, host: Arc::new(Browser), secrets: None, poll: true })
            .await?;
    let token = aether_bridge::random_token();
    let url = aether_bridge::page_url(listener.local_addr()?, &token);
    let line = serde_json::json!({"url": url, "token": token});
    writeln!(io::stdout(), "{line}")?;
    io::stdout().flush()?;

    let served = tokio::select! {
        served = aether_bridge::serve(panel.clone(), listener, args.ui, token) => served,
        () = asked_to_end(args.exit_with_stdin) => Ok(()),
    };
    panel.shutdown().await;
    Ok(served?)
}

/// Ctrl+C, SIGTERM, or the end of standard input.
async fn asked_to_end(with_stdin: bool) {
    let (ended, end) = tokio::sync::oneshot::channel::<()>();
    // Kept open, or `end` would be ready at once.
    let _open = if with_stdin {
        std::thread::spawn(move || {
            let mut rest = io::stdin().lock();
            let mut chunk = [0; 256];
            while matches!(rest.read(&mut chunk), Ok(n) if n > 0) {}
            drop(ended);
        });
        None
    } else {
        Some(ended)
    };
    tokio::select! {
        _ = end => {}
        _ = tokio::signal::ctrl_c() => {}
        () = terminated() => {}
    }
}

#[cfg(unix)]
async fn terminated() {
    match tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate()) {
        Ok(mut signal) => {
            signal.recv().await;
        }
        Err(_) => std::future::pending().await,
    }
}

#[cfg(not(unix))]
async fn terminated() {
    std::future::pending().await
}

/// Tests want to know what would have been opened, not to open it.
struct Browser;

impl Host for Browser {
    fn open_url(&self, url: &str) -> Result<(), PanelError> {
        let _ = writeln!(io::stderr(), "open {url}");
        Ok(())
    }
}
