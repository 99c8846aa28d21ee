//! Alerts: Alertmanager's and Prometheus' joined into one list, and its pages.
//!
//! All of it is pure. Refuses to guess: a state is what a server said, the more audible one where members disagree.

pub mod ack;
pub mod context;
pub mod detail;
pub mod export;
pub mod group;
pub mod page;
