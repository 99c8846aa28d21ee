//! What all capabilities share: the selected stack with its session, clients and pollers, the journal, jobs, and the
//! published snapshot.
//!
//! Refuses: to call a capability. Pollers notify observers, and the snapshot is built by a closure; the panel
//! registers both.

pub mod alert_index;
pub mod annotations;
pub mod clients;
mod context;
mod environment;
pub mod freshness;
pub mod gauges;
pub mod host;
pub mod jobs;
pub mod journal;
pub mod leader_lock;
pub mod poll;
pub mod publisher;
pub mod services;
pub mod session;
pub mod window_tag;

pub use context::{Context, Observer, Parts};
