//! Maintenance windows: silences that the panel starts, reads back, extends and ends.
//!
//! A window is a silence whose comment carries the panel's tag, so it outlives the panel. Every effect is
//! written to the journal before it is sent, goes to one member, and counts as done only when it has been read back.

pub mod adopt;
pub mod audit;
pub mod change;
pub mod closeout;
pub mod could_fire;
pub mod members;
pub mod past;
pub mod preview;
pub mod record;
pub mod repair;
pub mod routing;
pub mod schedule;
pub mod scope;
pub mod silences;
pub mod start;
pub mod windows;
