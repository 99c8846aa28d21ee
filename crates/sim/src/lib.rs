//! What the demo, the drills and the tests run against: real servers, a simulated service, 30 days of its history,
//! and a stand-in for Grafana.
//!
//! Nothing here is used by the panel itself, and nothing here knows the panel: it speaks to whoever asks over HTTP.

pub mod demo;
pub mod drill;
mod error;
pub mod grafana;
pub mod history;
mod loopback;
pub mod model;
pub mod servers;
pub mod service;

pub use error::SimError;
