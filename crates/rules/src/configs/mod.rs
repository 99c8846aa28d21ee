//! The stack's configuration files: their kind, validation, and applying changes with rollback on any
//! failure.
//!
//! Files are written in place. A file that is mounted alone into a container and replaced by a rename stays
//! the old one in there, and the reload says 200; in place is right for every kind of mount. So every change
//! begins with a copy that lies safe on the disk.

pub mod apply;
pub mod check;
pub mod kind;
pub mod pack;
pub mod reload;
pub mod verify;
