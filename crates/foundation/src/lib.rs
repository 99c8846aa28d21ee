//! What every layer above builds on: files, text, time, stack profiles, settings and secrets.
//!
//! Refuses: any knowledge of servers or of what the panel does with them.

pub mod author;
pub mod child;
pub mod clock;
pub mod diff;
pub mod file_write;
pub mod files;
#[cfg(any(test, fuzzing, feature = "testing"))]
pub mod fuzz;
pub mod logging;
pub mod matching;
pub mod names;
pub mod paths;
pub mod promql;
pub mod repository;
pub mod secrets;
pub mod settings;
pub mod shell;
pub mod stack;
pub mod task;
#[cfg(any(test, feature = "testing"))]
pub mod testing;
pub mod text;
mod toml_values;
pub mod units;
pub mod web;
