//! Alerts: Alertmanager's and Prometheus' joined into one list, and its pages.
//!
//! All of it is pure. Refuses to guess: a state is what a server said, the more audible one where members disagree.

pub mod ack;
pub mod context;
pub mod detail;
pub mod export;
pub mod expression;
pub mod filter;
pub mod fingerprint;
pub mod group;
pub mod join;
pub mod links;
pub mod matcher;
pub mod page;
pub mod rules;

#[cfg(test)]
pub(crate) mod tests;
