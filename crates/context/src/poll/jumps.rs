//! Suspends and time steps of this machine.

use std::time::Instant;

use aether_contract::Timestamp;
use aether_foundation::clock::now;

use super::cadence;

/// Watches for suspends and time steps.
pub struct JumpWatch {
    monotonic: Instant,
    wall: Timestamp,
}

impl Default for JumpWatch {
    fn default() -> Self {
        Self::new()
    }
}

impl JumpWatch {
    /// Starts watching.
    pub fn new() -> Self {
        Self { monotonic: Instant::now(), wall: now() }
    }

    /// Whether the clock jumped since the last call.
    pub fn jumped(&mut self) -> bool {
        let (monotonic, wall) = (Instant::now(), now());
        let jumped = cadence::jumped(monotonic.duration_since(self.monotonic), wall.millis_since(self.wall));
        *self = Self { monotonic, wall };
        jumped
    }
}
