//! Backups of a stack that can be proven, and restores that can be undone.
//!
//! A backup is a folder that is built under a name which nobody lists, flushed to the disk, and renamed when
//! it is whole. From then on the panel never writes into it; what it learns later (a pin, a verification) lies
//! beside it. Nothing is believed about a backup's content: every path is checked, no symbolic link is
//! followed, every size has a limit.

pub mod archive;
pub mod build;
pub mod compare;
pub mod create;
pub mod dashboard;
pub mod elsewhere;
mod foreign;
pub mod git;
pub mod job;
pub mod layout;
pub mod manifest;
pub mod name;
pub mod open;
pub(crate) mod parts;
pub mod prune;
pub mod restore;
pub mod schedule;
pub mod store;
pub mod verify;

pub use manifest::size;
