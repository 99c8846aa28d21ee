//! Rules: reading them, holding them against what is expected, judging their guards, and telling what else is wrong.
//!
//! All of it is pure but [`list`] and [`look`], which ask the server and read the pack's files.

pub(crate) mod change;
pub(crate) mod compare;
pub(crate) mod edit;
pub(crate) mod file;
pub(crate) mod guard;
pub(crate) mod known;
pub(crate) mod labels;
pub(crate) mod links;
pub(crate) mod lint;
pub mod list;
pub(crate) mod look;
pub(crate) mod nan;
pub(crate) mod split;
