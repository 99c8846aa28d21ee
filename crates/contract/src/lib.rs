//! Wire types of the panel: every command, request, reply, event and error, declared once.
//!
//! Adapters (the window, the bridge, the shell) and the UI speak only these types. The crate refuses
//! logic: what a type means is decided in `aether-panel`. TypeScript is generated from here by the
//! `aether-bindings` binary, so the UI can't drift from the backend.
//!
//! Conventions on the wire: times are milliseconds since the Unix epoch ([`Timestamp`]), durations are
//! seconds unless a name says otherwise, numbers that may be NaN or infinite are `null` beside a state
//! that says why, and no 64-bit integer appears as such.

mod alert_detail;
mod alerts;
mod archive;
mod backup;
mod checks;
mod closeout;
mod commands;
mod compare;
mod data;
mod deploy;
mod drill;
mod error;
mod escalation;
mod figures;
mod freshness;
mod gauges;
mod history;
mod job;
mod maintenance;
mod pins;
mod prune;
mod remote;
mod restore;
mod rule_changes;
mod rules;
mod runbook;
mod schedule;
mod secrets;
mod settings;
mod slo;
mod snapshot;
mod stack;
mod time;
mod training;

pub use alert_detail::*;
pub use alerts::*;
pub use archive::*;
pub use backup::*;
pub use checks::*;
pub use closeout::*;
pub use commands::*;
pub use compare::*;
pub use data::*;
pub use deploy::*;
pub use drill::*;
pub use error::*;
pub use escalation::*;
pub use figures::*;
pub use freshness::*;
pub use gauges::*;
pub use history::*;
pub use job::*;
pub use maintenance::*;
pub use pins::*;
pub use prune::*;
pub use remote::*;
pub use restore::*;
pub use rule_changes::*;
pub use rules::*;
pub use runbook::*;
pub use schedule::*;
pub use secrets::*;
pub use settings::*;
pub use slo::*;
pub use snapshot::*;
pub use stack::*;
pub use time::*;
pub use training::*;

/// Derives that every wire type carries.
macro_rules! wire {
    ($(#[$meta:meta])* pub struct $($rest:tt)*) => {
        #[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize, ts_rs::TS)]
        #[serde(rename_all = "camelCase")]
        $(#[$meta])*
        pub struct $($rest)*
    };
    ($(#[$meta:meta])* pub enum $($rest:tt)*) => {
        #[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize, ts_rs::TS)]
        #[serde(rename_all = "kebab-case")]
        $(#[$meta])*
        pub enum $($rest)*
    };
}
pub(crate) use wire;
