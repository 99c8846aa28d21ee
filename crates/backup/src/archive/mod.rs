//! Backups in one file: written to be carried away, read back before they are called written, and taken in again.
//!
//! An archive is foreign matter, whoever wrote it. It is read from its begin to its end and never seeks, so
//! memory does not grow with it; nothing in it is unpacked by a library that follows its names. What every
//! entry must be is decided here.

pub mod export;
pub mod import;
