//! The list of alerts that a session holds: Alertmanager's and Prometheus' answers joined into one. Pure.
//!
//! Refuses to guess: a state is what a server said, the more audible one where members disagree.

pub mod join;
pub mod links;
pub mod muted;
pub mod order;
pub mod rules;

#[cfg(test)]
mod tests;
