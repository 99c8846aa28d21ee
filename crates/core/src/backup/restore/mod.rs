//! Restores dashboards: a plan that is shown first, one writer, a copy of what was there, and the way back.

pub mod apply;
mod document;
pub mod plan;
pub mod runs;
pub mod target;
pub mod undo;
