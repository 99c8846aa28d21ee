//! The configuration files of the stack: what each is, whether its server would take it, and putting it in
//! force so that it is the file of before again when anything goes wrong.
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
