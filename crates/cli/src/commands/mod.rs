//! One file per command: call the panel, format the reply.

mod ack;
mod alerts;
mod archive;
mod backup;
mod backup_text;
mod check;
mod daemon;
mod data;
mod docs;
mod drill;
mod escalation;
mod gauges;
#[cfg(test)]
mod hostile;
mod maintenance;
mod moments;
mod past;
mod pins;
mod remote;
mod restore;
mod rules;
mod runbook;
mod schedule;
mod secret;
mod slo;
mod stack;
mod status;
mod training;
mod trust;
mod watch;
mod window;
mod window_text;

use std::{io::Write as _, sync::Arc};

use aether_contract::{Empty, ErrorCode, Freshness, PanelError, Snapshot};
use aether_panel::{Host, Panel, PanelOptions, paths::Home};

use crate::{
    args::{Args, Command, Stack},
    outcome::Outcome,
};

/// Runs a command.
///
/// # Errors
/// The command could not produce a reply. A reply with bad news is an [`Outcome`].
pub async fn run(args: &Args) -> Result<Outcome, PanelError> {
    match &args.command {
        Command::Completions { shell } => return docs::completions(*shell),
        Command::Man { to } => return docs::man(to.as_deref()),
        Command::Stack(Stack::Check { target: Some(target) }) if stack::is_file(target) => {
            return stack::check_file(target);
        }
        Command::Daemon { once } => return daemon::run(args, *once).await,
        _ => {}
    }
    let panel = start(args).await?;
    let outcome = match trust::confirm(&panel, args).await {
        Ok(()) => with_panel(&panel, args).await,
        Err(error) => Err(error),
    };
    panel.shutdown().await;
    outcome
}

async fn with_panel(panel: &Panel, args: &Args) -> Result<Outcome, PanelError> {
    match &args.command {
        Command::Status => status::status(&panel.status().await?),
        Command::Gauges { ids, tenants } => gauges::gauges(panel, ids, *tenants).await,
        Command::Alerts { filter, state, watch: Some(every), .. } => {
            watch::watch(panel, alerts::request(filter, state), *every, args.json).await
        }
        Command::Alerts { filter, state, group_by, .. } if !group_by.is_empty() => {
            alerts::groups(panel, alerts::request(filter, state), group_by).await
        }
        Command::Alerts { filter, state, limit, csv, .. } => {
            let limit = limit.unwrap_or(if *csv { u32::MAX } else { alerts::DEFAULT_LIMIT });
            alerts::alerts(panel, filter, state, limit, *csv).await
        }
        Command::Ack { filter, note, undo, by } => {
            ack::ack(panel, filter, (!undo).then_some(note.as_str()), by).await
        }
        Command::Maintenance(verb) => to_its_end(Box::pin(maintenance::run(panel, verb))).await,
        Command::Backup(verb) => backup::run(panel, verb, args.json).await,
        Command::Check(verb) => check::run(panel, verb, args.json).await,
        Command::Rules(verb) => rules::run(panel, verb).await,
        Command::Pins { verb: None } => pins::show(panel).await,
        Command::Pins { verb: Some(verb) } => pins::run(panel, verb).await,
        Command::Runbook(verb) => runbook::run(panel, verb).await,
        Command::Drill(verb) => drill::run(panel, verb).await,
        Command::Training { verb } => training::run(panel, verb.as_ref()).await,
        Command::Escalation(verb) => escalation::run(panel, verb).await,
        Command::Slo => slo::run(panel).await,
        Command::Secret(verb) => secret::run(panel, verb).await,
        Command::Stack(verb) => stack::run(panel, verb).await,
        Command::Completions { .. } | Command::Man { .. } | Command::Daemon { .. } => Ok(Outcome::default()),
    }
}

/// Completes a change despite Ctrl+C, so that it is never unknown whether a silence exists.
async fn to_its_end(
    mut work: impl Future<Output = Result<Outcome, PanelError>> + Unpin,
) -> Result<Outcome, PanelError> {
    let mut told = false;
    loop {
        tokio::select! {
            done = &mut work => return done,
            pressed = tokio::signal::ctrl_c(), if !told => {
                if pressed.is_ok() {
                    // Nobody may be reading this.
                    let _ = writeln!(
                        std::io::stderr(),
                        "aetherctl: waiting up to 30 s for Alertmanager, to determine whether the silence \
                            was created"
                    );
                }
                told = true;
            }
        }
    }
}

/// A panel that contacts servers only on request.
async fn start(args: &Args) -> Result<Arc<Panel>, PanelError> {
    let stack = args.stack.clone().filter(|name| !name.trim().is_empty());
    let panel = Panel::start(PanelOptions {
        home: Home::from_env()?,
        stack,
        host: Arc::new(Shell),
        secrets: None,
        poll: false,
    })
    .await?;
    trust::print_environment_notes(&panel);
    Ok(panel)
}

/// The snapshot after one full poll of every server.
async fn polled(panel: &Panel) -> Result<Snapshot, PanelError> {
    panel.refresh_and_wait().await;
    panel.snapshot(Empty {}).await
}

/// Host without a browser.
struct Shell;

impl Host for Shell {
    fn open_url(&self, _: &str) -> Result<(), PanelError> {
        Err(PanelError::new(ErrorCode::InvalidRequest, "aetherctl", "aetherctl cannot open web pages."))
    }
}

/// Why a required part could not be read. A part that is not configured is not a failure.
fn unread(freshness: &Freshness) -> Option<PanelError> {
    match freshness {
        Freshness::Stale { error, .. } | Freshness::Never { error } => Some(error.clone()),
        Freshness::Loading => {
            Some(PanelError::new(ErrorCode::Timeout, "panel", "The servers did not respond in time."))
        }
        Freshness::Fresh { .. } | Freshness::Absent => None,
    }
}
