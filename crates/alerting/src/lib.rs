//! Alerts and what is done about them: their list and history, maintenance windows, escalation.
//!
//! Refuses: to decide what a rule should be, and to change anything but silences.

pub mod alerts;
pub mod escalation;
pub mod history;
pub mod maintenance;
