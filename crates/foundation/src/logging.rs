//! The panel's log: one file a day in the log folder, the newest seven kept, JSON lines (a server's text can't fake
//! a line of its own). `AETHER_LOG` sets the level: `debug`, or directives such as `aether_panel=trace`.
//!
//! The module refuses to log what libraries say below a warning: at their finer levels HTTP libraries write down
//! request headers, and credentials travel in those.

use std::{
    io,
    path::{Path, PathBuf},
};

use aether_contract::PanelError;
use tracing::Level;
use tracing_appender::{
    non_blocking::WorkerGuard,
    rolling::{RollingFileAppender, Rotation},
};
use tracing_subscriber::{
    EnvFilter, Layer as _, Registry,
    filter::{FilterExt as _, FilterFn, LevelFilter},
    layer::SubscriberExt as _,
    util::SubscriberInitExt as _,
};

use crate::paths::{Home, create_private_dir, create_private_file_once, storage};

/// Files kept, today's included.
const KEPT_FILES: usize = 7;

/// Keeps the log writer alive; what is still buffered is written when this is dropped.
#[must_use = "logging stops when this is dropped"]
pub struct LogGuard {
    _writer: WorkerGuard,
}

/// Starts logging into `home.logs`, as `panel.<day>.log`, with the level of `AETHER_LOG` (else `info`). In a process
/// that logs already, only the file is prepared.
///
/// # Errors
/// `storage` when the folder can't be written.
pub fn start(home: &Home) -> Result<LogGuard, PanelError> {
    let wanted = std::env::var("AETHER_LOG").unwrap_or_default();
    let (subscriber, guard, complaint) = subscriber(home, &wanted)?;
    if subscriber.try_init().is_err() {
        tracing::debug!("logging is already initialized");
    }
    if let Some(complaint) = complaint {
        tracing::warn!(complaint, "invalid AETHER_LOG; using level info");
    }
    Ok(guard)
}

/// Starts logging to standard error, in the same form: for a service manager, which keeps lines itself.
pub fn start_on_stderr() {
    let (level, complaint) = level(&std::env::var("AETHER_LOG").unwrap_or_default());
    let layer = tracing_subscriber::fmt::layer().json().flatten_event(true).with_writer(std::io::stderr);
    if Registry::default().with(layer.with_filter(level.and(harmless()))).try_init().is_err() {
        tracing::debug!("logging is already initialized");
    }
    if let Some(complaint) = complaint {
        tracing::warn!(complaint, "invalid AETHER_LOG; using level info");
    }
}

/// The level that is asked for; `info`, and why, when that can't be understood.
fn level(wanted: &str) -> (EnvFilter, Option<String>) {
    let default = || EnvFilter::builder().with_default_directive(LevelFilter::INFO.into()).parse_lossy("");
    match EnvFilter::builder().parse(wanted) {
        Ok(_) if wanted.trim().is_empty() => (default(), None),
        Ok(filter) => (filter, None),
        Err(error) => (default(), Some(error.to_string())),
    }
}

fn harmless() -> FilterFn<fn(&tracing::Metadata<'_>) -> bool> {
    FilterFn::new(|meta| meta.target().starts_with("aether") || *meta.level() <= Level::WARN)
}

/// The log's writer. The library creates a file a day with the mode that the process's mask leaves, so each is
/// created here first, for this account only.
struct Private {
    appender: RollingFileAppender,
    folder: PathBuf,
    day: String,
}

impl io::Write for Private {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let today = today();
        if self.day != today {
            make_day_private(&self.folder, &today);
            self.day = today;
        }
        self.appender.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.appender.flush()
    }
}

/// The day in the name of the file that the library writes now.
fn today() -> String {
    jiff::Timestamp::now().strftime("%Y-%m-%d").to_string()
}

fn make_day_private(folder: &Path, day: &str) {
    // What fails here fails again, with a message, when the library opens the file.
    let _ = create_private_file_once(&folder.join(format!("panel.{day}.log")));
}

type Subscriber = Box<dyn tracing::Subscriber + Send + Sync>;

fn subscriber(home: &Home, wanted: &str) -> Result<(Subscriber, LogGuard, Option<String>), PanelError> {
    create_private_dir(&home.logs).map_err(|error| storage("create the folder", &home.logs, &error))?;
    make_day_private(&home.logs, &today());
    let appender = RollingFileAppender::builder()
        .rotation(Rotation::DAILY)
        .filename_prefix("panel")
        .filename_suffix("log")
        .max_log_files(KEPT_FILES)
        .build(&home.logs)
        .map_err(|error| storage("write the log to", &home.logs, &std::io::Error::other(error)))?;
    let (writer, guard) =
        tracing_appender::non_blocking(Private { appender, folder: home.logs.clone(), day: String::new() });
    let (level, complaint) = level(wanted);
    let layer = tracing_subscriber::fmt::layer()
        .json()
        .flatten_event(true)
        .with_writer(writer)
        .with_filter(level.and(harmless()));
    Ok((Box::new(Registry::default().with(layer)), LogGuard { _writer: guard }, complaint))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn logged(level: &str, act: impl FnOnce()) -> String {
        let root = tempfile::tempdir().unwrap();
        let home = Home::at(root.path());
        let (subscriber, guard, _) = subscriber(&home, level).unwrap();
        tracing::subscriber::with_default(subscriber, act);
        drop(guard);
        let mut text = String::new();
        for file in std::fs::read_dir(&home.logs).unwrap() {
            let path = file.unwrap().path();
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            assert!(name.starts_with("panel.") && name.ends_with(".log"), "{name}");
            text.push_str(&std::fs::read_to_string(path).unwrap());
        }
        text
    }

    #[test]
    fn libraries_stay_silent_below_a_warning_at_every_level() {
        let text = logged("trace", || {
            tracing::trace!(target: "hyper::proto", "authorization: Bearer abc");
            tracing::info!(target: "reqwest", "connecting");
            tracing::warn!(target: "rustls", "odd certificate");
            tracing::trace!(target: "aether_panel::poll", "poll");
        });
        assert!(text.contains("odd certificate") && text.contains("\"poll\""), "{text}");
        assert!(!text.contains("abc") && !text.contains("connecting"), "{text}");
    }

    #[test]
    fn the_level_is_info_unless_told_otherwise_and_when_told_nonsense() {
        for level in ["", "no=such=level,,"] {
            let text = logged(level, || {
                tracing::debug!(target: "aether_panel", "fine");
                tracing::info!(target: "aether_panel", "plain");
            });
            assert!(text.contains("plain") && !text.contains("fine"), "{level}: {text}");
        }
        let text = logged("error", || tracing::warn!(target: "aether_panel", "quiet"));
        assert_eq!(text, "");
    }

    #[test]
    fn a_hostile_text_cannot_fake_a_line() {
        let text = logged("", || {
            tracing::info!(target: "aether_panel", answer = "x\n{\"level\":\"ERROR\"}\u{1b}[31m", "server said");
        });
        assert_eq!(text.lines().count(), 1, "{text}");
        assert!(!text.contains('\u{1b}'));
    }
}
