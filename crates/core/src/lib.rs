//! The Panel and its capabilities, without any window.
//!
//! [`Panel`] has one method for every command of the contract; adapters call these and nothing else. Refuses: any
//! knowledge of windows, HTTP servers or terminals.

pub mod alerts;
mod attention;
mod backup;
mod checks;
pub mod child;
mod configs;
mod deploy;
mod dispatch;
pub mod drill;
mod escalation;
#[cfg(any(test, fuzzing))]
pub mod fuzz;
pub mod gauges;
mod history;
mod host;
pub mod journal;
pub mod logging;
mod maintenance;
mod panel;
pub mod paths;
mod pins;
mod poll;
mod repository;
pub mod rules;
mod runbook;
mod said;
pub mod secrets;
mod services;
pub mod settings;
pub mod shell;
mod slo;
mod snapshot;
pub mod stack;
mod text;
mod training;

pub use backup::size;
pub use dispatch::dispatch;
pub use host::{Host, NoHost};
pub use maintenance::past;
pub use panel::{Panel, PanelOptions};
