//! `daemon`: runs the background jobs without a window.

use std::{sync::Arc, time::Duration};

use aether_contract::{Backup, Empty, ErrorCode, Level, Notice, PanelError, PanelEvent};
use aether_panel::{Host, Panel, PanelOptions, logging, paths::Home};
use serde::Serialize;
use tokio::sync::broadcast::{Receiver, error::RecvError};

use super::unread;
use crate::{args::Args, human::plain, outcome::Outcome};

/// How often to check whether the lock is free, while another process runs the background jobs.
const WAIT: Duration = Duration::from_secs(2);

/// Result of one round.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Round {
    /// The scheduled backup, if one was due.
    backup: Option<Backup>,
    /// Notifications that the desktop panel would have shown.
    notices: Vec<Notice>,
}

/// Runs the background jobs until a signal arrives.
///
/// # Errors
/// What kept it from beginning; with `once` what kept it from its round.
pub async fn run(args: &Args, once: bool) -> Result<Outcome, PanelError> {
    let stack = args.stack.clone().filter(|name| !name.trim().is_empty());
    if !once {
        logging::start_on_stderr();
    }
    let mut end = End::new()?;
    let panel = Panel::start(PanelOptions {
        home: Home::from_env()?,
        stack,
        host: Arc::new(Daemon),
        secrets: None,
        poll: !once,
    })
    .await?;
    let events = panel.events();
    let outcome = if once {
        round(&panel, events).await
    } else {
        keep(&panel, events, &mut end).await;
        Outcome::new(&serde_json::json!({"ended": true}), String::new())
    };
    panel.shutdown().await;
    tracing::info!("ended");
    outcome
}

/// Logs notifications until a signal arrives.
async fn keep(panel: &Panel, mut events: Receiver<PanelEvent>, end: &mut End) {
    let mut look = tokio::time::interval(WAIT);
    loop {
        tokio::select! {
            () = end.come() => return tracing::info!("shutdown requested"),
            // Also takes the stack on when whoever looked after it has ended.
            _ = look.tick() => drop(panel.kept_by_another()),
            event = events.recv() => match event {
                Ok(PanelEvent::Notice(notice)) => told(&notice),
                Ok(_) | Err(RecvError::Lagged(_)) => {}
                Err(RecvError::Closed) => return tracing::error!("the panel core exited unexpectedly"),
            },
        }
    }
}

fn told(notice: &Notice) {
    let (title, text) = (notice.title.as_str(), notice.text.as_str());
    if is_finding(notice.level) {
        tracing::warn!(title, text, "notice")
    } else {
        tracing::info!(title, text, "notice")
    }
}

fn is_finding(level: Level) -> bool {
    matches!(level, Level::Warn | Level::Critical)
}

async fn round(panel: &Panel, mut events: Receiver<PanelEvent>) -> Result<Outcome, PanelError> {
    let backup = panel.run_once().await?;
    let mut notices = Vec::new();
    while let Ok(event) = events.try_recv() {
        if let PanelEvent::Notice(notice) = event {
            notices.push(notice);
        }
    }
    let mut text = match &backup {
        Some(backup) => format!("Backup {} created.\n", plain(&backup.id.0)),
        None => "No backup was due.\n".to_owned(),
    };
    for notice in &notices {
        text.push_str(&format!("{}: {}\n", plain(&notice.title), plain(&notice.text)));
    }
    let incomplete = backup.as_ref().filter(|backup| !backup.verdict.is_verified());
    let incomplete = incomplete.map(|backup| format!("backup {} is incomplete", backup.id.0));
    let warned = notices.iter().filter(|notice| is_finding(notice.level)).map(|notice| notice.title.clone());
    let findings: Vec<String> = incomplete.into_iter().chain(warned).collect();
    let mut outcome = Outcome::new(&Round { backup, notices }, text)?;
    outcome.findings.extend(findings);
    for service in panel.snapshot(Empty {}).await?.services {
        outcome.fail(unread(&service.freshness).as_ref());
    }
    Ok(outcome)
}

/// Shutdown signals: Ctrl+C, and SIGTERM where it exists.
struct End {
    #[cfg(unix)]
    terminate: tokio::signal::unix::Signal,
}

impl End {
    fn new() -> Result<Self, PanelError> {
        #[cfg(unix)]
        let terminate = {
            use tokio::signal::unix::{SignalKind, signal};
            signal(SignalKind::terminate()).map_err(|error| {
                PanelError::new(ErrorCode::Internal, "aetherctl", "Failed to install signal handlers.")
                    .with_detail(error.to_string())
            })?
        };
        Ok(Self {
            #[cfg(unix)]
            terminate,
        })
    }

    async fn come(&mut self) {
        #[cfg(unix)]
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = tokio::signal::ctrl_c() => {}
        }
        #[cfg(not(unix))]
        // That no signal can be waited for ends it, rather than making it unstoppable.
        drop(tokio::signal::ctrl_c().await);
    }
}

/// Host without a browser.
struct Daemon;

impl Host for Daemon {
    fn open_url(&self, _: &str) -> Result<(), PanelError> {
        Err(PanelError::new(ErrorCode::InvalidRequest, "aetherctl", "The daemon cannot open web pages."))
    }

    fn keeps_as(&self) -> &'static str {
        "aetherctl daemon"
    }
}
