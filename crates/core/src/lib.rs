//! The Panel and its capabilities, without any window.

pub mod journal;
pub mod logging;
pub mod paths;
pub mod secrets;
pub mod settings;
pub mod stack;
