//! What is known of deploys, and what has become worse since one began. Checks and deploys read this; it changes
//! nothing.

pub mod regression;
pub mod runs;
pub mod versions;
