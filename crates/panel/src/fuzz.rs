//! The fuzz targets of all crates below.

pub use aether_backup::fuzz::{archive, grafana, manifest};
pub use aether_foundation::fuzz::{filter, profile};
pub use aether_operations::fuzz::{compose, markdown};
pub use aether_rules::fuzz::guard;
