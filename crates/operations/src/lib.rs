//! What operators do with a stack: pin versions, follow runbooks, run checks, deploy, and train for incidents.

pub mod checks;
pub mod deploy;
pub mod drill;
#[cfg(any(test, fuzzing))]
pub mod fuzz;
pub mod pins;
pub mod runbook;
pub mod training;
